#!/usr/bin/env bash
# How much memory does the node need with a million accounts and a hundred thousand open sessions, and
# is it flat?  Sessions are opened, then ordinary load goes on for an hour, and memory is looked at.
me=soak
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/soak.sh [OPTION]...

  --accounts N   in the database (1000000)
  --sessions N   that are opened and stay so (100000)
  --open-rate R  sessions opened a second (2000)
  --rush         opens them all at the same moment instead: what a rush takes, and what it leaves
  --minutes M    of mixed load after that, with sessions that begin and end (60)
  --rate R       its requests a second (2000)
  --every S      seconds between two looks at the memory (10)
  --limit MIB    that it must stay below (150)
  --flat MIB     that the last quarter of the time may need above the second one (5)
  --samples FILE every look, tab separated (build/soak.tsv)
  --json         one JSON object
  --keep         keeps the folder

An hour at 2,000 requests a second leaves some 6 GB of records in TMPDIR until the end.

Exit status: 0 memory stayed below the limit and flat, 1 it did not, or an answer was wrong, or
something did not work, 2 usage.
END
}

accounts=1000000 sessions=100000 open_rate=2000 rush=no minutes=60 rate=2000 every=10 limit=150 flat=5
form=text samples=$top/build/soak.tsv
while [ $# -gt 0 ]; do
	case $1 in
	--accounts | --sessions | --open-rate | --minutes | --rate | --every | --limit | --flat | --samples)
		[ $# -ge 2 ] || fail "$1 wants a value"
		;;
	esac
	case $1 in
	--accounts) accounts=$(number "$2" "$1") && shift ;;
	--sessions) sessions=$(number "$2" "$1") && shift ;;
	--open-rate) open_rate=$(number "$2" "$1") && shift ;;
	--rush) rush=yes ;;
	--minutes) minutes=$(number "$2" "$1") && shift ;;
	--rate) rate=$(number "$2" "$1") && shift ;;
	--every) every=$(number "$2" "$1") && shift ;;
	--limit) limit=$(number "$2" "$1") && shift ;;
	--flat) flat=$(number "$2" "$1") && shift ;;
	--samples) samples=$(realpath -m "$2") && shift ;;
	--json) form=json ;;
	--keep) keep=yes ;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
	shift
done

# load KIND RATE SECONDS OPTION...: every answer has to be right.
load() {
	"$chgplay" bench --connect "127.0.0.1:${port[node]}" --kind "$1" --rate "$2" --seconds "$3" \
		--accounts "$accounts" --warmup 0 --json "${@:4}" >"$scratch/$1" 2>"$scratch/$1.log" ||
		fail "$1: $(tail -n 2 "$scratch/$1.log") $(cat "$scratch/$1")"
}

# look PHASE: a line of samples: phase, seconds, KiB in all, KiB of the heap, highest KiB, MiB of
# the database, requests.
look() {
	printf '%s\t%d\t%d\t%d\t%d\t%d\t%d\n' "$1" $((SECONDS - began)) "$(status_kib "${pid[node]}" VmRSS)" \
		"$(status_kib "${pid[node]}" RssAnon)" "$(status_kib "${pid[node]}" VmHWM)" \
		"$(($(stat -c %s "${folder[node]}/charging.db") / 1048576))" "$(meter jobs_total)" >>"$samples"
}

# latest PHASE FIELD: of the latest look in that phase.
latest() { awk -F'\t' -v phase="$1" -v field="$2" '$1 == phase { last = $field } END { print last + 0 }' "$samples"; }

build seed_accounts sync_probe
mkdir -p "$(dirname "$samples")"
: >"$samples"
make_scratch
read_machine
start_node "$accounts" flat
began=$SECONDS
look started
if [ "$rush" = yes ]; then
	say "$sessions sessions, all at once"
	open_at_once "$sessions" "$accounts"
else
	say "$sessions sessions, $open_rate a second"
	load open-session "$open_rate" $(((sessions + open_rate - 1) / open_rate)) --host-prefix open
fi
opened=$(open_sessions)
look opened
say "$opened sessions are open, $(($(latest opened 3) / 1024)) MiB; now $rate requests a second for $minutes minutes"
load mix "$rate" $((minutes * 60)) --host-prefix load &
client=$!
helpers+=("$client")
until_s=$((SECONDS + minutes * 60))
looks=0
while [ $SECONDS -lt $until_s ] && kill -0 "$client" 2>/dev/null; do
	sleep "$every"
	look load
	looks=$((looks + 1))
	[ $((looks * every % 60)) -ge "$every" ] ||
		say "$((looks * every / 60)) of $minutes minutes, $(($(latest load 3) / 1024)) MiB"
done
wait "$client" || fail "the load: $(cat "$scratch/mix" "$scratch/mix.log")"
still=$(open_sessions)
stop node
awk -F'\t' -v form="$form" -v opened="$opened" -v still="$still" -v accounts="$accounts" -v rush="$rush" \
	-v open_rate="$open_rate" -v rate="$rate" -v minutes="$minutes" -v every="$every" -v limit="$limit" -v flat="$flat" \
	-v p99="$(field p99_us "$scratch/mix")" -v answers="$(field answers "$scratch/mix")" \
	-v machine="$machine_cpu, $machine_cores cores, Linux $machine_kernel, load $machine_load at the start; one fdatasync $sync_us us" \
	-v commit="$(commit_of_tree)" -v samples="$samples" -f "$bench/soak.awk" "$samples"

#!/usr/bin/env bash
# Does a prune hold anybody up?  Charging at half of the peak rate: the longest answers without a
# prune, during one for as long as it lasts, and after it.
me=prune
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/prune.sh [OPTION]...

  --records N    in the database, which are pruned (1000000)
  --kind KIND    of the requests meanwhile, as of chgplay bench (event)
  --rate R       requests a second (half of what the node answers as fast as it can for --seconds)
  --seconds S    of load without a prune before it, and of as much after it (30)
  --limit MS     what the longest answer may take because of it (50)
  --compact      at the end the room is given back to the disk, which takes twice as much again meanwhile
  --json         one JSON object
  --keep         keeps the folder, with the timelines

The database and its search file are prepared once and kept in bench/seeds of the build: ten million
records are some 9 GB there, as much again in TMPDIR for the copy that is measured, and some for the
archives.

On a machine that others use as well, seconds in which they took more than 2 % of the processors are
told and left out.

Exit status: 0 no answer took longer during the prune than --limit above the longest without it,
1 one did, or answers were late without it, or something did not work, 2 usage.
END
}

records=1000000 kind=event rate='' seconds=30 limit=50 compact=no form=text
while [ $# -gt 0 ]; do
	case $1 in
	--records | --kind | --rate | --seconds | --limit) [ $# -ge 2 ] || fail "$1 wants a value" ;;
	esac
	case $1 in
	--records) records=$(number "$2" "$1") && shift ;;
	--kind) kind=$2 && shift ;;
	--rate) rate=$(number "$2" "$1") && shift ;;
	--seconds) seconds=$(number "$2" "$1") && shift ;;
	--limit) limit=$(number "$2" "$1") && shift ;;
	--compact) compact=yes ;;
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

# watch_processors: each second, what others have taken of them.
watch_processors() {
	while sleep 1; do
		awk -v at="$(date +%s%3N)" '/^cpu / { print at, $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat
	done
}

# drive PHASE OPTION...: load whose every answer has to be right; its figures are in a file of that
# name, the longest answer of each 100 ms in PHASE.timeline, and when it began in PHASE.began.
drive() {
	date +%s%3N >"$scratch/$1.began"
	"$chgplay" bench --connect "127.0.0.1:${port[node]}" --kind "$kind" --peers 4 --outstanding 256 \
		--accounts 1000 --settle 200 --host-prefix "$1" --json "${@:2}" \
		--timeline "$scratch/$1.timeline" >"$scratch/$1" 2>"$scratch/$1.log" ||
		fail "the load $1: $(tail -n 2 "$scratch/$1.log") $(cat "$scratch/$1")"
}

# mib FILE...: what they take of the disk, together.
mib() { { du -cm "$@" 2>/dev/null || :; } | awk 'END { print $1 + 0 }'; }

# tell_progress: while the prune runs, each 10 s.
tell_progress() {
	while sleep 10; do
		say "$(meter records_pruned_total) of $records records left the database after $((SECONDS - prune_began)) s"
	done
}

build seed_accounts sync_probe fill_records
make_scratch
read_machine
prepare_records "$records"
start_node_on "$database"
if [ -z "$rate" ]; then
	say "the peak rate"
	drive peak --warmup 1 --seconds "$seconds"
	rate=$(($(field answers_per_s "$scratch/peak") / 2))
fi
watch_processors >"$scratch/processors" &
watcher=$!
helpers+=("$watcher")
say "$rate requests a second, $seconds s without a prune"
drive before --rate "$rate" --warmup 1 --seconds "$seconds"

say "now with a prune, until it ends"
date +%s%3N >"$scratch/during.began"
"$chgplay" bench --connect "127.0.0.1:${port[node]}" --kind "$kind" --peers 4 --outstanding 256 \
	--accounts 1000 --settle 200 --host-prefix during --json --rate "$rate" --warmup 1 --seconds 864000 \
	--timeline "$scratch/during.timeline" >"$scratch/during" 2>"$scratch/during.log" &
client=$!
helpers+=("$client")
sleep 2
prune_began=$SECONDS
began=$(date +%s%N)
tell_progress &
teller=$!
helpers+=("$teller")
status=0
"$chgctl" db prune --older-than 10min --config "${folder[node]}/charging.yaml" \
	>"$scratch/prune.out" 2>"$scratch/prune.log" || status=$?
prune_ms=$((($(date +%s%N) - began) / 1000000))
kill "$teller" 2>/dev/null || :
wait "$teller" 2>/dev/null || :
[ "$status" -eq 0 ] || fail "the prune: $(tail -n 3 "$scratch/prune.log")"
kill -0 "$client" 2>/dev/null || fail "the load during the prune: $(cat "$scratch/during" "$scratch/during.log")"
kill -TERM "$client"
wait "$client" || fail "the load during the prune: $(cat "$scratch/during" "$scratch/during.log")"

say "$seconds s after it"
drive after --rate "$rate" --warmup 1 --seconds "$seconds"
kill "$watcher" 2>/dev/null || :
wait "$watcher" 2>/dev/null || :
pruned=$(meter records_pruned_total)
archive_mib=$(mib "${folder[node]}/archive")
stop node
database_mib=$(mib "${folder[node]}/charging.db")
if [ "$compact" = yes ]; then
	say "giving the room back"
	TMPDIR=$scratch "$chgctl" --db "${folder[node]}/charging.db" db compact >"$scratch/compact.out" 2>&1 ||
		fail "compact: $(cat "$scratch/compact.out")"
fi
compacted_mib=$(mib "${folder[node]}/charging.db")

for phase in before during after; do
	awk -v OFS='\t' -v phase="$phase" -v limit="$limit" -v began="$(cat "$scratch/$phase.began")" \
		-v answers="$(field answers "$scratch/$phase")" \
		-v p50="$(field p50_us "$scratch/$phase")" -v p99="$(field p99_us "$scratch/$phase")" \
		-v p999="$(field p999_us "$scratch/$phase")" -v max="$(field max_us "$scratch/$phase")" \
		-f "$bench/phase.awk" "$scratch/processors" "$scratch/$phase.timeline"
done >"$scratch/phases.tsv"
awk -F'\t' -v limit="$limit" -v form="$form" -v records="$records" -v pruned="$pruned" -v prune_ms="$prune_ms" \
	-v rate="$rate" -v kind="$kind" -v archive="$archive_mib" -v database="$database_mib" \
	-v compacted="$compacted_mib" -v compact="$compact" -v commit="$(commit_of_tree)" \
	-v machine="$machine_cpu, $machine_cores cores, Linux $machine_kernel, load $machine_load at the start; one fdatasync $sync_us us" \
	-f "$bench/prune.awk" "$scratch/phases.tsv"

#!/usr/bin/env bash
# Does it stay as fast as it was?  Answers a second and latency against the number of accounts and
# against the number of records, as a table and a picture; how long a start takes, and memory.
me=growth
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/growth.sh [OPTION]...

  --accounts LIST  "1 1000 1000000 5000000"
  --records LIST   in a database of a thousand accounts: "0 1000000 10000000"
  --sessions N     open sessions in the memory figure: 100000
  --seconds S      measured in each place (5)
  --picture FILE   the picture, SVG (build/growth.svg)
  --json           one JSON object
  --keep           keeps the folder

Databases and their search files are prepared once and kept in bench/seeds of the build.  Ten
million records take some GB there and as much again in TMPDIR while they are measured.
END
}

accounts_list='1 1000 1000000 5000000' records_list='0 1000000 10000000' sessions=100000
seconds=5 form=text picture=$top/build/growth.svg
while [ $# -gt 0 ]; do
	case $1 in
	--accounts | --records | --sessions | --seconds | --picture) [ $# -ge 2 ] || fail "$1 wants a value" ;;
	esac
	case $1 in
	--accounts) accounts_list=$2 && shift ;;
	--records) records_list=$2 && shift ;;
	--sessions) sessions=$(number "$2" "$1") && shift ;;
	--seconds) seconds=$(number "$2" "$1") && shift ;;
	--picture) picture=$(realpath -m "$2") && shift ;;
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

# start_with DATABASE: a node on a copy of it; sets start_ms, from the start to the ready line.
start_with() {
	local began
	prepare_node "$1"
	began=$(date +%s%N)
	launch node "$bin/charging-enabler" --config freediameter.conf
	until has_said node; do
		kill -0 "${pid[node]}" 2>/dev/null || fail "the node did not start: $(tail -n 3 "${folder[node]}/log")"
		sleep 0.005
	done
	start_ms=$((($(date +%s%N) - began) / 1000000))
}

# drive KIND ACCOUNTS SECONDS OPTION...
drive() {
	local kind=$1 accounts=$2 for=$3
	shift 3
	"$chgplay" bench --connect "127.0.0.1:${port[node]}" --kind "$kind" --accounts "$accounts" \
		--peers 4 --outstanding 64 --warmup 0 --settle 200 --seconds "$for" --json "$@" \
		>"$scratch/answer" 2>"$scratch/answer.log" ||
		fail "$kind: $(tail -n 2 "$scratch/answer.log") $(cat "$scratch/answer")"
}

# measure AXIS SIZE KIND ACCOUNTS: a line of `results`.
measure() {
	local before after
	say "$2 $1, $3"
	drive "$3" "$4" 1
	before=$(cpu_us "${pid[node]}")
	drive "$3" "$4" "$seconds"
	after=$(cpu_us "${pid[node]}")
	awk -v OFS='\t' -v axis="$1" -v size="$2" -v kind="$3" -v start="$start_ms" \
		-v rss="$(status_kib "${pid[node]}" VmRSS)" -v us=$((after - before)) \
		-v answers="$(field answers "$scratch/answer")" \
		-v per_s="$(field answers_per_s "$scratch/answer")" \
		-v p50="$(field p50_us "$scratch/answer")" -v p99="$(field p99_us "$scratch/answer")" \
		'BEGIN { print axis, size, kind, per_s, p50, p99, sprintf("%.2f", us / answers), int(rss / 1024), start }' \
		>>"$scratch/results.tsv"
}

# place AXIS SIZE DATABASE ACCOUNTS KIND...: measures in one place, from the same beginning.
place() {
	local axis=$1 size=$2 database=$3 accounts=$4 kind
	shift 4
	for kind; do
		start_with "$database"
		measure "$axis" "$size" "$kind" "$accounts"
		stop node
	done
}

# Sessions that nobody ends, all opened at the same moment.  soak.sh looks longer.
measure_memory() {
	say "memory: a million accounts, $sessions open sessions"
	start_with "$(seed 1000000 flat)"
	open_at_once "$sessions" 1000000
	memory_sessions=$(open_sessions)
	# Further load shows what the node needs to go on.
	drive mix 1000000 "$seconds" --host-prefix after
	memory_mib=$(($(status_kib "${pid[node]}" VmRSS) / 1024))
	memory_peak=$(($(status_kib "${pid[node]}" VmHWM) / 1024))
	stop node
}

build seed_accounts sync_probe fill_records
make_scratch
read_machine
: >"$scratch/results.tsv"
memory_mib='' memory_sessions='' memory_peak=''
for size in $accounts_list; do
	place accounts "$size" "$(seed "$size" flat)" "$size" debit
done
for size in $records_list; do
	prepare_records "$size"
	place records "$size" "$database" 1000 event debit
done
measure_memory

mkdir -p "$(dirname "$picture")"
awk -f "$bench/picture.awk" "$scratch/results.tsv" >"$picture"
awk -v form="$form" -v sessions="$memory_sessions" -v memory="$memory_mib" -v peak="$memory_peak" \
	-v machine="$machine_cpu, $machine_cores cores, Linux $machine_kernel, load $machine_load at the start; one fdatasync $sync_us us" \
	-v commit="$(commit_of_tree)" -v picture="$picture" -f "$bench/growth.awk" "$scratch/results.tsv"

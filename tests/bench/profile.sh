#!/usr/bin/env bash
# Where the time of the node goes while it is under load: the functions with the largest shares.
me=profile
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/profile.sh [OPTION]... [CASE]

Runs the node under a case of bench.sh (event-4x64) and prints the share of each thread, and of the
functions in them.

  --seconds S    of the profile (5)
  --top N        functions that are shown (40)
  --server NAME  another server of bench.sh instead of the node
  --callers      for the first ten functions, who called them
  --callgrind    instructions instead of time; everything is then fifty times slower
  --keep         keeps the folder with perf.data or callgrind.out

perf samples a software clock, which also works in virtual machines without counters; it may have to
be allowed: sysctl kernel.perf_event_paranoid=1
END
}

seconds=5 lines=40 server=node tool=perf callers=no case=event-4x64
while [ $# -gt 0 ]; do
	case $1 in
	--seconds | --top | --server) [ $# -ge 2 ] || fail "$1 wants a value" ;;
	esac
	case $1 in
	--seconds) seconds=$(number "$2" "$1") && shift ;;
	--top) lines=$(number "$2" "$1") && shift ;;
	--server) server=$2 && shift ;;
	--callers) callers=yes ;;
	--callgrind) tool=callgrind ;;
	--keep) keep=yes ;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*) case=$1 ;;
	esac
	shift
done

line=$(sed 's/[ \t]*:[ \t]*/:/g' "$bench/cases.txt" | grep "^$case:") || fail "there is no case $case; see bench.sh --list"
IFS=: read -r _ kind load rate accounts tariff options _ <<<"$line"
[ "$rate" != half ] || fail "the rate of $case follows from the peak of its minute; profile the case at 10,000 a second"

if [ "$tool" = perf ]; then
	need perf linux-perf "take a profile"
else
	need valgrind valgrind "count instructions"
	[ "$server" = node ] || fail "--callgrind is for the node alone"
fi
build seed_accounts sync_probe instant direct recorder
make_scratch

# drive SECONDS: the load of the case.
drive() {
	local more=()
	[[ $rate =~ ^[0-9]+$ ]] && more+=(--rate "$rate")
	[ "$server" = node ] || more+=(--no-services)
	# shellcheck disable=SC2086 # options are words
	"$chgplay" bench --connect "127.0.0.1:${port[$server]}" --kind "$kind" --peers "${load%x*}" \
		--outstanding "${load#*x}" --accounts "$accounts" --warmup 0 --settle 200 --seconds "$1" \
		--json $options ${more[@]+"${more[@]}"} >"$scratch/answer" 2>"$scratch/answer.log"
}

if [ "$tool" = callgrind ]; then
	# The launcher of the node is replaced by one that counts.
	launch_node() {
		launch node valgrind --tool=callgrind --separate-threads=no \
			--callgrind-out-file="$scratch/callgrind.out" \
			"$bin/charging-enabler" --config freediameter.conf
		wait_for node has_said node
	}
	start_node "$accounts" "$tariff"
	drive "$seconds" || say "$(cat "$scratch/answer.log" "$scratch/answer")"
	stop node
	printf '%s answers; instructions of the node from start to end\n' "$(field answers "$scratch/answer")"
	callgrind_annotate --threshold=95 "$scratch/callgrind.out" |
		sed -n '/file:function/,$p' | awk -v most=$((lines + 2)) 'NR <= most'
	exit 0
fi

if [ "$server" = node ]; then
	start_node "$accounts" "$tariff"
else
	"start_$server"
fi
drive 1 || fail "$(cat "$scratch/answer.log")"
drive $((seconds + 1)) &
load_process=$!
graph=()
[ "$callers" = no ] || graph=(--call-graph fp)
perf record -q -e cpu-clock -F 1999 ${graph[@]+"${graph[@]}"} -o "$scratch/perf.data" \
	-p "${pid[$server]}" -- sleep "$seconds" >"$scratch/perf.log" 2>&1 ||
	fail "perf: $(tail -n 3 "$scratch/perf.log")"
wait "$load_process" || say "$(cat "$scratch/answer.log" "$scratch/answer")"

# report LINES OPTION...: through a file, since a reader that stops early would end the script.
report() {
	local count=$1
	shift
	perf report -i "$scratch/perf.data" --stdio -q --no-children "$@" >"$scratch/report" 2>/dev/null
	sed -e '/^ *$/d' -e 's/[ -]*$//' "$scratch/report" >"$scratch/report.short"
	head -n "$count" "$scratch/report.short"
}

printf '%s of %s, %s: %s answers a second while it was profiled\n\n' "$case" "$server" \
	"$(commit_of_tree)" "$(field answers_per_s "$scratch/answer")"
printf 'share of each thread\n'
report 16 -g none --sort pid
printf '\nshare of each library\n'
report 10 -g none --sort dso
printf '\nshare of each function, of all threads\n'
report "$lines" -g none --sort dso,symbol
printf '\nshare of each function, by thread\n'
report "$lines" -g none --sort comm,symbol
if [ "$callers" = yes ]; then
	printf '\nwho called them\n'
	report 200 -g caller,0.5,callee,function,percent --max-stack 8 --sort symbol
fi
stop "$server"

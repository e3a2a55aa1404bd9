#!/usr/bin/env bash
# Does a prune hold anybody up?  Charging at half of the peak rate, and the longest answer of each
# 100 ms, without a prune and during one.
me=prune
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/prune.sh [OPTION]...

  --records N    that are pruned (1000000)
  --kind KIND    of the requests meanwhile, as of chgplay bench (event)
  --rate R       requests a second (half of what the node answers as fast as it can)
  --seconds S    without a prune, before it (10)
  --during S     of load after it has begun; it has to end within (60)
  --limit MS     what the longest answer may take because of it (50)
  --json         one JSON object
  --keep         keeps the folder, with the timeline

Exit status: 0 no answer took longer during the prune than --limit above the longest without it,
1 one did, or something did not work, 2 usage.
END
}

records=1000000 kind=event rate='' seconds=10 during=60 limit=50 form=text
while [ $# -gt 0 ]; do
	case $1 in
	--records | --kind | --rate | --seconds | --during | --limit) [ $# -ge 2 ] || fail "$1 wants a value" ;;
	esac
	case $1 in
	--records) records=$(number "$2" "$1") && shift ;;
	--kind) kind=$2 && shift ;;
	--rate) rate=$(number "$2" "$1") && shift ;;
	--seconds) seconds=$(number "$2" "$1") && shift ;;
	--during) during=$(number "$2" "$1") && shift ;;
	--limit) limit=$(number "$2" "$1") && shift ;;
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

# count_records: closed records in the database.
count_records() {
	"$chgctl" --db "${folder[node]}/charging.db" cdr stats --json | tr -d ' \n' |
		sed -n 's/.*"records":\([0-9]*\).*/\1/p'
}

build seed_accounts sync_probe fill_records
make_scratch
read_machine
start_node 1000 flat
stop node
say "making $records records"
"$bin/bench/fill_records" "${folder[node]}/charging.db" "$records" 100000 >"$scratch/fill.log" 2>&1 ||
	fail "the records were not made: $(tail -n 2 "$scratch/fill.log")"
sync -f "${folder[node]}"
launch_node
drive=(--connect "127.0.0.1:${port[node]}" --kind "$kind" --peers 4 --outstanding 256
	--accounts 1000 --settle 200 --json)
if [ -z "$rate" ]; then
	say "the peak rate"
	"$chgplay" bench "${drive[@]}" --warmup 1 --seconds 5 >"$scratch/answer" || fail "$(cat "$scratch/answer")"
	rate=$(($(field answers_per_s "$scratch/answer") / 2))
fi
say "$rate requests a second; the prune begins after $seconds s"
"$chgplay" bench "${drive[@]}" --rate "$rate" --warmup 0 --seconds $((seconds + during)) \
	--timeline "$scratch/timeline" >"$scratch/answer" 2>"$scratch/answer.log" &
client=$!
began=$(date +%s%N)
sleep "$seconds"
from_ms=$((($(date +%s%N) - began) / 1000000))
"$chgctl" db prune --older-than 1d --config "${folder[node]}/charging.yaml" \
	>"$scratch/prune.out" 2>"$scratch/prune.log" || fail "the prune: $(tail -n 3 "$scratch/prune.log")"
until_ms=$((($(date +%s%N) - began) / 1000000))
kill -0 "$client" 2>/dev/null || fail "the load ended before the prune, which took $((until_ms - from_ms)) ms: give it more with --during"
wait "$client" || fail "the load: $(tail -n 2 "$scratch/answer.log") $(cat "$scratch/answer")"
left=$(count_records)
stop node

awk -v from="$from_ms" -v until="$until_ms" -v limit="$limit" -v form="$form" -v records="$records" \
	-v rate="$rate" -v kind="$kind" -v left="$left" -v sync_us="$sync_us" -v commit="$(commit_of_tree)" '
	# milliseconds since the start, answers, the longest in microseconds; the first second warms up
	/^[0-9]/ {
		if ($1 < 1000)
			next
		during = $1 > from && $1 <= until + 100
		lines[during]++
		answers[during] += $2
		sum[during] += $3
		if ($3 > longest[during])
			longest[during] = $3
		if ($3 > limit * 1000)
			late[during]++
	}
	END {
		is_reached = longest[1] - longest[0] <= limit * 1000
		if (form == "json") {
			printf "{\"commit\":\"%s\",\"kind\":\"%s\",\"rate\":%d,\"records\":%d,\"left\":%d,\"prune_ms\":%d,", commit, kind, rate, records, left, until - from
			printf "\"longest_without_us\":%d,\"longest_during_us\":%d,\"reached\":%s}\n", longest[0], longest[1], is_reached ? "true" : "false"
		} else {
			printf "%s; %s at %d a second, 4 peers; prune of %d records in %.1f s, %d records left; one fdatasync %d us\n\n", commit, kind, rate, records, (until - from) / 1000, left, sync_us
			printf "%-16s %12s %22s %26s %18s\n", "", "ANSWERS/S", "LONGEST ANSWER, MS", "MEAN LONGEST OF 100 MS, MS", "100 MS ABOVE LIMIT"
			for (d = 0; d <= 1; d++)
				printf "%-16s %12.0f %22.1f %26.1f %18d\n", d ? "during the prune" : "without", lines[d] ? answers[d] * 10 / lines[d] : 0, longest[d] / 1000, lines[d] ? sum[d] / lines[d] / 1000 : 0, late[d]
			printf "\nno answer %d ms later because of it: %s\n", limit, is_reached ? "reached" : "not reached"
		}
		exit !is_reached
	}' "$scratch/timeline"

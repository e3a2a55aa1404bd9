#!/usr/bin/env bash
# Instructions of each stage of a request, counted by callgrind: a figure that does not depend on
# what else the machine does.
me=instructions
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/instructions.sh [--json] [KIND]...

Counts instructions for one request, stage by stage, of the kinds event, session, debit and
credit-session: what is counted for many requests, less what is counted for few.
END
}

form=text kinds=()
for argument; do
	case $argument in
	--json) form=json ;;
	-h | --help)
		usage
		exit 0
		;;
	event | session | debit | credit-session) kinds+=("$argument") ;;
	*)
		usage >&2
		exit 2
		;;
	esac
done
[ ${#kinds[@]} -gt 0 ] || kinds=(event session debit credit-session)

# Of both numbers of requests, all steps of all sessions: 64 sessions at once, 3 or 5 steps each.
few=960 many=1920

# count KIND REQUESTS: "stage instructions" for each stage.
count() {
	rm -f "$scratch/stages.db"* "$scratch/callgrind.out"
	valgrind --tool=callgrind --callgrind-out-file="$scratch/callgrind.out" "$bin/bench/stages" \
		"$1" "$2" "$scratch/stages.db" "$bench/tariff_flat.yaml" \
		"$top/conf/examples/single-node/charging.yaml" >"$scratch/out" 2>&1 ||
		fail "$1: $(tail -n 3 "$scratch/out")"
	callgrind_annotate --inclusive=yes --threshold=100 "$scratch/callgrind.out" |
		sed -nE "s/^ *([0-9,]+).*[: ]stage_([a-z]+)(_acr|_ccr)?( .*|\$)/\2 \1/p" | tr -d ,
}

need valgrind valgrind "count instructions"
build stages
make_scratch
for kind in "${kinds[@]}"; do
	say "$kind"
	count "$kind" "$few" | sed "s/^/$kind few /"
	count "$kind" "$many" | sed "s/^/$kind many /"
done >"$scratch/counts"
awk -v form="$form" -v requests=$((many - few)) -v kinds="${kinds[*]}" '
	# A function is listed in several places; with all that it calls is the largest.
	$4 > counted[$1, $2, $3] { counted[$1, $2, $3] = $4 }
	function of(kind, stage) { return (counted[kind, "many", stage] - counted[kind, "few", stage]) / requests }
	BEGIN { stages = split("decode load decide encode apply finish commit", stage, " ") }
	END {
		count = split(kinds, kind, " ")
		if (form == "json") {
			printf "{\"unit\":\"instructions for one request\""
			for (k = 1; k <= count; k++) {
				printf ",\n\"%s\":{", kind[k]
				for (s = 1; s <= stages; s++)
					printf "%s\"%s\":%.0f", (s > 1 ? "," : ""), stage[s], of(kind[k], stage[s])
				printf "}"
			}
			print "}"
			exit
		}
		printf "%-16s", "INSTRUCTIONS"
		for (s = 1; s <= stages; s++)
			printf " %8s", toupper(stage[s])
		printf " %8s\n", "SUM"
		for (k = 1; k <= count; k++) {
			printf "%-16s", kind[k]
			sum = 0
			for (s = 1; s <= stages; s++) {
				printf " %8.0f", of(kind[k], stage[s])
				sum += of(kind[k], stage[s])
			}
			printf " %8.0f\n", sum
		}
	}' "$scratch/counts"

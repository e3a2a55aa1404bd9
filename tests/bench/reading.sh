#!/usr/bin/env bash
# How long questions to many records take, and how fast all of them are exported.
me=reading
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/reading.sh [OPTION]...

  --records N      in the database (1000000)
  --questions N    of each kind, each by a chgctl of its own (20)
  --limit MS       that a question may take (100)
  --formats LIST   that are exported: csv,jsonl (csv)
  --json           one JSON object for each line of the table
  --keep           keeps the folder

The database is prepared once and kept in bench/seeds of the build; the export of ten million records
takes some 8 GB in TMPDIR as CSV, twice of that as JSON, and is gone afterwards.

Exit status: 0 no question took longer than --limit, 1 one did, or something did not
work, 2 usage.
END
}

records=1000000 questions=20 limit=100 formats=csv form=text
while [ $# -gt 0 ]; do
	case $1 in
	--records | --questions | --limit | --formats) [ $# -ge 2 ] || fail "$1 wants a value" ;;
	esac
	case $1 in
	--records) records=$(number "$2" "$1") && shift ;;
	--questions) questions=$(number "$2" "$1") && shift ;;
	--limit) limit=$(number "$2" "$1") && shift ;;
	--formats) formats=$2 && shift ;;
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

now_us() { printf '%d' $(($(date +%s%N) / 1000)); }

# ask KIND NUMBER: a question that another one of its kind has not asked.
ask() {
	local party day
	printf -v party 'user%07d@example.net' $(($2 * 997 % 100000))
	day=$(date -u -d "$((2 + $2 % 25)) days ago" +%Y-%m-%d)
	case $1 in
	"party, one day") list --party "$party" --from "$day" --until "$(date -u -d "$day + 1 day" +%Y-%m-%d)" ;;
	"party, thirty days") list --party "$party" --from -30d ;;
	"party, its latest") list --party "$party" --newest --limit 1 ;;
	"party that has none, one day") list --party "nobody$2@example.net" --from "$day" ;;
	"session") list --session "im$(($2 % 2 + 1)).example.net;1790000000;$(($2 * 40000 + $2))" ;;
	esac
}

# list OPTION...: how many records there are.  Status 1 says that there is none, which is an answer.
list() {
	local status=0
	"$chgctl" --db "$database" cdr list --csv --limit 0 "$@" >"$scratch/list" 2>"$scratch/list.log" || status=$?
	[ "$status" -le 1 ] || fail "cdr list $*: $(cat "$scratch/list.log")"
	found=$(($(wc -l <"$scratch/list") - 1))
	[ "$found" -gt 0 ] || found=0
}

# measure_questions KIND: "question KIND microseconds records" for each.
measure_questions() {
	local number began
	for number in $(seq "$questions"); do
		began=$(now_us)
		ask "$1" "$number"
		printf 'question\t%s\t%d\t%d\n' "$1" $(($(now_us) - began)) "$found"
	done
}

# measure_export FORMAT: how long it takes until the file is on the disk, and how long as many octets
# take that come from nowhere.
measure_export() {
	local began took client peak=0 kib octets
	began=$(now_us)
	"$chgctl" --db "$database" cdr export --format "$1" --output "$scratch/export" 2>"$scratch/export.log" &
	client=$!
	helpers+=("$client")
	while kill -0 "$client" 2>/dev/null; do
		kib=$(status_kib "$client" VmHWM 2>/dev/null) || kib=0
		[ "${kib:-0}" -le "$peak" ] || peak=$kib
		sleep 0.2
	done
	wait "$client" || fail "export: $(tail -n 2 "$scratch/export.log")"
	took=$(($(now_us) - began))
	octets=$(stat -c %s "$scratch/export")
	rm "$scratch/export"
	began=$(now_us)
	head -c "$octets" /dev/zero | dd of="$scratch/zeros" bs=1M iflag=fullblock conv=fsync status=none ||
		fail "no room for $octets octets"
	printf 'export\t%s\t%d\t%d\t%d\t%d\n' "$1" "$took" "$octets" "$peak" $(($(now_us) - began))
	rm "$scratch/zeros"
}

build seed_accounts sync_probe fill_records
make_scratch
read_machine
prepare_records "$records"
for kind in "party, one day" "party, thirty days" "party, its latest" "party that has none, one day" session; do
	say "$kind"
	measure_questions "$kind"
done >"$scratch/results.tsv"
for format in ${formats//,/ }; do
	say "export as $format"
	measure_export "$format"
done >>"$scratch/results.tsv"
awk -F'\t' -v records="$records" -v questions="$questions" -v limit="$limit" -v form="$form" -v commit="$(commit_of_tree)" \
	-v machine="$machine_cpu, $machine_cores cores, Linux $machine_kernel, load $machine_load at the start; one fdatasync $sync_us us" \
	-f "$bench/reading.awk" "$scratch/results.tsv"

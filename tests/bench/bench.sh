#!/usr/bin/env bash
# The benchmark by one command: the node and the servers to compare it with, in the same run.
me=bench
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
	cat <<END
usage: tests/bench/bench.sh [OPTION]...

Builds the release, starts a node from conf/examples/single-node in a scratch folder and the servers
to compare it with, drives each with chgplay bench, and prints the figures with the way they were
taken.  tests/bench/README.md says how to read them.

  --runs N       everything N times; then medians and the spread are shown (1)
  --seconds S    measured in each case (5)
  --quick        2 seconds for each case
  --only CASE    this case alone; "event-*" is all that begin so; may be repeated
  --servers LIST these alone, as in "node daemon"; the node is always among them
  --accounts N   one more case with so many accounts, as in 5000000; may be repeated
  --list         the cases and the servers
  --json         one JSON object
  --raw FILE     appends every single measurement to FILE, a line each
  --smoke        as little as shows that everything works; the figures mean nothing
  --keep         keeps the folder

Environment: CHG_BIN_DIR names a build, then none is made; TMPDIR names the disk.

Exit status: 0 every answer was right, 1 one was not or something did not work, 2 usage.
END
}

runs=1 seconds=5 warmup=1 form=text raw='' is_smoke=no wanted=() only_servers='' more_accounts=()

wrong_usage() {
	printf 'bench: %s\n\n' "$1" >&2
	usage >&2
	exit 2
}

list() {
	printf 'cases:\n'
	grep -v '^#' "$bench/cases.txt" | sed 's/^/  /'
	printf 'servers:\n'
	servers_text | sed 's/^/  /'
}

read_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--runs | --seconds | --only | --servers | --accounts | --raw) [ $# -ge 2 ] || wrong_usage "$1 wants a value" ;;
		esac
		case $1 in
		--runs) runs=$(number "$2" "$1") ;;
		--seconds) seconds=$(number "$2" "$1") ;;
		--only) wanted+=("$2") ;;
		--servers) only_servers=" $2 " ;;
		--accounts) more_accounts+=("$(number "$2" "$1")") ;;
		--raw) raw=$(realpath -m "$2") ;;
		--quick) seconds=2 ;;
		--smoke) is_smoke=yes ;;
		--json) form=json ;;
		--keep) keep=yes ;;
		--list)
			list
			exit 0
			;;
		-h | --help)
			usage
			exit 0
			;;
		*) wrong_usage "what is '$1'?" ;;
		esac
		case $1 in
		--runs | --seconds | --only | --servers | --accounts | --raw) shift 2 ;;
		*) shift ;;
		esac
	done
}

# ---------------------------------------------------------------- cases

# cases: those that are wanted, one a line, without blanks.
cases() {
	local accounts
	if [ "$is_smoke" = yes ]; then
		cat <<'END'
event-1x8:event:1x8:-:10:flat::node daemon library stock erlang recorder
debit-2x8:debit:2x8:-:10:fifty::node daemon
credit-2x8:credit-session:2x8:300:10:fifty:--duplicates 10:node
END
		return
	fi
	{
		grep -v '^#' "$bench/cases.txt"
		for accounts in ${more_accounts[@]+"${more_accounts[@]}"}; do
			printf '%s : debit : 4x64 : - : %s : flat : : node\n' "debit-$accounts" "$accounts"
		done
	} | sed 's/[ \t]*:[ \t]*/:/g' | while IFS= read -r line; do
		! is_wanted "${line%%:*}" || printf '%s\n' "$line"
	done
}

is_wanted() {
	local pattern
	[ ${#wanted[@]} -gt 0 ] || return 0
	for pattern in "${wanted[@]}"; do
		# shellcheck disable=SC2254 # it is a pattern
		case $1 in $pattern) return 0 ;; esac
	done
	return 1
}

# servers_of LIST: those of it that are wanted.
servers_of() {
	local server
	for server in $1; do
		if [ -z "$only_servers" ] || [ "$server" = node ] || [[ $only_servers == *" $server "* ]]; then
			printf '%s\n' "$server"
		fi
	done
}

# ---------------------------------------------------------------- measuring

# drive SERVER OPTION...: its figures, on one line of JSON, in `answer`; 1: something was wrong.
drive() {
	local server=$1
	shift
	"$chgplay" bench --connect "127.0.0.1:${port[$server]}" --json "$@" \
		>"$scratch/answer" 2>"$scratch/answer.log" || {
		say "$server: $(tail -n 2 "$scratch/answer.log") $(cat "$scratch/answer")"
		return 1
	}
}

faults=0

# measure RUN CASE SERVER KIND PEERS OUTSTANDING RATE ACCOUNTS TARIFF OPTION...: a line in `results`.
measure() {
	local run=$1 name=$2 server=$3 kind=$4 peers=$5 outstanding=$6 rate=$7 accounts=$8 tariff=$9
	shift 9
	local options=(--kind "$kind" --peers "$peers" --outstanding "$outstanding"
		--accounts "$accounts" --warmup 0 --settle 200 "$@")
	local process=${pid[$server]} commits=0 before after answers
	[ "$rate" = 0 ] || options+=(--rate "$rate")
	[ "$server" = node ] || options+=(--no-services)
	say "run $run of $runs, $name, $server"
	# Warming up is a run of its own, so that CPU time and commits are those of the counted one.
	if [ "$warmup" -gt 0 ]; then
		drive "$server" "${options[@]}" --seconds "$warmup" || faults=$((faults + 1))
	fi
	[ "$server" != node ] || commits=$(meter commits_total)
	before=$(cpu_us "$process")
	drive "$server" "${options[@]}" --seconds "$seconds" || faults=$((faults + 1))
	after=$(cpu_us "$process")
	[ "$server" != node ] || commits=$(($(meter commits_total) - commits))
	answers=$(field answers "$scratch/answer")
	[ -n "$answers" ] && [ "$answers" -gt 0 ] || fail "$server gave no answer"
	{
		printf '%s\t' "$run" "$name" "$server" "$kind" "$peers" "$outstanding" "$rate" \
			"$accounts" "$tariff" \
			"$(field answers_per_s "$scratch/answer")" "$(field p50_us "$scratch/answer")" \
			"$(field p90_us "$scratch/answer")" "$(field p99_us "$scratch/answer")" \
			"$(field p999_us "$scratch/answer")" "$(field max_us "$scratch/answer")"
		awk -v us=$((after - before)) -v answers="$answers" -v commits="$commits" \
			'BEGIN { printf "%.2f\t", us / answers }'
		printf '%s\t' "$(field client_cpu_us_per_answer "$scratch/answer")"
		awk -v answers="$answers" -v commits="$commits" \
			'BEGIN { printf "%.1f\t", commits ? answers / commits : 0 }'
		printf '%s\t' "$(status_kib "$process" VmRSS)" "$(status_kib "$process" VmHWM)" \
			"$(field failed "$scratch/answer")" "$(field wrong "$scratch/answer")" \
			"$(field unanswered "$scratch/answer")"
		printf '%s\n' "$(field late_sends "$scratch/answer")"
	} >"$scratch/line"
	cat "$scratch/line" >>"$scratch/results.tsv"
	[ -z "$raw" ] || cat "$scratch/line" >>"$raw"
}

# run_case RUN LINE
run_case() {
	local run=$1 name kind load rate accounts tariff options servers server others=0
	IFS=: read -r name kind load rate accounts tariff options servers <<<"$2"
	case $rate in
	-) rate=0 ;;
	half)
		# The peak of this very minute: what the machine gives changes by a factor in some of them.
		say "run $run of $runs, $name: first the peak"
		start_node "$accounts" "$tariff"
		drive node --kind "$kind" --peers "${load%x*}" --outstanding "${load#*x}" \
			--accounts "$accounts" --warmup "$warmup" --seconds "$seconds" || faults=$((faults + 1))
		rate=$(($(field answers_per_s "$scratch/answer") / 2))
		stop node
		;;
	esac
	start_node "$accounts" "$tariff"
	for server in $(servers_of "$servers") again; do
		if [ "$server" = again ]; then
			[ "$others" -gt 0 ] && [ "$is_smoke" = no ] || continue
			server=node
		elif [ "$server" != node ]; then
			others=$((others + 1))
			[ -n "${pid[$server]:-}" ] || "start_$server"
		fi
		# shellcheck disable=SC2086 # options are words
		measure "$run" "$name" "$server" "$kind" "${load%x*}" "${load#*x}" "$rate" \
			"$accounts" "$tariff" $options
	done
	if [ "$is_smoke" = yes ]; then
		"$chgctl" --db "${folder[node]}/charging.db" verify >"$scratch/verify" ||
			fail "the books do not add up: $(cat "$scratch/verify")"
	fi
	stop node
}

# ---------------------------------------------------------------- telling

print_method() {
	cat <<END
method    $(commit_of_tree), release; conf/examples/single-node; each case $seconds s after $warmup s of warming up, against a
          fresh copy of a prepared database; pre-encoded requests of chgplay bench over loopback TCP
          from the same machine, every answer checked; $runs run(s), servers of a case one after the
          other, the node before and after the others (mean of both)
durable   each answer of node and recorder after its commit: SQLite, WAL, synchronous=FULL
machine   $machine_cpu, $machine_cores cores, Linux $machine_kernel, load $machine_load at the start
disk      $machine_disk; one fdatasync of 4 KiB: $append_us us appending, $sync_us us overwriting
columns   CPU US: CPU time of the server for a request, CLIENT: of the load generator, microseconds;
          BATCH: requests a commit; MIB, PEAK: resident memory; NODE IS: the node's answers a second
          as a multiple of that server's, with a rate as a share of what was asked; latency counts
          from sending, with a rate from when a request was due
END
	servers_text | sed 's/^/          /'
}

# json TEXT: as a string.
json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

print_json() {
	printf '{"commit":%s,"seconds":%d,"warmup":%d,"runs":%d,"sync_mode":"WAL, synchronous=FULL",\n' \
		"$(json "$(commit_of_tree)")" "$seconds" "$warmup" "$runs"
	printf '"machine":{"cpu":%s,"cores":%d,"kernel":%s,"load":%s,"disk":%s,"fdatasync_append_us":%d,"fdatasync_overwrite_us":%d},\n' \
		"$(json "$machine_cpu")" "$machine_cores" "$(json "$machine_kernel")" "$machine_load" \
		"$(json "$machine_disk")" "$append_us" "$sync_us"
	awk -v mode=json -v sync_us="$sync_us" -f "$bench/report.awk" "$bench/targets.txt" "$scratch/results.tsv"
}

read_options "$@"
if [ "$is_smoke" = yes ]; then
	seconds=1 warmup=0
fi
build sync_probe seed_accounts instant direct recorder
make_scratch
cases >"$scratch/cases"
[ -s "$scratch/cases" ] || fail "there is no such case; see --list"
read_machine
for run in $(seq "$runs"); do
	while IFS= read -r line <&4; do
		run_case "$run" "$line"
	done 4<"$scratch/cases"
	for server in "${!pid[@]}"; do
		stop "$server"
	done
done
if [ "$form" = json ]; then
	print_json
else
	print_method
	printf '\n'
	awk -v mode=text -v sync_us="$sync_us" -f "$bench/report.awk" "$bench/targets.txt" "$scratch/results.tsv"
fi
[ "$faults" -eq 0 ] || fail "$faults measurement(s) with answers that failed, were wrong or did not come"

# shellcheck shell=bash
# Shared by the benchmarks; sourced, with bash, after `me` was set to the script's name.
#
#   CHG_BIN_DIR      a build to measure, instead of build/release, which is then built first
#   CHG_BENCH_SEEDS  where prepared databases are kept between runs (bench/seeds of the build)
#   TMPDIR           the disk that is measured: the databases lie there
#
# Everything that was started is gone when the script ends.
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench=$top/tests/bench
: "${me:?}"

say() { printf '%s: %s\n' "$me" "$*" >&2; }
fail() {
	say "$@"
	exit 1
}

# need PROGRAM PACKAGE REASON
need() {
	command -v "$1" >/dev/null ||
		fail "$1 is not installed; it is needed to $3. Type as root: apt-get install --no-install-recommends $2"
}

# number TEXT OPTION: a whole number above 0; anything else is wrong usage.
number() {
	[[ $1 =~ ^[0-9]+$ ]] && [ "$1" -gt 0 ] || {
		say "$2 wants a number, not '$1'"
		exit 2
	}
	printf '%d' "$1"
}

# ---------------------------------------------------------------- what is measured

# build TARGET...: the release, unless CHG_BIN_DIR names a build.
build() {
	local log
	if [ -z "${CHG_BIN_DIR:-}" ]; then
		need cmake cmake "build the node"
		need ninja ninja-build "build the node"
		log=$top/build/bench.log
		mkdir -p "$top/build"
		say "building into build/release"
		if ! { (cd "$top" && cmake --preset release -DCHG_TESTS=ON) &&
			cmake --build "$top/build/release" --target charging-enabler chgctl chgplay \
				dict_charging ch1_offline ch2_online "$@"; } >"$log" 2>&1; then
			tail -n 20 "$log" >&2
			fail "the build failed; the whole of what was said is in $log"
		fi
		CHG_BIN_DIR=$top/build/release
	fi
	bin=$(cd "$CHG_BIN_DIR" && pwd)
	chgplay=$bin/chgplay chgctl=$bin/chgctl
	seeds=${CHG_BENCH_SEEDS:-$bin/bench/seeds}
}

# ---------------------------------------------------------------- a place, and its end

scratch='' keep=no
declare -A pid=() port=() folder=()
helpers=() # processes beside the servers, such as one that looks at the machine each second

on_exit() {
	local status=$? name
	trap - EXIT
	for name in "${!pid[@]}"; do
		kill -KILL "${pid[$name]}" 2>/dev/null || :
		wait "${pid[$name]}" 2>/dev/null || :
	done
	for name in ${helpers[@]+"${helpers[@]}"}; do
		kill -KILL "$name" 2>/dev/null || :
		wait "$name" 2>/dev/null || :
	done
	if [ -n "$scratch" ] && [ -d "$scratch" ]; then
		if [ "$keep" = yes ]; then
			say "kept: $scratch"
		else
			rm -rf "$scratch"
		fi
	fi
	exit "$status"
}

make_scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/charging-bench.XXXXXX")
	trap on_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	case $(stat -f -c %T "$scratch") in
	tmpfs | ramfs) say "warning: $scratch is in memory, where a commit costs nothing; name a disk in TMPDIR" ;;
	esac
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port: prints one.
free_port() {
	local candidate
	for _ in $(seq 50); do
		candidate=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		port_is_taken "$candidate" || {
			printf '%s' "$candidate"
			return
		}
	done
	fail "no free port between 20000 and 32000"
}

# ---------------------------------------------------------------- databases that are prepared once

# seed ACCOUNTS TARIFF: the path of a database with them, made if it is not there yet.  It stays
# good for as long as schema and tariff are the same.
seed() {
	local accounts=$1 tariff=$2 mark path free=''
	mark=$(cat "$top"/db/sqlite/*.sql "$bench/seed_accounts.c" "$bench/tariff_$tariff.yaml" |
		sha256sum | cut -c 1-12)
	path=$seeds/$tariff-$accounts-$mark.db
	if [ ! -f "$path" ]; then
		mkdir -p "$seeds"
		rm -f "$seeds/$tariff-$accounts-"*
		say "making a database of $accounts accounts (once)"
		[ "$tariff" != fifty ] || free=1000000
		"$bin/bench/seed_accounts" "$path.new" "$accounts" $free &&
			"$chgctl" --db "$path.new" tariff load "$bench/tariff_$tariff.yaml" \
				--why bench >/dev/null || fail "the accounts were not made"
		# Folded into the file, so that a copy of the file is a copy of the whole.
		[ ! -s "$path.new-wal" ] || fail "$path.new-wal was left behind"
		rm -f "$path.new-wal" "$path.new-shm" "$path.new.lock"
		mv "$path.new" "$path"
	fi
	printf '%s' "$path"
}

# with_records RECORDS: the path of a prepared database of a thousand accounts and so many records.
with_records() {
	local base path mark
	base=$(seed 1000 flat)
	mark=$(cat "$top"/db/search/*.sql "$bench/fill_records.c" | sha256sum | cut -c 1-12)
	[ "$1" -gt 0 ] || {
		printf '%s' "$base"
		return
	}
	path=${base%.db}-records-$1-$mark.db
	if [ ! -f "$path" ]; then
		rm -f "${base%.db}-records-$1"[.-]*
		say "making a database of $1 records (once)"
		cp "$base" "$path.new"
		"$bin/bench/fill_records" "$path.new" "$1" 100000 >"$scratch/fill.log" 2>&1 ||
			fail "the records were not made: $(tail -n 2 "$scratch/fill.log")"
		rm -f "$path.new-wal" "$path.new-shm" "$path.new.lock"
		mv "$path.new" "$path"
	fi
	printf '%s' "$path"
}

# prepare_records RECORDS: the same in `database`, with a search file as of a node that kept pace.
prepare_records() {
	database=$(with_records "$1")
	[ "$1" -eq 0 ] || [ -f "$database-search" ] || make_search_file "$1"
}

# make_search_file RECORDS: the node makes it while nobody asks for anything; then it is kept with
# `database`.  The latest records, less than a run of them, are not in it.
make_search_file() {
	local left=$1 run=8192 looks=0
	say "making the search file of $1 records (once)"
	start_node_on "$database"
	# Nothing is left to do for a node that has not begun to look, either.
	wait_for node has_begun_search
	while [ "$left" -ge "$run" ]; do
		sleep 1
		left=$(meter records_unindexed)
		[[ $left =~ ^[0-9]+$ ]] || fail "the node does not say how many records are not in its search file"
		looks=$((looks + 1))
		[ $((looks % 30)) -ne 0 ] || say "$left records are not in it yet"
	done
	stop node
	cp "${folder[node]}/charging.db-search" "$database-search.new"
	mv "$database-search.new" "$database-search"
}

# ---------------------------------------------------------------- servers

# All that can be asked; `node` is ours, all others are to compare with.
servers_text() {
	cat <<'END'
node      the charging node: every answer is on disk before it is sent
daemon    charging-enabler on the same path past the library, answering at once and storing nothing
library   charging-enabler with an extension on freeDiameter's interface that answers at once
stock     freeDiameterd as packaged with that extension
erlang    OTP's diameter application, answering at once and storing nothing
recorder  charging-enabler with an extension on freeDiameter's interface, a commit for each request
END
}

# launch NAME COMMAND...: in the folder of that name; its output is in `out` and `log` there.
launch() {
	local name=$1
	shift
	(cd "${folder[$name]}" && exec "$@") >"${folder[$name]}/out" 2>"${folder[$name]}/log" &
	pid[$name]=$!
}

# wait_for NAME COMMAND...: until it is true.
wait_for() {
	local name=$1
	shift
	for _ in $(seq 1200); do
		! "$@" || return 0
		kill -0 "${pid[$name]}" 2>/dev/null || break
		sleep 0.05
	done
	tail -n 20 "${folder[$name]}/log" "${folder[$name]}/out" >&2
	fail "$name did not start"
}

has_begun_search() { grep -q search.begun_anew "${folder[node]}/log"; }
has_said() { [ -s "${folder[$1]}/out" ]; }

make_folder() {
	folder[$1]=$scratch/$1
	rm -rf "${folder[$1]}"
	mkdir "${folder[$1]}"
	port[$1]=$(free_port)
}

# start_node ACCOUNTS TARIFF: a node with a fresh copy of the prepared database.
start_node() {
	local from
	from=$(seed "$1" "$2")
	start_node_on "$from"
}

# prepare_node DATABASE: the folder of a node with a copy of it, and of its search file if there is one.
prepare_node() {
	local example=$top/conf/examples/single-node
	make_folder node
	cp "$1" "${folder[node]}/charging.db"
	[ ! -f "$1-search" ] || cp "$1-search" "${folder[node]}/charging.db-search"
	sync -f "${folder[node]}"
	sed "s|^Port = .*|Port = ${port[node]};|" "$example/freediameter.conf" \
		>"${folder[node]}/freediameter.conf"
	cp "$example/charging.yaml" "${folder[node]}/charging.yaml"
}

start_node_on() {
	prepare_node "$1"
	launch_node
}

launch_node() {
	launch node "$bin/charging-enabler" --config freediameter.conf
	wait_for node has_said node
}

# reference_conf NAME EXTENSION [ARGUMENT]: the example's settings, with another extension.
reference_conf() {
	sed -e "s|^Port = .*|Port = ${port[$1]};|" -e '/^LoadExtension/d' \
		"$top/conf/examples/single-node/freediameter.conf"
	printf 'LoadExtension = "%s.fdx";\n' dict_nasreq dict_dcca dict_dcca_3gpp
	printf 'LoadExtension = "%s/bench/%s.fdx"%s;\n' "$bin" "$2" "${3:+ : \"$3\"}"
}

start_in_daemon() {
	local name=$1
	make_folder "$name"
	reference_conf "$name" "$2" charging.yaml >"${folder[$name]}/freediameter.conf"
	printf 'store:\n  kind: memory\ncontrol:\n  socket: ""\n' >"${folder[$name]}/charging.yaml"
	launch "$name" "$bin/charging-enabler" --config freediameter.conf
	wait_for "$name" has_said "$name"
}

# What our own extensions need, and direct.fdx in their place.
start_daemon() {
	local example=$top/conf/examples/single-node
	make_folder daemon
	{
		sed -e "s|^Port = .*|Port = ${port[daemon]};|" -e '/^LoadExtension.*ch[12]_/d' \
			"$example/freediameter.conf"
		printf 'LoadExtension = "%s/bench/direct.fdx" : "charging.yaml";\n' "$bin"
	} >"${folder[daemon]}/freediameter.conf"
	sed 's|^  path: .*|  kind: memory|' "$example/charging.yaml" >"${folder[daemon]}/charging.yaml"
	launch daemon "$bin/charging-enabler" --config freediameter.conf
	wait_for daemon has_said daemon
}

start_library() { start_in_daemon library instant; }
start_recorder() { start_in_daemon recorder recorder; }

start_stock() {
	local preload=''
	need freeDiameterd "freediameterd freediameter-extensions" "compare with it"
	make_folder stock
	reference_conf stock instant >"${folder[stock]}/freediameter.conf"
	# A build with sanitizers loads into the packaged daemon with their library in front only.
	case ${CHG_SANITIZE:-OFF} in
	*address*) preload=$(gcc -print-file-name=libasan.so) ;;
	esac
	LD_PRELOAD=$preload launch stock freeDiameterd -c freediameter.conf
	wait_for stock port_is_taken "${port[stock]}"
}

start_erlang() {
	need escript "erlang-base erlang-diameter" "compare with OTP's diameter"
	make_folder erlang
	launch erlang escript "$bench/reference/server.escript" "${port[erlang]}"
	wait_for erlang port_is_taken "${port[erlang]}"
}

# stop NAME: ours in order; what is not ours may hang at its end, and has nothing to lose.
stop() {
	local status=0
	case $1 in
	stock | erlang) kill -KILL "${pid[$1]}" || : ;;
	*) kill -TERM "${pid[$1]}" || : ;; # one that has ended says below how
	esac
	wait "${pid[$1]}" 2>/dev/null || status=$?
	unset "pid[$1]"
	case $1 in
	stock | erlang) ;;
	*) [ "$status" -eq 0 ] || fail "$1 ended with status $status: $(tail -n 3 "${folder[$1]}/log")" ;;
	esac
}

# ---------------------------------------------------------------- what is read of a server

# CPU time of a process so far, in microseconds.
cpu_us() {
	local line rest
	line=$(cat "/proc/$1/stat")
	read -r -a rest <<<"${line##*) }"
	printf '%d' $(((rest[11] + rest[12]) * 1000000 / ticks_a_second))
}
ticks_a_second=$(getconf CLK_TCK)

# status_kib PID FIELD
status_kib() { sed -n "s/^$2:[ \t]*\([0-9]*\) kB/\1/p" "/proc/$1/status"; }

# meter NAME: a counter of the node.
meter() {
	"$chgctl" stats --config "${folder[node]}/charging.yaml" --openmetrics |
		awk -v name="$1" '$1 == name || $1 == "charging_" name { print $2 }'
}

# open_sessions: of credit control, by what the node has counted.
open_sessions() { printf '%d' $(($(meter requests_ccr_initial_total) - $(meter requests_ccr_termination_total))); }

# open_at_once SESSIONS ACCOUNTS: all of them are due within a second, from 32 peers.  What the node
# refuses while its queue is full is asked for again.
open_at_once() {
	local missing=$1 round
	for round in $(seq 50); do
		"$chgplay" bench --connect "127.0.0.1:${port[node]}" --kind open-session --accounts "$2" \
			--rate "$missing" --seconds 1 --warmup 0 --peers 32 --outstanding 4096 \
			--host-prefix "rush$round-" --json >"$scratch/rush" 2>"$scratch/rush.log" || :
		missing=$((missing - $(field succeeded "$scratch/rush")))
		[ "$missing" -gt 0 ] || return 0
	done
	fail "the sessions were not opened: $(cat "$scratch/rush" "$scratch/rush.log")"
}

# field NAME FILE: a number of a JSON object on one line.
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2"; }

# ---------------------------------------------------------------- the machine

# Sets machine_* and sync_us: what figures depend on.
read_machine() {
	machine_cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	machine_cores=$(nproc)
	machine_kernel=$(uname -r)
	machine_disk=$(df --output=source,fstype "$scratch" | tail -n 1 | tr -s ' ')
	machine_load=$(cut -d' ' -f1 /proc/loadavg)
	read -r _ append_us _ sync_us < <("$bin/bench/sync_probe" "$scratch")
}

commit_of_tree() {
	git -C "$top" describe --always --dirty 2>/dev/null || printf 'unknown'
}

#!/usr/bin/env bash
# What a million accounts cost: the time of their import while the node serves, and the node's memory
# and the latency of one request before and after.  Prints the figures with the way they were taken.
#
#   tests/bench/million_accounts.sh [ACCOUNTS]      1000000 unless said otherwise
#
# Builds the release first.  CHG_BIN_DIR names another build, CHG_ACCOUNTS the number.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
accounts=${1:-${CHG_ACCOUNTS:-1000000}}
requests=2000
rounds=3
scratch=$(mktemp -d "${TMPDIR:-/tmp}/charging-bench.XXXXXX")

fail() {
	printf 'million_accounts: %s\n' "$*" >&2
	exit 1
}

if [ -z "${CHG_BIN_DIR:-}" ]; then
	cmake --preset release -S "$top" >"$scratch/build.log" 2>&1 &&
		cmake --build "$top/build/release" >>"$scratch/build.log" 2>&1 ||
		fail "the build failed: $scratch/build.log"
	CHG_BIN_DIR=$top/build/release
fi
CHG_BIN_DIR=$(cd "$CHG_BIN_DIR" && pwd)
export CHG_BIN_DIR CHG_SOURCE_DIR=$top
chgctl=$CHG_BIN_DIR/chgctl

cd "$scratch"
# lib.sh starts and ends the node, and ends this script when that fails.
. "$top/tests/e2e/lib.sh"

# The answer's time, one request at a time: the median of the medians of some rounds.
latency() {
	local round
	for round in $(seq "$rounds"); do
		"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 1 --outstanding 1 \
			--count "$requests" --kind debit --host-prefix "$1-$round-" --json >"$1.$round.json" ||
			fail "the load failed: $(cat "$1.$round.json")"
		sed -n 's/.*"p50_us":\([0-9]*\).*/\1/p' "$1.$round.json"
	done | sort -n | sed -n "$((rounds / 2 + 1))p"
}

memory_kib() { sed -n 's/^VmRSS:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$node/status"; }

printf 'tariff: bench\ncurrency: EUR\nrules:\n  - message: 0.01 per message\n' >bench.tariff.yaml
awk -v n="$accounts" 'BEGIN {
	print "name,currency,balance,identities"
	for (i = 1; i <= n; i++)
		printf "user%d,EUR,10.00,sip:user%d@example.net e164:+49%011d\n", i, i, i
}' >accounts.csv

start
"$chgctl" tariff load bench.tariff.yaml --config charging.yaml --why bench >/dev/null
"$chgctl" account create alice --currency EUR --balance 1000000.00 \
	--identity sip:alice@example.net --config charging.yaml --why bench >/dev/null

latency warm >/dev/null
before=$(latency before)
memory_before=$(memory_kib)
began=$(date +%s%N)
"$chgctl" account import accounts.csv --config charging.yaml --why bench >import.txt
import_ms=$((($(date +%s%N) - began) / 1000000))
memory_import=$(memory_kib)
# A fresh process, as before: otherwise the page cache that the import filled would be measured.
stop
launch --config freediameter.conf
is_ready || fail "the node did not start again"
latency warm-again >/dev/null
after=$(latency after)
memory_after=$(memory_kib)
verify=$("$chgctl" verify --config charging.yaml | tail -n 1)
stop

printf '%-34s %14s %14s\n' "with $accounts accounts more" before after
printf '%-34s %14s %14s\n' "one debit at a time, p50 (us)" "$before" "$after"
printf '%-34s %14s %14s\n' "memory of the node (MiB)" \
	"$((memory_before / 1024))" "$((memory_after / 1024))"
printf '%-34s %14s %14s\n' "... right after the import (MiB)" '' "$((memory_import / 1024))"
printf '%-34s %14s\n' "import while serving (s)" "$((import_ms / 1000)).$(printf '%03d' $((import_ms % 1000)))"
printf '%-34s %14s\n' "database (MiB)" "$(($(stat -c %s charging.db) / 1048576))"
printf 'verify: %s\n' "$verify"
printf 'method: %s rounds of %s debits, one at a time over one connection, each committed to disk\n' \
	"$rounds" "$requests"
printf '        (WAL, synchronous=FULL) before its answer; the median of the rounds'"'"' medians.\n        Memory after the same debits in a node started afresh, both times. %s CPUs, %s\n' \
	"$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
rm -rf "$scratch"

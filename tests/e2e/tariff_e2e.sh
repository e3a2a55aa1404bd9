#!/usr/bin/env bash
# A tariff with ten mistakes is refused with all of them while the node charges on by the version that it
# has; a good one is followed without a restart.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

chgctl=$CHG_BIN_DIR/chgctl

write_tariff() {
	printf 'tariff: %s\ncurrency: EUR\nrules:\n  - message: %s per message\n' "$1" "$2" >"$1.yaml"
}

# debit NAME COST: five debits of one message each, at COST millionths together.
debit() {
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 1 --outstanding 1 --count 5 \
		--kind debit --host-prefix "$1" >"$1.txt" 2>&1 || return 1
	local now
	now=$(sqlite3 -readonly charging.db "SELECT balance FROM bucket")
	[ "$((balance - now))" -eq "$2" ] || return 1
	balance=$now
}

start
before=$node
write_tariff cheap 0.01
write_tariff dear 0.03
expect "a tariff is loaded" "$chgctl" tariff load cheap.yaml --config charging.yaml --why test
expect "an account is made" "$chgctl" account create alice --currency EUR --balance 10.00 \
	--identity sip:alice@example.net --config charging.yaml --why test
balance=$(sqlite3 -readonly charging.db "SELECT balance FROM bucket")
expect "five messages cost what the tariff says" debit first 50000

bad=$CHG_SOURCE_DIR/tests/runtime/ten_mistakes.yaml
printf '%s\n' "- a tariff with ten mistakes is refused"
! "$chgctl" tariff load "$bad" --config charging.yaml --why test >bad.txt 2>&1 || fail "it was loaded"
expect "each of the ten is told with its line" \
	test "$(grep -Ec 'ten_mistakes\.yaml:[0-9]+:[0-9]+: ' bad.txt)" -eq 10
expect "each of the ten is told with its cure" \
	test "$(grep -E 'ten_mistakes\.yaml:[0-9]+:[0-9]+: ' bad.txt | grep -c '; ')" -eq 10
expect "the node charges on by the old version" debit second 50000
expect "a good one is loaded" "$chgctl" tariff load dear.yaml --config charging.yaml --why test
expect "the node follows it" debit third 150000
expect "it is the same process all the while" test "$before" = "$node"
expect "it runs" is_running
expect "the books are in order" "$chgctl" verify --config charging.yaml
stop

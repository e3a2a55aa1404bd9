#!/usr/bin/env bash
# kill -9 at random moments under mixed load of CH-1 and CH-2, start again, the clients send again with
# the T bit: what the clients were told that they pay is what the ledger says, to the millionth.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

rounds=${CHG_KILL_ROUNDS:-50}
chgctl=$CHG_BIN_DIR/chgctl

restart() {
	launch --config freediameter.conf
	is_ready || fail "the node did not start again"
}

# load NAME KIND COUNT: in the background; its journal is NAME.journal.
load() {
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 2 --outstanding 8 --retry 1 \
		--kind "$2" --count "$3" --host-prefix "r$round-$1" --journal "$1.journal" \
		>"$1.load" 2>&1 &
	loads+=("$!")
}

answered() { cat ./*.journal | wc -l; }

any_runs() {
	local one
	for one in "${loads[@]}"; do
		kill -0 "$one" 2>/dev/null && return 0
	done
	return 1
}

# Waits until so many more requests are answered, or all loads have ended.
wait_for() {
	local until=$(($(answered) + $1))
	for _ in $(seq 3000); do
		[ "$(answered)" -lt "$until" ] && any_runs || return 0
		sleep 0.01
	done
	fail "the load stands still"
}

# Odd prices, so that an amount that is rounded twice or lost shows in the last place.
cat >odd.tariff.yaml <<'EOF'
tariff: odd
currency: EUR
rules:
  - name: message
    match: {rating-group: 1}
    price: 0.013337 per message
    setup: 0.000101
  - name: octets
    match: {rating-group: 2}
    price: 0.000017 per 999 octets
EOF

: >offline.journal
: >debit.journal
: >credit.journal
start
expect "the tariff is loaded" "$chgctl" tariff load odd.tariff.yaml --config charging.yaml --why test
expect "the account is made" "$chgctl" account create alice --currency EUR --balance 1000000.00 \
	--identity sip:alice@example.net --config charging.yaml --why test
for round in $(seq "$rounds"); do
	loads=()
	load offline session 150
	load debit debit 150
	load credit credit-session 250
	wait_for $((1 + RANDOM % 400))
	kill -KILL "$node"
	wait "$node" 2>/dev/null || :
	restart
	for one in "${loads[@]}"; do
		wait "$one" || fail "round $round: a load did not end well: $(tail -n 5 ./*.load)"
	done
done
expect "the books are clean while the node runs" "$chgctl" verify --config charging.yaml
stop
expect "the database is sound" "$chgctl" --db charging.db db check
expect "the books are clean" "$chgctl" --db charging.db verify

# What the clients were told: a debit its own cost, a termination that of its session.  In millionths.
awk '$2 == "DEBIT" || $2 == "TERMINATION" {
	sign = sub(/^-/, "", $4) ? "-" : ""
	split($4, part, ".")
	print $1, sign (part[1] + 0) * 1000000 + substr(part[2] "000000", 1, 6)
}' debit.journal credit.journal | sort -u >told.txt

sqlite3 charging.db >result.txt <<'SQL'
.separator ' '
CREATE TEMP TABLE told (session_id TEXT, micros INTEGER);
.import told.txt told
CREATE TEMP TABLE journal (session_id TEXT, type TEXT, number INTEGER);
.import offline.journal journal
CREATE TEMP VIEW acknowledged AS
SELECT session_id, CASE type WHEN 'START' THEN 2 WHEN 'INTERIM' THEN 3 ELSE 4 END AS type, number
FROM journal;
CREATE TEMP VIEW recorded AS
SELECT session_id, record_type AS type, record_number AS number
FROM cdr_entry JOIN cdr USING (cdr_id);
SELECT 'told', count(*) FROM told;
SELECT 'told-twice', count(*) - count(DISTINCT session_id) FROM told;
SELECT 'client-micros', sum(micros) FROM told;
SELECT 'ledger-micros', -sum(amount) FROM ledger WHERE kind = 1;
SELECT 'account-micros', 1000000000000 - balance FROM bucket WHERE is_main = 1;
SELECT 'reserved', sum(reserved) FROM bucket;
SELECT 'other-cost', count(*) FROM told JOIN cdr USING (session_id) WHERE cost_micros <> micros;
SELECT 'uncharged', count(*) FROM told WHERE session_id NOT IN
	(SELECT session_id FROM cdr WHERE cost_micros IS NOT NULL);
SELECT 'lost', count(*) FROM (SELECT * FROM acknowledged EXCEPT SELECT * FROM recorded);
SELECT 'doubled', count(*) FROM
	(SELECT 1 FROM recorded GROUP BY session_id, type, number HAVING count(*) > 1);
SQL
cat result.txt
value() { sed -n "s/^$1 //p" result.txt; }
expect "in $rounds rounds all was answered in the end" \
	test "$(value told)" -ge $(((150 + 250 / 5) * rounds))
expect "no session was told two costs" test "$(value told-twice)" -eq 0
expect "the ledger has what the clients were told, to the millionth" \
	test "$(value client-micros)" -eq "$(value ledger-micros)"
expect "the account has lost just that" test "$(value account-micros)" -eq "$(value ledger-micros)"
expect "nothing is held any more" test "$(value reserved)" -eq 0
expect "each record has the cost that its client was told" test "$(value other-cost)" -eq 0
expect "nothing that was told is missing" test "$(value uncharged)" -eq 0
expect "no acknowledged record of CH-1 is lost" test "$(value lost)" -eq 0
expect "no record is there twice" test "$(value doubled)" -eq 0

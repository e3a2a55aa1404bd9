#!/usr/bin/env bash
# kill -9 at random moments under load, start again, the client sends again with the T bit: every
# record that was acknowledged is there exactly once.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

rounds=${CHG_KILL_ROUNDS:-50}

restart() {
	launch --config freediameter.conf
	is_ready || fail "the node did not start again"
}

acknowledged() { wc -l <journal.txt; }

# Waits until so many more records are acknowledged, or the load has ended.
wait_for() {
	local until=$(($(acknowledged) + $1))
	for _ in $(seq 3000); do
		[ "$(acknowledged)" -lt "$until" ] && kill -0 "$load" 2>/dev/null || return 0
		sleep 0.01
	done
	fail "the load stands still"
}

: >journal.txt
start
for round in $(seq "$rounds"); do
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 2 --outstanding 16 --retry 1 \
		--kind session --count 600 --host-prefix "r$round-" --journal journal.txt >load.txt 2>&1 &
	load=$!
	wait_for $((1 + RANDOM % 400))
	kill -KILL "$node"
	wait "$node" 2>/dev/null || :
	restart
	wait "$load" || fail "round $round: the load did not end well: $(tail -n 5 load.txt)"
done
stop
expect "the database is sound" "$CHG_BIN_DIR/chgctl" --db charging.db db check

sqlite3 charging.db >result.txt <<'SQL'
.separator ' '
CREATE TEMP TABLE journal (session_id TEXT, type TEXT, number INTEGER);
.import journal.txt journal
CREATE TEMP VIEW acknowledged AS
SELECT session_id, CASE type WHEN 'START' THEN 2 WHEN 'INTERIM' THEN 3 WHEN 'STOP' THEN 4 END AS type, number
FROM journal;
CREATE TEMP VIEW recorded AS
SELECT session_id, record_type AS type, record_number AS number
FROM cdr_entry JOIN cdr USING (cdr_id);
SELECT 'acknowledged', count(*) FROM acknowledged;
SELECT 'lost', count(*) FROM (SELECT * FROM acknowledged EXCEPT SELECT * FROM recorded);
SELECT 'doubled', count(*) FROM
	(SELECT 1 FROM recorded GROUP BY session_id, type, number HAVING count(*) > 1);
SELECT 'gaps', count(*) FROM v_sequence_gap;
SQL
cat result.txt
value() { sed -n "s/^$1 //p" result.txt; }
expect "in $rounds rounds all was acknowledged in the end" \
	test "$(value acknowledged)" -ge $((600 * rounds))
expect "no acknowledged record is lost" test "$(value lost)" -eq 0
expect "no record is there twice" test "$(value doubled)" -eq 0
expect "the local sequence has no gap" test "$(value gaps)" -eq 0

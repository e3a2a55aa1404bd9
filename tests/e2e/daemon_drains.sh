#!/usr/bin/env bash
# Asked to end under load, the node answers everything that it has stored: no record is left that
# its client does not know to be accepted.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

rounds=${CHG_DRAIN_ROUNDS:-5}

lines() { wc -l <journal.txt; }

for round in $(seq "$rounds"); do
	rm -f charging.db* journal.txt
	: >journal.txt
	start
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 4 --outstanding 64 \
		--kind session --seconds 3600 --give-up 1 --retry 1 --journal journal.txt >load.txt 2>&1 &
	load=$!
	until [ "$(lines)" -ge 500 ]; do
		kill -0 "$load" 2>/dev/null || fail "the load ended: $(cat load.txt)"
		sleep 0.02
	done
	stop
	wait "$load" || : # it has lost its node
	expect "round $round: the answers left in time" test -z "$(grep answers_left node.log || :)"
	tr ' ' '\t' <journal.txt >acknowledged.txt
	sqlite3 charging.db >result.txt <<'SQL'
.mode tabs
CREATE TEMP TABLE journal (session_id TEXT, type TEXT, number INTEGER);
.import acknowledged.txt journal
CREATE TEMP VIEW acknowledged AS SELECT session_id, number FROM journal;
CREATE TEMP VIEW recorded AS
SELECT session_id, record_number AS number FROM cdr_entry JOIN cdr USING (cdr_id);
SELECT 'recorded', count(*) FROM recorded;
SELECT 'unanswered', count(*) FROM (SELECT * FROM recorded EXCEPT SELECT * FROM acknowledged);
SELECT 'lost', count(*) FROM (SELECT * FROM acknowledged EXCEPT SELECT * FROM recorded);
SQL
	tr '\n' ' ' <result.txt
	value() { sed -n "s/^$1	//p" result.txt; }
	expect "round $round: something was recorded" test "$(value recorded)" -ge 500
	expect "round $round: every stored record was answered" test "$(value unanswered)" -eq 0
	expect "round $round: every answered record is stored" test "$(value lost)" -eq 0
done

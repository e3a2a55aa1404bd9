#!/usr/bin/env bash
# kill -9 at random moments while old records move into archives and the node charges on: in the end
# every record that was acknowledged is there exactly once, in the database or in an archive.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

rounds=${CHG_PRUNE_ROUNDS:-6}
events=4000

chgctl() { "$CHG_BIN_DIR/chgctl" "$@"; }
archived() { cat archive/* 2>/dev/null | wc -c; }

# Waits until the archives have grown by a random number of octets, or the prune has ended.
some_are_archived() {
	local until=$(($(archived) + 1 + RANDOM % 30000))
	for _ in $(seq 3000); do
		[ "$(archived)" -lt "$until" ] && kill -0 "$prune" 2>/dev/null || return 0
		sleep 0.01
	done
	fail "the prune stands still: $(cat prune.txt)"
}

: >journal.txt
start
for round in $(seq "$rounds"); do
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 2 --outstanding 16 --retry 1 \
		--kind event --count "$events" --host-prefix "r$round-" --journal journal.txt >load.txt 2>&1 &
	load=$!
	chgctl db prune --older-than 0s --config charging.yaml >prune.txt 2>&1 &
	prune=$!
	some_are_archived
	kill -KILL "$node"
	wait "$node" 2>/dev/null || :
	wait "$prune" || : # its node is gone
	expect "it tells how far it was" grep -q 'left the database' prune.txt
	launch --config freediameter.conf
	is_ready || fail "the node did not start again"
	wait "$load" || fail "round $round: the load did not end well: $(tail -n 5 load.txt)"
done
expect "the last run goes to the end" chgctl db prune --older-than 0s --config charging.yaml

mv archive elsewhere
printf '%s\n' "- without the archives there is no prune, and it is told where they should be"
status=0
chgctl db prune --older-than 0s --config charging.yaml >prune.txt 2>&1 || status=$?
expect "it ends with 1" test "$status" -eq 1
expect "it says what is missing" grep -q 'archive/records-[0-9]*.chga is missing.*mount its disk' prune.txt
expect "the log says so" grep -q 'prune.failed .*is missing' node.log
expect "it is counted" test "$(counter prune_failures_total)" -eq 1
expect "nothing was made in their place" test ! -e archive
mv elsewhere archive
expect "when they are back it goes on" chgctl db prune --older-than 0s --config charging.yaml
stop
expect "the database is sound" chgctl --db charging.db db check

chgctl --db charging.db cdr export --archive --format jsonl --output all.jsonl
sed -n 's/.*"session_id":"\([^"]*\)".*/\1/p' all.jsonl | sort >recorded.txt
cut -d' ' -f1 journal.txt | sort -u >acknowledged.txt
in_database=$(sqlite3 charging.db 'SELECT count(*) FROM cdr')
printf 'acknowledged %s, records %s, of them in the database %s\n' \
	"$(wc -l <acknowledged.txt)" "$(wc -l <recorded.txt)" "$in_database"
expect "in $rounds rounds all was acknowledged in the end" \
	test "$(wc -l <acknowledged.txt)" -eq $((rounds * events))
expect "nearly all of it is in archives" test "$in_database" -lt "$events"
expect "no acknowledged record is lost" test -z "$(comm -23 acknowledged.txt recorded.txt | head -n 3)"
expect "no record is there twice" test -z "$(uniq -d recorded.txt | head -n 3)"
expect "the local sequence has no gap" \
	test "$(sqlite3 charging.db 'SELECT count(*) FROM v_sequence_gap')" -eq 0

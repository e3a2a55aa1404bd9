#!/usr/bin/env bash
# A client whose connection breaks with requests on their way, and which is back at once: what it
# sends then is answered, and no answer of the first connection comes over the second, where its
# Hop-by-Hop number may belong to another request.  All is recorded, and once.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

start
expect "a client that comes back gets the answers of this connection and no others" \
	peer return back.example.net 20 200
expect "it runs" is_running
stop
records() { sqlite3 -readonly charging.db "$1"; }
expect "what it sent over the second connections is recorded" \
	test "$(records 'SELECT count(*) FROM cdr')" -ge 4000
expect "nothing is recorded twice" \
	test "$(records 'SELECT count(*) - count(DISTINCT session_id) FROM cdr')" -eq 0

#!/usr/bin/env bash
# Four peers with 64 requests outstanding each are answered without an error or a lost request.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

count=${CHG_LOAD_COUNT:-20000}
start
expect "all requests of four peers are answered with success" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 4 --outstanding 64 \
	--count "$count" --kind session --journal journal.txt
stop
acknowledged=$(wc -l <journal.txt)
expect "every one was acknowledged" test "$acknowledged" -ge "$count"
expect "every one is recorded, and none twice" test \
	"$(sqlite3 -readonly charging.db 'SELECT count(*) FROM cdr_entry')" -eq "$acknowledged"
expect "the sanitizer is silent about us" bash -c '! grep -q "WARNING: ThreadSanitizer" node.log'

#!/usr/bin/env bash
# An operator watches: load comes, the node goes away, another one starts in its place.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

watcher=''
end_watcher() { [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || :; }
trap 'end_watcher; on_exit' EXIT

# written FILE PATTERN: waits until the watcher has written it; false when he ends first.
written() {
	for _ in $(seq 1200); do
		! grep -qE "$2" "$1" || return 0
		kill -0 "$watcher" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

start
"$CHG_BIN_DIR/chgctl" top --config charging.yaml --interval 1 >pages 2>words &
watcher=$!
expect "a page comes" written pages '^charging.example.net serves '
expect "it says that nobody is connected" written pages '^! Clients: no client is connected'
expect "load is answered" "$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 2 \
	--outstanding 16 --count 500 >load
expect "a page shows requests" written pages '^  ACR/s +event [1-9]'
expect "and what a commit takes" written pages '^. Commits +[0-9.]+/s of [1-9][0-9.]* (us|ms) each'
"$CHG_BIN_DIR/chgctl" stats --plain --config charging.yaml >counters
expect "every answer is counted" test "$(awk '/^charging_answers_[a-z]+_total / { sum += $2 }
	END { print sum }' counters)" -ge 500
expect "and every request has its time" awk '/^charging_jobs_total / { jobs = $2 }
	/^charging_job_microseconds_total / { us = $2 }
	END { exit !(jobs >= 500 && us > jobs) }' counters
stop
expect "that the node is gone is said" written words '^chgctl: .*node'
before=$(grep -c . pages)
start
expect "the next node is found" written pages '^  The node was restarted'
expect "and followed" test "$(grep -c . pages)" -gt "$before"
kill -TERM "$watcher"
expect "the watcher ends when he wants to" wait "$watcher"
watcher=''
stop

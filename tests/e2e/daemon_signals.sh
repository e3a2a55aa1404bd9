#!/usr/bin/env bash
# The second signal ends the node at once, whatever still holds the first.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

start
# A peer that never answers the DPR keeps the first signal's way down busy for some seconds.
mute_peer
kill -TERM "$node"
until grep -q daemon.stopping node.log; do
	is_running || fail "the node ended before the second signal"
	sleep 0.01
done
kill -TERM "$node"
ends_with 143
expect "the log says so" grep -q 'daemon.ended_at_once signal=15' node.log

start
mute_peer
began=$SECONDS
stop
expect "a peer that does not say goodbye is not waited for longer than 15 s" \
	test $((SECONDS - began)) -le 15

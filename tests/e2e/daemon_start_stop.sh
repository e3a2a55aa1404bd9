#!/usr/bin/env bash
# The node says when it is ready, listens on what was configured and nothing else, and ends in order.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

listening_of() { # the addresses that the process listens on, one per line
	ss -Hltnp | awk -v pid="pid=$node," 'index($0, pid) { print $4 }' | sort
}

start
expect "the first line on standard output begins with ready" grep -q '^ready ' ready
expect "it is one line" test "$(wc -l <ready)" -eq 1
expect "it names identity, address and database" grep -q \
	"identity=charging.example.net realm=example.net listen=127.0.0.1:$port database=$PWD/charging.db" ready
expect "it listens on the configured loopback address alone" \
	test "$(listening_of)" = "127.0.0.1:$port"
expect "no override was missed" test -z "$(grep override.missed node.log || :)"
expect "an admitted peer is answered" peer hello im.example.net
expect "a peer that is not admitted is not" test "$(peer hello im.example.org && echo yes || echo no)" = no
expect "the log has a time and a level in every line" \
	test -z "$(grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z (debug|info|notice|warning|error) ' node.log || :)"
kill -HUP "$node"
expect "a hang-up signal does not end it" peer hello im2.example.net
stop
expect "the end was announced in the log" grep -q 'daemon.stopping signal=15' node.log

start
kill -INT "$node"
ends_with 0

printf 'ListenOn alone\n'
configure
sed -i 's|^Port = .*|&\nListenOn = "127.0.0.2";|' freediameter.conf
launch --config freediameter.conf
expect "a node with ListenOn besides diameter.listen becomes ready" is_ready
expect "both addresses are listened on" \
	test "$(listening_of | tr '\n' ' ')" = "127.0.0.1:$port 127.0.0.2:$port "
stop

printf 'a service manager\n'
configure
"$CHG_PEER_RAW" 0 notified notify.sock >notified.txt &
manager=$!
until [ -S notify.sock ]; do
	kill -0 "$manager" 2>/dev/null || fail "the stand-in ended"
	sleep 0.01
done
NOTIFY_SOCKET=./notify.sock launch --config freediameter.conf
expect "the node becomes ready" is_ready
stop
wait "$manager" || fail "the stand-in was told nothing about the end"
expect "it was told READY and then STOPPING, once each" \
	test "$(grep -E '^(READY|STOPPING)' notified.txt | tr '\n' ' ')" = "READY=1 STOPPING=1 "

#!/usr/bin/env bash
# The direct path: requests that are cut anywhere, a goodbye right behind requests, clients that are
# gone before their answers, and one that sends and never reads.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

start
expect "requests are answered however their octets are cut" peer split cut.example.net 200
expect "they went past the library" grows requests_direct_total 500

expect "what was asked before a goodbye is answered before it" \
	peer goodbye leaving.example.net 20 100
expect "clients that break off with requests on their way are taken back" \
	peer return broken.example.net 5 200

"$CHG_PEER_RAW" "$port" greedy greedy.example.net >greedy.out &
mute=$!
until [ -s greedy.out ]; do
	kill -0 "$mute" 2>/dev/null || fail "the greedy peer was refused"
	sleep 0.05
done
expect "while one client sends and never reads, all requests of another are answered" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 1 --outstanding 16 \
	--count 2000 --kind event
expect "its answers wait" grows answers_held_total 1
expect "it runs" is_running
kill "$mute"
wait "$mute" 2>/dev/null || :
mute=''
expect "others are served after it has gone" peer hello other.example.net
stop

#!/usr/bin/env bash
# What the log says of those who come and go, and a client that has the node's own name.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

start
expect "a client comes and says goodbye" peer again im.example.net 1
expect "its coming is in the log" grep -q 'peer.connected host=im.example.net' node.log
expect "its goodbye is in the log" grep -q 'peer.left host=im.example.net' node.log

printf '%s\n' "- a client with the name of the node is refused"
! peer hello charging.example.net || fail "it was taken"
expect "the log names the cause" grep -q 'peer.refused.*it has the name of this node' node.log
expect "others are served" peer hello other.example.net
stop

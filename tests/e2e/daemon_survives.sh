#!/usr/bin/env bash
# What stops freeDiameter 1.2.1 does not stop the node.  Both attacks below end a stock freeDiameterd.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

start
before=$node
expect "a request whose Session-Id holds a NUL octet does not stop it" peer nul-session nul.example.net
expect "twenty connections reset with refused requests on their way do not stop it" \
	peer reset reset.example.net 20 300
expect "a client that comes back at once is taken, five hundred times" \
	peer again again.example.net 500
expect "it answers afterwards" peer hello after.example.net
expect "it is the same process" test "$before" = "$node"
expect "it runs" is_running
stop

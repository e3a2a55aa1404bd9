# shellcheck shell=bash
# Shared by the end-to-end tests; sourced, with bash.  A test says what it wants with `expect` or
# `fail`, and everything it started is gone when it ends.
#
#   CHG_BIN_DIR     where charging-enabler, chgplay and chgctl were built
#   CHG_SOURCE_DIR  the source
# The working directory is a scratch folder of the test's own.
set -euo pipefail

: "${CHG_BIN_DIR:?}" "${CHG_SOURCE_DIR:?}"
example=$CHG_SOURCE_DIR/conf/examples/single-node
node='' port='' mute=''

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	if [ -s node.log ]; then
		printf -- '---- node.log\n' >&2
		tail -n 40 node.log >&2
	fi
	exit 1
}

# expect SENTENCE COMMAND...: the command must succeed.
expect() {
	local sentence=$1
	shift
	printf '%s\n' "- $sentence"
	"$@" || fail "$sentence (status $? of: $*)"
}

on_exit() {
	local status=$?
	trap - EXIT
	[ -z "$node" ] || kill -KILL "$node" 2>/dev/null || :
	[ -z "$mute" ] || kill -KILL "$mute" 2>/dev/null || :
	exit "$status"
}
trap on_exit EXIT

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
	local candidate
	for _ in $(seq 50); do
		candidate=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		port_is_taken "$candidate" || { port=$candidate; return; }
	done
	fail "no free port"
}

# configure: the example deployment, on a port of its own, in the working directory.
configure() {
	free_port
	sed "s|^Port = .*|Port = $port;|" "$example/freediameter.conf" >freediameter.conf
	cp "$example/charging.yaml" charging.yaml
}

# launch ARGUMENT...: starts charging-enabler without waiting; its lines are in `ready`, node.log.
launch() {
	: >ready
	"$CHG_BIN_DIR/charging-enabler" "$@" >ready 2>node.log &
	node=$!
}

# is_ready: waits for the ready line; false when the node ends first.
is_ready() {
	for _ in $(seq 600); do
		[ ! -s ready ] || return 0
		kill -0 "$node" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# start: configures and starts a node; a port that was taken in between is given up for another.
start() {
	for _ in 1 2 3 4 5; do
		configure
		launch --config freediameter.conf
		! is_ready || return 0
		wait "$node" || :
		node=''
		grep -q 'Address already in use' node.log || break
	done
	fail "the node did not become ready"
}

# ends_with STATUS: waits for the end of the node.
ends_with() {
	local status=0
	wait "$node" || status=$?
	node=''
	[ "$status" -eq "$1" ] || fail "the node ended with status $status, not with $1"
}

# stop: in order, with status 0.
stop() {
	kill -TERM "$node"
	ends_with 0
}

# end_other: ends a daemon that is not ours, which may hang at its very end: freeDiameterd was seen to
# wait for a lock of the locale that one of its cancelled threads held.
end_other() {
	kill -TERM "$node"
	for _ in $(seq 100); do
		is_running || break
		sleep 0.1
	done
	kill -KILL "$node" 2>/dev/null || :
	wait "$node" || :
	node=''
}

is_running() { kill -0 "$node" 2>/dev/null; }

peer() { "$CHG_PEER_RAW" "$port" "$@"; }

# mute_peer: starts a peer that connects and then never says anything again; it goes with the test,
# or with the next one.
mute_peer() {
	[ -z "$mute" ] || kill "$mute"
	: >mute.out
	"$CHG_PEER_RAW" "$port" mute mute.example.net >>mute.out &
	mute=$!
	until [ -s mute.out ]; do
		kill -0 "$mute" 2>/dev/null || fail "the mute peer was refused"
		sleep 0.05
	done
}

# counter NAME: a counter of the running node.
counter() {
	"$CHG_BIN_DIR/chgctl" stats --config charging.yaml --openmetrics >stats.txt
	sed -n "s/^charging_$1 //p" stats.txt
}

# grows NAME COUNT: waits until that counter is as high; some are told each second only.
grows() {
	for _ in $(seq 100); do
		[ "$(counter "$1")" -lt "$2" ] || return 0
		sleep 0.1
	done
	return 1
}

#!/usr/bin/env bash
# An IM server on another host, here another network namespace, is refused; the line that the log
# prints admits it; then it is served.
if [ -z "${CHG_IN_NAMESPACE:-}" ]; then
	# A network and mounts of our own; as an ordinary user in a user namespace.
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	CHG_IN_NAMESPACE=1 exec unshare "${user[@]}" --net --mount bash "$0"
fi
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

mount -t tmpfs tmpfs /run
ip link set lo up
ip netns add imserver
ip link add node0 type veth peer name im0 netns imserver
ip address add 10.9.0.1/24 dev node0
ip link set node0 up
ip netns exec imserver ip address add 10.9.0.2/24 dev im0
ip netns exec imserver ip link set im0 up

from_elsewhere() {
	ip netns exec imserver "$CHG_BIN_DIR/chgplay" load --connect "10.9.0.1:$port" \
		--host-prefix im --realm example.org --give-up 3 \
		--destination-realm example.net --peers 1 --outstanding 1 --count 3 --kind event
}

configure
sed -i 's|listen:.*|listen: ["10.9.0.1"]|' charging.yaml
launch --config freediameter.conf
is_ready || fail "the node did not become ready"
before=$node
printf '%s\n' "- a host that is not admitted is refused"
! from_elsewhere >refused.txt 2>&1 || fail "it was served"
line=$(sed -n 's/.*peer.refused-line //p' node.log | tail -n 1)
expect "the log prints the line that admits it" \
	test "$line" = 'allow: ["*.example.net", "im1.example.org"]'
stop

sed -i "s|^  allow:.*|  $line|" charging.yaml
launch --config freediameter.conf
is_ready || fail "the node did not become ready with the line of the log"
expect "it is another process" test "$before" != "$node"
expect "the host is served" from_elsewhere
expect "its records are there" test \
	"$(sqlite3 -readonly charging.db 'SELECT count(*) FROM cdr')" -eq 3
stop

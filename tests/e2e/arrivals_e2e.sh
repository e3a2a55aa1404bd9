#!/usr/bin/env bash
# Clients that come: nobody is asked for their names, and many may come in one moment.
if [ -z "${CHG_IN_NAMESPACE:-}" ]; then
	# Mounts of our own, for a host name that only a look-up can find.
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	CHG_IN_NAMESPACE=1 exec unshare "${user[@]}" --mount bash "$0"
fi
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

printf '127.0.0.1 looked-up.example.net\n' >hosts
mount --bind hosts /etc/hosts
start

# A message of 16 MiB: the library says from whom it came.
printf '\x01\xff\xff\xff\x80\x00\x01\x01\x00\x00\x00\x00' >"/dev/tcp/127.0.0.1/$port"
until grep -q 'suspect header' node.log; do
	is_running || fail "it ended"
	sleep 0.02
done
expect "the log has the client's address" grep -q "suspect header.*127\.0\.0\.1" node.log
expect "its name was not looked up" bash -c '! grep -q looked-up node.log'

waiting=$(ss -Hltn "sport = :$port" | awk '{ print $3 }')
expect "more than a handful may wait to be accepted ($waiting)" test "$waiting" -gt 5
expect "each function of the library was replaced" bash -c '! grep -q override.missed node.log'
stop

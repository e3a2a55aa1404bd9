#!/usr/bin/env bash
# A client that nobody of this project wrote, OTP's diameter application, plays CH-1, and tshark
# judges every message that went over the wire.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"
: "${CHG_PCAP_RELAY:?}"

# What tshark 4.0 takes for malformed though it is right, by name: its dictionary types
# Application-Server-ID as a number.
known='Application-Server-ID'

start
node_port=$port
free_port
relay_port=$port
"$CHG_PCAP_RELAY" "$relay_port" "$node_port" wire.pcap >relay.out &
relay=$!
for _ in $(seq 200); do
	[ ! -s relay.out ] || break
	sleep 0.05
done
expect "OTP's diameter is answered as RFC 6733 says" \
	escript "$CHG_SOURCE_DIR/tests/e2e/erlang/ch1_client.escript" "$relay_port"
wait "$relay" || fail "the relay failed"

tshark -r wire.pcap -d tcp.port==3868,diameter -Y diameter -T fields \
	-e diameter.cmd.code >codes.txt 2>tshark.err || fail "tshark: $(cat tshark.err)"
expect "tshark sees the accounting messages" \
	test "$(grep -c '^271$' codes.txt)" -ge 16

# The name of each AVP that tshark complains about.
tshark -r wire.pcap -d tcp.port==3868,diameter -V 2>>tshark.err |
	awk '/AVP: / { name = $0; sub(/.*AVP: /, "", name); sub(/\(.*/, "", name) }
		/Malformed|\[Error!/ { print name }' | sort -u >malformed.txt
expect "tshark judges: it stumbles over the AVP that it mistypes" grep -qx "$known" malformed.txt
expect "tshark finds nothing else malformed" bash -c "! grep -vx '$known' malformed.txt"
stop

#!/usr/bin/env bash
# A client that nobody of this project wrote, OTP's diameter application, plays CH-2, and tshark judges
# every message that went over the wire.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"
: "${CHG_PCAP_RELAY:?}"
chgctl=$CHG_BIN_DIR/chgctl

cat >tariff.yaml <<'EOF'
tariff: otp
currency: EUR
rules:
  - message: 0.05 per message
EOF

start
expect "the tariff is loaded" "$chgctl" tariff load tariff.yaml --config charging.yaml --why test
expect "the account is made" "$chgctl" account create otp --currency EUR --balance 1.00 \
	--identity sip:otp@example.net --config charging.yaml --why test
node_port=$port
free_port
relay_port=$port
"$CHG_PCAP_RELAY" "$relay_port" "$node_port" wire.pcap >relay.out &
relay=$!
for _ in $(seq 200); do
	[ ! -s relay.out ] || break
	sleep 0.05
done
expect "OTP's diameter is answered as RFC 8506 says" \
	escript "$CHG_SOURCE_DIR/tests/e2e/erlang/ch2_client.escript" "$relay_port"
wait "$relay" || fail "the relay failed"

tshark -r wire.pcap -d tcp.port==3868,diameter -Y diameter -T fields \
	-e diameter.cmd.code >codes.txt 2>tshark.err || fail "tshark: $(cat tshark.err)"
expect "tshark sees the credit-control messages" test "$(grep -c '^272$' codes.txt)" -ge 40
tshark -r wire.pcap -d tcp.port==3868,diameter -V 2>>tshark.err |
	awk '/AVP: / { name = $0; sub(/.*AVP: /, "", name); sub(/\(.*/, "", name) }
		/Malformed|\[Error!/ { print name }' | sort -u >malformed.txt
expect "tshark finds nothing malformed" test ! -s malformed.txt

expect "the books are clean" "$chgctl" verify --config charging.yaml
# 0.15 + 0.05 + 0.10 + 0.05: both sessions and both debits that stayed.
expect "the account has paid for what was used" test \
	"$(sqlite3 -readonly charging.db 'SELECT balance FROM bucket WHERE is_main = 1')" -eq 650000
stop

#!/usr/bin/env bash
# Over TLS requests take the library's way, and all are answered; beside them others go the direct one.
# TLS from the first octet, and TLS that begins behind CER and CEA on a connection that was plain.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

certtool --generate-privkey --outfile key.pem >certtool.log 2>&1
printf '%s\n' 'cn = charging.example.net' 'expiration_days = 3650' ca signing_key cert_signing_key \
	tls_www_server tls_www_client >template
certtool --generate-self-signed --load-privkey key.pem --template template --outfile cert.pem \
	>>certtool.log 2>&1
certtool --get-dh-params --sec-param medium --outfile dh.pem >>certtool.log 2>&1 ||
	certtool --get-dh-params --outfile dh.pem >>certtool.log 2>&1

configure
clear_port=$port
free_port
secure_port=$port
free_port
relay_port=$port
free_port
nobody_port=$port
port=$clear_port
sed -i "s/^SecPort = .*/SecPort = $secure_port;/" freediameter.conf
# A peer of the configuration, because peer.allow admits without TLS; its own listener is not there.
cat >>freediameter.conf <<END
ConnectPeer = "inband1.example.net" { TLS_old_method; No_SCTP; No_IPv6; ConnectTo = "127.0.0.1"; Port = $nobody_port; };
END
printf '%s\n' 'TLS_Cred = "cert.pem", "key.pem";' 'TLS_CA = "cert.pem";' 'TLS_DH_File = "dh.pem";' \
	>>freediameter.conf
launch --config freediameter.conf
is_ready || fail "the node did not become ready"

# relay ARGUMENT...: starts a relay; it ends with its first connection.
relay() {
	: >relay.out
	"$CHG_TLS_RELAY" "$@" >>relay.out 2>relay.err &
	mute=$!
	until [ -s relay.out ]; do
		kill -0 "$mute" 2>/dev/null || fail "the relay ended: $(cat relay.err)"
		sleep 0.05
	done
}

# relay_ended: in order, so that it did shake hands.
relay_ended() {
	wait "$mute" || fail "the relay: $(cat relay.err)"
	mute=''
}

relay "$relay_port" "$secure_port" cert.pem key.pem
expect "a thousand requests over TLS are answered" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$relay_port" --peers 1 --outstanding 64 \
	--count 1000 --kind session
relay_ended

# A handshake that fails there must leave the node, and the peer able to come again.
relay "$relay_port" "$clear_port" cert.pem key.pem broken
port=$relay_port
peer hello inband1.example.net >hello.out 2>&1 || : # the relay has hung up
port=$clear_port
relay_ended
for _ in $(seq 600); do
	! grep -q 'cause="TLS handshake failed' node.log || break
	sleep 0.05
done
expect "a handshake that fails is told" grep -q 'cause="TLS handshake failed' node.log
expect "the node goes on after it" peer hello other.example.net
expect "it runs" is_running

relay "$relay_port" "$clear_port" cert.pem key.pem inband
expect "a thousand over TLS that began behind the capabilities are as well" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$relay_port" --peers 1 --outstanding 64 \
	--count 1000 --kind session --host-prefix inband
relay_ended
expect "none of them went past the library" test "$(counter requests_direct_total)" -eq 0
expect "a thousand in clear are as well" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$clear_port" --peers 2 --outstanding 64 \
	--count 1000 --kind session
expect "those in clear went past the library" grows requests_direct_total 900
expect "and no others did" test "$(counter requests_direct_total)" -lt 1500
expect "it runs" is_running
stop
expect "all is recorded, and once" test "$(sqlite3 -readonly charging.db \
	'SELECT count(*) >= 3000 FROM cdr_entry')" = 1

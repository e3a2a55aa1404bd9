#!/usr/bin/env bash
# The extensions in the daemon that Debian ships: the flows are answered there as well.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

daemon=$(command -v freeDiameterd) || fail "freeDiameterd is not installed: apt-get install freediameterd"
certtool --generate-privkey --outfile key.pem >certtool.log 2>&1
printf 'cn = charging.example.net\nexpiration_days = 3650\ntls_www_server\n' >template
certtool --generate-self-signed --load-privkey key.pem --template template --outfile cert.pem \
	>>certtool.log 2>&1
certtool --get-dh-params --sec-param medium --outfile dh.pem >>certtool.log 2>&1 ||
	certtool --get-dh-params --outfile dh.pem >>certtool.log 2>&1

configure
sed -i "s#\"\(dict_charging\|ch1_offline\|ch2_online\)\.fdx\"#\"$CHG_EXT_DIR/\1.fdx\"#" freediameter.conf
printf '%s\n' 'TLS_Cred = "cert.pem", "key.pem";' 'TLS_CA = "cert.pem";' 'TLS_DH_File = "dh.pem";' \
	>>freediameter.conf

# The daemon knows nothing of sanitizers, so the run-time library has to come first.
preload=
case ${CHG_SANITIZE:-OFF} in
*address*) preload=$(gcc -print-file-name=libasan.so) ;;
*thread*) preload=$(gcc -print-file-name=libtsan.so) ;;
esac
LD_PRELOAD=$preload "$daemon" -c freediameter.conf >node.log 2>&1 &
node=$!
for _ in $(seq 400); do
	! port_is_taken "$port" || break
	is_running || fail "freeDiameterd ended"
	sleep 0.05
done

flows=$CHG_SOURCE_DIR/tests/scenario/flows
expect "the offline flows of the seeds are answered" \
	"$CHG_BIN_DIR/chgplay" play $(ls "$flows"/*.chg | grep -v /online-) --connect "127.0.0.1:$port"
printf 'tariff: stock\ncurrency: EUR\nrules:\n  - message: 0.05 per message\n' >tariff.yaml
expect "a tariff is loaded" "$CHG_BIN_DIR/chgctl" tariff load tariff.yaml \
	--config charging.yaml --why "test"
expect "an account is made" "$CHG_BIN_DIR/chgctl" account create alice --currency EUR \
	--balance 10.00 --identity sip:alice@example.net --config charging.yaml --why "test"
expect "an online flow is answered beside them" "$CHG_BIN_DIR/chgplay" play \
	"$flows/online-pager-message-debited-at-once.chg" --connect "127.0.0.1:$port"
expect "it binds the configured address alone" \
	bash -c "! (exec 3<>/dev/tcp/$(hostname -I | cut -d' ' -f1)/$port) 2>/dev/null"
expect "a thousand requests are answered" \
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 2 --outstanding 16 \
	--count 1000 --kind event
end_other
expect "the records are there" test \
	"$(sqlite3 -readonly charging.db 'SELECT count(*) FROM cdr')" -gt 1000

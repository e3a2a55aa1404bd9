#!/usr/bin/env bash
# What cannot work is refused with its cause and its cure, by --check and at the start alike.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

enabler=$CHG_BIN_DIR/charging-enabler

# refused SENTENCE PATTERN: --check of freediameter.conf ends with 1 and says the pattern.
refused() {
	local status=0
	printf '%s\n' "- $1"
	"$enabler" --check --config freediameter.conf >check.out 2>check.err || status=$?
	[ "$status" -eq 1 ] || { cat check.err >&2; fail "$1: status $status"; }
	grep -qE "$2" check.err || { cat check.err >&2; fail "$1: no line matches $2"; }
	[ ! -s check.out ] || fail "$1: something on standard output"
}

configure
expect "the example is good" "$enabler" --check --config freediameter.conf
expect "a check makes no database" test ! -e charging.db

sed -i 's/^NoRelay;/NoRelays;/' freediameter.conf
refused "a misspelt keyword is named with its line" \
	"^freediameter.conf:$(grep -n NoRelays freediameter.conf | cut -d: -f1):[0-9]+: 'NoRelays'"

configure
sed -i 's/^TwTimer = .*/TwTimer = 3;/' freediameter.conf
refused "a value out of bounds is named with its line" \
	"^freediameter.conf:$(grep -n TwTimer freediameter.conf | cut -d: -f1):.*Invalid value"

configure
sed -i 's/ch1_offline.fdx/ch9_offline.fdx/' freediameter.conf
refused "an extension that is not there is named" 'LoadExtension "ch9_offline.fdx" cannot be loaded'

configure
printf 'TLS_Cred = "no.crt", "no.key";\n' >>freediameter.conf
refused "a missing certificate is named" 'no.crt.*No such file'

configure
printf 'engine:\n  queue_max: none\n' >>charging.yaml
refused "a bad value in charging.yaml is named with its line" '^charging.yaml:[0-9]+:.*engine.queue_max'

configure
sed -i 's|^  path: .*|  path: missing/charging.db|' charging.yaml
refused "a folder of the database that is not there is named" 'missing: No such file.*store.path'

configure
mkdir folder.db
sed -i 's|^  path: .*|  path: folder.db|' charging.yaml
refused "a folder for a database is named" 'folder.db: not a file.*store.path'

# keep WHERE: records are kept for a month, and the archives are there.
keep() {
	configure
	printf 'cdr:\n  keep_days: 30\n  archive_dir: "%s"\n' "$1" >>charging.yaml
}

keep missing/archive
refused "a folder of the archives that cannot be made is named" 'missing: No such file.*cdr.archive_dir'

printf 'no folder\n' >plain.txt
keep plain.txt
refused "a file for the folder of the archives is named" 'plain.txt: not a folder.*cdr.archive_dir'
keep plain.txt/archive
refused "a file above the folder of the archives is named" 'plain.txt/archive: Not a directory.*cdr.archive_dir'
keep archive
expect "a folder that a prune can make is good" "$enabler" --check --config freediameter.conf
expect "a check makes no folder" test ! -e archive

configure
sed -i 's|^  socket: .*|  socket: missing/control.sock|' charging.yaml
refused "a folder of the control socket that is not there is named" 'missing: No such.*control.socket'

rm freediameter.conf
refused "a missing file is named" '^freediameter.conf: No such file'

start
refused "a taken port is named" "cannot listen on 127.0.0.1:$port: Address already in use"
expect "a running node's configuration can be checked" \
	"$enabler" --check --running --config freediameter.conf

printf '%s\n' "- a second node on the port ends with 1 and names it"
mkdir second
cp freediameter.conf charging.yaml second
status=0
(cd second && "$enabler" --config freediameter.conf) >second.out 2>second.err || status=$?
expect "its status is 1" test "$status" -eq 1
expect "it says which address" grep -q "cannot listen on 127.0.0.1:$port: Address already in use" second.err
expect "it never said ready" test ! -s second.out
expect "the first node is not disturbed" peer hello im.example.net
stop

printf 'command line\n'
for arguments in --nonsense 'file.conf' '--config'; do
	status=0
	"$enabler" $arguments >usage.out 2>usage.err || status=$?
	expect "'$arguments' ends with 2" test "$status" -eq 2
	expect "'$arguments' points to --help" grep -q -- --help usage.err
done
expect "--help shows examples" grep -q '^examples:' <("$enabler" --help)
expect "--version names the version" grep -qE '^charging-enabler [0-9]+\.[0-9]+' <("$enabler" --version)

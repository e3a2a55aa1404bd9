#!/usr/bin/env bash
# A full disk: OUT_OF_SPACE while it is full, service again once there is room, nothing lost.
if [ -z "${CHG_IN_NAMESPACE:-}" ]; then
	user=()
	[ "$(id -u)" -eq 0 ] || user=(--user --map-root-user)
	CHG_IN_NAMESPACE=1 exec unshare "${user[@]}" --mount bash "$0"
fi
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

mkdir disk
mount -t tmpfs -o size=16m tmpfs disk
configure
sed -i 's|path: charging.db|path: disk/charging.db|' charging.yaml
launch --config freediameter.conf
is_ready || fail "the node did not become ready"

load() {
	"$CHG_BIN_DIR/chgplay" load --connect "127.0.0.1:$port" --peers 1 --outstanding 4 --retry 1 \
		--count "$1" --kind event --journal journal.txt >load.txt 2>&1
}
postponed() {
	"$CHG_BIN_DIR/chgctl" --socket control.sock stats --openmetrics |
		sed -n 's/^charging_answers_transient_total //p'
}
# Until the node has told a client to keep its record.
wait_until_postponed() {
	for _ in $(seq 1000); do
		[ "$(postponed)" -eq 0 ] || return 0
		is_running || return 1
		sleep 0.02
	done
	return 1
}

: >journal.txt
expect "it serves while there is room" load 50
dd if=/dev/zero of=disk/ballast bs=4k 2>/dev/null || :
load 2000 &
client=$!
expect "while the disk is full, clients are told to keep their records" wait_until_postponed
expect "the client keeps on" kill -0 "$client"
rm disk/ballast
expect "once there is room, the client gets rid of everything" wait "$client"
expect "it was told OUT_OF_SPACE before" grep -Eq 'postponed +[1-9]' load.txt
expect "nothing was refused for good" grep -Eq 'refused +0$' load.txt
expect "it is still the same process" is_running
stop

lost=$(sqlite3 disk/charging.db <<'SQL'
.separator ' '
CREATE TEMP TABLE acknowledged (session_id TEXT, type INTEGER, number INTEGER);
.import journal.txt acknowledged
SELECT count(*) FROM acknowledged WHERE session_id NOT IN (SELECT session_id FROM cdr);
SQL
)
expect "no acknowledged record is lost" test "$lost" -eq 0
expect "the database is sound" "$CHG_BIN_DIR/chgctl" --db disk/charging.db db check

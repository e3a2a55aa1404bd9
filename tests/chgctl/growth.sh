#!/bin/sh
# chgctl and what grows: old records into archives, the room that they leave given back, and that
# nobody is frightened by what is only somewhere else.
#
#   growth.sh CHGCTL SEED REREAD NODE SEED_ONLINE
set -u

chgctl=$1
seed=$2
reread=$3
node=$4
seed_online=$5
work=$(cd "$(mktemp -d)" && pwd -P)
failures=0
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

unset CHG_DB NO_COLOR
TZ=UTC
LC_ALL=C
export TZ LC_ALL

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# same WHAT EXPECTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# does ARGUMENTS...: it works, and says nothing on stderr
does() {
	"$chgctl" "$@" >out 2>err || fail "chgctl $*: exit $?, $(cat err)"
	same "stderr of chgctl $*" "" "$(cat err)"
}

# told EXIT WORD ARGUMENTS...: it does not work, and says why
told() {
	code=$1
	word=$2
	shift 2
	"$chgctl" "$@" >out 2>err
	same "exit of chgctl $*" "$code" $?
	same "stdout of chgctl $*" "" "$(cat out)"
	grep -qF -- "$word" err || fail "chgctl $* does not tell of $word: $(cat err)"
}

size() { wc -c <"$1" | tr -d ' '; }

# all FILE DATABASE: records, wherever they are, accounts and ledger into FILE.
all() {
	{
		"$chgctl" --db "$2" cdr export --archive &&
			"$chgctl" --db "$2" account list --json &&
			"$chgctl" --db "$2" ledger list --json &&
			"$chgctl" --db "$2" suspense list --all --json
	} >"$1" || fail "reading all of $2"
}

# Records of 2001 before those of a later day.
long=9000d
mkdir old whole
old=old/charging.db whole=whole/charging.db
"$seed" $old old 1500 && "$seed" $old story && "$seed_online" $old || fail "the seed"
all before.txt $old
same "all that is there" 1510 "$("$chgctl" --db $old cdr export | "$reread" jsonl)"

# Prune: what is old goes into an archive, and nothing is lost.
does --db $old db prune --older-than $long --dry-run
grep -q '^1500 records closed before 20' out || fail "a dry run does not tell: $(cat out)"
[ -e old/archive ] && fail "a dry run made archives"
cp $old $whole
does --db $old db prune --older-than $long
grep -q '^1500 records left the database, archives grew by [0-9]* bytes$' out ||
	fail "prune does not tell: $(cat out)"
same "what is left" 10 "$("$chgctl" --db $old cdr export | "$reread" jsonl)"
all pruned.txt $old
cmp before.txt pruned.txt || fail "archives and database are not what was there"
"$chgctl" --db $old cdr export --archive >pruned-cdr.txt || fail "an export of both"
told 2 'needs --older-than' --db $old db prune
told 2 'is no span' --db $old db prune --older-than soon
told 2 'm would be minutes or months; write 90d' --db $old db prune --older-than 3m
told 2 'is no span' --db $old db prune --older-than -3d
told 2 'reaches back before 1970: nothing is that old' --db $old db prune --older-than 100000000d --dry-run
told 2 'reaches back before 1970' --db $old db prune --older-than 99999999999999999999w
told 1 'missing.db' --db missing.db db prune --older-than 1d

# What is archived is not missing, and is told to whoever does not ask for it.
does --db $old cdr stats
grep -qx '  1 to 1508, 0 missing, 0 repeated' out || fail "what is archived is missing: $(cat out)"
grep -qx '  1500 of them are in archives; --archive counts those records too' out ||
	fail "stats do not tell of archives: $(cat out)"
"$chgctl" --db $old cdr stats --json | grep -qx '    "archived": 1500,' || fail "nor as json"
does --db $old cdr stats --archive
grep -qx '  1 to 1508, 0 missing, 0 repeated' out || fail "all are not all: $(cat out)"
grep -q 'in archives' out && fail "what was looked at is told to be elsewhere"

# Whoever may have wanted what is archived is told so, once; nobody else is.
older="chgctl: 1500 older records are in archives; --archive reads them too"
# lacks ARGUMENTS...: it works, and tells that archives were not read
lacks() {
	"$chgctl" --db $old "$@" >out 2>err || fail "chgctl $*: exit $?"
	same "archives told by $*" 1 "$(grep -cxF "$older" err)"
}
lacks cdr list --until 2002-01-01
lacks cdr list
lacks cdr list --newest
lacks cdr list --limit 2
lacks cdr list --from 2001-01-01 --party alice@example.net
lacks cdr list --after 5 --limit 2
lacks cdr stats --kind event
lacks cdr stats --until 2002-01-01 --json
lacks cdr export --output part.jsonl
same "what else it tells" "$older
chgctl: 10 records written to part.jsonl" "$(cat err)"
does --db $old cdr list --from 2026-11-21
does --db $old cdr list --state open
does --db $old cdr list --after 1502
does --db $old cdr list --archive
does --db $old cdr stats --archive --kind event
"$chgctl" --db $old cdr list --newest --limit 2 >out 2>err || fail "the newest"
grep -q archives err && fail "the newest lack nothing: $(cat err)"
"$chgctl" --db $old cdr list --from 2030-01-01 >out 2>err || fail "what is to come"
grep -q archives err && fail "what is to come is in no archive: $(cat err)"

# One record that is archived; one that never was.
told 1 'record 5 is in an archive; --archive shows it' --db $old cdr show 5
told 1 'there is no record 5000;' --db $old cdr show 5000 --archive
told 1 'no record 5000; 1500 older records are in archives' --db $old cdr show 5000
told 1 'no record of session some; 1500 older records are in archives' --db $old cdr show some
told 1 'there is no record 0;' --db $old cdr show 0
does --db $old cdr show 5 --archive

# Whoever names the folder of the archives wants them read.
does --db $old cdr show 5 --archive-dir old/archive
does --db $old cdr list --archive-dir old/archive --limit 0 --json
same "a list of all" 1510 "$("$reread" json <out)"
"$chgctl" --db $old cdr export --archive-dir old/archive | cmp - pruned-cdr.txt || fail "an export of all"
told 2 'the folder of the archives (--archive-dir) is empty' --db $old cdr list --archive-dir ''
told 2 'the folder of the archives (--archive-dir) is empty' \
	--db $old db prune --older-than $long --archive-dir ''
told 2 'the path of the database (--db) is empty' --db '' cdr list

# What cannot be read whole replaces nothing, and its numbers are missing: at both ends.
mkdir torn && cp -r old/* torn && echo "the older one" >all.jsonl || fail "the copy"
"$seed" torn/charging.db sql 'DELETE FROM cdr WHERE local_sequence > 1500' || fail "the loss"
# torn MISSING GAPS: of 1500 archived records so many are told to be missing, and which
torn() {
	told 1 'nothing was written to all.jsonl' --db torn/charging.db cdr export --archive \
		--output all.jsonl
	same "the older file" "the older one" "$(cat all.jsonl)"
	same "what is left beside it" "" "$(find . -name 'all.jsonl.*')"
	"$chgctl" --db torn/charging.db cdr stats --archive --json >out 2>err
	same "exit of stats" 1 $?
	same "what is missing" "$1" "$(sed -n 's/^    "missing": \(.*\),$/\1/p' out)"
	same "from" 1 "$(sed -n 's/^    "first": \(.*\),$/\1/p' out)"
	same "to" 1500 "$(sed -n 's/^    "last": \(.*\),$/\1/p' out)"
	same "the gaps" "$2" "$(grep -o '"gaps.*' out)"
}
truncate -s -20 torn/archive/records-000001.chga
torn 500 '"gaps": [{"from": 1001, "to": 1500}]'
rm torn/archive/records-000001.chga
torn 1500 '"gaps": [{"from": 1, "to": 1500}]'
# What is lost is told: behind what was archived by its number, before that how many.
mkdir lost && cp -r old/* lost || fail "the copy"
"$seed" lost/charging.db sql 'DELETE FROM cdr WHERE local_sequence = 1503' || fail "the loss"
"$seed" lost/charging.db sql 'UPDATE archive SET records = records - 2' || fail "the loss"
told_lost=$("$chgctl" --db lost/charging.db cdr stats 2>err | grep -A 4 '^Local sequence')
same "exit of stats" 1 "$("$chgctl" --db lost/charging.db cdr stats >out 2>err; echo $?)"
same "what is lost" "Local sequence of closed records
  1 to 1508, 3 missing, 0 repeated
  1498 of them are in archives; --archive counts those records too
  missing 2 of those up to 1500, here and in archives; --archive tells which
  missing 1503" "$told_lost"
# All of it archived: the numbers are there all the same.
"$seed" lost/charging.db sql 'DELETE FROM cdr; UPDATE archive SET records = 1500' || fail "the loss"
"$chgctl" --db lost/charging.db cdr stats --json >out 2>err
same "exit of stats of archives" 0 $?
grep -qx '    "last": 1500,' out || fail "of nothing but archives nothing is known: $(cat out)"
told_none=$("$chgctl" --db lost/charging.db cdr list 2>&1)
same "nothing here" "chgctl: lost/charging.db holds no records
$older" "$told_none"

# Why a record cost what it did can be told years later: its charge is read from the archive, the
# ledger and the tariffs are where they were.
mkdir due && "$seed_online" due/charging.db steps || fail "the seed of charges"
"$seed" due/charging.db sql 'DELETE FROM cc_session' || fail "sessions that are forgotten"
explained() {
	for id in 1 2 3 4 5; do
		"$chgctl" --db due/charging.db tariff explain --record $id "$@" &&
			"$chgctl" --db due/charging.db tariff explain --record $id --json "$@" ||
			fail "explaining record $id: $*"
	done
}
explained >charged.txt
does --db due/charging.db db prune --older-than 1s
same "all of them left" "5 records left the database" "$(cut -d, -f1 out)"
explained --archive >charged-archived.txt
cmp charged.txt charged-archived.txt || fail "an archived record costs something else"
told 1 'record 2 is not in due/charging.db; 5 more are in archives, and --archive looks there too' \
	--db due/charging.db tariff explain --record 2
told 1 'there is no record 9' --db due/charging.db tariff explain --record 9 --archive
told 2 'goes with --record alone' tariff explain good.tariff.yaml --archive --units '1 message'
told 0 'if it moved into an archive, name its account with --account' --db due/charging.db ledger list --record 2
"$chgctl" --db due/charging.db ledger list --record 2 --account alice --json >out 2>err
[ "$("$reread" json <out)" -gt 0 ] || fail "the lines of an archived record are not found: $(cat err)"
mv due/archive due/elsewhere
told 1 'there is no record 2' --db due/charging.db tariff explain --record 2 --archive
does --db due/charging.db tariff explain --record 2 --archive --archive-dir due/elsewhere

# An older copy of the database beside archives that went on is told.
mkdir back
"$seed" back/charging.db old 5 || fail "the seed"
does --db back/charging.db db prune --older-than $long
does --db back/charging.db db backup older.db
"$seed" back/charging.db old 10 || fail "the seed" # of which five came before
does --db back/charging.db db prune --older-than $long
"$chgctl" --db back/charging.db cdr export --archive >ten.jsonl || fail "all of them"
same "all of them" 10 "$("$reread" jsonl <ten.jsonl)"
cp older.db back/charging.db && rm -f back/charging.db-*
told 1 'older copy of the database was put back' --db back/charging.db cdr export --archive \
	--output ahead.jsonl

# Compact: the room goes back to the disk, and all is as it was.
wide=$(size $old)
does --db $old db compact
same "compact tells" "$old: $wide bytes are now $(size $old)" "$(cat out)"
[ "$(size $old)" -lt $((wide / 2)) ] || fail "$wide bytes are $(size $old) still"
[ -e $old-wal ] && [ "$(size $old-wal)" -gt 0 ] && fail "the room is in the log now"
all compacted.txt $old
cmp before.txt compacted.txt || fail "it is not what it was before"
does --db $old db check
does --db $old verify
does --db $old db compact
same "there is nothing more to give" "$old: $(size $old) bytes are now $(size $old)" "$(cat out)"

# What root moves into archives the node's user can read, and go on with.
if [ "$(id -u)" = 0 ]; then
	chmod 755 .
	mkdir owned
	"$seed" owned/charging.db old 5 || fail "the seed"
	rm -f owned/charging.db.lock
	chown -R 65534:65534 owned
	does --db owned/charging.db db prune --older-than $long
	does --db owned/charging.db db compact
	same "whose files" 65534 "$(find owned -exec stat -c %u {} + | sort -u)"
	"$seed" owned/charging.db old 10 || fail "the seed" # of which five came before
	chown 65534:65534 owned/charging.db*
	user="setpriv --reuid 65534 --regid 65534 --clear-groups"
	if $user "$chgctl" help >/dev/null 2>&1; then # not when it was built where only root may go
		user="$user $chgctl --db owned/charging.db"
		$user db prune --older-than $long >out 2>err || fail "a prune by its user: $(cat err)"
		$user cdr list --archive --json >archived 2>err || fail "its user reads: $(cat err)"
		same "it goes on in one file" owned/archive/records-000001.chga "$(echo owned/archive/*)"
		same "all that was archived" 10 "$("$reread" json <archived)"
	fi
fi

# A database that cannot be compacted is told, and left as it is.
told 1 'missing.db' --db missing.db db compact
same "nothing is made of a mistyped name" "" "$(find . -name "missing*")"
echo "this is no database, whatever its name says, and long enough to look" >text.db
told 1 'text.db' --db text.db db compact
cp $old newer.db && "$seed" newer.db sql 'PRAGMA user_version = 99' || fail "a newer file"
told 1 '99' --db newer.db db compact
told 2 'db compact' --db $old db compact $old
told 2 '--json' --db $old db compact --json

# While a node runs it refuses, whoever asks how; afterwards it goes on.
printf 'store:\n  path: whole/charging.db\ncontrol:\n  socket: node.sock\n' >node.yaml
# serving [CONFIG]: a node that ends with file descriptor 9
serving() {
	rm -f hold held
	mkfifo hold
	"$node" "${1:-node.yaml}" held <hold &
	holder=$!
	exec 9>hold
	while [ ! -e held ] && kill -0 $holder 2>/dev/null; do :; done
}
ended() {
	exec 9>&-
	wait $holder || fail "the node"
}
serving
wide=$(size $whole)
told 1 "open for writing by process $holder" --db $whole db compact
told 1 "open for writing by process $holder" --config node.yaml db compact
same "it was not touched" "$wide" "$(size $whole)"
told 1 'leave --archive-dir out, or stop the node' --config node.yaml db prune --older-than $long \
	--archive-dir elsewhere
told 0 'nothing to stop' --config node.yaml db prune --stop
told 2 'exclude each other' --config node.yaml db prune --stop --older-than $long
does --config node.yaml db prune --older-than $long
grep -q '^1500 records left the database' out || fail "a node does not prune: $(cat out)"
ended
wide=$(size $whole)
does --config node.yaml db compact
[ "$(size $whole)" -lt $((wide / 2)) ] || fail "$wide bytes are $(size $whole) still"
# A node closes sessions that were silent for too long, so that only the old records can be the same.
head -n 1500 before.txt >before-2002.txt
"$chgctl" --db $whole cdr export --archive --until 2002-01-01 >node.txt || fail "reading what was old"
cmp before-2002.txt node.txt || fail "what a node pruned is not what was there"
serving
does --config node.yaml status
does --config node.yaml account list
ended

# A prune that somebody else stops says so, and one whose node dies says how far it was.
mkdir long
"$seed" long/charging.db old 20000 || fail "the seed"
sed 's|whole/|long/|' node.yaml >long.yaml
# pruning: a prune that has begun, by the node of long.yaml
pruning() {
	archived=$(cat long/archive/* 2>/dev/null | wc -c)
	"$chgctl" --config long.yaml db prune --older-than $long >pruned 2>why &
	pruner=$!
	while [ "$(cat long/archive/* 2>/dev/null | wc -c)" -le "$archived" ] &&
		kill -0 $pruner 2>/dev/null; do :; done
}
serving long.yaml
pruning
does --config long.yaml db prune --stop
same "who stops it is told" "stopped; the next time goes on where it was" "$(cat out)"
wait $pruner
same "exit of a prune that was stopped" 1 $?
same "it says so" "chgctl: stopped; the next time goes on where it was" "$(cat why)"
grep -q '^[0-9]* records\{0,1\} left the database' pruned || fail "nor how far it was: $(cat pruned)"
pruning
kill -KILL $holder
wait $holder
exec 9>&-
wait $pruner
same "exit of a prune whose node died" 3 $?
grep -q '^chgctl: no node listens at node.sock' why || fail "it does not say why: $(cat why)"
grep -q '^chgctl: [0-9]* records\{0,1\} had left the database when the node last told; what has not left is still there' why ||
	fail "nor how far it was: $(cat why)"
serving long.yaml
"$chgctl" --config long.yaml cdr export --archive >out 2>err || fail "reading what is left: $(cat err)"
same "nothing is lost" 20000 "$("$reread" jsonl <out)"
ended

[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
echo "all as expected"

#!/bin/sh
# chgctl from the outside: what it writes, byte by byte, and how it exits.
#
#   commands.sh CHGCTL SEED REREAD NODE TERMINAL
#
# Every `golden` runs chgctl and compares stdout, stderr and exit code with golden/<name>.txt; with
# UPDATE=1 in the environment it writes that file instead, to be reviewed like code.
set -u

chgctl=$1
seed=$2
reread=$3
node=$4
terminal=$5
golden=$(cd "$(dirname "$0")" && pwd)/golden
work=$(cd "$(mktemp -d)" && pwd -P)
failures=0
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# Nothing of the surroundings may show: no configuration, no zone, no language.
unset CHG_DB NO_COLOR
TZ=UTC
LC_ALL=C
export TZ LC_ALL

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# golden NAME ARGUMENTS...
golden() {
	name=$1
	shift
	"$chgctl" "$@" >out 2>err
	code=$?
	{
		sed 's/schema version [0-9]*/schema version N/' out
		echo "--- stderr"
		cat err
		echo "--- exit $code"
	} >"$name.txt"
	if [ "${UPDATE:-0}" = 1 ]; then
		cp "$name.txt" "$golden/$name.txt"
	elif ! diff -u "$golden/$name.txt" "$name.txt"; then
		fail "$name: chgctl $*"
	fi
}

# told EXIT WORD ARGUMENTS...: the sentence is somebody else's, so only a word of it counts.
told() {
	code=$1
	word=$2
	shift 2
	"$chgctl" "$@" >out 2>err
	same "exit of chgctl $*" "$code" $?
	same "stdout of chgctl $*" "" "$(cat out)"
	grep -qF "$word" err || fail "chgctl $* does not tell of $word: $(cat err)"
}

# same WHAT EXPECTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

"$seed" charging.db story || fail "the seed"
"$seed" empty.db nothing || fail "the empty seed"
db="--db charging.db"

# Listings for people.
golden list $db cdr list
CHG_DB=charging.db golden list-by-environment cdr list --kind session --state open
golden list-newest $db cdr list --newest --limit 2
golden list-party $db cdr list --party '<sip:ALICE@Example.net>'
golden list-party-tel $db cdr list --party '+49 30-123'
golden list-participant $db cdr list --party dave@example.net
golden list-interval $db cdr list --from 2026-11-20T08:17 --until 2026-11-21
golden list-marks $db cdr list --marks start-lost,retransmitted
golden list-open $db cdr list --state open
golden list-type $db cdr list --type inviting
golden list-service $db cdr list --service 32260@3gpp.org --kind event --limit 1
golden list-host $db cdr list --origin-host im2.example.net
golden list-application-session $db cdr list --app-session 42
golden list-session $db cdr list --session 'im1.example.net;1;2'
golden list-icid $db cdr list --icid icid-4711 --kind event --until 2026-11-20T08:16
TZ=UTC-1 golden list-local $db cdr list --local --from '2026-11-20 09:18' --limit 2

# For programs.
golden list-json $db cdr list --json --limit 2
golden list-csv $db cdr list --csv
golden export-jsonl $db cdr export --kind session
golden export-json $db cdr export --format json --marks retransmitted
golden export-csv $db cdr export --format csv --origin-host im2.example.net

# Nothing found is an answer, and says where to look.
golden nothing-text $db cdr list --party nobody@example.com
golden nothing-json $db cdr list --party alice@example.net --from 2027-01-01 --json
golden nothing-csv $db cdr list --kind event --state open --csv
golden nothing-jsonl $db cdr export --icid none
golden nothing-at-all --db empty.db cdr list
golden nothing-stats --db empty.db cdr stats --json

# One record.
golden show-session $db cdr show 2
golden show-event $db cdr show 1
golden show-odd $db cdr show 7
golden show-by-session-id $db cdr show 'im2.example.net;1795162500;8'
golden show-json $db cdr show 2 --json
golden show-session-json $db cdr show 'im1.example.net;1;9' --json
golden show-unknown $db cdr show 99
golden show-zero $db cdr show 0
golden show-unknown-session $db cdr show 'im9;1' --json

# Counts.
golden stats $db cdr stats
golden stats-json $db cdr stats --json
golden stats-filtered $db cdr stats --from 2026-11-21 --json

# A record that is missing, from the middle of the sequence.
cp charging.db gap.db
"$seed" gap.db sql 'DELETE FROM cdr WHERE local_sequence IN (3, 4)' || fail "the gap"
golden stats-gap --db gap.db cdr stats --json
golden stats-gap-text --db gap.db cdr stats

# What is not understood.
golden usage-nothing
golden usage-command cdrr list
golden usage-subcommand cdr lst
golden usage-group cdr
golden usage-option $db cdr list --partie x
golden usage-foreign-option $db cdr show 1 --csv
golden usage-operand cdr show
golden usage-too-many cdr show 1 2
golden usage-both $db cdr list --json --csv
golden usage-time $db cdr list --from whenever
golden usage-format $db cdr export --format xml
told 1 'missing.yaml' --config missing.yaml cdr list
golden help help
golden help-option --help
golden help-group cdr --help
golden help-command cdr list --help
golden help-unknown help cdr lost

# Databases that cannot be read; nothing is created by asking.
told 1 'missing.db' --db missing.db cdr list
[ -e missing.db ] && fail "a reader created a database"
echo "this is no database, whatever its name says, and long enough to look" >text.db
told 1 'text.db' --db text.db cdr list
golden db-check $db db check
golden db-upgrade-nothing $db db upgrade
golden db-backup $db db backup copy.db
golden db-backup-copy --db copy.db cdr list --limit 1
told 1 'no/such/folder.db' $db db backup no/such/folder.db
told 1 'text.db' --db text.db db check
golden db-backup-itself $db db backup charging.db

# A tariff.
cp "$golden/../../../conf/tariff.yaml" "$golden/../../runtime/ten_mistakes.yaml" .
printf 'tariff: t\ncurrency: EUR\nrules:\n  - {name: a, match: {plan: x}, free: true}\n' >warned.yaml
golden tariff-check tariff check tariff.yaml
golden tariff-check-mistakes tariff check ten_mistakes.yaml
golden tariff-check-mistakes-json tariff check ten_mistakes.yaml --json
golden tariff-check-warning tariff check warned.yaml
golden tariff-check-missing tariff check missing.yaml
chat="--context 9.32260@3gpp.org --to sip:bob@im.partner.example --rating-group 100"
golden tariff-explain tariff explain tariff.yaml --units '3 messages'
golden tariff-explain-steps tariff explain tariff.yaml $chat --units '1500 bytes' --at 2026-11-20T09:15
golden tariff-explain-minimum tariff explain tariff.yaml $chat --units '1 byte' --at 2026-11-20T09:15
golden tariff-explain-before tariff explain tariff.yaml $chat --units '25 KB' --used-before 123456 --at 2026-12-25T09:15
golden tariff-explain-json tariff explain tariff.yaml $chat --units '25 KB' --used-before '123456 octets' --at 2026-12-25T09:15 --json
golden tariff-explain-free tariff explain tariff.yaml --plan staff --units '2 minutes'
golden tariff-explain-not-charged tariff explain tariff.yaml --service-identifier 112 --units '1 message'
golden tariff-explain-other-unit tariff explain tariff.yaml --units '2 minutes'
golden tariff-explain-no-rule tariff explain warned.yaml --units '1 message'
golden tariff-explain-too-much tariff explain tariff.yaml --units '18446744073709551615 messages'
told 2 '3 messages' tariff explain tariff.yaml
told 2 'same kind' tariff explain tariff.yaml --units '1 message' --used-before '1 KB'
told 2 'no number' tariff explain tariff.yaml --units '1 message' --rating-group x
told 2 'write a time' tariff explain tariff.yaml --units '1 message' --at soon
told 2 'type of service' tariff explain tariff.yaml --units '1 message' --type soon
told 1 'ten_mistakes.yaml:3:11' tariff explain ten_mistakes.yaml --units '1 message'
same "a tariff's complaints as json" object "$("$chgctl" tariff check ten_mistakes.yaml --json | "$reread" json)"

# A configuration.
printf 'store:\n  path: charging.db\ncontrol:\n  socket: none.sock\n' >good.yaml
printf 'store:\n  path: 7\n  pth: x\nengine:\n  queue_max: many\n' >bad.yaml
golden config-check config check good.yaml
told 1 'bad.yaml:3:3:' config check bad.yaml
told 1 'bad.yaml:5:14:' config check bad.yaml
"$chgctl" config show good.yaml >shown.yaml || fail "config show"
grep -qx '  socket: none.sock' shown.yaml || fail "config show leaves out what was set"
"$chgctl" config check shown.yaml >out || fail "what config show writes is not read"
golden config-names-database --config good.yaml cdr list --limit 1

# No node.
told 3 'none.sock' --config good.yaml status
told 3 'none.sock' --socket none.sock stats
told 3 'none.sock' --socket none.sock top --once
told 2 'from 1 to 3600' --socket none.sock top --interval 0
told 2 'from 1 to 3600' --socket none.sock top --interval 0.5
told 2 'from 1 on' --socket none.sock top --count 0
told 2 'exclude' --socket none.sock top --once --count 2
told 2 'exclude' --socket none.sock stats --plain --json

# Other readers read what was written.
same "json" 7 "$("$chgctl" $db cdr list --json | "$reread" json)"
same "json of nothing" 0 "$("$chgctl" $db cdr list --icid x --json 2>/dev/null | "$reread" json)"
same "show" object "$("$chgctl" $db cdr show 2 --json | "$reread" json)"
same "show by session" 1 "$("$chgctl" $db cdr show 'im1.example.net;1;1' --json | "$reread" json)"
same "stats" object "$("$chgctl" $db cdr stats --json | "$reread" json)"
same "jsonl" 7 "$("$chgctl" $db cdr export | "$reread" jsonl)"
same "csv" "8 53" "$("$chgctl" $db cdr export --format csv | "$reread" csv)"

# Paging over several pages, with records that come in between: each once and in order.
"$seed" paged.db many 1203 || fail "the seed of many"
same "all of them" 1203 "$("$chgctl" --db paged.db cdr list --json | "$reread" json)"
next="--db paged.db cdr list --json --limit 500"
pages=0
: >ids
while [ -n "$next" ] && [ $pages -lt 10 ]; do
	eval "\"\$chgctl\" $next" >page 2>err || fail "page $pages"
	"$reread" ids <page >>ids || fail "page $pages is no JSON"
	next=$(sed -n 's/^There is more. Go on with: chgctl //p' err)
	pages=$((pages + 1))
	[ $pages = 1 ] && { "$seed" paged.db story || fail "records in between"; }
done
same "pages" 3 "$pages"
seq 1 1210 >wanted
cmp -s ids wanted || fail "paging missed or repeated a record"
same "downwards" "1210 1209" "$("$chgctl" --db paged.db cdr list --json --newest --limit 2 \
	2>/dev/null | "$reread" ids | tr '\n' ' ' | sed 's/ $//')"
same "further down" "1208 1207" "$("$chgctl" --db paged.db cdr list --json --newest --limit 2 \
	--after 1209 2>/dev/null | "$reread" ids | tr '\n' ' ' | sed 's/ $//')"
same "one heading however many pages" 1 "$("$chgctl" --db paged.db cdr list | grep -c STARTED)"

# A file appears whole or not at all.
"$chgctl" --db paged.db cdr export --output all.jsonl 2>err || fail "export to a file"
same "export says so" "chgctl: 1210 records written to all.jsonl" "$(cat err)"
same "exported" 1210 "$("$reread" jsonl <all.jsonl)"
"$chgctl" --db paged.db cdr export --output no/such/folder.jsonl 2>/dev/null
same "export to nowhere" 1 $?
same "nothing is left behind" "" "$(find . -name '*.jsonl.*')"

# A reader who leaves early is no error; a full disk is one.
"$chgctl" --db paged.db cdr export 2>err | head -n 1 >/dev/null
same "a broken pipe is quiet" "" "$(cat err)"
if [ -w /dev/full ]; then
	"$chgctl" --db paged.db cdr list --csv >/dev/full 2>err
	same "a full disk" 1 $?
	same "a full disk is told once" 1 "$(wc -l <err | tr -d ' ')"
	"$chgctl" help >/dev/full 2>err
	same "a full disk under help" 1 $?
	same "the reason" "chgctl: stdout takes no more: No space left on device" "$(cat err)"
fi

# SIGTERM ends an export in an orderly way: what was begun is written, and the shell is told.
mkfifo slow
"$chgctl" --db paged.db cdr export >slow 2>err &
exporter=$!
exec 8<slow
dd bs=1 count=1 <&8 >first 2>/dev/null
kill -TERM $exporter
cat first - <&8 >part.jsonl
wait $exporter
same "an export that was stopped" 1 $?
exec 8<&-
same "it says how far it came" "chgctl: stopped after 501 records" "$(cat err)"
same "and ends with a whole line" 501 "$("$reread" jsonl <part.jsonl)"

# While a node runs, readers read, backups are made, and it can be asked.
mkfifo hold
"$node" good.yaml held <hold &
holder=$!
exec 9>hold
while [ ! -e held ] && kill -0 $holder 2>/dev/null; do :; done
golden node-list $db cdr list --limit 1
golden node-check $db db check
golden node-backup $db db backup held-copy.db
"$chgctl" --config good.yaml stats >out
same "stats" 0 $?
grep -q '^ *VALUE NAME  *WHAT IT COUNTS$' out || fail "stats have no heading"
grep -q '^ *0 charging_duplicates_total  *requests that' out || fail "stats name no counter"
"$chgctl" --socket none.sock stats --openmetrics >out
same "OpenMetrics" 0 $?
same "OpenMetrics ends" "# EOF" "$(tail -n 1 out)"
grep -qx '# TYPE charging_duplicates counter' out || fail "OpenMetrics name no counter"
grep -qx '# UNIT charging_commit_seconds seconds' out || fail "OpenMetrics tell no unit"
"$chgctl" --socket none.sock stats --plain >out
same "plain counters" 0 $?
grep -qx 'charging_duplicates_total 0' out || fail "plain counters have no name and value"
same "plain counters are nothing else" "" "$(grep -vE '^charging_[a-z_]+ [0-9]+$' out)"
same "stats as json" object "$("$chgctl" --config good.yaml stats --json | "$reread" json)"
same "status as json" object "$("$chgctl" --config good.yaml status --json | "$reread" json)"
"$chgctl" --config good.yaml status >out 2>err
same "status" 0 $?
for line in "ready             yes" "host              charging.example.net" "pid               $holder"; do
	grep -qx "$line" out || fail "status does not say: $line"
done

# The page that refreshes itself: without a terminal, and on one.
"$chgctl" --socket none.sock top --interval 1 --count 2 >out 2>err
same "top" 0 $?
same "pages of top" 2 "$(grep -c '^charging.example.net serves' out)"
same "pages without a terminal have no escapes" "" "$(grep "$(printf '\033')" out)"
grep -q '^! Clients  *0 connected' out || fail "top does not mark that nobody is connected"
# It ends with its reader, and tells at which disk it ended; so do the counters.
"$chgctl" --socket none.sock top --interval 1 2>err | head -n 1 >first
same "top has a reader for one line" 1 "$(wc -l <first | tr -d ' ')"
same "top ends quietly with its reader" "" "$(grep -v 'has not answered yet' err)"
# The counters are longer than the buffer of stdio, so that a write fails long before the end.
mkfifo unread
{ "$chgctl" --socket none.sock stats 2>err; echo $? >code; } >unread &
teller=$!
exec 7<unread 7<&-
wait $teller
same "stats end quietly with their reader" "0" "$(cat err code)"
if [ -w /dev/full ]; then
	for words in "top --interval 1" "top --once" stats status; do
		"$chgctl" --socket none.sock $words >/dev/full 2>err
		same "$words on a full disk" 1 $?
		same "$words say why" "chgctl: stdout takes no more: No space left on device" "$(cat err)"
	done
fi
# at_terminal END STEP... [-- ARGUMENT...]: top on a terminal of 60 by 40; then how it must end.
at_terminal() {
	end=$1
	shift
	TERM=xterm "$terminal" 60 40 "$@" -- "$chgctl" --socket none.sock top --interval 1 >out 2>err ||
		fail "top on a terminal: $(cat err)"
	same "end of top on a terminal" "$end" "$(cat err)"
	same "the terminal is given back" 1 "$(grep -c "$(printf '\033\[?1049l')\$" out)"
}
at_terminal 'exit 0' see:Memory see:Memory key:x key:q
at_terminal 'exit 0' see:Memory size:100x50 'see:termination 0' 'see:both since the start of the node' key:Q
at_terminal 'signal 2' see:Memory "key:$(printf '\003')"
at_terminal 'signal 15' see:Memory signal:15
at_terminal 'exit 0' see:Memory signal:20 "see:$(printf '\033[?1049h')" see:Memory key:q
grep -q "$(printf '\033\[1;31m')! Clients" out || fail "top has no colour on a terminal"
# A node that hangs is told at once, and nobody is held by it.
kill -STOP $holder
TERM=xterm "$terminal" 60 40 see:'has not answered yet' see:'for 2 s now' size:100x50 see:'No node answers' \
	key:q -- "$chgctl" --socket none.sock top >out 2>err || fail "top on a node that hangs: $(cat err)"
same "end of top on a node that hangs" 'exit 3' "$(cat err)"
grep -q 'within 30 seconds' out && fail "top was held by a node that hangs"
"$chgctl" --socket none.sock top --once >out 2>late &
watcher=$!
while [ ! -s late ] && kill -0 $watcher 2>/dev/null; do :; done
kill -CONT $holder
wait $watcher
same "top --once on a node that goes on" 0 $?
same "what it said meanwhile" "chgctl: the node at none.sock has not answered yet; is it stopped, or its machine too busy?" "$(head -n 1 late)"
grep -q '^charging.example.net serves' out || fail "top has no page of a node that goes on"
NO_COLOR=1 at_terminal 'exit 0' see:Memory key:q
grep -q "$(printf '\033\[1;31m')" out && fail "top has colour where none is wanted"
exec 9>&-
wait $holder || fail "the node"

# Other versions of the schema.
"$seed" old.db nothing && "$seed" old.db sql 'PRAGMA user_version = 99' || fail "the seed of a newer file"
told 1 '99' --db old.db cdr list
told 1 '99' --db old.db db upgrade
: >zero.db
told 1 'zero.db' --db zero.db cdr list

same "version" "chgctl" "$("$chgctl" --version | cut -d' ' -f1)"

[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
echo "all as expected"

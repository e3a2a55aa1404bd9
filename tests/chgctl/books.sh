#!/bin/sh
# chgctl and the books: accounts, ledger, suspense and tariffs, without a node and through one.
#
#   books.sh CHGCTL SEED REREAD NODE SEED_ONLINE
#
# Every `golden` compares what chgctl writes with golden/<name>.txt, as in commands.sh; times of the
# present read TIME there, and whoever runs this reads WHO.
set -u

chgctl=$1
seed=$2
reread=$3
node=$4
seed_online=$5
golden=$(cd "$(dirname "$0")" && pwd)/golden
work=$(cd "$(mktemp -d)" && pwd -P)
failures=0
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

unset CHG_DB NO_COLOR
TZ=UTC
LC_ALL=C
export TZ LC_ALL
who=$(id -un)

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# same WHAT EXPECTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# golden NAME ARGUMENTS...
golden() {
	name=$1
	shift
	"$chgctl" "$@" >out 2>err
	code=$?
	{
		cat out
		echo "--- stderr"
		cat err
		echo "--- exit $code"
	} | sed -e 's/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:.]*Z/TIME/g' \
		-e "s/,$who,/,WHO,/g" -e "s/\"$who\"/\"WHO\"/g" \
		-e 's/\(in_force_from_us": \)[0-9]*/\1TIME/' >"$name.txt"
	if [ "${UPDATE:-0}" = 1 ]; then
		cp "$name.txt" "$golden/$name.txt"
	elif ! diff -u "$golden/$name.txt" "$name.txt"; then
		fail "$name: chgctl $*"
	fi
}

# does ARGUMENTS...: it works, and says nothing on stderr
does() {
	"$chgctl" "$@" >out 2>err || fail "chgctl $*: exit $?, $(cat err)"
	same "stderr of chgctl $*" "" "$(cat err)"
}

# told EXIT WORD ARGUMENTS...
told() {
	code=$1
	word=$2
	shift 2
	"$chgctl" "$@" >out 2>err
	same "exit of chgctl $*" "$code" $?
	grep -qF -- "$word" err || fail "chgctl $* does not tell of $word: $(cat err)"
}

cat >good.tariff.yaml <<END
tariff: im
currency: EUR
rules:
  - message: 0.05 per message
END
sed 's/0.05/0.04/' good.tariff.yaml >cheaper.tariff.yaml
printf 'tariff: im\ncurrency: EUX\nrules:\n  - message: 0.05 per mesage\n' >bad.tariff.yaml

cat >narrow.tariff.yaml <<END
tariff: im
currency: EUR
rules:
  - name: chat
    match: {rating-group: 7}
    price: 0.01 per message
END

cat >accounts.csv <<END
name,currency,balance,credit_limit,plan,valid_until,identities
bob,EUR,3.00,0,gold,2127-01-01,sip:bob@example.net e164:+4930200
"carol, the third",EUR,-1.50,10,,,"sip:carol@example.net"
dave,EUX,1,,,,
eve,EUR,1.2.3,,,,
alice,EUR,,,,,
frank,EUR,,,,someday,
grace,EUR,1

heidi,EUR,,,,,tel:+49-30-200
"ivan,EUR
END

# What there is to do, in the same way without a node and through one; $1 tells the two apart.
story() {
	way=$1
	shift
	golden "account-create" "$@" account create alice --currency EUR --balance 10.00 \
		--credit-limit 2 --low 1.5 --plan gold --valid-until 2127-06-01 \
		--identity sip:Alice@Example.net --identity 'e164:+49 30 123'
	told 1 'the name "alice" is taken' "$@" account create alice --currency EUR
	told 1 'balance is empty' "$@" account create nobody --currency EUR --balance ''
	told 1 'credit_limit is empty' "$@" account create nobody --currency EUR --credit-limit ''
	told 1 'amount is empty' "$@" account topup alice '' --why test
	told 1 'amount is empty' "$@" account adjust alice '' --why test
	told 1 'there is no account "nobody"' "$@" account block nobody --why test
	told 1 'identity "tel:+4930123" is taken by account "alice"' \
		"$@" account create al --currency EUR --identity tel:+4930123
	told 1 '"EUX" is no currency' "$@" account create al --currency EUX
	told 1 'write e164:, imsi:, sip:' "$@" account create al --currency EUR --identity alice
	golden account-topup "$@" account topup alice 2.50 --why 'voucher 4711' --reference v4711
	golden account-topup-twice "$@" account topup alice 2.50 --why 'voucher 4711' \
		--reference v4711
	told 1 'the reference "v4711" was used for another posting: number 2, top-up of 2.50 EUR, account "alice", bucket "main"' \
		"$@" account topup alice 25 --why 'voucher 4711' --reference v4711
	golden account-topup-json "$@" account topup tel:+4930123 0.000001 --why test --json
	golden account-adjust "$@" account adjust alice -0.500001 --why 'charged twice'
	told 1 'a top-up adds' "$@" account topup alice -1 --why test
	told 1 'there is no account "nobody"' "$@" account topup nobody 1 --why test
	golden bucket-add "$@" bucket add alice gift messages 100 --priority -1 \
		--valid-until 2127-01-01 --pays '*32260@3gpp.org'
	told 1 'is no whole number' "$@" account topup alice 1.5 --bucket gift --why test
	does "$@" account topup alice 5 --bucket gift --why test
	same "units are counted" "alice: gift holds 105 messages" "$(cat out)"
	golden account-block "$@" account block alice --why 'phone stolen'
	does "$@" account unblock alice --why 'phone found'
	golden account-import-dry "$@" account import accounts.csv --dry-run
	golden account-import "$@" account import accounts.csv --why migration
	told 1 'accounts.csv:2: the name "bob" is taken' "$@" account import accounts.csv
	told 1 'did you mean balance?' "$@" account import wrong.csv
	printf 'name,Name\nx,y\n' >twice.csv
	told 1 'twice.csv:1: the column name stands there twice' "$@" account import twice.csv
	told 1 '/dev/zero:1: the line does not end' "$@" account import /dev/zero
	golden tariff-load-bad "$@" tariff load bad.tariff.yaml --why test
	golden tariff-load "$@" tariff load good.tariff.yaml --why 'prices of this year'
	golden tariff-load-later "$@" tariff load cheaper.tariff.yaml --at +365d \
		--why 'prices of next year' --json
	told 1 'in the past' "$@" tariff load cheaper.tariff.yaml --at 2001-01-01 --why test
	told 1 'there is no suspense line 1' "$@" suspense post 1 alice 1 --why test
}

# What is there after the story, whoever made it.
ending() {
	golden account-list "$@" account list
	golden account-list-csv "$@" account list --csv
	golden account-list-page "$@" account list --limit 1 --json
	golden account-show "$@" account show alice
	golden account-show-json "$@" account show 'SIP:alice@EXAMPLE.net' --json
	golden account-show-nobody "$@" account show nobody
	golden ledger-list "$@" ledger list --csv
	golden ledger-list-account "$@" ledger list --account tel:+4930123 --json --limit 2
	golden ledger-list-nothing "$@" ledger list --record 99
	golden ledger-list-after "$@" ledger list --csv --after 3 --limit 2
	golden tariff-list "$@" tariff list --csv
	golden suspense-list "$@" suspense list
	golden verify "$@" verify
	does "$@" tariff show 1
	cmp -s out good.tariff.yaml || fail "tariff show is not the file that was loaded"
	told 1 'there is no version 9' "$@" tariff show 9
	same "accounts as json" 3 "$("$chgctl" "$@" account list --json | "$reread" json)"
	same "one account as json" object "$("$chgctl" "$@" account show alice --json | "$reread" json)"
	same "ledger as json" 8 "$("$chgctl" "$@" ledger list --json | "$reread" json)"
}

printf 'name,balanse\na,1\n' >wrong.csv
printf 'store:\n  path: charging.db\ncontrol:\n  socket: node.sock\n' >node.yaml
printf 'store:\n  path: fresh.db\ncontrol:\n  socket: none.sock\nonline:\n  tariff: good.tariff.yaml\n' \
	>fresh.yaml

# Without a node, with the database named and with a configuration whose node does not run.
"$seed" direct.db nothing || fail "the seed"
story direct --db direct.db
ending --db direct.db
"$seed" fresh.db nothing || fail "the seed"
does --config fresh.yaml account create zoe --currency EUR
told 3 'none.sock' --socket none.sock account create yan --currency EUR
told 1 'missing.yaml' --config missing.yaml account create yan --currency EUR
sed 's/socket:.*/socket: ""/' fresh.yaml >mute.yaml
does --config mute.yaml account block zoe --why test
CHG_DB=fresh.db "$chgctl" account unblock zoe --why test >out || fail "a change by environment"
same "the environment names the database" "zoe is active" "$(cat out)"

# Records of credit control: what they cost, and what that came from.
"$seed_online" online.db || fail "the seed of credit control"
on="--db online.db"
golden online-list $on cdr list
golden online-list-csv $on cdr list --csv
golden online-show-session $on cdr show 1
golden online-show-event $on cdr show 2
golden online-show-json $on cdr show 1 --json
golden online-ledger $on ledger list
golden online-ledger-record $on ledger list --record 1 --json
golden online-ledger-interval $on ledger list --from 2026-11-20T08:16:02Z \
	--until 2026-11-20T08:17:02Z --csv
golden online-suspense $on suspense list
golden online-suspense-json $on suspense list --json
golden online-accounts $on account list
golden online-verify $on verify
golden record-explain $on tariff explain --record 1
golden record-explain-event $on tariff explain --record 2
golden record-explain-open $on tariff explain --record 3 --local
golden record-explain-json $on tariff explain --record 1 --json
same "an explanation as json" object \
	"$("$chgctl" $on tariff explain --record 1 --json | "$reread" json)"
told 1 'there is no record 99' $on tariff explain --record 99
told 2 'is no id of a record' $on tariff explain --record x
told 2 'exclude each other' $on tariff explain good.tariff.yaml --record 1
told 2 '--units and --record exclude' $on tariff explain --record 1 --units '1 message'
told 2 'needs FILE, or --record ID' $on tariff explain
told 2 'goes with --record alone' $on tariff explain good.tariff.yaml --units '1 message'
told 2 'did you mean tariff explain?' tariff explian --record 1
"$seed_online" steps.db steps || fail "the seed of many steps"
for id in 1 2 3 4 5; do
	golden record-steps-$id --db steps.db tariff explain --record $id
done
golden record-steps-json --db steps.db tariff explain --record 1 --json
does --db steps.db verify
# One record with a cost and one without: the column appears for both.
"$seed" mixed.db story && "$seed_online" mixed.db || fail "the mixed seed"
golden online-mixed $on --db mixed.db cdr list --icid icid-4711
told 1 'record 1 was not charged: offline' --db mixed.db tariff explain --record 1
golden suspense-post $on suspense post 1 alice 0.35 --why 'session of 20 November'
told 1 'no suspense line 1 that waits' $on suspense post 1 alice 0.35 --why again
golden suspense-list-posted $on suspense list
golden suspense-list-all $on suspense list --all --csv
golden suspense-ledger $on ledger list --after 3 --csv
told 2 'is no id of a suspense line' $on suspense post x alice 1 --why test
does $on verify

# What root changes stays the node's: nothing is left that its user could not open.
if [ "$(id -u)" = 0 ]; then
	"$seed" owned.db nothing || fail "the seed"
	rm -f owned.db.lock
	chown 65534:65534 owned.db
	does --db owned.db account create zoe --currency EUR
	same "whose files" "65534 " "$(stat -c %u owned.db* | sort -u | tr '\n' ' ')"
fi

# An import ends at the first signal, also while it waits for the rest of a line; what came is made.
"$seed" slow.db nothing || fail "the seed"
mkfifo slow
"$chgctl" --db slow.db account import slow >out 2>err &
importer=$!
exec 8>slow
printf 'name,currency\nann,EUR\nben,EU' >&8
kill -TERM $importer
wait $importer
same "an import that was stopped" 1 $?
grep -q 'ended early\|stopped before' err || fail "a stopped import does not say so: $(cat err)"
exec 8>&-
# So does one whose lines never end.
"$chgctl" --db slow.db account import slow >out 2>endless &
importer=$!
{ echo name,currency && yes 'x,EUX'; } >slow 2>yes.err &
while [ ! -s endless ] && kill -0 $importer 2>/dev/null; do :; done
kill -TERM $importer
wait $importer
same "an endless import that was stopped" 1 $?
does --db slow.db account create zoe --currency EUR

# What lacks something is told before anything happens.
golden usage-why --db direct.db account topup alice 1
golden usage-currency --db direct.db account create zoe
told 2 'needs NAME AMOUNT' --db direct.db account topup alice
told 2 'did you mean account topup?' account topupp
told 2 'is no id of a record' --db direct.db ledger list --record x
told 2 'is no time' --db direct.db tariff load good.tariff.yaml --at sometime --why test
told 1 'cannot be read' --db direct.db tariff load missing.yaml --why test
told 1 'cannot be read' --db direct.db account import missing.csv
told 2 'exclude each other' --db direct.db account list --json --csv

# Through a node: the same words, while it holds the database.
mkfifo hold
"$seed" charging.db nothing || fail "the seed"
"$node" node.yaml held <hold &
holder=$!
exec 9>hold
while [ ! -e held ] && kill -0 $holder 2>/dev/null; do :; done
story node --config node.yaml
ending --config node.yaml
golden tariff-load-warning --config node.yaml tariff load narrow.tariff.yaml \
	--at 2126-01-01 --why test
told 1 'reach it by --config or --socket' --db charging.db account block alice --why test
does --socket node.sock account block bob --why test
does --config node.yaml status
grep -qx 'tariff version    1' out || fail "status does not tell the tariff: $(cat out)"
grep -qx 'tariffs to come   2' out || fail "status does not tell what comes: $(cat out)"

# A long import: several commits, and the node goes on meanwhile.
{
	echo name,currency,balance,identities
	seq 1 2500 | sed 's/.*/user&,EUR,1.00,sip:user&@example.net/'
} >many.csv
does --config node.yaml account import many.csv
same "all are made" "many.csv: 2500 accounts made, 0 refused" "$(cat out)"
same "all are there" 2503 "$("$chgctl" --config node.yaml account list --json | "$reread" json)"
does --config node.yaml account show sip:user2500@example.net
"$chgctl" --config node.yaml account import many.csv --json >out 2>err
same "nothing is made twice" '{"created":0,"refused":2500,"dry_run":false}' "$(cat out)"
same "every line is told" 2500 "$(wc -l <err | tr -d ' ')"
does --config node.yaml verify
same "all is accounted for" "2503 accounts and 2508 lines of the ledger: every law holds" "$(cat out)"
exec 9>&-
wait $holder || fail "the node"

# What somebody did to the database behind our back is named.
cp direct.db broken.db
"$seed" broken.db sql "UPDATE bucket SET balance = balance + 1 WHERE bucket_id = 1" ||
	fail "the damage"
golden verify-broken --db broken.db verify
"$chgctl" --db broken.db verify --json 2>/dev/null | "$reread" json >/dev/null || fail "verify as json"

# So is a charge that is not what the tariff makes of it, and one that the ledger does not have.
cp steps.db wrong.db
"$seed" wrong.db sql "UPDATE cdr
	SET services = json_set(services, '\$[0][7]', services ->> '\$[0][7]' + 1) WHERE cdr_id = 4" || fail "the damage to a charge"
golden record-wrong --db wrong.db tariff explain --record 4
"$seed" wrong.db sql "UPDATE cdr_entry
	SET services = json_set(services, '\$[0][7]', services ->> '\$[0][7]' + 1)
	WHERE cdr_id = 2 AND entry_no = 2" || fail "the damage to a report"
golden record-wrong-session --db wrong.db tariff explain --record 2
"$seed" wrong.db sql "UPDATE cdr SET cost_micros = 7 WHERE cdr_id = 3" ||
	fail "the damage to a record"
"$seed" wrong.db sql "UPDATE tariff SET text = 'no tariff' WHERE version = 2" ||
	fail "the damage to a tariff"
golden record-wrong-tariff --db wrong.db tariff explain --record 5
told_wrong=$("$chgctl" --db wrong.db tariff explain --record 3 --json | grep '"adds_up"')
same "a wrong sum as json" '  "adds_up": false' "$told_wrong"

# A tariff for the first start; a faulty one keeps the node from starting and says why.
mkfifo hold2
"$node" fresh.yaml fresh <hold2 &
holder=$!
exec 9>hold2
while [ ! -e fresh ] && kill -0 $holder 2>/dev/null; do :; done
golden tariff-first --config fresh.yaml tariff list --csv
exec 9>&-
wait $holder || fail "the node with a first tariff"
"$seed" bad.db nothing || fail "the seed"
sed -e 's/good.tariff/bad.tariff/' -e 's/fresh.db/bad.db/' fresh.yaml >bad.yaml
"$node" bad.yaml never </dev/null 2>err && fail "a node started with a faulty tariff"
grep -q 'bad.tariff.yaml:2:' err || fail "a faulty first tariff is not named: $(cat err)"

[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
echo "all as expected"

#!/usr/bin/env bash
# chgplay bench against a node: every kind, closed and at a rate, gets nothing but right answers; what
# it repeats, the node knows again.  No figure of speed is looked at.
. "$CHG_SOURCE_DIR/tests/e2e/lib.sh"

chgctl=$CHG_BIN_DIR/chgctl

# bench NAME OPTION...: one short run of few requests, as peers of its own; its JSON is in NAME.json.
bench() {
	local name=$1
	shift
	"$CHG_BIN_DIR/chgplay" bench --connect "127.0.0.1:$port" --host-prefix "$name-" --peers 2 \
		--outstanding 4 --seconds 1 --warmup 0 --json "$@" >"$name.json" 2>"$name.err"
}

# has FILE TEXT: the file has it.
has() { grep -qF -- "$2" "$1" || fail "$1 has no $2: $(cat "$1")"; }

# is_clean NAME: all was answered, and rightly.
is_clean() {
	has "$1.json" '"failed":0,"wrong":0,"unanswered":0' && has "$1.json" '"failed_codes":{}' &&
		! grep -q '"answers":0,' "$1.json"
}

counter() { "$chgctl" stats --config charging.yaml | awk -v name="$1" '$2 == name { print $1 }'; }

# refuses STATUS SENTENCE OPTION...: how a command line ends that is none.
refuses() {
	local status=0 wanted=$1 sentence=$2
	shift 2
	"$CHG_BIN_DIR/chgplay" bench --connect "127.0.0.1:$port" "$@" >out.txt 2>err.txt || status=$?
	[ "$status" -eq "$wanted" ] && has err.txt "$sentence"
}

cat >bench.tariff.yaml <<'EOF'
tariff: bench
currency: EUR
rules:
  - name: message
    match: {rating-group: 1}
    price: 0.01 per message
  - name: octets
    match: {rating-group: 2}
    price: 0.000001 per 1000 octets
EOF
awk 'BEGIN {
	print "name,currency,balance,identities"
	for (i = 1; i <= 12; i++)
		printf "user%d,EUR,1000000.00,sip:user%d@example.net\n", i, i
}' >accounts.csv
start
expect "the tariff is loaded" "$chgctl" tariff load bench.tariff.yaml --config charging.yaml --why test
expect "the accounts are made" "$chgctl" account import accounts.csv --config charging.yaml --why test

# shares: how many requests of each kind the node has taken in, on one line.
shares() {
	"$chgctl" stats --config charging.yaml | awk '
		$2 ~ /^charging_requests_acr_event/ { event = $1 }
		$2 ~ /^charging_requests_acr_(start|interim|stop)/ { session += $1 }
		$2 ~ /^charging_requests_ccr_event/ { debit = $1 }
		$2 ~ /^charging_requests_ccr_(initial|update|termination)/ { credit += $1 }
		END { print event, session, debit, credit }'
}

for kind in event session debit credit-session; do
	expect "$kind: each answer is right" bench "$kind" --kind "$kind" --accounts 12
	expect "$kind: ... and says so" is_clean "$kind"
	has "$kind.json" "{\"kind\":\"$kind\",\"peers\":2,\"outstanding\":4,\"rate\":0,\"seconds\":1,\"accounts\":12,"
done
before=$(shares)
expect "mix: each answer is right" bench mix --kind mix --accounts 12
expect "mix: ... and says so" is_clean mix
expect "mix: no kind is ahead of another by more than a conversation" test "$(printf '%s\n' "$before" "$(shares)" | awk '
	NR == 1 { split($0, was) }
	NR == 2 { least = most = $1 - was[1]
		for (i = 2; i <= 4; i++) { n = $i - was[i]; if (n < least) least = n; if (n > most) most = n }
		print (least > 0 && most - least <= 5) ? "even" : least " to " most }')" = even
expect "at a rate each answer is right" bench even --kind mix --rate 200 --accounts 12
expect "... all 200 of a second" grep -q '"rate":200,.*"answers":200,.*"succeeded":200,' even.json
expect "... and says so" is_clean even
expect "so it is with Poisson's distances" bench poisson --kind mix --rate 200 --arrivals poisson
expect "... and says so" is_clean poisson
expect "a credit session may have one service" bench one --kind credit-session --services 1
expect "... and says so" is_clean one
: >told.txt
"$CHG_BIN_DIR/chgplay" bench --connect "127.0.0.1:$port" --host-prefix told- --kind mix --accounts 12 \
	--rate 200 --seconds 600 --warmup 0 --timeline told.txt --json >told.json 2>told.err &
bench=$!
until [ "$(wc -l <told.txt)" -gt 5 ]; do
	kill -0 "$bench" || fail "the bench ended by itself: $(cat told.err)"
done
kill -TERM "$bench"
expect "what is told to end ends as if the time were up" wait "$bench"
expect "... and says so" is_clean told
expect "... of the time that it had, and not of what was asked for" test "$(sed -n 's/.*"answers_per_s":\([0-9]*\).*/\1/p' told.json)" -ge 10
reserved() { sqlite3 charging.db 'SELECT sum(reserved) FROM bucket'; }
expect "until here nothing of a session is left" test "$(reserved)" -eq 0
before=$(counter charging_requests_ccr_initial_total)
ended=$(counter charging_requests_ccr_termination_total)
expect "sessions may stay open" bench open --kind open-session --rate 100
expect "... and says so" is_clean open
expect "... as many as were asked for" test "$(counter charging_requests_ccr_initial_total)" -eq $((before + 100))
expect "... none of which was ended" test "$(counter charging_requests_ccr_termination_total)" -eq "$ended"
held=$(reserved)
expect "... so that all hold something" test "$held" -gt 0
expect "a record may have the AVPs of RFC 6733 alone" bench base --base-avps --timeline timeline.txt
expect "... and says so" is_clean base
expect "the timeline has a line for each 100 ms" test "$(wc -l <timeline.txt)" -ge 10
expect "... of three numbers" test -z "$(grep -vE '^[0-9]+ [0-9]+ [0-9]+$' timeline.txt)"

expect "until here nothing was repeated" test "$(counter charging_duplicates_total)" -eq 0
expect "repetitions are answered with success" "$CHG_BIN_DIR/chgplay" bench --kind mix --duplicates 30 \
	--connect "127.0.0.1:$port" --peers 2 --outstanding 4 --seconds 1 --warmup 0 >repeated.txt
repeated=$(sed -n 's/^repeated *//p' repeated.txt)
expect "... and there were some" test "$repeated" -gt 0
expect "... all of which the node knows again" test "$(counter charging_duplicates_total)" -eq "$repeated"

status=0
bench nobody --kind debit --accounts 1000000000 || status=$?
expect "a refusal ends with status 1" test "$status" -eq 1
has nobody.json '"failed_codes":{"5030":'
status=0
bench silent --kind debit --no-services --settle 1 || status=$?
expect "an answer with services is wrong where none are expected" test "$status" -eq 1
has silent.json '"failed":0,"wrong":'
has silent.err 'of the first wrong answer: there are more or fewer services than were asked for'
expect "there is no such option" refuses 2 'there is no option --fast' --fast
expect "a value that an option does not take" refuses 2 '--peers does not take "65"' --peers 65
expect "a value is missing" refuses 2 'a value is missing after --rate' --json --rate
expect "base AVPs are of records only" refuses 2 '--base-avps is for' --base-avps --kind debit
expect "nobody listens there" refuses 3 'cannot connect to 127.0.0.1:1' --connect 127.0.0.1:1
expect "a timeline that cannot be written" refuses 2 'no/such: ' --timeline no/such

# The node stands still for a while: with a window of one, two requests are under way then, and three
# hundred are due.  Those have waited as well.
: >still.txt
"$CHG_BIN_DIR/chgplay" bench --connect "127.0.0.1:$port" --host-prefix still- --peers 2 --outstanding 1 \
	--rate 200 --seconds 5 --warmup 0 --timeline still.txt --json >still.json 2>still.err &
bench=$!
lines() { wc -l <still.txt; }
until [ "$(lines)" -gt 0 ]; do
	kill -0 "$bench" || fail "the bench ended by itself: $(cat still.err)"
done
kill -STOP "$node"
until_line=$(($(lines) + 15))
until [ "$(lines)" -ge "$until_line" ]; do
	kill -0 "$bench" || fail "the bench ended before the node went on: $(cat still.err)"
done
kill -CONT "$node"
expect "a node that stood still answers all that was due" wait "$bench"
expect "... each request of it" grep -q '"answers":1000,.*"succeeded":1000,' still.json
figure() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" still.json; }
expect "... of which many were sent late" test "$(figure late_sends)" -ge 250
expect "... and have waited since they were due" test "$(figure p90_us)" -ge 500000

: >until.txt
"$CHG_BIN_DIR/chgplay" bench --connect "127.0.0.1:$port" --host-prefix gone- --seconds 600 --warmup 0 \
	--timeline until.txt >gone.out 2>gone.err &
bench=$!
before=$(counter charging_requests_acr_event_total)
until [ "$(counter charging_requests_acr_event_total)" -gt "$before" ]; do
	kill -0 "$bench" || fail "the bench ended by itself: $(cat gone.err)"
done
stop
status=0
wait "$bench" || status=$?
expect "a node that goes away ends the run with status 3" test "$status" -eq 3
expect "... and a reason" grep -qE 'gone-[1-4].example.net: (the node disconnected it|the connection is gone), [0-9]+ answers' gone.err
expect "... and no figures" test ! -s gone.out

expect "the books are clean" "$chgctl" --db charging.db verify
expect "nothing of a session is left but of the open ones" test "$(reserved)" -eq "$held"
expect "no record is there twice" test "$(sqlite3 charging.db \
	'SELECT count(*) FROM (SELECT 1 FROM cdr_entry JOIN cdr USING (cdr_id)
	 GROUP BY session_id, record_type, record_number HAVING count(*) > 1)')" -eq 0

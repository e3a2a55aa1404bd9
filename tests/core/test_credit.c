/* SPDX-License-Identifier: BSD-3-Clause
 * The online decision: the rules one by one, in a language of its own.  Its laws over random
 * accounts are in test_credit_laws.c.
 */
#include "core/credit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/refund.h"
#include "support/table.h"

#define S(n)  ((n)*CHG_US_PER_S)
#define CT    INT64_C(10000) /* micros of a cent */
#define MOST  INT64_MAX
#define START S(INT64_C(1767225600)) /* a Thursday, 00:00 in UTC */

enum { SESSIONS = 3, ASKED_MAX = 64, DEBITS_MAX = 32, TEXT_MAX = 1024 };

static const char im[] = "ext.32274@3gpp.org";

/* ---- The tariff of all rows: services 1 to 6, by Rating-Group or by Service-Identifier ---------- */

static struct chg_tariff tariff;

static struct chg_tariff_rule rule_of(const char *name, enum chg_tariff_kind kind,
	enum chg_unit unit, int64_t price, uint64_t per)
{
	struct chg_tariff_rule rule = {
		.kind = kind,
		.unit = unit,
		.per = per,
		.increment = per,
		.band_count = 1,
		.band = { { .days = 0xff, .until_minute = 1440, .price = { price * CT } } },
	};
	snprintf(rule.name, sizeof rule.name, "%s", name);
	snprintf(rule.match.context, sizeof rule.match.context, "*32274@3gpp.org");
	return rule;
}

static void make_tariff(void)
{
	struct chg_tariff_rule service[] = {
		rule_of("message", CHG_TARIFF_FLAT, CHG_UNIT_MESSAGES, 10, 1),
		rule_of("talk", CHG_TARIFF_FLAT, CHG_UNIT_SECONDS, 6, 60),
		rule_of("gift", CHG_TARIFF_FREE, CHG_UNIT_MESSAGES, 0, 1),
		rule_of("open", CHG_TARIFF_UNCONTROLLED, CHG_UNIT_MESSAGES, 0, 1),
		rule_of("octets", CHG_TARIFF_FLAT, CHG_UNIT_OCTETS, 1, 1000),
		rule_of("night", CHG_TARIFF_FLAT, CHG_UNIT_MESSAGES, 10, 1),
	};
	service[1].setup = (chg_money){ 20 * CT };
	service[5].band_count = 2; /* from 20:00 on a message costs half */
	service[5].band[1] = service[5].band[0];
	service[5].band[0].from_minute = 1200;
	service[5].band[0].price = (chg_money){ 5 * CT };
	tariff = (struct chg_tariff){ .version = 1, .currency = { 978 } };
	for (uint32_t i = 0; i < COUNT(service); i++) {
		struct chg_tariff_rule *rule = &tariff.rule[tariff.rule_count++];
		*rule = service[i];
		rule->match.rating_group = (chg_opt_u32){ true, i + 1 };
		rule = &tariff.rule[tariff.rule_count++];
		*rule = service[i];
		rule->match.service_id = (chg_opt_u32){ true, i + 1 };
	}
}

/* ---- What a store would have kept ------------------------------------------------------------- */

/* A request that was answered for good. */
struct asked {
	size_t session;
	struct chg_ccr ccr;
	bool is_kept;
};

struct walk {
	struct chg_account account;
	bool has_account, has_conflict;
	struct chg_cc_session session[SESSIONS];
	bool has_session[SESSIONS];
	bool has_record[SESSIONS];
	struct chg_cdr_state record[SESSIONS];
	uint32_t next_number[SESSIONS];
	struct asked asked[ASKED_MAX];
	size_t asked_count;
	struct chg_refundable debit[DEBITS_MAX]; /* by posting_id */
	int64_t postings;
	struct chg_now now;
	struct chg_cc_policy policy;
	bool has_no_tariff;
	char handle[DEBITS_MAX][CHG_REFUND_HANDLE_MAX];
	struct chg_cc_plan plan;
	struct chg_cc_facts facts;
	char text[TEXT_MAX]; /* what came of it */
};

static void say(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct walk *walk, const char *format, ...)
{
	size_t len = strlen(walk->text);
	va_list args;
	va_start(args, format);
	vsnprintf(walk->text + len, sizeof walk->text - len, format, args);
	va_end(args);
}

static void say_money(struct walk *walk, const char *before, int64_t micros)
{
	if (micros % CT == 0)
		say(walk, "%s%lld", before, (long long)(micros / CT));
	else
		say(walk, "%s%lldu", before, (long long)micros);
}

static const struct asked *asked_before(
	const struct walk *walk, size_t session, const struct chg_ccr *ccr)
{
	for (size_t i = 0; i < walk->asked_count; i++) {
		const struct asked *asked = &walk->asked[i];
		if (asked->is_kept && asked->session == session &&
			asked->ccr.data.number == ccr->data.number && asked->ccr.type == ccr->type)
			return asked;
	}
	return NULL;
}

static void load(struct walk *walk, size_t session, const struct chg_ccr *ccr)
{
	struct chg_cc_facts *facts = &walk->facts;
	const struct asked *before = asked_before(walk, session, ccr);
	int64_t posting_id;
	*facts = (struct chg_cc_facts){
		.has_account = walk->has_account,
		.account = walk->account,
		.has_conflict = walk->has_conflict,
		.next_posting_id = walk->postings + 1,
	};
	if (before != NULL)
		facts->seen = memcmp(&before->ccr.data.digest, &ccr->data.digest,
				      sizeof ccr->data.digest) == 0
				      ? CHG_SEEN_SAME
				      : CHG_SEEN_OTHER;
	if (ccr->type == CHG_CC_EVENT) {
		struct chg_view handle = ccr->service[0].refund_information;
		if (chg_refund_handle_read(handle, &posting_id) == CHG_OK &&
			posting_id < DEBITS_MAX)
			facts->refundable = walk->debit[posting_id];
		return;
	}
	facts->has_session = walk->has_session[session];
	facts->session = walk->session[session];
	facts->record.has_record = walk->has_record[session];
	facts->record.record = walk->record[session];
}

/* A debit of an event can be refunded, as far as it was money. */
static void note_posting(struct walk *walk, const struct chg_ccr *ccr)
{
	const struct chg_cc_plan *plan = &walk->plan;
	struct chg_refundable debit = { .posting_id = ++walk->postings,
		.account_id = plan->account.account_id };
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entry[i].kind != CHG_BUCKET_MONEY)
			continue;
		debit.left.micros -= plan->entry[i].amount;
		debit.bucket_id = debit.bucket_id == 0 ? plan->entry[i].bucket_id : 1;
	}
	debit.is_known = plan->posting == CHG_POSTING_DEBIT && ccr->type == CHG_CC_EVENT &&
			 debit.left.micros > 0;
	assert_true(walk->postings < DEBITS_MAX);
	walk->debit[walk->postings] = debit;
	if (plan->refunds != 0)
		walk->debit[plan->refunds].left.micros -= plan->refund_amount.micros;
}

static void apply(struct walk *walk, size_t session, const struct chg_ccr *ccr)
{
	const struct chg_cc_plan *plan = &walk->plan;
	assert_true(walk->asked_count < ASKED_MAX);
	walk->asked[walk->asked_count++] =
		(struct asked){ session, *ccr, plan->keeps_answer && !plan->is_replay };
	if (plan->is_replay)
		return;
	if (plan->has_account)
		walk->account = plan->account;
	if (plan->entry_count > 0)
		note_posting(walk, ccr);
	if (plan->session_step == CHG_STEP_NONE)
		return;
	walk->has_session[session] = true;
	walk->session[session] = plan->session;
	walk->has_record[session] = true;
	walk->record[session] = plan->record.record;
}

/* ---- Telling what came of it -------------------------------------------------------------------- */

static void tell_units(struct walk *walk, const char *before, const struct chg_units *units)
{
	static const char *const name[] = { "s", "o", "i", "O", "" };
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		if (units->of[i].is_present)
			say(walk, "%s%s%llu", before, name[i],
				(unsigned long long)units->of[i].value);
	if (units->has_money) {
		say(walk, "%s", before);
		say_money(walk, "$", units->money.micros);
	}
}

static void tell_service(struct walk *walk, const struct chg_service_reply *reply)
{
	if (reply->granted.is_present)
		tell_units(walk, " g", &reply->granted);
	if (reply->is_final)
		say(walk, " last");
	if (reply->refund_len > 0)
		say(walk, " %s", reply->refund);
}

static void tell_services(struct walk *walk, const struct chg_ccr *ccr)
{
	const struct chg_cca *answer = &walk->plan.answer;
	if (answer->result_code != CHG_CC_SUCCESS)
		return;
	for (size_t i = 0; i < answer->service_count && ccr->is_multiple; i++) {
		say(walk, "[%u", answer->service[i].result_code);
		tell_service(walk, &answer->service[i]);
		say(walk, "]");
	}
	if (!ccr->is_multiple && answer->service_count > 0)
		tell_service(walk, &answer->service[0]);
}

/* Every bucket: what is in it, and what of that is reserved. */
static void tell_account(struct walk *walk)
{
	for (size_t i = 0; i < walk->account.bucket_count; i++) {
		const struct chg_bucket *bucket = &walk->account.bucket[i];
		int64_t one = bucket->kind == CHG_BUCKET_MONEY ? CT : 1;
		say(walk, "%s%lld", i == 0 ? " " : ",", (long long)(bucket->balance / one));
		if (bucket->reserved != 0)
			say(walk, "/%lld", (long long)(bucket->reserved / one));
	}
}

static void tell(struct walk *walk, const struct chg_ccr *ccr)
{
	const struct chg_cca *answer = &walk->plan.answer;
	if (walk->text[0] != '\0')
		say(walk, "; ");
	if (walk->plan.is_replay)
		say(walk, "again");
	else
		say(walk, "%u", answer->result_code);
	if (answer->culprit != CHG_CULPRIT_NONE)
		say(walk, "?%d", answer->culprit);
	tell_services(walk, ccr);
	if (answer->has_cost)
		say_money(walk, " c", answer->cost.micros);
	if (answer->check_balance_result.is_present)
		say(walk, " %s", answer->check_balance_result.value == 0 ? "enough" : "too-little");
	if (answer->low_balance_indication.value == 1)
		say(walk, " low");
	if (answer->has_remaining)
		say_money(walk, " m", answer->remaining.micros);
	tell_account(walk);
	if (walk->plan.suspense.is_present)
		tell_units(walk, " s", &walk->plan.suspense.used);
	if (walk->plan.alarm != NULL)
		say(walk, " !");
}

/* ---- Reading requests ------------------------------------------------------------------------------ */

/*
 * Requests of a row, separated by blanks:
 *
 *   I U T           INITIAL, UPDATE, TERMINATION of session 1; 2I is of session 2
 *   D R C P         events: direct debit, refund, check of balance, enquiry of price
 *   (..)            units at the level of the command; [..][..] each a service of its own
 *     4             Rating-Group 4              @4     Service-Identifier 4
 *     a  a5  as60   asked: nothing said, 5 messages, 60 seconds (o octets, i in, O out, m message)
 *     a$50  a$50x   50 cents, 50 cents of another currency
 *     u..           used, in the same words, any number of times
 *     final         Reporting-Reason FINAL      uf..   the same beside the units
 *     rN            Refund-Information of posting N; r0 is none of ours
 *   =  '            the request before once more; the same number with other content
 *   X               Tcc runs out for session 1 (2X: of session 2)
 *   block serve     the account is blocked, served
 *   tariff- tariff+ no tariff is in force; it is again
 *   +N              N seconds pass
 *   far~ foreign~   prefixes of a request: event time 10 days off; a context nobody charges
 *   late~           20:00 of that day by the client's clock, which may be 1 day off
 *   end~            Termination-Cause BAD_ANSWER
 */
struct reading {
	struct walk *walk;
	const char *at;
	struct chg_ccr ccr;
	size_t session;
};

static bool take_word(const char **at, const char *word)
{
	size_t len = strlen(word);
	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

static uint64_t take_number(const char **at)
{
	char *end;
	uint64_t number = strtoull(*at, &end, 10);
	*at = end;
	return number;
}

static void read_units(const char **at, struct chg_units *units)
{
	static const struct {
		char letter;
		enum chg_unit unit;
	} kind[] = { { 's', CHG_UNIT_SECONDS }, { 'o', CHG_UNIT_OCTETS },
		{ 'i', CHG_UNIT_OCTETS_IN }, { 'O', CHG_UNIT_OCTETS_OUT },
		{ 'm', CHG_UNIT_MESSAGES } };
	units->is_present = true;
	if (take_word(at, "$")) {
		units->has_money = true;
		units->money = take_word(at, "most") ? (chg_money){ MOST }
						     : (chg_money){ (int64_t)take_number(at) * CT };
		if (take_word(at, "x"))
			units->currency = (chg_currency){ 840 };
		return;
	}
	enum chg_unit unit = CHG_UNIT_MESSAGES;
	for (size_t i = 0; i < COUNT(kind); i++)
		if (**at == kind[i].letter) {
			unit = kind[i].unit;
			(*at)++;
			break;
		}
	if (**at >= '0' && **at <= '9')
		units->of[unit] = (chg_opt_u64){ true, take_number(at) };
}

static void read_used(const char **at, struct chg_service_ask *ask)
{
	assert_true(ask->used_count < CHG_USED_MAX);
	struct chg_used *used = &ask->used[ask->used_count++];
	if (take_word(at, "f"))
		used->reason = (chg_opt_u32){ true, 2 };
	read_units(at, &used->units);
}

static void read_service(struct reading *reading, char end)
{
	struct chg_service_ask *ask = &reading->ccr.service[reading->ccr.service_count++];
	const char **at = &reading->at;
	*ask = (struct chg_service_ask){ 0 };
	while (!take_word(at, end == ')' ? ")" : "]")) {
		if (take_word(at, " "))
			continue;
		if (take_word(at, "final"))
			ask->reason = (chg_opt_u32){ true, 2 };
		else if (take_word(at, "@"))
			ask->service_id[ask->service_id_count++] = (uint32_t)take_number(at);
		else if (take_word(at, "a"))
			read_units(at, &ask->requested);
		else if (take_word(at, "u"))
			read_used(at, ask);
		else if (take_word(at, "r"))
			ask->refund_information =
				chg_view_of(reading->walk->handle[take_number(at)]);
		else if (**at >= '0' && **at <= '9')
			ask->rating_group = (chg_opt_u32){ true, (uint32_t)take_number(at) };
		else
			fail_msg("unreadable: %s", *at);
	}
}

static void read_services(struct reading *reading)
{
	struct chg_ccr *ccr = &reading->ccr;
	if (take_word(&reading->at, "(")) {
		read_service(reading, ')');
		return;
	}
	ccr->is_multiple = *reading->at == '[';
	while (take_word(&reading->at, "["))
		read_service(reading, ']');
	if (ccr->service_count == 0)
		ccr->service_count = 1;
}

static void read_prefixes(struct reading *reading)
{
	struct chg_acr *data = &reading->ccr.data;
	if (take_word(&reading->at, "far~"))
		data->event_time = (chg_opt_instant){ true, { START + S(864000) } };
	if (take_word(&reading->at, "late~"))
		data->event_time = (chg_opt_instant){ true, { START + S(72000) } };
	if (take_word(&reading->at, "foreign~"))
		data->service_context_id = CHG_VIEW("32260@3gpp.org");
	if (take_word(&reading->at, "bare~"))
		data->service_context_id = CHG_VIEW("32274");
	if (take_word(&reading->at, "end~"))
		data->termination_cause = (chg_opt_u32){ true, 3 };
	if (*reading->at >= '1' && *reading->at <= '9')
		reading->session = (size_t)take_number(&reading->at) - 1;
}

static void read_type(struct reading *reading)
{
	static const char letters[] = "IUTDRCP";
	struct chg_ccr *ccr = &reading->ccr;
	const char *letter = strchr(letters, *reading->at++);
	assert_non_null(letter);
	size_t kind = (size_t)(letter - letters);
	ccr->type = kind < 3 ? (enum chg_cc_type)(kind + 1) : CHG_CC_EVENT;
	if (kind >= 3)
		ccr->action = (chg_opt_u32){ true, (uint32_t)kind - 3 };
	static const enum chg_record_type record[] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_STOP, CHG_RECORD_EVENT };
	ccr->data.type = record[ccr->type - 1];
}

static void ask(struct walk *walk, size_t session, const struct chg_ccr *ccr)
{
	static const struct chg_acct_policy record_policy = { .skew_max = { S(86400) } };
	load(walk, session, ccr);
	chg_credit_decide(&walk->facts, walk->has_no_tariff ? NULL : &tariff, &walk->policy,
		&record_policy, walk->now, ccr, &walk->plan);
	assert_true(chg_cc_plan_balanced(&walk->facts, &walk->plan));
	apply(walk, session, ccr);
	tell(walk, ccr);
}

static void read_request(struct walk *walk, const char **at)
{
	struct reading reading = { .walk = walk, .at = *at };
	struct chg_ccr *ccr = &reading.ccr;
	ccr->data = (struct chg_acr){
		.origin_host = CHG_VIEW("im1.example.net"),
		.session_id = CHG_VIEW("s"),
		.service_context_id = chg_view_of(im),
		.content = CHG_VIEW("{}"),
	};
	ccr->identity_count = walk->account.account_id == -1 ? 0 : 1;
	read_prefixes(&reading);
	read_type(&reading);
	read_services(&reading);
	ccr->data.number = walk->next_number[reading.session]++;
	*at = reading.at;
	ask(walk, reading.session, ccr);
}

static void ask_again(struct walk *walk, bool is_other)
{
	assert_true(walk->asked_count > 0);
	struct asked before = walk->asked[walk->asked_count - 1];
	before.ccr.data.is_retransmission = !is_other;
	before.ccr.data.digest.bytes[0] = is_other;
	ask(walk, before.session, &before.ccr);
}

static void run_out(struct walk *walk, size_t session)
{
	struct chg_cc_session after;
	struct chg_account account;
	struct chg_cdr_state record;
	chg_credit_expire(&walk->session[session], &walk->account, &walk->record[session],
		&walk->policy, walk->now, &after, &account, &record);
	walk->session[session] = after;
	walk->account = account;
	walk->record[session] = record;
	say(walk, "; X");
	tell_account(walk);
}

static void read_step(struct walk *walk, const char **at)
{
	if (take_word(at, "="))
		ask_again(walk, false);
	else if (take_word(at, "'"))
		ask_again(walk, true);
	else if (take_word(at, "X"))
		run_out(walk, 0);
	else if (take_word(at, "2X"))
		run_out(walk, 1);
	else if (take_word(at, "block"))
		walk->account.status = CHG_ACCOUNT_BLOCKED;
	else if (take_word(at, "serve"))
		walk->account.status = CHG_ACCOUNT_ACTIVE;
	else if (take_word(at, "tariff-"))
		walk->has_no_tariff = true;
	else if (take_word(at, "tariff+"))
		walk->has_no_tariff = false;
	else if (take_word(at, "+")) {
		int64_t us = S((int64_t)take_number(at));
		walk->now.wall.us += us;
		walk->now.steady.us += us;
	} else
		read_request(walk, at);
}

/*
 * An account: the main bucket's cents, then others, separated by commas.
 *
 *   100            100 cents            none nobody   no account is found, nobody is named
 *   limit50 low20  credit limit, low balance: of the account
 *   m10 s60 o500   a bucket of free messages, seconds, octets
 *   $30            another bucket of money
 *   :talk          at its end: which service it pays for
 *   %60            at its end: valid for 60 seconds
 *   ^1             at its end: its priority, the main one has 0
 */
static void read_bucket(struct walk *walk, const char **at)
{
	struct chg_account *account = &walk->account;
	struct chg_bucket *bucket = &account->bucket[account->bucket_count++];
	bool is_main = account->bucket_count == 1;
	*bucket = (struct chg_bucket){ .bucket_id = (int64_t)account->bucket_count,
		.kind = CHG_BUCKET_MONEY,
		.is_main = is_main };
	if (take_word(at, "m"))
		bucket->kind = CHG_BUCKET_MESSAGES;
	else if (take_word(at, "s"))
		bucket->kind = CHG_BUCKET_SECONDS;
	else if (take_word(at, "o"))
		bucket->kind = CHG_BUCKET_OCTETS;
	else
		(void)take_word(at, "$");
	int64_t sign = take_word(at, "-") ? -1 : 1;
	bucket->balance = sign * (int64_t)take_number(at);
	if (bucket->kind == CHG_BUCKET_MONEY)
		bucket->balance *= CT;
	if (take_word(at, ":")) {
		size_t len = strcspn(*at, " ,^%");
		snprintf(bucket->service, sizeof bucket->service, "%.*s", (int)len, *at);
		*at += len;
	}
	if (take_word(at, "%"))
		bucket->valid_until =
			(chg_opt_instant){ true, { START + S((int64_t)take_number(at)) } };
	if (take_word(at, "^"))
		bucket->priority = (int32_t)strtol(*at, (char **)(void *)at, 10);
}

static void read_account(struct walk *walk, const char *at)
{
	walk->has_account = true;
	walk->account = (struct chg_account){
		.account_id = 1, .status = CHG_ACCOUNT_ACTIVE, .currency = { 978 }
	};
	if (strcmp(at, "none") == 0 || strcmp(at, "nobody") == 0) {
		walk->has_account = false;
		walk->account.account_id = at[2] == 'n' ? 0 : -1;
		return;
	}
	while (*at != '\0') {
		if (take_word(&at, " ") || take_word(&at, ","))
			continue;
		if (take_word(&at, "limit"))
			walk->account.credit_limit.micros = (int64_t)take_number(&at) * CT;
		else if (take_word(&at, "low"))
			walk->account.low_balance.micros = (int64_t)take_number(&at) * CT;
		else if (take_word(&at, "dollar"))
			walk->account.currency = (chg_currency){ 840 };
		else if (take_word(&at, "expired"))
			walk->account.valid_until = (chg_opt_instant){ true, { START } };
		else if (take_word(&at, "two"))
			walk->has_conflict = true;
		else
			read_bucket(walk, &at);
	}
	chg_account_sort(&walk->account);
}

static struct walk *begin(const char *account)
{
	static struct walk walk;
	walk = (struct walk){
		.now = { { START }, { START } },
		.policy = {
			.session_idle = { S(600) },
			.tombstone = { S(3600) },
			.refund_max = { 50 * CT },
			.failure_handling = 2,
			.debit_failure_handling = 1,
		},
	};
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		walk.policy.quantum[i] = i == CHG_UNIT_MESSAGES ? 4 : 60;
		walk.policy.grant_max[i] = i == CHG_UNIT_MESSAGES ? 20 : 6000;
	}
	snprintf(walk.handle[0], sizeof walk.handle[0], "R1-7-00");
	for (int64_t i = 1; i < DEBITS_MAX; i++)
		chg_refund_handle_write(i, walk.handle[i]);
	read_account(&walk, account);
	return &walk;
}

static void walk_steps(struct walk *walk, const char *at)
{
	while (*at != '\0') {
		if (take_word(&at, " "))
			continue;
		read_step(walk, &at);
	}
}

struct row {
	const char *says;
	const char *account;
	const char *steps;
	const char *answers; /* what each was answered, and the buckets after it */
};

static void row_holds(void **state)
{
	const struct row *row = *state;
	struct walk *walk = begin(row->account);
	walk_steps(walk, row->steps);
	assert_string_equal(walk->text, row->answers);
}

/* ---- B1: the server's states ------------------------------------------------------------------------ */

static const struct row state_rows[] = {
	{ "B1 Idle, INITIAL ok: granted and reserved", "100", "I(@1 a5)", "2001 g5 100/50" },
	{ "B1 Idle, INITIAL not ok: nothing is held, and the session is not there", "5",
		"I(@1 a5) U(@1 u1)", "4012 5; 5002 5 s1 !" },
	{ "B1 Idle, EVENT ok: as asked", "100", "D(@1 a2)", "2001 g2 c20 80" },
	{ "B1 Idle, EVENT not ok: nothing", "5", "D(@1 a2)", "4012 5" },
	{ "B1 Idle, UPDATE: 5002, what it used is kept aside", "100", "U(@1 u3)", "5002 100 s3 !" },
	{ "B1 Idle, TERMINATION: 5002, what it used is kept aside", "100", "T(@1 u3 u2)",
		"5002 100 s5 !" },
	{ "N-140 an UPDATE of nobody that used nothing leaves nothing", "100", "U(@1 u0)",
		"5002 100" },
	{ "B1 Open, UPDATE ok: debit, old reservation dropped, new one", "100",
		"I(@1 a5) U(@1 u3 a4)", "2001 g5 100/50; 2001 g4 70/40" },
	{ "B1 Open, UPDATE not ok: debited, released, and a late TERMINATION is answered well",
		"50", "I(@1 a5) U(@1 u5 a5) T(@1 u1)", "2001 g5 last 50/50; 4012 0; 2001 -10 !" },
	{ "B1 Open, TERMINATION: debit, the rest is released", "100", "I(@1 a5) T(@1 u3)",
		"2001 g5 100/50; 2001 70" },
	{ "B1 Open, Tcc runs out: released", "100", "I(@1 a5) X", "2001 g5 100/50; X 100" },
	{ "B1 Open, INITIAL with the same number: the same answer, nothing moves", "100",
		"I(@1 a5) =", "2001 g5 100/50; again 100/50" },
	{ "B1 Open, INITIAL with another number: 5012, the session untouched (N-142, J-01)", "100",
		"I(@1 a5) I(@1 a2) U(@1 u1)", "2001 g5 100/50; 5012 100/50; 2001 90" },
	{ "B1 Open, EVENT on the same Session-Id: an event of its own", "100", "I(@1 a5) D(@1 a2)",
		"2001 g5 100/50; 2001 g2 c20 80/50" },
	{ "B1 Tombstone, TERMINATION: only what is newly reported", "100",
		"I(@1 a5) T(@1 u3) T(@1 u1)", "2001 g5 100/50; 2001 70; 2001 60" },
	{ "B1 Tombstone, UPDATE: 5002, debited, no grant (N-149, B-069)", "100",
		"I(@1 a5) T(@1 u3) U(@1 u1 a5)", "2001 g5 100/50; 2001 70; 5002 60" },
	{ "N-148 TERMINATION after Tcc ran out: 2001 and debited", "100", "I(@1 a5) X T(@1 u2)",
		"2001 g5 100/50; X 100; 2001 80" },
	{ "B-055 late usage is charged in full though another session holds what silence freed",
		"50", "I(@1 a5) X 2I(@1 a5) U(@1 u2) T(@1 u1) 2T(@1 u5)",
		"2001 g5 last 50/50; X 50; 2001 g5 last 50/50; 5002 30/50; 2001 20/50; "
		"2001 -30 !" },
	{ "B1 Tombstone, duplicate: the stored answer", "100",
		"I(@1 a5) T(@1 u3) =", "2001 g5 100/50; 2001 70; again 70" },
	{ "B-039 an event leaves no session", "100", "D(@1 a1) U(@1 u1)",
		"2001 g1 c10 90; 5002 90 s1 !" },
	{ "A-079 a refused INITIAL is decided afresh", "5", "I(@1 a5) =", "4012 5; 4012 5" },
	{ "N-146 A-077 the same number with other content: the old answer, an alarm, no charge",
		"100", "I(@1 a5) U(@1 u1) '", "2001 g5 100/50; 2001 90; again 90 !" },
	{ "J-13 the same number with another type is another request", "100", "I(@1 a5) T(@1 u1)",
		"2001 g5 100/50; 2001 90" },
	{ "N-184 BAD_ANSWER ends the session well, and somebody hears of it", "100",
		"I(@1 a5) end~T(@1 u1)", "2001 g5 100/50; 2001 90 !" },
	{ "J-04 money used by nobody is kept aside as well", "100", "T(@1 u$50x)",
		"5002 100 s$50 !" },
};

/* ---- B3: one-time events --------------------------------------------------------------------------- */

static const struct row event_rows[] = {
	{ "B-032 a debit is answered with what was debited and its cost", "100", "D(@1 a3)",
		"2001 g3 c30 70" },
	{ "B-032 money is debited as it is", "100", "D(@1 a$30)", "2001 g$30 c30 70" },
	{ "B-033 not covered: 4012 and the balance as it was", "25", "D(@1 a3)", "4012 25" },
	{ "B-033 money that is not covered: 4012", "25", "D(@1 a$30)", "4012 25" },
	{ "B-033 the last cent may go", "30", "D(@1 a3)", "2001 g3 c30 0" },
	{ "B-033 J-11 no part of an event is debited", "25", "D[1 a3]", "2001[4012] 25" },
	{ "B-034 not charged: 4011 and nothing debited", "100", "D(@4 a1)", "4011 100" },
	{ "B-065 free is not 4011: granted at no cost", "0", "D(@3 a1)", "2001 g1 c0 0" },
	{ "B-035 without units it is one", "100", "D(@1)", "2001 g1 c10 90" },
	{ "B-035 and in a service as well", "100", "D[1]", "2001[2001 g1 R1-1-95] c10 90" },
	{ "N-130 nothing of something is nothing", "100", "D(@1 a0)", "2001 g0 c0 100" },
	{ "B-036 a refund of money", "100", "R(@1 a$30)", "2001 g$30 130" },
	{ "B-036 a refund of units at their price", "100", "R(@1 a3)", "2001 g$30 130" },
	{ "B-036 never above what the operator allows", "100", "R(@1 a$51)", "5031?3 100" },
	{ "B-036 nor in two services of one request", "100", "R[1 a$30][1 a$30]",
		"2001[2001 g$30][5031] 130" },
	{ "B-041 two refunds in one request are both made", "100", "R[1 a$20][2 a$10]",
		"2001[2001 g$20][2001 g$10] 130" },
	{ "B-036 with its proof a debit comes back, above that limit too", "100",
		"D[1 a8] R[1 a$60 r1]", "2001[2001 g8 R1-1-95] c80 20; 2001[2001 g$60] 80" },
	{ "B-036 all of it when no units are named", "100", "D[1 a8] R[1 r1]",
		"2001[2001 g8 R1-1-95] c80 20; 2001[2001 g$80] 100" },
	{ "B-036 never more than the debit", "100", "D[1 a3] R[1 a$31 r1]",
		"2001[2001 g3 R1-1-95] c30 70; 2001[5031] 70" },
	{ "B-036 nor in two parts", "100", "D[1 a3] R[1 a$20 r1] R[1 a$20 r1]",
		"2001[2001 g3 R1-1-95] c30 70; 2001[2001 g$20] 90; 2001[5031] 90" },
	{ "N-163 a refunded debit is not refunded again", "100", "D[1 a3] R(@1 r1) R(@1 r1)",
		"2001[2001 g3 R1-1-95] c30 70; 2001 g$30 100; 5031?6 100" },
	{ "B-036 a handle that is none of ours", "100", "R(@1 a$1 r0)", "5031?6 100" },
	{ "B-036 a blocked account gets its money back", "100", "block R(@1 a$1)", "2001 g$1 101" },
	{ "N-143 a repeated debit is debited once", "100",
		"D(@1 a3) =", "2001 g3 c30 70; again 70" },
	{ "A-079 a debit that was refused is decided afresh", "5", "D(@1 a3) =", "4012 5; 4012 5" },
	{ "B-037 enough: 2001 and ENOUGH_CREDIT, nothing reserved", "100", "C(@1 a5)",
		"2001 enough 100" },
	{ "B-037 N-160 an empty account: 2001 and NO_CREDIT, never 4012", "0", "C(@1 a5)",
		"2001 too-little 0" },
	{ "B-037 money is looked at as well", "100", "C(@1 a$100) C(@1 a$101)",
		"2001 enough 100; 2001 too-little 100" },
	{ "B-037 what is reserved is not there", "100", "I(@1 a6) 2C(@1 a5)",
		"2001 g6 100/60; 2001 too-little 100/60" },
	{ "B-040 without units it is one", "10", "C(@1) P(@1)", "2001 enough 10; 2001 c10 10" },
	{ "B-041 several services must be covered together", "100", "C[1 a6][1 a4] C[1 a6][1 a5]",
		"2001[2001][2001] enough 100; 2001[2001][2001] too-little 100" },
	{ "B-037 needs somebody: no identity", "nobody", "C(@1)", "5031?2" },
	{ "B-038 a price, whatever is on the account", "0", "P(@1 a3)", "2001 c30 0" },
	{ "B-038 N-161 nobody needs to be known for a price", "none", "P(@1 a3)", "2001 c30" },
	{ "B-038 the set-up fee is in it", "0", "P(@2 as61)", "2001 c32 0" },
	{ "B-038 no price: 5031", "0", "P(@9 a3)", "5031?3 0" },
	{ "B-041 the price of several services is their sum", "0", "P[1 a1][2 as60]",
		"2001[2001][2001] c36 0" },
	{ "B-041 one service without a price does not refuse the others", "0", "P[1 a1][9 a1]",
		"2001[2001][5031] c10 0" },
	{ "B-041 each service has its own result", "100", "D[1 a3][9 a1][1 a8][3 a1]",
		"2001[2001 g3 R1-1-95][5031][4012][2001 g1] c30 70" },
	{ "C-018 the handle of a debit is with the service that was debited", "100",
		"D[9 a1][1 a3]", "2001[5031][2001 g3 R1-1-95] c30 70" },
	{ "C-018 what cost no money has no handle", "100,m9", "D[1 a3]", "2001[2001 g3] c0 100,6" },
	{ "B-041 all of them refused leaves nothing behind", "5",
		"D[1 a3][9 a1] =", "2001[4012][5031] 5; 2001[4012][5031] 5" },
};

/* ---- B4: sessions --------------------------------------------------------------------------------- */

static const struct row session_rows[] = {
	{ "B-050 money is reserved as it is", "100", "I(@1 a$30)", "2001 g$30 100/30" },
	{ "B-051 nothing named: the server chooses", "100", "I(@1)", "2001 g4 100/40" },
	{ "B-051 RSU without units: the server chooses", "100", "I(@1 a)", "2001 g4 100/40" },
	{ "B-051 in a service as well", "100", "I[1 a]", "2001[2001 g4] 100/40" },
	{ "N-130 zero asked: the server chooses", "100", "I[2 as0]", "2001[2001 gs60] 100/26" },
	{ "N-130 no money asked: nothing granted, nothing refused", "100", "I[1 a$0]",
		"2001[2001] 100" },
	{ "B-052 never above what the operator grants at a time", "900", "I(@1 a50)",
		"2001 g20 900/200" },
	{ "B-052 B-110 N-155 what the balance covers, and that it is the last", "35", "I(@1 a5)",
		"2001 g3 last 35/30" },
	{ "B-110 exactly covered, nothing could follow: the last", "50", "I(@1 a5)",
		"2001 g5 last 50/50" },
	{ "B-110 something could follow: not the last", "60", "I(@1 a5)", "2001 g5 60/50" },
	{ "B-110 the last of free messages, when money cannot begin", "15,m5:talk,s60:talk",
		"I[2 as60]", "2001[2001 gs60 last] 15,5,60/60" },
	{ "B-110 money: part of it is the last", "20", "I(@1 a$30)", "2001 g$20 last 20/20" },
	{ "B-110 money: all there is, is the last as well", "30", "I(@1 a$30)",
		"2001 g$30 last 30/30" },
	{ "B-063 nothing covered: 4012 and no final unit", "5", "I[1 a5]", "2001[4012] 5" },
	{ "B-054 reported usage is what came since the report before", "100",
		"I(@1 a3) U(@1 u3 a3) U(@1 u2 a3) T(@1 u1)",
		"2001 g3 100/30; 2001 g3 70/30; 2001 g3 50/30; 2001 40" },
	{ "B-055 N-151 more than granted is charged, and the next grant is refused", "50",
		"I[1 a5] U[1 u7 a5]", "2001[2001 g5 last] 50/50; 2001[4012] -20 !" },
	{ "B-055 more than granted but covered is no alarm", "100", "I(@1 a5) U(@1 u7 a1)",
		"2001 g5 100/50; 2001 g1 30/10" },
	{ "B-055 into the credit limit is no alarm", "50 limit50", "I(@1 a5) T(@1 u8)",
		"2001 g5 50/50; 2001 -30" },
	{ "B-056 what was not used is there again at once", "100", "I(@1 a9) U(@1 u1) 2I(@1 a9)",
		"2001 g9 100/90; 2001 90; 2001 g9 last 90/90" },
	{ "B-057 N-049 no RSU: charged, nothing new granted", "100", "I[1 a5] U[1 u2]",
		"2001[2001 g5] 100/50; 2001[2001] 80" },
	{ "N-049 an UPDATE without USU: nothing debited, granted anew", "100", "I(@1 a5) U(@1 a6)",
		"2001 g5 100/50; 2001 g6 100/60" },
	{ "B-023 Validity-Time ran out, nothing used: legal", "100", "I[1 a5] U[1 u0 a5]",
		"2001[2001 g5] 100/50; 2001[2001 g5] 100/50" },
	{ "B-057 an UPDATE that names nothing is no error", "100", "I[1 a5] U",
		"2001[2001 g5] 100/50; 2001 100/50" },
	{ "N-050 a TERMINATION without USU: all released, nothing charged", "100", "I[1 a5] T",
		"2001[2001 g5] 100/50; 2001 100" },
	{ "B-059 a TERMINATION's RSU is ignored", "100", "I(@1 a5) T(@1 u1 a5)",
		"2001 g5 100/50; 2001 90" },
	{ "B-061 several reports in one are charged each", "100", "I(@1 a5) T(@1 u1 u2 u1)",
		"2001 g5 100/50; 2001 60" },
	{ "B-061 octets each way are octets", "100", "I[5 ao5000] T[5 ui1500 uO1500]",
		"2001[2001 go5000] 100/5; 2001[2001] 97" },
	{ "B-062 a unit without a tariff: 5031, the session and the others go on, and it is told",
		"100", "I[1 a2][5 ao1000] U[1 us30][5 uo1000 ao1000] T[1 u1]",
		"2001[2001 g2][2001 go1000] 100/21; 2001[5031][2001 go1000] 99/1 ss30 !; "
		"2001[2001] 89" },
	{ "B-055 what no tariff can rate is kept aside, not forgotten", "100",
		"I[1 a2] tariff- U[1 u2 a2] tariff+ T[1 u1]",
		"2001[2001 g2] 100/20; 2001[5031] 100 s2 !; 2001[2001] 90" },
	{ "B-064 4011 at the level of the command: no session", "100", "I(@4 a5) U(@4 u1)",
		"4011 100; 5002 100 s1 !" },
	{ "B-064 4011 of one service: the others are controlled", "100", "I[4 a5][1 a2]",
		"2001[4011][2001 g2] 100/20" },
	{ "B-065 free with a limit: granted, nothing reserved", "0", "I[3 a5] T[3 u5]",
		"2001[2001 g5] 0; 2001[2001] 0" },
	{ "N-152 USU in INITIAL is charged", "100", "I(@1 u2 a3)", "2001 g3 80/30" },
	{ "B1 a refused INITIAL charges nothing, whatever it says it used", "15", "I(@1 u1 a3)",
		"4012 15" },
	{ "B-068 reports out of order are each taken once", "100",
		"I[1 a2][2 as60] U[2 us60 as60] U[1 u2 a2] T[1 u2][2 us60]",
		"2001[2001 g2][2001 gs60] 100/46; 2001[2001 gs60] 74/26; "
		"2001[2001 g2] 54/26; 2001[2001][2001] 28" },
	{ "B-146 4010: what was used is still charged, and the session ends", "100",
		"I(@1 a5) block U(@1 u1 a5) T(@1 u1)", "2001 g5 100/50; 4010 90; 2001 80" },
	{ "B-066 another payer is never taken in the middle, and told", "100 two", "I(@1 a1)",
		"2001 g1 100/10 !" },
	{ "E-012 the set-up fee comes once, increments are not rounded twice", "100",
		"I(@2 as60) U(@2 us20 as60) U(@2 us20 as60) U(@2 us20 as60) T(@2 us1)",
		"2001 gs60 100/26; 2001 gs60 74/6; 2001 gs60 74/6; 2001 gs60 74/6; 2001 68" },
	{ "B-152 2^64-1 octets asked: a grant of no more than allowed", "100",
		"I[5 ao18446744073709551615]", "2001[2001 go6000] 100/6" },
	{ "B-152 2^64-1 messages used: not charged, kept aside, no wrap", "100",
		"I[1 a1] U[1 u18446744073709551615]",
		"2001[2001 g1] 100/10; 2001[5031] 100 s18446744073709551615 !" },
	{ "B-055 money to the end of the range is charged, and others still decided", "0 limit80",
		"I(@1 a5) 2I(@1 a3) T(@1 u$most) 2U(@1 a1) D(@1 a1)",
		"2001 g5 0/50; 2001 g3 last 0/80; 2001 -922337203685477/30 !; "
		"4012 -922337203685477; 4012 -922337203685477" },
	{ "B-055 what does not fit the range any more is kept aside, and nothing is half charged",
		"0,m5 limit80", "I[1 a5] U[1 u$most] U[1 u$most u9]",
		"2001[2001 g5] 0,5/5; 2001[2001] -922337203685477,5 !; "
		"2001[5031] -922337203685477,5 s9 s$9223372036854775807u !" },
};

/* ---- B5: several services ------------------------------------------------------------------------- */

static const struct row services_rows[] = {
	{ "B-083 every service has its own result", "100", "I[1 a2][9 a1][4 a1][2 as60]",
		"2001[2001 g2][5031][4011][2001 gs60] 100/46" },
	{ "B-084 one bad service does not refuse the rest", "100", "I[9 a1][1 a1]",
		"2001[5031][2001 g1] 100/10" },
	{ "J-02 all of them refused: the command is still 2001", "5", "I[1 a1][9 a1]",
		"2001[4012][5031] 5" },
	{ "B-081 services of one group with their own identifiers are two", "100",
		"I[1 @7 a2][1 @8 a3] T[1 @7 u1][1 @8 u1]",
		"2001[2001 g2][2001 g3] 100/50; 2001[2001][2001] 80" },
	{ "B-086 a new group in an UPDATE is a first request", "100", "I[1 a2] U[2 as60]",
		"2001[2001 g2] 100/20; 2001[2001 gs60] 100/46" },
	{ "B-087 FINAL closes a service inside the session", "100",
		"I[1 a2][2 as60] U[1 u1 final] T[2 us60]",
		"2001[2001 g2][2001 gs60] 100/46; 2001[2001] 90/26; 2001[2001] 64" },
	{ "B-087 FINAL with RSU is still final", "100", "I[1 a2] U[1 u1 a5 final]",
		"2001[2001 g2] 100/20; 2001[2001] 90" },
	{ "C-011 FINAL may stand beside the units", "100", "I[1 a2] U[1 uf1 a5]",
		"2001[2001 g2] 100/20; 2001[2001] 90" },
	{ "N-166 after FINAL the group begins anew, its set-up fee too", "100",
		"I[2 as60] U[2 us60 final] U[2 as60] T[2 us60]",
		"2001[2001 gs60] 100/26; 2001[2001] 74; 2001[2001 gs60] 74/26; 2001[2001] 48" },
	{ "B-088 no group and no identifier, and no such service: 5031", "100", "I[a1]",
		"2001[5031] 100" },
	{ "B-089 N-077 one group twice: used is added, granted once", "100",
		"I[1 a2][1 a3] U[1 u1 a2][1 u1 a2]",
		"2001[2001 g2][2001] 100/20; 2001[2001 g2][2001] 80/20" },
	{ "B-089 one group asked for and closed in one request is closed", "100",
		"I[1 a2] U[1 u1 a2][1 final] U[1 a1]",
		"2001[2001 g2] 100/20; 2001[2001][2001] 90; 2001[2001 g1] 90/10" },
	{ "B-091 what all reports used is charged before anything is granted", "100",
		"I[1 a2][2 as60] U[1 a9][2 us600]",
		"2001[2001 g2][2001 gs60] 100/46; 2001[2001 g2 last][2001] 20/20" },
	{ "B-091 grants shrink as credit runs out, the last one says so", "45",
		"I[1 a2][1 @7 a2][1 @8 a2]", "2001[2001 g2][2001 g2 last][4012] 45/40" },
	{ "B-090 units in a service are answered in one", "100", "I[1 a1]",
		"2001[2001 g1] 100/10" },
	{ "B-111 a service without its grant renewed holds nothing", "100", "I[1 a5] U[1]",
		"2001[2001 g5] 100/50; 2001[2001] 100" },
};

/* ---- B9: who, where, what ---------------------------------------------------------------------------- */

static const struct row party_rows[] = {
	{ "B-145 no identity: 5031 and the example of one", "nobody", "I(@1 a1)", "5031?2" },
	{ "B-146 N-157 no account: 5030", "none", "I(@1 a1) D(@1 a1)", "5030; 5030" },
	{ "B-146 blocked: 4010", "100", "block I(@1 a1) D(@1 a1) C(@1 a1)",
		"4010 100; 4010 100; 4010 100" },
	{ "B-146 expired: 4010", "100 expired", "I(@1 a1)", "4010 100" },
	{ "B-146 empty: 4012", "0", "I(@1 a1)", "4012 0" },
	{ "B-144 identities of two accounts: the first counts, and it is told", "100 two",
		"D(@1 a1)", "2001 g1 c10 90 !" },
	{ "B-144 and it is told of a refused one too", "0 two", "I(@1 a1)", "4012 0 !" },
	{ "B-147 a context that nobody charges: 5031 with it", "100",
		"foreign~I(@1 a1) foreign~D(@1 a1) foreign~P(@1)",
		"5031?1 100; 5031?1 100; 5031?1 100" },
	{ "N-119 a context without @: 5031 with it", "100", "bare~I(@1 a1)", "5031?1 100" },
	{ "B-147 no tariff at all: 5031", "100", "tariff- I(@1 a1) D(@1 a1)",
		"5031?1 100; 5031?1 100" },
	{ "N-121 an unknown group: 2001, the service 5031", "100", "I[9 a1]", "2001[5031] 100" },
	{ "N-122 an unknown service: 5031 with it", "100", "I(@9 a1)", "5031?3 100" },
	{ "B-149 N-124 a unit that this service has not: 5004 with it", "100",
		"I(@1 as60) D(@1 as60)", "5004?4 100; 5004?4 100" },
	{ "B-149 in a service 5031", "100", "I[1 as60] D[1 as60]",
		"2001[5031] 100; 2001[5031] 100" },
	{ "B-150 N-125 money of another currency: 5031 with it", "100",
		"I(@1 a$10x) D(@1 a$10x) R(@1 a$10x) C(@1 a$10x)",
		"5031?5 100; 5031?5 100; 5031?5 100; 5031?5 100" },
	{ "B-150 used money of another currency is not taken for ours", "100",
		"I[1 a$20] U[1 u$10x]", "2001[2001 g$20] 100/20; 2001[5031] 100 s$10 !" },
	{ "B-150 a tariff of another currency than the account's prices nothing", "100 dollar",
		"I(@1 a1) D(@1 a1) P(@1 a1)", "5031?3 100; 5031?3 100; 5031?3 100" },
	{ "B-153 the client's time decides the price", "100", "late~D(@6 a2) D(@6 a2)",
		"2001 g2 c10 90; 2001 g2 c20 70" },
	{ "N-131 unless it cannot be: then ours", "100", "far~D(@6 a2)", "2001 g2 c20 80" },
};

/* ---- E: buckets, limits ------------------------------------------------------------------------------- */

static const struct row bucket_rows[] = {
	{ "E-004 free units and money share one charge", "100,m2", "D(@1 a5)", "2001 g5 c30 70,0" },
	{ "E-004 and one grant", "100,m2", "I(@1 a5) T(@1 u4)", "2001 g5 100/30,2/2; 2001 80,0" },
	{ "E-004 free units of another service pay nothing", "100,m9:talk", "D(@1 a1)",
		"2001 g1 c10 90,9" },
	{ "E-004 seconds are no messages", "100,s9", "D(@1 a1)", "2001 g1 c10 90,9" },
	{ "E-004 a bundle alone is enough", "0,m5", "I(@1 a5)", "2001 g5 last 0,5/5" },
	{ "E-004 money for one service only pays that", "0,$50:message", "D(@2 as60) D(@1 a2)",
		"4012 0,50; 2001 g2 c20 0,30" },
	{ "B-033 money for another service does not cover money", "10,$50:talk",
		"D(@1 a$30) C(@1 a$30)", "4012 10,50; 2001 too-little 10,50" },
	{ "B-052 and gives no more of it than there is", "10,$50:talk", "I(@1 a$30)",
		"2001 g$10 last 10/10,50" },
	{ "B-032 money for this service does", "10,$50:message", "D(@1 a$30)",
		"2001 g$30 c30 0,30" },
	{ "E-003 lower priorities pay first", "100,$50^-1", "D(@1 a7)", "2001 g7 c70 0,80" },
	{ "E-003 higher ones later", "100,$50^1", "D(@1 a7) I(@1 a5)",
		"2001 g7 c70 30,50; 2001 g5 30/30,50/20" },
	{ "E-005 credit comes when all money is gone", "20 limit50,$30^1", "D(@1 a6)",
		"2001 g6 c60 -10,0" },
	{ "E-005 and is held in that order as well", "20 limit50,$30^1", "I(@1 a6) T(@1 u6)",
		"2001 g6 20/30,30/30; 2001 -10,0" },
	{ "E-005 the credit limit is the floor", "0 limit50", "D(@1 a6) D(@1 a5)",
		"4012 0; 2001 g5 c50 -50" },
	{ "E-005 grants end there as well", "0 limit50", "I(@1 a9)", "2001 g5 last 0/50" },
	{ "B-180 two sessions never reserve the same cent", "70", "I(@1 a5) 2I(@1 a5) 3I(@1 a5)",
		"2001 g5 70/50; 2001 g2 last 70/70; 4012 70/70" },
	{ "B-180 nor the same free message", "0,m5", "I(@1 a3) 2I(@1 a3) 3I(@1 a3)",
		"2001 g3 0,5/3; 2001 g2 last 0,5/5; 4012 0,5/5" },
	{ "B-056 what one session gives back another can have", "50",
		"I(@1 a5) 2I(@1 a5) T(@1 u1) 2I(@1 a5)",
		"2001 g5 last 50/50; 4012 50/50; 2001 40; 2001 g4 last 40/40" },
	{ "B-055 more than granted is not paid with what others hold", "0,m5",
		"I(@1 a3) 2I(@1 a2) 2T(@1 u4) T(@1 u3)",
		"2001 g3 0,5/3; 2001 g2 last 0,5/5; 2001 -20,3/3 !; 2001 -20,0" },
	{ "E-003 what lapses first pays first", "0,m5,m5%60", "D(@1 a2)", "2001 g2 c0 3,0,5" },
	{ "E-003 what has lapsed pays nothing", "10,m5%60", "+60 D(@1 a1)", "2001 g1 c10 5,0" },
	{ "E-007 a grant is honoured though its bucket has lapsed since", "0,m5%60",
		"I(@1 a3) +60 T(@1 u3)", "2001 g3 5/3,0; 2001 2,0" },
	{ "E-007 but no more than the grant", "0,m5%60", "I(@1 a3) +60 T(@1 u4)",
		"2001 g3 5/3,0; 2001 2,-10 !" },
	{ "E-007 money that lapses is no other", "0,$50:message%60",
		"I(@1 a3) +60 U(@1 u3 a1) T(@1 u1)", "2001 g3 50/30,0; 4012 20,0; 2001 20,-10 !" },
	{ "C-015 low: below what the account says, after the answer", "60 low50",
		"D(@1 a1) D(@1 a1)", "2001 g1 c10 50; 2001 g1 c10 low 40" },
	{ "C-015 what is reserved counts as gone", "60 low50", "I(@1 a2)", "2001 g2 low 60/20" },
	{ "a grant may come out of any number of small buckets",
		"0,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1,m1", "I(@1 a18)",
		"2001 g18 "
		"0,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1/1,1" },
};

/* ---- What needs more than a row --------------------------------------------------------------------- */

static void a_strict_node_refuses_a_number_with_other_content(void **state)
{
	(void)state;
	struct walk *walk = begin("100"); /* A-077, N-146, J-05 */
	walk->policy.is_strict = true;
	walk_steps(walk, "I(@1 a5) U(@1 u1) ' =");
	assert_string_equal(walk->text, "2001 g5 100/50; 2001 90; 5004?7 90 !; again 90");
}

static void answers_tell_cost_and_balance_when_the_operator_says_so(void **state)
{
	(void)state;
	struct walk *walk = begin("100"); /* B-058, B-060, C-016 */
	walk->policy.tells_cost = walk->policy.tells_remaining = true;
	walk_steps(walk, "I(@1 a5) U(@1 u3 a5) T(@1 u2)");
	assert_string_equal(
		walk->text, "2001 g5 m50 100/50; 2001 g5 c30 m20 70/50; 2001 c50 m50 50");
}

static void supervision_is_twice_the_validity_time(void **state)
{
	(void)state;
	struct walk *walk = begin("100"); /* B-020, B-022 */
	walk->policy.validity_s = 300;
	walk_steps(walk, "I(@1 a5)");
	assert_int_equal(walk->plan.answer.service[0].validity_s.value, 300);
	assert_true(walk->session[0].until.us == START + S(600));
	walk_steps(walk, "+100 U(@1 u1 a5)"); /* every answered UPDATE restarts it */
	assert_true(walk->session[0].until.us == START + S(700));
	walk_steps(walk, "T(@1 u1)"); /* B-003 */
	assert_true(walk->session[0].until.us == START + S(3700));
	assert_int_equal(walk->session[0].status, CHG_CC_ENDED);
}

static void without_validity_time_the_operator_says_how_long(void **state)
{
	(void)state;
	struct walk *walk = begin("100");
	walk_steps(walk, "I(@1 a5)");
	assert_false(walk->plan.answer.service[0].validity_s.is_present);
	assert_true(walk->session[0].until.us == START + S(600));
}

static void hints_for_failures_are_sent(void **state)
{
	(void)state;
	struct walk *walk = begin("100"); /* B-130 to B-132 */
	walk_steps(walk, "I(@1 a5)");
	assert_true(walk->plan.answer.failure_handling.is_present);
	assert_int_equal(walk->plan.answer.failure_handling.value, 2);
	assert_int_equal(walk->plan.answer.session_failover.value, 0);
	walk_steps(walk, "2D(@1 a1)");
	assert_int_equal(walk->plan.answer.direct_debiting_failure_handling.value, 1);
}

static void a_session_has_one_record_from_start_to_stop(void **state)
{
	(void)state;
	struct walk *walk = begin("100"); /* D-015 */
	walk_steps(walk, "I(@1 a5) U(@1 u1 a5) T(@1 u1)");
	assert_int_equal(walk->record[0].entry_count, 3);
	assert_int_equal(walk->record[0].status, CHG_CDR_CLOSED);
	assert_int_equal(walk->record[0].marks, 0);
	assert_false(walk->record[0].supervise_until.is_present);
	assert_int_equal(walk->plan.done_count, 1);
	assert_true(walk->plan.done[0].cost.micros == 10 * CT);
	assert_int_equal(walk->plan.done[0].rule, 2);
}

static void a_refused_update_closes_the_record(void **state)
{
	(void)state;
	struct walk *walk = begin("50");
	walk_steps(walk, "I(@1 a5) U(@1 u5 a5)");
	assert_int_equal(walk->record[0].status, CHG_CDR_CLOSED);
	walk_steps(walk, "T(@1)");
	assert_int_equal(walk->record[0].marks, CHG_MARK_LATE);
}

static void an_expired_session_has_an_abnormal_record(void **state)
{
	(void)state;
	struct walk *walk = begin("50"); /* B-024 */
	walk_steps(walk, "I(@1 a5) X");
	assert_int_equal(walk->record[0].status, CHG_CDR_CLOSED);
	assert_int_equal(walk->record[0].marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
}

static void a_refused_request_leaves_no_trace_at_all(void **state)
{
	(void)state;
	static const char *const refused[] = { "I(@1 a1)", "D(@1 a1)", "D[1 a1]", "C(@1)", "P(@1)",
		"U(@1)", "I(@1 u1 a1)", "foreign~D(@1)" };
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct walk *walk = begin("5"); /* A-079 */
		walk_steps(walk, refused[i]);
		assert_false(walk->plan.keeps_answer);
		assert_int_equal(walk->plan.entry_count, 0);
		assert_int_equal(walk->plan.session_step, CHG_STEP_NONE);
		assert_int_equal(walk->plan.record.step, CHG_STEP_NONE);
		assert_false(walk->plan.suspense.is_present);
	}
}

static void a_session_with_no_room_uses_what_is_closed(void **state)
{
	(void)state;
	struct walk *walk = begin("900");
	walk_steps(walk, "I[1 a1]");
	for (int i = 1; i < CHG_SERVICE_MAX + 8; i++) {
		char step[64];
		snprintf(step, sizeof step, "U[1 @%d a1] U[1 @%d u1 final]", 100 + i, 100 + i);
		walk->asked_count = 0;
		walk->postings = 0;
		walk->text[0] = '\0';
		walk_steps(walk, step);
		assert_int_equal(walk->plan.answer.service[0].result_code, CHG_CC_SUCCESS);
	}
	assert_true(walk->account.bucket[0].reserved == 10 * CT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_strict_node_refuses_a_number_with_other_content),
		cmocka_unit_test(answers_tell_cost_and_balance_when_the_operator_says_so),
		cmocka_unit_test(supervision_is_twice_the_validity_time),
		cmocka_unit_test(without_validity_time_the_operator_says_how_long),
		cmocka_unit_test(hints_for_failures_are_sent),
		cmocka_unit_test(a_session_has_one_record_from_start_to_stop),
		cmocka_unit_test(a_refused_update_closes_the_record),
		cmocka_unit_test(an_expired_session_has_an_abnormal_record),
		cmocka_unit_test(a_refused_request_leaves_no_trace_at_all),
		cmocka_unit_test(a_session_with_no_room_uses_what_is_closed),
	};
	make_tariff();
	int failed = TABLE_RUN("states", state_rows, row_holds);
	failed += TABLE_RUN("events", event_rows, row_holds);
	failed += TABLE_RUN("sessions", session_rows, row_holds);
	failed += TABLE_RUN("services", services_rows, row_holds);
	failed += TABLE_RUN("parties", party_rows, row_holds);
	failed += TABLE_RUN("buckets", bucket_rows, row_holds);
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What the tests of the books share: a tariff, an account, requests of CH-2, and a text of all that
 * the books hold.
 */
#ifndef CHG_TESTS_STORE_BOOKS_FIXTURE_H
#define CHG_TESTS_STORE_BOOKS_FIXTURE_H

#include "store/fixture.h"

enum {
	TIME_GROUP = 2, /* Rating-Group of what is charged by the second */
	EUR = 978,
};

static const struct chg_audit by_me = { CHG_VIEW("me"), CHG_VIEW("a test") };

static const struct chg_cc_policy credit_policy = {
	.validity_s = 60,
	.session_idle = { 100 * CHG_US_PER_S },
	.tombstone = { 1000 * CHG_US_PER_S },
	.quantum = { 60, 1000, 1000, 1000, 5 },
	.grant_max = { 600, 100000, 100000, 100000, 100 },
	.refund_max = { 500000 },
};

/* 0.30 for a minute of group 2, and 0.10 for a message of everything else. */
static inline const struct chg_tariff *any_tariff(void)
{
	static struct chg_tariff tariff;
	static const struct chg_tariff_band always = { .days = 0xff, .until_minute = 1440 };
	tariff = (struct chg_tariff){ .name = "test",
		.version = 1,
		.currency = { EUR },
		.zone = "UTC",
		.shift_count = 1,
		.rule_count = 2 };
	for (size_t i = 0; i < 2; i++) {
		struct chg_tariff_rule *rule = &tariff.rule[i];
		rule->per = i == 0 ? 60 : 1;
		rule->increment = 1;
		rule->unit = i == 0 ? CHG_UNIT_SECONDS : CHG_UNIT_MESSAGES;
		rule->band_count = 1;
		rule->band[0] = always;
		rule->band[0].price.micros = i == 0 ? 300000 : 100000;
		snprintf(rule->name, sizeof rule->name, "%s", i == 0 ? "time" : "message");
	}
	tariff.rule[0].match.rating_group = (chg_opt_u32){ true, TIME_GROUP };
	return &tariff;
}

static inline struct chg_identity_ask identity_of(const char *key)
{
	struct chg_identity_ask identity = { .type = CHG_IDENTITY_SIP_URI,
		.text = chg_view_of(key) };
	identity.key.len = (uint8_t)strlen(key);
	memcpy(identity.key.bytes, key, strlen(key));
	return identity;
}

/* An account with one identity, "sip:<name>@example.net", and so much money. */
static inline struct chg_account_new account_of(const char *name, int64_t micros)
{
	char key[64];
	struct chg_account_new account = { .name = chg_view_of(name),
		.currency = { EUR },
		.opening = { micros },
		.plan = CHG_VIEW("basic"),
		.identity_count = 1 };
	snprintf(key, sizeof key, "sip:%s@example.net", name);
	account.identity[0] = identity_of(key);
	account.identity[0].text = (struct chg_view){ 0 };
	return account;
}

static inline int64_t account_ok(struct chg_store *store, const char *name, int64_t micros)
{
	struct chg_account_new account = account_of(name, micros);
	int64_t account_id = 0;
	begin_ok(store);
	assert_int_equal(
		store->books->account_add(store->self, at_s(1), &by_me, &account, &account_id),
		CHG_OK);
	commit_ok(store);
	return account_id;
}

/* A request of the client im1 for the account of that name; it asks for nothing yet. */
static inline struct chg_ccr ccr_of(
	const char *session, enum chg_cc_type type, uint32_t number, const char *name)
{
	static const enum chg_record_type types[] = { [CHG_CC_INITIAL] = CHG_RECORD_START,
		[CHG_CC_UPDATE] = CHG_RECORD_INTERIM,
		[CHG_CC_TERMINATION] = CHG_RECORD_STOP,
		[CHG_CC_EVENT] = CHG_RECORD_EVENT };
	struct chg_ccr ccr = { .data = acr_of(session, types[type], number),
		.type = type,
		.is_multiple = true,
		.service_count = 1 };
	if (type == CHG_CC_EVENT)
		ccr.action = (chg_opt_u32){ true, CHG_ACTION_DIRECT_DEBITING };
	if (name != NULL) {
		char key[64];
		snprintf(key, sizeof key, "sip:%s@example.net", name);
		ccr.identity[ccr.identity_count++] = identity_of(key);
		ccr.identity[0].text = (struct chg_view){ 0 };
	}
	return ccr;
}

static inline void ask_units(struct chg_ccr *ccr, enum chg_unit unit, uint64_t count)
{
	ccr->service[0].requested.is_present = true;
	ccr->service[0].requested.of[unit] = (chg_opt_u64){ true, count };
}

static inline void use_units(struct chg_ccr *ccr, enum chg_unit unit, uint64_t count)
{
	struct chg_used *used = &ccr->service[0].used[ccr->service[0].used_count++];
	used->units.is_present = true;
	used->units.of[unit] = (chg_opt_u64){ true, count };
}

/* What became of one request. */
struct credited {
	struct chg_cc_facts facts;
	struct chg_cc_plan plan;
};

/* Load, decide, apply; inside the caller's transaction. */
static inline enum chg_rc credit(struct chg_store *store, struct chg_now now,
	const struct chg_ccr *ccr, struct credited *ret)
{
	static const struct chg_acct_policy record_policy;
	enum chg_rc rc = store->books->load(store->self, ccr, &ret->facts);
	if (rc != CHG_OK)
		return rc;
	chg_credit_decide(
		&ret->facts, any_tariff(), &credit_policy, &record_policy, now, ccr, &ret->plan);
	return store->books->apply(
		store->self, now, ccr, &ret->plan, any_tariff(), CHG_VIEW("an answer"));
}

/* One request in a transaction of its own. */
static inline const struct credited *charge(
	struct chg_store *store, int64_t seconds, const struct chg_ccr *ccr)
{
	static struct credited credited;
	begin_ok(store);
	assert_int_equal(credit(store, at_s(seconds), ccr, &credited), CHG_OK);
	commit_ok(store);
	return &credited;
}

/* Direct debit of so many messages. */
static inline const struct credited *debit(struct chg_store *store, int64_t seconds,
	const char *session, const char *name, uint64_t messages)
{
	struct chg_ccr ccr = ccr_of(session, CHG_CC_EVENT, 0, name);
	ask_units(&ccr, CHG_UNIT_MESSAGES, messages);
	return charge(store, seconds, &ccr);
}

/* ---- All that the books hold, as text ---- */

static inline bool dump_account(void *arg, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	FILE *to = arg;
	fprintf(to, "account name=%s plan=%s", account->name, account->plan);
	DUMP_NUMBER(to, account, account_id);
	DUMP_NUMBER(to, account, status);
	DUMP_NUMBER(to, account, currency.number);
	DUMP_NUMBER(to, account, credit_limit.micros);
	DUMP_NUMBER(to, account, low_balance.micros);
	DUMP_OPT_INSTANT(to, account, valid_until);
	for (size_t i = 0; i < identity_count; i++)
		dump_text(to, "identity", identity[i]);
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *bucket = &account->bucket[i];
		fprintf(to, "\n  bucket name=%s service=%s", bucket->name, bucket->service);
		DUMP_NUMBER(to, bucket, bucket_id);
		DUMP_NUMBER(to, bucket, kind);
		DUMP_NUMBER(to, bucket, is_main);
		DUMP_NUMBER(to, bucket, balance);
		DUMP_NUMBER(to, bucket, reserved);
		DUMP_NUMBER(to, bucket, priority);
		DUMP_OPT_INSTANT(to, bucket, valid_from);
		DUMP_OPT_INSTANT(to, bucket, valid_until);
	}
	fprintf(to, "\n");
	return true;
}

static inline bool dump_line(void *arg, const struct chg_ledger_line *line)
{
	FILE *to = arg;
	fprintf(to, "line");
	DUMP_NUMBER(to, line, posting_id);
	DUMP_NUMBER(to, line, line_no);
	DUMP_INSTANT(to, line, at);
	DUMP_NUMBER(to, line, kind);
	DUMP_TEXT(to, line, account);
	DUMP_TEXT(to, line, bucket);
	DUMP_NUMBER(to, line, unit);
	DUMP_NUMBER(to, line, amount);
	DUMP_NUMBER(to, line, contra);
	DUMP_NUMBER(to, line, balance_after);
	DUMP_NUMBER(to, line, cdr_id);
	DUMP_TEXT(to, line, session_id);
	DUMP_TEXT(to, line, who);
	DUMP_TEXT(to, line, why);
	DUMP_TEXT(to, line, reference);
	fprintf(to, "\n");
	return true;
}

static inline bool dump_suspense(void *arg, const struct chg_suspense_line *line)
{
	FILE *to = arg;
	fprintf(to, "suspense");
	DUMP_NUMBER(to, line, suspense_id);
	DUMP_INSTANT(to, line, at);
	DUMP_TEXT(to, line, origin_host);
	DUMP_TEXT(to, line, session_id);
	DUMP_TEXT(to, line, identity);
	DUMP_TEXT(to, line, used);
	DUMP_NUMBER(to, line, is_posted);
	fprintf(to, "\n");
	return true;
}

static inline bool dump_tariff(void *arg, const struct chg_tariff_line *line)
{
	FILE *to = arg;
	fprintf(to, "tariff");
	DUMP_NUMBER(to, line, version);
	DUMP_TEXT(to, line, name);
	DUMP_TEXT(to, line, text);
	DUMP_INSTANT(to, line, loaded_at);
	DUMP_INSTANT(to, line, in_force_from);
	DUMP_TEXT(to, line, who);
	fprintf(to, "\n");
	return true;
}

static inline bool dump_done(void *arg, uint32_t entry_no, const struct chg_service_done *done,
	struct chg_view rule_name)
{
	FILE *to = arg;
	fprintf(to, "  done entry_no=%u", entry_no);
	DUMP_OPT(to, done, rating_group);
	DUMP_OPT(to, done, service_id);
	DUMP_NUMBER(to, done, is_money);
	DUMP_NUMBER(to, done, unit);
	DUMP_OPT(to, done, asked);
	DUMP_OPT(to, done, granted);
	DUMP_OPT(to, done, used);
	DUMP_NUMBER(to, done, cost.micros);
	DUMP_NUMBER(to, done, result_code);
	DUMP_NUMBER(to, done, rule);
	DUMP_NUMBER(to, done, version);
	dump_text(to, "rule_name", rule_name);
	fprintf(to, "\n");
	return true;
}

/* Also reads what was charged: a scan may be started inside another one. */
static inline bool dump_charge(void *arg, const struct chg_cdr *cdr)
{
	struct dump *dump = arg;
	fprintf(dump->to, "charge");
	DUMP_NUMBER(dump->to, cdr, state.cdr_id);
	DUMP_NUMBER(dump->to, cdr, has_charge);
	DUMP_TEXT(dump->to, cdr, account);
	DUMP_NUMBER(dump->to, cdr, cost.micros);
	DUMP_NUMBER(dump->to, cdr, currency.number);
	fprintf(dump->to, "\n");
	assert_int_equal(dump->store->books->done_scan(
				 dump->store->self, cdr->state.cdr_id, dump_done, dump->to),
		CHG_OK);
	return true;
}

/* Everything, as text; the caller frees it. */
static inline char *dump_books(struct chg_store *store)
{
	static const struct chg_cdr_filter all_records;
	static const struct chg_ledger_filter all_lines;
	const struct chg_books_ops *books = store->books;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	struct dump dump = { .to = to, .store = store };
	int64_t next = 0;
	assert_int_equal(books->account_scan(store->self, 0, 0, dump_account, to), CHG_OK);
	assert_int_equal(books->ledger_scan(store->self, &all_lines, dump_line, to), CHG_OK);
	assert_int_equal(books->suspense_scan(store->self, true, dump_suspense, to), CHG_OK);
	assert_int_equal(books->tariff_scan(store->self, dump_tariff, to), CHG_OK);
	assert_int_equal(
		store->ops->scan_cdrs(store->self, &all_records, dump_charge, &dump), CHG_OK);
	assert_int_equal(books->next_posting_id(store->self, &next), CHG_OK);
	fprintf(to, "next posting %" PRId64 "\n", next);
	fclose(to);
	return text;
}

static inline bool fail_for_law(void *to, struct chg_view law, struct chg_view row)
{
	(void)to;
	fail_msg("%.*s: %.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
	return true;
}

static inline void laws_hold(struct chg_store *store)
{
	assert_int_equal(store->books->verify(store->self, fail_for_law, NULL), CHG_OK);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What every store must do with the books of CH-2.  Each case runs against memory and against
 * SQLite; at the end, both are given the same random requests and must hold the same, by the laws.
 */
#include "store/books_fixture.h"

#include "core/refund.h"

static void same_text(char *want, char *have)
{
	if (strcmp(want, have) != 0)
		print_error("expected:\n%s\nfound:\n%s\n", want, have);
	assert_string_equal(want, have);
	free(want);
	free(have);
}

static bool copy_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	(void)identity;
	(void)identity_count;
	*(struct chg_account *)to = *account;
	return true;
}

static struct chg_account account_now(struct chg_store *store, const char *name)
{
	struct chg_account account = { 0 };
	assert_int_equal(
		store->books->account_find(store->self, chg_view_of(name), copy_account, &account),
		CHG_OK);
	return account;
}

/* The main bucket has this much, of which that much is held. */
static void has(struct chg_store *store, const char *name, int64_t balance, int64_t reserved)
{
	struct chg_account account = account_now(store, name);
	for (size_t i = 0; i < account.bucket_count; i++) {
		if (!account.bucket[i].is_main)
			continue;
		assert_int_equal(account.bucket[i].balance, balance);
		assert_int_equal(account.bucket[i].reserved, reserved);
	}
}

static bool copy_cdr(void *to, const struct chg_cdr *cdr)
{
	*(struct chg_cdr *)to = *cdr;
	return true;
}

/* The record; its texts are gone. */
static struct chg_cdr cdr_of(struct chg_store *store, int64_t cdr_id)
{
	struct chg_cdr cdr = { .state.cdr_id = 0 };
	struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, copy_cdr, &cdr), CHG_OK);
	assert_int_equal(cdr.state.cdr_id, cdr_id);
	return cdr;
}

static enum chg_rc try_account(struct chg_store *store, const struct chg_account_new *account)
{
	int64_t account_id;
	return store->books->account_add(store->self, at_s(1), &by_me, account, &account_id);
}

static enum chg_rc try_bucket(
	struct chg_store *store, const char *account, const struct chg_bucket *bucket)
{
	return store->books->bucket_add(store->self, at_s(2), &by_me, chg_view_of(account), bucket);
}

static void bucket_ok(struct chg_store *store, const char *account, const struct chg_bucket *bucket)
{
	begin_ok(store);
	assert_int_equal(try_bucket(store, account, bucket), CHG_OK);
	commit_ok(store);
}

static enum chg_rc try_post(
	struct chg_store *store, enum chg_posting_kind kind, int64_t amount, const char *reference)
{
	struct chg_posting_new posting = { .account = CHG_VIEW("alice"),
		.kind = kind,
		.amount = amount,
		.reference = chg_view_of(reference) };
	int64_t posting_id;
	return store->books->post(store->self, at_s(3), &by_me, &posting, &posting_id);
}

/* ---- Accounts ---- */

static void case_account_fields(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_account_new account = account_of("alice", -5);
	account.credit_limit.micros = 7;
	account.low_balance.micros = 8;
	account.valid_until = (chg_opt_instant){ true, { 9 } };
	account.identity[account.identity_count++] = identity_of("tel:+49301");
	account.identity[account.identity_count++] = identity_of("imsi:262");
	begin_ok(store);
	assert_int_equal(try_account(store, &account), CHG_OK);
	account = (struct chg_account_new){ .name = CHG_VIEW("b"), .currency = { 840 } };
	assert_int_equal(try_account(store, &account), CHG_OK);
	commit_ok(store);
	fixture_restart(fixture);
	same_text(strdup("account name=alice plan=basic account_id=1 status=1 currency.number=978 "
			 "credit_limit.micros=7 low_balance.micros=8 valid_until=9 "
			 "identity=\"imsi:262\" identity=\"sip:alice@example.net\" "
			 "identity=\"tel:+49301\"\n"
			 "  bucket name=main service= bucket_id=1 kind=1 is_main=1 balance=-5 "
			 "reserved=0 priority=0\n"
			 "account name=b plan= account_id=2 status=1 currency.number=840 "
			 "credit_limit.micros=0 low_balance.micros=0\n"
			 "  bucket name=main service= bucket_id=2 kind=1 is_main=1 balance=0 "
			 "reserved=0 priority=0\n"
			 "line posting_id=1 line_no=1 at=1000000 kind=6 account=\"alice\" "
			 "bucket=\"main\" unit=1 amount=-5 contra=3 balance_after=-5 cdr_id=0 "
			 "who=\"me\" why=\"a test\"\nnext posting 2\n"),
		dump_books(store));
	assert_string_equal(account_now(store, "tel:+49301").name, "alice");
	assert_int_equal(
		store->books->account_find(store->self, CHG_VIEW("tel:+4930"), copy_account, NULL),
		CHG_E_UNKNOWN);
}

static void case_names_are_taken(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 100);
	char *before = dump_books(store);
	struct chg_account_new taken[4] = { account_of("alice", 1), account_of("bob", 1),
		account_of("bob", 1), account_of("bob", 1) };
	taken[1].identity[0] = identity_of("sip:alice@example.net");
	taken[2].identity[1] = taken[2].identity[0];
	taken[2].identity_count = 2;
	taken[3].identity[0].key.len = 0;
	begin_ok(store);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(try_account(store, &taken[i]), CHG_E_RANGE);
	commit_ok(store);
	same_text(before, dump_books(store));
	begin_ok(store);
	struct chg_account_new account = account_of("bob", 1);
	assert_int_equal(try_account(store, &taken[0]), CHG_E_RANGE);
	assert_int_equal(try_account(store, &account), CHG_OK);
	commit_ok(store);
	has(store, "bob", 1, 0);
}

static void case_odd_accounts(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	char long_name[CHG_ACCOUNT_NAME_MAX + 1];
	memset(long_name, 'x', sizeof long_name);
	struct chg_account_new odd[6];
	for (size_t i = 0; i < 6; i++)
		odd[i] = account_of("odd", 0);
	odd[0].name.len = 0;
	odd[1].name = (struct chg_view){ long_name, CHG_ACCOUNT_NAME_MAX };
	odd[2].plan = (struct chg_view){ long_name, CHG_ACCOUNT_NAME_MAX };
	odd[3].credit_limit.micros = -1;
	odd[4].low_balance.micros = -1;
	odd[5].opening.micros = INT64_MIN;
	begin_ok(store);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(try_account(store, &odd[i]), CHG_E_RANGE);
	odd[1].name.len = CHG_ACCOUNT_NAME_MAX - 1;
	assert_int_equal(try_account(store, &odd[1]), CHG_OK);
	commit_ok(store);
	laws_hold(store);
}

static void case_status(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 100);
	begin_ok(store);
	assert_int_equal(store->books->account_set_status(store->self, at_s(2), &by_me,
				 CHG_VIEW("alice"), CHG_ACCOUNT_BLOCKED),
		CHG_OK);
	assert_int_equal(store->books->account_set_status(store->self, at_s(2), &by_me,
				 CHG_VIEW("bob"), CHG_ACCOUNT_BLOCKED),
		CHG_E_UNKNOWN);
	assert_int_equal(store->books->account_set_status(store->self, at_s(2), &by_me,
				 CHG_VIEW("alice"), (enum chg_account_status)4),
		CHG_E_RANGE);
	commit_ok(store);
	fixture_restart(fixture);
	assert_int_equal(account_now(store, "alice").status, CHG_ACCOUNT_BLOCKED);
	const struct credited *credited = debit(store, 5, "s", "alice", 1);
	assert_int_equal(credited->plan.answer.result_code, CHG_CC_END_USER_SERVICE_DENIED);
}

static void case_buckets(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_bucket bucket = { .kind = CHG_BUCKET_MESSAGES,
		.balance = 50,
		.reserved = 9,
		.priority = -2,
		.valid_from = { true, { 1 } },
		.valid_until = { true, { INT64_MAX } },
		.name = "gift",
		.service = "message" };
	account_ok(store, "alice", 100);
	begin_ok(store);
	assert_int_equal(try_bucket(store, "bob", &bucket), CHG_E_UNKNOWN);
	assert_int_equal(try_bucket(store, "alice", &bucket), CHG_OK);
	assert_int_equal(try_bucket(store, "alice", &bucket), CHG_E_RANGE);
	struct chg_bucket odd[5];
	for (size_t i = 0; i < 5; i++)
		odd[i] = bucket;
	odd[0].name[0] = '\0';
	odd[1].kind = (enum chg_bucket_kind)5;
	odd[2].is_main = true;
	odd[3].balance = -1;
	snprintf(odd[4].name, sizeof odd[4].name, "main");
	for (size_t i = 0; i < 5; i++) {
		if (i < 4)
			snprintf(odd[i].name, i == 0 ? 1 : sizeof odd[i].name, "odd");
		assert_int_equal(try_bucket(store, "alice", &odd[i]), CHG_E_RANGE);
	}
	commit_ok(store);
	fixture_restart(fixture);
	struct chg_account account = account_now(store, "alice");
	assert_int_equal(account.bucket_count, 2);
	const struct chg_bucket *gift = &account.bucket[0]; /* it pays first */
	assert_string_equal(gift->name, "gift");
	assert_string_equal(gift->service, "message");
	assert_int_equal(gift->priority, -2);
	assert_int_equal(gift->balance, 50);
	assert_int_equal(gift->reserved, 0);
	assert_true(gift->valid_until.value.us == INT64_MAX);
	laws_hold(store);
}

static void case_many_buckets(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 100);
	begin_ok(store);
	for (int i = 1; i <= CHG_BUCKET_MAX; i++) {
		struct chg_bucket bucket = { .kind = CHG_BUCKET_MONEY };
		snprintf(bucket.name, sizeof bucket.name, "%d", i);
		assert_int_equal(try_bucket(store, "alice", &bucket),
			i < CHG_BUCKET_MAX ? CHG_OK : CHG_E_RANGE);
	}
	commit_ok(store);
	assert_int_equal(account_now(store, "alice").bucket_count, CHG_BUCKET_MAX);
}

static void case_postings_by_hand(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", INT64_MAX - 100);
	begin_ok(store);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 100, "p1"), CHG_OK);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 1, NULL), CHG_E_RANGE);
	assert_int_equal(try_post(store, CHG_POSTING_ADJUSTMENT, -101, NULL), CHG_OK);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 1, "p1"), CHG_E_RANGE);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 1, "p2"), CHG_OK);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, -1, NULL), CHG_E_RANGE);
	assert_int_equal(try_post(store, CHG_POSTING_ADJUSTMENT, 0, NULL), CHG_E_RANGE);
	assert_int_equal(try_post(store, CHG_POSTING_ADJUSTMENT, INT64_MIN, NULL), CHG_E_RANGE);
	assert_int_equal(try_post(store, CHG_POSTING_DEBIT, -1, NULL), CHG_E_RANGE);
	struct chg_posting_new posting = { .account = CHG_VIEW("alice"),
		.bucket = CHG_VIEW("gift"),
		.kind = CHG_POSTING_TOPUP,
		.amount = 1 };
	int64_t id;
	assert_int_equal(
		store->books->post(store->self, at_s(3), &by_me, &posting, &id), CHG_E_UNKNOWN);
	posting.account = CHG_VIEW("bob");
	assert_int_equal(
		store->books->post(store->self, at_s(3), &by_me, &posting, &id), CHG_E_UNKNOWN);
	commit_ok(store);
	has(store, "alice", INT64_MAX - 100, 0);
	fixture_restart(fixture);
	begin_ok(store);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 1, "p2"), CHG_E_RANGE);
	commit_ok(store);
	laws_hold(store);
}

static bool keep_line(void *to, const struct chg_ledger_line *line)
{
	char *text = to;
	size_t len = strlen(text);
	snprintf(text + len, 128 - len, "%d %.*s %.*s %d %d %.*s;", (int)line->posting_id,
		(int)line->account.len, line->account.ptr, (int)line->bucket.len, line->bucket.ptr,
		line->kind, (int)line->amount, (int)line->reference.len, line->reference.ptr);
	return true;
}

static void finds_reference(
	struct chg_store *store, struct chg_ledger_filter filter, const char *wanted)
{
	char text[128] = "";
	assert_int_equal(store->books->ledger_scan(store->self, &filter, keep_line, text), CHG_OK);
	assert_string_equal(text, wanted);
}

/* Postings: 1 and 2 open the accounts, 3 and 4 have references. */
static void case_references(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_ledger_filter filter = { .reference = CHG_VIEW("p1") };
	account_ok(store, "alice", 5);
	account_ok(store, "bob", 5);
	begin_ok(store);
	finds_reference(store, filter, "");
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 100, "p1"), CHG_OK);
	finds_reference(store, filter, "3 alice main 3 100 p1;"); /* in its own transaction too */
	assert_int_equal(try_post(store, CHG_POSTING_ADJUSTMENT, -7, "p10"), CHG_OK);
	commit_ok(store);
	fixture_restart(fixture);
	finds_reference(store, filter, "3 alice main 3 100 p1;");
	filter.account = CHG_VIEW("bob");
	finds_reference(store, filter, "3 alice main 3 100 p1;"); /* whose ever it is */
	filter.account = CHG_VIEW("nobody");
	filter.cdr_id = 9;
	finds_reference(store, filter, "3 alice main 3 100 p1;");
	filter.after_posting_id = 3;
	finds_reference(store, filter, "");
	filter = (struct chg_ledger_filter){ .reference = CHG_VIEW("p10") };
	finds_reference(store, filter, "4 alice main 4 -7 p10;");
	filter.until = (chg_opt_instant){ true, at_s(1).wall };
	finds_reference(store, filter, "");
	finds_reference(store, (struct chg_ledger_filter){ .reference = CHG_VIEW("p") }, "");
}

/* ---- Requests ---- */

static void case_debit(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	const struct credited *credited = debit(store, 10, "s", "alice", 3);
	assert_int_equal(credited->plan.answer.result_code, CHG_CC_SUCCESS);
	fixture_restart(fixture);
	same_text(strdup("account name=alice plan=basic account_id=1 status=1 currency.number=978 "
			 "credit_limit.micros=0 low_balance.micros=0 "
			 "identity=\"sip:alice@example.net\"\n"
			 "  bucket name=main service= bucket_id=1 kind=1 is_main=1 balance=700000 "
			 "reserved=0 priority=0\n"
			 "line posting_id=1 line_no=1 at=1000000 kind=6 account=\"alice\" "
			 "bucket=\"main\" unit=1 amount=1000000 contra=3 balance_after=1000000 "
			 "cdr_id=0 who=\"me\" why=\"a test\"\n"
			 "line posting_id=2 line_no=1 at=10000000 kind=1 account=\"alice\" "
			 "bucket=\"main\" unit=1 amount=-300000 contra=1 balance_after=700000 "
			 "cdr_id=1 session_id=\"s\"\n"
			 "charge state.cdr_id=1 has_charge=1 account=\"alice\" cost.micros=300000 "
			 "currency.number=978\n"
			 "  done entry_no=0 is_money=0 unit=4 asked=3 granted=3 cost.micros=300000 "
			 "result_code=2001 rule=2 version=1 rule_name=\"message\"\n"
			 "next posting 3\n"),
		dump_books(store));
	laws_hold(store);
}

static void case_debit_not_covered(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 299999);
	char *before = dump_books(store);
	const struct credited *credited = debit(store, 10, "s", "alice", 3);
	assert_int_equal(credited->plan.answer.service[0].result_code, CHG_CC_CREDIT_LIMIT_REACHED);
	same_text(before, dump_books(store));
	laws_hold(store);
}

static void case_free_units(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_bucket gift = { .kind = CHG_BUCKET_MESSAGES, .balance = 2, .name = "gift" };
	account_ok(store, "alice", 1000000);
	bucket_ok(store, "alice", &gift);
	debit(store, 10, "s", "alice", 3);
	has(store, "alice", 900000, 0);
	assert_int_equal(cdr_of(store, 1).cost.micros, 100000);
	laws_hold(store);
}

static struct chg_ccr time_ccr(enum chg_cc_type type, uint32_t number, uint64_t used)
{
	struct chg_ccr ccr = ccr_of("s", type, number, "alice");
	ccr.service[0].rating_group = (chg_opt_u32){ true, TIME_GROUP };
	if (used > 0)
		use_units(&ccr, CHG_UNIT_SECONDS, used);
	if (type != CHG_CC_TERMINATION)
		ask_units(&ccr, CHG_UNIT_SECONDS, 60);
	return ccr;
}

static void case_session(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &ccr);
	has(store, "alice", 1000000, 300000);
	fixture_restart(fixture);
	ccr = time_ccr(CHG_CC_UPDATE, 1, 20);
	const struct credited *credited = charge(store, 20, &ccr);
	assert_true(credited->facts.has_session);
	assert_int_equal(credited->facts.session.service_count, 1);
	assert_int_equal(credited->facts.session.service[0].hold_count, 1);
	assert_int_equal(credited->facts.session.service[0].hold[0].amount, 300000);
	assert_int_equal(credited->facts.session.service[0].granted, 60);
	has(store, "alice", 900000, 300000);
	laws_hold(store);
	fixture_restart(fixture);
	ccr = time_ccr(CHG_CC_TERMINATION, 2, 10);
	credited = charge(store, 30, &ccr);
	assert_int_equal(credited->facts.session.service[0].rated.units, 20);
	has(store, "alice", 850000, 0);
	struct chg_cdr cdr = cdr_of(store, 1);
	assert_int_equal(cdr.state.status, CHG_CDR_CLOSED);
	assert_int_equal(cdr.cost.micros, 150000);
	assert_int_equal(cdr.state.entry_count, 3);
	assert_int_equal(cdr.state.marks, 0);
	laws_hold(store);
}

static void case_replay(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	assert_int_equal(charge(store, 10, &ccr)->facts.seen, CHG_SEEN_NEVER);
	fixture_restart(fixture);
	char *before = dump_books(store);
	const struct credited *credited = charge(store, 11, &ccr);
	assert_int_equal(credited->facts.seen, CHG_SEEN_SAME);
	assert_true(credited->plan.is_replay);
	ccr.data.digest.bytes[9]++;
	assert_int_equal(charge(store, 12, &ccr)->facts.seen, CHG_SEEN_OTHER);
	same_text(before, dump_books(store));
	begin_ok(store);
	struct chg_cc_facts facts[2];
	assert_int_equal(store->books->load(store->self, &ccr, &facts[0]), CHG_OK);
	assert_int_equal(store->books->load(store->self, &ccr, &facts[1]), CHG_OK);
	for (size_t i = 0; i < 2; i++) /* both live until the transaction ends */
		assert_true(chg_view_equal(facts[i].kept_answer, CHG_VIEW("an answer")));
	store->ops->rollback(store->self);
}

static void case_replay_key(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	struct chg_ccr first = ccr_of("s", CHG_CC_EVENT, 0, "alice");
	ask_units(&first, CHG_UNIT_MESSAGES, 1);
	charge(store, 10, &first);
	for (int field = 0; field < 5; field++) {
		struct chg_ccr ccr = first;
		if (field == 0)
			ccr.data.origin_host = CHG_VIEW("im2.example.net");
		if (field == 1)
			ccr.data.session_id = CHG_VIEW("t");
		if (field == 2)
			ccr.data.sub_session_id = (chg_opt_u64){ true, 0 };
		if (field == 3)
			ccr.data.number = 1;
		if (field == 4) {
			ccr.data.type = CHG_RECORD_START;
			ccr.type = CHG_CC_INITIAL;
		}
		assert_int_equal(charge(store, 11, &ccr)->facts.seen, CHG_SEEN_NEVER);
	}
	laws_hold(store);
}

static uint32_t forget(struct chg_store *store, int64_t before_second, uint32_t max)
{
	uint32_t forgotten = 9;
	begin_ok(store);
	assert_int_equal(store->books->forget_answers(
				 store->self, at_s(before_second).wall, max, &forgotten),
		CHG_OK);
	commit_ok(store);
	return forgotten;
}

static bool is_answer_known(struct chg_store *store, uint32_t number)
{
	struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, number, "alice");
	static struct chg_cc_facts facts;
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	begin_ok(store);
	assert_int_equal(store->books->load(store->self, &ccr, &facts), CHG_OK);
	commit_ok(store);
	return facts.seen != CHG_SEEN_NEVER;
}

static void debit_at(struct chg_store *store, int64_t second, uint32_t number)
{
	struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, number, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	charge(store, second, &ccr);
}

/* Ten seconds each: what came at 10 .. 12 goes when all of what came at 20 .. 21 may go. */
static void case_answers_are_forgotten(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	assert_int_equal(forget(store, 5, 9), 0);
	for (uint32_t i = 0; i < 3; i++)
		debit_at(store, 10 + i, i);
	assert_int_equal(forget(store, 10, 9), 0);
	debit_at(store, 13, 3); /* still with the first three */
	assert_int_equal(forget(store, 11, 9), 0);
	fixture_restart(fixture);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(is_answer_known(store, i));
	debit_at(store, 20, 4);
	assert_int_equal(forget(store, 20, 9), 0);
	assert_true(is_answer_known(store, 0));
	fixture_restart(fixture);
	assert_int_equal(forget(store, 21, 3), 3);
	assert_false(is_answer_known(store, 0));
	assert_false(is_answer_known(store, 3)); /* in a bite to come */
	assert_true(is_answer_known(store, 4));
	assert_int_equal(forget(store, 21, 3), 1);
	assert_int_equal(forget(store, 21, 3), 0);
	debit_at(store, 30, 0); /* nobody knows it any more: charged again */
	assert_true(is_answer_known(store, 0));
	assert_int_equal(forget(store, 31, 9), 1);
	assert_false(is_answer_known(store, 4));
	laws_hold(store);
}

static void case_interfaces_apart(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(store, 9, &acr);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	assert_false(charge(store, 10, &ccr)->facts.record.has_record);
	acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	struct chg_acct_facts facts = take(store, 11, &acr);
	assert_int_equal(facts.record.cdr_id, 1);
	ccr = time_ccr(CHG_CC_UPDATE, 1, 5);
	assert_int_equal(charge(store, 12, &ccr)->facts.record.record.cdr_id, 2);
	acr = acr_of("s", CHG_RECORD_STOP, 2);
	take(store, 13, &acr);
	assert_int_equal(cdr_of(store, 1).state.status, CHG_CDR_CLOSED);
	assert_int_equal(cdr_of(store, 2).state.status, CHG_CDR_OPEN);
	assert_false(cdr_of(store, 1).has_charge);
	assert_true(cdr_of(store, 2).has_charge);
	ccr = time_ccr(CHG_CC_TERMINATION, 2, 5);
	charge(store, 14, &ccr);
	assert_int_equal(cdr_of(store, 1).state.entry_count, 3);
	assert_int_equal(cdr_of(store, 2).state.entry_count, 3);
	laws_hold(store);
}

/* Silence closes records of CH-1; those of CH-2 are closed with their sessions. */
static void case_supervision_apart(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	chg_opt_instant deadline;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &ccr);
	assert_int_equal(store->ops->next_deadline(store->self, &deadline), CHG_OK);
	assert_false(deadline.is_present);
	uint32_t closed = 9;
	begin_ok(store);
	assert_int_equal(store->ops->expire_due(store->self, at_s(100000), 9, &closed), CHG_OK);
	commit_ok(store);
	assert_int_equal(closed, 0);
	assert_int_equal(cdr_of(store, 1).state.status, CHG_CDR_OPEN);
}

static void case_sessions_apart(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 10000000);
	struct chg_ccr first = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &first);
	for (int field = 0; field < 3; field++) {
		struct chg_ccr ccr = first;
		if (field == 0)
			ccr.data.origin_host = CHG_VIEW("im2.example.net");
		if (field == 1)
			ccr.data.session_id = CHG_VIEW("t");
		if (field == 2)
			ccr.data.sub_session_id = (chg_opt_u64){ true, 0 };
		assert_false(charge(store, 10, &ccr)->facts.has_session);
	}
	has(store, "alice", 10000000, 4 * 300000);
	struct chg_ccr ccr = time_ccr(CHG_CC_TERMINATION, 1, 0);
	charge(store, 11, &ccr);
	has(store, "alice", 10000000, 3 * 300000);
	laws_hold(store);
}

static uint32_t expire(struct chg_store *store, int64_t second, uint32_t max)
{
	uint32_t ended = 99;
	begin_ok(store);
	assert_int_equal(
		store->books->expire_due(store->self, at_s(second), &credit_policy, max, &ended),
		CHG_OK);
	commit_ok(store);
	return ended;
}

static void case_tombstone(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	chg_opt_instant deadline;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &ccr);
	ccr = time_ccr(CHG_CC_TERMINATION, 1, 0);
	charge(store, 20, &ccr);
	fixture_restart(fixture);
	ccr = time_ccr(CHG_CC_TERMINATION, 2, 10);
	const struct credited *credited = charge(store, 30, &ccr);
	assert_true(credited->facts.has_session);
	assert_int_equal(credited->facts.session.status, CHG_CC_ENDED);
	has(store, "alice", 950000, 0);
	assert_int_equal(store->books->next_deadline(store->self, &deadline), CHG_OK);
	assert_true(deadline.is_present);
	int64_t end = 1030; /* of the late TERMINATION; a store may look at it before */
	assert_true(deadline.value.us <= end * CHG_US_PER_S);
	assert_int_equal(expire(store, end - 1, 9), 0);
	assert_int_equal(store->books->next_deadline(store->self, &deadline), CHG_OK);
	assert_true(deadline.is_present && deadline.value.us == end * CHG_US_PER_S);
	begin_ok(store);
	struct chg_cc_facts facts;
	assert_int_equal(store->books->load(store->self, &ccr, &facts), CHG_OK);
	assert_true(facts.has_session);
	store->ops->rollback(store->self);
	assert_int_equal(expire(store, end, 9), 0);
	begin_ok(store);
	assert_int_equal(store->books->load(store->self, &ccr, &facts), CHG_OK);
	assert_false(facts.has_session);
	store->ops->rollback(store->self);
	assert_int_equal(store->books->next_deadline(store->self, &deadline), CHG_OK);
	assert_false(deadline.is_present);

	/* The same while the node goes on all the time. */
	ccr = time_ccr(CHG_CC_INITIAL, 3, 0);
	charge(store, 2000, &ccr);
	ccr = time_ccr(CHG_CC_TERMINATION, 4, 0);
	charge(store, 2010, &ccr);
	assert_int_equal(expire(store, 3010, 9), 0);
	begin_ok(store);
	assert_int_equal(store->books->load(store->self, &ccr, &facts), CHG_OK);
	assert_false(facts.has_session);
	store->ops->rollback(store->self);
	laws_hold(store);
}

static void case_begins_anew(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &ccr);
	ccr = time_ccr(CHG_CC_TERMINATION, 1, 30);
	charge(store, 20, &ccr);
	ccr = time_ccr(CHG_CC_INITIAL, 5, 0);
	const struct credited *credited = charge(store, 30, &ccr);
	if (credited->plan.session_step == CHG_STEP_INSERT) {
		ccr = time_ccr(CHG_CC_UPDATE, 6, 10);
		credited = charge(store, 40, &ccr);
		assert_int_equal(credited->facts.session.status, CHG_CC_OPEN);
		assert_int_equal(credited->facts.session.cost.micros, 0);
	}
	laws_hold(store);
}

static void case_expiry(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	chg_opt_instant deadline;
	account_ok(store, "alice", 10000000);
	static const char *const sessions[] = { "a", "b", "c" };
	for (int i = 0; i < 3; i++) {
		struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
		ccr.data.session_id = chg_view_of(sessions[i]);
		charge(store, 10 + i, &ccr);
	}
	fixture_restart(fixture);
	assert_int_equal(store->books->next_deadline(store->self, &deadline), CHG_OK);
	assert_true(deadline.is_present);
	int64_t first = deadline.value.us / CHG_US_PER_S;
	assert_int_equal(expire(store, first - 1, 9), 0);
	assert_int_equal(expire(store, first, 9), 1);
	has(store, "alice", 10000000, 2 * 300000);
	assert_int_equal(cdr_of(store, 1).state.marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
	assert_int_equal(cdr_of(store, 1).state.local_sequence, 1);
	assert_int_equal(expire(store, first + 100, 1), 1);
	has(store, "alice", 10000000, 300000);
	assert_int_equal(cdr_of(store, 2).state.status, CHG_CDR_CLOSED);
	assert_int_equal(cdr_of(store, 3).state.status, CHG_CDR_OPEN);
	laws_hold(store);
}

static void case_restarted_peer(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 10000000);
	for (uint32_t i = 0; i < 3; i++) {
		struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
		static const char *const sessions[] = { "none", "old", "new" };
		ccr.data.session_id = chg_view_of(sessions[i]);
		ccr.data.origin_state_id = (chg_opt_u32){ i > 0, 6 + i };
		charge(store, 10, &ccr);
	}
	uint32_t ended = 9;
	begin_ok(store);
	assert_int_equal(store->ops->apply_host_state(store->self, at_s(20),
				 CHG_VIEW("im1.example.net"), CHG_VIEW("example.net"), 8, &ended),
		CHG_OK);
	assert_int_equal(ended, 0); /* they are ended by the books alone */
	assert_int_equal(store->books->end_older(store->self, at_s(20), &credit_policy,
				 CHG_VIEW("im2.example.net"), 8, &ended),
		CHG_OK);
	assert_int_equal(ended, 0);
	assert_int_equal(store->books->end_older(store->self, at_s(20), &credit_policy,
				 CHG_VIEW("im1.example.net"), 8, &ended),
		CHG_OK);
	assert_int_equal(ended, 1);
	commit_ok(store);
	has(store, "alice", 10000000, 2 * 300000);
	assert_int_equal(cdr_of(store, 1).state.status, CHG_CDR_OPEN);
	assert_int_equal(cdr_of(store, 2).state.status, CHG_CDR_CLOSED);
	assert_int_equal(cdr_of(store, 3).state.status, CHG_CDR_OPEN);
	laws_hold(store);
}

static uint32_t end_below(struct chg_store *store, int64_t seconds, const struct chg_ccr *ccr)
{
	uint32_t ended = 99;
	begin_ok(store);
	assert_int_equal(store->books->end_sub_sessions(
				 store->self, at_s(seconds), &credit_policy, ccr, &ended),
		CHG_OK);
	commit_ok(store);
	return ended;
}

/* The main session, three below it, one of another session and one of another host: records 1 to 6. */
static void open_sub_sessions(struct chg_store *store)
{
	static const struct {
		const char *host, *session;
		chg_opt_u64 sub;
	} rows[] = { { "im1.example.net", "s", { 0 } }, { "im1.example.net", "s", { true, 9 } },
		{ "im1.example.net", "s", { true, 10 } }, { "im1.example.net", "s", { true, 11 } },
		{ "im1.example.net", "other", { true, 9 } },
		{ "im2.example.net", "s", { true, 9 } } };
	account_ok(store, "alice", 10000000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
		ccr.data.origin_host = chg_view_of(rows[i].host);
		ccr.data.session_id = chg_view_of(rows[i].session);
		ccr.data.sub_session_id = rows[i].sub;
		charge(store, 10, &ccr);
	}
	struct chg_ccr ccr = time_ccr(CHG_CC_TERMINATION, 1, 20);
	ccr.data.sub_session_id = (chg_opt_u64){ true, 11 };
	charge(store, 20, &ccr);
}

static void case_sub_sessions(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	open_sub_sessions(store);
	has(store, "alice", 9900000, 5 * 300000);
	fixture_restart(fixture);
	struct chg_ccr ccr = time_ccr(CHG_CC_TERMINATION, 1, 0);
	ccr.data.event_time = (chg_opt_instant){ true, at_s(28).wall };
	assert_int_equal(end_below(store, 30, &ccr), 2);
	has(store, "alice", 9900000, 3 * 300000);
	static const enum chg_cdr_status status[] = { CHG_CDR_OPEN, CHG_CDR_CLOSED, CHG_CDR_CLOSED,
		CHG_CDR_CLOSED, CHG_CDR_OPEN, CHG_CDR_OPEN };
	for (int i = 0; i < 6; i++)
		assert_int_equal(cdr_of(store, i + 1).state.status, status[i]);
	for (int i = 2; i <= 3; i++) {
		struct chg_cdr_state record = cdr_of(store, i).state;
		assert_int_equal(record.marks, 0);
		assert_int_equal(record.ended_at.value.us, at_s(28).wall.us);
		assert_int_equal(record.closed_at.value.us, at_s(30).wall.us);
	}
	assert_true(cdr_of(store, 3).state.local_sequence < cdr_of(store, 2).state.local_sequence);
	laws_hold(store);
	assert_int_equal(end_below(store, 31, &ccr), 0);
	ccr.data.origin_host = CHG_VIEW("im9.example.net");
	assert_int_equal(end_below(store, 31, &ccr), 0);
	ccr = time_ccr(CHG_CC_UPDATE, 1, 20);
	ccr.data.sub_session_id = (chg_opt_u64){ true, 9 };
	assert_int_equal(charge(store, 40, &ccr)->facts.session.status, CHG_CC_ENDED);
	has(store, "alice", 9800000, 3 * 300000);
	laws_hold(store);
}

static struct chg_ccr refund_of(uint32_t number, const char *handle, int64_t micros)
{
	struct chg_ccr ccr = ccr_of("refund", CHG_CC_EVENT, number, "alice");
	ccr.action.value = CHG_ACTION_REFUND_ACCOUNT;
	ccr.service[0].refund_information = chg_view_of(handle);
	ccr.service[0].requested =
		(struct chg_units){ .is_present = true, .has_money = true, .money = { micros } };
	return ccr;
}

static void case_refund(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	const struct credited *credited = debit(store, 10, "s", "alice", 3);
	const struct chg_service_reply *reply = &credited->plan.answer.service[0];
	char handle[CHG_REFUND_HANDLE_MAX];
	snprintf(handle, sizeof handle, "%.*s", (int)reply->refund_len, reply->refund);
	assert_true(reply->refund_len > 0);
	fixture_restart(fixture);
	struct chg_ccr ccr = refund_of(0, handle, 100000);
	credited = charge(store, 11, &ccr);
	assert_true(credited->facts.refundable.is_known);
	assert_int_equal(credited->facts.refundable.posting_id, 2);
	assert_int_equal(credited->facts.refundable.left.micros, 300000);
	assert_int_equal(credited->facts.refundable.account_id, 1);
	assert_int_equal(credited->facts.refundable.bucket_id, 1);
	has(store, "alice", 800000, 0);
	ccr = refund_of(1, handle, 200001);
	charge(store, 12, &ccr);
	has(store, "alice", 800000, 0);
	ccr = refund_of(2, handle, 200000);
	charge(store, 13, &ccr);
	has(store, "alice", 1000000, 0);
	ccr = refund_of(3, handle, 1);
	credited = charge(store, 14, &ccr);
	assert_int_equal(credited->facts.refundable.left.micros, 0);
	has(store, "alice", 1000000, 0);
	ccr = refund_of(4, "R1-1-95", 1);
	assert_false(charge(store, 15, &ccr)->facts.refundable.is_known);
	assert_int_equal(cdr_of(store, 2).cost.micros, -100000);
	laws_hold(store);
}

/* A debit that was paid from two buckets goes back to the main one. */
static void case_refund_of_two(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_bucket bonus = {
		.kind = CHG_BUCKET_MONEY, .balance = 100000, .priority = -1, .name = "bonus"
	};
	account_ok(store, "alice", 1000000);
	bucket_ok(store, "alice", &bonus);
	debit(store, 10, "s", "alice", 3);
	has(store, "alice", 800000, 0);
	char handle[CHG_REFUND_HANDLE_MAX];
	chg_refund_handle_write(3, handle);
	struct chg_ccr ccr = refund_of(0, handle, 300000);
	const struct credited *credited = charge(store, 11, &ccr);
	assert_int_equal(credited->facts.refundable.bucket_id, 1);
	has(store, "alice", 1100000, 0);
	laws_hold(store);
}

static void case_identities(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	account_ok(store, "alice", 1000000);
	account_ok(store, "bob", 1000000);
	struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, 0, "nobody");
	ccr.identity[ccr.identity_count++] = identity_of("sip:bob@example.net");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	const struct credited *credited = charge(store, 10, &ccr);
	assert_false(credited->facts.has_conflict);
	assert_string_equal(credited->facts.account.name, "bob");
	ccr.data.number = 1;
	ccr.identity[ccr.identity_count++] = identity_of("sip:alice@example.net");
	credited = charge(store, 11, &ccr);
	assert_true(credited->facts.has_conflict);
	assert_string_equal(credited->facts.account.name, "bob");
	ccr = ccr_of("s", CHG_CC_EVENT, 2, "nobody");
	assert_false(charge(store, 12, &ccr)->facts.has_account);
	/* The session's account stays, whoever is named later. */
	ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 13, &ccr);
	ccr = time_ccr(CHG_CC_UPDATE, 1, 1);
	ccr.identity[0] = identity_of("sip:bob@example.net");
	credited = charge(store, 14, &ccr);
	assert_true(credited->facts.has_conflict);
	assert_string_equal(credited->facts.account.name, "alice");
	ccr = time_ccr(CHG_CC_UPDATE, 2, 1);
	ccr.identity_count = 0;
	assert_string_equal(charge(store, 15, &ccr)->facts.account.name, "alice");
	laws_hold(store);
}

static bool count_suspense(void *to, const struct chg_suspense_line *line)
{
	(void)line;
	++*(int *)to;
	return true;
}

static int suspense_count(struct chg_store *store, bool with_posted)
{
	int count = 0;
	assert_int_equal(
		store->books->suspense_scan(store->self, with_posted, count_suspense, &count),
		CHG_OK);
	return count;
}

static void case_suspense(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	const struct chg_books_ops *books = store->books;
	account_ok(store, "alice", 1000000);
	for (uint32_t i = 0; i < 2; i++) {
		struct chg_ccr ccr =
			ccr_of("gone", CHG_CC_TERMINATION, 7 + i, i == 0 ? "alice" : NULL);
		use_units(&ccr, CHG_UNIT_MESSAGES, 3);
		assert_int_equal(charge(store, 10, &ccr)->plan.answer.result_code,
			CHG_CC_UNKNOWN_SESSION_ID);
	}
	fixture_restart(fixture);
	assert_int_equal(suspense_count(store, false), 2);
	begin_ok(store);
	struct chg_view alice = CHG_VIEW("alice");
	chg_money amount = { 300000 };
	assert_int_equal(books->suspense_post(store->self, at_s(20), &by_me, 3, alice, amount),
		CHG_E_UNKNOWN);
	assert_int_equal(
		books->suspense_post(store->self, at_s(20), &by_me, 1, CHG_VIEW("bob"), amount),
		CHG_E_UNKNOWN);
	assert_int_equal(
		books->suspense_post(store->self, at_s(20), &by_me, 1, alice, (chg_money){ -1 }),
		CHG_E_RANGE);
	assert_int_equal(
		books->suspense_post(store->self, at_s(20), &by_me, 1, alice, amount), CHG_OK);
	assert_int_equal(
		books->suspense_post(store->self, at_s(20), &by_me, 1, alice, amount), CHG_E_RANGE);
	commit_ok(store);
	has(store, "alice", 700000, 0);
	assert_int_equal(suspense_count(store, false), 1);
	assert_int_equal(suspense_count(store, true), 2);
	begin_ok(store);
	assert_int_equal(
		books->suspense_post(store->self, at_s(21), &by_me, 2, alice, CHG_NO_MONEY),
		CHG_OK);
	commit_ok(store);
	has(store, "alice", 700000, 0);
	assert_int_equal(suspense_count(store, false), 0);
	laws_hold(store);
}

static bool copy_version(void *to, const struct chg_tariff_line *line)
{
	*(int64_t *)to = *(int64_t *)to * 10 + line->version;
	return line->version < 3;
}

static void case_tariffs(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	begin_ok(store);
	for (int64_t i = 1; i <= 4; i++) {
		int64_t version = 0;
		assert_int_equal(
			store->books->tariff_add(store->self, at_s(i), &by_me, CHG_VIEW("summer"),
				CHG_VIEW("a\nfile"), at_s(10 * i).wall, &version),
			CHG_OK);
		assert_int_equal(version, i);
	}
	commit_ok(store);
	fixture_restart(fixture);
	int64_t versions = 0;
	assert_int_equal(store->books->tariff_scan(store->self, copy_version, &versions), CHG_OK);
	assert_int_equal(versions, 123);
	char *text = dump_books(store);
	assert_non_null(strstr(text, "tariff version=2 name=\"summer\" text=\"a\nfile\" "
				     "loaded_at=2000000 in_force_from=20000000 who=\"me\"\n"));
	free(text);
}

/* ---- Reading ---- */

struct lines {
	size_t count;
	size_t stop_after; /* 0: does not stop */
	int64_t ids[64];
};

static bool note_line(void *to, const struct chg_ledger_line *line)
{
	struct lines *lines = to;
	assert_true(lines->count < 64);
	lines->ids[lines->count++] = 10 * line->posting_id + line->line_no;
	return lines->count != lines->stop_after;
}

static struct lines find_lines(
	struct chg_store *store, struct chg_ledger_filter filter, size_t stop_after)
{
	struct lines lines = { .stop_after = stop_after };
	assert_int_equal(
		store->books->ledger_scan(store->self, &filter, note_line, &lines), CHG_OK);
	return lines;
}

static void finds(
	struct chg_store *store, struct chg_ledger_filter filter, size_t count, const int64_t *ids)
{
	struct lines lines = find_lines(store, filter, 0);
	assert_int_equal(lines.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(lines.ids[i], ids[i]);
}

/* Postings: 1 and 2 open the accounts, 3 the gift; 4 and 6 are alice's debits, 5 is bob's. */
static void case_ledger_filters(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_bucket gift = { .kind = CHG_BUCKET_MESSAGES, .balance = 1, .name = "gift" };
	account_ok(store, "alice", 1000000);
	account_ok(store, "bob", 1000000);
	bucket_ok(store, "alice", &gift);
	debit(store, 10, "s", "alice", 2);
	debit(store, 20, "t", "bob", 1);
	debit(store, 30, "u", "alice", 1);
	fixture_restart(fixture);
	finds(store, (struct chg_ledger_filter){ 0 }, 7,
		(const int64_t[]){ 11, 21, 31, 41, 43, 51, 61 });
	finds(store, (struct chg_ledger_filter){ .account = CHG_VIEW("alice") }, 5,
		(const int64_t[]){ 11, 31, 41, 43, 61 });
	finds(store, (struct chg_ledger_filter){ .cdr_id = 1 }, 2, (const int64_t[]){ 41, 43 });
	finds(store, (struct chg_ledger_filter){ .cdr_id = 1, .account = CHG_VIEW("bob") }, 0,
		NULL);
	finds(store, (struct chg_ledger_filter){ .cdr_id = 2, .account = CHG_VIEW("bob") }, 1,
		(const int64_t[]){ 51 });
	finds(store,
		(struct chg_ledger_filter){
			.from = { true, at_s(10).wall }, .until = { true, at_s(30).wall } },
		3, (const int64_t[]){ 41, 43, 51 });
	finds(store,
		(struct chg_ledger_filter){
			.account = CHG_VIEW("alice"), .from = { true, at_s(11).wall } },
		1, (const int64_t[]){ 61 });
	finds(store, (struct chg_ledger_filter){ .until = { true, at_s(1).wall } }, 0, NULL);
	finds(store, (struct chg_ledger_filter){ .after_posting_id = 3, .limit = 1 }, 2,
		(const int64_t[]){ 41, 43 });
	finds(store, (struct chg_ledger_filter){ .after_posting_id = 4, .limit = 1 }, 1,
		(const int64_t[]){ 51 });
	finds(store, (struct chg_ledger_filter){ .after_posting_id = 6 }, 0, NULL);
	assert_int_equal(find_lines(store, (struct chg_ledger_filter){ 0 }, 4).count, 4);
	struct lines lines = { 0 };
	struct chg_ledger_filter nobody = { .account = CHG_VIEW("nobody") };
	assert_int_equal(
		store->books->ledger_scan(store->self, &nobody, note_line, &lines), CHG_E_UNKNOWN);
}

static bool note_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	(void)identity;
	(void)identity_count;
	int64_t *ids = to;
	*ids = *ids * 10 + account->account_id;
	return account->account_id != 4;
}

static void case_account_scan(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	static const struct {
		int64_t after;
		size_t limit;
		int64_t ids;
	} rows[] = { { 0, 0, 1234 }, { 0, 2, 12 }, { 2, 1, 3 }, { 4, 0, 5 }, { 5, 0, 0 } };
	for (size_t i = 0; i < 5; i++)
		account_ok(store, names[i], 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ids = 0;
		assert_int_equal(store->books->account_scan(store->self, rows[i].after,
					 rows[i].limit, note_account, &ids),
			CHG_OK);
		assert_int_equal(ids, rows[i].ids);
	}
}

/* ---- Transactions and laws ---- */

static void case_rollback(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct credited credited;
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = time_ccr(CHG_CC_INITIAL, 0, 0);
	charge(store, 10, &ccr);
	char *before = dump_books(store), *records = dump_of(store, NULL);
	begin_ok(store);
	ccr = time_ccr(CHG_CC_UPDATE, 1, 7);
	assert_int_equal(credit(store, at_s(20), &ccr, &credited), CHG_OK);
	ccr = ccr_of("gone", CHG_CC_TERMINATION, 7, "alice");
	use_units(&ccr, CHG_UNIT_MESSAGES, 3);
	assert_int_equal(credit(store, at_s(20), &ccr, &credited), CHG_OK);
	assert_int_equal(try_post(store, CHG_POSTING_TOPUP, 1, "p"), CHG_OK);
	struct chg_account_new account = account_of("bob", 1);
	assert_int_equal(try_account(store, &account), CHG_OK);
	store->ops->rollback(store->self);
	same_text(before, dump_books(store));
	same_text(records, dump_of(store, NULL));
	ccr = time_ccr(CHG_CC_UPDATE, 1, 7);
	assert_int_equal(charge(store, 21, &ccr)->facts.seen, CHG_SEEN_NEVER);
	account_ok(store, "bob", 1);
	laws_hold(store);
}

static void case_one_transaction(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct credited credited;
	account_ok(store, "alice", 1000000);
	begin_ok(store);
	for (uint32_t i = 0; i < 12; i++) {
		struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, i, "alice");
		ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
		int64_t next = 0;
		assert_int_equal(store->books->next_posting_id(store->self, &next), CHG_OK);
		assert_int_equal(credit(store, at_s(10), &ccr, &credited), CHG_OK);
		assert_int_equal(credited.facts.next_posting_id, next);
		assert_int_equal(next, i < 10 ? 2 + i : 12);
	}
	commit_ok(store);
	has(store, "alice", 0, 0);
	laws_hold(store);
}

static bool note_law(void *to, struct chg_view law, struct chg_view row)
{
	snprintf(to, 160, "%.*s|%.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
	return false;
}

static void case_broken_law(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct credited credited;
	char broken[160] = "";
	account_ok(store, "alice", 1000000);
	debit(store, 10, "s", "alice", 1);
	laws_hold(store);
	struct chg_ccr ccr = ccr_of("t", CHG_CC_EVENT, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	begin_ok(store);
	assert_int_equal(store->books->load(store->self, &ccr, &credited.facts), CHG_OK);
	static const struct chg_acct_policy record_policy;
	chg_credit_decide(&credited.facts, any_tariff(), &credit_policy, &record_policy, at_s(11),
		&ccr, &credited.plan);
	credited.plan.done[0].cost.micros++;
	assert_int_equal(store->books->apply(store->self, at_s(11), &ccr, &credited.plan,
				 any_tariff(), CHG_VIEW("")),
		CHG_OK);
	commit_ok(store);
	assert_int_equal(store->books->verify(store->self, note_law, broken), CHG_OK);
	assert_string_equal(broken, "what a record says was charged is what its services cost and "
				    "what was debited for it|record 2");
}

struct contract_case {
	const char *says;
	void (*run)(struct fixture *fixture);
};

static const struct contract_case cases[] = {
	{ "every field of an account is kept", case_account_fields },
	{ "a name or identity that is taken is refused and leaves nothing", case_names_are_taken },
	{ "accounts that cannot be are refused", case_odd_accounts },
	{ "the status of an account is set", case_status },
	{ "buckets are added, sorted and opened by a posting", case_buckets },
	{ "an account has no more buckets than there is room for", case_many_buckets },
	{ "postings by hand move balances, each number of outside once", case_postings_by_hand },
	{ "a posting is found by its reference", case_references },
	{ "a direct debit is in account, ledger and record", case_debit },
	{ "a debit that is not covered leaves nothing", case_debit_not_covered },
	{ "free units are charged as units and cost no money", case_free_units },
	{ "a session reserves, charges and gives back, over restarts", case_session },
	{ "a repeated request is known after a restart, with its answer", case_replay },
	{ "every part of a request's key counts", case_replay_key },
	{ "answers are kept for as long as asked, and forgotten in bites",
		case_answers_are_forgotten },
	{ "records of both interfaces stay apart", case_interfaces_apart },
	{ "supervision of CH-1 leaves CH-2 alone", case_supervision_apart },
	{ "sessions differ by host, Session-Id and sub-session", case_sessions_apart },
	{ "an ended session is known until its time is over", case_tombstone },
	{ "a session may begin anew after it ended", case_begins_anew },
	{ "a silent session gives back what it held, and its record closes", case_expiry },
	{ "a restarted peer's older sessions end, and no others", case_restarted_peer },
	{ "B-004 the open sub-sessions of a session end, and no others", case_sub_sessions },
	{ "a debit is refunded by its handle, and never more than it was", case_refund },
	{ "what came from two buckets goes back to the main one", case_refund_of_two },
	{ "the first identity that is known pays, and a session keeps its payer", case_identities },
	{ "usage of an unknown session waits until it is posted", case_suspense },
	{ "tariffs get one version after the other", case_tariffs },
	{ "every filter of the ledger finds what it says", case_ledger_filters },
	{ "accounts are scanned in pages", case_account_scan },
	{ "a rollback leaves nothing in the books", case_rollback },
	{ "requests of one transaction see each other", case_one_transaction },
	{ "a broken law is named with its row", case_broken_law },
};

static void run_on_memory(void **state)
{
	const struct contract_case *row = *state;
	struct fixture fixture = fixture_make(false);
	row->run(&fixture);
	fixture_remove(&fixture);
}

static void run_in_file(const struct contract_case *row, bool has_small_cache)
{
	struct fixture fixture = fixture_make(true);
	if (has_small_cache)
		fixture_shrink_cache(&fixture);
	row->run(&fixture);
	fixture_close_store(&fixture);
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum chg_rc rc = chg_sqlite_check(fixture.path, why, sizeof why);
	if (rc != CHG_OK && row->run != case_broken_law)
		fail_msg("the file is not well afterwards: %s", why);
	assert_int_equal(rc == CHG_OK, row->run != case_broken_law);
	fixture_remove(&fixture);
}

static void run_on_sqlite(void **state)
{
	run_in_file(*state, false);
}

static void run_on_small_cache(void **state)
{
	run_in_file(*state, true);
}

/* ---- Whatever comes, both stores hold the same, and by the laws ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

static uint32_t below(uint64_t *seed, uint32_t bound)
{
	return (uint32_t)(next_random(seed) % bound);
}

static const char *const people[] = { "alice", "bob", "carol", "nobody" };

/* Mostly of the kind that the service has a price for. */
static void any_units(uint64_t *seed, bool is_time, struct chg_units *units)
{
	bool is_odd = below(seed, 8) == 0;
	units->is_present = true;
	if (below(seed, 5) == 0) {
		units->has_money = true;
		units->money.micros = below(seed, 400000);
	} else {
		units->of[is_time != is_odd ? CHG_UNIT_SECONDS : CHG_UNIT_MESSAGES] =
			(chg_opt_u64){ true, below(seed, 8) };
	}
}

static void any_service(uint64_t *seed, struct chg_service_ask *ask)
{
	*ask = (struct chg_service_ask){ .rating_group = {
						 below(seed, 2) == 0, 1 + below(seed, 3) } };
	bool is_time = ask->rating_group.is_present && ask->rating_group.value == TIME_GROUP;
	if (below(seed, 4) == 0)
		ask->service_id[ask->service_id_count++] = below(seed, 3);
	if (below(seed, 4) != 0)
		any_units(seed, is_time, &ask->requested);
	while (ask->used_count < below(seed, 3))
		any_units(seed, is_time, &ask->used[ask->used_count++].units);
	if (below(seed, 8) == 0)
		ask->reason = (chg_opt_u32){ true, 2 };
}

static struct chg_ccr any_ccr(uint64_t *seed, int64_t second, int64_t next_posting_id)
{
	static const char *const sessions[] = { "a", "b", "c" };
	static const char *const hosts[] = { "h1", "h2" };
	static char handle[CHG_REFUND_HANDLE_MAX];
	static const enum chg_cc_type types[] = { CHG_CC_INITIAL, CHG_CC_INITIAL, CHG_CC_INITIAL,
		CHG_CC_UPDATE, CHG_CC_UPDATE, CHG_CC_TERMINATION, CHG_CC_EVENT };
	struct chg_ccr ccr = ccr_of(sessions[below(seed, 3)], types[below(seed, 7)],
		below(seed, 20), people[below(seed, 4)]);
	ccr.data.origin_host = chg_view_of(hosts[below(seed, 2)]);
	ccr.data.sub_session_id = (chg_opt_u64){ below(seed, 6) == 0, 9 + below(seed, 2) };
	ccr.data.origin_state_id = (chg_opt_u32){ below(seed, 3) == 0, below(seed, 5) };
	ccr.data.digest.bytes[3] = (uint8_t)below(seed, 2);
	ccr.data.event_time = (chg_opt_instant){ below(seed, 2) == 0,
		{ (second - (int64_t)below(seed, 8)) * CHG_US_PER_S } };
	ccr.data.messages_sent = (chg_opt_u32){ below(seed, 2) == 0, below(seed, 9) };
	ccr.is_multiple = below(seed, 4) != 0;
	if (ccr.is_multiple)
		ccr.service_count = 1 + below(seed, 3);
	for (size_t i = 0; i < ccr.service_count; i++)
		any_service(seed, &ccr.service[i]);
	if (below(seed, 6) == 0)
		ccr.identity_count = 0;
	else if (below(seed, 6) == 0)
		ccr.identity[ccr.identity_count++] = identity_of("tel:+1");
	if (ccr.type == CHG_CC_EVENT)
		ccr.action.value = below(seed, 4);
	if (below(seed, 2) == 0) {
		chg_refund_handle_write(1 + below(seed, (uint32_t)next_posting_id), handle);
		ccr.service[0].refund_information = chg_view_of(handle);
	}
	return ccr;
}

static void same_facts(const struct chg_cc_facts *a, const struct chg_cc_facts *b)
{
	assert_int_equal(a->seen, b->seen);
	assert_true(chg_view_equal(a->kept_answer, b->kept_answer));
	assert_int_equal(a->has_session, b->has_session);
	assert_int_equal(a->session.status, b->session.status);
	assert_int_equal(a->session.account_id, b->session.account_id);
	assert_int_equal(a->session.cdr_id, b->session.cdr_id);
	assert_int_equal(a->session.until.us, b->session.until.us);
	assert_int_equal(a->session.cost.micros, b->session.cost.micros);
	assert_int_equal(a->session.service_count, b->session.service_count);
	for (size_t i = 0; i < a->session.service_count; i++) {
		const struct chg_cc_service *x = &a->session.service[i];
		const struct chg_cc_service *y = &b->session.service[i];
		assert_int_equal(x->is_closed, y->is_closed);
		assert_int_equal(x->granted, y->granted);
		assert_int_equal(x->unit, y->unit);
		assert_int_equal(x->is_money, y->is_money);
		assert_int_equal(x->rated.rule, y->rated.rule);
		assert_int_equal(x->rated.units, y->rated.units);
		assert_int_equal(x->rated.charged.micros, y->rated.charged.micros);
		assert_int_equal(x->hold_count, y->hold_count);
		for (size_t h = 0; h < x->hold_count; h++) {
			assert_int_equal(x->hold[h].bucket_id, y->hold[h].bucket_id);
			assert_int_equal(x->hold[h].amount, y->hold[h].amount);
		}
	}
	assert_int_equal(a->has_account, b->has_account);
	assert_int_equal(a->account.account_id, b->account.account_id);
	assert_int_equal(a->account.bucket_count, b->account.bucket_count);
	assert_int_equal(a->has_conflict, b->has_conflict);
	assert_int_equal(a->refundable.is_known, b->refundable.is_known);
	assert_int_equal(a->refundable.left.micros, b->refundable.left.micros);
	assert_int_equal(a->refundable.bucket_id, b->refundable.bucket_id);
	assert_int_equal(a->next_posting_id, b->next_posting_id);
	assert_int_equal(a->record.has_record, b->record.has_record);
	assert_int_equal(a->record.host_state_id, b->record.host_state_id);
	assert_int_equal(a->record.record.cdr_id, b->record.record.cdr_id);
}

/* What is done by hand, and what time does. */
static enum chg_rc step_other(
	struct chg_store *store, uint32_t what, uint32_t dice, int64_t second, uint32_t *ret_count)
{
	const struct chg_books_ops *books = store->books;
	struct chg_now now = at_s(second);
	struct chg_view person = chg_view_of(people[dice % 4]);
	struct chg_posting_new posting = { .account = person,
		.kind = dice % 2 == 0 ? CHG_POSTING_TOPUP : CHG_POSTING_ADJUSTMENT,
		.amount = 200000 - (int64_t)(dice % 300000),
		.reference = chg_view_of(dice % 3 == 0 ? "r1" : NULL) };
	struct chg_account_new account = account_of(people[dice % 3], 100000);
	struct chg_bucket bucket = { .kind = (enum chg_bucket_kind)(1 + dice % 4),
		.balance = dice % 9,
		.priority = (int32_t)(dice % 5) - 2,
		.name = "extra" };
	struct chg_acr acr = acr_of("a", (enum chg_record_type)(1 + dice % 4), dice % 5);
	static const char *const sessions[] = { "a", "b", "c" };
	struct chg_ccr ccr = ccr_of(sessions[dice % 3], CHG_CC_TERMINATION, 1, "alice");
	struct chg_acct_facts facts;
	int64_t id = 0;
	switch (what) {
	case 0:
		return books->expire_due(store->self, now, &credit_policy, 1 + dice % 3, ret_count);
	case 1:
		return books->end_older(store->self, now, &credit_policy,
			dice % 2 == 0 ? CHG_VIEW("h1") : CHG_VIEW("h2"), dice % 6, ret_count);
	case 2:
		return books->forget_answers(
			store->self, at_s(second - 100).wall, UINT32_MAX, ret_count);
	case 3:
		return books->post(store->self, now, &by_me, &posting, &id);
	case 4:
		account.identity[account.identity_count++] = identity_of("tel:+1");
		return books->account_add(store->self, now, &by_me, &account, &id);
	case 5:
		return books->bucket_add(store->self, now, &by_me, person, &bucket);
	case 6:
		return books->suspense_post(
			store->self, now, &by_me, 1 + dice % 4, person, (chg_money){ dice % 1000 });
	case 7:
		return books->account_set_status(store->self, now, &by_me, person,
			(enum chg_account_status)(1 + (dice % 8 == 0)));
	case 8:
		ccr.data.origin_host = dice % 2 == 0 ? CHG_VIEW("h1") : CHG_VIEW("h2");
		return books->end_sub_sessions(store->self, now, &credit_policy, &ccr, ret_count);
	default:
		acr.origin_host = CHG_VIEW("h1");
		return offer(store, now, &acr, &facts);
	}
}

/* One step on both stores, which must give the same. */
static void step_both(struct chg_store stores[2], uint64_t *seed, int64_t second)
{
	static struct credited credited[2];
	uint32_t what = below(seed, 30), dice = below(seed, 1000000), counts[2] = { 0 };
	int64_t next = 0;
	enum chg_rc rc[2];
	assert_int_equal(stores[0].books->next_posting_id(stores[0].self, &next), CHG_OK);
	struct chg_ccr ccr = any_ccr(seed, second, next);
	for (int i = 0; i < 2; i++)
		rc[i] = what < 10 ? step_other(&stores[i], what, dice, second, &counts[i])
				  : credit(&stores[i], at_s(second), &ccr, &credited[i]);
	assert_int_equal(rc[0], rc[1]);
	assert_int_equal(counts[0], counts[1]);
	if (what < 10)
		return;
	assert_int_equal(rc[0], CHG_OK);
	same_facts(&credited[0].facts, &credited[1].facts);
}

static void compare_both(struct chg_store stores[2])
{
	chg_opt_instant deadlines[2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			stores[i].books->next_deadline(stores[i].self, &deadlines[i]), CHG_OK);
		laws_hold(&stores[i]);
	}
	assert_int_equal(deadlines[0].is_present, deadlines[1].is_present);
	assert_true(!deadlines[0].is_present || deadlines[0].value.us >= deadlines[1].value.us);
	same_text(dump_books(&stores[0]), dump_books(&stores[1]));
	same_text(dump_of(&stores[0], NULL), dump_of(&stores[1], NULL));
}

static void run_seed(uint64_t first_seed)
{
	uint64_t seed = first_seed * 0x9e3779b97f4a7c15u | 1;
	struct fixture memory = fixture_make(false), sqlite = fixture_make(true);
	int64_t second = 100;
	if (first_seed % 2 == 0)
		fixture_shrink_cache(&sqlite);
	for (int i = 0; i < 3; i++) {
		account_ok(&memory.store, people[i], 3000000);
		account_ok(&sqlite.store, people[i], 3000000);
	}
	for (int turn = 0; turn < 40; turn++) {
		struct chg_store stores[2] = { memory.store, sqlite.store };
		begin_ok(&stores[0]);
		begin_ok(&stores[1]);
		uint32_t steps = below(&seed, 8);
		for (uint32_t i = 0; i < steps; i++)
			step_both(stores, &seed, second += below(&seed, 30));
		bool is_kept = below(&seed, 5) != 0;
		for (int i = 0; i < 2; i++) {
			if (is_kept)
				commit_ok(&stores[i]);
			else
				stores[i].ops->rollback(stores[i].self);
		}
		compare_both(stores);
		if (below(&seed, 8) == 0)
			fixture_restart(&sqlite);
	}
	fixture_close_store(&sqlite);
	char why[CHG_SQLITE_WHY_MAX] = "";
	if (chg_sqlite_check(sqlite.path, why, sizeof why) != CHG_OK)
		fail_msg("the file is not well afterwards: %s", why);
	fixture_remove(&memory);
	fixture_remove(&sqlite);
}

/* E-017.  CHG_STORE_SEED in the environment runs that seed alone. */
static void both_stores_hold_the_same(void **state)
{
	(void)state;
	const char *only = getenv("CHG_STORE_SEED");
	uint64_t first = only == NULL ? 1 : strtoull(only, NULL, 10);
	uint64_t last = only == NULL ? 12 : first;
	for (uint64_t seed = first; seed <= last; seed++) {
		print_message("seed %" PRIu64 " (again: CHG_STORE_SEED=%" PRIu64 ")\n", seed, seed);
		run_seed(seed);
	}
}

int main(void)
{
	enum { N = sizeof cases / sizeof cases[0] };
	static const char *const stores[] = { "memory", "sqlite", "sqlite with room for one" };
	static const CMUnitTestFunction runs[] = { run_on_memory, run_on_sqlite,
		run_on_small_cache };
	static char names[3 * N][160];
	struct CMUnitTest tests[3 * N + 1];
	for (size_t i = 0; i < 3 * N; i++) {
		snprintf(names[i], sizeof names[i], "%s: %s", stores[i / N], cases[i % N].says);
		tests[i] = (struct CMUnitTest){ .name = names[i],
			.test_func = runs[i / N],
			.initial_state = (void *)&cases[i % N] };
	}
	tests[3 * N] = (struct CMUnitTest){
		.name = "both stores keep the same books, whatever requests come",
		.test_func = both_stores_hold_the_same,
	};
	return cmocka_run_group_tests_name("the contract of the books", tests, NULL, NULL);
}

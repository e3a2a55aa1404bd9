/* SPDX-License-Identifier: BSD-3-Clause
 * Changes of the books by hand, on the store in memory: what each does, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/book_change.h"
#include "store/memory/memory_store.h"
#include "support/faulty_store.h"

#define NOW_US INT64_C(1795162500000000)

/* Requests that every case begins with: a line of JSON each. */
static const char *const given[] = {
	"{'command':'account-create','name':'alice','currency':'EUR','balance':'10.00',"
	"'credit_limit':'5','plan':'gold','identities':['sip:alice@Example.net','e164:+49 30 "
	"123']}",
	"{'command':'bucket-add','account':'alice','name':'gift','kind':'messages','balance':'7'}",
};

static struct chg_store store;

/* JSON with ' for ", so that it can be read in a source. */
static json_t *parse(const char *text)
{
	char copy[4096];
	size_t len = strlen(text);
	assert_true(len < sizeof copy);
	for (size_t i = 0; i <= len; i++)
		copy[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	json_t *json = json_loads(copy, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

/* Does a request by "op", whose reason is "a test" unless it says another; the reply is JSON text. */
static enum chg_rc change(const char *text, char ret_reply[4096])
{
	struct chg_now now = { .wall = { NOW_US }, .steady = { NOW_US } };
	json_t *request = parse(text);
	json_t *reply = json_object();
	(void)json_object_set_new(request, "who", json_string("op"));
	if (json_object_get(request, "why") == NULL)
		(void)json_object_set_new(request, "why", json_string("a test"));
	enum chg_rc rc = chg_book_run(&store, now, request, reply);
	char *dump = json_dumps(reply, JSON_COMPACT | JSON_SORT_KEYS);
	assert_non_null(dump);
	assert_true(strlen(dump) < 4096);
	memcpy(ret_reply, dump, strlen(dump) + 1);
	free(dump);
	json_decref(request);
	json_decref(reply);
	return rc;
}

static int open_store(void **state)
{
	char reply[4096];
	(void)state;
	assert_int_equal(chg_memory_store_open(&store), CHG_OK);
	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
		if (change(given[i], reply) != CHG_OK)
			fail_msg("%s", reply);
	}
	return 0;
}

static bool fail_each(void *to, struct chg_view law, struct chg_view row)
{
	(void)to;
	fail_msg("broken: %.*s by %.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
	return false;
}

static int close_store(void **state)
{
	(void)state;
	assert_int_equal(store.books->verify(store.self, fail_each, NULL), CHG_OK);
	store.ops->close(store.self);
	return 0;
}

static const struct row {
	const char *says;
	const char *request;
	enum chg_rc rc;
	const char *holds; /* a part of the reply, keys sorted, ' for " */
} rows[] = {
	{ "a top-up adds to the main bucket",
		"{'command':'account-topup','account':'alice',"
		"'amount':'2.50'}",
		CHG_OK, "'account':'alice','balance':'12.50','bucket':'main','currency':'EUR'" },
	{ "an account is found by an identity in any spelling",
		"{'command':'account-topup','account':'tel:+49-30-123','amount':'1'}", CHG_OK,
		"'account':'alice','balance':'11.00'" },
	{ "a bucket of units counts whole units",
		"{'command':'account-topup','account':'alice','bucket':'gift','amount':'3'}",
		CHG_OK, "'balance':'10','bucket':'gift'" },
	{ "units are not halved",
		"{'command':'account-topup','account':'alice','bucket':'gift','amount':'0.5'}",
		CHG_E_SYNTAX, "is no whole number" },
	{ "a top-up does not take away",
		"{'command':'account-topup','account':'alice','amount':'-1'}", CHG_E_RANGE,
		"a top-up adds" },
	{ "a top-up of nothing is none",
		"{'command':'account-topup','account':'alice','amount':'0.00'}", CHG_E_SYNTAX,
		"an amount other than 0" },
	{ "a balance that is empty is none",
		"{'command':'account-create','name':'eve','currency':'EUR','balance':''}",
		CHG_E_SYNTAX, "balance is empty" },
	{ "nor is a limit",
		"{'command':'account-create','name':'eve','currency':'EUR','low_balance':''}",
		CHG_E_SYNTAX, "low_balance is empty" },
	{ "an amount finer than a millionth is refused",
		"{'command':'account-topup','account':'alice','amount':'0.0000001'}", CHG_E_SYNTAX,
		"is no amount" },
	{ "an amount that no balance holds is refused",
		"{'command':'account-topup','account':'alice','amount':'9223372036854'}",
		CHG_E_RANGE, "would not fit" },
	{ "an adjustment takes away",
		"{'command':'account-adjust','account':'alice','amount':'-0.20'}", CHG_OK,
		"'balance':'9.80'" },
	{ "a bucket that is not there is named",
		"{'command':'account-adjust','account':'alice','bucket':'x','amount':'1'}",
		CHG_E_UNKNOWN, "has no bucket" },
	{ "an account that is not there is named", "{'command':'account-block','account':'bob'}",
		CHG_E_UNKNOWN, "there is no account" },
	{ "an account is blocked", "{'command':'account-block','account':'alice'}", CHG_OK,
		"'status':'blocked'" },
	{ "an account that is not blocked may be unblocked",
		"{'command':'account-unblock','account':'sip:alice@example.net'}", CHG_OK,
		"'status':'active'" },
	{ "a name is taken once", "{'command':'account-create','name':'alice','currency':'EUR'}",
		CHG_E_RANGE, "the name \\\"alice\\\" is taken by account \\\"alice\\\"" },
	{ "an identity is taken once, whatever its spelling",
		"{'command':'account-create','name':'bob','currency':'EUR',"
		"'identities':['tel:+4930123']}",
		CHG_E_RANGE,
		"the identity \\\"tel:+4930123\\\" is taken by account \\\"alice\\\"" },
	{ "an identity without its kind is refused",
		"{'command':'account-create','name':'bob','currency':'EUR',"
		"'identities':['bob@example.net']}",
		CHG_E_SYNTAX, "has no kind" },
	{ "spellings of one identity are one",
		"{'command':'account-create','name':'bob','currency':'EUR',"
		"'identities':['sip:bob@example.net','SIP:bob@example.NET']}",
		CHG_OK, "'account':'bob','account_id':2" },
	{ "an account may begin in debt",
		"{'command':'account-create','name':'bob','currency':'978','balance':'-3'}", CHG_OK,
		"'account_id':2" },
	{ "a currency that does not exist is refused",
		"{'command':'account-create','name':'bob','currency':'EUX'}", CHG_E_UNKNOWN,
		"is no currency" },
	{ "a currency is needed", "{'command':'account-create','name':'bob'}", CHG_E_SYNTAX,
		"currency is missing" },
	{ "a limit is not below zero",
		"{'command':'account-create','name':'bob','currency':'EUR','credit_limit':'-1'}",
		CHG_E_RANGE, "credit_limit is below zero" },
	{ "an identity of digits has digits",
		"{'command':'account-create','name':'bob','currency':'EUR',"
		"'identities':['imsi:abc']}",
		CHG_E_SYNTAX, "not made of digits" },
	{ "a name has no control characters",
		"{'command':'account-create','name':'a\\u001bb','currency':'EUR'}", CHG_E_SYNTAX,
		"control character" },
	{ "a bucket's kind is one of four",
		"{'command':'bucket-add','account':'alice','name':'b','kind':'gold'}", CHG_E_SYNTAX,
		"there are money, seconds, octets and messages" },
	{ "a bucket's name is taken once",
		"{'command':'bucket-add','account':'alice','name':'gift','kind':'money'}",
		CHG_E_RANGE, "has a bucket \\\"gift\\\" already" },
	{ "a validity ends after it begins",
		"{'command':'bucket-add','account':'alice','name':'b','kind':'money',"
		"'valid_from_us':2,'valid_until_us':2}",
		CHG_E_RANGE, "ends before it begins" },
	{ "a change says why", "{'command':'account-block','account':'alice','why':''}",
		CHG_E_SYNTAX, "why is missing" },
	{ "a command that changes no books is refused", "{'command':'status'}", CHG_E_UNKNOWN,
		"no change" },
	{ "a suspense line that is not there is named",
		"{'command':'suspense-post','suspense_id':9,'account':'alice','amount':'1'}",
		CHG_E_UNKNOWN, "there is no suspense line 9" },
	{ "a tariff is kept with its time",
		"{'command':'tariff-load','name':'t','text':'x','at_us':1795162600000000}", CHG_OK,
		"'in_force_from_us':1795162600000000,'name':'t','ok':true,'version':1" },
	{ "a tariff without a time is in force now",
		"{'command':'tariff-load','name':'t','text':'x'}", CHG_OK,
		"'in_force_from_us':1795162500000000" },
	{ "no tariff comes into force in the past",
		"{'command':'tariff-load','name':'t','text':'x','at_us':1795162000000000}",
		CHG_E_RANGE, "in the past" },
	{ "an import makes what it can and names the rest by its line",
		"{'command':'account-import','accounts':[{'line':2,'name':'b','currency':'EUR'},"
		"{'line':3,'name':'alice','currency':'EUR'},{'line':4,'name':'c','currency':'?'},"
		"{'line':5,'name':'b','currency':'EUR'},{'line':6,'name':'d','currency':'USD'}]}",
		CHG_OK, "'created':2,'ok':true,'refused':[{'line':3," },
	{ "a trial makes nothing",
		"{'command':'account-import','dry_run':true,'accounts':["
		"{'line':2,'name':'b','currency':'EUR'},{'line':3,'name':'b','currency':'EUR'}]}",
		CHG_OK, "'created':2,'ok':true,'refused':[]" },
	{ "an import without accounts is refused", "{'command':'account-import'}", CHG_E_SYNTAX,
		"is no list" },
};

static void row_holds(void **state)
{
	const struct row *row = *state;
	char reply[4096];
	char holds[1024];
	size_t len = strlen(row->holds);
	assert_true(len < sizeof holds);
	for (size_t i = 0; i <= len; i++)
		holds[i] = (char)(row->holds[i] == '\'' ? '"' : row->holds[i]);
	enum chg_rc rc = change(row->request, reply);
	if (rc != row->rc || strstr(reply, holds) == NULL)
		fail_msg("rc %s, reply %s", chg_rc_name(rc), reply);
	if (rc != CHG_OK)
		assert_non_null(strstr(reply, chg_rc_name(rc)));
}

static bool count_line(void *to, const struct chg_ledger_line *line)
{
	size_t *count = to;
	(void)line;
	(*count)++;
	return true;
}

static size_t ledger_lines(void)
{
	const struct chg_ledger_filter filter = { .limit = 1000 };
	size_t count = 0;
	assert_int_equal(store.books->ledger_scan(store.self, &filter, count_line, &count), CHG_OK);
	return count;
}

/* E-006 */
static void a_reference_is_posted_once(void **state)
{
	static const char request[] = "{'command':'account-topup','account':'alice','amount':'1',"
				      "'reference':'v4711'}";
	char reply[4096];
	(void)state;
	size_t before = ledger_lines();
	assert_int_equal(change(request, reply), CHG_OK);
	assert_int_equal(change(request, reply), CHG_E_RANGE);
	assert_non_null(strstr(reply, "has been posted before"));
	assert_int_equal(ledger_lines(), before + 1);
}

/* E-006: whoever uses a reference for something else has mixed up two payments. */
static void a_reference_of_another_posting_is_told(void **state)
{
	static const struct {
		const char *what, *request;
	} others[] = {
		{ "another amount", "{'command':'account-topup','account':'alice','amount':'2',"
				    "'reference':'v4712'}" },
		{ "another account", "{'command':'account-topup','account':'bob','amount':'1.50',"
				     "'reference':'v4712'}" },
		{ "another bucket", "{'command':'account-topup','account':'alice','amount':'1',"
				    "'bucket':'extra','reference':'v4712'}" },
		{ "another way", "{'command':'account-adjust','account':'alice','amount':'1.50',"
				 "'reference':'v4712'}" },
	};
	char reply[4096];
	(void)state;
	assert_int_equal(
		change("{'command':'account-create','name':'bob','currency':'EUR'}", reply),
		CHG_OK);
	assert_int_equal(change("{'command':'bucket-add','account':'alice','name':'extra',"
				"'kind':'messages'}",
				 reply),
		CHG_OK);
	assert_int_equal(change("{'command':'account-topup','account':'alice','amount':'1.5',"
				"'reference':'v4712'}",
				 reply),
		CHG_OK);
	size_t before = ledger_lines();
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (change(others[i].request, reply) != CHG_E_RANGE ||
			strstr(reply, "top-up of 1.50 EUR, account \\\"alice\\\", bucket "
				      "\\\"main\\\"") == NULL)
			fail_msg("%s: %s", others[i].what, reply);
	}
	assert_int_equal(ledger_lines(), before);
	/* By whatever name, and however the amount is written: the same. */
	assert_int_equal(change("{'command':'account-topup','account':'tel:+4930123',"
				"'amount':'1.500','bucket':'main','reference':'v4712'}",
				 reply),
		CHG_E_RANGE);
	assert_non_null(strstr(reply, "has been posted before"));
	/* Of units. */
	assert_int_equal(change("{'command':'account-topup','account':'alice','amount':'3',"
				"'bucket':'extra','reference':'v4713'}",
				 reply),
		CHG_OK);
	assert_int_equal(change("{'command':'account-topup','account':'alice','amount':'4',"
				"'bucket':'extra','reference':'v4713'}",
				 reply),
		CHG_E_RANGE);
	assert_non_null(strstr(reply, "top-up of 3 messages"));
}

static void a_refused_change_leaves_nothing(void **state)
{
	char reply[4096];
	(void)state;
	size_t before = ledger_lines();
	assert_int_equal(change("{'command':'account-create','name':'bob','currency':'EUR',"
				"'balance':'1','identities':['tel:+4930123']}",
				 reply),
		CHG_E_RANGE);
	assert_int_equal(ledger_lines(), before);
	assert_int_equal(
		change("{'command':'account-create','name':'bob','currency':'EUR'}", reply),
		CHG_OK);
}

static bool count_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	size_t *count = to;
	(void)identity;
	(void)identity_count;
	(*count) += 1 + account->bucket_count;
	return true;
}

static bool count_tariff(void *to, const struct chg_tariff_line *line)
{
	size_t *count = to;
	(void)line;
	(*count)++;
	return true;
}

/* How much there is of everything that a change adds to. */
static size_t amount_of_all(void)
{
	size_t count = ledger_lines();
	assert_int_equal(
		store.books->account_scan(store.self, 0, 1000, count_account, &count), CHG_OK);
	assert_int_equal(store.books->tariff_scan(store.self, count_tariff, &count), CHG_OK);
	return count;
}

/* The k-th call of the store fails, for every k until the change gets through. */
static void fail_until_it_works(const char *request)
{
	struct faulty_store faulty = { 0 };
	struct chg_store good = store;
	char reply[4096];
	size_t before = amount_of_all();
	enum chg_rc rc = CHG_E_STORE_FULL;
	for (uint64_t k = 1; rc != CHG_OK; k++) {
		assert_true(k < 1000);
		store = faulty_store_wrap(&faulty, good);
		faulty_store_fail_at(&faulty, k, CHG_E_STORE_FULL);
		rc = change(request, reply);
		store = good;
		assert_true(rc == CHG_OK || rc == CHG_E_STORE_FULL);
		assert_int_equal(store.books->verify(store.self, fail_each, NULL), CHG_OK);
		if (rc != CHG_OK)
			assert_int_equal(amount_of_all(), before);
	}
	assert_true(amount_of_all() > before);
}

static void a_store_that_fails_leaves_nothing_half_done(void **state)
{
	(void)state;
	fail_until_it_works("{'command':'account-create','name':'bob','currency':'EUR',"
			    "'balance':'1','identities':['tel:+4930124','sip:b@example.net']}");
	fail_until_it_works("{'command':'account-topup','account':'tel:+4930123','amount':'1'}");
	fail_until_it_works("{'command':'bucket-add','account':'alice','name':'b',"
			    "'kind':'octets','balance':'5'}");
	fail_until_it_works("{'command':'account-import','accounts':["
			    "{'line':2,'name':'c','currency':'EUR','balance':'3'},"
			    "{'line':3,'name':'c','currency':'EUR'},"
			    "{'line':4,'name':'d','currency':'EUR','balance':'3'}]}");
	fail_until_it_works("{'command':'tariff-load','name':'t','text':'x'}");
}

static bool keep_last(void *to, const struct chg_ledger_line *line)
{
	(void)snprintf(to, 256, "%.*s %.*s %s", (int)line->who.len, line->who.ptr,
		(int)line->why.len, line->why.ptr, chg_book_posting_text(line->kind));
	return true;
}

/* E-016 */
static void the_ledger_says_who_and_why(void **state)
{
	const struct chg_ledger_filter filter = { .limit = 1000 };
	char reply[4096];
	char last[256] = "";
	(void)state;
	assert_int_equal(change("{'command':'account-topup','account':'alice','amount':'1',"
				"'why':'voucher 4711'}",
				 reply),
		CHG_OK);
	assert_int_equal(store.books->ledger_scan(store.self, &filter, keep_last, last), CHG_OK);
	assert_string_equal(last, "op voucher 4711 top-up");
}

static void too_many_accounts_at_once_are_refused(void **state)
{
	struct chg_now now = { .wall = { NOW_US }, .steady = { NOW_US } };
	json_t *list = json_array();
	json_t *reply = json_object();
	(void)state;
	for (int i = 0; i <= CHG_BOOK_IMPORT_MAX; i++)
		(void)json_array_append_new(list, json_object());
	json_t *request = json_pack("{s:s, s:s, s:s, s:o}", "command", "account-import", "who",
		"op", "why", "a test", "accounts", list);
	assert_int_equal(chg_book_run(&store, now, request, reply), CHG_E_SYNTAX);
	json_decref(request);
	json_decref(reply);
}

static void amounts_are_read_as_they_are_written(void **state)
{
	static const struct {
		enum chg_bucket_kind kind;
		const char *text;
		enum chg_rc rc;
		int64_t amount;
	} amounts[] = {
		{ CHG_BUCKET_MONEY, "1.20", CHG_OK, 1200000 },
		{ CHG_BUCKET_MONEY, "-0.05", CHG_OK, -50000 },
		{ CHG_BUCKET_OCTETS, "9223372036854775807", CHG_OK, INT64_MAX },
		{ CHG_BUCKET_OCTETS, "-9223372036854775808", CHG_OK, INT64_MIN },
		{ CHG_BUCKET_OCTETS, "9223372036854775808", CHG_E_RANGE, 0 },
		{ CHG_BUCKET_OCTETS, "-9223372036854775809", CHG_E_RANGE, 0 },
		{ CHG_BUCKET_SECONDS, "+60", CHG_OK, 60 },
		{ CHG_BUCKET_SECONDS, "", CHG_E_SYNTAX, 0 },
		{ CHG_BUCKET_SECONDS, "-", CHG_E_SYNTAX, 0 },
		{ CHG_BUCKET_SECONDS, "6 0", CHG_E_SYNTAX, 0 },
		{ CHG_BUCKET_MESSAGES, "1.0", CHG_E_SYNTAX, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
		int64_t amount = 0;
		char written[CHG_MONEY_TEXT_MAX];
		assert_int_equal(chg_book_amount_parse(
					 amounts[i].kind, chg_view_of(amounts[i].text), &amount),
			amounts[i].rc);
		assert_int_equal(amount, amounts[i].amount);
		if (amounts[i].rc != CHG_OK || amounts[i].text[0] == '+')
			continue;
		chg_book_amount_write(amounts[i].kind, amount, written);
		assert_string_equal(written, amounts[i].text);
	}
}

int main(void)
{
	enum {
		ROWS = sizeof rows / sizeof rows[0],
	};
	struct CMUnitTest tests[ROWS];
	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].says,
			.test_func = row_holds,
			.setup_func = open_store,
			.teardown_func = close_store,
			.initial_state = (void *)(uintptr_t)&rows[i] };
#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
	const struct CMUnitTest others[] = {
		ON_STORE(a_reference_is_posted_once),
		ON_STORE(a_reference_of_another_posting_is_told),
		ON_STORE(a_refused_change_leaves_nothing),
		ON_STORE(a_store_that_fails_leaves_nothing_half_done),
		ON_STORE(the_ledger_says_who_and_why),
		ON_STORE(too_many_accounts_at_once_are_refused),
		cmocka_unit_test(amounts_are_read_as_they_are_written),
	};
	int failed = cmocka_run_group_tests_name("one change each", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("all together", others, NULL, NULL);
}

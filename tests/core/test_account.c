/* SPDX-License-Identifier: BSD-3-Clause
 * Buckets: who pays, who pays first, and what is left.
 */
#include "core/account.h"
#include "support/table.h"

#define NOON  ((chg_instant){ 43200 * CHG_US_PER_S })
#define AT(s) ((chg_opt_instant){ true, { (s)*CHG_US_PER_S } })

static const struct pays_row {
	const char *says;
	struct chg_bucket bucket;
	enum chg_unit unit;
	bool pays;
} pays_rows[] = {
	{ "money pays for messages", { .kind = CHG_BUCKET_MONEY }, CHG_UNIT_MESSAGES, true },
	{ "money pays for seconds", { .kind = CHG_BUCKET_MONEY }, CHG_UNIT_SECONDS, true },
	{ "messages pay for messages", { .kind = CHG_BUCKET_MESSAGES }, CHG_UNIT_MESSAGES, true },
	{ "messages pay for no seconds", { .kind = CHG_BUCKET_MESSAGES }, CHG_UNIT_SECONDS, false },
	{ "seconds pay for seconds", { .kind = CHG_BUCKET_SECONDS }, CHG_UNIT_SECONDS, true },
	{ "octets pay for total octets", { .kind = CHG_BUCKET_OCTETS }, CHG_UNIT_OCTETS, true },
	{ "octets pay for input octets", { .kind = CHG_BUCKET_OCTETS }, CHG_UNIT_OCTETS_IN, true },
	{ "octets pay for output octets", { .kind = CHG_BUCKET_OCTETS }, CHG_UNIT_OCTETS_OUT,
		true },
	{ "octets pay for no messages", { .kind = CHG_BUCKET_OCTETS }, CHG_UNIT_MESSAGES, false },
	{ "an unknown kind pays for nothing", { .kind = 9 }, CHG_UNIT_MESSAGES, false },
	{ "the first moment is valid", { .kind = CHG_BUCKET_MONEY, .valid_from = AT(43200) },
		CHG_UNIT_MESSAGES, true },
	{ "before it nothing is", { .kind = CHG_BUCKET_MONEY, .valid_from = AT(43201) },
		CHG_UNIT_MESSAGES, false },
	{ "the end is no longer valid", { .kind = CHG_BUCKET_MONEY, .valid_until = AT(43200) },
		CHG_UNIT_MESSAGES, false },
	{ "before the end it is", { .kind = CHG_BUCKET_MONEY, .valid_until = AT(43201) },
		CHG_UNIT_MESSAGES, true },
	{ "a rule's name binds", { .kind = CHG_BUCKET_MONEY, .service = "chat" }, CHG_UNIT_MESSAGES,
		true },
	{ "another rule's name excludes", { .kind = CHG_BUCKET_MONEY, .service = "cha" },
		CHG_UNIT_MESSAGES, false },
	{ "a context binds", { .kind = CHG_BUCKET_MONEY, .service = "9.32260@3gpp.org" },
		CHG_UNIT_MESSAGES, true },
	{ "the end of a context binds", { .kind = CHG_BUCKET_MONEY, .service = "*32260@3GPP.org" },
		CHG_UNIT_MESSAGES, true },
	{ "another end excludes", { .kind = CHG_BUCKET_MONEY, .service = "*32274@3gpp.org" },
		CHG_UNIT_MESSAGES, false },
};

static void pays_row_holds(void **state)
{
	const struct pays_row *row = *state;
	assert_int_equal(chg_bucket_pays(&row->bucket, row->unit, CHG_VIEW("chat"),
				 CHG_VIEW("9.32260@3gpp.org"), NOON),
		row->pays);
}

static void buckets_pay_by_priority_then_end_then_age(void **state)
{
	(void)state;
	struct chg_account account = {
		.bucket_count = 6,
		.bucket = {
			{ .bucket_id = 5, .priority = 1 },
			{ .bucket_id = 3, .priority = 1 },
			{ .bucket_id = 4, .priority = 1, .valid_until = AT(9) },
			{ .bucket_id = 6, .priority = 1, .valid_until = AT(8) },
			{ .bucket_id = 2, .priority = 1, .valid_until = AT(9) },
			{ .bucket_id = 9, .priority = -1 },
		},
	};
	static const int64_t expected[] = { 9, 6, 2, 4, 3, 5 };
	chg_account_sort(&account);
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_true(account.bucket[i].bucket_id == expected[i]);
}

static const struct available_row {
	const char *says;
	int64_t credit_limit;
	struct chg_bucket bucket[2];
	int64_t available;
} available_rows[] = {
	{ "what is reserved is not available", 0,
		{ { .kind = CHG_BUCKET_MONEY, .balance = 100, .reserved = 30 } }, 70 },
	{ "the credit limit counts for the main bucket", 50,
		{ { .kind = CHG_BUCKET_MONEY, .is_main = true, .balance = -20 } }, 30 },
	{ "it counts for no other", 50, { { .kind = CHG_BUCKET_MONEY, .balance = 20 } }, 20 },
	{ "units are no money", 0, { { .kind = CHG_BUCKET_MESSAGES, .balance = 20 } }, 0 },
	{ "buckets add up", 0,
		{ { .kind = CHG_BUCKET_MONEY, .balance = 1 },
			{ .kind = CHG_BUCKET_MONEY, .balance = 2 } },
		3 },
	{ "a debt takes nothing from another bucket", 0,
		{ { .kind = CHG_BUCKET_MONEY, .is_main = true, .balance = -9 },
			{ .kind = CHG_BUCKET_MONEY, .balance = 2 } },
		2 },
	{ "what has lapsed does not count", 0,
		{ { .kind = CHG_BUCKET_MONEY, .balance = 5, .valid_until = AT(1) } }, 0 },
	{ "huge balances end at the largest amount", INT64_MAX,
		{ { .kind = CHG_BUCKET_MONEY, .is_main = true, .balance = INT64_MAX },
			{ .kind = CHG_BUCKET_MONEY, .balance = INT64_MAX } },
		INT64_MAX },
	{ "huge debts end at nothing", 0,
		{ { .kind = CHG_BUCKET_MONEY, .balance = INT64_MIN, .reserved = INT64_MAX } }, 0 },
};

static void available_row_holds(void **state)
{
	const struct available_row *row = *state;
	struct chg_account account = { .credit_limit = { row->credit_limit }, .bucket_count = 2 };
	memcpy(account.bucket, row->bucket, sizeof row->bucket);
	assert_true(chg_account_available(&account, NOON).micros == row->available);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_pay_by_priority_then_end_then_age),
	};
	int failed = TABLE_RUN("pays", pays_rows, pays_row_holds);
	failed += TABLE_RUN("available", available_rows, available_row_holds);
	failed += cmocka_run_group_tests_name("account", tests, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Money: nothing is lost, nothing wraps, and one place rounds.
 */
#include "core/money.h"
#include "support/seed.h"
#include "support/table.h"

static const struct scale_row {
	const char *says;
	int64_t price;
	uint64_t count;
	uint64_t per;
	enum chg_rounding rounding;
	enum chg_rc rc;
	int64_t result;
} scale_rows[] = {
	{ "an even division is exact", 10, 3, 5, CHG_ROUND_UP, CHG_OK, 6 },
	{ "up goes to the dearer", 10, 1, 3, CHG_ROUND_UP, CHG_OK, 4 },
	{ "down goes to the cheaper", 10, 1, 3, CHG_ROUND_DOWN, CHG_OK, 3 },
	{ "less than a half goes down", 10, 1, 3, CHG_ROUND_HALF_EVEN, CHG_OK, 3 },
	{ "more than a half goes up", 20, 1, 3, CHG_ROUND_HALF_EVEN, CHG_OK, 7 },
	{ "a half goes to the even neighbour below", 5, 1, 2, CHG_ROUND_HALF_EVEN, CHG_OK, 2 },
	{ "a half goes to the even neighbour above", 7, 1, 2, CHG_ROUND_HALF_EVEN, CHG_OK, 4 },
	{ "up of a negative goes towards zero", -10, 1, 3, CHG_ROUND_UP, CHG_OK, -3 },
	{ "down of a negative goes away from zero", -10, 1, 3, CHG_ROUND_DOWN, CHG_OK, -4 },
	{ "a negative half goes to the even neighbour", -5, 1, 2, CHG_ROUND_HALF_EVEN, CHG_OK, -2 },
	{ "nothing costs nothing", 10, 0, 7, CHG_ROUND_UP, CHG_OK, 0 },
	{ "the largest factors fit when the divisor is as large", INT64_MAX, UINT64_MAX, UINT64_MAX,
		CHG_ROUND_UP, CHG_OK, INT64_MAX },
	{ "the smallest price fits too", INT64_MIN, UINT64_MAX, UINT64_MAX, CHG_ROUND_DOWN, CHG_OK,
		INT64_MIN },
	{ "what is too large is told", INT64_MAX, 2, 1, CHG_ROUND_UP, CHG_E_RANGE, 0 },
	{ "what is too small is told", INT64_MIN, 2, 1, CHG_ROUND_UP, CHG_E_RANGE, 0 },
	{ "rounding up near the largest is exact", INT64_MAX, 2, 3, CHG_ROUND_UP, CHG_OK,
		INT64_C(6148914691236517205) },
	{ "a half of a divisor that fills 64 bits is seen", 1, UINT64_C(1) << 63, UINT64_MAX,
		CHG_ROUND_HALF_EVEN, CHG_OK, 1 },
};

static void scale_row_holds(void **state)
{
	const struct scale_row *row = *state;
	chg_money result = { 77 };
	assert_int_equal(chg_money_scale((chg_money){ row->price }, row->count, row->per,
				 row->rounding, &result),
		row->rc);
	assert_true(result.micros == (row->rc == CHG_OK ? row->result : 77));
}

static const struct text_row {
	const char *says;
	const char *text;
	enum chg_rc rc;
	int64_t micros;
	const char *written; /* NULL: as it was read */
} text_rows[] = {
	{ "two places", "1.20", CHG_OK, 1200000, NULL },
	{ "a negative", "-0.05", CHG_OK, -50000, NULL },
	{ "a whole number", "3", CHG_OK, 3000000, "3.00" },
	{ "one place", "1.5", CHG_OK, 1500000, "1.50" },
	{ "six places", "0.000001", CHG_OK, 1, NULL },
	{ "five places", "0.00001", CHG_OK, 10, NULL },
	{ "the largest", "9223372036854.775807", CHG_OK, INT64_MAX, NULL },
	{ "the smallest", "-9223372036854.775808", CHG_OK, INT64_MIN, NULL },
	{ "leading zeros", "007.10", CHG_OK, 7100000, "7.10" },
	{ "one too many is too large", "9223372036854.775808", CHG_E_RANGE, 0, NULL },
	{ "so it is below zero", "-9223372036854.775809", CHG_E_RANGE, 0, NULL },
	{ "twenty digits are too large", "99999999999999999999", CHG_E_RANGE, 0, NULL },
	{ "a seventh place is finer than a millionth", "0.0000001", CHG_E_SYNTAX, 0, NULL },
	{ "a comma is no point", "0,05", CHG_E_SYNTAX, 0, NULL },
	{ "nothing is no amount", "", CHG_E_SYNTAX, 0, NULL },
	{ "a sign alone is none", "-", CHG_E_SYNTAX, 0, NULL },
	{ "a plus is not written", "+1", CHG_E_SYNTAX, 0, NULL },
	{ "a point needs digits before it", ".5", CHG_E_SYNTAX, 0, NULL },
	{ "a point needs digits behind it", "5.", CHG_E_SYNTAX, 0, NULL },
	{ "two points are one too many", "1.2.3", CHG_E_SYNTAX, 0, NULL },
	{ "an exponent is not read", "1e3", CHG_E_SYNTAX, 0, NULL },
	{ "blanks are not read", " 1", CHG_E_SYNTAX, 0, NULL },
};

static void text_row_holds(void **state)
{
	const struct text_row *row = *state;
	char text[CHG_MONEY_TEXT_MAX];
	chg_money money = { 77 };
	assert_int_equal(chg_money_parse(chg_view_of(row->text), &money), row->rc);
	assert_true(money.micros == (row->rc == CHG_OK ? row->micros : 77));
	if (row->rc != CHG_OK)
		return;
	chg_money_write(money, text);
	assert_string_equal(text, row->written == NULL ? row->text : row->written);
}

static const struct decimal_row {
	const char *says;
	int64_t digits;
	int32_t exponent;
	enum chg_rc rc;
	int64_t micros;
	int64_t short_digits;
	int32_t short_exponent;
} decimal_rows[] = {
	{ "tenths", 12, -1, CHG_OK, 1200000, 12, -1 },
	{ "superfluous zeros go", 120, -2, CHG_OK, 1200000, 12, -1 },
	{ "whole units need no exponent", 100, 0, CHG_OK, 100000000, 100, 0 },
	{ "hundreds are written out", 1, 2, CHG_OK, 100000000, 100, 0 },
	{ "a millionth", 1, -6, CHG_OK, 1, 1, -6 },
	{ "zeros behind a millionth do no harm", 10, -7, CHG_OK, 1, 1, -6 },
	{ "zero is zero whatever the exponent", 0, INT32_MAX, CHG_OK, 0, 0, 0 },
	{ "so it is far below", 0, INT32_MIN, CHG_OK, 0, 0, 0 },
	{ "a negative", -5, -2, CHG_OK, -50000, -5, -2 },
	{ "finer than a millionth is refused", 1, -7, CHG_E_SYNTAX, 0, 0, 0 },
	{ "much finer too", INT64_MAX, INT32_MIN, CHG_E_SYNTAX, 0, 0, 0 },
	{ "too large is refused", 1, 13, CHG_E_RANGE, 0, 0, 0 },
	{ "much too large too", 1, INT32_MAX, CHG_E_RANGE, 0, 0, 0 },
	{ "the largest digits are too large without an exponent", INT64_MAX, 0, CHG_E_RANGE, 0, 0,
		0 },
	{ "as millionths they fit", INT64_MAX, -6, CHG_OK, INT64_MAX, INT64_MAX, -6 },
};

static void decimal_row_holds(void **state)
{
	const struct decimal_row *row = *state;
	chg_money money = { 77 };
	assert_int_equal(chg_money_from_decimal(row->digits, row->exponent, &money), row->rc);
	assert_true(money.micros == (row->rc == CHG_OK ? row->micros : 77));
	if (row->rc != CHG_OK)
		return;
	int64_t digits;
	int32_t exponent;
	chg_money_to_decimal(money, &digits, &exponent);
	assert_true(digits == row->short_digits);
	assert_int_equal(exponent, row->short_exponent);
}

static void every_amount_comes_back_from_text_and_from_decimals(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (size_t i = 0; i < 20000; i++) {
		chg_money money = { (int64_t)(seed_next(&seed) >> seed_below(&seed, 64)) };
		if (seed_one_in(&seed, 2))
			money.micros = -money.micros;
		char text[CHG_MONEY_TEXT_MAX];
		chg_money again;
		chg_money_write(money, text);
		assert_int_equal(chg_money_parse(chg_view_of(text), &again), CHG_OK);
		assert_true(again.micros == money.micros);
		int64_t digits;
		int32_t exponent;
		chg_money_to_decimal(money, &digits, &exponent);
		assert_int_equal(chg_money_from_decimal(digits, exponent, &again), CHG_OK);
		assert_true(again.micros == money.micros);
	}
}

static void the_three_roundings_lie_within_one_millionth(void **state)
{
	(void)state;
	uint64_t seed = 2;
	for (size_t i = 0; i < 20000; i++) {
		chg_money price = { (int64_t)(seed_next(&seed) >> 24) };
		uint64_t count = seed_next(&seed) >> 42;
		uint64_t per = 1 + (seed_next(&seed) >> seed_below(&seed, 64));
		per = per == 0 ? 1 : per;
		chg_money up, down, half;
		assert_int_equal(chg_money_scale(price, count, per, CHG_ROUND_UP, &up), CHG_OK);
		assert_int_equal(chg_money_scale(price, count, per, CHG_ROUND_DOWN, &down), CHG_OK);
		assert_int_equal(
			chg_money_scale(price, count, per, CHG_ROUND_HALF_EVEN, &half), CHG_OK);
		assert_true(up.micros - down.micros <= 1 && up.micros >= down.micros);
		assert_true(half.micros == up.micros || half.micros == down.micros);
		assert_true((__int128)down.micros * per <= (__int128)price.micros * count);
		assert_true((__int128)up.micros * per >= (__int128)price.micros * count);
	}
}

static void sums_that_do_not_fit_are_told(void **state)
{
	(void)state;
	chg_money most = { INT64_MAX }, least = { INT64_MIN }, one = { 1 }, result = { 77 };
	assert_int_equal(chg_money_add(most, one, &result), CHG_E_RANGE);
	assert_int_equal(chg_money_subtract(least, one, &result), CHG_E_RANGE);
	assert_int_equal(chg_money_subtract(CHG_NO_MONEY, least, &result), CHG_E_RANGE);
	assert_true(result.micros == 77);
	assert_int_equal(chg_money_add(most, least, &result), CHG_OK);
	assert_true(result.micros == -1);
	assert_int_equal(chg_money_subtract(one, one, &result), CHG_OK);
	assert_true(result.micros == 0);
}

static void a_currency_is_found_by_code_and_by_number(void **state)
{
	(void)state;
	chg_currency currency = { 0 };
	assert_int_equal(chg_currency_parse(CHG_VIEW("EUR"), &currency), CHG_OK);
	assert_int_equal(currency.number, 978);
	assert_int_equal(chg_currency_parse(CHG_VIEW("840"), &currency), CHG_OK);
	assert_string_equal(chg_currency_code(currency), "USD");
	assert_int_equal(chg_currency_parse(CHG_VIEW("008"), &currency), CHG_OK);
	assert_string_equal(chg_currency_code(currency), "ALL");
	assert_string_equal(chg_currency_code((chg_currency){ 7 }), "7");
	static const char *const unknown[] = { "", "eur", "EURO", "0", "0978", "99", "XTS", "€" };
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_int_equal(
			chg_currency_parse(chg_view_of(unknown[i]), &currency), CHG_E_UNKNOWN);
}

static void currencies_are_in_order_and_no_number_stands_twice(void **state)
{
	(void)state;
	static bool is_seen[1000];
	char last[4] = "";
	chg_currency currency;
	size_t count = 0;
	for (; chg_currency_row(count, &currency); count++) {
		const char *code = chg_currency_code(currency);
		assert_true(strlen(code) == 3 && strcmp(last, code) < 0);
		memcpy(last, code, sizeof last);
		assert_true(currency.number > 0 && currency.number < 1000);
		assert_false(is_seen[currency.number]);
		is_seen[currency.number] = true;
	}
	assert_true(count > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_amount_comes_back_from_text_and_from_decimals),
		cmocka_unit_test(the_three_roundings_lie_within_one_millionth),
		cmocka_unit_test(sums_that_do_not_fit_are_told),
		cmocka_unit_test(a_currency_is_found_by_code_and_by_number),
		cmocka_unit_test(currencies_are_in_order_and_no_number_stands_twice),
	};
	int failed = TABLE_RUN("scaled", scale_rows, scale_row_holds);
	failed += TABLE_RUN("as text", text_rows, text_row_holds);
	failed += TABLE_RUN("as decimals", decimal_rows, decimal_row_holds);
	failed += cmocka_run_group_tests_name("money", tests, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

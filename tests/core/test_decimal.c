/* SPDX-License-Identifier: BSD-3-Clause
 * Whole numbers as printf writes them.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/decimal.h"

/* What was written, up to `end`, against what printf says; and nothing behind it was touched. */
static void assert_written(const char *text, const char *end, const char *expected)
{
	size_t len = (size_t)(end - text);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(text, expected, len);
	assert_int_equal(*end, '#');
}

static void check_signed(int64_t number)
{
	char text[CHG_DECIMAL_MAX + 1], expected[32];
	memset(text, '#', sizeof text);
	snprintf(expected, sizeof expected, "%" PRId64, number);
	assert_written(text, chg_decimal_put(text, number), expected);
}

static void check_unsigned(uint64_t number)
{
	char text[CHG_DECIMAL_MAX + 1], expected[32];
	memset(text, '#', sizeof text);
	snprintf(expected, sizeof expected, "%" PRIu64, number);
	assert_written(text, chg_decimal_put_u64(text, number), expected);
}

static void every_length_and_its_edges(void **state)
{
	(void)state;
	uint64_t power = 1;
	for (int digits = 1; digits <= CHG_DECIMAL_MAX; digits++) {
		for (uint64_t number = power - 1; number <= power + 1; number++) {
			check_unsigned(number);
			check_signed((int64_t)number);
			check_signed((int64_t)(0 - number));
		}
		power *= digits < CHG_DECIMAL_MAX ? 10 : 1;
	}
	check_unsigned(UINT64_MAX);
	check_signed(INT64_MAX);
	check_signed(INT64_MIN);
}

static void places_are_filled_and_cut(void **state)
{
	(void)state;
	static const struct {
		uint64_t number;
		int places;
		const char *expected;
	} rows[] = {
		{ 0, 2, "00" },
		{ 7, 2, "07" },
		{ 59, 2, "59" },
		{ 123, 2, "23" },
		{ 2026, 4, "2026" },
		{ 5, 6, "000005" },
		{ 5, 0, "" },
		{ UINT64_MAX, 20, "18446744073709551615" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[CHG_DECIMAL_MAX + 1];
		memset(text, '#', sizeof text);
		assert_written(text, chg_decimal_put_places(text, rows[i].number, rows[i].places),
			rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_and_its_edges),
		cmocka_unit_test(places_are_filled_and_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Units as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/units_json.h"

static void nothing_is_an_empty_object(void **state)
{
	(void)state;
	char text[CHG_UNITS_JSON_MAX];
	struct chg_units units = { .is_present = true };
	assert_int_equal(chg_units_json(&units, text), 2);
	assert_string_equal(text, "{}");
}

static void what_is_named_is_told(void **state)
{
	(void)state;
	char text[CHG_UNITS_JSON_MAX];
	struct chg_units units = { .has_money = true,
		.money = { 1200000 },
		.currency = { 978 },
		.of[CHG_UNIT_SECONDS] = { true, 0 },
		.of[CHG_UNIT_MESSAGES] = { true, 5 } };
	chg_units_json(&units, text);
	assert_string_equal(
		text, "{\"second\":0,\"message\":5,\"money\":\"1.20\",\"currency\":\"EUR\"}");
}

static void the_longest_fits(void **state)
{
	(void)state;
	char text[CHG_UNITS_JSON_MAX];
	struct chg_units units = {
		.has_money = true, .money = { INT64_MIN }, .currency = { UINT16_MAX }
	};
	for (int unit = 0; unit < CHG_UNIT_COUNT; unit++)
		units.of[unit] = (chg_opt_u64){ true, UINT64_MAX };
	size_t len = chg_units_json(&units, text);
	assert_int_equal(len, strlen(text));
	assert_int_equal(text[len - 1], '}');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "nothing is an empty object", .test_func = nothing_is_an_empty_object },
		{ .name = "what is named is told", .test_func = what_is_named_is_told },
		{ .name = "the longest fits", .test_func = the_longest_fits },
	};
	return cmocka_run_group_tests_name("units as text", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Service units: every kind has its word, and kinds are counted.
 */
#include "core/quantity.h"
#include "support/table.h"

static void every_unit_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		assert_true(strlen(chg_unit_text((enum chg_unit)i)) > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				chg_unit_text((enum chg_unit)i), chg_unit_text((enum chg_unit)j));
	}
	assert_string_equal(chg_unit_text(CHG_UNIT_MESSAGES), "message");
}

static void kinds_are_counted_with_money_and_without_absent_ones(void **state)
{
	(void)state;
	struct chg_units units = { .is_present = true };
	assert_int_equal(chg_units_kinds(&units), 0);
	units.of[CHG_UNIT_SECONDS] = (chg_opt_u64){ true, 0 };
	assert_int_equal(chg_units_kinds(&units), 1);
	units.of[CHG_UNIT_OCTETS] = (chg_opt_u64){ false, 9 };
	assert_int_equal(chg_units_kinds(&units), 1);
	units.has_money = true;
	assert_int_equal(chg_units_kinds(&units), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_unit_has_a_word_of_its_own),
		cmocka_unit_test(kinds_are_counted_with_money_and_without_absent_ones),
	};
	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Handles of debits that can be refunded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/refund.h"

static void what_is_written_is_read(void **state)
{
	(void)state;
	static const int64_t ids[] = { 1, 9, 96, 97, 98, 1000000, INT64_MAX - 1, INT64_MAX };
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		char text[CHG_REFUND_HANDLE_MAX];
		int64_t id = 0;
		size_t len = chg_refund_handle_write(ids[i], text);
		assert_int_equal(len, strlen(text));
		assert_int_equal(chg_refund_handle_read(chg_view_of(text), &id), CHG_OK);
		assert_true(id == ids[i]);
	}
}

static void it_looks_like_this(void **state)
{
	(void)state;
	char text[CHG_REFUND_HANDLE_MAX];
	chg_refund_handle_write(12, text);
	assert_string_equal(text, "R1-12-62");
}

/* Any digit changed, and any two neighbours swapped. */
static void slips_are_noticed(void **state)
{
	(void)state;
	char text[CHG_REFUND_HANDLE_MAX];
	int64_t id;
	size_t len = chg_refund_handle_write(1234567, text);
	for (size_t at = 3; at < len; at++) {
		if (text[at] == '-')
			continue;
		char good = text[at];
		for (char digit = '0'; digit <= '9'; digit++) {
			text[at] = digit;
			assert_int_equal(chg_refund_handle_read(chg_view_of(text), &id),
				digit == good ? CHG_OK : CHG_E_SYNTAX);
		}
		text[at] = good;
	}
	for (size_t at = 3; at + 1 < strlen("R1-1234567"); at++) {
		char swapped[CHG_REFUND_HANDLE_MAX];
		memcpy(swapped, text, sizeof swapped);
		swapped[at] = text[at + 1];
		swapped[at + 1] = text[at];
		assert_int_equal(chg_refund_handle_read(chg_view_of(swapped), &id), CHG_E_SYNTAX);
	}
}

static void what_is_not_ours_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "R", "R1", "R1-", "R1--", "R1-0-01", "R1-0-98",
		"R2-12-62", "r1-12-62", "R1-012-62", "R1-12-62 ", " R1-12-62", "R1-12", "R1-12-",
		"R1-99999999999999999999-00",
		"R1-9223372036854775808000000000000000000000000000000000000000000000000000000" };
	int64_t id;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_int_equal(chg_refund_handle_read(chg_view_of(texts[i]), &id), CHG_E_SYNTAX);
	assert_int_equal(chg_refund_handle_read((struct chg_view){ 0 }, &id), CHG_E_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "what is written is read", .test_func = what_is_written_is_read },
		{ .name = "a handle looks like this", .test_func = it_looks_like_this },
		{ .name = "a wrong digit and swapped neighbours are noticed",
			.test_func = slips_are_noticed },
		{ .name = "what is not ours is refused", .test_func = what_is_not_ours_is_refused },
	};
	return cmocka_run_group_tests_name("handles of debits", tests, NULL, NULL);
}

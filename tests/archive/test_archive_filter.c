/* SPDX-License-Identifier: BSD-3-Clause
 * The filter of search terms: never forgets one, and seldom imagines one.
 */
#include "archive/archive_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	TERMS = 5000,
};

static uint64_t term_of(unsigned number)
{
	char text[32];
	snprintf(text, sizeof text, "sip:user%u@example.net", number);
	return chg_archive_term(CHG_CDR_TERM_PARTY, chg_view_of(text));
}

static void what_was_added_is_there(void **state)
{
	size_t size = chg_archive_filter_size(TERMS);
	uint8_t *filter = calloc(1, size);
	unsigned imagined = 0;
	(void)state;
	assert_non_null(filter);
	for (unsigned i = 0; i < TERMS; i++)
		chg_archive_filter_add(filter, size, term_of(i));
	for (unsigned i = 0; i < TERMS; i++)
		assert_true(chg_archive_filter_has(filter, size, term_of(i)));
	for (unsigned i = TERMS; i < 2 * TERMS; i++)
		imagined += chg_archive_filter_has(filter, size, term_of(i));
	if (imagined > TERMS / 50)
		fail_msg("%u of %d terms that are not there seem to be", imagined, TERMS);
	free(filter);
}

static void kinds_are_told_apart(void **state)
{
	(void)state;
	assert_true(chg_archive_term(CHG_CDR_TERM_SESSION, CHG_VIEW("a")) !=
		    chg_archive_term(CHG_CDR_TERM_ICID, CHG_VIEW("a")));
	assert_true(chg_archive_term(CHG_CDR_TERM_SESSION, CHG_VIEW("a")) !=
		    chg_archive_term(CHG_CDR_TERM_SESSION, CHG_VIEW("b")));
}

/* A file of today has to be readable for ever. */
static void the_number_of_a_term_never_changes(void **state)
{
	(void)state;
	assert_int_equal(chg_archive_term(CHG_CDR_TERM_PARTY, CHG_VIEW("tel:+49301234")),
		UINT64_C(0x3567afe470cb0886));
}

static void a_filter_has_a_size(void **state)
{
	static const struct {
		size_t terms, size;
	} rows[] = {
		{ 0, CHG_ARCHIVE_FILTER_MIN },
		{ 1, CHG_ARCHIVE_FILTER_MIN },
		{ 1000, 1251 },
		{ SIZE_MAX, CHG_ARCHIVE_FILTER_MAX },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(chg_archive_filter_size(rows[i].terms), rows[i].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "what was added is there, and little else",
			.test_func = what_was_added_is_there },
		{ .name = "terms of two kinds are two terms", .test_func = kinds_are_told_apart },
		{ .name = "the number of a term never changes",
			.test_func = the_number_of_a_term_never_changes },
		{ .name = "a filter is as large as its terms need, within bounds",
			.test_func = a_filter_has_a_size },
	};
	return cmocka_run_group_tests_name("filters of archives", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Times in steps: never told shorter than they were, and hardly longer.
 */
#include "chgplay/histogram.h"
#include "support/table.h"

#include <stdlib.h>

static const struct error_row {
	const char *says;
	int64_t us;
	int64_t error_us; /* at most so much longer */
} error_rows[] = {
	{ "no time at all is exact", 0, 0 },
	{ "a microsecond is exact", 1, 0 },
	{ "the last of the exact ones is exact", 255, 0 },
	{ "the first step of two microseconds", 256, 1 },
	{ "a power of two less one", 4095, 15 },
	{ "a power of two", 4096, 31 },
	{ "a power of two and one", 4097, 31 },
	{ "a second is told to eight milliseconds", 1000000, 8000 },
	{ "a minute is told to half a second", 60000000, 480000 },
	{ "an hour is told to half a minute", 3600000000, 28800000 },
	{ "a day is told to twelve minutes", 86400000000, 691200000 },
};

static struct chg_histogram *new_histogram(void)
{
	struct chg_histogram *histogram = calloc(1, sizeof *histogram);
	assert_non_null(histogram);
	return histogram;
}

/* With a longer one beside it, which is the longest and so exact. */
static void error_row_holds(void **state)
{
	const struct error_row *row = *state;
	struct chg_histogram *histogram = new_histogram();
	chg_histogram_add(histogram, row->us);
	chg_histogram_add(histogram, row->us * 2 + 1000);
	assert_in_range(chg_histogram_at(histogram, 500), row->us, row->us + row->error_us);
	assert_int_equal(chg_histogram_at(histogram, 1000), row->us * 2 + 1000);
	free(histogram);
}

static const struct share_row {
	const char *says;
	uint32_t per_mille;
	int64_t us; /* of 1, 2 ... 200 */
} share_rows[] = {
	{ "of nothing the shortest is told", 0, 1 },
	{ "half of them", 500, 100 },
	{ "nine tenths", 900, 180 },
	{ "ninety-nine of a hundred", 990, 198 },
	{ "999 of a thousand are all of two hundred", 999, 200 },
	{ "all of them", 1000, 200 },
};

static void share_row_holds(void **state)
{
	const struct share_row *row = *state;
	struct chg_histogram *histogram = new_histogram();
	for (int64_t us = 200; us > 0; us--)
		chg_histogram_add(histogram, us);
	assert_int_equal(chg_histogram_at(histogram, row->per_mille), row->us);
	free(histogram);
}

static void nothing_took_no_time(void **state)
{
	(void)state;
	struct chg_histogram *histogram = new_histogram();
	assert_int_equal(chg_histogram_at(histogram, 500), 0);
	assert_int_equal(chg_histogram_at(histogram, 1000), 0);
	free(histogram);
}

static void a_time_before_the_beginning_is_none(void **state)
{
	(void)state;
	struct chg_histogram *histogram = new_histogram();
	chg_histogram_add(histogram, -5);
	assert_int_equal(chg_histogram_at(histogram, 1000), 0);
	assert_int_equal(histogram->bucket[0], 1);
	free(histogram);
}

static void what_is_longer_than_all_steps_is_in_the_last(void **state)
{
	(void)state;
	struct chg_histogram *histogram = new_histogram();
	chg_histogram_add(histogram, INT64_MAX);
	chg_histogram_add(histogram, INT64_MAX - 1);
	assert_int_equal(histogram->bucket[CHG_HISTOGRAM_BUCKETS - 1], 2);
	assert_int_equal(chg_histogram_at(histogram, 500), INT64_MAX);
	free(histogram);
}

static void a_share_of_very_many_does_not_overflow(void **state)
{
	(void)state;
	struct chg_histogram *histogram = new_histogram();
	histogram->bucket[3] = UINT64_C(1) << 59;
	histogram->bucket[7] = UINT64_C(1) << 60;
	histogram->count = histogram->bucket[3] + histogram->bucket[7];
	histogram->longest_us = 7;
	assert_int_equal(chg_histogram_at(histogram, 333), 3);
	assert_int_equal(chg_histogram_at(histogram, 999), 7);
	free(histogram);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_took_no_time),
		cmocka_unit_test(a_time_before_the_beginning_is_none),
		cmocka_unit_test(what_is_longer_than_all_steps_is_in_the_last),
		cmocka_unit_test(a_share_of_very_many_does_not_overflow),
	};
	return TABLE_RUN("errors of a histogram", error_rows, error_row_holds) +
	       TABLE_RUN("shares of a histogram", share_rows, share_row_holds) +
	       cmocka_run_group_tests_name("ends of a histogram", tests, NULL, NULL);
}

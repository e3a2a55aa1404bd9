/* SPDX-License-Identifier: BSD-3-Clause
 * When requests are due follows from the start, the rate and the seed, and from nothing else.
 */
#include "chgplay/arrival.h"
#include "support/table.h"

enum {
	START_US = 5000000,
	MANY = 200000,
};

static const struct even_row {
	const char *says;
	uint32_t rate;
	uint32_t place;
	uint32_t places;
	uint64_t taken;
	int64_t due_us; /* after the start */
} even_rows[] = {
	{ "the first is due at the start", 1000, 0, 1, 0, 0 },
	{ "the next one a distance later", 1000, 0, 1, 1, 1000 },
	{ "a connection has every so-many-th", 1000, 0, 4, 1, 4000 },
	{ "connections take turns", 1000, 3, 4, 0, 3000 },
	{ "a third of a second is not rounded up", 3, 0, 1, 1, 333333 },
	{ "three thirds are a second", 3, 0, 1, 3, 1000000 },
	{ "nothing adds up in a day", 3, 0, 1, 3 * 86400, INT64_C(86400000000) },
	{ "the slowest of all", 1, 63, 64, 1, 127000000 },
	{ "the fastest of all", 10000000, 1, 64, 100000, 640000 },
};

static void even_row_holds(void **state)
{
	const struct even_row *row = *state;
	struct chg_arrival arrival;
	chg_arrival_init(
		&arrival, CHG_ARRIVAL_EVEN, row->rate, row->place, row->places, 1, START_US);
	for (uint64_t i = 0; i < row->taken; i++)
		chg_arrival_take(&arrival);
	assert_int_equal(chg_arrival_due_us(&arrival) - START_US, row->due_us);
}

static const struct exponential_row {
	const char *says;
	uint64_t random;
	int64_t mean_ns;
	int64_t from_ns;
	int64_t to_ns;
} exponential_rows[] = {
	{ "half of the distances are under ln 2 of the mean", UINT64_C(1) << 63, 1000000000,
		693145000, 693149000 },
	{ "a quarter is over twice that", UINT64_C(1) << 62, 1000000000, 1386292000, 1386297000 },
	{ "the largest number is nearly no distance", UINT64_MAX, 1000000000, 0, 2000 },
	{ "the smallest is the longest distance, 44 means", 1, 1000000000, 44361300000,
		44361500000 },
	{ "none is taken for the smallest", 0, 1000000000, 44361300000, 44361500000 },
	{ "a mean of a minute does not overflow", 1, 64000000000, 2839120000000, 2839136000000 },
	{ "a mean of a nanosecond is told in nanoseconds", 1, 1, 44, 44 },
	{ "e to the -1 is one mean", UINT64_C(6786177901268885272), 1000000000, 999998000,
		1000002000 },
};

static void exponential_row_holds(void **state)
{
	const struct exponential_row *row = *state;
	assert_in_range(chg_exponential_ns(row->mean_ns, row->random), row->from_ns, row->to_ns);
}

static struct chg_arrival poisson(uint32_t place, uint64_t seed)
{
	struct chg_arrival arrival;
	chg_arrival_init(&arrival, CHG_ARRIVAL_POISSON, 4000, place, 4, seed, START_US);
	return arrival;
}

static void poisson_arrivals_keep_their_rate(void **state)
{
	(void)state;
	struct chg_arrival arrival = poisson(0, 7);
	for (int i = 0; i < MANY; i++)
		chg_arrival_take(&arrival);
	/* A millisecond each; the error of the mean is one in the root of many. */
	int64_t took_us = chg_arrival_due_us(&arrival) - START_US;
	assert_in_range(took_us, INT64_C(1000) * MANY * 99 / 100, INT64_C(1000) * MANY * 101 / 100);
}

static void of_poisson_distances_36_8_percent_are_over_the_mean(void **state)
{
	(void)state;
	struct chg_arrival arrival = poisson(1, 7);
	int longer = 0;
	for (int i = 0; i < MANY; i++) {
		int64_t before = arrival.due_ns;
		chg_arrival_take(&arrival);
		assert_true(arrival.due_ns >= before);
		longer += arrival.due_ns - before > 1000000;
	}
	assert_in_range(longer, MANY * 363 / 1000, MANY * 373 / 1000);
}

/* Whether two schedules have the same hundred times. */
static int is_same(struct chg_arrival a, struct chg_arrival b)
{
	for (int i = 0; i < 100; i++) {
		if (a.due_ns != b.due_ns)
			return 0;
		chg_arrival_take(&a);
		chg_arrival_take(&b);
	}
	return 1;
}

static void the_same_seed_gives_the_same_times(void **state)
{
	(void)state;
	assert_true(is_same(poisson(2, 7), poisson(2, 7)));
}

static void another_seed_or_connection_gives_others(void **state)
{
	(void)state;
	assert_false(is_same(poisson(2, 7), poisson(2, 8)));
	assert_false(is_same(poisson(2, 7), poisson(3, 7)));
}

static void a_random_number_stays_below_its_bound_and_reaches_all_under_it(void **state)
{
	(void)state;
	uint64_t seed = 1;
	int seen[5] = { 0 };
	for (int i = 0; i < 1000; i++)
		seen[chg_random_below(&seed, 5)]++;
	for (int i = 0; i < 5; i++)
		assert_in_range(seen[i], 150, 250);
	assert_int_equal(chg_random_below(&seed, 1), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(poisson_arrivals_keep_their_rate),
		cmocka_unit_test(of_poisson_distances_36_8_percent_are_over_the_mean),
		cmocka_unit_test(the_same_seed_gives_the_same_times),
		cmocka_unit_test(another_seed_or_connection_gives_others),
		cmocka_unit_test(a_random_number_stays_below_its_bound_and_reaches_all_under_it),
	};
	return TABLE_RUN("even arrivals", even_rows, even_row_holds) +
	       TABLE_RUN("exponential distances", exponential_rows, exponential_row_holds) +
	       cmocka_run_group_tests_name("Poisson arrivals", tests, NULL, NULL);
}

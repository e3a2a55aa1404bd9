/* SPDX-License-Identifier: BSD-3-Clause
 * Rating: what a service comes to, and that it does not matter in how many reports.
 */
#include "core/rating.h"
#include "support/seed.h"
#include "support/table.h"

static struct chg_tariff tariff;

#define NIGHT ((chg_instant){ 0 })
#define DAY   ((chg_instant){ 43200 * CHG_US_PER_S })

/* A rule whose price is `day` from 08:00 to 20:00 and `night` otherwise. */
static struct chg_tariff_rule *flat(int64_t day, int64_t night, uint64_t per, uint64_t increment)
{
	tariff = (struct chg_tariff){ .version = 1, .rule_count = 2 };
	tariff.rule[0] = (struct chg_tariff_rule){
		.kind = CHG_TARIFF_FLAT,
		.per = per,
		.increment = increment,
		.band_count = 2,
		.band = { { .days = 0xff,
				  .from_minute = 480,
				  .until_minute = 1200,
				  .price = { day } },
			{ .days = 0xff, .until_minute = 1440, .price = { night } } },
	};
	tariff.rule[1] = tariff.rule[0];
	return &tariff.rule[0];
}

static const struct cost_row {
	const char *says;
	int64_t price, setup, minimum;
	uint64_t per, increment, units;
	enum chg_rounding rounding;
	enum chg_rc rc;
	int64_t cost;
} cost_rows[] = {
	{ "three messages", 50000, 0, 0, 1, 1, 3, CHG_ROUND_UP, CHG_OK, 150000 },
	{ "nothing used is free, set-up and minimum or not", 50000, 9, 99, 1, 1, 0, CHG_ROUND_UP,
		CHG_OK, 0 },
	{ "the set-up fee comes with the first unit", 50000, 100000, 0, 1, 1, 1, CHG_ROUND_UP,
		CHG_OK, 150000 },
	{ "the minimum is of the whole", 50000, 100000, 200000, 1, 1, 1, CHG_ROUND_UP, CHG_OK,
		200000 },
	{ "above the minimum it does nothing", 50000, 100000, 200000, 1, 1, 3, CHG_ROUND_UP, CHG_OK,
		250000 },
	{ "usage counts in whole increments", 10000, 0, 0, 10000, 1000, 1, CHG_ROUND_UP, CHG_OK,
		1000 },
	{ "a full increment is one increment", 10000, 0, 0, 10000, 1000, 1000, CHG_ROUND_UP, CHG_OK,
		1000 },
	{ "one more begins another", 10000, 0, 0, 10000, 1000, 1001, CHG_ROUND_UP, CHG_OK, 2000 },
	{ "rounded up", 1, 0, 0, 3, 1, 1, CHG_ROUND_UP, CHG_OK, 1 },
	{ "rounded down", 1, 0, 0, 3, 1, 2, CHG_ROUND_DOWN, CHG_OK, 0 },
	{ "rounded to even", 1, 0, 0, 2, 1, 3, CHG_ROUND_HALF_EVEN, CHG_OK, 2 },
	{ "2^64-1 units of a millionth are too much", 1, 0, 0, 1, 1, UINT64_MAX, CHG_ROUND_UP,
		CHG_E_RANGE, 0 },
	{ "2^64-1 units of a tiny price fit", 1, 0, 0, 1000, 1, UINT64_MAX, CHG_ROUND_DOWN, CHG_OK,
		INT64_C(18446744073709551) },
	{ "2^64-1 units in whole increments do not wrap", 1, 0, 0, 1000, 1000, UINT64_MAX,
		CHG_ROUND_DOWN, CHG_E_RANGE, 0 },
	{ "a set-up fee at the end of the range does not wrap", 1, INT64_MAX, 0, 1, 1, 1,
		CHG_ROUND_UP, CHG_E_RANGE, 0 },
};

static void cost_row_holds(void **state)
{
	const struct cost_row *row = *state;
	struct chg_tariff_rule *rule = flat(row->price, row->price, row->per, row->increment);
	rule->setup = (chg_money){ row->setup };
	rule->minimum = (chg_money){ row->minimum };
	rule->rounding = row->rounding;
	struct chg_rated before = { 0 }, after = { .units = 77 };
	assert_int_equal(
		chg_rating_add(&tariff, rule, &before, row->units, NIGHT, &after), row->rc);
	if (row->rc == CHG_OK)
		assert_true(after.charged.micros == row->cost && after.units == row->units);
	else
		assert_true(after.units == 77);
}

static int64_t add(
	const struct chg_tariff_rule *rule, struct chg_rated *rated, uint64_t more, chg_instant at)
{
	assert_int_equal(chg_rating_add(&tariff, rule, rated, more, at, rated), CHG_OK);
	return rated->charged.micros;
}

static void another_band_settles_the_old_one_and_counts_anew(void **state)
{
	(void)state;
	struct chg_rated rated = { 0 };
	struct chg_tariff_rule *rule = flat(2000, 1000, 10, 10);
	rule->setup = (chg_money){ 500 };
	assert_true(add(rule, &rated, 5, NIGHT) == 1500);
	assert_true(add(rule, &rated, 5, DAY) == 3500);
	assert_true(rated.settled.micros == 1500 && rated.units == 5);
	assert_true(add(rule, &rated, 5, DAY) == 3500);
	assert_true(add(rule, &rated, 1, NIGHT) == 4500);
}

static void a_report_of_nothing_ends_no_increment(void **state)
{
	(void)state;
	struct chg_rated rated = { 0 };
	struct chg_tariff_rule *rule = flat(2000, 1000, 10, 10);
	assert_true(add(rule, &rated, 5, NIGHT) == 1000);
	assert_true(add(rule, &rated, 0, DAY) == 1000);
	assert_true(add(rule, &rated, 5, NIGHT) == 1000);
}

static void bands_of_one_price_are_one(void **state)
{
	(void)state;
	struct chg_rated rated = { 0 };
	struct chg_tariff_rule *rule = flat(1000, 1000, 10, 10);
	assert_true(add(rule, &rated, 5, NIGHT) == 1000);
	assert_true(add(rule, &rated, 5, DAY) == 1000);
}

static void another_rule_keeps_what_was_charged_and_takes_no_second_set_up(void **state)
{
	(void)state;
	struct chg_rated rated = { 0 };
	struct chg_tariff_rule *rule = flat(1000, 1000, 1, 1);
	tariff.rule[0].setup = tariff.rule[1].setup = (chg_money){ 300 };
	assert_true(add(rule, &rated, 2, NIGHT) == 2300);
	assert_true(add(&tariff.rule[1], &rated, 1, NIGHT) == 3300);
	tariff.version = 2; /* the same place in another tariff is another rule */
	assert_true(add(&tariff.rule[1], &rated, 1, NIGHT) == 4300);
	assert_true(rated.version == 2 && rated.units == 1 && rated.rule == 2);
	tariff.rule[0].kind = CHG_TARIFF_FREE;
	assert_true(add(&tariff.rule[0], &rated, 9, NIGHT) == 4300);
}

static void a_set_up_fee_is_due_after_what_was_free(void **state)
{
	(void)state;
	struct chg_rated rated = { 0 };
	struct chg_tariff_rule *rule = flat(1000, 1000, 1, 1);
	rule->setup = (chg_money){ 300 };
	tariff.rule[1].kind = CHG_TARIFF_FREE;
	assert_true(add(&tariff.rule[1], &rated, 5, NIGHT) == 0);
	assert_true(add(rule, &rated, 1, NIGHT) == 1300);
}

static void what_is_free_or_not_charged_costs_nothing_and_is_counted(void **state)
{
	(void)state;
	for (int kind = CHG_TARIFF_FREE; kind <= CHG_TARIFF_UNCONTROLLED; kind++) {
		struct chg_rated rated = { 0 };
		struct chg_tariff_rule *rule = flat(1000, 1000, 1, 1);
		rule->kind = (enum chg_tariff_kind)kind;
		rule->setup = rule->minimum = (chg_money){ 5 };
		assert_true(add(rule, &rated, 7, NIGHT) == 0);
		assert_true(rated.units == 7);
		assert_true(chg_rating_affordable(
				    &tariff, rule, &rated, 1000, (chg_money){ -5 }, NIGHT) == 1000);
	}
}

static void counts_that_do_not_fit_are_told(void **state)
{
	(void)state;
	struct chg_tariff_rule *rule = flat(0, 0, 1, 1);
	struct chg_rated rated = { 0 }, after;
	assert_true(add(rule, &rated, UINT64_MAX, NIGHT) == 0);
	assert_int_equal(chg_rating_add(&tariff, rule, &rated, 1, NIGHT, &after), CHG_E_RANGE);
	assert_true(chg_rating_affordable(
			    &tariff, rule, &rated, UINT64_MAX, (chg_money){ 9 }, NIGHT) == 0);
}

/* A band that a stored state names and the tariff no longer has is another rule. */
static void a_state_of_another_shape_is_no_trap(void **state)
{
	(void)state;
	struct chg_tariff_rule *rule = flat(1000, 1000, 1, 1);
	struct chg_rated rated = {
		.rule = 1, .version = 1, .band = 15, .units = 3, .charged = { 3000 }
	};
	assert_true(add(rule, &rated, 1, NIGHT) == 4000);
}

static uint64_t some(uint64_t *seed, unsigned int bits)
{
	return seed_next(seed) >> (64 - bits + seed_below(seed, bits));
}

static struct chg_tariff_rule *any_rule(uint64_t *seed)
{
	struct chg_tariff_rule *rule = flat((int64_t)some(seed, 30), (int64_t)some(seed, 30),
		1 + some(seed, 20), 1 + some(seed, 12));
	rule->setup = (chg_money){ (int64_t)some(seed, 20) };
	rule->minimum = (chg_money){ (int64_t)some(seed, 24) };
	rule->rounding = (enum chg_rounding)seed_below(seed, 3);
	return rule;
}

static void many_reports_cost_what_one_costs(void **state)
{
	(void)state;
	uint64_t seed = 11;
	for (size_t round = 0; round < 3000; round++) {
		struct chg_tariff_rule *rule = any_rule(&seed);
		struct chg_rated whole = { 0 }, parts = { 0 };
		uint64_t sum = 0;
		int64_t debits = 0;
		for (size_t i = 0; i < 1 + seed_below(&seed, 9); i++) {
			int64_t before = parts.charged.micros;
			uint64_t more = seed_one_in(&seed, 4) ? 0 : some(&seed, 20);
			sum += more;
			debits += add(rule, &parts, more, NIGHT) - before;
			assert_true(parts.charged.micros >= before);
		}
		assert_true(add(rule, &whole, sum, NIGHT) == parts.charged.micros);
		assert_true(debits == whole.charged.micros);
	}
}

static void more_units_never_cost_less(void **state)
{
	(void)state;
	uint64_t seed = 12;
	for (size_t round = 0; round < 3000; round++) {
		struct chg_tariff_rule *rule = any_rule(&seed);
		struct chg_rated before = { 0 };
		add(rule, &before, some(&seed, 16), NIGHT);
		chg_instant at = seed_one_in(&seed, 2) ? NIGHT : DAY;
		uint64_t units = some(&seed, 20);
		struct chg_rated less = before, more = before;
		int64_t cost = add(rule, &less, units, at);
		assert_true(cost >= before.charged.micros);
		assert_true(add(rule, &more, units + some(&seed, 8), at) >= cost);
	}
}

static void what_money_buys_never_costs_more_and_one_more_would(void **state)
{
	(void)state;
	uint64_t seed = 13;
	for (size_t round = 0; round < 3000; round++) {
		struct chg_tariff_rule *rule = any_rule(&seed);
		struct chg_rated before = { 0 };
		add(rule, &before, some(&seed, 16), NIGHT);
		chg_money money = { (int64_t)some(&seed, 34) };
		uint64_t wanted = seed_one_in(&seed, 5) ? UINT64_MAX : some(&seed, 24);
		uint64_t units =
			chg_rating_affordable(&tariff, rule, &before, wanted, money, NIGHT);
		assert_true(units <= wanted);
		struct chg_rated after = before, above;
		assert_true(
			add(rule, &after, units, NIGHT) - before.charged.micros <= money.micros);
		if (units == wanted)
			continue;
		enum chg_rc rc = chg_rating_add(&tariff, rule, &before, units + 1, NIGHT, &above);
		assert_true(rc == CHG_E_RANGE ||
			    above.charged.micros - before.charged.micros > money.micros);
	}
}

static void more_money_never_buys_less(void **state)
{
	(void)state;
	uint64_t seed = 14;
	for (size_t round = 0; round < 2000; round++) {
		struct chg_tariff_rule *rule = any_rule(&seed);
		struct chg_rated before = { 0 };
		chg_money money = { (int64_t)some(&seed, 30) };
		chg_money more = { money.micros + (int64_t)some(&seed, 20) };
		uint64_t wanted = some(&seed, 30);
		assert_true(chg_rating_affordable(&tariff, rule, &before, wanted, money, NIGHT) <=
			    chg_rating_affordable(&tariff, rule, &before, wanted, more, NIGHT));
	}
}

static void the_steps_add_up_to_the_charge(void **state)
{
	(void)state;
	struct chg_tariff_rule *rule = flat(2000, 1000, 10, 10);
	rule->setup = (chg_money){ 500 };
	rule->minimum = (chg_money){ 5000 };
	struct chg_rated before = { 0 }, after;
	struct chg_rating_steps steps;
	assert_int_equal(
		chg_rating_explain(&tariff, rule, &before, 12, DAY, &steps, &after), CHG_OK);
	assert_true(steps.is_new_rule && !steps.is_new_band && steps.band == 0);
	assert_true(steps.setup.micros == 500 && steps.settled.micros == 500);
	assert_true(steps.units == 12 && steps.counted == 20 && steps.usage.micros == 4000);
	assert_true(steps.sum.micros == 4500 && after.charged.micros == 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_band_settles_the_old_one_and_counts_anew),
		cmocka_unit_test(a_report_of_nothing_ends_no_increment),
		cmocka_unit_test(bands_of_one_price_are_one),
		cmocka_unit_test(another_rule_keeps_what_was_charged_and_takes_no_second_set_up),
		cmocka_unit_test(a_set_up_fee_is_due_after_what_was_free),
		cmocka_unit_test(what_is_free_or_not_charged_costs_nothing_and_is_counted),
		cmocka_unit_test(counts_that_do_not_fit_are_told),
		cmocka_unit_test(a_state_of_another_shape_is_no_trap),
		cmocka_unit_test(many_reports_cost_what_one_costs),
		cmocka_unit_test(more_units_never_cost_less),
		cmocka_unit_test(what_money_buys_never_costs_more_and_one_more_would),
		cmocka_unit_test(more_money_never_buys_less),
		cmocka_unit_test(the_steps_add_up_to_the_charge),
	};
	int failed = TABLE_RUN("cost", cost_rows, cost_row_holds);
	failed += cmocka_run_group_tests_name("rating", tests, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

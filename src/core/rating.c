/* SPDX-License-Identifier: BSD-3-Clause
 * The charge of a service: always a total from the first unit on, so that reports may be cut as
 * they like (rule E-012).
 */
#include "core/rating.h"

#include <assert.h>

static uint32_t number_of(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule)
{
	assert(rule >= tariff->rule && rule < tariff->rule + tariff->rule_count);
	return (uint32_t)(rule - tariff->rule) + 1;
}

/* Bands of one price are one band: midnight between two of them begins nothing anew. */
static uint32_t band_of(
	const struct chg_tariff *tariff, const struct chg_tariff_rule *rule, chg_instant at)
{
	size_t band = chg_tariff_band_at(tariff, rule, at);
	size_t first = 0;
	while (rule->band[first].price.micros != rule->band[band].price.micros)
		first++;
	return (uint32_t)first;
}

/* What units of a band cost by themselves; the kinds of tariff_kind.def. */
static enum chg_rc cost(const struct chg_tariff_rule *rule, size_t band, uint64_t units,
	uint64_t *ret_counted, chg_money *ret)
{
	switch (rule->kind) {
	case CHG_TARIFF_FLAT:
		return chg_tariff_flat_cost(rule, band, units, ret_counted, ret);
	case CHG_TARIFF_FREE:
	case CHG_TARIFF_UNCONTROLLED:
		break;
	}
	*ret_counted = units;
	*ret = CHG_NO_MONEY;
	return CHG_OK;
}

static bool is_same_rule(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before)
{
	return before->rule == number_of(tariff, rule) && before->version == tariff->version &&
	       before->band < rule->band_count;
}

/* Another rule goes on from what was charged; nothing of it is counted again. */
static void begin_rule(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	uint32_t band, struct chg_rated *rated)
{
	rated->rule = number_of(tariff, rule);
	rated->version = tariff->version;
	rated->band = band;
	rated->units = 0;
	rated->settled = rated->charged;
}

/* Another band: the old one's cost is final, and counting begins anew. */
static enum chg_rc begin_band(
	const struct chg_tariff_rule *rule, uint32_t band, struct chg_rated *rated)
{
	uint64_t counted;
	chg_money old;
	enum chg_rc rc = cost(rule, rated->band, rated->units, &counted, &old);
	if (rc == CHG_OK)
		rc = chg_money_add(rated->settled, old, &rated->settled);
	rated->band = band;
	rated->units = 0;
	return rc;
}

static enum chg_rc enter(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	chg_instant at, struct chg_rated *rated, struct chg_rating_steps *steps)
{
	uint32_t band = band_of(tariff, rule, at);
	steps->band = chg_tariff_band_at(tariff, rule, at);
	steps->is_new_rule = !is_same_rule(tariff, rule, rated);
	steps->is_new_band = !steps->is_new_rule && rated->band != band;
	if (steps->is_new_rule)
		begin_rule(tariff, rule, band, rated);
	return steps->is_new_band ? begin_band(rule, band, rated) : CHG_OK;
}

/*
 * With the first unit that costs anything.  Who was charged under another rule has paid for the
 * beginning of this service already.
 */
static enum chg_rc take_setup(
	const struct chg_tariff_rule *rule, struct chg_rated *rated, struct chg_rating_steps *steps)
{
	if (rule->kind != CHG_TARIFF_FLAT || rated->charged.micros != 0)
		return CHG_OK;
	steps->setup = rule->setup;
	return chg_money_add(rated->settled, rule->setup, &rated->settled);
}

static enum chg_rc add_usage(const struct chg_tariff_rule *rule, uint64_t more,
	struct chg_rated *rated, struct chg_rating_steps *steps)
{
	chg_money sum;
	if (__builtin_add_overflow(rated->units, more, &rated->units))
		return CHG_E_RANGE;
	enum chg_rc rc = cost(rule, rated->band, rated->units, &steps->counted, &steps->usage);
	if (rc == CHG_OK)
		rc = chg_money_add(rated->settled, steps->usage, &sum);
	if (rc != CHG_OK)
		return rc;
	steps->units = rated->units;
	steps->settled = rated->settled;
	steps->sum = sum;
	if (rule->kind == CHG_TARIFF_FLAT)
		sum = chg_money_max(sum, rule->minimum);
	rated->charged = chg_money_max(rated->charged, sum);
	return CHG_OK;
}

enum chg_rc chg_rating_explain(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t more, chg_instant at,
	struct chg_rating_steps *ret_steps, struct chg_rated *ret_after)
{
	struct chg_rated after = *before;
	struct chg_rating_steps steps = { 0 };
	/* Nothing used is nothing changed: a report of zero must not end an increment. */
	if (more == 0 && before->rule != 0) {
		steps.band = chg_tariff_band_at(tariff, rule, at);
		*ret_steps = steps;
		*ret_after = after;
		return CHG_OK;
	}
	enum chg_rc rc = enter(tariff, rule, at, &after, &steps);
	if (rc == CHG_OK && more > 0)
		rc = take_setup(rule, &after, &steps);
	if (rc == CHG_OK && more > 0)
		rc = add_usage(rule, more, &after, &steps);
	if (rc != CHG_OK)
		return rc;
	*ret_steps = steps;
	*ret_after = after;
	return CHG_OK;
}

enum chg_rc chg_rating_add(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t more, chg_instant at, struct chg_rated *ret_after)
{
	struct chg_rating_steps steps;
	return chg_rating_explain(tariff, rule, before, more, at, &steps, ret_after);
}

static bool can_pay(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t units, chg_money money, chg_instant at)
{
	struct chg_rated after;
	chg_money more;
	if (chg_rating_add(tariff, rule, before, units, at, &after) != CHG_OK ||
		chg_money_subtract(after.charged, before->charged, &more) != CHG_OK)
		return false;
	return !chg_money_less(money, more);
}

uint64_t chg_rating_affordable(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t wanted, chg_money money, chg_instant at)
{
	chg_money purse = chg_money_max(money, CHG_NO_MONEY);
	if (can_pay(tariff, rule, before, wanted, purse, at))
		return wanted;
	uint64_t low = 0;       /* can be paid */
	uint64_t high = wanted; /* cannot */
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (can_pay(tariff, rule, before, middle, purse, at))
			low = middle;
		else
			high = middle;
	}
	return low;
}

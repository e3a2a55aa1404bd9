/* SPDX-License-Identifier: BSD-3-Clause
 * Units into money and money into units.  Rounds nowhere but in chg_money_scale.
 */
#ifndef CHG_CORE_RATING_H
#define CHG_CORE_RATING_H

#include "core/tariff.h"

/*
 * What one service of one session has come to so far.  Usage that arrives in many reports costs the
 * same as in one: each report is charged the difference of two totals (rule E-012).
 */
struct chg_rated {
	uint32_t rule;     /* index + 1 in the tariff of `version`; 0 before the first rating */
	uint32_t band;     /* index */
	int64_t version;   /* of the tariff */
	uint64_t units;    /* priced units in this band */
	chg_money settled; /* what came before this band: set-up fee, other bands, other rules */
	chg_money charged; /* total charged: what all debits of this service add up to */
};

/*
 * What a service costs in total when `more` units are used on top, at an instant.
 *
 *   ret_after   the state after them; charged is the new total
 *
 * The set-up fee comes with the first unit, unless something was charged already; the minimum is of
 * the whole charge.  Zero units change nothing.
 *
 *   CHG_E_RANGE  the amount or the count does not fit
 */
enum chg_rc chg_rating_add(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t more, chg_instant at, struct chg_rated *ret_after);

/* How a charge came about, for explanations. */
struct chg_rating_steps {
	size_t band;       /* that holds at the instant */
	bool is_new_rule;  /* counting began anew, on top of what was charged */
	bool is_new_band;  /* so it did, on top of the old band's cost */
	chg_money setup;   /* taken now */
	chg_money settled; /* set-up fee, other bands, other rules */
	uint64_t units;    /* in this band, with those from before */
	uint64_t counted;  /* the same in whole increments */
	chg_money usage;   /* their cost */
	chg_money sum;     /* settled + usage, before the minimum */
};

/* chg_rating_add, and how it went. */
enum chg_rc chg_rating_explain(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t more, chg_instant at,
	struct chg_rating_steps *ret_steps, struct chg_rated *ret_after);

/*
 * What units cost by themselves under a rule of the kind FLAT.
 *
 *   ret_counted  the units in whole increments
 */
enum chg_rc chg_tariff_flat_cost(const struct chg_tariff_rule *rule, size_t band, uint64_t units,
	uint64_t *ret_counted, chg_money *ret);

/*
 * The most units, at most `wanted`, whose cost on top of `before` is not above `money`.  Never costs
 * more than the money: found by trying chg_rating_add, which grows with its units.
 * Less money than none counts as none, which still buys what is free.
 */
uint64_t chg_rating_affordable(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t wanted, chg_money money, chg_instant at);

#endif

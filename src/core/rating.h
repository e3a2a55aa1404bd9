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
	chg_money settled; /* cost of the bands before this one, without set-up fee */
	chg_money charged; /* total charged: what all debits of this service add up to */
};

/*
 * What a service costs in total when `more` units are used on top, at an instant.
 *
 *   ret_after   the state after them; charged is the new total
 *
 *   CHG_E_RANGE  the amount does not fit
 */
enum chg_rc chg_rating_add(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t more, chg_instant at, struct chg_rated *ret_after);

/*
 * The most units, at most `wanted`, whose cost on top of `before` is not above `money`.  Never costs
 * more than the money: found by trying chg_rating_add, which grows with its units.
 */
uint64_t chg_rating_affordable(const struct chg_tariff *tariff, const struct chg_tariff_rule *rule,
	const struct chg_rated *before, uint64_t wanted, chg_money money, chg_instant at);

#endif

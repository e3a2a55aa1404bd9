/* SPDX-License-Identifier: BSD-3-Clause
 * A flat price: so much for so many units, counted in whole increments.
 */
#include "core/rating.h"

#include <assert.h>

/* The next whole increment. */
static enum chg_rc count_whole(uint64_t units, uint64_t increment, uint64_t *ret)
{
	assert(increment > 0);
	uint64_t rest = units % increment;
	uint64_t missing = rest == 0 ? 0 : increment - rest;
	return __builtin_add_overflow(units, missing, ret) ? CHG_E_RANGE : CHG_OK;
}

enum chg_rc chg_tariff_flat_cost(const struct chg_tariff_rule *rule, size_t band, uint64_t units,
	uint64_t *ret_counted, chg_money *ret)
{
	uint64_t counted;
	assert(band < rule->band_count);
	enum chg_rc rc = count_whole(units, rule->increment, &counted);
	if (rc != CHG_OK)
		return rc;
	*ret_counted = counted;
	return chg_money_scale(rule->band[band].price, counted, rule->per, rule->rounding, ret);
}

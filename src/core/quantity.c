/* SPDX-License-Identifier: BSD-3-Clause
 * Service units: their names, and how many kinds a group holds.
 */
#include "core/quantity.h"

#include <assert.h>

const char *chg_unit_text(enum chg_unit unit)
{
	static const char *const texts[CHG_UNIT_COUNT] = {
		[CHG_UNIT_SECONDS] = "second",
		[CHG_UNIT_OCTETS] = "octet",
		[CHG_UNIT_OCTETS_IN] = "input octet",
		[CHG_UNIT_OCTETS_OUT] = "output octet",
		[CHG_UNIT_MESSAGES] = "message",
	};
	assert((size_t)unit < CHG_UNIT_COUNT);
	return texts[unit];
}

size_t chg_units_kinds(const struct chg_units *units)
{
	size_t kinds = units->has_money ? 1 : 0;
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		kinds += units->of[i].is_present ? 1 : 0;
	return kinds;
}

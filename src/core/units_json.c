/* SPDX-License-Identifier: BSD-3-Clause
 * Units as a JSON object.
 */
#include "core/units_json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

size_t chg_units_json(const struct chg_units *units, char ret_text[CHG_UNITS_JSON_MAX])
{
	const char *separator = "";
	size_t len = (size_t)snprintf(ret_text, CHG_UNITS_JSON_MAX, "{");
	for (int unit = 0; unit < CHG_UNIT_COUNT; unit++) {
		if (!units->of[unit].is_present)
			continue;
		len += (size_t)snprintf(ret_text + len, CHG_UNITS_JSON_MAX - len,
			"%s\"%s\":%" PRIu64, separator, chg_unit_text((enum chg_unit)unit),
			units->of[unit].value);
		separator = ",";
	}
	if (units->has_money) {
		char money[CHG_MONEY_TEXT_MAX];
		chg_money_write(units->money, money);
		len += (size_t)snprintf(ret_text + len, CHG_UNITS_JSON_MAX - len,
			"%s\"money\":\"%s\"", separator, money);
		separator = ",";
	}
	if (units->has_money && units->currency.number != 0)
		len += (size_t)snprintf(ret_text + len, CHG_UNITS_JSON_MAX - len,
			"%s\"currency\":\"%s\"", separator, chg_currency_code(units->currency));
	len += (size_t)snprintf(ret_text + len, CHG_UNITS_JSON_MAX - len, "}");
	assert(len < CHG_UNITS_JSON_MAX);
	return len;
}

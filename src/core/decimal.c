/* SPDX-License-Identifier: BSD-3-Clause
 * Digits from the last to the first.
 */
#include "core/decimal.h"

#include <assert.h>

char *chg_decimal_put_places(char *to, uint64_t number, int places)
{
	assert(places >= 0 && places <= CHG_DECIMAL_MAX);
	for (int place = places - 1; place >= 0; place--) {
		to[place] = (char)('0' + number % 10);
		number /= 10;
	}
	return to + places;
}

char *chg_decimal_put_u64(char *to, uint64_t number)
{
	int places = 1;
	for (uint64_t rest = number / 10; rest > 0; rest /= 10)
		places++;
	return chg_decimal_put_places(to, number, places);
}

char *chg_decimal_put(char *to, int64_t number)
{
	if (number >= 0)
		return chg_decimal_put_u64(to, (uint64_t)number);
	*to = '-';
	return chg_decimal_put_u64(to + 1, 0 - (uint64_t)number);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Currencies by code and number, from the rows of currency.def.
 */
#include "core/money.h"

#include <stdio.h>

enum {
	CODE_LEN = 3,
	NUMBER_ROOM = 8,
};

static const struct row {
	char code[CODE_LEN + 1];
	uint16_t number;
} rows[] = {
#define CURRENCY(code, number) { #code, number },
#include "core/currency.def"
#undef CURRENCY
};

enum {
	ROW_COUNT = sizeof rows / sizeof rows[0],
};

bool chg_currency_row(size_t index, chg_currency *ret)
{
	if (index >= ROW_COUNT)
		return false;
	*ret = (chg_currency){ rows[index].number };
	return true;
}

/* Up to three digits; 1000 for anything else. */
static uint16_t number_of(struct chg_view text)
{
	uint16_t number = 0;
	if (text.len == 0 || text.len > CODE_LEN)
		return 1000;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return 1000;
		number = (uint16_t)(number * 10 + (text.ptr[i] - '0'));
	}
	return number;
}

enum chg_rc chg_currency_parse(struct chg_view text, chg_currency *ret)
{
	uint16_t number = number_of(text);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].number == number || chg_view_equal(chg_view_of(rows[i].code), text)) {
			*ret = (chg_currency){ rows[i].number };
			return CHG_OK;
		}
	}
	return CHG_E_UNKNOWN;
}

const char *chg_currency_code(chg_currency currency)
{
	static _Thread_local char number[NUMBER_ROOM];
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].number == currency.number)
			return rows[i].code;
	}
	snprintf(number, sizeof number, "%u", currency.number);
	return number;
}

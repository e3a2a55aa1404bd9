/* SPDX-License-Identifier: BSD-3-Clause
 * Money: whole millionths of a currency unit, checked, never rounded in silence.
 */
#ifndef CHG_CORE_MONEY_H
#define CHG_CORE_MONEY_H

#include "core/rc.h"
#include "core/view.h"

/* Millionths of one unit of the account's currency: EUR 1.20 is 1200000. */
typedef struct chg_money {
	int64_t micros;
} chg_money;

/* A currency is a property of the account; adding two currencies is not expressible.  ISO 4217. */
typedef struct chg_currency {
	uint16_t number; /* 978 for EUR; 0 none */
} chg_currency;

#define CHG_NO_MONEY ((chg_money){ 0 })

/* Which way a division that does not come out even goes.  Used by rating alone. */
enum chg_rounding {
	CHG_ROUND_UP,   /* towards the dearer: the default of a price */
	CHG_ROUND_DOWN, /* towards the cheaper */
	CHG_ROUND_HALF_EVEN,
};

/* All of these write *ret on CHG_OK only; CHG_E_RANGE: the result does not fit int64 millionths. */
enum chg_rc chg_money_add(chg_money a, chg_money b, chg_money *ret);
enum chg_rc chg_money_subtract(chg_money a, chg_money b, chg_money *ret);

/*
 * price * count / per, the one place where money is rounded.
 *
 *   per   greater than 0
 */
enum chg_rc chg_money_scale(
	chg_money price, uint64_t count, uint64_t per, enum chg_rounding rounding, chg_money *ret);

static inline bool chg_money_less(chg_money a, chg_money b)
{
	return a.micros < b.micros;
}

static inline chg_money chg_money_min(chg_money a, chg_money b)
{
	return a.micros < b.micros ? a : b;
}

static inline chg_money chg_money_max(chg_money a, chg_money b)
{
	return a.micros > b.micros ? a : b;
}

/*
 * Turns a Diameter Unit-Value into money.  RFC 8506 8.8 to 8.10
 *
 *   digits    Value-Digits, any int64
 *   exponent  Exponent, a power of ten; 0 when the AVP is absent
 *
 *   CHG_E_SYNTAX  the value is finer than a millionth; nothing is rounded
 *   CHG_E_RANGE   the value does not fit int64 millionths
 */
enum chg_rc chg_money_from_decimal(int64_t digits, int32_t exponent, chg_money *ret);

/*
 * The shortest Unit-Value for it: EUR 1.20 is 12 and -1; 100 is 100 and 0, where no Exponent is
 * needed; 0 is 0 and 0.  Never fails.
 */
void chg_money_to_decimal(chg_money money, int64_t *ret_digits, int32_t *ret_exponent);

/*
 * Reads "1.20", "-0.05", "3": digits with at most one point, at most six places behind it.
 *
 *   CHG_E_SYNTAX  anything else
 *   CHG_E_RANGE   too large
 */
enum chg_rc chg_money_parse(struct chg_view text, chg_money *ret);

enum {
	CHG_MONEY_TEXT_MAX = 32,
};

/* Writes "1.20": at least two places, no superfluous zeros behind them, terminated. */
void chg_money_write(chg_money money, char ret_text[CHG_MONEY_TEXT_MAX]);

/* The currency of a code such as "EUR", or of its number as text.  CHG_E_UNKNOWN: there is none. */
enum chg_rc chg_currency_parse(struct chg_view text, chg_currency *ret);

/* The currencies that there are, in the order of their codes; false beyond the last. */
bool chg_currency_row(size_t index, chg_currency *ret);

/* "EUR"; for one without a name its number as text, in a buffer of the thread.  Never NULL. */
const char *chg_currency_code(chg_currency currency);

#endif

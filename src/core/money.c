/* SPDX-License-Identifier: BSD-3-Clause
 * Money: sums that are checked, and the one division that rounds.
 */
#include "core/money.h"

#include <assert.h>
#include <stdio.h>

enum {
	PLACES = 6,       /* a millionth */
	PLACES_SHOWN = 2, /* at least */
	POWER_MAX = 18,   /* of ten, within int64 */
};

#define MICROS UINT64_C(1000000)

enum chg_rc chg_money_add(chg_money a, chg_money b, chg_money *ret)
{
	int64_t sum;
	if (__builtin_add_overflow(a.micros, b.micros, &sum))
		return CHG_E_RANGE;
	*ret = (chg_money){ sum };
	return CHG_OK;
}

enum chg_rc chg_money_subtract(chg_money a, chg_money b, chg_money *ret)
{
	int64_t difference;
	if (__builtin_sub_overflow(a.micros, b.micros, &difference))
		return CHG_E_RANGE;
	*ret = (chg_money){ difference };
	return CHG_OK;
}

/* Whether a division that leaves `rest` of `per` goes to the next higher number. */
static bool goes_up(__int128 floor, uint64_t rest, uint64_t per, enum chg_rounding rounding)
{
	if (rest == 0 || rounding == CHG_ROUND_DOWN)
		return false;
	if (rounding == CHG_ROUND_UP)
		return true;
	/* rest < per, so the other part does not wrap; doubling the rest could. */
	uint64_t other = per - rest;
	return rest > other || (rest == other && (floor & 1) != 0);
}

enum chg_rc chg_money_scale(
	chg_money price, uint64_t count, uint64_t per, enum chg_rounding rounding, chg_money *ret)
{
	assert(per > 0);
	/* 63 bits times 64 bits always fit. */
	__int128 product = (__int128)price.micros * count;
	__int128 floor = product / per;
	__int128 rest = product % per;
	if (rest < 0) {
		floor--;
		rest += per;
	}
	if (goes_up(floor, (uint64_t)rest, per, rounding))
		floor++;
	if (floor > INT64_MAX || floor < INT64_MIN)
		return CHG_E_RANGE;
	*ret = (chg_money){ (int64_t)floor };
	return CHG_OK;
}

static int64_t power_of_ten(int64_t exponent)
{
	assert(exponent >= 0 && exponent <= POWER_MAX);
	int64_t power = 1;
	for (int64_t i = 0; i < exponent; i++)
		power *= 10;
	return power;
}

enum chg_rc chg_money_from_decimal(int64_t digits, int32_t exponent, chg_money *ret)
{
	int64_t shift = (int64_t)exponent + PLACES;
	int64_t micros = digits;
	if (digits == 0)
		shift = 0;
	if (shift > POWER_MAX)
		return CHG_E_RANGE;
	if (shift < -POWER_MAX) /* no int64 has that many zeros at its end */
		return CHG_E_SYNTAX;
	if (shift > 0 && __builtin_mul_overflow(digits, power_of_ten(shift), &micros))
		return CHG_E_RANGE;
	if (shift < 0) {
		if (digits % power_of_ten(-shift) != 0)
			return CHG_E_SYNTAX;
		micros = digits / power_of_ten(-shift);
	}
	*ret = (chg_money){ micros };
	return CHG_OK;
}

/* Never a positive exponent: 100 needs no Exponent AVP at all, 1 and 2 would. */
void chg_money_to_decimal(chg_money money, int64_t *ret_digits, int32_t *ret_exponent)
{
	int64_t digits = money.micros;
	int32_t exponent = -PLACES;
	while (exponent < 0 && digits % 10 == 0) {
		digits /= 10;
		exponent++;
	}
	*ret_digits = digits;
	*ret_exponent = exponent;
}

/* Reads digits from *at on and adds them to *value. */
static enum chg_rc read_digits(struct chg_view text, size_t *at, size_t most, uint64_t *value)
{
	size_t start = *at;
	enum chg_rc rc = CHG_OK;
	for (; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(text.ptr[*at] - '0');
		if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
			__builtin_add_overflow(*value, digit, value))
			rc = CHG_E_RANGE;
	}
	return *at == start || *at - start > most ? CHG_E_SYNTAX : rc;
}

/* What stands behind the sign, in millionths. */
static enum chg_rc read_micros(struct chg_view text, size_t at, uint64_t *ret)
{
	uint64_t micros = 0;
	size_t places = 0;
	enum chg_rc rc = read_digits(text, &at, SIZE_MAX, &micros);
	enum chg_rc rc_behind = CHG_OK;
	if (at < text.len && text.ptr[at] == '.') {
		size_t point = at++;
		rc_behind = read_digits(text, &at, PLACES, &micros);
		places = at - point - 1;
	}
	if (at != text.len || rc == CHG_E_SYNTAX || rc_behind == CHG_E_SYNTAX)
		return CHG_E_SYNTAX;
	if (rc != CHG_OK || rc_behind != CHG_OK)
		return CHG_E_RANGE;
	uint64_t power = (uint64_t)power_of_ten(PLACES - (int64_t)places);
	return __builtin_mul_overflow(micros, power, ret) ? CHG_E_RANGE : CHG_OK;
}

enum chg_rc chg_money_parse(struct chg_view text, chg_money *ret)
{
	bool is_negative = text.len > 0 && text.ptr[0] == '-';
	uint64_t micros;
	enum chg_rc rc = read_micros(text, is_negative ? 1 : 0, &micros);
	if (rc != CHG_OK)
		return rc;
	if (micros > (uint64_t)INT64_MAX + (is_negative ? 1 : 0))
		return CHG_E_RANGE;
	*ret = (chg_money){ (int64_t)(is_negative ? 0 - micros : micros) };
	return CHG_OK;
}

void chg_money_write(chg_money money, char ret_text[CHG_MONEY_TEXT_MAX])
{
	bool is_negative = money.micros < 0;
	uint64_t micros = is_negative ? 0 - (uint64_t)money.micros : (uint64_t)money.micros;
	int len = snprintf(ret_text, CHG_MONEY_TEXT_MAX, "%s%llu.%06llu", is_negative ? "-" : "",
		(unsigned long long)(micros / MICROS), (unsigned long long)(micros % MICROS));
	assert(len > PLACES && len < CHG_MONEY_TEXT_MAX);
	for (int i = 0; i < PLACES - PLACES_SHOWN && ret_text[len - 1] == '0'; i++)
		ret_text[--len] = '\0';
}

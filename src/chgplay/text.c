/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers, hexadecimal octets and words.
 */
#include "chgplay/text.h"

bool chg_unsigned_read(struct chg_view text, uint64_t *ret)
{
	uint64_t value = 0;
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' ||
			__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

bool chg_number_read(struct chg_view text, int64_t *ret)
{
	uint64_t value;
	bool is_negative = text.len != 0 && text.ptr[0] == '-';
	if (is_negative)
		text = (struct chg_view){ text.ptr + 1, text.len - 1 };
	if (!chg_unsigned_read(text, &value) || value > INT64_MAX)
		return false;
	*ret = is_negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool chg_view_equal_nocase(struct chg_view a, struct chg_view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool chg_hex_is(struct chg_view text)
{
	return text.len >= 2 && text.ptr[0] == '0' && text.ptr[1] == 'x';
}

static int digit(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool chg_hex_read(struct chg_view text, uint8_t *ret, size_t size, size_t *ret_len)
{
	if (!chg_hex_is(text) || text.len % 2 != 0 || text.len / 2 - 1 > size)
		return false;
	*ret_len = text.len / 2 - 1;
	for (size_t i = 0; i < *ret_len; i++) {
		int high = digit(text.ptr[2 + 2 * i]);
		int low = digit(text.ptr[3 + 2 * i]);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

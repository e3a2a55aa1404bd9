/* SPDX-License-Identifier: BSD-3-Clause
 * Handles of debits: a number with a check of modulus 97 (ISO 7064).
 */
#include "core/refund.h"

#include <assert.h>
#include <string.h>

#include "core/decimal.h"

enum {
	MODULUS = 97,
};

/* 1 to 97: number * 100 + check is 1 modulo 97. */
static unsigned check_of(int64_t posting_id)
{
	uint64_t rest = (uint64_t)posting_id % MODULUS * 100 % MODULUS;
	return (unsigned)(MODULUS + 1 - rest);
}

size_t chg_refund_handle_write(int64_t posting_id, char ret_text[CHG_REFUND_HANDLE_MAX])
{
	assert(posting_id > 0);
	memcpy(ret_text, "R1-", 3);
	char *end = chg_decimal_put(ret_text + 3, posting_id);
	*end = '-';
	end = chg_decimal_put_places(end + 1, check_of(posting_id), 2);
	*end = '\0';
	return (size_t)(end - ret_text);
}

/* The digits between the dashes; the caller compares with what we would have written. */
static bool number_of(struct chg_view text, int64_t *ret)
{
	int64_t number = 0;
	size_t at = 3;
	for (; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text.ptr[at] - '0', &number))
			return false;
	}
	*ret = number;
	return number > 0;
}

enum chg_rc chg_refund_handle_read(struct chg_view text, int64_t *ret_posting_id)
{
	char expected[CHG_REFUND_HANDLE_MAX];
	int64_t number;
	if (text.len >= sizeof expected || !number_of(text, &number))
		return CHG_E_SYNTAX;
	size_t len = chg_refund_handle_write(number, expected);
	if (!chg_view_equal(text, (struct chg_view){ .ptr = expected, .len = len }))
		return CHG_E_SYNTAX;
	*ret_posting_id = number;
	return CHG_OK;
}

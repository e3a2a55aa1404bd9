/* SPDX-License-Identifier: BSD-3-Clause
 * Small readings of text that several parts of the player need.
 */
#ifndef CHG_CHGPLAY_TEXT_H
#define CHG_CHGPLAY_TEXT_H

#include "core/view.h"

/* A decimal number, '-' allowed, and nothing else.  False also when it does not fit. */
bool chg_number_read(struct chg_view text, int64_t *ret);

/* The same up to UINT64_MAX, without a sign. */
bool chg_unsigned_read(struct chg_view text, uint64_t *ret);

/* Whether the letters are the same, capital or not.  ASCII only. */
bool chg_view_equal_nocase(struct chg_view a, struct chg_view b);

/* Whether the text begins with "0x". */
bool chg_hex_is(struct chg_view text);

/* The octets behind "0x".  False for an odd or foreign digit and for more than `size` octets. */
bool chg_hex_read(struct chg_view text, uint8_t *ret, size_t size, size_t *ret_len);

#endif

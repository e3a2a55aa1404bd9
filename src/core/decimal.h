/* SPDX-License-Identifier: BSD-3-Clause
 * Whole numbers as decimal digits.  Every record has a dozen of them, and printf takes ten times as
 * long to read its format.
 */
#ifndef CHG_CORE_DECIMAL_H
#define CHG_CORE_DECIMAL_H

#include <stdint.h>

enum {
	CHG_DECIMAL_MAX =
		20, /* octets of any of them: 18446744073709551615, -9223372036854775808 */
};

/* Writes a number; returns where it ends, at most CHG_DECIMAL_MAX behind `to`.  No '\0' follows. */
char *chg_decimal_put(char *to, int64_t number);
char *chg_decimal_put_u64(char *to, uint64_t number);

/*
 * Writes the last `places` digits of a number, with zeros in front of it; returns where they end.
 *
 *   places  at most CHG_DECIMAL_MAX
 */
char *chg_decimal_put_places(char *to, uint64_t number, int places);

#endif

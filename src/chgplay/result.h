/* SPDX-License-Identifier: BSD-3-Clause
 * Result-Code values and the names that scripts and people use for them.
 */
#ifndef CHG_CHGPLAY_RESULT_H
#define CHG_CHGPLAY_RESULT_H

#include "core/view.h"

/* "2001", "SUCCESS", "success" or "out-of-space".  False when it is neither number nor name. */
bool chg_result_read(struct chg_view text, uint32_t *ret);

/* "SUCCESS" for 2001; "" for a number without a name. */
const char *chg_result_word(uint32_t code);

#endif

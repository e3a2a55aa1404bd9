/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers that may be absent: an AVP that was not there is not an AVP of value 0.
 */
#ifndef CHG_CORE_OPTION_H
#define CHG_CORE_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

typedef struct chg_opt_u32 {
	bool is_present;
	uint32_t value;
} chg_opt_u32;

typedef struct chg_opt_i32 {
	bool is_present;
	int32_t value;
} chg_opt_i32;

typedef struct chg_opt_u64 {
	bool is_present;
	uint64_t value;
} chg_opt_u64;

typedef struct chg_opt_instant {
	bool is_present;
	chg_instant value;
} chg_opt_instant;

#endif

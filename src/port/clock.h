/* SPDX-License-Identifier: BSD-3-Clause
 * Where time comes from.  core/instant.h says what the two times are.
 */
#ifndef CHG_PORT_CLOCK_H
#define CHG_PORT_CLOCK_H

#include "core/instant.h"

/* steady is that of now alone, for those who ask often. */
struct chg_clock {
	struct chg_now (*now)(void *self);
	chg_instant (*steady)(void *self);
	void *self;
};

#endif

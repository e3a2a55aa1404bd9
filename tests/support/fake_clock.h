/* SPDX-License-Identifier: BSD-3-Clause
 * A clock that stands still until it is moved.
 */
#ifndef CHG_TESTS_SUPPORT_FAKE_CLOCK_H
#define CHG_TESTS_SUPPORT_FAKE_CLOCK_H

#include "port/clock.h"

struct fake_clock {
	struct chg_now now;
};

/* 2026-01-01T00:00:00Z on both clocks. */
struct fake_clock fake_clock_start(void);

/* The port; borrows the clock. */
struct chg_clock fake_clock_port(struct fake_clock *clock);

/* Time passes: both clocks move. */
void fake_clock_pass(struct fake_clock *clock, int64_t us);

/* Somebody sets the clock on the wall: only that one moves, either way. */
void fake_clock_step_wall(struct fake_clock *clock, int64_t us);

#endif

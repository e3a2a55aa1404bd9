/* SPDX-License-Identifier: BSD-3-Clause
 * A clock that stands still until it is moved.
 */
#include "support/fake_clock.h"

#define START_US (INT64_C(1767225600) * CHG_US_PER_S)

static struct chg_now now(void *self)
{
	return ((struct fake_clock *)self)->now;
}

static chg_instant steady(void *self)
{
	return ((struct fake_clock *)self)->now.steady;
}

struct fake_clock fake_clock_start(void)
{
	return (struct fake_clock){ { { START_US }, { START_US } } };
}

struct chg_clock fake_clock_port(struct fake_clock *clock)
{
	return (struct chg_clock){ .now = now, .steady = steady, .self = clock };
}

void fake_clock_pass(struct fake_clock *clock, int64_t us)
{
	clock->now.wall.us += us;
	clock->now.steady.us += us;
}

void fake_clock_step_wall(struct fake_clock *clock, int64_t us)
{
	clock->now.wall.us += us;
}

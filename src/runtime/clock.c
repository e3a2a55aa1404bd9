/* SPDX-License-Identifier: BSD-3-Clause
 * Wall time from the system's clock, steady time from the time since boot.
 */
#include "runtime/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;
static int64_t steady_minus_boot_us; /* written once, before anybody reads it */

static int64_t read_us(clockid_t id)
{
	struct timespec at;
	int rc = clock_gettime(id, &at);
	assert(rc == 0);
	return (int64_t)at.tv_sec * CHG_US_PER_S + at.tv_nsec / 1000;
}

static void start(void)
{
	steady_minus_boot_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_BOOTTIME);
}

static chg_instant steady(void *self)
{
	(void)self;
	return (chg_instant){ read_us(CLOCK_BOOTTIME) + steady_minus_boot_us };
}

static struct chg_now now(void *self)
{
	return (struct chg_now){ .wall = { read_us(CLOCK_REALTIME) }, .steady = steady(self) };
}

struct chg_clock chg_clock_real(void)
{
	int rc = pthread_once(&started, start);
	assert(rc == 0);
	return (struct chg_clock){ .now = now, .steady = steady, .self = NULL };
}

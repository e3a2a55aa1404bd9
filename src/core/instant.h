/* SPDX-License-Identifier: BSD-3-Clause
 * Points in time and spans of time as two types, so that they cannot be mixed up.
 */
#ifndef CHG_CORE_INSTANT_H
#define CHG_CORE_INSTANT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted. */
typedef struct chg_instant {
	int64_t us;
} chg_instant;

/* A length of time in microseconds. */
typedef struct chg_span {
	int64_t us;
} chg_span;

#define CHG_US_PER_S INT64_C(1000000)

/*
 * What a decision may know of the time; read once per engine turn.
 *
 *   wall    the clock on the wall: what records and answers carry
 *   steady  the wall clock at the start of the node plus the time that has really passed since:
 *           what supervision is measured by, so that a stepped clock closes nothing early
 */
struct chg_now {
	chg_instant wall;
	chg_instant steady;
};

static inline chg_span chg_span_s(int64_t seconds)
{
	int64_t us;
	if (__builtin_mul_overflow(seconds, CHG_US_PER_S, &us))
		us = seconds < 0 ? INT64_MIN : INT64_MAX;
	return (chg_span){ us };
}

/* Saturates at the end of time, which is never reached by a sane span. */
static inline chg_instant chg_instant_add(chg_instant at, chg_span span)
{
	int64_t us;
	if (__builtin_add_overflow(at.us, span.us, &us))
		us = span.us < 0 ? INT64_MIN : INT64_MAX;
	return (chg_instant){ us };
}

static inline bool chg_instant_before(chg_instant a, chg_instant b)
{
	return a.us < b.us;
}

#endif

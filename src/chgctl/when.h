/* SPDX-License-Identifier: BSD-3-Clause
 * Times as an operator writes them, and as he reads them.
 */
#ifndef CHG_CHGCTL_WHEN_H
#define CHG_CHGCTL_WHEN_H

#include "core/instant.h"
#include "core/rc.h"

enum {
	/* Room for the longest written time or length of time. */
	CTL_WHEN_MAX = 48,
};

/*
 * Reads a time.
 *
 *   now  today  yesterday  tomorrow          a day is its first moment
 *   -2h  -7d  -30m  -45s  -1w  +1h           from now; -30min too
 *   2026-11-20  2026-11                      the first moment of it
 *   2026-11-20T08:15[:30[.5]][Z|+01:00]      also with a space in place of the T
 *   @1795200000                              seconds since 1970
 *
 *   is_local  times without an offset, and days, are those of the local zone and not of UTC
 *
 *   CHG_E_SYNTAX  none of these
 *   CHG_E_RANGE   no such date or time, or out of the years 1900 to 9999
 */
enum chg_rc ctl_when_read(const char *text, chg_instant now, bool is_local, chg_instant *ret);

/*
 * Reads a length of time: 90d, 36h, 4w, 10min or 45s.  "m" alone is none of them: half of its readers
 * would take it for minutes, the others for months.
 *
 *   CHG_E_SYNTAX  none of these
 *   CHG_E_RANGE   longer than a chg_span is
 */
enum chg_rc ctl_when_read_span(const char *text, chg_span *ret);

/*
 * Writes ISO 8601: 2026-11-20T08:15:30Z, or 2026-11-20T09:15:30+01:00 when is_local.  A fraction of
 * a second is written when there is one and has_fraction asks for it.
 */
void ctl_when_write(chg_instant at, bool is_local, bool has_fraction, char ret_text[CTL_WHEN_MAX]);

/* Writes a length of time as hours, minutes and seconds: 0:03:12, 27:00:00; "-" before negatives. */
void ctl_when_write_span(chg_span span, char ret_text[CTL_WHEN_MAX]);

/* Whole seconds of a span, towards earlier. */
int64_t ctl_when_seconds(int64_t us);

/* The wall clock. */
chg_instant ctl_when_now(void);

/* A clock that is never set, for progress. */
chg_instant ctl_when_steady(void);

#endif

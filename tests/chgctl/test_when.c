/* SPDX-License-Identifier: BSD-3-Clause
 * Times as an operator writes and reads them.
 */
#include "rows.h"

#include <stdlib.h>
#include <time.h>

#include "chgctl/when.h"

/* 2026-11-20T08:15:30.25Z, a Friday. */
#define NOW ((chg_instant){ INT64_C(1795162530250000) })

static const struct read_row {
	const char *says;
	const char *text;
	bool is_local; /* the zone of these tests is two hours east in summer, one in winter */
	enum chg_rc rc;
	int64_t us;
} read_rows[] = {
	{ "now is now", "now", false, CHG_OK, INT64_C(1795162530250000) },
	{ "today begins at midnight UTC", "today", false, CHG_OK, INT64_C(1795132800000000) },
	{ "yesterday is a day earlier", "yesterday", false, CHG_OK, INT64_C(1795046400000000) },
	{ "tomorrow is a day later", "Tomorrow", false, CHG_OK, INT64_C(1795219200000000) },
	{ "today in a zone begins at its midnight", "today", true, CHG_OK,
		INT64_C(1795129200000000) },
	{ "two hours ago", "-2h", false, CHG_OK, INT64_C(1795155330250000) },
	{ "seven days ago", "-7d", false, CHG_OK, INT64_C(1794557730250000) },
	{ "a week is seven days", "-1w", false, CHG_OK, INT64_C(1794557730250000) },
	{ "minutes ago, spelled out", "-30min", false, CHG_OK, INT64_C(1795160730250000) },
	{ "half an hour ahead", "+30m", false, CHG_OK, INT64_C(1795164330250000) },
	{ "seconds ago", "-45s", false, CHG_OK, INT64_C(1795162485250000) },
	{ "a date is its first moment", "2026-11-20", false, CHG_OK, INT64_C(1795132800000000) },
	{ "a month is its first moment", "2026-11", false, CHG_OK, INT64_C(1793491200000000) },
	{ "minutes suffice", "2026-11-20T08:15", false, CHG_OK, INT64_C(1795162500000000) },
	{ "a blank may stand for the T", "2026-11-20 08:15:30", false, CHG_OK,
		INT64_C(1795162530000000) },
	{ "a fraction counts", "2026-11-20T08:15:30.25Z", false, CHG_OK,
		INT64_C(1795162530250000) },
	{ "digits below a microsecond are dropped", "2026-11-20T08:15:30.2500009Z", false, CHG_OK,
		INT64_C(1795162530250000) },
	{ "an offset east is earlier in UTC", "2026-11-20T09:15:30+01:00", false, CHG_OK,
		INT64_C(1795162530000000) },
	{ "an offset west is later in UTC", "2026-11-20T03:15:30-0500", false, CHG_OK,
		INT64_C(1795162530000000) },
	{ "an offset may be hours alone", "2026-11-20T09:15:30+01", false, CHG_OK,
		INT64_C(1795162530000000) },
	{ "local winter time is an hour ahead", "2026-11-20T09:15:30", true, CHG_OK,
		INT64_C(1795162530000000) },
	{ "local summer time is two hours ahead", "2026-07-01T02:00", true, CHG_OK,
		INT64_C(1782864000000000) },
	{ "an offset beats the local zone", "2026-11-20T08:15:30Z", true, CHG_OK,
		INT64_C(1795162530000000) },
	{ "seconds since 1970", "@1795162530", false, CHG_OK, INT64_C(1795162530000000) },
	{ "a leap day exists", "2024-02-29", false, CHG_OK, INT64_C(1709164800000000) },
	{ "a leap day of a century does not", "2100-02-29", false, CHG_E_RANGE, 0 },
	{ "a leap second is the next second", "2016-12-31T23:59:60Z", false, CHG_OK,
		INT64_C(1483228800000000) },
	{ "before 1970 is fine", "1969-12-31T23:59:59Z", false, CHG_OK, INT64_C(-1000000) },
	{ "the thirteenth month is none", "2026-13-01", false, CHG_E_RANGE, 0 },
	{ "April has thirty days", "2026-04-31", false, CHG_E_RANGE, 0 },
	{ "hour 24 is none", "2026-04-30T24:00", false, CHG_E_RANGE, 0 },
	{ "year 1899 is out of the calendar", "1899-12-31", false, CHG_E_RANGE, 0 },
	{ "an empty text is no time", "", false, CHG_E_SYNTAX, 0 },
	{ "a sign alone is no time", "-", false, CHG_E_SYNTAX, 0 },
	{ "a length without a unit is no time", "-15", false, CHG_E_SYNTAX, 0 },
	{ "a length of unknown unit is no time", "-15y", false, CHG_E_SYNTAX, 0 },
	{ "a huge length is refused", "-99999999999w", false, CHG_E_RANGE, 0 },
	{ "a longer one too", "-99999999999999999999w", false, CHG_E_RANGE, 0 },
	{ "text behind a time is refused", "2026-11-20T08:15Z!", false, CHG_E_SYNTAX, 0 },
	{ "a year of two digits is no date", "26-11-20", false, CHG_E_SYNTAX, 0 },
	{ "a colon needs its minutes", "2026-11-20T08:15+01:", false, CHG_E_SYNTAX, 0 },
	{ "an offset beyond fourteen hours is none", "2026-11-20T08:15+15:00", false, CHG_E_SYNTAX,
		0 },
	{ "a word is no time", "recently", false, CHG_E_SYNTAX, 0 },
};

static const struct length_row {
	const char *says;
	const char *text;
	enum chg_rc rc;
	int64_t us;
} length_rows[] = {
	{ "days", "90d", CHG_OK, INT64_C(7776000000000) },
	{ "hours", "36h", CHG_OK, INT64_C(129600000000) },
	{ "weeks", "4w", CHG_OK, INT64_C(2419200000000) },
	{ "minutes have three letters", "10min", CHG_OK, 600000000 },
	{ "no seconds are a span", "0s", CHG_OK, 0 },
	{ "m is minutes or months", "3m", CHG_E_SYNTAX, 0 },
	{ "a number alone is no span", "90", CHG_E_SYNTAX, 0 },
	{ "a unit alone is no span", "d", CHG_E_SYNTAX, 0 },
	{ "no text is no span", "", CHG_E_SYNTAX, 0 },
	{ "a sign is no part of a span", "-3d", CHG_E_SYNTAX, 0 },
	{ "text behind it is refused", "3dd", CHG_E_SYNTAX, 0 },
	{ "the longest span", "9223372036854s", CHG_OK, INT64_C(9223372036854000000) },
	{ "a longer one", "9223372036855s", CHG_E_RANGE, 0 },
	{ "one that no number holds", "99999999999999999999d", CHG_E_RANGE, 0 },
};

static void length_row_holds(void **state)
{
	const struct length_row *row = *state;
	chg_span got = { 7 };

	assert_int_equal(ctl_when_read_span(row->text, &got), row->rc);
	assert_true(got.us == (row->rc == CHG_OK ? row->us : 7));
}

static void read_row_holds(void **state)
{
	const struct read_row *row = *state;
	chg_instant got = { 0 };

	assert_int_equal(ctl_when_read(row->text, NOW, row->is_local, &got), row->rc);
	assert_int_equal(got.us, row->us);
}

static const struct write_row {
	const char *says;
	int64_t us;
	bool is_local;
	bool has_fraction;
	const char *text;
} write_rows[] = {
	{ "UTC ends in Z", INT64_C(1795162530000000), false, true, "2026-11-20T08:15:30Z" },
	{ "a fraction is written when asked for", INT64_C(1795162530250000), false, true,
		"2026-11-20T08:15:30.250000Z" },
	{ "and not otherwise", INT64_C(1795162530250000), false, false, "2026-11-20T08:15:30Z" },
	{ "local time carries its offset", INT64_C(1795162530000000), true, true,
		"2026-11-20T09:15:30+01:00" },
	{ "summer time too", INT64_C(1782864000000000), true, true, "2026-07-01T02:00:00+02:00" },
	{ "a moment before 1970 rounds down", -1, false, true, "1969-12-31T23:59:59.999999Z" },
	{ "what has no year is a number", INT64_MAX, false, true, "@9223372036854" },
};

static void write_row_holds(void **state)
{
	const struct write_row *row = *state;
	char got[CTL_WHEN_MAX];

	ctl_when_write((chg_instant){ row->us }, row->is_local, row->has_fraction, got);
	assert_string_equal(got, row->text);
}

static const struct span_row {
	const char *says;
	int64_t us;
	const char *text;
} span_rows[] = {
	{ "nothing", 0, "0:00:00" },
	{ "less than a second is none", 999999, "0:00:00" },
	{ "minutes and seconds", INT64_C(192000000), "0:03:12" },
	{ "more than a day goes on in hours", INT64_C(97200000000), "27:00:00" },
	{ "a negative length has a sign", INT64_C(-61000000), "-0:01:01" },
	{ "the least length of all", INT64_MIN, "-2562047788:00:54" },
};

static void span_row_holds(void **state)
{
	const struct span_row *row = *state;
	char got[CTL_WHEN_MAX];

	ctl_when_write_span((chg_span){ row->us }, got);
	assert_string_equal(got, row->text);
}

int main(void)
{
	struct CMUnitTest tests[128];
	size_t count = 0;

	setenv("TZ", "TST-1TST-2,M3.5.0,M10.5.0/3", 1);
	tzset();
	ADD_ROWS(tests, &count, read_rows, read_row_holds);
	ADD_ROWS(tests, &count, write_rows, write_row_holds);
	ADD_ROWS(tests, &count, span_rows, span_row_holds);
	ADD_ROWS(tests, &count, length_rows, length_row_holds);
	return RUN_ROWS("times of an operator", tests, count);
}

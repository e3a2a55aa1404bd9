/* SPDX-License-Identifier: BSD-3-Clause
 * The calendar is computed here, so that no locale and no missing timegm has a say.
 */
#include "chgctl/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chgctl/text.h"
#include "core/decimal.h"

enum {
	YEAR_MIN = 1900,
	YEAR_MAX = 9999,
	S_PER_DAY = 86400,
};

struct civil {
	int64_t year, month, day, hour, minute, second;
	int64_t us;
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March here. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400; /* y is positive: YEAR_MIN */
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t month_days(int64_t year, int64_t month)
{
	static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && is_leap ? 29 : days[month - 1];
}

/* A second of 60 is a leap second and counts as the next one, as in POSIX. */
static bool is_possible(const struct civil *c)
{
	return c->year >= YEAR_MIN && c->year <= YEAR_MAX && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= month_days(c->year, c->month) && c->hour <= 23 &&
	       c->minute <= 59 && c->second <= 60;
}

static int64_t seconds_utc(const struct civil *c)
{
	return days_of(c->year, c->month, c->day) * S_PER_DAY + c->hour * 3600 + c->minute * 60 +
	       c->second;
}

static int64_t seconds_local(const struct civil *c)
{
	struct tm tm = {
		.tm_year = (int)c->year - 1900,
		.tm_mon = (int)c->month - 1,
		.tm_mday = (int)c->day,
		.tm_hour = (int)c->hour,
		.tm_min = (int)c->minute,
		.tm_sec = (int)c->second,
		.tm_isdst = -1,
	};
	return (int64_t)mktime(&tm);
}

/* Reads exactly `count` digits and moves on. */
static bool digits(const char **at, int count, int64_t *ret)
{
	int64_t number = 0;

	for (int i = 0; i < count; i++) {
		char c = (*at)[i];
		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (c - '0');
	}
	*at += count;
	*ret = number;
	return true;
}

static bool literal(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Up to six digits count; finer ones are read and dropped. */
static bool fraction(const char **at, int64_t *ret_us)
{
	int64_t us = 0, weight = 100000;
	const char *begin = *at;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		us += (**at - '0') * weight;
		weight /= 10;
	}
	*ret_us = us;
	return *at != begin;
}

static bool time_of_day(const char **at, struct civil *c)
{
	if (!digits(at, 2, &c->hour) || !literal(at, ':') || !digits(at, 2, &c->minute))
		return false;
	if (!literal(at, ':'))
		return true;
	if (!digits(at, 2, &c->second))
		return false;
	return !literal(at, '.') || fraction(at, &c->us);
}

/* "Z", "+01:00", "+0100", "+01" or nothing; an offset is in seconds east. */
static bool offset(const char **at, bool *ret_has, int64_t *ret_s)
{
	int64_t hours, minutes = 0;
	bool is_west = **at == '-';

	*ret_has = true;
	*ret_s = 0;
	if (literal(at, 'Z') || literal(at, 'z'))
		return true;
	if (!literal(at, '+') && !literal(at, '-')) {
		*ret_has = false;
		return true;
	}
	if (!digits(at, 2, &hours))
		return false;
	bool has_colon = literal(at, ':');
	if (!digits(at, 2, &minutes) && has_colon)
		return false;
	if (hours > 14 || minutes > 59)
		return false;
	*ret_s = (hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
	return true;
}

static enum chg_rc read_date(const char *text, bool is_local, chg_instant *ret)
{
	struct civil c = { .day = 1 };
	bool has_offset = false;
	int64_t offset_s = 0;

	if (!digits(&text, 4, &c.year) || !literal(&text, '-') || !digits(&text, 2, &c.month))
		return CHG_E_SYNTAX;
	if (literal(&text, '-')) {
		if (!digits(&text, 2, &c.day))
			return CHG_E_SYNTAX;
		if (literal(&text, 'T') || literal(&text, 't') || literal(&text, ' ')) {
			if (!time_of_day(&text, &c) || !offset(&text, &has_offset, &offset_s))
				return CHG_E_SYNTAX;
		}
	}
	if (*text != '\0')
		return CHG_E_SYNTAX;
	if (!is_possible(&c))
		return CHG_E_RANGE;
	int64_t s = is_local && !has_offset ? seconds_local(&c) : seconds_utc(&c) - offset_s;
	*ret = (chg_instant){ s * CHG_US_PER_S + c.us };
	return CHG_OK;
}

/* 0: there is no such unit. */
static int64_t unit_seconds(const char *unit)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "s", 1 }, { "m", 60 }, { "min", 60 }, { "h", 3600 }, { "d", S_PER_DAY },
		{ "w", INT64_C(7) * S_PER_DAY } };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(unit, units[i].name) == 0)
			return units[i].seconds;
	}
	return 0;
}

static enum chg_rc read_length(const char *text, chg_span *ret)
{
	const char *unit = text + strspn(text, "0123456789");
	int64_t us = unit_seconds(unit) * CHG_US_PER_S, number = 0;

	if (unit == text || us == 0)
		return CHG_E_SYNTAX;
	for (; text < unit; text++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *text - '0', &number))
			return CHG_E_RANGE;
	}
	if (__builtin_mul_overflow(number, us, &us))
		return CHG_E_RANGE;
	*ret = (chg_span){ us };
	return CHG_OK;
}

/* "-2h": text is behind its sign. */
static enum chg_rc read_relative(const char *text, int sign, chg_instant now, chg_instant *ret)
{
	chg_span span;
	enum chg_rc rc = read_length(text, &span);

	if (rc == CHG_OK)
		*ret = chg_instant_add(now, (chg_span){ sign * span.us });
	return rc;
}

enum chg_rc ctl_when_read_span(const char *text, chg_span *ret)
{
	bool is_m = strcmp(text + strspn(text, "0123456789"), "m") == 0;

	return is_m ? CHG_E_SYNTAX : read_length(text, ret);
}

/* The first moment of the day that is `days` after the day of now. */
static chg_instant day_begin(chg_instant now, int64_t days, bool is_local)
{
	int64_t s = ctl_when_seconds(now.us);
	struct tm tm;

	if (!is_local) {
		int64_t day = s / S_PER_DAY - (s % S_PER_DAY < 0 ? 1 : 0) + days;
		return (chg_instant){ day * S_PER_DAY * CHG_US_PER_S };
	}
	time_t seconds = (time_t)s;
	if (localtime_r(&seconds, &tm) == NULL)
		return now;
	tm.tm_mday += (int)days;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (chg_instant){ (int64_t)mktime(&tm) * CHG_US_PER_S };
}

enum chg_rc ctl_when_read(const char *text, chg_instant now, bool is_local, chg_instant *ret)
{
	static const struct {
		const char *word;
		int64_t days;
	} words[] = { { "yesterday", -1 }, { "today", 0 }, { "tomorrow", 1 } };
	uint64_t epoch;

	if (ctl_text_alike(text, "now")) {
		*ret = now;
		return CHG_OK;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (ctl_text_alike(text, words[i].word)) {
			*ret = day_begin(now, words[i].days, is_local);
			return CHG_OK;
		}
	}
	if (text[0] == '-' || text[0] == '+')
		return read_relative(text + 1, text[0] == '-' ? -1 : 1, now, ret);
	if (text[0] == '@') {
		if (!ctl_text_number(text + 1, INT64_C(253402300799), &epoch)) /* end of 9999 */
			return CHG_E_SYNTAX;
		*ret = (chg_instant){ (int64_t)epoch * CHG_US_PER_S };
		return CHG_OK;
	}
	return read_date(text, is_local, ret);
}

int64_t ctl_when_seconds(int64_t us)
{
	return us / CHG_US_PER_S - (us % CHG_US_PER_S < 0 ? 1 : 0);
}

static size_t write_offset(long east_s, char *text, size_t size)
{
	long minutes = (east_s < 0 ? -east_s : east_s) / 60;
	int len = snprintf(
		text, size, "%c%02ld:%02ld", east_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	return (size_t)len;
}

/* A part of a time and what stands behind it. */
static char *put_part(char *to, int number, int places, char behind)
{
	to = chg_decimal_put_places(to, (uint64_t)number, places);
	*to = behind;
	return to + 1;
}

void ctl_when_write(chg_instant at, bool is_local, bool has_fraction, char ret_text[CTL_WHEN_MAX])
{
	int64_t s = ctl_when_seconds(at.us);
	int64_t us = at.us - s * CHG_US_PER_S;
	time_t seconds = (time_t)s;
	struct tm tm;
	struct tm *known = is_local ? localtime_r(&seconds, &tm) : gmtime_r(&seconds, &tm);

	if (known == NULL || tm.tm_year > YEAR_MAX - 1900 || tm.tm_year < -1900) {
		/* No calendar has a name for it. */
		snprintf(ret_text, CTL_WHEN_MAX, "@%lld", (long long)s);
		return;
	}
	char *to = put_part(ret_text, tm.tm_year + 1900, 4, '-');
	to = put_part(to, tm.tm_mon + 1, 2, '-');
	to = put_part(to, tm.tm_mday, 2, 'T');
	to = put_part(to, tm.tm_hour, 2, ':');
	to = put_part(to, tm.tm_min, 2, ':');
	to = chg_decimal_put_places(to, (uint64_t)tm.tm_sec, 2);
	if (has_fraction && us != 0) {
		*to++ = '.';
		to = chg_decimal_put_places(to, (uint64_t)us, 6);
	}
	if (is_local)
		write_offset(tm.tm_gmtoff, to, CTL_WHEN_MAX - (size_t)(to - ret_text));
	else
		memcpy(to, "Z", sizeof "Z");
}

void ctl_when_write_span(chg_span span, char ret_text[CTL_WHEN_MAX])
{
	bool is_negative = span.us < 0;
	/* Towards zero, so that a negative span reads as its positive twin. */
	uint64_t s = (is_negative ? 0 - (uint64_t)span.us : (uint64_t)span.us) / CHG_US_PER_S;
	snprintf(ret_text, CTL_WHEN_MAX, "%s%llu:%02u:%02u", is_negative ? "-" : "",
		(unsigned long long)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static chg_instant clock_now(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts); /* fails for an unknown clock only */
	return (chg_instant){ (int64_t)ts.tv_sec * CHG_US_PER_S + ts.tv_nsec / 1000 };
}

chg_instant ctl_when_now(void)
{
	return clock_now(CLOCK_REALTIME);
}

chg_instant ctl_when_steady(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

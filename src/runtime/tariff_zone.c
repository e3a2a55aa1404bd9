/* SPDX-License-Identifier: BSD-3-Clause
 * TZif files: the shifts that they list, then those of the rule in their last line.  RFC 8536
 *
 * No call of the C library reads a zone by its name without changing the environment of all
 * threads, so this does.
 */
#include "runtime/tariff_zone.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/quote.h"
#include "runtime/yaml_read.h"

enum {
	FILE_MAX = 65536,
	HEAD_LEN = 44,
	NAME_MAX_LEN = 64,
	PATH_ROOM = 512,
	SHOWN_MAX = 80,
	S_PER_DAY = 86400,
	S_PER_HOUR = 3600,
	OFFSET_MAX_S = 26 * S_PER_HOUR, /* more is no zone of this world */
	HOURS_MAX = 167,                /* of a rule's time of the day, RFC 8536 3.3.1 */
};

/* The counts of a head, in the order in which they stand. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

/* What is still to be read. */
struct input {
	const unsigned char *at;
	size_t left;
};

static uint64_t big_endian(const unsigned char *bytes, size_t len)
{
	uint64_t number = 0;
	for (size_t i = 0; i < len; i++)
		number = number << 8 | bytes[i];
	return number;
}

static bool take(struct input *in, uint64_t len, const unsigned char **ret)
{
	if (len > in->left)
		return false;
	*ret = in->at;
	in->at += len;
	in->left -= (size_t)len;
	return true;
}

static bool take_head(struct input *in, char *ret_version, struct counts *ret)
{
	const unsigned char *head;
	if (!take(in, HEAD_LEN, &head) || memcmp(head, "TZif", 4) != 0)
		return false;
	*ret_version = (char)head[4];
	uint32_t *count[] = { &ret->isut, &ret->isstd, &ret->leap, &ret->time, &ret->type,
		&ret->chars };
	for (size_t i = 0; i < sizeof count / sizeof count[0]; i++)
		*count[i] = (uint32_t)big_endian(head + 20 + i * 4, 4);
	return true;
}

/* Octets of a block, times of `width` octets. */
static uint64_t block_len(const struct counts *counts, uint64_t width)
{
	return counts->time * (width + 1) + counts->type * UINT64_C(6) + counts->chars +
	       counts->leap * (width + 4) + counts->isstd + counts->isut;
}

static int64_t first_s(void)
{
	return chg_tariff_day_of(CHG_TARIFF_YEAR_FIRST, 1, 1) * S_PER_DAY;
}

static int64_t last_s(void)
{
	return chg_tariff_day_of(CHG_TARIFF_YEAR_LAST + 1, 1, 1) * S_PER_DAY;
}

/* Shifts come in their order; those before the first year fold into the first. */
static enum chg_rc add_shift(struct chg_tariff *tariff, int64_t at_s, int64_t offset_s)
{
	if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S)
		return CHG_E_SYNTAX;
	if (at_s >= last_s())
		return CHG_OK;
	if (at_s <= first_s()) {
		tariff->shift_count = 1;
		tariff->shift[0] =
			(struct chg_zone_shift){ { first_s() * CHG_US_PER_S }, (int32_t)offset_s };
		return CHG_OK;
	}
	struct chg_zone_shift *last = &tariff->shift[tariff->shift_count - 1];
	if (at_s * CHG_US_PER_S < last->at.us)
		return CHG_E_SYNTAX;
	if (at_s * CHG_US_PER_S == last->at.us)
		last->offset_s = (int32_t)offset_s;
	if (last->offset_s == offset_s)
		return CHG_OK;
	if (tariff->shift_count == CHG_ZONE_SHIFT_MAX)
		return CHG_E_RANGE;
	tariff->shift[tariff->shift_count++] =
		(struct chg_zone_shift){ { at_s * CHG_US_PER_S }, (int32_t)offset_s };
	return CHG_OK;
}

static int64_t offset_of(const unsigned char *types, uint32_t type)
{
	return (int32_t)big_endian(types + type * (size_t)6, 4);
}

/* ret_last: when the list ends */
static enum chg_rc add_listed(struct chg_tariff *tariff, struct chg_view block,
	const struct counts *counts, int64_t *ret_last)
{
	const unsigned char *times = (const unsigned char *)block.ptr;
	const unsigned char *indices = times + counts->time * (size_t)8;
	const unsigned char *types = indices + counts->time;
	int64_t last = INT64_MIN;
	enum chg_rc rc = add_shift(tariff, INT64_MIN, offset_of(types, 0));
	for (uint32_t i = 0; rc == CHG_OK && i < counts->time; i++) {
		int64_t at = (int64_t)big_endian(times + i * (size_t)8, 8);
		if (indices[i] >= counts->type || (i > 0 && at <= last))
			return CHG_E_SYNTAX;
		rc = add_shift(tariff, at, offset_of(types, indices[i]));
		last = at;
	}
	*ret_last = last;
	return rc;
}

/* --- the last line, as the TZ of POSIX: CET-1CEST,M3.5.0,M10.5.0/3 --- */

enum day_kind {
	DAY_JULIAN,  /* Jn: 1 .. 365, 29 February never counts */
	DAY_OF_YEAR, /* n: 0 .. 365 */
	DAY_OF_WEEK, /* Mm.w.d: the w-th d of month m, the fifth is the last */
};

struct change {
	enum day_kind kind;
	int month, week, day;
	int64_t time_s;
};

struct rule {
	bool has_summer;
	int64_t standard_s, summer_s; /* ahead of UTC */
	struct change to_summer, to_standard;
};

struct text {
	const char *at;
	const char *end;
};

static bool is_next(const struct text *text, char c)
{
	return text->at < text->end && *text->at == c;
}

static bool skip_char(struct text *text, char c)
{
	bool is = is_next(text, c);
	text->at += is ? 1 : 0;
	return is;
}

static bool is_digit_next(const struct text *text)
{
	return text->at < text->end && *text->at >= '0' && *text->at <= '9';
}

static bool take_int(struct text *text, int most, int *ret)
{
	int number = 0;
	if (!is_digit_next(text))
		return false;
	for (; is_digit_next(text); text->at++) {
		number = number * 10 + (*text->at - '0');
		if (number > most)
			return false;
	}
	*ret = number;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool skip_name(struct text *text)
{
	const char *start = text->at;
	if (skip_char(text, '<')) {
		while (text->at < text->end && *text->at != '>')
			text->at++;
		return skip_char(text, '>');
	}
	while (text->at < text->end && is_letter(*text->at))
		text->at++;
	return text->at > start;
}

/* [+-]hh[:mm[:ss]] */
static bool take_hours(struct text *text, int64_t *ret)
{
	int hours = 0, minutes = 0, seconds = 0;
	bool is_negative = skip_char(text, '-');
	if (!is_negative)
		(void)skip_char(text, '+');
	if (!take_int(text, HOURS_MAX, &hours))
		return false;
	if (skip_char(text, ':') && !take_int(text, 59, &minutes))
		return false;
	if (skip_char(text, ':') && !take_int(text, 59, &seconds))
		return false;
	int64_t sum = (int64_t)hours * S_PER_HOUR + (int64_t)minutes * 60 + seconds;
	*ret = is_negative ? -sum : sum;
	return true;
}

static bool take_day(struct text *text, struct change *ret)
{
	if (skip_char(text, 'M')) {
		ret->kind = DAY_OF_WEEK;
		return take_int(text, 12, &ret->month) && ret->month > 0 && skip_char(text, '.') &&
		       take_int(text, 5, &ret->week) && ret->week > 0 && skip_char(text, '.') &&
		       take_int(text, 6, &ret->day);
	}
	ret->kind = skip_char(text, 'J') ? DAY_JULIAN : DAY_OF_YEAR;
	return take_int(text, 365, &ret->day) && (ret->kind == DAY_OF_YEAR || ret->day > 0);
}

static bool take_change(struct text *text, struct change *ret)
{
	ret->time_s = INT64_C(2) * S_PER_HOUR;
	return skip_char(text, ',') && take_day(text, ret) &&
	       (!skip_char(text, '/') || take_hours(text, &ret->time_s));
}

/* POSIX counts west of Greenwich; we count east. */
static bool take_rule(struct text *text, struct rule *ret)
{
	int64_t west;
	if (!skip_name(text) || !take_hours(text, &west))
		return false;
	ret->standard_s = -west;
	ret->has_summer = text->at < text->end;
	if (!ret->has_summer)
		return true;
	ret->summer_s = ret->standard_s + S_PER_HOUR;
	if (!skip_name(text))
		return false;
	if (!is_next(text, ',')) {
		if (!take_hours(text, &west))
			return false;
		ret->summer_s = -west;
	}
	return take_change(text, &ret->to_summer) && take_change(text, &ret->to_standard) &&
	       text->at == text->end;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day since 1970 on which a change falls in a year. */
static int64_t day_of_change(const struct change *change, int64_t year)
{
	int64_t first = chg_tariff_day_of(year, 1, 1);
	if (change->kind == DAY_OF_YEAR)
		return first + change->day;
	if (change->kind == DAY_JULIAN)
		return first + change->day - 1 + (is_leap(year) && change->day > 59 ? 1 : 0);
	int64_t begin = chg_tariff_day_of(year, change->month, 1);
	int64_t end = change->month == 12 ? chg_tariff_day_of(year + 1, 1, 1)
					  : chg_tariff_day_of(year, change->month + 1, 1);
	int64_t weekday = (begin + 4) % 7; /* Sunday is 0; 1970-01-01 was a Thursday */
	int64_t day = begin + (change->day - weekday + 7) % 7 + ((int64_t)change->week - 1) * 7;
	return day < end ? day : day - 7;
}

static enum chg_rc add_change(struct chg_tariff *tariff, int64_t year, const struct change *change,
	int64_t before_s, int64_t offset_s, int64_t after_s)
{
	int64_t at = day_of_change(change, year) * S_PER_DAY + change->time_s - before_s;
	return at <= after_s ? CHG_OK : add_shift(tariff, at, offset_s);
}

static enum chg_rc add_year(
	struct chg_tariff *tariff, int64_t year, const struct rule *rule, int64_t after_s)
{
	bool is_north =
		day_of_change(&rule->to_summer, year) < day_of_change(&rule->to_standard, year);
	for (int i = 0; i < 2; i++) {
		bool to_summer = is_north == (i == 0);
		const struct change *change = to_summer ? &rule->to_summer : &rule->to_standard;
		int64_t before = to_summer ? rule->standard_s : rule->summer_s;
		int64_t offset = to_summer ? rule->summer_s : rule->standard_s;
		enum chg_rc rc = add_change(tariff, year, change, before, offset, after_s);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc add_ruled(struct chg_tariff *tariff, const struct rule *rule, int64_t after_s)
{
	/* Before the first year of the table too, so that it begins right. */
	int64_t year = CHG_TARIFF_YEAR_FIRST - 1;
	enum chg_rc rc = CHG_OK;
	if (!rule->has_summer)
		return after_s == INT64_MIN ? add_shift(tariff, INT64_MIN, rule->standard_s)
					    : CHG_OK;
	for (; rc == CHG_OK && year <= CHG_TARIFF_YEAR_LAST; year++)
		rc = add_year(tariff, year, rule, after_s);
	return rc;
}

/* Between two ends of line; an empty one says that nothing is known. */
static enum chg_rc add_footer(struct chg_tariff *tariff, struct input *in, int64_t after_s)
{
	const unsigned char *first;
	struct rule rule = { 0 };
	if (!take(in, 1, &first) || *first != '\n')
		return CHG_E_SYNTAX;
	const unsigned char *end = in->left == 0 ? NULL : memchr(in->at, '\n', in->left);
	if (end == NULL)
		return CHG_E_SYNTAX;
	struct text text = { (const char *)in->at, (const char *)end };
	if (text.at == text.end)
		return CHG_OK;
	return take_rule(&text, &rule) ? add_ruled(tariff, &rule, after_s) : CHG_E_SYNTAX;
}

enum chg_rc chg_tariff_zone_parse(struct chg_view file, struct chg_tariff *ret)
{
	struct input in = { (const unsigned char *)file.ptr, file.len };
	struct counts counts;
	const unsigned char *block;
	char version;
	int64_t last;
	/* The first block is for readers of times of 32 bits. */
	if (!take_head(&in, &version, &counts) || version < '2' ||
		!take(&in, block_len(&counts, 4), &block) || !take_head(&in, &version, &counts) ||
		counts.type == 0)
		return CHG_E_SYNTAX;
	uint64_t len = block_len(&counts, 8);
	if (!take(&in, len, &block))
		return CHG_E_SYNTAX;
	struct chg_view bytes = { (const char *)block, (size_t)len };
	enum chg_rc rc = add_listed(ret, bytes, &counts, &last);
	return rc == CHG_OK ? add_footer(ret, &in, last) : rc;
}

/* --- by name --- */

static void close_folder(DIR **folder)
{
	if (*folder != NULL)
		(void)closedir(*folder);
}

static void close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

/* The entry of a folder that is most like a name; false when none is near. */
static bool nearest_entry(const char *path, struct chg_view name, char ret[NAME_MAX_LEN])
{
	__attribute__((cleanup(close_folder))) DIR *folder = opendir(path);
	size_t least = CHG_YAML_GUESS_DISTANCE + 1;
	const struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		struct chg_view text = chg_view_of(entry->d_name);
		size_t d = chg_yaml_distance(name, text);
		if (d >= least || text.len >= NAME_MAX_LEN || text.ptr[0] == '.')
			continue;
		least = d;
		memcpy(ret, text.ptr, text.len + 1);
	}
	return least <= CHG_YAML_GUESS_DISTANCE;
}

static void explain_unknown(const char *folder, struct chg_view name, char *why)
{
	char shown[SHOWN_MAX], region[NAME_MAX_LEN], place[NAME_MAX_LEN], path[PATH_ROOM];
	(void)chg_quote_write(name, CHG_QUOTE_ALWAYS, shown, sizeof shown);
	const char *slash = name.len == 0 ? NULL : memchr(name.ptr, '/', name.len);
	size_t len = slash == NULL ? name.len : (size_t)(slash - name.ptr);
	bool is_near = len > 0 && nearest_entry(folder, (struct chg_view){ name.ptr, len }, region);
	if (is_near && slash != NULL) {
		struct chg_view rest = { slash + 1, name.len - len - 1 };
		(void)snprintf(path, sizeof path, "%s/%s", folder, region);
		is_near = nearest_entry(path, rest, place);
	}
	if (is_near)
		(void)snprintf(why, CHG_TARIFF_WHY_MAX, "there is no zone %s; did you mean %s%s%s?",
			shown, region, slash == NULL ? "" : "/", slash == NULL ? "" : place);
	else
		(void)snprintf(why, CHG_TARIFF_WHY_MAX,
			"there is no zone %s; write a name below %s, as in Europe/Berlin", shown,
			folder);
}

/* Letters, digits, + - _ and single slashes between them: no name leaves the folder. */
static bool is_name(struct chg_view name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool is_edge = i == 0 || i + 1 == name.len || name.ptr[i - 1] == '/';
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '_' &&
			!(c == '/' && !is_edge))
			return false;
	}
	return name.len > 0 && name.len < NAME_MAX_LEN;
}

static enum chg_rc refuse(enum chg_rc rc, const char *path, const char *cause, char *why)
{
	(void)snprintf(why, CHG_TARIFF_WHY_MAX,
		"the zone's file %.160s %s; install the package tzdata again, or choose another "
		"zone",
		path, cause);
	return rc;
}

enum chg_rc chg_tariff_zone_read(const char *folder, struct chg_view name, struct chg_tariff *ret,
	char reterr_why[CHG_TARIFF_WHY_MAX])
{
	char path[PATH_ROOM];
	char bytes[FILE_MAX];
	bool is_fine = is_name(name);
	(void)snprintf(path, sizeof path, "%s/%.*s", folder, is_fine ? (int)name.len : 0,
		is_fine ? name.ptr : "");
	__attribute__((cleanup(close_file))) FILE *file = is_fine ? fopen(path, "re") : NULL;
	if (file == NULL && (!is_fine || errno == ENOENT || errno == ENOTDIR)) {
		explain_unknown(folder, name, reterr_why);
		return CHG_E_UNKNOWN;
	}
	if (file == NULL)
		return refuse(CHG_E_SYSTEM, path, "cannot be read", reterr_why);
	size_t len = fread(bytes, 1, sizeof bytes, file);
	if (ferror(file) && errno == EISDIR) {
		explain_unknown(folder, name, reterr_why);
		return CHG_E_UNKNOWN;
	}
	enum chg_rc rc = chg_tariff_zone_parse((struct chg_view){ bytes, len }, ret);
	if (rc == CHG_E_SYNTAX)
		return refuse(rc, path, "is damaged or none", reterr_why);
	if (rc == CHG_E_RANGE)
		return refuse(rc, path, "shifts too often", reterr_why);
	(void)snprintf(ret->zone, sizeof ret->zone, "%.*s", (int)name.len, name.ptr);
	return CHG_OK;
}

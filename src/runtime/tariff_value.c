/* SPDX-License-Identifier: BSD-3-Clause
 * The words of a tariff file, by tables.
 */
#include "runtime/tariff_value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "core/ask.h"
#include "runtime/quote.h"
#include "runtime/yaml_read.h"

enum {
	SHOWN_MAX = 64,
	WORD_COUNT_MAX = 6, /* of a price, and one too many */
};

/* A word and what it stands for. */
struct word {
	const char *text;
	int32_t number;
	uint64_t times;
};

static const struct word units[] = {
	{ "message", CHG_UNIT_MESSAGES, 1 },
	{ "messages", CHG_UNIT_MESSAGES, 1 },
	{ "second", CHG_UNIT_SECONDS, 1 },
	{ "seconds", CHG_UNIT_SECONDS, 1 },
	{ "minute", CHG_UNIT_SECONDS, 60 },
	{ "minutes", CHG_UNIT_SECONDS, 60 },
	{ "hour", CHG_UNIT_SECONDS, 3600 },
	{ "hours", CHG_UNIT_SECONDS, 3600 },
	{ "octet", CHG_UNIT_OCTETS, 1 },
	{ "octets", CHG_UNIT_OCTETS, 1 },
	{ "byte", CHG_UNIT_OCTETS, 1 },
	{ "bytes", CHG_UNIT_OCTETS, 1 },
	{ "KB", CHG_UNIT_OCTETS, 1000 },
	{ "kB", CHG_UNIT_OCTETS, 1000 },
	{ "MB", CHG_UNIT_OCTETS, 1000000 },
	{ "GB", CHG_UNIT_OCTETS, 1000000000 },
	{ "KiB", CHG_UNIT_OCTETS, 1024 },
	{ "MiB", CHG_UNIT_OCTETS, 1048576 },
	{ "GiB", CHG_UNIT_OCTETS, 1073741824 },
};

#define DAY(n) (1 << (n))
static const struct word days[] = {
	{ "mon", DAY(0), 1 },
	{ "tue", DAY(1), 1 },
	{ "wed", DAY(2), 1 },
	{ "thu", DAY(3), 1 },
	{ "fri", DAY(4), 1 },
	{ "sat", DAY(5), 1 },
	{ "sun", DAY(6), 1 },
	{ "holidays", DAY(7), 1 },
	{ "weekdays", 0x1f, 1 },
	{ "weekend", 0x60, 1 },
};

static const struct word services[] = {
	{ "SENDING", CHG_AST_SENDING, 1 },
	{ "RECEIVING", CHG_AST_RECEIVING, 1 },
	{ "RETRIEVAL", CHG_AST_RETRIEVAL, 1 },
	{ "INVITING", CHG_AST_INVITING, 1 },
	{ "LEAVING", CHG_AST_LEAVING, 1 },
	{ "JOINING", CHG_AST_JOINING, 1 },
};

static const struct word roundings[] = {
	{ "up", CHG_ROUND_UP, 1 },
	{ "down", CHG_ROUND_DOWN, 1 },
	{ "half-even", CHG_ROUND_HALF_EVEN, 1 },
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

__attribute__((format(printf, 2, 3))) static bool refuse(
	char why[CHG_TARIFF_WHY_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(why, CHG_TARIFF_WHY_MAX, format, args);
	va_end(args);
	return false;
}

/* "%s" of a text from the file. */
struct shown {
	char text[SHOWN_MAX];
};

static struct shown show(struct chg_view text)
{
	struct shown shown;
	(void)chg_quote_write(text, CHG_QUOTE_ALWAYS, shown.text, sizeof shown.text);
	return shown;
}

static const struct word *find_word(const struct word *table, size_t count, struct chg_view text)
{
	for (size_t i = 0; i < count; i++) {
		if (chg_view_equal(chg_view_of(table[i].text), text))
			return &table[i];
	}
	return NULL;
}

static bool is_alike(const char *word, struct chg_view text)
{
	return strlen(word) == text.len && strncasecmp(word, text.ptr, text.len) == 0;
}

/* Another case of letters is the nearest mistake of all. */
static const struct word *nearest_word(const struct word *table, size_t count, struct chg_view text)
{
	const struct word *nearest = NULL;
	size_t least = CHG_YAML_GUESS_DISTANCE + 1;
	for (size_t i = 0; i < count; i++) {
		if (is_alike(table[i].text, text))
			return &table[i];
		size_t d = chg_yaml_distance(text, chg_view_of(table[i].text));
		if (d < least && d < text.len) {
			least = d;
			nearest = &table[i];
		}
	}
	return nearest;
}

static bool refuse_word(char why[CHG_TARIFF_WHY_MAX], const char *what, const struct word *table,
	size_t count, struct chg_view text)
{
	const struct word *nearest = nearest_word(table, count, text);
	if (nearest != NULL)
		return refuse(why, "there is no %s %s; did you mean %s?", what, show(text).text,
			nearest->text);
	int len = snprintf(
		why, CHG_TARIFF_WHY_MAX, "there is no %s %s; there is ", what, show(text).text);
	for (size_t i = 0; i < count && len < CHG_TARIFF_WHY_MAX; i++)
		len += snprintf(why + len, (size_t)(CHG_TARIFF_WHY_MAX - len), "%s%s",
			i == 0 ? "" : ", ", table[i].text);
	return false;
}

/* Words between blanks; returns their number, at most `most`. */
static size_t split(struct chg_view text, struct chg_view *ret, size_t most)
{
	size_t count = 0;
	size_t at = 0;
	while (count < most) {
		while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
			at++;
		size_t start = at;
		while (at < text.len && text.ptr[at] != ' ' && text.ptr[at] != '\t')
			at++;
		if (at == start)
			break;
		ret[count++] = (struct chg_view){ text.ptr + start, at - start };
	}
	return count;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits and nothing else. */
static bool read_number(struct chg_view text, uint64_t *ret)
{
	uint64_t number = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]) || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(text.ptr[i] - '0'), &number))
			return false;
	}
	*ret = number;
	return text.len > 0;
}

/* An amount but for more places behind the point than there are. */
static bool is_too_fine(struct chg_view text)
{
	size_t points = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '.')
			points++;
		else if (!is_digit(text.ptr[i]))
			return false;
	}
	return points == 1 && text.len > 1 && is_digit(text.ptr[0]) &&
	       is_digit(text.ptr[text.len - 1]);
}

static bool refuse_money(char why[CHG_TARIFF_WHY_MAX], struct chg_view text, enum chg_rc rc)
{
	if (rc == CHG_E_RANGE)
		return refuse(why, "%s is too large; the largest amount is 9223372036854.775807",
			show(text).text);
	if (is_too_fine(text))
		return refuse(why,
			"%s is finer than a millionth; write at most six places behind the point, "
			"or a price for more units",
			show(text).text);
	if (memchr(text.ptr, ',', text.len) != NULL)
		return refuse(why, "%s has a comma; write a point, as in 0.05", show(text).text);
	return refuse(
		why, "%s is no amount; write digits and a point, as in 0.05", show(text).text);
}

bool chg_tariff_read_money(
	struct chg_view text, chg_money *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	chg_money money;
	enum chg_rc rc = chg_money_parse(text, &money);
	if (rc != CHG_OK)
		return refuse_money(reterr_why, text, rc);
	if (money.micros < 0)
		return refuse(reterr_why, "%s is below zero; write 0 or more", show(text).text);
	*ret = money;
	return true;
}

static bool take_direction(const struct word *unit, struct chg_view direction, enum chg_unit *ret)
{
	if (unit->number != CHG_UNIT_OCTETS)
		return false;
	if (chg_view_equal(direction, CHG_VIEW("input")))
		*ret = CHG_UNIT_OCTETS_IN;
	else if (chg_view_equal(direction, CHG_VIEW("output")))
		*ret = CHG_UNIT_OCTETS_OUT;
	else
		return false;
	return true;
}

/* [number] [direction] unit */
static bool take_quantity(const struct chg_view *word, size_t count, bool has_zero,
	struct chg_tariff_quantity *ret, char why[CHG_TARIFF_WHY_MAX])
{
	struct chg_tariff_quantity quantity = { .count = 1 };
	bool has_number = count > 1 && is_digit(word[0].ptr[0]);
	if (has_number && !read_number(word[0], &quantity.count))
		return refuse(why, "%s is no whole number that fits 64 bits; write one, as in 10",
			show(word[0]).text);
	if (has_number && quantity.count == 0 && !has_zero)
		return refuse(why, "0 units are nothing; write 1 or more");
	word += has_number ? 1 : 0;
	count -= has_number ? 1 : 0;
	if (count == 0)
		return refuse(why, "the unit is missing; write for example 1 message or 10 KB");
	const struct word *unit = find_word(units, COUNT(units), word[count - 1]);
	if (unit == NULL)
		return refuse_word(why, "unit", units, COUNT(units), word[count - 1]);
	quantity.unit = (enum chg_unit)unit->number;
	if (count > 2 || (count == 2 && !take_direction(unit, word[0], &quantity.unit)))
		return refuse(why, "%s has no place before %s; write for example 10 KB",
			show(word[0]).text, unit->text);
	if (__builtin_mul_overflow(quantity.count, unit->times, &quantity.count))
		return refuse(why, "so many are more than 2^64 - 1; write fewer");
	*ret = quantity;
	return true;
}

bool chg_tariff_read_quantity(struct chg_view text, bool has_zero, struct chg_tariff_quantity *ret,
	char reterr_why[CHG_TARIFF_WHY_MAX])
{
	struct chg_view word[WORD_COUNT_MAX];
	size_t count = split(text, word, WORD_COUNT_MAX);
	if (count == 1 && is_digit(word[0].ptr[0]))
		return refuse(reterr_why,
			"%s has no unit; write for example 1 message, 60 seconds or 10 KB",
			show(text).text);
	return take_quantity(word, count, has_zero, ret, reterr_why);
}

bool chg_tariff_read_price(
	struct chg_view text, struct chg_tariff_price *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	struct chg_view word[WORD_COUNT_MAX];
	struct chg_tariff_price price;
	size_t count = split(text, word, WORD_COUNT_MAX);
	if (count == 0 || (count == 1 && !is_digit(word[0].ptr[0])))
		return refuse(reterr_why, "%s is no price; write one as 0.05 per message",
			show(text).text);
	if (!chg_tariff_read_money(word[0], &price.money, reterr_why))
		return false;
	if (count < 3 || !chg_view_equal(word[1], CHG_VIEW("per")))
		return refuse(reterr_why,
			"%s does not say what it is for; write it as 0.05 per message",
			show(text).text);
	if (!take_quantity(word + 2, count - 2, false, &price.per, reterr_why))
		return false;
	*ret = price;
	return true;
}

bool chg_tariff_read_day(struct chg_view text, uint8_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	const struct word *word = find_word(days, COUNT(days), text);
	if (word == NULL)
		return refuse_word(reterr_why, "day", days, COUNT(days), text);
	*ret = (uint8_t)(*ret | word->number);
	return true;
}

/* Two digits at a place; -1 when there are none. */
static int two_digits(struct chg_view text, size_t at)
{
	if (at + 2 > text.len || !is_digit(text.ptr[at]) || !is_digit(text.ptr[at + 1]))
		return -1;
	return (text.ptr[at] - '0') * 10 + (text.ptr[at + 1] - '0');
}

bool chg_tariff_read_clock(struct chg_view text, uint16_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	int hour = two_digits(text, 0);
	int minute = two_digits(text, 3);
	bool is_time = text.len == 5 && text.ptr[2] == ':' && hour >= 0 && minute >= 0 &&
		       minute < 60 && hour * 60 + minute <= CHG_TARIFF_MINUTES;
	if (!is_time)
		return refuse(reterr_why,
			"%s is no time of the day; write 00:00 to 24:00, with two digits each",
			show(text).text);
	*ret = (uint16_t)(hour * 60 + minute);
	return true;
}

/* Years begin in March, so that the day that comes and goes is the last one. */
int64_t chg_tariff_day_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;
	int64_t days_before_year = 365 * y + y / 4 - y / 100 + y / 400;
	return days_before_year + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int days_of_month(int year, int month)
{
	return (int)(chg_tariff_day_of(
			     month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
		     chg_tariff_day_of(year, month, 1));
}

bool chg_tariff_read_date(struct chg_view text, int32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	int century = two_digits(text, 0);
	int year = two_digits(text, 2);
	int month = two_digits(text, 5);
	int day = two_digits(text, 8);
	bool is_form = text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-' && century >= 0 &&
		       year >= 0 && month >= 0 && day >= 0;
	if (!is_form)
		return refuse(reterr_why, "%s is no date; write it as 2026-12-25", show(text).text);
	year += century * 100;
	if (year < CHG_TARIFF_YEAR_FIRST || year > CHG_TARIFF_YEAR_LAST)
		return refuse(reterr_why, "%s is too far away; write a year from %d to %d",
			show(text).text, CHG_TARIFF_YEAR_FIRST, CHG_TARIFF_YEAR_LAST);
	if (month < 1 || month > 12)
		return refuse(reterr_why, "there is no month %02d; write 01 to 12", month);
	if (day < 1 || day > days_of_month(year, month))
		return refuse(reterr_why, "there is no day %02d in %04d-%02d; write 01 to %d", day,
			year, month, days_of_month(year, month));
	*ret = (int32_t)chg_tariff_day_of(year, month, day);
	return true;
}

bool chg_tariff_read_u32(struct chg_view text, uint32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	uint64_t number;
	if (!read_number(text, &number) || number > UINT32_MAX)
		return refuse(reterr_why, "%s is no number from 0 to 4294967295; write one",
			show(text).text);
	*ret = (uint32_t)number;
	return true;
}

bool chg_tariff_read_service(
	struct chg_view text, int32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	uint64_t number;
	if (read_number(text, &number) && number <= INT32_MAX) {
		*ret = (int32_t)number;
		return true;
	}
	for (size_t i = 0; i < COUNT(services); i++) {
		if (is_alike(services[i].text, text)) {
			*ret = services[i].number;
			return true;
		}
	}
	return refuse_word(reterr_why, "service", services, COUNT(services), text);
}

bool chg_tariff_read_rounding(
	struct chg_view text, enum chg_rounding *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	const struct word *word = find_word(roundings, COUNT(roundings), text);
	if (word == NULL)
		return refuse_word(reterr_why, "rounding", roundings, COUNT(roundings), text);
	*ret = (enum chg_rounding)word->number;
	return true;
}

static const char *nearest_currency(struct chg_view text)
{
	chg_currency currency;
	const char *nearest = NULL;
	size_t least = 2;
	for (size_t i = 0; chg_currency_row(i, &currency); i++) {
		const char *code = chg_currency_code(currency);
		size_t d = is_alike(code, text) ? 0 : chg_yaml_distance(text, chg_view_of(code));
		if (d < least) {
			least = d;
			nearest = code;
		}
	}
	return nearest;
}

bool chg_tariff_read_currency(
	struct chg_view text, chg_currency *ret, char reterr_why[CHG_TARIFF_WHY_MAX])
{
	if (chg_currency_parse(text, ret) == CHG_OK)
		return true;
	const char *nearest = nearest_currency(text);
	if (nearest != NULL)
		return refuse(reterr_why, "there is no currency %s; did you mean %s?",
			show(text).text, nearest);
	return refuse(reterr_why, "there is no currency %s; write a code of ISO 4217, as in EUR",
		show(text).text);
}

const char *chg_tariff_day_text(unsigned int day)
{
	assert(day < 8);
	return days[day].text;
}

const char *chg_tariff_service_text(int32_t service)
{
	for (size_t i = 0; i < COUNT(services); i++) {
		if (services[i].number == service)
			return services[i].text;
	}
	return NULL;
}

void chg_tariff_write_quantity(uint64_t count, enum chg_unit unit, char *ret, size_t room)
{
	(void)snprintf(ret, room, "%llu %s%s", (unsigned long long)count, chg_unit_text(unit),
		count == 1 ? "" : "s");
}

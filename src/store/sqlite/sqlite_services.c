/* SPDX-License-Identifier: BSD-3-Clause
 * The services of a session, and what a request did for each, as the text of one column: written in one
 * way, and read in no other.
 */
#include <string.h>

#include "store/sqlite/sqlite_private.h"

/* ---- Writing ---- */

static char *put_char(char *to, char c)
{
	*to = c;
	return to + 1;
}

static char *put_next(char *to, int64_t number)
{
	return put_char(chg_decimal_put(to, number), ',');
}

static char *put_opt(char *to, chg_opt_u32 number)
{
	if (number.is_present)
		return put_next(to, number.value);
	memcpy(to, "null,", 5);
	return to + 5;
}

static char *put_holds(char *to, const struct chg_cc_service *service)
{
	to = put_char(to, '[');
	for (size_t i = 0; i < service->hold_count; i++) {
		if (i > 0)
			to = put_char(to, ',');
		to = put_next(put_char(to, '['), service->hold[i].bucket_id);
		to = put_char(chg_decimal_put(to, service->hold[i].amount), ']');
	}
	return put_char(to, ']');
}

/* Counts above the range of int64_t are stored as negative, as in every column. */
static char *put_service(char *to, const struct chg_cc_service *service)
{
	to = put_opt(put_char(to, '['), service->rating_group);
	to = put_opt(to, service->service_id);
	to = put_next(to, service->is_money);
	to = put_next(to, service->unit);
	to = put_next(to, (int64_t)service->granted);
	to = put_next(to, service->is_closed);
	to = put_next(to, service->rated.rule);
	to = put_next(to, service->rated.band);
	to = put_next(to, service->rated.version);
	to = put_next(to, (int64_t)service->rated.units);
	to = put_next(to, service->rated.settled.micros);
	to = put_next(to, service->rated.charged.micros);
	return put_char(put_holds(to, service), ']');
}

struct chg_view chg_services_write(
	const struct chg_cc_session *session, char text[static CHG_SERVICES_TEXT_MAX])
{
	char *to = put_char(text, '[');
	for (size_t i = 0; i < session->service_count; i++) {
		if (i > 0)
			to = put_char(to, ',');
		to = put_service(to, &session->service[i]);
	}
	to = put_char(to, ']');
	return (struct chg_view){ .ptr = text, .len = (size_t)(to - text) };
}

static char *put_opt_count(char *to, chg_opt_u64 number)
{
	if (number.is_present)
		return put_next(to, (int64_t)number.value);
	memcpy(to, "null,", 5);
	return to + 5;
}

/* At most 6 octets for each of the text, and its quotes.  As SQLite's json_quote, but shorter ways. */
static char *put_string(char *to, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	to = put_char(to, '"');
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;
		if (octet < 0x20) {
			memcpy(to, "\\u00", 4);
			to = put_char(put_char(to + 4, hex[octet >> 4]), hex[octet & 15]);
			continue;
		}
		if (octet == '"' || octet == '\\')
			to = put_char(to, '\\');
		to = put_char(to, *text);
	}
	return put_char(to, '"');
}

/* The name of the rule, where it is one of the tariff that is at hand. */
static char *put_rule_name(
	char *to, const struct chg_service_done *done, const struct chg_tariff *tariff)
{
	if (tariff != NULL && done->rule != 0 && done->rule <= tariff->rule_count &&
		done->version == tariff->version)
		return put_string(to, tariff->rule[done->rule - 1].name);
	memcpy(to, "null", 4);
	return to + 4;
}

static char *put_done(
	char *to, const struct chg_service_done *done, const struct chg_tariff *tariff)
{
	to = put_opt(put_char(to, '['), done->rating_group);
	to = put_opt(to, done->service_id);
	to = put_next(to, done->is_money);
	to = put_next(to, done->unit);
	to = put_opt_count(to, done->asked);
	to = put_opt_count(to, done->granted);
	to = put_opt_count(to, done->used);
	to = put_next(to, done->cost.micros);
	to = put_next(to, done->result_code);
	to = put_next(to, done->rule);
	to = put_next(to, done->version);
	return put_char(put_rule_name(to, done, tariff), ']');
}

struct chg_view chg_dones_write(const struct chg_service_done *done, size_t count,
	const struct chg_tariff *tariff, char text[static CHG_DONES_TEXT_MAX])
{
	char *to = text;
	if (count == 0)
		return (struct chg_view){ 0 };
	for (size_t i = 0; i < count; i++)
		to = put_done(put_char(to, i == 0 ? '[' : ','), &done[i], tariff);
	to = put_char(to, ']');
	return (struct chg_view){ .ptr = text, .len = (size_t)(to - text) };
}

/* ---- Reading ---- */

/* What is left of the text; is_bad once something else stood there than what was asked for. */
struct reader {
	const char *at, *end;
	bool is_bad;
};

/* Whether the next octet is this one; it is taken then. */
static bool take_if(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static void take(struct reader *reader, char c)
{
	reader->is_bad |= !take_if(reader, c);
}

static int64_t take_number(struct reader *reader)
{
	bool is_negative = take_if(reader, '-');
	const char *begin = reader->at;
	int64_t number = 0;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
		int digit = *reader->at++ - '0';
		reader->is_bad |= __builtin_mul_overflow(number, 10, &number);
		reader->is_bad |=
			__builtin_add_overflow(number, is_negative ? -digit : digit, &number);
	}
	reader->is_bad |= reader->at == begin;
	return number;
}

static int64_t take_next(struct reader *reader)
{
	int64_t number = take_number(reader);
	take(reader, ',');
	return number;
}

/* A number from 0 to max. */
static uint32_t take_u32(struct reader *reader, uint32_t max)
{
	int64_t number = take_next(reader);
	reader->is_bad |= number < 0 || number > max;
	return (uint32_t)number;
}

/* Whether `null` comes next; it is taken then. */
static bool take_null(struct reader *reader)
{
	static const char null[] = { 'n', 'u', 'l', 'l' };
	if ((size_t)(reader->end - reader->at) < sizeof null ||
		memcmp(reader->at, null, sizeof null) != 0)
		return false;
	reader->at += sizeof null;
	return true;
}

static chg_opt_u32 take_opt(struct reader *reader)
{
	if (!take_null(reader))
		return (chg_opt_u32){ true, take_u32(reader, UINT32_MAX) };
	take(reader, ',');
	return (chg_opt_u32){ 0 };
}

static void take_hold(struct reader *reader, struct chg_cc_service *service)
{
	take(reader, '[');
	struct chg_hold hold = { .bucket_id = take_next(reader) };
	hold.amount = take_number(reader);
	take(reader, ']');
	reader->is_bad |= hold.amount <= 0 || service->hold_count == CHG_HOLD_MAX;
	if (!reader->is_bad)
		service->hold[service->hold_count++] = hold;
}

static void take_holds(struct reader *reader, struct chg_cc_service *service)
{
	take(reader, '[');
	service->hold_count = 0;
	if (take_if(reader, ']'))
		return;
	do
		take_hold(reader, service);
	while (!reader->is_bad && take_if(reader, ','));
	take(reader, ']');
}

static void take_service(struct reader *reader, struct chg_cc_service *service)
{
	take(reader, '[');
	service->rating_group = take_opt(reader);
	service->service_id = take_opt(reader);
	service->is_money = take_u32(reader, 1) == 1;
	service->unit = (enum chg_unit)take_u32(reader, CHG_UNIT_COUNT - 1);
	service->granted = (uint64_t)take_next(reader);
	service->is_closed = take_u32(reader, 1) == 1;
	service->rated.rule = take_u32(reader, UINT32_MAX);
	service->rated.band = take_u32(reader, UINT32_MAX);
	service->rated.version = take_next(reader);
	service->rated.units = (uint64_t)take_next(reader);
	service->rated.settled.micros = take_next(reader);
	service->rated.charged.micros = take_next(reader);
	take_holds(reader, service);
	take(reader, ']');
}

enum chg_rc chg_services_read(struct chg_view text, struct chg_cc_session *session)
{
	struct reader reader = { .at = text.ptr, .end = text.ptr + text.len };
	take(&reader, '[');
	session->service_count = 0;
	if (take_if(&reader, ']'))
		return reader.at == reader.end ? CHG_OK : CHG_E_STORE_CORRUPT;
	do {
		if (session->service_count == CHG_SERVICE_MAX)
			return CHG_E_STORE_CORRUPT;
		take_service(&reader, &session->service[session->service_count++]);
	} while (!reader.is_bad && take_if(&reader, ','));
	take(&reader, ']');
	return reader.is_bad || reader.at != reader.end ? CHG_E_STORE_CORRUPT : CHG_OK;
}

static chg_opt_u64 take_opt_count(struct reader *reader)
{
	if (!take_null(reader))
		return (chg_opt_u64){ true, (uint64_t)take_next(reader) };
	take(reader, ',');
	return (chg_opt_u64){ 0 };
}

/* What stands behind a backslash. */
static char take_escaped(struct reader *reader)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
	if (reader->end - reader->at >= 5 && memcmp(reader->at, "u00", 3) == 0) {
		const char *high = memchr(hex, reader->at[3], 8);
		const char *low = memchr(hex, reader->at[4], 16);
		reader->at += 5;
		reader->is_bad |= high == NULL || low == NULL;
		return reader->is_bad ? '?' : (char)((high - hex) * 16 + (low - hex));
	}
	const char *known =
		reader->at == reader->end ? NULL : memchr(from, *reader->at, sizeof from - 1);
	reader->is_bad |= known == NULL;
	if (known == NULL)
		return '?';
	reader->at++;
	return to[known - from];
}

/* False: null stands there. */
static bool take_rule_name(struct reader *reader, char ret[static CHG_TARIFF_TEXT_MAX])
{
	size_t len = 0;
	if (take_null(reader))
		return false;
	take(reader, '"');
	while (!reader->is_bad && !take_if(reader, '"')) {
		if (reader->at == reader->end || len == CHG_TARIFF_TEXT_MAX - 1) {
			reader->is_bad = true;
			break;
		}
		bool is_escape = *reader->at == '\\';
		char octet = *reader->at++;
		ret[len++] = is_escape ? take_escaped(reader) : octet;
		reader->is_bad |=
			ret[len - 1] == '\0' || (!is_escape && (unsigned char)octet < 0x20);
	}
	ret[len] = '\0';
	return true;
}

/* ret_name is the buffer, or absent. */
static struct chg_service_done take_done(
	struct reader *reader, char name[static CHG_TARIFF_TEXT_MAX], struct chg_view *ret_name)
{
	struct chg_service_done done;
	take(reader, '[');
	done.rating_group = take_opt(reader);
	done.service_id = take_opt(reader);
	done.is_money = take_u32(reader, 1) == 1;
	done.unit = (enum chg_unit)take_u32(reader, CHG_UNIT_COUNT - 1);
	done.asked = take_opt_count(reader);
	done.granted = take_opt_count(reader);
	done.used = take_opt_count(reader);
	done.cost.micros = take_next(reader);
	done.result_code = take_u32(reader, UINT32_MAX);
	done.rule = take_u32(reader, UINT32_MAX);
	done.version = take_next(reader);
	*ret_name = chg_view_of(take_rule_name(reader, name) ? name : NULL);
	take(reader, ']');
	return done;
}

enum chg_rc chg_dones_read(
	const struct chg_done_request *request, chg_done_each *each, void *to, bool *ret_goes_on)
{
	struct chg_view text = request->services;
	struct reader reader = { .at = text.ptr, .end = text.ptr + text.len };
	*ret_goes_on = true;
	take(&reader, '[');
	do {
		char name[CHG_TARIFF_TEXT_MAX];
		struct chg_view rule_name;
		struct chg_service_done done = take_done(&reader, name, &rule_name);
		if (reader.is_bad)
			return CHG_E_STORE_CORRUPT;
		*ret_goes_on = each(to, request->entry_no, &done, rule_name);
	} while (*ret_goes_on && take_if(&reader, ','));
	if (!*ret_goes_on)
		return CHG_OK;
	take(&reader, ']');
	return reader.is_bad || reader.at != reader.end ? CHG_E_STORE_CORRUPT : CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs as JSON, in one pass, by appending.
 */
#include "wire/json.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/decimal.h"

enum {
	/* AVPs of one group that are told apart by name; what comes behind them is kept as bytes. */
	MEMBERS_MAX = 512,
	NAME_MAX_LEN = 64,
};

struct writer {
	struct chg_json *json;
	chg_json_skips *skips;
	void *to;
	int depth;
};

size_t chg_json_bound(size_t message_len)
{
	/*
	 * The dearest octets are control characters of text (\u00xx, six for one) and the names of
	 * small AVPs (under 70 for an AVP of at least 8).
	 */
	return 12 * message_len + 512;
}

static void put(struct chg_json *json, const char *text, size_t len)
{
	assert(len <= json->size - json->len);
	memcpy(json->bytes + json->len, text, len);
	json->len += len;
}

static void put_char(struct chg_json *json, char c)
{
	put(json, &c, 1);
}

static void put_hex(struct chg_json *json, struct chg_view data)
{
	static const char digits[] = "0123456789abcdef";
	put(json, "\"0x", 3);
	for (size_t i = 0; i < data.len; i++) {
		uint8_t octet = (uint8_t)data.ptr[i];
		put_char(json, digits[octet >> 4]);
		put_char(json, digits[octet & 15]);
	}
	put_char(json, '"');
}

static void put_unreadable(struct chg_json *json, struct chg_view data)
{
	json->has_unreadable = true;
	put_hex(json, data);
}

static bool is_plain(uint8_t c)
{
	return c != '"' && c != '\\' && c >= 0x20 && c != 0x7f;
}

static void put_escaped(struct chg_json *json, uint8_t c)
{
	char escape[8] = { '\\', (char)c };
	size_t len = 2;
	if (c != '"' && c != '\\')
		len = (size_t)snprintf(escape, sizeof escape, "\\u%04x", c);
	put(json, escape, len);
}

/* RFC 8259 7; valid UTF-8 passes as it is. */
static void put_text(struct chg_json *json, struct chg_view text)
{
	put_char(json, '"');
	for (size_t i = 0; i < text.len; i++) {
		size_t began = i;
		while (i < text.len && is_plain((uint8_t)text.ptr[i]))
			i++;
		if (i > began)
			put(json, text.ptr + began, i - began);
		if (i < text.len)
			put_escaped(json, (uint8_t)text.ptr[i]);
	}
	put_char(json, '"');
}

static void put_time(struct chg_json *json, chg_instant at)
{
	char text[40];
	time_t seconds = (time_t)(at.us / CHG_US_PER_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	put(json, text, strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%SZ\"", &tm));
}

static void put_u64(struct chg_json *json, uint64_t value)
{
	char text[CHG_DECIMAL_MAX];
	size_t len = (size_t)(chg_decimal_put_u64(text, value) - text);
	bool is_text = value > INT64_MAX; /* readers of JSON keep no larger number whole */
	if (is_text)
		put_char(json, '"');
	put(json, text, len);
	if (is_text)
		put_char(json, '"');
}

static void put_i64(struct chg_json *json, int64_t value)
{
	char text[CHG_DECIMAL_MAX];
	put(json, text, (size_t)(chg_decimal_put(text, value) - text));
}

/* RFC 6733 4.3.1: two octets of address family, then the address. */
static bool put_address(struct chg_json *json, struct chg_view data)
{
	char text[INET6_ADDRSTRLEN];
	bool is_v4 = data.len == 6 && data.ptr[0] == 0 && data.ptr[1] == 1;
	bool is_v6 = data.len == 18 && data.ptr[0] == 0 && data.ptr[1] == 2;
	if (!is_v4 && !is_v6)
		return false;
	inet_ntop(is_v4 ? AF_INET : AF_INET6, data.ptr + 2, text, sizeof text);
	put_text(json, chg_view_of(text));
	return true;
}

bool chg_json_is_readable(const struct chg_raw_avp *avp)
{
	switch (chg_dict_row(avp->id)->type) {
	case CHG_TYPE_UTF8:
	case CHG_TYPE_IDENTITY:
	case CHG_TYPE_URI:
	case CHG_TYPE_FILTER:
		return chg_utf8_valid(avp->data);
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_I32:
	case CHG_TYPE_U32:
	case CHG_TYPE_TIME:
		return avp->data.len == 4;
	case CHG_TYPE_I64:
	case CHG_TYPE_U64:
		return avp->data.len == 8;
	case CHG_TYPE_OCTETS:
	case CHG_TYPE_ADDRESS:
	case CHG_TYPE_GROUPED:
		break;
	}
	return true;
}

/* A known AVP whose data is readable and that is no group. */
static void put_known(struct chg_json *json, const struct chg_raw_avp *avp)
{
	uint32_t u32 = 0;
	uint64_t u64 = 0;
	chg_instant at = { 0 };

	switch (chg_dict_row(avp->id)->type) {
	case CHG_TYPE_UTF8:
	case CHG_TYPE_IDENTITY:
	case CHG_TYPE_URI:
	case CHG_TYPE_FILTER:
		put_text(json, avp->data);
		break;
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_I32:
		chg_avp_u32(avp, &u32);
		put_i64(json, (int32_t)u32);
		break;
	case CHG_TYPE_U32:
		chg_avp_u32(avp, &u32);
		put_u64(json, u32);
		break;
	case CHG_TYPE_I64:
		chg_avp_u64(avp, &u64);
		put_i64(json, (int64_t)u64);
		break;
	case CHG_TYPE_U64:
		chg_avp_u64(avp, &u64);
		put_u64(json, u64);
		break;
	case CHG_TYPE_TIME:
		chg_avp_time(avp, &at);
		put_time(json, at);
		break;
	case CHG_TYPE_ADDRESS:
		if (put_address(json, avp->data))
			break;
		put_unreadable(json, avp->data);
		break;
	case CHG_TYPE_OCTETS:
	case CHG_TYPE_GROUPED:
		put_hex(json, avp->data);
		break;
	}
}

static void put_name(struct chg_json *json, const struct chg_raw_avp *avp)
{
	char name[NAME_MAX_LEN];
	if (avp->is_known) {
		const char *known = chg_dict_row(avp->id)->name;
		put_char(json, '"'); /* no name of a row needs an escape */
		put(json, known, strlen(known));
		put_char(json, '"');
		return;
	}
	snprintf(name, sizeof name, "AVP-%" PRIu32 "-%" PRIu32, avp->vendor, avp->code);
	put_text(json, chg_view_of(name));
}

static void put_members(
	struct writer *writer, struct chg_avp_walk walk, const struct chg_raw_avp *parent);

/* A group's object; false when all that it held was left out. */
static bool put_group(struct writer *writer, const struct chg_raw_avp *avp)
{
	struct chg_json *json = writer->json;
	if (writer->depth == CHG_AVP_DEPTH_MAX) {
		put_unreadable(json, avp->data);
		return true;
	}
	size_t began = json->len;
	writer->depth++;
	put_members(writer, chg_avp_walk_group(avp->data), avp);
	writer->depth--;
	if (json->len - began > 2 || avp->data.len == 0)
		return true;
	json->len = began;
	return false;
}

/* One value; false when it is a group of which nothing is wanted. */
static bool put_value(struct writer *writer, const struct chg_raw_avp *avp, bool readable)
{
	if (!avp->is_known)
		put_hex(writer->json, avp->data);
	else if (!readable)
		put_unreadable(writer->json, avp->data);
	else if (chg_dict_row(avp->id)->type == CHG_TYPE_GROUPED)
		return put_group(writer, avp);
	else
		put_known(writer->json, avp);
	return true;
}

static bool is_same_kind(const struct chg_raw_avp *a, const struct chg_raw_avp *b)
{
	return a->code == b->code && a->vendor == b->vendor;
}

/* A value's name in front of the first of its kind, a comma in front of the others. */
static void put_head(struct chg_json *json, const struct chg_raw_avp *avp, bool is_first)
{
	if (!is_first || json->bytes[json->len - 1] != '{')
		put_char(json, ',');
	if (!is_first)
		return;
	put_name(json, avp);
	put_char(json, ':');
}

/* Several values of one kind become an array, which begins behind their name. */
static void make_array(struct chg_json *json, size_t first_value)
{
	put(json, "]]", 2); /* room for one more in front, and the closing one */
	memmove(json->bytes + first_value + 1, json->bytes + first_value,
		json->len - first_value - 2);
	json->bytes[first_value] = '[';
	json->bytes[json->len - 1] = ']';
}

/*
 * All AVPs of one kind from here on: a value, or an array of several.  Most of a request's AVPs are
 * not wanted, and of those nothing is written.
 */
static void put_kind(struct writer *writer, const struct chg_raw_avp *parent,
	const struct chg_raw_avp *members, size_t count)
{
	struct chg_json *json = writer->json;
	size_t first_value = 0, values = 0;
	for (size_t i = 0; i < count; i++) {
		const struct chg_raw_avp *avp = &members[i];
		if (!is_same_kind(&members[0], avp))
			continue;
		bool readable = avp->is_known && chg_json_is_readable(avp);
		if (writer->skips(writer->to, parent, avp, readable))
			continue;
		size_t before = json->len;
		put_head(json, avp, values == 0);
		if (values == 0)
			first_value = json->len;
		if (put_value(writer, avp, readable))
			values++;
		else
			json->len = before;
	}
	if (values > 1)
		make_array(json, first_value);
}

/* What stays behind when no further AVP can be told apart. */
static void put_rest(struct chg_json *json, const char *name, struct chg_view rest)
{
	if (json->bytes[json->len - 1] != '{')
		put_char(json, ',');
	put_text(json, chg_view_of(name));
	put_char(json, ':');
	put_unreadable(json, rest);
}

static bool came_before(const struct chg_raw_avp *members, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same_kind(&members[i], &members[at]))
			return true;
	return false;
}

static void put_members(
	struct writer *writer, struct chg_avp_walk walk, const struct chg_raw_avp *parent)
{
	struct chg_raw_avp members[MEMBERS_MAX];
	size_t count = 0;
	const uint8_t *rest = walk.at;
	while (count < MEMBERS_MAX && chg_avp_next(&walk, &members[count])) {
		count++;
		rest = walk.at;
	}

	put_char(writer->json, '{');
	for (size_t i = 0; i < count; i++)
		if (!came_before(members, i))
			put_kind(writer, parent, members + i, count - i);
	if (rest < walk.end)
		put_rest(writer->json, "unreadable",
			(struct chg_view){ (const char *)rest, (size_t)(walk.end - rest) });
	put_char(writer->json, '}');
}

void chg_json_object(
	struct chg_json *json, struct chg_avp_walk walk, chg_json_skips *skips, void *to)
{
	struct writer writer = { .json = json, .skips = skips, .to = to };
	put_members(&writer, walk, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs as JSON: each type, repeats, what nobody knows, what is broken, and never past the bound.
 */
#include "wire/json.h"

#include <stdlib.h>

#include "support/message.h"
#include "support/seed.h"
#include "support/table.h"

static bool skip_none(
	void *to, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp, bool is_readable)
{
	(void)to, (void)parent, (void)avp, (void)is_readable;
	return false;
}

/* Leaves out what the rows below call for by these codes. */
static bool skip_some(
	void *to, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp, bool is_readable)
{
	(void)to, (void)parent;
	return avp->code == 1 || avp->code == 861 || (avp->code == 44 && !is_readable);
}

static struct message message;

static const struct json_row {
	const char *says;
	const char *avps;
	const char *text;
	bool has_unreadable;
	chg_json_skips *skips;
} json_rows[] = {
	{ "nothing is an empty object", "", "{}", false, skip_none },
	{ "a text", "1m:'alice'", "{\"User-Name\":\"alice\"}", false, skip_none },
	{ "an empty text", "1m:''", "{\"User-Name\":\"\"}", false, skip_none },
	{ "a text beyond ASCII", "1m:c3a4f09f9880", "{\"User-Name\":\"\xc3\xa4\xf0\x9f\x98\x80\"}",
		false, skip_none },
	{ "quotes, backslashes and controls are escaped", "1m:225c0a017f",
		"{\"User-Name\":\"\\\"\\\\\\u000a\\u0001\\u007f\"}", false, skip_none },
	{ "a text with NUL is raw", "1m:00", "{\"User-Name\":\"0x00\"}", true, skip_none },
	{ "a text that is not UTF-8 is raw", "1m:c0af", "{\"User-Name\":\"0xc0af\"}", true,
		skip_none },
	{ "octets", "25m:00ff", "{\"Class\":\"0x00ff\"}", false, skip_none },
	{ "no octets", "25m:", "{\"Class\":\"0x\"}", false, skip_none },
	{ "a number", "268m:000007d1", "{\"Result-Code\":2001}", false, skip_none },
	{ "the greatest of 32 bits", "268m:ffffffff", "{\"Result-Code\":4294967295}", false,
		skip_none },
	{ "a signed number", "861/10415m:ffffffff", "{\"Cause-Code\":-1}", false, skip_none },
	{ "an enumeration", "480m:00000002", "{\"Accounting-Record-Type\":2}", false, skip_none },
	{ "64 bits", "287m:7fffffffffffffff", "{\"Accounting-Sub-Session-Id\":9223372036854775807}",
		false, skip_none },
	{ "past the range of readers, digits in a string", "287m:8000000000000000",
		"{\"Accounting-Sub-Session-Id\":\"9223372036854775808\"}", false, skip_none },
	{ "a number of a wrong size is raw", "268m:0007d1", "{\"Result-Code\":\"0x0007d1\"}", true,
		skip_none },
	{ "a time", "55m:83aa7e80", "{\"Event-Timestamp\":\"1970-01-01T00:00:00Z\"}", false,
		skip_none },
	{ "A-036 a time after 2036", "55m:00000000",
		"{\"Event-Timestamp\":\"2036-02-07T06:28:16Z\"}", false, skip_none },
	{ "a time of a wrong size is raw", "55m:83aa7e", "{\"Event-Timestamp\":\"0x83aa7e\"}", true,
		skip_none },
	{ "an address of IPv4", "257m:0001c0000201", "{\"Host-IP-Address\":\"192.0.2.1\"}", false,
		skip_none },
	{ "an address of IPv6", "257m:000220010db8000000000000000000000001",
		"{\"Host-IP-Address\":\"2001:db8::1\"}", false, skip_none },
	{ "an address of another family is raw", "257m:000849",
		"{\"Host-IP-Address\":\"0x000849\"}", true, skip_none },
	{ "an address of a wrong size is raw", "257m:0001c00002",
		"{\"Host-IP-Address\":\"0x0001c00002\"}", true, skip_none },
	{ "an identity", "264m:'host.example.net'", "{\"Origin-Host\":\"host.example.net\"}", false,
		skip_none },
	{ "a group", "260m:{266m:000028af 259m:00000003}",
		"{\"Vendor-Specific-Application-Id\":{\"Vendor-Id\":10415,"
		"\"Acct-Application-Id\":3}}",
		false, skip_none },
	{ "an empty group", "260m:{}", "{\"Vendor-Specific-Application-Id\":{}}", false,
		skip_none },
	{ "the same twice is an array, where the first stood", "25m:01 1m:'x' 25m:02",
		"{\"Class\":[\"0x01\",\"0x02\"],\"User-Name\":\"x\"}", false, skip_none },
	{ "thrice as well", "25m:01 25m:02 25m:03", "{\"Class\":[\"0x01\",\"0x02\",\"0x03\"]}",
		false, skip_none },
	{ "groups in an array", "284m:{280m:'a'} 284m:{280m:'b'}",
		"{\"Proxy-Info\":[{\"Proxy-Host\":\"a\"},{\"Proxy-Host\":\"b\"}]}", false,
		skip_none },
	{ "nobody's AVP is named by vendor and code", "99999:01 99999/4711:02",
		"{\"AVP-0-99999\":\"0x01\",\"AVP-4711-99999\":\"0x02\"}", false, skip_none },
	{ "what is cut off is unreadable", "1m:'x' #0000000240000099",
		"{\"User-Name\":\"x\",\"unreadable\":\"0x0000000240000099\"}", true, skip_none },
	{ "what is cut off alone is unreadable", "#00", "{\"unreadable\":\"0x00\"}", true,
		skip_none },
	{ "what is cut off inside a group stays inside", "260m:{266m:000028af #ff} 1m:'x'",
		"{\"Vendor-Specific-Application-Id\":{\"Vendor-Id\":10415,\"unreadable\":\"0xff\"},"
		"\"User-Name\":\"x\"}",
		true, skip_none },
	{ "what went elsewhere is left out", "1m:'x' 25m:01", "{\"Class\":\"0x01\"}", false,
		skip_some },
	{ "a group that ends up empty is left out", "876/10415m:{861/10415m:00000000} 25m:01",
		"{\"Class\":\"0x01\"}", false, skip_some },
	{ "an empty group that came empty stays", "876/10415m:{}", "{\"IMS-Information\":{}}",
		false, skip_some },
	{ "of an array all but one may be left out",
		"876/10415m:{861/10415m:00000000} 876/10415m:{25m:01}",
		"{\"IMS-Information\":{\"Class\":\"0x01\"}}", false, skip_some },
};

static struct chg_json json_of(struct chg_view avps, chg_json_skips *skips)
{
	size_t size = chg_json_bound(avps.len + CHG_HEADER_SIZE);
	struct chg_json json = { .bytes = malloc(size), .size = size };
	assert_non_null(json.bytes);
	chg_json_object(&json, chg_avp_walk_group(avps), skips, NULL);
	return json;
}

static struct chg_view avps_of(const char *notation)
{
	message_begin(&message, 0, 0, 0);
	message_avps(&message, notation);
	return (struct chg_view){ (const char *)message.bytes + 20, message.len - 20 };
}

static void json_row_holds(void **state)
{
	const struct json_row *row = *state;
	struct chg_json json = json_of(avps_of(row->avps), row->skips);
	char got[512];
	assert_true(json.len < sizeof got);
	memcpy(got, json.bytes, json.len);
	got[json.len] = '\0';
	free(json.bytes);
	assert_string_equal(got, row->text);
	assert_int_equal(json.has_unreadable, row->has_unreadable);
}

/* ---- A small judge of JSON, for what is too large to be compared ------------------------------- */

static const char *judge_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && ++at == end)
			return NULL;
	}
	return at < end ? at + 1 : NULL;
}

/* The end of the value that begins there; NULL when it is none. */
static const char *judge_value(const char *at, const char *end)
{
	if (at == NULL || at >= end)
		return NULL;
	if (*at == '"')
		return judge_string(at, end);
	if (*at != '{' && *at != '[') {
		const char *began = at;
		while (at < end && (*at == '-' || (*at >= '0' && *at <= '9')))
			at++;
		return at > began ? at : NULL;
	}
	char open = *at, close = open == '{' ? '}' : ']';
	if (at + 1 < end && at[1] == close)
		return at + 2;
	do {
		at++;
		if (open == '{') {
			at = at < end && *at == '"' ? judge_string(at, end) : NULL;
			if (at == NULL || at >= end || *at++ != ':')
				return NULL;
		}
		at = judge_value(at, end);
	} while (at != NULL && at < end && *at == ',');
	return at != NULL && at < end && *at == close ? at + 1 : NULL;
}

static void assert_is_json(const struct chg_json *json)
{
	assert_ptr_equal(
		judge_value(json->bytes, json->bytes + json->len), json->bytes + json->len);
	assert_true(chg_utf8_valid((struct chg_view){ json->bytes, json->len }));
}

static void groups_deeper_than_the_limit_are_bytes(void **state)
{
	(void)state;
	static struct message inner;
	message_begin(&inner, 0, 0, 0);
	message_avps(&inner, "1m:'x'");
	for (int depth = 0; depth < 500; depth++) { /* N-134 */
		message_begin(&message, 0, 0, 0);
		message_avp(&message, 260, 0, 0x40, inner.bytes + 20, inner.len - 20);
		inner = message;
	}
	struct chg_json json = json_of(
		(struct chg_view){ (const char *)inner.bytes + 20, inner.len - 20 }, skip_none);
	assert_is_json(&json);
	assert_true(json.has_unreadable);
	int deepest = 0;
	for (int depth = 0, i = 0; i < (int)json.len; i++) {
		depth += (json.bytes[i] == '{') - (json.bytes[i] == '}');
		deepest = depth > deepest ? depth : deepest;
	}
	assert_int_equal(deepest, CHG_AVP_DEPTH_MAX + 1);
	free(json.bytes);
}

static void more_kinds_than_are_told_apart_stay_as_bytes(void **state)
{
	(void)state;
	message_begin(&message, 0, 0, 0);
	for (uint32_t i = 0; i < 8000; i++)
		message_avp(&message, 1000000 + i, 0, 0, NULL, 0);
	struct chg_json json = json_of(
		(struct chg_view){ (const char *)message.bytes + 20, message.len - 20 }, skip_none);
	assert_is_json(&json);
	assert_true(json.has_unreadable);
	free(json.bytes);
}

/* ---- Seeded messages: JSON comes out of anything, and the bound holds -------------------------- */

static size_t any_avps(uint64_t *seed, uint8_t *to, size_t size, int depth);

static size_t any_data(uint64_t *seed, enum chg_avp_type type, uint8_t *to, size_t size, int depth)
{
	if (type == CHG_TYPE_GROUPED && depth < 20)
		return any_avps(seed, to, size, depth + 1);
	size_t len = seed_below(seed, 20);
	if (type == CHG_TYPE_TIME || type == CHG_TYPE_U32 || type == CHG_TYPE_ENUMERATED)
		len = seed_one_in(seed, 8) ? len : 4;
	len = len < size ? len : size;
	for (size_t i = 0; i < len; i++)
		to[i] = seed_one_in(seed, 2) ? (uint8_t)(1 + seed_below(seed, 31))
					     : (uint8_t)seed_next(seed);
	return len;
}

static size_t any_avps(uint64_t *seed, uint8_t *to, size_t size, int depth)
{
	size_t len = 0;
	for (uint32_t count = seed_below(seed, 6); count > 0 && size - len >= 12; count--) {
		const struct chg_avp_row *row =
			chg_dict_row((enum chg_avp)seed_below(seed, CHG_AVP_COUNT));
		bool is_known = !seed_one_in(seed, 6);
		uint32_t code = is_known ? row->code : (uint32_t)seed_next(seed);
		uint32_t vendor = is_known ? row->vendor : seed_below(seed, 3) * UINT32_MAX;
		size_t head = vendor != 0 ? 12 : 8;
		size_t data = any_data(seed, is_known ? row->type : CHG_TYPE_OCTETS,
			to + len + head, size - len - head, depth);
		size_t whole = head + data;
		if (seed_one_in(seed, 40))
			whole += seed_below(seed, 9); /* a lie */
		uint8_t *at = to + len;
		for (int i = 0; i < 4; i++) {
			at[i] = (uint8_t)(code >> (24 - 8 * i));
			at[4 + i] = (uint8_t)(whole >> (24 - 8 * i));
		}
		at[4] = vendor != 0 ? 0xc0 : 0x40;
		for (int i = 0; vendor != 0 && i < 4; i++)
			at[8 + i] = (uint8_t)(vendor >> (24 - 8 * i));
		len += head + data;
		while (len % 4 != 0 && len < size)
			to[len++] = 0;
	}
	return len;
}

static void any_avps_become_json_within_the_bound(void **state)
{
	(void)state;
	static uint8_t room[4096];
	for (uint64_t first = 1; first <= 60000; first++) {
		uint64_t seed = first;
		size_t len = any_avps(&seed, room, sizeof room, 0);
		struct chg_json json =
			json_of((struct chg_view){ (const char *)room, len }, skip_none);
		assert_is_json(&json);
		free(json.bytes);
	}
}

/* The dearest there can be: one AVP of the longest name after the other, and all of them empty. */
static void the_longest_names_stay_within_the_bound(void **state)
{
	(void)state;
	message_begin(&message, 0, 0, 0);
	for (int id = 0; id < CHG_AVP_COUNT; id++) {
		const struct chg_avp_row *row = chg_dict_row((enum chg_avp)id);
		message_avp(&message, row->code, row->vendor, 0, NULL, 0);
		static struct message one;
		message_begin(&one, 0, 0, 0);
		message_avp(&one, row->code, row->vendor, 0, NULL, 0);
		size_t bound = chg_json_bound(one.len) - chg_json_bound(0);
		assert_true(strlen(row->name) + sizeof ",\"\":\"0x\"" <= bound);
	}
	struct chg_json json = json_of(
		(struct chg_view){ (const char *)message.bytes + 20, message.len - 20 }, skip_none);
	assert_is_json(&json);
	free(json.bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_deeper_than_the_limit_are_bytes),
		cmocka_unit_test(more_kinds_than_are_told_apart_stay_as_bytes),
		cmocka_unit_test(any_avps_become_json_within_the_bound),
		cmocka_unit_test(the_longest_names_stay_within_the_bound),
	};
	return TABLE_RUN("AVPs as JSON", json_rows, json_row_holds) +
	       cmocka_run_group_tests_name("limits of JSON", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs, octet by octet.
 */
#include <stdlib.h>

#include "support/message.h"
#include "support/seed.h"
#include "support/table.h"
#include "wire/avp.h"

/* ---- The walker against every fault of a length ---------------------------------------------- */

static const struct walk_row {
	const char *says;
	const char *hex;
	size_t count; /* AVPs before the end or the fault */
	bool is_broken;
	uint32_t broken_code; /* what can be told of the one that does not fit */
} walk_rows[] = {
	{ "nothing is nothing", "", 0, false, 0 },
	{ "one AVP without data", "0000000140000008", 1, false, 0 },
	{ "data with its padding", "0000000140000009 61000000", 1, false, 0 },
	{ "the padding of the last AVP may be missing", "0000000140000009 61", 1, false, 0 },
	{ "the padding of the last AVP may be cut", "0000000140000009 6100", 1, false, 0 },
	{ "two AVPs", "0000000140000008 0000000240000008", 2, false, 0 },
	{ "a vendor's AVP", "00000369c000000c000028af", 1, false, 0 },
	{ "one octet", "00", 0, true, 0 },
	{ "three octets", "000000", 0, true, 0 },
	{ "a code alone", "00000001", 0, true, 1 },
	{ "a code and flags", "0000000140", 0, true, 1 },
	{ "seven octets", "00000001400000", 0, true, 1 },
	{ "length 0", "0000000140000000", 0, true, 1 },
	{ "length 1", "0000000140000001", 0, true, 1 },
	{ "length 7, one under the header", "0000000140000007", 0, true, 1 },
	{ "length 9 with 8 octets there", "0000000140000009", 0, true, 1 },
	{ "the greatest length", "0000000140ffffff", 0, true, 1 },
	{ "length 8 under the header of a vendor", "00000001c0000008000028af", 0, true, 1 },
	{ "length 11 under the header of a vendor", "00000001c000000b000028af", 0, true, 1 },
	{ "length 12 where the vendor is cut off", "00000001c000000c0000", 0, true, 1 },
	{ "a fault behind a good one", "0000000140000008 00000002400000ff", 1, true, 2 },
	{ "junk behind a good one", "0000000140000008 0102", 1, true, 0 },
};

static void walk_row_holds(void **state)
{
	const struct walk_row *row = *state;
	uint8_t room[64];
	size_t len = message_unhex(row->hex, room, sizeof room), count = 0;
	/* In memory of its own, so that a read beyond the end is seen. */
	uint8_t *bytes = test_malloc(len + 1);
	memcpy(bytes, room, len);
	struct chg_avp_walk walk = chg_avp_walk_group((struct chg_view){ (char *)bytes, len });
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		count++;
	assert_int_equal(count, row->count);
	assert_int_equal(walk.is_broken, row->is_broken);
	if (row->is_broken) {
		assert_int_equal(avp.code, row->broken_code);
		assert_int_equal(avp.data.len, 0);
		assert_false(chg_view_present(avp.whole));
	}
	assert_false(chg_avp_next(&walk, &avp)); /* and stays at the end */
	test_free(bytes);
}

static void any_octets_are_walked_within_their_bounds(void **state)
{
	(void)state;
	for (uint64_t first = 1; first <= 100000; first++) {
		uint64_t seed = first;
		size_t len = seed_below(&seed, 64), walked = 0;
		char *bytes = malloc(len + 1);
		assert_non_null(bytes);
		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(seed_one_in(&seed, 3) ? seed_next(&seed) : 0);
		for (size_t i = 7; i < len; i += 4 * (1 + seed_below(&seed, 4)))
			bytes[i] = (char)(8 + seed_below(&seed, 12));
		struct chg_avp_walk walk = chg_avp_walk_group((struct chg_view){ bytes, len });
		struct chg_raw_avp avp;
		while (chg_avp_next(&walk, &avp)) {
			assert_ptr_equal(avp.whole.ptr, bytes + walked);
			assert_ptr_equal(
				avp.data.ptr + avp.data.len, avp.whole.ptr + avp.whole.len);
			walked += (avp.whole.len + 3) / 4 * 4;
			assert_true(avp.whole.ptr + avp.whole.len <= bytes + len);
		}
		assert_true(walk.is_broken || walked >= len);
		free(bytes);
	}
}

/* ---- Headers ------------------------------------------------------------------------------------ */

static const struct header_row {
	const char *says;
	const char *hex;
	enum chg_rc rc;
} header_rows[] = {
	{ "a header alone is a message", "01000014c000010f000000030000000100000002", CHG_OK },
	{ "N-001 version 2", "02000014c000010f000000030000000100000002", CHG_E_SYNTAX },
	{ "N-002 length 16", "01000010c000010f000000030000000100000002", CHG_E_SYNTAX },
	{ "N-004 the greatest length", "01ffffffc000010f000000030000000100000002", CHG_E_SYNTAX },
	{ "A-021 one octet more than it says", "01000014c000010f00000003000000010000000200",
		CHG_E_SYNTAX },
	{ "A-021 cut off", "01000014c000010f0000000300000001", CHG_E_SYNTAX },
	{ "nothing at all", "", CHG_E_SYNTAX },
};

static void header_row_holds(void **state)
{
	const struct header_row *row = *state;
	uint8_t bytes[32];
	size_t len = message_unhex(row->hex, bytes, sizeof bytes);
	struct chg_header header = { 0 };
	struct chg_view view = { (const char *)bytes, len };
	assert_int_equal(chg_header_read(view, &header), row->rc);
	if (row->rc != CHG_OK)
		return;
	assert_int_equal(header.flags, 0xc0);
	assert_int_equal(header.command, 271);
	assert_int_equal(header.application, 3);
	assert_int_equal(header.hop_by_hop, 1);
	assert_int_equal(header.end_to_end, 2);
}

/* ---- UTF-8, RFC 3629 ---------------------------------------------------------------------------- */

static const struct utf8_row {
	const char *says;
	const char *hex;
	bool is_valid;
} utf8_rows[] = {
	{ "nothing", "", true },
	{ "ASCII", "417a7e", true },
	{ "DEL and controls", "7f0109", true },
	{ "NUL", "4100", false },
	{ "the first of two octets", "c280", true },
	{ "the last of two octets", "dfbf", true },
	{ "the first of three octets", "e0a080", true },
	{ "the last before the surrogates", "ed9fbf", true },
	{ "the first after the surrogates", "ee8080", true },
	{ "the last of three octets", "efbfbf", true },
	{ "the first of four octets", "f0908080", true },
	{ "U+10FFFF", "f48fbfbf", true },
	{ "past U+10FFFF", "f4908080", false },
	{ "a lead octet of five", "f888808080", false },
	{ "a lone continuation", "80", false },
	{ "a continuation too many", "c28080", false },
	{ "overlong with c0", "c080", false },
	{ "overlong with c1", "c1bf", false },
	{ "overlong of three", "e09fbf", false },
	{ "overlong of four", "f08fbfbf", false },
	{ "the first surrogate", "eda080", false },
	{ "the last surrogate", "edbfbf", false },
	{ "cut off after one of two", "c2", false },
	{ "cut off after two of three", "e282", false },
	{ "cut off after three of four", "f09f98", false },
	{ "a lead octet inside", "e2c2ac", false },
	{ "a bad third octet", "e28241", false },
	{ "a bad fourth octet", "f09f9841", false },
	{ "fe and ff", "feff", false },
};

static void utf8_row_holds(void **state)
{
	const struct utf8_row *row = *state;
	uint8_t room[16];
	size_t len = message_unhex(row->hex, room, sizeof room);
	char *bytes = test_malloc(len + 1);
	memcpy(bytes, room, len);
	assert_int_equal(chg_utf8_valid((struct chg_view){ bytes, len }), row->is_valid);
	test_free(bytes);
}

/* ---- Time, A-036 ---------------------------------------------------------------------------------- */

static const struct time_row {
	const char *says;
	const char *hex;
	int64_t unix_s;
} time_rows[] = {
	{ "the first second of the old era that we read", "80000000", -61505152 },
	{ "1970", "83aa7e80", 0 },
	{ "2026-11-20T12:34:56Z", "eeaabcf0", INT64_C(1795178096) },
	{ "the last second of the old era", "ffffffff", INT64_C(2085978495) },
	{ "A-036 the era of 2036 begins", "00000000", INT64_C(2085978496) },
	{ "a second later", "00000001", INT64_C(2085978497) },
	{ "R15 2064", "34b86d00", INT64_C(2970480256) },
	{ "the last second there is", "7fffffff", INT64_C(4233462143) },
};

static struct chg_raw_avp avp_of(const uint8_t *bytes, size_t len)
{
	return (struct chg_raw_avp){ .data = { (const char *)bytes, len } };
}

static void time_row_holds(void **state)
{
	const struct time_row *row = *state;
	uint8_t bytes[4];
	struct chg_raw_avp avp = avp_of(bytes, message_unhex(row->hex, bytes, sizeof bytes));
	chg_instant at = { 0 };
	uint32_t wire;
	assert_true(chg_avp_time(&avp, &at));
	assert_int_equal(at.us, row->unix_s * CHG_US_PER_S);
	assert_true(chg_avp_u32(&avp, &wire));
	assert_int_equal(chg_time_from_instant(at), wire);
	at.us += CHG_US_PER_S - 1; /* parts of a second are cut off */
	assert_int_equal(chg_time_from_instant(at), wire);
}

static void numbers_ask_for_their_size(void **state)
{
	(void)state;
	static const uint8_t bytes[9] = { 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 3, 9 };
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct chg_raw_avp avp = avp_of(bytes, len);
		uint32_t u32 = 7;
		int32_t i32 = 7;
		uint64_t u64 = 7;
		chg_instant at;
		assert_int_equal(chg_avp_u32(&avp, &u32), len == 4);
		assert_int_equal(chg_avp_i32(&avp, &i32), len == 4);
		assert_int_equal(chg_avp_u64(&avp, &u64), len == 8);
		assert_int_equal(chg_avp_time(&avp, &at), len == 4);
		if (len == 4) {
			assert_int_equal(u32, 0xfffffffe);
			assert_int_equal(i32, -2);
		}
		if (len == 8)
			assert_true(u64 == UINT64_C(0xfffffffe00000003));
	}
}

/* ---- Writing -------------------------------------------------------------------------------------- */

static void what_is_written_is_what_the_notation_says(void **state)
{
	(void)state;
	static uint8_t room[256];
	static struct message wanted;
	struct chg_out out = chg_out_of(room, sizeof room);
	struct chg_header header = { .flags = 0xc0,
		.command = 271,
		.application = 3,
		.hop_by_hop = MESSAGE_HOP_BY_HOP,
		.end_to_end = MESSAGE_END_TO_END };
	chg_out_header(&out, &header);
	chg_out_text(&out, CHG_AVP_SESSION_ID, CHG_VIEW("abcde"));
	chg_out_u32(&out, CHG_AVP_RESULT_CODE, 2001);
	chg_out_u64(&out, CHG_AVP_ACCOUNTING_SUB_SESSION_ID, UINT64_C(0x0102030405060708));
	chg_out_time(&out, CHG_AVP_EVENT_TIMESTAMP, (chg_instant){ 0 });
	size_t outer = chg_out_group_begin(&out, CHG_AVP_SERVICE_INFORMATION);
	size_t inner = chg_out_group_begin(&out, CHG_AVP_IMS_INFORMATION);
	chg_out_i32(&out, CHG_AVP_CAUSE_CODE, -1);
	chg_out_group_end(&out, inner);
	chg_out_group_end(&out, outer);
	chg_out_any(&out, 99999, 4711, 0x80, CHG_VIEW("x"));
	assert_int_equal(chg_out_finish(&out), CHG_OK);

	message_begin(&wanted, 0xc0, 271, 3);
	message_avps(&wanted, "263m:'abcde' 268m:000007d1 287m:0102030405060708 55m:83aa7e80 "
			      "873/10415m:{876/10415m:{861/10415m:ffffffff}} 99999/4711:'x'");
	struct chg_view view = message_view(&wanted);
	assert_int_equal(out.len, view.len);
	assert_memory_equal(room, view.ptr, view.len);
}

static void a_message_that_is_full_stays_full(void **state)
{
	(void)state;
	uint8_t room[40];
	memset(room, 0xee, sizeof room);
	struct chg_out out = chg_out_of(room, 32);
	chg_out_header(&out, &(struct chg_header){ 0 });
	chg_out_text(&out, CHG_AVP_SESSION_ID, CHG_VIEW("abcde")); /* 13 octets where 12 are left */
	assert_true(out.is_full);
	chg_out_text(&out, CHG_AVP_SESSION_ID, CHG_VIEW("")); /* this would fit */
	size_t group = chg_out_group_begin(&out, CHG_AVP_FAILED_AVP);
	chg_out_group_end(&out, group);
	assert_int_equal(out.len, 20);
	assert_int_equal(chg_out_finish(&out), CHG_E_RANGE);
	for (size_t i = 20; i < sizeof room; i++)
		assert_int_equal(room[i], 0xee);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_octets_are_walked_within_their_bounds),
		cmocka_unit_test(numbers_ask_for_their_size),
		cmocka_unit_test(what_is_written_is_what_the_notation_says),
		cmocka_unit_test(a_message_that_is_full_stays_full),
	};
	return TABLE_RUN("walks", walk_rows, walk_row_holds) +
	       TABLE_RUN("headers", header_rows, header_row_holds) +
	       TABLE_RUN("UTF-8", utf8_rows, utf8_row_holds) +
	       TABLE_RUN("times", time_rows, time_row_holds) +
	       cmocka_run_group_tests_name("numbers and writing", tests, NULL, NULL);
}

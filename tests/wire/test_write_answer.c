/* SPDX-License-Identifier: BSD-3-Clause
 * Answers, octet by octet where the rules say so: section A3.
 */
#include "support/message.h"
#include "support/table.h"
#include "wire/message.h"

static const struct chg_identity self = {
	.origin_host = { "cdf.example.net", 15 },
	.origin_realm = { "example.net", 11 },
	.origin_state_id = 7,
};

static struct message request;
static uint8_t bytes[2 * MESSAGE_ROOM];
static struct chg_view answer;

/* What the answer repeats of the request as it stands. */
static const struct chg_echo *echo(void)
{
	static struct chg_echo read;
	assert_int_equal(chg_echo_read(message_view(&request), &read), CHG_OK);
	return &read;
}

static void answer_with(const char *changes, struct chg_aca aca)
{
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	message_acr(&request, changes);
	assert_int_equal(chg_wire_write_aca(echo(), &self, &aca, &out), CHG_OK);
	answer = (struct chg_view){ (const char *)bytes, out.len };
}

static void refuse_with(const char *changes, struct chg_fault fault)
{
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	message_acr(&request, changes);
	assert_int_equal(chg_wire_write_fault(message_view(&request), &self, &fault, &out), CHG_OK);
	answer = (struct chg_view){ (const char *)bytes, out.len };
}

static struct chg_aca result(uint32_t code)
{
	return (struct chg_aca){ .result_code = code };
}

/* The whole answer is these AVPs, in this order. */
static void assert_avps(const char *notation)
{
	static struct message wanted;
	message_begin(&wanted, 0, 0, 0);
	message_avps(&wanted, notation);
	assert_int_equal(answer.len, wanted.len);
	assert_memory_equal(answer.ptr + 20, wanted.bytes + 20, answer.len - 20);
}

/* ---- The header ------------------------------------------------------------------------------ */

static const struct header_row {
	const char *says;
	const char *changes;
	uint32_t result;
	uint8_t flags;
} header_rows[] = {
	{ "A-050 R goes and P stays", "flags=c0", 2001, 0x40 },
	{ "A-050, N-007 without P no P", "flags=80", 2001, 0x00 },
	{ "A-050, N-008, A-026 T never comes back", "flags=d0", 2001, 0x40 },
	{ "A-024 reserved bits do not come back", "flags=cf", 2001, 0x40 },
	{ "A-055 3xxx has E", "flags=c0", 3004, 0x60 },
	{ "A-055, A-063 3xxx has E and keeps P", "flags=80", 3004, 0x20 },
	{ "A-055 4xxx never has E", "flags=c0", 4002, 0x40 },
	{ "A-055 4xxx has none though nothing can be echoed", "-480 -485", 4002, 0x40 },
	{ "A-055 5xxx normally has none", "flags=c0", 5012, 0x40 },
	{ "A-056 5xxx has E where the type is missing", "-480", 5005, 0x60 },
	{ "A-056 5xxx has E where the number is missing", "-485", 5005, 0x60 },
	{ "A-056 5xxx has E where the number is no number", "-485 485m:000001", 5014, 0x60 },
};

static void header_row_holds(void **state)
{
	const struct header_row *row = *state;
	for (int by_fault = 0; by_fault < 2; by_fault++) {
		if (by_fault)
			refuse_with(row->changes, (struct chg_fault){ .result_code = row->result });
		else
			answer_with(row->changes, result(row->result));
		const uint8_t *at = (const uint8_t *)answer.ptr;
		assert_int_equal(at[0], 1);
		assert_int_equal(at[1] << 16 | at[2] << 8 | at[3], answer.len);
		assert_int_equal(answer.len % 4, 0);
		assert_int_equal(at[4], row->flags);
		assert_memory_equal(
			at + 5, request.bytes + 5, 15); /* code, application, both ids */
	}
}

/* ---- What is in it ----------------------------------------------------------------------------- */

#define HEAD(code)                                                                                 \
	"263m:'im1.example.net;1;2' 268m:" code " 264m:'cdf.example.net' 296m:'example.net' "
#define STATE " 278m:00000007 "

static const struct answer_row {
	const char *says;
	const char *changes;
	struct chg_aca aca;
	const char *avps;
} answer_rows[] = {
	{ "A-051, A-052, A-054, A-056 success echoes type and number", "type=3 number=7",
		{ .result_code = 2001 },
		HEAD("000007d1") "480m:00000003 485m:00000007 259m:00000003" STATE },
	{ "A-091 the interval goes with success", "type=2",
		{ .result_code = 2001, .interim_interval_s = { true, 300 } },
		HEAD("000007d1") "480m:00000002 485m:00000000 259m:00000003 85m:0000012c" STATE },
	{ "A-065 what clients correlate on is echoed",
		"1m:'alice' 44m:0102 50m:'multi' 287m:0000000000000009", { .result_code = 2001 },
		HEAD("000007d1") "480m:00000001 485m:00000000 259m:00000003 "
				 "287m:0000000000000009 44m:0102 50m:'multi' 1m:'alice'" STATE },
	{ "A-052 destinations do not come back", "293m:'cdf.example.net' 282m:'relay'",
		{ .result_code = 2001 },
		HEAD("000007d1") "480m:00000001 485m:00000000 259m:00000003" STATE },
	{ "A-053, N-026 every Proxy-Info comes back, in order, untouched",
		"284m:{280m:'p1' 33m:0001} 282m:'r' 284:{33:ff 280:'p2' #00000001}",
		{ .result_code = 2001 },
		HEAD("000007d1") "480m:00000001 485m:00000000 259m:00000003" STATE
				 "284m:{280m:'p1' 33m:0001} 284:{33:ff 280:'p2' #00000001}" },
	{ "R8 M bits that a client cleared are ours again in the answer",
		"-263 -480 -485 263:'s' 480:00000001 485:00000009", { .result_code = 2001 },
		"263m:'s' 268m:000007d1 264m:'cdf.example.net' 296m:'example.net' "
		"480m:00000001 485m:00000009 259m:00000003" STATE },
	{ "A-051, N-116 Session-Id is first wherever it stood", "-263 263m:' Late;É '",
		{ .result_code = 2001 },
		"263m:' Late;É ' 268m:000007d1 264m:'cdf.example.net' 296m:'example.net' "
		"480m:00000001 485m:00000000 259m:00000003" STATE },
	{ "A-063 an E answer is the answer-message form, with Proxy-Info",
		"1m:'alice' 284m:{280m:'p' 33m:''}", { .result_code = 3004 },
		HEAD("00000bbc") "281:'too much is waiting, please try again or elsewhere'" STATE
				 "284m:{280m:'p' 33m:''}" },
	{ "A-061, N-175 no room is told with a sentence", "", { .result_code = 4002 },
		HEAD("00000fa2") "480m:00000001 485m:00000000 259m:00000003 281:'the record cannot "
				 "be stored for now, please keep it and try again'" STATE },
};

static void answer_row_holds(void **state)
{
	const struct answer_row *row = *state;
	answer_with(row->changes, row->aca);
	assert_avps(row->avps);
}

/* ---- Failed-AVP: section I, A-057 to A-060 ------------------------------------------------------ */

static const struct example_row {
	const char *says;
	enum chg_avp id;
	const char *hex;
} example_rows[] = {
	{ "CC-Request-Number is missing", CHG_AVP_CC_REQUEST_NUMBER, "0000019F4000000C00000000" },
	{ "CC-Request-Type is missing", CHG_AVP_CC_REQUEST_TYPE, "000001A04000000C00000000" },
	{ "Requested-Action is missing", CHG_AVP_REQUESTED_ACTION, "000001B44000000C00000000" },
	{ "Accounting-Record-Type is missing", CHG_AVP_ACCOUNTING_RECORD_TYPE,
		"000001E04000000C00000000" },
	{ "Accounting-Record-Number is missing", CHG_AVP_ACCOUNTING_RECORD_NUMBER,
		"000001E54000000C00000000" },
	{ "J-12 Session-Id is missing", CHG_AVP_SESSION_ID, "0000010740000008" },
	{ "J-12 Service-Context-Id is missing", CHG_AVP_SERVICE_CONTEXT_ID, "000001CD40000008" },
	{ "A-058 64 bits are eight octets", CHG_AVP_ACCOUNTING_SUB_SESSION_ID,
		"0000011F400000100000000000000000" },
	{ "A-058 a group is empty", CHG_AVP_VENDOR_SPECIFIC_APPLICATION_ID, "0000010440000008" },
	{ "A-058 a vendor's AVP has its vendor", CHG_AVP_SERVICE_INFORMATION,
		"00000369C000000C000028AF" },
};

static struct chg_fault missing(enum chg_avp id)
{
	const struct chg_avp_row *row = chg_dict_row(id);
	return (struct chg_fault){ .result_code = 5005,
		.message = "an AVP that must be there is missing",
		.failed = { { .code = row->code,
			.vendor = row->vendor,
			.is_known = true,
			.id = id } },
		.failed_count = 1 };
}

static void example_row_holds(void **state)
{
	const struct example_row *row = *state;
	uint8_t wanted[64];
	size_t len = message_unhex(row->hex, wanted, sizeof wanted);
	struct chg_view failed;
	refuse_with("", missing(row->id));
	assert_true(message_find(answer, 279, 0, &failed));
	assert_int_equal(failed.len, len);
	assert_memory_equal(failed.ptr, wanted, len);
	assert_int_equal(message_count(answer, 279), 1);
	assert_int_equal(message_count(answer, 268), 1);
}

static void a_057_the_offender_comes_back_whole(void **state)
{
	(void)state;
	struct chg_raw_avp avp;
	message_acr(&request, "99999/10415m:c0ffee");
	struct chg_avp_walk walk = chg_avp_walk_message(message_view(&request));
	while (chg_avp_next(&walk, &avp) && avp.code != 99999)
		;
	struct chg_fault fault = { .result_code = 5001, .failed = { avp }, .failed_count = 1 };
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	assert_int_equal(chg_wire_write_fault(message_view(&request), &self, &fault, &out), CHG_OK);
	answer = (struct chg_view){ (const char *)bytes, out.len };
	assert_avps(HEAD("00001389") "480m:00000001 485m:00000000 259m:00000003 "
				     "279m:{99999/10415m:c0ffee}" STATE);
}

static void a_059_two_offenders_share_one_failed_avp(void **state)
{
	(void)state;
	struct chg_fault fault = missing(CHG_AVP_AUTH_APPLICATION_ID);
	fault.failed[fault.failed_count++] = missing(CHG_AVP_ACCT_APPLICATION_ID).failed[0];
	refuse_with("-480", fault);
	assert_avps(HEAD("0000138d") "281:'an AVP that must be there is missing' "
				     "279m:{258m:00000000 259m:00000000}" STATE);
}

static void r10_a_refused_ccr_echoes_what_its_answer_requires(void **state)
{
	(void)state;
	refuse_with("cmd=272 app=4 -480 -485 -259 416m:00000004 415m:00000000 "
		    "480m:00000002 485m:00000003",
		(struct chg_fault){ .result_code = 5031 });
	assert_int_equal(answer.ptr[4], 0x40);
	assert_avps(HEAD("000013a7") "258m:00000004 416m:00000004 415m:00000000" STATE);
	refuse_with("cmd=272 app=4 -480 -485 -259 480m:00000002 485m:00000003", /* N-035 */
		missing(CHG_AVP_CC_REQUEST_TYPE));
	assert_int_equal(answer.ptr[4], 0x60);
}

static void without_a_state_id_of_our_own_none_is_sent(void **state)
{
	(void)state;
	struct chg_identity stateless = self;
	struct chg_aca aca = result(2001);
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	stateless.origin_state_id = 0;
	message_acr(&request, "278m:00000009");
	assert_int_equal(chg_wire_write_aca(echo(), &stateless, &aca, &out), CHG_OK);
	answer = (struct chg_view){ (const char *)bytes, out.len };
	assert_int_equal(message_count(answer, 278), 0);
}

static void what_does_not_fit_is_refused_whatever_the_room(void **state)
{
	(void)state;
	struct chg_fault fault = missing(CHG_AVP_SESSION_ID);
	struct chg_aca aca = { .result_code = 2001, .interim_interval_s = { true, 300 } };
	message_acr(&request, "1m:'alice' 284m:{280m:'p' 33m:'s'}");
	answer_with("1m:'alice' 284m:{280m:'p' 33m:'s'}", aca);
	for (size_t room = 0; room < answer.len; room++) {
		uint8_t *small = test_malloc(room + 1); /* out of bounds is told by the guard */
		struct chg_out out = chg_out_of(small, room);
		assert_int_equal(chg_wire_write_aca(echo(), &self, &aca, &out), CHG_E_RANGE);
		out = chg_out_of(small, room);
		enum chg_rc rc = chg_wire_write_fault(message_view(&request), &self, &fault, &out);
		assert_true(rc == CHG_E_RANGE || room >= answer.len - 32);
		test_free(small);
	}
}

static void what_has_no_header_has_no_answer(void **state)
{
	(void)state;
	struct chg_echo echo;
	struct chg_fault fault = { .result_code = 5012 };
	struct chg_view broken[] = { { "", 0 }, { "\1\0\0\x14", 4 } };
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct chg_out out = chg_out_of(bytes, sizeof bytes);
		assert_int_equal(chg_echo_read(broken[i], &echo), CHG_E_SYNTAX);
		assert_int_equal(
			chg_wire_write_fault(broken[i], &self, &fault, &out), CHG_E_SYNTAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_057_the_offender_comes_back_whole),
		cmocka_unit_test(a_059_two_offenders_share_one_failed_avp),
		cmocka_unit_test(r10_a_refused_ccr_echoes_what_its_answer_requires),
		cmocka_unit_test(without_a_state_id_of_our_own_none_is_sent),
		cmocka_unit_test(what_does_not_fit_is_refused_whatever_the_room),
		cmocka_unit_test(what_has_no_header_has_no_answer),
	};
	return TABLE_RUN("headers of answers", header_rows, header_row_holds) +
	       TABLE_RUN("answers", answer_rows, answer_row_holds) +
	       TABLE_RUN("examples in Failed-AVP", example_rows, example_row_holds) +
	       cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}

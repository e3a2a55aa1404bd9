/* SPDX-License-Identifier: BSD-3-Clause
 * Credit-Control-Answers, octet by octet: RFC 8506 3.2 and section B of the rules.
 */
#include <stdio.h>

#include "support/message.h"
#include "support/table.h"
#include "wire/message.h"

static const struct chg_identity self = {
	.origin_host = { "ocs.example.net", 15 },
	.origin_realm = { "example.net", 11 },
	.origin_state_id = 7,
};

static struct message request;
static struct chg_scratch scratch;
static struct chg_ccr ccr;
static uint8_t bytes[2 * MESSAGE_ROOM], body_bytes[2 * MESSAGE_ROOM];
static struct chg_view answer;

static void read_request(void)
{
	struct chg_fault fault = { 0 };
	memset(&ccr, 0, sizeof ccr);
	assert_int_equal(
		chg_wire_read_ccr(message_view(&request), CHG_LENIENT, &scratch, &ccr, &fault),
		CHG_OK);
}

/* What the answer repeats of the request as it stands. */
static const struct chg_echo *echo(void)
{
	static struct chg_echo read;
	assert_int_equal(chg_echo_read(message_view(&request), &read), CHG_OK);
	return &read;
}

/* Both ways to an answer have to come to the same octets. */
static void answer_to(const struct chg_cca *cca)
{
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	struct chg_out body = chg_out_of(body_bytes, sizeof body_bytes);
	static uint8_t again[2 * MESSAGE_ROOM];
	struct chg_out made = chg_out_of(again, sizeof again);
	assert_int_equal(chg_wire_write_cca(echo(), &self, &ccr, cca, &out), CHG_OK);
	assert_int_equal(chg_wire_write_cca_body(echo(), &self, &ccr, cca, &body), CHG_OK);
	struct chg_view kept = { (const char *)body.bytes, body.len };
	assert_int_equal(chg_wire_write_cca_from_body(echo(), kept, &made), CHG_OK);
	assert_int_equal(made.len, out.len);
	assert_memory_equal(made.bytes, out.bytes, out.len);
	answer = (struct chg_view){ (const char *)bytes, out.len };
}

static void answer_with(const char *changes, const struct chg_cca *cca)
{
	message_ccr(&request, changes);
	read_request();
	answer_to(cca);
}

static int release(void **state)
{
	(void)state;
	chg_scratch_release(&scratch);
	return 0;
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

#define HEAD(result)                                                                               \
	"263m:'im1.example.net;1;2' 268m:" result " 264m:'ocs.example.net' 296m:'example.net' "
#define ECHO(type)  "258m:00000004 416m:" type " 415m:00000000 "
#define STATE       "278m:00000007 "
#define OK_HEAD     HEAD("000007d1") ECHO("00000001")
#define EVENT       "type=4 436m:00000000 "
#define ONE_MESSAGE "437m:{417m:0000000000000001} "

static struct chg_units units_of(enum chg_unit unit, uint64_t count)
{
	struct chg_units units = { .is_present = true };
	units.of[unit].is_present = true;
	units.of[unit].value = count;
	return units;
}

static struct chg_units money_of(int64_t micros, uint16_t currency)
{
	return (struct chg_units){
		.is_present = true, .has_money = true, .money = { micros }, .currency = { currency }
	};
}

/* One service, granted. */
static struct chg_cca granted(struct chg_units units)
{
	struct chg_cca cca = { .result_code = CHG_CC_SUCCESS, .service_count = 1 };
	cca.service[0].result_code = CHG_CC_SUCCESS;
	cca.service[0].granted = units;
	return cca;
}

static struct chg_cca refused(uint32_t code)
{
	return (struct chg_cca){ .result_code = code };
}

/* ---- At the level of the command ---------------------------------------------------------------- */

static const struct unit_row {
	const char *says;
	enum chg_unit unit;
	uint64_t count;
	const char *granted;
} unit_rows[] = {
	{ "seconds are CC-Time", CHG_UNIT_SECONDS, 30, "420m:0000001e" },
	{ "seconds stop at what CC-Time holds", CHG_UNIT_SECONDS, UINT64_MAX, "420m:ffffffff" },
	{ "octets are CC-Total-Octets", CHG_UNIT_OCTETS, 1, "421m:0000000000000001" },
	{ "octets in are CC-Input-Octets", CHG_UNIT_OCTETS_IN, 2, "412m:0000000000000002" },
	{ "octets out are CC-Output-Octets", CHG_UNIT_OCTETS_OUT, 3, "414m:0000000000000003" },
	{ "messages are CC-Service-Specific-Units", CHG_UNIT_MESSAGES, UINT64_MAX,
		"417m:ffffffffffffffff" },
	{ "a grant of nothing is a grant", CHG_UNIT_MESSAGES, 0, "417m:0000000000000000" },
};

static void unit_row_holds(void **state)
{
	const struct unit_row *row = *state;
	char wanted[512];
	struct chg_cca cca = granted(units_of(row->unit, row->count));
	answer_with("437m:{}", &cca);
	snprintf(wanted, sizeof wanted, "%s431m:{%s} %s", OK_HEAD, row->granted, STATE);
	assert_avps(wanted);
}

static void money_is_the_shortest_unit_value(void **state)
{
	(void)state;
	struct chg_cca cca = granted(money_of(1200000, 978));
	answer_with("437m:{413m:{445m:{447m:000000000000000c 429m:ffffffff}}}", &cca);
	assert_avps(OK_HEAD "431m:{413m:{445m:{447m:000000000000000c 429m:ffffffff} "
			    "425m:000003d2}} " STATE);
	cca = granted(money_of(3000000, 0));
	cca.currency.number = 840; /* none named: that of the account */
	answer_with("437m:{}", &cca);
	assert_avps(OK_HEAD "431m:{413m:{445m:{447m:0000000000000003 429m:00000000} "
			    "425m:00000348}} " STATE);
}

static void b_022_limits_of_a_grant_stand_beside_it(void **state)
{
	(void)state;
	struct chg_cca cca = granted(units_of(CHG_UNIT_MESSAGES, 5));
	cca.service[0].validity_s = (chg_opt_u32){ true, 3600 };
	cca.service[0].is_final = true;
	cca.service[0].refund_len = 4;
	memcpy(cca.service[0].refund, "42/7", 4);
	answer_with("437m:{}", &cca);
	assert_avps(OK_HEAD "431m:{417m:0000000000000005} 448m:00000e10 430m:{449m:00000000} "
			    "2022/10415m:'42/7' " STATE);
}

static void without_a_grant_there_is_no_group(void **state)
{
	(void)state;
	struct chg_cca cca = granted((struct chg_units){ 0 });
	answer_with("type=3", &cca);
	assert_avps(HEAD("000007d1") ECHO("00000003") STATE);
	cca = granted((struct chg_units){ .is_present = true });
	answer_with("type=3", &cca);
	assert_avps(HEAD("000007d1") ECHO("00000003") STATE);
}

static void what_the_account_says_is_told(void **state)
{
	(void)state;
	struct chg_cca cca = { .result_code = CHG_CC_SUCCESS,
		.has_cost = true,
		.cost = { 50000 },
		.currency = { 978 },
		.check_balance_result = { true, 1 },
		.low_balance_indication = { true, 1 },
		.has_remaining = true,
		.remaining = { -1500000 },
		.session_failover = { true, 0 },
		.failure_handling = { true, 2 },
		.direct_debiting_failure_handling = { true, 1 } };
	answer_with(EVENT, &cca);
	assert_avps(HEAD("000007d1") ECHO(
		"00000004") "418m:00000000 427m:00000002 428m:00000001 "
			    "423m:{445m:{447m:0000000000000005 429m:fffffffe} 425m:000003d2} "
			    "2020/10415m:00000001 "
			    "2021/10415m:{445m:{447m:fffffffffffffff1 429m:ffffffff} "
			    "425m:000003d2} "
			    "422m:00000001 " STATE);
}

static void what_a_client_correlates_on_is_echoed(void **state)
{
	(void)state;
	struct chg_cca cca = { .result_code = CHG_CC_SUCCESS };
	answer_with("number=9 419m:0000000000000005 50m:'multi' 1m:'alice' 44m:'acct' "
		    "287m:0000000000000001 480m:00000002 485m:00000003 "
		    "284m:{280m:'a' 33m:'1'} 284m:{280m:'b' 33m:'2'} 282m:'relay'",
		&cca);
	assert_avps(HEAD("000007d1") "258m:00000004 416m:00000001 415m:00000009 "
				     "419m:0000000000000005 50m:'multi' 1m:'alice' " STATE
				     "284m:{280m:'a' 33m:'1'} 284m:{280m:'b' 33m:'2'}");
}

static void b_155_nothing_of_a_request_alone_comes_back(void **state)
{
	(void)state;
	static const uint32_t never[] = { 461, 443, 446, 437, 436, 455, 439, 295, 458, 411 };
	struct chg_cca cca = granted(units_of(CHG_UNIT_MESSAGES, 1));
	answer_with("type=2 443m:{450m:00000000 444m:'4930'} 446m:{417m:0000000000000001} "
		    "437m:{417m:0000000000000001} 455m:00000001 439m:00000007 295m:00000001 "
		    "458:{459:00000001} 411:'id' 432m:00000001 456m:{432m:00000001}",
		&cca);
	for (size_t i = 0; i < COUNT(never); i++)
		assert_int_equal(message_count(answer, never[i]), 0);
}

/* ---- Services ------------------------------------------------------------------------------------ */

static void b_083_each_service_has_its_answer(void **state)
{
	(void)state;
	struct chg_cca cca = { .result_code = CHG_CC_SUCCESS, .service_count = 3 };
	cca.service[0].result_code = CHG_CC_SUCCESS;
	cca.service[0].granted = units_of(CHG_UNIT_SECONDS, 30);
	cca.service[0].validity_s = (chg_opt_u32){ true, 60 };
	cca.service[0].is_final = true;
	cca.service[1].result_code = CHG_CC_CREDIT_LIMIT_REACHED;
	cca.service[2].result_code = CHG_CC_RATING_FAILED;
	answer_with("455m:00000001 456m:{432m:00000064 439m:000003e8 439m:000003e9 437m:{}} "
		    "456m:{432m:00000065 437m:{}} 456m:{439m:00000007 437m:{}}",
		&cca);
	assert_avps(OK_HEAD
		"456m:{431m:{420m:0000001e} 439m:000003e8 439m:000003e9 432m:00000064 "
		"448m:0000003c 268m:000007d1 430m:{449m:00000000}} "
		"456m:{432m:00000065 268m:00000fac} 456m:{439m:00000007 268m:000013a7} " STATE);
}

static void b_084_a_refusal_of_the_command_is_of_all_services(void **state)
{
	(void)state;
	struct chg_cca cca = granted(units_of(CHG_UNIT_SECONDS, 30));
	cca.result_code = CHG_CC_USER_UNKNOWN;
	cca.message = "nobody of this name";
	answer_with("456m:{432m:00000064 437m:{}}", &cca);
	assert_avps(HEAD("000013a6") ECHO("00000001") "281:'nobody of this name' " STATE);
}

static void the_result_of_own_units_is_that_of_the_command(void **state)
{
	(void)state;
	struct chg_cca cca = granted((struct chg_units){ 0 });
	cca.service[0].result_code = CHG_CC_CREDIT_LIMIT_REACHED;
	answer_with("437m:{}", &cca);
	assert_avps(HEAD("00000fac") ECHO("00000001") STATE);
}

/* ---- The header ------------------------------------------------------------------------------------ */

static const struct header_row {
	const char *says;
	const char *changes;
	uint32_t result;
	uint8_t flags;
} header_rows[] = {
	{ "A-050 R goes and P stays", "flags=c0", 2001, 0x40 },
	{ "N-007 without P no P", "flags=80", 2001, 0x00 },
	{ "N-008 T never comes back", "flags=d0", 2001, 0x40 },
	{ "A-055 3xxx has E", "flags=c0", 3004, 0x60 },
	{ "A-055 4xxx never has E", "flags=c0", 4012, 0x40 },
	{ "A-055 5xxx has none", "flags=c0", 5030, 0x40 },
};

static void header_row_holds(void **state)
{
	const struct header_row *row = *state;
	struct chg_cca cca = refused(row->result);
	answer_with(row->changes, &cca);
	const uint8_t *at = (const uint8_t *)answer.ptr;
	assert_int_equal(at[4], row->flags);
	assert_memory_equal(at + 5, "\0\1\x10\0\0\0\4\x11\x22\x33\x44\x55\x66\x77\x88", 15);
	if (row->result == 3004)
		assert_avps(HEAD("00000bbc") STATE);
}

/* ---- Failed-AVP -------------------------------------------------------------------------------------- */

static const struct culprit_row {
	const char *says;
	const char *changes;
	enum chg_cc_culprit culprit;
	size_t service;
	const char *failed;
} culprit_rows[] = {
	{ "B-147 the context", "", CHG_CULPRIT_SERVICE_CONTEXT, 0, "461m:'32274@3gpp.org'" },
	{ "J-08 an example of an identity that is missing", "", CHG_CULPRIT_SUBSCRIPTION, 0,
		"443m:{}" },
	{ "the identity that is there", "443m:{450m:00000000 444m:'4930'}",
		CHG_CULPRIT_SUBSCRIPTION, 0, "443m:{450m:00000000 444m:'4930'}" },
	{ "N-122 the service by its identifier", "439m:00000007 432m:00000001 437m:{}",
		CHG_CULPRIT_SERVICE, 0, "439m:00000007" },
	{ "else by its group", "432m:00000001 437m:{}", CHG_CULPRIT_SERVICE, 0, "432m:00000001" },
	{ "else the context", "437m:{}", CHG_CULPRIT_SERVICE, 0, "461m:'32274@3gpp.org'" },
	{ "the service among several", "456m:{432m:00000001} 456m:{432m:00000002 439m:00000009}",
		CHG_CULPRIT_SERVICE, 1, "439m:00000009" },
	{ "N-124 the unit requested", "437m:{412m:0000000000000001}", CHG_CULPRIT_UNIT, 0,
		"412m:0000000000000001" },
	{ "the unit used", "type=2 446m:{452m:00000000 420m:00000005}", CHG_CULPRIT_UNIT, 0,
		"420m:00000005" },
	{ "the unit of a service among several",
		"456m:{432m:00000001 437m:{420m:00000001}} 456m:{432m:00000002 "
		"437m:{414m:0000000000000009}}",
		CHG_CULPRIT_UNIT, 1, "414m:0000000000000009" },
	{ "a unit that is money", "437m:{413m:{445m:{447m:0000000000000001}}}", CHG_CULPRIT_UNIT, 0,
		"413m:{445m:{447m:0000000000000001}}" },
	{ "without a unit the group for it", "437m:{}", CHG_CULPRIT_UNIT, 0, "437m:{}" },
	{ "N-125 the money and no other unit",
		"437m:{420m:00000001 413m:{445m:{447m:0000000000000001} 425m:000001ff}}",
		CHG_CULPRIT_MONEY, 0, "413m:{445m:{447m:0000000000000001} 425m:000001ff}" },
	{ "B-036 the handle", EVENT "2022/10415m:'x/1'", CHG_CULPRIT_REFUND, 0,
		"2022/10415m:'x/1'" },
	{ "B-036 an example of a handle", EVENT, CHG_CULPRIT_REFUND, 0, "2022/10415m:''" },
	{ "N-146 the number", "number=7", CHG_CULPRIT_NUMBER, 0, "415m:00000007" },
};

static void culprit_row_holds(void **state)
{
	const struct culprit_row *row = *state;
	static struct message wanted;
	struct chg_view failed;
	struct chg_cca cca = { .result_code = CHG_CC_RATING_FAILED,
		.culprit = row->culprit,
		.culprit_service = row->service };
	answer_with(row->changes, &cca);
	assert_int_equal(message_count(answer, 279), 1);
	assert_true(message_find(answer, 279, 0, &failed));
	message_begin(&wanted, 0, 0, 0);
	message_avps(&wanted, row->failed);
	assert_int_equal(failed.len, wanted.len - 20);
	assert_memory_equal(failed.ptr, wanted.bytes + 20, failed.len);
}

static void an_offender_that_is_too_long_is_left_out(void **state)
{
	(void)state;
	static char name[40000];
	struct chg_view failed;
	struct chg_cca cca = { .result_code = CHG_CC_RATING_FAILED,
		.culprit = CHG_CULPRIT_SERVICE_CONTEXT };
	memset(name, 'x', sizeof name);
	message_ccr(&request, "-461");
	message_avp(&request, 461, 0, 0x40, name, sizeof name);
	message_avp(&request, 284, 0, 0x40, "\0\0\1\x18\x40\0\0\x8\0\0\0\x21\x40\0\0\x8", 16);
	read_request();
	answer_to(&cca);
	assert_true(message_find(answer, 279, 0, &failed));
	message_avp(&request, 1, 0, 0x40, name, 20000); /* is echoed, and then it is too much */
	read_request();
	answer_to(&cca);
	assert_int_equal(message_count(answer, 279), 1);
	message_avp(&request, 50, 0, 0x40, name, 20000);
	read_request();
	answer_to(&cca);
	assert_int_equal(message_count(answer, 279), 0);
	assert_int_equal(message_count(answer, 278), 1);
	assert_true(answer.len <= CHG_MESSAGE_MAX);
}

/* ---- Kept answers ------------------------------------------------------------------------------------- */

static void a_077_a_kept_answer_goes_out_word_for_word(void **state)
{
	(void)state;
	struct chg_cca cca = granted(units_of(CHG_UNIT_MESSAGES, 1));
	struct chg_out body = chg_out_of(body_bytes, sizeof body_bytes);
	message_ccr(&request, EVENT ONE_MESSAGE "284m:{280m:'a' 33m:'1'}");
	read_request();
	assert_int_equal(chg_wire_write_cca_body(echo(), &self, &ccr, &cca, &body), CHG_OK);
	struct chg_view kept = { (const char *)body.bytes, body.len };

	/* The same again, with T, other identifiers and over another proxy. */
	message_ccr(&request, EVENT ONE_MESSAGE "284m:{280m:'b' 33m:'2'}");
	request.bytes[4] = 0xd0;
	request.bytes[15] = 0x99;
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	assert_int_equal(chg_wire_write_cca_from_body(echo(), kept, &out), CHG_OK);
	assert_int_equal(bytes[4], 0x40);
	assert_int_equal(bytes[15], 0x99);
	assert_memory_equal(bytes + 20, kept.ptr, kept.len);
	answer = (struct chg_view){ (const char *)bytes, out.len };
	assert_avps(HEAD("000007d1") ECHO("00000004") "431m:{417m:0000000000000001} " STATE
						      "284m:{280m:'b' 33m:'2'}");
}

static void what_is_no_body_makes_no_answer(void **state)
{
	(void)state;
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	struct chg_view empty = { "", 0 };
	message_ccr(&request, "");
	assert_int_equal(chg_wire_write_cca_from_body(echo(), empty, &out), CHG_E_SYNTAX);
}

static void what_does_not_fit_is_refused_whatever_the_room(void **state)
{
	(void)state;
	struct chg_cca cca = granted(units_of(CHG_UNIT_SECONDS, 30));
	cca.has_cost = true;
	answer_with("1m:'alice' 456m:{432m:00000001 437m:{}} 284m:{280m:'p' 33m:'s'}", &cca);
	for (size_t room = 0; room < answer.len; room++) {
		uint8_t *small = test_malloc(room + 1); /* out of bounds is told by the guard */
		struct chg_out out = chg_out_of(small, room);
		assert_int_equal(chg_wire_write_cca(echo(), &self, &ccr, &cca, &out), CHG_E_RANGE);
		test_free(small);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_is_the_shortest_unit_value),
		cmocka_unit_test(b_022_limits_of_a_grant_stand_beside_it),
		cmocka_unit_test(without_a_grant_there_is_no_group),
		cmocka_unit_test(what_the_account_says_is_told),
		cmocka_unit_test(what_a_client_correlates_on_is_echoed),
		cmocka_unit_test(b_155_nothing_of_a_request_alone_comes_back),
		cmocka_unit_test(b_083_each_service_has_its_answer),
		cmocka_unit_test(b_084_a_refusal_of_the_command_is_of_all_services),
		cmocka_unit_test(the_result_of_own_units_is_that_of_the_command),
		cmocka_unit_test(an_offender_that_is_too_long_is_left_out),
		cmocka_unit_test(a_077_a_kept_answer_goes_out_word_for_word),
		cmocka_unit_test(what_is_no_body_makes_no_answer),
		cmocka_unit_test(what_does_not_fit_is_refused_whatever_the_room),
	};
	return TABLE_RUN("units", unit_rows, unit_row_holds) +
	       TABLE_RUN("headers of answers", header_rows, header_row_holds) +
	       TABLE_RUN("culprits", culprit_rows, culprit_row_holds) +
	       cmocka_run_group_tests_name("answers", tests, NULL, release);
}

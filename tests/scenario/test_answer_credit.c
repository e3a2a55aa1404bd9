/* SPDX-License-Identifier: BSD-3-Clause
 * The checks of Credit-Control-Answers notice every way of being wrong that they are there for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chgplay/answer.h"
#include "chgplay/answer_credit.h"
#include "chgplay/request.h"
#include "wire/message.h"

enum {
	SIZE = 4096,
};

/* A service of an answer. */
struct service {
	uint32_t group;   /* 0: none */
	uint32_t result;  /* 0: none */
	uint64_t granted; /* messages; 0: none */
	bool has_seconds; /* as well */
	bool is_final;
	uint32_t validity_s;
	bool has_used;
};

/* What is asked, what is expected, and what is answered. */
struct row {
	const char *says;
	const char *ask;
	const char *expect;
	const char *why; /* part of the sentence; NULL: the answer is as expected */
	uint32_t result;
	struct service service[3];
	bool is_command_level;
	uint32_t type; /* 0: that of the request */
	bool has_no_application;
	bool has_context;
	int32_t balance_check; /* -1: none */
	int64_t cost_micros;   /* -1: none */
	bool has_filter_in_final;
};

#define NONE  .balance_check = -1, .cost_micros = -1
#define ASK   NONE, .ask = "initial s1 #0 alice asks 5 messages"
#define ASK_2 NONE, .ask = "initial s1 #0 alice group 1 asks 5 messages and group 2 asks 5 messages"
#define GOOD  .result = 2001, .service = { { .result = 2001, .granted = 5 } }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct row rows[] = {
	{ "a good answer is as expected", ASK, "success grants 5 messages not final", NULL, GOOD },
	{ "a refusal of the whole", ASK, "success", "expected 2001", GOOD, .result = 4012 },
	{ "fewer units", ASK, "success grants 6 messages", "5 messages granted and not 6 messages",
		GOOD },
	{ "no units", ASK, "success grants 5 messages", "nothing granted", .result = 2001,
		.service = { { .result = 2001 } } },
	{ "units of another kind as well", ASK, "success grants 5 messages", "several kinds",
		.result = 2001,
		.service = { { .result = 2001, .granted = 5, .has_seconds = true } } },
	{ "units and no money", ASK, "success grants EUR 0.25", "not EUR 0.25", GOOD },
	{ "a grant that should not be", ASK, "success no grant", "should not be", GOOD },
	{ "a refusal inside that nobody expects", ASK, "success", "4012", .result = 2001,
		.service = { { .result = 4012 } } },
	{ "a refusal inside that is expected", ASK, "success inside credit-limit-reached no grant",
		NULL, .result = 2001, .service = { { .result = 4012 } } },
	{ "a success inside that should not be", ASK, "success inside 4012", "not 4012", GOOD },
	{ "no final units", ASK, "success final terminate", "no Final-Unit-Indication", GOOD },
	{ "final units that should not be", ASK, "success not final", "should be none",
		.result = 2001, .service = { { .result = 2001, .granted = 5, .is_final = true } } },
	{ "final units with something beside TERMINATE", ASK, "success", "is not alone",
		.result = 2001, .service = { { .result = 2001, .granted = 5, .is_final = true } },
		.has_filter_in_final = true },
	{ "another validity", ASK, "success validity 60", "is 61 and not 60", .result = 2001,
		.service = { { .result = 2001, .granted = 5, .validity_s = 61 } } },
	{ "a validity that should not be", ASK, "success no validity", "should be none",
		.result = 2001, .service = { { .result = 2001, .granted = 5, .validity_s = 61 } } },
	{ "no refund handle", ASK, "success refundable", "no Refund-Information", GOOD },
	{ "the cost", ASK, "success cost 0.25", NULL, GOOD, .cost_micros = 250000 },
	{ "another cost", ASK, "success cost 0.25", "is 0.250001 and not 0.25", GOOD,
		.cost_micros = 250001 },
	{ "no cost", ASK, "success cost 0.25", "is not there", GOOD },
	{ "a cost that should not be", ASK, "success no cost", "should not be", GOOD,
		.cost_micros = 0 },
	{ "nothing that remains", ASK, "success remaining 0.75", "Remaining-Balance", GOOD },
	{ "no low balance", ASK, "success low", "Low-Balance-Indication", GOOD },
	{ "units at the level of the command", ASK, "success", "granted at command level", GOOD,
		.is_command_level = true },
	{ "units at the level of the command where they were asked for", NONE,
		.ask = "initial s1 #0 alice at command level asks 5 messages",
		"success grants 5 messages", NULL, GOOD, .is_command_level = true },
	{ "both services", ASK_2, "success group 1 grants 5 messages group 2 4012 no grant", NULL,
		.result = 2001, .service = { { 1, 2001, 5 }, { 2, 4012 } } },
	{ "one of two services", ASK_2, "success group 1 grants 5 messages",
		"of the request is not answered", .result = 2001, .service = { { 1, 2001, 5 } } },
	{ "a service that nobody asked for", ASK_2, "success group 1 grants 5 messages",
		"not asked for", .result = 2001,
		.service = { { 1, 2001, 5 }, { 2, 2001, 5 }, { 3, 2001, 5 } } },
	{ "a service without a result", ASK_2, "success group 1 grants 5 messages",
		"exactly one Result-Code", .result = 2001,
		.service = { { 1, 2001, 5 }, { 2, 0, 5 } } },
	{ "a service that is not told apart", ASK_2, "success grants 5 messages", "say which",
		.result = 2001, .service = { { 1, 2001, 5 }, { 2, 2001, 5 } } },
	{ "a service that is not there", ASK_2, "success group 9 grants 5 messages",
		"not in the answer", .result = 2001,
		.service = { { 1, 2001, 5 }, { 2, 2001, 5 } } },
	{ "used units in an answer", ASK, "success", "requested or used units", .result = 2001,
		.service = { { .result = 2001, .granted = 5, .has_used = true } } },
	{ "a context in an answer", ASK, "success", "Service-Context-Id", GOOD,
		.has_context = true },
	{ "another type", ASK, "success", "type or number is not echoed", GOOD, .type = 2 },
	{ "no application", ASK, "success", "Auth-Application-Id", GOOD,
		.has_no_application = true },
	{ "a balance that nobody asked about", ASK, "success", "was not asked for", GOOD,
		.balance_check = 0 },
	{ "a balance that does not do", .balance_check = 1, .cost_micros = -1,
		.ask = "event e1 #0 alice at command level balance", "success enough",
		"Check-Balance-Result is not 0", .result = 2001, .is_command_level = true },
	{ "a balance that does", .balance_check = 0, .cost_micros = -1,
		.ask = "event e1 #0 alice at command level balance", "success enough", NULL,
		.result = 2001, .is_command_level = true },
};
#pragma GCC diagnostic pop

static void put_units(struct chg_out *out, enum chg_avp id, const struct service *service)
{
	size_t group = chg_out_group_begin(out, id);
	chg_out_u64(out, CHG_AVP_CC_SERVICE_SPECIFIC_UNITS, service->granted);
	if (service->has_seconds)
		chg_out_u32(out, CHG_AVP_CC_TIME, 60);
	chg_out_group_end(out, group);
}

static void put_service(struct chg_out *out, const struct row *row, const struct service *service)
{
	if (service->granted != 0)
		put_units(out, CHG_AVP_GRANTED_SERVICE_UNIT, service);
	if (service->has_used)
		put_units(out, CHG_AVP_USED_SERVICE_UNIT, service);
	if (service->validity_s != 0)
		chg_out_u32(out, CHG_AVP_VALIDITY_TIME, service->validity_s);
	if (!service->is_final)
		return;
	size_t group = chg_out_group_begin(out, CHG_AVP_FINAL_UNIT_INDICATION);
	chg_out_i32(out, CHG_AVP_FINAL_UNIT_ACTION, 0);
	if (row->has_filter_in_final)
		chg_out_text(out, CHG_AVP_RESTRICTION_FILTER_RULE, CHG_VIEW("deny"));
	chg_out_group_end(out, group);
}

static void put_services(struct chg_out *out, const struct row *row)
{
	for (size_t i = 0; i < sizeof row->service / sizeof row->service[0]; i++) {
		const struct service *service = &row->service[i];
		if (service->result == 0 && service->granted == 0)
			continue;
		if (row->is_command_level) {
			put_service(out, row, service);
			continue;
		}
		size_t group = chg_out_group_begin(out, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL);
		if (service->group != 0)
			chg_out_u32(out, CHG_AVP_RATING_GROUP, service->group);
		if (service->result != 0)
			chg_out_u32(out, CHG_AVP_RESULT_CODE, service->result);
		put_service(out, row, service);
		chg_out_group_end(out, group);
	}
}

static void put_cost(struct chg_out *out, int64_t micros)
{
	size_t cost = chg_out_group_begin(out, CHG_AVP_COST_INFORMATION);
	size_t value = chg_out_group_begin(out, CHG_AVP_UNIT_VALUE);
	chg_out_u64(out, CHG_AVP_VALUE_DIGITS, (uint64_t)micros);
	chg_out_i32(out, CHG_AVP_EXPONENT, -6);
	chg_out_group_end(out, value);
	chg_out_u32(out, CHG_AVP_CURRENCY_CODE, 978);
	chg_out_group_end(out, cost);
}

static size_t write_answer(const struct row *row, uint32_t type, uint8_t bytes[SIZE])
{
	struct chg_out out = chg_out_of(bytes, SIZE);
	struct chg_header header = { .version = 1,
		.flags = CHG_COMMAND_FLAG_PROXIABLE,
		.command = 272,
		.application = 4,
		.hop_by_hop = 7,
		.end_to_end = 9 };
	chg_out_header(&out, &header);
	chg_out_text(&out, CHG_AVP_SESSION_ID, CHG_VIEW("s;1;1"));
	chg_out_u32(&out, CHG_AVP_RESULT_CODE, row->result);
	chg_out_text(&out, CHG_AVP_ORIGIN_HOST, CHG_VIEW("h"));
	chg_out_text(&out, CHG_AVP_ORIGIN_REALM, CHG_VIEW("r"));
	if (!row->has_no_application)
		chg_out_u32(&out, CHG_AVP_AUTH_APPLICATION_ID, 4);
	chg_out_i32(&out, CHG_AVP_CC_REQUEST_TYPE, (int32_t)(row->type != 0 ? row->type : type));
	chg_out_u32(&out, CHG_AVP_CC_REQUEST_NUMBER, 0);
	if (row->has_context)
		chg_out_text(&out, CHG_AVP_SERVICE_CONTEXT_ID, CHG_VIEW("c@d"));
	put_services(&out, row);
	if (row->cost_micros >= 0)
		put_cost(&out, row->cost_micros);
	if (row->balance_check >= 0)
		chg_out_i32(&out, CHG_AVP_CHECK_BALANCE_RESULT, row->balance_check);
	assert_int_equal(chg_out_finish(&out), CHG_OK);
	return out.len;
}

static size_t write_request(const struct chg_script *script, uint8_t bytes[SIZE])
{
	struct chg_view path;
	size_t len = 0;
	struct chg_request_head head = { .session_id = CHG_VIEW("s;1;1"),
		.origin_host = CHG_VIEW("h"),
		.origin_realm = CHG_VIEW("r"),
		.destination_realm = CHG_VIEW("r"),
		.hop_by_hop = 7,
		.end_to_end = 9 };
	assert_int_equal(
		chg_request_write(script, &script->step[0], &head, bytes, SIZE, &len, &path),
		CHG_OK);
	return len;
}

static void row_holds(void **state)
{
	const struct row *row = *state;
	static uint8_t request[SIZE];
	static uint8_t answer[SIZE];
	char text[512];
	char why[512] = "";
	struct chg_script *script = malloc(sizeof *script);
	assert_non_null(script);
	snprintf(text, sizeof text, "title x\nsend CCR %s\nexpect CCA %s\n", row->ask, row->expect);
	enum chg_rc rc = chg_script_parse(chg_view_of(text), "t.chg", script, why, sizeof why);
	assert_string_equal(why, "");
	assert_int_equal(rc, CHG_OK);

	struct chg_answered answered = {
		.request = { (const char *)request, write_request(script, request) },
		.answer = { (const char *)answer,
			write_answer(row, script->step[0].send.cc_type, answer) },
	};
	bool is_met = chg_answer_meets(
		script, &script->step[1], (chg_instant){ 0 }, &answered, why, sizeof why);
	assert_int_equal(is_met, row->why == NULL);
	if (row->why != NULL && strstr(why, row->why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, row->why);
	chg_script_release(script);
	free(script);
}

static void what_was_answered_is_told_to_people(void **state)
{
	(void)state;
	static uint8_t answer[SIZE];
	char note[CHG_CREDIT_NOTE_MAX];
	const struct row row = { .result = 2001,
		.service = { { 1, 2001, 5, .is_final = true }, { 2, 4012 } },
		.balance_check = -1,
		.cost_micros = 150000 };
	size_t len = write_answer(&row, 1, answer);
	chg_answer_credit_note((struct chg_view){ (const char *)answer, len }, note);
	assert_string_equal(note,
		"group 1: grants 5 messages, the last ones, group 2: 4012 CREDIT_LIMIT_REACHED, "
		"cost EUR 0.15");
}

int main(void)
{
	enum { N = sizeof rows / sizeof rows[0] };
	struct CMUnitTest tests[N + 1] = { [N] = cmocka_unit_test(
						   what_was_answered_is_told_to_people) };
	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].says,
			.test_func = row_holds,
			.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("what a CCA is held against", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Every way in which an answer can be wrong, and the two in which it is right.
 */
#include "chgplay/verdict.h"
#include "support/message.h"
#include "support/table.h"

#include <stdlib.h>

#define SUCCESS "268m:000007d1"
#define SERVICE "456m:{ 268m:000007d1 432m:00000001 }"

static const struct verdict_row {
	const char *says;
	bool is_credit;
	uint32_t services;
	const char *answer; /* as message_acr and message_ccr take it */
	enum chg_verdict verdict;
	uint32_t code;
} rows[] = {
	{ "an ACA with success", false, 0, "flags=40 " SUCCESS, CHG_VERDICT_SUCCESS, 0 },
	{ "a CCA with success", true, 0, "flags=40 " SUCCESS, CHG_VERDICT_SUCCESS, 0 },
	{ "a CCA with a service", true, 1, "flags=40 " SUCCESS " " SERVICE, CHG_VERDICT_SUCCESS,
		0 },
	{ "a CCA with two services", true, 2, "flags=40 " SUCCESS " " SERVICE " " SERVICE,
		CHG_VERDICT_SUCCESS, 0 },
	{ "AVPs of vendors and unknown ones are passed over", false, 0,
		"flags=40 " SUCCESS " 268/10415m:00000bbc 263/10415:'x' 9999:00",
		CHG_VERDICT_SUCCESS, 0 },
	{ "an ACA may hold a CC-Request-Type of whatever value", false, 0,
		"flags=40 " SUCCESS " 416m:00000009", CHG_VERDICT_SUCCESS, 0 },

	{ "services are of CCAs", false, 0, "flags=40 " SUCCESS " " SERVICE, CHG_VERDICT_SUCCESS,
		0 },

	{ "no room is a refusal", false, 0, "flags=40 268m:00000fa2", CHG_VERDICT_REFUSED, 4002 },
	{ "too busy is one, with the E bit and without echo", false, 0,
		"flags=60 -480 -485 268m:00000bbc", CHG_VERDICT_REFUSED, 3004 },
	{ "limited success is no success", false, 0, "flags=40 268m:000007d2", CHG_VERDICT_REFUSED,
		2002 },
	{ "a refused command needs no services", true, 2, "flags=40 268m:000013a6",
		CHG_VERDICT_REFUSED, 5030 },
	{ "a refused service is a refusal", true, 2,
		"flags=40 " SUCCESS " " SERVICE " 456m:{ 268m:00000fac }", CHG_VERDICT_REFUSED,
		4012 },
	{ "of two refused services the first one's code is told", true, 2,
		"flags=40 " SUCCESS " 456m:{ 268m:000013a7 } 456m:{ 268m:00000fac }",
		CHG_VERDICT_REFUSED, 5031 },

	{ "a request is no answer", false, 0, "flags=c0 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "the T bit is for requests", false, 0, "flags=50 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "success with the E bit", false, 0, "flags=60 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "another command", false, 0, "flags=40 cmd=272 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "another application", false, 0, "flags=40 app=4 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "a CCA of another command", true, 0, "flags=40 cmd=271 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "a CCA of another application", true, 0, "flags=40 app=3 " SUCCESS, CHG_VERDICT_WRONG,
		0 },
	{ "no Session-Id", false, 0, "flags=40 -263 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "two Session-Ids", false, 0, "flags=40 " SUCCESS " 263m:'im1.example.net;1;2'",
		CHG_VERDICT_WRONG, 0 },
	{ "another Session-Id", false, 0, "flags=40 -263 263m:'im1.example.net;1;3' " SUCCESS,
		CHG_VERDICT_WRONG, 0 },
	{ "a longer Session-Id", false, 0, "flags=40 -263 263m:'im1.example.net;1;22' " SUCCESS,
		CHG_VERDICT_WRONG, 0 },
	{ "another Session-Id in a refusal", false, 0,
		"flags=40 -263 263m:'im1.example.net;1;3' 268m:00000fa2", CHG_VERDICT_WRONG, 0 },
	{ "no Result-Code", false, 0, "flags=40", CHG_VERDICT_WRONG, 0 },
	{ "two Result-Codes", false, 0, "flags=40 " SUCCESS " " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "a Result-Code of three octets", false, 0, "flags=40 268m:0007d1", CHG_VERDICT_WRONG, 0 },
	{ "another record type", false, 0, "flags=40 type=2 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "another record type in a refusal", false, 0, "flags=40 type=2 268m:00000fa2",
		CHG_VERDICT_WRONG, 0 },
	{ "no record type", false, 0, "flags=40 -480 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "the record type twice", false, 0, "flags=40 " SUCCESS " 480m:00000001",
		CHG_VERDICT_WRONG, 0 },
	{ "another record number", false, 0, "flags=40 number=1 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "no record number", false, 0, "flags=40 -485 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "the record number twice", false, 0, "flags=40 " SUCCESS " 485m:00000000",
		CHG_VERDICT_WRONG, 0 },
	{ "another request type", true, 0, "flags=40 type=2 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "no request type", true, 0, "flags=40 -416 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "another request number", true, 0, "flags=40 number=7 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "no request number", true, 0, "flags=40 -415 " SUCCESS, CHG_VERDICT_WRONG, 0 },
	{ "a service is missing", true, 2, "flags=40 " SUCCESS " " SERVICE, CHG_VERDICT_WRONG, 0 },
	{ "a service too many", true, 1, "flags=40 " SUCCESS " " SERVICE " " SERVICE,
		CHG_VERDICT_WRONG, 0 },
	{ "a service that nobody asked for", true, 0, "flags=40 " SUCCESS " " SERVICE,
		CHG_VERDICT_WRONG, 0 },
	{ "a service without a Result-Code", true, 1, "flags=40 " SUCCESS " 456m:{ 432m:00000001 }",
		CHG_VERDICT_WRONG, 0 },
	{ "a service with two", true, 1,
		"flags=40 " SUCCESS " 456m:{ 268m:000007d1 268m:000007d1 }", CHG_VERDICT_WRONG, 0 },
	{ "a service that is cut off", true, 1, "flags=40 " SUCCESS " 456m:0000010c400000ff",
		CHG_VERDICT_WRONG, 0 },
	{ "an AVP over the end", false, 0, "flags=40 " SUCCESS " #0000000140000010",
		CHG_VERDICT_WRONG, 0 },
	{ "an AVP shorter than its head", false, 0, "flags=40 " SUCCESS " #0000000140000007",
		CHG_VERDICT_WRONG, 0 },
	{ "a vendor's AVP shorter than its head", false, 0,
		"flags=40 " SUCCESS " #00000001c0000008", CHG_VERDICT_WRONG, 0 },
	{ "half an AVP's head", false, 0, "flags=40 " SUCCESS " #00000001", CHG_VERDICT_WRONG, 0 },
};

static struct message message;

static struct chg_expected expected_of(const struct verdict_row *row)
{
	return (struct chg_expected){ .session_id = CHG_VIEW("im1.example.net;1;2"),
		.end_to_end = MESSAGE_END_TO_END,
		.is_credit = row->is_credit,
		.type = 1,
		.services = row->services };
}

static struct chg_view answer_of(const struct verdict_row *row)
{
	if (row->is_credit)
		message_ccr(&message, row->answer);
	else
		message_acr(&message, row->answer);
	return message_view(&message);
}

/* In memory of its own length, so that a look beyond its end is seen. */
static enum chg_verdict judge(struct chg_view answer, const struct verdict_row *row, size_t len,
	uint32_t *ret_code, const char **reterr_why)
{
	struct chg_expected expected = expected_of(row);
	char *copy = malloc(len == 0 ? 1 : len);
	assert_non_null(copy);
	memcpy(copy, answer.ptr, len);
	enum chg_verdict verdict =
		chg_verdict_of((struct chg_view){ copy, len }, &expected, ret_code, reterr_why);
	free(copy);
	return verdict;
}

static void row_holds(void **state)
{
	const struct verdict_row *row = *state;
	struct chg_view answer = answer_of(row);
	uint32_t code = 0;
	const char *why = NULL;
	assert_int_equal(judge(answer, row, answer.len, &code, &why), row->verdict);
	assert_int_equal(code, row->code);
	assert_int_equal(why != NULL, row->verdict == CHG_VERDICT_WRONG);
}

/* However much of a good answer is there. */
static void an_answer_that_is_cut_off_is_wrong(void **state)
{
	const struct verdict_row *row = *state;
	struct chg_view answer = answer_of(row);
	uint32_t code = 0;
	const char *why = NULL;
	for (size_t len = 0; len < answer.len; len++)
		assert_int_equal(judge(answer, row, len, &code, &why), CHG_VERDICT_WRONG);
}

static const struct octet_row {
	const char *says;
	size_t at;
	uint8_t value;
} octet_rows[] = {
	{ "a version that is none", 0, 0 },
	{ "version 2", 0, 2 },
	{ "a length that is longer", 3, 255 },
	{ "another End-to-End Identifier", 19, 1 },
};

static void an_octet_of_the_header_makes_it_wrong(void **state)
{
	const struct octet_row *row = *state;
	struct chg_expected expected = expected_of(&rows[0]);
	struct chg_view answer = answer_of(&rows[0]);
	uint32_t code = 0;
	const char *why = NULL;
	message.bytes[row->at] = row->value;
	assert_int_equal(chg_verdict_of(answer, &expected, &code, &why), CHG_VERDICT_WRONG);
	assert_non_null(why);
}

int main(void)
{
	return TABLE_RUN("verdicts", rows, row_holds) +
	       table_run("cut off", rows, 4, sizeof rows[0], an_answer_that_is_cut_off_is_wrong) +
	       TABLE_RUN("headers", octet_rows, an_octet_of_the_header_makes_it_wrong);
}

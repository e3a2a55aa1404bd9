/* SPDX-License-Identifier: BSD-3-Clause
 * The checks of answers notice every way of being wrong that they are there for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chgplay/answer.h"
#include "wire/message.h"

enum {
	SIZE = 1024,
};

struct message {
	uint8_t bytes[SIZE];
	size_t len;
};

/* How the answer differs from a good one. */
struct flaw {
	const char *says;
	const char *why; /* NULL: the answer is fine */
	uint8_t flags;   /* on top of P */
	uint8_t request_flags;
	uint32_t command;
	uint32_t hop_by_hop;
	uint32_t end_to_end;
	uint32_t result; /* 0: none */
	const char *session_id;
	uint32_t number;
	bool session_id_is_second;
	bool has_second_result;
	bool has_no_origin;
	bool has_destination;
	bool has_no_type;
	int proxies; /* 1 first only, 2 both, -2 both in the wrong order */
};

#define GOOD                                                                                       \
	.request_flags = CHG_COMMAND_FLAG_PROXIABLE, .flags = CHG_COMMAND_FLAG_PROXIABLE,          \
	.command = 271, .hop_by_hop = 7, .end_to_end = 9, .result = 2001, .session_id = "s;1;1",   \
	.number = 3, .proxies = 2

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct flaw flaws[] = {
	{ "a good answer is mannerly", NULL, GOOD },
	{ "another Hop-by-Hop id", "Hop-by-Hop", GOOD, .hop_by_hop = 8 },
	{ "another End-to-End id", "End-to-End", GOOD, .end_to_end = 8 },
	{ "another command", "command", GOOD, .command = 272 },
	{ "the R bit", "R bit", GOOD, .flags = 0xc0 },
	{ "the T bit", "T bit", GOOD, .flags = 0x50 },
	{ "the P bit lost", "P bit", GOOD, .flags = 0 },
	{ "the P bit invented", "P bit", GOOD, .request_flags = 0 },
	{ "no Result-Code", "one Result-Code", GOOD, .result = 0 },
	{ "two Result-Codes", "one Result-Code", GOOD, .has_second_result = true },
	{ "success with the E bit", "without an error", GOOD, .flags = 0x60 },
	{ "4002 with the E bit", "without an error", GOOD, .flags = 0x60, .result = 4002 },
	{ "3004 without the E bit", "E bit is clear", GOOD, .result = 3004 },
	{ "3004 with the E bit", NULL, GOOD, .flags = 0x60, .result = 3004 },
	{ "5005 with the E bit and nothing echoed", NULL, GOOD, .flags = 0x60, .result = 5005,
		.has_no_type = true },
	{ "5005 without the E bit and nothing echoed", "not echoed", GOOD, .result = 5005,
		.has_no_type = true },
	{ "another number", "not echoed", GOOD, .number = 4 },
	{ "another Session-Id", "Session-Id is not that", GOOD, .session_id = "s;1;2" },
	{ "a Session-Id that is not first", "not the first", GOOD, .session_id_is_second = true },
	{ "no Origin-Host", "Origin-Host", GOOD, .has_no_origin = true },
	{ "a Destination-Realm", "Destination-", GOOD, .has_destination = true },
	{ "a Proxy-Info lost", "Proxy-Info", GOOD, .proxies = 1 },
	{ "Proxy-Info in another order", "Proxy-Info", GOOD, .proxies = -2 },
};
#pragma GCC diagnostic pop

static void put_proxy(struct chg_out *out, const char *host)
{
	size_t group = chg_out_group_begin(out, CHG_AVP_PROXY_INFO);
	chg_out_text(out, CHG_AVP_PROXY_HOST, chg_view_of(host));
	chg_out_group_end(out, group);
}

static struct chg_view finish(struct message *message, struct chg_out *out)
{
	assert_int_equal(chg_out_finish(out), CHG_OK);
	return (struct chg_view){ (const char *)message->bytes, out->len };
}

static struct chg_view make_request(const struct flaw *flaw, struct message *message)
{
	struct chg_out out = chg_out_of(message->bytes, sizeof message->bytes);
	struct chg_header header = { .version = 1,
		.flags = (uint8_t)(CHG_COMMAND_FLAG_REQUEST | flaw->request_flags),
		.command = 271,
		.application = 3,
		.hop_by_hop = 7,
		.end_to_end = 9 };
	chg_out_header(&out, &header);
	chg_out_text(&out, CHG_AVP_SESSION_ID, CHG_VIEW("s;1;1"));
	chg_out_i32(&out, CHG_AVP_ACCOUNTING_RECORD_TYPE, 1);
	chg_out_u32(&out, CHG_AVP_ACCOUNTING_RECORD_NUMBER, 3);
	put_proxy(&out, "p1");
	put_proxy(&out, "p2");
	return finish(message, &out);
}

static struct chg_view make_answer(const struct flaw *flaw, struct message *message)
{
	struct chg_out out = chg_out_of(message->bytes, sizeof message->bytes);
	struct chg_header header = { .version = 1,
		.flags = flaw->flags,
		.command = flaw->command,
		.application = 3,
		.hop_by_hop = flaw->hop_by_hop,
		.end_to_end = flaw->end_to_end };
	chg_out_header(&out, &header);
	if (!flaw->session_id_is_second)
		chg_out_text(&out, CHG_AVP_SESSION_ID, chg_view_of(flaw->session_id));
	if (!flaw->has_no_origin)
		chg_out_text(&out, CHG_AVP_ORIGIN_HOST, CHG_VIEW("h"));
	chg_out_text(&out, CHG_AVP_ORIGIN_REALM, CHG_VIEW("r"));
	if (flaw->session_id_is_second)
		chg_out_text(&out, CHG_AVP_SESSION_ID, chg_view_of(flaw->session_id));
	if (flaw->result != 0)
		chg_out_u32(&out, CHG_AVP_RESULT_CODE, flaw->result);
	if (flaw->has_second_result)
		chg_out_u32(&out, CHG_AVP_RESULT_CODE, flaw->result);
	if (!flaw->has_no_type)
		chg_out_i32(&out, CHG_AVP_ACCOUNTING_RECORD_TYPE, 1);
	chg_out_u32(&out, CHG_AVP_ACCOUNTING_RECORD_NUMBER, flaw->number);
	if (flaw->has_destination)
		chg_out_text(&out, CHG_AVP_DESTINATION_REALM, CHG_VIEW("r"));
	put_proxy(&out, flaw->proxies < 0 ? "p2" : "p1");
	if (flaw->proxies != 1)
		put_proxy(&out, flaw->proxies < 0 ? "p1" : "p2");
	return finish(message, &out);
}

static void flaw_is_noticed(void **state)
{
	const struct flaw *flaw = *state;
	struct message asked;
	struct message told;
	char why[256] = "";
	struct chg_view request = make_request(flaw, &asked);
	struct chg_view answer = make_answer(flaw, &told);
	bool is_mannerly = chg_answer_is_mannerly(request, answer, why, sizeof why);
	assert_int_equal(is_mannerly, flaw->why == NULL);
	if (flaw->why != NULL && strstr(why, flaw->why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why, flaw->why);
}

int main(void)
{
	enum { N = sizeof flaws / sizeof flaws[0] };
	struct CMUnitTest tests[N];
	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = flaws[i].says,
			.test_func = flaw_is_noticed,
			.initial_state = (void *)&flaws[i] };
	return cmocka_run_group_tests_name("the manners of answers", tests, NULL, NULL);
}

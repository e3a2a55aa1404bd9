/* SPDX-License-Identifier: BSD-3-Clause
 * A patched template is a request that the node's own reader takes, with just what was patched.
 */
#include "chgplay/template.h"
#include "core/ask.h"
#include "support/message.h"
#include "support/table.h"
#include "wire/message.h"

static const struct chg_template_wish wish = { .host = "bench1.example.net",
	.realm = "example.net",
	.destination_realm = "node.example.net",
	.subscriber = "sip:user000@example.net",
	.caller = "sip:user000@example.net",
	.account_at = 8,
	.account_digits = 3,
	.services = 2 };

static const struct chg_patch patch = { .run = 1790000000,
	.serial = 42,
	.account = 120,
	.time = 0xee000001,
	.hop_by_hop = 0x01020304,
	.end_to_end = 0xfffefdfc };

/* The request of a step, in memory of the caller. */
static struct chg_view write_one(const struct chg_template_wish *how, const struct chg_patch *with,
	uint8_t memory[CHG_TEMPLATE_MAX])
{
	struct chg_template template;
	assert_int_equal(chg_template_make(how, &template), CHG_OK);
	chg_template_write(&template, with, memory);
	return (struct chg_view){ (const char *)memory, template.len };
}

static const struct step_row {
	const char *says;
	enum chg_step step;
	uint32_t type;
	uint32_t number;
	size_t services;
} step_rows[] = {
	{ "an event", CHG_STEP_EVENT, 1, 0, 0 },
	{ "the start of a session", CHG_STEP_START, 2, 0, 0 },
	{ "news of a session", CHG_STEP_INTERIM, 3, 1, 0 },
	{ "the end of a session", CHG_STEP_STOP, 4, 2, 0 },
	{ "a debit has one service", CHG_STEP_DEBIT, 4, 0, 1 },
	{ "a credit session begins", CHG_STEP_INITIAL, 1, 0, 2 },
	{ "a credit session's first update", CHG_STEP_UPDATE_1, 2, 1, 2 },
	{ "a credit session's second update", CHG_STEP_UPDATE_2, 2, 2, 2 },
	{ "a credit session's third update", CHG_STEP_UPDATE_3, 2, 3, 2 },
	{ "a credit session ends", CHG_STEP_TERMINATION, 3, 4, 2 },
};

static void assert_has_text(struct chg_view message, uint32_t code, const char *text)
{
	struct chg_view data;
	assert_true(message_find(message, code, 0, &data));
	assert_int_equal(data.len, strlen(text));
	assert_memory_equal(data.ptr, text, data.len);
}

static void assert_has_number(struct chg_view message, uint32_t code, uint32_t number)
{
	struct chg_view data;
	assert_true(message_find(message, code, 0, &data));
	assert_int_equal(message_u32(data), number);
}

static void assert_head_is_patched(struct chg_view message)
{
	struct chg_header header;
	assert_int_equal(chg_header_read(message, &header), CHG_OK);
	assert_int_equal(header.hop_by_hop, patch.hop_by_hop);
	assert_int_equal(header.end_to_end, patch.end_to_end);
	assert_int_equal(header.flags, 0xc0);
	assert_has_text(message, 263, "bench1.example.net;1790000000;0000000042;load");
	assert_has_number(message, 55, patch.time);
	assert_has_text(message, 264, "bench1.example.net");
	assert_has_text(message, 296, "example.net");
	assert_has_text(message, 283, "node.example.net");
}

static void step_row_holds(void **state)
{
	const struct step_row *row = *state;
	bool is_credit = chg_step_rows[row->step].is_credit;
	uint8_t memory[CHG_TEMPLATE_MAX];
	struct chg_template_wish how = wish;
	how.step = row->step;
	struct chg_view message = write_one(&how, &patch, memory);
	assert_head_is_patched(message);
	assert_has_number(message, is_credit ? 416 : 480, row->type);
	assert_has_number(message, is_credit ? 415 : 485, row->number);
	assert_int_equal(message_count(message, 456), row->services);
}

/* The node's own reader, as strict as it can be. */
static void reader_row_holds(void **state)
{
	const struct step_row *row = *state;
	uint8_t memory[CHG_TEMPLATE_MAX];
	struct chg_template_wish how = wish;
	struct chg_scratch scratch = { 0 };
	struct chg_fault fault = { 0 };
	how.step = row->step;
	struct chg_view message = write_one(&how, &patch, memory);
	if (chg_step_rows[row->step].is_credit) {
		static struct chg_ccr ccr;
		assert_int_equal(
			chg_wire_read_ccr(message, CHG_STRICT, &scratch, &ccr, &fault), CHG_OK);
		assert_int_equal(ccr.service_count, row->services);
	} else {
		static struct chg_acr acr;
		assert_int_equal(
			chg_wire_read_acr(message, CHG_STRICT, &scratch, &acr, &fault), CHG_OK);
	}
	chg_scratch_release(&scratch);
}

/* How often the text is in the octets. */
static int times(struct chg_view message, const char *text)
{
	int count = 0;
	size_t len = strlen(text);
	for (size_t at = 0; at + len <= message.len; at++)
		count += memcmp(message.ptr + at, text, len) == 0;
	return count;
}

static const struct account_row {
	const char *says;
	enum chg_step step;
	uint32_t digits;
	uint32_t account;
	const char *subscriber; /* what the template has */
	const char *text;       /* what the request has */
	int times;
} account_rows[] = {
	{ "of one digit", CHG_STEP_EVENT, 1, 7, "sip:user0@example.net", "sip:user7@example.net",
		1 },
	{ "of seven", CHG_STEP_EVENT, 7, 1000000, "sip:user0000000@example.net",
		"sip:user1000000@example.net", 1 },
	{ "who pays is who sends", CHG_STEP_DEBIT, 2, 99, "sip:user00@example.net",
		"sip:user99@example.net", 2 },
	{ "in each step of a session", CHG_STEP_TERMINATION, 2, 10, "sip:user00@example.net",
		"sip:user10@example.net", 2 },
	{ "nothing is patched unless it was asked for", CHG_STEP_DEBIT, 0, 99,
		"sip:alice@example.net", "sip:alice@example.net", 2 },
};

static void account_row_holds(void **state)
{
	const struct account_row *row = *state;
	uint8_t memory[CHG_TEMPLATE_MAX];
	struct chg_template_wish how = wish;
	struct chg_patch with = patch;
	how.step = row->step;
	how.subscriber = how.caller = row->subscriber;
	how.account_digits = row->digits;
	with.account = row->account;
	struct chg_view message = write_one(&how, &with, memory);
	assert_int_equal(times(message, row->text), row->times);
}

static void a_repetition_differs_in_the_t_bit_alone(void **state)
{
	(void)state;
	uint8_t first[CHG_TEMPLATE_MAX];
	uint8_t again[CHG_TEMPLATE_MAX];
	struct chg_patch repeated = patch;
	repeated.is_repeated = true;
	struct chg_view message = write_one(&wish, &patch, first);
	write_one(&wish, &repeated, again);
	assert_int_equal(again[4], 0xd0);
	again[4] = first[4];
	assert_memory_equal(first, again, message.len);
}

static void the_session_id_is_that_of_the_request(void **state)
{
	(void)state;
	struct chg_template template;
	char session_id[CHG_TEMPLATE_MAX];
	assert_int_equal(chg_template_make(&wish, &template), CHG_OK);
	chg_template_session_id(&template, &patch, session_id);
	assert_int_equal(template.session_id_len, strlen("bench1.example.net") + 27);
	assert_memory_equal(session_id, "bench1.example.net;1790000000;0000000042;load",
		template.session_id_len);
}

static void a_session_of_one_service_asks_for_messages_only(void **state)
{
	(void)state;
	uint8_t memory[CHG_TEMPLATE_MAX];
	struct chg_template_wish how = wish;
	how.step = CHG_STEP_UPDATE_1;
	how.services = 1;
	assert_int_equal(message_count(write_one(&how, &patch, memory), 456), 1);
}

static void a_base_request_has_nothing_that_rfc_6733_does_not_know(void **state)
{
	(void)state;
	static const uint32_t codes[] = { 263, 264, 296, 283, 55, 480, 485, 259 };
	uint8_t memory[CHG_TEMPLATE_MAX];
	struct chg_template_wish how = wish;
	how.is_base_only = true;
	struct chg_view message = write_one(&how, &patch, memory);
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	for (size_t i = 0; i < COUNT(codes); i++) {
		assert_true(chg_avp_next(&walk, &avp));
		assert_int_equal(avp.code, codes[i]);
	}
	assert_false(chg_avp_next(&walk, &avp));
	assert_false(walk.is_broken);
}

static void names_that_are_too_long_are_refused(void **state)
{
	(void)state;
	static char name[CHG_TEMPLATE_MAX];
	struct chg_template template;
	struct chg_template_wish how = wish;
	memset(name, 'a', sizeof name - 1);
	how.realm = name;
	assert_int_equal(chg_template_make(&how, &template), CHG_E_RANGE);
	how = wish;
	how.host = name;
	assert_int_equal(chg_template_make(&how, &template), CHG_E_RANGE);
	name[390] = '\0'; /* it fits twice, but there is no room for a Session-Id with it */
	how.is_base_only = true;
	assert_int_equal(chg_template_make(&how, &template), CHG_E_RANGE);
	name[350] = '\0';
	assert_int_equal(chg_template_make(&how, &template), CHG_OK);
}

static void runs_that_follow_each_other_ask_for_different_things(void **state)
{
	(void)state;
	const int64_t second = 1790000000 * CHG_US_PER_S;
	struct chg_run first = chg_run_begun((chg_instant){ second + 298977 });
	struct chg_run next = chg_run_begun((chg_instant){ second + 299300 });
	struct chg_run last = chg_run_begun((chg_instant){ second + CHG_US_PER_S - 1 });
	assert_int_equal(first.run, 1790000000);
	assert_int_equal(next.run, first.run);
	assert_true(next.serial - first.serial >= 1000000);
	assert_true(next.end_to_end > first.end_to_end);
	/* Room for an hour of eighty thousand sessions a second is left in 32 bits, and none wraps. */
	assert_true(last.serial > next.serial && last.serial < UINT32_MAX - 290000000);
	assert_int_equal(last.end_to_end >> 20, first.run & 0xfff);
}

static void each_conversation_ends(void **state)
{
	(void)state;
	for (int first = 0; first < CHG_STEP_COUNT; first++) {
		int steps = 0;
		for (enum chg_step at = (enum chg_step)first; at != CHG_STEP_COUNT;
			at = chg_step_rows[at].next)
			assert_true(++steps <= CHG_STEP_COUNT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repetition_differs_in_the_t_bit_alone),
		cmocka_unit_test(the_session_id_is_that_of_the_request),
		cmocka_unit_test(a_session_of_one_service_asks_for_messages_only),
		cmocka_unit_test(a_base_request_has_nothing_that_rfc_6733_does_not_know),
		cmocka_unit_test(names_that_are_too_long_are_refused),
		cmocka_unit_test(runs_that_follow_each_other_ask_for_different_things),
		cmocka_unit_test(each_conversation_ends),
	};
	return TABLE_RUN("steps", step_rows, step_row_holds) +
	       TABLE_RUN("steps, strictly read", step_rows, reader_row_holds) +
	       TABLE_RUN("accounts", account_rows, account_row_holds) +
	       cmocka_run_group_tests_name("templates", tests, NULL, NULL);
}

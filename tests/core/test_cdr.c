/* SPDX-License-Identifier: BSD-3-Clause
 * The words for what a charging record holds.
 */
#include "core/cdr.h"

#include <stdio.h>

#include "core/rc.h"
#include "support/table.h"

static const struct marks_row {
	const char *says;
	uint32_t marks;
	const char *text;
} marks_rows[] = {
	{ "no mark is no text", 0, "" },
	{ "one mark is its text", CHG_MARK_STOP_LOST, "stop lost" },
	{ "several are listed by their bits", CHG_MARK_STOP_LOST | CHG_MARK_ABNORMAL,
		"abnormal, stop lost" },
	{ "a bit that is no mark is not told", 1u << 30, "" },
	{ "all of them have room", UINT32_MAX,
		"abnormal, start lost, interim lost, stop lost, late, number reused, "
		"unreadable content, retransmitted, clock skew" },
};

static void marks_row_holds(void **state)
{
	const struct marks_row *row = *state;
	char text[CHG_MARKS_TEXT_MAX];
	memset(text, 'x', sizeof text);
	chg_cdr_marks_write(row->marks, text);
	assert_string_equal(text, row->text);
}

static const struct action_row {
	const char *says;
	enum chg_record_type type;
	chg_opt_i32 service;
	enum chg_participant_action action;
	const char *text;
} action_rows[] = {
	{ "who is named in START was invited", CHG_RECORD_START, { 0 }, CHG_ACTION_INVITED,
		"invited" },
	{ "START invites whatever service it says", CHG_RECORD_START, { true, CHG_AST_LEAVING },
		CHG_ACTION_INVITED, "invited" },
	{ "who accepts an invitation joined", CHG_RECORD_INTERIM, { true, CHG_AST_INVITING },
		CHG_ACTION_JOINED, "joined" },
	{ "who joins joined", CHG_RECORD_INTERIM, { true, CHG_AST_JOINING }, CHG_ACTION_JOINED,
		"joined" },
	{ "who leaves left", CHG_RECORD_INTERIM, { true, CHG_AST_LEAVING }, CHG_ACTION_LEFT,
		"left" },
	{ "who is named at the end by leaving left", CHG_RECORD_STOP, { true, CHG_AST_LEAVING },
		CHG_ACTION_LEFT, "left" },
	{ "without a service nothing is said", CHG_RECORD_INTERIM, { 0 }, CHG_ACTION_NAMED,
		"named" },
	{ "sending says nothing of joining", CHG_RECORD_EVENT, { true, CHG_AST_SENDING },
		CHG_ACTION_NAMED, "named" },
	{ "an unknown service says nothing", CHG_RECORD_INTERIM, { true, -1 }, CHG_ACTION_NAMED,
		"named" },
};

static void action_row_holds(void **state)
{
	const struct action_row *row = *state;
	struct chg_acr acr = { .type = row->type, .application_service_type = row->service };
	assert_int_equal(chg_acr_participant_action(&acr), row->action);
	assert_string_equal(chg_participant_action_text(row->action), row->text);
}

static void every_mark_is_found_by_its_text_and_has_a_bit_of_its_own(void **state)
{
	(void)state;
	uint32_t all = 0;
	for (int bit = 0; bit < 32; bit++) {
		const char *text = chg_cdr_mark_text(1u << bit);
		if (text == NULL)
			continue;
		assert_int_equal(chg_cdr_mark_bit(chg_view_of(text)), 1u << bit);
		assert_int_equal(all & 1u << bit, 0);
		all |= 1u << bit;
	}
	assert_int_equal(all, 0x1ff); /* stored bits: a new mark takes a new one */
	assert_int_equal(chg_cdr_mark_bit(CHG_VIEW("abnorm")), 0);
	assert_int_equal(chg_cdr_mark_bit(CHG_VIEW("")), 0);
	assert_null(chg_cdr_mark_text(CHG_MARK_ABNORMAL | CHG_MARK_LATE));
}

static void every_record_type_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(chg_record_type_text(CHG_RECORD_EVENT), "EVENT");
	assert_string_equal(chg_record_type_text(CHG_RECORD_START), "START");
	assert_string_equal(chg_record_type_text(CHG_RECORD_INTERIM), "INTERIM");
	assert_string_equal(chg_record_type_text(CHG_RECORD_STOP), "STOP");
	assert_string_equal(chg_record_type_text((enum chg_record_type)9), "?");
}

static void every_failure_has_its_name_and_sentence(void **state)
{
	(void)state;
	assert_string_equal(chg_rc_name(CHG_OK), "OK");
	assert_string_equal(chg_rc_name(CHG_E_STORE_FULL), "E_STORE_FULL");
	assert_string_equal(chg_rc_sentence(CHG_E_CLOSED), "no more work is taken");
	assert_string_equal(chg_rc_sentence((enum chg_rc) - 999), "an unknown error");
	assert_non_null(chg_rc_name((enum chg_rc) - 999));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mark_is_found_by_its_text_and_has_a_bit_of_its_own),
		cmocka_unit_test(every_record_type_has_its_word),
		cmocka_unit_test(every_failure_has_its_name_and_sentence),
	};
	return TABLE_RUN("marks as text", marks_rows, marks_row_holds) +
	       TABLE_RUN("what participants did", action_rows, action_row_holds) +
	       cmocka_run_group_tests_name("words", tests, NULL, NULL);
}

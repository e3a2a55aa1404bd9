/* SPDX-License-Identifier: BSD-3-Clause
 * The words for what a charging record holds.
 */
#include "core/cdr.h"

#include <assert.h>

static const struct mark_row {
	uint32_t bit;
	struct chg_view text;
} mark_rows[] = {
#define MARK(name, bit, text, sentence) { 1u << (bit), { text, sizeof(text) - 1 } },
#include "core/mark.def"
#undef MARK
};

enum {
	MARK_COUNT = sizeof mark_rows / sizeof mark_rows[0],
	MARKS_TEXT_SIZE = 0
#define MARK(name, bit, text, sentence) +sizeof(text) + 1
#include "core/mark.def"
#undef MARK
};

_Static_assert((int)MARKS_TEXT_SIZE <= (int)CHG_MARKS_TEXT_MAX, "every mark's text has room");

const char *chg_cdr_mark_text(uint32_t bit)
{
	for (size_t i = 0; i < MARK_COUNT; i++)
		if (mark_rows[i].bit == bit)
			return mark_rows[i].text.ptr;
	return NULL;
}

uint32_t chg_cdr_mark_bit(struct chg_view text)
{
	for (size_t i = 0; i < MARK_COUNT; i++)
		if (chg_view_equal(mark_rows[i].text, text))
			return mark_rows[i].bit;
	return 0;
}

void chg_cdr_marks_write(uint32_t marks, char ret_text[CHG_MARKS_TEXT_MAX])
{
	size_t len = 0;
	for (size_t i = 0; i < MARK_COUNT; i++) {
		if ((marks & mark_rows[i].bit) == 0)
			continue;
		if (len > 0) {
			ret_text[len++] = ',';
			ret_text[len++] = ' ';
		}
		memcpy(ret_text + len, mark_rows[i].text.ptr, mark_rows[i].text.len);
		len += mark_rows[i].text.len;
	}
	ret_text[len] = '\0';
}

const char *chg_participant_action_text(enum chg_participant_action action)
{
	switch (action) {
	case CHG_ACTION_INVITED:
		return "invited";
	case CHG_ACTION_JOINED:
		return "joined";
	case CHG_ACTION_LEFT:
		return "left";
	case CHG_ACTION_NAMED:
		break;
	}
	return "named";
}

enum chg_participant_action chg_acr_participant_action(const struct chg_acr *acr)
{
	/* At START nobody has answered yet, whatever service type the client chose for it. */
	if (acr->type == CHG_RECORD_START)
		return CHG_ACTION_INVITED;
	if (!acr->application_service_type.is_present)
		return CHG_ACTION_NAMED;
	switch (acr->application_service_type.value) {
	case CHG_AST_INVITING: /* 200 OK to the server's INVITE: he was invited and came */
	case CHG_AST_JOINING:
		return CHG_ACTION_JOINED;
	case CHG_AST_LEAVING:
		return CHG_ACTION_LEFT;
	default:
		return CHG_ACTION_NAMED;
	}
}

const char *chg_record_type_text(enum chg_record_type type)
{
	switch (type) {
	case CHG_RECORD_EVENT:
		return "EVENT";
	case CHG_RECORD_START:
		return "START";
	case CHG_RECORD_INTERIM:
		return "INTERIM";
	case CHG_RECORD_STOP:
		return "STOP";
	}
	return "?";
}

/* SPDX-License-Identifier: BSD-3-Clause
 * One value as people read it and as JSON.
 */
#include "chgctl/out.h"

#include "chgctl/text.h"
#include "chgctl/when.h"
#include "core/cdr.h"
#include "core/money.h"

void ctl_value_show(FILE *to, const struct ctl_value *value, bool is_local)
{
	char text[CTL_WHEN_MAX];
	char marks[CHG_MARKS_TEXT_MAX];
	char money[CHG_MONEY_TEXT_MAX];

	switch (value->kind) {
	case CTL_VALUE_NONE:
		break;
	case CTL_VALUE_TEXT:
	case CTL_VALUE_JSON:
		ctl_text_show(to, value->text);
		break;
	case CTL_VALUE_NUMBER:
		ctl_text_i64(to, value->number);
		break;
	case CTL_VALUE_COUNT:
		ctl_text_u64(to, value->count);
		break;
	case CTL_VALUE_TRUTH:
		fputs(value->number != 0 ? "yes" : "no", to);
		break;
	case CTL_VALUE_TIME:
		ctl_when_write(value->time, is_local, false, text);
		fputs(text, to);
		break;
	case CTL_VALUE_SPAN:
		ctl_when_write_span((chg_span){ value->time.us }, text);
		fputs(text, to);
		break;
	case CTL_VALUE_MONEY:
		chg_money_write((chg_money){ value->number }, money);
		fputs(money, to);
		break;
	case CTL_VALUE_MARKS:
		chg_cdr_marks_write((uint32_t)value->count, marks);
		fputs(marks, to);
		break;
	}
}

static void json_marks(FILE *to, uint32_t marks)
{
	bool is_first = true;

	fputc('[', to);
	for (unsigned bit = 0; bit < 32; bit++) {
		const char *text = (marks >> bit & 1u) != 0 ? chg_cdr_mark_text(1u << bit) : NULL;
		if (text == NULL)
			continue;
		fputs(is_first ? "\"" : ",\"", to);
		fputs(text, to);
		fputc('"', to);
		is_first = false;
	}
	fputc(']', to);
}

void ctl_value_json(FILE *to, const struct ctl_value *value, bool is_local)
{
	char text[CTL_WHEN_MAX];

	switch (value->kind) {
	case CTL_VALUE_NONE:
		fputs("null", to);
		break;
	case CTL_VALUE_TEXT:
		ctl_text_json(to, value->text);
		break;
	case CTL_VALUE_JSON:
		fwrite(value->text.ptr, 1, value->text.len, to);
		break;
	case CTL_VALUE_NUMBER:
		ctl_text_i64(to, value->number);
		break;
	case CTL_VALUE_COUNT:
		ctl_text_u64(to, value->count);
		break;
	case CTL_VALUE_TRUTH:
		fputs(value->number != 0 ? "true" : "false", to);
		break;
	case CTL_VALUE_TIME:
		ctl_when_write(value->time, is_local, true, text);
		fputc('"', to);
		fputs(text, to);
		fputc('"', to);
		break;
	case CTL_VALUE_SPAN:
		ctl_text_i64(to, value->time.us / CHG_US_PER_S);
		break;
	case CTL_VALUE_MONEY: /* readers of JSON make a number of it that is not exact */
		fputc('"', to);
		ctl_value_show(to, value, is_local);
		fputc('"', to);
		break;
	case CTL_VALUE_MARKS:
		json_marks(to, (uint32_t)value->count);
		break;
	}
}

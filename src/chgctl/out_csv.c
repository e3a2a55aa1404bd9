/* SPDX-License-Identifier: BSD-3-Clause
 * CSV as RFC 4180 has it: a header, CR LF, quotes where they are needed.
 */
#include "chgctl/out.h"

#include <string.h>

#include "chgctl/text.h"
#include "chgctl/when.h"

static bool needs_quotes(struct chg_view text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '"' || c == ',' || c < 0x20 || c == 0x7f)
			return true;
	}
	/* Readers that trim would eat outer blanks; a lone empty text must differ from nothing. */
	return text.len == 0 || text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ';
}

static void field(FILE *to, struct chg_view text)
{
	if (needs_quotes(text))
		ctl_text_quoted(to, text);
	else
		ctl_text_utf8(to, text);
}

static void cell(struct ctl_out *out, const struct ctl_value *value)
{
	char text[CTL_WHEN_MAX];

	switch (value->kind) {
	case CTL_VALUE_NONE:
		break;
	case CTL_VALUE_TEXT:
	case CTL_VALUE_JSON:
		field(out->page, value->text);
		break;
	case CTL_VALUE_TIME:
		ctl_when_write(value->time, out->is_local, true, text);
		fputs(text, out->page);
		break;
	case CTL_VALUE_SPAN:
		ctl_text_i64(out->page, value->time.us / CHG_US_PER_S);
		break;
	case CTL_VALUE_TRUTH:
		fputs(value->number != 0 ? "true" : "false", out->page);
		break;
	case CTL_VALUE_MARKS:
		if ((value->count & (value->count - 1)) != 0) { /* several, so a comma */
			fputc('"', out->page);
			ctl_value_show(out->page, value, out->is_local);
			fputc('"', out->page);
			break;
		}
		/* fall through */
	case CTL_VALUE_NUMBER:
	case CTL_VALUE_COUNT:
	case CTL_VALUE_MONEY:
		ctl_value_show(out->page, value, out->is_local);
		break;
	}
}

static enum chg_rc begin(struct ctl_out *out)
{
	for (size_t i = 0; i < out->column_count; i++)
		fprintf(out->page, "%s%s", i == 0 ? "" : ",", out->column[i].name);
	fputs("\r\n", out->page);
	return CHG_OK;
}

static enum chg_rc row(struct ctl_out *out, const struct ctl_value *values)
{
	for (size_t i = 0; i < out->column_count; i++) {
		if (i > 0)
			putc_unlocked(',', out->page);
		cell(out, &values[i]);
	}
	fputs("\r\n", out->page);
	return CHG_OK;
}

static enum chg_rc nothing(struct ctl_out *out)
{
	(void)out;
	return CHG_OK;
}

const struct ctl_writer ctl_writer_csv = {
	.name = "csv",
	.begin = begin,
	.row = row,
	.page = nothing,
	.end = nothing,
};

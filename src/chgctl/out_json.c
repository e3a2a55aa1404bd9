/* SPDX-License-Identifier: BSD-3-Clause
 * JSON: one array of objects, or one object per line.
 */
#include "chgctl/out.h"

#include "chgctl/text.h"

static enum chg_rc nothing(struct ctl_out *out)
{
	(void)out;
	return CHG_OK;
}

static void object(struct ctl_out *out, const struct ctl_value *values)
{
	fputc('{', out->page);
	for (size_t i = 0; i < out->column_count; i++) {
		fputs(i == 0 ? "\"" : ",\"", out->page);
		fputs(out->column[i].name, out->page);
		fputs("\":", out->page);
		ctl_value_json(out->page, &values[i], out->is_local);
	}
	fputc('}', out->page);
}

static enum chg_rc array_begin(struct ctl_out *out)
{
	fputc('[', out->page);
	return CHG_OK;
}

static enum chg_rc array_row(struct ctl_out *out, const struct ctl_value *values)
{
	fputs(out->row_count == 1 ? "\n" : ",\n", out->page);
	object(out, values);
	return CHG_OK;
}

static enum chg_rc array_end(struct ctl_out *out)
{
	fputs(out->row_count == 0 ? "]\n" : "\n]\n", out->page);
	return CHG_OK;
}

static enum chg_rc line_row(struct ctl_out *out, const struct ctl_value *values)
{
	object(out, values);
	fputc('\n', out->page);
	return CHG_OK;
}

const struct ctl_writer ctl_writer_json = {
	.name = "json",
	.begin = array_begin,
	.row = array_row,
	.page = nothing,
	.end = array_end,
};

const struct ctl_writer ctl_writer_jsonl = {
	.name = "jsonl",
	.begin = nothing,
	.row = line_row,
	.page = nothing,
	.end = nothing,
};

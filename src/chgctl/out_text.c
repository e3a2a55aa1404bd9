/* SPDX-License-Identifier: BSD-3-Clause
 * A table for people, by libsmartcols.
 *
 * Every page is a table of its own so that a listing of any length takes the memory of one page;
 * the columns of a page are at least as wide as those of the page before.
 */
#include "chgctl/out.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/text.h"

static int flags_of(const struct ctl_out *out, const struct ctl_column *column)
{
	int flags = column->is_right ? SCOLS_FL_RIGHT : 0;

	if (!out->is_terminal)
		return flags;
	if (scols_table_get_termwidth(out->table) < column->width_min)
		flags |= SCOLS_FL_HIDDEN;
	return flags | (column->may_shrink ? SCOLS_FL_TRUNC : 0);
}

static enum chg_rc table_new(struct ctl_out *out)
{
	struct libscols_table *table = scols_new_table();

	if (table == NULL)
		return CHG_E_NO_MEMORY;
	out->table = table;
	/* Texts arrive escaped (ctl_text_show); a second escaping would garble them. */
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_colors(table, out->has_colour);
	scols_table_set_termforce(
		table, out->is_terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (out->is_terminal && out->width != 0)
		scols_table_set_termwidth(table, out->width);
	for (size_t i = 0; i < out->column_count; i++) {
		if (scols_table_new_column(table, out->column[i].heading, (int)out->column_width[i],
			    flags_of(out, &out->column[i])) == NULL)
			return CHG_E_NO_MEMORY;
	}
	return CHG_OK;
}

static void table_free(struct ctl_out *out)
{
	scols_unref_table(out->table);
	out->table = NULL;
}

static enum chg_rc nothing(struct ctl_out *out)
{
	(void)out;
	return CHG_OK;
}

/* The table's memory becomes owner of the text. */
static enum chg_rc cell(
	struct ctl_out *out, struct libscols_line *line, size_t i, const struct ctl_value *value)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return CHG_E_NO_MEMORY;
	ctl_value_show(to, value, out->is_local);
	if (fclose(to) != 0 || scols_line_refer_data(line, i, text) != 0) {
		free(text);
		return CHG_E_NO_MEMORY;
	}
	out->has_value[i] = out->has_value[i] || value->kind != CTL_VALUE_NONE;
	if (out->has_colour && value->kind == CTL_VALUE_MARKS && value->count != 0)
		scols_cell_set_color(scols_line_get_cell(line, i), "yellow");
	return CHG_OK;
}

static enum chg_rc row(struct ctl_out *out, const struct ctl_value *values)
{
	enum chg_rc rc = out->table == NULL ? table_new(out) : CHG_OK;
	if (rc != CHG_OK)
		return rc;
	struct libscols_line *line = scols_table_new_line(out->table, NULL);
	if (line == NULL)
		return CHG_E_NO_MEMORY;
	for (size_t i = 0; i < out->column_count && rc == CHG_OK; i++)
		rc = cell(out, line, i, &values[i]);
	return rc;
}

/* Lines end where their last cell does: blanks behind it are nothing to read or to copy. */
static void write_lines(FILE *to, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		size_t shown = len;
		while (shown > 0 && text[shown - 1] == ' ')
			shown--;
		fwrite(text, 1, shown, to);
		fputc('\n', to);
		text += text[len] == '\0' ? len : len + 1;
	}
}

/* Headings stand on the first page, and again where a column appears that was hidden so far. */
static bool choose_columns(struct ctl_out *out)
{
	bool has_headings = out->column_width[0] == 0;

	for (size_t i = 0; i < out->column_count; i++) {
		struct libscols_column *column = scols_table_get_column(out->table, i);
		bool is_hidden = out->column[i].hides_empty && !out->has_value[i];
		if (is_hidden && scols_column_set_flags(column,
					 scols_column_get_flags(column) | SCOLS_FL_HIDDEN) != 0)
			return false;
		has_headings = has_headings || (out->was_hidden[i] && !is_hidden);
		out->was_hidden[i] = is_hidden;
	}
	scols_table_enable_noheadings(out->table, !has_headings);
	return true;
}

static enum chg_rc page(struct ctl_out *out)
{
	char *text = NULL;

	if (out->table == NULL)
		return CHG_OK;
	if (!choose_columns(out) || scols_print_table_to_string(out->table, &text) != 0)
		return CHG_E_NO_MEMORY;
	for (size_t i = 0; i < out->column_count; i++)
		out->column_width[i] =
			scols_column_get_width(scols_table_get_column(out->table, i));
	write_lines(out->page, text);
	free(text);
	table_free(out);
	return CHG_OK;
}

const struct ctl_writer ctl_writer_text = {
	.name = "text",
	.begin = nothing,
	.row = row,
	.page = page,
	.end = page,
	.release = table_free,
};

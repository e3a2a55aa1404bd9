/* SPDX-License-Identifier: BSD-3-Clause
 * Moves white space, nothing else; so no number is ever read and written back.
 */
#include "chgctl/pretty.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void new_line(FILE *to, unsigned depth)
{
	fprintf(to, "\n%*s", (int)(2 * depth), "");
}

/* The length of the string that begins at ptr[0], with its quotes. */
static size_t string_length(struct chg_view json)
{
	size_t i = 1;

	while (i < json.len && json.ptr[i] != '"')
		i += json.ptr[i] == '\\' ? 2 : 1;
	return i < json.len ? i + 1 : json.len;
}

static size_t skip_blanks(struct chg_view json, size_t at)
{
	while (at < json.len && is_blank(json.ptr[at]))
		at++;
	return at;
}

/* Writes the bracket, and the closing one too when nothing is between; returns what was used. */
static size_t open_bracket(FILE *to, struct chg_view json, size_t at, unsigned *depth)
{
	size_t next = skip_blanks(json, at + 1);

	fputc(json.ptr[at], to);
	if (next < json.len && (json.ptr[next] == '}' || json.ptr[next] == ']')) {
		fputc(json.ptr[next], to);
		return skip_blanks(json, next + 1);
	}
	*depth += *depth < 1000 ? 1 : 0; /* deeper is not worth a wider line */
	new_line(to, *depth);
	return next;
}

void ctl_pretty_write(FILE *to, struct chg_view json)
{
	unsigned depth = 0;
	size_t at = skip_blanks(json, 0);

	while (at < json.len) {
		char c = json.ptr[at];
		if (c == '"') {
			size_t len = string_length(
				(struct chg_view){ .ptr = json.ptr + at, .len = json.len - at });
			fwrite(json.ptr + at, 1, len, to);
			at = skip_blanks(json, at + len);
			continue;
		}
		if (c == '{' || c == '[') {
			at = open_bracket(to, json, at, &depth);
			continue;
		}
		if (c == '}' || c == ']') {
			depth -= depth > 0 ? 1 : 0;
			new_line(to, depth);
		}
		fputc(c, to);
		if (c == ',')
			new_line(to, depth);
		else if (c == ':')
			fputc(' ', to);
		at = skip_blanks(json, at + 1);
	}
}

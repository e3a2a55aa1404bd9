/* SPDX-License-Identifier: BSD-3-Clause
 * Texts made fit for terminals, data and shells; and "did you mean".
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/names.h"
#include "chgctl/pretty.h"
#include "chgctl/text.h"

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct next_row {
	const char *says;
	struct chg_view text;
	size_t len;
	uint32_t code;
} next_rows[] = {
	{ "nothing has no code point", BYTES(""), 0, 0 },
	{ "NUL is one", BYTES("\0"), 1, 0 },
	{ "the last of one byte", BYTES("\x7f"), 1, 0x7f },
	{ "the first of two bytes", BYTES("\xc2\x80"), 2, 0x80 },
	{ "the first of three bytes", BYTES("\xe0\xa0\x80"), 3, 0x800 },
	{ "the first of four bytes", BYTES("\xf0\x90\x80\x80"), 4, 0x10000 },
	{ "the last of all", BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
	{ "beyond the last of all", BYTES("\xf4\x90\x80\x80"), 0, 0 },
	{ "a continuation begins nothing", BYTES("\x80"), 0, 0 },
	{ "two bytes for what one can say", BYTES("\xc0\x80"), 0, 0 },
	{ "three bytes for what two can say", BYTES("\xe0\x9f\xbf"), 0, 0 },
	{ "four bytes for what three can say", BYTES("\xf0\x8f\xbf\xbf"), 0, 0 },
	{ "a surrogate", BYTES("\xed\xa0\x80"), 0, 0 },
	{ "a sequence that is cut", BYTES("\xe2\x82"), 0, 0 },
	{ "a sequence that is broken", BYTES("\xe2\x28\xa1"), 0, 0 },
};

static void next_row_holds(void **state)
{
	const struct next_row *row = *state;
	uint32_t code = 0;

	assert_int_equal(ctl_text_next(row->text, &code), row->len);
	assert_int_equal(code, row->code);
}

static const struct shown_row {
	const char *says;
	struct chg_view text;
	const char *shown;
} shown_rows[] = {
	{ "plain text stays", BYTES("sip:a@b"), "sip:a@b" },
	{ "letters of the world stay", BYTES("\xc3\xbc\xe4\xbd\xa0"), "\xc3\xbc\xe4\xbd\xa0" },
	{ "an escape sequence is taken apart", BYTES("\x1b]0;x\x07"), "\\x1b]0;x\\x07" },
	{ "the control characters above 127 too", BYTES("\xc2\x9b"), "\\x9b" },
	{ "lines do not break", BYTES("a\nb\0c"), "a\\x0ab\\x00c" },
	{ "nothing turns the direction",
		BYTES("a\xe2\x80\xae"
		      "b"),
		"a\\u202eb" },
	{ "bytes that are no text are numbers", BYTES("\xff\xc3"), "\\xff\\xc3" },
};

static void assert_written(
	void (*write)(FILE *to, struct chg_view text), const struct shown_row *row)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	write(to, row->text);
	fclose(to);
	assert_string_equal(text, row->shown);
	free(text);
}

static void shown_row_holds(void **state)
{
	assert_written(ctl_text_show, *state);
}

static const struct shown_row quoted_rows[] = {
	{ "an empty text", BYTES(""), "\"\"" },
	{ "plain text", BYTES("sip:a@b"), "\"sip:a@b\"" },
	{ "quotes stand twice", BYTES("\"a\"\"b"), "\"\"\"a\"\"\"\"b\"" },
	{ "a backslash means nothing", BYTES("\\\""), "\"\\\"\"\"" },
	{ "lines may break", BYTES("a\r\nb"), "\"a\r\nb\"" },
	{ "letters of the world stay", BYTES("\xc3\xbc\""), "\"\xc3\xbc\"\"\"" },
	{ "bytes that are no text are replaced", BYTES("\xff\"\xc3"),
		"\"\xef\xbf\xbd\"\"\xef\xbf\xbd\"" },
	{ "and so is NUL", BYTES("a\0b"),
		"\"a\xef\xbf\xbd"
		"b\"" },
};

static void quoted_row_holds(void **state)
{
	assert_written(ctl_text_quoted, *state);
}

static const struct near_row {
	const char *says;
	const char *word;
	const char *near;
} near_rows[] = {
	{ "one letter too many", "partty", "party" },
	{ "two letters turned", "lsit", "list" },
	{ "a letter missing", "exprt", "export" },
	{ "a blank for a hyphen is no difference", "origin host", "origin-host" },
	{ "another word is not near", "frobnicate", NULL },
	{ "nothing is near nothing", "", NULL },
	{ "a very long word is near nothing", "partypartypartypartypartypartypartypartypartyparty",
		NULL },
};

static void near_row_holds(void **state)
{
	static const char *const words[] = { "party", "list", "export", "origin-host" };
	const struct near_row *row = *state;
	const char *near = ctl_text_nearest(row->word, words, 4);

	if (row->near == NULL)
		assert_null(near);
	else
		assert_string_equal(near, row->near);
}

static const struct number_row {
	const char *says;
	const char *text;
	uint64_t max;
	bool is_number;
	uint64_t number;
} number_rows[] = {
	{ "zero", "0", 9, true, 0 },
	{ "leading zeros", "007", 9, true, 7 },
	{ "the largest of all", "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "one more than that", "18446744073709551616", UINT64_MAX, false, 0 },
	{ "the bound itself", "300", 300, true, 300 },
	{ "beyond the bound", "301", 300, false, 0 },
	{ "a digit beyond a small bound", "9", 5, false, 0 },
	{ "a sign", "+1", 9, false, 0 },
	{ "a blank", "1 ", 9, false, 0 },
	{ "nothing", "", 9, false, 0 },
};

static void number_row_holds(void **state)
{
	const struct number_row *row = *state;
	uint64_t number = 0;

	assert_int_equal(ctl_text_number(row->text, row->max, &number), row->is_number);
	assert_int_equal(number, row->number);
}

static const struct pretty_row {
	const char *says;
	const char *json;
	const char *pretty;
} pretty_rows[] = {
	{ "a number stays as it was written", " 1.50 ", "1.50" },
	{ "an empty object stays closed", "{ }", "{}" },
	{ "an empty array too", "[\n]", "[]" },
	{ "one member per line", "{\"a\":1,\"b\":[true,null]}",
		"{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}" },
	{ "signs within texts are text", "[\"{,:}\\\"]\",2]", "[\n  \"{,:}\\\"]\",\n  2\n]" },
	{ "a text that does not end does no harm", "[\"a\\", "[\n  \"a\\" },
	{ "nothing stays nothing", "", "" },
};

static void pretty_row_holds(void **state)
{
	const struct pretty_row *row = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	ctl_pretty_write(to, chg_view_of(row->json));
	fclose(to);
	assert_string_equal(text, row->pretty);
	free(text);
}

static const struct cause_row {
	const char *says;
	int32_t cause;
	const char *text;
} cause_rows[] = {
	{ "0 ends a session", 0, "normal end of session" },
	{ "-1 is a transaction", -1, "successful transaction" },
	{ "-202 is deferred, which is a success", -202, "success, SIP status 2xx" },
	{ "-302 is a redirection", -302, "redirection, SIP status 3xx" },
	{ "404 is a failure", 404, "failure, SIP status" },
	{ "what is unknown and positive failed", 77, "failure" },
	{ "what is unknown and negative did not", -77, "success" },
};

static void cause_row_holds(void **state)
{
	const struct cause_row *row = *state;
	assert_string_equal(ctl_name_cause(row->cause), row->text);
}

int main(void)
{
	struct CMUnitTest tests[96];
	size_t count = 0;

	ADD_ROWS(tests, &count, next_rows, next_row_holds);
	ADD_ROWS(tests, &count, shown_rows, shown_row_holds);
	ADD_ROWS(tests, &count, quoted_rows, quoted_row_holds);
	ADD_ROWS(tests, &count, near_rows, near_row_holds);
	ADD_ROWS(tests, &count, number_rows, number_row_holds);
	ADD_ROWS(tests, &count, pretty_rows, pretty_row_holds);
	ADD_ROWS(tests, &count, cause_rows, cause_row_holds);
	return RUN_ROWS("texts", tests, count);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * CSV as people and programs write it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/csv.h"
#include "chgctl/stop.h"
#include "rows.h"

/* What comes of a text: records as LINE[field|field], faults as LINE!why. */
static const struct csv_row {
	const char *says;
	const char *text;
	const char *records;
} csv_rows[] = {
	{ "an empty file has no record", "", "" },
	{ "a line is a record", "a,b\n", "1[a|b]" },
	{ "the last line needs no end", "a\nb", "1[a]2[b]" },
	{ "lines may end in CR LF", "a,b\r\nc,\r\n", "1[a|b]2[c|]" },
	{ "a CR within a line is a part of it", "a\rb,c\n", "1[a\rb|c]" },
	{ "empty lines are no records", "\na\n\n\r\nb\n", "2[a]5[b]" },
	{ "commas alone are empty fields", ",,\n", "1[||]" },
	{ "a quoted field may hold commas and quotes", "\"a,\"\"b\"\"\",c\n", "1[a,\"b\"|c]" },
	{ "a quoted field may hold lines, which count", "\"a\nb\",c\nd\n", "1[a\nb|c]3[d]" },
	{ "a quoted field may be empty", "\"\",a\n", "1[|a]" },
	{ "a quoted field may end its line", "\"a\"\r\nb\n", "1[a]2[b]" },
	{ "a byte order mark is skipped", "\xef\xbb\xbfname,b\n", "1[name|b]" },
	{ "blanks belong to a field", " a , b\n", "1[ a | b]" },
	{ "a quote within a plain field is a fault, and the next line is read", "a\"b\nc\n",
		"1!a quote stands inside a field that does not begin with one2[c]" },
	{ "text behind a closing quote is a fault", "\"a\"b,\"c\nd\n",
		"1!something stands behind the quote that ends a field2[d]" },
	{ "a quote that is not closed is a fault", "a\n\"b,c\nd\n", "1[a]2!a quote is not closed" },
};

static void read_all(const char *text, FILE *to)
{
	static struct ctl_csv csv;
	const char *why = NULL;
	enum chg_rc rc;

	csv = (struct ctl_csv){ .from = fmemopen((void *)(uintptr_t)text, strlen(text), "r") };
	if (text[0] == '\0') /* which fmemopen does not open */
		csv.from = fopen("/dev/null", "r");
	assert_non_null(csv.from);
	while ((rc = ctl_csv_read(&csv, &why)) != CHG_E_CLOSED) {
		fprintf(to, "%zu", csv.line);
		if (rc != CHG_OK) {
			assert_int_equal(rc, CHG_E_SYNTAX);
			fprintf(to, "!%s", why);
			continue;
		}
		for (size_t i = 0; i < csv.field_count; i++)
			fprintf(to, "%s%.*s", i == 0 ? "[" : "|", (int)csv.field[i].len,
				csv.field[i].ptr);
		fputc(']', to);
	}
	fclose(csv.from);
}

static void csv_row_holds(void **state)
{
	const struct csv_row *row = *state;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	read_all(row->text, to);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, row->records);
	free(text);
}

/* `count` times the same, and then the rest. */
static char *repeat(const char *what, size_t count, const char *rest)
{
	size_t len = strlen(what);
	char *text = malloc(len * count + strlen(rest) + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, what, len);
	memcpy(text + count * len, rest, strlen(rest) + 1);
	return text;
}

static void expect(char *text, const char *records)
{
	struct csv_row row = { .text = text, .records = records };
	void *state = &row;

	csv_row_holds(&state);
	free(text);
}

static void what_is_too_long_is_a_fault_and_the_next_line_is_read(void **state)
{
	(void)state;
	expect(repeat("x", CTL_CSV_RECORD_MAX + 1, "\na\n"),
		"1!the line is longer than 16384 bytes2[a]");
	expect(repeat(",", CTL_CSV_FIELD_MAX, "\na\n"), "1!the line has more than 64 fields2[a]");
}

static void a_line_that_does_not_end_is_given_up(void **state)
{
	static struct ctl_csv csv;
	const char *why = NULL;

	(void)state;
	csv = (struct ctl_csv){ .from = fopen("/dev/zero", "r") };
	assert_non_null(csv.from);
	assert_int_equal(ctl_csv_read(&csv, &why), CHG_E_RANGE);
	assert_int_equal(csv.line, 1);
	fclose(csv.from);
}

static void whoever_wants_to_stop_need_not_wait_for_the_end_of_a_line(void **state)
{
	static struct ctl_csv csv;
	const char *why = NULL;

	(void)state;
	ctl_stop_on_signals();
	raise(SIGTERM);
	csv = (struct ctl_csv){ .from = fopen("/dev/zero", "r") };
	assert_non_null(csv.from);
	assert_int_equal(ctl_csv_read(&csv, &why), CHG_E_CLOSED);
	fclose(csv.from);
}

static void a_folder_is_no_file(void **state)
{
	static struct ctl_csv csv;
	const char *why;

	(void)state;
	csv = (struct ctl_csv){ .from = fopen("/", "r") };
	assert_non_null(csv.from);
	assert_int_equal(ctl_csv_read(&csv, &why), CHG_E_SYSTEM);
	fclose(csv.from);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(what_is_too_long_is_a_fault_and_the_next_line_is_read),
		cmocka_unit_test(a_line_that_does_not_end_is_given_up),
		cmocka_unit_test(a_folder_is_no_file),
		/* The last one: the wish to stop stays. */
		cmocka_unit_test(whoever_wants_to_stop_need_not_wait_for_the_end_of_a_line),
	};
	struct CMUnitTest tests[sizeof csv_rows / sizeof csv_rows[0]];
	size_t count = 0;

	ADD_ROWS(tests, &count, csv_rows, csv_row_holds);
	int failed = RUN_ROWS("records", tests, count);
	return failed + cmocka_run_group_tests_name("limits", others, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The writer contract: the same rows through every writer, each byte as expected.
 */
#include "rows.h"

#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/out.h"
#include "core/cdr.h"

static const struct ctl_column columns[] = {
	{ .name = "id", .heading = "ID", .is_right = true },
	{ .name = "who", .heading = "WHO" },
	{ .name = "at", .heading = "AT" },
	{ .name = "took", .heading = "TOOK", .is_right = true },
	{ .name = "is", .heading = "IS" },
	{ .name = "marks", .heading = "MARKS" },
	{ .name = "rest", .heading = "REST" },
};

enum {
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		.kind = CTL_VALUE_TEXT, .text = { literal, sizeof(literal) - 1 }                   \
	}
#define NONE                                                                                       \
	{                                                                                          \
		.kind = CTL_VALUE_NONE                                                             \
	}

static const struct ctl_value table[][COLUMN_COUNT] = {
	{
		{ .kind = CTL_VALUE_NUMBER, .number = -1 },
		TEXT("plain"),
		{ .kind = CTL_VALUE_TIME, .time = { INT64_C(1795162530250000) } },
		{ .kind = CTL_VALUE_SPAN, .time = { INT64_C(192999999) } },
		{ .kind = CTL_VALUE_TRUTH, .number = 1 },
		{ .kind = CTL_VALUE_MARKS, .count = CHG_MARK_LATE },
		{ .kind = CTL_VALUE_JSON, .text = { "{\"a\":[1,2.50]}", 14 } },
	},
	{
		{ .kind = CTL_VALUE_COUNT, .count = UINT64_C(9223372036854775807) },
		TEXT("a \"quoted\", thing"),
		NONE,
		NONE,
		{ .kind = CTL_VALUE_TRUTH, .number = 0 },
		{ .kind = CTL_VALUE_MARKS, .count = CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST },
		NONE,
	},
	{ NONE, NONE, NONE, NONE, NONE, { .kind = CTL_VALUE_MARKS, .count = 0 }, NONE },
	{
		{ .kind = CTL_VALUE_NUMBER, .number = 3 },
		TEXT("two\r\nlines\tand \x1b[31mred\x7f"),
		NONE,
		NONE,
		NONE,
		{ .kind = CTL_VALUE_MARKS, .count = 0 },
		TEXT(""),
	},
	{
		{ .kind = CTL_VALUE_NUMBER, .number = 4 },
		TEXT("J\xc3\xbcrgen \xe4\xbd\xa0\xe5\xa5\xbd"),
		NONE,
		NONE,
		NONE,
		{ .kind = CTL_VALUE_MARKS, .count = 0 },
		TEXT(" bad \xff\xc3 \xe2\x80\xaeturned\xed\xa0\x80"),
	},
};

enum {
	ROW_COUNT = sizeof table / sizeof table[0],
};

/* The rows through a writer, with a page after every `page_rows`; the caller frees. */
static char *written(const struct ctl_writer *writer, size_t rows, size_t page_rows)
{
	char *text = NULL;
	size_t size = 0;
	struct ctl_out out = {
		.writer = writer,
		.sink = open_memstream(&text, &size),
		.column = columns,
		.column_count = COLUMN_COUNT,
	};

	assert_non_null(out.sink);
	assert_int_equal(ctl_out_begin(&out), CHG_OK);
	for (size_t i = 0; i < rows; i++) {
		assert_int_equal(ctl_out_row(&out, table[i]), CHG_OK);
		if ((i + 1) % page_rows == 0)
			assert_int_equal(ctl_out_page(&out), CHG_OK);
	}
	assert_int_equal(ctl_out_end(&out), CHG_OK);
	assert_int_equal(out.row_count, rows);
	ctl_out_release(&out);
	ctl_out_release(&out);
	fclose(out.sink);
	return text;
}

#define FFFD "\xef\xbf\xbd"
#define ROW_1_JSON                                                                                 \
	"{\"id\":-1,\"who\":\"plain\",\"at\":\"2026-11-20T08:15:30.250000Z\",\"took\":192,"        \
	"\"is\":true,\"marks\":[\"late\"],\"rest\":{\"a\":[1,2.50]}}"
#define ROW_2_JSON                                                                                 \
	"{\"id\":9223372036854775807,\"who\":\"a \\\"quoted\\\", thing\",\"at\":null,"             \
	"\"took\":null,\"is\":false,\"marks\":[\"abnormal\",\"stop lost\"],\"rest\":null}"
#define ROW_3_JSON                                                                                 \
	"{\"id\":null,\"who\":null,\"at\":null,\"took\":null,\"is\":null,\"marks\":[],"            \
	"\"rest\":null}"
#define ROW_4_JSON                                                                                 \
	"{\"id\":3,\"who\":\"two\\r\\nlines\\tand \\u001b[31mred\\u007f\",\"at\":null,"            \
	"\"took\":null,\"is\":null,\"marks\":[],\"rest\":\"\"}"
#define ROW_5_JSON                                                                                 \
	"{\"id\":4,\"who\":\"J\xc3\xbcrgen \xe4\xbd\xa0\xe5\xa5\xbd\",\"at\":null,\"took\":null,"  \
	"\"is\":null,\"marks\":[],\"rest\":\" bad " FFFD FFFD " \xe2\x80\xaeturned" FFFD FFFD FFFD \
	"\"}"
#define HEADER_CSV "id,who,at,took,is,marks,rest\r\n"

static const struct writer_row {
	const char *says;
	const struct ctl_writer *writer;
	size_t rows;
	const char *text;
} writer_rows[] = {
	{ "json without rows is an empty array", &ctl_writer_json, 0, "[]\n" },
	{ "jsonl without rows is empty", &ctl_writer_jsonl, 0, "" },
	{ "csv without rows is its header", &ctl_writer_csv, 0, HEADER_CSV },
	{ "text without rows is empty", &ctl_writer_text, 0, "" },
	{ "json is one array", &ctl_writer_json, ROW_COUNT,
		"[\n" ROW_1_JSON ",\n" ROW_2_JSON ",\n" ROW_3_JSON ",\n" ROW_4_JSON ",\n" ROW_5_JSON
		"\n]\n" },
	{ "jsonl is an object per line", &ctl_writer_jsonl, ROW_COUNT,
		ROW_1_JSON "\n" ROW_2_JSON "\n" ROW_3_JSON "\n" ROW_4_JSON "\n" ROW_5_JSON "\n" },
	{ "csv quotes what needs it and tells an empty text from nothing", &ctl_writer_csv,
		ROW_COUNT,
		HEADER_CSV
		"-1,plain,2026-11-20T08:15:30.250000Z,192,true,late,\"{\"\"a\"\":[1,2.50]}\"\r\n"
		"9223372036854775807,\"a \"\"quoted\"\", thing\",,,false,"
		"\"abnormal, stop lost\",\r\n"
		",,,,,,\r\n"
		"3,\"two\r\nlines\tand \x1b[31mred\x7f\",,,,,\"\"\r\n"
		"4,J\xc3\xbcrgen \xe4\xbd\xa0\xe5\xa5\xbd,,,,,\" bad " FFFD FFFD
		" \xe2\x80\xaeturned" FFFD FFFD FFFD "\"\r\n" },
	{ "text aligns by width and lets nothing steer the terminal", &ctl_writer_text, ROW_COUNT,
		"                 ID WHO                                     AT                    "
		"  TOOK IS  MARKS               REST\n"
		"                 -1 plain                                   2026-11-20T08:15:30Z "
		"0:03:12 yes late                {\"a\":[1,2.50]}\n"
		"9223372036854775807 a \"quoted\", thing                                           "
		"         no  abnormal, stop lost\n"
		"\n"
		"                  3 two\\x0d\\x0alines\\x09and \\x1b[31mred\\x7f\n"
		"                  4 J\xc3\xbcrgen \xe4\xbd\xa0\xe5\xa5\xbd                        "
		"                                                           bad \\xff\\xc3 "
		"\\u202eturned\\xed\\xa0\\x80\n" },
};

static void writer_row_holds(void **state)
{
	const struct writer_row *row = *state;
	char *whole = written(row->writer, row->rows, SIZE_MAX);

	assert_string_equal(whole, row->text);
	free(whole);
}

/* Text is not here: a later page may be wider than an earlier one. */
static void pages_make_no_difference(void **state)
{
	static const struct ctl_writer *const writers[] = { &ctl_writer_json, &ctl_writer_jsonl,
		&ctl_writer_csv };
	(void)state;

	for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
		char *whole = written(writers[i], ROW_COUNT, SIZE_MAX);
		char *paged = written(writers[i], ROW_COUNT, 1);
		assert_string_equal(whole, paged);
		free(whole);
		free(paged);
	}
}

/* Two columns, the second of which appears with its first value. */
static char *written_amounts(const struct ctl_writer *writer, const struct ctl_value *amounts,
	size_t rows, size_t page_rows)
{
	static const struct ctl_column two[] = {
		{ .name = "id", .heading = "ID", .is_right = true },
		{ .name = "cost", .heading = "COST", .is_right = true, .hides_empty = true },
	};
	char *text = NULL;
	size_t size = 0;
	struct ctl_out out = {
		.writer = writer,
		.sink = open_memstream(&text, &size),
		.column = two,
		.column_count = 2,
	};

	assert_non_null(out.sink);
	assert_int_equal(ctl_out_begin(&out), CHG_OK);
	for (size_t i = 0; i < rows; i++) {
		const struct ctl_value values[] = { ctl_value_count(i + 1), amounts[i] };
		assert_int_equal(ctl_out_row(&out, values), CHG_OK);
		if ((i + 1) % page_rows == 0)
			assert_int_equal(ctl_out_page(&out), CHG_OK);
	}
	assert_int_equal(ctl_out_end(&out), CHG_OK);
	ctl_out_release(&out);
	fclose(out.sink);
	return text;
}

static void money_is_exact_everywhere(void **state)
{
	const struct ctl_value amounts[] = { ctl_value_money(1200000), ctl_value_money(-1),
		ctl_value_money(INT64_MIN) };
	static const struct {
		const struct ctl_writer *writer;
		const char *text;
	} expected[] = {
		{ &ctl_writer_text, "ID                  COST\n"
				    " 1                  1.20\n"
				    " 2             -0.000001\n"
				    " 3 -9223372036854.775808\n" },
		{ &ctl_writer_csv,
			"id,cost\r\n1,1.20\r\n2,-0.000001\r\n3,-9223372036854.775808\r\n" },
		{ &ctl_writer_jsonl, "{\"id\":1,\"cost\":\"1.20\"}\n"
				     "{\"id\":2,\"cost\":\"-0.000001\"}\n"
				     "{\"id\":3,\"cost\":\"-9223372036854.775808\"}\n" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		char *text = written_amounts(expected[i].writer, amounts, 3, SIZE_MAX);
		assert_string_equal(text, expected[i].text);
		free(text);
	}
}

static void an_empty_column_appears_with_its_first_value(void **state)
{
	const struct ctl_value amounts[] = { { 0 }, { 0 }, ctl_value_money(50000), { 0 } };
	(void)state;

	char *text = written_amounts(&ctl_writer_text, amounts, 2, 1);
	assert_string_equal(text, "ID\n 1\n 2\n");
	free(text);
	text = written_amounts(&ctl_writer_text, amounts, 4, 1);
	assert_string_equal(text, "ID\n 1\n 2\nID COST\n 3 0.05\n 4\n");
	free(text);
	text = written_amounts(&ctl_writer_csv, amounts, 1, 1);
	assert_string_equal(text, "id,cost\r\n1,\r\n");
	free(text);
}

static void text_has_one_heading_for_all_pages(void **state)
{
	char *text = written(&ctl_writer_text, 2, 1);
	const char *heading = strstr(text, "WHO");
	(void)state;

	assert_non_null(heading);
	assert_null(strstr(heading + 1, "WHO"));
	free(text);
}

/* Bytes, which here are more than columns: good enough to see that nothing was cut. */
static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		longest = len > longest ? len : longest;
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	return longest;
}

static char *written_on_a_terminal(size_t width)
{
	static const struct ctl_column narrow[] = {
		{ .name = "id", .heading = "ID", .is_right = true },
		{ .name = "who", .heading = "WHO", .may_shrink = true },
	};
	char *text = NULL;
	size_t size = 0;
	struct ctl_out out = {
		.writer = &ctl_writer_text,
		.sink = open_memstream(&text, &size),
		.column = narrow,
		.column_count = 2,
		.is_terminal = true,
		.width = width,
	};

	assert_non_null(out.sink);
	assert_int_equal(ctl_out_begin(&out), CHG_OK);
	assert_int_equal(ctl_out_row(&out, table[0]), CHG_OK);
	assert_int_equal(ctl_out_row(&out, table[3]), CHG_OK);
	assert_int_equal(ctl_out_end(&out), CHG_OK);
	ctl_out_release(&out);
	fclose(out.sink);
	return text;
}

static void a_narrow_terminal_cuts_what_may_shrink(void **state)
{
	char *wide = written_on_a_terminal(80);
	char *narrow = written_on_a_terminal(30);
	(void)state;

	assert_non_null(strstr(wide, "red\\x7f\n"));
	assert_int_equal(longest_line(narrow), 30);
	assert_null(strstr(narrow, "red"));
	free(wide);
	free(narrow);
}

static void json_is_json(void **state)
{
	char *text = written(&ctl_writer_json, ROW_COUNT, 2);
	json_error_t error;
	json_t *json = json_loads(text, 0, &error);
	(void)state;

	assert_non_null(json);
	assert_int_equal(json_array_size(json), ROW_COUNT);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "who")),
		"a \"quoted\", thing");
	json_decref(json);
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	struct ctl_out out = {
		.writer = &ctl_writer_csv,
		.sink = fopen("/dev/full", "w"),
		.column = columns,
		.column_count = COLUMN_COUNT,
	};
	(void)state;

	assert_non_null(out.sink);
	assert_int_equal(ctl_out_begin(&out), CHG_OK);
	assert_int_equal(ctl_out_row(&out, table[0]), CHG_OK);
	assert_int_equal(ctl_out_page(&out), CHG_E_SYSTEM);
	ctl_out_release(&out);
	fclose(out.sink);
}

static void a_listing_may_be_given_up(void **state)
{
	struct ctl_out out = {
		.writer = &ctl_writer_text,
		.sink = stdout,
		.column = columns,
		.column_count = COLUMN_COUNT,
	};
	(void)state;

	assert_int_equal(ctl_out_begin(&out), CHG_OK);
	assert_int_equal(ctl_out_row(&out, table[0]), CHG_OK);
	ctl_out_release(&out); /* the leak checker watches */
}

static void writers_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(ctl_writer_find("csv"), &ctl_writer_csv);
	assert_ptr_equal(ctl_writer_find("jsonl"), &ctl_writer_jsonl);
	assert_null(ctl_writer_find("xml"));
}

int main(void)
{
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(pages_make_no_difference),
		cmocka_unit_test(text_has_one_heading_for_all_pages),
		cmocka_unit_test(money_is_exact_everywhere),
		cmocka_unit_test(an_empty_column_appears_with_its_first_value),
		cmocka_unit_test(a_narrow_terminal_cuts_what_may_shrink),
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_listing_may_be_given_up),
		cmocka_unit_test(writers_are_found_by_name),
	};
	size_t count = 9;

	setlocale(LC_CTYPE, "C.UTF-8");
	ADD_ROWS(tests, &count, writer_rows, writer_row_holds);
	return RUN_ROWS("the writer contract", tests, count);
}

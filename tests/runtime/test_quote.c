/* SPDX-License-Identifier: BSD-3-Clause
 * Text from anywhere never breaks a line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "runtime/quote.h"

static const struct quote_row {
	const char *says;
	struct chg_view text;
	enum chg_quote_when when;
	size_t room;
	const char *written;
} quote_rows[] = {
	{ "a word stays as it is", CHG_VIEW("im1.example.net"), CHG_QUOTE_NEEDED, 64,
		"im1.example.net" },
	{ "a party stays as it is", CHG_VIEW("sip:alice@example.net;x"), CHG_QUOTE_NEEDED, 64,
		"sip:alice@example.net;x" },
	{ "letters beyond ASCII stay as they are", CHG_VIEW("j\xc3\xb6rg\xf0\x9f\x92\xac"),
		CHG_QUOTE_NEEDED, 64, "j\xc3\xb6rg\xf0\x9f\x92\xac" },
	{ "a word is quoted when that is asked for", CHG_VIEW("a"), CHG_QUOTE_ALWAYS, 64, "\"a\"" },
	{ "nothing is two quotes", CHG_VIEW(""), CHG_QUOTE_NEEDED, 64, "\"\"" },
	{ "what is absent is two quotes", { 0 }, CHG_QUOTE_NEEDED, 64, "\"\"" },
	{ "a space needs quotes", CHG_VIEW("a b"), CHG_QUOTE_NEEDED, 64, "\"a b\"" },
	{ "an equals sign needs quotes", CHG_VIEW("a=b"), CHG_QUOTE_NEEDED, 64, "\"a=b\"" },
	{ "quotes and backslashes are escaped", CHG_VIEW("a\"\\"), CHG_QUOTE_NEEDED, 64,
		"\"a\\\"\\\\\"" },
	{ "ends of line are escaped", CHG_VIEW("a\nb\r\tc"), CHG_QUOTE_NEEDED, 64,
		"\"a\\nb\\r\\tc\"" },
	{ "control bytes are escaped", CHG_VIEW("\x1b[2J\x7f"), CHG_QUOTE_NEEDED, 64,
		"\"\\x1b[2J\\x7f\"" },
	{ "a NUL is escaped", CHG_VIEW("a\0b"), CHG_QUOTE_NEEDED, 64, "\"a\\x00b\"" },
	{ "C1 controls are escaped", CHG_VIEW("\xc2\x9b"), CHG_QUOTE_NEEDED, 64, "\"\\xc2\\x9b\"" },
	{ "a broken character is escaped", CHG_VIEW("a\xc3"), CHG_QUOTE_NEEDED, 64, "\"a\\xc3\"" },
	{ "an overlong character is escaped", CHG_VIEW("\xc0\xaf\xe0\x80\xaf"), CHG_QUOTE_NEEDED,
		64, "\"\\xc0\\xaf\\xe0\\x80\\xaf\"" },
	{ "a surrogate is escaped", CHG_VIEW("\xed\xa0\x80"), CHG_QUOTE_NEEDED, 64,
		"\"\\xed\\xa0\\x80\"" },
	{ "what is beyond Unicode is escaped", CHG_VIEW("\xf4\x90\x80\x80"), CHG_QUOTE_NEEDED, 64,
		"\"\\xf4\\x90\\x80\\x80\"" },
	{ "what just fits is whole", CHG_VIEW("123456789012345"), CHG_QUOTE_NEEDED, 16,
		"123456789012345" },
	{ "what is longer is cut", CHG_VIEW("1234567890123456"), CHG_QUOTE_NEEDED, 16,
		"123456789012..." },
	{ "what just fits in quotes is whole", CHG_VIEW("1234567890123"), CHG_QUOTE_ALWAYS, 16,
		"\"1234567890123\"" },
	{ "a quoted text keeps its end quote", CHG_VIEW("12345678901234"), CHG_QUOTE_ALWAYS, 16,
		"\"1234567890...\"" },
	{ "no character is cut in two", CHG_VIEW("12345678901\xc3\xb6\xc3\xb6\xc3\xb6"),
		CHG_QUOTE_NEEDED, 16, "12345678901..." },
	{ "no escape is cut in two", CHG_VIEW("123456789\n\n\n\n"), CHG_QUOTE_NEEDED, 16,
		"\"123456789...\"" },
};

static void quote_row_holds(void **state)
{
	const struct quote_row *row = *state;
	char got[65];
	memset(got, 'z', sizeof got);
	size_t len = chg_quote_write(row->text, row->when, got, row->room);
	assert_string_equal(got, row->written);
	assert_int_equal(len, strlen(row->written));
	assert_int_equal(got[row->room], 'z');
}

int main(void)
{
	enum { N = sizeof quote_rows / sizeof quote_rows[0] };
	struct CMUnitTest tests[N];
	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = quote_rows[i].says,
			.test_func = quote_row_holds,
			.initial_state = (void *)(uintptr_t)&quote_rows[i] };
	return cmocka_run_group_tests_name("quoting", tests, NULL, NULL);
}

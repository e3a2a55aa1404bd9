/* SPDX-License-Identifier: BSD-3-Clause
 * The parser of scenarios says what is wrong, and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chgplay/script.h"

#define SEND   "send ACR event e1 #0\n"
#define EXPECT "expect ACA success\n"

static const struct row {
	const char *says;
	const char *text;
	const char *why; /* part of the sentence; NULL: the text is right */
} rows[] = {
	{ "the least scenario has a title", "title x\n", NULL },
	{ "a title is needed", SEND EXPECT, "no title" },
	{ "the empty text has no title", "", "no title" },
	{ "a request with its answer is right", "title x\n" SEND EXPECT, NULL },
	{ "an indented line goes on", "title x\nsend ACR event e1 #0\n from alice\n" EXPECT, NULL },
	{ "an indented statement is a statement", "title x\n  " SEND "  " EXPECT, NULL },
	{ "comments are no words", "title x # y\n# z\n" SEND EXPECT " # 5\n", NULL },
	{ "an unknown word is named", "title x\nsned ACR\n", "t.chg:2: \"sned\" is not a word" },
	{ "the line of the error is told", "title x\n\n\nexpect ACA success\n", "t.chg:4: " },
	{ "an open quotation is told", "title x\nrecords \"3\n", "quotation mark" },
	{ "a request needs an expect", "title x\n" SEND, "line 2 has no expect" },
	{ "the next request waits for the expect", "title x\n" SEND SEND, "line 2 has no expect" },
	{ "an expect needs a request", "title x\n" SEND EXPECT EXPECT, "no request left" },
	{ "an unknown AVP is told", "title x\nsend ACR event e1 #0 with No-Such=1\n",
		"the dictionary does not have" },
	{ "an unknown AVP has a code", "title x\nsend ACR event e1 #0 with 9/0/M=0x01\n" EXPECT,
		NULL },
	{ "an unknown AVP takes octets", "title x\nsend ACR event e1 #0 with 9/0/M=1\n",
		"takes octets" },
	{ "a value suits its AVP", "title x\nsend ACR event e1 #0 sent many\n", "not a value" },
	{ "a negative count is none", "title x\nsend ACR event e1 #0 sent -1\n", "not a value" },
	{ "odd octets are none", "title x\nsend ACR event e1 #0 with Class=0x1\n",
		"two hexadecimal digits" },
	{ "a name of a value is known", "title x\nsend ACR event e1 #0 service JOINING\n" EXPECT,
		NULL },
	{ "another name is not", "title x\nsend ACR event e1 #0 service DANCING\n",
		"neither a number nor a name" },
	{ "a group takes no value", "title x\nsend ACR event e1 #0 with Proxy-Info=1\n",
		"a group takes no value" },
	{ "a record number begins with #", "title x\nsend ACR event e1 0\n", "write #0" },
	{ "a record number has 32 bits", "title x\nsend ACR event e1 #4294967296\n", "write #0" },
	{ "a peer has to be declared", "title x\nsend im7 ACR event e1 #0\n", "peer im7" },
	{ "a result has a number or a name", "title x\n" SEND "expect ACA fine\n", "no result" },
	{ "a record's name has to be known", "title x\nrecord s1 open\n", "no request above" },
	{ "a mark has to be one", "title x\n" SEND EXPECT "record e1 closed marks \"sad\"\n",
		"no mark \"sad\"" },
	{ "a column has to be one", "title x\n" SEND EXPECT "record e1 closed mood=sad\n",
		"no such column" },
	{ "a column of numbers takes numbers", "title x\n" SEND EXPECT "record e1 closed sent x\n",
		"holds numbers" },
	{ "together has an end", "title x\ntogether\n" SEND, "not closed with end" },
	{ "end has a together", "title x\nend\n", "end without together" },
	{ "expect is not inside together", "title x\ntogether\n" SEND EXPECT "end\n",
		"after the end" },
	{ "again repeats something", "title x\nagain\n", "no request to send again" },
	{ "a trigger triggers something", "title x\ntrigger y\n", "triggers nothing" },
	{ "a tick has its unit", "title x\ntick 5\n", "write the unit" },
	{ "config comes first", "title x\n" SEND EXPECT "config a.b 1\n", "before the first step" },
	{ "a CCR needs its type", "title x\nsend CCR start s1 #0\n", "none of initial" },
	{ "units have a number and a name", "title x\nsend CCR event e1 #0 asks 5 cakes\n",
		"none of messages" },
	{ "units are no money without a currency", "title x\nsend CCR event e1 #0 asks some\n",
		"neither a number of units nor a currency" },
	{ "money has an amount", "title x\nsend CCR event e1 #0 asks EUR much\n",
		"an amount such as 0.10" },
	{ "money is no finer than a millionth",
		"title x\nsend CCR event e1 #0 used EUR 0.0000001\n", "an amount such as 0.10" },
	{ "and follows a service", "title x\nsend CCR initial s1 #0 and group 1\n",
		"there is none before it" },
	{ "the level is said before the units",
		"title x\nsend CCR initial s1 #0 asks 1 message at command level\n",
		"before naming any" },
	{ "a party is one word", "title x\nsend CCR initial s1 #0 alice bob\n",
		"\"bob\" is not a word of send" },
	{ "group takes a name as well",
		"title x\nsend CCR event e1 #0 a group team\nexpect CCA 2001\n", NULL },
	{ "a CCA may be expected in full",
		"title x\nsend CCR initial s1 #0 a group 1 asks 1 message and service 2 asks EUR "
		"0.10\n"
		"expect CCA success group 1 grants 1 message not final service 2 4012 no grant "
		"cost 0.10 remaining 0.90 low same answer\n",
		NULL },
	{ "a CCA is final in one way",
		"title x\nsend CCR initial s1 #0\nexpect CCA success final\n", "final wants" },
	{ "no more answers than requests",
		"title x\nparallel 3\nsend CCR event p #0\nend\nexpect 4 CCA success\n",
		"only 3 requests left" },
	{ "all answers of a group are expected",
		"title x\nparallel 3\nsend CCR event p #0\nend\nexpect 2 CCA success\n",
		"has no expect" },
	{ "no more at once than there is room for", "title x\nparallel 129\n", "from 1 to 128" },
	{ "an account has a currency", "title x\naccount alice euro 1.00\n", "no currency" },
	{ "an account has a balance", "title x\naccount alice EUR\n", "the balance is missing" },
	{ "an account has known words", "title x\naccount alice EUR 1.00 rich\n", "\"rich\"" },
	{ "a bucket holds something", "title x\nbucket alice cakes 10\n", "none of messages" },
	{ "a price is for something", "title x\ntariff im 0.04\n", "a price is for units" },
	{ "a price is not for nothing", "title x\ntariff im 0.04 per 0 messages\n",
		"at least one unit" },
	{ "a tariff needs lines", "title x\ntariff\n", "indented lines below" },
	{ "a tariff ends at the next statement",
		"title x\ntariff\n  a: b\n\n  c: d\nledger clean\n", NULL },
	{ "a ledger is clean", "title x\nledger dirty\n", "ledger wants" },
	{ "a balance says something", "title x\nbalance alice\n", "balance wants" },
	{ "a stage has to be one", "title x\nstages moon\n", "\"moon\"" },
};

static void row_holds(void **state)
{
	const struct row *row = *state;
	char why[CHG_SCRIPT_WHY_MAX] = "";
	struct chg_script *script = malloc(sizeof *script);
	assert_non_null(script);
	enum chg_rc rc = chg_script_parse(chg_view_of(row->text), "t.chg", script, why, sizeof why);
	if (row->why == NULL) {
		assert_string_equal(why, "");
		assert_int_equal(rc, CHG_OK);
	} else {
		assert_int_equal(rc, CHG_E_SYNTAX);
		if (strstr(why, row->why) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", why, row->why);
	}
	chg_script_release(script);
	free(script);
}

static void more_steps_than_allowed_are_refused(void **state)
{
	(void)state;
	static const char step[] = "records 1\n";
	enum { STEPS = CHG_SCRIPT_STEP_MAX + 1 };
	char why[CHG_SCRIPT_WHY_MAX] = "";
	struct chg_script *script = malloc(sizeof *script);
	char *text = malloc(STEPS * (sizeof step - 1));
	assert_non_null(script);
	assert_non_null(text);
	for (size_t i = 0; i < STEPS; i++)
		memcpy(text + i * (sizeof step - 1), step, sizeof step - 1);
	struct chg_view view = { text, STEPS * (sizeof step - 1) };
	assert_int_equal(chg_script_parse(view, "t.chg", script, why, sizeof why), CHG_E_SYNTAX);
	assert_non_null(strstr(why, "more than 4096 steps"));
	free(text);
	free(script);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	(void)state;
	char why[CHG_SCRIPT_WHY_MAX] = "";
	struct chg_script *script = malloc(sizeof *script);
	assert_non_null(script);
	assert_int_equal(chg_script_read("no/such.chg", script, why, sizeof why), CHG_E_SYSTEM);
	assert_non_null(strstr(why, "no/such.chg: cannot be read: No such file"));
	free(script);
}

int main(void)
{
	enum { N = sizeof rows / sizeof rows[0] };
	struct CMUnitTest tests[N + 2] = {
		[N] = cmocka_unit_test(more_steps_than_allowed_are_refused),
		[N + 1] = cmocka_unit_test(a_file_that_is_not_there_is_told),
	};
	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].says,
			.test_func = row_holds,
			.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("the language of scenarios", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Who came and went, as scripts of what was told.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/people.h"

/*
 * A script is "<second><action><name>" separated by blanks, in the order in which it was told; the
 * action is i(nvited), j(oined), l(eft) or n(amed).  Stays are "<name>:<invited>-<joined>-<left>"
 * and "=<length>" where one is known, the session ending at second 100.
 */
static const struct stay_row {
	const char *says;
	const char *script;
	const char *stays;
} stay_rows[] = {
	{ "nobody came", "", "" },
	{ "invited and never came", "1ia", "a:1--" },
	{ "invited, came and went", "1ia 5ja 25la", "a:1-5-25=20" },
	{ "came on his own and stayed to the end", "40ja", "a:-40-=60" },
	{ "went without anybody telling that he came", "30la", "a:--30" },
	{ "came twice has two stays", "1ja 2la 3ja 9la", "a:-1-2=1 a:-3-9=6" },
	{ "told in the wrong order is put right by time", "25la 5ja 1ia", "a:1-5-25=20" },
	{ "an arrival told twice counts once", "5ja 6ja 9la", "a:-5-9=4" },
	{ "a departure told twice counts once", "5ja 8la 9la", "a:-5-8=3" },
	{ "named alone", "3na", "a:--" },
	{ "named while there changes nothing", "1ja 3na 5la", "a:-1-5=4" },
	{ "invited while there changes nothing", "1ja 3ia 5la", "a:-1-5=4" },
	{ "an invitation after he left begins anew", "1ja 3la 5ia", "a:-1-3=2 a:5--" },
	{ "at one moment the order of telling counts", "5ja 5la", "a:-5-5=0" },
	{ "one party in two spellings is one", "1jA@x.NET 5lA@X.net", "A@x.NET:-1-5=4" },
	{ "two of them", "1ia 1ib 3jb 4ja 9lb", "a:1-4-=96 b:1-3-9=6" },
	{ "a party too long for a normal form is known by its beginning", "1jLONG 5lLONG",
		"LONG:-1-5=4" },
};

static enum chg_participant_action action_of(char c)
{
	return c == 'i'   ? CHG_ACTION_INVITED
	       : c == 'j' ? CHG_ACTION_JOINED
	       : c == 'l' ? CHG_ACTION_LEFT
			  : CHG_ACTION_NAMED;
}

static void tell(struct ctl_people *people, const char *script)
{
	char longest[400];
	uint32_t entry_no = 0;

	memset(longest, 'x', sizeof longest);
	while (*script != '\0') {
		char *at;
		long second = strtol(script, &at, 10);
		size_t len = strcspn(at + 1, " ");
		struct chg_view party = { .ptr = at + 1, .len = len };
		if (chg_view_equal(party, CHG_VIEW("LONG")))
			party = (struct chg_view){ .ptr = longest, .len = sizeof longest };
		struct chg_cdr_participant participant = {
			.entry_no = ++entry_no,
			.ordinal = 1,
			.party = party,
			.action = action_of(*at),
			.at = { second * CHG_US_PER_S },
		};
		assert_int_equal(ctl_people_add(people, &participant), CHG_OK);
		script = at + 1 + len;
		script += strspn(script, " ");
	}
}

static void write_second(FILE *to, chg_opt_instant at)
{
	if (at.is_present)
		fprintf(to, "%d", (int)(at.value.us / CHG_US_PER_S));
}

static void write_stays(FILE *to, const struct ctl_people *people)
{
	const chg_opt_instant end = { .is_present = true, .value = { 100 * CHG_US_PER_S } };

	for (size_t i = 0; i < people->stay_count; i++) {
		const struct ctl_stay *stay = &people->stay[i];
		chg_span span;
		bool is_long = stay->who->party_len > 255;
		fprintf(to, "%s%s:", i == 0 ? "" : " ", is_long ? "LONG" : stay->who->party);
		write_second(to, stay->invited_at);
		fputc('-', to);
		write_second(to, stay->joined_at);
		fputc('-', to);
		write_second(to, stay->left_at);
		if (ctl_stay_length(stay, end, &span))
			fprintf(to, "=%d", (int)(span.us / CHG_US_PER_S));
	}
}

static void stay_row_holds(void **state)
{
	const struct stay_row *row = *state;
	struct ctl_people people = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	tell(&people, row->script);
	assert_int_equal(ctl_people_derive(&people), CHG_OK);
	write_stays(to, &people);
	fclose(to);
	assert_string_equal(text, row->stays);
	free(text);
	ctl_people_release(&people);
}

static void without_an_end_nobody_stayed_to_it(void **state)
{
	struct ctl_stay stay = { .joined_at = { .is_present = true } };
	chg_span span;
	(void)state;

	assert_false(ctl_stay_length(&stay, (chg_opt_instant){ 0 }, &span));
}

int main(void)
{
	struct CMUnitTest tests[48] = {
		cmocka_unit_test(without_an_end_nobody_stayed_to_it),
	};
	size_t count = 1;

	ADD_ROWS(tests, &count, stay_rows, stay_row_holds);
	return RUN_ROWS("who came and went", tests, count);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Who came and went, as scripts of what was told; and sequences with their gaps.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/people.h"
#include "chgctl/sequence.h"

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

static const struct sequence_row {
	const char *says;
	int64_t number[12]; /* up to the first 0 */
	size_t ranges;
	uint64_t missing, repeated;
} sequence_rows[] = {
	{ "nothing", { 0 }, 0, 0, 0 },
	{ "in order", { 1, 2, 3, 4 }, 1, 0, 0 },
	{ "backwards", { 4, 3, 2, 1 }, 1, 0, 0 },
	{ "out of order", { 5, 1, 3, 2, 4 }, 1, 0, 0 },
	{ "a gap of one", { 1, 2, 4, 5 }, 2, 1, 0 },
	{ "two gaps", { 1, 4, 9 }, 3, 6, 0 },
	{ "a gap that closes late", { 1, 2, 4, 5, 7, 6, 3 }, 1, 0, 0 },
	{ "one that came twice", { 1, 2, 2, 3 }, 1, 0, 1 },
	{ "within a range too", { 1, 2, 3, 4, 2, 1 }, 1, 0, 2 },
	{ "it need not begin at one", { 7, 8 }, 1, 0, 0 },
};

static void sequence_row_holds(void **state)
{
	const struct sequence_row *row = *state;
	struct ctl_sequence sequence = { 0 };

	for (size_t i = 0; row->number[i] != 0; i++)
		assert_int_equal(ctl_sequence_add(&sequence, row->number[i]), CHG_OK);
	assert_int_equal(sequence.count, row->ranges);
	assert_int_equal(ctl_sequence_missing(&sequence), row->missing);
	assert_int_equal(sequence.repeated, row->repeated);
	ctl_sequence_release(&sequence);
}

/* The law: whatever the order, what was added is there and nothing else. */
static void a_shuffled_sequence_closes_every_gap(void **state)
{
	enum { N = 1000 };
	uint32_t seed = 4711;
	int64_t number[N];
	struct ctl_sequence sequence = { 0 };
	(void)state;

	for (size_t i = 0; i < N; i++)
		number[i] = (int64_t)i + 1;
	for (size_t i = N - 1; i > 0; i--) {
		seed = seed * 1664525u + 1013904223u;
		size_t j = (seed >> 8) % (i + 1);
		int64_t other = number[j];
		number[j] = number[i];
		number[i] = other;
	}
	for (size_t i = 0; i < N; i++) {
		if (number[i] != 500)
			assert_int_equal(ctl_sequence_add(&sequence, number[i]), CHG_OK);
	}
	assert_int_equal(sequence.count, 2);
	assert_int_equal(ctl_sequence_missing(&sequence), 1);
	assert_int_equal(ctl_sequence_add(&sequence, 500), CHG_OK);
	assert_int_equal(sequence.count, 1);
	assert_int_equal(sequence.range[0].last, N);
	ctl_sequence_release(&sequence);
}

int main(void)
{
	struct CMUnitTest tests[48] = {
		cmocka_unit_test(without_an_end_nobody_stayed_to_it),
		cmocka_unit_test(a_shuffled_sequence_closes_every_gap),
	};
	size_t count = 2;

	ADD_ROWS(tests, &count, stay_rows, stay_row_holds);
	ADD_ROWS(tests, &count, sequence_rows, sequence_row_holds);
	return RUN_ROWS("who came and went, and what is missing", tests, count);
}

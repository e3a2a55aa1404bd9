/* SPDX-License-Identifier: BSD-3-Clause
 * Which numbers were seen, and which were not.
 */
#include "rows.h"

#include <stdio.h>

#include "chgctl/sequence.h"

static const struct sequence_row {
	const char *says;
	int64_t number[12]; /* up to the first 0 */
	int64_t after;      /* behind it gaps count, and up to it what was seen */
	size_t ranges;
	uint64_t repeated, seen, missing;
	const char *gaps;
	int64_t until; /* so far numbers were given, whether or not they were seen */
} sequence_rows[] = {
	{ "nothing", { 0 }, 0, 0, 0, 0, 0, "", 0 },
	{ "in order", { 1, 2, 3, 4 }, 0, 1, 0, 0, 0, "", 0 },
	{ "backwards", { 4, 3, 2, 1 }, 0, 1, 0, 0, 0, "", 0 },
	{ "out of order", { 5, 1, 3, 2, 4 }, 3, 1, 0, 3, 0, "", 0 },
	{ "a gap of one", { 1, 2, 4, 5 }, 0, 2, 0, 0, 1, "3-3 ", 0 },
	{ "two gaps, in their order", { 9, 1, 4 }, 0, 3, 0, 0, 6, "2-3 5-8 ", 0 },
	{ "a gap that closes late", { 1, 2, 4, 5, 7, 6, 3 }, 0, 1, 0, 0, 0, "", 0 },
	{ "one that came twice", { 1, 2, 2, 3 }, 9, 1, 1, 3, 0, "", 0 },
	{ "within a range too", { 1, 2, 3, 4, 2, 1 }, 0, 1, 2, 0, 0, "", 0 },
	{ "what is before the first is missing from 1 on", { 7, 8 }, 0, 1, 0, 0, 6, "1-6 ", 0 },
	{ "and not behind it", { 7, 8 }, 6, 1, 0, 0, 0, "", 0 },
	{ "a gap is cut where it is asked for", { 1, 8 }, 5, 2, 0, 1, 2, "6-7 ", 0 },
	{ "a range is cut too", { 1, 2, 3, 6 }, 2, 2, 0, 2, 2, "4-5 ", 0 },
	{ "an earlier gap does not count", { 1, 4, 5, 8 }, 4, 3, 0, 2, 2, "6-7 ", 0 },
	{ "behind the highest nothing is missing", { 1, 4 }, 7, 2, 0, 2, 0, "", 0 },
	{ "nor behind the highest alone", { 1, 4 }, 4, 2, 0, 2, 0, "", 0 },
	{ "what was given and not seen is missing", { 1, 2, 4 }, 0, 2, 0, 0, 4, "3-3 5-7 ", 7 },
	{ "also when nothing was seen", { 0 }, 0, 0, 0, 0, 3, "1-3 ", 3 },
	{ "but what was seen behind it is not", { 1, 2, 3 }, 0, 1, 0, 0, 0, "", 2 },
	{ "a gap goes on to the one behind it", { 1, 6 }, 0, 2, 0, 0, 4, "2-5 ", 3 },
};

static void sequence_row_holds(void **state)
{
	const struct sequence_row *row = *state;
	struct ctl_sequence sequence = { 0 };
	struct ctl_range gap = { .last = row->after };
	char gaps[64] = "";
	size_t len = 0;

	for (size_t i = 0; row->number[i] != 0; i++)
		assert_int_equal(ctl_sequence_add(&sequence, row->number[i]), CHG_OK);
	assert_int_equal(sequence.count, row->ranges);
	assert_int_equal(sequence.repeated, row->repeated);
	assert_int_equal(ctl_sequence_seen(&sequence, row->after), row->seen);
	assert_int_equal(ctl_sequence_missing(&sequence, row->after, row->until), row->missing);
	while (ctl_sequence_gap(&sequence, gap.last, row->until, &gap))
		len += (size_t)snprintf(
			gaps + len, sizeof gaps - len, "%d-%d ", (int)gap.first, (int)gap.last);
	assert_string_equal(gaps, row->gaps);
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
	assert_int_equal(ctl_sequence_missing(&sequence, 0, 0), 1);
	assert_int_equal(ctl_sequence_add(&sequence, 500), CHG_OK);
	assert_int_equal(sequence.count, 1);
	assert_int_equal(sequence.range[0].last, N);
	ctl_sequence_release(&sequence);
}

int main(void)
{
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(a_shuffled_sequence_closes_every_gap),
	};
	size_t count = 1;

	ADD_ROWS(tests, &count, sequence_rows, sequence_row_holds);
	return RUN_ROWS("what is missing in a sequence", tests, count);
}

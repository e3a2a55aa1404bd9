/* SPDX-License-Identifier: BSD-3-Clause
 * A sorted array of ranges.
 */
#include "chgctl/sequence.h"

#include <stdlib.h>
#include <string.h>

/* The first range whose end is at or behind the number; count when there is none. */
static size_t find(const struct ctl_sequence *sequence, int64_t number)
{
	size_t low = 0, high = sequence->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (sequence->range[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum chg_rc insert(struct ctl_sequence *sequence, size_t at, int64_t number)
{
	if (sequence->count == sequence->room) {
		size_t room = sequence->room == 0 ? 64 : 2 * sequence->room;
		struct ctl_range *more = reallocarray(sequence->range, room, sizeof *more);
		if (more == NULL)
			return CHG_E_NO_MEMORY;
		sequence->range = more;
		sequence->room = room;
	}
	memmove(&sequence->range[at + 1], &sequence->range[at],
		(sequence->count - at) * sizeof sequence->range[0]);
	sequence->range[at] = (struct ctl_range){ .first = number, .last = number };
	sequence->count++;
	return CHG_OK;
}

static void merge_with_next(struct ctl_sequence *sequence, size_t at)
{
	sequence->range[at].last = sequence->range[at + 1].last;
	sequence->count--;
	memmove(&sequence->range[at + 1], &sequence->range[at + 2],
		(sequence->count - at - 1) * sizeof sequence->range[0]);
}

enum chg_rc ctl_sequence_add(struct ctl_sequence *sequence, int64_t number)
{
	size_t at = find(sequence, number);
	struct ctl_range *range = sequence->range;

	if (at < sequence->count && range[at].first <= number) {
		sequence->repeated++;
		return CHG_OK;
	}
	bool follows = at > 0 && range[at - 1].last == number - 1;
	bool precedes = at < sequence->count && range[at].first == number + 1;
	if (follows) {
		range[at - 1].last = number;
		if (precedes)
			merge_with_next(sequence, at - 1);
		return CHG_OK;
	}
	if (precedes) {
		range[at].first = number;
		return CHG_OK;
	}
	return insert(sequence, at, number);
}

bool ctl_sequence_gap(const struct ctl_sequence *sequence, int64_t after, int64_t until,
	struct ctl_range *ret_gap)
{
	size_t at = find(sequence, after + 1);
	const struct ctl_range *range = sequence->range;

	if (at < sequence->count && range[at].first <= after + 1)
		after = range[at++].last;
	*ret_gap = (struct ctl_range){
		.first = after + 1,
		.last = at < sequence->count ? range[at].first - 1 : until,
	};
	return ret_gap->first <= ret_gap->last;
}

uint64_t ctl_sequence_missing(const struct ctl_sequence *sequence, int64_t after, int64_t until)
{
	uint64_t missing = 0;

	for (struct ctl_range gap; ctl_sequence_gap(sequence, after, until, &gap); after = gap.last)
		missing += (uint64_t)(gap.last - gap.first + 1);
	return missing;
}

uint64_t ctl_sequence_seen(const struct ctl_sequence *sequence, int64_t until)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < sequence->count && sequence->range[i].first <= until; i++) {
		const struct ctl_range *range = &sequence->range[i];
		seen += (uint64_t)((range->last < until ? range->last : until) - range->first + 1);
	}
	return seen;
}

void ctl_sequence_release(struct ctl_sequence *sequence)
{
	free(sequence->range);
	*sequence = (struct ctl_sequence){ 0 };
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Which numbers of a sequence were seen, as ranges: little memory when there are few gaps.
 */
#ifndef CHG_CHGCTL_SEQUENCE_H
#define CHG_CHGCTL_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rc.h"

struct ctl_range {
	int64_t first, last;
};

struct ctl_sequence {
	struct ctl_range *range; /* ascending, never touching each other */
	size_t count, room;
	uint64_t repeated; /* numbers that came more than once */
};

/* Adds a number, in any order.  CHG_E_NO_MEMORY */
enum chg_rc ctl_sequence_add(struct ctl_sequence *sequence, int64_t number);

/*
 * The first numbers behind `after` that were not seen, up to `until` or a higher one that was.
 * False: there are none.
 */
bool ctl_sequence_gap(const struct ctl_sequence *sequence, int64_t after, int64_t until,
	struct ctl_range *ret_gap);

/* How many numbers behind `after` were not seen, up to `until` or the highest that was. */
uint64_t ctl_sequence_missing(const struct ctl_sequence *sequence, int64_t after, int64_t until);

/* How many numbers up to `until` were seen. */
uint64_t ctl_sequence_seen(const struct ctl_sequence *sequence, int64_t until);

void ctl_sequence_release(struct ctl_sequence *sequence);

#endif

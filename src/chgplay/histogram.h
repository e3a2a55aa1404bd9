/* SPDX-License-Identifier: BSD-3-Clause
 * How long things took: counts in steps that grow with the time, so that a microsecond and an hour
 * are told with the same small error.
 */
#ifndef CHG_CHGPLAY_HISTOGRAM_H
#define CHG_CHGPLAY_HISTOGRAM_H

#include <stdint.h>

enum {
	CHG_HISTOGRAM_BITS = 7, /* 128 steps for each power of two: an error under 0.8 % */
	CHG_HISTOGRAM_BUCKETS = 4096,
};

/* All zero is empty. */
struct chg_histogram {
	uint64_t count;
	int64_t longest_us;
	uint64_t bucket[CHG_HISTOGRAM_BUCKETS];
};

/* Adds one time; under zero counts as zero.  Up to 38 hours exact to the step, beyond that in one. */
void chg_histogram_add(struct chg_histogram *histogram, int64_t us);

/*
 * The time that `per_mille` of all did not exceed: the end of its step, so never less than it was,
 * and never more than the longest.  1000 is the longest itself.  0 when there is none.
 */
int64_t chg_histogram_at(const struct chg_histogram *histogram, uint32_t per_mille);

#endif

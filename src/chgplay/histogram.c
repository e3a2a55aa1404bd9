/* SPDX-License-Identifier: BSD-3-Clause
 * Up to 255 us each microsecond has a step of its own; from there every power of two has 128.
 */
#include "chgplay/histogram.h"

#include <stddef.h>

enum {
	STEPS = 1 << CHG_HISTOGRAM_BITS,
};

static size_t bucket_of(uint64_t us)
{
	if (us < 2 * STEPS)
		return (size_t)us;
	int shift = 63 - __builtin_clzll(us) - CHG_HISTOGRAM_BITS;
	size_t bucket = (size_t)shift * STEPS + (size_t)(us >> shift);
	return bucket < CHG_HISTOGRAM_BUCKETS ? bucket : CHG_HISTOGRAM_BUCKETS - 1;
}

/* The longest time that falls into it. */
static int64_t bucket_end(size_t bucket)
{
	if (bucket < 2 * STEPS)
		return (int64_t)bucket;
	size_t shift = bucket / STEPS - 1;
	return (int64_t)((bucket - shift * STEPS + 1) << shift) - 1;
}

void chg_histogram_add(struct chg_histogram *histogram, int64_t us)
{
	int64_t value = us < 0 ? 0 : us;
	histogram->count++;
	histogram->bucket[bucket_of((uint64_t)value)]++;
	if (value > histogram->longest_us)
		histogram->longest_us = value;
}

int64_t chg_histogram_at(const struct chg_histogram *histogram, uint32_t per_mille)
{
	uint64_t wanted = histogram->count / 1000 * per_mille +
			  (histogram->count % 1000 * per_mille + 999) / 1000;
	uint64_t seen = 0;
	for (size_t i = 0; i + 1 < CHG_HISTOGRAM_BUCKETS && histogram->count != 0; i++) {
		seen += histogram->bucket[i];
		if (seen >= wanted && seen != 0)
			return bucket_end(i) < histogram->longest_us ? bucket_end(i)
								     : histogram->longest_us;
	}
	return histogram->longest_us;
}

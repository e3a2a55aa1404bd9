/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers that look random and come again with the same seed.
 */
#ifndef CHG_TESTS_SUPPORT_SEED_H
#define CHG_TESTS_SUPPORT_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next number; the seed moves on.  This is splitmix64. */
static inline uint64_t seed_next(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 ... count - 1. */
static inline uint32_t seed_below(uint64_t *seed, uint32_t count)
{
	return (uint32_t)(seed_next(seed) % count);
}

static inline bool seed_one_in(uint64_t *seed, uint32_t count)
{
	return seed_below(seed, count) == 0;
}

#endif

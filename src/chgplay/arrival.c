/* SPDX-License-Identifier: BSD-3-Clause
 * Integers only: the same seed gives the same times on every machine.
 */
#include "chgplay/arrival.h"

enum {
	NS_PER_S = 1000000000,
	FRACTION_BITS = 20,
	LN2 = 726817, /* of 2^20 */
};

uint64_t chg_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t chg_random_below(uint64_t *seed, uint32_t count)
{
	return (uint32_t)((chg_random(seed) >> 32) * count >> 32);
}

/* The logarithm of x to base 2, in 2^-20: squaring x in [1, 2) brings out one binary digit each. */
static uint64_t log2_of(uint64_t x)
{
	int lead = __builtin_clzll(x);
	uint64_t result = (uint64_t)(63 - lead);
	uint64_t mantissa = x << lead >> 32; /* [1, 2) in 2^-31 */
	for (int i = 0; i < FRACTION_BITS; i++) {
		mantissa = mantissa * mantissa >> 31;
		result <<= 1;
		if (mantissa >> 32 != 0) {
			mantissa >>= 1;
			result |= 1;
		}
	}
	return result;
}

int64_t chg_exponential_ns(int64_t mean_ns, uint64_t random)
{
	uint64_t u = random == 0 ? 1 : random;
	uint64_t bits = (UINT64_C(64) << FRACTION_BITS) - log2_of(u); /* -log2(u / 2^64) */
	uint64_t nats = bits * LN2 >> FRACTION_BITS;
	/* At most 45 of 2^20: whole and part of the mean keep clear of 64 bits. */
	uint64_t mean = (uint64_t)mean_ns;
	return (int64_t)((mean >> FRACTION_BITS) * nats +
			 ((mean & ((1u << FRACTION_BITS) - 1)) * nats >> FRACTION_BITS));
}

/* The n-th time of all connections together, without a rounding that adds up. */
static int64_t even_ns(uint64_t n, uint32_t rate)
{
	return (int64_t)(n / rate * NS_PER_S + n % rate * NS_PER_S / rate);
}

static void set_due(struct chg_arrival *arrival)
{
	if (arrival->kind == CHG_ARRIVAL_EVEN)
		arrival->due_ns =
			arrival->start_ns +
			even_ns(arrival->count * arrival->places + arrival->place, arrival->rate);
	else
		arrival->due_ns +=
			chg_exponential_ns((int64_t)arrival->places * NS_PER_S / arrival->rate,
				chg_random(&arrival->seed));
}

void chg_arrival_init(struct chg_arrival *ret, enum chg_arrival_kind kind, uint32_t rate,
	uint32_t place, uint32_t places, uint64_t seed, int64_t start_us)
{
	*ret = (struct chg_arrival){ .kind = kind,
		.rate = rate,
		.place = place,
		.places = places,
		.seed = seed ^ (uint64_t)place << 32,
		.start_ns = start_us * 1000,
		.due_ns = start_us * 1000 };
	chg_random(&ret->seed);
	set_due(ret);
}

int64_t chg_arrival_due_us(const struct chg_arrival *arrival)
{
	return arrival->due_ns / 1000;
}

void chg_arrival_take(struct chg_arrival *arrival)
{
	arrival->count++;
	set_due(arrival);
}

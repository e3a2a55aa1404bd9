/* SPDX-License-Identifier: BSD-3-Clause
 * When requests are due: a schedule that does not wait for anybody.
 *
 * A load that sends the next request after an answer slows down with the node and so hides how long
 * its clients would have waited.  These times depend on nothing but their own beginning.
 */
#ifndef CHG_CHGPLAY_ARRIVAL_H
#define CHG_CHGPLAY_ARRIVAL_H

#include <stdint.h>

enum chg_arrival_kind {
	CHG_ARRIVAL_EVEN,    /* always the same distance */
	CHG_ARRIVAL_POISSON, /* as of many clients that know nothing of each other */
};

/* The share that one connection has of a rate over all of them. */
struct chg_arrival {
	enum chg_arrival_kind kind;
	uint32_t rate;   /* a second, over all connections: at least 1 */
	uint32_t place;  /* which connection this is, from 0 */
	uint32_t places; /* how many there are: 1..64 */
	uint64_t seed;   /* of the next distance, if Poisson */
	uint64_t count;  /* times that were taken */
	int64_t start_ns;
	int64_t due_ns; /* when the next one is due */
};

/*
 * Starts a schedule.  Evenly spaced times of the connections interleave, the first is at the start;
 * Poisson schedules of one seed differ by place, and together they are a Poisson schedule of `rate`.
 */
void chg_arrival_init(struct chg_arrival *ret, enum chg_arrival_kind kind, uint32_t rate,
	uint32_t place, uint32_t places, uint64_t seed, int64_t start_us);

/* The time that is due next, in microseconds; it stays until it is taken. */
int64_t chg_arrival_due_us(const struct chg_arrival *arrival);

/* Takes it. */
void chg_arrival_take(struct chg_arrival *arrival);

/* The next number of a seed, which moves on.  This is splitmix64. */
uint64_t chg_random(uint64_t *seed);

/* 0 ... count - 1, by a multiplication: even enough for any count of 32 bits. */
uint32_t chg_random_below(uint64_t *seed, uint32_t count);

/* A distance with this mean, exponentially distributed; `random` is any number of 64 bits. */
int64_t chg_exponential_ns(int64_t mean_ns, uint64_t random);

#endif

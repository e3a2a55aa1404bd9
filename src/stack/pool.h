/* SPDX-License-Identifier: BSD-3-Clause
 * Things that are kept for the next request instead of being made anew, as many of them as are
 * needed: after a rush most of them are nobody's, and go back to the system.
 */
#ifndef CHG_STACK_POOL_H
#define CHG_STACK_POOL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* A member of what is kept. */
struct chg_spare {
	struct chg_spare *next;
};

struct chg_pool {
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
	struct chg_spare *first;
	uint32_t count;
	uint32_t unused; /* so many were there at every moment since the latest shrink */
};

/* One that was put back last, or NULL when none is there.  From any thread, as all below. */
struct chg_spare *chg_pool_take(struct chg_pool *pool);

/* Puts a list of `count` back, linked from first to last. */
void chg_pool_put(
	struct chg_pool *pool, struct chg_spare *first, struct chg_spare *last, uint32_t count);

/* Ends one; how many octets that gave back. */
typedef size_t chg_pool_release_fn(struct chg_spare *spare);

/*
 * To be called now and then, from one thread at a time: releases half of those that nobody has
 * needed since the call before, but for a few.  How many octets that gave back.
 */
size_t chg_pool_shrink(struct chg_pool *pool, chg_pool_release_fn *release);

/* Releases all. */
void chg_pool_empty(struct chg_pool *pool, chg_pool_release_fn *release);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * A list, and how short it has been.
 */
#include "stack/pool.h"

enum {
	/* So many stay in any case: the first requests after a silence. */
	KEPT = 64,
};

struct chg_spare *chg_pool_take(struct chg_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	struct chg_spare *spare = pool->first;
	if (spare != NULL) {
		pool->first = spare->next;
		pool->count--;
	}
	if (pool->count < pool->unused)
		pool->unused = pool->count;
	pthread_mutex_unlock(&pool->lock);
	return spare;
}

void chg_pool_put(
	struct chg_pool *pool, struct chg_spare *first, struct chg_spare *last, uint32_t count)
{
	pthread_mutex_lock(&pool->lock);
	last->next = pool->first;
	pool->first = first;
	pool->count += count;
	pthread_mutex_unlock(&pool->lock);
}

static size_t release_some(struct chg_pool *pool, uint32_t count, chg_pool_release_fn *release)
{
	size_t octets = 0;
	struct chg_spare *spare;
	while (count-- > 0 && (spare = chg_pool_take(pool)) != NULL)
		octets += release(spare);
	return octets;
}

/* What nobody needed may go, half of it at a time: a rush that comes in waves finds the rest. */
static uint32_t too_many(struct chg_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	uint32_t count = pool->unused <= KEPT ? 0 : (pool->unused - KEPT + 1) / 2;
	pthread_mutex_unlock(&pool->lock);
	return count;
}

static void begin_period(struct chg_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->unused = pool->count;
	pthread_mutex_unlock(&pool->lock);
}

size_t chg_pool_shrink(struct chg_pool *pool, chg_pool_release_fn *release)
{
	size_t octets = release_some(pool, too_many(pool), release);
	begin_period(pool);
	return octets;
}

void chg_pool_empty(struct chg_pool *pool, chg_pool_release_fn *release)
{
	release_some(pool, UINT32_MAX, release);
}

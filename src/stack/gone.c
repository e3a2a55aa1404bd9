/* SPDX-License-Identifier: BSD-3-Clause
 * A ring of the last ones, and a lock.
 */
#include "stack/gone.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static struct {
	pthread_mutex_t lock; /* guards what follows, but reading the count */
	atomic_uint_least64_t count;
	const struct cnxctx *cnx[GONE_KEPT]; /* number n at n % GONE_KEPT */
} gone = { .lock = PTHREAD_MUTEX_INITIALIZER };

uint64_t gone_now(void)
{
	return atomic_load(&gone.count);
}

bool gone_lock_unless(const struct cnxctx *cnx, uint64_t since)
{
	pthread_mutex_lock(&gone.lock);
	bool is_gone = gone.count - since > GONE_KEPT;
	for (uint64_t i = since; i < gone.count && !is_gone; i++)
		is_gone = gone.cnx[i % GONE_KEPT] == cnx;
	if (is_gone)
		pthread_mutex_unlock(&gone.lock);
	return !is_gone;
}

void gone_unlock(void)
{
	pthread_mutex_unlock(&gone.lock);
}

bool gone_add(const struct cnxctx *cnx, const struct timespec *until)
{
	if (pthread_mutex_clocklock(&gone.lock, CLOCK_MONOTONIC, until) != 0)
		return false;
	gone.cnx[gone.count++ % GONE_KEPT] = cnx;
	pthread_mutex_unlock(&gone.lock);
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Connections that the library has freed, or is about to.
 *
 * The library's routing threads answer a peer whose connection is being closed with the connection
 * that they read from the peer a moment before; by then the peer's own thread may have freed it.  So
 * who sends notes the moment before that reading, and holds the lock while it sends; who frees says so
 * first.  A connection that was freed since then is not sent on, also when its memory is already that
 * of another one.
 */
#ifndef CHG_STACK_GONE_H
#define CHG_STACK_GONE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cnxctx;

enum {
	/* So many are remembered; who has missed more takes every connection for freed. */
	GONE_KEPT = 256,
};

/* The present moment: how many connections were freed so far. */
uint64_t gone_now(void);

/*
 * True: the connection was not freed since that moment, and is not until gone_unlock.  False: it may
 * have been; nothing is locked.
 */
bool gone_lock_unless(const struct cnxctx *cnx, uint64_t since);
void gone_unlock(void);

/*
 * The connection is freed from now on.  Waits until nobody sends, and no longer than `until`
 * (CLOCK_MONOTONIC); false when somebody still does: nothing is noted then.
 */
bool gone_add(const struct cnxctx *cnx, const struct timespec *until);

#endif

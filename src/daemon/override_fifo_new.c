/* SPDX-License-Identifier: BSD-3-Clause
 * fd_fifo_new: longer queues between the library's threads.
 *
 * The queues that every message crosses hold 20, 25 and 30 messages, and that of a peer 5.  With so
 * few, each thread stops after a handful of messages to wake the next one, and most of the time goes
 * into waking.  What is answered past the library does not cross them; TLS, SCTP, unusual requests
 * and other extensions do.
 */
#include "daemon/override.h"

#include <pthread.h>

enum {
	/* Larger limits are somebody's choice, and none at all is another one. */
	SHORT_MAX = 30,
};

typedef int fifo_new_fn(struct fifo **queue, int max);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static fifo_new_fn *original;

static void find_original(void)
{
	original = (fifo_new_fn *)chg_override_original("fd_fifo_new");
}

int fd_fifo_new(struct fifo **queue, int max)
{
	pthread_once(&once, find_original);
	return original(queue, max > 0 && max <= SHORT_MAX ? max * CHG_OVERRIDE_QUEUE_TIMES : max);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_fifo_new", (const void *)&fd_fifo_new);
}

static uint64_t caught(void)
{
	return 0; /* works at start and for each peer; nothing to report later */
}

const struct chg_override chg_override_fifo_new = {
	.symbol = "fd_fifo_new",
	.loss = "what does not go past the library, as all over TLS, is served at half the speed",
	.took = took,
	.caught = caught,
};

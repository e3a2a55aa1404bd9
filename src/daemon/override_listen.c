/* SPDX-License-Identifier: BSD-3-Clause
 * listen: many clients may come in one moment, as they do after a restart of the node.
 *
 * The library lets five connections wait to be accepted.  The kernel drops the others without a
 * word, and their clients try again after a second, after two more, and so on.
 */
#include "daemon/override.h"

#include <pthread.h>
#include <sys/socket.h>

typedef int listen_fn(int fd, int backlog);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static listen_fn *original;

static void find_original(void)
{
	original = (listen_fn *)chg_override_original("listen");
}

int listen(int fd, int backlog)
{
	pthread_once(&once, find_original);
	return original(fd, backlog < SOMAXCONN ? SOMAXCONN : backlog);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "listen", (const void *)&listen);
}

static uint64_t caught(void)
{
	return 0; /* works at start only; nothing to report later */
}

const struct chg_override chg_override_listen = {
	.symbol = "listen",
	.loss = "of many clients that connect at once some wait for seconds",
	.took = took,
	.caught = caught,
};

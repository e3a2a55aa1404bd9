/* SPDX-License-Identifier: BSD-3-Clause
 * fd_cnx_s_recv: charging requests leave the stream before the library sees them.
 *
 * The library reads four octets, then the rest of one message, and carries each message over five
 * queues to our handler.  Here as much as is there is read at once; requests that are for us go
 * from here to the engine, and the library is given the others.  See stack/direct.h.
 */
#include "daemon/override.h"

#include <pthread.h>

#include "stack/direct.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static chg_direct_receive_fn *original;

static void find_original(void)
{
	original = (chg_direct_receive_fn *)chg_override_original("fd_cnx_s_recv");
}

ssize_t fd_cnx_s_recv(struct cnxctx *cnx, void *buffer, size_t len)
{
	pthread_once(&once, find_original);
	return chg_direct_receive(cnx, buffer, len, original);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_cnx_s_recv", (const void *)&fd_cnx_s_recv);
}

static uint64_t caught(void)
{
	return 0; /* every message: nothing to report */
}

const struct chg_override chg_override_cnx_s_recv = {
	.symbol = "fd_cnx_s_recv",
	.loss = "requests take the long way through the library, at a third of the speed",
	.took = took,
	.caught = caught,
};

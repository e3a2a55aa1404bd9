/* SPDX-License-Identifier: BSD-3-Clause
 * fd_cnx_send: what the library sends goes between our answers.
 *
 * On the direct path answers are written past the library, many at a time, and what a peer does not
 * take at once waits.  A message of the library's own that was written meanwhile would stand in the
 * middle of an answer; so it takes its place in the same line.  See stack/direct.h.
 */
#include "daemon/override.h"

#include <pthread.h>

#include "stack/direct.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static chg_direct_send_fn *original;

static void find_original(void)
{
	original = (chg_direct_send_fn *)chg_override_original("fd_cnx_send");
}

int fd_cnx_send(struct cnxctx *cnx, unsigned char *bytes, size_t len)
{
	pthread_once(&once, find_original);
	return chg_direct_send(cnx, bytes, len, original);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_cnx_send", (const void *)&fd_cnx_send);
}

static uint64_t caught(void)
{
	return 0; /* every message: nothing to report */
}

const struct chg_override chg_override_cnx_send = {
	.symbol = "fd_cnx_send",
	.loss = "requests take the long way through the library, at a third of the speed",
	.took = took,
	.caught = caught,
};

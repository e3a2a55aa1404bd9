/* SPDX-License-Identifier: BSD-3-Clause
 * fd_cnx_destroy: nothing is written to a socket that has become another connection's.
 *
 * On the direct path the engine writes to the socket by its number.  When the library closes it,
 * the number is soon given to the next connection; from this moment on nothing is written any more.
 * See stack/direct.h.
 */
#include "daemon/override.h"

#include <pthread.h>

#include "stack/direct.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static chg_direct_destroy_fn *original;

static void find_original(void)
{
	original = (chg_direct_destroy_fn *)chg_override_original("fd_cnx_destroy");
}

void fd_cnx_destroy(struct cnxctx *cnx)
{
	pthread_once(&once, find_original);
	chg_direct_destroy(cnx, original);
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_cnx_destroy", (const void *)&fd_cnx_destroy);
}

static uint64_t caught(void)
{
	return 0; /* every message: nothing to report */
}

const struct chg_override chg_override_cnx_destroy = {
	.symbol = "fd_cnx_destroy",
	.loss = "requests take the long way through the library, at a third of the speed",
	.took = took,
	.caught = caught,
};

/* SPDX-License-Identifier: BSD-3-Clause
 * fd_msg_sess_get: a Session-Id that the library cannot take must not stop the process.
 *
 * The library refuses to make a session object for a Session-Id with a NUL octet, its dispatcher
 * takes that for fatal, and one request ends the server.  We keep no state in the library's
 * sessions, so such a message simply has none; what its Session-Id is worth is decided where the
 * request is read.
 */
#include "daemon/override.h"

#include <pthread.h>
#include <stdatomic.h>

typedef int sess_get_fn(
	struct dictionary *dict, struct msg *msg, struct session **session, int *new);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sess_get_fn *original;
static atomic_uint_least64_t spared;

static void find_original(void)
{
	original = (sess_get_fn *)chg_override_original("fd_msg_sess_get");
}

int fd_msg_sess_get(struct dictionary *dict, struct msg *msg, struct session **session, int *new)
{
	pthread_once(&once, find_original);
	int error = original(dict, msg, session, new);
	if (error == 0 || msg == NULL || session == NULL)
		return error;
	atomic_fetch_add_explicit(&spared, 1, memory_order_relaxed);
	*session = NULL;
	if (new != NULL)
		*new = 0;
	return 0;
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_msg_sess_get", (const void *)&fd_msg_sess_get);
}

static uint64_t caught(void)
{
	return atomic_load_explicit(&spared, memory_order_relaxed);
}

const struct chg_override chg_override_sess_get = {
	.symbol = "fd_msg_sess_get",
	.loss = "one request with a NUL octet in its Session-Id can stop the node",
	.took = took,
	.caught = caught,
};

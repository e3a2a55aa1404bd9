/* SPDX-License-Identifier: BSD-3-Clause
 * fd_p_ce_clear_cnx: a TLS handshake that fails behind CER and CEA must not stop the process, and a
 * peer does not know its connection any more when that is freed.
 *
 * With a peer of the configuration that has TLS_old_method, TLS begins when capabilities have been
 * exchanged.  When the handshake fails the library drops the connection and leaves the peer in the
 * state of shaking hands, which the next event of that peer finds impossible: the process aborts.
 * Whoever sends a CER with that peer's name could stop a node so.  Here such a peer is closed, as one
 * whose connection broke in any other state.
 *
 * The library frees a connection before its peer forgets it: routing threads that look in between
 * would find it there and send on it (override_out_send.c).  Here it is forgotten first.
 */
#include "daemon/override.h"

#include <pthread.h>
#include <stdatomic.h>

typedef void clear_fn(struct fd_peer *peer, struct cnxctx **cnx_kept);

/* Of the library, exported but in none of its headers. */
extern int fd_psm_change_state(struct fd_peer *peer, int state);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static clear_fn *original;
static atomic_uint_least64_t closed;

static void find_original(void)
{
	original = (clear_fn *)chg_override_original("fd_p_ce_clear_cnx");
}

/* A peer of the library begins with its public part. */
static bool is_shaking_hands(struct fd_peer *peer)
{
	return fd_peer_get_state((struct peer_hdr *)peer) == STATE_OPEN_HANDSHAKE;
}

void fd_p_ce_clear_cnx(struct fd_peer *peer, struct cnxctx **cnx_kept)
{
	pthread_once(&once, find_original);
	struct cnxctx *forgotten = NULL;
	original(peer, cnx_kept == NULL ? &forgotten : cnx_kept);
	if (forgotten != NULL)
		fd_cnx_destroy(forgotten);
	if (!is_shaking_hands(peer))
		return;
	atomic_fetch_add_explicit(&closed, 1, memory_order_relaxed);
	(void)fd_psm_change_state(peer, STATE_CLOSED);
}

static bool took(void)
{
	return chg_override_binds(
		"libfdcore", "fd_p_ce_clear_cnx", (const void *)&fd_p_ce_clear_cnx);
}

static uint64_t caught(void)
{
	return atomic_load_explicit(&closed, memory_order_relaxed);
}

const struct chg_override chg_override_p_ce_clear_cnx = {
	.symbol = "fd_p_ce_clear_cnx",
	.loss = "a peer with TLS_old_method whose handshake fails can stop the node",
	.took = took,
	.caught = caught,
};

/* SPDX-License-Identifier: BSD-3-Clause
 * fd_out_send: one lost connection must not stop the process.
 *
 * The library answers some requests itself (3001, 3002, 3007, ...).  When the peer has gone by
 * then, fd_out_send finds no connection and returns an error, its caller takes that for fatal, and
 * the whole server shuts down: a client that asks for a foreign realm and resets its connection
 * could stop every node.  Here an answer that cannot be sent is freed and forgotten; its sender
 * will ask again.  The error of a request is handed back, because there the library looks for
 * another peer.
 *
 * Its routing threads, which alone have pending answers counted, send on the connection that they
 * find in a peer that is being closed, while the peer's own thread frees it: the process aborted.
 */
#include "daemon/override.h"

#include <pthread.h>
#include <stdatomic.h>

#include "stack/direct.h"

typedef int out_send_fn(
	struct msg **msg, struct cnxctx *cnx, struct fd_peer *peer, int update_reqin_cnt);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static out_send_fn *original;
static atomic_uint_least64_t dropped;

static void find_original(void)
{
	original = (out_send_fn *)chg_override_original("fd_out_send");
}

static bool is_answer(struct msg *msg)
{
	struct msg_hdr *header = NULL;

	return fd_msg_hdr(msg, &header) == 0 && (header->msg_flags & CMD_FLAG_REQUEST) == 0;
}

int fd_out_send(struct msg **msg, struct cnxctx *cnx, struct fd_peer *peer, int update_reqin_cnt)
{
	pthread_once(&once, find_original);
	if (update_reqin_cnt)
		chg_direct_routing_begin();
	int error = original(msg, cnx, peer, update_reqin_cnt);
	chg_direct_routing_end();
	if (error == 0 || msg == NULL || *msg == NULL || !is_answer(*msg))
		return error;
	atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
	(void)fd_msg_free(*msg);
	*msg = NULL;
	return 0;
}

static bool took(void)
{
	return chg_override_binds("libfdcore", "fd_out_send", (const void *)&fd_out_send);
}

static uint64_t caught(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
}

const struct chg_override chg_override_out_send = {
	.symbol = "fd_out_send",
	.loss = "a peer that resets its connection at the wrong moment can stop the node",
	.took = took,
	.caught = caught,
};

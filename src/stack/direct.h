/* SPDX-License-Identifier: BSD-3-Clause
 * The direct path: charging requests go from the receiver thread of their connection to the engine,
 * and answers from the engine to the socket, past the queues and threads of the library.
 *
 * Only in a daemon that hands over the library's reading, writing and closing (chg_direct_enable),
 * on connections of plain TCP, once their peer is open, and for requests that ask nothing of the
 * library (plain.h).  All else goes the way of shells and tickets, beside it on the same connection.
 * Decision 0021.
 */
#ifndef CHG_STACK_DIRECT_H
#define CHG_STACK_DIRECT_H

#include <sys/types.h>

#include "stack/plain.h"
#include "wire/message.h"

struct cnxctx;
struct direct;

/* ---- For the daemon, which stands in for three functions of the library ------------------------ */

typedef ssize_t chg_direct_receive_fn(struct cnxctx *cnx, void *to, size_t len);
typedef int chg_direct_send_fn(struct cnxctx *cnx, unsigned char *bytes, size_t len);
typedef void chg_direct_destroy_fn(struct cnxctx *cnx);

/* All three functions below are in place: connections may go the direct path from now on. */
void chg_direct_enable(void);

/* fd_cnx_s_recv: gives the library only what is for it.  A point where a thread may be cancelled. */
ssize_t chg_direct_receive(
	struct cnxctx *cnx, void *to, size_t len, chg_direct_receive_fn *original);

/* fd_cnx_send: what the library writes goes between our answers and never into one. */
int chg_direct_send(
	struct cnxctx *cnx, unsigned char *bytes, size_t len, chg_direct_send_fn *original);

/*
 * Around fd_out_send on a thread of the library's routing: what chg_direct_send is asked to send in
 * between is refused with ENOTCONN once its connection was freed.
 */
void chg_direct_routing_begin(void);
void chg_direct_routing_end(void);

/* fd_cnx_destroy: the last moment in which the socket of a connection is its own. */
void chg_direct_destroy(struct cnxctx *cnx, chg_direct_destroy_fn *original);

/* ---- For the stack ----------------------------------------------------------------------------- */

/* Who takes requests of one command and application. */
struct direct_taker {
	uint32_t command;
	uint32_t application;
	/*
	 * In the receiver thread, which cannot be cancelled meanwhile.  The request is in work until
	 * direct_refused or direct_finish is called for it; `message` is good until the return.
	 */
	void (*take)(void *self, struct direct *direct, struct chg_view message);
	/* On the engine's thread, when its turn is done. */
	void (*turn_done)(void *self);
	/* On the keeper's thread, once a second: gives back what nobody needs; how many octets. */
	size_t (*shrink)(void *self);
	void *self;
};

/* Once, before any connection.  False: the system has no descriptor left. */
bool direct_start(const struct chg_plain_own *own, uint32_t inflight_max);

/* Must be good until it is removed, and is not called after; false when there are too many. */
bool direct_add_taker(const struct direct_taker *taker);
void direct_remove_taker(const struct direct_taker *taker);

/* The peer of the connection over this socket is open; it is plain TCP. */
void direct_open(int socket, enum chg_strictness strictness);

/* What the operator has set for the peer of this connection. */
enum chg_strictness direct_strictness(const struct direct *direct);

/*
 * Memory for an answer of at most `size` octets, in the line of what is to be sent.  Of no size when
 * the connection is gone.  The connection is locked until direct_end: write, and nothing else.
 */
struct chg_out direct_begin(struct direct *direct, size_t size);

/* Puts the answer into the line, or forgets it when it could not be written. */
void direct_end(struct direct *direct, const struct chg_out *out, enum chg_rc written);

/* Receiver thread: the request was answered at once; the answer goes before more is read. */
void direct_refused(struct direct *direct);

/* The engine's thread: the request was answered; the answer goes with direct_turn_done. */
void direct_finish(struct direct *direct);

/* The engine's thread: all answers of its turn are in line.  One write for each connection. */
void direct_turn_done(void *self);

/* Keeper: waits so long, and sends what its socket did not take at first as soon as it does. */
void direct_keep(unsigned int milliseconds);

/*
 * Keeper, once a second: takers give back what nobody needs, and connections that were quiet since
 * the call before the memory of their answers.  How many octets it was.
 */
size_t direct_shrink(void);

/* Whether a request is in work or an answer has not left yet, of connections that live. */
bool direct_is_busy(void);

/* Since the start, but for in_work. */
struct direct_figures {
	uint64_t taken;   /* requests that went this way */
	uint64_t held;    /* answers that found others waiting for their peer to read */
	uint64_t in_work; /* requests taken and not yet answered, at this moment */
};

struct direct_figures direct_figures(void);

#endif

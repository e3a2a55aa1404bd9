/* SPDX-License-Identifier: BSD-3-Clause
 * What every extension of ours needs around freeDiameter: who may connect, where to listen, the
 * content of requests beside their shells, and answers that no peer can hold up.
 */
#ifndef CHG_STACK_STACK_H
#define CHG_STACK_STACK_H

#include <freeDiameter/extension.h>

#include "core/rc.h"
#include "core/view.h"

struct chg_runtime;

/*
 * Prepares the library: listening addresses, admission of peers, hooks, our Origin-State-Id.
 * Counted: only the first call does something.  To be called from fd_ext_init, when the
 * configuration of the library has been read and no peer is connected yet.
 *
 *   reterr_why  a sentence with cause and cure, at least 256 octets
 *
 *   CHG_E_SYSTEM  the library refused
 *   CHG_E_CONFIG  an address to listen on is not acceptable
 */
enum chg_rc chg_stack_start(struct chg_runtime *runtime, char *reterr_why, size_t why_size);

/*
 * The library's queue towards a peer takes so many messages, where it is not the 5 that it is by
 * itself.  To be called before any connection.
 */
void chg_stack_set_peer_queue(uint32_t messages);

/* A request's octets as the peer sent them; .ptr NULL when its connection is gone for good. */
struct chg_view chg_stack_content(struct msg *request);

/*
 * Sends an answer.  Takes `request` and `bytes` (from malloc, one whole message) in any case.  Never
 * blocks for a slow peer: what he cannot take yet waits in a list of his own.
 */
void chg_stack_answer(struct msg *request, uint8_t *bytes, size_t len);

/* Drops a request that cannot be answered. */
void chg_stack_drop(struct msg *request);

/*
 * Waits until every request taken in has been answered and its answer has left, at most so long.
 * True when nothing is left.
 */
bool chg_stack_drain(unsigned int timeout_ms);

/* Ends what chg_stack_start began; counted like it.  To be called from fd_ext_fini. */
void chg_stack_stop(void);

#endif

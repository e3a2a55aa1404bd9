/* SPDX-License-Identifier: BSD-3-Clause
 * Connections as the stack sees them: the content of requests on their way, how many are in work,
 * and answers that wait for their peer.
 *
 * freeDiameter has one receiver thread for each connection, so "this connection" is known by the
 * thread.  All functions may be called from any thread.
 */
#ifndef CHG_STACK_CONNECTION_H
#define CHG_STACK_CONNECTION_H

#include <freeDiameter/extension.h>

#include "core/rc.h"
#include "core/view.h"
#include "stack/shell.h"

struct connection;

/* One request's content, from the moment it is received until its message is freed. */
struct carried {
	struct connection *connection;
	uint32_t number; /* within its connection */
	uint8_t *bytes;
	size_t len;
	struct msg *answer; /* waiting to be handed to the library; owns the request */
	bool is_posted;     /* the answer is with the library */
	struct carried *next;
};

/* How many answers of a connection may be with the library at a time: what its queue takes. */
void connection_set_posted_max(uint32_t answers);

/*
 * Receiver thread: keeps a copy of a received message and gives the ticket by which the request
 * finds it again.  NULL when there is no memory.
 */
struct carried *connection_carry(
	struct chg_view message, uint8_t ret_ticket[CHG_SHELL_TICKET_SIZE]);

/*
 * Receiver thread: waits, so long at most, until fewer requests of the connection than that are in
 * work.
 */
void connection_wait_for_room(uint32_t inflight_max, unsigned int milliseconds);

/* The library's thread of that peer: the content of this ticket, once.  NULL when unknown. */
struct carried *connection_claim(const uint8_t *ticket, size_t len);

/* The message was freed: so is its content; the next waiting answer may go. */
void connection_release(struct carried *carried);

/* Hands an answer over, or lets it wait.  Takes the answer. */
void connection_answer(struct carried *carried, struct msg *answer);

/* Tries again what waits for its peer's state to become open.  False when nothing waits. */
bool connection_retry(void);

/* Requests in work over all connections. */
uint32_t connection_in_work(void);

/* Answers that had to wait, since the start. */
uint64_t connection_held_total(void);

#endif

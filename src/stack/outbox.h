/* SPDX-License-Identifier: BSD-3-Clause
 * Octets that wait to be sent over one connection, in the order in which they were put.
 *
 * Not locked: whoever owns one sees to that.
 */
#ifndef CHG_STACK_OUTBOX_H
#define CHG_STACK_OUTBOX_H

#include "core/view.h"

struct chg_outbox {
	uint8_t *bytes;
	size_t size;
	size_t begin;
	size_t end;
};

enum chg_outbox_state {
	CHG_OUTBOX_EMPTY,  /* all is sent */
	CHG_OUTBOX_LEFT,   /* the connection takes no more for now */
	CHG_OUTBOX_BROKEN, /* nor will it ever */
};

/*
 * Memory for `len` more octets behind those that wait; NULL when there is none, or more than
 * `most` octets would wait then.  What is written there counts when it is told with chg_outbox_add.
 */
uint8_t *chg_outbox_room(struct chg_outbox *outbox, size_t len, size_t most);
void chg_outbox_add(struct chg_outbox *outbox, size_t len);

size_t chg_outbox_waiting(const struct chg_outbox *outbox);

/* Sends what the socket takes at once.  Never blocks. */
enum chg_outbox_state chg_outbox_send(struct chg_outbox *outbox, int socket);

void chg_outbox_release(struct chg_outbox *outbox);

#endif

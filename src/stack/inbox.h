/* SPDX-License-Identifier: BSD-3-Clause
 * Octets as they come over a connection, and the messages in them.
 */
#ifndef CHG_STACK_INBOX_H
#define CHG_STACK_INBOX_H

#include "core/rc.h"
#include "core/view.h"

enum {
	/* One message of the largest size, or many of the usual one. */
	CHG_INBOX_SIZE = 65536,
	/* What a connection has that says little. */
	CHG_INBOX_FIRST = 8192,
};

/* Where a stream of messages stands that somebody else reads: between two of them, or inside one. */
struct chg_framing {
	uint8_t head[4];
	size_t have; /* octets of head */
	size_t left; /* octets of the message behind its head */
};

/* These octets were read. */
void chg_framing_follow(struct chg_framing *framing, const void *bytes, size_t len);

/* Whether the next octet begins a message. */
bool chg_framing_is_between(const struct chg_framing *framing);

struct chg_inbox {
	uint8_t *bytes; /* NULL until the first room is asked for */
	size_t size;    /* CHG_INBOX_FIRST or CHG_INBOX_SIZE */
	size_t begin;
	size_t end;
	bool is_filled;       /* by the latest read: there may be more */
	uint32_t small_reads; /* in a row: so many would have fitted into the smaller size */
};

enum chg_inbox_state {
	CHG_INBOX_MORE,    /* what is there is no whole message yet */
	CHG_INBOX_MESSAGE, /* a whole one */
	CHG_INBOX_BROKEN,  /* nothing that could be one: where the next would begin is not known */
};

/* What stands at the front; *ret is set for a whole message and is good until the next call. */
enum chg_inbox_state chg_inbox_front(const struct chg_inbox *inbox, struct chg_view *ret);

/* Takes octets away from the front. */
void chg_inbox_drop(struct chg_inbox *inbox, size_t len);

/* Moves at most so many octets from the front to `to`; how many. */
size_t chg_inbox_move(struct chg_inbox *inbox, void *to, size_t len);

/*
 * Memory for more octets, at least one: what is read into it is told with chg_inbox_add.  Of no
 * length when there is no memory.  There is more of it after a read that filled it, and less again
 * after a while of small ones.
 */
uint8_t *chg_inbox_room(struct chg_inbox *inbox, size_t *ret_len);
void chg_inbox_add(struct chg_inbox *inbox, size_t len);

void chg_inbox_release(struct chg_inbox *inbox);

#endif

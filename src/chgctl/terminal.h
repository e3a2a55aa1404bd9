/* SPDX-License-Identifier: BSD-3-Clause
 * A page that stays in its place on the terminal, and waiting for whoever looks at it.
 */
#ifndef CHG_CHGCTL_TERMINAL_H
#define CHG_CHGCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether stdout is a terminal that knows how to move its cursor. */
bool ctl_terminal_is_one(void);

/*
 * Takes the terminal: a screen of its own, no cursor, keys without Return.  A signal that ends the
 * process gives it back first, and so does one that stops it (^Z); both do their work at once.
 */
void ctl_terminal_take(void);

/* Gives it back as it was.  Does nothing when it is not taken. */
void ctl_terminal_give_back(void);

/* Its size now; 80 by 24 when it does not tell. */
void ctl_terminal_size(size_t *ret_columns, size_t *ret_rows);

/* Puts a page in place of the one before.  It must not have more lines than the terminal less one. */
void ctl_terminal_show(const char *page);

enum ctl_event {
	CTL_EVENT_TIME,   /* the time is over */
	CTL_EVENT_END,    /* somebody wants to end: q, a signal, or a reader of stdout who left */
	CTL_EVENT_READY,  /* the descriptor is */
	CTL_EVENT_REDRAW, /* the terminal has another size, or came back */
};

/* Waits for the first of these; keys count while the terminal is taken. */
enum ctl_event ctl_terminal_wait(int timeout_ms);

/* The same beside a descriptor, until it has one of `events` as of poll(). */
enum ctl_event ctl_terminal_wait_beside(int fd, short events, int timeout_ms);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What freeDiameter gets to see of a charging request.
 *
 * The library judges requests before we see them: by its dictionary, with answers that are not what
 * RFC 6733 asks for, and in some cases by closing the connection or stopping the process.  So it is
 * given a shell: the routing AVPs that it needs, and one AVP of ours that says where the content
 * lies.  The content itself, as the peer sent it, waits beside it (decision 0003).
 */
#ifndef CHG_STACK_SHELL_H
#define CHG_STACK_SHELL_H

#include "core/view.h"

enum {
	/*
	 * The AVP that says where the content lies: 8 octets.  The code is outside of what IANA
	 * hands out without a vendor; a peer's own AVP of that code never reaches the library.
	 */
	CHG_SHELL_CODE = 0x7ffffff0,
	CHG_SHELL_TICKET_SIZE = 8,
};

enum chg_shell_result {
	CHG_SHELL_FOREIGN,  /* not a charging request: left to the library, made harmless */
	CHG_SHELL_MADE,     /* the buffer is a shell now */
	CHG_SHELL_HOPELESS, /* cannot be answered: the library was made to close the connection */
};

/* Whether these octets are an Accounting-Request or a Credit-Control-Request. */
bool chg_shell_is_charging(struct chg_view message);

/*
 * Turns a received message into its shell, in place and without changing its length.
 *
 *   message  the octets as they were received, one whole message
 *   buffer   the same octets, which become the shell; must not overlap
 *   realm    our own: stands in for a Destination-Realm that is missing, so that the request
 *            reaches our own check and its proper answer
 *   ticket   what goes into the shell's AVP
 *
 * Of a message that is no charging request, a Session-Id that would stop freeDiameter 1.2.1 is
 * renamed, and the M bits of base answers are cleared, on which it would abort.
 */
enum chg_shell_result chg_shell_make(struct chg_view message, uint8_t *buffer,
	struct chg_view realm, const uint8_t ticket[CHG_SHELL_TICKET_SIZE]);

#endif

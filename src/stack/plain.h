/* SPDX-License-Identifier: BSD-3-Clause
 * Whether a charging request asks nothing of the library: it is for this node, as it came.
 *
 * freeDiameter routes: it looks at destinations, at the way a request has come, at its flags.  Of
 * nearly all requests it finds that they are ours.  Those are told here by one look at the octets;
 * everything that leaves a doubt is left to the library, with the answers that it has always given.
 */
#ifndef CHG_STACK_PLAIN_H
#define CHG_STACK_PLAIN_H

#include "wire/avp.h"

/* Who we are. */
struct chg_plain_own {
	struct chg_view host;
	struct chg_view realm;
};

/*
 * True when the library would hand the request to our own handler without having anything to say:
 * its AVPs are in step, Destination-Realm is there once and ours, Destination-Host is absent or
 * ours, no Route-Record is ours, and no User-Name names another realm to go to.
 *
 *   message  one whole message
 *   header   its header, that of a request
 */
bool chg_plain_is(
	struct chg_view message, const struct chg_header *header, const struct chg_plain_own *own);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The normal form of a party, so that one subscriber is found however a client spells him.
 */
#ifndef CHG_CORE_PARTY_H
#define CHG_CORE_PARTY_H

#include "core/rc.h"
#include "core/view.h"

enum {
	CHG_PARTY_TEXT_MAX = 255,
};

/* Owned text, not terminated. */
struct chg_party {
	uint8_t len;
	char bytes[CHG_PARTY_TEXT_MAX];
};

/*
 * Writes the normal form of a party.  RFC 3261 19.1.4, RFC 3966 5
 *
 *   tel:+49-30-123, +49 30 123, sip:+4930123@x;user=phone   -> tel:+4930123
 *   SIP:Alice@Example.NET;transport=tcp?x=y, <sip:..>        -> sip:Alice@example.net
 *   alice@Example.NET                                        -> sip:alice@example.net
 *   anything else                                            -> as it is
 *
 * The scheme and host are lower case, parameters and headers go, percent-escapes of unreserved
 * characters are undone, the user part keeps its case.  Idempotent.
 *
 *   CHG_E_RANGE   longer than CHG_PARTY_TEXT_MAX, or empty
 */
enum chg_rc chg_party_normalise(struct chg_view text, struct chg_party *ret);

#endif

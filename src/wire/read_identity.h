/* SPDX-License-Identifier: BSD-3-Clause
 * Who is charged: the identities of a Credit-Control-Request.
 */
#ifndef CHG_WIRE_READ_IDENTITY_H
#define CHG_WIRE_READ_IDENTITY_H

#include "wire/judge.h"

/*
 * Judges a Subscription-Id or Subscription-Id-Extension at the level of the command: type and data,
 * or exactly one identity.  What they say is judged by chg_identity_read.
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer (5001, 5005, 5009, 5014)
 */
enum chg_rc chg_identity_judge(const struct chg_judge *judge, const struct chg_raw_avp *avp,
	struct chg_fault *reterr_fault);

/*
 * Lists the identities of a judged message, in the order in which they are tried: Subscription-Id,
 * Subscription-Id-Extension, User-Name, and the Subscription-Id of Service-Information.  The same
 * one again, one of an unknown type and one that makes no key are left out (B-142).
 *
 *   needs_one   a new account has to be found: when all that there is had to be left out, that is
 *               an error; an open session is charged to the account it began with (B-066)
 *
 *   CHG_E_SYNTAX   reterr_fault says what to answer (5004)
 */
enum chg_rc chg_identity_read(struct chg_view message, bool needs_one, struct chg_ccr *ccr,
	struct chg_fault *reterr_fault);

#endif

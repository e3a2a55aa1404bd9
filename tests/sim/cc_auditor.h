/* SPDX-License-Identifier: BSD-3-Clause
 * A second and simpler model of what the books must say.  It shares no code with the decision: every
 * unit has the same price, so that worth alone is compared.
 */
#ifndef CHG_TESTS_SIM_CC_AUDITOR_H
#define CHG_TESTS_SIM_CC_AUDITOR_H

#include "sim/cc_world.h"

/*
 * Notes that the node has executed a request and what it answered, in the order of the commits; ends
 * in cc_fail when it should have repeated an answer, or repeated another one.
 */
void cc_audit_note(struct cc_world *world, const struct cc_copy *copy);

/*
 * A peer's Origin-State-Id, from whatever request.
 *
 *   is_connection   told by a connection, which ends whatever is older
 */
void cc_audit_host_state(
	struct cc_world *world, uint32_t peer, uint32_t origin_state_id, bool is_connection);

/* Looks at the whole disk; ends in cc_fail when a law does not hold. */
void cc_audit_look(struct cc_world *world);

/* The laws of the end: every request was answered, nothing is held, no session is open. */
void cc_audit_end(struct cc_world *world);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * A second and simpler model of what the disk must hold.  It shares no code with the decision.
 */
#ifndef CHG_TESTS_SIM_AUDITOR_H
#define CHG_TESTS_SIM_AUDITOR_H

#include "sim/world.h"

enum { AUDIT_RECORDS_MAX = SIM_REQUESTS_MAX };

/* What was seen of each record the last time. */
struct sim_audit {
	struct {
		bool is_known;
		bool is_closed;
		uint32_t marks;
		int64_t local_sequence;
		chg_instant closed_at;
	} before[AUDIT_RECORDS_MAX + 1];
};

/* Looks at the whole disk; ends in sim_fail when a law does not hold. */
void sim_audit_look(struct sim_audit *audit, struct sim_world *world);

/* The laws of the end: every request is recorded, no session is open. */
void sim_audit_end(struct sim_audit *audit, struct sim_world *world);

#endif

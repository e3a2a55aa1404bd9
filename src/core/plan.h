/* SPDX-License-Identifier: BSD-3-Clause
 * What a decision wants done.  Nothing is half-applied: the store writes all of it or nothing.
 */
#ifndef CHG_CORE_PLAN_H
#define CHG_CORE_PLAN_H

#include "core/cdr.h"
#include "core/reply.h"

enum chg_cdr_step {
	CHG_STEP_NONE = 0, /* a duplicate: nothing is written */
	CHG_STEP_INSERT,   /* a new record */
	CHG_STEP_UPDATE,   /* the record that facts.record names grows */
};

/*
 * The plan for one ACR, applied in this order:
 *
 *   1. raises_host_state: the Origin-Host's highest Origin-State-Id becomes host_state_id; if
 *      closes_older_sessions, its open sessions with a lower one (0 excepted) are closed, abnormal
 *      and stop lost
 *   2. closes_previous: the record facts.record names becomes `previous`
 *   3. closes_sub_sessions: open records of sub-sessions of the same host and Session-Id close at
 *      record.ended_at, without a mark
 *   4. step: the record becomes `record`
 *        texts   has_identity: those of the request replace those of the record; otherwise they
 *                only fill what is still missing
 *        figures has_figures: counters, cause, termination cause, delivery status, attached
 *                participants, octets and content are those of the request, where it has them
 *   5. an entry of the timeline with entry_marks, for a session's record; its participants
 *   6. the key and digest of the request are remembered
 *
 * Whoever applies it gives the record its cdr_id on insert, and a record that closes its
 * local_sequence.
 */
struct chg_acct_plan {
	struct chg_aca answer;
	bool raises_host_state;
	bool closes_older_sessions;
	uint32_t host_state_id;
	bool closes_previous;
	struct chg_cdr_state previous;
	bool closes_sub_sessions;
	enum chg_cdr_step step;
	struct chg_cdr_state record;
	bool has_identity;
	bool has_figures;
	uint32_t entry_marks;
	enum chg_participant_action action;
};

#endif

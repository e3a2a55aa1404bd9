/* SPDX-License-Identifier: BSD-3-Clause
 * All that a decision may look at, besides the request itself.
 */
#ifndef CHG_CORE_FACTS_H
#define CHG_CORE_FACTS_H

#include "core/cdr.h"

/* What the operator has configured for CH-1. */
struct chg_acct_policy {
	chg_span session_idle;       /* silence after which a session is closed; 0 never */
	uint32_t interim_interval_s; /* sent as Acct-Interim-Interval; 0 sends none */
	chg_span skew_max;           /* event times further off are marked; 0 never */
};

/*
 * What the store knows about one ACR.  The key of a request is Origin-Host, Session-Id,
 * Accounting-Sub-Session-Id, Accounting-Record-Type and Accounting-Record-Number; its session is
 * the first three.
 */
struct chg_acct_facts {
	bool is_known;          /* same key and same content came before */
	bool is_number_known;   /* same key came before, with whatever content */
	uint32_t host_state_id; /* highest Origin-State-Id of this Origin-Host; 0 none */
	bool has_record;        /* the latest record of the session stands in `record` */
	bool has_sub_sessions; /* the Session-Id has records of sub-sessions; said where it is asked */
	struct chg_cdr_state record;
};

#endif

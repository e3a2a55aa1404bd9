/* SPDX-License-Identifier: BSD-3-Clause
 * THE offline decision: facts and an ACR become a plan.
 */
#ifndef CHG_CORE_ACCOUNTING_H
#define CHG_CORE_ACCOUNTING_H

#include "core/facts.h"
#include "core/plan.h"

/*
 * Decides one Accounting-Request.  Pure: same input, same plan; cannot fail.
 *
 * Records are taken in any order, late and repeated (RFC 6733 8.2, 9.4; TS 32.299 6.1): a missing
 * companion is a mark on the record and never a refusal.  The answer of the plan is SUCCESS, valid
 * once the plan is durable.
 */
void chg_accounting_decide(const struct chg_acct_facts *facts, const struct chg_acct_policy *policy,
	struct chg_now now, const struct chg_acr *acr, struct chg_acct_plan *ret_plan);

/*
 * Whether the decision looks at facts.has_sub_sessions, once it is known which record the session has;
 * NULL: none.  Most requests have no use for it, and a store need not look then.
 */
bool chg_accounting_asks_for_sub_sessions(
	const struct chg_acr *acr, const struct chg_cdr_state *record);

/*
 * What becomes of an open record when its peer fell silent or restarted: closed, abnormal, stop
 * lost.  RFC 6733 8.2 (Ts), 8.16; TS 32.299 6.1.3
 */
struct chg_cdr_state chg_accounting_expire(const struct chg_cdr_state *record, struct chg_now now);

/*
 * What becomes of an open record when `end` ends the session above its sub-session: closed at the
 * time of `end`, without a mark.  RFC 8506 5.1
 */
struct chg_cdr_state chg_accounting_close_below(
	const struct chg_cdr_state *record, const struct chg_acr *end, struct chg_now now);

#endif

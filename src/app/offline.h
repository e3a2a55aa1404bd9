/* SPDX-License-Identifier: BSD-3-Clause
 * One ACR: load the facts, decide, apply the plan.
 */
#ifndef CHG_APP_OFFLINE_H
#define CHG_APP_OFFLINE_H

#include "core/facts.h"
#include "port/store.h"

/*
 * Runs inside the caller's transaction and leaves committing to him.
 *
 *   online        of CH-2, NULL when it is not served: a restarted peer's credit-control sessions
 *                 end with its accounting sessions
 *   ret_aca       the answer to give once the transaction is durable
 *   ret_duplicate whether the request had come before
 *
 * Errors are those of the store; the transaction must then be rolled back.
 */
enum chg_rc chg_offline_handle(struct chg_store *store, const struct chg_acct_policy *policy,
	const struct chg_cc_policy *online, struct chg_now now, const struct chg_acr *acr,
	struct chg_aca *ret_aca, bool *ret_duplicate);

/*
 * The answer when the store failed: one that lets the client keep its record (OUT_OF_SPACE), or
 * UNABLE_TO_COMPLY for a failure that a later try would meet again.  Decision J-07.
 */
struct chg_aca chg_offline_answer_failure(enum chg_rc rc);

#endif

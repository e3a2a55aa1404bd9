/* SPDX-License-Identifier: BSD-3-Clause
 * One CCR: load the facts, decide, keep the answer, apply the plan.
 */
#ifndef CHG_APP_ONLINE_H
#define CHG_APP_ONLINE_H

#include "app/job.h"

/* What the decisions of one engine share; large, so there is one of it. */
struct chg_online {
	struct chg_cc_policy policy;
	struct chg_acct_policy record_policy;
	struct chg_cc_facts facts;
	struct chg_cc_plan plan;
	uint8_t answer[65536];
};

/*
 * Runs inside the caller's transaction and leaves committing to him.
 *
 *   tariff      in force; NULL when there is none
 *   ret_alarm   what an operator should hear of, a constant; NULL nothing
 *
 * On CHG_OK job->code, job->kept and job->is_duplicate are set; kept is from malloc, to be freed by
 * chg_online_forget.
 *
 *   CHG_E_RANGE      the answer does not fit a message
 *   CHG_E_NO_MEMORY  no memory for the answer
 *   others           those of the store; the transaction must then be rolled back
 */
enum chg_rc chg_online_handle(struct chg_online *online, struct chg_store *store,
	const struct chg_tariff *tariff, struct chg_now now, struct chg_job *job,
	const char **ret_alarm);

/* Frees what chg_online_handle made for a job. */
void chg_online_forget(struct chg_job *job);

/*
 * The Result-Code when the request could not be kept: one that a client counts as temporary (TOO_BUSY),
 * or UNABLE_TO_COMPLY for a failure that a later try would meet again.  Rules B-021, F-015.
 */
uint32_t chg_online_answer_failure(enum chg_rc rc);

#endif

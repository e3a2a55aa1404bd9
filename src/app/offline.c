/* SPDX-License-Identifier: BSD-3-Clause
 * One ACR inside one transaction.
 */
#include "app/offline.h"

/* what the peer's older credit-control sessions held goes back.  The plan ends the others. */
static enum chg_rc end_older(struct chg_store *store, const struct chg_cc_policy *online,
	struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	uint32_t ended;
	if (online == NULL || !plan->closes_older_sessions)
		return CHG_OK;
	return store->books->end_older(
		store->self, now, online, acr->origin_host, plan->host_state_id, &ended);
}

enum chg_rc chg_offline_handle(struct chg_store *store, const struct chg_acct_policy *policy,
	const struct chg_cc_policy *online, struct chg_now now, const struct chg_acr *acr,
	struct chg_aca *ret_aca, bool *ret_duplicate)
{
	struct chg_acct_facts facts;
	enum chg_rc rc = store->ops->load_acct(store->self, acr, &facts);
	if (rc != CHG_OK)
		return rc;

	struct chg_acct_plan plan;
	chg_accounting_decide(&facts, policy, now, acr, &plan);

	if (plan.step != CHG_STEP_NONE) {
		rc = end_older(store, online, now, acr, &plan);
		if (rc == CHG_OK)
			rc = store->ops->apply_acct(store->self, now, acr, &plan);
		if (rc != CHG_OK)
			return rc;
	}
	*ret_aca = plan.answer;
	*ret_duplicate = facts.is_known;
	return CHG_OK;
}

struct chg_aca chg_offline_answer_failure(enum chg_rc rc)
{
	switch (rc) {
	case CHG_E_STORE_FULL:
	case CHG_E_STORE_BUSY:
	case CHG_E_STORE_CORRUPT: /* until somebody has mended it: never let the client delete */
	case CHG_E_NO_MEMORY:
		return (struct chg_aca){ .result_code = CHG_ANSWER_OUT_OF_SPACE };
	case CHG_E_BUSY:
	case CHG_E_CLOSED:
		return (struct chg_aca){ .result_code = CHG_ANSWER_TOO_BUSY };
	default:
		return (struct chg_aca){ .result_code = CHG_ANSWER_UNABLE_TO_COMPLY };
	}
}

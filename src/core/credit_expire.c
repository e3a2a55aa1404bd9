/* SPDX-License-Identifier: BSD-3-Clause
 * The end of a session that nobody ends, and the law that a plan must obey.
 */
#include <assert.h>

#include "core/accounting.h"
#include "core/credit.h"

static void give_back(struct chg_account *account, const struct chg_cc_service *service)
{
	for (size_t h = 0; h < service->hold_count; h++)
		for (size_t i = 0; i < account->bucket_count; i++)
			if (account->bucket[i].bucket_id == service->hold[h].bucket_id)
				account->bucket[i].reserved -= service->hold[h].amount;
}

void chg_credit_expire(const struct chg_cc_session *session, const struct chg_account *account,
	const struct chg_cdr_state *record, const struct chg_cc_policy *policy, struct chg_now now,
	struct chg_cc_session *ret_session, struct chg_account *ret_account,
	struct chg_cdr_state *ret_record)
{
	assert(session->status == CHG_CC_OPEN);
	struct chg_cc_session after = *session;
	struct chg_account left = *account;
	for (size_t i = 0; i < after.service_count; i++) {
		give_back(&left, &after.service[i]);
		after.service[i].hold_count = 0;
		after.service[i].granted = 0;
	}
	after.status = CHG_CC_ENDED;
	after.until = chg_instant_add(now.steady, policy->tombstone);
	*ret_session = after;
	*ret_account = left;
	*ret_record = record->status == CHG_CDR_OPEN ? chg_accounting_expire(record, now) : *record;
}

/* What the services of a session hold of one bucket. */
static int64_t held(const struct chg_cc_session *session, int64_t bucket_id)
{
	int64_t sum = 0;
	for (size_t i = 0; i < session->service_count; i++)
		for (size_t h = 0; h < session->service[i].hold_count; h++)
			if (session->service[i].hold[h].bucket_id == bucket_id)
				sum += session->service[i].hold[h].amount;
	return sum;
}

static int64_t posted(const struct chg_cc_plan *plan, int64_t bucket_id)
{
	int64_t sum = 0;
	for (size_t i = 0; i < plan->entry_count; i++)
		if (plan->entry[i].bucket_id == bucket_id)
			sum += plan->entry[i].amount;
	return sum;
}

static bool is_bucket_balanced(const struct chg_cc_facts *facts, const struct chg_cc_plan *plan,
	const struct chg_bucket *before, const struct chg_bucket *after)
{
	int64_t held_before = facts->has_session ? held(&facts->session, before->bucket_id) : 0;
	int64_t held_after = plan->session_step == CHG_STEP_NONE
				     ? held_before
				     : held(&plan->session, before->bucket_id);
	return before->bucket_id == after->bucket_id && after->reserved >= 0 &&
	       after->balance - before->balance == posted(plan, before->bucket_id) &&
	       after->reserved - before->reserved == held_after - held_before;
}

bool chg_cc_plan_balanced(const struct chg_cc_facts *facts, const struct chg_cc_plan *plan)
{
	if (!plan->has_account)
		return plan->entry_count == 0;
	if (facts->account.bucket_count != plan->account.bucket_count)
		return false;
	for (size_t i = 0; i < plan->account.bucket_count; i++)
		if (!is_bucket_balanced(
			    facts, plan, &facts->account.bucket[i], &plan->account.bucket[i]))
			return false;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * One CCR inside one transaction.
 */
#include "app/online.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static enum chg_rc keep(struct chg_job *job, struct chg_view bytes)
{
	char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
	if (copy == NULL)
		return CHG_E_NO_MEMORY;
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	chg_online_forget(job); /* a job that is tried again has an answer already */
	job->kept = (struct chg_view){ copy, bytes.len };
	return CHG_OK;
}

void chg_online_forget(struct chg_job *job)
{
	free((void *)job->kept.ptr);
	job->kept = (struct chg_view){ 0 };
}

/*
 * a restarted peer's sessions are ended before its request is decided, so that what
 * they held can be used by it.  Its state is known from then on, whatever becomes of the request.
 */
static enum chg_rc end_older(struct chg_online *online, struct chg_store *store, struct chg_now now,
	const struct chg_acr *data, bool *ret_changed)
{
	uint32_t known = online->facts.record.host_state_id;
	uint32_t ended = 0;
	*ret_changed = false;
	if (!data->origin_state_id.is_present || data->origin_state_id.value <= known)
		return CHG_OK;
	*ret_changed = true;
	enum chg_rc rc = store->books->end_older(store->self, now, &online->policy,
		data->origin_host, data->origin_state_id.value, &ended);
	if (rc != CHG_OK)
		return rc;
	return store->ops->apply_host_state(store->self, now, data->origin_host, data->origin_realm,
		data->origin_state_id.value, &ended);
}

/*
 * B-004: the end of the main session is that of its sub-sessions, and what they held is free before
 * it is decided.  A repeated one, or one that is refused since nobody knows the session, ends none.
 */
static enum chg_rc end_sub_sessions(struct chg_online *online, struct chg_store *store,
	struct chg_now now, const struct chg_ccr *ccr, uint32_t *ret_ended)
{
	*ret_ended = 0;
	if (ccr->type != CHG_CC_TERMINATION || ccr->data.sub_session_id.is_present ||
		!online->facts.has_session || online->facts.seen != CHG_SEEN_NEVER)
		return CHG_OK;
	return store->books->end_sub_sessions(store->self, now, &online->policy, ccr, ret_ended);
}

static enum chg_rc load(struct chg_online *online, struct chg_store *store, struct chg_now now,
	const struct chg_ccr *ccr)
{
	bool has_changed = false;
	uint32_t ended = 0;
	enum chg_rc rc = store->books->load(store->self, ccr, &online->facts);
	if (rc == CHG_OK)
		rc = end_older(online, store, now, &ccr->data, &has_changed);
	if (rc == CHG_OK)
		rc = end_sub_sessions(online, store, now, ccr, &ended);
	if (rc == CHG_OK && (has_changed || ended > 0))
		rc = store->books->load(store->self, ccr, &online->facts);
	return rc;
}

static bool leaves_a_trace(const struct chg_cc_plan *plan)
{
	return plan->keeps_answer || plan->entry_count > 0 || plan->session_step != CHG_STEP_NONE ||
	       plan->suspense.is_present;
}

enum chg_rc chg_online_handle(struct chg_online *online, struct chg_store *store,
	const struct chg_tariff *tariff, struct chg_now now, struct chg_job *job,
	const char **ret_alarm)
{
	struct chg_cc_plan *plan = &online->plan;
	enum chg_rc rc = load(online, store, now, job->ccr);
	if (rc != CHG_OK)
		return rc;
	chg_credit_decide(&online->facts, tariff, &online->policy, &online->record_policy, now,
		job->ccr, plan);
	*ret_alarm = plan->alarm;
	job->is_duplicate = plan->is_replay;
	if (plan->is_replay)
		return keep(job, online->facts.kept_answer);

	job->code = plan->answer.result_code;
	size_t len = job->write_answer(job, &plan->answer, online->answer, sizeof online->answer);
	if (len == 0)
		return CHG_E_RANGE;
	struct chg_view answer = { (const char *)online->answer, len };
	rc = keep(job, answer);
	if (rc != CHG_OK || !leaves_a_trace(plan))
		return rc;
	return store->books->apply(store->self, now, job->ccr, plan, tariff, answer);
}

uint32_t chg_online_answer_failure(enum chg_rc rc)
{
	switch (rc) {
	case CHG_E_STORE_FULL:
	case CHG_E_STORE_BUSY:
	case CHG_E_STORE_CORRUPT:
	case CHG_E_NO_MEMORY:
	case CHG_E_BUSY:
	case CHG_E_CLOSED:
		return CHG_CC_TOO_BUSY;
	default:
		return CHG_CC_UNABLE_TO_COMPLY;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Passes every call on, but for the one that shall fail.
 */
#include "support/faulty_store.h"

/* Counts a call and says whether it is to fail. */
static bool fails(struct faulty_store *faulty, enum faulty_call call)
{
	faulty->count++;
	faulty->counts[call]++;
	return faulty->is_failing[call] || faulty->count == faulty->fail_at;
}

/* The inner store's function, or the failure. */
#define PASS_ON(call, function, ...)                                                               \
	struct faulty_store *faulty = self;                                                        \
	if (fails(faulty, call))                                                                   \
		return faulty->rc;                                                                 \
	return faulty->inner.ops->function(faulty->inner.self, ##__VA_ARGS__)

static enum chg_rc begin(void *self)
{
	PASS_ON(FAULTY_BEGIN, begin);
}

static enum chg_rc commit(void *self)
{
	struct faulty_store *faulty = self;
	if (fails(faulty, FAULTY_COMMIT)) {
		faulty->inner.ops->rollback(faulty->inner.self);
		return faulty->rc;
	}
	return faulty->inner.ops->commit(faulty->inner.self);
}

static void rollback(void *self)
{
	struct faulty_store *faulty = self;
	faulty->rollback_count++;
	faulty->inner.ops->rollback(faulty->inner.self);
}

static enum chg_rc load_acct(void *self, const struct chg_acr *acr, struct chg_acct_facts *ret)
{
	PASS_ON(FAULTY_LOAD_ACCT, load_acct, acr, ret);
}

static enum chg_rc apply_acct(
	void *self, struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	PASS_ON(FAULTY_APPLY_ACCT, apply_acct, now, acr, plan);
}

static enum chg_rc apply_host_state(void *self, struct chg_now now, struct chg_view origin_host,
	struct chg_view origin_realm, uint32_t origin_state_id, uint32_t *ret_closed)
{
	PASS_ON(FAULTY_APPLY_HOST_STATE, apply_host_state, now, origin_host, origin_realm,
		origin_state_id, ret_closed);
}

static enum chg_rc next_deadline(void *self, chg_opt_instant *ret)
{
	PASS_ON(FAULTY_NEXT_DEADLINE, next_deadline, ret);
}

static enum chg_rc expire_due(void *self, struct chg_now now, uint32_t max, uint32_t *ret_closed)
{
	PASS_ON(FAULTY_EXPIRE_DUE, expire_due, now, max, ret_closed);
}

static enum chg_rc forget_seen(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	PASS_ON(FAULTY_FORGET_SEEN, forget_seen, before, max, ret_forgotten);
}

static enum chg_rc own_state_id(void *self, uint32_t fresh, uint32_t *ret)
{
	PASS_ON(FAULTY_OWN_STATE_ID, own_state_id, fresh, ret);
}

static enum chg_rc scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to)
{
	PASS_ON(FAULTY_SCAN, scan_cdrs, filter, each, to);
}

static enum chg_rc scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to)
{
	PASS_ON(FAULTY_SCAN, scan_entries, cdr_id, each, to);
}

static enum chg_rc scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to)
{
	PASS_ON(FAULTY_SCAN, scan_participants, cdr_id, each, to);
}

static void close_store(void *self)
{
	struct faulty_store *faulty = self;
	faulty->inner.ops->close(faulty->inner.self);
}

static const struct chg_store_ops ops = {
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.load_acct = load_acct,
	.apply_acct = apply_acct,
	.apply_host_state = apply_host_state,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.forget_seen = forget_seen,
	.own_state_id = own_state_id,
	.scan_cdrs = scan_cdrs,
	.scan_entries = scan_entries,
	.scan_participants = scan_participants,
	.close = close_store,
};

struct chg_store faulty_store_wrap(struct faulty_store *faulty, struct chg_store inner)
{
	faulty->inner = inner;
	return (struct chg_store){ .ops = &ops, .self = faulty };
}

void faulty_store_fail_at(struct faulty_store *faulty, uint64_t k, enum chg_rc rc)
{
	faulty->fail_at = k == 0 ? 0 : faulty->count + k;
	faulty->rc = rc;
}

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
#define PASS_ON_TO(ops, call, function, ...)                                                       \
	struct faulty_store *faulty = self;                                                        \
	if (fails(faulty, call))                                                                   \
		return faulty->rc;                                                                 \
	return faulty->inner.ops->function(faulty->inner.self, ##__VA_ARGS__)
#define PASS_ON(call, function, ...)   PASS_ON_TO(ops, call, function, ##__VA_ARGS__)
#define PASS_BOOK(call, function, ...) PASS_ON_TO(books, call, function, ##__VA_ARGS__)

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

static enum chg_rc remove_archived(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed)
{
	PASS_ON(FAULTY_REMOVE_ARCHIVED, remove_archived, archive, stamp, count, ret_removed);
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

static enum chg_rc scan_archives(void *self, chg_archive_each *each, void *to)
{
	PASS_ON(FAULTY_SCAN, scan_archives, each, to);
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
	.remove_archived = remove_archived,
	.own_state_id = own_state_id,
	.scan_cdrs = scan_cdrs,
	.scan_entries = scan_entries,
	.scan_participants = scan_participants,
	.scan_archives = scan_archives,
	.close = close_store,
};

static enum chg_rc load_books(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret)
{
	PASS_BOOK(FAULTY_BOOKS_LOAD, load, ccr, ret);
}

static enum chg_rc next_posting_id(void *self, int64_t *ret)
{
	PASS_BOOK(FAULTY_BOOKS_LOAD, next_posting_id, ret);
}

static enum chg_rc apply_books(void *self, struct chg_now now, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, const struct chg_tariff *tariff, struct chg_view answer)
{
	PASS_BOOK(FAULTY_BOOKS_APPLY, apply, now, ccr, plan, tariff, answer);
}

static enum chg_rc next_deadline_of_books(void *self, chg_opt_instant *ret)
{
	PASS_BOOK(FAULTY_BOOKS_NEXT_DEADLINE, next_deadline, ret);
}

static enum chg_rc expire_due_of_books(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, uint32_t max, uint32_t *ret_ended)
{
	PASS_BOOK(FAULTY_BOOKS_EXPIRE_DUE, expire_due, now, policy, max, ret_ended);
}

static enum chg_rc end_older(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	struct chg_view origin_host, uint32_t origin_state_id, uint32_t *ret_ended)
{
	PASS_BOOK(FAULTY_BOOKS_END_OLDER, end_older, now, policy, origin_host, origin_state_id,
		ret_ended);
}

static enum chg_rc end_sub_sessions(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_ccr *ccr, uint32_t *ret_ended)
{
	PASS_BOOK(FAULTY_BOOKS_END_SUB_SESSIONS, end_sub_sessions, now, policy, ccr, ret_ended);
}

static enum chg_rc forget_answers(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	PASS_BOOK(FAULTY_BOOKS_FORGET_ANSWERS, forget_answers, before, max, ret_forgotten);
}

static enum chg_rc account_add(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_account_new *account, int64_t *ret_account_id)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, account_add, now, audit, account, ret_account_id);
}

static enum chg_rc account_set_status(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, enum chg_account_status status)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, account_set_status, now, audit, name, status);
}

static enum chg_rc bucket_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view account, const struct chg_bucket *bucket)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, bucket_add, now, audit, account, bucket);
}

static enum chg_rc post(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, post, now, audit, posting, ret_posting_id);
}

static enum chg_rc tariff_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, struct chg_view text, chg_instant in_force_from, int64_t *ret_version)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, tariff_add, now, audit, name, text, in_force_from,
		ret_version);
}

static enum chg_rc suspense_post(void *self, struct chg_now now, const struct chg_audit *audit,
	int64_t suspense_id, struct chg_view account, chg_money amount)
{
	PASS_BOOK(FAULTY_BOOKS_BY_HAND, suspense_post, now, audit, suspense_id, account, amount);
}

static enum chg_rc account_find(
	void *self, struct chg_view name_or_key, chg_account_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, account_find, name_or_key, each, to);
}

static enum chg_rc account_scan(
	void *self, int64_t after_account_id, size_t limit, chg_account_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, account_scan, after_account_id, limit, each, to);
}

static enum chg_rc ledger_scan(
	void *self, const struct chg_ledger_filter *filter, chg_ledger_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, ledger_scan, filter, each, to);
}

static enum chg_rc suspense_scan(void *self, bool with_posted, chg_suspense_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, suspense_scan, with_posted, each, to);
}

static enum chg_rc tariff_scan(void *self, chg_tariff_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, tariff_scan, each, to);
}

static enum chg_rc done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, done_scan, cdr_id, each, to);
}

static enum chg_rc verify(void *self, chg_verify_each *each, void *to)
{
	PASS_BOOK(FAULTY_BOOKS_SCAN, verify, each, to);
}

static const struct chg_books_ops books_ops = {
	.load = load_books,
	.next_posting_id = next_posting_id,
	.apply = apply_books,
	.next_deadline = next_deadline_of_books,
	.expire_due = expire_due_of_books,
	.end_older = end_older,
	.end_sub_sessions = end_sub_sessions,
	.forget_answers = forget_answers,
	.account_add = account_add,
	.account_set_status = account_set_status,
	.bucket_add = bucket_add,
	.post = post,
	.tariff_add = tariff_add,
	.suspense_post = suspense_post,
	.account_find = account_find,
	.account_scan = account_scan,
	.ledger_scan = ledger_scan,
	.suspense_scan = suspense_scan,
	.tariff_scan = tariff_scan,
	.done_scan = done_scan,
	.verify = verify,
};

struct chg_store faulty_store_wrap(struct faulty_store *faulty, struct chg_store inner)
{
	faulty->inner = inner;
	return (struct chg_store){
		.ops = &ops, .self = faulty, .books = inner.books == NULL ? NULL : &books_ops
	};
}

void faulty_store_fail_at(struct faulty_store *faulty, uint64_t k, enum chg_rc rc)
{
	faulty->fail_at = k == 0 ? 0 : faulty->count + k;
	faulty->rc = rc;
}

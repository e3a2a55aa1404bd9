/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: what a plan of CH-2 writes.
 */
#include <string.h>

#include "core/units_json.h"
#include "store/sqlite/sqlite_private.h"

static const struct chg_view online = { .ptr = "CH-2", .len = 4 };

/* What all parts of one plan need. */
struct work {
	struct chg_sqlite *sqlite;
	struct chg_now now;
	const struct chg_ccr *ccr;
	const struct chg_cc_plan *plan;
	struct chg_host host;
	int64_t cdr_id;    /* that what is charged belongs to; 0 none */
	int64_t record_id; /* that this request went into; 0 none */
};

static const struct chg_bucket *bucket_of(const struct chg_account *account, int64_t bucket_id)
{
	for (size_t i = 0; i < account->bucket_count; i++) {
		if (account->bucket[i].bucket_id == bucket_id)
			return &account->bucket[i];
	}
	return NULL;
}

/* A direct debit can be refunded later: how much, and to which bucket. */
static enum chg_rc debit_add(const struct work *work, int64_t posting_id)
{
	const struct chg_cc_plan *plan = work->plan;
	int64_t charged = 0, bucket_id = 0, main_id = 0;
	bool is_one = true;
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entry[i].kind != CHG_BUCKET_MONEY)
			continue;
		charged -= plan->entry[i].amount;
		is_one &= bucket_id == 0 || bucket_id == plan->entry[i].bucket_id;
		bucket_id = plan->entry[i].bucket_id;
	}
	for (size_t i = 0; i < plan->account.bucket_count; i++) {
		if (plan->account.bucket[i].is_main)
			main_id = plan->account.bucket[i].bucket_id;
	}
	if (plan->posting != CHG_POSTING_DEBIT || work->ccr->type != CHG_CC_EVENT || charged <= 0)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_refundable_add);
	chg_stmt_i64(stmt, CHG_N_posting_id, posting_id);
	chg_stmt_i64(stmt, CHG_N_account_id, plan->account.account_id);
	chg_stmt_i64(stmt, CHG_N_bucket_id, is_one ? bucket_id : main_id);
	chg_stmt_i64(stmt, CHG_N_charged_micros, charged);
	return chg_stmt_run(stmt);
}

static enum chg_rc posting_write(const struct work *work, struct chg_account *account)
{
	const struct chg_cc_plan *plan = work->plan;
	struct chg_posting posting = {
		.at = work->now.wall,
		.kind = plan->posting,
		.cdr_id = work->cdr_id,
		.refunds = plan->refunds,
	};
	int64_t posting_id;
	enum chg_rc rc = chg_sqlite_post(
		work->sqlite, &posting, plan->entry, plan->entry_count, account, &posting_id);
	if (rc == CHG_OK)
		rc = debit_add(work, posting_id);
	if (rc != CHG_OK || plan->refunds == 0)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_refundable_pay);
	chg_stmt_i64(stmt, CHG_N_posting_id, plan->refunds);
	chg_stmt_i64(stmt, CHG_N_amount, plan->refund_amount.micros);
	return chg_stmt_run(stmt);
}

/* Balances come from the lines alone; what the plan has must be the same. */
static enum chg_rc buckets_write(const struct work *work, const struct chg_account *posted)
{
	const struct chg_account *account = &work->plan->account;
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *after = &account->bucket[i];
		const struct chg_bucket *bucket = bucket_of(posted, after->bucket_id);
		assert(bucket != NULL && bucket->balance == after->balance);
		assert(after->reserved >= 0);
		enum chg_rc rc = chg_sqlite_bucket_write(work->sqlite, after);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc account_write(const struct work *work)
{
	const struct chg_cc_plan *plan = work->plan;
	struct chg_account account;
	bool is_there;
	if (!plan->has_account)
		return CHG_OK;
	enum chg_rc rc = chg_sqlite_account_read(
		work->sqlite, plan->account.account_id, &account, &is_there);
	if (rc != CHG_OK)
		return rc;
	assert(is_there);
	enum chg_account_status status = account.status;
	if (plan->entry_count > 0)
		rc = posting_write(work, &account);
	if (rc == CHG_OK)
		rc = buckets_write(work, &account);
	if (rc != CHG_OK || status == plan->account.status)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_account_put_status);
	chg_stmt_i64(stmt, CHG_N_account_id, plan->account.account_id);
	chg_stmt_i64(stmt, CHG_N_status, plan->account.status);
	return chg_stmt_run(stmt);
}

/* A session that begins anew takes the place of the tombstone of its name. */
static enum chg_rc tombstone_drop(const struct work *work)
{
	struct chg_sub_session sub = chg_sub_session_write(work->ccr->data.sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_cc_session_get);
	int64_t cc_session_id;
	chg_sqlite_bind_session(stmt, work->host.id, &work->ccr->data, &sub);
	enum chg_rc rc = chg_sqlite_number(stmt, &cc_session_id);
	if (rc != CHG_OK || cc_session_id == 0)
		return rc;
	return chg_sqlite_session_delete(work->sqlite, cc_session_id);
}

static enum chg_rc session_insert(const struct work *work, struct chg_cc_session *session)
{
	enum chg_rc rc = tombstone_drop(work);
	if (rc != CHG_OK)
		return rc;
	struct chg_sub_session sub = chg_sub_session_write(work->ccr->data.sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_cc_session_add);
	chg_rows_bind(&chg_rows_session, stmt, session);
	chg_sqlite_bind_session(stmt, work->host.id, &work->ccr->data, &sub);
	rc = chg_stmt_run(stmt);
	session->cc_session_id = sqlite3_last_insert_rowid(work->sqlite->db);
	return rc == CHG_OK ? chg_sqlite_session_write(work->sqlite, session) : rc;
}

static enum chg_rc session_write(const struct work *work)
{
	struct chg_cc_session session = work->plan->session;
	if (session.cdr_id == 0)
		session.cdr_id = work->cdr_id;
	switch (work->plan->session_step) {
	case CHG_STEP_INSERT:
		return session_insert(work, &session);
	case CHG_STEP_UPDATE:
		return chg_sqlite_session_write(work->sqlite, &session);
	case CHG_STEP_NONE:
		break;
	}
	return CHG_OK;
}

/* The name of the rule, where it is one of the tariff that the store is given. */
static struct chg_view rule_name(
	const struct chg_tariff *tariff, const struct chg_service_done *done)
{
	if (tariff == NULL || done->rule == 0 || done->rule > tariff->rule_count ||
		done->version != tariff->version)
		return (struct chg_view){ 0 };
	return chg_view_of(tariff->rule[done->rule - 1].name);
}

static enum chg_rc dones_add(const struct work *work, const struct chg_tariff *tariff)
{
	const struct chg_cdr_state *record = &work->plan->record.record;
	bool is_session = record->kind == CHG_CDR_SESSION;
	for (size_t i = 0; i < work->plan->done_count && work->record_id != 0; i++) {
		const struct chg_service_done *done = &work->plan->done[i];
		struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_done_add);
		chg_rows_bind(&chg_rows_done, stmt, done);
		chg_stmt_i64(stmt, CHG_N_cdr_id, work->record_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, is_session ? record->entry_count : 0);
		chg_stmt_i64(stmt, CHG_N_ordinal, (int64_t)i + 1);
		chg_stmt_text(stmt, CHG_N_rule_name, rule_name(tariff, done));
		enum chg_rc rc = chg_stmt_run(stmt);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* Who paid for the record, and how much. */
static enum chg_rc charge_write(const struct work *work)
{
	int64_t cost = 0;
	if (!work->plan->has_account || work->cdr_id == 0)
		return CHG_OK;
	for (size_t i = 0; i < work->plan->done_count; i++)
		cost += work->plan->done[i].cost.micros;
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_charge_add);
	chg_stmt_i64(stmt, CHG_N_cdr_id, work->cdr_id);
	chg_stmt_i64(stmt, CHG_N_account_id, work->plan->account.account_id);
	chg_stmt_i64(stmt, CHG_N_currency, work->plan->account.currency.number);
	chg_stmt_i64(stmt, CHG_N_cost_micros, cost);
	return chg_stmt_run(stmt);
}

static enum chg_rc suspense_add(const struct work *work)
{
	char used[CHG_UNITS_JSON_MAX];
	if (!work->plan->suspense.is_present)
		return CHG_OK;
	struct chg_view text = { .ptr = used,
		.len = chg_units_json(&work->plan->suspense.used, used) };
	const struct chg_party *key = &work->ccr->identity[0].key;
	struct chg_view identity = { .ptr = key->bytes, .len = key->len };
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_suspense_add);
	chg_stmt_i64(stmt, CHG_N_at_us, work->now.wall.us);
	chg_stmt_i64(stmt, CHG_N_origin_host_id, work->host.id);
	chg_stmt_text(stmt, CHG_N_session_id, work->ccr->data.session_id);
	chg_stmt_text(stmt, CHG_N_identity,
		work->ccr->identity_count > 0 ? identity : (struct chg_view){ 0 });
	chg_stmt_text(stmt, CHG_N_used, text);
	return chg_stmt_run(stmt);
}

static enum chg_rc answer_add(const struct work *work, struct chg_view answer)
{
	const struct chg_acr *acr = &work->ccr->data;
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	if (!work->plan->keeps_answer)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_answer_add);
	chg_sqlite_bind_session(stmt, work->host.id, acr, &sub);
	chg_stmt_i64(stmt, CHG_N_record_number, acr->number);
	chg_stmt_i64(stmt, CHG_N_record_type, acr->type);
	chg_stmt_blob(stmt, CHG_N_digest,
		(struct chg_view){
			.ptr = (const char *)acr->digest.bytes, .len = sizeof acr->digest.bytes });
	chg_stmt_blob(stmt, CHG_N_answer,
		(struct chg_view){ .ptr = answer.len > 0 ? answer.ptr : "", .len = answer.len });
	chg_stmt_i64(stmt, CHG_N_received_us, work->now.wall.us);
	return chg_stmt_run(stmt);
}

/* The record first, since all that follows names it. */
static enum chg_rc apply(struct work *work, const struct chg_tariff *tariff, struct chg_view answer)
{
	assert(work->plan->entry_count == 0 || work->plan->has_account);
	enum chg_rc rc = chg_sqlite_apply_record(work->sqlite, online, work->now, &work->ccr->data,
		&work->plan->record, &work->host, &work->record_id);
	work->cdr_id = work->record_id != 0 ? work->record_id : work->plan->session.cdr_id;
	if (rc == CHG_OK)
		rc = account_write(work);
	if (rc == CHG_OK)
		rc = session_write(work);
	if (rc == CHG_OK)
		rc = dones_add(work, tariff);
	if (rc == CHG_OK)
		rc = charge_write(work);
	if (rc == CHG_OK)
		rc = suspense_add(work);
	return rc == CHG_OK ? answer_add(work, answer) : rc;
}

enum chg_rc chg_sqlite_books_apply(void *self, struct chg_now now, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, const struct chg_tariff *tariff, struct chg_view answer)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	if (plan->is_replay)
		return CHG_OK;
	struct work work = { .sqlite = sqlite, .now = now, .ccr = ccr, .plan = plan };
	return chg_sqlite_remember(sqlite, apply(&work, tariff, answer));
}

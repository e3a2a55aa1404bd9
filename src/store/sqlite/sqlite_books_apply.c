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
	int64_t cdr_id;     /* that what is charged belongs to; 0 none */
	int64_t record_id;  /* that this request went into; 0 none */
	int64_t posting_id; /* that this request came to; 0 none */
};

static enum chg_rc posting_write(struct work *work, struct chg_payer *payer)
{
	const struct chg_cc_plan *plan = work->plan;
	struct chg_posting posting = {
		.at = work->now.wall,
		.kind = plan->posting,
		.is_event = plan->posting == CHG_POSTING_DEBIT && work->ccr->type == CHG_CC_EVENT,
		.cdr_id = work->cdr_id,
		.refunds = plan->refunds,
	};
	return chg_sqlite_post(
		work->sqlite, &posting, plan->entry, plan->entry_count, payer, &work->posting_id);
}

/* The account was read when the request was loaded, and is still at hand then. */
static enum chg_rc account_write(struct work *work)
{
	const struct chg_cc_plan *plan = work->plan;
	struct chg_payer *payer = &work->sqlite->payer;
	bool is_there;
	if (!plan->has_account)
		return CHG_OK;
	enum chg_rc rc =
		chg_sqlite_payer_read(work->sqlite, plan->account.account_id, payer, &is_there);
	if (rc != CHG_OK)
		return rc;
	assert(is_there);
	if (plan->entry_count > 0)
		rc = posting_write(work, payer);
	return rc == CHG_OK ? chg_sqlite_payer_write(work->sqlite, payer, &plan->account) : rc;
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

static enum chg_rc session_insert(const struct work *work, const struct chg_cc_session *session)
{
	enum chg_rc rc = tombstone_drop(work);
	if (rc != CHG_OK)
		return rc;
	struct chg_sub_session sub = chg_sub_session_write(work->ccr->data.sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_cc_session_add);
	chg_rows_bind(&chg_rows_session, stmt, session);
	chg_sqlite_bind_session(stmt, work->host.id, &work->ccr->data, &sub);
	chg_stmt_text(stmt, CHG_N_services, chg_services_write(session, work->sqlite->services));
	return chg_stmt_run(stmt);
}

static enum chg_rc session_write(const struct work *work)
{
	/* 20 KiB, of which few are in use. */
	struct chg_cc_session *session = &work->sqlite->session;
	if (work->plan->session_step == CHG_STEP_NONE)
		return CHG_OK;
	chg_cc_session_copy(session, &work->plan->session);
	if (session->cdr_id == 0)
		session->cdr_id = work->cdr_id;
	switch (work->plan->session_step) {
	case CHG_STEP_INSERT:
		return session_insert(work, session);
	case CHG_STEP_UPDATE:
		return chg_sqlite_session_write(work->sqlite, session);
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
		if (i == 0 && work->posting_id != 0)
			chg_stmt_i64(stmt, CHG_N_posting_id, work->posting_id);
		else
			chg_stmt_null(stmt, CHG_N_posting_id);
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
	if (!work->plan->keeps_answer)
		return CHG_OK;
	return chg_sqlite_answer_add(
		work->sqlite, work->now, work->host.id, &work->ccr->data, answer);
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

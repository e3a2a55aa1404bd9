/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: what a plan of CH-2 writes.
 */
#include <string.h>

#include "core/units_json.h"
#include "store/sqlite/sqlite_private.h"

/* What all parts of one plan need. */
struct work {
	struct chg_sqlite *sqlite;
	struct chg_now now;
	const struct chg_ccr *ccr;
	const struct chg_cc_plan *plan;
	struct chg_host host;
	struct chg_charged charged;
	struct chg_recent_key key; /* of the session; none for an event */
	int64_t cdr_id;            /* that what is charged belongs to; 0 none */
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
	int64_t posting_id;
	enum chg_rc rc = chg_sqlite_post(
		work->sqlite, &posting, plan->entry, plan->entry_count, payer, &posting_id);
	assert(rc != CHG_OK || posting_id == work->charged.posting_id);
	return rc;
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

static enum chg_rc session_insert(const struct work *work, struct chg_cc_session *session)
{
	struct chg_sqlite *sqlite = work->sqlite;
	struct chg_newcomer newcomer =
		chg_sqlite_newcomer(sqlite, &work->ccr->data, work->key.hash);
	enum chg_rc rc = newcomer.has_no_session ? CHG_OK : tombstone_drop(work);
	if (rc != CHG_OK)
		return rc;
	if (work->ccr->data.sub_session_id.is_present)
		chg_sqlite_has_sub(sqlite, work->host.id, &work->ccr->data, true);
	struct chg_sub_session sub = chg_sub_session_write(work->ccr->data.sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(work->sqlite, CHG_Q_cc_session_add);
	chg_rows_bind(&chg_rows_session, stmt, session);
	chg_sqlite_bind_session(stmt, work->host.id, &work->ccr->data, &sub);
	chg_stmt_text(stmt, CHG_N_services, chg_services_write(session, sqlite->services));
	rc = chg_stmt_run(stmt);
	session->cc_session_id = sqlite3_last_insert_rowid(sqlite->db);
	sqlite->watched_id = session->cc_session_id;
	sqlite->watched_at = session->until;
	return rc;
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

/* What is kept of a session is a record and a session that a request has written both. */
static void keep(const struct work *work)
{
	struct chg_sqlite *sqlite = work->sqlite;
	const struct chg_cc_plan *plan = work->plan;
	if (work->ccr->type == CHG_CC_EVENT)
		return;
	if (plan->record.step != CHG_STEP_NONE && plan->session_step != CHG_STEP_NONE)
		chg_sqlite_recent_keep(sqlite, &work->key, &sqlite->session);
	else
		chg_recents_forget(&sqlite->recents, &work->key);
}

/* What the record has to say of this request: all of it is known before the record is written. */
static enum chg_rc charged_prepare(struct work *work, const struct chg_tariff *tariff)
{
	const struct chg_cc_plan *plan = work->plan;
	struct chg_charged *charged = &work->charged;
	*charged = (struct chg_charged){ .account = plan->has_account ? &plan->account : NULL };
	charged->services =
		chg_dones_write(plan->done, plan->done_count, tariff, work->sqlite->dones);
	for (size_t i = 0; i < plan->done_count; i++)
		charged->cost.micros += plan->done[i].cost.micros;
	if (plan->entry_count == 0)
		return CHG_OK;
	return chg_sqlite_sequence_peek(
		work->sqlite, &work->sqlite->posting_id, &charged->posting_id);
}

/*
 * The record first, since all that follows names it.  Nothing is charged without one: a request that
 * writes none, such as an INITIAL of a session that is there, moves nothing.
 */
static enum chg_rc apply(struct work *work, const struct chg_tariff *tariff, struct chg_view answer)
{
	const struct chg_cc_plan *plan = work->plan;
	int64_t record_id = 0;
	assert(plan->entry_count == 0 || plan->has_account);
	enum chg_rc rc = charged_prepare(work, tariff);
	assert(plan->entry_count == 0 || plan->record.step != CHG_STEP_NONE);
	assert(work->charged.cost.micros == 0 || plan->record.step != CHG_STEP_NONE);
	if (rc == CHG_OK)
		rc = chg_sqlite_apply_record(work->sqlite, work->now, &work->ccr->data,
			&plan->record, &work->charged, &work->host, &record_id);
	if (work->ccr->type != CHG_CC_EVENT)
		work->key = chg_recent_key_of(&work->ccr->data, work->host.id, true);
	work->cdr_id = record_id != 0 ? record_id : plan->session.cdr_id;
	if (rc == CHG_OK)
		rc = account_write(work);
	if (rc == CHG_OK)
		rc = session_write(work);
	if (rc == CHG_OK)
		rc = suspense_add(work);
	if (rc == CHG_OK)
		rc = answer_add(work, answer);
	if (rc == CHG_OK)
		keep(work);
	return rc;
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

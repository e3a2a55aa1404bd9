/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: what a request has to know, and what time does.
 */
#include <stdlib.h>
#include <string.h>

#include "core/accounting.h"
#include "core/refund.h"
#include "store/sqlite/sqlite_private.h"

enum {
	MOVED_MAX = 1000, /* sessions that are put off in one go */
};

static const struct chg_view online = { .ptr = "CH-2", .len = 4 };

enum chg_rc chg_sqlite_keep(struct chg_sqlite *sqlite, struct chg_view bytes, struct chg_view *ret)
{
	struct chg_kept *kept = malloc(sizeof *kept + bytes.len + 1);
	if (kept == NULL)
		return CHG_E_NO_MEMORY;
	if (bytes.len > 0)
		memcpy(kept->bytes, bytes.ptr, bytes.len);
	kept->next = sqlite->kept;
	sqlite->kept = kept;
	*ret = (struct chg_view){ .ptr = kept->bytes, .len = bytes.len };
	return CHG_OK;
}

void chg_sqlite_forget_kept(struct chg_sqlite *sqlite)
{
	while (sqlite->kept != NULL) {
		struct chg_kept *kept = sqlite->kept;
		sqlite->kept = kept->next;
		free(kept);
	}
}

/* ---- Sessions ---- */

enum chg_rc chg_sqlite_session_read(
	struct chg_sqlite *sqlite, struct chg_stmt *stmt, struct chg_cc_session *ret, bool *ret_row)
{
	*ret_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc != CHG_OK || !*ret_row)
		return rc;
	int column = (int)chg_rows_session.count;
	chg_cc_session_clear(ret);
	chg_rows_read(&chg_rows_session, stmt, ret);
	rc = chg_services_read(chg_stmt_column_text(stmt, column), ret);
	sqlite->watched_id = ret->cc_session_id;
	sqlite->watched_at.us = sqlite3_column_int64(stmt->handle, column + 1);
	chg_stmt_reset(stmt);
	return rc;
}

static enum chg_rc session_look_at(
	struct chg_sqlite *sqlite, int64_t cc_session_id, chg_instant look_at)
{
	chg_recents_forget_session(&sqlite->recents, cc_session_id);
	sqlite->watched_id = cc_session_id;
	sqlite->watched_at = look_at;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_look_at);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	chg_stmt_i64(stmt, CHG_N_look_at_us, look_at.us);
	return chg_stmt_run(stmt);
}

/*
 * A session that goes on is looked at when it was to be, and only then the time is moved: its index
 * is not touched by a request.  A session that ends may be over sooner.
 */
enum chg_rc chg_sqlite_session_write(
	struct chg_sqlite *sqlite, const struct chg_cc_session *session)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_put);
	chg_recents_forget_session(&sqlite->recents, session->cc_session_id);
	chg_rows_bind(&chg_rows_session, stmt, session);
	chg_stmt_text(stmt, CHG_N_services, chg_services_write(session, sqlite->services));
	enum chg_rc rc = chg_stmt_run(stmt);
	bool is_later = sqlite->watched_id == session->cc_session_id &&
			!chg_instant_before(session->until, sqlite->watched_at);
	if (rc != CHG_OK || is_later)
		return rc;
	return session_look_at(sqlite, session->cc_session_id, session->until);
}

enum chg_rc chg_sqlite_session_delete(struct chg_sqlite *sqlite, int64_t cc_session_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_delete);
	chg_recents_forget_session(&sqlite->recents, cc_session_id);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	return chg_stmt_run(stmt);
}

/* ---- What is known ---- */

/* An event touches no session. */
static enum chg_rc load_session(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	if (ccr->type == CHG_CC_EVENT)
		return CHG_OK;
	if (asked->recent != NULL &&
		chg_recent_session(asked->recent, &facts->session, &sqlite->watched_at)) {
		sqlite->watched_id = facts->session.cc_session_id;
		facts->has_session = true;
		return CHG_OK;
	}
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_get);
	struct chg_sub_session sub = chg_sub_session_write(ccr->data.sub_session_id);
	chg_sqlite_bind_session(stmt, host_id, &ccr->data, &sub);
	enum chg_rc rc =
		chg_sqlite_session_read(sqlite, stmt, &facts->session, &facts->has_session);
	sqlite->newcomer.has_no_session = rc == CHG_OK && !facts->has_session;
	return rc;
}

/* The session's account, else that of the first identity that has one; the others must agree. */
static enum chg_rc load_account(
	struct chg_sqlite *sqlite, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	int64_t account_id = facts->session.account_id;
	for (size_t i = 0; i < ccr->identity_count; i++) {
		const struct chg_party *key = &ccr->identity[i].key;
		int64_t found;
		enum chg_rc rc = chg_sqlite_account_by_key(
			sqlite, (struct chg_view){ .ptr = key->bytes, .len = key->len }, &found);
		if (rc != CHG_OK)
			return rc;
		if (account_id == 0)
			account_id = found;
		facts->has_conflict |= found != 0 && found != account_id;
	}
	if (account_id == 0)
		return CHG_OK;
	return chg_sqlite_account_read(sqlite, account_id, &facts->account, &facts->has_account);
}

/* What was debited, from where; several buckets: the main one. */
static enum chg_rc read_debit(
	struct chg_sqlite *sqlite, int64_t posting_id, struct chg_refundable *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_debit_list);
	bool is_one = true, has_row = true;
	*ret = (struct chg_refundable){ .posting_id = posting_id };
	chg_stmt_i64(stmt, CHG_N_ledger_id, posting_id * CHG_POSTING_LINES);
	while (has_row) {
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK)
			return rc;
		if (!has_row)
			break;
		int64_t bucket_id = sqlite3_column_int64(stmt->handle, 1);
		is_one &= ret->bucket_id == 0 || ret->bucket_id == bucket_id;
		ret->account_id = sqlite3_column_int64(stmt->handle, 0);
		ret->bucket_id = bucket_id;
		ret->left.micros -= sqlite3_column_int64(stmt->handle, 2);
	}
	ret->is_known = ret->left.micros > 0;
	if (is_one || !ret->is_known)
		return CHG_OK;
	stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_main);
	chg_stmt_i64(stmt, CHG_N_account_id, ret->account_id);
	return chg_sqlite_number(stmt, &ret->bucket_id);
}

/* What may still be paid back is what was debited less what was paid back. */
static enum chg_rc load_refundable(
	struct chg_sqlite *sqlite, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	int64_t posting_id, refunded;
	struct chg_refundable debit;
	if (ccr->service_count == 0 ||
		chg_refund_handle_read(ccr->service[0].refund_information, &posting_id) != CHG_OK ||
		posting_id > INT64_MAX / CHG_POSTING_LINES - 1)
		return CHG_OK;
	enum chg_rc rc = read_debit(sqlite, posting_id, &debit);
	if (rc != CHG_OK || !debit.is_known)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_debit_refunded);
	chg_stmt_i64(stmt, CHG_N_posting_id, posting_id);
	rc = chg_sqlite_number(stmt, &refunded);
	debit.left.micros -= refunded;
	if (rc == CHG_OK)
		facts->refundable = debit;
	return rc;
}

/* A session names its record. */
static enum chg_rc load_of_peer(struct chg_sqlite *sqlite, const struct chg_host *host,
	const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	struct chg_asked asked = chg_sqlite_asked(sqlite, online, host->id, &ccr->data);
	enum chg_rc rc = chg_sqlite_answer_load(sqlite, &asked, host->id, &ccr->data, facts);
	if (rc == CHG_OK)
		rc = load_session(sqlite, &asked, host->id, ccr, facts);
	if (rc == CHG_OK)
		rc = chg_sqlite_load_record(
			sqlite, &asked, host, &ccr->data, facts->session.cdr_id, &facts->record);
	return rc;
}

static enum chg_rc load_facts(
	struct chg_sqlite *sqlite, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	struct chg_host host;
	enum chg_rc rc = chg_sqlite_host_find(sqlite, ccr->data.origin_host, &host);
	if (rc == CHG_OK && host.id != 0)
		rc = load_of_peer(sqlite, &host, ccr, facts);
	if (rc == CHG_OK)
		rc = load_account(sqlite, ccr, facts);
	if (rc == CHG_OK)
		rc = load_refundable(sqlite, ccr, facts);
	if (rc == CHG_OK)
		rc = chg_sqlite_sequence_peek(sqlite, &sqlite->posting_id, &facts->next_posting_id);
	return rc;
}

static enum chg_rc load(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	chg_cc_facts_clear(ret);
	return chg_sqlite_remember(sqlite, load_facts(sqlite, ccr, ret));
}

static enum chg_rc next_posting_id(void *self, int64_t *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	return chg_sqlite_remember(
		sqlite, chg_sqlite_sequence_peek(sqlite, &sqlite->posting_id, ret));
}

/* ---- What time does ---- */

static enum chg_rc next_deadline(void *self, chg_opt_instant *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_deadline_first);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return chg_sqlite_remember(sqlite, rc);
	*ret = (chg_opt_instant){ .is_present = has_row };
	if (has_row) {
		ret->value.us = sqlite3_column_int64(stmt->handle, 0);
		chg_stmt_reset(stmt);
	}
	return CHG_OK;
}

/* A session's record, if it is still open. */
static enum chg_rc read_open_record(
	struct chg_sqlite *sqlite, int64_t cdr_id, bool *ret_open, struct chg_cdr_state *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_state);
	bool has_row;
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_sqlite_read_state(stmt, &has_row, ret);
	*ret_open = rc == CHG_OK && has_row && ret->status == CHG_CDR_OPEN;
	return rc;
}

/*
 * A record that is closed already stays as it is.  `end` is the request that ends the session above
 * this one; NULL: nobody ended it.
 */
static enum chg_rc session_end(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_cc_session *session,
	const struct chg_acr *end)
{
	static const struct chg_cdr_state none = { .kind = CHG_CDR_SESSION,
		.status = CHG_CDR_OPEN };
	struct chg_cc_session after;
	struct chg_account account_after;
	struct chg_cdr_state record, record_after;
	struct chg_payer *payer = &sqlite->payer;
	bool is_open, has_account = false;
	enum chg_rc rc = read_open_record(sqlite, session->cdr_id, &is_open, &record);
	if (rc == CHG_OK)
		rc = chg_sqlite_payer_read(sqlite, session->account_id, payer, &has_account);
	if (rc != CHG_OK)
		return rc;
	if (!has_account)
		payer->account = (struct chg_account){ 0 };
	chg_credit_expire(session, &payer->account, is_open ? &record : &none, policy, now, &after,
		&account_after, &record_after);
	if (is_open && end != NULL)
		record_after = chg_accounting_close_below(&record, end, now);
	if (has_account)
		rc = chg_sqlite_payer_write(sqlite, payer, &account_after);
	if (rc == CHG_OK && is_open)
		rc = chg_sqlite_state_write(sqlite, record_after);
	return rc == CHG_OK ? chg_sqlite_session_write(sqlite, &after) : rc;
}

/* The session that is to be looked at first, if it is to be by now. */
static enum chg_rc first_due(
	struct chg_sqlite *sqlite, struct chg_now now, struct chg_cc_session *ret, bool *ret_row)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_due);
	chg_stmt_i64(stmt, CHG_N_until_us, now.steady.us);
	return chg_sqlite_session_read(sqlite, stmt, ret, ret_row);
}

static enum chg_rc session_is_over(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_cc_session *session, uint32_t *ended)
{
	if (session->status != CHG_CC_OPEN)
		return chg_sqlite_session_delete(sqlite, session->cc_session_id);
	++*ended;
	return session_end(sqlite, now, policy, session, NULL);
}

/*
 * The session that stands first has the earliest `until` of all once that is when it is looked at,
 * since no `until` is before its look.  One that went on meanwhile is moved to its place.
 */
static enum chg_rc expire_due(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	uint32_t max, uint32_t *ret_ended)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_cc_session *session = &sqlite->session;
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t ended = 0, moved = 0;
	enum chg_rc rc = CHG_OK;
	for (uint32_t i = 0; i < max && moved < MOVED_MAX && rc == CHG_OK;) {
		bool has_row;
		rc = first_due(sqlite, now, session, &has_row);
		if (rc != CHG_OK || !has_row)
			break;
		if (session->until.us != sqlite->watched_at.us) {
			rc = session_look_at(sqlite, session->cc_session_id, session->until);
			moved++;
			continue;
		}
		rc = session_is_over(sqlite, now, policy, session, &ended);
		i++;
	}
	if (rc == CHG_OK)
		*ret_ended = ended;
	return chg_sqlite_remember(sqlite, rc);
}

static enum chg_rc end_older_of(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_cc_policy *policy, int64_t host_id, uint32_t origin_state_id,
	uint32_t *ended)
{
	for (;;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_next_older);
		struct chg_cc_session session;
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_origin_host_id, host_id);
		chg_stmt_i64(stmt, CHG_N_origin_state_id, origin_state_id);
		enum chg_rc rc = chg_sqlite_session_read(sqlite, stmt, &session, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		rc = session_end(sqlite, now, policy, &session, NULL);
		if (rc != CHG_OK)
			return rc;
		++*ended;
	}
}

static enum chg_rc end_older(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	struct chg_view origin_host, uint32_t origin_state_id, uint32_t *ret_ended)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	struct chg_host host;
	uint32_t ended = 0;
	enum chg_rc rc = chg_sqlite_host_find(sqlite, origin_host, &host);
	if (rc == CHG_OK && host.id != 0)
		rc = end_older_of(sqlite, now, policy, host.id, origin_state_id, &ended);
	if (rc == CHG_OK)
		*ret_ended = ended;
	return chg_sqlite_remember(sqlite, rc);
}

static enum chg_rc end_below(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_cc_policy *policy, int64_t host_id, const struct chg_acr *end,
	uint32_t *ended)
{
	struct chg_sub_session sub = { .len = 0 };
	for (;;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_sub_session_next);
		struct chg_cc_session session;
		bool has_row = false;
		chg_sqlite_bind_session(stmt, host_id, end, &sub);
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		sub = chg_sub_session_write(chg_sub_session_read(chg_stmt_column_text(stmt, 0)));
		chg_stmt_reset(stmt);

		stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_get);
		chg_sqlite_bind_session(stmt, host_id, end, &sub);
		rc = chg_sqlite_session_read(sqlite, stmt, &session, &has_row);
		if (rc == CHG_OK && (!has_row || session.status != CHG_CC_OPEN))
			return CHG_E_STORE_CORRUPT;
		if (rc == CHG_OK)
			rc = session_end(sqlite, now, policy, &session, end);
		if (rc != CHG_OK)
			return rc;
		++*ended;
	}
}

/* A session that is kept may say itself that there is nothing below it. */
static bool has_none_below(
	const struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr)
{
	struct chg_recent_key key = chg_recent_key_of(acr, host_id, true);
	const struct chg_recent *recent = chg_recents_find(&sqlite->recents, &key);
	return recent != NULL && chg_recent_record(recent)->has_no_sub;
}

static enum chg_rc end_sub_sessions(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_ccr *ccr, uint32_t *ret_ended)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	struct chg_host host;
	uint32_t ended = 0;
	enum chg_rc rc = chg_sqlite_host_find(sqlite, ccr->data.origin_host, &host);
	if (rc == CHG_OK && host.id != 0 && !has_none_below(sqlite, host.id, &ccr->data))
		rc = end_below(sqlite, now, policy, host.id, &ccr->data, &ended);
	if (rc == CHG_OK)
		*ret_ended = ended;
	return chg_sqlite_remember(sqlite, rc);
}

const struct chg_books_ops chg_sqlite_books = {
	.load = load,
	.next_posting_id = next_posting_id,
	.apply = chg_sqlite_books_apply,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.end_older = end_older,
	.end_sub_sessions = end_sub_sessions,
	.forget_answers = chg_sqlite_forget_answers,
	.account_add = chg_sqlite_account_add,
	.account_set_status = chg_sqlite_account_set_status,
	.bucket_add = chg_sqlite_bucket_add,
	.post = chg_sqlite_post_by_hand,
	.tariff_add = chg_sqlite_tariff_add,
	.suspense_post = chg_sqlite_suspense_post,
	.account_find = chg_sqlite_account_find,
	.account_scan = chg_sqlite_account_scan,
	.ledger_scan = chg_sqlite_ledger_scan,
	.suspense_scan = chg_sqlite_suspense_scan,
	.tariff_scan = chg_sqlite_tariff_scan,
	.done_scan = chg_sqlite_done_scan,
	.verify = chg_sqlite_verify,
};

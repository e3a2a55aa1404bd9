/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: what a request has to know, and what time does.
 */
#include <stdlib.h>
#include <string.h>

#include "core/accounting.h"
#include "core/refund.h"
#include "store/sqlite/sqlite_private.h"

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

static enum chg_rc read_services(struct chg_sqlite *sqlite, struct chg_cc_session *session)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_service_list);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, session->cc_session_id);
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		if (session->service_count == CHG_SERVICE_MAX) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
		struct chg_cc_service *service = &session->service[session->service_count++];
		*service = (struct chg_cc_service){ 0 };
		chg_rows_read(&chg_rows_service, stmt, service);
	}
}

/* False: there is no such service, or it holds too many already. */
static bool add_hold(
	struct chg_cc_session *session, int64_t service_no, int64_t bucket_id, int64_t amount)
{
	if (service_no < 1 || (uint64_t)service_no > session->service_count)
		return false;
	struct chg_cc_service *service = &session->service[service_no - 1];
	if (service->hold_count == CHG_HOLD_MAX)
		return false;
	service->hold[service->hold_count++] = (struct chg_hold){ bucket_id, amount };
	return true;
}

static enum chg_rc read_holds(struct chg_sqlite *sqlite, struct chg_cc_session *session)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_hold_list);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, session->cc_session_id);
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		if (!add_hold(session, sqlite3_column_int64(stmt->handle, 0),
			    sqlite3_column_int64(stmt->handle, 1),
			    sqlite3_column_int64(stmt->handle, 2))) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
	}
}

enum chg_rc chg_sqlite_session_read(
	struct chg_sqlite *sqlite, struct chg_stmt *stmt, struct chg_cc_session *ret, bool *ret_row)
{
	*ret_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc != CHG_OK || !*ret_row)
		return rc;
	chg_cc_session_clear(ret);
	chg_rows_read(&chg_rows_session, stmt, ret);
	chg_stmt_reset(stmt);
	rc = read_services(sqlite, ret);
	return rc == CHG_OK ? read_holds(sqlite, ret) : rc;
}

static enum chg_rc write_hold(struct chg_sqlite *sqlite, int64_t cc_session_id, size_t service,
	size_t index, const struct chg_hold *hold)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_hold_add);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	chg_stmt_i64(stmt, CHG_N_service_no, (int64_t)service + 1);
	chg_stmt_i64(stmt, CHG_N_hold_no, (int64_t)index + 1);
	chg_stmt_i64(stmt, CHG_N_bucket_id, hold->bucket_id);
	chg_stmt_i64(stmt, CHG_N_amount, hold->amount);
	return chg_stmt_run(stmt);
}

static enum chg_rc write_service(
	struct chg_sqlite *sqlite, const struct chg_cc_session *session, size_t index)
{
	const struct chg_cc_service *service = &session->service[index];
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_service_put);
	chg_rows_bind(&chg_rows_service, stmt, service);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, session->cc_session_id);
	chg_stmt_i64(stmt, CHG_N_service_no, (int64_t)index + 1);
	enum chg_rc rc = chg_stmt_run(stmt);
	for (size_t i = 0; i < service->hold_count && rc == CHG_OK; i++)
		rc = write_hold(sqlite, session->cc_session_id, index, i, &service->hold[i]);
	return rc;
}

/* Forgets what the session holds, and its services from a place on. */
static enum chg_rc drop_parts(
	struct chg_sqlite *sqlite, int64_t cc_session_id, size_t services_that_stay)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_hold_delete);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc != CHG_OK)
		return rc;
	stmt = chg_sqlite_query(sqlite, CHG_Q_cc_service_delete);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	chg_stmt_i64(stmt, CHG_N_service_no, (int64_t)services_that_stay);
	return chg_stmt_run(stmt);
}

enum chg_rc chg_sqlite_session_write(
	struct chg_sqlite *sqlite, const struct chg_cc_session *session)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_put);
	chg_rows_bind(&chg_rows_session, stmt, session);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc == CHG_OK)
		rc = drop_parts(sqlite, session->cc_session_id, session->service_count);
	for (size_t i = 0; i < session->service_count && rc == CHG_OK; i++)
		rc = write_service(sqlite, session, i);
	return rc;
}

enum chg_rc chg_sqlite_session_delete(struct chg_sqlite *sqlite, int64_t cc_session_id)
{
	enum chg_rc rc = drop_parts(sqlite, cc_session_id, 0);
	if (rc != CHG_OK)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_delete);
	chg_stmt_i64(stmt, CHG_N_cc_session_id, cc_session_id);
	return chg_stmt_run(stmt);
}

/* ---- What is known ---- */

static enum chg_rc load_answer(struct chg_sqlite *sqlite, int64_t host_id,
	const struct chg_acr *acr, struct chg_cc_facts *facts)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_get);
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	bool has_row = false;
	chg_sqlite_bind_session(stmt, host_id, acr, &sub);
	chg_stmt_i64(stmt, CHG_N_record_number, acr->number);
	chg_stmt_i64(stmt, CHG_N_record_type, acr->type);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	const void *digest = sqlite3_column_blob(stmt->handle, 0);
	bool is_same = sqlite3_column_bytes(stmt->handle, 0) == sizeof acr->digest.bytes &&
		       memcmp(digest, acr->digest.bytes, sizeof acr->digest.bytes) == 0;
	facts->seen = is_same ? CHG_SEEN_SAME : CHG_SEEN_OTHER;
	struct chg_view answer = { .ptr = sqlite3_column_blob(stmt->handle, 1),
		.len = (size_t)sqlite3_column_bytes(stmt->handle, 1) };
	rc = chg_sqlite_keep(sqlite, answer, &facts->kept_answer);
	chg_stmt_reset(stmt);
	return rc;
}

/* An event touches no session. */
static enum chg_rc load_session(struct chg_sqlite *sqlite, int64_t host_id,
	const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	if (ccr->type == CHG_CC_EVENT)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_get);
	struct chg_sub_session sub = chg_sub_session_write(ccr->data.sub_session_id);
	chg_sqlite_bind_session(stmt, host_id, &ccr->data, &sub);
	return chg_sqlite_session_read(sqlite, stmt, &facts->session, &facts->has_session);
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

static enum chg_rc load_refundable(
	struct chg_sqlite *sqlite, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	int64_t posting_id;
	if (ccr->service_count == 0 ||
		chg_refund_handle_read(ccr->service[0].refund_information, &posting_id) != CHG_OK)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_refundable_get);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_posting_id, posting_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	facts->refundable = (struct chg_refundable){
		.is_known = true,
		.posting_id = posting_id,
		.account_id = sqlite3_column_int64(stmt->handle, 1),
		.left.micros = sqlite3_column_int64(stmt->handle, 2),
		.bucket_id = sqlite3_column_int64(stmt->handle, 3),
	};
	chg_stmt_reset(stmt);
	return CHG_OK;
}

static enum chg_rc load_facts(
	struct chg_sqlite *sqlite, const struct chg_ccr *ccr, struct chg_cc_facts *facts)
{
	struct chg_host host;
	enum chg_rc rc = chg_sqlite_host_find(sqlite, ccr->data.origin_host, &host);
	if (rc == CHG_OK && host.id != 0)
		rc = load_answer(sqlite, host.id, &ccr->data, facts);
	if (rc == CHG_OK && host.id != 0)
		rc = load_session(sqlite, host.id, ccr, facts);
	if (rc == CHG_OK && host.id != 0)
		rc = chg_sqlite_load_record(sqlite, online, &host, &ccr->data, &facts->record);
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

static enum chg_rc write_reserves(struct chg_sqlite *sqlite, const struct chg_account *account)
{
	for (size_t i = 0; i < account->bucket_count; i++) {
		enum chg_rc rc = chg_sqlite_bucket_write(sqlite, &account->bucket[i]);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
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
	struct chg_account account = { 0 }, account_after;
	struct chg_cdr_state record, record_after;
	bool is_open, has_account;
	enum chg_rc rc = read_open_record(sqlite, session->cdr_id, &is_open, &record);
	if (rc == CHG_OK)
		rc = chg_sqlite_account_read(sqlite, session->account_id, &account, &has_account);
	if (rc != CHG_OK)
		return rc;
	chg_credit_expire(session, &account, is_open ? &record : &none, policy, now, &after,
		&account_after, &record_after);
	if (is_open && end != NULL)
		record_after = chg_accounting_close_below(&record, end, now);
	rc = write_reserves(sqlite, &account_after);
	if (rc == CHG_OK && is_open)
		rc = chg_sqlite_state_write(sqlite, record_after);
	return rc == CHG_OK ? chg_sqlite_session_write(sqlite, &after) : rc;
}

static enum chg_rc expire_due(void *self, struct chg_now now, const struct chg_cc_policy *policy,
	uint32_t max, uint32_t *ret_ended)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t ended = 0;
	for (uint32_t i = 0; i < max; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cc_session_due);
		struct chg_cc_session session;
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_until_us, now.steady.us);
		enum chg_rc rc = chg_sqlite_session_read(sqlite, stmt, &session, &has_row);
		if (rc == CHG_OK && !has_row)
			break;
		bool is_open = rc == CHG_OK && session.status == CHG_CC_OPEN;
		if (is_open)
			rc = session_end(sqlite, now, policy, &session, NULL);
		else if (rc == CHG_OK)
			rc = chg_sqlite_session_delete(sqlite, session.cc_session_id);
		if (rc != CHG_OK)
			return chg_sqlite_remember(sqlite, rc);
		ended += is_open;
	}
	*ret_ended = ended;
	return CHG_OK;
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
	if (rc == CHG_OK && host.id != 0)
		rc = end_below(sqlite, now, policy, host.id, &ccr->data, &ended);
	if (rc == CHG_OK)
		*ret_ended = ended;
	return chg_sqlite_remember(sqlite, rc);
}

/* Forgets the oldest answer if its request came before; its texts live until `oldest` is reset. */
static enum chg_rc forget_one(struct chg_sqlite *sqlite, chg_instant before, bool *ret_done)
{
	struct chg_stmt *oldest = chg_sqlite_query(sqlite, CHG_Q_answer_oldest);
	struct chg_stmt *delete = chg_sqlite_query(sqlite, CHG_Q_answer_delete);
	bool has_row = false;
	chg_stmt_i64(oldest, CHG_N_received_us, before.us);
	enum chg_rc rc = chg_stmt_step(oldest, &has_row);
	*ret_done = !has_row;
	if (rc != CHG_OK || !has_row)
		return rc;
	chg_stmt_i64(delete, CHG_N_origin_host_id, sqlite3_column_int64(oldest->handle, 0));
	chg_stmt_text(delete, CHG_N_session_id, chg_stmt_column_text(oldest, 1));
	chg_stmt_text(delete, CHG_N_sub_session, chg_stmt_column_text(oldest, 2));
	chg_stmt_i64(delete, CHG_N_record_number, sqlite3_column_int64(oldest->handle, 3));
	chg_stmt_i64(delete, CHG_N_record_type, sqlite3_column_int64(oldest->handle, 4));
	rc = chg_stmt_run(delete);
	chg_stmt_reset(oldest);
	return rc;
}

static enum chg_rc forget_answers(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t forgotten = 0;
	while (forgotten < max) {
		bool is_done;
		enum chg_rc rc = forget_one(sqlite, before, &is_done);
		if (rc != CHG_OK)
			return chg_sqlite_remember(sqlite, rc);
		if (is_done)
			break;
		forgotten++;
	}
	*ret_forgotten = forgotten;
	return CHG_OK;
}

const struct chg_books_ops chg_sqlite_books = {
	.load = load,
	.next_posting_id = next_posting_id,
	.apply = chg_sqlite_books_apply,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.end_older = end_older,
	.end_sub_sessions = end_sub_sessions,
	.forget_answers = forget_answers,
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

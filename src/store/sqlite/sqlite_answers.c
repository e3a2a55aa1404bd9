/* SPDX-License-Identifier: BSD-3-Clause
 * Answers that were given lately.
 *
 * They are kept in parts: an answer goes into the current one, and a part is forgotten whole, once
 * all of it is old enough.  When the first request of the current part is old enough, a new one
 * begins; then what is before the old one is older still.  So two parts are looked into, an answer is
 * known for as long as it has to be and about twice as long at most, and no answer needs an index by
 * time.
 */
#include <string.h>

#include "store/sqlite/sqlite_private.h"

static enum chg_rc parts_load(struct chg_sqlite *sqlite)
{
	struct chg_answer_parts *parts = &sqlite->answer_parts;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_epochs);
	if (parts->is_loaded)
		return CHG_OK;
	*parts = (struct chg_answer_parts){ 0 };
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		parts->is_loaded = rc == CHG_OK && !has_row;
		if (rc != CHG_OK || !has_row)
			return rc;
		int64_t epoch = sqlite3_column_int64(stmt->handle, 0);
		if (parts->current != 0) {
			parts->previous = epoch;
			continue;
		}
		parts->current = epoch;
		parts->began.is_present = sqlite3_column_type(stmt->handle, 1) != SQLITE_NULL;
		parts->began.value.us = sqlite3_column_int64(stmt->handle, 1);
	}
}

/* A part that nothing is in yet. */
static enum chg_rc part_add(struct chg_sqlite *sqlite)
{
	struct chg_answer_parts *parts = &sqlite->answer_parts;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_epoch_add);
	parts->previous = parts->current;
	parts->current++;
	parts->began = (chg_opt_instant){ 0 };
	chg_stmt_i64(stmt, CHG_N_epoch, parts->current);
	return chg_stmt_run(stmt);
}

static enum chg_rc part_begin(struct chg_sqlite *sqlite, chg_instant at)
{
	struct chg_answer_parts *parts = &sqlite->answer_parts;
	enum chg_rc rc = parts->current == 0 ? part_add(sqlite) : CHG_OK;
	if (rc != CHG_OK || parts->began.is_present)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_epoch_begin);
	chg_stmt_i64(stmt, CHG_N_epoch, parts->current);
	chg_stmt_i64(stmt, CHG_N_received_us, at.us);
	parts->began = (chg_opt_instant){ true, at };
	return chg_stmt_run(stmt);
}

static void bind_key(struct chg_stmt *stmt, int64_t epoch, int64_t host_id,
	const struct chg_acr *acr, const struct chg_sub_session *sub)
{
	chg_sqlite_bind_session(stmt, host_id, acr, sub);
	chg_stmt_i64(stmt, CHG_N_epoch, epoch);
	chg_stmt_i64(stmt, CHG_N_record_number, acr->number);
	chg_stmt_i64(stmt, CHG_N_record_type, acr->type);
}

static enum chg_rc answer_find(struct chg_sqlite *sqlite, int64_t epoch, int64_t host_id,
	const struct chg_acr *acr, struct chg_cc_facts *facts)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_get);
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	bool has_row = false;
	bind_key(stmt, epoch, host_id, acr, &sub);
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

/* Whether any answer to a request of the session is there. */
static enum chg_rc answer_any(struct chg_sqlite *sqlite, int64_t epoch, int64_t host_id,
	const struct chg_acr *acr, bool *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_any);
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	if (epoch == 0 || *ret)
		return CHG_OK;
	chg_sqlite_bind_session(stmt, host_id, acr, &sub);
	chg_stmt_i64(stmt, CHG_N_epoch, epoch);
	return chg_sqlite_gives_row(stmt, ret);
}

/* For the first request of a session: a look into each part tells whether there is any answer. */
static enum chg_rc answers_any(
	struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr, bool *ret)
{
	const struct chg_answer_parts *parts = &sqlite->answer_parts;
	*ret = false;
	enum chg_rc rc = answer_any(sqlite, parts->current, host_id, acr, ret);
	return rc == CHG_OK ? answer_any(sqlite, parts->previous, host_id, acr, ret) : rc;
}

/* Most requests are new; one that goes on with a session that is kept tells it by its number. */
enum chg_rc chg_sqlite_answer_load(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_acr *acr, struct chg_cc_facts *facts)
{
	const struct chg_answer_parts *parts = &sqlite->answer_parts;
	if (chg_sqlite_is_unheard(asked, acr))
		return CHG_OK;
	bool has_any = true;
	enum chg_rc rc = parts_load(sqlite);
	if (rc == CHG_OK && chg_sqlite_begins(asked, acr))
		rc = answers_any(sqlite, host_id, acr, &has_any);
	sqlite->newcomer.has_no_request = !has_any;
	if (rc == CHG_OK && has_any && parts->current != 0)
		rc = answer_find(sqlite, parts->current, host_id, acr, facts);
	if (rc == CHG_OK && has_any && facts->seen == CHG_SEEN_NEVER && parts->previous != 0)
		rc = answer_find(sqlite, parts->previous, host_id, acr, facts);
	return rc;
}

enum chg_rc chg_sqlite_answer_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	const struct chg_acr *acr, struct chg_view answer)
{
	enum chg_rc rc = parts_load(sqlite);
	if (rc == CHG_OK)
		rc = part_begin(sqlite, now.wall);
	if (rc != CHG_OK)
		return rc;
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_add);
	bind_key(stmt, sqlite->answer_parts.current, host_id, acr, &sub);
	chg_stmt_blob(stmt, CHG_N_digest,
		(struct chg_view){
			.ptr = (const char *)acr->digest.bytes, .len = sizeof acr->digest.bytes });
	chg_stmt_blob(stmt, CHG_N_answer,
		(struct chg_view){ .ptr = answer.len > 0 ? answer.ptr : "", .len = answer.len });
	return chg_stmt_run(stmt);
}

/* Takes a bite off what is before the parts that are looked into. */
static enum chg_rc bite(struct chg_sqlite *sqlite, uint32_t max, uint32_t *ret_forgotten)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_answer_forget);
	int64_t previous = sqlite->answer_parts.previous;
	chg_stmt_i64(stmt, CHG_N_epoch, previous);
	chg_stmt_i64(stmt, CHG_N_limit, max);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc != CHG_OK)
		return rc;
	*ret_forgotten = (uint32_t)sqlite3_changes(sqlite->db);
	if (*ret_forgotten == max)
		return CHG_OK;
	stmt = chg_sqlite_query(sqlite, CHG_Q_answer_epoch_delete);
	chg_stmt_i64(stmt, CHG_N_epoch, previous);
	return chg_stmt_run(stmt);
}

enum chg_rc chg_sqlite_forget_answers(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	const struct chg_answer_parts *parts = &sqlite->answer_parts;
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t forgotten = 0;
	enum chg_rc rc = parts_load(sqlite);
	if (rc == CHG_OK && parts->began.is_present &&
		chg_instant_before(parts->began.value, before))
		rc = part_add(sqlite);
	if (rc == CHG_OK && parts->previous != 0)
		rc = bite(sqlite, max, &forgotten);
	if (rc == CHG_OK)
		*ret_forgotten = forgotten;
	return chg_sqlite_remember(sqlite, rc);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The memory for duplicates.
 *
 * It is kept in epochs: requests are added to the highest one, and an epoch is forgotten whole, once
 * its last request is old enough.  A new epoch begins when the first request of the highest one is old
 * enough, so that there are two of them most of the time, and a request is remembered for as long as
 * it has to be and at most twice as long.  No request needs an index by time for it.
 */
#include <assert.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

/* How far ahead of its requests an epoch says when it ends, so that it is written once in this time. */
#define AHEAD_US (3600 * CHG_US_PER_S)

static enum chg_rc epochs_load(struct chg_sqlite *sqlite)
{
	struct chg_epochs *epochs = &sqlite->epochs;
	if (epochs->is_loaded)
		return CHG_OK;
	*epochs = (struct chg_epochs){ 0 };
	for (int64_t after = 0;;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_epoch_next);
		bool has_row = false;
		chg_stmt_i64(stmt, CHG_N_epoch, after);
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		epochs->is_loaded = rc == CHG_OK && !has_row;
		if (rc != CHG_OK || !has_row)
			return rc;
		if (epochs->count == CHG_EPOCH_MAX) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
		struct chg_epoch *epoch = &epochs->list[epochs->count++];
		epoch->number = after = sqlite3_column_int64(stmt->handle, 0);
		epoch->began_us = sqlite3_column_int64(stmt->handle, 1);
		epoch->until_us = epoch->last_us = sqlite3_column_int64(stmt->handle, 2);
		chg_stmt_reset(stmt);
	}
}

static enum chg_rc epoch_write(struct chg_sqlite *sqlite, const struct chg_epoch *epoch)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_epoch_put);
	chg_stmt_i64(stmt, CHG_N_epoch, epoch->number);
	chg_stmt_i64(stmt, CHG_N_began_us, epoch->began_us);
	chg_stmt_i64(stmt, CHG_N_until_us, epoch->until_us);
	return chg_stmt_run(stmt);
}

/* The epoch that a request of now is added to. */
static enum chg_rc epoch_of_now(
	struct chg_sqlite *sqlite, struct chg_now now, struct chg_epoch **ret)
{
	struct chg_epochs *epochs = &sqlite->epochs;
	enum chg_rc rc = epochs_load(sqlite);
	if (rc != CHG_OK)
		return rc;
	if (epochs->count == 0 || epochs->is_full) {
		int64_t last = epochs->count == 0 ? 0 : epochs->list[epochs->count - 1].number;
		assert(epochs->count < CHG_EPOCH_MAX);
		epochs->list[epochs->count++] = (struct chg_epoch){ .number = last + 1,
			.began_us = now.wall.us,
			.until_us = INT64_MIN,
			.last_us = now.wall.us };
		epochs->is_full = false;
	}
	struct chg_epoch *epoch = &epochs->list[epochs->count - 1];
	*ret = epoch;
	if (now.wall.us > epoch->last_us)
		epoch->last_us = now.wall.us;
	if (now.wall.us <= epoch->until_us)
		return CHG_OK;
	epoch->until_us = now.wall.us + AHEAD_US;
	return epoch_write(sqlite, epoch);
}

static void bind_key(struct chg_stmt *stmt, int64_t epoch, int64_t host_id,
	const struct chg_acr *acr, const struct chg_sub_session *sub)
{
	chg_stmt_i64(stmt, CHG_N_epoch, epoch);
	chg_sqlite_bind_session(stmt, host_id, acr, sub);
	chg_stmt_i64(stmt, CHG_N_record_type, acr->type);
	chg_stmt_i64(stmt, CHG_N_record_number, acr->number);
	if (stmt->parameter[CHG_N_digest] != 0)
		chg_stmt_blob(stmt, CHG_N_digest,
			(struct chg_view){ .ptr = (const char *)acr->digest.bytes,
				.len = sizeof acr->digest.bytes });
}

/* Whether any request of the session is remembered. */
static enum chg_rc seen_any(struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr,
	const struct chg_sub_session *sub, bool *ret)
{
	enum chg_rc rc = CHG_OK;
	*ret = false;
	for (size_t i = sqlite->epochs.count; rc == CHG_OK && i-- > 0 && !*ret;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_seen_any);
		chg_stmt_i64(stmt, CHG_N_epoch, sqlite->epochs.list[i].number);
		chg_sqlite_bind_session(stmt, host_id, acr, sub);
		rc = chg_sqlite_gives_row(stmt, ret);
	}
	return rc;
}

static enum chg_rc seen_find(struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr,
	const struct chg_sub_session *sub, struct chg_acct_facts *facts)
{
	enum chg_rc rc = CHG_OK;
	for (size_t i = sqlite->epochs.count; rc == CHG_OK && i-- > 0 && !facts->is_known;) {
		int64_t epoch = sqlite->epochs.list[i].number;
		bool has_number = false;
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_seen_number);
		bind_key(stmt, epoch, host_id, acr, sub);
		rc = chg_sqlite_gives_row(stmt, &has_number);
		if (rc != CHG_OK || !has_number)
			continue;
		facts->is_number_known = true;
		stmt = chg_sqlite_query(sqlite, CHG_Q_seen_exactly);
		bind_key(stmt, epoch, host_id, acr, sub);
		rc = chg_sqlite_gives_row(stmt, &facts->is_known);
	}
	return rc;
}

/*
 * Most requests are new.  One that goes on with a session that is kept tells it by its number; for the
 * first one of a session a look-up in each epoch tells it for the whole session.
 */
enum chg_rc chg_sqlite_seen_load(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_acr *acr, struct chg_acct_facts *facts)
{
	if (chg_sqlite_is_unheard(asked, acr))
		return CHG_OK;
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	bool has_any = true;
	enum chg_rc rc = epochs_load(sqlite);
	if (rc == CHG_OK && chg_sqlite_begins(asked, acr))
		rc = seen_any(sqlite, host_id, acr, &sub, &has_any);
	sqlite->newcomer.has_no_request = !has_any;
	return rc == CHG_OK && has_any ? seen_find(sqlite, host_id, acr, &sub, facts) : rc;
}

enum chg_rc chg_sqlite_seen_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	int64_t cdr_id, const struct chg_acr *acr)
{
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_seen_add);
	struct chg_epoch *epoch;
	enum chg_rc rc = epoch_of_now(sqlite, now, &epoch);
	if (rc != CHG_OK)
		return rc;
	bind_key(stmt, epoch->number, host_id, acr, &sub);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	return chg_stmt_run(stmt);
}

/* Takes a bite off the oldest epoch; ret_count is less than max once nothing is left of it. */
static enum chg_rc forget_bite(struct chg_sqlite *sqlite, uint32_t max, uint32_t *ret_count)
{
	struct chg_epochs *epochs = &sqlite->epochs;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_seen_forget);
	chg_stmt_i64(stmt, CHG_N_epoch, epochs->list[0].number);
	chg_stmt_i64(stmt, CHG_N_limit, max);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc != CHG_OK)
		return rc;
	*ret_count = (uint32_t)sqlite3_changes(sqlite->db);
	if (*ret_count == max)
		return CHG_OK;
	stmt = chg_sqlite_query(sqlite, CHG_Q_epoch_delete);
	chg_stmt_i64(stmt, CHG_N_epoch, epochs->list[0].number);
	rc = chg_stmt_run(stmt);
	epochs->count--;
	memmove(epochs->list, epochs->list + 1, epochs->count * sizeof epochs->list[0]);
	return rc;
}

/* Whether the oldest epoch can go: all of it came before, and nothing is added to it any more. */
static bool is_over(const struct chg_epochs *epochs, chg_instant before)
{
	return epochs->count > (epochs->is_full ? 0 : 1) && epochs->list[0].last_us < before.us;
}

enum chg_rc chg_sqlite_forget_seen(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_epochs *epochs = &sqlite->epochs;
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t forgotten = 0;
	enum chg_rc rc = epochs_load(sqlite);
	if (rc == CHG_OK && epochs->count > 0 && epochs->count < CHG_EPOCH_MAX &&
		epochs->list[epochs->count - 1].began_us < before.us)
		epochs->is_full = true;
	while (rc == CHG_OK && forgotten < max && is_over(epochs, before)) {
		uint32_t count = 0;
		rc = forget_bite(sqlite, max - forgotten, &count);
		forgotten += count;
	}
	if (rc == CHG_OK)
		*ret_forgotten = forgotten;
	return chg_sqlite_remember(sqlite, rc);
}

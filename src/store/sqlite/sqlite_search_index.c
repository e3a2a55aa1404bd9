/* SPDX-License-Identifier: BSD-3-Clause
 * Keeps the search file: takes records and changes out of the database, a bite at a time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_search_private.h"

enum {
	READ_RECORDS = 1024,   /* in one read transaction, so that no checkpoint waits for us */
	READ_CHANGED = 256,    /* the same, for records that lie here and there */
	TOUCHES_MAX = 8192,    /* changes of one run */
	ENTRIES_FIRST = 65536, /* room for a run's entries; grows when parties are many */
};

/* What is in the database. */
struct bounds {
	int64_t lowest; /* records; 0 none */
	int64_t highest;
	int64_t first_touch; /* rows of cdr_touched; 0 none */
	int64_t last_touch;
};

struct chg_search_indexer {
	struct chg_store main;
	struct chg_sqlite *sqlite;
	char path[PATH_MAX]; /* of the search file */
	struct chg_search search;
	struct chg_search_state state;
	int64_t synced_touch_id; /* state.touch_id as a power cut cannot undo it */
	struct chg_merge *merge; /* NULL: none goes on */
	struct bounds bounds;
	uint32_t run_records;   /* records that are worth a run, and that it has */
	uint64_t touches_worth; /* changes that are worth a run */

	/* The run that is collected. */
	struct chg_search_run run;
	bool has_failed; /* no memory */
	size_t count;
	size_t capacity;
	uint64_t *entries;
	struct chg_run_writer writer;
	size_t touched_count;
	int64_t touched[TOUCHES_MAX];
};

enum chg_rc chg_search_indexer_open(const char *path, uint32_t run_records,
	struct chg_search_indexer **ret, char *reterr_why, size_t why_size)
{
	struct chg_search_indexer *indexer = calloc(1, sizeof *indexer);
	snprintf(reterr_why, why_size, "no memory");
	if (indexer == NULL)
		return CHG_E_NO_MEMORY;
	indexer->entries = malloc(ENTRIES_FIRST * sizeof indexer->entries[0]);
	indexer->capacity = ENTRIES_FIRST;
	indexer->run_records = run_records;
	indexer->touches_worth = run_records / 8;
	enum chg_rc rc = indexer->entries == NULL ? CHG_E_NO_MEMORY : CHG_OK;
	if (rc == CHG_OK)
		rc = chg_sqlite_store_open(
			path, CHG_SQLITE_READ_ONLY, &indexer->main, reterr_why, why_size);
	if (rc == CHG_OK)
		indexer->sqlite = chg_sqlite_self(indexer->main.self);
	/* Beside the file itself, whatever link led to it: there a reader looks too. */
	if (rc == CHG_OK &&
		!chg_search_path(sqlite3_db_filename(indexer->sqlite->db, "main"), indexer->path)) {
		snprintf(reterr_why, why_size, "the path of the database is too long");
		rc = CHG_E_RANGE;
	}
	if (rc != CHG_OK) {
		chg_search_indexer_close(indexer);
		return rc;
	}
	*ret = indexer;
	return CHG_OK;
}

static void leave_file(struct chg_search_indexer *indexer)
{
	chg_merge_free(indexer->merge);
	indexer->merge = NULL;
	if (indexer->search.db != NULL)
		chg_search_close(&indexer->search);
	indexer->synced_touch_id = 0;
}

void chg_search_indexer_close(struct chg_search_indexer *indexer)
{
	if (indexer == NULL)
		return;
	leave_file(indexer);
	if (indexer->main.ops != NULL)
		indexer->main.ops->close(indexer->main.self);
	free(indexer->entries);
	free(indexer);
}

static enum chg_rc look(struct chg_search_indexer *indexer)
{
	struct chg_stmt *stmt = chg_sqlite_query(indexer->sqlite, CHG_Q_search_bounds);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	/* NULL, where there is nothing, reads as 0. */
	indexer->bounds = (struct bounds){
		.lowest = sqlite3_column_int64(stmt->handle, 0),
		.highest = sqlite3_column_int64(stmt->handle, 1),
		.first_touch = sqlite3_column_int64(stmt->handle, 2),
		.last_touch = sqlite3_column_int64(stmt->handle, 3),
	};
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* ---- Beginning ---- */

/* What changed before the first record is read is read with it. */
static enum chg_rc begin_state(struct chg_search_indexer *indexer)
{
	struct chg_stmt *stmt = chg_sqlite_query(indexer->sqlite, CHG_Q_touched_first);
	bool has_row = false;
	indexer->state = (struct chg_search_state){ 0 };
	if (indexer->bounds.last_touch == 0)
		return CHG_OK;
	chg_stmt_i64(stmt, CHG_N_touch_id, indexer->bounds.last_touch);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	indexer->state.touch_id = sqlite3_column_int64(stmt->handle, 0);
	indexer->state.touch_cdr_id = sqlite3_column_int64(stmt->handle, 1);
	chg_stmt_reset(stmt);
	return chg_search_state_put(&indexer->search, &indexer->state);
}

/* A file that is not there is made; what is not ours is told as damaged. */
static enum chg_rc try_file(struct chg_search_indexer *indexer, bool *ret_new)
{
	bool is_ours = false;
	enum chg_rc rc = chg_search_open(indexer->path, true, &indexer->search);
	if (rc == CHG_OK)
		rc = chg_search_state_get(&indexer->search, &indexer->state);
	if (rc != CHG_OK)
		return rc;
	*ret_new = indexer->state.cdr_id == 0;
	if (*ret_new)
		return begin_state(indexer);
	rc = chg_search_is_ours(indexer->sqlite, &indexer->state, &is_ours);
	if (rc == CHG_OK)
		rc = is_ours ? chg_search_run_plain(&indexer->search, CHG_SQ_run_delete_unready)
			     : CHG_E_STORE_CORRUPT;
	return rc;
}

static enum chg_rc begin_anew(struct chg_search_indexer *indexer)
{
	bool is_new;
	leave_file(indexer);
	chg_search_remove(indexer->path);
	return try_file(indexer, &is_new);
}

static enum chg_rc open_file(struct chg_search_indexer *indexer, bool *ret_new)
{
	enum chg_rc rc = try_file(indexer, ret_new);
	if (rc == CHG_OK)
		return rc;
	leave_file(indexer);
	if (rc != CHG_E_STORE_CORRUPT && rc != CHG_E_STORE)
		return rc;
	*ret_new = true;
	rc = begin_anew(indexer);
	if (rc != CHG_OK)
		leave_file(indexer);
	return rc;
}

/* ---- A run ---- */

static bool add_entry(void *to, uint32_t hash)
{
	struct chg_search_indexer *indexer = to;
	if (indexer->count == indexer->capacity) {
		size_t capacity = 2 * indexer->capacity;
		void *entries = realloc(indexer->entries, capacity * sizeof indexer->entries[0]);
		indexer->has_failed = entries == NULL;
		if (entries == NULL)
			return false;
		indexer->entries = entries;
		indexer->capacity = capacity;
	}
	uint64_t offset = (uint64_t)(indexer->run.last_cdr_id - indexer->run.first_cdr_id);
	indexer->entries[indexer->count++] = chg_entry(hash, offset);
	return true;
}

static void begin_run(struct chg_search_indexer *indexer, bool is_touched)
{
	indexer->run = (struct chg_search_run){ .is_touched = is_touched };
	indexer->count = 0;
	indexer->has_failed = false;
}

/* Whether entries can count up to this record from the first one of the run. */
static bool fits(const struct chg_search_indexer *indexer, int64_t cdr_id)
{
	return indexer->run.first_cdr_id == 0 || cdr_id - indexer->run.first_cdr_id <= UINT32_MAX;
}

/* Adds the record that stands in the statement. */
static enum chg_rc take_record(struct chg_search_indexer *indexer, struct chg_stmt *stmt)
{
	int64_t cdr_id = sqlite3_column_int64(stmt->handle, 0);
	if (indexer->run.first_cdr_id == 0)
		indexer->run.first_cdr_id = cdr_id;
	indexer->run.last_cdr_id = cdr_id;
	chg_terms_read(stmt, add_entry, indexer);
	return indexer->has_failed ? CHG_E_NO_MEMORY : CHG_OK;
}

static int compare_entries(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

/* Inside a transaction. */
static enum chg_rc put_run(struct chg_search_indexer *indexer)
{
	if (indexer->count == 0)
		return CHG_OK;
	struct chg_run_writer *writer = &indexer->writer;
	qsort(indexer->entries, indexer->count, sizeof indexer->entries[0], compare_entries);
	enum chg_rc rc = chg_run_number(&indexer->search, &indexer->run.run_no);
	if (rc != CHG_OK)
		return rc;
	chg_run_writer_init(writer, &indexer->search, indexer->run.run_no);
	for (size_t i = 0; rc == CHG_OK && i < indexer->count; i++)
		rc = chg_run_writer_put(writer, indexer->entries[i]);
	if (rc == CHG_OK)
		rc = chg_run_writer_flush(writer);
	return rc == CHG_OK ? chg_run_add(&indexer->search, &indexer->run, true) : rc;
}

/* Run and state change together. */
static enum chg_rc commit_run(struct chg_search_indexer *indexer, struct chg_search_state state)
{
	enum chg_rc rc = chg_search_run_plain(&indexer->search, CHG_SQ_begin_write);
	if (rc != CHG_OK)
		return rc;
	rc = put_run(indexer);
	if (rc == CHG_OK)
		rc = chg_search_state_put(&indexer->search, &state);
	if (rc == CHG_OK)
		rc = chg_search_run_plain(&indexer->search, CHG_SQ_commit);
	if (rc == CHG_OK)
		indexer->state = state;
	else
		(void)chg_search_run_plain(&indexer->search, CHG_SQ_rollback);
	return rc;
}

/* ---- Records ---- */

/* Reads at most `max` records behind state->cdr_id, and notes the last of them. */
static enum chg_rc read_records(
	struct chg_search_indexer *indexer, int max, struct chg_search_state *state, int *ret_count)
{
	struct chg_stmt *stmt = chg_sqlite_query(indexer->sqlite, CHG_Q_cdr_terms_up);
	chg_stmt_i64(stmt, CHG_N_cdr_id, state->cdr_id);
	chg_stmt_i64(stmt, CHG_N_limit, max);
	for (*ret_count = 0;; ++*ret_count) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		int64_t cdr_id = sqlite3_column_int64(stmt->handle, 0);
		if (fits(indexer, cdr_id))
			rc = take_record(indexer, stmt);
		if (rc != CHG_OK || indexer->run.last_cdr_id != cdr_id) {
			chg_stmt_reset(stmt);
			return rc;
		}
		state->cdr_id = cdr_id;
		state->received_us = sqlite3_column_int64(stmt->handle, 5);
		state->session_hash =
			chg_term_hash(CHG_TERM_SESSION, chg_stmt_column_text(stmt, 1));
	}
}

static uint64_t waiting_records(const struct chg_search_indexer *indexer)
{
	const struct bounds *bounds = &indexer->bounds;
	int64_t from = indexer->state.cdr_id;
	if (from < bounds->lowest - 1)
		from = bounds->lowest - 1;
	return bounds->highest > from ? (uint64_t)(bounds->highest - from) : 0;
}

/* Records that are fewer than a run wait: looking through them takes no time to speak of. */
static enum chg_rc take_records(struct chg_search_indexer *indexer, bool *ret_worked)
{
	struct chg_search_state state = indexer->state;
	int left = (int)indexer->run_records;
	if (waiting_records(indexer) < indexer->run_records)
		return CHG_OK;
	begin_run(indexer, false);
	while (left > 0) {
		int wanted = left < READ_RECORDS ? left : READ_RECORDS;
		int count;
		enum chg_rc rc = read_records(indexer, wanted, &state, &count);
		if (rc != CHG_OK)
			return rc;
		left -= count;
		if (count < wanted)
			break;
	}
	*ret_worked = true;
	return commit_run(indexer, state);
}

/* ---- Changes ---- */

static int compare_ids(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* Which records changed; those that are not in the index are taken as they will be then. */
static enum chg_rc list_changed(struct chg_search_indexer *indexer, struct chg_search_state *state)
{
	struct chg_stmt *stmt = chg_sqlite_query(indexer->sqlite, CHG_Q_touched_next);
	chg_stmt_i64(stmt, CHG_N_touch_id, state->touch_id);
	chg_stmt_i64(stmt, CHG_N_limit, TOUCHES_MAX);
	indexer->touched_count = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK)
			return rc;
		if (!has_row)
			break;
		state->touch_id = sqlite3_column_int64(stmt->handle, 0);
		state->touch_cdr_id = sqlite3_column_int64(stmt->handle, 1);
		if (state->touch_cdr_id <= indexer->state.cdr_id)
			indexer->touched[indexer->touched_count++] = state->touch_cdr_id;
	}
	qsort(indexer->touched, indexer->touched_count, sizeof indexer->touched[0], compare_ids);
	return CHG_OK;
}

static enum chg_rc read_changed_one(struct chg_search_indexer *indexer, int64_t cdr_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(indexer->sqlite, CHG_Q_cdr_terms);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc; /* it was pruned meanwhile */
	rc = take_record(indexer, stmt);
	chg_stmt_reset(stmt);
	return rc;
}

/* In transactions of some records each, since beginning one costs more than a record. */
static enum chg_rc read_changed_some(struct chg_search_indexer *indexer, size_t *at)
{
	enum chg_rc rc = chg_stmt_run(chg_sqlite_query(indexer->sqlite, CHG_Q_txn_begin_read));
	for (int i = 0; rc == CHG_OK && i < READ_CHANGED && *at < indexer->touched_count; i++) {
		int64_t cdr_id = indexer->touched[*at];
		if (!fits(indexer, cdr_id))
			break;
		if (*at == 0 || cdr_id != indexer->touched[*at - 1])
			rc = read_changed_one(indexer, cdr_id);
		++*at;
	}
	if (!sqlite3_get_autocommit(indexer->sqlite->db))
		(void)chg_stmt_run(chg_sqlite_query(indexer->sqlite, CHG_Q_txn_rollback));
	return rc;
}

/* One run, or more when the records lie too far apart for one; all but the last leave the state. */
static enum chg_rc take_changed(
	struct chg_search_indexer *indexer, const struct chg_search_state *state)
{
	size_t at = 0;
	begin_run(indexer, true);
	while (at < indexer->touched_count) {
		enum chg_rc rc = CHG_OK;
		if (!fits(indexer, indexer->touched[at])) {
			rc = commit_run(indexer, indexer->state);
			begin_run(indexer, true);
		}
		if (rc == CHG_OK)
			rc = read_changed_some(indexer, &at);
		if (rc != CHG_OK)
			return rc;
	}
	return commit_run(indexer, *state);
}

static uint64_t waiting_touches(const struct chg_search_indexer *indexer)
{
	const struct bounds *bounds = &indexer->bounds;
	return bounds->last_touch > indexer->state.touch_id
		       ? (uint64_t)(bounds->last_touch - indexer->state.touch_id)
		       : 0;
}

static enum chg_rc take_touches(struct chg_search_indexer *indexer, bool *ret_worked)
{
	struct chg_search_state state = indexer->state;
	if (waiting_touches(indexer) < indexer->touches_worth)
		return CHG_OK;
	enum chg_rc rc = list_changed(indexer, &state);
	if (rc == CHG_OK)
		rc = take_changed(indexer, &state);
	*ret_worked = true;
	return rc;
}

/* ---- Housekeeping ---- */

static enum chg_rc merge_some(struct chg_search_indexer *indexer, bool *ret_worked)
{
	bool is_done;
	enum chg_rc rc = CHG_OK;
	if (indexer->merge == NULL)
		rc = chg_merge_begin(&indexer->search, &indexer->merge);
	if (rc != CHG_OK || indexer->merge == NULL)
		return rc;
	*ret_worked = true;
	rc = chg_merge_step(indexer->merge, indexer->bounds.lowest, &is_done);
	if (rc == CHG_OK && !is_done)
		return CHG_OK;
	chg_merge_free(indexer->merge);
	indexer->merge = NULL;
	return rc;
}

/* A run that is being put together with others is dropped after that. */
static enum chg_rc tidy_up(struct chg_search_indexer *indexer, bool *ret_worked)
{
	bool has_more = false;
	if (indexer->merge != NULL)
		return CHG_OK;
	enum chg_rc rc = chg_search_run_plain(&indexer->search, CHG_SQ_run_delete_unready);
	if (rc == CHG_OK)
		rc = chg_runs_drop(&indexer->search, indexer->bounds.lowest);
	if (rc == CHG_OK)
		rc = chg_blocks_sweep(&indexer->search, &has_more);
	*ret_worked |= has_more;
	return rc;
}

/*
 * Changes may leave the database only when the index cannot lose them again.  A checkpoint that got to
 * the end has synced all that was committed.
 */
static void sync_touches(struct chg_search_indexer *indexer)
{
	int in_log = 0, copied = 0;
	if (indexer->synced_touch_id == indexer->state.touch_id)
		return;
	int result = sqlite3_wal_checkpoint_v2(
		indexer->search.db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
	if (result == SQLITE_OK && in_log == copied)
		indexer->synced_touch_id = indexer->state.touch_id;
}

static enum chg_rc work(struct chg_search_indexer *indexer, bool *ret_worked)
{
	enum chg_rc rc = take_records(indexer, ret_worked);
	if (rc == CHG_OK)
		rc = take_touches(indexer, ret_worked);
	if (rc == CHG_OK)
		rc = merge_some(indexer, ret_worked);
	if (rc == CHG_OK)
		rc = tidy_up(indexer, ret_worked);
	if (rc == CHG_OK)
		sync_touches(indexer);
	return rc;
}

/* Whose damage it is, the database or the file beside it, is told by reading the database. */
static enum chg_rc recover(struct chg_search_indexer *indexer, enum chg_rc rc, bool *ret_anew)
{
	if (rc != CHG_E_STORE_CORRUPT && rc != CHG_E_STORE)
		return rc;
	if (look(indexer) != CHG_OK)
		return CHG_E_STORE_CORRUPT;
	*ret_anew = true;
	rc = begin_anew(indexer);
	if (rc != CHG_OK)
		leave_file(indexer);
	return rc;
}

static void tell(const struct chg_search_indexer *indexer, struct chg_search_progress *ret)
{
	ret->waiting = waiting_records(indexer) + waiting_touches(indexer);
	if (indexer->bounds.first_touch != 0 &&
		indexer->bounds.first_touch < indexer->synced_touch_id)
		ret->settled_below = indexer->synced_touch_id;
}

enum chg_rc chg_search_indexer_step(
	struct chg_search_indexer *indexer, struct chg_search_progress *ret)
{
	struct chg_search_progress progress = { 0 };
	bool has_worked = false;
	enum chg_rc rc = look(indexer);
	if (rc == CHG_OK && indexer->search.db == NULL)
		rc = open_file(indexer, &progress.was_begun_anew);
	if (rc == CHG_OK)
		rc = work(indexer, &has_worked);
	if (rc != CHG_OK) {
		rc = recover(indexer, rc, &progress.was_begun_anew);
		has_worked = true;
	}
	if (rc != CHG_OK)
		return rc;
	progress.has_more = has_worked;
	tell(indexer, &progress);
	*ret = progress;
	return CHG_OK;
}

enum chg_rc chg_search_settle(struct chg_store *store, int64_t touch_id, uint32_t max)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(store->self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_touched_delete);
	chg_stmt_i64(stmt, CHG_N_touch_id, touch_id);
	chg_stmt_i64(stmt, CHG_N_limit, max);
	return chg_sqlite_remember(sqlite, chg_stmt_run(stmt));
}

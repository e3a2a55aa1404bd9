/* SPDX-License-Identifier: BSD-3-Clause
 * Which records may hold a term: from the runs, from what changed after it was taken, and from the
 * records that are not in a run yet.
 *
 * Each batch looks at the index as it is then, so that runs may be put together and records may get
 * into runs between two of them; only the place of the search goes on.
 */
#include <stdlib.h>

#include "store/sqlite/sqlite_search_private.h"

enum {
	SCAN_RECORDS = 2048, /* records in one read transaction */
	OURS_TRIES = 8,
};

static int compare_ids(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static int compare_ids_down(const void *a, const void *b)
{
	return compare_ids(b, a);
}

/* A batch while it is collected. */
struct batch {
	struct chg_find *find;
	struct chg_search_state state; /* all zero: there is no index to speak of */
	int64_t at;
	size_t want;
};

/* Whether a record comes in the order of the search behind another one. */
static bool is_behind(const struct chg_find *find, int64_t cdr_id, int64_t at)
{
	return find->newest_first ? cdr_id < at : cdr_id > at;
}

/* Sorts what was collected, each record once, and keeps the first that are wanted. */
static void cut(struct batch *batch)
{
	struct chg_find *find = batch->find;
	size_t kept = 0;
	qsort(find->ids, find->count, sizeof find->ids[0],
		find->newest_first ? compare_ids_down : compare_ids);
	for (size_t i = 0; i < find->count && kept < batch->want; i++) {
		if (kept == 0 || find->ids[kept - 1] != find->ids[i])
			find->ids[kept++] = find->ids[i];
	}
	find->count = kept;
}

/* The last record that can still be part of the batch, by what was collected so far. */
static bool is_full_before(const struct batch *batch, int64_t cdr_id)
{
	const struct chg_find *find = batch->find;
	return find->count >= batch->want && is_behind(find, cdr_id, find->ids[batch->want - 1]);
}

/* A walk over the entries of one term in one run. */
struct walk {
	struct batch *batch;
	struct chg_search *search;
	const struct chg_search_run *run;
	struct chg_block block;
	size_t taken;
};

/* Takes the record of an entry; false when the walk is over. */
static bool walk_take(struct walk *walk, uint64_t entry)
{
	struct chg_find *find = walk->batch->find;
	int64_t cdr_id = walk->run->first_cdr_id + chg_entry_offset(entry);
	if (chg_entry_hash(entry) != find->hash || cdr_id < find->lowest || cdr_id > find->highest)
		return false;
	assert(find->count < sizeof find->ids / sizeof find->ids[0]);
	find->ids[find->count++] = cdr_id;
	return ++walk->taken < walk->batch->want;
}

/* The first place of the block whose entry is not below. */
static size_t lower_bound(const struct chg_block *block, uint64_t entry)
{
	size_t from = 0, to = block->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (block->entries[middle] < entry)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static enum chg_rc walk_up(struct walk *walk, uint64_t from)
{
	int64_t run_no = walk->run->run_no;
	struct chg_block *block = &walk->block;
	bool is_found;
	enum chg_rc rc = chg_block_at(walk->search, run_no, from, block, &is_found);
	if (rc == CHG_OK && !is_found)
		rc = chg_block_after(walk->search, run_no, from, block, &is_found);
	while (rc == CHG_OK && is_found) {
		for (size_t i = lower_bound(block, from); i < block->count; i++) {
			if (!walk_take(walk, block->entries[i]))
				return CHG_OK;
		}
		rc = chg_block_after(
			walk->search, run_no, block->entries[block->count - 1], block, &is_found);
	}
	return rc;
}

static enum chg_rc walk_down(struct walk *walk, uint64_t from)
{
	struct chg_block *block = &walk->block;
	bool is_found;
	enum chg_rc rc = chg_block_at(walk->search, walk->run->run_no, from, block, &is_found);
	while (rc == CHG_OK && is_found) {
		for (size_t i = lower_bound(block, from + 1); i > 0; i--) {
			if (!walk_take(walk, block->entries[i - 1]))
				return CHG_OK;
		}
		if (block->entries[0] == 0)
			return CHG_OK;
		rc = chg_block_at(
			walk->search, walk->run->run_no, block->entries[0] - 1, block, &is_found);
	}
	return rc;
}

/* Collects from a run what comes after the place of the search. */
static enum chg_rc collect_run(
	struct batch *batch, struct walk *walk, const struct chg_search_run *run)
{
	struct chg_find *find = batch->find;
	int64_t first = run->first_cdr_id, last = run->last_cdr_id;
	if (find->newest_first) {
		if (batch->at - 1 < last)
			last = batch->at - 1;
		if (find->highest < last)
			last = find->highest;
	} else {
		if (batch->at + 1 > first)
			first = batch->at + 1;
		if (find->lowest > first)
			first = find->lowest;
	}
	if (first > last)
		return CHG_OK;
	walk->run = run;
	walk->taken = 0;
	int64_t from = find->newest_first ? last : first;
	uint64_t entry = chg_entry(find->hash, (uint64_t)(from - run->first_cdr_id));
	enum chg_rc rc = find->newest_first ? walk_down(walk, entry) : walk_up(walk, entry);
	cut(batch);
	return rc;
}

struct run_list {
	size_t count;
	size_t capacity;
	struct chg_search_run *list; /* runs of changed records first, then by first_cdr_id */
};

static enum chg_rc list_runs(struct chg_search *search, struct run_list *runs)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_run_list);
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		if (runs->count == runs->capacity) {
			size_t capacity = runs->capacity == 0 ? 64 : 2 * runs->capacity;
			void *list = realloc(runs->list, capacity * sizeof runs->list[0]);
			if (list == NULL) {
				chg_stmt_reset(stmt);
				return CHG_E_NO_MEMORY;
			}
			runs->list = list;
			runs->capacity = capacity;
		}
		runs->list[runs->count++] = chg_search_run_read(stmt);
	}
}

/* Runs of all records follow each other, so that those behind a full batch need no look. */
static enum chg_rc collect_runs(
	struct batch *batch, struct chg_search *search, struct run_list *runs)
{
	bool is_down = batch->find->newest_first;
	struct walk *walk = malloc(sizeof *walk);
	enum chg_rc rc = walk == NULL ? CHG_E_NO_MEMORY : list_runs(search, runs);
	if (walk != NULL) {
		walk->batch = batch;
		walk->search = search;
	}
	size_t touched = 0;
	while (touched < runs->count && runs->list[touched].is_touched)
		touched++;
	for (size_t i = 0; rc == CHG_OK && i < touched; i++)
		rc = collect_run(batch, walk, &runs->list[i]);
	for (size_t i = touched; rc == CHG_OK && i < runs->count; i++) {
		size_t place = is_down ? runs->count - 1 - (i - touched) : i;
		const struct chg_search_run *run = &runs->list[place];
		if (is_full_before(batch, is_down ? run->last_cdr_id : run->first_cdr_id))
			break;
		rc = collect_run(batch, walk, run);
	}
	free(walk);
	return rc;
}

/* Records that changed after they were taken: whether they hold the term, the match will say. */
static enum chg_rc collect_touched(struct batch *batch)
{
	struct chg_find *find = batch->find;
	struct chg_stmt *stmt = chg_sqlite_query(
		find->sqlite, find->newest_first ? CHG_Q_touched_down : CHG_Q_touched_up);
	int64_t place = find->newest_first && batch->at > batch->state.cdr_id
				? batch->state.cdr_id + 1
				: batch->at;
	size_t taken = 0;
	chg_stmt_i64(stmt, CHG_N_touch_id, batch->state.touch_id);
	chg_stmt_i64(stmt, CHG_N_cdr_id, place);
	chg_stmt_i64(stmt, CHG_N_limit, (int64_t)batch->want);
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row) {
			cut(batch);
			return rc;
		}
		int64_t cdr_id = sqlite3_column_int64(stmt->handle, 0);
		assert(taken++ < batch->want);
		if (cdr_id <= batch->state.cdr_id)
			find->ids[find->count++] = cdr_id;
	}
}

/* ---- What the index has ---- */

/*
 * Reads the state, and the changes behind it in the same transaction that says whether the index is
 * ours: then none of them has been deleted yet.
 */
static enum chg_rc check_and_collect(struct batch *batch, bool *ret_ours)
{
	struct chg_sqlite *sqlite = batch->find->sqlite;
	bool is_inside = !sqlite3_get_autocommit(sqlite->db); /* the caller's transaction */
	enum chg_rc rc = CHG_OK;
	if (!is_inside)
		rc = chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_begin_read));
	if (rc != CHG_OK)
		return rc;
	rc = chg_search_is_ours(sqlite, &batch->state, ret_ours);
	if (rc == CHG_OK && *ret_ours)
		rc = collect_touched(batch);
	if (!is_inside)
		(void)chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_commit));
	return rc;
}

/* An index that is not ours may be one that has just gone on: then its state is another one. */
static enum chg_rc read_state(struct batch *batch, struct chg_search *search, bool *ret_ours)
{
	struct chg_search_state before = { .cdr_id = -1 };
	*ret_ours = false;
	for (int i = 0; i < OURS_TRIES; i++) {
		enum chg_rc rc = chg_search_run_plain(search, CHG_SQ_begin_read);
		if (rc == CHG_OK)
			rc = chg_search_state_get(search, &batch->state);
		if (rc != CHG_OK || memcmp(&before, &batch->state, sizeof before) == 0)
			return rc;
		batch->find->count = 0;
		rc = check_and_collect(batch, ret_ours);
		if (rc != CHG_OK || *ret_ours)
			return rc;
		before = batch->state;
		(void)chg_search_run_plain(search, CHG_SQ_commit);
	}
	return CHG_OK;
}

/* Ends the transaction on the search file whatever became of it. */
static void leave(struct chg_search *search)
{
	if (!sqlite3_get_autocommit(search->db))
		(void)chg_search_run_plain(search, CHG_SQ_rollback);
}

static struct chg_search *open_index(struct chg_sqlite *sqlite)
{
	if (sqlite->search != NULL)
		return sqlite->search;
	const char *name = sqlite3_db_filename(sqlite->db, "main");
	char path[PATH_MAX];
	struct chg_search *search = malloc(sizeof *search);
	if (search != NULL && name != NULL && name[0] != '\0' && chg_search_path(name, path) &&
		chg_search_open(path, false, search) == CHG_OK)
		return sqlite->search = search;
	free(search);
	return NULL;
}

void chg_sqlite_search_close(struct chg_sqlite *sqlite)
{
	if (sqlite->search != NULL)
		chg_search_close(sqlite->search);
	free(sqlite->search);
	sqlite->search = NULL;
}

/* Fills the batch from the index; false: there is none that helps, and nothing was found. */
static bool ask_index(struct batch *batch, enum chg_rc *ret_rc)
{
	struct chg_search *search = open_index(batch->find->sqlite);
	struct run_list runs = { 0 };
	bool is_ours = false;
	*ret_rc = CHG_OK;
	if (search == NULL)
		return false;
	enum chg_rc rc = read_state(batch, search, &is_ours);
	if (rc == CHG_OK && is_ours)
		rc = collect_runs(batch, search, &runs);
	leave(search);
	free(runs.list);
	if (rc == CHG_OK && is_ours)
		return true;
	if (rc == CHG_E_NO_MEMORY)
		*ret_rc = rc;
	/* Damaged, or another one was put in its place: it is opened anew next time. */
	chg_sqlite_search_close(batch->find->sqlite);
	batch->find->count = 0;
	batch->state = (struct chg_search_state){ 0 };
	return false;
}

/* ---- What it has not ---- */

struct holds {
	uint32_t hash;
	bool is_there;
};

static bool is_other(void *to, uint32_t hash)
{
	struct holds *holds = to;
	holds->is_there = hash == holds->hash;
	return !holds->is_there;
}

/* Looks through some records, and stops behind what the index has. */
static enum chg_rc scan_some(struct batch *batch, bool *ret_end)
{
	struct chg_find *find = batch->find;
	struct chg_stmt *stmt = chg_sqlite_query(
		find->sqlite, find->newest_first ? CHG_Q_cdr_terms_down : CHG_Q_cdr_terms_up);
	chg_stmt_i64(stmt, CHG_N_cdr_id, batch->at);
	chg_stmt_i64(stmt, CHG_N_limit, SCAN_RECORDS);
	for (int i = 0;; i++) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		*ret_end = !has_row && i < SCAN_RECORDS;
		if (rc != CHG_OK || !has_row)
			return rc;
		int64_t cdr_id = sqlite3_column_int64(stmt->handle, 0);
		*ret_end = cdr_id <= batch->state.cdr_id || cdr_id < find->lowest ||
			   cdr_id > find->highest;
		struct holds holds = { .hash = find->hash };
		if (!*ret_end) {
			batch->at = cdr_id;
			find->sqlite->unindexed_count++;
			chg_terms_read(stmt, is_other, &holds);
			if (holds.is_there)
				find->ids[find->count++] = cdr_id;
		}
		if (*ret_end || find->count == batch->want) {
			chg_stmt_reset(stmt);
			return CHG_OK;
		}
	}
}

static enum chg_rc scan_rest(struct batch *batch)
{
	bool is_end = false;
	enum chg_rc rc = CHG_OK;
	while (rc == CHG_OK && !is_end && batch->find->count < batch->want) {
		rc = chg_sqlite_zone_seek(
			batch->find->sqlite, batch->find->zones, &batch->at, &is_end);
		if (rc == CHG_OK && !is_end)
			rc = scan_some(batch, &is_end);
	}
	return rc;
}

static enum chg_rc find_up(struct batch *batch)
{
	enum chg_rc rc;
	(void)ask_index(batch, &rc);
	if (rc != CHG_OK || batch->find->count == batch->want)
		return rc;
	if (batch->at < batch->state.cdr_id)
		batch->at = batch->state.cdr_id;
	return scan_rest(batch);
}

/*
 * The newest are not in the index.  They are looked through by the state that the index has now; when
 * they are not enough, what the index has comes behind them.
 */
static enum chg_rc find_down(struct batch *batch)
{
	struct chg_find *find = batch->find;
	enum chg_rc rc;
	int64_t at = batch->at;
	bool has_index = ask_index(batch, &rc);
	if (rc != CHG_OK)
		return rc;
	size_t indexed_count = find->count;
	int64_t *indexed = NULL;
	if (indexed_count > 0) {
		indexed = malloc(indexed_count * sizeof *indexed);
		if (indexed == NULL)
			return CHG_E_NO_MEMORY;
		memcpy(indexed, find->ids, indexed_count * sizeof *indexed);
	}
	find->count = 0;
	if (!has_index || at > batch->state.cdr_id + 1)
		rc = scan_rest(batch);
	for (size_t i = 0; i < indexed_count && find->count < batch->want; i++)
		find->ids[find->count++] = indexed[i];
	free(indexed);
	return rc;
}

enum chg_rc chg_find_next(struct chg_find *find, int64_t at, size_t want)
{
	struct batch batch = {
		.find = find,
		.at = at,
		.want = want < CHG_FIND_MAX ? want : CHG_FIND_MAX,
	};
	find->count = 0;
	return find->newest_first ? find_down(&batch) : find_up(&batch);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Puts runs of one level together to one of the next, in bites, so that nothing waits for long and
 * the log stays small; and lets go of runs whose records are gone.
 *
 * Until it is whole the new run is not ready and nobody reads it.  A node that ends meanwhile begins
 * again; the blocks that were written belong to no run then and are swept.
 */
#include <stdlib.h>

#include "store/sqlite/sqlite_search_private.h"

enum {
	BLOCKS_PER_BITE = 256,
};

/* A run that is read from its beginning to its end. */
struct merge_from {
	struct chg_search_run run;
	uint64_t shift; /* what its offsets are more in the new run */
	bool has_more;
	size_t at;
	struct chg_block block;
};

struct chg_merge {
	struct chg_search *search;
	struct chg_search_run to;
	struct chg_run_writer writer;
	size_t count;
	struct merge_from from[CHG_SEARCH_FAN];
};

/* Of which kind and level there are enough. */
static enum chg_rc find_level(
	struct chg_search *search, struct chg_search_run *ret, bool *ret_found)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_run_mergeable);
	*ret_found = false;
	chg_stmt_i64(stmt, CHG_N_limit, CHG_SEARCH_FAN);
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	ret->is_touched = sqlite3_column_int(stmt->handle, 0) != 0;
	ret->level = sqlite3_column_int(stmt->handle, 1) + 1;
	chg_stmt_reset(stmt);
	return CHG_OK;
}

static enum chg_rc list_sources(struct chg_merge *merge)
{
	struct chg_stmt *stmt = chg_search_query(merge->search, CHG_SQ_run_oldest);
	chg_stmt_i64(stmt, CHG_N_is_touched, merge->to.is_touched);
	chg_stmt_i64(stmt, CHG_N_level, merge->to.level - 1);
	chg_stmt_i64(stmt, CHG_N_limit, CHG_SEARCH_FAN);
	merge->to.first_cdr_id = INT64_MAX;
	merge->to.last_cdr_id = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		struct chg_search_run run = chg_search_run_read(stmt);
		merge->from[merge->count++].run = run;
		if (run.first_cdr_id < merge->to.first_cdr_id)
			merge->to.first_cdr_id = run.first_cdr_id;
		if (run.last_cdr_id > merge->to.last_cdr_id)
			merge->to.last_cdr_id = run.last_cdr_id;
	}
}

static enum chg_rc next_block(struct chg_merge *merge, struct merge_from *from, uint64_t after)
{
	from->at = 0;
	return chg_block_after(
		merge->search, from->run.run_no, after, &from->block, &from->has_more);
}

/* The very first entry of a run may be 0, before which there is nothing to come after. */
static enum chg_rc first_block(struct chg_merge *merge, struct merge_from *from)
{
	from->shift = (uint64_t)(from->run.first_cdr_id - merge->to.first_cdr_id);
	return next_block(merge, from, UINT64_MAX);
}

static enum chg_rc prepare(struct chg_merge *merge)
{
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && i < merge->count; i++)
		rc = first_block(merge, &merge->from[i]);
	if (rc == CHG_OK)
		rc = chg_run_number(merge->search, &merge->to.run_no);
	if (rc == CHG_OK)
		rc = chg_run_add(merge->search, &merge->to, false);
	chg_run_writer_init(&merge->writer, merge->search, merge->to.run_no);
	return rc;
}

/* Entries count records in 32 bits. */
static bool fits(const struct chg_merge *merge)
{
	return merge->to.last_cdr_id - merge->to.first_cdr_id <= UINT32_MAX;
}

enum chg_rc chg_merge_begin(struct chg_search *search, struct chg_merge **ret)
{
	struct chg_search_run to = { 0 };
	bool is_found;
	*ret = NULL;
	enum chg_rc rc = find_level(search, &to, &is_found);
	if (rc != CHG_OK || !is_found)
		return rc;
	struct chg_merge *merge = calloc(1, sizeof *merge);
	if (merge == NULL)
		return CHG_E_NO_MEMORY;
	merge->search = search;
	merge->to = to;
	rc = list_sources(merge);
	bool is_wanted = rc == CHG_OK && fits(merge);
	if (is_wanted)
		rc = prepare(merge);
	if (is_wanted && rc == CHG_OK)
		*ret = merge;
	else
		chg_merge_free(merge);
	return rc;
}

void chg_merge_free(struct chg_merge *merge)
{
	free(merge);
}

/* The source whose next entry is the lowest; NULL at the end of all. */
static struct merge_from *lowest_of(struct chg_merge *merge, uint64_t *ret_entry)
{
	struct merge_from *lowest = NULL;
	for (size_t i = 0; i < merge->count; i++) {
		struct merge_from *from = &merge->from[i];
		if (!from->has_more)
			continue;
		uint64_t entry = from->block.entries[from->at] + from->shift;
		if (lowest != NULL && entry >= *ret_entry)
			continue;
		lowest = from;
		*ret_entry = entry;
	}
	return lowest;
}

static enum chg_rc advance(struct chg_merge *merge, struct merge_from *from)
{
	if (++from->at < from->block.count)
		return CHG_OK;
	return next_block(merge, from, from->block.entries[from->block.count - 1]);
}

static enum chg_rc take_some(struct chg_merge *merge, int64_t lowest, bool *ret_done)
{
	uint32_t until = merge->writer.block_count + BLOCKS_PER_BITE;
	*ret_done = false;
	while (merge->writer.block_count < until) {
		uint64_t entry = 0;
		struct merge_from *from = lowest_of(merge, &entry);
		*ret_done = from == NULL;
		if (*ret_done)
			return chg_run_writer_flush(&merge->writer);
		enum chg_rc rc = CHG_OK;
		if (merge->to.first_cdr_id + chg_entry_offset(entry) >= lowest)
			rc = chg_run_writer_put(&merge->writer, entry);
		if (rc == CHG_OK)
			rc = advance(merge, from);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc run_statement(
	struct chg_search *search, enum chg_search_query query, int64_t run_no)
{
	struct chg_stmt *stmt = chg_search_query(search, query);
	chg_stmt_i64(stmt, CHG_N_run_no, run_no);
	return chg_stmt_run(stmt);
}

static enum chg_rc take_their_place(struct chg_merge *merge)
{
	enum chg_rc rc = run_statement(merge->search, CHG_SQ_run_ready, merge->to.run_no);
	for (size_t i = 0; rc == CHG_OK && i < merge->count; i++)
		rc = run_statement(merge->search, CHG_SQ_run_delete, merge->from[i].run.run_no);
	return rc;
}

enum chg_rc chg_merge_step(struct chg_merge *merge, int64_t lowest, bool *ret_done)
{
	enum chg_rc rc = chg_search_run_plain(merge->search, CHG_SQ_begin_write);
	if (rc != CHG_OK)
		return rc;
	rc = take_some(merge, lowest, ret_done);
	if (rc == CHG_OK && *ret_done)
		rc = take_their_place(merge);
	if (rc == CHG_OK)
		rc = chg_search_run_plain(merge->search, CHG_SQ_commit);
	if (rc != CHG_OK)
		(void)chg_search_run_plain(merge->search, CHG_SQ_rollback);
	return rc;
}

enum chg_rc chg_runs_drop(struct chg_search *search, int64_t lowest)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_run_delete_below);
	chg_stmt_i64(stmt, CHG_N_cdr_id, lowest);
	return chg_stmt_run(stmt);
}

/* Whether there is a row; its first column. */
static enum chg_rc ask_number(struct chg_stmt *stmt, int64_t *ret, bool *ret_found)
{
	*ret_found = false;
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	*ret = sqlite3_column_int64(stmt->handle, 0);
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* A run number that blocks have and no run. */
static enum chg_rc find_orphan(struct chg_search *search, int64_t *ret, bool *ret_found)
{
	*ret = 0;
	for (;;) {
		struct chg_stmt *next = chg_search_query(search, CHG_SQ_block_run_next);
		struct chg_stmt *run = chg_search_query(search, CHG_SQ_run_is_there);
		int64_t one;
		bool is_there = false;
		chg_stmt_i64(next, CHG_N_run_no, *ret);
		enum chg_rc rc = ask_number(next, ret, ret_found);
		if (rc != CHG_OK || !*ret_found)
			return rc;
		chg_stmt_i64(run, CHG_N_run_no, *ret);
		rc = ask_number(run, &one, &is_there);
		if (rc != CHG_OK || !is_there)
			return rc;
	}
}

enum chg_rc chg_blocks_sweep(struct chg_search *search, bool *ret_more)
{
	int64_t run_no;
	enum chg_rc rc = find_orphan(search, &run_no, ret_more);
	if (rc != CHG_OK || !*ret_more)
		return rc;
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_block_delete);
	chg_stmt_i64(stmt, CHG_N_run_no, run_no);
	chg_stmt_i64(stmt, CHG_N_limit, BLOCKS_PER_BITE);
	return chg_stmt_run(stmt);
}

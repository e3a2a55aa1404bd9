/* SPDX-License-Identifier: BSD-3-Clause
 * Runs of the search index: their blocks written, and found again.
 */
#include "store/sqlite/sqlite_search_private.h"

/* A bit that flipped on the disk would hide a record without a word. */
static uint64_t checksum(const uint64_t *entries, size_t count)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325) + count;
	for (size_t i = 0; i < count; i++)
		sum = (sum ^ entries[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static enum chg_rc read_block(struct chg_stmt *stmt, struct chg_block *ret, bool *ret_found)
{
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	size_t size = (size_t)sqlite3_column_bytes(stmt->handle, 0);
	size_t words = size / sizeof ret->entries[0];
	bool is_whole =
		size % sizeof ret->entries[0] == 0 && words >= 2 && words <= CHG_BLOCK_ENTRIES + 1;
	if (is_whole) {
		memcpy(ret->entries, sqlite3_column_blob(stmt->handle, 0), size);
		ret->count = words - 1;
		is_whole = checksum(ret->entries, ret->count) == ret->entries[ret->count];
	}
	chg_stmt_reset(stmt);
	return is_whole ? CHG_OK : CHG_E_STORE_CORRUPT;
}

static enum chg_rc find_block(struct chg_search *search, enum chg_search_query query,
	int64_t run_no, uint64_t entry, struct chg_block *ret, bool *ret_found)
{
	struct chg_stmt *stmt = chg_search_query(search, query);
	*ret_found = false;
	chg_stmt_i64(stmt, CHG_N_run_no, run_no);
	chg_stmt_i64(stmt, CHG_N_entry, (int64_t)entry);
	return read_block(stmt, ret, ret_found);
}

enum chg_rc chg_block_at(struct chg_search *search, int64_t run_no, uint64_t entry,
	struct chg_block *ret, bool *ret_found)
{
	return find_block(search, CHG_SQ_block_at, run_no, entry, ret, ret_found);
}

enum chg_rc chg_block_after(struct chg_search *search, int64_t run_no, uint64_t entry,
	struct chg_block *ret, bool *ret_found)
{
	return find_block(search, CHG_SQ_block_after, run_no, entry, ret, ret_found);
}

void chg_run_writer_init(struct chg_run_writer *writer, struct chg_search *search, int64_t run_no)
{
	writer->search = search;
	writer->run_no = run_no;
	writer->block_count = 0;
	writer->block.count = 0;
}

enum chg_rc chg_run_writer_flush(struct chg_run_writer *writer)
{
	struct chg_block *block = &writer->block;
	if (block->count == 0)
		return CHG_OK;
	struct chg_stmt *stmt = chg_search_query(writer->search, CHG_SQ_block_add);
	block->entries[block->count] = checksum(block->entries, block->count);
	chg_stmt_i64(stmt, CHG_N_run_no, writer->run_no);
	chg_stmt_i64(stmt, CHG_N_entry, (int64_t)block->entries[0]);
	chg_stmt_blob(stmt, CHG_N_body,
		(struct chg_view){ .ptr = (const char *)block->entries,
			.len = (block->count + 1) * sizeof block->entries[0] });
	block->count = 0;
	writer->block_count++;
	return chg_stmt_run(stmt);
}

enum chg_rc chg_run_writer_put(struct chg_run_writer *writer, uint64_t entry)
{
	struct chg_block *block = &writer->block;
	if (block->count > 0 && block->entries[block->count - 1] == entry)
		return CHG_OK;
	/* A block goes when the next entry is there, so that an equal one is seen here. */
	if (block->count == CHG_BLOCK_ENTRIES) {
		enum chg_rc rc = chg_run_writer_flush(writer);
		if (rc != CHG_OK)
			return rc;
	}
	block->entries[block->count++] = entry;
	return CHG_OK;
}

enum chg_rc chg_run_number(struct chg_search *search, int64_t *ret)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_run_number);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc != CHG_OK ? rc : CHG_E_STORE_CORRUPT;
	*ret = sqlite3_column_int64(stmt->handle, 0);
	chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_run_add(struct chg_search *search, const struct chg_search_run *run, bool is_ready)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_run_add);
	chg_stmt_i64(stmt, CHG_N_run_no, run->run_no);
	chg_stmt_i64(stmt, CHG_N_is_touched, run->is_touched);
	chg_stmt_i64(stmt, CHG_N_is_ready, is_ready);
	chg_stmt_i64(stmt, CHG_N_level, run->level);
	chg_stmt_i64(stmt, CHG_N_first_cdr_id, run->first_cdr_id);
	chg_stmt_i64(stmt, CHG_N_last_cdr_id, run->last_cdr_id);
	return chg_stmt_run(stmt);
}

struct chg_search_run chg_search_run_read(struct chg_stmt *stmt)
{
	return (struct chg_search_run){
		.run_no = sqlite3_column_int64(stmt->handle, 0),
		.is_touched = sqlite3_column_int(stmt->handle, 1) != 0,
		.level = sqlite3_column_int(stmt->handle, 2),
		.first_cdr_id = sqlite3_column_int64(stmt->handle, 3),
		.last_cdr_id = sqlite3_column_int64(stmt->handle, 4),
	};
}

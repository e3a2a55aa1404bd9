/* SPDX-License-Identifier: BSD-3-Clause
 * Records that an archive holds by now leave the store.
 */
#include <assert.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_private.h"

/* What a record has in tables of its own goes before it does. */
static const enum chg_query deletions[] = {
	CHG_Q_leaver_delete_entries,
	CHG_Q_leaver_delete_participants,
	CHG_Q_leaver_delete,
};

/* ret_sequence is 0 when the record is not there or stays. */
static enum chg_rc remove_one(
	struct chg_sqlite *sqlite, const struct chg_cdr_stamp *stamp, int64_t *ret_sequence)
{
	struct chg_stmt *get = chg_sqlite_query(sqlite, CHG_Q_leaver_get);
	chg_stmt_i64(get, CHG_N_cdr_id, stamp->cdr_id);
	chg_stmt_i64(get, CHG_N_entry_count, stamp->entry_count);
	chg_stmt_i64(get, CHG_N_marks, stamp->marks);
	chg_stmt_i64(get, CHG_N_received_last_us, stamp->received_last_at.us);
	enum chg_rc rc = chg_sqlite_number(get, ret_sequence);
	if (rc != CHG_OK || *ret_sequence == 0)
		return rc;
	chg_sqlite_record_forget(sqlite, stamp->cdr_id);
	for (size_t i = 0; rc == CHG_OK && i < sizeof deletions / sizeof deletions[0]; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, deletions[i]);
		chg_stmt_i64(stmt, CHG_N_cdr_id, stamp->cdr_id);
		rc = chg_stmt_run(stmt);
	}
	return rc;
}

static enum chg_rc count_leavers(struct chg_sqlite *sqlite, const struct chg_archive_line *archive,
	uint32_t removed, int64_t highest)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_archive_put);
	chg_stmt_text(stmt, CHG_N_name, archive->name);
	chg_stmt_i64(stmt, CHG_N_octets, (int64_t)archive->octets);
	chg_stmt_i64(stmt, CHG_N_records, removed);
	chg_stmt_i64(stmt, CHG_N_local_sequence_max, highest);
	return chg_stmt_run(stmt);
}

enum chg_rc chg_sqlite_remove_archived(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	uint32_t removed = 0;
	int64_t highest = 0;
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	for (size_t i = 0; i < count; i++) {
		int64_t sequence = 0;
		enum chg_rc rc = remove_one(sqlite, &stamp[i], &sequence);
		if (rc != CHG_OK)
			return chg_sqlite_remember(sqlite, rc);
		removed += sequence != 0;
		highest = sequence > highest ? sequence : highest;
	}
	*ret_removed = removed;
	if (removed == 0)
		return CHG_OK;
	return chg_sqlite_remember(sqlite, count_leavers(sqlite, archive, removed, highest));
}

/* Steps to the archive behind `name`, whose text is replaced. */
static enum chg_rc next_archive(struct chg_sqlite *sqlite, struct chg_texts *name,
	struct chg_archive_line *line, bool *ret_row)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_archive_next);
	*ret_row = false;
	chg_stmt_text(stmt, CHG_N_name, line->name);
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc != CHG_OK || !*ret_row)
		return rc;
	struct chg_view text = chg_stmt_column_text(stmt, 0);
	char *bytes = realloc(name->bytes, text.len + 1);
	if (bytes == NULL) {
		chg_stmt_reset(stmt);
		return CHG_E_NO_MEMORY;
	}
	memcpy(bytes, text.ptr, text.len);
	name->bytes = bytes;
	*line = (struct chg_archive_line){
		.name = { .ptr = bytes, .len = text.len },
		.octets = (uint64_t)sqlite3_column_int64(stmt->handle, 1),
		.records = (uint64_t)sqlite3_column_int64(stmt->handle, 2),
		.local_sequence_max = sqlite3_column_int64(stmt->handle, 3),
	};
	chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_sqlite_scan_archives(void *self, chg_archive_each *each, void *to)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_archive_line line = { .name = CHG_VIEW("") };
	struct chg_texts name = { 0 };
	bool has_row = false;
	enum chg_rc rc;
	do
		rc = next_archive(sqlite, &name, &line, &has_row);
	while (rc == CHG_OK && has_row && each(to, &line));
	free(name.bytes);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * port/store.h in terms of statements: the part that reads.
 *
 * A scan takes a batch of ids, then one row at a time, and hands each row over after the statement
 * is reset.  So no read transaction is open while the caller works, however slow he is, and the
 * writer's log can be checkpointed; and a scan may be started inside another one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

enum {
	IDS_PER_BATCH = 4096,
};

/* Copies every text of the row that was read into `record`, and points its views to the copies. */
static enum chg_rc keep_texts(const struct chg_rows *rows, void *record, struct chg_texts *texts)
{
	size_t need = 0, len = 0;
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->list[i].type == CHG_ROW_TEXT)
			need += ((struct chg_view *)((char *)record + rows->list[i].offset))->len;
	}
	if (need + 1 > texts->size) {
		char *bytes = realloc(texts->bytes, 2 * need + 1);
		if (bytes == NULL)
			return CHG_E_NO_MEMORY;
		*texts = (struct chg_texts){ bytes, 2 * need + 1 };
	}
	for (size_t i = 0; i < rows->count; i++) {
		struct chg_view *view = (void *)((char *)record + rows->list[i].offset);
		if (rows->list[i].type != CHG_ROW_TEXT || view->ptr == NULL)
			continue;
		memcpy(texts->bytes + len, view->ptr, view->len);
		view->ptr = texts->bytes + len;
		len += view->len;
	}
	return CHG_OK;
}

enum chg_rc chg_sqlite_take_row(struct chg_stmt *stmt, const struct chg_rows *rows, void *record,
	struct chg_texts *texts, bool *ret_row)
{
	*ret_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc != CHG_OK || !*ret_row)
		return rc;
	chg_rows_read(rows, stmt, record);
	rc = keep_texts(rows, record, texts);
	chg_stmt_reset(stmt);
	return rc;
}

/* How to come by the ids: the statement, and between which ids. */
struct source {
	enum chg_query up;
	enum chg_query down;
	int64_t lowest;
	int64_t highest;
};

/* Narrows a scan over all records down to the zones that a time span touches. */
static enum chg_rc narrow_by_time(
	struct chg_sqlite *sqlite, const struct chg_cdr_filter *filter, struct source *source)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_zone_bounds);
	bool has_row = false;
	chg_stmt_i64(
		stmt, CHG_N_from_us, filter->from.is_present ? filter->from.value.us : INT64_MIN);
	chg_stmt_i64(stmt, CHG_N_until_us,
		filter->until.is_present ? filter->until.value.us : INT64_MAX);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	bool has_zone = sqlite3_column_type(stmt->handle, 0) != SQLITE_NULL;
	int64_t first = sqlite3_column_int64(stmt->handle, 0);
	int64_t last = sqlite3_column_int64(stmt->handle, 1);
	source->lowest = has_zone ? first * CHG_ZONE_SIZE : 1;
	source->highest = has_zone ? (last + 1) * CHG_ZONE_SIZE - 1 : 0;
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* The narrowest way to what the filter asks for. */
static enum chg_rc choose_source(
	struct chg_sqlite *sqlite, const struct chg_cdr_filter *filter, struct source *ret)
{
	*ret = (struct source){ CHG_Q_ids_up, CHG_Q_ids_down, 1, INT64_MAX - 1 };
	if (filter->cdr_id != 0)
		ret->lowest = ret->highest = filter->cdr_id;
	else if (filter->status == CHG_CDR_OPEN)
		*ret = (struct source){ CHG_Q_ids_open_up, CHG_Q_ids_open_down, 1, INT64_MAX - 1 };
	else if (filter->from.is_present || filter->until.is_present)
		return narrow_by_time(sqlite, filter, ret);
	return CHG_OK;
}

/* Binds what of the filter the statement asks for; `party` is the mark of the filter's party. */
static void bind_filter(
	struct chg_stmt *stmt, const struct chg_cdr_filter *filter, struct chg_view party)
{
	const struct {
		enum chg_name name;
		bool is_present;
		int64_t value;
	} numbers[] = {
		{ CHG_N_from_us, filter->from.is_present, filter->from.value.us },
		{ CHG_N_until_us, filter->until.is_present, filter->until.value.us },
		{ CHG_N_application_session_id, filter->application_session_id.is_present,
			filter->application_session_id.value },
		{ CHG_N_application_service_type, filter->application_service_type.is_present,
			filter->application_service_type.value },
		{ CHG_N_kind, filter->kind != 0, filter->kind },
		{ CHG_N_status, filter->status != 0, filter->status },
		{ CHG_N_marks, filter->marks != 0, filter->marks },
	};
	const struct {
		enum chg_name name;
		struct chg_view value;
	} texts[] = {
		{ CHG_N_party_key, party },
		{ CHG_N_session_id, filter->session_id },
		{ CHG_N_icid, filter->icid },
		{ CHG_N_name, filter->origin_host },
		{ CHG_N_service_context_id, filter->service_context_id },
	};
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (stmt->parameter[numbers[i].name] == 0)
			continue;
		if (numbers[i].is_present)
			chg_stmt_i64(stmt, numbers[i].name, numbers[i].value);
		else
			chg_stmt_null(stmt, numbers[i].name);
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (stmt->parameter[texts[i].name] != 0)
			chg_stmt_text(stmt, texts[i].name, texts[i].value);
	}
}

struct scan {
	struct chg_sqlite *sqlite;
	const struct chg_cdr_filter *filter;
	struct source source;
	int64_t at; /* the last id that was looked at */
	size_t found;
	struct chg_texts texts;
	struct chg_view party; /* as it stands in cdr.parties */
	char mark[CHG_PARTIES_MARK_MAX];
	size_t id_count;
	int64_t ids[IDS_PER_BATCH];
};

/* The next ids after scan->at, in the order of the filter. */
static enum chg_rc next_batch(struct scan *scan)
{
	struct chg_stmt *stmt = chg_sqlite_query(
		scan->sqlite, scan->filter->newest_first ? scan->source.down : scan->source.up);
	bind_filter(stmt, scan->filter, scan->party);
	chg_stmt_i64(stmt, CHG_N_cdr_id, scan->at);
	chg_stmt_i64(stmt, CHG_N_limit, IDS_PER_BATCH);
	scan->id_count = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		assert(scan->id_count < IDS_PER_BATCH);
		scan->ids[scan->id_count++] = sqlite3_column_int64(stmt->handle, 0);
	}
}

/* Reads one record, if it is still there and fits the filter. */
static enum chg_rc match(struct scan *scan, int64_t cdr_id, struct chg_cdr *ret, bool *ret_row)
{
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_cdr_match);
	bool has_row = false;
	*ret_row = false;
	bind_filter(stmt, scan->filter, scan->party);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	*ret = (struct chg_cdr){ 0 };
	chg_rows_read(&chg_rows_cdr, stmt, ret);
	ret->sub_session_id =
		chg_sub_session_read(chg_stmt_column_text(stmt, (int)chg_rows_cdr.count));
	rc = keep_texts(&chg_rows_cdr, ret, &scan->texts);
	chg_stmt_reset(stmt);
	*ret_row = rc == CHG_OK;
	return rc;
}

/* Hands the records of a batch over.  ret_done: nobody wants more. */
static enum chg_rc scan_batch(struct scan *scan, chg_cdr_each *each, void *to, bool *ret_done)
{
	for (size_t i = 0; i < scan->id_count; i++) {
		struct chg_cdr cdr;
		bool has_row;
		scan->at = scan->ids[i];
		*ret_done = scan->filter->newest_first ? scan->at < scan->source.lowest
						       : scan->at > scan->source.highest;
		if (*ret_done)
			return CHG_OK;
		enum chg_rc rc = match(scan, scan->at, &cdr, &has_row);
		if (rc != CHG_OK)
			return rc;
		if (!has_row)
			continue;
		scan->found++;
		*ret_done = !each(to, &cdr) || scan->found == scan->filter->limit;
		if (*ret_done)
			return CHG_OK;
	}
	*ret_done = scan->id_count < IDS_PER_BATCH;
	return CHG_OK;
}

/* Where to begin: after the id of the filter, and not before the first that can fit. */
static int64_t first_of(const struct scan *scan)
{
	int64_t after = scan->filter->after_cdr_id;
	if (!scan->filter->newest_first)
		return after > scan->source.lowest - 1 ? after : scan->source.lowest - 1;
	if (after == 0 || after > scan->source.highest)
		return scan->source.highest + 1;
	return after;
}

/* A key that is too long to be one finds nothing: it stands for itself. */
static void mark_party(struct scan *scan)
{
	struct chg_view key = scan->filter->party;
	if (!chg_view_present(key))
		return;
	scan->party = key;
	if (key.len <= CHG_PARTY_TEXT_MAX)
		scan->party = (struct chg_view){ scan->mark, chg_parties_mark(key, scan->mark) };
}

static enum chg_rc scan_all(struct scan *scan, chg_cdr_each *each, void *to)
{
	bool is_done = false;
	enum chg_rc rc = choose_source(scan->sqlite, scan->filter, &scan->source);
	if (rc == CHG_OK)
		scan->at = first_of(scan);
	while (rc == CHG_OK && !is_done) {
		rc = next_batch(scan);
		if (rc == CHG_OK)
			rc = scan_batch(scan, each, to, &is_done);
	}
	return rc;
}

enum chg_rc chg_sqlite_scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to)
{
	struct scan *scan = calloc(1, sizeof *scan);
	if (scan == NULL)
		return CHG_E_NO_MEMORY;
	scan->sqlite = chg_sqlite_self(self);
	scan->filter = filter;
	mark_party(scan);
	enum chg_rc rc = scan_all(scan, each, to);
	free(scan->texts.bytes);
	free(scan);
	return rc;
}

enum chg_rc chg_sqlite_scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(chg_sqlite_self(self), CHG_Q_entry_next);
	struct chg_cdr_entry entry = { 0 };
	struct chg_texts texts = { 0 };
	bool goes_on = true;
	enum chg_rc rc = CHG_OK;
	while (goes_on) {
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, entry.entry_no);
		rc = chg_sqlite_take_row(stmt, &chg_rows_entry, &entry, &texts, &has_row);
		goes_on = rc == CHG_OK && has_row && each(to, &entry);
	}
	free(texts.bytes);
	return rc;
}

enum chg_rc chg_sqlite_scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(chg_sqlite_self(self), CHG_Q_participant_next);
	struct chg_cdr_participant participant = { 0 };
	struct chg_texts texts = { 0 };
	bool goes_on = true;
	enum chg_rc rc = CHG_OK;
	while (goes_on) {
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, participant.entry_no);
		chg_stmt_i64(stmt, CHG_N_ordinal, participant.ordinal);
		rc = chg_sqlite_take_row(
			stmt, &chg_rows_participant, &participant, &texts, &has_row);
		goes_on = rc == CHG_OK && has_row && each(to, &participant);
	}
	free(texts.bytes);
	return rc;
}

/* Columns are read by their place; a statement that was edited in another order stops the start. */
enum chg_rc chg_sqlite_columns_check(
	const struct chg_stmts *stmts, char *reterr_why, size_t why_size)
{
	static const struct {
		enum chg_query query;
		const struct chg_rows *rows;
		const char *name;
	} readers[] = {
		{ CHG_Q_session_latest, &chg_rows_state, "session_latest" },
		{ CHG_Q_sub_session_next_open, &chg_rows_state, "sub_session_next_open" },
		{ CHG_Q_host_next_older, &chg_rows_state, "host_next_older" },
		{ CHG_Q_due_next, &chg_rows_state, "due_next" },
		{ CHG_Q_cdr_match, &chg_rows_cdr, "cdr_match" },
		{ CHG_Q_entry_next, &chg_rows_entry, "entry_next" },
		{ CHG_Q_participant_next, &chg_rows_participant, "participant_next" },
		{ CHG_Q_cdr_state, &chg_rows_state, "cdr_state" },
		{ CHG_Q_account_get, &chg_rows_account, "account_get" },
		{ CHG_Q_bucket_list, &chg_rows_bucket, "bucket_list" },
		{ CHG_Q_cc_session_get, &chg_rows_session, "cc_session_get" },
		{ CHG_Q_cc_session_due, &chg_rows_session, "cc_session_due" },
		{ CHG_Q_cc_session_next_older, &chg_rows_session, "cc_session_next_older" },
		{ CHG_Q_done_next, &chg_rows_done, "done_next" },
		{ CHG_Q_ledger_next, &chg_rows_ledger, "ledger_next" },
		{ CHG_Q_suspense_next, &chg_rows_suspense, "suspense_next" },
		{ CHG_Q_suspense_next_waiting, &chg_rows_suspense, "suspense_next_waiting" },
		{ CHG_Q_tariff_next, &chg_rows_tariff, "tariff_next" },
	};
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		if (chg_rows_fit(readers[i].rows, &stmts->list[readers[i].query]))
			continue;
		snprintf(reterr_why, why_size,
			"statement %s in query.sql has not the columns of sqlite_row.c in their "
			"order",
			readers[i].name);
		return CHG_E_UNKNOWN;
	}
	return CHG_OK;
}

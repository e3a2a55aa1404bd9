/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: the ledger read back, in ascending order.
 *
 * The lines of an account are found from its buckets backwards, each line naming the one before.  So
 * that they come in ascending order without all of them being in memory, the chains are walked twice:
 * once to the beginning, leaving marks, and then from the last mark on, a stretch at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

enum {
	MARK_MAX = 256,
	STRETCH = 1024, /* postings between two marks; twice as many whenever there is no room */
};

/* How far each bucket of an account has been walked: ledger_id of the next line to look at. */
struct cursor {
	size_t count;
	int64_t head[CHG_BUCKET_MAX];
};

/* The marks of the first walk, the latest posting first. */
struct marks {
	size_t count;
	size_t stretch;
	struct cursor list[MARK_MAX];
};

struct ledger_scan {
	struct chg_sqlite *sqlite;
	const struct chg_ledger_filter *filter;
	chg_ledger_each *each;
	void *to;
	int64_t first_id, end_id; /* lines from here on and before there are meant */
	size_t told;
	bool is_done;
	struct chg_texts texts;
};

static int64_t from_of(const struct chg_ledger_filter *filter)
{
	return filter->from.is_present ? filter->from.value.us : INT64_MIN;
}

static int64_t until_of(const struct chg_ledger_filter *filter)
{
	return filter->until.is_present ? filter->until.value.us : INT64_MAX;
}

static void narrow(struct ledger_scan *scan, int64_t first_id, int64_t end_id)
{
	if (scan->first_id < first_id)
		scan->first_id = first_id;
	if (scan->end_id > end_id)
		scan->end_id = end_id;
}

/* Postings come about in the order of time, so that those in the zones between are nearly all meant. */
static enum chg_rc narrow_by_time(struct ledger_scan *scan)
{
	static const int64_t lines = (int64_t)CHG_ZONE_POSTINGS * CHG_POSTING_LINES;
	if (!scan->filter->from.is_present && !scan->filter->until.is_present)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_ledger_zone_bounds);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_from_us, from_of(scan->filter));
	chg_stmt_i64(stmt, CHG_N_until_us, until_of(scan->filter));
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	if (sqlite3_column_type(stmt->handle, 0) == SQLITE_NULL)
		scan->end_id = 0; /* nothing */
	else
		narrow(scan, sqlite3_column_int64(stmt->handle, 0) * lines,
			(sqlite3_column_int64(stmt->handle, 1) + 1) * lines);
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* Tells the lines from first_id on; the limit ends it before the next posting. */
static enum chg_rc tell_lines(struct ledger_scan *scan, int64_t first_id, int64_t end_id)
{
	const struct chg_ledger_filter *filter = scan->filter;
	struct chg_ledger_line line = { .posting_id = 0 };
	int64_t at = first_id - 1, posting_id = 0;
	while (!scan->is_done) {
		struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_ledger_next);
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_ledger_id, at);
		chg_stmt_i64(stmt, CHG_N_end_id, end_id);
		chg_stmt_i64(stmt, CHG_N_from_us, from_of(filter));
		chg_stmt_i64(stmt, CHG_N_until_us, until_of(filter));
		enum chg_rc rc =
			chg_sqlite_take_row(stmt, &chg_rows_ledger, &line, &scan->texts, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		scan->is_done = line.posting_id != posting_id && filter->limit != 0 &&
				scan->told >= filter->limit;
		if (scan->is_done)
			break;
		at = line.posting_id * CHG_POSTING_LINES + (line.line_no - 1) / 2;
		posting_id = line.posting_id;
		scan->told++;
		scan->is_done = !scan->each(scan->to, &line);
	}
	return CHG_OK;
}

static enum chg_rc tell_posting(struct ledger_scan *scan, int64_t posting_id)
{
	int64_t first_id = posting_id * CHG_POSTING_LINES;
	if (first_id < scan->first_id || first_id >= scan->end_id)
		return CHG_OK;
	return tell_lines(scan, first_id, first_id + CHG_POSTING_LINES);
}

/* ---- Of a record: its services name the postings ---- */

static enum chg_rc scan_record(struct ledger_scan *scan)
{
	int64_t entry_no = -1;
	while (!scan->is_done) {
		struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_posting_next_of_cdr);
		bool has_row = false;
		chg_stmt_i64(stmt, CHG_N_cdr_id, scan->filter->cdr_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, entry_no);
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		int64_t posting_id = sqlite3_column_int64(stmt->handle, 0);
		entry_no = sqlite3_column_int64(stmt->handle, 1);
		chg_stmt_reset(stmt);
		rc = tell_posting(scan, posting_id);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* ---- Of an account: backwards along its buckets ---- */

static enum chg_rc cursor_begin(struct ledger_scan *scan, int64_t account_id, struct cursor *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_ledger_last);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	ret->count = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		if (ret->count == CHG_BUCKET_MAX) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
		ret->head[ret->count++] = sqlite3_column_int64(stmt->handle, 0);
	}
}

/* The place of the latest line; false when all that follows is before what is meant. */
static bool cursor_latest(
	const struct ledger_scan *scan, const struct cursor *cursor, size_t *ret_place)
{
	int64_t latest = 0;
	for (size_t i = 0; i < cursor->count; i++) {
		if (cursor->head[i] <= latest)
			continue;
		latest = cursor->head[i];
		*ret_place = i;
	}
	return latest > 0 && latest >= scan->first_id;
}

static bool fits(const struct ledger_scan *scan, int64_t at_us, int64_t cdr_id)
{
	const struct chg_ledger_filter *filter = scan->filter;
	return at_us >= from_of(filter) && at_us < until_of(filter) &&
	       (filter->cdr_id == 0 || filter->cdr_id == cdr_id);
}

/* Goes one line back; ret_posting_id is that of the line if it is meant, else 0. */
static enum chg_rc cursor_step(
	struct ledger_scan *scan, struct cursor *cursor, size_t place, int64_t *ret_posting_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_ledger_back);
	int64_t ledger_id = cursor->head[place];
	bool has_row = false;
	*ret_posting_id = 0;
	chg_stmt_i64(stmt, CHG_N_ledger_id, ledger_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return rc;
	int64_t previous = has_row ? sqlite3_column_int64(stmt->handle, 0) : 0;
	bool is_meant = has_row && ledger_id < scan->end_id &&
			fits(scan, sqlite3_column_int64(stmt->handle, 1),
				sqlite3_column_int64(stmt->handle, 2));
	if (has_row)
		chg_stmt_reset(stmt);
	if (!has_row || previous >= ledger_id)
		return CHG_E_STORE_CORRUPT;
	cursor->head[place] = previous;
	if (is_meant)
		*ret_posting_id = ledger_id / CHG_POSTING_LINES;
	return CHG_OK;
}

/* Goes back over one posting that is meant: 0 when there is none any more. */
static enum chg_rc cursor_back(
	struct ledger_scan *scan, struct cursor *cursor, int64_t *ret_posting_id)
{
	size_t place = 0;
	*ret_posting_id = 0;
	while (cursor_latest(scan, cursor, &place)) {
		int64_t ledger_id = cursor->head[place], posting_id;
		if (*ret_posting_id != 0 && ledger_id / CHG_POSTING_LINES != *ret_posting_id)
			break;
		enum chg_rc rc = cursor_step(scan, cursor, place, &posting_id);
		if (rc != CHG_OK)
			return rc;
		if (posting_id != 0)
			*ret_posting_id = posting_id;
	}
	return CHG_OK;
}

static void mark(struct marks *marks, const struct cursor *cursor)
{
	if (marks->count == MARK_MAX) {
		for (size_t i = 0; i < MARK_MAX / 2; i++)
			marks->list[i] = marks->list[2 * i];
		marks->count = MARK_MAX / 2;
		marks->stretch *= 2;
	}
	marks->list[marks->count++] = *cursor;
}

/* The first walk. */
static enum chg_rc mark_all(struct ledger_scan *scan, struct cursor *cursor, struct marks *marks)
{
	for (size_t count = 0;; count++) {
		struct cursor here = *cursor;
		int64_t posting_id;
		enum chg_rc rc = cursor_back(scan, cursor, &posting_id);
		if (rc != CHG_OK || posting_id == 0)
			return rc;
		if (count % marks->stretch == 0)
			mark(marks, &here);
	}
}

/* Tells the postings from a mark back to the one before it, in ascending order. */
static enum chg_rc tell_stretch(
	struct ledger_scan *scan, struct cursor *cursor, int64_t *ids, size_t stretch)
{
	size_t count = 0;
	enum chg_rc rc = CHG_OK;
	while (count < stretch && rc == CHG_OK) {
		rc = cursor_back(scan, cursor, &ids[count]);
		if (rc != CHG_OK || ids[count] == 0)
			break;
		count++;
	}
	while (count > 0 && rc == CHG_OK && !scan->is_done)
		rc = tell_posting(scan, ids[--count]);
	return rc;
}

static enum chg_rc tell_marked(struct ledger_scan *scan, struct marks *marks)
{
	int64_t *ids = malloc(marks->stretch * sizeof *ids);
	enum chg_rc rc = CHG_OK;
	if (ids == NULL)
		return CHG_E_NO_MEMORY;
	for (size_t i = marks->count; i-- > 0 && rc == CHG_OK && !scan->is_done;)
		rc = tell_stretch(scan, &marks->list[i], ids, marks->stretch);
	free(ids);
	return rc;
}

static enum chg_rc scan_account(struct ledger_scan *scan)
{
	int64_t account_id;
	struct cursor cursor;
	enum chg_rc rc =
		chg_sqlite_account_by_name(scan->sqlite, scan->filter->account, &account_id);
	if (rc == CHG_OK && account_id == 0)
		return CHG_E_UNKNOWN;
	if (rc == CHG_OK)
		rc = cursor_begin(scan, account_id, &cursor);
	if (rc != CHG_OK)
		return rc;
	struct marks *marks = malloc(sizeof *marks);
	if (marks == NULL)
		return CHG_E_NO_MEMORY;
	marks->count = 0;
	marks->stretch = STRETCH;
	rc = mark_all(scan, &cursor, marks);
	if (rc == CHG_OK)
		rc = tell_marked(scan, marks);
	free(marks);
	return rc;
}

/* ---- Of a reference, which one posting at most has ---- */

static enum chg_rc scan_reference(struct ledger_scan *scan)
{
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_reference_get);
	int64_t ledger_id = 0;
	chg_stmt_text(stmt, CHG_N_reference, scan->filter->reference);
	enum chg_rc rc = chg_sqlite_number(stmt, &ledger_id);
	if (rc != CHG_OK || ledger_id == 0)
		return rc;
	return tell_posting(scan, ledger_id / CHG_POSTING_LINES);
}

/* ---- All of them ---- */

static enum chg_rc scan_all(struct ledger_scan *scan)
{
	enum chg_rc rc = narrow_by_time(scan);
	if (rc != CHG_OK)
		return rc;
	if (chg_view_present(scan->filter->reference))
		return scan_reference(scan);
	if (chg_view_present(scan->filter->account))
		return scan_account(scan);
	if (scan->filter->cdr_id != 0)
		return scan_record(scan);
	return tell_lines(scan, scan->first_id, scan->end_id);
}

enum chg_rc chg_sqlite_ledger_scan(
	void *self, const struct chg_ledger_filter *filter, chg_ledger_each *each, void *to)
{
	int64_t after = filter->after_posting_id;
	struct ledger_scan scan = {
		.sqlite = chg_sqlite_self(self),
		.filter = filter,
		.each = each,
		.to = to,
		.end_id = INT64_MAX,
	};
	if (after >= INT64_MAX / CHG_POSTING_LINES)
		return CHG_OK;
	scan.first_id = (after + 1) * CHG_POSTING_LINES;
	enum chg_rc rc = scan_all(&scan);
	free(scan.texts.bytes);
	return rc;
}

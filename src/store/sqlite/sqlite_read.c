/* SPDX-License-Identifier: BSD-3-Clause
 * port/store.h in terms of statements: the part that reads.
 *
 * A scan takes a batch of ids, then some rows in one read transaction, and hands them over after its
 * end.  So none is open while the caller works, however slow he is, and the writer's log can be
 * checkpointed; and a scan may be started inside another one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/sqlite_search_private.h"

enum {
	WANTED_MIN = 16, /* a batch is not smaller than this */
	/* Read before any is handed over: a transaction for each record is a fifth of an export. */
	AHEAD_MAX = 16,                 /* records */
	AHEAD_OCTETS_MAX = 1024 * 1024, /* of their texts, and one record more */
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

/* Where the ids come from. */
enum way {
	WAY_ALL,  /* every record */
	WAY_OPEN, /* the index of open ones */
	WAY_TERM, /* the search index */
};

/* The narrowest way to what the filter asks for. */
static enum way choose_way(const struct chg_cdr_filter *filter, uint32_t *ret_hash)
{
	if (filter->cdr_id != 0)
		return WAY_ALL;
	if (chg_view_present(filter->session_id))
		*ret_hash = chg_term_hash(CHG_TERM_SESSION, filter->session_id);
	else if (chg_view_present(filter->icid))
		*ret_hash = chg_term_hash(CHG_TERM_ICID, filter->icid);
	else if (filter->application_session_id.is_present)
		*ret_hash = chg_term_hash_number(
			CHG_TERM_APPLICATION_SESSION, filter->application_session_id.value);
	else if (chg_view_present(filter->party))
		*ret_hash = chg_term_hash(CHG_TERM_PARTY, filter->party);
	else
		return filter->status == CHG_CDR_OPEN ? WAY_OPEN : WAY_ALL;
	return WAY_TERM;
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

/* Records that were read and not handed over. */
struct ahead {
	size_t count;
	struct chg_cdr cdr[AHEAD_MAX];
	struct chg_texts texts[AHEAD_MAX];
};

struct scan {
	struct chg_sqlite *sqlite;
	const struct chg_cdr_filter *filter;
	enum way way;
	struct chg_zones zones;
	int64_t lowest; /* no others can match */
	int64_t highest;
	int64_t at; /* the last id that was looked at */
	size_t found;
	struct ahead ahead;
	struct chg_view party; /* as it stands in cdr.parties */
	char mark[CHG_PARTIES_MARK_MAX];
	size_t wanted; /* in the next batch */
	struct chg_find find;
};

/* The ids between the first and the last record that can have started in the span of time. */
static enum chg_rc narrow_by_time(struct scan *scan)
{
	struct chg_zones zones = scan->zones;
	int64_t first = 0, last = INT64_MAX - 1;
	bool is_end;
	if (!zones.is_restricted)
		return CHG_OK;
	zones.newest_first = false;
	enum chg_rc rc = chg_sqlite_zone_seek(scan->sqlite, &zones, &first, &is_end);
	if (rc != CHG_OK || is_end) {
		scan->highest = 0;
		return rc;
	}
	zones.newest_first = true;
	rc = chg_sqlite_zone_seek(scan->sqlite, &zones, &last, &is_end);
	if (first + 1 > scan->lowest)
		scan->lowest = first + 1;
	if (last - 1 < scan->highest)
		scan->highest = last - 1;
	return rc;
}

/* The next ids after scan->at, in the order of the filter. */
static enum chg_rc list_ids(struct scan *scan)
{
	bool is_down = scan->filter->newest_first;
	enum chg_query query = scan->way == WAY_OPEN ? CHG_Q_ids_open_up : CHG_Q_ids_up;
	if (is_down)
		query = scan->way == WAY_OPEN ? CHG_Q_ids_open_down : CHG_Q_ids_down;
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, query);
	chg_stmt_i64(stmt, CHG_N_cdr_id, scan->at);
	chg_stmt_i64(stmt, CHG_N_limit, (int64_t)scan->wanted);
	scan->find.count = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		assert(scan->find.count < scan->wanted);
		scan->find.ids[scan->find.count++] = sqlite3_column_int64(stmt->handle, 0);
	}
}

/*
 * As many as are wanted at first, since hits of the search index mostly match; more and more when
 * they do not.
 */
static enum chg_rc next_batch(struct scan *scan)
{
	bool is_end = false;
	if (scan->way == WAY_TERM) {
		scan->find.lowest = scan->lowest;
		scan->find.highest = scan->highest;
		return chg_find_next(&scan->find, scan->at, scan->wanted);
	}
	enum chg_rc rc = CHG_OK;
	if (scan->way == WAY_ALL)
		rc = chg_sqlite_zone_seek(scan->sqlite, &scan->zones, &scan->at, &is_end);
	scan->find.count = 0;
	return rc == CHG_OK && !is_end ? list_ids(scan) : rc;
}

/* Reads one record behind those that were read, if it is still there and fits the filter. */
static enum chg_rc match(struct scan *scan, int64_t cdr_id)
{
	struct ahead *ahead = &scan->ahead;
	struct chg_cdr *cdr = &ahead->cdr[ahead->count];
	struct chg_stmt *stmt = chg_sqlite_query(scan->sqlite, CHG_Q_cdr_match);
	bool has_row = false;
	bind_filter(stmt, scan->filter, scan->party);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc;
	*cdr = (struct chg_cdr){ 0 };
	chg_rows_read(&chg_rows_cdr, stmt, cdr);
	cdr->sub_session_id =
		chg_sub_session_read(chg_stmt_column_text(stmt, (int)chg_rows_cdr.count));
	rc = keep_texts(&chg_rows_cdr, cdr, &ahead->texts[ahead->count]);
	chg_stmt_reset(stmt);
	ahead->count += rc == CHG_OK;
	return rc;
}

/* Looks at a record; ret_done: it is outside, and so are all behind it. */
static enum chg_rc look_at(struct scan *scan, int64_t cdr_id, bool *ret_done)
{
	bool is_wanted = true;
	enum chg_rc rc = CHG_OK;
	scan->at = cdr_id;
	*ret_done = scan->filter->newest_first ? cdr_id < scan->lowest : cdr_id > scan->highest;
	if (*ret_done)
		return CHG_OK;
	/* An id of the search index may lie in a zone that was not even looked at. */
	if (scan->way != WAY_ALL)
		rc = chg_sqlite_zone_has(scan->sqlite, &scan->zones, cdr_id, &is_wanted);
	return rc == CHG_OK && is_wanted ? match(scan, cdr_id) : rc;
}

/* Whether as many were read as are handed over at once. */
static bool is_ahead(const struct scan *scan)
{
	const struct ahead *ahead = &scan->ahead;
	size_t octets = 0;
	for (size_t i = 0; i < ahead->count; i++)
		octets += ahead->texts[i].size;
	return ahead->count == AHEAD_MAX || octets >= AHEAD_OCTETS_MAX ||
	       (scan->filter->limit != 0 && scan->found + ahead->count == scan->filter->limit);
}

/* Reads some records of the batch, from its place *next on, in one transaction. */
static enum chg_rc read_ahead(struct scan *scan, size_t *next, bool *ret_done)
{
	bool is_inside = !sqlite3_get_autocommit(scan->sqlite->db); /* the caller's transaction */
	enum chg_rc rc = CHG_OK;
	scan->ahead.count = 0;
	if (!is_inside)
		rc = chg_stmt_run(chg_sqlite_query(scan->sqlite, CHG_Q_txn_begin_read));
	if (rc != CHG_OK)
		return rc;
	while (rc == CHG_OK && *next < scan->find.count && !*ret_done && !is_ahead(scan))
		rc = look_at(scan, scan->find.ids[(*next)++], ret_done);
	if (!is_inside)
		(void)chg_stmt_run(chg_sqlite_query(scan->sqlite, CHG_Q_txn_commit));
	return rc;
}

/* ret_done: nobody wants more. */
static void hand_over(struct scan *scan, chg_cdr_each *each, void *to, bool *ret_done)
{
	bool goes_on = true;
	for (size_t i = 0; goes_on && i < scan->ahead.count; i++) {
		scan->found++;
		goes_on = each(to, &scan->ahead.cdr[i]) && scan->found != scan->filter->limit;
	}
	*ret_done |= !goes_on;
}

/* Hands the records of a batch over; before an error, those that could be read. */
static enum chg_rc scan_batch(struct scan *scan, chg_cdr_each *each, void *to, bool *ret_done)
{
	for (size_t next = 0; next < scan->find.count && !*ret_done;) {
		enum chg_rc rc = read_ahead(scan, &next, ret_done);
		hand_over(scan, each, to, ret_done);
		if (rc != CHG_OK)
			return rc;
	}
	*ret_done |= scan->find.count < scan->wanted;
	if (scan->wanted < CHG_FIND_MAX)
		scan->wanted *= 2;
	return CHG_OK;
}

/* Where to begin: after the id of the filter, and not before the first that can fit. */
static int64_t first_of(const struct scan *scan)
{
	int64_t after = scan->filter->after_cdr_id;
	if (!scan->filter->newest_first)
		return after > scan->lowest - 1 ? after : scan->lowest - 1;
	if (after == 0 || after > scan->highest)
		return scan->highest + 1;
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

static void prepare(
	struct scan *scan, struct chg_sqlite *sqlite, const struct chg_cdr_filter *filter)
{
	scan->sqlite = sqlite;
	scan->filter = filter;
	scan->lowest = 1;
	scan->highest = INT64_MAX - 1;
	if (filter->cdr_id != 0)
		scan->lowest = scan->highest = filter->cdr_id;
	scan->zones = (struct chg_zones){
		.is_restricted = filter->from.is_present || filter->until.is_present,
		.newest_first = filter->newest_first,
		.from_us = filter->from.is_present ? filter->from.value.us : INT64_MIN,
		.until_us = filter->until.is_present ? filter->until.value.us : INT64_MAX,
	};
	scan->find.sqlite = sqlite;
	scan->find.zones = &scan->zones;
	scan->find.newest_first = filter->newest_first;
	scan->way = choose_way(filter, &scan->find.hash);
	scan->wanted = filter->cdr_id != 0 ? 1 : CHG_FIND_MAX;
	if (filter->limit != 0 && filter->limit < WANTED_MIN)
		scan->wanted = WANTED_MIN;
	else if (filter->limit != 0 && filter->limit < CHG_FIND_MAX / 2)
		scan->wanted = filter->limit;
	mark_party(scan);
}

static enum chg_rc scan_all(struct scan *scan, chg_cdr_each *each, void *to)
{
	bool is_done = false;
	enum chg_rc rc = scan->filter->cdr_id == 0 ? narrow_by_time(scan) : CHG_OK;
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
	prepare(scan, chg_sqlite_self(self), filter);
	enum chg_rc rc = scan_all(scan, each, to);
	for (size_t i = 0; i < AHEAD_MAX; i++)
		free(scan->ahead.texts[i].bytes);
	free(scan);
	return rc;
}

uint64_t chg_sqlite_unindexed(const struct chg_store *store)
{
	return chg_sqlite_self(store->self)->unindexed_count;
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
		{ CHG_Q_done_next, &chg_rows_request, "done_next" },
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

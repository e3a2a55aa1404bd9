/* SPDX-License-Identifier: BSD-3-Clause
 * Rows of a database into a pack: the values of each column behind each other, which compresses well.
 */
#include <assert.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_pack_private.h"

enum {
	COLUMN_MAX = CHG_PACK_COLUMN_MAX,
};

/* Octets that grow. */
struct growing {
	char *bytes;
	size_t len;
	size_t room;
};

struct column {
	struct growing values;
	int64_t before; /* the whole number before */
};

/* A table on its way into a pack; columns are those of its statement. */
struct table {
	uint64_t rows;
	int columns;
	struct column column[COLUMN_MAX];
};

/* By record, or once for all of a pack; in the order in which they go back in. */
static const struct {
	const char *name;
	enum chg_query query;
	bool is_once;
} sources[CHG_PACK_TABLES] = {
	{ "origin_host", CHG_Q_pack_origin_host, true },
	{ "account", CHG_Q_pack_account, true },
	{ "cdr", CHG_Q_pack_cdr, false },
	{ "cdr_entry", CHG_Q_pack_cdr_entry, false },
	{ "cdr_participant", CHG_Q_pack_cdr_participant, false },
	{ "cdr_zone", CHG_Q_pack_cdr_zone, true },
};

const char *chg_pack_table(size_t i)
{
	return i < CHG_PACK_TABLES ? sources[i].name : NULL;
}

struct chg_packer {
	struct chg_store store;
	struct chg_cdr_stamp *stamp;
	size_t stamp_room;
	struct table table[CHG_PACK_TABLES];
	struct growing body;
	size_t octets; /* of all values so far */
};

static bool append(struct growing *to, const void *bytes, size_t len)
{
	if (len > to->room - to->len) {
		size_t room = 2 * (to->len + len) + 256;
		char *more = realloc(to->bytes, room);
		if (more == NULL)
			return false;
		to->bytes = more;
		to->room = room;
	}
	if (len > 0)
		memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
	return true;
}

static bool append_number(struct growing *to, uint64_t value)
{
	uint8_t octets[10];
	size_t len = 0;
	for (; value >= 0x80; value >>= 7)
		octets[len++] = (uint8_t)(value | 0x80);
	octets[len++] = (uint8_t)value;
	return append(to, octets, len);
}

static bool append_text(struct growing *to, const void *bytes, size_t len)
{
	return append_number(to, len) && append(to, bytes, len);
}

static bool append_integer(struct column *column, int64_t value)
{
	uint64_t step = (uint64_t)value - (uint64_t)column->before;
	uint8_t tag = CHG_PACK_INTEGER;
	column->before = value;
	return append(&column->values, &tag, 1) &&
	       append_number(&column->values, step << 1 ^ (step >> 63 != 0 ? UINT64_MAX : 0));
}

/* The tables are STRICT and have no other kinds of value. */
static bool append_value(struct column *column, sqlite3_stmt *handle, int i)
{
	int type = sqlite3_column_type(handle, i);
	if (type == SQLITE_INTEGER)
		return append_integer(column, sqlite3_column_int64(handle, i));
	uint8_t tag = type == SQLITE_NULL ? CHG_PACK_NULL
					  : (type == SQLITE_BLOB ? CHG_PACK_BLOB : CHG_PACK_TEXT);
	if (!append(&column->values, &tag, 1) || tag == CHG_PACK_NULL)
		return tag == CHG_PACK_NULL;
	const void *bytes = tag == CHG_PACK_BLOB ? sqlite3_column_blob(handle, i)
						 : (const void *)sqlite3_column_text(handle, i);
	return append_text(&column->values, bytes, (size_t)sqlite3_column_bytes(handle, i));
}

static size_t table_octets(const struct table *table)
{
	size_t octets = 0;
	for (int i = 0; i < table->columns; i++)
		octets += table->column[i].values.len;
	return octets;
}

/* All rows of a bound statement. */
static enum chg_rc take_rows(struct chg_stmt *stmt, struct table *table)
{
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	while (rc == CHG_OK && has_row) {
		for (int i = 0; rc == CHG_OK && i < table->columns; i++) {
			if (!append_value(&table->column[i], stmt->handle, i))
				rc = CHG_E_NO_MEMORY;
		}
		table->rows++;
		if (rc == CHG_OK)
			rc = chg_stmt_step(stmt, &has_row);
	}
	if (rc != CHG_OK)
		chg_stmt_reset(stmt);
	return rc;
}

static enum chg_rc take_terms(
	struct chg_sqlite *sqlite, int64_t cdr_id, chg_pack_term_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_pack_terms);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	while (rc == CHG_OK && has_row) {
		enum chg_cdr_term kind = (enum chg_cdr_term)sqlite3_column_int(stmt->handle, 0);
		rc = each(to, kind, chg_stmt_column_text(stmt, 1)) ? chg_stmt_step(stmt, &has_row)
								   : CHG_E_NO_MEMORY;
	}
	if (rc != CHG_OK)
		chg_stmt_reset(stmt);
	return rc;
}

/* A record with all that belongs to it. */
static enum chg_rc take_record(struct chg_packer *packer, int64_t cdr_id)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && i < CHG_PACK_TABLES; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, sources[i].query);
		if (sources[i].is_once)
			continue;
		size_t before = table_octets(&packer->table[i]);
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
		rc = take_rows(stmt, &packer->table[i]);
		packer->octets += table_octets(&packer->table[i]) - before;
	}
	return rc;
}

/* What records point to. */
static enum chg_rc take_shared(struct chg_packer *packer, struct chg_range cdr_id)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && i < CHG_PACK_TABLES; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, sources[i].query);
		if (!sources[i].is_once)
			continue;
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id.low);
		chg_stmt_i64(stmt, CHG_N_highest_cdr_id, cdr_id.high);
		rc = take_rows(stmt, &packer->table[i]);
	}
	return rc;
}

static bool write_table(
	struct growing *to, const char *name, const struct table *table, sqlite3_stmt *handle)
{
	bool fits = append_text(to, name, strlen(name)) &&
		    append_number(to, (uint64_t)table->columns) && append_number(to, table->rows);
	for (int i = 0; fits && i < table->columns; i++) {
		const char *column = sqlite3_column_name(handle, i);
		const struct growing *values = &table->column[i].values;
		fits = column != NULL && append_text(to, column, strlen(column)) &&
		       append_text(to, values->bytes, values->len);
	}
	return fits;
}

static enum chg_rc write_body(struct chg_packer *packer)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	packer->body.len = 0;
	for (size_t i = 0; i < CHG_PACK_TABLES; i++) {
		const struct chg_stmt *stmt = chg_sqlite_query(sqlite, sources[i].query);
		if (packer->table[i].rows > 0 && !write_table(&packer->body, sources[i].name,
							 &packer->table[i], stmt->handle))
			return CHG_E_NO_MEMORY;
	}
	return CHG_OK;
}

static void clear(struct chg_packer *packer)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	packer->octets = 0;
	for (size_t i = 0; i < CHG_PACK_TABLES; i++) {
		struct table *table = &packer->table[i];
		table->rows = 0;
		table->columns =
			sqlite3_column_count(chg_sqlite_query(sqlite, sources[i].query)->handle);
		assert(table->columns <= COLUMN_MAX);
		for (int c = 0; c < table->columns; c++) {
			table->column[c].values.len = 0;
			table->column[c].before = 0;
		}
	}
}

static void widen(struct chg_range *range, bool is_first, int64_t value)
{
	range->low = is_first || value < range->low ? value : range->low;
	range->high = is_first || value > range->high ? value : range->high;
}

static void note_record(struct chg_pack *pack, struct chg_cdr_stamp *stamp, sqlite3_stmt *handle)
{
	bool is_first = pack->records == 0;
	*stamp = (struct chg_cdr_stamp){ .cdr_id = sqlite3_column_int64(handle, 0),
		.received_last_at = { sqlite3_column_int64(handle, 1) },
		.entry_count = (uint32_t)sqlite3_column_int64(handle, 2),
		.marks = (uint32_t)sqlite3_column_int64(handle, 3) };
	widen(&pack->cdr_id, is_first, stamp->cdr_id);
	widen(&pack->started_us, is_first, sqlite3_column_int64(handle, 4));
	widen(&pack->closed_us, is_first, sqlite3_column_int64(handle, 5));
	widen(&pack->local_sequence, is_first, sqlite3_column_int64(handle, 6));
	pack->records++;
}

static struct chg_stmt *bind_ids(struct chg_packer *packer, const struct chg_pack_ask *ask)
{
	struct chg_stmt *stmt =
		chg_sqlite_query(chg_sqlite_self(packer->store.self), CHG_Q_pack_ids);
	chg_stmt_i64(stmt, CHG_N_cdr_id, ask->after_cdr_id);
	chg_stmt_i64(stmt, CHG_N_highest_cdr_id, ask->highest_cdr_id);
	chg_stmt_i64(stmt, CHG_N_until_us, ask->closed_before.us);
	chg_stmt_i64(stmt, CHG_N_limit, ask->records_max);
	return stmt;
}

static enum chg_rc take_records(struct chg_packer *packer, const struct chg_pack_ask *ask,
	chg_pack_term_each *each, void *to, struct chg_pack *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	struct chg_stmt *ids = bind_ids(packer, ask);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(ids, &has_row);
	while (rc == CHG_OK && has_row && packer->octets < ask->octets_max) {
		struct chg_cdr_stamp *stamp = &packer->stamp[ret->records];
		note_record(ret, stamp, ids->handle);
		rc = take_record(packer, stamp->cdr_id);
		if (rc == CHG_OK)
			rc = take_terms(sqlite, stamp->cdr_id, each, to);
		if (rc == CHG_OK)
			rc = chg_stmt_step(ids, &has_row);
	}
	chg_stmt_reset(ids);
	return rc;
}

static enum chg_rc reserve_stamps(struct chg_packer *packer, size_t count)
{
	if (count <= packer->stamp_room)
		return CHG_OK;
	struct chg_cdr_stamp *stamp = reallocarray(packer->stamp, count, sizeof *stamp);
	if (stamp == NULL)
		return CHG_E_NO_MEMORY;
	packer->stamp = stamp;
	packer->stamp_room = count;
	return CHG_OK;
}

enum chg_rc chg_sqlite_pack_next(struct chg_packer *packer, const struct chg_pack_ask *ask,
	chg_pack_term_each *each, void *to, struct chg_pack *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	struct chg_pack pack = { 0 };
	enum chg_rc rc = reserve_stamps(packer, ask->records_max);
	clear(packer);
	if (rc == CHG_OK)
		rc = chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_begin_read));
	if (rc != CHG_OK)
		return rc;
	rc = take_records(packer, ask, each, to, &pack);
	if (rc == CHG_OK && pack.records > 0)
		rc = take_shared(packer, pack.cdr_id);
	(void)chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_rollback));
	if (rc == CHG_OK)
		rc = write_body(packer);
	if (rc != CHG_OK)
		return rc;
	pack.stamp = packer->stamp;
	pack.body = (struct chg_view){ .ptr = packer->body.bytes, .len = packer->body.len };
	*ret = pack;
	return CHG_OK;
}

enum chg_rc chg_sqlite_pack_count(
	struct chg_packer *packer, const struct chg_pack_ask *ask, uint64_t *ret_records)
{
	struct chg_stmt *ids = bind_ids(packer, ask);
	uint64_t records = 0;
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(ids, &has_row);
	for (; rc == CHG_OK && has_row; records++)
		rc = chg_stmt_step(ids, &has_row);
	*ret_records = records;
	return rc;
}

/* ret_us is the end of time when there is no record behind that one. */
static enum chg_rc arrival_behind(
	struct chg_sqlite *sqlite, int64_t cdr_id, int64_t *ret_cdr_id, int64_t *ret_us)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_pack_newer);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	*ret_us = INT64_MAX;
	*ret_cdr_id = INT64_MAX;
	if (rc != CHG_OK || !has_row)
		return rc;
	*ret_cdr_id = sqlite3_column_int64(stmt->handle, 0);
	*ret_us = sqlite3_column_int64(stmt->handle, 1);
	chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_sqlite_pack_bound(
	struct chg_packer *packer, chg_instant closed_before, int64_t *ret_highest_cdr_id)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(packer->store.self);
	int64_t low = 0, high = 0;
	enum chg_rc rc = chg_sqlite_number(chg_sqlite_query(sqlite, CHG_Q_pack_highest), &high);
	/* All records up to low came before that time, and none behind high did. */
	while (rc == CHG_OK && low < high) {
		int64_t middle = low + (high - low) / 2, cdr_id, us;
		rc = arrival_behind(sqlite, middle, &cdr_id, &us);
		if (us < closed_before.us)
			low = cdr_id;
		else
			high = middle;
	}
	*ret_highest_cdr_id = high;
	return rc;
}

enum chg_rc chg_sqlite_packer_open(
	const char *path, struct chg_packer **ret, char *reterr_why, size_t why_size)
{
	struct chg_packer *packer = calloc(1, sizeof *packer);
	if (packer == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_sqlite_store_open(
		path, CHG_SQLITE_READ_ONLY, &packer->store, reterr_why, why_size);
	if (rc == CHG_OK)
		*ret = packer;
	else
		free(packer);
	return rc;
}

struct chg_store *chg_sqlite_packer_store(struct chg_packer *packer)
{
	return &packer->store;
}

void chg_sqlite_packer_close(struct chg_packer *packer)
{
	if (packer == NULL)
		return;
	packer->store.ops->close(packer->store.self);
	for (size_t i = 0; i < CHG_PACK_TABLES; i++) {
		for (int c = 0; c < COLUMN_MAX; c++)
			free(packer->table[i].column[c].values.bytes);
	}
	free(packer->body.bytes);
	free(packer->stamp);
	free(packer);
}

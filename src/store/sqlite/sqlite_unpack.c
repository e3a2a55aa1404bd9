/* SPDX-License-Identifier: BSD-3-Clause
 * A pack into a database in memory.  Names are those of the schema or the pack is refused; values go
 * through the same rules as those of a node.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_pack_private.h"

/* What is left to read of something. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

struct column {
	struct cursor values;
	int64_t before;
};

struct table {
	uint64_t columns;
	uint64_t rows;
	struct column column[CHG_PACK_COLUMN_MAX];
	sqlite3_stmt *insert;
};

static bool take_number(struct cursor *from, uint64_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; from->at < from->end && shift < 64; shift += 7) {
		uint8_t octet = *from->at++;
		if (shift == 63 && octet > 1)
			return false;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool take_text(struct cursor *from, struct cursor *ret)
{
	uint64_t len;
	if (!take_number(from, &len) || len > (uint64_t)(from->end - from->at))
		return false;
	*ret = (struct cursor){ from->at, from->at + len };
	from->at += len;
	return true;
}

/* A name of the schema has small letters, digits and underscores only. */
static bool take_name(struct cursor *from, char ret[CHG_PACK_NAME_MAX])
{
	struct cursor text;
	if (!take_text(from, &text))
		return false;
	size_t len = (size_t)(text.end - text.at);
	if (len == 0 || len >= CHG_PACK_NAME_MAX)
		return false;
	memcpy(ret, text.at, len);
	ret[len] = '\0';
	return strspn(ret, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Tables of this schema, and those that packs of an earlier one have; others take no rows. */
static bool is_packed_table(const char *name)
{
	static const char *const earlier[] = { "cdr_charge", "cdr_service" };
	for (size_t i = 0; i < sizeof earlier / sizeof earlier[0]; i++) {
		if (strcmp(earlier[i], name) == 0)
			return true;
	}
	for (size_t i = 0; chg_pack_table(i) != NULL; i++) {
		if (strcmp(chg_pack_table(i), name) == 0)
			return true;
	}
	return false;
}

/* A column that the schema has not, and one that comes twice, is refused by the library. */
static enum chg_rc prepare(sqlite3 *db, const char *name, struct cursor *from, struct table *table)
{
	char sql[CHG_PACK_COLUMN_MAX * (CHG_PACK_NAME_MAX + 6) + 128];
	int len = snprintf(sql, sizeof sql, "INSERT INTO main.\"%s\" (", name);
	for (uint64_t i = 0; i < table->columns; i++) {
		char column[CHG_PACK_NAME_MAX];
		if (!take_name(from, column) || !take_text(from, &table->column[i].values))
			return CHG_E_STORE_CORRUPT;
		table->column[i].before = 0;
		len += snprintf(sql + len, sizeof sql - (size_t)len, "%s\"%s\"", i == 0 ? "" : ", ",
			column);
	}
	len += snprintf(sql + len, sizeof sql - (size_t)len, ") VALUES (");
	for (uint64_t i = 0; i < table->columns; i++)
		len += snprintf(sql + len, sizeof sql - (size_t)len, "%s", i == 0 ? "?" : ", ?");
	(void)snprintf(sql + len, sizeof sql - (size_t)len, ")");
	int result = sqlite3_prepare_v2(db, sql, -1, &table->insert, NULL);
	if (result == SQLITE_NOMEM)
		return CHG_E_NO_MEMORY;
	return result == SQLITE_OK ? CHG_OK : CHG_E_STORE_CORRUPT;
}

static bool bind_integer(sqlite3_stmt *insert, int place, struct column *column)
{
	uint64_t step;
	if (!take_number(&column->values, &step))
		return false;
	step = step >> 1 ^ ((step & 1) != 0 ? UINT64_MAX : 0);
	column->before = (int64_t)((uint64_t)column->before + step);
	return sqlite3_bind_int64(insert, place, column->before) == SQLITE_OK;
}

static bool bind_value(sqlite3_stmt *insert, int place, struct column *column)
{
	struct cursor *from = &column->values;
	struct cursor text;
	if (from->at == from->end)
		return false;
	uint8_t tag = *from->at++;
	if (tag == CHG_PACK_NULL)
		return sqlite3_bind_null(insert, place) == SQLITE_OK;
	if (tag == CHG_PACK_INTEGER)
		return bind_integer(insert, place, column);
	if (tag > CHG_PACK_BLOB || !take_text(from, &text))
		return false;
	sqlite3_uint64 len = (sqlite3_uint64)(text.end - text.at);
	return tag == CHG_PACK_TEXT ? sqlite3_bind_text64(insert, place, (const char *)text.at, len,
					      SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK
				    : sqlite3_bind_blob64(insert, place, text.at, len,
					      SQLITE_STATIC) == SQLITE_OK;
}

static enum chg_rc insert_row(struct table *table)
{
	for (uint64_t i = 0; i < table->columns; i++) {
		if (!bind_value(table->insert, (int)i + 1, &table->column[i]))
			return CHG_E_STORE_CORRUPT;
	}
	(void)sqlite3_step(table->insert);
	int result = sqlite3_reset(table->insert);
	if (result == SQLITE_NOMEM)
		return CHG_E_NO_MEMORY;
	return result == SQLITE_OK ? CHG_OK : CHG_E_STORE_CORRUPT;
}

static enum chg_rc fill_table(sqlite3 *db, struct cursor *from, struct table *table)
{
	char name[CHG_PACK_NAME_MAX];
	if (!take_name(from, name) || !is_packed_table(name) ||
		!take_number(from, &table->columns) || !take_number(from, &table->rows) ||
		table->columns == 0 || table->columns > CHG_PACK_COLUMN_MAX)
		return CHG_E_STORE_CORRUPT;
	enum chg_rc rc = prepare(db, name, from, table);
	/* Each row takes at least an octet of each column, so that their number is bounded. */
	for (uint64_t i = 0; rc == CHG_OK && i < table->rows; i++)
		rc = insert_row(table);
	sqlite3_finalize(table->insert);
	table->insert = NULL;
	for (uint64_t i = 0; rc == CHG_OK && i < table->columns; i++) {
		if (table->column[i].values.at != table->column[i].values.end)
			rc = CHG_E_STORE_CORRUPT;
	}
	return rc;
}

static enum chg_rc fill_all(sqlite3 *db, struct chg_view pack)
{
	struct cursor from = { (const uint8_t *)pack.ptr, (const uint8_t *)pack.ptr + pack.len };
	struct table *table = calloc(1, sizeof *table);
	enum chg_rc rc = table == NULL ? CHG_E_NO_MEMORY : chg_sqlite_ask(db, "BEGIN", NULL, 0);
	while (rc == CHG_OK && from.at < from.end)
		rc = fill_table(db, &from, table);
	free(table);
	if (rc == CHG_OK)
		return chg_sqlite_ask(db, "COMMIT", NULL, 0);
	if (!sqlite3_get_autocommit(db))
		(void)chg_sqlite_ask(db, "ROLLBACK", NULL, 0);
	return rc;
}

static enum chg_rc clear(sqlite3 *db)
{
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && chg_pack_table(i) != NULL; i++) {
		char sql[CHG_PACK_NAME_MAX + 16];
		(void)snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", chg_pack_table(i));
		rc = chg_sqlite_ask(db, sql, NULL, 0);
	}
	return rc;
}

/* A fresh database of that version in the place of the one that was there. */
static enum chg_rc renew(struct chg_sqlite *sqlite, int version)
{
	char why[CHG_SQLITE_WHY_MAX];
	chg_stmts_release(&sqlite->stmts);
	sqlite3_close(sqlite->db);
	sqlite->db = NULL;
	return chg_sqlite_connect_blank(version, &sqlite->db, why, sizeof why);
}

static enum chg_rc finish(struct chg_sqlite *sqlite, int version)
{
	char why[CHG_SQLITE_WHY_MAX];
	enum chg_rc rc = chg_sqlite_migrate(sqlite->db, version, why, sizeof why);
	return rc == CHG_OK ? chg_stmts_prepare(sqlite->db, &sqlite->stmts, why, sizeof why) : rc;
}

/* What no column says for itself. */
static enum chg_rc look_for_conflict(struct chg_sqlite *sqlite)
{
	int64_t conflict = 0;
	enum chg_rc rc =
		chg_sqlite_number(chg_sqlite_query(sqlite, CHG_Q_pack_conflict), &conflict);
	return rc == CHG_OK && conflict != 0 ? CHG_E_STORE_CORRUPT : rc;
}

enum chg_rc chg_sqlite_shelf_fill(struct chg_store *shelf, uint32_t schema, struct chg_view pack)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(shelf->self);
	int present = chg_sqlite_schema_version();
	bool is_whole = sqlite->stmts.list[0].handle != NULL; /* not after a failure below */
	if (schema == 0 || schema > (uint32_t)present)
		return CHG_E_STORE_SCHEMA;
	if (is_whole && schema == (uint32_t)present) {
		enum chg_rc rc = clear(sqlite->db);
		if (rc == CHG_OK)
			rc = fill_all(sqlite->db, pack);
		return rc == CHG_OK ? look_for_conflict(sqlite) : rc;
	}
	enum chg_rc rc = renew(sqlite, (int)schema);
	if (rc == CHG_OK)
		rc = fill_all(sqlite->db, pack);
	if (rc == CHG_OK)
		rc = finish(sqlite, (int)schema);
	return rc == CHG_OK ? look_for_conflict(sqlite) : rc;
}

enum chg_rc chg_sqlite_shelf_open(struct chg_store *ret, char *reterr_why, size_t why_size)
{
	struct chg_sqlite *sqlite = chg_sqlite_make();
	if (sqlite == NULL) {
		(void)snprintf(reterr_why, why_size, "no memory");
		return CHG_E_NO_MEMORY;
	}
	enum chg_rc rc = chg_sqlite_connect_blank(
		chg_sqlite_schema_version(), &sqlite->db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_stmts_prepare(sqlite->db, &sqlite->stmts, reterr_why, why_size);
	if (rc != CHG_OK) {
		chg_sqlite_close(sqlite);
		return rc;
	}
	*ret = (struct chg_store){
		.ops = &chg_sqlite_ops, .self = sqlite, .books = &chg_sqlite_books
	};
	return CHG_OK;
}

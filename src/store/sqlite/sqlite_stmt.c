/* SPDX-License-Identifier: BSD-3-Clause
 * Files of statements taken apart, prepared and checked against the names that the program knows.
 */
#include "store/sqlite/sqlite_stmt.h"

#include <assert.h>
#include <stdio.h>

#include "store/sqlite/sqlite_sql.h"

static const char *const statement_names[] = {
#define STATEMENT(name) #name,
#include "store/sqlite/sqlite_statement.def"
#undef STATEMENT
};

static const struct chg_stmt_set main_set = { statement_names, CHG_QUERY_COUNT };

static const char *const names[] = {
#define NAME(name) #name,
#include "store/sqlite/sqlite_name.def"
#undef NAME
};

_Static_assert(CHG_NAME_COUNT <= UINT8_MAX, "chg_stmt.parameter counts every name");

/* What begins a statement. */
static const struct chg_view marker = { .ptr = "-- name: ", .len = sizeof "-- name: " - 1 };

const char *chg_name_text(enum chg_name name)
{
	assert(name < CHG_NAME_COUNT);
	return names[name];
}

/*
 * I/O errors count as "cannot write for now": a disk that is full, gone or read-only comes back, and
 * the client that keeps its record until then has lost nothing.
 */
enum chg_rc chg_sqlite_rc(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return CHG_OK;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return CHG_E_STORE_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return CHG_E_STORE_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return CHG_E_STORE_CORRUPT;
	case SQLITE_NOMEM:
		return CHG_E_NO_MEMORY;
	default:
		return CHG_E_STORE;
	}
}

static bool query_by_name(const struct chg_stmt_set *set, struct chg_view name, int *ret)
{
	for (int i = 0; i < set->count; i++) {
		if (!chg_view_equal(name, chg_view_of(set->names[i])))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

static bool name_by_text(const char *text, enum chg_name *ret)
{
	for (int i = 0; i < CHG_NAME_COUNT; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*ret = (enum chg_name)i;
		return true;
	}
	return false;
}

/* Finds the place of each parameter, so that binding costs no search. */
static enum chg_rc resolve_parameters(struct chg_stmt *stmt, const char *file,
	const char *statement, char *reterr_why, size_t why_size)
{
	int count = sqlite3_bind_parameter_count(stmt->handle);
	for (int i = 1; i <= count; i++) {
		const char *text = sqlite3_bind_parameter_name(stmt->handle, i);
		enum chg_name name;
		if (text == NULL || i > CHG_PARAMETER_MAX || !name_by_text(text + 1, &name)) {
			snprintf(reterr_why, why_size,
				"statement %s in %s has the parameter %s, which is not in "
				"sqlite_name.def",
				statement, file, text == NULL ? "?" : text);
			return CHG_E_UNKNOWN;
		}
		stmt->parameter[name] = (uint8_t)i;
	}
	return CHG_OK;
}

/* Whether a statement writes: by its first word, behind the comments. */
static bool is_writing(struct chg_view sql)
{
	static const char *const words[] = { "INSERT", "UPDATE", "DELETE" };
	const char *at = sql.ptr, *end = sql.ptr + sql.len;
	while (at < end && (*at == '\n' || *at == '-'))
		at += *at == '\n' ? 1 : strcspn(at, "\n");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

static enum chg_rc prepare_one(sqlite3 *db, const struct chg_stmt_set *set, const char *file,
	struct chg_view name, struct chg_view sql, struct chg_stmt *list, char *reterr_why,
	size_t why_size)
{
	int query;
	if (!query_by_name(set, name, &query) || list[query].handle != NULL) {
		snprintf(reterr_why, why_size,
			"%s has a statement \"%.*s\" that the program does not know or has "
			"already",
			file, (int)name.len, name.ptr);
		return CHG_E_UNKNOWN;
	}
	struct chg_stmt *stmt = &list[query];
	if (sqlite3_db_readonly(db, "main") == 1 && is_writing(sql))
		return CHG_OK;
	int result = sqlite3_prepare_v3(
		db, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
	if (result != SQLITE_OK || stmt->handle == NULL) {
		snprintf(reterr_why, why_size, "statement \"%.*s\" does not fit the database: %s",
			(int)name.len, name.ptr, sqlite3_errmsg(db));
		return result == SQLITE_ERROR || result == SQLITE_OK ? CHG_E_STORE_SCHEMA
								     : chg_sqlite_rc(result);
	}
	return resolve_parameters(stmt, file, set->names[query], reterr_why, why_size);
}

enum chg_rc chg_stmt_set_prepare(sqlite3 *db, const struct chg_stmt_set *set,
	const struct chg_sql_text *file, struct chg_stmt *ret, char *reterr_why, size_t why_size)
{
	const char *at = strstr(file->bytes, marker.ptr);
	while (at != NULL) {
		const char *text = at + marker.len;
		struct chg_view name = { .ptr = text, .len = strcspn(text, "\n") };
		struct chg_view sql = { .ptr = text + name.len };
		at = strstr(sql.ptr, marker.ptr);
		sql.len = at == NULL ? strlen(sql.ptr) : (size_t)(at - sql.ptr);
		enum chg_rc rc =
			prepare_one(db, set, file->name, name, sql, ret, reterr_why, why_size);
		if (rc != CHG_OK)
			return rc;
	}
	for (int i = 0; i < set->count; i++) {
		if (ret[i].handle != NULL || sqlite3_db_readonly(db, "main") == 1)
			continue;
		snprintf(reterr_why, why_size, "%s has no statement \"%s\"", file->name,
			set->names[i]);
		return CHG_E_UNKNOWN;
	}
	return CHG_OK;
}

void chg_stmt_set_release(const struct chg_stmt_set *set, struct chg_stmt *list)
{
	for (int i = 0; i < set->count; i++) {
		sqlite3_finalize(list[i].handle);
		list[i] = (struct chg_stmt){ 0 };
	}
}

enum chg_rc chg_stmts_prepare(sqlite3 *db, struct chg_stmts *ret, char *reterr_why, size_t why_size)
{
	return chg_stmt_set_prepare(db, &main_set, &chg_sql_query, ret->list, reterr_why, why_size);
}

void chg_stmts_release(struct chg_stmts *stmts)
{
	chg_stmt_set_release(&main_set, stmts->list);
}

static int place(const struct chg_stmt *stmt, enum chg_name name)
{
	assert(name < CHG_NAME_COUNT);
	assert(stmt->parameter[name] != 0);
	return stmt->parameter[name];
}

/* Binding can fail only for a statement that is in use or a place that is not there: bugs of ours. */
static void bound(int result)
{
	assert(result == SQLITE_OK);
}

/* A parameter keeps what it was bound to, and most of what a request does not have the last had not. */
void chg_stmt_null(struct chg_stmt *stmt, enum chg_name name)
{
	int at = place(stmt, name);
	if (stmt->bound[at] == CHG_BOUND_NULL)
		return;
	bound(sqlite3_bind_null(stmt->handle, at));
	stmt->bound[at] = CHG_BOUND_NULL;
}

/* Many numbers are those of the request before: kinds, peers, marks, and counts of 1 or 0. */
void chg_stmt_i64(struct chg_stmt *stmt, enum chg_name name, int64_t value)
{
	int at = place(stmt, name);
	if (stmt->bound[at] == CHG_BOUND_NUMBER && stmt->number[at] == value)
		return;
	bound(sqlite3_bind_int64(stmt->handle, at, value));
	stmt->bound[at] = CHG_BOUND_NUMBER;
	stmt->number[at] = value;
}

void chg_stmt_text(struct chg_stmt *stmt, enum chg_name name, struct chg_view value)
{
	if (value.ptr == NULL)
		return chg_stmt_null(stmt, name);
	int at = place(stmt, name);
	bound(sqlite3_bind_text64(
		stmt->handle, at, value.ptr, value.len, SQLITE_STATIC, SQLITE_UTF8));
	stmt->bound[at] = CHG_BOUND_OCTETS;
}

void chg_stmt_blob(struct chg_stmt *stmt, enum chg_name name, struct chg_view value)
{
	if (value.ptr == NULL)
		return chg_stmt_null(stmt, name);
	int at = place(stmt, name);
	bound(sqlite3_bind_blob64(stmt->handle, at, value.ptr, value.len, SQLITE_STATIC));
	stmt->bound[at] = CHG_BOUND_OCTETS;
}

void chg_stmt_reset(struct chg_stmt *stmt)
{
	sqlite3_reset(stmt->handle); /* repeats the error of the step before, which was returned */
}

enum chg_rc chg_stmt_step(struct chg_stmt *stmt, bool *ret_row)
{
	int result = sqlite3_step(stmt->handle);
	if (result == SQLITE_ROW) {
		*ret_row = true;
		return CHG_OK;
	}
	chg_stmt_reset(stmt);
	if (result != SQLITE_DONE)
		return chg_sqlite_rc(result);
	*ret_row = false;
	return CHG_OK;
}

enum chg_rc chg_stmt_run(struct chg_stmt *stmt)
{
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (has_row)
		chg_stmt_reset(stmt);
	return rc;
}

struct chg_view chg_stmt_column_text(struct chg_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt->handle, column);
	if (text == NULL)
		return (struct chg_view){ 0 };
	return (struct chg_view){ .ptr = text,
		.len = (size_t)sqlite3_column_bytes(stmt->handle, column) };
}

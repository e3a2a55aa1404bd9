/* SPDX-License-Identifier: BSD-3-Clause
 * The statements of a file of db/: prepared once, found by name, bound by name at the cost of
 * an array look-up.
 */
#ifndef CHG_STORE_SQLITE_STMT_H
#define CHG_STORE_SQLITE_STMT_H

#include <sqlite3.h>

#include "core/option.h"
#include "core/rc.h"
#include "core/view.h"

enum chg_query {
#define STATEMENT(name) CHG_Q_##name,
#include "store/sqlite/sqlite_statement.def"
#undef STATEMENT
	CHG_QUERY_COUNT
};

enum chg_name {
#define NAME(name) CHG_N_##name,
#include "store/sqlite/sqlite_name.def"
#undef NAME
	CHG_NAME_COUNT
};

const char *chg_name_text(enum chg_name name);

enum {
	CHG_PARAMETER_MAX = 95, /* of one statement */
};

/* What a parameter is bound to: it stays so from one run to the next. */
enum chg_bound {
	CHG_BOUND_NULL = 0,
	CHG_BOUND_NUMBER,
	CHG_BOUND_OCTETS,
};

struct chg_stmt {
	sqlite3_stmt *handle;
	uint8_t parameter[CHG_NAME_COUNT];    /* its place in the statement; 0: not in there */
	uint8_t bound[CHG_PARAMETER_MAX + 1]; /* enum chg_bound, by place */
	int64_t number[CHG_PARAMETER_MAX + 1];
};

struct chg_stmts {
	struct chg_stmt list[CHG_QUERY_COUNT];
};

/* A file of statements, and the names that it must have: all of them and no others. */
struct chg_stmt_set {
	const char *const *names;
	int count;
};

struct chg_sql_text;

/*
 * Prepares the statements of a file; the same errors.  A connection that cannot write gets none that
 * do, which spares a reader a third of its beginning.
 */
enum chg_rc chg_stmt_set_prepare(sqlite3 *db, const struct chg_stmt_set *set,
	const struct chg_sql_text *sql, struct chg_stmt *ret, char *reterr_why, size_t why_size);

void chg_stmt_set_release(const struct chg_stmt_set *set, struct chg_stmt *list);

/*
 * Prepares every statement of query.sql.
 *
 *   CHG_E_UNKNOWN       query.sql and sqlite_statement.def or sqlite_name.def do not agree
 *   CHG_E_STORE_SCHEMA  a statement does not fit the schema of the database
 *   and those of chg_sqlite_rc.  ret may be half-filled; release it in any case.
 */
enum chg_rc chg_stmts_prepare(
	sqlite3 *db, struct chg_stmts *ret, char *reterr_why, size_t why_size);

/* Releases what was prepared; fine on one that is all zero. */
void chg_stmts_release(struct chg_stmts *stmts);

/* Binding; the name must be in the statement.  The text must live until the statement is reset. */
void chg_stmt_null(struct chg_stmt *stmt, enum chg_name name);
void chg_stmt_i64(struct chg_stmt *stmt, enum chg_name name, int64_t value);
void chg_stmt_text(struct chg_stmt *stmt, enum chg_name name, struct chg_view value);
void chg_stmt_blob(struct chg_stmt *stmt, enum chg_name name, struct chg_view value);

/*
 * Makes one step.  CHG_OK with *ret_row true: a row stands in the statement until it is stepped or
 * reset.  CHG_OK with false, or an error: the statement is reset.
 */
enum chg_rc chg_stmt_step(struct chg_stmt *stmt, bool *ret_row);

/* Steps a statement that gives no row. */
enum chg_rc chg_stmt_run(struct chg_stmt *stmt);

void chg_stmt_reset(struct chg_stmt *stmt);

/* A text column of the row: NULL is the view without pointer.  Valid until step or reset. */
struct chg_view chg_stmt_column_text(struct chg_stmt *stmt, int column);

/* How the project names a result code of the library. */
enum chg_rc chg_sqlite_rc(int result);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * A database as the program of an earlier schema left it: what a database of today holds, put into
 * the tables that there were then.
 */
#ifndef CHG_TESTS_STORE_OLDER_FIXTURE_H
#define CHG_TESTS_STORE_OLDER_FIXTURE_H

#include <sqlite3.h>

#include "store/fixture.h"
#include "store/sqlite/sqlite_sql.h"

static inline void older_exec(sqlite3 *db, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* Fills the tables that are there in both, by the columns of the older one. */
static inline void older_copy_tables(sqlite3 *db)
{
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT 'DELETE FROM main.' || m.name || '; INSERT INTO main.' || "
				 "m.name || ' (' || group_concat(c.name) || ') SELECT ' || "
				 "group_concat(c.name) || ' FROM today.' || m.name "
				 "FROM sqlite_schema AS m, pragma_table_info(m.name) AS c "
				 "WHERE m.type = 'table' AND m.name IN "
				 "(SELECT name FROM today.sqlite_schema) GROUP BY m.name",
				 -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		older_exec(db, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

/* Schema 5: services and charges in tables of their own. */
static inline void older_make_5(const char *today, const char *path)
{
	char attach[256];
	sqlite3 *db;
	(void)snprintf(attach, sizeof attach, "ATTACH '%s' AS today", today);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (int i = 0; i < 5; i++)
		older_exec(db, chg_sql_migrations[i].bytes);
	older_exec(db, attach);
	older_copy_tables(db);
	older_exec(db, "INSERT INTO cdr_charge SELECT cdr_id, account_id, currency, cost_micros"
		       " FROM today.cdr WHERE cost_micros IS NOT NULL;"
		       "INSERT INTO cdr_service SELECT request.cdr_id, entry_no, s.key + 1,"
		       " iif(s.key = 0, request.posting_id, NULL), s.value ->> 0, s.value ->> 1,"
		       " s.value ->> 2, s.value ->> 3, s.value ->> 4, s.value ->> 5, s.value ->> 6,"
		       " s.value ->> 7, s.value ->> 8, s.value ->> 9, s.value ->> 10,"
		       " s.value ->> 11"
		       " FROM today.v_cdr_request AS request, json_each(services) AS s;"
		       "DETACH today");
	sqlite3_close(db);
}

#endif

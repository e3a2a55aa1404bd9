/* SPDX-License-Identifier: BSD-3-Clause
 * The files of db/sqlite and db/search as bytes in the program; db/embed.cmake makes the definitions.
 */
#ifndef CHG_STORE_SQLITE_SQL_H
#define CHG_STORE_SQLITE_SQL_H

#include <stddef.h>

/* bytes[size] is a NUL. */
struct chg_sql_text {
	const char *name;
	const char *bytes;
	size_t size;
};

/* Element i brings a database from version i to version i + 1. */
extern const struct chg_sql_text chg_sql_migrations[];
extern const size_t chg_sql_migration_count;

extern const struct chg_sql_text chg_sql_query;

/* The search file: its schema, and the statements on it. */
extern const struct chg_sql_text chg_sql_search_schema;
extern const struct chg_sql_text chg_sql_search_query;

#endif

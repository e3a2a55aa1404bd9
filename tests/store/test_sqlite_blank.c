/* SPDX-License-Identifier: BSD-3-Clause
 * Databases in memory: the first of a version and its copies are the same, and none knows of another.
 */
#include "store/fixture.h"

static sqlite3 *blank_of(int version)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	sqlite3 *db = NULL;
	if (chg_sqlite_connect_blank(version, &db, why, sizeof why) != CHG_OK)
		fail_msg("version %d: %s", version, why);
	return db;
}

static void gives(sqlite3 *db, const char *sql, const char *wanted)
{
	char have[64] = "";
	assert_int_equal(chg_sqlite_ask(db, sql, have, sizeof have), CHG_OK);
	assert_string_equal(have, wanted);
}

static char *schema_of(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT coalesce(group_concat(type || name || sql), '') FROM "
				 "(SELECT * FROM sqlite_schema ORDER BY type, name)",
				 -1, &stmt, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	char *text = strdup((const char *)sqlite3_column_text(stmt, 0));
	assert_non_null(text);
	sqlite3_finalize(stmt);
	return text;
}

/* As the migrations make it, whoever made one before. */
static char *schema_wanted(int version)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (chg_sqlite_migrate_to(db, 0, version, why, sizeof why) != CHG_OK)
		fail_msg("version %d: %s", version, why);
	char *text = schema_of(db);
	sqlite3_close(db);
	return text;
}

static void each_is_as_its_migrations_make_it(void **state)
{
	(void)state;
	for (int version = 0; version <= chg_sqlite_schema_version(); version++) {
		char *want = schema_wanted(version);
		for (int copy = 0; copy < 3; copy++) {
			sqlite3 *db = blank_of(version);
			char *have = schema_of(db);
			char text[16];
			snprintf(text, sizeof text, "%d", version);
			assert_string_equal(have, want);
			gives(db, "PRAGMA user_version", text);
			gives(db, "PRAGMA integrity_check", "ok");
			free(have);
			sqlite3_close(db);
		}
		free(want);
	}
}

static void what_is_written_into_one_is_in_no_other(void **state)
{
	(void)state;
	for (int copy = 0; copy < 3; copy++) {
		sqlite3 *db = blank_of(chg_sqlite_schema_version());
		gives(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'written'", "0");
		gives(db, "CREATE TABLE written (by INTEGER)", "");
		gives(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'written'", "1");
		sqlite3_close(db);
	}
}

/* Much more than its image has room for. */
static void a_copy_grows(void **state)
{
	(void)state;
	for (int copy = 0; copy < 2; copy++) {
		sqlite3 *db = blank_of(chg_sqlite_schema_version());
		assert_int_equal(
			chg_sqlite_ask(db, "CREATE TABLE filler (bytes BLOB)", NULL, 0), CHG_OK);
		assert_int_equal(
			chg_sqlite_ask(db,
				"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
				"WHERE i < 500) INSERT INTO filler SELECT zeroblob(20000) FROM n",
				NULL, 0),
			CHG_OK);
		gives(db, "SELECT sum(length(bytes)) FROM filler", "10000000");
		gives(db, "PRAGMA integrity_check", "ok");
		sqlite3_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "each is as the migrations of its version make it",
			.test_func = each_is_as_its_migrations_make_it },
		{ .name = "what is written into one is in no other",
			.test_func = what_is_written_into_one_is_in_no_other },
		{ .name = "a copy grows beyond what it was copied from",
			.test_func = a_copy_grows },
	};
	return cmocka_run_group_tests_name("databases in memory", tests, NULL, NULL);
}

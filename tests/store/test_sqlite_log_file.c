/* SPDX-License-Identifier: BSD-3-Clause
 * A commit's pages reach the log by few calls, all of them before anybody is told, and none is lost.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/sqlite/sqlite_log_file.h"

/* ---- A disk that counts ---- */

static struct {
	int writes;
	bool is_full;
} disk;

static ssize_t disk_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	disk.writes++;
	errno = ENOSPC;
	return disk.is_full ? -1 : pwrite(fd, bytes, count, at);
}

static int install_disk(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	(void)state;
	vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)disk_pwrite);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)disk_pwrite);
	return 0;
}

static int remove_disk(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	(void)state;
	vfs->xSetSystemCall(vfs, NULL, NULL);
	return 0;
}

/* ---- A database with one table ---- */

struct place {
	char folder[32];
	char path[64];
	sqlite3 *db;
};

static void run_ok(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int number = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

static sqlite3 *open_db(const struct place *place, const char *vfs)
{
	sqlite3 *db;
	assert_int_equal(
		sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
		SQLITE_OK);
	return db;
}

static struct place make_place(const char *vfs)
{
	struct place place = { .folder = "log-XXXXXX" };
	assert_non_null(mkdtemp(place.folder));
	snprintf(place.path, sizeof place.path, "%s/some.db", place.folder);
	place.db = open_db(&place, vfs);
	run_ok(place.db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			 "CREATE TABLE some (content BLOB)");
	return place;
}

static void drop_place(const struct place *place)
{
	char command[64];
	sqlite3_close(place->db);
	snprintf(command, sizeof command, "rm -r %s", place->folder);
	assert_int_equal(system(command), 0);
}

/* Some fifty pages for each hundred. */
static void add(sqlite3 *db, int rows)
{
	char sql[200];
	snprintf(sql, sizeof sql,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		"INSERT INTO some SELECT randomblob(2000) FROM n",
		rows);
	run_ok(db, sql);
}

static void assert_holds(const struct place *place, const char *vfs, int rows)
{
	sqlite3 *db = open_db(place, vfs);
	assert_int_equal(ask(db, "SELECT count(*) FROM some"), rows);
	assert_int_equal(ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	sqlite3_close(db);
}

static int writes_of_a_commit(const char *vfs)
{
	struct place place = make_place(vfs);
	disk.writes = 0;
	add(place.db, 100);
	int writes = disk.writes;
	drop_place(&place);
	return writes;
}

/* ---- Cases ---- */

static void a_commit_takes_few_calls(void **state)
{
	(void)state;
	assert_true(writes_of_a_commit(NULL) > 90);
	assert_in_range(writes_of_a_commit(chg_sqlite_log_vfs()), 1, 6);
}

static void others_see_a_commit_and_nothing_before_it(void **state)
{
	(void)state;
	struct place place = make_place(chg_sqlite_log_vfs());
	run_ok(place.db, "BEGIN");
	add(place.db, 100);
	assert_holds(&place, NULL, 0);
	run_ok(place.db, "COMMIT");
	assert_holds(&place, NULL, 100);
	assert_holds(&place, chg_sqlite_log_vfs(), 100);
	drop_place(&place);
}

/* With room for ten pages the rest is written before the commit, and read back from the log. */
static void what_was_written_early_is_read_back(void **state)
{
	(void)state;
	struct place place = make_place(chg_sqlite_log_vfs());
	run_ok(place.db, "PRAGMA cache_size = 10; BEGIN");
	disk.writes = 0;
	add(place.db, 300);
	assert_true(disk.writes > 0);
	assert_int_equal(
		ask(place.db, "SELECT count(*) FROM some WHERE length(content) = 2000"), 300);
	run_ok(place.db, "UPDATE some SET content = zeroblob(1000)");
	run_ok(place.db, "ROLLBACK; BEGIN");
	add(place.db, 200);
	run_ok(place.db, "UPDATE some SET content = zeroblob(1000); COMMIT");
	assert_holds(&place, NULL, 200);
	assert_int_equal(
		ask(place.db, "SELECT count(*) FROM some WHERE length(content) = 1000"), 200);
	drop_place(&place);
}

static void what_the_disk_does_not_take_is_not_committed(void **state)
{
	(void)state;
	struct place place = make_place(chg_sqlite_log_vfs());
	add(place.db, 10);
	run_ok(place.db, "BEGIN");
	add(place.db, 100);
	disk.is_full = true;
	int result = sqlite3_exec(place.db, "COMMIT", NULL, NULL, NULL);
	disk.is_full = false;
	assert_int_equal(result, SQLITE_FULL);
	sqlite3_exec(place.db, "ROLLBACK", NULL, NULL, NULL);
	assert_holds(&place, NULL, 10);
	add(place.db, 100);
	assert_holds(&place, NULL, 110);
	drop_place(&place);
}

static void who_dies_leaves_what_was_committed(void **state)
{
	(void)state;
	struct place place = make_place(chg_sqlite_log_vfs());
	sqlite3_close(place.db);
	pid_t child = fork();
	if (child == 0) {
		sqlite3 *db = open_db(&place, chg_sqlite_log_vfs());
		run_ok(db, "PRAGMA synchronous = FULL; PRAGMA cache_size = 10");
		add(db, 50);
		run_ok(db, "BEGIN");
		add(db, 100);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_holds(&place, NULL, 50);
	place.db = NULL;
	drop_place(&place);
}

static void a_log_that_begins_anew_is_written_from_its_start(void **state)
{
	(void)state;
	struct place place = make_place(chg_sqlite_log_vfs());
	for (int i = 1; i <= 5; i++) {
		add(place.db, 100);
		run_ok(place.db, i % 2 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)"
					    : "PRAGMA wal_checkpoint(RESTART)");
		add(place.db, 10);
		assert_holds(&place, NULL, 110 * i);
	}
	drop_place(&place);
}

static void a_log_that_cannot_be_opened_is_told(void **state)
{
	(void)state;
	char log[80];
	struct place place = make_place(chg_sqlite_log_vfs());
	sqlite3_close(place.db);
	snprintf(log, sizeof log, "%s-wal", place.path);
	assert_int_equal(mkdir(log, 0700), 0);
	place.db = open_db(&place, chg_sqlite_log_vfs());
	assert_int_equal(
		sqlite3_exec(place.db, "SELECT * FROM some", NULL, NULL, NULL), SQLITE_CANTOPEN);
	drop_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_takes_few_calls),
		cmocka_unit_test(others_see_a_commit_and_nothing_before_it),
		cmocka_unit_test(what_was_written_early_is_read_back),
		cmocka_unit_test(what_the_disk_does_not_take_is_not_committed),
		cmocka_unit_test(who_dies_leaves_what_was_committed),
		cmocka_unit_test(a_log_that_begins_anew_is_written_from_its_start),
		cmocka_unit_test(a_log_that_cannot_be_opened_is_told),
	};
	return cmocka_run_group_tests(tests, install_disk, remove_disk);
}

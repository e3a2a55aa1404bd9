/* SPDX-License-Identifier: BSD-3-Clause
 * The room that is given back to the disk: how much, by whom, and what stays as it was.
 */
#include "store/fixture.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/sqlite/sqlite_private.h"

enum {
	EVENTS = 30,
	FILLER = 2000000, /* octets that nobody uses any more */
};

static char why[CHG_SQLITE_WHY_MAX];

static void says(const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, why);
}

/* Runs SQL on the file from outside. */
static sqlite3 *outside(const char *path, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	return db;
}

static uint64_t size_of(const char *path)
{
	struct stat file;
	assert_int_equal(stat(path, &file), 0);
	return (uint64_t)file.st_size;
}

/* Records, and much room that nobody needs; closed. */
static struct fixture make_wide(void)
{
	struct fixture fixture = fixture_make(true);
	char sql[160];
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		take(&fixture.store, i, &acr);
	}
	fixture_close_store(&fixture);
	snprintf(sql, sizeof sql,
		"CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(%d)); "
		"DROP TABLE filler",
		FILLER);
	sqlite3_close(outside(fixture.path, sql));
	assert_true(size_of(fixture.path) > FILLER);
	return fixture;
}

static char *dump_file(struct fixture *fixture)
{
	fixture_open_store(fixture);
	char *text = dump_of(&fixture->store, NULL);
	fixture_close_store(fixture);
	return text;
}

static void holds(struct fixture *fixture, const char *want)
{
	char *have = dump_file(fixture);
	assert_string_equal(have, want);
	free(have);
	if (chg_sqlite_check(fixture->path, why, sizeof why) != CHG_OK)
		fail_msg("%s", why);
}

static enum chg_rc compact(struct fixture *fixture, uint64_t *ret_before, uint64_t *ret_after)
{
	why[0] = '\0';
	return chg_sqlite_compact(fixture->path, ret_before, ret_after, why, sizeof why);
}

static void what_is_not_used_is_given_back(void **state)
{
	struct fixture fixture = make_wide();
	char *want = dump_file(&fixture);
	uint64_t wide = size_of(fixture.path), before = 0, after = 0;
	(void)state;
	assert_int_equal(compact(&fixture, &before, &after), CHG_OK);
	assert_int_equal(before, wide);
	assert_int_equal(after, size_of(fixture.path));
	assert_true(after < wide - FILLER);
	holds(&fixture, want);
	/* There is nothing more to give. */
	assert_int_equal(compact(&fixture, &before, &after), CHG_OK);
	assert_int_equal(before, after);
	free(want);
	fixture_remove(&fixture);
}

static void a_node_that_has_it_is_named(void **state)
{
	struct fixture fixture = make_wide();
	uint64_t wide = size_of(fixture.path), before, after;
	(void)state;
	fixture_open_store(&fixture);
	assert_int_equal(compact(&fixture, &before, &after), CHG_E_STORE_BUSY);
	says("is open for writing by process");
	assert_int_equal(size_of(fixture.path), wide);
	fixture_remove(&fixture);
}

static void a_reader_is_waited_for(void **state)
{
	struct fixture fixture = make_wide();
	char *want = dump_file(&fixture);
	uint64_t wide = size_of(fixture.path), before, after;
	(void)state;
	sqlite3 *reader = outside(fixture.path, "BEGIN; SELECT count(*) FROM cdr");
	assert_int_equal(compact(&fixture, &before, &after), CHG_E_STORE_BUSY);
	says("somebody reads it");
	assert_int_equal(size_of(fixture.path), wide);
	sqlite3_close(reader);
	assert_int_equal(compact(&fixture, &before, &after), CHG_OK);
	assert_true(size_of(fixture.path) < wide - FILLER);
	holds(&fixture, want);
	free(want);
	fixture_remove(&fixture);
}

static void what_cannot_be_compacted_is_told(void **state)
{
	static const struct {
		const char *what, *sql, *part;
		enum chg_rc rc;
	} rows[] = {
		{ "no file", NULL, "cannot open", CHG_E_STORE_FULL },
		{ "another program's", "CREATE TABLE t (x)", "another program",
			CHG_E_STORE_SCHEMA },
		{ "a newer one", "PRAGMA application_id = 1128810318; PRAGMA user_version = 999",
			"999", CHG_E_STORE_SCHEMA },
		{ "an older one", "PRAGMA application_id = 1128810318; PRAGMA user_version = 1",
			"chgctl db upgrade", CHG_E_STORE_SCHEMA },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fixture fixture = { .is_sqlite = true };
		uint64_t before, after;
		fixture_folder(&fixture);
		if (rows[i].sql != NULL)
			sqlite3_close(outside(fixture.path, rows[i].sql));
		enum chg_rc rc = compact(&fixture, &before, &after);
		if (rc != rows[i].rc)
			fail_msg("%s: %d: %s", rows[i].what, rc, why);
		says(rows[i].part);
		if (rows[i].sql == NULL)
			assert_int_equal(rmdir(fixture.folder), 0); /* nothing was made */
		else
			fixture_remove(&fixture);
	}
}

/* After so many writes the disk is full; what goes into files without a name is counted. */
static struct {
	long writes_left;
	uint64_t unnamed_octets;
} disk;

static ssize_t disk_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	struct stat file;
	if (disk.writes_left-- <= 0) {
		errno = ENOSPC;
		return -1;
	}
	if (fstat(fd, &file) == 0 && file.st_nlink == 0)
		disk.unnamed_octets += count;
	return pwrite(fd, bytes, count, at);
}

static void install(sqlite3_syscall_ptr writer)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	vfs->xSetSystemCall(vfs, "pwrite", writer);
	vfs->xSetSystemCall(vfs, "pwrite64", writer);
}

static void a_full_disk_changes_nothing(void **state)
{
	struct fixture fixture = make_wide();
	char *want = dump_file(&fixture);
	uint64_t wide = size_of(fixture.path), before, after;
	enum chg_rc rc = CHG_E_STORE_FULL;
	unsigned failures = 0;
	(void)state;
	for (long writes = 0; rc != CHG_OK; writes = writes * 2 + 1) {
		disk.writes_left = writes;
		install((sqlite3_syscall_ptr)disk_pwrite);
		rc = compact(&fixture, &before, &after);
		install(NULL);
		if (rc == CHG_OK)
			break;
		failures++;
		assert_int_equal(rc, CHG_E_STORE_FULL);
		assert_true(why[0] != '\0');
		holds(&fixture, want);
	}
	assert_true(failures > 5);
	assert_true(size_of(fixture.path) < wide - FILLER);
	holds(&fixture, want);
	free(want);
	fixture_remove(&fixture);
}

/* The database may be larger than the memory: what is beyond the page cache goes to the disk. */
static void it_is_built_on_the_disk(void **state)
{
	struct fixture fixture = fixture_make(true);
	uint64_t before, after;
	(void)state;
	fixture_close_store(&fixture);
	sqlite3_close(outside(fixture.path,
		"CREATE TABLE wide (bytes BLOB); "
		"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
		"INSERT INTO wide SELECT zeroblob(1048576) FROM n"));
	disk.writes_left = LONG_MAX;
	disk.unnamed_octets = 0;
	install((sqlite3_syscall_ptr)disk_pwrite);
	assert_int_equal(compact(&fixture, &before, &after), CHG_OK);
	install(NULL);
	assert_true(disk.unnamed_octets >= 4194304);
	fixture_remove(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "what is not used is given back, and the rest is as it was",
			.test_func = what_is_not_used_is_given_back },
		{ .name = "a node that has the database is named, and nothing happens",
			.test_func = a_node_that_has_it_is_named },
		{ .name = "while somebody reads the file does not become shorter, which is told",
			.test_func = a_reader_is_waited_for },
		{ .name = "what is no database of ours is told",
			.test_func = what_cannot_be_compacted_is_told },
		{ .name = "a disk that is full changes nothing",
			.test_func = a_full_disk_changes_nothing },
		{ .name = "it is built on the disk and not in memory",
			.test_func = it_is_built_on_the_disk },
	};
	return cmocka_run_group_tests_name("a database without unused room", tests, NULL, NULL);
}

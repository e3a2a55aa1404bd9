/* SPDX-License-Identifier: BSD-3-Clause
 * A copy of the file as it is at one moment, while a node writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/sqlite_private.h"

enum {
	PAGES_PER_STEP = 1024,
};

static enum chg_rc sync_path(const char *path, char *reterr_why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0;
	if (failed)
		snprintf(reterr_why, why_size, "cannot sync %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed ? CHG_E_STORE_FULL : CHG_OK;
}

/*
 * The reader's transaction holds the file still for us, so that the copy ends however much is
 * written meanwhile; without it every commit would start the copy anew.
 */
static enum chg_rc hold_still(sqlite3 *from)
{
	enum chg_rc rc = chg_sqlite_ask(from, "BEGIN", NULL, 0);
	return rc == CHG_OK ? chg_sqlite_ask(from, "SELECT count(*) FROM sqlite_schema", NULL, 0)
			    : rc;
}

static enum chg_rc copy_pages(sqlite3 *from, sqlite3 *to, chg_sqlite_progress *progress,
	void *progress_to, char *reterr_why, size_t why_size)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup == NULL) {
		snprintf(reterr_why, why_size, "cannot begin the copy: %s", sqlite3_errmsg(to));
		return CHG_E_STORE;
	}
	int result;
	bool goes_on = true;
	do {
		result = sqlite3_backup_step(backup, PAGES_PER_STEP);
		if (progress != NULL)
			goes_on = progress(progress_to, sqlite3_backup_remaining(backup),
				sqlite3_backup_pagecount(backup));
	} while (result == SQLITE_OK && goes_on);
	int finished = sqlite3_backup_finish(backup);
	if (result == SQLITE_OK) {
		snprintf(reterr_why, why_size, "the copy was given up");
		return CHG_E_CLOSED;
	}
	if (result == SQLITE_DONE && finished == SQLITE_OK)
		return CHG_OK;
	snprintf(reterr_why, why_size, "the copy failed: %s", sqlite3_errstr(result));
	return chg_sqlite_rc(result == SQLITE_DONE ? finished : result);
}

/* The copy is synced as a whole at the end, so nothing of it needs to be before. */
static enum chg_rc open_copy(const char *path, sqlite3 **ret, char *reterr_why, size_t why_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0) {
		snprintf(reterr_why, why_size, "cannot create %s: %s%s", path, strerror(errno),
			errno == EEXIST ? ": does another backup run? If not, remove it" : "");
		return errno == EEXIST ? CHG_E_STORE_BUSY : CHG_E_STORE_FULL;
	}
	close(fd);
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_WRITE, ret, reterr_why, why_size);
	return rc == CHG_OK ? chg_sqlite_ask(*ret, "PRAGMA synchronous = OFF", NULL, 0) : rc;
}

static enum chg_rc copy_and_check(const char *path, const char *part, chg_sqlite_progress *progress,
	void *progress_to, char *reterr_why, size_t why_size)
{
	sqlite3 *from = NULL, *to = NULL;
	enum chg_schema schema;
	int version;
	enum chg_rc rc =
		chg_sqlite_connect(path, CHG_SQLITE_READ_ONLY, &from, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema(from, &schema, &version, reterr_why, why_size);
	if (rc == CHG_OK && schema != CHG_SCHEMA_OLDER) /* one makes a backup before an upgrade */
		rc = chg_sqlite_schema_refuse(schema, path, version, reterr_why, why_size);
	if (rc == CHG_OK && (rc = hold_still(from)) != CHG_OK)
		snprintf(reterr_why, why_size, "cannot read %s: %s", path, sqlite3_errmsg(from));
	if (rc == CHG_OK && (rc = open_copy(part, &to, reterr_why, why_size)) != CHG_OK) {
		sqlite3_close(to);
		sqlite3_close(from);
		return rc;
	}
	if (rc == CHG_OK)
		rc = copy_pages(from, to, progress, progress_to, reterr_why, why_size);
	sqlite3_close(from);
	if (rc == CHG_OK && schema == CHG_SCHEMA_CURRENT)
		rc = chg_sqlite_check_db(to, reterr_why, why_size);
	/* One file alone, without a log beside it, is what a backup should be. */
	if (rc == CHG_OK &&
		(rc = chg_sqlite_ask(to, "PRAGMA journal_mode = DELETE", NULL, 0)) != CHG_OK)
		snprintf(reterr_why, why_size, "cannot finish the copy: %s", sqlite3_errmsg(to));
	if (to != NULL && sqlite3_close(to) != SQLITE_OK && rc == CHG_OK)
		rc = CHG_E_STORE;
	if (rc != CHG_OK && to != NULL)
		unlink(part);
	return rc;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat stat_a, stat_b;
	return stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0 && stat_a.st_dev == stat_b.st_dev &&
	       stat_a.st_ino == stat_b.st_ino;
}

/* A log beside `to` belongs to the file that would be replaced, and would be read into the new one. */
static bool has_log(const char *to)
{
	char log[PATH_MAX];
	return (size_t)snprintf(log, sizeof log, "%s-wal", to) >= sizeof log ||
	       access(log, F_OK) == 0;
}

enum chg_rc chg_sqlite_backup(const char *path, const char *to, chg_sqlite_progress *progress,
	void *progress_to, char *reterr_why, size_t why_size)
{
	char part[PATH_MAX], folder[PATH_MAX];
	if ((size_t)snprintf(part, sizeof part, "%s.part", to) >= sizeof part) {
		snprintf(reterr_why, why_size, "the path of the copy is too long");
		return CHG_E_RANGE;
	}
	if (is_same_file(path, to)) {
		snprintf(reterr_why, why_size, "%s and %s are the same file", path, to);
		return CHG_E_RANGE;
	}
	if (has_log(to)) {
		snprintf(reterr_why, why_size,
			"%s is a database in use: give the copy another name", to);
		return CHG_E_STORE_BUSY;
	}
	enum chg_rc rc = copy_and_check(path, part, progress, progress_to, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	rc = sync_path(part, reterr_why, why_size);
	if (rc == CHG_OK && rename(part, to) != 0) {
		snprintf(reterr_why, why_size, "cannot name the copy %s: %s", to, strerror(errno));
		rc = CHG_E_STORE_FULL;
	}
	if (rc != CHG_OK) {
		unlink(part);
		return rc;
	}
	snprintf(folder, sizeof folder, "%s", to);
	return sync_path(dirname(folder), reterr_why, why_size);
}

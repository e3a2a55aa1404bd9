/* SPDX-License-Identifier: BSD-3-Clause
 * How large the file is and how much is open in it, for whoever watches a node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/sqlite/sqlite_private.h"

/* 0 for a file that is not there: the log exists while somebody has the database open. */
static uint64_t size_of(const char *path, const char *suffix)
{
	char name[PATH_MAX];
	struct stat file;
	if ((size_t)snprintf(name, sizeof name, "%s%s", path, suffix) >= sizeof name ||
		stat(name, &file) != 0)
		return 0;
	return (uint64_t)file.st_size;
}

/* What a process that is not root can still take. */
static uint64_t free_beside(const char *path)
{
	struct statvfs disk;
	return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

/* An index has the open ones and nothing else, so this reads no record. */
static enum chg_rc count_open(sqlite3 *db, uint64_t *ret)
{
	char text[24];
	enum chg_rc rc =
		chg_sqlite_ask(db, "SELECT count(*) FROM cdr WHERE status = 1", text, sizeof text);
	if (rc == CHG_OK)
		*ret = strtoull(text, NULL, 10);
	return rc;
}

enum chg_rc chg_sqlite_look(
	const char *path, struct chg_sqlite_look *ret, char *reterr_why, size_t why_size)
{
	struct chg_sqlite_look look = {
		.database_bytes = size_of(path, ""),
		.log_bytes = size_of(path, "-wal"),
		.free_bytes = free_beside(path),
	};
	sqlite3 *db = NULL;
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_ONLY, &db, reterr_why, why_size);
	if (rc == CHG_OK) {
		rc = count_open(db, &look.sessions_open);
		if (rc != CHG_OK)
			snprintf(reterr_why, why_size, "cannot read %s: %s", path,
				sqlite3_errmsg(db));
	}
	sqlite3_close(db);
	if (rc == CHG_OK)
		*ret = look;
	return rc;
}

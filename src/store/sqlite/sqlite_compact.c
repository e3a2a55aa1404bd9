/* SPDX-License-Identifier: BSD-3-Clause
 * A file without the pages that hold nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_private.h"

static enum chg_rc count_octets(sqlite3 *db, uint64_t *ret)
{
	char pages[24] = "", size[24] = "";
	enum chg_rc rc = chg_sqlite_ask(db, "PRAGMA page_count", pages, sizeof pages);
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "PRAGMA page_size", size, sizeof size);
	*ret = strtoull(pages, NULL, 10) * strtoull(size, NULL, 10);
	return rc;
}

/* It is built in a temporary file, since it may be larger than the memory, and goes into the log. */
static enum chg_rc write_anew(sqlite3 *db, const char *path, uint64_t *ret_before,
	uint64_t *ret_after, char *reterr_why, size_t why_size)
{
	enum chg_rc rc = chg_sqlite_ask(db, "PRAGMA temp_store = FILE", NULL, 0);
	if (rc == CHG_OK)
		rc = count_octets(db, ret_before);
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "VACUUM", NULL, 0);
	if (rc == CHG_OK)
		rc = count_octets(db, ret_after);
	if (rc != CHG_OK)
		snprintf(reterr_why, why_size,
			"%s was not made smaller and is as it was: %s: for a while it needs as "
			"much room again, beside itself and once more for a temporary file",
			path, sqlite3_errmsg(db));
	return rc;
}

/* The file becomes shorter when the log has been put into it, which readers of the old pages prevent. */
static enum chg_rc shorten(sqlite3 *db, const char *path, char *reterr_why, size_t why_size)
{
	char is_busy[8] = "";
	enum chg_rc rc =
		chg_sqlite_ask(db, "PRAGMA wal_checkpoint(TRUNCATE)", is_busy, sizeof is_busy);
	if (rc == CHG_OK && strcmp(is_busy, "0") == 0)
		return CHG_OK;
	if (rc == CHG_OK) {
		snprintf(reterr_why, why_size,
			"%s is not shorter yet, because somebody reads it, as a backup does: do "
			"this again when that is over",
			path);
		return CHG_E_STORE_BUSY;
	}
	snprintf(reterr_why, why_size, "%s could not be shortened: %s: do this again", path,
		sqlite3_errmsg(db));
	return rc;
}

static enum chg_rc compact_locked(const char *path, uint64_t *ret_before, uint64_t *ret_after,
	char *reterr_why, size_t why_size)
{
	sqlite3 *db = NULL;
	enum chg_schema schema;
	int version;
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_WRITE, &db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema(db, &schema, &version, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema_refuse(schema, path, version, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_configure(db, CHG_SQLITE_READ_WRITE, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = write_anew(db, path, ret_before, ret_after, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = shorten(db, path, reterr_why, why_size);
	sqlite3_close(db);
	return rc;
}

enum chg_rc chg_sqlite_compact(const char *path, uint64_t *ret_before, uint64_t *ret_after,
	char *reterr_why, size_t why_size)
{
	int version, lock;
	enum chg_rc rc = chg_sqlite_version(path, &version, reterr_why, why_size);
	if (rc != CHG_OK) /* before the lock, which would leave its file beside a mistyped name */
		return rc;
	rc = chg_sqlite_lock(path, &lock, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	rc = compact_locked(path, ret_before, ret_after, reterr_why, why_size);
	chg_sqlite_unlock(lock);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * When the log is carried into the database, and by whom.
 */
#include "store/sqlite/sqlite_checkpoint.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_private.h"

enum {
	/* Pages by which the log grows before what could not be finished is tried again. */
	AGAIN = 500,
};

/* ---- The writer's side ---- */

/* Called by the library after each commit.  A log that became shorter began anew. */
static int committed(void *self, sqlite3 *db, const char *name, int pages)
{
	struct chg_log_watch *log = self;
	(void)db;
	(void)name;
	if ((uint32_t)pages <= log->pages) {
		log->beginnings++;
		log->due = CHG_CHECKPOINT_AT;
		log->late = CHG_CHECKPOINT_LATE;
		log->is_rest_ours = false;
	}
	log->pages = (uint32_t)pages;
	return SQLITE_OK;
}

/* The library's own way, a checkpoint inside the commit, goes with this. */
void chg_sqlite_log_watch(struct chg_sqlite *sqlite)
{
	sqlite->log.due = CHG_CHECKPOINT_AT;
	sqlite->log.late = CHG_CHECKPOINT_LATE;
	(void)sqlite3_wal_hook(sqlite->db, committed, &sqlite->log);
}

/*
 * A reader who needs the database as it was may hold the log for as long as he likes.  The longer the
 * log, the more a look at it costs, so the steps grow with it.
 */
static uint32_t next_try(uint32_t pages)
{
	return pages + (pages / 4 > AGAIN ? pages / 4 : AGAIN);
}

/*
 * Nothing comes of it when a reader holds the log, when the disk is full, or when somebody else is at
 * it: then the log goes on to grow, and it is tried again.  The transaction that begins now is the one
 * that begins the log anew.
 */
static void finish(struct chg_sqlite *sqlite)
{
	struct chg_log_watch *log = &sqlite->log;
	(void)sqlite3_wal_checkpoint_v2(sqlite->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	log->is_rest_ours = false;
	log->due = next_try(log->pages);
}

/*
 * While somebody else was asked and has not answered, the writer keeps its hands off.  Libraries up to
 * 3.51.2 have a fault (WAL-reset): one connection begins a checkpoint just after another one has
 * finished one, and a commit begins the log anew in that moment; then a part of the new log is taken
 * for carried, and is lost.  Who is asked begins only with a log of which something is left, and as
 * long as he alone works on it, it cannot begin anew under his hands.
 */
void chg_sqlite_log_tend(struct chg_sqlite *sqlite)
{
	struct chg_log_watch *log = &sqlite->log;
	if (log->is_asked)
		return;
	if (log->pages >= log->late) {
		log->late = 2 * log->pages;
		finish(sqlite);
	} else if (log->is_rest_ours) {
		finish(sqlite);
	} else if (log->pages >= log->due && log->wanted == NULL) {
		finish(sqlite);
	} else if (log->pages >= log->due) {
		log->is_asked = true;
		log->wanted(log->wanted_self);
	}
}

void chg_sqlite_checkpoint_by(struct chg_store *store, chg_checkpoint_wanted *wanted, void *self)
{
	struct chg_log_watch *log = &chg_sqlite_self(store->self)->log;
	log->wanted = wanted;
	log->wanted_self = self;
	log->is_asked = false;
}

void chg_sqlite_checkpoint_told(
	struct chg_store *store, uint32_t carried, struct chg_checkpoint_look *ret)
{
	struct chg_log_watch *log = &chg_sqlite_self(store->self)->log;
	log->is_asked = false;
	/* It may have begun anew by itself meanwhile: then nothing is due. */
	if (log->pages >= log->due) {
		log->is_rest_ours = carried + CHG_CHECKPOINT_REST >= log->pages;
		log->due = next_try(log->pages);
	}
	*ret = (struct chg_checkpoint_look){ .pages = log->pages, .beginnings = log->beginnings };
}

/* ---- The other side ---- */

struct chg_checkpoint {
	sqlite3 *db;
};

/* The library looks for the log when something is read first. */
static enum chg_rc connect(
	struct chg_checkpoint *checkpoint, const char *path, char *reterr_why, size_t why_size)
{
	enum chg_rc rc = chg_sqlite_connect(
		path, CHG_SQLITE_READ_WRITE, &checkpoint->db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_configure(
			checkpoint->db, CHG_SQLITE_READ_WRITE, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	rc = chg_sqlite_ask(checkpoint->db, "SELECT count(*) FROM sqlite_schema", NULL, 0);
	if (rc != CHG_OK)
		snprintf(reterr_why, why_size, "cannot read %s: %s", path,
			sqlite3_errmsg(checkpoint->db));
	return rc;
}

enum chg_rc chg_checkpoint_open(
	const char *path, struct chg_checkpoint **ret, char *reterr_why, size_t why_size)
{
	struct chg_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
	if (checkpoint == NULL) {
		snprintf(reterr_why, why_size, "no memory");
		return CHG_E_NO_MEMORY;
	}
	enum chg_rc rc = connect(checkpoint, path, reterr_why, why_size);
	if (rc != CHG_OK) {
		chg_checkpoint_close(checkpoint);
		return rc;
	}
	*ret = checkpoint;
	return CHG_OK;
}

/*
 * The library syncs the database when it has copied all that is in the log, which is what the writer's
 * rest comes to.  Done here, that sync finds little to do.
 */
static int sync_database(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	int result = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (result == SQLITE_OK)
		result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	return result;
}

enum chg_rc chg_checkpoint_pass(
	struct chg_checkpoint *checkpoint, struct chg_checkpoint_progress *ret)
{
	int pages = 0, carried = 0;
	int result = sqlite3_wal_checkpoint_v2(
		checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &carried);
	if (result == SQLITE_OK)
		result = sync_database(checkpoint->db);
	if (result != SQLITE_OK)
		return chg_sqlite_rc(result);
	*ret = (struct chg_checkpoint_progress){ .pages = pages < 0 ? 0 : (uint32_t)pages,
		.carried = carried < 0 ? 0 : (uint32_t)carried };
	return CHG_OK;
}

void chg_checkpoint_close(struct chg_checkpoint *checkpoint)
{
	if (checkpoint == NULL)
		return;
	sqlite3_close(checkpoint->db);
	free(checkpoint);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The way of the write-ahead log into the database.
 *
 * Most of it is done by somebody beside the writer, from a connection of his own: he copies page by
 * page and syncs, and the writer goes on.  While the writer writes there is always a last bit that is
 * in the log alone, and the log can only begin anew when there is none.  So the writer, told that he
 * is nearly through, does the last bit itself between two transactions.
 *
 *   writer   so many pages are in the log  -> `wanted`
 *   beside   chg_checkpoint_pass, until little is left
 *   writer   chg_sqlite_checkpoint_told    -> the rest, before its next transaction begins
 *
 * A writer without anybody beside it does all of that itself, and so does one whose log has become far
 * too long although it was told.
 */
#ifndef CHG_STORE_SQLITE_CHECKPOINT_H
#define CHG_STORE_SQLITE_CHECKPOINT_H

#include "port/store.h"

enum {
	CHG_CHECKPOINT_AT = 2000,    /* pages in the log: it is time */
	CHG_CHECKPOINT_REST = 1000,  /* pages that are left: the writer does them itself */
	CHG_CHECKPOINT_LATE = 16000, /* pages in the log: the writer does not ask again */
};

/* ---- The writer's side, on the thread that uses the store ---- */

/* Called when the log is to be carried into the database.  It must not block. */
typedef void chg_checkpoint_wanted(void *self);

/* From now on somebody else does most of it.  A NULL `wanted`: the store does all of it itself. */
void chg_sqlite_checkpoint_by(struct chg_store *store, chg_checkpoint_wanted *wanted, void *self);

/* What the writer knows of its log. */
struct chg_checkpoint_look {
	uint32_t pages;      /* in it */
	uint64_t beginnings; /* how often it began anew since the store was opened */
};

/*
 * The answer to `wanted`: pages of the log that are in the database, synced.  Inside a transaction or
 * outside of one.  `wanted` comes again when there is a reason to, and not before.
 */
void chg_sqlite_checkpoint_told(
	struct chg_store *store, uint32_t carried, struct chg_checkpoint_look *ret);

/* ---- The other side, on a thread of its own ---- */

struct chg_checkpoint;

/* How far a pass came. */
struct chg_checkpoint_progress {
	uint32_t pages;   /* in the log */
	uint32_t carried; /* those of them that are in the database */
};

/*
 * Opens a connection to a database that a store of this process has open for writing.  Errors and `why`
 * as for chg_sqlite_store_open.
 */
enum chg_rc chg_checkpoint_open(
	const char *path, struct chg_checkpoint **ret, char *reterr_why, size_t why_size);

/*
 * Copies what is in the log into the database, as far as no reader still needs the database as it is,
 * and syncs the database.  Never waits for anybody.
 *
 *   CHG_E_STORE_BUSY  somebody else is at it
 *   CHG_E_STORE_FULL  the disk takes no writes for now
 */
enum chg_rc chg_checkpoint_pass(
	struct chg_checkpoint *checkpoint, struct chg_checkpoint_progress *ret);

/* NULL is fine. */
void chg_checkpoint_close(struct chg_checkpoint *checkpoint);

#endif

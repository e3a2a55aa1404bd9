/* SPDX-License-Identifier: BSD-3-Clause
 * The store in one SQLite file: opening it, and looking after it.
 *
 * One process writes at a time; it holds a lock on "<path>.lock" for as long as it has the file open.
 * Readers need no lock and may come and go while it writes.
 *
 * Every `why` is a sentence for an operator, with the cure where there is one; it is written when
 * the call fails, and always ends with a NUL.
 */
#ifndef CHG_STORE_SQLITE_STORE_H
#define CHG_STORE_SQLITE_STORE_H

#include "port/store.h"

enum chg_sqlite_mode {
	CHG_SQLITE_READ_ONLY,         /* readers of port/store.h only; writing fails */
	CHG_SQLITE_READ_WRITE,        /* the file must be there */
	CHG_SQLITE_READ_WRITE_CREATE, /* a missing or empty file gets the schema */
};

enum {
	/* Room for any `why`. */
	CHG_SQLITE_WHY_MAX = 512,
};

/*
 * Opens the file as a store.  Free it with ops->close.
 *
 *   CHG_E_STORE_BUSY     another process has it open for writing
 *   CHG_E_STORE_SCHEMA   another version of the schema, or not a file of ours
 *   CHG_E_STORE_CORRUPT  damaged, or no database at all
 *   CHG_E_STORE_FULL     the file cannot be opened or written
 *   CHG_E_STORE          a setting did not take
 *   CHG_E_UNKNOWN        the program and its query.sql do not agree
 *   CHG_E_NO_MEMORY      no memory
 */
enum chg_rc chg_sqlite_store_open(const char *path, enum chg_sqlite_mode mode,
	struct chg_store *ret, char *reterr_why, size_t why_size);

/*
 * How many records this store has looked through one by one since it was opened, because the search
 * index did not have them.
 */
uint64_t chg_sqlite_unindexed(const struct chg_store *store);

/* The version of the schema that this program writes. */
int chg_sqlite_schema_version(void);

/* The version that a file has; 0 is an empty file.  Errors as for opening. */
enum chg_rc chg_sqlite_version(
	const char *path, int *ret_version, char *reterr_why, size_t why_size);

/* What a file takes, and what is open in it. */
struct chg_sqlite_look {
	uint64_t database_bytes;
	uint64_t log_bytes;     /* of the write-ahead log beside it */
	uint64_t free_bytes;    /* left on its disk for the user who asks */
	uint64_t sessions_open; /* records of sessions that have not ended, of both interfaces */
};

/*
 * Looks at a file, from any thread and any process, while a node runs or not.  Takes a millisecond for
 * every some ten thousand sessions that are open.  Errors as for opening.
 */
enum chg_rc chg_sqlite_look(
	const char *path, struct chg_sqlite_look *ret, char *reterr_why, size_t why_size);

/*
 * Checks the whole file: its pages, its schema against a fresh one, and the views that must be empty.
 * Reads only; a node may run meanwhile.
 *
 *   CHG_E_STORE_CORRUPT  a page or a rule is broken; why says which is the first
 *   CHG_E_STORE_SCHEMA   the schema is not that of a fresh file
 *   and those of opening.
 */
enum chg_rc chg_sqlite_check(const char *path, char *reterr_why, size_t why_size);

/*
 * Brings an older file to the newest version, each step in a transaction of its own.  A file that
 * has it is left alone.  No node may run.
 *
 *   ret_from, ret_to   versions before and after
 */
enum chg_rc chg_sqlite_upgrade(
	const char *path, int *ret_from, int *ret_to, char *reterr_why, size_t why_size);

/*
 * Writes the file anew without the pages that hold nothing.  No node may run; for a while as much
 * room is needed again beside it, and once more for a temporary file.  Whatever the error, it holds
 * what it held.
 *
 *   ret_before, ret_after  octets of the file
 *
 *   CHG_E_STORE_BUSY  a node has it; or somebody reads it, and it can become shorter only after that
 */
enum chg_rc chg_sqlite_compact(const char *path, uint64_t *ret_before, uint64_t *ret_after,
	char *reterr_why, size_t why_size);

/* Called now and then; return false to give up. */
typedef bool chg_sqlite_progress(void *to, int pages_left, int pages_total);

/*
 * Copies the file as it is at one moment, while a node runs.  The copy is checked and on disk before
 * it gets its name `to`; a file of that name is replaced as a whole.
 *
 *   progress may be NULL
 *
 *   CHG_E_CLOSED  progress said false; `to` is untouched
 */
enum chg_rc chg_sqlite_backup(const char *path, const char *to, chg_sqlite_progress *progress,
	void *progress_to, char *reterr_why, size_t why_size);

#endif

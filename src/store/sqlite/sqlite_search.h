/* SPDX-License-Identifier: BSD-3-Clause
 * The search index: which records hold a party, an ICID, an Application-Session-ID, a Session-Id.
 *
 * It stands in a file of its own beside the database, "<store.path>-search", and is made by a thread
 * of its own from what is in the database, so that charging writes nothing for it.  It is always
 * behind; what it does not have yet is read record by record.  Nothing depends on it: a file that is
 * missing, damaged or of another database makes searching slow and never wrong, and is made again.
 *
 * Records are taken in order of cdr_id, some thousands at a time.  What they are found by becomes a
 * run: entries (hash of the term, cdr_id) in that order, written once.  Sixteen runs become one of the
 * next level, so that a search looks into some tens of them.  A hash may be that of another term too:
 * an entry says where to look, and the record decides.
 *
 * Records that change after they were taken stand in cdr_touched and get runs of their own.
 *
 * A reader works out what to read from three parts: the runs, the rows of cdr_touched behind
 * state.touch_id, and all records behind state.cdr_id.
 */
#ifndef CHG_STORE_SQLITE_SEARCH_H
#define CHG_STORE_SQLITE_SEARCH_H

#include "port/store.h"

struct chg_search_indexer;

enum {
	/* Looking through as many takes some milliseconds, so fewer are not worth a run. */
	CHG_SEARCH_RUN_RECORDS = 8192,
};

/* Where the index of a step stands. */
struct chg_search_progress {
	bool has_more;         /* there is more to do at once */
	uint64_t waiting;      /* records, and changes of records, that are not in the index yet */
	int64_t settled_below; /* rows of cdr_touched with lower ids may go; 0: none of them */
	bool was_begun_anew;   /* the file was not there, damaged or of another database */
};

/*
 * Opens what keeps the search file of a database, for one thread.  The database is only read.
 * Errors and `why` as for chg_sqlite_store_open.
 *
 *   run_records  how many records make a run: CHG_SEARCH_RUN_RECORDS, fewer in tests, 8 at least
 */
enum chg_rc chg_search_indexer_open(const char *path, uint32_t run_records,
	struct chg_search_indexer **ret, char *reterr_why, size_t why_size);

/*
 * A bite of work, some tens of milliseconds: records are taken, changes are taken, runs are put
 * together.  No transaction is open when it returns.
 *
 *   CHG_E_STORE_FULL     the disk takes no writes for now
 *   CHG_E_STORE_BUSY     somebody holds a lock for now
 *   CHG_E_STORE_CORRUPT  the database itself is damaged; of the search file it is never told
 *   CHG_E_NO_MEMORY      no memory
 */
enum chg_rc chg_search_indexer_step(
	struct chg_search_indexer *indexer, struct chg_search_progress *ret);

/* NULL is fine. */
void chg_search_indexer_close(struct chg_search_indexer *indexer);

/*
 * Deletes at most `max` rows of cdr_touched with ids below `touch_id`, the oldest first; inside a
 * transaction of the one writer.
 */
enum chg_rc chg_search_settle(struct chg_store *store, int64_t touch_id, uint32_t max);

#endif

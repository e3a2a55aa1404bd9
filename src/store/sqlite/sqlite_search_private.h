/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of the search index share.
 */
#ifndef CHG_STORE_SQLITE_SEARCH_PRIVATE_H
#define CHG_STORE_SQLITE_SEARCH_PRIVATE_H

#include <limits.h>

#include "store/sqlite/sqlite_private.h"
#include "store/sqlite/sqlite_search.h"

enum chg_search_query {
#define STATEMENT(name) CHG_SQ_##name,
#include "store/sqlite/sqlite_search.def"
#undef STATEMENT
	CHG_SEARCH_QUERY_COUNT
};

enum {
	CHG_SEARCH_FAN = 16,      /* runs that become one */
	CHG_BLOCK_ENTRIES = 1000, /* with their checksum they fill a page of 8 KiB */
};

/* ---- Terms ---- */

enum chg_term_kind {
	CHG_TERM_PARTY = 1,
	CHG_TERM_SESSION,
	CHG_TERM_ICID,
	CHG_TERM_APPLICATION_SESSION,
};

/* A hash of 31 bits; those of different kinds are independent. */
uint32_t chg_term_hash(enum chg_term_kind kind, struct chg_view text);
uint32_t chg_term_hash_number(enum chg_term_kind kind, uint32_t number);

/* Return false to stop. */
typedef bool chg_term_each(void *to, uint32_t hash);

/*
 * Every term of the record that stands in the statement, one of cdr_terms_...: cdr_id, session_id,
 * icid, application_session_id, parties.
 */
void chg_terms_read(struct chg_stmt *stmt, chg_term_each *each, void *to);

/* ---- Entries: hash and record in one number ---- */

static inline uint64_t chg_entry(uint32_t hash, uint64_t offset)
{
	return (uint64_t)hash << 32 | (uint32_t)offset;
}

static inline uint32_t chg_entry_hash(uint64_t entry)
{
	return (uint32_t)(entry >> 32);
}

static inline uint32_t chg_entry_offset(uint64_t entry)
{
	return (uint32_t)entry;
}

/* ---- The search file ---- */

struct chg_search_state {
	int64_t cdr_id; /* the columns of `state` */
	int64_t received_us;
	int64_t session_hash;
	int64_t touch_id;
	int64_t touch_cdr_id;
};

struct chg_search_run {
	int64_t run_no;
	bool is_touched;
	int level;
	int64_t first_cdr_id;
	int64_t last_cdr_id;
};

struct chg_search {
	sqlite3 *db; /* NULL: not open */
	struct chg_stmt list[CHG_SEARCH_QUERY_COUNT];
};

static inline struct chg_stmt *chg_search_query(struct chg_search *search, enum chg_search_query id)
{
	return &search->list[id];
}

/* "<path>-search"; false when that is too long. */
bool chg_search_path(const char *path, char ret[PATH_MAX]);

/*
 * Opens the file that is there, or makes it where is_writer says so.  CHG_E_STORE_CORRUPT: it is
 * damaged or of another make.  ret is closed again on failure.
 */
enum chg_rc chg_search_open(const char *search_path, bool is_writer, struct chg_search *ret);
void chg_search_close(struct chg_search *search);

/* Removes the file with its log. */
void chg_search_remove(const char *search_path);

/* Runs a statement without parameters and rows. */
enum chg_rc chg_search_run_plain(struct chg_search *search, enum chg_search_query id);

enum chg_rc chg_search_state_get(struct chg_search *search, struct chg_search_state *ret);
enum chg_rc chg_search_state_put(struct chg_search *search, const struct chg_search_state *state);

/* The run that stands in run_list or run_oldest. */
struct chg_search_run chg_search_run_read(struct chg_stmt *stmt);

/*
 * Whether the index was made of this database: the last record and the last change that it has are
 * here as well.  A restored backup, a copy that went on elsewhere, or another database are not.
 */
enum chg_rc chg_search_is_ours(
	struct chg_sqlite *sqlite, const struct chg_search_state *state, bool *ret);

/* ---- Blocks and runs ---- */

struct chg_block {
	size_t count;
	uint64_t entries[CHG_BLOCK_ENTRIES + 1]; /* and the checksum */
};

/* The block that holds `entry` if the run has it; else the one before, if there is one. */
enum chg_rc chg_block_at(struct chg_search *search, int64_t run_no, uint64_t entry,
	struct chg_block *ret, bool *ret_found);

/* The block that begins after `entry`. */
enum chg_rc chg_block_after(struct chg_search *search, int64_t run_no, uint64_t entry,
	struct chg_block *ret, bool *ret_found);

/* Puts entries into a run: ascending, and one that comes twice counts once. */
struct chg_run_writer {
	struct chg_search *search;
	int64_t run_no;
	uint32_t block_count;
	struct chg_block block;
};

void chg_run_writer_init(struct chg_run_writer *writer, struct chg_search *search, int64_t run_no);
enum chg_rc chg_run_writer_put(struct chg_run_writer *writer, uint64_t entry);
enum chg_rc chg_run_writer_flush(struct chg_run_writer *writer);

/* The number of the next run. */
enum chg_rc chg_run_number(struct chg_search *search, int64_t *ret);
enum chg_rc chg_run_add(struct chg_search *search, const struct chg_search_run *run, bool is_ready);

/* ---- Putting runs together ---- */

struct chg_merge;

/* Begins when there is something to put together; *ret NULL when there is not. */
enum chg_rc chg_merge_begin(struct chg_search *search, struct chg_merge **ret);

/*
 * A bite; entries of records below `lowest` are left out.  ret_done: the new run has taken the place
 * of the old ones.  After an error the merge is to be freed; what it wrote is nobody's.
 */
enum chg_rc chg_merge_step(struct chg_merge *merge, int64_t lowest, bool *ret_done);
void chg_merge_free(struct chg_merge *merge);

/* Drops runs whose records are all below `lowest`. */
enum chg_rc chg_runs_drop(struct chg_search *search, int64_t lowest);

/* Deletes some blocks that belong to no run.  ret_more: there were any. */
enum chg_rc chg_blocks_sweep(struct chg_search *search, bool *ret_more);

/* ---- Finding ---- */

enum {
	CHG_FIND_MAX = 4096, /* records that one call finds */
};

/* What is looked for, and where the search is. */
struct chg_find {
	struct chg_sqlite *sqlite;
	const struct chg_zones *zones;
	uint32_t hash;
	bool newest_first;
	int64_t lowest; /* records from here to there */
	int64_t highest;
	size_t count;
	int64_t ids[2 * CHG_FIND_MAX];
};

/*
 * The next records after `at` in the order of the search that may hold the term: at most `want`, at
 * most CHG_FIND_MAX; fewer only when no more are there.  None is left out; some may not hold it.
 */
enum chg_rc chg_find_next(struct chg_find *find, int64_t at, size_t want);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The chunks of all archives of a database: found, and loaded when they are wanted.
 */
#ifndef CHG_RUNTIME_ARCHIVE_SHELF_H
#define CHG_RUNTIME_ARCHIVE_SHELF_H

#include "archive/archive_file.h"
#include "runtime/archive_store.h"

struct chg_archive_shelf;

/* As chg_archive_store_open; the database is borrowed. */
enum chg_rc chg_archive_shelf_open(const struct chg_store *database, const char *folder,
	chg_archive_complain *complain, void *to, struct chg_archive_shelf **ret);

/* NULL is fine. */
void chg_archive_shelf_close(struct chg_archive_shelf *shelf);

/* Takes up what was written since.  Chunks keep their place; new ones come behind them. */
enum chg_rc chg_archive_shelf_refresh(struct chg_archive_shelf *shelf);

/* Chunks in the order in which they were written. */
size_t chg_archive_shelf_count(const struct chg_archive_shelf *shelf);
const struct chg_archive_chunk *chg_archive_shelf_chunk(
	const struct chg_archive_shelf *shelf, size_t i);

/* False: no record of the chunk fits the filter. */
bool chg_archive_shelf_may_fit(
	struct chg_archive_shelf *shelf, size_t i, const struct chg_cdr_filter *filter);

/* Whether a chunk from that one on has the record. */
bool chg_archive_shelf_has_later(struct chg_archive_shelf *shelf, size_t from, int64_t cdr_id);

/* Leaves out of ids of a chunk those that a later chunk has as well.  CHG_E_NO_MEMORY */
enum chg_rc chg_archive_shelf_drop_superseded(
	struct chg_archive_shelf *shelf, size_t of, int64_t *id, size_t *count);

/*
 * The records of a chunk as a store, good until a few other chunks were loaded; NULL when the chunk is
 * damaged, which was complained about.  CHG_E_NO_MEMORY
 */
enum chg_rc chg_archive_shelf_load(
	struct chg_archive_shelf *shelf, size_t i, const struct chg_store **ret);

/* The same for the latest chunk that has the record; NULL when none has it. */
enum chg_rc chg_archive_shelf_find(
	struct chg_archive_shelf *shelf, int64_t cdr_id, const struct chg_store **ret);

/* Whether the database has the record. */
enum chg_rc chg_archive_shelf_in_database(
	struct chg_archive_shelf *shelf, int64_t cdr_id, bool *ret);

#endif

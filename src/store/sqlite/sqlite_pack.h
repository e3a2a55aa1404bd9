/* SPDX-License-Identifier: BSD-3-Clause
 * Whole records as one text of octets, and back: what an archive keeps.
 *
 * A pack holds rows of tables as they are, by table and column name, column after column.  Whoever
 * reads one must expect anything in it: it is put into a fresh database in memory of the version that
 * it was made with, whose own rules check it, and which is then brought to the present version.
 *
 *   pack    tables, one after the other to the end
 *   table   text: name; number: columns; number: rows; columns
 *   column  text: name; text: values
 *   value   octet 0 NULL; 1 whole number: as the difference to the one before in its column, the sign
 *           in the lowest bit; 2 text; 3 octets
 *   number  seven bits an octet, the lowest first, the highest bit set in all but the last
 *   text    number: octets; octets
 */
#ifndef CHG_STORE_SQLITE_PACK_H
#define CHG_STORE_SQLITE_PACK_H

#include "port/store.h"

struct chg_packer;

/* Which records are to be packed. */
struct chg_pack_ask {
	chg_instant closed_before;
	int64_t after_cdr_id;
	int64_t highest_cdr_id; /* that of chg_sqlite_pack_bound */
	uint32_t records_max;
	size_t octets_max; /* a pack with that many octets takes no further record */
};

/* Whole records; all of it is the packer's and lives until its next call. */
struct chg_pack {
	uint32_t records; /* 0: there are no more */
	struct chg_range cdr_id;
	struct chg_range started_us;
	struct chg_range closed_us;
	struct chg_range local_sequence;
	const struct chg_cdr_stamp *stamp; /* by ascending cdr_id */
	struct chg_view body;
};

/* Called for each term of each record; the text lives until it returns.  False: no memory. */
typedef bool chg_pack_term_each(void *to, enum chg_cdr_term kind, struct chg_view text);

/* Opens a database to pack records of; a node may run.  Errors as for opening a store for reading. */
enum chg_rc chg_sqlite_packer_open(
	const char *path, struct chg_packer **ret, char *reterr_why, size_t why_size);

/* NULL is fine. */
void chg_sqlite_packer_close(struct chg_packer *packer);

/* The database as a store, for reading. */
struct chg_store *chg_sqlite_packer_store(struct chg_packer *packer);

/*
 * The highest record that came before that time: none beyond it can have been closed before it.  So
 * much has to be looked at, however many newer records there are.
 */
enum chg_rc chg_sqlite_pack_bound(
	struct chg_packer *packer, chg_instant closed_before, int64_t *ret_highest_cdr_id);

/*
 * Packs closed records that no session of CH-2 names any more, by ascending cdr_id.  One short read
 * transaction.
 */
enum chg_rc chg_sqlite_pack_next(struct chg_packer *packer, const struct chg_pack_ask *ask,
	chg_pack_term_each *each, void *to, struct chg_pack *ret);

/* How many records an ask without limits fits, for who wants to know first. */
enum chg_rc chg_sqlite_pack_count(
	struct chg_packer *packer, const struct chg_pack_ask *ask, uint64_t *ret_records);

/* An empty store in memory, to put packs in and to read them.  Free it with ops->close. */
enum chg_rc chg_sqlite_shelf_open(struct chg_store *ret, char *reterr_why, size_t why_size);

/*
 * Puts a pack in the place of what the shelf held.  After an error it holds nothing of use until the
 * next pack.
 *
 *   schema  the version that the pack was made with
 *
 *   CHG_E_STORE_SCHEMA   a version that this program does not know
 *   CHG_E_STORE_CORRUPT  no pack, or rows that no store would have written
 *   CHG_E_NO_MEMORY      no memory
 */
enum chg_rc chg_sqlite_shelf_fill(struct chg_store *shelf, uint32_t schema, struct chg_view pack);

#endif

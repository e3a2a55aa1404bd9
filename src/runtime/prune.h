/* SPDX-License-Identifier: BSD-3-Clause
 * Old records from the database into an archive: packed, written, and only then removed.
 *
 * At any moment a record is in the database, or in an archive that is on disk, or in both; whoever
 * reads both takes that of the database.  Stopped anywhere, the next run finishes what this one began.
 */
#ifndef CHG_RUNTIME_PRUNE_H
#define CHG_RUNTIME_PRUNE_H

#include "archive/archive_file.h"
#include "port/log.h"

enum {
	CHG_PRUNE_WHY_MAX = 1024,
	CHG_PRUNE_CHUNK_RECORDS = 1000,
	CHG_PRUNE_CHUNK_OCTETS = 8388608,
	CHG_PRUNE_FILE_OCTETS = 1073741824, /* the next chunk begins a new file */
};

/* How far a run is. */
struct chg_prune_progress {
	uint64_t archived;      /* records that were written into an archive */
	uint64_t removed;       /* records that left the database */
	uint64_t kept;          /* records that changed meanwhile, or are too large, and stay */
	uint64_t octets;        /* that the archives grew by */
	int64_t cdr_id;         /* all records up to this one were looked at */
	int64_t highest_cdr_id; /* up to which it goes */
};

/*
 * Removes records that an archive holds, as remove_archived of the store, in a transaction or in
 * several.  When it returns CHG_OK all of that is on disk.
 */
typedef enum chg_rc chg_prune_remove(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint64_t *ret_removed);

/* Called now and then; false ends the run. */
typedef bool chg_prune_tell(void *self, const struct chg_prune_progress *progress);

/* Told of each archive that is damaged and not gone on with: a sentence with a cure. */
typedef void chg_prune_complain(void *self, const char *why);

struct chg_prune {
	const char *database;
	const char *folder; /* of the archives */
	uint32_t owner;     /* own Origin-State-Id, so that archives know whose they are */
	chg_instant now;    /* wall clock */
	chg_instant closed_before;
	chg_prune_remove *remove;
	chg_prune_tell *tell;
	chg_prune_complain *complain; /* NULL: nobody is told */
	void *self;                   /* of all three */
	uint32_t chunk_records;       /* 0: CHG_PRUNE_CHUNK_RECORDS */
};

/*
 * One run to its end.  The latest archive that the database knows must be in the folder, so that a disk
 * that is not mounted, or another node's folder, is told before anything is written there; where the
 * database knows none, the folder must not hold archives of another node.  An archive that is damaged
 * is gone on with no more: another is begun.
 *
 *   ret  always written
 *
 *   CHG_E_CLOSED         tell said false
 *   CHG_E_UNKNOWN        the latest archive is missing
 *   CHG_E_CONFIG         the folder is another node's
 *   CHG_E_STORE_FULL     no room for the archive
 *   CHG_E_STORE_CORRUPT  the disk gave back something else than was written, or the archive was moved,
 *                        replaced or deleted while it was written
 *   CHG_E_SYSTEM         folder or archive cannot be read, made or written
 *   otherwise            what reading or removing returned
 * reterr_why says it in words, with a cure.  Whatever the error, nothing is lost.
 */
enum chg_rc chg_prune_run(const struct chg_prune *prune, struct chg_prune_progress *ret,
	char *reterr_why, size_t why_size);

/* How many records a run would take.  Changes nothing. */
enum chg_rc chg_prune_count(const char *database, chg_instant closed_before, uint64_t *ret_records,
	char *reterr_why, size_t why_size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * A file of archived records: a head, and chunks behind each other that are only ever added to.
 *
 * Numbers are little-endian.  A chunk is a head of fixed size, the stamps of its records, a filter of
 * their search terms, and the records themselves, compressed (zstd).  Each part has a checksum.  What
 * the records look like inside is the store's affair; a chunk names the version of the schema.
 *
 *   head of a file   octets   head of a chunk   octets
 *   "CHGARCH1"            8   "CHGCHUNK"             8
 *   own Origin-State-Id   4   version of schema      4
 *   number of the file    4   records                4
 *   when made, us         8   lowest, highest: cdr_id, started_us, closed_us, local_sequence: 8 each
 *   0                    32   octets: stamps, filter   4 each
 *   checksum              8   octets: records compressed, not compressed   8 each
 *                             checksum of stamps and filter, of records compressed   8 each
 *                             0                     16
 *                             checksum               8
 *
 * Whoever reads one must expect anything in it.  Every `why` is a sentence with a cure and a NUL.
 */
#ifndef CHG_ARCHIVE_FILE_H
#define CHG_ARCHIVE_FILE_H

#include "core/rc.h"
#include "port/store.h"

enum {
	CHG_ARCHIVE_NAME_MAX = 32, /* of a file, with its end: "records-000001.chga" */
	CHG_ARCHIVE_PATH_MAX = 4096,
	CHG_ARCHIVE_WHY_MAX = 512 + CHG_ARCHIVE_PATH_MAX,
	CHG_ARCHIVE_HEAD = 64,
	CHG_ARCHIVE_CHUNK_HEAD = 152,
	CHG_ARCHIVE_RECORDS_MAX = 65536, /* of a chunk */
	CHG_ARCHIVE_BODY_MAX = 67108864, /* octets of the records of a chunk, not compressed */
	CHG_ARCHIVE_NUMBER_MAX = 999999,
};

/* What a chunk says of itself. */
struct chg_archive_chunk {
	uint64_t offset; /* in its file */
	uint64_t octets; /* from there, all of it */
	uint32_t schema;
	uint32_t records;
	struct chg_range cdr_id;
	struct chg_range started_us;
	struct chg_range closed_us;
	struct chg_range local_sequence;
	uint32_t stamps_octets;
	uint32_t filter_octets;
	uint64_t body_octets; /* compressed */
	uint64_t body_size;   /* not compressed */
	uint64_t index_sum;   /* of stamps and filter */
	uint64_t body_sum;
};

struct chg_archive_file {
	int fd; /* -1: closed */
	char name[CHG_ARCHIVE_NAME_MAX];
	uint32_t owner; /* Origin-State-Id of the node that it belongs to */
	uint32_t number;
	chg_instant made_at;
	uint64_t size; /* when it was looked at last */
};

/* The name of the file of a number, and back; false: no name of ours. */
void chg_archive_name(uint32_t number, char ret[CHG_ARCHIVE_NAME_MAX]);
bool chg_archive_number(const char *name, uint32_t *ret);

/*
 * The numbers of the names of ours in the folder, ascending, whatever they lead to; the caller frees
 * them.  Where there is no folder there are none.
 *
 *   CHG_E_SYSTEM     the folder cannot be read
 *   CHG_E_NO_MEMORY  no memory
 */
enum chg_rc chg_archive_list(const char *folder, uint32_t **ret_number, size_t *ret_count,
	char *reterr_why, size_t why_size);

/*
 * Opens a file; close it with chg_archive_close.
 *
 *   CHG_E_UNKNOWN        there is none of that name
 *   CHG_E_SYSTEM         it cannot be read, or is no file but a folder, say
 *   CHG_E_STORE_CORRUPT  its head is no head of ours, or damaged
 */
enum chg_rc chg_archive_open(const char *folder, const char *name, struct chg_archive_file *ret,
	char *reterr_why, size_t why_size);

/* The same for a descriptor, which is the file's from now on, whatever comes of it. */
enum chg_rc chg_archive_adopt(
	int fd, const char *name, struct chg_archive_file *ret, char *reterr_why, size_t why_size);

void chg_archive_close(struct chg_archive_file *file);

/* Looks how large the file is by now.  CHG_E_SYSTEM */
enum chg_rc chg_archive_look(struct chg_archive_file *file);

/*
 * Whether the file's name in the folder, looked up anew, still leads to this file.  A folder may be
 * moved, replaced or unmounted while a file of it is open, and whatever is written then nobody finds.
 */
bool chg_archive_is_in_place(const struct chg_archive_file *file, const char *folder);

/*
 * Reads the head of the chunk at an offset; the first is at CHG_ARCHIVE_HEAD, each next one behind the
 * one before.  ret_found is false at the end of the file.
 *
 *   CHG_E_STORE_CORRUPT  what is there is no whole chunk
 *   CHG_E_SYSTEM         it cannot be read
 */
enum chg_rc chg_archive_chunk_at(const struct chg_archive_file *file, uint64_t offset,
	struct chg_archive_chunk *ret, bool *ret_found);

/*
 * Reads stamps and filter.  The arrays are the caller's to free; the stamps ascend by cdr_id, and
 * there are chunk->records of them.  Errors as above, and CHG_E_NO_MEMORY.
 */
enum chg_rc chg_archive_index_read(const struct chg_archive_file *file,
	const struct chg_archive_chunk *chunk, struct chg_cdr_stamp **ret_stamps,
	uint8_t **ret_filter);

/* Reads the records as they were given; body_size octets, the caller's to free.  Errors as above. */
enum chg_rc chg_archive_body_read(const struct chg_archive_file *file,
	const struct chg_archive_chunk *chunk, char **ret_body);

/* What goes into a chunk. */
struct chg_archive_load {
	uint32_t schema;
	uint32_t records; /* 1 to CHG_ARCHIVE_RECORDS_MAX */
	struct chg_range cdr_id;
	struct chg_range started_us;
	struct chg_range closed_us;
	struct chg_range local_sequence;
	const struct chg_cdr_stamp *stamp; /* ascending by cdr_id */
	const uint64_t *term;              /* of chg_archive_term; may repeat */
	size_t term_count;
	struct chg_view body; /* at most CHG_ARCHIVE_BODY_MAX octets */
};

/*
 * Makes the folder if only its last part is missing.  One that root makes belongs to whom the file
 * `like` belongs: he has to go on with it.  One that is there stays as it is.
 *
 *   CHG_E_STORE_FULL  there is no room
 *   CHG_E_SYSTEM      it cannot be made
 */
enum chg_rc chg_archive_folder_make(
	const char *folder, const char *like, char *reterr_why, size_t why_size);

/* Likewise a file that root makes or adds to.  Done by anybody else, nothing happens. */
void chg_archive_give(const struct chg_archive_file *file, const char *like);

/*
 * Makes a new file; CHG_OK: its name is on disk.
 *
 *   CHG_E_BUSY        there is something of that name
 *   CHG_E_STORE_FULL  there is no room
 *   CHG_E_SYSTEM      it cannot be made or written
 */
enum chg_rc chg_archive_create(const char *folder, uint32_t number, uint32_t owner, chg_instant now,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size);

/*
 * Opens a file to add to it: what stands behind `octets` goes.
 *
 *   errors as for chg_archive_open, and
 *   CHG_E_STORE_FULL     there is no room
 *   CHG_E_STORE_CORRUPT  the file is shorter than that
 */
enum chg_rc chg_archive_continue(const char *folder, const char *name, uint64_t octets,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size);

/*
 * Adds a chunk at the end; CHG_OK: it is on disk, was read back and is as it was given.  After an
 * error the file is as it was, as far as the disk lets it.
 *
 *   ret  what was written; its end is offset + octets
 *
 *   CHG_E_STORE_FULL     no room, or the disk does not take writes
 *   CHG_E_STORE_CORRUPT  what came back is something else
 *   CHG_E_NO_MEMORY      no memory
 */
enum chg_rc chg_archive_append(struct chg_archive_file *file, const struct chg_archive_load *load,
	struct chg_archive_chunk *ret);

#endif

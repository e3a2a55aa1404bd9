/* SPDX-License-Identifier: BSD-3-Clause
 * What reading and writing a file share: octets of heads, and checksums.
 */
#ifndef CHG_ARCHIVE_PRIVATE_H
#define CHG_ARCHIVE_PRIVATE_H

#include "archive/archive_file.h"

enum {
	/* A stamp is four numbers of at most ten octets each. */
	CHG_ARCHIVE_STAMP_MAX = 40,
};

extern const char chg_archive_file_magic[8];
extern const char chg_archive_chunk_magic[8];

/* FNV-1a: any octet that differs is told. */
uint64_t chg_archive_sum(const void *bytes, size_t len);

void chg_archive_chunk_write(
	const struct chg_archive_chunk *chunk, uint8_t ret[CHG_ARCHIVE_CHUNK_HEAD]);

/* False: no head of a chunk, or one that promises what cannot be. */
bool chg_archive_chunk_parse(
	const uint8_t head[CHG_ARCHIVE_CHUNK_HEAD], struct chg_archive_chunk *ret);

void chg_archive_head_write(const struct chg_archive_file *file, uint8_t ret[CHG_ARCHIVE_HEAD]);
bool chg_archive_head_parse(const uint8_t head[CHG_ARCHIVE_HEAD], struct chg_archive_file *ret);

/* Octets written, at most records * CHG_ARCHIVE_STAMP_MAX. */
size_t chg_archive_stamps_write(const struct chg_cdr_stamp *stamp, uint32_t records, uint8_t *to);

/* False: not exactly so many stamps, ascending and within the range. */
bool chg_archive_stamps_parse(const uint8_t *from, size_t octets, uint32_t records,
	struct chg_range cdr_id, struct chg_cdr_stamp *ret);

/* As chg_archive_adopt, and what is wrong is told of a path. */
enum chg_rc chg_archive_take(int fd, const char *path, const char *name,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size);

/* Reads or writes all of it.  CHG_E_SYSTEM, CHG_E_STORE_CORRUPT: the file ends before. */
enum chg_rc chg_archive_pread(int fd, void *to, size_t len, uint64_t offset);
enum chg_rc chg_archive_pwrite(int fd, const void *from, size_t len, uint64_t offset);

#endif

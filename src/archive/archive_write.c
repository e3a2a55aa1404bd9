/* SPDX-License-Identifier: BSD-3-Clause
 * Making files of archived records and adding to them.  Nothing counts before it is on disk.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "archive/archive_filter.h"
#include "archive/archive_private.h"

enum {
	/* The default of zstd itself. */
	LEVEL = 3,
	FILE_MODE = 0640,
	FOLDER_MODE = 0750,
};

/* Says what could not be done, why, and what to do; for want of room or for another cause. */
static enum chg_rc refuse(
	const char *what, const char *path, int error, char *reterr_why, size_t why_size)
{
	bool has_no_room = error == ENOSPC || error == EDQUOT;
	(void)snprintf(reterr_why, why_size, "cannot %s %s: %s: %s", what, path, strerror(error),
		has_no_room ? "make room on its disk"
			    : "let the user of the node write there (under systemd: "
			      "ReadWritePaths=), or name another folder in cdr.archive_dir");
	return has_no_room ? CHG_E_STORE_FULL : CHG_E_SYSTEM;
}

static bool write_path(char ret[CHG_ARCHIVE_PATH_MAX], const char *folder, const char *name,
	char *reterr_why, size_t why_size)
{
	if (snprintf(ret, CHG_ARCHIVE_PATH_MAX, "%s/%s", folder, name) < CHG_ARCHIVE_PATH_MAX)
		return true;
	(void)snprintf(reterr_why, why_size,
		"the path of the archives is too long: name a shorter one in cdr.archive_dir");
	return false;
}

/* A name is on disk when its folder is. */
static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool is_done = fsync(fd) == 0;
	(void)close(fd);
	return is_done;
}

/* A file cannot be opened by its owner's node when it is root's. */
static void give(int fd, const char *like)
{
	struct stat owner;
	if (geteuid() == 0 && stat(like, &owner) == 0)
		(void)!fchown(fd, owner.st_uid, owner.st_gid);
}

void chg_archive_give(const struct chg_archive_file *file, const char *like)
{
	give(file->fd, like);
}

enum chg_rc chg_archive_folder_make(
	const char *folder, const char *like, char *reterr_why, size_t why_size)
{
	char above[CHG_ARCHIVE_PATH_MAX];
	bool is_new = mkdir(folder, FOLDER_MODE) == 0;
	if (!is_new && errno != EEXIST)
		return refuse("make the folder", folder, errno, reterr_why, why_size);
	int fd = is_new ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		give(fd, like);
		(void)close(fd);
	}
	(void)snprintf(above, sizeof above, "%s/..", folder);
	/* Whoever made it may have died before its name was synced; not everybody may do that. */
	return sync_folder(above) || !is_new
		       ? CHG_OK
		       : refuse("sync the folder above", folder, errno, reterr_why, why_size);
}

static bool write_head(const struct chg_archive_file *file)
{
	uint8_t head[CHG_ARCHIVE_HEAD];
	chg_archive_head_write(file, head);
	return chg_archive_pwrite(file->fd, head, sizeof head, 0) == CHG_OK && fsync(file->fd) == 0;
}

enum chg_rc chg_archive_create(const char *folder, uint32_t number, uint32_t owner, chg_instant now,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size)
{
	struct chg_archive_file file = {
		.owner = owner, .number = number, .made_at = now, .size = CHG_ARCHIVE_HEAD
	};
	char path[CHG_ARCHIVE_PATH_MAX];
	chg_archive_name(number, file.name);
	if (!write_path(path, folder, file.name, reterr_why, why_size))
		return CHG_E_SYSTEM;
	file.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (file.fd < 0) {
		bool is_taken = errno == EEXIST;
		enum chg_rc rc = refuse("make", path, errno, reterr_why, why_size);
		return is_taken ? CHG_E_BUSY : rc;
	}
	if (write_head(&file) && sync_folder(folder)) {
		*ret = file;
		return CHG_OK;
	}
	enum chg_rc rc = refuse("write", path, errno, reterr_why, why_size);
	(void)unlink(path);
	chg_archive_close(&file);
	return rc;
}

static enum chg_rc shorten(struct chg_archive_file *file, const char *path, uint64_t octets,
	char *reterr_why, size_t why_size)
{
	if (file->size < octets) {
		(void)snprintf(reterr_why, why_size,
			"%s is shorter than it was, %" PRIu64 " octets instead of %" PRIu64
			": keep it elsewhere, and put a copy in its place that has so many",
			path, file->size, octets);
		return CHG_E_STORE_CORRUPT;
	}
	if (file->size > octets && ftruncate(file->fd, (off_t)octets) != 0)
		return refuse("shorten", path, errno, reterr_why, why_size);
	file->size = octets;
	return CHG_OK;
}

enum chg_rc chg_archive_continue(const char *folder, const char *name, uint64_t octets,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size)
{
	char path[CHG_ARCHIVE_PATH_MAX];
	if (!write_path(path, folder, name, reterr_why, why_size))
		return CHG_E_SYSTEM;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse("open", path, errno, reterr_why, why_size);
	enum chg_rc rc = chg_archive_take(fd, path, name, ret, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	rc = shorten(ret, path, octets, reterr_why, why_size);
	/*
	 * Whoever wrote its end may have died before that was synced, and before the file's name was.
	 * What is read of it now would be in memory alone, and its records leave the database next.
	 */
	if (rc == CHG_OK && (fsync(ret->fd) != 0 || !sync_folder(folder)))
		rc = refuse("sync", path, errno, reterr_why, why_size);
	if (rc != CHG_OK)
		chg_archive_close(ret);
	return rc;
}

/* Head, stamps, filter and compressed records in one block; the caller frees it. */
static enum chg_rc build(
	const struct chg_archive_load *load, struct chg_archive_chunk *chunk, uint8_t **ret)
{
	size_t filter_size = chg_archive_filter_size(load->term_count);
	size_t bound = ZSTD_compressBound(load->body.len);
	uint8_t *bytes =
		calloc(1, CHG_ARCHIVE_CHUNK_HEAD + (size_t)load->records * CHG_ARCHIVE_STAMP_MAX +
				  filter_size + bound);
	if (bytes == NULL)
		return CHG_E_NO_MEMORY;
	uint8_t *index = bytes + CHG_ARCHIVE_CHUNK_HEAD;
	size_t stamps_size = chg_archive_stamps_write(load->stamp, load->records, index);
	uint8_t *filter = index + stamps_size;
	memset(filter, 0, filter_size);
	for (size_t i = 0; i < load->term_count; i++)
		chg_archive_filter_add(filter, filter_size, load->term[i]);
	uint8_t *body = filter + filter_size;
	size_t body_size = ZSTD_compress(body, bound, load->body.ptr, load->body.len, LEVEL);
	if (ZSTD_isError(body_size)) {
		free(bytes);
		return CHG_E_NO_MEMORY;
	}
	chunk->stamps_octets = (uint32_t)stamps_size;
	chunk->filter_octets = (uint32_t)filter_size;
	chunk->body_octets = body_size;
	chunk->body_size = load->body.len;
	chunk->index_sum = chg_archive_sum(index, stamps_size + filter_size);
	chunk->body_sum = chg_archive_sum(body, body_size);
	chunk->octets = CHG_ARCHIVE_CHUNK_HEAD + stamps_size + filter_size + body_size;
	chg_archive_chunk_write(chunk, bytes);
	*ret = bytes;
	return CHG_OK;
}

/* Whether what is in the file now are the records that were given. */
static enum chg_rc read_back(const struct chg_archive_file *file,
	const struct chg_archive_load *load, const struct chg_archive_chunk *wrote)
{
	struct chg_archive_chunk chunk;
	bool is_there = false;
	char *body = NULL;
	enum chg_rc rc = chg_archive_chunk_at(file, wrote->offset, &chunk, &is_there);
	if (rc != CHG_OK || !is_there)
		return rc == CHG_OK ? CHG_E_STORE_CORRUPT : rc;
	rc = chg_archive_body_read(file, &chunk, &body);
	if (rc == CHG_OK && (chunk.body_size != load->body.len ||
				    memcmp(body, load->body.ptr, load->body.len) != 0))
		rc = CHG_E_STORE_CORRUPT;
	free(body);
	return rc;
}

enum chg_rc chg_archive_append(struct chg_archive_file *file, const struct chg_archive_load *load,
	struct chg_archive_chunk *ret)
{
	struct chg_archive_chunk chunk = { .offset = file->size,
		.schema = load->schema,
		.records = load->records,
		.cdr_id = load->cdr_id,
		.started_us = load->started_us,
		.closed_us = load->closed_us,
		.local_sequence = load->local_sequence };
	uint8_t *bytes = NULL;
	assert(load->records > 0 && load->records <= CHG_ARCHIVE_RECORDS_MAX);
	assert(load->body.len > 0 && load->body.len <= CHG_ARCHIVE_BODY_MAX);
	enum chg_rc rc = build(load, &chunk, &bytes);
	if (rc != CHG_OK)
		return rc;
	rc = chg_archive_pwrite(file->fd, bytes, chunk.octets, chunk.offset);
	free(bytes);
	if (rc == CHG_OK && fdatasync(file->fd) != 0)
		rc = CHG_E_STORE_FULL;
	if (rc == CHG_OK) {
		file->size += chunk.octets;
		rc = read_back(file, load, &chunk);
	}
	if (rc != CHG_OK) {
		file->size = chunk.offset;
		(void)!ftruncate(file->fd, (off_t)file->size);
		return rc;
	}
	*ret = chunk;
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Making files of archived records and adding to them.  Nothing counts before it is on disk.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
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

__attribute__((format(printf, 3, 4))) static enum chg_rc refuse(
	char *reterr_why, size_t why_size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(reterr_why, why_size, format, args);
	va_end(args);
	return CHG_E_STORE_FULL;
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
	if (mkdir(folder, FOLDER_MODE) != 0)
		return errno == EEXIST
			       ? CHG_OK
			       : refuse(reterr_why, why_size, "cannot make the folder %s: %s",
					 folder, strerror(errno));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		give(fd, like);
		(void)close(fd);
	}
	(void)snprintf(above, sizeof above, "%s/..", folder);
	return sync_folder(above)
		       ? CHG_OK
		       : refuse(reterr_why, why_size, "cannot sync the folder above %s", folder);
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
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, file.name) >= sizeof path)
		return refuse(reterr_why, why_size, "the path of the archives is too long");
	file.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (file.fd < 0)
		return refuse(reterr_why, why_size,
			"cannot make %s: %s: may this user write there?", path, strerror(errno));
	if (write_head(&file) && sync_folder(folder)) {
		*ret = file;
		return CHG_OK;
	}
	enum chg_rc rc = refuse(
		reterr_why, why_size, "cannot write %s: %s: is there room?", path, strerror(errno));
	(void)unlink(path);
	chg_archive_close(&file);
	return rc;
}

enum chg_rc chg_archive_continue(const char *folder, const char *name, uint64_t octets,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size)
{
	char path[CHG_ARCHIVE_PATH_MAX];
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
		return refuse(reterr_why, why_size, "the path of the archives is too long");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return refuse(reterr_why, why_size, "cannot open %s for writing: %s", path,
			strerror(errno));
	enum chg_rc rc = chg_archive_adopt(fd, name, ret, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	if (ret->size < octets) {
		(void)refuse(reterr_why, why_size,
			"%s is shorter than it was: put a copy of it in its place", path);
		chg_archive_close(ret);
		return CHG_E_STORE_CORRUPT;
	}
	if (ret->size == octets || (ftruncate(fd, (off_t)octets) == 0 && fsync(fd) == 0)) {
		ret->size = octets;
		return CHG_OK;
	}
	rc = refuse(reterr_why, why_size, "cannot shorten %s: %s", path, strerror(errno));
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

/* SPDX-License-Identifier: BSD-3-Clause
 * Reading files of archived records, whatever is in them.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "archive/archive_private.h"

static const char name_begin[] = "records-";
static const char name_end[] = ".chga";

enum {
	NUMBER_DIGITS = 6,
};

void chg_archive_name(uint32_t number, char ret[CHG_ARCHIVE_NAME_MAX])
{
	assert(number <= CHG_ARCHIVE_NUMBER_MAX);
	(void)snprintf(ret, CHG_ARCHIVE_NAME_MAX, "%s%06u%s", name_begin, number, name_end);
}

bool chg_archive_number(const char *name, uint32_t *ret)
{
	size_t before = sizeof name_begin - 1;
	uint32_t number = 0;
	if (strncmp(name, name_begin, before) != 0 ||
		strspn(name + before, "0123456789") != NUMBER_DIGITS ||
		strcmp(name + before + NUMBER_DIGITS, name_end) != 0)
		return false;
	for (size_t i = 0; i < NUMBER_DIGITS; i++)
		number = number * 10 + (uint32_t)(name[before + i] - '0');
	*ret = number;
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

/* False: no memory. */
static bool add_number(uint32_t number, uint32_t **list, size_t *count)
{
	uint32_t *more = reallocarray(*list, *count + 1, sizeof *more);
	if (more == NULL)
		return false;
	more[(*count)++] = number;
	*list = more;
	return true;
}

/* errno tells why it ended. */
static bool read_names(DIR *dir, uint32_t **list, size_t *count)
{
	const struct dirent *entry;
	uint32_t number;
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (chg_archive_number(entry->d_name, &number) && !add_number(number, list, count))
			return false;
	}
	return errno == 0;
}

static enum chg_rc refuse_folder(const char *folder, int error, char *reterr_why, size_t why_size)
{
	(void)snprintf(reterr_why, why_size,
		"the folder of the archives %s cannot be read: %s: let this user read and enter "
		"it, or name the right one in cdr.archive_dir",
		folder, strerror(error));
	return CHG_E_SYSTEM;
}

enum chg_rc chg_archive_list(const char *folder, uint32_t **ret_number, size_t *ret_count,
	char *reterr_why, size_t why_size)
{
	uint32_t *list = NULL;
	size_t count = 0;
	*ret_number = NULL;
	*ret_count = 0;
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return errno == ENOENT ? CHG_OK
				       : refuse_folder(folder, errno, reterr_why, why_size);
	bool is_read = read_names(dir, &list, &count);
	int error = errno;
	(void)closedir(dir);
	if (!is_read) {
		free(list);
		return error == ENOMEM ? CHG_E_NO_MEMORY
				       : refuse_folder(folder, error, reterr_why, why_size);
	}
	if (count > 1)
		qsort(list, count, sizeof *list, compare_numbers);
	*ret_number = list;
	*ret_count = count;
	return CHG_OK;
}

enum chg_rc chg_archive_look(struct chg_archive_file *file)
{
	struct stat now;
	if (fstat(file->fd, &now) != 0 || now.st_size < 0)
		return CHG_E_SYSTEM;
	file->size = (uint64_t)now.st_size;
	return CHG_OK;
}

bool chg_archive_is_in_place(const struct chg_archive_file *file, const char *folder)
{
	char path[CHG_ARCHIVE_PATH_MAX];
	struct stat named, opened;
	return (size_t)snprintf(path, sizeof path, "%s/%s", folder, file->name) < sizeof path &&
	       stat(path, &named) == 0 && fstat(file->fd, &opened) == 0 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* Only a file can be read at any place. */
static enum chg_rc look_first(struct chg_archive_file *file, bool *ret_is_file)
{
	struct stat now;
	*ret_is_file = fstat(file->fd, &now) != 0 || S_ISREG(now.st_mode);
	return *ret_is_file ? chg_archive_look(file) : CHG_E_SYSTEM;
}

enum chg_rc chg_archive_take(int fd, const char *path, const char *name,
	struct chg_archive_file *ret, char *reterr_why, size_t why_size)
{
	struct chg_archive_file file = { .fd = fd };
	uint8_t head[CHG_ARCHIVE_HEAD];
	bool is_file;
	(void)snprintf(file.name, sizeof file.name, "%s", name);
	enum chg_rc rc = look_first(&file, &is_file);
	if (rc == CHG_OK)
		rc = chg_archive_pread(fd, head, sizeof head, 0);
	if (rc == CHG_OK && !chg_archive_head_parse(head, &file))
		rc = CHG_E_STORE_CORRUPT;
	if (rc == CHG_OK) {
		*ret = file;
		return CHG_OK;
	}
	(void)close(fd);
	if (!is_file)
		(void)snprintf(reterr_why, why_size,
			"%s has the name of an archive and is no file: move it away", path);
	else if (rc == CHG_E_SYSTEM)
		(void)snprintf(
			reterr_why, why_size, "%s cannot be read; is the disk in order?", path);
	else
		(void)snprintf(reterr_why, why_size,
			"%s is no archive of records, or its beginning is damaged: keep it "
			"elsewhere, and put a copy in its place if it was one",
			path);
	return rc;
}

enum chg_rc chg_archive_adopt(
	int fd, const char *name, struct chg_archive_file *ret, char *reterr_why, size_t why_size)
{
	return chg_archive_take(fd, name, name, ret, reterr_why, why_size);
}

enum chg_rc chg_archive_open(const char *folder, const char *name, struct chg_archive_file *ret,
	char *reterr_why, size_t why_size)
{
	char path[CHG_ARCHIVE_PATH_MAX];
	*ret = (struct chg_archive_file){ .fd = -1 };
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
		(void)snprintf(reterr_why, why_size, "the path of the archives is too long");
		return CHG_E_SYSTEM;
	}
	/* A FIFO of that name is not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return chg_archive_take(fd, path, name, ret, reterr_why, why_size);
	int error = errno;
	(void)snprintf(reterr_why, why_size, "%s cannot be opened: %s%s", path, strerror(error),
		error == ENOENT ? ": put it back, or a copy of it" : ": may this user read it?");
	return error == ENOENT ? CHG_E_UNKNOWN : CHG_E_SYSTEM;
}

void chg_archive_close(struct chg_archive_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}

enum chg_rc chg_archive_chunk_at(const struct chg_archive_file *file, uint64_t offset,
	struct chg_archive_chunk *ret, bool *ret_found)
{
	uint8_t head[CHG_ARCHIVE_CHUNK_HEAD];
	struct chg_archive_chunk chunk;
	*ret_found = false;
	if (offset == file->size)
		return CHG_OK;
	if (offset > file->size || file->size - offset < sizeof head)
		return CHG_E_STORE_CORRUPT;
	enum chg_rc rc = chg_archive_pread(file->fd, head, sizeof head, offset);
	if (rc != CHG_OK)
		return rc;
	if (!chg_archive_chunk_parse(head, &chunk) || chunk.octets > file->size - offset)
		return CHG_E_STORE_CORRUPT;
	chunk.offset = offset;
	*ret = chunk;
	*ret_found = true;
	return CHG_OK;
}

/* Stamps and filter as they stand in the file; the caller frees them. */
static enum chg_rc read_index(
	const struct chg_archive_file *file, const struct chg_archive_chunk *chunk, uint8_t **ret)
{
	size_t len = (size_t)chunk->stamps_octets + chunk->filter_octets;
	uint8_t *bytes = malloc(len);
	if (bytes == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc =
		chg_archive_pread(file->fd, bytes, len, chunk->offset + CHG_ARCHIVE_CHUNK_HEAD);
	if (rc == CHG_OK && chg_archive_sum(bytes, len) != chunk->index_sum)
		rc = CHG_E_STORE_CORRUPT;
	if (rc == CHG_OK)
		*ret = bytes;
	else
		free(bytes);
	return rc;
}

enum chg_rc chg_archive_index_read(const struct chg_archive_file *file,
	const struct chg_archive_chunk *chunk, struct chg_cdr_stamp **ret_stamps,
	uint8_t **ret_filter)
{
	uint8_t *bytes = NULL;
	enum chg_rc rc = read_index(file, chunk, &bytes);
	if (rc != CHG_OK)
		return rc;
	struct chg_cdr_stamp *stamps = calloc(chunk->records, sizeof *stamps);
	if (stamps == NULL)
		rc = CHG_E_NO_MEMORY;
	else if (!chg_archive_stamps_parse(
			 bytes, chunk->stamps_octets, chunk->records, chunk->cdr_id, stamps))
		rc = CHG_E_STORE_CORRUPT;
	if (rc != CHG_OK) {
		free(stamps);
		free(bytes);
		return rc;
	}
	memmove(bytes, bytes + chunk->stamps_octets, chunk->filter_octets);
	*ret_stamps = stamps;
	*ret_filter = bytes;
	return CHG_OK;
}

/* The frame says its own size; it has to be the one that the chunk says, and so has what comes out. */
static enum chg_rc unpack(const char *from, const struct chg_archive_chunk *chunk, char **ret)
{
	size_t size = (size_t)chunk->body_size;
	if (ZSTD_getFrameContentSize(from, (size_t)chunk->body_octets) != chunk->body_size)
		return CHG_E_STORE_CORRUPT;
	char *body = malloc(size);
	if (body == NULL)
		return CHG_E_NO_MEMORY;
	if (ZSTD_decompress(body, size, from, (size_t)chunk->body_octets) != size) {
		free(body);
		return CHG_E_STORE_CORRUPT;
	}
	*ret = body;
	return CHG_OK;
}

enum chg_rc chg_archive_body_read(
	const struct chg_archive_file *file, const struct chg_archive_chunk *chunk, char **ret_body)
{
	char *packed = malloc((size_t)chunk->body_octets + 1);
	uint64_t offset = chunk->offset + chunk->octets - chunk->body_octets;
	if (packed == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_archive_pread(file->fd, packed, (size_t)chunk->body_octets, offset);
	if (rc == CHG_OK && chg_archive_sum(packed, (size_t)chunk->body_octets) != chunk->body_sum)
		rc = CHG_E_STORE_CORRUPT;
	if (rc == CHG_OK)
		rc = unpack(packed, chunk, ret_body);
	free(packed);
	return rc;
}

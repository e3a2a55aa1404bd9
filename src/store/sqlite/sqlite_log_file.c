/* SPDX-License-Identifier: BSD-3-Clause
 * A file system for SQLite that differs from its own in one method of one file.
 */
#include "store/sqlite/sqlite_log_file.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

enum {
	/*
	 * Fifteen pages of 4 KiB; one is 64 KiB at most.  More takes more calls, and the library's own
	 * file refuses 128 KiB.
	 */
	COLLECTED_MAX = 64 * 1024,
};

/* The library's own file follows in the same memory. */
struct log_file {
	sqlite3_file base;
	uint8_t *bytes; /* not written yet */
	int len;
	sqlite3_int64 at; /* where in the file they belong */
	_Alignas(sqlite3_int64) unsigned char own[];
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *own; /* the library's; NULL: not there yet */
} log_vfs;

static struct log_file *self_of(sqlite3_file *file)
{
	return (struct log_file *)file;
}

static sqlite3_file *own_of(sqlite3_file *file)
{
	return (sqlite3_file *)self_of(file)->own;
}

/* What could not be written is dropped: the commit that it is of fails, and begins anew later. */
static int write_out(sqlite3_file *file)
{
	struct log_file *self = self_of(file);
	int len = self->len;
	self->len = 0;
	return len == 0 ? SQLITE_OK
			: own_of(file)->pMethods->xWrite(own_of(file), self->bytes, len, self->at);
}

static int log_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	struct log_file *self = self_of(file);
	if (self->len > 0 && (at != self->at + self->len || len > COLLECTED_MAX - self->len)) {
		int result = write_out(file);
		if (result != SQLITE_OK)
			return result;
	}
	assert(len <= COLLECTED_MAX);
	if (self->len == 0)
		self->at = at;
	memcpy(self->bytes + self->len, bytes, (size_t)len);
	self->len += len;
	return SQLITE_OK;
}

static int log_sync(sqlite3_file *file, int flags)
{
	int result = write_out(file);
	return result == SQLITE_OK ? own_of(file)->pMethods->xSync(own_of(file), flags) : result;
}

static int log_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
	int result = write_out(file);
	return result == SQLITE_OK ? own_of(file)->pMethods->xRead(own_of(file), to, len, at)
				   : result;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int result = write_out(file);
	return result == SQLITE_OK ? own_of(file)->pMethods->xTruncate(own_of(file), size) : result;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	int result = write_out(file);
	return result == SQLITE_OK ? own_of(file)->pMethods->xFileSize(own_of(file), ret) : result;
}

static int log_close(sqlite3_file *file)
{
	int written = write_out(file);
	int closed = own_of(file)->pMethods->xClose(own_of(file));
	sqlite3_free(self_of(file)->bytes);
	return written == SQLITE_OK ? closed : written;
}

static int log_lock(sqlite3_file *file, int level)
{
	return own_of(file)->pMethods->xLock(own_of(file), level);
}

static int log_unlock(sqlite3_file *file, int level)
{
	return own_of(file)->pMethods->xUnlock(own_of(file), level);
}

static int log_is_reserved(sqlite3_file *file, int *ret)
{
	return own_of(file)->pMethods->xCheckReservedLock(own_of(file), ret);
}

static int log_control(sqlite3_file *file, int op, void *arg)
{
	return own_of(file)->pMethods->xFileControl(own_of(file), op, arg);
}

static int log_sector_size(sqlite3_file *file)
{
	return own_of(file)->pMethods->xSectorSize(own_of(file));
}

static int log_characteristics(sqlite3_file *file)
{
	return own_of(file)->pMethods->xDeviceCharacteristics(own_of(file));
}

/* Version 1: shared memory and mapped pages are the database's, not its log's. */
static const sqlite3_io_methods log_methods = {
	.iVersion = 1,
	.xClose = log_close,
	.xRead = log_read,
	.xWrite = log_write,
	.xTruncate = log_truncate,
	.xSync = log_sync,
	.xFileSize = log_size,
	.xLock = log_lock,
	.xUnlock = log_unlock,
	.xCheckReservedLock = log_is_reserved,
	.xFileControl = log_control,
	.xSectorSize = log_sector_size,
	.xDeviceCharacteristics = log_characteristics,
};

static int open_log(const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct log_file *self = self_of(file);
	file->pMethods = NULL;
	self->len = 0;
	self->bytes = sqlite3_malloc(COLLECTED_MAX);
	if (self->bytes == NULL)
		return SQLITE_NOMEM;
	int result = log_vfs.own->xOpen(log_vfs.own, name, own_of(file), flags, ret_flags);
	/* The library closes a file that has methods, also when its opening failed. */
	if (own_of(file)->pMethods != NULL)
		file->pMethods = &log_methods;
	else
		sqlite3_free(self->bytes);
	return result;
}

static int vfs_open(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	(void)vfs;
	return flags & SQLITE_OPEN_WAL
		       ? open_log(name, file, flags, ret_flags)
		       : log_vfs.own->xOpen(log_vfs.own, name, file, flags, ret_flags);
}

/* All but opening is the library's own; its methods find their data in the copy as well. */
static void make_vfs(void)
{
	sqlite3_vfs *own = sqlite3_vfs_find(NULL);
	if (own == NULL)
		return;
	log_vfs.vfs = *own;
	log_vfs.vfs.szOsFile += (int)sizeof(struct log_file);
	log_vfs.vfs.zName = "charging";
	log_vfs.vfs.pNext = NULL;
	log_vfs.vfs.xOpen = vfs_open;
	if (sqlite3_vfs_register(&log_vfs.vfs, 0) == SQLITE_OK)
		log_vfs.own = own;
}

const char *chg_sqlite_log_vfs(void)
{
	if (sqlite3_initialize() != SQLITE_OK)
		return NULL;
	sqlite3_mutex *lock = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
	sqlite3_mutex_enter(lock);
	if (log_vfs.own == NULL)
		make_vfs();
	const char *name = log_vfs.own == NULL ? NULL : log_vfs.vfs.zName;
	sqlite3_mutex_leave(lock);
	return name;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Opens the file, makes the settings and makes sure of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/sqlite_log_file.h"
#include "store/sqlite/sqlite_private.h"

/*
 * The library ignores a setting that it does not know without a word, so each one is read back.
 *
 * synchronous=FULL in WAL mode syncs the log on every commit: an answer promises durability, and
 * sqlite_log_file.h counts on it.
 * secure_delete would write freed pages once more; whoever can read them can read the records.
 * foreign_keys would look a row up for each one that is added; chg_sqlite_check looks at all of them.
 * The autocheckpoint, in pages of 4 KiB, is for changes of the whole file; a store that is open knows
 * better (sqlite_checkpoint.h).  A larger page cache costs more than it brings: when a commit moved
 * pages of a tree about, the library looks at every page that it holds, and what it does not hold the
 * kernel has.
 */
static const struct {
	const char *set;
	const char *get;
	const char *expected;
	bool is_for_writer;
	bool is_for_reader;
} pragmas[] = {
	{ "PRAGMA busy_timeout = 200", "PRAGMA busy_timeout", "200", true, false },
	{ "PRAGMA busy_timeout = 5000", "PRAGMA busy_timeout", "5000", false, true },
	{ "PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal", true, false },
	{ "PRAGMA synchronous = FULL", "PRAGMA synchronous", "2", true, false },
	{ "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys", "0", true, false },
	{ "PRAGMA wal_autocheckpoint = 2000", "PRAGMA wal_autocheckpoint", "2000", true, false },
	{ "PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", "67108864", true,
		false },
	{ "PRAGMA cache_size = -8192", "PRAGMA cache_size", "-8192", true, true },
	{ "PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2", true, true },
	{ "PRAGMA secure_delete = OFF", "PRAGMA secure_delete", "0", true, false },
	{ "PRAGMA query_only = ON", "PRAGMA query_only", "1", false, true },
};

/*
 * A file may come from elsewhere (a backup, a support case), so nothing that is hidden in its schema
 * may run.  trusted_schema cannot be off: this library's json_valid, which our own CHECKs use, is
 * then refused.  No function of ours is registered, so a view can do no harm.
 */
static const struct {
	int setting;
	int value;
} guards[] = {
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
};

enum chg_rc chg_sqlite_ask(sqlite3 *db, const char *sql, char *ret, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	if (ret != NULL) {
		const unsigned char *text =
			result == SQLITE_ROW ? sqlite3_column_text(stmt, 0) : NULL;
		snprintf(ret, size, "%s", text == NULL ? "" : (const char *)text);
	}
	sqlite3_finalize(stmt);
	return chg_sqlite_rc(result);
}

/* Somebody else has the lock: says who, as far as he told. */
static enum chg_rc refuse_second_writer(int fd, const char *path, char *reterr_why, size_t why_size)
{
	char pid[24] = "";
	ssize_t len = pread(fd, pid, sizeof pid - 1, 0);
	pid[len < 0 ? 0 : len] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	snprintf(reterr_why, why_size,
		"%s is open for writing by process %s: stop it first, or ask it to make the change",
		path, pid[0] == '\0' ? "(unknown)" : pid);
	return CHG_E_STORE_BUSY;
}

/*
 * What root makes beside the database of somebody else, that one has to be able to open: a change by
 * root before the first start of the node must not keep the node from starting.  The library does the
 * same for its own files.
 */
static void give_to_owner(int fd, const char *file)
{
	struct stat database;
	if (geteuid() == 0 && stat(file, &database) == 0)
		(void)!fchown(fd, database.st_uid, database.st_gid);
}

enum chg_rc chg_sqlite_lock(const char *path, int *ret_fd, char *reterr_why, size_t why_size)
{
	char real[PATH_MAX], name[PATH_MAX];
	/* Two names of one file must come to one lock.  A file that is not there yet has one name. */
	const char *file = realpath(path, real) != NULL ? real : path;
	if ((size_t)snprintf(name, sizeof name, "%s.lock", file) >= sizeof name) {
		snprintf(reterr_why, why_size, "the path of the database is too long");
		return CHG_E_RANGE;
	}
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		snprintf(reterr_why, why_size,
			"cannot open %s: %s: the directory must be there and writable for this "
			"user",
			name, strerror(errno));
		return CHG_E_STORE_FULL;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		enum chg_rc rc = refuse_second_writer(fd, path, reterr_why, why_size);
		close(fd);
		return rc;
	}
	give_to_owner(fd, file);
	/* The number helps a person to find us and nothing else, so a full disk is no reason to stop. */
	if (ftruncate(fd, 0) == 0)
		(void)!dprintf(fd, "%ld\n", (long)getpid());
	*ret_fd = fd;
	return CHG_OK;
}

/* The lock goes with the descriptor; the file stays for the next one, or two could hold locks on two. */
void chg_sqlite_unlock(int fd)
{
	close(fd);
}

/*
 * A new file is readable for its group and nobody else: it will hold who wrote to whom.  A file that
 * is there is not opened, since closing it would drop the locks of a reader in this process.
 */
static enum chg_rc create_file(const char *path, char *reterr_why, size_t why_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd >= 0) {
		close(fd);
		return CHG_OK;
	}
	if (errno == EEXIST)
		return CHG_OK;
	snprintf(reterr_why, why_size, "cannot create %s: %s", path, strerror(errno));
	return CHG_E_STORE_FULL;
}

static enum chg_rc guard(sqlite3 *db, char *reterr_why, size_t why_size)
{
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, 5000);
	for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
		int got = -1;
		sqlite3_db_config(db, guards[i].setting, guards[i].value, &got);
		if (got == guards[i].value)
			continue;
		snprintf(reterr_why, why_size,
			"the database library did not take setting %d: is it the SQLite that the "
			"program was built for?",
			guards[i].setting);
		return CHG_E_STORE;
	}
	return CHG_OK;
}

/*
 * The library counts what it allocates, under a lock that every allocation takes; nobody asks.  It can
 * be told once in a process, before its first use: after that it keeps to what it was told.
 */
static void stop_counting(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* What a statement needs while it runs comes from here, and a record fits into one of the pieces. */
static int give_workspace(sqlite3 *db)
{
	return sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 2048, 128);
}

static enum chg_rc connect_by(bool is_log_collected, const char *path, enum chg_sqlite_mode mode,
	sqlite3 **ret, char *reterr_why, size_t why_size)
{
	int flags = SQLITE_OPEN_NOMUTEX |
		    (mode == CHG_SQLITE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	stop_counting();
	const char *vfs = is_log_collected ? chg_sqlite_log_vfs() : NULL;
	int result = sqlite3_open_v2(path, ret, flags, vfs);
	if (result == SQLITE_OK)
		result = give_workspace(*ret);
	if (result == SQLITE_OK)
		return guard(*ret, reterr_why, why_size);
	snprintf(reterr_why, why_size,
		"cannot open %s: %s: is the path right, and may this user %s it?", path,
		*ret == NULL ? "no memory" : sqlite3_errmsg(*ret),
		mode == CHG_SQLITE_READ_ONLY ? "read" : "write");
	return chg_sqlite_rc(result);
}

enum chg_rc chg_sqlite_connect(const char *path, enum chg_sqlite_mode mode, sqlite3 **ret,
	char *reterr_why, size_t why_size)
{
	return connect_by(false, path, mode, ret, reterr_why, why_size);
}

enum chg_rc chg_sqlite_configure(
	sqlite3 *db, enum chg_sqlite_mode mode, char *reterr_why, size_t why_size)
{
	for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++) {
		if (mode == CHG_SQLITE_READ_ONLY ? !pragmas[i].is_for_reader
						 : !pragmas[i].is_for_writer)
			continue;
		char got[32];
		enum chg_rc rc = chg_sqlite_ask(db, pragmas[i].set, NULL, 0);
		if (rc == CHG_OK)
			rc = chg_sqlite_ask(db, pragmas[i].get, got, sizeof got);
		if (rc != CHG_OK) {
			snprintf(reterr_why, why_size, "\"%s\" failed: %s", pragmas[i].set,
				sqlite3_errmsg(db));
			return rc;
		}
		if (strcmp(got, pragmas[i].expected) != 0) {
			snprintf(reterr_why, why_size,
				"\"%s\" did not take, the database says \"%s\": is the file on a "
				"local disk, and is this the SQLite that the program was built "
				"for?",
				pragmas[i].set, got);
			return CHG_E_STORE;
		}
	}
	return CHG_OK;
}

/* An empty file is given the schema where that is wanted; any other must have ours. */
static enum chg_rc settle_schema(struct chg_sqlite *sqlite, const char *path,
	enum chg_sqlite_mode mode, char *reterr_why, size_t why_size)
{
	enum chg_schema schema;
	int version;
	enum chg_rc rc = chg_sqlite_schema(sqlite->db, &schema, &version, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	bool is_new = schema == CHG_SCHEMA_EMPTY && mode == CHG_SQLITE_READ_WRITE_CREATE;
	if (!is_new) {
		rc = chg_sqlite_schema_refuse(schema, path, version, reterr_why, why_size);
		if (rc != CHG_OK)
			return rc;
	}
	rc = chg_sqlite_configure(sqlite->db, mode, reterr_why, why_size);
	if (rc == CHG_OK && is_new)
		rc = chg_sqlite_migrate(sqlite->db, 0, reterr_why, why_size);
	return rc;
}

/* The name that the library opened is absolute: the working directory may change. */
static bool look_at_file(const struct chg_sqlite *sqlite, struct stat *ret)
{
	const char *name = sqlite3_db_filename(sqlite->db, "main");
	return name != NULL && stat(name, ret) == 0;
}

static enum chg_rc note_file(struct chg_sqlite *sqlite, char *reterr_why, size_t why_size)
{
	struct stat file;
	if (!look_at_file(sqlite, &file)) {
		snprintf(reterr_why, why_size, "the file of the database went away: %s",
			strerror(errno));
		return CHG_E_STORE_CORRUPT;
	}
	sqlite->device = file.st_dev;
	sqlite->inode = file.st_ino;
	return CHG_OK;
}

bool chg_sqlite_is_in_place(const struct chg_sqlite *sqlite)
{
	struct stat file;
	return look_at_file(sqlite, &file) && file.st_dev == sqlite->device &&
	       file.st_ino == sqlite->inode;
}

static enum chg_rc open_all(struct chg_sqlite *sqlite, const char *path, enum chg_sqlite_mode mode,
	char *reterr_why, size_t why_size)
{
	enum chg_rc rc = CHG_OK;
	/* A lock would leave its file beside a mistyped name; what is missing is told by connecting. */
	bool is_missing = mode == CHG_SQLITE_READ_WRITE && access(path, F_OK) != 0;
	if (mode != CHG_SQLITE_READ_ONLY && !is_missing)
		rc = chg_sqlite_lock(path, &sqlite->lock_fd, reterr_why, why_size);
	if (rc == CHG_OK && mode == CHG_SQLITE_READ_WRITE_CREATE)
		rc = create_file(path, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = connect_by(mode != CHG_SQLITE_READ_ONLY, path, mode, &sqlite->db, reterr_why,
			why_size);
	if (rc == CHG_OK)
		rc = note_file(sqlite, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = settle_schema(sqlite, path, mode, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_stmts_prepare(sqlite->db, &sqlite->stmts, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_columns_check(&sqlite->stmts, reterr_why, why_size);
	if (rc == CHG_OK && mode != CHG_SQLITE_READ_ONLY &&
		(!chg_cache_open(&sqlite->cache, CHG_ACCOUNT_SLOTS) ||
			!chg_recents_open(&sqlite->recents, CHG_RECENT_SLOTS)))
		rc = CHG_E_NO_MEMORY;
	if (rc == CHG_OK && mode != CHG_SQLITE_READ_ONLY)
		chg_sqlite_log_watch(sqlite);
	return rc;
}

struct chg_sqlite *chg_sqlite_make(void)
{
	struct chg_sqlite *sqlite = calloc(1, sizeof *sqlite);
	if (sqlite == NULL)
		return NULL;
	sqlite->magic = CHG_SQLITE_MAGIC;
	sqlite->lock_fd = -1;
	sqlite->zone.no = -1;
	sqlite->cdr_id.name = CHG_VIEW("cdr_id");
	sqlite->local_sequence.name = CHG_VIEW("local_sequence");
	sqlite->posting_id.name = CHG_VIEW("posting_id");
	sqlite->bucket_id.name = CHG_VIEW("bucket_id");
	return sqlite;
}

enum chg_rc chg_sqlite_store_open(const char *path, enum chg_sqlite_mode mode,
	struct chg_store *ret, char *reterr_why, size_t why_size)
{
	struct chg_sqlite *sqlite = chg_sqlite_make();
	if (sqlite == NULL) {
		snprintf(reterr_why, why_size, "no memory");
		return CHG_E_NO_MEMORY;
	}
	enum chg_rc rc = open_all(sqlite, path, mode, reterr_why, why_size);
	if (rc != CHG_OK) {
		chg_sqlite_close(sqlite);
		return rc;
	}
	*ret = (struct chg_store){
		.ops = &chg_sqlite_ops, .self = sqlite, .books = &chg_sqlite_books
	};
	return CHG_OK;
}

void chg_sqlite_close(void *self)
{
	struct chg_sqlite *sqlite = self;
	if (sqlite == NULL)
		return;
	chg_sqlite_forget_kept(sqlite);
	chg_cache_close(&sqlite->cache);
	chg_recents_close(&sqlite->recents);
	chg_sqlite_search_close(sqlite);
	chg_stmts_release(&sqlite->stmts);
	sqlite3_close(sqlite->db);
	if (sqlite->lock_fd >= 0)
		chg_sqlite_unlock(sqlite->lock_fd);
	sqlite->magic = 0;
	free(sqlite);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of this folder share.
 */
#ifndef CHG_STORE_SQLITE_PRIVATE_H
#define CHG_STORE_SQLITE_PRIVATE_H

#include <sys/types.h>

#include "core/party.h"
#include "store/sqlite/sqlite_row.h"
#include "store/sqlite/sqlite_store.h"

#define CHG_SQLITE_MAGIC 0x73716c74u

enum {
	CHG_HOST_NAME_MAX = 255, /* longer ones are legal, and looked up each time */
	CHG_HOST_CACHE_SIZE = 64,
};

/* A row of origin_host that was looked up lately. */
struct chg_host {
	int64_t id; /* 0: the slot is empty */
	uint32_t origin_state_id;
	int64_t last_seen_us;
	uint64_t realm_hash;
	size_t name_len;
	char name[CHG_HOST_NAME_MAX];
};

/* A row of `sequence`: read on first use in a transaction, written when it commits. */
struct chg_sequence {
	struct chg_view name;
	bool is_loaded;
	bool is_changed;
	int64_t next;
};

/* The parties of one request, each once. */
struct chg_party_set {
	size_t count;
	struct chg_party key[CHG_PARTY_MAX + CHG_PARTICIPANT_MAX];
	uint32_t roles[CHG_PARTY_MAX + CHG_PARTICIPANT_MAX];
};

struct chg_sqlite {
	uint32_t magic;
	sqlite3 *db;
	int lock_fd;  /* -1: a reader */
	dev_t device; /* which file was opened */
	ino_t inode;
	bool is_in_transaction;
	enum chg_rc failure; /* of this transaction; it takes no more work then */
	struct chg_stmts stmts;
	struct chg_sequence cdr_id;
	struct chg_sequence local_sequence;
	struct chg_host hosts[CHG_HOST_CACHE_SIZE];
	struct chg_party_set parties;
};

/* Accounting-Sub-Session-Id as the columns have it. */
struct chg_sub_session {
	char text[24];
	size_t len;
};

struct chg_sub_session chg_sub_session_write(chg_opt_u64 id);
chg_opt_u64 chg_sub_session_read(struct chg_view text);

/* What kind of file a connection has before it. */
enum chg_schema {
	CHG_SCHEMA_EMPTY,
	CHG_SCHEMA_FOREIGN, /* tables, but not ours */
	CHG_SCHEMA_OLDER,
	CHG_SCHEMA_CURRENT,
	CHG_SCHEMA_NEWER,
};

/* Runs SQL that gives at most one row; its first column goes to ret when that is not NULL. */
enum chg_rc chg_sqlite_ask(sqlite3 *db, const char *sql, char *ret, size_t size);

/* Takes the writer's lock. */
enum chg_rc chg_sqlite_lock(const char *path, int *ret_fd, char *reterr_why, size_t why_size);

void chg_sqlite_unlock(int fd);

/* Opens a connection without touching the file.  ret is to be closed, failure or not. */
enum chg_rc chg_sqlite_connect(const char *path, enum chg_sqlite_mode mode, sqlite3 **ret,
	char *reterr_why, size_t why_size);

/* Whether the path still leads to the file that was opened. */
bool chg_sqlite_is_in_place(const struct chg_sqlite *sqlite);

/* Makes the settings and reads each of them back. */
enum chg_rc chg_sqlite_configure(
	sqlite3 *db, enum chg_sqlite_mode mode, char *reterr_why, size_t why_size);

enum chg_rc chg_sqlite_schema(
	sqlite3 *db, enum chg_schema *ret, int *ret_version, char *reterr_why, size_t why_size);

/* The sentence for a schema that cannot be worked with, and its error; CHG_OK for a current one. */
enum chg_rc chg_sqlite_schema_refuse(
	enum chg_schema schema, const char *path, int version, char *reterr_why, size_t why_size);

/* Applies the migrations that are missing. */
enum chg_rc chg_sqlite_migrate(sqlite3 *db, int version, char *reterr_why, size_t why_size);

/* Checks what stands behind a connection. */
enum chg_rc chg_sqlite_check_db(sqlite3 *db, char *reterr_why, size_t why_size);

/* The ops of port/store.h, and the part of them that only reads. */
extern const struct chg_store_ops chg_sqlite_ops;
enum chg_rc chg_sqlite_scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to);
enum chg_rc chg_sqlite_scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to);
enum chg_rc chg_sqlite_scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to);

/* Whether the statements that are read by rows have these columns. */
enum chg_rc chg_sqlite_columns_check(
	const struct chg_stmts *stmts, char *reterr_why, size_t why_size);

/* Releases all of it.  Fine on one that is half opened. */
void chg_sqlite_close(void *self);

#endif

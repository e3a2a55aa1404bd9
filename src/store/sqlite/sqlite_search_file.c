/* SPDX-License-Identifier: BSD-3-Clause
 * The search file: opening, making and removing it, and whose it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite/sqlite_search_private.h"
#include "store/sqlite/sqlite_sql.h"

/* What PRAGMA application_id says, and the version of the format: another one is made anew. */
#define OUR_ID      "1128810323"
#define OUR_VERSION "1"

static const char *const statement_names[] = {
#define STATEMENT(name) #name,
#include "store/sqlite/sqlite_search.def"
#undef STATEMENT
};

static const struct chg_stmt_set statements = { statement_names, CHG_SEARCH_QUERY_COUNT };

/*
 * synchronous=NORMAL: a power cut may undo the latest commits, which are then made again; what must not
 * be undone is synced by a checkpoint first.  The settings of a writer come in this order, since the
 * size of a page is settled by the first write.
 */
static const struct {
	const char *set;
	bool is_for_reader;
} settings[] = {
	{ "PRAGMA page_size = 8192", false },
	{ "PRAGMA busy_timeout = 2000", true },
	{ "PRAGMA journal_mode = WAL", false },
	{ "PRAGMA synchronous = NORMAL", false },
	{ "PRAGMA wal_autocheckpoint = 1000", false },
	{ "PRAGMA journal_size_limit = 16777216", false },
	{ "PRAGMA cache_size = -4096", true },
};

bool chg_search_path(const char *path, char ret[PATH_MAX])
{
	return (size_t)snprintf(ret, PATH_MAX, "%s-search", path) < PATH_MAX;
}

void chg_search_remove(const char *search_path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		char name[PATH_MAX];
		if ((size_t)snprintf(name, sizeof name, "%s%s", search_path, ends[i]) < sizeof name)
			(void)unlink(name);
	}
}

/* It tells who wrote to whom as the database does: for the same group and nobody else. */
static void create_file(const char *search_path)
{
	int fd = open(search_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd >= 0)
		close(fd);
}

static enum chg_rc set_all(sqlite3 *db, bool is_writer)
{
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		enum chg_rc rc = CHG_OK;
		if (is_writer || settings[i].is_for_reader)
			rc = chg_sqlite_ask(db, settings[i].set, NULL, 0);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc check_make(sqlite3 *db)
{
	char id[16], version[16];
	enum chg_rc rc = chg_sqlite_ask(db, "PRAGMA application_id", id, sizeof id);
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "PRAGMA user_version", version, sizeof version);
	if (rc == CHG_OK && (strcmp(id, OUR_ID) != 0 || strcmp(version, OUR_VERSION) != 0))
		rc = CHG_E_STORE_CORRUPT;
	return rc;
}

static bool is_empty(const char *search_path)
{
	struct stat file;
	return stat(search_path, &file) == 0 && file.st_size == 0;
}

static enum chg_rc open_all(const char *search_path, bool is_writer, struct chg_search *search)
{
	char why[CHG_SQLITE_WHY_MAX];
	if (is_writer)
		create_file(search_path);
	bool is_new = is_writer && is_empty(search_path);
	enum chg_rc rc = chg_sqlite_connect(search_path,
		is_writer ? CHG_SQLITE_READ_WRITE : CHG_SQLITE_READ_ONLY, &search->db, why,
		sizeof why);
	if (rc == CHG_OK)
		rc = set_all(search->db, is_writer);
	if (rc == CHG_OK && is_new)
		rc = chg_sqlite_rc(
			sqlite3_exec(search->db, chg_sql_search_schema.bytes, NULL, NULL, NULL));
	if (rc == CHG_OK)
		rc = check_make(search->db);
	if (rc == CHG_OK)
		rc = chg_stmt_set_prepare(search->db, &statements, &chg_sql_search_query,
			search->list, why, sizeof why);
	return rc;
}

enum chg_rc chg_search_open(const char *search_path, bool is_writer, struct chg_search *ret)
{
	*ret = (struct chg_search){ 0 };
	enum chg_rc rc = open_all(search_path, is_writer, ret);
	if (rc != CHG_OK)
		chg_search_close(ret);
	/* A statement that does not fit: the tables were changed by somebody. */
	return rc == CHG_E_STORE_SCHEMA ? CHG_E_STORE_CORRUPT : rc;
}

void chg_search_close(struct chg_search *search)
{
	chg_stmt_set_release(&statements, search->list);
	sqlite3_close(search->db);
	search->db = NULL;
}

enum chg_rc chg_search_run_plain(struct chg_search *search, enum chg_search_query id)
{
	return chg_stmt_run(chg_search_query(search, id));
}

enum chg_rc chg_search_state_get(struct chg_search *search, struct chg_search_state *ret)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_state_get);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return rc;
	if (!has_row)
		return CHG_E_STORE_CORRUPT;
	*ret = (struct chg_search_state){
		.cdr_id = sqlite3_column_int64(stmt->handle, 0),
		.received_us = sqlite3_column_int64(stmt->handle, 1),
		.session_hash = sqlite3_column_int64(stmt->handle, 2),
		.touch_id = sqlite3_column_int64(stmt->handle, 3),
		.touch_cdr_id = sqlite3_column_int64(stmt->handle, 4),
	};
	chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_search_state_put(struct chg_search *search, const struct chg_search_state *state)
{
	struct chg_stmt *stmt = chg_search_query(search, CHG_SQ_state_put);
	chg_stmt_i64(stmt, CHG_N_cdr_id, state->cdr_id);
	chg_stmt_i64(stmt, CHG_N_received_us, state->received_us);
	chg_stmt_i64(stmt, CHG_N_session_hash, state->session_hash);
	chg_stmt_i64(stmt, CHG_N_touch_id, state->touch_id);
	chg_stmt_i64(stmt, CHG_N_touch_cdr_id, state->touch_cdr_id);
	return chg_stmt_run(stmt);
}

/* The last record that the index has is the same here. */
static enum chg_rc has_record(
	struct chg_sqlite *sqlite, const struct chg_search_state *state, bool *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_print);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_cdr_id, state->cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	*ret = false;
	if (rc != CHG_OK || !has_row)
		return rc;
	*ret = sqlite3_column_int64(stmt->handle, 0) == state->received_us &&
	       chg_term_hash(CHG_TERM_SESSION, chg_stmt_column_text(stmt, 1)) ==
		       state->session_hash;
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/*
 * The last change that the index has is here, and so are all that came after it, since the oldest are
 * deleted first and that one is kept.
 */
static enum chg_rc has_change(
	struct chg_sqlite *sqlite, const struct chg_search_state *state, bool *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_touched_first);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_touch_id, state->touch_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return rc;
	/* The index has none: then the first one that was ever made is here, or there was none. */
	if (state->touch_id == 0) {
		*ret = !has_row || sqlite3_column_int64(stmt->handle, 0) == 1;
	} else {
		*ret = has_row && sqlite3_column_int64(stmt->handle, 0) == state->touch_id &&
		       sqlite3_column_int64(stmt->handle, 1) == state->touch_cdr_id;
	}
	if (has_row)
		chg_stmt_reset(stmt);
	return CHG_OK;
}

enum chg_rc chg_search_is_ours(
	struct chg_sqlite *sqlite, const struct chg_search_state *state, bool *ret)
{
	enum chg_rc rc = CHG_OK;
	*ret = true;
	if (state->cdr_id != 0)
		rc = has_record(sqlite, state, ret);
	if (rc == CHG_OK && *ret)
		rc = has_change(sqlite, state, ret);
	return rc;
}

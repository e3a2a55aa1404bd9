/* SPDX-License-Identifier: BSD-3-Clause
 * recorder.fdx: a row for every request, committed to disk by itself, and then the answer.
 *
 * The database is recorder.db in the working directory: WAL with synchronous=FULL, which is what the
 * node promises as well.
 */
#include "reference.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

static const char schema[] = "PRAGMA journal_mode = WAL;"
			     "PRAGMA synchronous = FULL;"
			     "PRAGMA cache_size = -65536;"
			     "CREATE TABLE IF NOT EXISTS record ("
			     " record_id INTEGER PRIMARY KEY,"
			     " received_us INTEGER NOT NULL,"
			     " application INTEGER NOT NULL,"
			     " session_id BLOB NOT NULL,"
			     " type INTEGER NOT NULL,"
			     " number INTEGER NOT NULL,"
			     " origin_host BLOB,"
			     " origin_realm BLOB,"
			     " destination_realm BLOB,"
			     " event_time BLOB,"
			     " context BLOB,"
			     " content BLOB,"
			     " UNIQUE (session_id, type, number)) STRICT;";
static const char insert[] = "INSERT OR IGNORE INTO record (received_us, application, session_id,"
			     " type, number, origin_host, origin_realm, destination_realm,"
			     " event_time, context, content)"
			     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *database;
static sqlite3_stmt *statement;

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void bind_octets(int at, const union avp_value *value)
{
	if (value != NULL)
		sqlite3_bind_blob64(statement, at, value->os.data, value->os.len, SQLITE_STATIC);
}

static void bind_number(int at, const union avp_value *value)
{
	sqlite3_bind_int64(statement, at, value == NULL ? 0 : value->u32);
}

/* One statement outside of a transaction is a transaction: it returns when it is on disk. */
static bool keep(const struct reference_request *request)
{
	uint8_t *content = NULL;
	size_t len = 0;

	if (fd_msg_bufferize(request->message, &content, &len) != 0)
		return false;
	pthread_mutex_lock(&lock);
	sqlite3_bind_int64(statement, 1, now_us());
	sqlite3_bind_int64(statement, 2, request->application);
	bind_octets(3, request->session_id);
	bind_number(4, request->type);
	bind_number(5, request->number);
	bind_octets(6, request->origin_host);
	bind_octets(7, request->origin_realm);
	bind_octets(8, request->destination_realm);
	bind_octets(9, request->event_time);
	bind_octets(10, request->context);
	sqlite3_bind_blob64(statement, 11, content, len, SQLITE_STATIC);
	(void)sqlite3_step(statement);
	bool is_kept = sqlite3_reset(statement) == SQLITE_OK;
	sqlite3_clear_bindings(statement);
	pthread_mutex_unlock(&lock);
	free(content);
	return is_kept;
}

static int recorder_entry(char *conffile)
{
	if (sqlite3_open("recorder.db", &database) != SQLITE_OK ||
		sqlite3_exec(database, schema, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v3(database, insert, -1, SQLITE_PREPARE_PERSISTENT, &statement,
			NULL) != SQLITE_OK) {
		fd_log(FD_LOG_ERROR, "recorder.db: %s", sqlite3_errmsg(database));
		return EINVAL;
	}
	return reference_start(conffile, keep);
}

void fd_ext_fini(void)
{
	reference_stop();
	sqlite3_finalize(statement);
	sqlite3_close(database);
}

EXTENSION_ENTRY("recorder", recorder_entry);

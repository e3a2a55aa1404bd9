/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that carries the log into the database, beside an engine that writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "runtime/checkpointer.h"
#include "runtime/clock.h"
#include "store/sqlite/sqlite_checkpoint.h"
#include "store/sqlite/sqlite_store.h"

enum {
	CONTENT = 8192,
	LOG_PAGE = 4096 + 24, /* octets */
};

struct place {
	char folder[32];
	char path[64];
	struct chg_store store;
	struct chg_engine *engine;
	struct chg_checkpointer *checkpointer;
	uint32_t sent;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool is_done;        /* the request */
	int refusals;        /* turns that the store has refused */
	uint64_t beginnings; /* as the meter says */
	uint64_t looks;      /* how often the other one was set */
	int behind, goes_on; /* lines */
	char line[256];
};

static void add(void *self, enum chg_meter meter, uint64_t amount)
{
	struct place *place = self;
	(void)pthread_mutex_lock(&place->lock);
	if (meter == CHG_METER_LOG_BEGINNINGS)
		place->beginnings += amount;
	(void)pthread_mutex_unlock(&place->lock);
}

static void set(void *self, enum chg_meter meter, uint64_t value)
{
	struct place *place = self;
	(void)value;
	(void)pthread_mutex_lock(&place->lock);
	if (meter == CHG_METER_LOG_PAGES)
		place->looks++;
	(void)pthread_mutex_unlock(&place->lock);
}

static void keep_line(void *self, enum chg_log_level level, const char *line)
{
	struct place *place = self;
	(void)level;
	(void)pthread_mutex_lock(&place->lock);
	place->behind += strstr(line, "checkpoint.behind") != NULL;
	place->goes_on += strstr(line, "checkpoint.goes_on") != NULL;
	(void)snprintf(place->line, sizeof place->line, "%s", line);
	(void)pthread_mutex_unlock(&place->lock);
}

/* ---- A disk that takes nothing from the thread that is tested ---- */

static _Atomic bool is_full;

static ssize_t disk_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	char name[16] = "";
	(void)pthread_getname_np(pthread_self(), name, sizeof name);
	if (!is_full || strcmp(name, "checkpoint") != 0)
		return pwrite(fd, bytes, count, at);
	errno = ENOSPC;
	return -1;
}

static int fill_disk(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	(void)state;
	is_full = true;
	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)disk_pwrite);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)disk_pwrite);
	return 0;
}

static void empty_disk(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	(void)vfs->xSetSystemCall(vfs, NULL, NULL);
}

/* ---- A place, and requests ---- */

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	char why[CHG_SQLITE_WHY_MAX];
	assert_non_null(place);
	memcpy(place->folder, "checkpointer-XXXXXX", sizeof "checkpointer-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof place->path, "%s/c.db", place->folder);
	(void)pthread_mutex_init(&place->lock, NULL);
	(void)pthread_cond_init(&place->changed, NULL);
	assert_int_equal(chg_sqlite_store_open(place->path, CHG_SQLITE_READ_WRITE_CREATE,
				 &place->store, why, sizeof why),
		CHG_OK);
	const struct chg_engine_config config = { .queue_max = 100, .batch_max = 10 };
	const struct chg_log log = { .write = keep_line, .self = place };
	const struct chg_meters meters = { .add = add, .set = set, .self = place };
	assert_int_equal(chg_engine_create(&config, &place->store, chg_clock_real(), log, meters,
				 &place->engine),
		CHG_OK);
	assert_int_equal(chg_checkpointer_start(place->path, &place->store, place->engine, log,
				 meters, &place->checkpointer),
		CHG_OK);
	assert_int_equal(chg_engine_start(place->engine), CHG_OK);
	*state = place;
	return 0;
}

static int make_place_on_full_disk(void **state)
{
	int error = make_place(state);
	return error == 0 ? fill_disk(state) : error;
}

static int drop_place(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	struct place *place = *state;
	if (place->engine != NULL)
		chg_engine_drain(place->engine);
	chg_checkpointer_stop(place->checkpointer);
	chg_engine_free(place->engine);
	if (place->store.ops != NULL)
		place->store.ops->close(place->store.self);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		char name[96];
		(void)snprintf(name, sizeof name, "%s%s", place->path, ends[i]);
		(void)unlink(name);
	}
	int error = rmdir(place->folder);
	free(place);
	return error;
}

struct asked {
	struct chg_job job;
	struct chg_acr acr;
	struct place *place;
};

static void answered(struct chg_job *job)
{
	struct place *place = ((struct asked *)(void *)job)->place;
	(void)pthread_mutex_lock(&place->lock);
	place->is_done = true;
	(void)pthread_cond_broadcast(&place->changed);
	(void)pthread_mutex_unlock(&place->lock);
}

/* One request that fills some pages; returns when it is on disk, or refused. */
static enum chg_rc offer(struct place *place)
{
	static char content[CONTENT];
	char session[32];
	struct asked *asked = calloc(1, sizeof *asked);
	assert_non_null(asked);
	memset(content, ' ', sizeof content);
	content[0] = '{';
	content[sizeof content - 1] = '}';
	(void)snprintf(session, sizeof session, "s%u", place->sent);
	asked->place = place;
	asked->job.magic = CHG_JOB_MAGIC;
	asked->job.kind = CHG_JOB_ACR;
	asked->job.acr = &asked->acr;
	asked->acr = (struct chg_acr){ .origin_host = CHG_VIEW("im1.example.net"),
		.session_id = chg_view_of(session),
		.type = CHG_RECORD_EVENT,
		.content = { content, sizeof content } };
	asked->job.done = answered;
	place->is_done = false;
	assert_int_equal(chg_engine_submit(place->engine, &asked->job), CHG_OK);
	(void)pthread_mutex_lock(&place->lock);
	while (!place->is_done)
		(void)pthread_cond_wait(&place->changed, &place->lock);
	(void)pthread_mutex_unlock(&place->lock);
	enum chg_rc rc = asked->job.rc;
	place->sent += rc == CHG_OK;
	free(asked);
	return rc;
}

static void request(struct place *place)
{
	assert_int_equal(offer(place), CHG_OK);
}

static uint64_t value_of(struct place *place, const uint64_t *what)
{
	(void)pthread_mutex_lock(&place->lock);
	uint64_t value = *what;
	(void)pthread_mutex_unlock(&place->lock);
	return value;
}

/* Sends requests until what is looked at is so much. */
static void request_until(struct place *place, const uint64_t *what, uint64_t much)
{
	do
		request(place);
	while (value_of(place, what) < much);
}

static void request_many(struct place *place, uint32_t pages)
{
	struct stat before;
	struct stat now;
	char name[96];
	(void)snprintf(name, sizeof name, "%s-wal", place->path);
	assert_int_equal(stat(name, &before), 0);
	do {
		request(place);
		assert_int_equal(stat(name, &now), 0);
	} while (now.st_size < before.st_size + (off_t)pages * LOG_PAGE);
}

static int64_t ask_sql(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

static int64_t count_records(const struct place *place)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
	int64_t count = ask_sql(db, "SELECT count(*) FROM cdr");
	sqlite3_close(db);
	return count;
}

/* ---- Cases ---- */

static void the_log_begins_anew_while_requests_come(void **state)
{
	struct place *place = *state;
	struct stat log;
	char name[96];
	request_until(place, &place->beginnings, 4);
	(void)snprintf(name, sizeof name, "%s-wal", place->path);
	assert_int_equal(stat(name, &log), 0);
	assert_true(log.st_size < (off_t)CHG_CHECKPOINT_LATE * LOG_PAGE);
	assert_int_equal(count_records(place), place->sent);
	assert_int_equal(place->behind, 0);
}

static void a_reader_holds_the_log_and_nobody_waits_for_him(void **state)
{
	struct place *place = *state;
	sqlite3 *reader;
	assert_int_equal(sqlite3_open(place->path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(ask_sql(reader, "SELECT count(*) FROM cdr"), 0);
	request_until(place, &place->looks, 4);
	uint64_t beginnings = value_of(place, &place->beginnings);
	assert_int_equal(ask_sql(reader, "SELECT count(*) FROM cdr"), 0);
	assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(reader);
	request_until(place, &place->beginnings, beginnings + 2);
	assert_int_equal(count_records(place), place->sent);
}

static void a_full_disk_is_told_once_and_charging_goes_on(void **state)
{
	struct place *place = *state;
	request_many(place, 3 * CHG_CHECKPOINT_AT);
	(void)pthread_mutex_lock(&place->lock);
	assert_int_equal(place->behind, 1);
	assert_non_null(strstr(place->line, "cure="));
	assert_int_equal(place->goes_on, 0);
	(void)pthread_mutex_unlock(&place->lock);
	is_full = false;
	uint64_t beginnings = value_of(place, &place->beginnings);
	request_until(place, &place->beginnings, beginnings + 1);
	assert_int_equal(place->behind, 1);
	assert_int_equal(place->goes_on, 1);
	assert_int_equal(count_records(place), place->sent);
	chg_engine_drain(place->engine);
	empty_disk();
}

/* ---- A store that refuses some turns, once it was asked for a checkpoint ---- */

enum {
	REFUSALS = 5,
};

static const struct chg_store_ops *sound;
static struct place *refusing;

/* As when somebody else holds the lock of the database for too long. */
static enum chg_rc begin_or_refuse(void *self)
{
	(void)pthread_mutex_lock(&refusing->lock);
	bool is_refused = refusing->looks > 0 && refusing->refusals < REFUSALS;
	refusing->refusals += is_refused;
	(void)pthread_cond_broadcast(&refusing->changed);
	(void)pthread_mutex_unlock(&refusing->lock);
	return is_refused ? CHG_E_STORE_BUSY : sound->begin(self);
}

/* Nobody but the checkpointer has anything to say meanwhile. */
static void wait_for_refusals(struct place *place)
{
	struct timespec until;
	int error = 0;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	(void)pthread_mutex_lock(&place->lock);
	while (place->refusals < REFUSALS && error == 0)
		error = pthread_cond_timedwait(&place->changed, &place->lock, &until);
	(void)pthread_mutex_unlock(&place->lock);
	assert_int_equal(error, 0);
}

static void a_turn_that_is_refused_does_not_end_it(void **state)
{
	static struct chg_store_ops ops;
	struct place *place = *state;
	sound = place->store.ops;
	refusing = place;
	ops = *sound;
	ops.begin = begin_or_refuse;
	place->store.ops = &ops;
	do
		(void)offer(place);
	while (value_of(place, &place->looks) == 0);
	wait_for_refusals(place);
	request_until(place, &place->beginnings, 2);
	assert_int_equal(count_records(place), place->sent);
}

static void an_end_leaves_all_of_it_in_the_database(void **state)
{
	struct place *place = *state;
	char name[96];
	request_until(place, &place->looks, 1);
	chg_engine_drain(place->engine);
	chg_checkpointer_stop(place->checkpointer);
	place->checkpointer = NULL;
	chg_engine_free(place->engine);
	place->engine = NULL;
	place->store.ops->close(place->store.self);
	(void)snprintf(name, sizeof name, "%s-wal", place->path);
	assert_int_not_equal(access(name, F_OK), 0);
	assert_int_equal(count_records(place), place->sent);
	place->store.ops = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_log_begins_anew_while_requests_come, make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			a_reader_holds_the_log_and_nobody_waits_for_him, make_place, drop_place),
		cmocka_unit_test_setup_teardown(a_full_disk_is_told_once_and_charging_goes_on,
			make_place_on_full_disk, drop_place),
		cmocka_unit_test_setup_teardown(
			a_turn_that_is_refused_does_not_end_it, make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			an_end_leaves_all_of_it_in_the_database, make_place, drop_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

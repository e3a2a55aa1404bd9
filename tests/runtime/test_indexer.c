/* SPDX-License-Identifier: BSD-3-Clause
 * The indexer's thread, beside an engine that writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "runtime/clock.h"
#include "runtime/indexer.h"
#include "store/sqlite/sqlite_search.h"
#include "store/sqlite/sqlite_store.h"

enum {
	RECORDS = 2 * CHG_SEARCH_RUN_RECORDS + 100,
	TOUCHED = 3000,
};

struct place {
	char folder[32];
	char path[64];
	char search[64];
	struct chg_store store;
	struct chg_engine *engine;
	struct chg_indexer *indexer;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	uint64_t waiting; /* as the meter says */
	uint64_t tells;   /* how often it said so */
};

static void add(void *self, enum chg_meter meter, uint64_t amount)
{
	(void)self;
	(void)meter;
	(void)amount;
}

static void set(void *self, enum chg_meter meter, uint64_t value)
{
	struct place *place = self;
	if (meter != CHG_METER_RECORDS_UNINDEXED)
		return;
	(void)pthread_mutex_lock(&place->lock);
	place->waiting = value;
	place->tells++;
	(void)pthread_cond_broadcast(&place->changed);
	(void)pthread_mutex_unlock(&place->lock);
}

static void no_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static int64_t ask_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

static struct chg_acr event_of(const char *session, const char *party)
{
	struct chg_acr acr = {
		.origin_host = CHG_VIEW("im1.example.net"),
		.session_id = chg_view_of(session),
		.type = CHG_RECORD_EVENT,
		.calling_party = chg_view_of(party),
		.content = CHG_VIEW("{}"),
		.party_count = 1,
	};
	acr.party[0].text = acr.calling_party;
	acr.party[0].role = CHG_ROLE_CALLING;
	return acr;
}

static void take_events(struct chg_store *store)
{
	static const struct chg_acct_policy policy = { 0 };
	struct chg_now now = { .wall = { 1 }, .steady = { 1 } };
	assert_int_equal(store->ops->begin(store->self), CHG_OK);
	for (int i = 0; i < RECORDS; i++) {
		char session[32], party[32];
		struct chg_acct_facts facts;
		struct chg_acct_plan plan;
		(void)snprintf(session, sizeof session, "s%d", i);
		(void)snprintf(party, sizeof party, "sip:p%d@x", i % 100);
		struct chg_acr acr = event_of(session, party);
		assert_int_equal(store->ops->load_acct(store->self, &acr, &facts), CHG_OK);
		chg_accounting_decide(&facts, &policy, now, &acr, &plan);
		assert_int_equal(store->ops->apply_acct(store->self, now, &acr, &plan), CHG_OK);
	}
	assert_int_equal(store->ops->commit(store->self), CHG_OK);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	char why[CHG_SQLITE_WHY_MAX];
	assert_non_null(place);
	memcpy(place->folder, "indexer-XXXXXX", sizeof "indexer-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof place->path, "%s/c.db", place->folder);
	(void)snprintf(place->search, sizeof place->search, "%s/c.db-search", place->folder);
	(void)pthread_mutex_init(&place->lock, NULL);
	(void)pthread_cond_init(&place->changed, NULL);
	assert_int_equal(chg_sqlite_store_open(place->path, CHG_SQLITE_READ_WRITE_CREATE,
				 &place->store, why, sizeof why),
		CHG_OK);
	take_events(&place->store);
	const struct chg_engine_config config = { .queue_max = 100, .batch_max = 10 };
	const struct chg_log log = { .write = no_line };
	const struct chg_meters meters = { .add = add, .set = set, .self = place };
	assert_int_equal(chg_engine_create(&config, &place->store, chg_clock_real(), log, meters,
				 &place->engine),
		CHG_OK);
	assert_int_equal(chg_engine_start(place->engine), CHG_OK);
	assert_int_equal(
		chg_indexer_start(place->path, place->engine, log, meters, &place->indexer),
		CHG_OK);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock", "-search", "-search-wal",
		"-search-shm" };
	struct place *place = *state;
	chg_indexer_stop(place->indexer);
	chg_engine_free(place->engine);
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

/* Waits until no more than these are waiting, and once more, so that all of that step is done. */
static void wait_for(struct place *place, uint64_t most)
{
	(void)pthread_mutex_lock(&place->lock);
	while (place->tells == 0 || place->waiting > most)
		(void)pthread_cond_wait(&place->changed, &place->lock);
	(void)pthread_mutex_unlock(&place->lock);
}

static void wait_for_a_step(struct place *place)
{
	(void)pthread_mutex_lock(&place->lock);
	uint64_t tells = place->tells;
	while (place->tells < tells + 2)
		(void)pthread_cond_wait(&place->changed, &place->lock);
	(void)pthread_mutex_unlock(&place->lock);
}

static bool count(void *to, const struct chg_cdr *cdr)
{
	(void)cdr;
	++*(size_t *)to;
	return true;
}

/* How many records a reader finds, and how many he looks through for it. */
static size_t find(const struct place *place, const char *party, uint64_t *ret_unindexed)
{
	char why[CHG_SQLITE_WHY_MAX];
	struct chg_store reader;
	size_t found = 0;
	struct chg_cdr_filter filter = { .party = chg_view_of(party) };
	assert_int_equal(
		chg_sqlite_store_open(place->path, CHG_SQLITE_READ_ONLY, &reader, why, sizeof why),
		CHG_OK);
	assert_int_equal(reader.ops->scan_cdrs(reader.self, &filter, count, &found), CHG_OK);
	*ret_unindexed = chg_sqlite_unindexed(&reader);
	reader.ops->close(reader.self);
	return found;
}

static void records_get_into_the_index(void **state)
{
	struct place *place = *state;
	uint64_t unindexed;
	wait_for(place, 100);
	assert_int_equal(find(place, "sip:p7@x", &unindexed), RECORDS / 100 + (RECORDS % 100 > 7));
	assert_int_equal(unindexed, 100);
}

/* ---- A record is found right after its answer ---- */

struct asked {
	struct chg_job job;
	struct chg_acr acr;
	struct place *place;
	bool is_done;
};

static void answered(struct chg_job *job)
{
	struct asked *asked = (struct asked *)(void *)job;
	(void)pthread_mutex_lock(&asked->place->lock);
	asked->is_done = true;
	(void)pthread_cond_broadcast(&asked->place->changed);
	(void)pthread_mutex_unlock(&asked->place->lock);
}

static void a_record_is_found_right_after_its_answer(void **state)
{
	struct place *place = *state;
	struct asked *asked = calloc(1, sizeof *asked);
	uint64_t unindexed;
	assert_non_null(asked);
	asked->place = place;
	asked->job.magic = CHG_JOB_MAGIC;
	asked->job.kind = CHG_JOB_ACR;
	asked->job.acr = &asked->acr;
	asked->acr = event_of("now", "sip:now@x");
	asked->job.done = answered;
	assert_int_equal(chg_engine_submit(place->engine, &asked->job), CHG_OK);
	(void)pthread_mutex_lock(&place->lock);
	while (!asked->is_done)
		(void)pthread_cond_wait(&place->changed, &place->lock);
	(void)pthread_mutex_unlock(&place->lock);
	assert_int_equal(asked->job.rc, CHG_OK);
	assert_int_equal(find(place, "sip:now@x", &unindexed), 1);
	free(asked);
}

/* All but the last, by which the index is known to be of this database. */
static void the_engine_deletes_changes_that_are_indexed(void **state)
{
	struct place *place = *state;
	char sql[200];
	wait_for(place, 100);
	(void)snprintf(sql, sizeof sql,
		"INSERT INTO cdr_touched (cdr_id) SELECT cdr_id FROM cdr ORDER BY cdr_id LIMIT %d",
		TOUCHED);
	run_sql(place->path, sql);
	while (ask_sql(place->path, "SELECT count(*) FROM cdr_touched") > 1)
		wait_for_a_step(place);
	assert_int_equal(ask_sql(place->path, "SELECT touch_id FROM cdr_touched"), TOUCHED);
	assert_int_equal(ask_sql(place->search, "SELECT count(*) FROM run WHERE is_touched"), 1);
}

static void an_engine_that_drains_lets_the_indexer_end(void **state)
{
	struct place *place = *state;
	chg_engine_drain(place->engine);
	chg_indexer_stop(place->indexer);
	place->indexer = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_get_into_the_index, make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			a_record_is_found_right_after_its_answer, make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			the_engine_deletes_changes_that_are_indexed, make_place, drop_place),
		cmocka_unit_test_setup_teardown(
			an_engine_that_drains_lets_the_indexer_end, make_place, drop_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

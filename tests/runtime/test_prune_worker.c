/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that prunes by itself and when it is asked to, beside an engine that works.
 */
#include "store/fixture.h"

#include <pthread.h>

#include "app/engine.h"
#include "runtime/meter.h"
#include "runtime/prune_worker.h"
#include "support/fake_clock.h"

enum {
	DAY_S = 86400,
	EVENTS = 40,
};

/* A clock that the test moves while another thread looks at it. */
static pthread_mutex_t clock_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_clock fake;

static struct chg_now look(void *self)
{
	(void)self;
	pthread_mutex_lock(&clock_lock);
	struct chg_now now = fake.now;
	pthread_mutex_unlock(&clock_lock);
	return now;
}

static chg_instant look_steady(void *self)
{
	return look(self).steady;
}

static void pass_s(int64_t seconds)
{
	pthread_mutex_lock(&clock_lock);
	fake_clock_pass(&fake, seconds * CHG_US_PER_S);
	pthread_mutex_unlock(&clock_lock);
}

static void say_nothing(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
}

struct node {
	struct fixture fixture;
	char folder[96];
	struct chg_engine *engine;
	struct chg_prune_worker *worker;
};

static void take_events(struct chg_store *store, uint32_t first)
{
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, first + i);
		acr.digest.bytes[2] = (uint8_t)(first >> 8);
		take(store, look(NULL).wall.us / CHG_US_PER_S, &acr);
	}
}

/* The engine borrows the store, so that the node stays where it is. */
static void start(struct node *node, uint32_t keep_days)
{
	*node = (struct node){ .fixture = fixture_make(true) };
	const struct chg_clock clock = { .now = look, .steady = look_steady };
	const struct chg_log log = { .write = say_nothing };
	const struct chg_engine_config engine = { .queue_max = 16, .batch_max = 4 };
	fake = fake_clock_start();
	take_events(&node->fixture.store, 0);
	snprintf(node->folder, sizeof node->folder, "%s/archive", node->fixture.folder);
	assert_int_equal(chg_engine_create(&engine, &node->fixture.store, clock, log,
				 chg_meter_table(), &node->engine),
		CHG_OK);
	assert_int_equal(chg_engine_start(node->engine), CHG_OK);
	const struct chg_prune_worker_config config = { .database = node->fixture.path,
		.folder = node->folder,
		.owner = 1,
		.keep_days = keep_days,
		.engine = node->engine,
		.clock = clock,
		.log = log,
		.meters = chg_meter_table() };
	chg_meter_clear();
	assert_int_equal(chg_prune_worker_start(&config, &node->worker), CHG_OK);
}

static void stop(struct node *node)
{
	char path[160];
	chg_prune_worker_free(node->worker);
	chg_engine_free(node->engine);
	snprintf(path, sizeof path, "%s/records-000001.chga", node->folder);
	unlink(path);
	rmdir(node->folder);
	fixture_remove(&node->fixture);
}

/* What is there is looked at when the engine is not at work. */
static size_t count(struct node *node)
{
	char *text = dump_of(&node->fixture.store, NULL);
	size_t found = 0;
	for (const char *at = text; (at = strstr(at, "cdr cdr_id=")) != NULL; at++)
		found++;
	free(text);
	return found;
}

static void records_go_when_their_days_are_over(void **state)
{
	struct node node;
	struct chg_prune_status status;
	(void)state;
	start(&node, 30);
	pass_s(60);
	chg_prune_worker_wait(node.worker, 1);
	chg_prune_worker_status(node.worker, &status);
	assert_int_equal(status.rc, CHG_OK);
	assert_int_equal(status.progress.removed, 0);
	/* Nothing happens twice in an hour; after that it looks again. */
	pass_s(30 * DAY_S);
	chg_prune_worker_wait(node.worker, 2);
	chg_prune_worker_status(node.worker, &status);
	assert_int_equal(status.rc, CHG_OK);
	assert_int_equal(status.progress.removed, EVENTS);
	assert_int_equal(chg_meter_value(CHG_METER_RECORDS_PRUNED), EVENTS);
	assert_int_equal(chg_meter_value(CHG_METER_RECORDS_ARCHIVED), EVENTS);
	assert_int_equal(chg_meter_value(CHG_METER_PRUNE_FAILURES), 0);
	assert_true(chg_meter_value(CHG_METER_ARCHIVE_OCTETS) > 0);
	chg_engine_drain(node.engine);
	assert_int_equal(count(&node), 0);
	stop(&node);
}

static void records_go_when_somebody_asks(void **state)
{
	struct node node;
	struct chg_prune_status status;
	(void)state;
	start(&node, 0);
	pass_s(10);
	assert_int_equal(chg_prune_worker_begin(node.worker, look(NULL).wall), CHG_OK);
	chg_prune_worker_wait(node.worker, 1);
	chg_prune_worker_status(node.worker, &status);
	assert_false(status.is_running);
	assert_int_equal(status.rc, CHG_OK);
	assert_int_equal(status.progress.removed, EVENTS);
	chg_engine_drain(node.engine);
	assert_int_equal(count(&node), 0);
	stop(&node);
}

static void a_node_that_stops_ends_it(void **state)
{
	struct node node;
	struct chg_prune_status status;
	(void)state;
	start(&node, 0);
	pass_s(10);
	chg_engine_drain(node.engine);
	assert_int_equal(chg_prune_worker_begin(node.worker, look(NULL).wall), CHG_OK);
	chg_prune_worker_wait(node.worker, 1);
	chg_prune_worker_status(node.worker, &status);
	assert_int_equal(status.rc, CHG_E_CLOSED);
	assert_int_equal(status.progress.archived, EVENTS);
	assert_int_equal(status.progress.removed, 0);
	assert_int_equal(count(&node), EVENTS);
	stop(&node);
}

static void what_fails_is_told(void **state)
{
	struct node node;
	struct chg_prune_status status;
	(void)state;
	start(&node, 0);
	FILE *file = fopen(node.folder, "w");
	assert_non_null(file);
	fclose(file);
	pass_s(10);
	assert_int_equal(chg_prune_worker_begin(node.worker, look(NULL).wall), CHG_OK);
	chg_prune_worker_wait(node.worker, 1);
	chg_prune_worker_status(node.worker, &status);
	assert_int_equal(status.rc, CHG_E_SYSTEM);
	assert_non_null(strstr(status.why, node.folder));
	assert_int_equal(chg_meter_value(CHG_METER_PRUNE_FAILURES), 1);
	chg_engine_drain(node.engine);
	assert_int_equal(count(&node), EVENTS);
	assert_int_equal(unlink(node.folder), 0);
	stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "records go when their days are over",
			.test_func = records_go_when_their_days_are_over },
		{ .name = "records go when somebody asks",
			.test_func = records_go_when_somebody_asks },
		{ .name = "a node that stops ends it, and nothing is lost",
			.test_func = a_node_that_stops_ends_it },
		{ .name = "what fails is told", .test_func = what_fails_is_told },
	};
	return cmocka_run_group_tests_name("the thread that prunes", tests, NULL, NULL);
}

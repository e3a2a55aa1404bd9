/* SPDX-License-Identifier: BSD-3-Clause
 * Builds everything in order, and takes it down in the opposite one.
 */
#include "runtime/runtime.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/checkpointer.h"
#include "runtime/clock.h"
#include "runtime/control.h"
#include "runtime/indexer.h"
#include "runtime/log.h"
#include "runtime/meter.h"
#include "runtime/prune_worker.h"
#include "runtime/runtime_command.h"
#include "runtime/tariff_follow.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

#define RUNTIME_MAGIC 0x72756e74u
#define SECONDS_A_DAY 86400

struct chg_runtime {
	uint32_t magic;
	unsigned reference_count; /* guarded by `turn` */
	char config_path[CHG_CONFIG_PATH_MAX];
	struct chg_config config;
	struct chg_log_sink sink;
	struct chg_clock clock;
	struct chg_store store;
	uint32_t state_id;
	struct chg_tariff_shelf *tariffs;
	struct chg_engine *engine;
	struct chg_checkpointer *checkpointer; /* NULL: the store has no log */
	struct chg_indexer *indexer;           /* NULL: the store has none */
	struct chg_prune_worker *pruner;       /* NULL when no database is there to be pruned */
	struct chg_control *control;           /* NULL when control.socket is "" */
	struct chg_now started;

	pthread_mutex_t
		drain_lock;   /* held while draining, so that everybody returns after the end */
	pthread_mutex_t lock; /* guards what follows */
	bool is_draining;
	bool is_named;
	char host[CHG_CONFIG_ITEM_MAX];
	char realm[CHG_CONFIG_ITEM_MAX];
};

/* Acquire and release take turns, opening and closing included. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct chg_runtime *the_one;

/* Whole lines only, and how many more there are. */
static void join_errors(const struct chg_config_errors *errors, char *reterr_why, size_t why_size)
{
	char rest[sizeof "\nand 18446744073709551615 more"] = "";
	size_t used = 0;
	size_t shown = 0;
	for (; shown < errors->count; shown++) {
		const char *text = errors->item[shown].text;
		if (used + strlen(text) + sizeof rest >= why_size)
			break;
		used += (size_t)snprintf(
			reterr_why + used, why_size - used, "%s%s", shown == 0 ? "" : "\n", text);
	}
	size_t left = errors->count - shown + errors->unlisted;
	if (shown == 0)
		(void)snprintf(reterr_why, why_size, "%s", errors->item[0].text);
	else if (left > 0)
		(void)snprintf(reterr_why + used, why_size - used, "\nand %zu more", left);
}

static enum chg_rc read_config(
	struct chg_runtime *runtime, const char *path, char *reterr_why, size_t why_size)
{
	if (path == NULL) {
		(void)snprintf(reterr_why, why_size,
			"nothing of this process has a configuration yet; name the path of "
			"charging.yaml");
		return CHG_E_UNKNOWN;
	}
	size_t len = strlen(path);
	if (len >= sizeof runtime->config_path) {
		(void)snprintf(reterr_why, why_size,
			"the path of the configuration has %zu bytes; choose one of at most %zu",
			len, sizeof runtime->config_path - 1);
		return CHG_E_CONFIG;
	}
	memcpy(runtime->config_path, path, len + 1);
	struct chg_config_errors *errors = calloc(1, sizeof *errors);
	if (errors == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_config_read_file(path, &runtime->config, errors);
	if (rc != CHG_OK)
		join_errors(errors, reterr_why, why_size);
	free(errors);
	return rc;
}

/* The place where a further kind of store is added. */
static enum chg_rc open_store(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	switch (runtime->config.store_kind) {
	case CHG_STORE_MEMORY:
		return chg_memory_store_open(&runtime->store);
	case CHG_STORE_SQLITE:
		return chg_sqlite_store_open(runtime->config.store_path,
			CHG_SQLITE_READ_WRITE_CREATE, &runtime->store, reterr_why, why_size);
	}
	assert(false); /* config.def names no other */
	return CHG_E_UNKNOWN;
}

/* A store that is new begins with the present second, as RFC 6733 8.16 suggests. */
static enum chg_rc get_state_id(struct chg_runtime *runtime)
{
	const struct chg_store *store = &runtime->store;
	uint32_t fresh = (uint32_t)(runtime->started.wall.us / CHG_US_PER_S);
	return store->ops->own_state_id(store->self, fresh, &runtime->state_id);
}

/* What is in force is known before anybody can ask for it. */
static enum chg_rc read_tariffs(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	const char *first = runtime->config.online_tariff;
	enum chg_rc rc =
		chg_tariff_shelf_create(chg_log_sink_log(&runtime->sink), &runtime->tariffs);
	if (rc == CHG_OK && first[0] != '\0')
		rc = chg_tariff_load_first(
			&runtime->store, first, runtime->started, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_tariff_follow_store(runtime->tariffs, &runtime->store, runtime->started);
	return rc;
}

static const struct chg_tariff *tariff_at(void *self, chg_instant now)
{
	return chg_tariff_at(self, now);
}

static enum chg_rc create_engine(struct chg_runtime *runtime)
{
	const struct chg_config *config = &runtime->config;
	struct chg_engine_config engine = {
		.queue_max = config->engine_queue_max,
		.batch_max = config->engine_batch_max,
		.offline = { .session_idle = chg_span_s(config->offline_session_idle_s),
			.interim_interval_s = config->offline_interim_interval_s,
			.skew_max = chg_span_s(config->offline_skew_max_s) },
		.tariff_at = tariff_at,
		.tariff_self = runtime->tariffs,
		.seen_for = chg_span_s((int64_t)config->cdr_seen_days * SECONDS_A_DAY),
	};
	chg_config_cc_policy(config, &engine.online);
	return chg_engine_create(&engine, &runtime->store, runtime->clock,
		chg_log_sink_log(&runtime->sink), chg_meter_table(), &runtime->engine);
}

/* Before the engine runs, since it tells the store. */
static enum chg_rc start_checkpointer(struct chg_runtime *runtime)
{
	if (runtime->config.store_kind != CHG_STORE_SQLITE)
		return CHG_OK;
	return chg_checkpointer_start(runtime->config.store_path, &runtime->store, runtime->engine,
		chg_log_sink_log(&runtime->sink), chg_meter_table(), &runtime->checkpointer);
}

/* Signals are for the threads of whoever hosts us. */
static enum chg_rc start_engine(struct chg_runtime *runtime)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	enum chg_rc rc = chg_engine_start(runtime->engine);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* The store in memory is searched as it is. */
static enum chg_rc start_indexer(struct chg_runtime *runtime)
{
	if (runtime->config.store_kind != CHG_STORE_SQLITE)
		return CHG_OK;
	return chg_indexer_start(runtime->config.store_path, runtime->engine,
		chg_log_sink_log(&runtime->sink), chg_meter_table(), &runtime->indexer);
}

/* What is in memory only has no file that grows. */
static enum chg_rc start_pruner(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	char folder[CHG_CONFIG_PATH_MAX];
	if (runtime->config.store_kind != CHG_STORE_SQLITE)
		return CHG_OK;
	if (chg_config_archive_folder(&runtime->config, folder) != CHG_OK) {
		(void)snprintf(reterr_why, why_size, "the path of the archives is too long");
		return CHG_E_CONFIG;
	}
	const struct chg_prune_worker_config config = { .database = runtime->config.store_path,
		.folder = folder,
		.owner = runtime->state_id,
		.keep_days = runtime->config.cdr_keep_days,
		.engine = runtime->engine,
		.clock = runtime->clock,
		.log = chg_log_sink_log(&runtime->sink),
		.meters = chg_meter_table() };
	return chg_prune_worker_start(&config, &runtime->pruner);
}

static enum chg_rc start_control(struct chg_runtime *runtime, char *reterr_why, size_t why_size)
{
	const char *path = runtime->config.control_socket;
	if (path[0] == '\0')
		return CHG_OK;
	enum chg_rc rc = chg_control_create(
		path, 0, chg_log_sink_log(&runtime->sink), &runtime->control, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_runtime_command_register(runtime->control, runtime);
	if (rc == CHG_OK)
		rc = chg_control_start(runtime->control);
	return rc;
}

/* The store goes first: it is what tells that another node runs here already. */
static enum chg_rc build(
	struct chg_runtime *runtime, const char *path, char *reterr_why, size_t why_size)
{
	enum chg_rc rc = read_config(runtime, path, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	chg_log_sink_set_level(&runtime->sink, runtime->config.log_level);
	rc = open_store(runtime, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = get_state_id(runtime);
	if (rc == CHG_OK)
		rc = read_tariffs(runtime, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = create_engine(runtime);
	if (rc == CHG_OK)
		rc = start_checkpointer(runtime);
	if (rc == CHG_OK)
		rc = start_engine(runtime);
	if (rc == CHG_OK)
		rc = start_indexer(runtime);
	if (rc == CHG_OK)
		rc = start_pruner(runtime, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = start_control(runtime, reterr_why, why_size);
	return rc;
}

/* Takes what is half built as well. */
static void tear_down(struct chg_runtime *runtime)
{
	chg_control_free(runtime->control);
	chg_prune_worker_free(runtime->pruner);
	chg_indexer_stop(runtime->indexer);
	if (runtime->engine != NULL)
		chg_engine_drain(runtime->engine);
	chg_checkpointer_stop(runtime->checkpointer);
	chg_engine_free(runtime->engine);
	chg_tariff_shelf_free(runtime->tariffs);
	if (runtime->store.ops != NULL)
		runtime->store.ops->close(runtime->store.self);
	chg_log_sink_release(&runtime->sink);
	(void)pthread_mutex_destroy(&runtime->drain_lock);
	(void)pthread_mutex_destroy(&runtime->lock);
	runtime->magic = 0;
	free(runtime);
}

static enum chg_rc make(const char *path, struct chg_log log, struct chg_runtime **ret,
	char *reterr_why, size_t why_size)
{
	struct chg_runtime *runtime = calloc(1, sizeof *runtime);
	if (runtime == NULL)
		return CHG_E_NO_MEMORY;
	runtime->magic = RUNTIME_MAGIC;
	chg_log_sink_init(&runtime->sink, log, CHG_LOG_NOTICE);
	(void)pthread_mutex_init(&runtime->drain_lock, NULL);
	(void)pthread_mutex_init(&runtime->lock, NULL);
	runtime->clock = chg_clock_real();
	runtime->started = runtime->clock.now(runtime->clock.self);
	chg_meter_clear();

	enum chg_rc rc = build(runtime, path, reterr_why, why_size);
	if (rc != CHG_OK) {
		tear_down(runtime);
		return rc;
	}
	const struct chg_config *config = &runtime->config;
	chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE,
		"runtime.started config=%s store=%s origin_state_id=%u control=%s", path,
		config->store_kind == CHG_STORE_SQLITE ? config->store_path : "memory",
		runtime->state_id, config->control_socket);
	*ret = runtime;
	return CHG_OK;
}

/* Two spellings of one path are two paths here: the daemon hands one and the same to everybody. */
static enum chg_rc join(const char *path, char *reterr_why, size_t why_size)
{
	if (path == NULL || strcmp(path, the_one->config_path) == 0)
		return CHG_OK;
	(void)snprintf(reterr_why, why_size,
		"this process runs with %s already and cannot run with %s as well; give all "
		"extensions the same file",
		the_one->config_path, path);
	return CHG_E_CONFIG;
}

enum chg_rc chg_runtime_acquire(const char *config_path, struct chg_log log,
	struct chg_runtime **ret, char *reterr_why, size_t why_size)
{
	struct chg_runtime *made = NULL;
	if (why_size > 0)
		reterr_why[0] = '\0';
	(void)pthread_mutex_lock(&turn);
	enum chg_rc rc = the_one != NULL ? join(config_path, reterr_why, why_size)
					 : make(config_path, log, &made, reterr_why, why_size);
	if (rc == CHG_OK) {
		if (the_one == NULL)
			the_one = made;
		the_one->reference_count++;
		*ret = the_one;
	} else if (why_size > 0 && reterr_why[0] == '\0') {
		(void)snprintf(reterr_why, why_size, "%s", chg_rc_sentence(rc));
	}
	(void)pthread_mutex_unlock(&turn);
	return rc;
}

void chg_runtime_release(struct chg_runtime *runtime)
{
	if (runtime == NULL)
		return;
	(void)pthread_mutex_lock(&turn);
	assert(runtime->magic == RUNTIME_MAGIC);
	assert(runtime == the_one);
	assert(runtime->reference_count > 0);
	runtime->reference_count--;
	if (runtime->reference_count == 0) {
		the_one = NULL;
		/* Until the end, a waiting operator is told how it goes. */
		chg_runtime_drain(runtime);
		chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE, "runtime.stopped config=%s",
			runtime->config_path);
		tear_down(runtime);
	}
	(void)pthread_mutex_unlock(&turn);
}

struct chg_tariff_shelf *chg_runtime_tariffs(struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return runtime->tariffs;
}

struct chg_now chg_runtime_now(const struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return runtime->clock.now(runtime->clock.self);
}

struct chg_prune_worker *chg_runtime_pruner(struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return runtime->pruner;
}

struct chg_engine *chg_runtime_engine(struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return runtime->engine;
}

const struct chg_config *chg_runtime_config(const struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return &runtime->config;
}

struct chg_meters chg_runtime_meters(const struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return chg_meter_table();
}

struct chg_log chg_runtime_log(struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return chg_log_sink_log(&runtime->sink);
}

uint32_t chg_runtime_state_id(const struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	return runtime->state_id;
}

void chg_runtime_set_log(struct chg_runtime *runtime, struct chg_log log)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	chg_log_sink_install(&runtime->sink, log);
}

void chg_runtime_set_ready(struct chg_runtime *runtime, const char *host, const char *realm)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	(void)pthread_mutex_lock(&runtime->lock);
	(void)snprintf(runtime->host, sizeof runtime->host, "%s", host);
	(void)snprintf(runtime->realm, sizeof runtime->realm, "%s", realm);
	runtime->is_named = true;
	(void)pthread_mutex_unlock(&runtime->lock);
}

void chg_runtime_drain(struct chg_runtime *runtime)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	(void)pthread_mutex_lock(&runtime->lock);
	runtime->is_draining = true;
	(void)pthread_mutex_unlock(&runtime->lock);
	/* The engine is drained by one thread at a time. */
	(void)pthread_mutex_lock(&runtime->drain_lock);
	chg_engine_drain(runtime->engine);
	(void)pthread_mutex_unlock(&runtime->drain_lock);
}

void chg_runtime_status(struct chg_runtime *runtime, struct chg_runtime_status *ret)
{
	assert(runtime->magic == RUNTIME_MAGIC);
	struct chg_now now = runtime->clock.now(runtime->clock.self);
	*ret = (struct chg_runtime_status){
		.uptime_s = (now.steady.us - runtime->started.steady.us) / CHG_US_PER_S,
		.started_us = runtime->started.wall.us,
	};
	memcpy(ret->config_path, runtime->config_path, sizeof ret->config_path);
	(void)pthread_mutex_lock(&runtime->lock);
	ret->is_draining = runtime->is_draining;
	ret->is_ready = runtime->is_named && !runtime->is_draining;
	memcpy(ret->host, runtime->host, sizeof ret->host);
	memcpy(ret->realm, runtime->realm, sizeof ret->realm);
	(void)pthread_mutex_unlock(&runtime->lock);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The one writer.  Batches form by themselves: while one is being committed, the next gathers.
 */
#include "app/engine.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/offline.h"
#include "app/online.h"
#include "app/tally.h"

enum {
	/* Sessions closed and keys forgotten in one turn: supervision never holds a peer up long. */
	EXPIRE_PER_TURN = 64,
	FORGET_PER_TURN = 256,
	/* How often an idle engine looks at the clock again when it supervises or forgets. */
	IDLE_MS = 1000,
};

#define FORGET_EVERY_US (60 * CHG_US_PER_S)

/* What silence ends: accounting sessions (Ts) and credit-control sessions (Tcc). */
enum { WATCH_OFFLINE, WATCH_ONLINE, WATCH_COUNT };

struct watch {
	bool is_known; /* deadline is what the store would say */
	chg_opt_instant deadline;
};

struct chg_engine {
	struct chg_engine_config config;
	struct chg_store *store;
	struct chg_clock clock;
	struct chg_log log;

	pthread_mutex_t lock; /* guards everything down to turn_done_self */
	pthread_cond_t wake;
	struct chg_job *first;
	struct chg_job **last;
	uint32_t queued;
	bool is_asleep;
	bool is_draining;
	void (*turn_done)(void *self);
	void *turn_done_self;

	/* Of the engine's thread alone. */
	bool is_started;
	pthread_t thread;
	struct chg_tally tally;
	chg_instant committed;           /* when the latest commit returned, on the steady clock */
	uint32_t closed;                 /* sessions closed in the open transaction */
	struct chg_online *online;       /* NULL: CH-2 is not served */
	const struct chg_tariff *tariff; /* in force in this turn */
	struct watch watch[WATCH_COUNT];
	chg_instant forget_at;
};

static chg_instant steady(const struct chg_engine *engine)
{
	return engine->clock.steady(engine->clock.self);
}

static void log_failure(struct chg_engine *engine, const char *event, enum chg_rc rc)
{
	char line[160];
	snprintf(line, sizeof line, "%s rc=%s cause=\"%s\"", event, chg_rc_name(rc),
		chg_rc_sentence(rc));
	engine->log.write(engine->log.self, CHG_LOG_ERROR, line);
}

/* CH-2 needs a tariff to ask for and a store that keeps books.  False: no memory. */
static bool serve_online(struct chg_engine *engine)
{
	if (engine->config.tariff_at == NULL || engine->store->books == NULL)
		return true;
	engine->online = calloc(1, sizeof *engine->online);
	if (engine->online == NULL)
		return false;
	engine->online->policy = engine->config.online;
	engine->online->record_policy = engine->config.offline;
	return true;
}

enum chg_rc chg_engine_create(const struct chg_engine_config *config, struct chg_store *store,
	struct chg_clock clock, struct chg_log log, struct chg_meters meters,
	struct chg_engine **ret)
{
	assert(config->batch_max > 0 && config->queue_max > 0);
	struct chg_engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return CHG_E_NO_MEMORY;
	engine->config = *config;
	engine->store = store;
	engine->clock = clock;
	engine->log = log;
	engine->tally.meters = meters;
	engine->last = &engine->first;
	if (!serve_online(engine)) {
		free(engine);
		return CHG_E_NO_MEMORY;
	}

	pthread_condattr_t attr;
	bool is_ready = pthread_condattr_init(&attr) == 0;
	if (is_ready) {
		is_ready = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
			   pthread_cond_init(&engine->wake, &attr) == 0;
		pthread_condattr_destroy(&attr);
	}
	if (!is_ready || pthread_mutex_init(&engine->lock, NULL) != 0) {
		free(engine->online);
		free(engine);
		return CHG_E_SYSTEM;
	}
	*ret = engine;
	return CHG_OK;
}

/* What is counted by: the request itself may be another one's by then. */
static uint32_t type_of(const struct chg_job *job)
{
	switch (job->kind) {
	case CHG_JOB_ACR:
		return job->acr->type;
	case CHG_JOB_CCR:
		return job->ccr->type;
	default:
		return 0;
	}
}

static void open_job(struct chg_job *job)
{
	if (job->open != NULL)
		job->open(job);
}

enum chg_rc chg_engine_submit(struct chg_engine *engine, struct chg_job *job)
{
	assert(job->magic == CHG_JOB_MAGIC);
	assert(job->done != NULL);
	enum chg_rc rc = CHG_OK;
	bool must_wake = false;

	job->type = type_of(job);
	job->arrived = steady(engine);
	pthread_mutex_lock(&engine->lock);
	if (engine->is_draining) {
		rc = CHG_E_CLOSED;
	} else if (engine->queued >= engine->config.queue_max) {
		rc = CHG_E_BUSY;
	} else {
		job->next = NULL;
		job->kept = (struct chg_view){ 0 }; /* whatever an earlier use left there */
		*engine->last = job;
		engine->last = &job->next;
		engine->queued++;
		must_wake = engine->is_asleep;
	}
	pthread_mutex_unlock(&engine->lock);
	if (must_wake)
		pthread_cond_signal(&engine->wake);
	return rc;
}

/*
 * Takes the oldest jobs, at most batch_max.  They were written by other processors: as long as all of
 * them are taken, none is looked at while the lock is held.
 */
static struct chg_job *take(struct chg_engine *engine, uint32_t *ret_count)
{
	pthread_mutex_lock(&engine->lock);
	struct chg_job *batch = engine->first, **end = engine->last;
	uint32_t count = engine->queued;
	if (count > engine->config.batch_max) {
		end = &engine->first;
		for (count = 0; count < engine->config.batch_max; count++)
			end = &(*end)->next;
	}
	engine->first = *end;
	*end = NULL;
	if (engine->first == NULL)
		engine->last = &engine->first;
	engine->queued -= count;
	pthread_mutex_unlock(&engine->lock);

	*ret_count = count;
	return count == 0 ? NULL : batch;
}

void chg_engine_backlog(struct chg_engine *engine, struct chg_engine_backlog *ret)
{
	chg_instant now = steady(engine);
	pthread_mutex_lock(&engine->lock);
	*ret = (struct chg_engine_backlog){ .jobs = engine->queued };
	if (engine->first != NULL && now.us > engine->first->arrived.us)
		ret->oldest.us = now.us - engine->first->arrived.us;
	pthread_mutex_unlock(&engine->lock);
}

static enum chg_rc handle_ccr(struct chg_engine *engine, struct chg_job *job, struct chg_now now)
{
	const char *alarm = NULL;
	if (engine->online == NULL)
		return CHG_E_UNKNOWN;
	enum chg_rc rc =
		chg_online_handle(engine->online, engine->store, engine->tariff, now, job, &alarm);
	job->alarm = rc == CHG_OK ? alarm : NULL;
	return rc;
}

/* A peer told its state outside of a request: its older sessions end, with what they hold. */
static enum chg_rc handle_host_state(
	struct chg_engine *engine, const struct chg_acr *told, struct chg_now now)
{
	struct chg_store *store = engine->store;
	uint32_t ended = 0, closed = 0;
	enum chg_rc rc = CHG_OK;
	if (engine->online != NULL)
		rc = store->books->end_older(store->self, now, &engine->online->policy,
			told->origin_host, told->origin_state_id.value, &ended);
	if (rc == CHG_OK)
		rc = store->ops->apply_host_state(store->self, now, told->origin_host,
			told->origin_realm, told->origin_state_id.value, &closed);
	if (rc == CHG_OK)
		engine->closed += ended + closed;
	return rc;
}

/* One job inside the open transaction. */
static enum chg_rc handle(struct chg_engine *engine, struct chg_job *job, struct chg_now now)
{
	open_job(job);
	switch (job->kind) {
	case CHG_JOB_ACR:
		return chg_offline_handle(engine->store, &engine->config.offline,
			engine->online == NULL ? NULL : &engine->online->policy, now, job->acr,
			&job->aca, &job->is_duplicate);
	case CHG_JOB_CCR:
		return handle_ccr(engine, job, now);
	case CHG_JOB_HOST_STATE:
		return handle_host_state(engine, job->acr, now);
	case CHG_JOB_CALL:
		return job->call(job, engine->store, now);
	}
	return CHG_E_UNKNOWN;
}

static enum chg_rc commit(struct chg_engine *engine)
{
	chg_instant before = steady(engine);
	enum chg_rc rc = engine->store->ops->commit(engine->store->self);
	engine->committed = steady(engine);
	if (rc == CHG_OK)
		chg_tally_commit(&engine->tally, engine->closed, before, engine->committed);
	else
		chg_tally_add(&engine->tally, CHG_METER_COMMIT_FAILURES, 1);
	return rc;
}

/* A list of jobs in one transaction: all of it is kept, or nothing. */
static enum chg_rc run(struct chg_engine *engine, struct chg_job *jobs, struct chg_now now)
{
	struct chg_store *store = engine->store;
	enum chg_rc rc = store->ops->begin(store->self);
	engine->closed = 0;
	if (rc != CHG_OK)
		return rc;
	for (struct chg_job *job = jobs; job != NULL && rc == CHG_OK; job = job->next)
		rc = handle(engine, job, now);
	if (rc != CHG_OK) {
		store->ops->rollback(store->self);
		return rc;
	}
	return commit(engine);
}

/* A line that an operator should see: something is odd, though it was answered. */
static void tell_alarm(struct chg_engine *engine, struct chg_job *job)
{
	char line[512];
	open_job(job);
	struct chg_view session = job->ccr->data.session_id;
	chg_tally_add(&engine->tally, CHG_METER_ALARMS, 1);
	snprintf(line, sizeof line, "credit.alarm cause=\"%s\" session=%.*s number=%u", job->alarm,
		(int)(session.len < 128 ? session.len : 128), session.ptr, job->ccr->data.number);
	engine->log.write(engine->log.self, CHG_LOG_WARNING, line);
}

/* What became of a job; its owner is not told yet. */
static void settle(struct chg_engine *engine, struct chg_job *job, enum chg_rc rc)
{
	assert(job->magic == CHG_JOB_MAGIC);
	job->rc = rc;
	if (rc != CHG_OK && job->kind == CHG_JOB_ACR)
		job->aca = chg_offline_answer_failure(rc);
	if (rc != CHG_OK && job->kind == CHG_JOB_CCR) {
		job->code = chg_online_answer_failure(rc);
		chg_online_forget(job);
	}
	if (rc == CHG_OK && job->kind == CHG_JOB_CCR && job->alarm != NULL)
		tell_alarm(engine, job);
}

/* The last that the engine does with a job: its owner may free it, but not what it kept. */
static void finish(struct chg_job *job)
{
	struct chg_view kept = job->kept;
	job->next = NULL;
	job->done(job);
	if (kept.ptr != NULL)
		free((void *)kept.ptr);
}

/* All of them are counted before the first one's peer can have its answer and look. */
static void finish_all(struct chg_engine *engine, struct chg_job *jobs, enum chg_rc rc)
{
	chg_instant now = rc == CHG_OK ? engine->committed : steady(engine);
	for (struct chg_job *job = jobs; job != NULL; job = job->next) {
		settle(engine, job, rc);
		chg_tally_job(&engine->tally, job, now);
	}
	chg_tally_tell(&engine->tally, now);
	while (jobs != NULL) {
		struct chg_job *job = jobs;
		jobs = job->next;
		finish(job);
	}
}

/*
 * A disk that is full, a lock or a damaged file refuses every job alike: no use trying each.  Work
 * beside charging, such as a prune, may meet a damaged page that no request needs.
 */
static bool is_everyones_trouble(enum chg_rc rc, enum chg_job_kind kind)
{
	return rc == CHG_E_STORE_FULL || rc == CHG_E_STORE_BUSY ||
	       (rc == CHG_E_STORE_CORRUPT && kind != CHG_JOB_CALL);
}

/* Each job in a transaction of its own; the poisonous one is refused alone. */
static void run_one_by_one(struct chg_engine *engine, struct chg_job *jobs, struct chg_now now)
{
	while (jobs != NULL) {
		struct chg_job *job = jobs;
		jobs = job->next;
		job->next = NULL;
		enum chg_job_kind kind = job->kind;
		enum chg_rc rc = run(engine, job, now);
		if (rc != CHG_OK)
			log_failure(engine, "engine.job-refused", rc);
		finish_all(engine, job, rc);
		if (is_everyones_trouble(rc, kind)) {
			finish_all(engine, jobs, rc);
			return;
		}
	}
}

static void run_batch(
	struct chg_engine *engine, struct chg_job *jobs, uint32_t count, struct chg_now now)
{
	chg_tally_turn(&engine->tally, count, jobs->arrived, now.steady);
	enum chg_rc rc = run(engine, jobs, now);
	for (size_t i = 0; i < WATCH_COUNT; i++)
		engine->watch[i].is_known = false;
	if (rc == CHG_OK) {
		finish_all(engine, jobs, CHG_OK);
		return;
	}
	log_failure(engine, "engine.turn-refused", rc);
	if (count == 1)
		finish_all(engine, jobs, rc);
	else
		run_one_by_one(engine, jobs, now);
}

static enum chg_rc next_deadline(struct chg_engine *engine, size_t kind, chg_opt_instant *ret)
{
	struct chg_store *store = engine->store;
	return kind == WATCH_ONLINE ? store->books->next_deadline(store->self, ret)
				    : store->ops->next_deadline(store->self, ret);
}

static enum chg_rc expire(struct chg_engine *engine, size_t kind, struct chg_now now)
{
	struct chg_store *store = engine->store;
	uint32_t *closed = &engine->closed;
	return kind == WATCH_ONLINE
		       ? store->books->expire_due(
				 store->self, now, &engine->online->policy, EXPIRE_PER_TURN, closed)
		       : store->ops->expire_due(store->self, now, EXPIRE_PER_TURN, closed);
}

/* Closes sessions whose time is over; a transaction of its own, so that it refuses nobody. */
static void supervise(struct chg_engine *engine, size_t kind, struct chg_now now)
{
	struct chg_store *store = engine->store;
	struct watch *watch = &engine->watch[kind];
	if (!watch->is_known && next_deadline(engine, kind, &watch->deadline) != CHG_OK)
		return;
	watch->is_known = true;
	if (!watch->deadline.is_present || chg_instant_before(now.steady, watch->deadline.value))
		return;

	enum chg_rc rc = store->ops->begin(store->self);
	engine->closed = 0;
	if (rc == CHG_OK) {
		rc = expire(engine, kind, now);
		if (rc == CHG_OK)
			rc = commit(engine);
		else
			store->ops->rollback(store->self);
	}
	if (rc != CHG_OK) {
		log_failure(engine, "engine.supervision-refused", rc);
		return;
	}
	watch->is_known = false;
}

static enum chg_rc forget_some(struct chg_engine *engine, chg_instant before, uint32_t *forgotten)
{
	struct chg_store *store = engine->store;
	uint32_t answers = 0;
	enum chg_rc rc = store->ops->forget_seen(store->self, before, FORGET_PER_TURN, forgotten);
	if (rc == CHG_OK && engine->online != NULL)
		rc = store->books->forget_answers(store->self, before, FORGET_PER_TURN, &answers);
	if (answers > *forgotten)
		*forgotten = answers;
	return rc;
}

/* J-21: old keys go in small bites, so that no request waits for it. */
static void forget(struct chg_engine *engine, struct chg_now now)
{
	struct chg_store *store = engine->store;
	if (engine->config.seen_for.us == 0 || chg_instant_before(now.steady, engine->forget_at))
		return;
	engine->forget_at = chg_instant_add(now.steady, (chg_span){ FORGET_EVERY_US });

	chg_instant before = { now.wall.us - engine->config.seen_for.us };
	uint32_t forgotten = 0;
	enum chg_rc rc = store->ops->begin(store->self);
	engine->closed = 0;
	if (rc != CHG_OK)
		return;
	rc = forget_some(engine, before, &forgotten);
	if (rc != CHG_OK) {
		store->ops->rollback(store->self);
		return;
	}
	if (commit(engine) == CHG_OK && forgotten == FORGET_PER_TURN)
		engine->forget_at = now.steady; /* there is more */
}

void chg_engine_set_turn_done(struct chg_engine *engine, void (*turn_done)(void *self), void *self)
{
	pthread_mutex_lock(&engine->lock);
	engine->turn_done = turn_done;
	engine->turn_done_self = self;
	pthread_mutex_unlock(&engine->lock);
}

static void tell_turn_done(struct chg_engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	void (*turn_done)(void *self) = engine->turn_done;
	void *self = engine->turn_done_self;
	pthread_mutex_unlock(&engine->lock);
	if (turn_done != NULL)
		turn_done(self);
}

uint32_t chg_engine_turn(struct chg_engine *engine)
{
	uint32_t count;
	struct chg_job *jobs = take(engine, &count);
	struct chg_now now = engine->clock.now(engine->clock.self);
	if (engine->online != NULL)
		engine->tariff = engine->config.tariff_at(engine->config.tariff_self, now.wall);
	if (jobs != NULL) {
		run_batch(engine, jobs, count, now);
		tell_turn_done(engine);
	}
	supervise(engine, WATCH_OFFLINE, now);
	if (engine->online != NULL)
		supervise(engine, WATCH_ONLINE, now);
	forget(engine, now);
	chg_tally_tell(&engine->tally, now.steady);
	return count;
}

static struct timespec idle_until(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += IDLE_MS / 1000;
	return at;
}

/* Waits for work.  False when there is none and none will come. */
static bool wait_for_work(struct chg_engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	if (engine->first == NULL && !engine->is_draining) {
		struct timespec until = idle_until();
		int error = 0;
		engine->is_asleep = true;
		while (engine->first == NULL && !engine->is_draining && error != ETIMEDOUT)
			error = pthread_cond_timedwait(&engine->wake, &engine->lock, &until);
		engine->is_asleep = false;
	}
	bool goes_on = engine->first != NULL || !engine->is_draining;
	pthread_mutex_unlock(&engine->lock);
	return goes_on;
}

static void *engine_main(void *arg)
{
	struct chg_engine *engine = arg;
	while (wait_for_work(engine))
		chg_engine_turn(engine);
	return NULL;
}

enum chg_rc chg_engine_start(struct chg_engine *engine)
{
	assert(!engine->is_started);
	if (pthread_create(&engine->thread, NULL, engine_main, engine) != 0)
		return CHG_E_SYSTEM;
	pthread_setname_np(engine->thread, "engine");
	engine->is_started = true;
	return CHG_OK;
}

void chg_engine_drain(struct chg_engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	engine->is_draining = true;
	pthread_cond_signal(&engine->wake);
	pthread_mutex_unlock(&engine->lock);

	if (engine->is_started) {
		pthread_join(engine->thread, NULL);
		engine->is_started = false;
	}
	while (chg_engine_turn(engine) > 0)
		;
}

void chg_engine_free(struct chg_engine *engine)
{
	if (engine == NULL)
		return;
	chg_engine_drain(engine);
	pthread_cond_destroy(&engine->wake);
	pthread_mutex_destroy(&engine->lock);
	free(engine->online);
	free(engine);
}

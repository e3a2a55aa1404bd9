/* SPDX-License-Identifier: BSD-3-Clause
 * Sleeps until the engine's store asks, copies until little is left, and tells the engine by a job.
 */
#include "runtime/checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/log.h"
#include "store/sqlite/sqlite_checkpoint.h"
#include "store/sqlite/sqlite_store.h"

enum {
	LITTLE = 100,      /* pages that are left: another pass would save the engine nothing */
	FULL_REST_MS = 10, /* when the engine has no room for a job */
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

struct chg_checkpointer {
	struct chg_store *store;
	struct chg_engine *engine;
	struct chg_log log;
	struct chg_meters meters;
	pthread_t thread;
	struct chg_checkpoint *checkpoint; /* NULL: not open yet */
	enum chg_rc told;                  /* the failure that was logged last */
	uint64_t beginnings;               /* that were counted */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool is_stopping;
	bool is_wanted;
	bool is_telling; /* the engine has the job */
	bool is_told;    /* the job was done, and not refused with its turn */
	uint32_t carried;
	struct chg_job job;
	char path[];
};

static struct chg_checkpointer *checkpointer_of(struct chg_job *job)
{
	return (struct chg_checkpointer *)(void *)((char *)job -
						   offsetof(struct chg_checkpointer, job));
}

/* ---- On the engine's thread ---- */

static void wanted(void *self)
{
	struct chg_checkpointer *checkpointer = self;
	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_wanted = true;
	(void)pthread_cond_broadcast(&checkpointer->changed);
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

static enum chg_rc tell_store(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	struct chg_checkpointer *checkpointer = checkpointer_of(job);
	const struct chg_meters *meters = &checkpointer->meters;
	struct chg_checkpoint_look look;
	(void)now;
	chg_sqlite_checkpoint_told(store, checkpointer->carried, &look);
	meters->add(
		meters->self, CHG_METER_LOG_BEGINNINGS, look.beginnings - checkpointer->beginnings);
	checkpointer->beginnings = look.beginnings;
	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_told = true;
	(void)pthread_mutex_unlock(&checkpointer->lock);
	return CHG_OK;
}

static void told(struct chg_job *job)
{
	struct chg_checkpointer *checkpointer = checkpointer_of(job);
	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_telling = false;
	(void)pthread_cond_broadcast(&checkpointer->changed);
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

/* ---- The thread ---- */

/* Waits until the store asks; false when it is time to end. */
static bool wait_until_wanted(struct chg_checkpointer *checkpointer)
{
	(void)pthread_mutex_lock(&checkpointer->lock);
	while (!checkpointer->is_wanted && !checkpointer->is_stopping)
		(void)pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
	checkpointer->is_wanted = false;
	bool goes_on = !checkpointer->is_stopping;
	(void)pthread_mutex_unlock(&checkpointer->lock);
	return goes_on;
}

/* A failure that lasts is logged once. */
static void log_once(struct chg_checkpointer *checkpointer, enum chg_rc rc, const char *why)
{
	if (rc != CHG_OK && rc != checkpointer->told)
		chg_log_event(checkpointer->log, CHG_LOG_WARNING,
			"checkpoint.behind cause=%s cure=%s",
			why[0] == '\0' ? chg_rc_sentence(rc) : why,
			"nothing is lost, the log beside the database grows; it is tried again");
	if (rc == CHG_OK && checkpointer->told != CHG_OK)
		chg_log_event(checkpointer->log, CHG_LOG_NOTICE, "checkpoint.goes_on");
	checkpointer->told = rc;
}

/* One pass.  Somebody else who is at it is no failure. */
static enum chg_rc pass(struct chg_checkpointer *checkpointer, struct chg_checkpoint_progress *ret)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum chg_rc rc = CHG_OK;
	if (checkpointer->checkpoint == NULL)
		rc = chg_checkpoint_open(
			checkpointer->path, &checkpointer->checkpoint, why, sizeof why);
	if (rc == CHG_OK)
		rc = chg_checkpoint_pass(checkpointer->checkpoint, ret);
	if (rc != CHG_E_STORE_BUSY)
		log_once(checkpointer, rc, why);
	return rc;
}

/*
 * While one pass copies, the log grows: each of them leaves less, until it is little.  One that leaves
 * more than half of what the one before left gets nowhere: a reader holds the log, or the engine is
 * faster.  Returns how many pages of the log are in the database.
 */
static uint32_t carry(struct chg_checkpointer *checkpointer)
{
	struct chg_checkpoint_progress progress = { 0 };
	uint32_t left = UINT32_MAX, before;
	do {
		before = left;
		if (pass(checkpointer, &progress) != CHG_OK)
			return progress.carried;
		left = progress.pages - progress.carried;
		checkpointer->meters.set(checkpointer->meters.self, CHG_METER_LOG_PAGES, left);
	} while (left > LITTLE && left < before / 2);
	return progress.carried;
}

/* Waits a little; the lock is held. */
static void rest(struct chg_checkpointer *checkpointer)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += FULL_REST_MS * NS_PER_MS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	(void)pthread_cond_timedwait(&checkpointer->changed, &checkpointer->lock, &until);
}

/*
 * Gives the engine the job and waits for its end; the lock is held.  CHG_E_BUSY: there is no room for
 * it, or its turn was refused before its turn came.
 */
static enum chg_rc try_to_tell(struct chg_checkpointer *checkpointer, uint32_t carried)
{
	checkpointer->is_telling = true;
	checkpointer->is_told = false;
	checkpointer->carried = carried;
	checkpointer->job = (struct chg_job){
		.magic = CHG_JOB_MAGIC, .kind = CHG_JOB_CALL, .call = tell_store, .done = told
	};
	(void)pthread_mutex_unlock(&checkpointer->lock);
	enum chg_rc rc = chg_engine_submit(checkpointer->engine, &checkpointer->job);
	(void)pthread_mutex_lock(&checkpointer->lock);
	if (rc != CHG_OK) {
		checkpointer->is_telling = false;
		return rc;
	}
	while (checkpointer->is_telling)
		(void)pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
	return checkpointer->is_told ? CHG_OK : CHG_E_BUSY;
}

/*
 * Has the job done: a store that is not told never asks again, and its log grows for ever.  An engine
 * that drains takes none, and needs none.
 */
static void tell(struct chg_checkpointer *checkpointer, uint32_t carried)
{
	enum chg_rc rc = CHG_E_BUSY;
	(void)pthread_mutex_lock(&checkpointer->lock);
	while (rc == CHG_E_BUSY && !checkpointer->is_stopping) {
		rc = try_to_tell(checkpointer, carried);
		if (rc == CHG_E_BUSY)
			rest(checkpointer);
	}
	(void)pthread_mutex_unlock(&checkpointer->lock);
}

static void *run(void *arg)
{
	struct chg_checkpointer *checkpointer = arg;
	while (wait_until_wanted(checkpointer))
		tell(checkpointer, carry(checkpointer));
	chg_checkpoint_close(checkpointer->checkpoint);
	return NULL;
}

/* ---- Begin and end ---- */

static bool init_locks(struct chg_checkpointer *checkpointer)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool is_fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(&checkpointer->changed, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return is_fine && pthread_mutex_init(&checkpointer->lock, NULL) == 0;
}

/* Signals are for the threads of whoever hosts us. */
static bool start_thread(struct chg_checkpointer *checkpointer)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	bool is_started = pthread_create(&checkpointer->thread, NULL, run, checkpointer) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (is_started)
		(void)pthread_setname_np(checkpointer->thread, "checkpoint");
	return is_started;
}

enum chg_rc chg_checkpointer_start(const char *path, struct chg_store *store,
	struct chg_engine *engine, struct chg_log log, struct chg_meters meters,
	struct chg_checkpointer **ret)
{
	size_t size = strlen(path) + 1;
	struct chg_checkpointer *checkpointer = calloc(1, sizeof *checkpointer + size);
	if (checkpointer == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(checkpointer->path, path, size);
	checkpointer->store = store;
	checkpointer->engine = engine;
	checkpointer->log = log;
	checkpointer->meters = meters;
	if (!init_locks(checkpointer) || !start_thread(checkpointer)) {
		free(checkpointer);
		return CHG_E_SYSTEM;
	}
	chg_sqlite_checkpoint_by(store, wanted, checkpointer);
	*ret = checkpointer;
	return CHG_OK;
}

/* Nothing runs on the engine any more, so the store is ours to be told. */
void chg_checkpointer_stop(struct chg_checkpointer *checkpointer)
{
	if (checkpointer == NULL)
		return;
	chg_sqlite_checkpoint_by(checkpointer->store, NULL, NULL);
	(void)pthread_mutex_lock(&checkpointer->lock);
	checkpointer->is_stopping = true;
	(void)pthread_cond_broadcast(&checkpointer->changed);
	(void)pthread_mutex_unlock(&checkpointer->lock);
	(void)pthread_join(checkpointer->thread, NULL);
	(void)pthread_cond_destroy(&checkpointer->changed);
	(void)pthread_mutex_destroy(&checkpointer->lock);
	free(checkpointer);
}

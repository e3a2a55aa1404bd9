/* SPDX-License-Identifier: BSD-3-Clause
 * The indexer's thread: steps while there is work, waits a little when there is none.
 */
#include "runtime/indexer.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/log.h"
#include "store/sqlite/sqlite_search.h"
#include "store/sqlite/sqlite_store.h"

enum {
	IDLE_MS = 500,    /* between two looks when nothing was to do */
	RETRY_MS = 10000, /* after a failure */
	SETTLE_MAX = 256, /* rows in one transaction of the engine, which has better things to do */
};

struct chg_indexer {
	struct chg_engine *engine;
	struct chg_log log;
	struct chg_meters meters;
	pthread_t thread;
	struct chg_search_indexer *search; /* NULL: not open yet */
	enum chg_rc told;                  /* the failure that was logged last */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool is_stopping;
	bool is_woken;    /* something may be left to ask the engine for */
	bool is_settling; /* the engine has the job */
	int64_t settle_below;
	struct chg_job job;
	char path[];
};

static struct chg_indexer *indexer_of(struct chg_job *job)
{
	return (struct chg_indexer *)(void *)((char *)job - offsetof(struct chg_indexer, job));
}

/* ---- What the engine does for us ---- */

static enum chg_rc settle(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	(void)now;
	return chg_search_settle(store, indexer_of(job)->settle_below, SETTLE_MAX);
}

/* Whatever came of it: the next step tells what is left to do. */
static void settled(struct chg_job *job)
{
	struct chg_indexer *indexer = indexer_of(job);
	(void)pthread_mutex_lock(&indexer->lock);
	indexer->is_settling = false;
	indexer->is_woken = true;
	(void)pthread_cond_broadcast(&indexer->changed);
	(void)pthread_mutex_unlock(&indexer->lock);
}

/* One job at a time; an engine that is busy or draining is asked again later, or not. */
static void ask_to_settle(struct chg_indexer *indexer, int64_t below)
{
	(void)pthread_mutex_lock(&indexer->lock);
	bool is_free = !indexer->is_settling && !indexer->is_stopping;
	if (is_free) {
		indexer->is_settling = true;
		indexer->settle_below = below;
		indexer->job = (struct chg_job){ .magic = CHG_JOB_MAGIC,
			.kind = CHG_JOB_CALL,
			.call = settle,
			.done = settled };
	}
	(void)pthread_mutex_unlock(&indexer->lock);
	if (!is_free || chg_engine_submit(indexer->engine, &indexer->job) == CHG_OK)
		return;
	(void)pthread_mutex_lock(&indexer->lock);
	indexer->is_settling = false;
	(void)pthread_mutex_unlock(&indexer->lock);
}

/* ---- The thread ---- */

/* Waits; false when it is time to end. */
static bool rest(struct chg_indexer *indexer, int ms)
{
	struct timespec until;
	int error = 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * INT64_C(1000000);
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	(void)pthread_mutex_lock(&indexer->lock);
	while (ms > 0 && !indexer->is_stopping && !indexer->is_woken && error == 0)
		error = pthread_cond_timedwait(&indexer->changed, &indexer->lock, &until);
	bool goes_on = !indexer->is_stopping;
	indexer->is_woken = false;
	(void)pthread_mutex_unlock(&indexer->lock);
	return goes_on;
}

/* A failure that lasts is told once. */
static void tell(struct chg_indexer *indexer, enum chg_rc rc, const char *why)
{
	if (rc != CHG_OK && rc != indexer->told)
		chg_log_event(indexer->log, CHG_LOG_WARNING, "search.behind cause=%s cure=%s",
			why[0] == '\0' ? chg_rc_sentence(rc) : why,
			"records are found all the same, only slower; it is tried again");
	if (rc == CHG_OK && indexer->told != CHG_OK)
		chg_log_event(indexer->log, CHG_LOG_NOTICE, "search.goes_on");
	indexer->told = rc;
}

/* Returns how long to wait before the next step, ms. */
static int step(struct chg_indexer *indexer)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	struct chg_search_progress progress = { 0 };
	enum chg_rc rc = CHG_OK;
	if (indexer->search == NULL)
		rc = chg_search_indexer_open(
			indexer->path, CHG_SEARCH_RUN_RECORDS, &indexer->search, why, sizeof why);
	if (rc == CHG_OK)
		rc = chg_search_indexer_step(indexer->search, &progress);
	tell(indexer, rc, why);
	if (rc != CHG_OK)
		return RETRY_MS;
	if (progress.was_begun_anew)
		chg_log_event(indexer->log, CHG_LOG_NOTICE, "search.begun_anew records=%" PRIu64,
			progress.waiting);
	indexer->meters.set(indexer->meters.self, CHG_METER_RECORDS_UNINDEXED, progress.waiting);
	if (progress.settled_below > 0)
		ask_to_settle(indexer, progress.settled_below);
	return progress.has_more ? 0 : IDLE_MS;
}

/* SCHED_IDLE: whoever else wants to run, runs at once.  Where that is refused, it is a pity. */
static void *run(void *arg)
{
	struct chg_indexer *indexer = arg;
	const struct sched_param param = { 0 };
	(void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &param);
	(void)pthread_setname_np(pthread_self(), "indexer");
	while (rest(indexer, step(indexer)))
		continue;
	chg_search_indexer_close(indexer->search);
	return NULL;
}

/* ---- Begin and end ---- */

static bool init_locks(struct chg_indexer *indexer)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool is_fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(&indexer->changed, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return is_fine && pthread_mutex_init(&indexer->lock, NULL) == 0;
}

/* Signals are for the threads of whoever hosts us. */
static bool start_thread(struct chg_indexer *indexer)
{
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	bool is_started = pthread_create(&indexer->thread, NULL, run, indexer) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started;
}

enum chg_rc chg_indexer_start(const char *path, struct chg_engine *engine, struct chg_log log,
	struct chg_meters meters, struct chg_indexer **ret)
{
	size_t size = strlen(path) + 1;
	struct chg_indexer *indexer = calloc(1, sizeof *indexer + size);
	if (indexer == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(indexer->path, path, size);
	indexer->engine = engine;
	indexer->log = log;
	indexer->meters = meters;
	if (!init_locks(indexer) || !start_thread(indexer)) {
		free(indexer);
		return CHG_E_SYSTEM;
	}
	*ret = indexer;
	return CHG_OK;
}

void chg_indexer_stop(struct chg_indexer *indexer)
{
	if (indexer == NULL)
		return;
	(void)pthread_mutex_lock(&indexer->lock);
	indexer->is_stopping = true;
	(void)pthread_cond_broadcast(&indexer->changed);
	(void)pthread_mutex_unlock(&indexer->lock);
	(void)pthread_join(indexer->thread, NULL);
	(void)pthread_mutex_lock(&indexer->lock);
	while (indexer->is_settling)
		(void)pthread_cond_wait(&indexer->changed, &indexer->lock);
	(void)pthread_mutex_unlock(&indexer->lock);
	(void)pthread_cond_destroy(&indexer->changed);
	(void)pthread_mutex_destroy(&indexer->lock);
	free(indexer);
}

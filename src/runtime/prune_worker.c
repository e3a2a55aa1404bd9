/* SPDX-License-Identifier: BSD-3-Clause
 * Bites adapt themselves: each is to take the engine about a millisecond, and is followed by a rest of
 * many times that while others want the engine too.
 */
#include "runtime/prune_worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/log.h"
#include "runtime/meter.h"

enum {
	BITE_FIRST = 16,
	BITE_MAX = 512,
	BITE_LONG_US = 1000, /* a bite that took longer is followed by a smaller one */
	REST_BUSY = 9,       /* rests as long as so many bites, while others want the engine */
	REST_IDLE = 1,
	REST_MIN_US = 500,
	REST_FULL_US = 50000, /* when the engine has no room */
	REST_MAX_US = 250000,
	LOOK_S = 1,
	FIRST_RUN_S = 60,
	EVERY_S = 3600,
	NICENESS = 10,
};

#define NS_PER_US     1000
#define SECONDS_A_DAY 86400

/* A bite on its way through the engine. */
struct bite {
	struct chg_job job;
	struct chg_prune_worker *worker;
	const struct chg_archive_line *archive;
	const struct chg_cdr_stamp *stamp;
	size_t count;
	uint32_t removed;
	int64_t took_us;
	bool is_done;
};

struct chg_prune_worker {
	struct chg_prune_worker_config config;
	char database[CHG_ARCHIVE_PATH_MAX];
	char folder[CHG_ARCHIVE_PATH_MAX];
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool is_ending;
	bool must_stop; /* the run that is on its way */
	bool is_wanted; /* a run is to begin */
	chg_instant wanted_before;
	struct chg_prune_status status;

	/* Of the thread alone. */
	chg_instant next_at; /* by the steady clock */
	size_t bite_count;
	uint64_t commits;
	struct chg_prune_progress told; /* what the counters know */
};

static int64_t now_us(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * CHG_US_PER_S + now.tv_nsec / NS_PER_US;
}

/* Waits for a change or a time; the lock is held. */
static void wait_us(struct chg_prune_worker *worker, int64_t us)
{
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + us % CHG_US_PER_S * NS_PER_US;
	until.tv_sec += us / CHG_US_PER_S + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	(void)pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
}

/* False: the run is to end. */
static bool rest(struct chg_prune_worker *worker, int64_t us)
{
	int64_t until = now_us() + us;
	(void)pthread_mutex_lock(&worker->lock);
	for (int64_t left = us; left > 0 && !worker->must_stop && !worker->is_ending;
		left = until - now_us())
		wait_us(worker, left);
	bool goes_on = !worker->must_stop && !worker->is_ending;
	(void)pthread_mutex_unlock(&worker->lock);
	return goes_on;
}

static struct bite *bite_of(struct chg_job *job)
{
	return (struct bite *)(void *)((char *)job - offsetof(struct bite, job));
}

static enum chg_rc bite_call(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	struct bite *bite = bite_of(job);
	int64_t begun = now_us();
	(void)now;
	enum chg_rc rc = store->ops->remove_archived(
		store->self, bite->archive, bite->stamp, bite->count, &bite->removed);
	bite->took_us = now_us() - begun;
	return rc;
}

static void bite_done(struct chg_job *job)
{
	struct bite *bite = bite_of(job);
	(void)pthread_mutex_lock(&bite->worker->lock);
	bite->is_done = true;
	(void)pthread_cond_broadcast(&bite->worker->changed);
	(void)pthread_mutex_unlock(&bite->worker->lock);
}

/* The engine finishes whatever it took, also while it drains, so that nobody waits for ever. */
static void wait_for_bite(struct bite *bite)
{
	(void)pthread_mutex_lock(&bite->worker->lock);
	while (!bite->is_done)
		(void)pthread_cond_wait(&bite->worker->changed, &bite->worker->lock);
	(void)pthread_mutex_unlock(&bite->worker->lock);
}

/* Whether the engine did something for others since the last bite. */
static bool is_engine_wanted(struct chg_prune_worker *worker)
{
	uint64_t commits = chg_meter_value(CHG_METER_COMMITS);
	bool is_wanted = commits > worker->commits + 1;
	worker->commits = commits;
	return is_wanted;
}

static bool rest_after(struct chg_prune_worker *worker, int64_t took_us)
{
	int64_t us = took_us * (is_engine_wanted(worker) ? REST_BUSY : REST_IDLE) + REST_MIN_US;
	if (took_us > BITE_LONG_US && worker->bite_count > 1)
		worker->bite_count /= 2;
	else if (took_us < BITE_LONG_US / 2 && worker->bite_count < BITE_MAX)
		worker->bite_count += worker->bite_count / 4 + 1;
	return rest(worker, us < REST_MAX_US ? us : REST_MAX_US);
}

static enum chg_rc take_bite(struct chg_prune_worker *worker, struct bite *bite)
{
	bite->is_done = false;
	bite->job = (struct chg_job){
		.magic = CHG_JOB_MAGIC, .kind = CHG_JOB_CALL, .call = bite_call, .done = bite_done
	};
	enum chg_rc rc = chg_engine_submit(worker->config.engine, &bite->job);
	if (rc != CHG_OK)
		return rc;
	wait_for_bite(bite);
	return bite->job.rc;
}

static enum chg_rc remove_chunk(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint64_t *ret_removed)
{
	struct chg_prune_worker *worker = self;
	struct bite *bite = calloc(1, sizeof *bite);
	enum chg_rc rc = bite == NULL ? CHG_E_NO_MEMORY : CHG_OK;
	*ret_removed = 0;
	for (size_t at = 0; rc == CHG_OK && at < count;) {
		size_t left = count - at;
		bite->worker = worker;
		bite->archive = archive;
		bite->stamp = stamp + at;
		bite->count = left < worker->bite_count ? left : worker->bite_count;
		rc = take_bite(worker, bite);
		if (rc == CHG_E_BUSY || rc == CHG_E_STORE_BUSY) {
			rc = rest(worker, REST_FULL_US) ? CHG_OK : CHG_E_CLOSED;
			continue;
		}
		if (rc != CHG_OK)
			break;
		at += bite->count;
		*ret_removed += bite->removed;
		if (!rest_after(worker, bite->took_us) && at < count)
			rc = CHG_E_CLOSED;
	}
	free(bite);
	return rc;
}

static void count_up(struct chg_prune_worker *worker, const struct chg_prune_progress *now)
{
	const struct chg_meters *meters = &worker->config.meters;
	meters->add(
		meters->self, CHG_METER_RECORDS_ARCHIVED, now->archived - worker->told.archived);
	meters->add(meters->self, CHG_METER_RECORDS_PRUNED, now->removed - worker->told.removed);
	meters->add(meters->self, CHG_METER_ARCHIVE_OCTETS, now->octets - worker->told.octets);
	worker->told = *now;
}

static bool tell(void *self, const struct chg_prune_progress *progress)
{
	struct chg_prune_worker *worker = self;
	count_up(worker, progress);
	(void)pthread_mutex_lock(&worker->lock);
	worker->status.progress = *progress;
	bool goes_on = !worker->must_stop && !worker->is_ending;
	(void)pthread_mutex_unlock(&worker->lock);
	return goes_on;
}

static void complain(void *self, const char *why)
{
	const struct chg_prune_worker *worker = self;
	chg_log_event(worker->config.log, CHG_LOG_WARNING, "prune.damaged cause=%s", why);
}

static bool has_failed(enum chg_rc rc)
{
	return rc != CHG_OK && rc != CHG_E_CLOSED;
}

static void log_end(struct chg_prune_worker *worker, const struct chg_prune_progress *progress,
	enum chg_rc rc, const char *why)
{
	if (has_failed(rc))
		chg_log_event(worker->config.log, CHG_LOG_ERROR,
			"prune.failed removed=%" PRIu64 " rc=%s cause=%s", progress->removed,
			chg_rc_name(rc), why);
	else if (progress->removed > 0)
		chg_log_event(worker->config.log, CHG_LOG_NOTICE,
			"prune.done removed=%" PRIu64 " archived=%" PRIu64 " kept=%" PRIu64
			" archive_bytes=%" PRIu64 " stopped=%s",
			progress->removed, progress->archived, progress->kept, progress->octets,
			rc == CHG_OK ? "no" : "yes");
}

static void run(struct chg_prune_worker *worker, chg_instant before)
{
	struct chg_prune_progress progress;
	char why[CHG_ARCHIVE_WHY_MAX] = "";
	const struct chg_prune prune = { .database = worker->database,
		.folder = worker->folder,
		.owner = worker->config.owner,
		.now = worker->config.clock.now(worker->config.clock.self).wall,
		.closed_before = before,
		.remove = remove_chunk,
		.tell = tell,
		.complain = complain,
		.self = worker };
	worker->told = (struct chg_prune_progress){ 0 };
	worker->bite_count = BITE_FIRST;
	enum chg_rc rc = chg_prune_run(&prune, &progress, why, sizeof why);
	count_up(worker, &progress);
	worker->config.meters.add(
		worker->config.meters.self, CHG_METER_PRUNE_FAILURES, has_failed(rc));
	log_end(worker, &progress, rc, why);
	(void)pthread_mutex_lock(&worker->lock);
	worker->status.progress = progress;
	worker->status.rc = rc;
	(void)snprintf(
		worker->status.why, sizeof worker->status.why, "%.*s", CHG_PRUNE_WHY_MAX - 1, why);
	worker->status.is_running = false;
	worker->status.runs++;
	worker->must_stop = false;
	(void)pthread_cond_broadcast(&worker->changed);
	(void)pthread_mutex_unlock(&worker->lock);
}

/* Whether a run is due by the clock, and then for which records.  The lock is held. */
static bool is_due(struct chg_prune_worker *worker, chg_instant *ret_before)
{
	struct chg_now now = worker->config.clock.now(worker->config.clock.self);
	chg_span keep = chg_span_s((int64_t)worker->config.keep_days * SECONDS_A_DAY);
	if (worker->config.keep_days == 0 || chg_instant_before(now.steady, worker->next_at))
		return false;
	worker->next_at = chg_instant_add(now.steady, chg_span_s(EVERY_S));
	*ret_before = (chg_instant){ now.wall.us - keep.us };
	return true;
}

/* False: the thread is to end. */
static bool wait_for_work(struct chg_prune_worker *worker, chg_instant *ret_before)
{
	(void)pthread_mutex_lock(&worker->lock);
	bool has_work = false;
	while (!worker->is_ending && !has_work) {
		if (worker->is_wanted) {
			*ret_before = worker->wanted_before;
			has_work = true;
		} else {
			has_work = is_due(worker, ret_before);
		}
		if (!has_work)
			wait_us(worker, LOOK_S * CHG_US_PER_S);
	}
	worker->is_wanted = false;
	worker->status.is_running = has_work && !worker->is_ending;
	bool goes_on = !worker->is_ending;
	(void)pthread_mutex_unlock(&worker->lock);
	return goes_on;
}

static void *worker_main(void *arg)
{
	struct chg_prune_worker *worker = arg;
	chg_instant before = { 0 };
	/* Packing takes what charging leaves over. */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
	while (wait_for_work(worker, &before))
		run(worker, before);
	return NULL;
}

static bool init_lock(struct chg_prune_worker *worker)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool is_fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(&worker->changed, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return is_fine && pthread_mutex_init(&worker->lock, NULL) == 0;
}

/* Signals are for the threads of whoever hosts us. */
static bool start_thread(struct chg_prune_worker *worker)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&worker->thread, NULL, worker_main, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		(void)pthread_setname_np(worker->thread, "prune");
	return error == 0;
}

enum chg_rc chg_prune_worker_start(
	const struct chg_prune_worker_config *config, struct chg_prune_worker **ret)
{
	struct chg_prune_worker *worker = calloc(1, sizeof *worker);
	if (worker == NULL)
		return CHG_E_NO_MEMORY;
	worker->config = *config;
	(void)snprintf(worker->database, sizeof worker->database, "%s", config->database);
	(void)snprintf(worker->folder, sizeof worker->folder, "%s", config->folder);
	worker->next_at = chg_instant_add(
		config->clock.now(config->clock.self).steady, chg_span_s(FIRST_RUN_S));
	if (!init_lock(worker) || !start_thread(worker)) {
		free(worker);
		return CHG_E_SYSTEM;
	}
	*ret = worker;
	return CHG_OK;
}

enum chg_rc chg_prune_worker_begin(struct chg_prune_worker *worker, chg_instant closed_before)
{
	(void)pthread_mutex_lock(&worker->lock);
	bool is_free = !worker->status.is_running && !worker->is_wanted;
	if (is_free) {
		worker->is_wanted = true;
		worker->must_stop = false;
		worker->wanted_before = closed_before;
		worker->status.is_running = true;
		worker->status.progress = (struct chg_prune_progress){ 0 };
		(void)pthread_cond_broadcast(&worker->changed);
	}
	(void)pthread_mutex_unlock(&worker->lock);
	return is_free ? CHG_OK : CHG_E_BUSY;
}

void chg_prune_worker_stop(struct chg_prune_worker *worker)
{
	(void)pthread_mutex_lock(&worker->lock);
	worker->must_stop = worker->status.is_running;
	(void)pthread_cond_broadcast(&worker->changed);
	(void)pthread_mutex_unlock(&worker->lock);
}

void chg_prune_worker_status(struct chg_prune_worker *worker, struct chg_prune_status *ret)
{
	(void)pthread_mutex_lock(&worker->lock);
	*ret = worker->status;
	(void)pthread_mutex_unlock(&worker->lock);
}

void chg_prune_worker_wait(struct chg_prune_worker *worker, uint64_t runs)
{
	(void)pthread_mutex_lock(&worker->lock);
	(void)pthread_cond_broadcast(&worker->changed);
	while (worker->status.runs < runs)
		(void)pthread_cond_wait(&worker->changed, &worker->lock);
	(void)pthread_mutex_unlock(&worker->lock);
}

void chg_prune_worker_free(struct chg_prune_worker *worker)
{
	if (worker == NULL)
		return;
	(void)pthread_mutex_lock(&worker->lock);
	worker->is_ending = true;
	(void)pthread_cond_broadcast(&worker->changed);
	(void)pthread_mutex_unlock(&worker->lock);
	(void)pthread_join(worker->thread, NULL);
	(void)pthread_cond_destroy(&worker->changed);
	(void)pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * An operator's change on its way through the engine, and the one who waits for it.
 */
#include "runtime/control.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define MS_PER_S  1000
#define NS_PER_MS 1000000
#define NS_PER_S  INT64_C(1000000000)

/* Belongs to two: the waiting thread and the engine.  The last of them to leave frees it. */
struct change {
	struct chg_job job;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	bool is_finished;
	bool is_abandoned;
	chg_control_work *work;
	json_t *request;
	json_t *reply;
};

static struct change *change_of(struct chg_job *job)
{
	return (struct change *)(void *)((char *)job - offsetof(struct change, job));
}

static void free_change(struct change *change)
{
	json_decref(change->request);
	json_decref(change->reply);
	(void)pthread_cond_destroy(&change->finished);
	(void)pthread_mutex_destroy(&change->lock);
	free(change);
}

static enum chg_rc run(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	struct change *change = change_of(job);
	return change->work(change->request, change->reply, store, now);
}

static void finish(struct chg_job *job)
{
	struct change *change = change_of(job);
	(void)pthread_mutex_lock(&change->lock);
	change->is_finished = true;
	bool is_abandoned = change->is_abandoned;
	(void)pthread_cond_signal(&change->finished);
	(void)pthread_mutex_unlock(&change->lock);
	if (is_abandoned)
		free_change(change);
}

static bool init_finished(pthread_cond_t *finished)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool is_fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(finished, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return is_fine;
}

static struct change *make_change(chg_control_work *work, json_t *request)
{
	struct change *change = calloc(1, sizeof *change);
	/* A copy: reference counts of what both threads hold would have to be atomic. */
	json_t *copy = json_deep_copy(request);
	json_t *reply = json_object();
	if (change == NULL || copy == NULL || reply == NULL || !init_finished(&change->finished)) {
		json_decref(copy);
		json_decref(reply);
		free(change);
		return NULL;
	}
	(void)pthread_mutex_init(&change->lock, NULL);
	change->job = (struct chg_job){
		.magic = CHG_JOB_MAGIC, .kind = CHG_JOB_CALL, .call = run, .done = finish
	};
	change->work = work;
	change->request = copy;
	change->reply = reply;
	return change;
}

/* True when the work came to its end in time; otherwise the engine owns the change alone. */
static bool wait_for(struct change *change, unsigned wait_ms)
{
	struct timespec until;
	int error = 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ms = wait_ms != 0 ? wait_ms : (int64_t)CHG_CONTROL_CALL_WAIT_S * MS_PER_S;
	int64_t ns = until.tv_nsec + ms % MS_PER_S * NS_PER_MS;
	until.tv_sec += ms / MS_PER_S + ns / NS_PER_S;
	until.tv_nsec = ns % NS_PER_S;
	(void)pthread_mutex_lock(&change->lock);
	while (!change->is_finished && error == 0)
		error = pthread_cond_timedwait(&change->finished, &change->lock, &until);
	bool is_finished = change->is_finished;
	change->is_abandoned = !is_finished;
	(void)pthread_mutex_unlock(&change->lock);
	return is_finished;
}

enum chg_rc chg_control_change(struct chg_engine *engine, chg_control_work *work, unsigned wait_ms,
	json_t *request, json_t *reply)
{
	struct change *change = make_change(work, request);
	if (change == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_engine_submit(engine, &change->job);
	if (rc != CHG_OK) {
		free_change(change);
		return rc;
	}
	if (!wait_for(change, wait_ms)) {
		(void)json_object_set_new(reply, "why",
			json_string("the store is slow: the change is accepted and not done yet; "
				    "look later whether it is there"));
		return CHG_E_BUSY;
	}
	rc = change->job.rc;
	(void)json_object_update(reply, change->reply);
	free_change(change);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The one writer: takes all that waits, one transaction, one commit, then the answers.
 */
#ifndef CHG_APP_ENGINE_H
#define CHG_APP_ENGINE_H

#include "app/job.h"
#include "port/clock.h"
#include "port/log.h"
#include "port/meter.h"

struct chg_engine;

struct chg_engine_config {
	uint32_t queue_max; /* jobs that may wait; the next one is refused */
	uint32_t batch_max; /* jobs in one transaction */
	struct chg_acct_policy offline;
	struct chg_cc_policy online;
	/* The tariff in force, NULL when there is none; called on the engine's thread, once a turn. */
	const struct chg_tariff *(*tariff_at)(void *self, chg_instant now);
	void *tariff_self; /* a NULL tariff_at: CH-2 is not served */
	chg_span seen_for; /* how long duplicates are remembered; 0 for ever (J-21) */
};

/*
 * Makes an engine that is not running.  The engine borrows store, clock, log and meters, which
 * must outlive it.
 *
 *   CHG_E_NO_MEMORY  no memory
 *   CHG_E_SYSTEM     no lock or condition could be made
 */
enum chg_rc chg_engine_create(const struct chg_engine_config *config, struct chg_store *store,
	struct chg_clock clock, struct chg_log log, struct chg_meters meters,
	struct chg_engine **ret);

/*
 * Gives a job to the engine.  From any thread; does not block.
 *
 *   CHG_OK        the job is the engine's until its done is called
 *   CHG_E_BUSY    the queue is full; the job is still the caller's
 *   CHG_E_CLOSED  the engine is draining; the job is still the caller's
 */
enum chg_rc chg_engine_submit(struct chg_engine *engine, struct chg_job *job);

/* What waits for the engine at this moment. */
struct chg_engine_backlog {
	uint32_t jobs;
	chg_span oldest; /* how long the oldest of them has waited; 0 when none waits */
};

/* From any thread. */
void chg_engine_backlog(struct chg_engine *engine, struct chg_engine_backlog *ret);

/*
 * Has `turn_done` called on the engine's thread after the last done of each turn that finished jobs,
 * so that answers can leave together.  It must not block.  From any thread; NULL: nothing is called.
 */
void chg_engine_set_turn_done(struct chg_engine *engine, void (*turn_done)(void *self), void *self);

/*
 * One turn on the calling thread: all that waits (at most batch_max), supervision that is due, one
 * commit, every done.  For tests and for the engine's own thread; never call it while started.
 * Returns the number of jobs finished.
 *
 * When the transaction fails, nothing of it is kept and each job is tried again in a transaction of
 * its own, so that one poisonous request cannot refuse its neighbours.
 */
uint32_t chg_engine_turn(struct chg_engine *engine);

/* Starts the engine's thread.  CHG_E_SYSTEM: the thread could not be made. */
enum chg_rc chg_engine_start(struct chg_engine *engine);

/* Takes no more jobs, finishes those that wait, stops the thread.  Idempotent. */
void chg_engine_drain(struct chg_engine *engine);

/* Drains, then frees.  NULL is fine. */
void chg_engine_free(struct chg_engine *engine);

#endif

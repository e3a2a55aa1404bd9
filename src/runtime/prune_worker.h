/* SPDX-License-Identifier: BSD-3-Clause
 * The thread of a node that moves old records into archives: every hour when records are kept for a
 * time only, and when an operator asks for it.  It reads by itself; what it removes it removes through
 * the engine, in bites so small and so far apart that requests hardly notice.
 */
#ifndef CHG_RUNTIME_PRUNE_WORKER_H
#define CHG_RUNTIME_PRUNE_WORKER_H

#include "app/engine.h"
#include "runtime/prune.h"

struct chg_prune_worker;

struct chg_prune_worker_config {
	const char *database;
	const char *folder;
	uint32_t owner;     /* own Origin-State-Id */
	uint32_t keep_days; /* 0: only when asked for */
	struct chg_engine *engine;
	struct chg_clock clock;
	struct chg_log log;
	struct chg_meters meters;
};

struct chg_prune_status {
	bool is_running;
	uint64_t runs;                      /* that came to an end */
	struct chg_prune_progress progress; /* of the run, or of the last one */
	enum chg_rc rc;                     /* of the last one */
	char why[CHG_PRUNE_WHY_MAX];
};

/*
 * Starts the thread; the first run of keep_days comes after a minute.  Texts are copied, the rest is
 * borrowed.
 *
 *   CHG_E_NO_MEMORY, CHG_E_SYSTEM
 */
enum chg_rc chg_prune_worker_start(
	const struct chg_prune_worker_config *config, struct chg_prune_worker **ret);

/*
 * Begins a run.  CHG_E_BUSY: one is on its way.
 */
enum chg_rc chg_prune_worker_begin(struct chg_prune_worker *worker, chg_instant closed_before);

/* Ends a run that is on its way after the present bite; a later one finishes it. */
void chg_prune_worker_stop(struct chg_prune_worker *worker);

void chg_prune_worker_status(struct chg_prune_worker *worker, struct chg_prune_status *ret);

/* Looks at the clock now, and returns when so many runs came to an end.  For tests. */
void chg_prune_worker_wait(struct chg_prune_worker *worker, uint64_t runs);

/* Ends run and thread, then frees.  NULL is fine.  The engine must still be there, drained or not. */
void chg_prune_worker_free(struct chg_prune_worker *worker);

#endif

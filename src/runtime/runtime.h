/* SPDX-License-Identifier: BSD-3-Clause
 * What a process has once, whichever extension comes first: configuration, store, engine, control.
 *
 * Counted, because freeDiameter ends extensions in the order in which it loaded them: whoever is
 * loaded first must not own what the others still use.
 */
#ifndef CHG_RUNTIME_RUNTIME_H
#define CHG_RUNTIME_RUNTIME_H

#include "app/engine.h"
#include "port/meter.h"
#include "runtime/config.h"

struct chg_prune_worker;
struct chg_runtime;
struct chg_tariff_shelf;

enum {
	CHG_RUNTIME_WHY_MAX = 4096, /* room for the faults that a person makes in one file */
};

/*
 * Gives the runtime of this process and makes it if there is none.
 *
 *   config_path  charging.yaml; NULL joins the runtime that is there, whatever its file is
 *   log          where lines go that pass log.level.  Only the first caller's counts; it must be
 *                good until the last release, or until another one is installed.
 *
 *   CHG_E_UNKNOWN    config_path is NULL and there is no runtime to join
 *   CHG_E_CONFIG     the file is not acceptable, or the runtime that is there has another one
 *   CHG_E_SYSTEM     the file, the control socket or a thread
 *   CHG_E_STORE...   the store cannot be opened
 *   CHG_E_NO_MEMORY  no memory
 * reterr_why says it in words, a line for each fault of a configuration; what finds no room is
 * counted.
 */
enum chg_rc chg_runtime_acquire(const char *config_path, struct chg_log log,
	struct chg_runtime **ret, char *reterr_why, size_t why_size);

/* The last one drains and closes everything.  NULL is fine. */
void chg_runtime_release(struct chg_runtime *runtime);

/* What moves old records into archives; NULL for a store without a file. */
struct chg_prune_worker *chg_runtime_pruner(struct chg_runtime *runtime);

/* All valid until the release that belongs to the caller's acquire; from any thread. */
struct chg_engine *chg_runtime_engine(struct chg_runtime *runtime);
const struct chg_config *chg_runtime_config(const struct chg_runtime *runtime);
struct chg_meters chg_runtime_meters(const struct chg_runtime *runtime);
struct chg_log chg_runtime_log(struct chg_runtime *runtime);
struct chg_tariff_shelf *chg_runtime_tariffs(struct chg_runtime *runtime);
struct chg_now chg_runtime_now(const struct chg_runtime *runtime);

/* Our own Origin-State-Id: kept by the store, so that a restart which loses nothing keeps it. */
uint32_t chg_runtime_state_id(const struct chg_runtime *runtime);

/* Replaces the writer of the log, as chg_log_sink_install. */
void chg_runtime_set_log(struct chg_runtime *runtime, struct chg_log log);

/* The node is known under this name and serves: what `status` tells.  Cut at 255 characters. */
void chg_runtime_set_ready(struct chg_runtime *runtime, const char *host, const char *realm);

/*
 * Takes no more jobs and finishes those that wait; returns when they are finished.  Idempotent,
 * from any thread but the engine's.
 */
void chg_runtime_drain(struct chg_runtime *runtime);

/* What `status` tells, besides what meters and configuration tell. */
struct chg_runtime_status {
	char config_path[CHG_CONFIG_PATH_MAX];
	char host[CHG_CONFIG_ITEM_MAX];
	char realm[CHG_CONFIG_ITEM_MAX];
	bool is_ready; /* named by chg_runtime_set_ready and not draining */
	bool is_draining;
	int64_t uptime_s;
	int64_t started_us; /* wall clock */
};

void chg_runtime_status(struct chg_runtime *runtime, struct chg_runtime_status *ret);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that carries the write-ahead log of store/sqlite into the database, so that the engine
 * does not have to: a checkpoint of some thousand pages takes many milliseconds, in which nobody would
 * be answered.  The engine is left with the last few pages.
 */
#ifndef CHG_RUNTIME_CHECKPOINTER_H
#define CHG_RUNTIME_CHECKPOINTER_H

#include "app/engine.h"

struct chg_checkpointer;

/*
 * Starts it beside an engine that is not running yet.  `path` is the database that its store has open
 * for writing.  Store, engine, log and meters must outlive it.  What goes wrong later is logged, and
 * tried again when the log has grown; when nothing helps, the engine does it all itself.
 *
 *   CHG_E_NO_MEMORY  no memory
 *   CHG_E_SYSTEM     the thread could not be made
 */
enum chg_rc chg_checkpointer_start(const char *path, struct chg_store *store,
	struct chg_engine *engine, struct chg_log log, struct chg_meters meters,
	struct chg_checkpointer **ret);

/* Ends the thread after what it is at, and frees it.  The engine must be drained.  NULL is fine. */
void chg_checkpointer_stop(struct chg_checkpointer *checkpointer);

#endif

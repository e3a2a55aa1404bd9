/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that keeps the search index of store/sqlite behind the records.
 *
 * It takes what processor time nobody else wants, and writes nothing to the database; what has to be
 * done there, it asks the engine for.
 */
#ifndef CHG_RUNTIME_INDEXER_H
#define CHG_RUNTIME_INDEXER_H

#include "app/engine.h"

struct chg_indexer;

/*
 * Starts it for the database at `path`, which is open for writing by the engine's store.  Engine, log
 * and meters must outlive it.  What goes wrong later is logged and tried again.
 *
 *   CHG_E_NO_MEMORY  no memory
 *   CHG_E_SYSTEM     the thread could not be made
 */
enum chg_rc chg_indexer_start(const char *path, struct chg_engine *engine, struct chg_log log,
	struct chg_meters meters, struct chg_indexer **ret);

/* Ends the thread after what it is at, and frees it.  The engine must be there.  NULL is fine. */
void chg_indexer_stop(struct chg_indexer *indexer);

#endif

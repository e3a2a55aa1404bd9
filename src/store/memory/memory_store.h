/* SPDX-License-Identifier: BSD-3-Clause
 * The store in memory: the reference model of port/store.h.
 *
 * Everything is found by looking at every row, and a transaction is undone by putting back a copy of
 * all rows.  It is for tests, demonstrations and trying things out; nothing survives it.
 */
#ifndef CHG_STORE_MEMORY_STORE_H
#define CHG_STORE_MEMORY_STORE_H

#include "port/store.h"

/* Opens an empty store; free it with ops->close.  CHG_E_NO_MEMORY: no memory. */
enum chg_rc chg_memory_store_open(struct chg_store *ret);

#endif

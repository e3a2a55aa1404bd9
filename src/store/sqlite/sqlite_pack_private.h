/* SPDX-License-Identifier: BSD-3-Clause
 * What packing and unpacking share.
 */
#ifndef CHG_STORE_SQLITE_PACK_PRIVATE_H
#define CHG_STORE_SQLITE_PACK_PRIVATE_H

#include "store/sqlite/sqlite_pack.h"
#include "store/sqlite/sqlite_private.h"

enum {
	CHG_PACK_TABLES = 6,
	CHG_PACK_COLUMN_MAX = 96,
	CHG_PACK_NAME_MAX = 64,
};

/* The kinds of value, as they are written. */
enum {
	CHG_PACK_NULL,
	CHG_PACK_INTEGER,
	CHG_PACK_TEXT,
	CHG_PACK_BLOB,
};

/* The tables that a pack may have rows of, in the order in which they go in; NULL beyond the last. */
const char *chg_pack_table(size_t i);

#endif

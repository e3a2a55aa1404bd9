/* SPDX-License-Identifier: BSD-3-Clause
 * A database and its archives as one store, for reading records: each record once, in the order of
 * ids, whichever of them holds it, and also while it moves from one to the other.
 *
 * A record that the database has is taken from there; of several copies in archives the latest.
 */
#ifndef CHG_RUNTIME_ARCHIVE_STORE_H
#define CHG_RUNTIME_ARCHIVE_STORE_H

#include "port/store.h"

enum {
	CHG_ARCHIVE_STORE_WHY_MAX = 8192,
};

/*
 * Told once about each archive that is missing, damaged, not of this database, or ahead of it: a
 * sentence with a cure.  What else there is is read all the same.
 */
typedef void chg_archive_complain(void *to, const char *why);

/*
 * Opens the archives in a folder beside a store.  The store is borrowed and must outlive ret, which
 * has scan_cdrs, scan_entries, scan_participants, scan_archives, close and the books' done_scan, and
 * nothing else.
 *
 *   complain  may be called by this and by every scan
 *
 *   CHG_E_NO_MEMORY  no memory
 */
enum chg_rc chg_archive_store_open(const struct chg_store *database, const char *folder,
	chg_archive_complain *complain, void *to, struct chg_store *ret);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Databases in memory with a schema and nothing else.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_private.h"

enum {
	/* More migrations than there will be; a version beyond it is made anew each time. */
	VERSIONS = 64,
};

/* The file of such a database, octet by octet. */
struct image {
	sqlite3_int64 octets;
	unsigned char *bytes; /* the library's */
};

/*
 * To run all migrations takes milliseconds, and an archive is read through one database for each
 * chunk.  So each version is made once in a process and copied from then on.  What stands here never
 * changes any more, so that threads need no lock.
 */
static _Atomic(const struct image *) images[VERSIONS];

static void free_image(struct image *image)
{
	if (image != NULL)
		sqlite3_free(image->bytes);
	free(image);
}

/* Of two that come at the same time one is kept.  Without memory there is none, this time. */
static void keep_image(sqlite3 *db, int version)
{
	const struct image *nothing = NULL;
	struct image *image = calloc(1, sizeof *image);
	if (image != NULL)
		image->bytes = sqlite3_serialize(db, "main", &image->octets, 0);
	if (image == NULL || image->bytes == NULL ||
		!atomic_compare_exchange_strong(&images[version], &nothing, image))
		free_image(image);
}

static enum chg_rc copy_image(const struct image *image, sqlite3 *db)
{
	unsigned char *copy = sqlite3_malloc64((sqlite3_uint64)image->octets);
	if (copy == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(copy, image->bytes, (size_t)image->octets);
	/* The library frees it, also when it refuses. */
	return chg_sqlite_rc(sqlite3_deserialize(db, "main", copy, image->octets, image->octets,
		SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE));
}

enum chg_rc chg_sqlite_connect_blank(int version, sqlite3 **ret, char *reterr_why, size_t why_size)
{
	bool is_kept = version >= 0 && version < VERSIONS;
	const struct image *image = is_kept ? atomic_load(&images[version]) : NULL;
	enum chg_rc rc =
		chg_sqlite_connect(":memory:", CHG_SQLITE_READ_WRITE, ret, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	if (image != NULL) {
		rc = copy_image(image, *ret);
		if (rc != CHG_OK)
			snprintf(reterr_why, why_size, "%s", chg_rc_sentence(rc));
		return rc;
	}
	rc = chg_sqlite_migrate_to(*ret, 0, version, reterr_why, why_size);
	if (rc == CHG_OK && is_kept)
		keep_image(*ret, version);
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * A listing of the books: rows with ascending ids, as many as are wanted, in the wanted format.
 */
#ifndef CHG_CHGCTL_LISTING_H
#define CHG_CHGCTL_LISTING_H

#include "chgctl/out.h"
#include "chgctl/source.h"

struct ctl_listing {
	struct ctl_out out;
	size_t limit; /* rows to show; 0: all */
	bool has_more;
	int64_t last_id;
	size_t page_count; /* rows told in this page, shown or not */
	enum chg_rc rc;    /* of the output */
};

/*
 * Begins a listing to stdout by --json, --csv, --local and --limit; a terminal gets at most 50 rows
 * unless --limit is given.  Says on stderr what is wrong with them.
 */
enum ctl_exit ctl_listing_begin(const struct ctl_args *args, const struct ctl_column *column,
	size_t column_count, struct ctl_listing *ret);

/* Whether the values of JSON are wanted. */
bool ctl_listing_is_json(const struct ctl_listing *listing);

/* Takes a row; false: no more are wanted. */
bool ctl_listing_row(struct ctl_listing *listing, int64_t id, const struct ctl_value *values);

/*
 * Reads rows behind listing->last_id, at most CTL_PAGE_RECORDS of them.  One call is one short look
 * at the database.
 */
typedef enum chg_rc ctl_listing_read(
	struct ctl_listing *listing, struct ctl_source *source, void *to);

/*
 * Reads page by page until there is no more, then ends the listing and releases it.  Nothing found
 * is an answer: `nothing` says it on stderr.
 */
enum ctl_exit ctl_listing_run(struct ctl_listing *listing, struct ctl_source *source,
	ctl_listing_read *read, void *to, const char *nothing);

#endif

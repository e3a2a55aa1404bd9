/* SPDX-License-Identifier: BSD-3-Clause
 * A few bits for each search term of a chunk: who asks for a term that is not there is nearly always
 * told so without the chunk being read.
 */
#ifndef CHG_ARCHIVE_FILTER_H
#define CHG_ARCHIVE_FILTER_H

#include "core/view.h"
#include "port/store.h"

enum {
	/* One in a hundred terms that are not there seems to be. */
	CHG_ARCHIVE_FILTER_BITS = 10, /* for each term */
	CHG_ARCHIVE_FILTER_MIN = 8,   /* octets of a filter, with terms or without */
	CHG_ARCHIVE_FILTER_MAX = 16777216,
};

/* A term as a number; equal for equal kind and text. */
uint64_t chg_archive_term(enum chg_cdr_term kind, struct chg_view text);

/* Octets of the filter of so many terms. */
size_t chg_archive_filter_size(size_t term_count);

/* Adds a term to a filter of `size` octets, at least CHG_ARCHIVE_FILTER_MIN, all zero at first. */
void chg_archive_filter_add(uint8_t *filter, size_t size, uint64_t term);

/* False: the term was never added. */
bool chg_archive_filter_has(const uint8_t *filter, size_t size, uint64_t term);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * From options to what is asked of the store.
 */
#ifndef CHG_CHGCTL_FILTER_H
#define CHG_CHGCTL_FILTER_H

#include <stdio.h>

#include "chgctl/args.h"
#include "core/party.h"
#include "port/store.h"

/* The cdr's views point into the party and into the command line; do not copy. */
struct ctl_filter {
	struct chg_cdr_filter cdr;
	struct chg_party party;
};

/*
 * Reads the options that choose records.  False with a message when a value is not acceptable.
 *
 *   now  what relative times start from
 */
bool ctl_filter_read(const struct ctl_args *args, chg_instant now, struct ctl_filter *ret,
	char reterr_message[CTL_MESSAGE_MAX]);

/* Whether the options choose some records and not all. */
bool ctl_filter_is_restricting(const struct chg_cdr_filter *filter);

/* Writes what was asked for as a sentence's middle: "of party tel:+49301 and of kind event". */
void ctl_filter_describe(const struct chg_cdr_filter *filter, bool is_local, FILE *to);

/*
 * Writes the command that goes on behind a record: the same options, relative times made absolute
 * so that it means the same whenever it is run.
 */
void ctl_filter_write_next(const struct ctl_args *args, const struct chg_cdr_filter *filter,
	int64_t after_cdr_id, FILE *to);

/* The options that choose records, each of which drops one of them from a filter. */
struct ctl_filter_drop {
	enum ctl_option option;
	void (*drop)(struct chg_cdr_filter *filter);
};
const struct ctl_filter_drop *ctl_filter_drop_row(size_t index);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What to tell when a search found nothing, or could not find all.
 */
#ifndef CHG_CHGCTL_HINT_H
#define CHG_CHGCTL_HINT_H

#include "chgctl/filter.h"
#include "chgctl/source.h"

/*
 * Writes to `to` what was searched for, how many records there are at all, and which single option
 * stands in the way, if one does; ctl_hint_archived is part of it.
 */
enum chg_rc ctl_hint_nothing(struct ctl_source *source, const struct ctl_args *args,
	const struct chg_cdr_filter *filter, FILE *to);

/*
 * Writes to `to` that there are archives, and how they are read, when they may have records that the
 * filter asks for and were not read: open records are in none, nor is what began after they did end.
 */
enum chg_rc ctl_hint_archived(
	struct ctl_source *source, const struct chg_cdr_filter *filter, FILE *to);

#endif

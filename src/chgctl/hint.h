/* SPDX-License-Identifier: BSD-3-Clause
 * What to tell when a search found nothing.
 */
#ifndef CHG_CHGCTL_HINT_H
#define CHG_CHGCTL_HINT_H

#include "chgctl/filter.h"
#include "chgctl/source.h"

/*
 * Writes to `to` what was searched for, how many records there are at all, and which single option
 * stands in the way, if one does.
 */
enum chg_rc ctl_hint_nothing(struct ctl_source *source, const struct ctl_args *args,
	const struct chg_cdr_filter *filter, FILE *to);

#endif

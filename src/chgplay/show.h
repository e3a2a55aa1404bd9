/* SPDX-License-Identifier: BSD-3-Clause
 * How the program shows a call flow: aligned lines for people, or a JSON object per line.
 */
#ifndef CHG_CHGPLAY_SHOW_H
#define CHG_CHGPLAY_SHOW_H

#include "chgplay/play.h"

enum chg_show_form {
	CHG_SHOW_TEXT,
	CHG_SHOW_JSON,
	CHG_SHOW_NOTHING,
};

/* For struct chg_play_options: `to` points to an enum chg_show_form. */
void chg_show_event(void *to, const struct chg_play_event *event);

/* Title and rules before the first step; what came of it after the last one. */
void chg_show_begin(enum chg_show_form form, const struct chg_script *script);
void chg_show_end(enum chg_show_form form, const struct chg_script *script,
	const struct chg_play_outcome *outcome, enum chg_rc rc);

#endif

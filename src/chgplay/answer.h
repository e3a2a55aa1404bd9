/* SPDX-License-Identifier: BSD-3-Clause
 * Answers against what a script expects and what every answer owes its request.
 */
#ifndef CHG_CHGPLAY_ANSWER_H
#define CHG_CHGPLAY_ANSWER_H

#include "chgplay/script.h"
#include "core/instant.h"

/* The Result-Code of an answer; 0 when it has none. */
uint32_t chg_answer_result(struct chg_view answer);

/*
 * The manners of any answer: identifiers, command and application copied; R and T clear; P as
 * asked; Session-Id first and unchanged; identity; one Result-Code; E with 3xxx and never with 2xxx
 * or 4xxx; type and number echoed unless E; Proxy-Info copied in order; no Destination-*.
 * RFC 6733 6.2, 7.2, 9.7.2.  Returns false and says why.
 */
bool chg_answer_is_mannerly(
	struct chg_view request, struct chg_view answer, char *reterr_why, size_t why_size);

/* An answer with what it is compared with. */
struct chg_answered {
	struct chg_view request;
	struct chg_view answer;
	struct chg_view before; /* the answer before it; empty: there was none */
};

/* Whether the answer is what the step of kind CHG_PLAY_EXPECT asks for.  False says why. */
bool chg_answer_meets(const struct chg_script *script, const struct chg_script_step *step,
	chg_instant base, const struct chg_answered *answered, char *reterr_why, size_t why_size);

#endif

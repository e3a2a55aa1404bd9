/* SPDX-License-Identifier: BSD-3-Clause
 * Credit-Control-Answers: what every one owes its request, and what a script expects of one.
 */
#ifndef CHG_CHGPLAY_ANSWER_CREDIT_H
#define CHG_CHGPLAY_ANSWER_CREDIT_H

#include "chgplay/script.h"

/*
 * The manners of a CCA without E bit, besides those of any answer: nothing in it that only a request
 * may have; units where the request had them; every Multiple-Services-Credit-Control of the request
 * answered with one Result-Code; one value of a unit type.  RFC 8506 3.2, 5.1.2, 10.1.
 * NULL, or a sentence that says what is wrong.
 */
const char *chg_answer_credit_manners(struct chg_view request, struct chg_view answer);

/* False says why. */
bool chg_answer_credit_meets(const struct chg_script_cca *want, struct chg_view request,
	struct chg_view answer, char *reterr_why, size_t why_size);

/* The first Refund-Information of an answer.  False: there is none. */
bool chg_answer_credit_handle(struct chg_view answer, struct chg_view *ret);

enum {
	CHG_CREDIT_NOTE_MAX = 256,
};

/* "5 messages granted, EUR 0.20 so far": what was answered, for people.  May be empty. */
void chg_answer_credit_note(struct chg_view answer, char ret[CHG_CREDIT_NOTE_MAX]);

#endif

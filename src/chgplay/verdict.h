/* SPDX-License-Identifier: BSD-3-Clause
 * An answer judged in one quick walk: whether it is this request's, and whether it is a success.
 */
#ifndef CHG_CHGPLAY_VERDICT_H
#define CHG_CHGPLAY_VERDICT_H

#include "core/view.h"

enum chg_verdict {
	CHG_VERDICT_SUCCESS,
	CHG_VERDICT_REFUSED, /* this request's answer, with another Result-Code */
	CHG_VERDICT_WRONG,   /* no answer to this request, or out of form */
};

/* What the answer has to say. */
struct chg_expected {
	struct chg_view session_id;
	uint32_t end_to_end;
	bool is_credit;  /* a CCA; else an ACA */
	uint32_t type;   /* Accounting-Record-Type or CC-Request-Type */
	uint32_t number; /* Accounting-Record-Number or CC-Request-Number */
	uint32_t
		services; /* Multiple-Services-Credit-Control, each with a Result-Code of its own */
};

/*
 * Judges one message.  The Hop-by-Hop Identifier is the caller's: it led to the request.
 *
 *   ret_code    the Result-Code of a refusal; of the first service refused, if the command was not
 *   reterr_why  a sentence, for CHG_VERDICT_WRONG
 */
enum chg_verdict chg_verdict_of(struct chg_view answer, const struct chg_expected *expected,
	uint32_t *ret_code, const char **reterr_why);

#endif

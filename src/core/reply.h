/* SPDX-License-Identifier: BSD-3-Clause
 * What we answer, without AVPs.
 */
#ifndef CHG_CORE_REPLY_H
#define CHG_CORE_REPLY_H

#include <stdint.h>

#include "core/option.h"

/* Result-Code values that a decision can come to.  RFC 6733 7.1 */
enum chg_answer_code {
	CHG_ANSWER_SUCCESS = 2001,
	CHG_ANSWER_TOO_BUSY = 3004,
	CHG_ANSWER_OUT_OF_SPACE = 4002,
	CHG_ANSWER_UNABLE_TO_COMPLY = 5012,
};

/*
 * One Accounting-Answer.  RFC 6733 9.7.2
 * What is merely echoed (type, number, sub-session, user name ...) is copied from the request when
 * the answer is written, so it is not here.
 */
struct chg_aca {
	uint32_t result_code;
	chg_opt_u32 interim_interval_s; /* the server's value rules, RFC 6733 9.8.2 */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What all answers have in common: what the request told, echoed, and what has to be said first and
 * last.  Section A3 of the rules.
 */
#ifndef CHG_WIRE_WRITE_ANSWER_H
#define CHG_WIRE_WRITE_ANSWER_H

#include "wire/message.h"

/* E for 3xxx, and where the grammar of the answer cannot be met. */
bool chg_answer_needs_error_form(const struct chg_echo *echo, uint32_t result_code);

/* The header.  A-050: R and T clear, P as it came. */
void chg_answer_header(struct chg_out *out, const struct chg_echo *echo, bool is_error);

/* What an answer begins with: Session-Id, Result-Code and who answers. */
void chg_answer_head(struct chg_out *out, const struct chg_echo *echo,
	const struct chg_identity *identity, uint32_t result_code);

/* what ACA and CCA need besides the head. */
void chg_answer_command_echo(struct chg_out *out, const struct chg_echo *echo);

/* Our Origin-State-Id. */
void chg_answer_state(struct chg_out *out, const struct chg_identity *identity);

/* every Proxy-Info, in order, untouched. */
void chg_answer_proxy_info(struct chg_out *out, const struct chg_echo *echo);

/* Failed-AVP, if the fault names anything. */
void chg_answer_failed(struct chg_out *out, const struct chg_fault *fault);

#endif

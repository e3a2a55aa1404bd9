/* SPDX-License-Identifier: BSD-3-Clause
 * What all answers have in common: what the request told, echoed, and what has to be said first and
 * last.  Section A3 of the rules.
 */
#ifndef CHG_WIRE_WRITE_ANSWER_H
#define CHG_WIRE_WRITE_ANSWER_H

#include "wire/message.h"

/* What an answer takes over from its request; whole.ptr is NULL where the request has none. */
struct chg_echo {
	struct chg_header header;
	struct chg_raw_avp session_id;
	struct chg_raw_avp type;   /* Accounting-Record-Type or CC-Request-Type */
	struct chg_raw_avp number; /* Accounting-Record-Number or CC-Request-Number */
	struct chg_raw_avp sub_session;
	struct chg_raw_avp acct_session;
	struct chg_raw_avp multi_session;
	struct chg_raw_avp user_name;
	bool has_proxy_info;
};

/* CHG_E_SYNTAX: the request has no header. */
enum chg_rc chg_echo_read(struct chg_view request, struct chg_echo *ret);

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
void chg_answer_proxy_info(
	struct chg_out *out, const struct chg_echo *echo, struct chg_view request);

/* Failed-AVP, if the fault names anything. */
void chg_answer_failed(struct chg_out *out, const struct chg_fault *fault);

#endif

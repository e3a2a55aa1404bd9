/* SPDX-License-Identifier: BSD-3-Clause
 * Whole requests and answers of CH-1 and CH-2: bytes <-> the plain structs of core.
 */
#ifndef CHG_WIRE_MESSAGE_H
#define CHG_WIRE_MESSAGE_H

#include "core/ask.h"
#include "core/ask_credit.h"
#include "core/reply.h"
#include "core/reply_credit.h"
#include "wire/avp.h"

enum {
	/* The largest message that freeDiameter passes on. */
	CHG_MESSAGE_MAX = 65535,
	/* Any answer of ours fits: echoes, Proxy-Info and a Failed-AVP are parts of one request. */
	CHG_ANSWER_MAX = CHG_MESSAGE_MAX + 1024,
	CHG_FAILED_MAX = 2,
};

/*
 * Why a request is refused without a decision: Result-Code and what goes into Failed-AVP.
 * RFC 6733 7.5, 7.1.5
 *
 * Each failed[] is either a received AVP (whole.ptr set) or an example of a missing one (whole.ptr
 * NULL, id set).  has_group: they stand inside an otherwise empty group there, so that it is seen
 * where they belong.
 */
struct chg_fault {
	uint32_t result_code;
	const char *message; /* Error-Message: a constant sentence without subscriber data */
	struct chg_raw_avp failed[CHG_FAILED_MAX];
	size_t failed_count;
	bool has_group;
	enum chg_avp group;
};

/* Memory for the text that a request does not hold itself; grows, is kept for the next request. */
struct chg_scratch {
	char *bytes;
	size_t size;
};

void chg_scratch_release(struct chg_scratch *scratch);

/*
 * How strict CH-1 is.  Lenient (decision J-19): 5xxx only for framing, the command's own grammar,
 * Accounting-Record-Type and the application id; all other trouble is kept and marked.  Strict:
 * bad content and AVPs that are not allowed are refused as RFC 6733 says.
 */
enum chg_strictness {
	CHG_LENIENT,
	CHG_STRICT,
};

/*
 * Reads an Accounting-Request.  Views in ret_acr point into `message` and into `scratch`.
 *
 *   CHG_OK           ret_acr is filled
 *   CHG_E_SYNTAX     reterr_fault says what to answer (5001, 5004, 5005, 5008, 5009, 5014)
 *   CHG_E_NO_MEMORY  nothing is filled
 */
enum chg_rc chg_wire_read_acr(struct chg_view message, enum chg_strictness strictness,
	struct chg_scratch *scratch, struct chg_acr *ret_acr, struct chg_fault *reterr_fault);

/*
 * Reads a Credit-Control-Request.  Views in ret_ccr point into `message` and into `scratch`.
 *
 * A client is told what is wrong, since he would be charged wrongly: the members of the groups of
 * credit control are judged however lenient we are, with 5001, 5005, 5009 and 5014, and values that
 * mean nothing are 5004.  Lenient, against strict: Multiple-Services-Credit-Control of one service
 * are merged (N-077), and it may be there against Multiple-Services-Indicator (N-074).
 *
 *   CHG_OK           ret_ccr is filled, but for the services beyond its service_count
 *   CHG_E_SYNTAX     reterr_fault says what to answer (5001, 5004, 5005, 5007, 5008, 5009, 5014)
 *   CHG_E_NO_MEMORY  nothing is filled
 */
enum chg_rc chg_wire_read_ccr(struct chg_view message, enum chg_strictness strictness,
	struct chg_scratch *scratch, struct chg_ccr *ret_ccr, struct chg_fault *reterr_fault);

/* Who answers. */
struct chg_identity {
	struct chg_view origin_host;
	struct chg_view origin_realm;
	uint32_t origin_state_id; /* 0: not sent */
};

/*
 * What an answer takes over from its request; whole.ptr is NULL where the request has none.  Read once
 * where the request is read, since answers are written where time is short.
 */
struct chg_echo {
	struct chg_view request; /* must live as long as this does */
	struct chg_header header;
	struct chg_raw_avp session_id;
	struct chg_raw_avp type;   /* Accounting-Record-Type or CC-Request-Type */
	struct chg_raw_avp number; /* Accounting-Record-Number or CC-Request-Number */
	struct chg_raw_avp sub_session;
	struct chg_raw_avp acct_session;
	struct chg_raw_avp multi_session;
	struct chg_raw_avp user_name;
	size_t proxy_info_len; /* of all Proxy-Info with their padding */
};

/* CHG_E_SYNTAX: the request has no header. */
enum chg_rc chg_echo_read(struct chg_view request, struct chg_echo *ret);

/*
 * Writes the answer to an Accounting-Request: header echoed (R and T clear, P as in the request, E
 * for 3xxx and where a value to echo is missing), Session-Id first, type and number echoed,
 * Proxy-Info copied in order.  RFC 6733 6.2, 9.7.2; section A3 of the conformance rules.
 *
 *   CHG_E_RANGE   it does not fit into out (never with CHG_ANSWER_MAX)
 */
enum chg_rc chg_wire_write_aca(const struct chg_echo *echo, const struct chg_identity *identity,
	const struct chg_aca *aca, struct chg_out *out);

/*
 * Writes the body of a Credit-Control-Answer: the AVPs from Session-Id to Origin-State-Id, without
 * header and Proxy-Info, in the style of the question: services in
 * Multiple-Services-Credit-Control where the request had them so, else at the level of the command.
 * This is what is kept, to be given again to a repeated request.  Failed-AVP is left out where the
 * answer would be too long with it.  RFC 8506 3.2; B-155
 *
 *   ccr   what the request was read as
 *
 *   CHG_E_RANGE   it does not fit into out, or the answer not into a message
 */
enum chg_rc chg_wire_write_cca_body(const struct chg_echo *echo,
	const struct chg_identity *identity, const struct chg_ccr *ccr, const struct chg_cca *cca,
	struct chg_out *out);

/*
 * Makes an answer of a body: the header by this request and the body's Result-Code, the body word
 * for word, the Proxy-Info of this request.
 *
 *   CHG_E_RANGE   it does not fit into out
 *   CHG_E_SYNTAX  the body has no Result-Code
 */
enum chg_rc chg_wire_write_cca_from_body(
	const struct chg_echo *echo, struct chg_view body, struct chg_out *out);

/*
 * Both at once, with the same octets.
 *
 *   CHG_E_RANGE   it does not fit into out, or not into a message
 */
enum chg_rc chg_wire_write_cca(const struct chg_echo *echo, const struct chg_identity *identity,
	const struct chg_ccr *ccr, const struct chg_cca *cca, struct chg_out *out);

/*
 * The same for a refusal, of any command: ACR and CCR echo what their answers require.
 *
 *   CHG_E_RANGE   it does not fit into out
 *   CHG_E_SYNTAX  the request has no header
 */
enum chg_rc chg_wire_write_fault(struct chg_view request, const struct chg_identity *identity,
	const struct chg_fault *fault, struct chg_out *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Answers: what the request told, echoed, and what we have to say.  Section A3 of the rules.
 */
#include "wire/write_answer.h"

enum {
	COMMAND_ACCOUNTING = 271,
	COMMAND_CREDIT_CONTROL = 272,
	RESULT_SUCCESS = 2001,
};

static struct chg_raw_avp *echo_place(struct chg_echo *echo, enum chg_avp id)
{
	bool is_credit_control = echo->header.command == COMMAND_CREDIT_CONTROL;
	switch (id) {
	case CHG_AVP_SESSION_ID:
		return &echo->session_id;
	case CHG_AVP_ACCOUNTING_RECORD_TYPE:
		return is_credit_control ? NULL : &echo->type;
	case CHG_AVP_ACCOUNTING_RECORD_NUMBER:
		return is_credit_control ? NULL : &echo->number;
	case CHG_AVP_CC_REQUEST_TYPE:
		return is_credit_control ? &echo->type : NULL;
	case CHG_AVP_CC_REQUEST_NUMBER:
		return is_credit_control ? &echo->number : NULL;
	case CHG_AVP_ACCOUNTING_SUB_SESSION_ID:
		return is_credit_control ? NULL : &echo->sub_session;
	case CHG_AVP_CC_SUB_SESSION_ID:
		return is_credit_control ? &echo->sub_session : NULL;
	case CHG_AVP_ACCT_SESSION_ID:
		return is_credit_control ? NULL : &echo->acct_session;
	case CHG_AVP_ACCT_MULTI_SESSION_ID:
		return &echo->multi_session;
	case CHG_AVP_USER_NAME:
		return &echo->user_name;
	default:
		return NULL;
	}
}

/* An echo has to be right in itself: an answer with a number of three octets would be no answer. */
static bool can_echo(const struct chg_raw_avp *avp)
{
	switch (chg_dict_row(avp->id)->type) {
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_U32:
		return avp->data.len == 4;
	case CHG_TYPE_U64:
		return avp->data.len == 8;
	default:
		return true;
	}
}

enum chg_rc chg_echo_read(struct chg_view request, struct chg_echo *ret)
{
	struct chg_echo echo = { .request = request };
	enum chg_rc rc = chg_header_read(request, &echo.header);
	if (rc != CHG_OK)
		return rc;
	struct chg_avp_walk walk = chg_avp_walk_message(request);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (!avp.is_known)
			continue;
		if (avp.id == CHG_AVP_PROXY_INFO)
			echo.proxy_info_len += (avp.whole.len + 3) & ~(size_t)3;
		struct chg_raw_avp *place = echo_place(&echo, avp.id);
		if (place != NULL && !chg_view_present(place->whole) && can_echo(&avp))
			*place = avp;
	}
	*ret = echo;
	return CHG_OK;
}

static void put_echo(struct chg_out *out, const struct chg_raw_avp *avp)
{
	if (chg_view_present(avp->whole))
		chg_out_copy(out, avp);
}

/* A number with the M bit of our dictionary, whatever bits the client set.  R8 */
static void put_echo_u32(struct chg_out *out, const struct chg_raw_avp *avp)
{
	uint32_t value;
	if (chg_view_present(avp->whole) && chg_avp_u32(avp, &value))
		chg_out_u32(out, avp->id, value);
}

static void put_echo_text(struct chg_out *out, const struct chg_raw_avp *avp)
{
	if (chg_view_present(avp->whole))
		chg_out_text(out, avp->id, avp->data);
}

void chg_answer_proxy_info(struct chg_out *out, const struct chg_echo *echo)
{
	if (echo->proxy_info_len == 0)
		return;
	struct chg_avp_walk walk = chg_avp_walk_message(echo->request);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		if (avp.is_known && avp.id == CHG_AVP_PROXY_INFO)
			chg_out_copy(out, &avp);
}

void chg_answer_header(struct chg_out *out, const struct chg_echo *echo, bool is_error)
{
	struct chg_header header = echo->header;
	header.flags &= CHG_COMMAND_FLAG_PROXIABLE;
	if (is_error)
		header.flags |= CHG_COMMAND_FLAG_ERROR;
	chg_out_header(out, &header);
}

void chg_answer_head(struct chg_out *out, const struct chg_echo *echo,
	const struct chg_identity *identity, uint32_t result_code)
{
	put_echo_text(out, &echo->session_id);
	chg_out_u32(out, CHG_AVP_RESULT_CODE, result_code);
	chg_out_text(out, CHG_AVP_ORIGIN_HOST, identity->origin_host);
	chg_out_text(out, CHG_AVP_ORIGIN_REALM, identity->origin_realm);
}

void chg_answer_command_echo(struct chg_out *out, const struct chg_echo *echo)
{
	if (echo->header.command == COMMAND_CREDIT_CONTROL)
		chg_out_u32(out, CHG_AVP_AUTH_APPLICATION_ID, echo->header.application);
	put_echo_u32(out, &echo->type);
	put_echo_u32(out, &echo->number);
	if (echo->header.command == COMMAND_ACCOUNTING)
		chg_out_u32(out, CHG_AVP_ACCT_APPLICATION_ID, echo->header.application);
	put_echo(out, &echo->sub_session);
	put_echo(out, &echo->acct_session);
	put_echo(out, &echo->multi_session);
	put_echo(out, &echo->user_name);
}

void chg_answer_state(struct chg_out *out, const struct chg_identity *identity)
{
	if (identity->origin_state_id != 0)
		chg_out_u32(out, CHG_AVP_ORIGIN_STATE_ID, identity->origin_state_id);
}

bool chg_answer_needs_error_form(const struct chg_echo *echo, uint32_t result_code)
{
	if (chg_result_is_protocol_error(result_code))
		return true;
	return result_code >= 5000 &&
	       (!chg_view_present(echo->type.whole) || !chg_view_present(echo->number.whole));
}

static const char *failure_message(uint32_t result_code)
{
	switch (result_code) {
	case CHG_ANSWER_OUT_OF_SPACE:
		return "the record cannot be stored for now, please keep it and try again";
	case CHG_ANSWER_TOO_BUSY:
		return "too much is waiting, please try again or elsewhere";
	default:
		return "the request could not be recorded";
	}
}

enum chg_rc chg_wire_write_aca(const struct chg_echo *echo, const struct chg_identity *identity,
	const struct chg_aca *aca, struct chg_out *out)
{
	bool is_error = chg_answer_needs_error_form(echo, aca->result_code);

	chg_answer_header(out, echo, is_error);
	chg_answer_head(out, echo, identity, aca->result_code);
	if (!is_error)
		chg_answer_command_echo(out, echo);
	if (aca->result_code != RESULT_SUCCESS)
		chg_out_text(
			out, CHG_AVP_ERROR_MESSAGE, chg_view_of(failure_message(aca->result_code)));
	else if (aca->interim_interval_s.is_present)
		chg_out_u32(out, CHG_AVP_ACCT_INTERIM_INTERVAL, aca->interim_interval_s.value);
	chg_answer_state(out, identity);
	chg_answer_proxy_info(out, echo);
	return chg_out_finish(out);
}

/* an example with zeroed data of the shortest legal size. */
static void put_example(struct chg_out *out, const struct chg_raw_avp *avp)
{
	static const char zeros[8];
	size_t size = 0;
	if (avp->is_known) {
		enum chg_avp_type type = chg_dict_row(avp->id)->type;
		if (type == CHG_TYPE_U64 || type == CHG_TYPE_I64)
			size = 8;
		else if (type == CHG_TYPE_U32 || type == CHG_TYPE_I32 ||
			 type == CHG_TYPE_ENUMERATED || type == CHG_TYPE_TIME)
			size = 4;
	}
	uint8_t flags = avp->flags;
	if (flags == 0 && avp->is_known && chg_dict_row(avp->id)->must)
		flags = CHG_AVP_FLAG_MUST;
	flags = (uint8_t)(avp->vendor != 0 ? flags | CHG_AVP_FLAG_VENDOR
					   : flags & ~CHG_AVP_FLAG_VENDOR);
	chg_out_any(out, avp->code, avp->vendor, flags, (struct chg_view){ zeros, size });
}

void chg_answer_failed(struct chg_out *out, const struct chg_fault *fault)
{
	if (fault->failed_count == 0)
		return;
	size_t failed = chg_out_group_begin(out, CHG_AVP_FAILED_AVP);
	size_t within = fault->has_group ? chg_out_group_begin(out, fault->group) : 0;
	for (size_t i = 0; i < fault->failed_count; i++) {
		if (chg_view_present(fault->failed[i].whole))
			chg_out_copy(out, &fault->failed[i]);
		else
			put_example(out, &fault->failed[i]);
	}
	if (fault->has_group)
		chg_out_group_end(out, within);
	chg_out_group_end(out, failed);
}

enum chg_rc chg_wire_write_fault(struct chg_view request, const struct chg_identity *identity,
	const struct chg_fault *fault, struct chg_out *out)
{
	struct chg_echo echo;
	enum chg_rc rc = chg_echo_read(request, &echo);
	if (rc != CHG_OK)
		return rc;
	bool is_error = chg_answer_needs_error_form(&echo, fault->result_code);

	chg_answer_header(out, &echo, is_error);
	chg_answer_head(out, &echo, identity, fault->result_code);
	if (!is_error)
		chg_answer_command_echo(out, &echo);
	if (fault->message != NULL)
		chg_out_text(out, CHG_AVP_ERROR_MESSAGE, chg_view_of(fault->message));
	chg_answer_failed(out, fault);
	chg_answer_state(out, identity);
	chg_answer_proxy_info(out, &echo);
	return chg_out_finish(out);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Credit-Control-Answer.  RFC 8506 3.2, TS 32.299 6.4.3
 *
 * What may not be in one (B-155) is not here: Service-Context-Id, Subscription-Id, used and
 * requested units, Requested-Action, Multiple-Services-Indicator, Termination-Cause, and at the
 * level of the command Service-Identifier.
 */
#include "wire/read_service.h"
#include "wire/write_answer.h"

enum {
	FINAL_ACTION_TERMINATE = 0,
};

static void put_opt_u32(struct chg_out *out, enum chg_avp id, chg_opt_u32 value)
{
	if (value.is_present)
		chg_out_u32(out, id, value.value);
}

/* Unit-Value and Currency-Code, as CC-Money, Cost-Information and Remaining-Balance hold them. */
static void put_money(struct chg_out *out, enum chg_avp id, chg_money money, chg_currency currency)
{
	int64_t digits;
	int32_t exponent;
	chg_money_to_decimal(money, &digits, &exponent);
	size_t group = chg_out_group_begin(out, id);
	size_t value = chg_out_group_begin(out, CHG_AVP_UNIT_VALUE);
	chg_out_u64(out, CHG_AVP_VALUE_DIGITS, (uint64_t)digits);
	chg_out_i32(out, CHG_AVP_EXPONENT, exponent);
	chg_out_group_end(out, value);
	if (currency.number != 0)
		chg_out_u32(out, CHG_AVP_CURRENCY_CODE, currency.number);
	chg_out_group_end(out, group);
}

static void put_granted(
	struct chg_out *out, const struct chg_units *units, chg_currency account_currency)
{
	static const enum chg_avp counts[CHG_UNIT_COUNT] = {
		[CHG_UNIT_SECONDS] = CHG_AVP_CC_TIME,
		[CHG_UNIT_OCTETS] = CHG_AVP_CC_TOTAL_OCTETS,
		[CHG_UNIT_OCTETS_IN] = CHG_AVP_CC_INPUT_OCTETS,
		[CHG_UNIT_OCTETS_OUT] = CHG_AVP_CC_OUTPUT_OCTETS,
		[CHG_UNIT_MESSAGES] = CHG_AVP_CC_SERVICE_SPECIFIC_UNITS,
	};
	if (!units->is_present || chg_units_kinds(units) == 0)
		return;
	size_t group = chg_out_group_begin(out, CHG_AVP_GRANTED_SERVICE_UNIT);
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		uint64_t count = units->of[i].value;
		if (!units->of[i].is_present)
			continue;
		if (i == CHG_UNIT_SECONDS)
			chg_out_u32(
				out, counts[i], count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
		else
			chg_out_u64(out, counts[i], count);
	}
	if (units->has_money)
		put_money(out, CHG_AVP_CC_MONEY, units->money,
			units->currency.number != 0 ? units->currency : account_currency);
	chg_out_group_end(out, group);
}

/* B-111: TERMINATE, and nothing besides. */
static void put_final(struct chg_out *out, bool is_final)
{
	if (!is_final)
		return;
	size_t group = chg_out_group_begin(out, CHG_AVP_FINAL_UNIT_INDICATION);
	chg_out_u32(out, CHG_AVP_FINAL_UNIT_ACTION, FINAL_ACTION_TERMINATE);
	chg_out_group_end(out, group);
}

static void put_refund(struct chg_out *out, const struct chg_service_reply *reply)
{
	if (reply->refund_len > 0)
		chg_out_text(out, CHG_AVP_REFUND_INFORMATION,
			(struct chg_view){ reply->refund, reply->refund_len });
}

/* B-080, B-083: the service of the request, named as the request names it. */
static void put_service(struct chg_out *out, const struct chg_service_ask *ask,
	const struct chg_service_reply *reply, chg_currency currency)
{
	size_t group = chg_out_group_begin(out, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL);
	put_granted(out, &reply->granted, currency);
	for (size_t i = 0; i < ask->service_id_count; i++)
		chg_out_u32(out, CHG_AVP_SERVICE_IDENTIFIER, ask->service_id[i]);
	put_opt_u32(out, CHG_AVP_RATING_GROUP, ask->rating_group);
	put_opt_u32(out, CHG_AVP_VALIDITY_TIME, reply->validity_s);
	chg_out_u32(out, CHG_AVP_RESULT_CODE, reply->result_code);
	put_final(out, reply->is_final);
	put_refund(out, reply);
	chg_out_group_end(out, group);
}

static void put_services(struct chg_out *out, const struct chg_ccr *ccr, const struct chg_cca *cca)
{
	size_t count =
		cca->service_count < ccr->service_count ? cca->service_count : ccr->service_count;
	for (size_t i = 0; i < count && ccr->is_multiple; i++)
		put_service(out, &ccr->service[i], &cca->service[i], cca->currency);
	if (ccr->is_multiple || count == 0)
		return;
	const struct chg_service_reply *reply = &cca->service[0];
	put_granted(out, &reply->granted, cca->currency);
	put_opt_u32(out, CHG_AVP_VALIDITY_TIME, reply->validity_s);
	put_final(out, reply->is_final);
	put_refund(out, reply);
}

static void put_account(struct chg_out *out, const struct chg_cca *cca)
{
	if (cca->has_cost)
		put_money(out, CHG_AVP_COST_INFORMATION, cca->cost, cca->currency);
	put_opt_u32(out, CHG_AVP_LOW_BALANCE_INDICATION, cca->low_balance_indication);
	if (cca->has_remaining)
		put_money(out, CHG_AVP_REMAINING_BALANCE, cca->remaining, cca->currency);
	put_opt_u32(out, CHG_AVP_CHECK_BALANCE_RESULT, cca->check_balance_result);
}

static void put_handling(struct chg_out *out, const struct chg_cca *cca)
{
	put_opt_u32(out, CHG_AVP_CC_SESSION_FAILOVER, cca->session_failover);
	put_opt_u32(out, CHG_AVP_CREDIT_CONTROL_FAILURE_HANDLING, cca->failure_handling);
	put_opt_u32(out, CHG_AVP_DIRECT_DEBITING_FAILURE_HANDLING,
		cca->direct_debiting_failure_handling);
}

/* ---- The culprit: Failed-AVP ------------------------------------------------------------------ */

static bool find(struct chg_avp_walk walk, enum chg_avp id, struct chg_raw_avp *ret)
{
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (!avp.is_known || avp.id != id)
			continue;
		*ret = avp;
		return true;
	}
	return false;
}

static bool is_for(const struct chg_service_ask *ask, const struct chg_raw_avp *group)
{
	const struct chg_judge judge = { .strictness = CHG_LENIENT };
	struct chg_service_ask other;
	struct chg_fault fault;
	return chg_service_read(&judge, group, &other, &fault) == CHG_OK &&
	       chg_service_is_same(ask, &other);
}

/* Where the parts of the culprit's service stand: in its group, or at the level of the command. */
static struct chg_avp_walk culprit_walk(
	struct chg_view request, const struct chg_ccr *ccr, const struct chg_cca *cca)
{
	struct chg_avp_walk walk = chg_avp_walk_message(request);
	struct chg_raw_avp avp;
	if (!ccr->is_multiple || cca->culprit_service >= ccr->service_count)
		return walk;
	const struct chg_service_ask *ask = &ccr->service[cca->culprit_service];
	while (chg_avp_next(&walk, &avp))
		if (avp.is_known && avp.id == CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL &&
			is_for(ask, &avp))
			return chg_avp_walk_group(avp.data);
	return chg_avp_walk_message(request);
}

static bool is_unit(enum chg_avp id)
{
	return id == CHG_AVP_CC_TIME || id == CHG_AVP_CC_TOTAL_OCTETS ||
	       id == CHG_AVP_CC_INPUT_OCTETS || id == CHG_AVP_CC_OUTPUT_OCTETS ||
	       id == CHG_AVP_CC_SERVICE_SPECIFIC_UNITS;
}

/* B-149: the first unit of a group, money among them; or its money. */
static bool find_unit(const struct chg_raw_avp *group, bool is_money, struct chg_raw_avp *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (!avp.is_known || (avp.id != CHG_AVP_CC_MONEY && (is_money || !is_unit(avp.id))))
			continue;
		*ret = avp;
		return true;
	}
	return false;
}

static bool find_used_or_requested(struct chg_avp_walk walk, bool is_money, struct chg_raw_avp *ret)
{
	struct chg_raw_avp group;
	while (chg_avp_next(&walk, &group))
		if (group.is_known &&
			(group.id == CHG_AVP_REQUESTED_SERVICE_UNIT ||
				group.id == CHG_AVP_USED_SERVICE_UNIT) &&
			find_unit(&group, is_money, ret))
			return true;
	return false;
}

static struct chg_raw_avp copy_or_example(struct chg_avp_walk walk, enum chg_avp id)
{
	struct chg_raw_avp avp = chg_judge_example(id);
	find(walk, id, &avp);
	return avp;
}

static struct chg_raw_avp culprit_service(struct chg_view request, struct chg_avp_walk walk)
{
	struct chg_raw_avp avp;
	if (find(walk, CHG_AVP_SERVICE_IDENTIFIER, &avp) || find(walk, CHG_AVP_RATING_GROUP, &avp))
		return avp;
	return copy_or_example(chg_avp_walk_message(request), CHG_AVP_SERVICE_CONTEXT_ID);
}

static struct chg_raw_avp culprit_of(
	struct chg_view request, const struct chg_ccr *ccr, const struct chg_cca *cca)
{
	struct chg_avp_walk top = chg_avp_walk_message(request);
	struct chg_avp_walk walk = culprit_walk(request, ccr, cca);
	struct chg_raw_avp avp;
	switch (cca->culprit) {
	case CHG_CULPRIT_SUBSCRIPTION:
		return copy_or_example(top, CHG_AVP_SUBSCRIPTION_ID);
	case CHG_CULPRIT_SERVICE:
		return culprit_service(request, walk);
	case CHG_CULPRIT_UNIT:
		if (find_used_or_requested(walk, false, &avp))
			return avp;
		return copy_or_example(walk, CHG_AVP_REQUESTED_SERVICE_UNIT);
	case CHG_CULPRIT_MONEY:
		if (find_used_or_requested(walk, true, &avp))
			return avp;
		return chg_judge_example(CHG_AVP_CC_MONEY);
	case CHG_CULPRIT_REFUND:
		return copy_or_example(walk, CHG_AVP_REFUND_INFORMATION);
	case CHG_CULPRIT_NUMBER:
		return copy_or_example(top, CHG_AVP_CC_REQUEST_NUMBER);
	case CHG_CULPRIT_SERVICE_CONTEXT:
	case CHG_CULPRIT_NONE:
		break;
	}
	return copy_or_example(top, CHG_AVP_SERVICE_CONTEXT_ID);
}

static void put_culprit(struct chg_out *out, struct chg_view request, const struct chg_ccr *ccr,
	const struct chg_cca *cca)
{
	struct chg_fault fault = { 0 };
	if (cca->culprit == CHG_CULPRIT_NONE)
		return;
	fault.failed[fault.failed_count++] = culprit_of(request, ccr, cca);
	chg_answer_failed(out, &fault);
}

/* ---- Whole answers ----------------------------------------------------------------------------- */

/* What units at the level of the command came to is the result of the command. */
static uint32_t result_of(const struct chg_ccr *ccr, const struct chg_cca *cca)
{
	bool has_own = !ccr->is_multiple && cca->service_count > 0;
	if (cca->result_code == CHG_CC_SUCCESS && has_own && cca->service[0].result_code != 0)
		return cca->service[0].result_code;
	return cca->result_code;
}

/* All in front of Failed-AVP. */
static void put_result(struct chg_out *out, const struct chg_echo *echo,
	const struct chg_identity *identity, const struct chg_ccr *ccr, const struct chg_cca *cca)
{
	uint32_t result = result_of(ccr, cca);
	chg_answer_head(out, echo, identity, result);
	if (!chg_answer_needs_error_form(echo, result)) {
		chg_answer_command_echo(out, echo);
		put_handling(out, cca);
		if (result == CHG_CC_SUCCESS)
			put_services(out, ccr, cca);
		put_account(out, cca);
	}
	if (cca->message != NULL)
		chg_out_text(out, CHG_AVP_ERROR_MESSAGE, chg_view_of(cca->message));
}

/* Whether header, a body of that length and the Proxy-Info of the request make a message. */
static bool is_sendable(const struct chg_echo *echo, size_t body_len)
{
	return CHG_HEADER_SIZE + body_len + echo->proxy_info_len <= CHG_MESSAGE_MAX;
}

enum chg_rc chg_wire_write_cca_body(const struct chg_echo *echo,
	const struct chg_identity *identity, const struct chg_ccr *ccr, const struct chg_cca *cca,
	struct chg_out *out)
{
	size_t began = out->len;
	put_result(out, echo, identity, ccr, cca);
	struct chg_out before = *out;
	put_culprit(out, echo->request, ccr, cca);
	chg_answer_state(out, identity);
	if (!out->is_full && is_sendable(echo, out->len - began))
		return CHG_OK;
	*out = before; /* better without the offender than no answer */
	chg_answer_state(out, identity);
	bool is_good = !out->is_full && is_sendable(echo, out->len - began);
	return is_good ? CHG_OK : CHG_E_RANGE;
}

static bool result_of_body(struct chg_view body, uint32_t *ret)
{
	struct chg_raw_avp avp;
	return find(chg_avp_walk_group(body), CHG_AVP_RESULT_CODE, &avp) && chg_avp_u32(&avp, ret);
}

enum chg_rc chg_wire_write_cca_from_body(
	const struct chg_echo *echo, struct chg_view body, struct chg_out *out)
{
	uint32_t result;
	if (!result_of_body(body, &result))
		return CHG_E_SYNTAX;
	chg_answer_header(out, echo, chg_answer_needs_error_form(echo, result));
	chg_out_raw(out, body);
	chg_answer_proxy_info(out, echo);
	return chg_out_finish(out);
}

enum chg_rc chg_wire_write_cca(const struct chg_echo *echo, const struct chg_identity *identity,
	const struct chg_ccr *ccr, const struct chg_cca *cca, struct chg_out *out)
{
	chg_answer_header(out, echo, chg_answer_needs_error_form(echo, result_of(ccr, cca)));
	enum chg_rc rc = chg_wire_write_cca_body(echo, identity, ccr, cca, out);
	chg_answer_proxy_info(out, echo);
	return rc != CHG_OK ? rc : chg_out_finish(out);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What is asked for and was used, per service.  RFC 8506 8.16 to 8.29
 */
#include "wire/read_service.h"

enum {
	EXPONENT_MAX = 18,         /* either way: beyond, no int64 has a use for it.  B-150 */
	REASON_FINAL = 2,          /* TS 32.299 7.2.175 */
	USAGE_INDETERMINATE = 2,   /* the last Tariff-Change-Usage.  RFC 8506 8.27 */
	CURRENCY_UNKNOWN = 0xffff, /* any code that is none of ISO 4217 */
};

static bool find_member(
	const struct chg_raw_avp *group, enum chg_avp id, struct chg_raw_avp *ret_member)
{
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	while (chg_avp_next(&walk, &member)) {
		if (!member.is_known || member.id != id)
			continue;
		*ret_member = member;
		return true;
	}
	return false;
}

/* B-150: exact or not at all; an amount asked for or used is never negative (N-127). */
static enum chg_rc read_amount(
	const struct chg_raw_avp *value, chg_money *ret, struct chg_fault *fault)
{
	struct chg_raw_avp digits_avp, exponent_avp;
	uint64_t digits = 0;
	int32_t exponent = 0;
	bool has_digits = find_member(value, CHG_AVP_VALUE_DIGITS, &digits_avp);
	if (!has_digits) /* judged before; the compiler cannot know */
		return chg_judge_missing(CHG_AVP_VALUE_DIGITS, fault);
	chg_avp_u64(&digits_avp, &digits);
	if ((int64_t)digits < 0)
		return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
			"an amount of money is negative", &digits_avp);
	if (find_member(value, CHG_AVP_EXPONENT, &exponent_avp)) {
		chg_avp_i32(&exponent_avp, &exponent);
		if (exponent < -EXPONENT_MAX || exponent > EXPONENT_MAX)
			return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
				"an exponent is out of range", &exponent_avp);
	}
	if (chg_money_from_decimal((int64_t)digits, exponent, ret) != CHG_OK)
		return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
			"an amount of money is too large, or finer than a millionth", value);
	return CHG_OK;
}

static enum chg_rc read_money(
	const struct chg_raw_avp *money, struct chg_units *units, struct chg_fault *fault)
{
	struct chg_raw_avp value, code;
	uint32_t currency = 0;
	if (!find_member(money, CHG_AVP_UNIT_VALUE, &value))
		return chg_judge_missing(CHG_AVP_UNIT_VALUE, fault);
	enum chg_rc rc = read_amount(&value, &units->money, fault);
	if (rc != CHG_OK)
		return rc;
	if (find_member(money, CHG_AVP_CURRENCY_CODE, &code))
		chg_avp_u32(&code, &currency);
	units->has_money = true;
	units->currency.number = (uint16_t)(currency > 999 ? CURRENCY_UNKNOWN : currency);
	return CHG_OK;
}

/* CHG_UNIT_COUNT for an AVP that is no unit. */
static enum chg_unit unit_of(enum chg_avp id)
{
	switch (id) {
	case CHG_AVP_CC_TIME:
		return CHG_UNIT_SECONDS;
	case CHG_AVP_CC_TOTAL_OCTETS:
		return CHG_UNIT_OCTETS;
	case CHG_AVP_CC_INPUT_OCTETS:
		return CHG_UNIT_OCTETS_IN;
	case CHG_AVP_CC_OUTPUT_OCTETS:
		return CHG_UNIT_OCTETS_OUT;
	case CHG_AVP_CC_SERVICE_SPECIFIC_UNITS:
		return CHG_UNIT_MESSAGES;
	default:
		return CHG_UNIT_COUNT;
	}
}

static void take_count(const struct chg_raw_avp *avp, chg_opt_u64 *ret)
{
	uint32_t seconds = 0;
	ret->is_present = true;
	if (chg_avp_u32(avp, &seconds))
		ret->value = seconds;
	else
		chg_avp_u64(avp, &ret->value);
}

/* The units of a group that was judged. */
static enum chg_rc read_units(
	const struct chg_raw_avp *group, struct chg_units *ret, struct chg_fault *fault)
{
	struct chg_units units = { .is_present = true };
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	while (chg_avp_next(&walk, &member)) {
		if (!member.is_known)
			continue;
		enum chg_unit unit = unit_of(member.id);
		if (unit < CHG_UNIT_COUNT)
			take_count(&member, &units.of[unit]);
		if (member.id != CHG_AVP_CC_MONEY)
			continue;
		enum chg_rc rc = read_money(&member, &units, fault);
		if (rc != CHG_OK)
			return rc;
	}
	*ret = units;
	return CHG_OK;
}

static enum chg_rc too_many(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	return chg_judge_refuse(fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
		"an AVP is there more often than is served at a time", avp);
}

static enum chg_rc judge_usage(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	uint32_t usage = 0;
	chg_avp_u32(avp, &usage);
	if (usage <= USAGE_INDETERMINATE)
		return CHG_OK;
	return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
		"Tariff-Change-Usage is none of before, after and indeterminate", avp); /* N-095 */
}

static enum chg_rc read_used(
	const struct chg_raw_avp *group, struct chg_used *ret, struct chg_fault *fault)
{
	struct chg_used used = { 0 };
	struct chg_raw_avp member;
	enum chg_rc rc = read_units(group, &used.units, fault);
	if (rc == CHG_OK && find_member(group, CHG_AVP_TARIFF_CHANGE_USAGE, &member)) {
		used.tariff_change_usage.is_present =
			chg_avp_u32(&member, &used.tariff_change_usage.value);
		rc = judge_usage(&member, fault);
	}
	if (rc == CHG_OK && find_member(group, CHG_AVP_REPORTING_REASON, &member))
		used.reason.is_present = chg_avp_u32(&member, &used.reason.value);
	if (rc == CHG_OK)
		*ret = used;
	return rc;
}

/* FINAL among several reasons is what counts: it closes the service. */
static void take_reason(chg_opt_u32 *reason, chg_opt_u32 found)
{
	if (found.is_present && (!reason->is_present || found.value == REASON_FINAL))
		*reason = found;
}

static bool add_identifier(struct chg_service_ask *service, uint32_t id)
{
	for (size_t i = 0; i < service->service_id_count; i++)
		if (service->service_id[i] == id)
			return true;
	if (service->service_id_count == CHG_SERVICE_ID_MAX)
		return false;
	service->service_id[service->service_id_count++] = id;
	return true;
}

static enum chg_rc take_used(
	struct chg_service_ask *service, const struct chg_raw_avp *part, struct chg_fault *fault)
{
	if (service->used_count == CHG_USED_MAX)
		return too_many(part, fault);
	struct chg_used *used = &service->used[service->used_count];
	enum chg_rc rc = read_used(part, used, fault);
	if (rc != CHG_OK)
		return rc;
	service->used_count++;
	if (used->reason.is_present && used->reason.value == REASON_FINAL)
		take_reason(&service->reason, used->reason);
	return CHG_OK;
}

bool chg_service_is_part(enum chg_avp id)
{
	switch (id) {
	case CHG_AVP_RATING_GROUP:
	case CHG_AVP_SERVICE_IDENTIFIER:
	case CHG_AVP_REQUESTED_SERVICE_UNIT:
	case CHG_AVP_USED_SERVICE_UNIT:
	case CHG_AVP_TARIFF_CHANGE_USAGE:
	case CHG_AVP_REPORTING_REASON:
	case CHG_AVP_REFUND_INFORMATION:
		return true;
	default:
		return false;
	}
}

/* A part that was judged. */
static enum chg_rc take_part(
	struct chg_service_ask *service, const struct chg_raw_avp *part, struct chg_fault *fault)
{
	chg_opt_u32 number = { .is_present = true };
	switch (part->id) {
	case CHG_AVP_RATING_GROUP:
		chg_avp_u32(part, &number.value);
		if (!service->rating_group.is_present)
			service->rating_group = number;
		return CHG_OK;
	case CHG_AVP_SERVICE_IDENTIFIER:
		chg_avp_u32(part, &number.value);
		return add_identifier(service, number.value) ? CHG_OK : too_many(part, fault);
	case CHG_AVP_REQUESTED_SERVICE_UNIT:
		return read_units(part, &service->requested, fault);
	case CHG_AVP_USED_SERVICE_UNIT:
		return take_used(service, part, fault);
	case CHG_AVP_TARIFF_CHANGE_USAGE:
		return judge_usage(part, fault);
	case CHG_AVP_REPORTING_REASON:
		chg_avp_u32(part, &number.value);
		take_reason(&service->reason, number);
		return CHG_OK;
	default:
		if (!chg_view_present(service->refund_information))
			service->refund_information = part->data;
		return CHG_OK;
	}
}

enum chg_rc chg_service_take(const struct chg_judge *judge, struct chg_service_ask *service,
	const struct chg_raw_avp *part, struct chg_fault *reterr_fault)
{
	enum chg_rc rc = CHG_OK;
	if (chg_dict_row(part->id)->type == CHG_TYPE_GROUPED)
		rc = chg_judge_group(judge, part, reterr_fault);
	return rc != CHG_OK ? rc : take_part(service, part, reterr_fault);
}

enum chg_rc chg_service_read(const struct chg_judge *judge, const struct chg_raw_avp *group,
	struct chg_service_ask *ret, struct chg_fault *reterr_fault)
{
	enum chg_rc rc = chg_judge_group(judge, group, reterr_fault);
	if (rc != CHG_OK)
		return rc;
	*ret = (struct chg_service_ask){ 0 };
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	while (rc == CHG_OK && chg_avp_next(&walk, &member))
		if (member.is_known && chg_service_is_part(member.id))
			rc = take_part(ret, &member, reterr_fault);
	return rc;
}

bool chg_service_is_same(const struct chg_service_ask *a, const struct chg_service_ask *b)
{
	bool has_id = a->service_id_count > 0;
	if (a->rating_group.is_present != b->rating_group.is_present ||
		(a->rating_group.is_present && a->rating_group.value != b->rating_group.value))
		return false;
	return has_id == (b->service_id_count > 0) &&
	       (!has_id || a->service_id[0] == b->service_id[0]);
}

enum chg_rc chg_service_merge(const struct chg_judge *judge, struct chg_service_reading *into,
	const struct chg_service_reading *second, struct chg_fault *reterr_fault)
{
	struct chg_service_ask *ask = &into->ask;
	const struct chg_service_ask *more = &second->ask;
	bool both_ask = ask->requested.is_present && more->requested.is_present;
	if (both_ask && judge->strictness == CHG_STRICT)
		return chg_judge_refuse_both(reterr_fault, CHG_RESULT_CONTRADICTING_AVPS,
			"units are requested twice for one service", &into->from, &second->from);
	for (size_t i = 0; i < more->service_id_count; i++)
		if (!add_identifier(ask, more->service_id[i]))
			return too_many(&second->from, reterr_fault);
	for (size_t i = 0; i < more->used_count; i++) {
		if (ask->used_count == CHG_USED_MAX)
			return too_many(&second->from, reterr_fault);
		ask->used[ask->used_count++] = more->used[i];
	}
	if (!ask->requested.is_present)
		ask->requested = more->requested;
	take_reason(&ask->reason, more->reason);
	if (!chg_view_present(ask->refund_information))
		ask->refund_information = more->refund_information;
	return CHG_OK;
}

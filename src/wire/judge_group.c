/* SPDX-License-Identifier: BSD-3-Clause
 * The grammar of the groups of credit control.  RFC 8506 8, TS 32.299 6.4.2
 */
#include "wire/judge.h"

enum { ANY = CHG_RULE_UNLIMITED };

/*
 * How often a member may stand in its group; members without a rule may come any number of times.
 * The rules of a group stand together.  Groups are judged as deep as rules lead, which is four.
 */
static const struct group_rule {
	enum chg_avp group;
	enum chg_avp member;
	int min;
	int max;
} rules[] = {
#define GROUP_RULE(group, member, min, max)                                                        \
	{                                                                                          \
		CHG_AVP_##group, CHG_AVP_##member, min, max                                        \
	}
	GROUP_RULE(SUBSCRIPTION_ID, SUBSCRIPTION_ID_TYPE, 1, 1),
	GROUP_RULE(SUBSCRIPTION_ID, SUBSCRIPTION_ID_DATA, 1, 1),
	GROUP_RULE(MULTIPLE_SERVICES_CREDIT_CONTROL, REQUESTED_SERVICE_UNIT, 0, 1),
	GROUP_RULE(MULTIPLE_SERVICES_CREDIT_CONTROL, USED_SERVICE_UNIT, 0, ANY),
	GROUP_RULE(MULTIPLE_SERVICES_CREDIT_CONTROL, TARIFF_CHANGE_USAGE, 0, 1),
	GROUP_RULE(MULTIPLE_SERVICES_CREDIT_CONTROL, RATING_GROUP, 0, 1),
	GROUP_RULE(MULTIPLE_SERVICES_CREDIT_CONTROL, REFUND_INFORMATION, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_TIME, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_MONEY, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_TOTAL_OCTETS, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_INPUT_OCTETS, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_OUTPUT_OCTETS, 0, 1),
	GROUP_RULE(REQUESTED_SERVICE_UNIT, CC_SERVICE_SPECIFIC_UNITS, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, TARIFF_CHANGE_USAGE, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, REPORTING_REASON, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_TIME, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_MONEY, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_TOTAL_OCTETS, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_INPUT_OCTETS, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_OUTPUT_OCTETS, 0, 1),
	GROUP_RULE(USED_SERVICE_UNIT, CC_SERVICE_SPECIFIC_UNITS, 0, 1),
	GROUP_RULE(CC_MONEY, UNIT_VALUE, 1, 1),
	GROUP_RULE(CC_MONEY, CURRENCY_CODE, 0, 1),
	GROUP_RULE(UNIT_VALUE, VALUE_DIGITS, 1, 1),
	GROUP_RULE(UNIT_VALUE, EXPONENT, 0, 1),
#undef GROUP_RULE
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static size_t find_rule(enum chg_avp group, enum chg_avp member)
{
	size_t i = 0;
	while (i < RULE_COUNT && (rules[i].group != group || rules[i].member != member))
		i++;
	return i;
}

static enum chg_rc judge_group(const struct chg_judge *judge, const struct chg_raw_avp *group,
	bool is_must, struct chg_fault *fault);

/* A member of a known group; rule is its place in `rules`, RULE_COUNT when it has none. */
static enum chg_rc judge_member(const struct chg_judge *judge, const struct chg_raw_avp *member,
	size_t rule, bool is_must, struct chg_fault *fault)
{
	enum chg_rc rc = chg_judge_size(member, fault);
	if (rc != CHG_OK)
		return rc;
	if (judge->strictness == CHG_STRICT && judge->is_not_allowed(member->id))
		return chg_judge_refuse(fault, CHG_RESULT_AVP_NOT_ALLOWED,
			"an AVP is not allowed in this command", member);
	if (rule == RULE_COUNT || chg_dict_row(member->id)->type != CHG_TYPE_GROUPED)
		return CHG_OK;
	return judge_group(judge, member, is_must, fault);
}

static enum chg_rc judge_missing(
	const struct chg_raw_avp *group, const uint16_t *seen, struct chg_fault *fault)
{
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].group == group->id && rules[i].min > 0 && seen[i] == 0)
			return chg_judge_missing(rules[i].member, fault);
	return CHG_OK;
}

/* is_must: the group and all groups around it have the M bit. */
static enum chg_rc judge_group(const struct chg_judge *judge, const struct chg_raw_avp *group,
	bool is_must, struct chg_fault *fault)
{
	uint16_t seen[RULE_COUNT] = { 0 };
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	enum chg_rc rc = CHG_OK;
	while (rc == CHG_OK && chg_avp_next(&walk, &member)) {
		if (!member.is_known) {
			rc = is_must ? chg_judge_unknown(&member, fault) : CHG_OK;
			continue;
		}
		size_t rule = find_rule(group->id, member.id);
		if (rule < RULE_COUNT && rules[rule].max != ANY && ++seen[rule] > rules[rule].max)
			return chg_judge_refuse(fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
				"an AVP is there more often than its group allows", &member);
		bool is_must_within = is_must && (member.flags & CHG_AVP_FLAG_MUST) != 0;
		rc = judge_member(judge, &member, rule, is_must_within, fault);
	}
	if (rc == CHG_OK && walk.is_broken)
		rc = chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_LENGTH,
			"the length of an AVP does not fit into its group", &member);
	return rc != CHG_OK ? rc : judge_missing(group, seen, fault);
}

enum chg_rc chg_judge_group(const struct chg_judge *judge, const struct chg_raw_avp *group,
	struct chg_fault *reterr_fault)
{
	bool is_must = (group->flags & CHG_AVP_FLAG_MUST) != 0;
	return judge_group(judge, group, is_must, reterr_fault);
}

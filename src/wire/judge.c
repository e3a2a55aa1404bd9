/* SPDX-License-Identifier: BSD-3-Clause
 * The first pass: the level of the command, which is the same for ACR and CCR but for few AVPs.
 *
 * What it refuses, the client deletes (RFC 6733 9.4), so it refuses as little as it may (J-19).
 */
#include "wire/judge.h"

#include <assert.h>

enum {
	RULES_MAX = 64,
};

enum chg_rc chg_judge_refuse(struct chg_fault *reterr_fault, enum chg_result result,
	const char *message, const struct chg_raw_avp *avp)
{
	*reterr_fault = (struct chg_fault){ .result_code = result, .message = message };
	reterr_fault->failed[reterr_fault->failed_count++] = *avp;
	return CHG_E_SYNTAX;
}

enum chg_rc chg_judge_refuse_both(struct chg_fault *reterr_fault, enum chg_result result,
	const char *message, const struct chg_raw_avp *one, const struct chg_raw_avp *other)
{
	chg_judge_refuse(reterr_fault, result, message, one);
	reterr_fault->failed[reterr_fault->failed_count++] = *other;
	return CHG_E_SYNTAX;
}

struct chg_raw_avp chg_judge_example(enum chg_avp id)
{
	const struct chg_avp_row *row = chg_dict_row(id);
	return (struct chg_raw_avp){
		.code = row->code, .vendor = row->vendor, .is_known = true, .id = id
	};
}

enum chg_rc chg_judge_missing(enum chg_avp id, struct chg_fault *reterr_fault)
{
	struct chg_raw_avp example = chg_judge_example(id);
	return chg_judge_refuse(reterr_fault, CHG_RESULT_MISSING_AVP,
		"an AVP that must be there is missing", &example);
}

/* RFC 6733 4.2: the sizes that the type fixes; 0 when it fixes none. */
static size_t fixed_size(enum chg_avp_type type)
{
	switch (type) {
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_I32:
	case CHG_TYPE_U32:
	case CHG_TYPE_TIME:
		return 4;
	case CHG_TYPE_I64:
	case CHG_TYPE_U64:
		return 8;
	default:
		return 0;
	}
}

/* Texts that the answer or the key is made of cannot be kept raw: they have to be right. */
static bool must_be_text(enum chg_avp id)
{
	return id == CHG_AVP_SESSION_ID || id == CHG_AVP_ORIGIN_HOST || id == CHG_AVP_ORIGIN_REALM;
}

/* RFC 6733 4.3.1 with the leniency of section A: printable, no blanks. */
static bool is_identity(struct chg_view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] <= ' ' || (uint8_t)text.ptr[i] >= 0x7f)
			return false;
	return text.len > 0;
}

static bool is_good_text(const struct chg_raw_avp *avp)
{
	if (avp->id == CHG_AVP_SESSION_ID)
		return avp->data.len > 0 && chg_utf8_valid(avp->data);
	return is_identity(avp->data);
}

enum chg_rc chg_judge_size(const struct chg_raw_avp *avp, struct chg_fault *reterr_fault)
{
	size_t size = fixed_size(chg_dict_row(avp->id)->type);
	if (size == 0 || avp->data.len == size)
		return CHG_OK;
	struct chg_raw_avp example = chg_judge_example(avp->id);
	example.flags = avp->flags;
	return chg_judge_refuse(reterr_fault, CHG_RESULT_INVALID_AVP_LENGTH,
		"an AVP has another length than its type", &example);
}

enum chg_rc chg_judge_unknown(const struct chg_raw_avp *avp, struct chg_fault *reterr_fault)
{
	if ((avp->flags & CHG_AVP_FLAG_MUST) == 0)
		return CHG_OK;
	return chg_judge_refuse(reterr_fault, CHG_RESULT_AVP_UNSUPPORTED,
		"an AVP with the M bit is not known here", avp); /* */
}

/* An unknown Termination-Cause is kept as its number, however strict we are. */
static bool is_defined(const struct chg_raw_avp *avp)
{
	int32_t value = 0;
	bool may_be_ignored =
		(avp->flags & CHG_AVP_FLAG_MUST) == 0 || avp->id == CHG_AVP_TERMINATION_CAUSE;
	return may_be_ignored || chg_dict_row(avp->id)->type != CHG_TYPE_ENUMERATED ||
	       !chg_avp_i32(avp, &value) || chg_dict_enum_known(avp->id, value);
}

/*
 * Strict mode judges content, also that of groups: but only of groups with the M bit, since all of
 * another might have been left aside (RFC 6733 4.4). 
 */
static enum chg_rc judge_content(const struct chg_raw_avp *avp, int depth, struct chg_fault *fault)
{
	const struct chg_avp_row *row = chg_dict_row(avp->id);
	if (row->type == CHG_TYPE_UTF8 && !chg_utf8_valid(avp->data))
		return chg_judge_refuse(
			fault, CHG_RESULT_INVALID_AVP_VALUE, "a text is not UTF-8", avp);
	if (!is_defined(avp))
		return chg_judge_refuse(
			fault, CHG_RESULT_INVALID_AVP_VALUE, "a value is not defined", avp);
	if (row->type != CHG_TYPE_GROUPED || (avp->flags & CHG_AVP_FLAG_MUST) == 0 ||
		depth == CHG_AVP_DEPTH_MAX)
		return CHG_OK;

	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member;
	enum chg_rc rc = CHG_OK;
	while (rc == CHG_OK && chg_avp_next(&walk, &member)) {
		rc = member.is_known ? chg_judge_size(&member, fault)
				     : chg_judge_unknown(&member, fault);
		if (rc == CHG_OK && member.is_known)
			rc = judge_content(&member, depth + 1, fault);
	}
	if (rc == CHG_OK && walk.is_broken)
		rc = chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_LENGTH,
			"the length of an AVP does not fit into its group", &member);
	return rc;
}

static enum chg_rc judge_value(
	const struct chg_judge *judge, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	enum chg_rc rc = chg_judge_size(avp, fault);
	if (rc != CHG_OK)
		return rc;
	if (must_be_text(avp->id) && !is_good_text(avp))
		return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
			"an identity or Session-Id is empty or not readable", avp);
	if (judge->strictness == CHG_LENIENT)
		return CHG_OK;
	if (judge->is_not_allowed(avp->id))
		return chg_judge_refuse(fault, CHG_RESULT_AVP_NOT_ALLOWED,
			"an AVP is not allowed in this command", avp);
	return judge_content(avp, 0, fault);
}

/* exactly one of the two ids.  RFC 6733 6.11 */
static enum chg_rc judge_vendor_application(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member, auth = chg_judge_example(CHG_AVP_AUTH_APPLICATION_ID),
				   acct = chg_judge_example(CHG_AVP_ACCT_APPLICATION_ID);
	while (chg_avp_next(&walk, &member)) {
		if (member.is_known && member.id == CHG_AVP_AUTH_APPLICATION_ID)
			auth = member;
		if (member.is_known && member.id == CHG_AVP_ACCT_APPLICATION_ID)
			acct = member;
	}
	if (chg_view_present(auth.whole) != chg_view_present(acct.whole))
		return CHG_OK;
	return chg_judge_refuse_both(fault,
		chg_view_present(auth.whole) ? CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES
					     : CHG_RESULT_MISSING_AVP,
		"Vendor-Specific-Application-Id needs exactly one application id", &auth, &acct);
}

/* N-044: without the two, the proxy that waits for its own words could not use the answer. */
static enum chg_rc judge_proxy_info(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	static const enum chg_avp wanted[] = { CHG_AVP_PROXY_HOST, CHG_AVP_PROXY_STATE };
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
		struct chg_raw_avp member;
		bool is_there = false;
		while (chg_avp_next(&walk, &member))
			is_there |= member.is_known && member.id == wanted[i];
		if (is_there)
			continue;
		return chg_judge_missing(wanted[i], fault);
	}
	return CHG_OK;
}

static enum chg_rc judge_application(
	const struct chg_raw_avp *avp, const struct chg_header *header, struct chg_fault *fault)
{
	uint32_t application = 0;
	chg_avp_u32(avp, &application);
	if (application == header->application)
		return CHG_OK;
	return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE,
		"the application id differs from that of the header", avp); /* */
}

static enum chg_rc judge_meaning(const struct chg_judge *judge, const struct chg_header *header,
	const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	if (avp->id == judge->application_id)
		return judge_application(avp, header, fault);
	if (avp->id == CHG_AVP_VENDOR_SPECIFIC_APPLICATION_ID)
		return judge_vendor_application(avp, fault);
	if (avp->id == CHG_AVP_PROXY_INFO)
		return judge_proxy_info(avp, fault);
	return CHG_OK;
}

/* Counts an AVP against its rule; false when it is one too many. */
static bool count_in(
	const struct chg_rule_row *rules, size_t rule_count, uint16_t *seen, enum chg_avp id)
{
	for (size_t i = 0; i < rule_count; i++)
		if (rules[i].avp == id)
			return rules[i].max < 0 || ++seen[i] <= rules[i].max;
	return true;
}

static enum chg_rc judge_missing(const struct chg_rule_row *rules, size_t rule_count,
	const uint16_t *seen, struct chg_fault *fault)
{
	for (size_t i = 0; i < rule_count; i++)
		if (rules[i].min > 0 && seen[i] == 0)
			return chg_judge_missing(rules[i].avp, fault);
	return CHG_OK;
}

static enum chg_rc judge_avp(const struct chg_judge *judge, const struct chg_header *header,
	const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	if (!avp->is_known)
		return chg_judge_unknown(avp, fault);
	enum chg_rc rc = judge_value(judge, avp, fault);
	if (rc == CHG_OK)
		rc = judge_meaning(judge, header, avp, fault);
	return rc != CHG_OK ? rc : judge->meaning(judge->to, avp, fault);
}

static enum chg_rc judge_level(const struct chg_judge *judge, struct chg_view message,
	const struct chg_header *header, struct chg_fault *fault)
{
	size_t rule_count;
	const struct chg_rule_row *rules = chg_dict_rules(judge->command, &rule_count);
	uint16_t seen[RULES_MAX] = { 0 };
	assert(rule_count <= RULES_MAX);

	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (avp.is_known && !count_in(rules, rule_count, seen, avp.id))
			return chg_judge_refuse(fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
				"an AVP is there more often than its command allows", &avp);
		enum chg_rc rc = judge_avp(judge, header, &avp, fault);
		if (rc != CHG_OK)
			return rc;
	}
	if (walk.is_broken)
		return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_LENGTH,
			"the length of an AVP does not fit into the message", &avp);
	return judge_missing(rules, rule_count, seen, fault);
}

enum chg_rc chg_judge_message(const struct chg_judge *judge, struct chg_view message,
	struct chg_header *ret_header, struct chg_fault *reterr_fault)
{
	struct chg_header header;
	enum chg_rc rc = chg_header_read(message, &header);
	if (rc != CHG_OK) {
		*reterr_fault =
			(struct chg_fault){ .result_code = CHG_RESULT_INVALID_MESSAGE_LENGTH,
				.message = "the message's length or version is not right" };
		return rc;
	}
	rc = judge_level(judge, message, &header, reterr_fault);
	if (rc == CHG_OK)
		*ret_header = header;
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Identities, wherever clients put them.  RFC 8506 8.46 to 8.63; R11
 */
#include "wire/read_identity.h"

#include <strings.h>

/* The identities found so far, and the first one that could not be used. */
struct finding {
	struct chg_ccr *ccr;
	struct chg_raw_avp offender; /* whole.ptr NULL: none */
	enum chg_avp group;          /* that it stands in */
	const char *why;
};

static bool extension_type(enum chg_avp id, enum chg_identity_type *ret)
{
	switch (id) {
	case CHG_AVP_SUBSCRIPTION_ID_E164:
		*ret = CHG_IDENTITY_E164;
		return true;
	case CHG_AVP_SUBSCRIPTION_ID_IMSI:
		*ret = CHG_IDENTITY_IMSI;
		return true;
	case CHG_AVP_SUBSCRIPTION_ID_SIP_URI:
		*ret = CHG_IDENTITY_SIP_URI;
		return true;
	case CHG_AVP_SUBSCRIPTION_ID_NAI:
		*ret = CHG_IDENTITY_NAI;
		return true;
	case CHG_AVP_SUBSCRIPTION_ID_PRIVATE:
		*ret = CHG_IDENTITY_PRIVATE;
		return true;
	default:
		return false;
	}
}

/* B-143: one identity.  One of a kind that came later than us is left aside, not refused. */
static enum chg_rc judge_extension(const struct chg_judge *judge, const struct chg_raw_avp *avp,
	struct chg_fault *reterr_fault)
{
	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member;
	enum chg_identity_type type;
	size_t count = 0;
	enum chg_rc rc = chg_judge_group(judge, avp, reterr_fault);
	if (rc != CHG_OK)
		return rc;
	if (avp->data.len == 0)
		return chg_judge_missing(CHG_AVP_SUBSCRIPTION_ID_E164, reterr_fault);
	while (chg_avp_next(&walk, &member))
		if (member.is_known && extension_type(member.id, &type) && ++count > 1)
			return chg_judge_refuse(reterr_fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
				"Subscription-Id-Extension holds one identity", &member);
	return CHG_OK;
}

enum chg_rc chg_identity_judge(const struct chg_judge *judge, const struct chg_raw_avp *avp,
	struct chg_fault *reterr_fault)
{
	if (avp->id == CHG_AVP_SUBSCRIPTION_ID_EXTENSION)
		return judge_extension(judge, avp, reterr_fault);
	return chg_judge_group(judge, avp, reterr_fault);
}

static void offend(
	struct finding *finding, enum chg_avp group, const struct chg_raw_avp *avp, const char *why)
{
	if (chg_view_present(finding->offender.whole))
		return;
	finding->offender = *avp;
	finding->group = group;
	finding->why = why;
}

static bool is_listed(const struct chg_ccr *ccr, const struct chg_party *key)
{
	for (size_t i = 0; i < ccr->identity_count; i++) {
		const struct chg_party *other = &ccr->identity[i].key;
		if (other->len == key->len && memcmp(other->bytes, key->bytes, key->len) == 0)
			return true;
	}
	return false;
}

/* False when the text makes no key of that type. */
static bool list(struct chg_ccr *ccr, enum chg_identity_type type, struct chg_view text)
{
	struct chg_identity_ask identity = { .type = type, .text = text };
	if (!chg_utf8_valid(text) || chg_identity_key(type, text, &identity.key) != CHG_OK)
		return false;
	if (ccr->identity_count < CHG_IDENTITY_MAX && !is_listed(ccr, &identity.key))
		ccr->identity[ccr->identity_count++] = identity;
	return true;
}

/* One Subscription-Id; one without a type or data, deep inside, is nothing. */
static void take_subscription(struct finding *finding, const struct chg_raw_avp *group)
{
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member, type_avp = { 0 }, data_avp = { 0 };
	uint32_t type = 0;
	while (chg_avp_next(&walk, &member)) {
		if (member.is_known && member.id == CHG_AVP_SUBSCRIPTION_ID_TYPE)
			type_avp = member;
		if (member.is_known && member.id == CHG_AVP_SUBSCRIPTION_ID_DATA)
			data_avp = member;
	}
	if (!chg_view_present(data_avp.whole) || !chg_view_present(type_avp.whole) ||
		!chg_avp_u32(&type_avp, &type))
		return;
	if (type > CHG_IDENTITY_PRIVATE)
		offend(finding, group->id, &type_avp,
			"the only identity is of a type that is not known"); /* N-094 */
	else if (!list(finding->ccr, (enum chg_identity_type)type, data_avp.data))
		offend(finding, group->id, &data_avp, "the only identity is not one of its type");
}

static void take_extension(struct finding *finding, const struct chg_raw_avp *group)
{
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	enum chg_identity_type type;
	while (chg_avp_next(&walk, &member)) {
		bool is_identity = member.is_known && extension_type(member.id, &type);
		if (!is_identity || !list(finding->ccr, type, member.data))
			offend(finding, group->id, &member,
				"the only identity is of a type that is not known, or not one of "
				"its type");
	}
}

static bool begins_with(struct chg_view text, const char *word)
{
	size_t len = strlen(word);
	return text.len > len && strncasecmp(text.ptr, word, len) == 0;
}

/* RFC 6733 8.14 says NAI; clients of IMS write the URI there (R11). */
static void take_user_name(struct finding *finding, const struct chg_raw_avp *avp)
{
	bool is_uri = begins_with(avp->data, "sip:") || begins_with(avp->data, "sips:") ||
		      begins_with(avp->data, "tel:") || begins_with(avp->data, "<");
	list(finding->ccr, is_uri ? CHG_IDENTITY_SIP_URI : CHG_IDENTITY_NAI, avp->data);
}

static void take_service_information(struct finding *finding, const struct chg_raw_avp *group)
{
	struct chg_avp_walk walk = chg_avp_walk_group(group->data);
	struct chg_raw_avp member;
	while (chg_avp_next(&walk, &member))
		if (member.is_known && member.id == CHG_AVP_SUBSCRIPTION_ID)
			take_subscription(finding, &member);
}

enum chg_rc chg_identity_read(struct chg_view message, bool needs_one, struct chg_ccr *ccr,
	struct chg_fault *reterr_fault)
{
	static const struct {
		enum chg_avp id;
		void (*take)(struct finding *finding, const struct chg_raw_avp *avp);
	} places[] = {
		{ CHG_AVP_SUBSCRIPTION_ID, take_subscription },
		{ CHG_AVP_SUBSCRIPTION_ID_EXTENSION, take_extension },
		{ CHG_AVP_USER_NAME, take_user_name },
		{ CHG_AVP_SERVICE_INFORMATION, take_service_information },
	};
	struct finding finding = { .ccr = ccr };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct chg_avp_walk walk = chg_avp_walk_message(message);
		struct chg_raw_avp avp;
		while (chg_avp_next(&walk, &avp))
			if (avp.is_known && avp.id == places[i].id)
				places[i].take(&finding, &avp);
	}
	if (ccr->identity_count > 0 || !needs_one || !chg_view_present(finding.offender.whole))
		return CHG_OK;
	chg_judge_refuse(
		reterr_fault, CHG_RESULT_INVALID_AVP_VALUE, finding.why, &finding.offender);
	reterr_fault->has_group = true;
	reterr_fault->group = finding.group;
	return CHG_E_SYNTAX;
}

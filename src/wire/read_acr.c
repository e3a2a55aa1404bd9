/* SPDX-License-Identifier: BSD-3-Clause
 * Accounting-Request: bytes -> struct chg_acr.
 *
 * Two passes.  The first judges the level of the command: framing, grammar, what must be there.
 * What it refuses, the client deletes (RFC 6733 9.4), so it refuses as little as it may (J-19).
 * The second takes the content apart: what has a field goes there, all else becomes JSON.
 */
#include "wire/message.h"

#include <assert.h>
#include <gnutls/crypto.h>
#include <stdlib.h>

#include "wire/json.h"

enum {
	RESULT_AVP_UNSUPPORTED = 5001,
	RESULT_INVALID_AVP_VALUE = 5004,
	RESULT_MISSING_AVP = 5005,
	RESULT_AVP_NOT_ALLOWED = 5008,
	RESULT_AVP_OCCURS_TOO_MANY_TIMES = 5009,
	RESULT_INVALID_AVP_LENGTH = 5014,

	RULES_MAX = 64,
	/* A request this long is rare; its scratch memory is not kept for the next one. */
	SCRATCH_KEEP = 64 * 1024,
};

void chg_scratch_release(struct chg_scratch *scratch)
{
	free(scratch->bytes);
	*scratch = (struct chg_scratch){ 0 };
}

static enum chg_rc scratch_reserve(struct chg_scratch *scratch, size_t size)
{
	if (scratch->size > SCRATCH_KEEP)
		chg_scratch_release(scratch);
	if (size <= scratch->size)
		return CHG_OK;
	char *bytes = realloc(scratch->bytes, size);
	if (bytes == NULL)
		return CHG_E_NO_MEMORY;
	*scratch = (struct chg_scratch){ bytes, size };
	return CHG_OK;
}

static enum chg_rc refuse(
	struct chg_fault *fault, uint32_t code, const char *message, const struct chg_raw_avp *avp)
{
	*fault = (struct chg_fault){ .result_code = code, .message = message };
	fault->failed[fault->failed_count++] = *avp;
	return CHG_E_SYNTAX;
}

/* An example of an AVP that is not there, or that is there with a length that cannot be copied. */
static struct chg_raw_avp example_of(enum chg_avp id)
{
	const struct chg_avp_row *row = chg_dict_row(id);
	return (struct chg_raw_avp){
		.code = row->code, .vendor = row->vendor, .is_known = true, .id = id
	};
}

/* ---- The first pass: the command's level -------------------------------------------------- */

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

/* AVPs that have no place in an ACR.  RFC 6733 10.2; refused by strict mode only (J-05). */
static bool is_not_allowed(enum chg_avp id)
{
	return id == CHG_AVP_RESULT_CODE || id == CHG_AVP_AUTH_APPLICATION_ID ||
	       id == CHG_AVP_EXPERIMENTAL_RESULT || id == CHG_AVP_FAILED_AVP ||
	       id == CHG_AVP_ERROR_MESSAGE || id == CHG_AVP_ERROR_REPORTING_HOST;
}

static enum chg_rc judge_size(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	size_t size = fixed_size(chg_dict_row(avp->id)->type);
	if (size == 0 || avp->data.len == size)
		return CHG_OK;
	struct chg_raw_avp example = example_of(avp->id);
	example.flags = avp->flags;
	return refuse(fault, RESULT_INVALID_AVP_LENGTH, "an AVP has another length than its type",
		&example);
}

static enum chg_rc judge_unknown(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	if ((avp->flags & CHG_AVP_FLAG_MUST) == 0)
		return CHG_OK;
	return refuse(fault, RESULT_AVP_UNSUPPORTED, "an AVP with the M bit is not known here",
		avp); /* */
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
		return refuse(fault, RESULT_INVALID_AVP_VALUE, "a text is not UTF-8", avp);
	if (!is_defined(avp))
		return refuse(fault, RESULT_INVALID_AVP_VALUE, "a value is not defined", avp);
	if (row->type != CHG_TYPE_GROUPED || (avp->flags & CHG_AVP_FLAG_MUST) == 0 ||
		depth == CHG_AVP_DEPTH_MAX)
		return CHG_OK;

	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member;
	enum chg_rc rc = CHG_OK;
	while (rc == CHG_OK && chg_avp_next(&walk, &member)) {
		rc = member.is_known ? judge_size(&member, fault) : judge_unknown(&member, fault);
		if (rc == CHG_OK && member.is_known)
			rc = judge_content(&member, depth + 1, fault);
	}
	if (rc == CHG_OK && walk.is_broken)
		rc = refuse(fault, RESULT_INVALID_AVP_LENGTH,
			"the length of an AVP does not fit into its group", &member);
	return rc;
}

static enum chg_rc judge_value(
	const struct chg_raw_avp *avp, enum chg_strictness strictness, struct chg_fault *fault)
{
	enum chg_rc rc = judge_size(avp, fault);
	if (rc != CHG_OK)
		return rc;
	if (must_be_text(avp->id) && !is_good_text(avp))
		return refuse(fault, RESULT_INVALID_AVP_VALUE,
			"an identity or Session-Id is empty or not readable", avp);
	if (strictness == CHG_LENIENT)
		return CHG_OK;
	if (is_not_allowed(avp->id))
		return refuse(fault, RESULT_AVP_NOT_ALLOWED,
			"an AVP is not allowed in this command", avp);
	return judge_content(avp, 0, fault);
}

/* exactly one of the two ids.  RFC 6733 6.11 */
static enum chg_rc judge_vendor_application(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member, auth = example_of(CHG_AVP_AUTH_APPLICATION_ID),
				   acct = example_of(CHG_AVP_ACCT_APPLICATION_ID);
	while (chg_avp_next(&walk, &member)) {
		if (member.is_known && member.id == CHG_AVP_AUTH_APPLICATION_ID)
			auth = member;
		if (member.is_known && member.id == CHG_AVP_ACCT_APPLICATION_ID)
			acct = member;
	}
	if (chg_view_present(auth.whole) != chg_view_present(acct.whole))
		return CHG_OK;
	bool has_both = chg_view_present(auth.whole);
	refuse(fault, has_both ? RESULT_AVP_OCCURS_TOO_MANY_TIMES : RESULT_MISSING_AVP,
		"Vendor-Specific-Application-Id needs exactly one application id", &auth);
	fault->failed[fault->failed_count++] = acct;
	return CHG_E_SYNTAX;
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
		struct chg_raw_avp example = example_of(wanted[i]);
		return refuse(fault, RESULT_MISSING_AVP,
			"Proxy-Info needs a Proxy-Host and a Proxy-State", &example);
	}
	return CHG_OK;
}

static enum chg_rc judge_record_type(const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	uint32_t type = 0;
	chg_avp_u32(avp, &type);
	if (type >= CHG_RECORD_EVENT && type <= CHG_RECORD_STOP)
		return CHG_OK;
	return refuse(fault, RESULT_INVALID_AVP_VALUE,
		"Accounting-Record-Type is none of EVENT, START, INTERIM and STOP",
		avp); /* */
}

static enum chg_rc judge_application(
	const struct chg_raw_avp *avp, const struct chg_header *header, struct chg_fault *fault)
{
	uint32_t application = 0;
	chg_avp_u32(avp, &application);
	if (application == header->application)
		return CHG_OK;
	return refuse(fault, RESULT_INVALID_AVP_VALUE,
		"the application id differs from that of the header", avp); /* */
}

static enum chg_rc judge_meaning(
	const struct chg_raw_avp *avp, const struct chg_header *header, struct chg_fault *fault)
{
	switch (avp->id) {
	case CHG_AVP_ACCOUNTING_RECORD_TYPE:
		return judge_record_type(avp, fault);
	case CHG_AVP_ACCT_APPLICATION_ID:
		return judge_application(avp, header, fault);
	case CHG_AVP_VENDOR_SPECIFIC_APPLICATION_ID:
		return judge_vendor_application(avp, fault);
	case CHG_AVP_PROXY_INFO:
		return judge_proxy_info(avp, fault);
	default:
		return CHG_OK;
	}
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
	for (size_t i = 0; i < rule_count; i++) {
		if (rules[i].min == 0 || seen[i] > 0)
			continue;
		struct chg_raw_avp example = example_of(rules[i].avp);
		return refuse(fault, RESULT_MISSING_AVP, "an AVP that must be there is missing",
			&example);
	}
	return CHG_OK;
}

static enum chg_rc judge_avp(const struct chg_raw_avp *avp, const struct chg_header *header,
	enum chg_strictness strictness, struct chg_fault *fault)
{
	if (!avp->is_known)
		return judge_unknown(avp, fault);
	enum chg_rc rc = judge_value(avp, strictness, fault);
	return rc != CHG_OK ? rc : judge_meaning(avp, header, fault);
}

/* The first error in the order of the message is the one that is told.  A-041 */
static enum chg_rc judge(struct chg_view message, const struct chg_header *header,
	enum chg_strictness strictness, struct chg_fault *fault)
{
	size_t rule_count;
	const struct chg_rule_row *rules = chg_dict_rules(CHG_COMMAND_ACR, &rule_count);
	uint16_t seen[RULES_MAX] = { 0 };
	assert(rule_count <= RULES_MAX);

	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (avp.is_known && !count_in(rules, rule_count, seen, avp.id))
			return refuse(fault, RESULT_AVP_OCCURS_TOO_MANY_TIMES,
				"an AVP is there more often than its command allows", &avp);
		enum chg_rc rc = judge_avp(&avp, header, strictness, fault);
		if (rc != CHG_OK)
			return rc;
	}
	if (walk.is_broken)
		return refuse(fault, RESULT_INVALID_AVP_LENGTH,
			"the length of an AVP does not fit into the message", &avp);
	return judge_missing(rules, rule_count, seen, fault);
}

/* ---- The second pass: fields and content ---------------------------------------------------- */

enum field_kind {
	FIELD_NONE, /* content: becomes JSON */
	FIELD_TEXT,
	FIELD_U32,
	FIELD_I32,
	FIELD_U64,
	FIELD_TIME,
	FIELD_TYPE,    /* Accounting-Record-Type */
	FIELD_NUMBER,  /* Accounting-Record-Number */
	FIELD_CARRIED, /* belongs to the way of the message and not to its content */
	FIELD_CALLING, /* parties: all are listed, the first has a field */
	FIELD_CALLED,
	FIELD_REQUESTED,
	FIELD_SUBSCRIBER,
	FIELD_CHARGED,
	FIELD_PARTICIPANT,
	FIELD_OCTETS, /* Content-Length: added up, and kept in the content as well */
};

struct field {
	enum field_kind kind;
	size_t offset;
	bool is_of_command; /* taken from the level of the command and never out of a group */
	bool stays;         /* records have no column for it: it is kept in the content as well */
};

#define ACR_COMMAND(id, kind, member)                                                              \
	[CHG_AVP_##id] = { FIELD_##kind, offsetof(struct chg_acr, member), true }
#define ACR_COMMAND_STAYS(id, kind, member)                                                        \
	[CHG_AVP_##id] = { FIELD_##kind, offsetof(struct chg_acr, member), true, true }
#define ACR_I32_STAYS(id, member)                                                                  \
	[CHG_AVP_##id] = { FIELD_I32, offsetof(struct chg_acr, member), false, true }
#define ACR_TEXT(id, member) [CHG_AVP_##id] = { FIELD_TEXT, offsetof(struct chg_acr, member) }
#define ACR_U32(id, member)  [CHG_AVP_##id] = { FIELD_U32, offsetof(struct chg_acr, member) }
#define ACR_I32(id, member)  [CHG_AVP_##id] = { FIELD_I32, offsetof(struct chg_acr, member) }
#define ACR_KIND(id, what)   [CHG_AVP_##id] = { FIELD_##what, 0 }

/*
 * Which AVP is which field.  What makes the key and the kind of a record is taken from the level of
 * the command alone; all else wherever in the request it stands: clients put group data directly
 * under Service-Information or into IM-Information as well as into PoC-Information.
 */
static const struct field fields[CHG_AVP_COUNT] = {
	ACR_COMMAND(SESSION_ID, TEXT, session_id),
	ACR_COMMAND(ORIGIN_HOST, TEXT, origin_host),
	ACR_COMMAND(ORIGIN_REALM, TEXT, origin_realm),
	ACR_COMMAND(ACCOUNTING_RECORD_TYPE, TYPE, type),
	ACR_COMMAND(ACCOUNTING_RECORD_NUMBER, NUMBER, number),
	ACR_COMMAND(ACCOUNTING_SUB_SESSION_ID, U64, sub_session_id),
	ACR_COMMAND(ACCT_MULTI_SESSION_ID, TEXT, multi_session_id),
	ACR_TEXT(USER_NAME, user_name),
	ACR_TEXT(SERVICE_CONTEXT_ID, service_context_id),
	ACR_COMMAND(EVENT_TIMESTAMP, TIME, event_time),
	ACR_COMMAND(ORIGIN_STATE_ID, U32, origin_state_id),
	ACR_COMMAND(ACCT_INTERIM_INTERVAL, U32, interim_interval_s),
	ACR_COMMAND_STAYS(ACCOUNTING_REALTIME_REQUIRED, U32, realtime_required),
	ACR_COMMAND(TERMINATION_CAUSE, U32, termination_cause),
	ACR_KIND(DESTINATION_HOST, CARRIED),
	ACR_KIND(DESTINATION_REALM, CARRIED),
	ACR_KIND(ROUTE_RECORD, CARRIED),
	ACR_KIND(PROXY_INFO, CARRIED),
	ACR_KIND(ACCT_APPLICATION_ID, CARRIED),
	ACR_KIND(VENDOR_SPECIFIC_APPLICATION_ID, CARRIED),

	ACR_TEXT(APPLICATION_SERVER_ID, application_server_id),
	ACR_I32(APPLICATION_SERVICE_TYPE, application_service_type),
	ACR_U32(APPLICATION_SESSION_ID, application_session_id),
	ACR_TEXT(DELIVERY_STATUS, delivery_status),

	ACR_U32(TOTAL_NUMBER_OF_MESSAGES_SENT, messages_sent),
	ACR_U32(TOTAL_NUMBER_OF_MESSAGES_EXPLODED, messages_exploded),
	ACR_U32(NUMBER_OF_MESSAGES_SUCCESSFULLY_SENT, messages_sent_delivered),
	ACR_U32(NUMBER_OF_MESSAGES_SUCCESSFULLY_EXPLODED, messages_exploded_delivered),

	ACR_TEXT(IMS_CHARGING_IDENTIFIER, icid),
	ACR_TEXT(USER_SESSION_ID, call_id),
	ACR_TEXT(SIP_METHOD, sip_method),
	ACR_I32(CAUSE_CODE, cause_code),
	ACR_I32_STAYS(ROLE_OF_NODE, role_of_node),
	ACR_I32_STAYS(NODE_FUNCTIONALITY, node_functionality),
	ACR_KIND(CONTENT_LENGTH, OCTETS),
	ACR_TEXT(POC_GROUP_NAME, group_name),
	ACR_U32(NUMBER_OF_PARTICIPANTS, participants),

	ACR_KIND(CALLING_PARTY_ADDRESS, CALLING),
	ACR_KIND(CALLED_PARTY_ADDRESS, CALLED),
	ACR_KIND(REQUESTED_PARTY_ADDRESS, REQUESTED),
	ACR_KIND(CALLED_ASSERTED_IDENTITY, REQUESTED),
	ACR_KIND(SUBSCRIPTION_ID_DATA, SUBSCRIBER),
	ACR_KIND(SUBSCRIPTION_ID_E164, SUBSCRIBER),
	ACR_KIND(SUBSCRIPTION_ID_IMSI, SUBSCRIBER),
	ACR_KIND(SUBSCRIPTION_ID_SIP_URI, SUBSCRIBER),
	ACR_KIND(SUBSCRIPTION_ID_NAI, SUBSCRIBER),
	ACR_KIND(SUBSCRIPTION_ID_PRIVATE, SUBSCRIBER),
	ACR_KIND(CHARGED_PARTY, CHARGED),
	ACR_KIND(ALTERNATE_CHARGED_PARTY_ADDRESS, CHARGED),
	ACR_KIND(PARTICIPANTS_INVOLVED, PARTICIPANT),
};

struct reader {
	struct chg_acr acr;
	char *text; /* scratch for texts that the request does not hold as they are wanted */
};

static void list_party(struct chg_acr *acr, struct chg_view text, enum chg_party_role role)
{
	if (acr->party_count == CHG_PARTY_MAX) {
		acr->unlisted_count++;
		return;
	}
	acr->party[acr->party_count++] = (struct chg_named_party){ text, role };
}

static void list_participant(struct chg_acr *acr, struct chg_view text)
{
	if (acr->participant_count == CHG_PARTICIPANT_MAX) {
		acr->unlisted_count++;
		return;
	}
	acr->participant[acr->participant_count++] = text;
}

/* A party that has a field of its own as the first of its kind; true when it went there. */
static bool take_first(struct chg_view *field, struct chg_view text)
{
	if (chg_view_present(*field))
		return false;
	*field = text;
	return true;
}

/* Whether the Subscription-Id that holds this data says E.164: type 0.  RFC 8506 8.47 */
static bool says_e164(const struct chg_raw_avp *parent)
{
	struct chg_avp_walk walk = chg_avp_walk_group(parent->data);
	struct chg_raw_avp member;
	uint32_t type;
	while (chg_avp_next(&walk, &member))
		if (member.is_known && member.id == CHG_AVP_SUBSCRIPTION_ID_TYPE &&
			chg_avp_u32(&member, &type))
			return type == 0;
	return false;
}

/* E.164 comes without its plus; with it, the number is found however it is spelt elsewhere. */
static struct chg_view with_plus(struct reader *reader, struct chg_view number)
{
	if (number.len == 0 || number.ptr[0] < '0' || number.ptr[0] > '9')
		return number;
	struct chg_view text = { reader->text, number.len + 1 };
	reader->text[0] = '+';
	memcpy(reader->text + 1, number.ptr, number.len);
	reader->text += text.len;
	return text;
}

static bool take_subscriber(
	struct reader *reader, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp)
{
	bool is_number =
		avp->id == CHG_AVP_SUBSCRIPTION_ID_E164 ||
		(avp->id == CHG_AVP_SUBSCRIPTION_ID_DATA && parent != NULL && says_e164(parent));
	list_party(&reader->acr, is_number ? with_plus(reader, avp->data) : avp->data,
		CHG_ROLE_SUBSCRIBER);
	return false; /* the type stays in the content, so the data does as well */
}

/* A called party inside a Participant-Group is a participant.  TS 32.299 7.2.152 */
static bool take_called(
	struct chg_acr *acr, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp)
{
	if (parent != NULL && parent->is_known && parent->id == CHG_AVP_PARTICIPANT_GROUP) {
		list_participant(acr, avp->data);
		return false;
	}
	list_party(acr, avp->data, CHG_ROLE_CALLED);
	return take_first(&acr->called_party, avp->data);
}

static bool take_party(struct reader *reader, enum field_kind kind,
	const struct chg_raw_avp *parent, const struct chg_raw_avp *avp)
{
	struct chg_acr *acr = &reader->acr;
	switch (kind) {
	case FIELD_CALLING:
		list_party(acr, avp->data, CHG_ROLE_CALLING);
		return take_first(&acr->calling_party, avp->data);
	case FIELD_CALLED:
		return take_called(acr, parent, avp);
	case FIELD_SUBSCRIBER:
		return take_subscriber(reader, parent, avp);
	case FIELD_PARTICIPANT:
		list_participant(acr, avp->data);
		return false;
	default:
		list_party(
			acr, avp->data, kind == FIELD_CHARGED ? CHG_ROLE_CHARGED : CHG_ROLE_CALLED);
		return false;
	}
}

static bool take_text(struct reader *reader, struct chg_view *field, const struct chg_raw_avp *avp)
{
	if (!take_first(field, avp->data))
		return false;
	if (avp->id == CHG_AVP_USER_NAME)
		list_party(&reader->acr, avp->data, CHG_ROLE_SUBSCRIBER);
	return true;
}

static bool take_octets(struct chg_acr *acr, const struct chg_raw_avp *avp)
{
	uint32_t octets = 0;
	chg_avp_u32(avp, &octets);
	acr->content_octets.is_present = true;
	acr->content_octets.value += octets;
	return false;
}

/* Numbers: the first of its kind goes to its field, further ones stay in the content. */
static bool take_number(void *field, enum field_kind kind, const struct chg_raw_avp *avp)
{
	chg_opt_u32 *u32 = field;
	chg_opt_i32 *i32 = field;
	chg_opt_u64 *u64 = field;
	chg_opt_instant *at = field;
	bool *is_present = field; /* the first member of each of the four */

	if (*is_present)
		return false;
	*is_present = true;
	switch (kind) {
	case FIELD_U32:
		return chg_avp_u32(avp, &u32->value);
	case FIELD_I32:
		return chg_avp_i32(avp, &i32->value);
	case FIELD_U64:
		return chg_avp_u64(avp, &u64->value);
	default:
		return chg_avp_time(avp, &at->value);
	}
}

_Static_assert(offsetof(chg_opt_u32, is_present) == 0 && offsetof(chg_opt_i32, is_present) == 0 &&
		       offsetof(chg_opt_u64, is_present) == 0 &&
		       offsetof(chg_opt_instant, is_present) == 0,
	"take_number looks at is_present before it knows the kind");

/* The type was judged to be one of the four. */
static bool take_type(struct chg_acr *acr, const struct chg_raw_avp *avp)
{
	uint32_t type = 0;
	bool is_taken = chg_avp_u32(avp, &type);
	acr->type = (enum chg_record_type)type;
	return is_taken;
}

/* A readable AVP into its field; true when it is not wanted in the content as well. */
static bool take_field(struct reader *reader, const struct field *field,
	const struct chg_raw_avp *parent, const struct chg_raw_avp *avp)
{
	struct chg_acr *acr = &reader->acr;
	void *member = (char *)acr + field->offset;

	switch (field->kind) {
	case FIELD_NONE:
		return false;
	case FIELD_CARRIED:
		return parent == NULL;
	case FIELD_TEXT:
		return take_text(reader, member, avp);
	case FIELD_U32:
	case FIELD_I32:
	case FIELD_U64:
	case FIELD_TIME:
		return take_number(member, field->kind, avp);
	case FIELD_TYPE:
		return take_type(acr, avp);
	case FIELD_NUMBER:
		return chg_avp_u32(avp, &acr->number);
	case FIELD_OCTETS:
		return take_octets(acr, avp);
	default:
		return take_party(reader, field->kind, parent, avp);
	}
}

/*
 * The fields of the command, before all else: however many AVPs stand in front of them, and
 * whatever groups among those hold.  The grammar allows each of them once.
 */
static void take_command(struct reader *reader, struct chg_view message)
{
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		if (avp.is_known && fields[avp.id].is_of_command && chg_json_is_readable(&avp))
			take_field(reader, &fields[avp.id], NULL, &avp);
}

/* chg_json_skips: true for what went to a field and is not wanted in the content as well. */
static bool take(
	void *to, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp, bool is_readable)
{
	if (!avp->is_known || !is_readable)
		return false;
	const struct field *field = &fields[avp->id];
	if (field->is_of_command)
		return parent == NULL && !field->stays;
	return take_field(to, field, parent, avp) && !field->stays;
}

/* J-18: what may differ between a request and its repetition without making it another one. */
static bool is_part_of_digest(const struct chg_raw_avp *avp)
{
	if (!avp->is_known)
		return true;
	switch (avp->id) {
	case CHG_AVP_ROUTE_RECORD:
	case CHG_AVP_PROXY_INFO:
	case CHG_AVP_DESTINATION_HOST:
	case CHG_AVP_DESTINATION_REALM:
	case CHG_AVP_ORIGIN_STATE_ID:
		return false;
	default:
		return true;
	}
}

static enum chg_rc digest(struct chg_view message, struct chg_digest *ret)
{
	uint8_t sum[32];
	gnutls_hash_hd_t hash;
	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return CHG_E_NO_MEMORY;
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		if (is_part_of_digest(&avp))
			gnutls_hash(hash, avp.whole.ptr, avp.whole.len);
	gnutls_hash_deinit(hash, sum);
	memcpy(ret->bytes, sum, sizeof ret->bytes);
	return CHG_OK;
}

enum chg_rc chg_wire_read_acr(struct chg_view message, enum chg_strictness strictness,
	struct chg_scratch *scratch, struct chg_acr *ret_acr, struct chg_fault *reterr_fault)
{
	struct chg_header header;
	enum chg_rc rc = chg_header_read(message, &header);
	if (rc != CHG_OK) {
		*reterr_fault = (struct chg_fault){ .result_code = 5015,
			.message = "the message's length or version is not right" };
		return rc;
	}
	rc = judge(message, &header, strictness, reterr_fault);
	if (rc != CHG_OK)
		return rc;

	size_t json_size = chg_json_bound(message.len);
	rc = scratch_reserve(scratch, json_size + 2 * message.len);
	if (rc != CHG_OK)
		return rc;

	struct chg_json json = { .bytes = scratch->bytes, .size = json_size };
	struct reader reader = { .text = scratch->bytes + json_size };
	reader.acr.is_retransmission = (header.flags & CHG_COMMAND_FLAG_RETRANSMITTED) != 0;
	rc = digest(message, &reader.acr.digest);
	if (rc != CHG_OK)
		return rc;
	take_command(&reader, message);
	chg_json_object(&json, chg_avp_walk_message(message), take, &reader);
	reader.acr.content = (struct chg_view){ json.bytes, json.len };
	reader.acr.is_unreadable = json.has_unreadable;
	*ret_acr = reader.acr;
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The second pass: the content of a request that was judged to be right.
 *
 * What has a field goes there, all else becomes JSON.
 */
#include "wire/read_data.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL /* its state may stand on the stack */
#include <xxhash.h>

#include "core/ask_credit.h"
#include "wire/json.h"

enum {
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

enum field_kind {
	FIELD_NONE, /* content: becomes JSON */
	FIELD_TEXT,
	FIELD_U32,
	FIELD_I32,
	FIELD_U64,
	FIELD_TIME,
	FIELD_TYPE,    /* Accounting-Record-Type, CC-Request-Type */
	FIELD_NUMBER,  /* Accounting-Record-Number, CC-Request-Number */
	FIELD_CARRIED, /* belongs to the way of the message and not to its content */
	FIELD_CALLING, /* parties: all are listed, the first has a field */
	FIELD_CALLED,
	FIELD_REQUESTED,
	FIELD_SUBSCRIBER,
	FIELD_CHARGED,
	FIELD_PARTICIPANT,
	FIELD_OCTETS,  /* Content-Length: added up, and kept in the content as well */
	FIELD_SERVICE, /* services and units of credit control, read by read_service.c */
};

/*
 * commands: taken from the level of these commands, a bit each, and never out of a group; content
 * where another command has it.  0: any command, wherever in the request it stands.
 */
struct field {
	enum field_kind kind;
	size_t offset;
	uint32_t commands;
	bool stays; /* records have no column for it: it is kept in the content as well */
};

enum {
	OF_ACR = 1u << CHG_COMMAND_ACR,
	OF_CCR = 1u << CHG_COMMAND_CCR,
	OF_BOTH = OF_ACR | OF_CCR,
};

#define COMMAND(id, of, kind, member)                                                              \
	[CHG_AVP_##id] = { FIELD_##kind, offsetof(struct chg_acr, member), OF_##of }
#define COMMAND_STAYS(id, of, kind, member)                                                        \
	[CHG_AVP_##id] = { FIELD_##kind, offsetof(struct chg_acr, member), OF_##of, true }
#define I32_STAYS(id, member)                                                                      \
	[CHG_AVP_##id] = { FIELD_I32, offsetof(struct chg_acr, member), 0, true }
#define TEXT(id, member) [CHG_AVP_##id] = { FIELD_TEXT, offsetof(struct chg_acr, member) }
#define U32(id, member)  [CHG_AVP_##id] = { FIELD_U32, offsetof(struct chg_acr, member) }
#define I32(id, member)  [CHG_AVP_##id] = { FIELD_I32, offsetof(struct chg_acr, member) }
#define KIND(id, what)   [CHG_AVP_##id] = { FIELD_##what, 0 }

/*
 * Which AVP is which field.  What makes the key and the kind of a record is taken from the level of
 * the command alone; all else wherever in the request it stands: clients put group data directly
 * under Service-Information or into IM-Information as well as into PoC-Information.
 */
static const struct field fields[CHG_AVP_COUNT] = {
	COMMAND(SESSION_ID, BOTH, TEXT, session_id),
	COMMAND(ORIGIN_HOST, BOTH, TEXT, origin_host),
	COMMAND(ORIGIN_REALM, BOTH, TEXT, origin_realm),
	COMMAND(ACCOUNTING_RECORD_TYPE, ACR, TYPE, type),
	COMMAND(ACCOUNTING_RECORD_NUMBER, ACR, NUMBER, number),
	COMMAND(ACCOUNTING_SUB_SESSION_ID, ACR, U64, sub_session_id),
	COMMAND(CC_REQUEST_TYPE, CCR, TYPE, type),
	COMMAND(CC_REQUEST_NUMBER, CCR, NUMBER, number),
	COMMAND(CC_SUB_SESSION_ID, CCR, U64, sub_session_id),
	COMMAND(ACCT_MULTI_SESSION_ID, BOTH, TEXT, multi_session_id),
	TEXT(USER_NAME, user_name),
	TEXT(SERVICE_CONTEXT_ID, service_context_id),
	COMMAND(EVENT_TIMESTAMP, BOTH, TIME, event_time),
	COMMAND(ORIGIN_STATE_ID, BOTH, U32, origin_state_id),
	COMMAND(ACCT_INTERIM_INTERVAL, ACR, U32, interim_interval_s),
	COMMAND_STAYS(ACCOUNTING_REALTIME_REQUIRED, ACR, U32, realtime_required),
	COMMAND(TERMINATION_CAUSE, BOTH, U32, termination_cause),
	KIND(DESTINATION_HOST, CARRIED),
	KIND(DESTINATION_REALM, CARRIED),
	KIND(ROUTE_RECORD, CARRIED),
	KIND(PROXY_INFO, CARRIED),
	KIND(ACCT_APPLICATION_ID, CARRIED),
	[CHG_AVP_AUTH_APPLICATION_ID] = { FIELD_CARRIED, 0, OF_CCR },
	KIND(VENDOR_SPECIFIC_APPLICATION_ID, CARRIED),

	TEXT(APPLICATION_SERVER_ID, application_server_id),
	I32(APPLICATION_SERVICE_TYPE, application_service_type),
	U32(APPLICATION_SESSION_ID, application_session_id),
	TEXT(DELIVERY_STATUS, delivery_status),

	U32(TOTAL_NUMBER_OF_MESSAGES_SENT, messages_sent),
	U32(TOTAL_NUMBER_OF_MESSAGES_EXPLODED, messages_exploded),
	U32(NUMBER_OF_MESSAGES_SUCCESSFULLY_SENT, messages_sent_delivered),
	U32(NUMBER_OF_MESSAGES_SUCCESSFULLY_EXPLODED, messages_exploded_delivered),

	TEXT(IMS_CHARGING_IDENTIFIER, icid),
	TEXT(USER_SESSION_ID, call_id),
	TEXT(SIP_METHOD, sip_method),
	I32(CAUSE_CODE, cause_code),
	I32_STAYS(ROLE_OF_NODE, role_of_node),
	I32_STAYS(NODE_FUNCTIONALITY, node_functionality),
	KIND(CONTENT_LENGTH, OCTETS),
	TEXT(POC_GROUP_NAME, group_name),
	U32(NUMBER_OF_PARTICIPANTS, participants),

	KIND(CALLING_PARTY_ADDRESS, CALLING),
	KIND(CALLED_PARTY_ADDRESS, CALLED),
	KIND(REQUESTED_PARTY_ADDRESS, REQUESTED),
	KIND(CALLED_ASSERTED_IDENTITY, REQUESTED),
	KIND(SUBSCRIPTION_ID_DATA, SUBSCRIBER),
	KIND(SUBSCRIPTION_ID_E164, SUBSCRIBER),
	KIND(SUBSCRIPTION_ID_IMSI, SUBSCRIBER),
	KIND(SUBSCRIPTION_ID_SIP_URI, SUBSCRIBER),
	KIND(SUBSCRIPTION_ID_NAI, SUBSCRIBER),
	KIND(SUBSCRIPTION_ID_PRIVATE, SUBSCRIBER),
	KIND(CHARGED_PARTY, CHARGED),
	KIND(ALTERNATE_CHARGED_PARTY_ADDRESS, CHARGED),
	KIND(PARTICIPANTS_INVOLVED, PARTICIPANT),

	KIND(MULTIPLE_SERVICES_CREDIT_CONTROL, SERVICE),
	KIND(REQUESTED_SERVICE_UNIT, SERVICE),
	KIND(USED_SERVICE_UNIT, SERVICE),
	KIND(RATING_GROUP, SERVICE),
	KIND(SERVICE_IDENTIFIER, SERVICE),
	KIND(REFUND_INFORMATION, SERVICE),
	KIND(REPORTING_REASON, SERVICE),
	KIND(TARIFF_CHANGE_USAGE, SERVICE),
	KIND(CC_TIME, SERVICE),
	KIND(CC_MONEY, SERVICE),
	KIND(CC_TOTAL_OCTETS, SERVICE),
	KIND(CC_INPUT_OCTETS, SERVICE),
	KIND(CC_OUTPUT_OCTETS, SERVICE),
	KIND(CC_SERVICE_SPECIFIC_UNITS, SERVICE),
};

struct reader {
	struct chg_acr acr;
	enum chg_command command;
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

/* An interrogation as the kind of record that it makes. */
static enum chg_record_type record_type(uint32_t cc_type)
{
	switch (cc_type) {
	case CHG_CC_INITIAL:
		return CHG_RECORD_START;
	case CHG_CC_UPDATE:
		return CHG_RECORD_INTERIM;
	case CHG_CC_TERMINATION:
		return CHG_RECORD_STOP;
	default:
		return CHG_RECORD_EVENT;
	}
}

/* The type was judged to be one of the four of its command. */
static bool take_type(struct reader *reader, const struct chg_raw_avp *avp)
{
	uint32_t type = 0;
	bool is_taken = chg_avp_u32(avp, &type);
	bool is_credit_control = reader->command == CHG_COMMAND_CCR;
	reader->acr.type = is_credit_control ? record_type(type) : (enum chg_record_type)type;
	return is_taken;
}

/*
 * What the services of a CCR were made of is not wanted a second time; what else stands in their
 * groups is content.  A group that was empty says only that it was there.
 */
static bool take_service(const struct reader *reader, const struct chg_raw_avp *parent,
	const struct chg_raw_avp *avp)
{
	if (reader->command != CHG_COMMAND_CCR)
		return false;
	switch (avp->id) {
	case CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL:
	case CHG_AVP_REQUESTED_SERVICE_UNIT:
	case CHG_AVP_USED_SERVICE_UNIT:
		return avp->data.len == 0;
	default:
		break;
	}
	return parent == NULL ||
	       (parent->is_known && (parent->id == CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL ||
					    parent->id == CHG_AVP_REQUESTED_SERVICE_UNIT ||
					    parent->id == CHG_AVP_USED_SERVICE_UNIT));
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
		return take_type(reader, avp);
	case FIELD_NUMBER:
		return chg_avp_u32(avp, &acr->number);
	case FIELD_OCTETS:
		return take_octets(acr, avp);
	case FIELD_SERVICE:
		return take_service(reader, parent, avp);
	default:
		return take_party(reader, field->kind, parent, avp);
	}
}

static bool is_of_command(const struct reader *reader, const struct field *field)
{
	return (field->commands & 1u << reader->command) != 0;
}

/* chg_json_skips: true for what went to a field and is not wanted in the content as well. */
static bool take(
	void *to, const struct chg_raw_avp *parent, const struct chg_raw_avp *avp, bool is_readable)
{
	if (!avp->is_known || !is_readable)
		return false;
	const struct field *field = &fields[avp->id];
	if (field->commands != 0)
		return parent == NULL && is_of_command(to, field) && !field->stays;
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

/*
 * The level of the command: the digest, and the fields of the command before all else, however many
 * AVPs stand in front of them, and whatever groups among those hold.  The grammar allows each of
 * them once.
 *
 * XXH3 with 128 bits: two requests that differ come to one digest by no chance that matters.  Somebody
 * who makes two on purpose gains nothing: the second counts as a repetition of his own first one.
 */
static void take_command(struct reader *reader, struct chg_view message)
{
	XXH3_state_t hash;
	XXH128_canonical_t sum;
	_Static_assert(
		sizeof sum.digest == sizeof reader->acr.digest.bytes, "a digest is all of the sum");
	XXH3_128bits_reset(&hash);
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (is_part_of_digest(&avp))
			XXH3_128bits_update(&hash, avp.whole.ptr, avp.whole.len);
		if (avp.is_known && is_of_command(reader, &fields[avp.id]) &&
			chg_json_is_readable(&avp))
			take_field(reader, &fields[avp.id], NULL, &avp);
	}
	XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(&hash));
	memcpy(reader->acr.digest.bytes, sum.digest, sizeof sum.digest);
}

enum chg_rc chg_data_read(struct chg_view message, const struct chg_header *header,
	enum chg_command command, struct chg_scratch *scratch, struct chg_acr *ret)
{
	size_t json_size = chg_json_bound(message.len);
	enum chg_rc rc = scratch_reserve(scratch, json_size + 2 * message.len);
	if (rc != CHG_OK)
		return rc;

	struct chg_json json = { .bytes = scratch->bytes, .size = json_size };
	struct reader reader = { .command = command, .text = scratch->bytes + json_size };
	reader.acr.is_retransmission = (header->flags & CHG_COMMAND_FLAG_RETRANSMITTED) != 0;
	take_command(&reader, message);
	chg_json_object(&json, chg_avp_walk_message(message), take, &reader);
	reader.acr.content = (struct chg_view){ json.bytes, json.len };
	reader.acr.is_unreadable = json.has_unreadable;
	*ret = reader.acr;
	return CHG_OK;
}

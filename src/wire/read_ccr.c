/* SPDX-License-Identifier: BSD-3-Clause
 * Credit-Control-Request: bytes -> struct chg_ccr.
 *
 * Two passes, as for an ACR; but the groups of credit control are judged and taken in the first
 * one, since what they say decides about money: a client is told what is wrong with them.
 */
#include "wire/read_data.h"
#include "wire/read_identity.h"
#include "wire/read_service.h"

_Static_assert(offsetof(struct chg_ccr, service) + sizeof(((struct chg_ccr *)NULL)->service) ==
		       sizeof(struct chg_ccr),
	"services stand last, so that those that are not there need not be copied");

/* A request being read. */
struct reading {
	struct chg_judge judge;
	struct chg_service_ask own; /* what stands at the level of the command */
	struct chg_raw_avp own_requested;
	struct chg_raw_avp action;
	struct chg_raw_avp indicator; /* Multiple-Services-Indicator */
	struct chg_view service_context_id;
	bool has_application;
	size_t group_count; /* Multiple-Services-Credit-Control */
	size_t service_count;
	struct chg_service_reading service[CHG_SERVICE_MAX]; /* not cleared: most stay unused */
	struct chg_ccr ccr;                                  /* its services neither */
};

/* AVPs that only answers have.  RFC 8506 10.1; N-068, N-070, N-079 */
static bool is_not_allowed(enum chg_avp id)
{
	switch (id) {
	case CHG_AVP_RESULT_CODE:
	case CHG_AVP_EXPERIMENTAL_RESULT:
	case CHG_AVP_FAILED_AVP:
	case CHG_AVP_ERROR_MESSAGE:
	case CHG_AVP_ERROR_REPORTING_HOST:
	case CHG_AVP_GRANTED_SERVICE_UNIT:
	case CHG_AVP_VALIDITY_TIME:
	case CHG_AVP_FINAL_UNIT_INDICATION:
	case CHG_AVP_QOS_FINAL_UNIT_INDICATION:
	case CHG_AVP_COST_INFORMATION:
	case CHG_AVP_REMAINING_BALANCE:
	case CHG_AVP_LOW_BALANCE_INDICATION:
	case CHG_AVP_CHECK_BALANCE_RESULT:
	case CHG_AVP_CC_SESSION_FAILOVER:
	case CHG_AVP_CREDIT_CONTROL_FAILURE_HANDLING:
	case CHG_AVP_DIRECT_DEBITING_FAILURE_HANDLING:
		return true;
	default:
		return false;
	}
}

static enum chg_rc bad_value(
	const struct chg_raw_avp *avp, const char *message, struct chg_fault *fault)
{
	return chg_judge_refuse(fault, CHG_RESULT_INVALID_AVP_VALUE, message, avp);
}

static enum chg_rc take_type(
	struct reading *reading, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	uint32_t type = 0;
	chg_avp_u32(avp, &type);
	if (type < CHG_CC_INITIAL || type > CHG_CC_EVENT)
		return bad_value(avp,
			"CC-Request-Type is none of INITIAL, UPDATE, TERMINATION and EVENT", fault);
	reading->ccr.type = (enum chg_cc_type)type;
	return CHG_OK;
}

static enum chg_rc take_context(
	struct reading *reading, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	if (!chg_utf8_valid(avp->data)) /* N-118; one without "@" is known to nobody (N-119) */
		return bad_value(avp, "Service-Context-Id is not UTF-8", fault);
	reading->service_context_id = avp->data;
	return CHG_OK;
}

static enum chg_rc take_indicator(
	struct reading *reading, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	uint32_t value = 0;
	chg_avp_u32(avp, &value);
	reading->indicator = *avp;
	if (value <= 1 || (avp->flags & CHG_AVP_FLAG_MUST) == 0)
		return CHG_OK;
	return bad_value(avp, "Multiple-Services-Indicator is not defined so", fault); /* A-037 */
}

/* R1: some clients name the application in Vendor-Specific-Application-Id alone. */
static enum chg_rc take_vendor_application(
	struct reading *reading, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	struct chg_avp_walk walk = chg_avp_walk_group(avp->data);
	struct chg_raw_avp member;
	uint32_t application;
	while (chg_avp_next(&walk, &member)) {
		if (!member.is_known || member.id != CHG_AVP_AUTH_APPLICATION_ID)
			continue;
		enum chg_rc rc = chg_judge_size(&member, fault);
		if (rc != CHG_OK)
			return rc;
		chg_avp_u32(&member, &application);
		if (application != CHG_APPLICATION_CREDIT_CONTROL)
			return bad_value(&member,
				"the application id differs from that of the header", fault);
		reading->has_application = true;
	}
	return CHG_OK;
}

/* A service joins the one with its key (N-077), or is one more. */
static enum chg_rc add_service(
	struct reading *reading, const struct chg_service_reading *service, struct chg_fault *fault)
{
	for (size_t i = 0; i < reading->service_count; i++)
		if (chg_service_is_same(&reading->service[i].ask, &service->ask))
			return chg_service_merge(
				&reading->judge, &reading->service[i], service, fault);
	if (reading->service_count == CHG_SERVICE_MAX)
		return chg_judge_refuse(fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
			"there are more services than are served at a time", &service->from);
	reading->service[reading->service_count++] = *service;
	return CHG_OK;
}

static enum chg_rc take_group(
	struct reading *reading, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	struct chg_service_reading service = { .from = *avp };
	if (++reading->group_count > CHG_SERVICE_MAX) /* N-133 */
		return chg_judge_refuse(fault, CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
			"there are more services than are served at a time", avp);
	enum chg_rc rc = chg_service_read(&reading->judge, avp, &service.ask, fault);
	return rc != CHG_OK ? rc : add_service(reading, &service, fault);
}

/* The meaning of an AVP of the command, in the order of the message. */
static enum chg_rc take(void *to, const struct chg_raw_avp *avp, struct chg_fault *fault)
{
	struct reading *reading = to;
	switch (avp->id) {
	case CHG_AVP_CC_REQUEST_TYPE:
		return take_type(reading, avp, fault);
	case CHG_AVP_SERVICE_CONTEXT_ID:
		return take_context(reading, avp, fault);
	case CHG_AVP_AUTH_APPLICATION_ID:
		reading->has_application = true;
		return CHG_OK;
	case CHG_AVP_VENDOR_SPECIFIC_APPLICATION_ID:
		return take_vendor_application(reading, avp, fault);
	case CHG_AVP_REQUESTED_ACTION:
		reading->action = *avp;
		return CHG_OK;
	case CHG_AVP_MULTIPLE_SERVICES_INDICATOR:
		return take_indicator(reading, avp, fault);
	case CHG_AVP_SUBSCRIPTION_ID:
	case CHG_AVP_SUBSCRIPTION_ID_EXTENSION:
		return chg_identity_judge(&reading->judge, avp, fault);
	case CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL:
		return take_group(reading, avp, fault);
	case CHG_AVP_REQUESTED_SERVICE_UNIT:
		reading->own_requested = *avp;
		break;
	default:
		break;
	}
	if (!chg_service_is_part(avp->id))
		return CHG_OK;
	return chg_service_take(&reading->judge, &reading->own, avp, fault);
}

/* Requested-Action says something of an event alone (N-076). */
static enum chg_rc finish_action(struct reading *reading, struct chg_fault *fault)
{
	uint32_t action = 0;
	if (reading->ccr.type != CHG_CC_EVENT)
		return CHG_OK;
	if (!chg_view_present(reading->action.whole))
		return chg_judge_missing(CHG_AVP_REQUESTED_ACTION, fault); /* N-040 */
	chg_avp_u32(&reading->action, &action);
	if (action > CHG_ACTION_PRICE_ENQUIRY)
		return bad_value(
			&reading->action, "Requested-Action is not defined so", fault); /* N-092 */
	reading->ccr.action = (chg_opt_u32){ true, action };
	return CHG_OK;
}

/* B-090, and what is asked for at both levels: contradictions that a lenient server lives with. */
static enum chg_rc judge_contradictions(const struct reading *reading, struct chg_fault *fault)
{
	uint32_t indicator = 1;
	const struct chg_raw_avp *group = &reading->service[0].from;
	chg_avp_u32(&reading->indicator, &indicator);
	if (indicator == 0)
		return chg_judge_refuse_both(fault, CHG_RESULT_CONTRADICTING_AVPS,
			"several services are there and said not to be supported",
			&reading->indicator, group);
	if (reading->own.requested.is_present)
		return chg_judge_refuse_both(fault, CHG_RESULT_CONTRADICTING_AVPS,
			"units are requested for services and for the command",
			&reading->own_requested, group);
	return CHG_OK;
}

/*
 * Where services have groups of their own, units requested beside them are nobody's; usage is
 * usage wherever it stands.
 */
static enum chg_rc finish_services(struct reading *reading, struct chg_fault *fault)
{
	struct chg_ccr *ccr = &reading->ccr;
	struct chg_service_reading own = { .ask = reading->own };
	enum chg_rc rc = CHG_OK;
	ccr->is_multiple = reading->group_count > 0;
	if (!ccr->is_multiple) {
		ccr->service_count = 1;
		ccr->service[0] = reading->own;
		return CHG_OK;
	}
	if (reading->judge.strictness == CHG_STRICT)
		rc = judge_contradictions(reading, fault);
	own.ask.requested = (struct chg_units){ 0 };
	own.from = reading->service[0].from;
	if (rc == CHG_OK && own.ask.used_count > 0)
		rc = add_service(reading, &own, fault);
	ccr->service_count = reading->service_count;
	for (size_t i = 0; i < reading->service_count; i++)
		ccr->service[i] = reading->service[i].ask;
	return rc;
}

static enum chg_rc finish(struct reading *reading, struct chg_view message, struct chg_fault *fault)
{
	if (!reading->has_application)
		return chg_judge_missing(CHG_AVP_AUTH_APPLICATION_ID, fault);
	enum chg_rc rc = finish_action(reading, fault);
	if (rc == CHG_OK)
		rc = finish_services(reading, fault);
	bool begins = reading->ccr.type == CHG_CC_INITIAL || reading->ccr.type == CHG_CC_EVENT;
	if (rc == CHG_OK)
		rc = chg_identity_read(message, begins, &reading->ccr, fault);
	return rc;
}

enum chg_rc chg_wire_read_ccr(struct chg_view message, enum chg_strictness strictness,
	struct chg_scratch *scratch, struct chg_ccr *ret_ccr, struct chg_fault *reterr_fault)
{
	struct reading reading;
	struct chg_header header;
	memset(&reading, 0, offsetof(struct reading, service));
	memset(&reading.ccr, 0, offsetof(struct chg_ccr, service));
	reading.judge = (struct chg_judge){
		.command = CHG_COMMAND_CCR,
		.strictness = strictness,
		.application_id = CHG_AVP_AUTH_APPLICATION_ID,
		.is_not_allowed = is_not_allowed,
		.meaning = take,
		.to = &reading,
	};
	enum chg_rc rc = chg_judge_message(&reading.judge, message, &header, reterr_fault);
	if (rc == CHG_OK)
		rc = finish(&reading, message, reterr_fault);
	if (rc == CHG_OK)
		rc = chg_data_read(message, &header, CHG_COMMAND_CCR, scratch, &reading.ccr.data);
	if (rc != CHG_OK)
		return rc;
	reading.ccr.data.service_context_id = reading.service_context_id;
	/* Requests wait in large numbers: memory for services that are not there is not touched. */
	memcpy(ret_ccr, &reading.ccr,
		offsetof(struct chg_ccr, service) +
			reading.ccr.service_count * sizeof reading.ccr.service[0]);
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The dictionary: what the rows say, and that every look-up finds them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/dict.h"

enum {
	TGPP = CHG_VENDOR_TGPP,
	CASES_MAX = 256,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the specifications say of an AVP. */
static const struct fact_row {
	const char *says;
	const char *name;
	uint32_t code;
	uint32_t vendor;
	enum chg_avp_type type;
	bool must;
	enum chg_avp id;
} fact_rows[] = {
	/* RFC 6733 */
	{ "Session-Id is text 263", "Session-Id", 263, 0, CHG_TYPE_UTF8, true, CHG_AVP_SESSION_ID },
	{ "Origin-Host is an identity", "Origin-Host", 264, 0, CHG_TYPE_IDENTITY, true,
		CHG_AVP_ORIGIN_HOST },
	{ "Redirect-Host is a URI", "Redirect-Host", 292, 0, CHG_TYPE_URI, true,
		CHG_AVP_REDIRECT_HOST },
	{ "Host-IP-Address is an address", "Host-IP-Address", 257, 0, CHG_TYPE_ADDRESS, true,
		CHG_AVP_HOST_IP_ADDRESS },
	{ "Event-Timestamp is a time", "Event-Timestamp", 55, 0, CHG_TYPE_TIME, true,
		CHG_AVP_EVENT_TIMESTAMP },
	{ "Result-Code is unsigned on the wire", "Result-Code", 268, 0, CHG_TYPE_U32, true,
		CHG_AVP_RESULT_CODE },
	{ "Experimental-Result-Code is unsigned too", "Experimental-Result-Code", 298, 0,
		CHG_TYPE_U32, true, CHG_AVP_EXPERIMENTAL_RESULT_CODE },
	{ "Failed-AVP is a group", "Failed-AVP", 279, 0, CHG_TYPE_GROUPED, true,
		CHG_AVP_FAILED_AVP },
	{ "Error-Message goes out without M", "Error-Message", 281, 0, CHG_TYPE_UTF8, false,
		CHG_AVP_ERROR_MESSAGE },
	{ "Product-Name goes out without M", "Product-Name", 269, 0, CHG_TYPE_UTF8, false,
		CHG_AVP_PRODUCT_NAME },
	{ "Acct-Session-Id is bytes", "Acct-Session-Id", 44, 0, CHG_TYPE_OCTETS, true,
		CHG_AVP_ACCT_SESSION_ID },
	{ "Accounting-Sub-Session-Id has 64 bits", "Accounting-Sub-Session-Id", 287, 0,
		CHG_TYPE_U64, true, CHG_AVP_ACCOUNTING_SUB_SESSION_ID },
	{ "Accounting-Record-Type is an enumeration", "Accounting-Record-Type", 480, 0,
		CHG_TYPE_ENUMERATED, true, CHG_AVP_ACCOUNTING_RECORD_TYPE },
	{ "Accounting-Record-Number is 485", "Accounting-Record-Number", 485, 0, CHG_TYPE_U32, true,
		CHG_AVP_ACCOUNTING_RECORD_NUMBER },
	{ "Class is bytes 25", "Class", 25, 0, CHG_TYPE_OCTETS, true, CHG_AVP_CLASS },
	/* RFC 8506 */
	{ "Service-Context-Id is text 461", "Service-Context-Id", 461, 0, CHG_TYPE_UTF8, true,
		CHG_AVP_SERVICE_CONTEXT_ID },
	{ "Value-Digits is signed and has 64 bits", "Value-Digits", 447, 0, CHG_TYPE_I64, true,
		CHG_AVP_VALUE_DIGITS },
	{ "Exponent is signed", "Exponent", 429, 0, CHG_TYPE_I32, true, CHG_AVP_EXPONENT },
	{ "Restriction-Filter-Rule is a filter", "Restriction-Filter-Rule", 438, 0, CHG_TYPE_FILTER,
		true, CHG_AVP_RESTRICTION_FILTER_RULE },
	{ "CC-Correlation-Id goes out without M", "CC-Correlation-Id", 411, 0, CHG_TYPE_OCTETS,
		false, CHG_AVP_CC_CORRELATION_ID },
	{ "User-Equipment-Info goes out without M", "User-Equipment-Info", 458, 0, CHG_TYPE_GROUPED,
		false, CHG_AVP_USER_EQUIPMENT_INFO },
	{ "the AVPs that RFC 8506 added begin at 653", "User-Equipment-Info-Extension", 653, 0,
		CHG_TYPE_GROUPED, false, CHG_AVP_USER_EQUIPMENT_INFO_EXTENSION },
	{ "Subscription-Id-E164 is 660", "Subscription-Id-E164", 660, 0, CHG_TYPE_UTF8, false,
		CHG_AVP_SUBSCRIPTION_ID_E164 },
	{ "the AVPs that RFC 8506 added end at 669", "QoS-Final-Unit-Indication", 669, 0,
		CHG_TYPE_GROUPED, false, CHG_AVP_QOS_FINAL_UNIT_INDICATION },
	/* OMA-DDS-Charging_Data */
	{ "Application-Server-ID is text", "Application-Server-ID", 2101, TGPP, CHG_TYPE_UTF8, true,
		CHG_AVP_APPLICATION_SERVER_ID },
	{ "Application-Service-Type is an enumeration, not text", "Application-Service-Type", 2102,
		TGPP, CHG_TYPE_ENUMERATED, true, CHG_AVP_APPLICATION_SERVICE_TYPE },
	{ "Application-Session-ID is a number, not text", "Application-Session-ID", 2103, TGPP,
		CHG_TYPE_U32, true, CHG_AVP_APPLICATION_SESSION_ID },
	{ "IM-Information is a group", "IM-Information", 2110, TGPP, CHG_TYPE_GROUPED, true,
		CHG_AVP_IM_INFORMATION },
	{ "exploded and delivered is 2111", "Number-Of-Messages-Successfully-Exploded", 2111, TGPP,
		CHG_TYPE_U32, true, CHG_AVP_NUMBER_OF_MESSAGES_SUCCESSFULLY_EXPLODED },
	{ "sent and delivered is 2112", "Number-Of-Messages-Successfully-Sent", 2112, TGPP,
		CHG_TYPE_U32, true, CHG_AVP_NUMBER_OF_MESSAGES_SUCCESSFULLY_SENT },
	{ "exploded is 2113", "Total-Number-Of-Messages-Exploded", 2113, TGPP, CHG_TYPE_U32, true,
		CHG_AVP_TOTAL_NUMBER_OF_MESSAGES_EXPLODED },
	{ "sent is 2114", "Total-Number-Of-Messages-Sent", 2114, TGPP, CHG_TYPE_U32, true,
		CHG_AVP_TOTAL_NUMBER_OF_MESSAGES_SENT },
	/* TS 32.299 */
	{ "Service-Information is 873", "Service-Information", 873, TGPP, CHG_TYPE_GROUPED, true,
		CHG_AVP_SERVICE_INFORMATION },
	{ "Cause-Code is a signed number", "Cause-Code", 861, TGPP, CHG_TYPE_I32, true,
		CHG_AVP_CAUSE_CODE },
	{ "Number-Of-Participants is unsigned", "Number-Of-Participants", 885, TGPP, CHG_TYPE_U32,
		true, CHG_AVP_NUMBER_OF_PARTICIPANTS },
	{ "From-Address is text", "From-Address", 2708, TGPP, CHG_TYPE_UTF8, true,
		CHG_AVP_FROM_ADDRESS },
	{ "Served-Party-IP-Address is an address", "Served-Party-IP-Address", 848, TGPP,
		CHG_TYPE_ADDRESS, true, CHG_AVP_SERVED_PARTY_IP_ADDRESS },
	{ "Access-Network-Information is bytes", "Access-Network-Information", 1263, TGPP,
		CHG_TYPE_OCTETS, true, CHG_AVP_ACCESS_NETWORK_INFORMATION },
	{ "Session-Priority goes out without M", "Session-Priority", 650, TGPP, CHG_TYPE_ENUMERATED,
		false, CHG_AVP_SESSION_PRIORITY },
	{ "Trunk-Group-Id is a group", "Trunk-Group-Id", 851, TGPP, CHG_TYPE_GROUPED, true,
		CHG_AVP_TRUNK_GROUP_ID },
	{ "Reason-Header is known", "Reason-Header", 3401, TGPP, CHG_TYPE_UTF8, true,
		CHG_AVP_REASON_HEADER },
	{ "Announcement-Information is known", "Announcement-Information", 3904, TGPP,
		CHG_TYPE_GROUPED, true, CHG_AVP_ANNOUNCEMENT_INFORMATION },
	{ "FE-Identifier-List is known", "FE-Identifier-List", 4413, TGPP, CHG_TYPE_UTF8, true,
		CHG_AVP_FE_IDENTIFIER_LIST },
	/* Others */
	{ "OC-Supported-Features goes out without M", "OC-Supported-Features", 621, 0,
		CHG_TYPE_GROUPED, false, CHG_AVP_OC_SUPPORTED_FEATURES },
	{ "OC-Sequence-Number has 64 bits", "OC-Sequence-Number", 624, 0, CHG_TYPE_U64, false,
		CHG_AVP_OC_SEQUENCE_NUMBER },
	{ "Load-Value has 64 bits", "Load-Value", 652, 0, CHG_TYPE_U64, false, CHG_AVP_LOAD_VALUE },
	{ "DRMP is an enumeration without M", "DRMP", 301, 0, CHG_TYPE_ENUMERATED, false,
		CHG_AVP_DRMP },
	{ "the SIP-Method of charging is 824", "SIP-Method", 824, TGPP, CHG_TYPE_UTF8, true,
		CHG_AVP_SIP_METHOD },
	{ "the SIP-Method of RFC 4740 is another", "SIP-Method-RFC4740", 393, 0, CHG_TYPE_UTF8,
		true, CHG_AVP_SIP_METHOD_RFC4740 },
	{ "IN-Information of Huawei is a group", "IN-Information", 20300, CHG_VENDOR_HUAWEI,
		CHG_TYPE_GROUPED, false, CHG_AVP_IN_INFORMATION },
};

static void fact_holds(void **state)
{
	const struct fact_row *fact = *state;
	const struct chg_avp_row *row = chg_dict_row(fact->id);
	assert_string_equal(row->name, fact->name);
	assert_int_equal(row->code, fact->code);
	assert_int_equal(row->vendor, fact->vendor);
	assert_int_equal(row->type, fact->type);
	assert_int_equal(row->must, fact->must);
}

/* Every AVP that the charging reference lists as missing from the packaged dictionaries. */
static void what_the_packaged_dictionaries_lack_is_here(void **state)
{
	(void)state;
	static const uint32_t tgpp[] = { 2711, 2712, 2713, 2717, 3401, 3402, 3403, 3404, 3904, 3916,
		3917, 3924, 3926, 4401, 4413 };
	enum chg_avp id;
	for (size_t i = 0; i < COUNT(tgpp); i++)
		assert_true(chg_dict_find(TGPP, tgpp[i], &id));
	for (uint32_t code = 653; code <= 669; code++)
		assert_true(chg_dict_find(0, code, &id));
	for (uint32_t code = 621; code <= 627; code++)
		assert_true(chg_dict_find(0, code, &id));
	for (uint32_t code = 649; code <= 652; code++)
		assert_true(chg_dict_find(0, code, &id));
	assert_true(chg_dict_find(0, 301, &id));
}

static void every_row_is_found_by_its_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		const struct chg_avp_row *row = chg_dict_row((enum chg_avp)i);
		enum chg_avp found = CHG_AVP_COUNT;
		assert_true(chg_dict_find(row->vendor, row->code, &found));
		assert_int_equal(found, i);
	}
}

static void every_row_is_found_by_its_name_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		const char *name = chg_dict_row((enum chg_avp)i)->name;
		enum chg_avp found = CHG_AVP_COUNT;
		assert_true(strlen(name) > 0);
		/* The first of the name is this one, so no other has it. */
		assert_true(chg_dict_by_name(name, strlen(name), &found));
		assert_int_equal(found, i);
	}
}

static const struct miss_row {
	const char *says;
	uint32_t vendor;
	uint32_t code;
} miss_rows[] = {
	{ "code 0 is nobody's", 0, 0 },
	{ "a code of one vendor is not one of another", 0, 2110 },
	{ "415 with the vendor of 3GPP is not CC-Request-Number", TGPP, 415 },
	{ "a vendor that is unknown has no AVPs", 4242, 263 },
	{ "vendor and code are not mixed up", 263, 0 },
	{ "the largest numbers are looked up too", UINT32_MAX, UINT32_MAX },
};

static void number_misses(void **state)
{
	const struct miss_row *row = *state;
	enum chg_avp found = CHG_AVP_SESSION_ID;
	assert_false(chg_dict_find(row->vendor, row->code, &found));
	assert_int_equal(found, CHG_AVP_SESSION_ID);
}

static const struct name_row {
	const char *says;
	const char *text;
	size_t len;
	bool is_there;
	enum chg_avp id;
} name_rows[] = {
	{ "a name is found as it is spelt", "IM-Information", 14, true, CHG_AVP_IM_INFORMATION },
	{ "a name is found in lower case", "im-information", 14, true, CHG_AVP_IM_INFORMATION },
	{ "a name is found in capitals", "IM-INFORMATION", 14, true, CHG_AVP_IM_INFORMATION },
	{ "the length decides where a name ends", "Event-Type", 5, true, CHG_AVP_EVENT },
	{ "the start of a name is no name", "IM-Informatio", 13, false, CHG_AVP_COUNT },
	{ "a name with something behind it is no name", "IM-Information ", 15, false,
		CHG_AVP_COUNT },
	{ "a NUL inside is not the end", "Event\0", 6, false, CHG_AVP_COUNT },
	{ "the empty name is nobody's", "", 0, false, CHG_AVP_COUNT },
};

static void name_row_holds(void **state)
{
	const struct name_row *row = *state;
	enum chg_avp found = CHG_AVP_COUNT;
	assert_int_equal(chg_dict_by_name(row->text, row->len, &found), row->is_there);
	assert_int_equal(found, row->id);
}

/* The rows as the files have them, to check the files themselves. */
static const struct {
	const char *file;
	uint32_t vendor;
	uint32_t code;
} avps_in_order[] = {
#define AVP(id, name, code_, vendor_, type, flag)                                                  \
	{ .file = __FILE__, .vendor = CHG_VENDOR_##vendor_, .code = code_ },
#include "dict/avp.def"
#undef AVP
};

static void each_file_is_sorted_by_code(void **state)
{
	(void)state;
	for (size_t i = 1; i < COUNT(avps_in_order); i++) {
		if (strcmp(avps_in_order[i].file, avps_in_order[i - 1].file) != 0)
			continue;
		if (avps_in_order[i].code <= avps_in_order[i - 1].code)
			fail_msg("%s: %u stands after %u", avps_in_order[i].file,
				avps_in_order[i].code, avps_in_order[i - 1].code);
	}
}

static const struct {
	enum chg_avp avp;
	int32_t value;
	const char *name;
} enums_in_order[] = {
#define ENUM(avp_, value_, name_) { .avp = CHG_AVP_##avp_, .value = value_, .name = name_ },
#include "dict/enum.def"
#undef ENUM
};

/* Vendor, code and value as one number that grows from row to row. */
static unsigned __int128 place_of(size_t enum_index)
{
	const struct chg_avp_row *row = chg_dict_row(enums_in_order[enum_index].avp);
	uint64_t value = (uint64_t)((int64_t)enums_in_order[enum_index].value - INT32_MIN);
	return (unsigned __int128)row->vendor << 64 | (uint64_t)row->code << 32 | value;
}

static void named_values_are_sorted(void **state)
{
	(void)state;
	for (size_t i = 1; i < COUNT(enums_in_order); i++) {
		if (place_of(i) <= place_of(i - 1))
			fail_msg("%s stands at the wrong place", enums_in_order[i].name);
	}
}

static void named_values_belong_to_numbers_of_four_octets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(enums_in_order); i++) {
		const struct chg_avp_row *row = chg_dict_row(enums_in_order[i].avp);
		if (row->type != CHG_TYPE_ENUMERATED && row->type != CHG_TYPE_I32 &&
			row->type != CHG_TYPE_U32)
			fail_msg("%s has named values but is no number", row->name);
	}
}

static void every_named_value_is_found_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(enums_in_order); i++) {
		enum chg_avp avp = enums_in_order[i].avp;
		const char *name = chg_dict_enum_name(avp, enums_in_order[i].value);
		assert_string_equal(name, enums_in_order[i].name);
		int32_t value = INT32_MIN;
		assert_true(chg_dict_enum_value(avp, name, strlen(name), &value));
		assert_int_equal(value, enums_in_order[i].value);
		assert_true(chg_dict_enum_known(avp, value));
	}
}

/* The values that an Enumerated is defined for, from the first to the last without a hole. */
static const struct range_row {
	const char *says;
	enum chg_avp avp;
	int32_t first;
	int32_t last;
} range_rows[] = {
	{ "record types go from EVENT to STOP", CHG_AVP_ACCOUNTING_RECORD_TYPE, 1, 4 },
	{ "realtime demands are three", CHG_AVP_ACCOUNTING_REALTIME_REQUIRED, 1, 3 },
	{ "request types go from INITIAL to EVENT, 0 is reserved", CHG_AVP_CC_REQUEST_TYPE, 1, 4 },
	{ "actions are four", CHG_AVP_REQUESTED_ACTION, 0, 3 },
	{ "there is credit or there is none", CHG_AVP_CHECK_BALANCE_RESULT, 0, 1 },
	{ "sessions fail over or do not", CHG_AVP_CC_SESSION_FAILOVER, 0, 1 },
	{ "failure handlings are three", CHG_AVP_CREDIT_CONTROL_FAILURE_HANDLING, 0, 2 },
	{ "debits fail in two ways", CHG_AVP_DIRECT_DEBITING_FAILURE_HANDLING, 0, 1 },
	{ "final units end in three ways", CHG_AVP_FINAL_UNIT_ACTION, 0, 2 },
	{ "redirections are of four kinds", CHG_AVP_REDIRECT_ADDRESS_TYPE, 0, 3 },
	{ "subscribers are named in five ways", CHG_AVP_SUBSCRIPTION_ID_TYPE, 0, 4 },
	{ "usage is before, after or across a tariff change", CHG_AVP_TARIFF_CHANGE_USAGE, 0, 2 },
	{ "units are of six kinds", CHG_AVP_CC_UNIT_TYPE, 0, 5 },
	{ "services are many or one", CHG_AVP_MULTIPLE_SERVICES_INDICATOR, 0, 1 },
	{ "equipment is named in four ways", CHG_AVP_USER_EQUIPMENT_INFO_TYPE, 0, 3 },
	{ "re-authorisation is of two kinds", CHG_AVP_RE_AUTH_REQUEST_TYPE, 0, 1 },
	{ "IM services go from SENDING to JOINING", CHG_AVP_APPLICATION_SERVICE_TYPE, 100, 105 },
	{ "nodes go from S-CSCF to IWK-SCEF", CHG_AVP_NODE_FUNCTIONALITY, 0, 21 },
	{ "originators are two", CHG_AVP_ORIGINATOR, 0, 1 },
	{ "PoC servers have four roles", CHG_AVP_POC_SERVER_ROLE, 0, 3 },
	{ "a balance is low or not", CHG_AVP_LOW_BALANCE_INDICATION, 0, 1 },
	{ "participants act in four ways", CHG_AVP_PARTICIPANT_ACTION_TYPE, 0, 3 },
	{ "usage is reported for ten reasons", CHG_AVP_REPORTING_REASON, 0, 9 },
	{ "priorities go from 0 to 15", CHG_AVP_DRMP, 0, 15 },
};

static void range_is_whole(void **state)
{
	const struct range_row *row = *state;
	for (int32_t value = row->first; value <= row->last; value++)
		assert_true(chg_dict_enum_known(row->avp, value));
	assert_false(chg_dict_enum_known(row->avp, row->first - 1));
	assert_false(chg_dict_enum_known(row->avp, row->last + 1));
	assert_null(chg_dict_enum_name(row->avp, row->last + 1));
}

static const struct value_row {
	const char *says;
	enum chg_avp avp;
	int32_t value;
	const char *name; /* NULL: it has none */
	bool is_known;
} value_rows[] = {
	{ "an AS is 6", CHG_AVP_NODE_FUNCTIONALITY, 6, "AS", true },
	{ "sending is 100", CHG_AVP_APPLICATION_SERVICE_TYPE, 100, "SENDING", true },
	{ "a negative cause has a name", CHG_AVP_CAUSE_CODE, -2, "END_OF_SUBSCRIBE_DIALOG", true },
	{ "a message that was accepted for later is -202", CHG_AVP_CAUSE_CODE, -202, "ACCEPTED",
		true },
	{ "a SIP status is a cause", CHG_AVP_CAUSE_CODE, 486, "BUSY_HERE", true },
	{ "any number may be a cause", CHG_AVP_CAUSE_CODE, 477, NULL, true },
	{ "a client may log out", CHG_AVP_TERMINATION_CAUSE, 1, "DIAMETER_LOGOUT", true },
	{ "a cause of RADIUS is known too", CHG_AVP_TERMINATION_CAUSE, 14, "IDLE_TIMEOUT", true },
	{ "a cause that nobody defined is not", CHG_AVP_TERMINATION_CAUSE, 9, NULL, false },
	{ "an AVP that is no enumeration takes any value", CHG_AVP_CC_TIME, 9, NULL, true },
	{ "an enumeration without rows takes any value", CHG_AVP_RAT_TYPE, 1004, NULL, true },
	{ "the smallest number is looked up too", CHG_AVP_REQUESTED_ACTION, INT32_MIN, NULL,
		false },
};

static void value_row_holds(void **state)
{
	const struct value_row *row = *state;
	const char *name = chg_dict_enum_name(row->avp, row->value);
	if (row->name == NULL)
		assert_null(name);
	else
		assert_string_equal(name, row->name);
	assert_int_equal(chg_dict_enum_known(row->avp, row->value), row->is_known);
}

static void a_value_is_found_by_the_name_of_its_own_avp(void **state)
{
	(void)state;
	int32_t value = -1;
	assert_true(chg_dict_enum_value(CHG_AVP_CC_REQUEST_TYPE, "event_request", 13, &value));
	assert_int_equal(value, 4);
	assert_false(chg_dict_enum_value(CHG_AVP_REQUESTED_ACTION, "EVENT_REQUEST", 13, &value));
	assert_false(chg_dict_enum_value(CHG_AVP_CC_REQUEST_TYPE, "EVENT_REQ", 9, &value));
	assert_int_equal(value, 4);
}

static const struct command_row {
	const char *says;
	enum chg_command id;
	uint32_t code;
	uint32_t application;
	bool is_request;
	const char *name;
} command_rows[] = {
	{ "ACR is 271 of accounting", CHG_COMMAND_ACR, 271, 3, true, "Accounting-Request" },
	{ "ACA is 271 of accounting", CHG_COMMAND_ACA, 271, 3, false, "Accounting-Answer" },
	{ "CCR is 272 of credit control", CHG_COMMAND_CCR, 272, 4, true, "Credit-Control-Request" },
	{ "CCA is 272 of credit control", CHG_COMMAND_CCA, 272, 4, false, "Credit-Control-Answer" },
	{ "RAR is 258", CHG_COMMAND_RAR, 258, 4, true, "Re-Auth-Request" },
	{ "RAA is 258", CHG_COMMAND_RAA, 258, 4, false, "Re-Auth-Answer" },
	{ "ASR is 274", CHG_COMMAND_ASR, 274, 4, true, "Abort-Session-Request" },
	{ "ASA is 274", CHG_COMMAND_ASA, 274, 4, false, "Abort-Session-Answer" },
};

static void command_row_holds(void **state)
{
	const struct command_row *row = *state;
	const struct chg_command_row *command = chg_dict_command(row->id);
	assert_int_equal(command->code, row->code);
	assert_int_equal(command->application, row->application);
	assert_int_equal(command->is_request, row->is_request);
	assert_string_equal(command->name, row->name);
}

static const struct chg_rule_row *find_rule(enum chg_command command, enum chg_avp avp)
{
	size_t count;
	const struct chg_rule_row *rules = chg_dict_rules(command, &count);
	for (size_t i = 0; i < count; i++) {
		if (rules[i].avp == avp)
			return &rules[i];
	}
	return NULL;
}

static void rules_are_those_of_their_command_and_make_sense(void **state)
{
	const struct command_row *command = *state;
	size_t count;
	const struct chg_rule_row *rules = chg_dict_rules(command->id, &count);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(rules[i].command, command->id);
		assert_ptr_equal(find_rule(command->id, rules[i].avp), &rules[i]);
		assert_int_equal(rules[i].kind == CHG_RULE_FIXED, i == 0);
		assert_int_equal(rules[i].min, rules[i].kind == CHG_RULE_OPTIONAL ? 0 : 1);
		assert_true(rules[i].max == 1 || rules[i].max == CHG_RULE_UNLIMITED);
	}
	assert_int_equal(rules[0].avp, CHG_AVP_SESSION_ID);
}

static const struct rule_row {
	const char *says;
	enum chg_command command;
	enum chg_avp avp;
	enum chg_rule_kind kind;
	int max; /* 0: there is no rule */
} rule_rows[] = {
	{ "an ACR names its type once", CHG_COMMAND_ACR, CHG_AVP_ACCOUNTING_RECORD_TYPE,
		CHG_RULE_REQUIRED, 1 },
	{ "an ACR names its number once", CHG_COMMAND_ACR, CHG_AVP_ACCOUNTING_RECORD_NUMBER,
		CHG_RULE_REQUIRED, 1 },
	{ "an ACR need not repeat the application", CHG_COMMAND_ACR, CHG_AVP_ACCT_APPLICATION_ID,
		CHG_RULE_OPTIONAL, 1 },
	{ "an ACR need not name its context", CHG_COMMAND_ACR, CHG_AVP_SERVICE_CONTEXT_ID,
		CHG_RULE_OPTIONAL, 1 },
	{ "an ACR holds one Service-Information", CHG_COMMAND_ACR, CHG_AVP_SERVICE_INFORMATION,
		CHG_RULE_OPTIONAL, 1 },
	{ "an ACR passes any number of proxies", CHG_COMMAND_ACR, CHG_AVP_PROXY_INFO,
		CHG_RULE_OPTIONAL, -1 },
	{ "an ACR may have any Auth-Application-Id", CHG_COMMAND_ACR, CHG_AVP_AUTH_APPLICATION_ID,
		CHG_RULE_OPTIONAL, 0 },
	{ "an ACA repeats the type", CHG_COMMAND_ACA, CHG_AVP_ACCOUNTING_RECORD_TYPE,
		CHG_RULE_REQUIRED, 1 },
	{ "an ACA blames one AVP at most", CHG_COMMAND_ACA, CHG_AVP_FAILED_AVP, CHG_RULE_OPTIONAL,
		1 },
	{ "a CCR names its context", CHG_COMMAND_CCR, CHG_AVP_SERVICE_CONTEXT_ID, CHG_RULE_REQUIRED,
		1 },
	{ "a CCR names its number once", CHG_COMMAND_CCR, CHG_AVP_CC_REQUEST_NUMBER,
		CHG_RULE_REQUIRED, 1 },
	{ "a CCR may leave the application to the header", CHG_COMMAND_CCR,
		CHG_AVP_AUTH_APPLICATION_ID, CHG_RULE_OPTIONAL, 1 },
	{ "a CCR asks for units once", CHG_COMMAND_CCR, CHG_AVP_REQUESTED_SERVICE_UNIT,
		CHG_RULE_OPTIONAL, 1 },
	{ "a CCR reports use any number of times", CHG_COMMAND_CCR, CHG_AVP_USED_SERVICE_UNIT,
		CHG_RULE_OPTIONAL, -1 },
	{ "a CCR may carry any number of services", CHG_COMMAND_CCR,
		CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, CHG_RULE_OPTIONAL, -1 },
	{ "a CCA names the application", CHG_COMMAND_CCA, CHG_AVP_AUTH_APPLICATION_ID,
		CHG_RULE_REQUIRED, 1 },
	{ "a CCA may blame many AVPs", CHG_COMMAND_CCA, CHG_AVP_FAILED_AVP, CHG_RULE_OPTIONAL, -1 },
	{ "an RAR says what kind it is", CHG_COMMAND_RAR, CHG_AVP_RE_AUTH_REQUEST_TYPE,
		CHG_RULE_REQUIRED, 1 },
	{ "an RAR goes to one host", CHG_COMMAND_RAR, CHG_AVP_DESTINATION_HOST, CHG_RULE_REQUIRED,
		1 },
};

static void rule_row_holds(void **state)
{
	const struct rule_row *row = *state;
	const struct chg_rule_row *rule = find_rule(row->command, row->avp);
	if (row->max == 0) {
		assert_null(rule);
		return;
	}
	assert_non_null(rule);
	assert_int_equal(rule->kind, row->kind);
	assert_int_equal(rule->max, row->max);
}

static const struct result_row {
	const char *says;
	uint32_t code;
	const char *name; /* NULL: no such code */
	bool is_protocol_error;
} result_rows[] = {
	{ "2001 is success", CHG_RESULT_SUCCESS, "DIAMETER_SUCCESS", false },
	{ "3004 asks to try elsewhere and has the E bit", CHG_RESULT_TOO_BUSY, "DIAMETER_TOO_BUSY",
		true },
	{ "3010 has the E bit", CHG_RESULT_UNKNOWN_PEER, "DIAMETER_UNKNOWN_PEER", true },
	{ "4002 asks the client to keep the record", 4002, "DIAMETER_OUT_OF_SPACE", false },
	{ "4012 is want of credit", 4012, "DIAMETER_CREDIT_LIMIT_REACHED", false },
	{ "5005 is a missing AVP", 5005, "DIAMETER_MISSING_AVP", false },
	{ "5009 is an AVP too many", CHG_RESULT_AVP_OCCURS_TOO_MANY_TIMES,
		"DIAMETER_AVP_OCCURS_TOO_MANY_TIMES", false },
	{ "5031 is what cannot be rated", CHG_RESULT_RATING_FAILED, "DIAMETER_RATING_FAILED",
		false },
	{ "a code without a row has no name", 2999, NULL, false },
	{ "0 is no code", 0, NULL, false },
};

static void result_row_holds(void **state)
{
	const struct result_row *row = *state;
	const char *name = chg_result_name(row->code);
	if (row->name == NULL)
		assert_null(name);
	else
		assert_string_equal(name, row->name);
	assert_int_equal(chg_result_is_protocol_error(row->code), row->is_protocol_error);
}

static void every_vendor_and_application_is_listed_once(void **state)
{
	(void)state;
	size_t count;
	const struct chg_number_row *rows = chg_dict_vendors(&count);
	for (size_t i = 1; i < count; i++)
		assert_true(rows[i].number > rows[i - 1].number);
	assert_int_equal(rows[0].number, CHG_VENDOR_IETF);

	rows = chg_dict_applications(&count);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].number, CHG_APPLICATION_ACCOUNTING);
	assert_int_equal(rows[1].number, CHG_APPLICATION_CREDIT_CONTROL);
}

/* One test per row of a table, named by its sentence; the tables begin their rows with it. */
static size_t add_rows(struct CMUnitTest *tests, size_t at, const void *rows, size_t row_size,
	size_t row_count, CMUnitTestFunction function)
{
	assert_true(at + row_count <= CASES_MAX);
	for (size_t i = 0; i < row_count; i++) {
		const char *row = (const char *)rows + i * row_size;
		const char *says;
		memcpy(&says, row, sizeof says);
		tests[at + i] = (struct CMUnitTest){
			.name = says, .test_func = function, .initial_state = (void *)row
		};
	}
	return at + row_count;
}

#define ADD(table, function)                                                                       \
	count = add_rows(tests, count, table, sizeof(table)[0], COUNT(table), function)

int main(void)
{
	const struct CMUnitTest whole[] = {
		cmocka_unit_test(what_the_packaged_dictionaries_lack_is_here),
		cmocka_unit_test(every_row_is_found_by_its_numbers),
		cmocka_unit_test(every_row_is_found_by_its_name_alone),
		cmocka_unit_test(each_file_is_sorted_by_code),
		cmocka_unit_test(named_values_are_sorted),
		cmocka_unit_test(named_values_belong_to_numbers_of_four_octets),
		cmocka_unit_test(every_named_value_is_found_both_ways),
		cmocka_unit_test(a_value_is_found_by_the_name_of_its_own_avp),
		cmocka_unit_test(every_vendor_and_application_is_listed_once),
	};
	static struct CMUnitTest tests[CASES_MAX];
	size_t count = COUNT(whole);
	memcpy(tests, whole, sizeof whole);
	ADD(fact_rows, fact_holds);
	ADD(miss_rows, number_misses);
	ADD(name_rows, name_row_holds);
	ADD(range_rows, range_is_whole);
	ADD(value_rows, value_row_holds);
	ADD(command_rows, command_row_holds);
	ADD(command_rows, rules_are_those_of_their_command_and_make_sense);
	ADD(rule_rows, rule_row_holds);
	ADD(result_rows, result_row_holds);
	return _cmocka_run_group_tests("the dictionary", tests, count, NULL, NULL);
}

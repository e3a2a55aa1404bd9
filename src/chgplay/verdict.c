/* SPDX-License-Identifier: BSD-3-Clause
 * No look-ups: of the AVPs without a vendor the seven that matter are known by their codes.
 */
#include "chgplay/verdict.h"

#include "wire/avp.h"

enum {
	SESSION_ID = 263,
	RESULT_CODE = 268,
	CC_REQUEST_NUMBER = 415,
	CC_REQUEST_TYPE = 416,
	MULTIPLE_SERVICES_CREDIT_CONTROL = 456,
	ACCOUNTING_RECORD_TYPE = 480,
	ACCOUNTING_RECORD_NUMBER = 485,
	SUCCESS = 2001,
};

/* A number that is to be there once. */
struct once {
	uint32_t count;
	uint32_t value;
};

struct walk {
	const uint8_t *at;
	size_t left;
};

struct found {
	struct once result;
	struct once type;
	struct once number;
	uint32_t session_ids;
	uint32_t services;
	uint32_t refused; /* the Result-Code of the first service that has another than success */
	struct chg_view session_id;
	const char *why;
};

static uint32_t u32_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The next AVP: its code, UINT32_MAX for those of vendors, and its data.  False at the end. */
static bool next(struct walk *walk, uint32_t *ret_code, struct chg_view *ret, const char **why)
{
	if (walk->left == 0)
		return false;
	size_t len = walk->left < 8 ? 0 : u32_at(walk->at + 4) & 0xffffff;
	bool is_vendors = len >= 8 && (walk->at[4] & CHG_AVP_FLAG_VENDOR) != 0;
	size_t head = is_vendors ? 12 : 8;
	if (len < head || len > walk->left) {
		*why = "an AVP's length does not fit";
		return false;
	}
	*ret_code = is_vendors ? UINT32_MAX : u32_at(walk->at);
	*ret = (struct chg_view){ (const char *)walk->at + head, len - head };
	size_t padded = (len + 3) & ~(size_t)3;
	if (padded > walk->left)
		padded = walk->left;
	walk->at += padded;
	walk->left -= padded;
	return true;
}

static void take(struct once *once, struct chg_view data, const char **why)
{
	if (data.len != 4)
		*why = "a number has not four octets";
	else
		once->value = u32_at((const uint8_t *)data.ptr);
	once->count++;
}

static void take_service(struct found *found, struct chg_view group)
{
	struct walk walk = { (const uint8_t *)group.ptr, group.len };
	struct once result = { 0 };
	struct chg_view data;
	uint32_t code;
	while (found->why == NULL && next(&walk, &code, &data, &found->why))
		if (code == RESULT_CODE)
			take(&result, data, &found->why);
	found->services++;
	if (found->why == NULL && result.count != 1)
		found->why = "a service has not one Result-Code";
	if (result.value != SUCCESS && found->refused == 0)
		found->refused = result.value;
}

static void take_avp(struct found *found, bool is_credit, uint32_t code, struct chg_view data)
{
	if (code == SESSION_ID) {
		found->session_ids++;
		found->session_id = data;
	} else if (code == RESULT_CODE) {
		take(&found->result, data, &found->why);
	} else if (code == (is_credit ? CC_REQUEST_TYPE : ACCOUNTING_RECORD_TYPE)) {
		take(&found->type, data, &found->why);
	} else if (code == (is_credit ? CC_REQUEST_NUMBER : ACCOUNTING_RECORD_NUMBER)) {
		take(&found->number, data, &found->why);
	} else if (is_credit && code == MULTIPLE_SERVICES_CREDIT_CONTROL) {
		take_service(found, data);
	}
}

/* NULL: header and command are those of an answer to this request. */
static const char *judge_header(struct chg_view answer, const struct chg_expected *expected)
{
	const uint8_t *at = (const uint8_t *)answer.ptr;
	if (answer.len < CHG_HEADER_SIZE || at[0] != 1)
		return "its version is not 1";
	if ((u32_at(at) & 0xffffff) != answer.len || answer.len % 4 != 0)
		return "its length is not that of a message";
	if (at[4] & (CHG_COMMAND_FLAG_REQUEST | CHG_COMMAND_FLAG_RETRANSMITTED))
		return "the R or the T bit is set";
	if ((u32_at(at + 4) & 0xffffff) != (expected->is_credit ? 272u : 271u) ||
		u32_at(at + 8) != (expected->is_credit ? 4u : 3u))
		return "it is of another command or application";
	if (u32_at(at + 16) != expected->end_to_end)
		return "the End-to-End Identifier is another";
	return NULL;
}

/* What an answer that refuses may leave out, but not say differently. */
static const char *judge_echo(
	const struct found *found, const struct chg_expected *expected, bool is_success)
{
	if (found->session_ids != 1 || !chg_view_equal(found->session_id, expected->session_id))
		return "the Session-Id is missing or another";
	if (found->type.count > 1 || found->number.count > 1)
		return "type or number is there twice";
	if ((found->type.count == 1 && found->type.value != expected->type) ||
		(found->number.count == 1 && found->number.value != expected->number))
		return "type or number is another";
	if (is_success && (found->type.count == 0 || found->number.count == 0))
		return "type or number is missing";
	if (is_success && found->services != expected->services)
		return "there are more or fewer services than were asked for";
	return NULL;
}

static const char *judge(
	struct chg_view answer, const struct chg_expected *expected, struct found *ret)
{
	const char *why = judge_header(answer, expected);
	struct walk walk = { (const uint8_t *)answer.ptr + CHG_HEADER_SIZE,
		why == NULL ? answer.len - CHG_HEADER_SIZE : 0 };
	struct chg_view data;
	uint32_t code;
	*ret = (struct found){ .why = why };
	while (ret->why == NULL && next(&walk, &code, &data, &ret->why))
		take_avp(ret, expected->is_credit, code, data);
	if (ret->why != NULL)
		return ret->why;
	if (ret->result.count != 1)
		return "there is not one Result-Code";
	if (ret->result.value == SUCCESS && (answer.ptr[4] & CHG_COMMAND_FLAG_ERROR) != 0)
		return "a success has the E bit";
	return judge_echo(ret, expected, ret->result.value == SUCCESS);
}

enum chg_verdict chg_verdict_of(struct chg_view answer, const struct chg_expected *expected,
	uint32_t *ret_code, const char **reterr_why)
{
	struct found found;
	const char *why = judge(answer, expected, &found);
	if (why != NULL) {
		*reterr_why = why;
		return CHG_VERDICT_WRONG;
	}
	if (found.result.value == SUCCESS && found.refused == 0)
		return CHG_VERDICT_SUCCESS;
	*ret_code = found.result.value != SUCCESS ? found.result.value : found.refused;
	return CHG_VERDICT_REFUSED;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What an IM server tells of a message, or of a session of three parties.
 */
#include "chgplay/template.h"

#include <stdio.h>
#include <string.h>

#include "core/ask.h"
#include "core/ask_credit.h"
#include "wire/avp.h"

enum {
	AVP_HEAD = 8, /* code, flags and length; twelve with a vendor */
};

const struct chg_step_row chg_step_rows[CHG_STEP_COUNT] = {
	[CHG_STEP_EVENT] = { "EVENT", false, CHG_RECORD_EVENT, 0, CHG_STEP_COUNT, 0 },
	[CHG_STEP_START] = { "START", false, CHG_RECORD_START, 0, CHG_STEP_INTERIM, 0 },
	[CHG_STEP_INTERIM] = { "INTERIM", false, CHG_RECORD_INTERIM, 1, CHG_STEP_STOP, 0 },
	[CHG_STEP_STOP] = { "STOP", false, CHG_RECORD_STOP, 2, CHG_STEP_COUNT, 0 },
	[CHG_STEP_DEBIT] = { "DEBIT", true, CHG_CC_EVENT, 0, CHG_STEP_COUNT, 0 },
	[CHG_STEP_INITIAL] = { "INITIAL", true, CHG_CC_INITIAL, 0, CHG_STEP_UPDATE_1, 0 },
	[CHG_STEP_UPDATE_1] = { "UPDATE", true, CHG_CC_UPDATE, 1, CHG_STEP_UPDATE_2, 3 },
	[CHG_STEP_UPDATE_2] = { "UPDATE", true, CHG_CC_UPDATE, 2, CHG_STEP_UPDATE_3, 1 },
	[CHG_STEP_UPDATE_3] = { "UPDATE", true, CHG_CC_UPDATE, 3, CHG_STEP_TERMINATION, 4 },
	[CHG_STEP_TERMINATION] = { "TERMINATION", true, CHG_CC_TERMINATION, 4, CHG_STEP_COUNT, 1 },
};

/* A request on its way to become a template. */
struct making {
	const struct chg_template_wish *wish;
	const struct chg_step_row *step;
	struct chg_template *template;
	struct chg_out out;
};

/* Puts a SIP URI whose digits may have to be found again. */
static void put_party(struct making *making, enum chg_avp id, const char *uri)
{
	struct chg_template *template = making->template;
	size_t len = strlen(uri);
	chg_out_text(&making->out, id, chg_view_of(uri));
	if (making->out.is_full)
		return;
	size_t padded = (len + 3) & ~(size_t)3;
	template->account_at[template->account_places++] =
		making->out.len - padded + making->wish->account_at;
}

static void put_im(struct chg_out *out, uint32_t number)
{
	size_t group = chg_out_group_begin(out, CHG_AVP_IM_INFORMATION);
	chg_out_u32(out, CHG_AVP_TOTAL_NUMBER_OF_MESSAGES_SENT, 1 + 5 * number);
	chg_out_u32(out, CHG_AVP_NUMBER_OF_MESSAGES_SUCCESSFULLY_SENT, 1 + 5 * number);
	chg_out_group_end(out, group);
}

static void put_service(struct making *making)
{
	const struct chg_step_row *step = making->step;
	struct chg_out *out = &making->out;
	size_t service = chg_out_group_begin(out, CHG_AVP_SERVICE_INFORMATION);
	size_t ims = chg_out_group_begin(out, CHG_AVP_IMS_INFORMATION);
	chg_out_i32(out, CHG_AVP_NODE_FUNCTIONALITY, 6);
	size_t event = chg_out_group_begin(out, CHG_AVP_EVENT_TYPE);
	chg_out_text(out, CHG_AVP_SIP_METHOD,
		step->next == CHG_STEP_COUNT && step->number == 0 ? CHG_VIEW("MESSAGE")
								  : CHG_VIEW("INVITE"));
	chg_out_group_end(out, event);
	put_party(making, CHG_AVP_CALLING_PARTY_ADDRESS, making->wish->caller);
	chg_out_text(out, CHG_AVP_CALLED_PARTY_ADDRESS, CHG_VIEW("sip:bob@example.net"));
	chg_out_group_end(out, ims);
	size_t generic = chg_out_group_begin(out, CHG_AVP_SERVICE_GENERIC_INFORMATION);
	chg_out_i32(out, CHG_AVP_APPLICATION_SERVICE_TYPE, CHG_AST_SENDING);
	chg_out_u32(out, CHG_AVP_APPLICATION_SESSION_ID, 1);
	chg_out_group_end(out, generic);
	if (step->is_credit || step->type != CHG_RECORD_START)
		put_im(out, step->number);
	chg_out_group_end(out, service);
}

/* A service of a credit session, or a debit of one message. */
static void put_units(
	struct chg_out *out, const struct chg_step_row *step, uint32_t group, enum chg_avp unit)
{
	uint64_t scale = unit == CHG_AVP_CC_TOTAL_OCTETS ? 1001 : 1;
	bool is_debit = step->type == CHG_CC_EVENT;
	size_t service = chg_out_group_begin(out, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL);
	if (step->type != CHG_CC_TERMINATION) {
		size_t asked = chg_out_group_begin(out, CHG_AVP_REQUESTED_SERVICE_UNIT);
		chg_out_u64(out, unit, is_debit ? 1 : 5 * scale);
		chg_out_group_end(out, asked);
	}
	if (!is_debit && step->type != CHG_CC_INITIAL) {
		size_t used = chg_out_group_begin(out, CHG_AVP_USED_SERVICE_UNIT);
		chg_out_u64(out, unit, step->used * scale);
		chg_out_group_end(out, used);
	}
	chg_out_u32(out, CHG_AVP_RATING_GROUP, group);
	chg_out_group_end(out, service);
}

static void put_credit(struct making *making)
{
	const struct chg_step_row *step = making->step;
	struct chg_out *out = &making->out;
	chg_out_u32(out, CHG_AVP_AUTH_APPLICATION_ID, 4);
	chg_out_i32(out, CHG_AVP_CC_REQUEST_TYPE, (int32_t)step->type);
	chg_out_u32(out, CHG_AVP_CC_REQUEST_NUMBER, step->number);
	size_t subscriber = chg_out_group_begin(out, CHG_AVP_SUBSCRIPTION_ID);
	chg_out_i32(out, CHG_AVP_SUBSCRIPTION_ID_TYPE, CHG_IDENTITY_SIP_URI);
	put_party(making, CHG_AVP_SUBSCRIPTION_ID_DATA, making->wish->subscriber);
	chg_out_group_end(out, subscriber);
	if (step->type == CHG_CC_EVENT)
		chg_out_i32(out, CHG_AVP_REQUESTED_ACTION, CHG_ACTION_DIRECT_DEBITING);
	if (step->type == CHG_CC_INITIAL)
		chg_out_i32(out, CHG_AVP_MULTIPLE_SERVICES_INDICATOR, 1);
	put_units(out, step, 1, CHG_AVP_CC_SERVICE_SPECIFIC_UNITS);
	if (step->type != CHG_CC_EVENT && making->wish->services > 1)
		put_units(out, step, 2, CHG_AVP_CC_TOTAL_OCTETS);
}

static void put_record(struct making *making)
{
	struct chg_out *out = &making->out;
	chg_out_i32(out, CHG_AVP_ACCOUNTING_RECORD_TYPE, (int32_t)making->step->type);
	chg_out_u32(out, CHG_AVP_ACCOUNTING_RECORD_NUMBER, making->step->number);
	chg_out_u32(out, CHG_AVP_ACCT_APPLICATION_ID, 3);
}

static void put_session_id(struct making *making)
{
	struct chg_template *template = making->template;
	char session_id[400];
	int len = snprintf(session_id, sizeof session_id, "%s;%0*u;%0*u;load", making->wish->host,
		CHG_TEMPLATE_DIGITS, 0u, CHG_TEMPLATE_DIGITS, 0u);
	making->out.is_full |= len < 0 || (size_t)len >= sizeof session_id;
	chg_out_text(&making->out, CHG_AVP_SESSION_ID, chg_view_of(session_id));
	template->session_id_at = CHG_HEADER_SIZE + AVP_HEAD;
	template->session_id_len = strlen(session_id);
	template->run_at = template->session_id_at + strlen(making->wish->host) + 1;
	template->serial_at = template->run_at + CHG_TEMPLATE_DIGITS + 1;
}

static void put_head(struct making *making)
{
	const struct chg_template_wish *wish = making->wish;
	struct chg_out *out = &making->out;
	struct chg_header header = { .version = 1,
		.flags = CHG_COMMAND_FLAG_REQUEST | CHG_COMMAND_FLAG_PROXIABLE,
		.command = making->step->is_credit ? 272 : 271,
		.application = making->step->is_credit ? 4 : 3 };
	chg_out_header(out, &header);
	put_session_id(making);
	chg_out_text(out, CHG_AVP_ORIGIN_HOST, chg_view_of(wish->host));
	chg_out_text(out, CHG_AVP_ORIGIN_REALM, chg_view_of(wish->realm));
	chg_out_text(out, CHG_AVP_DESTINATION_REALM, chg_view_of(wish->destination_realm));
	making->template->time_at = out->len + AVP_HEAD;
	chg_out_u32(out, CHG_AVP_EVENT_TIMESTAMP, 0);
}

enum chg_rc chg_template_make(const struct chg_template_wish *wish, struct chg_template *ret)
{
	struct making making = {
		.wish = wish, .step = &chg_step_rows[wish->step], .template = ret
	};
	memset(ret, 0, sizeof *ret);
	making.out = chg_out_of(ret->bytes, sizeof ret->bytes);
	ret->account_digits = wish->account_digits;
	put_head(&making);
	if (!wish->is_base_only)
		chg_out_text(&making.out, CHG_AVP_SERVICE_CONTEXT_ID,
			CHG_VIEW("SIMPLE_IM@openmobilealliance.org"));
	if (making.step->is_credit)
		put_credit(&making);
	else
		put_record(&making);
	if (!wish->is_base_only)
		put_service(&making);
	ret->len = making.out.len;
	return chg_out_finish(&making.out);
}

static void put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static void put_digits(uint8_t *at, uint32_t count, uint32_t value)
{
	while (count-- > 0) {
		at[count] = (uint8_t)('0' + value % 10);
		value /= 10;
	}
}

void chg_template_write(
	const struct chg_template *template, const struct chg_patch *patch, uint8_t *ret)
{
	memcpy(ret, template->bytes, template->len);
	if (patch->is_repeated)
		ret[4] |= CHG_COMMAND_FLAG_RETRANSMITTED;
	put_u32(ret + 12, patch->hop_by_hop);
	put_u32(ret + 16, patch->end_to_end);
	put_digits(ret + template->run_at, CHG_TEMPLATE_DIGITS, patch->run);
	put_digits(ret + template->serial_at, CHG_TEMPLATE_DIGITS, patch->serial);
	put_u32(ret + template->time_at, patch->time);
	for (size_t i = 0; i < template->account_places; i++)
		put_digits(ret + template->account_at[i], template->account_digits, patch->account);
}

void chg_template_session_id(
	const struct chg_template *template, const struct chg_patch *patch, char *ret)
{
	uint8_t *to = (uint8_t *)ret;
	memcpy(to, template->bytes + template->session_id_at, template->session_id_len);
	put_digits(
		to + (template->run_at - template->session_id_at), CHG_TEMPLATE_DIGITS, patch->run);
	put_digits(to + (template->serial_at - template->session_id_at), CHG_TEMPLATE_DIGITS,
		patch->serial);
}

struct chg_run chg_run_begun(chg_instant at)
{
	enum {
		PART_US = 250,          /* of a second: 4,000 of them */
		PART_SERIALS = 1000000, /* more than can be sent in it */
	};
	uint32_t s = (uint32_t)(at.us / CHG_US_PER_S);
	uint32_t us = (uint32_t)(at.us % CHG_US_PER_S);
	return (struct chg_run){
		.run = s, .serial = us / PART_US * PART_SERIALS, .end_to_end = s << 20 | us
	};
}

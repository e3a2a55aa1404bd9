/* SPDX-License-Identifier: BSD-3-Clause
 * Accounting-Request: bytes -> struct chg_acr.
 *
 * Two passes: the level of the command is judged, then the content is taken apart.
 */
#include "wire/judge.h"
#include "wire/read_data.h"

/* AVPs that have no place in an ACR.  RFC 6733 10.2 */
static bool is_not_allowed(enum chg_avp id)
{
	return id == CHG_AVP_RESULT_CODE || id == CHG_AVP_AUTH_APPLICATION_ID ||
	       id == CHG_AVP_EXPERIMENTAL_RESULT || id == CHG_AVP_FAILED_AVP ||
	       id == CHG_AVP_ERROR_MESSAGE || id == CHG_AVP_ERROR_REPORTING_HOST;
}

static enum chg_rc judge_meaning(
	void *to, const struct chg_raw_avp *avp, struct chg_fault *reterr_fault)
{
	(void)to;
	uint32_t type = 0;
	if (avp->id != CHG_AVP_ACCOUNTING_RECORD_TYPE)
		return CHG_OK;
	chg_avp_u32(avp, &type);
	if (type >= CHG_RECORD_EVENT && type <= CHG_RECORD_STOP)
		return CHG_OK;
	return chg_judge_refuse(reterr_fault, CHG_RESULT_INVALID_AVP_VALUE,
		"Accounting-Record-Type is none of EVENT, START, INTERIM and STOP",
		avp); /* */
}

enum chg_rc chg_wire_read_acr(struct chg_view message, enum chg_strictness strictness,
	struct chg_scratch *scratch, struct chg_acr *ret_acr, struct chg_fault *reterr_fault)
{
	const struct chg_judge judge = {
		.command = CHG_COMMAND_ACR,
		.strictness = strictness,
		.application_id = CHG_AVP_ACCT_APPLICATION_ID,
		.is_not_allowed = is_not_allowed,
		.meaning = judge_meaning,
	};
	struct chg_header header;
	enum chg_rc rc = chg_judge_message(&judge, message, &header, reterr_fault);
	if (rc != CHG_OK)
		return rc;
	return chg_data_read(message, &header, CHG_COMMAND_ACR, scratch, ret_acr);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What a peer asked on CH-2, without AVPs.  Views live as those of core/ask.h do.
 */
#ifndef CHG_CORE_ASK_CREDIT_H
#define CHG_CORE_ASK_CREDIT_H

#include "core/account.h"
#include "core/ask.h"
#include "core/party.h"
#include "core/quantity.h"

/* CC-Request-Type.  RFC 8506 8.3 */
enum chg_cc_type {
	CHG_CC_INITIAL = 1,
	CHG_CC_UPDATE = 2,
	CHG_CC_TERMINATION = 3,
	CHG_CC_EVENT = 4,
};

/* Requested-Action.  RFC 8506 8.41 */
enum chg_cc_action {
	CHG_ACTION_DIRECT_DEBITING = 0,
	CHG_ACTION_REFUND_ACCOUNT = 1,
	CHG_ACTION_CHECK_BALANCE = 2,
	CHG_ACTION_PRICE_ENQUIRY = 3,
};

enum {
	CHG_SERVICE_MAX =
		32, /* Multiple-Services-Credit-Control of one request; the next is 5009 */
	CHG_SERVICE_ID_MAX = 8,
	CHG_USED_MAX = 8,
	CHG_IDENTITY_MAX = 8, /* further ones are not looked up */
	CHG_REFUND_HANDLE_MAX = 64,
};

/* One Used-Service-Unit.  A delta since the report before.  RFC 8506 8.19 */
struct chg_used {
	struct chg_units units;
	chg_opt_u32 tariff_change_usage; /* 0 before, 1 after, 2 straddling */
	chg_opt_u32 reason;              /* Reporting-Reason */
};

/*
 * What is asked for one service: one Multiple-Services-Credit-Control, or the units at the level of
 * the command.  RFC 8506 8.16
 */
struct chg_service_ask {
	chg_opt_u32 rating_group;
	size_t service_id_count;
	uint32_t service_id[CHG_SERVICE_ID_MAX];
	struct chg_units requested; /* is_present: Requested-Service-Unit was there */
	chg_opt_u32 reason;         /* Reporting-Reason of the service: 2 FINAL closes it */
	struct chg_view refund_information;
	size_t used_count;
	struct chg_used used[CHG_USED_MAX]; /* stands last: core/wrap.h */
};

struct chg_identity_ask {
	enum chg_identity_type type;
	struct chg_view text;
	struct chg_party key; /* chg_identity_key of the two */
};

/*
 * One Credit-Control-Request.  RFC 8506 3.1, TS 32.299 6.4.2
 *
 * data is the request in the shape that both interfaces share, so that both make the same records:
 * its type is START for INITIAL, INTERIM for UPDATE, STOP for TERMINATION, EVENT for EVENT, its
 * number the CC-Request-Number, its sub_session_id the CC-Sub-Session-Id.
 */
struct chg_ccr {
	enum chg_cc_type type;
	chg_opt_u32 action;
	bool is_multiple; /* units came in Multiple-Services-Credit-Control: so they are answered */
	size_t identity_count;
	size_t service_count; /* 1 with everything absent when the request named no units at all */
	struct chg_acr data;
	struct chg_identity_ask
		identity[CHG_IDENTITY_MAX]; /* in the order in which they are tried */
	struct chg_service_ask service[CHG_SERVICE_MAX];
};

/*
 * The key under which an account is found: "tel:+4930123", "sip:alice@example.net",
 * "nai:user@realm", "imsi:262...", "private:...".  An E.164 number and the telephone number of a
 * SIP or tel URI have the same key.
 *
 *   CHG_E_RANGE   empty or too long
 *   CHG_E_SYNTAX  an E.164 or IMSI that is not made of digits
 */
enum chg_rc chg_identity_key(
	enum chg_identity_type type, struct chg_view text, struct chg_party *ret);

/* The key's type as people write it: "e164", "imsi", "sip", "nai", "private". */
const char *chg_identity_type_text(enum chg_identity_type type);

#endif

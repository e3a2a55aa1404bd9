/* SPDX-License-Identifier: BSD-3-Clause
 * What we answer on CH-2, without AVPs.
 */
#ifndef CHG_CORE_REPLY_CREDIT_H
#define CHG_CORE_REPLY_CREDIT_H

#include "core/ask_credit.h"
#include "core/reply.h"

/* Result-Code values of credit control.  RFC 8506 9, RFC 6733 7.1 */
enum chg_cc_code {
	CHG_CC_SUCCESS = 2001,
	CHG_CC_TOO_BUSY = 3004,
	CHG_CC_END_USER_SERVICE_DENIED = 4010,
	CHG_CC_NOT_APPLICABLE = 4011,
	CHG_CC_CREDIT_LIMIT_REACHED = 4012,
	CHG_CC_UNKNOWN_SESSION_ID = 5002,
	CHG_CC_AUTHORIZATION_REJECTED = 5003,
	CHG_CC_INVALID_AVP_VALUE = 5004,
	CHG_CC_UNABLE_TO_COMPLY = 5012,
	CHG_CC_USER_UNKNOWN = 5030,
	CHG_CC_RATING_FAILED = 5031,
};

/* What of the request goes into Failed-AVP; the wire finds it there or makes an example. */
enum chg_cc_culprit {
	CHG_CULPRIT_NONE = 0,
	CHG_CULPRIT_SERVICE_CONTEXT,
	CHG_CULPRIT_SUBSCRIPTION,
	CHG_CULPRIT_SERVICE, /* Service-Identifier, else Rating-Group, else Service-Context-Id */
	CHG_CULPRIT_UNIT,    /* the unit AVP inside Requested- or Used-Service-Unit */
	CHG_CULPRIT_MONEY,   /* CC-Money */
	CHG_CULPRIT_REFUND,  /* Refund-Information */
	CHG_CULPRIT_NUMBER,  /* CC-Request-Number */
};

/* The answer to one service. */
struct chg_service_reply {
	uint32_t result_code;     /* at the level of the command: only the first one counts */
	struct chg_units granted; /* is_present: Granted-Service-Unit is sent */
	chg_opt_u32 validity_s;
	bool is_final;     /* Final-Unit-Indication with TERMINATE */
	size_t refund_len; /* Refund-Information; 0 none */
	char refund[CHG_REFUND_HANDLE_MAX];
};

/*
 * One Credit-Control-Answer.  service[i] answers ccr->service[i]; what names it is echoed from the
 * request by the wire.  RFC 8506 3.2
 */
struct chg_cca {
	uint32_t result_code; /* of the command; other than SUCCESS overrides all services */
	enum chg_cc_culprit culprit;
	size_t culprit_service; /* index */
	const char *message;    /* Error-Message, a constant; NULL none */
	bool has_cost;          /* Cost-Information */
	chg_money cost;
	chg_currency currency;
	chg_opt_u32 check_balance_result;   /* 0 ENOUGH_CREDIT, 1 NO_CREDIT */
	chg_opt_u32 low_balance_indication; /* 0 not applicable, 1 yes */
	bool has_remaining;                 /* Remaining-Balance */
	chg_money remaining;
	chg_opt_u32 session_failover;
	chg_opt_u32 failure_handling;
	chg_opt_u32 direct_debiting_failure_handling;
	size_t service_count;
	struct chg_service_reply service[CHG_SERVICE_MAX]; /* stands last */
};

/* Copies an answer; places of services that are not there are not touched. */
static inline void chg_cca_copy(struct chg_cca *to, const struct chg_cca *from)
{
	memcpy(to, from,
		offsetof(struct chg_cca, service) + from->service_count * sizeof from->service[0]);
}

#endif

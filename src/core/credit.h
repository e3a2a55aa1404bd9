/* SPDX-License-Identifier: BSD-3-Clause
 * THE online decision: facts, a tariff and a CCR become a plan.
 */
#ifndef CHG_CORE_CREDIT_H
#define CHG_CORE_CREDIT_H

#include "core/entry.h"
#include "core/facts.h"
#include "core/plan.h"
#include "core/rating.h"
#include "core/reply_credit.h"

enum {
	CHG_HOLD_MAX = CHG_BUCKET_MAX, /* buckets that one grant holds something of */
	CHG_ENTRY_MAX = 256,           /* lines of one posting */
};

/* What the operator has configured for CH-2. */
struct chg_cc_policy {
	uint32_t validity_s;              /* Validity-Time of a grant; 0 sends none */
	chg_span session_idle;            /* Tcc where there is no Validity-Time; greater than 0 */
	chg_span tombstone;               /* how long an ended session is still known */
	uint64_t quantum[CHG_UNIT_COUNT]; /* granted when the client names no number; at least 1 */
	uint64_t grant_max[CHG_UNIT_COUNT]; /* never more than this at a time */
	chg_money refund_max;               /* of one refund without proof; 0: proof is needed */
	uint32_t failure_handling;          /* 0 TERMINATE, 1 CONTINUE, 2 RETRY_AND_TERMINATE */
	uint32_t debit_failure_handling;    /* 0 TERMINATE_OR_BUFFER, 1 CONTINUE */
	bool tells_cost;                    /* Cost-Information in session answers */
	bool tells_remaining;               /* Remaining-Balance */
	bool is_strict;                     /* J-05 */
};

/* What a grant holds of one bucket, in its micros or units. */
struct chg_hold {
	int64_t bucket_id;
	int64_t amount; /* greater than 0 */
};

/* One service of a session: what names it, what it came to, what it holds. */
struct chg_cc_service {
	chg_opt_u32 rating_group;
	chg_opt_u32 service_id; /* the first one of the request that began it */
	bool is_money;          /* the client rates: units are CC-Money */
	enum chg_unit unit;
	struct chg_rated rated;
	uint64_t granted; /* units, or micros for money, of the grant that is out; 0 none */
	size_t hold_count;
	struct chg_hold hold[CHG_HOLD_MAX];
	bool is_closed; /* reported FINAL; a new request for it begins anew */
};

enum chg_cc_status {
	CHG_CC_OPEN = 1,
	CHG_CC_ENDED = 2, /* a tombstone: late requests are still charged and answered well */
};

/* A credit-control session. */
struct chg_cc_session {
	int64_t cc_session_id; /* 0 before the store has given one */
	enum chg_cc_status status;
	int64_t account_id;
	int64_t cdr_id;    /* its record */
	chg_instant until; /* steady: Tcc while open, the end of the tombstone after */
	chg_money cost;    /* all that was charged */
	size_t service_count;
	struct chg_cc_service service[CHG_SERVICE_MAX]; /* stands last */
};

/* Copies a session; places of services that are not there are not touched. */
static inline void chg_cc_session_copy(struct chg_cc_session *to, const struct chg_cc_session *from)
{
	memcpy(to, from,
		offsetof(struct chg_cc_session, service) +
			from->service_count * sizeof from->service[0]);
}

/* A session that nothing is known of yet. */
static inline void chg_cc_session_clear(struct chg_cc_session *session)
{
	memset(session, 0, offsetof(struct chg_cc_session, service));
}

/* A debit that Refund-Information names. */
struct chg_refundable {
	bool is_known;
	int64_t posting_id;
	int64_t account_id;
	chg_money left;    /* not yet refunded */
	int64_t bucket_id; /* where it came from; several: the main one */
};

enum chg_cc_seen {
	CHG_SEEN_NEVER = 0,
	CHG_SEEN_SAME,  /* same key, same content: kept_answer is what was answered */
	CHG_SEEN_OTHER, /* same key, other content: kept_answer as well */
};

/* What the store knows about one CCR. */
struct chg_cc_facts {
	enum chg_cc_seen seen;
	struct chg_view kept_answer; /* AVPs without header and Proxy-Info; lives until commit */
	bool has_session;            /* open or ended */
	bool has_account;            /* of the session; else of the first identity that has one */
	bool has_conflict;           /* identities name different accounts (B-144) */
	struct chg_refundable refundable; /* of the first service's refund_information */
	int64_t next_posting_id;          /* of the posting that this request may come to */
	struct chg_acct_facts
		record; /* for the charging record; is_known and is_number_known false */
	struct chg_cc_session session;
	struct chg_account account;
};

/* Nothing is known yet.  The session and the account are large: of them no more is touched than has to be. */
static inline void chg_cc_facts_clear(struct chg_cc_facts *facts)
{
	memset(facts, 0, offsetof(struct chg_cc_facts, session));
	chg_cc_session_clear(&facts->session);
	memset(&facts->account, 0, offsetof(struct chg_account, bucket));
}

/* What one request did for one service: for its record. */
struct chg_service_done {
	chg_opt_u32 rating_group;
	chg_opt_u32 service_id;
	bool is_money;
	enum chg_unit unit;
	chg_opt_u64 asked; /* units, or micros for money */
	chg_opt_u64 granted;
	chg_opt_u64 used;
	chg_money cost; /* charged by this request, money only; negative for a refund */
	uint32_t result_code;
	uint32_t rule;   /* index + 1 in the tariff; 0 none */
	int64_t version; /* of the tariff */
};

/* Usage that nobody could be charged for: kept for the operator to post (J-04). */
struct chg_suspense {
	bool is_present;
	struct chg_units used;
};

/*
 * The plan for one CCR.  The lines add up: chg_cc_plan_balanced is asserted by who decides and by
 * who applies.
 *
 *   is_replay        the kept answer goes out again, nothing else happens
 *   keeps_answer     the key, digest and answer are remembered (answers that left a trace: A-079)
 *   account          after the request; written where it differs, if has_account
 *   entry            posted together as `posting`, one contra line for each
 *   refunds          posting_id of facts.refundable, of which refund_amount is used up
 *   session          CHG_STEP_INSERT or _UPDATE writes it
 *   record           what happens to the charging record, as for an ACR; done[] joins its entry
 *   alarm            what an operator should hear of; NULL nothing
 */
struct chg_cc_plan {
	bool is_replay;
	bool keeps_answer;
	bool has_account;
	enum chg_posting_kind posting;
	size_t entry_count;
	int64_t refunds;
	chg_money refund_amount;
	enum chg_cdr_step session_step;
	struct chg_acct_plan record;
	size_t done_count;
	struct chg_suspense suspense;
	const char *alarm;
	/* Large, and mostly room: what a count does not reach holds nothing and is not read. */
	struct chg_cca answer;
	struct chg_account account;
	struct chg_cc_session session;
	struct chg_entry entry[CHG_ENTRY_MAX];
	struct chg_service_done done[CHG_SERVICE_MAX];
};

/* A plan to do nothing. */
static inline void chg_cc_plan_clear(struct chg_cc_plan *plan)
{
	memset(plan, 0, offsetof(struct chg_cc_plan, answer));
	memset(&plan->answer, 0, offsetof(struct chg_cca, service));
	memset(&plan->account, 0, offsetof(struct chg_account, bucket));
	chg_cc_session_clear(&plan->session);
}

/* Whether the lines of the plan account for what the buckets changed by, and holds for reserves. */
bool chg_cc_plan_balanced(const struct chg_cc_facts *facts, const struct chg_cc_plan *plan);

/*
 * Decides one Credit-Control-Request.  Pure; cannot fail.
 *
 *   tariff   in force; NULL when there is none: everything is RATING_FAILED
 *
 * Steps cite their rules: section B of the conformance rules, RFC 8506 5 to 7.
 */
void chg_credit_decide(const struct chg_cc_facts *facts, const struct chg_tariff *tariff,
	const struct chg_cc_policy *policy, const struct chg_acct_policy *record_policy,
	struct chg_now now, const struct chg_ccr *ccr, struct chg_cc_plan *ret_plan);

/*
 * Tcc ran out, or the peer restarted: what was held goes back, the session becomes a tombstone.
 * RFC 8506 7, B-024.  record is the state of its charging record, which is closed with it.
 */
void chg_credit_expire(const struct chg_cc_session *session, const struct chg_account *account,
	const struct chg_cdr_state *record, const struct chg_cc_policy *policy, struct chg_now now,
	struct chg_cc_session *ret_session, struct chg_account *ret_account,
	struct chg_cdr_state *ret_record);

#endif

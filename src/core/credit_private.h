/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of the online decision share: paying, holding, and the state they work on.
 */
#ifndef CHG_CORE_CREDIT_PRIVATE_H
#define CHG_CORE_CREDIT_PRIVATE_H

#include "core/credit.h"

/* One decision under way: what is known, and the plan as far as it has come. */
struct credit {
	const struct chg_cc_facts *facts;
	const struct chg_tariff *tariff;
	const struct chg_cc_policy *policy;
	const struct chg_acct_policy *record_policy;
	const struct chg_ccr *ccr;
	struct chg_now now;
	chg_instant at; /* what prices and validities are judged by (B-153) */
	struct chg_cc_plan *plan;
	/* What the grant that is settled held: honoured though its bucket has lapsed since.  E-007 */
	size_t honoured_count;
	struct chg_hold honoured[CHG_HOLD_MAX];
};

/* A service as the tariff sees it. */
struct priced {
	const struct chg_tariff_rule *rule;
	struct chg_view name; /* of the rule */
	struct chg_view context;
};

/* ---- credit_pay.c: buckets, entries, holds ---- */

/*
 * Units of a service that were used: free units first, then money for the rest.  Usage is charged in
 * full, whatever is left on the account (B-055).
 *
 *   rated      what the service came to; moved on
 *   ret_cost   money charged by this call
 *
 *   CHG_E_RANGE  the price does not fit; nothing is changed
 */
enum chg_rc credit_charge_units(struct credit *credit, const struct priced *priced,
	struct chg_rated *rated, uint64_t units, chg_money *ret_cost);

/* An amount of money for a service, as it is.  CHG_E_RANGE as above. */
enum chg_rc credit_charge_money(
	struct credit *credit, const struct priced *priced, chg_money amount);

/* Money back into a bucket; the main one where bucket_id is not there any more. */
enum chg_rc credit_pay_back(struct credit *credit, int64_t bucket_id, chg_money amount);

/* Gives back what a service holds. */
void credit_release(struct credit *credit, struct chg_cc_service *service);

/* Gives it back for usage that is charged next: what lapsed since it was held pays for that still. */
void credit_release_for_usage(struct credit *credit, struct chg_cc_service *service);

/*
 * The most units, at most `wanted`, that free units and money can cover for a service.
 */
uint64_t credit_coverable_units(const struct credit *credit, const struct priced *priced,
	const struct chg_rated *rated, uint64_t wanted);

/* The money that can be spent or held for a service, with the credit limit. */
chg_money credit_coverable_money(const struct credit *credit, const struct priced *priced);

/*
 * Holds what so many coverable units cost at most.  False: they are not covered; nothing is held.
 *
 *   ret_after   what the service will have come to when they are used
 */
bool credit_hold_units(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, uint64_t units, struct chg_rated *ret_after);

/* Holds an amount of coverable money.  False as above. */
bool credit_hold_money(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, chg_money amount);

/* ---- credit_event.c ---- */

/* EVENT_REQUEST: each of the four actions.  RFC 8506 6 */
void credit_decide_event(struct credit *credit);

/* ---- credit.c: shared by sessions and events ---- */

/* The whole answer becomes this refusal. */
void credit_refuse(struct credit *credit, enum chg_cc_code code, enum chg_cc_culprit culprit,
	size_t service, const char *message);

/*
 * Who pays, or the refusal: no identity 5031, no account 5030, blocked or expired 4010.
 * B-145, B-146
 */
bool credit_has_payer(struct credit *credit);
bool credit_is_served(const struct credit *credit);

/* Whether the tariff has a rule for the Service-Context-Id at all. */
bool credit_knows_context(const struct credit *credit);

/* The rule for a service, or false: nothing in the tariff fits, or not the account's currency. */
bool credit_price(
	const struct credit *credit, const struct chg_service_ask *ask, struct priced *ret);

/* Whether money is named in another currency than the account's.  B-150 */
bool credit_is_foreign(const struct credit *credit, const struct chg_units *units);

/* The units of a rule's kind that the group names; false when it names none of that kind. */
bool credit_units_of(const struct chg_units *units, enum chg_unit unit, uint64_t *ret);

/* Fails one service: in its group, or for the whole request at the level of the command. */
void credit_fail_service(
	struct credit *credit, size_t index, enum chg_cc_code code, enum chg_cc_culprit culprit);

/* Notes what was done for a service, for its record. */
struct chg_service_done *credit_note(
	struct credit *credit, const struct chg_service_ask *ask, const struct priced *priced);

/* The charging record of the request.  D-015 */
void credit_record(struct credit *credit);

/* Balance words at the end of an answer: Low-Balance-Indication, Remaining-Balance. */
void credit_tell_balance(struct credit *credit);

#endif

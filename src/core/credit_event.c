/* SPDX-License-Identifier: BSD-3-Clause
 * THE online decision: one-time events.  RFC 8506 6
 */
#include <assert.h>

#include "core/credit_private.h"
#include "core/refund.h"

/* The units that an event is about: what it names, else one (B-035, B-040).  False: B-149. */
static bool event_units(const struct chg_units *asked, enum chg_unit unit, uint64_t *ret)
{
	*ret = 1;
	if (credit_units_of(asked, unit, ret))
		return true;
	return chg_units_kinds(asked) == 0;
}

static enum chg_cc_code wrong_unit(const struct credit *credit)
{
	return credit->ccr->is_multiple ? CHG_CC_RATING_FAILED : CHG_CC_INVALID_AVP_VALUE;
}

/* What of a service's request is to blame. */
static enum chg_cc_culprit culprit_of(
	const struct credit *credit, size_t index, enum chg_cc_code code)
{
	const struct chg_units *asked = &credit->ccr->service[index].requested;
	if (code == CHG_CC_INVALID_AVP_VALUE)
		return asked->has_money ? CHG_CULPRIT_MONEY : CHG_CULPRIT_UNIT;
	if (code != CHG_CC_RATING_FAILED)
		return CHG_CULPRIT_NONE;
	return credit_is_foreign(credit, asked) ? CHG_CULPRIT_MONEY : CHG_CULPRIT_SERVICE;
}

static void fail(struct credit *credit, size_t index, enum chg_cc_code code)
{
	credit_fail_service(credit, index, code, culprit_of(credit, index, code));
}

static void tell_granted(struct credit *credit, size_t index, const struct chg_service_done *done)
{
	struct chg_units *granted = &credit->plan->answer.service[index].granted;
	granted->is_present = true;
	if (done->is_money) {
		granted->has_money = true;
		granted->money = (chg_money){ (int64_t)done->granted.value };
		granted->currency = credit->plan->account.currency;
	} else {
		granted->of[done->unit] = done->granted;
	}
}

static void add_cost(struct credit *credit, chg_money cost)
{
	struct chg_cca *answer = &credit->plan->answer;
	answer->has_cost = true;
	answer->currency = credit->facts->has_account ? credit->plan->account.currency
						      : credit->tariff->currency;
	(void)chg_money_add(answer->cost, cost, &answer->cost);
}

/* ---- Debit -------------------------------------------------------------------------------- */

/* B-032: money is taken as it is. */
static enum chg_cc_code debit_money(struct credit *credit, const struct chg_units *asked,
	const struct priced *priced, struct chg_service_done *done)
{
	done->is_money = true;
	done->asked = (chg_opt_u64){ true, (uint64_t)asked->money.micros };
	if (credit_is_foreign(credit, asked))
		return CHG_CC_RATING_FAILED;
	if (chg_money_less(credit_coverable_money(credit, priced), asked->money) ||
		credit_charge_money(credit, priced, asked->money) != CHG_OK)
		return CHG_CC_CREDIT_LIMIT_REACHED;
	done->cost = asked->money;
	done->granted = done->asked;
	return CHG_CC_SUCCESS;
}

/* B-033, J-11: all of it or nothing; a message is not sent by halves. */
static enum chg_cc_code debit_units(struct credit *credit, const struct chg_units *asked,
	const struct priced *priced, struct chg_service_done *done)
{
	struct chg_rated rated = { 0 };
	uint64_t units;
	if (!event_units(asked, priced->rule->unit, &units))
		return wrong_unit(credit);
	done->asked = (chg_opt_u64){ true, units };
	if (credit_coverable_units(credit, priced, &rated, units) < units)
		return CHG_CC_CREDIT_LIMIT_REACHED;
	if (credit_charge_units(credit, priced, &rated, units, &done->cost) != CHG_OK)
		return CHG_CC_CREDIT_LIMIT_REACHED;
	done->granted = done->asked;
	return CHG_CC_SUCCESS;
}

static enum chg_cc_code debit_service(struct credit *credit, size_t index)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	struct priced priced;
	if (!credit_price(credit, ask, &priced)) {
		credit_note(credit, ask, NULL);
		return CHG_CC_RATING_FAILED;
	}
	struct chg_service_done *done = credit_note(credit, ask, &priced);
	if (priced.rule->kind == CHG_TARIFF_UNCONTROLLED)
		return CHG_CC_NOT_APPLICABLE; /* B-034 */
	enum chg_cc_code code = ask->requested.has_money
					? debit_money(credit, &ask->requested, &priced, done)
					: debit_units(credit, &ask->requested, &priced, done);
	if (code != CHG_CC_SUCCESS)
		return code;
	tell_granted(credit, index, done);
	add_cost(credit, done->cost);
	return CHG_CC_SUCCESS;
}

/* The first service that cost money; a posting has one handle, whatever it was for. */
static bool first_paid(const struct chg_cc_plan *plan, size_t *ret)
{
	bool has_money = false;
	for (size_t i = 0; i < plan->entry_count; i++)
		has_money |= plan->entry[i].kind == CHG_BUCKET_MONEY;
	for (*ret = 0; *ret < plan->done_count; (*ret)++)
		if (plan->done[*ret].cost.micros > 0)
			return has_money;
	return false;
}

/* What the debit of this event can be refunded by later (C-018). */
static void tell_refund_handle(struct credit *credit)
{
	size_t index;
	if (!credit->ccr->is_multiple || !first_paid(credit->plan, &index))
		return;
	struct chg_service_reply *reply = &credit->plan->answer.service[index];
	reply->refund_len = chg_refund_handle_write(credit->facts->next_posting_id, reply->refund);
}

static void debit(struct credit *credit)
{
	bool any = false;
	for (size_t i = 0; i < credit->ccr->service_count; i++) {
		enum chg_cc_code code = debit_service(credit, i);
		credit->plan->done[i].result_code = code;
		any |= code == CHG_CC_SUCCESS;
		if (code != CHG_CC_SUCCESS)
			fail(credit, i, code);
	}
	if (!any) { /* nothing was charged: nothing stays behind */
		credit->plan->done_count = 0;
		return;
	}
	tell_refund_handle(credit);
	credit->plan->answer.direct_debiting_failure_handling =
		(chg_opt_u32){ true, credit->policy->debit_failure_handling };
	credit_record(credit);
}

/* ---- Refund ------------------------------------------------------------------------------- */

/* The amount that is asked back: money as it is, units at their price. */
static bool refund_amount(const struct credit *credit, const struct chg_service_ask *ask,
	const struct priced *priced, chg_money *ret)
{
	struct chg_rated nothing = { 0 }, after;
	uint64_t units;
	if (ask->requested.has_money) {
		*ret = ask->requested.money;
		return !credit_is_foreign(credit, &ask->requested);
	}
	if (priced->rule == NULL || !event_units(&ask->requested, priced->rule->unit, &units) ||
		chg_rating_add(credit->tariff, priced->rule, &nothing, units, credit->at, &after) !=
			CHG_OK)
		return false;
	*ret = after.charged;
	return true;
}

/*
 * B-036: with proof at most what is left of that debit; without, what the operator allows for one
 * request, of which `rest` is left.  Proof is looked up for the first service alone.
 */
static bool may_refund(const struct credit *credit, size_t index, chg_money amount, chg_money rest)
{
	const struct chg_refundable *debit = &credit->facts->refundable;
	if (amount.micros <= 0)
		return false;
	if (!chg_view_present(credit->ccr->service[index].refund_information))
		return !chg_money_less(rest, amount);
	return index == 0 && debit->is_known &&
	       debit->account_id == credit->plan->account.account_id &&
	       !chg_money_less(debit->left, amount);
}

static void note_refund(
	struct credit *credit, size_t index, const struct priced *priced, chg_money amount)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	struct chg_service_done *done =
		credit_note(credit, ask, priced->rule != NULL ? priced : NULL);
	done->is_money = true;
	done->granted = (chg_opt_u64){ true, (uint64_t)amount.micros };
	done->cost = (chg_money){ -amount.micros };
	done->result_code = CHG_CC_SUCCESS;
	tell_granted(credit, index, done);
}

/* False: it was refused. */
static bool refund_service(struct credit *credit, size_t index, chg_money *rest)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	const struct chg_refundable *debit = &credit->facts->refundable;
	bool has_proof = chg_view_present(ask->refund_information);
	struct priced priced = { 0 };
	chg_money amount = CHG_NO_MONEY;

	(void)credit_price(credit, ask, &priced); /* money can go back without a price */
	if (has_proof && !ask->requested.is_present)
		amount = debit->left; /* all that is left of it */
	else if (!refund_amount(credit, ask, &priced, &amount))
		amount = CHG_NO_MONEY;
	if (!may_refund(credit, index, amount, *rest) ||
		credit_pay_back(credit, has_proof ? debit->bucket_id : 0, amount) != CHG_OK) {
		credit_fail_service(credit, index, CHG_CC_RATING_FAILED,
			has_proof ? CHG_CULPRIT_REFUND
				  : culprit_of(credit, index, CHG_CC_RATING_FAILED));
		return false;
	}
	if (has_proof) {
		credit->plan->refunds = debit->posting_id;
		credit->plan->refund_amount = amount;
	} else {
		rest->micros -= amount.micros;
	}
	note_refund(credit, index, &priced, amount);
	return true;
}

static void refund(struct credit *credit)
{
	chg_money rest = credit->policy->refund_max;
	bool any = false;
	for (size_t i = 0; i < credit->ccr->service_count; i++)
		any |= refund_service(credit, i, &rest);
	credit->plan->posting = CHG_POSTING_REFUND;
	if (any)
		credit_record(credit);
}

/* ---- Questions ---------------------------------------------------------------------------- */

/* Whether a service can be paid beside those before it: it is held, to be put back by the caller. */
static enum chg_cc_code cover_service(struct credit *credit, size_t index, bool *is_enough)
{
	const struct chg_units *asked = &credit->ccr->service[index].requested;
	struct chg_cc_service scratch = { 0 };
	struct chg_rated after;
	struct priced priced;
	uint64_t units;
	if (!credit_price(credit, &credit->ccr->service[index], &priced) ||
		credit_is_foreign(credit, asked))
		return CHG_CC_RATING_FAILED;
	if (asked->has_money) {
		*is_enough &= credit_hold_money(credit, &priced, &scratch, asked->money);
		return CHG_CC_SUCCESS;
	}
	if (!event_units(asked, priced.rule->unit, &units))
		return wrong_unit(credit);
	*is_enough &= credit_coverable_units(credit, &priced, &scratch.rated, units) >= units &&
		      credit_hold_units(credit, &priced, &scratch, units, &after);
	return CHG_CC_SUCCESS;
}

/* B-037: the answer is in Check-Balance-Result, never in the Result-Code; nothing is reserved. */
static void check_balance(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	bool is_enough = true, any = false;
	for (size_t i = 0; i < credit->ccr->service_count; i++) {
		enum chg_cc_code code = cover_service(credit, i, &is_enough);
		any |= code == CHG_CC_SUCCESS;
		if (code != CHG_CC_SUCCESS)
			fail(credit, i, code);
	}
	chg_account_copy(&plan->account, &credit->facts->account);
	if (any)
		plan->answer.check_balance_result = (chg_opt_u32){ true, is_enough ? 0 : 1 };
}

/* What one service of a question would cost, from the first unit on. */
static enum chg_cc_code price_service(struct credit *credit, size_t index)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	struct chg_rated nothing = { 0 }, after;
	struct priced priced;
	uint64_t units;
	if (!credit_price(credit, ask, &priced) || priced.rule->kind == CHG_TARIFF_UNCONTROLLED)
		return CHG_CC_RATING_FAILED;
	if (!event_units(&ask->requested, priced.rule->unit, &units))
		return wrong_unit(credit);
	if (chg_rating_add(credit->tariff, priced.rule, &nothing, units, credit->at, &after) !=
		CHG_OK)
		return CHG_CC_RATING_FAILED;
	add_cost(credit, after.charged);
	return CHG_CC_SUCCESS;
}

/* B-038: the tariff answers, whoever asks. */
static void enquire_price(struct credit *credit)
{
	for (size_t i = 0; i < credit->ccr->service_count; i++) {
		enum chg_cc_code code = price_service(credit, i);
		if (code != CHG_CC_SUCCESS)
			fail(credit, i, code);
	}
}

void credit_decide_event(struct credit *credit)
{
	enum chg_cc_action action = (enum chg_cc_action)credit->ccr->action.value;
	assert(credit->ccr->action.is_present && credit->ccr->service_count > 0);

	if (!credit_knows_context(credit)) {
		credit_refuse(credit, CHG_CC_RATING_FAILED, CHG_CULPRIT_SERVICE_CONTEXT, 0,
			"this service context is not charged here");
		return;
	}
	if (action == CHG_ACTION_PRICE_ENQUIRY) {
		enquire_price(credit);
		return;
	}
	if (!credit_has_payer(credit))
		return;
	if (!credit_is_served(credit) && action != CHG_ACTION_REFUND_ACCOUNT) {
		credit_refuse(credit, CHG_CC_END_USER_SERVICE_DENIED, CHG_CULPRIT_NONE, 0,
			"the account is blocked or expired");
		return;
	}
	switch (action) {
	case CHG_ACTION_DIRECT_DEBITING:
		debit(credit);
		break;
	case CHG_ACTION_REFUND_ACCOUNT:
		refund(credit);
		break;
	case CHG_ACTION_CHECK_BALANCE:
		check_balance(credit);
		break;
	case CHG_ACTION_PRICE_ENQUIRY:
		break;
	}
}

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

static bool is_foreign(const struct credit *credit, const struct chg_units *units)
{
	return units->has_money && units->currency.number != 0 &&
	       units->currency.number != credit->plan->account.currency.number;
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
static enum chg_cc_code debit_money(
	struct credit *credit, const struct chg_units *asked, struct chg_service_done *done)
{
	chg_money left = chg_account_available(&credit->plan->account, credit->at);
	done->is_money = true;
	done->asked = (chg_opt_u64){ true, (uint64_t)asked->money.micros };
	if (is_foreign(credit, asked))
		return CHG_CC_RATING_FAILED;
	if (chg_money_less(left, asked->money))
		return CHG_CC_CREDIT_LIMIT_REACHED;
	if (credit_charge_money(credit, asked->money) != CHG_OK)
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
		return credit->ccr->is_multiple ? CHG_CC_RATING_FAILED : CHG_CC_INVALID_AVP_VALUE;
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
					? debit_money(credit, &ask->requested, done)
					: debit_units(credit, &ask->requested, &priced, done);
	if (code != CHG_CC_SUCCESS)
		return code;
	tell_granted(credit, index, done);
	add_cost(credit, done->cost);
	return CHG_CC_SUCCESS;
}

static enum chg_cc_culprit culprit_of(
	const struct credit *credit, size_t index, enum chg_cc_code code)
{
	const struct chg_units *asked = &credit->ccr->service[index].requested;
	if (code == CHG_CC_INVALID_AVP_VALUE)
		return CHG_CULPRIT_UNIT;
	if (code == CHG_CC_RATING_FAILED)
		return asked->has_money ? CHG_CULPRIT_MONEY : CHG_CULPRIT_SERVICE;
	return CHG_CULPRIT_NONE;
}

/* What the debit of this event can be refunded by later (C-018). */
static void tell_refund_handle(struct credit *credit)
{
	struct chg_service_reply *reply = &credit->plan->answer.service[0];
	if (credit->plan->entry_count > 0 && credit->ccr->is_multiple)
		reply->refund_len =
			chg_refund_handle_write(credit->facts->next_posting_id, reply->refund);
}

static void debit(struct credit *credit)
{
	bool any = false;
	for (size_t i = 0; i < credit->ccr->service_count; i++) {
		enum chg_cc_code code = debit_service(credit, i);
		credit->plan->done[i].result_code = code;
		any |= code == CHG_CC_SUCCESS;
		if (code != CHG_CC_SUCCESS)
			credit_fail_service(credit, i, code, culprit_of(credit, i, code));
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
		return !is_foreign(credit, &ask->requested);
	}
	if (priced->rule == NULL || !event_units(&ask->requested, priced->rule->unit, &units) ||
		chg_rating_add(credit->tariff, priced->rule, &nothing, units, credit->at, &after) !=
			CHG_OK)
		return false;
	*ret = after.charged;
	return true;
}

/* B-036: with proof at most what is left of that debit; without, what the operator allows. */
static bool may_refund(
	const struct credit *credit, const struct chg_service_ask *ask, chg_money amount)
{
	const struct chg_refundable *debit = &credit->facts->refundable;
	if (amount.micros <= 0)
		return false;
	if (!chg_view_present(ask->refund_information))
		return !chg_money_less(credit->policy->refund_max, amount);
	return debit->is_known && debit->account_id == credit->plan->account.account_id &&
	       !chg_money_less(debit->left, amount);
}

static void refund(struct credit *credit)
{
	const struct chg_service_ask *ask = &credit->ccr->service[0];
	const struct chg_refundable *debit = &credit->facts->refundable;
	bool has_proof = chg_view_present(ask->refund_information);
	struct priced priced = { 0 };
	chg_money amount = CHG_NO_MONEY;
	bool is_priced = credit_price(credit, ask, &priced);

	if (has_proof && !ask->requested.is_present)
		amount = debit->left; /* all that is left of it */
	else if (!refund_amount(credit, ask, &priced, &amount))
		amount = CHG_NO_MONEY;
	if (!may_refund(credit, ask, amount) ||
		credit_pay_back(credit, has_proof ? debit->bucket_id : 0, amount) != CHG_OK) {
		credit_fail_service(credit, 0, CHG_CC_RATING_FAILED,
			has_proof ? CHG_CULPRIT_REFUND : CHG_CULPRIT_SERVICE);
		return;
	}
	struct chg_service_done *done = credit_note(credit, ask, is_priced ? &priced : NULL);
	done->is_money = true;
	done->granted = (chg_opt_u64){ true, (uint64_t)amount.micros };
	done->cost = (chg_money){ -amount.micros };
	done->result_code = CHG_CC_SUCCESS;
	credit->plan->posting = CHG_POSTING_REFUND;
	if (has_proof) {
		credit->plan->refunds = debit->posting_id;
		credit->plan->refund_amount = amount;
	}
	tell_granted(credit, 0, done);
	credit_record(credit);
}

/* ---- Questions ---------------------------------------------------------------------------- */

/* What the first service of a question would cost, from the first unit on. */
static bool price_of(struct credit *credit, chg_money *ret)
{
	const struct chg_service_ask *ask = &credit->ccr->service[0];
	struct chg_rated nothing = { 0 }, after;
	struct priced priced;
	uint64_t units;
	if (!credit_price(credit, ask, &priced) || priced.rule->kind == CHG_TARIFF_UNCONTROLLED ||
		!event_units(&ask->requested, priced.rule->unit, &units) ||
		chg_rating_add(credit->tariff, priced.rule, &nothing, units, credit->at, &after) !=
			CHG_OK) {
		credit_refuse(credit, CHG_CC_RATING_FAILED, CHG_CULPRIT_SERVICE, 0,
			"this service has no price");
		return false;
	}
	*ret = after.charged;
	return true;
}

/* B-037: the answer is in Check-Balance-Result, never in the Result-Code; nothing is reserved. */
static void check_balance(struct credit *credit)
{
	const struct chg_service_ask *ask = &credit->ccr->service[0];
	bool is_enough = false;
	if (ask->requested.has_money) {
		chg_money left = chg_account_available(&credit->plan->account, credit->at);
		is_enough = !chg_money_less(left, ask->requested.money);
	} else {
		struct priced priced;
		struct chg_rated nothing = { 0 };
		uint64_t units;
		if (!credit_price(credit, ask, &priced) ||
			!event_units(&ask->requested, priced.rule->unit, &units)) {
			credit_refuse(credit, CHG_CC_RATING_FAILED, CHG_CULPRIT_SERVICE, 0,
				"this service has no price");
			return;
		}
		is_enough = credit_coverable_units(credit, &priced, &nothing, units) >= units;
	}
	credit->plan->answer.check_balance_result = (chg_opt_u32){ true, is_enough ? 0 : 1 };
}

/* B-038: the tariff answers, whoever asks. */
static void enquire_price(struct credit *credit)
{
	chg_money price;
	if (price_of(credit, &price))
		add_cost(credit, price);
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

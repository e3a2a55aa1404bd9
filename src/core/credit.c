/* SPDX-License-Identifier: BSD-3-Clause
 * THE online decision: sessions.  Refuse first, then settle what was used, then grant.
 */
#include <assert.h>

#include "core/accounting.h"
#include "core/credit_private.h"

/* ---- Shared with events ------------------------------------------------------------------- */

void credit_refuse(struct credit *credit, enum chg_cc_code code, enum chg_cc_culprit culprit,
	size_t service, const char *message)
{
	struct chg_cca *answer = &credit->plan->answer;
	answer->result_code = code;
	answer->culprit = culprit;
	answer->culprit_service = service;
	answer->message = message;
}

/* B-140, B-145, B-146 */
bool credit_has_payer(struct credit *credit)
{
	if (credit->facts->has_account)
		return true;
	if (credit->ccr->identity_count == 0)
		credit_refuse(credit, CHG_CC_RATING_FAILED, CHG_CULPRIT_SUBSCRIPTION, 0,
			"the request names no subscriber");
	else
		credit_refuse(credit, CHG_CC_USER_UNKNOWN, CHG_CULPRIT_NONE, 0,
			"no account is known for this subscriber");
	return false;
}

bool credit_is_served(const struct credit *credit)
{
	const struct chg_account *account = &credit->plan->account;
	return account->status == CHG_ACCOUNT_ACTIVE &&
	       (!account->valid_until.is_present ||
		       chg_instant_before(credit->now.wall, account->valid_until.value));
}

/* B-147, N-119 */
bool credit_knows_context(const struct credit *credit)
{
	struct chg_view context = credit->ccr->data.service_context_id;
	if (credit->tariff == NULL || !chg_view_present(context) ||
		memchr(context.ptr, '@', context.len) == NULL)
		return false;
	for (size_t i = 0; i < credit->tariff->rule_count; i++) {
		const char *pattern = credit->tariff->rule[i].match.context;
		if (pattern[0] == '\0' || chg_tariff_context_fits(pattern, context))
			return true;
	}
	return false;
}

/* The first party that the request calls, in normal form. */
static bool recipient_of(const struct chg_ccr *ccr, struct chg_party *ret)
{
	return chg_view_present(ccr->data.called_party) &&
	       chg_party_normalise(ccr->data.called_party, ret) == CHG_OK;
}

/* B-150: what the tariff says in one currency is no price in another. */
static bool has_other_currency(const struct credit *credit)
{
	uint16_t ours = credit->facts->account.currency.number;
	uint16_t theirs = credit->tariff->currency.number;
	return credit->facts->has_account && ours != 0 && theirs != 0 && ours != theirs;
}

bool credit_is_foreign(const struct credit *credit, const struct chg_units *units)
{
	return units->has_money && units->currency.number != 0 &&
	       units->currency.number != credit->plan->account.currency.number;
}

bool credit_price(
	const struct credit *credit, const struct chg_service_ask *ask, struct priced *ret)
{
	struct chg_party recipient;
	struct chg_tariff_ask question = {
		.context = credit->ccr->data.service_context_id,
		.rating_group = ask->rating_group,
		.application_service_type = credit->ccr->data.application_service_type,
	};
	if (credit->tariff == NULL)
		return false;
	if (recipient_of(credit->ccr, &recipient))
		question.recipient = (struct chg_view){ recipient.bytes, recipient.len };
	if (ask->service_id_count > 0)
		question.service_id = (chg_opt_u32){ true, ask->service_id[0] };
	if (credit->facts->has_account)
		question.plan = chg_view_of(credit->facts->account.plan);
	const struct chg_tariff_rule *rule = chg_tariff_find(credit->tariff, &question);
	if (rule == NULL || has_other_currency(credit))
		return false;
	*ret = (struct priced){ rule, chg_view_of(rule->name), question.context };
	return true;
}

bool credit_units_of(const struct chg_units *units, enum chg_unit unit, uint64_t *ret)
{
	if (units->of[unit].is_present) {
		*ret = units->of[unit].value;
		return true;
	}
	/* Octets each way are octets in total as well.  RFC 8506 8.23 to 8.25 */
	const chg_opt_u64 *in = &units->of[CHG_UNIT_OCTETS_IN];
	const chg_opt_u64 *out = &units->of[CHG_UNIT_OCTETS_OUT];
	if (unit != CHG_UNIT_OCTETS || (!in->is_present && !out->is_present))
		return false;
	if (__builtin_add_overflow(in->value, out->value, ret))
		*ret = UINT64_MAX;
	return true;
}

void credit_fail_service(
	struct credit *credit, size_t index, enum chg_cc_code code, enum chg_cc_culprit culprit)
{
	credit->plan->answer.service[index].result_code = code;
	if (!credit->ccr->is_multiple)
		credit_refuse(credit, code, culprit, index, NULL);
}

struct chg_service_done *credit_note(
	struct credit *credit, const struct chg_service_ask *ask, const struct priced *priced)
{
	struct chg_cc_plan *plan = credit->plan;
	assert(plan->done_count < CHG_SERVICE_MAX);
	struct chg_service_done *done = &plan->done[plan->done_count++];
	*done = (struct chg_service_done){ .rating_group = ask->rating_group };
	if (ask->service_id_count > 0)
		done->service_id = (chg_opt_u32){ true, ask->service_id[0] };
	if (priced != NULL) {
		done->unit = priced->rule->unit;
		done->rule = (uint32_t)(priced->rule - credit->tariff->rule) + 1;
		done->version = credit->tariff->version;
	}
	return done;
}

void credit_record(struct credit *credit)
{
	struct chg_acct_plan *record = &credit->plan->record;
	chg_accounting_decide(&credit->facts->record, credit->record_policy, credit->now,
		&credit->ccr->data, record);
	/* Tcc supervises the session and closes its record with it. */
	record->record.supervise_until = (chg_opt_instant){ 0 };
	/* The peer's sessions were ended before, with what they held. */
	record->closes_older_sessions = false;
	credit->plan->keeps_answer = true;
}

void credit_tell_balance(struct credit *credit)
{
	struct chg_cca *answer = &credit->plan->answer;
	const struct chg_account *account = &credit->plan->account;
	if (!credit->facts->has_account || answer->result_code != CHG_CC_SUCCESS)
		return;
	chg_money left = chg_account_available(account, credit->at);
	if (account->low_balance.micros > 0)
		answer->low_balance_indication =
			(chg_opt_u32){ true, chg_money_less(left, account->low_balance) };
	if (credit->policy->tells_remaining) {
		answer->has_remaining = true;
		answer->remaining = left;
		answer->currency = account->currency;
	}
}

/* ---- One service of a session ------------------------------------------------------------- */

static bool is_same(chg_opt_u32 a, chg_opt_u32 b)
{
	return a.is_present == b.is_present && (!a.is_present || a.value == b.value);
}

static chg_opt_u32 first_service_id(const struct chg_service_ask *ask)
{
	return ask->service_id_count == 0 ? (chg_opt_u32){ 0 }
					  : (chg_opt_u32){ true, ask->service_id[0] };
}

/* The session's part for a service, open or closed; NULL when it has none. */
static struct chg_cc_service *find_service(
	struct chg_cc_session *session, const struct chg_service_ask *ask)
{
	for (size_t i = 0; i < session->service_count; i++)
		if (is_same(session->service[i].rating_group, ask->rating_group) &&
			is_same(session->service[i].service_id, first_service_id(ask)))
			return &session->service[i];
	return NULL;
}

/* Room for another service: a new place, else that of one that is closed; NULL when all are open. */
static struct chg_cc_service *free_place(struct chg_cc_session *session)
{
	if (session->service_count < CHG_SERVICE_MAX)
		return &session->service[session->service_count++];
	for (size_t i = 0; i < session->service_count; i++)
		if (session->service[i].is_closed)
			return &session->service[i];
	return NULL;
}

/* The same, a new one when the session has none or closed it (B-086, N-166); NULL: no room. */
static struct chg_cc_service *service_of(
	struct chg_cc_session *session, const struct chg_service_ask *ask)
{
	struct chg_cc_service *service = find_service(session, ask);
	if (service != NULL && !service->is_closed)
		return service;
	if (service == NULL)
		service = free_place(session);
	if (service != NULL)
		*service = (struct chg_cc_service){
			.rating_group = ask->rating_group,
			.service_id = first_service_id(ask),
		};
	return service;
}

static void add_units(struct chg_units *sum, const struct chg_units *more)
{
	sum->is_present = true;
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		sum->of[i].is_present |= more->of[i].is_present;
		if (__builtin_add_overflow(sum->of[i].value, more->of[i].value, &sum->of[i].value))
			sum->of[i].value = UINT64_MAX;
	}
	sum->has_money |= more->has_money;
	if (more->has_money)
		sum->currency = more->currency;
	(void)chg_money_add(sum->money, more->money, &sum->money);
}

static bool has_used_something(const struct chg_units *units)
{
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		if (units->of[i].value > 0)
			return true;
	return units->has_money && units->money.micros > 0;
}

/* J-04, B-055: usage that cannot be charged now is kept for the operator, never dropped. */
static void set_aside(struct credit *credit, const struct chg_units *used, const char *why)
{
	struct chg_suspense *suspense = &credit->plan->suspense;
	if (!has_used_something(used))
		return;
	add_units(&suspense->used, used);
	suspense->is_present = true;
	credit->plan->alarm = why;
}

static const char not_rated[] = "usage was reported that the tariff cannot rate";

/* What one Used-Service-Unit cost, added to *cost.  False: it cannot be rated (B-062). */
static bool settle_one(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, const struct chg_used *used, struct chg_service_done *done,
	chg_money *cost)
{
	uint64_t units = 0;
	chg_money part = CHG_NO_MONEY;
	if (used->units.has_money) {
		done->is_money = true;
		units = (uint64_t)used->units.money.micros;
		part = used->units.money;
		if (credit_is_foreign(credit, &used->units) ||
			credit_charge_money(credit, priced, part) != CHG_OK)
			return false;
	} else if (credit_units_of(&used->units, priced->rule->unit, &units)) {
		if (credit_charge_units(credit, priced, &service->rated, units, &part) != CHG_OK)
			return false;
	} else if (chg_units_kinds(&used->units) > 0) {
		return false;
	}
	done->used.is_present = true;
	if (__builtin_add_overflow(done->used.value, units, &done->used.value))
		done->used.value = UINT64_MAX;
	return chg_money_add(*cost, part, cost) == CHG_OK;
}

/*
 * B-054 to B-056, B-061: what was used since the report before is charged in full; what the old
 * grant held goes back first.  False: some of it could not be rated.
 */
static bool settle(struct credit *credit, const struct chg_service_ask *ask,
	const struct priced *priced, struct chg_cc_service *service, struct chg_service_done *done)
{
	bool is_rated = true;
	chg_money cost = CHG_NO_MONEY;
	credit_release_for_usage(credit, service);
	for (size_t i = 0; i < ask->used_count; i++) {
		if (settle_one(credit, priced, service, &ask->used[i], done, &cost))
			continue;
		is_rated = false;
		set_aside(credit, &ask->used[i].units, not_rated);
	}
	done->cost = cost;
	struct chg_cc_session *session = &credit->plan->session;
	(void)chg_money_add(session->cost, cost, &session->cost);
	return is_rated;
}

/* The grant as the answer tells it. */
static void tell_grant(
	struct credit *credit, size_t index, const struct chg_cc_service *service, bool is_final)
{
	struct chg_service_reply *reply = &credit->plan->answer.service[index];
	reply->granted.is_present = true;
	if (service->is_money) {
		reply->granted.has_money = true;
		reply->granted.money = (chg_money){ (int64_t)service->granted };
		reply->granted.currency = credit->plan->account.currency;
	} else {
		reply->granted.of[service->unit] = (chg_opt_u64){ true, service->granted };
	}
	if (credit->policy->validity_s > 0)
		reply->validity_s = (chg_opt_u32){ true, credit->policy->validity_s };
	reply->is_final = is_final;
}

/* How many units the client is to get: what it asks for, or what we choose (B-051, N-130). */
static bool wanted_units(const struct credit *credit, const struct chg_units *asked,
	enum chg_unit unit, uint64_t *ret)
{
	uint64_t units = 0;
	bool is_named = credit_units_of(asked, unit, &units);
	if (!is_named && chg_units_kinds(asked) > 0)
		return false; /* B-149: it asks for a unit that this service does not have */
	if (units == 0)
		units = credit->policy->quantum[unit];
	*ret = units < credit->policy->grant_max[unit] ? units : credit->policy->grant_max[unit];
	return true;
}

static void grant_units(struct credit *credit, size_t index, const struct priced *priced,
	struct chg_cc_service *service, struct chg_service_done *done)
{
	const struct chg_units *asked = &credit->ccr->service[index].requested;
	uint64_t wanted;
	if (!wanted_units(credit, asked, priced->rule->unit, &wanted)) {
		credit_fail_service(credit, index,
			credit->ccr->is_multiple ? CHG_CC_RATING_FAILED : CHG_CC_INVALID_AVP_VALUE,
			CHG_CULPRIT_UNIT);
		return;
	}
	service->is_money = false;
	service->unit = priced->rule->unit;
	done->asked = (chg_opt_u64){ true, wanted };
	struct chg_rated after;
	uint64_t units = credit_coverable_units(credit, priced, &service->rated, wanted);
	if (units == 0 || !credit_hold_units(credit, priced, service, units, &after)) {
		credit_fail_service(credit, index, CHG_CC_CREDIT_LIMIT_REACHED, CHG_CULPRIT_NONE);
		return;
	}
	done->granted = (chg_opt_u64){ true, units };
	/* B-110: the last that can be covered says so, and nothing could follow it. */
	bool can_follow = credit_coverable_units(credit, priced, &after, 1) > 0;
	tell_grant(credit, index, service, units < wanted || !can_follow);
}

/* B-050, B-150: money is reserved as it is, and not rated. */
static void grant_money(struct credit *credit, size_t index, const struct priced *priced,
	struct chg_cc_service *service, struct chg_service_done *done)
{
	const struct chg_units *asked = &credit->ccr->service[index].requested;
	chg_money amount = chg_money_min(asked->money, credit_coverable_money(credit, priced));
	service->is_money = true;
	done->is_money = true;
	done->asked = (chg_opt_u64){ true, (uint64_t)asked->money.micros };
	if (credit_is_foreign(credit, asked)) {
		credit_fail_service(credit, index, CHG_CC_RATING_FAILED, CHG_CULPRIT_MONEY);
		return;
	}
	if (asked->money.micros == 0)
		return; /* N-130: nothing asked is nothing refused */
	if (amount.micros <= 0 || !credit_hold_money(credit, priced, service, amount)) {
		credit_fail_service(credit, index, CHG_CC_CREDIT_LIMIT_REACHED, CHG_CULPRIT_NONE);
		return;
	}
	done->granted = (chg_opt_u64){ true, (uint64_t)amount.micros };
	tell_grant(credit, index, service,
		chg_money_less(amount, asked->money) ||
			credit_coverable_money(credit, priced).micros == 0);
}

/* B-087: the service is over; the word stands beside the service or its units (C-011). */
static bool is_final_report(const struct chg_service_ask *ask)
{
	enum { FINAL = 2 };
	bool is_final = ask->reason.is_present && ask->reason.value == FINAL;
	for (size_t i = 0; i < ask->used_count; i++)
		is_final |= ask->used[i].reason.is_present && ask->used[i].reason.value == FINAL;
	return is_final;
}

/* B-051, B-057: a request for units, or at the level of the command a first one without any. */
static bool asks_for_grant(const struct chg_ccr *ccr, const struct chg_service_ask *ask)
{
	if (ccr->type == CHG_CC_TERMINATION)
		return false; /* B-059 */
	if (is_final_report(ask))
		return false;
	return ask->requested.is_present || (ccr->type == CHG_CC_INITIAL && !ccr->is_multiple);
}

/* One service on its way through a request. */
struct part {
	struct priced priced;
	struct chg_cc_service *service; /* NULL: it was refused */
	struct chg_service_done *done;
	bool wants_grant;
};

static void refuse_part(struct credit *credit, size_t index, const struct priced *priced,
	enum chg_cc_code code, enum chg_cc_culprit culprit)
{
	credit_fail_service(credit, index, code, culprit);
	credit_note(credit, &credit->ccr->service[index], priced)->result_code = code;
}

/*
 * No price: what the old grant held goes back all the same, and what was used is kept.  A report
 * that says nothing of units is no error (N-049, N-050).
 */
static void settle_without_price(struct credit *credit, size_t index)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	struct chg_cc_service *service = find_service(&credit->plan->session, ask);
	bool is_report = credit->ccr->type != CHG_CC_INITIAL && ask->used_count == 0;
	if (service != NULL)
		credit_release(credit, service);
	if (is_report && !asks_for_grant(credit->ccr, ask))
		return;
	refuse_part(credit, index, NULL, CHG_CC_RATING_FAILED, CHG_CULPRIT_SERVICE);
	for (size_t i = 0; i < ask->used_count; i++)
		set_aside(credit, &ask->used[i].units, not_rated);
}

static void settle_part(struct credit *credit, size_t index, bool may_grant, struct part *part)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	*part = (struct part){ 0 };
	if (!credit_price(credit, ask, &part->priced)) {
		settle_without_price(credit, index);
		return;
	}
	struct chg_cc_service *service = service_of(&credit->plan->session, ask);
	if (service == NULL) {
		refuse_part(
			credit, index, &part->priced, CHG_CC_UNABLE_TO_COMPLY, CHG_CULPRIT_NONE);
		for (size_t i = 0; i < ask->used_count; i++)
			set_aside(credit, &ask->used[i].units, "a session has too many services");
		return;
	}
	if (part->priced.rule->kind == CHG_TARIFF_UNCONTROLLED) {
		credit_release(credit, service);
		refuse_part(credit, index, &part->priced, CHG_CC_NOT_APPLICABLE, CHG_CULPRIT_NONE);
		return;
	}
	part->service = service;
	part->done = credit_note(credit, ask, &part->priced);
	bool is_rated = settle(credit, ask, &part->priced, service, part->done);
	if (!is_rated)
		credit_fail_service(credit, index, CHG_CC_RATING_FAILED, CHG_CULPRIT_UNIT);
	part->wants_grant = is_rated && may_grant && asks_for_grant(credit->ccr, ask);
}

/* B-089: who asks twice for one service is granted once. */
static bool is_granted_before(const struct part *parts, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (parts[i].wants_grant && parts[i].service == parts[index].service)
			return true;
	return false;
}

static void grant_part(struct credit *credit, size_t index, struct part *part)
{
	const struct chg_service_ask *ask = &credit->ccr->service[index];
	if (ask->requested.has_money)
		grant_money(credit, index, &part->priced, part->service, part->done);
	else
		grant_units(credit, index, &part->priced, part->service, part->done);
}

/* Everything that was used is charged before anything is granted (B-054, B-091). */
static void handle_services(struct credit *credit, bool may_grant)
{
	struct part parts[CHG_SERVICE_MAX];
	for (size_t i = 0; i < credit->ccr->service_count; i++)
		settle_part(credit, i, may_grant, &parts[i]);
	for (size_t i = 0; i < credit->ccr->service_count; i++)
		if (parts[i].service != NULL && is_final_report(&credit->ccr->service[i]))
			parts[i].service->is_closed = true;
	for (size_t i = 0; i < credit->ccr->service_count; i++) {
		if (parts[i].service == NULL)
			continue;
		bool is_over = parts[i].service->is_closed || is_granted_before(parts, i);
		if (parts[i].wants_grant && !is_over)
			grant_part(credit, i, &parts[i]);
		parts[i].done->result_code = credit->plan->answer.service[i].result_code;
	}
}

/* ---- A session ---------------------------------------------------------------------------- */

/* B-020: twice the Validity-Time, else what the operator set. */
static void supervise(struct credit *credit)
{
	const struct chg_cc_policy *policy = credit->policy;
	chg_span silence = policy->validity_s > 0 ? chg_span_s(2 * (int64_t)policy->validity_s)
						  : policy->session_idle;
	credit->plan->session.status = CHG_CC_OPEN;
	credit->plan->session.until = chg_instant_add(credit->now.steady, silence);
}

/* B1: what is held goes back, and late requests still find the session for a while. */
static void end_session(struct credit *credit)
{
	struct chg_cc_session *session = &credit->plan->session;
	for (size_t i = 0; i < session->service_count; i++)
		credit_release(credit, &session->service[i]);
	session->status = CHG_CC_ENDED;
	session->until = chg_instant_add(credit->now.steady, credit->policy->tombstone);
}

/* A session that ends without a TERMINATION: its record is closed with it. */
static void close_record(struct credit *credit)
{
	struct chg_cdr_state *record = &credit->plan->record.record;
	if (credit->plan->record.step == CHG_STEP_NONE || record->status == CHG_CDR_CLOSED)
		return;
	record->status = CHG_CDR_CLOSED;
	record->ended_at = (chg_opt_instant){ true, record->last_at };
	record->closed_at = (chg_opt_instant){ true, credit->now.wall };
}

static void tell_cost(struct credit *credit)
{
	struct chg_cca *answer = &credit->plan->answer;
	if (!credit->policy->tells_cost)
		return;
	answer->has_cost = true;
	answer->cost = credit->plan->session.cost;
	answer->currency = credit->plan->account.currency;
}

/* B-146, B-147: what refuses a whole request before anything is done for it. */
static bool may_begin(struct credit *credit)
{
	if (!credit_knows_context(credit)) {
		credit_refuse(credit, CHG_CC_RATING_FAILED, CHG_CULPRIT_SERVICE_CONTEXT, 0,
			"this service context is not charged here");
		return false;
	}
	if (!credit_has_payer(credit))
		return false;
	if (credit_is_served(credit))
		return true;
	credit_refuse(credit, CHG_CC_END_USER_SERVICE_DENIED, CHG_CULPRIT_NONE, 0,
		"the account is blocked or expired");
	return false;
}

/* B-144: the first identity's account pays; somebody should know. */
static void tell_conflict(struct credit *credit)
{
	if (credit->facts->has_conflict)
		credit->plan->alarm = "the identities of a request belong to different accounts";
}

/* Nothing of a refused first request stays behind.  B1, A-079 */
static void undo(struct credit *credit)
{
	struct chg_cca answer = credit->plan->answer;
	chg_cc_plan_clear(credit->plan);
	credit->plan->answer = answer;
	tell_conflict(credit);
	for (size_t i = 0; i < answer.service_count; i++)
		credit->plan->answer.service[i].granted = (struct chg_units){ 0 };
}

static void decide_initial(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	if (credit->facts->has_session) { /* J-01: an error, and the session stays as it is */
		credit_refuse(credit, CHG_CC_UNABLE_TO_COMPLY, CHG_CULPRIT_NONE, 0,
			"the session is there already");
		return;
	}
	if (!may_begin(credit))
		return;
	plan->session.account_id = plan->account.account_id;
	handle_services(credit, true);
	if (plan->answer.result_code != CHG_CC_SUCCESS) {
		undo(credit);
		return;
	}
	plan->answer.session_failover = (chg_opt_u32){ true, 0 }; /* B-132 */
	plan->answer.failure_handling = (chg_opt_u32){ true, credit->policy->failure_handling };
	plan->session_step = CHG_STEP_INSERT;
	supervise(credit);
	credit_record(credit);
}

static void decide_update(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	bool was_open = credit->facts->session.status == CHG_CC_OPEN;
	bool is_served = credit_is_served(credit);

	handle_services(credit, was_open && is_served);
	plan->session_step = CHG_STEP_UPDATE;
	if (!was_open) /* B-069: charged, but there is nothing to go on with */
		credit_refuse(credit, CHG_CC_UNKNOWN_SESSION_ID, CHG_CULPRIT_NONE, 0,
			"the session has ended");
	else if (!is_served)
		credit_refuse(credit, CHG_CC_END_USER_SERVICE_DENIED, CHG_CULPRIT_NONE, 0,
			"the account is blocked or expired");
	credit_record(credit);
	if (plan->answer.result_code == CHG_CC_SUCCESS) {
		supervise(credit);
		tell_cost(credit);
	} else if (was_open) {
		end_session(credit);
		close_record(credit);
	}
}

static void decide_termination(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	handle_services(credit, false);
	plan->session_step = CHG_STEP_UPDATE;
	end_session(credit);
	credit_record(credit);
	tell_cost(credit);
	if (credit->ccr->data.termination_cause.is_present &&
		credit->ccr->data.termination_cause.value == 3)
		plan->alarm = "the client could not use our answer"; /* A-098, N-184 */
}

/* J-04: a session that we never had.  What it used is kept for the operator. */
static void decide_unknown_session(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	credit_refuse(credit, CHG_CC_UNKNOWN_SESSION_ID, CHG_CULPRIT_NONE, 0,
		"this session is not known here");
	for (size_t i = 0; i < credit->ccr->service_count; i++)
		for (size_t k = 0; k < credit->ccr->service[i].used_count; k++)
			set_aside(credit, &credit->ccr->service[i].used[k].units,
				"usage was reported for a session that is not known");
	plan->keeps_answer = plan->suspense.is_present;
}

static void decide_session(struct credit *credit)
{
	if (credit->ccr->type == CHG_CC_INITIAL)
		decide_initial(credit);
	else if (!credit->facts->has_session || !credit->facts->has_account)
		decide_unknown_session(credit);
	else if (credit->ccr->type == CHG_CC_UPDATE)
		decide_update(credit);
	else
		decide_termination(credit);
}

/* B-153: the client's time where it can be believed. */
static chg_instant priced_at(
	const struct chg_acct_policy *policy, struct chg_now now, const struct chg_ccr *ccr)
{
	if (!ccr->data.event_time.is_present)
		return now.wall;
	chg_instant at = ccr->data.event_time.value;
	bool is_off = policy->skew_max.us > 0 &&
		      (chg_instant_before(chg_instant_add(at, policy->skew_max), now.wall) ||
			      chg_instant_before(chg_instant_add(now.wall, policy->skew_max), at));
	return is_off ? now.wall : at;
}

/* one number with two contents is charged once; strictly, the second is an error. */
static void decide_seen(struct credit *credit)
{
	struct chg_cc_plan *plan = credit->plan;
	bool is_other = credit->facts->seen == CHG_SEEN_OTHER;
	if (is_other)
		plan->alarm = "a request number came again with other content";
	if (is_other && credit->policy->is_strict)
		credit_refuse(credit, CHG_CC_INVALID_AVP_VALUE, CHG_CULPRIT_NUMBER, 0,
			"this request number was used for another request");
	else
		plan->is_replay = true;
}

void chg_credit_decide(const struct chg_cc_facts *facts, const struct chg_tariff *tariff,
	const struct chg_cc_policy *policy, const struct chg_acct_policy *record_policy,
	struct chg_now now, const struct chg_ccr *ccr, struct chg_cc_plan *ret_plan)
{
	struct credit credit = {
		.facts = facts,
		.tariff = tariff,
		.policy = policy,
		.record_policy = record_policy,
		.ccr = ccr,
		.now = now,
		.at = priced_at(record_policy, now, ccr),
		.plan = ret_plan,
	};
	chg_cc_plan_clear(ret_plan);
	ret_plan->answer.result_code = CHG_CC_SUCCESS;

	/* 1. Came before: the same words, and nothing is moved.  */
	if (facts->seen != CHG_SEEN_NEVER) {
		decide_seen(&credit);
		return;
	}

	ret_plan->answer.service_count = ccr->service_count;
	for (size_t i = 0; i < ccr->service_count; i++)
		ret_plan->answer.service[i] =
			(struct chg_service_reply){ .result_code = CHG_CC_SUCCESS };
	ret_plan->has_account = facts->has_account;
	if (facts->has_account)
		chg_account_copy(&ret_plan->account, &facts->account);
	if (facts->has_session)
		chg_cc_session_copy(&ret_plan->session, &facts->session);
	tell_conflict(&credit);
	ret_plan->posting = CHG_POSTING_DEBIT;

	/* 2. An event, or a step of a session: table 6 of RFC 8506. */
	if (ccr->type == CHG_CC_EVENT)
		credit_decide_event(&credit);
	else
		decide_session(&credit);
	credit_tell_balance(&credit);
	assert(chg_cc_plan_balanced(facts, ret_plan));
}

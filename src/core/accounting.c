/* SPDX-License-Identifier: BSD-3-Clause
 * THE offline decision.  Numbered steps; each cites the rule that it follows.
 */
#include "core/accounting.h"

#include <assert.h>

/* When the event happened, as the client says; its arrival where the client says nothing. */
static chg_instant time_of(const struct chg_acr *acr, struct chg_now now)
{
	return acr->event_time.is_present ? acr->event_time.value : now.wall;
}

/* buffered records may be days old; what is further off is told and not refused. */
static bool is_skewed(
	const struct chg_acr *acr, const struct chg_acct_policy *policy, struct chg_now now)
{
	if (!acr->event_time.is_present || policy->skew_max.us == 0)
		return false;
	chg_instant event = acr->event_time.value;
	return chg_instant_before(chg_instant_add(event, policy->skew_max), now.wall) ||
	       chg_instant_before(chg_instant_add(now.wall, policy->skew_max), event);
}

/* The marks that one request brings with it, whatever record it belongs to. */
static uint32_t marks_of(const struct chg_acct_facts *facts, const struct chg_acct_policy *policy,
	struct chg_now now, const struct chg_acr *acr)
{
	uint32_t marks = 0;
	if (acr->is_unreadable)
		marks |= CHG_MARK_UNREADABLE;
	if (acr->is_retransmission) /* the original, had it come, would have been known */
		marks |= CHG_MARK_RETRANSMITTED;
	if (facts->is_number_known) /* J-18: same key, other content */
		marks |= CHG_MARK_NUMBER_REUSED;
	if (is_skewed(acr, policy, now))
		marks |= CHG_MARK_SKEWED;
	return marks;
}

/* a higher number says the peer restarted; none, 0 or a lower one says nothing. */
static void decide_host_state(
	const struct chg_acct_facts *facts, const struct chg_acr *acr, struct chg_acct_plan *plan)
{
	if (!acr->origin_state_id.is_present || acr->origin_state_id.value <= facts->host_state_id)
		return;
	plan->raises_host_state = true;
	plan->closes_older_sessions = facts->host_state_id != 0;
	plan->host_state_id = acr->origin_state_id.value;
}

/* A-087, D-002: an event opens and closes its record at once and touches no session. */
static void decide_event(struct chg_now now, const struct chg_acr *acr, struct chg_acct_plan *plan)
{
	chg_instant at = time_of(acr, now);
	plan->step = CHG_STEP_INSERT;
	plan->has_identity = true;
	plan->has_figures = true;
	plan->record = (struct chg_cdr_state){
		.kind = CHG_CDR_EVENT,
		.status = CHG_CDR_CLOSED,
		.marks = plan->entry_marks,
		.number_count = 1,
		.number_min = acr->number,
		.number_max = acr->number,
		.started_at = at,
		.last_at = at,
		.figures_at = at,
		.ended_at = { true, at },
		.closed_at = { true, now.wall },
		.origin_state_id = acr->origin_state_id.value,
	};
}

/*
 * What the store's closes_older_sessions will have made of the session's record before this
 * request is added to it (A-103: the clean-up comes first).
 */
static struct chg_cdr_state record_after_cleanup(
	const struct chg_acct_facts *facts, struct chg_now now, const struct chg_acct_plan *plan)
{
	const struct chg_cdr_state *record = &facts->record;
	bool is_dead = plan->closes_older_sessions && record->status == CHG_CDR_OPEN &&
		       record->origin_state_id != 0 &&
		       record->origin_state_id < plan->host_state_id;
	return is_dead ? chg_accounting_expire(record, now) : *record;
}

/*
 * a START with a number of its own says that a new session began under the old name.  A
 * START that merely comes late joins the record that misses it.
 */
static bool begins_anew(const struct chg_acct_facts *facts, const struct chg_cdr_state *record,
	const struct chg_acr *acr)
{
	return acr->type == CHG_RECORD_START && record->has_start && !facts->is_number_known;
}

static struct chg_cdr_state new_session(chg_instant at)
{
	return (struct chg_cdr_state){
		.kind = CHG_CDR_SESSION,
		.status = CHG_CDR_OPEN,
		.started_at = at,
		.last_at = at,
		.figures_at = at,
	};
}

/* gaps are legal, but told.  A number that comes late fills its gap. */
static void count_number(
	struct chg_cdr_state *record, const struct chg_acct_facts *facts, const struct chg_acr *acr)
{
	bool is_first = record->number_count == 0;
	if (is_first || acr->number < record->number_min)
		record->number_min = acr->number;
	if (is_first || acr->number > record->number_max)
		record->number_max = acr->number;
	if (!facts->is_number_known)
		record->number_count++;

	uint64_t span = (uint64_t)record->number_max - record->number_min + 1;
	if (span > record->number_count)
		record->marks |= CHG_MARK_INTERIM_LOST;
	else
		record->marks &= ~(uint32_t)CHG_MARK_INTERIM_LOST;
}

/*
 * figures are cumulative, so the latest ones count and are never added up.  Those of a STOP
 * are final; only a corrected STOP (same key, J-18) or the STOP of a record that supervision closed
 * replaces them.
 */
static bool brings_figures(const struct chg_cdr_state *record, const struct chg_acct_facts *facts,
	const struct chg_acr *acr, chg_instant at)
{
	if (acr->type == CHG_RECORD_STOP)
		return !record->has_stop || facts->is_number_known;
	return !record->has_stop && !chg_instant_before(at, record->figures_at);
}

/* Ts is twice the interim interval where there is one, else what the operator set. */
static void supervise(
	struct chg_cdr_state *record, const struct chg_acct_policy *policy, struct chg_now now)
{
	chg_span silence = record->interim_interval_s != 0
				   ? chg_span_s(2 * (int64_t)record->interim_interval_s)
				   : policy->session_idle;
	record->supervise_until = (chg_opt_instant){ 0 };
	if (record->status == CHG_CDR_OPEN && silence.us > 0)
		record->supervise_until =
			(chg_opt_instant){ true, chg_instant_add(now.steady, silence) };
}

/* the server's interval rules; without one, that of the client holds. */
static void take_interval(struct chg_cdr_state *record, const struct chg_acct_policy *policy,
	const struct chg_acr *acr)
{
	if (policy->interim_interval_s != 0)
		record->interim_interval_s = policy->interim_interval_s;
	else if (acr->interim_interval_s.is_present)
		record->interim_interval_s = acr->interim_interval_s.value;
}

static void take_start(struct chg_cdr_state *record, chg_instant at)
{
	record->has_start = true;
	record->started_at = at;
	record->marks &= ~(uint32_t)CHG_MARK_START_LOST;
}

/* a request for the whole of a session whose STARTs are those of its sub-sessions. */
static bool is_whole_over_sub_sessions(
	const struct chg_acct_facts *facts, const struct chg_acr *acr)
{
	return facts->has_sub_sessions && !acr->sub_session_id.is_present;
}

/* J-20: a late STOP completes a record that supervision closed, and the marks stay. */
static void take_stop(
	struct chg_cdr_state *record, struct chg_now now, chg_instant at, bool has_figures)
{
	record->has_stop = true;
	if (has_figures)
		record->ended_at = (chg_opt_instant){ true, at };
	if (record->status == CHG_CDR_OPEN) {
		record->status = CHG_CDR_CLOSED;
		record->closed_at = (chg_opt_instant){ true, now.wall };
	}
}

/* The session's record with this request added to it. */
static void grow(struct chg_cdr_state *record, const struct chg_acct_facts *facts,
	const struct chg_acct_policy *policy, struct chg_now now, const struct chg_acr *acr,
	struct chg_acct_plan *plan)
{
	chg_instant at = time_of(acr, now);

	if (record->status == CHG_CDR_CLOSED) /* */
		plan->entry_marks |= CHG_MARK_LATE;
	plan->has_identity = acr->type == CHG_RECORD_START || record->entry_count == 0;
	plan->has_figures = brings_figures(record, facts, acr, at);

	record->marks |= plan->entry_marks;
	record->entry_count++;
	count_number(record, facts, acr);
	if (plan->has_figures)
		record->figures_at = at;
	if (chg_instant_before(record->last_at, at))
		record->last_at = at;
	if (acr->origin_state_id.is_present)
		record->origin_state_id = acr->origin_state_id.value;
	take_interval(record, policy, acr);

	if (acr->type == CHG_RECORD_START)
		take_start(record, at);
	else if (!record->has_start && !is_whole_over_sub_sessions(facts, acr))
		record->marks |= CHG_MARK_START_LOST; /* interim or stop without start */
	if (acr->type == CHG_RECORD_STOP)
		take_stop(record, now, at, plan->has_figures);

	supervise(record, policy, now);
}

static void decide_session(const struct chg_acct_facts *facts, const struct chg_acct_policy *policy,
	struct chg_now now, const struct chg_acr *acr, struct chg_acct_plan *plan)
{
	plan->step = CHG_STEP_INSERT;
	plan->record = new_session(time_of(acr, now));
	if (facts->has_record) {
		struct chg_cdr_state known = record_after_cleanup(facts, now, plan);
		if (!begins_anew(facts, &known, acr)) {
			plan->step = CHG_STEP_UPDATE;
			plan->record = known;
		} else if (known.status == CHG_CDR_OPEN) {
			plan->closes_previous = true;
			plan->previous = chg_accounting_expire(&known, now);
		}
	}
	/* the STOP of the whole session ends what is below it. */
	plan->closes_sub_sessions =
		acr->type == CHG_RECORD_STOP && is_whole_over_sub_sessions(facts, acr);
	plan->action = chg_acr_participant_action(acr);
	grow(&plan->record, facts, policy, now, acr, plan);
}

void chg_accounting_decide(const struct chg_acct_facts *facts, const struct chg_acct_policy *policy,
	struct chg_now now, const struct chg_acr *acr, struct chg_acct_plan *ret_plan)
{
	assert(acr->type >= CHG_RECORD_EVENT && acr->type <= CHG_RECORD_STOP);
	assert(!facts->is_known || facts->is_number_known);

	*ret_plan = (struct chg_acct_plan){ .answer.result_code = CHG_ANSWER_SUCCESS };
	if (policy->interim_interval_s != 0 && acr->type != CHG_RECORD_EVENT)
		ret_plan->answer.interim_interval_s =
			(chg_opt_u32){ true, policy->interim_interval_s };

	/* 1. Came before: the same answer, and nothing is counted twice. , J-18 */
	if (facts->is_known)
		return;

	/* From here the request is recorded, whatever else came or did not come.  A-080 */
	ret_plan->entry_marks = marks_of(facts, policy, now, acr);

	/* 2. A restarted peer has forgotten its old sessions.  */
	decide_host_state(facts, acr, ret_plan);

	/* 3. One record per event, one per session. */
	if (acr->type == CHG_RECORD_EVENT)
		decide_event(now, acr, ret_plan);
	else
		decide_session(facts, policy, now, acr, ret_plan);
}

/* A request of a sub-session, a START and what follows one say enough by themselves. */
bool chg_accounting_asks_for_sub_sessions(
	const struct chg_acr *acr, const struct chg_cdr_state *record)
{
	if (acr->sub_session_id.is_present)
		return false;
	return acr->type == CHG_RECORD_STOP ||
	       (acr->type == CHG_RECORD_INTERIM && (record == NULL || !record->has_start));
}

struct chg_cdr_state chg_accounting_expire(const struct chg_cdr_state *record, struct chg_now now)
{
	assert(record->kind == CHG_CDR_SESSION && record->status == CHG_CDR_OPEN);
	struct chg_cdr_state after = *record;
	after.status = CHG_CDR_CLOSED;
	after.marks |= CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST;
	after.ended_at = (chg_opt_instant){ true, record->last_at };
	after.closed_at = (chg_opt_instant){ true, now.wall };
	after.supervise_until = (chg_opt_instant){ 0 };
	return after;
}

struct chg_cdr_state chg_accounting_close_below(
	const struct chg_cdr_state *record, const struct chg_acr *end, struct chg_now now)
{
	assert(record->kind == CHG_CDR_SESSION && record->status == CHG_CDR_OPEN);
	struct chg_cdr_state after = *record;
	after.status = CHG_CDR_CLOSED;
	after.ended_at = (chg_opt_instant){ true, time_of(end, now) };
	after.closed_at = (chg_opt_instant){ true, now.wall };
	after.supervise_until = (chg_opt_instant){ 0 };
	return after;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The offline decision: the rules one by one, then laws over all facts and all requests.
 */
#include "core/accounting.h"

#include <stdlib.h>

#include "support/seed.h"
#include "support/table.h"

#define S(n) ((n)*CHG_US_PER_S)

/* The words of the enums, short enough for a table. */
#define EVENT         CHG_RECORD_EVENT
#define START         CHG_RECORD_START
#define INTERIM       CHG_RECORD_INTERIM
#define STOP          CHG_RECORD_STOP
#define OPEN          CHG_CDR_OPEN
#define CLOSED        CHG_CDR_CLOSED
#define ABNORMAL      CHG_MARK_ABNORMAL
#define START_LOST    CHG_MARK_START_LOST
#define INTERIM_LOST  CHG_MARK_INTERIM_LOST
#define STOP_LOST     CHG_MARK_STOP_LOST
#define LATE          CHG_MARK_LATE
#define REUSED        CHG_MARK_NUMBER_REUSED
#define UNREADABLE    CHG_MARK_UNREADABLE
#define RETRANSMITTED CHG_MARK_RETRANSMITTED
#define SKEWED        CHG_MARK_SKEWED

#define NOW_US S(1000)

static const struct chg_now now = { { NOW_US }, { NOW_US + 7 } };
static const struct chg_acct_policy plain = { .session_idle = { S(3600) } };

/*
 * One session, request by request: "S0 I1 T2" is START #0, INTERIM #1, STOP #2; E an EVENT.
 *   ~   with the T bit              '   the same number with other content
 *   =   the same request once more  !   supervision closes the session first
 *   @n  event time n s after START  #   a sub-session is known of the Session-Id
 */
struct walk {
	struct chg_acct_facts facts;
	struct chg_acct_plan plan;
	uint32_t inserts;
	uint32_t previous_closed;
	uint64_t seen; /* type and number, a bit each */
};

static uint64_t bit_of(const struct chg_acr *acr)
{
	return UINT64_C(1) << ((acr->type - 1) * 16 + acr->number);
}

/* What a store does with a plan, as far as the next decision can tell. */
static void apply(struct walk *walk, const struct chg_acr *acr)
{
	const struct chg_acct_plan *plan = &walk->plan;
	if (plan->raises_host_state)
		walk->facts.host_state_id = plan->host_state_id;
	if (plan->step == CHG_STEP_NONE)
		return;
	walk->seen |= bit_of(acr);
	walk->inserts += plan->step == CHG_STEP_INSERT;
	walk->previous_closed += plan->closes_previous;
	if (acr->type == CHG_RECORD_EVENT)
		return;
	walk->facts.has_record = true;
	walk->facts.record = plan->record;
	walk->facts.record.cdr_id = walk->inserts;
}

static const char *read_number(const char *at, long *ret)
{
	char *end;
	*ret = strtol(at, &end, 10);
	return end;
}

static struct chg_acr read_step(struct walk *walk, const char **at)
{
	static const char letters[] = "?ESIT";
	const char *text = *at;
	long number;
	struct chg_acr acr = { .type = (enum chg_record_type)(strchr(letters, *text) - letters),
		.event_time = { true, { NOW_US } } };
	text = read_number(text + 1, &number);
	acr.number = (uint32_t)number;
	walk->facts.is_known = false;
	walk->facts.is_number_known = (walk->seen & bit_of(&acr)) != 0;
	for (; *text != '\0' && *text != ' '; text++) {
		if (*text == '~')
			acr.is_retransmission = true;
		else if (*text == '=')
			walk->facts.is_known = true;
		else if (*text == '#')
			walk->facts.has_sub_sessions = true;
		else if (*text == '!')
			walk->facts.record = chg_accounting_expire(&walk->facts.record, now);
		else if (*text == '@') {
			text = read_number(text + 1, &number) - 1;
			acr.event_time.value.us = NOW_US + S(number);
		}
	}
	*at = text;
	return acr;
}

static void walk_run(struct walk *walk, const char *text)
{
	for (; *text != '\0'; text++) {
		struct chg_acr acr = read_step(walk, &text);
		chg_accounting_decide(&walk->facts, &plain, now, &acr, &walk->plan);
		apply(walk, &acr);
		if (*text == '\0')
			break;
	}
}

static const struct walk_row {
	const char *says;
	const char *steps;
	enum chg_cdr_status status;
	uint32_t marks;
	uint32_t entries;
	uint32_t inserts;
	int64_t figures_s; /* the figures are those of the record of this event time */
	uint32_t entry_marks;
} walk_rows[] = {
	{ "A-080 START opens a record", "S0", OPEN, 0, 1, 1, 0, 0 },
	{ "A-080 START, INTERIM and STOP are one record", "S0 I1@10 T2@20", CLOSED, 0, 3, 1, 20,
		0 },
	{ "A-086 a STOP without START is a record", "T1", CLOSED, START_LOST, 1, 1, 0, 0 },
	{ "A-086 an INTERIM without START opens a record", "I1", OPEN, START_LOST, 1, 1, 0, 0 },
	{ "A-086 a START that comes late joins its record", "I1@10 S0@0", OPEN, 0, 2, 1, 10, 0 },
	{ "A-086 a START after the STOP joins and is late", "I1 T2 S0", CLOSED, LATE, 3, 1, 0,
		LATE },
	{ "A-086 an INTERIM after the STOP is kept and late", "S0 T2@20 I1@10", CLOSED, LATE, 3, 1,
		20, LATE },
	{ "A-085 figures are those of the latest event, not of the latest arrival",
		"S0 I2@20 I1@10", OPEN, 0, 3, 1, 20, 0 },
	{ "A-085 figures of a STOP are final", "S0 T1@20 I2@30", CLOSED, LATE, 3, 1, 20, LATE },
	{ "A-085 a STOP has the figures though its event time is earlier", "S0 I1@30 T2@20", CLOSED,
		0, 3, 1, 20, 0 },
	{ "J-18 a corrected STOP replaces the end figures", "S0 T1@20 T1'@25", CLOSED,
		LATE | REUSED, 3, 1, 25, LATE | REUSED },
	{ "J-18 a second STOP of another number does not", "S0 T1@20 T2@30", CLOSED, LATE, 3, 1, 20,
		LATE },
	{ "J-18 the same number with other content is kept and marked", "S0 I1@10 I1'@11", OPEN,
		REUSED, 3, 1, 11, REUSED },
	{ "J-18, R12 one number for START, INTERIM and STOP is no reuse", "S5 I5@1 T5@2", CLOSED, 0,
		3, 1, 2, 0 },
	{ "A-071 a repeated request writes nothing", "S0 I1@10 I1=", OPEN, 0, 2, 1, 10, 0 },
	{ "A-074 the copy with T that came first is the original", "S0~ S0=", OPEN, RETRANSMITTED,
		1, 1, 0, 0 },
	{ "A-078 a record known from a repetition alone says so", "S0 I1~@1", OPEN, RETRANSMITTED,
		2, 1, 1, RETRANSMITTED },
	{ "A-088 a START of another number begins a new record", "S0 I1 S5", OPEN, 0, 1, 2, 0, 0 },
	{ "A-088 a START with other content joins its record", "S0 S0'", OPEN, REUSED, 2, 1, 0,
		REUSED },
	{ "a START after the end begins a new record", "S0 T1 S0 S7", OPEN, 0, 1, 2, 0, 0 },
	{ "A-089 numbers may start anywhere", "S7 I8 T9", CLOSED, 0, 3, 1, 0, 0 },
	{ "A-089 a gap is told", "S0 T2", CLOSED, INTERIM_LOST, 2, 1, 0, 0 },
	{ "A-089 a number that comes late fills its gap", "S0 T2@2 I1@1", CLOSED, LATE, 3, 1, 2,
		LATE },
	{ "A-089 a gap at the front is seen by the START that comes late", "I3 S0", OPEN,
		INTERIM_LOST, 2, 1, 0, 0 },
	{ "A-089 a number with other content fills no gap", "S0 I2 I2'", OPEN,
		INTERIM_LOST | REUSED, 3, 1, 0, REUSED },
	{ "J-20 a late STOP completes what supervision closed, and the marks stay", "S0 T1!@9",
		CLOSED, ABNORMAL | STOP_LOST | LATE, 2, 1, 9, LATE },
	{ "J-20 a late INTERIM does not open it again", "S0 I1!@9", CLOSED,
		ABNORMAL | STOP_LOST | LATE, 2, 1, 9, LATE },
	{ "J-20 a late START un-marks the start alone", "I1 S0!", CLOSED,
		ABNORMAL | STOP_LOST | LATE, 2, 1, 0, LATE },
	{ "A-087 an EVENT leaves the open session alone", "S0 E5", OPEN, 0, 1, 2, 0, 0 },
	{ "A-093 a STOP of the whole over sub-sessions misses no START", "T1#", CLOSED, 0, 1, 1, 0,
		0 },
};

static void walk_row_holds(void **state)
{
	const struct walk_row *row = *state;
	struct walk walk = { 0 };
	walk_run(&walk, row->steps);
	const struct chg_cdr_state *record = &walk.facts.record;
	assert_int_equal(record->status, row->status);
	assert_int_equal(record->marks, row->marks);
	assert_int_equal(record->entry_count, row->entries);
	assert_int_equal(walk.inserts, row->inserts);
	assert_int_equal(record->figures_at.us, NOW_US + S(row->figures_s));
	assert_int_equal(walk.plan.entry_marks, row->entry_marks);
	assert_int_equal(walk.plan.answer.result_code, CHG_ANSWER_SUCCESS);
}

/* ---- One decision each ---------------------------------------------------------------------- */

static struct chg_acr acr_of(enum chg_record_type type, uint32_t number)
{
	return (struct chg_acr){ .type = type, .number = number };
}

/* An open session with START #0. */
static struct chg_acct_facts open_session(void)
{
	struct chg_acct_facts facts = { 0 };
	struct chg_acct_plan plan;
	struct chg_acr acr = acr_of(START, 0);
	chg_accounting_decide(&facts, &plain, now, &acr, &plan);
	facts.has_record = true;
	facts.record = plan.record;
	facts.record.cdr_id = 1;
	return facts;
}

static void a_088_the_old_record_is_closed_abnormal(void **state)
{
	(void)state;
	struct chg_acct_facts facts = open_session();
	struct chg_acct_plan plan;
	struct chg_acr acr = acr_of(START, 3);
	chg_accounting_decide(&facts, &plain, now, &acr, &plan);
	assert_true(plan.closes_previous);
	assert_int_equal(plan.previous.cdr_id, 1);
	assert_int_equal(plan.previous.status, CLOSED);
	assert_int_equal(plan.previous.marks, ABNORMAL | STOP_LOST);
	assert_int_equal(plan.step, CHG_STEP_INSERT);
}

static void a_084_silence_is_twice_the_interval_else_what_the_operator_set(void **state)
{
	(void)state;
	static const struct {
		uint32_t client, server;
		int64_t idle_s, silence_s;
	} cases[] = { { 0, 0, 3600, 3600 }, { 100, 0, 3600, 200 }, { 100, 60, 3600, 120 },
		{ UINT32_MAX, 0, 3600, 2 * (int64_t)UINT32_MAX }, { 0, 0, 0, -1 },
		{ 0, 60, 0, 120 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct chg_acct_facts facts = { 0 };
		struct chg_acct_policy policy = { .session_idle = { S(cases[i].idle_s) },
			.interim_interval_s = cases[i].server };
		struct chg_acr acr = acr_of(START, 0);
		struct chg_acct_plan plan;
		acr.interim_interval_s = (chg_opt_u32){ cases[i].client != 0, cases[i].client };
		chg_accounting_decide(&facts, &policy, now, &acr, &plan);
		assert_int_equal(plan.record.supervise_until.is_present, cases[i].silence_s >= 0);
		if (cases[i].silence_s >= 0)
			assert_int_equal(plan.record.supervise_until.value.us,
				now.steady.us + S(cases[i].silence_s));
	}
}

static void a_091_the_interval_is_answered_to_sessions_and_not_to_events(void **state)
{
	(void)state;
	struct chg_acct_policy policy = { .interim_interval_s = 300 };
	for (int type = EVENT; type <= STOP; type++) {
		struct chg_acct_facts facts = { 0 };
		struct chg_acct_plan plan;
		struct chg_acr acr = acr_of((enum chg_record_type)type, 0);
		chg_accounting_decide(&facts, &policy, now, &acr, &plan);
		assert_int_equal(plan.answer.interim_interval_s.is_present, type != EVENT);
		chg_accounting_decide(&facts, &plain, now, &acr, &plan);
		assert_false(plan.answer.interim_interval_s.is_present);
	}
}

static void a_097_records_carry_event_time_and_skew_is_told(void **state)
{
	(void)state;
	static const struct {
		int64_t off_s, max_s;
		uint32_t marks;
	} cases[] = { { -86400 * 3, 3600, SKEWED }, { -3600, 3600, 0 }, { -3601, 3600, SKEWED },
		{ 3600, 3600, 0 }, { 3601, 3600, SKEWED }, { -86400 * 3, 0, 0 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct chg_acct_facts facts = { 0 };
		struct chg_acct_policy policy = { .skew_max = { S(cases[i].max_s) } };
		struct chg_acr acr = acr_of(EVENT, 0);
		struct chg_acct_plan plan;
		acr.event_time = (chg_opt_instant){ true, { NOW_US + S(cases[i].off_s) } };
		chg_accounting_decide(&facts, &policy, now, &acr, &plan);
		assert_int_equal(plan.record.marks, cases[i].marks);
		assert_int_equal(plan.record.started_at.us, acr.event_time.value.us);
		assert_int_equal(plan.record.closed_at.value.us, now.wall.us);
		assert_int_equal(plan.answer.result_code, CHG_ANSWER_SUCCESS);
	}
}

static void a_097_without_an_event_time_arrival_counts(void **state)
{
	(void)state;
	struct chg_acct_facts facts = { 0 };
	struct chg_acct_policy policy = { .skew_max = { 1 } };
	struct chg_acr acr = acr_of(EVENT, 0);
	struct chg_acct_plan plan;
	chg_accounting_decide(&facts, &policy, now, &acr, &plan);
	assert_int_equal(plan.record.started_at.us, now.wall.us);
	assert_int_equal(plan.record.marks, 0);
}

static const struct host_row {
	const char *says;
	uint32_t known;
	chg_opt_u32 told;
	bool raises;
	bool closes;
} host_rows[] = {
	{ "A-100 the first Origin-State-Id is learnt and closes nothing", 0, { true, 5 }, true,
		false },
	{ "A-101 a higher one closes what is older", 5, { true, 6 }, true, true },
	{ "A-102 the same one says nothing", 5, { true, 5 }, false, false },
	{ "A-102 a lower one is a delayed message", 5, { true, 4 }, false, false },
	{ "A-102 zero says nothing", 5, { true, 0 }, false, false },
	{ "A-102 zero is not learnt", 0, { true, 0 }, false, false },
	{ "A-102 none says nothing", 5, { false, 0 }, false, false },
};

static void host_row_holds(void **state)
{
	const struct host_row *row = *state;
	for (int type = EVENT; type <= STOP; type++) {
		struct chg_acct_facts facts = { .host_state_id = row->known };
		struct chg_acr acr = acr_of((enum chg_record_type)type, 0);
		struct chg_acct_plan plan;
		acr.origin_state_id = row->told;
		chg_accounting_decide(&facts, &plain, now, &acr, &plan);
		assert_int_equal(plan.raises_host_state, row->raises);
		assert_int_equal(plan.closes_older_sessions, row->closes);
		if (row->raises)
			assert_int_equal(plan.host_state_id, row->told.value);
		/* A repeated request was counted when it first came. */
		facts.is_known = facts.is_number_known = true;
		chg_accounting_decide(&facts, &plain, now, &acr, &plan);
		assert_false(plan.raises_host_state);
	}
}

static void a_103_the_clean_up_comes_before_the_request(void **state)
{
	(void)state;
	struct chg_acct_facts facts = open_session();
	facts.host_state_id = 5;
	facts.record.origin_state_id = 5;
	struct chg_acr acr = acr_of(INTERIM, 1);
	acr.origin_state_id = (chg_opt_u32){ true, 6 };
	struct chg_acct_plan plan;
	chg_accounting_decide(&facts, &plain, now, &acr, &plan);
	assert_true(plan.closes_older_sessions);
	assert_int_equal(plan.step, CHG_STEP_UPDATE);
	assert_int_equal(plan.record.status, CLOSED);
	assert_int_equal(plan.record.marks, ABNORMAL | STOP_LOST | LATE);

	/* A START after the restart is a new session, and the old one is closed once only. */
	acr = acr_of(START, 1);
	acr.origin_state_id = (chg_opt_u32){ true, 6 };
	chg_accounting_decide(&facts, &plain, now, &acr, &plan);
	assert_true(plan.closes_older_sessions);
	assert_false(plan.closes_previous);
	assert_int_equal(plan.step, CHG_STEP_INSERT);
	assert_int_equal(plan.record.marks, 0);
}

static void a_093_a_sub_session_of_its_own_misses_its_own_start(void **state)
{
	(void)state;
	struct chg_acct_facts facts = { .has_sub_sessions = true };
	struct chg_acr acr = acr_of(STOP, 1);
	struct chg_acct_plan plan;
	acr.sub_session_id = (chg_opt_u64){ true, 9 };
	chg_accounting_decide(&facts, &plain, now, &acr, &plan);
	assert_int_equal(plan.record.marks, START_LOST); /* N-080 */
	assert_false(plan.closes_sub_sessions);
}

static void a_093_the_stop_of_the_whole_closes_its_sub_sessions(void **state)
{
	(void)state;
	for (int type = START; type <= STOP; type++) {
		for (int has_sub = 0; has_sub < 2; has_sub++) {
			struct chg_acct_facts facts = { .has_sub_sessions = has_sub };
			struct chg_acr acr = acr_of((enum chg_record_type)type, 1);
			struct chg_acct_plan plan;
			chg_accounting_decide(&facts, &plain, now, &acr, &plan);
			assert_int_equal(plan.closes_sub_sessions, type == STOP && has_sub);
		}
	}
}

static void texts_come_from_the_start_and_else_only_fill(void **state)
{
	(void)state;
	struct chg_acct_facts facts = { 0 };
	struct chg_acct_plan plan;
	struct chg_acr first = acr_of(INTERIM, 1), start = acr_of(START, 0);
	chg_accounting_decide(&facts, &plain, now, &first, &plan);
	assert_true(plan.has_identity);
	facts = (struct chg_acct_facts){ .has_record = true, .record = plan.record };
	struct chg_acr next = acr_of(INTERIM, 2);
	chg_accounting_decide(&facts, &plain, now, &next, &plan);
	assert_false(plan.has_identity);
	chg_accounting_decide(&facts, &plain, now, &start, &plan);
	assert_true(plan.has_identity);
}

static void an_expired_record_ends_when_it_was_last_heard_of(void **state)
{
	(void)state;
	struct chg_acct_facts facts = open_session();
	facts.record.marks = REUSED;
	facts.record.last_at.us = NOW_US - S(50);
	struct chg_now later = { { NOW_US + S(9) }, { NOW_US + S(9) } };
	struct chg_cdr_state after = chg_accounting_expire(&facts.record, later);
	assert_int_equal(after.status, CLOSED);
	assert_int_equal(after.marks, REUSED | ABNORMAL | STOP_LOST);
	assert_int_equal(after.ended_at.value.us, NOW_US - S(50));
	assert_int_equal(after.closed_at.value.us, later.wall.us);
	assert_false(after.supervise_until.is_present);
	assert_false(after.has_stop);
}

/* ---- Laws over everything ------------------------------------------------------------------- */

static struct chg_cdr_state any_record(uint64_t *seed)
{
	struct chg_cdr_state record = {
		.cdr_id = 1 + seed_below(seed, 9),
		.kind = CHG_CDR_SESSION,
		.status = seed_one_in(seed, 2) ? OPEN : CLOSED,
		.marks = (uint32_t)seed_next(seed) & 0x1ff,
		.has_start = seed_one_in(seed, 2),
		.entry_count = 1 + seed_below(seed, 4),
		.number_count = 1 + seed_below(seed, 4),
		.number_min = seed_below(seed, 3),
		.last_at = { NOW_US - seed_below(seed, 9) },
		.figures_at = { NOW_US - seed_below(seed, 9) },
		.origin_state_id = seed_below(seed, 4),
		.interim_interval_s = seed_below(seed, 2) * 60,
	};
	record.number_max = record.number_min + seed_below(seed, 4);
	record.has_stop = record.status == CLOSED && seed_one_in(seed, 2);
	if (record.status == CLOSED) {
		record.local_sequence = 1 + seed_below(seed, 9);
		record.closed_at = (chg_opt_instant){ true, { NOW_US - 3 } };
		record.ended_at = record.closed_at;
	}
	return record;
}

static struct chg_acct_facts any_facts(uint64_t *seed)
{
	struct chg_acct_facts facts = { .is_number_known = seed_one_in(seed, 3),
		.host_state_id = seed_below(seed, 4),
		.has_record = seed_one_in(seed, 2),
		.has_sub_sessions = seed_one_in(seed, 3) };
	facts.is_known = facts.is_number_known && seed_one_in(seed, 2);
	if (facts.has_record)
		facts.record = any_record(seed);
	return facts;
}

static struct chg_acr any_acr(uint64_t *seed)
{
	struct chg_acr acr = acr_of((enum chg_record_type)(1 + seed_below(seed, 4)),
		seed_one_in(seed, 9) ? UINT32_MAX : seed_below(seed, 6));
	acr.is_retransmission = seed_one_in(seed, 3);
	acr.is_unreadable = seed_one_in(seed, 3);
	acr.event_time = (chg_opt_instant){ seed_one_in(seed, 2),
		{ NOW_US + S((int64_t)seed_below(seed, 200) - 100) } };
	if (seed_one_in(seed, 20))
		acr.event_time.value.us = seed_one_in(seed, 2) ? INT64_MIN : INT64_MAX;
	acr.origin_state_id = (chg_opt_u32){ seed_one_in(seed, 2), seed_below(seed, 5) };
	acr.sub_session_id = (chg_opt_u64){ seed_one_in(seed, 3), seed_below(seed, 3) };
	acr.interim_interval_s = (chg_opt_u32){ seed_one_in(seed, 3), (uint32_t)seed_next(seed) };
	return acr;
}

static void a_duplicate_writes_nothing(const struct chg_acct_plan *plan)
{
	assert_int_equal(plan->step, CHG_STEP_NONE);
	assert_false(plan->raises_host_state);
	assert_false(plan->closes_older_sessions);
	assert_false(plan->closes_previous);
	assert_false(plan->closes_sub_sessions);
	assert_int_equal(plan->entry_marks, 0);
}

static void an_event_is_whole(const struct chg_acct_plan *plan)
{
	assert_int_equal(plan->step, CHG_STEP_INSERT);
	assert_int_equal(plan->record.kind, CHG_CDR_EVENT);
	assert_int_equal(plan->record.status, CLOSED);
	assert_int_equal(plan->record.cdr_id, 0);
	assert_int_equal(plan->record.local_sequence, 0);
	assert_false(plan->record.supervise_until.is_present);
	assert_false(plan->closes_previous);
	assert_false(plan->closes_sub_sessions);
}

/* What must hold of a record that grew, whatever it was and whatever came. */
static void growth_loses_nothing(
	const struct chg_cdr_state *before, const struct chg_cdr_state *after)
{
	const uint32_t never_lost =
		ABNORMAL | STOP_LOST | LATE | REUSED | UNREADABLE | RETRANSMITTED | SKEWED;
	assert_int_equal(before->marks & never_lost & ~after->marks, 0);
	assert_int_equal(after->cdr_id, before->cdr_id);
	assert_int_equal(after->local_sequence, before->local_sequence);
	assert_int_equal(after->entry_count, before->entry_count + 1);
	assert_true(after->number_min <= before->number_min);
	assert_true(after->number_max >= before->number_max);
	assert_true(after->has_start || !before->has_start);
	assert_true(after->has_stop || !before->has_stop);
	assert_true(after->last_at.us >= before->last_at.us);
	if (before->status == CLOSED) { /* closed is closed: the sequence is given once */
		assert_int_equal(after->status, CLOSED);
		assert_int_equal(after->closed_at.value.us, before->closed_at.value.us);
	}
}

static void a_session_record_is_sound(const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	const struct chg_cdr_state *record = &plan->record;
	assert_int_equal(record->kind, CHG_CDR_SESSION);
	assert_int_equal(record->status == CLOSED, record->closed_at.is_present);
	assert_true(record->status == OPEN || !record->supervise_until.is_present);
	assert_true(!record->has_stop || record->status == CLOSED);
	assert_int_equal(plan->entry_marks & ~record->marks, 0);
	if (acr->type == CHG_RECORD_STOP)
		assert_true(record->has_stop);
	if (acr->type == CHG_RECORD_START)
		assert_int_equal(record->marks & START_LOST, 0);
	if (plan->step == CHG_STEP_INSERT) {
		assert_int_equal(record->cdr_id, 0);
		assert_int_equal(record->entry_count, 1);
		assert_int_equal(record->marks & (ABNORMAL | STOP_LOST | LATE), 0);
	}
}

static void one_decision_obeys_the_laws(uint64_t seed)
{
	struct chg_acct_facts facts = any_facts(&seed);
	struct chg_acr acr = any_acr(&seed);
	struct chg_acct_policy policy = { .session_idle = { S(seed_below(&seed, 3)) },
		.interim_interval_s = seed_below(&seed, 2) * 30,
		.skew_max = { S(seed_below(&seed, 60)) } };
	struct chg_acct_plan plan, again;
	if (acr.type == CHG_RECORD_EVENT)
		facts.has_record = facts.has_sub_sessions = false;
	chg_accounting_decide(&facts, &policy, now, &acr, &plan);
	/* The same again, and whatever is said of sub-sessions where nobody asks. */
	struct chg_acct_facts other = facts;
	other.has_sub_sessions ^= !chg_accounting_asks_for_sub_sessions(
		&acr, facts.has_record ? &facts.record : NULL);
	chg_accounting_decide(&other, &policy, now, &acr, &again);
	assert_int_equal(plan.record.marks, again.record.marks);
	assert_int_equal(plan.closes_sub_sessions, again.closes_sub_sessions);

	assert_int_equal(plan.answer.result_code, CHG_ANSWER_SUCCESS);
	if (facts.is_known) {
		a_duplicate_writes_nothing(&plan);
		return;
	}
	assert_true(plan.step != CHG_STEP_NONE);
	assert_true(!plan.closes_older_sessions || plan.raises_host_state);
	assert_true(!plan.raises_host_state || plan.host_state_id > facts.host_state_id);
	if (acr.type == CHG_RECORD_EVENT) {
		an_event_is_whole(&plan);
		return;
	}
	a_session_record_is_sound(&acr, &plan);
	if (plan.step == CHG_STEP_UPDATE) {
		assert_true(facts.has_record);
		growth_loses_nothing(&facts.record, &plan.record);
	}
	if (plan.closes_previous) {
		assert_int_equal(facts.record.status, OPEN);
		assert_int_equal(plan.previous.cdr_id, facts.record.cdr_id);
		assert_int_equal(plan.previous.status, CLOSED);
	}
}

static void every_decision_obeys_the_laws(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300000; seed++)
		one_decision_obeys_the_laws(seed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_088_the_old_record_is_closed_abnormal),
		cmocka_unit_test(a_084_silence_is_twice_the_interval_else_what_the_operator_set),
		cmocka_unit_test(a_091_the_interval_is_answered_to_sessions_and_not_to_events),
		cmocka_unit_test(a_097_records_carry_event_time_and_skew_is_told),
		cmocka_unit_test(a_097_without_an_event_time_arrival_counts),
		cmocka_unit_test(a_103_the_clean_up_comes_before_the_request),
		cmocka_unit_test(a_093_a_sub_session_of_its_own_misses_its_own_start),
		cmocka_unit_test(a_093_the_stop_of_the_whole_closes_its_sub_sessions),
		cmocka_unit_test(texts_come_from_the_start_and_else_only_fill),
		cmocka_unit_test(an_expired_record_ends_when_it_was_last_heard_of),
		cmocka_unit_test(every_decision_obeys_the_laws),
	};
	return TABLE_RUN("a session, request by request", walk_rows, walk_row_holds) +
	       TABLE_RUN("Origin-State-Id", host_rows, host_row_holds) +
	       cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}

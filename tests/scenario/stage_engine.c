/* SPDX-License-Identifier: BSD-3-Clause
 * Does what the extension does between a message and the engine, on one thread.
 */
#include <stdio.h>
#include <assert.h>
#include <stdlib.h>

#include "app/engine.h"
#include "app/offline.h"
#include "chgplay/text.h"
#include "runtime/tariff_read.h"
#include "scenario/stage_engine.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/message.h"

enum {
	WHY_MAX = 512,
	TURNS_PER_TICK = 8,
	CREDIT_CONTROL = 272,
};

/* 2026-03-01T12:00:00Z */
static const chg_instant first_moment = { INT64_C(1772366400) * CHG_US_PER_S };

struct work {
	struct chg_job job; /* first: done finds the work by it */
	struct chg_scratch scratch;
	struct chg_exchange *exchange;
	bool is_submitted;
	bool is_done;
	struct chg_acr acr;
	struct chg_ccr ccr;
};

struct stage_engine {
	char database[512]; /* empty: memory */
	struct chg_store inner;
	struct chg_store store; /* inner, with the mood of the script */
	enum chg_store_mood mood;
	struct chg_engine *engine;
	struct chg_engine_config config;
	struct chg_tariff *tariff; /* in force; NULL: none */
	enum chg_strictness strictness;
	struct chg_now now;
	struct chg_stage_ops ops;
	char why[WHY_MAX];
};

/* The store with a mood: what fails is the writing, as on a full disk. */

static enum chg_rc mood_rc(const struct stage_engine *stage)
{
	switch (stage->mood) {
	case CHG_STORE_FULL:
		return CHG_E_STORE_FULL;
	case CHG_STORE_LOCKED:
		return CHG_E_STORE_BUSY;
	case CHG_STORE_BROKEN:
		return CHG_E_STORE;
	case CHG_STORE_WELL:
		break;
	}
	return CHG_OK;
}

#define INNER(self) (((struct stage_engine *)(self))->inner)

static enum chg_rc moody_begin(void *self)
{
	return INNER(self).ops->begin(INNER(self).self);
}

static enum chg_rc moody_commit(void *self)
{
	return INNER(self).ops->commit(INNER(self).self);
}

static void moody_rollback(void *self)
{
	INNER(self).ops->rollback(INNER(self).self);
}

static enum chg_rc moody_load(void *self, const struct chg_acr *acr, struct chg_acct_facts *ret)
{
	return INNER(self).ops->load_acct(INNER(self).self, acr, ret);
}

static enum chg_rc moody_apply(
	void *self, struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	enum chg_rc rc = mood_rc(self);
	return rc != CHG_OK ? rc : INNER(self).ops->apply_acct(INNER(self).self, now, acr, plan);
}

static enum chg_rc moody_host_state(void *self, struct chg_now now, struct chg_view host,
	struct chg_view realm, uint32_t state_id, uint32_t *ret)
{
	return INNER(self).ops->apply_host_state(INNER(self).self, now, host, realm, state_id, ret);
}

static enum chg_rc moody_deadline(void *self, chg_opt_instant *ret)
{
	return INNER(self).ops->next_deadline(INNER(self).self, ret);
}

static enum chg_rc moody_expire(void *self, struct chg_now now, uint32_t max, uint32_t *ret)
{
	return INNER(self).ops->expire_due(INNER(self).self, now, max, ret);
}

static enum chg_rc moody_forget(void *self, chg_instant before, uint32_t max, uint32_t *ret)
{
	return INNER(self).ops->forget_seen(INNER(self).self, before, max, ret);
}

static enum chg_rc moody_state_id(void *self, uint32_t fresh, uint32_t *ret)
{
	return INNER(self).ops->own_state_id(INNER(self).self, fresh, ret);
}

static enum chg_rc moody_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to)
{
	return INNER(self).ops->scan_cdrs(INNER(self).self, filter, each, to);
}

static enum chg_rc moody_entries(void *self, int64_t id, chg_cdr_entry_each *each, void *to)
{
	return INNER(self).ops->scan_entries(INNER(self).self, id, each, to);
}

static enum chg_rc moody_participants(
	void *self, int64_t id, chg_cdr_participant_each *each, void *to)
{
	return INNER(self).ops->scan_participants(INNER(self).self, id, each, to);
}

static void moody_close(void *self)
{
	(void)self;
}

/* The books: what one request does is subject to the mood as well. */

static enum chg_rc moody_load_books(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret)
{
	return INNER(self).books->load(INNER(self).self, ccr, ret);
}

static enum chg_rc moody_posting_id(void *self, int64_t *ret)
{
	return INNER(self).books->next_posting_id(INNER(self).self, ret);
}

static enum chg_rc moody_apply_books(void *self, struct chg_now now, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, const struct chg_tariff *tariff, struct chg_view answer)
{
	enum chg_rc rc = mood_rc(self);
	return rc != CHG_OK
		       ? rc
		       : INNER(self).books->apply(INNER(self).self, now, ccr, plan, tariff, answer);
}

static enum chg_rc moody_books_deadline(void *self, chg_opt_instant *ret)
{
	return INNER(self).books->next_deadline(INNER(self).self, ret);
}

static enum chg_rc moody_expire_books(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, uint32_t max, uint32_t *ret)
{
	return INNER(self).books->expire_due(INNER(self).self, now, policy, max, ret);
}

static enum chg_rc moody_end_older(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, struct chg_view host, uint32_t state_id, uint32_t *ret)
{
	return INNER(self).books->end_older(INNER(self).self, now, policy, host, state_id, ret);
}

static enum chg_rc moody_end_sub_sessions(void *self, struct chg_now now,
	const struct chg_cc_policy *policy, const struct chg_ccr *ccr, uint32_t *ret)
{
	return INNER(self).books->end_sub_sessions(INNER(self).self, now, policy, ccr, ret);
}

static enum chg_rc moody_forget_answers(void *self, chg_instant before, uint32_t max, uint32_t *ret)
{
	return INNER(self).books->forget_answers(INNER(self).self, before, max, ret);
}

static const struct chg_books_ops moody_books = { .load = moody_load_books,
	.next_posting_id = moody_posting_id,
	.apply = moody_apply_books,
	.next_deadline = moody_books_deadline,
	.expire_due = moody_expire_books,
	.end_older = moody_end_older,
	.end_sub_sessions = moody_end_sub_sessions,
	.forget_answers = moody_forget_answers };

static const struct chg_store_ops moody_ops = { .begin = moody_begin,
	.commit = moody_commit,
	.rollback = moody_rollback,
	.load_acct = moody_load,
	.apply_acct = moody_apply,
	.apply_host_state = moody_host_state,
	.next_deadline = moody_deadline,
	.expire_due = moody_expire,
	.forget_seen = moody_forget,
	.own_state_id = moody_state_id,
	.scan_cdrs = moody_cdrs,
	.scan_entries = moody_entries,
	.scan_participants = moody_participants,
	.close = moody_close };

/* Ports that say nothing, and the clock of the script. */

static struct chg_now clock_now(void *self)
{
	return ((const struct stage_engine *)self)->now;
}

static chg_instant clock_steady(void *self)
{
	return ((const struct stage_engine *)self)->now.steady;
}

static void discard_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
}

static void discard_count(void *self, enum chg_meter meter, uint64_t amount)
{
	(void)self;
	(void)meter;
	(void)amount;
}

static bool open_engine(struct stage_engine *stage)
{
	struct chg_clock clock = { clock_now, clock_steady, stage };
	struct chg_log log = { discard_line, NULL };
	struct chg_meters meters = { discard_count, discard_count, NULL };
	enum chg_rc rc = chg_engine_create(
		&stage->config, &stage->store, clock, log, meters, &stage->engine);
	if (rc != CHG_OK)
		snprintf(stage->why, sizeof stage->why, "the engine: %s", chg_rc_sentence(rc));
	return rc == CHG_OK;
}

static bool open_store(struct stage_engine *stage)
{
	enum chg_rc rc;
	if (stage->database[0] == '\0') {
		rc = chg_memory_store_open(&stage->inner);
		if (rc != CHG_OK)
			snprintf(stage->why, sizeof stage->why, "the store: %s",
				chg_rc_sentence(rc));
	} else {
		rc = chg_sqlite_store_open(stage->database, CHG_SQLITE_READ_WRITE_CREATE,
			&stage->inner, stage->why, sizeof stage->why);
	}
	return rc == CHG_OK;
}

static void close_store(struct stage_engine *stage)
{
	if (stage->inner.ops != NULL)
		stage->inner.ops->close(stage->inner.self);
	stage->inner = (struct chg_store){ 0 };
}

static void set_strict(struct stage_engine *stage)
{
	stage->strictness = CHG_STRICT;
	stage->config.online.is_strict = true;
}

static void set_octets(uint64_t of[CHG_UNIT_COUNT], uint64_t octets)
{
	of[CHG_UNIT_OCTETS] = of[CHG_UNIT_OCTETS_IN] = of[CHG_UNIT_OCTETS_OUT] = octets;
}

static bool set_online_number(struct chg_cc_policy *policy, struct chg_view key, int64_t number)
{
	if (chg_view_equal(key, CHG_VIEW("validity_s")))
		policy->validity_s = (uint32_t)number;
	else if (chg_view_equal(key, CHG_VIEW("session_idle_s")))
		policy->session_idle = chg_span_s(number);
	else if (chg_view_equal(key, CHG_VIEW("tombstone_s")))
		policy->tombstone = chg_span_s(number);
	else if (chg_view_equal(key, CHG_VIEW("quantum_messages")))
		policy->quantum[CHG_UNIT_MESSAGES] = (uint64_t)number;
	else if (chg_view_equal(key, CHG_VIEW("quantum_seconds")))
		policy->quantum[CHG_UNIT_SECONDS] = (uint64_t)number;
	else if (chg_view_equal(key, CHG_VIEW("quantum_octets")))
		set_octets(policy->quantum, (uint64_t)number);
	else if (chg_view_equal(key, CHG_VIEW("grant_max_messages")))
		policy->grant_max[CHG_UNIT_MESSAGES] = (uint64_t)number;
	else if (chg_view_equal(key, CHG_VIEW("grant_max_seconds")))
		policy->grant_max[CHG_UNIT_SECONDS] = (uint64_t)number;
	else if (chg_view_equal(key, CHG_VIEW("grant_max_octets")))
		set_octets(policy->grant_max, (uint64_t)number);
	else
		return false;
	return true;
}

static bool set_online(struct chg_cc_policy *policy, struct chg_view key, struct chg_view value)
{
	int64_t number;
	bool is_yes = chg_view_equal(value, CHG_VIEW("yes"));
	if (chg_view_equal(key, CHG_VIEW("tells_cost")))
		policy->tells_cost = is_yes;
	else if (chg_view_equal(key, CHG_VIEW("tells_remaining")))
		policy->tells_remaining = is_yes;
	else if (chg_view_equal(key, CHG_VIEW("refund_max")))
		return chg_money_parse(value, &policy->refund_max) == CHG_OK;
	else if (chg_view_equal(key, CHG_VIEW("failure_handling")))
		policy->failure_handling = chg_view_equal(value, CHG_VIEW("continue"))    ? 1
					   : chg_view_equal(value, CHG_VIEW("terminate")) ? 0
											  : 2;
	else if (chg_view_equal(key, CHG_VIEW("debit_failure_handling")))
		policy->debit_failure_handling = chg_view_equal(value, CHG_VIEW("continue"));
	else
		return chg_number_read(value, &number) && set_online_number(policy, key, number);
	return true;
}

static bool set_config(struct stage_engine *stage, const struct chg_script_config *line, char *why,
	size_t why_size)
{
	static const char online[] = "online.";
	const size_t online_len = sizeof online - 1;
	int64_t number = 0;
	bool has_number = chg_number_read(line->value, &number);
	struct chg_engine_config *config = &stage->config;
	struct chg_view online_key = { line->key.ptr + online_len, line->key.len - online_len };

	if (line->key.len > online_len && memcmp(line->key.ptr, online, online_len) == 0 &&
		set_online(&config->online, online_key, line->value))
		return true;
	if (chg_view_equal(line->key, CHG_VIEW("peer.strict")))
		set_strict(stage);
	else if (has_number && chg_view_equal(line->key, CHG_VIEW("offline.session_idle_s")))
		config->offline.session_idle = chg_span_s(number);
	else if (has_number && chg_view_equal(line->key, CHG_VIEW("offline.interim_interval_s")))
		config->offline.interim_interval_s = (uint32_t)number;
	else if (has_number && chg_view_equal(line->key, CHG_VIEW("offline.skew_max_s")))
		config->offline.skew_max = chg_span_s(number);
	else if (has_number && chg_view_equal(line->key, CHG_VIEW("cdr.seen_days")))
		config->seen_for = chg_span_s(number * 86400);
	else if (has_number && chg_view_equal(line->key, CHG_VIEW("engine.batch_max")))
		config->batch_max = (uint32_t)number;
	else {
		snprintf(why, why_size, "line %u: %.*s cannot be set on this stage",
			(unsigned)line->line, (int)line->key.len, line->key.ptr);
		return false;
	}
	return true;
}

/* The stage */

static const struct chg_identity identity = { .origin_host = CHG_VIEW("charging.example.net"),
	.origin_realm = CHG_VIEW("example.net"),
	.origin_state_id = 1 };

static void finish(struct chg_exchange *exchange, struct chg_out *out, enum chg_rc rc)
{
	exchange->outcome = CHG_OUTCOME_SILENT;
	if (rc == CHG_OK && chg_out_finish(out) == CHG_OK) {
		exchange->outcome = CHG_OUTCOME_ANSWERED;
		exchange->answer_len = out->len;
	}
}

/* Of a request that could be read. */
static struct chg_echo echo_of(const struct chg_exchange *exchange)
{
	struct chg_view request = { (const char *)exchange->request, exchange->request_len };
	struct chg_echo echo = { 0 };
	enum chg_rc rc = chg_echo_read(request, &echo);
	assert(rc == CHG_OK);
	(void)rc;
	return echo;
}

static void answer(struct work *work, const struct chg_aca *aca)
{
	struct chg_exchange *exchange = work->exchange;
	struct chg_echo echo = echo_of(exchange);
	struct chg_out out = chg_out_of(exchange->answer, CHG_ANSWER_MAX);
	finish(exchange, &out, chg_wire_write_aca(&echo, &identity, aca, &out));
}

static void refuse(struct work *work, const struct chg_fault *fault)
{
	struct chg_exchange *exchange = work->exchange;
	struct chg_view request = { (const char *)exchange->request, exchange->request_len };
	struct chg_out out = chg_out_of(exchange->answer, CHG_ANSWER_MAX);
	finish(exchange, &out, chg_wire_write_fault(request, &identity, fault, &out));
}

static void answer_credit(struct work *work)
{
	struct chg_exchange *exchange = work->exchange;
	const struct chg_job *job = &work->job;
	struct chg_cca trouble = { .result_code = job->code };
	struct chg_echo echo = echo_of(exchange);
	struct chg_out out = chg_out_of(exchange->answer, CHG_ANSWER_MAX);
	if (job->rc == CHG_OK)
		finish(exchange, &out, chg_wire_write_cca_from_body(&echo, job->kept, &out));
	else
		finish(exchange, &out,
			chg_wire_write_cca(&echo, &identity, &work->ccr, &trouble, &out));
}

static size_t write_answer(struct chg_job *job, const struct chg_cca *cca, uint8_t *to, size_t size)
{
	struct work *work = (struct work *)job;
	struct chg_exchange *exchange = work->exchange;
	struct chg_echo echo = echo_of(exchange);
	struct chg_out out = chg_out_of(to, size);
	enum chg_rc rc = chg_wire_write_cca_body(&echo, &identity, &work->ccr, cca, &out);
	return rc == CHG_OK && !out.is_full ? out.len : 0;
}

/* What a CCR is answered with is there for as long as this lasts. */
static void on_done(struct chg_job *job)
{
	struct work *work = (struct work *)job;
	work->is_done = true;
	if (job->kind == CHG_JOB_CCR)
		answer_credit(work);
}

static bool is_credit(const struct chg_exchange *exchange)
{
	struct chg_header header;
	struct chg_view request = { (const char *)exchange->request, exchange->request_len };
	return chg_header_read(request, &header) == CHG_OK && header.command == CREDIT_CONTROL;
}

static enum chg_rc read_in(
	struct stage_engine *stage, struct work *work, struct chg_fault *reterr_fault)
{
	struct chg_view request = { (const char *)work->exchange->request,
		work->exchange->request_len };
	work->job = (struct chg_job){
		.magic = CHG_JOB_MAGIC, .kind = CHG_JOB_ACR, .acr = &work->acr, .done = on_done
	};
	if (!is_credit(work->exchange))
		return chg_wire_read_acr(
			request, stage->strictness, &work->scratch, &work->acr, reterr_fault);
	work->job.kind = CHG_JOB_CCR;
	work->job.ccr = &work->ccr;
	work->job.write_answer = write_answer;
	return chg_wire_read_ccr(
		request, stage->strictness, &work->scratch, &work->ccr, reterr_fault);
}

static void refuse_busy(struct work *work)
{
	struct chg_aca busy = { .result_code = CHG_ANSWER_TOO_BUSY };
	if (work->job.kind == CHG_JOB_ACR) {
		answer(work, &busy);
		return;
	}
	work->job.rc = CHG_E_BUSY;
	work->job.code = CHG_CC_TOO_BUSY;
	answer_credit(work);
}

static enum chg_rc take_in(struct stage_engine *stage, struct work *work)
{
	struct chg_fault fault = { 0 };
	enum chg_rc rc = read_in(stage, work, &fault);
	if (rc == CHG_E_SYNTAX) {
		refuse(work, &fault);
		return CHG_OK;
	}
	if (rc != CHG_OK)
		return rc;
	rc = chg_engine_submit(stage->engine, &work->job);
	work->is_submitted = rc == CHG_OK;
	if (rc != CHG_OK)
		refuse_busy(work);
	return CHG_OK;
}

static enum chg_rc engine_exchange(void *self, struct chg_exchange *exchange, size_t count)
{
	struct stage_engine *stage = self;
	enum chg_rc rc = CHG_OK;
	struct work *works = calloc(count, sizeof *works);
	if (works == NULL)
		return CHG_E_NO_MEMORY;
	for (size_t i = 0; rc == CHG_OK && i < count; i++) {
		works[i].exchange = &exchange[i];
		exchange[i].outcome = CHG_OUTCOME_SILENT;
		rc = take_in(stage, &works[i]);
	}
	while (chg_engine_turn(stage->engine) != 0)
		;
	for (size_t i = 0; i < count; i++) {
		if (works[i].is_done && works[i].job.kind == CHG_JOB_ACR)
			answer(&works[i], &works[i].job.aca);
		chg_scratch_release(&works[i].scratch);
	}
	free(works);
	return rc;
}

static enum chg_rc engine_tick(void *self, int64_t seconds)
{
	struct stage_engine *stage = self;
	stage->now.wall = chg_instant_add(stage->now.wall, chg_span_s(seconds));
	stage->now.steady = chg_instant_add(stage->now.steady, chg_span_s(seconds));
	for (int i = 0; i < TURNS_PER_TICK; i++)
		chg_engine_turn(stage->engine);
	return CHG_OK;
}

static enum chg_rc engine_jump(void *self, int64_t seconds)
{
	struct stage_engine *stage = self;
	stage->now.wall = chg_instant_add(stage->now.wall, chg_span_s(seconds));
	for (int i = 0; i < TURNS_PER_TICK; i++)
		chg_engine_turn(stage->engine);
	return CHG_OK;
}

static enum chg_rc engine_restart(void *self, bool is_kill)
{
	struct stage_engine *stage = self;
	(void)is_kill;
	chg_engine_free(stage->engine);
	stage->engine = NULL;
	stage->now.steady = stage->now.wall;
	if (stage->database[0] != '\0') {
		close_store(stage);
		if (!open_store(stage))
			return CHG_E_STORE;
	}
	return open_engine(stage) ? CHG_OK : CHG_E_SYSTEM;
}

static enum chg_rc engine_connect(void *self, uint32_t peer, const struct chg_play_peer *who)
{
	struct stage_engine *stage = self;
	struct work work = {
		.job = { .magic = CHG_JOB_MAGIC, .kind = CHG_JOB_HOST_STATE, .done = on_done }
	};
	(void)peer;
	if (who->state_id == 0)
		return CHG_OK;
	work.job.acr = &work.acr;
	work.acr.origin_host = chg_view_of(who->host);
	work.acr.origin_realm = chg_view_of(who->realm);
	work.acr.origin_state_id = (chg_opt_u32){ true, who->state_id };
	enum chg_rc rc = chg_engine_submit(stage->engine, &work.job);
	while (rc == CHG_OK && !work.is_done)
		chg_engine_turn(stage->engine);
	return rc == CHG_OK ? work.job.rc : rc;
}

static enum chg_rc engine_store(void *self, enum chg_store_mood mood)
{
	((struct stage_engine *)self)->mood = mood;
	return CHG_OK;
}

static enum chg_rc fail_with(struct stage_engine *stage, enum chg_rc rc, const char *why)
{
	snprintf(stage->why, sizeof stage->why, "%s", why);
	return rc;
}

/* The parsed tariff comes into force with the version that the store gives it. */
static enum chg_rc add_tariff(
	struct stage_engine *stage, const struct chg_audit *audit, struct chg_view text)
{
	struct chg_tariff *tariff = calloc(1, sizeof *tariff);
	struct chg_tariff_errors *errors = calloc(1, sizeof *errors);
	enum chg_rc rc = CHG_E_NO_MEMORY;
	if (tariff != NULL && errors != NULL)
		rc = chg_tariff_read_text("tariff", text, tariff, errors);
	if (rc == CHG_E_CONFIG)
		fail_with(stage, rc, errors->item[0].text);
	free(errors);
	if (rc == CHG_OK)
		rc = stage->inner.books->tariff_add(stage->inner.self, stage->now, audit,
			chg_view_of(tariff->name), text, stage->now.wall, &tariff->version);
	if (rc != CHG_OK) {
		free(tariff);
		return rc;
	}
	free(stage->tariff);
	stage->tariff = tariff;
	return CHG_OK;
}

static enum chg_rc add_account(struct stage_engine *stage, const struct chg_audit *audit,
	const struct chg_play_change *change)
{
	const struct chg_books_ops *books = stage->inner.books;
	void *self = stage->inner.self;
	int64_t id;
	enum chg_rc rc = books->account_add(self, stage->now, audit, &change->account, &id);
	if (rc == CHG_OK && change->is_blocked)
		rc = books->account_set_status(
			self, stage->now, audit, change->account.name, CHG_ACCOUNT_BLOCKED);
	return rc;
}

static enum chg_rc top_up(struct stage_engine *stage, const struct chg_audit *audit,
	const struct chg_play_change *change)
{
	int64_t id;
	struct chg_posting_new posting = { .account = change->account.name,
		.kind = CHG_POSTING_TOPUP,
		.amount = change->amount.micros };
	return stage->inner.books->post(stage->inner.self, stage->now, audit, &posting, &id);
}

static enum chg_rc change_inside(struct stage_engine *stage, const struct chg_play_change *change)
{
	const struct chg_audit audit = { .who = CHG_VIEW("scenario"),
		.why = CHG_VIEW("the scenario says so") };
	switch (change->kind) {
	case CHG_BOOK_ACCOUNT:
		return add_account(stage, &audit, change);
	case CHG_BOOK_BUCKET:
		return stage->inner.books->bucket_add(stage->inner.self, stage->now, &audit,
			change->account.name, &change->bucket);
	case CHG_BOOK_STATUS:
		return stage->inner.books->account_set_status(stage->inner.self, stage->now, &audit,
			change->account.name,
			change->is_blocked ? CHG_ACCOUNT_BLOCKED : CHG_ACCOUNT_ACTIVE);
	case CHG_BOOK_TOPUP:
		return top_up(stage, &audit, change);
	case CHG_BOOK_TARIFF:
		break;
	}
	return add_tariff(stage, &audit, change->text);
}

static enum chg_rc engine_change(void *self, const struct chg_play_change *change)
{
	struct stage_engine *stage = self;
	struct chg_store *store = &stage->inner;
	stage->why[0] = '\0';
	enum chg_rc rc = store->ops->begin(store->self);
	if (rc != CHG_OK)
		return rc;
	rc = change_inside(stage, change);
	if (rc == CHG_OK)
		return store->ops->commit(store->self);
	store->ops->rollback(store->self);
	return rc;
}

static const struct chg_tariff *tariff_at(void *self, chg_instant now)
{
	(void)now;
	return ((const struct stage_engine *)self)->tariff;
}

static enum chg_rc engine_records(void *self, struct chg_store *ret)
{
	*ret = ((struct stage_engine *)self)->inner;
	return CHG_OK;
}

static void engine_records_done(void *self, struct chg_store *store)
{
	(void)self;
	(void)store;
}

static chg_instant engine_now(void *self)
{
	return ((const struct stage_engine *)self)->now.wall;
}

static const char *engine_why(void *self)
{
	const struct stage_engine *stage = self;
	return stage->why[0] == '\0' ? NULL : stage->why;
}

static const struct chg_stage_ops engine_ops = { .exchange = engine_exchange,
	.tick = engine_tick,
	.jump = engine_jump,
	.restart = engine_restart,
	.connect = engine_connect,
	.store = engine_store,
	.change = engine_change,
	.records = engine_records,
	.records_done = engine_records_done,
	.now = engine_now,
	.why = engine_why };

bool stage_engine_create(const struct chg_script *script, const char *database,
	struct stage_engine **ret, char *reterr_why, size_t why_size)
{
	struct stage_engine *stage = calloc(1, sizeof *stage);
	if (stage == NULL) {
		snprintf(reterr_why, why_size, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return false;
	}
	if (database != NULL)
		snprintf(stage->database, sizeof stage->database, "%s", database);
	stage->ops = engine_ops;
	stage->ops.bit = database == NULL ? CHG_STAGE_MEMORY : CHG_STAGE_SQLITE;
	stage->now = (struct chg_now){ first_moment, first_moment };
	stage->store =
		(struct chg_store){ .ops = &moody_ops, .self = stage, .books = &moody_books };
	/* The defaults of conf/charging.yaml. */
	stage->config = (struct chg_engine_config){ .queue_max = 8192,
		.batch_max = 256,
		.offline = { .session_idle = chg_span_s(86400), .skew_max = chg_span_s(86400) },
		.online = { .validity_s = 3600,
			.session_idle = chg_span_s(3600),
			.tombstone = chg_span_s(86400),
			.quantum = { [CHG_UNIT_MESSAGES] = 10, [CHG_UNIT_SECONDS] = 300 },
			.grant_max = { [CHG_UNIT_MESSAGES] = 1000, [CHG_UNIT_SECONDS] = 86400 },
			.tells_cost = true },
		.tariff_at = tariff_at,
		.tariff_self = stage,
		.seen_for = chg_span_s(INT64_C(35) * 86400) };
	set_octets(stage->config.online.quantum, 1048576);
	set_octets(stage->config.online.grant_max, 1073741824);

	bool is_fine = true;
	for (size_t i = 0; is_fine && i < script->config_count; i++)
		is_fine = set_config(stage, &script->config[i], stage->why, sizeof stage->why);
	is_fine = is_fine && open_store(stage) && open_engine(stage);
	if (!is_fine) {
		snprintf(reterr_why, why_size, "%s: %s", script->file, stage->why);
		stage_engine_free(stage);
		return false;
	}
	*ret = stage;
	return true;
}

void stage_engine_free(struct stage_engine *stage)
{
	if (stage == NULL)
		return;
	chg_engine_free(stage->engine);
	close_store(stage);
	free(stage->tariff);
	free(stage);
}

struct chg_stage stage_engine_stage(struct stage_engine *stage)
{
	return (struct chg_stage){ &stage->ops, stage };
}

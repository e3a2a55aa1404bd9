/* SPDX-License-Identifier: BSD-3-Clause
 * A request adds to an array that nobody else looks at; the meters of all threads hear of it once a
 * turn.
 */
#include "app/tally.h"

/* Long enough to be seen by somebody who looks every other second. */
#define PERIOD_US (5 * CHG_US_PER_S)

/* A steady clock does not go back, but a request may come while a turn that takes it begins. */
static uint64_t elapsed_us(chg_instant from, chg_instant to)
{
	return to.us > from.us ? (uint64_t)(to.us - from.us) : 0;
}

static void note_longest(struct chg_longest *longest, uint64_t us)
{
	if (us > longest->now_us)
		longest->now_us = us;
}

void chg_tally_turn(struct chg_tally *tally, uint32_t jobs, chg_instant oldest, chg_instant now)
{
	const struct chg_meters *meters = &tally->meters;
	chg_tally_add(tally, CHG_METER_TURNS, 1);
	meters->set(meters->self, CHG_METER_BATCH_JOBS, jobs);
	meters->set(meters->self, CHG_METER_BATCH_WAITED, elapsed_us(oldest, now));
}

void chg_tally_commit(
	struct chg_tally *tally, uint32_t expired, chg_instant before, chg_instant after)
{
	uint64_t took_us = elapsed_us(before, after);
	chg_tally_add(tally, CHG_METER_COMMITS, 1);
	chg_tally_add(tally, CHG_METER_SESSIONS_EXPIRED, expired);
	chg_tally_add(tally, CHG_METER_COMMIT_MICROSECONDS, took_us);
	note_longest(&tally->commit, took_us);
}

/* What a request was, by type; the types of both interfaces start at 1. */
static enum chg_meter request_meter(const struct chg_job *job)
{
	static const enum chg_meter acr[] = {
		[CHG_RECORD_EVENT] = CHG_METER_ACR_EVENT,
		[CHG_RECORD_START] = CHG_METER_ACR_START,
		[CHG_RECORD_INTERIM] = CHG_METER_ACR_INTERIM,
		[CHG_RECORD_STOP] = CHG_METER_ACR_STOP,
	};
	static const enum chg_meter ccr[] = {
		[CHG_CC_INITIAL] = CHG_METER_CCR_INITIAL,
		[CHG_CC_UPDATE] = CHG_METER_CCR_UPDATE,
		[CHG_CC_TERMINATION] = CHG_METER_CCR_TERMINATION,
		[CHG_CC_EVENT] = CHG_METER_CCR_EVENT,
	};
	return job->kind == CHG_JOB_CCR ? ccr[job->type] : acr[job->type];
}

static enum chg_meter answer_meter(const struct chg_job *job)
{
	uint32_t code = job->kind == CHG_JOB_CCR ? job->code : job->aca.result_code;
	if (job->rc == CHG_OK && (job->is_duplicate || code < 3000))
		return CHG_METER_ANSWER_SUCCESS;
	if (code < 4000 || code == CHG_ANSWER_OUT_OF_SPACE)
		return CHG_METER_ANSWER_TRANSIENT;
	return code < 5000 ? CHG_METER_ANSWER_DENIED : CHG_METER_ANSWER_PERMANENT;
}

void chg_tally_job(struct chg_tally *tally, const struct chg_job *job, chg_instant now)
{
	uint64_t took_us = elapsed_us(job->arrived, now);
	chg_tally_add(tally, CHG_METER_JOBS, 1);
	chg_tally_add(tally, CHG_METER_JOB_MICROSECONDS, took_us);
	note_longest(&tally->job, took_us);
	if (job->kind != CHG_JOB_ACR && job->kind != CHG_JOB_CCR)
		return;
	chg_tally_add(tally, request_meter(job), 1);
	chg_tally_add(tally, answer_meter(job), 1);
	if (job->rc == CHG_OK && job->is_duplicate)
		chg_tally_add(tally, CHG_METER_DUPLICATES, 1);
}

/* An idle engine turns as well, so nothing is told for much longer than two periods. */
static void begin_period(struct chg_tally *tally, chg_instant now)
{
	tally->job = (struct chg_longest){ .before_us = tally->job.now_us };
	tally->commit = (struct chg_longest){ .before_us = tally->commit.now_us };
	tally->period_end = chg_instant_add(now, (chg_span){ PERIOD_US });
}

static void tell_longest(
	const struct chg_tally *tally, enum chg_meter meter, const struct chg_longest *longest)
{
	const struct chg_meters *meters = &tally->meters;
	bool is_now = longest->now_us > longest->before_us;
	meters->set(meters->self, meter, is_now ? longest->now_us : longest->before_us);
}

static void tell_counts(struct chg_tally *tally)
{
	const struct chg_meters *meters = &tally->meters;
	for (size_t i = 0; i < CHG_METER_COUNT; i++) {
		if (tally->count[i] == 0)
			continue;
		meters->add(meters->self, (enum chg_meter)i, tally->count[i]);
		tally->count[i] = 0;
	}
	tally->has_news = false;
}

void chg_tally_tell(struct chg_tally *tally, chg_instant now)
{
	bool is_over = !chg_instant_before(now, tally->period_end);
	if (!tally->has_news && !is_over)
		return;
	tell_counts(tally);
	tell_longest(tally, CHG_METER_JOB_LONGEST, &tally->job);
	tell_longest(tally, CHG_METER_COMMIT_LONGEST, &tally->commit);
	if (is_over)
		begin_period(tally, now);
}

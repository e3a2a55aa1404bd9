/* SPDX-License-Identifier: BSD-3-Clause
 * The one writer: batches, refusals, a store that fails, supervision, many threads.
 */
#include "app/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/offline.h"
#include "store/memory/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"
#include "support/table.h"

#define S(n) ((n)*CHG_US_PER_S)

/* ---- What a test stands on ------------------------------------------------------------------- */

struct bench {
	struct faulty_store faulty;
	struct chg_store store;
	struct fake_clock clock;
	struct chg_engine_config config;
	struct chg_engine *engine;
	uint64_t counts[CHG_METER_COUNT];
	uint32_t lines; /* logged */
};

static void discard_line(void *self, enum chg_log_level level, const char *line)
{
	(void)level, (void)line;
	((struct bench *)self)->lines++;
}

static void count(void *self, enum chg_meter meter, uint64_t amount)
{
	((struct bench *)self)->counts[meter] += amount;
}

static void gauge(void *self, enum chg_meter meter, uint64_t value)
{
	((struct bench *)self)->counts[meter] = value;
}

static void make_engine(struct bench *bench)
{
	assert_int_equal(
		chg_engine_create(&bench->config, &bench->store, fake_clock_port(&bench->clock),
			(struct chg_log){ discard_line, bench },
			(struct chg_meters){ count, gauge, bench }, &bench->engine),
		CHG_OK);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct chg_store inner;
	assert_non_null(bench);
	assert_int_equal(chg_memory_store_open(&inner), CHG_OK);
	bench->store = faulty_store_wrap(&bench->faulty, inner);
	bench->clock = fake_clock_start();
	bench->config = (struct chg_engine_config){ .queue_max = 64, .batch_max = 32 };
	make_engine(bench);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	chg_engine_free(bench->engine);
	bench->store.ops->close(bench->store.self);
	free(bench);
	return 0;
}

/* The engine with other settings over the same store. */
static void set_config(struct bench *bench, struct chg_engine_config config)
{
	chg_engine_free(bench->engine);
	bench->config = config;
	make_engine(bench);
}

/* A job and how often it was finished. */
struct work {
	struct chg_job job; /* first */
	struct chg_acr acr;
	uint32_t opened; /* times */
	atomic_int done;
	char session[24];
};

static void on_done(struct chg_job *job)
{
	struct work *work = (struct work *)job;
	atomic_fetch_add(&work->done, 1);
}

static struct chg_job *acr_job(
	struct work *work, const char *session, enum chg_record_type type, uint32_t number)
{
	*work = (struct work){ 0 };
	snprintf(work->session, sizeof work->session, "%s", session);
	work->job.magic = CHG_JOB_MAGIC;
	work->job.kind = CHG_JOB_ACR;
	work->job.done = on_done;
	work->job.acr = &work->acr;
	work->acr = (struct chg_acr){
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(work->session),
		.type = type,
		.number = number,
		.content = CHG_VIEW("{}"),
	};
	return &work->job;
}

static void submit(struct bench *bench, struct chg_job *job)
{
	assert_int_equal(chg_engine_submit(bench->engine, job), CHG_OK);
}

static void assert_done(const struct work *work, enum chg_rc rc, uint32_t result_code)
{
	assert_int_equal(atomic_load(&work->done), 1);
	assert_int_equal(work->job.rc, rc);
	assert_int_equal(work->job.aca.result_code, result_code);
}

/* What the store holds, read around the faults. */
struct contents {
	uint32_t records, open, closed, entries;
	uint32_t marks; /* of all records */
};

static bool add_cdr(void *to, const struct chg_cdr *cdr)
{
	struct contents *contents = to;
	contents->records++;
	contents->open += cdr->state.status == CHG_CDR_OPEN;
	contents->closed += cdr->state.status == CHG_CDR_CLOSED;
	contents->entries += cdr->state.entry_count;
	contents->marks |= cdr->state.marks;
	return true;
}

static struct contents contents_of(struct bench *bench)
{
	struct contents contents = { 0 };
	struct chg_cdr_filter all = { 0 };
	struct chg_store *inner = &bench->faulty.inner;
	assert_int_equal(inner->ops->scan_cdrs(inner->self, &all, add_cdr, &contents), CHG_OK);
	return contents;
}

/* The request stands in full nowhere but while the engine looks at it. */
static struct chg_acr in_full;

static void open_job(struct chg_job *job)
{
	struct work *work = (struct work *)job;
	in_full = work->acr;
	work->opened++;
	job->acr = &in_full;
}

/* ---- Batches and the queue --------------------------------------------------------------------- */

static void a_request_that_waits_is_opened_when_it_is_looked_at(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	struct chg_acr read; /* by the one who submits: the next request's, right after */
	for (size_t i = 0; i < COUNT(work); i++) {
		char session[24];
		snprintf(session, sizeof session, "s%zu", i);
		acr_job(&work[i], session, CHG_RECORD_EVENT, 0);
		read = work[i].acr;
		work[i].job.acr = &read;
		work[i].job.open = open_job;
		submit(bench, &work[i].job);
		memset(&read, 0xa5, sizeof read);
	}
	faulty_store_fail_at(&bench->faulty, 2, CHG_E_STORE); /* each is looked at again, alone */
	assert_int_equal(chg_engine_turn(bench->engine), COUNT(work));
	for (size_t i = 0; i < COUNT(work); i++)
		assert_done(&work[i], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(work[0].opened, 2);
	assert_int_equal(contents_of(bench).records, COUNT(work));
	assert_int_equal(bench->counts[CHG_METER_ACR_EVENT], COUNT(work));
}

static void all_that_waits_is_one_transaction(void **state)
{
	struct bench *bench = *state;
	struct work work[5];
	for (size_t i = 0; i < COUNT(work); i++) {
		char session[24];
		snprintf(session, sizeof session, "s%zu", i);
		submit(bench, acr_job(&work[i], session, CHG_RECORD_EVENT, 0));
	}
	assert_int_equal(chg_engine_turn(bench->engine), COUNT(work));
	for (size_t i = 0; i < COUNT(work); i++)
		assert_done(&work[i], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(bench->counts[CHG_METER_COMMITS], 1);
	assert_int_equal(bench->counts[CHG_METER_ACR_EVENT], COUNT(work));
	assert_int_equal(bench->counts[CHG_METER_ANSWER_SUCCESS], COUNT(work));
	assert_int_equal(contents_of(bench).records, COUNT(work));
	assert_int_equal(chg_engine_turn(bench->engine), 0);
}

static void a_turn_takes_no_more_than_its_batch_and_the_oldest_first(void **state)
{
	struct bench *bench = *state;
	struct work work[5];
	set_config(bench, (struct chg_engine_config){ .queue_max = 64, .batch_max = 2 });
	for (size_t i = 0; i < COUNT(work); i++)
		submit(bench, acr_job(&work[i], "s", CHG_RECORD_EVENT, (uint32_t)i));
	for (size_t taken = 2; taken <= 6; taken += 2) {
		assert_int_equal(chg_engine_turn(bench->engine), taken <= 4 ? 2 : 1);
		for (size_t i = 0; i < COUNT(work); i++)
			assert_int_equal(atomic_load(&work[i].done), i < taken);
	}
	assert_int_equal(bench->counts[CHG_METER_COMMITS], 3);
}

static void no_answer_leaves_before_the_commit(void **state)
{
	struct bench *bench = *state;
	struct work work;
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	bench->faulty.rc = CHG_E_STORE_FULL;
	bench->faulty.is_failing[FAULTY_COMMIT] = true;
	chg_engine_turn(bench->engine);
	assert_done(&work, CHG_E_STORE_FULL, CHG_ANSWER_OUT_OF_SPACE); /* */
	assert_int_equal(contents_of(bench).records, 0);
	assert_int_equal(bench->counts[CHG_METER_COMMIT_FAILURES], 1);
}

static void a_full_queue_refuses_the_next_and_takes_again_after_a_turn(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	set_config(bench, (struct chg_engine_config){ .queue_max = 2, .batch_max = 2 });
	submit(bench, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	submit(bench, acr_job(&work[1], "b", CHG_RECORD_EVENT, 0));
	struct chg_job *third = acr_job(&work[2], "c", CHG_RECORD_EVENT, 0);
	assert_int_equal(chg_engine_submit(bench->engine, third), CHG_E_BUSY); /* F-001 */
	assert_int_equal(atomic_load(&work[2].done), 0);
	chg_engine_turn(bench->engine);
	submit(bench, third);
	chg_engine_turn(bench->engine);
	assert_done(&work[2], CHG_OK, CHG_ANSWER_SUCCESS);
}

static void a_drained_engine_finishes_what_waits_and_takes_no_more(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	submit(bench, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	submit(bench, acr_job(&work[1], "b", CHG_RECORD_EVENT, 0));
	chg_engine_drain(bench->engine);
	assert_done(&work[0], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_done(&work[1], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(
		chg_engine_submit(bench->engine, acr_job(&work[2], "c", CHG_RECORD_EVENT, 0)),
		CHG_E_CLOSED);
	chg_engine_drain(bench->engine);
	assert_int_equal(contents_of(bench).records, 2);
}

static void a_repeated_request_is_answered_again_and_counted(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	set_config(
		bench, (struct chg_engine_config){
			       .queue_max = 8, .batch_max = 8, .offline.interim_interval_s = 60 });
	submit(bench, acr_job(&work[0], "s", CHG_RECORD_START, 0));
	submit(bench, acr_job(&work[1], "s", CHG_RECORD_START, 0)); /* in the same turn */
	chg_engine_turn(bench->engine);
	submit(bench, acr_job(&work[2], "s", CHG_RECORD_START, 0));
	chg_engine_turn(bench->engine);
	for (size_t i = 0; i < COUNT(work); i++) {
		assert_done(&work[i], CHG_OK, CHG_ANSWER_SUCCESS);
		assert_int_equal(work[i].job.is_duplicate, i > 0);
		assert_int_equal(work[i].job.aca.interim_interval_s.value, 60); /* */
	}
	assert_int_equal(contents_of(bench).entries, 1);
	assert_int_equal(bench->counts[CHG_METER_DUPLICATES], 2);
}

static struct chg_engine_backlog backlog_of(struct bench *bench)
{
	struct chg_engine_backlog backlog;
	chg_engine_backlog(bench->engine, &backlog);
	return backlog;
}

static void what_waits_is_seen_while_it_waits(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	assert_int_equal(backlog_of(bench).jobs, 0);
	assert_int_equal(backlog_of(bench).oldest.us, 0);
	submit(bench, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	fake_clock_pass(&bench->clock, 300);
	submit(bench, acr_job(&work[1], "b", CHG_RECORD_EVENT, 0));
	fake_clock_pass(&bench->clock, 50);
	fake_clock_step_wall(&bench->clock, -S(60));
	assert_int_equal(backlog_of(bench).jobs, 2);
	assert_int_equal(backlog_of(bench).oldest.us, 350);
	chg_engine_turn(bench->engine);
	assert_int_equal(backlog_of(bench).jobs, 0);
	assert_int_equal(bench->counts[CHG_METER_BATCH_JOBS], 2);
	assert_int_equal(bench->counts[CHG_METER_BATCH_WAITED], 350);
	assert_int_equal(bench->counts[CHG_METER_JOB_MICROSECONDS], 350 + 50);
	assert_int_equal(bench->counts[CHG_METER_JOB_LONGEST], 350);
	assert_int_equal(bench->counts[CHG_METER_TURNS], 1);
}

static struct bench *counting;

static void on_done_counted(struct chg_job *job)
{
	on_done(job);
	assert_int_equal(counting->counts[CHG_METER_ANSWER_SUCCESS], 2);
	assert_int_equal(counting->counts[CHG_METER_COMMITS], 1);
}

static void whoever_has_his_answer_finds_it_counted(void **state)
{
	struct work work[2];
	counting = *state;
	submit(counting, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	submit(counting, acr_job(&work[1], "b", CHG_RECORD_EVENT, 0));
	work[0].job.done = on_done_counted;
	work[1].job.done = on_done_counted;
	chg_engine_turn(counting->engine);
	assert_int_equal(atomic_load(&work[1].done), 1);
}

/* ---- A store that fails -------------------------------------------------------------------------- */

static enum chg_rc poison(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	(void)job, (void)store, (void)now;
	return CHG_E_STORE;
}

static enum chg_rc cure(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	(void)job, (void)store, (void)now;
	return CHG_OK;
}

static struct chg_job *call_job(struct work *work,
	enum chg_rc (*call)(struct chg_job *job, struct chg_store *store, struct chg_now now))
{
	acr_job(work, "", CHG_RECORD_EVENT, 0);
	work->job.kind = CHG_JOB_CALL;
	work->job.call = call;
	return &work->job;
}

static void a_poisonous_job_is_refused_alone(void **state)
{
	struct bench *bench = *state;
	struct work work[4];
	submit(bench, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	submit(bench, call_job(&work[1], poison));
	submit(bench, acr_job(&work[2], "b", CHG_RECORD_EVENT, 0));
	submit(bench, call_job(&work[3], cure));
	assert_int_equal(chg_engine_turn(bench->engine), 4);
	assert_done(&work[0], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_done(&work[2], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(work[1].job.rc, CHG_E_STORE);
	assert_int_equal(atomic_load(&work[1].done), 1);
	assert_int_equal(work[3].job.rc, CHG_OK);
	assert_int_equal(contents_of(bench).records, 2);
}

static enum chg_rc find_damage(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	(void)job, (void)store, (void)now;
	return CHG_E_STORE_CORRUPT;
}

/* A prune may read a page that no request needs. */
static void damage_beside_charging_refuses_no_request(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	submit(bench, acr_job(&work[0], "a", CHG_RECORD_EVENT, 0));
	submit(bench, call_job(&work[1], find_damage));
	submit(bench, acr_job(&work[2], "b", CHG_RECORD_EVENT, 0));
	assert_int_equal(chg_engine_turn(bench->engine), 3);
	assert_done(&work[0], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(work[1].job.rc, CHG_E_STORE_CORRUPT);
	assert_done(&work[2], CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(contents_of(bench).records, 2);
}

static const struct failure_row {
	const char *says;
	enum chg_rc rc;
	uint32_t result_code;
} failure_rows[] = {
	{ "J-07 no room: keep it", CHG_E_STORE_FULL, CHG_ANSWER_OUT_OF_SPACE },
	{ "J-07 locked: keep it", CHG_E_STORE_BUSY, CHG_ANSWER_OUT_OF_SPACE },
	{ "J-07 damaged: keep it until somebody mended it", CHG_E_STORE_CORRUPT,
		CHG_ANSWER_OUT_OF_SPACE },
	{ "no memory: keep it", CHG_E_NO_MEMORY, CHG_ANSWER_OUT_OF_SPACE },
	{ "too much waits: try again", CHG_E_BUSY, CHG_ANSWER_TOO_BUSY },
	{ "the node stops: try elsewhere", CHG_E_CLOSED, CHG_ANSWER_TOO_BUSY },
	{ "a later try would meet it again", CHG_E_STORE, CHG_ANSWER_UNABLE_TO_COMPLY },
	{ "a value that fits nowhere", CHG_E_RANGE, CHG_ANSWER_UNABLE_TO_COMPLY },
};

static void failure_row_holds(void **state)
{
	const struct failure_row *row = *state;
	struct chg_aca aca = chg_offline_answer_failure(row->rc);
	assert_int_equal(aca.result_code, row->result_code);
	assert_false(aca.interim_interval_s.is_present);
}

static void trouble_of_the_store_is_told_to_all_and_passes(void **state)
{
	struct bench *bench = *state;
	static const enum chg_rc troubles[] = { CHG_E_STORE_FULL, CHG_E_STORE_BUSY,
		CHG_E_STORE_CORRUPT };
	static const enum faulty_call calls[] = { FAULTY_BEGIN, FAULTY_LOAD_ACCT, FAULTY_APPLY_ACCT,
		FAULTY_COMMIT };
	struct work work[3];
	uint32_t records = 0;
	for (size_t t = 0; t < COUNT(troubles); t++) {
		for (size_t c = 0; c < COUNT(calls); c++) {
			char session[24];
			snprintf(session, sizeof session, "s%zu-%zu", t, c);
			bench->faulty.rc = troubles[t];
			bench->faulty.is_failing[calls[c]] = true;
			for (uint32_t i = 0; i < COUNT(work); i++)
				submit(bench, acr_job(&work[i], session, CHG_RECORD_EVENT, i));
			chg_engine_turn(bench->engine);
			for (size_t i = 0; i < COUNT(work); i++)
				assert_done(&work[i], troubles[t], CHG_ANSWER_OUT_OF_SPACE);
			assert_int_equal(contents_of(bench).records, records);

			bench->faulty.is_failing[calls[c]] = false; /* N-175, A-079 */
			for (uint32_t i = 0; i < COUNT(work); i++)
				submit(bench, acr_job(&work[i], session, CHG_RECORD_EVENT, i));
			chg_engine_turn(bench->engine);
			for (size_t i = 0; i < COUNT(work); i++) {
				assert_done(&work[i], CHG_OK, CHG_ANSWER_SUCCESS);
				assert_false(work[i].job.is_duplicate);
			}
			records += COUNT(work);
			assert_int_equal(contents_of(bench).records, records);
		}
	}
	assert_true(bench->lines > 0);
}

/* A session of three requests and an event, with the k-th call of the store failing. */
static bool run_with_failure(struct bench *bench, uint64_t k, enum chg_rc rc)
{
	static const enum chg_record_type types[] = { CHG_RECORD_START, CHG_RECORD_EVENT,
		CHG_RECORD_INTERIM, CHG_RECORD_STOP };
	struct work work[COUNT(types)];
	char session[24];
	snprintf(session, sizeof session, "k%llu", (unsigned long long)k);
	struct contents before = contents_of(bench);

	for (uint32_t i = 0; i < COUNT(types); i++)
		submit(bench, acr_job(&work[i], session, types[i], i));
	faulty_store_fail_at(&bench->faulty, k, rc);
	chg_engine_turn(bench->engine);
	bool has_failed = bench->faulty.count >= bench->faulty.fail_at;
	faulty_store_fail_at(&bench->faulty, 0, CHG_OK);

	struct contents after = contents_of(bench);
	uint32_t recorded = 0;
	for (size_t i = 0; i < COUNT(types); i++) {
		assert_int_equal(atomic_load(&work[i].done), 1);
		recorded += work[i].job.rc == CHG_OK && types[i] != CHG_RECORD_EVENT;
		assert_int_equal(work[i].job.aca.result_code == CHG_ANSWER_SUCCESS,
			work[i].job.rc == CHG_OK);
	}
	assert_int_equal(after.entries - before.entries, recorded);

	/* The client repeats what was not answered well, and to be sure the rest as well. */
	for (uint32_t i = 0; i < COUNT(types); i++)
		submit(bench, acr_job(&work[i], session, types[i], i));
	chg_engine_turn(bench->engine);
	for (size_t i = 0; i < COUNT(types); i++)
		assert_done(&work[i], CHG_OK, CHG_ANSWER_SUCCESS);
	after = contents_of(bench);
	assert_int_equal(after.records, before.records + 2);
	assert_int_equal(after.entries, before.entries + 3);
	assert_int_equal(after.open, 0);
	return has_failed;
}

/* An empty store and an engine of its own. */
static void begin_afresh(struct bench *bench)
{
	struct chg_store inner;
	chg_engine_free(bench->engine);
	bench->store.ops->close(bench->store.self);
	assert_int_equal(chg_memory_store_open(&inner), CHG_OK);
	bench->store = faulty_store_wrap(&bench->faulty, inner);
	make_engine(bench);
}

static void whichever_call_fails_nothing_is_half_done_and_all_is_recorded_once(void **state)
{
	struct bench *bench = *state;
	static const enum chg_rc codes[] = { CHG_E_STORE_FULL, CHG_E_STORE_BUSY, CHG_E_STORE,
		CHG_E_STORE_CORRUPT };
	bench->config.offline.session_idle = (chg_span){ S(60) };
	for (size_t c = 0; c < COUNT(codes); c++) {
		begin_afresh(bench);
		uint64_t k = 1;
		while (run_with_failure(bench, k, codes[c]))
			begin_afresh(bench), k++;
		assert_true(k > 9); /* begin, four times load and apply, commit: they were met */
	}
}

/* ---- Time ----------------------------------------------------------------------------------------- */

static void silence_closes_a_session_by_the_steady_clock_alone(void **state)
{
	struct bench *bench = *state;
	struct work work;
	bench->config.offline.session_idle = (chg_span){ S(60) };
	set_config(bench, bench->config);
	submit(bench, acr_job(&work, "s", CHG_RECORD_START, 0));
	chg_engine_turn(bench->engine);
	fake_clock_step_wall(&bench->clock, S(86400));
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).open, 1);
	fake_clock_pass(&bench->clock, S(60) - 1);
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).open, 1);
	fake_clock_pass(&bench->clock, 1);
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).closed, 1);
	assert_int_equal(contents_of(bench).marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
	assert_int_equal(bench->counts[CHG_METER_SESSIONS_EXPIRED], 1);
}

static void an_interim_keeps_a_session_open(void **state)
{
	struct bench *bench = *state;
	struct work work;
	bench->config.offline.session_idle = (chg_span){ S(60) };
	set_config(bench, bench->config);
	submit(bench, acr_job(&work, "s", CHG_RECORD_START, 0));
	chg_engine_turn(bench->engine);
	for (uint32_t i = 1; i < 5; i++) {
		fake_clock_pass(&bench->clock, S(59));
		submit(bench, acr_job(&work, "s", CHG_RECORD_INTERIM, i));
		chg_engine_turn(bench->engine);
		assert_int_equal(contents_of(bench).open, 1);
	}
}

static void supervision_that_fails_is_tried_again_and_refuses_nobody(void **state)
{
	struct bench *bench = *state;
	struct work work;
	bench->config.offline.session_idle = (chg_span){ S(60) };
	set_config(bench, bench->config);
	submit(bench, acr_job(&work, "s", CHG_RECORD_START, 0));
	chg_engine_turn(bench->engine);
	fake_clock_pass(&bench->clock, S(61));
	bench->faulty.rc = CHG_E_STORE_BUSY;
	bench->faulty.is_failing[FAULTY_EXPIRE_DUE] = true;
	submit(bench, acr_job(&work, "other", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	assert_done(&work, CHG_OK, CHG_ANSWER_SUCCESS);
	assert_int_equal(contents_of(bench).open, 1);
	bench->faulty.is_failing[FAULTY_EXPIRE_DUE] = false;
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).open, 0);
	assert_int_equal(bench->counts[CHG_METER_SESSIONS_EXPIRED], 1);
}

static void more_sessions_than_one_turn_closes_are_closed_by_the_next(void **state)
{
	struct bench *bench = *state;
	static struct work work[100];
	set_config(bench,
		(struct chg_engine_config){
			.queue_max = 128, .batch_max = 128, .offline.session_idle = { S(60) } });
	for (uint32_t i = 0; i < COUNT(work); i++) {
		char session[24];
		snprintf(session, sizeof session, "s%u", i);
		submit(bench, acr_job(&work[i], session, CHG_RECORD_START, 0));
	}
	chg_engine_turn(bench->engine);
	fake_clock_pass(&bench->clock, S(61));
	chg_engine_turn(bench->engine);
	assert_true(contents_of(bench).open > 0);
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).open, 0);
}

static void duplicates_are_known_for_as_long_as_configured(void **state)
{
	struct bench *bench = *state;
	struct work work;
	bench->config.seen_for = (chg_span){ S(3600) };
	set_config(bench, bench->config);
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	fake_clock_pass(&bench->clock, S(3500));
	chg_engine_turn(bench->engine);
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	assert_true(work.job.is_duplicate);
	fake_clock_pass(&bench->clock, S(200)); /* J-21 */
	chg_engine_turn(bench->engine);
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	assert_false(work.job.is_duplicate);
}

static void without_a_limit_duplicates_are_known_for_ever(void **state)
{
	struct bench *bench = *state;
	struct work work;
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	fake_clock_pass(&bench->clock, S(INT64_C(86400) * 3650));
	chg_engine_turn(bench->engine);
	assert_int_equal(bench->faulty.counts[FAULTY_FORGET_SEEN], 0);
	submit(bench, acr_job(&work, "s", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	assert_true(work.job.is_duplicate);
}

static struct chg_job *host_job(struct work *work, uint32_t origin_state_id)
{
	acr_job(work, "", CHG_RECORD_EVENT, 0);
	work->job.kind = CHG_JOB_HOST_STATE;
	work->acr.origin_state_id = (chg_opt_u32){ true, origin_state_id };
	return &work->job;
}

static void a_peer_that_connects_anew_ends_its_old_sessions(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	acr_job(&work[0], "s", CHG_RECORD_START, 0);
	work[0].acr.origin_state_id = (chg_opt_u32){ true, 5 };
	submit(bench, &work[0].job);
	chg_engine_turn(bench->engine);
	submit(bench, host_job(&work[0], 5));
	chg_engine_turn(bench->engine);
	assert_int_equal(contents_of(bench).open, 1);

	/* In a turn that has to be run again job by job, the closed session is counted once. */
	submit(bench, host_job(&work[0], 6));
	submit(bench, call_job(&work[1], poison));
	chg_engine_turn(bench->engine);
	assert_int_equal(work[0].job.rc, CHG_OK);
	assert_int_equal(contents_of(bench).open, 0);
	assert_int_equal(bench->counts[CHG_METER_SESSIONS_EXPIRED], 1);
}

/* ---- Threads --------------------------------------------------------------------------------------- */

enum { PRODUCERS = 4, JOBS_EACH = 300 };

struct producer {
	struct bench *bench;
	pthread_t thread;
	uint32_t id;
	uint32_t refused;
	struct work *work;
};

static void *produce(void *arg)
{
	struct producer *producer = arg;
	for (uint32_t i = 0; i < JOBS_EACH; i++) {
		char session[24];
		snprintf(session, sizeof session, "p%u", producer->id);
		struct chg_job *job = acr_job(&producer->work[i], session, CHG_RECORD_EVENT, i);
		while (chg_engine_submit(producer->bench->engine, job) == CHG_E_BUSY) {
			producer->refused++;
			sched_yield();
		}
	}
	return NULL;
}

static void no_count(void *self, enum chg_meter meter, uint64_t amount)
{
	(void)self, (void)meter, (void)amount;
}

static void many_threads_have_every_job_finished_exactly_once(void **state)
{
	struct bench *bench = *state;
	struct producer producers[PRODUCERS] = { 0 };
	chg_engine_free(bench->engine);
	bench->config = (struct chg_engine_config){ .queue_max = 16, .batch_max = 8 };
	assert_int_equal(
		chg_engine_create(&bench->config, &bench->store, fake_clock_port(&bench->clock),
			(struct chg_log){ discard_line, bench },
			(struct chg_meters){ no_count, no_count, NULL }, &bench->engine),
		CHG_OK);
	assert_int_equal(chg_engine_start(bench->engine), CHG_OK);
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){ .bench = bench, .id = i };
		producers[i].work = calloc(JOBS_EACH, sizeof *producers[i].work);
		assert_non_null(producers[i].work);
		assert_int_equal(
			pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
	}
	for (uint32_t i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i].thread, NULL);
	chg_engine_drain(bench->engine);
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		for (uint32_t k = 0; k < JOBS_EACH; k++)
			assert_done(&producers[i].work[k], CHG_OK, CHG_ANSWER_SUCCESS);
		free(producers[i].work);
	}
	assert_int_equal(contents_of(bench).records, PRODUCERS * JOBS_EACH);
}

/* What was finished when the end of a turn was told. */
struct turn_ends {
	const struct work *work;
	uint32_t work_count;
	uint32_t told;
	uint32_t finished;
};

static void note_turn_end(void *self)
{
	struct turn_ends *ends = self;
	ends->told++;
	ends->finished = 0;
	for (uint32_t i = 0; i < ends->work_count; i++)
		ends->finished += (uint32_t)atomic_load(&ends->work[i].done);
}

static void the_end_of_a_turn_is_told_once_after_all_its_jobs(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	struct turn_ends ends = { .work = work, .work_count = COUNT(work) };
	chg_engine_set_turn_done(bench->engine, note_turn_end, &ends);
	chg_engine_turn(bench->engine);
	assert_int_equal(ends.told, 0); /* nothing was finished */

	for (uint32_t i = 0; i < COUNT(work); i++)
		submit(bench, acr_job(&work[i], i == 1 ? "b" : "a", CHG_RECORD_EVENT, i));
	chg_engine_turn(bench->engine);
	assert_int_equal(ends.told, 1);
	assert_int_equal(ends.finished, COUNT(work));

	for (uint32_t i = 0; i < COUNT(work); i++)
		submit(bench, acr_job(&work[i], "c", CHG_RECORD_EVENT, i));
	faulty_store_fail_at(&bench->faulty, 2, CHG_E_SYSTEM); /* then one by one */
	chg_engine_turn(bench->engine);
	assert_int_equal(ends.told, 2);
	assert_int_equal(ends.finished, COUNT(work));

	chg_engine_set_turn_done(bench->engine, NULL, NULL);
	submit(bench, acr_job(&work[0], "d", CHG_RECORD_EVENT, 0));
	chg_engine_turn(bench->engine);
	assert_int_equal(ends.told, 2);
}

static void an_engine_without_work_starts_and_stops(void **state)
{
	struct bench *bench = *state;
	assert_int_equal(chg_engine_start(bench->engine), CHG_OK);
	chg_engine_drain(bench->engine);
	chg_engine_drain(bench->engine);
	chg_engine_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_request_that_waits_is_opened_when_it_is_looked_at),
		CASE(all_that_waits_is_one_transaction),
		CASE(a_turn_takes_no_more_than_its_batch_and_the_oldest_first),
		CASE(no_answer_leaves_before_the_commit),
		CASE(a_full_queue_refuses_the_next_and_takes_again_after_a_turn),
		CASE(a_drained_engine_finishes_what_waits_and_takes_no_more),
		CASE(a_repeated_request_is_answered_again_and_counted),
		CASE(what_waits_is_seen_while_it_waits),
		CASE(whoever_has_his_answer_finds_it_counted),
		CASE(a_poisonous_job_is_refused_alone),
		CASE(damage_beside_charging_refuses_no_request),
		CASE(trouble_of_the_store_is_told_to_all_and_passes),
		CASE(whichever_call_fails_nothing_is_half_done_and_all_is_recorded_once),
		CASE(silence_closes_a_session_by_the_steady_clock_alone),
		CASE(an_interim_keeps_a_session_open),
		CASE(supervision_that_fails_is_tried_again_and_refuses_nobody),
		CASE(more_sessions_than_one_turn_closes_are_closed_by_the_next),
		CASE(duplicates_are_known_for_as_long_as_configured),
		CASE(without_a_limit_duplicates_are_known_for_ever),
		CASE(a_peer_that_connects_anew_ends_its_old_sessions),
		CASE(many_threads_have_every_job_finished_exactly_once),
		CASE(the_end_of_a_turn_is_told_once_after_all_its_jobs),
		CASE(an_engine_without_work_starts_and_stops),
	};
	return TABLE_RUN("the answer to a failure", failure_rows, failure_row_holds) +
	       cmocka_run_group_tests_name("the engine", tests, NULL, NULL);
}

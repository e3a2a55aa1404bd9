/* SPDX-License-Identifier: BSD-3-Clause
 * CH-2 through the engine: one transaction per turn, repetitions, failures, shared accounts.
 */
#include "app/online.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/engine.h"
#include "store/memory/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"
#include "support/table.h"

#define S(n) ((n)*CHG_US_PER_S)
#define CT   INT64_C(10000) /* micros of a cent */

enum { MANY = 100, ANSWER_MAX = 512 };

/* ---- What a test stands on ------------------------------------------------------------------- */

struct bench {
	struct faulty_store faulty;
	struct chg_store store;
	struct fake_clock clock;
	struct chg_engine_config config;
	struct chg_engine *engine;
	struct chg_tariff tariff; /* one message: 10 ct */
	bool has_no_tariff;
	uint64_t counts[CHG_METER_COUNT];
	char line[512]; /* the last one that was logged */
};

static void keep_line(void *self, enum chg_log_level level, const char *line)
{
	struct bench *bench = self;
	(void)level;
	snprintf(bench->line, sizeof bench->line, "%s", line);
}

static void count(void *self, enum chg_meter meter, uint64_t amount)
{
	((struct bench *)self)->counts[meter] += amount;
}

static void gauge(void *self, enum chg_meter meter, uint64_t value)
{
	((struct bench *)self)->counts[meter] = value;
}

static const struct chg_tariff *tariff_at(void *self, chg_instant now)
{
	const struct bench *bench = self;
	(void)now;
	return bench->has_no_tariff ? NULL : &bench->tariff;
}

static void make_engine(struct bench *bench)
{
	assert_int_equal(
		chg_engine_create(&bench->config, &bench->store, fake_clock_port(&bench->clock),
			(struct chg_log){ keep_line, bench },
			(struct chg_meters){ count, gauge, bench }, &bench->engine),
		CHG_OK);
}

/* The node goes and comes back; the disk stays. */
static void restart(struct bench *bench)
{
	chg_engine_free(bench->engine);
	make_engine(bench);
}

static void make_tariff(struct bench *bench)
{
	bench->tariff = (struct chg_tariff){ .version = 1, .currency = { 978 }, .rule_count = 1 };
	bench->tariff.rule[0] = (struct chg_tariff_rule){
		.name = "message",
		.kind = CHG_TARIFF_FLAT,
		.unit = CHG_UNIT_MESSAGES,
		.per = 1,
		.increment = 1,
		.band_count = 1,
		.band = { { .days = 0xff, .until_minute = 1440, .price = { 10 * CT } } },
	};
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct chg_store inner;
	assert_non_null(bench);
	assert_int_equal(chg_memory_store_open(&inner), CHG_OK);
	bench->store = faulty_store_wrap(&bench->faulty, inner);
	bench->clock = fake_clock_start();
	make_tariff(bench);
	bench->config = (struct chg_engine_config){
		.queue_max = 256,
		.batch_max = 128,
		.online = { .session_idle = { S(600) },
			.tombstone = { S(3600) },
			.refund_max = { 100 * CT } },
		.tariff_at = tariff_at,
		.tariff_self = bench,
		.seen_for = { S(86400) },
	};
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		bench->config.online.quantum[i] = bench->config.online.grant_max[i] = 1000;
	make_engine(bench);
	*state = bench;
	return 0;
}

static bool no_broken_law(void *to, struct chg_view law, struct chg_view row)
{
	(void)to;
	fail_msg("the books: %.*s: %.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
	return true;
}

/* Whatever a test did, the books must add up at its end. */
static int tear_down(void **state)
{
	struct bench *bench = *state;
	const struct chg_store *inner = &bench->faulty.inner;
	chg_engine_free(bench->engine);
	assert_int_equal(inner->books->verify(inner->self, no_broken_law, NULL), CHG_OK);
	bench->store.ops->close(bench->store.self);
	free(bench);
	return 0;
}

/* An account of so many cents, whose identity is its name. */
static void add_account(struct bench *bench, const char *name, int64_t cents)
{
	const struct chg_store *inner = &bench->faulty.inner;
	struct chg_audit audit = { CHG_VIEW("a test"), CHG_VIEW("to have one") };
	struct chg_account_new account = { .name = chg_view_of(name),
		.currency = { 978 },
		.opening = { cents * CT },
		.identity_count = 1 };
	int64_t account_id;
	account.identity[0] = (struct chg_identity_ask){ .type = CHG_IDENTITY_PRIVATE,
		.text = chg_view_of(name) };
	assert_int_equal(
		chg_identity_key(CHG_IDENTITY_PRIVATE, chg_view_of(name), &account.identity[0].key),
		CHG_OK);
	assert_int_equal(inner->ops->begin(inner->self), CHG_OK);
	assert_int_equal(inner->books->account_add(
				 inner->self, bench->clock.now, &audit, &account, &account_id),
		CHG_OK);
	assert_int_equal(inner->ops->commit(inner->self), CHG_OK);
}

static bool copy_main_bucket(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	(void)identity, (void)identity_count;
	*(struct chg_bucket *)to = account->bucket[0];
	return true;
}

static void assert_account(
	struct bench *bench, const char *name, int64_t cents, int64_t reserved_cents)
{
	const struct chg_store *inner = &bench->faulty.inner;
	struct chg_bucket bucket = { 0 };
	assert_int_equal(inner->books->account_find(
				 inner->self, chg_view_of(name), copy_main_bucket, &bucket),
		CHG_OK);
	assert_int_equal(bucket.balance, cents * CT);
	assert_int_equal(bucket.reserved, reserved_cents * CT);
}

static bool count_line(void *to, const struct chg_ledger_line *line)
{
	(void)line;
	++*(uint32_t *)to;
	return true;
}

static uint32_t ledger_lines(struct bench *bench)
{
	const struct chg_store *inner = &bench->faulty.inner;
	struct chg_ledger_filter all = { .limit = 100000 };
	uint32_t lines = 0;
	assert_int_equal(inner->books->ledger_scan(inner->self, &all, count_line, &lines), CHG_OK);
	return lines;
}

struct records {
	uint32_t count, open, closed, abnormal;
};

static bool add_record(void *to, const struct chg_cdr *cdr)
{
	struct records *records = to;
	records->count++;
	records->open += cdr->state.status == CHG_CDR_OPEN;
	records->closed += cdr->state.status == CHG_CDR_CLOSED;
	records->abnormal += (cdr->state.marks & CHG_MARK_ABNORMAL) != 0;
	return true;
}

static struct records records_of(struct bench *bench)
{
	struct records records = { 0 };
	struct chg_cdr_filter all = { 0 };
	const struct chg_store *inner = &bench->faulty.inner;
	assert_int_equal(inner->ops->scan_cdrs(inner->self, &all, add_record, &records), CHG_OK);
	return records;
}

/* ---- Requests ---------------------------------------------------------------------------------- */

/* A request, and what became of it. */
struct work {
	struct chg_job job; /* first */
	struct chg_ccr ccr;
	struct chg_acr acr;
	struct chg_cca cca; /* that was decided last */
	atomic_int done;
	char session[24];
	char identity[24];
	char answer[ANSWER_MAX]; /* the octets that would have been sent */
	size_t answer_len;
	bool cannot_be_written;
};

static void on_done(struct chg_job *job)
{
	struct work *work = (struct work *)job;
	atomic_fetch_add(&work->done, 1);
	assert_true(job->kept.len <= sizeof work->answer);
	if (job->kept.len > 0)
		memcpy(work->answer, job->kept.ptr, job->kept.len);
	work->answer_len = job->kept.len;
}

/* The answer as a text that tells everything which must not change. */
static size_t write_answer(struct chg_job *job, const struct chg_cca *cca, uint8_t *to, size_t size)
{
	struct work *work = (struct work *)job;
	chg_cca_copy(&work->cca, cca);
	if (work->cannot_be_written)
		return 0;
	int len = snprintf((char *)to, size, "%u", cca->result_code);
	for (size_t i = 0; i < cca->service_count; i++)
		len += snprintf((char *)to + len, size - (size_t)len, " %u:%llu%s",
			cca->service[i].result_code,
			(unsigned long long)cca->service[i].granted.of[CHG_UNIT_MESSAGES].value,
			cca->service[i].is_final ? "!" : "");
	return (size_t)len;
}

static struct chg_job *ccr_job(struct work *work, const char *session, const char *identity,
	enum chg_cc_type type, uint32_t number)
{
	static const enum chg_record_type record[] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_STOP, CHG_RECORD_EVENT };
	*work = (struct work){ 0 };
	snprintf(work->session, sizeof work->session, "%s", session);
	snprintf(work->identity, sizeof work->identity, "%s", identity);
	struct chg_ccr *ccr = &work->ccr;
	ccr->type = type;
	ccr->data = (struct chg_acr){
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(work->session),
		.service_context_id = CHG_VIEW("im@example.net"),
		.type = record[type - 1],
		.number = number,
		.content = CHG_VIEW("{}"),
	};
	ccr->identity_count = 1;
	ccr->identity[0] = (struct chg_identity_ask){ .type = CHG_IDENTITY_PRIVATE,
		.text = chg_view_of(work->identity) };
	assert_int_equal(chg_identity_key(CHG_IDENTITY_PRIVATE, ccr->identity[0].text,
				 &ccr->identity[0].key),
		CHG_OK);
	ccr->service_count = 1;
	work->job.magic = CHG_JOB_MAGIC;
	work->job.kind = CHG_JOB_CCR;
	work->job.ccr = ccr;
	work->job.write_answer = write_answer;
	work->job.done = on_done;
	return &work->job;
}

/* What of messages: UINT64_MAX says nothing. */
#define NOTHING UINT64_MAX

static struct chg_job *units_job(struct work *work, const char *session, const char *identity,
	enum chg_cc_type type, uint32_t number, uint64_t used, uint64_t asked)
{
	ccr_job(work, session, identity, type, number);
	struct chg_service_ask *ask = &work->ccr.service[0];
	if (asked != NOTHING) {
		ask->requested.is_present = true;
		ask->requested.of[CHG_UNIT_MESSAGES] = (chg_opt_u64){ true, asked };
	}
	if (used != NOTHING) {
		ask->used_count = 1;
		ask->used[0].units.is_present = true;
		ask->used[0].units.of[CHG_UNIT_MESSAGES] = (chg_opt_u64){ true, used };
	}
	work->ccr.data.digest.bytes[0] = (uint8_t)used;
	work->ccr.data.digest.bytes[1] = (uint8_t)asked;
	return &work->job;
}

static struct chg_job *initial(struct work *work, const char *session, uint64_t asked)
{
	return units_job(work, session, "alice", CHG_CC_INITIAL, 0, NOTHING, asked);
}

static struct chg_job *update(
	struct work *work, const char *session, uint32_t number, uint64_t used, uint64_t asked)
{
	return units_job(work, session, "alice", CHG_CC_UPDATE, number, used, asked);
}

static struct chg_job *termination(
	struct work *work, const char *session, uint32_t number, uint64_t used)
{
	return units_job(work, session, "alice", CHG_CC_TERMINATION, number, used, NOTHING);
}

static struct chg_job *debit(struct work *work, const char *session, uint64_t asked)
{
	struct chg_job *job = units_job(work, session, "alice", CHG_CC_EVENT, 0, NOTHING, asked);
	work->ccr.action = (chg_opt_u32){ true, CHG_ACTION_DIRECT_DEBITING };
	return job;
}

static struct chg_job *acr_job(struct work *work, const char *session, uint32_t origin_state_id)
{
	ccr_job(work, session, "alice", CHG_CC_EVENT, 7);
	work->job.kind = CHG_JOB_ACR;
	work->job.acr = &work->acr;
	work->acr = work->ccr.data;
	work->acr.origin_state_id = (chg_opt_u32){ origin_state_id != 0, origin_state_id };
	return &work->job;
}

static struct chg_job *with_state(struct work *work, uint32_t origin_state_id)
{
	work->ccr.data.origin_state_id = (chg_opt_u32){ true, origin_state_id };
	return &work->job;
}

static void submit(struct bench *bench, struct chg_job *job)
{
	assert_int_equal(chg_engine_submit(bench->engine, job), CHG_OK);
}

static void handle(struct bench *bench, struct chg_job *job)
{
	submit(bench, job);
	chg_engine_turn(bench->engine);
}

static void assert_answer(const struct work *work, const char *answer)
{
	assert_int_equal(atomic_load(&work->done), 1);
	assert_int_equal(work->job.rc, CHG_OK);
	assert_int_equal(work->answer_len, strlen(answer));
	assert_memory_equal(work->answer, answer, strlen(answer));
}

static void assert_refused(const struct work *work, enum chg_rc rc, uint32_t result_code)
{
	assert_int_equal(atomic_load(&work->done), 1);
	assert_int_equal(work->job.rc, rc);
	assert_int_equal(work->job.code, result_code);
	assert_int_equal(work->answer_len, 0); /* nothing of an answer that was not kept */
}

/* ---- Turns ----------------------------------------------------------------------------------------- */

static void all_that_waits_is_one_transaction(void **state)
{
	struct bench *bench = *state;
	struct work work[4];
	add_account(bench, "alice", 1000);
	chg_engine_turn(bench->engine); /* forgets what there is to forget */
	bench->counts[CHG_METER_COMMITS] = 0;
	submit(bench, initial(&work[0], "a", 5));
	submit(bench, debit(&work[1], "b", 2));
	submit(bench, update(&work[2], "a", 1, 5, 5));
	submit(bench, acr_job(&work[3], "a", 0));
	assert_int_equal(chg_engine_turn(bench->engine), 4);
	assert_answer(&work[0], "2001 2001:5");
	assert_answer(&work[1], "2001 2001:2");
	assert_answer(&work[2], "2001 2001:5");
	assert_int_equal(work[3].job.aca.result_code, CHG_ANSWER_SUCCESS);
	assert_int_equal(bench->counts[CHG_METER_COMMITS], 1);
	assert_int_equal(bench->counts[CHG_METER_CCR_INITIAL], 1);
	assert_int_equal(bench->counts[CHG_METER_CCR_UPDATE], 1);
	assert_int_equal(bench->counts[CHG_METER_CCR_EVENT], 1);
	assert_int_equal(bench->counts[CHG_METER_ANSWER_SUCCESS], 4);
	assert_account(bench, "alice", 930, 50);
	assert_int_equal(records_of(bench).count, 3);
}

static void a_session_from_start_to_end_has_one_record(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 1000);
	handle(bench, initial(&work, "a", 5));
	handle(bench, update(&work, "a", 1, 5, 5));
	assert_int_equal(records_of(bench).open, 1);
	handle(bench, termination(&work, "a", 2, 1));
	assert_account(bench, "alice", 940, 0);
	assert_int_equal(records_of(bench).closed, 1);
	assert_int_equal(records_of(bench).count, 1);
	assert_int_equal(records_of(bench).abnormal, 0);
}

static void no_answer_leaves_before_the_commit(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 1000);
	submit(bench, debit(&work, "a", 5)); /* B-184 */
	bench->faulty.rc = CHG_E_STORE_FULL;
	bench->faulty.is_failing[FAULTY_COMMIT] = true;
	chg_engine_turn(bench->engine);
	bench->faulty.is_failing[FAULTY_COMMIT] = false;
	assert_refused(&work, CHG_E_STORE_FULL, CHG_CC_TOO_BUSY);
	assert_account(bench, "alice", 1000, 0);
}

static void a_poisonous_request_is_refused_alone(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	add_account(bench, "alice", 1000);
	submit(bench, debit(&work[0], "a", 1));
	submit(bench, debit(&work[1], "b", 2));
	submit(bench, debit(&work[2], "c", 3));
	work[1].cannot_be_written = true;
	assert_int_equal(chg_engine_turn(bench->engine), 3);
	assert_answer(&work[0], "2001 2001:1");
	assert_refused(&work[1], CHG_E_RANGE, CHG_CC_UNABLE_TO_COMPLY);
	assert_answer(&work[2], "2001 2001:3");
	assert_account(bench, "alice", 960, 0);
	assert_int_equal(records_of(bench).count, 2);
}

static void without_a_tariff_nobody_is_charged(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 1000);
	bench->has_no_tariff = true;
	handle(bench, debit(&work, "a", 1));
	assert_answer(&work, "5031 2001:0");
	bench->has_no_tariff = false;
	handle(bench, debit(&work, "a", 1)); /* */
	assert_answer(&work, "2001 2001:1");
	assert_account(bench, "alice", 990, 0);
}

static void a_node_that_does_not_serve_it_says_so(void **state)
{
	struct bench *bench = *state;
	struct work work;
	bench->config.tariff_at = NULL;
	restart(bench);
	handle(bench, debit(&work, "a", 1));
	assert_refused(&work, CHG_E_UNKNOWN, CHG_CC_UNABLE_TO_COMPLY);
}

static void an_alarm_is_counted_and_logged(void **state)
{
	struct bench *bench = *state;
	struct work work;
	handle(bench, termination(&work, "nobody's", 3, 5));
	assert_answer(&work, "5002 2001:0");
	assert_int_equal(bench->counts[CHG_METER_ALARMS], 1);
	assert_non_null(strstr(bench->line, "credit.alarm"));
	assert_non_null(strstr(bench->line, "session=nobody's number=3"));
	handle(bench, termination(&work, "nobody's", 3, 5)); /* its suspense is kept once */
	assert_true(work.job.is_duplicate);
	assert_int_equal(bench->counts[CHG_METER_ALARMS], 1);
}

/* ---- Repetitions ------------------------------------------------------------------------------------- */

static void a_repeated_request_gets_the_same_octets_and_moves_nothing(void **state)
{
	struct bench *bench = *state;
	struct work first, again;
	static const char *const answer[] = { "2001 2001:8!", "2001 2001:6!", "2001 2001:0" };
	add_account(bench, "alice", 80);
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t k = 0; k < 3; k++) { /* */
			struct work *work = k == 0 ? &first : &again;
			struct chg_job *job = i == 0   ? initial(work, "a", 9)
					      : i == 1 ? update(work, "a", 1, 2, 9)
						       : termination(work, "a", 2, 1);
			work->ccr.data.is_retransmission = k == 2;
			handle(bench, job);
			assert_answer(work, answer[i]);
			assert_int_equal(job->is_duplicate, k > 0);
			if (k == 1)
				restart(bench);
		}
	}
	assert_account(bench, "alice", 50, 0);
	assert_int_equal(bench->counts[CHG_METER_DUPLICATES], 6);
}

static void a_request_repeated_in_the_same_turn_is_charged_once(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	add_account(bench, "alice", 1000);
	for (size_t i = 0; i < COUNT(work); i++) /* */
		submit(bench, debit(&work[i], "a", 5));
	chg_engine_turn(bench->engine);
	for (size_t i = 0; i < COUNT(work); i++)
		assert_answer(&work[i], "2001 2001:5");
	assert_account(bench, "alice", 950, 0);
}

static void a_repeated_request_is_refused_by_a_full_disk_no_more_than_others(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 1000);
	bench->faulty.rc = CHG_E_STORE_FULL;
	bench->faulty.is_failing[FAULTY_BOOKS_APPLY] = true;
	handle(bench, debit(&work, "a", 5));
	assert_refused(&work, CHG_E_STORE_FULL, CHG_CC_TOO_BUSY); /* N-176 */
	bench->faulty.is_failing[FAULTY_BOOKS_APPLY] = false;
	handle(bench, debit(&work, "a", 5)); /* its second try is its first */
	assert_answer(&work, "2001 2001:5");
	assert_false(work.job.is_duplicate);
	assert_account(bench, "alice", 950, 0);
}

static void answers_are_known_for_as_long_as_configured(void **state)
{
	struct bench *bench = *state;
	struct work work, other;
	add_account(bench, "alice", 1000);
	handle(bench, debit(&work, "a", 5));
	fake_clock_pass(&bench->clock, S(86400) - 1);
	chg_engine_turn(bench->engine);
	handle(bench, debit(&work, "a", 5)); /* */
	assert_true(work.job.is_duplicate);
	/* Stores forget whole epochs, and one begins with the first key after the last has ended. */
	static const char *const others[] = { "b", "c" };
	for (size_t i = 0; i < COUNT(others); i++) {
		fake_clock_pass(&bench->clock, S(86400) + S(60));
		chg_engine_turn(bench->engine);
		handle(bench, debit(&other, others[i], 5));
	}
	fake_clock_pass(&bench->clock, S(60));
	chg_engine_turn(bench->engine);
	handle(bench, debit(&work, "a", 5));
	assert_false(work.job.is_duplicate);
}

/* ---- Failures ------------------------------------------------------------------------------------------- */

static const struct failure_row {
	const char *says;
	enum chg_rc rc;
	uint32_t result_code;
} failure_rows[] = {
	{ "no room: another time", CHG_E_STORE_FULL, CHG_CC_TOO_BUSY },
	{ "N-176 locked: another time", CHG_E_STORE_BUSY, CHG_CC_TOO_BUSY },
	{ "damaged: another time, or another node", CHG_E_STORE_CORRUPT, CHG_CC_TOO_BUSY },
	{ "no memory: another time", CHG_E_NO_MEMORY, CHG_CC_TOO_BUSY },
	{ "too much waits: another time", CHG_E_BUSY, CHG_CC_TOO_BUSY },
	{ "the node stops: another node", CHG_E_CLOSED, CHG_CC_TOO_BUSY },
	{ "a later try would meet it again", CHG_E_STORE, CHG_CC_UNABLE_TO_COMPLY },
	{ "an answer that fits no message", CHG_E_RANGE, CHG_CC_UNABLE_TO_COMPLY },
	{ "not served here", CHG_E_UNKNOWN, CHG_CC_UNABLE_TO_COMPLY },
};

static void failure_row_holds(void **state)
{
	const struct failure_row *row = *state;
	assert_int_equal(chg_online_answer_failure(row->rc), row->result_code);
}

/* A peer's restart, a session's request and an event; each must happen once, whatever fails. */
static void offer_three(struct bench *bench, struct work work[3])
{
	units_job(&work[0], "new", "alice", CHG_CC_INITIAL, 0, NOTHING, 5);
	with_state(&work[0], 2);
	update(&work[1], "new", 1, 3, 5);
	with_state(&work[1], 2);
	debit(&work[2], "event", 1);
	for (size_t i = 0; i < 3; i++)
		submit(bench, &work[i].job);
	chg_engine_turn(bench->engine);
}

static void whichever_call_fails_nothing_is_half_done(void **state)
{
	struct bench *bench = *state;
	static const enum chg_rc troubles[] = { CHG_E_STORE_FULL, CHG_E_STORE };
	for (uint64_t k = 1; k <= 24; k++) {
		struct work old, work[3];
		int64_t charged = 0;
		tear_down(state);
		set_up(state);
		bench = *state;
		add_account(bench, "alice", 100);
		units_job(&old, "old", "alice", CHG_CC_INITIAL, 0, NOTHING, 9);
		handle(bench, with_state(&old, 1));
		assert_account(bench, "alice", 100, 90);
		faulty_store_fail_at(&bench->faulty, k, troubles[k % 2]);
		offer_three(bench, work); /* B-183 */
		faulty_store_fail_at(&bench->faulty, 0, CHG_OK);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(atomic_load(&work[i].done), 1);
			assert_int_equal(work[i].job.rc == CHG_OK, work[i].answer_len > 0);
		}
		charged += work[1].job.rc == CHG_OK && work[0].job.rc == CHG_OK ? 30 : 0;
		charged += work[2].job.rc == CHG_OK && work[2].job.code == 2001 ? 10 : 0;
		struct chg_bucket bucket;
		const struct chg_store *inner = &bench->faulty.inner;
		inner->books->account_find(
			inner->self, CHG_VIEW("alice"), copy_main_bucket, &bucket);
		assert_int_equal(bucket.balance, (100 - charged) * CT);
		offer_three(bench, work); /* and now all of it, what was done once only */
		assert_answer(&work[0], "2001 2001:5");
		assert_int_equal(work[1].job.rc, CHG_OK);
		assert_int_equal(work[2].job.rc, CHG_OK);
	}
}

/* ---- One account, many sessions --------------------------------------------------------------------------- */

static void two_sessions_of_a_turn_never_have_the_same_cent(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	add_account(bench, "alice", 70);
	submit(bench, initial(&work[0], "a", 5));
	submit(bench, initial(&work[1], "b", 5));
	submit(bench, debit(&work[2], "c", 1));
	chg_engine_turn(bench->engine);
	assert_answer(&work[0], "2001 2001:5");
	assert_answer(&work[1], "2001 2001:2!");
	assert_answer(&work[2], "4012 4012:0");
	assert_account(bench, "alice", 70, 70);
}

static void a_hundred_at_once_with_credit_for_ten(void **state)
{
	struct bench *bench = *state;
	struct work *work = calloc(MANY, sizeof *work);
	uint32_t served = 0, refused = 0;
	assert_non_null(work);
	add_account(bench, "alice", 100);
	assert_int_equal(chg_engine_start(bench->engine), CHG_OK);
	for (size_t i = 0; i < MANY; i++) {
		char session[24];
		snprintf(session, sizeof session, "s%zu", i);
		submit(bench, initial(&work[i], session, 1)); /* B-180, N-164 */
	}
	chg_engine_drain(bench->engine);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(atomic_load(&work[i].done), 1);
		served += work[i].job.code == CHG_CC_SUCCESS;
		refused += work[i].job.code == CHG_CC_CREDIT_LIMIT_REACHED;
	}
	assert_int_equal(served, 10);
	assert_int_equal(refused, MANY - 10);
	assert_account(bench, "alice", 100, 100);
	assert_int_equal(records_of(bench).count, 10);
	free(work);
}

static void one_account_does_not_touch_another(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	add_account(bench, "alice", 10);
	add_account(bench, "bob", 50);
	submit(bench, initial(&work[0], "a", 1));
	submit(bench, units_job(&work[1], "b", "bob", CHG_CC_INITIAL, 0, NOTHING, 3));
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 10, 10);
	assert_account(bench, "bob", 50, 30);
}

/* ---- Ends that nobody asked for ----------------------------------------------------------------------------- */

static void silence_gives_back_what_was_held(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 50);
	handle(bench, initial(&work, "a", 5));
	fake_clock_pass(&bench->clock, S(599));
	fake_clock_step_wall(&bench->clock, S(864000)); /* which ends nothing */
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 50, 50);
	fake_clock_pass(&bench->clock, S(1)); /* B-024, N-178 */
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 50, 0);
	assert_int_equal(records_of(bench).abnormal, 1);
	assert_int_equal(bench->counts[CHG_METER_SESSIONS_EXPIRED], 1);
	handle(bench, termination(&work, "a", 1, 2)); /* N-148 */
	assert_answer(&work, "2001 2001:0");
	assert_account(bench, "alice", 30, 0);
	fake_clock_pass(&bench->clock, S(3600));
	chg_engine_turn(bench->engine);
	handle(bench, termination(&work, "a", 2, 2)); /* beyond the tombstone */
	assert_answer(&work, "5002 2001:0");
	assert_account(bench, "alice", 30, 0);
}

static void a_restart_of_the_node_keeps_sessions_and_their_time(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 50);
	handle(bench, initial(&work, "a", 3));
	fake_clock_pass(&bench->clock, S(400));
	restart(bench); /* B-006 */
	handle(bench, update(&work, "a", 1, 1, 3));
	assert_answer(&work, "2001 2001:3");
	assert_account(bench, "alice", 40, 30);
	fake_clock_pass(&bench->clock, S(599));
	restart(bench);
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 40, 30);
	fake_clock_pass(&bench->clock, S(1));
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 40, 0);
}

static void more_sessions_than_one_turn_ends_are_ended_by_the_next(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 1000);
	for (uint32_t i = 0; i < 70; i++) {
		char session[24];
		snprintf(session, sizeof session, "s%u", i);
		handle(bench, initial(&work, session, 1));
	}
	assert_account(bench, "alice", 1000, 700);
	fake_clock_pass(&bench->clock, S(600));
	chg_engine_turn(bench->engine);
	chg_engine_turn(bench->engine);
	assert_account(bench, "alice", 1000, 0);
}

static void a_restarted_peer_finds_what_its_old_sessions_held(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	add_account(bench, "alice", 50);
	initial(&work[0], "old", 5);
	handle(bench, with_state(&work[0], 7));
	assert_account(bench, "alice", 50, 50);
	initial(&work[1], "new", 5);
	handle(bench, with_state(&work[1], 8)); /* */
	assert_answer(&work[1], "2001 2001:5!");
	assert_account(bench, "alice", 50, 50);
	assert_int_equal(records_of(bench).abnormal, 1);
	update(&work[0], "old", 1, 2, 2); /* its tombstone: charged, nothing granted */
	handle(bench, with_state(&work[0], 7));
	assert_answer(&work[0], "5002 2001:0");
	assert_account(bench, "alice", 30, 50);
}

static struct chg_job *below(struct work *work, uint64_t sub_session_id)
{
	work->ccr.data.sub_session_id = (chg_opt_u64){ true, sub_session_id };
	return &work->job;
}

/* A main session and two below it, which hold 20, 30 and 40 cents of alice's 100. */
static void open_three(struct bench *bench)
{
	struct work work;
	add_account(bench, "alice", 100);
	handle(bench, initial(&work, "a", 2));
	initial(&work, "a", 3);
	handle(bench, below(&work, 1));
	initial(&work, "a", 4);
	handle(bench, below(&work, 2));
	assert_account(bench, "alice", 100, 90);
}

static void the_end_of_the_main_session_is_that_of_its_sub_sessions(void **state)
{
	struct bench *bench = *state;
	struct work work;
	open_three(bench);
	handle(bench, termination(&work, "a", 1, 1)); /* B-004 */
	assert_answer(&work, "2001 2001:0");
	assert_account(bench, "alice", 90, 0);
	assert_int_equal(records_of(bench).closed, 3);
	assert_int_equal(records_of(bench).abnormal, 0);
	update(&work, "a", 1, 3, 3); /* its tombstone: charged, nothing granted */
	handle(bench, below(&work, 1));
	assert_answer(&work, "5002 2001:0");
	assert_account(bench, "alice", 60, 0);
}

static void the_end_of_a_sub_session_is_that_of_no_other(void **state)
{
	struct bench *bench = *state;
	struct work work;
	open_three(bench);
	termination(&work, "a", 1, 3);
	handle(bench, below(&work, 1));
	assert_account(bench, "alice", 70, 60);
	handle(bench, termination(&work, "b", 1, 0)); /* nobody knows it */
	assert_account(bench, "alice", 70, 60);
	assert_int_equal(records_of(bench).open, 2);
}

static void a_repeated_end_of_the_main_session_ends_no_later_sub_session(void **state)
{
	struct bench *bench = *state;
	struct work work, later;
	open_three(bench);
	handle(bench, termination(&work, "a", 1, 1));
	initial(&later, "a", 5);
	handle(bench, below(&later, 3));
	assert_answer(&later, "2001 2001:5");
	handle(bench, termination(&work, "a", 1, 1));
	assert_int_equal(work.job.is_duplicate, true);
	assert_answer(&work, "2001 2001:0");
	assert_account(bench, "alice", 90, 50);
	assert_int_equal(records_of(bench).open, 1);
}

static void whichever_call_fails_sub_sessions_end_with_the_main_one_or_stay(void **state)
{
	for (uint64_t k = 1; k <= 12; k++) {
		struct bench *bench;
		struct work work;
		tear_down(state);
		set_up(state);
		bench = *state;
		open_three(bench);
		faulty_store_fail_at(&bench->faulty, k, CHG_E_STORE_FULL);
		handle(bench, termination(&work, "a", 1, 1));
		faulty_store_fail_at(&bench->faulty, 0, CHG_OK);
		bool is_done = work.job.rc == CHG_OK;
		assert_account(bench, "alice", is_done ? 90 : 100, is_done ? 0 : 90);
		assert_int_equal(records_of(bench).open, is_done ? 0 : 3);
	}
}

static void an_equal_or_lower_state_ends_nothing(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	static const uint32_t told[] = { 7, 6, 0 };
	add_account(bench, "alice", 100);
	initial(&work[0], "old", 5);
	handle(bench, with_state(&work[0], 7));
	for (size_t i = 0; i < COUNT(told); i++) { /* */
		char session[24];
		snprintf(session, sizeof session, "event%zu", i);
		debit(&work[1], session, 1);
		handle(bench, with_state(&work[1], told[i]));
	}
	assert_account(bench, "alice", 70, 50);
}

static void a_question_tells_the_state_as_well_though_it_leaves_nothing_else(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	add_account(bench, "alice", 100);
	for (size_t i = 0; i < 2; i++) { /* */
		debit(&work[0], "question", 1);
		work[0].ccr.action.value = CHG_ACTION_CHECK_BALANCE;
		handle(bench, with_state(&work[0], 2));
		if (i == 1)
			break;
		initial(&work[1], "late", 5); /* from before; 2 is nothing new then */
		handle(bench, with_state(&work[1], 1));
	}
	assert_account(bench, "alice", 100, 50);
	assert_int_equal(records_of(bench).abnormal, 0);
}

static void a_peer_that_connects_anew_gives_back_what_it_held(void **state)
{
	struct bench *bench = *state;
	struct work work[2];
	add_account(bench, "alice", 50);
	initial(&work[0], "old", 5);
	handle(bench, with_state(&work[0], 7));
	acr_job(&work[1], "", 8);
	work[1].job.kind = CHG_JOB_HOST_STATE;
	handle(bench, &work[1].job);
	assert_account(bench, "alice", 50, 0);
	assert_int_equal(records_of(bench).abnormal, 1);
}

static void an_accounting_request_tells_of_the_restart_as_well(void **state)
{
	struct bench *bench = *state;
	struct work work[3];
	add_account(bench, "alice", 50);
	initial(&work[0], "old", 5);
	handle(bench, with_state(&work[0], 7));
	submit(bench, acr_job(&work[1], "accounting", 8)); /* and in the same turn */
	submit(bench, initial(&work[2], "new", 5));
	chg_engine_turn(bench->engine);
	assert_answer(&work[2], "2001 2001:5!");
	assert_int_equal(work[1].job.aca.result_code, CHG_ANSWER_SUCCESS);
	assert_int_equal(records_of(bench).abnormal, 1);
	assert_account(bench, "alice", 50, 50);
}

static void a_refund_gives_back_what_a_debit_took_and_no_more(void **state)
{
	struct bench *bench = *state;
	struct work work;
	add_account(bench, "alice", 500);
	debit(&work, "a", 20);
	work.ccr.is_multiple = true;
	handle(bench, &work.job);
	assert_account(bench, "alice", 300, 0);
	char handle_text[CHG_REFUND_HANDLE_MAX];
	size_t len = work.cca.service[0].refund_len;
	assert_true(len > 0); /* C-018 */
	memcpy(handle_text, work.cca.service[0].refund, len);
	for (uint32_t i = 0; i < 2; i++) { /* B-036, N-163 */
		units_job(&work, i == 0 ? "b" : "c", "alice", CHG_CC_EVENT, 0, NOTHING, NOTHING);
		work.ccr.action = (chg_opt_u32){ true, CHG_ACTION_REFUND_ACCOUNT };
		work.ccr.service[0].refund_information = (struct chg_view){ handle_text, len };
		handle(bench, &work.job);
		assert_int_equal(work.job.code, i == 0 ? 2001 : 5031);
		assert_account(bench, "alice", 500, 0);
	}
	assert_int_equal(ledger_lines(bench), 3); /* opening, debit, refund */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(all_that_waits_is_one_transaction),
		CASE(a_session_from_start_to_end_has_one_record),
		CASE(no_answer_leaves_before_the_commit),
		CASE(a_poisonous_request_is_refused_alone),
		CASE(without_a_tariff_nobody_is_charged),
		CASE(a_node_that_does_not_serve_it_says_so),
		CASE(an_alarm_is_counted_and_logged),
		CASE(a_repeated_request_gets_the_same_octets_and_moves_nothing),
		CASE(a_request_repeated_in_the_same_turn_is_charged_once),
		CASE(a_repeated_request_is_refused_by_a_full_disk_no_more_than_others),
		CASE(answers_are_known_for_as_long_as_configured),
		CASE(whichever_call_fails_nothing_is_half_done),
		CASE(two_sessions_of_a_turn_never_have_the_same_cent),
		CASE(a_hundred_at_once_with_credit_for_ten),
		CASE(one_account_does_not_touch_another),
		CASE(silence_gives_back_what_was_held),
		CASE(a_restart_of_the_node_keeps_sessions_and_their_time),
		CASE(more_sessions_than_one_turn_ends_are_ended_by_the_next),
		CASE(a_restarted_peer_finds_what_its_old_sessions_held),
		CASE(the_end_of_the_main_session_is_that_of_its_sub_sessions),
		CASE(the_end_of_a_sub_session_is_that_of_no_other),
		CASE(a_repeated_end_of_the_main_session_ends_no_later_sub_session),
		CASE(whichever_call_fails_sub_sessions_end_with_the_main_one_or_stay),
		CASE(an_equal_or_lower_state_ends_nothing),
		CASE(a_question_tells_the_state_as_well_though_it_leaves_nothing_else),
		CASE(a_peer_that_connects_anew_gives_back_what_it_held),
		CASE(an_accounting_request_tells_of_the_restart_as_well),
		CASE(a_refund_gives_back_what_a_debit_took_and_no_more),
	};
	return TABLE_RUN("the answer to a failure", failure_rows, failure_row_holds) +
	       cmocka_run_group_tests_name("credit control", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What a turn counts, and when the meters hear of it.
 */
#include "app/tally.h"

#include "support/table.h"

#define MS(n) ((n)*CHG_US_PER_S / 1000)
#define S(n)  ((n)*CHG_US_PER_S)

/* Meters that remember, and how often they were called. */
struct book {
	uint64_t value[CHG_METER_COUNT];
	unsigned adds;
};

static void count(void *self, enum chg_meter meter, uint64_t amount)
{
	((struct book *)self)->value[meter] += amount;
	((struct book *)self)->adds++;
}

static void gauge(void *self, enum chg_meter meter, uint64_t value)
{
	((struct book *)self)->value[meter] = value;
}

static struct chg_tally tally_of(struct book *book)
{
	*book = (struct book){ 0 };
	return (struct chg_tally){ .meters = { count, gauge, book } };
}

static chg_instant at(int64_t us)
{
	return (chg_instant){ S(1000) + us };
}

static const struct job_row {
	const char *says;
	enum chg_job_kind kind;
	int type;
	enum chg_rc rc;
	uint32_t code;
	bool is_duplicate;
	enum chg_meter request, answer;
} job_rows[] = {
	{ "an event that is recorded", CHG_JOB_ACR, CHG_RECORD_EVENT, CHG_OK, 2001, false,
		CHG_METER_ACR_EVENT, CHG_METER_ANSWER_SUCCESS },
	{ "a start", CHG_JOB_ACR, CHG_RECORD_START, CHG_OK, 2001, false, CHG_METER_ACR_START,
		CHG_METER_ANSWER_SUCCESS },
	{ "an interim", CHG_JOB_ACR, CHG_RECORD_INTERIM, CHG_OK, 2001, false, CHG_METER_ACR_INTERIM,
		CHG_METER_ANSWER_SUCCESS },
	{ "a stop", CHG_JOB_ACR, CHG_RECORD_STOP, CHG_OK, 2001, false, CHG_METER_ACR_STOP,
		CHG_METER_ANSWER_SUCCESS },
	{ "no room is for the client to keep its record", CHG_JOB_ACR, CHG_RECORD_EVENT,
		CHG_E_STORE_FULL, 4002, false, CHG_METER_ACR_EVENT, CHG_METER_ANSWER_TRANSIENT },
	{ "a refusal for good", CHG_JOB_ACR, CHG_RECORD_EVENT, CHG_E_STORE, 5012, false,
		CHG_METER_ACR_EVENT, CHG_METER_ANSWER_PERMANENT },
	{ "a session that begins", CHG_JOB_CCR, CHG_CC_INITIAL, CHG_OK, 2001, false,
		CHG_METER_CCR_INITIAL, CHG_METER_ANSWER_SUCCESS },
	{ "a session that goes on", CHG_JOB_CCR, CHG_CC_UPDATE, CHG_OK, 2001, false,
		CHG_METER_CCR_UPDATE, CHG_METER_ANSWER_SUCCESS },
	{ "a session that ends", CHG_JOB_CCR, CHG_CC_TERMINATION, CHG_OK, 2001, false,
		CHG_METER_CCR_TERMINATION, CHG_METER_ANSWER_SUCCESS },
	{ "too busy is for the client to try again", CHG_JOB_CCR, CHG_CC_EVENT, CHG_E_STORE_BUSY,
		3004, false, CHG_METER_CCR_EVENT, CHG_METER_ANSWER_TRANSIENT },
	{ "no credit is no trouble of the node", CHG_JOB_CCR, CHG_CC_EVENT, CHG_OK, 4012, false,
		CHG_METER_CCR_EVENT, CHG_METER_ANSWER_DENIED },
	{ "a blocked account neither", CHG_JOB_CCR, CHG_CC_INITIAL, CHG_OK, 4010, false,
		CHG_METER_CCR_INITIAL, CHG_METER_ANSWER_DENIED },
	{ "an unknown session", CHG_JOB_CCR, CHG_CC_UPDATE, CHG_OK, 5002, false,
		CHG_METER_CCR_UPDATE, CHG_METER_ANSWER_PERMANENT },
	{ "what came before is answered well, and told apart", CHG_JOB_CCR, CHG_CC_UPDATE, CHG_OK,
		0, true, CHG_METER_CCR_UPDATE, CHG_METER_ANSWER_SUCCESS },
};

static void job_row_holds(void **state)
{
	const struct job_row *row = *state;
	struct book book;
	struct chg_tally tally = tally_of(&book);
	struct chg_job job = { .kind = row->kind, .rc = row->rc, .arrived = at(0) };
	job.type = row->type;
	job.aca.result_code = row->code;
	job.code = row->code;
	job.is_duplicate = row->is_duplicate;
	chg_tally_job(&tally, &job, at(MS(3)));
	assert_int_equal(book.adds, 0); /* nobody is told yet */
	chg_tally_tell(&tally, at(MS(3)));
	assert_int_equal(book.value[row->request], 1);
	assert_int_equal(book.value[row->answer], 1);
	assert_int_equal(book.value[CHG_METER_DUPLICATES], row->is_duplicate);
	assert_int_equal(book.value[CHG_METER_JOBS], 1);
	assert_int_equal(book.value[CHG_METER_JOB_MICROSECONDS], MS(3));
	assert_int_equal(book.adds, 4u + row->is_duplicate);
}

static void a_change_by_hand_is_a_job_and_no_request(void **state)
{
	(void)state;
	struct book book;
	struct chg_tally tally = tally_of(&book);
	struct chg_job job = { .kind = CHG_JOB_CALL, .arrived = at(0) };
	chg_tally_job(&tally, &job, at(7));
	chg_tally_tell(&tally, at(7));
	assert_int_equal(book.value[CHG_METER_JOBS], 1);
	assert_int_equal(book.adds, 2);
}

static void many_requests_of_a_turn_are_told_at_once(void **state)
{
	(void)state;
	struct book book;
	struct chg_tally tally = tally_of(&book);
	struct chg_job job = { .kind = CHG_JOB_ACR, .arrived = at(0) };
	job.type = CHG_RECORD_EVENT;
	job.aca.result_code = CHG_ANSWER_SUCCESS;
	chg_tally_turn(&tally, 100, at(0), at(MS(2)));
	chg_tally_commit(&tally, 0, at(MS(2)), at(MS(5)));
	for (int i = 0; i < 100; i++)
		chg_tally_job(&tally, &job, at(MS(5)));
	chg_tally_tell(&tally, at(MS(5)));
	assert_int_equal(book.value[CHG_METER_ACR_EVENT], 100);
	assert_int_equal(book.value[CHG_METER_JOB_MICROSECONDS], 100 * MS(5));
	assert_int_equal(book.value[CHG_METER_BATCH_JOBS], 100);
	assert_int_equal(book.value[CHG_METER_BATCH_WAITED], MS(2));
	assert_int_equal(book.value[CHG_METER_COMMIT_MICROSECONDS], MS(3));
	/* turns, jobs, their time, requests, answers, commits, their time */
	assert_int_equal(book.adds, 7);
	chg_tally_tell(&tally, at(MS(6)));
	assert_int_equal(book.adds, 7); /* once only */
}

static void the_longest_is_told_for_two_periods_and_then_forgotten(void **state)
{
	(void)state;
	struct book book;
	struct chg_tally tally = tally_of(&book);
	chg_tally_tell(&tally, at(0));
	chg_tally_commit(&tally, 0, at(S(1)), at(S(2)));
	chg_tally_commit(&tally, 0, at(S(3)), at(S(3) + 1));
	for (int64_t second = 3; second <= 10; second++) {
		chg_tally_tell(&tally, at(S(second)));
		assert_int_equal(book.value[CHG_METER_COMMIT_LONGEST], S(1));
	}
	chg_tally_commit(&tally, 0, at(S(10)), at(S(10) + 5));
	chg_tally_tell(&tally, at(S(11)));
	assert_int_equal(book.value[CHG_METER_COMMIT_LONGEST], 5);
	assert_int_equal(book.value[CHG_METER_JOB_LONGEST], 0);
}

static void a_clock_that_stands_still_counts_nothing(void **state)
{
	(void)state;
	struct book book;
	struct chg_tally tally = tally_of(&book);
	chg_tally_turn(&tally, 1, at(5), at(4)); /* it came while the turn began */
	chg_tally_commit(&tally, 2, at(4), at(4));
	chg_tally_tell(&tally, at(4));
	assert_int_equal(book.value[CHG_METER_BATCH_WAITED], 0);
	assert_int_equal(book.value[CHG_METER_COMMIT_MICROSECONDS], 0);
	assert_int_equal(book.value[CHG_METER_SESSIONS_EXPIRED], 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_by_hand_is_a_job_and_no_request),
		cmocka_unit_test(many_requests_of_a_turn_are_told_at_once),
		cmocka_unit_test(the_longest_is_told_for_two_periods_and_then_forgotten),
		cmocka_unit_test(a_clock_that_stands_still_counts_nothing),
	};
	return TABLE_RUN("one request is counted", job_rows, job_row_holds) +
	       cmocka_run_group_tests_name("what a turn counts", tests, NULL, NULL);
}

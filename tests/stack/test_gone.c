/* SPDX-License-Identifier: BSD-3-Clause
 * Nobody sends on a connection that was freed since he read where it is.
 */
#include <pthread.h>

#include "stack/gone.h"
#include "support/table.h"

/* Only their addresses count. */
static char place[GONE_KEPT + 2];

static const struct timespec at_once = { 0 };
static const struct timespec never = { .tv_sec = INT32_MAX };

static const struct cnxctx *cnx(size_t i)
{
	return (const struct cnxctx *)(const void *)&place[i];
}

static bool can_send(const struct cnxctx *on, uint64_t since)
{
	bool can = gone_lock_unless(on, since);
	if (can)
		gone_unlock();
	return can;
}

static void freed_since_is_not_sent_on(void **state)
{
	(void)state;
	uint64_t before = gone_now();
	assert_true(can_send(cnx(0), before));
	assert_true(gone_add(cnx(0), &never));
	assert_false(can_send(cnx(0), before));
	assert_true(can_send(cnx(1), before));
}

static void memory_of_one_that_was_freed_may_be_another_one(void **state)
{
	(void)state;
	assert_true(gone_add(cnx(0), &never));
	assert_true(can_send(cnx(0), gone_now()));
}

static void who_missed_too_many_sends_on_none(void **state)
{
	(void)state;
	uint64_t before = gone_now();
	for (size_t i = 0; i < GONE_KEPT; i++)
		assert_true(gone_add(cnx(i), &never));
	assert_false(can_send(cnx(0), before));
	assert_false(can_send(cnx(GONE_KEPT - 1), before));
	assert_true(can_send(cnx(GONE_KEPT), before));
	assert_true(gone_add(cnx(0), &never));
	assert_false(can_send(cnx(GONE_KEPT), before));
}

static void *free_at_once(void *state)
{
	*(bool *)state = gone_add(cnx(0), &at_once);
	return NULL;
}

static void nothing_is_freed_while_somebody_sends(void **state)
{
	(void)state;
	pthread_t thread;
	bool is_freed = true;
	uint64_t before = gone_now();
	assert_true(gone_lock_unless(cnx(0), before));
	assert_int_equal(pthread_create(&thread, NULL, free_at_once, &is_freed), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(is_freed);
	gone_unlock();
	assert_true(can_send(cnx(0), before));
	assert_true(gone_add(cnx(0), &at_once));
	assert_false(can_send(cnx(0), before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freed_since_is_not_sent_on),
		cmocka_unit_test(memory_of_one_that_was_freed_may_be_another_one),
		cmocka_unit_test(who_missed_too_many_sends_on_none),
		cmocka_unit_test(nothing_is_freed_while_somebody_sends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

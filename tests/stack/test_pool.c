/* SPDX-License-Identifier: BSD-3-Clause
 * What was needed lately stays, what a rush has left goes.
 */
#include "stack/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 10000 };

static uint32_t released;

static size_t release(struct chg_spare *spare)
{
	released++;
	free(spare);
	return sizeof *spare;
}

static struct chg_pool empty_pool(void)
{
	released = 0;
	return (struct chg_pool){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

/* A rush: so many are taken out together, made where there is none, and come back. */
static void rush(struct chg_pool *pool, uint32_t count)
{
	static struct chg_spare *out[MANY];
	for (uint32_t i = 0; i < count; i++) {
		out[i] = chg_pool_take(pool);
		if (out[i] == NULL)
			out[i] = malloc(sizeof *out[i]);
		assert_non_null(out[i]);
		out[i]->next = i > 0 ? out[i - 1] : NULL;
	}
	chg_pool_put(pool, out[count - 1], out[0], count);
}

static void what_is_put_back_is_taken_again(void **state)
{
	(void)state;
	struct chg_pool pool = empty_pool();
	struct chg_spare two[2] = { { &two[1] }, { NULL } };
	assert_null(chg_pool_take(&pool));
	chg_pool_put(&pool, &two[0], &two[1], 2);
	assert_int_equal(pool.count, 2);
	assert_ptr_equal(chg_pool_take(&pool), &two[0]);
	assert_ptr_equal(chg_pool_take(&pool), &two[1]);
	assert_null(chg_pool_take(&pool));
	assert_int_equal(pool.count, 0);
}

static void what_a_rush_has_left_goes(void **state)
{
	(void)state;
	struct chg_pool pool = empty_pool();
	rush(&pool, MANY);
	assert_int_equal(chg_pool_shrink(&pool, release), 0); /* all of them were needed */
	assert_true(chg_pool_shrink(&pool, release) > 0);
	assert_int_equal(pool.count + released, MANY);
	assert_true(pool.count > MANY / 3); /* the next wave finds some */
	for (int i = 0; i < 20; i++)
		chg_pool_shrink(&pool, release);
	assert_true(pool.count < 100);
	assert_true(pool.count > 0);
	chg_pool_empty(&pool, release);
	assert_int_equal(released, MANY);
}

static void what_is_needed_stays(void **state)
{
	(void)state;
	struct chg_pool pool = empty_pool();
	rush(&pool, MANY);
	chg_pool_shrink(&pool, release);
	for (int i = 0; i < 20; i++) {
		rush(&pool, MANY / 2);
		chg_pool_shrink(&pool, release);
		assert_true(pool.count >= MANY / 2);
	}
	assert_true(pool.count < MANY * 6 / 10); /* but not what nobody needed beside it */
	chg_pool_empty(&pool, release);
}

static void a_small_pool_is_left_alone(void **state)
{
	(void)state;
	struct chg_pool pool = empty_pool();
	rush(&pool, 50);
	for (int i = 0; i < 20; i++)
		assert_int_equal(chg_pool_shrink(&pool, release), 0);
	assert_int_equal(pool.count, 50);
	chg_pool_empty(&pool, release);
	assert_int_equal(pool.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_back_is_taken_again),
		cmocka_unit_test(what_a_rush_has_left_goes),
		cmocka_unit_test(what_is_needed_stays),
		cmocka_unit_test(a_small_pool_is_left_alone),
	};
	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

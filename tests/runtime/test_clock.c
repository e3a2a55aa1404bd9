/* SPDX-License-Identifier: BSD-3-Clause
 * The real clock.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <time.h>

#include "runtime/clock.h"

enum {
	READS = 10000,
};

static void the_wall_shows_what_the_system_shows(void **state)
{
	(void)state;
	struct chg_clock clock = chg_clock_real();
	time_t before = time(NULL);
	struct chg_now now = clock.now(clock.self);
	time_t after = time(NULL);
	assert_true(now.wall.us / CHG_US_PER_S >= before - 1);
	assert_true(now.wall.us / CHG_US_PER_S <= after + 1);
}

static void steady_time_never_goes_back(void **state)
{
	(void)state;
	struct chg_clock clock = chg_clock_real();
	chg_instant last = clock.now(clock.self).steady;
	for (int i = 0; i < READS; i++) {
		chg_instant at = clock.now(clock.self).steady;
		assert_false(chg_instant_before(at, last));
		last = at;
	}
}

static void all_clocks_of_a_process_share_their_steady_time(void **state)
{
	(void)state;
	struct chg_clock first = chg_clock_real();
	struct chg_clock second = chg_clock_real();
	chg_instant a = first.now(first.self).steady;
	chg_instant b = second.now(second.self).steady;
	chg_instant c = first.steady(first.self);
	chg_instant d = second.now(second.self).steady;
	assert_false(chg_instant_before(b, a));
	assert_false(chg_instant_before(c, b));
	assert_false(chg_instant_before(d, c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_shows_what_the_system_shows),
		cmocka_unit_test(steady_time_never_goes_back),
		cmocka_unit_test(all_clocks_of_a_process_share_their_steady_time),
	};
	return cmocka_run_group_tests_name("the real clock", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What is counted, as monitoring reads it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/meter.h"

static int clear(void **state)
{
	(void)state;
	chg_meter_clear();
	return 0;
}

static char *text_of_all(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	chg_meter_write_text(to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void a_counter_grows_and_a_gauge_is_set(void **state)
{
	(void)state;
	struct chg_meters meters = chg_meter_table();
	meters.add(meters.self, CHG_METER_COMMITS, 2);
	meters.add(meters.self, CHG_METER_COMMITS, 3);
	meters.set(meters.self, CHG_METER_QUEUE_JOBS, 9);
	meters.set(meters.self, CHG_METER_QUEUE_JOBS, 4);
	assert_int_equal(chg_meter_value(CHG_METER_COMMITS), 5);
	assert_int_equal(chg_meter_value(CHG_METER_QUEUE_JOBS), 4);
	assert_string_equal(chg_meter_name(CHG_METER_COMMITS), "charging_commits_total");
	assert_true(chg_meter_is_counter(CHG_METER_COMMITS));
	assert_false(chg_meter_is_counter(CHG_METER_QUEUE_JOBS));
}

static void each_meter_has_help_type_and_value(void **state)
{
	(void)state;
	struct chg_meters meters = chg_meter_table();
	meters.add(meters.self, CHG_METER_DUPLICATES, 7);
	meters.set(meters.self, CHG_METER_PEERS_OPEN, 2);
	char *text = text_of_all();
	assert_non_null(strstr(text,
		"# HELP charging_duplicates_total requests that had come before and were answered "
		"again\n# TYPE charging_duplicates_total counter\ncharging_duplicates_total 7\n"));
	assert_non_null(
		strstr(text, "# HELP charging_peers_open connections to peers that are open\n"
			     "# TYPE charging_peers_open gauge\ncharging_peers_open 2\n"));
	size_t lines = 0;
	for (const char *at = text; *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 3 * CHG_METER_COUNT);
	free(text);
}

static void time_is_shown_in_seconds(void **state)
{
	(void)state;
	struct chg_meters meters = chg_meter_table();
	meters.add(meters.self, CHG_METER_COMMIT_MICROSECONDS, 12000345);
	char *text = text_of_all();
	assert_non_null(strstr(text, "# TYPE charging_commit_seconds_total counter\n"
				     "charging_commit_seconds_total 12.000345\n"));
	assert_null(strstr(text, "microseconds"));
	free(text);
}

static void names_follow_the_rules_of_monitoring(void **state)
{
	(void)state;
	static const char total[] = "_total";
	for (size_t i = 0; i < CHG_METER_COUNT; i++) {
		const char *name = chg_meter_name((enum chg_meter)i);
		const char *sentence = chg_meter_sentence((enum chg_meter)i);
		size_t len = strlen(name);
		assert_int_equal(strncmp(name, "charging_", 9), 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), len);
		bool has_total = strcmp(name + len - (sizeof total - 1), total) == 0;
		assert_int_equal(has_total, chg_meter_is_counter((enum chg_meter)i));
		/* The text format would need these escaped. */
		assert_null(strpbrk(sentence, "\\\n"));
		assert_true(strlen(sentence) > 0);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, chg_meter_name((enum chg_meter)j));
	}
}

static void memory_is_what_the_process_takes(void **state)
{
	(void)state;
	enum { MORE = 64 << 20 };
	uint64_t before = chg_meter_memory();
	char *more = malloc(MORE);
	assert_non_null(more);
	memset(more, 1, MORE);
	uint64_t after = chg_meter_memory();
	free(more);
	assert_true(before > 0);
	assert_true(after >= before + MORE / 2);
}

enum {
	THREADS = 4,
	TIMES = 10000,
};

static void *count_much(void *arg)
{
	struct chg_meters meters = chg_meter_table();
	(void)arg;
	for (int i = 0; i < TIMES; i++)
		meters.add(meters.self, CHG_METER_ANSWERS_HELD, 1);
	return NULL;
}

static void no_count_is_lost_between_threads(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_much, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(chg_meter_value(CHG_METER_ANSWERS_HELD), THREADS * TIMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_counter_grows_and_a_gauge_is_set, clear),
		cmocka_unit_test_setup(each_meter_has_help_type_and_value, clear),
		cmocka_unit_test_setup(time_is_shown_in_seconds, clear),
		cmocka_unit_test(names_follow_the_rules_of_monitoring),
		cmocka_unit_test(memory_is_what_the_process_takes),
		cmocka_unit_test_setup(no_count_is_lost_between_threads, clear),
	};
	return cmocka_run_group_tests_name("meters", tests, NULL, NULL);
}

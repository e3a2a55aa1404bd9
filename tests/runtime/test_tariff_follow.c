/* SPDX-License-Identifier: BSD-3-Clause
 * Which version of a tariff is in force, as time passes and versions come.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/book_change.h"
#include "runtime/clock.h"
#include "runtime/meter.h"
#include "runtime/tariff_follow.h"
#include "store/memory/memory_store.h"

#define GOOD "tariff: im\ncurrency: EUR\nrules:\n  - message: 0.05 per message\n"

static struct chg_tariff_shelf *shelf;
static struct chg_store store;
static size_t error_count;

static void count_errors(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)line;
	if (level >= CHG_LOG_ERROR)
		error_count++;
}

static const struct chg_log counting = { .write = count_errors };

static int set_up(void **state)
{
	(void)state;
	error_count = 0;
	assert_int_equal(chg_tariff_shelf_create(counting, &shelf), CHG_OK);
	return chg_memory_store_open(&store) == CHG_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	chg_tariff_shelf_free(shelf);
	store.ops->close(store.self);
	return 0;
}

static enum chg_rc put(int64_t version, int64_t from_us)
{
	struct chg_tariff *tariff = calloc(1, sizeof *tariff);
	assert_non_null(tariff);
	tariff->version = version;
	tariff->in_force_from.us = from_us;
	return chg_tariff_shelf_put(shelf, tariff);
}

/* The version in force, 0 for none. */
static int64_t at(int64_t now_us)
{
	const struct chg_tariff *tariff = chg_tariff_at(shelf, (chg_instant){ now_us });
	return tariff == NULL ? 0 : tariff->version;
}

static struct chg_tariff_brief look(int64_t now_us)
{
	struct chg_tariff_brief brief;
	chg_tariff_look(shelf, (chg_instant){ now_us }, &brief);
	return brief;
}

static void without_a_tariff_none_is_in_force(void **state)
{
	(void)state;
	assert_int_equal(at(100), 0);
	assert_int_equal(look(100).version, 0);
}

/* E-013 */
static void a_tariff_is_in_force_from_its_moment_on(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(at(99), 0);
	assert_int_equal(at(100), 1);
	assert_int_equal(at(1000), 1);
}

static void versions_follow_each_other_by_their_times(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(put(2, 300), CHG_OK);
	assert_int_equal(put(3, 200), CHG_OK);
	assert_int_equal(look(100).to_come, 2);
	assert_int_equal(at(100), 1);
	assert_int_equal(at(200), 3);
	assert_int_equal(at(299), 3);
	assert_int_equal(at(300), 2);
	assert_int_equal(look(300).to_come, 0);
}

static void of_two_versions_of_one_moment_the_later_one_holds(void **state)
{
	(void)state;
	assert_int_equal(put(2, 100), CHG_OK);
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(at(100), 2);
	assert_int_equal(put(3, 100), CHG_OK);
	assert_int_equal(at(100), 3);
}

static void a_version_that_is_superseded_already_goes(void **state)
{
	(void)state;
	assert_int_equal(put(2, 200), CHG_OK);
	assert_int_equal(at(200), 2);
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(at(200), 2);
	assert_int_equal(look(200).to_come, 0);
}

static void a_version_is_there_once(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(at(100), 1);
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(look(100).to_come, 0);
}

static void a_clock_that_is_set_back_brings_nothing_back(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(put(2, 200), CHG_OK);
	assert_int_equal(at(200), 2);
	assert_int_equal(at(50), 2);
	assert_int_equal(look(50).version, 2);
}

static void looking_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(put(1, 100), CHG_OK);
	assert_int_equal(put(2, 200), CHG_OK);
	assert_int_equal(look(300).version, 2);
	assert_int_equal(at(100), 1);
}

static void the_shelf_has_an_end(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= CHG_TARIFF_SHELF_MAX; i++)
		assert_int_equal(put(i, i * 100), CHG_OK);
	assert_int_equal(put(CHG_TARIFF_SHELF_MAX + 1, 5), CHG_E_RANGE);
	assert_int_equal(at(250), 2);
	assert_int_equal(put(CHG_TARIFF_SHELF_MAX + 1, 5000), CHG_OK);
}

/* --- from the store --- */

/* Keeps a text without looking at it, as an older version of this program might have. */
static void keep(const char *text, int64_t from_us)
{
	const struct chg_audit audit = { CHG_VIEW("op"), CHG_VIEW("a test") };
	struct chg_now now = { .wall = { 1 }, .steady = { 1 } };
	int64_t version;
	assert_int_equal(store.ops->begin(store.self), CHG_OK);
	assert_int_equal(store.books->tariff_add(store.self, now, &audit, CHG_VIEW("im"),
				 chg_view_of(text), (chg_instant){ from_us }, &version),
		CHG_OK);
	assert_int_equal(store.ops->commit(store.self), CHG_OK);
}

static void follow(int64_t now_us)
{
	struct chg_now now = { .wall = { now_us }, .steady = { now_us } };
	assert_int_equal(chg_tariff_follow_store(shelf, &store, now), CHG_OK);
}

static void an_empty_store_has_no_tariff(void **state)
{
	(void)state;
	follow(100);
	assert_int_equal(at(100), 0);
}

static void what_is_in_force_and_what_comes_is_read(void **state)
{
	(void)state;
	keep("is not read", 100);
	keep(GOOD, 300);
	keep(GOOD, 200);
	keep(GOOD, 400);
	follow(350);
	assert_int_equal(error_count, 0);
	assert_int_equal(look(350).to_come, 1);
	assert_int_equal(at(350), 2);
	assert_string_equal(look(350).name, "im");
	assert_int_equal(at(400), 4);
}

static void what_is_there_is_not_read_again(void **state)
{
	(void)state;
	keep(GOOD, 100);
	follow(150);
	const struct chg_tariff *before = chg_tariff_at(shelf, (chg_instant){ 150 });
	keep(GOOD, 200);
	follow(160);
	assert_ptr_equal(chg_tariff_at(shelf, (chg_instant){ 160 }), before);
	assert_int_equal(at(200), 2);
}

static void a_text_that_cannot_be_read_is_not_replaced_by_an_older_one(void **state)
{
	(void)state;
	keep(GOOD, 100);
	keep("rules: nonsense", 200);
	follow(250);
	assert_int_equal(error_count, 1);
	assert_int_equal(at(250), 0);
}

static void a_running_engine_is_asked(void **state)
{
	struct chg_engine_config config = { .queue_max = 16, .batch_max = 4 };
	struct chg_engine *engine;
	(void)state;
	keep(GOOD, 100);
	assert_int_equal(chg_engine_create(&config, &store, chg_clock_real(), counting,
				 chg_meter_table(), &engine),
		CHG_OK);
	assert_int_equal(chg_engine_start(engine), CHG_OK);
	assert_int_equal(chg_tariff_follow(shelf, engine), CHG_OK);
	assert_int_equal(at(150), 1);
	chg_engine_drain(engine);
	assert_int_equal(chg_tariff_follow(shelf, engine), CHG_E_CLOSED);
	chg_engine_free(engine);
}

/* --- on its way in --- */

static void a_tariff_with_mistakes_is_refused_with_all_of_them(void **state)
{
	json_t *request = json_pack("{s:s, s:s}", "file", "t.yaml", "text",
		"tariff: im\ncurrency: EUX\nrules:\n  - message: 0.05 per mesage\n");
	json_t *reply = json_object();
	(void)state;
	assert_int_equal(chg_tariff_check(request, reply, NULL), CHG_E_SYNTAX);
	json_t *errors = json_object_get(reply, "errors");
	assert_int_equal(json_array_size(errors), 2);
	assert_int_equal(strncmp(json_string_value(json_array_get(errors, 0)), "t.yaml:2:", 9), 0);
	assert_non_null(strstr(json_string_value(json_object_get(reply, "why")), "2 mistakes"));
	assert_null(json_object_get(request, "name"));
	json_decref(request);
	json_decref(reply);
}

static void a_good_tariff_has_its_name_from_the_text(void **state)
{
	struct chg_tariff *tariff = NULL;
	json_t *request = json_pack("{s:s, s:s}", "name", "forged", "text", GOOD);
	json_t *reply = json_object();
	(void)state;
	assert_int_equal(chg_tariff_check(request, reply, &tariff), CHG_OK);
	assert_string_equal(json_string_value(json_object_get(request, "name")), "im");
	assert_string_equal(tariff->name, "im");
	free(tariff);
	json_decref(request);
	json_decref(reply);
}

/* Makes a file in the folder of the tests. */
static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");
	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void the_first_tariff_is_loaded_once(void **state)
{
	static const char path[] = "first-tariff.yaml";
	struct chg_now now = { .wall = { 100 }, .steady = { 100 } };
	char why[256] = "";
	(void)state;
	write_file(path, GOOD);
	assert_int_equal(chg_tariff_load_first(&store, path, now, why, sizeof why), CHG_OK);
	assert_int_equal(unlink(path), 0);
	follow(100);
	assert_int_equal(at(100), 1);
	/* The file is gone, and is not missed. */
	assert_int_equal(chg_tariff_load_first(&store, path, now, why, sizeof why), CHG_OK);
	follow(100);
	assert_int_equal(look(100).to_come, 0);
}

static void a_first_tariff_with_mistakes_names_them(void **state)
{
	static const char path[] = "bad-tariff.yaml";
	struct chg_now now = { .wall = { 100 }, .steady = { 100 } };
	char why[512] = "";
	(void)state;
	write_file(path, "tariff: im\nrules: []\n");
	assert_int_equal(chg_tariff_load_first(&store, path, now, why, sizeof why), CHG_E_CONFIG);
	assert_non_null(strstr(why, "\nbad-tariff.yaml:"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(chg_tariff_load_first(&store, path, now, why, sizeof why), CHG_E_SYSTEM);
	assert_non_null(strstr(why, "bad-tariff.yaml cannot be read"));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(without_a_tariff_none_is_in_force),
		CASE(a_tariff_is_in_force_from_its_moment_on),
		CASE(versions_follow_each_other_by_their_times),
		CASE(of_two_versions_of_one_moment_the_later_one_holds),
		CASE(a_version_that_is_superseded_already_goes),
		CASE(a_version_is_there_once),
		CASE(a_clock_that_is_set_back_brings_nothing_back),
		CASE(looking_changes_nothing),
		CASE(the_shelf_has_an_end),
		CASE(an_empty_store_has_no_tariff),
		CASE(what_is_in_force_and_what_comes_is_read),
		CASE(what_is_there_is_not_read_again),
		CASE(a_text_that_cannot_be_read_is_not_replaced_by_an_older_one),
		CASE(a_running_engine_is_asked),
		CASE(a_tariff_with_mistakes_is_refused_with_all_of_them),
		CASE(a_good_tariff_has_its_name_from_the_text),
		CASE(the_first_tariff_is_loaded_once),
		CASE(a_first_tariff_with_mistakes_names_them),
	};
	return cmocka_run_group_tests_name("the tariff in force", tests, NULL, NULL);
}

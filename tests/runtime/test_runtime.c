/* SPDX-License-Identifier: BSD-3-Clause
 * The runtime of a process: counted, built from one file, asked over its socket, drained once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/control.h"
#include "runtime/control_socket.h"
#include "runtime/log.h"
#include "runtime/meter.h"
#include "runtime/runtime.h"

#define MEMORY "store: {kind: memory}\ncontrol: {socket: c.sock}\n"
#define SQLITE "store: {path: c.db}\ncontrol: {socket: ''}\n"

struct place {
	char folder[32];
	char path[64];
	char other[64];
	char socket[64];
	char why[1024];
	struct chg_runtime *runtime;
};

static atomic_uint line_count;

static void count_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
	atomic_fetch_add(&line_count, 1);
}

static const struct chg_log counting = { .write = count_line };

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	memcpy(place->folder, "runtime-XXXXXX", sizeof "runtime-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof place->path, "%s/charging.yaml", place->folder);
	(void)snprintf(place->other, sizeof place->other, "%s/other.yaml", place->folder);
	(void)snprintf(place->socket, sizeof place->socket, "%s/c.sock", place->folder);
	*state = place;
	return 0;
}

static int drop_one(const char *path, const struct stat *found, int type, struct FTW *at)
{
	(void)found;
	(void)type;
	(void)at;
	return remove(path);
}

static int drop_place(void **state)
{
	struct place *place = *state;
	int error = nftw(place->folder, drop_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return error;
}

static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "we");
	assert_non_null(to);
	(void)fputs(text, to);
	assert_int_equal(fclose(to), 0);
}

static struct chg_runtime *acquire(struct place *place, const char *path)
{
	struct chg_runtime *runtime = NULL;
	if (chg_runtime_acquire(path, counting, &runtime, place->why, sizeof place->why) != CHG_OK)
		fail_msg("%s", place->why);
	return runtime;
}

static json_t *ask(struct place *place, const char *command)
{
	const char *why = NULL;
	json_t *reply = NULL;
	json_t *request = json_pack("{s:s}", "command", command);
	enum chg_rc rc =
		chg_control_ask(place->socket, request, &reply, place->why, sizeof place->why);
	json_decref(request);
	if (rc != CHG_OK)
		fail_msg("%s", place->why);
	if (!chg_control_is_ok(reply, &why))
		fail_msg("%s", why);
	return reply;
}

static void assert_text(const json_t *object, const char *key, const char *text)
{
	const char *found = json_string_value(json_object_get(object, key));
	assert_non_null(found);
	assert_string_equal(found, text);
}

/* --- counting --- */

static void the_second_caller_gets_the_same(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	struct chg_runtime *first = acquire(place, place->path);
	struct chg_runtime *second = acquire(place, place->path);
	struct chg_runtime *third = acquire(place, NULL);
	assert_ptr_equal(first, second);
	assert_ptr_equal(first, third);
	chg_runtime_release(first);
	chg_runtime_release(second);
	/* Still there for the third. */
	json_decref(ask(place, "status"));
	chg_runtime_release(third);
	assert_int_not_equal(access(place->socket, F_OK), 0);
}

static void another_file_is_refused_while_one_is_in_use(void **state)
{
	struct place *place = *state;
	struct chg_runtime *second = NULL;
	write_file(place->path, MEMORY);
	write_file(place->other, MEMORY);
	struct chg_runtime *first = acquire(place, place->path);
	assert_int_equal(
		chg_runtime_acquire(place->other, counting, &second, place->why, sizeof place->why),
		CHG_E_CONFIG);
	assert_non_null(strstr(place->why, "charging.yaml already and cannot run with runtime-"));
	assert_null(second);
	chg_runtime_release(first);
	chg_runtime_release(acquire(place, place->other));
}

static void it_comes_back_after_the_last_release(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	for (int i = 0; i < 3; i++) {
		struct chg_runtime *runtime = acquire(place, place->path);
		struct chg_meters meters = chg_runtime_meters(runtime);
		assert_int_equal(chg_meter_value(CHG_METER_DUPLICATES), 0);
		meters.add(meters.self, CHG_METER_DUPLICATES, 1);
		json_decref(ask(place, "status"));
		chg_runtime_release(runtime);
	}
	chg_runtime_release(NULL);
}

/* --- building --- */

static void every_fault_of_the_file_is_told(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	char wanted[512];
	write_file(place->path, "store: {kind: paper}\nlog: {level: loud}\n");
	assert_int_equal(
		chg_runtime_acquire(place->path, counting, &runtime, place->why, sizeof place->why),
		CHG_E_CONFIG);
	(void)snprintf(wanted, sizeof wanted,
		"%s:1:15: store.kind: \"paper\" is not a choice; write sqlite or memory\n"
		"%s:2:14: log.level: \"loud\" is not a choice; write debug, info, notice, warning "
		"or error",
		place->path, place->path);
	assert_string_equal(place->why, wanted);
	assert_null(runtime);
}

static void faults_without_room_are_counted(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	char one[160];
	char small[16];
	write_file(place->path, "a: 1\nb: 1\nc: 1\nlog: {level: loud}\n");
	assert_int_equal(chg_runtime_acquire(place->path, counting, &runtime, small, sizeof small),
		CHG_E_CONFIG);
	assert_memory_equal(small, "runtime-", 8);
	assert_int_equal(strlen(small), sizeof small - 1);
	assert_int_equal(chg_runtime_acquire(place->path, counting, &runtime, place->why, 320),
		CHG_E_CONFIG);
	(void)snprintf(one, sizeof one, "%s:1:1: there is no section \"a\"", place->path);
	assert_memory_equal(place->why, one, strlen(one));
	assert_string_equal(
		place->why + strlen(place->why) - strlen("\nand 2 more"), "\nand 2 more");
}

static void without_a_file_there_must_be_somebody_to_join(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	assert_int_equal(
		chg_runtime_acquire(NULL, counting, &runtime, place->why, sizeof place->why),
		CHG_E_UNKNOWN);
	assert_non_null(strstr(place->why, "name the path of charging.yaml"));
	assert_null(runtime);
}

static void a_store_that_cannot_be_opened_says_why(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	write_file(place->path, "store: {path: no/such/folder/c.db}\ncontrol: {socket: ''}\n");
	enum chg_rc rc =
		chg_runtime_acquire(place->path, counting, &runtime, place->why, sizeof place->why);
	assert_int_not_equal(rc, CHG_OK);
	assert_non_null(strstr(place->why, "no/such/folder/c.db"));
	assert_null(runtime);
}

static void a_socket_that_cannot_be_made_leaves_nothing_open(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	write_file(place->path, "store: {path: c.db}\ncontrol: {socket: no/such/c.sock}\n");
	assert_int_equal(
		chg_runtime_acquire(place->path, counting, &runtime, place->why, sizeof place->why),
		CHG_E_SYSTEM);
	assert_non_null(strstr(place->why, "no/such/c.sock cannot be made"));
	/* The store's lock is free again. */
	write_file(place->path, SQLITE);
	chg_runtime_release(acquire(place, place->path));
}

static void our_state_id_is_kept_by_the_store(void **state)
{
	struct place *place = *state;
	write_file(place->path, SQLITE);
	time_t before = time(NULL);
	struct chg_runtime *runtime = acquire(place, place->path);
	uint32_t first = chg_runtime_state_id(runtime);
	time_t after = time(NULL);
	assert_in_range(first, (uint32_t)before - 1, (uint32_t)after + 1);
	chg_runtime_release(runtime);
	runtime = acquire(place, place->path);
	assert_int_equal(chg_runtime_state_id(runtime), first);
	chg_runtime_release(runtime);
}

static void start_and_end_are_told(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	atomic_store(&line_count, 0);
	struct chg_runtime *runtime = acquire(place, place->path);
	assert_int_equal(atomic_load(&line_count), 1);
	chg_runtime_release(acquire(place, place->path));
	assert_int_equal(atomic_load(&line_count), 1);
	chg_runtime_release(runtime);
	assert_int_equal(atomic_load(&line_count), 2);
}

static void the_level_of_the_file_filters_the_log(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY "log: {level: error}\n");
	struct chg_runtime *runtime = acquire(place, place->path);
	struct chg_log log = chg_runtime_log(runtime);
	atomic_store(&line_count, 0);
	chg_log_event(log, CHG_LOG_WARNING, "a.b");
	assert_int_equal(atomic_load(&line_count), 0);
	chg_log_event(log, CHG_LOG_ERROR, "a.b");
	assert_int_equal(atomic_load(&line_count), 1);
	chg_runtime_set_log(runtime, chg_log_stderr());
	chg_runtime_set_log(runtime, counting);
	chg_log_event(log, CHG_LOG_ERROR, "a.b");
	assert_int_equal(atomic_load(&line_count), 2);
	chg_runtime_release(runtime);
}

/* --- asking --- */

static void status_tells_who_and_how(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY "diameter: {listen: [192.0.2.1, '::1']}\n");
	struct chg_runtime *runtime = acquire(place, place->path);
	struct chg_meters meters = chg_runtime_meters(runtime);
	meters.set(meters.self, CHG_METER_PEERS_OPEN, 3);

	json_t *reply = ask(place, "status");
	assert_text(reply, "version", CHG_VERSION);
	assert_int_equal(json_integer_value(json_object_get(reply, "pid")), getpid());
	assert_true(json_is_false(json_object_get(reply, "ready")));
	assert_true(json_is_false(json_object_get(reply, "draining")));
	assert_text(reply, "store_kind", "memory");
	assert_text(reply, "config_path", place->path);
	assert_int_equal(json_integer_value(json_object_get(reply, "peers_open")), 3);
	assert_int_equal(json_integer_value(json_object_get(reply, "queue_max")), 8192);
	assert_int_equal(json_array_size(json_object_get(reply, "listen")), 2);
	assert_int_equal(json_integer_value(json_object_get(reply, "origin_state_id")),
		chg_runtime_state_id(runtime));
	assert_true(json_integer_value(json_object_get(reply, "uptime_s")) >= 0);
	json_decref(reply);

	chg_runtime_set_ready(runtime, "cdf.example.net", "example.net");
	reply = ask(place, "status");
	assert_true(json_is_true(json_object_get(reply, "ready")));
	assert_text(reply, "host", "cdf.example.net");
	assert_text(reply, "realm", "example.net");
	json_decref(reply);

	chg_runtime_drain(runtime);
	reply = ask(place, "status");
	assert_true(json_is_false(json_object_get(reply, "ready")));
	assert_true(json_is_true(json_object_get(reply, "draining")));
	json_decref(reply);
	chg_runtime_release(runtime);
}

static void status_names_the_file_of_the_store(void **state)
{
	struct place *place = *state;
	char path[64];
	write_file(place->path, "store: {path: c.db}\ncontrol: {socket: c.sock}\n");
	struct chg_runtime *runtime = acquire(place, place->path);
	json_t *reply = ask(place, "status");
	(void)snprintf(path, sizeof path, "%s/c.db", place->folder);
	assert_text(reply, "store_kind", "sqlite");
	assert_text(reply, "store_path", path);
	assert_true(json_integer_value(json_object_get(reply, "store_schema")) >= 1);
	json_decref(reply);
	chg_runtime_release(runtime);
}

static void stats_are_told_as_rows_and_as_text(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	struct chg_runtime *runtime = acquire(place, place->path);
	struct chg_meters meters = chg_runtime_meters(runtime);
	meters.add(meters.self, CHG_METER_PEERS_REFUSED, 17);

	json_t *reply = ask(place, "stats");
	const json_t *rows = json_object_get(reply, "meters");
	assert_int_equal(json_array_size(rows), CHG_METER_COUNT);
	const json_t *row = json_array_get(rows, CHG_METER_PEERS_REFUSED);
	assert_text(row, "name", "charging_peers_refused_total");
	assert_text(row, "type", "counter");
	assert_int_equal(json_integer_value(json_object_get(row, "value")), 17);
	assert_true(json_string_length(json_object_get(row, "sentence")) > 0);
	json_decref(reply);

	reply = ask(place, "stats-text");
	assert_non_null(strstr(json_string_value(json_object_get(reply, "text")),
		"\ncharging_peers_refused_total 17\n"));
	json_decref(reply);
	chg_runtime_release(runtime);
}

static uint64_t told(json_t *reply, enum chg_meter meter)
{
	const json_t *row = json_array_get(json_object_get(reply, "meters"), meter);
	return (uint64_t)json_integer_value(json_object_get(row, "value"));
}

static void what_can_be_looked_up_is_looked_up_when_somebody_asks(void **state)
{
	struct place *place = *state;
	write_file(place->path, "store: {path: c.db}\ncontrol: {socket: c.sock}\n");
	struct chg_runtime *runtime = acquire(place, place->path);
	json_t *reply = ask(place, "stats");
	assert_true(told(reply, CHG_METER_DATABASE_BYTES) >= 4096);
	assert_true(told(reply, CHG_METER_DATABASE_LOG_BYTES) > 0);
	assert_true(told(reply, CHG_METER_DISK_FREE_BYTES) > 0);
	assert_true(told(reply, CHG_METER_MEMORY_BYTES) > 0);
	assert_int_equal(told(reply, CHG_METER_SESSIONS_OPEN), 0);
	assert_int_equal(told(reply, CHG_METER_QUEUE_JOBS), 0);
	json_decref(reply);
	chg_runtime_release(runtime);
}

static void config_is_told_as_it_is_in_force(void **state)
{
	struct place *place = *state;
	static struct chg_config told;
	static struct chg_config_errors errors;
	write_file(place->path, MEMORY "peer: {allow: [im1.example.net]}\n");
	struct chg_runtime *runtime = acquire(place, place->path);
	assert_int_equal(chg_runtime_config(runtime)->peer_allow.count, 1);

	json_t *reply = ask(place, "config");
	struct chg_view text = chg_view_of(json_string_value(json_object_get(reply, "text")));
	assert_int_equal(chg_config_read_text("told", text, &told, &errors), CHG_OK);
	assert_string_equal(told.peer_allow.item[0], "im1.example.net");
	assert_string_equal(told.control_socket, place->socket);
	json_decref(reply);
	chg_runtime_release(runtime);
}

static void help_names_every_command(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	struct chg_runtime *runtime = acquire(place, place->path);
	json_t *reply = ask(place, "help");
	json_t *commands = json_object_get(reply, "commands");
	const char *name;
	json_t *sentence;
	assert_int_equal(json_object_size(commands), 8 + 9);
	json_object_foreach(commands, name, sentence)
	{
		assert_true(json_string_length(sentence) > 0);
		if (strchr(name, '-') == NULL || strcmp(name, "stats-text") == 0)
			json_decref(ask(place, name));
	}
	json_decref(reply);
	chg_runtime_release(runtime);
}

/* --- the books --- */

/* Sends a request as it is, and gives the reply whatever it says. */
static json_t *ask_with(struct place *place, json_t *request)
{
	json_t *reply = NULL;
	if (chg_control_ask(place->socket, request, &reply, place->why, sizeof place->why) !=
		CHG_OK)
		fail_msg("%s", place->why);
	json_decref(request);
	return reply;
}

static char logged[4096];

static void keep_changes(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	if (strncmp(line, "books.", 6) == 0)
		(void)snprintf(logged, sizeof logged, "%s", line);
}

static void a_change_is_made_by_who_is_at_the_other_end(void **state)
{
	struct place *place = *state;
	struct chg_runtime *runtime = NULL;
	char who[CHG_CONTROL_USER_MAX];
	char wanted[256];
	write_file(place->path, MEMORY);
	assert_int_equal(chg_runtime_acquire(place->path, (struct chg_log){ .write = keep_changes },
				 &runtime, place->why, sizeof place->why),
		CHG_OK);
	json_t *reply = ask_with(
		place, json_pack("{s:s, s:s, s:s, s:s, s:s}", "command", "account-create", "who",
			       "nobody", "why", "test", "name", "alice", "currency", "EUR"));
	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	chg_control_user_name(geteuid(), who);
	(void)snprintf(wanted, sizeof wanted, "books.changed command=account-create who=%s", who);
	assert_string_equal(logged, wanted);

	reply = ask_with(place, json_pack("{s:s}", "command", "account-block"));
	assert_text(reply, "error", "E_SYNTAX");
	assert_text(reply, "why", "why is missing");
	json_decref(reply);
	(void)snprintf(wanted, sizeof wanted,
		"books.refused command=account-block who=%s rc=E_SYNTAX", who);
	assert_string_equal(logged, wanted);
	chg_runtime_release(runtime);
}

static json_t *tariff_request(const char *price)
{
	char text[256];
	(void)snprintf(text, sizeof text,
		"tariff: im\ncurrency: EUR\nrules:\n  - message: %s per message\n", price);
	return json_pack("{s:s, s:s, s:s}", "command", "tariff-load", "why", "test", "text", text);
}

static void a_tariff_that_is_loaded_is_in_force(void **state)
{
	struct place *place = *state;
	write_file(place->path, MEMORY);
	struct chg_runtime *runtime = acquire(place, place->path);
	json_t *reply = ask(place, "status");
	assert_null(json_object_get(reply, "tariff_version"));
	json_decref(reply);

	reply = ask_with(place, tariff_request("0.05"));
	assert_int_equal(json_integer_value(json_object_get(reply, "version")), 1);
	json_decref(reply);
	reply = ask_with(place, tariff_request("much"));
	assert_text(reply, "error", "E_SYNTAX");
	assert_int_equal(json_array_size(json_object_get(reply, "errors")), 1);
	json_decref(reply);

	reply = ask(place, "status");
	assert_int_equal(json_integer_value(json_object_get(reply, "tariff_version")), 1);
	assert_text(reply, "tariff_name", "im");
	json_decref(reply);
	chg_runtime_release(runtime);
}

/* --- draining --- */

struct counted_job {
	struct chg_job job;
	atomic_uint *done_count;
};

static enum chg_rc do_nothing(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	(void)job;
	(void)store;
	(void)now;
	return CHG_OK;
}

static void count_done(struct chg_job *job)
{
	struct counted_job *counted = (struct counted_job *)(void *)job;
	assert_int_equal(job->rc, CHG_OK);
	atomic_fetch_add(counted->done_count, 1);
}

enum {
	JOBS = 64,
};

static void *drain(void *arg)
{
	chg_runtime_drain(arg);
	return NULL;
}

static void draining_finishes_what_waits_and_takes_no_more(void **state)
{
	struct place *place = *state;
	static struct counted_job jobs[JOBS + 1];
	atomic_uint done_count = 0;
	pthread_t threads[2];
	write_file(place->path, MEMORY);
	struct chg_runtime *runtime = acquire(place, place->path);
	for (size_t i = 0; i <= JOBS; i++)
		jobs[i] = (struct counted_job){ .job = { .magic = CHG_JOB_MAGIC,
							.kind = CHG_JOB_CALL,
							.call = do_nothing,
							.done = count_done },
			.done_count = &done_count };
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(
			chg_engine_submit(chg_runtime_engine(runtime), &jobs[i].job), CHG_OK);
	/* From two threads at once: both return when all is finished. */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, drain, runtime), 0);
	chg_runtime_drain(runtime);
	assert_int_equal(atomic_load(&done_count), JOBS);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(
		chg_engine_submit(chg_runtime_engine(runtime), &jobs[JOBS].job), CHG_E_CLOSED);
	assert_int_equal(atomic_load(&done_count), JOBS);
	chg_runtime_release(runtime);
}

enum {
	THREADS = 4,
	TIMES = 20,
};

static void *come_and_go(void *arg)
{
	struct place *place = arg;
	char why[512];
	for (int i = 0; i < TIMES; i++) {
		struct chg_runtime *runtime = NULL;
		assert_int_equal(
			chg_runtime_acquire(place->path, counting, &runtime, why, sizeof why),
			CHG_OK);
		assert_int_equal(chg_runtime_config(runtime)->store_kind, CHG_STORE_MEMORY);
		chg_runtime_release(runtime);
	}
	return NULL;
}

static void many_threads_may_come_and_go(void **state)
{
	struct place *place = *state;
	pthread_t threads[THREADS];
	write_file(place->path, MEMORY);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, place), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(the_second_caller_gets_the_same),
		IN_PLACE(another_file_is_refused_while_one_is_in_use),
		IN_PLACE(it_comes_back_after_the_last_release),
		IN_PLACE(every_fault_of_the_file_is_told),
		IN_PLACE(faults_without_room_are_counted),
		IN_PLACE(without_a_file_there_must_be_somebody_to_join),
		IN_PLACE(a_store_that_cannot_be_opened_says_why),
		IN_PLACE(a_socket_that_cannot_be_made_leaves_nothing_open),
		IN_PLACE(our_state_id_is_kept_by_the_store),
		IN_PLACE(start_and_end_are_told),
		IN_PLACE(the_level_of_the_file_filters_the_log),
		IN_PLACE(status_tells_who_and_how),
		IN_PLACE(status_names_the_file_of_the_store),
		IN_PLACE(stats_are_told_as_rows_and_as_text),
		IN_PLACE(what_can_be_looked_up_is_looked_up_when_somebody_asks),
		IN_PLACE(config_is_told_as_it_is_in_force),
		IN_PLACE(help_names_every_command),
		IN_PLACE(a_change_is_made_by_who_is_at_the_other_end),
		IN_PLACE(a_tariff_that_is_loaded_is_in_force),
		IN_PLACE(draining_finishes_what_waits_and_takes_no_more),
		IN_PLACE(many_threads_may_come_and_go),
	};
	return cmocka_run_group_tests_name("the runtime", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The control socket: who may speak, what is understood, and that nobody can hold it up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/control.h"
#include "runtime/control_socket.h"
#include "runtime/log.h"
#include "runtime/meter.h"
#include "store/memory/memory_store.h"

enum {
	PATIENT_MS = 60000, /* longer than any test runs */
	HASTY_MS = 20,
};

/* Each test has a folder of its own for its socket. */
struct place {
	char folder[32];
	char path[64];
	char why[CHG_CONTROL_WHY_MAX];
	struct chg_control *control;
};

static void ignore_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
}

static const struct chg_log no_log = { .write = ignore_line };

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	memcpy(place->folder, "control-XXXXXX", sizeof "control-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof place->path, "%s/c.sock", place->folder);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	struct place *place = *state;
	chg_control_free(place->control);
	(void)unlink(place->path);
	int error = rmdir(place->folder);
	free(place);
	return error;
}

static enum chg_rc echo(void *self, json_t *request, json_t *reply)
{
	assert_ptr_equal(self, &no_log);
	(void)json_object_set(reply, "heard", json_object_get(request, "say"));
	return CHG_OK;
}

static enum chg_rc refuse(void *self, json_t *request, json_t *reply)
{
	(void)self;
	(void)reply;
	return json_is_true(json_object_get(request, "full")) ? CHG_E_STORE_FULL : CHG_E_UNKNOWN;
}

static enum chg_rc tell_much(void *self, json_t *request, json_t *reply)
{
	(void)self;
	(void)request;
	size_t len = 2000000;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, 'm', len);
	(void)json_object_set_new(reply, "text", json_stringn(text, len));
	free(text);
	return CHG_OK;
}

static void start(struct place *place, unsigned idle_ms)
{
	if (chg_control_create(place->path, idle_ms, no_log, &place->control, place->why,
		    sizeof place->why) != CHG_OK)
		fail_msg("%s", place->why);
	assert_int_equal(
		chg_control_register(place->control, "echo", echo, (void *)(uintptr_t)&no_log),
		CHG_OK);
	assert_int_equal(chg_control_register(place->control, "refuse", refuse, NULL), CHG_OK);
	assert_int_equal(chg_control_register(place->control, "much", tell_much, NULL), CHG_OK);
	assert_int_equal(chg_control_register(place->control, "echo", refuse, NULL), CHG_E_RANGE);
	assert_int_equal(chg_control_start(place->control), CHG_OK);
}

static int open_client(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof address.sun_path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Sends as much as is taken: who is refused is hung up on. */
static void say(int fd, const char *text, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t more = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
		if (more <= 0)
			return;
		sent += (size_t)more;
	}
}

/* All that comes until the node hangs up. */
static void hear(int fd, char *ret, size_t room)
{
	size_t used = 0;
	ssize_t got;
	while (used < room - 1 && (got = recv(fd, ret + used, room - 1 - used, 0)) > 0)
		used += (size_t)got;
	ret[used] = '\0';
	assert_int_equal(close(fd), 0);
}

static json_t *ask(struct place *place, const char *request)
{
	json_t *reply = NULL;
	json_t *object = json_loads(request, 0, NULL);
	assert_non_null(object);
	enum chg_rc rc =
		chg_control_ask(place->path, object, &reply, place->why, sizeof place->why);
	json_decref(object);
	if (rc != CHG_OK)
		fail_msg("%s: %s", chg_rc_name(rc), place->why);
	return reply;
}

/* --- understanding --- */

static const struct reply_row {
	const char *says;
	const char *request; /* as it goes over the socket */
	const char *reply;   /* how the reply begins */
} reply_rows[] = {
	{ "a command gets its reply", "{\"command\":\"echo\",\"say\":[1,\"\xc3\xb6\"]}\n",
		"{\"heard\":[1,\"\xc3\xb6\"],\"ok\":true}\n" },
	{ "spaces around a request do not matter", " { \"command\" : \"echo\" } \r\n",
		"{\"ok\":true}\n" },
	{ "only the first line counts", "{\"command\":\"echo\"}\n{\"command\":\"refuse\"}\n",
		"{\"ok\":true}\n" },
	{ "a refusal carries its name and its sentence", "{\"command\":\"refuse\",\"full\":true}\n",
		"{\"ok\":false,\"error\":\"E_STORE_FULL\",\"why\":\"the store has no room or "
		"cannot "
		"write for now\"}\n" },
	{ "an unknown command is told what there is", "{\"command\":\"stauts\"}\n",
		"{\"why\":\"there is no command \\\"stauts\\\"; there is echo, refuse, much\","
		"\"ok\":false,\"error\":\"E_UNKNOWN\"}\n" },
	{ "a request without a command", "{}\n",
		"{\"why\":\"the request names no command; send "
		"{\\\"command\\\":\\\"status\\\"}\"" },
	{ "a command that is no text", "{\"command\":1}\n",
		"{\"why\":\"the request names no command" },
	{ "a list is no request", "[1]\n", "{\"why\":\"the request is no JSON object on one line" },
	{ "an empty line is no request", "\n", "{\"why\":\"the request is no JSON object" },
	{ "a key that stands twice", "{\"command\":\"echo\",\"command\":\"echo\"}\n",
		"{\"why\":\"the request is no JSON object" },
	{ "bytes that are not UTF-8", "{\"command\":\"\xff\"}\n",
		"{\"why\":\"the request is no JSON object" },
	{ "something that is not JSON", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"{\"why\":\"the request is no JSON object" },
};

static void reply_row_holds(void **state)
{
	const struct reply_row *row = *state;
	char got[1024];
	void *at = NULL;
	assert_int_equal(make_place(&at), 0);
	struct place *place = at;
	start(place, PATIENT_MS);
	int fd = open_client(place->path);
	say(fd, row->request, strlen(row->request));
	hear(fd, got, sizeof got);
	if (strncmp(got, row->reply, strlen(row->reply)) != 0)
		fail_msg("instead: %s", got);
	assert_int_equal(got[strlen(got) - 1], '\n');
	assert_int_equal(drop_place(&at), 0);
}

static void hanging_up_ends_a_line(void **state)
{
	struct place *place = *state;
	char got[256];
	start(place, PATIENT_MS);
	int fd = open_client(place->path);
	say(fd, "{\"command\":\"echo\"}", 18);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	hear(fd, got, sizeof got);
	assert_string_equal(got, "{\"ok\":true}\n");
}

static void a_request_may_come_in_pieces(void **state)
{
	struct place *place = *state;
	static const char request[] = "{\"command\":\"echo\",\"say\":1}\n";
	char got[256];
	start(place, PATIENT_MS);
	int fd = open_client(place->path);
	for (size_t i = 0; i < sizeof request - 1; i++)
		say(fd, request + i, 1);
	hear(fd, got, sizeof got);
	assert_string_equal(got, "{\"heard\":1,\"ok\":true}\n");
}

static void a_request_without_end_is_refused(void **state)
{
	struct place *place = *state;
	static char endless[4 * CHG_CONTROL_REQUEST_MAX];
	char got[256];
	start(place, PATIENT_MS);
	memset(endless, '[', sizeof endless);
	int fd = open_client(place->path);
	say(fd, endless, sizeof endless);
	hear(fd, got, sizeof got);
	assert_string_equal(got,
		"{\"why\":\"the request is longer than 4194303 bytes; send less at a "
		"time\",\"ok\":false,\"error\":\"E_RANGE\"}\n");
	json_decref(ask(place, "{\"command\":\"echo\"}"));
}

static void a_deep_request_is_refused(void **state)
{
	struct place *place = *state;
	static char deep[CHG_CONTROL_REQUEST_MAX];
	char got[256];
	start(place, PATIENT_MS);
	memset(deep, '[', sizeof deep);
	deep[sizeof deep - 1] = '\n';
	int fd = open_client(place->path);
	say(fd, deep, sizeof deep);
	hear(fd, got, sizeof got);
	assert_non_null(strstr(got, "E_SYNTAX"));
}

/* --- holding up --- */

static void a_silent_client_is_hung_up_on(void **state)
{
	struct place *place = *state;
	char got[256];
	start(place, HASTY_MS);
	int fd = open_client(place->path);
	say(fd, "{\"comm", 7);
	hear(fd, got, sizeof got);
	assert_string_equal(got, "");
}

static void a_client_that_does_not_read_is_hung_up_on(void **state)
{
	struct place *place = *state;
	static const char request[] = "{\"command\":\"much\"}\n";
	static char got[2100000];
	start(place, HASTY_MS);
	int deaf[CHG_CONTROL_CLIENT_MAX];
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		deaf[i] = open_client(place->path);
		say(deaf[i], request, sizeof request - 1);
	}
	/* All places are taken by the deaf: only when they are gone is this one served. */
	int fd = open_client(place->path);
	say(fd, "{\"command\":\"echo\"}\n", 19);
	hear(fd, got, sizeof got);
	assert_string_equal(got, "{\"ok\":true}\n");
	size_t cut = 0;
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		hear(deaf[i], got, sizeof got);
		cut += strlen(got) < 2000000;
	}
	/* Those who were still there when they began to read were served after all. */
	assert_true(cut >= 1);
}

static void one_more_than_the_places_waits_its_turn(void **state)
{
	struct place *place = *state;
	int waiting[CHG_CONTROL_CLIENT_MAX];
	char got[256];
	start(place, PATIENT_MS);
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++)
		waiting[i] = open_client(place->path);
	int late = open_client(place->path);
	say(late, "{\"command\":\"echo\"}\n", 19);
	assert_int_equal(close(waiting[3]), 0);
	hear(late, got, sizeof got);
	assert_string_equal(got, "{\"ok\":true}\n");
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		if (i != 3)
			assert_int_equal(close(waiting[i]), 0);
	}
}

static void stopping_does_not_wait_for_clients(void **state)
{
	struct place *place = *state;
	char got[256];
	start(place, PATIENT_MS);
	int fd = open_client(place->path);
	json_decref(ask(place, "{\"command\":\"echo\"}")); /* the first one was accepted before */
	chg_control_free(place->control);
	place->control = NULL;
	hear(fd, got, sizeof got);
	assert_string_equal(got, "");
}

static void a_large_reply_comes_whole(void **state)
{
	struct place *place = *state;
	start(place, PATIENT_MS);
	json_t *reply = ask(place, "{\"command\":\"much\"}");
	assert_int_equal(json_string_length(json_object_get(reply, "text")), 2000000);
	json_decref(reply);
}

/* --- the file --- */

static void the_socket_is_for_its_owner_alone(void **state)
{
	struct place *place = *state;
	struct stat found;
	mode_t before = umask(0);
	start(place, PATIENT_MS);
	(void)umask(before);
	assert_int_equal(lstat(place->path, &found), 0);
	assert_true(S_ISSOCK(found.st_mode));
	assert_int_equal(found.st_mode & 07777, 0600);
	chg_control_free(place->control);
	place->control = NULL;
	assert_int_not_equal(lstat(place->path, &found), 0);
}

static void a_folder_that_is_missing_is_made(void **state)
{
	struct place *place = *state;
	assert_int_equal(rmdir(place->folder), 0);
	start(place, PATIENT_MS);
	json_decref(ask(place, "{\"command\":\"echo\"}"));
}

static void a_socket_that_a_crash_left_is_replaced(void **state)
{
	struct place *place = *state;
	struct chg_control_socket left;
	assert_int_equal(
		chg_control_socket_listen(place->path, &left, place->why, sizeof place->why),
		CHG_OK);
	assert_int_equal(close(left.fd), 0); /* the file stays, as after a crash */
	start(place, PATIENT_MS);
	json_decref(ask(place, "{\"command\":\"echo\"}"));
}

static void a_socket_that_is_in_use_is_left_alone(void **state)
{
	struct place *place = *state;
	struct chg_control *second = NULL;
	start(place, PATIENT_MS);
	assert_int_equal(chg_control_create(place->path, PATIENT_MS, no_log, &second, place->why,
				 sizeof place->why),
		CHG_E_SYSTEM);
	assert_non_null(strstr(place->why, "another node listens at control-"));
	assert_null(second);
	json_decref(ask(place, "{\"command\":\"echo\"}"));
}

static void another_file_is_left_alone(void **state)
{
	struct place *place = *state;
	struct chg_control *control = NULL;
	struct stat found;
	FILE *file = fopen(place->path, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chg_control_create(place->path, PATIENT_MS, no_log, &control, place->why,
				 sizeof place->why),
		CHG_E_SYSTEM);
	assert_non_null(strstr(place->why, "exists and is no socket; move it away"));
	assert_int_equal(lstat(place->path, &found), 0);
	assert_true(S_ISREG(found.st_mode));
}

static void the_socket_of_a_successor_is_left_alone(void **state)
{
	struct place *place = *state;
	struct chg_control_socket next;
	start(place, PATIENT_MS);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(
		chg_control_socket_listen(place->path, &next, place->why, sizeof place->why),
		CHG_OK);
	chg_control_free(place->control);
	place->control = NULL;
	struct stat found;
	assert_int_equal(lstat(place->path, &found), 0);
	chg_control_socket_close(place->path, &next);
	assert_int_not_equal(lstat(place->path, &found), 0);
}

static void a_path_that_cannot_be_is_refused(void **state)
{
	struct place *place = *state;
	char longer[200];
	memset(longer, 'l', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	const char *const paths[] = { "", longer, "no/such/folder/c.sock" };
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct chg_control *control = NULL;
		place->why[0] = '\0';
		assert_int_equal(chg_control_create(paths[i], PATIENT_MS, no_log, &control,
					 place->why, sizeof place->why),
			CHG_E_SYSTEM);
		assert_true(strlen(place->why) > 0);
	}
}

static int ask_as_somebody(const char *path)
{
	char got[256];
	if (setgid(65534) != 0 || setuid(65534) != 0)
		return 2;
	int fd = open_client(path);
	say(fd, "{\"command\":\"echo\"}\n", 19);
	hear(fd, got, sizeof got);
	return strstr(got, "only root and the user of the node may ask") == NULL ||
	       strstr(got, "\"ok\":false") == NULL;
}

static void another_user_is_refused_even_past_the_file_mode(void **state)
{
	struct place *place = *state;
	if (geteuid() != 0)
		skip(); /* nobody else to become */
	start(place, PATIENT_MS);
	assert_int_equal(chmod(place->path, 0666), 0);
	assert_int_equal(chmod(place->folder, 0755), 0);
	/* The way there may be closed to others: they start from the folder itself. */
	pid_t child = fork();
	if (child == 0)
		_exit(chdir(place->folder) == 0 ? ask_as_somebody("c.sock") : 3);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- asking --- */

static void asking_where_no_node_is_says_so(void **state)
{
	struct place *place = *state;
	json_t *reply = NULL;
	json_t *request = json_pack("{s:s}", "command", "status");
	assert_int_equal(
		chg_control_ask(place->path, request, &reply, place->why, sizeof place->why),
		CHG_E_CLOSED);
	assert_non_null(strstr(place->why, "no node listens at control-"));
	assert_null(reply);
	json_decref(request);
}

static void a_refusal_is_a_reply_with_a_reason(void **state)
{
	struct place *place = *state;
	const char *why = NULL;
	start(place, PATIENT_MS);
	json_t *reply = ask(place, "{\"command\":\"refuse\"}");
	assert_false(chg_control_is_ok(reply, &why));
	assert_string_equal(why, "there is nothing of that name");
	json_decref(reply);
	reply = ask(place, "{\"command\":\"echo\"}");
	assert_true(chg_control_is_ok(reply, &why));
	json_decref(reply);
}

static void a_request_that_is_too_long_is_not_sent(void **state)
{
	struct place *place = *state;
	static char text[CHG_CONTROL_REQUEST_MAX + 1];
	json_t *reply = NULL;
	memset(text, 'x', sizeof text - 1);
	json_t *request = json_pack("{s:s}", "command", text);
	start(place, PATIENT_MS);
	assert_int_equal(
		chg_control_ask(place->path, request, &reply, place->why, sizeof place->why),
		CHG_E_RANGE);
	json_decref(request);
}

/* Plays a node that says one thing, whatever it is asked. */
struct impostor {
	int listener;
	const char *says;
};

static void *play(void *arg)
{
	const struct impostor *impostor = arg;
	char heard[256];
	int fd = accept(impostor->listener, NULL, NULL);
	if (fd >= 0 && recv(fd, heard, sizeof heard, 0) > 0)
		(void)!send(fd, impostor->says, strlen(impostor->says), MSG_NOSIGNAL);
	(void)close(fd);
	return NULL;
}

static void what_replies_nonsense_is_no_node(void **state)
{
	struct place *place = *state;
	static const struct {
		const char *says;
		enum chg_rc rc;
	} cases[] = { { "", CHG_E_SYSTEM }, { "hello\n", CHG_E_SYNTAX }, { "[]\n", CHG_E_SYNTAX },
		{ "{}\n", CHG_OK } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct chg_control_socket listener;
		pthread_t thread;
		assert_int_equal(chg_control_socket_listen(
					 place->path, &listener, place->why, sizeof place->why),
			CHG_OK);
		/* The thread is to wait in accept. */
		assert_int_equal(fcntl(listener.fd, F_SETFL, 0), 0);
		struct impostor impostor = { listener.fd, cases[i].says };
		assert_int_equal(pthread_create(&thread, NULL, play, &impostor), 0);
		json_t *reply = NULL;
		json_t *request = json_pack("{s:s}", "command", "status");
		assert_int_equal(chg_control_ask(place->path, request, &reply, place->why,
					 sizeof place->why),
			cases[i].rc);
		assert_int_equal(pthread_join(thread, NULL), 0);
		json_decref(request);
		json_decref(reply);
		chg_control_socket_close(place->path, &listener);
	}
}

static bool give_up(void *self, int fd, short events, int timeout_ms)
{
	int *calls = self;
	assert_true(fd >= 0);
	assert_int_equal(events, POLLIN);
	assert_in_range(timeout_ms, 1, 3 * CHG_CONTROL_CALL_WAIT_S * 1000);
	++*calls;
	return false;
}

/* Nobody accepts: what connects waits as at a node that was stopped. */
static void whoever_waits_may_give_up(void **state)
{
	struct place *place = *state;
	struct chg_control_socket listener;
	int calls = 0;
	const struct chg_control_waiter waiter = { give_up, &calls };
	json_t *reply = NULL;
	json_t *request = json_pack("{s:s}", "command", "status");
	assert_int_equal(
		chg_control_socket_listen(place->path, &listener, place->why, sizeof place->why),
		CHG_OK);
	assert_int_equal(chg_control_ask_with(place->path, request, &waiter, &reply, place->why,
				 sizeof place->why),
		CHG_E_SYSTEM);
	assert_int_equal(calls, 1);
	assert_null(reply);
	json_decref(request);
	chg_control_socket_close(place->path, &listener);
}

/* --- changes --- */

struct node {
	struct chg_store store;
	struct chg_engine *engine;
	json_t *request;
	json_t *reply;
};

static int make_node(void **state)
{
	struct node *node = calloc(1, sizeof *node);
	assert_non_null(node);
	struct chg_engine_config config = { .queue_max = 1, .batch_max = 1 };
	assert_int_equal(chg_memory_store_open(&node->store), CHG_OK);
	assert_int_equal(chg_engine_create(&config, &node->store, chg_clock_real(), no_log,
				 chg_meter_table(), &node->engine),
		CHG_OK);
	node->request = json_pack("{s:i}", "fresh", 4711);
	node->reply = json_object();
	*state = node;
	return 0;
}

static int drop_node(void **state)
{
	struct node *node = *state;
	chg_engine_free(node->engine);
	node->store.ops->close(node->store.self);
	json_decref(node->request);
	json_decref(node->reply);
	free(node);
	return 0;
}

/* Reads and writes what both sides agree on. */
static enum chg_rc note(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now)
{
	chg_opt_instant deadline;
	assert_true(now.wall.us > 0);
	enum chg_rc rc = store->ops->next_deadline(store->self, &deadline);
	(void)json_object_set(reply, "noted", json_object_get(request, "fresh"));
	return rc;
}

static enum chg_rc fail_work(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now)
{
	(void)request;
	(void)store;
	(void)now;
	(void)json_object_set_new(reply, "why", json_string("there is no record 17"));
	return CHG_E_UNKNOWN;
}

static void a_change_is_replied_to_when_it_is_kept(void **state)
{
	struct node *node = *state;
	assert_int_equal(chg_engine_start(node->engine), CHG_OK);
	assert_int_equal(
		chg_control_change(node->engine, note, 0, node->request, node->reply), CHG_OK);
	assert_int_equal(json_integer_value(json_object_get(node->reply, "noted")), 4711);
}

static void a_change_that_fails_tells_why(void **state)
{
	struct node *node = *state;
	assert_int_equal(chg_engine_start(node->engine), CHG_OK);
	assert_int_equal(chg_control_change(node->engine, fail_work, 0, node->request, node->reply),
		CHG_E_UNKNOWN);
	assert_string_equal(
		json_string_value(json_object_get(node->reply, "why")), "there is no record 17");
}

static void a_change_that_takes_long_is_finished_unwatched(void **state)
{
	struct node *node = *state;
	/* The engine is not running, so the wait must end first. */
	assert_int_equal(
		chg_control_change(node->engine, note, 1, node->request, node->reply), CHG_E_BUSY);
	assert_non_null(json_object_get(node->reply, "why"));
	assert_null(json_object_get(node->reply, "noted"));
	/* It waits in the queue, which has one place. */
	json_t *second = json_object();
	assert_int_equal(
		chg_control_change(node->engine, note, 1, node->request, second), CHG_E_BUSY);
	assert_null(json_object_get(second, "why"));
	json_decref(second);
	/* Request and reply of the first are its own by now; nobody else frees what it holds. */
	assert_int_equal(chg_engine_turn(node->engine), 1);
}

static void a_node_that_stops_takes_no_change(void **state)
{
	struct node *node = *state;
	chg_engine_drain(node->engine);
	assert_int_equal(chg_control_change(node->engine, note, 0, node->request, node->reply),
		CHG_E_CLOSED);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)
#define ON_NODE(test)  cmocka_unit_test_setup_teardown(test, make_node, drop_node)

int main(void)
{
	enum { N = sizeof reply_rows / sizeof reply_rows[0] };
	struct CMUnitTest rows[N];
	for (size_t i = 0; i < N; i++)
		rows[i] = (struct CMUnitTest){ .name = reply_rows[i].says,
			.test_func = reply_row_holds,
			.initial_state = (void *)(uintptr_t)&reply_rows[i] };
	const struct CMUnitTest tests[] = {
		IN_PLACE(hanging_up_ends_a_line),
		IN_PLACE(a_request_may_come_in_pieces),
		IN_PLACE(a_request_without_end_is_refused),
		IN_PLACE(a_deep_request_is_refused),
		IN_PLACE(a_silent_client_is_hung_up_on),
		IN_PLACE(a_client_that_does_not_read_is_hung_up_on),
		IN_PLACE(one_more_than_the_places_waits_its_turn),
		IN_PLACE(stopping_does_not_wait_for_clients),
		IN_PLACE(a_large_reply_comes_whole),
		IN_PLACE(the_socket_is_for_its_owner_alone),
		IN_PLACE(a_folder_that_is_missing_is_made),
		IN_PLACE(a_socket_that_a_crash_left_is_replaced),
		IN_PLACE(a_socket_that_is_in_use_is_left_alone),
		IN_PLACE(another_file_is_left_alone),
		IN_PLACE(the_socket_of_a_successor_is_left_alone),
		IN_PLACE(a_path_that_cannot_be_is_refused),
		IN_PLACE(another_user_is_refused_even_past_the_file_mode),
		IN_PLACE(asking_where_no_node_is_says_so),
		IN_PLACE(a_refusal_is_a_reply_with_a_reason),
		IN_PLACE(a_request_that_is_too_long_is_not_sent),
		IN_PLACE(what_replies_nonsense_is_no_node),
		IN_PLACE(whoever_waits_may_give_up),
		ON_NODE(a_change_is_replied_to_when_it_is_kept),
		ON_NODE(a_change_that_fails_tells_why),
		ON_NODE(a_change_that_takes_long_is_finished_unwatched),
		ON_NODE(a_node_that_stops_takes_no_change),
	};
	int failed = cmocka_run_group_tests_name("requests", rows, NULL, NULL);
	return failed + cmocka_run_group_tests_name("the control socket", tests, NULL, NULL);
}

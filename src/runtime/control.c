/* SPDX-License-Identifier: BSD-3-Clause
 * The node's side of the socket: one thread, a few clients, a line from each and a line back.
 */
#include "runtime/control.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/control_socket.h"
#include "runtime/log.h"
#include "runtime/quote.h"

enum {
	MS_PER_S = 1000,
	SHOWN_MAX = 64,
	ACCEPT_REST_MS = 500,
	/* In the poll set: the wake-up, the listener, then the clients. */
	POLL_WAKE = 0,
	POLL_LISTENER = 1,
	POLL_CLIENT = 2,
};

struct client {
	bool is_used;
	int fd;
	int64_t until_ms; /* when it has to be done with what it does */
	size_t in_len;
	char *out; /* NULL while the request is still coming */
	size_t out_len;
	size_t out_sent;
	char who[CHG_CONTROL_USER_MAX];
	char in[CHG_CONTROL_REQUEST_MAX];
};

struct command {
	const char *name;
	chg_control_handle *handle;
	void *self;
};

struct chg_control {
	struct chg_control_socket socket;
	char *path;
	int wake; /* an eventfd: readable once the thread has to end */
	unsigned idle_ms;
	struct chg_log log;
	int64_t accept_after_ms; /* with no descriptors left it rests, or it would spin */
	bool is_started;
	pthread_t thread;
	size_t command_count;
	struct command command[CHG_CONTROL_COMMAND_MAX];
	struct client client[CHG_CONTROL_CLIENT_MAX];
};

static int64_t now_ms(void)
{
	struct timespec at;
	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * MS_PER_S + at.tv_nsec / 1000000;
}

enum chg_rc chg_control_create(const char *path, unsigned idle_ms, struct chg_log log,
	struct chg_control **ret, char *reterr_why, size_t why_size)
{
	struct chg_control *control = calloc(1, sizeof *control);
	char *copy = strdup(path);
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	enum chg_rc rc = control == NULL || copy == NULL ? CHG_E_NO_MEMORY : CHG_OK;
	if (rc == CHG_OK && wake < 0)
		rc = CHG_E_SYSTEM;
	(void)snprintf(reterr_why, why_size, "%s", chg_rc_sentence(rc));
	if (rc == CHG_OK)
		rc = chg_control_socket_listen(path, &control->socket, reterr_why, why_size);
	if (rc != CHG_OK) {
		if (wake >= 0)
			(void)close(wake);
		free(copy);
		free(control);
		return rc;
	}
	control->path = copy;
	control->wake = wake;
	control->log = log;
	control->idle_ms = idle_ms != 0 ? idle_ms : CHG_CONTROL_CLIENT_WAIT_S * MS_PER_S;
	*ret = control;
	return CHG_OK;
}

static const struct command *find_command(const struct chg_control *control, const char *name)
{
	for (size_t i = 0; i < control->command_count; i++) {
		if (strcmp(control->command[i].name, name) == 0)
			return &control->command[i];
	}
	return NULL;
}

enum chg_rc chg_control_register(
	struct chg_control *control, const char *name, chg_control_handle *handle, void *self)
{
	assert(!control->is_started);
	if (control->command_count == CHG_CONTROL_COMMAND_MAX ||
		find_command(control, name) != NULL)
		return CHG_E_RANGE;
	control->command[control->command_count++] = (struct command){ name, handle, self };
	return CHG_OK;
}

static void set_why(json_t *reply, const char *why)
{
	(void)json_object_set_new(reply, "why", json_string(why));
}

/* Names what there is, so that nobody has to look it up. */
static void set_unknown(const struct chg_control *control, json_t *reply, const char *name)
{
	char shown[SHOWN_MAX];
	char why[CHG_CONTROL_WHY_MAX];
	(void)chg_quote_write(chg_view_of(name), CHG_QUOTE_ALWAYS, shown, sizeof shown);
	int len = snprintf(why, sizeof why, "there is no command %s; there is", shown);
	for (size_t i = 0; i < control->command_count && (size_t)len < sizeof why; i++)
		len += snprintf(why + len, sizeof why - (size_t)len, "%s %s", i == 0 ? "" : ",",
			control->command[i].name);
	set_why(reply, why);
}

static enum chg_rc run_command(
	const struct chg_control *control, const char *who, json_t *request, json_t *reply)
{
	if (!json_is_object(request)) {
		set_why(reply,
			"the request is no JSON object on one line; send {\"command\":\"status\"}");
		return CHG_E_SYNTAX;
	}
	const char *name = json_string_value(json_object_get(request, "command"));
	if (name == NULL) {
		set_why(reply, "the request names no command; send {\"command\":\"status\"}");
		return CHG_E_SYNTAX;
	}
	const struct command *command = find_command(control, name);
	if (command == NULL) {
		set_unknown(control, reply, name);
		return CHG_E_UNKNOWN;
	}
	/* A name that is no UTF-8 leaves none, and then nothing is changed in it. */
	(void)json_object_del(request, "who");
	(void)json_object_set_new(request, "who", json_string(who));
	return command->handle(command->self, request, reply);
}

/* A line of JSON that the client owns; NULL when there is no memory, and then it just goes. */
static char *make_line(json_t *reply, enum chg_rc rc)
{
	(void)json_object_set_new(reply, "ok", json_boolean(rc == CHG_OK));
	if (rc != CHG_OK) {
		(void)json_object_set_new(reply, "error", json_string(chg_rc_name(rc)));
		if (json_object_get(reply, "why") == NULL)
			set_why(reply, chg_rc_sentence(rc));
	}
	return json_dumps(reply, JSON_COMPACT);
}

static void close_client(struct client *client)
{
	(void)close(client->fd);
	free(client->out);
	client->out = NULL;
	client->is_used = false;
}

static void set_reply(
	const struct chg_control *control, struct client *client, json_t *reply, enum chg_rc rc)
{
	client->out = make_line(reply, rc);
	json_decref(reply);
	if (client->out == NULL) {
		close_client(client);
		return;
	}
	/* The end of the string becomes the end of the line. */
	client->out_len = strlen(client->out) + 1;
	client->out[client->out_len - 1] = '\n';
	client->out_sent = 0;
	client->until_ms = now_ms() + control->idle_ms;
}

static void refuse_client(
	const struct chg_control *control, struct client *client, enum chg_rc rc, const char *why)
{
	json_t *reply = json_object();
	set_why(reply, why);
	set_reply(control, client, reply, rc);
}

/* The whole request is there: `len` bytes of it. */
static void answer_client(struct chg_control *control, struct client *client, size_t len)
{
	json_t *request = json_loadb(client->in, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *reply = json_object();
	enum chg_rc rc = run_command(control, client->who, request, reply);
	json_decref(request);
	set_reply(control, client, reply, rc);
}

static void read_client(struct chg_control *control, struct client *client)
{
	size_t room = sizeof client->in - client->in_len;
	ssize_t got = recv(client->fd, client->in + client->in_len, room, 0);
	if (got < 0) {
		if (errno != EAGAIN && errno != EINTR)
			close_client(client);
		return;
	}
	if (got == 0 && client->in_len == 0) {
		close_client(client); /* somebody who only looked whether we are here */
		return;
	}
	const char *end = memchr(client->in + client->in_len, '\n', (size_t)got);
	client->in_len += (size_t)got;
	if (end != NULL)
		answer_client(control, client, (size_t)(end - client->in));
	else if (got == 0)
		answer_client(control, client, client->in_len); /* hanging up ends a line as well */
	else if (client->in_len == sizeof client->in)
		refuse_client(control, client, CHG_E_RANGE,
			"the request is longer than 4194303 bytes; send less at a time");
}

static void write_client(struct client *client)
{
	ssize_t sent = send(client->fd, client->out + client->out_sent,
		client->out_len - client->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0) {
		if (errno != EAGAIN && errno != EINTR)
			close_client(client);
		return;
	}
	client->out_sent += (size_t)sent;
	if (client->out_sent == client->out_len)
		close_client(client);
}

static struct client *find_free(struct chg_control *control)
{
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		if (!control->client[i].is_used)
			return &control->client[i];
	}
	return NULL;
}

static void accept_client(struct chg_control *control)
{
	int fd = accept4(control->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			control->accept_after_ms = now_ms() + ACCEPT_REST_MS;
		return;
	}
	struct client *client = find_free(control);
	assert(client != NULL);
	client->is_used = true;
	client->fd = fd;
	client->in_len = 0;
	client->out = NULL;
	client->until_ms = now_ms() + control->idle_ms;
	chg_control_socket_user(fd, client->who);
	if (!chg_control_socket_is_trusted(fd)) {
		struct chg_log log = control->log;
		chg_log_event(log, CHG_LOG_WARNING, "control.refused cause=%s",
			"neither root nor the user of the node");
		refuse_client(control, client, CHG_E_SYSTEM,
			"only root and the user of the node may ask; become one of them");
	}
}

static void shorten(int64_t *wait_ms, int64_t until_ms, int64_t now)
{
	int64_t left = until_ms > now ? until_ms - now : 0;
	if (*wait_ms < 0 || left < *wait_ms)
		*wait_ms = left;
}

/* Returns how long poll may wait: until the first client has had its time. */
static int fill_polls(struct chg_control *control, struct pollfd *polls)
{
	int64_t now = now_ms();
	int64_t wait_ms = -1;
	bool rests = control->accept_after_ms > now;
	if (rests)
		shorten(&wait_ms, control->accept_after_ms, now);
	/* With no place free the next client waits in the listener's queue. */
	bool accepts = !rests && find_free(control) != NULL;
	polls[POLL_WAKE] = (struct pollfd){ .fd = control->wake, .events = POLLIN };
	polls[POLL_LISTENER] =
		(struct pollfd){ .fd = accepts ? control->socket.fd : -1, .events = POLLIN };
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		const struct client *client = &control->client[i];
		polls[POLL_CLIENT + i] = (struct pollfd){ .fd = client->is_used ? client->fd : -1,
			.events = client->out == NULL ? POLLIN : POLLOUT };
		if (client->is_used)
			shorten(&wait_ms, client->until_ms, now);
	}
	return (int)wait_ms;
}

static void serve_client(struct chg_control *control, struct client *client, short events)
{
	if (events != 0 && client->out == NULL)
		read_client(control, client);
	else if (events != 0)
		write_client(client);
	if (client->is_used && now_ms() >= client->until_ms)
		close_client(client);
}

static void *control_main(void *arg)
{
	struct chg_control *control = arg;
	struct pollfd polls[POLL_CLIENT + CHG_CONTROL_CLIENT_MAX];
	for (;;) {
		int wait_ms = fill_polls(control, polls);
		if (poll(polls, POLL_CLIENT + CHG_CONTROL_CLIENT_MAX, wait_ms) < 0)
			continue; /* interrupted */
		if (polls[POLL_WAKE].revents != 0)
			return NULL;
		for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
			if (control->client[i].is_used)
				serve_client(control, &control->client[i],
					polls[POLL_CLIENT + i].revents);
		}
		if (polls[POLL_LISTENER].revents != 0)
			accept_client(control);
	}
}

enum chg_rc chg_control_start(struct chg_control *control)
{
	assert(!control->is_started);
	sigset_t all;
	sigset_t before;
	/* Signals are for the threads of whoever hosts us. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&control->thread, NULL, control_main, control);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return CHG_E_SYSTEM;
	(void)pthread_setname_np(control->thread, "control");
	control->is_started = true;
	return CHG_OK;
}

void chg_control_free(struct chg_control *control)
{
	if (control == NULL)
		return;
	if (control->is_started) {
		ssize_t wrote = write(control->wake, &(uint64_t){ 1 }, sizeof(uint64_t));
		assert(wrote == sizeof(uint64_t));
		(void)pthread_join(control->thread, NULL);
	}
	for (size_t i = 0; i < CHG_CONTROL_CLIENT_MAX; i++) {
		if (control->client[i].is_used)
			close_client(&control->client[i]);
	}
	chg_control_socket_close(control->path, &control->socket);
	(void)close(control->wake);
	free(control->path);
	free(control);
}

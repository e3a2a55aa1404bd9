/* SPDX-License-Identifier: BSD-3-Clause
 * The asking side of the control socket.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/control.h"
#include "runtime/control_socket.h"

enum {
	MS_PER_S = 1000,
	/* Longer than the node waits for a change, so that its own word on that is heard. */
	ASK_WAIT_S = 3 * CHG_CONTROL_CALL_WAIT_S,
	ROOM_FIRST = 4096,
};

struct conversation {
	int fd;
	int64_t until_ms;
	const struct chg_control_waiter *waiter;
};

/* A text that grows up to CHG_CONTROL_REPLY_MAX. */
struct growing {
	char *text;
	size_t len;
	size_t room;
};

__attribute__((format(printf, 4, 5))) static enum chg_rc refuse(
	enum chg_rc rc, char *reterr_why, size_t why_size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(reterr_why, why_size, format, args);
	va_end(args);
	return rc;
}

static int64_t now_ms(void)
{
	struct timespec at;
	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * MS_PER_S + at.tv_nsec / 1000000;
}

static bool wait_idly(void *self, int fd, short events, int timeout_ms)
{
	int64_t until_ms = now_ms() + timeout_ms;
	(void)self;
	for (;;) {
		int64_t left = until_ms - now_ms();
		struct pollfd ready = { .fd = fd, .events = events };
		int count = left <= 0 ? 0 : poll(&ready, 1, (int)left);
		if (count > 0)
			return true;
		if (count == 0 || errno != EINTR)
			return false;
	}
}

static bool wait_for(const struct conversation *with, short events)
{
	int64_t left = with->until_ms - now_ms();
	return left > 0 && with->waiter->wait(with->waiter->self, with->fd, events, (int)left);
}

/* A node that refuses hangs up before all is sent: its reply still tells why. */
static bool send_all(const struct conversation *with, const char *text, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t more = send(with->fd, text + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (more < 0 && errno == EAGAIN) {
			if (!wait_for(with, POLLOUT))
				return false;
		} else if (more < 0 && errno != EINTR) {
			return errno == EPIPE || errno == ECONNRESET;
		} else if (more > 0) {
			sent += (size_t)more;
		}
	}
	return true;
}

static bool grow(struct growing *reply)
{
	if (reply->len < reply->room)
		return true;
	size_t room = reply->room == 0 ? ROOM_FIRST : reply->room * 2;
	char *text = room > CHG_CONTROL_REPLY_MAX ? NULL : realloc(reply->text, room);
	if (text == NULL)
		return false;
	reply->text = text;
	reply->room = room;
	return true;
}

/* Reads to the end of the conversation. */
static enum chg_rc receive_all(const struct conversation *with, struct growing *reply)
{
	for (;;) {
		if (!grow(reply))
			return CHG_E_RANGE;
		if (!wait_for(with, POLLIN))
			return CHG_E_SYSTEM;
		ssize_t more = recv(
			with->fd, reply->text + reply->len, reply->room - reply->len, MSG_DONTWAIT);
		if (more == 0)
			return CHG_OK;
		if (more > 0)
			reply->len += (size_t)more;
		else if (errno == ECONNRESET && reply->len > 0)
			return CHG_OK;
		else if (errno != EAGAIN && errno != EINTR)
			return CHG_E_SYSTEM;
	}
}

static enum chg_rc converse(const struct conversation *with, const char *path, const char *line,
	struct growing *reply, char *reterr_why, size_t why_size)
{
	if (!send_all(with, line, strlen(line)) || !send_all(with, "\n", 1))
		return refuse(CHG_E_SYSTEM, reterr_why, why_size,
			"the node at %s does not take the request; is it stuck?", path);
	enum chg_rc rc = receive_all(with, reply);
	if (rc == CHG_E_RANGE)
		return refuse(rc, reterr_why, why_size,
			"the reply of the node at %s is longer than %d bytes; ask for less", path,
			CHG_CONTROL_REPLY_MAX);
	if (rc != CHG_OK)
		return refuse(rc, reterr_why, why_size,
			"the node at %s did not reply within %d seconds, or stopped; try again",
			path, ASK_WAIT_S);
	if (reply->len == 0)
		return refuse(CHG_E_SYSTEM, reterr_why, why_size,
			"the node at %s hung up without a reply; is it stopping?", path);
	return CHG_OK;
}

enum chg_rc chg_control_ask(const char *path, const json_t *request, json_t **ret_reply,
	char *reterr_why, size_t why_size)
{
	static const struct chg_control_waiter idle = { .wait = wait_idly };
	return chg_control_ask_with(path, request, &idle, ret_reply, reterr_why, why_size);
}

enum chg_rc chg_control_ask_with(const char *path, const json_t *request,
	const struct chg_control_waiter *waiter, json_t **ret_reply, char *reterr_why,
	size_t why_size)
{
	struct conversation with = {
		.until_ms = now_ms() + (int64_t)ASK_WAIT_S * MS_PER_S,
		.waiter = waiter,
	};
	struct growing reply = { 0 };
	char *line = json_dumps(request, JSON_COMPACT);
	if (line == NULL || strlen(line) >= CHG_CONTROL_REQUEST_MAX) {
		free(line);
		return refuse(CHG_E_RANGE, reterr_why, why_size,
			"the request is no JSON of less than %d bytes; send less at a time",
			CHG_CONTROL_REQUEST_MAX);
	}
	enum chg_rc rc = chg_control_socket_connect(path, &with.fd, reterr_why, why_size);
	if (rc == CHG_OK) {
		rc = converse(&with, path, line, &reply, reterr_why, why_size);
		(void)close(with.fd);
	}
	free(line);
	json_t *object = rc == CHG_OK
				 ? json_loadb(reply.text, reply.len, JSON_REJECT_DUPLICATES, NULL)
				 : NULL;
	free(reply.text);
	if (rc != CHG_OK)
		return rc;
	if (!json_is_object(object)) {
		json_decref(object);
		return refuse(CHG_E_SYNTAX, reterr_why, why_size,
			"what replied at %s is no node of this kind; check control.socket", path);
	}
	*ret_reply = object;
	return CHG_OK;
}

bool chg_control_is_ok(const json_t *reply, const char **ret_why)
{
	const char *why = json_string_value(json_object_get(reply, "why"));
	*ret_why = why == NULL ? "the node gave no reason" : why;
	return json_is_true(json_object_get(reply, "ok"));
}

/* SPDX-License-Identifier: BSD-3-Clause
 * One connection of the Diameter client.  RFC 6733 5
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chgplay/answer.h"
#include "chgplay/peer.h"
#include "wire/message.h"

enum {
	IN_SIZE = 512 * 1024,
	OUT_MAX = 16 * 1024 * 1024,
	BASE_MESSAGE_MAX = 1024,
	TRY_AGAIN_MS = 100,
	COMMAND_CAPABILITIES = 257,
	COMMAND_WATCHDOG = 280,
	COMMAND_DISCONNECT = 282,
	DISCONNECT_DO_NOT_WANT_TO_TALK_TO_YOU = 2,
};

struct chg_peer {
	int fd;
	int timeout_ms;
	char host[256];
	char realm[256];
	uint32_t origin_state_id;
	uint32_t next_id;
	bool is_sent_away;
	bool is_over; /* no more can be read */
	uint8_t *in;
	size_t in_len;
	size_t in_at; /* what stands before was given away */
	uint8_t *out;
	size_t out_size;
	size_t out_len;
	size_t out_at;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket is ready for `events`; false at the deadline. */
static bool wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = events };
		int64_t left = deadline - now_ms();
		int count = poll(&ready, 1, left <= 0 ? 0 : (int)left);
		if (count > 0)
			return true;
		if (count == 0 || errno != EINTR)
			return false;
	}
}

/* "host:port", "[v6]:port".  The last ':' splits. */
static bool split_address(
	const char *address, char *host, size_t host_size, char *port, size_t port_size)
{
	const char *colon = strrchr(address, ':');
	if (colon == NULL || colon == address || colon[1] == '\0')
		return false;
	size_t len = (size_t)(colon - address);
	if (address[0] == '[' && colon[-1] == ']') {
		address++;
		len -= 2;
	}
	if (len >= host_size || strlen(colon + 1) >= port_size)
		return false;
	memcpy(host, address, len);
	host[len] = '\0';
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}

static bool finish_connect(int fd, int64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (!wait_for(fd, POLLOUT, deadline)) {
		errno = ETIMEDOUT;
		return false;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return false;
	errno = error;
	return error == 0;
}

static int connect_one(const struct addrinfo *to, int64_t deadline)
{
	int on = 1;
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 ||
		(errno == EINPROGRESS && finish_connect(fd, deadline)))
		return fd;
	int cause = errno;
	close(fd);
	errno = cause;
	return -1;
}

static enum chg_rc connect_any(
	const char *address, int64_t deadline, int *ret, char *why, size_t why_size)
{
	char host[256];
	char port[16];
	char cause[128];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	if (!split_address(address, host, sizeof host, port, sizeof port)) {
		snprintf(why, why_size, "\"%s\" is no address; write host:port, as 127.0.0.1:3868",
			address);
		return CHG_E_CONFIG;
	}
	int error = getaddrinfo(host, port, &hints, &found);
	if (error != 0) {
		snprintf(why, why_size, "%s: %s", address, gai_strerror(error));
		return CHG_E_CONFIG;
	}
	*ret = -1;
	for (const struct addrinfo *at = found; at != NULL && *ret < 0; at = at->ai_next)
		*ret = connect_one(at, deadline);
	int failure = errno;
	freeaddrinfo(found);
	if (*ret >= 0)
		return CHG_OK;
	snprintf(why, why_size, "cannot connect to %s: %s; is the node running?", address,
		strerror_r(failure, cause, sizeof cause));
	return CHG_E_SYSTEM;
}

static void begin(struct chg_peer *peer, struct chg_out *out, uint32_t command, uint8_t flags)
{
	uint32_t id = peer->next_id++;
	struct chg_header header = {
		.version = 1, .flags = flags, .command = command, .hop_by_hop = id, .end_to_end = id
	};
	chg_out_header(out, &header);
}

static void put_origin(struct chg_peer *peer, struct chg_out *out)
{
	chg_out_text(out, CHG_AVP_ORIGIN_HOST, chg_view_of(peer->host));
	chg_out_text(out, CHG_AVP_ORIGIN_REALM, chg_view_of(peer->realm));
}

static enum chg_rc put_out(struct chg_peer *peer, struct chg_out *out)
{
	if (chg_out_finish(out) != CHG_OK)
		return CHG_E_RANGE;
	return chg_peer_put(peer, (struct chg_view){ (const char *)out->bytes, out->len });
}

/* Host-IP-Address: the address that this end of the connection has. */
static void put_own_address(struct chg_peer *peer, struct chg_out *out)
{
	uint8_t octets[18] = { 0, 1, 127, 0, 0, 1 };
	size_t len = 6;
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof own;
	if (getsockname(peer->fd, (struct sockaddr *)&own, &size) == 0) {
		if (own.ss_family == AF_INET6) {
			const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&own;
			octets[1] = 2;
			memcpy(octets + 2, &v6->sin6_addr, 16);
			len = 18;
		} else if (own.ss_family == AF_INET) {
			memcpy(octets + 2, &((const struct sockaddr_in *)&own)->sin_addr, 4);
		}
	}
	chg_out_any(out, 257, 0, CHG_AVP_FLAG_MUST, (struct chg_view){ (const char *)octets, len });
}

static enum chg_rc put_capabilities(struct chg_peer *peer)
{
	uint8_t bytes[BASE_MESSAGE_MAX];
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	begin(peer, &out, COMMAND_CAPABILITIES, CHG_COMMAND_FLAG_REQUEST);
	put_origin(peer, &out);
	put_own_address(peer, &out);
	chg_out_u32(&out, CHG_AVP_VENDOR_ID, 0);
	chg_out_text(&out, CHG_AVP_PRODUCT_NAME, CHG_VIEW("chgplay"));
	if (peer->origin_state_id != 0)
		chg_out_u32(&out, CHG_AVP_ORIGIN_STATE_ID, peer->origin_state_id);
	chg_out_u32(&out, CHG_AVP_SUPPORTED_VENDOR_ID, 10415);
	chg_out_u32(&out, CHG_AVP_AUTH_APPLICATION_ID, 4);
	chg_out_u32(&out, CHG_AVP_ACCT_APPLICATION_ID, 3);
	return put_out(peer, &out);
}

/* The length of the next message, 0 as long as its header is not there. */
static size_t next_length(const struct chg_peer *peer)
{
	const uint8_t *at = peer->in + peer->in_at;
	if (peer->in_len - peer->in_at < CHG_HEADER_SIZE)
		return 0;
	return (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static bool whole_message(const struct chg_peer *peer, struct chg_view *ret)
{
	const uint8_t *at = peer->in + peer->in_at;
	size_t left = peer->in_len - peer->in_at;
	size_t length = next_length(peer);
	if (length < CHG_HEADER_SIZE || length > left)
		return false;
	*ret = (struct chg_view){ (const char *)at, length };
	return true;
}

/* Waits for one message of whatever kind. */
static enum chg_rc wait_message(struct chg_peer *peer, struct chg_view *ret)
{
	int64_t deadline = now_ms() + peer->timeout_ms;
	for (;;) {
		if (chg_peer_flush(peer) != CHG_OK)
			return CHG_E_CLOSED;
		if (whole_message(peer, ret)) {
			peer->in_at += ret->len;
			return CHG_OK;
		}
		if (!wait_for(peer->fd, POLLIN, deadline))
			return CHG_E_BUSY;
		if (chg_peer_read(peer) != CHG_OK)
			return CHG_E_CLOSED;
	}
}

static enum chg_rc exchange_capabilities(
	struct chg_peer *peer, const char *address, char *why, size_t why_size)
{
	struct chg_view answer;
	enum chg_rc rc = put_capabilities(peer);
	if (rc == CHG_OK)
		rc = wait_message(peer, &answer);
	if (rc == CHG_E_CLOSED)
		snprintf(why, why_size,
			"%s closed the connection before capabilities; does it admit the peer %s?",
			address, peer->host);
	else if (rc != CHG_OK)
		snprintf(why, why_size, "%s answered no capabilities in %d ms", address,
			peer->timeout_ms);
	if (rc != CHG_OK)
		return rc;
	uint32_t code = chg_answer_result(answer);
	if (code == 2001)
		return CHG_OK;
	snprintf(why, why_size, "%s refused the capabilities of %s with %u", address, peer->host,
		(unsigned)code);
	return CHG_E_CLOSED;
}

static enum chg_rc make(const struct chg_peer_config *config, struct chg_peer **ret)
{
	struct timespec now;
	struct chg_peer *peer = calloc(1, sizeof *peer);
	if (peer == NULL)
		return CHG_E_NO_MEMORY;
	peer->in = malloc(IN_SIZE);
	if (peer->in == NULL) {
		free(peer);
		return CHG_E_NO_MEMORY;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	peer->fd = -1;
	peer->next_id = (uint32_t)now.tv_sec << 12;
	peer->timeout_ms = config->timeout_ms;
	peer->origin_state_id = config->origin_state_id;
	snprintf(peer->host, sizeof peer->host, "%s", config->origin_host);
	snprintf(peer->realm, sizeof peer->realm, "%s", config->origin_realm);
	*ret = peer;
	return CHG_OK;
}

/*
 * A node that was left without a goodbye asks whether we are there right behind its CEA.  What came
 * with the CEA in one read makes no descriptor ready again, so it is served here.
 */
static void serve_what_came_along(struct chg_peer *peer)
{
	struct chg_view message;
	while (chg_peer_next(peer, &message))
		; /* nothing was asked yet, so nothing but base messages can be there */
	(void)chg_peer_flush(peer); /* a failure shows at the next read */
}

static enum chg_rc open_once(
	const struct chg_peer_config *config, struct chg_peer **ret, char *why, size_t why_size)
{
	struct chg_peer *peer;
	enum chg_rc rc = make(config, &peer);
	if (rc != CHG_OK) {
		snprintf(why, why_size, "%s", chg_rc_sentence(rc));
		return rc;
	}
	rc = connect_any(config->address, now_ms() + config->timeout_ms, &peer->fd, why, why_size);
	if (rc == CHG_OK)
		rc = exchange_capabilities(peer, config->address, why, why_size);
	if (rc != CHG_OK) {
		chg_peer_close(peer, false);
		return rc;
	}
	serve_what_came_along(peer);
	*ret = peer;
	return CHG_OK;
}

enum chg_rc chg_peer_open(const struct chg_peer_config *config, struct chg_peer **ret,
	char *reterr_why, size_t why_size)
{
	int64_t deadline = now_ms() + config->patience_ms;
	for (;;) {
		enum chg_rc rc = open_once(config, ret, reterr_why, why_size);
		if (rc != CHG_E_CLOSED || now_ms() >= deadline)
			return rc;
		poll(NULL, 0, TRY_AGAIN_MS);
	}
}

static void say_goodbye(struct chg_peer *peer)
{
	uint8_t bytes[BASE_MESSAGE_MAX];
	struct chg_view message;
	struct chg_header header;
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	begin(peer, &out, COMMAND_DISCONNECT, CHG_COMMAND_FLAG_REQUEST);
	put_origin(peer, &out);
	chg_out_u32(&out, CHG_AVP_DISCONNECT_CAUSE, DISCONNECT_DO_NOT_WANT_TO_TALK_TO_YOU);
	if (put_out(peer, &out) != CHG_OK)
		return;
	/* Answers that nobody waits for may still come before the DPA. */
	while (wait_message(peer, &message) == CHG_OK)
		if (chg_header_read(message, &header) == CHG_OK &&
			header.command == COMMAND_DISCONNECT)
			return;
}

void chg_peer_close(struct chg_peer *peer, bool is_polite)
{
	if (peer == NULL)
		return;
	if (is_polite && !peer->is_over && !peer->is_sent_away)
		say_goodbye(peer);
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer->in);
	free(peer->out);
	free(peer);
}

int chg_peer_fd(const struct chg_peer *peer)
{
	return peer->fd;
}

bool chg_peer_wants_write(const struct chg_peer *peer)
{
	return peer->out_at < peer->out_len;
}

bool chg_peer_was_sent_away(const struct chg_peer *peer)
{
	return peer->is_sent_away;
}

static enum chg_rc make_room(struct chg_peer *peer, size_t len)
{
	if (peer->out_at == peer->out_len)
		peer->out_at = peer->out_len = 0;
	if (len <= peer->out_size - peer->out_len)
		return CHG_OK;
	size_t wanted = peer->out_size == 0 ? 64 * 1024 : peer->out_size * 2;
	while (wanted < peer->out_len + len)
		wanted *= 2;
	uint8_t *grown = wanted > OUT_MAX ? NULL : realloc(peer->out, wanted);
	if (grown == NULL)
		return CHG_E_NO_MEMORY;
	peer->out = grown;
	peer->out_size = wanted;
	return CHG_OK;
}

uint8_t *chg_peer_reserve(struct chg_peer *peer, size_t len)
{
	if (make_room(peer, len) != CHG_OK)
		return NULL;
	uint8_t *room = peer->out + peer->out_len;
	peer->out_len += len;
	return room;
}

enum chg_rc chg_peer_put(struct chg_peer *peer, struct chg_view message)
{
	uint8_t *room = chg_peer_reserve(peer, message.len);
	if (room == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(room, message.ptr, message.len);
	return CHG_OK;
}

enum chg_rc chg_peer_flush(struct chg_peer *peer)
{
	while (peer->out_at < peer->out_len) {
		ssize_t sent = send(peer->fd, peer->out + peer->out_at,
			peer->out_len - peer->out_at, MSG_NOSIGNAL);
		if (sent >= 0)
			peer->out_at += (size_t)sent;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return CHG_OK;
		else if (errno != EINTR)
			return CHG_E_CLOSED;
	}
	return CHG_OK;
}

static void compact(struct chg_peer *peer)
{
	if (peer->in_at == 0)
		return;
	memmove(peer->in, peer->in + peer->in_at, peer->in_len - peer->in_at);
	peer->in_len -= peer->in_at;
	peer->in_at = 0;
}

enum chg_rc chg_peer_read(struct chg_peer *peer)
{
	compact(peer);
	for (;;) {
		size_t length = next_length(peer);
		if (length > IN_SIZE ||
			(length < CHG_HEADER_SIZE && peer->in_len >= CHG_HEADER_SIZE))
			return CHG_E_SYNTAX;
		if (peer->in_len == IN_SIZE)
			return CHG_OK;
		ssize_t got = recv(peer->fd, peer->in + peer->in_len, IN_SIZE - peer->in_len, 0);
		if (got > 0) {
			peer->in_len += (size_t)got;
			return CHG_OK;
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return CHG_OK;
		peer->is_over = true;
		return CHG_E_CLOSED;
	}
}

static void answer_base(struct chg_peer *peer, const struct chg_header *request)
{
	uint8_t bytes[BASE_MESSAGE_MAX];
	struct chg_out out = chg_out_of(bytes, sizeof bytes);
	struct chg_header header = *request;
	header.flags = 0;
	chg_out_header(&out, &header);
	chg_out_u32(&out, CHG_AVP_RESULT_CODE, 2001);
	put_origin(peer, &out);
	if (peer->origin_state_id != 0 && request->command == COMMAND_WATCHDOG)
		chg_out_u32(&out, CHG_AVP_ORIGIN_STATE_ID, peer->origin_state_id);
	put_out(peer, &out);
	chg_peer_flush(peer);
}

/* Whether the message belongs to the connection itself; if so it is dealt with. */
static bool is_base(struct chg_peer *peer, struct chg_view message)
{
	struct chg_header header;
	if (chg_header_read(message, &header) != CHG_OK)
		return false;
	if (header.command != COMMAND_WATCHDOG && header.command != COMMAND_DISCONNECT &&
		header.command != COMMAND_CAPABILITIES)
		return false;
	if (header.flags & CHG_COMMAND_FLAG_REQUEST) {
		answer_base(peer, &header);
		if (header.command == COMMAND_DISCONNECT)
			peer->is_sent_away = true;
	}
	return true;
}

bool chg_peer_next(struct chg_peer *peer, struct chg_view *ret)
{
	while (whole_message(peer, ret)) {
		peer->in_at += ret->len;
		if (!is_base(peer, *ret))
			return true;
	}
	return false;
}

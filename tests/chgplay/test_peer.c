/* SPDX-License-Identifier: BSD-3-Clause
 * The client's end of a connection against a server of a few octets.
 */
#include "chgplay/peer.h"
#include "support/message.h"
#include "support/table.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 60000, /* for what has to come; nothing waits so long that works */
};

/* A header alone; length and command are their last two octets and their last one. */
#define HEAD(length, flags, command)                                                               \
	"\x01\x00" length flags "\x00\x01" command                                                 \
	"\x00\x00\x00\x00\x11\x11\x11\x11\x22\x22\x22\x22"
#define OCTETS(text) text, sizeof(text) - 1
#define AN_ANSWER    HEAD("\x00\x14", "\x00", "\x0f")
#define A_REQUEST    HEAD("\x00\x14", "\x80", "\x0f")
#define A_WATCHDOG   HEAD("\x00\x14", "\x80", "\x18")
#define A_DISCONNECT HEAD("\x00\x14", "\x80", "\x1a")

static const struct peer_row {
	const char *says;
	const char *octets; /* what the server says to a request, before it closes */
	size_t len;
	uint32_t answered; /* messages that it wants back first */
	size_t messages;   /* what is given to the caller */
	bool is_sent_away;
	enum chg_rc rc; /* how the connection ends */
} rows[] = {
	{ "nothing", OCTETS(""), 0, 0, false, CHG_E_CLOSED },
	{ "an answer is given to the caller", OCTETS(AN_ANSWER), 0, 1, false, CHG_E_CLOSED },
	{ "two that came at once are given one after the other", OCTETS(AN_ANSWER AN_ANSWER), 0, 2,
		false, CHG_E_CLOSED },
	{ "half a message is waited for", OCTETS("\x01\x00\x00\x14\x00\x00"), 0, 0, false,
		CHG_E_CLOSED },
	{ "a watchdog is answered", OCTETS(A_WATCHDOG), 1, 0, false, CHG_E_CLOSED },
	{ "... also between answers", OCTETS(AN_ANSWER A_WATCHDOG AN_ANSWER), 1, 2, false,
		CHG_E_CLOSED },
	{ "to be sent away is answered and told", OCTETS(A_DISCONNECT), 1, 0, true, CHG_E_CLOSED },
	{ "a length shorter than a header is no message", OCTETS(HEAD("\x00\x13", "\x00", "\x0f")),
		0, 0, false, CHG_E_SYNTAX },
	{ "a length of nothing is none", OCTETS(HEAD("\x00\x00", "\x00", "\x0f")), 0, 0, false,
		CHG_E_SYNTAX },
	{ "a length beyond all that is sent is none",
		OCTETS("\x01\xff\xff\xfc\x00\x00\x01\x0f\x00\x00\x00\x00\x11\x11\x11\x11\x22\x22"
		       "\x22"
		       "\x22"),
		0, 0, false, CHG_E_SYNTAX },
	{ "what stands before an impossible length is given",
		OCTETS(AN_ANSWER HEAD("\x00\x08", "\x00", "\x0f")), 0, 1, false, CHG_E_SYNTAX },
};

struct server {
	int listener;
	const struct peer_row *row;
	uint32_t answered;
};

static bool read_all(int fd, void *to, size_t len)
{
	uint8_t *at = to;
	while (len > 0) {
		ssize_t got = recv(fd, at, len, 0);
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

/* One whole message, thrown away. */
static bool read_message(int fd)
{
	uint8_t head[20];
	uint8_t rest[2048];
	if (!read_all(fd, head, sizeof head))
		return false;
	size_t len = (size_t)head[2] << 8 | head[3];
	return len >= sizeof head && len - sizeof head <= sizeof rest &&
	       read_all(fd, rest, len - sizeof head);
}

/* Takes one client: CER, CEA, a request, what the row says, what the client answers; over. */
static void *serve(void *to)
{
	static struct message cea;
	struct server *server = to;
	int fd = accept(server->listener, NULL, NULL);
	if (fd < 0 || !read_message(fd))
		return NULL;
	message_begin(&cea, 0, 257, 0);
	message_avps(&cea, "268m:000007d1");
	struct chg_view answer = message_view(&cea);
	if (send(fd, answer.ptr, answer.len, MSG_NOSIGNAL) == (ssize_t)answer.len &&
		read_message(fd) &&
		send(fd, server->row->octets, server->row->len, MSG_NOSIGNAL) ==
			(ssize_t)server->row->len)
		while (server->answered < server->row->answered && read_message(fd))
			server->answered++;
	shutdown(fd, SHUT_WR);
	while (read_message(fd))
		;
	close(fd);
	return NULL;
}

static int listen_somewhere(char *ret_address, size_t size)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof own;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	snprintf(ret_address, size, "127.0.0.1:%u", (unsigned)ntohs(own.sin_port));
	return fd;
}

/* Reads until the end; how many messages were given. */
static size_t read_until_the_end(struct chg_peer *peer, enum chg_rc *ret_rc)
{
	size_t count = 0;
	struct chg_view message;
	do {
		struct pollfd ready = { .fd = chg_peer_fd(peer), .events = POLLIN };
		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		*ret_rc = chg_peer_read(peer);
		while (chg_peer_next(peer, &message))
			count++;
	} while (*ret_rc == CHG_OK);
	return count;
}

static void row_holds(void **state)
{
	const struct peer_row *row = *state;
	char address[32];
	char why[256] = "";
	pthread_t thread;
	struct server server = { .row = row };
	struct chg_peer *peer = NULL;
	enum chg_rc rc;
	server.listener = listen_somewhere(address, sizeof address);
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	struct chg_peer_config config = { .address = address,
		.origin_host = "test.example.net",
		.origin_realm = "example.net",
		.timeout_ms = PATIENCE_MS };
	assert_int_equal(chg_peer_open(&config, &peer, why, sizeof why), CHG_OK);
	assert_int_equal(chg_peer_put(peer, CHG_VIEW(A_REQUEST)), CHG_OK);
	assert_int_equal(chg_peer_flush(peer), CHG_OK);
	size_t messages = read_until_the_end(peer, &rc);
	bool is_sent_away = chg_peer_was_sent_away(peer);
	chg_peer_close(peer, false);
	pthread_join(thread, NULL);
	close(server.listener);
	assert_int_equal(rc, row->rc);
	assert_int_equal(messages, row->messages);
	assert_int_equal(is_sent_away, row->is_sent_away);
	assert_int_equal(server.answered, row->answered);
}

int main(void)
{
	return TABLE_RUN("a connection", rows, row_holds);
}

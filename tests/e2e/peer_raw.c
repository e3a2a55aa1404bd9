/* SPDX-License-Identifier: BSD-3-Clause
 * A Diameter peer without manners: octets over a socket, for what no decent client would send.
 *
 *   peer_raw PORT hello HOST                connect, CER; exit 0 when the CEA says 2001
 *   peer_raw PORT nul-session HOST          then a Re-Auth-Request (application 3) whose Session-Id
 *                                           holds a NUL octet; exit 0 when a DWR is answered
 *                                           afterwards, over this or a new connection
 *   peer_raw PORT reset HOST ROUNDS COUNT   ROUNDS times: connect, CER, COUNT requests for a realm
 *                                           that is not ours (answer 3002), reset of the connection
 *   peer_raw PORT again HOST COUNT          COUNT times: connect, CER, DPR, close, and at once again
 *   peer_raw PORT return HOST ROUNDS COUNT  ROUNDS times: connect, CER, COUNT requests, reset of the
 *                                           connection, and the same at once again; exit 0 when
 *                                           every request of the second connection is answered
 *                                           there, and none of the first
 *   peer_raw PORT split HOST COUNT          COUNT requests octet by octet, as many in one piece, and
 *                                           as many cut anywhere; exit 0 when all are answered
 *   peer_raw PORT goodbye HOST ROUNDS COUNT ROUNDS times: connect, CER, COUNT requests and a DPR in
 *                                           one piece; exit 0 when all answers come before the DPA
 *   peer_raw PORT greedy HOST               connect, CER, then requests as long as they are taken,
 *                                           and nothing is ever read; prints "full" and stays
 *   peer_raw PORT mute HOST                 connect, CER, then silence; prints "open" and stays
 *   peer_raw 0 notified PATH                stands in for a service manager: prints what is sent to
 *                                           the socket at PATH, and ends after STOPPING
 *   peer_raw PORT silent COUNT              COUNT connections that say nothing; prints "open" and
 *                                           holds them until it is ended
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	COMMAND_CER = 257,
	COMMAND_RAR = 258,
	COMMAND_ACR = 271,
	COMMAND_DWR = 280,
	COMMAND_DPR = 282,
	FLAG_REQUEST = 0x80,
	FLAG_PROXIABLE = 0x40,
	APPLICATION_ACCOUNTING = 3,
	AVP_HOST_IP_ADDRESS = 257,
	AVP_AUTH_APPLICATION_ID = 258,
	AVP_ACCT_APPLICATION_ID = 259,
	AVP_SESSION_ID = 263,
	AVP_ORIGIN_HOST = 264,
	AVP_VENDOR_ID = 266,
	AVP_RESULT_CODE = 268,
	AVP_PRODUCT_NAME = 269,
	AVP_DISCONNECT_CAUSE = 273,
	AVP_DESTINATION_REALM = 283,
	AVP_RE_AUTH_REQUEST_TYPE = 285,
	AVP_DESTINATION_HOST = 293,
	AVP_ORIGIN_REALM = 296,
	AVP_RECORD_TYPE = 480,
	AVP_RECORD_NUMBER = 485,
	WAIT_S = 20,
	REALM_MAX = 256,
};

struct message {
	size_t len;
	uint8_t bytes[4096];
};

static const char *origin_host;
static uint16_t port;

static void put(struct message *message, const void *bytes, size_t len)
{
	if (message->len + len > sizeof message->bytes)
		abort();
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_u32(struct message *message, uint32_t value)
{
	const uint32_t wire = htonl(value);

	put(message, &wire, sizeof wire);
}

static struct message message_begin(uint8_t flags, uint32_t command, uint32_t application)
{
	static uint32_t number;
	struct message message = { 0 };

	number++;
	put_u32(&message, 0); /* the length comes at the end */
	put_u32(&message, ((uint32_t)flags << 24) | command);
	put_u32(&message, application);
	put_u32(&message, number);
	put_u32(&message, number);
	return message;
}

static void put_avp(struct message *message, uint32_t code, const void *data, size_t len)
{
	static const uint8_t padding[4];

	put_u32(message, code);
	put_u32(message, 0x40000000u | (uint32_t)(len + 8));
	put(message, data, len);
	put(message, padding, (4 - len % 4) % 4);
}

static void put_avp_text(struct message *message, uint32_t code, const char *text)
{
	put_avp(message, code, text, strlen(text));
}

static void put_avp_u32(struct message *message, uint32_t code, uint32_t value)
{
	const uint32_t wire = htonl(value);

	put_avp(message, code, &wire, sizeof wire);
}

static void put_origin(struct message *message)
{
	const char *dot = strchr(origin_host, '.');

	put_avp_text(message, AVP_ORIGIN_HOST, origin_host);
	put_avp_text(message, AVP_ORIGIN_REALM, dot == NULL ? "example.net" : dot + 1);
}

static bool message_send(int s, struct message *message)
{
	const uint32_t head = htonl(0x01000000u | (uint32_t)message->len);

	memcpy(message->bytes, &head, sizeof head);
	return send(s, message->bytes, message->len, MSG_NOSIGNAL) == (ssize_t)message->len;
}

static bool receive_all(int s, void *to, size_t len)
{
	return recv(s, to, len, MSG_WAITALL) == (ssize_t)len;
}

static bool message_receive(int s, struct message *ret)
{
	uint32_t head;

	if (!receive_all(s, &head, sizeof head))
		return false;
	ret->len = ntohl(head) & 0xffffff;
	if (ret->len < 20 || ret->len > sizeof ret->bytes)
		return false;
	memcpy(ret->bytes, &head, sizeof head);
	return receive_all(s, ret->bytes + 4, ret->len - 4);
}

static uint32_t word_at(const struct message *message, size_t offset)
{
	uint32_t wire;

	memcpy(&wire, message->bytes + offset, sizeof wire);
	return ntohl(wire);
}

/* The Result-Code of an answer, or 0. */
static uint32_t result_of(const struct message *message)
{
	for (size_t at = 20; at + 12 <= message->len;) {
		uint32_t len = word_at(message, at + 4) & 0xffffff;
		if (word_at(message, at) == AVP_RESULT_CODE)
			return word_at(message, at + 8);
		if (len < 8)
			return 0;
		at += (len + 3) & ~3u;
	}
	return 0;
}

static int dial(void)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };

	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -1;
	(void)setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (connect(s, (const struct sockaddr *)&to, sizeof to) != 0) {
		close(s);
		return -1;
	}
	return s;
}

static void hang_up_hard(int s)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(s, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(s);
}

/* Connects and exchanges capabilities.  -1 when the node does not say 2001. */
static int open_as(const char *host)
{
	static const uint8_t address[] = { 0, 1, 127, 0, 0, 1 };
	struct message answer;

	origin_host = host;
	int s = dial();
	if (s < 0)
		return -1;
	struct message cer = message_begin(FLAG_REQUEST, COMMAND_CER, 0);
	put_origin(&cer);
	put_avp(&cer, AVP_HOST_IP_ADDRESS, address, sizeof address);
	put_avp_u32(&cer, AVP_VENDOR_ID, 0);
	put_avp_text(&cer, AVP_PRODUCT_NAME, "peer_raw");
	put_avp_u32(&cer, AVP_ACCT_APPLICATION_ID, APPLICATION_ACCOUNTING);
	if (message_send(s, &cer) && message_receive(s, &answer) && result_of(&answer) == 2001)
		return s;
	close(s);
	return -1;
}

static bool watchdog_is_answered(int s)
{
	struct message dwr = message_begin(FLAG_REQUEST, COMMAND_DWR, 0), answer;

	put_origin(&dwr);
	if (!message_send(s, &dwr))
		return false;
	while (message_receive(s, &answer)) {
		uint32_t command = word_at(&answer, 4);
		if (command == COMMAND_DWR)
			return result_of(&answer) == 2001;
	}
	return false;
}

static int hello(const char *host)
{
	int s = open_as(host);

	if (s < 0)
		return EXIT_FAILURE;
	bool is_answered = watchdog_is_answered(s);
	close(s);
	return is_answered ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int nul_session(const char *host)
{
	static const char session[] = "im.example.net;1\0;2";
	char other[REALM_MAX];

	int s = open_as(host);
	if (s < 0)
		return EXIT_FAILURE;
	struct message rar =
		message_begin(FLAG_REQUEST | FLAG_PROXIABLE, COMMAND_RAR, APPLICATION_ACCOUNTING);
	put_avp(&rar, AVP_SESSION_ID, session, sizeof session - 1);
	put_origin(&rar);
	put_avp_text(&rar, AVP_DESTINATION_REALM, "example.net");
	put_avp_text(&rar, AVP_DESTINATION_HOST, "charging.example.net");
	put_avp_u32(&rar, AVP_AUTH_APPLICATION_ID, APPLICATION_ACCOUNTING);
	put_avp_u32(&rar, AVP_RE_AUTH_REQUEST_TYPE, 0);
	if (!message_send(s, &rar))
		return EXIT_FAILURE;
	(void)watchdog_is_answered(s); /* gives the request the time to do its harm */
	close(s);
	snprintf(other, sizeof other, "after-%s", host);
	return hello(other);
}

static void send_foreign(int s, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct message acr = message_begin(
			FLAG_REQUEST | FLAG_PROXIABLE, COMMAND_ACR, APPLICATION_ACCOUNTING);
		put_avp_text(&acr, AVP_SESSION_ID, "im.example.net;1;2");
		put_origin(&acr);
		put_avp_text(&acr, AVP_DESTINATION_REALM, "elsewhere.example.org");
		put_avp_u32(&acr, AVP_RECORD_TYPE, 1);
		put_avp_u32(&acr, AVP_RECORD_NUMBER, i);
		put_avp_u32(&acr, AVP_ACCT_APPLICATION_ID, APPLICATION_ACCOUNTING);
		if (!message_send(s, &acr))
			return;
	}
}

static int reset(const char *host, unsigned rounds, unsigned count)
{
	char other[REALM_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		snprintf(other, sizeof other, "r%u-%s", i, host);
		int s = open_as(other);
		if (s < 0) {
			fprintf(stderr, "round %u: the node does not answer the CER\n", i);
			return EXIT_FAILURE;
		}
		send_foreign(s, count);
		hang_up_hard(s);
	}
	return EXIT_SUCCESS;
}

static struct message make_goodbye(void)
{
	struct message dpr = message_begin(FLAG_REQUEST, COMMAND_DPR, 0);

	put_origin(&dpr);
	put_avp_u32(&dpr, AVP_DISCONNECT_CAUSE, 2);
	return dpr;
}

static int again(const char *host, unsigned count)
{
	struct message answer;

	for (unsigned i = 0; i < count; i++) {
		int s = open_as(host);
		if (s < 0) {
			fprintf(stderr, "the CER of connection %u was not answered\n", i);
			return EXIT_FAILURE;
		}
		struct message dpr = make_goodbye();
		if (!message_send(s, &dpr) || !message_receive(s, &answer))
			return EXIT_FAILURE;
		close(s);
	}
	return EXIT_SUCCESS;
}

static struct message make_start(unsigned i)
{
	struct message acr =
		message_begin(FLAG_REQUEST | FLAG_PROXIABLE, COMMAND_ACR, APPLICATION_ACCOUNTING);
	char session[REALM_MAX];

	snprintf(session, sizeof session, "%s;%u;%u", origin_host, word_at(&acr, 12), i);
	put_avp_text(&acr, AVP_SESSION_ID, session);
	put_origin(&acr);
	put_avp_text(&acr, AVP_DESTINATION_REALM, "example.net");
	put_avp_u32(&acr, AVP_RECORD_TYPE, 2);
	put_avp_u32(&acr, AVP_RECORD_NUMBER, 0);
	put_avp_u32(&acr, AVP_ACCT_APPLICATION_ID, APPLICATION_ACCOUNTING);
	return acr;
}

static bool send_starts(int s, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct message acr = make_start(i);
		if (!message_send(s, &acr))
			return false;
	}
	return true;
}

static bool answer_watchdog(int s, const struct message *dwr)
{
	struct message dwa = message_begin(0, COMMAND_DWR, 0);

	memcpy(dwa.bytes + 12, dwr->bytes + 12, 8); /* Hop-by-Hop and End-to-End */
	put_avp_u32(&dwa, AVP_RESULT_CODE, 2001);
	put_origin(&dwa);
	return message_send(s, &dwa);
}

/* Whether `count` answers come, all of them to requests numbered after `last`. */
static bool are_answered(int s, uint32_t last, unsigned count)
{
	struct message message;

	while (count > 0) {
		if (!message_receive(s, &message)) {
			fprintf(stderr, "%u answers did not come\n", count);
			return false;
		}
		uint32_t head = word_at(&message, 4);
		if (head == ((uint32_t)FLAG_REQUEST << 24 | COMMAND_DWR)) {
			if (!answer_watchdog(s, &message))
				return false;
		} else if ((head & 0xffffff) == COMMAND_ACR) {
			if (word_at(&message, 12) <= last) {
				fputs("an answer of the first connection came\n", stderr);
				return false;
			}
			count--;
		}
	}
	return true;
}

static int come_back(const char *host, unsigned rounds, unsigned count)
{
	char other[REALM_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		snprintf(other, sizeof other, "b%u-%s", i, host);
		int s = open_as(other);
		if (s < 0 || !send_starts(s, count))
			return EXIT_FAILURE;
		hang_up_hard(s);
		s = open_as(other);
		if (s < 0) {
			fprintf(stderr, "round %u: the node does not take it back\n", i);
			return EXIT_FAILURE;
		}
		struct message here = message_begin(0, COMMAND_DWR, 0); /* for its number only */
		if (!send_starts(s, count) || !are_answered(s, word_at(&here, 12), count))
			return EXIT_FAILURE;
		close(s);
	}
	return EXIT_SUCCESS;
}

/* Messages in a row, to be sent in pieces that have nothing to do with them. */
struct row {
	size_t len;
	uint8_t bytes[1 << 20];
};

static void row_put(struct row *row, struct message *message)
{
	const uint32_t head = htonl(0x01000000u | (uint32_t)message->len);

	if (row->len + message->len > sizeof row->bytes)
		abort();
	memcpy(message->bytes, &head, sizeof head);
	memcpy(row->bytes + row->len, message->bytes, message->len);
	row->len += message->len;
}

/* Sends the row in pieces of at most `piece` octets, or of any length when that is 0. */
static bool row_send(int s, const struct row *row, size_t piece)
{
	uint32_t seed = 1;

	for (size_t at = 0; at < row->len;) {
		seed = seed * 1664525u + 1013904223u;
		size_t some = piece != 0 ? piece : 1 + (seed >> 16) % 700;
		some = some < row->len - at ? some : row->len - at;
		if (send(s, row->bytes + at, some, MSG_NOSIGNAL) != (ssize_t)some)
			return false;
		at += some;
	}
	return true;
}

static int split(const char *host, unsigned count)
{
	static const size_t pieces[] = { 1, sizeof((struct row *)0)->bytes, 0 };
	static struct row row;
	const int on = 1;

	int s = open_as(host);
	if (s < 0)
		return EXIT_FAILURE;
	(void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		row.len = 0;
		for (unsigned k = 0; k < count; k++) {
			struct message acr = make_start(k);
			row_put(&row, &acr);
		}
		if (!row_send(s, &row, pieces[i]) || !are_answered(s, 0, count))
			return EXIT_FAILURE;
	}
	close(s);
	return EXIT_SUCCESS;
}

static int goodbye(const char *host, unsigned rounds, unsigned count)
{
	static struct row row;
	char other[REALM_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		struct message answer;
		snprintf(other, sizeof other, "g%u-%s", i, host);
		int s = open_as(other);
		if (s < 0)
			return EXIT_FAILURE;
		row.len = 0;
		for (unsigned k = 0; k < count; k++) {
			struct message acr = make_start(k);
			row_put(&row, &acr);
		}
		struct message dpr = make_goodbye();
		row_put(&row, &dpr);
		if (!row_send(s, &row, sizeof row.bytes))
			return EXIT_FAILURE;
		for (unsigned left = count; message_receive(s, &answer); left--) {
			if ((word_at(&answer, 4) & 0xffffff) != COMMAND_DPR)
				continue;
			if (left == 0)
				break;
			fprintf(stderr, "goodbye came before %u answers\n", left);
			return EXIT_FAILURE;
		}
		close(s);
	}
	return EXIT_SUCCESS;
}

static _Noreturn void stay(const char *what)
{
	puts(what);
	fflush(stdout);
	for (;;)
		pause();
}

static int mute(const char *host)
{
	if (open_as(host) < 0)
		return EXIT_FAILURE;
	stay("open");
}

static int greedy(const char *host)
{
	const struct timeval patience = { .tv_sec = 2 };

	int s = open_as(host);
	if (s < 0)
		return EXIT_FAILURE;
	(void)setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	while (send_starts(s, 100))
		;
	stay("full");
}

static int notified(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char text[512];

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || bind(s, (const struct sockaddr *)&at, sizeof at) != 0)
		return EXIT_FAILURE;
	for (;;) {
		ssize_t len = recv(s, text, sizeof text - 1, 0);
		if (len < 0)
			return EXIT_FAILURE;
		text[len] = '\0';
		fputs(text, stdout);
		fflush(stdout);
		if (strstr(text, "STOPPING=1") != NULL)
			return EXIT_SUCCESS;
	}
}

static int silent(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (dial() < 0)
			return EXIT_FAILURE;
	stay("open");
}

int main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[2] : "";

	port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
	if (strcmp(what, "hello") == 0 && argc == 4)
		return hello(argv[3]);
	if (strcmp(what, "nul-session") == 0 && argc == 4)
		return nul_session(argv[3]);
	if (strcmp(what, "reset") == 0 && argc == 6)
		return reset(argv[3], (unsigned)strtoul(argv[4], NULL, 10),
			(unsigned)strtoul(argv[5], NULL, 10));
	if (strcmp(what, "again") == 0 && argc == 5)
		return again(argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	if (strcmp(what, "return") == 0 && argc == 6)
		return come_back(argv[3], (unsigned)strtoul(argv[4], NULL, 10),
			(unsigned)strtoul(argv[5], NULL, 10));
	if (strcmp(what, "split") == 0 && argc == 5)
		return split(argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	if (strcmp(what, "goodbye") == 0 && argc == 6)
		return goodbye(argv[3], (unsigned)strtoul(argv[4], NULL, 10),
			(unsigned)strtoul(argv[5], NULL, 10));
	if (strcmp(what, "greedy") == 0 && argc == 4)
		return greedy(argv[3]);
	if (strcmp(what, "mute") == 0 && argc == 4)
		return mute(argv[3]);
	if (strcmp(what, "notified") == 0 && argc == 4)
		return notified(argv[3]);
	if (strcmp(what, "silent") == 0 && argc == 4)
		return silent((unsigned)strtoul(argv[3], NULL, 10));
	fputs("usage: peer_raw PORT hello|nul-session|reset|again|return|split|goodbye|greedy|"
	      "mute|notified|silent "
	      "...\n",
		stderr);
	return 2;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Gives a client TLS: what comes over one connection in clear goes to the node's secure port, and
 * back.
 *
 *   tls_relay LISTEN-PORT NODE-PORT CERTIFICATE KEY [inband|broken]
 *
 * With `inband` it dials the node's port for plain connections, and TLS begins behind CER and CEA, as
 * RFC 3588 had it: the CER is given an Inband-Security-Id for it.  With `broken` no handshake follows.
 *
 * Prints "ready" when it listens; ends after its first connection has ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what, const char *why)
{
	fprintf(stderr, "tls_relay: %s: %s\n", what, why);
	exit(1);
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
}

static int accept_one(const char *port)
{
	const struct sockaddr_in at = loopback(port);
	const int on = 1;

	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(s, (const struct sockaddr *)&at, sizeof at) != 0 || listen(s, 1) != 0)
		die("listening", strerror(errno));
	puts("ready");
	fflush(stdout);
	int client = accept(s, NULL, NULL);
	close(s);
	return client;
}

static int dial(const char *port)
{
	const struct sockaddr_in to = loopback(port);

	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(s, (const struct sockaddr *)&to, sizeof to) != 0)
		die("connecting", strerror(errno));
	return s;
}

static bool send_all(int s, const uint8_t *bytes, ssize_t len)
{
	while (len > 0) {
		ssize_t sent = send(s, bytes, (size_t)len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= sent;
	}
	return true;
}

/* Inband-Security-Id, M, TLS: RFC 6733 6.10. */
static const uint8_t wants_tls[] = { 0, 0, 1, 43, 0x40, 0, 0, 12, 0, 0, 0, 1 };

enum {
	MESSAGE_MAX = 4096,
	HEADER = 20,
};

static size_t receive_message(int s, uint8_t message[MESSAGE_MAX])
{
	size_t len = HEADER;
	for (size_t have = 0; have < len;) {
		ssize_t got = recv(s, message + have, len - have, 0);
		if (got <= 0)
			die("capabilities", "the connection ended");
		have += (size_t)got;
		if (have == HEADER)
			len = (size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];
		if (len < HEADER || len > MESSAGE_MAX - sizeof wants_tls)
			die("capabilities", "no message of that length");
	}
	return len;
}

static void exchange_capabilities(int client, int node)
{
	uint8_t message[MESSAGE_MAX];
	size_t len = receive_message(client, message);

	memcpy(message + len, wants_tls, sizeof wants_tls);
	len += sizeof wants_tls;
	message[2] = (uint8_t)(len >> 8);
	message[3] = (uint8_t)len;
	if (!send_all(node, message, (ssize_t)len))
		die("capabilities", strerror(errno));
	len = receive_message(node, message);
	if (memmem(message, len, wants_tls, sizeof wants_tls) == NULL)
		die("capabilities", "the node does not want TLS");
	if (!send_all(client, message, (ssize_t)len))
		die("capabilities", strerror(errno));
}

static gnutls_session_t shake_hands(int node, const char *certificate, const char *key)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;

	gnutls_certificate_allocate_credentials(&credentials);
	int error = gnutls_certificate_set_x509_key_file(
		credentials, certificate, key, GNUTLS_X509_FMT_PEM);
	if (error < 0)
		die(certificate, gnutls_strerror(error));
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, node);
	do
		error = gnutls_handshake(session);
	while (error < 0 && gnutls_error_is_fatal(error) == 0);
	if (error < 0)
		die("handshake", gnutls_strerror(error));
	return session;
}

static bool to_node(gnutls_session_t session, int client)
{
	uint8_t bytes[8192];

	ssize_t len = recv(client, bytes, sizeof bytes, 0);
	if (len <= 0)
		return false;
	for (ssize_t at = 0; at < len;) {
		ssize_t sent = gnutls_record_send(session, bytes + at, (size_t)(len - at));
		if (sent < 0 && gnutls_error_is_fatal((int)sent) != 0)
			return false;
		at += sent > 0 ? sent : 0;
	}
	return true;
}

static bool to_client(gnutls_session_t session, int client)
{
	uint8_t bytes[8192];

	do {
		ssize_t len = gnutls_record_recv(session, bytes, sizeof bytes);
		if (len < 0 && gnutls_error_is_fatal((int)len) == 0)
			continue;
		if (len <= 0 || !send_all(client, bytes, len))
			return false;
	} while (gnutls_record_check_pending(session) > 0);
	return true;
}

int main(int argc, char *argv[])
{
	bool is_broken = argc == 6 && strcmp(argv[5], "broken") == 0;
	bool is_inband = is_broken || (argc == 6 && strcmp(argv[5], "inband") == 0);
	if (argc != 5 && !is_inband)
		die("usage", "tls_relay LISTEN-PORT NODE-PORT CERTIFICATE KEY [inband|broken]");
	int client = accept_one(argv[1]);
	int node = dial(argv[2]);
	if (is_inband)
		exchange_capabilities(client, node);
	if (is_broken)
		return send_all(node, wants_tls, sizeof wants_tls) ? EXIT_SUCCESS : EXIT_FAILURE;
	gnutls_session_t session = shake_hands(node, argv[3], argv[4]);
	bool goes_on = true;

	while (goes_on) {
		struct pollfd ready[] = { { .fd = client, .events = POLLIN },
			{ .fd = node, .events = POLLIN } };
		if (poll(ready, 2, -1) < 0)
			break;
		if (ready[0].revents != 0)
			goes_on = to_node(session, client);
		if (goes_on && ready[1].revents != 0)
			goes_on = to_client(session, client);
	}
	return EXIT_SUCCESS;
}

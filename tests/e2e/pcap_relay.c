/* SPDX-License-Identifier: BSD-3-Clause
 * Stands between a client and the node and writes every Diameter message that passes into a pcap
 * file, for tshark to judge.
 *
 *   pcap_relay LISTEN-PORT NODE-PORT FILE
 *
 * One packet for each message, with made-up IPv4 and TCP headers around it: no privilege is needed
 * to capture, and no message is cut by the network.  Prints "ready" when it listens; ends after its
 * first connection has ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 65535,
	IP_HEAD = 20,
	TCP_HEAD = 20,
	LINK_TYPE_RAW = 101,
};

/* One direction: what has come and is not yet a whole message. */
struct flow {
	int from, to;
	uint16_t source_port, target_port;
	uint32_t sequence;
	size_t len;
	uint8_t bytes[MESSAGE_MAX + 1];
};

static void die(const char *what)
{
	fprintf(stderr, "pcap_relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* The file's head: version 2.4, raw IP. */
static void write_file_head(FILE *file)
{
	const uint32_t head[6] = { 0xa1b2c3d4, 2 | 4u << 16, 0, 0, MESSAGE_MAX + 64,
		LINK_TYPE_RAW };
	fwrite(head, sizeof head, 1, file);
}

static void write_packet(FILE *file, struct flow *flow, uint32_t len)
{
	static uint32_t tick;
	uint32_t total = IP_HEAD + TCP_HEAD + len;
	const uint32_t record[4] = { 1700000000 + tick / 1000, tick % 1000 * 1000, total, total };
	uint8_t head[IP_HEAD + TCP_HEAD] = { 0x45 };
	tick++;
	put16(head + 2, total);
	head[8] = 64; /* time to live */
	head[9] = IPPROTO_TCP;
	put32(head + 12, INADDR_LOOPBACK);
	put32(head + 16, INADDR_LOOPBACK);
	put16(head + 20, flow->source_port);
	put16(head + 22, flow->target_port);
	put32(head + 24, flow->sequence);
	head[32] = 0x50; /* five words of header */
	head[33] = 0x18; /* PSH, ACK */
	put16(head + 34, 65535);
	fwrite(record, sizeof record, 1, file);
	fwrite(head, sizeof head, 1, file);
	fwrite(flow->bytes, len, 1, file);
	flow->sequence += len;
}

static void write_all(int to, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = write(to, bytes, len);
		if (sent <= 0)
			return; /* the other side went: its end will be seen */
		bytes += sent;
		len -= (size_t)sent;
	}
}

/* Passes on what came and notes the whole messages in it.  False at the end. */
static bool pass(FILE *file, struct flow *flow)
{
	ssize_t got = read(flow->from, flow->bytes + flow->len, sizeof flow->bytes - flow->len);
	if (got <= 0)
		return false;
	write_all(flow->to, flow->bytes + flow->len, (size_t)got);
	flow->len += (size_t)got;
	while (flow->len >= 4) {
		uint32_t len = (uint32_t)flow->bytes[1] << 16 | (uint32_t)flow->bytes[2] << 8 |
			       flow->bytes[3];
		if (len > flow->len || len < 20)
			break;
		write_packet(file, flow, len);
		flow->len -= len;
		memmove(flow->bytes, flow->bytes + len, flow->len);
	}
	return flow->len < sizeof flow->bytes;
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
}

static int accept_one(const char *port)
{
	struct sockaddr_in address = loopback(port);
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(listener, 1) != 0)
		die("listen");
	printf("ready\n");
	fflush(stdout);
	int client = accept(listener, NULL, NULL);
	if (client < 0)
		die("accept");
	close(listener);
	return client;
}

static int connect_node(const char *port)
{
	struct sockaddr_in address = loopback(port);
	int node = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(node, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect");
	return node;
}

int main(int argc, char **argv)
{
	static struct flow up, down;
	if (argc != 4) {
		fprintf(stderr, "usage: pcap_relay LISTEN-PORT NODE-PORT FILE\n");
		return 2;
	}
	FILE *file = fopen(argv[3], "wb");
	if (file == NULL)
		die(argv[3]);
	write_file_head(file);
	int client = accept_one(argv[1]);
	int node = connect_node(argv[2]);
	up = (struct flow){ .from = client, .to = node, .source_port = 40000, .target_port = 3868 };
	down = (struct flow){
		.from = node, .to = client, .source_port = 3868, .target_port = 40000
	};

	struct pollfd wait[2] = { { .fd = client, .events = POLLIN },
		{ .fd = node, .events = POLLIN } };
	for (bool goes_on = true; goes_on && poll(wait, 2, -1) > 0;) {
		if (wait[0].revents != 0)
			goes_on = pass(file, &up);
		if (goes_on && wait[1].revents != 0)
			goes_on = pass(file, &down);
	}
	return fclose(file) == 0 ? 0 : 1;
}

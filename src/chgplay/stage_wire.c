/* SPDX-License-Identifier: BSD-3-Clause
 * Requests out, answers in, over one connection per peer.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chgplay/peer.h"
#include "chgplay/stage_wire.h"
#include "wire/message.h"

enum {
	WHY_MAX = 384,
	PATIENCE_MS = 5000,
};

struct chg_stage_wire {
	char address[300];
	int timeout_ms;
	struct chg_peer *peer[CHG_SCRIPT_PEER_MAX];
	char why[WHY_MAX];
};

static int64_t now_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * CHG_US_PER_S + now.tv_nsec / 1000;
}

enum chg_rc chg_stage_wire_create(const char *address, int timeout_ms, struct chg_stage_wire **ret)
{
	struct chg_stage_wire *wire = calloc(1, sizeof *wire);
	if (wire == NULL)
		return CHG_E_NO_MEMORY;
	snprintf(wire->address, sizeof wire->address, "%s", address);
	wire->timeout_ms = timeout_ms;
	*ret = wire;
	return CHG_OK;
}

static void drop(struct chg_stage_wire *wire, uint32_t peer, bool is_polite)
{
	chg_peer_close(wire->peer[peer], is_polite);
	wire->peer[peer] = NULL;
}

void chg_stage_wire_drop(struct chg_stage_wire *wire)
{
	for (uint32_t i = 0; i < CHG_SCRIPT_PEER_MAX; i++)
		drop(wire, i, false);
}

void chg_stage_wire_free(struct chg_stage_wire *wire)
{
	if (wire == NULL)
		return;
	for (uint32_t i = 0; i < CHG_SCRIPT_PEER_MAX; i++)
		drop(wire, i, true);
	free(wire);
}

static enum chg_rc wire_connect(void *self, uint32_t peer, const struct chg_play_peer *who)
{
	struct chg_stage_wire *wire = self;
	struct chg_peer_config config = { .address = wire->address,
		.origin_host = who->host,
		.origin_realm = who->realm,
		.origin_state_id = who->state_id,
		.timeout_ms = wire->timeout_ms,
		.patience_ms = PATIENCE_MS };
	drop(wire, peer, true);
	return chg_peer_open(&config, &wire->peer[peer], wire->why, sizeof wire->why);
}

static enum chg_rc wire_disconnect(void *self, uint32_t peer)
{
	drop(self, peer, true);
	return CHG_OK;
}

static uint32_t hop_by_hop(const uint8_t *message)
{
	return (uint32_t)message[12] << 24 | (uint32_t)message[13] << 16 |
	       (uint32_t)message[14] << 8 | message[15];
}

static size_t take_answers(struct chg_stage_wire *wire, uint32_t peer,
	struct chg_exchange *exchange, size_t count, int64_t sent_at)
{
	struct chg_view message;
	size_t taken = 0;
	while (chg_peer_next(wire->peer[peer], &message)) {
		for (size_t i = 0; i < count; i++) {
			struct chg_exchange *one = &exchange[i];
			if (one->peer != peer || one->outcome != CHG_OUTCOME_SILENT ||
				message.len > CHG_ANSWER_MAX ||
				hop_by_hop(one->request) !=
					hop_by_hop((const uint8_t *)message.ptr))
				continue;
			memcpy(one->answer, message.ptr, message.len);
			one->answer_len = message.len;
			one->outcome = CHG_OUTCOME_ANSWERED;
			one->took_us = now_us(CLOCK_MONOTONIC) - sent_at;
			taken++;
			break;
		}
	}
	return taken;
}

/* The connection is gone: whatever was under way on it has this outcome. */
static size_t close_all(
	struct chg_stage_wire *wire, uint32_t peer, struct chg_exchange *exchange, size_t count)
{
	size_t closed = 0;
	drop(wire, peer, false);
	for (size_t i = 0; i < count; i++)
		if (exchange[i].peer == peer && exchange[i].outcome == CHG_OUTCOME_SILENT) {
			exchange[i].outcome = CHG_OUTCOME_CLOSED;
			closed++;
		}
	return closed;
}

static size_t serve(struct chg_stage_wire *wire, uint32_t peer, struct chg_exchange *exchange,
	size_t count, int64_t sent_at)
{
	enum chg_rc rc = chg_peer_flush(wire->peer[peer]);
	if (rc == CHG_OK)
		rc = chg_peer_read(wire->peer[peer]);
	size_t done = take_answers(wire, peer, exchange, count, sent_at);
	if (rc != CHG_OK || chg_peer_was_sent_away(wire->peer[peer]))
		done += close_all(wire, peer, exchange, count);
	return done;
}

static size_t wait_once(struct chg_stage_wire *wire, struct chg_exchange *exchange, size_t count,
	int64_t sent_at, int timeout_ms)
{
	struct pollfd ready[CHG_SCRIPT_PEER_MAX];
	uint32_t who[CHG_SCRIPT_PEER_MAX];
	nfds_t fds = 0;
	size_t done = 0;
	for (uint32_t i = 0; i < CHG_SCRIPT_PEER_MAX; i++) {
		if (wire->peer[i] == NULL)
			continue;
		short events = chg_peer_wants_write(wire->peer[i]) ? POLLIN | POLLOUT : POLLIN;
		ready[fds] = (struct pollfd){ .fd = chg_peer_fd(wire->peer[i]), .events = events };
		who[fds++] = i;
	}
	poll(ready, fds, timeout_ms);
	for (nfds_t i = 0; i < fds; i++)
		if (ready[i].revents != 0)
			done += serve(wire, who[i], exchange, count, sent_at);
	return done;
}

static enum chg_rc wire_exchange(void *self, struct chg_exchange *exchange, size_t count)
{
	struct chg_stage_wire *wire = self;
	int64_t sent_at = now_us(CLOCK_MONOTONIC);
	int64_t deadline = sent_at + (int64_t)wire->timeout_ms * 1000;
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		exchange[i].outcome = CHG_OUTCOME_SILENT;
		if (wire->peer[exchange[i].peer] == NULL) {
			exchange[i].outcome = CHG_OUTCOME_CLOSED;
			left--;
			continue;
		}
		struct chg_view message = { (const char *)exchange[i].request,
			exchange[i].request_len };
		enum chg_rc rc = chg_peer_put(wire->peer[exchange[i].peer], message);
		if (rc != CHG_OK)
			return rc;
	}
	/* A failed write shows as the end of the connection when it is read. */
	for (uint32_t i = 0; i < CHG_SCRIPT_PEER_MAX; i++)
		if (wire->peer[i] != NULL)
			chg_peer_flush(wire->peer[i]);
	while (left != 0) {
		int64_t wait = deadline - now_us(CLOCK_MONOTONIC);
		if (wait <= 0)
			break;
		left -= wait_once(wire, exchange, count, sent_at, (int)(wait / 1000) + 1);
	}
	return CHG_OK;
}

static chg_instant wire_now(void *self)
{
	(void)self;
	return (chg_instant){ now_us(CLOCK_REALTIME) };
}

static const char *wire_why(void *self)
{
	const struct chg_stage_wire *wire = self;
	return wire->why[0] == '\0' ? NULL : wire->why;
}

const struct chg_stage_ops *chg_stage_wire_ops(void)
{
	static const struct chg_stage_ops ops = { .bit = CHG_STAGE_WIRE,
		.is_asynchronous = true,
		.exchange = wire_exchange,
		.connect = wire_connect,
		.disconnect = wire_disconnect,
		.now = wire_now,
		.why = wire_why };
	return &ops;
}

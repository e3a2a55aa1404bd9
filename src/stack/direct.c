/* SPDX-License-Identifier: BSD-3-Clause
 * Connections on the direct path, from their first octet to the close of their socket.
 */
#include "stack/direct.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stack/connection.h"
#include "stack/gone.h"
#include "stack/inbox.h"
#include "stack/outbox.h"

/* Of the library, exported but in none of its headers. */
extern int fd_cnx_getTLS(struct cnxctx *cnx);
extern int fd_cnx_proto_info(struct cnxctx *cnx, char *text, size_t size);

enum {
	COMMAND_DPR = 282,
	APPLICATION_BASE = 0,
	TAKERS_MAX = 8,
	/* A peer that has left so much unread is not read from until it reads. */
	UNSENT_BOUND = 256 * 1024,
	/* More is not kept for anybody: the connection ends. */
	UNSENT_MAX = 16 * 1024 * 1024,
	/* A receiver that has waited so long for room goes on all the same. */
	ROOM_MS = 10000,
	/* How long a goodbye waits for the answers of what came before it. */
	GOODBYE_MS = 1000,
	/* So often the library is given a message of a busy connection: its watchdog counts them. */
	SIGN_OF_LIFE_MS = 2000,
	/* Connections whose sockets the keeper looks at together. */
	STUCK_MAX = 256,
	/* A connection that is closed waits so long for whoever sends on one. */
	SENDING_MS = 1000,
};

struct direct {
	struct direct *next;
	struct cnxctx *cnx;
	int socket;
	enum chg_strictness strictness;
	atomic_bool is_open;    /* its peer: set once, strictness before it */
	atomic_uint in_work;    /* requests taken and not yet answered */
	atomic_size_t unsent;   /* what waits in the outbox, for a look without the lock */
	atomic_uint hold_count; /* the registry, requests in work, and who is using it */

	/* Of the receiver thread alone. */
	struct chg_framing framing;
	struct chg_inbox inbox;
	size_t owed;      /* octets at the front of the inbox that are for the library */
	bool is_ahead;    /* reads into the inbox */
	bool is_raw;      /* out of step: everything is for the library */
	bool is_leaving;  /* has said goodbye */
	int64_t shown_ms; /* when the library was given a message last */
	bool has_refused; /* answers of its own wait to be sent */

	/* Of the engine's thread alone. */
	struct direct *next_touched;
	bool is_touched;
	unsigned int finished; /* requests answered in this turn */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t change;
	struct chg_outbox outbox;
	unsigned int waiters; /* threads that wait for a change */
	bool is_dead;         /* the library closes it */
	bool is_broken;       /* nothing can be sent any more */
	bool is_stuck;        /* the keeper sends on */
	bool was_used;        /* something was sent since direct_shrink */
};

static struct {
	atomic_bool is_enabled;
	struct chg_plain_own own;
	uint32_t inflight_max;
	int wake; /* the keeper's */
	_Atomic(const struct direct_taker *) taker[TAKERS_MAX];
	pthread_mutex_t shrinking; /* held while takers are called: none of them goes meanwhile */
	atomic_uint_fast64_t taken, held;
	struct direct *touched; /* of the engine's thread */
	pthread_mutex_t
		lock; /* guards the list, and is never taken with a connection's lock held */
	struct direct *first;
} directs = {
	.wake = -1, .shrinking = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER
};

/* The connection that this thread receives for. */
static _Thread_local struct {
	struct cnxctx *cnx;
	struct direct *direct;
} own;

/* What this thread sends is of the library's routing: its connection may be freed meanwhile. */
static _Thread_local struct {
	bool is_on;
	uint64_t since;
} routing;

static struct timespec in_milliseconds(long milliseconds)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* ---- Life -------------------------------------------------------------------------------------- */

static bool init_waiting(struct direct *direct)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return false;
	bool is_ready = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
			pthread_cond_init(&direct->change, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return is_ready;
}

/* The number of a socket is told in a text only. */
static bool socket_of(struct cnxctx *cnx, int *ret)
{
	char text[64];
	return fd_cnx_proto_info(cnx, text, sizeof text) == 0 &&
	       sscanf(text, "TCP,soc#%d", ret) == 1;
}

static struct direct *create(struct cnxctx *cnx)
{
	struct direct *direct = calloc(1, sizeof *direct);
	if (direct == NULL)
		return NULL;
	direct->cnx = cnx;
	direct->hold_count = 1;
	pthread_mutex_init(&direct->lock, NULL);
	if (!socket_of(cnx, &direct->socket) || !init_waiting(direct)) {
		pthread_mutex_destroy(&direct->lock);
		free(direct);
		return NULL;
	}
	return direct;
}

static void hold(struct direct *direct)
{
	atomic_fetch_add_explicit(&direct->hold_count, 1, memory_order_relaxed);
}

static void let_go(struct direct *direct, unsigned int times)
{
	if (atomic_fetch_sub_explicit(&direct->hold_count, times, memory_order_acq_rel) != times)
		return;
	chg_inbox_release(&direct->inbox);
	chg_outbox_release(&direct->outbox);
	pthread_cond_destroy(&direct->change);
	pthread_mutex_destroy(&direct->lock);
	free(direct);
}

static struct direct *find(struct cnxctx *cnx)
{
	struct direct *at = directs.first;
	while (at != NULL && at->cnx != cnx)
		at = at->next;
	return at;
}

static bool is_dead(struct direct *direct)
{
	pthread_mutex_lock(&direct->lock);
	bool dead = direct->is_dead;
	pthread_mutex_unlock(&direct->lock);
	return dead;
}

static struct direct *hold_by_cnx(struct cnxctx *cnx)
{
	pthread_mutex_lock(&directs.lock);
	struct direct *direct = find(cnx);
	if (direct != NULL)
		hold(direct);
	pthread_mutex_unlock(&directs.lock);
	return direct;
}

/*
 * Makes the record of a connection whose first octets are asked for.  One that is being closed is
 * none: its memory may already be that of another connection.
 */
static struct direct *find_or_create(struct cnxctx *cnx)
{
	struct direct *direct = hold_by_cnx(cnx);
	if (direct != NULL) {
		bool is_gone = is_dead(direct);
		let_go(direct, 1);
		return is_gone ? NULL : direct; /* the library ends this thread first */
	}
	direct = create(cnx);
	if (direct == NULL)
		return NULL;
	pthread_mutex_lock(&directs.lock);
	direct->next = directs.first;
	directs.first = direct;
	pthread_mutex_unlock(&directs.lock);
	return direct;
}

/*
 * The connection of this receiver thread; NULL when it is none of ours.  The library starts a thread
 * for the first message of a connection and another one for the rest, each between two messages.
 * TLS reads through the same function, on threads that outlive connections.
 */
static struct direct *own_of(struct cnxctx *cnx)
{
	if (own.cnx == cnx)
		return own.direct;
	if (fd_cnx_getTLS(cnx) != 0)
		return NULL;
	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	struct direct *direct = find_or_create(cnx);
	pthread_setcancelstate(before, NULL);
	if (direct == NULL)
		return NULL;
	direct->framing = (struct chg_framing){ 0 };
	own.cnx = cnx;
	own.direct = direct;
	return direct;
}

void direct_open(int socket, enum chg_strictness strictness)
{
	size_t room;
	if (!atomic_load(&directs.is_enabled))
		return;
	pthread_mutex_lock(&directs.lock);
	struct direct *direct = directs.first;
	while (direct != NULL && (direct->socket != socket || is_dead(direct)))
		direct = direct->next;
	/* No receiver runs now: the library starts the next one after its answer to the CER. */
	if (direct != NULL && chg_inbox_room(&direct->inbox, &room) != NULL) {
		direct->strictness = strictness;
		atomic_store(&direct->is_open, true);
	}
	pthread_mutex_unlock(&directs.lock);
}

enum chg_strictness direct_strictness(const struct direct *direct)
{
	return direct->strictness;
}

/* ---- Sending; the connection is locked --------------------------------------------------------- */

static void wake_keeper(void)
{
	const uint64_t one = 1;
	(void)!write(directs.wake, &one, sizeof one);
}

static void tell_waiters(struct direct *direct)
{
	if (direct->waiters > 0)
		pthread_cond_broadcast(&direct->change);
}

static void break_off(struct direct *direct)
{
	direct->is_broken = true;
	chg_outbox_release(&direct->outbox);
	shutdown(direct->socket, SHUT_RDWR); /* its receiver sees the end */
}

static void send_waiting(struct direct *direct)
{
	enum chg_outbox_state state = CHG_OUTBOX_EMPTY;
	if (!direct->is_dead && !direct->is_broken)
		state = chg_outbox_send(&direct->outbox, direct->socket);
	if (state == CHG_OUTBOX_BROKEN)
		break_off(direct);
	bool was_stuck = direct->is_stuck;
	direct->is_stuck = state == CHG_OUTBOX_LEFT;
	if (direct->is_stuck && !was_stuck)
		wake_keeper();
	atomic_store_explicit(
		&direct->unsent, chg_outbox_waiting(&direct->outbox), memory_order_relaxed);
	tell_waiters(direct);
}

static uint8_t *room_for(struct direct *direct, size_t len)
{
	if (direct->is_dead || direct->is_broken)
		return NULL;
	direct->was_used = true;
	uint8_t *room = chg_outbox_room(&direct->outbox, len, UNSENT_MAX);
	if (room == NULL)
		break_off(direct);
	return room;
}

/* ---- Answers ----------------------------------------------------------------------------------- */

struct chg_out direct_begin(struct direct *direct, size_t size)
{
	pthread_mutex_lock(&direct->lock);
	uint8_t *room = room_for(direct, size);
	return chg_out_of(room, room == NULL ? 0 : size);
}

void direct_end(struct direct *direct, const struct chg_out *out, enum chg_rc written)
{
	if (written == CHG_OK && out->size > 0)
		chg_outbox_add(&direct->outbox, out->len);
	if (direct->is_stuck)
		atomic_fetch_add_explicit(&directs.held, 1, memory_order_relaxed);
	pthread_mutex_unlock(&direct->lock);
}

void direct_refused(struct direct *direct)
{
	direct->has_refused = true;
	atomic_fetch_sub(&direct->in_work, 1);
	let_go(direct, 1);
}

void direct_finish(struct direct *direct)
{
	direct->finished++;
	if (direct->is_touched)
		return;
	direct->is_touched = true;
	direct->next_touched = directs.touched;
	directs.touched = direct;
}

static void tell_takers(void)
{
	for (size_t i = 0; i < TAKERS_MAX; i++) {
		const struct direct_taker *taker = atomic_load(&directs.taker[i]);
		if (taker != NULL)
			taker->turn_done(taker->self);
	}
}

void direct_turn_done(void *self)
{
	(void)self;
	tell_takers();
	while (directs.touched != NULL) {
		struct direct *direct = directs.touched;
		unsigned int finished = direct->finished;
		directs.touched = direct->next_touched;
		direct->is_touched = false;
		direct->finished = 0;
		pthread_mutex_lock(&direct->lock);
		send_waiting(direct);
		atomic_fetch_sub(&direct->in_work, finished);
		tell_waiters(direct);
		pthread_mutex_unlock(&direct->lock);
		let_go(direct, finished);
	}
}

/* ---- Receiving --------------------------------------------------------------------------------- */

static bool has_room(struct direct *direct)
{
	return atomic_load_explicit(&direct->in_work, memory_order_relaxed) <
		       directs.inflight_max &&
	       atomic_load_explicit(&direct->unsent, memory_order_relaxed) < UNSENT_BOUND;
}

static bool is_idle(struct direct *direct)
{
	return atomic_load(&direct->in_work) == 0 && atomic_load(&direct->unsent) == 0;
}

static void send_own(struct direct *direct)
{
	if (!direct->has_refused)
		return;
	direct->has_refused = false;
	pthread_mutex_lock(&direct->lock);
	send_waiting(direct);
	pthread_mutex_unlock(&direct->lock);
}

/*
 * Waits, so long at most.  The connection is not read from meanwhile: the peer feels it as a full
 * window of TCP.
 */
static void wait_until(struct direct *direct, bool (*is_so)(struct direct *), long milliseconds)
{
	if (is_so(direct))
		return;
	send_own(direct);
	struct timespec until = in_milliseconds(milliseconds);
	int error = 0;
	pthread_mutex_lock(&direct->lock);
	direct->waiters++;
	while (!is_so(direct) && !direct->is_dead && !direct->is_broken && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&direct->change, &direct->lock, &until);
	direct->waiters--;
	pthread_mutex_unlock(&direct->lock);
}

static const struct direct_taker *taker_of(const struct chg_header *header)
{
	for (size_t i = 0; i < TAKERS_MAX; i++) {
		const struct direct_taker *taker = atomic_load(&directs.taker[i]);
		if (taker != NULL && taker->command == header->command &&
			taker->application == header->application)
			return taker;
	}
	return NULL;
}

static bool is_goodbye(const struct chg_header *header)
{
	return header->command == COMMAND_DPR && header->application == APPLICATION_BASE;
}

/* Steady milliseconds, not exactly. */
static int64_t coarse_ms(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* What came before a goodbye is answered before it, whichever way it went. */
static void wait_for_answers(struct direct *direct)
{
	wait_until(direct, is_idle, GOODBYE_MS);
	connection_wait_for_room(1, GOODBYE_MS);
}

/* Takes a message that is ours.  False: it is the library's. */
static bool take(struct direct *direct, struct chg_view message, int64_t now_ms)
{
	struct chg_header header;
	if (direct->is_leaving || chg_header_read(message, &header) != CHG_OK ||
		(header.flags & CHG_COMMAND_FLAG_REQUEST) == 0)
		return false;
	if (is_goodbye(&header)) {
		wait_for_answers(direct);
		direct->is_leaving = true;
		return false;
	}
	const struct direct_taker *taker = taker_of(&header);
	if (taker == NULL || now_ms - direct->shown_ms >= SIGN_OF_LIFE_MS ||
		!chg_plain_is(message, &header, &directs.own))
		return false;
	atomic_fetch_add_explicit(&direct->in_work, 1, memory_order_relaxed);
	hold(direct);
	taker->take(taker->self, direct, message);
	return true;
}

/* Takes what is ours at the front of the inbox, up to a message for the library. */
static void take_front(struct direct *direct)
{
	struct chg_view message;
	enum chg_inbox_state state;
	const int64_t now_ms = coarse_ms();
	unsigned int taken = 0;
	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	while ((state = chg_inbox_front(&direct->inbox, &message)) == CHG_INBOX_MESSAGE) {
		wait_until(direct, has_room, ROOM_MS);
		if (!take(direct, message, now_ms)) {
			direct->owed = message.len;
			direct->shown_ms = now_ms;
			break;
		}
		chg_inbox_drop(&direct->inbox, message.len);
		taken++;
	}
	if (taken > 0)
		atomic_fetch_add_explicit(&directs.taken, taken, memory_order_relaxed);
	direct->is_raw = state == CHG_INBOX_BROKEN;
	send_own(direct);
	pthread_setcancelstate(before, NULL);
}

/* Gives the library its part of what was read ahead. */
static size_t give(struct direct *direct, void *to, size_t len)
{
	if (direct->is_raw)
		return chg_inbox_move(&direct->inbox, to, len);
	size_t some = chg_inbox_move(&direct->inbox, to, len < direct->owed ? len : direct->owed);
	direct->owed -= some;
	return some;
}

static ssize_t receive_ahead(
	struct direct *direct, void *to, size_t len, chg_direct_receive_fn *original)
{
	for (;;) {
		if (direct->owed == 0 && !direct->is_raw)
			take_front(direct);
		size_t given = give(direct, to, len);
		if (given > 0)
			return (ssize_t)given;
		if (direct->is_raw)
			return original(direct->cnx, to, len);
		size_t room;
		uint8_t *at = chg_inbox_room(&direct->inbox, &room);
		ssize_t got = original(direct->cnx, at, room);
		if (got <= 0)
			return got;
		chg_inbox_add(&direct->inbox, (size_t)got);
	}
}

ssize_t chg_direct_receive(
	struct cnxctx *cnx, void *to, size_t len, chg_direct_receive_fn *original)
{
	struct direct *direct = atomic_load(&directs.is_enabled) ? own_of(cnx) : NULL;
	if (direct == NULL)
		return original(cnx, to, len);
	if (!direct->is_ahead)
		direct->is_ahead =
			atomic_load(&direct->is_open) && chg_framing_is_between(&direct->framing);
	if (direct->is_ahead)
		return receive_ahead(direct, to, len, original);
	ssize_t got = original(cnx, to, len);
	if (got > 0)
		chg_framing_follow(&direct->framing, to, (size_t)got);
	return got;
}

/* ---- What the library sends and closes --------------------------------------------------------- */

static int put(struct direct *direct, const unsigned char *bytes, size_t len)
{
	pthread_mutex_lock(&direct->lock);
	uint8_t *room = room_for(direct, len);
	if (room != NULL) {
		memcpy(room, bytes, len);
		chg_outbox_add(&direct->outbox, len);
		send_waiting(direct);
	}
	bool is_good = room != NULL && !direct->is_broken;
	pthread_mutex_unlock(&direct->lock);
	return is_good ? 0 : ENOTCONN;
}

static int send_on(
	struct cnxctx *cnx, unsigned char *bytes, size_t len, chg_direct_send_fn *original)
{
	int before, error = 0;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	struct direct *direct = fd_cnx_getTLS(cnx) != 0 ? NULL : hold_by_cnx(cnx);
	bool is_ours = direct != NULL && atomic_load(&direct->is_open);
	if (is_ours)
		error = put(direct, bytes, len);
	if (direct != NULL)
		let_go(direct, 1);
	pthread_setcancelstate(before, NULL);
	return is_ours ? error : original(cnx, bytes, len);
}

void chg_direct_routing_begin(void)
{
	routing.since = gone_now();
	routing.is_on = true;
}

void chg_direct_routing_end(void)
{
	routing.is_on = false;
}

int chg_direct_send(
	struct cnxctx *cnx, unsigned char *bytes, size_t len, chg_direct_send_fn *original)
{
	int before, error = ENOTCONN;
	if (!routing.is_on)
		return send_on(cnx, bytes, len, original);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	if (cnx != NULL && gone_lock_unless(cnx, routing.since)) {
		error = send_on(cnx, bytes, len, original);
		gone_unlock();
	}
	pthread_setcancelstate(before, NULL);
	return error;
}

/* Nobody sends on it from now on.  A peer that reads nothing must not hold those who wait here. */
static void note_gone(struct cnxctx *cnx)
{
	int socket;
	struct timespec until = in_milliseconds(SENDING_MS);
	while (!gone_add(cnx, &until)) {
		if (socket_of(cnx, &socket))
			shutdown(socket, SHUT_RDWR);
		until = in_milliseconds(SENDING_MS);
	}
}

static void unlink_direct(struct direct *direct)
{
	pthread_mutex_lock(&directs.lock);
	for (struct direct **at = &directs.first; *at != NULL; at = &(*at)->next) {
		if (*at == direct) {
			*at = direct->next;
			break;
		}
	}
	pthread_mutex_unlock(&directs.lock);
}

/*
 * What is not sent by now is dropped, as are the answers that are still being made: Hop-by-Hop
 * numbers hold for one connection only, and the peer asks again.
 */
void chg_direct_destroy(struct cnxctx *cnx, chg_direct_destroy_fn *original)
{
	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	note_gone(cnx);
	struct direct *direct = hold_by_cnx(cnx);
	if (direct != NULL) {
		pthread_mutex_lock(&direct->lock);
		send_waiting(direct);
		direct->is_dead = true;
		tell_waiters(direct);
		pthread_mutex_unlock(&direct->lock);
	}
	pthread_setcancelstate(before, NULL);
	original(cnx); /* waits for the end of the receiver */
	if (direct == NULL)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	unlink_direct(direct);
	let_go(direct, 2);
	pthread_setcancelstate(before, NULL);
}

/* ---- Keeper ------------------------------------------------------------------------------------ */

static size_t hold_stuck(struct direct *stuck[STUCK_MAX], struct pollfd *ready)
{
	size_t count = 0;
	pthread_mutex_lock(&directs.lock);
	for (struct direct *at = directs.first; at != NULL && count < STUCK_MAX; at = at->next) {
		if (atomic_load_explicit(&at->unsent, memory_order_relaxed) == 0 || is_dead(at))
			continue;
		hold(at);
		ready[count] = (struct pollfd){ .fd = at->socket, .events = POLLOUT };
		stuck[count++] = at;
	}
	pthread_mutex_unlock(&directs.lock);
	return count;
}

void direct_keep(unsigned int milliseconds)
{
	struct direct *stuck[STUCK_MAX];
	struct pollfd ready[STUCK_MAX + 1] = { { .fd = directs.wake, .events = POLLIN } };
	size_t count = hold_stuck(stuck, ready + 1);
	uint64_t wakes;
	poll(ready, (nfds_t)count + 1, (int)milliseconds);
	if (ready[0].revents != 0)
		(void)!read(directs.wake, &wakes, sizeof wakes);
	for (size_t i = 0; i < count; i++) {
		pthread_mutex_lock(&stuck[i]->lock);
		if (ready[i + 1].revents != 0)
			send_waiting(stuck[i]);
		pthread_mutex_unlock(&stuck[i]->lock);
		let_go(stuck[i], 1);
	}
}

static size_t shrink_takers(void)
{
	size_t octets = 0;
	pthread_mutex_lock(&directs.shrinking);
	for (size_t i = 0; i < TAKERS_MAX; i++) {
		const struct direct_taker *taker = atomic_load(&directs.taker[i]);
		if (taker != NULL)
			octets += taker->shrink(taker->self);
	}
	pthread_mutex_unlock(&directs.shrinking);
	return octets;
}

static size_t shrink_one(struct direct *direct)
{
	size_t octets = 0;
	pthread_mutex_lock(&direct->lock);
	if (!direct->was_used && chg_outbox_waiting(&direct->outbox) == 0) {
		octets = direct->outbox.size;
		chg_outbox_release(&direct->outbox);
	}
	direct->was_used = false;
	pthread_mutex_unlock(&direct->lock);
	return octets;
}

size_t direct_shrink(void)
{
	size_t octets = shrink_takers();
	pthread_mutex_lock(&directs.lock);
	for (struct direct *at = directs.first; at != NULL; at = at->next)
		octets += shrink_one(at);
	pthread_mutex_unlock(&directs.lock);
	return octets;
}

/* ---- Start and figures ------------------------------------------------------------------------- */

void chg_direct_enable(void)
{
	atomic_store(&directs.is_enabled, true);
}

bool direct_start(const struct chg_plain_own *who, uint32_t inflight_max)
{
	directs.own = *who;
	directs.inflight_max = inflight_max;
	directs.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return directs.wake >= 0;
}

bool direct_add_taker(const struct direct_taker *taker)
{
	for (size_t i = 0; i < TAKERS_MAX; i++) {
		const struct direct_taker *nobody = NULL;
		if (atomic_compare_exchange_strong(&directs.taker[i], &nobody, taker))
			return true;
	}
	return false;
}

void direct_remove_taker(const struct direct_taker *taker)
{
	pthread_mutex_lock(&directs.shrinking);
	for (size_t i = 0; i < TAKERS_MAX; i++) {
		const struct direct_taker *is = taker;
		(void)atomic_compare_exchange_strong(&directs.taker[i], &is, NULL);
	}
	pthread_mutex_unlock(&directs.shrinking);
}

bool direct_is_busy(void)
{
	bool is_busy = false;
	pthread_mutex_lock(&directs.lock);
	for (struct direct *at = directs.first; at != NULL && !is_busy; at = at->next)
		is_busy = !is_idle(at) && !is_dead(at);
	pthread_mutex_unlock(&directs.lock);
	return is_busy;
}

struct direct_figures direct_figures(void)
{
	struct direct_figures figures = { .taken = atomic_load(&directs.taken),
		.held = atomic_load(&directs.held) };
	pthread_mutex_lock(&directs.lock);
	for (struct direct *at = directs.first; at != NULL; at = at->next)
		figures.in_work += atomic_load(&at->in_work);
	pthread_mutex_unlock(&directs.lock);
	return figures;
}

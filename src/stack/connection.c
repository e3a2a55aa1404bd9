/* SPDX-License-Identifier: BSD-3-Clause
 * Content, limits and waiting answers, per connection.
 */
#include "stack/connection.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define CONNECTION_MAGIC 0x636f6e6eu

/* Of the library, exported but in none of its headers: what the routing thread sends out. */
extern struct fifo *fd_g_outgoing;

enum {
	/* How long the content of a dead connection waits to be claimed. */
	DEAD_KEEP_S = 60,
	ROOM_TRY_NS = 200000,
	ROOM_TRIES_PER_MS = 5,
};

struct connection {
	uint32_t magic;
	uint32_t id;
	uint32_t last_number;
	uint32_t in_work; /* received and not yet freed */
	uint32_t posted;
	bool is_dead;
	time_t died_at;
	struct carried *pending; /* received and not yet claimed, oldest first */
	struct carried **pending_end;
	struct carried *waiting; /* answered, but not yet handed over, oldest first */
	struct carried **waiting_end;
	struct connection *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection *connections;
static uint32_t last_id;
/*
 * Answers of one connection that are with the library at a time.  Its queue towards a peer holds 5
 * and one is being written: with no more than these under way, the one routing thread of the library
 * never has to wait for a peer that does not read, and all others are served on.
 */
static uint32_t posted_max = 6;
static uint32_t total_in_work;
static uint64_t total_held;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t own_key;

static time_t steady_s(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec;
}

static void unlink_and_free(struct connection *connection)
{
	for (struct connection **at = &connections; *at != NULL; at = &(*at)->next) {
		if (*at == connection) {
			*at = connection->next;
			break;
		}
	}
	connection->magic = 0;
	free(connection);
}

static void free_carried(struct carried *carried)
{
	free(carried->bytes);
	free(carried);
}

/* Content whose message was thrown away with its connection before anybody asked for it. */
static void forget_pending(struct connection *connection)
{
	while (connection->pending != NULL) {
		struct carried *carried = connection->pending;
		connection->pending = carried->next;
		connection->in_work--;
		total_in_work--;
		free_carried(carried);
	}
	connection->pending_end = &connection->pending;
}

static void sweep_dead(void)
{
	time_t now = steady_s();
	struct connection *next;
	for (struct connection *at = connections; at != NULL; at = next) {
		next = at->next;
		if (!at->is_dead || now - at->died_at < DEAD_KEEP_S)
			continue;
		forget_pending(at);
		if (at->in_work == 0)
			unlink_and_free(at);
	}
}

/* The receiver thread ends: nothing more will come over this connection. */
static void own_ended(void *arg)
{
	struct connection *connection = arg;
	pthread_mutex_lock(&lock);
	connection->is_dead = true;
	connection->died_at = steady_s();
	if (connection->in_work == 0)
		unlink_and_free(connection);
	pthread_mutex_unlock(&lock);
}

static void make_key(void)
{
	int error = pthread_key_create(&own_key, own_ended);
	assert(error == 0);
	(void)error;
}

static struct connection *create(void)
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL)
		return NULL;
	connection->magic = CONNECTION_MAGIC;
	connection->pending_end = &connection->pending;
	connection->waiting_end = &connection->waiting;
	pthread_mutex_lock(&lock);
	sweep_dead();
	connection->id = ++last_id;
	connection->next = connections;
	connections = connection;
	pthread_mutex_unlock(&lock);
	return connection;
}

/* The connection that this receiver thread serves. */
static struct connection *own(void)
{
	pthread_once(&once, make_key);
	struct connection *connection = pthread_getspecific(own_key);
	if (connection != NULL)
		return connection;
	connection = create();
	if (connection != NULL && pthread_setspecific(own_key, connection) != 0) {
		own_ended(connection);
		return NULL;
	}
	return connection;
}

void connection_set_posted_max(uint32_t answers)
{
	pthread_mutex_lock(&lock);
	posted_max = answers;
	pthread_mutex_unlock(&lock);
}

struct carried *connection_carry(struct chg_view message, uint8_t ret_ticket[CHG_SHELL_TICKET_SIZE])
{
	struct connection *connection = own();
	struct carried *carried = calloc(1, sizeof *carried);
	uint8_t *bytes = malloc(message.len);
	if (connection == NULL || carried == NULL || bytes == NULL) {
		free(carried);
		free(bytes);
		return NULL;
	}
	memcpy(bytes, message.ptr, message.len);
	carried->connection = connection;
	carried->bytes = bytes;
	carried->len = message.len;

	pthread_mutex_lock(&lock);
	carried->number = ++connection->last_number;
	*connection->pending_end = carried;
	connection->pending_end = &carried->next;
	connection->in_work++;
	total_in_work++;
	pthread_mutex_unlock(&lock);

	memcpy(ret_ticket, &connection->id, 4);
	memcpy(ret_ticket + 4, &carried->number, 4);
	return carried;
}

static uint32_t own_in_work(void)
{
	struct connection *connection = own();
	uint32_t in_work = 0;
	pthread_mutex_lock(&lock);
	if (connection != NULL)
		in_work = connection->in_work;
	pthread_mutex_unlock(&lock);
	return in_work;
}

void connection_wait_for_room(uint32_t inflight_max, unsigned int milliseconds)
{
	const unsigned int tries = milliseconds * ROOM_TRIES_PER_MS;
	/*
	 * The thread holds a lock of the library's hooks, so it must not be cancelled here.  It is
	 * not read from meanwhile: the peer feels it as a full window of TCP.
	 */
	int before;
	if (own_in_work() < inflight_max)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	for (unsigned int i = 0; i < tries && own_in_work() >= inflight_max; i++)
		nanosleep(&(struct timespec){ .tv_nsec = ROOM_TRY_NS }, NULL);
	pthread_setcancelstate(before, NULL);
}

static struct connection *by_id(uint32_t id)
{
	struct connection *at = connections;
	while (at != NULL && at->id != id)
		at = at->next;
	return at;
}

/* Takes the content with this number out of those that were not claimed. */
static struct carried *take_pending(struct connection *connection, uint32_t number)
{
	for (struct carried **at = &connection->pending; *at != NULL; at = &(*at)->next) {
		struct carried *carried = *at;
		if (carried->number != number)
			continue;
		*at = carried->next;
		if (connection->pending_end == &carried->next)
			connection->pending_end = at;
		carried->next = NULL;
		return carried;
	}
	return NULL;
}

struct carried *connection_claim(const uint8_t *ticket, size_t len)
{
	uint32_t id, number;
	if (len < CHG_SHELL_TICKET_SIZE)
		return NULL;
	memcpy(&id, ticket, 4);
	memcpy(&number, ticket + 4, 4);

	pthread_mutex_lock(&lock);
	struct connection *connection = by_id(id);
	struct carried *carried = connection == NULL ? NULL : take_pending(connection, number);
	pthread_mutex_unlock(&lock);
	return carried;
}

/* Whether the library would throw an answer away now, though the peer may come back to be open. */
static bool is_not_yet_open(struct msg *answer)
{
	struct msg *request = NULL;
	struct peer_hdr *peer = NULL;
	DiamId_t id;
	size_t len;
	if (fd_msg_answ_getq(answer, &request) != 0 || fd_msg_source_get(request, &id, &len) != 0 ||
		fd_peer_getbyid(id, len, 0, &peer) != 0 || peer == NULL)
		return false;
	int state = fd_peer_get_state(peer);
	return state == STATE_REOPEN || state == STATE_SUSPECT || state == STATE_OPEN_NEW;
}

static void post(struct msg *answer)
{
	if (fd_fifo_post_noblock(fd_g_outgoing, (void *)&answer) != 0)
		fd_msg_free(answer);
}

/*
 * The oldest waiting answer, if one may go; counted as posted from here on.  *ret_is_dead tells that
 * its connection has ended.
 */
static struct carried *take_waiting(struct connection *connection, bool *ret_is_dead)
{
	*ret_is_dead = connection->is_dead;
	if (connection->waiting == NULL || connection->posted >= posted_max)
		return NULL;
	struct carried *carried = connection->waiting;
	connection->waiting = carried->next;
	if (connection->waiting == NULL)
		connection->waiting_end = &connection->waiting;
	carried->next = NULL;
	carried->is_posted = true;
	connection->posted++;
	return carried;
}

static void put_back(struct connection *connection, struct carried *carried)
{
	pthread_mutex_lock(&lock);
	carried->is_posted = false;
	connection->posted--;
	carried->next = connection->waiting;
	connection->waiting = carried;
	if (carried->next == NULL)
		connection->waiting_end = &carried->next;
	pthread_mutex_unlock(&lock);
}

/*
 * Hands over what may go.  The connection must have something in work, so that it stays.
 *
 * The library finds the way of an answer by the name of the peer: it would send the answers of a
 * connection that has ended over the one that the peer has made since.  Hop-by-Hop numbers hold for
 * one connection only, and a client that counts from 1 again would take such an answer for that of
 * another request and delete a record that is not stored.  So they end here; the peer asks again.
 */
static void push_waiting(struct connection *connection)
{
	for (;;) {
		bool is_dead;
		pthread_mutex_lock(&lock);
		struct carried *carried = take_waiting(connection, &is_dead);
		pthread_mutex_unlock(&lock);
		if (carried == NULL)
			return;
		if (!is_dead && is_not_yet_open(carried->answer)) {
			put_back(connection, carried);
			return;
		}
		struct msg *answer = carried->answer;
		carried->answer = NULL;
		if (is_dead)
			fd_msg_free(answer);
		else
			post(answer);
		/* carried may be gone from here on */
	}
}

void connection_answer(struct carried *carried, struct msg *answer)
{
	struct connection *connection = carried->connection;
	assert(connection->magic == CONNECTION_MAGIC);
	pthread_mutex_lock(&lock);
	carried->answer = answer;
	carried->next = NULL;
	*connection->waiting_end = carried;
	connection->waiting_end = &carried->next;
	if (connection->posted >= posted_max)
		total_held++;
	connection->in_work++; /* holds the connection while we push */
	pthread_mutex_unlock(&lock);

	push_waiting(connection);

	pthread_mutex_lock(&lock);
	connection->in_work--;
	if (connection->is_dead && connection->in_work == 0)
		unlink_and_free(connection);
	pthread_mutex_unlock(&lock);
}

void connection_release(struct carried *carried)
{
	struct connection *connection = carried->connection;
	assert(connection->magic == CONNECTION_MAGIC);
	assert(carried->answer == NULL);
	pthread_mutex_lock(&lock);
	if (carried->is_posted)
		connection->posted--;
	bool is_dead = connection->is_dead;
	pthread_mutex_unlock(&lock);

	/*
	 * This one is still counted as in work: the connection stays.  What a dead connection has is
	 * freed by whoever came here first, or by the next retry, and not one inside the other.
	 */
	if (!is_dead)
		push_waiting(connection);

	pthread_mutex_lock(&lock);
	connection->in_work--;
	total_in_work--;
	if (connection->is_dead && connection->in_work == 0)
		unlink_and_free(connection);
	pthread_mutex_unlock(&lock);
	free_carried(carried);
}

/* A connection with waiting answers, held so that it stays; NULL when there is none from `id` on. */
static struct connection *hold_one_waiting(uint32_t id)
{
	struct connection *found = NULL;
	pthread_mutex_lock(&lock);
	for (struct connection *at = connections; at != NULL; at = at->next)
		if (at->waiting != NULL && at->id >= id && (found == NULL || at->id < found->id))
			found = at;
	if (found != NULL)
		found->in_work++;
	pthread_mutex_unlock(&lock);
	return found;
}

bool connection_retry(void)
{
	bool any = false;
	uint32_t id = 0;
	struct connection *connection;
	while ((connection = hold_one_waiting(id)) != NULL) {
		any = true;
		push_waiting(connection);
		pthread_mutex_lock(&lock);
		id = connection->id + 1;
		connection->in_work--;
		if (connection->is_dead && connection->in_work == 0)
			unlink_and_free(connection);
		pthread_mutex_unlock(&lock);
	}
	return any;
}

uint32_t connection_in_work(void)
{
	pthread_mutex_lock(&lock);
	uint32_t in_work = total_in_work;
	pthread_mutex_unlock(&lock);
	return in_work;
}

uint64_t connection_held_total(void)
{
	pthread_mutex_lock(&lock);
	uint64_t held = total_held;
	pthread_mutex_unlock(&lock);
	return held;
}

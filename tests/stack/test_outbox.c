/* SPDX-License-Identifier: BSD-3-Clause
 * What is put arrives whole and in order, however little the socket takes.
 */
#include "stack/outbox.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/seed.h"
#include "support/table.h"

enum {
	MOST = 1 << 20,
	SMALL_BUFFER = 4096,
	ROUNDS = 3000,
};

struct pair {
	int ours, theirs;
};

static int set_up(void **state)
{
	static struct pair pair;
	int both[2], size = SMALL_BUFFER;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0)
		return -1;
	pair = (struct pair){ both[0], both[1] };
	(void)setsockopt(pair.ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	const struct pair *pair = *state;
	close(pair->ours);
	if (pair->theirs >= 0)
		close(pair->theirs);
	return 0;
}

static void put(struct chg_outbox *outbox, uint8_t octet, size_t len)
{
	uint8_t *room = chg_outbox_room(outbox, len, MOST);
	assert_non_null(room);
	memset(room, octet, len);
	chg_outbox_add(outbox, len);
}

static void what_fits_is_sent_at_once(void **state)
{
	const struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	uint8_t got[300];
	put(&outbox, 'a', 100);
	put(&outbox, 'b', 200);
	assert_int_equal(chg_outbox_waiting(&outbox), 300);
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_EMPTY);
	assert_int_equal(chg_outbox_waiting(&outbox), 0);
	assert_int_equal(recv(pair->theirs, got, sizeof got, MSG_WAITALL), sizeof got);
	assert_int_equal(got[99], 'a');
	assert_int_equal(got[100], 'b');
	chg_outbox_release(&outbox);
}

static void nothing_is_sent_of_nothing(void **state)
{
	const struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_EMPTY);
}

static void room_that_is_not_used_is_not_sent(void **state)
{
	const struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	uint8_t got[8];
	put(&outbox, 'a', 3);
	assert_non_null(chg_outbox_room(&outbox, 5000, MOST)); /* an answer that failed */
	put(&outbox, 'b', 2);
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_EMPTY);
	assert_int_equal(recv(pair->theirs, got, sizeof got, 0), 5);
	assert_memory_equal(got, "aaabb", 5);
	chg_outbox_release(&outbox);
}

static void more_than_the_bound_is_refused(void **state)
{
	(void)state;
	struct chg_outbox outbox = { 0 };
	put(&outbox, 'a', MOST - 10);
	assert_null(chg_outbox_room(&outbox, 11, MOST));
	assert_non_null(chg_outbox_room(&outbox, 10, MOST));
	chg_outbox_release(&outbox);
}

static void a_socket_that_is_full_leaves_the_rest(void **state)
{
	const struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	put(&outbox, 'a', MOST);
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_LEFT);
	assert_in_range(chg_outbox_waiting(&outbox), 1, MOST - 1);
	chg_outbox_release(&outbox);
}

static void a_peer_that_is_gone_is_told(void **state)
{
	struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	close(pair->theirs);
	pair->theirs = -1;
	put(&outbox, 'a', 10);
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_BROKEN);
	chg_outbox_release(&outbox);
}

/* Reads some and checks that every octet follows the one before. */
static size_t read_some(int socket, size_t most, uint8_t *expected)
{
	uint8_t got[8192];
	ssize_t len = recv(socket, got, most < sizeof got ? most : sizeof got, MSG_DONTWAIT);
	for (ssize_t i = 0; i < len; i++)
		assert_int_equal(got[i], (*expected)++);
	return len > 0 ? (size_t)len : 0;
}

static void a_slow_reader_gets_every_octet_in_order(void **state)
{
	const struct pair *pair = *state;
	struct chg_outbox outbox = { 0 };
	uint64_t seed = 1;
	uint8_t written = 0, expected = 0;
	size_t total = 0, read = 0;
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = seed_below(&seed, 900);
		uint8_t *room = chg_outbox_room(&outbox, len + 200, MOST);
		assert_non_null(room);
		for (size_t k = 0; k < len; k++)
			room[k] = written++;
		chg_outbox_add(&outbox, len);
		total += len;
		if (seed_one_in(&seed, 3))
			assert_int_not_equal(
				chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_BROKEN);
		read += read_some(pair->theirs, seed_below(&seed, 1000) + 1, &expected);
	}
	while (read < total) {
		assert_int_not_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_BROKEN);
		read += read_some(pair->theirs, 8192, &expected);
	}
	assert_int_equal(read, total);
	assert_int_equal(chg_outbox_send(&outbox, pair->ours), CHG_OUTBOX_EMPTY);
	chg_outbox_release(&outbox);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_fits_is_sent_at_once),
		CASE(nothing_is_sent_of_nothing),
		CASE(room_that_is_not_used_is_not_sent),
		CASE(more_than_the_bound_is_refused),
		CASE(a_socket_that_is_full_leaves_the_rest),
		CASE(a_peer_that_is_gone_is_told),
		CASE(a_slow_reader_gets_every_octet_in_order),
	};
	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}

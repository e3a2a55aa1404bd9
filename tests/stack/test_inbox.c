/* SPDX-License-Identifier: BSD-3-Clause
 * Messages are found in a stream however it is cut.
 */
#include "stack/inbox.h"

#include <stdlib.h>

#include "support/seed.h"
#include "support/table.h"

/* ---- The front of a stream ---------------------------------------------------------------------- */

static const struct front_row {
	const char *says;
	uint8_t bytes[24];
	size_t len;
	enum chg_inbox_state state;
} front_rows[] = {
	{ "nothing is no message yet", { 0 }, 0, CHG_INBOX_MORE },
	{ "a version is no message yet", { 1 }, 1, CHG_INBOX_MORE },
	{ "three octets have no length yet", { 1, 0, 0 }, 3, CHG_INBOX_MORE },
	{ "a header without its last octet", { 1, 0, 0, 20 }, 19, CHG_INBOX_MORE },
	{ "a header alone is a message", { 1, 0, 0, 20 }, 20, CHG_INBOX_MESSAGE },
	{ "a message and the next one's first octet", { 1, 0, 0, 20 }, 21, CHG_INBOX_MESSAGE },
	{ "another version", { 2, 0, 0, 20 }, 20, CHG_INBOX_BROKEN },
	{ "another version, by its first octet", { 2 }, 1, CHG_INBOX_BROKEN },
	{ "a length of nothing", { 1, 0, 0, 0 }, 20, CHG_INBOX_BROKEN },
	{ "a length under that of a header", { 1, 0, 0, 19 }, 20, CHG_INBOX_BROKEN },
	{ "the largest length", { 1, 0, 0xff, 0xff }, 20, CHG_INBOX_MORE },
	{ "a length that the library does not read", { 1, 1, 0, 0 }, 20, CHG_INBOX_BROKEN },
};

static void fill(struct chg_inbox *inbox, const uint8_t *bytes, size_t len)
{
	size_t room;
	uint8_t *at = chg_inbox_room(inbox, &room);
	assert_non_null(at);
	assert_true(room >= len);
	memcpy(at, bytes, len);
	chg_inbox_add(inbox, len);
}

static void front_row_holds(void **state)
{
	const struct front_row *row = *state;
	struct chg_inbox inbox = { 0 };
	struct chg_view message = { 0 };
	fill(&inbox, row->bytes, row->len);
	assert_int_equal(chg_inbox_front(&inbox, &message), row->state);
	assert_int_equal(message.len, row->state == CHG_INBOX_MESSAGE ? 20 : 0);
	chg_inbox_release(&inbox);
}

/* ---- Whole streams ------------------------------------------------------------------------------ */

enum { MESSAGES = 400 };

struct stream {
	uint8_t *bytes;
	size_t len;
	size_t message_len[MESSAGES];
};

/* Messages of any length, the longest one among them, with their number in every octet. */
static struct stream make_stream(uint64_t *seed)
{
	struct stream stream = { 0 };
	stream.bytes = malloc((size_t)MESSAGES * 4096 + 65535);
	assert_non_null(stream.bytes);
	for (size_t i = 0; i < MESSAGES; i++) {
		size_t len =
			i == 7 ? 65535 : 20 + seed_below(seed, seed_one_in(seed, 8) ? 4000 : 600);
		uint8_t *at = stream.bytes + stream.len;
		memset(at, (int)(i & 0xff), len);
		at[0] = 1;
		at[1] = (uint8_t)(len >> 16);
		at[2] = (uint8_t)(len >> 8);
		at[3] = (uint8_t)len;
		stream.message_len[i] = len;
		stream.len += len;
	}
	return stream;
}

/* Takes all whole messages; a part of them octet by octet, as the library does. */
static void take_messages(
	struct chg_inbox *inbox, const struct stream *stream, size_t *number, size_t *offset)
{
	struct chg_view message;
	while (chg_inbox_front(inbox, &message) == CHG_INBOX_MESSAGE) {
		assert_true(*number < MESSAGES);
		assert_int_equal(message.len, stream->message_len[*number]);
		assert_memory_equal(message.ptr, stream->bytes + *offset, message.len);
		if (*number % 3 == 0) {
			uint8_t head[4];
			assert_int_equal(chg_inbox_move(inbox, head, sizeof head), sizeof head);
			assert_memory_equal(head, stream->bytes + *offset, sizeof head);
			chg_inbox_drop(inbox, stream->message_len[*number] - sizeof head);
		} else {
			chg_inbox_drop(inbox, message.len);
		}
		*offset += stream->message_len[(*number)++];
	}
}

static void any_cut_gives_the_same_messages(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 40; round++) {
		uint64_t seed = round;
		struct stream stream = make_stream(&seed);
		struct chg_inbox inbox = { 0 };
		size_t number = 0, offset = 0, read = 0, room;
		while (read < stream.len) {
			uint8_t *at = chg_inbox_room(&inbox, &room);
			size_t some = 1 + seed_below(&seed, round % 2 == 0 ? 70000 : 700);
			some = some < room ? some : room;
			some = some < stream.len - read ? some : stream.len - read;
			memcpy(at, stream.bytes + read, some);
			chg_inbox_add(&inbox, some);
			read += some;
			take_messages(&inbox, &stream, &number, &offset);
		}
		assert_int_equal(number, MESSAGES);
		chg_inbox_release(&inbox);
		free(stream.bytes);
	}
}

static void following_knows_where_messages_begin(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 40; round++) {
		uint64_t seed = round;
		struct stream stream = make_stream(&seed);
		struct chg_framing framing = { 0 };
		size_t read = 0, number = 0, next = 0;
		while (read < stream.len) {
			size_t some = 1 + seed_below(&seed, 300);
			some = some < stream.len - read ? some : stream.len - read;
			chg_framing_follow(&framing, stream.bytes + read, some);
			read += some;
			while (number < MESSAGES && next + stream.message_len[number] <= read)
				next += stream.message_len[number++];
			assert_int_equal(chg_framing_is_between(&framing), next == read);
		}
		free(stream.bytes);
	}
}

static void what_is_moved_is_no_more_than_there_is(void **state)
{
	(void)state;
	struct chg_inbox inbox = { 0 };
	uint8_t to[8];
	assert_int_equal(chg_inbox_move(&inbox, to, sizeof to), 0);
	fill(&inbox, (const uint8_t *)"abcde", 5);
	assert_int_equal(chg_inbox_move(&inbox, to, 3), 3);
	assert_int_equal(chg_inbox_move(&inbox, to, sizeof to), 2);
	assert_memory_equal(to, "de", 2);
	assert_int_equal(chg_inbox_move(&inbox, to, sizeof to), 0);
	chg_inbox_release(&inbox);
}

/* A message of that length comes, in one read if there is room for it, and is taken. */
static void pass(struct chg_inbox *inbox, size_t len)
{
	static uint8_t bytes[CHG_INBOX_SIZE];
	struct chg_view message;
	size_t room, read = 0;
	memcpy(bytes, (const uint8_t[]){ 1, 0, (uint8_t)(len >> 8), (uint8_t)len }, 4);
	while (read < len) {
		uint8_t *at = chg_inbox_room(inbox, &room);
		size_t some = len - read < room ? len - read : room;
		assert_non_null(at);
		memcpy(at, bytes + read, some);
		chg_inbox_add(inbox, some);
		read += some;
	}
	assert_int_equal(chg_inbox_front(inbox, &message), CHG_INBOX_MESSAGE);
	assert_int_equal(message.len, len);
	chg_inbox_drop(inbox, len);
}

static void who_says_little_has_little_memory(void **state)
{
	(void)state;
	struct chg_inbox inbox = { 0 };
	for (int i = 0; i < 100; i++)
		pass(&inbox, 300);
	assert_int_equal(inbox.size, CHG_INBOX_FIRST);
	pass(&inbox, 20000);
	assert_int_equal(inbox.size, CHG_INBOX_SIZE);
	for (int i = 0; i < 100; i++)
		pass(&inbox, i % 8 == 0 ? 20000 : 300);
	assert_int_equal(inbox.size, CHG_INBOX_SIZE); /* not for every pause */
	for (int i = 0; i < 100; i++)
		pass(&inbox, 300);
	assert_int_equal(inbox.size, CHG_INBOX_FIRST);
	chg_inbox_release(&inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_little_has_little_memory),
		cmocka_unit_test(any_cut_gives_the_same_messages),
		cmocka_unit_test(following_knows_where_messages_begin),
		cmocka_unit_test(what_is_moved_is_no_more_than_there_is),
	};
	int failed = TABLE_RUN("front", front_rows, front_row_holds);
	return failed + cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}

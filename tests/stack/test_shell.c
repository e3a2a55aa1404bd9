/* SPDX-License-Identifier: BSD-3-Clause
 * What the library gets to see of a charging request: always well-formed, always enough, never more.
 */
#include "stack/shell.h"

#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdproto.h>
#include <stdlib.h>

#include "support/message.h"
#include "support/seed.h"
#include "support/table.h"
#include "wire/avp.h"

static const uint8_t ticket[CHG_SHELL_TICKET_SIZE] = { 'T', 'i', 'c', 'k', 'e', 't', 0, 1 };
static const struct chg_view realm = { "our.realm", 9 };

static struct message message;

/* The shell of a message, in memory of its own. */
struct shell {
	uint8_t *bytes;
	size_t len;
	enum chg_shell_result result;
};

static struct shell shell_of(struct chg_view whole)
{
	struct shell shell = { .bytes = malloc(whole.len), .len = whole.len };
	assert_non_null(shell.bytes);
	memcpy(shell.bytes, whole.ptr, whole.len);
	shell.result = chg_shell_make(whole, shell.bytes, realm, ticket);
	return shell;
}

static struct chg_view view_of(const struct shell *shell)
{
	return (struct chg_view){ (const char *)shell->bytes, shell->len };
}

/* ---- By example -------------------------------------------------------------------------------- */

static const struct shell_row {
	const char *says;
	const char *changes;
	enum chg_shell_result result;
	const char *avps; /* all that stands in front of our own AVP */
} shell_rows[] = {
	{ "an ACR becomes its routing", "", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "a CCR as well", "cmd=272 app=4", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "routing AVPs are kept in their order", "282m:'r1' 293m:'cdf' 282m:'r2'", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net' 282m:'r1' 293m:'cdf' "
		"282m:'r2'" },
	{ "N-062 a second destination is not for the library", "293m:'one' 293m:'two' 283m:'x'",
		CHG_SHELL_MADE, "263m:'im1.example.net;1;2' 283m:'cdf.example.net' 293m:'one'" },
	{ "N-020 our realm stands in for one that is missing", "-283", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'our.realm'" },
	{ "N-025 a User-Name that looks like a route stays outside", "1m:'x.test!u@realm'",
		CHG_SHELL_MADE, "263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "Proxy-Info is kept", "284m:{280m:'p' 33m:'s'}", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net' 284m:{280m:'p' 33m:'s'}" },
	{ "N-044 Proxy-Info without its host stays outside", "284m:{33m:'s'}", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "a broken Proxy-Info stays outside", "284m:{280m:'p' 33m:'s' #00}", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "Proxy-Info with an AVP of nobody stays outside", "284m:{280m:'p' 33m:'s' 99999m:01}",
		CHG_SHELL_MADE, "263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "D1 a Session-Id with NUL is never in a shell", "-263 263m:610062", CHG_SHELL_MADE,
		"283m:'cdf.example.net'" },
	{ "N-115 nor an empty one", "-263 263m:''", CHG_SHELL_MADE, "283m:'cdf.example.net'" },
	{ "of two Session-Ids one is enough", "263m:'two'", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "N-112 what is cut off ends the routing", "#0000000140000099 282m:'r'", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "N-101 unknown AVPs stay outside", "99999m: 99999/4711m:01", CHG_SHELL_MADE,
		"263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "an AVP of a peer with our own code stays outside", "2147483632:'forged__'",
		CHG_SHELL_MADE, "263m:'im1.example.net;1;2' 283m:'cdf.example.net'" },
	{ "A-021 a message that is out of step closes its connection", "#000102",
		CHG_SHELL_HOPELESS, NULL },
	{ "an ACR without anything closes its connection", "-263 -264 -296 -283 -480 -485 -259",
		CHG_SHELL_HOPELESS, NULL },
};

static void shell_row_holds(void **state)
{
	const struct shell_row *row = *state;
	message_acr(&message, row->changes);
	struct shell shell = shell_of(message_view(&message));
	assert_int_equal(shell.result, row->result);
	if (row->result == CHG_SHELL_HOPELESS) {
		assert_int_equal(shell.bytes[0], 0); /* no version of Diameter */
		free(shell.bytes);
		return;
	}
	static struct message wanted;
	message_begin(&wanted, 0, 0, 0);
	message_avps(&wanted, row->avps);
	assert_memory_equal(shell.bytes, message.bytes, 20);
	assert_memory_equal(shell.bytes + 20, wanted.bytes + 20, wanted.len - 20);
	struct chg_view found;
	assert_true(message_find(view_of(&shell), CHG_SHELL_CODE, 0, &found));
	assert_memory_equal(found.ptr, ticket, sizeof ticket);
	assert_ptr_equal(found.ptr - 8, shell.bytes + wanted.len);
	assert_ptr_equal(found.ptr + found.len, shell.bytes + shell.len);
	free(shell.bytes);
}

static const struct foreign_row {
	const char *says;
	const char *changes;
	const char *becomes; /* the same with these; NULL: left as it is */
} foreign_rows[] = {
	{ "an answer is left alone", "flags=40", NULL },
	{ "another command is left alone", "cmd=280 app=0", NULL },
	{ "a Session-Id with NUL is renamed in an answer", "flags=40 -263 263m:610062",
		"flags=40 -263 2147483632:610062" },
	{ "and an empty one in another command", "cmd=275 app=4 -263 263m:''",
		"cmd=275 app=4 -263 2147483632:''" },
	{ "M bits of a base answer that nobody knows are cleared",
		"cmd=280 app=0 flags=00 99999m:01", "cmd=280 app=0 flags=00 99999:01" },
	{ "those of a base request are the library's to judge", "cmd=280 app=0 flags=80 99999m:01",
		NULL },
};

static void foreign_row_holds(void **state)
{
	const struct foreign_row *row = *state;
	static struct message wanted;
	message_acr(&message, row->changes);
	message_acr(&wanted, row->becomes == NULL ? row->changes : row->becomes);
	struct chg_view same = message_view(&wanted);
	struct shell shell = shell_of(message_view(&message));
	assert_int_equal(shell.result, CHG_SHELL_FOREIGN);
	assert_int_equal(shell.len, same.len);
	assert_memory_equal(shell.bytes, same.ptr, same.len);
	free(shell.bytes);
}

static void what_is_no_message_is_left_alone(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 1, 0, 0, 24, 0xc0, 0, 1, 15, 0, 0, 0, 3 };
	struct chg_view whole = { (const char *)bytes, sizeof bytes };
	assert_false(chg_shell_is_charging(whole));
	struct shell shell = shell_of(whole);
	assert_int_equal(shell.result, CHG_SHELL_FOREIGN);
	assert_memory_equal(shell.bytes, bytes, sizeof bytes);
	free(shell.bytes);
}

/* ---- Seeded: whatever comes, the library can parse what it gets --------------------------------- */

static void any_request(uint64_t *seed)
{
	static const char *const changes[] = { "", "-263", "-283", "-263 -283",
		"-263 -264 -296 -283 -480", "cmd=272 app=4", "flags=80", "flags=f0",
		"-263 263m:006100", "-263 263m:''" };
	static const char *const pieces[] = { "282m:'relay.example.net'", "293m:'cdf'",
		"284m:{280m:'p' 33m:0102}", "284m:{280m:'p'}", "99999m:01", "2147483632:'12345678'",
		"1m:'alice'", "873/10415m:{876/10415m:{861/10415m:00000000}}", "263m:00",
		"#0000011c40000009ff000000", "283m:''", "282m:00" };
	message_acr(&message, changes[seed_below(seed, COUNT(changes))]);
	for (uint32_t i = seed_below(seed, 6); i > 0; i--)
		message_avps(&message, pieces[seed_below(seed, COUNT(pieces))]);
	for (uint32_t i = seed_below(seed, 5); i > 0 && message.len > 20; i--)
		message.bytes[20 + seed_below(seed, (uint32_t)message.len - 20)] =
			(uint8_t)(seed_one_in(seed, 2) ? seed_below(seed, 32) : seed_next(seed));
	if (seed_one_in(seed, 8))
		message.len = 20 + seed_below(seed, (uint32_t)message.len - 20);
}

static void assert_session_ids_are_safe(struct chg_view shell)
{
	struct chg_view id;
	assert_true(message_count(shell, 263) <= 1);
	if (message_find(shell, 263, 0, &id)) {
		assert_true(id.len > 0);
		assert_null(memchr(id.ptr, '\0', id.len));
	}
}

static void assert_parsable(struct shell *shell)
{
	struct msg *msg = NULL;
	struct msg_hdr *header = NULL;
	uint8_t *copy = malloc(shell->len); /* the library takes the buffer */
	assert_non_null(copy);
	memcpy(copy, shell->bytes, shell->len);
	if (fd_msg_parse_buffer(&copy, shell->len, &msg) != 0) {
		free(copy);
		fail_msg("the library does not parse a shell");
	}
	assert_int_equal(fd_msg_hdr(msg, &header), 0);
	assert_int_equal(header->msg_length, shell->len);
	fd_msg_free(msg);
}

static void one_request_has_a_sound_shell(uint64_t seed)
{
	any_request(&seed);
	struct chg_view whole = message_view(&message);
	struct shell shell = shell_of(whole);
	if (shell.result == CHG_SHELL_MADE) {
		struct chg_view found, came;
		assert_memory_equal(shell.bytes, whole.ptr, 20);
		assert_true(message_find(view_of(&shell), CHG_SHELL_CODE, 0, &found));
		assert_memory_equal(found.ptr, ticket, sizeof ticket);
		assert_int_equal(message_count(view_of(&shell), CHG_SHELL_CODE), 1);
		assert_session_ids_are_safe(view_of(&shell));
		if (!message_find(view_of(&shell), 283, 0, &came)) /* for want of room alone */
			assert_true(found.len < sizeof ticket + 8 + (realm.len + 3) / 4 * 4);
		assert_parsable(&shell);
	} else {
		assert_int_equal(shell.result, CHG_SHELL_HOPELESS);
		assert_int_equal(shell.bytes[0], 0);
	}
	free(shell.bytes);
}

static void any_request_has_a_sound_shell(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60000; seed++)
		one_request_has_a_sound_shell(seed);
}

static int start_library(void **state)
{
	(void)state;
	return fd_libproto_init();
}

static int stop_library(void **state)
{
	(void)state;
	fd_libproto_fini();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_message_is_left_alone),
		cmocka_unit_test(any_request_has_a_sound_shell),
	};
	return TABLE_RUN("shells", shell_rows, shell_row_holds) +
	       TABLE_RUN("messages of others", foreign_rows, foreign_row_holds) +
	       cmocka_run_group_tests_name("any request", tests, start_library, stop_library);
}

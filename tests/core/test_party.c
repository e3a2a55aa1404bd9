/* SPDX-License-Identifier: BSD-3-Clause
 * One subscriber, one spelling.
 */
#include "core/party.h"
#include "support/seed.h"
#include "support/table.h"

static const struct party_row {
	const char *says;
	const char *text;
	const char *normal; /* NULL: refused */
} party_rows[] = {
	{ "a SIP URI keeps its user and lowers its host", "sip:Alice@Example.NET",
		"sip:Alice@example.net" },
	{ "the scheme is lowered", "SIP:alice@example.net", "sip:alice@example.net" },
	{ "sips names the same subscriber", "sips:alice@example.net", "sip:alice@example.net" },
	{ "parameters go", "sip:alice@example.net;transport=tcp", "sip:alice@example.net" },
	{ "headers go", "sip:alice@example.net?subject=x", "sip:alice@example.net" },
	{ "parameters and headers go", "sip:alice@example.net;lr?subject=x",
		"sip:alice@example.net" },
	{ "a blank before a parameter goes with it", "sip:alice@example.net ;lr",
		"sip:alice@example.net" },
	{ "a port stays", "sip:alice@example.net:5070", "sip:alice@example.net:5070" },
	{ "an address of IPv6 is lowered", "sip:alice@[2001:DB8::1]", "sip:alice@[2001:db8::1]" },
	{ "a URI without a user is a host", "sip:Conference.Example.NET",
		"sip:conference.example.net" },
	{ "a question mark may be part of a user", "sip:who?@Example.NET", "sip:who?@example.net" },
	{ "angle brackets go", "<sip:alice@example.net>", "sip:alice@example.net" },
	{ "a display name goes", "\"Alice\" <sip:alice@example.net>;tag=1",
		"sip:alice@example.net" },
	{ "blanks around go", " \tsip:alice@example.net \t", "sip:alice@example.net" },
	{ "an address without a scheme is a SIP URI", "alice@Example.NET",
		"sip:alice@example.net" },
	{ "an escape of an unreserved character is undone", "sip:%61lice@example.net",
		"sip:alice@example.net" },
	{ "an escape of a reserved character stays", "sip:a%40b@example.net",
		"sip:a%40b@example.net" },
	{ "an escape behind a lone percent stays", "sip:%%34@example.net", "sip:%%34@example.net" },
	{ "a broken escape stays", "sip:a%zz@example.net", "sip:a%zz@example.net" },
	{ "an escape cut off by the host stays", "sip:a%4@example.net", "sip:a%4@example.net" },
	{ "a tel URI loses its separators", "tel:+49-30-123", "tel:+4930123" },
	{ "a tel URI loses its parameters", "TEL:+4930123;ext=5", "tel:+4930123" },
	{ "a tab before a parameter goes with it", "tel:+4930123\t;ext=5", "tel:+4930123" },
	{ "a bare international number is a tel URI", "+49 (30) 123", "tel:+4930123" },
	{ "a SIP URI of a phone is a tel URI", "sip:+4930123@x;user=phone", "tel:+4930123" },
	{ "user=phone is read in any case", "sip:+4930123@x;USER=Phone", "tel:+4930123" },
	{ "user=phone on letters changes nothing", "sip:alice@x;user=phone", "sip:alice@x" },
	{ "parameters of a number inside a SIP URI go", "sip:+4930123;npdi@x;user=phone",
		"tel:+4930123" },
	{ "a bare local number is left as it is", "4930123", "4930123" },
	{ "anything else is left as it is", "im:Alice", "im:Alice" },
	{ "a lone plus is left as it is", "+", "+" },
	{ "an empty text is refused", "", NULL },
	{ "blanks alone are refused", "  ", NULL },
	{ "empty brackets are refused", "<>", NULL },
};

static void party_row_holds(void **state)
{
	const struct party_row *row = *state;
	struct chg_party party = { 0 };
	enum chg_rc rc = chg_party_normalise(chg_view_of(row->text), &party);
	if (row->normal == NULL) {
		assert_int_equal(rc, CHG_E_RANGE);
		return;
	}
	assert_int_equal(rc, CHG_OK);
	assert_int_equal(party.len, strlen(row->normal));
	assert_memory_equal(party.bytes, row->normal, party.len);
}

static void the_longest_party_fits_and_a_longer_one_is_refused(void **state)
{
	(void)state;
	char text[CHG_PARTY_TEXT_MAX + 1];
	memset(text, 'a', sizeof text);
	struct chg_party party = { 0 };
	assert_int_equal(
		chg_party_normalise((struct chg_view){ text, sizeof text - 1 }, &party), CHG_OK);
	assert_int_equal(party.len, CHG_PARTY_TEXT_MAX);
	assert_int_equal(
		chg_party_normalise((struct chg_view){ text, sizeof text }, &party), CHG_E_RANGE);
	assert_int_equal(party.len, CHG_PARTY_TEXT_MAX); /* untouched by the refusal */
}

/* Pieces that mean something to the reader, so that few random texts are dull. */
static size_t any_text(uint64_t *seed, char *text, size_t size)
{
	static const char *const pieces[] = { "sip:", "SIPS:", "tel:", "TEL:", "+49", "30", " ",
		"\t", "-", "(", "@", "@", "Example", ".NET", ";user=phone", ";", "?", "%", "%41",
		"%25", "4", "1", "<", ">", ":", "alice", "\"", "\xc3\xa4", "%2b", "[", "]" };
	size_t len = 0;
	for (uint32_t i = seed_below(seed, 12); i > 0; i--) {
		const char *piece = pieces[seed_below(seed, COUNT(pieces))];
		size_t more = strlen(piece);
		if (len + more > size)
			break;
		memcpy(text + len, piece, more);
		len += more;
	}
	return len;
}

static void the_normal_form_is_its_own_normal_form(void **state)
{
	(void)state;
	for (uint64_t first = 1; first <= 200000; first++) {
		uint64_t seed = first;
		char text[300];
		struct chg_party once = { 0 }, twice = { 0 };
		size_t len = any_text(&seed, text, sizeof text);
		if (chg_party_normalise((struct chg_view){ text, len }, &once) != CHG_OK)
			continue;
		enum chg_rc rc =
			chg_party_normalise((struct chg_view){ once.bytes, once.len }, &twice);
		if (rc != CHG_OK || once.len != twice.len ||
			memcmp(once.bytes, twice.bytes, once.len) != 0)
			fail_msg("seed %llu: \"%.*s\" -> \"%.*s\" -> \"%.*s\"",
				(unsigned long long)first, (int)len, text, once.len, once.bytes,
				twice.len, twice.bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_party_fits_and_a_longer_one_is_refused),
		cmocka_unit_test(the_normal_form_is_its_own_normal_form),
	};
	return TABLE_RUN("normal forms of parties", party_rows, party_row_holds) +
	       cmocka_run_group_tests_name("laws of normal forms", tests, NULL, NULL);
}

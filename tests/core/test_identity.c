/* SPDX-License-Identifier: BSD-3-Clause
 * Whoever names a subscriber, and however: one account, one key.
 */
#include "core/ask_credit.h"
#include "support/table.h"

#include <string.h>

static const struct identity_row {
	const char *says;
	enum chg_identity_type type;
	const char *text;
	const char *key; /* NULL: refused */
	enum chg_rc rc;
} identity_rows[] = {
	{ "B-141: a number keeps its digits", CHG_IDENTITY_E164, "4930123", "tel:+4930123",
		CHG_OK },
	{ "B-141: a plus in front of a number says nothing", CHG_IDENTITY_E164, "+4930123",
		"tel:+4930123", CHG_OK },
	{ "B-141: what people put between digits goes", CHG_IDENTITY_E164, "+49 (30) 1-2.3",
		"tel:+4930123", CHG_OK },
	{ "B-141: a tel URI has the key of its number", CHG_IDENTITY_SIP_URI, "tel:+49-30-123",
		"tel:+4930123", CHG_OK },
	{ "B-141: a SIP URI of a phone has it too", CHG_IDENTITY_SIP_URI,
		"sip:+4930123@example.net;user=phone", "tel:+4930123", CHG_OK },
	{ "B-141: the host of a SIP URI is without case", CHG_IDENTITY_SIP_URI,
		"sip:Alice@Example.NET", "sip:Alice@example.net", CHG_OK },
	{ "B-141: the realm of an NAI is without case, its user is not", CHG_IDENTITY_NAI,
		"Alice@Example.NET", "nai:Alice@example.net", CHG_OK },
	{ "an NAI without a realm is left as it is", CHG_IDENTITY_NAI, "Alice", "nai:Alice",
		CHG_OK },
	{ "an IMSI is digits", CHG_IDENTITY_IMSI, "262011234567890", "imsi:262011234567890",
		CHG_OK },
	{ "a private name is left as it is", CHG_IDENTITY_PRIVATE, "Number 7@Home",
		"private:Number 7@Home", CHG_OK },
	{ "a number with letters is refused", CHG_IDENTITY_E164, "49x", NULL, CHG_E_SYNTAX },
	{ "an IMSI with letters is refused", CHG_IDENTITY_IMSI, "sip:1", NULL, CHG_E_SYNTAX },
	{ "a number without digits is refused", CHG_IDENTITY_E164, "+-", NULL, CHG_E_RANGE },
	{ "an empty SIP URI is refused", CHG_IDENTITY_SIP_URI, "", NULL, CHG_E_RANGE },
	{ "an empty private name is refused", CHG_IDENTITY_PRIVATE, "", NULL, CHG_E_RANGE },
	{ "a type that nobody knows is refused", (enum chg_identity_type)9, "x", NULL,
		CHG_E_SYNTAX },
};

static void identity_row_holds(void **state)
{
	const struct identity_row *row = *state;
	struct chg_party key = { .len = 3 };
	assert_int_equal(chg_identity_key(row->type, chg_view_of(row->text), &key), row->rc);
	if (row->key == NULL) {
		assert_int_equal(key.len, 3); /* untouched by the refusal */
		return;
	}
	assert_int_equal(key.len, strlen(row->key));
	assert_memory_equal(key.bytes, row->key, key.len);
}

static void the_longest_name_fits_and_a_longer_one_is_refused(void **state)
{
	(void)state;
	enum { PREFIX = sizeof "private:" - 1 };
	char text[CHG_PARTY_TEXT_MAX];
	struct chg_party key = { 0 };
	memset(text, 'a', sizeof text);
	struct chg_view fits = { text, CHG_PARTY_TEXT_MAX - PREFIX };
	struct chg_view long_one = { text, CHG_PARTY_TEXT_MAX - PREFIX + 1 };
	assert_int_equal(chg_identity_key(CHG_IDENTITY_PRIVATE, fits, &key), CHG_OK);
	assert_int_equal(key.len, CHG_PARTY_TEXT_MAX);
	assert_int_equal(chg_identity_key(CHG_IDENTITY_PRIVATE, long_one, &key), CHG_E_RANGE);
}

static void every_type_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(chg_identity_type_text(CHG_IDENTITY_E164), "e164");
	assert_string_equal(chg_identity_type_text(CHG_IDENTITY_IMSI), "imsi");
	assert_string_equal(chg_identity_type_text(CHG_IDENTITY_SIP_URI), "sip");
	assert_string_equal(chg_identity_type_text(CHG_IDENTITY_NAI), "nai");
	assert_string_equal(chg_identity_type_text(CHG_IDENTITY_PRIVATE), "private");
	assert_string_equal(chg_identity_type_text((enum chg_identity_type)9), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_name_fits_and_a_longer_one_is_refused),
		cmocka_unit_test(every_type_has_its_word),
	};
	return TABLE_RUN("keys of identities", identity_rows, identity_row_holds) +
	       cmocka_run_group_tests_name("bounds of identities", tests, NULL, NULL);
}

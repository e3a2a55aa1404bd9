/* SPDX-License-Identifier: BSD-3-Clause
 * The keys of accounts: one subscriber, one key, however he is written.
 */
#include <stdio.h>

#include "core/ask_credit.h"
#include "support/table.h"

static const struct row {
	const char *says;
	enum chg_identity_type type;
	const char *text;
	enum chg_rc rc;
	const char *key;
} rows[] = {
	{ "B-141 a number", CHG_IDENTITY_E164, "4930123", CHG_OK, "tel:+4930123" },
	{ "B-141 with its plus", CHG_IDENTITY_E164, "+4930123", CHG_OK, "tel:+4930123" },
	{ "B-141 what people put between digits means nothing", CHG_IDENTITY_E164, "+49 (30) 1-2.3",
		CHG_OK, "tel:+4930123" },
	{ "B-141 a tel URI is that number", CHG_IDENTITY_SIP_URI, "tel:+4930123", CHG_OK,
		"tel:+4930123" },
	{ "B-141 a SIP URI with user=phone is that number", CHG_IDENTITY_SIP_URI,
		"sip:+4930123@gw.example.net;user=phone", CHG_OK, "tel:+4930123" },
	{ "B-141 the host of a SIP URI has no case", CHG_IDENTITY_SIP_URI, "SIP:Alice@Example.NET",
		CHG_OK, "sip:Alice@example.net" },
	{ "B-141 its parameters do not name anybody", CHG_IDENTITY_SIP_URI,
		"sip:alice@example.net;transport=tcp", CHG_OK, "sip:alice@example.net" },
	{ "B-141 percent signs are decoded", CHG_IDENTITY_SIP_URI, "sip:%61lice@example.net",
		CHG_OK, "sip:alice@example.net" },
	{ "B-141 the realm of an NAI has no case, its user has", CHG_IDENTITY_NAI,
		"Alice@Example.NET", CHG_OK, "nai:Alice@example.net" },
	{ "B-140 an IMSI", CHG_IDENTITY_IMSI, "262010000000001", CHG_OK, "imsi:262010000000001" },
	{ "B-140 a private name is taken as it is", CHG_IDENTITY_PRIVATE, "Box 7", CHG_OK,
		"private:Box 7" },
	{ "a private name and an NAI never meet", CHG_IDENTITY_PRIVATE, "alice@example.net", CHG_OK,
		"private:alice@example.net" },
	{ "letters are no number", CHG_IDENTITY_E164, "alice", CHG_E_SYNTAX, NULL },
	{ "nor an IMSI", CHG_IDENTITY_IMSI, "26201x", CHG_E_SYNTAX, NULL },
	{ "nothing is nobody", CHG_IDENTITY_E164, "", CHG_E_RANGE, NULL },
	{ "a plus alone is nobody", CHG_IDENTITY_E164, "+", CHG_E_RANGE, NULL },
	{ "an empty NAI is nobody", CHG_IDENTITY_NAI, "", CHG_E_RANGE, NULL },
	{ "an empty private name is nobody", CHG_IDENTITY_PRIVATE, "", CHG_E_RANGE, NULL },
	{ "B-142 a type that there is not", (enum chg_identity_type)9, "alice", CHG_E_SYNTAX,
		NULL },
};

static void row_holds(void **state)
{
	const struct row *row = *state;
	struct chg_party key = { .len = 77 };
	assert_int_equal(chg_identity_key(row->type, chg_view_of(row->text), &key), row->rc);
	if (row->key == NULL) {
		assert_int_equal(key.len, 77); /* not touched */
		return;
	}
	char text[CHG_PARTY_TEXT_MAX + 1];
	snprintf(text, sizeof text, "%.*s", (int)key.len, key.bytes);
	assert_string_equal(text, row->key);
}

static void a_name_may_be_as_long_as_a_key_and_no_longer(void **state)
{
	(void)state;
	static const enum chg_identity_type types[] = { CHG_IDENTITY_E164, CHG_IDENTITY_IMSI,
		CHG_IDENTITY_NAI, CHG_IDENTITY_PRIVATE };
	static const size_t prefix[] = { 5, 5, 4, 8 };
	char text[CHG_PARTY_TEXT_MAX + 1];
	struct chg_party key;
	memset(text, '7', sizeof text);
	for (size_t i = 0; i < COUNT(types); i++) {
		struct chg_view longest = { text, CHG_PARTY_TEXT_MAX - prefix[i] };
		assert_int_equal(chg_identity_key(types[i], longest, &key), CHG_OK);
		assert_int_equal(key.len, CHG_PARTY_TEXT_MAX);
		longest.len++;
		assert_int_equal(chg_identity_key(types[i], longest, &key), CHG_E_RANGE);
	}
}

static void every_type_has_its_word(void **state)
{
	(void)state;
	static const char *const word[] = { "e164", "imsi", "sip", "nai", "private", "unknown" };
	for (size_t i = 0; i < COUNT(word); i++)
		assert_string_equal(chg_identity_type_text((enum chg_identity_type)i), word[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_be_as_long_as_a_key_and_no_longer),
		cmocka_unit_test(every_type_has_its_word),
	};
	return TABLE_RUN("keys", rows, row_holds) + cmocka_run_group_tests(tests, NULL, NULL);
}

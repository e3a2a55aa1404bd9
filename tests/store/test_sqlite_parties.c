/* SPDX-License-Identifier: BSD-3-Clause
 * The parties of a record as JSON: each once, escaped, and no more than there is room for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/sqlite/sqlite_parties.h"

static struct chg_parties parties;
static struct chg_acr acr;

static void name_party(const char *text, uint32_t role)
{
	acr.party[acr.party_count++] = (struct chg_named_party){ chg_view_of(text), role };
}

static void text_is(const char *expected)
{
	struct chg_view text = chg_parties_text(&parties);
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.ptr, expected, text.len);
}

static void add(bool is_changed, bool is_named)
{
	bool changed = !is_changed, named = !is_named;
	chg_parties_add(&parties, &acr, &changed, &named);
	assert_int_equal(changed, is_changed);
	assert_int_equal(named, is_named);
}

static int begin(void **state)
{
	(void)state;
	parties.len = 0;
	acr = (struct chg_acr){ 0 };
	return 0;
}

static void nobody_is_no_text(void **state)
{
	(void)state;
	name_party("", 1);
	add(false, false);
	assert_false(chg_view_present(chg_parties_text(&parties)));
}

static void one_party_is_named_once(void **state)
{
	(void)state;
	name_party("sip:a@b", 1);
	name_party("SIP:a@B", 8);
	acr.participant[acr.participant_count++] = CHG_VIEW("sip:c@d");
	add(true, true);
	text_is("{\"sip:a@b\":9,\"sip:c@d\":16}");
	add(false, false);
	begin(NULL);
	chg_parties_read(&parties, CHG_VIEW("{\"sip:a@b\":9,\"sip:c@d\":16}"));
	name_party("sip:a@b", 2);
	add(true, false);
	text_is("{\"sip:a@b\":11,\"sip:c@d\":16}");
}

/* A name that looks like the end of another one, or like JSON, is itself. */
static void names_are_told_apart(void **state)
{
	(void)state;
	static const char *const names[] = { "a", "b\"a", "b\\", "\",\"a", "a\":1,\"x", ",", "{",
		"a\x01", "\x7f", "\xc3\xa4", "\xff" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		acr.party_count = 0;
		name_party(names[i], 1);
		add(true, true);
		add(false, false);
	}
	char count[64];
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT json_valid(?1), (SELECT count(DISTINCT key) || ' ' || "
				 "sum(key = 'b\"a') FROM json_each(?1))",
				 -1, &stmt, NULL),
		SQLITE_OK);
	struct chg_view text = chg_parties_text(&parties);
	sqlite3_bind_text(stmt, 1, text.ptr, (int)text.len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 1);
	snprintf(count, sizeof count, "%zu 1", sizeof names / sizeof names[0]);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 1), count);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void without_room_nobody_is_added(void **state)
{
	(void)state;
	char name[32];
	unsigned count = 0;
	bool is_changed = true, is_named;
	for (; is_changed; count++) {
		acr.party_count = 0;
		snprintf(name, sizeof name, "sip:p%u@example.net", count);
		name_party(name, 1);
		chg_parties_add(&parties, &acr, &is_changed, &is_named);
	}
	assert_true(count > 1000);
	assert_true(parties.len <= CHG_PARTIES_TEXT_MAX);
	assert_int_equal(parties.text[parties.len - 1], '}');
	add(false, false);
}

/* An upgrade wrote all parties of a record, however many they were. */
static void longer_text_stays(void **state)
{
	(void)state;
	static char text[CHG_PARTIES_TEXT_MAX + 1];
	memset(text, 'x', sizeof text);
	chg_parties_read(&parties, (struct chg_view){ text, sizeof text });
	name_party("sip:a@b", 1);
	add(false, false);
	chg_parties_read(&parties, (struct chg_view){ 0 });
	add(true, true);
}

static void long_names_are_cut_between_characters(void **state)
{
	(void)state;
	char name[600] = "";
	for (size_t i = 0; i < 299; i++)
		strcat(name, "\xc3\xa4");
	struct chg_party key = chg_parties_key(chg_view_of(name));
	assert_int_equal(key.len, 254);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(sentence, function) { .name = sentence, .test_func = function, .setup_func = begin }
		CASE("a record that names nobody has no text", nobody_is_no_text),
		CASE("a party is named once, with all its roles", one_party_is_named_once),
		CASE("names with quotes, commas and control characters are told apart",
			names_are_told_apart),
		CASE("who does not fit any more is left out", without_room_nobody_is_added),
		CASE("a text that is longer than there is room for stays as it is",
			longer_text_stays),
		CASE("a name that is too long is cut between characters",
			long_names_are_cut_between_characters),
	};
	return cmocka_run_group_tests_name("the parties of a record", tests, NULL, NULL);
}

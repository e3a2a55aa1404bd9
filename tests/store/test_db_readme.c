/* SPDX-License-Identifier: BSD-3-Clause
 * The schema says what each column is, the views speak as the program does, and every question of
 * db/README.md can be asked.
 */
#include "store/books_fixture.h"

#include <ctype.h>
#include <sqlite3.h>

#include "store/sqlite/sqlite_sql.h"

static char *read_file(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", CHG_SOURCE_DIR, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = NULL;
	size_t size = 0;
	ssize_t len = getdelim(&text, &size, '\0', file);
	assert_true(len > 0);
	fclose(file);
	return text;
}

/* A database with one of everything. */
static void seed(struct chg_store *store)
{
	struct chg_acr acr = acr_of("event", CHG_RECORD_EVENT, 0);
	acr.calling_party = CHG_VIEW("sip:alice@example.net");
	acr.called_party = CHG_VIEW("sip:bob@example.net");
	acr.party[0] = (struct chg_named_party){ acr.calling_party, CHG_ROLE_CALLING };
	acr.party[1] = (struct chg_named_party){ acr.called_party, CHG_ROLE_CALLED };
	acr.party_count = 2;
	acr.messages_sent = (chg_opt_u32){ true, 2 };
	acr.messages_sent_delivered = (chg_opt_u32){ true, 1 };
	acr.icid = CHG_VIEW("icid-1");
	acr.is_unreadable = true;
	acr.is_retransmission = true;
	acr.content = CHG_VIEW("{\"Class\":\"gold\"}");
	take(store, 1700000000, &acr);

	acr = acr_of("session", CHG_RECORD_START, 0);
	acr.icid = CHG_VIEW("icid-1");
	acr.application_service_type = (chg_opt_i32){ true, CHG_AST_INVITING };
	acr.participant[0] = CHG_VIEW("sip:carol@example.net");
	acr.participant_count = 1;
	take(store, 1700000100, &acr);
	acr = acr_of("session", CHG_RECORD_INTERIM, 1);
	acr.application_service_type = (chg_opt_i32){ true, CHG_AST_JOINING };
	take(store, 1700000105, &acr);
}

/* An account that pays for messages, has a session open and one that nobody knew. */
static void seed_books(struct chg_store *store)
{
	struct chg_posting_new topup = { .account = CHG_VIEW("alice"),
		.kind = CHG_POSTING_TOPUP,
		.amount = 5000000,
		.reference = CHG_VIEW("payment-1") };
	int64_t id;
	account_ok(store, "alice", 10000000);
	begin_ok(store);
	assert_int_equal(
		store->books->post(store->self, at_s(1700000001), &by_me, &topup, &id), CHG_OK);
	assert_int_equal(
		store->books->tariff_add(store->self, at_s(1700000001), &by_me, CHG_VIEW("test"),
			CHG_VIEW("tariff: test"), at_s(1700000000).wall, &id),
		CHG_OK);
	commit_ok(store);
	struct chg_ccr ccr = ccr_of("online event", CHG_CC_EVENT, 0, "alice");
	ccr.data.icid = CHG_VIEW("icid-1");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 2);
	charge(store, 1700000200, &ccr);
	ccr = ccr_of("online session", CHG_CC_INITIAL, 0, "alice");
	ccr.service[0].rating_group = (chg_opt_u32){ true, TIME_GROUP };
	ask_units(&ccr, CHG_UNIT_SECONDS, 60);
	charge(store, 1700000300, &ccr);
	ccr = ccr_of("online session", CHG_CC_UPDATE, 1, "alice");
	ccr.service[0].rating_group = (chg_opt_u32){ true, TIME_GROUP };
	use_units(&ccr, CHG_UNIT_SECONDS, 30);
	ask_units(&ccr, CHG_UNIT_SECONDS, 60);
	charge(store, 1700000310, &ccr);
	ccr = ccr_of("nobody's", CHG_CC_TERMINATION, 3, "bob");
	use_units(&ccr, CHG_UNIT_MESSAGES, 3);
	charge(store, 1700000320, &ccr);
}

static sqlite3 *open_raw(const struct fixture *fixture)
{
	sqlite3 *db;
	assert_int_equal(
		sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return db;
}

/* Runs one question; returns how many rows it gave. */
static int ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s\n%s", sqlite3_errmsg(db), sql);
	assert_true(sqlite3_column_count(stmt) > 0);
	int rows = 0, result;
	while ((result = sqlite3_step(stmt)) == SQLITE_ROW)
		rows++;
	if (result != SQLITE_DONE)
		fail_msg("%s\n%s", sqlite3_errmsg(db), sql);
	sqlite3_finalize(stmt);
	return rows;
}

static void every_question_can_be_asked(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(true);
	seed(&fixture.store);
	seed_books(&fixture.store);
	sqlite3 *db = open_raw(&fixture);
	char *text = read_file("db/README.md");
	int questions = 0;
	for (char *at = strstr(text, "```sql\n"); at != NULL; at = strstr(at, "```sql\n")) {
		char *sql = at + strlen("```sql\n");
		char *end = strstr(sql, "```");
		assert_non_null(end);
		*end = '\0';
		at = end + 1;
		int rows = ask(db, sql);
		bool is_check = strstr(sql, "v_sequence_gap") != NULL ||
				strstr(sql, "v_unbalanced") != NULL;
		if (is_check ? rows != 0 : rows == 0)
			fail_msg("%d rows from the seeded database:\n%s", rows, sql);
		questions++;
	}
	assert_true(questions >= 20);
	free(text);
	sqlite3_close(db);
	fixture_remove(&fixture);
}

/* The line of a table's definition that begins with this column. */
static const char *line_of(const char *table_sql, const char *column)
{
	size_t len = strlen(column);
	for (const char *at = strchr(table_sql, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
		const char *word = at + 1 + strspn(at + 1, "\t ");
		if (strncmp(word, column, len) == 0 && isspace((unsigned char)word[len]))
			return word;
	}
	return NULL;
}

static void every_column_has_its_comment(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(true);
	sqlite3 *db = open_raw(&fixture);
	sqlite3_stmt *stmt;
	int columns = 0;
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT m.name, m.sql, c.name FROM sqlite_schema AS m, "
				 "pragma_table_info(m.name) AS c WHERE m.type = 'table' "
				 "AND m.name NOT LIKE 'sqlite_%'",
				 -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);
		const char *sql = (const char *)sqlite3_column_text(stmt, 1);
		const char *column = (const char *)sqlite3_column_text(stmt, 2);
		const char *line = line_of(sql, column);
		assert_non_null(line);
		const char *comment = strstr(line, "-- ");
		if (comment == NULL || comment > strchr(line, '\n') ||
			strcspn(comment, "\n") < strlen("-- always 1"))
			fail_msg("%s.%s has no comment", table, column);
		assert_non_null(strstr(sql, "STRICT"));
		size_t len = strlen(column);
		if (len > 3 && strcmp(column + len - 3, "_us") == 0 &&
			memmem(comment, strcspn(comment, "\n"), "us", 2) == NULL)
			fail_msg("%s.%s does not tell its unit", table, column);
		columns++;
	}
	assert_true(columns > 80);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	fixture_remove(&fixture);
}

/* Tables, views and indexes follow a comment; an index one that says which question needs it. */
static void every_object_has_its_comment(void **state)
{
	(void)state;
	for (size_t i = 0; i < chg_sql_migration_count; i++) {
		const char *sql = chg_sql_migrations[i].bytes;
		for (const char *at = strstr(sql, "\nCREATE "); at != NULL;
			at = strstr(at + 1, "\nCREATE ")) {
			const char *line = at;
			while (line > sql && line[-1] != '\n')
				line--;
			if (strncmp(line, "-- ", 3) != 0)
				fail_msg("no comment before:%.60s", at);
			bool is_index = strncmp(at, "\nCREATE INDEX", 13) == 0 ||
					strncmp(at, "\nCREATE UNIQUE", 14) == 0;
			if (is_index && strncmp(line, "-- Question: ", 13) != 0)
				fail_msg("no question before:%.60s", at);
		}
	}
}

static void readme_names_every_table_and_view(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(true);
	sqlite3 *db = open_raw(&fixture);
	char *text = read_file("db/README.md");
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
				 -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		char row[80];
		snprintf(row, sizeof row, "\n| `%s` |", sqlite3_column_text(stmt, 0));
		if (strstr(text, row) == NULL)
			fail_msg("db/README.md has no row %s", row + 1);
	}
	sqlite3_finalize(stmt);
	free(text);
	sqlite3_close(db);
	fixture_remove(&fixture);
}

/* The first column of the first row. */
static void first_text(sqlite3 *db, const char *sql, char *ret, size_t size)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s\n%s", sqlite3_errmsg(db), sql);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	snprintf(ret, size, "%s", sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

static void views_speak_as_the_program_does(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(true);
	char sql[256], text[CHG_MARKS_TEXT_MAX], expected[CHG_MARKS_TEXT_MAX];
	seed(&fixture.store);
	fixture_close_store(&fixture);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
	for (int i = 0; i <= 32; i++) {
		uint32_t marks = i == 32 ? UINT32_MAX : 1u << i;
		snprintf(sql, sizeof sql, "UPDATE cdr SET marks = %u WHERE cdr_id = 1", marks);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		first_text(db, "SELECT marks FROM v_cdr WHERE cdr_id = 1", text, sizeof text);
		chg_cdr_marks_write(marks, expected);
		assert_string_equal(text, expected);
	}
	for (int action = 1; action <= 4; action++) {
		snprintf(sql, sizeof sql, "UPDATE cdr_participant SET action = %d", action);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		first_text(db, "SELECT action FROM v_cdr_participant", text, sizeof text);
		assert_string_equal(
			text, chg_participant_action_text((enum chg_participant_action)action));
	}
	for (int type = 1; type <= 4; type++) {
		snprintf(sql, sizeof sql, "UPDATE cdr_entry SET record_type = %d", type);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		first_text(db, "SELECT record_type FROM v_cdr_timeline", text, sizeof text);
		assert_string_equal(text, chg_record_type_text((enum chg_record_type)type));
	}
	sqlite3_close(db);
	fixture_remove(&fixture);
}

static void views_show_the_seed(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "SELECT started_at FROM v_cdr WHERE cdr_id = 1", "2023-11-14T22:13:20Z" },
		{ "SELECT kind || ' ' || status FROM v_cdr WHERE cdr_id = 1", "event closed" },
		{ "SELECT kind || ' ' || status FROM v_cdr WHERE cdr_id = 2", "session open" },
		{ "SELECT application_service_type FROM v_cdr WHERE cdr_id = 2", "inviting" },
		{ "SELECT group_concat(record_type) FROM v_cdr_timeline WHERE cdr_id = 2",
			"START,INTERIM" },
		{ "SELECT action FROM v_cdr_participant", "invited" },
		{ "SELECT roles FROM v_cdr_party WHERE party_key = 'sip:bob@example.net'",
			"called" },
		{ "SELECT roles FROM v_cdr_party WHERE party_key = 'sip:carol@example.net'",
			"participant" },
		{ "SELECT account || ' ' || cost_micros FROM v_cdr WHERE session_id = 'online "
		  "event'",
			"alice 200000" },
		{ "SELECT group_concat(kind || ' ' || amount, ', ') FROM v_ledger "
		  "WHERE account = 'alice'",
			"opening 10000000, top-up 5000000, debit -200000, debit -150000" },
		{ "SELECT balance_micros || ' ' || reserved_micros FROM v_account",
			"14650000 300000" },
		{ "SELECT rule_name || ' ' || used || ' ' || unit FROM v_cdr_service WHERE used > "
		  "0",
			"time 30 seconds" },
		{ "SELECT granted || ' ' || held || ' ' || bucket FROM v_reservation",
			"60 300000 main" },
		{ "SELECT who || ' ' || why FROM v_ledger WHERE kind = 'top-up'", "me a test" },
		{ "SELECT used FROM suspense", "{\"message\":3}" },
		{ "SELECT kind FROM v_bucket", "money" },
	};
	struct fixture fixture = fixture_make(true);
	seed(&fixture.store);
	seed_books(&fixture.store);
	sqlite3 *db = open_raw(&fixture);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[96];
		first_text(db, rows[i][0], text, sizeof text);
		assert_string_equal(text, rows[i][1]);
	}
	sqlite3_close(db);
	fixture_remove(&fixture);
}

#define CASE(sentence, function)                                                                   \
	{                                                                                          \
		.name = sentence, .test_func = function                                            \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE("every question of db/README.md can be asked", every_question_can_be_asked),
		CASE("every column has its comment", every_column_has_its_comment),
		CASE("every table, view and index has its comment", every_object_has_its_comment),
		CASE("db/README.md names every table and view", readme_names_every_table_and_view),
		CASE("the views speak as the program does", views_speak_as_the_program_does),
		CASE("the views show what was written", views_show_the_seed),
	};
	return cmocka_run_group_tests_name("the data for people", tests, NULL, NULL);
}

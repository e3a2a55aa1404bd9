/* SPDX-License-Identifier: BSD-3-Clause
 * Packs: whole records out of a database and into another, the same as they were.
 */
#include "store/books_fixture.h"

#include "store/older_fixture.h"
#include "store/sqlite/sqlite_pack.h"

enum {
	TERMS_MAX = 256,
};

struct terms {
	size_t count;
	char text[TERMS_MAX][64];
};

static bool note_term(void *to, enum chg_cdr_term kind, struct chg_view text)
{
	struct terms *terms = to;
	assert_true(terms->count < TERMS_MAX);
	snprintf(terms->text[terms->count++], 64, "%d %.*s", kind, (int)text.len, text.ptr);
	return true;
}

static bool has_term(const struct terms *terms, const char *text)
{
	for (size_t i = 0; i < terms->count; i++) {
		if (strcmp(terms->text[i], text) == 0)
			return true;
	}
	return false;
}

/* Events, sessions with all that belongs to them, an open one, and records of CH-2. */
static void fill(struct chg_store *store)
{
	static struct credited credited;
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 0);
	acr.icid = CHG_VIEW("icid-1");
	acr.application_session_id = (chg_opt_u32){ true, 42 };
	acr.calling_party = CHG_VIEW("sip:alice@example.net");
	acr.party_count = 1;
	acr.party[0].text = CHG_VIEW("sip:alice@example.net");
	acr.party[0].role = CHG_ROLE_CALLING;
	take(store, 10, &acr);
	acr = acr_of("s", CHG_RECORD_START, 0);
	acr.participant[0] = CHG_VIEW("sip:bob@example.net");
	acr.participant_count = 1;
	acr.content = CHG_VIEW("{\"x\":\"\xc3\x9f\"}");
	take(store, 11, &acr);
	acr = acr_of("o", CHG_RECORD_START, 0);
	take(store, 12, &acr);
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	acr.content_octets = (chg_opt_u64){ true, UINT64_MAX };
	take(store, 13, &acr);
	account_ok(store, "alice", 1000000);
	struct chg_ccr ccr = ccr_of("c", CHG_CC_EVENT, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	begin_ok(store);
	assert_int_equal(credit(store, at_s(14), &ccr, &credited), CHG_OK);
	commit_ok(store);
}

struct packed {
	struct fixture fixture;
	struct chg_packer *packer;
	struct chg_pack pack;
	struct terms terms;
	struct chg_pack_ask ask;
};

static void pack_again(struct packed *packed)
{
	packed->terms.count = 0;
	assert_int_equal(chg_sqlite_pack_next(packed->packer, &packed->ask, note_term,
				 &packed->terms, &packed->pack),
		CHG_OK);
}

static struct packed *make_packed(void)
{
	struct packed *packed = calloc(1, sizeof *packed);
	char why[CHG_SQLITE_WHY_MAX] = "";
	assert_non_null(packed);
	packed->fixture = fixture_make(true);
	fill(&packed->fixture.store);
	assert_int_equal(
		chg_sqlite_packer_open(packed->fixture.path, &packed->packer, why, sizeof why),
		CHG_OK);
	packed->ask = (struct chg_pack_ask){ .closed_before = { 1000 * CHG_US_PER_S },
		.highest_cdr_id = INT64_MAX,
		.records_max = 100,
		.octets_max = SIZE_MAX };
	pack_again(packed);
	return packed;
}

static void free_packed(struct packed *packed)
{
	chg_sqlite_packer_close(packed->packer);
	fixture_remove(&packed->fixture);
	free(packed);
}

static struct chg_store open_shelf(void)
{
	struct chg_store shelf;
	char why[CHG_SQLITE_WHY_MAX] = "";
	if (chg_sqlite_shelf_open(&shelf, why, sizeof why) != CHG_OK)
		fail_msg("%s", why);
	return shelf;
}

static void same_record(struct chg_store *want, struct chg_store *have, int64_t cdr_id)
{
	struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	char *expected = dump_of(want, &filter), *found = dump_of(have, &filter);
	if (strcmp(expected, found) != 0)
		print_error("expected:\n%s\nfound:\n%s\n", expected, found);
	assert_string_equal(expected, found);
	assert_true(expected[0] != '\0');
	free(expected);
	free(found);
}

static void records_come_back_as_they_were(void **state)
{
	struct packed *packed = make_packed();
	struct chg_store shelf = open_shelf();
	uint32_t schema = (uint32_t)chg_sqlite_schema_version();
	(void)state;
	assert_int_equal(packed->pack.records, 3); /* the open one stays */
	assert_int_equal(packed->pack.cdr_id.low, 1);
	assert_int_equal(packed->pack.cdr_id.high, 4);
	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(chg_sqlite_shelf_fill(&shelf, schema, packed->pack.body), CHG_OK);
	for (size_t i = 0; i < packed->pack.records; i++)
		same_record(&packed->fixture.store, &shelf, packed->pack.stamp[i].cdr_id);
	shelf.ops->close(shelf.self);
	free_packed(packed);
}

static void terms_are_told(void **state)
{
	static const char *const wanted[] = { "1 sip:alice@example.net", "1 sip:bob@example.net",
		"2 e", "2 s", "3 icid-1", "4 42" };
	struct packed *packed = make_packed();
	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (!has_term(&packed->terms, wanted[i]))
			fail_msg("%s", wanted[i]);
	}
	assert_false(has_term(&packed->terms, "2 o"));
	free_packed(packed);
}

static void what_is_asked_for_comes(void **state)
{
	static const struct {
		const char *what;
		int64_t before_s, after, highest;
		uint32_t max;
		size_t octets;
		uint32_t records;
		int64_t first;
	} rows[] = {
		{ "all", 1000, 0, 99, 100, SIZE_MAX, 3, 1 },
		{ "the first", 1000, 0, 99, 1, SIZE_MAX, 1, 1 },
		{ "the next", 1000, 1, 99, 1, SIZE_MAX, 1, 2 },
		{ "at most so many octets", 1000, 0, 99, 100, 1, 1, 1 },
		{ "up to an id", 1000, 0, 2, 100, SIZE_MAX, 2, 1 },
		{ "closed before", 13, 0, 99, 100, SIZE_MAX, 1, 1 },
		{ "closed before anything", 5, 0, 99, 100, SIZE_MAX, 0, 0 },
	};
	struct packed *packed = make_packed();
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		packed->ask =
			(struct chg_pack_ask){ .closed_before = { rows[i].before_s * CHG_US_PER_S },
				.after_cdr_id = rows[i].after,
				.highest_cdr_id = rows[i].highest,
				.records_max = rows[i].max,
				.octets_max = rows[i].octets };
		pack_again(packed);
		if (packed->pack.records != rows[i].records ||
			packed->pack.cdr_id.low != rows[i].first)
			fail_msg("%s: %u records", rows[i].what, packed->pack.records);
	}
	free_packed(packed);
}

static void no_record_behind_the_bound_is_old_enough(void **state)
{
	struct packed *packed = make_packed();
	static const int64_t rows[][2] = { { 5, 0 }, { 10, 0 }, { 11, 1 }, { 12, 2 }, { 14, 3 },
		{ 15, 4 }, { 100, 4 } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t highest = -1;
		assert_int_equal(chg_sqlite_pack_bound(packed->packer,
					 (chg_instant){ rows[i][0] * CHG_US_PER_S }, &highest),
			CHG_OK);
		assert_int_equal(highest, rows[i][1]);
	}
	free_packed(packed);
}

static void what_is_no_pack_is_refused(void **state)
{
	static const struct {
		const char *what;
		struct chg_view pack;
	} rows[] = {
		{ "a table that there is not", CHG_VIEW("\x03xyz\x01\x01\x01"
							"a\x01\x00") },
		{ "a table that packs have not", CHG_VIEW("\x05"
							  "audit\x01\x01\x03who\x01\x00") },
		{ "a column that there is not", CHG_VIEW("\x03"
							 "cdr\x01\x01\x03"
							 "xyz\x02\x01\x02") },
		{ "a name with other signs", CHG_VIEW("\x03"
						      "cdr\x01\x01\x03"
						      "a\"b\x02\x01\x02") },
		{ "no columns", CHG_VIEW("\x03"
					 "cdr\x00\x01") },
		{ "fewer values than rows", CHG_VIEW("\x08"
						     "cdr_zone\x01\x02\x07zone_no\x02\x01\x02") },
		{ "more values than rows", CHG_VIEW("\x08"
						    "cdr_zone\x01\x00\x07zone_no\x02\x01\x02") },
		{ "a value of no kind", CHG_VIEW("\x08"
						 "cdr_zone\x01\x01\x07zone_no\x02\x07\x02") },
		{ "a text that is longer than all", CHG_VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\x01"
							     "cdr") },
		{ "a number without end",
			CHG_VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff") },
		{ "a column that must not be NULL",
			CHG_VIEW("\x08"
				 "cdr_zone\x01\x01\x07zone_no\x02\x01\x02") },
	};
	struct chg_store shelf = open_shelf();
	struct packed *packed = make_packed();
	uint32_t schema = (uint32_t)chg_sqlite_schema_version();
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum chg_rc rc = chg_sqlite_shelf_fill(&shelf, schema, rows[i].pack);
		if (rc != CHG_E_STORE_CORRUPT)
			fail_msg("%s: %d", rows[i].what, rc);
	}
	for (size_t len = 1; len < packed->pack.body.len; len += 7) {
		struct chg_view part = { packed->pack.body.ptr, len };
		assert_int_not_equal(chg_sqlite_shelf_fill(&shelf, schema, part), CHG_E_NO_MEMORY);
	}
	assert_int_equal(chg_sqlite_shelf_fill(&shelf, 0, packed->pack.body), CHG_E_STORE_SCHEMA);
	assert_int_equal(
		chg_sqlite_shelf_fill(&shelf, schema + 1, packed->pack.body), CHG_E_STORE_SCHEMA);
	assert_int_equal(chg_sqlite_shelf_fill(&shelf, schema, packed->pack.body), CHG_OK);
	same_record(&packed->fixture.store, &shelf, 2);
	shelf.ops->close(shelf.self);
	free_packed(packed);
}

/* A pack of the first version of the schema: it had other tables and columns. */
static void an_older_pack_is_brought_up_to_date(void **state)
{
	static const char host[] =
		"\x0borigin_host\x05\x01\x0eorigin_host_id\x02\x01\x02\x04name\x03\x02\x01h"
		"\x0forigin_state_id\x02\x01\x00\x0d"
		"first_seen_us\x02\x01\x00\x0clast_seen_us\x02\x01\x00";
	struct chg_store shelf = open_shelf();
	struct packed *packed = make_packed();
	(void)state;
	assert_int_equal(
		chg_sqlite_shelf_fill(&shelf, 1, (struct chg_view){ host, sizeof host - 1 }),
		CHG_OK);
	assert_int_equal(chg_sqlite_shelf_fill(
				 &shelf, (uint32_t)chg_sqlite_schema_version(), packed->pack.body),
		CHG_OK);
	same_record(&packed->fixture.store, &shelf, 1);
	shelf.ops->close(shelf.self);
	free_packed(packed);
}

/* ---- A pack as the program of schema 5 wrote it ---- */

static void put_number(FILE *to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		putc((int)(value & 0x7f) | 0x80, to);
	putc((int)value, to);
}

static void put_text(FILE *to, const void *bytes, size_t len)
{
	put_number(to, len);
	(void)fwrite(bytes, 1, len, to);
}

/* One column of a statement; returns how many values it has. */
static uint64_t put_column(FILE *to, sqlite3_stmt *stmt, int column)
{
	char *values = NULL;
	size_t size = 0;
	uint64_t rows = 0, before = 0;
	FILE *into = open_memstream(&values, &size);
	assert_non_null(into);
	for (; sqlite3_step(stmt) == SQLITE_ROW; rows++) {
		if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
			putc(0, into);
			continue;
		}
		if (sqlite3_column_type(stmt, column) == SQLITE_INTEGER) {
			uint64_t value = (uint64_t)sqlite3_column_int64(stmt, column);
			uint64_t step = value - before;
			before = value;
			putc(1, into);
			put_number(into, step << 1 ^ (step >> 63 != 0 ? UINT64_MAX : 0));
			continue;
		}
		putc(2, into);
		put_text(into, sqlite3_column_text(stmt, column),
			(size_t)sqlite3_column_bytes(stmt, column));
	}
	sqlite3_reset(stmt);
	fclose(into);
	put_text(to, sqlite3_column_name(stmt, column), strlen(sqlite3_column_name(stmt, column)));
	put_text(to, values, size);
	free(values);
	return rows;
}

static void put_table(FILE *to, sqlite3 *db, const char *table)
{
	char sql[96], *columns = NULL;
	size_t size = 0;
	uint64_t rows = 0;
	sqlite3_stmt *stmt;
	FILE *into = open_memstream(&columns, &size);
	assert_non_null(into);
	(void)snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	for (int i = 0; i < sqlite3_column_count(stmt); i++)
		rows = put_column(into, stmt, i);
	fclose(into);
	assert_true(rows > 0);
	put_text(to, table, strlen(table));
	put_number(to, (uint64_t)sqlite3_column_count(stmt));
	put_number(to, rows);
	(void)fwrite(columns, 1, size, to);
	free(columns);
	sqlite3_finalize(stmt);
}

/* What a record was charged with and what its services did, as text; the caller frees it. */
static char *charges_of(struct chg_store *store, int64_t cdr_id)
{
	struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	struct dump dump = { .to = to, .store = store };
	assert_non_null(to);
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, dump_charge, &dump), CHG_OK);
	fclose(to);
	return text;
}

static void same_charges(struct chg_store *want, struct chg_store *have, int64_t cdr_id)
{
	char *expected = charges_of(want, cdr_id), *found = charges_of(have, cdr_id);
	assert_string_equal(expected, found);
	assert_non_null(strstr(found, "has_charge=1"));
	assert_non_null(strstr(found, "done entry_no="));
	free(expected);
	free(found);
}

/* Services and charges had tables of their own. */
static void a_pack_of_schema_5_is_brought_up_to_date(void **state)
{
	static const char *const tables[] = { "origin_host", "account", "cdr", "cdr_entry",
		"cdr_zone", "cdr_charge", "cdr_service" };
	struct fixture fixture = fixture_make(true);
	struct chg_store shelf = open_shelf();
	char older[160], *pack = NULL;
	size_t size = 0;
	sqlite3 *db;
	FILE *to = open_memstream(&pack, &size);
	(void)state;
	assert_non_null(to);
	account_ok(&fixture.store, "alice", 1000000);
	debit(&fixture.store, 5, "d", "alice", 3);
	struct chg_ccr ccr = ccr_of("s", CHG_CC_INITIAL, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 2);
	charge(&fixture.store, 6, &ccr);
	ccr = ccr_of("s", CHG_CC_TERMINATION, 1, "alice");
	use_units(&ccr, CHG_UNIT_MESSAGES, 2);
	charge(&fixture.store, 7, &ccr);
	(void)snprintf(older, sizeof older, "%s.copy", fixture.path);
	older_make_5(fixture.path, older);
	assert_int_equal(sqlite3_open(older, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		put_table(to, db, tables[i]);
	sqlite3_close(db);
	fclose(to);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(
			chg_sqlite_shelf_fill(&shelf, 5, (struct chg_view){ pack, size }), CHG_OK);
		for (int64_t cdr_id = 1; cdr_id <= 2; cdr_id++) {
			same_record(&fixture.store, &shelf, cdr_id);
			same_charges(&fixture.store, &shelf, cdr_id);
		}
	}
	/* Those tables are not there any more. */
	assert_int_equal(chg_sqlite_shelf_fill(&shelf, (uint32_t)chg_sqlite_schema_version(),
				 (struct chg_view){ pack, size }),
		CHG_E_STORE_CORRUPT);
	free(pack);
	shelf.ops->close(shelf.self);
	fixture_remove(&fixture);
}

static void it_is_known_how_many_there_are(void **state)
{
	struct packed *packed = make_packed();
	uint64_t records = 0;
	(void)state;
	assert_int_equal(chg_sqlite_pack_count(packed->packer, &packed->ask, &records), CHG_OK);
	assert_int_equal(records, 3);
	free_packed(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "records come back as they were",
			.test_func = records_come_back_as_they_were },
		{ .name = "the search terms of packed records are told",
			.test_func = terms_are_told },
		{ .name = "what is asked for comes, and no more",
			.test_func = what_is_asked_for_comes },
		{ .name = "no record behind the bound is old enough",
			.test_func = no_record_behind_the_bound_is_old_enough },
		{ .name = "what is no pack is refused", .test_func = what_is_no_pack_is_refused },
		{ .name = "an older pack is brought up to date",
			.test_func = an_older_pack_is_brought_up_to_date },
		{ .name = "a pack of schema 5 is brought up to date, charges and services too",
			.test_func = a_pack_of_schema_5_is_brought_up_to_date },
		{ .name = "it is known how many records there are",
			.test_func = it_is_known_how_many_there_are },
	};
	return cmocka_run_group_tests_name("packs of records", tests, NULL, NULL);
}

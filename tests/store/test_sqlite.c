/* SPDX-License-Identifier: BSD-3-Clause
 * What is particular to the store in a file: opening and refusing, full disks, damage, backups.
 */
#include "store/books_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/refund.h"
#include "store/older_fixture.h"
#include "store/sqlite/sqlite_private.h"

static char why[CHG_SQLITE_WHY_MAX];

static void says(const char *part)
{
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, why);
}

static enum chg_rc try_open(const char *path, enum chg_sqlite_mode mode)
{
	struct chg_store store;
	why[0] = '\0';
	enum chg_rc rc = chg_sqlite_store_open(path, mode, &store, why, sizeof why);
	if (rc == CHG_OK)
		store.ops->close(store.self);
	return rc;
}

/* Runs SQL on the file from outside, as a person with a shell could. */
static void outside(const char *path, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static bool add_one(void *to, const struct chg_cdr *cdr)
{
	(void)cdr;
	++*(int *)to;
	return true;
}

static bool count_line(void *to, const struct chg_ledger_line *line)
{
	(void)line;
	++*(int *)to;
	return true;
}

static int count_all(struct chg_store *store)
{
	struct chg_cdr_filter filter = { 0 };
	int count = 0;
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, add_one, &count), CHG_OK);
	return count;
}

static void take_events(struct chg_store *store, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		acr.party[0] = (struct chg_named_party){ CHG_VIEW("sip:a@b"), CHG_ROLE_CALLING };
		acr.party_count = 1;
		take(store, i, &acr);
	}
}

/* Opening. */

static void settings_are_read_back(struct fixture *fixture)
{
	(void)fixture;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK); /* has no write-ahead log */
	assert_int_equal(
		chg_sqlite_configure(db, CHG_SQLITE_READ_WRITE, why, sizeof why), CHG_E_STORE);
	says("journal_mode");
	says("did not take");
	sqlite3_close(db);
}

static void settings_are_in_force(struct fixture *fixture)
{
	static const char *const pairs[][2] = {
		{ "PRAGMA journal_mode", "wal" },
		{ "PRAGMA synchronous", "2" },
		{ "PRAGMA foreign_keys", "0" },
		{ "PRAGMA wal_autocheckpoint", "0" }, /* the store does it itself */
		{ "PRAGMA secure_delete", "0" },
		{ "PRAGMA temp_store", "2" },
	};
	struct chg_sqlite *sqlite = fixture->store.self;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char got[32];
		assert_int_equal(chg_sqlite_ask(sqlite->db, pairs[i][0], got, sizeof got), CHG_OK);
		assert_string_equal(got, pairs[i][1]);
	}
}

static void second_writer_is_refused(struct fixture *fixture)
{
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_BUSY);
	says(pid);
	int from, to;
	assert_int_equal(
		chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_E_STORE_BUSY);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_ONLY), CHG_OK);
	fixture_close_store(fixture);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE), CHG_OK);
}

static void second_name_is_the_same_file(struct fixture *fixture)
{
	char path[160];
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	assert_int_equal(symlink("charging.db", path), 0);
	assert_int_equal(try_open(path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_BUSY);
}

static void locked_elsewhere_is_busy(struct fixture *fixture)
{
	sqlite3 *db;
	struct chg_store *store = &fixture->store;
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store->ops->begin(store->self), CHG_E_STORE_BUSY);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	take_events(store, 0, 1);
}

static void new_file_is_private(struct fixture *fixture)
{
	struct stat status;
	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 007, 0);
}

static void missing_things_are_told(struct fixture *fixture)
{
	char path[160];
	snprintf(path, sizeof path, "%s/nothing.db", fixture->folder);
	assert_int_equal(try_open(path, CHG_SQLITE_READ_ONLY), CHG_E_STORE_FULL);
	says("is the path right");
	assert_int_equal(try_open(path, CHG_SQLITE_READ_WRITE), CHG_E_STORE_FULL);
	says("is the path right");
	snprintf(path, sizeof path, "%s/nothing.db.lock", fixture->folder);
	assert_int_not_equal(access(path, F_OK), 0); /* a mistyped name leaves nothing behind */
	snprintf(path, sizeof path, "%s/no/such/folder.db", fixture->folder);
	assert_int_equal(try_open(path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_FULL);
	says("No such file or directory");
	int from, to;
	assert_int_equal(chg_sqlite_upgrade(path, &from, &to, why, sizeof why), CHG_E_STORE_FULL);
}

static void newer_version_is_refused(struct fixture *fixture)
{
	fixture_close_store(fixture);
	outside(fixture->path, "PRAGMA user_version = 99");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_SCHEMA);
	says("version 99");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_ONLY), CHG_E_STORE_SCHEMA);
	int from, to;
	assert_int_equal(
		chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_E_STORE_SCHEMA);
	int version;
	assert_int_equal(chg_sqlite_version(fixture->path, &version, why, sizeof why), CHG_OK);
	assert_int_equal(version, 99);
}

static void older_version_waits_for_upgrade(struct fixture *fixture)
{
	fixture_close_store(fixture);
	unlink(fixture->path);
	outside(fixture->path, "PRAGMA application_id = 1128810318");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_SCHEMA);
	says("chgctl db upgrade");
	int from = -1, to = -1;
	assert_int_equal(chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_OK);
	assert_int_equal(from, 0);
	assert_int_equal(to, chg_sqlite_schema_version());
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
	assert_int_equal(chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_OK);
	assert_int_equal(from, to);
}

/* The first migrations alone, with records in them, as an older program left them. */
static void make_older(const char *path, size_t version)
{
	unlink(path);
	for (size_t i = 0; i < version; i++)
		outside(path, chg_sql_migrations[i].bytes);
	outside(path,
		"INSERT INTO origin_host VALUES (1, 'im1.example.net', 'example.net', 7, 1, 1);"
		"INSERT INTO cdr (cdr_id, kind, status, marks, has_start, has_stop, entry_count,"
		" number_count, number_min, number_max, started_us, last_us, figures_us,"
		" origin_state_id, interim_interval_s, received_first_us, received_last_us, source,"
		" origin_host_id, session_id, sub_session, content)"
		" VALUES (1, 2, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 7, 0, 1, 1, 'CH-1', 1, 's', '', "
		"'{}');"
		"INSERT INTO cdr_entry (cdr_id, entry_no, record_type, record_number, marks,"
		" received_us, content) VALUES (1, 1, 2, 0, 0, 1, '{}');"
		"INSERT INTO acct_seen VALUES (1, 's', '', 2, 0, zeroblob(16), 1, 1);"
		"INSERT INTO node_state VALUES (1, 42);"
		"INSERT INTO cdr_party VALUES ('sip:say \"a\"@b', 1, 17), ('tel:+4930', 1, 2);"
		"UPDATE sequence SET next_value = 2 WHERE name = 'cdr_id'");
}

static void records_outlive_an_upgrade(struct fixture *fixture)
{
	fixture_close_store(fixture);
	make_older(fixture->path, 1);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_SCHEMA);
	says("version 1");
	says("chgctl db upgrade");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_ONLY), CHG_E_STORE_SCHEMA);
	int from = -1, to = -1;
	assert_int_equal(chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_OK);
	assert_int_equal(from, 1);
	assert_int_equal(to, chg_sqlite_schema_version());
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);

	/* The open session goes on, and the books can be used. */
	fixture_open_store(fixture);
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	memset(acr.digest.bytes, 0, sizeof acr.digest.bytes);
	assert_true(take(store, 4, &acr).is_known);
	struct chg_cdr_filter filter = { .party = CHG_VIEW("sip:say \"a\"@b"),
		.from = { true, { 1 } },
		.until = { true, { 2 } } };
	int found = 0;
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, add_one, &found), CHG_OK);
	assert_int_equal(found, 1);
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	assert_int_equal(take(store, 5, &acr).record.cdr_id, 1);
	account_ok(store, "alice", 1000000);
	debit(store, 6, "s", "alice", 1);
	uint32_t state_id = 0;
	assert_int_equal(store->ops->own_state_id(store->self, 1, &state_id), CHG_OK);
	assert_int_equal(state_id, 42);
	assert_int_equal(count_all(store), 2);
	laws_hold(store);
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/*
 * Records of CH-2 of every kind: an event that was refunded, a session with services of each kind that
 * goes on, one that ended, one that nobody ended, and a record of CH-1 beside them.
 */
static void keep_many_books(struct chg_store *store)
{
	char handle[CHG_REFUND_HANDLE_MAX];
	uint32_t ended = 0;
	account_ok(store, "alice", 10000000);
	account_ok(store, "bob", 500000);
	debit(store, 5, "d", "alice", 3);
	struct chg_ccr ccr = ccr_of("r", CHG_CC_EVENT, 0, "alice");
	ccr.action.value = CHG_ACTION_REFUND_ACCOUNT;
	ccr.service[0].refund_information =
		(struct chg_view){ .ptr = handle, .len = chg_refund_handle_write(3, handle) };
	charge(store, 6, &ccr);
	ccr = ccr_of("s", CHG_CC_INITIAL, 0, "alice");
	ccr.service_count = 2;
	ccr.service[0].rating_group = (chg_opt_u32){ true, TIME_GROUP };
	ccr.service[1].rating_group = (chg_opt_u32){ true, 7 };
	ccr.service[0].requested.is_present = ccr.service[1].requested.is_present = true;
	charge(store, 7, &ccr);
	ccr.type = CHG_CC_UPDATE;
	ccr.data.type = CHG_RECORD_INTERIM;
	for (uint32_t i = 1; i <= 3; i++) {
		ccr.data.number = i;
		ccr.service[0].used_count = ccr.service[1].used_count = 0;
		use_units(&ccr, CHG_UNIT_SECONDS, 30);
		ccr.service[1].used_count = 1;
		ccr.service[1].used[0].units = (struct chg_units){ .is_present = true };
		ccr.service[1].used[0].units.of[CHG_UNIT_MESSAGES] = (chg_opt_u64){ true, i };
		charge(store, 7 + i, &ccr);
	}
	ccr = ccr_of("gone", CHG_CC_INITIAL, 0, "bob");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 2);
	charge(store, 12, &ccr);
	ccr = ccr_of("over", CHG_CC_INITIAL, 0, "bob");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	charge(store, 13, &ccr);
	ccr = ccr_of("over", CHG_CC_TERMINATION, 1, "bob");
	use_units(&ccr, CHG_UNIT_MESSAGES, 1);
	charge(store, 14, &ccr);
	begin_ok(store);
	assert_int_equal(
		store->books->expire_due(store->self, at_s(131), &credit_policy, 3, &ended),
		CHG_OK);
	commit_ok(store);
	assert_true(ended > 0);
	take_events(store, 200, 1);
}

/* What rows were becomes texts, and the books read as they did. */
static void books_outlive_an_upgrade(struct fixture *fixture)
{
	static const char awkward[] = "a \"rule\" \\ of \b\f\n\r\t\x01\x1f\xc3\x9f/\x7f";
	char today[160], sql[256];
	sqlite3 *db;
	keep_many_books(&fixture->store);
	fixture_close_store(fixture);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	(void)snprintf(sql, sizeof sql,
		"UPDATE cdr SET services = json_set(services, '$[0][11]', '%s') WHERE cdr_id = 1",
		awkward);
	older_exec(db, sql);
	sqlite3_close(db);
	fixture_open_store(fixture);
	char *before = dump_books(&fixture->store);
	assert_non_null(strstr(before, awkward));
	fixture_close_store(fixture);
	(void)snprintf(today, sizeof today, "%s.today", fixture->path);
	assert_int_equal(rename(fixture->path, today), 0);
	older_make_5(today, fixture->path);
	unlink(today);

	int from = -1, to = -1;
	assert_int_equal(chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_OK);
	assert_int_equal(from, 5);
	if (chg_sqlite_check(fixture->path, why, sizeof why) != CHG_OK)
		fail_msg("%s", why);
	fixture_open_store(fixture);
	struct chg_store *store = &fixture->store;
	char *after = dump_books(store);
	assert_string_equal(before, after);
	free(before);
	free(after);
	laws_hold(store);
	struct chg_ledger_filter filter = { .cdr_id = 3 };
	int lines = 0;
	assert_int_equal(
		store->books->ledger_scan(store->self, &filter, count_line, &lines), CHG_OK);
	assert_int_equal(lines, 3);

	/* The session that is open goes on. */
	struct chg_ccr ccr = ccr_of("s", CHG_CC_TERMINATION, 4, "alice");
	ccr.service[0].rating_group = (chg_opt_u32){ true, TIME_GROUP };
	use_units(&ccr, CHG_UNIT_SECONDS, 30);
	charge(store, 132, &ccr);
	laws_hold(store);
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/* The books of the first version that had any, by hand: an account, and an event that it paid for. */
static void first_books_outlive_all_upgrades(struct fixture *fixture)
{
	fixture_close_store(fixture);
	unlink(fixture->path);
	for (size_t i = 0; i < 2; i++)
		outside(fixture->path, chg_sql_migrations[i].bytes);
	outside(fixture->path,
		"INSERT INTO origin_host VALUES (1, 'im1.example.net', 'example.net', 0, 1, 1);"
		"INSERT INTO account VALUES (1, 'alice', 1, 978, 0, 0, NULL, 'basic', 1);"
		"INSERT INTO account_identity VALUES ('sip:alice@example.net', 1, 2);"
		"INSERT INTO bucket VALUES (1, 1, 1, 1, 650000, 0, 0, NULL, NULL, 'main', '');"
		"INSERT INTO cdr (cdr_id, local_sequence, kind, status, marks, has_start, has_stop,"
		" entry_count, number_count, number_min, number_max, started_us, last_us,"
		" figures_us, ended_us, closed_us, origin_state_id, interim_interval_s,"
		" received_first_us, received_last_us, source, origin_host_id, session_id,"
		" sub_session, content) VALUES"
		" (1, 1, 1, 2, 0, 0, 0, 0, 1, 0, 0, 5, 5, 5, 5, 5, 0, 0, 5, 5, 'CH-2', 1, 'd', '',"
		" '{}'),"
		" (2, 2, 2, 2, 0, 1, 1, 2, 2, 0, 1, 6, 7, 7, 7, 7, 0, 0, 6, 7, 'CH-2', 1, 's', '',"
		" '{}');"
		"INSERT INTO cdr_entry (cdr_id, entry_no, record_type, record_number, marks,"
		" received_us, content) VALUES (2, 1, 2, 0, 0, 6, '{}'), (2, 2, 4, 1, 0, 7, '{}');"
		"INSERT INTO posting VALUES (1, 1, 6, 1, NULL, NULL, NULL, NULL),"
		" (2, 5, 1, 1, 1, NULL, NULL, NULL), (3, 7, 1, 1, 2, NULL, NULL, NULL);"
		"INSERT INTO ledger_entry VALUES (1, 1, 1, 1, 1000000, 3, 1000000),"
		" (1, 2, NULL, 1, -1000000, 3, NULL), (2, 1, 1, 1, -200000, 1, 800000),"
		" (2, 2, NULL, 1, 200000, 1, NULL), (3, 1, 1, 1, -150000, 1, 650000),"
		" (3, 2, NULL, 1, 150000, 1, NULL);"
		"INSERT INTO refundable VALUES (2, 1, 1, 200000, 0);"
		"INSERT INTO cdr_charge VALUES (1, 1, 978, 200000), (2, 1, 978, 150000);"
		"INSERT INTO cdr_service VALUES"
		" (1, 0, 1, NULL, NULL, 0, 4, 2, 2, NULL, 200000, 2001, 2, 1, 'message'),"
		" (2, 1, 1, 2, NULL, 0, 0, 60, 60, NULL, 0, 2001, 1, 1, 'time'),"
		" (2, 1, 2, 7, NULL, 0, 4, 5, 5, NULL, 0, 2001, 2, 1, 'message'),"
		" (2, 2, 1, 2, NULL, 0, 0, NULL, NULL, 30, 150000, 2001, 1, 1, 'time'),"
		" (2, 2, 2, 7, NULL, 0, 4, NULL, NULL, 0, 0, 2001, 2, 1, NULL);"
		"INSERT INTO node_state VALUES (1, 42);"
		"UPDATE sequence SET next_value = 3 WHERE name IN ('cdr_id', 'local_sequence');"
		"INSERT OR REPLACE INTO sequence VALUES ('posting_id', 4)");
	int from = -1, to = -1;
	assert_int_equal(chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_OK);
	assert_int_equal(from, 2);
	if (chg_sqlite_check(fixture->path, why, sizeof why) != CHG_OK)
		fail_msg("%s", why);
	fixture_open_store(fixture);
	char *books = dump_books(&fixture->store);
	assert_non_null(strstr(books,
		"charge state.cdr_id=1 has_charge=1 account=\"alice\" cost.micros=200000 "
		"currency.number=978\n"
		"  done entry_no=0 is_money=0 unit=4 asked=2 granted=2 cost.micros=200000 "
		"result_code=2001 rule=2 version=1 rule_name=\"message\"\n"
		"charge state.cdr_id=2 has_charge=1 account=\"alice\" cost.micros=150000 "
		"currency.number=978\n"
		"  done entry_no=1 rating_group=2 is_money=0 unit=0 asked=60 granted=60 "
		"cost.micros=0 result_code=2001 rule=1 version=1 rule_name=\"time\"\n"
		"  done entry_no=1 rating_group=7 is_money=0 unit=4 asked=5 granted=5 "
		"cost.micros=0 result_code=2001 rule=2 version=1 rule_name=\"message\"\n"
		"  done entry_no=2 rating_group=2 is_money=0 unit=0 used=30 "
		"cost.micros=150000 result_code=2001 rule=1 version=1 rule_name=\"time\"\n"
		"  done entry_no=2 rating_group=7 is_money=0 unit=4 used=0 cost.micros=0 "
		"result_code=2001 rule=2 version=1\n"));
	free(books);
	laws_hold(&fixture->store);
}

/* A step that fails half-way leaves the version and the tables as they were. */
static void failed_upgrade_changes_nothing(struct fixture *fixture)
{
	fixture_close_store(fixture);
	unlink(fixture->path);
	outside(fixture->path,
		"PRAGMA application_id = 1128810318; CREATE TABLE acct_seen (in_the_way)");
	int from, to, version = -1;
	assert_int_equal(
		chg_sqlite_upgrade(fixture->path, &from, &to, why, sizeof why), CHG_E_STORE);
	says("already exists");
	assert_int_equal(chg_sqlite_version(fixture->path, &version, why, sizeof why), CHG_OK);
	assert_int_equal(version, 0);
	outside(fixture->path, "DROP TABLE acct_seen; CREATE TABLE origin_host (x)");
}

static void foreign_database_is_left_alone(struct fixture *fixture)
{
	fixture_close_store(fixture);
	unlink(fixture->path);
	outside(fixture->path, "CREATE TABLE diary (entry)");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_SCHEMA);
	says("another program");
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_E_STORE_SCHEMA);
	char mode[16];
	sqlite3 *db;
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(chg_sqlite_ask(db, "PRAGMA journal_mode", mode, sizeof mode), CHG_OK);
	assert_string_equal(mode, "delete");
	sqlite3_close(db);
}

static void empty_file_needs_the_node(struct fixture *fixture)
{
	fixture_close_store(fixture);
	assert_int_equal(truncate(fixture->path, 0), 0);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_ONLY), CHG_E_STORE_SCHEMA);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE), CHG_E_STORE_SCHEMA);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_OK);
}

static void reader_cannot_write(struct fixture *fixture)
{
	struct chg_store reader;
	take_events(&fixture->store, 0, 2);
	assert_int_equal(chg_sqlite_store_open(
				 fixture->path, CHG_SQLITE_READ_ONLY, &reader, why, sizeof why),
		CHG_OK);
	assert_int_equal(reader.ops->begin(reader.self), CHG_E_STORE_FULL);
	assert_int_equal(count_all(&reader), 2);
	take_events(&fixture->store, 2, 3);
	assert_int_equal(count_all(&reader), 5);
	uint32_t state_id = 0;
	assert_int_equal(reader.ops->own_state_id(reader.self, 7, &state_id), CHG_E_UNKNOWN);
	assert_int_equal(
		fixture->store.ops->own_state_id(fixture->store.self, 7, &state_id), CHG_OK);
	assert_int_equal(reader.ops->own_state_id(reader.self, 8, &state_id), CHG_OK);
	assert_int_equal(state_id, 7);
	reader.ops->close(reader.self);
}

/* A reader who is slow holds no transaction: the writer's log can be emptied under him. */
static bool checkpoint_inside(void *to, const struct chg_cdr *cdr)
{
	struct chg_sqlite *writer = ((struct chg_store *)to)->self;
	int frames = -1, moved = -1;
	take_events(to, 100 + (uint32_t)cdr->state.cdr_id, 1);
	assert_int_equal(sqlite3_wal_checkpoint_v2(
				 writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &moved),
		SQLITE_OK);
	assert_int_equal(frames, 0);
	return cdr->state.cdr_id < 3;
}

static void slow_reader_holds_nothing(struct fixture *fixture)
{
	struct chg_store reader;
	struct chg_cdr_filter filter = { 0 };
	take_events(&fixture->store, 0, 3);
	assert_int_equal(chg_sqlite_store_open(
				 fixture->path, CHG_SQLITE_READ_ONLY, &reader, why, sizeof why),
		CHG_OK);
	assert_int_equal(
		reader.ops->scan_cdrs(reader.self, &filter, checkpoint_inside, &fixture->store),
		CHG_OK);
	reader.ops->close(reader.self);
}

/* More records than a scan fetches ids at a time. */
static void long_scans_go_on(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	enum { COUNT = 2 * 4096 + 5 };
	begin_ok(store);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct chg_acct_facts facts;
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		acr.icid = CHG_VIEW("i");
		assert_int_equal(offer(store, at_s(i), &acr, &facts), CHG_OK);
	}
	commit_ok(store);
	struct chg_cdr_filter filters[] = { { .limit = 0 }, { .newest_first = true },
		{ .icid = CHG_VIEW("i") }, { .session_id = CHG_VIEW("s"), .newest_first = true },
		{ .from = { true, { 0 } } } };
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		int count = 0;
		assert_int_equal(
			store->ops->scan_cdrs(store->self, &filters[i], add_one, &count), CHG_OK);
		assert_int_equal(count, COUNT);
	}
}

/* The memory for duplicates. */

static bool is_known_at(struct chg_store *store, int64_t seconds, uint32_t number)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, number);
	return take(store, seconds, &acr).is_known;
}

static uint32_t forget_at(struct chg_store *store, int64_t before_s, uint32_t max)
{
	uint32_t forgotten = 99;
	begin_ok(store);
	assert_int_equal(store->ops->forget_seen(store->self,
				 (chg_instant){ before_s * CHG_US_PER_S }, max, &forgotten),
		CHG_OK);
	commit_ok(store);
	return forgotten;
}

static void number_is(struct fixture *fixture, const char *sql, const char *expected)
{
	struct chg_sqlite *sqlite = fixture->store.self;
	char got[32];
	assert_int_equal(chg_sqlite_ask(sqlite->db, sql, got, sizeof got), CHG_OK);
	assert_string_equal(got, expected);
}

/* Days are times of a node that remembers for a day and is asked to forget now and then. */
static void epochs_take_turns(struct fixture *fixture)
{
	enum { DAY = 86400 };
	struct chg_store *store = &fixture->store;
	for (uint32_t i = 0; i < 5; i++)
		assert_false(is_known_at(store, i * DAY / 4, i));
	assert_int_equal(forget_at(store, DAY / 8, 9), 0); /* too early for the later ones */
	assert_false(is_known_at(store, 5 * DAY / 4, 5));  /* begins the next epoch */
	for (uint32_t i = 0; i < 6; i++)
		assert_true(is_known_at(store, 5 * DAY / 4, i));
	number_is(fixture, "SELECT group_concat(epoch) FROM seen_epoch", "1,2");
	number_is(fixture, "SELECT group_concat(epoch, '') FROM acct_seen", "111112");

	fixture_restart(fixture);
	for (uint32_t i = 0; i < 6; i++)
		assert_true(is_known_at(store, 5 * DAY / 4, i));
	assert_int_equal(forget_at(store, DAY, 9), 0);
	/* An hour after the last one, since a restart knows no better. */
	assert_int_equal(forget_at(store, DAY + 3601, 2), 2);
	number_is(fixture, "SELECT group_concat(epoch, '') FROM acct_seen", "1112");
	assert_int_equal(forget_at(store, DAY + 3601, 2), 2);
	assert_int_equal(forget_at(store, DAY + 3601, 2), 1);
	number_is(fixture, "SELECT group_concat(epoch) FROM seen_epoch", "2");
	assert_true(is_known_at(store, 2 * DAY, 5));
	assert_false(is_known_at(store, 2 * DAY, 0));
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

static void rolled_back_epoch_is_no_epoch(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 1);
	begin_ok(store);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	store->ops->rollback(store->self);
	number_is(fixture, "SELECT count(*) FROM seen_epoch", "0");
	assert_false(is_known_at(store, 2, 1));
	assert_true(is_known_at(store, 2, 1));
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/* Layout. */

/* A session that goes on writes no index, and its supervision is looked at only when it may be over. */
static void supervision_is_looked_at_late(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(store, 1, &acr);
	for (uint32_t i = 1; i <= 5; i++) {
		acr = acr_of("s", CHG_RECORD_INTERIM, i);
		take(store, 1 + i, &acr);
	}
	number_is(fixture, "SELECT look_at_us FROM cdr", "11000000");
	number_is(fixture, "SELECT supervise_until_us FROM cdr", "16000000");
	uint32_t closed = 9;
	begin_ok(store);
	assert_int_equal(store->ops->expire_due(store->self, at_s(12), 9, &closed), CHG_OK);
	commit_ok(store);
	assert_int_equal(closed, 0);
	number_is(fixture, "SELECT look_at_us FROM cdr", "16000000");

	/* Earlier than the index says: it must not be missed. */
	acr = acr_of("s", CHG_RECORD_INTERIM, 6);
	acr.interim_interval_s = (chg_opt_u32){ true, 1 };
	take(store, 7, &acr);
	number_is(fixture, "SELECT look_at_us FROM cdr", "9000000");
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/* What a record is searched by is told once more when it changes, and only then. */
static void changed_keys_are_told(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	acr.party[0] = (struct chg_named_party){ CHG_VIEW("sip:a@b"), CHG_ROLE_CALLING };
	acr.party_count = 1;
	take(store, 1, &acr);
	number_is(fixture, "SELECT count(*) FROM cdr_touched", "0");
	acr.type = CHG_RECORD_INTERIM;
	acr.number = 1;
	take(store, 2, &acr);
	acr.number = 2;
	acr.party[0].role = CHG_ROLE_CALLED; /* another role is no other party */
	take(store, 3, &acr);
	number_is(fixture, "SELECT count(*) FROM cdr_touched", "0");
	number_is(fixture, "SELECT parties FROM cdr", "{\"sip:a@b\":3}");
	acr.number = 3;
	acr.participant[0] = CHG_VIEW("sip:c@d");
	acr.participant_count = 1;
	take(store, 4, &acr);
	number_is(fixture, "SELECT count(*) FROM cdr_touched", "1");
	number_is(fixture, "SELECT parties FROM cdr", "{\"sip:a@b\":3,\"sip:c@d\":16}");
	acr.number = 4;
	acr.icid = CHG_VIEW("icid");
	take(store, 5, &acr);
	acr.number = 5;
	acr.application_session_id = (chg_opt_u32){ true, 7 };
	take(store, 6, &acr);
	number_is(fixture, "SELECT count(*) FROM cdr_touched", "3");
	acr.number = 6;
	take(store, 7, &acr);
	number_is(fixture, "SELECT group_concat(cdr_id) FROM cdr_touched", "1,1,1");
}

static void zones_say_when_records_started(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	take_events(store, 10, 3);
	number_is(fixture,
		"SELECT zone_no || ' ' || started_min_us || ' ' || started_max_us "
		"FROM cdr_zone",
		"0 10000000 12000000");
	fixture_restart(fixture);
	take_events(store, 5, 1);
	take_events(store, 11, 1);
	number_is(fixture, "SELECT started_min_us || ' ' || started_max_us FROM cdr_zone",
		"5000000 12000000");

	/* A START that comes late says that its session began earlier. */
	struct chg_acr acr = acr_of("late", CHG_RECORD_INTERIM, 1);
	take(store, 20, &acr);
	acr = acr_of("late", CHG_RECORD_START, 0);
	acr.event_time = (chg_opt_instant){ true, { 1 } };
	take(store, 21, &acr);
	number_is(fixture, "SELECT started_min_us || ' ' || started_max_us FROM cdr_zone",
		"1 20000000");
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/* Disks. */

/* While it is full, so many writes and syncs succeed and the others fail with the error. */
static struct {
	bool is_full;
	long writes_left;
	int error;
	int syncs;
} disk;

static bool disk_refuses(void)
{
	if (!disk.is_full || disk.writes_left-- > 0)
		return false;
	errno = disk.error;
	return true;
}

static ssize_t disk_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	return disk_refuses() ? -1 : pwrite(fd, bytes, count, at);
}

static ssize_t disk_write(int fd, const void *bytes, size_t count)
{
	return disk_refuses() ? -1 : write(fd, bytes, count);
}

/*
 * Syncs cannot be replaced through the library, so these two stand in front of the C library's.
 */
int fdatasync(int fd)
{
	disk.syncs++;
	return disk_refuses() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	disk.syncs++;
	return disk_refuses() ? -1 : (int)syscall(SYS_fsync, fd);
}

static void disk_install(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)disk_pwrite);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)disk_pwrite);
	vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)disk_write);
}

static void disk_remove(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	disk.is_full = false;
	vfs->xSetSystemCall(vfs, NULL, NULL);
}

/* A transaction that is larger than the page cache needs to be for the log to be written early. */
static enum chg_rc write_much(struct chg_store *store, uint32_t from, uint32_t count)
{
	static char content[4096];
	memset(content, ' ', sizeof content);
	content[0] = '{';
	content[sizeof content - 1] = '}';
	enum chg_rc rc = store->ops->begin(store->self);
	for (uint32_t i = 0; i < count && rc == CHG_OK; i++) {
		struct chg_acct_facts facts;
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, from + i);
		acr.content = (struct chg_view){ content, sizeof content };
		rc = offer(store, at_s(from), &acr, &facts);
	}
	if (rc == CHG_OK)
		rc = store->ops->commit(store->self);
	store->ops->rollback(store->self);
	return rc;
}

/* The 1st, the 2nd ... write fails until none does; after each, the store goes on as if nothing was. */
static void disk_fails_everywhere(struct fixture *fixture, int error)
{
	enum {
		MUCH = 150, /* more than ten writes, and each of them many pages */
	};
	struct chg_store *store = &fixture->store;
	fixture_close_store(fixture);
	disk_install();
	fixture_open_store(fixture);
	struct chg_sqlite *sqlite = store->self;
	/* A cache of a few pages lets statements fail as well, and not the commit alone. */
	assert_int_equal(chg_sqlite_ask(sqlite->db, "PRAGMA cache_size = 10", NULL, 0), CHG_OK);
	enum chg_rc rc = CHG_E_STORE;
	int failures = 0, syncs = disk.syncs;
	for (long k = 0; rc != CHG_OK; k++) {
		disk.error = error;
		disk.writes_left = k;
		disk.is_full = true;
		rc = write_much(store, 1000, MUCH);
		disk.is_full = false;
		if (rc == CHG_OK)
			break;
		failures++;
		assert_int_equal(rc, CHG_E_STORE_FULL);
		assert_int_equal(count_all(store), k);
		take_events(store, (uint32_t)k, 1); /* room again: no restart is needed */
		assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
	}
	assert_true(failures > 10);
	assert_true(disk.syncs > syncs);
	assert_int_equal(count_all(store), failures + MUCH);
	disk_remove();
}

static void full_disk(struct fixture *fixture)
{
	disk_fails_everywhere(fixture, ENOSPC);
}

static void broken_disk(struct fixture *fixture)
{
	disk_fails_everywhere(fixture, EIO);
}

static void full_file(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_sqlite *sqlite = store->self;
	char limit[64], pages[24];
	assert_int_equal(
		chg_sqlite_ask(sqlite->db, "PRAGMA page_count", pages, sizeof pages), CHG_OK);
	snprintf(limit, sizeof limit, "PRAGMA max_page_count = %s", pages);
	assert_int_equal(chg_sqlite_ask(sqlite->db, limit, NULL, 0), CHG_OK);
	assert_int_equal(write_much(store, 0, 20), CHG_E_STORE_FULL);
	assert_int_equal(count_all(store), 0);
	assert_int_equal(
		chg_sqlite_ask(sqlite->db, "PRAGMA max_page_count = 100000", NULL, 0), CHG_OK);
	assert_int_equal(write_much(store, 0, 20), CHG_OK);
	assert_int_equal(count_all(store), 20);
}

static int give_up(void *to)
{
	(void)to;
	return 1;
}

/* After a failure nothing more of the transaction may be done, whatever the caller tries. */
static void failure_ends_the_transaction(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 1);
	begin_ok(store);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	struct chg_sqlite *sqlite = store->self;
	acr = acr_of("s", CHG_RECORD_EVENT, 2);
	sqlite3_progress_handler(sqlite->db, 1, give_up, NULL);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_E_STORE);
	sqlite3_progress_handler(sqlite->db, 0, NULL, NULL);
	acr = acr_of("s", CHG_RECORD_EVENT, 3);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_E_STORE);
	assert_int_equal(store->ops->commit(store->self), CHG_E_STORE);
	assert_int_equal(count_all(store), 0);
	take_events(store, 4, 1);
	assert_int_equal(count_all(store), 1);
}

/* A node that is killed: what it had committed is there, nothing else, and nothing needs a cure. */
static void killed_node(struct fixture *fixture)
{
	fixture_close_store(fixture);
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct chg_acct_facts facts;
		fixture_open_store(fixture);
		take_events(&fixture->store, 0, 3);
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 9);
		begin_ok(&fixture->store);
		(void)offer(&fixture->store, at_s(1), &acr, &facts);
		(void)!write(ready[1], "r", 1);
		pause();
		_exit(1);
	}
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE), CHG_E_STORE_BUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	fixture_open_store(fixture);
	assert_int_equal(count_all(&fixture->store), 3);
	take_events(&fixture->store, 9, 1);
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
}

/* Writes to a file that no path leads to succeed; what was answered for them would be lost. */
static void moved_file_is_not_written(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	char aside[sizeof fixture->path + 8];
	take_events(store, 0, 1);

	snprintf(aside, sizeof aside, "%s.aside", fixture->path);
	assert_int_equal(rename(fixture->path, aside), 0);
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 1);
	begin_ok(store);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	assert_int_equal(store->ops->commit(store->self), CHG_E_STORE_CORRUPT);

	outside(fixture->path, "CREATE TABLE other (x)"); /* another file in its place */
	begin_ok(store);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	assert_int_equal(store->ops->commit(store->self), CHG_E_STORE_CORRUPT);

	assert_int_equal(rename(aside, fixture->path), 0); /* put back: all is well again */
	take_events(store, 1, 1);
	assert_int_equal(count_all(store), 2);
}

/* Damage. */

static void overwrite(const char *path, off_t at, size_t count)
{
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pwrite(fd, "\xa5", 1, at + (off_t)i), 1);
	close(fd);
}

static void garbage_is_refused(struct fixture *fixture)
{
	fixture_close_store(fixture);
	overwrite(fixture->path, 0, 4096);
	assert_int_equal(
		try_open(fixture->path, CHG_SQLITE_READ_WRITE_CREATE), CHG_E_STORE_CORRUPT);
	says("restore it from a backup");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_ONLY), CHG_E_STORE_CORRUPT);
}

static void damage_is_found(struct fixture *fixture)
{
	struct chg_sqlite *sqlite = fixture->store.self;
	char page[24];
	take_events(&fixture->store, 0, 200);
	assert_int_equal(
		chg_sqlite_ask(sqlite->db, "SELECT rootpage FROM sqlite_schema WHERE name = 'cdr'",
			page, sizeof page),
		CHG_OK);
	fixture_close_store(fixture);
	overwrite(fixture->path, (strtol(page, NULL, 10) - 1) * 4096, 4096);
	assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_E_STORE_CORRUPT);
	says("damaged");
}

static const struct {
	const char *sql;
	enum chg_rc rc;
	const char *says;
} broken_rules[] = {
	{ "UPDATE cdr SET local_sequence = 77 WHERE cdr_id = 2", CHG_E_STORE_CORRUPT,
		"v_sequence_gap" },
	{ "UPDATE cdr SET local_sequence = 1 WHERE cdr_id = 2", CHG_E_STORE_CORRUPT,
		"v_sequence_gap" },
	{ "DELETE FROM cdr WHERE cdr_id = 3", CHG_E_STORE_CORRUPT, "v_sequence_gap" },
	{ "UPDATE cdr SET entry_count = 4 WHERE cdr_id = 1", CHG_E_STORE_CORRUPT,
		"v_timeline_gap" },
	{ "UPDATE cdr SET closed_us = NULL WHERE cdr_id = 1", CHG_E_STORE_CORRUPT,
		"v_status_conflict" },
	{ "UPDATE cdr SET look_at_us = 1 WHERE cdr_id = 2", CHG_E_STORE_CORRUPT,
		"v_status_conflict" },
	{ "UPDATE cdr SET kind = 3 WHERE cdr_id = 2", CHG_E_STORE_CORRUPT, "v_status_conflict" },
	{ "UPDATE cdr_zone SET started_max_us = 0", CHG_E_STORE_CORRUPT, "v_zone_conflict" },
	{ "DELETE FROM cdr_zone", CHG_E_STORE_CORRUPT, "v_zone_conflict" },
	{ "UPDATE cdr SET content = 'no JSON' WHERE cdr_id = 2", CHG_E_STORE_CORRUPT,
		"v_content_conflict" },
	{ "UPDATE cdr SET parties = '{' WHERE cdr_id = 2", CHG_E_STORE_CORRUPT,
		"v_content_conflict" },
	{ "DELETE FROM seen_epoch", CHG_E_STORE_CORRUPT, "v_seen_conflict" },
	{ "INSERT INTO cdr_participant VALUES (99, 1, 1, 'a', 'a', 1, 1)", CHG_E_STORE_CORRUPT,
		"foreign_key_check" },
	{ "DROP INDEX ix_cdr__open", CHG_E_STORE_SCHEMA, "ix_cdr__open" },
	{ "CREATE TABLE zzz (x)", CHG_E_STORE_SCHEMA, "zzz" },
};

static void broken_rules_are_found(struct fixture *fixture)
{
	take_events(&fixture->store, 0, 3);
	for (size_t i = 0; i < sizeof broken_rules / sizeof broken_rules[0]; i++) {
		assert_int_equal(chg_sqlite_check(fixture->path, why, sizeof why), CHG_OK);
		char path[160];
		snprintf(path, sizeof path, "%s.copy", fixture->path);
		assert_int_equal(
			chg_sqlite_backup(fixture->path, path, NULL, NULL, why, sizeof why),
			CHG_OK);
		outside(path, broken_rules[i].sql);
		assert_int_equal(chg_sqlite_check(path, why, sizeof why), broken_rules[i].rc);
		says(broken_rules[i].says);
	}
}

/* The books, with something for each law. */
static void keep_books(struct chg_store *store)
{
	account_ok(store, "alice", 1000000);
	debit(store, 5, "d", "alice", 3);
	struct chg_ccr ccr = ccr_of("s", CHG_CC_INITIAL, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 2);
	charge(store, 6, &ccr);
}

#define WITHOUT_TRIGGERS "DROP TRIGGER tr_ledger__update; DROP TRIGGER tr_ledger__delete;"

/* What breaks a law, which one says so, and of which row. */
static const struct {
	const char *sql;
	const char *law;
	const char *row;
} broken_laws[] = {
	{ WITHOUT_TRIGGERS "UPDATE ledger SET contra = NULL WHERE posting_id = 2", "add up to zero",
		"posting 2" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET ledger_id = ledger_id + 1 WHERE posting_id = 2",
		"add up to zero", "posting 2" },
	{ "UPDATE bucket SET balance = balance + 1", "sum of its lines", "bucket 1" },
	{ "UPDATE bucket SET last_id = 256, line_count = 1, balance = 1000000", "sum of its lines",
		"bucket 1" },
	{ "UPDATE bucket SET account_id = 7", "sum of its lines", "bucket 1" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET balance_after = 1 WHERE posting_id = 2",
		"stands in the last", "bucket 1" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET bucket_id = 7 WHERE posting_id = 2",
		"sum of its lines", "bucket 1" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET amount = amount - 1 WHERE posting_id = 2",
		"goes on from", "posting 2" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET previous_id = NULL WHERE posting_id = 2",
		"goes on from", "posting 2" },
	{ WITHOUT_TRIGGERS "UPDATE ledger SET balance_after = 1 WHERE posting_id = 1",
		"goes on from", "posting 1" },
	{ "UPDATE bucket SET reserved = 0", "what is reserved", "bucket 1" },
	{ "UPDATE cc_session SET services = '[]'", "what is reserved", "bucket 1" },
	{ "UPDATE cc_session SET status = 2", "what is reserved", "bucket 1" },
	{ "UPDATE cc_session SET account_id = 7", "what is reserved", "bucket 1" },
	{ "UPDATE cdr SET cost_micros = 1 WHERE cdr_id = 1", "what a record says", "record 1" },
	{ "UPDATE cdr SET services = json_set(services, '$[0][7]', 1) WHERE cdr_id = 1",
		"what a record says", "record 1" },
	{ "UPDATE cdr SET services = 'no JSON' WHERE cdr_id = 1", "what a record says",
		"record 1" },
	{ "UPDATE cdr SET posting_id = NULL WHERE cdr_id = 1", "what a record says", "record 1" },
	{ "UPDATE cdr SET cost_micros = NULL WHERE cdr_id = 1", "what a record says", "record 1" },
	{ "UPDATE cdr SET account_id = NULL WHERE cdr_id = 1", "what a record says", "record 1" },
	{ "UPDATE cdr_entry SET services = json_set(services, '$[0][7]', 1) WHERE cdr_id = 2",
		"what a record says", "record 2" },
	{ "UPDATE cdr_entry SET posting_id = 2 WHERE cdr_id = 2; "
	  "UPDATE cdr SET posting_id = NULL, cost_micros = 0, services = NULL WHERE cdr_id = 1",
		"what a record says", "record 1" },
	{ WITHOUT_TRIGGERS
		"INSERT INTO ledger (ledger_id, at_us, kind, is_event, account_id, "
		"bucket_id, line_count, previous_id, unit, amount, contra, balance_after, "
		"refunds) SELECT 768, at_us, 2, 0, account_id, bucket_id, line_count + 1, "
		"ledger_id, unit, 300001, contra, balance_after + 300001, 2 FROM ledger "
		"WHERE posting_id = 2; "
		"UPDATE bucket SET last_id = 768, line_count = 3, balance = balance + "
		"300001; UPDATE sequence SET next_value = 4 WHERE name = 'posting_id'",
		"what was refunded", "posting 2" },
	{ "UPDATE sequence SET next_value = 9 WHERE name = 'posting_id'", "without a gap",
		"posting 3" },
};

static bool note_law(void *to, struct chg_view law, struct chg_view row)
{
	snprintf(
		to, CHG_SQLITE_WHY_MAX, "%.*s: %.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
	return false;
}

/* By a reader, while the node runs. */
static void broken_laws_are_found(struct fixture *fixture)
{
	char path[160];
	keep_books(&fixture->store);
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	for (size_t i = 0; i < sizeof broken_laws / sizeof broken_laws[0]; i++) {
		struct chg_store reader;
		assert_int_equal(
			chg_sqlite_backup(fixture->path, path, NULL, NULL, why, sizeof why),
			CHG_OK);
		outside(path, broken_laws[i].sql);
		assert_int_equal(
			chg_sqlite_store_open(path, CHG_SQLITE_READ_ONLY, &reader, why, sizeof why),
			CHG_OK);
		why[0] = '\0';
		assert_int_equal(reader.books->verify(reader.self, note_law, why), CHG_OK);
		says(broken_laws[i].law);
		says(broken_laws[i].row);
		reader.ops->close(reader.self);
		assert_int_not_equal(chg_sqlite_check(path, why, sizeof why), CHG_OK);
	}
	laws_hold(&fixture->store);
}

/* What is not what the store writes is not read as something else. */
static void foreign_services_are_refused(struct fixture *fixture)
{
	static const char *const texts[] = { "", "[", "[]]", "[[]]", "null", "{}",
		"[[1,null,0,4,5,0,1,0,1,0,0,0,[]]", "[[1,null,0,4,5,0,1,0,1,0,0,0,[[1,0]]]]",
		"[[1,null,2,4,5,0,1,0,1,0,0,0,[]]]", "[[1,null,0,5,5,0,1,0,1,0,0,0,[]]]",
		"[[-1,null,0,4,5,0,1,0,1,0,0,0,[]]]", "[[4294967296,null,0,4,5,0,1,0,1,0,0,0,[]]]",
		"[[1, null,0,4,5,0,1,0,1,0,0,0,[]]]", "[[1,null,0,4,5,0,1,0,1,0,0,[]]]",
		"[[1,null,0,4,5,0,1,0,1,0,0,9223372036854775808,[]]]" };
	static struct chg_cc_session session, back;
	static char text[CHG_SERVICES_TEXT_MAX];
	(void)fixture;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (chg_services_read(chg_view_of(texts[i]), &session) != CHG_E_STORE_CORRUPT)
			fail_msg("%s was read", texts[i]);
	}
	session.service_count = CHG_SERVICE_MAX;
	for (size_t i = 0; i < CHG_SERVICE_MAX; i++) {
		session.service[i] =
			(struct chg_cc_service){ .rating_group = { i % 2 == 0, UINT32_MAX },
				.granted = UINT64_MAX,
				.rated = { UINT32_MAX, UINT32_MAX, INT64_MIN, 1, { INT64_MIN },
					{ INT64_MAX } },
				.hold_count = CHG_HOLD_MAX };
		for (size_t h = 0; h < CHG_HOLD_MAX; h++)
			session.service[i].hold[h] = (struct chg_hold){ INT64_MIN, INT64_MAX };
	}
	struct chg_view written = chg_services_write(&session, text);
	assert_true(written.len <= sizeof text);
	assert_int_equal(chg_services_read(written, &back), CHG_OK);
	assert_int_equal(back.service_count, CHG_SERVICE_MAX);
	assert_memory_equal(
		back.service[31].hold, session.service[31].hold, sizeof session.service[31].hold);
	assert_true(back.service[0].granted == UINT64_MAX);
	assert_false(back.service[1].rating_group.is_present);
	assert_true(back.service[1].rated.settled.micros == INT64_MIN);
}

static bool no_done(
	void *to, uint32_t entry_no, const struct chg_service_done *done, struct chg_view rule_name)
{
	(void)to, (void)entry_no, (void)done, (void)rule_name;
	return true;
}

static enum chg_rc read_dones(const char *text, chg_done_each *each, void *to)
{
	struct chg_done_request request = { .entry_no = 3, .services = chg_view_of(text) };
	bool goes_on;
	return chg_dones_read(&request, each, to, &goes_on);
}

static void foreign_dones_are_refused(struct fixture *fixture)
{
	static const char *const texts[] = { "", "[", "[]", "[[]]", "null", "{}",
		"[[1,null,0,4,1,1,null,5,2001,1,1,null]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,null]]]",
		"[[1,null,2,4,1,1,null,5,2001,1,1,null]]",
		"[[1,null,0,5,1,1,null,5,2001,1,1,null]]",
		"[[-1,null,0,4,1,1,null,5,2001,1,1,null]]", "[[1,null,0,4,1,1,null,5,-1,1,1,null]]",
		"[[1,nul,0,4,1,1,null,5,2001,1,1,null]]", "[[1,null,0,4,1,1,null,5,2001,1,1]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,null,0]]",
		"[[1,null,0,4,1,1,null,,2001,1,1,null]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,null],]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"a]]", "[[1,null,0,4,1,1,null,5,2001,1,1,\"\\",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"\\u00",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"\\x\"]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"\\u0000\"]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"\\u0100\"]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"\\u008a\"]]",
		"[[1,null,0,4,1,1,null,5,2001,1,1,\"a\nb\"]]" };
	char name[CHG_TARIFF_TEXT_MAX + 128];
	(void)fixture;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (read_dones(texts[i], no_done, NULL) != CHG_E_STORE_CORRUPT)
			fail_msg("%s was read", texts[i]);
	}
	assert_int_equal(
		read_dones("[[1,null,0,4,1,1,null,5,2001,1,1,null]]", no_done, NULL), CHG_OK);
	for (int len = CHG_TARIFF_TEXT_MAX - 1; len <= CHG_TARIFF_TEXT_MAX; len++) {
		(void)snprintf(
			name, sizeof name, "[[1,null,0,4,1,1,null,5,2001,1,1,\"%0*d\"]]", len, 0);
		assert_int_equal(read_dones(name, no_done, NULL),
			len < CHG_TARIFF_TEXT_MAX ? CHG_OK : CHG_E_STORE_CORRUPT);
	}
}

struct back {
	size_t count;
	bool stops;
	struct chg_service_done done[CHG_SERVICE_MAX];
	char name[CHG_SERVICE_MAX][CHG_TARIFF_TEXT_MAX];
};

static bool take_back(
	void *to, uint32_t entry_no, const struct chg_service_done *done, struct chg_view rule_name)
{
	struct back *back = to;
	assert_int_equal(entry_no, 3);
	(void)snprintf(back->name[back->count], CHG_TARIFF_TEXT_MAX, "%.*s",
		rule_name.ptr == NULL ? 4 : (int)rule_name.len,
		rule_name.ptr == NULL ? "none" : rule_name.ptr);
	back->done[back->count++] = *done;
	return !back->stops;
}

/* The largest of everything; and the name is that of the tariff that is at hand, or none. */
static void dones_come_back(struct fixture *fixture)
{
	static struct chg_service_done done[CHG_SERVICE_MAX];
	static struct chg_tariff tariff;
	static struct back back;
	static char text[CHG_DONES_TEXT_MAX + 1];
	(void)fixture;
	tariff = *any_tariff();
	memset(tariff.rule[0].name, 1, CHG_TARIFF_TEXT_MAX - 1);
	memcpy(tariff.rule[1].name, "a\"\\\n\xc3\x9f", 7);
	for (size_t i = 0; i < CHG_SERVICE_MAX; i++)
		done[i] = (struct chg_service_done){ .rating_group = { true, UINT32_MAX },
			.service_id = { i % 2 == 0, UINT32_MAX },
			.is_money = i % 2 == 1,
			.unit = CHG_UNIT_COUNT - 1,
			.asked = { true, UINT64_MAX },
			.granted = { true, 1ull << 63 },
			.used = { i % 2 == 0, 1ull << 63 },
			.cost = { INT64_MIN },
			.result_code = UINT32_MAX,
			.rule = 1,
			.version = 1 };
	done[1].rule = 2;
	done[2].rule = 3; /* there are two */
	done[3].version = INT64_MIN;
	assert_null(chg_dones_write(done, 0, &tariff, text).ptr);
	struct chg_view written = chg_dones_write(done, CHG_SERVICE_MAX, &tariff, text);
	assert_true(written.len <= CHG_DONES_TEXT_MAX);
	text[written.len] = '\0';
	assert_int_equal(read_dones(text, take_back, &back), CHG_OK);
	assert_int_equal(back.count, CHG_SERVICE_MAX);
	assert_string_equal(back.name[0], tariff.rule[0].name);
	assert_string_equal(back.name[1], tariff.rule[1].name);
	assert_string_equal(back.name[2], "none");
	assert_string_equal(back.name[3], "none");
	assert_true(back.done[0].granted.value == 1ull << 63 && back.done[0].used.is_present);
	assert_false(back.done[1].used.is_present || back.done[1].service_id.is_present);
	assert_true(back.done[1].is_money && back.done[3].version == INT64_MIN);
	assert_true(back.done[1].cost.micros == INT64_MIN);
	assert_int_equal(back.done[1].result_code, UINT32_MAX);
	back = (struct back){ .stops = true };
	assert_int_equal(read_dones(text, take_back, &back), CHG_OK);
	assert_int_equal(back.count, 1);
}

/* A person with a shell is told, where the program would not do it anyway. */
static void ledger_is_only_added_to(struct fixture *fixture)
{
	static const char *const attempts[] = { "DELETE FROM ledger", "DELETE FROM audit",
		"UPDATE ledger SET amount = 0", "UPDATE audit SET at_us = 0" };
	sqlite3 *db;
	keep_books(&fixture->store);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
		assert_int_equal(
			sqlite3_exec(db, attempts[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	sqlite3_close(db);
	laws_hold(&fixture->store);
}

/* Backups. */

struct writing {
	struct chg_store *store;
	uint32_t next;
	int steps;
	int stop_at;
};

static bool write_between(void *to, int left, int total)
{
	struct writing *writing = to;
	assert_true(left <= total);
	take_events(writing->store, writing->next++, 1);
	return ++writing->steps != writing->stop_at;
}

static void sizes_and_open_sessions_are_seen(struct fixture *fixture)
{
	char path[160];
	struct chg_sqlite_look look;
	struct chg_acr start = acr_of("s1", CHG_RECORD_START, 0);
	struct chg_acr other = acr_of("s2", CHG_RECORD_START, 0);
	struct chg_acr stop = acr_of("s1", CHG_RECORD_STOP, 1);
	take(&fixture->store, 0, &start);
	take(&fixture->store, 1, &other);
	take_events(&fixture->store, 2, 3);
	assert_int_equal(chg_sqlite_look(fixture->path, &look, why, sizeof why), CHG_OK);
	assert_int_equal(look.sessions_open, 2);
	assert_true(look.database_bytes > 0 && look.log_bytes > 0 && look.free_bytes > 0);
	take(&fixture->store, 5, &stop);
	assert_int_equal(chg_sqlite_look(fixture->path, &look, why, sizeof why), CHG_OK);
	assert_int_equal(look.sessions_open, 1);
	snprintf(path, sizeof path, "%s/missing.db", fixture->folder);
	assert_int_equal(chg_sqlite_look(path, &look, why, sizeof why), CHG_E_STORE_FULL);
	says("missing.db");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void backup_while_writing(struct fixture *fixture)
{
	char path[160];
	struct writing writing = { .store = &fixture->store, .next = 5000 };
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(write_much(&fixture->store, 20 * i, 20), CHG_OK);
	assert_int_equal(
		chg_sqlite_backup(fixture->path, path, write_between, &writing, why, sizeof why),
		CHG_OK);
	assert_true(writing.steps > 1);
	assert_int_equal(chg_sqlite_check(path, why, sizeof why), CHG_OK);
	struct chg_store copy;
	assert_int_equal(
		chg_sqlite_store_open(path, CHG_SQLITE_READ_ONLY, &copy, why, sizeof why), CHG_OK);
	assert_int_equal(count_all(&copy), 1000);
	copy.ops->close(copy.self);
	assert_int_equal(count_all(&fixture->store), 1000 + writing.steps);
}

static void backup_given_up(struct fixture *fixture)
{
	char path[160];
	struct writing writing = { .store = &fixture->store, .next = 5000, .stop_at = 1 };
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(write_much(&fixture->store, 20 * i, 20), CHG_OK);
	assert_int_equal(
		chg_sqlite_backup(fixture->path, path, write_between, &writing, why, sizeof why),
		CHG_E_CLOSED);
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(path, sizeof path, "%s.copy.part", fixture->path);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void backup_to_bad_places(struct fixture *fixture)
{
	char path[160];
	assert_int_equal(
		chg_sqlite_backup(fixture->path, fixture->path, NULL, NULL, why, sizeof why),
		CHG_E_RANGE);
	says("same file");
	snprintf(path, sizeof path, "%s/no/copy", fixture->folder);
	assert_int_equal(chg_sqlite_backup(fixture->path, path, NULL, NULL, why, sizeof why),
		CHG_E_STORE_FULL);
	snprintf(path, sizeof path, "%s.copy.part", fixture->path);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	assert_int_equal(chg_sqlite_backup(fixture->path, path, NULL, NULL, why, sizeof why),
		CHG_E_STORE_BUSY);
	says("another backup");
	snprintf(path, sizeof path, "%s/missing.db", fixture->folder);
	assert_int_equal(
		chg_sqlite_backup(path, "copy", NULL, NULL, why, sizeof why), CHG_E_STORE_FULL);
}

static void backup_not_over_a_live_file(struct fixture *fixture)
{
	struct fixture other = fixture_make(true);
	take_events(&other.store, 0, 1);
	assert_int_equal(chg_sqlite_backup(fixture->path, other.path, NULL, NULL, why, sizeof why),
		CHG_E_STORE_BUSY);
	says("in use");
	fixture_remove(&other);
}

static void restored_backup_serves(struct fixture *fixture)
{
	char path[160];
	take_events(&fixture->store, 0, 4);
	snprintf(path, sizeof path, "%s.copy", fixture->path);
	assert_int_equal(
		chg_sqlite_backup(fixture->path, path, NULL, NULL, why, sizeof why), CHG_OK);
	fixture_close_store(fixture);
	assert_int_equal(rename(path, fixture->path), 0);
	fixture_open_store(fixture);
	take_events(&fixture->store, 4, 1);
	assert_int_equal(count_all(&fixture->store), 5);
}

/* Statements. */

/*
 * What may look at every row: the open sessions through their small index, and what looks for broken
 * laws, which is asked by people and not by
 * requests, and in packs that come from elsewhere.
 */
static bool is_law(int query)
{
	static const int laws[] = {
#define LAW(name, sentence) CHG_Q_law_##name,
#include "port/books_law.def"
#undef LAW
	};
	for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
		if (query == laws[i])
			return true;
	}
	return query == CHG_Q_pack_conflict;
}

static bool may_scan(int query, const char *plan)
{
	if (query == CHG_Q_pack_terms) /* the parties of one record */
		return strncmp(plan, "SCAN party VIRTUAL", 18) == 0;
	/* A row for many postings, and one that is made of others. */
	return is_law(query) || query == CHG_Q_ledger_zone_bounds ||
	       strstr(plan, "USING INDEX ix_cdr__open") != NULL ||
	       strcmp(plan, "SCAN CONSTANT ROW") == 0;
}

/* What may sort: open sessions and changes not indexed yet are few, and laws are asked by people. */
static bool may_sort(int query)
{
	return is_law(query) || query == CHG_Q_ids_open_up || query == CHG_Q_ids_open_down ||
	       query == CHG_Q_touched_up || query == CHG_Q_touched_down;
}

static void no_statement_scans(struct fixture *fixture)
{
	struct chg_sqlite *sqlite = fixture->store.self;
	for (int i = 0; i < CHG_QUERY_COUNT; i++) {
		char *sql = sqlite3_mprintf(
			"EXPLAIN QUERY PLAN %s", sqlite3_sql(sqlite->stmts.list[i].handle));
		sqlite3_stmt *stmt = NULL;
		assert_int_equal(sqlite3_prepare_v2(sqlite->db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(stmt, 3);
			if (strncmp(plan, "SCAN", 4) == 0 && !may_scan(i, plan))
				fail_msg("%s: %s", sql, plan);
			if (strstr(plan, "TEMP B-TREE") != NULL && !may_sort(i))
				fail_msg("%s: %s", sql, plan);
		}
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
	}
}

static void statements_need_their_schema(struct fixture *fixture)
{
	fixture_close_store(fixture);
	outside(fixture->path, "DROP TABLE acct_seen");
	assert_int_equal(try_open(fixture->path, CHG_SQLITE_READ_WRITE), CHG_E_STORE_SCHEMA);
	says("acct_seen");
}

static void library_results_have_names(struct fixture *fixture)
{
	(void)fixture;
	static const struct {
		int result;
		enum chg_rc rc;
	} rows[] = {
		{ SQLITE_OK, CHG_OK },
		{ SQLITE_ROW, CHG_OK },
		{ SQLITE_FULL, CHG_E_STORE_FULL },
		{ SQLITE_IOERR_FSYNC, CHG_E_STORE_FULL },
		{ SQLITE_CANTOPEN_ISDIR, CHG_E_STORE_FULL },
		{ SQLITE_READONLY_DBMOVED, CHG_E_STORE_FULL },
		{ SQLITE_BUSY_SNAPSHOT, CHG_E_STORE_BUSY },
		{ SQLITE_LOCKED, CHG_E_STORE_BUSY },
		{ SQLITE_CORRUPT_INDEX, CHG_E_STORE_CORRUPT },
		{ SQLITE_NOTADB, CHG_E_STORE_CORRUPT },
		{ SQLITE_NOMEM, CHG_E_NO_MEMORY },
		{ SQLITE_CONSTRAINT_CHECK, CHG_E_STORE },
		{ SQLITE_MISUSE, CHG_E_STORE },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(chg_sqlite_rc(rows[i].result), rows[i].rc);
}

static const struct {
	const char *says;
	void (*run)(struct fixture *fixture);
} cases[] = {
	{ "a setting that does not take stops the start", settings_are_read_back },
	{ "the settings are in force", settings_are_in_force },
	{ "a second writer is refused and told who the first is", second_writer_is_refused },
	{ "a second writer under another name of the file is refused",
		second_name_is_the_same_file },
	{ "a lock of a stranger is busy, and passes", locked_elsewhere_is_busy },
	{ "a new file is not for everybody's eyes", new_file_is_private },
	{ "what is missing is told with its cure", missing_things_are_told },
	{ "a newer schema is refused", newer_version_is_refused },
	{ "an older schema waits for its upgrade", older_version_waits_for_upgrade },
	{ "records outlive an upgrade, and it is asked for", records_outlive_an_upgrade },
	{ "books outlive an upgrade", books_outlive_an_upgrade },
	{ "the first books outlive all upgrades", first_books_outlive_all_upgrades },
	{ "an upgrade that fails changes nothing", failed_upgrade_changes_nothing },
	{ "another program's database is left as it is", foreign_database_is_left_alone },
	{ "an empty file is filled by the node alone", empty_file_needs_the_node },
	{ "a reader reads while the node writes, and cannot write", reader_cannot_write },
	{ "a slow reader holds nothing", slow_reader_holds_nothing },
	{ "a long scan goes on to the end", long_scans_go_on },
	{ "duplicates are forgotten by epochs, none of them too early", epochs_take_turns },
	{ "an epoch that is rolled back is none", rolled_back_epoch_is_no_epoch },
	{ "supervision is looked at late, and never too late", supervision_is_looked_at_late },
	{ "a record whose keys change is told once for each", changed_keys_are_told },
	{ "zones say when their records started", zones_say_when_records_started },
	{ "a full disk at any write refuses, and serves again once there is room", full_disk },
	{ "a broken disk at any write refuses, and serves again once it is well", broken_disk },
	{ "a full file refuses, and serves again once there is room", full_file },
	{ "a failure ends the work of its transaction", failure_ends_the_transaction },
	{ "a node that was killed leaves what it had committed", killed_node },
	{ "a file that was moved or replaced is not written", moved_file_is_not_written },
	{ "a file that is no database is refused", garbage_is_refused },
	{ "a damaged page is found", damage_is_found },
	{ "broken rules are found", broken_rules_are_found },
	{ "broken laws of the books are found by a reader", broken_laws_are_found },
	{ "services of a session are read as they were written, and nothing else is",
		foreign_services_are_refused },
	{ "what no store wrote is no service of a request", foreign_dones_are_refused },
	{ "what a request did comes back as it was", dones_come_back },
	{ "what is in the ledger is not changed by a shell either", ledger_is_only_added_to },
	{ "sizes and open sessions are seen while the node writes",
		sizes_and_open_sessions_are_seen },
	{ "a backup is of one moment, while the node writes", backup_while_writing },
	{ "a backup that is given up leaves nothing", backup_given_up },
	{ "a backup to a bad place is refused", backup_to_bad_places },
	{ "a backup does not overwrite a database in use", backup_not_over_a_live_file },
	{ "a restored backup serves", restored_backup_serves },
	{ "no statement looks at every row of a table, or sorts what it finds",
		no_statement_scans },
	{ "a statement without its table stops the start", statements_need_their_schema },
	{ "results of the library have our names", library_results_have_names },
};

static void run_case(void **state)
{
	void (*run)(struct fixture *) = cases[*(const size_t *)*state].run;
	struct fixture fixture = fixture_make(true);
	run(&fixture);
	fixture_remove(&fixture);
}

int main(void)
{
	enum { N = sizeof cases / sizeof cases[0] };
	static size_t places[N];
	struct CMUnitTest tests[N];
	for (size_t i = 0; i < N; i++) {
		places[i] = i;
		tests[i] = (struct CMUnitTest){
			.name = cases[i].says, .test_func = run_case, .initial_state = &places[i]
		};
	}
	return cmocka_run_group_tests_name("the store in a file", tests, NULL, NULL);
}

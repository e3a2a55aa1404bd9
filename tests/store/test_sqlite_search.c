/* SPDX-License-Identifier: BSD-3-Clause
 * The search index: whatever it has and whatever became of it, a search gives what reading every
 * record gives.
 */
#include "store/fixture.h"
#include "support/seed.h"

#include <sys/stat.h>

#include "store/sqlite/sqlite_search_private.h"

enum {
	RUN = 500,    /* records of a run */
	PARTIES = 50, /* of the records that the tests make */
};

/* Runs SQL on the file from outside. */
static void outside(const char *path, const char *format, ...)
{
	sqlite3 *db;
	char *message = NULL;
	va_list args;
	va_start(args, format);
	char *sql = sqlite3_vmprintf(format, args);
	va_end(args);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_free(sql);
	sqlite3_close(db);
}

/*
 * Records from `from` to `until`, told apart by `salt`.  Their parties, ICIDs and times are spread by
 * their number, so that a term has its records here and there.  They are written by SQL, since this is
 * about finding.
 */
static void add_records(const struct fixture *fixture, int64_t from, int64_t until, int salt)
{
	outside(fixture->path,
		"INSERT OR IGNORE INTO origin_host VALUES (1, 'im1', 'example.net', 0, 0, 0);"
		"CREATE TEMP TABLE made AS WITH RECURSIVE n (i) AS (SELECT %lld UNION ALL "
		"SELECT i + 1 FROM n WHERE i < %lld) SELECT i, (i * 2654435761 + %d) %% %d AS a, "
		"(i * 40503 + %d) %% %d AS b FROM n;"
		"INSERT INTO cdr (cdr_id, local_sequence, kind, status, marks, has_start, "
		"has_stop, "
		"entry_count, number_count, number_min, number_max, started_us, last_us, "
		"figures_us, "
		"closed_us, origin_state_id, interim_interval_s, received_first_us, "
		"received_last_us, "
		"source, origin_host_id, session_id, sub_session, icid, application_session_id, "
		"parties, content) "
		"SELECT i, i, 1, 2, 0, 0, 0, 0, 1, 0, 0, i * 1000 + a, i * 1000, i * 1000, i, 0, "
		"0, "
		"i + %d, i, 'CH-1', 1, 's' || %d || '-' || i / 3, '', "
		"iif(a %% 3 = 0, NULL, 'icid' || i / 2), iif(a %% 5 = 0, NULL, i %% 1000), "
		"'{\"p' || a || '\":1,\"q\\\"' || b || '\":2}', '{}' FROM made;"
		"INSERT OR REPLACE INTO cdr_zone SELECT cdr_id / 4096, min(started_us), "
		"max(started_us) FROM cdr GROUP BY cdr_id / 4096;",
		(long long)from, (long long)until, salt, PARTIES, salt, PARTIES, salt, salt);
}

/* ---- The indexer ---- */

static struct chg_search_indexer *open_indexer(const struct fixture *fixture)
{
	char why[CHG_SQLITE_WHY_MAX];
	struct chg_search_indexer *indexer;
	if (chg_search_indexer_open(fixture->path, RUN, &indexer, why, sizeof why) != CHG_OK)
		fail_msg("%s", why);
	return indexer;
}

/* Steps until nothing is to do; true if the file was made anew meanwhile. */
static bool run_out(struct chg_search_indexer *indexer, struct chg_search_progress *ret)
{
	bool was_begun_anew = false;
	do {
		assert_int_equal(chg_search_indexer_step(indexer, ret), CHG_OK);
		was_begun_anew |= ret->was_begun_anew;
	} while (ret->has_more);
	return was_begun_anew;
}

/* A node that comes, indexes what there is, and goes. */
static bool index_all(const struct fixture *fixture)
{
	struct chg_search_progress progress;
	struct chg_search_indexer *indexer = open_indexer(fixture);
	bool was_begun_anew = run_out(indexer, &progress);
	chg_search_indexer_close(indexer);
	return was_begun_anew;
}

static void search_file(const struct fixture *fixture, char *ret, size_t size)
{
	snprintf(ret, size, "%s-search", fixture->path);
}

static int64_t number_in(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

static int64_t number_of(const struct fixture *fixture, const char *sql)
{
	char path[128];
	search_file(fixture, path, sizeof path);
	return number_in(path, sql);
}

static void remove_all(struct fixture *fixture)
{
	char path[128];
	search_file(fixture, path, sizeof path);
	chg_search_remove(path);
	fixture_remove(fixture);
}

/* ---- Two ways to search ---- */

struct hits {
	size_t count;
	int64_t ids[1 << 18];
};

static bool add_hit(void *to, const struct chg_cdr *cdr)
{
	struct hits *hits = to;
	assert_true(hits->count < sizeof hits->ids / sizeof hits->ids[0]);
	hits->ids[hits->count++] = cdr->state.cdr_id;
	return true;
}

static struct chg_store open_reader(const struct fixture *fixture)
{
	char why[CHG_SQLITE_WHY_MAX];
	struct chg_store store;
	if (chg_sqlite_store_open(fixture->path, CHG_SQLITE_READ_ONLY, &store, why, sizeof why) !=
		CHG_OK)
		fail_msg("%s", why);
	return store;
}

/* In pages, as programs do it. */
static void search(
	struct chg_store *reader, struct chg_cdr_filter filter, size_t page, struct hits *ret)
{
	ret->count = 0;
	filter.limit = page;
	for (;;) {
		size_t before = ret->count;
		assert_int_equal(
			reader->ops->scan_cdrs(reader->self, &filter, add_hit, ret), CHG_OK);
		if (page == 0 || ret->count - before < page)
			break;
		filter.after_cdr_id = ret->ids[ret->count - 1];
	}
}

/* What a person with a shell would find. */
static void search_by_hand(
	const struct fixture *fixture, const struct chg_cdr_filter *filter, struct hits *ret)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	char *sql = sqlite3_mprintf(
		"SELECT cdr_id FROM cdr WHERE (?1 IS NULL OR session_id = ?1) AND (?2 IS NULL OR "
		"icid "
		"= ?2) AND (?3 IS NULL OR application_session_id = ?3) AND (?4 IS NULL OR "
		"instr(parties, json_quote(?4) || ':') > 0) AND (?5 IS NULL OR "
		"started_us >= ?5) AND (?6 IS NULL OR started_us < ?6) ORDER BY cdr_id %s",
		filter->newest_first ? "DESC" : "");
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	const struct chg_view texts[] = { filter->session_id, filter->icid };
	for (int i = 0; i < 2; i++) {
		if (texts[i].len > 0)
			sqlite3_bind_text(stmt, i + 1, texts[i].ptr, (int)texts[i].len, NULL);
	}
	if (filter->application_session_id.is_present)
		sqlite3_bind_int64(stmt, 3, filter->application_session_id.value);
	if (filter->party.len > 0)
		sqlite3_bind_text(stmt, 4, filter->party.ptr, (int)filter->party.len, NULL);
	if (filter->from.is_present)
		sqlite3_bind_int64(stmt, 5, filter->from.value.us);
	if (filter->until.is_present)
		sqlite3_bind_int64(stmt, 6, filter->until.value.us);
	ret->count = 0;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		ret->ids[ret->count++] = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
	sqlite3_close(db);
}

static struct hits by_index, by_hand;

static void same_by_reader(const struct fixture *fixture, struct chg_store *reader,
	struct chg_cdr_filter filter, const char *what)
{
	static const size_t pages[] = { 0, 50 };
	for (int down = 0; down < 2; down++) {
		filter.newest_first = down == 1;
		search_by_hand(fixture, &filter, &by_hand);
		for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
			search(reader, filter, pages[i], &by_index);
			if (by_index.count != by_hand.count)
				fail_msg("%s, pages of %zu, down %d: %zu records, not %zu", what,
					pages[i], down, by_index.count, by_hand.count);
			for (size_t k = 0; k < by_hand.count; k++)
				if (by_index.ids[k] != by_hand.ids[k])
					fail_msg("%s, pages of %zu, down %d: %zu: record %" PRId64
						 ", not %" PRId64,
						what, pages[i], down, k, by_index.ids[k],
						by_hand.ids[k]);
		}
	}
}

static void same_as_by_hand(
	const struct fixture *fixture, struct chg_cdr_filter filter, const char *what)
{
	struct chg_store reader = open_reader(fixture);
	same_by_reader(fixture, &reader, filter, what);
	reader.ops->close(reader.self);
}

/* Some searches of each kind; `highest` is about how many records there are. */
static void searches_agree(const struct fixture *fixture, int64_t highest, int salt, uint64_t seed)
{
	uint64_t state = seed;
	struct chg_store reader = open_reader(fixture);
	char text[5][64];
	struct chg_cdr_filter filter = { 0 }, none = { 0 };
	int64_t record = 1 + (int64_t)(seed_next(&state) % (uint64_t)highest);
	snprintf(text[0], 64, "p%d", (int)(seed_next(&state) % PARTIES));
	snprintf(text[1], 64, "q\"%d", (int)(seed_next(&state) % PARTIES));
	snprintf(text[2], 64, "icid%" PRId64, record / 2);
	snprintf(text[3], 64, "s%d-%" PRId64, salt, record / 3);
	snprintf(text[4], 64, "p%d", PARTIES); /* nobody */
	filter.party = chg_view_of(text[0]);
	same_by_reader(fixture, &reader, filter, text[0]);
	filter.from = (chg_opt_instant){ true, { record * 1000 } };
	same_by_reader(fixture, &reader, filter, "a party from a time on");
	filter.until = (chg_opt_instant){ true, { record * 1000 + 300000 } };
	same_by_reader(fixture, &reader, filter, "a party in a time");
	filter.party = none.party;
	same_by_reader(fixture, &reader, filter, "a time");
	filter = none;
	filter.party = chg_view_of(text[1]);
	same_by_reader(fixture, &reader, filter, text[1]);
	filter = none;
	filter.icid = chg_view_of(text[2]);
	same_by_reader(fixture, &reader, filter, text[2]);
	filter = none;
	filter.session_id = chg_view_of(text[3]);
	same_by_reader(fixture, &reader, filter, text[3]);
	filter = none;
	filter.application_session_id = (chg_opt_u32){ true, (uint32_t)(seed_next(&state) % 1100) };
	same_by_reader(fixture, &reader, filter, "an application session");
	filter = none;
	filter.party = chg_view_of(text[4]);
	same_by_reader(fixture, &reader, filter, "nobody");
	reader.ops->close(reader.self);
}

/* How many records a search for a party looks through because they are not in the index. */
static uint64_t looked_through(const struct fixture *fixture)
{
	struct chg_cdr_filter filter = { .party = CHG_VIEW("p1") };
	struct chg_store reader = open_reader(fixture);
	search(&reader, filter, 0, &by_index);
	uint64_t unindexed = chg_sqlite_unindexed(&reader);
	reader.ops->close(reader.self);
	return unindexed;
}

static struct fixture make(void)
{
	struct fixture fixture = fixture_make(true);
	fixture_close_store(&fixture);
	return fixture;
}

/* ---- Tests ---- */

static void without_an_index_every_record_is_read(void **state)
{
	struct fixture fixture = make();
	(void)state;
	add_records(&fixture, 1, 5000, 1);
	searches_agree(&fixture, 5000, 1, 11);
	assert_int_equal(looked_through(&fixture), 5000);
	remove_all(&fixture);
}

static void what_is_not_in_the_index_yet_is_found_too(void **state)
{
	struct fixture fixture = make();
	(void)state;
	add_records(&fixture, 1, 3 * RUN + 400, 1);
	assert_true(index_all(&fixture));
	assert_int_equal(number_of(&fixture, "SELECT cdr_id FROM state"), 3 * RUN);
	searches_agree(&fixture, 3 * RUN + 400, 1, 12);
	assert_int_equal(looked_through(&fixture), 400);
	remove_all(&fixture);
}

static void the_index_goes_on_where_it_ended(void **state)
{
	struct fixture fixture = make();
	(void)state;
	for (int i = 0; i < 4; i++) {
		int64_t from = i * RUN + i * 100;
		add_records(&fixture, from + 1, from + RUN + 100, 1);
		assert_int_equal(index_all(&fixture), i == 0);
		assert_int_equal(looked_through(&fixture), (i + 1) * 100);
	}
	searches_agree(&fixture, 4 * RUN + 400, 1, 13);
	remove_all(&fixture);
}

static void sixteen_runs_become_one(void **state)
{
	struct fixture fixture = make();
	(void)state;
	add_records(&fixture, 1, 17 * RUN, 1);
	assert_true(index_all(&fixture));
	assert_int_equal(number_of(&fixture, "SELECT count(*) FROM run"), 2);
	assert_int_equal(number_of(&fixture, "SELECT max(level) FROM run"), 1);
	assert_int_equal(
		number_of(&fixture, "SELECT count(*) FROM block WHERE run_no NOT IN (SELECT run_no "
				    "FROM run)"),
		0);
	searches_agree(&fixture, 17 * RUN, 1, 14);
	assert_int_equal(looked_through(&fixture), 0);
	remove_all(&fixture);
}

/* A node that is killed leaves what it has committed; whatever that is, nothing is lost or wrong. */
static void a_node_that_ends_in_the_middle_goes_on(void **state)
{
	struct fixture fixture = make();
	(void)state;
	add_records(&fixture, 1, 17 * RUN, 1);
	for (int steps = 1; steps < 24; steps++) {
		struct chg_search_progress progress;
		struct chg_search_indexer *indexer = open_indexer(&fixture);
		for (int i = 0; i < steps % 5 + 1; i++)
			assert_int_equal(chg_search_indexer_step(indexer, &progress), CHG_OK);
		chg_search_indexer_close(indexer);
		if (steps % 11 == 0)
			searches_agree(&fixture, 17 * RUN, 1, (uint64_t)steps);
	}
	assert_false(index_all(&fixture));
	assert_int_equal(number_of(&fixture, "SELECT count(*) FROM run"), 2);
	searches_agree(&fixture, 17 * RUN, 1, 15);
	remove_all(&fixture);
}

static void rename_party(const struct fixture *fixture, int64_t every, const char *party)
{
	outside(fixture->path,
		"UPDATE cdr SET parties = json_set(parties, '$.%s', 1) WHERE cdr_id %% %lld = 0;"
		"INSERT INTO cdr_touched (cdr_id) SELECT cdr_id FROM cdr WHERE cdr_id %% %lld = 0",
		party, (long long)every, (long long)every);
}

static void records_that_changed_are_found(void **state)
{
	struct fixture fixture = make();
	struct chg_cdr_filter few = { .party = CHG_VIEW("late") };
	struct chg_cdr_filter many = { .party = CHG_VIEW("later") };
	(void)state;
	add_records(&fixture, 1, 2 * RUN + 100, 1);
	assert_true(index_all(&fixture));
	rename_party(&fixture, 100, "late"); /* not worth a run */
	assert_false(index_all(&fixture));
	same_as_by_hand(&fixture, few, "few that changed");
	rename_party(&fixture, 3, "later"); /* worth one */
	same_as_by_hand(&fixture, many, "many that changed, before they are indexed");
	assert_false(index_all(&fixture));
	assert_int_equal(number_of(&fixture, "SELECT count(*) FROM run WHERE is_touched = 1"), 1);
	same_as_by_hand(&fixture, few, "few, indexed");
	same_as_by_hand(&fixture, many, "many, indexed");
	assert_true(by_index.count > 300);
	searches_agree(&fixture, 2 * RUN, 1, 16);
	remove_all(&fixture);
}

/* Changes leave the database once they are in the index, but for the last, by which it is known. */
static void changes_that_are_indexed_may_go(void **state)
{
	struct fixture fixture = make();
	struct chg_cdr_filter filter = { .party = CHG_VIEW("later") };
	struct chg_search_progress progress;
	(void)state;
	add_records(&fixture, 1, RUN, 1);
	assert_true(index_all(&fixture));
	rename_party(&fixture, 4, "later");
	struct chg_search_indexer *indexer = open_indexer(&fixture);
	(void)run_out(indexer, &progress);
	assert_int_equal(progress.settled_below, RUN / 4);
	fixture_open_store(&fixture);
	for (int i = 0; i < 3; i++) {
		begin_ok(&fixture.store);
		assert_int_equal(
			chg_search_settle(&fixture.store, progress.settled_below, 50), CHG_OK);
		commit_ok(&fixture.store);
	}
	fixture_close_store(&fixture);
	assert_int_equal(number_in(fixture.path, "SELECT count(*) FROM cdr_touched"), 1);
	(void)run_out(indexer, &progress);
	assert_int_equal(progress.settled_below, 0);
	chg_search_indexer_close(indexer);
	same_as_by_hand(&fixture, filter, "changed and settled");
	assert_int_equal(looked_through(&fixture), 0);
	/* An index from before they were settled would not know of them. */
	rename_party(&fixture, 5, "later");
	assert_false(index_all(&fixture));
	same_as_by_hand(&fixture, filter, "changed once more");
	remove_all(&fixture);
}

/* Changes that went before the index was begun are in the records that it reads. */
static void an_index_that_is_lost_after_changes_were_settled_is_begun_anew(void **state)
{
	struct fixture fixture = make();
	struct chg_cdr_filter filter = { .party = CHG_VIEW("later") };
	char path[128];
	(void)state;
	add_records(&fixture, 1, RUN, 1);
	assert_true(index_all(&fixture));
	rename_party(&fixture, 4, "later");
	outside(fixture.path, "DELETE FROM cdr_touched WHERE touch_id < 100");
	search_file(&fixture, path, sizeof path);
	/* Changes are missing that this one never saw. */
	assert_int_equal(looked_through(&fixture), RUN);
	same_as_by_hand(&fixture, filter, "an index that has missed changes");
	assert_true(index_all(&fixture));
	assert_int_equal(looked_through(&fixture), 0);
	chg_search_remove(path);
	assert_true(index_all(&fixture));
	same_as_by_hand(&fixture, filter, "an index begun anew");
	assert_int_equal(looked_through(&fixture), 0);
	remove_all(&fixture);
}

static void records_that_were_pruned_are_not_found(void **state)
{
	struct fixture fixture = make();
	struct chg_search_progress progress;
	(void)state;
	add_records(&fixture, 1, 4 * RUN, 1);
	struct chg_search_indexer *indexer = open_indexer(&fixture);
	assert_true(run_out(indexer, &progress));
	outside(fixture.path, "DELETE FROM cdr WHERE cdr_id <= %d", 2 * RUN + 77);
	searches_agree(&fixture, 4 * RUN, 1, 17);
	assert_false(run_out(indexer, &progress));
	assert_int_equal(number_of(&fixture, "SELECT count(*) FROM run"), 2);
	searches_agree(&fixture, 4 * RUN, 1, 18);
	assert_int_equal(looked_through(&fixture), 0);
	outside(fixture.path, "DELETE FROM cdr");
	assert_false(run_out(indexer, &progress));
	assert_int_equal(progress.waiting, 0);
	add_records(&fixture, 4 * RUN + 1, 5 * RUN, 1);
	assert_false(run_out(indexer, &progress));
	chg_search_indexer_close(indexer);
	searches_agree(&fixture, 5 * RUN, 1, 19);
	assert_int_equal(looked_through(&fixture), 0);
	remove_all(&fixture);
}

/* ---- Files that are not what they should be ---- */

static void write_over(const char *path, long at, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void file_is_removed(const struct fixture *fixture, const char *path)
{
	(void)fixture;
	chg_search_remove(path);
}

static void file_is_cut(const struct fixture *fixture, const char *path)
{
	(void)fixture;
	assert_int_equal(truncate(path, 8192), 0);
}

static void file_is_something_else(const struct fixture *fixture, const char *path)
{
	(void)fixture;
	write_over(path, 0, "This is no database at all.....", 32);
}

static void file_is_of_another_version(const struct fixture *fixture, const char *path)
{
	(void)fixture;
	outside(path, "PRAGMA user_version = 99");
}

static void file_has_no_tables(const struct fixture *fixture, const char *path)
{
	(void)fixture;
	outside(path, "DROP TABLE block");
}

static void database_is_an_older_backup(const struct fixture *fixture, const char *path)
{
	(void)path;
	outside(fixture->path, "DELETE FROM cdr WHERE cdr_id > %d", RUN + 5);
}

static void database_is_another_one(const struct fixture *fixture, const char *path)
{
	(void)path;
	outside(fixture->path, "DELETE FROM cdr");
	add_records(fixture, 1, 2 * RUN, 2);
}

/* The backup was restored, and the node went on from there before the index was looked at. */
static void database_went_on_otherwise(const struct fixture *fixture, const char *path)
{
	(void)path;
	outside(fixture->path, "DELETE FROM cdr WHERE cdr_id > %d", RUN + 5);
	add_records(fixture, RUN + 6, 2 * RUN + 300, 3);
}

static const struct {
	const char *title;
	void (*spoil)(const struct fixture *fixture, const char *path);
	int salt;
} spoilt[] = {
	{ "the file was removed", file_is_removed, 1 },
	{ "the file was cut off", file_is_cut, 1 },
	{ "the file is something else", file_is_something_else, 1 },
	{ "the file is of another version", file_is_of_another_version, 1 },
	{ "the file has not all tables", file_has_no_tables, 1 },
	{ "an older backup was restored", database_is_an_older_backup, 1 },
	{ "another database was put there", database_is_another_one, 2 },
	{ "a backup was restored and went on", database_went_on_otherwise, 3 },
};

static void an_index_that_does_not_fit_is_ignored_and_made_anew(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
		struct fixture fixture = make();
		char path[128];
		search_file(&fixture, path, sizeof path);
		add_records(&fixture, 1, 2 * RUN, 1);
		assert_true(index_all(&fixture));
		assert_int_equal(looked_through(&fixture), 0);
		spoilt[i].spoil(&fixture, path);
		if (looked_through(&fixture) < RUN)
			fail_msg("%s: the index was believed", spoilt[i].title);
		searches_agree(&fixture, 2 * RUN, spoilt[i].salt, 20 + i);
		if (!index_all(&fixture))
			fail_msg("%s: not begun anew", spoilt[i].title);
		if (looked_through(&fixture) >= RUN)
			fail_msg("%s: no new index", spoilt[i].title);
		searches_agree(&fixture, 2 * RUN, spoilt[i].salt, 30 + i);
		remove_all(&fixture);
	}
}

/* Damage in the entries is seen by their checksum: by who reads them, and by who puts them together. */
static void a_bit_that_flipped_is_seen(void **state)
{
	struct fixture fixture = make();
	struct chg_search_progress progress;
	char path[128];
	(void)state;
	search_file(&fixture, path, sizeof path);
	add_records(&fixture, 1, 15 * RUN, 1);
	assert_true(index_all(&fixture));
	outside(path,
		"UPDATE block SET body = CAST(substr(body, 1, 4000) || x'55' || substr(body, 4002) "
		"AS BLOB)");
	searches_agree(&fixture, 15 * RUN, 1, 41);
	add_records(&fixture, 15 * RUN + 1, 16 * RUN, 1);
	struct chg_search_indexer *indexer = open_indexer(&fixture);
	assert_true(run_out(indexer, &progress));
	chg_search_indexer_close(indexer);
	assert_int_equal(looked_through(&fixture), 0);
	searches_agree(&fixture, 16 * RUN, 1, 42);
	remove_all(&fixture);
}

static void the_file_is_for_its_group_and_nobody_else(void **state)
{
	struct fixture fixture = make();
	struct stat file;
	char path[128];
	(void)state;
	search_file(&fixture, path, sizeof path);
	add_records(&fixture, 1, RUN, 1);
	assert_true(index_all(&fixture));
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07, 0);
	remove_all(&fixture);
}

/* ---- Terms ---- */

struct seen {
	size_t count;
	uint32_t hash[16];
};

static bool see(void *to, uint32_t hash)
{
	struct seen *seen = to;
	seen->hash[seen->count++] = hash;
	return true;
}

static const struct {
	const char *title;
	const char *json;
	struct chg_view party; /* that it names, or absent */
} named[] = {
	{ "a name", "{\"tel:+491\":3}", CHG_VIEW("tel:+491") },
	{ "the second of two", "{\"a\":1,\"sip:b@x\":12}", CHG_VIEW("sip:b@x") },
	{ "spaces around it", "{ \"a\" : 1 , \"b\" : 2 }", CHG_VIEW("b") },
	{ "a quotation mark in it", "{\"a\\\"b\":1}", CHG_VIEW("a\"b") },
	{ "a backslash in it", "{\"a\\\\\":1}", CHG_VIEW("a\\") },
	{ "a control character in it", "{\"a\\u0001b\\n\":1}", CHG_VIEW("a\1b\n") },
	{ "letters beyond ASCII", "{\"\xc3\xa4\":1}", CHG_VIEW("\xc3\xa4") },
	{ "the same, escaped", "{\"\\u00e4\\u20AC\":1}", CHG_VIEW("\xc3\xa4\xe2\x82\xac") },
	{ "two halves of a character", "{\"\\ud83d\\ude00\":1}", CHG_VIEW("\xf0\x9f\x98\x80") },
	{ "a comma and a brace in it", "{\"a,b}\":1}", CHG_VIEW("a,b}") },
	{ "the empty name", "{\"\":1}", CHG_VIEW("") },
	{ "nobody", "{}", { 0 } },
	{ "no end", "{\"abc", CHG_VIEW("abc") },
	{ "an escape that is cut off", "{\"a\\", CHG_VIEW("a") },
	{ "digits that are cut off", "{\"\\u00", CHG_VIEW("\0") },
};

static void parties_are_read_as_json_has_them(void **state)
{
	sqlite3 *db;
	struct chg_stmt stmt = { 0 };
	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT 1, 's', NULL, NULL, ?1", -1, &stmt.handle, NULL),
		SQLITE_OK);
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		struct seen seen = { 0 };
		sqlite3_bind_text(stmt.handle, 1, named[i].json, -1, NULL);
		assert_int_equal(sqlite3_step(stmt.handle), SQLITE_ROW);
		chg_terms_read(&stmt, see, &seen);
		sqlite3_reset(stmt.handle);
		bool is_named = named[i].party.ptr != NULL;
		bool is_there =
			seen.count > 1 &&
			seen.hash[seen.count - 1] == chg_term_hash(CHG_TERM_PARTY, named[i].party);
		if (is_there != is_named)
			fail_msg("%s: read otherwise", named[i].title);
	}
	sqlite3_finalize(stmt.handle);
	sqlite3_close(db);
}

static void kinds_of_terms_are_apart(void **state)
{
	(void)state;
	assert_int_not_equal(chg_term_hash(CHG_TERM_PARTY, CHG_VIEW("x")),
		chg_term_hash(CHG_TERM_ICID, CHG_VIEW("x")));
	assert_int_not_equal(chg_term_hash_number(CHG_TERM_APPLICATION_SESSION, 1),
		chg_term_hash_number(CHG_TERM_APPLICATION_SESSION, 256));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(chg_term_hash_number(CHG_TERM_APPLICATION_SESSION, i) <= INT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parties_are_read_as_json_has_them),
		cmocka_unit_test(kinds_of_terms_are_apart),
		cmocka_unit_test(without_an_index_every_record_is_read),
		cmocka_unit_test(what_is_not_in_the_index_yet_is_found_too),
		cmocka_unit_test(the_index_goes_on_where_it_ended),
		cmocka_unit_test(sixteen_runs_become_one),
		cmocka_unit_test(a_node_that_ends_in_the_middle_goes_on),
		cmocka_unit_test(records_that_changed_are_found),
		cmocka_unit_test(changes_that_are_indexed_may_go),
		cmocka_unit_test(an_index_that_is_lost_after_changes_were_settled_is_begun_anew),
		cmocka_unit_test(records_that_were_pruned_are_not_found),
		cmocka_unit_test(an_index_that_does_not_fit_is_ignored_and_made_anew),
		cmocka_unit_test(a_bit_that_flipped_is_seen),
		cmocka_unit_test(the_file_is_for_its_group_and_nobody_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

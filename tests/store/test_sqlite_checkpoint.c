/* SPDX-License-Identifier: BSD-3-Clause
 * The log on its way into the database: who does what, and when.
 */
#include "store/books_fixture.h"

#include <errno.h>

#include "store/sqlite/sqlite_checkpoint.h"

static char why[CHG_SQLITE_WHY_MAX];

/* A store with somebody beside it who only counts how often he is asked. */
struct place {
	struct fixture fixture;
	struct chg_sqlite *sqlite;
	struct chg_checkpoint *beside;
	int asked;
	uint32_t sent; /* requests */
};

static void count_asked(void *self)
{
	((struct place *)self)->asked++;
}

static void make_place(struct place *place)
{
	*place = (struct place){ .fixture = fixture_make(true) };
	place->sqlite = place->fixture.store.self;
	assert_int_equal(
		chg_checkpoint_open(place->fixture.path, &place->beside, why, sizeof why), CHG_OK);
	chg_sqlite_checkpoint_by(&place->fixture.store, count_asked, place);
}

static void drop_place(struct place *place)
{
	chg_checkpoint_close(place->beside);
	fixture_remove(&place->fixture);
}

/* A transaction of some tens of pages. */
static void write_some(struct place *place)
{
	static char content[8192];
	struct chg_store *store = &place->fixture.store;
	memset(content, ' ', sizeof content);
	content[0] = '{';
	content[sizeof content - 1] = '}';
	begin_ok(store);
	for (int i = 0; i < 10; i++) {
		struct chg_acct_facts facts;
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, place->sent);
		acr.content = (struct chg_view){ content, sizeof content };
		assert_int_equal(offer(store, at_s(place->sent), &acr, &facts), CHG_OK);
		place->sent++;
	}
	commit_ok(store);
}

/* Until the log has so many pages; it must not begin anew before that. */
static void fill_log(struct place *place, uint32_t pages)
{
	uint64_t beginnings = place->sqlite->log.beginnings;
	while (place->sqlite->log.pages < pages) {
		write_some(place);
		assert_true(place->sqlite->log.beginnings <= beginnings + 1);
	}
}

static struct chg_checkpoint_progress pass(struct place *place)
{
	struct chg_checkpoint_progress progress;
	assert_int_equal(chg_checkpoint_pass(place->beside, &progress), CHG_OK);
	return progress;
}

static void tell(struct place *place, uint32_t carried)
{
	struct chg_checkpoint_look look;
	chg_sqlite_checkpoint_told(&place->fixture.store, carried, &look);
	assert_int_equal(look.pages, place->sqlite->log.pages);
}

static bool is_new(const struct place *place)
{
	return place->sqlite->log.pages < 200;
}

static int64_t count_records(const struct place *place)
{
	char text[24];
	assert_int_equal(
		chg_sqlite_ask(place->sqlite->db, "SELECT count(*) FROM cdr", text, sizeof text),
		CHG_OK);
	return strtoll(text, NULL, 10);
}

/* ---- Cases ---- */

static void asked_once(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT - 100);
	assert_int_equal(place->asked, 0);
	fill_log(place, 2 * CHG_CHECKPOINT_AT);
	assert_int_equal(place->asked, 1);
}

static sqlite3 *begin_to_read(struct place *place)
{
	sqlite3 *reader;
	assert_int_equal(sqlite3_open(place->fixture.path, &reader), SQLITE_OK);
	assert_int_equal(chg_sqlite_ask(reader, "BEGIN", NULL, 0), CHG_OK);
	assert_int_equal(chg_sqlite_ask(reader, "SELECT count(*) FROM cdr", NULL, 0), CHG_OK);
	return reader;
}

static void end_to_read(sqlite3 *reader)
{
	assert_int_equal(chg_sqlite_ask(reader, "COMMIT", NULL, 0), CHG_OK);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
}

/* As a pass that the writer writes beside: what came during it is left. */
static struct chg_checkpoint_progress pass_while_writing(struct place *place)
{
	sqlite3 *reader = begin_to_read(place);
	write_some(place);
	struct chg_checkpoint_progress progress = pass(place);
	end_to_read(reader);
	return progress;
}

static void rest_is_the_writers(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT);
	struct chg_checkpoint_progress progress = pass_while_writing(place);
	assert_int_equal(place->asked, 1);
	assert_int_equal(progress.pages, place->sqlite->log.pages);
	assert_true(progress.carried >= CHG_CHECKPOINT_AT && progress.carried < progress.pages);
	write_some(place);
	assert_false(is_new(place));
	tell(place, progress.carried);
	write_some(place);
	assert_true(is_new(place));
	assert_int_equal(count_records(place), place->sent);
	fill_log(place, CHG_CHECKPOINT_AT - 100);
	assert_int_equal(place->asked, 1);
	fill_log(place, CHG_CHECKPOINT_AT + 100);
	assert_int_equal(place->asked, 2);
}

static void alone(struct place *place)
{
	chg_sqlite_checkpoint_by(&place->fixture.store, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		fill_log(place, CHG_CHECKPOINT_AT);
		write_some(place);
		assert_true(is_new(place));
	}
	assert_int_equal(place->asked, 0);
}

static void nobody_answers(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_LATE);
	write_some(place);
	assert_false(is_new(place));
	tell(place, 0);
	write_some(place);
	assert_true(is_new(place));
	assert_int_equal(place->asked, 1);
}

static void much_is_left(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT + CHG_CHECKPOINT_REST + 100);
	tell(place, 10);
	write_some(place);
	assert_false(is_new(place));
	assert_int_equal(place->asked, 1);
	fill_log(place, 2 * place->sqlite->log.pages);
	assert_int_equal(place->asked, 2);
	tell(place, pass_while_writing(place).carried);
	write_some(place);
	assert_true(is_new(place));
}

/* The writer had all of it in the database before the answer came. */
static void answer_comes_late(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT);
	write_some(place);
	uint32_t carried = pass(place).carried;
	write_some(place);
	assert_true(is_new(place));
	tell(place, carried);
	assert_false(place->sqlite->log.is_rest_ours);
	fill_log(place, CHG_CHECKPOINT_AT);
	write_some(place);
	assert_int_equal(place->asked, 2);
}

static void reader_holds_the_log(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT);
	sqlite3 *reader = begin_to_read(place);
	uint32_t held_at = place->sqlite->log.pages;
	int answered = 0;
	while (place->sqlite->log.pages < 3 * CHG_CHECKPOINT_LATE) {
		write_some(place);
		assert_false(is_new(place));
		if (place->asked > answered)
			tell(place, pass(place).carried);
		answered = place->asked;
	}
	assert_int_equal(pass(place).carried, held_at);
	/* Each look at a long log costs more than the one before, so there are few. */
	assert_in_range(place->asked, 5, 30);
	end_to_read(reader);
	while (place->asked == answered)
		write_some(place);
	tell(place, pass(place).carried);
	write_some(place);
	assert_true(is_new(place));
	assert_int_equal(count_records(place), place->sent);
}

/* A reader who is there when the rest is done keeps the log from beginning anew, that time. */
static void reader_at_the_rest(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT);
	uint32_t carried = pass_while_writing(place).carried;
	sqlite3 *reader = begin_to_read(place);
	tell(place, carried);
	write_some(place);
	end_to_read(reader);
	assert_false(is_new(place));
	int asked = place->asked;
	while (place->asked == asked)
		write_some(place);
	assert_true(place->sqlite->log.pages < 2 * CHG_CHECKPOINT_AT);
	tell(place, pass_while_writing(place).carried);
	write_some(place);
	assert_true(is_new(place));
}

static void what_is_left_behind(struct place *place)
{
	fill_log(place, CHG_CHECKPOINT_AT);
	(void)pass(place);
	write_some(place);
	chg_checkpoint_close(place->beside);
	place->beside = NULL;
	fixture_restart(&place->fixture);
	place->sqlite = place->fixture.store.self;
	assert_int_equal(place->sqlite->log.pages, 0);
	assert_int_equal(count_records(place), place->sent);
	assert_int_equal(chg_sqlite_check(place->fixture.path, why, sizeof why), CHG_OK);
}

static void not_there(struct place *place)
{
	struct chg_checkpoint *none;
	char path[128];
	snprintf(path, sizeof path, "%s/none.db", place->fixture.folder);
	assert_int_not_equal(chg_checkpoint_open(path, &none, why, sizeof why), CHG_OK);
	assert_non_null(strstr(why, "none.db"));
	assert_int_not_equal(access(path, F_OK), 0);
}

/* ---- A disk that takes nothing ---- */

static struct {
	bool is_full;
	bool is_unsynced; /* what is written cannot be synced */
} disk;

static ssize_t disk_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	errno = ENOSPC;
	return disk.is_full ? -1 : pwrite(fd, bytes, count, at);
}

/*
 * Syncs cannot be replaced through the library, so this one stands in front of the C library's.  They
 * are of no use here, and take long.
 */
int fdatasync(int fd)
{
	(void)fd;
	errno = EIO;
	return disk.is_unsynced ? -1 : 0;
}

static void disk_takes_nothing(struct place *place)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	struct chg_checkpoint_progress progress;
	fill_log(place, CHG_CHECKPOINT_AT);
	vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)disk_pwrite);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)disk_pwrite);
	disk.is_full = true;
	assert_int_equal(chg_checkpoint_pass(place->beside, &progress), CHG_E_STORE_FULL);
	/* The writer's own rest fails as well, and is tried again. */
	tell(place, place->sqlite->log.pages);
	chg_sqlite_log_tend(place->sqlite);
	disk.is_full = false;
	vfs->xSetSystemCall(vfs, NULL, NULL);
	write_some(place);
	assert_false(is_new(place));
	disk.is_unsynced = true;
	assert_int_equal(chg_checkpoint_pass(place->beside, &progress), CHG_E_STORE_FULL);
	disk.is_unsynced = false;
	tell(place, 0);
	fill_log(place, 2 * CHG_CHECKPOINT_AT);
	tell(place, pass_while_writing(place).carried);
	write_some(place);
	assert_true(is_new(place));
	assert_int_equal(count_records(place), place->sent);
	assert_int_equal(chg_sqlite_check(place->fixture.path, why, sizeof why), CHG_OK);
}

static const struct {
	const char *says;
	void (*run)(struct place *place);
} cases[] = {
	{ "who is beside the writer is asked once", asked_once },
	{ "the writer does the rest, and the log begins anew", rest_is_the_writers },
	{ "a writer alone does all of it", alone },
	{ "a writer leaves the log to whom it asked, and does all of it after a late answer",
		nobody_answers },
	{ "while much is left the writer does nothing and asks again", much_is_left },
	{ "an answer about a log that began anew since starts nothing", answer_comes_late },
	{ "a reader may hold the log, and few looks are taken at it", reader_holds_the_log },
	{ "a reader at the wrong moment costs one more round", reader_at_the_rest },
	{ "what is left behind is whole, and the next start finds it", what_is_left_behind },
	{ "a database that is not there is told by its name, and not made", not_there },
	{ "a full disk stops no writer, and all goes on when there is room", disk_takes_nothing },
};

static void run_case(void **state)
{
	struct place place;
	make_place(&place);
	cases[*(const size_t *)*state].run(&place);
	drop_place(&place);
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
	return cmocka_run_group_tests_name("the log", tests, NULL, NULL);
}

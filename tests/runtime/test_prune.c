/* SPDX-License-Identifier: BSD-3-Clause
 * Old records move into archives, and whoever reads both finds each of them once: whatever fails on
 * the way, and wherever.
 */
#include "store/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/archive_store.h"
#include "runtime/prune.h"
#include "support/faulty_store.h"

enum {
	OWNER = 4711,
	RECORDS = 13,
};

/*
 * Power is never cut here, and a disk that others use takes its time: what is written counts as being
 * on disk.  The library and the archives find these before those of the system.
 */
int fdatasync(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

/* A database with its archives. */
struct place {
	struct fixture fixture;
	char folder[96];
	struct chg_store remover; /* what removes: the store, or one that fails */
	void (*before_removing)(struct place *place);
	void (*before_second)(struct place *place); /* chunk */
	uint32_t chunk_records;
	unsigned tells_left; /* the run is stopped after so many */
	unsigned complaints;
	char complaint[CHG_ARCHIVE_STORE_WHY_MAX];
	struct chg_prune_progress progress;
	char why[CHG_ARCHIVE_WHY_MAX];
};

/* Events of two parties and sessions, one of them open; a minute for each. */
static void fill(struct chg_store *store)
{
	for (uint32_t i = 0; i < 10; i++) {
		struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, i);
		acr.party[0].text = i % 3 == 0 ? CHG_VIEW("sip:alice@example.net")
					       : CHG_VIEW("sip:bob@example.net");
		acr.party[0].role = CHG_ROLE_CALLING;
		acr.party_count = 1;
		acr.icid = i % 2 == 0 ? CHG_VIEW("even") : CHG_VIEW("odd");
		acr.application_session_id = (chg_opt_u32){ i % 4 == 0, i };
		take(store, 60 * (i + 1), &acr);
		if (i % 4 != 1)
			continue;
		char name[8] = { 's', (char)('0' + i), '\0' };
		acr = acr_of(name, CHG_RECORD_START, 0);
		acr.participant[0] = CHG_VIEW("sip:alice@example.net");
		acr.participant_count = 1;
		take(store, 60 * (i + 1) + 5, &acr);
		if (i == 5)
			continue; /* stays open */
		acr = acr_of(name, CHG_RECORD_STOP, 1);
		take(store, 60 * (i + 1) + 9, &acr);
	}
}

/* The file of a database that was filled, so that each case begins with a copy of it. */
static struct {
	char *bytes;
	size_t octets;
} filled;

static void read_filled(const char *path)
{
	struct stat about;
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &about), 0);
	filled.octets = (size_t)about.st_size;
	filled.bytes = malloc(filled.octets);
	assert_non_null(filled.bytes);
	assert_int_equal(fread(filled.bytes, 1, filled.octets, file), filled.octets);
	fclose(file);
}

static int make_filled(void **state)
{
	struct fixture fixture = fixture_make(true);
	uint32_t owner;
	(void)state;
	assert_int_equal(
		fixture.store.ops->own_state_id(fixture.store.self, OWNER, &owner), CHG_OK);
	fill(&fixture.store);
	fixture_close_store(&fixture); /* all of it is in the one file then */
	read_filled(fixture.path);
	fixture_remove(&fixture);
	return 0;
}

static int free_filled(void **state)
{
	(void)state;
	free(filled.bytes);
	return 0;
}

static struct place *make_place(void)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	place->fixture.is_sqlite = true;
	fixture_folder(&place->fixture);
	FILE *file = fopen(place->fixture.path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(filled.bytes, 1, filled.octets, file), filled.octets);
	assert_int_equal(fclose(file), 0);
	fixture_open_store(&place->fixture);
	snprintf(place->folder, sizeof place->folder, "%s/archive", place->fixture.folder);
	place->remover = place->fixture.store;
	place->tells_left = UINT_MAX;
	return place;
}

static void empty_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[384];
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

static void free_place(struct place *place)
{
	empty_folder(place->folder);
	fixture_remove(&place->fixture);
	free(place);
}

static enum chg_rc remove_some(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint64_t *ret_removed)
{
	struct place *place = self;
	const struct chg_store *store = &place->remover;
	*ret_removed = 0;
	if (place->before_removing != NULL)
		place->before_removing(place);
	for (size_t i = 0; i < count; i++) {
		uint32_t removed = 0;
		enum chg_rc rc = store->ops->begin(store->self);
		if (rc != CHG_OK)
			return rc;
		rc = store->ops->remove_archived(store->self, archive, stamp + i, 1, &removed);
		if (rc == CHG_OK)
			rc = store->ops->commit(store->self);
		else
			store->ops->rollback(store->self);
		if (rc != CHG_OK)
			return rc;
		*ret_removed += removed;
	}
	return CHG_OK;
}

static bool goes_on(void *self, const struct chg_prune_progress *progress)
{
	struct place *place = self;
	if (place->tells_left == 0)
		return false;
	if (place->before_second != NULL && progress->removed > 0) {
		place->before_second(place);
		place->before_second = NULL;
	}
	place->tells_left--;
	return true;
}

static void complain(void *to, const char *why)
{
	struct place *place = to;
	place->complaints++;
	snprintf(place->complaint, sizeof place->complaint, "%s", why);
}

static enum chg_rc prune(struct place *place, int64_t before_s)
{
	const struct chg_prune run = { .database = place->fixture.path,
		.folder = place->folder,
		.owner = OWNER,
		.now = { 2000 * CHG_US_PER_S },
		.closed_before = { before_s * CHG_US_PER_S },
		.remove = remove_some,
		.tell = goes_on,
		.complain = complain,
		.self = place,
		.chunk_records = place->chunk_records == 0 ? 3 : place->chunk_records };
	return chg_prune_run(&run, &place->progress, place->why, sizeof place->why);
}

static void prune_ok(struct place *place, int64_t before_s)
{
	enum chg_rc rc = prune(place, before_s);
	if (rc != CHG_OK)
		fail_msg("%d: %s", rc, place->why);
}

static char *dump_both(struct place *place, const struct chg_cdr_filter *filter)
{
	struct chg_store both;
	assert_int_equal(chg_archive_store_open(
				 &place->fixture.store, place->folder, complain, place, &both),
		CHG_OK);
	char *text = dump_of(&both, filter);
	both.ops->close(both.self);
	return text;
}

static void same_text(const char *what, char *want, char *have)
{
	if (strcmp(want, have) != 0)
		print_error("%s, expected:\n%s\nfound:\n%s\n", what, want, have);
	assert_string_equal(want, have);
	free(want);
	free(have);
}

static size_t count_database(struct place *place)
{
	char *text = dump_of(&place->fixture.store, NULL);
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, "cdr cdr_id=")) != NULL; at++)
		count++;
	free(text);
	return count;
}

#define AT(seconds)                                                                                \
	{                                                                                          \
		true,                                                                              \
		{                                                                                  \
			(seconds) * CHG_US_PER_S                                                   \
		}                                                                                  \
	}

static const struct {
	const char *what;
	struct chg_cdr_filter filter;
} filters[] = {
	{ "all", { .limit = 0 } },
	{ "newest first", { .newest_first = true } },
	{ "the first four", { .limit = 4 } },
	{ "the next four", { .limit = 4, .after_cdr_id = 4 } },
	{ "four back from the tenth", { .limit = 4, .after_cdr_id = 10, .newest_first = true } },
	{ "the last", { .limit = 1, .newest_first = true } },
	{ "of a party", { .party = CHG_VIEW("sip:alice@example.net") } },
	{ "of a party, newest first",
		{ .party = CHG_VIEW("sip:alice@example.net"), .newest_first = true } },
	{ "of a party, a page",
		{ .party = CHG_VIEW("sip:bob@example.net"), .limit = 3, .after_cdr_id = 3 } },
	{ "of nobody", { .party = CHG_VIEW("sip:eve@example.net") } },
	{ "of a session", { .session_id = CHG_VIEW("s1") } },
	{ "of a session that there is not", { .session_id = CHG_VIEW("s2") } },
	{ "of an ICID", { .icid = CHG_VIEW("odd") } },
	{ "of an application session", { .application_session_id = { true, 4 } } },
	{ "of a peer", { .origin_host = CHG_VIEW("im1.example.net") } },
	{ "of a service", { .service_context_id = CHG_VIEW("32274@3gpp.org") } },
	{ "from a time", { .from = AT(200) } },
	{ "until a time", { .until = AT(200) } },
	{ "between two times", { .from = AT(120), .until = AT(301) } },
	{ "sessions", { .kind = CHG_CDR_SESSION } },
	{ "open ones", { .status = CHG_CDR_OPEN } },
	{ "closed ones", { .status = CHG_CDR_CLOSED } },
	{ "with a mark", { .marks = CHG_MARK_LATE } },
	{ "one of them", { .cdr_id = 3 } },
	{ "one of them, newest first", { .cdr_id = 3, .newest_first = true } },
	{ "one that there is not", { .cdr_id = 99 } },
};

enum {
	FILTERS = sizeof filters / sizeof filters[0],
};

static void every_filter_finds_the_same(void **state)
{
	static const int64_t befores[] = { 1, 125, 380, 1000 };
	struct place *place = make_place();
	char *want[FILTERS];
	(void)state;
	for (size_t i = 0; i < FILTERS; i++)
		want[i] = dump_of(&place->fixture.store, &filters[i].filter);
	for (size_t k = 0; k < sizeof befores / sizeof befores[0]; k++) {
		struct chg_store both;
		prune_ok(place, befores[k]);
		assert_int_equal(chg_archive_store_open(&place->fixture.store, place->folder,
					 complain, place, &both),
			CHG_OK);
		for (size_t i = 0; i < FILTERS; i++)
			same_text(filters[i].what, strdup(want[i]),
				dump_of(&both, &filters[i].filter));
		both.ops->close(both.self);
	}
	assert_int_equal(count_database(place), 1); /* the open one */
	assert_int_equal(place->complaints, 0);
	for (size_t i = 0; i < FILTERS; i++)
		free(want[i]);
	free_place(place);
}

static size_t list_archives(struct place *place, uint32_t **ret)
{
	size_t count;
	enum chg_rc rc =
		chg_archive_list(place->folder, ret, &count, place->why, sizeof place->why);
	if (rc != CHG_OK)
		fail_msg("%d: %s", rc, place->why);
	return count;
}

static uint32_t highest_archive(struct place *place)
{
	uint32_t *number;
	size_t count = list_archives(place, &number);
	uint32_t highest = count == 0 ? 0 : number[count - 1];
	free(number);
	return highest;
}

static uint64_t count_records(struct place *place, uint32_t number)
{
	uint64_t records = 0, offset = CHG_ARCHIVE_HEAD;
	char name[CHG_ARCHIVE_NAME_MAX], why[CHG_ARCHIVE_WHY_MAX];
	struct chg_archive_file file;
	struct chg_archive_chunk chunk;
	bool is_found;
	chg_archive_name(number, name);
	assert_int_equal(chg_archive_open(place->folder, name, &file, why, sizeof why), CHG_OK);
	while (chg_archive_chunk_at(&file, offset, &chunk, &is_found) == CHG_OK && is_found) {
		records += chunk.records;
		offset += chunk.octets;
	}
	chg_archive_close(&file);
	return records;
}

/* Records in all chunks of all archives. */
static uint64_t count_archived(struct place *place)
{
	uint32_t *number;
	uint64_t records = 0;
	size_t count = list_archives(place, &number);
	for (size_t i = 0; i < count; i++)
		records += count_records(place, number[i]);
	free(number);
	return records;
}

static void whatever_fails_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	for (uint64_t k = 1;; k++) {
		struct place *place = make_place();
		char *want = dump_of(&place->fixture.store, NULL);
		struct faulty_store faulty = { .count = 0 };
		place->chunk_records = 8;
		place->remover = faulty_store_wrap(&faulty, place->fixture.store);
		faulty_store_fail_at(&faulty, k, CHG_E_STORE_FULL);
		enum chg_rc rc = prune(place, 1000);
		same_text("after the failure", strdup(want), dump_both(place, NULL));
		if (rc != CHG_OK)
			prune_ok(place, 1000);
		same_text("in the end", want, dump_both(place, NULL));
		assert_int_equal(count_database(place), 1);
		assert_int_equal(count_archived(place), RECORDS - 1);
		assert_int_equal(place->complaints, 0);
		free_place(place);
		if (rc == CHG_OK)
			break;
		assert_int_equal(rc, CHG_E_STORE_FULL);
	}
}

static void it_may_be_stopped_anywhere(void **state)
{
	struct place *place = make_place();
	char *want = dump_of(&place->fixture.store, NULL);
	enum chg_rc rc;
	unsigned runs = 0;
	(void)state;
	do {
		place->tells_left = 1; /* one chunk */
		rc = prune(place, 1000);
		same_text("after a stop", strdup(want), dump_both(place, NULL));
		assert_true(++runs < 100);
	} while (rc == CHG_E_CLOSED);
	assert_int_equal(rc, CHG_OK);
	assert_true(runs > 3);
	assert_int_equal(count_archived(place), RECORDS - 1);
	free(want);
	free_place(place);
}

/* As after a power cut while the last chunk was written. */
static void a_chunk_that_was_not_finished_does_no_harm(void **state)
{
	struct place *place = make_place();
	char *want = dump_of(&place->fixture.store, NULL);
	char path[160];
	(void)state;
	place->tells_left = 2;
	assert_int_equal(prune(place, 1000), CHG_E_CLOSED);
	place->tells_left = UINT_MAX;
	snprintf(path, sizeof path, "%s/records-000001.chga", place->folder);
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	fputs("CHGCHUNK and no more", file);
	fclose(file);
	same_text("with the rest of a chunk", strdup(want), dump_both(place, NULL));
	assert_int_equal(place->complaints, 0);
	prune_ok(place, 1000);
	same_text("in the end", want, dump_both(place, NULL));
	assert_int_equal(place->complaints, 0);
	assert_int_equal(highest_archive(place), 1);
	free_place(place);
}

/* A late STOP of the first session, between reading and removing. */
static void take_late_stop(struct place *place)
{
	struct chg_acr acr = acr_of("s1", CHG_RECORD_STOP, 2);
	acr.messages_sent = (chg_opt_u32){ true, 77 };
	place->before_removing = NULL;
	take(&place->fixture.store, 900, &acr);
}

static void a_record_that_changes_meanwhile_stays(void **state)
{
	struct place *place = make_place();
	(void)state;
	place->before_removing = take_late_stop;
	prune_ok(place, 800);
	assert_int_equal(place->progress.kept, 1);
	assert_int_equal(count_database(place), 2);
	char *want = dump_of(&place->fixture.store, &(struct chg_cdr_filter){ .cdr_id = 3 });
	assert_non_null(strstr(want, "messages_sent=77"));
	same_text("the later one counts", strdup(want),
		dump_both(place, &(struct chg_cdr_filter){ .cdr_id = 3 }));
	same_text("in a search too", strdup(want),
		dump_both(place, &(struct chg_cdr_filter){ .session_id = CHG_VIEW("s1") }));
	/* The next time it goes, and of two copies the later counts. */
	prune_ok(place, 1000);
	assert_int_equal(count_database(place), 1);
	for (int newest_first = 0; newest_first < 2; newest_first++)
		same_text("of two copies", strdup(want),
			dump_both(place, &(struct chg_cdr_filter){ .session_id = CHG_VIEW("s1"),
						 .newest_first = newest_first != 0 }));
	same_text("by its mark", strdup(want),
		dump_both(place, &(struct chg_cdr_filter){ .marks = CHG_MARK_LATE }));
	free(want);
	free_place(place);
}

static void flip(struct place *place, const char *name, off_t at)
{
	char path[160];
	uint8_t octet;
	snprintf(path, sizeof path, "%s/%s", place->folder, name);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 1;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void complains(struct place *place, const char *word, const struct chg_cdr_filter *filter)
{
	place->complaints = 0;
	free(dump_both(place, filter));
	if (place->complaints != 1 || strstr(place->complaint, word) == NULL)
		fail_msg("%s: %u complaints, \"%s\"", word, place->complaints, place->complaint);
}

static void what_is_damaged_is_told_and_the_rest_is_read(void **state)
{
	struct place *place = make_place();
	struct chg_cdr_filter last = { .cdr_id = 13 };
	(void)state;
	prune_ok(place, 1000);
	char *want = dump_both(place, &last);
	assert_true(want[0] != '\0');
	/* In the records of the first chunk. */
	flip(place, "records-000001.chga", CHG_ARCHIVE_HEAD + CHG_ARCHIVE_CHUNK_HEAD + 60);
	complains(place, "put a copy", NULL);
	same_text("the rest", want, dump_both(place, &last));
	/* In the head of the first chunk: nothing is found behind it. */
	flip(place, "records-000001.chga", CHG_ARCHIVE_HEAD + 9);
	complains(place, "is damaged at octet 64", NULL);
	/* In the head of the file. */
	flip(place, "records-000001.chga", 9);
	complains(place, "its beginning is damaged", NULL);
	/* Such a file is never added to. */
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 99);
	take(&place->fixture.store, 1500, &acr);
	prune_ok(place, 1600);
	assert_int_equal(highest_archive(place), 2);
	free_place(place);
}

static void a_missing_archive_is_told(void **state)
{
	struct place *place = make_place();
	char path[160];
	(void)state;
	prune_ok(place, 1000);
	snprintf(path, sizeof path, "%s/records-000001.chga", place->folder);
	assert_int_equal(unlink(path), 0);
	complains(place, "is missing, and 12 records with it", NULL);
	free_place(place);
}

static void an_archive_of_another_node_is_told(void **state)
{
	struct place *place = make_place();
	struct chg_archive_file file;
	(void)state;
	prune_ok(place, 1000);
	char *want = dump_both(place, NULL);
	assert_int_equal(chg_archive_create(place->folder, 2, OWNER + 1, (chg_instant){ 0 }, &file,
				 place->why, sizeof place->why),
		CHG_OK);
	chg_archive_close(&file);
	complains(place, "another node", NULL);
	same_text("the rest", want, dump_both(place, NULL));
	free_place(place);
}

static void path_in(struct place *place, const char *name, char ret[256])
{
	snprintf(ret, 256, "%s/%s", place->folder, name);
}

static void put_file(struct place *place, const char *name)
{
	char path[256];
	path_in(place, name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void refuses(struct place *place, enum chg_rc want, const char *word)
{
	enum chg_rc rc = prune(place, 2000);
	if (rc != want || strstr(place->why, word) == NULL)
		fail_msg("%d: \"%s\" instead of %d: \"%s\"", rc, place->why, want, word);
}

static void other_path(struct place *place, char ret[256])
{
	snprintf(ret, 256, "%s/elsewhere", place->fixture.folder);
}

static void move_folder(struct place *place)
{
	char other[256];
	other_path(place, other);
	assert_int_equal(rename(place->folder, other), 0);
}

static void replace_folder(struct place *place)
{
	move_folder(place);
	assert_int_equal(mkdir(place->folder, 0700), 0);
	put_file(place, "records-000001.chga");
}

static void lead_folder_elsewhere(struct place *place)
{
	move_folder(place);
	assert_int_equal(symlink("/", place->folder), 0);
}

static void put_folder_back(struct place *place)
{
	char other[256];
	other_path(place, other);
	if (unlink(place->folder) != 0)
		empty_folder(place->folder);
	assert_int_equal(rename(other, place->folder), 0);
}

static void what_moves_meanwhile_stops_it(void **state)
{
	static void (*const moves[])(
		struct place * place) = { move_folder, replace_folder, lead_folder_elsewhere };
	(void)state;
	for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
		struct place *place = make_place();
		char *want = dump_of(&place->fixture.store, NULL);
		place->before_second = moves[i];
		refuses(place, CHG_E_STORE_CORRUPT, "put it back");
		assert_non_null(strstr(place->why, place->folder));
		assert_int_equal(place->progress.archived, 6);
		assert_int_equal(place->progress.removed, 3);
		assert_int_equal(count_database(place), RECORDS - 3);
		put_folder_back(place);
		prune_ok(place, 2000);
		same_text("when it is back", want, dump_both(place, NULL));
		assert_int_equal(count_archived(place), RECORDS - 1);
		assert_int_equal(place->complaints, 0);
		free_place(place);
	}
}

static void delete_archive(struct place *place)
{
	char path[256];
	path_in(place, "records-000001.chga", path);
	assert_int_equal(unlink(path), 0);
}

static void what_is_deleted_meanwhile_stops_it(void **state)
{
	struct place *place = make_place();
	(void)state;
	place->before_second = delete_archive;
	refuses(place, CHG_E_STORE_CORRUPT, "deleted");
	assert_int_equal(count_database(place), RECORDS - 3);
	refuses(place, CHG_E_UNKNOWN, "and 3 records with it");
	assert_int_equal(count_database(place), RECORDS - 3);
	free_place(place);
}

/* As when the disk of the archives is not mounted. */
static void without_the_latest_archive_nothing_is_removed(void **state)
{
	struct place *place = make_place();
	(void)state;
	prune_ok(place, 380);
	size_t left = count_database(place);
	move_folder(place);
	refuses(place, CHG_E_UNKNOWN, "records-000001.chga is missing");
	assert_int_equal(mkdir(place->folder, 0700), 0);
	refuses(place, CHG_E_UNKNOWN, "mount its disk");
	assert_int_equal(count_database(place), left);
	put_folder_back(place);
	prune_ok(place, 2000);
	/* Who lost it for good says so by an empty file. */
	delete_archive(place);
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 99);
	take(&place->fixture.store, 1500, &acr);
	refuses(place, CHG_E_UNKNOWN, "put an empty file in its place");
	put_file(place, "records-000001.chga");
	assert_int_equal(place->complaints, 0);
	prune_ok(place, 2000);
	assert_int_equal(place->complaints, 1);
	assert_int_equal(place->progress.removed, 1);
	assert_int_equal(count_records(place, 2), 1);
	free_place(place);
}

static void put_archive_of_another(struct place *place, uint32_t number)
{
	struct chg_archive_file file;
	enum chg_rc rc = chg_archive_create(place->folder, number, OWNER + 1, (chg_instant){ 0 },
		&file, place->why, sizeof place->why);
	if (rc != CHG_OK)
		fail_msg("%s", place->why);
	chg_archive_close(&file);
}

static void nothing_goes_into_the_folder_of_another_node(void **state)
{
	struct place *place = make_place();
	(void)state;
	assert_int_equal(mkdir(place->folder, 0700), 0);
	put_archive_of_another(place, 4);
	refuses(place, CHG_E_CONFIG, "records-000004.chga holds records of another node");
	assert_int_equal(count_database(place), RECORDS);
	empty_folder(place->folder);
	prune_ok(place, 380);
	size_t left = count_database(place);
	delete_archive(place);
	put_archive_of_another(place, 1);
	refuses(place, CHG_E_CONFIG, "records-000001.chga holds records of another node");
	assert_int_equal(count_database(place), left);
	free_place(place);
}

static void what_is_none_of_its_archives_is_passed_over(void **state)
{
	struct place *place = make_place();
	char path[256];
	uint32_t *number;
	(void)state;
	assert_int_equal(mkdir(place->folder, 0700), 0);
	put_file(place, "records-999999.chga");
	path_in(place, "records-000001.chga", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	path_in(place, "records-000002.chga", path);
	assert_int_equal(mkdir(path, 0700), 0);
	prune_ok(place, 2000);
	assert_int_equal(list_archives(place, &number), 4);
	assert_int_equal(number[2], 3);
	free(number);
	assert_int_equal(count_records(place, 3), RECORDS - 1);
	assert_int_equal(place->complaints, 0);
	free(dump_both(place, NULL));
	assert_int_equal(place->complaints, 3);
	/* It stays with what the database knows. */
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 99);
	take(&place->fixture.store, 1500, &acr);
	prune_ok(place, 2000);
	assert_int_equal(count_records(place, 3), RECORDS);
	assert_int_equal(rmdir(path), 0);
	free_place(place);
}

/* The records of a damaged chunk may have left, or not. */
static void a_damaged_last_chunk_is_left_alone(void **state)
{
	struct place *place = make_place();
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 99);
	(void)state;
	place->chunk_records = RECORDS;
	prune_ok(place, 2000);
	flip(place, "records-000001.chga", CHG_ARCHIVE_HEAD + CHG_ARCHIVE_CHUNK_HEAD + 200);
	take(&place->fixture.store, 1500, &acr);
	prune_ok(place, 2000);
	assert_int_equal(place->progress.removed, 1);
	assert_int_equal(place->complaints, 1);
	assert_non_null(strstr(place->complaint, "records-000001.chga is damaged at octet 64"));
	assert_int_equal(count_records(place, 2), 1);
	free_place(place);
}

static void a_damaged_chunk_whose_records_are_here_is_written_again(void **state)
{
	struct place *place = make_place();
	char *want = dump_of(&place->fixture.store, NULL);
	struct faulty_store faulty = { .count = 0 };
	(void)state;
	place->chunk_records = RECORDS;
	place->remover = faulty_store_wrap(&faulty, place->fixture.store);
	faulty_store_fail_at(&faulty, 1, CHG_E_STORE_FULL);
	assert_int_equal(prune(place, 2000), CHG_E_STORE_FULL);
	assert_int_equal(count_database(place), RECORDS);
	flip(place, "records-000001.chga", CHG_ARCHIVE_HEAD + CHG_ARCHIVE_CHUNK_HEAD + 200);
	prune_ok(place, 2000);
	assert_int_equal(place->complaints, 1);
	assert_int_equal(place->progress.removed, RECORDS - 1);
	same_text("each of them once", want, dump_both(place, NULL));
	assert_int_equal(count_records(place, 2), RECORDS - 1);
	free_place(place);
}

static void a_folder_that_cannot_be_read_is_told(void **state)
{
	struct place *place = make_place();
	(void)state;
	prune_ok(place, 1000);
	move_folder(place);
	FILE *file = fopen(place->folder, "w");
	assert_non_null(file);
	fclose(file);
	complains(place, "cannot be read: Not a directory", NULL);
	put_folder_back(place);
	free_place(place);
}

/* As when an older copy of the database is put back. */
static void put_back(struct place *place)
{
	char path[160];
	fixture_close_store(&place->fixture);
	FILE *file = fopen(place->fixture.path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(filled.bytes, 1, filled.octets, file), filled.octets);
	assert_int_equal(fclose(file), 0);
	snprintf(path, sizeof path, "%s-wal", place->fixture.path);
	unlink(path);
	fixture_open_store(&place->fixture);
	place->remover = place->fixture.store;
}

static void take_events(struct place *place, uint32_t first, int64_t at_s)
{
	for (uint32_t i = first; i < first + 8; i++) {
		struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, i);
		take(&place->fixture.store, at_s + i, &acr);
	}
}

/* Archives that know more than the database: new records get numbers that they have. */
static void a_database_older_than_its_archives_is_told(void **state)
{
	struct place *place = make_place();
	(void)state;
	take_events(place, 20, 1000);
	prune_ok(place, 1900);
	put_back(place);
	complains(place, "move that file to another folder", NULL);
	take_events(place, 40, 2000);
	complains(place, "an older copy of the database was put back", NULL);
	/* A prune that goes on behind them does not hush it up. */
	prune_ok(place, 1000);
	complains(place, "an older copy of the database was put back", NULL);
	free_place(place);
}

/* Its first file is known to it, as far as it went then. */
static void a_file_that_went_on_is_told(void **state)
{
	struct place *place = make_place();
	char *bytes = filled.bytes, cure[64], path[160];
	size_t octets = filled.octets;
	struct stat about;
	(void)state;
	prune_ok(place, 380);
	snprintf(path, sizeof path, "%s/records-000001.chga", place->folder);
	assert_int_equal(stat(path, &about), 0);
	snprintf(cure, sizeof cure, "truncate --size=%ju`", (uintmax_t)about.st_size);
	fixture_restart(&place->fixture); /* all of it is in the one file then */
	place->remover = place->fixture.store;
	read_filled(place->fixture.path);
	take_events(place, 20, 1000);
	prune_ok(place, 1900);
	put_back(place);
	complains(place, cure, NULL);
	/* The cure helps. */
	assert_int_equal(truncate(path, about.st_size), 0);
	place->complaints = 0;
	take_events(place, 40, 2000);
	free(dump_both(place, NULL));
	prune_ok(place, 1900);
	free(dump_both(place, NULL));
	assert_int_equal(place->complaints, 0);
	free(filled.bytes);
	filled.bytes = bytes;
	filled.octets = octets;
	free_place(place);
}

/* A copy from before a prune has all that was archived since: nothing is hidden. */
static void a_copy_from_before_a_prune_is_in_order(void **state)
{
	struct place *place = make_place();
	char *want = dump_of(&place->fixture.store, NULL);
	(void)state;
	prune_ok(place, 1000);
	put_back(place);
	same_text("the copy", strdup(want), dump_both(place, NULL));
	take_events(place, 40, 2000);
	prune_ok(place, 1000);
	free(dump_both(place, NULL));
	assert_int_equal(place->complaints, 0);
	free(want);
	free_place(place);
}

static void without_room_nothing_is_removed(void **state)
{
	struct place *place = make_place();
	char *want = dump_of(&place->fixture.store, NULL);
	(void)state;
	/* Where the folder should be, there is a file. */
	FILE *file = fopen(place->folder, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(prune(place, 1000), CHG_E_SYSTEM);
	assert_non_null(strstr(place->why, place->folder));
	assert_non_null(strstr(place->why, "cdr.archive_dir"));
	same_text("all", want, dump_of(&place->fixture.store, NULL));
	assert_int_equal(unlink(place->folder), 0);
	free_place(place);
}

static void the_database_is_in_order_after_each_chunk(void **state)
{
	struct place *place = make_place();
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum chg_rc rc;
	(void)state;
	do {
		place->tells_left = 2;
		rc = prune(place, 1000);
		if (chg_sqlite_check(place->fixture.path, why, sizeof why) != CHG_OK)
			fail_msg("%s", why);
	} while (rc == CHG_E_CLOSED);
	free_place(place);
}

static void it_is_known_how_many_would_go(void **state)
{
	struct place *place = make_place();
	uint64_t records = 0;
	(void)state;
	assert_int_equal(chg_prune_count(place->fixture.path, (chg_instant){ 1000 * CHG_US_PER_S },
				 &records, place->why, sizeof place->why),
		CHG_OK);
	assert_int_equal(records, RECORDS - 1);
	assert_int_equal(count_database(place), RECORDS);
	free_place(place);
}

/* Records that move while somebody reads: each is found once all the same. */
struct reader {
	struct place *place;
	size_t count;
	int64_t last;
};

static bool read_and_prune(void *to, const struct chg_cdr *cdr)
{
	struct reader *reader = to;
	assert_true(cdr->state.cdr_id > reader->last);
	reader->last = cdr->state.cdr_id;
	reader->count++;
	reader->place->tells_left = 2;
	enum chg_rc rc = prune(reader->place, 1000);
	assert_true(rc == CHG_OK || rc == CHG_E_CLOSED);
	return true;
}

static void records_that_move_meanwhile_are_found_once(void **state)
{
	struct place *place = make_place();
	struct reader reader = { .place = place };
	struct chg_cdr_filter all = { .limit = 0 };
	struct chg_store both;
	(void)state;
	assert_int_equal(chg_archive_store_open(
				 &place->fixture.store, place->folder, complain, place, &both),
		CHG_OK);
	assert_int_equal(both.ops->scan_cdrs(both.self, &all, read_and_prune, &reader), CHG_OK);
	assert_int_equal(reader.count, RECORDS);
	assert_int_equal(count_database(place), 1);
	both.ops->close(both.self);
	free_place(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "every filter finds the same, however much is archived",
			.test_func = every_filter_finds_the_same },
		{ .name = "whatever fails, nothing is lost or doubled",
			.test_func = whatever_fails_nothing_is_lost_or_doubled },
		{ .name = "it may be stopped anywhere", .test_func = it_may_be_stopped_anywhere },
		{ .name = "a chunk that was not finished does no harm",
			.test_func = a_chunk_that_was_not_finished_does_no_harm },
		{ .name = "a record that changes meanwhile stays",
			.test_func = a_record_that_changes_meanwhile_stays },
		{ .name = "what is damaged is told, and the rest is read",
			.test_func = what_is_damaged_is_told_and_the_rest_is_read },
		{ .name = "a missing archive is told", .test_func = a_missing_archive_is_told },
		{ .name = "an archive of another node is told",
			.test_func = an_archive_of_another_node_is_told },
		{ .name = "an archive that moves meanwhile stops it, and nothing is lost",
			.test_func = what_moves_meanwhile_stops_it },
		{ .name = "an archive that is deleted meanwhile stops it",
			.test_func = what_is_deleted_meanwhile_stops_it },
		{ .name = "without the latest archive nothing is removed",
			.test_func = without_the_latest_archive_nothing_is_removed },
		{ .name = "nothing goes into the folder of another node",
			.test_func = nothing_goes_into_the_folder_of_another_node },
		{ .name = "what is none of its archives is passed over",
			.test_func = what_is_none_of_its_archives_is_passed_over },
		{ .name = "a damaged last chunk is told and left alone",
			.test_func = a_damaged_last_chunk_is_left_alone },
		{ .name = "a damaged chunk whose records are here is written again",
			.test_func = a_damaged_chunk_whose_records_are_here_is_written_again },
		{ .name = "a folder that cannot be read is told as that",
			.test_func = a_folder_that_cannot_be_read_is_told },
		{ .name = "a database older than its archives is told",
			.test_func = a_database_older_than_its_archives_is_told },
		{ .name = "a file that went on is told", .test_func = a_file_that_went_on_is_told },
		{ .name = "a copy from before a prune is in order",
			.test_func = a_copy_from_before_a_prune_is_in_order },
		{ .name = "without room for the archive nothing is removed",
			.test_func = without_room_nothing_is_removed },
		{ .name = "the database is in order after each chunk",
			.test_func = the_database_is_in_order_after_each_chunk },
		{ .name = "it is known how many records would go",
			.test_func = it_is_known_how_many_would_go },
		{ .name = "records that move while somebody reads are found once",
			.test_func = records_that_move_meanwhile_are_found_once },
	};
	return cmocka_run_group_tests_name(
		"records on their way into archives", tests, make_filled, free_filled);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Files of archived records: what goes in comes out, and whatever is damaged is told.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/archive_filter.h"
#include "archive/archive_private.h"

enum {
	OWNER = 4711,
};

static char folder[64];
static char why[CHG_ARCHIVE_WHY_MAX];

/* What was synced since somebody looked, in the place of the C library's. */
static int files_synced, folders_synced;

int fsync(int fd)
{
	struct stat what;
	assert_int_equal(fstat(fd, &what), 0);
	files_synced += S_ISREG(what.st_mode);
	folders_synced += S_ISDIR(what.st_mode);
	return (int)syscall(SYS_fsync, fd);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "archive-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	(void)state;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[384];
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return rmdir(folder);
}

static struct chg_archive_file create(uint32_t number)
{
	struct chg_archive_file file;
	enum chg_rc rc = chg_archive_create(
		folder, number, OWNER, (chg_instant){ 99 }, &file, why, sizeof why);
	if (rc != CHG_OK)
		fail_msg("%d: %s", rc, why);
	return file;
}

static const struct chg_cdr_stamp stamps[] = {
	{ .cdr_id = 3, .received_last_at = { 1700000000000000 }, .entry_count = 0, .marks = 0 },
	{ .cdr_id = 4, .received_last_at = { 1600000000000000 }, .entry_count = 7, .marks = 511 },
	{ .cdr_id = 4000000000000, .received_last_at = { INT64_MIN }, .entry_count = UINT32_MAX },
	{ .cdr_id = INT64_MAX, .received_last_at = { INT64_MAX }, .marks = UINT32_MAX },
};

enum {
	STAMPS = sizeof stamps / sizeof stamps[0],
};

static struct chg_archive_load load_of(struct chg_view body, const uint64_t *term)
{
	return (struct chg_archive_load){ .schema = 5,
		.records = STAMPS,
		.cdr_id = { 3, INT64_MAX },
		.started_us = { -5, 5 },
		.closed_us = { 6, 7 },
		.local_sequence = { 8, 9 },
		.stamp = stamps,
		.term = term,
		.term_count = 1,
		.body = body };
}

static struct chg_archive_chunk append(struct chg_archive_file *file, struct chg_view body)
{
	uint64_t term = chg_archive_term(CHG_CDR_TERM_ICID, CHG_VIEW("icid-1"));
	struct chg_archive_load load = load_of(body, &term);
	struct chg_archive_chunk chunk;
	assert_int_equal(chg_archive_append(file, &load, &chunk), CHG_OK);
	return chunk;
}

static void check_chunk(const struct chg_archive_file *file, const struct chg_archive_chunk *chunk,
	struct chg_view body)
{
	struct chg_cdr_stamp *read = NULL;
	uint8_t *filter = NULL;
	char *bytes = NULL;
	assert_int_equal(chunk->records, STAMPS);
	assert_int_equal(chunk->schema, 5);
	assert_int_equal(chunk->started_us.low, -5);
	assert_int_equal(chunk->local_sequence.high, 9);
	assert_int_equal(chg_archive_index_read(file, chunk, &read, &filter), CHG_OK);
	for (size_t i = 0; i < STAMPS; i++) {
		assert_int_equal(read[i].cdr_id, stamps[i].cdr_id);
		assert_int_equal(read[i].received_last_at.us, stamps[i].received_last_at.us);
		assert_int_equal(read[i].entry_count, stamps[i].entry_count);
		assert_int_equal(read[i].marks, stamps[i].marks);
	}
	assert_true(chg_archive_filter_has(filter, chunk->filter_octets,
		chg_archive_term(CHG_CDR_TERM_ICID, CHG_VIEW("icid-1"))));
	assert_int_equal(chg_archive_body_read(file, chunk, &bytes), CHG_OK);
	assert_int_equal(chunk->body_size, body.len);
	assert_memory_equal(bytes, body.ptr, body.len);
	free(bytes);
	free(read);
	free(filter);
}

static void what_goes_in_comes_out(void **state)
{
	struct chg_archive_file file = create(1);
	struct chg_archive_chunk chunk;
	bool is_found;
	(void)state;
	append(&file, CHG_VIEW("the first"));
	append(&file, CHG_VIEW("the second one"));
	chg_archive_close(&file);
	assert_int_equal(
		chg_archive_open(folder, "records-000001.chga", &file, why, sizeof why), CHG_OK);
	assert_int_equal(file.owner, OWNER);
	assert_int_equal(file.number, 1);
	assert_int_equal(file.made_at.us, 99);
	assert_int_equal(chg_archive_chunk_at(&file, CHG_ARCHIVE_HEAD, &chunk, &is_found), CHG_OK);
	assert_true(is_found);
	check_chunk(&file, &chunk, CHG_VIEW("the first"));
	assert_int_equal(
		chg_archive_chunk_at(&file, chunk.offset + chunk.octets, &chunk, &is_found),
		CHG_OK);
	assert_true(is_found);
	check_chunk(&file, &chunk, CHG_VIEW("the second one"));
	assert_int_equal(
		chg_archive_chunk_at(&file, chunk.offset + chunk.octets, &chunk, &is_found),
		CHG_OK);
	assert_false(is_found);
	chg_archive_close(&file);
}

/* Reads all of a file: CHG_OK when each part of it is in order. */
static enum chg_rc read_all(const struct chg_archive_file *file)
{
	struct chg_archive_chunk chunk;
	uint64_t offset = CHG_ARCHIVE_HEAD;
	bool is_found = true;
	for (;;) {
		struct chg_cdr_stamp *read = NULL;
		uint8_t *filter = NULL;
		char *body = NULL;
		enum chg_rc rc = chg_archive_chunk_at(file, offset, &chunk, &is_found);
		if (rc != CHG_OK || !is_found)
			return rc;
		rc = chg_archive_index_read(file, &chunk, &read, &filter);
		if (rc == CHG_OK)
			rc = chg_archive_body_read(file, &chunk, &body);
		free(read);
		free(filter);
		free(body);
		if (rc != CHG_OK)
			return rc;
		offset += chunk.octets;
	}
}

static void any_octet_that_differs_is_told(void **state)
{
	struct chg_archive_file file = create(1);
	char path[128];
	(void)state;
	append(&file, CHG_VIEW("some records of which none may be lost without a word"));
	uint64_t size = file.size;
	chg_archive_close(&file);
	snprintf(path, sizeof path, "%s/records-000001.chga", folder);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	for (uint64_t at = 0; at < size; at++) {
		uint8_t octet, other;
		assert_int_equal(pread(fd, &octet, 1, (off_t)at), 1);
		other = (uint8_t)(octet ^ (1u << at % 8));
		assert_int_equal(pwrite(fd, &other, 1, (off_t)at), 1);
		enum chg_rc rc =
			chg_archive_open(folder, "records-000001.chga", &file, why, sizeof why);
		if (rc == CHG_OK) {
			rc = read_all(&file);
			chg_archive_close(&file);
		}
		if (rc != CHG_E_STORE_CORRUPT)
			fail_msg("octet %llu: %d", (unsigned long long)at, rc);
		assert_int_equal(pwrite(fd, &octet, 1, (off_t)at), 1);
	}
	close(fd);
}

static void a_file_that_ends_early_is_told(void **state)
{
	struct chg_archive_file file = create(1);
	char path[128];
	(void)state;
	append(&file, CHG_VIEW("some records"));
	uint64_t size = file.size;
	chg_archive_close(&file);
	snprintf(path, sizeof path, "%s/records-000001.chga", folder);
	for (uint64_t left = size - 1; left > CHG_ARCHIVE_HEAD; left--) {
		assert_int_equal(truncate(path, (off_t)left), 0);
		assert_int_equal(
			chg_archive_open(folder, "records-000001.chga", &file, why, sizeof why),
			CHG_OK);
		assert_int_equal(read_all(&file), CHG_E_STORE_CORRUPT);
		chg_archive_close(&file);
	}
	assert_int_equal(truncate(path, CHG_ARCHIVE_HEAD - 1), 0);
	assert_int_equal(chg_archive_open(folder, "records-000001.chga", &file, why, sizeof why),
		CHG_E_STORE_CORRUPT);
	assert_non_null(strstr(why, "put a copy"));
}

static void what_was_not_finished_goes_before_more_is_added(void **state)
{
	struct chg_archive_file file = create(1);
	(void)state;
	struct chg_archive_chunk first = append(&file, CHG_VIEW("first"));
	assert_int_equal(pwrite(file.fd, "CHGCHUNKtorn", 12, (off_t)file.size), 12);
	chg_archive_close(&file);
	assert_int_equal(chg_archive_continue(folder, "records-000001.chga",
				 first.offset + first.octets, &file, why, sizeof why),
		CHG_OK);
	append(&file, CHG_VIEW("second"));
	assert_int_equal(read_all(&file), CHG_OK);
	uint64_t size = file.size;
	chg_archive_close(&file);
	assert_int_equal(chg_archive_continue(
				 folder, "records-000001.chga", size + 1, &file, why, sizeof why),
		CHG_E_STORE_CORRUPT);
	assert_non_null(strstr(why, "shorter"));
}

/* Somebody may have written it all and died before it was on disk. */
static void what_is_gone_on_with_is_on_disk_first(void **state)
{
	struct chg_archive_file file = create(1);
	uint64_t size = file.size;
	(void)state;
	chg_archive_close(&file);
	files_synced = folders_synced = 0;
	assert_int_equal(
		chg_archive_continue(folder, "records-000001.chga", size, &file, why, sizeof why),
		CHG_OK);
	assert_int_equal(files_synced, 1);
	assert_int_equal(folders_synced, 1);
	chg_archive_close(&file);
}

static void a_file_is_never_overwritten(void **state)
{
	struct chg_archive_file file = create(7), other;
	(void)state;
	chg_archive_close(&file);
	assert_int_equal(
		chg_archive_create(folder, 7, OWNER, (chg_instant){ 0 }, &other, why, sizeof why),
		CHG_E_BUSY);
}

static void what_cannot_be_made_is_told_with_a_cure(void **state)
{
	struct chg_archive_file file;
	(void)state;
	assert_int_equal(
		chg_archive_folder_make("no/such/folder", ".", why, sizeof why), CHG_E_SYSTEM);
	assert_non_null(strstr(why, "cannot make the folder no/such/folder: No such file"));
	assert_non_null(strstr(why, "cdr.archive_dir"));
	assert_int_equal(chg_archive_create("no/such/folder", 1, OWNER, (chg_instant){ 0 }, &file,
				 why, sizeof why),
		CHG_E_SYSTEM);
	assert_non_null(strstr(why, "no/such/folder/records-000001.chga: No such file"));
}

static void names_of_ours_are_listed_in_order(void **state)
{
	static const uint32_t made[] = { 12, 3, 999999, 1 };
	enum { MADE = sizeof made / sizeof made[0] };
	uint32_t *number;
	size_t count;
	(void)state;
	for (size_t i = 0; i < MADE; i++) {
		struct chg_archive_file file = create(made[i]);
		chg_archive_close(&file);
	}
	assert_int_equal(chg_archive_list(folder, &number, &count, why, sizeof why), CHG_OK);
	assert_int_equal(count, MADE);
	assert_int_equal(number[0], 1);
	assert_int_equal(number[1], 3);
	assert_int_equal(number[2], 12);
	assert_int_equal(number[3], 999999);
	free(number);
	assert_int_equal(chg_archive_list("no folder", &number, &count, why, sizeof why), CHG_OK);
	assert_int_equal(count, 0);
	assert_int_equal(
		chg_archive_list("/dev/null", &number, &count, why, sizeof why), CHG_E_SYSTEM);
	assert_non_null(strstr(why, "/dev/null cannot be read: Not a directory"));
}

static void a_name_that_leads_elsewhere_is_noticed(void **state)
{
	struct chg_archive_file file = create(1), other = create(2);
	char path[128], other_path[128];
	(void)state;
	snprintf(path, sizeof path, "%s/%s", folder, file.name);
	snprintf(other_path, sizeof other_path, "%s/%s", folder, other.name);
	assert_true(chg_archive_is_in_place(&file, folder));
	assert_false(chg_archive_is_in_place(&file, "."));
	assert_int_equal(rename(other_path, path), 0);
	assert_false(chg_archive_is_in_place(&file, folder));
	chg_archive_close(&file);
	chg_archive_close(&other);
}

static void what_is_no_file_is_told_and_not_waited_for(void **state)
{
	struct chg_archive_file file;
	char path[128];
	(void)state;
	snprintf(path, sizeof path, "%s/records-000001.chga", folder);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(i == 0 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
		assert_int_equal(
			chg_archive_open(folder, "records-000001.chga", &file, why, sizeof why),
			CHG_E_SYSTEM);
		assert_non_null(strstr(why, path));
		assert_non_null(strstr(why, "is no file"));
		assert_int_equal(remove(path), 0);
	}
}

static void names_are_read(void **state)
{
	static const struct {
		const char *name;
		bool is_ours;
		uint32_t number;
	} rows[] = {
		{ "records-000001.chga", true, 1 },
		{ "records-999999.chga", true, 999999 },
		{ "records-00001.chga", false, 0 },
		{ "records-0000001.chga", false, 0 },
		{ "records-00000a.chga", false, 0 },
		{ "records-000001.chga~", false, 0 },
		{ "x-records-000001.chga", false, 0 },
		{ "", false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t number = 0;
		char name[CHG_ARCHIVE_NAME_MAX];
		if (chg_archive_number(rows[i].name, &number) != rows[i].is_ours)
			fail_msg("%s", rows[i].name);
		assert_int_equal(number, rows[i].number);
		if (!rows[i].is_ours)
			continue;
		chg_archive_name(number, name);
		assert_string_equal(name, rows[i].name);
	}
}

/* What a head promises is checked before room is made for it. */
static void promises_have_bounds(void **state)
{
	const struct chg_archive_chunk fine = { .schema = 5,
		.records = 1,
		.cdr_id = { 1, 1 },
		.stamps_octets = 4,
		.filter_octets = CHG_ARCHIVE_FILTER_MIN,
		.body_octets = 10,
		.body_size = 10 };
	static const struct {
		const char *what;
		size_t offset;
		size_t size;
		uint64_t value;
	} rows[] = {
#define ROW(field, value)                                                                          \
	{ #field, offsetof(struct chg_archive_chunk, field),                                       \
		sizeof((struct chg_archive_chunk *)NULL)->field, value }
		ROW(records, 0),
		ROW(records, CHG_ARCHIVE_RECORDS_MAX + 1),
		ROW(stamps_octets, CHG_ARCHIVE_STAMP_MAX + 1),
		ROW(filter_octets, CHG_ARCHIVE_FILTER_MIN - 1),
		ROW(filter_octets, CHG_ARCHIVE_FILTER_MAX + 1),
		ROW(body_octets, UINT64_MAX),
		ROW(body_size, 0),
		ROW(body_size, CHG_ARCHIVE_BODY_MAX + 1ull),
		ROW(cdr_id.low, 2),
		ROW(cdr_id.low, 0),
		ROW(started_us.low, 1),
		ROW(closed_us.low, 1),
		ROW(local_sequence.low, 1),
#undef ROW
	};
	uint8_t head[CHG_ARCHIVE_CHUNK_HEAD];
	struct chg_archive_chunk chunk = fine;
	(void)state;
	chg_archive_chunk_write(&chunk, head);
	assert_true(chg_archive_chunk_parse(head, &chunk));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		chunk = fine;
		memcpy((char *)&chunk + rows[i].offset, &rows[i].value, rows[i].size);
		chg_archive_chunk_write(&chunk, head);
		if (chg_archive_chunk_parse(head, &chunk))
			fail_msg("%s may be %llu", rows[i].what, (unsigned long long)rows[i].value);
	}
}

static void a_full_disk_changes_nothing(void **state)
{
	struct chg_archive_file file = create(1);
	uint64_t term = 1;
	struct chg_archive_chunk chunk;
	(void)state;
	append(&file, CHG_VIEW("first"));
	uint64_t size = file.size;
	int fd = file.fd;
	file.fd = open("/dev/full", O_RDWR);
	if (file.fd >= 0) {
		struct chg_archive_load load = load_of(CHG_VIEW("second"), &term);
		assert_int_equal(chg_archive_append(&file, &load, &chunk), CHG_E_STORE_FULL);
		close(file.fd);
	}
	file.fd = fd;
	assert_int_equal(file.size, size);
	assert_int_equal(read_all(&file), CHG_OK);
	chg_archive_close(&file);
}

static uid_t owner_of(const char *path)
{
	struct stat about;
	assert_int_equal(stat(path, &about), 0);
	return about.st_uid;
}

static void what_root_makes_belongs_to_whom_it_is_for(void **state)
{
	enum { NOBODY = 65534 };
	char like[80], below[80], path[128];
	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(like, sizeof like, "%s/database", folder);
	snprintf(below, sizeof below, "%s/below", folder);
	close(open(like, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(chown(like, NOBODY, NOBODY), 0);
	assert_int_equal(chg_archive_folder_make(folder, like, why, sizeof why), CHG_OK);
	assert_int_equal(owner_of(folder), 0); /* it was there */
	assert_int_equal(chg_archive_folder_make(below, like, why, sizeof why), CHG_OK);
	assert_int_equal(owner_of(below), NOBODY);
	assert_int_equal(rmdir(below), 0);
	struct chg_archive_file file = create(1);
	snprintf(path, sizeof path, "%s/%s", folder, file.name);
	chg_archive_give(&file, "no such file");
	assert_int_equal(owner_of(path), 0);
	chg_archive_give(&file, like);
	assert_int_equal(owner_of(path), NOBODY);
	chg_archive_close(&file);
}

int main(void)
{
#define CASE(sentence, function)                                                                   \
	{                                                                                          \
		.name = sentence, .test_func = function, .setup_func = make_folder,                \
		.teardown_func = remove_folder                                                     \
	}
	const struct CMUnitTest tests[] = {
		CASE("what goes in comes out", what_goes_in_comes_out),
		CASE("any octet that differs is told", any_octet_that_differs_is_told),
		CASE("a file that ends early is told", a_file_that_ends_early_is_told),
		CASE("what was not finished goes before more is added",
			what_was_not_finished_goes_before_more_is_added),
		CASE("what is gone on with is on disk first",
			what_is_gone_on_with_is_on_disk_first),
		CASE("a file is never overwritten", a_file_is_never_overwritten),
		CASE("what cannot be made is told with a cure",
			what_cannot_be_made_is_told_with_a_cure),
		CASE("names of ours are listed in order", names_of_ours_are_listed_in_order),
		CASE("a name that leads elsewhere is noticed",
			a_name_that_leads_elsewhere_is_noticed),
		CASE("what is no file is told and not waited for",
			what_is_no_file_is_told_and_not_waited_for),
		CASE("names are read", names_are_read),
		CASE("what a head promises has bounds", promises_have_bounds),
		CASE("a full disk changes nothing", a_full_disk_changes_nothing),
		CASE("what root makes belongs to whom it is for",
			what_root_makes_belongs_to_whom_it_is_for),
	};
	return cmocka_run_group_tests_name("files of archived records", tests, NULL, NULL);
}

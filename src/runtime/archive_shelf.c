/* SPDX-License-Identifier: BSD-3-Clause
 * Heads of chunks are kept, stamps and filters once they are wanted, and a few chunks with all that is
 * in them.  What cannot be read is complained about once and passed over.
 */
#include "runtime/archive_shelf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "archive/archive_filter.h"
#include "store/sqlite/sqlite_pack.h"

enum {
	LOADED_MAX = 8,
};

struct file {
	struct chg_archive_file file; /* fd -1: not readable */
	uint64_t scanned;             /* up to here its chunks are known */
	uint64_t octets;              /* so much must be there, as the database says; 0: unknown */
	int64_t local_sequence_max;   /* of what left for it, as the database says */
	bool is_told;                 /* somebody was told that it is not in order */
};

struct chunk {
	struct chg_archive_chunk about;
	size_t file;
	struct chg_cdr_stamp *stamp; /* NULL until wanted */
	uint8_t *filter;
	bool is_bad;
};

struct loaded {
	struct chg_store store; /* ops NULL: not in use yet */
	size_t chunk;           /* SIZE_MAX: none */
	uint64_t used_at;
};

struct chg_archive_shelf {
	struct chg_store database;
	char folder[CHG_ARCHIVE_PATH_MAX];
	struct timespec folder_time; /* when its names changed last */
	bool is_folder_told;         /* somebody was told that it cannot be read */
	uint32_t owner;              /* 0: not known */
	chg_archive_complain *complain;
	void *complain_to;
	struct file *file;
	size_t file_count;
	struct chunk *chunk;
	size_t chunk_count;
	size_t chunk_room;
	struct loaded loaded[LOADED_MAX];
	uint64_t uses;
};

__attribute__((format(printf, 2, 3))) static void complain(
	struct chg_archive_shelf *shelf, const char *format, ...)
{
	char why[CHG_ARCHIVE_STORE_WHY_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(why, sizeof why, format, args);
	va_end(args);
	shelf->complain(shelf->complain_to, why);
}

/* The place of a file by its name; SIZE_MAX when it is not known yet. */
static size_t find_file(const struct chg_archive_shelf *shelf, const char *name)
{
	for (size_t i = 0; i < shelf->file_count; i++) {
		if (strcmp(shelf->file[i].file.name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static enum chg_rc add_file(struct chg_archive_shelf *shelf, const struct file *file)
{
	struct file *more = reallocarray(shelf->file, shelf->file_count + 1, sizeof *more);
	if (more == NULL)
		return CHG_E_NO_MEMORY;
	shelf->file = more;
	shelf->file[shelf->file_count++] = *file;
	return CHG_OK;
}

static enum chg_rc open_file(struct chg_archive_shelf *shelf, const char *name)
{
	struct file file = { .scanned = CHG_ARCHIVE_HEAD };
	char why[CHG_ARCHIVE_WHY_MAX];
	enum chg_rc rc = chg_archive_open(shelf->folder, name, &file.file, why, sizeof why);
	if (rc == CHG_E_UNKNOWN)
		return CHG_OK; /* it is told when the database misses it */
	if (rc != CHG_OK) {
		(void)snprintf(file.file.name, sizeof file.file.name, "%s", name);
		file.file.fd = -1;
		file.is_told = true;
		complain(shelf, "%s", why);
	} else if (shelf->owner != 0 && file.file.owner != shelf->owner) {
		complain(shelf,
			"%s/%s holds records of another node (Origin-State-Id %" PRIu32
			", this one has %" PRIu32 "): name the folder of this one's archives",
			shelf->folder, name, file.file.owner, shelf->owner);
		chg_archive_close(&file.file);
		file.is_told = true;
	}
	return add_file(shelf, &file);
}

/* Names in the order of their numbers. */
static enum chg_rc find_files(struct chg_archive_shelf *shelf)
{
	char why[CHG_ARCHIVE_WHY_MAX];
	uint32_t *number = NULL;
	size_t count = 0;
	enum chg_rc rc = chg_archive_list(shelf->folder, &number, &count, why, sizeof why);
	if (rc == CHG_E_SYSTEM) {
		if (!shelf->is_folder_told)
			complain(shelf, "%s", why);
		shelf->is_folder_told = true;
		return CHG_OK;
	}
	for (size_t i = 0; rc == CHG_OK && i < count; i++) {
		char name[CHG_ARCHIVE_NAME_MAX];
		chg_archive_name(number[i], name);
		if (find_file(shelf, name) == SIZE_MAX)
			rc = open_file(shelf, name);
	}
	free(number);
	return rc;
}

static enum chg_rc add_chunk(
	struct chg_archive_shelf *shelf, size_t file, const struct chg_archive_chunk *about)
{
	if (shelf->chunk_count == shelf->chunk_room) {
		size_t room = 2 * shelf->chunk_room + 64;
		struct chunk *more = reallocarray(shelf->chunk, room, sizeof *more);
		if (more == NULL)
			return CHG_E_NO_MEMORY;
		shelf->chunk = more;
		shelf->chunk_room = room;
	}
	shelf->chunk[shelf->chunk_count++] = (struct chunk){ .about = *about, .file = file };
	return CHG_OK;
}

/* What is not whole at the end may be on its way: it is looked at again the next time. */
static enum chg_rc find_chunks(struct chg_archive_shelf *shelf, size_t i)
{
	struct file *file = &shelf->file[i];
	struct chg_archive_chunk chunk;
	bool is_found = true;
	if (file->file.fd < 0 || chg_archive_look(&file->file) != CHG_OK)
		return CHG_OK;
	while (chg_archive_chunk_at(&file->file, file->scanned, &chunk, &is_found) == CHG_OK &&
		is_found) {
		enum chg_rc rc = add_chunk(shelf, i, &chunk);
		if (rc != CHG_OK)
			return rc;
		file->scanned += chunk.octets;
	}
	return CHG_OK;
}

static time_t time_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

/* Only names that came make the folder younger, and only the newest file grows. */
enum chg_rc chg_archive_shelf_refresh(struct chg_archive_shelf *shelf)
{
	struct stat folder;
	size_t before = shelf->file_count;
	enum chg_rc rc = CHG_OK;
	if (stat(shelf->folder, &folder) != 0)
		return find_files(shelf); /* which tells why */
	if (folder.st_mtim.tv_sec != shelf->folder_time.tv_sec ||
		folder.st_mtim.tv_nsec != shelf->folder_time.tv_nsec) {
		/* Within a moment there may come another name at the same time. */
		bool is_settled = folder.st_mtim.tv_sec + 1 < time_now();
		shelf->folder_time = is_settled ? folder.st_mtim : (struct timespec){ 0 };
		rc = find_files(shelf);
	}
	for (size_t i = before > 0 ? before - 1 : 0; rc == CHG_OK && i < shelf->file_count; i++)
		rc = find_chunks(shelf, i);
	return rc;
}

void chg_archive_shelf_close(struct chg_archive_shelf *shelf)
{
	if (shelf == NULL)
		return;
	for (size_t i = 0; i < LOADED_MAX; i++) {
		struct chg_store *store = &shelf->loaded[i].store;
		if (store->ops != NULL)
			store->ops->close(store->self);
	}
	for (size_t i = 0; i < shelf->chunk_count; i++) {
		free(shelf->chunk[i].stamp);
		free(shelf->chunk[i].filter);
	}
	for (size_t i = 0; i < shelf->file_count; i++)
		chg_archive_close(&shelf->file[i].file);
	free(shelf->chunk);
	free(shelf->file);
	free(shelf);
}

size_t chg_archive_shelf_count(const struct chg_archive_shelf *shelf)
{
	return shelf->chunk_count;
}

const struct chg_archive_chunk *chg_archive_shelf_chunk(
	const struct chg_archive_shelf *shelf, size_t i)
{
	return &shelf->chunk[i].about;
}

static void complain_chunk(struct chg_archive_shelf *shelf, struct chunk *chunk, enum chg_rc rc)
{
	const struct file *file = &shelf->file[chunk->file];
	char cure[160] = "a newer program wrote them: use that one";
	if (rc != CHG_E_STORE_SCHEMA)
		(void)snprintf(cure, sizeof cure,
			"they are damaged: keep the file, and put a copy in its place that has at "
			"least %" PRIu64 " octets",
			file->scanned);
	if (!chunk->is_bad)
		complain(shelf,
			"%s/%s: %" PRIu32 " records at octet %" PRIu64 " cannot be read: %s",
			shelf->folder, file->file.name, chunk->about.records, chunk->about.offset,
			cure);
	chunk->is_bad = true;
}

/* False: stamps and filter are not to be had. */
static bool need_index(struct chg_archive_shelf *shelf, struct chunk *chunk)
{
	if (chunk->stamp != NULL)
		return true;
	if (chunk->is_bad)
		return false;
	enum chg_rc rc = chg_archive_index_read(
		&shelf->file[chunk->file].file, &chunk->about, &chunk->stamp, &chunk->filter);
	if (rc != CHG_OK)
		complain_chunk(shelf, chunk, rc);
	return rc == CHG_OK;
}

static bool may_have(const struct chunk *chunk, enum chg_cdr_term kind, struct chg_view text)
{
	return !chg_view_present(text) ||
	       chg_archive_filter_has(
		       chunk->filter, chunk->about.filter_octets, chg_archive_term(kind, text));
}

static bool may_have_number(const struct chunk *chunk, chg_opt_u32 number)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%" PRIu32, number.value);
	return !number.is_present ||
	       may_have(chunk, CHG_CDR_TERM_APPLICATION_SESSION, chg_view_of(text));
}

bool chg_archive_shelf_may_fit(
	struct chg_archive_shelf *shelf, size_t i, const struct chg_cdr_filter *filter)
{
	struct chunk *chunk = &shelf->chunk[i];
	const struct chg_archive_chunk *about = &chunk->about;
	if (filter->status == CHG_CDR_OPEN ||
		(filter->from.is_present && about->started_us.high < filter->from.value.us) ||
		(filter->until.is_present && about->started_us.low >= filter->until.value.us) ||
		(filter->cdr_id != 0 && (filter->cdr_id < about->cdr_id.low ||
						filter->cdr_id > about->cdr_id.high)))
		return false;
	return need_index(shelf, chunk) && may_have(chunk, CHG_CDR_TERM_PARTY, filter->party) &&
	       may_have(chunk, CHG_CDR_TERM_SESSION, filter->session_id) &&
	       may_have(chunk, CHG_CDR_TERM_ICID, filter->icid) &&
	       may_have_number(chunk, filter->application_session_id);
}

static bool has_record(struct chg_archive_shelf *shelf, struct chunk *chunk, int64_t cdr_id)
{
	if (cdr_id < chunk->about.cdr_id.low || cdr_id > chunk->about.cdr_id.high ||
		!need_index(shelf, chunk))
		return false;
	size_t low = 0, high = chunk->about.records;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (chunk->stamp[middle].cdr_id < cdr_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < chunk->about.records && chunk->stamp[low].cdr_id == cdr_id;
}

bool chg_archive_shelf_has_later(struct chg_archive_shelf *shelf, size_t from, int64_t cdr_id)
{
	for (size_t i = from; i < shelf->chunk_count; i++) {
		if (has_record(shelf, &shelf->chunk[i], cdr_id))
			return true;
	}
	return false;
}

/* The later chunks that may have a record of this one, at the caller's to free. */
static enum chg_rc find_overlaps(
	const struct chg_archive_shelf *shelf, size_t of, size_t **ret, size_t *ret_count)
{
	const struct chg_range *range = &shelf->chunk[of].about.cdr_id;
	size_t *list = NULL, count = 0, room = 0;
	for (size_t i = of + 1; i < shelf->chunk_count; i++) {
		const struct chg_range *other = &shelf->chunk[i].about.cdr_id;
		if (other->high < range->low || other->low > range->high)
			continue;
		if (count == room) {
			room = 2 * room + 16;
			size_t *more = reallocarray(list, room, sizeof *more);
			if (more == NULL) {
				free(list);
				return CHG_E_NO_MEMORY;
			}
			list = more;
		}
		list[count++] = i;
	}
	*ret = list;
	*ret_count = count;
	return CHG_OK;
}

enum chg_rc chg_archive_shelf_drop_superseded(
	struct chg_archive_shelf *shelf, size_t of, int64_t *id, size_t *count)
{
	size_t *later = NULL, later_count = 0, kept = 0;
	enum chg_rc rc = find_overlaps(shelf, of, &later, &later_count);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < *count; i++) {
		bool is_superseded = false;
		for (size_t k = 0; k < later_count && !is_superseded; k++)
			is_superseded = has_record(shelf, &shelf->chunk[later[k]], id[i]);
		if (!is_superseded)
			id[kept++] = id[i];
	}
	*count = kept;
	free(later);
	return CHG_OK;
}

/* One that holds the chunk, else the one that was used longest ago. */
static struct loaded *choose_loaded(struct chg_archive_shelf *shelf, size_t chunk)
{
	struct loaded *oldest = &shelf->loaded[0];
	for (size_t i = 0; i < LOADED_MAX; i++) {
		struct loaded *loaded = &shelf->loaded[i];
		if (loaded->chunk == chunk)
			return loaded;
		if (loaded->used_at < oldest->used_at)
			oldest = loaded;
	}
	return oldest;
}

static enum chg_rc fill(struct chg_archive_shelf *shelf, struct loaded *loaded, size_t i)
{
	const struct chunk *chunk = &shelf->chunk[i];
	char why[CHG_ARCHIVE_WHY_MAX];
	char *body = NULL;
	enum chg_rc rc = CHG_OK;
	loaded->chunk = SIZE_MAX;
	if (loaded->store.ops == NULL)
		rc = chg_sqlite_shelf_open(&loaded->store, why, sizeof why);
	if (rc == CHG_OK)
		rc = chg_archive_body_read(&shelf->file[chunk->file].file, &chunk->about, &body);
	if (rc == CHG_OK)
		rc = chg_sqlite_shelf_fill(&loaded->store, chunk->about.schema,
			(struct chg_view){ .ptr = body, .len = (size_t)chunk->about.body_size });
	free(body);
	if (rc == CHG_OK)
		loaded->chunk = i;
	return rc;
}

enum chg_rc chg_archive_shelf_load(
	struct chg_archive_shelf *shelf, size_t i, const struct chg_store **ret)
{
	struct loaded *loaded = choose_loaded(shelf, i);
	*ret = NULL;
	if (shelf->chunk[i].is_bad)
		return CHG_OK;
	enum chg_rc rc = loaded->chunk == i ? CHG_OK : fill(shelf, loaded, i);
	if (rc == CHG_E_NO_MEMORY)
		return rc;
	if (rc != CHG_OK) {
		complain_chunk(shelf, &shelf->chunk[i], rc);
		return CHG_OK;
	}
	loaded->used_at = ++shelf->uses;
	*ret = &loaded->store;
	return CHG_OK;
}

enum chg_rc chg_archive_shelf_find(
	struct chg_archive_shelf *shelf, int64_t cdr_id, const struct chg_store **ret)
{
	*ret = NULL;
	for (size_t i = shelf->chunk_count; i > 0; i--) {
		if (has_record(shelf, &shelf->chunk[i - 1], cdr_id))
			return chg_archive_shelf_load(shelf, i - 1, ret);
	}
	return CHG_OK;
}

static bool note_found(void *to, const struct chg_cdr *cdr)
{
	(void)cdr;
	*(bool *)to = true;
	return false;
}

enum chg_rc chg_archive_shelf_in_database(
	struct chg_archive_shelf *shelf, int64_t cdr_id, bool *ret)
{
	const struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	*ret = false;
	return shelf->database.ops->scan_cdrs(shelf->database.self, &filter, note_found, ret);
}

static size_t find_line(const struct chg_archive_shelf *shelf,
	const struct chg_archive_line *archive, char ret_name[CHG_ARCHIVE_NAME_MAX])
{
	(void)snprintf(
		ret_name, CHG_ARCHIVE_NAME_MAX, "%.*s", (int)archive->name.len, archive->name.ptr);
	return find_file(shelf, ret_name);
}

static bool note_line(void *to, const struct chg_archive_line *archive)
{
	struct chg_archive_shelf *shelf = to;
	char name[CHG_ARCHIVE_NAME_MAX];
	size_t i = find_line(shelf, archive, name);
	if (i != SIZE_MAX) {
		shelf->file[i].octets = archive->octets;
		shelf->file[i].local_sequence_max = archive->local_sequence_max;
	}
	return true;
}

/* What the database says must be there. */
static bool compare_line(void *to, const struct chg_archive_line *archive)
{
	struct chg_archive_shelf *shelf = to;
	char name[CHG_ARCHIVE_NAME_MAX];
	size_t i = find_line(shelf, archive, name);
	if (i == SIZE_MAX && shelf->is_folder_told)
		return false; /* nobody knows what is missing */
	(void)note_line(shelf, archive);
	if (i == SIZE_MAX)
		complain(shelf,
			"%s/%s is missing, and %" PRIu64
			" records with it: put it back, or a copy of it",
			shelf->folder, name, archive->records);
	else if (!shelf->file[i].is_told && shelf->file[i].scanned < archive->octets)
		complain(shelf,
			"%s/%s is damaged at octet %" PRIu64
			" and cannot be read from there on: keep it, and put a copy in its place "
			"that has at least %" PRIu64 " octets",
			shelf->folder, name, shelf->file[i].scanned, archive->octets);
	return true;
}

/* What is the same of a record wherever it is, whatever became of it since. */
struct record {
	int64_t cdr_id;
	int64_t local_sequence;
	chg_instant received_first_at;
};

static bool take_highest(void *to, const struct chg_cdr *cdr)
{
	struct record *highest = to;
	if (cdr->state.local_sequence > highest->local_sequence)
		*highest = (struct record){ cdr->state.cdr_id, cdr->state.local_sequence,
			cdr->received_first_at };
	return true;
}

struct likeness {
	const struct record *record;
	bool is_same;
};

static bool compare_record(void *to, const struct chg_cdr *cdr)
{
	struct likeness *likeness = to;
	const struct record *record = likeness->record;
	likeness->is_same = cdr->state.local_sequence == record->local_sequence &&
			    cdr->received_first_at.us == record->received_first_at.us;
	return false;
}

static enum chg_rc has_same(const struct chg_store *store, const struct record *record, bool *ret)
{
	const struct chg_cdr_filter filter = { .cdr_id = record->cdr_id };
	struct likeness likeness = { .record = record };
	enum chg_rc rc = store->ops->scan_cdrs(store->self, &filter, compare_record, &likeness);
	*ret = likeness.is_same;
	return rc;
}

/* A record that did not leave for this chunk is in the database still, or left for a later one. */
static enum chg_rc find_same(
	struct chg_archive_shelf *shelf, size_t chunk, const struct record *record, bool *ret)
{
	enum chg_rc rc = has_same(&shelf->database, record, ret);
	for (size_t i = chunk + 1; rc == CHG_OK && !*ret && i < shelf->chunk_count; i++) {
		const struct chg_store *store = NULL;
		if (!has_record(shelf, &shelf->chunk[i], record->cdr_id))
			continue;
		rc = chg_archive_shelf_load(shelf, i, &store);
		if (rc == CHG_OK && store != NULL)
			rc = has_same(store, record, ret);
	}
	return rc;
}

/* The last chunk with the highest number of its file, when that is higher than all that left for it. */
static size_t find_suspect(const struct chg_archive_shelf *shelf, size_t file)
{
	int64_t highest = shelf->file[file].local_sequence_max;
	size_t suspect = SIZE_MAX;
	for (size_t i = 0; i < shelf->chunk_count; i++) {
		const struct chunk *chunk = &shelf->chunk[i];
		int64_t high = chunk->about.local_sequence.high;
		if (chunk->file != file || high < highest ||
			(suspect == SIZE_MAX && high == highest))
			continue;
		highest = high;
		suspect = i;
	}
	return suspect;
}

static void complain_strange(
	struct chg_archive_shelf *shelf, const struct file *file, const struct chunk *chunk)
{
	char cure[128] = "move that file to another folder";
	if (file->octets > chunk->about.offset)
		(void)snprintf(cure, sizeof cure, "put the archives of that copy in their place");
	else if (file->octets > 0)
		(void)snprintf(cure, sizeof cure,
			"keep a copy of that file in another folder and shorten it, "
			"`truncate --size=%" PRIu64 "`",
			file->octets);
	complain(shelf,
		"%s/%s has records that this database never had, so an older copy of the database "
		"was put back; new records get the same numbers and hide them: stop the node and "
		"%s (db/README.md, \"Versions, copies, repairs\", tells how to read them)",
		shelf->folder, file->file.name, cure);
}

/*
 * An archive that knows more than the database, because an older copy of that was put back.  Numbers
 * are given on closing, so it is enough to look at the highest: where the database had closed that
 * record it had closed all others.  What a prune writes in this moment, or could not finish, is in the
 * database still, or in its table by the time when it is not.
 */
static enum chg_rc look_for_strange(struct chg_archive_shelf *shelf, size_t i)
{
	const struct chg_store *store = NULL;
	struct record highest = { 0 };
	bool is_known = false;
	size_t suspect = find_suspect(shelf, i);
	if (suspect == SIZE_MAX)
		return CHG_OK;
	enum chg_rc rc = chg_archive_shelf_load(shelf, suspect, &store);
	if (rc != CHG_OK || store == NULL)
		return rc;
	const struct chg_cdr_filter all = { .limit = 0 };
	rc = store->ops->scan_cdrs(store->self, &all, take_highest, &highest);
	if (rc == CHG_OK)
		rc = find_same(shelf, suspect, &highest, &is_known);
	if (rc == CHG_OK && !is_known)
		rc = shelf->database.ops->scan_archives(shelf->database.self, note_line, shelf);
	if (rc == CHG_OK && !is_known && shelf->file[i].local_sequence_max < highest.local_sequence)
		complain_strange(shelf, &shelf->file[i], &shelf->chunk[suspect]);
	return rc;
}

enum chg_rc chg_archive_shelf_open(const struct chg_store *database, const char *folder,
	chg_archive_complain *complain_with, void *to, struct chg_archive_shelf **ret)
{
	struct chg_archive_shelf *shelf = calloc(1, sizeof *shelf);
	if (shelf == NULL)
		return CHG_E_NO_MEMORY;
	shelf->database = *database;
	shelf->complain = complain_with;
	shelf->complain_to = to;
	(void)snprintf(shelf->folder, sizeof shelf->folder, "%s", folder);
	for (size_t i = 0; i < LOADED_MAX; i++)
		shelf->loaded[i].chunk = SIZE_MAX;
	/* A database that was never a node's has no number, and cannot be given one by a reader. */
	uint32_t owner = 0;
	if (database->ops->own_state_id(database->self, 0, &owner) == CHG_OK)
		shelf->owner = owner;
	enum chg_rc rc = chg_archive_shelf_refresh(shelf);
	if (rc == CHG_OK)
		rc = database->ops->scan_archives(database->self, compare_line, shelf);
	for (size_t i = 0; rc == CHG_OK && i < shelf->file_count; i++)
		rc = look_for_strange(shelf, i);
	if (rc == CHG_OK)
		*ret = shelf;
	else
		chg_archive_shelf_close(shelf);
	return rc;
}

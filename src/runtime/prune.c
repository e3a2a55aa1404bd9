/* SPDX-License-Identifier: BSD-3-Clause
 * The order of things is what makes it safe: on disk in the archive first, gone from the database
 * then, chunk after chunk.
 */
#include "runtime/prune.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive_filter.h"
#include "store/sqlite/sqlite_pack.h"
#include "store/sqlite/sqlite_store.h"

struct terms {
	uint64_t *list;
	size_t count;
	size_t room;
};

/* A run on its way. */
struct run {
	const struct chg_prune *prune;
	struct chg_prune_progress *progress;
	struct chg_packer *packer;
	struct chg_archive_file file; /* fd -1: none yet */
	struct terms terms;
	char *why;
	size_t why_size;
};

/* The newest archive as the database or the folder knows it. */
struct newest {
	uint32_t number;  /* 0: there is none */
	uint64_t octets;  /* so much of it must be there; 0 when the database does not know it */
	uint64_t records; /* that left for it */
};

/* Says what is wrong, unless somebody who knew more did so. */
__attribute__((format(printf, 3, 4))) static enum chg_rc refuse(
	struct run *run, enum chg_rc rc, const char *format, ...)
{
	va_list args;
	if (run->why_size == 0 || run->why[0] != '\0')
		return rc;
	va_start(args, format);
	(void)vsnprintf(run->why, run->why_size, format, args);
	va_end(args);
	return rc;
}

/* What went wrong with the database has only its name. */
static enum chg_rc refuse_database(struct run *run, enum chg_rc rc)
{
	if (rc == CHG_OK || rc == CHG_E_CLOSED)
		return rc;
	return refuse(run, rc, "%s: %s%s", run->prune->database, chg_rc_sentence(rc),
		rc == CHG_E_STORE_CORRUPT ? ": `chgctl db check` says where" : "");
}

static void complain(struct run *run, const char *why)
{
	char text[CHG_ARCHIVE_WHY_MAX];
	(void)snprintf(text, sizeof text, "%s; records go into a new archive from here on", why);
	if (run->prune->complain != NULL)
		run->prune->complain(run->prune->self, text);
}

static void complain_damaged(struct run *run, const char *name, uint64_t offset, uint64_t octets)
{
	char why[CHG_ARCHIVE_WHY_MAX];
	(void)snprintf(why, sizeof why,
		"%s/%s is damaged at octet %" PRIu64
		": keep it, and put a copy in its place that has at least %" PRIu64 " octets",
		run->prune->folder, name, offset, octets);
	complain(run, why);
}

static bool note_term(void *to, enum chg_cdr_term kind, struct chg_view text)
{
	struct terms *terms = to;
	if (terms->count == terms->room) {
		size_t room = 2 * terms->room + 1024;
		uint64_t *more = reallocarray(terms->list, room, sizeof *more);
		if (more == NULL)
			return false;
		terms->list = more;
		terms->room = room;
	}
	terms->list[terms->count++] = chg_archive_term(kind, text);
	return true;
}

static bool note_newest(void *to, const struct chg_archive_line *archive)
{
	struct newest *newest = to;
	char name[CHG_ARCHIVE_NAME_MAX];
	uint32_t number;
	(void)snprintf(name, sizeof name, "%.*s", (int)archive->name.len, archive->name.ptr);
	if (chg_archive_number(name, &number) && number >= newest->number)
		*newest = (struct newest){ number, archive->octets, archive->records };
	return true;
}

static enum chg_rc refuse_other_node(struct run *run, const struct chg_archive_file *file)
{
	return refuse(run, CHG_E_CONFIG,
		"%s/%s holds records of another node (Origin-State-Id %" PRIu32
		", this one has %" PRIu32
		"): name the folder of this one's archives in cdr.archive_dir",
		run->prune->folder, file->name, file->owner, run->prune->owner);
}

/* The latest archive that the database knows shows that this is its folder, and mounted. */
static enum chg_rc need_known(struct run *run, const struct newest *known)
{
	char name[CHG_ARCHIVE_NAME_MAX], why[CHG_ARCHIVE_WHY_MAX];
	struct chg_archive_file file;
	chg_archive_name(known->number, name);
	enum chg_rc rc = chg_archive_open(run->prune->folder, name, &file, why, sizeof why);
	if (rc == CHG_E_UNKNOWN)
		return refuse(run, CHG_E_UNKNOWN,
			"%s/%s is missing, and %" PRIu64
			" records with it: mount its disk, put it or a copy of it back, or name "
			"its folder in cdr.archive_dir; where it is lost for good, put an empty "
			"file in its place",
			run->prune->folder, name, known->records);
	if (rc == CHG_E_STORE_CORRUPT)
		return CHG_OK; /* it is here, and is not gone on with */
	if (rc != CHG_OK)
		return refuse(run, rc, "%s", why);
	if (file.owner != run->prune->owner)
		rc = refuse_other_node(run, &file);
	chg_archive_close(&file);
	return rc;
}

/*
 * Looks at a file that the database does not know: one of ours was made and not come to be counted, all
 * others are nobody's affair, unless nothing else shows whose folder this is.
 */
static enum chg_rc look_at(struct run *run, uint32_t number, bool has_known, struct newest *newest)
{
	char name[CHG_ARCHIVE_NAME_MAX], why[CHG_ARCHIVE_WHY_MAX];
	struct chg_archive_file file;
	enum chg_rc rc = CHG_OK;
	chg_archive_name(number, name);
	if (chg_archive_open(run->prune->folder, name, &file, why, sizeof why) != CHG_OK)
		return CHG_OK;
	if (file.owner == run->prune->owner && file.number == number)
		*newest = (struct newest){ .number = number };
	else if (file.owner != run->prune->owner && !has_known)
		rc = refuse_other_node(run, &file);
	chg_archive_close(&file);
	return rc;
}

static enum chg_rc look_around(struct run *run, struct newest *newest)
{
	uint32_t *number = NULL;
	size_t count = 0;
	uint32_t known = newest->number;
	enum chg_rc rc =
		chg_archive_list(run->prune->folder, &number, &count, run->why, run->why_size);
	for (size_t i = 0; rc == CHG_OK && i < count; i++) {
		if (number[i] > known)
			rc = look_at(run, number[i], known > 0, newest);
	}
	free(number);
	return rc;
}

static enum chg_rc find_newest(struct run *run, struct newest *ret)
{
	struct newest newest = { 0 };
	const struct chg_store *store = chg_sqlite_packer_store(run->packer);
	enum chg_rc rc = store->ops->scan_archives(store->self, note_newest, &newest);
	if (rc == CHG_OK && newest.number > 0)
		rc = need_known(run, &newest);
	if (rc == CHG_OK)
		rc = look_around(run, &newest);
	*ret = newest;
	return rc;
}

/* The last chunk that is whole, and where it ends; a file without any ends behind its head. */
static enum chg_rc find_end(const struct chg_archive_file *file, struct chg_archive_chunk *ret_last,
	bool *ret_has_last, uint64_t *ret_end)
{
	struct chg_archive_chunk chunk;
	bool is_found = true;
	enum chg_rc rc;
	*ret_has_last = false;
	*ret_end = CHG_ARCHIVE_HEAD;
	while ((rc = chg_archive_chunk_at(file, *ret_end, &chunk, &is_found)) == CHG_OK &&
		is_found) {
		*ret_last = chunk;
		*ret_has_last = true;
		*ret_end += chunk.octets;
	}
	return rc == CHG_E_STORE_CORRUPT ? CHG_OK : rc;
}

/* What is written into a file that its name does not lead to any more, nobody finds again. */
static enum chg_rc need_place(struct run *run)
{
	if (chg_archive_is_in_place(&run->file, run->prune->folder))
		return CHG_OK;
	return refuse(run, CHG_E_STORE_CORRUPT,
		"%s/%s is not the file any more that is being written: it or its folder was moved, "
		"replaced, deleted or unmounted meanwhile; put it back while no prune runs, or "
		"name its folder in cdr.archive_dir; nothing left the database since",
		run->prune->folder, run->file.name);
}

static enum chg_rc remove_chunk(
	struct run *run, const struct chg_archive_chunk *chunk, const struct chg_cdr_stamp *stamp)
{
	const struct chg_archive_line line = { .name = chg_view_of(run->file.name),
		.octets = chunk->offset + chunk->octets };
	uint64_t removed = 0;
	enum chg_rc rc = need_place(run);
	if (rc != CHG_OK)
		return rc;
	rc = run->prune->remove(run->prune->self, &line, stamp, chunk->records, &removed);
	run->progress->removed += removed;
	return refuse_database(run, rc);
}

static enum chg_rc read_stamps(const struct chg_archive_file *file,
	const struct chg_archive_chunk *chunk, struct chg_cdr_stamp **ret)
{
	uint8_t *filter = NULL;
	char *body = NULL;
	/* Nothing is removed on account of a chunk that could not be read any more. */
	enum chg_rc rc = chg_archive_body_read(file, chunk, &body);
	if (rc == CHG_OK)
		rc = chg_archive_index_read(file, chunk, ret, &filter);
	free(body);
	free(filter);
	return rc;
}

static enum chg_rc refuse_unreadable(
	struct run *run, enum chg_rc rc, const char *name, uint64_t offset)
{
	return refuse(run, rc,
		"%s/%s cannot be read at octet %" PRIu64
		": %s: is its disk in order? Keep the file, and put a copy in its place that has "
		"at least as many octets",
		run->prune->folder, name, offset, chg_rc_sentence(rc));
}

/*
 * Removes what an earlier run wrote and did not come to remove.  Of a chunk that is damaged nothing is:
 * what the database still has of it goes into the next archive once more, and of two copies the later
 * one counts.
 */
static enum chg_rc finish_chunk(struct run *run, const struct chg_archive_chunk *chunk)
{
	struct chg_cdr_stamp *stamps = NULL;
	enum chg_rc rc = read_stamps(&run->file, chunk, &stamps);
	if (rc == CHG_OK) {
		rc = remove_chunk(run, chunk, stamps);
	} else if (rc == CHG_E_STORE_CORRUPT) {
		complain_damaged(run, run->file.name, chunk->offset, run->file.size);
		chg_archive_close(&run->file);
		rc = CHG_OK;
	} else {
		rc = refuse_unreadable(run, rc, run->file.name, chunk->offset);
	}
	free(stamps);
	return rc;
}

static enum chg_rc continue_file(
	struct run *run, const char *name, uint64_t end, const struct chg_archive_chunk *last)
{
	enum chg_rc rc = chg_archive_continue(
		run->prune->folder, name, end, &run->file, run->why, run->why_size);
	if (rc == CHG_OK)
		chg_archive_give(&run->file, run->prune->database);
	return rc == CHG_OK && last != NULL ? finish_chunk(run, last) : rc;
}

/* Goes on with the newest archive; one that is damaged is left as it is. */
static enum chg_rc go_on(struct run *run, const struct newest *newest)
{
	char name[CHG_ARCHIVE_NAME_MAX], why[CHG_ARCHIVE_WHY_MAX];
	struct chg_archive_chunk last;
	bool has_last;
	struct chg_archive_file file;
	uint64_t end;
	chg_archive_name(newest->number, name);
	enum chg_rc rc = chg_archive_open(run->prune->folder, name, &file, why, sizeof why);
	if (rc == CHG_E_STORE_CORRUPT) {
		complain(run, why);
		return CHG_OK;
	}
	if (rc != CHG_OK)
		return refuse(run, rc, "%s", why);
	rc = find_end(&file, &last, &has_last, &end);
	chg_archive_close(&file);
	if (rc != CHG_OK)
		return refuse_unreadable(run, rc, name, end);
	if (end < newest->octets) {
		complain_damaged(run, name, end, newest->octets);
		return CHG_OK;
	}
	return continue_file(run, name, end, has_last ? &last : NULL);
}

/* Names that something else has are passed over. */
static enum chg_rc make_free_file(struct run *run, uint32_t *number)
{
	const struct chg_prune *prune = run->prune;
	char why[CHG_ARCHIVE_WHY_MAX];
	enum chg_rc rc = CHG_E_BUSY;
	for (; rc == CHG_E_BUSY && *number <= CHG_ARCHIVE_NUMBER_MAX; ++*number)
		rc = chg_archive_create(prune->folder, *number, prune->owner, prune->now,
			&run->file, why, sizeof why);
	if (rc == CHG_E_BUSY)
		return refuse(run, CHG_E_STORE_FULL,
			"there are too many archives in %s: move away what is none of this node's",
			prune->folder);
	return rc == CHG_OK ? rc : refuse(run, rc, "%s", why);
}

static enum chg_rc make_file(struct run *run, uint32_t *number)
{
	chg_archive_close(&run->file);
	enum chg_rc rc = chg_archive_folder_make(
		run->prune->folder, run->prune->database, run->why, run->why_size);
	if (rc == CHG_OK)
		rc = make_free_file(run, number);
	if (rc == CHG_OK)
		chg_archive_give(&run->file, run->prune->database);
	return rc;
}

/* The file that the next chunk goes into. */
static enum chg_rc need_file(struct run *run, uint32_t *next_number)
{
	if (run->file.fd >= 0 && run->file.size < CHG_PRUNE_FILE_OCTETS)
		return CHG_OK;
	return make_file(run, next_number);
}

static enum chg_rc write_chunk(
	struct run *run, const struct chg_pack *pack, struct chg_archive_chunk *ret)
{
	const struct chg_archive_load load = { .schema = (uint32_t)chg_sqlite_schema_version(),
		.records = pack->records,
		.cdr_id = pack->cdr_id,
		.started_us = pack->started_us,
		.closed_us = pack->closed_us,
		.local_sequence = pack->local_sequence,
		.stamp = pack->stamp,
		.term = run->terms.list,
		.term_count = run->terms.count,
		.body = pack->body };
	enum chg_rc rc = chg_archive_append(&run->file, &load, ret);
	if (rc == CHG_E_STORE_FULL)
		return refuse(run, rc,
			"%s/%s cannot be written: make room on its disk; no record was removed "
			"that is not in an archive",
			run->prune->folder, run->file.name);
	if (rc == CHG_E_STORE_CORRUPT || rc == CHG_E_SYSTEM)
		return refuse(run, rc,
			"what was written into %s/%s cannot be read back: is its disk in order? No "
			"record was removed that is not in an archive",
			run->prune->folder, run->file.name);
	if (rc != CHG_OK)
		return rc;
	run->progress->archived += pack->records;
	run->progress->octets += ret->octets;
	return CHG_OK;
}

static bool tell(struct run *run)
{
	return run->prune->tell == NULL || run->prune->tell(run->prune->self, run->progress);
}

/* A chunk that is too large is taken smaller; a record that is too large alone stays. */
static enum chg_rc take_pack(struct run *run, struct chg_pack_ask *ask, struct chg_pack *ret)
{
	uint32_t records_max = ask->records_max;
	enum chg_rc rc;
	for (;;) {
		run->terms.count = 0;
		rc = chg_sqlite_pack_next(run->packer, ask, note_term, &run->terms, ret);
		if (rc != CHG_OK || ret->body.len <= CHG_ARCHIVE_BODY_MAX)
			break;
		if (ret->records > 1) {
			ask->records_max = ret->records - 1;
		} else {
			ask->after_cdr_id = ret->cdr_id.high;
			run->progress->kept++;
		}
	}
	ask->records_max = records_max;
	return rc;
}

static enum chg_rc move_chunk(struct run *run, const struct chg_pack *pack, uint32_t *next_number)
{
	struct chg_archive_chunk chunk;
	uint64_t before = run->progress->removed;
	enum chg_rc rc = need_file(run, next_number);
	if (rc == CHG_OK)
		rc = write_chunk(run, pack, &chunk);
	if (rc == CHG_OK)
		rc = remove_chunk(run, &chunk, pack->stamp);
	if (rc == CHG_OK)
		run->progress->kept += pack->records - (run->progress->removed - before);
	return rc;
}

static enum chg_rc move_all(struct run *run, uint32_t next_number)
{
	const struct chg_prune *prune = run->prune;
	struct chg_pack_ask ask = { .closed_before = prune->closed_before,
		.highest_cdr_id = run->progress->highest_cdr_id,
		.records_max =
			prune->chunk_records == 0 ? CHG_PRUNE_CHUNK_RECORDS : prune->chunk_records,
		.octets_max = CHG_PRUNE_CHUNK_OCTETS };
	for (;;) {
		struct chg_pack pack;
		if (!tell(run))
			return CHG_E_CLOSED;
		enum chg_rc rc = take_pack(run, &ask, &pack);
		if (rc != CHG_OK || pack.records == 0)
			return rc;
		rc = move_chunk(run, &pack, &next_number);
		if (rc != CHG_OK)
			return rc;
		ask.after_cdr_id = pack.cdr_id.high;
		run->progress->cdr_id = pack.cdr_id.high;
	}
}

static enum chg_rc begin(struct run *run, uint32_t *ret_next_number)
{
	struct newest newest = { 0 };
	enum chg_rc rc =
		chg_sqlite_packer_open(run->prune->database, &run->packer, run->why, run->why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_pack_bound(
			run->packer, run->prune->closed_before, &run->progress->highest_cdr_id);
	if (rc == CHG_OK)
		rc = find_newest(run, &newest);
	if (rc == CHG_OK && newest.number > 0)
		rc = go_on(run, &newest);
	*ret_next_number = newest.number + 1;
	return rc;
}

enum chg_rc chg_prune_run(const struct chg_prune *prune, struct chg_prune_progress *ret,
	char *reterr_why, size_t why_size)
{
	struct run run = { .prune = prune,
		.progress = ret,
		.file = { .fd = -1 },
		.why = reterr_why,
		.why_size = why_size };
	uint32_t next_number;
	*ret = (struct chg_prune_progress){ 0 };
	if (why_size > 0)
		reterr_why[0] = '\0';
	enum chg_rc rc = begin(&run, &next_number);
	if (rc == CHG_OK)
		rc = move_all(&run, next_number);
	if (rc == CHG_OK) {
		ret->cdr_id = ret->highest_cdr_id;
		(void)tell(&run);
	}
	chg_archive_close(&run.file);
	chg_sqlite_packer_close(run.packer);
	free(run.terms.list);
	return refuse_database(&run, rc);
}

enum chg_rc chg_prune_count(const char *database, chg_instant closed_before, uint64_t *ret_records,
	char *reterr_why, size_t why_size)
{
	struct chg_packer *packer = NULL;
	struct chg_pack_ask ask = { .closed_before = closed_before, .records_max = UINT32_MAX };
	enum chg_rc rc = chg_sqlite_packer_open(database, &packer, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_pack_bound(packer, closed_before, &ask.highest_cdr_id);
	if (rc == CHG_OK)
		rc = chg_sqlite_pack_count(packer, &ask, ret_records);
	chg_sqlite_packer_close(packer);
	return rc;
}

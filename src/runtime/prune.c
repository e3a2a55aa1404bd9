/* SPDX-License-Identifier: BSD-3-Clause
 * The order of things is what makes it safe: on disk in the archive first, gone from the database
 * then, chunk after chunk.
 */
#include "runtime/prune.h"

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

/* The newest archive as the database and the folder know it. */
struct newest {
	uint32_t number; /* 0: there is none */
	uint64_t octets; /* so much of it must be there; 0 when the database does not know it */
};

static enum chg_rc refuse(struct run *run, enum chg_rc rc)
{
	if (run->why_size > 0 && run->why[0] == '\0')
		(void)snprintf(run->why, run->why_size, "%s", chg_rc_sentence(rc));
	return rc;
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
		*newest = (struct newest){ number, archive->octets };
	return true;
}

static enum chg_rc find_newest(struct run *run, struct newest *ret)
{
	struct newest newest = { 0 };
	const struct chg_store *store = chg_sqlite_packer_store(run->packer);
	enum chg_rc rc = store->ops->scan_archives(store->self, note_newest, &newest);
	uint32_t highest = chg_archive_highest(run->prune->folder);
	if (highest > newest.number)
		newest = (struct newest){ .number = highest };
	*ret = newest;
	return rc;
}

/* The last chunk that is whole, and where it ends; a file without any ends behind its head. */
static uint64_t find_end(
	const struct chg_archive_file *file, struct chg_archive_chunk *ret_last, bool *ret_has_last)
{
	uint64_t end = CHG_ARCHIVE_HEAD;
	struct chg_archive_chunk chunk;
	bool is_found = true;
	*ret_has_last = false;
	while (chg_archive_chunk_at(file, end, &chunk, &is_found) == CHG_OK && is_found) {
		*ret_last = chunk;
		*ret_has_last = true;
		end += chunk.octets;
	}
	return end;
}

static enum chg_rc remove_chunk(
	struct run *run, const struct chg_archive_chunk *chunk, const struct chg_cdr_stamp *stamp)
{
	const struct chg_archive_line line = { .name = chg_view_of(run->file.name),
		.octets = chunk->offset + chunk->octets };
	uint64_t removed = 0;
	enum chg_rc rc =
		run->prune->remove(run->prune->self, &line, stamp, chunk->records, &removed);
	run->progress->removed += removed;
	return rc;
}

/* What an earlier run wrote and did not come to remove. */
static enum chg_rc finish_chunk(struct run *run, const struct chg_archive_chunk *chunk)
{
	struct chg_cdr_stamp *stamps = NULL;
	uint8_t *filter = NULL;
	char *body = NULL;
	/* Nothing is removed on account of a chunk that could not be read any more. */
	enum chg_rc rc = chg_archive_body_read(&run->file, chunk, &body);
	free(body);
	if (rc == CHG_OK)
		rc = chg_archive_index_read(&run->file, chunk, &stamps, &filter);
	if (rc == CHG_OK)
		rc = remove_chunk(run, chunk, stamps);
	free(stamps);
	free(filter);
	return rc;
}

/*
 * Goes on with the newest archive.  One that is missing, damaged, or somebody else's is left as it is;
 * ret_number is then that of the next one to make.
 */
static enum chg_rc go_on(struct run *run, struct newest newest)
{
	char name[CHG_ARCHIVE_NAME_MAX], why[CHG_ARCHIVE_WHY_MAX];
	struct chg_archive_chunk last;
	bool has_last;
	struct chg_archive_file file;
	chg_archive_name(newest.number, name);
	if (chg_archive_open(run->prune->folder, name, &file, why, sizeof why) != CHG_OK)
		return CHG_OK;
	uint64_t end = find_end(&file, &last, &has_last);
	bool is_ours = file.owner == run->prune->owner && end >= newest.octets;
	chg_archive_close(&file);
	if (!is_ours)
		return CHG_OK;
	enum chg_rc rc = chg_archive_continue(
		run->prune->folder, name, end, &run->file, run->why, run->why_size);
	if (rc == CHG_OK)
		chg_archive_give(&run->file, run->prune->database);
	return rc == CHG_OK && has_last ? finish_chunk(run, &last) : rc;
}

static enum chg_rc make_file(struct run *run, uint32_t number)
{
	if (number > CHG_ARCHIVE_NUMBER_MAX) {
		(void)snprintf(run->why, run->why_size, "there are too many archives in %s",
			run->prune->folder);
		return CHG_E_STORE_FULL;
	}
	chg_archive_close(&run->file);
	enum chg_rc rc = chg_archive_folder_make(
		run->prune->folder, run->prune->database, run->why, run->why_size);
	if (rc == CHG_OK)
		rc = chg_archive_create(run->prune->folder, number, run->prune->owner,
			run->prune->now, &run->file, run->why, run->why_size);
	if (rc == CHG_OK)
		chg_archive_give(&run->file, run->prune->database);
	return rc;
}

/* The file that the next chunk goes into. */
static enum chg_rc need_file(struct run *run, uint32_t *next_number)
{
	if (run->file.fd >= 0 && run->file.size < CHG_PRUNE_FILE_OCTETS)
		return CHG_OK;
	enum chg_rc rc = make_file(run, *next_number);
	if (rc == CHG_OK)
		(*next_number)++;
	return rc;
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
		(void)snprintf(run->why, run->why_size,
			"%s/%s cannot be written: make room on its disk; no record was removed "
			"that is not in an archive",
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
		rc = go_on(run, newest);
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
	return rc == CHG_OK ? rc : refuse(&run, rc);
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

/* SPDX-License-Identifier: BSD-3-Clause
 * The merge: the database is scanned, and before each of its records those of the archives are handed
 * out that stand between it and the one before.  So the database is always read before the archives,
 * and a record that moves meanwhile is found in one of them.
 */
#include "runtime/archive_store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/archive_shelf.h"

/* A chunk whose turn it is: what of it fits the filter, and how far it was handed out. */
struct active {
	size_t chunk;
	size_t known; /* chunks that were known when it was looked at */
	int64_t *id;
	size_t count;
	size_t room;
	size_t at;
};

struct merge {
	struct chg_archive_shelf *shelf;
	const struct chg_cdr_filter *filter;
	chg_cdr_each *each;
	void *to;
	int64_t cursor; /* all up to here was handed out */
	size_t found;
	bool is_done;
	enum chg_rc rc;
	size_t *order; /* chunks in the order in which their turn comes */
	size_t order_count;
	size_t order_at;
	struct active *active;
	size_t active_count;
	size_t active_room;
};

struct archive_store {
	struct chg_store database;
	struct chg_archive_shelf *shelf;
};

/* Whether a comes before b in the direction of the scan. */
static bool is_before(const struct merge *merge, int64_t a, int64_t b)
{
	return merge->filter->newest_first ? a > b : a < b;
}

static const struct chg_archive_chunk *chunk_of(const struct merge *merge, size_t i)
{
	return chg_archive_shelf_chunk(merge->shelf, i);
}

static int64_t first_of(const struct merge *merge, size_t i)
{
	const struct chg_archive_chunk *chunk = chunk_of(merge, i);
	return merge->filter->newest_first ? chunk->cdr_id.high : chunk->cdr_id.low;
}

static int64_t last_of(const struct merge *merge, size_t i)
{
	const struct chg_archive_chunk *chunk = chunk_of(merge, i);
	return merge->filter->newest_first ? chunk->cdr_id.low : chunk->cdr_id.high;
}

/* A file that tells lies may hold more records than it says. */
static bool note_id(void *to, const struct chg_cdr *cdr)
{
	struct active *active = to;
	if (active->count == active->room)
		return false;
	active->id[active->count++] = cdr->state.cdr_id;
	return true;
}

static enum chg_rc find_matches(struct merge *merge, struct active *active)
{
	const struct chg_store *store = NULL;
	struct chg_cdr_filter filter = *merge->filter;
	enum chg_rc rc = chg_archive_shelf_load(merge->shelf, active->chunk, &store);
	if (rc != CHG_OK || store == NULL)
		return rc;
	active->room = chunk_of(merge, active->chunk)->records;
	active->id = calloc(active->room, sizeof *active->id);
	if (active->id == NULL)
		return CHG_E_NO_MEMORY;
	filter.limit = 0;
	filter.after_cdr_id = merge->cursor == INT64_MAX ? 0 : merge->cursor;
	rc = store->ops->scan_cdrs(store->self, &filter, note_id, active);
	if (rc == CHG_OK)
		rc = chg_archive_shelf_drop_superseded(
			merge->shelf, active->chunk, active->id, &active->count);
	return rc;
}

static bool reserve_active(struct merge *merge)
{
	if (merge->active_count < merge->active_room)
		return true;
	size_t room = 2 * merge->active_room + 16;
	struct active *more = reallocarray(merge->active, room, sizeof *more);
	if (more == NULL)
		return false;
	merge->active = more;
	merge->active_room = room;
	return true;
}

static void activate(struct merge *merge, size_t chunk)
{
	struct active active = { .chunk = chunk, .known = chg_archive_shelf_count(merge->shelf) };
	if (!is_before(merge, merge->cursor, last_of(merge, chunk)) ||
		!chg_archive_shelf_may_fit(merge->shelf, chunk, merge->filter))
		return;
	if (!reserve_active(merge)) {
		merge->rc = CHG_E_NO_MEMORY;
		return;
	}
	merge->rc = find_matches(merge, &active);
	if (merge->rc == CHG_OK && active.count > 0)
		merge->active[merge->active_count++] = active;
	else
		free(active.id);
}

static void forget_active(struct merge *merge, size_t i)
{
	free(merge->active[i].id);
	merge->active[i] = merge->active[--merge->active_count];
}

/* The active chunk whose next record comes first, of several with the same the latest; SIZE_MAX none. */
static size_t find_best(const struct merge *merge)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < merge->active_count; i++) {
		const struct active *active = &merge->active[i];
		int64_t id = active->id[active->at];
		if (best == SIZE_MAX) {
			best = i;
			continue;
		}
		const struct active *other = &merge->active[best];
		if (is_before(merge, id, other->id[other->at]) ||
			(id == other->id[other->at] && active->chunk > other->chunk))
			best = i;
	}
	return best;
}

/* Chunks come into play when nothing before their first record is left. */
static void activate_up_to(struct merge *merge, int64_t bound)
{
	while (merge->rc == CHG_OK && merge->order_at < merge->order_count) {
		size_t best = find_best(merge);
		int64_t limit = bound;
		if (best != SIZE_MAX) {
			const struct active *active = &merge->active[best];
			limit = is_before(merge, active->id[active->at], bound)
					? active->id[active->at]
					: bound;
		}
		int64_t first = first_of(merge, merge->order[merge->order_at]);
		if (is_before(merge, limit, first))
			return;
		activate(merge, merge->order[merge->order_at++]);
	}
}

static bool hand_out(void *to, const struct chg_cdr *cdr)
{
	struct merge *merge = to;
	merge->found++;
	merge->is_done = !merge->each(merge->to, cdr) || merge->found == merge->filter->limit;
	return false;
}

/* A copy that the database has too, or a chunk that came meanwhile, is none. */
static void hand_out_one(struct merge *merge, const struct active *active, int64_t cdr_id)
{
	const struct chg_store *store = NULL;
	struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	if (chg_archive_shelf_has_later(merge->shelf, active->known, cdr_id))
		return;
	bool is_there = false;
	merge->rc = chg_archive_shelf_in_database(merge->shelf, cdr_id, &is_there);
	if (merge->rc != CHG_OK || is_there)
		return;
	merge->rc = chg_archive_shelf_load(merge->shelf, active->chunk, &store);
	if (merge->rc == CHG_OK && store != NULL)
		merge->rc = store->ops->scan_cdrs(store->self, &filter, hand_out, merge);
}

/* Puts chunks that came meanwhile where they belong; those whose turn would be over come at once. */
static void take_new_chunks(struct merge *merge)
{
	size_t count = chg_archive_shelf_count(merge->shelf);
	if (count == merge->order_count || merge->rc != CHG_OK)
		return;
	size_t *order = reallocarray(merge->order, count, sizeof *order);
	if (order == NULL) {
		merge->rc = CHG_E_NO_MEMORY;
		return;
	}
	merge->order = order;
	for (size_t chunk = merge->order_count; chunk < count; chunk++) {
		size_t at = merge->order_count++;
		for (; at > 0 &&
			is_before(merge, first_of(merge, chunk), first_of(merge, order[at - 1]));
			at--)
			order[at] = order[at - 1];
		order[at] = chunk;
		if (at < merge->order_at) {
			merge->order_at++;
			activate(merge, chunk);
		}
	}
}

/* All that is archived between the cursor and the bound, both left out. */
static void hand_out_archived(struct merge *merge, int64_t bound)
{
	if (merge->rc == CHG_OK)
		merge->rc = chg_archive_shelf_refresh(merge->shelf);
	take_new_chunks(merge);
	while (merge->rc == CHG_OK && !merge->is_done) {
		activate_up_to(merge, bound);
		size_t best = find_best(merge);
		if (merge->rc != CHG_OK || best == SIZE_MAX)
			return;
		struct active *active = &merge->active[best];
		int64_t cdr_id = active->id[active->at];
		if (!is_before(merge, cdr_id, bound))
			return;
		if (is_before(merge, merge->cursor, cdr_id)) {
			hand_out_one(merge, active, cdr_id);
			merge->cursor = cdr_id;
		}
		if (++active->at == active->count)
			forget_active(merge, best);
	}
}

static bool database_each(void *to, const struct chg_cdr *cdr)
{
	struct merge *merge = to;
	hand_out_archived(merge, cdr->state.cdr_id);
	if (merge->rc != CHG_OK || merge->is_done)
		return false;
	merge->cursor = cdr->state.cdr_id;
	(void)hand_out(merge, cdr);
	return !merge->is_done;
}

static struct merge merge_of(struct archive_store *store, const struct chg_cdr_filter *filter,
	chg_cdr_each *each, void *to)
{
	struct merge merge = { .shelf = store->shelf, .filter = filter, .each = each, .to = to };
	if (filter->cdr_id != 0 && filter->after_cdr_id == 0)
		merge.cursor = filter->newest_first ? filter->cdr_id + 1 : filter->cdr_id - 1;
	else if (filter->newest_first && filter->after_cdr_id == 0)
		merge.cursor = INT64_MAX;
	else
		merge.cursor = filter->after_cdr_id;
	return merge;
}

static enum chg_rc scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to)
{
	struct archive_store *store = self;
	const struct chg_store *database = &store->database;
	struct merge merge = merge_of(store, filter, each, to);
	enum chg_rc rc = database->ops->scan_cdrs(database->self, filter, database_each, &merge);
	if (rc == CHG_OK && merge.rc == CHG_OK && !merge.is_done)
		hand_out_archived(&merge, filter->newest_first ? 0 : INT64_MAX);
	while (merge.active_count > 0)
		forget_active(&merge, 0);
	free(merge.active);
	free(merge.order);
	return rc == CHG_OK ? merge.rc : rc;
}

/* Where a record is: the database, or a chunk that was loaded; NULL nowhere. */
static enum chg_rc find_holder(
	struct archive_store *store, int64_t cdr_id, const struct chg_store **ret)
{
	bool is_there = false;
	*ret = NULL;
	enum chg_rc rc = chg_archive_shelf_in_database(store->shelf, cdr_id, &is_there);
	if (rc == CHG_OK && is_there)
		*ret = &store->database;
	else if (rc == CHG_OK)
		rc = chg_archive_shelf_find(store->shelf, cdr_id, ret);
	return rc;
}

static enum chg_rc scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to)
{
	const struct chg_store *holder;
	enum chg_rc rc = find_holder(self, cdr_id, &holder);
	if (rc != CHG_OK || holder == NULL)
		return rc;
	return holder->ops->scan_entries(holder->self, cdr_id, each, to);
}

static enum chg_rc scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to)
{
	const struct chg_store *holder;
	enum chg_rc rc = find_holder(self, cdr_id, &holder);
	if (rc != CHG_OK || holder == NULL)
		return rc;
	return holder->ops->scan_participants(holder->self, cdr_id, each, to);
}

static enum chg_rc done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to)
{
	const struct chg_store *holder;
	enum chg_rc rc = find_holder(self, cdr_id, &holder);
	if (rc != CHG_OK || holder == NULL)
		return rc;
	return holder->books->done_scan(holder->self, cdr_id, each, to);
}

static enum chg_rc scan_archives(void *self, chg_archive_each *each, void *to)
{
	const struct archive_store *store = self;
	return store->database.ops->scan_archives(store->database.self, each, to);
}

static void close_store(void *self)
{
	struct archive_store *store = self;
	chg_archive_shelf_close(store->shelf);
	free(store);
}

static const struct chg_store_ops ops = {
	.scan_cdrs = scan_cdrs,
	.scan_entries = scan_entries,
	.scan_participants = scan_participants,
	.scan_archives = scan_archives,
	.close = close_store,
};

static const struct chg_books_ops books = {
	.done_scan = done_scan,
};

enum chg_rc chg_archive_store_open(const struct chg_store *database, const char *folder,
	chg_archive_complain *complain, void *to, struct chg_store *ret)
{
	struct archive_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return CHG_E_NO_MEMORY;
	store->database = *database;
	enum chg_rc rc =
		chg_archive_shelf_open(&store->database, folder, complain, to, &store->shelf);
	if (rc != CHG_OK) {
		free(store);
		return rc;
	}
	*ret = (struct chg_store){ .ops = &ops, .self = store, .books = &books };
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Records that an archive holds by now leave the store.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "store/memory/memory_private.h"

/* What of a record is in rows of its own; each of them begins with the id of its record. */
static const enum kind belongings[] = { ENTRIES, PARTICIPANTS, PARTIES, DONES };

_Static_assert(offsetof(struct timeline_row, cdr_id) == 0, "cdr_id comes first");
_Static_assert(offsetof(struct participant_row, cdr_id) == 0, "cdr_id comes first");
_Static_assert(offsetof(struct party_row, cdr_id) == 0, "cdr_id comes first");
_Static_assert(offsetof(struct done_row, cdr_id) == 0, "cdr_id comes first");

static void remove_belongings(struct memory *memory, enum kind kind, int64_t cdr_id)
{
	for (size_t i = chg_memory_count(memory, kind); i > 0; i--) {
		if (*(const int64_t *)chg_memory_row(memory, kind, i - 1) == cdr_id)
			chg_memory_row_remove(memory, kind, i - 1);
	}
}

static bool is_wanted_by_session(struct memory *memory, int64_t cdr_id)
{
	for (size_t i = 0; i < chg_memory_count(memory, SESSIONS); i++) {
		if (((struct session_row *)chg_memory_row(memory, SESSIONS, i))->cdr_id == cdr_id)
			return true;
	}
	return false;
}

static bool may_leave(
	struct memory *memory, const struct chg_cdr *cdr, const struct chg_cdr_stamp *stamp)
{
	return cdr->state.cdr_id == stamp->cdr_id && cdr->state.status == CHG_CDR_CLOSED &&
	       cdr->state.entry_count == stamp->entry_count && cdr->state.marks == stamp->marks &&
	       cdr->received_last_at.us == stamp->received_last_at.us &&
	       !is_wanted_by_session(memory, stamp->cdr_id);
}

/* False: the record is not there, or stays. */
static bool remove_one(struct memory *memory, const struct chg_cdr_stamp *stamp, int64_t *highest)
{
	for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
		const struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
		if (!may_leave(memory, cdr, stamp))
			continue;
		if (cdr->state.local_sequence > *highest)
			*highest = cdr->state.local_sequence;
		for (size_t k = 0; k < sizeof belongings / sizeof belongings[0]; k++)
			remove_belongings(memory, belongings[k], stamp->cdr_id);
		chg_memory_row_remove(memory, CDRS, i);
		return true;
	}
	return false;
}

static struct archive_row *find(struct memory *memory, struct chg_view name)
{
	for (size_t i = 0; i < chg_memory_count(memory, ARCHIVES); i++) {
		struct archive_row *row = chg_memory_row(memory, ARCHIVES, i);
		if (chg_view_equal(row->name, name))
			return row;
	}
	return NULL;
}

static enum chg_rc add(struct memory *memory, struct archive_row row)
{
	enum chg_rc rc = chg_memory_keep(memory, row.name, &row.name);
	return rc == CHG_OK ? chg_memory_row_add(memory, ARCHIVES, &row) : rc;
}

static enum chg_rc count_leavers(struct memory *memory, const struct chg_archive_line *archive,
	uint32_t removed, int64_t highest)
{
	struct archive_row *row = find(memory, archive->name);
	if (row == NULL)
		return add(memory, (struct archive_row){ .name = archive->name,
					   .octets = archive->octets,
					   .records = removed,
					   .local_sequence_max = highest });
	row->records += removed;
	if (archive->octets > row->octets)
		row->octets = archive->octets;
	if (highest > row->local_sequence_max)
		row->local_sequence_max = highest;
	return CHG_OK;
}

enum chg_rc chg_memory_remove_archived(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed)
{
	struct memory *memory = self;
	uint32_t removed = 0;
	int64_t highest = 0;
	assert(memory->is_in_transaction);
	for (size_t i = 0; i < count; i++)
		removed += remove_one(memory, &stamp[i], &highest);
	*ret_removed = removed;
	return removed == 0 ? CHG_OK : count_leavers(memory, archive, removed, highest);
}

/* The first whose name is behind `after`. */
static const struct archive_row *next_archive(struct memory *memory, struct chg_view after)
{
	const struct archive_row *next = NULL;
	for (size_t i = 0; i < chg_memory_count(memory, ARCHIVES); i++) {
		const struct archive_row *row = chg_memory_row(memory, ARCHIVES, i);
		if (chg_view_compare(row->name, after) > 0 &&
			(next == NULL || chg_view_compare(row->name, next->name) < 0))
			next = row;
	}
	return next;
}

enum chg_rc chg_memory_scan_archives(void *self, chg_archive_each *each, void *to)
{
	struct memory *memory = self;
	const struct archive_row *row = next_archive(memory, CHG_VIEW(""));
	while (row != NULL) {
		struct chg_archive_line line = { .name = row->name,
			.octets = row->octets,
			.records = row->records,
			.local_sequence_max = row->local_sequence_max };
		if (!each(to, &line))
			break;
		row = next_archive(memory, row->name);
	}
	return CHG_OK;
}

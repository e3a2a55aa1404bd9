/* SPDX-License-Identifier: BSD-3-Clause
 * Rows and texts that only grow.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory/memory_private.h"

static const size_t row_sizes[KIND_COUNT] = {
	[HOSTS] = sizeof(struct host),
	[CDRS] = sizeof(struct chg_cdr),
	[ENTRIES] = sizeof(struct timeline_row),
	[PARTICIPANTS] = sizeof(struct participant_row),
	[PARTIES] = sizeof(struct party_row),
	[SEEN] = sizeof(struct seen_row),
	[ACCOUNTS] = sizeof(struct account_row),
	[IDENTITIES] = sizeof(struct identity_row),
	[BUCKETS] = sizeof(struct bucket_row),
	[POSTINGS] = sizeof(struct posting_row),
	[LEDGER] = sizeof(struct ledger_row),
	[SESSIONS] = sizeof(struct session_row),
	[SERVICES] = sizeof(struct service_row),
	[ANSWERS] = sizeof(struct answer_row),
	[DEBITS] = sizeof(struct debit_row),
	[DONES] = sizeof(struct done_row),
	[SUSPENSE] = sizeof(struct suspense_row),
	[TARIFFS] = sizeof(struct chg_tariff_line),
	[AUDITS] = sizeof(struct audit_row),
	[ARCHIVES] = sizeof(struct archive_row),
};

void chg_memory_rows_start(struct memory *memory)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		memory->now.rows[kind].size = row_sizes[kind];
		memory->before.rows[kind].size = row_sizes[kind];
	}
	memory->now.next_cdr_id = 1;
	memory->now.next_local_sequence = 1;
	memory->now.next_posting_id = 1;
	memory->now.next_cc_session_id = 1;
}

void *chg_memory_row(struct memory *memory, enum kind kind, size_t i)
{
	struct rows *rows = &memory->now.rows[kind];
	assert(i < rows->count);
	return rows->items + i * rows->size;
}

size_t chg_memory_count(const struct memory *memory, enum kind kind)
{
	return memory->now.rows[kind].count;
}

static enum chg_rc rows_reserve(struct rows *rows, size_t count)
{
	if (count <= rows->room)
		return CHG_OK;
	size_t room = count < 16 ? 16 : 2 * count;
	char *items = realloc(rows->items, room * rows->size);
	if (items == NULL)
		return CHG_E_NO_MEMORY;
	rows->items = items;
	rows->room = room;
	return CHG_OK;
}

enum chg_rc chg_memory_row_add(struct memory *memory, enum kind kind, const void *row)
{
	struct rows *rows = &memory->now.rows[kind];
	enum chg_rc rc = rows_reserve(rows, rows->count + 1);
	if (rc == CHG_OK)
		memcpy(rows->items + rows->count++ * rows->size, row, rows->size);
	return rc;
}

void chg_memory_row_remove(struct memory *memory, enum kind kind, size_t i)
{
	struct rows *rows = &memory->now.rows[kind];
	assert(i < rows->count);
	char *at = rows->items + i * rows->size;
	rows->count--;
	memmove(at, at + rows->size, (rows->count - i) * rows->size);
}

enum chg_rc chg_memory_keep(struct memory *memory, struct chg_view view, struct chg_view *ret)
{
	*ret = view;
	if (view.ptr == NULL)
		return CHG_OK;
	struct text *text = malloc(sizeof *text + view.len + 1);
	if (text == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(text->bytes, view.ptr, view.len);
	text->next = memory->texts;
	memory->texts = text;
	ret->ptr = text->bytes;
	return CHG_OK;
}

enum chg_rc chg_memory_copy(struct content *to, const struct content *from)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct rows *rows = &from->rows[kind];
		enum chg_rc rc = rows_reserve(&to->rows[kind], rows->count);
		if (rc != CHG_OK)
			return rc;
		if (rows->count > 0)
			memcpy(to->rows[kind].items, rows->items, rows->count * rows->size);
		to->rows[kind].count = rows->count;
	}
	to->next_cdr_id = from->next_cdr_id;
	to->next_local_sequence = from->next_local_sequence;
	to->next_posting_id = from->next_posting_id;
	to->answer_part = from->answer_part;
	to->answer_began = from->answer_began;
	to->next_cc_session_id = from->next_cc_session_id;
	to->has_own_state_id = from->has_own_state_id;
	to->own_state_id = from->own_state_id;
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Accounts, buckets, and the one way in which a balance changes: a posting.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/memory/memory_private.h"

/* Accounts and buckets are numbered from 1 and never go. */
struct account_row *chg_memory_account_by_id(struct memory *memory, int64_t account_id)
{
	if (account_id < 1 || (uint64_t)account_id > chg_memory_count(memory, ACCOUNTS))
		return NULL;
	return chg_memory_row(memory, ACCOUNTS, (size_t)account_id - 1);
}

struct account_row *chg_memory_account_by_name(struct memory *memory, struct chg_view name)
{
	for (size_t i = 0; i < chg_memory_count(memory, ACCOUNTS); i++) {
		struct account_row *row = chg_memory_row(memory, ACCOUNTS, i);
		if (chg_view_equal(row->name, name))
			return row;
	}
	return NULL;
}

int64_t chg_memory_account_by_key(struct memory *memory, struct chg_view key)
{
	for (size_t i = 0; i < chg_memory_count(memory, IDENTITIES); i++) {
		const struct identity_row *row = chg_memory_row(memory, IDENTITIES, i);
		if (chg_view_equal(row->key, key))
			return row->account_id;
	}
	return 0;
}

struct bucket_row *chg_memory_bucket(struct memory *memory, int64_t bucket_id)
{
	if (bucket_id < 1 || (uint64_t)bucket_id > chg_memory_count(memory, BUCKETS))
		return NULL;
	return chg_memory_row(memory, BUCKETS, (size_t)bucket_id - 1);
}

static void copy_text(char *to, size_t size, struct chg_view from)
{
	assert(from.len < size);
	if (from.len > 0)
		memcpy(to, from.ptr, from.len);
	to[from.len] = '\0';
}

void chg_memory_account_read(
	struct memory *memory, const struct account_row *row, struct chg_account *ret)
{
	*ret = (struct chg_account){
		.account_id = row->account_id,
		.status = row->status,
		.currency = row->currency,
		.credit_limit = row->credit_limit,
		.low_balance = row->low_balance,
		.valid_until = row->valid_until,
	};
	copy_text(ret->name, sizeof ret->name, row->name);
	copy_text(ret->plan, sizeof ret->plan, row->plan);
	for (size_t i = 0; i < chg_memory_count(memory, BUCKETS); i++) {
		const struct bucket_row *bucket = chg_memory_row(memory, BUCKETS, i);
		if (bucket->account_id == row->account_id)
			ret->bucket[ret->bucket_count++] = bucket->bucket;
	}
	chg_account_sort(ret);
}

static enum chg_rc line_add(
	struct memory *memory, int64_t posting_id, uint32_t line_no, const struct chg_entry *entry)
{
	struct bucket_row *row = chg_memory_bucket(memory, entry->bucket_id);
	assert(row != NULL && row->bucket.kind == entry->kind);
	int64_t after;
	if (entry->amount == INT64_MIN ||
		__builtin_add_overflow(row->bucket.balance, entry->amount, &after))
		return CHG_E_RANGE;
	row->bucket.balance = after;
	struct ledger_row line = {
		.posting_id = posting_id,
		.line_no = line_no,
		.bucket_id = entry->bucket_id,
		.unit = entry->kind,
		.amount = entry->amount,
		.contra = entry->contra,
		.balance_after = after,
	};
	enum chg_rc rc = chg_memory_row_add(memory, LEDGER, &line);
	if (rc != CHG_OK)
		return rc;
	line.line_no++;
	line.bucket_id = 0;
	line.amount = -entry->amount;
	return chg_memory_row_add(memory, LEDGER, &line);
}

enum chg_rc chg_memory_post(struct memory *memory, struct posting_row posting,
	const struct chg_entry *entry, size_t count, int64_t *ret_posting_id)
{
	posting.posting_id = memory->now.next_posting_id++;
	enum chg_rc rc = chg_memory_row_add(memory, POSTINGS, &posting);
	for (size_t i = 0; i < count && rc == CHG_OK; i++)
		rc = line_add(memory, posting.posting_id, 2 * (uint32_t)i + 1, &entry[i]);
	*ret_posting_id = posting.posting_id;
	return rc;
}

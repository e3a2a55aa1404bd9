/* SPDX-License-Identifier: BSD-3-Clause
 * What is done by hand.  Everything is judged before anything is written, so that a refusal leaves
 * nothing behind and the transaction can go on.
 */
#include <assert.h>
#include <string.h>

#include "store/memory/memory_private.h"

static enum chg_rc audit_add(
	struct memory *memory, const struct chg_audit *audit, int64_t *ret_audit_id)
{
	struct audit_row row = { .audit_id = (int64_t)chg_memory_count(memory, AUDITS) + 1 };
	*ret_audit_id = row.audit_id;
	enum chg_rc rc = chg_memory_keep(memory, audit->who, &row.who);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, audit->why, &row.why);
	return rc == CHG_OK ? chg_memory_row_add(memory, AUDITS, &row) : rc;
}

static bool fits_name(struct chg_view name, size_t size)
{
	return name.len > 0 && name.len < size && memchr(name.ptr, '\0', name.len) == NULL;
}

static struct chg_view key_of(const struct chg_identity_ask *identity)
{
	return (struct chg_view){ .ptr = identity->key.bytes, .len = identity->key.len };
}

static bool is_identity_free(
	struct memory *memory, const struct chg_account_new *account, size_t index)
{
	struct chg_view key = key_of(&account->identity[index]);
	for (size_t i = 0; i < index; i++) {
		if (chg_view_equal(key_of(&account->identity[i]), key))
			return false;
	}
	return key.len > 0 && chg_memory_account_by_key(memory, key) == 0;
}

static bool may_add(struct memory *memory, const struct chg_account_new *account)
{
	if (!fits_name(account->name, CHG_ACCOUNT_NAME_MAX) ||
		account->plan.len >= CHG_ACCOUNT_NAME_MAX ||
		account->identity_count > CHG_IDENTITY_MAX || account->credit_limit.micros < 0 ||
		account->low_balance.micros < 0 || account->opening.micros == INT64_MIN ||
		chg_memory_account_by_name(memory, account->name) != NULL)
		return false;
	for (size_t i = 0; i < account->identity_count; i++) {
		if (!is_identity_free(memory, account, i))
			return false;
	}
	return true;
}

/* An imported balance is posted, so that it can be told from what came later. */
static enum chg_rc opening_post(struct memory *memory, struct chg_now now, int64_t audit_id,
	int64_t account_id, const struct chg_bucket *bucket, int64_t amount)
{
	struct posting_row posting = {
		.at = now.wall,
		.kind = CHG_POSTING_OPENING,
		.account_id = account_id,
		.audit_id = audit_id,
	};
	struct chg_entry entry = {
		.bucket_id = bucket->bucket_id,
		.kind = bucket->kind,
		.amount = amount,
		.contra = CHG_CONTRA_ADJUSTMENT,
	};
	int64_t posting_id;
	return amount == 0 ? CHG_OK : chg_memory_post(memory, posting, &entry, 1, &posting_id);
}

static enum chg_rc bucket_write(struct memory *memory, struct chg_now now, int64_t audit_id,
	int64_t account_id, const struct chg_bucket *bucket)
{
	struct bucket_row row = { .account_id = account_id, .bucket = *bucket };
	row.bucket.bucket_id = (int64_t)chg_memory_count(memory, BUCKETS) + 1;
	row.bucket.balance = 0;
	row.bucket.reserved = 0;
	enum chg_rc rc = chg_memory_row_add(memory, BUCKETS, &row);
	return rc == CHG_OK ? opening_post(memory, now, audit_id, account_id, &row.bucket,
				      bucket->balance)
			    : rc;
}

static enum chg_rc identities_add(
	struct memory *memory, const struct chg_account_new *account, int64_t account_id)
{
	for (size_t i = 0; i < account->identity_count; i++) {
		struct identity_row row = { .account_id = account_id };
		enum chg_rc rc = chg_memory_keep(memory, key_of(&account->identity[i]), &row.key);
		if (rc == CHG_OK)
			rc = chg_memory_row_add(memory, IDENTITIES, &row);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

enum chg_rc chg_memory_account_add(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_account_new *account, int64_t *ret_account_id)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	if (!may_add(memory, account))
		return CHG_E_RANGE;
	struct account_row row = {
		.account_id = (int64_t)chg_memory_count(memory, ACCOUNTS) + 1,
		.status = CHG_ACCOUNT_ACTIVE,
		.currency = account->currency,
		.credit_limit = account->credit_limit,
		.low_balance = account->low_balance,
		.valid_until = account->valid_until,
	};
	struct chg_bucket bucket = { .kind = CHG_BUCKET_MONEY,
		.is_main = true,
		.balance = account->opening.micros,
		.name = "main" };
	int64_t audit_id;
	enum chg_rc rc = audit_add(memory, audit, &audit_id);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, account->name, &row.name);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, account->plan, &row.plan);
	if (rc == CHG_OK)
		rc = chg_memory_row_add(memory, ACCOUNTS, &row);
	if (rc == CHG_OK)
		rc = identities_add(memory, account, row.account_id);
	if (rc == CHG_OK)
		rc = bucket_write(memory, now, audit_id, row.account_id, &bucket);
	*ret_account_id = row.account_id;
	return rc;
}

enum chg_rc chg_memory_account_set_status(void *self, struct chg_now now,
	const struct chg_audit *audit, struct chg_view name, enum chg_account_status status)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	(void)now;
	struct account_row *row = chg_memory_account_by_name(memory, name);
	if (row == NULL)
		return CHG_E_UNKNOWN;
	if (status < CHG_ACCOUNT_ACTIVE || status > CHG_ACCOUNT_EXPIRED)
		return CHG_E_RANGE;
	row->status = status;
	int64_t audit_id;
	return audit_add(memory, audit, &audit_id);
}

/* The bucket of that name, absent: the main one.  ret_count: how many the account has. */
static struct bucket_row *bucket_find(
	struct memory *memory, int64_t account_id, struct chg_view name, size_t *ret_count)
{
	struct bucket_row *found = NULL;
	*ret_count = 0;
	for (size_t i = 0; i < chg_memory_count(memory, BUCKETS); i++) {
		struct bucket_row *row = chg_memory_row(memory, BUCKETS, i);
		if (row->account_id != account_id)
			continue;
		++*ret_count;
		if (chg_view_present(name) ? chg_view_equal(chg_view_of(row->bucket.name), name)
					   : row->bucket.is_main)
			found = row;
	}
	return found;
}

static bool is_bucket_sound(const struct chg_bucket *bucket)
{
	return bucket->kind >= CHG_BUCKET_MONEY && bucket->kind <= CHG_BUCKET_MESSAGES &&
	       !bucket->is_main && bucket->name[0] != '\0' && bucket->balance >= 0;
}

enum chg_rc chg_memory_bucket_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view account, const struct chg_bucket *bucket)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	const struct account_row *row = chg_memory_account_by_name(memory, account);
	if (row == NULL)
		return CHG_E_UNKNOWN;
	size_t count;
	if (!is_bucket_sound(bucket) ||
		bucket_find(memory, row->account_id, chg_view_of(bucket->name), &count) != NULL ||
		count == CHG_BUCKET_MAX)
		return CHG_E_RANGE;
	int64_t audit_id;
	enum chg_rc rc = audit_add(memory, audit, &audit_id);
	return rc == CHG_OK ? bucket_write(memory, now, audit_id, row->account_id, bucket) : rc;
}

static bool is_reference_free(struct memory *memory, struct chg_view reference)
{
	for (size_t i = 0; chg_view_present(reference) && i < chg_memory_count(memory, POSTINGS);
		i++) {
		const struct posting_row *row = chg_memory_row(memory, POSTINGS, i);
		if (chg_view_present(row->reference) && chg_view_equal(row->reference, reference))
			return false;
	}
	return true;
}

static bool is_posting_sound(const struct chg_posting_new *posting, int64_t balance)
{
	int64_t after;
	bool is_kind = posting->kind == CHG_POSTING_TOPUP ? posting->amount > 0
							  : posting->kind == CHG_POSTING_ADJUSTMENT;
	return is_kind && posting->amount != 0 && posting->amount != INT64_MIN &&
	       !__builtin_add_overflow(balance, posting->amount, &after);
}

enum chg_rc chg_memory_post_by_hand(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	size_t count;
	const struct account_row *account = chg_memory_account_by_name(memory, posting->account);
	if (account == NULL)
		return CHG_E_UNKNOWN;
	const struct bucket_row *bucket =
		bucket_find(memory, account->account_id, posting->bucket, &count);
	if (bucket == NULL)
		return CHG_E_UNKNOWN;
	if (!is_posting_sound(posting, bucket->bucket.balance) ||
		!is_reference_free(memory, posting->reference))
		return CHG_E_RANGE;
	struct posting_row row = {
		.at = now.wall,
		.kind = posting->kind,
		.account_id = account->account_id,
	};
	struct chg_entry entry = {
		.bucket_id = bucket->bucket.bucket_id,
		.kind = bucket->bucket.kind,
		.amount = posting->amount,
		.contra = posting->kind == CHG_POSTING_TOPUP ? CHG_CONTRA_TOPUP
							     : CHG_CONTRA_ADJUSTMENT,
	};
	enum chg_rc rc = audit_add(memory, audit, &row.audit_id);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, posting->reference, &row.reference);
	return rc == CHG_OK ? chg_memory_post(memory, row, &entry, 1, ret_posting_id) : rc;
}

enum chg_rc chg_memory_tariff_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, struct chg_view text, chg_instant in_force_from, int64_t *ret_version)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	struct chg_tariff_line row = {
		.version = (int64_t)chg_memory_count(memory, TARIFFS) + 1,
		.loaded_at = now.wall,
		.in_force_from = in_force_from,
	};
	int64_t audit_id;
	enum chg_rc rc = audit_add(memory, audit, &audit_id);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, name, &row.name);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, text, &row.text);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, audit->who, &row.who);
	*ret_version = row.version;
	return rc == CHG_OK ? chg_memory_row_add(memory, TARIFFS, &row) : rc;
}

/* Nothing may be charged as well: the line is then settled at no cost. */
enum chg_rc chg_memory_suspense_post(void *self, struct chg_now now, const struct chg_audit *audit,
	int64_t suspense_id, struct chg_view account, chg_money amount)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	size_t count;
	int64_t after;
	const struct account_row *payer = chg_memory_account_by_name(memory, account);
	if (payer == NULL || suspense_id < 1 ||
		(uint64_t)suspense_id > chg_memory_count(memory, SUSPENSE))
		return CHG_E_UNKNOWN;
	struct suspense_row *row = chg_memory_row(memory, SUSPENSE, (size_t)suspense_id - 1);
	const struct bucket_row *bucket =
		bucket_find(memory, payer->account_id, (struct chg_view){ 0 }, &count);
	assert(bucket != NULL);
	if (row->line.is_posted || amount.micros < 0 ||
		__builtin_sub_overflow(bucket->bucket.balance, amount.micros, &after))
		return CHG_E_RANGE;
	struct posting_row posting = {
		.at = now.wall,
		.kind = CHG_POSTING_SUSPENSE,
		.account_id = payer->account_id,
	};
	struct chg_entry entry = {
		.bucket_id = bucket->bucket.bucket_id,
		.kind = CHG_BUCKET_MONEY,
		.amount = -amount.micros,
		.contra = CHG_CONTRA_USAGE,
	};
	row->line.is_posted = true;
	enum chg_rc rc = audit_add(memory, audit, &posting.audit_id);
	return rc == CHG_OK ? chg_memory_post(memory, posting, &entry, amount.micros != 0 ? 1 : 0,
				      &row->posting_id)
			    : rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: accounts, postings, and what is done by hand.
 *
 * What is done by hand is judged before anything is written, so that a refusal leaves nothing behind
 * and the transaction can go on.
 */
#include <string.h>

#include "store/sqlite/sqlite_private.h"

enum chg_rc chg_sqlite_number(struct chg_stmt *stmt, int64_t *ret)
{
	bool has_row = false;
	*ret = 0;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc == CHG_OK && has_row) {
		*ret = sqlite3_column_int64(stmt->handle, 0);
		chg_stmt_reset(stmt);
	}
	return rc;
}

enum chg_rc chg_sqlite_account_by_name(
	struct chg_sqlite *sqlite, struct chg_view name, int64_t *ret_account_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_by_name);
	chg_stmt_text(stmt, CHG_N_name, name);
	return chg_sqlite_number(stmt, ret_account_id);
}

enum chg_rc chg_sqlite_account_by_key(
	struct chg_sqlite *sqlite, struct chg_view key, int64_t *ret_account_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_by_key);
	chg_stmt_text(stmt, CHG_N_identity_key, key);
	return chg_sqlite_number(stmt, ret_account_id);
}

static enum chg_rc read_buckets(struct chg_sqlite *sqlite, struct chg_account *account)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_list);
	chg_stmt_i64(stmt, CHG_N_account_id, account->account_id);
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		if (account->bucket_count == CHG_BUCKET_MAX) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
		chg_rows_read(&chg_rows_bucket, stmt, &account->bucket[account->bucket_count++]);
	}
}

enum chg_rc chg_sqlite_account_read(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_account *ret, bool *ret_found)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_get);
	*ret_found = false;
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	*ret = (struct chg_account){ 0 };
	chg_rows_read(&chg_rows_account, stmt, ret);
	chg_stmt_reset(stmt);
	rc = read_buckets(sqlite, ret);
	chg_account_sort(ret);
	return rc;
}

enum chg_rc chg_sqlite_bucket_write(struct chg_sqlite *sqlite, const struct chg_bucket *bucket)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_put);
	chg_stmt_i64(stmt, CHG_N_bucket_id, bucket->bucket_id);
	chg_stmt_i64(stmt, CHG_N_balance, bucket->balance);
	chg_stmt_i64(stmt, CHG_N_reserved, bucket->reserved);
	return chg_stmt_run(stmt);
}

/* ---- Postings ---- */

static void bind_number(struct chg_stmt *stmt, enum chg_name name, int64_t number)
{
	if (number != 0)
		chg_stmt_i64(stmt, name, number);
	else
		chg_stmt_null(stmt, name);
}

/* A bucket's line, or, with a NULL bucket, where it went. */
static enum chg_rc line_write(struct chg_sqlite *sqlite, int64_t posting_id, size_t line_no,
	const struct chg_entry *entry, const struct chg_bucket *bucket)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_ledger_add);
	chg_stmt_i64(stmt, CHG_N_posting_id, posting_id);
	chg_stmt_i64(stmt, CHG_N_line_no, (int64_t)line_no);
	chg_stmt_i64(stmt, CHG_N_unit, entry->kind);
	chg_stmt_i64(stmt, CHG_N_amount, bucket != NULL ? entry->amount : -entry->amount);
	chg_stmt_i64(stmt, CHG_N_contra, entry->contra);
	if (bucket != NULL) {
		chg_stmt_i64(stmt, CHG_N_bucket_id, entry->bucket_id);
		chg_stmt_i64(stmt, CHG_N_balance_after, bucket->balance);
	} else {
		chg_stmt_null(stmt, CHG_N_bucket_id);
		chg_stmt_null(stmt, CHG_N_balance_after);
	}
	return chg_stmt_run(stmt);
}

static enum chg_rc entry_write(struct chg_sqlite *sqlite, int64_t posting_id, size_t index,
	const struct chg_entry *entry, struct chg_account *account)
{
	struct chg_bucket *bucket = NULL;
	for (size_t i = 0; i < account->bucket_count; i++) {
		if (account->bucket[i].bucket_id == entry->bucket_id)
			bucket = &account->bucket[i];
	}
	assert(bucket != NULL && bucket->kind == entry->kind);
	if (entry->amount == INT64_MIN ||
		__builtin_add_overflow(bucket->balance, entry->amount, &bucket->balance))
		return CHG_E_RANGE;
	enum chg_rc rc = line_write(sqlite, posting_id, 2 * index + 1, entry, bucket);
	return rc == CHG_OK ? line_write(sqlite, posting_id, 2 * index + 2, entry, NULL) : rc;
}

enum chg_rc chg_sqlite_post(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	const struct chg_entry *entry, size_t count, struct chg_account *account,
	int64_t *ret_posting_id)
{
	enum chg_rc rc = chg_sqlite_sequence_take(sqlite, &sqlite->posting_id, ret_posting_id);
	if (rc != CHG_OK)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_posting_add);
	chg_stmt_i64(stmt, CHG_N_posting_id, *ret_posting_id);
	chg_stmt_i64(stmt, CHG_N_at_us, posting->at.us);
	chg_stmt_i64(stmt, CHG_N_kind, posting->kind);
	chg_stmt_i64(stmt, CHG_N_account_id, account->account_id);
	bind_number(stmt, CHG_N_cdr_id, posting->cdr_id);
	bind_number(stmt, CHG_N_refunds, posting->refunds);
	bind_number(stmt, CHG_N_audit_id, posting->audit_id);
	chg_stmt_text(stmt, CHG_N_reference, posting->reference);
	rc = chg_stmt_run(stmt);
	for (size_t i = 0; i < count && rc == CHG_OK; i++)
		rc = entry_write(sqlite, *ret_posting_id, i, &entry[i], account);
	return rc;
}

/* One line for one bucket of an account, and the bucket's new balance. */
static enum chg_rc post_one(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	struct chg_account *account, struct chg_bucket *bucket, int64_t amount,
	enum chg_contra contra, int64_t *ret_posting_id)
{
	struct chg_entry entry = {
		.bucket_id = bucket->bucket_id,
		.kind = bucket->kind,
		.amount = amount,
		.contra = contra,
	};
	enum chg_rc rc = chg_sqlite_post(
		sqlite, posting, &entry, amount != 0 ? 1 : 0, account, ret_posting_id);
	return rc == CHG_OK ? chg_sqlite_bucket_write(sqlite, bucket) : rc;
}

/* ---- By hand ---- */

static enum chg_rc audit_add(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_audit *audit, struct chg_view action, struct chg_view subject,
	int64_t *ret_audit_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_audit_add);
	chg_stmt_i64(stmt, CHG_N_at_us, now.wall.us);
	chg_stmt_text(stmt, CHG_N_who, audit->who);
	chg_stmt_text(stmt, CHG_N_why, audit->why);
	chg_stmt_text(stmt, CHG_N_action, action);
	chg_stmt_text(stmt, CHG_N_subject, subject);
	enum chg_rc rc = chg_stmt_run(stmt);
	*ret_audit_id = sqlite3_last_insert_rowid(sqlite->db);
	return rc;
}

/* What begins each of them.  A failure of the store ends the transaction's work; a refusal does not. */
static struct chg_sqlite *enter(void *self, enum chg_rc *ret_rc)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	*ret_rc = sqlite->failure;
	return sqlite;
}

static enum chg_rc leave(struct chg_sqlite *sqlite, enum chg_rc rc)
{
	return rc == CHG_E_RANGE || rc == CHG_E_UNKNOWN ? rc : chg_sqlite_remember(sqlite, rc);
}

static bool fits_name(struct chg_view name, size_t size)
{
	return name.len > 0 && name.len < size && memchr(name.ptr, '\0', name.len) == NULL;
}

static struct chg_view key_of(const struct chg_identity_ask *identity)
{
	return (struct chg_view){ .ptr = identity->key.bytes, .len = identity->key.len };
}

/* CHG_E_RANGE: it is somebody's already. */
static enum chg_rc identity_check(
	struct chg_sqlite *sqlite, const struct chg_account_new *account, size_t index)
{
	struct chg_view key = key_of(&account->identity[index]);
	int64_t owner = 0;
	for (size_t i = 0; i < index; i++) {
		if (chg_view_equal(key_of(&account->identity[i]), key))
			return CHG_E_RANGE;
	}
	enum chg_rc rc = chg_sqlite_account_by_key(sqlite, key, &owner);
	return rc == CHG_OK && (key.len == 0 || owner != 0) ? CHG_E_RANGE : rc;
}

static enum chg_rc account_check(struct chg_sqlite *sqlite, const struct chg_account_new *account)
{
	int64_t owner = 0;
	if (!fits_name(account->name, CHG_ACCOUNT_NAME_MAX) ||
		account->plan.len >= CHG_ACCOUNT_NAME_MAX ||
		account->identity_count > CHG_IDENTITY_MAX || account->credit_limit.micros < 0 ||
		account->low_balance.micros < 0 || account->opening.micros == INT64_MIN)
		return CHG_E_RANGE;
	enum chg_rc rc = chg_sqlite_account_by_name(sqlite, account->name, &owner);
	if (rc == CHG_OK && owner != 0)
		rc = CHG_E_RANGE;
	for (size_t i = 0; i < account->identity_count && rc == CHG_OK; i++)
		rc = identity_check(sqlite, account, i);
	return rc;
}

static enum chg_rc account_insert(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_account_new *account, int64_t *ret_account_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_add);
	chg_stmt_text(stmt, CHG_N_name, account->name);
	chg_stmt_i64(stmt, CHG_N_currency, account->currency.number);
	chg_stmt_i64(stmt, CHG_N_credit_limit_micros, account->credit_limit.micros);
	chg_stmt_i64(stmt, CHG_N_low_balance_micros, account->low_balance.micros);
	if (account->valid_until.is_present)
		chg_stmt_i64(stmt, CHG_N_valid_until_us, account->valid_until.value.us);
	else
		chg_stmt_null(stmt, CHG_N_valid_until_us);
	chg_stmt_text(
		stmt, CHG_N_plan, chg_view_present(account->plan) ? account->plan : CHG_VIEW(""));
	chg_stmt_i64(stmt, CHG_N_at_us, now.wall.us);
	enum chg_rc rc = chg_stmt_run(stmt);
	*ret_account_id = sqlite3_last_insert_rowid(sqlite->db);
	return rc;
}

static enum chg_rc identities_add(
	struct chg_sqlite *sqlite, const struct chg_account_new *account, int64_t account_id)
{
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; i < account->identity_count && rc == CHG_OK; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_identity_add);
		chg_stmt_text(stmt, CHG_N_identity_key, key_of(&account->identity[i]));
		chg_stmt_i64(stmt, CHG_N_account_id, account_id);
		chg_stmt_i64(stmt, CHG_N_identity_type, account->identity[i].type);
		rc = chg_stmt_run(stmt);
	}
	return rc;
}

/* An imported balance is posted, so that it can be told from what came later. */
static enum chg_rc bucket_insert(struct chg_sqlite *sqlite, struct chg_now now, int64_t audit_id,
	int64_t account_id, const struct chg_bucket *bucket)
{
	struct chg_account account = { .account_id = account_id, .bucket_count = 1 };
	struct chg_posting posting = {
		.at = now.wall, .kind = CHG_POSTING_OPENING, .audit_id = audit_id
	};
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_add);
	chg_rows_bind(&chg_rows_bucket, stmt, bucket);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc != CHG_OK || bucket->balance == 0)
		return rc;
	int64_t posting_id;
	account.bucket[0] = *bucket;
	account.bucket[0].bucket_id = sqlite3_last_insert_rowid(sqlite->db);
	account.bucket[0].balance = 0;
	account.bucket[0].reserved = 0;
	return post_one(sqlite, &posting, &account, &account.bucket[0], bucket->balance,
		CHG_CONTRA_ADJUSTMENT, &posting_id);
}

enum chg_rc chg_sqlite_account_add(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_account_new *account, int64_t *ret_account_id)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	struct chg_bucket bucket = { .kind = CHG_BUCKET_MONEY,
		.is_main = true,
		.balance = account->opening.micros,
		.name = "main" };
	int64_t audit_id, account_id;
	if (rc == CHG_OK)
		rc = account_check(sqlite, account);
	if (rc == CHG_OK)
		rc = audit_add(
			sqlite, now, audit, CHG_VIEW("account add"), account->name, &audit_id);
	if (rc == CHG_OK)
		rc = account_insert(sqlite, now, account, &account_id);
	if (rc == CHG_OK)
		rc = identities_add(sqlite, account, account_id);
	if (rc == CHG_OK)
		rc = bucket_insert(sqlite, now, audit_id, account_id, &bucket);
	if (rc == CHG_OK)
		*ret_account_id = account_id;
	return leave(sqlite, rc);
}

/* CHG_E_UNKNOWN: there is no such account. */
static enum chg_rc account_require(
	struct chg_sqlite *sqlite, struct chg_view name, struct chg_account *ret)
{
	int64_t account_id;
	bool is_there = false;
	enum chg_rc rc = chg_sqlite_account_by_name(sqlite, name, &account_id);
	if (rc == CHG_OK && account_id != 0)
		rc = chg_sqlite_account_read(sqlite, account_id, ret, &is_there);
	return rc == CHG_OK && !is_there ? CHG_E_UNKNOWN : rc;
}

/* The bucket of that name, absent: the main one.  NULL: there is none. */
static struct chg_bucket *bucket_find(struct chg_account *account, struct chg_view name)
{
	for (size_t i = 0; i < account->bucket_count; i++) {
		struct chg_bucket *bucket = &account->bucket[i];
		if (chg_view_present(name) ? chg_view_equal(chg_view_of(bucket->name), name)
					   : bucket->is_main)
			return bucket;
	}
	return NULL;
}

enum chg_rc chg_sqlite_account_set_status(void *self, struct chg_now now,
	const struct chg_audit *audit, struct chg_view name, enum chg_account_status status)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	int64_t account_id = 0, audit_id;
	if (rc == CHG_OK)
		rc = chg_sqlite_account_by_name(sqlite, name, &account_id);
	if (rc == CHG_OK && account_id == 0)
		rc = CHG_E_UNKNOWN;
	if (rc == CHG_OK && (status < CHG_ACCOUNT_ACTIVE || status > CHG_ACCOUNT_EXPIRED))
		rc = CHG_E_RANGE;
	if (rc == CHG_OK)
		rc = audit_add(sqlite, now, audit, CHG_VIEW("account status"), name, &audit_id);
	if (rc != CHG_OK)
		return leave(sqlite, rc);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_put_status);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	chg_stmt_i64(stmt, CHG_N_status, status);
	return chg_sqlite_remember(sqlite, chg_stmt_run(stmt));
}

static bool is_bucket_sound(const struct chg_bucket *bucket)
{
	return bucket->kind >= CHG_BUCKET_MONEY && bucket->kind <= CHG_BUCKET_MESSAGES &&
	       !bucket->is_main && bucket->name[0] != '\0' && bucket->balance >= 0;
}

enum chg_rc chg_sqlite_bucket_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view account, const struct chg_bucket *bucket)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	struct chg_account owner;
	int64_t audit_id;
	if (rc == CHG_OK)
		rc = account_require(sqlite, account, &owner);
	if (rc == CHG_OK && (!is_bucket_sound(bucket) || owner.bucket_count == CHG_BUCKET_MAX ||
				    bucket_find(&owner, chg_view_of(bucket->name)) != NULL))
		rc = CHG_E_RANGE;
	if (rc == CHG_OK)
		rc = audit_add(sqlite, now, audit, CHG_VIEW("bucket add"), account, &audit_id);
	if (rc == CHG_OK)
		rc = bucket_insert(sqlite, now, audit_id, owner.account_id, bucket);
	return leave(sqlite, rc);
}

static bool is_posting_sound(const struct chg_posting_new *posting, int64_t balance)
{
	int64_t after;
	bool is_kind = posting->kind == CHG_POSTING_TOPUP ? posting->amount > 0
							  : posting->kind == CHG_POSTING_ADJUSTMENT;
	return is_kind && posting->amount != 0 && posting->amount != INT64_MIN &&
	       !__builtin_add_overflow(balance, posting->amount, &after);
}

static enum chg_rc posting_check(struct chg_sqlite *sqlite, const struct chg_posting_new *posting,
	const struct chg_bucket *bucket)
{
	int64_t is_there = 0;
	if (bucket == NULL)
		return CHG_E_UNKNOWN;
	if (!is_posting_sound(posting, bucket->balance))
		return CHG_E_RANGE;
	if (!chg_view_present(posting->reference))
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_reference_get);
	chg_stmt_text(stmt, CHG_N_reference, posting->reference);
	enum chg_rc rc = chg_sqlite_number(stmt, &is_there);
	return rc == CHG_OK && is_there != 0 ? CHG_E_RANGE : rc;
}

enum chg_rc chg_sqlite_post_by_hand(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	struct chg_account account;
	struct chg_bucket *bucket = NULL;
	struct chg_posting row = {
		.at = now.wall, .kind = posting->kind, .reference = posting->reference
	};
	if (rc == CHG_OK)
		rc = account_require(sqlite, posting->account, &account);
	if (rc == CHG_OK) {
		bucket = bucket_find(&account, posting->bucket);
		rc = posting_check(sqlite, posting, bucket);
	}
	if (rc == CHG_OK)
		rc = audit_add(
			sqlite, now, audit, CHG_VIEW("post"), posting->account, &row.audit_id);
	if (rc == CHG_OK)
		rc = post_one(sqlite, &row, &account, bucket, posting->amount,
			posting->kind == CHG_POSTING_TOPUP ? CHG_CONTRA_TOPUP
							   : CHG_CONTRA_ADJUSTMENT,
			ret_posting_id);
	return leave(sqlite, rc);
}

enum chg_rc chg_sqlite_tariff_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, struct chg_view text, chg_instant in_force_from, int64_t *ret_version)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	int64_t audit_id;
	if (rc == CHG_OK)
		rc = audit_add(sqlite, now, audit, CHG_VIEW("tariff add"), name, &audit_id);
	if (rc != CHG_OK)
		return chg_sqlite_remember(sqlite, rc);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_tariff_add);
	chg_stmt_text(stmt, CHG_N_name, name);
	chg_stmt_text(stmt, CHG_N_text, text);
	chg_stmt_i64(stmt, CHG_N_at_us, now.wall.us);
	chg_stmt_i64(stmt, CHG_N_in_force_from_us, in_force_from.us);
	chg_stmt_i64(stmt, CHG_N_audit_id, audit_id);
	rc = chg_stmt_run(stmt);
	*ret_version = sqlite3_last_insert_rowid(sqlite->db);
	return chg_sqlite_remember(sqlite, rc);
}

/* CHG_E_UNKNOWN: there is no such line; CHG_E_RANGE: it was posted. */
static enum chg_rc suspense_check(struct chg_sqlite *sqlite, int64_t suspense_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_suspense_get);
	bool has_row = false;
	chg_stmt_i64(stmt, CHG_N_suspense_id, suspense_id);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK || !has_row)
		return rc == CHG_OK ? CHG_E_UNKNOWN : rc;
	bool is_posted = sqlite3_column_int(stmt->handle, 0) != 0;
	chg_stmt_reset(stmt);
	return is_posted ? CHG_E_RANGE : CHG_OK;
}

/* Nothing may be charged as well: the line is then settled at no cost. */
static enum chg_rc suspense_charge(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	int64_t suspense_id, struct chg_account *account, chg_money amount)
{
	int64_t posting_id;
	struct chg_bucket *bucket = bucket_find(account, (struct chg_view){ 0 });
	enum chg_rc rc = post_one(
		sqlite, posting, account, bucket, -amount.micros, CHG_CONTRA_USAGE, &posting_id);
	if (rc != CHG_OK)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_suspense_put);
	chg_stmt_i64(stmt, CHG_N_suspense_id, suspense_id);
	chg_stmt_i64(stmt, CHG_N_posting_id, posting_id);
	return chg_stmt_run(stmt);
}

static bool can_charge(struct chg_account *account, chg_money amount)
{
	int64_t after;
	const struct chg_bucket *bucket = bucket_find(account, (struct chg_view){ 0 });
	return bucket != NULL && amount.micros >= 0 &&
	       !__builtin_sub_overflow(bucket->balance, amount.micros, &after);
}

enum chg_rc chg_sqlite_suspense_post(void *self, struct chg_now now, const struct chg_audit *audit,
	int64_t suspense_id, struct chg_view account, chg_money amount)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	struct chg_account payer;
	struct chg_posting posting = { .at = now.wall, .kind = CHG_POSTING_SUSPENSE };
	if (rc == CHG_OK)
		rc = account_require(sqlite, account, &payer);
	if (rc == CHG_OK)
		rc = suspense_check(sqlite, suspense_id);
	if (rc == CHG_OK && !can_charge(&payer, amount))
		rc = CHG_E_RANGE;
	if (rc == CHG_OK)
		rc = audit_add(
			sqlite, now, audit, CHG_VIEW("suspense post"), account, &posting.audit_id);
	if (rc == CHG_OK)
		rc = suspense_charge(sqlite, &posting, suspense_id, &payer, amount);
	return leave(sqlite, rc);
}

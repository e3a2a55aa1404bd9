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
	*ret_account_id = chg_cache_identity_get(&sqlite->cache, key);
	if (*ret_account_id != 0)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_by_key);
	chg_stmt_text(stmt, CHG_N_identity_key, key);
	enum chg_rc rc = chg_sqlite_number(stmt, ret_account_id);
	if (rc == CHG_OK && *ret_account_id != 0)
		chg_cache_identity_put(&sqlite->cache, key, *ret_account_id);
	return rc;
}

static enum chg_rc read_buckets(struct chg_sqlite *sqlite, struct chg_payer *payer)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_list);
	struct chg_account *account = &payer->account;
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
		struct chg_bucket *bucket = &account->bucket[account->bucket_count];
		int column = (int)chg_rows_bucket.count;
		chg_rows_read(&chg_rows_bucket, stmt, bucket);
		payer->chain[account->bucket_count++] = (struct chg_chain){
			.bucket_id = bucket->bucket_id,
			.last_id = sqlite3_column_int64(stmt->handle, column),
			.line_count = sqlite3_column_int64(stmt->handle, column + 1),
		};
	}
}

static enum chg_rc payer_read_file(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_payer *ret, bool *ret_found)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_get);
	*ret_found = false;
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	enum chg_rc rc = chg_stmt_step(stmt, ret_found);
	if (rc != CHG_OK || !*ret_found)
		return rc;
	ret->account.bucket_count = 0;
	chg_rows_read(&chg_rows_account, stmt, &ret->account);
	chg_stmt_reset(stmt);
	rc = read_buckets(sqlite, ret);
	chg_account_sort(&ret->account);
	return rc;
}

enum chg_rc chg_sqlite_payer_read(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_payer *ret, bool *ret_found)
{
	*ret_found = chg_cache_get(&sqlite->cache, account_id, ret);
	if (*ret_found)
		return CHG_OK;
	enum chg_rc rc = payer_read_file(sqlite, account_id, ret, ret_found);
	if (rc == CHG_OK && *ret_found)
		chg_cache_put(&sqlite->cache, ret);
	return rc;
}

enum chg_rc chg_sqlite_account_read(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_account *ret, bool *ret_found)
{
	enum chg_rc rc = chg_sqlite_payer_read(sqlite, account_id, &sqlite->payer, ret_found);
	if (rc == CHG_OK && *ret_found)
		chg_account_copy(ret, &sqlite->payer.account);
	return rc;
}

static struct chg_chain *chain_of(struct chg_payer *payer, int64_t bucket_id)
{
	for (size_t i = 0; i < payer->account.bucket_count; i++) {
		if (payer->chain[i].bucket_id == bucket_id)
			return &payer->chain[i];
	}
	return NULL;
}

/* The reverse of CHG_ROW_SEQUENCE for what is not read by rows. */
static void bind_number(struct chg_stmt *stmt, enum chg_name name, int64_t number)
{
	if (number != 0)
		chg_stmt_i64(stmt, name, number);
	else
		chg_stmt_null(stmt, name);
}

static enum chg_rc bucket_write(struct chg_sqlite *sqlite, int64_t account_id,
	const struct chg_bucket *bucket, const struct chg_chain *chain)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_put);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	chg_stmt_i64(stmt, CHG_N_bucket_id, bucket->bucket_id);
	chg_stmt_i64(stmt, CHG_N_balance, bucket->balance);
	chg_stmt_i64(stmt, CHG_N_reserved, bucket->reserved);
	chg_stmt_i64(stmt, CHG_N_line_count, chain->line_count);
	bind_number(stmt, CHG_N_last_id, chain->last_id);
	return chg_stmt_run(stmt);
}

static enum chg_rc status_write(
	struct chg_sqlite *sqlite, int64_t account_id, enum chg_account_status status)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_put_status);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	chg_stmt_i64(stmt, CHG_N_status, status);
	return chg_stmt_run(stmt);
}

static const struct chg_bucket *bucket_of(const struct chg_account *account, int64_t bucket_id)
{
	for (size_t i = 0; i < account->bucket_count; i++) {
		if (account->bucket[i].bucket_id == bucket_id)
			return &account->bucket[i];
	}
	return NULL;
}

/*
 * Balances come from the lines alone; what is to be must be the same.  A bucket that has a new line is
 * written even when its balance is what it was.
 */
static enum chg_rc buckets_write(
	struct chg_sqlite *sqlite, struct chg_payer *payer, const struct chg_account *after)
{
	for (size_t i = 0; i < after->bucket_count; i++) {
		const struct chg_bucket *bucket = &after->bucket[i];
		const struct chg_bucket *posted = bucket_of(&payer->account, bucket->bucket_id);
		struct chg_chain *chain = chain_of(payer, bucket->bucket_id);
		assert(posted != NULL && posted->balance == bucket->balance);
		assert(bucket->reserved >= 0);
		if (bucket->reserved == posted->reserved && !chain->is_changed)
			continue;
		enum chg_rc rc = bucket_write(sqlite, after->account_id, bucket, chain);
		if (rc != CHG_OK)
			return rc;
		chain->is_changed = false;
	}
	return CHG_OK;
}

enum chg_rc chg_sqlite_payer_write(
	struct chg_sqlite *sqlite, struct chg_payer *payer, const struct chg_account *after)
{
	enum chg_rc rc = buckets_write(sqlite, payer, after);
	if (rc == CHG_OK && payer->account.status != after->status)
		rc = status_write(sqlite, after->account_id, after->status);
	if (rc != CHG_OK)
		return rc;
	chg_account_copy(&payer->account, after);
	chg_cache_put(&sqlite->cache, payer);
	return CHG_OK;
}

/* ---- Postings ---- */

/* Of several postings, the times of those in one zone go to the file together. */
static enum chg_rc zone_write(struct chg_sqlite *sqlite)
{
	struct chg_ledger_zone *zone = &sqlite->ledger_zone;
	if (!zone->is_changed)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_ledger_zone_put);
	chg_stmt_i64(stmt, CHG_N_zone_no, zone->zone_no);
	chg_stmt_i64(stmt, CHG_N_from_us, zone->from_us);
	chg_stmt_i64(stmt, CHG_N_until_us, zone->until_us);
	zone->is_changed = false;
	return chg_stmt_run(stmt);
}

static enum chg_rc zone_note(struct chg_sqlite *sqlite, int64_t posting_id, chg_instant at)
{
	struct chg_ledger_zone *zone = &sqlite->ledger_zone;
	int64_t zone_no = posting_id / CHG_ZONE_POSTINGS;
	if (zone->is_changed && zone->zone_no == zone_no) {
		zone->from_us = at.us < zone->from_us ? at.us : zone->from_us;
		zone->until_us = at.us > zone->until_us ? at.us : zone->until_us;
		return CHG_OK;
	}
	enum chg_rc rc = zone_write(sqlite);
	*zone = (struct chg_ledger_zone){ true, zone_no, at.us, at.us };
	return rc;
}

enum chg_rc chg_sqlite_books_commit(struct chg_sqlite *sqlite)
{
	return zone_write(sqlite);
}

void chg_sqlite_books_forget(struct chg_sqlite *sqlite)
{
	sqlite->ledger_zone.is_changed = false;
	sqlite->answer_parts.is_loaded = false;
	sqlite->watched_id = 0;
	chg_cache_clear(&sqlite->cache);
}

/* What all lines of a posting have in common. */
static void bind_posting(
	struct chg_stmt *stmt, const struct chg_posting *posting, int64_t account_id)
{
	chg_stmt_i64(stmt, CHG_N_at_us, posting->at.us);
	chg_stmt_i64(stmt, CHG_N_kind, posting->kind);
	chg_stmt_i64(stmt, CHG_N_is_event, posting->is_event);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	bind_number(stmt, CHG_N_cdr_id, posting->cdr_id);
	bind_number(stmt, CHG_N_refunds, posting->refunds);
	bind_number(stmt, CHG_N_audit_id, posting->audit_id);
	chg_stmt_text(stmt, CHG_N_reference, posting->reference);
}

/* A posting that moves nothing has a row of its own, so that its number is not missing. */
static enum chg_rc nothing_write(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	int64_t account_id, int64_t ledger_id)
{
	static const enum chg_name absent[] = { CHG_N_bucket_id, CHG_N_previous_id, CHG_N_unit,
		CHG_N_contra, CHG_N_balance_after };
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_ledger_add);
	bind_posting(stmt, posting, account_id);
	chg_stmt_i64(stmt, CHG_N_ledger_id, ledger_id);
	chg_stmt_i64(stmt, CHG_N_line_count, 0);
	chg_stmt_i64(stmt, CHG_N_amount, 0);
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		chg_stmt_null(stmt, absent[i]);
	return chg_stmt_run(stmt);
}

static enum chg_rc line_write(struct chg_sqlite *sqlite, int64_t ledger_id,
	const struct chg_entry *entry, int64_t balance, struct chg_chain *chain)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_ledger_add);
	chg_stmt_i64(stmt, CHG_N_ledger_id, ledger_id);
	chg_stmt_i64(stmt, CHG_N_bucket_id, entry->bucket_id);
	chg_stmt_i64(stmt, CHG_N_line_count, ++chain->line_count);
	bind_number(stmt, CHG_N_previous_id, chain->last_id);
	chg_stmt_i64(stmt, CHG_N_unit, entry->kind);
	chg_stmt_i64(stmt, CHG_N_amount, entry->amount);
	chg_stmt_i64(stmt, CHG_N_contra, entry->contra);
	chg_stmt_i64(stmt, CHG_N_balance_after, balance);
	chain->last_id = ledger_id;
	chain->is_changed = true;
	return chg_stmt_run(stmt);
}

static enum chg_rc entry_write(struct chg_sqlite *sqlite, int64_t ledger_id,
	const struct chg_entry *entry, struct chg_payer *payer)
{
	struct chg_account *account = &payer->account;
	struct chg_bucket *bucket = NULL;
	for (size_t i = 0; i < account->bucket_count; i++) {
		if (account->bucket[i].bucket_id == entry->bucket_id)
			bucket = &account->bucket[i];
	}
	assert(bucket != NULL && bucket->kind == entry->kind);
	if (entry->amount == INT64_MIN ||
		__builtin_add_overflow(bucket->balance, entry->amount, &bucket->balance))
		return CHG_E_RANGE;
	return line_write(
		sqlite, ledger_id, entry, bucket->balance, chain_of(payer, entry->bucket_id));
}

enum chg_rc chg_sqlite_post(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	const struct chg_entry *entry, size_t count, struct chg_payer *payer,
	int64_t *ret_posting_id)
{
	assert(count <= CHG_POSTING_LINES);
	enum chg_rc rc = chg_sqlite_sequence_take(sqlite, &sqlite->posting_id, ret_posting_id);
	if (rc == CHG_OK)
		rc = zone_note(sqlite, *ret_posting_id, posting->at);
	if (rc != CHG_OK)
		return rc;
	int64_t ledger_id = *ret_posting_id * CHG_POSTING_LINES;
	int64_t account_id = payer->account.account_id;
	if (count == 0)
		return nothing_write(sqlite, posting, account_id, ledger_id);
	bind_posting(chg_sqlite_query(sqlite, CHG_Q_ledger_add), posting, account_id);
	for (size_t i = 0; i < count && rc == CHG_OK; i++)
		rc = entry_write(sqlite, ledger_id + (int64_t)i, &entry[i], payer);
	return rc;
}

/* One line for one bucket of an account, and the bucket's new balance. */
static enum chg_rc post_one(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	struct chg_payer *payer, struct chg_bucket *bucket, int64_t amount, enum chg_contra contra,
	int64_t *ret_posting_id)
{
	struct chg_entry entry = {
		.bucket_id = bucket->bucket_id,
		.kind = bucket->kind,
		.amount = amount,
		.contra = contra,
	};
	chg_cache_forget(&sqlite->cache, payer->account.account_id);
	enum chg_rc rc = chg_sqlite_post(
		sqlite, posting, &entry, amount != 0 ? 1 : 0, payer, ret_posting_id);
	if (rc != CHG_OK || amount == 0)
		return rc;
	return bucket_write(
		sqlite, payer->account.account_id, bucket, chain_of(payer, bucket->bucket_id));
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
	struct chg_payer *payer = &sqlite->payer;
	struct chg_posting posting = {
		.at = now.wall, .kind = CHG_POSTING_OPENING, .audit_id = audit_id
	};
	int64_t bucket_id, posting_id;
	enum chg_rc rc = chg_sqlite_sequence_take(sqlite, &sqlite->bucket_id, &bucket_id);
	if (rc != CHG_OK)
		return rc;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_bucket_add);
	chg_rows_bind(&chg_rows_bucket, stmt, bucket);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	chg_stmt_i64(stmt, CHG_N_bucket_id, bucket_id);
	chg_cache_forget(&sqlite->cache, account_id);
	rc = chg_stmt_run(stmt);
	if (rc != CHG_OK || bucket->balance == 0)
		return rc;
	payer->account.account_id = account_id;
	payer->account.bucket_count = 1;
	payer->account.bucket[0] = *bucket;
	payer->account.bucket[0].bucket_id = bucket_id;
	payer->account.bucket[0].balance = 0;
	payer->account.bucket[0].reserved = 0;
	payer->chain[0] = (struct chg_chain){ .bucket_id = bucket_id };
	return post_one(sqlite, &posting, payer, &payer->account.bucket[0], bucket->balance,
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
	struct chg_sqlite *sqlite, struct chg_view name, struct chg_payer *ret)
{
	int64_t account_id;
	bool is_there = false;
	enum chg_rc rc = chg_sqlite_account_by_name(sqlite, name, &account_id);
	if (rc == CHG_OK && account_id != 0)
		rc = chg_sqlite_payer_read(sqlite, account_id, ret, &is_there);
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
	chg_cache_forget(&sqlite->cache, account_id);
	return chg_sqlite_remember(sqlite, status_write(sqlite, account_id, status));
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
	struct chg_account *owner = &sqlite->payer.account;
	int64_t audit_id;
	if (rc == CHG_OK)
		rc = account_require(sqlite, account, &sqlite->payer);
	if (rc == CHG_OK && (!is_bucket_sound(bucket) || owner->bucket_count == CHG_BUCKET_MAX ||
				    bucket_find(owner, chg_view_of(bucket->name)) != NULL))
		rc = CHG_E_RANGE;
	if (rc == CHG_OK)
		rc = audit_add(sqlite, now, audit, CHG_VIEW("bucket add"), account, &audit_id);
	if (rc == CHG_OK)
		rc = bucket_insert(sqlite, now, audit_id, owner->account_id, bucket);
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
	int64_t ledger_id = 0;
	if (bucket == NULL)
		return CHG_E_UNKNOWN;
	if (!is_posting_sound(posting, bucket->balance))
		return CHG_E_RANGE;
	if (!chg_view_present(posting->reference))
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_reference_get);
	chg_stmt_text(stmt, CHG_N_reference, posting->reference);
	enum chg_rc rc = chg_sqlite_number(stmt, &ledger_id);
	return rc == CHG_OK && ledger_id != 0 ? CHG_E_RANGE : rc;
}

enum chg_rc chg_sqlite_post_by_hand(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id)
{
	enum chg_rc rc;
	struct chg_sqlite *sqlite = enter(self, &rc);
	struct chg_payer *payer = &sqlite->payer;
	struct chg_bucket *bucket = NULL;
	struct chg_posting row = {
		.at = now.wall, .kind = posting->kind, .reference = posting->reference
	};
	if (rc == CHG_OK)
		rc = account_require(sqlite, posting->account, payer);
	if (rc == CHG_OK) {
		bucket = bucket_find(&payer->account, posting->bucket);
		rc = posting_check(sqlite, posting, bucket);
	}
	if (rc == CHG_OK)
		rc = audit_add(
			sqlite, now, audit, CHG_VIEW("post"), posting->account, &row.audit_id);
	if (rc == CHG_OK)
		rc = post_one(sqlite, &row, payer, bucket, posting->amount,
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
	int64_t suspense_id, struct chg_payer *payer, chg_money amount)
{
	int64_t posting_id;
	struct chg_bucket *bucket = bucket_find(&payer->account, (struct chg_view){ 0 });
	enum chg_rc rc = post_one(
		sqlite, posting, payer, bucket, -amount.micros, CHG_CONTRA_USAGE, &posting_id);
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
	struct chg_payer *payer = &sqlite->payer;
	struct chg_posting posting = { .at = now.wall, .kind = CHG_POSTING_SUSPENSE };
	if (rc == CHG_OK)
		rc = account_require(sqlite, account, payer);
	if (rc == CHG_OK)
		rc = suspense_check(sqlite, suspense_id);
	if (rc == CHG_OK && !can_charge(&payer->account, amount))
		rc = CHG_E_RANGE;
	if (rc == CHG_OK)
		rc = audit_add(
			sqlite, now, audit, CHG_VIEW("suspense post"), account, &posting.audit_id);
	if (rc == CHG_OK)
		rc = suspense_charge(sqlite, &posting, suspense_id, payer, amount);
	return leave(sqlite, rc);
}

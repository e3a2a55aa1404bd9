/* SPDX-License-Identifier: BSD-3-Clause
 * Balances changed by hand, buckets, usage in suspense, and tariffs.
 */
#include <inttypes.h>
#include <stdio.h>

#include "runtime/book_private.h"

enum {
	/* An operator's clock may be a little behind this node's. */
	PAST_MAX_S = 60,
};

static void reply_balance(const struct chg_book *book, const struct chg_account *account,
	const struct chg_bucket *bucket)
{
	char text[CHG_MONEY_TEXT_MAX];
	chg_book_amount_write(bucket->kind, bucket->balance, text);
	chg_book_set_text(book->reply, "account", account->name);
	chg_book_set_text(book->reply, "bucket", bucket->name);
	chg_book_set_text(book->reply, "balance", text);
	if (bucket->kind == CHG_BUCKET_MONEY)
		chg_book_set_text(book->reply, "currency", chg_currency_code(account->currency));
	else
		chg_book_set_text(book->reply, "unit", chg_book_kind_text(bucket->kind));
}

static enum chg_rc need_bucket(const struct chg_book *book, const struct chg_account *account,
	struct chg_view name, const struct chg_bucket **ret)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	char owner[CHG_BOOK_SHOWN_MAX];
	*ret = chg_book_bucket(account, name);
	if (*ret != NULL)
		return CHG_OK;
	chg_book_show(name, shown);
	chg_book_show(chg_view_of(account->name), owner);
	return chg_book_refuse(book->reply, CHG_E_UNKNOWN,
		"account %s has no bucket %s; `chgctl account show` lists its buckets", owner,
		shown);
}

/* Step by step, so that only a used reference is left as the reason when the store refuses. */
static enum chg_rc take_posting(const struct chg_book *book, struct chg_account *account,
	struct chg_posting_new *ret, const struct chg_bucket **ret_bucket)
{
	int64_t balance;
	enum chg_rc rc = chg_book_need_account(book, "account", account);
	if (rc == CHG_OK)
		rc = chg_book_may_text(book->request, book->reply, "bucket",
			CHG_BUCKET_NAME_MAX - 1, &ret->bucket);
	if (rc == CHG_OK)
		rc = need_bucket(book, account, ret->bucket, ret_bucket);
	if (rc == CHG_OK)
		rc = chg_book_may_text(book->request, book->reply, "reference",
			CHG_BOOK_REFERENCE_MAX, &ret->reference);
	if (rc == CHG_OK)
		rc = chg_book_may_amount(
			book->request, book->reply, "amount", (*ret_bucket)->kind, &ret->amount);
	if (rc != CHG_OK)
		return rc;
	if (ret->amount == 0)
		return chg_book_refuse(
			book->reply, CHG_E_SYNTAX, "an amount other than 0 is needed");
	if (__builtin_add_overflow((*ret_bucket)->balance, ret->amount, &balance))
		return chg_book_refuse(
			book->reply, CHG_E_RANGE, "the balance would not fit any more");
	ret->account = chg_view_of(account->name);
	return CHG_OK;
}

/* A reference that was used before, held against what it is to be used for now. */
struct used {
	const struct chg_book *book;
	const struct chg_posting_new *posting;
	const struct chg_bucket *bucket;
};

static void write_sum(
	const struct chg_book *book, const struct chg_ledger_line *line, char *to, size_t size)
{
	struct chg_account account;
	char amount[CHG_MONEY_TEXT_MAX];
	const char *unit = chg_book_kind_text(line->unit);
	chg_book_amount_write(line->unit, line->amount, amount);
	if (line->unit == CHG_BUCKET_MONEY &&
		chg_book_find(book, line->account, &account) == CHG_OK)
		unit = chg_currency_code(account.currency);
	(void)snprintf(to, size, "%s %s", amount, unit);
}

/* The same posting is a repetition; another one shows that something is wrong where they are made. */
static bool refuse_used(void *to, const struct chg_ledger_line *line)
{
	const struct used *used = to;
	const struct chg_posting_new *posting = used->posting;
	char reference[CHG_BOOK_SHOWN_MAX], account[CHG_BOOK_SHOWN_MAX], bucket[CHG_BOOK_SHOWN_MAX];
	char sum[CHG_MONEY_TEXT_MAX + 16];
	bool is_same = chg_view_equal(line->account, posting->account) &&
		       chg_view_equal(line->bucket, chg_view_of(used->bucket->name)) &&
		       line->amount == posting->amount && line->kind == posting->kind;
	chg_book_show(posting->reference, reference);
	if (is_same) {
		(void)chg_book_refuse(used->book->reply, CHG_E_RANGE,
			"the reference %s has been posted before, so nothing is posted now",
			reference);
		return false;
	}
	chg_book_show(line->account, account);
	chg_book_show(line->bucket, bucket);
	write_sum(used->book, line, sum, sizeof sum);
	(void)chg_book_refuse(used->book->reply, CHG_E_RANGE,
		"the reference %s was used for another posting: number %" PRId64
		", %s of %s, account %s, bucket %s; nothing is posted now: what is not the same "
		"needs a reference of its own",
		reference, line->posting_id, chg_book_posting_text(line->kind), sum, account,
		bucket);
	return false;
}

/* The store has refused, and take_posting left no other reason than the reference. */
static enum chg_rc tell_used(const struct chg_book *book, const struct chg_posting_new *posting,
	const struct chg_bucket *bucket)
{
	const struct chg_store *store = book->store;
	const struct chg_ledger_filter filter = { .reference = posting->reference };
	struct used used = { .book = book, .posting = posting, .bucket = bucket };
	enum chg_rc rc = store->books->ledger_scan(store->self, &filter, refuse_used, &used);
	return rc == CHG_OK ? CHG_E_RANGE : rc;
}

static enum chg_rc post(const struct chg_book *book, enum chg_posting_kind kind)
{
	const struct chg_store *store = book->store;
	struct chg_posting_new posting = { .kind = kind };
	const struct chg_bucket *bucket;
	struct chg_account account;
	struct chg_account after;
	int64_t posting_id;
	enum chg_rc rc = take_posting(book, &account, &posting, &bucket);
	if (rc == CHG_OK && kind == CHG_POSTING_TOPUP && posting.amount < 0)
		return chg_book_refuse(book->reply, CHG_E_RANGE,
			"a top-up adds; take something away with `chgctl account adjust`");
	if (rc != CHG_OK)
		return rc;
	rc = store->books->post(store->self, book->now, &book->audit, &posting, &posting_id);
	if (rc == CHG_E_RANGE && chg_view_present(posting.reference))
		return tell_used(book, &posting, bucket);
	if (rc == CHG_OK)
		rc = chg_book_find(book, chg_view_of(account.name), &after);
	if (rc != CHG_OK)
		return rc;
	chg_book_set_number(book->reply, "posting_id", posting_id);
	bucket = chg_book_bucket(&after, posting.bucket);
	if (bucket != NULL)
		reply_balance(book, &after, bucket);
	return CHG_OK;
}

enum chg_rc chg_book_account_topup(const struct chg_book *book)
{
	return post(book, CHG_POSTING_TOPUP);
}

enum chg_rc chg_book_account_adjust(const struct chg_book *book)
{
	return post(book, CHG_POSTING_ADJUSTMENT);
}

static enum chg_rc take_kind(const struct chg_book *book, enum chg_bucket_kind *ret)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	struct chg_view text;
	enum chg_rc rc = chg_book_need_text(book->request, book->reply, "kind", 32, &text);
	if (rc != CHG_OK || chg_book_kind_parse(text, ret))
		return rc;
	chg_book_show(text, shown);
	return chg_book_refuse(book->reply, CHG_E_SYNTAX,
		"kind %s is none; there are money, seconds, octets and messages", shown);
}

static enum chg_rc take_priority(const struct chg_book *book, int32_t *ret)
{
	const json_t *value = json_object_get(book->request, "priority");
	json_int_t priority = json_integer_value(value);
	if (value != NULL &&
		(!json_is_integer(value) || priority < INT32_MIN || priority > INT32_MAX))
		return chg_book_refuse(
			book->reply, CHG_E_SYNTAX, "priority is no whole number of 32 bits");
	*ret = (int32_t)priority;
	return CHG_OK;
}

/* The views were checked to fit their fields, with the end. */
static void put_text(char *to, struct chg_view text)
{
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
}

static enum chg_rc take_bucket(const struct chg_book *book, struct chg_bucket *ret)
{
	struct chg_view name = { 0 };
	struct chg_view service = { 0 };
	const json_t *from = book->request;
	enum chg_rc rc =
		chg_book_need_name(from, book->reply, "name", CHG_BUCKET_NAME_MAX - 1, &name);
	if (rc == CHG_OK)
		rc = take_kind(book, &ret->kind);
	if (rc == CHG_OK)
		rc = chg_book_may_amount(from, book->reply, "balance", ret->kind, &ret->balance);
	if (rc == CHG_OK)
		rc = take_priority(book, &ret->priority);
	if (rc == CHG_OK)
		rc = chg_book_may_text(
			from, book->reply, "service", CHG_BUCKET_SERVICE_MAX - 1, &service);
	if (rc == CHG_OK)
		rc = chg_book_may_instant(from, book->reply, "valid_from_us", &ret->valid_from);
	if (rc == CHG_OK)
		rc = chg_book_may_instant(from, book->reply, "valid_until_us", &ret->valid_until);
	if (rc != CHG_OK)
		return rc;
	if (ret->valid_from.is_present && ret->valid_until.is_present &&
		!chg_instant_before(ret->valid_from.value, ret->valid_until.value))
		return chg_book_refuse(
			book->reply, CHG_E_RANGE, "the validity ends before it begins");
	if (ret->balance < 0)
		return chg_book_refuse(book->reply, CHG_E_RANGE, "the balance is below zero");
	put_text(ret->name, name);
	put_text(ret->service, service);
	return CHG_OK;
}

enum chg_rc chg_book_bucket_add(const struct chg_book *book)
{
	const struct chg_store *store = book->store;
	struct chg_bucket bucket = { 0 };
	struct chg_account account;
	char shown[CHG_BOOK_SHOWN_MAX];
	enum chg_rc rc = chg_book_need_account(book, "account", &account);
	if (rc == CHG_OK)
		rc = take_bucket(book, &bucket);
	if (rc != CHG_OK)
		return rc;
	chg_book_show(chg_view_of(bucket.name), shown);
	if (chg_book_bucket(&account, chg_view_of(bucket.name)) != NULL)
		return chg_book_refuse(
			book->reply, CHG_E_RANGE, "the account has a bucket %s already", shown);
	if (account.bucket_count == CHG_BUCKET_MAX)
		return chg_book_refuse(book->reply, CHG_E_RANGE,
			"the account has %d buckets already", CHG_BUCKET_MAX);
	rc = store->books->bucket_add(
		store->self, book->now, &book->audit, chg_view_of(account.name), &bucket);
	if (rc == CHG_OK)
		reply_balance(book, &account, &bucket);
	return rc;
}

enum chg_rc chg_book_suspense_post(const struct chg_book *book)
{
	const struct chg_store *store = book->store;
	const json_t *id = json_object_get(book->request, "suspense_id");
	struct chg_account account;
	struct chg_account after;
	chg_money amount;
	int64_t balance;
	if (!json_is_integer(id))
		return chg_book_refuse(book->reply, CHG_E_SYNTAX,
			"the number of a suspense line is missing; `chgctl suspense list` has it");
	enum chg_rc rc = chg_book_need_account(book, "account", &account);
	if (rc == CHG_OK)
		rc = chg_book_may_amount(
			book->request, book->reply, "amount", CHG_BUCKET_MONEY, &amount.micros);
	if (rc != CHG_OK)
		return rc;
	const struct chg_bucket *main = chg_book_bucket(&account, (struct chg_view){ 0 });
	if (amount.micros < 0 || main == NULL ||
		__builtin_sub_overflow(main->balance, amount.micros, &balance))
		return chg_book_refuse(book->reply, CHG_E_RANGE,
			"the amount is below zero or does not fit the account");
	rc = store->books->suspense_post(store->self, book->now, &book->audit,
		json_integer_value(id), chg_view_of(account.name), amount);
	if (rc == CHG_E_UNKNOWN || rc == CHG_E_RANGE)
		return chg_book_refuse(book->reply, rc,
			"there is no suspense line %" JSON_INTEGER_FORMAT
			" that waits to be posted; `chgctl suspense list` shows those that do",
			json_integer_value(id));
	if (rc == CHG_OK)
		rc = chg_book_find(book, chg_view_of(account.name), &after);
	if (rc != CHG_OK)
		return rc;
	main = chg_book_bucket(&after, (struct chg_view){ 0 });
	if (main != NULL)
		reply_balance(book, &after, main);
	return CHG_OK;
}

enum chg_rc chg_book_tariff_load(const struct chg_book *book)
{
	const struct chg_store *store = book->store;
	struct chg_view name;
	struct chg_view text;
	chg_opt_instant at;
	int64_t version;
	enum chg_rc rc = chg_book_need_text(
		book->request, book->reply, "name", CHG_TARIFF_TEXT_MAX - 1, &name);
	if (rc == CHG_OK)
		rc = chg_book_need_text(
			book->request, book->reply, "text", CHG_CONTROL_REQUEST_MAX, &text);
	if (rc == CHG_OK)
		rc = chg_book_may_instant(book->request, book->reply, "at_us", &at);
	if (rc != CHG_OK)
		return rc;
	chg_instant from = at.is_present ? at.value : book->now.wall;
	if (chg_instant_before(chg_instant_add(from, chg_span_s(PAST_MAX_S)), book->now.wall))
		return chg_book_refuse(book->reply, CHG_E_RANGE,
			"a tariff cannot come into force in the past: what was charged stays as it "
			"is; leave the time out for now");
	rc = store->books->tariff_add(
		store->self, book->now, &book->audit, name, text, from, &version);
	if (rc != CHG_OK)
		return rc;
	chg_book_set_number(book->reply, "version", version);
	chg_book_set_number(book->reply, "in_force_from_us", from.us);
	(void)json_object_set(book->reply, "name", json_object_get(book->request, "name"));
	return CHG_OK;
}

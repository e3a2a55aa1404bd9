/* SPDX-License-Identifier: BSD-3-Clause
 * Reading balances, buckets and laws through the port.
 */
#include <stdarg.h>
#include <stdio.h>

#include "chgplay/books.h"

enum chg_bucket_kind chg_books_kind(const struct chg_script_amount *amount)
{
	if (amount->is_money)
		return CHG_BUCKET_MONEY;
	switch (amount->unit) {
	case CHG_UNIT_SECONDS:
		return CHG_BUCKET_SECONDS;
	case CHG_UNIT_MESSAGES:
		return CHG_BUCKET_MESSAGES;
	default:
		return CHG_BUCKET_OCTETS;
	}
}

static bool unread(enum chg_rc rc, const char *account, char *why, size_t why_size)
{
	if (rc == CHG_E_UNKNOWN)
		snprintf(why, why_size, "there is no account %s", account);
	else
		snprintf(why, why_size, "the books cannot be read: %s", chg_rc_sentence(rc));
	return false;
}

struct balance_look {
	const struct chg_script_balance *want;
	chg_instant now;
	bool is_met;
	char *why;
	size_t why_size;
};

static bool is_money(
	struct balance_look *look, bool is_wanted, chg_money want, chg_money is, const char *what)
{
	char is_text[CHG_MONEY_TEXT_MAX];
	char want_text[CHG_MONEY_TEXT_MAX];
	if (!is_wanted || want.micros == is.micros)
		return true;
	chg_money_write(is, is_text);
	chg_money_write(want, want_text);
	snprintf(look->why, look->why_size, "%s is %s and not %s", what, is_text, want_text);
	return false;
}

static bool each_balance(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct balance_look *look = to;
	const struct chg_script_balance *want = look->want;
	chg_money reserved = CHG_NO_MONEY;
	(void)identity;
	(void)identity_count;
	for (size_t i = 0; i < account->bucket_count; i++)
		if (account->bucket[i].kind == CHG_BUCKET_MONEY)
			reserved.micros += account->bucket[i].reserved;
	look->is_met = is_money(look, want->has_available, want->available,
			       chg_account_available(account, look->now), "available") &&
		       is_money(look, want->has_reserved, want->reserved, reserved, "reserved");
	return false;
}

bool chg_books_meet_balance(struct chg_store *store, const char *account,
	const struct chg_script_balance *want, chg_instant now, char *reterr_why, size_t why_size)
{
	struct balance_look look = {
		.want = want, .now = now, .why = reterr_why, .why_size = why_size
	};
	enum chg_rc rc =
		store->books->account_find(store->self, chg_view_of(account), each_balance, &look);
	return rc == CHG_OK ? look.is_met : unread(rc, account, reterr_why, why_size);
}

struct bucket_look {
	const struct chg_script_bucket *want;
	chg_instant now;
	int64_t available;
	int64_t reserved;
};

static bool is_wanted_bucket(const struct bucket_look *look, const struct chg_bucket *bucket)
{
	const struct chg_script_bucket *want = look->want;
	if (bucket->kind != chg_books_kind(&want->amount))
		return false;
	if (want->name.ptr != NULL && !chg_view_equal(want->name, chg_view_of(bucket->name)))
		return false;
	return want->service.ptr == NULL ||
	       chg_view_equal(want->service, chg_view_of(bucket->service));
}

static bool each_bucket(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct bucket_look *look = to;
	(void)identity;
	(void)identity_count;
	for (size_t i = 0; i < account->bucket_count; i++)
		if (is_wanted_bucket(look, &account->bucket[i])) {
			look->available += account->bucket[i].balance - account->bucket[i].reserved;
			look->reserved += account->bucket[i].reserved;
		}
	return false;
}

bool chg_books_meet_bucket(struct chg_store *store, const char *account,
	const struct chg_script_bucket *want, chg_instant now, char *reterr_why, size_t why_size)
{
	struct bucket_look look = { .want = want, .now = now };
	bool is_in_money = want->amount.is_money;
	int64_t available = is_in_money ? want->amount.money.micros : (int64_t)want->amount.units;
	int64_t reserved =
		is_in_money ? want->reserved.money.micros : (int64_t)want->reserved.units;
	enum chg_rc rc =
		store->books->account_find(store->self, chg_view_of(account), each_bucket, &look);
	if (rc != CHG_OK)
		return unread(rc, account, reterr_why, why_size);
	snprintf(reterr_why, why_size, "%lld are available and %lld reserved, not %lld and %lld%s",
		(long long)look.available, (long long)look.reserved, (long long)available,
		(long long)reserved, is_in_money ? " millionths" : "");
	return look.available == available && look.reserved == reserved;
}

struct law_look {
	bool is_broken;
	char *why;
	size_t why_size;
};

static bool each_law(void *to, struct chg_view law, struct chg_view row)
{
	struct law_look *look = to;
	look->is_broken = true;
	snprintf(look->why, look->why_size, "a law of the books is broken: %.*s: %.*s",
		(int)law.len, law.len == 0 ? "" : law.ptr, (int)row.len,
		row.len == 0 ? "" : row.ptr);
	return false;
}

bool chg_books_are_clean(struct chg_store *store, char *reterr_why, size_t why_size)
{
	struct law_look look = { .why = reterr_why, .why_size = why_size };
	enum chg_rc rc = store->books->verify(store->self, each_law, &look);
	if (rc != CHG_OK)
		return unread(rc, "", reterr_why, why_size);
	return !look.is_broken;
}

struct suspense_look {
	bool (*is_ours)(void *to, struct chg_view session_id);
	void *to;
	uint32_t count;
};

static bool each_suspense(void *to, const struct chg_suspense_line *line)
{
	struct suspense_look *look = to;
	look->count += look->is_ours(look->to, line->session_id);
	return true;
}

enum chg_rc chg_books_count_suspense(struct chg_store *store,
	bool (*is_ours)(void *to, struct chg_view session_id), void *to, uint32_t *ret)
{
	struct suspense_look look = { .is_ours = is_ours, .to = to };
	enum chg_rc rc = store->books->suspense_scan(store->self, false, each_suspense, &look);
	*ret = look.count;
	return rc;
}

struct file {
	char *text;
	size_t len;
	bool is_full;
};

static void put(struct file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct file *file, const char *format, ...)
{
	size_t room = CHG_BOOKS_TARIFF_MAX - file->len;
	va_list args;
	va_start(args, format);
	int len = vsnprintf(file->text + file->len, room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		file->is_full = true;
	else
		file->len += (size_t)len;
}

#define TEXT(view) (int)(view).len, (view).len == 0 ? "" : (view).ptr

static void put_match(struct file *file, const struct chg_script_price *price)
{
	const char *comma = "";
	if (!price->group.is_present && !price->id.is_present && price->context.ptr == NULL &&
		price->plan.ptr == NULL)
		return;
	put(file, "    match: {");
	if (price->context.ptr != NULL) {
		put(file, "context: \"%.*s\"", TEXT(price->context));
		comma = ", ";
	}
	if (price->group.is_present) {
		put(file, "%srating-group: %u", comma, (unsigned)price->group.value);
		comma = ", ";
	}
	if (price->id.is_present) {
		put(file, "%sservice-identifier: %u", comma, (unsigned)price->id.value);
		comma = ", ";
	}
	if (price->plan.ptr != NULL)
		put(file, "%splan: \"%.*s\"", comma, TEXT(price->plan));
	put(file, "}\n");
}

static void put_price(struct file *file, const struct chg_script_price *price)
{
	put(file, "  - name: \"%.*s\"\n", TEXT(price->name));
	put_match(file, price);
	if (price->kind == CHG_PRICE_FREE)
		put(file, "    free: true\n");
	else if (price->kind == CHG_PRICE_NOT_CHARGED)
		put(file, "    not-charged: true\n");
	else
		put(file, "    price: %.*s per %llu %s\n", TEXT(price->price),
			(unsigned long long)price->per, chg_unit_text(price->unit));
	if (price->setup.ptr != NULL)
		put(file, "    setup: %.*s\n", TEXT(price->setup));
}

bool chg_books_tariff(const struct chg_script_tariff *tariff, char ret[CHG_BOOKS_TARIFF_MAX])
{
	struct file file = { .text = ret };
	put(&file, "tariff: scenario\ncurrency: EUR\nrules:\n");
	for (size_t i = 0; i < tariff->price_count; i++)
		put_price(&file, &tariff->price[i]);
	return !file.is_full;
}

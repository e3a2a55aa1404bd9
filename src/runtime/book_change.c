/* SPDX-License-Identifier: BSD-3-Clause
 * The table of changes, and what all of them begin and end with.
 */
#include "runtime/book_change.h"

#include <stdarg.h>
#include <stdio.h>

#include "runtime/book_private.h"
#include "runtime/quote.h"

enum {
	REFUSAL_MAX = 512,
	WHO_MAX = 64,
};

static const struct {
	const char *name;
	chg_book_work *work;
} changes[] = {
#define CHANGE(name, function, sentence) { name, chg_book_##function },
#include "runtime/book_change.def"
#undef CHANGE
};

enum chg_rc chg_book_refuse(json_t *reply, enum chg_rc rc, const char *format, ...)
{
	char why[REFUSAL_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(why, sizeof why, format, args);
	va_end(args);
	(void)json_object_set_new(reply, "why", json_string(why));
	return rc;
}

void chg_book_show(struct chg_view text, char ret[CHG_BOOK_SHOWN_MAX])
{
	(void)chg_quote_write(text, CHG_QUOTE_ALWAYS, ret, CHG_BOOK_SHOWN_MAX);
}

void chg_book_set_text(json_t *to, const char *name, const char *text)
{
	(void)json_object_set_new(to, name, json_string(text));
}

void chg_book_set_number(json_t *to, const char *name, int64_t number)
{
	(void)json_object_set_new(to, name, json_integer(number));
}

struct chg_view chg_book_text(const json_t *from, const char *name)
{
	const json_t *text = json_object_get(from, name);
	return (struct chg_view){ .ptr = json_string_value(text), .len = json_string_length(text) };
}

enum chg_rc chg_book_may_text(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret)
{
	const json_t *value = json_object_get(from, name);
	struct chg_view text = chg_book_text(from, name);
	if (value != NULL && !json_is_null(value) && !chg_view_present(text))
		return chg_book_refuse(reply, CHG_E_SYNTAX, "\"%s\" is no text", name);
	if (text.len > max)
		return chg_book_refuse(reply, CHG_E_SYNTAX, "%s has %zu bytes; give at most %zu",
			name, text.len, max);
	*ret = text.len == 0 ? (struct chg_view){ 0 } : text;
	return CHG_OK;
}

enum chg_rc chg_book_need_text(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret)
{
	struct chg_view text;
	enum chg_rc rc = chg_book_may_text(from, reply, name, max, &text);
	if (rc == CHG_OK && !chg_view_present(text))
		return chg_book_refuse(reply, CHG_E_SYNTAX, "%s is missing", name);
	if (rc == CHG_OK)
		*ret = text;
	return rc;
}

enum chg_rc chg_book_need_name(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret)
{
	struct chg_view text;
	enum chg_rc rc = chg_book_need_text(from, reply, name, max, &text);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return chg_book_refuse(reply, CHG_E_SYNTAX,
				"%s holds a control character; use letters, digits and signs",
				name);
	}
	*ret = text;
	return CHG_OK;
}

enum chg_rc chg_book_may_amount(const json_t *from, json_t *reply, const char *name,
	enum chg_bucket_kind kind, int64_t *ret)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	struct chg_view text;
	int64_t amount = 0;
	enum chg_rc rc = chg_book_may_text(from, reply, name, CHG_MONEY_TEXT_MAX, &text);
	if (rc != CHG_OK)
		return rc;
	/* An empty one is a variable of a script that was not set, and not 0. */
	if (json_is_string(json_object_get(from, name)) && text.len == 0)
		return chg_book_refuse(
			reply, CHG_E_SYNTAX, "%s is empty; write an amount, or leave it out", name);
	if (chg_view_present(text))
		rc = chg_book_amount_parse(kind, text, &amount);
	chg_book_show(text, shown);
	if (rc == CHG_E_RANGE)
		return chg_book_refuse(reply, rc, "%s %s is too large", name, shown);
	if (rc != CHG_OK)
		return chg_book_refuse(reply, rc,
			kind == CHG_BUCKET_MONEY
				? "%s %s is no amount; write it as 1.20, with at most six places"
				: "%s %s is no whole number; this bucket holds units and no money",
			name, shown);
	*ret = amount;
	return CHG_OK;
}

enum chg_rc chg_book_may_instant(
	const json_t *from, json_t *reply, const char *name, chg_opt_instant *ret)
{
	const json_t *value = json_object_get(from, name);
	if (value != NULL && !json_is_null(value) && !json_is_integer(value))
		return chg_book_refuse(reply, CHG_E_SYNTAX,
			"\"%s\" is no number of microseconds since 1970", name);
	*ret = (chg_opt_instant){ .is_present = json_is_integer(value),
		.value = { json_integer_value(value) } };
	return CHG_OK;
}

static bool keep_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct chg_account *kept = to;
	(void)identity;
	(void)identity_count;
	*kept = *account;
	return false;
}

enum chg_rc chg_book_find(
	const struct chg_book *book, struct chg_view name_or_key, struct chg_account *ret)
{
	const struct chg_store *store = book->store;
	return store->books->account_find(store->self, name_or_key, keep_account, ret);
}

enum chg_rc chg_book_need_account(
	const struct chg_book *book, const char *name, struct chg_account *ret)
{
	struct chg_identity_ask identity;
	char shown[CHG_BOOK_SHOWN_MAX];
	struct chg_view text;
	enum chg_rc rc =
		chg_book_need_text(book->request, book->reply, name, CHG_PARTY_TEXT_MAX, &text);
	if (rc != CHG_OK)
		return rc;
	rc = chg_book_find(book, text, ret);
	if (rc == CHG_E_UNKNOWN && chg_book_identity_parse(text, &identity) == CHG_OK)
		rc = chg_book_find(book,
			(struct chg_view){ .ptr = identity.key.bytes, .len = identity.key.len },
			ret);
	chg_book_show(text, shown);
	if (rc == CHG_E_UNKNOWN)
		return chg_book_refuse(book->reply, rc,
			"there is no account %s; `chgctl account list` shows what there is", shown);
	return rc;
}

const struct chg_bucket *chg_book_bucket(const struct chg_account *account, struct chg_view name)
{
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *bucket = &account->bucket[i];
		if (chg_view_present(name) ? chg_view_equal(name, chg_view_of(bucket->name))
					   : bucket->is_main)
			return bucket;
	}
	return NULL;
}

static enum chg_rc take_audit(const json_t *request, json_t *reply, struct chg_audit *ret)
{
	enum chg_rc rc = chg_book_need_name(request, reply, "who", WHO_MAX, &ret->who);
	if (rc == CHG_OK)
		rc = chg_book_need_name(request, reply, "why", CHG_BOOK_WHY_MAX, &ret->why);
	return rc;
}

enum chg_rc chg_book_change(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now)
{
	struct chg_book book = { .request = request, .reply = reply, .store = store, .now = now };
	struct chg_view command = chg_book_text(request, "command");
	/* A second attempt must not show what the first one said. */
	(void)json_object_clear(reply);
	enum chg_rc rc = take_audit(request, reply, &book.audit);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		if (chg_view_equal(command, chg_view_of(changes[i].name)))
			return changes[i].work(&book);
	}
	return chg_book_refuse(reply, CHG_E_UNKNOWN, "this is no change of accounts or tariffs");
}

enum chg_rc chg_book_run(
	struct chg_store *store, struct chg_now now, const json_t *request, json_t *reply)
{
	enum chg_rc rc = store->ops->begin(store->self);
	if (rc == CHG_OK) {
		rc = chg_book_change(request, reply, store, now);
		if (rc == CHG_OK)
			rc = store->ops->commit(store->self);
		else
			store->ops->rollback(store->self);
	}
	(void)json_object_set_new(reply, "ok", json_boolean(rc == CHG_OK));
	if (rc == CHG_OK)
		return rc;
	chg_book_set_text(reply, "error", chg_rc_name(rc));
	if (json_object_get(reply, "why") == NULL)
		chg_book_set_text(reply, "why", chg_rc_sentence(rc));
	return rc;
}

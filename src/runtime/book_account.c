/* SPDX-License-Identifier: BSD-3-Clause
 * Accounts made, one or many, and blocked.
 */
#include "runtime/book_private.h"

/* Reads what request["identities"] lists; a key that stands twice counts once. */
static enum chg_rc take_identity(json_t *reply, struct chg_view text, struct chg_account_new *to)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	struct chg_identity_ask identity;
	enum chg_rc rc = chg_book_identity_parse(text, &identity);
	chg_book_show(text, shown);
	if (rc == CHG_E_UNKNOWN)
		return chg_book_refuse(reply, CHG_E_SYNTAX,
			"identity %s has no kind; write e164:, imsi:, sip:, nai: or private: in "
			"front of it",
			shown);
	if (rc != CHG_OK)
		return chg_book_refuse(reply, rc, "identity %s is %s", shown,
			rc == CHG_E_SYNTAX ? "not made of digits" : "empty or too long");
	for (size_t i = 0; i < to->identity_count; i++) {
		const struct chg_party *key = &to->identity[i].key;
		if (key->len == identity.key.len &&
			memcmp(key->bytes, identity.key.bytes, key->len) == 0)
			return CHG_OK;
	}
	if (to->identity_count == CHG_IDENTITY_MAX)
		return chg_book_refuse(reply, CHG_E_RANGE,
			"identity %s is one too many; an account has at most %d", shown,
			CHG_IDENTITY_MAX);
	to->identity[to->identity_count++] = identity;
	return CHG_OK;
}

static enum chg_rc take_identities(const json_t *from, json_t *reply, struct chg_account_new *to)
{
	const json_t *list = json_object_get(from, "identities");
	enum chg_rc rc = CHG_OK;
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		struct chg_view text = { .ptr = json_string_value(item),
			.len = json_string_length(item) };
		if (!chg_view_present(text))
			return chg_book_refuse(reply, CHG_E_SYNTAX, "an identity is no text");
		rc = take_identity(reply, text, to);
		if (rc != CHG_OK)
			break;
	}
	return rc;
}

static enum chg_rc take_currency(const json_t *from, json_t *reply, chg_currency *ret)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	struct chg_view text;
	enum chg_rc rc = chg_book_need_text(from, reply, "currency", 16, &text);
	if (rc != CHG_OK)
		return rc;
	chg_book_show(text, shown);
	rc = chg_currency_parse(text, ret);
	return rc == CHG_OK
		       ? rc
		       : chg_book_refuse(reply, rc,
				 "%s is no currency; write its code of ISO 4217, as in EUR", shown);
}

/* An amount of money that is not below zero. */
static enum chg_rc take_limit(const json_t *from, json_t *reply, const char *name, chg_money *ret)
{
	enum chg_rc rc = chg_book_may_amount(from, reply, name, CHG_BUCKET_MONEY, &ret->micros);
	if (rc == CHG_OK && ret->micros < 0)
		return chg_book_refuse(reply, CHG_E_RANGE, "%s is below zero", name);
	return rc;
}

static enum chg_rc take_new(const json_t *from, json_t *reply, struct chg_account_new *ret)
{
	enum chg_rc rc =
		chg_book_need_name(from, reply, "name", CHG_ACCOUNT_NAME_MAX - 1, &ret->name);
	if (rc == CHG_OK)
		rc = take_currency(from, reply, &ret->currency);
	if (rc == CHG_OK)
		rc = chg_book_may_amount(
			from, reply, "balance", CHG_BUCKET_MONEY, &ret->opening.micros);
	if (rc == CHG_OK)
		rc = take_limit(from, reply, "credit_limit", &ret->credit_limit);
	if (rc == CHG_OK)
		rc = take_limit(from, reply, "low_balance", &ret->low_balance);
	if (rc == CHG_OK)
		rc = chg_book_may_text(from, reply, "plan", CHG_ACCOUNT_NAME_MAX - 1, &ret->plan);
	if (rc == CHG_OK)
		rc = chg_book_may_instant(from, reply, "valid_until_us", &ret->valid_until);
	if (rc == CHG_OK)
		rc = take_identities(from, reply, ret);
	return rc;
}

/* Under this name nobody is found yet: accounts and identities are looked up in the same way. */
static enum chg_rc be_free(
	const struct chg_book *book, json_t *reply, const char *what, struct chg_view text)
{
	char shown[CHG_BOOK_SHOWN_MAX];
	char owner[CHG_BOOK_SHOWN_MAX];
	struct chg_account account;
	enum chg_rc rc = chg_book_find(book, text, &account);
	if (rc == CHG_E_UNKNOWN)
		return CHG_OK;
	if (rc != CHG_OK)
		return rc;
	chg_book_show(text, shown);
	chg_book_show(chg_view_of(account.name), owner);
	return chg_book_refuse(
		reply, CHG_E_RANGE, "the %s %s is taken by account %s", what, shown, owner);
}

static enum chg_rc be_all_free(
	const struct chg_book *book, json_t *reply, const struct chg_account_new *account)
{
	enum chg_rc rc = be_free(book, reply, "name", account->name);
	for (size_t i = 0; rc == CHG_OK && i < account->identity_count; i++) {
		const struct chg_party *key = &account->identity[i].key;
		rc = be_free(book, reply, "identity",
			(struct chg_view){ .ptr = key->bytes, .len = key->len });
	}
	return rc;
}

static enum chg_rc add(
	const struct chg_book *book, const struct chg_account_new *account, int64_t *ret_account_id)
{
	const struct chg_store *store = book->store;
	return store->books->account_add(
		store->self, book->now, &book->audit, account, ret_account_id);
}

enum chg_rc chg_book_account_create(const struct chg_book *book)
{
	struct chg_account_new account = { 0 };
	int64_t account_id = 0;
	enum chg_rc rc = take_new(book->request, book->reply, &account);
	if (rc == CHG_OK)
		rc = be_all_free(book, book->reply, &account);
	if (rc == CHG_OK)
		rc = add(book, &account, &account_id);
	if (rc != CHG_OK)
		return rc;
	(void)json_object_set(book->reply, "account", json_object_get(book->request, "name"));
	chg_book_set_number(book->reply, "account_id", account_id);
	return CHG_OK;
}

/* Whether a refusal is about this account alone, and not about the store. */
static bool is_refusal(enum chg_rc rc)
{
	return rc == CHG_E_SYNTAX || rc == CHG_E_RANGE || rc == CHG_E_UNKNOWN;
}

/*
 * One account of many.  CHG_OK also when it was refused, with its line in `refused`: what cannot be
 * made is found out before anything of it is written.
 */
static enum chg_rc import_one(
	const struct chg_book *book, const json_t *from, bool is_trial, json_t *refused)
{
	struct chg_account_new account = { 0 };
	int64_t account_id;
	json_t *reply = json_object();
	enum chg_rc rc = take_new(from, reply, &account);
	if (rc == CHG_OK)
		rc = be_all_free(book, reply, &account);
	if (is_refusal(rc)) {
		(void)json_object_set(reply, "line", json_object_get(from, "line"));
		(void)json_array_append(refused, reply);
		rc = CHG_OK;
	} else if (rc == CHG_OK && !is_trial) {
		rc = add(book, &account, &account_id);
	}
	json_decref(reply);
	return rc;
}

enum chg_rc chg_book_account_import(const struct chg_book *book)
{
	const json_t *accounts = json_object_get(book->request, "accounts");
	bool is_trial = json_is_true(json_object_get(book->request, "dry_run"));
	enum chg_rc rc = CHG_OK;
	size_t i;
	const json_t *from;
	if (!json_is_array(accounts) || json_array_size(accounts) > CHG_BOOK_IMPORT_MAX)
		return chg_book_refuse(book->reply, CHG_E_SYNTAX,
			"\"accounts\" is no list of at most %d", CHG_BOOK_IMPORT_MAX);
	json_t *refused = json_array();
	json_array_foreach(accounts, i, from)
	{
		rc = import_one(book, from, is_trial, refused);
		if (rc != CHG_OK)
			break;
	}
	chg_book_set_number(book->reply, "created",
		(int64_t)(json_array_size(accounts) - json_array_size(refused)));
	(void)json_object_set_new(book->reply, "refused", refused);
	return rc;
}

static enum chg_rc set_status(const struct chg_book *book, enum chg_account_status status)
{
	const struct chg_store *store = book->store;
	struct chg_account account;
	enum chg_rc rc = chg_book_need_account(book, "account", &account);
	if (rc == CHG_OK)
		rc = store->books->account_set_status(
			store->self, book->now, &book->audit, chg_view_of(account.name), status);
	if (rc != CHG_OK)
		return rc;
	chg_book_set_text(book->reply, "account", account.name);
	chg_book_set_text(book->reply, "status", chg_book_status_text(status));
	return CHG_OK;
}

enum chg_rc chg_book_account_block(const struct chg_book *book)
{
	return set_status(book, CHG_ACCOUNT_BLOCKED);
}

enum chg_rc chg_book_account_unblock(const struct chg_book *book)
{
	return set_status(book, CHG_ACCOUNT_ACTIVE);
}

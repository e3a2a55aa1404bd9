/* SPDX-License-Identifier: BSD-3-Clause
 * A scenario's accounts, buckets and tariffs as commands of the control socket.
 */
#include <stdio.h>

#include "runtime/control.h"
#include "scenario/node_books.h"

static bool ask(const char *socket, json_t *request, char *why, size_t why_size)
{
	json_t *reply = NULL;
	const char *refusal = "";
	json_object_set_new(request, "who", json_string("scenario"));
	json_object_set_new(request, "why", json_string("the scenario says so"));
	enum chg_rc rc = chg_control_ask(socket, request, &reply, why, why_size);
	bool is_fine = rc == CHG_OK && chg_control_is_ok(reply, &refusal);
	if (rc == CHG_OK && !is_fine)
		snprintf(why, why_size, "%s", refusal);
	json_decref(reply);
	json_decref(request);
	return is_fine;
}

static json_t *command(const char *name)
{
	json_t *request = json_object();
	json_object_set_new(request, "command", json_string(name));
	return request;
}

static void set_text(json_t *object, const char *key, struct chg_view text)
{
	if (chg_view_present(text))
		json_object_set_new(object, key, json_stringn(text.ptr, text.len));
}

static void set_money(json_t *object, const char *key, chg_money money)
{
	char text[CHG_MONEY_TEXT_MAX];
	chg_money_write(money, text);
	json_object_set_new(object, key, json_string(text));
}

static void set_until(json_t *object, chg_opt_instant until)
{
	if (until.is_present)
		json_object_set_new(object, "valid_until_us", json_integer(until.value.us));
}

static json_t *identity(const struct chg_identity_ask *identity)
{
	static const char *const prefixes[] = { [CHG_IDENTITY_E164] = "e164:",
		[CHG_IDENTITY_IMSI] = "imsi:",
		[CHG_IDENTITY_SIP_URI] = "", /* has one of its own */
		[CHG_IDENTITY_NAI] = "nai:",
		[CHG_IDENTITY_PRIVATE] = "private:" };
	return json_sprintf(
		"%s%.*s", prefixes[identity->type], (int)identity->text.len, identity->text.ptr);
}

static bool add_account(
	const char *socket, const struct chg_play_change *change, char *why, size_t why_size)
{
	const struct chg_account_new *account = &change->account;
	json_t *identities = json_array();
	json_t *request = command("account-create");
	for (size_t i = 0; i < account->identity_count; i++)
		json_array_append_new(identities, identity(&account->identity[i]));
	set_text(request, "name", account->name);
	json_object_set_new(request, "currency", json_string(chg_currency_code(account->currency)));
	set_money(request, "balance", account->opening);
	set_money(request, "credit_limit", account->credit_limit);
	set_money(request, "low_balance", account->low_balance);
	set_text(request, "plan", account->plan);
	set_until(request, account->valid_until);
	json_object_set_new(request, "identities", identities);
	if (!ask(socket, request, why, why_size))
		return false;
	if (!change->is_blocked)
		return true;
	request = command("account-block");
	set_text(request, "account", account->name);
	return ask(socket, request, why, why_size);
}

static bool add_bucket(
	const char *socket, const struct chg_play_change *change, char *why, size_t why_size)
{
	static const char *const kinds[] = { [CHG_BUCKET_MONEY] = "money",
		[CHG_BUCKET_SECONDS] = "seconds",
		[CHG_BUCKET_OCTETS] = "octets",
		[CHG_BUCKET_MESSAGES] = "messages" };
	const struct chg_bucket *bucket = &change->bucket;
	json_t *request = command("bucket-add");
	set_text(request, "account", change->account.name);
	set_text(request, "name", chg_view_of(bucket->name));
	json_object_set_new(request, "kind", json_string(kinds[bucket->kind]));
	if (bucket->kind == CHG_BUCKET_MONEY)
		set_money(request, "balance", (chg_money){ bucket->balance });
	else
		json_object_set_new(
			request, "balance", json_sprintf("%lld", (long long)bucket->balance));
	json_object_set_new(request, "priority", json_integer(bucket->priority));
	if (bucket->service[0] != '\0')
		set_text(request, "service", chg_view_of(bucket->service));
	set_until(request, bucket->valid_until);
	return ask(socket, request, why, why_size);
}

static bool change_account(
	const char *socket, const struct chg_play_change *change, char *why, size_t why_size)
{
	bool is_topup = change->kind == CHG_BOOK_TOPUP;
	json_t *request = command(is_topup             ? "account-topup"
				  : change->is_blocked ? "account-block"
						       : "account-unblock");
	set_text(request, "account", change->account.name);
	if (is_topup)
		set_money(request, "amount", change->amount);
	return ask(socket, request, why, why_size);
}

bool node_books_change(
	const char *socket, const struct chg_play_change *change, char *reterr_why, size_t why_size)
{
	switch (change->kind) {
	case CHG_BOOK_ACCOUNT:
		return add_account(socket, change, reterr_why, why_size);
	case CHG_BOOK_BUCKET:
		return add_bucket(socket, change, reterr_why, why_size);
	case CHG_BOOK_STATUS:
	case CHG_BOOK_TOPUP:
		return change_account(socket, change, reterr_why, why_size);
	case CHG_BOOK_TARIFF:
		break;
	}
	json_t *request = command("tariff-load");
	set_text(request, "text", change->text);
	return ask(socket, request, reterr_why, why_size);
}

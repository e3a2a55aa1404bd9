/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl account list and show.
 */
#include "chgctl/command.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/listing.h"
#include "chgctl/when.h"
#include "runtime/book_change.h"

enum {
	LABEL_WIDTH = 18,
};

static const struct ctl_column account_columns[] = {
	{ .name = "id", .heading = "ID", .is_right = true },
	{ .name = "name", .heading = "NAME", .may_shrink = true },
	{ .name = "status", .heading = "STATUS" },
	{ .name = "currency", .heading = "CUR" },
	{ .name = "balance", .heading = "BALANCE", .is_right = true },
	{ .name = "reserved", .heading = "RESERVED", .is_right = true },
	{ .name = "available", .heading = "AVAILABLE", .is_right = true },
	{ .name = "credit_limit", .heading = "LIMIT", .is_right = true, .width_min = 110 },
	{ .name = "low_balance", .heading = "LOW", .is_right = true, .width_min = 110 },
	{ .name = "plan", .heading = "PLAN", .hides_empty = true },
	{ .name = "valid_until", .heading = "VALID UNTIL", .hides_empty = true },
	{ .name = "buckets", .heading = "BUCKETS", .is_right = true, .width_min = 110 },
	{ .name = "identities", .heading = "IDENTITIES", .may_shrink = true, .width_min = 90 },
};

enum {
	ACCOUNT_COLUMN_COUNT = sizeof account_columns / sizeof account_columns[0],
};

static struct ctl_value text_or_none(const char *text)
{
	return text[0] == '\0' ? (struct ctl_value){ 0 } : ctl_value_text(chg_view_of(text));
}

static struct ctl_value time_or_none(chg_opt_instant at)
{
	return at.is_present ? ctl_value_time(at.value) : (struct ctl_value){ 0 };
}

/* The main bucket; every account has one, but a damaged database may not. */
static const struct chg_bucket *main_bucket(const struct chg_account *account)
{
	static const struct chg_bucket none;

	for (size_t i = 0; i < account->bucket_count; i++) {
		if (account->bucket[i].is_main)
			return &account->bucket[i];
	}
	return &none;
}

/* All identities in one text, a JSON array or separated by blanks; free it. */
static char *join_identities(const struct chg_view *identity, size_t count, bool is_json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return NULL;
	fputs(is_json ? "[" : "", to);
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? "" : is_json ? "," : " ", to);
		if (is_json)
			ctl_text_json(to, identity[i]);
		else
			fwrite(identity[i].ptr, 1, identity[i].len, to);
	}
	fputs(is_json ? "]" : "", to);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

static void account_values(const struct chg_account *account, struct ctl_value identities,
	chg_instant now, struct ctl_value ret_values[ACCOUNT_COLUMN_COUNT])
{
	const struct chg_bucket *main = main_bucket(account);
	const struct ctl_value values[ACCOUNT_COLUMN_COUNT] = {
		ctl_value_number(account->account_id),
		ctl_value_text(chg_view_of(account->name)),
		ctl_value_text(chg_view_of(chg_book_status_text(account->status))),
		ctl_value_text(chg_view_of(chg_currency_code(account->currency))),
		ctl_value_money(main->balance),
		ctl_value_money(main->reserved),
		ctl_value_money(chg_account_available(account, now).micros),
		ctl_value_money(account->credit_limit.micros),
		ctl_value_money(account->low_balance.micros),
		text_or_none(account->plan),
		time_or_none(account->valid_until),
		ctl_value_count(account->bucket_count),
		identities,
	};

	memcpy(ret_values, values, sizeof values);
}

/* What listing accounts needs besides the listing. */
struct accounts {
	struct ctl_listing *listing;
	chg_instant now;
};

static bool account_each(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct accounts *accounts = to;
	struct ctl_listing *listing = accounts->listing;
	struct ctl_value values[ACCOUNT_COLUMN_COUNT];
	bool is_json = ctl_listing_is_json(listing);
	char *text = join_identities(identity, identity_count, is_json);

	if (text == NULL) {
		listing->rc = CHG_E_NO_MEMORY;
		return false;
	}
	struct ctl_value identities = identity_count == 0 && !is_json
					      ? (struct ctl_value){ 0 }
					      : ctl_value_text(chg_view_of(text));
	if (is_json)
		identities.kind = CTL_VALUE_JSON;
	account_values(account, identities, accounts->now, values);
	bool goes_on = ctl_listing_row(listing, account->account_id, values);
	free(text);
	return goes_on;
}

static enum chg_rc read_accounts(struct ctl_listing *listing, struct ctl_source *source, void *to)
{
	const struct chg_store *store = &source->store;

	return store->books->account_scan(
		store->self, listing->last_id, CTL_PAGE_RECORDS, account_each, to);
}

enum ctl_exit ctl_cmd_account_list(const struct ctl_call *call)
{
	struct ctl_listing listing;
	struct ctl_source source;
	struct accounts accounts = { .listing = &listing, .now = call->now };
	enum ctl_exit exit =
		ctl_listing_begin(&call->args, account_columns, ACCOUNT_COLUMN_COUNT, &listing);

	if (exit == CTL_EXIT_OK)
		exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_listing_run(&listing, &source, read_accounts, &accounts,
		"there is no account; `chgctl account create` makes one");
	ctl_source_close(&source);
	return exit;
}

/* --- one account --- */

static const struct ctl_column bucket_columns[] = {
	{ .name = "name", .heading = "BUCKET" },
	{ .name = "kind", .heading = "HOLDS" },
	{ .name = "main", .heading = "MAIN" },
	{ .name = "balance", .heading = "BALANCE", .is_right = true },
	{ .name = "reserved", .heading = "RESERVED", .is_right = true },
	{ .name = "priority", .heading = "PRIORITY", .is_right = true },
	{ .name = "pays", .heading = "PAYS", .hides_empty = true },
	{ .name = "valid_from", .heading = "VALID FROM", .hides_empty = true },
	{ .name = "valid_until", .heading = "VALID UNTIL", .hides_empty = true },
};

enum {
	BUCKET_COLUMN_COUNT = sizeof bucket_columns / sizeof bucket_columns[0],
};

/* What one invocation shows: the text is made while the database is read, and shown after. */
struct show {
	FILE *to;
	bool is_json;
	bool is_local;
	chg_instant now;
	enum chg_rc rc;
};

static struct ctl_value amount_of(const struct chg_bucket *bucket, int64_t amount)
{
	return bucket->kind == CHG_BUCKET_MONEY ? ctl_value_money(amount)
						: ctl_value_number(amount);
}

static void bucket_values(
	const struct chg_bucket *bucket, struct ctl_value ret_values[BUCKET_COLUMN_COUNT])
{
	const struct ctl_value values[BUCKET_COLUMN_COUNT] = {
		ctl_value_text(chg_view_of(bucket->name)),
		ctl_value_text(chg_view_of(chg_book_kind_text(bucket->kind))),
		{ .kind = CTL_VALUE_TRUTH, .number = bucket->is_main },
		amount_of(bucket, bucket->balance),
		amount_of(bucket, bucket->reserved),
		ctl_value_number(bucket->priority),
		text_or_none(bucket->service),
		time_or_none(bucket->valid_from),
		time_or_none(bucket->valid_until),
	};

	memcpy(ret_values, values, sizeof values);
}

static void show_buckets(struct show *show, const struct chg_account *account)
{
	struct ctl_out out = {
		.writer = show->is_json ? &ctl_writer_json : &ctl_writer_text,
		.sink = show->to,
		.column = bucket_columns,
		.column_count = BUCKET_COLUMN_COUNT,
		.is_local = show->is_local,
	};

	show->rc = ctl_out_begin(&out);
	for (size_t i = 0; i < account->bucket_count && show->rc == CHG_OK; i++) {
		struct ctl_value values[BUCKET_COLUMN_COUNT];
		bucket_values(&account->bucket[i], values);
		show->rc = ctl_out_row(&out, values);
	}
	if (show->rc == CHG_OK)
		show->rc = ctl_out_end(&out);
	ctl_out_release(&out);
}

static const char *label_of(size_t column)
{
	static const char *const labels[ACCOUNT_COLUMN_COUNT] = { "Account", "Name", "Status",
		"Currency", "Balance", "Reserved", "Available", "Credit limit", "Low balance",
		"Plan", "Valid until", "Buckets", "Identities" };

	return labels[column];
}

static void show_text(struct show *show, const struct chg_account *account,
	const struct ctl_value *values, const struct chg_view *identity, size_t identity_count)
{
	for (size_t i = 0; i + 1 < ACCOUNT_COLUMN_COUNT; i++) {
		if (values[i].kind == CTL_VALUE_NONE)
			continue;
		fprintf(show->to, "%-*s", LABEL_WIDTH, label_of(i));
		ctl_value_show(show->to, &values[i], show->is_local);
		fputc('\n', show->to);
	}
	for (size_t i = 0; i < identity_count; i++) {
		fprintf(show->to, "%-*s", LABEL_WIDTH,
			i == 0 ? label_of(ACCOUNT_COLUMN_COUNT - 1) : "");
		ctl_text_show(show->to, identity[i]);
		fputc('\n', show->to);
	}
	fputc('\n', show->to);
	show_buckets(show, account);
}

static void show_json(
	struct show *show, const struct chg_account *account, const struct ctl_value *values)
{
	for (size_t i = 0; i < ACCOUNT_COLUMN_COUNT; i++) {
		const char *name = account_columns[i].name;
		if (strcmp(name, "buckets") == 0)
			continue;
		fprintf(show->to, "%s\"%s\":", i == 0 ? "{" : ",\n", name);
		ctl_value_json(show->to, &values[i], show->is_local);
	}
	fputs(",\n\"buckets\":", show->to);
	show_buckets(show, account);
	fputs("}\n", show->to);
}

static bool show_each(void *to, const struct chg_account *account, const struct chg_view *identity,
	size_t identity_count)
{
	struct show *show = to;
	struct ctl_value values[ACCOUNT_COLUMN_COUNT];
	char *text = join_identities(identity, identity_count, true);

	if (text == NULL) {
		show->rc = CHG_E_NO_MEMORY;
		return false;
	}
	struct ctl_value identities = { .kind = CTL_VALUE_JSON, .text = chg_view_of(text) };
	account_values(account, identities, show->now, values);
	if (show->is_json)
		show_json(show, account, values);
	else
		show_text(show, account, values, identity, identity_count);
	free(text);
	return false;
}

/* By name first, then as an identity in any spelling. */
static enum chg_rc find(const struct ctl_source *source, const char *text, struct show *show)
{
	const struct chg_store *store = &source->store;
	struct chg_identity_ask identity;
	enum chg_rc rc =
		store->books->account_find(store->self, chg_view_of(text), show_each, show);

	if (rc != CHG_E_UNKNOWN || chg_book_identity_parse(chg_view_of(text), &identity) != CHG_OK)
		return rc;
	struct chg_view key = { .ptr = identity.key.bytes, .len = identity.key.len };
	return store->books->account_find(store->self, key, show_each, show);
}

static enum ctl_exit show_from(const struct ctl_call *call, struct ctl_source *source)
{
	char *text = NULL;
	size_t size = 0;
	struct show show = {
		.is_json = ctl_args_has(&call->args, CTL_OPT_JSON),
		.is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL),
		.now = call->now,
		.to = open_memstream(&text, &size),
	};

	if (show.to == NULL)
		return ctl_source_failed(source, CHG_E_NO_MEMORY);
	enum chg_rc rc = find(source, call->operand[0], &show);
	if (fclose(show.to) != 0 && rc == CHG_OK)
		rc = CHG_E_NO_MEMORY;
	if (rc == CHG_OK)
		rc = show.rc;
	if (rc == CHG_OK)
		fputs(text, stdout);
	free(text);
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	if (rc != CHG_E_UNKNOWN)
		return ctl_source_failed(source, rc);
	ctl_say("there is no account %.100s; `chgctl account list` shows what there is",
		call->operand[0]);
	return CTL_EXIT_PROBLEM;
}

enum ctl_exit ctl_cmd_account_show(const struct ctl_call *call)
{
	struct ctl_source source;
	enum ctl_exit exit = ctl_source_open(&call->args, &source);

	if (exit != CTL_EXIT_OK)
		return exit;
	exit = show_from(call, &source);
	ctl_source_close(&source);
	return exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl ledger list: every line of the ledger that is asked for.
 */
#include "chgctl/command.h"

#include <string.h>

#include "chgctl/listing.h"
#include "chgctl/when.h"
#include "runtime/book_change.h"

static const struct ctl_column columns[] = {
	{ .name = "posting", .heading = "POSTING", .is_right = true },
	{ .name = "line", .heading = "LINE", .is_right = true, .width_min = 150 },
	{ .name = "at", .heading = "AT" },
	{ .name = "kind", .heading = "KIND" },
	{ .name = "account", .heading = "ACCOUNT", .may_shrink = true },
	{ .name = "bucket", .heading = "BUCKET", .may_shrink = true },
	{ .name = "unit", .heading = "HOLDS", .width_min = 120 },
	{ .name = "amount", .heading = "AMOUNT", .is_right = true },
	{ .name = "balance_after", .heading = "BALANCE", .is_right = true },
	{ .name = "contra", .heading = "CONTRA", .width_min = 120 },
	{ .name = "record", .heading = "RECORD", .is_right = true },
	{ .name = "session_id", .heading = "SESSION", .hides_empty = true, .width_min = 150 },
	{ .name = "who", .heading = "WHO", .hides_empty = true, .may_shrink = true },
	{ .name = "why", .heading = "WHY", .hides_empty = true, .may_shrink = true },
	{ .name = "reference", .heading = "REFERENCE", .hides_empty = true, .may_shrink = true },
};

enum {
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

struct search {
	struct ctl_listing *listing;
	struct chg_ledger_filter filter;
};

static struct ctl_value amount_of(const struct chg_ledger_line *line, int64_t amount)
{
	return line->unit == CHG_BUCKET_MONEY ? ctl_value_money(amount) : ctl_value_number(amount);
}

static struct ctl_value text_or_none(struct chg_view text)
{
	return text.len == 0 ? (struct ctl_value){ 0 } : ctl_value_text(text);
}

static bool each(void *to, const struct chg_ledger_line *line)
{
	struct search *search = to;
	const struct ctl_value values[COLUMN_COUNT] = {
		ctl_value_number(line->posting_id),
		ctl_value_count(line->line_no),
		ctl_value_time(line->at),
		ctl_value_text(chg_view_of(chg_book_posting_text(line->kind))),
		ctl_value_text(line->account),
		ctl_value_text(line->bucket),
		ctl_value_text(chg_view_of(chg_book_kind_text(line->unit))),
		amount_of(line, line->amount),
		amount_of(line, line->balance_after),
		ctl_value_text(chg_view_of(chg_book_contra_text(line->contra))),
		line->cdr_id == 0 ? (struct ctl_value){ 0 } : ctl_value_number(line->cdr_id),
		text_or_none(line->session_id),
		text_or_none(line->who),
		text_or_none(line->why),
		text_or_none(line->reference),
	};

	return ctl_listing_row(search->listing, line->posting_id, values);
}

static enum chg_rc read_lines(struct ctl_listing *listing, struct ctl_source *source, void *to)
{
	struct search *search = to;
	const struct chg_store *store = &source->store;

	search->filter.after_posting_id = listing->last_id;
	/* An account is read from its end, each time anew; it is many short looks by itself. */
	search->filter.limit = chg_view_present(search->filter.account) ? 0 : CTL_PAGE_RECORDS;
	return store->books->ledger_scan(store->self, &search->filter, each, search);
}

static bool read_time(const struct ctl_call *call, enum ctl_option option, chg_opt_instant *ret)
{
	const char *text = call->args.value[option];

	if (text == NULL)
		return true;
	ret->is_present = true;
	if (ctl_when_read(text, call->now, ctl_args_has(&call->args, CTL_OPT_LOCAL), &ret->value) ==
		CHG_OK)
		return true;
	ctl_say("--%s \"%.60s\" is no time; write it as 2026-11-20T08:15",
		ctl_option_rows[option].name, text);
	return false;
}

static bool read_filter(const struct ctl_call *call, struct chg_ledger_filter *ret)
{
	const char *record = call->args.value[CTL_OPT_RECORD];
	uint64_t id = 0;

	if (record != NULL && (!ctl_text_number(record, INT64_MAX, &id) || id == 0)) {
		ctl_say("--record \"%.60s\" is no id of a record; `chgctl cdr list` shows them",
			record);
		return false;
	}
	ret->cdr_id = (int64_t)id;
	return read_time(call, CTL_OPT_FROM, &ret->from) &&
	       read_time(call, CTL_OPT_UNTIL, &ret->until);
}

/* The ledger knows accounts by their names, people also by their identities. */
struct owner {
	char name[CHG_ACCOUNT_NAME_MAX];
};

static bool owner_each(void *to, const struct chg_account *account, const struct chg_view *identity,
	size_t identity_count)
{
	struct owner *owner = to;

	(void)identity;
	(void)identity_count;
	memcpy(owner->name, account->name, sizeof owner->name);
	return false;
}

static enum ctl_exit find_owner(
	const struct ctl_source *source, const char *text, struct owner *ret)
{
	const struct chg_store *store = &source->store;
	struct chg_identity_ask identity;
	struct chg_view name = chg_view_of(text);
	enum chg_rc rc = store->books->account_find(store->self, name, owner_each, ret);

	if (rc == CHG_E_UNKNOWN && chg_book_identity_parse(name, &identity) == CHG_OK)
		rc = store->books->account_find(store->self,
			(struct chg_view){ .ptr = identity.key.bytes, .len = identity.key.len },
			owner_each, ret);
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	if (rc != CHG_E_UNKNOWN)
		return ctl_source_failed(source, rc);
	ctl_say("there is no account %.100s; `chgctl account list` shows what there is", text);
	return CTL_EXIT_PROBLEM;
}

/* The lines of a record are found by the record, where it is here, and else among those of its account. */
static const char *why_nothing(const struct ctl_call *call, const struct ctl_archived *archived)
{
	if (archived->records == 0 || !ctl_args_has(&call->args, CTL_OPT_RECORD) ||
		ctl_args_has(&call->args, CTL_OPT_ACCOUNT))
		return "there is no such line in the ledger";
	return "there is no such line in the ledger of a record that is still in the database; if "
	       "it "
	       "moved into an archive, name its account with --account as well";
}

static enum ctl_exit list_from(const struct ctl_call *call, struct ctl_source *source,
	struct ctl_listing *listing, struct search *search)
{
	const char *account = call->args.value[CTL_OPT_ACCOUNT];
	struct ctl_archived archived;
	struct owner owner;
	enum ctl_exit exit = CTL_EXIT_OK;
	enum chg_rc rc = ctl_source_archived(source, &archived);

	if (rc != CHG_OK)
		return ctl_source_failed(source, rc);
	if (account != NULL) {
		exit = find_owner(source, account, &owner);
		search->filter.account = chg_view_of(owner.name);
	}
	if (exit != CTL_EXIT_OK)
		return exit;
	return ctl_listing_run(listing, source, read_lines, search, why_nothing(call, &archived));
}

enum ctl_exit ctl_cmd_ledger_list(const struct ctl_call *call)
{
	struct ctl_listing listing;
	struct ctl_source source;
	struct search search = { .listing = &listing };
	enum ctl_exit exit = ctl_listing_begin(&call->args, columns, COLUMN_COUNT, &listing);

	if (exit == CTL_EXIT_OK && !read_filter(call, &search.filter))
		exit = CTL_EXIT_USAGE;
	if (exit == CTL_EXIT_OK)
		exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = list_from(call, &source, &listing, &search);
	ctl_source_close(&source);
	return exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl suspense list and post: usage that nobody could be charged for when it came.
 */
#include "chgctl/command.h"

#include "chgctl/change.h"
#include "chgctl/listing.h"

static const struct ctl_column columns[] = {
	{ .name = "id", .heading = "ID", .is_right = true },
	{ .name = "at", .heading = "AT" },
	{ .name = "origin_host", .heading = "CLIENT", .may_shrink = true },
	{ .name = "session_id", .heading = "SESSION", .may_shrink = true },
	{ .name = "identity", .heading = "IDENTITY", .may_shrink = true },
	{ .name = "used", .heading = "USED" },
	{ .name = "is_posted", .heading = "POSTED" },
};

enum {
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

struct search {
	struct ctl_listing *listing;
	bool with_posted;
};

static bool each(void *to, const struct chg_suspense_line *line)
{
	struct search *search = to;
	struct ctl_value used = ctl_value_text(line->used);

	if (line->suspense_id <= search->listing->last_id)
		return true; /* the port reads them all: those before --after are left out here */
	if (used.kind == CTL_VALUE_TEXT)
		used.kind = CTL_VALUE_JSON;
	const struct ctl_value values[COLUMN_COUNT] = {
		ctl_value_number(line->suspense_id),
		ctl_value_time(line->at),
		ctl_value_text(line->origin_host),
		ctl_value_text(line->session_id),
		ctl_value_text(line->identity),
		used,
		{ .kind = CTL_VALUE_TRUTH, .number = line->is_posted },
	};
	return ctl_listing_row(search->listing, line->suspense_id, values);
}

static enum chg_rc read_lines(struct ctl_listing *listing, struct ctl_source *source, void *to)
{
	struct search *search = to;
	const struct chg_store *store = &source->store;
	enum chg_rc rc =
		store->books->suspense_scan(store->self, search->with_posted, each, search);

	listing->page_count = 0; /* that was all */
	return rc;
}

enum ctl_exit ctl_cmd_suspense_list(const struct ctl_call *call)
{
	struct ctl_listing listing;
	struct ctl_source source;
	struct search search = {
		.listing = &listing,
		.with_posted = ctl_args_has(&call->args, CTL_OPT_ALL),
	};
	enum ctl_exit exit = ctl_listing_begin(&call->args, columns, COLUMN_COUNT, &listing);

	if (exit == CTL_EXIT_OK)
		exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_listing_run(&listing, &source, read_lines, &search, "nothing is in suspense");
	ctl_source_close(&source);
	return exit;
}

static void show_text(const json_t *reply, const char *name)
{
	ctl_text_show(stdout, chg_view_of(json_string_value(json_object_get(reply, name))));
}

/* "1 is posted; alice: main holds 1.20 EUR" */
static void show_posted(const char *id, const json_t *reply)
{
	printf("%s is posted; ", id);
	show_text(reply, "account");
	fputs(": ", stdout);
	show_text(reply, "bucket");
	fputs(" holds ", stdout);
	show_text(reply, "balance");
	fputc(' ', stdout);
	show_text(reply, "currency");
	fputc('\n', stdout);
}

enum ctl_exit ctl_cmd_suspense_post(const struct ctl_call *call)
{
	uint64_t id = 0;
	json_t *reply = NULL;
	enum ctl_exit exit = CTL_EXIT_USAGE;

	if (!ctl_text_number(call->operand[0], INT64_MAX, &id)) {
		ctl_say("\"%.60s\" is no id of a suspense line; `chgctl suspense list` shows them",
			call->operand[0]);
		return CTL_EXIT_USAGE;
	}
	json_t *request = ctl_change_request(call, "suspense-post", NULL);
	if (request != NULL &&
		json_object_set_new(request, "suspense_id", json_integer((json_int_t)id)) == 0 &&
		ctl_change_set(request, "account", call->operand[1]) &&
		ctl_change_set(request, "amount", call->operand[2]))
		exit = ctl_change_once(&call->args, request, &reply);
	json_decref(request);
	if (exit == CTL_EXIT_OK && ctl_args_has(&call->args, CTL_OPT_JSON)) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (exit == CTL_EXIT_OK) {
		show_posted(call->operand[0], reply);
	}
	json_decref(reply);
	return exit;
}

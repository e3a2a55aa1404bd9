/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl tariff load, list and show: the versions that a node keeps.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/change.h"
#include "chgctl/listing.h"
#include "chgctl/when.h"
#include "runtime/tariff_follow.h"

enum {
	WHY_MAX = 512,
};

static void tell_warnings(const json_t *reply)
{
	size_t i;
	const json_t *one;

	json_array_foreach(json_object_get(reply, "warnings"), i, one)
	{
		ctl_text_show(stderr, chg_view_of(json_string_value(one)));
		fputc('\n', stderr);
	}
}

static void show_loaded(const struct ctl_call *call, const json_t *reply)
{
	char from[CTL_WHEN_MAX];
	chg_instant at = { json_integer_value(json_object_get(reply, "in_force_from_us")) };

	if (ctl_args_has(&call->args, CTL_OPT_JSON)) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	ctl_when_write(at, ctl_args_has(&call->args, CTL_OPT_LOCAL), false, from);
	printf("version %" JSON_INTEGER_FORMAT " of tariff ",
		json_integer_value(json_object_get(reply, "version")));
	ctl_text_show(stdout, chg_view_of(json_string_value(json_object_get(reply, "name"))));
	printf(" is in force from %s\n", from);
}

static enum ctl_exit load(const struct ctl_call *call, const char *text, size_t len)
{
	json_t *reply = NULL;
	enum ctl_exit exit = CTL_EXIT_USAGE;
	json_t *request = ctl_change_request(call, "tariff-load", NULL);

	if (request != NULL && json_object_set_new(request, "text", json_stringn(text, len)) != 0) {
		ctl_say("%s is no UTF-8; save it as UTF-8", call->operand[0]);
		exit = CTL_EXIT_PROBLEM;
	} else if (request != NULL && ctl_change_set(request, "file", call->operand[0]) &&
		   ctl_change_set_time(call, request, "at_us", CTL_OPT_AT)) {
		exit = ctl_change_once(&call->args, request, &reply);
	}
	json_decref(request);
	if (exit == CTL_EXIT_OK) {
		tell_warnings(reply);
		show_loaded(call, reply);
	}
	json_decref(reply);
	return exit;
}

enum ctl_exit ctl_cmd_tariff_load(const struct ctl_call *call)
{
	char why[WHY_MAX] = "";
	char *text = NULL;
	size_t len = 0;

	if (chg_tariff_read_whole(call->operand[0], &text, &len, why, sizeof why) != CHG_OK) {
		ctl_say("%s", why);
		return CTL_EXIT_PROBLEM;
	}
	enum ctl_exit exit = load(call, text, len);
	free(text);
	return exit;
}

static const struct ctl_column columns[] = {
	{ .name = "version", .heading = "VERSION", .is_right = true },
	{ .name = "name", .heading = "NAME", .may_shrink = true },
	{ .name = "in_force_from", .heading = "IN FORCE FROM" },
	{ .name = "state", .heading = "STATE" },
	{ .name = "loaded_at", .heading = "LOADED" },
	{ .name = "who", .heading = "WHO" },
	{ .name = "octets", .heading = "OCTETS", .is_right = true, .width_min = 90 },
};

enum {
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

struct versions {
	struct ctl_listing *listing;
	chg_instant now;
	int64_t in_force; /* version; 0 none */
	chg_instant in_force_from;
};

/* As runtime/tariff_follow.h has it: the latest that has begun, and of equals the highest. */
static bool find_each(void *to, const struct chg_tariff_line *line)
{
	struct versions *versions = to;

	if (chg_instant_before(versions->now, line->in_force_from) ||
		(versions->in_force != 0 &&
			chg_instant_before(line->in_force_from, versions->in_force_from)))
		return true;
	versions->in_force = line->version;
	versions->in_force_from = line->in_force_from;
	return true;
}

static const char *state_of(const struct versions *versions, const struct chg_tariff_line *line)
{
	if (line->version == versions->in_force)
		return "in force";
	return chg_instant_before(versions->now, line->in_force_from) ? "to come" : "superseded";
}

static bool list_each(void *to, const struct chg_tariff_line *line)
{
	struct versions *versions = to;

	if (line->version <= versions->listing->last_id)
		return true;
	const struct ctl_value values[COLUMN_COUNT] = {
		ctl_value_number(line->version),
		ctl_value_text(line->name),
		ctl_value_time(line->in_force_from),
		ctl_value_text(chg_view_of(state_of(versions, line))),
		ctl_value_time(line->loaded_at),
		ctl_value_text(line->who),
		ctl_value_count(line->text.len),
	};
	return ctl_listing_row(versions->listing, line->version, values);
}

static enum chg_rc read_versions(struct ctl_listing *listing, struct ctl_source *source, void *to)
{
	const struct chg_store *store = &source->store;
	enum chg_rc rc = store->books->tariff_scan(store->self, find_each, to);

	if (rc == CHG_OK)
		rc = store->books->tariff_scan(store->self, list_each, to);
	listing->page_count = 0; /* that was all */
	return rc;
}

enum ctl_exit ctl_cmd_tariff_list(const struct ctl_call *call)
{
	struct ctl_listing listing;
	struct ctl_source source;
	struct versions versions = { .listing = &listing, .now = call->now };
	enum ctl_exit exit = ctl_listing_begin(&call->args, columns, COLUMN_COUNT, &listing);

	if (exit == CTL_EXIT_OK)
		exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_listing_run(&listing, &source, read_versions, &versions,
		"there is no tariff; `chgctl tariff load` brings one");
	ctl_source_close(&source);
	return exit;
}

/* The text of one version, copied while it is read. */
struct wanted {
	int64_t version;
	bool is_found;
	char *text; /* NULL although found: no memory */
	size_t len;
};

static bool text_each(void *to, const struct chg_tariff_line *line)
{
	struct wanted *wanted = to;

	if (line->version != wanted->version)
		return true;
	wanted->is_found = true;
	wanted->len = line->text.len;
	wanted->text = malloc(line->text.len + 1);
	if (wanted->text != NULL && line->text.len > 0)
		memcpy(wanted->text, line->text.ptr, line->text.len);
	return false;
}

static enum ctl_exit show_from(struct ctl_source *source, const char *operand, uint64_t version)
{
	const struct chg_store *store = &source->store;
	struct wanted wanted = { .version = (int64_t)version };
	enum chg_rc rc = store->books->tariff_scan(store->self, text_each, &wanted);

	if (rc == CHG_OK && wanted.is_found && wanted.text == NULL)
		rc = CHG_E_NO_MEMORY;
	if (rc != CHG_OK)
		return ctl_source_failed(source, rc);
	if (!wanted.is_found) {
		ctl_say("there is no version %s; `chgctl tariff list` shows what there is",
			operand);
		return CTL_EXIT_PROBLEM;
	}
	fwrite(wanted.text, 1, wanted.len, stdout);
	free(wanted.text);
	return CTL_EXIT_OK;
}

enum ctl_exit ctl_cmd_tariff_show(const struct ctl_call *call)
{
	struct ctl_source source;
	uint64_t version = 0;

	if (!ctl_text_number(call->operand[0], INT64_MAX, &version)) {
		ctl_say("\"%.60s\" is no number of a version; `chgctl tariff list` shows them",
			call->operand[0]);
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = show_from(&source, call->operand[0], version);
	ctl_source_close(&source);
	return exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl account import: a file of any length, a thousand accounts at a time.
 */
#include "chgctl/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/change.h"
#include "chgctl/csv.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"
#include "runtime/book_change.h"

enum {
	CHUNK_OCTETS_MAX = 524288, /* of the file: in a request it may take some times that */
};

/* The columns that there may be, in the words of runtime/book_change.h. */
static const char *const columns[] = { "name", "currency", "balance", "credit_limit", "low_balance",
	"plan", "valid_until", "identities" };

enum {
	COLUMN_VALID_UNTIL = 6,
	COLUMN_IDENTITIES = 7,
	COLUMN_COUNT = sizeof columns / sizeof columns[0],
};

/* An import on its way. */
struct import {
	const struct ctl_call *call;
	const char *path;
	struct ctl_csv csv;
	struct ctl_change change;
	size_t column[CTL_CSV_FIELD_MAX]; /* which of `columns` a field is */
	size_t column_count;
	json_t *accounts; /* the chunk */
	json_t *faulty;   /* lines of the chunk that did not get so far: line and why */
	size_t octets;    /* of the chunk */
	uint64_t created, refused;
	bool is_dry;
	bool has_progress;
	chg_instant told_at;
};

static void tell_line(struct import *import, const json_t *one)
{
	fprintf(stderr, "%s:%" JSON_INTEGER_FORMAT ": ", import->path,
		json_integer_value(json_object_get(one, "line")));
	ctl_text_show(stderr, chg_view_of(json_string_value(json_object_get(one, "why"))));
	fputc('\n', stderr);
	import->refused++;
}

static json_int_t line_at(const json_t *list, size_t i)
{
	const json_t *one = json_array_get(list, i);
	return one == NULL ? INT64_MAX : json_integer_value(json_object_get(one, "line"));
}

/* What was faulty here and what was refused there, in the order of the lines. */
static void tell_lines(struct import *import, const json_t *refused)
{
	size_t here = 0, there = 0;

	while (here < json_array_size(import->faulty) || there < json_array_size(refused)) {
		if (line_at(import->faulty, here) < line_at(refused, there))
			tell_line(import, json_array_get(import->faulty, here++));
		else
			tell_line(import, json_array_get(refused, there++));
	}
}

static void tell_progress(struct import *import)
{
	chg_instant now = ctl_when_steady();

	if (!import->has_progress || now.us - import->told_at.us < CHG_US_PER_S)
		return;
	import->told_at = now;
	fprintf(stderr, "\r%" PRIu64 " accounts ", import->created);
}

/* Does what has gathered, and begins the next chunk. */
static enum ctl_exit flush(struct import *import)
{
	json_t *reply = NULL;
	enum ctl_exit exit = CTL_EXIT_OK;

	if (json_array_size(import->accounts) > 0) {
		json_t *request =
			ctl_change_request(import->call, "account-import", "imported from a file");
		if (request == NULL)
			return CTL_EXIT_USAGE;
		json_object_set(request, "accounts", import->accounts);
		json_object_set_new(request, "dry_run", json_boolean(import->is_dry));
		exit = ctl_change_do(&import->change, request, &reply);
		json_decref(request);
	}
	if (exit == CTL_EXIT_OK) {
		import->created += (uint64_t)json_integer_value(json_object_get(reply, "created"));
		tell_lines(import, json_object_get(reply, "refused"));
	}
	json_decref(reply);
	json_array_clear(import->accounts);
	json_array_clear(import->faulty);
	import->octets = 0;
	tell_progress(import);
	return exit;
}

static void note_fault(struct import *import, const char *why)
{
	json_array_append_new(import->faulty,
		json_pack("{s:I, s:s}", "line", (json_int_t)import->csv.line, "why", why));
}

/* "sip:a@example.net e164:+4930123": separated by blanks. */
static bool set_identities(json_t *account, struct chg_view text)
{
	json_t *list = json_array();
	bool is_fine = json_object_set_new(account, "identities", list) == 0;

	while (is_fine && text.len > 0) {
		const char *blank = memchr(text.ptr, ' ', text.len);
		size_t len = blank == NULL ? text.len : (size_t)(blank - text.ptr);
		if (len > 0)
			is_fine = json_array_append_new(list, json_stringn(text.ptr, len)) == 0;
		len += blank == NULL ? 0 : 1;
		text = (struct chg_view){ .ptr = text.ptr + len, .len = text.len - len };
	}
	return is_fine;
}

static bool set_valid_until(struct import *import, json_t *account, struct chg_view text)
{
	char copy[CTL_WHEN_MAX];
	chg_instant at;

	snprintf(copy, sizeof copy, "%.*s", (int)(text.len < sizeof copy ? text.len : 0), text.ptr);
	if (ctl_when_read(copy, import->call->now, ctl_args_has(&import->call->args, CTL_OPT_LOCAL),
		    &at) != CHG_OK)
		return false;
	return json_object_set_new(account, "valid_until_us", json_integer(at.us)) == 0;
}

/* NULL: set; else what is wrong. */
static const char *set_field(
	struct import *import, json_t *account, size_t column, struct chg_view text)
{
	if (text.len == 0)
		return NULL;
	if (column == COLUMN_VALID_UNTIL)
		return set_valid_until(import, account, text)
			       ? NULL
			       : "valid_until is no time; write it as 2026-11-20T08:15";
	bool is_fine = column == COLUMN_IDENTITIES ? set_identities(account, text)
						   : json_object_set_new(account, columns[column],
							     json_stringn(text.ptr, text.len)) == 0;
	return is_fine ? NULL : "a field is no UTF-8; save the file as UTF-8";
}

static void take_record(struct import *import)
{
	const struct ctl_csv *csv = &import->csv;
	const char *currency = import->call->args.value[CTL_OPT_CURRENCY];
	const char *why = NULL;

	if (csv->field_count != import->column_count) {
		note_fault(import, "the line has another number of fields than the heading");
		return;
	}
	json_t *account = json_pack("{s:I}", "line", (json_int_t)csv->line);
	if (currency != NULL && !ctl_change_set(account, "currency", currency))
		why = "the currency is no UTF-8";
	for (size_t i = 0; i < csv->field_count && why == NULL; i++)
		why = set_field(import, account, import->column[i], csv->field[i]);
	if (why == NULL)
		json_array_append(import->accounts, account);
	else
		note_fault(import, why);
	json_decref(account);
	import->octets += csv->len;
}

static bool find_column(struct chg_view text, size_t *ret)
{
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)(text.len < sizeof name ? text.len : 0), text.ptr);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (ctl_text_alike(name, columns[i])) {
			*ret = i;
			return true;
		}
	}
	const char *near = ctl_text_nearest(name, columns, COLUMN_COUNT);
	if (near != NULL)
		ctl_say("there is no column \"%s\"; did you mean %s?", name, near);
	else
		ctl_say("there is no column \"%s\"; there are name, currency, balance, "
			"credit_limit, low_balance, plan, valid_until and identities",
			name);
	return false;
}

/* Which of both would be meant, nobody knows. */
static bool is_repeated(const struct import *import, size_t last)
{
	for (size_t i = 0; i < last; i++) {
		if (import->column[i] != import->column[last])
			continue;
		ctl_say("%s:1: the column %s stands there twice", import->path,
			columns[import->column[last]]);
		return true;
	}
	return false;
}

static enum ctl_exit read_failed(const struct import *import)
{
	ctl_say("%s cannot be read: %s", import->path, strerror(errno));
	return CTL_EXIT_PROBLEM;
}

/* A device, or a file of another kind. */
static enum ctl_exit line_without_end(const struct import *import)
{
	ctl_say("%s:%zu: the line does not end; is this a CSV file?", import->path,
		import->csv.line);
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit read_heading(struct import *import)
{
	struct ctl_csv *csv = &import->csv;
	const char *why;
	bool has_name = false;
	enum chg_rc rc = ctl_csv_read(csv, &why);

	if (rc == CHG_E_SYSTEM)
		return read_failed(import);
	if (rc == CHG_E_RANGE)
		return line_without_end(import);
	if (rc == CHG_E_CLOSED && ctl_stop_wanted()) {
		ctl_say("stopped before the first line of %s", import->path);
		return CTL_EXIT_PROBLEM;
	}
	if (rc != CHG_OK) {
		ctl_say("%s:1: %s; the first line names the columns, as in name,currency,balance",
			import->path, rc == CHG_E_CLOSED ? "the file is empty" : why);
		return CTL_EXIT_PROBLEM;
	}
	for (size_t i = 0; i < csv->field_count; i++) {
		if (!find_column(csv->field[i], &import->column[i]) || is_repeated(import, i))
			return CTL_EXIT_PROBLEM;
		has_name = has_name || import->column[i] == 0;
	}
	import->column_count = csv->field_count;
	if (has_name)
		return CTL_EXIT_OK;
	ctl_say("%s:1: there is no column name", import->path);
	return CTL_EXIT_PROBLEM;
}

static bool is_chunk_full(const struct import *import)
{
	return json_array_size(import->accounts) == CHG_BOOK_IMPORT_MAX ||
	       json_array_size(import->faulty) == CHG_BOOK_IMPORT_MAX ||
	       import->octets >= CHUNK_OCTETS_MAX;
}

static enum ctl_exit read_records(struct import *import)
{
	enum ctl_exit exit = CTL_EXIT_OK;
	const char *why = NULL;

	while (exit == CTL_EXIT_OK && !ctl_stop_wanted()) {
		enum chg_rc rc = ctl_csv_read(&import->csv, &why);
		if (rc == CHG_E_SYSTEM)
			return read_failed(import);
		if (rc == CHG_E_RANGE)
			return line_without_end(import);
		if (rc == CHG_E_CLOSED)
			return flush(import);
		if (rc == CHG_OK)
			take_record(import);
		else
			note_fault(import, why);
		if (is_chunk_full(import))
			exit = flush(import);
	}
	return exit;
}

static enum ctl_exit finish(struct import *import, enum ctl_exit exit)
{
	if (import->told_at.us != 0 && import->has_progress)
		fputc('\n', stderr);
	if (ctl_args_has(&import->call->args, CTL_OPT_JSON))
		printf("{\"created\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"dry_run\":%s}\n",
			import->created, import->refused, import->is_dry ? "true" : "false");
	else
		printf("%s: %" PRIu64 " account%s %s, %" PRIu64 " refused\n", import->path,
			import->created, import->created == 1 ? "" : "s",
			import->is_dry ? "could be made" : "made", import->refused);
	if (exit != CTL_EXIT_OK || ctl_stop_wanted()) {
		ctl_say("the import ended early; begin it again: what is made already is refused "
			"and nothing else happens to it");
		return exit == CTL_EXIT_OK ? CTL_EXIT_PROBLEM : exit;
	}
	return import->refused == 0 ? CTL_EXIT_OK : CTL_EXIT_PROBLEM;
}

static enum ctl_exit run(struct import *import)
{
	enum ctl_exit exit = read_heading(import);

	if (exit == CTL_EXIT_OK)
		exit = ctl_change_open(&import->call->args, &import->change);
	if (exit != CTL_EXIT_OK)
		return exit;
	import->accounts = json_array();
	import->faulty = json_array();
	exit = finish(import, read_records(import));
	json_decref(import->accounts);
	json_decref(import->faulty);
	ctl_change_close(&import->change);
	return exit;
}

enum ctl_exit ctl_cmd_account_import(const struct ctl_call *call)
{
	struct import *import = calloc(1, sizeof *import);

	if (import == NULL) {
		ctl_say("%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CTL_EXIT_PROBLEM;
	}
	import->call = call;
	import->path = call->operand[0];
	import->is_dry = ctl_args_has(&call->args, CTL_OPT_DRY_RUN);
	import->has_progress = isatty(STDERR_FILENO) != 0;
	import->csv.from = ctl_csv_open(import->path);
	enum ctl_exit exit = import->csv.from == NULL ? read_failed(import) : run(import);
	if (import->csv.from != NULL)
		fclose(import->csv.from);
	free(import);
	return exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl cdr list and cdr export: the same search, for people and for programs.
 */
#include "chgctl/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/field.h"
#include "chgctl/file.h"
#include "chgctl/filter.h"
#include "chgctl/hint.h"
#include "chgctl/out.h"
#include "chgctl/source.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"

enum {
	TERMINAL_LIMIT = 50,
	PROGRESS_FIRST_S = 2, /* who waits less than this needs no progress */
};

/* A search on its way into a listing. */
struct search {
	struct ctl_out out;
	void (*values)(const struct chg_cdr *cdr, struct ctl_value *ret_values);
	size_t limit; /* rows to show; 0: all */
	bool has_more;
	int64_t last_cdr_id;
	enum chg_rc rc; /* of the listing */
	bool has_progress;
	chg_instant begun_at, told_at; /* by the steady clock */
};

static bool search_each(void *to, const struct chg_cdr *cdr)
{
	struct search *search = to;
	struct ctl_value values[CTL_COLUMN_MAX];

	/* One record more than wanted was asked for, to know whether there is one. */
	if (search->limit != 0 && search->out.row_count == search->limit) {
		search->has_more = true;
		return false;
	}
	search->values(cdr, values);
	search->rc = ctl_out_row(&search->out, values);
	search->last_cdr_id = cdr->state.cdr_id;
	return search->rc == CHG_OK;
}

static void tell_progress(struct search *search)
{
	chg_instant now = ctl_when_steady();
	int64_t elapsed_us = now.us - search->begun_at.us;

	if (!search->has_progress || elapsed_us < PROGRESS_FIRST_S * CHG_US_PER_S ||
		now.us - search->told_at.us < CHG_US_PER_S)
		return;
	search->told_at = now;
	fprintf(stderr, "\r%" PRIu64 " records, %" PRIu64 " per second ", search->out.row_count,
		search->out.row_count * 1000 / (uint64_t)(elapsed_us / 1000));
}

static bool search_page_end(void *to)
{
	struct search *search = to;

	if (search->rc == CHG_OK)
		search->rc = ctl_out_page(&search->out);
	tell_progress(search);
	return search->rc == CHG_OK;
}

/* Why a listing ended early, for the shell. */
static enum ctl_exit output_failed(enum chg_rc rc)
{
	clearerr(stdout); /* told here, so not once more at the end */
	if (rc == CHG_E_SYSTEM && errno == EPIPE)
		return CTL_EXIT_OK; /* the reader has seen enough */
	ctl_say("the output failed: %s",
		rc == CHG_E_SYSTEM ? strerror(errno) : chg_rc_sentence(rc));
	return CTL_EXIT_PROBLEM;
}

/* Runs the search through the listing, begin to end; the listing is released by the caller. */
static enum ctl_exit run_search(
	struct search *search, struct ctl_source *source, const struct chg_cdr_filter *filter)
{
	struct chg_cdr_filter wanted = *filter;

	search->limit = filter->limit;
	wanted.limit = filter->limit == 0 ? 0 : filter->limit + 1;
	search->begun_at = ctl_when_steady();
	search->rc = ctl_out_begin(&search->out);
	if (search->rc != CHG_OK)
		return output_failed(search->rc);
	enum chg_rc rc = ctl_source_scan(source, &wanted, search_each, search_page_end, search);
	if (search->told_at.us != 0)
		fputc('\n', stderr);
	if (rc != CHG_OK)
		return ctl_source_failed(source, rc);
	if (search->rc == CHG_OK)
		search->rc = ctl_out_end(&search->out);
	if (search->rc != CHG_OK)
		return output_failed(search->rc);
	if (ctl_stop_wanted()) {
		ctl_say("stopped after %" PRIu64 " records", search->out.row_count);
		return CTL_EXIT_PROBLEM;
	}
	return CTL_EXIT_OK;
}

static void tell_next(const struct ctl_call *call, const struct search *search,
	const struct chg_cdr_filter *filter)
{
	fputs("There is more. Go on with: ", stderr);
	ctl_filter_write_next(&call->args, filter, search->last_cdr_id, stderr);
	fputc('\n', stderr);
}

/* What stderr says behind a listing: what it lacks, how to go on, or why there is nothing. */
static enum ctl_exit tell_rest(enum ctl_exit exit, const struct ctl_call *call,
	struct ctl_source *source, const struct search *search, const struct chg_cdr_filter *filter)
{
	if (exit != CTL_EXIT_OK || search->rc != CHG_OK)
		return exit;
	enum chg_rc rc = CHG_OK;
	if (search->out.row_count == 0)
		rc = ctl_hint_nothing(source, &call->args, filter, stderr);
	else if (!filter->newest_first || !search->has_more) /* else older ones are still to come */
		rc = ctl_hint_archived(source, filter, stderr);
	if (search->has_more)
		tell_next(call, search, filter);
	return rc == CHG_OK ? CTL_EXIT_OK : ctl_source_failed(source, rc);
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	return (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

static const struct ctl_writer *list_writer(const struct ctl_args *args)
{
	if (ctl_args_has(args, CTL_OPT_JSON))
		return &ctl_writer_json;
	return ctl_args_has(args, CTL_OPT_CSV) ? &ctl_writer_csv : &ctl_writer_text;
}

static void list_prepare(const struct ctl_args *args, struct search *ret)
{
	*ret = (struct search){ .values = ctl_field_values };
	struct ctl_out *out = &ret->out;

	out->writer = list_writer(args);
	out->sink = stdout;
	out->is_local = ctl_args_has(args, CTL_OPT_LOCAL);
	if (out->writer == &ctl_writer_text) {
		out->column = ctl_field_brief_columns(&out->column_count);
		out->is_terminal = isatty(STDOUT_FILENO) != 0;
		out->has_colour = wants_colour();
		ret->values = ctl_field_brief_values;
		return;
	}
	out->column = ctl_field_columns(&out->column_count);
	out->column_count--; /* the content, which comes last, is for show and export */
}

static enum ctl_exit list_from(
	const struct ctl_call *call, struct ctl_source *source, const struct chg_cdr_filter *filter)
{
	struct search search;

	list_prepare(&call->args, &search);
	enum ctl_exit exit = run_search(&search, source, filter);
	ctl_out_release(&search.out);
	return tell_rest(exit, call, source, &search, filter);
}

enum ctl_exit ctl_cmd_cdr_list(const struct ctl_call *call)
{
	struct ctl_filter filter;
	struct ctl_source source;
	char message[CTL_MESSAGE_MAX];

	if (ctl_args_has(&call->args, CTL_OPT_JSON) && ctl_args_has(&call->args, CTL_OPT_CSV)) {
		ctl_say("--json and --csv exclude each other");
		return CTL_EXIT_USAGE;
	}
	if (!ctl_filter_read(&call->args, call->now, &filter, message)) {
		ctl_say("%s", message);
		return CTL_EXIT_USAGE;
	}
	if (!ctl_args_has(&call->args, CTL_OPT_LIMIT) && isatty(STDOUT_FILENO))
		filter.cdr.limit = TERMINAL_LIMIT;
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = list_from(call, &source, &filter.cdr);
	exit = ctl_source_verdict(&source, exit);
	ctl_source_close(&source);
	return exit;
}

static const struct ctl_writer *export_writer(const struct ctl_args *args)
{
	const char *format = args->value[CTL_OPT_FORMAT];
	const struct ctl_writer *writer =
		format == NULL ? &ctl_writer_jsonl : ctl_writer_find(format);

	if (writer != NULL && writer != &ctl_writer_text)
		return writer;
	ctl_say("--format \"%.60s\" is none; there are jsonl, json and csv", format);
	return NULL;
}

static enum ctl_exit export_to(const struct ctl_call *call, struct ctl_source *source,
	const struct chg_cdr_filter *filter, struct search *search)
{
	enum ctl_exit exit = run_search(search, source, filter);

	ctl_out_release(&search->out);
	return tell_rest(exit, call, source, search, filter);
}

static enum ctl_exit file_failed(const char *path)
{
	ctl_say("%s cannot be written: %s", path, strerror(errno));
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit export_to_file(const struct ctl_call *call, struct ctl_source *source,
	const struct chg_cdr_filter *filter, struct search *search)
{
	const char *path = call->args.value[CTL_OPT_OUTPUT];
	struct ctl_file file;

	if (ctl_file_begin(path, &file) != CHG_OK)
		return file_failed(path);
	search->out.sink = file.to;
	enum ctl_exit exit = export_to(call, source, filter, search);
	exit = ctl_source_verdict(source, exit); /* what is incomplete replaces nothing */
	if (exit != CTL_EXIT_OK)
		ctl_say("nothing was written to %s", path);
	else if (ctl_file_finish(&file) != CHG_OK)
		exit = file_failed(path);
	ctl_file_release(&file);
	if (exit == CTL_EXIT_OK)
		ctl_say("%" PRIu64 " record%s written to %s", search->out.row_count,
			search->out.row_count == 1 ? "" : "s", path);
	return exit;
}

enum ctl_exit ctl_cmd_cdr_export(const struct ctl_call *call)
{
	struct search search = { .values = ctl_field_values };
	struct ctl_filter filter;
	struct ctl_source source;
	char message[CTL_MESSAGE_MAX];

	if (!ctl_filter_read(&call->args, call->now, &filter, message)) {
		ctl_say("%s", message);
		return CTL_EXIT_USAGE;
	}
	search.out.writer = export_writer(&call->args);
	if (search.out.writer == NULL)
		return CTL_EXIT_USAGE;
	search.out.column = ctl_field_columns(&search.out.column_count);
	search.out.is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL);
	search.out.sink = stdout;
	bool has_file = ctl_args_has(&call->args, CTL_OPT_OUTPUT);
	search.has_progress = isatty(STDERR_FILENO) && (has_file || !isatty(STDOUT_FILENO));
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = has_file ? export_to_file(call, &source, &filter.cdr, &search)
			: export_to(call, &source, &filter.cdr, &search);
	exit = ctl_source_verdict(&source, exit);
	ctl_source_close(&source);
	return exit;
}

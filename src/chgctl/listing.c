/* SPDX-License-Identifier: BSD-3-Clause
 * Pages of a listing, and how it ends.
 */
#include "chgctl/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/stop.h"

enum {
	TERMINAL_LIMIT = 50,
};

static const struct ctl_writer *writer_of(const struct ctl_args *args)
{
	if (ctl_args_has(args, CTL_OPT_JSON))
		return &ctl_writer_json;
	return ctl_args_has(args, CTL_OPT_CSV) ? &ctl_writer_csv : &ctl_writer_text;
}

static bool read_limit(const struct ctl_args *args, bool is_terminal, size_t *ret)
{
	const char *text = args->value[CTL_OPT_LIMIT];
	uint64_t limit = is_terminal ? TERMINAL_LIMIT : 0;

	if (text != NULL && !ctl_text_number(text, SIZE_MAX, &limit)) {
		ctl_say("--limit \"%.60s\" is no number; write digits, 0 for all", text);
		return false;
	}
	*ret = limit;
	return true;
}

static bool read_after(const struct ctl_args *args, int64_t *ret)
{
	const char *text = args->value[CTL_OPT_AFTER];
	uint64_t id = 0;

	if (text != NULL && !ctl_text_number(text, INT64_MAX, &id)) {
		ctl_say("--after \"%.60s\" is no id; write the digits of one", text);
		return false;
	}
	*ret = (int64_t)id;
	return true;
}

enum ctl_exit ctl_listing_begin(const struct ctl_args *args, const struct ctl_column *column,
	size_t column_count, struct ctl_listing *ret)
{
	bool is_terminal = isatty(STDOUT_FILENO) != 0;

	if (ctl_args_has(args, CTL_OPT_JSON) && ctl_args_has(args, CTL_OPT_CSV)) {
		ctl_say("--json and --csv exclude each other");
		return CTL_EXIT_USAGE;
	}
	*ret = (struct ctl_listing){
		.out = { .writer = writer_of(args),
			.sink = stdout,
			.column = column,
			.column_count = column_count,
			.is_local = ctl_args_has(args, CTL_OPT_LOCAL),
			.is_terminal = is_terminal },
	};
	if (!read_limit(args, is_terminal, &ret->limit) || !read_after(args, &ret->last_id))
		return CTL_EXIT_USAGE;
	return CTL_EXIT_OK;
}

bool ctl_listing_is_json(const struct ctl_listing *listing)
{
	return listing->out.writer == &ctl_writer_json;
}

bool ctl_listing_row(struct ctl_listing *listing, int64_t id, const struct ctl_value *values)
{
	listing->page_count++;
	/* What belongs together has one id and stays together, or --after would leave a part out. */
	if (listing->limit != 0 && listing->out.row_count >= listing->limit &&
		id != listing->last_id) {
		listing->has_more = true;
		return false;
	}
	listing->rc = ctl_out_row(&listing->out, values);
	listing->last_id = id;
	return listing->rc == CHG_OK && !ctl_stop_wanted();
}

static enum chg_rc read_pages(
	struct ctl_listing *listing, struct ctl_source *source, ctl_listing_read *read, void *to)
{
	do {
		listing->page_count = 0;
		enum chg_rc rc = read(listing, source, to);
		if (rc != CHG_OK)
			return rc;
		if (listing->rc == CHG_OK)
			listing->rc = ctl_out_page(&listing->out);
	} while (listing->page_count >= CTL_PAGE_RECORDS && !listing->has_more &&
		 listing->rc == CHG_OK && !ctl_stop_wanted());
	return CHG_OK;
}

/* Why the output ended early, for the shell. */
static enum ctl_exit output_failed(enum chg_rc rc)
{
	clearerr(stdout); /* told here, so not once more at the end */
	if (rc == CHG_E_SYSTEM && errno == EPIPE)
		return CTL_EXIT_OK; /* the reader has seen enough */
	ctl_say("the output failed: %s",
		rc == CHG_E_SYSTEM ? strerror(errno) : chg_rc_sentence(rc));
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit finish(struct ctl_listing *listing, const char *nothing)
{
	if (listing->rc == CHG_OK)
		listing->rc = ctl_out_end(&listing->out);
	if (listing->rc != CHG_OK)
		return output_failed(listing->rc);
	if (ctl_stop_wanted()) {
		ctl_say("stopped after %" PRIu64 " rows", listing->out.row_count);
		return CTL_EXIT_PROBLEM;
	}
	if (listing->has_more)
		fprintf(stderr, "There is more. Go on with --after %" PRId64 "\n",
			listing->last_id);
	if (listing->out.row_count == 0)
		ctl_say("%s", nothing);
	return CTL_EXIT_OK;
}

enum ctl_exit ctl_listing_run(struct ctl_listing *listing, struct ctl_source *source,
	ctl_listing_read *read, void *to, const char *nothing)
{
	enum ctl_exit exit;

	listing->rc = ctl_out_begin(&listing->out);
	enum chg_rc rc = listing->rc == CHG_OK ? read_pages(listing, source, read, to) : CHG_OK;
	exit = rc == CHG_OK ? finish(listing, nothing) : ctl_source_failed(source, rc);
	ctl_out_release(&listing->out);
	return exit;
}

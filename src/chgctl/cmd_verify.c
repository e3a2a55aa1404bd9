/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl verify: the laws of the books, read-only, while a node may run.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <stdlib.h>

#include "chgctl/out.h"
#include "chgctl/source.h"
#include "chgctl/stop.h"

static const struct ctl_column columns[] = {
	{ .name = "law", .heading = "BROKEN LAW" },
	{ .name = "row", .heading = "BY" },
};

/* What is checked, and the rows that break a law. */
struct verify {
	struct ctl_out out;
	enum chg_rc rc; /* of the output */
	uint64_t account_count;
	uint64_t line_count;
	int64_t last_id;
	size_t page_count;
};

static bool broken_each(void *to, struct chg_view law, struct chg_view row)
{
	struct verify *verify = to;
	const struct ctl_value values[] = { ctl_value_text(law), ctl_value_text(row) };

	verify->rc = ctl_out_row(&verify->out, values);
	return verify->rc == CHG_OK && !ctl_stop_wanted();
}

static bool account_each(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct verify *verify = to;

	(void)identity;
	(void)identity_count;
	verify->last_id = account->account_id;
	verify->account_count++;
	verify->page_count++;
	return true;
}

static bool line_each(void *to, const struct chg_ledger_line *line)
{
	struct verify *verify = to;

	verify->last_id = line->posting_id;
	verify->line_count++;
	verify->page_count++;
	return true;
}

/* How much there is, in short looks. */
static enum chg_rc count(struct verify *verify, const struct chg_store *store, bool counts_lines)
{
	enum chg_rc rc;

	verify->last_id = 0;
	do {
		const struct chg_ledger_filter filter = {
			.after_posting_id = verify->last_id,
			.limit = CTL_PAGE_RECORDS,
		};
		verify->page_count = 0;
		rc = counts_lines
			     ? store->books->ledger_scan(store->self, &filter, line_each, verify)
			     : store->books->account_scan(store->self, verify->last_id,
				       CTL_PAGE_RECORDS, account_each, verify);
	} while (rc == CHG_OK && verify->page_count >= CTL_PAGE_RECORDS && !ctl_stop_wanted());
	return rc;
}

static enum chg_rc check(struct verify *verify, const struct chg_store *store)
{
	enum chg_rc rc = store->books->verify(store->self, broken_each, verify);

	if (rc == CHG_OK)
		rc = count(verify, store, false);
	if (rc == CHG_OK)
		rc = count(verify, store, true);
	if (rc == CHG_OK)
		rc = verify->rc;
	return rc == CHG_OK ? ctl_out_end(&verify->out) : rc;
}

/* JSON and CSV are the broken rows alone; the sentence goes where words go. */
static enum ctl_exit tell(const struct verify *verify, bool is_text)
{
	uint64_t broken = verify->out.row_count;

	if (ctl_stop_wanted()) {
		ctl_say("stopped; not all was checked");
		return CTL_EXIT_PROBLEM;
	}
	FILE *to = is_text ? stdout : stderr;
	fprintf(to, "%" PRIu64 " account%s and %" PRIu64 " line%s of the ledger: ",
		verify->account_count, verify->account_count == 1 ? "" : "s", verify->line_count,
		verify->line_count == 1 ? "" : "s");
	if (broken == 0) {
		fputs("every law holds\n", to);
		return CTL_EXIT_OK;
	}
	fprintf(to, "%" PRIu64 " row%s a law; do not correct them by hand, but restore a backup\n",
		broken, broken == 1 ? " breaks" : "s break");
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit verify_from(const struct ctl_call *call, struct ctl_source *source)
{
	bool is_json = ctl_args_has(&call->args, CTL_OPT_JSON);
	bool is_csv = ctl_args_has(&call->args, CTL_OPT_CSV);
	struct verify verify = {
		.out = { .writer = is_json  ? &ctl_writer_json
				   : is_csv ? &ctl_writer_csv
					    : &ctl_writer_text,
			.sink = stdout,
			.column = columns,
			.column_count = sizeof columns / sizeof columns[0] },
	};
	enum chg_rc rc = ctl_out_begin(&verify.out);

	if (rc == CHG_OK)
		rc = check(&verify, &source->store);
	enum ctl_exit exit =
		rc == CHG_OK ? tell(&verify, !is_json && !is_csv) : ctl_source_failed(source, rc);
	ctl_out_release(&verify.out);
	return exit;
}

enum ctl_exit ctl_cmd_verify(const struct ctl_call *call)
{
	struct ctl_source source;

	if (ctl_args_has(&call->args, CTL_OPT_JSON) && ctl_args_has(&call->args, CTL_OPT_CSV)) {
		ctl_say("--json and --csv exclude each other");
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = verify_from(call, &source);
	ctl_source_close(&source);
	return exit;
}

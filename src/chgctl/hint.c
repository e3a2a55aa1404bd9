/* SPDX-License-Identifier: BSD-3-Clause
 * "No record ..." and why.
 */
#include "chgctl/hint.h"

#include <inttypes.h>

#include "chgctl/stop.h"
#include "chgctl/when.h"

enum {
	/* Counting stops here: the sentence must not take longer than the search. */
	COUNT_MAX = 2000,
	COUNT_DROPPED_MAX = 1000,
	/* No further option is tried after so long: a hint is not worth waiting for. */
	PATIENCE_S = 2,
	/* Records that are looked at to know how far back the database goes. */
	OLDEST_MAX = 500,
};

struct census {
	uint64_t count;
	chg_instant first, last;
};

static bool census_each(void *to, const struct chg_cdr *cdr)
{
	struct census *census = to;
	chg_instant at = cdr->state.started_at;

	if (census->count == 0 || chg_instant_before(at, census->first))
		census->first = at;
	if (census->count == 0 || chg_instant_before(census->last, at))
		census->last = at;
	census->count++;
	return true;
}

static enum chg_rc write_all(struct ctl_source *source, bool is_local, FILE *to)
{
	const struct chg_cdr_filter everything = { .limit = COUNT_MAX };
	struct census census = { 0 };
	struct ctl_archived archived;
	char first[CTL_WHEN_MAX], last[CTL_WHEN_MAX];

	enum chg_rc rc = ctl_source_scan(source, &everything, census_each, NULL, &census);
	if (rc == CHG_OK)
		rc = ctl_source_archived(source, &archived);
	if (rc != CHG_OK)
		return rc;
	ctl_when_write(census.first, is_local, false, first);
	ctl_when_write(census.last, is_local, false, last);
	fprintf(to, "chgctl: %s ", source->path);
	if (census.count == 0)
		fprintf(to, "holds no records%s\n", archived.records == 0 ? " yet" : "");
	else if (census.count == COUNT_MAX)
		fprintf(to, "holds %d records or more, the first ones from %s on\n", COUNT_MAX,
			first);
	else if (census.count == 1)
		fprintf(to, "holds 1 record, started %s\n", first);
	else
		fprintf(to, "holds %" PRIu64 " records, started from %s to %s\n", census.count,
			first, last);
	return CHG_OK;
}

/* When the first record was closed that has a higher number than all that left. */
struct oldest {
	int64_t local_sequence;
	chg_opt_instant closed_at;
};

static bool oldest_each(void *to, const struct chg_cdr *cdr)
{
	struct oldest *oldest = to;
	const chg_opt_instant *closed_at = &cdr->state.closed_at;

	if (cdr->state.local_sequence > oldest->local_sequence && closed_at->is_present &&
		(!oldest->closed_at.is_present ||
			chg_instant_before(closed_at->value, oldest->closed_at.value)))
		oldest->closed_at = *closed_at;
	return true;
}

/*
 * Numbers are given on closing, so what left was closed before all that has a higher number, and
 * started before that.  Where no such record is found, anything may have left.
 */
static enum chg_rc may_have_started(
	struct ctl_source *source, int64_t local_sequence_max, chg_instant from, bool *ret)
{
	const struct chg_cdr_filter closed = { .status = CHG_CDR_CLOSED, .limit = OLDEST_MAX };
	struct oldest oldest = { .local_sequence = local_sequence_max };
	enum chg_rc rc = ctl_source_scan(source, &closed, oldest_each, NULL, &oldest);

	*ret = !oldest.closed_at.is_present || !chg_instant_before(oldest.closed_at.value, from);
	return rc;
}

/* How far ids follow each other without one that is not there. */
struct run_of_ids {
	int64_t last;
	bool is_broken;
};

static bool run_each(void *to, const struct chg_cdr *cdr)
{
	struct run_of_ids *run = to;

	run->is_broken = cdr->state.cdr_id != run->last + 1;
	run->last = cdr->state.cdr_id;
	return !run->is_broken;
}

/* Ids are given without a gap, so where they begin to follow each other nothing left. */
static enum chg_rc may_follow(struct ctl_source *source, int64_t after, bool *ret)
{
	const struct chg_cdr_filter behind = { .after_cdr_id = after, .limit = OLDEST_MAX };
	struct run_of_ids run = { .last = after };
	enum chg_rc rc = ctl_source_scan(source, &behind, run_each, NULL, &run);

	*ret = run.is_broken || run.last == after;
	return rc;
}

static enum chg_rc may_have_left(struct ctl_source *source, const struct ctl_archived *archived,
	const struct chg_cdr_filter *filter, bool *ret)
{
	enum chg_rc rc = CHG_OK;

	*ret = archived->records > 0 && filter->status != CHG_CDR_OPEN;
	if (*ret && filter->from.is_present)
		rc = may_have_started(
			source, archived->local_sequence_max, filter->from.value, ret);
	if (rc == CHG_OK && *ret && filter->after_cdr_id != 0 && !filter->newest_first)
		rc = may_follow(source, filter->after_cdr_id, ret);
	return rc;
}

enum chg_rc ctl_hint_archived(
	struct ctl_source *source, const struct chg_cdr_filter *filter, FILE *to)
{
	struct ctl_archived archived;
	bool is_concerned = false;

	if (ctl_source_reads_archives(source))
		return CHG_OK;
	enum chg_rc rc = ctl_source_archived(source, &archived);
	if (rc == CHG_OK)
		rc = may_have_left(source, &archived, filter, &is_concerned);
	if (rc == CHG_OK && is_concerned)
		fprintf(to,
			"chgctl: %" PRIu64
			" older record%s in archives; --archive reads them too\n",
			archived.records, archived.records == 1 ? " is" : "s are");
	return rc;
}

/* The first option without which something is found. */
static enum chg_rc write_culprit(struct ctl_source *source, const struct ctl_args *args,
	const struct chg_cdr_filter *filter, FILE *to)
{
	const struct ctl_filter_drop *drop;
	chg_instant end = chg_instant_add(ctl_when_steady(), chg_span_s(PATIENCE_S));

	for (size_t i = 0; (drop = ctl_filter_drop_row(i)) != NULL; i++) {
		if (!ctl_args_has(args, drop->option))
			continue;
		if (ctl_stop_wanted() || chg_instant_before(end, ctl_when_steady()))
			break;
		struct chg_cdr_filter wider = *filter;
		struct census census = { 0 };
		drop->drop(&wider);
		wider.limit = COUNT_DROPPED_MAX;
		enum chg_rc rc = ctl_source_scan(source, &wider, census_each, NULL, &census);
		if (rc != CHG_OK)
			return rc;
		if (census.count == 0)
			continue;
		fprintf(to, "chgctl: without --%s there %s %" PRIu64 "%s\n",
			ctl_option_rows[drop->option].name, census.count == 1 ? "is" : "are",
			census.count, census.count == COUNT_DROPPED_MAX ? " or more" : "");
		return CHG_OK;
	}
	return CHG_OK;
}

/* The host of a party has no case, his name has (RFC 3261 19.1.4): perhaps that was overlooked. */
static enum chg_rc write_other_case(
	struct ctl_source *source, const struct chg_cdr_filter *filter, FILE *to)
{
	struct chg_cdr_filter lower = *filter;
	struct chg_party party = { .len = (uint8_t)filter->party.len };
	struct census census = { 0 };

	for (size_t i = 0; i < filter->party.len; i++) {
		char c = filter->party.ptr[i];
		party.bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	lower.party = (struct chg_view){ .ptr = party.bytes, .len = party.len };
	lower.limit = COUNT_DROPPED_MAX;
	if (chg_view_equal(lower.party, filter->party))
		return CHG_OK;
	enum chg_rc rc = ctl_source_scan(source, &lower, census_each, NULL, &census);
	if (rc != CHG_OK || census.count == 0)
		return rc;
	fputs("chgctl: of party ", to);
	ctl_text_show(to, lower.party);
	fprintf(to, " there %s %" PRIu64 "%s; before the @ small and capital letters differ\n",
		census.count == 1 ? "is" : "are", census.count,
		census.count == COUNT_DROPPED_MAX ? " or more" : "");
	return CHG_OK;
}

enum chg_rc ctl_hint_nothing(struct ctl_source *source, const struct ctl_args *args,
	const struct chg_cdr_filter *filter, FILE *to)
{
	bool is_local = ctl_args_has(args, CTL_OPT_LOCAL);

	if (ctl_filter_is_restricting(filter)) {
		fputs("chgctl: no record ", to);
		ctl_filter_describe(filter, is_local, to);
		fputc('\n', to);
	}
	enum chg_rc rc = write_all(source, is_local, to);
	if (rc == CHG_OK)
		rc = ctl_hint_archived(source, filter, to);
	if (rc == CHG_OK && chg_view_present(filter->party))
		rc = write_other_case(source, filter, to);
	return rc == CHG_OK ? write_culprit(source, args, filter, to) : rc;
}

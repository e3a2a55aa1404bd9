/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl cdr stats: one pass over the records, counted.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/filter.h"
#include "chgctl/hint.h"
#include "chgctl/names.h"
#include "chgctl/sequence.h"
#include "chgctl/source.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"

enum {
	NAME_MAX_LEN = 256,
	/* Clients, days or types beyond are counted together. */
	TALLY_MAX = 4096,
	GAPS_SHOWN_MAX = 20,
};

/* How often each name came, in the order of the names. */
struct tally {
	struct tally_row {
		char name[NAME_MAX_LEN];
		uint64_t count;
	} * row;
	size_t count, room;
	uint64_t others;
};

static enum chg_rc tally_insert(struct tally *tally, size_t at, const char *name)
{
	if (tally->count == tally->room) {
		size_t room = tally->room == 0 ? 16 : 2 * tally->room;
		struct tally_row *more = reallocarray(tally->row, room, sizeof *more);
		if (more == NULL)
			return CHG_E_NO_MEMORY;
		tally->row = more;
		tally->room = room;
	}
	memmove(&tally->row[at + 1], &tally->row[at], (tally->count - at) * sizeof *tally->row);
	snprintf(tally->row[at].name, NAME_MAX_LEN, "%s", name);
	tally->row[at].count = 1;
	tally->count++;
	return CHG_OK;
}

static enum chg_rc tally_add(struct tally *tally, const char *name)
{
	size_t low = 0, high = tally->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(tally->row[middle].name, name);
		if (order == 0) {
			tally->row[middle].count++;
			return CHG_OK;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (tally->count == TALLY_MAX) {
		tally->others++;
		return CHG_OK;
	}
	return tally_insert(tally, low, name);
}

enum { TALLY_KIND, TALLY_STATE, TALLY_SERVICE, TALLY_HOST, TALLY_DAY, TALLY_MARK, TALLY_COUNT };

static const struct {
	const char *name, *heading;
} tally_names[TALLY_COUNT] = {
	[TALLY_KIND] = { "by_kind", "Kind" },
	[TALLY_STATE] = { "by_state", "State" },
	[TALLY_SERVICE] = { "by_service", "Service" },
	[TALLY_HOST] = { "by_origin_host", "Client" },
	[TALLY_DAY] = { "by_day", "Day" },
	[TALLY_MARK] = { "by_mark", "Mark" },
};

enum {
	MESSAGES_SENT,
	MESSAGES_EXPLODED,
	MESSAGES_SENT_DELIVERED,
	MESSAGES_EXPLODED_DELIVERED,
	MESSAGES_COUNT
};

static const struct {
	const char *name, *label;
} message_names[MESSAGES_COUNT] = {
	[MESSAGES_SENT] = { "sent", "sent" },
	[MESSAGES_EXPLODED] = { "exploded", "exploded" },
	[MESSAGES_SENT_DELIVERED] = { "sent_delivered", "sent, delivered" },
	[MESSAGES_EXPLODED_DELIVERED] = { "exploded_delivered", "exploded, delivered" },
};

struct stats {
	bool is_local;
	uint64_t records;
	uint64_t messages[MESSAGES_COUNT];
	struct tally tally[TALLY_COUNT];
	bool has_sequence; /* it is checked: nothing restricts the records */
	struct ctl_sequence sequence;
	bool has_archives;            /* they were read too, so that each number is looked at */
	struct ctl_archived archived; /* what left the database, as it knows */
	/* Up to the highest number that was archived, all that is here or there: too few, too many. */
	uint64_t lost, surplus;
	enum chg_rc rc;
};

/* Records that are in archives and were not read there. */
static uint64_t elsewhere(const struct stats *stats)
{
	return stats->has_archives ? 0 : stats->archived.records;
}

/* The numbers up to this one are counted with those in archives; each one behind it is looked at. */
static int64_t sequence_base(const struct stats *stats)
{
	if (elsewhere(stats) > 0)
		return stats->archived.local_sequence_max;
	if (stats->archived.records > 0)
		return 0;
	return stats->sequence.count == 0 ? 0 : stats->sequence.range[0].first - 1;
}

static int64_t sequence_first(const struct stats *stats)
{
	return stats->archived.records > 0 ? 1 : sequence_base(stats) + 1;
}

static int64_t sequence_last(const struct stats *stats)
{
	const struct ctl_sequence *sequence = &stats->sequence;
	int64_t archived = stats->archived.local_sequence_max;
	int64_t last = sequence->count == 0 ? 0 : sequence->range[sequence->count - 1].last;

	return last > archived ? last : archived;
}

static uint64_t missing(const struct stats *stats)
{
	return ctl_sequence_missing(&stats->sequence, sequence_base(stats), sequence_last(stats)) +
	       stats->lost;
}

static void count(struct stats *stats, size_t tally, const char *name)
{
	if (stats->rc == CHG_OK)
		stats->rc = tally_add(&stats->tally[tally], name);
}

/* A peer's text as a name that is fit for a terminal, cut where it is too long. */
static void shown(struct chg_view text, char ret_name[NAME_MAX_LEN])
{
	FILE *to = fmemopen(ret_name, NAME_MAX_LEN, "w");

	ret_name[0] = '\0';
	if (to == NULL)
		return;
	ctl_text_show(to, text.len < 255 ? text : (struct chg_view){ text.ptr, 255 });
	fclose(to);
	ret_name[NAME_MAX_LEN - 1] = '\0';
}

static void count_names(struct stats *stats, const struct chg_cdr *cdr)
{
	char name[NAME_MAX_LEN];
	char day[CTL_WHEN_MAX];
	const chg_opt_i32 *type = &cdr->application_service_type;
	const char *service = type->is_present ? ctl_name_service(type->value) : "(none)";

	count(stats, TALLY_KIND, ctl_name_kind(cdr->state.kind));
	count(stats, TALLY_STATE, ctl_name_status(cdr->state.status));
	snprintf(name, sizeof name, "%" PRId32, type->value);
	count(stats, TALLY_SERVICE, service == NULL ? name : service);
	shown(cdr->origin_host, name);
	count(stats, TALLY_HOST, name);
	ctl_when_write(cdr->state.started_at, stats->is_local, false, day);
	day[strcspn(day, "T")] = '\0';
	count(stats, TALLY_DAY, day);
	for (unsigned i = 0; i < 32; i++) {
		uint32_t bit = UINT32_C(1) << i;
		if ((cdr->state.marks & bit) != 0 && chg_cdr_mark_text(bit) != NULL)
			count(stats, TALLY_MARK, chg_cdr_mark_text(bit));
	}
}

static void count_messages(struct stats *stats, const struct chg_cdr *cdr)
{
	const chg_opt_u32 *figures[MESSAGES_COUNT] = {
		[MESSAGES_SENT] = &cdr->messages_sent,
		[MESSAGES_EXPLODED] = &cdr->messages_exploded,
		[MESSAGES_SENT_DELIVERED] = &cdr->messages_sent_delivered,
		[MESSAGES_EXPLODED_DELIVERED] = &cdr->messages_exploded_delivered,
	};

	for (size_t i = 0; i < MESSAGES_COUNT; i++)
		stats->messages[i] += figures[i]->is_present ? figures[i]->value : 0;
}

static bool stats_each(void *to, const struct chg_cdr *cdr)
{
	struct stats *stats = to;

	stats->records++;
	count_names(stats, cdr);
	count_messages(stats, cdr);
	if (stats->rc == CHG_OK && stats->has_sequence && cdr->state.local_sequence != 0)
		stats->rc = ctl_sequence_add(&stats->sequence, cdr->state.local_sequence);
	return stats->rc == CHG_OK;
}

/* The second look at the sequence: only numbers that the first one could have seen. */
struct second_look {
	struct ctl_sequence *sequence;
	int64_t highest;
	uint64_t repeated;
	enum chg_rc rc;
};

static bool second_look_each(void *to, const struct chg_cdr *cdr)
{
	struct second_look *look = to;
	int64_t number = cdr->state.local_sequence;

	if (number != 0 && number <= look->highest)
		look->rc = ctl_sequence_add(look->sequence, number);
	return look->rc == CHG_OK;
}

/*
 * The pages of the first pass are transactions of their own, so a session that was open when its
 * page was read may have closed since and have a number that is missed.  Every number up to the
 * highest was given before the second pass begins, so what is missing then is really missing.
 */
static enum chg_rc look_again(struct ctl_source *source, struct stats *stats)
{
	struct ctl_sequence *sequence = &stats->sequence;
	const struct chg_cdr_filter closed = { .status = CHG_CDR_CLOSED };
	struct second_look look = {
		.sequence = sequence,
		.highest = sequence_last(stats),
		.repeated = sequence->repeated,
	};
	enum chg_rc rc = ctl_source_scan(source, &closed, second_look_each, NULL, &look);
	sequence->repeated = look.repeated; /* this pass saw all of them once more */
	return rc == CHG_OK ? look.rc : rc;
}

/* As in v_sequence_gap: what is here and what is in archives must be as many as the numbers. */
static enum chg_rc count_archived(struct ctl_source *source, struct stats *stats)
{
	enum chg_rc rc = ctl_source_archived(source, &stats->archived);
	uint64_t numbers = (uint64_t)stats->archived.local_sequence_max;
	uint64_t known = stats->archived.records +
			 ctl_sequence_seen(&stats->sequence, stats->archived.local_sequence_max);

	stats->lost = known < numbers ? numbers - known : 0;
	stats->surplus = known > numbers ? known - numbers : 0;
	return rc;
}

/* Records that a prune moves meanwhile were seen here before, and count in archives too then. */
static enum chg_rc check_sequence(
	struct ctl_source *source, struct stats *stats, const struct ctl_archived *before)
{
	enum chg_rc rc = stats->has_archives ? CHG_OK : count_archived(source, stats);

	if (rc == CHG_OK && missing(stats) > 0)
		rc = look_again(source, stats);
	if (rc == CHG_OK && !stats->has_archives)
		rc = count_archived(source, stats);
	if (stats->archived.records == before->records)
		stats->sequence.repeated += stats->surplus;
	return rc;
}

/* As wide as the longest name of all, so that all counts stand below each other. */
static int names_width(const struct stats *stats)
{
	size_t width = 0;

	for (size_t i = 0; i < MESSAGES_COUNT; i++)
		width = strlen(message_names[i].label) > width ? strlen(message_names[i].label)
							       : width;
	for (size_t i = 0; i < TALLY_COUNT; i++) {
		for (size_t j = 0; j < stats->tally[i].count; j++) {
			size_t len = strlen(stats->tally[i].row[j].name);
			width = len > width ? len : width;
		}
	}
	return (int)width;
}

static void text_count(const char *name, int width, uint64_t count)
{
	printf("  %-*s %10" PRIu64 "\n", width, name, count);
}

static void text_tally(const struct tally *tally, const char *heading, int width)
{
	if (tally->count == 0)
		return;
	printf("\n%s\n", heading);
	for (size_t i = 0; i < tally->count; i++)
		text_count(tally->row[i].name, width, tally->row[i].count);
	if (tally->others > 0)
		text_count("(others)", width, tally->others);
}

static void text_gaps(const struct stats *stats)
{
	const struct ctl_sequence *sequence = &stats->sequence;
	struct ctl_range gap = { .last = sequence_base(stats) };
	size_t gaps = 0;

	while (ctl_sequence_gap(sequence, gap.last, sequence_last(stats), &gap)) {
		if (++gaps > GAPS_SHOWN_MAX)
			continue;
		if (gap.first == gap.last)
			printf("  missing %" PRId64 "\n", gap.first);
		else
			printf("  missing %" PRId64 " to %" PRId64 "\n", gap.first, gap.last);
	}
	if (gaps > GAPS_SHOWN_MAX)
		printf("  and %zu more gaps\n", gaps - GAPS_SHOWN_MAX);
}

static void text_archived(const struct stats *stats)
{
	if (elsewhere(stats) == 0)
		return;
	printf("  %" PRIu64 " of them are in archives; --archive counts those records too\n",
		elsewhere(stats));
	if (stats->lost > 0)
		printf("  missing %" PRIu64 " of those up to %" PRId64
		       ", here and in archives; --archive tells which\n",
			stats->lost, stats->archived.local_sequence_max);
}

static void text_sequence(const struct stats *stats)
{
	fputs("\nLocal sequence of closed records\n", stdout);
	if (sequence_last(stats) == 0) {
		fputs("  none closed yet\n", stdout);
		return;
	}
	printf("  %" PRId64 " to %" PRId64 ", %" PRIu64 " missing, %" PRIu64 " repeated\n",
		sequence_first(stats), sequence_last(stats), missing(stats),
		stats->sequence.repeated);
	text_archived(stats);
	text_gaps(stats);
}

static void write_text(const struct stats *stats)
{
	int width = names_width(stats);

	printf("Records %*s%10" PRIu64 "\n", width > 5 ? width - 5 : 0, "", stats->records);
	for (size_t i = 0; i < TALLY_COUNT; i++)
		text_tally(&stats->tally[i], tally_names[i].heading, width);
	fputs("\nMessages\n", stdout);
	for (size_t i = 0; i < MESSAGES_COUNT; i++)
		text_count(message_names[i].label, width, stats->messages[i]);
	if (stats->has_sequence)
		text_sequence(stats);
}

static void json_tally(const struct tally *tally)
{
	fputc('{', stdout);
	for (size_t i = 0; i < tally->count; i++) {
		fputs(i == 0 ? "\n    " : ",\n    ", stdout);
		ctl_text_json(stdout, chg_view_of(tally->row[i].name));
		printf(": %" PRIu64, tally->row[i].count);
	}
	if (tally->others > 0)
		printf(",\n    \"(others)\": %" PRIu64, tally->others);
	fputs(tally->count == 0 ? "}" : "\n  }", stdout);
}

static void json_sequence(const struct stats *stats)
{
	struct ctl_range gap = { .last = sequence_base(stats) };
	const char *between = "";

	if (sequence_last(stats) == 0) {
		fputs("null", stdout);
		return;
	}
	printf("{\n    \"first\": %" PRId64 ",\n    \"last\": %" PRId64
	       ",\n    \"missing\": %" PRIu64 ",\n    \"repeated\": %" PRIu64
	       ",\n    \"archived\": %" PRIu64 ",\n    \"gaps\": [",
		sequence_first(stats), sequence_last(stats), missing(stats),
		stats->sequence.repeated, elsewhere(stats));
	while (ctl_sequence_gap(&stats->sequence, gap.last, sequence_last(stats), &gap)) {
		printf("%s{\"from\": %" PRId64 ", \"to\": %" PRId64 "}", between, gap.first,
			gap.last);
		between = ", ";
	}
	fputs("]\n  }", stdout);
}

static void write_json(const struct stats *stats)
{
	printf("{\n  \"records\": %" PRIu64 ",\n", stats->records);
	for (size_t i = 0; i < TALLY_COUNT; i++) {
		printf("  \"%s\": ", tally_names[i].name);
		json_tally(&stats->tally[i]);
		fputs(",\n", stdout);
	}
	fputs("  \"messages\": {", stdout);
	for (size_t i = 0; i < MESSAGES_COUNT; i++)
		printf("%s\n    \"%s\": %" PRIu64, i == 0 ? "" : ",", message_names[i].name,
			stats->messages[i]);
	fputs("\n  }", stdout);
	if (stats->has_sequence) {
		fputs(",\n  \"sequence\": ", stdout);
		json_sequence(stats);
	}
	fputs("\n}\n", stdout);
}

static void release(struct stats *stats)
{
	for (size_t i = 0; i < TALLY_COUNT; i++)
		free(stats->tally[i].row);
	ctl_sequence_release(&stats->sequence);
}

/* A number that is missing or came twice is what this check is for. */
static enum ctl_exit verdict(const struct stats *stats)
{
	if (!stats->has_sequence || (missing(stats) == 0 && stats->sequence.repeated == 0))
		return CTL_EXIT_OK;
	ctl_say("the local sequence is not without gaps: records are missing or were copied");
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit stats_from(
	const struct ctl_call *call, struct ctl_source *source, const struct chg_cdr_filter *filter)
{
	bool is_json = ctl_args_has(&call->args, CTL_OPT_JSON);
	struct stats stats = {
		.is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL),
		.has_sequence = !ctl_filter_is_restricting(filter),
		.has_archives = ctl_source_reads_archives(source),
	};
	struct ctl_archived before;
	/* What left before the first record was read must all be found. */
	enum chg_rc rc = ctl_source_archived(source, &before);

	stats.archived = before;
	if (rc == CHG_OK)
		rc = ctl_source_scan(source, filter, stats_each, NULL, &stats);
	if (rc == CHG_OK)
		rc = stats.rc;
	if (rc == CHG_OK && stats.has_sequence && !ctl_stop_wanted())
		rc = check_sequence(source, &stats, &before);
	if (rc == CHG_OK && stats.records == 0)
		rc = ctl_hint_nothing(source, &call->args, filter, stderr);
	else if (rc == CHG_OK && !stats.has_sequence) /* it tells of archives itself */
		rc = ctl_hint_archived(source, filter, stderr);
	enum ctl_exit exit = CTL_EXIT_PROBLEM;
	if (rc != CHG_OK) {
		exit = ctl_source_failed(source, rc);
	} else if (ctl_stop_wanted()) {
		ctl_say("stopped after %" PRIu64 " records", stats.records);
	} else {
		if (is_json)
			write_json(&stats);
		else if (stats.records > 0)
			write_text(&stats);
		exit = verdict(&stats);
	}
	release(&stats);
	return exit;
}

enum ctl_exit ctl_cmd_cdr_stats(const struct ctl_call *call)
{
	struct ctl_filter filter;
	struct ctl_source source;
	char message[CTL_MESSAGE_MAX];

	if (!ctl_filter_read(&call->args, call->now, &filter, message)) {
		ctl_say("%s", message);
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = stats_from(call, &source, &filter.cdr);
	exit = ctl_source_verdict(&source, exit);
	ctl_source_close(&source);
	return exit;
}

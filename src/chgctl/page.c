/* SPDX-License-Identifier: BSD-3-Clause
 * One function for each line: its figures, and whether they are out of order.
 */
#include "chgctl/page.h"

#include <inttypes.h>
#include <string.h>

enum {
	LABEL_WIDTH = 16,
	TEXT_MAX = 256,
	FIGURE_MAX = 32,
	LINE_MAX_LEN = 640,
	/* Narrower than this a text is cut and not broken: a column of words helps nobody. */
	WIDTH_MIN = 20,
};

#define US_PER_MS 1000
#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)

/* From here on something is out of order.  chgctl/README.md has them in a table. */
#define SLOW_COMMIT_US  (50 * US_PER_MS)
#define SLOW_LONGEST_US (1000 * US_PER_MS)
#define LOG_MANY_BYTES  (256 * MIB)
#define DISK_FEW_BYTES  GIB

struct view {
	const struct ctl_reading *before, *now; /* before is NULL when it says nothing about now */
};

struct row {
	char text[TEXT_MAX];
	const char *trouble; /* NULL: in order */
};

/* ---- Figures ------------------------------------------------------------------------------- */

static uint64_t value(const struct view *view, enum chg_meter meter)
{
	return view->now->value[meter];
}

/* 0 when nothing can be said. */
static uint64_t growth(const struct view *view, enum chg_meter meter)
{
	return view->before == NULL ? 0 : ctl_reading_growth(view->before, view->now, meter);
}

static bool has_grown(const struct view *view, enum chg_meter meter)
{
	return growth(view, meter) > 0;
}

/* 12345, 123, 12.3, 0: as exact as a person wants it. */
static const char *write_tenths(uint64_t tenths, char ret[FIGURE_MAX])
{
	if (tenths == 0 || tenths >= 1000)
		snprintf(ret, FIGURE_MAX, "%" PRIu64, tenths / 10 + (tenths % 10 >= 5));
	else
		snprintf(ret, FIGURE_MAX, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	return ret;
}

static const char *rate(const struct view *view, enum chg_meter meter, char ret[FIGURE_MAX])
{
	if (view->before == NULL || !view->now->has[meter])
		return "-";
	return write_tenths(ctl_reading_rate_tenths(view->before, view->now, meter), ret);
}

static const char *time_of(uint64_t us, char ret[FIGURE_MAX])
{
	if (us < US_PER_MS)
		snprintf(ret, FIGURE_MAX, "%" PRIu64 " us", us);
	else if (us < 100 * US_PER_MS)
		snprintf(ret, FIGURE_MAX, "%" PRIu64 ".%" PRIu64 " ms", us / US_PER_MS,
			us % US_PER_MS / 100);
	else if (us < 10 * CHG_US_PER_S)
		snprintf(ret, FIGURE_MAX, "%" PRIu64 " ms", us / US_PER_MS);
	else
		snprintf(ret, FIGURE_MAX, "%" PRIu64 " s", us / CHG_US_PER_S);
	return ret;
}

/* The sum of one counter for each of the other, as a time. */
static const char *mean_time(
	const struct view *view, enum chg_meter sum, enum chg_meter count, char ret[FIGURE_MAX])
{
	uint64_t times = growth(view, count);

	return times == 0 ? "-" : time_of(growth(view, sum) / times, ret);
}

static const char *mean(
	const struct view *view, enum chg_meter sum, enum chg_meter count, char ret[FIGURE_MAX])
{
	uint64_t times = growth(view, count), total = growth(view, sum);

	if (times == 0 || total > UINT64_MAX / 20)
		return "-";
	return write_tenths((total * 10 + times / 2) / times, ret);
}

static const char *bytes_of(uint64_t bytes, char ret[FIGURE_MAX])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	uint64_t unit = 1;
	size_t i = 0;

	for (; i + 1 < sizeof units / sizeof units[0] && bytes / unit >= 1024; i++)
		unit *= 1024;
	if (i == 0)
		snprintf(ret, FIGURE_MAX, "%" PRIu64 " bytes", bytes);
	else
		snprintf(ret, FIGURE_MAX, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
			bytes % unit * 10 / unit, units[i]);
	return ret;
}

#define WRITE(row, ...) (void)snprintf((row)->text, TEXT_MAX, __VA_ARGS__)

/* ---- Lines --------------------------------------------------------------------------------- */

static void write_acr(const struct view *view, struct row *row)
{
	char event[FIGURE_MAX], start[FIGURE_MAX], interim[FIGURE_MAX], stop[FIGURE_MAX];

	WRITE(row, "event %s  start %s  interim %s  stop %s",
		rate(view, CHG_METER_ACR_EVENT, event), rate(view, CHG_METER_ACR_START, start),
		rate(view, CHG_METER_ACR_INTERIM, interim), rate(view, CHG_METER_ACR_STOP, stop));
}

static void write_ccr(const struct view *view, struct row *row)
{
	char event[FIGURE_MAX], initial[FIGURE_MAX], update[FIGURE_MAX], end[FIGURE_MAX];

	WRITE(row, "event %s  initial %s  update %s  termination %s",
		rate(view, CHG_METER_CCR_EVENT, event), rate(view, CHG_METER_CCR_INITIAL, initial),
		rate(view, CHG_METER_CCR_UPDATE, update),
		rate(view, CHG_METER_CCR_TERMINATION, end));
}

static void write_answers(const struct view *view, struct row *row)
{
	char good[FIGURE_MAX], denied[FIGURE_MAX], later[FIGURE_MAX], bad[FIGURE_MAX];
	uint64_t refused = growth(view, CHG_METER_ANSWER_PERMANENT);

	WRITE(row, "success %s  no credit %s  try later %s  refused %s",
		rate(view, CHG_METER_ANSWER_SUCCESS, good),
		rate(view, CHG_METER_ANSWER_DENIED, denied),
		rate(view, CHG_METER_ANSWER_TRANSIENT, later),
		rate(view, CHG_METER_ANSWER_PERMANENT, bad));
	if (has_grown(view, CHG_METER_ANSWER_TRANSIENT))
		row->trouble = "clients are told to try later and keep their records: the disk is "
			       "full or locked, or too much waits. The log of the node says which.";
	else if (refused > growth(view, CHG_METER_ANSWER_SUCCESS) / 10)
		row->trouble = "more than one request in ten is refused for good: a client sends "
			       "what this node cannot serve, or accounts are missing.";
}

static void write_repeated(const struct view *view, struct row *row)
{
	char repeated[FIGURE_MAX];

	WRITE(row, "%s", rate(view, CHG_METER_DUPLICATES, repeated));
	if (growth(view, CHG_METER_DUPLICATES) > growth(view, CHG_METER_ANSWER_SUCCESS) / 10)
		row->trouble =
			"clients send again what was answered: answers do not reach them, or "
			"reach them too late. Look at the network and at Time in node.";
}

static void write_waiting(const struct view *view, struct row *row)
{
	char oldest[FIGURE_MAX], taken[FIGURE_MAX];
	uint64_t jobs = value(view, CHG_METER_QUEUE_JOBS), max = view->now->queue_max;
	uint64_t oldest_us = value(view, CHG_METER_QUEUE_OLDEST);

	WRITE(row, "%" PRIu64 " of %" PRIu64 ", the oldest %s; the latest had waited %s", jobs, max,
		time_of(oldest_us, oldest), time_of(value(view, CHG_METER_BATCH_WAITED), taken));
	if ((max > 0 && jobs >= max / 2) || oldest_us >= SLOW_LONGEST_US)
		row->trouble = "requests come faster than the disk takes them; when the queue is "
			       "full, clients are told to try elsewhere. Look at Commits.";
}

static void write_turns(const struct view *view, struct row *row)
{
	char turns[FIGURE_MAX], each[FIGURE_MAX];

	WRITE(row, "%s/s of %s requests each, %" PRIu64 " in the latest",
		rate(view, CHG_METER_TURNS, turns),
		mean(view, CHG_METER_JOBS, CHG_METER_TURNS, each),
		value(view, CHG_METER_BATCH_JOBS));
	if (has_grown(view, CHG_METER_COMMIT_FAILURES))
		row->trouble = "the database refuses transactions: engine.turn-refused in the log "
			       "of the node says why.";
}

static void write_commits(const struct view *view, struct row *row)
{
	char commits[FIGURE_MAX], each[FIGURE_MAX], longest[FIGURE_MAX];
	uint64_t times = growth(view, CHG_METER_COMMITS);

	WRITE(row, "%s/s of %s each, the longest lately %s", rate(view, CHG_METER_COMMITS, commits),
		mean_time(view, CHG_METER_COMMIT_MICROSECONDS, CHG_METER_COMMITS, each),
		time_of(value(view, CHG_METER_COMMIT_LONGEST), longest));
	if (value(view, CHG_METER_COMMIT_LONGEST) >= SLOW_LONGEST_US ||
		(times > 0 &&
			growth(view, CHG_METER_COMMIT_MICROSECONDS) / times >= SLOW_COMMIT_US))
		row->trouble = "the disk is slow to confirm what is written: look for other "
			       "programs on it, and for faults of it in the kernel's log.";
}

static void write_time(const struct view *view, struct row *row)
{
	char each[FIGURE_MAX], longest[FIGURE_MAX];

	WRITE(row, "%s each, the longest lately %s",
		mean_time(view, CHG_METER_JOB_MICROSECONDS, CHG_METER_JOBS, each),
		time_of(value(view, CHG_METER_JOB_LONGEST), longest));
	if (value(view, CHG_METER_JOB_LONGEST) >= SLOW_LONGEST_US)
		row->trouble = "a request took more than a second; clients send again after some. "
			       "Look at Commits and Waiting.";
}

static void write_clients(const struct view *view, struct row *row)
{
	char held[FIGURE_MAX];

	WRITE(row, "%" PRIu64 " connected, %" PRIu64 " requests in work, answers held back %s/s",
		value(view, CHG_METER_PEERS_OPEN), value(view, CHG_METER_REQUESTS_IN_WORK),
		rate(view, CHG_METER_ANSWERS_HELD, held));
	if (value(view, CHG_METER_PEERS_OPEN) == 0)
		row->trouble = "no client is connected: is the network up, and are they "
			       "admitted? peer.lost and peer.refused in the log tell.";
	else if (has_grown(view, CHG_METER_PEERS_REFUSED))
		row->trouble = "a client is turned away: peer.refused in the log of the node has "
			       "the line that admits it.";
	else if (has_grown(view, CHG_METER_ANSWERS_HELD))
		row->trouble = "answers wait for a client that has just come back or does not "
			       "read.";
}

static void write_sessions(const struct view *view, struct row *row)
{
	WRITE(row, "%" PRIu64 " open; %" PRIu64 " given up since the start of the node",
		value(view, CHG_METER_SESSIONS_OPEN), value(view, CHG_METER_SESSIONS_EXPIRED));
}

static void write_database(const struct view *view, struct row *row)
{
	char size[FIGURE_MAX], log[FIGURE_MAX], left[FIGURE_MAX];
	bool is_known = value(view, CHG_METER_DATABASE_BYTES) > 0;

	WRITE(row, "%s, its log %s, free on the disk %s",
		bytes_of(value(view, CHG_METER_DATABASE_BYTES), size),
		bytes_of(value(view, CHG_METER_DATABASE_LOG_BYTES), log),
		bytes_of(value(view, CHG_METER_DISK_FREE_BYTES), left));
	if (is_known && value(view, CHG_METER_DISK_FREE_BYTES) < DISK_FEW_BYTES)
		row->trouble = "the disk is nearly full: make room. Without any, clients are told "
			       "to keep their records.";
	else if (value(view, CHG_METER_DATABASE_LOG_BYTES) >= LOG_MANY_BYTES)
		row->trouble = "the log of the database grows: a program has read in it for long, "
			       "a shell or an export. End that program.";
}

static void write_memory(const struct view *view, struct row *row)
{
	char size[FIGURE_MAX];

	WRITE(row, "%s", bytes_of(value(view, CHG_METER_MEMORY_BYTES), size));
}

static void write_alarms(const struct view *view, struct row *row)
{
	WRITE(row, "%" PRIu64 "; malformed requests %" PRIu64 "; both since the start of the node",
		value(view, CHG_METER_ALARMS), value(view, CHG_METER_REQUESTS_MALFORMED));
	if (has_grown(view, CHG_METER_ALARMS))
		row->trouble = "a request was answered, but somebody should look at it: "
			       "credit.alarm in the log of the node.";
	else if (has_grown(view, CHG_METER_REQUESTS_MALFORMED))
		row->trouble = "a client sends requests that are not well formed: message.refused "
			       "in the log of the node.";
}

/* In the order in which they are read. */
static const struct {
	const char *label;
	void (*write)(const struct view *view, struct row *row);
} rows[] = {
	{ "ACR/s", write_acr },
	{ "CCR/s", write_ccr },
	{ "Answers/s", write_answers },
	{ "Repeated/s", write_repeated },
	{ "Waiting", write_waiting },
	{ "Transactions", write_turns },
	{ "Commits", write_commits },
	{ "Time in node", write_time },
	{ "Clients", write_clients },
	{ "Sessions", write_sessions },
	{ "Database", write_database },
	{ "Memory", write_memory },
	{ "Alarms", write_alarms },
};

enum {
	ROW_COUNT = sizeof rows / sizeof rows[0],
};

/* ---- The page ------------------------------------------------------------------------------ */

struct paper {
	const struct ctl_page_look *look;
	FILE *to;
	size_t used; /* lines */
};

/* A line, cut where the terminal ends. */
static void put(struct paper *paper, bool is_marked, const char *text)
{
	const struct ctl_page_look *look = paper->look;
	size_t len = strlen(text);

	if (look->rows > 0 && paper->used >= look->rows)
		return;
	if (look->columns > 0 && len > look->columns)
		len = look->columns;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	bool has_colour = is_marked && look->has_colour;
	fprintf(paper->to, "%s%.*s%s\n", has_colour ? "\033[1;31m" : "", (int)len, text,
		has_colour ? "\033[0m" : "");
	paper->used++;
}

/* How much of a text is a line of at most `width`: whole words if there is a place to break. */
static size_t line_length(const char *text, size_t width)
{
	size_t len = strlen(text), at = width;

	if (width == 0 || len <= width)
		return len;
	while (at > 0 && text[at] != ' ')
		at--;
	return at == 0 ? width : at;
}

/* A text over as many lines as it takes; those behind the first are indented like it. */
static void put_wrapped(struct paper *paper, bool is_marked, const char *head, const char *text)
{
	char line[LINE_MAX_LEN];
	size_t columns = paper->look->columns, indent = strlen(head);
	size_t width = columns > indent + WIDTH_MIN ? columns - indent : 0;

	for (const char *at = text; *at != '\0'; head = "") {
		size_t len = line_length(at, width);
		snprintf(line, sizeof line, "%-*s%.*s", (int)indent, head, (int)len, at);
		put(paper, is_marked, line);
		at += len;
		at += strspn(at, " ");
	}
}

/* "! Label: what is wrong". */
static void put_hint(struct paper *paper, const char *label, const char *trouble)
{
	char text[LINE_MAX_LEN];

	snprintf(text, sizeof text, "%s: %s", label, trouble);
	put_wrapped(paper, true, "! ", text);
}

static void put_row(struct paper *paper, const char *label, const struct row *row)
{
	char head[LABEL_WIDTH + 4];
	bool is_marked = row->trouble != NULL;

	snprintf(head, sizeof head, "%s %-*s", is_marked ? "!" : " ", LABEL_WIDTH, label);
	put_wrapped(paper, is_marked, head, row->text);
}

static const char *state_of(const struct ctl_reading *reading)
{
	if (reading->is_draining)
		return "is stopping";
	return reading->is_ready ? "serves" : "is starting";
}

static void put_head(struct paper *paper, const struct ctl_reading *now)
{
	char line[2 * LINE_MAX_LEN];
	uint64_t minutes = now->uptime_s / 60, hours = minutes / 60;

	snprintf(line, sizeof line, "%s %s  version %s  up %" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		now->host[0] == '\0' ? "the node" : now->host, state_of(now), now->version, hours,
		minutes % 60, now->uptime_s % 60);
	put(paper, false, line);
}

/* What there is to know before the figures: troubles, or that there are none. */
static void put_findings(struct paper *paper, const struct ctl_reading *before,
	const struct view *view, const struct row *all)
{
	bool is_fine = view->now->is_ready && !view->now->is_draining;

	if (!is_fine)
		put_hint(paper, "Node",
			view->now->is_draining ? "it takes no new requests and will end."
					       : "it is not ready yet.");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (all[i].trouble == NULL)
			continue;
		put_hint(paper, rows[i].label, all[i].trouble);
		is_fine = false;
	}
	if (before != NULL && view->before == NULL)
		put(paper, false, "  The node was restarted: rates come with the next reading.");
	else if (view->before == NULL)
		put(paper, false, "  Rates come with the next reading.");
	else if (is_fine)
		put(paper, false, "  Everything is in order.");
}

void ctl_page_write(const struct ctl_reading *before, const struct ctl_reading *now,
	const struct ctl_page_look *look, FILE *to)
{
	struct paper paper = { .look = look, .to = to };
	struct view view = { .before = before, .now = now };
	struct row all[ROW_COUNT] = { 0 };

	if (before != NULL && !ctl_reading_is_later(before, now))
		view.before = NULL;
	for (size_t i = 0; i < ROW_COUNT; i++)
		rows[i].write(&view, &all[i]);
	put_head(&paper, now);
	put_findings(&paper, before, &view, all);
	put(&paper, false, "");
	for (size_t i = 0; i < ROW_COUNT; i++)
		put_row(&paper, rows[i].label, &all[i]);
}

void ctl_page_write_away(
	const char *why, uint64_t away_s, const struct ctl_page_look *look, FILE *to)
{
	struct paper paper = { .look = look, .to = to };
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof line, "No node answers, for %" PRIu64 " s now.", away_s);
	put_hint(&paper, "Node", line);
	put_hint(&paper, "Why", why);
	put(&paper, false, "");
	put(&paper, false, "  It is tried again and again; q ends that.");
}

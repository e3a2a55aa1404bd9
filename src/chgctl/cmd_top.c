/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl top: the node asked again and again, on a page that stays in its place.
 */
#include "chgctl/command.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/node.h"
#include "chgctl/page.h"
#include "chgctl/source.h"
#include "chgctl/terminal.h"
#include "chgctl/when.h"

enum {
	INTERVAL_DEFAULT_S = 2,
	INTERVAL_MAX_S = 3600,
	COUNT_MAX = 1000000000,
	MS_PER_S = 1000,
	US_PER_MS = 1000,
	PATIENCE_MS = 1000, /* until a reply is told to be late, and each time anew */
	/* Below the page: how to end. */
	FOOT_ROWS = 2,
};

struct top {
	char path[CTL_PATH_MAX];
	uint64_t interval_s;
	uint64_t pages_left; /* UINT64_MAX: no end */
	bool is_live;        /* on a terminal, in its place */
	bool has_colour;
	bool has_before, has_now;
	struct ctl_reading before, now;
	bool is_away;
	chg_instant away_since;
	chg_instant asked_at;
	bool is_waiting; /* for a reply, longer than one takes */
	bool has_ended;  /* somebody wanted so meanwhile */
	char why[CTL_MESSAGE_MAX];
};

static enum ctl_exit read_options(const struct ctl_args *args, struct top *top)
{
	const char *interval = args->value[CTL_OPT_INTERVAL];
	const char *count = args->value[CTL_OPT_COUNT_PAGES];
	const char *no_color = getenv("NO_COLOR");
	bool is_once = ctl_args_has(args, CTL_OPT_ONCE);

	top->interval_s = INTERVAL_DEFAULT_S;
	top->pages_left = is_once ? 1 : UINT64_MAX;
	top->is_live = !is_once && ctl_terminal_is_one();
	top->has_colour = top->is_live && (no_color == NULL || no_color[0] == '\0');
	if (interval != NULL && (!ctl_text_number(interval, INTERVAL_MAX_S, &top->interval_s) ||
					top->interval_s == 0)) {
		ctl_say("--interval is a number of seconds, from 1 to %d", INTERVAL_MAX_S);
		return CTL_EXIT_USAGE;
	}
	if (count != NULL &&
		(!ctl_text_number(count, COUNT_MAX, &top->pages_left) || top->pages_left == 0)) {
		ctl_say("--count is a number of pages, from 1 on");
		return CTL_EXIT_USAGE;
	}
	if (count != NULL && is_once) {
		ctl_say("--once and --count exclude each other");
		return CTL_EXIT_USAGE;
	}
	return ctl_source_socket(args, top->path);
}

static void write_page(const struct top *top, const struct ctl_page_look *look, FILE *to)
{
	if (top->is_away)
		ctl_page_write_away(top->why,
			(uint64_t)(ctl_when_steady().us - top->away_since.us) / CHG_US_PER_S, look,
			to);
	else
		ctl_page_write(top->has_before ? &top->before : NULL, &top->now, look, to);
}

static void show_live(const struct top *top)
{
	struct ctl_page_look look = { .has_colour = top->has_colour };
	size_t rows, len = 0;
	char *page = NULL;
	FILE *to = open_memstream(&page, &len);

	if (to == NULL)
		return;
	ctl_terminal_size(&look.columns, &rows);
	look.rows = rows > FOOT_ROWS ? rows - FOOT_ROWS : 1;
	write_page(top, &look, to);
	if (rows > FOOT_ROWS)
		fprintf(to, "%.*s\n", (int)look.columns, "  q ends");
	if (fclose(to) == 0)
		ctl_terminal_show(page);
	free(page);
}

static void show_plain(const struct top *top, bool is_first)
{
	static const struct ctl_page_look look;

	if (top->is_away) {
		ctl_say("%s", top->why);
		return;
	}
	if (!is_first)
		putchar('\n');
	write_page(top, &look, stdout);
	fflush(stdout);
}

/* It does not answer in the time that a reply takes: whoever looks on is told at once. */
static void tell_waiting(struct top *top)
{
	if (!top->is_away)
		top->away_since = top->asked_at;
	top->is_away = true;
	snprintf(top->why, sizeof top->why,
		"the node at %.200s has not answered yet; is it stopped, or its machine too busy?",
		top->path);
	if (top->is_live)
		show_live(top);
	else if (!top->is_waiting)
		ctl_say("%s", top->why);
	top->is_waiting = true;
}

/* Until the reply comes; keys and signals count meanwhile. */
static bool wait_for_reply(void *self, int fd, short events, int timeout_ms)
{
	struct top *top = self;
	int64_t until_us = ctl_when_steady().us + (int64_t)timeout_ms * US_PER_MS;

	for (;;) {
		int64_t left_ms = (until_us - ctl_when_steady().us) / US_PER_MS;
		if (left_ms <= 0)
			return false;
		switch (ctl_terminal_wait_beside(
			fd, events, (int)(left_ms < PATIENCE_MS ? left_ms : PATIENCE_MS))) {
		case CTL_EVENT_READY:
			return true;
		case CTL_EVENT_END:
			top->has_ended = true;
			return false;
		case CTL_EVENT_TIME:
			tell_waiting(top);
			break;
		case CTL_EVENT_REDRAW:
			if (top->is_live && (top->is_away || top->has_now))
				show_live(top);
		}
	}
}

/* Asks once more.  CTL_EXIT_PROBLEM: asking again will not help. */
static enum ctl_exit take(struct top *top)
{
	const struct chg_control_waiter waiter = { .wait = wait_for_reply, .self = top };
	json_t *status = NULL, *stats = NULL;
	char why[CTL_MESSAGE_MAX];

	top->asked_at = ctl_when_steady();
	top->is_waiting = false;
	enum ctl_exit exit = ctl_node_ask(top->path, "status", &waiter, &status, why);
	chg_instant at = ctl_when_steady();

	if (exit == CTL_EXIT_OK)
		exit = ctl_node_ask(top->path, "stats", &waiter, &stats, why);
	if (exit == CTL_EXIT_OK) {
		top->before = top->now;
		top->has_before = top->has_now;
		ctl_reading_take(status, stats, at, &top->now);
		top->has_now = true;
		top->is_away = false;
	} else if (!top->has_ended) {
		if (!top->is_away)
			top->away_since = at;
		top->is_away = true;
		snprintf(top->why, sizeof top->why, "%s", why);
	}
	json_decref(status);
	json_decref(stats);
	return exit == CTL_EXIT_PROBLEM ? exit : CTL_EXIT_OK;
}

/* Until it is time to ask again.  False: the end. */
static bool wait_for_next(const struct top *top)
{
	int64_t until_us = top->asked_at.us + (int64_t)top->interval_s * CHG_US_PER_S;

	for (;;) {
		int64_t left_ms = (until_us - ctl_when_steady().us) / US_PER_MS;
		if (left_ms <= 0)
			left_ms = 0;
		switch (ctl_terminal_wait((int)left_ms)) {
		case CTL_EVENT_TIME:
			return true;
		case CTL_EVENT_END:
			return false;
		case CTL_EVENT_READY: /* nothing is waited for */
		case CTL_EVENT_REDRAW:
			if (top->is_live)
				show_live(top);
		}
	}
}

/* Whether somebody still takes what is written; why not is said at the end (main.c). */
static bool is_heard(const struct top *top)
{
	return top->is_live || !ferror(stdout);
}

/* Without a terminal nobody needs a page without rates: the first reading is shown by the second. */
static enum ctl_exit run(struct top *top)
{
	bool is_first = true, goes_on = true;

	while (goes_on) {
		enum ctl_exit exit = take(top);
		if (exit != CTL_EXIT_OK)
			return exit;
		if (top->has_ended)
			break;
		bool is_shown = top->is_live || top->is_away || top->has_before;
		if (top->is_live)
			show_live(top);
		else if (is_shown)
			show_plain(top, is_first);
		is_first = is_first && !is_shown;
		if (is_shown && top->pages_left != UINT64_MAX)
			top->pages_left--;
		goes_on = top->pages_left > 0 && is_heard(top) && wait_for_next(top);
	}
	return top->is_away ? CTL_EXIT_UNREACHABLE : CTL_EXIT_OK;
}

enum ctl_exit ctl_cmd_top(const struct ctl_call *call)
{
	struct top *top = calloc(1, sizeof *top);

	if (top == NULL) {
		ctl_say("%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CTL_EXIT_PROBLEM;
	}
	enum ctl_exit exit = read_options(&call->args, top);
	if (exit == CTL_EXIT_OK) {
		if (top->is_live)
			ctl_terminal_take();
		exit = run(top);
		ctl_terminal_give_back();
		if (exit != CTL_EXIT_OK && (top->is_live || exit == CTL_EXIT_PROBLEM))
			ctl_say("%s", top->why);
	}
	free(top);
	return exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Lines for people and for programs.
 */
#include <stdio.h>

#include "chgplay/result.h"
#include "chgplay/show.h"

enum {
	TRIGGER_COLUMNS = 46,
};

static void json_text(const char *key, struct chg_view text)
{
	printf("\"%s\":\"", key);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static const char *outcome_text(enum chg_outcome outcome)
{
	switch (outcome) {
	case CHG_OUTCOME_ANSWERED:
		return "answered";
	case CHG_OUTCOME_CLOSED:
		return "connection closed";
	case CHG_OUTCOME_SILENT:
		break;
	}
	return "no answer";
}

static void show_text(const struct chg_play_event *event)
{
	struct chg_view trigger = event->trigger;
	if (!chg_view_present(trigger))
		trigger = event->is_again ? CHG_VIEW("(sent again)") : CHG_VIEW("");
	int room = trigger.len > TRIGGER_COLUMNS ? 0 : TRIGGER_COLUMNS - (int)trigger.len;
	bool is_credit = event->command[0] == 'C';
	printf(is_credit ? "  %-5s %.*s%*s  %s %-11s #%-3u -> "
			 : "  %-5s %.*s%*s  %s %-7s #%-3u -> ",
		event->peer, (int)trigger.len, trigger.len == 0 ? "" : trigger.ptr, room, "",
		event->command, event->type, (unsigned)event->number);
	if (event->times > 1)
		printf("%u at once, the first: ", (unsigned)event->times);
	if (event->outcome != CHG_OUTCOME_ANSWERED) {
		printf("%s\n", outcome_text(event->outcome));
		return;
	}
	printf("%cCA %u %-24s %4lld.%lld ms\n", event->command[0], (unsigned)event->result_code,
		chg_result_word(event->result_code), (long long)(event->took_us / 1000),
		(long long)(event->took_us / 100 % 10));
	if (event->note[0] != '\0')
		printf("  %*s%s\n", TRIGGER_COLUMNS + 8, "", event->note);
}

static void show_json(const struct chg_play_event *event)
{
	putchar('{');
	json_text("peer", chg_view_of(event->peer));
	putchar(',');
	json_text("trigger", event->trigger);
	putchar(',');
	json_text("session", event->session);
	printf(",\"command\":\"%s\",\"type\":\"%s\",\"number\":%u,\"again\":%s,"
	       "\"outcome\":\"%s\",\"result\":%u,",
		event->command, event->type, (unsigned)event->number,
		event->is_again ? "true" : "false", outcome_text(event->outcome),
		(unsigned)event->result_code);
	json_text("note", chg_view_of(event->note));
	printf(",\"took_us\":%lld}\n", (long long)event->took_us);
}

void chg_show_event(void *to, const struct chg_play_event *event)
{
	const enum chg_show_form *form = to;
	if (*form == CHG_SHOW_TEXT)
		show_text(event);
	else if (*form == CHG_SHOW_JSON)
		show_json(event);
	fflush(stdout);
}

void chg_show_begin(enum chg_show_form form, const struct chg_script *script)
{
	if (form != CHG_SHOW_TEXT)
		return;
	printf("%.*s\n", (int)script->title.len, script->title.ptr);
	if (chg_view_present(script->flow))
		printf("  flow  %.*s\n", (int)script->flow.len, script->flow.ptr);
}

void chg_show_end(enum chg_show_form form, const struct chg_script *script,
	const struct chg_play_outcome *outcome, enum chg_rc rc)
{
	if (rc != CHG_OK)
		fprintf(stderr, "chgplay: %s\n", outcome->why);
	if (form == CHG_SHOW_JSON) {
		putchar('{');
		json_text("title", script->title);
		printf(",\"requests\":%zu,\"holds\":%s}\n", outcome->requests,
			rc == CHG_OK ? "true" : "false");
	}
	if (form != CHG_SHOW_TEXT)
		return;
	printf("  %s: %zu request%s answered as expected%s\n\n", rc == CHG_OK ? "ok" : "FAILED",
		outcome->requests, outcome->requests == 1 ? "" : "s",
		rc == CHG_OK ? "" : ", up to the line named above");
}

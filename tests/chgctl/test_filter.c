/* SPDX-License-Identifier: BSD-3-Clause
 * From a command line to a filter, to its description, to the command that goes on.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/filter.h"

#define NOW ((chg_instant){ INT64_C(1795162530250000) }) /* 2026-11-20T08:15:30.25Z */

enum {
	ARGUMENT_MAX = 24,
};

struct line {
	char *argv[ARGUMENT_MAX];
	int argc;
	struct ctl_args args;
	struct ctl_filter filter;
	char message[CTL_MESSAGE_MAX];
};

/* Reads a line as a shell would, at its blanks; '~' stands for a blank within a word. */
static bool read_line(const char *text, struct line *line, char *copy, size_t copy_size)
{
	*line = (struct line){ 0 };
	assert_true(strlen(text) < copy_size);
	memcpy(copy, text, strlen(text) + 1);
	line->argv[line->argc++] = (char *)(uintptr_t) "chgctl";
	for (char *at = copy; *at != '\0';) {
		size_t len = strcspn(at, " ");
		bool is_last = at[len] == '\0';
		at[len] = '\0';
		for (size_t i = 0; i < len; i++)
			at[i] = at[i] == '~' ? ' ' : at[i];
		assert_true(line->argc < ARGUMENT_MAX - 1);
		line->argv[line->argc++] = at;
		at += is_last ? len : len + 1;
	}
	return ctl_args_read(line->argc, line->argv, &line->args, line->message) &&
	       ctl_filter_read(&line->args, NOW, &line->filter, line->message);
}

static const struct accepted_row {
	const char *says;
	const char *line;
	const char *description;
	const char *next; /* goes on behind record 7 */
} accepted_rows[] = {
	{ "no option, no restriction", "cdr list", "", "chgctl cdr list --after 7" },
	{ "a party is looked for in its normal form", "cdr list --party SIP:Alice@Example.NET",
		"of party sip:Alice@example.net",
		"chgctl cdr list --party SIP:Alice@Example.NET --after 7" },
	{ "a telephone number in any spelling", "cdr list --party +49-30~123",
		"of party tel:+4930123", "chgctl cdr list --party '+49-30 123' --after 7" },
	{ "relative times become absolute where they are repeated", "cdr list --from -2h",
		"started from 2026-11-20T06:15:30.250000Z",
		"chgctl cdr list --from 2026-11-20T06:15:30.250000Z --after 7" },
	{ "an interval", "cdr list --from=2026-11-19 --until=today",
		"started from 2026-11-19T00:00:00Z and started before 2026-11-20T00:00:00Z",
		"chgctl cdr list --from 2026-11-19T00:00:00Z --until 2026-11-20T00:00:00Z "
		"--after 7" },
	{ "a service type by its name", "cdr list --type Sending", "of service type 100 sending",
		"chgctl cdr list --type Sending --after 7" },
	{ "a service type by its number", "cdr list --type 105", "of service type 105 joining",
		"chgctl cdr list --type 105 --after 7" },
	{ "a service type without a name", "cdr list --type 7", "of service type 7",
		"chgctl cdr list --type 7 --after 7" },
	{ "marks with a blank, a hyphen and a list", "cdr list --marks start~lost,Stop-Lost,~late",
		"marked start lost, stop lost, late",
		"chgctl cdr list --marks 'start lost,Stop-Lost, late' --after 7" },
	{ "kind and state", "cdr list --kind session --state open",
		"of kind session and in state open",
		"chgctl cdr list --state open --kind session --after 7" },
	{ "texts are taken as they are",
		"cdr list --session a;1;2 --icid it's --origin-host h --service 32260@3gpp.org",
		"of session a;1;2 and of ICID it's and of client h and of service 32260@3gpp.org",
		"chgctl cdr list --service 32260@3gpp.org --session 'a;1;2' --icid 'it'\\''s' "
		"--origin-host h --after 7" },
	{ "an application session", "cdr list --app-session 4294967295",
		"of Application-Session-Id 4294967295",
		"chgctl cdr list --app-session 4294967295 --after 7" },
	{ "going on replaces where it began", "cdr list --after 3 --limit 4", "behind id 3",
		"chgctl cdr list --limit 4 --after 7" },
	{ "the newest first goes down", "cdr list --newest --after 30", "below id 30",
		"chgctl cdr list --newest --after 7" },
	{ "the last option of a name counts", "cdr list --kind event --kind session",
		"of kind session", "chgctl cdr list --kind session --after 7" },
};

static char *text_of(void (*write)(const struct line *line, FILE *to), const struct line *line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	write(line, to);
	fclose(to);
	return text;
}

static void describe(const struct line *line, FILE *to)
{
	ctl_filter_describe(&line->filter.cdr, false, to);
}

static void write_next(const struct line *line, FILE *to)
{
	ctl_filter_write_next(&line->args, &line->filter.cdr, 7, to);
}

static void accepted_row_holds(void **state)
{
	const struct accepted_row *row = *state;
	struct line line;
	char copy[256];

	assert_true(read_line(row->line, &line, copy, sizeof copy));
	char *description = text_of(describe, &line);
	assert_string_equal(description, row->description);
	free(description);
	char *next = text_of(write_next, &line);
	assert_string_equal(next, row->next);
	free(next);
	assert_int_equal(ctl_filter_is_restricting(&line.filter.cdr), row->description[0] != '\0');
}

static const struct refused_row {
	const char *says;
	const char *line;
	const char *message;
} refused_rows[] = {
	{ "a mistyped option", "cdr list --partty x",
		"there is no option --partty; did you mean --party?" },
	{ "an option of another world", "cdr list --frobnicate",
		"there is no option --frobnicate" },
	{ "short options", "cdr list -p x",
		"there is no option -p; options are spelt out, as in --party" },
	{ "an option without its value at the end", "cdr list --party",
		"--party needs its value: --party PARTY" },
	{ "an option without its value before another", "cdr list --party --json",
		"--party needs its value: --party PARTY" },
	{ "a switch with a value", "cdr list --json=yes", "--json takes no value" },
	{ "a time that is none", "cdr list --from soon",
		"--from \"soon\" is no time; a time is like 2026-11-20, 2026-11-20T08:15, today or "
		"-2h" },
	{ "a date that does not exist", "cdr list --until 2026-02-30",
		"--until \"2026-02-30\" is no date of the calendar; a time is like 2026-11-20, "
		"2026-11-20T08:15, today or -2h" },
	{ "an interval that is none", "cdr list --from today --until yesterday",
		"--from is not before --until, so there is nothing between them" },
	{ "a mistyped service", "cdr list --type sendin",
		"\"sendin\" is no type of service; did you mean sending?" },
	{ "a kind that is none", "cdr list --kind x",
		"\"x\" is no kind of record; there are event, session" },
	{ "a state that is none", "cdr list --state closd",
		"\"closd\" is no state of a record; did you mean closed?" },
	{ "a mark among others that is none", "cdr list --marks late,stop~last",
		"\"stop last\" is no mark; did you mean stop lost?" },
	{ "a number that is none", "cdr list --limit ten",
		"--limit \"ten\" is no whole number from 0 to 4294967295" },
	{ "a number that is too large", "cdr list --app-session 4294967296",
		"--app-session \"4294967296\" is no whole number from 0 to 4294967295" },
	{ "a negative id", "cdr list --after -1",
		"--after \"-1\" is no whole number from 0 to 9223372036854775807" },
	{ "an empty text", "cdr list --icid=", "--icid is empty" },
	{ "an empty party", "cdr list --party=",
		"--party must have 1 to 255 characters, as in tel:+4930123 or alice@example.net" },
	{ "two zones", "cdr list --utc --local", "--utc and --local exclude each other" },
	{ "too many words", "a b c d e f g h i", "too many words, from \"i\" on" },
};

static void refused_row_holds(void **state)
{
	const struct refused_row *row = *state;
	struct line line;
	char copy[256];

	assert_false(read_line(row->line, &line, copy, sizeof copy));
	assert_string_equal(line.message, row->message);
}

static void every_choice_can_be_dropped(void **state)
{
	struct line line;
	char copy[256];
	const struct ctl_filter_drop *drop;
	(void)state;

	assert_true(read_line("cdr list --party a@b --from 2026-01-01 --until now --service s "
			      "--type 1 --session s --icid i",
		&line, copy, sizeof copy));
	struct chg_cdr_filter filter = line.filter.cdr;
	filter.application_session_id.is_present = true;
	filter.origin_host = CHG_VIEW("h");
	filter.status = CHG_CDR_OPEN;
	filter.kind = CHG_CDR_EVENT;
	filter.marks = 1;
	filter.after_cdr_id = 1;
	for (size_t i = 0; (drop = ctl_filter_drop_row(i)) != NULL; i++) {
		assert_true(ctl_filter_is_restricting(&filter));
		drop->drop(&filter);
	}
	assert_false(ctl_filter_is_restricting(&filter));
}

static void behind_two_hyphens_all_are_words(void **state)
{
	struct line line;
	char copy[64];
	(void)state;

	assert_true(read_line("cdr -- --party x", &line, copy, sizeof copy));
	assert_int_equal(line.args.word_count, 3);
	assert_string_equal(line.args.word[1], "--party");
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(every_choice_can_be_dropped),
		cmocka_unit_test(behind_two_hyphens_all_are_words),
	};
	size_t count = 2;

	ADD_ROWS(tests, &count, accepted_rows, accepted_row_holds);
	ADD_ROWS(tests, &count, refused_rows, refused_row_holds);
	return RUN_ROWS("options of a search", tests, count);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl help, written from the tables of commands and options.
 */
#include "chgctl/command.h"

#include <stdio.h>
#include <string.h>

enum {
	COMMAND_WIDTH = 28, /* longer ones have their summary on the next line */
};

static const char overview_tail[] =
	"Options of every command:\n"
	"  --help                 help for the command\n"
	"  --version              the version\n"
	"\n"
	"The database is that of --db; else of store.path in the file of --config; else of\n"
	"$CHG_DB; else of store.path in /etc/charging-enabler/charging.yaml.  A listing opens it\n"
	"for reading only and may run beside the node at any time.  A change is made by the node\n"
	"while one runs, found by --socket or the configuration; --db is for a database without "
	"one.\n"
	"\n"
	"Data goes to stdout, messages to stderr.  Colours are used on a terminal unless NO_COLOR\n"
	"is set.  Exit codes: 0 in order; 1 something is wrong or does not exist; 2 the command\n"
	"line is not understood; 3 no node answers.\n";

static void command_line(const struct ctl_command *command, FILE *to)
{
	char name[64];
	char line[128];

	ctl_command_name(command, name);
	snprintf(line, sizeof line, "%s%s%s", name, command->operands[0] == '\0' ? "" : " ",
		command->operands);
	if (strlen(line) > COMMAND_WIDTH)
		fprintf(to, "  %s\n  %-*s %s\n", line, COMMAND_WIDTH, "", command->summary);
	else
		fprintf(to, "  %-*s %s\n", COMMAND_WIDTH, line, command->summary);
}

void ctl_help_all(FILE *to)
{
	const struct ctl_command *command;

	fputs("chgctl: the command line of the Charging Enabler\n\n"
	      "Usage: chgctl COMMAND [OPTIONS]\n\n"
	      "Commands:\n",
		to);
	for (size_t i = 0; (command = ctl_command_row(i)) != NULL; i++)
		command_line(command, to);
	fputs("\nExamples:\n"
	      "  chgctl cdr list --party alice@example.net --from today\n"
	      "  chgctl cdr show 1042\n"
	      "  chgctl status\n\n",
		to);
	fputs(overview_tail, to);
}

void ctl_help_group(const char *group, FILE *to)
{
	const struct ctl_command *command;

	fprintf(to, "Usage: chgctl %s COMMAND [OPTIONS]\n\nCommands:\n", group);
	for (size_t i = 0; (command = ctl_command_row(i)) != NULL; i++) {
		if (strcmp(command->group, group) == 0)
			command_line(command, to);
	}
	fprintf(to, "\n`chgctl help %s COMMAND` tells more.\n", group);
}

static void option_lines(uint64_t options, FILE *to)
{
	if (options != 0)
		fputs("\nOptions:\n", to);
	for (size_t i = 0; i < CTL_OPT_COUNT; i++) {
		const struct ctl_option_row *row = &ctl_option_rows[i];
		char line[64];
		if ((options >> i & 1) == 0)
			continue;
		snprintf(line, sizeof line, "--%s%s%s", row->name, row->argument == NULL ? "" : " ",
			row->argument == NULL ? "" : row->argument);
		fprintf(to, "  %-22s %s\n", line, row->help);
	}
}

/* Every line of the text, indented. */
static void indented(const char *text, FILE *to)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		fprintf(to, "  %.*s\n", (int)len, text);
		text += text[len] == '\0' ? len : len + 1;
	}
}

void ctl_help_command(const struct ctl_command *command, FILE *to)
{
	char name[64];

	ctl_command_name(command, name);
	fprintf(to, "chgctl %s: %s\n\nUsage: chgctl %s%s%s%s\n\n%s", name, command->summary, name,
		command->operands[0] == '\0' ? "" : " ", command->operands,
		command->options == 0 ? "" : " [OPTIONS]", command->text);
	option_lines(command->options, to);
	fputs("\nExamples:\n", to);
	indented(command->examples, to);
}

enum ctl_exit ctl_cmd_help(const struct ctl_call *call)
{
	char message[CTL_MESSAGE_MAX];
	size_t words;

	if (call->operand_count == 0) {
		ctl_help_all(stdout);
		return CTL_EXIT_OK;
	}
	if (call->operand_count == 1 && ctl_command_is_group(call->operand[0])) {
		ctl_help_group(call->operand[0], stdout);
		return CTL_EXIT_OK;
	}
	const struct ctl_command *command =
		ctl_command_find(call->operand, call->operand_count, &words, message);
	if (command == NULL) {
		ctl_say("%s", message);
		return CTL_EXIT_USAGE;
	}
	ctl_help_command(command, stdout);
	return CTL_EXIT_OK;
}

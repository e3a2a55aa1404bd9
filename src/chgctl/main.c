/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl: finds the command, checks what it is given, runs it.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/command.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"

static enum ctl_exit usage(const char *message, const struct ctl_command *command)
{
	char name[64] = "";

	if (command != NULL)
		ctl_command_name(command, name);
	ctl_say("%s", message);
	fprintf(stderr, "Try: chgctl help%s%s\n", name[0] == '\0' ? "" : " ", name);
	return CTL_EXIT_USAGE;
}

/* The first option given that the command does not take; CTL_OPT_COUNT when there is none. */
static size_t foreign_option(const struct ctl_command *command, const struct ctl_args *args)
{
	uint64_t taken = command->options | CTL_BIT(HELP) | CTL_BIT(VERSION);

	for (size_t i = 0; i < CTL_OPT_COUNT; i++) {
		if (args->value[i] != NULL && (taken >> i & 1) == 0)
			return i;
	}
	return CTL_OPT_COUNT;
}

static enum ctl_exit run(struct ctl_call *call)
{
	const struct ctl_command *command = call->command;
	char message[CTL_MESSAGE_MAX];
	char name[64];

	ctl_command_name(command, name);
	size_t foreign = foreign_option(command, &call->args);
	if (foreign < CTL_OPT_COUNT) {
		snprintf(message, sizeof message, "`chgctl %s` takes no --%s", name,
			ctl_option_rows[foreign].name);
		return usage(message, command);
	}
	if (call->operand_count < command->operand_min) {
		snprintf(message, sizeof message, "`chgctl %s` needs %s", name, command->operands);
		return usage(message, command);
	}
	if (call->operand_count > command->operand_max) {
		snprintf(message, sizeof message, "`chgctl %s` has no use for \"%.100s\"", name,
			call->operand[command->operand_max]);
		return usage(message, command);
	}
	return command->run(call);
}

static enum ctl_exit dispatch(const struct ctl_args *args)
{
	char message[CTL_MESSAGE_MAX];
	bool wants_help = ctl_args_has(args, CTL_OPT_HELP);
	size_t words = 0;

	if (ctl_args_has(args, CTL_OPT_VERSION)) {
		puts("chgctl " CHG_VERSION);
		return CTL_EXIT_OK;
	}
	if (args->word_count == 0 && wants_help) {
		ctl_help_all(stdout);
		return CTL_EXIT_OK;
	}
	if (args->word_count == 1 && wants_help && ctl_command_is_group(args->word[0])) {
		ctl_help_group(args->word[0], stdout);
		return CTL_EXIT_OK;
	}
	struct ctl_call call = { .args = *args, .now = ctl_when_now() };
	call.command = ctl_command_find(args->word, args->word_count, &words, message);
	if (call.command == NULL)
		return usage(message, NULL);
	if (wants_help) {
		ctl_help_command(call.command, stdout);
		return CTL_EXIT_OK;
	}
	call.operand = args->word + words;
	call.operand_count = args->word_count - words;
	return run(&call);
}

/* Why stdout took no more, when it first did not; 0: it takes all. */
static int output_error;

static ssize_t write_output(void *self, const char *text, size_t len)
{
	size_t done = 0;

	(void)self;
	while (done < len) {
		ssize_t wrote = write(STDOUT_FILENO, text + done, len - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0) {
			output_error = output_error == 0 ? errno : output_error;
			break;
		}
		done += (size_t)wrote;
	}
	return (ssize_t)done; /* less than len: stdio takes it for an error */
}

/*
 * A stream remembers that it failed, but not why, and errno is somebody else's by the time that
 * anybody asks.  So stdout is one that writes through our hands.
 */
static bool keep_output_error(void)
{
	FILE *to = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_output });

	if (to == NULL)
		return false;
	if (isatty(STDOUT_FILENO) != 0)
		setvbuf(to, NULL, _IOLBF, 0);
	stdout = to;
	return true;
}

/* Data that did not arrive is a problem, unless the reader had enough and left (a pager, head). */
static enum ctl_exit finish(enum ctl_exit exit)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || output_error == EPIPE)
		return exit;
	if (exit == CTL_EXIT_OK)
		ctl_say("stdout takes no more: %s", strerror(output_error));
	return exit == CTL_EXIT_OK ? CTL_EXIT_PROBLEM : exit;
}

int main(int argc, char **argv)
{
	struct ctl_args args;
	char message[CTL_MESSAGE_MAX];

	/* Widths of characters and nothing else: numbers, times and words are the same everywhere. */
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	ctl_stop_on_signals();
	if (!keep_output_error()) {
		ctl_say("%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CTL_EXIT_PROBLEM;
	}
	if (!ctl_args_read(argc, argv, &args, message))
		return usage(message, NULL);
	return finish(dispatch(&args));
}

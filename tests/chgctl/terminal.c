/* SPDX-License-Identifier: BSD-3-Clause
 * A person at a terminal, for commands that behave otherwise there.
 *
 *   terminal COLUMNS ROWS STEP... -- COMMAND...
 *
 *   see:TEXT          waits until the command has written this, since the step before
 *   key:TEXT          types it
 *   size:COLUMNSxROWS makes the window another size
 *   signal:NUMBER     sends a signal
 *
 * Then waits for the command's end and says on stderr how it ended.  What it wrote goes to stdout as
 * it is.  Fails when the terminal's settings are not those of the start.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

enum {
	OUTPUT_MAX = 1 << 20,
	PATIENCE_S = 60, /* for all of it; a command that hangs must not hang us */
};

static int terminal, keeper;
static pid_t command;
static char output[OUTPUT_MAX];
static size_t output_len, seen;

static void fail(const char *what, const char *about)
{
	fprintf(stderr, "terminal: %s %s\n", what, about);
	fwrite(output, 1, output_len, stderr);
	kill(command, SIGKILL);
	exit(1);
}

/* False when the command has closed its side; the keeper is our own and says nothing. */
static bool read_more(int wait_ms)
{
	struct pollfd ready = { .fd = terminal, .events = POLLIN };
	if (poll(&ready, 1, wait_ms) <= 0)
		return false;
	ssize_t got = read(terminal, output + output_len, sizeof output - output_len);
	output_len += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	kill(command, SIGKILL);
	_exit(1);
}

static void see(const char *text)
{
	for (;;) {
		const char *found = memmem(output + seen, output_len - seen, text, strlen(text));
		if (found != NULL) {
			seen = (size_t)(found - output) + strlen(text);
			return;
		}
		if (!read_more(PATIENCE_S * 1000))
			fail("never saw", text);
	}
}

static void resize(const char *text)
{
	unsigned columns, rows;
	if (sscanf(text, "%ux%u", &columns, &rows) != 2)
		fail("no size:", text);
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows };
	ioctl(terminal, TIOCSWINSZ, &size);
}

static void step(const char *text)
{
	const char *rest = strchr(text, ':');
	if (rest == NULL)
		fail("no step:", text);
	rest++;
	if (strncmp(text, "see:", 4) == 0)
		see(rest);
	else if (strncmp(text, "key:", 4) == 0 && write(terminal, rest, strlen(rest)) >= 0)
		return;
	else if (strncmp(text, "size:", 5) == 0)
		resize(rest);
	else if (strncmp(text, "signal:", 7) == 0)
		kill(command, (int)strtol(rest, NULL, 10));
	else
		fail("no step:", text);
}

/* The other side stays open with us, or what the command wrote last could be lost with its end. */
static void start(char **argv, const struct winsize *size)
{
	if (openpty(&terminal, &keeper, NULL, NULL, size) != 0)
		fail("no terminal for", argv[0]);
	command = fork();
	if (command == 0) {
		close(terminal);
		if (login_tty(keeper) == 0)
			execv(argv[0], argv);
		_exit(127);
	}
}

static void tell_end(void)
{
	int status = 0;
	while (waitpid(command, &status, WNOHANG) == 0)
		(void)read_more(10);
	while (read_more(0))
		;
	if (WIFSIGNALED(status))
		fprintf(stderr, "signal %d\n", WTERMSIG(status));
	else
		fprintf(stderr, "exit %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	struct termios before, after;
	int dashes = 3;
	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes + 1 >= argc)
		return 2;
	struct winsize size = { .ws_col = (unsigned short)strtoul(argv[1], NULL, 10),
		.ws_row = (unsigned short)strtoul(argv[2], NULL, 10) };
	signal(SIGALRM, on_alarm);
	alarm(PATIENCE_S);
	start(argv + dashes + 1, &size);
	tcgetattr(keeper, &before);
	for (int i = 3; i < dashes; i++)
		step(argv[i]);
	tell_end();
	tcgetattr(keeper, &after);
	fwrite(output, 1, output_len, stdout);
	if (before.c_lflag != after.c_lflag || before.c_iflag != after.c_iflag ||
		before.c_oflag != after.c_oflag) {
		fprintf(stderr, "the terminal is not as it was\n");
		return 1;
	}
	return 0;
}

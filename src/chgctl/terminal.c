/* SPDX-License-Identifier: BSD-3-Clause
 * The escapes that every terminal of the last decades knows, and signals at any moment.
 */
#include "chgctl/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "chgctl/stop.h"

/* Another screen and no cursor; both back. */
static const char enter[] = "\033[?1049h\033[?25l\033[H\033[2J";
static const char leave[] = "\033[?25h\033[?1049l";

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	bool is_taken;
	bool has_keys; /* stdin is a terminal as well */
	struct termios before;
} terminal;

static volatile sig_atomic_t must_redraw;

static void write_all(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t wrote = write(STDOUT_FILENO, text, len);
		if (wrote < 0 && errno != EINTR)
			return;
		if (wrote > 0) {
			text += wrote;
			len -= (size_t)wrote;
		}
	}
}

bool ctl_terminal_is_one(void)
{
	const char *name = getenv("TERM");

	return isatty(STDOUT_FILENO) != 0 && (name == NULL || strcmp(name, "dumb") != 0);
}

/* From here to the next mark all is fit for a signal handler. */
static void enter_screen(void)
{
	struct termios keys = terminal.before;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	if (terminal.has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
	write_all(enter, sizeof enter - 1);
}

static void leave_screen(void)
{
	write_all(leave, sizeof leave - 1);
	if (terminal.has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}

static void do_default(int signal_number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t one;

	sigaction(signal_number, &action, NULL);
	sigemptyset(&one);
	sigaddset(&one, signal_number);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void on_end(int signal_number)
{
	leave_screen();
	do_default(signal_number);
}

/* Goes on here when the shell lets it. */
static void on_stop(int signal_number)
{
	struct sigaction action = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
	int error = errno;

	leave_screen();
	do_default(signal_number);
	sigaction(signal_number, &action, NULL);
	enter_screen();
	must_redraw = 1;
	errno = error;
}

static void on_resize(int signal_number)
{
	(void)signal_number;
	must_redraw = 1;
}
/* End of what is fit for a signal handler. */

/* What nohup or a shell's background ignores stays ignored. */
static void handle(int signal_number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;

	sigfillset(&action.sa_mask); /* one at a time */
	if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(signal_number, &action, NULL);
}

void ctl_terminal_take(void)
{
	terminal.has_keys = tcgetattr(STDIN_FILENO, &terminal.before) == 0;
	terminal.is_taken = true;
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		handle(ending[i], on_end);
	handle(SIGTSTP, on_stop);
	handle(SIGWINCH, on_resize);
	enter_screen();
}

void ctl_terminal_give_back(void)
{
	if (!terminal.is_taken)
		return;
	for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
		handle(ending[i], SIG_DFL);
	handle(SIGTSTP, SIG_DFL);
	handle(SIGWINCH, SIG_DFL);
	leave_screen();
	terminal.is_taken = false;
}

void ctl_terminal_size(size_t *ret_columns, size_t *ret_rows)
{
	struct winsize size;
	bool is_told =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;

	*ret_columns = is_told ? size.ws_col : 80;
	*ret_rows = is_told ? size.ws_row : 24;
}

/*
 * Each line is emptied before it is written and not behind: there the cursor of a full line still
 * stands on its last character.
 */
void ctl_terminal_show(const char *page)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (to == NULL)
		return;
	fputs("\033[H", to);
	for (size_t line; *page != '\0'; page += line) {
		line = strcspn(page, "\n");
		line += page[line] == '\n';
		fprintf(to, "\033[2K%.*s", (int)line, page);
	}
	fputs("\033[J", to);
	if (fclose(to) == 0)
		write_all(text, len);
	free(text);
}

/* A terminal that went away ends it like q. */
static bool key_ends(void)
{
	char key;
	ssize_t got = read(STDIN_FILENO, &key, 1);

	return got == 0 || (got < 0 && errno != EINTR) || (got == 1 && (key == 'q' || key == 'Q'));
}

static enum ctl_event wait_once(
	int fd, short events, const struct timespec *left, const sigset_t *mask)
{
	bool has_keys = terminal.is_taken && terminal.has_keys;
	/* Of stdout nothing is asked: poll tells anyway that its reader has left. */
	struct pollfd ready[] = {
		{ .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
		{ .fd = fd, .events = events },
	};

	if (ctl_stop_wanted())
		return CTL_EVENT_END;
	int count = must_redraw ? 0 : ppoll(ready, sizeof ready / sizeof ready[0], left, mask);
	if (ctl_stop_wanted() || (count > 0 && ready[1].revents != 0))
		return CTL_EVENT_END;
	if (count > 0 && ready[0].revents != 0 && key_ends())
		return CTL_EVENT_END;
	if (count > 0 && ready[2].revents != 0)
		return CTL_EVENT_READY;
	if (count == 0 && !must_redraw)
		return CTL_EVENT_TIME;
	must_redraw = 0;
	return CTL_EVENT_REDRAW;
}

enum ctl_event ctl_terminal_wait(int timeout_ms)
{
	return ctl_terminal_wait_beside(-1, 0, timeout_ms);
}

enum ctl_event ctl_terminal_wait_beside(int fd, short events, int timeout_ms)
{
	struct timespec left = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	sigset_t all, before;

	/* A signal between the look at the flags and the wait would be slept over. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	enum ctl_event event = wait_once(fd, events, &left, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return event;
}

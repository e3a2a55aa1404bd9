/* SPDX-License-Identifier: BSD-3-Clause
 * Writes log lines, and ends the process when the library says that it must.
 */
#include "daemon/log.h"

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdproto.h>

enum {
	/* A pipe that says it can be written takes this much without blocking. */
	LINE_MAX_BYTES = 4096,
	/* Errors that the library tells of while the node runs: peers can cause them at will. */
	LIBRARY_LINES_PER_S = 10,
};

static const struct level {
	const char *name;
	int priority; /* as syslog counts */
	int library;
} levels[] = {
	[CHG_LOG_DEBUG] = { "debug", 7, FD_LOG_DEBUG },
	[CHG_LOG_INFO] = { "info", 6, FD_LOG_DEBUG },
	[CHG_LOG_NOTICE] = { "notice", 5, FD_LOG_NOTICE },
	[CHG_LOG_WARNING] = { "warning", 4, FD_LOG_ERROR },
	[CHG_LOG_ERROR] = { "error", 3, FD_LOG_ERROR },
};

/* All that is not atomic is set before there are threads, or touched under the library's log lock. */
static bool to_journal;
static unsigned long lost_lines;
static void (*collector)(const char *line);
static atomic_bool verbose;
static atomic_bool running; /* from the ready line to the end */
static atomic_bool guarded; /* the same, until we stop the library ourselves */
static char last_error[512];

/* The library knows no warnings: while one of our lines passes through it, its level is here. */
static _Thread_local const enum chg_log_level *own_level;

static bool can_write(int timeout_ms)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&out, 1, timeout_ms) == 1 && (out.revents & POLLOUT) != 0;
}

static size_t line_head(enum chg_log_level level, char *out, size_t size)
{
	struct timespec now;
	struct tm parts;
	char date[32];

	if (to_journal)
		return (size_t)snprintf(out, size, "<%d>", levels[level].priority);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
	return (size_t)snprintf(
		out, size, "%s.%06ldZ %s ", date, now.tv_nsec / 1000, levels[level].name);
}

/* Line ends and control octets come from peers now and then; one event stays one line. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = *text == '\t' || *text == '\n' ? ' ' : '?';
}

static void write_line(enum chg_log_level level, const char *text, int patience_ms)
{
	char line[LINE_MAX_BYTES];

	if (!can_write(patience_ms)) {
		lost_lines++;
		return;
	}
	size_t used = line_head(level, line, sizeof line);
	if (lost_lines != 0) {
		used += (size_t)snprintf(
			line + used, sizeof line - used, "log.lost lines=%lu\n", lost_lines);
		used += line_head(level, line + used, sizeof line - used);
		lost_lines = 0;
	}
	int wanted = snprintf(line + used, sizeof line - used - 1, "%s", text);
	make_printable(line + used);
	used += wanted < (int)(sizeof line - used - 1) ? (size_t)wanted : sizeof line - used - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		lost_lines++;
}

/* "subject.event" and then nothing or a blank: the form of our own lines, and of no other. */
static bool is_ours(const char *text)
{
	size_t dot = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (dot == 0 || text[dot] != '.' || !islower((unsigned char)text[dot + 1]))
		return false;
	size_t end = dot + 1 + strspn(text + dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-.");
	return text[end] == '\0' || text[end] == ' ';
}

static enum chg_log_level level_of(int library_level)
{
	if (own_level != NULL)
		return *own_level;
	if (library_level >= FD_LOG_ERROR)
		return CHG_LOG_ERROR;
	return library_level >= FD_LOG_NOTICE ? CHG_LOG_NOTICE : CHG_LOG_DEBUG;
}

/*
 * Lines of ours come as "%s" and were chosen by log.level before; the library's own are many and
 * mostly not even formatted.
 */
static bool may_be_shown(int library_level, const char *format)
{
	return verbose || library_level >= FD_LOG_ERROR || strcmp(format, "%s") == 0;
}

/*
 * While the node runs, remarks of the library on calls of its own that failed ("ERROR: in 'recv(...")
 * tell of every peer that went away; before, they are all there is to find the reason of a failure.
 */
static bool is_shown(int library_level, const char *text)
{
	if (verbose || is_ours(text))
		return true;
	if (atomic_load(&running) && strncmp(text, "ERROR: ", 7) == 0)
		return false;
	return library_level >= FD_LOG_ERROR;
}

/* Whether the library may say one more thing in this second. */
static bool is_within_limit(void)
{
	static time_t second;
	static unsigned count;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != second) {
		second = now.tv_sec;
		count = 0;
	}
	return ++count <= LIBRARY_LINES_PER_S;
}

static void show(int library_level, const char *text)
{
	bool is_limited = atomic_load(&running) && !verbose && !is_ours(text);

	if (is_limited && !is_within_limit())
		lost_lines++;
	else
		write_line(level_of(library_level), text, 0);
}

/* The library's fd_core_shutdown, which any of its threads calls when it cannot go on. */
static bool is_shutdown(int library_level, const char *format)
{
	return library_level >= FD_LOG_FATAL && strstr(format, "shutdown sequence") != NULL;
}

static void end_process(void)
{
	char text[LINE_MAX_BYTES / 2];

	snprintf(text, sizeof text,
		"daemon.failed cause=\"a thread of the library ended\" last_error=\"%s\" "
		"cure=\"start again: what was answered is stored\"",
		last_error);
	write_line(CHG_LOG_ERROR, text, 1000);
	_exit(CHG_EXIT_LIBRARY);
}

/* Runs under the library's log lock, on any thread: must not block and must not log. */
static void on_library_line(int library_level, const char *format, va_list args)
{
	char text[LINE_MAX_BYTES - 256];

	if (!may_be_shown(library_level, format))
		return;
	if (is_shutdown(library_level, format)) {
		if (atomic_load(&guarded))
			end_process();
		return; /* begun by ourselves, who have said so */
	}
	vsnprintf(text, sizeof text, format, args);
	if (library_level >= FD_LOG_ERROR)
		snprintf(last_error, sizeof last_error, "%.*s", (int)sizeof last_error - 1, text);
	if (collector != NULL && library_level >= FD_LOG_ERROR) {
		collector(text);
		return;
	}
	if (is_shown(library_level, text))
		show(library_level, text);
}

void chg_daemon_log_verbose(void)
{
	verbose = true;
	fd_g_debug_lvl = FD_LOG_DEBUG;
}

void chg_daemon_log_start(bool is_verbose)
{
	to_journal = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO);
	if (is_verbose)
		chg_daemon_log_verbose();
	(void)fd_log_handler_register(on_library_line);
}

void chg_daemon_log(enum chg_log_level level, const char *format, ...)
{
	char text[LINE_MAX_BYTES - 256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	own_level = &level;
	fd_log(levels[level].library, "%s", text);
	own_level = NULL;
}

void chg_daemon_log_guard(void)
{
	atomic_store(&running, true);
	atomic_store(&guarded, true);
}

void chg_daemon_log_unguard(void)
{
	atomic_store(&guarded, false);
}

void chg_daemon_log_collect(void (*each)(const char *line))
{
	collector = each;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Log lines: one event each, made, filtered and handed to a writer.
 */
#ifndef CHG_RUNTIME_LOG_H
#define CHG_RUNTIME_LOG_H

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/view.h"
#include "port/log.h"

enum {
	CHG_LOG_LINE_MAX = 2048, /* with its end; longer lines are cut and end in "..." */
	CHG_LOG_VALUE_MAX = 512, /* the same for one value, so that the next ones are still seen */
};

/* A view as the two arguments of %.*s. */
#define CHG_LOG_VIEW(view) ((int)((view).len > INT_MAX ? INT_MAX : (view).len)), ((view).ptr)

/* "debug", "info", "notice", "warning", "error". */
const char *chg_log_level_text(enum chg_log_level level);

/*
 * Writes one event: "peer.refused host=%s port=%u".
 *
 * As printf with %s, %.*s, %c, %%, and the whole numbers %d %i %u %x %X with their lengths.  The
 * text of a %s or %.*s comes out quoted when it holds a space, a quote, '=' or anything that could
 * break the line; NULL comes out as "-".  Nothing is quoted that stands in the format itself.  Any
 * other conversion ends the line in "...".
 */
__attribute__((format(printf, 3, 4))) void chg_log_event(
	struct chg_log log, enum chg_log_level level, const char *format, ...);

/* The line alone, as chg_log_event makes it; returns its length without the end. */
__attribute__((format(printf, 2, 0))) size_t chg_log_format(
	char ret[CHG_LOG_LINE_MAX], const char *format, va_list args);

/*
 * Writes lines to stderr, each after a UTC time with microseconds and its level:
 * "2026-03-01T12:00:00.000000Z notice node.ready ...".  A reader that does not read loses lines and
 * never stops the node; how many were lost is told with the next line that gets through.
 */
struct chg_log chg_log_stderr(void);

/* The same line with the time given, its end of line included, into `to`. */
void chg_log_write_stamped(FILE *to, int64_t wall_us, enum chg_log_level level, const char *line);

/* What stands between those who log and the writer: a level, and a writer that can be replaced. */
struct chg_log_sink {
	pthread_mutex_t lock; /* held while the writer runs */
	struct chg_log writer;
	atomic_int level;
};

/* A writer must not log itself, and must not block for long. */
void chg_log_sink_init(struct chg_log_sink *sink, struct chg_log writer, enum chg_log_level level);

/* The log to give to others; the sink must outlive them. */
struct chg_log chg_log_sink_log(struct chg_log_sink *sink);

/* Replaces the writer.  When this returns, the old one is not running and is not called again. */
void chg_log_sink_install(struct chg_log_sink *sink, struct chg_log writer);

void chg_log_sink_set_level(struct chg_log_sink *sink, enum chg_log_level level);

void chg_log_sink_release(struct chg_log_sink *sink);

#endif

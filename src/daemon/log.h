/* SPDX-License-Identifier: BSD-3-Clause
 * The daemon's log: one line per event on standard error, whoever speaks.
 */
#ifndef CHG_DAEMON_LOG_H
#define CHG_DAEMON_LOG_H

#include <stdbool.h>

#include "port/log.h"

/*
 * Takes over the library's log, so that its lines, those of the extensions and ours are written in
 * one form: "TIME level text", or "<priority>text" when the service manager reads them.  Lines of
 * the library below an error are its running commentary and are shown only when is_verbose; lines
 * of ours ("subject.event key=value ...") are shown always, having been chosen before.
 *
 * Writing never blocks: a reader that is too slow loses lines and is told how many ("log.lost").
 * The same happens to errors of the library beyond some in a second while the node runs.
 */
void chg_daemon_log_start(bool is_verbose);

/* From now on everything is shown. */
void chg_daemon_log_verbose(void);

/* One line of our own, "subject.event key=value ...". */
void chg_daemon_log(enum chg_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Called once the node runs: from here on a shutdown that the library begins by itself is a
 * failure of a thread that it cannot do without.  The process ends at once then, with exit status
 * CHG_EXIT_LIBRARY and one clear line, so that the service manager starts it again; everything
 * that was answered is already on disk.
 */
void chg_daemon_log_guard(void);

/* Called before we stop the library ourselves. */
void chg_daemon_log_unguard(void);

/*
 * While collecting, errors of the library are kept to be shown by the caller.  `each` gets every
 * line at the time it is said.  NULL ends it.
 */
void chg_daemon_log_collect(void (*each)(const char *line));

enum { CHG_EXIT_LIBRARY = 70 };

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Where log lines go.  Only the edges log: extensions, runtime, daemon and chgctl.
 */
#ifndef CHG_PORT_LOG_H
#define CHG_PORT_LOG_H

enum chg_log_level {
	CHG_LOG_DEBUG,
	CHG_LOG_INFO,
	CHG_LOG_NOTICE,
	CHG_LOG_WARNING,
	CHG_LOG_ERROR,
};

/* `line` is one whole event, "subject.event key=value ...", without an end of line. */
struct chg_log {
	void (*write)(void *self, enum chg_log_level level, const char *line);
	void *self;
};

#endif

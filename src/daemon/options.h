/* SPDX-License-Identifier: BSD-3-Clause
 * The command line of charging-enabler.
 */
#ifndef CHG_DAEMON_OPTIONS_H
#define CHG_DAEMON_OPTIONS_H

#include <stdbool.h>

enum chg_daemon_task {
	CHG_TASK_RUN,
	CHG_TASK_CHECK,
	CHG_TASK_HELP,
	CHG_TASK_VERSION,
	CHG_TASK_USAGE, /* the command line was wrong; what is wrong has been printed */
};

struct chg_daemon_options {
	enum chg_daemon_task task;
	const char *config; /* freeDiameter's configuration file */
	bool is_verbose;
	bool is_running; /* --check while the node runs: its ports are taken by itself */
};

/* Reads the command line; complaints go to standard error. */
struct chg_daemon_options chg_daemon_options_read(int argc, char *argv[]);

/* Prints the help to standard output. */
void chg_daemon_help(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * --check: all that can be wrong with the configuration, without touching anything.
 */
#ifndef CHG_DAEMON_CHECK_H
#define CHG_DAEMON_CHECK_H

#include <stdbool.h>

/*
 * Reads the configuration at `path` with the library's own parser, looks at every file that it
 * names, reads charging.yaml, and, unless is_running, tries the ports.  Each complaint is a line on
 * standard error: file, line where there is one, cause; cure.  Good news is one line on standard
 * output.  Returns whether all is well.  Call it once, after fd_core_initialize().
 */
bool chg_check(const char *path, bool is_running);

#endif

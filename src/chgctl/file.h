/* SPDX-License-Identifier: BSD-3-Clause
 * A file that appears under its name when it is complete, and not before.
 */
#ifndef CHG_CHGCTL_FILE_H
#define CHG_CHGCTL_FILE_H

#include <limits.h>
#include <stdio.h>

#include "core/rc.h"

struct ctl_file {
	FILE *to;
	const char *path;
	char temporary[PATH_MAX];
};

/* Begins a file beside `path`, which must outlive it.  CHG_E_SYSTEM, errno says why. */
enum chg_rc ctl_file_begin(const char *path, struct ctl_file *ret);

/* On disk and under its name, in place of what had that name.  CHG_E_SYSTEM, errno says why. */
enum chg_rc ctl_file_finish(struct ctl_file *file);

/* Leaves nothing behind of a file that was not finished.  After finish it does nothing. */
void ctl_file_release(struct ctl_file *file);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Reading CSV (RFC 4180) record by record, however long the file is.
 */
#ifndef CHG_CHGCTL_CSV_H
#define CHG_CHGCTL_CSV_H

#include <stdio.h>

#include "core/rc.h"
#include "core/view.h"

enum {
	CTL_CSV_RECORD_MAX = 16384, /* bytes of one record */
	CTL_CSV_FIELD_MAX = 64,     /* fields of one record */
	CTL_CSV_SKIP_MAX = 1048576, /* bytes of a faulty line that are skipped to find its end */
};

/* Zero but for `from` at first. */
struct ctl_csv {
	FILE *from;
	size_t line; /* where the record begins, from 1 */
	size_t next_line;
	size_t field_count;
	struct chg_view field[CTL_CSV_FIELD_MAX]; /* until the next record */
	size_t len;
	char text[CTL_CSV_RECORD_MAX];
};

/*
 * Opens a file to be read as a csv's `from`.  Its reading ends when the operator asks to stop, also
 * while it waits for somebody to write.  NULL: errno says why.
 */
FILE *ctl_csv_open(const char *path);

/*
 * Reads the next record; empty lines are none.  Lines may end in CR LF or LF, and a byte order mark
 * is skipped.
 *
 *   CHG_E_CLOSED  there is none, or the operator asked to stop before its end came
 *   CHG_E_RANGE   a faulty line does not end: this is no such file, and nothing more can be read
 *   CHG_E_SYNTAX  it is faulty; the next call goes on behind it.  ret_why is a constant
 *   CHG_E_SYSTEM  the file cannot be read
 */
enum chg_rc ctl_csv_read(struct ctl_csv *csv, const char **ret_why);

#endif

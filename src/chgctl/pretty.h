/* SPDX-License-Identifier: BSD-3-Clause
 * JSON for the eye.
 */
#ifndef CHG_CHGCTL_PRETTY_H
#define CHG_CHGCTL_PRETTY_H

#include <stdio.h>

#include "core/view.h"

/*
 * Writes a JSON text with one member per line and an indent of two blanks, without an end of line
 * behind it.  Only blanks change: numbers and texts stay as they were written.
 */
void ctl_pretty_write(FILE *to, struct chg_view json);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Stopping in an orderly way when the operator presses ^C.
 */
#ifndef CHG_CHGCTL_STOP_H
#define CHG_CHGCTL_STOP_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP only ask; a second one ends the process. */
void ctl_stop_on_signals(void);

/* Whether somebody asked. */
bool ctl_stop_wanted(void);

#endif

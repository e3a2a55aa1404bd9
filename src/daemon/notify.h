/* SPDX-License-Identifier: BSD-3-Clause
 * Tells the service manager how we are: READY=1, STOPPING=1.
 */
#ifndef CHG_DAEMON_NOTIFY_H
#define CHG_DAEMON_NOTIFY_H

#include <stdbool.h>

/*
 * Sends `state` (lines of NAME=value) to the socket that NOTIFY_SOCKET names, as sd_notify(3)
 * describes.  Does nothing when there is none.  False when there is one and it took nothing: the
 * caller may say so; it changes nothing else.
 */
bool chg_notify(const char *state);

#endif

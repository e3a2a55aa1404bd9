/* SPDX-License-Identifier: BSD-3-Clause
 * What the daemon asks of the parts that the extensions brought up: runtime and stack.
 */
#ifndef CHG_DAEMON_NODE_H
#define CHG_DAEMON_NODE_H

#include <stdbool.h>

/*
 * Joins the runtime that an extension has brought up: its database is open then.  From here its log
 * lines come through the daemon's log.  False when no extension has.
 */
bool chg_node_join(void);

/* Where the records are kept, for the ready line.  After chg_node_join(), as all below. */
const char *chg_node_database(void);

/* Whether log.level asks for everything. */
bool chg_node_wants_debug(void);

/* From now on `status` says that the node serves under this name. */
void chg_node_set_ready(const char *host, const char *realm);

/*
 * Takes no more requests, stores and answers those that are in, and returns when the answers have
 * left for the sockets or some seconds have passed.  Storing takes as long as the disk takes.
 */
void chg_node_drain(void);

/* When the library has ended: closes the database. */
void chg_node_leave(void);

#endif

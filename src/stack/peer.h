/* SPDX-License-Identifier: BSD-3-Clause
 * Peers: who is admitted, what is said when one is not, and what happens when one connects.
 */
#ifndef CHG_STACK_PEER_H
#define CHG_STACK_PEER_H

#include <freeDiameter/extension.h>

struct chg_runtime;

/*
 * Registers admission by peer.allow and the hooks on peers and on what the library refuses or drops.
 * 0, or the library's error.
 */
int chg_peer_start(struct chg_runtime *runtime);

/* From here on nothing is submitted or logged any more. */
void chg_peer_stop(void);

/* Connections that are open. */
unsigned int chg_peer_count_open(void);

#endif

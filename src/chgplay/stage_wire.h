/* SPDX-License-Identifier: BSD-3-Clause
 * The stage that is a node over TCP.
 */
#ifndef CHG_CHGPLAY_STAGE_WIRE_H
#define CHG_CHGPLAY_STAGE_WIRE_H

#include "chgplay/play.h"

struct chg_stage_wire;

enum chg_rc chg_stage_wire_create(const char *address, int timeout_ms, struct chg_stage_wire **ret);

/* Says goodbye on every connection, and frees.  NULL is fine. */
void chg_stage_wire_free(struct chg_stage_wire *wire);

/* The node is (or goes) away: connections are dropped without ceremony. */
void chg_stage_wire_drop(struct chg_stage_wire *wire);

/* The functions of this stage; whoever runs the node himself adds restart and records. */
const struct chg_stage_ops *chg_stage_wire_ops(void);

#endif

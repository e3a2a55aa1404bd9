/* SPDX-License-Identifier: BSD-3-Clause
 * Changing the books of a running node, through its control socket.
 */
#ifndef CHG_SCENARIO_NODE_BOOKS_H
#define CHG_SCENARIO_NODE_BOOKS_H

#include "chgplay/play.h"

/* False: reterr_why says what the node said. */
bool node_books_change(const char *socket, const struct chg_play_change *change, char *reterr_why,
	size_t why_size);

#endif

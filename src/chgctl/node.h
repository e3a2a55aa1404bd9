/* SPDX-License-Identifier: BSD-3-Clause
 * Asking the running node something.
 */
#ifndef CHG_CHGCTL_NODE_H
#define CHG_CHGCTL_NODE_H

#include <jansson.h>

#include "chgctl/command.h"
#include "runtime/control.h"

/*
 * Asks the node that listens at `path`; the reply is the caller's to json_decref.
 *
 *   waiter  what is done until the reply comes; NULL: nothing
 *
 *   CTL_EXIT_UNREACHABLE  no node answers
 *   CTL_EXIT_PROBLEM      it refuses, or there is no memory
 * reterr_why says it in a sentence.
 */
enum ctl_exit ctl_node_ask(const char *path, const char *command,
	const struct chg_control_waiter *waiter, json_t **ret_reply,
	char reterr_why[CTL_MESSAGE_MAX]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * One command without arguments, one reply.
 */
#include "chgctl/node.h"

#include <stdio.h>

enum ctl_exit ctl_node_ask(const char *path, const char *command,
	const struct chg_control_waiter *waiter, json_t **ret_reply,
	char reterr_why[CTL_MESSAGE_MAX])
{
	const char *refusal;
	json_t *reply = NULL;
	json_t *request = json_pack("{s:s}", "command", command);

	if (request == NULL) {
		snprintf(reterr_why, CTL_MESSAGE_MAX, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CTL_EXIT_PROBLEM;
	}
	enum chg_rc rc =
		waiter == NULL ? chg_control_ask(path, request, &reply, reterr_why, CTL_MESSAGE_MAX)
			       : chg_control_ask_with(path, request, waiter, &reply, reterr_why,
					 CTL_MESSAGE_MAX);
	json_decref(request);
	if (rc != CHG_OK)
		return CTL_EXIT_UNREACHABLE;
	if (!chg_control_is_ok(reply, &refusal)) {
		snprintf(reterr_why, CTL_MESSAGE_MAX, "the node refuses: %s", refusal);
		json_decref(reply);
		return CTL_EXIT_PROBLEM;
	}
	*ret_reply = reply;
	return CTL_EXIT_OK;
}

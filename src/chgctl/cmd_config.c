/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl config check and show.
 */
#include "chgctl/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "chgctl/source.h"
#include "runtime/config.h"

static const char *path_of(const struct ctl_call *call)
{
	return call->operand_count > 0 ? call->operand[0] : ctl_config_path(&call->args);
}

enum ctl_exit ctl_cmd_config_check(const struct ctl_call *call)
{
	struct chg_config *config = ctl_config_read(path_of(call));

	if (config == NULL)
		return CTL_EXIT_PROBLEM;
	free(config);
	printf("%s is acceptable\n", path_of(call));
	return CTL_EXIT_OK;
}

enum ctl_exit ctl_cmd_config_show(const struct ctl_call *call)
{
	struct chg_config *config = ctl_config_read(path_of(call));

	if (config == NULL)
		return CTL_EXIT_PROBLEM;
	chg_config_print(config, stdout);
	free(config);
	return CTL_EXIT_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The daemon as one more user of the runtime.
 */
#include "daemon/node.h"

#include <limits.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "runtime/runtime.h"
#include "stack/stack.h"

enum {
	/* What a peer does not take in this time after its request was stored, it will ask again. */
	ANSWERS_MS = 5000,
	WHY_MAX = 512,
};

static struct chg_runtime *runtime;

static void on_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	chg_daemon_log(level, "%s", line);
}

bool chg_node_join(void)
{
	struct chg_log log = { .write = on_line };
	struct chg_runtime_status status;
	char why[WHY_MAX] = "";

	if (chg_runtime_acquire(NULL, log, &runtime, why, sizeof why) != CHG_OK)
		return false;
	/* With nobody there before us it is a new one, and has no configuration. */
	chg_runtime_status(runtime, &status);
	if (status.config_path[0] == '\0') {
		chg_node_leave();
		return false;
	}
	/* The extension's own writer goes when the library unloads it; ours stays. */
	chg_runtime_set_log(runtime, log);
	return true;
}

const char *chg_node_database(void)
{
	static char path[PATH_MAX];
	const struct chg_config *config = chg_runtime_config(runtime);

	if (config->store_kind != CHG_STORE_SQLITE)
		return "memory";
	return realpath(config->store_path, path) != NULL ? path : config->store_path;
}

bool chg_node_wants_debug(void)
{
	return chg_runtime_config(runtime)->log_level == CHG_LOG_DEBUG;
}

void chg_node_set_ready(const char *host, const char *realm)
{
	chg_runtime_set_ready(runtime, host, realm);
}

void chg_node_drain(void)
{
	chg_runtime_drain(runtime);
	if (!chg_stack_drain(ANSWERS_MS))
		chg_daemon_log(CHG_LOG_WARNING,
			"daemon.answers_left waited_ms=%d cause=\"peers do not take them\"",
			ANSWERS_MS);
}

void chg_node_leave(void)
{
	chg_runtime_release(runtime);
	runtime = NULL;
}

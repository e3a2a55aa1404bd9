/* SPDX-License-Identifier: BSD-3-Clause
 * A node without Diameter: what chgctl finds running.
 *
 *   node CONFIG READY   creates the file READY when it serves; ends when its stdin does
 */
#include <stdio.h>

#include "runtime/runtime.h"

static void discard(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	(void)level;
	(void)line;
}

int main(int argc, char **argv)
{
	struct chg_runtime *runtime;
	char why[4096] = "";

	if (argc < 3)
		return 2;
	if (chg_runtime_acquire(argv[1], (struct chg_log){ .write = discard }, &runtime, why,
		    sizeof why) != CHG_OK) {
		fprintf(stderr, "node: %s\n", why);
		return 1;
	}
	chg_runtime_set_ready(runtime, "charging.example.net", "example.net");
	FILE *ready = fopen(argv[2], "w");
	if (ready == NULL)
		return 1;
	fclose(ready);
	while (getchar() != EOF)
		;
	chg_runtime_release(runtime);
	return 0;
}

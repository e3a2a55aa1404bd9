/* SPDX-License-Identifier: BSD-3-Clause
 * A charging node of one's own: its folder, its process, its end.
 */
#ifndef CHG_SCENARIO_NODE_H
#define CHG_SCENARIO_NODE_H

#include "chgplay/script.h"

enum {
	NODE_WHY_MAX = 512,
};

struct node {
	char folder[256];
	char address[64];
	char database[512];
	int pid; /* 0: not running */
	int out; /* its standard output; -1 when not running */
	uint32_t port;
	char why[NODE_WHY_MAX];
};

/*
 * Makes the folder with both configuration files.  `extensions` is where the .fdx files are; the
 * script (may be NULL) brings config lines.  False: node->why says what failed.
 */
bool node_prepare(struct node *node, const char *extensions, const struct chg_script *script);

/* Starts it and waits for its line "ready". */
bool node_start(struct node *node, const char *program);

/* SIGTERM, and exit status 0 within its time; false: why says what came instead. */
bool node_stop(struct node *node);

/* SIGKILL. */
void node_kill(struct node *node);

/* Ends what still runs; removes the folder, unless `keep`. */
void node_forget(struct node *node, bool keep);

#endif

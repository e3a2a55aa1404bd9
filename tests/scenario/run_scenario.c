/* SPDX-License-Identifier: BSD-3-Clause
 * Plays scenarios on one stage and says for each whether it holds.
 *
 *   run_scenario --stage memory|sqlite FILE.chg...
 *   run_scenario --stage wire --node PROGRAM --extensions FOLDER FILE.chg...
 *
 * Exit 0: all hold; 1: one does not; 2: usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chgplay/stage_wire.h"
#include "scenario/node.h"
#include "scenario/node_books.h"
#include "scenario/stage_engine.h"
#include "store/sqlite/sqlite_store.h"

enum {
	WHY_MAX = 768,
	WIRE_TIMEOUT_MS = 20000,
};

struct options {
	uint32_t stage;
	const char *node;
	const char *extensions;
};

static uint32_t run_number; /* keeps the Session-Ids of scripts on one node apart */

/* Scripts that share a node have their subscribers in a domain of their own. */
static bool play(
	const struct chg_script *script, const struct chg_stage *stage, bool is_shared, char *why)
{
	char domain[64];
	struct chg_play_options options = { .destination_realm = CHG_VIEW("example.net"),
		.run = ++run_number };
	snprintf(domain, sizeof domain, "r%u.example.net", (unsigned)run_number);
	if (is_shared && script->has_accounts)
		options.party_domain = domain;
	struct chg_play_outcome outcome;
	if (!chg_play_is_possible(script, stage, why, WHY_MAX))
		return false;
	enum chg_rc rc = chg_play_run(script, stage, &options, &outcome);
	snprintf(why, WHY_MAX, "%s", outcome.why);
	return rc == CHG_OK;
}

static bool run_memory(const struct chg_script *script, char *why)
{
	struct stage_engine *engine;
	if (!stage_engine_create(script, NULL, &engine, why, WHY_MAX))
		return false;
	struct chg_stage stage = stage_engine_stage(engine);
	bool holds = play(script, &stage, false, why);
	stage_engine_free(engine);
	return holds;
}

static void remove_database(const char *folder)
{
	static const char *const names[] = { "charging.db", "charging.db-wal", "charging.db-shm",
		"charging.db.lock" };
	char path[320];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static bool run_sqlite(const struct chg_script *script, char *why)
{
	char folder[256];
	char database[320];
	struct stage_engine *engine;
	const char *temporary = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/chg-scenario-XXXXXX",
		temporary == NULL ? "/tmp" : temporary);
	if (mkdtemp(folder) == NULL) {
		snprintf(why, WHY_MAX, "%s: no scratch folder", script->file);
		return false;
	}
	snprintf(database, sizeof database, "%s/charging.db", folder);
	bool holds = stage_engine_create(script, database, &engine, why, WHY_MAX);
	if (holds) {
		struct chg_stage stage = stage_engine_stage(engine);
		holds = play(script, &stage, false, why);
		stage_engine_free(engine);
	}
	remove_database(folder);
	return holds;
}

/* The stage of a node that this program runs: the one over TCP, with the node's life and records. */
struct wire {
	const struct options *options;
	struct chg_stage_wire *net;
	struct node node;
	struct chg_stage_ops ops;
	char why[NODE_WHY_MAX];
};

static enum chg_rc wire_exchange(void *self, struct chg_exchange *exchange, size_t count)
{
	struct wire *wire = self;
	return chg_stage_wire_ops()->exchange(wire->net, exchange, count);
}

static enum chg_rc wire_connect(void *self, uint32_t peer, const struct chg_play_peer *who)
{
	struct wire *wire = self;
	enum chg_rc rc = chg_stage_wire_ops()->connect(wire->net, peer, who);
	if (rc != CHG_OK)
		snprintf(wire->why, sizeof wire->why, "%s", chg_stage_wire_ops()->why(wire->net));
	return rc;
}

static enum chg_rc wire_disconnect(void *self, uint32_t peer)
{
	return chg_stage_wire_ops()->disconnect(((struct wire *)self)->net, peer);
}

static enum chg_rc wire_restart(void *self, bool is_kill)
{
	struct wire *wire = self;
	bool is_fine = true;
	if (is_kill)
		node_kill(&wire->node);
	else
		is_fine = node_stop(&wire->node);
	chg_stage_wire_drop(wire->net);
	is_fine = is_fine && node_start(&wire->node, wire->options->node);
	if (!is_fine)
		snprintf(wire->why, sizeof wire->why, "%s", wire->node.why);
	return is_fine ? CHG_OK : CHG_E_SYSTEM;
}

static enum chg_rc wire_change(void *self, const struct chg_play_change *change)
{
	struct wire *wire = self;
	char socket[sizeof wire->node.folder + 16];
	snprintf(socket, sizeof socket, "%s/control.sock", wire->node.folder);
	return node_books_change(socket, change, wire->why, sizeof wire->why) ? CHG_OK
									      : CHG_E_SYSTEM;
}

static enum chg_rc wire_records(void *self, struct chg_store *ret)
{
	struct wire *wire = self;
	return chg_sqlite_store_open(
		wire->node.database, CHG_SQLITE_READ_ONLY, ret, wire->why, sizeof wire->why);
}

static void wire_records_done(void *self, struct chg_store *store)
{
	(void)self;
	store->ops->close(store->self);
}

static chg_instant wire_now(void *self)
{
	return chg_stage_wire_ops()->now(((struct wire *)self)->net);
}

static const char *wire_why(void *self)
{
	const struct wire *wire = self;
	return wire->why[0] == '\0' ? NULL : wire->why;
}

static const struct chg_stage_ops wire_ops = { .bit = CHG_STAGE_WIRE,
	.is_asynchronous = true,
	.exchange = wire_exchange,
	.restart = wire_restart,
	.connect = wire_connect,
	.disconnect = wire_disconnect,
	.change = wire_change,
	.records = wire_records,
	.records_done = wire_records_done,
	.now = wire_now,
	.why = wire_why };

static bool wire_open(struct wire *wire, const struct options *options,
	const struct chg_script *script, char *why)
{
	memset(wire, 0, sizeof *wire);
	wire->options = options;
	if (!node_prepare(&wire->node, options->extensions, script) ||
		!node_start(&wire->node, options->node)) {
		snprintf(why, WHY_MAX, "%s", wire->node.why);
		node_forget(&wire->node, true);
		return false;
	}
	if (chg_stage_wire_create(wire->node.address, WIRE_TIMEOUT_MS, &wire->net) == CHG_OK)
		return true;
	snprintf(why, WHY_MAX, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
	node_forget(&wire->node, false);
	return false;
}

static bool wire_close(struct wire *wire, bool held, char *why)
{
	chg_stage_wire_free(wire->net);
	bool is_fine = node_stop(&wire->node);
	if (!is_fine && held)
		snprintf(why, WHY_MAX, "%s", wire->node.why);
	node_forget(&wire->node, !is_fine || !held);
	return is_fine;
}

/* One node serves all scripts that leave it alone; it is started for the first of them. */
static struct wire shared;
static bool shared_is_open;
static bool shared_held = true;

static bool run_shared(const struct options *options, const struct chg_script *script, char *why)
{
	static char cause[WHY_MAX]; /* why it could not be started; not tried again */
	if (!shared_is_open && cause[0] == '\0')
		shared_is_open = wire_open(&shared, options, NULL, cause);
	if (!shared_is_open) {
		snprintf(why, WHY_MAX, "%s", cause);
		return false;
	}
	struct chg_stage stage = { &wire_ops, &shared };
	bool holds = play(script, &stage, true, why);
	chg_stage_wire_free(shared.net);
	if (chg_stage_wire_create(shared.node.address, WIRE_TIMEOUT_MS, &shared.net) != CHG_OK)
		abort();
	shared_held = shared_held && holds;
	return holds;
}

static bool run_wire(const struct options *options, const struct chg_script *script, char *why)
{
	if (!chg_script_wants_own_node(script))
		return run_shared(options, script, why);
	struct wire own;
	if (!wire_open(&own, options, script, why))
		return false;
	struct chg_stage stage = { &wire_ops, &own };
	bool holds = play(script, &stage, false, why);
	return wire_close(&own, holds, why) && holds;
}

static bool run_file(const struct options *options, const char *path, size_t number)
{
	char why[WHY_MAX] = "";
	struct chg_script *script = malloc(sizeof *script);
	if (script == NULL || chg_script_read(path, script, why, sizeof why) != CHG_OK) {
		printf("not ok %zu - %s\n# %s\n", number, path, why);
		free(script);
		return false;
	}
	bool holds = true;
	const char *skip = "";
	if ((script->stages & options->stage) == 0)
		skip = " # SKIP not for this stage";
	else if (options->stage == CHG_STAGE_MEMORY)
		holds = run_memory(script, why);
	else if (options->stage == CHG_STAGE_SQLITE)
		holds = run_sqlite(script, why);
	else
		holds = run_wire(options, script, why);
	printf("%s %zu - %.*s%s\n", holds ? "ok" : "not ok", number, (int)script->title.len,
		script->title.ptr, skip);
	if (!holds)
		printf("# %s\n", why);
	fflush(stdout);
	chg_script_release(script);
	free(script);
	return holds;
}

static int usage(void)
{
	fputs("usage: run_scenario --stage memory|sqlite FILE...\n"
	      "       run_scenario --stage wire --node PROGRAM --extensions FOLDER FILE...\n",
		stderr);
	return 2;
}

static bool read_stage(const char *text, uint32_t *ret)
{
	if (strcmp(text, "memory") == 0)
		*ret = CHG_STAGE_MEMORY;
	else if (strcmp(text, "sqlite") == 0)
		*ret = CHG_STAGE_SQLITE;
	else if (strcmp(text, "wire") == 0)
		*ret = CHG_STAGE_WIRE;
	else
		return false;
	return true;
}

int main(int argc, char *argv[])
{
	struct options options = { 0 };
	int at = 1;
	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (strcmp(argv[at], "--stage") == 0 && read_stage(argv[at + 1], &options.stage))
			continue;
		if (strcmp(argv[at], "--node") == 0)
			options.node = argv[at + 1];
		else if (strcmp(argv[at], "--extensions") == 0)
			options.extensions = argv[at + 1];
		else
			return usage();
	}
	bool is_wire = options.stage == CHG_STAGE_WIRE;
	if (options.stage == 0 || at == argc ||
		(is_wire && (options.node == NULL || options.extensions == NULL)))
		return usage();

	/* Nodes of former runs may still be around with their records: never the same Session-Ids. */
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	run_number = is_wire ? (uint32_t)now.tv_sec << 8 : 0;
	bool all_hold = true;
	printf("1..%d\n", argc - at);
	for (size_t number = 1; at < argc; at++, number++)
		all_hold = run_file(&options, argv[at], number) && all_hold;

	char why[WHY_MAX] = "";
	if (shared_is_open && !wire_close(&shared, shared_held, why)) {
		printf("# %s\n", why);
		all_hold = false;
	}
	return all_hold ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The node's tariffs: the version in force and those that come later, each parsed once.
 *
 * The shelf is filled by whoever starts the node and by the control thread, and asked by the
 * engine's thread at each turn.
 */
#ifndef CHG_RUNTIME_TARIFF_FOLLOW_H
#define CHG_RUNTIME_TARIFF_FOLLOW_H

#include "app/engine.h"
#include "core/tariff.h"
#include "port/log.h"
#include "runtime/control.h"

enum {
	CHG_TARIFF_SHELF_MAX = 32, /* versions in memory: one in force, the rest still to come */
};

struct chg_tariff_shelf;

/* CHG_E_NO_MEMORY.  The log must outlive the shelf. */
enum chg_rc chg_tariff_shelf_create(struct chg_log log, struct chg_tariff_shelf **ret);

/* NULL is fine. */
void chg_tariff_shelf_free(struct chg_tariff_shelf *shelf);

/*
 * Puts a tariff on the shelf, which owns it from here on and frees it with free().  Of versions that
 * begin at the same moment the higher one holds.  One that is there already, or that another has
 * superseded, just goes.
 *
 *   CHG_E_RANGE  there are CHG_TARIFF_SHELF_MAX already; the tariff is freed
 */
enum chg_rc chg_tariff_shelf_put(struct chg_tariff_shelf *shelf, struct chg_tariff *tariff);

/*
 * The tariff in force; NULL when there is none.  Good until the next call, which frees what is
 * superseded; one thread calls it.  A clock that is set back does not bring an older one back.
 */
const struct chg_tariff *chg_tariff_at(struct chg_tariff_shelf *shelf, chg_instant now);

/* What is in force, without changing that; version 0 when there is none. */
struct chg_tariff_brief {
	int64_t version;
	char name[CHG_TARIFF_TEXT_MAX];
	chg_instant in_force_from;
	size_t to_come; /* further versions that wait for their time */
};
void chg_tariff_look(struct chg_tariff_shelf *shelf, chg_instant now, struct chg_tariff_brief *ret);

/*
 * Reads from the store what is in force at `now` or comes later, unless the shelf has it.  A text
 * that cannot be read any more is logged and left out: nothing is charged by a tariff that is older
 * than the operator wants.  For the start, while nobody else uses the store.
 */
enum chg_rc chg_tariff_follow_store(
	struct chg_tariff_shelf *shelf, struct chg_store *store, struct chg_now now);

/* The same through the engine, on a thread that may wait. */
enum chg_rc chg_tariff_follow(struct chg_tariff_shelf *shelf, struct chg_engine *engine);

/*
 * Reads request["text"] as a tariff and sets request["name"] to its name.
 *
 *   ret_tariff  a new one, to free(); NULL: only checked
 *
 *   CHG_E_SYNTAX  it is none; reply has "why" and all "errors"
 */
enum chg_rc chg_tariff_check(json_t *request, json_t *reply, struct chg_tariff **ret_tariff);

/*
 * Reads the file of a tariff, whatever it holds.
 *
 *   ret_text  terminated, to free()
 *
 *   CHG_E_SYSTEM, CHG_E_RANGE, CHG_E_NO_MEMORY  with reterr_why
 */
enum chg_rc chg_tariff_read_whole(
	const char *path, char **ret_text, size_t *ret_len, char *reterr_why, size_t why_size);

/*
 * Loads the file `path` into a store that has no tariff at all; does nothing to another.  Errors as
 * above, and those of the store; reterr_why has all faults of the file, a line each.
 */
enum chg_rc chg_tariff_load_first(struct chg_store *store, const char *path, struct chg_now now,
	char *reterr_why, size_t why_size);

#endif

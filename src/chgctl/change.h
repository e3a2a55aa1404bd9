/* SPDX-License-Identifier: BSD-3-Clause
 * Changes of the books: through the running node, or in the database itself where none runs.
 */
#ifndef CHG_CHGCTL_CHANGE_H
#define CHG_CHGCTL_CHANGE_H

#include <jansson.h>

#include "chgctl/source.h"

/* Where changes go. */
struct ctl_change {
	bool has_node;
	char socket[CTL_PATH_MAX]; /* of the node */
	struct chg_store store;    /* without a node */
};

/*
 * Finds where changes go: the node of --socket or of the configuration if it answers, else the
 * database, of which this process becomes the one writer until ctl_change_close.  With --db or
 * $CHG_DB it is always the database.  Says on stderr what is wrong.
 */
enum ctl_exit ctl_change_open(const struct ctl_args *args, struct ctl_change *ret);

/*
 * Does one change, as runtime/book_change.h has it; "who" is filled in.  The reply is the caller's to
 * json_decref on CTL_EXIT_OK; else stderr was told why.
 */
enum ctl_exit ctl_change_do(struct ctl_change *change, json_t *request, json_t **ret_reply);

void ctl_change_close(struct ctl_change *change);

/* The three above in one. */
enum ctl_exit ctl_change_once(const struct ctl_args *args, json_t *request, json_t **ret_reply);

/*
 * A request that begins with its command and --why, or with `why` where that is not given.  NULL,
 * and stderr was told, when there is none or it is no UTF-8.
 */
json_t *ctl_change_request(const struct ctl_call *call, const char *command, const char *why);

/* Sets a text; nothing when it is NULL.  False, and stderr was told, when it is no UTF-8. */
bool ctl_change_set(json_t *request, const char *name, const char *text);

/* Sets name to the time that an option names, nothing when it is not given. */
bool ctl_change_set_time(
	const struct ctl_call *call, json_t *request, const char *name, enum ctl_option option);

#endif

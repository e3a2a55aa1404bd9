/* SPDX-License-Identifier: BSD-3-Clause
 * The UNIX socket through which the running node is asked and told.
 *
 * A conversation is one line of JSON each way and then the end: {"command":"status"} gets one
 * object, {"ok":true, ...} or {"ok":false,"error":"E_UNKNOWN","why":"..."}.
 */
#ifndef CHG_RUNTIME_CONTROL_H
#define CHG_RUNTIME_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/engine.h"
#include "port/log.h"

struct chg_control;

enum {
	CHG_CONTROL_CLIENT_MAX = 8,        /* further ones wait until one has gone */
	CHG_CONTROL_REQUEST_MAX = 4194304, /* a tariff file, every byte of it escaped */
	CHG_CONTROL_REPLY_MAX = 8388608,
	CHG_CONTROL_COMMAND_MAX = 32,
	CHG_CONTROL_WHY_MAX = 256,
	CHG_CONTROL_CLIENT_WAIT_S =
		5, /* a client that is silent or does not read for so long goes */
	CHG_CONTROL_CALL_WAIT_S = 10, /* a change that takes longer is finished unwatched */
};

/*
 * Answers one command, on the control thread.
 *
 *   request  the object that came; its "who" is the name of the user who asks, whatever he wrote
 *   reply    an empty object to fill; "ok", "error" and, where it has none, "why" are added to it
 */
typedef enum chg_rc chg_control_handle(void *self, json_t *request, json_t *reply);

/*
 * Makes the socket, with mode 0600; clients wait until chg_control_start.  A socket that nobody
 * listens at any more is replaced; anything else at the path is left alone and refused.
 *
 *   idle_ms  how long a client may be silent; 0: CHG_CONTROL_CLIENT_WAIT_S
 *
 *   CHG_E_SYSTEM     the socket cannot be made, or a node listens there already: reterr_why
 *   CHG_E_NO_MEMORY  no memory
 */
enum chg_rc chg_control_create(const char *path, unsigned idle_ms, struct chg_log log,
	struct chg_control **ret, char *reterr_why, size_t why_size);

/*
 * Adds a command before chg_control_start.  The name must outlive the control.
 *
 *   CHG_E_RANGE  there are CHG_CONTROL_COMMAND_MAX already, or one of that name
 */
enum chg_rc chg_control_register(
	struct chg_control *control, const char *name, chg_control_handle *handle, void *self);

/* Starts the thread that serves.  CHG_E_SYSTEM: it could not be made. */
enum chg_rc chg_control_start(struct chg_control *control);

/* Stops the thread, removes the socket, frees.  NULL is fine. */
void chg_control_free(struct chg_control *control);

/*
 * A change of the data, for use in a handler: `work` runs on the engine's thread inside a
 * transaction and the caller waits for its commit.
 *
 *   wait_ms  how long at most; 0: CHG_CONTROL_CALL_WAIT_S
 *   request  what `work` gets to read; kept alive as long as it needs it
 *   reply    gets what `work` put into its own reply, once that is on disk
 *
 * `work` may run twice when its neighbours in a transaction fail: it has to set what it replies and
 * not to count.  An error of it rolls back all that it wrote.
 *
 *   CHG_E_BUSY    the queue is full; or the wait is over, and the work will still be done: "why" of
 *                 reply then says so
 *   CHG_E_CLOSED  the node is stopping
 *   otherwise     what `work` or the store returned
 */
typedef enum chg_rc chg_control_work(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now);
enum chg_rc chg_control_change(struct chg_engine *engine, chg_control_work *work, unsigned wait_ms,
	json_t *request, json_t *reply);

/*
 * The other side: asks the node that listens at `path` and waits for its reply.
 *
 *   ret_reply  the object that came, "ok" or not; the caller's to json_decref
 *
 *   CHG_E_CLOSED  nobody listens there: no node is running
 *   CHG_E_SYSTEM  it cannot be reached, or hung up, or does not reply
 *   CHG_E_SYNTAX  what came is no JSON object
 *   CHG_E_RANGE   the request or the reply is too long
 * reterr_why says it in words with a cure.
 */
enum chg_rc chg_control_ask(const char *path, const json_t *request, json_t **ret_reply,
	char *reterr_why, size_t why_size);

/*
 * Waits in place of poll(): true once `fd` has one of `events`; false, and the question is given up,
 * when timeout_ms are over or somebody does not want the reply any more.
 */
struct chg_control_waiter {
	bool (*wait)(void *self, int fd, short events, int timeout_ms);
	void *self;
};

/* The same, with something to do while the reply is waited for. */
enum chg_rc chg_control_ask_with(const char *path, const json_t *request,
	const struct chg_control_waiter *waiter, json_t **ret_reply, char *reterr_why,
	size_t why_size);

/* Whether a reply says "ok"; if not, ret_why is its reason, good as long as the reply. */
bool chg_control_is_ok(const json_t *reply, const char **ret_why);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What the interfaces have in common: a request becomes a job for the engine, and the finished job
 * an answer.
 *
 * A callback of freeDiameter that returns an error stops the library's thread and with it the
 * process, so every path ends in an answer or in a job that will send one.
 */
#ifndef CHG_STACK_HANDLER_H
#define CHG_STACK_HANDLER_H

#include <freeDiameter/extension.h>
#include <pthread.h>

#include "app/job.h"
#include "stack/direct.h"
#include "stack/pool.h"
#include "wire/message.h"

struct chg_runtime;
struct chg_handler;

enum {
	/* Threads that read at the same moment make more for themselves, and forget them. */
	CHG_READINGS_KEPT = 8,
};

/* Where the answer goes: with the library's message, or straight to the connection. */
struct chg_asker {
	struct msg *request;
	struct direct *direct; /* NULL: request is set */
};

/* Memory that a request brings along, kept for the next one. */
struct chg_block {
	uint8_t *bytes;
	size_t size;
};

/* One request on its way. */
struct chg_handled {
	struct chg_job job; /* first, so that the engine's pointer is ours */
	struct chg_handler *handler;
	struct chg_asker asker;
	struct chg_view content;  /* the octets of the request */
	struct chg_echo echo;     /* what its answer repeats */
	struct chg_block copy;    /* for content that is nobody else's */
	struct chg_block wrapped; /* what was read: core/wrap.h */
	struct chg_spare spare;
};

/*
 * A request that is being read, or looked at by the engine, with room for all that one may hold:
 * there is one for each thread that does so, and not for each request.
 */
struct chg_reading {
	struct chg_scratch scratch;
	union {
		struct chg_acr acr;
		struct chg_ccr ccr;
	};
};

/*
 * One interface: what the extension says of it, and below that what the handler keeps.
 *
 *   read           turns content into one of the two of `reading`, and sets the job's kind.
 *                  CHG_E_SYNTAX: the fault is answered
 *   write          the answer of a job that came back from the engine
 *   write_failure  the answer when there is no job: no memory, a full queue, a node that is stopping
 */
struct chg_handler {
	const char *name; /* of the extension, for what operators read */
	uint32_t command;
	uint32_t application;
	bool is_accounting; /* advertised as Acct- or as Auth-Application-Id */
	enum chg_rc (*read)(struct chg_handled *job, enum chg_strictness strictness,
		struct chg_reading *reading, struct chg_fault *reterr_fault);
	enum chg_rc (*write)(struct chg_handled *job, struct chg_out *out);
	enum chg_rc (*write_failure)(const struct chg_handler *handler, struct chg_view content,
		enum chg_rc rc, struct chg_out *out);

	struct chg_identity identity; /* who answers: set by the start */
	struct chg_runtime *runtime;
	struct disp_hdl *handle;
	struct direct_taker taker;
	struct chg_pool jobs; /* its lock: PTHREAD_MUTEX_INITIALIZER */
	_Atomic(struct chg_reading *) readings[CHG_READINGS_KEPT];

	/* Of the engine's thread alone. */
	struct chg_reading *opened;
	struct chg_spare *finished, *finished_last; /* in this turn */
	uint32_t finished_count;
};

/*
 * Starts an interface: the runtime and the stack if it is the first one, then its handler in the
 * library, which advertises the application.  To be called from fd_ext_init; what is wrong is
 * logged.
 *
 *   conffile   the charging.yaml that LoadExtension names
 *
 * 0, or a number of errno.h.
 */
int chg_handler_start(struct chg_handler *handler, const char *conffile);

/* Ends it.  To be called from fd_ext_fini, also when the start failed. */
void chg_handler_stop(struct chg_handler *handler);

#endif

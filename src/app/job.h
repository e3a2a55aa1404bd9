/* SPDX-License-Identifier: BSD-3-Clause
 * A request on its way through the engine; finished exactly once.
 */
#ifndef CHG_APP_JOB_H
#define CHG_APP_JOB_H

#include "core/ask.h"
#include "core/rc.h"
#include "core/reply.h"
#include "port/store.h"

enum chg_job_kind {
	CHG_JOB_ACR,        /* acr in, aca out */
	CHG_JOB_HOST_STATE, /* a peer connected and told its Origin-State-Id: acr.origin_* in */
	CHG_JOB_CALL,       /* an operator's change: call(store) inside the transaction */
};

#define CHG_JOB_MAGIC 0x6a6f6221u

/*
 * Embedded in its owner's structure, who fills kind, the input and done, and owns the memory again
 * once done was called.
 *
 *   done   called once, on the engine's thread, after the commit or its failure; never NULL.
 *          It must not block and must not submit to the same engine synchronously.
 *   rc     CHG_OK, or why the job's work was not kept (nothing of it was then)
 *   aca    valid for CHG_JOB_ACR whatever rc is: the answer to send
 *   call   for CHG_JOB_CALL; an error rolls back this job alone
 */
struct chg_job {
	uint32_t magic;
	enum chg_job_kind kind;
	struct chg_acr acr;
	struct chg_aca aca;
	enum chg_rc (*call)(struct chg_job *job, struct chg_store *store, struct chg_now now);
	enum chg_rc rc;
	bool is_duplicate;
	void (*done)(struct chg_job *job);
	struct chg_job *next;
};

#endif

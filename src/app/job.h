/* SPDX-License-Identifier: BSD-3-Clause
 * A request on its way through the engine; finished exactly once.
 */
#ifndef CHG_APP_JOB_H
#define CHG_APP_JOB_H

#include "core/ask.h"
#include "core/credit.h"
#include "core/rc.h"
#include "core/reply.h"
#include "port/store.h"

enum chg_job_kind {
	CHG_JOB_ACR,        /* acr in, aca out */
	CHG_JOB_CCR,        /* ccr in, code and kept out */
	CHG_JOB_HOST_STATE, /* a peer connected and told its Origin-State-Id: acr->origin_* in */
	CHG_JOB_CALL,       /* an operator's change: call(store) inside the transaction */
};

#define CHG_JOB_MAGIC 0x6a6f6221u

/*
 * Embedded in its owner's structure, who fills kind, the input and done, and owns the memory again
 * once done was called.
 *
 *   acr, ccr
 *          the owner's; without open they have to be good until done.  With it they are looked at
 *          when the job is submitted, and from then on open sets them: on the engine's thread, each
 *          time the request is looked at, good until it is called for another job.  So a request
 *          that waits need not be there in full (core/wrap.h)
 *   done   called once, on the engine's thread, after the commit or its failure; never NULL.
 *          It must not block and must not submit to the same engine synchronously.
 *   rc     CHG_OK, or why the job's work was not kept (nothing of it was then)
 *   aca    valid for CHG_JOB_ACR whatever rc is: the answer to send
 *   code   for CHG_JOB_CCR: the Result-Code that was decided; when rc is not CHG_OK, the one to give
 *          then; 0 for a repeated request
 *   kept   for CHG_JOB_CCR with CHG_OK: the octets to send, AVPs without header and Proxy-Info: those
 *          of an earlier answer for a repeated request; valid inside done only
 *   write_answer
 *          for CHG_JOB_CCR, called inside the transaction: the answer in that form, into `to`; its
 *          length, 0 when it does not fit.  The same octets are kept and sent, so that a repeated
 *          request gets the same words
 *   call   for CHG_JOB_CALL; an error rolls back this job alone
 */
struct chg_job {
	uint32_t magic;
	enum chg_job_kind kind;
	const struct chg_acr *acr;
	const struct chg_ccr *ccr;
	void (*open)(struct chg_job *job); /* NULL: they are good as they are */
	struct chg_aca aca;
	uint32_t code;
	struct chg_view kept;
	size_t (*write_answer)(
		struct chg_job *job, const struct chg_cca *cca, uint8_t *to, size_t size);
	enum chg_rc (*call)(struct chg_job *job, struct chg_store *store, struct chg_now now);
	enum chg_rc rc;
	bool is_duplicate;
	const char *alarm; /* of CHG_JOB_CCR: what an operator should hear of; NULL nothing */
	void (*done)(struct chg_job *job);
	/* The engine's: */
	uint32_t type;       /* of the request: enum chg_record_type, enum chg_cc_type */
	chg_instant arrived; /* when it was submitted, on the steady clock */
	struct chg_job *next;
};

#endif

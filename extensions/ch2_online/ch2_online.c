/* SPDX-License-Identifier: BSD-3-Clause
 * CH-2: Credit-Control-Request in, Credit-Control-Answer out.
 */
#include "stack/handler.h"

/* Hidden visibility is for everything else: these freeDiameter looks up by name. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
__attribute__((visibility("default"))) void fd_ext_fini(void);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

/* Inside the transaction: the octets that are kept and sent. */
static size_t ch2_write_answer(
	struct chg_job *asked, const struct chg_cca *cca, uint8_t *to, size_t size)
{
	struct chg_handled *job = (struct chg_handled *)asked;
	struct chg_out out = chg_out_of(to, size);
	enum chg_rc rc =
		chg_wire_write_cca_body(&job->echo, &job->handler->identity, asked->ccr, cca, &out);
	return rc == CHG_OK ? out.len : 0;
}

static enum chg_rc ch2_read(struct chg_handled *job, enum chg_strictness strictness,
	struct chg_reading *reading, struct chg_fault *reterr_fault)
{
	job->job.kind = CHG_JOB_CCR;
	job->job.write_answer = ch2_write_answer;
	return chg_wire_read_ccr(
		job->content, strictness, &reading->scratch, &reading->ccr, reterr_fault);
}

/* An answer that nothing was decided for, and that nobody keeps.  B-021 */
static enum chg_rc write_trouble(const struct chg_handler *handler, struct chg_view content,
	uint32_t result_code, struct chg_out *out)
{
	struct chg_fault fault = { .result_code = result_code,
		.message = result_code == CHG_CC_TOO_BUSY
				   ? "too much is waiting, please try again or elsewhere"
				   : "the request could not be served" };
	return chg_wire_write_fault(content, &handler->identity, &fault, out);
}

static enum chg_rc ch2_write(struct chg_handled *job, struct chg_out *out)
{
	if (job->job.rc == CHG_OK)
		return chg_wire_write_cca_from_body(&job->echo, job->job.kept, out);
	return write_trouble(job->handler, job->content, job->job.code, out);
}

/* F-015: whatever is short here, another server may have it. */
static enum chg_rc ch2_write_failure(const struct chg_handler *handler, struct chg_view content,
	enum chg_rc rc, struct chg_out *out)
{
	(void)rc;
	return write_trouble(handler, content, CHG_CC_TOO_BUSY, out);
}

static struct chg_handler ch2 = {
	.name = "ch2_online",
	.command = 272,
	.application = CHG_APPLICATION_CREDIT_CONTROL,
	.read = ch2_read,
	.write = ch2_write,
	.write_failure = ch2_write_failure,
	.jobs.lock = PTHREAD_MUTEX_INITIALIZER,
};

static int ch2_entry(char *conffile)
{
	return chg_handler_start(&ch2, conffile);
}

void fd_ext_fini(void)
{
	chg_handler_stop(&ch2);
}

EXTENSION_ENTRY("ch2_online", ch2_entry, "dict_charging");

/* SPDX-License-Identifier: BSD-3-Clause
 * CH-1: Accounting-Request in, Accounting-Answer out.
 */
#include "stack/handler.h"

/* Hidden visibility is for everything else: these freeDiameter looks up by name. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
__attribute__((visibility("default"))) void fd_ext_fini(void);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

static enum chg_rc ch1_read(struct chg_handled *job, enum chg_strictness strictness,
	struct chg_reading *reading, struct chg_fault *reterr_fault)
{
	job->job.kind = CHG_JOB_ACR;
	return chg_wire_read_acr(
		job->content, strictness, &reading->scratch, &reading->acr, reterr_fault);
}

static enum chg_rc ch1_write(struct chg_handled *job, struct chg_out *out)
{
	return chg_wire_write_aca(&job->echo, &job->handler->identity, &job->job.aca, out);
}

/* J-07: without memory the record cannot be stored for now; another server may have room. */
static enum chg_rc ch1_write_failure(const struct chg_handler *handler, struct chg_view content,
	enum chg_rc rc, struct chg_out *out)
{
	struct chg_aca aca = { .result_code = rc == CHG_E_NO_MEMORY ? CHG_ANSWER_OUT_OF_SPACE
								    : CHG_ANSWER_TOO_BUSY };
	struct chg_echo echo;
	enum chg_rc read = chg_echo_read(content, &echo);
	return read != CHG_OK ? read : chg_wire_write_aca(&echo, &handler->identity, &aca, out);
}

static struct chg_handler ch1 = {
	.name = "ch1_offline",
	.command = 271,
	.application = CHG_APPLICATION_ACCOUNTING,
	.is_accounting = true,
	.read = ch1_read,
	.write = ch1_write,
	.write_failure = ch1_write_failure,
	.jobs.lock = PTHREAD_MUTEX_INITIALIZER,
};

static int ch1_entry(char *conffile)
{
	return chg_handler_start(&ch1, conffile);
}

void fd_ext_fini(void)
{
	chg_handler_stop(&ch1);
}

EXTENSION_ENTRY("ch1_offline", ch1_entry, "dict_charging");

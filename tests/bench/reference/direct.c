/* SPDX-License-Identifier: BSD-3-Clause
 * direct.fdx: every request is answered at once and nothing is stored, on the way that requests take
 * in our own daemon (decision 0021): what is left of the node when it decides and keeps nothing.
 *
 * A handler of the stack that refuses each request, so that it is answered where it was read; and
 * whose refusal says success.
 */
#include "stack/handler.h"

/* freeDiameter looks these up by name; all else is hidden. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
__attribute__((visibility("default"))) void fd_ext_fini(void);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

enum { SUCCESS = 2001 };

static enum chg_rc refuse(struct chg_handled *job, enum chg_strictness strictness,
	struct chg_reading *reading, struct chg_fault *reterr_fault)
{
	(void)job, (void)strictness, (void)reading, (void)reterr_fault;
	return CHG_E_BUSY;
}

/* Nothing comes back from the engine, since nothing is given to it. */
static enum chg_rc write_nothing(struct chg_handled *job, struct chg_out *out)
{
	(void)job, (void)out;
	return CHG_E_UNKNOWN;
}

static enum chg_rc write_success(const struct chg_handler *handler, struct chg_view content,
	enum chg_rc rc, struct chg_out *out)
{
	(void)rc;
	struct chg_fault success = { .result_code = SUCCESS };
	return chg_wire_write_fault(content, &handler->identity, &success, out);
}

static struct chg_handler handlers[] = {
	{ .name = "direct",
		.command = 271,
		.application = 3,
		.is_accounting = true,
		.read = refuse,
		.write = write_nothing,
		.write_failure = write_success,
		.jobs.lock = PTHREAD_MUTEX_INITIALIZER },
	{ .name = "direct",
		.command = 272,
		.application = 4,
		.read = refuse,
		.write = write_nothing,
		.write_failure = write_success,
		.jobs.lock = PTHREAD_MUTEX_INITIALIZER },
};

static int direct_entry(char *conffile)
{
	int error = chg_handler_start(&handlers[0], conffile);
	return error != 0 ? error : chg_handler_start(&handlers[1], conffile);
}

void fd_ext_fini(void)
{
	chg_handler_stop(&handlers[1]);
	chg_handler_stop(&handlers[0]);
}

EXTENSION_ENTRY("direct", direct_entry, "dict_charging");

/* SPDX-License-Identifier: BSD-3-Clause
 * CH-1: Accounting-Request in, Accounting-Answer out.
 *
 * A callback of freeDiameter that returns an error stops the library's thread and with it the
 * process, so every path ends in an answer or in a job that will send one, and returns 0.
 */
#include <assert.h>
#include <freeDiameter/extension.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "app/engine.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "stack/stack.h"
#include "wire/message.h"

/* Hidden visibility is for everything else: these freeDiameter looks up by name. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
__attribute__((visibility("default"))) void fd_ext_fini(void);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

/* One request on its way: from the callback through the engine to its answer. */
struct ch1_job {
	struct chg_job job; /* first, so that the engine's pointer is ours */
	struct msg *request;
	struct chg_view content;
	struct chg_scratch scratch;
	struct ch1_job *next_free;
};

static struct {
	struct chg_runtime *runtime;
	struct disp_hdl *handle;
	struct chg_identity identity;
	pthread_mutex_t lock; /* guards free_jobs */
	struct ch1_job *free_jobs;
} ch1 = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Jobs are made as the load asks for them and kept; the engine's queue bounds their number. */
static struct ch1_job *ch1_job_take(void)
{
	pthread_mutex_lock(&ch1.lock);
	struct ch1_job *job = ch1.free_jobs;
	if (job != NULL)
		ch1.free_jobs = job->next_free;
	pthread_mutex_unlock(&ch1.lock);
	return job != NULL ? job : calloc(1, sizeof *job);
}

static void ch1_job_give_back(struct ch1_job *job)
{
	job->request = NULL;
	pthread_mutex_lock(&ch1.lock);
	job->next_free = ch1.free_jobs;
	ch1.free_jobs = job;
	pthread_mutex_unlock(&ch1.lock);
}

static void ch1_free_jobs(void)
{
	while (ch1.free_jobs != NULL) {
		struct ch1_job *job = ch1.free_jobs;
		ch1.free_jobs = job->next_free;
		chg_scratch_release(&job->scratch);
		free(job);
	}
}

/* An answer repeats parts of its request, some of them twice at most, and adds less than this. */
static struct chg_out ch1_answer_room(struct chg_view content)
{
	size_t size = 2 * content.len + CHG_ANSWER_MAX - CHG_MESSAGE_MAX;
	uint8_t *bytes = malloc(size);
	return chg_out_of(bytes, bytes == NULL ? 0 : size);
}

static void ch1_send(struct msg *request, struct chg_out *out, enum chg_rc written)
{
	if (written == CHG_OK) {
		chg_stack_answer(request, out->bytes, out->len);
		return;
	}
	free(out->bytes); /* no memory: the client will send again */
	chg_stack_drop(request);
}

static void ch1_answer(struct msg *request, struct chg_view content, const struct chg_aca *aca)
{
	struct chg_out out = ch1_answer_room(content);
	ch1_send(request, &out, chg_wire_write_aca(content, &ch1.identity, aca, &out));
}

static void ch1_refuse(struct msg *request, struct chg_view content, const struct chg_fault *fault)
{
	struct chg_meters meters = chg_runtime_meters(ch1.runtime);
	meters.add(meters.self, CHG_METER_REQUESTS_MALFORMED, 1);
	meters.add(meters.self, CHG_METER_ANSWER_PERMANENT, 1);
	struct chg_out out = ch1_answer_room(content);
	enum chg_rc rc = chg_wire_write_fault(content, &ch1.identity, fault, &out);
	if (rc == CHG_OK && out.len > CHG_MESSAGE_MAX) {
		/* No peer takes so long a message: better without the offender than no answer. */
		struct chg_fault shorter = *fault;
		shorter.failed_count = 0;
		out = chg_out_of(out.bytes, out.size);
		rc = chg_wire_write_fault(content, &ch1.identity, &shorter, &out);
	}
	ch1_send(request, &out, rc);
}

/* After the commit, on the engine's thread. */
static void ch1_done(struct chg_job *done)
{
	struct ch1_job *job = (struct ch1_job *)done;
	ch1_answer(job->request, job->content, &job->job.aca);
	ch1_job_give_back(job);
}

/* The strictness that the operator has set for the host that the request says it is from. */
static enum chg_strictness ch1_strictness(struct msg *request)
{
	DiamId_t source = NULL;
	size_t len = 0;
	const struct chg_config_list *strict = &chg_runtime_config(ch1.runtime)->peer_strict;
	if (strict->count == 0 || fd_msg_source_get(request, &source, &len) != 0 || source == NULL)
		return CHG_LENIENT;
	bool is_strict = chg_config_list_names(strict, (struct chg_view){ source, len });
	return is_strict ? CHG_STRICT : CHG_LENIENT;
}

/* Takes the request. */
static void ch1_submit(struct ch1_job *job, struct msg *request, struct chg_view content)
{
	job->request = request;
	job->content = content;
	job->job.magic = CHG_JOB_MAGIC;
	job->job.kind = CHG_JOB_ACR;
	job->job.done = ch1_done;
	job->job.is_duplicate = false;
	if (chg_engine_submit(chg_runtime_engine(ch1.runtime), &job->job) == CHG_OK)
		return;
	struct chg_meters meters = chg_runtime_meters(ch1.runtime);
	meters.add(meters.self, CHG_METER_ANSWER_TRANSIENT, 1);
	ch1_answer(request, content, &(struct chg_aca){ .result_code = CHG_ANSWER_TOO_BUSY });
	ch1_job_give_back(job);
}

/* Takes the request: decoded and given to the engine, or answered at once. */
static void ch1_take_acr(struct msg *request, struct chg_view content)
{
	struct chg_fault fault = { 0 };
	struct ch1_job *job = ch1_job_take();
	if (job == NULL) {
		ch1_answer(request, content,
			&(struct chg_aca){ .result_code = CHG_ANSWER_OUT_OF_SPACE });
		return;
	}
	enum chg_rc rc = chg_wire_read_acr(
		content, ch1_strictness(request), &job->scratch, &job->job.acr, &fault);
	if (rc == CHG_OK) {
		ch1_submit(job, request, content);
		return;
	}
	ch1_job_give_back(job);
	if (rc == CHG_E_SYNTAX)
		ch1_refuse(request, content, &fault);
	else
		ch1_answer(request, content,
			&(struct chg_aca){ .result_code = CHG_ANSWER_OUT_OF_SPACE });
}

/* Runs on one of the library's dispatch threads, which may be cancelled while it shuts down. */
static int ch1_on_acr(struct msg **msg, struct avp *avp, struct session *session, void *opaque,
	enum disp_action *action)
{
	(void)avp, (void)session, (void)opaque;
	struct msg_hdr *header;
	if (fd_msg_hdr(*msg, &header) != 0 || (header->msg_flags & CMD_FLAG_REQUEST) == 0)
		return 0;
	if (header->msg_appl != 3)
		return 0; /* nobody handles it: the library answers COMMAND_UNSUPPORTED (N-014) */

	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	struct msg *request = *msg;
	*msg = NULL; /* ours from here */
	*action = DISP_ACT_CONT;
	struct chg_view content = chg_stack_content(request);
	if (chg_view_present(content))
		ch1_take_acr(request, content);
	else
		chg_stack_drop(request); /* its connection is long gone */
	pthread_setcancelstate(before, NULL);
	return 0;
}

static void ch1_log_to_library(void *self, enum chg_log_level level, const char *line)
{
	(void)self;
	static const int levels[] = {
		[CHG_LOG_DEBUG] = FD_LOG_DEBUG,
		[CHG_LOG_INFO] = FD_LOG_DEBUG,
		[CHG_LOG_NOTICE] = FD_LOG_NOTICE,
		[CHG_LOG_WARNING] = FD_LOG_ERROR,
		[CHG_LOG_ERROR] = FD_LOG_ERROR,
	};
	fd_log(levels[level], "%s", line);
}

static int ch1_register(void)
{
	struct dict_object *application = NULL, *command = NULL;
	struct disp_when when = { 0 };
	uint32_t accounting = 3;
	command_code_t acr = 271;
	int error = fd_dict_search(fd_g_config->cnf_dict, DICT_APPLICATION, APPLICATION_BY_ID,
		&accounting, &application, ENOENT);
	if (error == 0)
		error = fd_dict_search(
			fd_g_config->cnf_dict, DICT_COMMAND, CMD_BY_CODE_R, &acr, &command, ENOENT);
	if (error != 0)
		return error;
	when.command = command;
	error = fd_disp_register(ch1_on_acr, DISP_HOW_CC, &when, NULL, &ch1.handle);
	if (error == 0)
		error = fd_disp_app_support(application, NULL, 0, 1);
	return error;
}

static int ch1_entry(char *conffile)
{
	char why[CHG_RUNTIME_WHY_MAX] = "";
	struct chg_log log = { .write = ch1_log_to_library };
	if (conffile == NULL || conffile[0] == '\0') {
		fd_log(FD_LOG_ERROR,
			"ch1_offline: no configuration; write "
			"LoadExtension = \"ch1_offline.fdx\" : \"/path/to/charging.yaml\";");
		return EINVAL;
	}
	if (chg_runtime_acquire(conffile, log, &ch1.runtime, why, sizeof why) != CHG_OK) {
		fd_log(FD_LOG_ERROR, "ch1_offline: %s", why);
		return EINVAL;
	}
	ch1.identity = (struct chg_identity){
		.origin_host = { fd_g_config->cnf_diamid, fd_g_config->cnf_diamid_len },
		.origin_realm = { fd_g_config->cnf_diamrlm, fd_g_config->cnf_diamrlm_len },
		.origin_state_id = chg_runtime_state_id(ch1.runtime),
	};
	if (chg_stack_start(ch1.runtime, why, sizeof why) != CHG_OK) {
		fd_log(FD_LOG_ERROR, "ch1_offline: %s", why);
		chg_runtime_release(ch1.runtime);
		return EINVAL;
	}
	int error = ch1_register();
	if (error != 0) {
		fd_log(FD_LOG_ERROR, "ch1_offline: freeDiameter refused the handler of ACR: %s",
			strerror(error));
		chg_stack_stop();
		chg_runtime_release(ch1.runtime);
	}
	return error;
}

/*
 * Peers and queues are gone already: what is still in the engine is committed, and its answers go
 * nowhere; the clients will send again.
 */
void fd_ext_fini(void)
{
	if (ch1.handle != NULL)
		fd_disp_unregister(&ch1.handle, NULL);
	chg_stack_stop();
	chg_runtime_release(ch1.runtime);
	ch1.runtime = NULL;
	ch1_free_jobs();
}

EXTENSION_ENTRY("ch1_offline", ch1_entry, "dict_charging");

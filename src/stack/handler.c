/* SPDX-License-Identifier: BSD-3-Clause
 * From the library's callback through the engine to the answer.
 */
#include "stack/handler.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "app/engine.h"
#include "core/wrap.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "stack/stack.h"

enum {
	/* Memory of a job comes in pieces of so many octets. */
	BLOCK_PIECE = 512,
	/* More than this is given back after use. */
	BLOCK_KEPT = 4096,
};

/* ---- Memory of a job ---------------------------------------------------------------------------- */

/* Room for so many octets, what was there is gone; NULL: no memory. */
static uint8_t *block_room(struct chg_block *block, size_t size)
{
	if (size <= block->size)
		return block->bytes;
	free(block->bytes);
	size += (BLOCK_PIECE - size % BLOCK_PIECE) % BLOCK_PIECE;
	block->bytes = malloc(size);
	block->size = block->bytes == NULL ? 0 : size;
	return block->bytes;
}

static void block_release(struct chg_block *block)
{
	free(block->bytes);
	*block = (struct chg_block){ 0 };
}

static void block_clear(struct chg_block *block)
{
	if (block->size > BLOCK_KEPT)
		block_release(block);
}

/* ---- Jobs: made as the load asks for them; the engine's queue bounds their number --------------- */

static struct chg_handled *job_of(struct chg_spare *spare)
{
	return (struct chg_handled *)(void *)((char *)spare - offsetof(struct chg_handled, spare));
}

static struct chg_handled *take_job(struct chg_handler *handler)
{
	struct chg_spare *spare = chg_pool_take(&handler->jobs);
	struct chg_handled *job =
		spare != NULL ? job_of(spare) : calloc(1, sizeof(struct chg_handled));
	if (job != NULL)
		job->handler = handler;
	return job;
}

static size_t free_job(struct chg_spare *spare)
{
	struct chg_handled *job = job_of(spare);
	size_t octets = sizeof *job + job->copy.size + job->wrapped.size;
	block_release(&job->copy);
	block_release(&job->wrapped);
	free(job);
	return octets;
}

/* The job keeps nothing of its request. */
static void clear(struct chg_handled *job)
{
	job->asker = (struct chg_asker){ 0 };
	block_clear(&job->copy);
	block_clear(&job->wrapped);
}

static void give_back(struct chg_handled *job)
{
	clear(job);
	chg_pool_put(&job->handler->jobs, &job->spare, &job->spare, 1);
}

/* The engine's thread: jobs are given back together when the turn is done. */
static void give_back_later(struct chg_handled *job)
{
	struct chg_handler *handler = job->handler;
	clear(job);
	job->spare.next = handler->finished;
	if (handler->finished == NULL)
		handler->finished_last = &job->spare;
	handler->finished = &job->spare;
	handler->finished_count++;
}

static void turn_done(void *self)
{
	struct chg_handler *handler = self;
	if (handler->finished != NULL)
		chg_pool_put(&handler->jobs, handler->finished, handler->finished_last,
			handler->finished_count);
	handler->finished = NULL;
	handler->finished_count = 0;
}

/* The keeper's thread. */
static size_t shrink(void *self)
{
	struct chg_handler *handler = self;
	return chg_pool_shrink(&handler->jobs, free_job);
}

/* ---- Requests being read ------------------------------------------------------------------------ */

static void free_reading(struct chg_reading *reading)
{
	if (reading == NULL)
		return;
	chg_scratch_release(&reading->scratch);
	free(reading);
}

static struct chg_reading *take_reading(struct chg_handler *handler)
{
	for (size_t i = 0; i < CHG_READINGS_KEPT; i++) {
		struct chg_reading *reading = atomic_exchange(&handler->readings[i], NULL);
		if (reading != NULL)
			return reading;
	}
	return calloc(1, sizeof(struct chg_reading));
}

static void give_reading_back(struct chg_handler *handler, struct chg_reading *reading)
{
	for (size_t i = 0; i < CHG_READINGS_KEPT; i++) {
		struct chg_reading *none = NULL;
		if (atomic_compare_exchange_strong(&handler->readings[i], &none, reading))
			return;
	}
	free_reading(reading);
}

static void free_memory(struct chg_handler *handler)
{
	turn_done(handler);
	chg_pool_empty(&handler->jobs, free_job);
	for (size_t i = 0; i < CHG_READINGS_KEPT; i++)
		free_reading(atomic_exchange(&handler->readings[i], NULL));
	free_reading(handler->opened);
	handler->opened = NULL;
}

/* ---- Answers ------------------------------------------------------------------------------------ */

/*
 * An answer repeats parts of its request, some of them twice at most, and adds less than this; what
 * was kept is sent as it is.
 */
static size_t answer_size(struct chg_view content, struct chg_view kept)
{
	return 2 * content.len + kept.len + CHG_ANSWER_MAX - CHG_MESSAGE_MAX;
}

/* Room for an answer; every one ends with end_answer, and nothing but writing stands between. */
static struct chg_out begin_answer(
	struct chg_asker asker, struct chg_view content, struct chg_view kept)
{
	size_t size = answer_size(content, kept);
	if (asker.direct != NULL)
		return direct_begin(asker.direct, size);
	uint8_t *bytes = malloc(size);
	return chg_out_of(bytes, bytes == NULL ? 0 : size);
}

static void end_answer(struct chg_asker asker, struct chg_out *out, enum chg_rc written)
{
	if (asker.direct != NULL) {
		direct_end(asker.direct, out, written);
	} else if (written == CHG_OK) {
		chg_stack_answer(asker.request, out->bytes, out->len);
	} else {
		free(out->bytes); /* no memory: the client will send again */
		chg_stack_drop(asker.request);
	}
}

static void meter_add(const struct chg_handler *handler, enum chg_meter meter)
{
	struct chg_meters meters = chg_runtime_meters(handler->runtime);
	meters.add(meters.self, meter, 1);
}

static void answer_failure(const struct chg_handler *handler, struct chg_asker asker,
	struct chg_view content, enum chg_rc rc)
{
	meter_add(handler, CHG_METER_ANSWER_TRANSIENT);
	struct chg_out out = begin_answer(asker, content, (struct chg_view){ 0 });
	end_answer(asker, &out, handler->write_failure(handler, content, rc, &out));
}

static void answer_fault(const struct chg_handler *handler, struct chg_asker asker,
	struct chg_view content, const struct chg_fault *fault)
{
	meter_add(handler, CHG_METER_REQUESTS_MALFORMED);
	meter_add(handler, CHG_METER_ANSWER_PERMANENT);
	struct chg_out out = begin_answer(asker, content, (struct chg_view){ 0 });
	enum chg_rc rc = chg_wire_write_fault(content, &handler->identity, fault, &out);
	if (rc == CHG_OK && out.len > CHG_MESSAGE_MAX) {
		/* No peer takes so long a message: better without the offender than no answer. */
		struct chg_fault shorter = *fault;
		shorter.failed_count = 0;
		out = chg_out_of(out.bytes, out.size);
		rc = chg_wire_write_fault(content, &handler->identity, &shorter, &out);
	}
	end_answer(asker, &out, rc);
}

/* After the commit, on the engine's thread. */
static void done(struct chg_job *finished)
{
	struct chg_handled *job = (struct chg_handled *)finished;
	struct chg_asker asker = job->asker;
	struct chg_out out = begin_answer(asker, job->content, job->job.kept);
	end_answer(asker, &out, job->handler->write(job, &out));
	give_back_later(job);
	if (asker.direct != NULL)
		direct_finish(asker.direct);
}

/* ---- Requests ----------------------------------------------------------------------------------- */

/* The strictness that the operator has set for the host that the request says it is from. */
static enum chg_strictness strictness_of(const struct chg_handler *handler, struct chg_asker asker)
{
	DiamId_t source = NULL;
	size_t len = 0;
	if (asker.direct != NULL)
		return direct_strictness(asker.direct);
	const struct chg_config_list *strict = &chg_runtime_config(handler->runtime)->peer_strict;
	if (strict->count == 0 || fd_msg_source_get(asker.request, &source, &len) != 0 ||
		source == NULL)
		return CHG_LENIENT;
	bool is_strict = chg_config_list_names(strict, (struct chg_view){ source, len });
	return is_strict ? CHG_STRICT : CHG_LENIENT;
}

/* The engine's thread: the request in full, until the next one is. */
static void open_job(struct chg_job *asked)
{
	struct chg_handled *job = (struct chg_handled *)asked;
	struct chg_reading *opened = job->handler->opened;
	if (asked->kind == CHG_JOB_CCR) {
		chg_ccr_unwrap(job->wrapped.bytes, &opened->ccr);
		asked->ccr = &opened->ccr;
	} else {
		chg_acr_unwrap(job->wrapped.bytes, &opened->acr);
		asked->acr = &opened->acr;
	}
}

/* What was read is the job's own from here on.  False: no memory. */
static bool wrap(struct chg_handled *job, const struct chg_reading *reading)
{
	bool is_ccr = job->job.kind == CHG_JOB_CCR;
	size_t size = is_ccr ? chg_ccr_wrapped_size(&reading->ccr, job->content)
			     : chg_acr_wrapped_size(&reading->acr, job->content);
	uint8_t *room = block_room(&job->wrapped, size);
	if (room == NULL)
		return false;
	if (is_ccr)
		chg_ccr_wrap(&reading->ccr, job->content, room);
	else
		chg_acr_wrap(&reading->acr, job->content, room);
	return true;
}

static enum chg_rc submit(struct chg_handled *job, const struct chg_reading *reading)
{
	if (!wrap(job, reading))
		return CHG_E_NO_MEMORY;
	job->job.magic = CHG_JOB_MAGIC;
	job->job.acr = &reading->acr;
	job->job.ccr = &reading->ccr;
	job->job.open = open_job;
	job->job.done = done;
	job->job.is_duplicate = false;
	job->job.kept = (struct chg_view){ 0 }; /* what it once was is freed long ago */
	return chg_engine_submit(chg_runtime_engine(job->handler->runtime), &job->job);
}

/* The octets are the job's own from here on.  False: no memory. */
static bool copy_content(struct chg_handled *job, struct chg_view content)
{
	uint8_t *room = block_room(&job->copy, content.len);
	if (room == NULL)
		return false;
	memcpy(room, content.ptr, content.len);
	job->content = (struct chg_view){ (const char *)room, content.len };
	return true;
}

/* A job for the request; NULL: no memory. */
static struct chg_handled *make_job(
	struct chg_handler *handler, struct chg_asker asker, struct chg_view content)
{
	struct chg_handled *job = take_job(handler);
	if (job == NULL)
		return NULL;
	job->asker = asker;
	job->content = content;
	if (asker.direct == NULL || copy_content(job, content))
		return job;
	give_back(job);
	return NULL;
}

/* Decodes the request and gives it to the engine; what is wrong with it goes to reterr_fault. */
static enum chg_rc read_and_submit(
	struct chg_handled *job, struct chg_asker asker, struct chg_fault *reterr_fault)
{
	struct chg_handler *handler = job->handler;
	struct chg_reading *reading = take_reading(handler);
	if (reading == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = handler->read(job, strictness_of(handler, asker), reading, reterr_fault);
	if (rc == CHG_OK)
		rc = chg_echo_read(job->content, &job->echo);
	if (rc == CHG_OK)
		rc = submit(job, reading);
	give_reading_back(handler, reading);
	return rc;
}

/* Decodes the request and gives it to the engine, or answers it at once: false. */
static bool take_request(
	struct chg_handler *handler, struct chg_asker asker, struct chg_view content)
{
	struct chg_fault fault = { 0 };
	struct chg_handled *job = make_job(handler, asker, content);
	if (job == NULL) {
		answer_failure(handler, asker, content, CHG_E_NO_MEMORY);
		return false;
	}
	enum chg_rc rc = read_and_submit(job, asker, &fault);
	if (rc == CHG_OK)
		return true; /* the engine's, perhaps finished already */
	if (rc == CHG_E_SYNTAX)
		answer_fault(handler, asker, job->content, &fault);
	else
		answer_failure(handler, asker, job->content, rc);
	give_back(job);
	return false;
}

/* On the receiver thread of a connection, past the library. */
static void take_direct(void *self, struct direct *direct, struct chg_view content)
{
	struct chg_asker asker = { .direct = direct };
	if (!take_request(self, asker, content))
		direct_refused(direct);
}

/* Runs on one of the library's dispatch threads, which may be cancelled while it shuts down. */
static int on_request(struct msg **msg, struct avp *avp, struct session *session, void *opaque,
	enum disp_action *action)
{
	(void)avp, (void)session;
	struct chg_handler *handler = opaque;
	struct msg_hdr *header;
	if (fd_msg_hdr(*msg, &header) != 0 || (header->msg_flags & CMD_FLAG_REQUEST) == 0)
		return 0;
	if (header->msg_appl != handler->application)
		return 0; /* nobody handles it: the library answers COMMAND_UNSUPPORTED (N-014) */

	int before;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	struct msg *request = *msg;
	*msg = NULL; /* ours from here */
	*action = DISP_ACT_CONT;
	struct chg_view content = chg_stack_content(request);
	if (chg_view_present(content))
		take_request(handler, (struct chg_asker){ .request = request }, content);
	else
		chg_stack_drop(request); /* its connection is long gone */
	pthread_setcancelstate(before, NULL);
	return 0;
}

/* ---- Start and stop ----------------------------------------------------------------------------- */

static void log_to_library(void *self, enum chg_log_level level, const char *line)
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

static int register_with_library(struct chg_handler *handler)
{
	struct dict_object *application = NULL, *command = NULL;
	struct disp_when when = { 0 };
	command_code_t code = handler->command;
	int error = fd_dict_search(fd_g_config->cnf_dict, DICT_APPLICATION, APPLICATION_BY_ID,
		&handler->application, &application, ENOENT);
	if (error == 0)
		error = fd_dict_search(fd_g_config->cnf_dict, DICT_COMMAND, CMD_BY_CODE_R, &code,
			&command, ENOENT);
	if (error != 0)
		return error;
	when.command = command;
	error = fd_disp_register(on_request, DISP_HOW_CC, &when, handler, &handler->handle);
	if (error == 0)
		error = fd_disp_app_support(application, NULL, handler->is_accounting ? 0 : 1,
			handler->is_accounting ? 1 : 0);
	if (error != 0)
		return error;
	handler->taker = (struct direct_taker){ .command = handler->command,
		.application = handler->application,
		.take = take_direct,
		.turn_done = turn_done,
		.shrink = shrink,
		.self = handler };
	return direct_add_taker(&handler->taker) ? 0 : ENOSPC;
}

static void set_identity(struct chg_handler *handler)
{
	handler->identity = (struct chg_identity){
		.origin_host = { fd_g_config->cnf_diamid, fd_g_config->cnf_diamid_len },
		.origin_realm = { fd_g_config->cnf_diamrlm, fd_g_config->cnf_diamrlm_len },
		.origin_state_id = chg_runtime_state_id(handler->runtime),
	};
}

static void release_runtime(struct chg_handler *handler)
{
	chg_runtime_release(handler->runtime);
	handler->runtime = NULL;
}

int chg_handler_start(struct chg_handler *handler, const char *conffile)
{
	char why[CHG_RUNTIME_WHY_MAX] = "";
	struct chg_log log = { .write = log_to_library };
	if (conffile == NULL || conffile[0] == '\0') {
		fd_log(FD_LOG_ERROR,
			"%s: no configuration; write "
			"LoadExtension = \"%s.fdx\" : \"/path/to/charging.yaml\";",
			handler->name, handler->name);
		return EINVAL;
	}
	if (chg_runtime_acquire(conffile, log, &handler->runtime, why, sizeof why) != CHG_OK) {
		fd_log(FD_LOG_ERROR, "%s: %s", handler->name, why);
		return EINVAL;
	}
	set_identity(handler);
	handler->opened = calloc(1, sizeof *handler->opened);
	if (handler->opened == NULL) {
		fd_log(FD_LOG_ERROR, "%s: no memory", handler->name);
		release_runtime(handler);
		return ENOMEM;
	}
	if (chg_stack_start(handler->runtime, why, sizeof why) != CHG_OK) {
		fd_log(FD_LOG_ERROR, "%s: %s", handler->name, why);
		release_runtime(handler);
		return EINVAL;
	}
	int error = register_with_library(handler);
	if (error != 0) {
		fd_log(FD_LOG_ERROR, "%s: freeDiameter refused the handler of command %u: %s",
			handler->name, handler->command, strerror(error));
		chg_stack_stop();
		release_runtime(handler);
	}
	return error;
}

/*
 * Peers and queues are gone already: what is still in the engine is committed, and its answers go
 * nowhere; the clients will send again.  The library unloads an extension at once, whose jobs must
 * therefore be finished, though others of the process still hold the runtime.
 */
void chg_handler_stop(struct chg_handler *handler)
{
	direct_remove_taker(&handler->taker);
	if (handler->handle != NULL)
		fd_disp_unregister(&handler->handle, NULL);
	if (handler->runtime == NULL)
		return;
	chg_stack_stop();
	chg_runtime_drain(handler->runtime);
	release_runtime(handler);
	free_memory(handler);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * IM servers, a network and a node, all driven by one seed.
 */
#include "sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/memory/memory_store.h"
#include "support/seed.h"

#define S(n) ((n)*CHG_US_PER_S)

const char *const sim_host[SIM_PEERS] = { "im1.example.net", "im2.example.net", "im3.example.net" };
const char *const sim_session_id[SIM_SESSIONS] = { "a;1", "b;1", "c;1", "d;1", "e;1" };

void sim_fail(const struct sim_world *world, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "chg_sim: ");
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nagain: chg_sim --seed %llu --until %u\n",
		(unsigned long long)world->first_seed, world->step);
	exit(1);
}

/* ---- The node -------------------------------------------------------------------------------- */

static void discard_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self, (void)level, (void)line;
}

static void discard_count(void *self, enum chg_meter meter, uint64_t amount)
{
	(void)self, (void)meter, (void)amount;
}

static void start_node(struct sim_world *world)
{
	enum chg_rc rc = chg_engine_create(&world->config, &world->store,
		fake_clock_port(&world->clock), (struct chg_log){ .write = discard_line },
		(struct chg_meters){ .add = discard_count, .set = discard_count }, &world->engine);
	if (rc != CHG_OK)
		sim_fail(world, "the engine could not be made");
	world->is_dying = false;
}

/* What was not committed is gone, and so are all answers that had not left. */
static void crash(struct sim_world *world)
{
	world->is_dying = true;
	world->faulty.rc = CHG_E_STORE;
	for (int call = 0; call < FAULTY_CALL_COUNT; call++)
		world->faulty.is_failing[call] = true;
	chg_engine_free(world->engine);
	for (int call = 0; call < FAULTY_CALL_COUNT; call++)
		world->faulty.is_failing[call] = false;
	start_node(world);
}

static bool is_same_answer(const struct chg_aca *a, const struct chg_aca *b)
{
	return a->result_code == b->result_code &&
	       a->interim_interval_s.is_present == b->interim_interval_s.is_present &&
	       a->interim_interval_s.value == b->interim_interval_s.value;
}

static void note_recorded(
	struct sim_world *world, struct sim_request *request, const struct sim_copy *copy)
{
	const struct chg_job *job = &copy->job;
	if (job->is_duplicate != request->is_recorded)
		sim_fail(world, "request %u: said to be %s", copy->request,
			job->is_duplicate ? "known and is not" : "new and is known");
	if (request->has_answer && !is_same_answer(&request->answer, &job->aca))
		sim_fail(world, "request %u: another answer to its repetition", copy->request);
	request->has_answer = true;
	request->answer = job->aca;
	if (request->is_recorded)
		return;
	request->is_recorded = true;
	request->recorded_with_t = job->acr->is_retransmission;
	world->order[world->order_count++] = copy->request;
}

static void post_answer(struct sim_world *world, uint32_t request, uint32_t result_code)
{
	if (world->is_dying || world->answer_count == SIM_COPIES_MAX)
		return; /* lost */
	world->answer[world->answer_count++] = (struct sim_answer){ request, result_code };
}

static void on_done(struct chg_job *job)
{
	struct sim_copy *copy = (struct sim_copy *)job;
	struct sim_world *world = copy->world;
	copy->is_used = copy->is_taken = false;
	if (job->kind != CHG_JOB_ACR)
		return;
	bool is_success = job->aca.result_code == CHG_ANSWER_SUCCESS;
	if (is_success != (job->rc == CHG_OK))
		sim_fail(world, "request %u: the answer does not fit its outcome", copy->request);
	if (is_success)
		note_recorded(world, &world->request[copy->request], copy);
	post_answer(world, copy->request, job->aca.result_code);
}

/* ---- The network ------------------------------------------------------------------------------ */

static struct sim_copy *free_copy(struct sim_world *world)
{
	for (uint32_t i = 0; i < SIM_COPIES_MAX; i++)
		if (!world->copy[i].is_used)
			return &world->copy[i];
	return NULL;
}

/* Any copy that is under way; NULL when there is none. */
static struct sim_copy *any_copy(struct sim_world *world)
{
	uint32_t from = seed_below(&world->seed, SIM_COPIES_MAX);
	for (uint32_t i = 0; i < SIM_COPIES_MAX; i++) {
		struct sim_copy *copy = &world->copy[(from + i) % SIM_COPIES_MAX];
		if (copy->is_used && !copy->is_taken)
			return copy;
	}
	return NULL;
}

static bool is_under_way(const struct sim_world *world, uint32_t request)
{
	for (uint32_t i = 0; i < SIM_COPIES_MAX; i++)
		if (world->copy[i].is_used && world->copy[i].request == request)
			return true;
	return false;
}

static struct chg_acr acr_of(const struct sim_world *world, uint32_t index)
{
	const struct sim_request *request = &world->request[index];
	struct chg_acr acr = {
		.is_retransmission = request->was_sent,
		.origin_host = chg_view_of(sim_host[request->peer]),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(sim_session_id[request->session]),
		.type = request->type,
		.number = request->number,
		.sub_session_id = request->sub_session_id,
		.event_time = { true, request->event_time },
		.origin_state_id = { true, world->origin_state_id[request->peer] },
		.messages_sent = { true, request->messages_sent },
		.content = chg_view_of(request->content),
	};
	memcpy(acr.digest.bytes, &index, sizeof index);
	return acr;
}

static struct sim_copy *put_copy(struct sim_world *world, uint32_t request)
{
	struct sim_copy *copy = free_copy(world);
	if (copy == NULL)
		return NULL;
	*copy = (struct sim_copy){ .world = world, .is_used = true, .request = request };
	copy->job.magic = CHG_JOB_MAGIC;
	copy->job.kind = CHG_JOB_ACR;
	copy->job.done = on_done;
	copy->job.acr = &copy->acr;
	copy->acr = acr_of(world, request);
	return copy;
}

static void send_request(struct sim_world *world, uint32_t request)
{
	if (put_copy(world, request) != NULL)
		world->request[request].was_sent = true;
}

static void deliver(struct sim_world *world)
{
	struct sim_copy *copy = any_copy(world);
	if (copy == NULL)
		return;
	if (chg_engine_submit(world->engine, &copy->job) == CHG_OK) {
		copy->is_taken = true;
		return;
	}
	copy->is_used = false;
	post_answer(world, copy->request, CHG_ANSWER_TOO_BUSY);
}

static void lose_copy(struct sim_world *world)
{
	struct sim_copy *copy = any_copy(world);
	if (copy != NULL)
		copy->is_used = false;
}

static void repeat_copy(struct sim_world *world)
{
	const struct sim_copy *copy = any_copy(world);
	if (copy == NULL)
		return;
	struct sim_copy *again = put_copy(world, copy->request);
	if (again != NULL) /* with and without T, and either may come first */
		again->acr.is_retransmission = seed_one_in(&world->seed, 2);
}

static struct sim_answer take_answer(struct sim_world *world)
{
	uint32_t i = seed_below(&world->seed, world->answer_count);
	struct sim_answer answer = world->answer[i];
	world->answer[i] = world->answer[--world->answer_count];
	return answer;
}

static void deliver_answer(struct sim_world *world)
{
	if (world->answer_count == 0)
		return;
	struct sim_answer answer = take_answer(world);
	struct sim_request *request = &world->request[answer.request];
	if (answer.result_code == CHG_ANSWER_SUCCESS)
		request->is_answered = true;
	else if (answer.result_code >= 5000)
		request->was_sent = false; /* a client would delete it; these ask again */
	else
		request->was_sent = false; /* no T after an answer that refused */
}

static void lose_answer(struct sim_world *world)
{
	if (world->answer_count > 0)
		take_answer(world);
}

/* ---- The clients ------------------------------------------------------------------------------- */

static enum chg_record_type next_type(struct sim_world *world, struct sim_session *session)
{
	if (seed_one_in(&world->seed, 5))
		return CHG_RECORD_EVENT;
	if (!session->has_started && !seed_one_in(&world->seed, 10)) {
		session->has_started = true;
		return CHG_RECORD_START;
	}
	if (seed_one_in(&world->seed, 4)) {
		session->has_started = false;
		return CHG_RECORD_STOP;
	}
	return CHG_RECORD_INTERIM;
}

static void make_request(struct sim_world *world)
{
	if (world->request_count == SIM_REQUESTS_MAX)
		return;
	uint32_t index = world->request_count++;
	uint32_t peer = seed_below(&world->seed, SIM_PEERS);
	uint32_t which = seed_below(&world->seed, SIM_SESSIONS);
	struct sim_session *session = &world->session[peer][which];
	struct sim_request *request = &world->request[index];
	*request = (struct sim_request){
		.peer = peer,
		.session = which,
		.type = next_type(world, session),
		.number = session->next_number++,
		.messages_sent = ++session->messages_sent,
		.event_time = world->clock.now.wall,
	};
	if (which == 0) /* one session of each peer has sub-sessions */
		request->sub_session_id =
			(chg_opt_u64){ !seed_one_in(&world->seed, 4), seed_below(&world->seed, 2) };
	if (seed_one_in(&world->seed, 10))
		session->next_number++; /* a gap for ever */
	snprintf(request->content, sizeof request->content, "{\"id\":%u}", index);
	send_request(world, index);
}

/* The same number with other content, as a client does that corrects itself.  J-18 */
static void correct_request(struct sim_world *world)
{
	if (world->request_count == 0 || world->request_count == SIM_REQUESTS_MAX)
		return;
	const struct sim_request *old =
		&world->request[seed_below(&world->seed, world->request_count)];
	uint32_t index = world->request_count++;
	struct sim_request *request = &world->request[index];
	*request = (struct sim_request){
		.peer = old->peer,
		.session = old->session,
		.sub_session_id = old->sub_session_id,
		.type = old->type,
		.number = old->number,
		.messages_sent = old->messages_sent + 1000,
		.event_time = old->event_time,
	};
	snprintf(request->content, sizeof request->content, "{\"id\":%u}", index);
	send_request(world, index);
}

/* A client's timer ran out: what nobody answered goes again. */
static void time_out(struct sim_world *world)
{
	uint32_t from =
		world->request_count == 0 ? 0 : seed_below(&world->seed, world->request_count);
	for (uint32_t i = 0; i < world->request_count; i++) {
		uint32_t index = (from + i) % world->request_count;
		if (world->request[index].is_answered || is_under_way(world, index))
			continue;
		send_request(world, index);
		return;
	}
}

static void restart_peer(struct sim_world *world)
{
	uint32_t peer = seed_below(&world->seed, SIM_PEERS);
	world->origin_state_id[peer]++;
	struct sim_copy *copy = free_copy(world);
	if (copy == NULL || seed_one_in(&world->seed, 2))
		return; /* its next request tells */
	put_copy(world, 0);
	copy->job.kind = CHG_JOB_HOST_STATE;
	copy->acr.origin_host = chg_view_of(sim_host[peer]);
	copy->acr.origin_state_id = (chg_opt_u32){ true, world->origin_state_id[peer] };
	if (chg_engine_submit(world->engine, &copy->job) == CHG_OK)
		copy->is_taken = true;
	else
		copy->is_used = false;
}

/* ---- Steps ---------------------------------------------------------------------------------------- */

static void turn(struct sim_world *world)
{
	static const enum chg_rc troubles[] = { CHG_E_STORE_FULL, CHG_E_STORE_BUSY, CHG_E_STORE,
		CHG_E_STORE_CORRUPT };
	bool crashes = seed_one_in(&world->seed, 20);
	if (seed_one_in(&world->seed, 5))
		faulty_store_fail_at(&world->faulty, 1 + seed_below(&world->seed, 20),
			troubles[seed_below(&world->seed, 4)]);
	world->is_dying = crashes;
	chg_engine_turn(world->engine);
	faulty_store_fail_at(&world->faulty, 0, CHG_OK);
	if (crashes) /* committed perhaps, but not answered */
		crash(world);
}

static void pass_time(struct sim_world *world)
{
	int64_t us = seed_below(&world->seed, S(30));
	if (seed_one_in(&world->seed, 20))
		us = S(INT64_C(600) + seed_below(&world->seed, 7200));
	fake_clock_pass(&world->clock, us);
	if (seed_one_in(&world->seed, 30))
		fake_clock_step_wall(
			&world->clock, S((int64_t)seed_below(&world->seed, 200000) - 100000));
}

void sim_world_step(struct sim_world *world)
{
	world->step++;
	uint32_t dice = seed_below(&world->seed, 100);
	if (dice < 20)
		make_request(world);
	else if (dice < 22)
		correct_request(world);
	else if (dice < 45)
		deliver(world);
	else if (dice < 49)
		lose_copy(world);
	else if (dice < 55)
		repeat_copy(world);
	else if (dice < 70)
		turn(world);
	else if (dice < 84)
		deliver_answer(world);
	else if (dice < 87)
		lose_answer(world);
	else if (dice < 93)
		time_out(world);
	else if (dice < 97)
		pass_time(world);
	else if (dice < 99)
		restart_peer(world);
	else
		crash(world);
}

void sim_world_settle(struct sim_world *world)
{
	for (uint32_t rounds = 0; rounds < 10000; rounds++) {
		bool is_waiting = false;
		for (uint32_t i = 0; i < world->request_count; i++)
			is_waiting |= !world->request[i].is_answered;
		if (!is_waiting)
			return;
		world->step++;
		time_out(world);
		deliver(world);
		chg_engine_turn(world->engine);
		while (world->answer_count > 0)
			deliver_answer(world);
	}
	sim_fail(world, "clients still wait for their answers");
}

void sim_world_begin(struct sim_world *world, uint64_t seed)
{
	struct chg_store inner;
	*world = (struct sim_world){ .seed = seed, .first_seed = seed };
	world->clock = fake_clock_start();
	world->config = (struct chg_engine_config){
		.queue_max = 1 + seed_below(&world->seed, 20),
		.batch_max = 1 + seed_below(&world->seed, 10),
		.offline.session_idle = chg_span_s(600),
		.offline.interim_interval_s = seed_one_in(&world->seed, 2) ? 120 : 0,
	};
	for (uint32_t i = 0; i < SIM_PEERS; i++)
		world->origin_state_id[i] = 1;
	if (chg_memory_store_open(&inner) != CHG_OK)
		sim_fail(world, "no memory");
	world->store = faulty_store_wrap(&world->faulty, inner);
	start_node(world);
}

void sim_world_end(struct sim_world *world)
{
	chg_engine_free(world->engine);
	world->store.ops->close(world->store.self);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * IM servers, a network, an operator and a node, all driven by one seed.
 */
#include "sim/cc_world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/cc_auditor.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "support/seed.h"

#define S(n) ((n)*CHG_US_PER_S)

static const char *const host[CC_PEERS] = { "im1.example.net", "im2.example.net",
	"im3.example.net" };
const char *const cc_account[CC_ACCOUNTS] = { "alice", "bob", "carol" };

static const enum chg_unit unit_of[CC_SERVICES] = { CHG_UNIT_MESSAGES, CHG_UNIT_SECONDS };

void cc_fail(const struct cc_world *world, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "chg_sim_online: ");
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nagain: chg_sim_online%s%s --seed %llu --until %u\n",
		world->path == NULL ? "" : " --file ", world->path == NULL ? "" : world->path,
		(unsigned long long)world->first_seed, world->step);
	exit(1);
}

int64_t cc_worth(const struct cc_amount *amount)
{
	if (!amount->is_present)
		return 0;
	return (int64_t)amount->number * (amount->is_money ? 1 : CC_PRICE);
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

static const struct chg_tariff *tariff_at(void *self, chg_instant now)
{
	(void)now;
	return &((struct cc_world *)self)->tariff;
}

static void start_node(struct cc_world *world)
{
	enum chg_rc rc = chg_engine_create(&world->config, &world->store,
		fake_clock_port(&world->clock), (struct chg_log){ .write = discard_line },
		(struct chg_meters){ .add = discard_count, .set = discard_count }, &world->engine);
	if (rc != CHG_OK)
		cc_fail(world, "the engine could not be made");
	world->is_dying = false;
}

static void open_disk(struct cc_world *world, struct chg_store *ret)
{
	char why[CHG_SQLITE_WHY_MAX] = "no memory";
	enum chg_rc rc = world->path == NULL
				 ? chg_memory_store_open(ret)
				 : chg_sqlite_store_open(world->path, CHG_SQLITE_READ_WRITE_CREATE,
					   ret, why, sizeof why);
	if (rc != CHG_OK)
		cc_fail(world, "no disk: %s", why);
}

static void clear_disk(const struct cc_world *world)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal", ".lock" };
	for (size_t i = 0; world->path != NULL && i < sizeof ends / sizeof ends[0]; i++) {
		char name[256];
		snprintf(name, sizeof name, "%s%s", world->path, ends[i]);
		unlink(name);
	}
}

/* What was not committed is gone, and so are all answers that had not left. */
static void crash(struct cc_world *world)
{
	world->is_dying = true;
	world->faulty.rc = CHG_E_STORE;
	for (int call = 0; call < FAULTY_CALL_COUNT; call++)
		world->faulty.is_failing[call] = true;
	chg_engine_free(world->engine);
	for (int call = 0; call < FAULTY_CALL_COUNT; call++)
		world->faulty.is_failing[call] = false;
	if (world->path != NULL) { /* memory outlives the node; a file is opened anew */
		world->store.ops->close(world->store.self);
		open_disk(world, &world->faulty.inner);
	}
	start_node(world);
}

/* ---- The network ------------------------------------------------------------------------------ */

static struct cc_copy *free_copy(struct cc_world *world)
{
	for (uint32_t i = 0; i < CC_COPIES_MAX; i++)
		if (!world->copy[i].is_used)
			return &world->copy[i];
	return NULL;
}

/* Any request that is under way; NULL when there is none. */
static struct cc_copy *any_copy(struct cc_world *world)
{
	uint32_t from = seed_below(&world->seed, CC_COPIES_MAX);
	for (uint32_t i = 0; i < CC_COPIES_MAX; i++) {
		struct cc_copy *copy = &world->copy[(from + i) % CC_COPIES_MAX];
		if (copy->is_used && !copy->is_taken)
			return copy;
	}
	return NULL;
}

static bool is_under_way(const struct cc_world *world, uint32_t request)
{
	for (uint32_t i = 0; i < CC_COPIES_MAX; i++)
		if (world->copy[i].is_used && world->copy[i].job.kind == CHG_JOB_CCR &&
			world->copy[i].request == request)
			return true;
	return false;
}

static void post_answer(struct cc_world *world, const struct cc_copy *copy)
{
	if (world->is_dying || world->answer_count == CC_COPIES_MAX)
		return; /* lost */
	world->answer[world->answer_count++] = (struct cc_answer){
		.request = copy->request,
		.is_kept = copy->job.rc == CHG_OK,
		.is_duplicate = copy->job.is_duplicate,
		.cca = copy->cca,
	};
}

static void on_done(struct chg_job *job)
{
	struct cc_copy *copy = (struct cc_copy *)job;
	struct cc_world *world = copy->world;
	copy->is_used = copy->is_taken = false;
	if (job->rc != CHG_OK)
		copy->cca = (struct chg_cca){ .result_code = job->code };
	if (job->kind == CHG_JOB_CCR) {
		if (job->rc == CHG_OK)
			cc_audit_note(world, copy);
		post_answer(world, copy);
	} else if (job->kind == CHG_JOB_CALL) {
		if (job->rc == CHG_OK)
			world->paid_in[copy->account] += copy->amount;
	} else if (job->rc == CHG_OK) {
		cc_audit_host_state(world, copy->request, job->acr->origin_state_id.value,
			job->kind == CHG_JOB_HOST_STATE);
	}
}

/* The whole answer as a text, so that another one cannot look the same. */
static size_t write_answer(struct chg_job *job, const struct chg_cca *cca, uint8_t *to, size_t size)
{
	chg_cca_copy(&((struct cc_copy *)job)->cca, cca);
	int len = snprintf(
		(char *)to, size, "%u %lld", cca->result_code, (long long)cca->cost.micros);
	for (size_t i = 0; i < cca->service_count; i++) {
		const struct chg_service_reply *reply = &cca->service[i];
		len += snprintf((char *)to + len, size - (size_t)len, " %u:%llu:%llu:%lld:%d:%s",
			reply->result_code,
			(unsigned long long)reply->granted.of[CHG_UNIT_MESSAGES].value,
			(unsigned long long)reply->granted.of[CHG_UNIT_SECONDS].value,
			(long long)reply->granted.money.micros, reply->is_final, reply->refund);
	}
	assert((size_t)len < CC_ANSWER_MAX);
	return (size_t)len;
}

static void fill_units(struct chg_units *units, const struct cc_amount *amount, uint32_t service)
{
	*units = (struct chg_units){ .is_present = amount->is_present };
	if (!amount->is_present)
		return;
	if (amount->is_money) {
		units->has_money = true;
		units->money.micros = (int64_t)amount->number;
	} else {
		units->of[unit_of[service]] = (chg_opt_u64){ true, amount->number };
	}
}

static void fill_service(
	struct chg_service_ask *ask, const struct cc_request *request, uint32_t service)
{
	*ask = (struct chg_service_ask){ .rating_group = { true, service + 1 } };
	fill_units(&ask->requested, &request->asked[service], service);
	if (request->used[service].is_present)
		fill_units(&ask->used[ask->used_count++].units, &request->used[service], service);
	if (request->refund[0] != '\0')
		ask->refund_information = chg_view_of(request->refund);
}

static void fill_identity(struct chg_identity_ask *identity, const char *name)
{
	identity->type = CHG_IDENTITY_PRIVATE;
	identity->text = chg_view_of(name);
	enum chg_rc rc = chg_identity_key(identity->type, identity->text, &identity->key);
	assert(rc == CHG_OK);
	(void)rc;
}

static void fill_ccr(struct cc_world *world, struct cc_copy *copy)
{
	static const enum chg_record_type record[] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_STOP, CHG_RECORD_EVENT };
	const struct cc_request *request = &world->request[copy->request];
	const struct cc_client *client = &world->client[request->client];
	struct chg_ccr *ccr = &copy->ccr;
	ccr->data = (struct chg_acr){
		.is_retransmission = request->was_sent,
		.origin_host = chg_view_of(host[client->peer]),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(client->session_id),
		.service_context_id = CHG_VIEW("im@example.net"),
		.type = record[request->type - 1],
		.number = request->number,
		.origin_state_id = { true, world->origin_state_id[client->peer] },
		.content = CHG_VIEW("{}"),
	};
	memcpy(ccr->data.digest.bytes, &copy->request, sizeof copy->request);
	ccr->type = request->type;
	ccr->action = (chg_opt_u32){ request->type == CHG_CC_EVENT, request->action };
	ccr->is_multiple = true;
	ccr->identity_count = 1;
	fill_identity(&ccr->identity[0], cc_account[client->account]);
	ccr->service_count = request->service_count;
	for (uint32_t i = 0; i < request->service_count; i++)
		fill_service(&ccr->service[i], request, request->first_service + i);
}

static struct cc_copy *put_copy(struct cc_world *world, enum chg_job_kind kind)
{
	struct cc_copy *copy = free_copy(world);
	if (copy == NULL)
		return NULL;
	copy->is_used = true;
	copy->is_taken = false;
	copy->world = world;
	copy->cca = (struct chg_cca){ 0 };
	copy->job = (struct chg_job){ .magic = CHG_JOB_MAGIC,
		.kind = kind,
		.acr = &copy->acr,
		.ccr = &copy->ccr,
		.write_answer = write_answer,
		.done = on_done };
	return copy;
}

static struct cc_copy *put_request(struct cc_world *world, uint32_t request)
{
	struct cc_copy *copy = put_copy(world, CHG_JOB_CCR);
	if (copy == NULL)
		return NULL;
	copy->request = request;
	fill_ccr(world, copy);
	return copy;
}

static void send_request(struct cc_world *world, uint32_t request)
{
	if (put_request(world, request) != NULL)
		world->request[request].was_sent = true;
}

static void deliver(struct cc_world *world)
{
	struct cc_copy *copy = any_copy(world);
	if (copy == NULL)
		return;
	if (chg_engine_submit(world->engine, &copy->job) == CHG_OK)
		copy->is_taken = true;
	else
		copy->is_used = false; /* refused: as good as lost */
}

static void lose_copy(struct cc_world *world)
{
	struct cc_copy *copy = any_copy(world);
	if (copy != NULL)
		copy->is_used = false;
}

static void repeat_copy(struct cc_world *world)
{
	const struct cc_copy *copy = any_copy(world);
	if (copy == NULL || copy->job.kind != CHG_JOB_CCR)
		return;
	struct cc_copy *again = put_request(world, copy->request);
	if (again != NULL) /* with and without T, and either may come first */
		again->ccr.data.is_retransmission = seed_one_in(&world->seed, 2);
}

/* ---- The clients ------------------------------------------------------------------------------- */

static struct cc_amount granted_of(const struct chg_service_reply *reply, uint32_t service)
{
	const struct chg_units *units = &reply->granted;
	if (!units->is_present)
		return (struct cc_amount){ 0 };
	if (units->has_money)
		return (struct cc_amount){ true, true, (uint64_t)units->money.micros };
	return (struct cc_amount){ true, false, units->of[unit_of[service]].value };
}

/* What an answer tells its client; that of a repetition it has no words for here, so it goes on. */
static void hear(struct cc_world *world, const struct cc_answer *answer)
{
	struct cc_request *request = &world->request[answer->request];
	struct cc_client *client = &world->client[request->client];
	if (request->is_answered)
		return;
	if (!answer->is_kept) {
		request->was_sent = false; /* no T after an answer that refused */
		return;
	}
	request->is_answered = true;
	if (client->waits_for == answer->request + 1)
		client->waits_for = 0;
	if (request->type == CHG_CC_TERMINATION || client->kind == CC_EVENT)
		client->is_over = true;
	if (answer->is_duplicate)
		return;
	for (uint32_t i = 0; i < answer->cca.service_count; i++) {
		const struct chg_service_reply *reply = &answer->cca.service[i];
		client->granted[request->first_service + i] =
			granted_of(reply, request->first_service + i);
		if (reply->refund_len > 0)
			snprintf(world->handle, sizeof world->handle, "%.*s",
				(int)reply->refund_len, reply->refund);
	}
	if (answer->cca.result_code != CHG_CC_SUCCESS && seed_one_in(&world->seed, 2))
		client->is_over = true; /* others send a TERMINATION all the same */
}

static struct cc_answer *take_answer(struct cc_world *world)
{
	static struct cc_answer answer;
	uint32_t i = seed_below(&world->seed, world->answer_count);
	answer = world->answer[i];
	world->answer[i] = world->answer[--world->answer_count];
	return &answer;
}

static void deliver_answer(struct cc_world *world)
{
	if (world->answer_count > 0)
		hear(world, take_answer(world));
}

static void lose_answer(struct cc_world *world)
{
	if (world->answer_count > 0)
		take_answer(world);
}

/* What is asked for; nothing at all every now and then. */
static struct cc_amount ask_for(struct cc_world *world)
{
	uint64_t *seed = &world->seed;
	struct cc_amount amount = { .is_present = !seed_one_in(seed, 8) };
	amount.is_money = seed_one_in(seed, 10);
	amount.number = 1 + seed_below(seed, amount.is_money ? 200 : 20);
	return amount;
}

/* What was used of a grant: some of it, all, and sometimes more. */
static struct cc_amount use_of(struct cc_world *world, const struct cc_amount *granted)
{
	uint64_t *seed = &world->seed;
	struct cc_amount amount = *granted;
	if (!granted->is_present) {
		amount = (struct cc_amount){ .is_present = seed_one_in(seed, 6) };
		amount.number = seed_below(seed, 4);
		return amount;
	}
	if (seed_one_in(seed, 6))
		amount.number += seed_below(seed, 5); /* more than it had */
	else if (seed_one_in(seed, 2))
		amount.number = seed_below(seed, (uint32_t)amount.number + 1);
	return amount;
}

static struct cc_request *new_request(
	struct cc_world *world, uint32_t client, enum chg_cc_type type)
{
	struct cc_request *request = &world->request[world->request_count++];
	*request = (struct cc_request){
		.client = client, .type = type, .number = world->client[client].next_number++
	};
	request->first_service = seed_below(&world->seed, CC_SERVICES);
	request->service_count = 1 + seed_below(&world->seed, CC_SERVICES - request->first_service);
	return request;
}

static void begin_session(struct cc_world *world, uint32_t index)
{
	struct cc_request *request = new_request(world, index, CHG_CC_INITIAL);
	world->client[index].has_begun = true;
	for (uint32_t i = 0; i < CC_SERVICES; i++)
		request->asked[i] = ask_for(world);
	if (seed_one_in(&world->seed, 20)) /* a client's bug */
		request->used[request->first_service] = (struct cc_amount){ true, false, 1 };
}

static void go_on(struct cc_world *world, uint32_t index)
{
	struct cc_client *client = &world->client[index];
	bool is_last = client->kind == CC_ECUR || seed_one_in(&world->seed, 6);
	struct cc_request *request =
		new_request(world, index, is_last ? CHG_CC_TERMINATION : CHG_CC_UPDATE);
	if (is_last) {
		request->first_service = 0;
		request->service_count = CC_SERVICES;
	}
	for (uint32_t i = request->first_service;
		i < request->first_service + request->service_count; i++) {
		request->used[i] = use_of(world, &client->granted[i]);
		client->granted[i] = (struct cc_amount){ 0 }; /* reported once */
		if (!is_last)
			request->asked[i] = ask_for(world);
	}
}

static void make_event(struct cc_world *world, uint32_t index)
{
	struct cc_request *request = new_request(world, index, CHG_CC_EVENT);
	static const enum chg_cc_action actions[] = { CHG_ACTION_DIRECT_DEBITING,
		CHG_ACTION_DIRECT_DEBITING, CHG_ACTION_DIRECT_DEBITING, CHG_ACTION_REFUND_ACCOUNT,
		CHG_ACTION_CHECK_BALANCE, CHG_ACTION_PRICE_ENQUIRY };
	request->action = actions[seed_below(&world->seed, 6)];
	for (uint32_t i = 0; i < CC_SERVICES; i++)
		request->asked[i] = ask_for(world);
	if (request->action == CHG_ACTION_REFUND_ACCOUNT && world->handle[0] != '\0') {
		snprintf(request->refund, sizeof request->refund, "%s", world->handle);
		request->service_count = 1;
	}
}

static uint32_t new_client(struct cc_world *world)
{
	uint64_t *seed = &world->seed;
	uint32_t index = world->client_count++;
	struct cc_client *client = &world->client[index];
	*client = (struct cc_client){
		.kind = seed_one_in(seed, 2) ? CC_SCUR : (enum cc_kind)seed_below(seed, 3),
		.peer = seed_below(seed, CC_PEERS),
		.account = seed_below(seed, CC_ACCOUNTS),
		.next_number = seed_below(seed, 3)
	};
	snprintf(client->session_id, sizeof client->session_id, "%s;%u", "s", index);
	return index;
}

/* Whether a client does something next; some do before they have heard of what they did before. */
static bool will_act(struct cc_world *world, const struct cc_client *client)
{
	bool is_impatient = client->kind == CC_SCUR && seed_one_in(&world->seed, 8);
	return !client->is_over && (client->waits_for == 0 || is_impatient);
}

/* A new client every now and then, else one of those that there are. */
static bool choose_client(struct cc_world *world, uint32_t *ret)
{
	if (world->client_count < CC_CLIENTS_MAX && seed_one_in(&world->seed, 4)) {
		*ret = new_client(world);
		return true;
	}
	for (uint32_t tries = 0; tries < 8 && world->client_count > 0; tries++) {
		*ret = seed_below(&world->seed, world->client_count);
		if (will_act(world, &world->client[*ret]))
			return true;
	}
	return false;
}

static void act(struct cc_world *world)
{
	uint32_t index, request = world->request_count;
	if (request == CC_REQUESTS_MAX || !choose_client(world, &index))
		return;
	struct cc_client *client = &world->client[index];
	if (client->kind == CC_EVENT)
		make_event(world, index);
	else if (!client->has_begun)
		begin_session(world, index);
	else
		go_on(world, index);
	client->waits_for = request + 1;
	send_request(world, request);
}

/* A client's timer ran out: what nobody answered goes again. */
static void time_out(struct cc_world *world)
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

/* An ACR, or a connection, that tells a peer's state; its request is the peer. */
static void tell_state(struct cc_world *world, uint32_t peer, enum chg_job_kind kind)
{
	struct cc_copy *copy = put_copy(world, kind);
	if (copy == NULL)
		return;
	static const char *const session[CC_PEERS] = { "acr;1", "acr;2", "acr;3" };
	copy->request = peer;
	copy->acr = (struct chg_acr){ .origin_host = chg_view_of(host[peer]),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(session[peer]),
		.type = CHG_RECORD_EVENT,
		.number = world->step,
		.origin_state_id = { true, world->origin_state_id[peer] },
		.content = CHG_VIEW("{}") };
	memcpy(copy->acr.digest.bytes, &world->step, sizeof world->step);
}

static void restart_peer(struct cc_world *world)
{
	uint32_t peer = seed_below(&world->seed, CC_PEERS);
	world->origin_state_id[peer]++;
	if (seed_one_in(&world->seed, 2)) /* else its next request tells */
		tell_state(world, peer, CHG_JOB_HOST_STATE);
}

/* ---- The operator ----------------------------------------------------------------------------------- */

static const struct chg_audit operator= { { "operator", 8 }, { "why not", 7 } };

static enum chg_rc pay_in(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	const struct cc_copy *copy = (const struct cc_copy *)job;
	struct chg_posting_new posting = { .account = chg_view_of(cc_account[copy->account]),
		.kind = CHG_POSTING_TOPUP,
		.amount = copy->amount };
	int64_t posting_id;
	return store->books->post(store->self, now, &operator, & posting, &posting_id);
}

static enum chg_rc set_status(struct chg_job *job, struct chg_store *store, struct chg_now now)
{
	const struct cc_copy *copy = (const struct cc_copy *)job;
	return store->books->account_set_status(store->self, now, &operator,
		chg_view_of(cc_account[copy->account]),
		copy->request == 0 ? CHG_ACCOUNT_BLOCKED : CHG_ACCOUNT_ACTIVE);
}

static void operate(struct cc_world *world)
{
	struct cc_copy *copy = put_copy(world, CHG_JOB_CALL);
	if (copy == NULL)
		return;
	bool is_payment = !seed_one_in(&world->seed, 4);
	copy->account = seed_below(&world->seed, CC_ACCOUNTS);
	copy->amount = is_payment ? 1 + seed_below(&world->seed, 400) : 0;
	copy->request = seed_below(&world->seed, 5); /* 0 blocks */
	copy->job.call = is_payment ? pay_in : set_status;
}

/* ---- Steps ---------------------------------------------------------------------------------------- */

static void turn(struct cc_world *world)
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

static void pass_time(struct cc_world *world)
{
	int64_t us = seed_below(&world->seed, S(10));
	if (seed_one_in(&world->seed, 20))
		us = S(INT64_C(300) + seed_below(&world->seed, 900));
	fake_clock_pass(&world->clock, us);
	if (seed_one_in(&world->seed, 30))
		fake_clock_step_wall(
			&world->clock, S((int64_t)seed_below(&world->seed, 200000) - 100000));
}

void cc_world_step(struct cc_world *world)
{
	world->step++;
	uint32_t dice = seed_below(&world->seed, 100);
	if (dice < 24)
		act(world);
	else if (dice < 46)
		deliver(world);
	else if (dice < 49)
		lose_copy(world);
	else if (dice < 55)
		repeat_copy(world);
	else if (dice < 68)
		turn(world);
	else if (dice < 82)
		deliver_answer(world);
	else if (dice < 85)
		lose_answer(world);
	else if (dice < 90)
		time_out(world);
	else if (dice < 93)
		pass_time(world);
	else if (dice < 96)
		operate(world);
	else if (dice < 97)
		tell_state(world, seed_below(&world->seed, CC_PEERS), CHG_JOB_ACR);
	else if (dice < 98)
		crash(world);
	else if (seed_one_in(&world->seed, 6))
		restart_peer(world);
	else
		turn(world);
}

void cc_world_settle(struct cc_world *world)
{
	for (uint32_t rounds = 0; rounds < 10000; rounds++) {
		bool is_waiting = any_copy(world) != NULL;
		for (uint32_t i = 0; i < world->request_count; i++)
			is_waiting |= !world->request[i].is_answered;
		if (!is_waiting)
			return;
		world->step++;
		time_out(world);
		deliver(world);
		chg_engine_turn(world->engine);
		/* At once: silence frees what a late report must then be seen to be without. */
		cc_audit_look(world);
		while (world->answer_count > 0)
			deliver_answer(world);
	}
	cc_fail(world, "clients still wait for their answers");
}

/* ---- Beginning and end ------------------------------------------------------------------------------ */

static struct chg_tariff_rule rule_of(uint32_t service)
{
	struct chg_tariff_rule rule = {
		.kind = CHG_TARIFF_FLAT,
		.unit = unit_of[service],
		.per = 1,
		.increment = 1,
		.band_count = 1,
		.band = { { .days = 0xff, .until_minute = 1440, .price = { CC_PRICE } } },
	};
	snprintf(rule.name, sizeof rule.name, "service-%u", service);
	rule.match.rating_group = (chg_opt_u32){ true, service + 1 };
	return rule;
}

static void add_bucket(struct cc_world *world, const struct chg_store *disk, uint32_t account,
	enum chg_bucket_kind kind, const char *name)
{
	struct chg_bucket bucket = { .kind = kind,
		.balance = seed_below(&world->seed, kind == CHG_BUCKET_MONEY ? 200 : 30),
		.priority = (int32_t)seed_below(&world->seed, 3) - 1 };
	snprintf(bucket.name, sizeof bucket.name, "%s", name);
	if (kind == CHG_BUCKET_MONEY)
		snprintf(bucket.service, sizeof bucket.service, "service-0");
	enum chg_rc rc = disk->books->bucket_add(
		disk->self, world->clock.now, &operator, chg_view_of(cc_account[account]), &bucket);
	if (rc != CHG_OK)
		cc_fail(world, "no bucket: %s", chg_rc_name(rc));
	world->paid_in[account] += bucket.balance * (kind == CHG_BUCKET_MONEY ? 1 : CC_PRICE);
}

static void add_account(struct cc_world *world, const struct chg_store *disk, uint32_t account)
{
	uint64_t *seed = &world->seed;
	int64_t account_id;
	struct chg_account_new new = { .name = chg_view_of(cc_account[account]),
		.opening = { seed_below(seed, 800) },
		.credit_limit = { account == 0 ? CC_LIMIT : 0 },
		.identity_count = 1 };
	fill_identity(&new.identity[0], cc_account[account]);
	enum chg_rc rc = disk->books->account_add(
		disk->self, world->clock.now, &operator, & new, &account_id);
	if (rc != CHG_OK)
		cc_fail(world, "no account: %s", chg_rc_name(rc));
	world->paid_in[account] += new.opening.micros;
	if (seed_one_in(seed, 2))
		add_bucket(world, disk, account, CHG_BUCKET_MESSAGES, "messages");
	if (seed_one_in(seed, 2))
		add_bucket(world, disk, account, CHG_BUCKET_SECONDS, "seconds");
	if (seed_one_in(seed, 2))
		add_bucket(world, disk, account, CHG_BUCKET_MONEY, "bonus");
}

void cc_world_begin(struct cc_world *world, const char *path, uint64_t seed)
{
	struct chg_store disk;
	memset(world, 0, sizeof *world);
	world->seed = world->first_seed = seed;
	world->path = path;
	world->clock = fake_clock_start();
	world->tariff.version = 1;
	world->tariff.rule_count = CC_SERVICES;
	for (uint32_t i = 0; i < CC_SERVICES; i++)
		world->tariff.rule[i] = rule_of(i);
	world->config = (struct chg_engine_config){
		.queue_max = 1 + seed_below(&world->seed, 20),
		.batch_max = 1 + seed_below(&world->seed, 10),
		.tariff_at = tariff_at,
		.tariff_self = world,
		.online = { .session_idle = chg_span_s(300),
			.tombstone = chg_span_s(600),
			.refund_max = { 50 } },
	};
	for (int i = 0; i < CHG_UNIT_COUNT; i++) {
		world->config.online.quantum[i] = 5;
		world->config.online.grant_max[i] = 15;
	}
	for (uint32_t i = 0; i < CC_PEERS; i++)
		world->origin_state_id[i] = 1;
	clear_disk(world);
	open_disk(world, &disk);
	if (disk.ops->begin(disk.self) != CHG_OK)
		cc_fail(world, "the disk takes nothing");
	for (uint32_t i = 0; i < CC_ACCOUNTS; i++)
		add_account(world, &disk, i);
	if (disk.ops->commit(disk.self) != CHG_OK)
		cc_fail(world, "no accounts");
	world->store = faulty_store_wrap(&world->faulty, disk);
	start_node(world);
}

void cc_world_end(struct cc_world *world)
{
	chg_engine_free(world->engine);
	world->store.ops->close(world->store.self);
	clear_disk(world);
}

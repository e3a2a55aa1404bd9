/* SPDX-License-Identifier: BSD-3-Clause
 * What was asked and answered, against what the books say.
 */
#include "sim/cc_auditor.h"

#include <stdio.h>
#include <stdlib.h>

#define TCC_US (300 * CHG_US_PER_S)

/* ---- What requests do ------------------------------------------------------------------------------ */

static void release(struct cc_client *client)
{
	for (uint32_t i = 0; i < CC_SERVICES; i++)
		client->held[i] = (struct cc_amount){ 0 };
}

static void end(struct cc_client *client)
{
	client->is_ended = true;
	release(client);
}

static bool is_open(const struct cc_client *client)
{
	return client->is_session && !client->is_ended;
}

void cc_audit_host_state(
	struct cc_world *world, uint32_t peer, uint32_t origin_state_id, bool is_connection)
{
	uint32_t *known = &world->host_state[peer];
	if (origin_state_id > *known || is_connection)
		for (uint32_t i = 0; i < world->client_count; i++)
			if (world->client[i].peer == peer && is_open(&world->client[i]) &&
				world->client[i].origin_state_id < origin_state_id)
				end(&world->client[i]);
	if (origin_state_id > *known)
		*known = origin_state_id;
}

static struct cc_amount granted_of(const struct chg_service_reply *reply)
{
	const struct chg_units *units = &reply->granted;
	struct cc_amount amount = { .is_present = units->is_present, .is_money = units->has_money };
	amount.number = units->has_money ? (uint64_t)units->money.micros
					 : units->of[CHG_UNIT_MESSAGES].value +
						   units->of[CHG_UNIT_SECONDS].value;
	return amount;
}

/* What was used beyond what a grant covered: money does not pay with a bundle's units. */
static int64_t beyond(const struct cc_amount *used, const struct cc_amount *held)
{
	int64_t worth = cc_worth(used), covered = cc_worth(held);
	if (used->is_money != held->is_money)
		return worth;
	return worth > covered ? worth - covered : 0;
}

static void note_used(struct cc_world *world, const struct cc_request *request)
{
	struct cc_client *client = &world->client[request->client];
	for (uint32_t i = 0; i < CC_SERVICES; i++) {
		if (i < request->first_service ||
			i >= request->first_service + request->service_count)
			continue;
		client->worth += cc_worth(&request->used[i]);
		world->beyond[client->account] += beyond(&request->used[i], &client->held[i]);
		client->held[i] = (struct cc_amount){ 0 };
	}
}

static void note_granted(
	struct cc_world *world, const struct cc_request *request, const struct cc_copy *copy)
{
	const struct chg_cca *cca = &copy->cca;
	struct cc_client *client = &world->client[request->client];
	client->origin_state_id = copy->ccr.data.origin_state_id.value;
	client->until = (chg_instant){ world->clock.now.steady.us + TCC_US };
	for (uint32_t i = 0; i < cca->service_count; i++) {
		struct cc_amount granted = granted_of(&cca->service[i]);
		const struct cc_amount *asked = &request->asked[request->first_service + i];
		if (granted.is_present &&
			(!asked->is_present || asked->is_money != granted.is_money ||
				granted.number > asked->number))
			cc_fail(world, "request %u was granted what it did not ask for",
				copy->request);
		client->held[request->first_service + i] = granted;
	}
}

static bool note_initial(
	struct cc_world *world, const struct cc_request *request, const struct cc_copy *copy)
{
	struct cc_client *client = &world->client[request->client];
	if (copy->cca.result_code != CHG_CC_SUCCESS)
		return false;
	if (client->is_session)
		cc_fail(world, "request %u began its session a second time", copy->request);
	client->is_session = true;
	note_used(world, request);
	note_granted(world, request, copy);
	return true;
}

static int64_t used_by(const struct cc_request *request)
{
	int64_t worth = 0;
	for (uint32_t i = 0; i < CC_SERVICES; i++)
		worth += cc_worth(&request->used[i]);
	return worth;
}

static bool note_report(
	struct cc_world *world, const struct cc_request *request, const struct cc_copy *copy)
{
	struct cc_client *client = &world->client[request->client];
	uint32_t code = copy->cca.result_code;
	bool was_open = is_open(client);
	if (code == CHG_CC_SUCCESS && !client->is_session)
		cc_fail(world, "request %u was answered well without a session", copy->request);
	note_used(world, request);
	if (was_open && code == CHG_CC_SUCCESS && request->type == CHG_CC_UPDATE)
		note_granted(world, request, copy);
	else if (was_open && code != CHG_CC_UNKNOWN_SESSION_ID)
		end(client);
	return code != CHG_CC_UNKNOWN_SESSION_ID || used_by(request) > 0;
}

static bool note_event(
	struct cc_world *world, const struct cc_request *request, const struct cc_copy *copy)
{
	const struct chg_cca *cca = &copy->cca;
	bool is_done = false;
	for (uint32_t i = 0; i < cca->service_count; i++) {
		const struct cc_amount *asked = &request->asked[request->first_service + i];
		struct cc_amount granted = granted_of(&cca->service[i]);
		if (!granted.is_present)
			continue;
		is_done = true;
		if (request->action == CHG_ACTION_DIRECT_DEBITING && asked->is_present &&
			cc_worth(asked) != cc_worth(&granted)) /* J-11 */
			cc_fail(world, "request %u was debited by halves", copy->request);
		world->client[request->client].worth += request->action == CHG_ACTION_REFUND_ACCOUNT
								? -cc_worth(&granted)
								: cc_worth(&granted);
	}
	if (is_done && request->action > CHG_ACTION_REFUND_ACCOUNT)
		cc_fail(world, "request %u only asked, and was given", copy->request);
	return is_done;
}

static void check_repetition(
	struct cc_world *world, const struct cc_request *request, const struct cc_copy *copy)
{
	const struct chg_view *kept = &copy->job.kept;
	if (kept->len != request->answer_len || memcmp(kept->ptr, request->answer, kept->len) != 0)
		cc_fail(world, "request %u was answered \"%.*s\" and then \"%.*s\"", copy->request,
			(int)request->answer_len, request->answer, (int)kept->len, kept->ptr);
}

void cc_audit_note(struct cc_world *world, const struct cc_copy *copy)
{
	struct cc_request *request = &world->request[copy->request];
	const struct cc_client *client = &world->client[request->client];
	const struct chg_view *kept = &copy->job.kept;
	cc_audit_host_state(world, client->peer, copy->ccr.data.origin_state_id.value, false);
	if (copy->job.is_duplicate) {
		check_repetition(world, request, copy);
		return;
	}
	if (request->is_executed)
		cc_fail(world, "request %u was executed twice", copy->request);
	if (kept->len == 0 || kept->len > sizeof request->answer)
		cc_fail(world, "request %u has no answer", copy->request);
	memcpy(request->answer, kept->ptr, kept->len);
	request->answer_len = kept->len;
	if (request->type == CHG_CC_EVENT)
		request->is_executed = note_event(world, request, copy);
	else if (request->type == CHG_CC_INITIAL)
		request->is_executed = note_initial(world, request, copy);
	else
		request->is_executed = note_report(world, request, copy);
}

/* ---- What the books say ------------------------------------------------------------------------------ */

enum { BUCKETS_MAX = 16 };

struct look {
	struct cc_world *world;
	int64_t charged[CC_CLIENTS_MAX]; /* worth that the ledger says */
	int64_t aside[CC_CLIENTS_MAX];   /* worth that waits for the operator */
	int64_t of_account[CC_ACCOUNTS];
	struct {
		char name[2 * CHG_BUCKET_NAME_MAX]; /* account and bucket */
		int64_t balance;
	} bucket[BUCKETS_MAX];
	size_t bucket_count;
	uint32_t open_records;
};

static int64_t worth_of(enum chg_bucket_kind kind, int64_t amount)
{
	return kind == CHG_BUCKET_MONEY ? amount : amount * CC_PRICE;
}

/* The client of a Session-Id; false for what is not of credit control. */
static bool find_client(const struct look *look, struct chg_view session_id, uint32_t *ret)
{
	char text[24];
	if (session_id.len < 3 || session_id.len >= sizeof text || session_id.ptr[0] != 's')
		return false;
	memcpy(text, session_id.ptr, session_id.len);
	text[session_id.len] = '\0';
	if (sscanf(text, "s;%u", ret) != 1 || *ret >= look->world->client_count)
		cc_fail(look->world, "a session of nobody: %s", text);
	return true;
}

static uint32_t find_account(const struct look *look, struct chg_view name)
{
	for (uint32_t i = 0; i < CC_ACCOUNTS; i++)
		if (chg_view_equal(name, chg_view_of(cc_account[i])))
			return i;
	cc_fail(look->world, "an account of nobody");
}

static int64_t *find_bucket(struct look *look, struct chg_view account, struct chg_view bucket)
{
	char name[2 * CHG_BUCKET_NAME_MAX];
	snprintf(name, sizeof name, "%.*s %.*s", (int)account.len, account.ptr, (int)bucket.len,
		bucket.ptr);
	for (size_t i = 0; i < look->bucket_count; i++)
		if (strcmp(look->bucket[i].name, name) == 0)
			return &look->bucket[i].balance;
	if (look->bucket_count == BUCKETS_MAX)
		cc_fail(look->world, "a bucket of nobody: %s", name);
	memcpy(look->bucket[look->bucket_count].name, name, sizeof name);
	return &look->bucket[look->bucket_count++].balance;
}

static bool look_at_line(void *to, const struct chg_ledger_line *line)
{
	struct look *look = to;
	uint32_t client;
	int64_t *balance = find_bucket(look, line->account, line->bucket);
	*balance += line->amount;
	if (*balance != line->balance_after)
		cc_fail(look->world, "posting %lld says a balance of %lld, its lines %lld",
			(long long)line->posting_id, (long long)line->balance_after,
			(long long)*balance);
	look->of_account[find_account(look, line->account)] += worth_of(line->unit, line->amount);
	if (find_client(look, line->session_id, &client))
		look->charged[client] -= worth_of(line->unit, line->amount);
	return true;
}

/* {"message":5,"second":3,"money":"0.00012"} */
static int64_t worth_of_text(const struct look *look, struct chg_view used)
{
	char text[128];
	int64_t worth = 0;
	const char *at;
	chg_money money;
	snprintf(text, sizeof text, "%.*s", (int)used.len, used.ptr);
	if ((at = strstr(text, "\"message\":")) != NULL)
		worth += CC_PRICE * strtoll(at + 10, NULL, 10);
	if ((at = strstr(text, "\"second\":")) != NULL)
		worth += CC_PRICE * strtoll(at + 9, NULL, 10);
	if ((at = strstr(text, "\"money\":\"")) != NULL) {
		struct chg_view digits = { at + 9, strcspn(at + 9, "\"") };
		if (chg_money_parse(digits, &money) != CHG_OK)
			cc_fail(look->world, "no money: %s", text);
		worth += money.micros;
	}
	return worth;
}

static bool look_at_suspense(void *to, const struct chg_suspense_line *line)
{
	struct look *look = to;
	uint32_t client;
	if (find_client(look, line->session_id, &client))
		look->aside[client] += worth_of_text(look, line->used);
	return true;
}

/* A session ends when it says so, when it was refused, by silence or with its peer; not otherwise. */
static bool look_at_record(void *to, const struct chg_cdr *cdr)
{
	struct look *look = to;
	uint32_t index;
	if (cdr->state.kind != CHG_CDR_SESSION || !find_client(look, cdr->session_id, &index))
		return true;
	struct cc_client *client = &look->world->client[index];
	look->open_records += cdr->state.status == CHG_CDR_OPEN;
	if (!client->is_session)
		cc_fail(look->world, "session %u has a record and never began", index);
	if (cdr->state.status == CHG_CDR_OPEN && client->is_ended)
		cc_fail(look->world, "session %u has ended and its record is open", index);
	if (cdr->state.status == CHG_CDR_CLOSED && !client->is_ended) {
		if (look->world->clock.now.steady.us < client->until.us)
			cc_fail(look->world, "session %u was ended by nothing", index);
		end(client);
	}
	return true;
}

static int64_t held_by_sessions(const struct cc_world *world, uint32_t account)
{
	int64_t worth = 0;
	for (uint32_t i = 0; i < world->client_count; i++)
		for (uint32_t k = 0; k < CC_SERVICES; k++)
			if (world->client[i].account == account)
				worth += cc_worth(&world->client[i].held[k]);
	return worth;
}

/* What came in, less what was charged to each session. */
static int64_t expected_of(const struct look *look, uint32_t account)
{
	const struct cc_world *world = look->world;
	int64_t worth = world->paid_in[account];
	for (uint32_t i = 0; i < world->client_count; i++)
		if (world->client[i].account == account)
			worth -= world->client[i].worth - look->aside[i];
	return worth;
}

static bool look_at_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	struct look *look = to;
	struct cc_world *world = look->world;
	(void)identity, (void)identity_count;
	uint32_t index = find_account(look, chg_view_of(account->name));
	int64_t worth = 0, reserved = 0;
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *bucket = &account->bucket[i];
		const int64_t *lines =
			find_bucket(look, chg_view_of(account->name), chg_view_of(bucket->name));
		int64_t floor =
			bucket->is_main ? -account->credit_limit.micros - world->beyond[index] : 0;
		if (bucket->balance != *lines)
			cc_fail(world, "%s %s has %lld, its lines %lld", account->name,
				bucket->name, (long long)bucket->balance, (long long)*lines);
		if (bucket->balance < floor)
			cc_fail(world, "%s %s has %lld, below %lld", account->name, bucket->name,
				(long long)bucket->balance, (long long)floor);
		worth += worth_of(bucket->kind, bucket->balance);
		reserved += worth_of(bucket->kind, bucket->reserved);
	}
	if (worth != expected_of(look, index))
		cc_fail(world, "%s is worth %lld, by what was asked and answered %lld",
			account->name, (long long)worth, (long long)expected_of(look, index));
	if (reserved != held_by_sessions(world, index))
		cc_fail(world, "%s holds %lld, its sessions were granted %lld", account->name,
			(long long)reserved, (long long)held_by_sessions(world, index));
	return true;
}

static bool no_broken_law(void *to, struct chg_view law, struct chg_view row)
{
	cc_fail(to, "the books: %.*s: %.*s", (int)law.len, law.ptr, (int)row.len, row.ptr);
}

static void check_clients(const struct look *look)
{
	for (uint32_t i = 0; i < look->world->client_count; i++)
		if (look->charged[i] + look->aside[i] != look->world->client[i].worth)
			cc_fail(look->world,
				"session %u used %lld, was charged %lld, and %lld wait", i,
				(long long)look->world->client[i].worth,
				(long long)look->charged[i], (long long)look->aside[i]);
}

static struct look look_now(struct cc_world *world)
{
	struct look look = { .world = world };
	const struct chg_store *disk = &world->faulty.inner;
	struct chg_cdr_filter records = { 0 };
	struct chg_ledger_filter lines = { .limit = 100000 };
	disk->ops->scan_cdrs(disk->self, &records, look_at_record, &look);
	disk->books->ledger_scan(disk->self, &lines, look_at_line, &look);
	disk->books->suspense_scan(disk->self, true, look_at_suspense, &look);
	disk->books->account_scan(disk->self, 0, 100, look_at_account, &look);
	check_clients(&look);
	if (world->looks++ % 16 == 0)
		disk->books->verify(disk->self, no_broken_law, world);
	return look;
}

void cc_audit_look(struct cc_world *world)
{
	uint64_t commits = world->faulty.counts[FAULTY_COMMIT];
	if (commits == world->commits)
		return; /* nothing can be other than it was */
	world->commits = commits;
	look_now(world);
}

void cc_audit_end(struct cc_world *world)
{
	const struct chg_store *disk = &world->faulty.inner;
	for (uint32_t i = 0; i < 4; i++) { /* silence ends all, and then all is forgotten */
		fake_clock_pass(&world->clock, 2 * TCC_US);
		chg_engine_turn(world->engine);
		look_now(world);
	}
	struct look look = look_now(world);
	if (look.open_records != 0)
		cc_fail(world, "%u sessions are open for ever", look.open_records);
	for (uint32_t i = 0; i < CC_ACCOUNTS; i++)
		if (held_by_sessions(world, i) != 0)
			cc_fail(world, "%s holds something for ever", cc_account[i]);
	disk->books->verify(disk->self, no_broken_law, world);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The stages of a request one after the other, without network and threads, for instructions.sh to
 * count.
 *
 *   stages KIND REQUESTS DATABASE TARIFF CHARGING.YAML
 *
 * KIND is event, session, debit or credit-session, with the octets that `chgplay bench` sends.
 * DATABASE, a file that is not there yet, gets a hundred accounts.  BATCH requests share a commit,
 * and BATCH sessions are open beside each other, as in a busy node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chgplay/template.h"
#include "core/accounting.h"
#include "core/credit.h"
#include "runtime/config.h"
#include "runtime/tariff_follow.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/message.h"

enum {
	BATCH = 64,
	ACCOUNTS = 100,
	DIGITS = 3, /* of an account's number; those below 100 are not used */
	EURO = 978,
	/* The answers to these requests are shorter. */
	ANSWER_ROOM = 4096,
};

/* Stages are functions of their own in the machine code as well: the counter goes by their names. */
#define STAGE static __attribute__((noipa)) enum chg_rc

/* A request and what becomes of it. */
struct request {
	uint8_t bytes[CHG_TEMPLATE_MAX];
	struct chg_view message;
	struct chg_echo echo;
	struct chg_scratch scratch;
	struct chg_acr acr;
	struct chg_ccr ccr;
	struct chg_aca aca;
	uint8_t body[ANSWER_ROOM];
	size_t body_len;
	uint8_t answer[ANSWER_ROOM];
};

struct stages {
	enum chg_step first;
	int steps;
	struct chg_store store;
	struct chg_config config;
	struct chg_acct_policy offline;
	struct chg_cc_policy online;
	struct chg_tariff_shelf *shelf;
	const struct chg_tariff *tariff;
	struct chg_now now;
	struct chg_template template[CHG_STEP_COUNT];
	struct chg_acct_facts acct_facts;
	struct chg_acct_plan acct_plan;
	struct chg_cc_facts cc_facts;
	struct chg_cc_plan cc_plan;
	struct request request[BATCH];
};

static const struct chg_identity identity = { CHG_VIEW("charging.example.net"),
	CHG_VIEW("example.net"), 1 };

/* ---- The stages ------------------------------------------------------------------------------- */

STAGE stage_decode_acr(struct request *request)
{
	struct chg_fault fault;
	enum chg_rc rc = chg_wire_read_acr(
		request->message, CHG_LENIENT, &request->scratch, &request->acr, &fault);
	return rc == CHG_OK ? chg_echo_read(request->message, &request->echo) : rc;
}

STAGE stage_load_acr(struct stages *stages, struct request *request)
{
	return stages->store.ops->load_acct(stages->store.self, &request->acr, &stages->acct_facts);
}

STAGE stage_decide_acr(struct stages *stages, struct request *request)
{
	chg_accounting_decide(&stages->acct_facts, &stages->offline, stages->now, &request->acr,
		&stages->acct_plan);
	request->aca = stages->acct_plan.answer;
	return CHG_OK;
}

STAGE stage_apply_acr(struct stages *stages, struct request *request)
{
	return stages->store.ops->apply_acct(
		stages->store.self, stages->now, &request->acr, &stages->acct_plan);
}

STAGE stage_encode_acr(struct request *request)
{
	struct chg_out out = chg_out_of(request->answer, sizeof request->answer);
	return chg_wire_write_aca(&request->echo, &identity, &request->aca, &out);
}

STAGE stage_decode_ccr(struct request *request)
{
	struct chg_fault fault;
	enum chg_rc rc = chg_wire_read_ccr(
		request->message, CHG_LENIENT, &request->scratch, &request->ccr, &fault);
	return rc == CHG_OK ? chg_echo_read(request->message, &request->echo) : rc;
}

STAGE stage_load_ccr(struct stages *stages, struct request *request)
{
	return stages->store.books->load(stages->store.self, &request->ccr, &stages->cc_facts);
}

STAGE stage_decide_ccr(struct stages *stages, struct request *request)
{
	chg_credit_decide(&stages->cc_facts, stages->tariff, &stages->online, &stages->offline,
		stages->now, &request->ccr, &stages->cc_plan);
	return stages->cc_plan.answer.result_code == CHG_CC_SUCCESS ? CHG_OK : CHG_E_CONFIG;
}

/* The answer is kept with what it promised, so it is written before the commit. */
STAGE stage_encode_ccr(struct stages *stages, struct request *request)
{
	struct chg_out out = chg_out_of(request->body, sizeof request->body);
	enum chg_rc rc = chg_wire_write_cca_body(
		&request->echo, &identity, &request->ccr, &stages->cc_plan.answer, &out);
	request->body_len = out.len;
	return rc;
}

STAGE stage_apply_ccr(struct stages *stages, struct request *request)
{
	struct chg_view body = { (const char *)request->body, request->body_len };
	return stages->store.books->apply(stages->store.self, stages->now, &request->ccr,
		&stages->cc_plan, stages->tariff, body);
}

STAGE stage_finish_ccr(struct request *request)
{
	struct chg_out out = chg_out_of(request->answer, sizeof request->answer);
	struct chg_view body = { (const char *)request->body, request->body_len };
	return chg_wire_write_cca_from_body(&request->echo, body, &out);
}

STAGE stage_commit(struct stages *stages)
{
	return stages->store.ops->commit(stages->store.self);
}

/* ---- A batch ---------------------------------------------------------------------------------- */

static void write_request(struct stages *stages, struct request *request, uint32_t serial, int step)
{
	const struct chg_template *template = &stages->template[(int)stages->first + step];
	struct chg_patch patch = { .run = (uint32_t)(stages->now.wall.us / CHG_US_PER_S),
		.serial = serial,
		.account = ACCOUNTS + serial % ACCOUNTS,
		.time = chg_time_from_instant(stages->now.wall),
		.hop_by_hop = serial,
		.end_to_end = serial };
	chg_template_write(template, &patch, request->bytes);
	request->message = (struct chg_view){ (const char *)request->bytes, template->len };
}

static enum chg_rc handle_acr(struct stages *stages, struct request *request)
{
	enum chg_rc rc = stage_load_acr(stages, request);
	if (rc == CHG_OK)
		rc = stage_decide_acr(stages, request);
	return rc == CHG_OK ? stage_apply_acr(stages, request) : rc;
}

static enum chg_rc handle_ccr(struct stages *stages, struct request *request)
{
	enum chg_rc rc = stage_load_ccr(stages, request);
	if (rc == CHG_OK)
		rc = stage_decide_ccr(stages, request);
	if (rc == CHG_OK)
		rc = stage_encode_ccr(stages, request);
	return rc == CHG_OK ? stage_apply_ccr(stages, request) : rc;
}

/* One step of BATCH sessions, from octets to octets. */
static enum chg_rc run_batch(struct stages *stages, uint32_t first_serial, int step)
{
	bool is_credit = chg_step_rows[stages->first].is_credit;
	enum chg_rc rc = CHG_OK;
	for (uint32_t i = 0; rc == CHG_OK && i < BATCH; i++) {
		struct request *request = &stages->request[i];
		write_request(stages, request, first_serial + i, step);
		rc = is_credit ? stage_decode_ccr(request) : stage_decode_acr(request);
	}
	if (rc == CHG_OK)
		rc = stages->store.ops->begin(stages->store.self);
	for (uint32_t i = 0; rc == CHG_OK && i < BATCH; i++)
		rc = is_credit ? handle_ccr(stages, &stages->request[i])
			       : handle_acr(stages, &stages->request[i]);
	if (rc == CHG_OK)
		rc = stage_commit(stages);
	for (uint32_t i = 0; rc == CHG_OK && i < BATCH; i++)
		rc = is_credit ? stage_finish_ccr(&stages->request[i])
			       : stage_encode_acr(&stages->request[i]);
	return rc;
}

static enum chg_rc run(struct stages *stages, uint32_t requests)
{
	enum chg_rc rc = CHG_OK;
	uint32_t batches = requests / BATCH;
	for (uint32_t batch = 0; rc == CHG_OK && batch < batches; batch++) {
		uint32_t group = batch / (uint32_t)stages->steps;
		rc = run_batch(stages, group * BATCH, (int)(batch % (uint32_t)stages->steps));
		stages->now.wall.us += 1000;
		stages->now.steady.us += 1000;
	}
	return rc;
}

/* ---- Before ----------------------------------------------------------------------------------- */

static bool find_kind(struct stages *stages, const char *name)
{
	static const struct {
		const char *name;
		enum chg_step first;
		int steps;
	} kinds[] = { { "event", CHG_STEP_EVENT, 1 }, { "session", CHG_STEP_START, 3 },
		{ "debit", CHG_STEP_DEBIT, 1 }, { "credit-session", CHG_STEP_INITIAL, 5 } };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			stages->first = kinds[i].first;
			stages->steps = kinds[i].steps;
			return true;
		}
	return false;
}

static enum chg_rc make_templates(struct stages *stages)
{
	enum chg_rc rc = CHG_OK;
	for (int step = 0; rc == CHG_OK && step < stages->steps; step++) {
		struct chg_template_wish wish = {
			.step = (enum chg_step)((int)stages->first + step),
			.host = "stages1.example.net",
			.realm = "example.net",
			.destination_realm = "example.net",
			.subscriber = "sip:user000@example.net",
			.caller = "sip:user000@example.net",
			.account_at = strlen("sip:user"),
			.account_digits = DIGITS,
			.services = 2,
		};
		rc = chg_template_make(&wish, &stages->template[wish.step]);
	}
	return rc;
}

static enum chg_rc add_account(struct stages *stages, int number)
{
	const struct chg_audit audit = { CHG_VIEW("bench"), CHG_VIEW("stages") };
	char name[32];
	char key[64];
	int64_t id;
	struct chg_account_new account = {
		.currency = { EURO }, .opening = { INT64_C(1000000) * 1000000 }, .identity_count = 1
	};
	snprintf(name, sizeof name, "user%d", number);
	snprintf(key, sizeof key, "sip:%s@example.net", name);
	account.name = chg_view_of(name);
	account.identity[0].type = CHG_IDENTITY_SIP_URI;
	account.identity[0].key.len = (uint8_t)strlen(key);
	memcpy(account.identity[0].key.bytes, key, strlen(key));
	return stages->store.books->account_add(
		stages->store.self, stages->now, &audit, &account, &id);
}

static enum chg_rc add_accounts(struct stages *stages)
{
	enum chg_rc rc = stages->store.ops->begin(stages->store.self);
	for (int i = 0; rc == CHG_OK && i < ACCOUNTS; i++)
		rc = add_account(stages, ACCOUNTS + i);
	return rc == CHG_OK ? stages->store.ops->commit(stages->store.self) : rc;
}

static void ignore_line(void *self, enum chg_log_level level, const char *line)
{
	(void)self, (void)level, (void)line;
}

static enum chg_rc take_tariff(struct stages *stages, const char *path, char *why, size_t why_size)
{
	struct chg_log log = { .write = ignore_line };
	enum chg_rc rc = chg_tariff_load_first(&stages->store, path, stages->now, why, why_size);
	if (rc == CHG_OK)
		rc = chg_tariff_shelf_create(log, &stages->shelf);
	if (rc == CHG_OK)
		rc = chg_tariff_follow_store(stages->shelf, &stages->store, stages->now);
	if (rc == CHG_OK)
		stages->tariff = chg_tariff_at(stages->shelf, stages->now.wall);
	return rc;
}

static enum chg_rc take_config(struct stages *stages, const char *path)
{
	static struct chg_config_errors errors;
	enum chg_rc rc = chg_config_read_file(path, &stages->config, &errors);
	if (rc != CHG_OK)
		return rc;
	chg_config_cc_policy(&stages->config, &stages->online);
	stages->offline = (struct chg_acct_policy){ .session_idle = chg_span_s(
							    stages->config.offline_session_idle_s),
		.interim_interval_s = stages->config.offline_interim_interval_s,
		.skew_max = chg_span_s(stages->config.offline_skew_max_s) };
	return CHG_OK;
}

static enum chg_rc prepare(struct stages *stages, char *argv[], char *why, size_t why_size)
{
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall);
	stages->now.wall.us = stages->now.steady.us = (int64_t)wall.tv_sec * CHG_US_PER_S;
	enum chg_rc rc = chg_sqlite_store_open(
		argv[3], CHG_SQLITE_READ_WRITE_CREATE, &stages->store, why, why_size);
	if (rc == CHG_OK)
		rc = add_accounts(stages);
	if (rc == CHG_OK)
		rc = take_tariff(stages, argv[4], why, why_size);
	if (rc == CHG_OK)
		rc = take_config(stages, argv[5]);
	if (rc == CHG_OK)
		rc = make_templates(stages);
	return rc;
}

int main(int argc, char *argv[])
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	struct stages *stages = calloc(1, sizeof *stages);

	if (stages == NULL)
		return 1;
	if (argc != 6 || !find_kind(stages, argv[1])) {
		fputs("usage: stages event|session|debit|credit-session REQUESTS DATABASE TARIFF "
		      "CHARGING.YAML\n",
			stderr);
		return 2;
	}
	enum chg_rc rc = prepare(stages, argv, why, sizeof why);
	if (rc == CHG_OK)
		rc = run(stages, (uint32_t)strtoul(argv[2], NULL, 10));
	if (rc != CHG_OK)
		fprintf(stderr, "stages: %s %s\n", chg_rc_sentence(rc), why);
	for (size_t i = 0; i < BATCH; i++)
		chg_scratch_release(&stages->request[i].scratch);
	chg_tariff_shelf_free(stages->shelf);
	if (stages->store.ops != NULL)
		stages->store.ops->close(stages->store.self);
	free(stages);
	return rc == CHG_OK ? 0 : 1;
}

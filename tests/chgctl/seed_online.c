/* SPDX-License-Identifier: BSD-3-Clause
 * Fills a database with credit control as a node would: a tariff, accounts, requests through the
 * online decision into the SQLite store, at fixed times.
 *
 *   seed_online PATH [steps]
 *
 * "steps" is another story: one in which a charge has many steps.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/online.h"
#include "runtime/book_change.h"
#include "runtime/config.h"
#include "runtime/tariff_read.h"
#include "store/sqlite/sqlite_store.h"

#define BEGIN INT64_C(1795162500) /* 2026-11-20T08:15:00Z */

static const char tariff_text[] = "tariff: im\n"
				  "currency: EUR\n"
				  "rules:\n"
				  "  - name: chat\n"
				  "    match: {rating-group: 7}\n"
				  "    price: 0.01 per 10 KB\n"
				  "    setup: 0.10\n"
				  "  - message: 0.05 per message\n";

static const char steps_text[] = "tariff: im\n"
				 "currency: EUR\n"
				 "zone: Europe/Berlin\n"
				 "rules:\n"
				 "  - name: emergency\n"
				 "    match: {rating-group: 112}\n"
				 "    not-charged: true\n"
				 "  - name: chat\n"
				 "    match: {rating-group: 7}\n"
				 "    price: 0.01 per 7 KB\n"
				 "    setup: 0.10\n"
				 "    increment: 1 KB\n"
				 "    minimum: 0.15\n"
				 "    times:\n"
				 "      - {days: weekdays, from: \"08:00\", until: \"09:17\", "
				 "price: 0.02 per 7 KB}\n"
				 "  - message: 0.05 per message\n";

static struct chg_store store;
static struct chg_tariff tariff;
static struct chg_online online;

static void check(enum chg_rc rc, const char *what)
{
	if (rc == CHG_OK)
		return;
	fprintf(stderr, "seed_online: %s: %s\n", what, chg_rc_sentence(rc));
	exit(1);
}

static struct chg_now at(int64_t second)
{
	chg_instant instant = { (BEGIN + second) * CHG_US_PER_S };
	return (struct chg_now){ .wall = instant, .steady = instant };
}

static void change(int64_t second, json_t *request)
{
	json_t *reply = json_object();

	json_object_set_new(request, "who", json_string("op"));
	json_object_set_new(request, "why", json_string("the story"));
	check(chg_book_run(&store, at(second), request, reply),
		json_string_value(json_object_get(request, "command")));
	json_decref(request);
	json_decref(reply);
}

static size_t write_answer(struct chg_job *job, const struct chg_cca *cca, uint8_t *to, size_t size)
{
	(void)job, (void)size;
	memcpy(to, &cca->result_code, sizeof cca->result_code);
	return sizeof cca->result_code;
}

static chg_opt_u64 u64(uint64_t value)
{
	return (chg_opt_u64){ .is_present = true, .value = value };
}

/* One service; 0 asks or tells nothing. */
static struct chg_service_ask service(enum chg_unit unit, uint64_t asked, uint64_t used)
{
	struct chg_service_ask ask = { 0 };

	ask.requested.is_present = asked > 0;
	if (asked > 0)
		ask.requested.of[unit] = u64(asked);
	ask.used_count = used > 0 ? 1 : 0;
	ask.used[0].units.is_present = used > 0;
	if (used > 0)
		ask.used[0].units.of[unit] = u64(used);
	return ask;
}

static struct chg_ccr request(
	const char *session_id, const char *identity, enum chg_cc_type type, uint32_t number)
{
	static const enum chg_record_type records[] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_STOP, CHG_RECORD_EVENT };
	struct chg_ccr ccr = {
		.type = type,
		.data = { .origin_host = CHG_VIEW("im1.example.net"),
			.origin_realm = CHG_VIEW("example.net"),
			.session_id = chg_view_of(session_id),
			.service_context_id = CHG_VIEW("8.32260@3gpp.org"),
			.type = records[type - 1],
			.number = number,
			.calling_party = chg_view_of(identity),
			.icid = CHG_VIEW("icid-4711"),
			.content = CHG_VIEW("{}") },
		.identity_count = 1,
	};

	check(chg_book_identity_parse(chg_view_of(identity), &ccr.identity[0]), identity);
	ccr.data.digest.bytes[0] = (uint8_t)number;
	return ccr;
}

static void take(int64_t second, struct chg_ccr ccr)
{
	struct chg_job job = {
		.magic = CHG_JOB_MAGIC,
		.kind = CHG_JOB_CCR,
		.ccr = &ccr,
		.write_answer = write_answer,
	};
	const char *alarm = NULL;

	ccr.data.event_time = (chg_opt_instant){ .is_present = true, .value = at(second).wall };
	check(store.ops->begin(store.self), "begin");
	check(chg_online_handle(&online, &store, &tariff, at(second + 2), &job, &alarm), "handle");
	check(store.ops->commit(store.self), "commit");
	chg_online_forget(&job);
}

/* A chat of two services: messages of a flat price, and octets of rating group 7. */
static void chat(const char *session_id)
{
	struct chg_ccr ccr = request(session_id, "sip:alice@example.net", CHG_CC_INITIAL, 0);

	ccr.is_multiple = true;
	ccr.service_count = 2;
	ccr.service[0] = service(CHG_UNIT_MESSAGES, 5, 0);
	ccr.service[1] = service(CHG_UNIT_OCTETS, 30000, 0);
	ccr.service[1].rating_group = (chg_opt_u32){ .is_present = true, .value = 7 };
	take(0, ccr);

	ccr = request(session_id, "sip:alice@example.net", CHG_CC_TERMINATION, 1);
	ccr.is_multiple = true;
	ccr.service_count = 2;
	ccr.service[0] = service(CHG_UNIT_MESSAGES, 0, 3);
	ccr.service[1] = service(CHG_UNIT_OCTETS, 0, 12345);
	ccr.service[1].rating_group = (chg_opt_u32){ .is_present = true, .value = 7 };
	take(60, ccr);
}

static void message(int64_t second, const char *session_id, const char *identity, uint64_t count)
{
	struct chg_ccr ccr = request(session_id, identity, CHG_CC_EVENT, 0);

	ccr.action = (chg_opt_u32){ .is_present = true, .value = CHG_ACTION_DIRECT_DEBITING };
	ccr.service_count = 1;
	ccr.service[0] = service(CHG_UNIT_MESSAGES, count, 0);
	take(second, ccr);
}

static void story(void)
{
	change(-60, json_pack("{s:s, s:s, s:s}", "command", "tariff-load", "name", "im", "text",
			    tariff_text));
	change(-50, json_pack("{s:s, s:s, s:s, s:s, s:[s]}", "command", "account-create", "name",
			    "alice", "currency", "EUR", "balance", "2.00", "identities",
			    "sip:alice@example.net"));
	chat("im1.example.net;1;1");
	message(120, "im1.example.net;1;2", "sip:alice@example.net", 2);
	message(130, "im1.example.net;1;3", "sip:alice@example.net", 1000);

	struct chg_ccr open =
		request("im1.example.net;1;4", "sip:alice@example.net", CHG_CC_INITIAL, 0);
	open.service_count = 1;
	open.service[0] = service(CHG_UNIT_MESSAGES, 4, 0);
	take(140, open);

	/* Usage of a session that nobody knows. */
	struct chg_ccr lost =
		request("im1.example.net;1;9", "sip:bob@example.net", CHG_CC_TERMINATION, 3);
	lost.service_count = 1;
	lost.service[0] = service(CHG_UNIT_MESSAGES, 0, 7);
	take(150, lost);
}

static struct chg_service_ask octets(uint64_t asked, uint64_t used)
{
	struct chg_service_ask ask = service(CHG_UNIT_OCTETS, asked, used);

	ask.rating_group = (chg_opt_u32){ .is_present = true, .value = 7 };
	return ask;
}

static void report(int64_t second, enum chg_cc_type type, uint32_t number,
	struct chg_service_ask messages, struct chg_service_ask chat)
{
	struct chg_ccr ccr = request("im1.example.net;2;1", "sip:alice@example.net", type, number);

	ccr.is_multiple = true;
	ccr.service_count = 2;
	ccr.service[0] = messages;
	ccr.service[1] = chat;
	take(second, ccr);
}

static struct chg_service_ask euros(int64_t asked, int64_t used)
{
	struct chg_service_ask ask = { 0 };

	ask.requested.is_present = asked > 0;
	ask.requested.has_money = asked > 0;
	ask.requested.money.micros = asked;
	ask.used_count = used > 0 ? 1 : 0;
	ask.used[0].units.is_present = used > 0;
	ask.used[0].units.has_money = used > 0;
	ask.used[0].units.money.micros = used;
	return ask;
}

/* A service whose client rates: reserved, then charged as it says. */
static void rated_by_client(void)
{
	struct chg_ccr ccr =
		request("im1.example.net;2;2", "sip:alice@example.net", CHG_CC_INITIAL, 0);

	ccr.service_count = 1;
	ccr.service[0] = euros(500000, 0);
	take(240, ccr);
	ccr = request("im1.example.net;2;2", "sip:alice@example.net", CHG_CC_TERMINATION, 1);
	ccr.service_count = 1;
	ccr.service[0] = euros(0, 320000);
	take(250, ccr);
}

static void refund(int64_t second, const char *session_id, int64_t micros)
{
	struct chg_ccr ccr = request(session_id, "sip:alice@example.net", CHG_CC_EVENT, 0);

	ccr.action = (chg_opt_u32){ .is_present = true, .value = CHG_ACTION_REFUND_ACCOUNT };
	ccr.service_count = 1;
	ccr.service[0] = euros(micros, 0);
	take(second, ccr);
}

static void read_tariff(const char *text, int64_t version)
{
	static struct chg_tariff_errors errors;

	check(chg_tariff_read_text("story", chg_view_of(text), &tariff, &errors), "tariff");
	tariff.version = version;
}

/* Three services, two of which share a bucket and one that is not charged. */
static void of_three(int64_t second, enum chg_cc_type type, uint32_t number, uint64_t used)
{
	struct chg_ccr ccr = request("im1.example.net;2;5", "sip:alice@example.net", type, number);

	ccr.is_multiple = true;
	ccr.service_count = type == CHG_CC_INITIAL ? 3 : 2;
	for (size_t i = 0; i < ccr.service_count; i++)
		ccr.service[i] = service(CHG_UNIT_MESSAGES, used == 0 ? 2 : 0, used);
	ccr.service[1].service_id_count = 1;
	ccr.service[1].service_id[0] = 5;
	ccr.service[2].rating_group = (chg_opt_u32){ .is_present = true, .value = 112 };
	take(second, ccr);
}

/* The prices change while it lasts. */
static void two_versions(void)
{
	change(280, json_pack("{s:s, s:s, s:s, s:s, s:s}", "command", "bucket-add", "account",
			    "alice", "name", "more", "kind", "messages", "balance", "3"));
	of_three(290, CHG_CC_INITIAL, 0, 0);
	of_three(300, CHG_CC_UPDATE, 1, 2);
	change(310, json_pack("{s:s, s:s, s:s}", "command", "tariff-load", "name", "im", "text",
			    tariff_text));
	read_tariff(tariff_text, 2);
	of_three(320, CHG_CC_TERMINATION, 2, 3);
}

/* Increments, a minimum, two prices, free messages, money, money back, a service closed early. */
static void story_of_steps(void)
{
	static const struct chg_service_ask none;
	struct chg_service_ask last = octets(0, 2500);

	change(-60, json_pack("{s:s, s:s, s:s}", "command", "tariff-load", "name", "im", "text",
			    steps_text));
	change(-50, json_pack("{s:s, s:s, s:s, s:s, s:[s]}", "command", "account-create", "name",
			    "alice", "currency", "EUR", "balance", "5.00", "identities",
			    "sip:alice@example.net"));
	change(-40, json_pack("{s:s, s:s, s:s, s:s, s:s}", "command", "bucket-add", "account",
			    "alice", "name", "gift", "kind", "messages", "balance", "4"));
	last.reason = (chg_opt_u32){ .is_present = true, .value = 2 };
	report(0, CHG_CC_INITIAL, 0, service(CHG_UNIT_MESSAGES, 5, 0), octets(30000, 0));
	report(60, CHG_CC_UPDATE, 1, service(CHG_UNIT_MESSAGES, 5, 3), octets(30000, 1500));
	report(90, CHG_CC_UPDATE, 2, service(CHG_UNIT_MESSAGES, 5, 3), octets(30000, 12345));
	report(150, CHG_CC_UPDATE, 3, service(CHG_UNIT_MESSAGES, 5, 0), last);
	report(180, CHG_CC_UPDATE, 4, service(CHG_UNIT_MESSAGES, 5, 1), octets(30000, 0));
	report(210, CHG_CC_TERMINATION, 5, none, octets(0, 8000));
	rated_by_client();
	online.policy.refund_max = (chg_money){ 1000000 };
	refund(260, "im1.example.net;2;3", 250000);
	message(270, "im1.example.net;2;4", "sip:alice@example.net", 1);
	two_versions();
}

int main(int argc, char **argv)
{
	static struct chg_config config;
	char why[CHG_SQLITE_WHY_MAX] = "";

	if (argc < 2)
		return 2;
	bool has_steps = argc > 2 && strcmp(argv[2], "steps") == 0;
	chg_config_defaults(&config);
	chg_config_cc_policy(&config, &online.policy);
	online.record_policy = (struct chg_acct_policy){ .skew_max = chg_span_s(86400) };
	read_tariff(has_steps ? steps_text : tariff_text, 1);
	if (chg_sqlite_store_open(argv[1], CHG_SQLITE_READ_WRITE_CREATE, &store, why, sizeof why) !=
		CHG_OK) {
		fprintf(stderr, "seed_online: %s\n", why);
		return 1;
	}
	if (has_steps)
		story_of_steps();
	else
		story();
	store.ops->close(store.self);
	return 0;
}

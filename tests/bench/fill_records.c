/* SPDX-License-Identifier: BSD-3-Clause
 * Fills a database with records, through the store as the node does it.
 *
 *   fill_records DATABASE RECORDS PARTIES
 *
 * Nine of ten records are events, the tenth is a session of START and STOP.  Each names two parties of
 * PARTIES and is of an IMS dialogue that two records share.  They began within the last thirty days,
 * one after the other.  A database that is there gets them behind its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/sqlite/sqlite_store.h"

#define PER_TURN 2000
#define DAYS     30

static const char content[] =
	"{\"Service-Information\":{\"IMS-Information\":{\"Event-Type\":{\"SIP-Method\":\"MESSAGE\"}"
	","
	"\"Role-Of-Node\":0,\"Node-Functionality\":6,\"Application-Server-Information\":{"
	"\"Application-Server\":\"sip:im.example.net\"},\"Time-Stamps\":{\"SIP-Request-Timestamp\":"
	"1790000000}}},\"Class\":\"0123456789abcdef\"}";

struct texts {
	char session[80], icid[48], calling[48], called[48];
};

static const struct chg_acct_policy policy = { .session_idle = { 3600 * CHG_US_PER_S } };

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "fill_records: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, enum chg_rc rc)
{
	if (rc != CHG_OK)
		fail(what, chg_rc_sentence(rc));
}

static struct chg_acr request_of(uint64_t number, struct texts *texts, chg_instant at)
{
	struct chg_acr acr = {
		.origin_host =
			number % 2 == 0 ? CHG_VIEW("im1.example.net") : CHG_VIEW("im2.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(texts->session),
		.type = CHG_RECORD_EVENT,
		.event_time = { true, at },
		.service_context_id = CHG_VIEW("8.32274@3gpp.org"),
		.icid = chg_view_of(texts->icid),
		.call_id = chg_view_of(texts->icid),
		.application_session_id = { true, (uint32_t)(number / 8) },
		.sip_method = CHG_VIEW("MESSAGE"),
		.calling_party = chg_view_of(texts->calling),
		.called_party = chg_view_of(texts->called),
		.messages_sent = { true, 1 },
		.content = CHG_VIEW(content),
		.party_count = 2,
	};
	acr.party[0].text = acr.calling_party;
	acr.party[0].role = CHG_ROLE_CALLING;
	acr.party[1].text = acr.called_party;
	acr.party[1].role = CHG_ROLE_CALLED;
	memcpy(acr.digest.bytes, &number, sizeof number);
	return acr;
}

static void take(struct chg_store *store, chg_instant at, const struct chg_acr *acr)
{
	struct chg_now now = { .wall = at, .steady = at };
	struct chg_acct_facts facts;
	struct chg_acct_plan plan;
	check("load", store->ops->load_acct(store->self, acr, &facts));
	chg_accounting_decide(&facts, &policy, now, acr, &plan);
	check("apply", store->ops->apply_acct(store->self, now, acr, &plan));
}

static void add_record(struct chg_store *store, uint64_t number, uint64_t party_count,
	chg_instant at, uint64_t *random)
{
	struct texts texts;
	snprintf(texts.session, sizeof texts.session,
		"im%" PRIu64 ".example.net;1790000000;%" PRIu64, number % 2 + 1, number);
	snprintf(texts.icid, sizeof texts.icid, "icid-%016" PRIx64,
		number / 2 * UINT64_C(0x9e3779b97f4a7c15));
	snprintf(texts.calling, sizeof texts.calling, "sip:user%07" PRIu64 "@example.net",
		next_random(random) % party_count);
	snprintf(texts.called, sizeof texts.called, "tel:+49%09" PRIu64,
		next_random(random) % party_count);
	struct chg_acr acr = request_of(number, &texts, at);
	if (number % 10 != 9) {
		take(store, at, &acr);
		return;
	}
	acr.type = CHG_RECORD_START;
	take(store, at, &acr);
	acr.type = CHG_RECORD_STOP;
	acr.number = 1;
	take(store, at, &acr);
}

int main(int argc, char **argv)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	struct chg_store store;
	if (argc != 4)
		fail("usage", "fill_records DATABASE RECORDS PARTIES");
	uint64_t count = strtoull(argv[2], NULL, 10), parties = strtoull(argv[3], NULL, 10);
	if (count == 0 || parties == 0)
		fail("usage", "RECORDS and PARTIES are numbers from 1");
	if (chg_sqlite_store_open(argv[1], CHG_SQLITE_READ_WRITE_CREATE, &store, why, sizeof why) !=
		CHG_OK)
		fail(argv[1], why);
	uint64_t random = UINT64_C(0x2545f4914f6cdd1d);
	time_t begun = time(NULL);
	int64_t first_us = ((int64_t)begun - DAYS * 86400) * CHG_US_PER_S;
	int64_t step_us = DAYS * INT64_C(86400) * CHG_US_PER_S / (int64_t)count;
	for (uint64_t i = 0; i < count; i++) {
		if (i % PER_TURN == 0)
			check("begin", store.ops->begin(store.self));
		add_record(&store, i, parties, (chg_instant){ first_us + (int64_t)i * step_us },
			&random);
		if (i % PER_TURN == PER_TURN - 1 || i == count - 1)
			check("commit", store.ops->commit(store.self));
		if (i % 1000000 == 999999)
			fprintf(stderr, "%" PRIu64 " records, %lds\n", i + 1,
				(long)(time(NULL) - begun));
	}
	store.ops->close(store.self);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Fills a database as a node would: requests through the offline decision into the SQLite store.
 *
 *   seed PATH story      seven records of every kind, at fixed times
 *   seed PATH many N     N events more, a second apart
 *   seed PATH old N      the same, in 2001
 *   seed PATH nothing    the schema alone
 *   seed PATH sql TEXT   what no program of ours would do to it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "app/offline.h"
#include "store/sqlite/sqlite_store.h"

#define BEGIN      INT64_C(1795162500)           /* 2026-11-20T08:15:00Z */
#define LONG_AGO   (INT64_C(1000000000) - BEGIN) /* 2001-09-09T01:46:40Z, after BEGIN */
#define AFTERWARDS INT64_C(100000)               /* after the story */

static const struct chg_acct_policy policy = {
	.session_idle = { INT64_C(3600) * 1000000 },
	.skew_max = { INT64_C(86400) * 1000000 },
};

static void check(enum chg_rc rc, const char *what)
{
	if (rc == CHG_OK)
		return;
	fprintf(stderr, "seed: %s: %s\n", what, chg_rc_sentence(rc));
	exit(1);
}

static chg_opt_u32 u32(uint32_t value)
{
	return (chg_opt_u32){ .is_present = true, .value = value };
}

static chg_opt_i32 i32(int32_t value)
{
	return (chg_opt_i32){ .is_present = true, .value = value };
}

static struct chg_now at(int64_t second)
{
	chg_instant instant = { (BEGIN + second) * CHG_US_PER_S };
	return (struct chg_now){ .wall = instant, .steady = instant };
}

/* The digest tells contents apart: here by what the tests vary. */
static struct chg_digest digest_of(const struct chg_acr *acr)
{
	struct chg_digest digest = { 0 };
	const uint32_t parts[] = { acr->messages_sent.value, acr->participants.value,
		(uint32_t)acr->application_service_type.value, (uint32_t)acr->participant_count };

	memcpy(digest.bytes, parts, sizeof digest.bytes);
	return digest;
}

/* Inside a transaction: a request that happened at `second` and arrived two seconds later. */
static void handle(struct chg_store *store, struct chg_acr acr, int64_t second)
{
	struct chg_aca aca;
	bool is_duplicate;

	acr.event_time = (chg_opt_instant){ .is_present = true, .value = at(second).wall };
	acr.digest = digest_of(&acr);
	check(chg_offline_handle(store, &policy, NULL, at(second + 2), &acr, &aca, &is_duplicate),
		"handle");
}

static void take(struct chg_store *store, struct chg_acr acr, int64_t second)
{
	check(store->ops->begin(store->self), "begin");
	handle(store, acr, second);
	check(store->ops->commit(store->self), "commit");
}

static struct chg_acr request(const char *session_id, enum chg_record_type type, uint32_t number)
{
	return (struct chg_acr){
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(session_id),
		.type = type,
		.number = number,
		.service_context_id = CHG_VIEW("8.32260@3gpp.org"),
		.content = CHG_VIEW("{}"),
	};
}

static void name_parties(struct chg_acr *acr, const char *calling, const char *called)
{
	acr->calling_party = chg_view_of(calling);
	acr->party[acr->party_count++] = (struct chg_named_party){
		.text = acr->calling_party,
		.role = CHG_ROLE_CALLING,
	};
	if (called == NULL)
		return;
	acr->called_party = chg_view_of(called);
	acr->party[acr->party_count++] = (struct chg_named_party){
		.text = acr->called_party,
		.role = CHG_ROLE_CALLED,
	};
}

static void name_participant(struct chg_acr *acr, const char *who)
{
	acr->participant[acr->participant_count++] = chg_view_of(who);
	acr->party[acr->party_count++] = (struct chg_named_party){
		.text = chg_view_of(who),
		.role = CHG_ROLE_PARTICIPANT,
	};
}

static struct chg_acr message(const char *session_id, const char *calling, const char *called)
{
	struct chg_acr acr = request(session_id, CHG_RECORD_EVENT, 0);

	name_parties(&acr, calling, called);
	acr.application_service_type = i32(CHG_AST_SENDING);
	acr.messages_sent = u32(1);
	acr.messages_sent_delivered = u32(1);
	acr.cause_code = i32(-1);
	acr.sip_method = CHG_VIEW("MESSAGE");
	acr.icid = CHG_VIEW("icid-4711");
	acr.content_octets = (chg_opt_u64){ .is_present = true, .value = 160 };
	acr.content = CHG_VIEW("{\"Message-Body\":[{\"Content-Type\":\"text/plain\","
			       "\"Content-Length\":160}],\"Empty\":{},\"Exact\":1.50}");
	return acr;
}

/* A conference with all that can happen: invited, joined, left, joined again, ended. */
static void conference(struct chg_store *store)
{
	static const char id[] = "im1.example.net;1795162500;7";
	struct chg_acr start = request(id, CHG_RECORD_START, 0);

	name_parties(&start, "sip:carol@example.net", NULL);
	start.group_name = CHG_VIEW("friends");
	start.application_session_id = u32(42);
	start.user_name = CHG_VIEW("carol");
	start.application_service_type = i32(CHG_AST_INVITING);
	start.participants = u32(2);
	name_participant(&start, "sip:dave@example.net");
	name_participant(&start, "tel:+4930123");
	take(store, start, 10);

	struct chg_acr joining = request(id, CHG_RECORD_INTERIM, 1);
	joining.application_service_type = i32(CHG_AST_JOINING);
	joining.participants = u32(2);
	name_participant(&joining, "SIP:dave@EXAMPLE.net");
	take(store, joining, 20);

	struct chg_acr leaving = request(id, CHG_RECORD_INTERIM, 2);
	leaving.application_service_type = i32(CHG_AST_LEAVING);
	leaving.participants = u32(1);
	leaving.messages_sent = u32(3);
	leaving.messages_exploded = u32(5);
	name_participant(&leaving, "sip:dave@example.net");
	take(store, leaving, 80);

	struct chg_acr again = request(id, CHG_RECORD_INTERIM, 3);
	again.application_service_type = i32(CHG_AST_JOINING);
	again.participants = u32(2);
	name_participant(&again, "sip:dave@example.net");
	take(store, again, 100);

	struct chg_acr stop = request(id, CHG_RECORD_STOP, 4);
	stop.messages_sent = u32(7);
	stop.messages_exploded = u32(12);
	stop.messages_sent_delivered = u32(7);
	stop.messages_exploded_delivered = u32(11);
	stop.cause_code = i32(0);
	stop.termination_cause = u32(1);
	stop.content = CHG_VIEW("{\"Reason\":\"bye \xc3\xbc\"}");
	take(store, stop, 4000);
}

/* A session whose START was lost and whose STOP skips a number. */
static void gaps(struct chg_store *store)
{
	static const char id[] = "im2.example.net;1795162500;8";
	struct chg_acr interim = request(id, CHG_RECORD_INTERIM, 1);

	interim.origin_host = CHG_VIEW("im2.example.net");
	name_parties(&interim, "sip:erin@example.net", NULL);
	interim.messages_sent = u32(2);
	take(store, interim, 200);

	struct chg_acr stop = request(id, CHG_RECORD_STOP, 4);
	stop.origin_host = interim.origin_host;
	stop.messages_sent = u32(9);
	stop.cause_code = i32(3);
	take(store, stop, 260);
}

static void story(struct chg_store *store)
{
	take(store, message("im1.example.net;1;1", "sip:alice@example.net", "tel:+4930123"), 0);
	conference(store);
	take(store, message("im1.example.net;1;2", "sip:bob@example.net", "sip:alice@example.net"),
		120);
	gaps(store);

	struct chg_acr open = request("im1.example.net;1;9", CHG_RECORD_START, 0);
	name_parties(&open, "sip:alice@example.net", "sip:bob@example.net");
	open.participants = u32(1);
	name_participant(&open, "sip:bob@example.net");
	take(store, open, 300);

	struct chg_acr failed =
		message("im1.example.net;1;3", "sip:alice@example.net", "sip:nobody@example.org");
	failed.cause_code = i32(404);
	failed.messages_sent_delivered = u32(0);
	take(store, failed, 86400);

	/* What a hostile or broken client may write must not reach a terminal. */
	struct chg_acr odd = message("im1.example.net;1;4", "sip:\x1b[31m\"m\xc3\xa4llory\",\n@x",
		"sip:alice@example.net");
	odd.is_retransmission = true;
	odd.is_unreadable = true;
	take(store, odd, 86460);
}

static void many(struct chg_store *store, int64_t from, uint32_t count)
{
	check(store->ops->begin(store->self), "begin");
	for (uint32_t i = 0; i < count; i++) {
		char session_id[64];
		snprintf(session_id, sizeof session_id, "im3.example.net;2;%" PRIu32, i);
		struct chg_acr acr =
			message(session_id, "sip:zoe@example.net", "sip:alice@example.net");
		acr.origin_host = CHG_VIEW("im3.example.net");
		handle(store, acr, from + i);
	}
	check(store->ops->commit(store->self), "commit");
}

static int run_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	int result = sqlite3_open(path, &db);

	if (result == SQLITE_OK)
		result = sqlite3_exec(db, sql, NULL, NULL, NULL);
	if (result != SQLITE_OK)
		fprintf(stderr, "seed: %s: %s\n", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
	return result == SQLITE_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct chg_store store;
	char why[CHG_SQLITE_WHY_MAX] = "";

	if (argc < 3)
		return 2;
	if (strcmp(argv[2], "sql") == 0 && argc > 3)
		return run_sql(argv[1], argv[3]);
	if (chg_sqlite_store_open(argv[1], CHG_SQLITE_READ_WRITE_CREATE, &store, why, sizeof why) !=
		CHG_OK) {
		fprintf(stderr, "seed: %s\n", why);
		return 1;
	}
	if (strcmp(argv[2], "story") == 0)
		story(&store);
	else if (strcmp(argv[2], "many") == 0 && argc > 3)
		many(&store, AFTERWARDS, (uint32_t)strtoul(argv[3], NULL, 10));
	else if (strcmp(argv[2], "old") == 0 && argc > 3)
		many(&store, LONG_AGO, (uint32_t)strtoul(argv[3], NULL, 10));
	store.ops->close(store.self);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What the store in a file costs, alone: processor time and octets written for each request.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "store/sqlite/sqlite_private.h"

/* Requests look like those of chgplay: one client, Session-Ids that follow each other. */
#define CONTENT                                                                                    \
	"{\"Acct-Application-Id\":3,\"Service-Information\":{\"IMS-Information\":"                 \
	"{\"Node-Functionality\":6},\"IM-Information\":{}},"                                       \
	"\"Destination-Realm\":\"charging.example.net\"}"

enum {
	OPEN_AT_ONCE = 1024, /* sessions that are open beside each other */
	STEPS = 4,           /* START, INTERIM, INTERIM, STOP */
};

struct bench {
	struct chg_store store;
	bool has_sessions;
	uint32_t requests;
	uint32_t batch;
	uint64_t first; /* serial of the first session, so that a file can be used again */
	int64_t start_us;
	int64_t *pauses_us; /* how long each batch took */
};

static struct chg_acr event_of(uint64_t serial, char *session_id, size_t size)
{
	snprintf(session_id, size, "im1.example.net;%010" PRIu64 ";%010" PRIu64 ";load",
		serial / 1000000000, serial % 1000000000);
	struct chg_acr acr = {
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(session_id),
		.type = CHG_RECORD_EVENT,
		.service_context_id = CHG_VIEW("SIMPLE_IM@openmobilealliance.org"),
		.application_service_type = { true, 100 },
		.application_session_id = { true, 1 },
		.messages_sent = { true, 1 },
		.sip_method = CHG_VIEW("MESSAGE"),
		.calling_party = CHG_VIEW("sip:alice@example.net"),
		.called_party = CHG_VIEW("sip:bob@example.net"),
		.party = { { CHG_VIEW("sip:alice@example.net"), CHG_ROLE_CALLING },
			{ CHG_VIEW("sip:bob@example.net"), CHG_ROLE_CALLED } },
		.party_count = 2,
		.content = CHG_VIEW(CONTENT),
	};
	uint64_t mixed = (serial + 1) * UINT64_C(0x9e3779b97f4a7c15);
	memcpy(acr.digest.bytes, &mixed, sizeof mixed);
	return acr;
}

/* Sessions take their steps in turn, OPEN_AT_ONCE beside each other. */
static struct chg_acr request_of(
	const struct bench *bench, uint32_t i, char *session_id, size_t size)
{
	if (!bench->has_sessions)
		return event_of(bench->first + i, session_id, size);
	static const enum chg_record_type types[STEPS] = { CHG_RECORD_START, CHG_RECORD_INTERIM,
		CHG_RECORD_INTERIM, CHG_RECORD_STOP };
	uint32_t group = i / (OPEN_AT_ONCE * STEPS), in_group = i % (OPEN_AT_ONCE * STEPS);
	uint32_t step = in_group / OPEN_AT_ONCE;
	uint64_t serial = bench->first + group * OPEN_AT_ONCE + in_group % OPEN_AT_ONCE;
	struct chg_acr acr = event_of(serial, session_id, size);
	acr.type = types[step];
	acr.number = step;
	acr.digest.bytes[15] = (uint8_t)(step + 1);
	acr.sip_method = CHG_VIEW("INVITE");
	return acr;
}

static enum chg_rc handle(const struct bench *bench, uint32_t i)
{
	static const struct chg_acct_policy policy = { .session_idle = { 3600 * CHG_US_PER_S } };
	const struct chg_store *store = &bench->store;
	char session_id[96];
	struct chg_acr acr = request_of(bench, i, session_id, sizeof session_id);
	chg_instant at = { bench->start_us + 100 * (int64_t)i };
	struct chg_now now = { .wall = at, .steady = at };
	struct chg_acct_facts facts;
	struct chg_acct_plan plan;
	acr.event_time = (chg_opt_instant){ true, { at.us / CHG_US_PER_S * CHG_US_PER_S } };
	enum chg_rc rc = store->ops->load_acct(store->self, &acr, &facts);
	if (rc != CHG_OK)
		return rc;
	chg_accounting_decide(&facts, &policy, now, &acr, &plan);
	return store->ops->apply_acct(store->self, now, &acr, &plan);
}

static enum chg_rc run_batch(const struct bench *bench, uint32_t from, uint32_t until)
{
	const struct chg_store *store = &bench->store;
	chg_opt_instant deadline;
	enum chg_rc rc = store->ops->begin(store->self);
	for (uint32_t i = from; i < until && rc == CHG_OK; i++)
		rc = handle(bench, i);
	if (rc == CHG_OK)
		rc = store->ops->commit(store->self);
	return rc == CHG_OK ? store->ops->next_deadline(store->self, &deadline) : rc;
}

struct usage {
	int64_t user_us;
	int64_t system_us;
	uint64_t octets;
	uint64_t writes;
};

static struct usage usage_now(void)
{
	struct rusage rusage;
	struct usage ret = { 0 };
	char line[64];
	getrusage(RUSAGE_SELF, &rusage);
	ret.user_us = (int64_t)rusage.ru_utime.tv_sec * 1000000 + rusage.ru_utime.tv_usec;
	ret.system_us = (int64_t)rusage.ru_stime.tv_sec * 1000000 + rusage.ru_stime.tv_usec;
	FILE *io = fopen("/proc/self/io", "re");
	while (io != NULL && fgets(line, sizeof line, io) != NULL) {
		if (strncmp(line, "wchar: ", 7) == 0)
			ret.octets = strtoull(line + 7, NULL, 10);
		if (strncmp(line, "syscw: ", 7) == 0)
			ret.writes = strtoull(line + 7, NULL, 10);
	}
	if (io != NULL)
		fclose(io);
	return ret;
}

/* Two places after the point, in whole numbers. */
static void print_each(const char *what, uint64_t total, uint32_t count, const char *unit)
{
	uint64_t hundredths = total * 100 / count;
	printf("  %-8s %6" PRIu64 ".%02" PRIu64 " %s\n", what, hundredths / 100, hundredths % 100,
		unit);
}

static int64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* A batch waits for the disk, and now and then for the log to be moved into the file. */
static void print_pauses(const struct bench *bench, size_t count)
{
	static const unsigned percents[] = { 50, 90, 99, 100 };
	qsort(bench->pauses_us, count, sizeof bench->pauses_us[0], compare);
	printf("  batches ");
	for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++)
		printf(" p%u %" PRId64 " us", percents[i],
			bench->pauses_us[(count - 1) * percents[i] / 100]);
	printf("\n");
}

static int run(const struct bench *bench)
{
	size_t batches = 0;
	struct usage before = usage_now();
	for (uint32_t i = 0; i < bench->requests; i += bench->batch) {
		uint32_t until =
			bench->requests - i < bench->batch ? bench->requests : i + bench->batch;
		int64_t began_us = clock_us();
		enum chg_rc rc = run_batch(bench, i, until);
		bench->pauses_us[batches++] = clock_us() - began_us;
		if (rc != CHG_OK) {
			fprintf(stderr, "request %" PRIu32 ": %s\n", i, chg_rc_sentence(rc));
			return 1;
		}
	}
	struct usage after = usage_now();
	printf("%" PRIu32 " %s in batches of %" PRIu32 ", for each:\n", bench->requests,
		bench->has_sessions ? "session requests" : "events", bench->batch);
	print_each("user", (uint64_t)(after.user_us - before.user_us), bench->requests, "us");
	print_each("system", (uint64_t)(after.system_us - before.system_us), bench->requests, "us");
	print_each("written", after.octets - before.octets, bench->requests, "octets");
	print_each("writes", after.writes - before.writes, bench->requests, "calls");
	print_pauses(bench, batches);
	return 0;
}

int main(int argc, char **argv)
{
	bool is_events = argc > 2 && strcmp(argv[2], "events") == 0;
	bool is_sessions = argc > 2 && strcmp(argv[2], "sessions") == 0;
	uint32_t count = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 200000;
	uint32_t batch = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 256;
	uint64_t first = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
	if (!(is_events || is_sessions) || count == 0 || batch == 0) {
		fprintf(stderr, "usage: %s FILE events|sessions [COUNT [BATCH [FIRST]]]\n",
			argv[0]);
		return 2;
	}
	struct bench bench = { .has_sessions = is_sessions,
		.requests = count,
		.batch = batch,
		.first = first,
		.start_us = INT64_C(1700000000000000) + 100 * (int64_t)first };
	char why[CHG_SQLITE_WHY_MAX];
	if (chg_sqlite_store_open(argv[1], CHG_SQLITE_READ_WRITE_CREATE, &bench.store, why,
		    sizeof why) != CHG_OK) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	struct chg_sqlite *sqlite = bench.store.self;
	const char *sql = getenv("CHG_BENCH_SQL");
	bench.pauses_us = calloc(count / batch + 1, sizeof bench.pauses_us[0]);
	if (bench.pauses_us == NULL ||
		(sql != NULL && sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) != SQLITE_OK)) {
		fprintf(stderr, "%s\n", sqlite3_errmsg(sqlite->db));
		return 1;
	}
	int status = run(&bench);
	free(bench.pauses_us);
	bench.store.ops->close(bench.store.self);
	return status;
}

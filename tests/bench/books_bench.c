/* SPDX-License-Identifier: BSD-3-Clause
 * What a request of CH-2 costs in the store: CPU time of the one thread, and octets of the log.
 *
 *   books_bench FILE ACCOUNTS REQUESTS [BATCH]
 *
 * Makes the accounts that FILE lacks, then runs direct debits, and sessions of two services (initial,
 * three updates, termination), over accounts chosen at random, BATCH requests to a transaction.  The
 * figures leave out the decision, which is the same for every store.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/credit.h"
#include "store/sqlite/sqlite_store.h"

enum {
	EUR = 978,
	OPEN_SESSIONS = 512, /* at a time: a batch of each kind of request is far from the next */
	PER_IMPORT = 1000,
	WAL_FRAME = 4096 + 24,
};

static const struct chg_audit by_bench = { CHG_VIEW("bench"), CHG_VIEW("bench") };

static const struct chg_cc_policy policy = {
	.validity_s = 3600,
	.session_idle = { 7200 * (int64_t)CHG_US_PER_S },
	.tombstone = { 60 * (int64_t)CHG_US_PER_S },
	.quantum = { 60, 1000, 1000, 1000, 1 },
	.grant_max = { 600, 100000, 100000, 100000, 100 },
};

struct bench {
	struct chg_store store;
	const char *path;
	struct chg_tariff tariff;
	uint64_t accounts;
	uint64_t batch;
	uint64_t seed;
	int64_t second; /* now */
	uint32_t frames_before;
	uint64_t frames;
	uint64_t deciding_ns;
	struct chg_cc_facts facts;
	struct chg_cc_plan plan;
};

static void need(enum chg_rc rc, const char *what)
{
	if (rc == CHG_OK)
		return;
	fprintf(stderr, "books_bench: %s: %s\n", what, chg_rc_sentence(rc));
	exit(1);
}

static uint64_t ns_of(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static uint64_t below(struct bench *bench, uint64_t bound)
{
	bench->seed ^= bench->seed << 13;
	bench->seed ^= bench->seed >> 7;
	bench->seed ^= bench->seed << 17;
	return (bench->seed >> 11) % bound;
}

static struct chg_now now_of(const struct bench *bench)
{
	chg_instant at = { bench->second * CHG_US_PER_S };
	return (struct chg_now){ .wall = at, .steady = at };
}

/* The frames of the log that are in use: the number stands in the index beside it. */
static uint32_t frames_now(const struct bench *bench)
{
	char name[512];
	uint32_t word[5] = { 0 };
	snprintf(name, sizeof name, "%s-shm", bench->path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, word, sizeof word) != sizeof word)
		word[4] = 0;
	if (fd >= 0)
		close(fd);
	return word[4];
}

static void count_frames(struct bench *bench)
{
	uint32_t now = frames_now(bench);
	bench->frames += now >= bench->frames_before ? now - bench->frames_before : now;
	bench->frames_before = now;
}

static void begin(struct bench *bench)
{
	need(bench->store.ops->begin(bench->store.self), "begin");
}

static void commit(struct bench *bench)
{
	need(bench->store.ops->commit(bench->store.self), "commit");
	count_frames(bench);
	bench->second++;
}

static void make_tariff(struct chg_tariff *tariff)
{
	static const struct chg_tariff_band always = { .days = 0xff, .until_minute = 1440 };
	*tariff = (struct chg_tariff){ .name = "bench",
		.version = 1,
		.currency = { EUR },
		.zone = "UTC",
		.shift_count = 1,
		.rule_count = 1 };
	struct chg_tariff_rule *rule = &tariff->rule[0];
	rule->per = 1;
	rule->increment = 1;
	rule->unit = CHG_UNIT_MESSAGES;
	rule->band_count = 1;
	rule->band[0] = always;
	rule->band[0].price.micros = 10000;
	snprintf(rule->name, sizeof rule->name, "message");
}

static struct chg_identity_ask identity_of(uint64_t account)
{
	struct chg_identity_ask identity = { .type = CHG_IDENTITY_SIP_URI };
	identity.key.len = (uint8_t)snprintf(identity.key.bytes, sizeof identity.key.bytes,
		"sip:user%" PRIu64 "@example.net", account);
	return identity;
}

static void add_account(struct bench *bench, uint64_t number)
{
	char name[32];
	int64_t account_id;
	struct chg_account_new account = { .currency = { EUR },
		.opening = { 1000000000000 },
		.plan = CHG_VIEW(""),
		.identity_count = 2 };
	snprintf(name, sizeof name, "user%" PRIu64, number);
	account.name = chg_view_of(name);
	account.identity[0] = identity_of(number);
	account.identity[1].type = CHG_IDENTITY_E164;
	account.identity[1].key.len = (uint8_t)snprintf(account.identity[1].key.bytes,
		sizeof account.identity[1].key.bytes, "tel:+49%011" PRIu64, number);
	need(bench->store.books->account_add(
		     bench->store.self, now_of(bench), &by_bench, &account, &account_id),
		"account add");
}

static bool note_account(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count)
{
	(void)identity;
	(void)identity_count;
	*(int64_t *)to = account->account_id;
	return true;
}

/* How many accounts the file has: their numbers have no gap. */
static uint64_t count_accounts(struct bench *bench)
{
	int64_t low = 0, high = INT64_C(1) << 40;
	while (low + 1 < high) {
		int64_t middle = low + (high - low) / 2, found = 0;
		need(bench->store.books->account_scan(
			     bench->store.self, middle - 1, 1, note_account, &found),
			"account scan");
		if (found != 0)
			low = middle;
		else
			high = middle;
	}
	return (uint64_t)low;
}

static void make_accounts(struct bench *bench)
{
	uint64_t had = count_accounts(bench), made = had;
	uint64_t before = ns_of(CLOCK_PROCESS_CPUTIME_ID);
	while (made < bench->accounts) {
		begin(bench);
		for (int i = 0; i < PER_IMPORT && made < bench->accounts; i++)
			add_account(bench, made++);
		commit(bench);
	}
	if (made > had)
		printf("%-28s %10.2f us of CPU each\n", "accounts made",
			(double)(ns_of(CLOCK_PROCESS_CPUTIME_ID) - before) / 1000 /
				(double)(made - had));
}

static struct chg_ccr ccr_of(
	const char *session, enum chg_cc_type type, uint32_t number, uint64_t account)
{
	static const enum chg_record_type types[] = { [CHG_CC_INITIAL] = CHG_RECORD_START,
		[CHG_CC_UPDATE] = CHG_RECORD_INTERIM,
		[CHG_CC_TERMINATION] = CHG_RECORD_STOP,
		[CHG_CC_EVENT] = CHG_RECORD_EVENT };
	struct chg_ccr ccr = { .type = type, .identity_count = 1 };
	ccr.data = (struct chg_acr){ .origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(session),
		.type = types[type],
		.number = number,
		.service_context_id = CHG_VIEW("32274@3gpp.org"),
		.content = CHG_VIEW("{\"CC-Request-Type\":4,\"Requested-Action\":0}") };
	ccr.data.digest.bytes[0] = (uint8_t)number;
	ccr.identity[0] = identity_of(account);
	ccr.data.party[0] =
		(struct chg_named_party){ { ccr.identity[0].key.bytes, ccr.identity[0].key.len },
			CHG_ROLE_SUBSCRIBER };
	return ccr;
}

/* Load, decide, apply. */
static void handle(struct bench *bench, struct chg_ccr *ccr)
{
	static const struct chg_acct_policy record_policy;
	static char answer[320];
	struct chg_store *store = &bench->store;
	ccr->data.party[0].text.ptr = ccr->identity[0].key.bytes;
	ccr->data.party_count = 1;
	need(store->books->load(store->self, ccr, &bench->facts), "load");
	uint64_t before = ns_of(CLOCK_MONOTONIC);
	chg_credit_decide(&bench->facts, &bench->tariff, &policy, &record_policy, now_of(bench),
		ccr, &bench->plan);
	bench->deciding_ns += ns_of(CLOCK_MONOTONIC) - before;
	if (bench->plan.answer.result_code != 2001)
		need(CHG_E_UNKNOWN, "a request was refused");
	memset(answer, 'a', sizeof answer);
	need(store->books->apply(store->self, now_of(bench), ccr, &bench->plan, &bench->tariff,
		     (struct chg_view){ answer, sizeof answer }),
		"apply");
}

struct measure {
	uint64_t cpu;
	uint64_t requests;
};

static void tell(struct bench *bench, const char *what, struct measure measure)
{
	printf("%-28s %10.2f us of CPU %10.0f octets of log\n", what,
		(double)(measure.cpu - bench->deciding_ns) / 1000 / (double)measure.requests,
		(double)bench->frames * WAL_FRAME / (double)measure.requests);
	fflush(stdout);
	bench->deciding_ns = 0;
	bench->frames = 0;
}

static void run_debits(struct bench *bench, uint64_t requests)
{
	struct measure measure = { .requests = requests };
	uint64_t before = ns_of(CLOCK_THREAD_CPUTIME_ID);
	for (uint64_t i = 0; i < requests;) {
		begin(bench);
		for (uint64_t b = 0; b < bench->batch && i < requests; b++, i++) {
			char session[64];
			snprintf(session, sizeof session, "im1.example.net;%" PRId64 ";%" PRIu64,
				bench->second, i);
			struct chg_ccr ccr =
				ccr_of(session, CHG_CC_EVENT, 0, below(bench, bench->accounts));
			ccr.action = (chg_opt_u32){ true, CHG_ACTION_DIRECT_DEBITING };
			ccr.service_count = 1;
			ccr.service[0].requested.is_present = true;
			ccr.service[0].requested.of[CHG_UNIT_MESSAGES] = (chg_opt_u64){ true, 1 };
			handle(bench, &ccr);
		}
		commit(bench);
	}
	measure.cpu = ns_of(CLOCK_THREAD_CPUTIME_ID) - before;
	tell(bench, "debit", measure);
}

/* One request of a session with two services. */
static void session_step(
	struct bench *bench, const char *session, uint64_t account, uint32_t number)
{
	enum chg_cc_type type = number == 0   ? CHG_CC_INITIAL
				: number == 4 ? CHG_CC_TERMINATION
					      : CHG_CC_UPDATE;
	struct chg_ccr ccr = ccr_of(session, type, number, account);
	ccr.is_multiple = true;
	ccr.service_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct chg_service_ask *ask = &ccr.service[i];
		ask->rating_group = (chg_opt_u32){ true, 1 + i };
		ask->requested.is_present = type != CHG_CC_TERMINATION;
		ask->requested.of[CHG_UNIT_MESSAGES] =
			(chg_opt_u64){ type != CHG_CC_TERMINATION, 5 };
		if (type == CHG_CC_INITIAL)
			continue;
		ask->used_count = 1;
		ask->used[0].units.is_present = true;
		ask->used[0].units.of[CHG_UNIT_MESSAGES] = (chg_opt_u64){ true, 3 };
	}
	handle(bench, &ccr);
}

static void run_sessions(struct bench *bench, uint64_t requests)
{
	static const char *const names[] = { "session initial", "session update", "session update",
		"session update", "session termination" };
	struct measure measure[5] = { 0 };
	uint64_t deciding[5] = { 0 }, frames[5] = { 0 };
	char session[OPEN_SESSIONS][64];
	uint64_t account[OPEN_SESSIONS];
	int64_t began = bench->second;
	for (uint64_t done = 0; done < requests; done += 5 * (uint64_t)OPEN_SESSIONS) {
		for (size_t i = 0; i < OPEN_SESSIONS; i++) {
			account[i] = below(bench, bench->accounts);
			snprintf(session[i], sizeof session[i],
				"im1.example.net;%" PRId64 ";%" PRIu64, began, done + i);
		}
		for (uint32_t number = 0; number < 5; number++) {
			uint64_t before = ns_of(CLOCK_THREAD_CPUTIME_ID);
			bench->deciding_ns = 0;
			bench->frames = 0;
			for (size_t i = 0; i < OPEN_SESSIONS;) {
				begin(bench);
				for (uint64_t b = 0; b < bench->batch && i < OPEN_SESSIONS;
					b++, i++)
					session_step(bench, session[i], account[i], number);
				commit(bench);
			}
			measure[number].cpu += ns_of(CLOCK_THREAD_CPUTIME_ID) - before;
			measure[number].requests += OPEN_SESSIONS;
			deciding[number] += bench->deciding_ns;
			frames[number] += bench->frames;
		}
	}
	for (uint32_t number = 0; number < 5; number++) {
		bench->deciding_ns = deciding[number];
		bench->frames = frames[number];
		tell(bench, names[number], measure[number]);
	}
}

int main(int argc, char **argv)
{
	static struct bench bench;
	char why[CHG_SQLITE_WHY_MAX] = "";
	if (argc < 4) {
		fprintf(stderr, "usage: books_bench FILE ACCOUNTS REQUESTS [BATCH]\n");
		return 2;
	}
	bench.path = argv[1];
	bench.accounts = strtoull(argv[2], NULL, 10);
	bench.batch = argc > 4 ? strtoull(argv[4], NULL, 10) : 64;
	bench.seed = 88172645463325252u;
	/* Nothing that an earlier run did comes again. */
	bench.second = (int64_t)(ns_of(CLOCK_REALTIME) / 1000000000u);
	make_tariff(&bench.tariff);
	if (chg_sqlite_store_open(bench.path, CHG_SQLITE_READ_WRITE_CREATE, &bench.store, why,
		    sizeof why) != CHG_OK) {
		fprintf(stderr, "books_bench: %s\n", why);
		return 1;
	}
	make_accounts(&bench);
	printf("%" PRIu64 " accounts, %" PRIu64 " requests to a commit\n", bench.accounts,
		bench.batch);
	uint64_t requests = strtoull(argv[3], NULL, 10);
	bench.frames = 0;
	run_debits(&bench, requests / 10); /* so that caches are as they will be */
	run_debits(&bench, requests);
	run_sessions(&bench, requests);
	bench.store.ops->close(bench.store.self);
	return 0;
}

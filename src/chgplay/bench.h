/* SPDX-License-Identifier: BSD-3-Clause
 * The load generator of measurements: as many requests as a node can bear, or as many a second as
 * were asked for, at so little cost that the node is measured and not its client.
 */
#ifndef CHG_CHGPLAY_BENCH_H
#define CHG_CHGPLAY_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "chgplay/arrival.h"
#include "chgplay/histogram.h"

enum {
	CHG_BENCH_PEER_MAX = 64,
	CHG_BENCH_WINDOW_MAX = 4096,
	CHG_BENCH_CODE_MAX = 16,
	CHG_BENCH_LATE_US = 1000, /* sent so long after it was due, a request is late */
};

enum chg_bench_kind {
	CHG_BENCH_EVENT,          /* ACR EVENT */
	CHG_BENCH_SESSION,        /* ACR START, INTERIM, STOP */
	CHG_BENCH_DEBIT,          /* CCR EVENT, a debit of one message */
	CHG_BENCH_CREDIT_SESSION, /* CCR INITIAL, three UPDATEs, TERMINATION */
	CHG_BENCH_MIX,            /* of each of these a quarter of the requests */
	CHG_BENCH_OPEN_SESSION,   /* CCR INITIAL alone: sessions that nobody ends */
};

struct chg_bench_config {
	const char *connect;
	const char *realm;
	const char *destination_realm;
	const char *host_prefix; /* peers are <prefix>1.<realm>, <prefix>2.<realm> ... */
	enum chg_bench_kind kind;
	uint32_t peers;
	uint32_t window; /* requests under way on each connection at most */
	uint32_t rate;   /* requests a second over all connections; 0: as fast as answers come */
	enum chg_arrival_kind arrivals; /* with a rate */
	uint32_t seconds;               /* measured, after ... */
	uint32_t warmup_s;              /* ... so long without counting */
	uint32_t accounts;              /* sip:user1@example.net and so on */
	uint32_t duplicates_percent;    /* of the requests, each of an answered one */
	uint32_t services;              /* of a credit session: 1 or 2 */
	bool is_base_only;              /* ACRs with the AVPs of RFC 6733 alone */
	uint32_t settle_ms;             /* between the last connection and the first request */
	bool expects_no_services;       /* CCAs say success and nothing of the services */
	uint64_t seed;
	FILE *timeline;                        /* a line for each 100 ms; NULL: none */
	const volatile sig_atomic_t *must_end; /* not 0: the time is up; NULL: never early */
	bool shows_progress;
};

struct chg_bench_code {
	uint32_t code;
	uint64_t count;
};

/*
 * Answers, successes and latencies are those of the measured time: of answers that came in it, or,
 * with a rate, to requests that were due in it.  What went wrong counts in the whole run.
 */
struct chg_bench_result {
	uint64_t answers;
	uint64_t succeeded;
	uint64_t late; /* sent more than CHG_BENCH_LATE_US after they were due; with a rate only */
	struct chg_histogram
		latency; /* of successes, since they were due, or sent without a rate */
	int64_t took_us; /* the measured time, or until the last answer that counts if it came later */
	int64_t cpu_ns;       /* of this process, in the measured time, and ... */
	uint64_t cpu_answers; /* ... the answers that came in it, counted or not */

	uint64_t failed; /* other Result-Codes than success */
	uint64_t wrong;  /* answers to no request, or not in form */
	uint64_t unanswered;
	uint64_t repeated; /* duplicates sent */
	struct chg_bench_code code[CHG_BENCH_CODE_MAX];
	const char *first_wrong; /* a sentence; NULL: none was wrong */
};

/* Runs it.  False: a connection failed, and reterr_why says how; nothing was measured then. */
bool chg_bench_run(const struct chg_bench_config *config, struct chg_bench_result *ret,
	char *reterr_why, size_t why_size);

/* The command `chgplay bench`: its arguments, its exit status. */
int chg_bench_main(int argc, char *argv[]);

#endif

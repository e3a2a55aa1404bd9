/* SPDX-License-Identifier: BSD-3-Clause
 * The load generator: many requests, every answer checked, nothing lost when the node dies.
 */
#ifndef CHG_CHGPLAY_LOAD_H
#define CHG_CHGPLAY_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "chgplay/histogram.h"

enum {
	CHG_LOAD_PEER_MAX = 64,
	CHG_LOAD_WINDOW_MAX = 4096,
};

enum chg_load_kind {
	CHG_LOAD_EVENT,   /* one EVENT per session id */
	CHG_LOAD_SESSION, /* START, INTERIM, STOP, each after the answer to the one before */
	CHG_LOAD_DEBIT,   /* one debit per session id */
	/* INITIAL, three UPDATEs, TERMINATION for two services, each after the answer before */
	CHG_LOAD_CREDIT_SESSION,
};

struct chg_load_config {
	const char *connect;
	const char *realm;
	const char *destination_realm;
	const char *host_prefix; /* peers are <prefix>1.<realm>, <prefix>2.<realm> ... */
	uint32_t peers;
	uint32_t window;    /* requests under way on each connection */
	uint64_t count;     /* answers wanted; 0: by time */
	uint32_t seconds;   /* 0: by count */
	uint32_t retry_s;   /* an unanswered request is sent again after this */
	uint32_t give_up_s; /* so long without any connection ends the run */
	enum chg_load_kind kind;
	const char *subscriber; /* who pays for debits and credit sessions: a SIP URI */
	/*
	 * Gets "session-id type number" for each success, and behind it the Cost-Information of a CCA:
	 * of a debit its own, of a session what it came to so far.  NULL: none.
	 */
	FILE *journal;
	FILE *resend; /* such lines, to be sent again with the T bit; NULL: new requests */
};

struct chg_load_result {
	uint64_t sent; /* repetitions included */
	uint64_t succeeded;
	uint64_t repeated;  /* sent again, with the T bit */
	uint64_t postponed; /* answers that make a client keep its record: 3004, 4002 */
	uint64_t failed;    /* any other Result-Code */
	uint64_t wrong;     /* answers whose session, type, number or form is not the request's */
	uint64_t reconnected;
	uint64_t unanswered; /* under way when the run ended */
	int64_t took_us;
	struct chg_histogram latency; /* of successes, from the first sending on */
};

/*
 * Runs the load.  False when it ended for want of a connection; reterr_why says what failed last.
 */
bool chg_load_run(const struct chg_load_config *config, struct chg_load_result *ret,
	char *reterr_why, size_t why_size);

/* The command `chgplay load`: its arguments, its exit status. */
int chg_load_main(int argc, char *argv[]);

#endif

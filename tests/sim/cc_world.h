/* SPDX-License-Identifier: BSD-3-Clause
 * A small world of credit control: IM servers with sessions and events on shared accounts, a network
 * that loses, repeats and reorders, an operator, a node that crashes, a disk that stays.
 */
#ifndef CHG_TESTS_SIM_CC_WORLD_H
#define CHG_TESTS_SIM_CC_WORLD_H

#include "app/engine.h"
#include "core/refund.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

enum {
	CC_PEERS = 3,
	CC_ACCOUNTS = 3,
	CC_SERVICES = 2, /* of a session: messages and seconds, each unit at the same price */
	CC_CLIENTS_MAX = 48,
	CC_REQUESTS_MAX = 256,
	CC_COPIES_MAX = 24,
	CC_PRICE = 7, /* micros of any unit */
	CC_LIMIT = 100,
	CC_ANSWER_MAX = 256,
};

enum cc_kind {
	CC_SCUR,  /* INITIAL, UPDATEs, TERMINATION */
	CC_ECUR,  /* INITIAL, TERMINATION */
	CC_EVENT, /* one request */
};

/* An amount of a service: units, or money that the client has rated itself.  Worth is what counts. */
struct cc_amount {
	bool is_present;
	bool is_money;
	uint64_t number;
};

/* A session or an event as its IM server sees it. */
struct cc_client {
	enum cc_kind kind;
	uint32_t peer;
	uint32_t account;
	uint32_t next_number;
	bool has_begun, is_over;
	uint32_t waits_for; /* request + 1; 0 for none */
	struct cc_amount granted[CC_SERVICES];
	char session_id[24];
	/* What the auditor has to know. */
	int64_t worth;   /* micros: what was used, by all requests that were executed */
	bool is_session; /* an INITIAL was executed well */
	bool is_ended;   /* by what was asked or answered */
	uint32_t origin_state_id;
	chg_instant until; /* steady: when silence ends it */
	struct cc_amount held[CC_SERVICES];
};

struct cc_request {
	uint32_t client;
	enum chg_cc_type type;
	enum chg_cc_action action;
	uint32_t number;
	uint32_t first_service, service_count; /* which of the two it speaks of */
	struct cc_amount asked[CC_SERVICES], used[CC_SERVICES];
	char refund[CHG_REFUND_HANDLE_MAX];
	bool was_sent;
	bool is_answered;
	/* What the auditor has to know. */
	bool is_executed; /* for good: it left a trace */
	char answer[CC_ANSWER_MAX];
	size_t answer_len;
};

/* A request under way to the node, or in its engine. */
struct cc_copy {
	struct chg_job job; /* first */
	struct chg_acr acr;
	struct chg_cca cca; /* that was decided */
	struct chg_ccr ccr;
	struct cc_world *world;
	bool is_used;
	bool is_taken; /* the engine has it */
	uint32_t request;
	uint32_t account; /* of a call: a top-up, or a change of status */
	int64_t amount;
};

struct cc_answer {
	uint32_t request;
	bool is_kept; /* false: it could not be handled, and may be asked again */
	struct chg_cca cca;
	bool is_duplicate;
};

struct cc_world {
	const char *path; /* of the disk's file; NULL: memory is the disk */
	uint64_t seed;
	uint64_t first_seed;
	uint32_t step;
	struct fake_clock clock;
	struct faulty_store faulty;
	struct chg_store store;
	struct chg_engine_config config;
	struct chg_engine *engine;
	struct chg_tariff tariff;
	bool is_dying; /* answers go nowhere any more */
	uint32_t origin_state_id[CC_PEERS];
	struct cc_client client[CC_CLIENTS_MAX];
	uint32_t client_count;
	struct cc_request request[CC_REQUESTS_MAX];
	uint32_t request_count;
	struct cc_copy copy[CC_COPIES_MAX];
	struct cc_answer answer[CC_COPIES_MAX];
	uint32_t answer_count;
	char handle[CHG_REFUND_HANDLE_MAX]; /* the last that an answer brought */
	/* What the auditor has to know of the accounts, by executed requests alone. */
	uint32_t host_state[CC_PEERS];
	int64_t paid_in[CC_ACCOUNTS];
	int64_t beyond[CC_ACCOUNTS]; /* worth of usage that no grant covered */
	uint64_t commits;            /* at the last look */
	uint32_t looks;
};

extern const char *const cc_account[CC_ACCOUNTS];

/*
 * A new world with an empty disk.
 *
 *   path   of the disk's file, which is removed first; NULL: memory is the disk
 */
void cc_world_begin(struct cc_world *world, const char *path, uint64_t seed);
void cc_world_end(struct cc_world *world);

/* One thing happens. */
void cc_world_step(struct cc_world *world);

/* Everything works again until every client has its answers. */
void cc_world_settle(struct cc_world *world);

/* What an amount is worth, in micros. */
int64_t cc_worth(const struct cc_amount *amount);

/* Says what is wrong and how to see it again, and ends the process. */
void cc_fail(const struct cc_world *world, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif

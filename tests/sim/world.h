/* SPDX-License-Identifier: BSD-3-Clause
 * A small world for the simulator: IM servers that keep their records until they are answered well,
 * a network that loses, repeats and reorders, a node that crashes, a disk that stays.
 */
#ifndef CHG_TESTS_SIM_WORLD_H
#define CHG_TESTS_SIM_WORLD_H

#include "app/engine.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

enum {
	SIM_PEERS = 3,
	SIM_SESSIONS = 5, /* of each peer */
	SIM_REQUESTS_MAX = 600,
	SIM_COPIES_MAX = 64,
};

/* One record that a client wants to be stored.  Its content is its number in the world. */
struct sim_request {
	uint32_t peer;
	uint32_t session;
	chg_opt_u64 sub_session_id;
	enum chg_record_type type;
	uint32_t number;
	uint32_t messages_sent;
	chg_instant event_time;
	bool was_sent;    /* so that the next copy has the T bit, unless it was refused */
	bool is_answered; /* SUCCESS arrived: the client has deleted it */
	char content[24];
	/* What the auditor remembers of it. */
	bool is_recorded; /* the node said so, whether or not the answer arrived */
	bool recorded_with_t;
	bool has_answer;
	struct chg_aca answer;
};

/* A request under way to the node, or in its engine. */
struct sim_copy {
	struct chg_job job; /* first */
	struct chg_acr acr;
	struct sim_world *world;
	bool is_used;
	bool is_taken; /* the engine has it */
	uint32_t request;
};

/* An answer under way to its client. */
struct sim_answer {
	uint32_t request;
	uint32_t result_code;
};

struct sim_session {
	uint32_t next_number;
	uint32_t messages_sent;
	bool has_started;
};

struct sim_world {
	uint64_t seed;
	uint64_t first_seed;
	uint32_t step;
	struct fake_clock clock;
	struct faulty_store faulty;
	struct chg_store store;
	struct chg_engine_config config;
	struct chg_engine *engine;
	bool is_dying; /* answers go nowhere any more */
	uint32_t origin_state_id[SIM_PEERS];
	struct sim_session session[SIM_PEERS][SIM_SESSIONS];
	struct sim_request request[SIM_REQUESTS_MAX];
	uint32_t request_count;
	uint32_t order[SIM_REQUESTS_MAX]; /* recorded requests, in the order of the commits */
	uint32_t order_count;
	struct sim_copy copy[SIM_COPIES_MAX];
	struct sim_answer answer[SIM_COPIES_MAX];
	uint32_t answer_count;
};

extern const char *const sim_host[SIM_PEERS];
extern const char *const sim_session_id[SIM_SESSIONS];

void sim_world_begin(struct sim_world *world, uint64_t seed);
void sim_world_end(struct sim_world *world);

/* One thing happens. */
void sim_world_step(struct sim_world *world);

/* Everything works again until every client has its answers. */
void sim_world_settle(struct sim_world *world);

/* Says what is wrong and how to see it again, and ends the process. */
void sim_fail(const struct sim_world *world, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif

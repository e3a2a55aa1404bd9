/* SPDX-License-Identifier: BSD-3-Clause
 * Plays a script on a stage: an engine in this process, or a node over TCP.
 */
#ifndef CHG_CHGPLAY_PLAY_H
#define CHG_CHGPLAY_PLAY_H

#include "chgplay/script.h"
#include "port/store.h"

/* What became of a request. */
enum chg_outcome {
	CHG_OUTCOME_ANSWERED,
	CHG_OUTCOME_CLOSED, /* the connection ended instead */
	CHG_OUTCOME_SILENT, /* nothing came in time */
};

struct chg_exchange {
	uint32_t peer;
	uint8_t *request;
	size_t request_len;
	uint8_t *answer; /* room for CHG_ANSWER_MAX */
	size_t answer_len;
	enum chg_outcome outcome;
	int64_t took_us;
};

/* A change of the books that the script wants, resolved for a run. */
enum chg_play_book {
	CHG_BOOK_ACCOUNT, /* account, is_blocked */
	CHG_BOOK_BUCKET,  /* account.name, bucket */
	CHG_BOOK_STATUS,  /* account.name, is_blocked */
	CHG_BOOK_TOPUP,   /* account.name, amount */
	CHG_BOOK_TARIFF,  /* text */
};

struct chg_play_change {
	enum chg_play_book kind;
	struct chg_account_new account;
	bool is_blocked;
	struct chg_bucket bucket;
	chg_money amount;
	struct chg_view text;
};

/* Who speaks, resolved for a run. */
struct chg_play_peer {
	struct chg_view name;
	char host[256];
	char realm[256];
	uint32_t state_id;
};

/*
 * Where a script is played.  Functions that are NULL are not possible there; a script that needs
 * one is refused before it starts.
 *
 *   exchange    sends all requests at once, fills outcome, answer and time of each
 *   tick        the time moves on, supervision included
 *   jump        the wall clock alone is set
 *   connect     a peer comes, telling its Origin-State-Id (0: none)
 *   records     the store to look at, and afterwards done with it; records NULL: not visible
 *   change      the books are changed as an operator would; NULL: they are somebody else's, and must
 *               be right already
 *   now         what the stage takes for the time; requests carry it
 */
struct chg_stage_ops {
	uint32_t bit;         /* which of enum chg_stage_bit */
	bool is_asynchronous; /* what is expected of a record may take a moment to come true */
	enum chg_rc (*exchange)(void *self, struct chg_exchange *exchange, size_t count);
	enum chg_rc (*tick)(void *self, int64_t seconds);
	enum chg_rc (*jump)(void *self, int64_t seconds);
	enum chg_rc (*restart)(void *self, bool is_kill);
	enum chg_rc (*connect)(void *self, uint32_t peer, const struct chg_play_peer *who);
	enum chg_rc (*disconnect)(void *self, uint32_t peer);
	enum chg_rc (*store)(void *self, enum chg_store_mood mood);
	enum chg_rc (*change)(void *self, const struct chg_play_change *change);
	enum chg_rc (*records)(void *self, struct chg_store *ret);
	void (*records_done)(void *self, struct chg_store *store);
	chg_instant (*now)(void *self);
	const char *(*why)(void *self); /* the cause of the latest error; may be NULL */
};

struct chg_stage {
	const struct chg_stage_ops *ops;
	void *self;
};

/* One request and what was answered, for whoever shows it. */
struct chg_play_event {
	const char *peer;
	struct chg_view trigger; /* ptr NULL when the script names none */
	struct chg_view session; /* its name in the script */
	const char *command;     /* "ACR", "CCR" */
	const char *type;        /* "START", "INITIAL" */
	uint32_t number;
	uint32_t times;   /* so many at once */
	const char *note; /* what a CCA granted and cost; may be empty */
	bool is_again;
	enum chg_outcome outcome;
	uint32_t result_code;
	int64_t took_us;
};

struct chg_play_options {
	struct chg_view destination_realm;
	uint32_t run;              /* sets the Session-Ids of this run apart from those of others */
	struct chg_view only_host; /* if present: every peer speaks as this host and realm */
	struct chg_view only_realm;
	/* Of parties and accounts with a short name; NULL: example.net. */
	const char *party_domain;
	void (*shown)(void *to, const struct chg_play_event *event); /* may be NULL */
	void *to;
};

struct chg_play_outcome {
	size_t requests;
	size_t unseen; /* expectations of records that this stage does not show */
	size_t unmet;  /* 0 or 1: playing ends at the first one */
	char why[512]; /* "file:line: ..." when something was unmet or failed */
};

/* Whether the script can be played there; if not, `reterr_why` says what it needs. */
bool chg_play_is_possible(const struct chg_script *script, const struct chg_stage *stage,
	char *reterr_why, size_t why_size);

/*
 * Plays it.
 *
 *   CHG_OK           every expectation was met
 *   CHG_E_UNKNOWN    one was not: ret_outcome->why says which
 *   CHG_E_NO_MEMORY  no memory
 *   others           the stage failed; why says how
 */
enum chg_rc chg_play_run(const struct chg_script *script, const struct chg_stage *stage,
	const struct chg_play_options *options, struct chg_play_outcome *ret_outcome);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * A scenario: a call flow with its charging messages and what must come of them.
 *
 * tests/scenario/README.md is the reference of the language.  Parsing needs no node and no store;
 * whatever the text is, it ends in a script or in one sentence with file and line.
 */
#ifndef CHG_CHGPLAY_SCRIPT_H
#define CHG_CHGPLAY_SCRIPT_H

#include "core/ask_credit.h"
#include "core/cdr.h"
#include "core/rc.h"

enum {
	CHG_SCRIPT_BYTES_MAX = 256 * 1024,
	CHG_SCRIPT_PEER_MAX = 8,
	CHG_SCRIPT_CONFIG_MAX = 16,
	CHG_SCRIPT_NAME_MAX = 256, /* names of charging sessions and events */
	CHG_SCRIPT_STEP_MAX = 4096,
	CHG_SCRIPT_EDIT_MAX = 16384,
	CHG_SCRIPT_TOGETHER_MAX = 128, /* requests in flight at once */
	CHG_SCRIPT_TIMELINE_MAX = 64,
	CHG_SCRIPT_WHY_MAX = 256,
	CHG_SCRIPT_SERVICE_MAX = 16, /* services of one answer that are looked at */
	CHG_SCRIPT_PRICE_MAX = 8,    /* one-line prices that make one tariff */
};

/* Where a script can be played; a bit each. */
enum chg_stage_bit {
	CHG_STAGE_MEMORY = 1, /* the engine over the memory store, a clock that obeys the script */
	CHG_STAGE_SQLITE = 2, /* the same over an SQLite file */
	CHG_STAGE_WIRE = 4,   /* a node over TCP */
};

struct chg_script_peer {
	struct chg_view name;
	struct chg_view host;
	struct chg_view realm;
	uint32_t state_id; /* 0: none is told */
};

struct chg_script_config {
	struct chg_view key;
	struct chg_view value;
	uint32_t line;
};

/* One wish about the AVPs of a request or of an answer. */
enum chg_edit_kind {
	CHG_EDIT_WITH,  /* request: this AVP with this value; answer: it is there with this value */
	CHG_EDIT_PARTY, /* as WITH, the value is a party and may be short */
	CHG_EDIT_TIME,  /* as WITH, the value is seconds after the script's start */
	CHG_EDIT_WITHOUT, /* request: it is taken out; answer: it is not there */
	CHG_EDIT_TWICE,   /* request: the AVP comes a second time, at the end */
	CHG_EDIT_LAST,    /* request: the AVP is moved to the end */
	CHG_EDIT_FLAGS,   /* request: the AVP's flags are these letters; path "*" is every AVP */
	CHG_EDIT_LENGTH,  /* request: the AVP claims this length */
	CHG_EDIT_ECHOED,  /* answer: the AVP is byte for byte that of the request */
	CHG_EDIT_SAME,    /* answer: the AVP is byte for byte that of the answer before */
	CHG_EDIT_FAILED,  /* answer: Failed-AVP holds this, with this value if one is given */
	CHG_EDIT_FAILED_COPY, /* answer: Failed-AVP holds the request's AVP, byte for byte */
	CHG_EDIT_NO_FAILED,   /* answer: there is no Failed-AVP */
	CHG_EDIT_IDENTITY,    /* request: a Subscription-Id more, "alice" or "e164:+4930123" */
	CHG_EDIT_MONEY,       /* request: the CC-Money there, "EUR 0.10" */
	CHG_EDIT_HANDLE, /* request: the Refund-Information that the named request was answered with */
};

struct chg_script_edit {
	enum chg_edit_kind kind;
	struct chg_view path;
	struct chg_view value; /* ptr NULL when none was written */
};

/* So many units, or so much money. */
struct chg_script_amount {
	bool is_money;
	enum chg_unit unit;
	uint64_t units;
	chg_money money;
	chg_currency currency;
};

struct chg_script_send {
	uint32_t name;             /* index of the session's or event's name */
	bool is_credit;            /* a CCR, not an ACR */
	enum chg_record_type type; /* of an ACR */
	enum chg_cc_type cc_type;  /* of a CCR */
	chg_opt_u32 action;        /* Requested-Action of a CCR */
	bool is_command_level;     /* units stand at the level of the command, not in MSCC */
	uint32_t times;            /* sent so often at once, each in a session of its own */
	uint32_t number;
	chg_opt_u64 sub_session_id;
	bool is_retransmission; /* the T bit */
	int64_t at_s;           /* Event-Timestamp, after the script's start */
	bool has_at;
	bool is_not_proxiable;
	chg_opt_u32 application; /* header fields that lie */
	chg_opt_u32 command;
	chg_opt_u32 header_flags;
	chg_opt_u32 version;
};

/* What comes back. */
enum chg_expect_kind {
	CHG_EXPECT_ANSWER,
	CHG_EXPECT_CLOSED,
	CHG_EXPECT_SILENCE,
};

struct chg_script_expect {
	enum chg_expect_kind kind;
	uint32_t result_code;
	uint32_t result_code_else; /* another one that is as good; 0 none */
	bool may_close;            /* a closed connection is as good an answer */
	bool has_error_bit;        /* the E bit is asked for or ruled out */
	bool error_bit;
	bool is_same;               /* the whole answer is that of the answer before */
	uint32_t times;             /* so many answers of a parallel group are so; 0: this one is */
	struct chg_script_cca *cca; /* NULL for an ACA */
};

/* Whether something is asked for, ruled out, or left open. */
enum chg_script_wish {
	CHG_WISH_OPEN,
	CHG_WISH_NONE,
	CHG_WISH_THIS,
};

/* What is expected for one service, or at the level of the command where the units are there. */
struct chg_script_service {
	chg_opt_u32 group;
	chg_opt_u32 id;
	uint32_t result; /* 0: as for the command */
	enum chg_script_wish grant;
	struct chg_script_amount granted;
	enum chg_script_wish final; /* THIS: TERMINATE */
	enum chg_script_wish validity;
	uint32_t validity_s;
	enum chg_script_wish handle; /* Refund-Information is there */
};

/* What is expected of a Credit-Control-Answer besides its result. */
struct chg_script_cca {
	struct chg_script_service service[CHG_SCRIPT_SERVICE_MAX];
	size_t service_count;
	enum chg_script_wish cost;
	chg_money cost_amount;
	enum chg_script_wish remaining;
	chg_money remaining_amount;
	enum chg_script_wish low;    /* Low-Balance-Indication: NONE is "not low" */
	enum chg_script_wish enough; /* Check-Balance-Result: NONE is NO_CREDIT */
};

/* One asked-for column of a record: `name` `value`. */
struct chg_script_column {
	struct chg_view name;
	struct chg_view value; /* ptr NULL: must be absent */
	bool is_part;          /* the column holds the value somewhere within */
};

enum {
	CHG_SCRIPT_COLUMN_MAX = 24,
};

enum chg_record_want {
	CHG_WANT_NONE,
	CHG_WANT_OPEN,
	CHG_WANT_CLOSED,
};

struct chg_script_record {
	uint32_t name;
	bool has_host;          /* of the step's peer only */
	enum chg_cdr_kind kind; /* 0: either */
	chg_opt_u64 sub_session_id;
	uint32_t place; /* the place'th record of that name, from 1; 0 the latest */
	enum chg_record_want want;
	bool has_marks;
	uint32_t marks;
	struct chg_script_column column[CHG_SCRIPT_COLUMN_MAX];
	size_t column_count;
	bool has_cost; /* what its debits come to */
	chg_money cost;
};

/* An account to be made. */
struct chg_script_account {
	struct chg_view name;
	chg_currency currency;
	chg_money opening;
	chg_money credit_limit;
	chg_money low_balance;
	struct chg_view plan;
	bool has_until;
	int64_t until_s;
	bool is_blocked;
	size_t identity_count; /* 0: the name is the identity */
	struct chg_view identity[CHG_IDENTITY_MAX];
};

/* An account is blocked, served again, or gets money. */
struct chg_script_change {
	struct chg_view account;
	enum { CHG_CHANGE_BLOCK, CHG_CHANGE_UNBLOCK, CHG_CHANGE_TOPUP } what;
	chg_money amount;
};

/* A bucket to be added, or what is expected of one. */
struct chg_script_bucket {
	struct chg_view account;
	struct chg_script_amount amount;
	bool is_expected;
	struct chg_script_amount reserved;
	bool has_until;
	int64_t until_s;
	struct chg_view service;
	int32_t priority;
	struct chg_view name;
};

/* "im-message 0.04 per message" */
struct chg_script_price {
	struct chg_view name;
	enum { CHG_PRICE_FLAT, CHG_PRICE_FREE, CHG_PRICE_NOT_CHARGED } kind;
	struct chg_view price;
	struct chg_view setup; /* ptr NULL: none */
	uint64_t per;
	enum chg_unit unit;
	chg_opt_u32 group;
	chg_opt_u32 id;
	struct chg_view context; /* ptr NULL: any */
	struct chg_view plan;
};

/* A tariff that is in force from here on: its file, or prices that make one. */
struct chg_script_tariff {
	struct chg_view text; /* ptr NULL: the prices */
	struct chg_script_price price[CHG_SCRIPT_PRICE_MAX];
	size_t price_count;
};

struct chg_script_balance {
	struct chg_view account;
	bool has_available;
	chg_money available;
	bool has_reserved;
	chg_money reserved;
};

struct chg_script_participant {
	uint32_t name;
	struct chg_view party;
	enum chg_participant_action action;
	bool has_at;
	int64_t at_s;
};

struct chg_script_timeline {
	uint32_t name;
	enum chg_record_type type[CHG_SCRIPT_TIMELINE_MAX];
	size_t count;
};

enum chg_step_kind {
	CHG_PLAY_SEND,
	CHG_PLAY_AGAIN,
	CHG_PLAY_EXPECT,
	CHG_PLAY_RECORD,
	CHG_PLAY_PARTICIPANT,
	CHG_PLAY_TIMELINE,
	CHG_PLAY_RECORDS,
	CHG_PLAY_TICK,
	CHG_PLAY_JUMP,
	CHG_PLAY_RESTART,
	CHG_PLAY_CONNECT,
	CHG_PLAY_DISCONNECT,
	CHG_PLAY_STORE,
	CHG_PLAY_ACCOUNT,
	CHG_PLAY_BUCKET,
	CHG_PLAY_CHANGE, /* of an account that is there */
	CHG_PLAY_TARIFF,
	CHG_PLAY_BALANCE,
	CHG_PLAY_LEDGER,
	CHG_PLAY_SUSPENSE,
};

/* How the store behaves from here on. */
enum chg_store_mood {
	CHG_STORE_WELL,
	CHG_STORE_FULL,   /* no room */
	CHG_STORE_LOCKED, /* held by another process */
	CHG_STORE_BROKEN, /* fails for a reason that will stay */
};

struct chg_script_step {
	enum chg_step_kind kind;
	uint32_t line;
	uint32_t peer;           /* index; of a record: whose it must be, if has_host */
	uint32_t together;       /* requests of one group are in flight at once; 0: alone */
	struct chg_view trigger; /* what made the IM server send, for a SEND or AGAIN */
	size_t edit_first;
	size_t edit_count;
	union {
		struct chg_script_send send;
		struct {
			bool is_retransmission;
			bool is_fresh; /* new End-to-End id */
		} again;
		struct chg_script_expect expect;
		struct chg_script_record *record;
		struct chg_script_participant participant;
		struct chg_script_timeline *timeline;
		uint32_t records; /* or lines of suspense */
		struct chg_script_account *account;
		struct chg_script_bucket bucket;
		struct chg_script_change change;
		struct chg_script_tariff *tariff;
		struct chg_script_balance balance;
		int64_t seconds;
		bool is_kill;
		chg_opt_u32 state_id;
		enum chg_store_mood store;
	};
};

struct chg_script {
	const char *file; /* as it was given, for messages; borrowed */
	char *text;       /* owned copy that every view points into */
	struct chg_view title;
	struct chg_view flow;
	struct chg_view rules;
	uint32_t stages;
	bool is_command_level; /* units stand there unless a request says otherwise */
	bool has_accounts;
	struct chg_script_peer peer[CHG_SCRIPT_PEER_MAX];
	size_t peer_count;
	struct chg_script_config config[CHG_SCRIPT_CONFIG_MAX];
	size_t config_count;
	struct chg_view name[CHG_SCRIPT_NAME_MAX];
	uint32_t name_owner[CHG_SCRIPT_NAME_MAX]; /* the peer that named it first */
	size_t name_count;
	struct chg_script_step *step;
	size_t step_count;
	struct chg_script_edit *edit;
	size_t edit_count;
};

/*
 * Parses a script.  `file` is only for messages.
 *
 *   CHG_OK           ret is a script; release it with chg_script_release
 *   CHG_E_SYNTAX     reterr_why says "file:line: what is wrong; what would be right"
 *   CHG_E_NO_MEMORY  no memory
 *   CHG_E_RANGE      the text is larger than CHG_SCRIPT_BYTES_MAX
 */
enum chg_rc chg_script_parse(struct chg_view text, const char *file, struct chg_script *ret,
	char *reterr_why, size_t why_size);

/* The same from a file.  CHG_E_SYSTEM: it cannot be read. */
enum chg_rc chg_script_read(
	const char *path, struct chg_script *ret, char *reterr_why, size_t why_size);

/* Frees what the parser made.  A zeroed script is fine. */
void chg_script_release(struct chg_script *script);

/* Whether the node has to be this script's alone: it sets configuration, restarts or stops it. */
bool chg_script_wants_own_node(const struct chg_script *script);

#endif

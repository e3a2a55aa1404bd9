/* SPDX-License-Identifier: BSD-3-Clause
 * A scenario: a call flow with its charging messages and what must come of them.
 *
 * tests/scenario/README.md is the reference of the language.  Parsing needs no node and no store;
 * whatever the text is, it ends in a script or in one sentence with file and line.
 */
#ifndef CHG_CHGPLAY_SCRIPT_H
#define CHG_CHGPLAY_SCRIPT_H

#include "core/cdr.h"
#include "core/rc.h"

enum {
	CHG_SCRIPT_BYTES_MAX = 256 * 1024,
	CHG_SCRIPT_PEER_MAX = 8,
	CHG_SCRIPT_CONFIG_MAX = 16,
	CHG_SCRIPT_NAME_MAX = 256, /* names of charging sessions and events */
	CHG_SCRIPT_STEP_MAX = 4096,
	CHG_SCRIPT_EDIT_MAX = 16384,
	CHG_SCRIPT_TOGETHER_MAX = 64, /* requests in flight at once */
	CHG_SCRIPT_TIMELINE_MAX = 64,
	CHG_SCRIPT_WHY_MAX = 256,
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
};

struct chg_script_edit {
	enum chg_edit_kind kind;
	struct chg_view path;
	struct chg_view value; /* ptr NULL when none was written */
};

struct chg_script_send {
	uint32_t name; /* index of the session's or event's name */
	enum chg_record_type type;
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
		uint32_t records;
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

/* SPDX-License-Identifier: BSD-3-Clause
 * A charging record: one per event, one per session with its timeline.
 */
#ifndef CHG_CORE_CDR_H
#define CHG_CORE_CDR_H

#include <stddef.h>

#include "core/ask.h"
#include "core/instant.h"
#include "core/money.h"
#include "core/option.h"
#include "core/view.h"

enum chg_cdr_kind {
	CHG_CDR_EVENT = 1,
	CHG_CDR_SESSION = 2,
};

enum chg_cdr_status {
	CHG_CDR_OPEN = 1,
	CHG_CDR_CLOSED = 2,
};

/* Facts about the quality of a record; any number of them may hold.  A bit each. */
enum chg_cdr_mark {
#define MARK(name, bit, text, sentence) CHG_MARK_##name = (1u << (bit)),
#include "core/mark.def"
#undef MARK
};

/* The mark's text, e.g. "start lost"; NULL when the bit is no mark. */
const char *chg_cdr_mark_text(uint32_t bit);

/* The bit of a mark's text; 0 when there is none of that text. */
uint32_t chg_cdr_mark_bit(struct chg_view text);

enum {
	/* Room for every mark's text with ", " between them and the end. */
	CHG_MARKS_TEXT_MAX = 192,
};

/* Writes the texts of all marks that are set, in the order of their bits, separated by ", ". */
void chg_cdr_marks_write(uint32_t marks, char ret_text[CHG_MARKS_TEXT_MAX]);

/*
 * What a decision has to know of a session's record, and what it leaves behind: numbers only.  The
 * texts of a record are merged by the store, by the rule of chg_acct_plan.
 */
struct chg_cdr_state {
	int64_t cdr_id;         /* 0 before the store has given one */
	int64_t local_sequence; /* given when the record closes, gap-free over the node; 0 before */
	enum chg_cdr_kind kind;
	enum chg_cdr_status status;
	uint32_t marks;
	bool has_start;
	bool has_stop;
	uint32_t entry_count;  /* entries of the timeline */
	uint32_t number_count; /* entries that brought a number of their own; tells gaps */
	uint32_t number_min;   /* lowest and highest Accounting-Record-Number of the timeline */
	uint32_t number_max;
	chg_instant started_at; /* event time of START, or of the first record that came */
	chg_instant last_at;    /* event time of the latest record */
	chg_instant figures_at; /* event time of the record that the figures come from */
	chg_opt_instant ended_at;
	chg_opt_instant closed_at;       /* when this node closed it, wall clock */
	chg_opt_instant supervise_until; /* steady time at which silence closes it */
	uint32_t origin_state_id;    /* of the peer when it last touched the record; 0 unknown */
	uint32_t interim_interval_s; /* the interval in force; 0 when there is none */
};

/* What a participant did, as told by the request that named him. */
enum chg_participant_action {
	CHG_ACTION_INVITED = 1, /* named in START: invited before anybody answered */
	CHG_ACTION_JOINED = 2,  /* arrived: 200 OK to the server's INVITE, or his own INVITE */
	CHG_ACTION_LEFT = 3,    /* departed: BYE received, or 200 OK to the server's BYE */
	CHG_ACTION_NAMED = 4,   /* named without saying what he did */
};

/* "invited", "joined", "left", "named". */
const char *chg_participant_action_text(enum chg_participant_action action);

/* What the participants that this request names did.  Application-Service-Type tells. */
enum chg_participant_action chg_acr_participant_action(const struct chg_acr *acr);

/* "EVENT", "START", "INTERIM", "STOP". */
const char *chg_record_type_text(enum chg_record_type type);

/* A record as it is read back, for people.  Views live until the call that gave it returns. */
struct chg_cdr {
	struct chg_cdr_state state;
	chg_instant received_first_at;
	chg_instant received_last_at;
	struct chg_view source; /* "CH-1" or "CH-2" */
	struct chg_view origin_host;
	struct chg_view origin_realm;
	struct chg_view session_id;
	chg_opt_u64 sub_session_id;
	struct chg_view multi_session_id;
	struct chg_view user_name;
	struct chg_view service_context_id;
	struct chg_view application_server_id;
	chg_opt_i32 application_service_type;
	chg_opt_u32 application_session_id;
	struct chg_view delivery_status;
	struct chg_view icid;
	struct chg_view call_id;
	struct chg_view sip_method;
	struct chg_view calling_party;
	struct chg_view called_party;
	struct chg_view group_name;
	chg_opt_u32 participants_invited;
	chg_opt_u32 participants_attached;
	chg_opt_u32 messages_sent;
	chg_opt_u32 messages_exploded;
	chg_opt_u32 messages_sent_delivered;
	chg_opt_u32 messages_exploded_delivered;
	chg_opt_u64 content_octets;
	chg_opt_i32 cause_code;
	chg_opt_u32 termination_cause;
	struct chg_view content; /* JSON: of an event; of a session, that of its figures' record */
	bool has_charge;         /* an account was charged, be it nothing: the three below */
	struct chg_view account; /* its name */
	chg_money cost;          /* what was charged less what was refunded */
	chg_currency currency;
};

/* One entry of a session's timeline. */
struct chg_cdr_entry {
	uint32_t entry_no; /* 1, 2, 3 ... in the order of arrival */
	enum chg_record_type type;
	uint32_t number;
	uint32_t marks; /* of this entry: late, number reused, unreadable content, retransmitted */
	chg_opt_instant event_time;
	chg_instant received_at;
	chg_opt_i32 application_service_type;
	chg_opt_u32 participants;
	chg_opt_u32 messages_sent;
	chg_opt_u32 messages_exploded;
	chg_opt_u32 messages_sent_delivered;
	chg_opt_u32 messages_exploded_delivered;
	chg_opt_i32 cause_code;
	struct chg_view content; /* JSON */
};

/* One participant of one entry. */
struct chg_cdr_participant {
	uint32_t entry_no;
	uint32_t ordinal; /* place within the entry, from 1 */
	struct chg_view party;
	enum chg_participant_action action;
	chg_instant at; /* event time of the entry, or its arrival where it has none */
};

#endif

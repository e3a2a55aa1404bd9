/* SPDX-License-Identifier: BSD-3-Clause
 * Sessions that a request was of lately: what the next one would have to read.
 */
#ifndef CHG_STORE_SQLITE_RECENT_H
#define CHG_STORE_SQLITE_RECENT_H

#include <stddef.h>

#include "core/ask.h"
#include "core/cdr.h"
#include "core/credit.h"

enum {
	CHG_RECENT_SLOTS = 16384,                   /* sessions, at most */
	CHG_RECENT_WAYS = 4,                        /* slots that a session may stand in */
	CHG_RECENT_ENTRY_MAX = 2048,                /* octets of one; a larger one is not kept */
	CHG_RECENT_CACHE_OCTETS = 16 * 1024 * 1024, /* of all of them, at most */
	CHG_RECENT_TURNS = 4096,                    /* see struct chg_recents */
	CHG_NAMED_MAX = 512,                        /* octets of chg_named; more are not kept */
};

/* Parties and participants of a request as it wrote them: role, length and text of each. */
struct chg_named {
	size_t len;
	char bytes[CHG_NAMED_MAX];
};

/* Whether all that the request names stands here, each in its role. */
bool chg_named_has_all(const struct chg_named *named, const struct chg_acr *acr);

/* Those of the request; none where they are too many. */
void chg_named_take(struct chg_named *named, const struct chg_acr *acr);

/* What a request has to know of its session's record, whatever it brings. */
struct chg_brief {
	struct chg_cdr_state state; /* cdr_id 0: nothing is known */
	chg_opt_instant look_at;
	uint32_t
		texts; /* which of chg_rows_acr_texts it has, a bit each, and whether who is invited */
	bool has_no_sub;    /* the Session-Id has no records of sub-sessions */
	bool knows_numbers; /* no request of the session has a number above `number` */
	uint32_t number;
};

/* What names a session: interface, peer, Session-Id, sub-session. */
struct chg_recent_key {
	uint64_t hash;
	bool is_online;
	int64_t host_id;
	chg_opt_u64 sub_session_id;
	struct chg_view session_id;
};

struct chg_recent_key chg_recent_key_of(const struct chg_acr *acr, int64_t host_id, bool is_online);

struct chg_recent;

/* A place in the table, with what tells most others apart without looking at them. */
struct chg_recent_slot {
	struct chg_recent *recent; /* NULL: empty */
	uint32_t tag;
	uint32_t put; /* when it was put there, in puts */
};

/*
 * An entry holds what the file has, changes of the open transaction included.  The node is the only
 * writer: a request that changes its session puts what it is then; all others who change a record or
 * session forget it by its number, and a rollback forgets all.  A number is forgotten by a turn of the
 * wheel that it shares with others: an entry counts only while the wheel stands as it stood when the
 * entry was put.  That forgets some more, which are read again.
 */
struct chg_recents {
	size_t slot_count; /* 0: nothing is kept */
	struct chg_recent_slot *slot;
	size_t octets;
	size_t hand; /* the slot that was emptied last for want of room */
	uint32_t puts;
	uint32_t generation;
	uint32_t record_turn[CHG_RECENT_TURNS];
	uint32_t session_turn[CHG_RECENT_TURNS];
};

/* At most so many sessions are kept.  False: no memory. */
bool chg_recents_open(struct chg_recents *recents, size_t slot_count);
void chg_recents_close(struct chg_recents *recents);

/* Forgets everything. */
void chg_recents_clear(struct chg_recents *recents);
void chg_recents_forget_record(struct chg_recents *recents, int64_t cdr_id);
void chg_recents_forget_session(struct chg_recents *recents, int64_t cc_session_id);
void chg_recents_forget(struct chg_recents *recents, const struct chg_recent_key *key);

/* NULL: it is not kept.  Valid until the next put. */
const struct chg_recent *chg_recents_find(
	const struct chg_recents *recents, const struct chg_recent_key *key);

/* What is kept of the session's record, and who was named last. */
const struct chg_brief *chg_recent_record(const struct chg_recent *recent);
void chg_recent_named(const struct chg_recent *recent, struct chg_named *ret);

/* For CH-2: the session, and when it is looked at.  False: there is none. */
bool chg_recent_session(
	const struct chg_recent *recent, struct chg_cc_session *ret, chg_instant *ret_look_at);

/* What a session is now.  `session` is NULL for CH-1. */
void chg_recents_put(struct chg_recents *recents, const struct chg_recent_key *key,
	const struct chg_brief *brief, const struct chg_named *named,
	const struct chg_cc_session *session, chg_instant session_look_at);

#endif

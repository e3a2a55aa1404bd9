/* SPDX-License-Identifier: BSD-3-Clause
 * What CH-2 needs of a store: accounts, sessions, ledger, tariffs.  A part of chg_store: the same
 * transaction, the same errors (port/store.h), the same thread.
 */
#ifndef CHG_PORT_BOOKS_H
#define CHG_PORT_BOOKS_H

#include "core/credit.h"
#include "core/rc.h"

/* Who does something by hand, and why: goes into the audit log. */
struct chg_audit {
	struct chg_view who;
	struct chg_view why;
};

/* A new account.  Its main money bucket comes with it. */
struct chg_account_new {
	struct chg_view name; /* unique */
	chg_currency currency;
	chg_money opening; /* balance of the main bucket at the start; any sign */
	chg_money credit_limit;
	chg_money low_balance;
	struct chg_view plan;
	chg_opt_instant valid_until;
	size_t identity_count;
	struct chg_identity_ask identity[CHG_IDENTITY_MAX];
};

/* A change of a balance by hand. */
struct chg_posting_new {
	struct chg_view account;    /* name */
	struct chg_view bucket;     /* name; absent: the main one */
	enum chg_posting_kind kind; /* TOPUP, ADJUSTMENT */
	int64_t amount;             /* micros or units; a top-up is positive */
	struct chg_view reference;  /* of outside; the same one twice is CHG_E_RANGE; absent none */
};

/* A line of the ledger as it is read back. */
struct chg_ledger_line {
	int64_t posting_id;
	uint32_t line_no;
	chg_instant at;
	enum chg_posting_kind kind;
	struct chg_view account;
	struct chg_view bucket;
	enum chg_bucket_kind unit;
	int64_t amount;
	enum chg_contra contra;
	int64_t balance_after;
	int64_t cdr_id; /* 0 none */
	struct chg_view session_id;
	struct chg_view who;
	struct chg_view why;
	struct chg_view reference;
};

struct chg_ledger_filter {
	struct chg_view account;   /* absent: all */
	struct chg_view reference; /* present: of that posting, whatever its account and record */
	chg_opt_instant from, until;
	int64_t cdr_id;
	int64_t after_posting_id; /* paging */
	size_t limit;
};

struct chg_suspense_line {
	int64_t suspense_id;
	chg_instant at;
	struct chg_view origin_host;
	struct chg_view session_id;
	struct chg_view identity; /* key of the first one; absent none */
	struct chg_view used;     /* JSON */
	bool is_posted;
};

struct chg_tariff_line {
	int64_t version;
	struct chg_view name;
	struct chg_view text; /* the file */
	chg_instant loaded_at;
	chg_instant in_force_from;
	struct chg_view who;
};

typedef bool chg_account_each(void *to, const struct chg_account *account,
	const struct chg_view *identity, size_t identity_count);
typedef bool chg_ledger_each(void *to, const struct chg_ledger_line *line);
typedef bool chg_suspense_each(void *to, const struct chg_suspense_line *line);
typedef bool chg_tariff_each(void *to, const struct chg_tariff_line *line);
typedef bool chg_done_each(void *to, uint32_t entry_no, const struct chg_service_done *done,
	struct chg_view rule_name);
/* One broken law: what it is, and the row that breaks it. */
typedef bool chg_verify_each(void *to, struct chg_view law, struct chg_view row);

struct chg_books_ops {
	/* ---- One request; inside a transaction ---- */
	enum chg_rc (*load)(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret);
	/* The id that the next posting gets, as load tells it too; they have no gap. */
	enum chg_rc (*next_posting_id)(void *self, int64_t *ret);
	/* `answer` are the AVPs to keep with the key, when the plan keeps one. */
	enum chg_rc (*apply)(void *self, struct chg_now now, const struct chg_ccr *ccr,
		const struct chg_cc_plan *plan, const struct chg_tariff *tariff,
		struct chg_view answer);
	/*
	 * A time at or before the earliest `until` of a session, open or ended; is_present false when
	 * there is no session.  A store may be asked to expire before there is something to do; it
	 * tells a later time then.
	 */
	enum chg_rc (*next_deadline)(void *self, chg_opt_instant *ret);
	/*
	 * Looks at no more than `max` sessions whose time is over, the earliest first: open ones end by
	 * chg_credit_expire, tombstones are forgotten.
	 */
	enum chg_rc (*expire_due)(void *self, struct chg_now now,
		const struct chg_cc_policy *policy, uint32_t max, uint32_t *ret_ended);
	/*
	 * Ends a restarted peer's open sessions with a lower Origin-State-Id, and their records: those
	 * of CH-2, which apply_host_state and apply_acct leave alone.  To be called before load, so
	 * that the request meets the tombstone.
	 */
	enum chg_rc (*end_older)(void *self, struct chg_now now, const struct chg_cc_policy *policy,
		struct chg_view origin_host, uint32_t origin_state_id, uint32_t *ret_ended);
	/*
	 * Ends the open sub-sessions of the request's Origin-Host and Session-Id, in the order of their
	 * texts: what they hold goes back, and their records close at the request's time without a
	 * mark.  To be called before load, so that the request meets what they leave.
	 */
	enum chg_rc (*end_sub_sessions)(void *self, struct chg_now now,
		const struct chg_cc_policy *policy, const struct chg_ccr *ccr, uint32_t *ret_ended);
	/*
	 * Forgets answers in bites of at most `max`, none of which was given to a request that came at
	 * `before` or later.  They are kept in parts: the first call whose `before` is after the
	 * first request of the current part begins a new one, and lets go of what is before the old
	 * one.
	 */
	enum chg_rc (*forget_answers)(
		void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten);

	/* ---- By hand; inside a transaction, audited ---- */
	/* CHG_E_RANGE: the name or an identity is taken. */
	enum chg_rc (*account_add)(void *self, struct chg_now now, const struct chg_audit *audit,
		const struct chg_account_new *account, int64_t *ret_account_id);
	enum chg_rc (*account_set_status)(void *self, struct chg_now now,
		const struct chg_audit *audit, struct chg_view name,
		enum chg_account_status status);
	/* A bucket for an account; its opening balance is posted. */
	enum chg_rc (*bucket_add)(void *self, struct chg_now now, const struct chg_audit *audit,
		struct chg_view account, const struct chg_bucket *bucket);
	enum chg_rc (*post)(void *self, struct chg_now now, const struct chg_audit *audit,
		const struct chg_posting_new *posting, int64_t *ret_posting_id);
	enum chg_rc (*tariff_add)(void *self, struct chg_now now, const struct chg_audit *audit,
		struct chg_view name, struct chg_view text, chg_instant in_force_from,
		int64_t *ret_version);
	/* Charges a suspense line to an account by hand: amount in micros. */
	enum chg_rc (*suspense_post)(void *self, struct chg_now now, const struct chg_audit *audit,
		int64_t suspense_id, struct chg_view account, chg_money amount);

	/* ---- Reading ---- */
	/* By name, or by identity key; CHG_E_UNKNOWN.  Identities come in the order of their bytes. */
	enum chg_rc (*account_find)(
		void *self, struct chg_view name_or_key, chg_account_each *each, void *to);
	enum chg_rc (*account_scan)(void *self, int64_t after_account_id, size_t limit,
		chg_account_each *each, void *to);
	/*
	 * The buckets' lines, each with the place its contra line went to; ascending.  A posting is
	 * told to its end even where that is above the limit, so that paging leaves no line out.
	 */
	enum chg_rc (*ledger_scan)(void *self, const struct chg_ledger_filter *filter,
		chg_ledger_each *each, void *to);
	enum chg_rc (*suspense_scan)(
		void *self, bool with_posted, chg_suspense_each *each, void *to);
	/* Ascending by version. */
	enum chg_rc (*tariff_scan)(void *self, chg_tariff_each *each, void *to);
	/* What the entries of a record charged; entry_no 0 for an event. */
	enum chg_rc (*done_scan)(void *self, int64_t cdr_id, chg_done_each *each, void *to);
	/* The laws of port/books_law.def, in their order.  Outside a transaction; what was committed. */
	enum chg_rc (*verify)(void *self, chg_verify_each *each, void *to);
};

#endif

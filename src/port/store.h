/* SPDX-License-Identifier: BSD-3-Clause
 * What the domain needs of a store.  The memory implementation is the reference; every other one
 * must agree with it (tests/store/test_store_contract.c).
 *
 * One thread uses a store at a time.  Errors, unless said otherwise:
 *   CHG_E_STORE_FULL     no room, or the disk does not take writes for now
 *   CHG_E_STORE_BUSY     locked by another process for now
 *   CHG_E_STORE_CORRUPT  the file is damaged, or not where it was any more
 *   CHG_E_STORE          everything else
 */
#ifndef CHG_PORT_STORE_H
#define CHG_PORT_STORE_H

#include "core/accounting.h"
#include "core/rc.h"
#include "port/books.h"

/* What a reader of records asks for; an absent field does not restrict. */
struct chg_cdr_filter {
	chg_opt_instant from;  /* started_at at or after */
	chg_opt_instant until; /* started_at before */
	struct chg_view party; /* in normal form; in any role */
	struct chg_view session_id;
	struct chg_view icid;
	struct chg_view origin_host;
	struct chg_view
		service_context_id; /* whole, or its end: "32260@3gpp.org" finds "8.32260@.." */
	chg_opt_u32 application_session_id;
	chg_opt_i32 application_service_type;
	enum chg_cdr_kind kind;     /* 0: both */
	enum chg_cdr_status status; /* 0: both */
	uint32_t marks;             /* any of these; 0: does not restrict */
	int64_t cdr_id;             /* this one; 0: does not restrict */
	int64_t after_cdr_id;       /* only higher ones: paging is stable since ids only grow */
	bool newest_first;          /* then after_cdr_id asks for lower ones (0: from the newest) */
	size_t limit;               /* 0: no limit */
};

/* What of a record a filter compares whole: indexes may leave out what has none of it. */
enum chg_cdr_term {
	CHG_CDR_TERM_PARTY = 1, /* in normal form */
	CHG_CDR_TERM_SESSION = 2,
	CHG_CDR_TERM_ICID = 3,
	CHG_CDR_TERM_APPLICATION_SESSION = 4, /* in decimal */
};

/* Lowest and highest of something. */
struct chg_range {
	int64_t low;
	int64_t high;
};

/* How a record was when it was read: each request that touches it changes one of these. */
struct chg_cdr_stamp {
	int64_t cdr_id;
	chg_instant received_last_at;
	uint32_t entry_count;
	uint32_t marks;
};

/* A file that old records were moved into, as far as a store has to know it. */
struct chg_archive_line {
	struct chg_view name;       /* of the file, without its folder */
	uint64_t octets;            /* so much of the file, from its beginning, must be there */
	uint64_t records;           /* that left the store because they are in there */
	int64_t local_sequence_max; /* the highest among them */
};

/* Return false to stop the scan early; that is no error. */
typedef bool chg_archive_each(void *to, const struct chg_archive_line *archive);
typedef bool chg_cdr_each(void *to, const struct chg_cdr *cdr);
typedef bool chg_cdr_entry_each(void *to, const struct chg_cdr_entry *entry);
typedef bool chg_cdr_participant_each(void *to, const struct chg_cdr_participant *participant);

struct chg_store_ops {
	/* Opens the one transaction.  Must not be called inside one. */
	enum chg_rc (*begin)(void *self);

	/* CHG_OK: on disk, power cut or not.  After an error the transaction is rolled back. */
	enum chg_rc (*commit)(void *self);

	/* Undoes the transaction; nothing to undo is fine. */
	void (*rollback)(void *self);

	/* Inside a transaction.  Sees what was applied before in the same one. */
	enum chg_rc (*load_acct)(void *self, const struct chg_acr *acr, struct chg_acct_facts *ret);

	/*
	 * Inside a transaction.  Writes the plan as core/plan.h says; `now.wall` is the time of
	 * arrival.  On an error the whole transaction must be rolled back by the caller.
	 */
	enum chg_rc (*apply_acct)(void *self, struct chg_now now, const struct chg_acr *acr,
		const struct chg_acct_plan *plan);

	/*
	 * Inside a transaction.  A peer told its Origin-State-Id outside an ACR: if it is higher than
	 * the one known and that was not 0, the host's open sessions with a lower one are closed as
	 * by chg_accounting_expire; ret_closed says how many.
	 */
	enum chg_rc (*apply_host_state)(void *self, struct chg_now now, struct chg_view origin_host,
		struct chg_view origin_realm, uint32_t origin_state_id, uint32_t *ret_closed);

	/*
	 * When to look for open records whose supervise_until has passed: not after the earliest of
	 * them; is_present false when there is none.
	 */
	enum chg_rc (*next_deadline)(void *self, chg_opt_instant *ret);

	/*
	 * Inside a transaction.  Closes, by chg_accounting_expire, at most `max` open records whose
	 * supervise_until is not after now.steady, the earliest first.  It may stop before that to
	 * keep its turn short; next_deadline then gives a time that has passed.
	 */
	enum chg_rc (*expire_due)(
		void *self, struct chg_now now, uint32_t max, uint32_t *ret_closed);

	/*
	 * Inside a transaction.  Forgets at most `max` remembered keys, none that came at `before`
	 * or later (decision J-21: how long duplicates are known).  Keys may stay until all that was
	 * remembered beside them is as old; `max` of them forgotten means that there may be more.
	 */
	enum chg_rc (*forget_seen)(
		void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten);

	/*
	 * Inside a transaction.  Records that an archive holds by now leave the store, with all that
	 * belongs to them; the ledger, the accounts and the memory for duplicates stay as they are.
	 * A record stays that is open, that is not any more as its stamp says, or that a session of
	 * CH-2 still names; one that is not there is fine.  The archive's line, found by its name,
	 * counts those that left and takes octets where that is more.
	 *
	 *   archive      name and octets; the rest is not looked at
	 *   ret_removed  how many left
	 */
	enum chg_rc (*remove_archived)(void *self, const struct chg_archive_line *archive,
		const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed);

	/*
	 * Our own Origin-State-Id, RFC 6733 8.16: kept for as long as the sessions are, so that a
	 * restart that loses nothing does not make clients drop what is alive.  Given `fresh` on the
	 * first call for a store, the same number ever after.
	 *
	 *   CHG_E_UNKNOWN  there is none yet, and this store only reads
	 */
	enum chg_rc (*own_state_id)(void *self, uint32_t fresh, uint32_t *ret);

	/* Readers.  Records by ascending cdr_id unless the filter says otherwise. */
	enum chg_rc (*scan_cdrs)(
		void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to);
	enum chg_rc (*scan_entries)(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to);
	enum chg_rc (*scan_participants)(
		void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to);

	/* The archives that records left for, by name.  The view lives until `each` returns. */
	enum chg_rc (*scan_archives)(void *self, chg_archive_each *each, void *to);

	/* Frees everything, self included. */
	void (*close)(void *self);
};

struct chg_store {
	const struct chg_store_ops *ops;
	void *self;
	const struct chg_books_ops *books; /* CH-2, on the same self */
};

#endif

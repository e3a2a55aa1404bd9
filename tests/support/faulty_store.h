/* SPDX-License-Identifier: BSD-3-Clause
 * A store that fails when a test says so, around one that works.
 */
#ifndef CHG_TESTS_FAULTY_STORE_H
#define CHG_TESTS_FAULTY_STORE_H

#include "port/store.h"

/* Which function of port/store.h or port/books.h; all changes by hand are one kind. */
enum faulty_call {
	FAULTY_BEGIN,
	FAULTY_COMMIT,
	FAULTY_LOAD_ACCT,
	FAULTY_APPLY_ACCT,
	FAULTY_APPLY_HOST_STATE,
	FAULTY_NEXT_DEADLINE,
	FAULTY_EXPIRE_DUE,
	FAULTY_FORGET_SEEN,
	FAULTY_REMOVE_ARCHIVED,
	FAULTY_OWN_STATE_ID,
	FAULTY_SCAN,
	FAULTY_BOOKS_LOAD,
	FAULTY_BOOKS_APPLY,
	FAULTY_BOOKS_NEXT_DEADLINE,
	FAULTY_BOOKS_EXPIRE_DUE,
	FAULTY_BOOKS_END_OLDER,
	FAULTY_BOOKS_END_SUB_SESSIONS,
	FAULTY_BOOKS_FORGET_ANSWERS,
	FAULTY_BOOKS_BY_HAND,
	FAULTY_BOOKS_SCAN,
	FAULTY_CALL_COUNT
};

/*
 * Embedded in a test, all zero at first: nothing fails then.  The test may change every field between
 * two calls.  A call that fails does not reach the inner store; a commit that fails rolls it back, as
 * port/store.h says.
 */
struct faulty_store {
	struct chg_store inner;
	enum chg_rc rc;   /* what a failing call returns */
	uint64_t fail_at; /* the call of this number fails, 1 is the next; 0 none */
	bool is_failing[FAULTY_CALL_COUNT]; /* every call of this kind fails */
	uint64_t count;                     /* calls so far, rollback and close aside */
	uint64_t counts[FAULTY_CALL_COUNT]; /* the same by kind */
	uint64_t rollback_count;
};

/* The store to give to what is tested; it keeps books if the inner one does.  Its close closes the inner one; `faulty` stays the test's. */
struct chg_store faulty_store_wrap(struct faulty_store *faulty, struct chg_store inner);

/* Counts from now: the k-th call fails with rc, once. */
void faulty_store_fail_at(struct faulty_store *faulty, uint64_t k, enum chg_rc rc);

#endif

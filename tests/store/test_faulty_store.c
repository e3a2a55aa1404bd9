/* SPDX-License-Identifier: BSD-3-Clause
 * The store that fails on demand, which other tests rely upon.
 */
#include "store/books_fixture.h"

#include "support/faulty_store.h"

static bool count_one(void *to, const struct chg_cdr *cdr)
{
	(void)cdr;
	++*(int *)to;
	return true;
}

static int count_all(struct chg_store *store)
{
	struct chg_cdr_filter filter = { 0 };
	int count = 0;
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, count_one, &count), CHG_OK);
	return count;
}

/* begin, load, apply, commit: four calls, and a rollback where one fails. */
static enum chg_rc try_event(struct chg_store *store, uint32_t number)
{
	struct chg_acct_facts facts;
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, number);
	enum chg_rc rc = store->ops->begin(store->self);
	if (rc != CHG_OK)
		return rc;
	rc = offer(store, at_s(1), &acr, &facts);
	if (rc != CHG_OK) {
		store->ops->rollback(store->self);
		return rc;
	}
	return store->ops->commit(store->self);
}

static void each_call_fails_once(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(false);
	struct faulty_store faulty = { .count = 0 };
	struct chg_store store = faulty_store_wrap(&faulty, fixture.store);
	for (uint64_t k = 1; k <= 4; k++) {
		faulty_store_fail_at(&faulty, k, CHG_E_STORE_BUSY);
		assert_int_equal(try_event(&store, 1), CHG_E_STORE_BUSY);
		assert_int_equal(count_all(&fixture.store), 0);
	}
	faulty_store_fail_at(&faulty, 5, CHG_E_STORE_BUSY);
	assert_int_equal(try_event(&store, 1), CHG_OK);
	assert_int_equal(faulty.counts[FAULTY_BEGIN], 5);
	assert_int_equal(faulty.counts[FAULTY_COMMIT], 2);
	assert_int_equal(faulty.rollback_count, 2);
	fixture_remove(&fixture);
}

static void a_kind_fails_while_switched_on(void **state)
{
	(void)state;
	struct fixture fixture = fixture_make(false);
	struct faulty_store faulty = { .rc = CHG_E_STORE_FULL };
	struct chg_store store = faulty_store_wrap(&faulty, fixture.store);
	faulty.is_failing[FAULTY_COMMIT] = true;
	assert_int_equal(try_event(&store, 1), CHG_E_STORE_FULL);
	assert_int_equal(try_event(&store, 1), CHG_E_STORE_FULL);
	assert_int_equal(count_all(&store), 0);
	faulty.is_failing[FAULTY_COMMIT] = false;
	assert_int_equal(try_event(&store, 1), CHG_OK);
	assert_int_equal(count_all(&store), 1);
	fixture_remove(&fixture);
}

/* begin, load, apply, commit, as for a record. */
static enum chg_rc try_debit(struct chg_store *store)
{
	static struct credited credited;
	struct chg_ccr ccr = ccr_of("s", CHG_CC_EVENT, 0, "alice");
	ask_units(&ccr, CHG_UNIT_MESSAGES, 1);
	enum chg_rc rc = store->ops->begin(store->self);
	if (rc != CHG_OK)
		return rc;
	rc = credit(store, at_s(1), &ccr, &credited);
	if (rc != CHG_OK) {
		store->ops->rollback(store->self);
		return rc;
	}
	return store->ops->commit(store->self);
}

static void each_call_on_the_books_fails_once(void **state)
{
	(void)state;
	for (int is_sqlite = 0; is_sqlite < 2; is_sqlite++) {
		struct fixture fixture = fixture_make(is_sqlite != 0);
		struct faulty_store faulty = { .count = 0 };
		struct chg_store store = faulty_store_wrap(&faulty, fixture.store);
		account_ok(&store, "alice", 1000000);
		char *before = dump_books(&fixture.store);
		for (uint64_t k = 1; k <= 4; k++) {
			faulty_store_fail_at(&faulty, k, CHG_E_STORE_FULL);
			assert_int_equal(try_debit(&store), CHG_E_STORE_FULL);
			char *after = dump_books(&fixture.store);
			assert_string_equal(before, after);
			free(after);
		}
		faulty_store_fail_at(&faulty, 5, CHG_E_STORE_FULL);
		assert_int_equal(try_debit(&store), CHG_OK);
		assert_int_equal(faulty.counts[FAULTY_BOOKS_LOAD], 4);
		assert_int_equal(faulty.counts[FAULTY_BOOKS_APPLY], 3);
		free(before);
		laws_hold(&fixture.store);
		fixture_remove(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ .name = "each call fails once and nothing is kept",
			.test_func = each_call_fails_once },
		{ .name = "each call on the books fails once and nothing is kept",
			.test_func = each_call_on_the_books_fails_once },
		{ .name = "calls of a kind fail while they are switched on",
			.test_func = a_kind_fails_while_switched_on },
	};
	return cmocka_run_group_tests_name("a store that fails", tests, NULL, NULL);
}

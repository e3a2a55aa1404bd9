/* SPDX-License-Identifier: BSD-3-Clause
 * Accounts for a benchmark, through the store itself: user1 of sip:user1@example.net and so on.
 *
 *   seed_accounts DATABASE ACCOUNTS [FREE_MESSAGES]
 *
 * Each account has EUR 1000000.00; every second one a bucket of FREE_MESSAGES as well, if there are
 * any.  What is made passes `chgctl verify`, as what is made by hand does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/sqlite/sqlite_store.h"

enum {
	ACCOUNTS_A_COMMIT = 20000,
	EURO = 978,
};

struct seed {
	struct chg_store store;
	struct chg_now now;
	int64_t accounts;
	int64_t free_messages;
	int64_t made;
};

static const struct chg_audit audit = { CHG_VIEW("bench"), CHG_VIEW("accounts of a benchmark") };

static enum chg_rc add_bucket(struct seed *seed, struct chg_view account)
{
	struct chg_bucket bucket = { .kind = CHG_BUCKET_MESSAGES,
		.balance = seed->free_messages,
		.priority = 1,
		.name = "free" };
	return seed->store.books->bucket_add(seed->store.self, seed->now, &audit, account, &bucket);
}

static enum chg_rc add_account(struct seed *seed, int64_t number)
{
	char name[32];
	char key[64];
	int64_t id;
	struct chg_account_new account = {
		.currency = { EURO }, .opening = { INT64_C(1000000) * 1000000 }, .identity_count = 1
	};

	snprintf(name, sizeof name, "user%lld", (long long)number);
	snprintf(key, sizeof key, "sip:%s@example.net", name);
	account.name = chg_view_of(name);
	account.identity[0].type = CHG_IDENTITY_SIP_URI;
	account.identity[0].key.len = (uint8_t)strlen(key);
	memcpy(account.identity[0].key.bytes, key, strlen(key));
	enum chg_rc rc =
		seed->store.books->account_add(seed->store.self, seed->now, &audit, &account, &id);
	if (rc == CHG_OK && seed->free_messages > 0 && number % 2 == 0)
		rc = add_bucket(seed, account.name);
	return rc;
}

static enum chg_rc next_account(struct seed *seed, int64_t number)
{
	enum chg_rc rc = CHG_OK;
	if (seed->made % ACCOUNTS_A_COMMIT == 0 && seed->made > 0) {
		rc = seed->store.ops->commit(seed->store.self);
		if (rc == CHG_OK)
			rc = seed->store.ops->begin(seed->store.self);
	}
	if (rc == CHG_OK)
		rc = add_account(seed, number);
	seed->made++;
	return rc;
}

/* In the order of their names, so that what is sorted by name grows at its end only. */
static enum chg_rc add_from(struct seed *seed, int64_t number)
{
	enum chg_rc rc = next_account(seed, number);
	for (int64_t digit = 0; rc == CHG_OK && digit <= 9; digit++)
		if (number * 10 + digit <= seed->accounts)
			rc = add_from(seed, number * 10 + digit);
	return rc;
}

static enum chg_rc add_all(struct seed *seed)
{
	enum chg_rc rc = seed->store.ops->begin(seed->store.self);
	for (int64_t number = 1; rc == CHG_OK && number <= 9; number++)
		if (number <= seed->accounts)
			rc = add_from(seed, number);
	if (rc == CHG_OK)
		return seed->store.ops->commit(seed->store.self);
	seed->store.ops->rollback(seed->store.self);
	return rc;
}

int main(int argc, char *argv[])
{
	char why[CHG_SQLITE_WHY_MAX];
	struct timespec wall;
	struct seed seed = { 0 };

	if (argc < 3) {
		fputs("usage: seed_accounts DATABASE ACCOUNTS [FREE_MESSAGES]\n", stderr);
		return 2;
	}
	seed.accounts = strtoll(argv[2], NULL, 10);
	seed.free_messages = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
	clock_gettime(CLOCK_REALTIME, &wall);
	seed.now.wall.us = (int64_t)wall.tv_sec * CHG_US_PER_S;
	seed.now.steady = seed.now.wall;
	if (chg_sqlite_store_open(argv[1], CHG_SQLITE_READ_WRITE_CREATE, &seed.store, why,
		    sizeof why) != CHG_OK) {
		fprintf(stderr, "seed_accounts: %s\n", why);
		return 1;
	}
	enum chg_rc rc = add_all(&seed);
	if (rc != CHG_OK)
		fprintf(stderr, "seed_accounts: %s: %s\n", argv[1], chg_rc_sentence(rc));
	seed.store.ops->close(seed.store.self);
	return rc == CHG_OK ? 0 : 1;
}

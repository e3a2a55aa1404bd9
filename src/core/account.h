/* SPDX-License-Identifier: BSD-3-Clause
 * An account: who pays, from what, and how far.
 */
#ifndef CHG_CORE_ACCOUNT_H
#define CHG_CORE_ACCOUNT_H

#include <stddef.h>
#include <string.h>

#include "core/instant.h"
#include "core/money.h"
#include "core/option.h"
#include "core/quantity.h"

enum {
	CHG_BUCKET_MAX = 32, /* of one account */
	CHG_ACCOUNT_NAME_MAX = 128,
	CHG_BUCKET_NAME_MAX = 64,
	CHG_BUCKET_SERVICE_MAX = 128,
};

enum chg_account_status {
	CHG_ACCOUNT_ACTIVE = 1,
	CHG_ACCOUNT_BLOCKED = 2,
	CHG_ACCOUNT_EXPIRED = 3,
};

/* Subscription-Id-Type.  RFC 8506 8.47 */
enum chg_identity_type {
	CHG_IDENTITY_E164 = 0,
	CHG_IDENTITY_IMSI = 1,
	CHG_IDENTITY_SIP_URI = 2,
	CHG_IDENTITY_NAI = 3,
	CHG_IDENTITY_PRIVATE = 4,
};

/* What a bucket holds: money, or units of one kind. */
enum chg_bucket_kind {
	CHG_BUCKET_MONEY = 1,
	CHG_BUCKET_SECONDS = 2,
	CHG_BUCKET_OCTETS = 3, /* pays for total, input and output octets alike */
	CHG_BUCKET_MESSAGES = 4,
};

/*
 * Amounts are micros for money and whole units otherwise.  available is balance - reserved; the main
 * money bucket (is_main) may also go down to -credit_limit of its account.
 */
struct chg_bucket {
	int64_t bucket_id;
	enum chg_bucket_kind kind;
	bool is_main;
	int64_t balance;
	int64_t reserved; /* by all open sessions together, at least 0 */
	int32_t priority; /* lower pays first; then the one that lapses first; then the older */
	chg_opt_instant valid_from;
	chg_opt_instant valid_until;
	char name[CHG_BUCKET_NAME_MAX];
	/* Which services it pays: a rule's name, a service context or its end after "*"; "" all. */
	char service[CHG_BUCKET_SERVICE_MAX];
};

struct chg_account {
	int64_t account_id;
	char name[CHG_ACCOUNT_NAME_MAX];
	enum chg_account_status status;
	chg_currency currency;
	chg_money credit_limit; /* at least 0: how far below zero the main bucket may go */
	chg_money low_balance;  /* below it Low-Balance-Indication says yes; 0 never */
	chg_opt_instant valid_until;
	char plan[CHG_ACCOUNT_NAME_MAX];
	size_t bucket_count;
	struct chg_bucket bucket[CHG_BUCKET_MAX]; /* in the order in which they pay; stands last */
};

/*
 * Copies an account.  Most have a bucket or two of the many that there is room for, and the places
 * that are not used are not touched: they hold nothing.
 */
static inline void chg_account_copy(struct chg_account *to, const struct chg_account *from)
{
	memcpy(to, from,
		offsetof(struct chg_account, bucket) + from->bucket_count * sizeof from->bucket[0]);
}

/* Whether a bucket can pay for a unit of a service at an instant.  `service` is a rule's name. */
bool chg_bucket_pays(const struct chg_bucket *bucket, enum chg_unit unit, struct chg_view service,
	struct chg_view context, chg_instant at);

/* Puts the buckets into the order in which they pay. */
void chg_account_sort(struct chg_account *account);

/*
 * Money that can still be spent or reserved: over all valid money buckets, with the credit limit.
 * A bucket in debt counts as empty.  Never below zero.
 */
chg_money chg_account_available(const struct chg_account *account, chg_instant at);

#endif

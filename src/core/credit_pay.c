/* SPDX-License-Identifier: BSD-3-Clause
 * Buckets: paying from them, holding in them, giving back.
 */
#include <assert.h>

#include "core/credit_private.h"

/*
 * What is left above a floor of -limit; a debt may lie anywhere in the range.  Never more than can
 * be held on top of what is held already: balance and limit together may be beyond the range.
 */
static int64_t left_above(const struct chg_bucket *bucket, int64_t limit)
{
	__int128 left = (__int128)bucket->balance - bucket->reserved + limit;
	int64_t most = INT64_MAX - bucket->reserved;
	if (left <= 0)
		return 0;
	return left < most ? (int64_t)left : most;
}

static int64_t available(const struct chg_bucket *bucket)
{
	return left_above(bucket, 0);
}

/* What a money bucket can still take, with the credit limit on the main one. */
static int64_t spendable(const struct chg_account *account, const struct chg_bucket *bucket)
{
	return left_above(bucket, bucket->is_main ? account->credit_limit.micros : 0);
}

static bool is_money_for(
	const struct chg_bucket *bucket, const struct priced *priced, chg_instant at)
{
	if (bucket->kind != CHG_BUCKET_MONEY)
		return false;
	return bucket->is_main ||
	       chg_bucket_pays(bucket, CHG_UNIT_COUNT, priced->name, priced->context, at);
}

static bool is_units_for(
	const struct chg_bucket *bucket, const struct priced *priced, chg_instant at)
{
	return bucket->kind != CHG_BUCKET_MONEY &&
	       chg_bucket_pays(bucket, priced->rule->unit, priced->name, priced->context, at);
}

/* What the settled grant held of a bucket that has lapsed since; NULL when it held nothing. */
static struct chg_hold *honoured(
	struct credit *credit, const struct priced *priced, const struct chg_bucket *bucket)
{
	chg_instant at = { bucket->valid_until.value.us - 1 }; /* as it was when it could pay */
	if (!bucket->valid_until.is_present ||
		!(is_money_for(bucket, priced, at) || is_units_for(bucket, priced, at)))
		return NULL;
	for (size_t i = 0; i < credit->honoured_count; i++)
		if (credit->honoured[i].bucket_id == bucket->bucket_id)
			return &credit->honoured[i];
	return NULL;
}

/* The share of a charge that a bucket pays; `pays` says that it is valid and for this service. */
static int64_t share_of(struct credit *credit, const struct priced *priced,
	const struct chg_bucket *bucket, bool pays, int64_t charge)
{
	int64_t most = available(bucket);
	if (!pays) {
		struct chg_hold *hold = honoured(credit, priced, bucket);
		int64_t held = hold != NULL ? hold->amount : 0;
		most = held < most ? held : most;
		if (hold != NULL)
			hold->amount -= most < charge ? most : charge;
	}
	return most < charge ? most : charge;
}

/* One line of the ledger; lines for the same bucket are one. */
static bool add_entry(struct chg_cc_plan *plan, const struct chg_bucket *bucket, int64_t amount)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entry[i].bucket_id == bucket->bucket_id)
			return !__builtin_add_overflow(
				plan->entry[i].amount, amount, &plan->entry[i].amount);
	}
	if (plan->entry_count == CHG_ENTRY_MAX)
		return false;
	plan->entry[plan->entry_count++] = (struct chg_entry){
		.bucket_id = bucket->bucket_id,
		.kind = bucket->kind,
		.amount = amount,
		.contra = CHG_CONTRA_USAGE,
	};
	return true;
}

static bool move(struct credit *credit, struct chg_bucket *bucket, int64_t amount)
{
	int64_t balance;
	if (__builtin_add_overflow(bucket->balance, amount, &balance) ||
		!add_entry(credit->plan, bucket, amount))
		return false;
	bucket->balance = balance;
	return true;
}

static struct chg_bucket *main_bucket(struct chg_account *account)
{
	for (size_t i = 0; i < account->bucket_count; i++)
		if (account->bucket[i].is_main)
			return &account->bucket[i];
	return NULL;
}

/* Free units that pay for a service, as far as there are any; what they did not cover. */
static uint64_t pay_with_units(struct credit *credit, const struct priced *priced, uint64_t units)
{
	struct chg_account *account = &credit->plan->account;
	for (size_t i = 0; i < account->bucket_count && units > 0; i++) {
		struct chg_bucket *bucket = &account->bucket[i];
		if (bucket->kind == CHG_BUCKET_MONEY)
			continue;
		int64_t charge = units < INT64_MAX ? (int64_t)units : INT64_MAX;
		int64_t share = share_of(
			credit, priced, bucket, is_units_for(bucket, priced, credit->at), charge);
		if (share > 0 && move(credit, bucket, -share))
			units -= (uint64_t)share;
	}
	return units;
}

/* Whether the main bucket could take all of a charge; asked before anything is moved. */
static bool can_charge(struct credit *credit, int64_t micros)
{
	const struct chg_cc_plan *plan = credit->plan;
	const struct chg_bucket *last = main_bucket(&credit->plan->account);
	int64_t after;
	if (last == NULL || __builtin_sub_overflow(last->balance, micros, &after))
		return false;
	for (size_t i = 0; i < plan->entry_count; i++)
		if (plan->entry[i].bucket_id == last->bucket_id &&
			__builtin_sub_overflow(plan->entry[i].amount, micros, &after))
			return false;
	return true;
}

/*
 * Money for a charge that can_charge has allowed: what the buckets have, in the order in which they
 * pay, then the main one for all the rest.
 */
static bool pay_with_money(struct credit *credit, const struct priced *priced, int64_t micros)
{
	struct chg_account *account = &credit->plan->account;
	for (size_t i = 0; i < account->bucket_count && micros > 0; i++) {
		struct chg_bucket *bucket = &account->bucket[i];
		if (bucket->kind != CHG_BUCKET_MONEY)
			continue;
		int64_t share = share_of(
			credit, priced, bucket, is_money_for(bucket, priced, credit->at), micros);
		if (share > 0 && move(credit, bucket, -share))
			micros -= share;
	}
	struct chg_bucket *last = main_bucket(account);
	if (micros == 0)
		return true;
	if (!move(credit, last, -micros))
		return false;
	if (last->balance < -account->credit_limit.micros)
		credit->plan->alarm = "usage went beyond what the account covers";
	return true;
}

/* What so many units cost on top of what a service came to. */
static enum chg_rc price_more(const struct credit *credit, const struct priced *priced,
	const struct chg_rated *rated, uint64_t units, struct chg_rated *ret_after,
	chg_money *ret_cost)
{
	enum chg_rc rc =
		chg_rating_add(credit->tariff, priced->rule, rated, units, credit->at, ret_after);
	return rc == CHG_OK ? chg_money_subtract(ret_after->charged, rated->charged, ret_cost) : rc;
}

enum chg_rc credit_charge_units(struct credit *credit, const struct priced *priced,
	struct chg_rated *rated, uint64_t units, chg_money *ret_cost)
{
	struct chg_rated after;
	chg_money cost;
	/* Judged for all units first, so that nothing is half-charged: fewer cost no more. */
	enum chg_rc rc = price_more(credit, priced, rated, units, &after, &cost);
	if (rc == CHG_OK && !can_charge(credit, cost.micros))
		rc = CHG_E_RANGE;
	if (rc != CHG_OK)
		return rc;
	uint64_t rest = pay_with_units(credit, priced, units);
	rc = price_more(credit, priced, rated, rest, &after, &cost);
	if (rc != CHG_OK || !pay_with_money(credit, priced, cost.micros))
		return CHG_E_RANGE;
	*rated = after;
	*ret_cost = cost;
	return CHG_OK;
}

enum chg_rc credit_charge_money(
	struct credit *credit, const struct priced *priced, chg_money amount)
{
	assert(amount.micros >= 0);
	if (!can_charge(credit, amount.micros))
		return CHG_E_RANGE;
	return pay_with_money(credit, priced, amount.micros) ? CHG_OK : CHG_E_RANGE;
}

enum chg_rc credit_pay_back(struct credit *credit, int64_t bucket_id, chg_money amount)
{
	struct chg_account *account = &credit->plan->account;
	struct chg_bucket *to = main_bucket(account);
	for (size_t i = 0; i < account->bucket_count; i++)
		if (account->bucket[i].bucket_id == bucket_id &&
			account->bucket[i].kind == CHG_BUCKET_MONEY)
			to = &account->bucket[i];
	return to != NULL && move(credit, to, amount.micros) ? CHG_OK : CHG_E_RANGE;
}

void credit_release(struct credit *credit, struct chg_cc_service *service)
{
	struct chg_account *account = &credit->plan->account;
	for (size_t h = 0; h < service->hold_count; h++) {
		for (size_t i = 0; i < account->bucket_count; i++)
			if (account->bucket[i].bucket_id == service->hold[h].bucket_id)
				account->bucket[i].reserved -= service->hold[h].amount;
	}
	service->hold_count = 0;
	service->granted = 0;
}

void credit_release_for_usage(struct credit *credit, struct chg_cc_service *service)
{
	credit->honoured_count = service->hold_count;
	memcpy(credit->honoured, service->hold, service->hold_count * sizeof service->hold[0]);
	credit_release(credit, service);
}

static uint64_t free_units(const struct credit *credit, const struct priced *priced)
{
	const struct chg_account *account = &credit->plan->account;
	uint64_t sum = 0;
	for (size_t i = 0; i < account->bucket_count; i++)
		if (is_units_for(&account->bucket[i], priced, credit->at) &&
			__builtin_add_overflow(sum, (uint64_t)available(&account->bucket[i]), &sum))
			return UINT64_MAX;
	return sum;
}

chg_money credit_coverable_money(const struct credit *credit, const struct priced *priced)
{
	const struct chg_account *account = &credit->plan->account;
	int64_t sum = 0;
	for (size_t i = 0; i < account->bucket_count; i++)
		if (is_money_for(&account->bucket[i], priced, credit->at) &&
			__builtin_add_overflow(sum, spendable(account, &account->bucket[i]), &sum))
			return (chg_money){ INT64_MAX };
	return (chg_money){ sum };
}

uint64_t credit_coverable_units(const struct credit *credit, const struct priced *priced,
	const struct chg_rated *rated, uint64_t wanted)
{
	uint64_t units = free_units(credit, priced);
	if (units >= wanted)
		return wanted;
	return units + chg_rating_affordable(credit->tariff, priced->rule, rated, wanted - units,
			       credit_coverable_money(credit, priced), credit->at);
}

/* A bucket that gives a share twice, of its own and on credit, is one hold. */
static bool add_hold(struct chg_cc_service *service, struct chg_bucket *bucket, int64_t amount)
{
	size_t i = 0;
	while (i < service->hold_count && service->hold[i].bucket_id != bucket->bucket_id)
		i++;
	if (amount == 0)
		return true;
	if (i == CHG_HOLD_MAX)
		return false;
	if (i == service->hold_count)
		service->hold[service->hold_count++] = (struct chg_hold){ bucket->bucket_id, 0 };
	service->hold[i].amount += amount;
	bucket->reserved += amount;
	return true;
}

static bool hold_share(
	struct chg_cc_service *service, struct chg_bucket *bucket, int64_t most, int64_t *micros)
{
	int64_t share = most < *micros ? most : *micros;
	*micros -= share;
	return add_hold(service, bucket, share);
}

/* In the order in which buckets pay; credit comes after all that is there. */
static bool hold_amount(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, int64_t micros)
{
	struct chg_account *account = &credit->plan->account;
	struct chg_bucket *last = main_bucket(account);
	for (size_t i = 0; i < account->bucket_count && micros > 0; i++) {
		struct chg_bucket *bucket = &account->bucket[i];
		if (is_money_for(bucket, priced, credit->at) &&
			!hold_share(service, bucket, available(bucket), &micros))
			return false;
	}
	if (micros > 0 && last != NULL &&
		!hold_share(service, last, spendable(account, last), &micros))
		return false;
	return micros == 0;
}

static bool hold_free_units(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, uint64_t *units)
{
	struct chg_account *account = &credit->plan->account;
	for (size_t i = 0; i<account->bucket_count && * units> 0; i++) {
		struct chg_bucket *bucket = &account->bucket[i];
		if (!is_units_for(bucket, priced, credit->at))
			continue;
		uint64_t share = (uint64_t)available(bucket);
		share = share < *units ? share : *units;
		if (!add_hold(service, bucket, (int64_t)share))
			return false;
		*units -= share;
	}
	return true;
}

bool credit_hold_units(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, uint64_t units, struct chg_rated *ret_after)
{
	chg_money cost;
	uint64_t rest = units;
	bool is_held =
		hold_free_units(credit, priced, service, &rest) &&
		price_more(credit, priced, &service->rated, rest, ret_after, &cost) == CHG_OK &&
		hold_amount(credit, priced, service, cost.micros);
	if (!is_held) {
		credit_release(credit, service);
		return false;
	}
	service->granted = units;
	return true;
}

bool credit_hold_money(struct credit *credit, const struct priced *priced,
	struct chg_cc_service *service, chg_money amount)
{
	if (!hold_amount(credit, priced, service, amount.micros)) {
		credit_release(credit, service);
		return false;
	}
	service->granted = (uint64_t)amount.micros;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Which bucket pays for what, in which order, and what is left.
 */
#include "core/account.h"

#include "core/tariff.h"

static bool is_valid_at(const struct chg_bucket *bucket, chg_instant at)
{
	if (bucket->valid_from.is_present && chg_instant_before(at, bucket->valid_from.value))
		return false;
	return !bucket->valid_until.is_present || chg_instant_before(at, bucket->valid_until.value);
}

static bool holds(enum chg_bucket_kind kind, enum chg_unit unit)
{
	switch (kind) {
	case CHG_BUCKET_MONEY:
		return true; /* whatever has a price */
	case CHG_BUCKET_SECONDS:
		return unit == CHG_UNIT_SECONDS;
	case CHG_BUCKET_OCTETS:
		return unit == CHG_UNIT_OCTETS || unit == CHG_UNIT_OCTETS_IN ||
		       unit == CHG_UNIT_OCTETS_OUT;
	case CHG_BUCKET_MESSAGES:
		return unit == CHG_UNIT_MESSAGES;
	}
	return false;
}

static bool is_for(
	const struct chg_bucket *bucket, struct chg_view service, struct chg_view context)
{
	if (bucket->service[0] == '\0')
		return true;
	return chg_view_equal(chg_view_of(bucket->service), service) ||
	       chg_tariff_context_fits(bucket->service, context);
}

bool chg_bucket_pays(const struct chg_bucket *bucket, enum chg_unit unit, struct chg_view service,
	struct chg_view context, chg_instant at)
{
	return holds(bucket->kind, unit) && is_valid_at(bucket, at) &&
	       is_for(bucket, service, context);
}

/* Lower priority first; then the one that lapses first, one that never does last; then the older. */
static bool pays_before(const struct chg_bucket *a, const struct chg_bucket *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	if (a->valid_until.is_present != b->valid_until.is_present)
		return a->valid_until.is_present;
	if (a->valid_until.is_present && a->valid_until.value.us != b->valid_until.value.us)
		return chg_instant_before(a->valid_until.value, b->valid_until.value);
	return a->bucket_id < b->bucket_id;
}

void chg_account_sort(struct chg_account *account)
{
	for (size_t i = 1; i < account->bucket_count; i++) {
		struct chg_bucket bucket = account->bucket[i];
		size_t at = i;
		for (; at > 0 && pays_before(&bucket, &account->bucket[at - 1]); at--)
			account->bucket[at] = account->bucket[at - 1];
		account->bucket[at] = bucket;
	}
}

/* A bucket in debt gives nothing, and takes nothing from the others. */
static __int128 spendable(const struct chg_account *account, const struct chg_bucket *bucket)
{
	__int128 left = (__int128)bucket->balance - bucket->reserved;
	if (bucket->is_main)
		left += account->credit_limit.micros;
	return left > 0 ? left : 0;
}

chg_money chg_account_available(const struct chg_account *account, chg_instant at)
{
	__int128 sum = 0;
	for (size_t i = 0; i < account->bucket_count; i++) {
		const struct chg_bucket *bucket = &account->bucket[i];
		if (bucket->kind == CHG_BUCKET_MONEY && is_valid_at(bucket, at))
			sum += spendable(account, bucket);
	}
	return (chg_money){ sum > INT64_MAX ? INT64_MAX : (int64_t)sum };
}

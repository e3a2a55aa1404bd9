/* SPDX-License-Identifier: BSD-3-Clause
 * Accounts and identities that were read lately, so that an account is read once for a request.
 *
 * What stands here is what the file has, changes of the open transaction included: a change by a
 * request is kept, a change by hand forgets the account, and a rollback forgets all.  A reader beside
 * the node keeps nothing, since he does not hear of changes.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

/* An account as far as it reaches: its buckets, then the ends of their chains. */
struct chg_cached {
	int64_t account_id;
	size_t octets; /* of all of it */
	size_t account_octets;
	size_t chain_octets;
	char bytes[];
};

bool chg_cache_open(struct chg_cache *cache, size_t slot_count)
{
	*cache = (struct chg_cache){ .slot_count = slot_count };
	cache->slot = calloc(slot_count, sizeof *cache->slot);
	return cache->slot != NULL;
}

static void drop(struct chg_cache *cache, size_t place)
{
	struct chg_cached *old = cache->slot[place];
	if (old == NULL)
		return;
	cache->octets -= old->octets;
	cache->slot[place] = NULL;
	free(old);
}

void chg_cache_clear(struct chg_cache *cache)
{
	for (size_t i = 0; i < cache->slot_count; i++)
		drop(cache, i);
	for (size_t i = 0; i < CHG_IDENTITY_SLOTS; i++)
		cache->identity[i].account_id = 0;
}

void chg_cache_close(struct chg_cache *cache)
{
	if (cache->slot == NULL)
		return;
	chg_cache_clear(cache);
	free(cache->slot);
	*cache = (struct chg_cache){ 0 };
}

static size_t place_of(const struct chg_cache *cache, int64_t account_id)
{
	return (uint64_t)account_id % cache->slot_count;
}

bool chg_cache_get(const struct chg_cache *cache, int64_t account_id, struct chg_payer *ret)
{
	const struct chg_cached *cached =
		cache->slot_count == 0 ? NULL : cache->slot[place_of(cache, account_id)];
	if (cached == NULL || cached->account_id != account_id)
		return false;
	memcpy(&ret->account, cached->bytes, cached->account_octets);
	memcpy(ret->chain, cached->bytes + cached->account_octets, cached->chain_octets);
	return true;
}

/* Makes room: the slots are emptied one after the other, wherever the last time ended. */
static void make_room(struct chg_cache *cache, size_t octets)
{
	while (cache->octets > 0 && cache->octets + octets > CHG_ACCOUNT_CACHE_OCTETS) {
		cache->hand = (cache->hand + 1) % cache->slot_count;
		drop(cache, cache->hand);
	}
}

static struct chg_cached *make_cached(struct chg_cache *cache, size_t place, size_t octets)
{
	struct chg_cached *cached = cache->slot[place];
	if (cached != NULL && cached->octets == octets)
		return cached;
	drop(cache, place);
	make_room(cache, octets);
	cached = malloc(octets);
	if (cached == NULL)
		return NULL; /* then it is read again */
	cached->octets = octets;
	cache->octets += octets;
	cache->slot[place] = cached;
	return cached;
}

void chg_cache_put(struct chg_cache *cache, const struct chg_payer *payer)
{
	size_t count = payer->account.bucket_count;
	size_t account_octets =
		offsetof(struct chg_account, bucket) + count * sizeof payer->account.bucket[0];
	size_t chain_octets = count * sizeof payer->chain[0];
	if (cache->slot_count == 0)
		return;
	struct chg_cached *cached = make_cached(cache, place_of(cache, payer->account.account_id),
		sizeof *cached + account_octets + chain_octets);
	if (cached == NULL)
		return;
	cached->account_id = payer->account.account_id;
	cached->account_octets = account_octets;
	cached->chain_octets = chain_octets;
	memcpy(cached->bytes, &payer->account, account_octets);
	memcpy(cached->bytes + account_octets, payer->chain, chain_octets);
}

void chg_cache_forget(struct chg_cache *cache, int64_t account_id)
{
	if (cache->slot_count == 0)
		return;
	size_t place = place_of(cache, account_id);
	if (cache->slot[place] != NULL && cache->slot[place]->account_id == account_id)
		drop(cache, place);
}

/* FNV-1a. */
static struct chg_cached_identity *identity_slot(struct chg_cache *cache, struct chg_view key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
	size_t slots =
		cache->slot_count < CHG_IDENTITY_SLOTS ? cache->slot_count : CHG_IDENTITY_SLOTS;
	return &cache->identity[hash % slots];
}

int64_t chg_cache_identity_get(struct chg_cache *cache, struct chg_view key)
{
	if (cache->slot_count == 0 || key.len == 0)
		return 0;
	const struct chg_cached_identity *slot = identity_slot(cache, key);
	bool is_it = slot->account_id != 0 && slot->len == key.len &&
		     memcmp(slot->key, key.ptr, key.len) == 0;
	return is_it ? slot->account_id : 0;
}

void chg_cache_identity_put(struct chg_cache *cache, struct chg_view key, int64_t account_id)
{
	if (cache->slot_count == 0 || key.len == 0 || key.len > sizeof cache->identity[0].key)
		return;
	struct chg_cached_identity *slot = identity_slot(cache, key);
	slot->account_id = account_id;
	slot->len = key.len;
	memcpy(slot->key, key.ptr, key.len);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * A Bloom filter; its places come from the two halves of one number.
 */
#include "archive/archive_filter.h"

#include <assert.h>

enum {
	PLACES = 7,
};

/* Spreads each bit over all of them, so that any few of them are as good as others. */
static uint64_t mix(uint64_t number)
{
	number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

/* FNV-1a over kind and text.  Part of the format: it may never change. */
uint64_t chg_archive_term(enum chg_cdr_term kind, struct chg_view text)
{
	uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ (uint64_t)kind) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.ptr[i]) * UINT64_C(0x100000001b3);
	return mix(hash);
}

size_t chg_archive_filter_size(size_t term_count)
{
	size_t most = (size_t)CHG_ARCHIVE_FILTER_MAX * 8 / CHG_ARCHIVE_FILTER_BITS;
	if (term_count >= most)
		return CHG_ARCHIVE_FILTER_MAX;
	size_t size = term_count * CHG_ARCHIVE_FILTER_BITS / 8 + 1;
	return size < CHG_ARCHIVE_FILTER_MIN ? CHG_ARCHIVE_FILTER_MIN : size;
}

static uint64_t place(size_t size, uint64_t term, uint64_t i)
{
	return ((term >> 32) + i * ((term & UINT32_MAX) | 1)) % (size * 8);
}

void chg_archive_filter_add(uint8_t *filter, size_t size, uint64_t term)
{
	assert(size >= CHG_ARCHIVE_FILTER_MIN);
	for (uint64_t i = 0; i < PLACES; i++) {
		uint64_t bit = place(size, term, i);
		filter[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
}

bool chg_archive_filter_has(const uint8_t *filter, size_t size, uint64_t term)
{
	assert(size >= CHG_ARCHIVE_FILTER_MIN);
	for (uint64_t i = 0; i < PLACES; i++) {
		uint64_t bit = place(size, term, i);
		if ((filter[bit / 8] & 1u << bit % 8) == 0)
			return false;
	}
	return true;
}

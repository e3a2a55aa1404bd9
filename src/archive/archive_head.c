/* SPDX-License-Identifier: BSD-3-Clause
 * Heads and stamps as octets.
 */
#include "archive/archive_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive_filter.h"

const char chg_archive_file_magic[8] = { 'C', 'H', 'G', 'A', 'R', 'C', 'H', '1' };
const char chg_archive_chunk_magic[8] = { 'C', 'H', 'G', 'C', 'H', 'U', 'N', 'K' };

uint64_t chg_archive_sum(const void *bytes, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		*at++ = (uint8_t)(value >> 8 * i);
	return at;
}

static uint64_t get(const uint8_t **at, unsigned octets)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < octets; i++)
		value |= (uint64_t) * (*at)++ << 8 * i;
	return value;
}

static uint8_t *put_range(uint8_t *at, struct chg_range range)
{
	return put(put(at, (uint64_t)range.low, 8), (uint64_t)range.high, 8);
}

static struct chg_range get_range(const uint8_t **at)
{
	struct chg_range range;
	range.low = (int64_t)get(at, 8);
	range.high = (int64_t)get(at, 8);
	return range;
}

void chg_archive_chunk_write(
	const struct chg_archive_chunk *chunk, uint8_t ret[CHG_ARCHIVE_CHUNK_HEAD])
{
	uint8_t *at = ret;
	memset(ret, 0, CHG_ARCHIVE_CHUNK_HEAD);
	memcpy(at, chg_archive_chunk_magic, sizeof chg_archive_chunk_magic);
	at = put(at + sizeof chg_archive_chunk_magic, chunk->schema, 4);
	at = put(at, chunk->records, 4);
	at = put_range(at, chunk->cdr_id);
	at = put_range(at, chunk->started_us);
	at = put_range(at, chunk->closed_us);
	at = put_range(at, chunk->local_sequence);
	at = put(at, chunk->stamps_octets, 4);
	at = put(at, chunk->filter_octets, 4);
	at = put(at, chunk->body_octets, 8);
	at = put(at, chunk->body_size, 8);
	at = put(at, chunk->index_sum, 8);
	put(at, chunk->body_sum, 8);
	put(ret + CHG_ARCHIVE_CHUNK_HEAD - 8, chg_archive_sum(ret, CHG_ARCHIVE_CHUNK_HEAD - 8), 8);
}

static bool is_range(struct chg_range range)
{
	return range.low <= range.high;
}

/* Nothing that is promised may be more than can be. */
static bool is_possible(const struct chg_archive_chunk *chunk)
{
	return chunk->records > 0 && chunk->records <= CHG_ARCHIVE_RECORDS_MAX &&
	       chunk->stamps_octets <= chunk->records * CHG_ARCHIVE_STAMP_MAX &&
	       chunk->filter_octets >= CHG_ARCHIVE_FILTER_MIN &&
	       chunk->filter_octets <= CHG_ARCHIVE_FILTER_MAX && chunk->body_size > 0 &&
	       chunk->body_size <= CHG_ARCHIVE_BODY_MAX &&
	       chunk->body_octets <= (uint64_t)CHG_ARCHIVE_BODY_MAX * 2 &&
	       is_range(chunk->cdr_id) && chunk->cdr_id.low > 0 && is_range(chunk->started_us) &&
	       is_range(chunk->closed_us) && is_range(chunk->local_sequence);
}

bool chg_archive_chunk_parse(
	const uint8_t head[CHG_ARCHIVE_CHUNK_HEAD], struct chg_archive_chunk *ret)
{
	const uint8_t *at = head + sizeof chg_archive_chunk_magic;
	const uint8_t *end = head + CHG_ARCHIVE_CHUNK_HEAD - 8;
	struct chg_archive_chunk chunk = { 0 };
	if (memcmp(head, chg_archive_chunk_magic, sizeof chg_archive_chunk_magic) != 0 ||
		get(&end, 8) != chg_archive_sum(head, CHG_ARCHIVE_CHUNK_HEAD - 8))
		return false;
	chunk.schema = (uint32_t)get(&at, 4);
	chunk.records = (uint32_t)get(&at, 4);
	chunk.cdr_id = get_range(&at);
	chunk.started_us = get_range(&at);
	chunk.closed_us = get_range(&at);
	chunk.local_sequence = get_range(&at);
	chunk.stamps_octets = (uint32_t)get(&at, 4);
	chunk.filter_octets = (uint32_t)get(&at, 4);
	chunk.body_octets = get(&at, 8);
	chunk.body_size = get(&at, 8);
	chunk.index_sum = get(&at, 8);
	chunk.body_sum = get(&at, 8);
	if (!is_possible(&chunk))
		return false;
	chunk.octets = CHG_ARCHIVE_CHUNK_HEAD + (uint64_t)chunk.stamps_octets +
		       chunk.filter_octets + chunk.body_octets;
	*ret = chunk;
	return true;
}

void chg_archive_head_write(const struct chg_archive_file *file, uint8_t ret[CHG_ARCHIVE_HEAD])
{
	memset(ret, 0, CHG_ARCHIVE_HEAD);
	memcpy(ret, chg_archive_file_magic, sizeof chg_archive_file_magic);
	uint8_t *at = put(ret + sizeof chg_archive_file_magic, file->owner, 4);
	at = put(at, file->number, 4);
	put(at, (uint64_t)file->made_at.us, 8);
	put(ret + CHG_ARCHIVE_HEAD - 8, chg_archive_sum(ret, CHG_ARCHIVE_HEAD - 8), 8);
}

bool chg_archive_head_parse(const uint8_t head[CHG_ARCHIVE_HEAD], struct chg_archive_file *ret)
{
	const uint8_t *at = head + sizeof chg_archive_file_magic;
	const uint8_t *end = head + CHG_ARCHIVE_HEAD - 8;
	if (memcmp(head, chg_archive_file_magic, sizeof chg_archive_file_magic) != 0 ||
		get(&end, 8) != chg_archive_sum(head, CHG_ARCHIVE_HEAD - 8))
		return false;
	ret->owner = (uint32_t)get(&at, 4);
	ret->number = (uint32_t)get(&at, 4);
	ret->made_at = (chg_instant){ (int64_t)get(&at, 8) };
	return true;
}

/* Seven bits an octet, the lowest first; the highest bit says that there are more. */
static uint8_t *put_number(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

static bool get_number(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t octet = *(*at)++;
		if (shift == 63 && octet > 1)
			return false;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80) {
			*ret = value;
			return true;
		}
	}
	return false;
}

size_t chg_archive_stamps_write(const struct chg_cdr_stamp *stamp, uint32_t records, uint8_t *to)
{
	uint8_t *at = to;
	uint64_t id = 0, us = 0;
	for (uint32_t i = 0; i < records; i++) {
		uint64_t step = (uint64_t)stamp[i].received_last_at.us - us;
		at = put_number(at, (uint64_t)stamp[i].cdr_id - id);
		at = put_number(at, step << 1 ^ (step >> 63 != 0 ? UINT64_MAX : 0));
		at = put_number(at, stamp[i].entry_count);
		at = put_number(at, stamp[i].marks);
		id = (uint64_t)stamp[i].cdr_id;
		us = (uint64_t)stamp[i].received_last_at.us;
	}
	return (size_t)(at - to);
}

bool chg_archive_stamps_parse(const uint8_t *from, size_t octets, uint32_t records,
	struct chg_range cdr_id, struct chg_cdr_stamp *ret)
{
	const uint8_t *at = from, *end = from + octets;
	uint64_t id = 0, us = 0;
	for (uint32_t i = 0; i < records; i++) {
		uint64_t step, time, entries, marks;
		if (!get_number(&at, end, &step) || !get_number(&at, end, &time) ||
			!get_number(&at, end, &entries) || !get_number(&at, end, &marks))
			return false;
		if (step == 0 || step > (uint64_t)cdr_id.high - id || entries > UINT32_MAX ||
			marks > UINT32_MAX)
			return false;
		id += step;
		us += time >> 1 ^ ((time & 1) != 0 ? UINT64_MAX : 0);
		ret[i] = (struct chg_cdr_stamp){ .cdr_id = (int64_t)id,
			.received_last_at = { (int64_t)us },
			.entry_count = (uint32_t)entries,
			.marks = (uint32_t)marks };
	}
	return at == end && ret[0].cdr_id == cdr_id.low && (int64_t)id == cdr_id.high;
}

enum chg_rc chg_archive_pread(int fd, void *to, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t got = pread(fd, to, len, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? CHG_E_STORE_CORRUPT : CHG_E_SYSTEM;
		to = (char *)to + got;
		len -= (size_t)got;
		offset += (uint64_t)got;
	}
	return CHG_OK;
}

enum chg_rc chg_archive_pwrite(int fd, const void *from, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t done = pwrite(fd, from, len, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return CHG_E_STORE_FULL;
		from = (const char *)from + done;
		len -= (size_t)done;
		offset += (uint64_t)done;
	}
	return CHG_OK;
}

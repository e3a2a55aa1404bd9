/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs, byte by byte.  RFC 6733 3 and 4.
 */
#include "wire/avp.h"

#include <assert.h>

/* Seconds from 1900 to 1970, and from 1900 to the start of the era of 2036. */
#define NTP_TO_UNIX_S INT64_C(2208988800)
#define NTP_ERA_S     INT64_C(4294967296)

static uint32_t get24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | get24(at + 1);
}

static void put32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

enum chg_rc chg_header_read(struct chg_view message, struct chg_header *ret)
{
	const uint8_t *at = (const uint8_t *)message.ptr;
	if (message.len < CHG_HEADER_SIZE || at[0] != 1 || get24(at + 1) != message.len)
		return CHG_E_SYNTAX;
	*ret = (struct chg_header){
		.version = at[0],
		.length = get24(at + 1),
		.flags = at[4],
		.command = get24(at + 5),
		.application = get32(at + 8),
		.hop_by_hop = get32(at + 12),
		.end_to_end = get32(at + 16),
	};
	return CHG_OK;
}

struct chg_avp_walk chg_avp_walk_group(struct chg_view data)
{
	const uint8_t *at = (const uint8_t *)data.ptr;
	return (struct chg_avp_walk){ .at = at, .end = at + data.len };
}

struct chg_avp_walk chg_avp_walk_message(struct chg_view message)
{
	assert(message.len >= CHG_HEADER_SIZE);
	return chg_avp_walk_group(
		(struct chg_view){ message.ptr + CHG_HEADER_SIZE, message.len - CHG_HEADER_SIZE });
}

/* A vendor that is 0 by its V bit makes an AVP of nobody, not one of the IETF.  A-038 */
static void look_up(struct chg_raw_avp *avp)
{
	bool is_nobodys = (avp->flags & CHG_AVP_FLAG_VENDOR) != 0 && avp->vendor == 0;
	avp->is_known = !is_nobodys && chg_dict_find(avp->vendor, avp->code, &avp->id);
}

/* What can be read of the header of an AVP that does not fit. */
static bool broken(struct chg_avp_walk *walk, struct chg_raw_avp *ret)
{
	size_t left = (size_t)(walk->end - walk->at);
	*ret = (struct chg_raw_avp){ 0 };
	if (left >= 4)
		ret->code = get32(walk->at);
	if (left >= 8)
		ret->flags = walk->at[4];
	if ((ret->flags & CHG_AVP_FLAG_VENDOR) != 0 && left >= 12)
		ret->vendor = get32(walk->at + 8);
	look_up(ret);
	walk->is_broken = true;
	walk->at = walk->end;
	return false;
}

bool chg_avp_next(struct chg_avp_walk *walk, struct chg_raw_avp *ret)
{
	size_t left = (size_t)(walk->end - walk->at);
	if (left == 0)
		return false;
	if (left < 8)
		return broken(walk, ret);
	const uint8_t *at = walk->at;
	size_t len = get24(at + 5);
	size_t head = (at[4] & CHG_AVP_FLAG_VENDOR) != 0 ? 12 : 8;
	if (len < head || len > left)
		return broken(walk, ret);

	*ret = (struct chg_raw_avp){
		.code = get32(at),
		.vendor = head == 12 ? get32(at + 8) : 0,
		.flags = at[4],
		.data = { (const char *)at + head, len - head },
		.whole = { (const char *)at, len },
	};
	look_up(ret);
	walk->at += padded(len) < left ? padded(len) : left;
	return true;
}

bool chg_avp_u32(const struct chg_raw_avp *avp, uint32_t *ret)
{
	if (avp->data.len != 4)
		return false;
	*ret = get32((const uint8_t *)avp->data.ptr);
	return true;
}

bool chg_avp_i32(const struct chg_raw_avp *avp, int32_t *ret)
{
	uint32_t value;
	if (!chg_avp_u32(avp, &value))
		return false;
	*ret = (int32_t)value;
	return true;
}

bool chg_avp_u64(const struct chg_raw_avp *avp, uint64_t *ret)
{
	if (avp->data.len != 8)
		return false;
	const uint8_t *at = (const uint8_t *)avp->data.ptr;
	*ret = (uint64_t)get32(at) << 32 | get32(at + 4);
	return true;
}

bool chg_avp_time(const struct chg_raw_avp *avp, chg_instant *ret)
{
	uint32_t ntp;
	if (!chg_avp_u32(avp, &ntp))
		return false;
	int64_t since_1900 = ntp;
	if ((ntp & 0x80000000u) == 0)
		since_1900 += NTP_ERA_S;
	*ret = (chg_instant){ (since_1900 - NTP_TO_UNIX_S) * CHG_US_PER_S };
	return true;
}

uint32_t chg_time_from_instant(chg_instant at)
{
	int64_t seconds = at.us / CHG_US_PER_S - (at.us % CHG_US_PER_S < 0 ? 1 : 0);
	return (uint32_t)(uint64_t)(seconds + NTP_TO_UNIX_S);
}

/* How many octets follow the first one of a character; -1 when it cannot be a first one. */
static int utf8_following(uint8_t first)
{
	if (first < 0x80)
		return first == 0 ? -1 : 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	if (first >= 0xf0 && first <= 0xf4)
		return 3;
	return -1;
}

/* RFC 3629 4: the second octet tells overlong forms, surrogates and what lies past U+10FFFF. */
static bool utf8_second_fits(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

/*
 * How many octets in front are ASCII without NUL, by eights: mostly all but the last few.  Taking one
 * off each octet sets the top bit of those that were 0, and only where another has it or was 0.
 */
static size_t ascii_len(const uint8_t *at, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	size_t i = 0;
	for (uint64_t eight; len - i >= sizeof eight; i += sizeof eight) {
		memcpy(&eight, at + i, sizeof eight);
		if (((eight | (eight - ones)) & tops) != 0)
			break;
	}
	return i;
}

bool chg_utf8_valid(struct chg_view text)
{
	const uint8_t *at = (const uint8_t *)text.ptr;
	for (size_t i = ascii_len(at, text.len); i < text.len; i++) {
		int following = utf8_following(at[i]);
		if (following < 0 || (size_t)following > text.len - i - 1)
			return false;
		if (following > 0 && !utf8_second_fits(at[i], at[i + 1]))
			return false;
		for (int k = 0; k < following; k++)
			if ((at[++i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

struct chg_out chg_out_of(void *memory, size_t size)
{
	return (struct chg_out){ .bytes = memory, .size = size };
}

/* Room for some octets, zeroed; NULL once anything did not fit. */
static uint8_t *room(struct chg_out *out, size_t len)
{
	if (out->is_full || len > out->size - out->len) {
		out->is_full = true;
		return NULL;
	}
	uint8_t *at = out->bytes + out->len;
	memset(at, 0, len);
	out->len += len;
	return at;
}

void chg_out_header(struct chg_out *out, const struct chg_header *header)
{
	uint8_t *at = room(out, CHG_HEADER_SIZE);
	if (at == NULL)
		return;
	at[0] = 1;
	put32(at + 4, header->command);
	at[4] = header->flags;
	put32(at + 8, header->application);
	put32(at + 12, header->hop_by_hop);
	put32(at + 16, header->end_to_end);
}

static void set_length(uint8_t *at, uint8_t before, size_t len)
{
	put32(at, (uint32_t)len);
	at[0] = before;
}

enum chg_rc chg_out_finish(struct chg_out *out)
{
	if (out->is_full || out->len < CHG_HEADER_SIZE || out->len > 0xffffff)
		return CHG_E_RANGE;
	set_length(out->bytes, 1, out->len);
	return CHG_OK;
}

/* Header and zeroed data of an AVP; where the data goes, or NULL. */
static uint8_t *avp_room(
	struct chg_out *out, uint32_t code, uint32_t vendor, uint8_t flags, size_t len)
{
	size_t head = (flags & CHG_AVP_FLAG_VENDOR) != 0 ? 12 : 8;
	if (len > 0xffffff - head) {
		out->is_full = true;
		return NULL;
	}
	uint8_t *at = room(out, padded(head + len));
	if (at == NULL)
		return NULL;
	put32(at, code);
	set_length(at + 4, flags, head + len);
	if (head == 12)
		put32(at + 8, vendor);
	return at + head;
}

static uint8_t *row_room(struct chg_out *out, enum chg_avp id, size_t len)
{
	const struct chg_avp_row *row = chg_dict_row(id);
	uint8_t flags = (uint8_t)((row->vendor != 0 ? CHG_AVP_FLAG_VENDOR : 0) |
				  (row->must ? CHG_AVP_FLAG_MUST : 0));
	return avp_room(out, row->code, row->vendor, flags, len);
}

void chg_out_u32(struct chg_out *out, enum chg_avp id, uint32_t value)
{
	uint8_t *at = row_room(out, id, 4);
	if (at != NULL)
		put32(at, value);
}

void chg_out_i32(struct chg_out *out, enum chg_avp id, int32_t value)
{
	chg_out_u32(out, id, (uint32_t)value);
}

void chg_out_u64(struct chg_out *out, enum chg_avp id, uint64_t value)
{
	uint8_t *at = row_room(out, id, 8);
	if (at == NULL)
		return;
	put32(at, (uint32_t)(value >> 32));
	put32(at + 4, (uint32_t)value);
}

void chg_out_time(struct chg_out *out, enum chg_avp id, chg_instant value)
{
	chg_out_u32(out, id, chg_time_from_instant(value));
}

void chg_out_text(struct chg_out *out, enum chg_avp id, struct chg_view value)
{
	uint8_t *at = row_room(out, id, value.len);
	if (at != NULL && value.len > 0)
		memcpy(at, value.ptr, value.len);
}

void chg_out_any(
	struct chg_out *out, uint32_t code, uint32_t vendor, uint8_t flags, struct chg_view data)
{
	uint8_t *at = avp_room(out, code, vendor, flags, data.len);
	if (at != NULL && data.len > 0)
		memcpy(at, data.ptr, data.len);
}

void chg_out_copy(struct chg_out *out, const struct chg_raw_avp *avp)
{
	uint8_t *at = room(out, padded(avp->whole.len));
	if (at != NULL)
		memcpy(at, avp->whole.ptr, avp->whole.len);
}

void chg_out_raw(struct chg_out *out, struct chg_view avps)
{
	uint8_t *at = room(out, avps.len);
	if (at != NULL && avps.len > 0)
		memcpy(at, avps.ptr, avps.len);
}

size_t chg_out_group_begin(struct chg_out *out, enum chg_avp id)
{
	size_t began = out->len;
	row_room(out, id, 0);
	return began;
}

void chg_out_group_end(struct chg_out *out, size_t began)
{
	if (out->is_full)
		return;
	uint8_t *at = out->bytes + began;
	set_length(at + 4, at[4], out->len - began);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * One walk over the level of the command, by numbers alone: the dictionary is for those who read on.
 */
#include "stack/plain.h"

#include <arpa/inet.h>
#include <strings.h>

enum {
	CODE_USER_NAME = 1,
	CODE_ROUTE_RECORD = 282,
	CODE_DESTINATION_REALM = 283,
	CODE_DESTINATION_HOST = 293,
	AVP_HEAD = 8,
	AVP_HEAD_VENDOR = 12,
};

static uint32_t word_at(const uint8_t *at)
{
	uint32_t wire;
	memcpy(&wire, at, sizeof wire);
	return ntohl(wire);
}

/* RFC 6733 4.3.1: identities are host names, whose case does not count. */
static bool is_same(struct chg_view a, struct chg_view b)
{
	return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

struct seen {
	unsigned int realms;
	unsigned int hosts;
};

static bool is_plain_avp(
	uint32_t code, struct chg_view data, const struct chg_plain_own *own, struct seen *seen)
{
	switch (code) {
	case CODE_DESTINATION_REALM:
		return ++seen->realms == 1 && is_same(data, own->realm);
	case CODE_DESTINATION_HOST:
		return ++seen->hosts == 1 && is_same(data, own->host);
	case CODE_ROUTE_RECORD:
		return !is_same(data, own->host);
	case CODE_USER_NAME:
		return memchr(data.ptr, '!', data.len) == NULL;
	default:
		return true;
	}
}

bool chg_plain_is(
	struct chg_view message, const struct chg_header *header, const struct chg_plain_own *own)
{
	const unsigned int usual = CHG_COMMAND_FLAG_REQUEST | CHG_COMMAND_FLAG_PROXIABLE |
				   CHG_COMMAND_FLAG_RETRANSMITTED;
	const uint8_t *at = (const uint8_t *)message.ptr + CHG_HEADER_SIZE;
	size_t left = message.len - CHG_HEADER_SIZE;
	struct seen seen = { 0 };
	if ((header->flags & ~usual) != 0 || left % 4 != 0)
		return false;
	while (left > 0) {
		if (left < AVP_HEAD)
			return false;
		bool has_vendor = (at[4] & CHG_AVP_FLAG_VENDOR) != 0;
		size_t len = word_at(at + 4) & 0xffffff;
		if (len < (has_vendor ? AVP_HEAD_VENDOR : AVP_HEAD) || len > left)
			return false;
		struct chg_view data = { (const char *)at + AVP_HEAD, len - AVP_HEAD };
		if (!has_vendor && !is_plain_avp(word_at(at), data, own, &seen))
			return false;
		size_t padded = (len + 3) & ~(size_t)3;
		at += padded;
		left -= padded;
	}
	return seen.realms == 1;
}

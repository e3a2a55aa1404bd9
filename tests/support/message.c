/* SPDX-License-Identifier: BSD-3-Clause
 * Diameter messages for tests.
 */
#include "support/message.h"

#include <assert.h>
#include <stdlib.h>

static void put_number(uint8_t *at, size_t octets, uint32_t value)
{
	for (size_t i = octets; i-- > 0; value >>= 8)
		at[i] = (uint8_t)value;
}

static uint32_t get_number(const uint8_t *at, size_t octets)
{
	uint32_t value = 0;
	for (size_t i = 0; i < octets; i++)
		value = value << 8 | at[i];
	return value;
}

void message_begin(struct message *message, uint8_t flags, uint32_t command, uint32_t application)
{
	memset(message->bytes, 0, 20);
	message->bytes[0] = 1;
	message->bytes[4] = flags;
	put_number(message->bytes + 5, 3, command);
	put_number(message->bytes + 8, 4, application);
	put_number(message->bytes + 12, 4, MESSAGE_HOP_BY_HOP);
	put_number(message->bytes + 16, 4, MESSAGE_END_TO_END);
	message->len = 20;
}

void message_raw(struct message *message, const void *bytes, size_t len)
{
	assert(len <= MESSAGE_ROOM - message->len);
	if (len > 0)
		memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_head(struct message *message, uint32_t code, uint32_t vendor, uint8_t flags)
{
	uint8_t head[12] = { 0 };
	flags |= vendor != 0 ? 0x80 : 0;
	put_number(head, 4, code);
	head[4] = flags;
	put_number(head + 8, 4, vendor);
	message_raw(message, head, (flags & 0x80) != 0 ? 12 : 8);
}

/* The length of the AVP that began there, and its padding. */
static void put_end(struct message *message, size_t began)
{
	static const uint8_t zeros[3];
	put_number(message->bytes + began + 5, 3, (uint32_t)(message->len - began));
	message_raw(message, zeros, (4 - (message->len - began) % 4) % 4);
}

void message_avp(struct message *message, uint32_t code, uint32_t vendor, uint8_t flags,
	const void *data, size_t len)
{
	size_t began = message->len;
	put_head(message, code, vendor, flags);
	message_raw(message, data, len);
	put_end(message, began);
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	char low = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	const char *at = c == '\0' ? NULL : strchr(digits, low);
	return at == NULL ? -1 : (int)(at - digits);
}

static const char *put_hex(struct message *message, const char *text)
{
	for (; digit(text[0]) >= 0; text += 2) {
		assert(digit(text[1]) >= 0);
		uint8_t octet = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		message_raw(message, &octet, 1);
	}
	return text;
}

static const char *put_text(struct message *message, const char *text)
{
	const char *end = strchr(text, '\'');
	assert(end != NULL);
	message_raw(message, text, (size_t)(end - text));
	return end + 1;
}

static const char *put_avps(struct message *message, const char *text);

static const char *put_data(struct message *message, const char *text)
{
	if (*text == '\'')
		return put_text(message, text + 1);
	if (*text != '{')
		return put_hex(message, text);
	text = put_avps(message, text + 1);
	assert(*text == '}');
	return text + 1;
}

static const char *put_one(struct message *message, const char *text)
{
	char *end;
	uint32_t code = (uint32_t)strtoul(text, &end, 10), vendor = 0;
	uint8_t flags = 0;
	assert(end != text);
	if (*end == '/')
		vendor = (uint32_t)strtoul(end + 1, &end, 10);
	for (; *end != ':'; end++) {
		assert(*end == 'm' || *end == 'V');
		flags |= *end == 'm' ? 0x40 : 0x80;
	}
	size_t began = message->len;
	put_head(message, code, vendor, flags);
	text = put_data(message, end + 1);
	put_end(message, began);
	return text;
}

static const char *put_avps(struct message *message, const char *text)
{
	for (; *text != '\0' && *text != '}';) {
		if (*text == ' ' || *text == ',')
			text++;
		else if (*text == '#')
			text = put_hex(message, text + 1);
		else
			text = put_one(message, text);
	}
	return text;
}

void message_avps(struct message *message, const char *text)
{
	if (text != NULL)
		text = put_avps(message, text);
	assert(text == NULL || *text == '\0');
}

enum { DROPS_MAX = 8 };

struct changes {
	uint32_t dropped[DROPS_MAX];
	size_t drop_count;
	uint32_t type, number, flags, application, command;
	const char *in_front; /* one AVP, NULL for none */
};

static bool read_setting(const char **at, const char *name, int base, uint32_t *ret)
{
	size_t len = strlen(name);
	if (strncmp(*at, name, len) != 0)
		return false;
	char *end;
	*ret = (uint32_t)strtoul(*at + len, &end, base);
	*at = end;
	return true;
}

/* Reads the changes; where the notation of AVPs begins. */
static const char *read_changes(const char *at, struct changes *changes)
{
	for (;;) {
		if (*at == ' ') {
			at++;
		} else if (*at == '-') {
			char *end;
			assert(changes->drop_count < DROPS_MAX);
			changes->dropped[changes->drop_count++] =
				(uint32_t)strtoul(at + 1, &end, 10);
			at = end;
		} else if (*at == '^') {
			changes->in_front = at + 1;
			at += strcspn(at, " ");
		} else if (!read_setting(&at, "type=", 10, &changes->type) &&
			   !read_setting(&at, "number=", 10, &changes->number) &&
			   !read_setting(&at, "flags=", 16, &changes->flags) &&
			   !read_setting(&at, "app=", 10, &changes->application) &&
			   !read_setting(&at, "cmd=", 10, &changes->command)) {
			return at;
		}
	}
}

static bool is_kept(const struct changes *changes, uint32_t code)
{
	for (size_t i = 0; i < changes->drop_count; i++)
		if (changes->dropped[i] == code)
			return false;
	return true;
}

static void put_kept_text(
	struct message *message, const struct changes *changes, uint32_t code, const char *text)
{
	if (is_kept(changes, code))
		message_avp(message, code, 0, 0x40, text, strlen(text));
}

static void put_kept_u32(
	struct message *message, const struct changes *changes, uint32_t code, uint32_t value)
{
	uint8_t data[4];
	put_number(data, 4, value);
	if (is_kept(changes, code))
		message_avp(message, code, 0, 0x40, data, 4);
}

void message_acr(struct message *message, const char *text)
{
	struct changes changes = { .type = 1, .flags = 0xc0, .application = 3, .command = 271 };
	const char *more = text == NULL ? "" : read_changes(text, &changes);
	message_begin(message, (uint8_t)changes.flags, changes.command, changes.application);
	if (changes.in_front != NULL)
		put_one(message, changes.in_front);
	put_kept_text(message, &changes, 263, "im1.example.net;1;2");
	put_kept_text(message, &changes, 264, "im1.example.net");
	put_kept_text(message, &changes, 296, "example.net");
	put_kept_text(message, &changes, 283, "cdf.example.net");
	put_kept_u32(message, &changes, 480, changes.type);
	put_kept_u32(message, &changes, 485, changes.number);
	put_kept_u32(message, &changes, 259, 3);
	message_avps(message, more);
}

void message_ccr(struct message *message, const char *text)
{
	struct changes changes = { .type = 1, .flags = 0xc0, .application = 4, .command = 272 };
	const char *more = text == NULL ? "" : read_changes(text, &changes);
	message_begin(message, (uint8_t)changes.flags, changes.command, changes.application);
	if (changes.in_front != NULL)
		put_one(message, changes.in_front);
	put_kept_text(message, &changes, 263, "im1.example.net;1;2");
	put_kept_text(message, &changes, 264, "im1.example.net");
	put_kept_text(message, &changes, 296, "example.net");
	put_kept_text(message, &changes, 283, "example.net");
	put_kept_u32(message, &changes, 258, 4);
	put_kept_text(message, &changes, 461, "32274@3gpp.org");
	put_kept_u32(message, &changes, 416, changes.type);
	put_kept_u32(message, &changes, 415, changes.number);
	message_avps(message, more);
}

struct chg_view message_view(struct message *message)
{
	put_number(message->bytes + 1, 3, (uint32_t)message->len);
	return (struct chg_view){ (const char *)message->bytes, message->len };
}

bool message_find_in(struct chg_view avps, uint32_t code, size_t n, struct chg_view *ret)
{
	const uint8_t *at = (const uint8_t *)avps.ptr, *end = at + avps.len;
	while (end - at >= 8) {
		size_t len = get_number(at + 5, 3), head = (at[4] & 0x80) != 0 ? 12 : 8;
		size_t left = (size_t)(end - at);
		if (len < head || len > left)
			return false;
		if (get_number(at, 4) == code && n-- == 0) {
			*ret = (struct chg_view){ (const char *)at + head, len - head };
			return true;
		}
		at += (len + 3) / 4 * 4 < left ? (len + 3) / 4 * 4 : left;
	}
	return false;
}

bool message_find(struct chg_view message, uint32_t code, size_t n, struct chg_view *ret)
{
	assert(message.len >= 20);
	return message_find_in(
		(struct chg_view){ message.ptr + 20, message.len - 20 }, code, n, ret);
}

size_t message_count(struct chg_view message, uint32_t code)
{
	size_t count = 0;
	struct chg_view data;
	while (message_find(message, code, count, &data))
		count++;
	return count;
}

uint32_t message_u32(struct chg_view data)
{
	assert(data.len == 4);
	return get_number((const uint8_t *)data.ptr, 4);
}

size_t message_unhex(const char *text, uint8_t *ret, size_t size)
{
	size_t len = 0;
	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '\n' || *text == '\t')
			continue;
		assert(digit(text[0]) >= 0 && digit(text[1]) >= 0 && len < size);
		ret[len++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text++;
	}
	return len;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Bytes that could end a line, move a cursor or break UTF-8 come out as escapes.
 */
#include "runtime/quote.h"

#include <assert.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The bytes that a lead byte announces; 1 for one that announces none. */
static size_t announced(unsigned char lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 1;
}

/* The length of the printable character at `at`; 0 when its first byte has to be escaped. */
static size_t printable(struct chg_view text, size_t at)
{
	const unsigned char *p = (const unsigned char *)text.ptr + at;
	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	size_t len = announced(p[0]);
	if (len == 1 || len > text.len - at)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(p[i]))
			return 0;
	}
	/* Overlong forms, surrogates, what is beyond Unicode, and the C1 controls. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ||
		(p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	return len;
}

static bool is_plain(struct chg_view text)
{
	for (size_t at = 0; at < text.len;) {
		size_t len = printable(text, at);
		if (len == 0 || strchr(" \"=\\", text.ptr[at]) != NULL)
			return false;
		at += len;
	}
	return text.len > 0;
}

/* One character as it will stand; returns how many bytes of the text it stands for. */
static size_t write_one(
	struct chg_view text, size_t at, bool is_quoted, char ret[5], size_t *ret_len)
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = "\"\\\n\r\t";
	static const char as[] = "\"\\nrt";
	unsigned char byte = (unsigned char)text.ptr[at];
	const char *found = byte == '\0' || !is_quoted ? NULL : strchr(named, byte);
	size_t len = printable(text, at);

	if (found != NULL) {
		ret[0] = '\\';
		ret[1] = as[found - named];
		*ret_len = 2;
		return 1;
	}
	if (len > 0) {
		memcpy(ret, text.ptr + at, len);
		*ret_len = len;
		return len;
	}
	ret[0] = '\\';
	ret[1] = 'x';
	ret[2] = hex[byte >> 4];
	ret[3] = hex[byte & 15];
	*ret_len = 4;
	return 1;
}

size_t chg_quote_write(struct chg_view text, enum chg_quote_when when, char *ret, size_t room)
{
	assert(room >= CHG_QUOTE_ROOM_MIN);
	bool is_quoted = when == CHG_QUOTE_ALWAYS || !is_plain(text);
	size_t used = 0;
	size_t kept = 0; /* up to here there is room for "...", the quote and the end as well */
	if (is_quoted)
		ret[used++] = '"';
	kept = used;
	for (size_t at = 0; at < text.len;) {
		char piece[5];
		size_t len;
		at += write_one(text, at, is_quoted, piece, &len);
		if (used + len + (is_quoted ? 2 : 1) > room) {
			memcpy(ret + kept, "...", 3);
			used = kept + 3;
			break;
		}
		memcpy(ret + used, piece, len);
		used += len;
		if (used + 3 + (is_quoted ? 2 : 1) <= room)
			kept = used;
	}
	if (is_quoted)
		ret[used++] = '"';
	ret[used] = '\0';
	return used;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Escaping, UTF-8, and "did you mean".
 */
#include "chgctl/text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "core/decimal.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

/* Letters of ASCII only: what an operator types must mean the same in every locale. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The length that a first byte announces and its share of the code point; 0: none begins so. */
static size_t sequence_begin(unsigned char first, uint32_t *ret_code)
{
	if (first < 0x80) {
		*ret_code = first;
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		*ret_code = first & 0x1fu;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*ret_code = first & 0x0fu;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*ret_code = first & 0x07u;
		return 4;
	}
	return 0;
}

size_t ctl_text_next(struct chg_view text, uint32_t *ret_code)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = 0;

	if (text.len == 0)
		return 0;
	size_t len = sequence_begin((unsigned char)text.ptr[0], &code);
	if (len == 0 || len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];
		if ((byte & 0xc0u) != 0x80u)
			return 0;
		code = code << 6 | (byte & 0x3fu);
	}
	if (code < lowest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

static struct chg_view rest(struct chg_view text, size_t done)
{
	return (struct chg_view){ .ptr = text.ptr + done, .len = text.len - done };
}

/*
 * Writes what is printable ASCII and needs no escaping, and returns its length: by far the most of
 * every text, in pieces that are too short for fwrite to be worth its call.
 */
static size_t write_plain(FILE *to, struct chg_view text)
{
	size_t len = 0;

	for (; len < text.len && text.ptr[len] >= 0x20 && text.ptr[len] < 0x7f &&
		text.ptr[len] != '"' && text.ptr[len] != '\\';
		len++)
		putc_unlocked(text.ptr[len], to);
	return len;
}

/* Directional marks can make a line read as something else than it is. */
static bool turns_direction(uint32_t code)
{
	return (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x061c;
}

void ctl_text_show(FILE *to, struct chg_view text)
{
	while (text.len > 0) {
		uint32_t code;
		size_t len = write_plain(to, text);
		if (len > 0) {
			text = rest(text, len);
			continue;
		}
		len = ctl_text_next(text, &code);
		if (len == 0) {
			fprintf(to, "\\x%02x", (unsigned)(unsigned char)text.ptr[0]);
			len = 1;
		} else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			fprintf(to, "\\x%02x", (unsigned)code);
		} else if (turns_direction(code)) {
			fprintf(to, "\\u%04x", (unsigned)code);
		} else {
			fwrite(text.ptr, 1, len, to);
		}
		text = rest(text, len);
	}
}

static void json_character(FILE *to, uint32_t code, const char *bytes, size_t len)
{
	if (code == '"' || code == '\\')
		fprintf(to, "\\%c", (int)code);
	else if (code == '\n')
		fputs("\\n", to);
	else if (code == '\r')
		fputs("\\r", to);
	else if (code == '\t')
		fputs("\\t", to);
	else if (code < 0x20 || code == 0x7f)
		fprintf(to, "\\u%04x", (unsigned)code);
	else
		fwrite(bytes, 1, len, to);
}

void ctl_text_json(FILE *to, struct chg_view text)
{
	fputc('"', to);
	while (text.len > 0) {
		uint32_t code;
		size_t len = write_plain(to, text);
		if (len > 0) {
			text = rest(text, len);
			continue;
		}
		len = ctl_text_next(text, &code);
		if (len == 0) {
			fputs(REPLACEMENT, to);
			len = 1;
		} else {
			json_character(to, code, text.ptr, len);
		}
		text = rest(text, len);
	}
	fputc('"', to);
}

/* Writes UTF-8; in CSV a quote stands twice. */
static void put_utf8(FILE *to, struct chg_view text, bool is_csv)
{
	while (text.len > 0) {
		uint32_t code;
		size_t len = write_plain(to, text);
		if (len > 0) {
			text = rest(text, len);
			continue;
		}
		if (is_csv && text.ptr[0] == '"')
			putc_unlocked('"', to);
		len = ctl_text_next(text, &code);
		if (len == 0 || code == 0) {
			fputs(REPLACEMENT, to);
			len = 1;
		} else {
			fwrite(text.ptr, 1, len, to);
		}
		text = rest(text, len);
	}
}

void ctl_text_utf8(FILE *to, struct chg_view text)
{
	put_utf8(to, text, false);
}

void ctl_text_quoted(FILE *to, struct chg_view text)
{
	putc_unlocked('"', to);
	put_utf8(to, text, true);
	putc_unlocked('"', to);
}

void ctl_text_i64(FILE *to, int64_t number)
{
	char text[CHG_DECIMAL_MAX];

	fwrite(text, 1, (size_t)(chg_decimal_put(text, number) - text), to);
}

void ctl_text_u64(FILE *to, uint64_t number)
{
	char text[CHG_DECIMAL_MAX];

	fwrite(text, 1, (size_t)(chg_decimal_put_u64(text, number) - text), to);
}

void ctl_text_shell(FILE *to, const char *argument)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%+=:,./_-";
	if (argument[0] != '\0' && strspn(argument, plain) == strlen(argument)) {
		fputs(argument, to);
		return;
	}
	fputc('\'', to);
	for (const char *c = argument; *c != '\0'; c++) {
		if (*c == '\'')
			fputs("'\\''", to);
		else
			fputc(*c, to);
	}
	fputc('\'', to);
}

void ctl_say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputs("chgctl: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
}

static char folded(char c)
{
	return c == '-' || c == '_' ? ' ' : lower(c);
}

bool ctl_text_alike(const char *a, const char *b)
{
	while (*a != '\0' && folded(*a) == folded(*b)) {
		a++;
		b++;
	}
	return *a == '\0' && *b == '\0';
}

enum {
	WORD_MAX = 40, /* longer words are compared by no one */
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return folded(a) == folded(b);
}

/*
 * Letters to insert, delete, change or swap with their neighbour to make b from a (optimal string
 * alignment); WORD_MAX when one of them is too long.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1]; /* this one and the two before it, in turn */
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *far = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = above[j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0 : 1);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
				is_same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], far[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *ctl_text_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	size_t nearest_distance = WORD_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, candidates[i]);
		if (d < nearest_distance && 3 * d <= strlen(candidates[i]) + 1) {
			nearest = candidates[i];
			nearest_distance = d;
		}
	}
	return nearest;
}

bool ctl_text_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		uint64_t digit = (uint64_t)(*text - '0');
		if (digit > max || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}

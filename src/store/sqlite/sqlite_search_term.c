/* SPDX-License-Identifier: BSD-3-Clause
 * What a record is found by, as hashes.
 */
#include "store/sqlite/sqlite_search_private.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t add_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

/* The upper bits of FNV-1a depend on all octets only after they were mixed once more. */
static uint32_t finish(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 33);
}

static uint64_t begin(enum chg_term_kind kind)
{
	return add_byte(FNV_BASIS, (unsigned char)kind);
}

uint32_t chg_term_hash(enum chg_term_kind kind, struct chg_view text)
{
	uint64_t hash = begin(kind);
	for (size_t i = 0; i < text.len; i++)
		hash = add_byte(hash, (unsigned char)text.ptr[i]);
	return finish(hash);
}

uint32_t chg_term_hash_number(enum chg_term_kind kind, uint32_t number)
{
	uint64_t hash = begin(kind);
	for (unsigned shift = 0; shift < 32; shift += 8)
		hash = add_byte(hash, (unsigned char)(number >> shift));
	return finish(hash);
}

static uint64_t add_utf8(uint64_t hash, uint32_t code)
{
	if (code < 0x80)
		return add_byte(hash, (unsigned char)code);
	if (code < 0x800) {
		hash = add_byte(hash, (unsigned char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			hash = add_byte(hash, (unsigned char)(0xe0 | code >> 12));
		} else {
			hash = add_byte(hash, (unsigned char)(0xf0 | code >> 18));
			hash = add_byte(hash, (unsigned char)(0x80 | (code >> 12 & 0x3f)));
		}
		hash = add_byte(hash, (unsigned char)(0x80 | (code >> 6 & 0x3f)));
	}
	return add_byte(hash, (unsigned char)(0x80 | (code & 0x3f)));
}

/* Four hexadecimal digits; those that are missing or wrong count as 0. */
static uint32_t read_hex(const char **at, const char *end)
{
	uint32_t value = 0;
	for (int i = 0; i < 4 && *at < end; i++, ++*at) {
		unsigned char digit = (unsigned char)**at;
		value <<= 4;
		if (digit >= '0' && digit <= '9')
			value |= digit - '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			value |= (digit | 0x20u) - 'a' + 10;
	}
	return value;
}

/* What stands behind a backslash, and in the case of an upper surrogate its lower one. */
static uint64_t add_escaped(uint64_t hash, const char **at, const char *end)
{
	static const char plain[] = "bfnrt", meant[] = "\b\f\n\r\t";
	if (*at >= end)
		return hash;
	char c = *(*at)++;
	const char *found = memchr(plain, c, sizeof plain - 1);
	if (found != NULL)
		return add_byte(hash, (unsigned char)meant[found - plain]);
	if (c != 'u')
		return add_byte(hash, (unsigned char)c);
	uint32_t code = read_hex(at, end);
	if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\') {
		*at += 2;
		code = 0x10000 + ((code - 0xd800) << 10) + (read_hex(at, end) - 0xdc00);
	}
	return add_utf8(hash, code);
}

/* The string that begins behind its quotation mark; *at is behind the closing one then. */
static uint32_t hash_key(const char **at, const char *end)
{
	uint64_t hash = begin(CHG_TERM_PARTY);
	while (*at < end) {
		char c = *(*at)++;
		if (c == '"')
			break;
		hash = c == '\\' ? add_escaped(hash, at, end) : add_byte(hash, (unsigned char)c);
	}
	return finish(hash);
}

/* The names of {"name": number, ...}. */
static bool read_parties(struct chg_view json, chg_term_each *each, void *to)
{
	const char *at = json.ptr;
	const char *end = at + json.len;
	while (at < end) {
		if (*at++ == '"' && !each(to, hash_key(&at, end)))
			return false;
	}
	return true;
}

void chg_terms_read(struct chg_stmt *stmt, chg_term_each *each, void *to)
{
	struct chg_view icid = chg_stmt_column_text(stmt, 2);
	struct chg_view parties = chg_stmt_column_text(stmt, 4);
	if (!each(to, chg_term_hash(CHG_TERM_SESSION, chg_stmt_column_text(stmt, 1))))
		return;
	if (icid.ptr != NULL && !each(to, chg_term_hash(CHG_TERM_ICID, icid)))
		return;
	if (sqlite3_column_type(stmt->handle, 3) != SQLITE_NULL &&
		!each(to, chg_term_hash_number(CHG_TERM_APPLICATION_SESSION,
				  (uint32_t)sqlite3_column_int64(stmt->handle, 3))))
		return;
	if (parties.ptr != NULL)
		(void)read_parties(parties, each, to);
}

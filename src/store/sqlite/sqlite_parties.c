/* SPDX-License-Identifier: BSD-3-Clause
 * Builds the JSON object of a record's parties by appending to its text.
 */
#include "store/sqlite/sqlite_parties.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	ROLES_MAX = 10, /* digits of any uint32_t */
};

struct chg_party chg_parties_key(struct chg_view text)
{
	struct chg_party key;
	if (chg_party_normalise(text, &key) == CHG_OK)
		return key;
	size_t len = text.len < CHG_PARTY_TEXT_MAX ? text.len : CHG_PARTY_TEXT_MAX;
	while (len > 0 && len < text.len && (text.ptr[len] & 0xc0) == 0x80)
		len--; /* not inside a character */
	key.len = (uint8_t)len;
	if (len > 0)
		memcpy(key.bytes, text.ptr, len);
	return key;
}

void chg_parties_read(struct chg_parties *parties, struct chg_view text)
{
	parties->is_foreign = text.len > sizeof parties->text;
	parties->len = text.len > 2 && !parties->is_foreign ? text.len : 0;
	if (parties->len > 0)
		memcpy(parties->text, text.ptr, parties->len);
}

struct chg_view chg_parties_text(const struct chg_parties *parties)
{
	if (parties->len == 0)
		return (struct chg_view){ 0 };
	return (struct chg_view){ .ptr = parties->text, .len = parties->len };
}

/* Quotes and backslashes, and control characters, which JSON does not have in a text. */
size_t chg_parties_mark(struct chg_view key, char *ret)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;
	assert(key.len <= CHG_PARTY_TEXT_MAX);
	ret[len++] = ',';
	ret[len++] = '"';
	for (size_t i = 0; i < key.len; i++) {
		unsigned char byte = (unsigned char)key.ptr[i];
		if (byte < 0x20) {
			memcpy(ret + len, "\\u00", 4);
			ret[len + 4] = hex[byte >> 4];
			ret[len + 5] = hex[byte & 15];
			len += 6;
			continue;
		}
		if (byte == '"' || byte == '\\')
			ret[len++] = '\\';
		ret[len++] = (char)byte;
	}
	ret[len++] = '"';
	ret[len++] = ':';
	return len;
}

/* Where the roles stand that follow the mark; 0 when the party is not named. */
static size_t roles_at(struct chg_parties *parties, const char *mark, size_t mark_len)
{
	if (parties->len == 0)
		return 0;
	parties->text[0] = ',';
	const char *found = memmem(parties->text, parties->len, mark, mark_len);
	parties->text[0] = '{';
	return found == NULL ? 0 : (size_t)(found - parties->text) + mark_len;
}

static uint32_t read_roles(const struct chg_parties *parties, size_t at, size_t *ret_end)
{
	uint32_t roles = 0;
	for (; at < parties->len && parties->text[at] >= '0' && parties->text[at] <= '9'; at++)
		roles = roles * 10 + (uint32_t)(parties->text[at] - '0');
	*ret_end = at;
	return roles;
}

/* Puts another number in the place of that from `at` to `end`.  False: there is no room. */
static bool write_roles(struct chg_parties *parties, size_t at, size_t end, uint32_t roles)
{
	char number[ROLES_MAX + 1];
	size_t len = (size_t)snprintf(number, sizeof number, "%u", roles);
	if (parties->len - (end - at) + len > sizeof parties->text)
		return false;
	memmove(parties->text + at + len, parties->text + end, parties->len - end);
	memcpy(parties->text + at, number, len);
	parties->len = parties->len - (end - at) + len;
	return true;
}

static bool append(struct chg_parties *parties, const char *mark, size_t mark_len, uint32_t roles)
{
	size_t at = parties->len == 0 ? 0 : parties->len - 1; /* over the closing brace */
	if (at + mark_len + ROLES_MAX + 1 > sizeof parties->text)
		return false;
	memcpy(parties->text + at, mark, mark_len);
	parties->text[0] = '{';
	at += mark_len;
	if (roles < 10)
		parties->text[at++] = (char)('0' + roles);
	else
		at += (size_t)snprintf(parties->text + at, ROLES_MAX + 1, "%u", roles);
	parties->text[at++] = '}';
	parties->len = at;
	return true;
}

static void add_one(struct chg_parties *parties, struct chg_view text, uint32_t role, bool *changed,
	bool *named)
{
	char mark[CHG_PARTIES_MARK_MAX];
	if (text.len == 0)
		return;
	struct chg_party key = chg_parties_key(text);
	size_t len = chg_parties_mark((struct chg_view){ key.bytes, key.len }, mark);
	size_t at = roles_at(parties, mark, len), end;
	if (at == 0) {
		bool is_added = append(parties, mark, len, role);
		*named |= is_added;
		*changed |= is_added;
		return;
	}
	uint32_t roles = read_roles(parties, at, &end);
	if ((roles | role) != roles)
		*changed |= write_roles(parties, at, end, roles | role);
}

void chg_parties_add(
	struct chg_parties *parties, const struct chg_acr *acr, bool *ret_changed, bool *ret_named)
{
	*ret_changed = false;
	*ret_named = false;
	if (parties->is_foreign)
		return;
	for (size_t i = 0; i < acr->party_count; i++)
		add_one(parties, acr->party[i].text, acr->party[i].role, ret_changed, ret_named);
	for (size_t i = 0; i < acr->participant_count; i++)
		add_one(parties, acr->participant[i], CHG_ROLE_PARTICIPANT, ret_changed, ret_named);
}

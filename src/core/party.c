/* SPDX-License-Identifier: BSD-3-Clause
 * One subscriber, one spelling.
 */
#include "core/party.h"

#include <assert.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 3966: what may stand between the digits of a number and means nothing. */
static bool is_separator(char c)
{
	return c == '-' || c == '.' || c == '(' || c == ')' || c == ' ' || c == '\t';
}

static bool starts_with(struct chg_view text, const char *prefix)
{
	size_t len = strlen(prefix);
	if (text.len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(text.ptr[i]) != prefix[i])
			return false;
	return true;
}

static struct chg_view skip(struct chg_view text, size_t len)
{
	assert(len <= text.len);
	return (struct chg_view){ text.ptr + len, text.len - len };
}

static bool find(struct chg_view text, char wanted, size_t *ret_at)
{
	const char *found = text.len == 0 ? NULL : memchr(text.ptr, wanted, text.len);
	if (found == NULL)
		return false;
	*ret_at = (size_t)(found - text.ptr);
	return true;
}

/* The part before the first of the stops. */
static struct chg_view until(struct chg_view text, const char *stops)
{
	for (size_t at; *stops != '\0'; stops++)
		if (find(text, *stops, &at))
			text.len = at;
	return text;
}

/* Without the blanks around. */
static struct chg_view trim(struct chg_view text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = skip(text, 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* "Alice" <sip:alice@x> and plain blanks around: only the address is kept. */
static struct chg_view strip(struct chg_view text)
{
	size_t at;
	while (find(text, '<', &at))
		text = skip(text, at + 1);
	if (find(text, '>', &at))
		text.len = at;
	return trim(text);
}

/* A number: digits, a leading plus, separators; at least one digit. */
static bool is_number(struct chg_view text)
{
	size_t digits = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (is_digit(text.ptr[i]))
			digits++;
		else if (!(text.ptr[i] == '+' && i == 0) && !is_separator(text.ptr[i]))
			return false;
	}
	return digits > 0;
}

static bool put(struct chg_party *party, char c)
{
	if (party->len == CHG_PARTY_TEXT_MAX)
		return false;
	party->bytes[party->len++] = c;
	return true;
}

static bool put_all(struct chg_party *party, struct chg_view text)
{
	if (text.len > (size_t)CHG_PARTY_TEXT_MAX - party->len)
		return false;
	if (text.len > 0)
		memcpy(party->bytes + party->len, text.ptr, text.len);
	party->len = (uint8_t)(party->len + text.len);
	return true;
}

static bool put_text(struct chg_party *party, const char *text)
{
	return put_all(party, chg_view_of(text));
}

static bool put_lower(struct chg_party *party, struct chg_view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!put(party, lower(text.ptr[i])))
			return false;
	return true;
}

static bool put_number(struct chg_party *party, struct chg_view number)
{
	if (!put_text(party, "tel:"))
		return false;
	for (size_t i = 0; i < number.len; i++)
		if (!is_separator(number.ptr[i]) && !put(party, number.ptr[i]))
			return false;
	return true;
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 2.3: characters that mean the same with and without an escape. */
static bool is_unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* The character that an escape at the front of text stands for, when it may be undone; else 0. */
static char unescape(struct chg_view text)
{
	if (text.len < 3 || text.ptr[0] != '%')
		return 0;
	int high = hex(text.ptr[1]), low = hex(text.ptr[2]);
	if (high < 0 || low < 0 || !is_unreserved(high * 16 + low))
		return 0;
	return (char)(high * 16 + low);
}

/* A lone % right before an escape would make a new escape of it, so such an escape stays. */
static bool follows_percent(const struct chg_party *party)
{
	return (party->len >= 1 && party->bytes[party->len - 1] == '%') ||
	       (party->len >= 2 && party->bytes[party->len - 2] == '%');
}

static bool put_user(struct chg_party *party, struct chg_view user)
{
	size_t at;
	if (!find(user, '%', &at))
		return put_all(party, user);
	while (user.len > 0) {
		char plain = follows_percent(party) ? 0 : unescape(user);
		if (!put(party, plain != 0 ? plain : user.ptr[0]))
			return false;
		user = skip(user, plain != 0 ? 3 : 1);
	}
	return true;
}

/* Whether the parameters of a URI say that its user part is a telephone number. */
static bool says_phone(struct chg_view parameters)
{
	static const char wanted[] = ";user=phone";
	while (parameters.len >= sizeof wanted - 1) {
		if (starts_with(parameters, wanted))
			return true;
		parameters = skip(parameters, 1);
	}
	return false;
}

/*
 * user@host[:port][;parameters][?headers], the scheme already taken off.  A user may hold a ? of its
 * own, parameters and headers hold no @ (RFC 3261 25.1).
 */
static bool put_uri(struct chg_party *party, const char *scheme, struct chg_view rest)
{
	size_t at;
	bool has_user = find(rest, '@', &at);
	struct chg_view user = { rest.ptr, has_user ? at : 0 };
	struct chg_view place = until(has_user ? skip(rest, at + 1) : rest, "?");
	struct chg_view host = until(place, ";");
	struct chg_view parameters = skip(place, host.len);
	host = trim(host);
	user = until(user, ";"); /* sip:+49;npdi=..@host: parameters of the number */

	if (has_user && is_number(user) && says_phone(parameters))
		return put_number(party, user);
	if (!put_text(party, scheme))
		return false;
	if (has_user && (!put_user(party, user) || !put(party, '@')))
		return false;
	return put_lower(party, host);
}

static bool put_normal(struct chg_party *party, struct chg_view text)
{
	size_t at;
	if (starts_with(text, "tel:"))
		return put_number(party, until(skip(text, 4), ";?"));
	if (starts_with(text, "sips:")) /* one subscriber, whatever transport he asks for */
		return put_uri(party, "sip:", skip(text, 5));
	if (starts_with(text, "sip:"))
		return put_uri(party, "sip:", skip(text, 4));
	if (text.len > 1 && text.ptr[0] == '+' && is_number(text))
		return put_number(party, text);
	if (find(text, '@', &at) && !find((struct chg_view){ text.ptr, at }, ':', &at))
		return put_uri(party, "sip:", text);
	return put_all(party, text);
}

enum chg_rc chg_party_normalise(struct chg_view text, struct chg_party *ret)
{
	struct chg_party party = { 0 };
	text = strip(text);
	if (text.len == 0 || !put_normal(&party, text) || party.len == 0)
		return CHG_E_RANGE;
	*ret = party;
	return CHG_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The keys under which accounts are found.
 */
#include "core/ask_credit.h"

static const struct identity_row {
	enum chg_identity_type type;
	const char *text;
	const char *prefix; /* of the key; NULL: the normal form of a party tells */
	bool is_number;
} rows[] = {
	{ CHG_IDENTITY_E164, "e164", "tel:+", true },
	{ CHG_IDENTITY_IMSI, "imsi", "imsi:", true },
	{ CHG_IDENTITY_SIP_URI, "sip", NULL, false },
	{ CHG_IDENTITY_NAI, "nai", "nai:", false },
	{ CHG_IDENTITY_PRIVATE, "private", "private:", false },
};

static const struct identity_row *row_of(enum chg_identity_type type)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *chg_identity_type_text(enum chg_identity_type type)
{
	const struct identity_row *row = row_of(type);
	return row == NULL ? "unknown" : row->text;
}

static bool put(struct chg_party *key, char c)
{
	if (key->len == CHG_PARTY_TEXT_MAX)
		return false;
	key->bytes[key->len++] = c;
	return true;
}

static bool is_separator(char c)
{
	return c == '+' || c == '-' || c == '.' || c == '(' || c == ')' || c == ' ';
}

/* B-141: digits only; what people put between them means nothing. */
static enum chg_rc put_digits(struct chg_party *key, struct chg_view text)
{
	uint8_t before = key->len;
	for (size_t i = 0; i < text.len; i++) {
		if (is_separator(text.ptr[i]))
			continue;
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return CHG_E_SYNTAX;
		if (!put(key, text.ptr[i]))
			return CHG_E_RANGE;
	}
	return key->len == before ? CHG_E_RANGE : CHG_OK;
}

/* B-141: the realm of an NAI is without case, the user part is not. */
static enum chg_rc put_text(struct chg_party *key, struct chg_view text, bool is_nai)
{
	bool is_realm = false;
	if (text.len == 0)
		return CHG_E_RANGE;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (is_nai && is_realm && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!put(key, c))
			return CHG_E_RANGE;
		is_realm |= c == '@';
	}
	return CHG_OK;
}

enum chg_rc chg_identity_key(
	enum chg_identity_type type, struct chg_view text, struct chg_party *ret)
{
	const struct identity_row *row = row_of(type);
	struct chg_party key = { 0 };
	if (row == NULL)
		return CHG_E_SYNTAX;
	if (row->prefix == NULL)
		return chg_party_normalise(text, ret);
	for (const char *c = row->prefix; *c != '\0'; c++)
		put(&key, *c);
	enum chg_rc rc = row->is_number ? put_digits(&key, text)
					: put_text(&key, text, type == CHG_IDENTITY_NAI);
	if (rc == CHG_OK)
		*ret = key;
	return rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * How accounts, amounts and identities are written, the same on both sides of the control socket.
 */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "runtime/book_change.h"

const char *chg_book_status_text(enum chg_account_status status)
{
	switch (status) {
	case CHG_ACCOUNT_ACTIVE:
		return "active";
	case CHG_ACCOUNT_BLOCKED:
		return "blocked";
	case CHG_ACCOUNT_EXPIRED:
		return "expired";
	}
	return "unknown";
}

static const struct {
	enum chg_bucket_kind kind;
	const char *text;
} kinds[] = {
	{ CHG_BUCKET_MONEY, "money" },
	{ CHG_BUCKET_SECONDS, "seconds" },
	{ CHG_BUCKET_OCTETS, "octets" },
	{ CHG_BUCKET_MESSAGES, "messages" },
};

const char *chg_book_kind_text(enum chg_bucket_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].kind == kind)
			return kinds[i].text;
	}
	return "unknown";
}

bool chg_book_kind_parse(struct chg_view text, enum chg_bucket_kind *ret)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (chg_view_equal(text, chg_view_of(kinds[i].text))) {
			*ret = kinds[i].kind;
			return true;
		}
	}
	return false;
}

const char *chg_book_posting_text(enum chg_posting_kind kind)
{
	switch (kind) {
	case CHG_POSTING_DEBIT:
		return "debit";
	case CHG_POSTING_REFUND:
		return "refund";
	case CHG_POSTING_TOPUP:
		return "top-up";
	case CHG_POSTING_ADJUSTMENT:
		return "adjustment";
	case CHG_POSTING_LAPSE:
		return "lapse";
	case CHG_POSTING_OPENING:
		return "opening";
	case CHG_POSTING_SUSPENSE:
		return "suspense";
	}
	return "unknown";
}

const char *chg_book_contra_text(enum chg_contra contra)
{
	switch (contra) {
	case CHG_CONTRA_USAGE:
		return "usage";
	case CHG_CONTRA_TOPUP:
		return "top-up";
	case CHG_CONTRA_ADJUSTMENT:
		return "adjustment";
	case CHG_CONTRA_LAPSE:
		return "lapse";
	}
	return "unknown";
}

void chg_book_amount_write(enum chg_bucket_kind kind, int64_t amount, char ret[CHG_MONEY_TEXT_MAX])
{
	if (kind == CHG_BUCKET_MONEY)
		chg_money_write((chg_money){ amount }, ret);
	else
		(void)snprintf(ret, CHG_MONEY_TEXT_MAX, "%" PRId64, amount);
}

/* Digits, perhaps behind a '-' or '+'. */
static enum chg_rc parse_units(struct chg_view text, int64_t *ret)
{
	bool is_negative = text.len > 0 && text.ptr[0] == '-';
	size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;
	int64_t units = 0;
	if (at == text.len)
		return CHG_E_SYNTAX;
	for (; at < text.len; at++) {
		int digit = text.ptr[at] - '0';
		if (digit < 0 || digit > 9)
			return CHG_E_SYNTAX;
		if (__builtin_mul_overflow(units, 10, &units) ||
			__builtin_sub_overflow(units, digit, &units))
			return CHG_E_RANGE;
	}
	/* Counted downwards, since there is one negative number more. */
	if (!is_negative && __builtin_sub_overflow(INT64_C(0), units, &units))
		return CHG_E_RANGE;
	*ret = units;
	return CHG_OK;
}

enum chg_rc chg_book_amount_parse(enum chg_bucket_kind kind, struct chg_view text, int64_t *ret)
{
	chg_money money;
	if (kind != CHG_BUCKET_MONEY)
		return parse_units(text, ret);
	enum chg_rc rc = chg_money_parse(text, &money);
	if (rc == CHG_OK)
		*ret = money.micros;
	return rc;
}

/* With is_whole the kind is a part of the identity itself. */
static const struct {
	const char *prefix;
	enum chg_identity_type type;
	bool is_whole;
} prefixes[] = {
	{ "e164:", CHG_IDENTITY_E164, false },
	{ "tel:", CHG_IDENTITY_E164, false },
	{ "imsi:", CHG_IDENTITY_IMSI, false },
	{ "sip:", CHG_IDENTITY_SIP_URI, true },
	{ "sips:", CHG_IDENTITY_SIP_URI, true },
	{ "nai:", CHG_IDENTITY_NAI, false },
	{ "private:", CHG_IDENTITY_PRIVATE, false },
};

enum chg_rc chg_book_identity_parse(struct chg_view text, struct chg_identity_ask *ret)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t len = strlen(prefixes[i].prefix);
		if (text.len < len || strncasecmp(text.ptr, prefixes[i].prefix, len) != 0)
			continue;
		size_t skip = prefixes[i].is_whole ? 0 : len;
		struct chg_identity_ask identity = {
			.type = prefixes[i].type,
			.text = { .ptr = text.ptr + skip, .len = text.len - skip },
		};
		enum chg_rc rc = text.len == len ? CHG_E_RANGE
						 : chg_identity_key(identity.type, identity.text,
							   &identity.key);
		if (rc == CHG_OK)
			*ret = identity;
		return rc;
	}
	return CHG_E_UNKNOWN;
}

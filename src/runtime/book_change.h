/* SPDX-License-Identifier: BSD-3-Clause
 * Changes of the books by hand, asked for in JSON: by the control socket on the engine's thread, by
 * chgctl itself where no node runs.  One code for both, so that both mean the same.
 *
 * Every request has "who" and "why", which go into the audit log.  Amounts are texts: "1.20" of the
 * account's currency, or whole units where a bucket holds units.  Times are microseconds since 1970
 * and end in "_us".  What a request may hold:
 *
 *   account-create   name, currency, balance, credit_limit, low_balance, plan, valid_until_us,
 *                    identities: ["e164:+4930123", "sip:alice@example.net", ...]
 *   account-import   accounts: [the same and "line"], dry_run; replies created and
 *                    refused: [{"line":3,"why":"..."}]
 *   account-topup, account-adjust    account, bucket, amount, reference
 *   account-block, account-unblock   account
 *   bucket-add       account, name, kind, balance, priority, service, valid_from_us, valid_until_us
 *   suspense-post    suspense_id, account, amount
 *   tariff-load      text, at_us; "name" comes from chg_book_tariff_check
 *
 * "account" is a name or an identity.
 */
#ifndef CHG_RUNTIME_BOOK_CHANGE_H
#define CHG_RUNTIME_BOOK_CHANGE_H

#include "runtime/control.h"

enum {
	CHG_BOOK_IMPORT_MAX = 1000, /* accounts of one request, so that no other waits long */
	CHG_BOOK_WHY_MAX = 512,     /* bytes of a reason */
	CHG_BOOK_REFERENCE_MAX = 128,
};

/*
 * The work of every change: request["command"] is a row of book_change.def.  An error leaves nothing
 * behind once its transaction is rolled back, and "why" in the reply.
 *
 *   CHG_E_SYNTAX   the request lacks something, or something in it is not written as it has to be
 *   CHG_E_UNKNOWN  there is no such command, account, bucket or line
 *   CHG_E_RANGE    the name, an identity or a reference is taken, or an amount does not fit
 *   otherwise      what the store says
 */
enum chg_rc chg_book_change(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now);

/*
 * The same in a transaction of its own, for who has the store alone.  The reply is what the control
 * socket would give: "ok", "error" and "why" included.
 */
enum chg_rc chg_book_run(
	struct chg_store *store, struct chg_now now, const json_t *request, json_t *reply);

/* "active", "blocked", "expired"; "money", "seconds", "octets", "messages". */
const char *chg_book_status_text(enum chg_account_status status);
const char *chg_book_kind_text(enum chg_bucket_kind kind);

/* "debit", "top-up"; "usage", "top-up". */
const char *chg_book_posting_text(enum chg_posting_kind kind);
const char *chg_book_contra_text(enum chg_contra contra);

bool chg_book_kind_parse(struct chg_view text, enum chg_bucket_kind *ret);

/* An amount of a bucket as it is written: "1.20" for money, whole units otherwise. */
void chg_book_amount_write(enum chg_bucket_kind kind, int64_t amount, char ret[CHG_MONEY_TEXT_MAX]);

/* CHG_E_SYNTAX: not written so; CHG_E_RANGE: too large. */
enum chg_rc chg_book_amount_parse(enum chg_bucket_kind kind, struct chg_view text, int64_t *ret);

/*
 * An identity as people write it: "e164:+49 30 123", "tel:...", "imsi:...", "sip:...", "sips:...",
 * "nai:...", "private:...".  The texts of ret are those of `text`.
 *
 *   CHG_E_UNKNOWN  no kind of identity stands in front
 *   otherwise as chg_identity_key
 */
enum chg_rc chg_book_identity_parse(struct chg_view text, struct chg_identity_ask *ret);

#endif

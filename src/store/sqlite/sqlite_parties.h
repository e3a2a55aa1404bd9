/* SPDX-License-Identifier: BSD-3-Clause
 * The parties of a record as one JSON object: {"<normal form>": roles, ...}.
 */
#ifndef CHG_STORE_SQLITE_PARTIES_H
#define CHG_STORE_SQLITE_PARTIES_H

#include "core/ask.h"
#include "core/party.h"

enum {
	/* A thousand parties or so; who comes after them is in the timeline and not searched for. */
	CHG_PARTIES_TEXT_MAX = 32768,

	/* A key of which every octet is escaped, and what is around it. */
	CHG_PARTIES_MARK_MAX = 6 * CHG_PARTY_TEXT_MAX + 4,
};

/* All zero: none. */
struct chg_parties {
	bool is_foreign; /* written before there was a limit: it stays as it is */
	size_t len;
	char text[CHG_PARTIES_TEXT_MAX];
};

/* The normal form; a text that is too long for one is cut, since a record must not fail for it. */
struct chg_party chg_parties_key(struct chg_view text);

/* Takes over what was written before; an empty text begins anew. */
void chg_parties_read(struct chg_parties *parties, struct chg_view text);

/* The text, without pointer when there is no party. */
struct chg_view chg_parties_text(const struct chg_parties *parties);

/*
 * Adds the parties and participants of a request, each once, whatever many roles it has and however
 * it is spelt.  ret_changed: the text is another one; ret_named: it names somebody who was not named.
 */
void chg_parties_add(
	struct chg_parties *parties, const struct chg_acr *acr, bool *ret_changed, bool *ret_named);

/*
 * What stands before the roles of this party and nowhere else, once the opening brace is taken for a
 * comma: ,"<key>":  Writes at most CHG_PARTIES_MARK_MAX octets and returns how many.
 */
size_t chg_parties_mark(struct chg_view key, char *ret);

#endif

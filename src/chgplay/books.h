/* SPDX-License-Identifier: BSD-3-Clause
 * Accounts and ledger of a store against what a script expects of them.
 */
#ifndef CHG_CHGPLAY_BOOKS_H
#define CHG_CHGPLAY_BOOKS_H

#include "chgplay/script.h"
#include "port/store.h"

/* Each returns false and says why when the store does not hold what the script expects. */
bool chg_books_meet_balance(struct chg_store *store, const char *account,
	const struct chg_script_balance *want, chg_instant now, char *reterr_why, size_t why_size);
bool chg_books_meet_bucket(struct chg_store *store, const char *account,
	const struct chg_script_bucket *want, chg_instant now, char *reterr_why, size_t why_size);

/* Whether no law of the books is broken. */
bool chg_books_are_clean(struct chg_store *store, char *reterr_why, size_t why_size);

/* The lines of suspense whose Session-Id is one of these, and which are not posted. */
enum chg_rc chg_books_count_suspense(struct chg_store *store,
	bool (*is_ours)(void *to, struct chg_view session_id), void *to, uint32_t *ret);

/* The kind of bucket that pays for a unit; of money for money. */
enum chg_bucket_kind chg_books_kind(const struct chg_script_amount *amount);

enum {
	CHG_BOOKS_TARIFF_MAX = 8192,
};

/* The file of a tariff that a script gives as prices.  False: it does not fit. */
bool chg_books_tariff(const struct chg_script_tariff *tariff, char ret[CHG_BOOKS_TARIFF_MAX]);

#endif

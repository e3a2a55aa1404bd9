/* SPDX-License-Identifier: BSD-3-Clause
 * Records in a store against what a script expects of them.
 */
#ifndef CHG_CHGPLAY_RECORD_H
#define CHG_CHGPLAY_RECORD_H

#include "chgplay/script.h"
#include "port/store.h"

/* NULL when a record has such a column and it can have that value; otherwise why not. */
const char *chg_column_check(struct chg_view name, struct chg_view value);

/* Where to look, and what the script's relative times are counted from. */
struct chg_record_place {
	struct chg_store *store;
	struct chg_view session_id;
	struct chg_view origin_host; /* ptr NULL: any */
	chg_instant base;
	const char *party_domain; /* of parties with a short name */
};

/* Each returns false and says why when the store does not hold what the script expects. */
bool chg_record_meets(const struct chg_record_place *place, const struct chg_script_record *record,
	char *reterr_why, size_t why_size);
bool chg_record_has_participant(const struct chg_record_place *place,
	const struct chg_script_participant *participant, char *reterr_why, size_t why_size);
bool chg_record_has_timeline(const struct chg_record_place *place,
	const struct chg_script_timeline *timeline, char *reterr_why, size_t why_size);

/* The records of one Session-Id.  False when the store cannot be read. */
bool chg_record_count(const struct chg_record_place *place, size_t *ret);

#endif

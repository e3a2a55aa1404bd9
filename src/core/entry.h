/* SPDX-License-Identifier: BSD-3-Clause
 * Lines of the ledger.  What leaves one place arrives at another: the lines of a posting add up to
 * zero for each kind of bucket, and nothing in the ledger is ever changed.
 */
#ifndef CHG_CORE_ENTRY_H
#define CHG_CORE_ENTRY_H

#include "core/account.h"

/* The other side of a bucket's line. */
enum chg_contra {
	CHG_CONTRA_USAGE = 1,      /* what services were paid for */
	CHG_CONTRA_TOPUP = 2,      /* what was paid in */
	CHG_CONTRA_ADJUSTMENT = 3, /* what an operator corrected */
	CHG_CONTRA_LAPSE = 4,      /* what was left when a bucket's validity ended */
};

enum chg_posting_kind {
	CHG_POSTING_DEBIT = 1,
	CHG_POSTING_REFUND = 2,
	CHG_POSTING_TOPUP = 3,
	CHG_POSTING_ADJUSTMENT = 4,
	CHG_POSTING_LAPSE = 5,
	CHG_POSTING_OPENING = 6,  /* an imported balance */
	CHG_POSTING_SUSPENSE = 7, /* posted usage of an unknown session */
};

/* One bucket's line; its contra line has the opposite amount. */
struct chg_entry {
	int64_t bucket_id;
	enum chg_bucket_kind kind;
	int64_t amount; /* micros or units; negative: out of the bucket */
	enum chg_contra contra;
};

#endif

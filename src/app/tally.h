/* SPDX-License-Identifier: BSD-3-Clause
 * What the engine counts, gathered without a lock and told once for many requests.
 */
#ifndef CHG_APP_TALLY_H
#define CHG_APP_TALLY_H

#include "app/job.h"
#include "port/meter.h"

/* The longest of something: of the running period and of the one before. */
struct chg_longest {
	uint64_t now_us, before_us;
};

/* Of the engine's thread alone; all zero but for meters at the start. */
struct chg_tally {
	struct chg_meters meters;
	uint64_t count[CHG_METER_COUNT]; /* of counters, since they were told last */
	bool has_news;                   /* any of them is not 0 */
	struct chg_longest job, commit;
	chg_instant period_end; /* steady clock */
};

static inline void chg_tally_add(struct chg_tally *tally, enum chg_meter meter, uint64_t amount)
{
	tally->count[meter] += amount;
	tally->has_news = true;
}

/* A turn takes `jobs` requests; the oldest of them came at `oldest`. */
void chg_tally_turn(struct chg_tally *tally, uint32_t jobs, chg_instant oldest, chg_instant now);

/* A transaction is on disk; `expired` sessions were closed in it. */
void chg_tally_commit(
	struct chg_tally *tally, uint32_t expired, chg_instant before, chg_instant after);

/* A job has its outcome, at `now`. */
void chg_tally_job(struct chg_tally *tally, const struct chg_job *job, chg_instant now);

/* Tells the meters what has gathered.  The longest of two periods is told until a third begins. */
void chg_tally_tell(struct chg_tally *tally, chg_instant now);

#endif

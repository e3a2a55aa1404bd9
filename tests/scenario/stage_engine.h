/* SPDX-License-Identifier: BSD-3-Clause
 * The stage without a network: octets in, engine over a store, octets out, a clock that obeys.
 */
#ifndef CHG_SCENARIO_STAGE_ENGINE_H
#define CHG_SCENARIO_STAGE_ENGINE_H

#include "chgplay/play.h"

struct stage_engine;

/*
 * `database` NULL: over the memory store; otherwise over SQLite in that file, which must not exist.
 * The script's config lines apply.  False: reterr_why says what failed.
 */
bool stage_engine_create(const struct chg_script *script, const char *database,
	struct stage_engine **ret, char *reterr_why, size_t why_size);

void stage_engine_free(struct stage_engine *stage);

struct chg_stage stage_engine_stage(struct stage_engine *stage);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * What a running node told of itself at one moment, and what two such readings say together.
 */
#ifndef CHG_CHGCTL_READING_H
#define CHG_CHGCTL_READING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "port/meter.h"

enum {
	CTL_READING_NAME_MAX = 256,
};

struct ctl_reading {
	chg_instant at; /* of the reader's steady clock */
	char host[CTL_READING_NAME_MAX];
	char version[CTL_READING_NAME_MAX];
	uint64_t pid;
	uint64_t uptime_s;
	uint64_t queue_max;
	bool is_ready;
	bool is_draining;
	bool has[CHG_METER_COUNT]; /* false: this node does not count that */
	uint64_t value[CHG_METER_COUNT];
};

/*
 * Takes the replies to "status" and "stats".  What is missing in them is 0, "" or not there: the node
 * may be of another version.  Texts are printable ASCII afterwards.
 */
void ctl_reading_take(
	const json_t *status, const json_t *stats, chg_instant at, struct ctl_reading *ret);

/*
 * Whether both are of one run of the node and some time lies between them: only then do differences
 * mean anything.  False when a counter went backwards.
 */
bool ctl_reading_is_later(const struct ctl_reading *before, const struct ctl_reading *now);

/* By how much a counter grew; both must be of one run. */
uint64_t ctl_reading_growth(
	const struct ctl_reading *before, const struct ctl_reading *now, enum chg_meter meter);

/* The same in tenths for a second, rounded to the nearest; saturates. */
uint64_t ctl_reading_rate_tenths(
	const struct ctl_reading *before, const struct ctl_reading *now, enum chg_meter meter);

#endif

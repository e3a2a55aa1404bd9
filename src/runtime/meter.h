/* SPDX-License-Identifier: BSD-3-Clause
 * The counters and gauges of this process, and their text for monitoring.
 */
#ifndef CHG_RUNTIME_METER_H
#define CHG_RUNTIME_METER_H

#include <stdbool.h>
#include <stdio.h>

#include "port/meter.h"

/* The table that counts into this process; good for any thread. */
struct chg_meters chg_meter_table(void);

uint64_t chg_meter_value(enum chg_meter meter);

/* The row's name with its prefix, e.g. "charging_commits_total", and its sentence. */
const char *chg_meter_name(enum chg_meter meter);
const char *chg_meter_sentence(enum chg_meter meter);
bool chg_meter_is_counter(enum chg_meter meter);

/* Memory that this process takes at this moment, in bytes; 0 when the system does not tell. */
uint64_t chg_meter_memory(void);

/* All to zero: for a runtime that starts in a process where another one has ended. */
void chg_meter_clear(void);

/*
 * Writes all of them in Prometheus' text format, version 0.0.4, which every scraper reads.
 * Monitoring wants seconds: what is counted in microseconds is shown under the name and in the unit
 * of seconds, with six decimals.
 */
void chg_meter_write_text(FILE *to);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Where counts go.  The rows are in port/meter.def.
 */
#ifndef CHG_PORT_METER_H
#define CHG_PORT_METER_H

#include <stdint.h>

enum chg_meter {
#define COUNTER(id, name, sentence) CHG_METER_##id,
#define GAUGE(id, name, sentence)   CHG_METER_##id,
#include "port/meter.def"
#undef COUNTER
#undef GAUGE
	CHG_METER_COUNT
};

/*
 * Both may be called from any thread.  add is for counters, set for gauges.  A table whose
 * functions are NULL is not allowed; tests use one that discards.
 */
struct chg_meters {
	void (*add)(void *self, enum chg_meter meter, uint64_t amount);
	void (*set)(void *self, enum chg_meter meter, uint64_t value);
	void *self;
};

#endif

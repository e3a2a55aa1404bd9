/* SPDX-License-Identifier: BSD-3-Clause
 * One atomic per row: at some thousand requests a second they need no spreading over caches.
 */
#include "runtime/meter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define PREFIX     "charging_"
#define PER_SECOND 1000000

static const struct row {
	const char *name;
	const char *sentence;
	bool is_counter;
} rows[CHG_METER_COUNT] = {
#define COUNTER(id, name, sentence) [CHG_METER_##id] = { PREFIX name, sentence, true },
#define GAUGE(id, name, sentence)   [CHG_METER_##id] = { PREFIX name, sentence, false },
#include "port/meter.def"
#undef COUNTER
#undef GAUGE
};

static atomic_uint_fast64_t values[CHG_METER_COUNT];

static void add(void *self, enum chg_meter meter, uint64_t amount)
{
	(void)self;
	assert(meter < CHG_METER_COUNT && rows[meter].is_counter);
	atomic_fetch_add_explicit(&values[meter], amount, memory_order_relaxed);
}

static void set(void *self, enum chg_meter meter, uint64_t value)
{
	(void)self;
	assert(meter < CHG_METER_COUNT && !rows[meter].is_counter);
	atomic_store_explicit(&values[meter], value, memory_order_relaxed);
}

struct chg_meters chg_meter_table(void)
{
	return (struct chg_meters){ .add = add, .set = set, .self = NULL };
}

uint64_t chg_meter_value(enum chg_meter meter)
{
	assert(meter < CHG_METER_COUNT);
	return atomic_load_explicit(&values[meter], memory_order_relaxed);
}

const char *chg_meter_name(enum chg_meter meter)
{
	assert(meter < CHG_METER_COUNT);
	return rows[meter].name;
}

const char *chg_meter_sentence(enum chg_meter meter)
{
	assert(meter < CHG_METER_COUNT);
	return rows[meter].sentence;
}

bool chg_meter_is_counter(enum chg_meter meter)
{
	assert(meter < CHG_METER_COUNT);
	return rows[meter].is_counter;
}

/* The second number of the file counts pages that are in memory. */
uint64_t chg_meter_memory(void)
{
	unsigned long long pages = 0;
	FILE *from = fopen("/proc/self/statm", "re");
	if (from == NULL)
		return 0;
	if (fscanf(from, "%*u %llu", &pages) != 1)
		pages = 0;
	(void)fclose(from);
	long page = sysconf(_SC_PAGESIZE);
	return page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

void chg_meter_clear(void)
{
	for (size_t i = 0; i < CHG_METER_COUNT; i++)
		atomic_store_explicit(&values[i], 0, memory_order_relaxed);
}

/* The rest of the name behind its unit when that is microseconds; NULL otherwise. */
static const char *find_microseconds(const char *name, size_t *ret_before)
{
	static const char unit[] = "_microseconds";
	const char *found = strstr(name, unit);
	if (found == NULL)
		return NULL;
	*ret_before = (size_t)(found - name);
	return found + sizeof unit - 1;
}

static void write_row(const struct row *row, uint64_t value, FILE *to)
{
	const char *type = row->is_counter ? "counter" : "gauge";
	char name[128];
	size_t before = 0;
	const char *behind = find_microseconds(row->name, &before);
	int len = behind == NULL ? snprintf(name, sizeof name, "%s", row->name)
				 : snprintf(name, sizeof name, "%.*s_seconds%s", (int)before,
					   row->name, behind);
	assert(len > 0 && (size_t)len < sizeof name);
	(void)fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, row->sentence, name, type);
	if (behind == NULL)
		(void)fprintf(to, "%s %" PRIu64 "\n", name, value);
	else
		(void)fprintf(to, "%s %" PRIu64 ".%06" PRIu64 "\n", name, value / PER_SECOND,
			value % PER_SECOND);
}

void chg_meter_write_text(FILE *to)
{
	for (size_t i = 0; i < CHG_METER_COUNT; i++)
		write_row(&rows[i], chg_meter_value((enum chg_meter)i), to);
}

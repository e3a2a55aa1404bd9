/* SPDX-License-Identifier: BSD-3-Clause
 * Replies of a node into numbers; differences of counters, as far as they mean something.
 */
#include "chgctl/reading.h"

#include <stdio.h>
#include <string.h>

#include "runtime/meter.h"

#define TENTHS_A_SECOND 10

static void take_text(const json_t *from, const char *name, char ret[CTL_READING_NAME_MAX])
{
	const char *text = json_string_value(json_object_get(from, name));

	snprintf(ret, CTL_READING_NAME_MAX, "%s", text == NULL ? "" : text);
	for (char *at = ret; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

static uint64_t take_number(const json_t *from, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(from, name));

	return number > 0 ? (uint64_t)number : 0;
}

static void take_meter(const json_t *from, struct ctl_reading *reading)
{
	const char *name = json_string_value(json_object_get(from, "name"));

	for (size_t i = 0; name != NULL && i < CHG_METER_COUNT; i++) {
		if (strcmp(name, chg_meter_name((enum chg_meter)i)) != 0)
			continue;
		reading->has[i] = true;
		reading->value[i] = take_number(from, "value");
		return;
	}
}

void ctl_reading_take(
	const json_t *status, const json_t *stats, chg_instant at, struct ctl_reading *ret)
{
	size_t i;
	const json_t *meter;

	*ret = (struct ctl_reading){
		.at = at,
		.pid = take_number(status, "pid"),
		.uptime_s = take_number(status, "uptime_s"),
		.queue_max = take_number(status, "queue_max"),
		.is_ready = json_is_true(json_object_get(status, "ready")),
		.is_draining = json_is_true(json_object_get(status, "draining")),
	};
	take_text(status, "host", ret->host);
	take_text(status, "version", ret->version);
	json_array_foreach(json_object_get(stats, "meters"), i, meter)
	{
		take_meter(meter, ret);
	}
}

bool ctl_reading_is_later(const struct ctl_reading *before, const struct ctl_reading *now)
{
	if (now->at.us <= before->at.us || now->pid != before->pid ||
		now->uptime_s < before->uptime_s)
		return false;
	for (size_t i = 0; i < CHG_METER_COUNT; i++) {
		if (chg_meter_is_counter((enum chg_meter)i) && now->value[i] < before->value[i])
			return false;
	}
	return true;
}

uint64_t ctl_reading_growth(
	const struct ctl_reading *before, const struct ctl_reading *now, enum chg_meter meter)
{
	return now->value[meter] - before->value[meter];
}

uint64_t ctl_reading_rate_tenths(
	const struct ctl_reading *before, const struct ctl_reading *now, enum chg_meter meter)
{
	uint64_t span_us = (uint64_t)(now->at.us - before->at.us), tenths_us;

	if (__builtin_mul_overflow(ctl_reading_growth(before, now, meter),
		    (uint64_t)(TENTHS_A_SECOND * CHG_US_PER_S), &tenths_us) ||
		tenths_us > UINT64_MAX - span_us / 2)
		return UINT64_MAX;
	return (tenths_us + span_us / 2) / span_us;
}

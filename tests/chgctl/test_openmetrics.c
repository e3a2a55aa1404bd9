/* SPDX-License-Identifier: BSD-3-Clause
 * What a node counted, as monitoring reads it.
 */
#include "rows.h"

#include <stdlib.h>

#include "chgctl/openmetrics.h"

static const struct metrics_row {
	const char *says;
	const char *meters;
	const char *text;
} metrics_rows[] = {
	{ "nothing has an end", "[]", "# EOF\n" },
	{ "a counter's family has no _total",
		"[{\"name\":\"c_x_total\",\"type\":\"counter\",\"value\":7,\"sentence\":\"xs\"}]",
		"# TYPE c_x counter\n# HELP c_x xs\nc_x_total 7\n# EOF\n" },
	{ "a gauge is itself",
		"[{\"name\":\"c_y\",\"type\":\"gauge\",\"value\":0,\"sentence\":\"ys\"}]",
		"# TYPE c_y gauge\n# HELP c_y ys\nc_y 0\n# EOF\n" },
	{ "microseconds are told in seconds",
		"[{\"name\":\"c_z_microseconds_total\",\"type\":\"counter\",\"value\":12000345,"
		"\"sentence\":\"zs\"}]",
		"# TYPE c_z_seconds counter\n# UNIT c_z_seconds seconds\n# HELP c_z_seconds zs\n"
		"c_z_seconds_total 12.000345\n# EOF\n" },
	{ "a gauge of time is told in seconds too",
		"[{\"name\":\"c_t_microseconds\",\"type\":\"gauge\",\"value\":5,"
		"\"sentence\":\"ts\"}]",
		"# TYPE c_t_seconds gauge\n# UNIT c_t_seconds seconds\n# HELP c_t_seconds ts\n"
		"c_t_seconds 0.000005\n# EOF\n" },
	{ "bytes are a unit",
		"[{\"name\":\"c_b_bytes\",\"type\":\"gauge\",\"value\":5,\"sentence\":\"bs\"}]",
		"# TYPE c_b_bytes gauge\n# UNIT c_b_bytes bytes\n# HELP c_b_bytes bs\n"
		"c_b_bytes 5\n# EOF\n" },
	{ "a unit alone is a name",
		"[{\"name\":\"bytes\",\"type\":\"gauge\",\"value\":5,\"sentence\":\"bs\"}]",
		"# TYPE bytes gauge\n# HELP bytes bs\nbytes 5\n# EOF\n" },
	{ "what has no name is left out", "[{\"value\":1}]", "# EOF\n" },
	{ "what is no list is nothing", "{}", "# EOF\n" },
};

static void metrics_row_holds(void **state)
{
	const struct metrics_row *row = *state;
	json_t *meters = json_loads(row->meters, 0, NULL);
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(meters);
	assert_non_null(to);
	ctl_openmetrics_write(meters, to);
	fclose(to);
	assert_string_equal(text, row->text);
	free(text);
	json_decref(meters);
}

int main(void)
{
	struct CMUnitTest tests[16];
	size_t count = 0;

	ADD_ROWS(tests, &count, metrics_rows, metrics_row_holds);
	return RUN_ROWS("OpenMetrics", tests, count);
}

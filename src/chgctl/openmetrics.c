/* SPDX-License-Identifier: BSD-3-Clause
 * TYPE, UNIT where there is one, HELP and one sample per meter, then the end mark.
 */
#include "chgctl/openmetrics.h"

#include <stdbool.h>
#include <string.h>

enum {
	NAME_MAX_LEN = 200,
};

static const char total[] = "_total";
static const char micro[] = "microseconds";

static bool ends_in_total(const char *name)
{
	size_t len = strlen(name);
	return len > sizeof total - 1 && strcmp(name + len - (sizeof total - 1), total) == 0;
}

/* The unit that the end of a family's name says; the format wants it said once more. */
static void write_unit(const char *family, FILE *to)
{
	static const char *const units[] = { "seconds", "bytes" };
	size_t len = strlen(family);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t unit = strlen(units[i]);
		if (len > unit && family[len - unit - 1] == '_' &&
			strcmp(family + len - unit, units[i]) == 0)
			fprintf(to, "# UNIT %s %s\n", family, units[i]);
	}
}

static void write_meter(
	const char *name, const char *type, const char *sentence, json_int_t value, FILE *to)
{
	bool is_counter = strcmp(type, "counter") == 0;
	size_t len = strlen(name) - (is_counter && ends_in_total(name) ? sizeof total - 1 : 0);
	const char *at = strstr(name, micro);
	bool is_micro = at != NULL && (size_t)(at - name) + sizeof micro - 1 <= len;
	char family[NAME_MAX_LEN];

	if (is_micro)
		snprintf(family, sizeof family, "%.*sseconds%.*s", (int)(at - name), name,
			(int)(len - (size_t)(at - name) - (sizeof micro - 1)),
			at + sizeof micro - 1);
	else
		snprintf(family, sizeof family, "%.*s", (int)len, name);
	fprintf(to, "# TYPE %s %s\n", family, type);
	write_unit(family, to);
	fprintf(to, "# HELP %s %s\n%s%s ", family, sentence, family, is_counter ? total : "");
	if (is_micro)
		fprintf(to, "%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT "\n",
			value / 1000000, value % 1000000);
	else
		fprintf(to, "%" JSON_INTEGER_FORMAT "\n", value);
}

void ctl_openmetrics_write(const json_t *meters, FILE *to)
{
	size_t i;
	const json_t *meter;

	json_array_foreach(meters, i, meter)
	{
		const char *name = json_string_value(json_object_get(meter, "name"));
		const char *type = json_string_value(json_object_get(meter, "type"));
		const char *sentence = json_string_value(json_object_get(meter, "sentence"));
		if (name != NULL && type != NULL && strlen(name) < NAME_MAX_LEN)
			write_meter(name, type, sentence == NULL ? "" : sentence,
				json_integer_value(json_object_get(meter, "value")), to);
	}
	fputs("# EOF\n", to);
}

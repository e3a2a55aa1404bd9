/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl status and stats: what the running node tells.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/node.h"
#include "chgctl/openmetrics.h"
#include "chgctl/out.h"
#include "chgctl/source.h"

enum {
	LABEL_WIDTH = 18,
};

/* Asks; the reply is the caller's to json_decref, and is there on CTL_EXIT_OK only. */
static enum ctl_exit ask(const struct ctl_args *args, const char *command, json_t **ret_reply)
{
	char path[CTL_PATH_MAX];
	char why[CTL_MESSAGE_MAX];
	enum ctl_exit exit = ctl_source_socket(args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_node_ask(path, command, NULL, ret_reply, why);
	if (exit != CTL_EXIT_OK)
		ctl_say("%s", why);
	return exit;
}

static enum ctl_exit print_json(json_t *reply)
{
	json_dumpf(reply, stdout, JSON_INDENT(2));
	putchar('\n');
	return CTL_EXIT_OK;
}

static void show_text(const char *text)
{
	ctl_text_show(stdout, chg_view_of(text));
}

static void print_value(const json_t *value)
{
	size_t i;
	const json_t *item;

	if (json_is_string(value))
		show_text(json_string_value(value));
	else if (json_is_integer(value))
		printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", stdout);
	else if (json_is_array(value))
		json_array_foreach(value, i, item)
		{
			fputs(i == 0 ? "" : " ", stdout);
			print_value(item);
		}
}

/* "queue_max" reads "queue max". */
static void print_label(const char *name)
{
	char label[64];
	size_t len = 0;

	for (; name[len] != '\0' && len + 1 < sizeof label; len++)
		label[len] = name[len] == '_' ? ' ' : name[len];
	label[len] = '\0';
	printf("%-*s", LABEL_WIDTH, label);
}

/* Whatever the node tells is shown, so that a newer node is understood by an older chgctl. */
enum ctl_exit ctl_cmd_status(const struct ctl_call *call)
{
	json_t *reply;
	const char *name;
	json_t *value;
	enum ctl_exit exit = ask(&call->args, "status", &reply);

	if (exit != CTL_EXIT_OK)
		return exit;
	if (ctl_args_has(&call->args, CTL_OPT_JSON)) {
		print_json(reply);
		json_decref(reply);
		return CTL_EXIT_OK;
	}
	json_object_foreach(reply, name, value)
	{
		if (strcmp(name, "ok") == 0)
			continue;
		print_label(name);
		print_value(value);
		putchar('\n');
	}
	json_decref(reply);
	return CTL_EXIT_OK;
}

static const struct ctl_column meter_columns[] = {
	{ .name = "value", .heading = "VALUE", .is_right = true },
	{ .name = "name", .heading = "NAME" },
	{ .name = "sentence", .heading = "WHAT IT COUNTS" },
};

static enum chg_rc meter_row(struct ctl_out *out, const json_t *meter)
{
	const struct ctl_value values[] = {
		ctl_value_number(json_integer_value(json_object_get(meter, "value"))),
		ctl_value_text(chg_view_of(json_string_value(json_object_get(meter, "name")))),
		ctl_value_text(chg_view_of(json_string_value(json_object_get(meter, "sentence")))),
	};

	return ctl_out_row(out, values);
}

static enum ctl_exit print_meters(const json_t *meters)
{
	struct ctl_out out = {
		.writer = &ctl_writer_text,
		.sink = stdout,
		.column = meter_columns,
		.column_count = sizeof meter_columns / sizeof meter_columns[0],
	};
	size_t i;
	const json_t *meter;
	enum chg_rc rc = ctl_out_begin(&out);

	json_array_foreach(meters, i, meter)
	{
		if (rc == CHG_OK)
			rc = meter_row(&out, meter);
	}
	if (rc == CHG_OK)
		rc = ctl_out_end(&out);
	ctl_out_release(&out);
	return rc == CHG_E_NO_MEMORY ? CTL_EXIT_PROBLEM : CTL_EXIT_OK;
}

static void print_plain(const json_t *meters)
{
	size_t i;
	const json_t *meter;

	json_array_foreach(meters, i, meter)
	{
		const char *name = json_string_value(json_object_get(meter, "name"));
		show_text(name == NULL ? "?" : name);
		printf(" %" JSON_INTEGER_FORMAT "\n",
			json_integer_value(json_object_get(meter, "value")));
	}
}

enum ctl_exit ctl_cmd_stats(const struct ctl_call *call)
{
	json_t *reply;

	if (ctl_args_has(&call->args, CTL_OPT_JSON) +
			ctl_args_has(&call->args, CTL_OPT_OPENMETRICS) +
			ctl_args_has(&call->args, CTL_OPT_PLAIN) >
		1) {
		ctl_say("--json, --openmetrics and --plain exclude each other");
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ask(&call->args, "stats", &reply);
	if (exit != CTL_EXIT_OK)
		return exit;
	const json_t *meters = json_object_get(reply, "meters");
	if (ctl_args_has(&call->args, CTL_OPT_JSON))
		exit = print_json(reply);
	else if (ctl_args_has(&call->args, CTL_OPT_OPENMETRICS))
		ctl_openmetrics_write(meters, stdout);
	else if (ctl_args_has(&call->args, CTL_OPT_PLAIN))
		print_plain(meters);
	else
		exit = print_meters(meters);
	json_decref(reply);
	return exit;
}

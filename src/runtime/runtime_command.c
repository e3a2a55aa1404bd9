/* SPDX-License-Identifier: BSD-3-Clause
 * Commands that tell fill an object from what the process knows already and do not touch the store;
 * those that change the books hand their work to the engine.
 */
#include "runtime/runtime_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/book_change.h"
#include "runtime/log.h"
#include "runtime/meter.h"
#include "runtime/prune_worker.h"
#include "runtime/tariff_follow.h"
#include "store/sqlite/sqlite_store.h"

static void set_text(json_t *to, const char *name, const char *value)
{
	(void)json_object_set_new(to, name, json_string(value));
}

static void set_number(json_t *to, const char *name, uint64_t value)
{
	(void)json_object_set_new(to, name, json_integer((json_int_t)value));
}

static void set_bool(json_t *to, const char *name, bool value)
{
	(void)json_object_set_new(to, name, json_boolean(value));
}

static json_t *list_json(const struct chg_config_list *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		(void)json_array_append_new(array, json_string(list->item[i]));
	return array;
}

static void set_tariff(struct chg_runtime *runtime, json_t *reply)
{
	struct chg_tariff_brief tariff;
	chg_tariff_look(chg_runtime_tariffs(runtime), chg_runtime_now(runtime).wall, &tariff);
	if (tariff.version != 0) {
		set_number(reply, "tariff_version", (uint64_t)tariff.version);
		set_text(reply, "tariff_name", tariff.name);
	}
	set_number(reply, "tariffs_to_come", tariff.to_come);
}

/* What waits for the engine now. */
static void refresh_backlog(struct chg_runtime *runtime)
{
	struct chg_meters meters = chg_meter_table();
	struct chg_engine_backlog backlog;
	chg_engine_backlog(chg_runtime_engine(runtime), &backlog);
	meters.set(meters.self, CHG_METER_QUEUE_JOBS, backlog.jobs);
	meters.set(meters.self, CHG_METER_QUEUE_OLDEST, (uint64_t)backlog.oldest.us);
}

/* A file that cannot be looked at now keeps the figures that it had. */
static void refresh_database(const struct chg_config *config)
{
	struct chg_meters meters = chg_meter_table();
	struct chg_sqlite_look look;
	char why[CHG_SQLITE_WHY_MAX];
	if (config->store_kind != CHG_STORE_SQLITE ||
		chg_sqlite_look(config->store_path, &look, why, sizeof why) != CHG_OK)
		return;
	meters.set(meters.self, CHG_METER_SESSIONS_OPEN, look.sessions_open);
	meters.set(meters.self, CHG_METER_DATABASE_BYTES, look.database_bytes);
	meters.set(meters.self, CHG_METER_DATABASE_LOG_BYTES, look.log_bytes);
	meters.set(meters.self, CHG_METER_DISK_FREE_BYTES, look.free_bytes);
}

/* What nobody counts but what can be looked up is looked up when somebody asks. */
static void refresh_meters(struct chg_runtime *runtime)
{
	struct chg_meters meters = chg_meter_table();
	refresh_backlog(runtime);
	refresh_database(chg_runtime_config(runtime));
	meters.set(meters.self, CHG_METER_MEMORY_BYTES, chg_meter_memory());
}

static enum chg_rc tell_status(void *self, json_t *request, json_t *reply)
{
	struct chg_runtime *runtime = self;
	const struct chg_config *config = chg_runtime_config(runtime);
	struct chg_runtime_status status;
	chg_runtime_status(runtime, &status);
	bool is_sqlite = config->store_kind == CHG_STORE_SQLITE;
	(void)request;
	refresh_backlog(runtime);

	set_text(reply, "version", CHG_VERSION);
	set_number(reply, "pid", (uint64_t)getpid());
	set_number(reply, "uptime_s", (uint64_t)status.uptime_s);
	set_bool(reply, "ready", status.is_ready);
	set_bool(reply, "draining", status.is_draining);
	set_text(reply, "host", status.host);
	set_text(reply, "realm", status.realm);
	set_number(reply, "origin_state_id", chg_runtime_state_id(runtime));
	(void)json_object_set_new(reply, "listen", list_json(&config->diameter_listen));
	set_number(reply, "peers_open", chg_meter_value(CHG_METER_PEERS_OPEN));
	set_number(reply, "queue_jobs", chg_meter_value(CHG_METER_QUEUE_JOBS));
	set_number(reply, "queue_max", config->engine_queue_max);
	set_text(reply, "config_path", status.config_path);
	set_text(reply, "store_kind", is_sqlite ? "sqlite" : "memory");
	if (is_sqlite) {
		set_text(reply, "store_path", config->store_path);
		set_number(reply, "store_schema", (uint64_t)chg_sqlite_schema_version());
		set_number(reply, "records_unindexed",
			chg_meter_value(CHG_METER_RECORDS_UNINDEXED));
	}
	set_tariff(runtime, reply);
	return CHG_OK;
}

static enum chg_rc tell_stats(void *self, json_t *request, json_t *reply)
{
	json_t *meters = json_array();
	(void)request;
	refresh_meters(self);
	for (size_t i = 0; i < CHG_METER_COUNT; i++) {
		enum chg_meter meter = (enum chg_meter)i;
		json_t *one = json_object();
		set_text(one, "name", chg_meter_name(meter));
		set_text(one, "type", chg_meter_is_counter(meter) ? "counter" : "gauge");
		set_number(one, "value", chg_meter_value(meter));
		set_text(one, "sentence", chg_meter_sentence(meter));
		(void)json_array_append_new(meters, one);
	}
	(void)json_object_set_new(reply, "meters", meters);
	return CHG_OK;
}

/* Puts what `print` writes into the reply as "text". */
static enum chg_rc set_printed(
	json_t *reply, void (*print)(const void *from, FILE *to), const void *from)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	if (to == NULL)
		return CHG_E_NO_MEMORY;
	print(from, to);
	if (fclose(to) != 0) {
		free(text);
		return CHG_E_NO_MEMORY;
	}
	int error = json_object_set_new(reply, "text", json_stringn(text, len));
	free(text);
	return error == 0 ? CHG_OK : CHG_E_NO_MEMORY;
}

static void print_meters(const void *from, FILE *to)
{
	(void)from;
	chg_meter_write_text(to);
}

static enum chg_rc tell_stats_text(void *self, json_t *request, json_t *reply)
{
	(void)request;
	refresh_meters(self);
	return set_printed(reply, print_meters, self);
}

static void print_config(const void *from, FILE *to)
{
	chg_config_print(from, to);
}

static enum chg_rc tell_config(void *self, json_t *request, json_t *reply)
{
	(void)request;
	return set_printed(reply, print_config, chg_runtime_config(self));
}

/* False, and the reply says so, when nothing can be pruned. */
static bool need_pruner(struct chg_runtime *runtime, json_t *reply, struct chg_prune_worker **ret)
{
	*ret = chg_runtime_pruner(runtime);
	if (*ret == NULL)
		set_text(reply, "why",
			"this node keeps records in memory (store.kind), so there is nothing to "
			"archive");
	return *ret != NULL;
}

static enum chg_rc begin_prune(void *self, json_t *request, json_t *reply)
{
	struct chg_runtime *runtime = self;
	struct chg_prune_worker *pruner;
	const json_t *before = json_object_get(request, "closed_before_us");
	if (!need_pruner(runtime, reply, &pruner))
		return CHG_E_UNKNOWN;
	if (!json_is_integer(before) ||
		json_integer_value(before) > chg_runtime_now(runtime).wall.us) {
		set_text(reply, "why",
			"\"closed_before_us\" is no time of the past in microseconds since 1970");
		return CHG_E_SYNTAX;
	}
	enum chg_rc rc =
		chg_prune_worker_begin(pruner, (chg_instant){ json_integer_value(before) });
	if (rc == CHG_E_BUSY)
		set_text(reply, "why",
			"records are being archived already; wait for the end, or stop it with "
			"`chgctl db prune --stop`");
	if (rc == CHG_OK)
		chg_log_event(chg_runtime_log(runtime), CHG_LOG_NOTICE, "prune.begun who=%s",
			json_string_value(json_object_get(request, "who")));
	return rc;
}

static enum chg_rc tell_prune(void *self, json_t *request, json_t *reply)
{
	struct chg_prune_status status;
	struct chg_prune_worker *pruner;
	(void)request;
	if (!need_pruner(self, reply, &pruner))
		return CHG_E_UNKNOWN;
	chg_prune_worker_status(pruner, &status);
	set_bool(reply, "running", status.is_running);
	set_number(reply, "runs", status.runs);
	set_number(reply, "archived", status.progress.archived);
	set_number(reply, "removed", status.progress.removed);
	set_number(reply, "kept", status.progress.kept);
	set_number(reply, "archive_bytes", status.progress.octets);
	set_number(reply, "cdr_id", (uint64_t)status.progress.cdr_id);
	set_number(reply, "highest_cdr_id", (uint64_t)status.progress.highest_cdr_id);
	set_text(reply, "result", chg_rc_name(status.rc));
	set_text(reply, "result_why", status.why);
	return CHG_OK;
}

static enum chg_rc stop_prune(void *self, json_t *request, json_t *reply)
{
	struct chg_prune_worker *pruner;
	(void)request;
	if (!need_pruner(self, reply, &pruner))
		return CHG_E_UNKNOWN;
	chg_prune_worker_stop(pruner);
	return CHG_OK;
}

static enum chg_rc tell_help(void *self, json_t *request, json_t *reply)
{
	json_t *commands = json_object();
	(void)self;
	(void)request;
#define COMMAND(name, function, sentence) set_text(commands, name, sentence);
#include "runtime/runtime_command.def"
#undef COMMAND
	(void)json_object_set_new(reply, "commands", commands);
	return CHG_OK;
}

/* What the store keeps from now on comes into force at its time. */
static enum chg_rc load_tariff(struct chg_runtime *runtime, json_t *request, json_t *reply)
{
	struct chg_tariff_shelf *shelf = chg_runtime_tariffs(runtime);
	struct chg_engine *engine = chg_runtime_engine(runtime);
	struct chg_tariff_brief tariff;
	chg_tariff_look(shelf, chg_runtime_now(runtime).wall, &tariff);
	if (tariff.to_come + 2 > CHG_TARIFF_SHELF_MAX) {
		set_text(reply, "why",
			"too many versions wait for their time already; load this one later");
		return CHG_E_BUSY;
	}
	enum chg_rc rc = chg_tariff_check(request, reply, NULL);
	if (rc != CHG_OK)
		return rc;
	rc = chg_control_change(engine, chg_book_change, 0, request, reply);
	/* A change that took too long is done before what is asked for now. */
	if ((rc == CHG_OK || rc == CHG_E_BUSY) && chg_tariff_follow(shelf, engine) != CHG_OK)
		chg_log_event(chg_runtime_log(runtime), CHG_LOG_ERROR,
			"tariff.not_followed cause=%s cure=%s", "the store did not answer",
			"load it again");
	return rc;
}

static const char *text_of(const json_t *request, const char *name)
{
	return json_string_value(json_object_get(request, name));
}

/* One line for each, done or not.  Whom it was about is a subscriber: for debug, and for the audit. */
static void log_change(
	struct chg_log log, const json_t *request, const json_t *reply, enum chg_rc rc)
{
	const char *command = text_of(request, "command");
	const char *who = text_of(request, "who");
	if (rc == CHG_OK)
		chg_log_event(log, CHG_LOG_NOTICE, "books.changed command=%s who=%s", command, who);
	else
		chg_log_event(log, CHG_LOG_NOTICE, "books.refused command=%s who=%s rc=%s", command,
			who, chg_rc_name(rc));
	chg_log_event(log, CHG_LOG_DEBUG, "books.reason command=%s why=%s cause=%s", command,
		text_of(request, "why"), text_of(reply, "why"));
}

static enum chg_rc change_books(void *self, json_t *request, json_t *reply)
{
	struct chg_runtime *runtime = self;
	enum chg_rc rc = strcmp(text_of(request, "command"), "tariff-load") == 0
				 ? load_tariff(runtime, request, reply)
				 : chg_control_change(chg_runtime_engine(runtime), chg_book_change,
					   0, request, reply);
	log_change(chg_runtime_log(runtime), request, reply, rc);
	return rc;
}

enum chg_rc chg_runtime_command_register(struct chg_control *control, struct chg_runtime *runtime)
{
	static const struct {
		const char *name;
		chg_control_handle *handle;
	} commands[] = {
#define COMMAND(name, function, sentence) { name, function },
#include "runtime/runtime_command.def"
#undef COMMAND
	};
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		enum chg_rc rc = chg_control_register(
			control, commands[i].name, commands[i].handle, runtime);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

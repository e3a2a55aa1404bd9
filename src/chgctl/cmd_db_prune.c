/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl db prune and compact: old records into archives, and the room that they leave.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chgctl/change.h"
#include "chgctl/node.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"
#include "runtime/config.h"
#include "runtime/prune.h"
#include "store/sqlite/sqlite_store.h"

enum {
	ASK_EVERY_MS = 500,
	BITE_RECORDS = 1000,
};

static const char stopped[] = "stopped; the next time goes on where it was";

/* A prune, here or in a node, as it is shown. */
struct pruning {
	struct ctl_change change;
	bool has_progress;
	bool has_told;
	chg_instant begun_at, told_at; /* by the steady clock */
};

static void show_progress(struct pruning *pruning, const struct chg_prune_progress *progress)
{
	chg_instant now = ctl_when_steady();
	int64_t elapsed_us = now.us - pruning->begun_at.us;
	int64_t left = progress->highest_cdr_id - progress->cdr_id;

	if (!pruning->has_progress || elapsed_us < CHG_US_PER_S ||
		now.us - pruning->told_at.us < CHG_US_PER_S)
		return;
	pruning->told_at = now;
	pruning->has_told = true;
	fprintf(stderr,
		"\r%" PRIu64 " archived, %" PRIu64 " removed, %" PRIu64
		" per second, at most %" PRId64 " left ",
		progress->archived, progress->removed,
		progress->removed * 1000 / (uint64_t)(elapsed_us / 1000), left < 0 ? 0 : left);
}

static void tell_end(struct pruning *pruning, const struct chg_prune_progress *progress)
{
	if (pruning->has_told)
		fputc('\n', stderr);
	printf("%" PRIu64 " record%s left the database, archives grew by %" PRIu64 " bytes\n",
		progress->removed, progress->removed == 1 ? "" : "s", progress->octets);
	if (progress->kept > 0)
		printf("%" PRIu64 " stay: they changed meanwhile, or are too large\n",
			progress->kept);
}

static enum ctl_exit refuse_span(const char *text, enum chg_rc rc)
{
	size_t digits = strspn(text, "0123456789");

	if (rc == CHG_E_RANGE)
		ctl_say("--older-than \"%.60s\" reaches back before 1970: nothing is that old",
			text);
	else if (digits > 0 && strcmp(text + digits, "m") == 0)
		ctl_say("--older-than \"%.60s\": m would be minutes or months; write 90d, 36h or "
			"4w, and for minutes 10min",
			text);
	else
		ctl_say("--older-than \"%.60s\" is no span; write it as 90d, 36h or 4w", text);
	return CTL_EXIT_USAGE;
}

/* What is closed before this time goes. */
static enum ctl_exit read_before(const struct ctl_call *call, chg_instant *ret)
{
	const char *text = call->args.value[CTL_OPT_OLDER_THAN];
	chg_span span;

	if (text == NULL) {
		ctl_say("`chgctl db prune` needs --older-than SPAN, as in 90d");
		return CTL_EXIT_USAGE;
	}
	enum chg_rc rc = ctl_when_read_span(text, &span);
	if (rc == CHG_OK && span.us > call->now.us)
		rc = CHG_E_RANGE;
	if (rc != CHG_OK)
		return refuse_span(text, rc);
	*ret = (chg_instant){ call->now.us - span.us };
	return CTL_EXIT_OK;
}

static enum ctl_exit dry_run(const struct ctl_call *call, chg_instant before)
{
	char path[CTL_PATH_MAX], why[CHG_PRUNE_WHY_MAX] = "", when[CTL_WHEN_MAX];
	uint64_t records = 0;
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc = chg_prune_count(path, before, &records, why, sizeof why);
	if (rc != CHG_OK) {
		ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
		return CTL_EXIT_PROBLEM;
	}
	ctl_when_write(before, false, false, when);
	printf("%" PRIu64 " record%s closed before %s would go into an archive\n", records,
		records == 1 ? "" : "s", when);
	return CTL_EXIT_OK;
}

static enum chg_rc remove_bite(const struct chg_store *store,
	const struct chg_archive_line *archive, const struct chg_cdr_stamp *stamp, size_t count,
	uint32_t *ret_removed)
{
	enum chg_rc rc = store->ops->begin(store->self);

	if (rc != CHG_OK)
		return rc;
	rc = store->ops->remove_archived(store->self, archive, stamp, count, ret_removed);
	if (rc == CHG_OK)
		return store->ops->commit(store->self);
	store->ops->rollback(store->self);
	return rc;
}

static enum chg_rc remove_here(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint64_t *ret_removed)
{
	const struct pruning *pruning = self;
	enum chg_rc rc = CHG_OK;

	*ret_removed = 0;
	for (size_t at = 0; rc == CHG_OK && at < count; at += BITE_RECORDS) {
		size_t left = count - at;
		uint32_t removed = 0;
		rc = remove_bite(&pruning->change.store, archive, stamp + at,
			left < BITE_RECORDS ? left : BITE_RECORDS, &removed);
		*ret_removed += rc == CHG_OK ? removed : 0;
	}
	return rc;
}

static bool tell_here(void *self, const struct chg_prune_progress *progress)
{
	show_progress(self, progress);
	return !ctl_stop_wanted();
}

static void complain_here(void *self, const char *why)
{
	(void)self;
	ctl_say("%s", why);
}

static enum ctl_exit prune_here(
	const struct ctl_call *call, struct pruning *pruning, chg_instant before)
{
	char path[CTL_PATH_MAX], folder[CTL_PATH_MAX], why[CHG_ARCHIVE_WHY_MAX] = "";
	struct chg_store *store = &pruning->change.store;
	struct chg_prune_progress progress;
	uint32_t owner = 0;
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit == CTL_EXIT_OK)
		exit = ctl_source_archives(&call->args, path, folder);
	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc = store->ops->own_state_id(
		store->self, (uint32_t)(call->now.us / CHG_US_PER_S), &owner);
	const struct chg_prune prune = { .database = path,
		.folder = folder,
		.owner = owner,
		.now = call->now,
		.closed_before = before,
		.remove = remove_here,
		.tell = tell_here,
		.complain = complain_here,
		.self = pruning };
	progress = (struct chg_prune_progress){ 0 };
	if (rc == CHG_OK)
		rc = chg_prune_run(&prune, &progress, why, sizeof why);
	tell_end(pruning, &progress);
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	ctl_say("%s", rc == CHG_E_CLOSED ? stopped : why[0] == '\0' ? chg_rc_sentence(rc) : why);
	return CTL_EXIT_PROBLEM;
}

static uint64_t number_of(const json_t *reply, const char *name)
{
	json_int_t number = json_integer_value(json_object_get(reply, name));
	return number < 0 ? 0 : (uint64_t)number;
}

static void read_progress(const json_t *reply, struct chg_prune_progress *ret)
{
	*ret = (struct chg_prune_progress){ .archived = number_of(reply, "archived"),
		.removed = number_of(reply, "removed"),
		.kept = number_of(reply, "kept"),
		.octets = number_of(reply, "archive_bytes"),
		.cdr_id = (int64_t)number_of(reply, "cdr_id"),
		.highest_cdr_id = (int64_t)number_of(reply, "highest_cdr_id") };
}

static enum ctl_exit ask(
	struct pruning *pruning, const char *command, chg_instant before, json_t **ret_reply)
{
	json_t *request = json_object();

	json_object_set_new(request, "command", json_string(command));
	json_object_set_new(request, "closed_before_us", json_integer(before.us));
	enum ctl_exit exit = ctl_change_do(&pruning->change, request, ret_reply);
	json_decref(request);
	return exit;
}

static enum ctl_exit ask_only(struct pruning *pruning, const char *command, chg_instant before)
{
	json_t *reply = NULL;
	enum ctl_exit exit = ask(pruning, command, before, &reply);

	json_decref(reply);
	return exit;
}

static void pause_ms(long ms)
{
	const struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	(void)nanosleep(&span, NULL);
}

/* The node went away with the run, or does not answer. */
static enum ctl_exit tell_lost(const struct pruning *pruning,
	const struct chg_prune_progress *progress, const char *why, enum ctl_exit exit)
{
	if (pruning->has_told)
		fputc('\n', stderr);
	ctl_say("%s", why);
	ctl_say("%" PRIu64 " record%s had left the database when the node last told; what has not "
		"left is still there, and the next prune goes on where this one was",
		progress->removed, progress->removed == 1 ? "" : "s");
	return exit;
}

/* The node prunes no more; whoever ended the run, it is told in the same words. */
static enum ctl_exit tell_result(
	struct pruning *pruning, const json_t *reply, struct chg_prune_progress *progress)
{
	const char *result = json_string_value(json_object_get(reply, "result"));
	const char *why = json_string_value(json_object_get(reply, "result_why"));

	if (number_of(reply, "runs") == 0)
		return tell_lost(pruning, progress,
			"the node was started anew while it moved records", CTL_EXIT_PROBLEM);
	read_progress(reply, progress);
	tell_end(pruning, progress);
	if (result != NULL && strcmp(result, chg_rc_name(CHG_OK)) == 0)
		return CTL_EXIT_OK;
	bool is_stopped = result == NULL || strcmp(result, chg_rc_name(CHG_E_CLOSED)) == 0;
	ctl_say("%s", is_stopped || why == NULL ? stopped : why);
	return CTL_EXIT_PROBLEM;
}

/* ^C ends the run of the node as it would end one of ours. */
static enum ctl_exit watch(struct pruning *pruning)
{
	struct chg_prune_progress progress = { 0 };
	char why[CTL_MESSAGE_MAX];
	bool has_asked_to_stop = false;

	for (;;) {
		json_t *reply = NULL;
		enum ctl_exit exit =
			ctl_node_ask(pruning->change.socket, "prune-status", NULL, &reply, why);
		if (exit != CTL_EXIT_OK)
			return tell_lost(pruning, &progress, why, exit);
		if (!json_is_true(json_object_get(reply, "running"))) {
			exit = tell_result(pruning, reply, &progress);
			json_decref(reply);
			return exit;
		}
		read_progress(reply, &progress);
		json_decref(reply);
		show_progress(pruning, &progress);
		if (ctl_stop_wanted() && !has_asked_to_stop) {
			has_asked_to_stop = true;
			(void)ask_only(pruning, "prune-stop", (chg_instant){ 0 });
		}
		pause_ms(ASK_EVERY_MS);
	}
}

static enum ctl_exit prune_in_node(
	const struct ctl_call *call, struct pruning *pruning, chg_instant before)
{
	if (ctl_args_has(&call->args, CTL_OPT_ARCHIVE_DIR)) {
		ctl_say("a node runs and moves records into the folder of its own configuration "
			"(cdr.archive_dir); leave --archive-dir out, or stop the node before");
		return CTL_EXIT_PROBLEM;
	}
	enum ctl_exit exit = ask_only(pruning, "prune-begin", before);

	return exit == CTL_EXIT_OK ? watch(pruning) : exit;
}

static enum ctl_exit stop_in_node(struct pruning *pruning)
{
	json_t *reply = NULL;
	enum ctl_exit exit = ask(pruning, "prune-status", (chg_instant){ 0 }, &reply);
	bool is_running = json_is_true(json_object_get(reply, "running"));

	json_decref(reply);
	if (exit != CTL_EXIT_OK)
		return exit;
	if (!is_running) {
		ctl_say("the node moves no records, so there is nothing to stop");
		return CTL_EXIT_OK;
	}
	exit = ask_only(pruning, "prune-stop", (chg_instant){ 0 });
	if (exit == CTL_EXIT_OK)
		puts(stopped);
	return exit;
}

static enum ctl_exit stop(const struct ctl_call *call)
{
	static const enum ctl_option foreign[] = { CTL_OPT_OLDER_THAN, CTL_OPT_DRY_RUN,
		CTL_OPT_ARCHIVE_DIR };
	struct pruning pruning = { 0 };

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		if (!ctl_args_has(&call->args, foreign[i]))
			continue;
		ctl_say("--stop and --%s exclude each other: --stop ends what the node has begun",
			ctl_option_rows[foreign[i]].name);
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_change_open(&call->args, &pruning.change);
	if (exit != CTL_EXIT_OK)
		return exit;
	if (pruning.change.has_node)
		exit = stop_in_node(&pruning);
	else
		ctl_say("no node runs, so there is nothing to stop");
	ctl_change_close(&pruning.change);
	return exit;
}

enum ctl_exit ctl_cmd_db_prune(const struct ctl_call *call)
{
	struct pruning pruning = {
		.has_progress = isatty(STDERR_FILENO) != 0,
		.begun_at = ctl_when_steady(),
	};
	chg_instant before;

	if (ctl_args_has(&call->args, CTL_OPT_STOP))
		return stop(call);
	enum ctl_exit exit = read_before(call, &before);
	if (exit != CTL_EXIT_OK)
		return exit;
	if (ctl_args_has(&call->args, CTL_OPT_DRY_RUN))
		return dry_run(call, before);
	exit = ctl_change_open(&call->args, &pruning.change);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = pruning.change.has_node ? prune_in_node(call, &pruning, before)
				       : prune_here(call, &pruning, before);
	ctl_change_close(&pruning.change);
	return exit;
}

enum ctl_exit ctl_cmd_db_compact(const struct ctl_call *call)
{
	char path[CTL_PATH_MAX], why[CHG_SQLITE_WHY_MAX] = "";
	uint64_t before = 0, after = 0;
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc = chg_sqlite_compact(path, &before, &after, why, sizeof why);
	if (rc != CHG_OK) {
		ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
		return CTL_EXIT_PROBLEM;
	}
	printf("%s: %" PRIu64 " bytes are now %" PRIu64 "\n", path, before, after);
	return CTL_EXIT_OK;
}

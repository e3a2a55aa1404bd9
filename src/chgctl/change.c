/* SPDX-License-Identifier: BSD-3-Clause
 * One writer, always: the node while it runs, and this process while it does not.
 */
#include "chgctl/change.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/when.h"
#include "runtime/book_change.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/control_socket.h"
#include "runtime/tariff_follow.h"
#include "store/sqlite/sqlite_store.h"

enum {
	WHY_MAX = 512,
};

/* Whether a node listens.  CTL_EXIT_UNREACHABLE: something is there and cannot be asked. */
static enum ctl_exit look_for_node(const char *path, bool *ret_has_node)
{
	char why[WHY_MAX] = "";
	int fd;
	enum chg_rc rc = chg_control_socket_connect(path, &fd, why, sizeof why);

	if (rc == CHG_OK)
		close(fd);
	*ret_has_node = rc == CHG_OK;
	if (rc == CHG_OK || rc == CHG_E_CLOSED)
		return CTL_EXIT_OK;
	ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
	return CTL_EXIT_UNREACHABLE;
}

static enum ctl_exit open_database(const struct ctl_args *args, struct ctl_change *change)
{
	char path[CTL_PATH_MAX];
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum ctl_exit exit = ctl_source_find(args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc =
		chg_sqlite_store_open(path, CHG_SQLITE_READ_WRITE, &change->store, why, sizeof why);
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	ctl_say("%s%s", why[0] == '\0' ? chg_rc_sentence(rc) : why,
		rc == CHG_E_STORE_BUSY ? "; if that is a node, reach it by --config or --socket"
				       : "");
	return CTL_EXIT_PROBLEM;
}

/* What was named on the command line counts before what is installed, as for reading. */
static bool names_database(const struct ctl_args *args)
{
	const char *environment = getenv("CHG_DB");

	if (ctl_args_has(args, CTL_OPT_DB))
		return true;
	return !ctl_args_has(args, CTL_OPT_CONFIG) && environment != NULL && environment[0] != '\0';
}

/* The node of the configuration that also names the database; there may be none of either. */
static enum ctl_exit find_node(const struct ctl_args *args, struct ctl_change *change)
{
	const char *path = ctl_config_path(args);

	if (!ctl_args_has(args, CTL_OPT_CONFIG) && access(path, F_OK) != 0)
		return CTL_EXIT_OK;
	struct chg_config *config = ctl_config_read(path);
	if (config == NULL)
		return CTL_EXIT_PROBLEM;
	snprintf(change->socket, sizeof change->socket, "%s", config->control_socket);
	free(config);
	/* Without a socket a node that runs still holds the lock of its database. */
	if (change->socket[0] == '\0')
		return CTL_EXIT_OK;
	return look_for_node(change->socket, &change->has_node);
}

enum ctl_exit ctl_change_open(const struct ctl_args *args, struct ctl_change *ret)
{
	struct ctl_change change = { 0 };
	enum ctl_exit exit = CTL_EXIT_OK;

	if (ctl_args_has(args, CTL_OPT_SOCKET)) {
		exit = ctl_source_socket(args, change.socket);
		change.has_node = true;
	} else if (!names_database(args)) {
		exit = find_node(args, &change);
	}
	if (exit == CTL_EXIT_OK && !change.has_node)
		exit = open_database(args, &change);
	if (exit == CTL_EXIT_OK)
		*ret = change;
	return exit;
}

void ctl_change_close(struct ctl_change *change)
{
	if (change->store.ops != NULL)
		change->store.ops->close(change->store.self);
	*change = (struct ctl_change){ 0 };
}

static void do_here(struct ctl_change *change, json_t *request, json_t *reply)
{
	char who[CHG_CONTROL_USER_MAX];
	struct chg_clock clock = chg_clock_real();
	const char *command = json_string_value(json_object_get(request, "command"));
	json_t *done;

	chg_control_user_name(geteuid(), who);
	json_object_set_new(request, "who", json_string(who));
	if (strcmp(command, "tariff-load") == 0 && chg_tariff_check(request, reply, NULL) != CHG_OK)
		return;
	done = json_object();
	chg_book_run(&change->store, clock.now(clock.self), request, done);
	json_object_update(reply, done);
	json_decref(done);
}

/* All that a refusal says: for a tariff every fault on a line of its own. */
static void tell_refusal(const json_t *reply)
{
	const json_t *errors = json_object_get(reply, "errors");
	const json_t *one;
	const char *why;
	size_t i;

	json_array_foreach(errors, i, one)
	{
		ctl_text_show(stderr, chg_view_of(json_string_value(one)));
		fputc('\n', stderr);
	}
	if (!chg_control_is_ok(reply, &why))
		ctl_say("%s", why);
}

enum ctl_exit ctl_change_do(struct ctl_change *change, json_t *request, json_t **ret_reply)
{
	char why[WHY_MAX] = "";
	const char *refusal;
	json_t *reply = NULL;

	if (change->has_node) {
		enum chg_rc rc = chg_control_ask(change->socket, request, &reply, why, sizeof why);
		if (rc != CHG_OK) {
			ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
			return rc == CHG_E_RANGE ? CTL_EXIT_PROBLEM : CTL_EXIT_UNREACHABLE;
		}
	} else {
		reply = json_object();
		do_here(change, request, reply);
	}
	if (chg_control_is_ok(reply, &refusal)) {
		*ret_reply = reply;
		return CTL_EXIT_OK;
	}
	tell_refusal(reply);
	json_decref(reply);
	return CTL_EXIT_PROBLEM;
}

enum ctl_exit ctl_change_once(const struct ctl_args *args, json_t *request, json_t **ret_reply)
{
	struct ctl_change change;
	enum ctl_exit exit = ctl_change_open(args, &change);

	if (exit != CTL_EXIT_OK)
		return exit;
	exit = ctl_change_do(&change, request, ret_reply);
	ctl_change_close(&change);
	return exit;
}

bool ctl_change_set(json_t *request, const char *name, const char *text)
{
	if (text == NULL)
		return true;
	if (json_object_set_new(request, name, json_string(text)) == 0)
		return true;
	ctl_say("the %s is no UTF-8; write it anew", name);
	return false;
}

json_t *ctl_change_request(const struct ctl_call *call, const char *command, const char *why)
{
	char name[64];
	const char *given = call->args.value[CTL_OPT_WHY];
	json_t *request = json_object();

	if (given == NULL && why == NULL) {
		ctl_command_name(call->command, name);
		ctl_say("`chgctl %s` needs --why TEXT: who looks at the audit log later wants to "
			"know",
			name);
		json_decref(request);
		return NULL;
	}
	if (ctl_change_set(request, "command", command) &&
		ctl_change_set(request, "why", given == NULL ? why : given))
		return request;
	json_decref(request);
	return NULL;
}

bool ctl_change_set_time(
	const struct ctl_call *call, json_t *request, const char *name, enum ctl_option option)
{
	const char *text = call->args.value[option];
	chg_instant at;

	if (text == NULL)
		return true;
	if (ctl_when_read(text, call->now, ctl_args_has(&call->args, CTL_OPT_LOCAL), &at) !=
		CHG_OK) {
		ctl_say("--%s \"%.60s\" is no time; write it as 2026-11-20T08:15",
			ctl_option_rows[option].name, text);
		return false;
	}
	return json_object_set_new(request, name, json_integer(at.us)) == 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl account create, topup, adjust, block and unblock, and bucket add: one account changed.
 */
#include "chgctl/command.h"

#include <stdlib.h>
#include <string.h>

#include "chgctl/change.h"

static const char *text_of(const json_t *from, const char *name)
{
	const char *text = json_string_value(json_object_get(from, name));
	return text == NULL ? "" : text;
}

/* What was done, in a sentence, or the reply itself. */
static void show(const struct ctl_call *call, const json_t *reply, const char *what)
{
	if (ctl_args_has(&call->args, CTL_OPT_JSON)) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	ctl_text_show(stdout, chg_view_of(text_of(reply, "account")));
	fputs(what, stdout);
}

/* Does a change, whose request may not have come about; shows `what` behind the account's name. */
static enum ctl_exit change(const struct ctl_call *call, json_t *request, bool is_complete,
	const char *what, json_t **ret_reply)
{
	enum ctl_exit exit = CTL_EXIT_USAGE;

	*ret_reply = NULL;
	if (request != NULL && is_complete)
		exit = ctl_change_once(&call->args, request, ret_reply);
	json_decref(request);
	if (exit == CTL_EXIT_OK)
		show(call, *ret_reply, what);
	return exit;
}

/* ": main holds 12.00 EUR", and the end of the line. */
static void show_balance(const struct ctl_call *call, const json_t *reply)
{
	const char *unit = text_of(reply, "currency");

	if (ctl_args_has(&call->args, CTL_OPT_JSON))
		return;
	fputs(": ", stdout);
	ctl_text_show(stdout, chg_view_of(text_of(reply, "bucket")));
	printf(" holds %s %s\n", text_of(reply, "balance"),
		unit[0] == '\0' ? text_of(reply, "unit") : unit);
}

static bool set_identities(const struct ctl_args *args, json_t *request)
{
	json_t *list = json_array();
	bool is_fine = json_object_set_new(request, "identities", list) == 0;

	for (size_t i = 0; is_fine && i < args->identity_count; i++)
		is_fine = json_array_append_new(list, json_string(args->identity[i])) == 0;
	if (!is_fine)
		ctl_say("an identity is no UTF-8; write it anew");
	return is_fine;
}

enum ctl_exit ctl_cmd_account_create(const struct ctl_call *call)
{
	const struct ctl_args *args = &call->args;
	json_t *reply;

	if (!ctl_args_has(args, CTL_OPT_CURRENCY)) {
		ctl_say("an account needs its currency: --currency EUR");
		return CTL_EXIT_USAGE;
	}
	json_t *request = ctl_change_request(call, "account-create", "made by hand");
	bool is_complete =
		request != NULL && ctl_change_set(request, "name", call->operand[0]) &&
		ctl_change_set(request, "currency", args->value[CTL_OPT_CURRENCY]) &&
		ctl_change_set(request, "balance", args->value[CTL_OPT_BALANCE]) &&
		ctl_change_set(request, "credit_limit", args->value[CTL_OPT_CREDIT_LIMIT]) &&
		ctl_change_set(request, "low_balance", args->value[CTL_OPT_LOW]) &&
		ctl_change_set(request, "plan", args->value[CTL_OPT_PLAN]) &&
		ctl_change_set_time(call, request, "valid_until_us", CTL_OPT_VALID_UNTIL) &&
		set_identities(args, request);
	enum ctl_exit exit = change(call, request, is_complete, " is an account now\n", &reply);
	json_decref(reply);
	return exit;
}

static enum ctl_exit post(const struct ctl_call *call, const char *command)
{
	json_t *reply;
	json_t *request = ctl_change_request(call, command, NULL);
	bool is_complete =
		request != NULL && ctl_change_set(request, "account", call->operand[0]) &&
		ctl_change_set(request, "amount", call->operand[1]) &&
		ctl_change_set(request, "bucket", call->args.value[CTL_OPT_BUCKET]) &&
		ctl_change_set(request, "reference", call->args.value[CTL_OPT_REFERENCE]);
	enum ctl_exit exit = change(call, request, is_complete, "", &reply);

	if (exit == CTL_EXIT_OK)
		show_balance(call, reply);
	json_decref(reply);
	return exit;
}

enum ctl_exit ctl_cmd_account_topup(const struct ctl_call *call)
{
	return post(call, "account-topup");
}

enum ctl_exit ctl_cmd_account_adjust(const struct ctl_call *call)
{
	return post(call, "account-adjust");
}

static enum ctl_exit set_status(const struct ctl_call *call, const char *command, const char *what)
{
	json_t *reply;
	json_t *request = ctl_change_request(call, command, NULL);
	bool is_complete = request != NULL && ctl_change_set(request, "account", call->operand[0]);
	enum ctl_exit exit = change(call, request, is_complete, what, &reply);

	json_decref(reply);
	return exit;
}

enum ctl_exit ctl_cmd_account_block(const struct ctl_call *call)
{
	return set_status(call, "account-block", " is blocked\n");
}

enum ctl_exit ctl_cmd_account_unblock(const struct ctl_call *call)
{
	return set_status(call, "account-unblock", " is active\n");
}

static bool set_priority(const struct ctl_args *args, json_t *request)
{
	const char *text = args->value[CTL_OPT_PRIORITY];
	uint64_t priority = 0;

	if (text == NULL)
		return true;
	bool is_negative = text[0] == '-';
	if (!ctl_text_number(text + (is_negative ? 1 : 0), INT32_MAX, &priority)) {
		ctl_say("--priority \"%.60s\" is no whole number", text);
		return false;
	}
	int64_t number = is_negative ? -(int64_t)priority : (int64_t)priority;
	return json_object_set_new(request, "priority", json_integer(number)) == 0;
}

enum ctl_exit ctl_cmd_bucket_add(const struct ctl_call *call)
{
	json_t *reply;
	json_t *request = ctl_change_request(call, "bucket-add", "added by hand");
	bool is_complete =
		request != NULL && ctl_change_set(request, "account", call->operand[0]) &&
		ctl_change_set(request, "name", call->operand[1]) &&
		ctl_change_set(request, "kind", call->operand[2]) &&
		ctl_change_set(request, "balance", call->operand[3]) &&
		ctl_change_set(request, "service", call->args.value[CTL_OPT_PAYS]) &&
		ctl_change_set_time(call, request, "valid_from_us", CTL_OPT_VALID_FROM) &&
		ctl_change_set_time(call, request, "valid_until_us", CTL_OPT_VALID_UNTIL) &&
		set_priority(&call->args, request);
	enum ctl_exit exit = change(call, request, is_complete, "", &reply);

	if (exit == CTL_EXIT_OK)
		show_balance(call, reply);
	json_decref(reply);
	return exit;
}

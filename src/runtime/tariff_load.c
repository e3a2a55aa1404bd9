/* SPDX-License-Identifier: BSD-3-Clause
 * A tariff on its way into the store: read, checked, kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/book_change.h"
#include "runtime/control_socket.h"
#include "runtime/tariff_follow.h"
#include "runtime/tariff_read.h"

/* What is wrong, by severity: "errors" and "warnings", in the order of the file. */
static void reply_complaints(json_t *reply, const struct chg_tariff_errors *complaints)
{
	json_t *errors = json_array();
	json_t *warnings = json_array();
	for (size_t i = 0; i < complaints->count; i++) {
		const struct chg_tariff_error *one = &complaints->item[i];
		(void)json_array_append_new(
			one->is_warning ? warnings : errors, json_string(one->text));
	}
	if (json_array_size(errors) > 0)
		(void)json_object_set(reply, "errors", errors);
	if (json_array_size(warnings) > 0)
		(void)json_object_set(reply, "warnings", warnings);
	json_decref(errors);
	json_decref(warnings);
}

static enum chg_rc refuse(json_t *reply, enum chg_rc rc, const struct chg_tariff_errors *complaints)
{
	char why[CHG_CONTROL_WHY_MAX];
	if (rc == CHG_E_CONFIG)
		(void)snprintf(why, sizeof why,
			"the tariff has %zu mistake%s and is not loaded; nothing changes",
			complaints->error_count, complaints->error_count == 1 ? "" : "s");
	else
		(void)snprintf(why, sizeof why, "%s", chg_rc_sentence(rc));
	(void)json_object_set_new(reply, "why", json_string(why));
	return rc == CHG_E_CONFIG ? CHG_E_SYNTAX : rc;
}

static enum chg_rc check(json_t *request, json_t *reply, struct chg_tariff *tariff,
	struct chg_tariff_errors *complaints)
{
	const json_t *text = json_object_get(request, "text");
	const char *file = json_string_value(json_object_get(request, "file"));
	if (!json_is_string(text)) {
		(void)json_object_set_new(
			reply, "why", json_string("there is no text of a tariff"));
		return CHG_E_SYNTAX;
	}
	struct chg_view view = { .ptr = json_string_value(text), .len = json_string_length(text) };
	enum chg_rc rc =
		chg_tariff_read_text(file == NULL ? "tariff" : file, view, tariff, complaints);
	reply_complaints(reply, complaints);
	if (rc != CHG_OK)
		return refuse(reply, rc, complaints);
	(void)json_object_set_new(request, "name", json_string(tariff->name));
	return CHG_OK;
}

enum chg_rc chg_tariff_check(json_t *request, json_t *reply, struct chg_tariff **ret_tariff)
{
	struct chg_tariff *tariff = calloc(1, sizeof *tariff);
	struct chg_tariff_errors *complaints = calloc(1, sizeof *complaints);
	enum chg_rc rc = tariff == NULL || complaints == NULL
				 ? CHG_E_NO_MEMORY
				 : check(request, reply, tariff, complaints);
	free(complaints);
	if (rc == CHG_OK && ret_tariff != NULL)
		*ret_tariff = tariff;
	else
		free(tariff);
	return rc;
}

static enum chg_rc read_stream(FILE *from, char **ret_text, size_t *ret_len)
{
	size_t room = CHG_TARIFF_FILE_MAX + 1;
	char *text = malloc(room);
	if (text == NULL)
		return CHG_E_NO_MEMORY;
	size_t len = fread(text, 1, room, from);
	if (ferror(from) || len == room) {
		free(text);
		return len == room ? CHG_E_RANGE : CHG_E_SYSTEM;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return CHG_OK;
}

enum chg_rc chg_tariff_read_whole(
	const char *path, char **ret_text, size_t *ret_len, char *reterr_why, size_t why_size)
{
	FILE *from = fopen(path, "re");
	enum chg_rc rc = CHG_E_SYSTEM;
	if (from != NULL) {
		rc = read_stream(from, ret_text, ret_len);
		(void)fclose(from);
	}
	if (rc == CHG_E_SYSTEM)
		(void)snprintf(reterr_why, why_size, "%s cannot be read: %s", path,
			strerrordesc_np(errno));
	else if (rc == CHG_E_RANGE)
		(void)snprintf(reterr_why, why_size, "%s is longer than %d bytes and so no tariff",
			path, CHG_TARIFF_FILE_MAX);
	else if (rc != CHG_OK)
		(void)snprintf(reterr_why, why_size, "%s", chg_rc_sentence(rc));
	return rc;
}

static bool note_each(void *to, const struct chg_tariff_line *line)
{
	bool *is_there = to;
	(void)line;
	*is_there = true;
	return false;
}

/* Every fault on a line; what finds no room is left out. */
static void join_errors(const json_t *reply, char *reterr_why, size_t why_size)
{
	const char *why = json_string_value(json_object_get(reply, "why"));
	size_t used = (size_t)snprintf(
		reterr_why, why_size, "%s", why == NULL ? "there is no memory left" : why);
	size_t i;
	const json_t *one;
	json_array_foreach(json_object_get(reply, "errors"), i, one)
	{
		const char *text = json_string_value(one);
		if (used + strlen(text) + 2 > why_size)
			return;
		used += (size_t)snprintf(reterr_why + used, why_size - used, "\n%s", text);
	}
}

static enum chg_rc load(struct chg_store *store, const char *path, struct chg_view text,
	struct chg_now now, char *reterr_why, size_t why_size)
{
	char who[CHG_CONTROL_USER_MAX];
	json_t *reply = json_object();
	chg_control_user_name(geteuid(), who);
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:s%}", "command", "tariff-load", "who",
		who, "why", "online.tariff, at the first start", "file", path, "text", text.ptr,
		text.len);
	enum chg_rc rc = CHG_E_SYNTAX;
	if (request == NULL)
		(void)json_object_set_new(reply, "why", json_string("the tariff is no UTF-8"));
	else
		rc = chg_tariff_check(request, reply, NULL);
	if (rc == CHG_OK)
		rc = chg_book_run(store, now, request, reply);
	if (rc != CHG_OK)
		join_errors(reply, reterr_why, why_size);
	json_decref(request);
	json_decref(reply);
	return rc == CHG_E_SYNTAX ? CHG_E_CONFIG : rc;
}

enum chg_rc chg_tariff_load_first(struct chg_store *store, const char *path, struct chg_now now,
	char *reterr_why, size_t why_size)
{
	char *text;
	struct chg_view view;
	bool is_there = false;
	enum chg_rc rc = store->books->tariff_scan(store->self, note_each, &is_there);
	if (rc != CHG_OK || is_there)
		return rc;
	rc = chg_tariff_read_whole(path, &text, &view.len, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	view.ptr = text;
	rc = load(store, path, view, now, reterr_why, why_size);
	free(text);
	return rc;
}

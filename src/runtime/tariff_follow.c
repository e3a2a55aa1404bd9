/* SPDX-License-Identifier: BSD-3-Clause
 * A short list in the order in which the versions come into force.
 */
#include "runtime/tariff_follow.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/log.h"

struct shelved {
	struct shelved *next;
	struct chg_tariff *tariff;
};

struct chg_tariff_shelf {
	pthread_mutex_t lock; /* guards all that follows but the log */
	struct chg_log log;
	struct shelved *first;
	bool is_in_force; /* the first one has been given out */
	size_t count;
	int64_t newest; /* the highest version that was ever put here */
};

enum chg_rc chg_tariff_shelf_create(struct chg_log log, struct chg_tariff_shelf **ret)
{
	struct chg_tariff_shelf *shelf = calloc(1, sizeof *shelf);
	if (shelf == NULL)
		return CHG_E_NO_MEMORY;
	(void)pthread_mutex_init(&shelf->lock, NULL);
	shelf->log = log;
	*ret = shelf;
	return CHG_OK;
}

/* Takes the first one off; returns it for the caller to free. */
static void drop_first(struct chg_tariff_shelf *shelf)
{
	struct shelved *gone = shelf->first;
	shelf->first = gone->next;
	shelf->is_in_force = false;
	shelf->count--;
	free(gone->tariff);
	free(gone);
}

void chg_tariff_shelf_free(struct chg_tariff_shelf *shelf)
{
	if (shelf == NULL)
		return;
	while (shelf->first != NULL)
		drop_first(shelf);
	(void)pthread_mutex_destroy(&shelf->lock);
	free(shelf);
}

static bool is_before(const struct chg_tariff *a, const struct chg_tariff *b)
{
	if (a->in_force_from.us != b->in_force_from.us)
		return chg_instant_before(a->in_force_from, b->in_force_from);
	return a->version < b->version;
}

static bool has_version(const struct chg_tariff_shelf *shelf, int64_t version)
{
	for (const struct shelved *at = shelf->first; at != NULL; at = at->next) {
		if (at->tariff->version == version)
			return true;
	}
	return false;
}

/* With the lock held.  False when it is not wanted any more and the caller has to free it. */
static bool insert(struct chg_tariff_shelf *shelf, struct shelved *item)
{
	struct shelved **at = &shelf->first;
	bool is_superseded = shelf->is_in_force && is_before(item->tariff, shelf->first->tariff);
	if (is_superseded || has_version(shelf, item->tariff->version))
		return false;
	while (*at != NULL && is_before((*at)->tariff, item->tariff))
		at = &(*at)->next;
	item->next = *at;
	*at = item;
	shelf->count++;
	return true;
}

enum chg_rc chg_tariff_shelf_put(struct chg_tariff_shelf *shelf, struct chg_tariff *tariff)
{
	struct shelved *item = calloc(1, sizeof *item);
	if (item == NULL) {
		free(tariff);
		return CHG_E_NO_MEMORY;
	}
	item->tariff = tariff;
	(void)pthread_mutex_lock(&shelf->lock);
	bool has_room = shelf->count < CHG_TARIFF_SHELF_MAX;
	if (has_room && shelf->newest < tariff->version)
		shelf->newest = tariff->version;
	bool is_kept = has_room && insert(shelf, item);
	(void)pthread_mutex_unlock(&shelf->lock);
	if (!is_kept) {
		free(tariff);
		free(item);
	}
	return has_room ? CHG_OK : CHG_E_RANGE;
}

/* With the lock held: the item in force at `now`, and how many are in front of it. */
static struct shelved *find_in_force(struct chg_tariff_shelf *shelf, chg_instant now)
{
	struct shelved *found = shelf->is_in_force ? shelf->first : NULL;
	for (struct shelved *at = shelf->first; at != NULL; at = at->next) {
		if (chg_instant_before(now, at->tariff->in_force_from))
			break;
		found = at;
	}
	return found;
}

const struct chg_tariff *chg_tariff_at(struct chg_tariff_shelf *shelf, chg_instant now)
{
	const struct chg_tariff *tariff = NULL;
	bool is_new = false;
	(void)pthread_mutex_lock(&shelf->lock);
	const struct shelved *in_force = find_in_force(shelf, now);
	if (in_force != NULL) {
		while (shelf->first != in_force)
			drop_first(shelf);
		is_new = !shelf->is_in_force;
		shelf->is_in_force = true;
		tariff = in_force->tariff;
	}
	(void)pthread_mutex_unlock(&shelf->lock);
	/* Only this thread frees, so the tariff is still there. */
	if (is_new)
		chg_log_event(shelf->log, CHG_LOG_NOTICE,
			"tariff.in_force version=%" PRId64 " name=%s", tariff->version,
			tariff->name);
	return tariff;
}

void chg_tariff_look(struct chg_tariff_shelf *shelf, chg_instant now, struct chg_tariff_brief *ret)
{
	*ret = (struct chg_tariff_brief){ 0 };
	(void)pthread_mutex_lock(&shelf->lock);
	const struct shelved *in_force = find_in_force(shelf, now);
	if (in_force != NULL) {
		ret->version = in_force->tariff->version;
		ret->in_force_from = in_force->tariff->in_force_from;
		memcpy(ret->name, in_force->tariff->name, sizeof ret->name);
	}
	for (const struct shelved *at = in_force == NULL ? shelf->first : in_force->next;
		at != NULL; at = at->next)
		ret->to_come++;
	(void)pthread_mutex_unlock(&shelf->lock);
}

/* --- from the store --- */

/* What of the store's tariffs is wanted, while they are scanned. */
struct wanted {
	int64_t after; /* versions that are known already */
	chg_instant now;
	int64_t in_force; /* 0 none */
	chg_instant in_force_from;
	json_t *list;
	enum chg_rc rc;
};

static bool find_each(void *to, const struct chg_tariff_line *line)
{
	struct wanted *wanted = to;
	bool is_later = wanted->in_force == 0 ||
			!chg_instant_before(line->in_force_from, wanted->in_force_from);
	/* They come in the order of their versions, so an equal time is superseded too. */
	if (!chg_instant_before(wanted->now, line->in_force_from) && is_later) {
		wanted->in_force = line->version;
		wanted->in_force_from = line->in_force_from;
	}
	return true;
}

static bool list_each(void *to, const struct chg_tariff_line *line)
{
	struct wanted *wanted = to;
	bool is_wanted = line->version == wanted->in_force ||
			 chg_instant_before(wanted->now, line->in_force_from);
	if (!is_wanted || line->version <= wanted->after)
		return true;
	json_t *one = json_pack("{s:I, s:I, s:s%}", "version", (json_int_t)line->version,
		"in_force_from_us", (json_int_t)line->in_force_from.us, "text", line->text.ptr,
		line->text.len);
	if (one == NULL || json_array_append_new(wanted->list, one) != 0)
		wanted->rc = CHG_E_NO_MEMORY;
	return wanted->rc == CHG_OK;
}

/* The work: request["after"] is the highest version that is known. */
static enum chg_rc list_wanted(
	const json_t *request, json_t *reply, struct chg_store *store, struct chg_now now)
{
	struct wanted wanted = {
		.after = json_integer_value(json_object_get(request, "after")),
		.now = now.wall,
		.list = json_array(),
	};
	enum chg_rc rc = store->books->tariff_scan(store->self, find_each, &wanted);
	if (rc == CHG_OK)
		rc = store->books->tariff_scan(store->self, list_each, &wanted);
	(void)json_object_set_new(reply, "tariffs", wanted.list);
	return rc == CHG_OK ? wanted.rc : rc;
}

static void log_unreadable(
	const struct chg_tariff_shelf *shelf, int64_t version, const json_t *reply)
{
	const char *why = json_string_value(json_object_get(reply, "why"));
	chg_log_event(shelf->log, CHG_LOG_ERROR,
		"tariff.unreadable version=%" PRId64 " cause=%s cure=%s", version,
		why == NULL ? "no memory" : why,
		"until a version that can be read is loaded, requests are refused");
}

static void take_one(struct chg_tariff_shelf *shelf, json_t *from)
{
	struct chg_tariff *tariff = NULL;
	json_t *reply = json_object();
	int64_t version = json_integer_value(json_object_get(from, "version"));
	if (chg_tariff_check(from, reply, &tariff) != CHG_OK) {
		log_unreadable(shelf, version, reply);
		json_decref(reply);
		return;
	}
	json_decref(reply);
	tariff->version = version;
	tariff->in_force_from.us = json_integer_value(json_object_get(from, "in_force_from_us"));
	chg_log_event(shelf->log, CHG_LOG_INFO, "tariff.read version=%" PRId64 " name=%s", version,
		tariff->name);
	if (chg_tariff_shelf_put(shelf, tariff) != CHG_OK)
		chg_log_event(shelf->log, CHG_LOG_ERROR,
			"tariff.left_out version=%" PRId64 " cause=%s", version,
			"too many versions wait for their time");
}

static json_t *make_request(struct chg_tariff_shelf *shelf)
{
	(void)pthread_mutex_lock(&shelf->lock);
	int64_t newest = shelf->newest;
	(void)pthread_mutex_unlock(&shelf->lock);
	return json_pack("{s:I}", "after", (json_int_t)newest);
}

static void take_all(struct chg_tariff_shelf *shelf, const json_t *reply)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(reply, "tariffs"), i, one)
	{
		take_one(shelf, one);
	}
}

enum chg_rc chg_tariff_follow_store(
	struct chg_tariff_shelf *shelf, struct chg_store *store, struct chg_now now)
{
	json_t *request = make_request(shelf);
	json_t *reply = json_object();
	enum chg_rc rc = list_wanted(request, reply, store, now);
	if (rc == CHG_OK)
		take_all(shelf, reply);
	json_decref(request);
	json_decref(reply);
	return rc;
}

enum chg_rc chg_tariff_follow(struct chg_tariff_shelf *shelf, struct chg_engine *engine)
{
	json_t *request = make_request(shelf);
	json_t *reply = json_object();
	enum chg_rc rc = chg_control_change(engine, list_wanted, 0, request, reply);
	if (rc == CHG_OK)
		take_all(shelf, reply);
	json_decref(request);
	json_decref(reply);
	return rc;
}

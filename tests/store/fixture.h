/* SPDX-License-Identifier: BSD-3-Clause
 * What the tests of the stores share: a store in a folder of its own, requests, and a text of all
 * that a store holds, so that two stores can be compared.
 */
#ifndef CHG_TESTS_STORE_FIXTURE_H
#define CHG_TESTS_STORE_FIXTURE_H

#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_private.h"

struct fixture {
	bool is_sqlite;
	bool has_small_cache; /* one account and one session at a time: nothing of it may be seen */
	struct chg_store store;
	char folder[64];
	char path[96]; /* of the database */
};

static inline void fixture_shrink_cache(struct fixture *fixture)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(fixture->store.self);
	chg_cache_close(&sqlite->cache);
	assert_true(chg_cache_open(&sqlite->cache, 1));
	chg_recents_close(&sqlite->recents);
	assert_true(chg_recents_open(&sqlite->recents, 1));
	fixture->has_small_cache = true;
}

static inline void fixture_open_store(struct fixture *fixture)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum chg_rc rc = fixture->is_sqlite ? chg_sqlite_store_open(fixture->path,
						      CHG_SQLITE_READ_WRITE_CREATE, &fixture->store,
						      why, sizeof why)
					    : chg_memory_store_open(&fixture->store);
	if (rc != CHG_OK)
		fail_msg("cannot open the store: %d: %s", rc, why);
	if (fixture->is_sqlite && fixture->has_small_cache)
		fixture_shrink_cache(fixture);
}

static inline void fixture_folder(struct fixture *fixture)
{
	snprintf(fixture->folder, sizeof fixture->folder, "store-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof fixture->path, "%s/charging.db", fixture->folder);
}

static inline struct fixture fixture_make(bool is_sqlite)
{
	struct fixture fixture = { .is_sqlite = is_sqlite };
	fixture_folder(&fixture);
	fixture_open_store(&fixture);
	return fixture;
}

static inline void fixture_close_store(struct fixture *fixture)
{
	if (fixture->store.ops != NULL)
		fixture->store.ops->close(fixture->store.self);
	fixture->store = (struct chg_store){ 0 };
}

static inline void fixture_remove(struct fixture *fixture)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal", ".lock", ".copy",
		".copy.part" };
	fixture_close_store(fixture);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		char name[128];
		snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(fixture->folder), 0);
}

/* A restart of the node; memory has none and goes on. */
static inline void fixture_restart(struct fixture *fixture)
{
	if (!fixture->is_sqlite)
		return;
	fixture_close_store(fixture);
	fixture_open_store(fixture);
}

static inline struct chg_now at_s(int64_t seconds)
{
	chg_instant at = { seconds * CHG_US_PER_S };
	return (struct chg_now){ .wall = at, .steady = at };
}

/* A request of the client im1; content and digest follow from what names it. */
static inline struct chg_acr acr_of(const char *session, enum chg_record_type type, uint32_t number)
{
	struct chg_acr acr = {
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = chg_view_of(session),
		.type = type,
		.number = number,
		.service_context_id = CHG_VIEW("8.32274@3gpp.org"),
		.content = CHG_VIEW("{}"),
	};
	acr.digest.bytes[0] = (uint8_t)type;
	acr.digest.bytes[1] = (uint8_t)number;
	return acr;
}

static const struct chg_acct_policy ten_seconds = { .session_idle = { 10 * CHG_US_PER_S } };

/* Load, decide, apply; inside the caller's transaction. */
static inline enum chg_rc offer(struct chg_store *store, struct chg_now now,
	const struct chg_acr *acr, struct chg_acct_facts *ret_facts)
{
	struct chg_acct_plan plan;
	enum chg_rc rc = store->ops->load_acct(store->self, acr, ret_facts);
	if (rc != CHG_OK)
		return rc;
	chg_accounting_decide(ret_facts, &ten_seconds, now, acr, &plan);
	return store->ops->apply_acct(store->self, now, acr, &plan);
}

static inline void begin_ok(struct chg_store *store)
{
	assert_int_equal(store->ops->begin(store->self), CHG_OK);
}

static inline void commit_ok(struct chg_store *store)
{
	assert_int_equal(store->ops->commit(store->self), CHG_OK);
}

/* One request in a transaction of its own.  Returns the facts that it met. */
static inline struct chg_acct_facts take(
	struct chg_store *store, int64_t seconds, const struct chg_acr *acr)
{
	struct chg_acct_facts facts = { 0 };
	begin_ok(store);
	assert_int_equal(offer(store, at_s(seconds), acr, &facts), CHG_OK);
	commit_ok(store);
	return facts;
}

/* A writer of everything in a store as text. */
struct dump {
	FILE *to;
	struct chg_store *store;
};

static inline void dump_text(FILE *to, const char *name, struct chg_view view)
{
	if (chg_view_present(view))
		fprintf(to, " %s=\"%.*s\"", name, (int)view.len, view.ptr);
}

static inline void dump_number(FILE *to, const char *name, bool is_present, int64_t value)
{
	if (is_present)
		fprintf(to, " %s=%" PRId64, name, value);
}

#define DUMP_OPT(to, of, field)                                                                    \
	dump_number(to, #field, (of)->field.is_present, (int64_t)(of)->field.value)
#define DUMP_OPT_INSTANT(to, of, field)                                                            \
	dump_number(to, #field, (of)->field.is_present, (of)->field.value.us)
#define DUMP_TEXT(to, of, field)    dump_text(to, #field, (of)->field)
#define DUMP_NUMBER(to, of, field)  dump_number(to, #field, true, (int64_t)(of)->field)
#define DUMP_INSTANT(to, of, field) dump_number(to, #field, true, (of)->field.us)

static inline bool dump_entry(void *arg, const struct chg_cdr_entry *entry)
{
	FILE *to = arg;
	fprintf(to, "\n  entry");
	DUMP_NUMBER(to, entry, entry_no);
	DUMP_NUMBER(to, entry, type);
	DUMP_NUMBER(to, entry, number);
	DUMP_NUMBER(to, entry, marks);
	DUMP_OPT_INSTANT(to, entry, event_time);
	DUMP_INSTANT(to, entry, received_at);
	DUMP_OPT(to, entry, application_service_type);
	DUMP_OPT(to, entry, participants);
	DUMP_OPT(to, entry, messages_sent);
	DUMP_OPT(to, entry, messages_exploded);
	DUMP_OPT(to, entry, messages_sent_delivered);
	DUMP_OPT(to, entry, messages_exploded_delivered);
	DUMP_OPT(to, entry, cause_code);
	DUMP_TEXT(to, entry, content);
	return true;
}

static inline bool dump_participant(void *arg, const struct chg_cdr_participant *participant)
{
	FILE *to = arg;
	fprintf(to, "\n  participant");
	DUMP_NUMBER(to, participant, entry_no);
	DUMP_NUMBER(to, participant, ordinal);
	DUMP_TEXT(to, participant, party);
	DUMP_NUMBER(to, participant, action);
	DUMP_INSTANT(to, participant, at);
	return true;
}

static inline void dump_state(FILE *to, const struct chg_cdr_state *state)
{
	DUMP_NUMBER(to, state, cdr_id);
	DUMP_NUMBER(to, state, local_sequence);
	DUMP_NUMBER(to, state, kind);
	DUMP_NUMBER(to, state, status);
	DUMP_NUMBER(to, state, marks);
	DUMP_NUMBER(to, state, has_start);
	DUMP_NUMBER(to, state, has_stop);
	DUMP_NUMBER(to, state, entry_count);
	DUMP_NUMBER(to, state, number_count);
	DUMP_NUMBER(to, state, number_min);
	DUMP_NUMBER(to, state, number_max);
	DUMP_INSTANT(to, state, started_at);
	DUMP_INSTANT(to, state, last_at);
	DUMP_INSTANT(to, state, figures_at);
	DUMP_OPT_INSTANT(to, state, ended_at);
	DUMP_OPT_INSTANT(to, state, closed_at);
	DUMP_OPT_INSTANT(to, state, supervise_until);
	DUMP_NUMBER(to, state, origin_state_id);
	DUMP_NUMBER(to, state, interim_interval_s);
}

/* Also reads what hangs on the record: a scan may be started inside another one. */
static inline bool dump_cdr(void *arg, const struct chg_cdr *cdr)
{
	struct dump *dump = arg;
	FILE *to = dump->to;
	fprintf(to, "cdr");
	dump_state(to, &cdr->state);
	DUMP_INSTANT(to, cdr, received_first_at);
	DUMP_INSTANT(to, cdr, received_last_at);
	DUMP_TEXT(to, cdr, source);
	DUMP_TEXT(to, cdr, origin_host);
	DUMP_TEXT(to, cdr, origin_realm);
	DUMP_TEXT(to, cdr, session_id);
	DUMP_OPT(to, cdr, sub_session_id);
	DUMP_TEXT(to, cdr, multi_session_id);
	DUMP_TEXT(to, cdr, user_name);
	DUMP_TEXT(to, cdr, service_context_id);
	DUMP_TEXT(to, cdr, application_server_id);
	DUMP_OPT(to, cdr, application_service_type);
	DUMP_OPT(to, cdr, application_session_id);
	DUMP_TEXT(to, cdr, delivery_status);
	DUMP_TEXT(to, cdr, icid);
	DUMP_TEXT(to, cdr, call_id);
	DUMP_TEXT(to, cdr, sip_method);
	DUMP_TEXT(to, cdr, calling_party);
	DUMP_TEXT(to, cdr, called_party);
	DUMP_TEXT(to, cdr, group_name);
	DUMP_OPT(to, cdr, participants_invited);
	DUMP_OPT(to, cdr, participants_attached);
	DUMP_OPT(to, cdr, messages_sent);
	DUMP_OPT(to, cdr, messages_exploded);
	DUMP_OPT(to, cdr, messages_sent_delivered);
	DUMP_OPT(to, cdr, messages_exploded_delivered);
	DUMP_OPT(to, cdr, content_octets);
	DUMP_OPT(to, cdr, cause_code);
	DUMP_OPT(to, cdr, termination_cause);
	DUMP_TEXT(to, cdr, content);
	const struct chg_store *store = dump->store;
	assert_int_equal(
		store->ops->scan_entries(store->self, cdr->state.cdr_id, dump_entry, to), CHG_OK);
	assert_int_equal(
		store->ops->scan_participants(store->self, cdr->state.cdr_id, dump_participant, to),
		CHG_OK);
	fprintf(to, "\n");
	return true;
}

/* Everything that fits the filter, as text; the caller frees it. */
static inline char *dump_of(struct chg_store *store, const struct chg_cdr_filter *filter)
{
	static const struct chg_cdr_filter all;
	char *text = NULL;
	size_t size = 0;
	struct dump dump = { .to = open_memstream(&text, &size), .store = store };
	assert_non_null(dump.to);
	assert_int_equal(
		store->ops->scan_cdrs(store->self, filter == NULL ? &all : filter, dump_cdr, &dump),
		CHG_OK);
	fclose(dump.to);
	return text;
}

#endif

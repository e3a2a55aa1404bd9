/* SPDX-License-Identifier: BSD-3-Clause
 * port/store.h in terms of statements: the part that writes.
 */
#include <assert.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

static const struct chg_view offline = { .ptr = "CH-1", .len = 4 };
static const struct chg_view online = { .ptr = "CH-2", .len = 4 };

enum {
	/* last_seen_us of a peer is written when it is older than this. */
	SEEN_AGAIN_US = 60 * 1000000,

	/* Records whose supervision turns out to be later, moved in one turn. */
	LATER_PER_TURN = 256,

	/* Bits of chg_brief.texts, in the order of chg_rows_acr_texts; participants_invited is behind. */
	TEXTS_APPLICATION_SESSION_ID = 1 << 6,
	TEXTS_ICID = 1 << 7,
	TEXTS_INVITED = 1 << 13,
};

/* What the caches know may have been undone. */
static void forget_cached(struct chg_sqlite *sqlite)
{
	memset(sqlite->hosts, 0, sizeof sqlite->hosts);
	sqlite->epochs.is_loaded = false;
	sqlite->zone = (struct chg_zone){ .no = -1 };
	sqlite->cdr_id.is_loaded = false;
	sqlite->local_sequence.is_loaded = false;
	sqlite->posting_id.is_loaded = false;
	sqlite->cdr_id.is_changed = false;
	sqlite->local_sequence.is_changed = false;
	sqlite->posting_id.is_changed = false;
	sqlite->bucket_id.is_loaded = false;
	sqlite->bucket_id.is_changed = false;
	chg_recents_clear(&sqlite->recents);
	chg_sqlite_books_forget(sqlite);
}

/* What was found for the request that was worked on. */
static void forget_request(struct chg_sqlite *sqlite)
{
	sqlite->known.brief.state.cdr_id = 0;
	sqlite->newcomer = (struct chg_newcomer){ 0 };
}

static enum chg_rc begin(void *self)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(!sqlite->is_in_transaction);
	chg_sqlite_log_tend(sqlite);
	enum chg_rc rc = chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_begin));
	sqlite->is_in_transaction = rc == CHG_OK;
	sqlite->failure = CHG_OK;
	return rc;
}

static void rollback(void *self)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	/* A rollback that fails leaves nothing that could still be committed by us: begin says so. */
	if (!sqlite3_get_autocommit(sqlite->db))
		(void)chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_rollback));
	if (sqlite->is_in_transaction)
		forget_cached(sqlite);
	chg_sqlite_forget_kept(sqlite);
	forget_request(sqlite);
	sqlite->is_in_transaction = false;
	sqlite->failure = CHG_OK;
}

enum chg_rc chg_sqlite_sequence_peek(
	struct chg_sqlite *sqlite, struct chg_sequence *sequence, int64_t *ret)
{
	if (!sequence->is_loaded) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_sequence_get);
		bool has_row = false;
		chg_stmt_text(stmt, CHG_N_name, sequence->name);
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK)
			return rc;
		if (!has_row)
			return CHG_E_STORE_CORRUPT;
		sequence->next = sqlite3_column_int64(stmt->handle, 0);
		sequence->is_loaded = true;
		chg_stmt_reset(stmt);
	}
	*ret = sequence->next;
	return CHG_OK;
}

enum chg_rc chg_sqlite_sequence_take(
	struct chg_sqlite *sqlite, struct chg_sequence *sequence, int64_t *ret)
{
	enum chg_rc rc = chg_sqlite_sequence_peek(sqlite, sequence, ret);
	if (rc != CHG_OK)
		return rc;
	sequence->next++;
	sequence->is_changed = true;
	return CHG_OK;
}

static enum chg_rc sequence_write(struct chg_sqlite *sqlite, struct chg_sequence *sequence)
{
	if (!sequence->is_changed)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_sequence_put);
	chg_stmt_text(stmt, CHG_N_name, sequence->name);
	chg_stmt_i64(stmt, CHG_N_next_value, sequence->next);
	sequence->is_changed = false;
	return chg_stmt_run(stmt);
}

static enum chg_rc zone_write(struct chg_sqlite *sqlite)
{
	struct chg_zone *zone = &sqlite->zone;
	if (!zone->is_changed)
		return CHG_OK;
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_zone_put);
	chg_stmt_i64(stmt, CHG_N_zone_no, zone->no);
	chg_stmt_i64(stmt, CHG_N_started_min_us, zone->min_us);
	chg_stmt_i64(stmt, CHG_N_started_max_us, zone->max_us);
	zone->is_changed = false;
	return chg_stmt_run(stmt);
}

/* Notes when a record started.  Nearly all of them are new, and their zone is the last one. */
static enum chg_rc zone_note(struct chg_sqlite *sqlite, int64_t cdr_id, chg_instant started_at)
{
	struct chg_zone *zone = &sqlite->zone;
	int64_t no = cdr_id / CHG_ZONE_SIZE, us = started_at.us;
	if (zone->no == no && us >= zone->min_us && us <= zone->max_us)
		return CHG_OK;
	if (zone->no != no) {
		enum chg_rc rc = zone_write(sqlite);
		*zone = (struct chg_zone){
			.is_changed = true, .no = no, .min_us = us, .max_us = us
		};
		return rc;
	}
	zone->min_us = us < zone->min_us ? us : zone->min_us;
	zone->max_us = us > zone->max_us ? us : zone->max_us;
	zone->is_changed = true;
	return CHG_OK;
}

static enum chg_rc commit(void *self)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	enum chg_rc rc = sqlite->failure;
	if (rc == CHG_OK)
		rc = zone_write(sqlite);
	if (rc == CHG_OK)
		rc = sequence_write(sqlite, &sqlite->cdr_id);
	if (rc == CHG_OK)
		rc = sequence_write(sqlite, &sqlite->local_sequence);
	if (rc == CHG_OK)
		rc = sequence_write(sqlite, &sqlite->posting_id);
	if (rc == CHG_OK)
		rc = sequence_write(sqlite, &sqlite->bucket_id);
	if (rc == CHG_OK)
		rc = chg_sqlite_books_commit(sqlite);
	/*
	 * A file that somebody moved, replaced or deleted is written to without an error, and all
	 * that was answered would go with it.
	 */
	if (rc == CHG_OK && !chg_sqlite_is_in_place(sqlite))
		rc = CHG_E_STORE_CORRUPT;
	if (rc == CHG_OK)
		rc = chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_commit));
	if (rc != CHG_OK) {
		rollback(self);
		return rc;
	}
	sqlite->is_in_transaction = false;
	forget_request(sqlite);
	chg_sqlite_forget_kept(sqlite);
	return CHG_OK;
}

/* FNV-1a: spreads names over the slots of a cache, and tells a changed realm. */
static uint64_t hash_of(struct chg_view text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static struct chg_host *host_slot(struct chg_sqlite *sqlite, struct chg_view name)
{
	return &sqlite->hosts[hash_of(name) % CHG_HOST_CACHE_SIZE];
}

static bool host_is(const struct chg_host *host, struct chg_view name)
{
	return host->id != 0 && host->name_len == name.len &&
	       memcmp(host->name, name.ptr, name.len) == 0;
}

static void host_keep(struct chg_sqlite *sqlite, struct chg_view name, const struct chg_host *host)
{
	if (name.len > CHG_HOST_NAME_MAX)
		return;
	struct chg_host *slot = host_slot(sqlite, name);
	if (slot != host)
		*slot = *host;
	slot->name_len = name.len;
	if (name.len > 0)
		memcpy(slot->name, name.ptr, name.len);
}

enum chg_rc chg_sqlite_host_find(
	struct chg_sqlite *sqlite, struct chg_view name, struct chg_host *ret)
{
	struct chg_host *slot = host_slot(sqlite, name);
	if (host_is(slot, name)) {
		*ret = *slot;
		return CHG_OK;
	}
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_host_get);
	bool has_row = false;
	chg_stmt_text(stmt, CHG_N_name, name);
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return rc;
	*ret = (struct chg_host){ 0 };
	if (!has_row)
		return CHG_OK;
	ret->id = sqlite3_column_int64(stmt->handle, 0);
	ret->origin_state_id = (uint32_t)sqlite3_column_int64(stmt->handle, 1);
	ret->last_seen_us = sqlite3_column_int64(stmt->handle, 2);
	ret->realm_hash = hash_of(chg_stmt_column_text(stmt, 3));
	chg_stmt_reset(stmt);
	host_keep(sqlite, name, ret);
	return CHG_OK;
}

static enum chg_rc host_add(struct chg_sqlite *sqlite, struct chg_now now, struct chg_view name,
	struct chg_view realm, struct chg_host *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_host_add);
	chg_stmt_text(stmt, CHG_N_name, name);
	chg_stmt_text(stmt, CHG_N_origin_realm, realm);
	chg_stmt_i64(stmt, CHG_N_received_us, now.wall.us);
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc != CHG_OK)
		return rc;
	*ret = (struct chg_host){ .id = sqlite3_last_insert_rowid(sqlite->db),
		.last_seen_us = now.wall.us,
		.realm_hash = hash_of(realm) };
	host_keep(sqlite, name, ret);
	return CHG_OK;
}

enum chg_rc chg_sqlite_host_touch(struct chg_sqlite *sqlite, struct chg_now now,
	struct chg_view name, struct chg_view realm, struct chg_host *ret)
{
	enum chg_rc rc = chg_sqlite_host_find(sqlite, name, ret);
	if (rc != CHG_OK)
		return rc;
	if (ret->id == 0)
		return host_add(sqlite, now, name, realm, ret);
	bool has_moved = chg_view_present(realm) && hash_of(realm) != ret->realm_hash;
	if (!has_moved && now.wall.us - ret->last_seen_us < SEEN_AGAIN_US)
		return CHG_OK;

	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_host_touch);
	chg_stmt_i64(stmt, CHG_N_origin_host_id, ret->id);
	chg_stmt_text(stmt, CHG_N_origin_realm, realm);
	chg_stmt_i64(stmt, CHG_N_received_us, now.wall.us);
	ret->last_seen_us = now.wall.us;
	if (has_moved)
		ret->realm_hash = hash_of(realm);
	rc = chg_stmt_run(stmt);
	if (rc == CHG_OK)
		host_keep(sqlite, name, ret);
	return rc;
}

static enum chg_rc host_raise(struct chg_sqlite *sqlite, struct chg_view name,
	struct chg_host *host, uint32_t origin_state_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_host_raise);
	chg_stmt_i64(stmt, CHG_N_origin_host_id, host->id);
	chg_stmt_i64(stmt, CHG_N_origin_state_id, origin_state_id);
	host->origin_state_id = origin_state_id;
	enum chg_rc rc = chg_stmt_run(stmt);
	if (rc == CHG_OK)
		host_keep(sqlite, name, host);
	return rc;
}

struct chg_sub_session chg_sub_session_write(chg_opt_u64 id)
{
	struct chg_sub_session ret = { .len = 0 };
	if (id.is_present)
		ret.len = (size_t)(chg_decimal_put_u64(ret.text, id.value) - ret.text);
	return ret;
}

chg_opt_u64 chg_sub_session_read(struct chg_view text)
{
	chg_opt_u64 ret = { .is_present = text.len > 0 };
	for (size_t i = 0; i < text.len; i++)
		ret.value = ret.value * 10 + (uint64_t)(text.ptr[i] - '0');
	return ret;
}

void chg_sqlite_bind_session(struct chg_stmt *stmt, int64_t host_id, const struct chg_acr *acr,
	const struct chg_sub_session *sub)
{
	chg_stmt_i64(stmt, CHG_N_origin_host_id, host_id);
	chg_stmt_text(stmt, CHG_N_session_id, acr->session_id);
	chg_stmt_text(
		stmt, CHG_N_sub_session, (struct chg_view){ .ptr = sub->text, .len = sub->len });
}

/* Whether the statement, which is bound, gives a row. */
enum chg_rc chg_sqlite_gives_row(struct chg_stmt *stmt, bool *ret)
{
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return rc;
	if (has_row)
		chg_stmt_reset(stmt);
	*ret = has_row;
	return CHG_OK;
}

enum chg_rc chg_sqlite_read_state(struct chg_stmt *stmt, bool *ret_row, struct chg_cdr_state *ret)
{
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc == CHG_OK && has_row) {
		chg_rows_read(&chg_rows_state, stmt, ret);
		chg_stmt_reset(stmt);
	}
	*ret_row = has_row;
	return rc;
}

/* Reads what cdr_state and session_latest give. */
static void known_read(struct chg_sqlite *sqlite, struct chg_stmt *stmt)
{
	struct chg_known *known = &sqlite->known;
	int column = (int)chg_rows_state.count;
	known->brief = (struct chg_brief){ 0 };
	known->named.len = 0;
	chg_rows_read(&chg_rows_state, stmt, &known->brief.state);
	known->brief.look_at = (chg_opt_instant){
		.is_present = sqlite3_column_type(stmt->handle, column) != SQLITE_NULL,
		.value = { sqlite3_column_int64(stmt->handle, column) },
	};
	known->icid_hash = hash_of(chg_stmt_column_text(stmt, column + 1));
	known->application_session_id = (uint32_t)sqlite3_column_int64(stmt->handle, column + 2);
	chg_parties_read(&known->parties, chg_stmt_column_text(stmt, column + 3));
	known->brief.texts = (uint32_t)sqlite3_column_int(stmt->handle, column + 4);
	known->is_whole = true;
	chg_stmt_reset(stmt);
}

static enum chg_rc known_fetch(struct chg_sqlite *sqlite, int64_t cdr_id, bool *ret_row)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_state);
	*ret_row = false;
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc == CHG_OK && *ret_row)
		known_read(sqlite, stmt);
	return rc;
}

/* What a record was before this request; most of the time that is known since it was decided on. */
static enum chg_rc known_load(struct chg_sqlite *sqlite, int64_t cdr_id)
{
	bool has_row;
	if (sqlite->known.brief.state.cdr_id == cdr_id)
		return CHG_OK;
	enum chg_rc rc = known_fetch(sqlite, cdr_id, &has_row);
	return rc == CHG_OK && !has_row ? CHG_E_STORE_CORRUPT : rc;
}

/* The rest of it, for a request that brings what may be new to the record. */
static enum chg_rc known_complete(struct chg_sqlite *sqlite)
{
	struct chg_brief brief = sqlite->known.brief;
	bool has_row;
	if (sqlite->known.is_whole)
		return CHG_OK;
	enum chg_rc rc = known_fetch(sqlite, brief.state.cdr_id, &has_row);
	sqlite->known.brief = brief;
	return rc == CHG_OK && !has_row ? CHG_E_STORE_CORRUPT : rc;
}

struct chg_asked chg_sqlite_asked(struct chg_sqlite *sqlite, struct chg_view source,
	int64_t host_id, const struct chg_acr *acr)
{
	struct chg_asked asked = { .source = source };
	if (acr->type == CHG_RECORD_EVENT)
		return asked;
	asked.key = chg_recent_key_of(acr, host_id, !chg_view_equal(source, offline));
	asked.recent = chg_recents_find(&sqlite->recents, &asked.key);
	sqlite->newcomer = (struct chg_newcomer){ .acr = acr, .hash = asked.key.hash };
	return asked;
}

bool chg_sqlite_is_unheard(const struct chg_asked *asked, const struct chg_acr *acr)
{
	if (asked->recent == NULL)
		return false;
	const struct chg_brief *brief = chg_recent_record(asked->recent);
	return brief->knows_numbers && acr->number > brief->number;
}

bool chg_sqlite_begins(const struct chg_asked *asked, const struct chg_acr *acr)
{
	return asked->recent == NULL && acr->type == CHG_RECORD_START;
}

struct chg_newcomer chg_sqlite_newcomer(
	const struct chg_sqlite *sqlite, const struct chg_acr *acr, uint64_t hash)
{
	const struct chg_newcomer *newcomer = &sqlite->newcomer;
	bool is_it = newcomer->acr == acr && newcomer->hash == hash;
	return is_it ? *newcomer : (struct chg_newcomer){ 0 };
}

void chg_sqlite_recent_keep(struct chg_sqlite *sqlite, const struct chg_recent_key *key,
	const struct chg_cc_session *session)
{
	const struct chg_known *known = &sqlite->known;
	chg_recents_put(
		&sqlite->recents, key, &known->brief, &known->named, session, sqlite->watched_at);
	forget_request(sqlite);
}

static enum chg_rc has_sub_sessions(struct chg_sqlite *sqlite, struct chg_view source,
	int64_t host_id, const struct chg_acr *acr, struct chg_acct_facts *facts)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_session_has_sub);
	chg_stmt_i64(stmt, CHG_N_origin_host_id, host_id);
	chg_stmt_text(stmt, CHG_N_source, source);
	chg_stmt_text(stmt, CHG_N_session_id, acr->session_id);
	return chg_sqlite_gives_row(stmt, &facts->has_sub_sessions);
}

/* A session that is not heard of yet has nothing of its name, most of the time. */
static enum chg_rc is_name_free(
	struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr, bool *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_session_any);
	bool is_taken = true;
	chg_stmt_i64(stmt, CHG_N_origin_host_id, host_id);
	chg_stmt_text(stmt, CHG_N_session_id, acr->session_id);
	enum chg_rc rc = chg_sqlite_gives_row(stmt, &is_taken);
	*ret = !is_taken;
	return rc;
}

static enum chg_rc latest_fetch(struct chg_sqlite *sqlite, struct chg_view source, int64_t host_id,
	const struct chg_acr *acr, bool *ret_row)
{
	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_session_latest);
	*ret_row = false;
	chg_sqlite_bind_session(stmt, host_id, acr, &sub);
	chg_stmt_text(stmt, CHG_N_source, source);
	enum chg_rc rc = chg_stmt_step(stmt, ret_row);
	if (rc == CHG_OK && *ret_row)
		known_read(sqlite, stmt);
	return rc;
}

/* The latest record of the session: what is kept of it, else by its number, else by its name. */
static enum chg_rc known_find(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_acr *acr, int64_t cdr_id, bool *ret_found)
{
	struct chg_known *known = &sqlite->known;
	bool *is_free = &sqlite->newcomer.has_no_record;
	enum chg_rc rc = CHG_OK;
	*ret_found = asked->recent != NULL;
	if (asked->recent != NULL) {
		known->brief = *chg_recent_record(asked->recent);
		chg_recent_named(asked->recent, &known->named);
		known->is_whole = false;
		return CHG_OK;
	}
	if (cdr_id != 0)
		rc = known_fetch(sqlite, cdr_id, ret_found);
	if (rc != CHG_OK || *ret_found)
		return rc;
	if (chg_sqlite_begins(asked, acr))
		rc = is_name_free(sqlite, host_id, acr, is_free);
	return rc == CHG_OK && !*is_free
		       ? latest_fetch(sqlite, asked->source, host_id, acr, ret_found)
		       : rc;
}

/* An event touches no session, so nothing of one is looked up for it. */
enum chg_rc chg_sqlite_load_record(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	const struct chg_host *host, const struct chg_acr *acr, int64_t cdr_id,
	struct chg_acct_facts *facts)
{
	const struct chg_brief *brief = &sqlite->known.brief;
	facts->host_state_id = host->origin_state_id;
	if (acr->type == CHG_RECORD_EVENT)
		return CHG_OK;
	enum chg_rc rc = known_find(sqlite, asked, host->id, acr, cdr_id, &facts->has_record);
	if (rc != CHG_OK)
		return rc;
	if (facts->has_record)
		facts->record = brief->state;
	bool is_asked = chg_accounting_asks_for_sub_sessions(
		acr, facts->has_record ? &facts->record : NULL);
	if (!is_asked || (facts->has_record && brief->has_no_sub))
		return CHG_OK;
	return has_sub_sessions(sqlite, asked->source, host->id, acr, facts);
}

static enum chg_rc load(
	struct chg_sqlite *sqlite, const struct chg_acr *acr, struct chg_acct_facts *facts)
{
	struct chg_host host;
	enum chg_rc rc = chg_sqlite_host_find(sqlite, acr->origin_host, &host);
	if (rc != CHG_OK || host.id == 0)
		return rc;
	struct chg_asked asked = chg_sqlite_asked(sqlite, offline, host.id, acr);
	rc = chg_sqlite_seen_load(sqlite, &asked, host.id, acr, facts);
	return rc == CHG_OK ? chg_sqlite_load_record(sqlite, &asked, &host, acr, 0, facts) : rc;
}

static enum chg_rc load_acct(void *self, const struct chg_acr *acr, struct chg_acct_facts *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	struct chg_acct_facts facts = { 0 };
	enum chg_rc rc = load(sqlite, acr, &facts);
	if (rc == CHG_OK)
		*ret = facts;
	return chg_sqlite_remember(sqlite, rc);
}

void chg_sqlite_record_forget(struct chg_sqlite *sqlite, int64_t cdr_id)
{
	if (sqlite->known.brief.state.cdr_id == cdr_id)
		sqlite->known.brief.state.cdr_id = 0;
	chg_recents_forget_record(&sqlite->recents, cdr_id);
}

/*
 * Closes a record.  It gets its number here; one that has a number keeps it, even when the plan was
 * made before it was given.  When it started is never changed by that.
 */
enum chg_rc chg_sqlite_state_write(struct chg_sqlite *sqlite, struct chg_cdr_state state)
{
	enum chg_rc rc = CHG_OK;
	struct chg_stmt *stmt;
	if (state.status == CHG_CDR_CLOSED && state.local_sequence == 0) {
		bool has_row = false;
		stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_local_sequence);
		chg_stmt_i64(stmt, CHG_N_cdr_id, state.cdr_id);
		rc = chg_stmt_step(stmt, &has_row);
		if (rc == CHG_OK && has_row) {
			state.local_sequence = sqlite3_column_int64(stmt->handle, 0);
			chg_stmt_reset(stmt);
		}
		if (rc == CHG_OK && state.local_sequence == 0)
			rc = chg_sqlite_sequence_take(
				sqlite, &sqlite->local_sequence, &state.local_sequence);
		if (rc != CHG_OK)
			return rc;
	}
	chg_sqlite_record_forget(sqlite, state.cdr_id);
	stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_close);
	chg_rows_bind(&chg_rows_state, stmt, &state);
	return chg_stmt_run(stmt);
}

/* Closes the open sessions of a peer whose Origin-State-Id is lower, the lowest first. */
static enum chg_rc close_older(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	uint32_t origin_state_id, uint32_t *closed)
{
	for (;;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_host_next_older);
		struct chg_cdr_state record;
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_origin_host_id, host_id);
		chg_stmt_i64(stmt, CHG_N_origin_state_id, origin_state_id);
		enum chg_rc rc = chg_sqlite_read_state(stmt, &has_row, &record);
		if (rc != CHG_OK || !has_row)
			return rc;
		rc = chg_sqlite_state_write(sqlite, chg_accounting_expire(&record, now));
		if (rc != CHG_OK)
			return rc;
		++*closed;
	}
}

/* Closes what is open below a session, in the order of the sub-sessions' texts. */
static enum chg_rc close_sub_sessions(struct chg_sqlite *sqlite, struct chg_now now,
	int64_t host_id, const struct chg_acr *acr, chg_opt_instant ended_at)
{
	struct chg_sub_session last = { .len = 0 };
	int64_t last_id = 0;
	for (;;) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_sub_session_next_open);
		bool has_row = false;
		chg_sqlite_bind_session(stmt, host_id, acr, &last);
		chg_stmt_i64(stmt, CHG_N_cdr_id, last_id);
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		struct chg_cdr_state record;
		chg_rows_read(&chg_rows_state, stmt, &record);
		last = chg_sub_session_write(chg_sub_session_read(
			chg_stmt_column_text(stmt, (int)chg_rows_state.count)));
		last_id = record.cdr_id;
		chg_stmt_reset(stmt);

		record.status = CHG_CDR_CLOSED;
		record.ended_at = ended_at;
		record.closed_at = (chg_opt_instant){ true, now.wall };
		record.supervise_until = (chg_opt_instant){ 0 };
		rc = chg_sqlite_state_write(sqlite, record);
		if (rc != CHG_OK)
			return rc;
	}
}

/* Number-Of-Participants says how many were invited in a START, and how many are there otherwise. */
static void bind_invited(struct chg_stmt *stmt, const struct chg_acr *acr)
{
	if (acr->type == CHG_RECORD_START && acr->participants.is_present)
		chg_stmt_i64(stmt, CHG_N_participants_invited, acr->participants.value);
	else
		chg_stmt_null(stmt, CHG_N_participants_invited);
}

/* Absent figures are NULL, which the statements take for "as it was". */
static void bind_figures(struct chg_stmt *stmt, const struct chg_acr *acr, bool has_figures)
{
	if (has_figures)
		chg_rows_bind(&chg_rows_acr_figures, stmt, acr);
	else
		chg_rows_bind_null(&chg_rows_acr_figures, stmt);
	if (has_figures && acr->type != CHG_RECORD_START && acr->participants.is_present)
		chg_stmt_i64(stmt, CHG_N_participants_attached, acr->participants.value);
	else
		chg_stmt_null(stmt, CHG_N_participants_attached);
}

/* Records of CH-2 are supervised by their sessions. */
static struct chg_cdr_state supervised(
	const struct chg_charged *charged, struct chg_cdr_state state)
{
	if (charged != NULL)
		state.supervise_until = (chg_opt_instant){ 0 };
	return state;
}

static void bind_number(struct chg_stmt *stmt, enum chg_name name, bool is_present, int64_t value)
{
	if (is_present)
		chg_stmt_i64(stmt, name, value);
	else
		chg_stmt_null(stmt, name);
}

/* What is added to the cost of a record. */
static void bind_cost(struct chg_stmt *stmt, const struct chg_charged *charged)
{
	bool has_payer = charged != NULL && charged->account != NULL;
	bind_number(stmt, CHG_N_cost_micros, has_payer, has_payer ? charged->cost.micros : 0);
}

/* Who pays for a new record, and how much. */
static void bind_charge(struct chg_stmt *stmt, const struct chg_charged *charged)
{
	const struct chg_account *account = charged == NULL ? NULL : charged->account;
	bool has_payer = account != NULL;
	bind_cost(stmt, charged);
	bind_number(stmt, CHG_N_account_id, has_payer, has_payer ? account->account_id : 0);
	bind_number(stmt, CHG_N_currency, has_payer, has_payer ? account->currency.number : 0);
}

/* What a request did, which an event has in its record and a session's request in its entry. */
static void bind_done(struct chg_stmt *stmt, const struct chg_charged *charged)
{
	int64_t posting_id = charged == NULL ? 0 : charged->posting_id;
	bind_number(stmt, CHG_N_posting_id, posting_id != 0, posting_id);
	chg_stmt_text(
		stmt, CHG_N_services, charged == NULL ? (struct chg_view){ 0 } : charged->services);
}

/* The parties of a new record; the text lives until the next record is read. */
static struct chg_view parties_of(struct chg_sqlite *sqlite, const struct chg_acr *acr)
{
	struct chg_known *known = &sqlite->known;
	bool is_changed, is_named;
	known->brief.state.cdr_id = 0;
	chg_parties_read(&known->parties, (struct chg_view){ 0 });
	chg_parties_add(&known->parties, acr, &is_changed, &is_named);
	return chg_parties_text(&known->parties);
}

/* Which texts a request brings, and the number of those that it invites. */
static uint32_t texts_of(const struct chg_acr *acr)
{
	bool has_invited = acr->type == CHG_RECORD_START && acr->participants.is_present;
	return chg_rows_present(&chg_rows_acr_texts, acr) | (has_invited ? TEXTS_INVITED : 0);
}

/* What will be known of a new record; of one that is not the only one of its name, less. */
static void known_begin(struct chg_sqlite *sqlite, const struct chg_cdr_state *record,
	int64_t host_id, const struct chg_acr *acr, bool is_online)
{
	struct chg_known *known = &sqlite->known;
	struct chg_recent_key key = chg_recent_key_of(acr, host_id, is_online);
	struct chg_newcomer newcomer = chg_sqlite_newcomer(sqlite, acr, key.hash);
	bool is_sub_session = acr->sub_session_id.is_present;
	known->brief = (struct chg_brief){
		.state = *record,
		.look_at = record->supervise_until,
		.texts = texts_of(acr),
		.has_no_sub = newcomer.has_no_record && !is_sub_session,
		.knows_numbers = newcomer.has_no_request,
		.number = acr->number,
	};
	known->is_whole = false;
	chg_named_take(&known->named, acr);
	if (is_sub_session)
		chg_sqlite_has_sub(sqlite, host_id, acr, is_online);
}

/* A session that has got a sub-session is not one without any, whatever is kept of it. */
void chg_sqlite_has_sub(
	struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr, bool is_online)
{
	struct chg_acr whole = { .session_id = acr->session_id };
	struct chg_recent_key key = chg_recent_key_of(&whole, host_id, is_online);
	chg_recents_forget(&sqlite->recents, &key);
}

static enum chg_rc record_insert(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged, int64_t *ret_cdr_id)
{
	struct chg_cdr_state record = supervised(charged, plan->record);
	enum chg_rc rc = chg_sqlite_sequence_take(sqlite, &sqlite->cdr_id, &record.cdr_id);
	if (rc == CHG_OK && record.status == CHG_CDR_CLOSED)
		rc = chg_sqlite_sequence_take(
			sqlite, &sqlite->local_sequence, &record.local_sequence);
	if (rc != CHG_OK)
		return rc;

	struct chg_sub_session sub = chg_sub_session_write(acr->sub_session_id);
	bool is_event = record.kind == CHG_CDR_EVENT;
	struct chg_stmt *stmt =
		chg_sqlite_query(sqlite, is_event ? CHG_Q_cdr_add_event : CHG_Q_cdr_add);
	chg_rows_bind(&chg_rows_state, stmt, &record);
	chg_rows_bind(&chg_rows_acr_texts, stmt, acr);
	if (is_event)
		bind_done(stmt, charged);
	else
		bind_invited(stmt, acr);
	bind_charge(stmt, charged);
	bind_figures(stmt, acr, plan->has_figures);
	chg_sqlite_bind_session(stmt, host_id, acr, &sub);
	chg_stmt_text(stmt, CHG_N_source, charged == NULL ? offline : online);
	chg_stmt_i64(stmt, CHG_N_received_us, now.wall.us);
	chg_stmt_text(stmt, CHG_N_parties, parties_of(sqlite, acr));
	*ret_cdr_id = record.cdr_id;
	rc = chg_stmt_run(stmt);
	if (rc == CHG_OK && !is_event)
		known_begin(sqlite, &record, host_id, acr, charged != NULL);
	return rc == CHG_OK ? zone_note(sqlite, record.cdr_id, record.started_at) : rc;
}

/*
 * When supervision looks at a record: as before, as long as that is not too late.  So the index is not
 * written by a request that does no more than say that the session is alive.
 */
static chg_opt_instant look_at(const struct chg_brief *known, const struct chg_cdr_state *state)
{
	bool is_kept = state->supervise_until.is_present && known->look_at.is_present &&
		       known->look_at.value.us <= state->supervise_until.value.us;
	return is_kept ? known->look_at : state->supervise_until;
}

static bool is_same_instant(chg_opt_instant a, chg_opt_instant b)
{
	return a.is_present == b.is_present && (!a.is_present || a.value.us == b.value.us);
}

/* Whether a request brings a further value to search the record by, beside parties. */
static bool brings_key(const struct chg_known *known, const struct chg_acr *acr, bool has_identity)
{
	uint32_t texts = known->brief.texts;
	if (chg_view_present(acr->icid) &&
		((texts & TEXTS_ICID) == 0 ||
			(has_identity && hash_of(acr->icid) != known->icid_hash)))
		return true;
	return acr->application_session_id.is_present &&
	       ((texts & TEXTS_APPLICATION_SESSION_ID) == 0 ||
		       (has_identity &&
			       acr->application_session_id.value != known->application_session_id));
}

/* Nothing is written for texts that the record has already, or that stay as they are. */
static enum chg_rc texts_write(
	struct chg_sqlite *sqlite, int64_t cdr_id, const struct chg_acr *acr, bool has_identity)
{
	struct chg_brief *known = &sqlite->known.brief;
	uint32_t texts = texts_of(acr);
	if (!has_identity && (texts & ~known->texts) == 0)
		return CHG_OK;
	known->texts |= texts;
	struct chg_stmt *stmt = chg_sqlite_query(
		sqlite, has_identity ? CHG_Q_cdr_replace_texts : CHG_Q_cdr_fill_texts);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	chg_rows_bind(&chg_rows_acr_texts, stmt, acr);
	bind_invited(stmt, acr);
	return chg_stmt_run(stmt);
}

/* The number of a record that closes with this request; one that has a number keeps it. */
static enum chg_rc number_give(struct chg_sqlite *sqlite, struct chg_cdr_state *state)
{
	if (state->status != CHG_CDR_CLOSED || state->local_sequence != 0)
		return CHG_OK;
	state->local_sequence = sqlite->known.brief.state.local_sequence;
	if (state->local_sequence != 0)
		return CHG_OK;
	return chg_sqlite_sequence_take(sqlite, &sqlite->local_sequence, &state->local_sequence);
}

/* The statement that writes a record's new state: the one without indexes, if none would change. */
static struct chg_stmt *update_of(
	struct chg_sqlite *sqlite, const struct chg_cdr_state *state, chg_opt_instant at)
{
	const struct chg_brief *known = &sqlite->known.brief;
	const struct chg_cdr_state *before = &known->state;
	if (before->local_sequence == state->local_sequence && before->status == state->status &&
		before->origin_state_id == state->origin_state_id &&
		is_same_instant(known->look_at, at))
		return chg_sqlite_query(sqlite, CHG_Q_cdr_grow);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_cdr_turn);
	if (at.is_present)
		chg_stmt_i64(stmt, CHG_N_look_at_us, at.value.us);
	else
		chg_stmt_null(stmt, CHG_N_look_at_us);
	return stmt;
}

/* What is known of a record after it was written. */
static void known_grow(struct chg_known *known, const struct chg_cdr_state *state,
	chg_opt_instant look_at, const struct chg_acr *acr, bool brings_parties)
{
	struct chg_brief *brief = &known->brief;
	brief->state = *state;
	brief->look_at = look_at;
	if (acr->number > brief->number)
		brief->number = acr->number;
	if (brings_parties)
		chg_named_take(&known->named, acr);
	known->is_whole = false;
}

/* Parties of a request that are not those of the last one, and what else a record is searched by. */
struct bringing {
	bool has_parties; /* others than the last request */
	bool has_more;    /* that change the record's */
	bool is_touched;  /* a record that will be found by more */
};

static enum chg_rc bringing_of(struct chg_sqlite *sqlite, const struct chg_acr *acr,
	bool has_identity, struct bringing *ret)
{
	struct chg_known *known = &sqlite->known;
	*ret = (struct bringing){ .has_parties = !chg_named_has_all(&known->named, acr) };
	enum chg_rc rc = ret->has_parties || has_identity ? known_complete(sqlite) : CHG_OK;
	if (rc == CHG_OK && ret->has_parties)
		chg_parties_add(&known->parties, acr, &ret->has_more, &ret->is_touched);
	ret->is_touched |= rc == CHG_OK && brings_key(known, acr, has_identity);
	return rc;
}

static enum chg_rc touched_add(struct chg_sqlite *sqlite, int64_t cdr_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_touched_add);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	return chg_stmt_run(stmt);
}

static enum chg_rc record_update(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged)
{
	struct chg_known *known = &sqlite->known;
	struct chg_cdr_state state = supervised(charged, plan->record);
	struct bringing brings;
	enum chg_rc rc = known_load(sqlite, state.cdr_id);
	if (rc == CHG_OK)
		rc = bringing_of(sqlite, acr, plan->has_identity, &brings);
	if (rc == CHG_OK)
		rc = number_give(sqlite, &state);
	if (rc == CHG_OK)
		rc = texts_write(sqlite, state.cdr_id, acr, plan->has_identity);
	if (rc != CHG_OK)
		return rc;
	bool has_moved = known->brief.state.started_at.us != state.started_at.us;
	chg_opt_instant at = look_at(&known->brief, &state);

	struct chg_stmt *stmt = update_of(sqlite, &state, at);
	chg_rows_bind(&chg_rows_state, stmt, &state);
	bind_figures(stmt, acr, plan->has_figures);
	bind_cost(stmt, charged);
	chg_stmt_i64(stmt, CHG_N_received_us, now.wall.us);
	chg_stmt_text(stmt, CHG_N_parties,
		brings.has_more ? chg_parties_text(&known->parties) : (struct chg_view){ 0 });
	rc = chg_stmt_run(stmt);
	known_grow(known, &state, at, acr, brings.has_parties);
	if (rc == CHG_OK && has_moved)
		rc = zone_note(sqlite, state.cdr_id, state.started_at);
	return rc == CHG_OK && brings.is_touched ? touched_add(sqlite, state.cdr_id) : rc;
}

static enum chg_rc entry_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t cdr_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_entry_add);
	chg_rows_bind(&chg_rows_acr_entry, stmt, acr);
	bind_done(stmt, charged);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	chg_stmt_i64(stmt, CHG_N_entry_no, plan->record.entry_count);
	chg_stmt_i64(stmt, CHG_N_marks, plan->entry_marks);
	chg_stmt_i64(stmt, CHG_N_received_us, now.wall.us);
	return chg_stmt_run(stmt);
}

static struct chg_view view_of(const struct chg_party *party)
{
	return (struct chg_view){ .ptr = party->bytes, .len = party->len };
}

static enum chg_rc participants_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t cdr_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	chg_instant at = acr->event_time.is_present ? acr->event_time.value : now.wall;
	for (size_t i = 0; i < acr->participant_count; i++) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_participant_add);
		struct chg_party key = chg_parties_key(acr->participant[i]);
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, plan->record.entry_count);
		chg_stmt_i64(stmt, CHG_N_ordinal, (int64_t)i + 1);
		chg_stmt_text(stmt, CHG_N_party, acr->participant[i]);
		chg_stmt_text(stmt, CHG_N_party_key, view_of(&key));
		chg_stmt_i64(stmt, CHG_N_action, plan->action);
		chg_stmt_i64(stmt, CHG_N_at_us, at.us);
		enum chg_rc rc = chg_stmt_run(stmt);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* Steps 4 and 5 of a plan: the record and its timeline. */
static enum chg_rc record_write(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged, int64_t *ret_cdr_id)
{
	int64_t cdr_id = plan->record.cdr_id;
	enum chg_rc rc = plan->step == CHG_STEP_INSERT
				 ? record_insert(sqlite, now, host_id, acr, plan, charged, &cdr_id)
				 : record_update(sqlite, now, acr, plan, charged);
	if (rc == CHG_OK && plan->record.kind == CHG_CDR_SESSION)
		rc = entry_add(sqlite, now, cdr_id, acr, plan, charged);
	if (rc == CHG_OK && plan->record.kind == CHG_CDR_SESSION)
		rc = participants_add(sqlite, now, cdr_id, acr, plan);
	*ret_cdr_id = cdr_id;
	return rc;
}

/* Sub-sessions of CH-2 end one by one, since each holds something of an account. */
enum chg_rc chg_sqlite_apply_record(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged, struct chg_host *ret_host, int64_t *ret_cdr_id)
{
	uint32_t closed = 0;
	*ret_cdr_id = 0;
	enum chg_rc rc =
		chg_sqlite_host_touch(sqlite, now, acr->origin_host, acr->origin_realm, ret_host);
	if (rc == CHG_OK && plan->raises_host_state)
		rc = host_raise(sqlite, acr->origin_host, ret_host, plan->host_state_id);
	if (rc == CHG_OK && plan->closes_older_sessions)
		rc = close_older(sqlite, now, ret_host->id, plan->host_state_id, &closed);
	if (rc == CHG_OK && plan->closes_previous)
		rc = chg_sqlite_state_write(sqlite, plan->previous);
	if (rc == CHG_OK && plan->closes_sub_sessions && charged == NULL)
		rc = close_sub_sessions(sqlite, now, ret_host->id, acr, plan->record.ended_at);
	if (rc == CHG_OK && plan->step != CHG_STEP_NONE)
		rc = record_write(sqlite, now, ret_host->id, acr, plan, charged, ret_cdr_id);
	return rc;
}

/* The steps of struct chg_acct_plan, in its order. */
static enum chg_rc apply(struct chg_sqlite *sqlite, struct chg_now now, const struct chg_acr *acr,
	const struct chg_acct_plan *plan)
{
	struct chg_host host;
	int64_t cdr_id;
	enum chg_rc rc = chg_sqlite_apply_record(sqlite, now, acr, plan, NULL, &host, &cdr_id);
	if (rc == CHG_OK && plan->step != CHG_STEP_NONE)
		rc = chg_sqlite_seen_add(sqlite, now, host.id, cdr_id, acr);
	if (rc == CHG_OK && plan->step != CHG_STEP_NONE && plan->record.kind == CHG_CDR_SESSION) {
		struct chg_recent_key key = chg_recent_key_of(acr, host.id, false);
		chg_sqlite_recent_keep(sqlite, &key, NULL);
	}
	return rc;
}

static enum chg_rc apply_acct(
	void *self, struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	if (plan->step == CHG_STEP_NONE && !plan->raises_host_state)
		return CHG_OK; /* a duplicate costs no write */
	return chg_sqlite_remember(sqlite, apply(sqlite, now, acr, plan));
}

static enum chg_rc apply_host_state(void *self, struct chg_now now, struct chg_view origin_host,
	struct chg_view origin_realm, uint32_t origin_state_id, uint32_t *ret_closed)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	struct chg_host host;
	uint32_t closed = 0;
	enum chg_rc rc = chg_sqlite_host_touch(sqlite, now, origin_host, origin_realm, &host);
	if (rc == CHG_OK && origin_state_id > host.origin_state_id) {
		bool was_known = host.origin_state_id != 0;
		rc = host_raise(sqlite, origin_host, &host, origin_state_id);
		if (rc == CHG_OK && was_known)
			rc = close_older(sqlite, now, host.id, origin_state_id, &closed);
	}
	if (rc == CHG_OK)
		*ret_closed = closed;
	return chg_sqlite_remember(sqlite, rc);
}

static enum chg_rc next_deadline(void *self, chg_opt_instant *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_deadline_first);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return chg_sqlite_remember(sqlite, rc);
	*ret = (chg_opt_instant){ .is_present = has_row };
	if (has_row) {
		ret->value.us = sqlite3_column_int64(stmt->handle, 0);
		chg_stmt_reset(stmt);
	}
	return CHG_OK;
}

/* The record that supervision has to look at first. */
struct due {
	bool has_record;
	bool is_later; /* it was heard of meanwhile, and its time is not that of the index */
	struct chg_cdr_state record;
};

static enum chg_rc due_read(struct chg_sqlite *sqlite, struct chg_now now, struct due *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_due_next);
	chg_stmt_i64(stmt, CHG_N_look_at_us, now.steady.us);
	*ret = (struct due){ 0 };
	enum chg_rc rc = chg_stmt_step(stmt, &ret->has_record);
	if (rc != CHG_OK || !ret->has_record)
		return rc;
	chg_rows_read(&chg_rows_state, stmt, &ret->record);
	ret->is_later = sqlite3_column_int64(stmt->handle, (int)chg_rows_state.count) <
			ret->record.supervise_until.value.us;
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* Even if it is due by now: another one may be due before it, and the earliest closes first. */
static enum chg_rc due_move(struct chg_sqlite *sqlite, int64_t cdr_id)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_due_later);
	chg_sqlite_record_forget(sqlite, cdr_id);
	chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
	return chg_stmt_run(stmt);
}

static enum chg_rc expire_due(void *self, struct chg_now now, uint32_t max, uint32_t *ret_closed)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(sqlite->is_in_transaction);
	if (sqlite->failure != CHG_OK)
		return sqlite->failure;
	uint32_t closed = 0, later = 0;
	while (closed < max && later < LATER_PER_TURN) {
		enum chg_rc rc;
		struct due due;
		rc = due_read(sqlite, now, &due);
		if (rc == CHG_OK && !due.has_record)
			break;
		if (rc == CHG_OK && due.is_later)
			rc = due_move(sqlite, due.record.cdr_id);
		else if (rc == CHG_OK)
			rc = chg_sqlite_state_write(
				sqlite, chg_accounting_expire(&due.record, now));
		if (rc != CHG_OK)
			return chg_sqlite_remember(sqlite, rc);
		closed += !due.is_later;
		later += due.is_later;
	}
	*ret_closed = closed;
	return CHG_OK;
}

static enum chg_rc own_state_id(void *self, uint32_t fresh, uint32_t *ret)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_own_state_get);
	bool has_row = false;
	enum chg_rc rc = chg_stmt_step(stmt, &has_row);
	if (rc != CHG_OK)
		return chg_sqlite_remember(sqlite, rc);
	if (has_row) {
		*ret = (uint32_t)sqlite3_column_int64(stmt->handle, 0);
		chg_stmt_reset(stmt);
		return CHG_OK;
	}
	stmt = chg_sqlite_query(sqlite, CHG_Q_own_state_put);
	if (stmt->handle == NULL) /* a reader's */
		return CHG_E_UNKNOWN;
	chg_stmt_i64(stmt, CHG_N_origin_state_id, fresh);
	rc = chg_stmt_run(stmt);
	if (rc == CHG_OK)
		*ret = fresh;
	return chg_sqlite_remember(sqlite, rc);
}

const struct chg_store_ops chg_sqlite_ops = {
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.load_acct = load_acct,
	.apply_acct = apply_acct,
	.apply_host_state = apply_host_state,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.forget_seen = chg_sqlite_forget_seen,
	.remove_archived = chg_sqlite_remove_archived,
	.own_state_id = own_state_id,
	.scan_cdrs = chg_sqlite_scan_cdrs,
	.scan_entries = chg_sqlite_scan_entries,
	.scan_participants = chg_sqlite_scan_participants,
	.scan_archives = chg_sqlite_scan_archives,
	.close = chg_sqlite_close,
};

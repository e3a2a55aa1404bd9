/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of this folder share.
 */
#ifndef CHG_STORE_SQLITE_PRIVATE_H
#define CHG_STORE_SQLITE_PRIVATE_H

#include <sys/types.h>

#include <assert.h>

#include "core/decimal.h"
#include "core/party.h"
#include "store/sqlite/sqlite_checkpoint.h"
#include "store/sqlite/sqlite_parties.h"
#include "store/sqlite/sqlite_recent.h"
#include "store/sqlite/sqlite_row.h"
#include "store/sqlite/sqlite_store.h"

#define CHG_SQLITE_MAGIC 0x73716c74u

enum {
	CHG_HOST_NAME_MAX = 255, /* longer ones are legal, and looked up each time */
	CHG_HOST_CACHE_SIZE = 64,
};

/* A row of origin_host that was looked up lately. */
struct chg_host {
	int64_t id; /* 0: the slot is empty */
	uint32_t origin_state_id;
	int64_t last_seen_us;
	uint64_t realm_hash;
	size_t name_len;
	char name[CHG_HOST_NAME_MAX];
};

/* A row of `sequence`: read on first use in a transaction, written when it commits. */
struct chg_sequence {
	struct chg_view name;
	bool is_loaded;
	bool is_changed;
	int64_t next;
};

/* A part of the memory for duplicates: a row of seen_epoch. */
struct chg_epoch {
	int64_t number;
	int64_t began_us;
	int64_t until_us; /* as the row says it */
	int64_t last_us;  /* as far as this process knows */
};

enum {
	CHG_EPOCH_MAX = 4,
};

/* All of them, the oldest first; read on first use in a transaction. */
struct chg_epochs {
	bool is_loaded;
	bool is_full; /* the next request begins a new one */
	size_t count;
	struct chg_epoch list[CHG_EPOCH_MAX];
};

/* How many records share a row of cdr_zone. */
#define CHG_ZONE_SIZE INT64_C(4096)

/* The zone that is written to: a part of what its row has to say, written when it commits. */
struct chg_zone {
	bool is_changed;
	int64_t no; /* -1: none yet */
	int64_t min_us;
	int64_t max_us;
};

/*
 * The record of the session that is worked on, so that what a request does not change is neither read
 * nor written.
 */
struct chg_known {
	struct chg_brief brief;
	struct chg_named named;
	/* The rest is there when a request turns out to need it. */
	bool is_whole;
	uint64_t icid_hash;
	uint32_t application_session_id;
	struct chg_parties parties;
};

/* What was found, when a request was loaded, not to be there; it begins a session then. */
struct chg_newcomer {
	const struct chg_acr *acr; /* the request; NULL: none was loaded */
	uint64_t hash;             /* of its key */
	bool has_no_record;        /* no record has its Session-Id */
	bool has_no_request;       /* no request of its session is remembered */
	bool has_no_session;       /* of CH-2 */
};

/* Octets that live until the transaction ends. */
struct chg_kept {
	struct chg_kept *next;
	char bytes[];
};

/* The line of the ledger that a bucket's next one follows. */
struct chg_chain {
	int64_t bucket_id;
	int64_t last_id;    /* ledger_id; 0 none */
	int64_t line_count; /* up to it */
	bool is_changed;    /* since the account was read */
};

/* An account, and what the ledger goes on from; a chain for each bucket, in the same order. */
struct chg_payer {
	struct chg_account account;
	struct chg_chain chain[CHG_BUCKET_MAX];
};

enum {
	CHG_ACCOUNT_SLOTS = 4096,                   /* accounts that are kept, at most */
	CHG_ACCOUNT_CACHE_OCTETS = 4 * 1024 * 1024, /* of all of them, at most */
	CHG_IDENTITY_SLOTS = 4096,
	CHG_IDENTITY_CACHED_MAX = 64, /* octets of a key; longer ones are looked up each time */
	CHG_POSTING_LINES = 256,      /* numbers of lines that a posting takes: ledger.ledger_id */
	CHG_ZONE_POSTINGS = 1024,     /* postings of a zone: ledger_zone.zone_no */
	/* All services of a session as text: 12 numbers each, and two for each hold. */
	CHG_SERVICES_TEXT_MAX =
		CHG_SERVICE_MAX * (12 * (CHG_DECIMAL_MAX + 1) +
					  CHG_HOLD_MAX * (2 * CHG_DECIMAL_MAX + 4) + 8) +
		2,
	/* What a request did for all services: 11 numbers each, and a name of escapes. */
	CHG_DONES_TEXT_MAX =
		CHG_SERVICE_MAX * (11 * (CHG_DECIMAL_MAX + 1) + 6 * CHG_TARIFF_TEXT_MAX + 8) + 2,
};

struct chg_cached_identity {
	int64_t account_id; /* 0: the slot is empty */
	size_t len;
	char key[CHG_IDENTITY_CACHED_MAX];
};

/* Accounts that were read lately, each in the slot of its number. */
struct chg_cache {
	size_t slot_count; /* 0: nothing is kept */
	struct chg_cached **slot;
	size_t octets;
	size_t hand; /* the slot that was emptied last for want of room */
	struct chg_cached_identity identity[CHG_IDENTITY_SLOTS];
};

/* The parts in which answers are kept that are looked into; read on first use. */
struct chg_answer_parts {
	bool is_loaded;
	int64_t current;       /* number, 0: there is none yet */
	chg_opt_instant began; /* arrival of the first request in it */
	int64_t previous;      /* number, 0: there is none */
};

/* Times of the postings of this transaction in one zone of the ledger. */
struct chg_ledger_zone {
	bool is_changed;
	int64_t zone_no;
	int64_t from_us, until_us;
};

/* The write-ahead log, as its writer knows it. */
struct chg_log_watch {
	uint32_t pages;                /* in it after the last commit */
	uint64_t beginnings;           /* how often it began anew */
	uint32_t due;                  /* at so many pages something is to be done */
	uint32_t late;                 /* at so many the writer does not wait for others */
	bool is_asked;                 /* `wanted` was called, and its answer has not come yet */
	bool is_rest_ours;             /* little is left: before the next transaction */
	chg_checkpoint_wanted *wanted; /* NULL: nobody is beside us */
	void *wanted_self;
};

struct chg_sqlite {
	uint32_t magic;
	sqlite3 *db;
	int lock_fd;  /* -1: a reader */
	dev_t device; /* which file was opened */
	ino_t inode;
	bool is_in_transaction;
	enum chg_rc failure; /* of this transaction; it takes no more work then */
	struct chg_log_watch log;
	struct chg_stmts stmts;
	struct chg_sequence cdr_id;
	struct chg_sequence local_sequence;
	struct chg_sequence posting_id;
	struct chg_sequence bucket_id;
	struct chg_ledger_zone ledger_zone;
	struct chg_answer_parts answer_parts;
	struct chg_cache cache;
	struct chg_payer payer;        /* of the request that is worked on */
	struct chg_cc_session session; /* of the request that is worked on */
	int64_t watched_id;            /* the session that was read last; 0 none */
	chg_instant watched_at;        /* when it is looked at: at or before its `until` */
	char services[CHG_SERVICES_TEXT_MAX];
	char dones[CHG_DONES_TEXT_MAX];
	struct chg_kept *kept;
	struct chg_host hosts[CHG_HOST_CACHE_SIZE];
	struct chg_epochs epochs;
	struct chg_zone zone;
	struct chg_known known;
	struct chg_newcomer newcomer;
	struct chg_recents recents;
	struct chg_search *search; /* the search file, opened when it is asked for; NULL */
	uint64_t unindexed_count;  /* records that were looked through for want of an index */
};

struct chg_search;

/* Closes the search file if it is open. */
void chg_sqlite_search_close(struct chg_sqlite *sqlite);

/* ---- sqlite_checkpoint.c: the log on its way into the database ---- */

/* Has the store know from now on how long the log of its connection is. */
void chg_sqlite_log_watch(struct chg_sqlite *sqlite);

/* What is to be done for the log, outside a transaction. */
void chg_sqlite_log_tend(struct chg_sqlite *sqlite);

/* ---- sqlite_zone.c: which records can have started in a span of time ---- */

/* Absent bounds are INT64_MIN and INT64_MAX; is_restricted: there is one at all. */
struct chg_zones {
	bool is_restricted;
	bool newest_first;
	int64_t from_us;
	int64_t until_us;
};

/* Moves *at on to just before the next record that can be meant; ret_end: there is none. */
enum chg_rc chg_sqlite_zone_seek(
	struct chg_sqlite *sqlite, const struct chg_zones *zones, int64_t *at, bool *ret_end);

/* Whether a record can be meant. */
enum chg_rc chg_sqlite_zone_has(
	struct chg_sqlite *sqlite, const struct chg_zones *zones, int64_t cdr_id, bool *ret);

/* Accounting-Sub-Session-Id as the columns have it. */
struct chg_sub_session {
	char text[24];
	size_t len;
};

struct chg_sub_session chg_sub_session_write(chg_opt_u64 id);
chg_opt_u64 chg_sub_session_read(struct chg_view text);

static inline struct chg_sqlite *chg_sqlite_self(void *self)
{
	struct chg_sqlite *sqlite = self;
	assert(sqlite->magic == CHG_SQLITE_MAGIC);
	return sqlite;
}

static inline struct chg_stmt *chg_sqlite_query(struct chg_sqlite *sqlite, enum chg_query id)
{
	return &sqlite->stmts.list[id];
}

/*
 * Some errors make the library roll back by itself; what came after would then be committed alone.
 * So the first failure ends the transaction's work.
 */
static inline enum chg_rc chg_sqlite_remember(struct chg_sqlite *sqlite, enum chg_rc rc)
{
	if (sqlite->is_in_transaction && rc != CHG_OK && sqlite->failure == CHG_OK)
		sqlite->failure = rc;
	return rc;
}

/* What kind of file a connection has before it. */
enum chg_schema {
	CHG_SCHEMA_EMPTY,
	CHG_SCHEMA_FOREIGN, /* tables, but not ours */
	CHG_SCHEMA_OLDER,
	CHG_SCHEMA_CURRENT,
	CHG_SCHEMA_NEWER,
};

/* Runs SQL that gives at most one row; its first column goes to ret when that is not NULL. */
enum chg_rc chg_sqlite_ask(sqlite3 *db, const char *sql, char *ret, size_t size);

/* Takes the writer's lock. */
enum chg_rc chg_sqlite_lock(const char *path, int *ret_fd, char *reterr_why, size_t why_size);

void chg_sqlite_unlock(int fd);

/* Opens a connection without touching the file.  ret is to be closed, failure or not. */
enum chg_rc chg_sqlite_connect(const char *path, enum chg_sqlite_mode mode, sqlite3 **ret,
	char *reterr_why, size_t why_size);

/* The same for a database in memory that has a version of the schema and no rows of its own. */
enum chg_rc chg_sqlite_connect_blank(int version, sqlite3 **ret, char *reterr_why, size_t why_size);

/* Not connected yet; NULL: no memory.  Release it with chg_sqlite_close. */
struct chg_sqlite *chg_sqlite_make(void);

/* Whether the path still leads to the file that was opened. */
bool chg_sqlite_is_in_place(const struct chg_sqlite *sqlite);

/* Makes the settings and reads each of them back. */
enum chg_rc chg_sqlite_configure(
	sqlite3 *db, enum chg_sqlite_mode mode, char *reterr_why, size_t why_size);

enum chg_rc chg_sqlite_schema(
	sqlite3 *db, enum chg_schema *ret, int *ret_version, char *reterr_why, size_t why_size);

/* The sentence for a schema that cannot be worked with, and its error; CHG_OK for a current one. */
enum chg_rc chg_sqlite_schema_refuse(
	enum chg_schema schema, const char *path, int version, char *reterr_why, size_t why_size);

/* Applies the migrations that are missing; those up to a version. */
enum chg_rc chg_sqlite_migrate(sqlite3 *db, int version, char *reterr_why, size_t why_size);
enum chg_rc chg_sqlite_migrate_to(
	sqlite3 *db, int version, int to, char *reterr_why, size_t why_size);

/* Checks what stands behind a connection. */
enum chg_rc chg_sqlite_check_db(sqlite3 *db, char *reterr_why, size_t why_size);

/* The ops of port/store.h, and the part of them that only reads. */
extern const struct chg_store_ops chg_sqlite_ops;
enum chg_rc chg_sqlite_scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to);
enum chg_rc chg_sqlite_scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to);
enum chg_rc chg_sqlite_scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to);

/* ---- sqlite_store.c: what records and books share ---- */

/* The number that is given next; take gives it. */
enum chg_rc chg_sqlite_sequence_peek(
	struct chg_sqlite *sqlite, struct chg_sequence *sequence, int64_t *ret);
enum chg_rc chg_sqlite_sequence_take(
	struct chg_sqlite *sqlite, struct chg_sequence *sequence, int64_t *ret);

/* Looks a peer up; ret->id is 0 when he is unknown. */
enum chg_rc chg_sqlite_host_find(
	struct chg_sqlite *sqlite, struct chg_view name, struct chg_host *ret);

/* The peer's row: made on first contact, brought up to date about once a minute. */
enum chg_rc chg_sqlite_host_touch(struct chg_sqlite *sqlite, struct chg_now now,
	struct chg_view name, struct chg_view realm, struct chg_host *ret);

/* What names the session of a request. */
void chg_sqlite_bind_session(struct chg_stmt *stmt, int64_t host_id, const struct chg_acr *acr,
	const struct chg_sub_session *sub);

/* Steps a statement whose columns begin with those of a record's state. */
enum chg_rc chg_sqlite_read_state(struct chg_stmt *stmt, bool *ret_row, struct chg_cdr_state *ret);

/* Closes a record without a request of its own: writes its state, and gives it its number. */
enum chg_rc chg_sqlite_state_write(struct chg_sqlite *sqlite, struct chg_cdr_state state);

/* Whether the statement, which is bound, gives a row. */
enum chg_rc chg_sqlite_gives_row(struct chg_stmt *stmt, bool *ret);

/* What names the session of a request, and what is kept of it. */
struct chg_asked {
	struct chg_view source; /* "CH-1" or "CH-2" */
	struct chg_recent_key key;
	const struct chg_recent *recent; /* NULL: nothing */
};

/* An event touches no session, so nothing is kept for it. */
struct chg_asked chg_sqlite_asked(struct chg_sqlite *sqlite, struct chg_view source,
	int64_t host_id, const struct chg_acr *acr);

/* Whether a request cannot be remembered, by what is kept of its session. */
bool chg_sqlite_is_unheard(const struct chg_asked *asked, const struct chg_acr *acr);

/* Whether it is the first one of its session, by what it says itself, so that all of it is looked for. */
bool chg_sqlite_begins(const struct chg_asked *asked, const struct chg_acr *acr);

/*
 * What is known of the session's record.  An event touches no session.  cdr_id is the record, where it is
 * known; else 0.
 */
enum chg_rc chg_sqlite_load_record(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	const struct chg_host *host, const struct chg_acr *acr, int64_t cdr_id,
	struct chg_acct_facts *facts);

/* Forgets what is known of a record that somebody else than a request of its session changes. */
void chg_sqlite_record_forget(struct chg_sqlite *sqlite, int64_t cdr_id);

/* Notes that a session gets a sub-session. */
void chg_sqlite_has_sub(
	struct chg_sqlite *sqlite, int64_t host_id, const struct chg_acr *acr, bool is_online);

/* What was found when this very request was loaded; all false when it was not. */
struct chg_newcomer chg_sqlite_newcomer(
	const struct chg_sqlite *sqlite, const struct chg_acr *acr, uint64_t hash);

/* Keeps what the session of a request has become; session is NULL for CH-1. */
void chg_sqlite_recent_keep(struct chg_sqlite *sqlite, const struct chg_recent_key *key,
	const struct chg_cc_session *session);

/* What a request of CH-2 came to; it stands in the rows of its record. */
struct chg_charged {
	const struct chg_account *account; /* who pays; NULL nobody */
	chg_money cost;                    /* of this request */
	int64_t posting_id;                /* of this request; 0 none */
	struct chg_view services;          /* a text of chg_dones_write; absent: none */
};

/*
 * Steps 1 to 5 of struct chg_acct_plan; ret_cdr_id is 0 when no record was written.  `charged` is NULL
 * for a request of CH-1.
 */
enum chg_rc chg_sqlite_apply_record(struct chg_sqlite *sqlite, struct chg_now now,
	const struct chg_acr *acr, const struct chg_acct_plan *plan,
	const struct chg_charged *charged, struct chg_host *ret_host, int64_t *ret_cdr_id);

/* ---- sqlite_seen.c: the memory for duplicates ---- */

/* Whether the request came before: is_number_known and is_known of the facts. */
enum chg_rc chg_sqlite_seen_load(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_acr *acr, struct chg_acct_facts *facts);

enum chg_rc chg_sqlite_seen_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	int64_t cdr_id, const struct chg_acr *acr);

enum chg_rc chg_sqlite_forget_seen(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten);

/* ---- sqlite_archive.c: what old records leave behind ---- */

enum chg_rc chg_sqlite_remove_archived(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed);
enum chg_rc chg_sqlite_scan_archives(void *self, chg_archive_each *each, void *to);

/* ---- sqlite_read.c: a row at a time ---- */

/* Where the texts of one row go, so that they outlive the statement. */
struct chg_texts {
	char *bytes;
	size_t size;
};

/* Steps a bound statement, reads its row and lets go of it. */
enum chg_rc chg_sqlite_take_row(struct chg_stmt *stmt, const struct chg_rows *rows, void *record,
	struct chg_texts *texts, bool *ret_row);

/* ---- The books: sqlite_books.c, sqlite_books_apply.c, sqlite_account.c, sqlite_books_read.c ---- */

extern const struct chg_books_ops chg_sqlite_books;

/* Keeps octets until the transaction ends. */
enum chg_rc chg_sqlite_keep(struct chg_sqlite *sqlite, struct chg_view bytes, struct chg_view *ret);
void chg_sqlite_forget_kept(struct chg_sqlite *sqlite);

/* The first column of the first row, 0 when there is none; resets the statement. */
enum chg_rc chg_sqlite_number(struct chg_stmt *stmt, int64_t *ret);

enum chg_rc chg_sqlite_account_by_name(
	struct chg_sqlite *sqlite, struct chg_view name, int64_t *ret_account_id);
enum chg_rc chg_sqlite_account_by_key(
	struct chg_sqlite *sqlite, struct chg_view key, int64_t *ret_account_id);

/* The account, from the cache or the file.  ret_found is false when there is none. */
enum chg_rc chg_sqlite_payer_read(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_payer *ret, bool *ret_found);

/* The same without what the ledger goes on from. */
enum chg_rc chg_sqlite_account_read(
	struct chg_sqlite *sqlite, int64_t account_id, struct chg_account *ret, bool *ret_found);

/*
 * Writes an account as it is to be where it differs from the payer that was read and posted to:
 * status, reserves, and the balances that postings have moved already.
 */
enum chg_rc chg_sqlite_payer_write(
	struct chg_sqlite *sqlite, struct chg_payer *payer, const struct chg_account *after);

/* What a posting is, apart from its lines; 0 and an absent reference are NULL. */
struct chg_posting {
	chg_instant at;
	enum chg_posting_kind kind;
	bool is_event; /* a direct debit */
	int64_t cdr_id;
	int64_t refunds;
	int64_t audit_id;
	struct chg_view reference;
};

/*
 * Writes a posting with its lines, and moves the balances of the account here; the buckets' rows are
 * still to be written.
 */
enum chg_rc chg_sqlite_post(struct chg_sqlite *sqlite, const struct chg_posting *posting,
	const struct chg_entry *entry, size_t count, struct chg_payer *payer,
	int64_t *ret_posting_id);

/* What the books have still to write when a transaction commits, and to forget when it is undone. */
enum chg_rc chg_sqlite_books_commit(struct chg_sqlite *sqlite);
void chg_sqlite_books_forget(struct chg_sqlite *sqlite);

/* ---- sqlite_cache.c ---- */

/* At most so many accounts are kept.  False: no memory. */
bool chg_cache_open(struct chg_cache *cache, size_t slot_count);
void chg_cache_clear(struct chg_cache *cache);
void chg_cache_close(struct chg_cache *cache);

/* False: it is not kept. */
bool chg_cache_get(const struct chg_cache *cache, int64_t account_id, struct chg_payer *ret);
void chg_cache_put(struct chg_cache *cache, const struct chg_payer *payer);
void chg_cache_forget(struct chg_cache *cache, int64_t account_id);

/* The account of an identity; 0: it is not kept. */
int64_t chg_cache_identity_get(struct chg_cache *cache, struct chg_view key);
void chg_cache_identity_put(struct chg_cache *cache, struct chg_view key, int64_t account_id);

/* ---- sqlite_answers.c ---- */

/* What was answered to a request of that key, if it came lately. */
enum chg_rc chg_sqlite_answer_load(struct chg_sqlite *sqlite, const struct chg_asked *asked,
	int64_t host_id, const struct chg_acr *acr, struct chg_cc_facts *facts);
enum chg_rc chg_sqlite_answer_add(struct chg_sqlite *sqlite, struct chg_now now, int64_t host_id,
	const struct chg_acr *acr, struct chg_view answer);
enum chg_rc chg_sqlite_forget_answers(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten);

/* ---- sqlite_services.c ---- */

/* The services of a session as a text, which lives as long as the buffer. */
struct chg_view chg_services_write(
	const struct chg_cc_session *session, char text[static CHG_SERVICES_TEXT_MAX]);

/* The way back.  CHG_E_STORE_CORRUPT: it is not what the other one writes. */
enum chg_rc chg_services_read(struct chg_view text, struct chg_cc_session *session);

/*
 * What a request did for each service as a text, which lives as long as the buffer; absent when that
 * is nothing.  Rules get the names that they have in `tariff`, if it is the one they are of; it may be
 * NULL.
 */
struct chg_view chg_dones_write(const struct chg_service_done *done, size_t count,
	const struct chg_tariff *tariff, char text[static CHG_DONES_TEXT_MAX]);

/*
 * The way back: tells each of them until one is not wanted, which *ret_goes_on says then.
 * CHG_E_STORE_CORRUPT: it is not what the other one writes, nor what an upgrade made of rows.
 */
enum chg_rc chg_dones_read(
	const struct chg_done_request *request, chg_done_each *each, void *to, bool *ret_goes_on);

/* Steps a statement whose columns are those of a session, and then services and look_at_us. */
enum chg_rc chg_sqlite_session_read(struct chg_sqlite *sqlite, struct chg_stmt *stmt,
	struct chg_cc_session *ret, bool *ret_row);
enum chg_rc chg_sqlite_session_write(
	struct chg_sqlite *sqlite, const struct chg_cc_session *session);
enum chg_rc chg_sqlite_session_delete(struct chg_sqlite *sqlite, int64_t cc_session_id);

enum chg_rc chg_sqlite_books_load(void *self, const struct chg_ccr *ccr, struct chg_cc_facts *ret);
enum chg_rc chg_sqlite_books_apply(void *self, struct chg_now now, const struct chg_ccr *ccr,
	const struct chg_cc_plan *plan, const struct chg_tariff *tariff, struct chg_view answer);
enum chg_rc chg_sqlite_account_add(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_account_new *account, int64_t *ret_account_id);
enum chg_rc chg_sqlite_account_set_status(void *self, struct chg_now now,
	const struct chg_audit *audit, struct chg_view name, enum chg_account_status status);
enum chg_rc chg_sqlite_bucket_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view account, const struct chg_bucket *bucket);
enum chg_rc chg_sqlite_post_by_hand(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id);
enum chg_rc chg_sqlite_tariff_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, struct chg_view text, chg_instant in_force_from,
	int64_t *ret_version);
enum chg_rc chg_sqlite_suspense_post(void *self, struct chg_now now, const struct chg_audit *audit,
	int64_t suspense_id, struct chg_view account, chg_money amount);
enum chg_rc chg_sqlite_account_find(
	void *self, struct chg_view name_or_key, chg_account_each *each, void *to);
enum chg_rc chg_sqlite_account_scan(
	void *self, int64_t after_account_id, size_t limit, chg_account_each *each, void *to);
enum chg_rc chg_sqlite_ledger_scan(
	void *self, const struct chg_ledger_filter *filter, chg_ledger_each *each, void *to);
enum chg_rc chg_sqlite_suspense_scan(
	void *self, bool with_posted, chg_suspense_each *each, void *to);
enum chg_rc chg_sqlite_tariff_scan(void *self, chg_tariff_each *each, void *to);
enum chg_rc chg_sqlite_done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to);
enum chg_rc chg_sqlite_verify(void *self, chg_verify_each *each, void *to);

/* Whether the statements that are read by rows have these columns. */
enum chg_rc chg_sqlite_columns_check(
	const struct chg_stmts *stmts, char *reterr_why, size_t why_size);

/* Releases all of it.  Fine on one that is half opened. */
void chg_sqlite_close(void *self);

#endif

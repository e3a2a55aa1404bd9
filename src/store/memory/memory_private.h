/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of the store in memory, and what its files share.
 */
#ifndef CHG_STORE_MEMORY_PRIVATE_H
#define CHG_STORE_MEMORY_PRIVATE_H

#include "core/party.h"
#include "store/memory/memory_store.h"

/* Rows of one kind. */
struct rows {
	char *items;
	size_t count;
	size_t room;
	size_t size; /* of one row */
};

struct host {
	struct chg_view name;
	struct chg_view realm;
	uint32_t origin_state_id;
};

struct timeline_row {
	int64_t cdr_id;
	struct chg_cdr_entry entry;
};

struct participant_row {
	int64_t cdr_id;
	struct chg_cdr_participant participant;
};

struct party_row {
	int64_t cdr_id;
	struct chg_party key;
};

struct seen_row {
	struct chg_view origin_host;
	struct chg_view session_id;
	chg_opt_u64 sub_session_id;
	enum chg_record_type type;
	uint32_t number;
	struct chg_digest digest;
	chg_instant received_at;
};

/* An account without its buckets. */
struct account_row {
	int64_t account_id;
	struct chg_view name;
	enum chg_account_status status;
	chg_currency currency;
	chg_money credit_limit;
	chg_money low_balance;
	chg_opt_instant valid_until;
	struct chg_view plan;
};

struct identity_row {
	struct chg_view key;
	int64_t account_id;
};

struct bucket_row {
	int64_t account_id;
	struct chg_bucket bucket;
};

struct posting_row {
	int64_t posting_id;
	chg_instant at;
	enum chg_posting_kind kind;
	int64_t account_id;
	int64_t cdr_id;   /* 0 none */
	int64_t refunds;  /* posting_id of the debit; 0 none */
	int64_t audit_id; /* 0: nobody did it by hand */
	struct chg_view reference;
};

/* A bucket's line, or, with bucket_id 0, the contra line of the one before. */
struct ledger_row {
	int64_t posting_id;
	uint32_t line_no;
	int64_t bucket_id;
	enum chg_bucket_kind unit;
	int64_t amount;
	enum chg_contra contra;
	int64_t balance_after;
};

/* A session without its services. */
struct session_row {
	struct chg_view origin_host;
	struct chg_view session_id;
	chg_opt_u64 sub_session_id;
	int64_t cc_session_id;
	enum chg_cc_status status;
	int64_t account_id;
	int64_t cdr_id;
	chg_instant until;
	chg_money cost;
};

struct service_row {
	int64_t cc_session_id;
	struct chg_cc_service service;
};

struct answer_row {
	struct chg_view origin_host;
	struct chg_view session_id;
	chg_opt_u64 sub_session_id;
	enum chg_record_type type;
	uint32_t number;
	struct chg_digest digest;
	struct chg_view answer;
	int64_t part; /* in which it is kept */
};

/* A debit that can be refunded. */
struct debit_row {
	int64_t posting_id;
	int64_t account_id;
	int64_t bucket_id;
	chg_money charged;
	chg_money refunded;
};

struct done_row {
	int64_t cdr_id;
	uint32_t entry_no;
	struct chg_service_done done;
	struct chg_view rule_name;
};

struct suspense_row {
	struct chg_suspense_line line;
	int64_t posting_id; /* 0: not yet posted */
};

struct audit_row {
	int64_t audit_id;
	struct chg_view who;
	struct chg_view why;
};

struct archive_row {
	struct chg_view name;
	uint64_t octets;
	uint64_t records;
	int64_t local_sequence_max;
};

enum kind {
	HOSTS,
	CDRS, /* struct chg_cdr, by ascending cdr_id */
	ENTRIES,
	PARTICIPANTS,
	PARTIES,
	SEEN,
	ACCOUNTS, /* this and all below by ascending id */
	IDENTITIES,
	BUCKETS,
	POSTINGS,
	LEDGER,
	SESSIONS,
	SERVICES,
	ANSWERS,
	DEBITS,
	DONES,
	SUSPENSE,
	TARIFFS, /* struct chg_tariff_line */
	AUDITS,
	ARCHIVES, /* by name */
	KIND_COUNT
};

/* All that a rollback puts back. */
struct content {
	struct rows rows[KIND_COUNT];
	int64_t next_cdr_id;
	int64_t next_local_sequence;
	int64_t next_posting_id;
	int64_t next_cc_session_id;
	int64_t answer_part;          /* that answers are added to */
	chg_opt_instant answer_began; /* arrival of the first request in it */
	bool has_own_state_id;
	uint32_t own_state_id;
};

/* Texts are only ever added, so that views stay valid through rollbacks. */
struct text {
	struct text *next;
	char bytes[];
};

struct memory {
	struct content now;
	struct content before; /* of the transaction */
	bool is_in_transaction;
	struct text *texts;
};

/* memory_rows.c */
void chg_memory_rows_start(struct memory *memory);
void *chg_memory_row(struct memory *memory, enum kind kind, size_t i);
size_t chg_memory_count(const struct memory *memory, enum kind kind);
enum chg_rc chg_memory_row_add(struct memory *memory, enum kind kind, const void *row);

/* The rows after it move up by one. */
void chg_memory_row_remove(struct memory *memory, enum kind kind, size_t i);

/* Keeps a text for as long as the store lives. */
enum chg_rc chg_memory_keep(struct memory *memory, struct chg_view view, struct chg_view *ret);

enum chg_rc chg_memory_copy(struct content *to, const struct content *from);

/* memory_store.c: records of either interface, whose `source` is "CH-1" or "CH-2". */
bool chg_memory_sub_session_equal(chg_opt_u64 a, chg_opt_u64 b);
struct chg_cdr *chg_memory_cdr(struct memory *memory, int64_t cdr_id);
void chg_memory_load_record(struct memory *memory, struct chg_view source,
	const struct chg_acr *acr, struct chg_acct_facts *facts);
enum chg_rc chg_memory_apply_record(struct memory *memory, struct chg_view source,
	struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan,
	int64_t *ret_cdr_id);
void chg_memory_state_write(struct memory *memory, struct chg_cdr *cdr, struct chg_cdr_state state);

/* memory_archive.c: what old records leave behind. */
enum chg_rc chg_memory_remove_archived(void *self, const struct chg_archive_line *archive,
	const struct chg_cdr_stamp *stamp, size_t count, uint32_t *ret_removed);
enum chg_rc chg_memory_scan_archives(void *self, chg_archive_each *each, void *to);

/* memory_ledger.c: accounts and what is posted to them. */
struct account_row *chg_memory_account_by_id(struct memory *memory, int64_t account_id);
struct account_row *chg_memory_account_by_name(struct memory *memory, struct chg_view name);
int64_t chg_memory_account_by_key(struct memory *memory, struct chg_view key);
struct bucket_row *chg_memory_bucket(struct memory *memory, int64_t bucket_id);
void chg_memory_account_read(
	struct memory *memory, const struct account_row *row, struct chg_account *ret);

/* Writes a posting and its lines; the balances are those before it and change with each line. */
enum chg_rc chg_memory_post(struct memory *memory, struct posting_row posting,
	const struct chg_entry *entry, size_t count, int64_t *ret_posting_id);

/* The rest of struct chg_books_ops: memory_books.c, memory_account.c, memory_books_read.c. */
extern const struct chg_books_ops chg_memory_books_ops;
enum chg_rc chg_memory_account_add(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_account_new *account, int64_t *ret_account_id);
enum chg_rc chg_memory_account_set_status(void *self, struct chg_now now,
	const struct chg_audit *audit, struct chg_view name, enum chg_account_status status);
enum chg_rc chg_memory_bucket_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view account, const struct chg_bucket *bucket);
enum chg_rc chg_memory_post_by_hand(void *self, struct chg_now now, const struct chg_audit *audit,
	const struct chg_posting_new *posting, int64_t *ret_posting_id);
enum chg_rc chg_memory_tariff_add(void *self, struct chg_now now, const struct chg_audit *audit,
	struct chg_view name, struct chg_view text, chg_instant in_force_from,
	int64_t *ret_version);
enum chg_rc chg_memory_suspense_post(void *self, struct chg_now now, const struct chg_audit *audit,
	int64_t suspense_id, struct chg_view account, chg_money amount);
enum chg_rc chg_memory_account_find(
	void *self, struct chg_view name_or_key, chg_account_each *each, void *to);
enum chg_rc chg_memory_account_scan(
	void *self, int64_t after_account_id, size_t limit, chg_account_each *each, void *to);
enum chg_rc chg_memory_ledger_scan(
	void *self, const struct chg_ledger_filter *filter, chg_ledger_each *each, void *to);
enum chg_rc chg_memory_suspense_scan(
	void *self, bool with_posted, chg_suspense_each *each, void *to);
enum chg_rc chg_memory_tariff_scan(void *self, chg_tariff_each *each, void *to);
enum chg_rc chg_memory_done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to);
enum chg_rc chg_memory_verify(void *self, chg_verify_each *each, void *to);

#endif

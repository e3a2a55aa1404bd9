/* SPDX-License-Identifier: BSD-3-Clause
 * port/books.h in terms of statements: the part that reads, and the laws.
 *
 * As for records, nothing is open while the caller works; only the laws are looked at in one
 * transaction, or a writer's next commit would look like a broken one.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/sqlite_private.h"

/* The keys of an account, copied. */
struct identities {
	size_t count;
	struct chg_view view[CHG_IDENTITY_MAX];
	char bytes[CHG_IDENTITY_MAX][CHG_PARTY_TEXT_MAX];
};

static enum chg_rc read_identities(
	struct chg_sqlite *sqlite, int64_t account_id, struct identities *ret)
{
	struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_identity_list);
	chg_stmt_i64(stmt, CHG_N_account_id, account_id);
	ret->count = 0;
	for (;;) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		struct chg_view key = chg_stmt_column_text(stmt, 0);
		if (ret->count == CHG_IDENTITY_MAX || key.len > CHG_PARTY_TEXT_MAX) {
			chg_stmt_reset(stmt);
			return CHG_E_STORE_CORRUPT;
		}
		char *bytes = ret->bytes[ret->count];
		memcpy(bytes, key.ptr, key.len);
		ret->view[ret->count++] = (struct chg_view){ .ptr = bytes, .len = key.len };
	}
}

/* ret_done: nobody wants more. */
static enum chg_rc tell_account(struct chg_sqlite *sqlite, int64_t account_id,
	chg_account_each *each, void *to, bool *ret_done)
{
	struct chg_account account;
	struct identities identities;
	bool is_there;
	enum chg_rc rc = chg_sqlite_account_read(sqlite, account_id, &account, &is_there);
	if (rc == CHG_OK && is_there)
		rc = read_identities(sqlite, account_id, &identities);
	if (rc == CHG_OK && is_there)
		*ret_done = !each(to, &account, identities.view, identities.count);
	return rc;
}

enum chg_rc chg_sqlite_account_find(
	void *self, struct chg_view name_or_key, chg_account_each *each, void *to)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	int64_t account_id;
	bool is_done;
	enum chg_rc rc = chg_sqlite_account_by_name(sqlite, name_or_key, &account_id);
	if (rc == CHG_OK && account_id == 0)
		rc = chg_sqlite_account_by_key(sqlite, name_or_key, &account_id);
	if (rc == CHG_OK && account_id == 0)
		return CHG_E_UNKNOWN;
	return rc == CHG_OK ? tell_account(sqlite, account_id, each, to, &is_done) : rc;
}

enum chg_rc chg_sqlite_account_scan(
	void *self, int64_t after_account_id, size_t limit, chg_account_each *each, void *to)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	int64_t account_id = after_account_id;
	size_t found = 0;
	bool is_done = false;
	while (!is_done) {
		struct chg_stmt *stmt = chg_sqlite_query(sqlite, CHG_Q_account_next);
		chg_stmt_i64(stmt, CHG_N_account_id, account_id);
		enum chg_rc rc = chg_sqlite_number(stmt, &account_id);
		if (rc != CHG_OK || account_id == 0)
			return rc;
		rc = tell_account(sqlite, account_id, each, to, &is_done);
		if (rc != CHG_OK || ++found == limit)
			return rc;
	}
	return CHG_OK;
}

/* ---- The rest ---- */

enum chg_rc chg_sqlite_suspense_scan(
	void *self, bool with_posted, chg_suspense_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(chg_sqlite_self(self),
		with_posted ? CHG_Q_suspense_next : CHG_Q_suspense_next_waiting);
	struct chg_suspense_line line = { .suspense_id = 0 };
	struct chg_texts texts = { 0 };
	bool goes_on = true;
	enum chg_rc rc = CHG_OK;
	while (goes_on) {
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_suspense_id, line.suspense_id);
		rc = chg_sqlite_take_row(stmt, &chg_rows_suspense, &line, &texts, &has_row);
		goes_on = rc == CHG_OK && has_row && each(to, &line);
	}
	free(texts.bytes);
	return rc;
}

enum chg_rc chg_sqlite_tariff_scan(void *self, chg_tariff_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(chg_sqlite_self(self), CHG_Q_tariff_next);
	struct chg_tariff_line line = { .version = 0 };
	struct chg_texts texts = { 0 };
	bool goes_on = true;
	enum chg_rc rc = CHG_OK;
	while (goes_on) {
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_version, line.version);
		rc = chg_sqlite_take_row(stmt, &chg_rows_tariff, &line, &texts, &has_row);
		goes_on = rc == CHG_OK && has_row && each(to, &line);
	}
	free(texts.bytes);
	return rc;
}

enum chg_rc chg_sqlite_done_scan(void *self, int64_t cdr_id, chg_done_each *each, void *to)
{
	struct chg_stmt *stmt = chg_sqlite_query(chg_sqlite_self(self), CHG_Q_done_next);
	struct chg_done_request request = { 0 };
	struct chg_texts texts = { 0 };
	int64_t entry_no = -1;
	bool goes_on = true;
	enum chg_rc rc = CHG_OK;
	while (goes_on) {
		bool has_row;
		chg_stmt_i64(stmt, CHG_N_cdr_id, cdr_id);
		chg_stmt_i64(stmt, CHG_N_entry_no, entry_no);
		rc = chg_sqlite_take_row(stmt, &chg_rows_request, &request, &texts, &has_row);
		goes_on = rc == CHG_OK && has_row;
		if (goes_on)
			rc = chg_dones_read(&request, each, to, &goes_on);
		goes_on &= rc == CHG_OK;
		entry_no = request.entry_no;
	}
	free(texts.bytes);
	return rc;
}

/* ---- The laws ---- */

static const struct {
	enum chg_query query;
	struct chg_view text;
} laws[] = {
#define LAW(name, sentence) { CHG_Q_law_##name, { (sentence), sizeof(sentence) - 1 } },
#include "port/books_law.def"
#undef LAW
};

static enum chg_rc check_law(
	struct chg_stmt *stmt, struct chg_view law, chg_verify_each *each, void *to, bool *ret_done)
{
	while (!*ret_done) {
		bool has_row = false;
		enum chg_rc rc = chg_stmt_step(stmt, &has_row);
		if (rc != CHG_OK || !has_row)
			return rc;
		*ret_done = !each(to, law, chg_stmt_column_text(stmt, 0));
	}
	chg_stmt_reset(stmt);
	return CHG_OK;
}

/* A writer's own numbers must be in the file for the last law. */
enum chg_rc chg_sqlite_verify(void *self, chg_verify_each *each, void *to)
{
	struct chg_sqlite *sqlite = chg_sqlite_self(self);
	assert(!sqlite->is_in_transaction);
	bool is_done = false;
	enum chg_rc rc = chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_begin_read));
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < sizeof laws / sizeof laws[0] && rc == CHG_OK && !is_done; i++)
		rc = check_law(
			chg_sqlite_query(sqlite, laws[i].query), laws[i].text, each, to, &is_done);
	(void)chg_stmt_run(chg_sqlite_query(sqlite, CHG_Q_txn_rollback));
	return rc;
}

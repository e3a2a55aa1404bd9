/* SPDX-License-Identifier: BSD-3-Clause
 * The version of the schema: telling it, raising it, checking it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store/sqlite/sqlite_private.h"
#include "store/sqlite/sqlite_sql.h"

/* "CHGN", as the migrations set it. */
#define APPLICATION_ID "1128810318"

/* Views that must be empty, and what a row in them means. */
static const struct {
	const char *count;
	const char *broken;
} rules[] = {
	{ "SELECT count(*) FROM v_sequence_gap", "numbers of closed records are missing" },
	{ "SELECT count(*) FROM v_timeline_gap",
		"sessions have not all entries of their timeline" },
	{ "SELECT count(*) FROM v_status_conflict", "records contradict their own status" },
	{ "SELECT count(*) FROM v_zone_conflict", "records started outside their zone" },
	{ "SELECT count(*) FROM v_content_conflict",
		"content, parties or services of records are no JSON" },
	{ "SELECT count(*) FROM v_seen_conflict",
		"remembered requests belong to no part of the memory" },
	{ "SELECT count(*) FROM v_unbalanced", "postings do not add up to zero" },
	{ "SELECT count(*) FROM v_chain_conflict", "lines do not follow from the one before" },
	{ "SELECT count(*) FROM v_balance_conflict", "balances are not the sum of their lines" },
	{ "SELECT count(*) FROM v_ledger_zone_conflict", "postings are outside their zone" },
	{ "SELECT count(*) FROM v_session_conflict", "sessions contradict themselves" },
	{ "SELECT count(*) FROM v_reserve_conflict", "reserves are not what open sessions hold" },
	{ "SELECT count(*) FROM v_charge_conflict",
		"records do not cost what was debited for them" },
	{ "SELECT count(*) FROM v_refund_conflict", "refunds do not fit their debits" },
	{ "SELECT count(*) FROM v_posting_gap", "numbers of postings are missing" },
	{ "SELECT count(*) FROM pragma_foreign_key_check",
		"rows belong to records that are not there" },
};

#define LIST_SCHEMA                                                                                \
	"SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema "               \
	"WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"

int chg_sqlite_schema_version(void)
{
	return (int)chg_sql_migration_count;
}

enum chg_rc chg_sqlite_schema(
	sqlite3 *db, enum chg_schema *ret, int *ret_version, char *reterr_why, size_t why_size)
{
	char tables[24], owner[24], version_text[24];
	enum chg_rc rc =
		chg_sqlite_ask(db, "SELECT count(*) FROM sqlite_schema", tables, sizeof tables);
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "PRAGMA application_id", owner, sizeof owner);
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "PRAGMA user_version", version_text, sizeof version_text);
	if (rc != CHG_OK) {
		snprintf(reterr_why, why_size, "%s cannot be read: %s%s",
			sqlite3_db_filename(db, "main"), sqlite3_errmsg(db),
			rc == CHG_E_STORE_CORRUPT ? ": restore it from a backup" : "");
		return rc;
	}
	int version = (int)strtol(version_text, NULL, 10);
	if (strcmp(owner, APPLICATION_ID) != 0)
		*ret = strcmp(tables, "0") == 0 && version == 0 ? CHG_SCHEMA_EMPTY
								: CHG_SCHEMA_FOREIGN;
	else if (version == chg_sqlite_schema_version())
		*ret = CHG_SCHEMA_CURRENT;
	else
		*ret = version < chg_sqlite_schema_version() ? CHG_SCHEMA_OLDER : CHG_SCHEMA_NEWER;
	*ret_version = version;
	return CHG_OK;
}

enum chg_rc chg_sqlite_schema_refuse(
	enum chg_schema schema, const char *path, int version, char *reterr_why, size_t why_size)
{
	switch (schema) {
	case CHG_SCHEMA_CURRENT:
		return CHG_OK;
	case CHG_SCHEMA_EMPTY:
		snprintf(reterr_why, why_size, "%s is empty: start the node once to create it",
			path);
		break;
	case CHG_SCHEMA_FOREIGN:
		snprintf(reterr_why, why_size,
			"%s is a database of another program: is the path right?", path);
		break;
	case CHG_SCHEMA_OLDER:
		snprintf(reterr_why, why_size,
			"%s has version %d of the schema and this program needs %d: make a backup, "
			"then run: chgctl db upgrade",
			path, version, chg_sqlite_schema_version());
		break;
	case CHG_SCHEMA_NEWER:
		snprintf(reterr_why, why_size,
			"%s has version %d of the schema and this program knows up to %d: use the "
			"newer program that wrote it, or an older backup",
			path, version, chg_sqlite_schema_version());
		break;
	}
	return CHG_E_STORE_SCHEMA;
}

/* Each file is a transaction that also sets the version, so a step is done whole or not at all. */
static enum chg_rc apply_one(sqlite3 *db, int from, char *reterr_why, size_t why_size)
{
	const struct chg_sql_text *migration = &chg_sql_migrations[from];
	char *message = NULL;
	int result = sqlite3_exec(db, migration->bytes, NULL, NULL, &message);
	if (result == SQLITE_OK) {
		char version[24];
		enum chg_rc rc = chg_sqlite_ask(db, "PRAGMA user_version", version, sizeof version);
		if (rc == CHG_OK && strtol(version, NULL, 10) == from + 1)
			return CHG_OK;
		snprintf(reterr_why, why_size, "%s did not set version %d", migration->name,
			from + 1);
		return rc == CHG_OK ? CHG_E_STORE : rc;
	}
	snprintf(reterr_why, why_size, "%s failed and changed nothing: %s", migration->name,
		message == NULL ? "no memory" : message);
	sqlite3_free(message);
	if (!sqlite3_get_autocommit(db))
		(void)chg_sqlite_ask(db, "ROLLBACK", NULL, 0);
	return chg_sqlite_rc(result);
}

enum chg_rc chg_sqlite_migrate_to(
	sqlite3 *db, int version, int to, char *reterr_why, size_t why_size)
{
	for (int from = version; from < to; from++) {
		enum chg_rc rc = apply_one(db, from, reterr_why, why_size);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

enum chg_rc chg_sqlite_migrate(sqlite3 *db, int version, char *reterr_why, size_t why_size)
{
	return chg_sqlite_migrate_to(
		db, version, chg_sqlite_schema_version(), reterr_why, why_size);
}

enum chg_rc chg_sqlite_version(
	const char *path, int *ret_version, char *reterr_why, size_t why_size)
{
	sqlite3 *db = NULL;
	enum chg_schema schema;
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_ONLY, &db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema(db, &schema, ret_version, reterr_why, why_size);
	if (rc == CHG_OK && schema == CHG_SCHEMA_FOREIGN)
		rc = chg_sqlite_schema_refuse(schema, path, *ret_version, reterr_why, why_size);
	sqlite3_close(db);
	return rc;
}

static enum chg_rc upgrade_locked(
	const char *path, int *ret_from, int *ret_to, char *reterr_why, size_t why_size)
{
	sqlite3 *db = NULL;
	enum chg_schema schema;
	int version = 0;
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_WRITE, &db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema(db, &schema, &version, reterr_why, why_size);
	if (rc == CHG_OK && schema != CHG_SCHEMA_OLDER && schema != CHG_SCHEMA_EMPTY)
		rc = chg_sqlite_schema_refuse(schema, path, version, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_configure(db, CHG_SQLITE_READ_WRITE, reterr_why, why_size);
	/* A step may sort all that is there. */
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "PRAGMA temp_store = FILE", NULL, 0);
	if (rc == CHG_OK)
		rc = chg_sqlite_migrate(db, version, reterr_why, why_size);
	if (rc == CHG_OK) {
		*ret_from = version;
		*ret_to = chg_sqlite_schema_version();
	}
	sqlite3_close(db);
	return rc;
}

enum chg_rc chg_sqlite_upgrade(
	const char *path, int *ret_from, int *ret_to, char *reterr_why, size_t why_size)
{
	int version;
	enum chg_rc rc = chg_sqlite_version(path, &version, reterr_why, why_size);
	if (rc != CHG_OK) /* before the lock, which would leave its file beside a mistyped name */
		return rc;
	int lock;
	rc = chg_sqlite_lock(path, &lock, reterr_why, why_size);
	if (rc != CHG_OK)
		return rc;
	rc = upgrade_locked(path, ret_from, ret_to, reterr_why, why_size);
	chg_sqlite_unlock(lock);
	return rc;
}

/*
 * Steps both sorted lists side by side.  False, and the first difference, when they differ: the
 * lesser of the two is what the other list has not.
 */
static bool lists_equal(sqlite3_stmt *a, sqlite3_stmt *b, char *ret_where, size_t size)
{
	for (;;) {
		int result_a = sqlite3_step(a), result_b = sqlite3_step(b);
		const char *text_a =
			result_a == SQLITE_ROW ? (const char *)sqlite3_column_text(a, 0) : NULL;
		const char *text_b =
			result_b == SQLITE_ROW ? (const char *)sqlite3_column_text(b, 0) : NULL;
		if (text_a == NULL && text_b == NULL)
			return result_a == SQLITE_DONE && result_b == SQLITE_DONE;
		if (text_a == NULL || text_b == NULL || strcmp(text_a, text_b) != 0) {
			bool is_missing =
				text_a == NULL || (text_b != NULL && strcmp(text_b, text_a) < 0);
			snprintf(ret_where, size, "%.80s", is_missing ? text_b : text_a);
			return false;
		}
	}
}

static enum chg_rc compare_schemas(sqlite3 *db, sqlite3 *fresh, char *reterr_why, size_t why_size)
{
	sqlite3_stmt *have = NULL, *want = NULL;
	char where[96] = "";
	bool is_equal = sqlite3_prepare_v2(db, LIST_SCHEMA, -1, &have, NULL) == SQLITE_OK &&
			sqlite3_prepare_v2(fresh, LIST_SCHEMA, -1, &want, NULL) == SQLITE_OK &&
			lists_equal(have, want, where, sizeof where);
	sqlite3_finalize(have);
	sqlite3_finalize(want);
	if (is_equal)
		return CHG_OK;
	where[strcspn(where, "\n")] = '\0';
	snprintf(reterr_why, why_size,
		"the schema was changed by hand: it differs from that of a new file at \"%s\"",
		where);
	return CHG_E_STORE_SCHEMA;
}

static enum chg_rc check_schema(sqlite3 *db, char *reterr_why, size_t why_size)
{
	sqlite3 *fresh = NULL;
	enum chg_rc rc =
		chg_sqlite_connect_blank(chg_sqlite_schema_version(), &fresh, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = compare_schemas(db, fresh, reterr_why, why_size);
	sqlite3_close(fresh);
	return rc;
}

static enum chg_rc check_rules(sqlite3 *db, char *reterr_why, size_t why_size)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		char count[24];
		enum chg_rc rc = chg_sqlite_ask(db, rules[i].count, count, sizeof count);
		if (rc != CHG_OK) {
			snprintf(reterr_why, why_size, "\"%s\" failed: %s", rules[i].count,
				sqlite3_errmsg(db));
			return rc;
		}
		if (strcmp(count, "0") != 0) {
			snprintf(reterr_why, why_size, "%s: \"%s\" gives %s", rules[i].broken,
				rules[i].count, count);
			return CHG_E_STORE_CORRUPT;
		}
	}
	return CHG_OK;
}

enum chg_rc chg_sqlite_check_db(sqlite3 *db, char *reterr_why, size_t why_size)
{
	char verdict[256];
	enum chg_rc rc = chg_sqlite_ask(db, "PRAGMA integrity_check(1)", verdict, sizeof verdict);
	if (rc != CHG_OK || strcmp(verdict, "ok") != 0) {
		snprintf(reterr_why, why_size, "the file is damaged: %s: restore it from a backup",
			rc == CHG_OK ? verdict : sqlite3_errmsg(db));
		return rc == CHG_OK ? CHG_E_STORE_CORRUPT : rc;
	}
	rc = check_schema(db, reterr_why, why_size);
	return rc == CHG_OK ? check_rules(db, reterr_why, why_size) : rc;
}

enum chg_rc chg_sqlite_check(const char *path, char *reterr_why, size_t why_size)
{
	sqlite3 *db = NULL;
	enum chg_schema schema;
	int version;
	enum chg_rc rc = chg_sqlite_connect(path, CHG_SQLITE_READ_ONLY, &db, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema(db, &schema, &version, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_schema_refuse(schema, path, version, reterr_why, why_size);
	if (rc == CHG_OK)
		rc = chg_sqlite_configure(db, CHG_SQLITE_READ_ONLY, reterr_why, why_size);
	/* One view of the file for all checks, or a writer's next commit would look like a gap. */
	if (rc == CHG_OK)
		rc = chg_sqlite_ask(db, "BEGIN", NULL, 0);
	if (rc == CHG_OK)
		rc = chg_sqlite_check_db(db, reterr_why, why_size);
	sqlite3_close(db);
	return rc;
}

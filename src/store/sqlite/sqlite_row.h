/* SPDX-License-Identifier: BSD-3-Clause
 * Structs of core <-> columns and parameters, by rows: which name is which field.
 */
#ifndef CHG_STORE_SQLITE_ROW_H
#define CHG_STORE_SQLITE_ROW_H

#include <stddef.h>

#include "core/ask.h"
#include "core/cdr.h"
#include "core/credit.h"
#include "port/books.h"
#include "store/sqlite/sqlite_stmt.h"

enum chg_row_type {
	CHG_ROW_TEXT,        /* struct chg_view */
	CHG_ROW_BOOL,        /* bool */
	CHG_ROW_CHARS,       /* char[], terminated; a longer text is cut */
	CHG_ROW_U16,         /* chg_currency */
	CHG_ROW_I32,         /* int32_t */
	CHG_ROW_U32,         /* uint32_t, and the enums, which are as wide */
	CHG_ROW_I64,         /* int64_t and chg_money; uint64_t with its upper half as negative */
	CHG_ROW_SEQUENCE,    /* int64_t of which 0 is NULL */
	CHG_ROW_INSTANT,     /* chg_instant */
	CHG_ROW_OPT_U32,     /* chg_opt_u32 */
	CHG_ROW_OPT_I32,     /* chg_opt_i32 */
	CHG_ROW_OPT_U64,     /* chg_opt_u64; the upper half of its range is stored as negative */
	CHG_ROW_OPT_INSTANT, /* chg_opt_instant */
};

struct chg_row {
	enum chg_name name;
	enum chg_row_type type;
	size_t offset;
	size_t size; /* of the field */
};

struct chg_rows {
	const struct chg_row *list;
	size_t count;
};

/* What a request of CH-2 did for its services: a text of chg_dones_write. */
struct chg_done_request {
	uint32_t entry_no; /* 0 for an event */
	struct chg_view services;
};

extern const struct chg_rows chg_rows_state;       /* struct chg_cdr_state, all of it */
extern const struct chg_rows chg_rows_cdr;         /* struct chg_cdr without its sub-session */
extern const struct chg_rows chg_rows_entry;       /* struct chg_cdr_entry */
extern const struct chg_rows chg_rows_participant; /* struct chg_cdr_participant */
extern const struct chg_rows chg_rows_acr_texts;   /* struct chg_acr: identity of a record */
extern const struct chg_rows chg_rows_acr_figures; /* struct chg_acr: figures of a record */
extern const struct chg_rows chg_rows_acr_entry;   /* struct chg_acr: an entry of the timeline */
extern const struct chg_rows chg_rows_account;     /* struct chg_account without its buckets */
extern const struct chg_rows chg_rows_bucket;      /* struct chg_bucket */
extern const struct chg_rows chg_rows_session;     /* struct chg_cc_session without its services */
extern const struct chg_rows chg_rows_request;     /* struct chg_done_request */
extern const struct chg_rows chg_rows_ledger;      /* struct chg_ledger_line */
extern const struct chg_rows chg_rows_suspense;    /* struct chg_suspense_line */
extern const struct chg_rows chg_rows_tariff;      /* struct chg_tariff_line */

/* Binds those of the rows that the statement has as parameters. */
void chg_rows_bind(const struct chg_rows *rows, struct chg_stmt *stmt, const void *from);

/* Binds NULL to all rows. */
void chg_rows_bind_null(const struct chg_rows *rows, struct chg_stmt *stmt);

/* Which of the rows, texts and optional numbers all of them, have a value: a bit each, in their order. */
uint32_t chg_rows_present(const struct chg_rows *rows, const void *from);

/* Reads the row that stands in the statement, whose columns are the rows in their order. */
void chg_rows_read(const struct chg_rows *rows, struct chg_stmt *stmt, void *to);

/* Whether the first columns of the statement are the rows in their order. */
bool chg_rows_fit(const struct chg_rows *rows, const struct chg_stmt *stmt);

#endif

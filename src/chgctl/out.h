/* SPDX-License-Identifier: BSD-3-Clause
 * Where listings go: text, CSV and JSON behind one table of functions.
 *
 * Add a format: out_<format>.c with a struct ctl_writer, a row in ctl_writers, and the writer
 * contract (tests/chgctl/test_out.c) holds for it.
 */
#ifndef CHG_CHGCTL_OUT_H
#define CHG_CHGCTL_OUT_H

#include <stdio.h>

#include "chgctl/value.h"
#include "core/rc.h"

struct ctl_column {
	const char *name;    /* in data: snake_case */
	const char *heading; /* for people */
	bool is_right;       /* numbers stand to the right */
	bool may_shrink;     /* on a narrow terminal */
	size_t width_min;    /* of a terminal that shows this column */
	bool hides_empty;    /* for people: appears with its first value */
};

enum {
	CTL_COLUMN_MAX = 64,
};

struct ctl_out;

/* What a format does; begin and end once, page after every so many rows. */
struct ctl_writer {
	const char *name; /* as in --format */
	enum chg_rc (*begin)(struct ctl_out *out);
	enum chg_rc (*row)(struct ctl_out *out, const struct ctl_value *values);
	enum chg_rc (*page)(struct ctl_out *out);
	enum chg_rc (*end)(struct ctl_out *out);
	void (*release)(struct ctl_out *out); /* NULL: nothing to free */
};

extern const struct ctl_writer ctl_writer_text;
extern const struct ctl_writer ctl_writer_csv;
extern const struct ctl_writer ctl_writer_json;
extern const struct ctl_writer ctl_writer_jsonl;

/* The writer of that name, NULL when there is none. */
const struct ctl_writer *ctl_writer_find(const char *name);

/*
 * A listing on its way.  Rows gather in memory and reach the sink page by page, so that a slow
 * reader of ours never holds a transaction of the database open.
 */
struct ctl_out {
	const struct ctl_writer *writer;
	FILE *sink;
	const struct ctl_column *column;
	size_t column_count;
	bool is_local;    /* times in the local zone */
	bool is_terminal; /* text: fit the width, break nothing */
	bool has_colour;
	size_t width; /* text on a terminal: 0 asks the terminal */

	FILE *page; /* from here on for the writers */
	char *page_text;
	size_t page_size;
	uint64_t row_count;
	void *table;
	size_t column_width[CTL_COLUMN_MAX];
	bool has_value[CTL_COLUMN_MAX];
	bool was_hidden[CTL_COLUMN_MAX];
};

/* Errors of all four: CHG_E_NO_MEMORY, or CHG_E_SYSTEM with errno when the sink takes no more. */
enum chg_rc ctl_out_begin(struct ctl_out *out);
enum chg_rc ctl_out_row(struct ctl_out *out, const struct ctl_value *values);
enum chg_rc ctl_out_page(struct ctl_out *out);
enum chg_rc ctl_out_end(struct ctl_out *out);

/* Frees what begin took; after an error too.  Twice is fine. */
void ctl_out_release(struct ctl_out *out);

/* Writes a value as people read it, without escaping what could steer a terminal. */
void ctl_value_show(FILE *to, const struct ctl_value *value, bool is_local);

/* Writes a value as one JSON value. */
void ctl_value_json(FILE *to, const struct ctl_value *value, bool is_local);

#endif

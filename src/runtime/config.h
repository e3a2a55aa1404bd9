/* SPDX-License-Identifier: BSD-3-Clause
 * charging.yaml: its keys are rows of config.def; read, checked and printed back from them.
 */
#ifndef CHG_RUNTIME_CONFIG_H
#define CHG_RUNTIME_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/credit.h"
#include "core/money.h"
#include "core/rc.h"
#include "core/view.h"
#include "port/log.h"

enum chg_store_kind {
	CHG_STORE_SQLITE,
	CHG_STORE_MEMORY,
};

/* Credit-Control-Failure-Handling, in the order of its values.  RFC 8506 8.14 */
enum chg_config_failure {
	CHG_CONFIG_FAILURE_TERMINATE,
	CHG_CONFIG_FAILURE_CONTINUE,
	CHG_CONFIG_FAILURE_RETRY_AND_TERMINATE,
};

/* Direct-Debiting-Failure-Handling, in the order of its values.  RFC 8506 8.15 */
enum chg_config_debit_failure {
	CHG_CONFIG_DEBIT_FAILURE_TERMINATE_OR_BUFFER,
	CHG_CONFIG_DEBIT_FAILURE_CONTINUE,
};

enum chg_config_answer {
	CHG_CONFIG_NO,
	CHG_CONFIG_YES,
};

enum {
	CHG_CONFIG_LIST_MAX = 256,
	CHG_CONFIG_ITEM_MAX = 256,  /* a Diameter host name has at most 255 characters */
	CHG_CONFIG_PATH_MAX = 4096, /* of the file itself, with its end */
	CHG_CONFIG_FILE_MAX = 1048576,
	CHG_CONFIG_ERROR_MAX = 64,
	CHG_CONFIG_ERROR_TEXT_MAX = 512,
};

/* Texts are terminated.  Only the first `count` items mean anything; the rest are empty. */
struct chg_config_list {
	size_t count;
	char item[CHG_CONFIG_LIST_MAX][CHG_CONFIG_ITEM_MAX];
};

/* One field per row, <section>_<key>.  Large: better not on a small stack. */
struct chg_config {
#define SECTION(section, sentence)
#define NUMBER(section, key, unit, low, high, value, sentence)      uint32_t section##_##key;
#define NUMBER_OR_0(section, key, unit, low, high, value, sentence) uint32_t section##_##key;
#define WORD(section, key, type, words, value, sentence)            type section##_##key;
#define PATH(section, key, room, shortest, value, sentence)         char section##_##key[room];
#define LIST(section, key, item, fewest, most, value, sentence)                                    \
	struct chg_config_list section##_##key;
#define MONEY(section, key, value, sentence) chg_money section##_##key;
#include "runtime/config.def"
#undef SECTION
#undef NUMBER
#undef NUMBER_OR_0
#undef WORD
#undef PATH
#undef LIST
#undef MONEY
};

/* One complaint: "file:line:column: key: cause; cure". */
struct chg_config_error {
	uint32_t line;   /* from 1; 0 when the file as a whole is meant */
	uint32_t column; /* from 1, in characters; 0 as above */
	char text[CHG_CONFIG_ERROR_TEXT_MAX];
};

/* All complaints in the order of the file; those that found no room are counted in `unlisted`. */
struct chg_config_errors {
	size_t count;
	size_t unlisted;
	struct chg_config_error item[CHG_CONFIG_ERROR_MAX];
};

enum chg_config_type {
	CHG_CONFIG_NUMBER,
	CHG_CONFIG_WORD,
	CHG_CONFIG_PATH,
	CHG_CONFIG_ADDRESSES,
	CHG_CONFIG_HOSTS,
	CHG_CONFIG_AMOUNT,
};

/* A row of config.def. */
struct chg_config_row {
	const char *section;
	const char *key;
	enum chg_config_type type;
	const char *unit;  /* of a number; NULL otherwise */
	bool has_zero;     /* 0 is allowed besides low .. high */
	uint32_t low;      /* number: lowest; path: fewest bytes; list: fewest items */
	uint32_t high;     /* number: highest; path: room with its end; list: most items */
	const char *words; /* of a word, separated by '|'; NULL otherwise */
	const char *value; /* the default, as one would write it; items separated by a space */
	const char *sentence;
	size_t offset; /* of the field in struct chg_config */
};

/* The rows in the order of config.def; NULL beyond the last. */
const struct chg_config_row *chg_config_row(size_t index);

/* The sentence of a section; NULL when there is none of that name. */
const char *chg_config_section_sentence(const char *section);

/* Sets every field to the default of its row. */
void chg_config_defaults(struct chg_config *ret);

/*
 * Reads a file: every key that it does not name keeps its default.
 *
 *   path  as the operator wrote it; errors repeat it, and relative paths inside start at its folder
 *
 *   CHG_E_SYSTEM     the file cannot be read
 *   CHG_E_CONFIG     it is not acceptable
 *   CHG_E_NO_MEMORY  no memory
 * reterr_errors is written on failure only and then holds at least one complaint.  What is no YAML
 * ends the reading; everything else is complained about to the end of the file.
 */
enum chg_rc chg_config_read_file(
	const char *path, struct chg_config *ret, struct chg_config_errors *reterr_errors);

/* The same for a text in memory; `name` takes the part of the path. */
enum chg_rc chg_config_read_text(const char *name, struct chg_view text, struct chg_config *ret,
	struct chg_config_errors *reterr_errors);

/* Writes the configuration in the syntax that is read. */
void chg_config_print(const struct chg_config *config, FILE *to);

/* Writes conf/charging.yaml: all defaults, with the sentences as comments. */
void chg_config_write_example(FILE *to);

/* Writes the table of conf/README.md, in Markdown. */
void chg_config_write_table(FILE *to);

/* The folder of the archives.  CHG_E_RANGE: its path is too long. */
enum chg_rc chg_config_archive_folder(
	const struct chg_config *config, char ret[CHG_CONFIG_PATH_MAX]);

/* The same for a database without a configuration. */
enum chg_rc chg_config_archive_beside(const char *database, char ret[CHG_CONFIG_PATH_MAX]);

/* What credit control asks of the configuration.  is_strict, which is a peer's, is false. */
void chg_config_cc_policy(const struct chg_config *config, struct chg_cc_policy *ret);

/* Whether a host is named by an item of the list, "*.example.net" included; case is ignored. */
bool chg_config_list_names(const struct chg_config_list *list, struct chg_view host);

#endif

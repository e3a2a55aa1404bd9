/* SPDX-License-Identifier: BSD-3-Clause
 * Between the two halves of the scenario parser: text into words, words into steps.
 */
#ifndef CHG_CHGPLAY_SCRIPT_PARSE_H
#define CHG_CHGPLAY_SCRIPT_PARSE_H

#include "chgplay/script.h"

enum {
	CHG_PARSE_WORD_MAX = 512,
};

struct chg_parse {
	struct chg_script *script;
	char *at;
	char *end;
	uint32_t line;
	struct chg_view rest; /* of the statement's first line, for prose */
	struct chg_view word[CHG_PARSE_WORD_MAX];
	size_t word_count;
	size_t next;             /* the word to be looked at */
	struct chg_view trigger; /* waits for its request */
	uint32_t trigger_line;
	uint32_t together;      /* the group that is open; 0 none */
	uint32_t together_last; /* the highest number given to a group */
	uint32_t together_count;
	uint32_t unexpected; /* requests whose answer no line expects yet */
	uint32_t unexpected_line;
	char *why;
	size_t why_size;
};

/* Writes "file:line: " and the sentence; returns CHG_E_SYNTAX. */
enum chg_rc chg_parse_fail(struct chg_parse *parse, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum chg_rc chg_parse_add_step(
	struct chg_parse *parse, enum chg_step_kind kind, struct chg_script_step **ret);

/* Adds to the latest step. */
enum chg_rc chg_parse_add_edit(struct chg_parse *parse, enum chg_edit_kind kind,
	struct chg_view path, struct chg_view value);

/* Whether the word starts a statement, and whether that statement's rest is free text. */
bool chg_parse_is_statement(struct chg_view word);
bool chg_parse_is_prose(struct chg_view word);

/* Parses the statement whose words stand in `parse`. */
enum chg_rc chg_parse_statement(struct chg_parse *parse, struct chg_view first);

/* What must be complete at the end of the text. */
enum chg_rc chg_parse_end(struct chg_parse *parse);

#endif

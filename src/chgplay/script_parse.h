/* SPDX-License-Identifier: BSD-3-Clause
 * Between the two halves of the scenario parser: text into words, words into steps.
 */
#ifndef CHG_CHGPLAY_SCRIPT_PARSE_H
#define CHG_CHGPLAY_SCRIPT_PARSE_H

#include "chgplay/script.h"

/* A word for "%.*s", not longer than a message has room for. */
#define CHG_TEXT(view) (int)((view).len > 80 ? 80 : (view).len), ((view).len == 0 ? "" : (view).ptr)

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
	struct chg_view block;   /* the indented lines below a statement that takes a text */
	struct chg_view trigger; /* waits for its request */
	uint32_t trigger_line;
	uint32_t together;      /* the group that is open; 0 none */
	uint32_t together_last; /* the highest number given to a group */
	uint32_t together_count;
	uint32_t times; /* how often each request of the open group goes out; 1 unless parallel */
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

/*
 * Whether the word starts a statement, whether that statement's rest is free text, and whether, alone
 * on its line, it takes all indented lines below as a text.
 */
bool chg_parse_is_statement(struct chg_view word);
bool chg_parse_is_prose(struct chg_view word);
bool chg_parse_is_block(struct chg_view word);

/* Parses the statement whose words stand in `parse`. */
enum chg_rc chg_parse_statement(struct chg_parse *parse, struct chg_view first);

/* What must be complete at the end of the text. */
enum chg_rc chg_parse_end(struct chg_parse *parse);

/* script_take.c: the words of the statement, one after the other. */

static inline bool chg_word_is(struct chg_view word, const char *text)
{
	return chg_view_equal(word, chg_view_of(text));
}

bool chg_parse_has_more(const struct chg_parse *parse);
bool chg_parse_next_is(const struct chg_parse *parse, const char *text);
bool chg_parse_take_if(struct chg_parse *parse, const char *text);

/* Each is CHG_E_SYNTAX, with the reason written, when there is no such word. */
enum chg_rc chg_parse_take(struct chg_parse *parse, const char *what, struct chg_view *ret);
enum chg_rc chg_parse_take_number(
	struct chg_parse *parse, const char *what, int64_t min, int64_t max, int64_t *ret);
enum chg_rc chg_parse_take_u32(struct chg_parse *parse, const char *what, uint32_t *ret);
enum chg_rc chg_parse_take_opt_u32(struct chg_parse *parse, const char *what, chg_opt_u32 *ret);
enum chg_rc chg_parse_take_result(struct chg_parse *parse, uint32_t *ret);
/* "5 messages", "100 octets", "EUR 0.10". */
enum chg_rc chg_parse_take_amount(struct chg_parse *parse, struct chg_script_amount *ret);
/* "messages" */
enum chg_rc chg_parse_take_unit(struct chg_parse *parse, enum chg_unit *ret);
/* "0.10" */
enum chg_rc chg_parse_take_money(struct chg_parse *parse, const char *what, chg_money *ret);
enum chg_rc chg_parse_no_more(struct chg_parse *parse);
enum chg_rc chg_parse_unknown_word(
	struct chg_parse *parse, struct chg_view word, const char *where);

/* script_word.c: words that ACR and CCR share. */
enum chg_rc chg_parse_take_send_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_send *send);
bool chg_parse_is_send_word(struct chg_view word);
enum chg_rc chg_parse_take_expect_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_expect *expect);

/* script_credit.c: what follows "CCR" and "CCA". */
enum chg_rc chg_parse_ccr_type(struct chg_parse *parse, struct chg_script_send *send);
enum chg_rc chg_parse_ccr_words(struct chg_parse *parse, struct chg_script_send *send);
enum chg_rc chg_parse_cca_words(struct chg_parse *parse, struct chg_script_expect *expect);

/* script_books.c: statements about accounts, tariffs and the ledger. */
enum chg_rc chg_parse_account(struct chg_parse *parse);
enum chg_rc chg_parse_bucket(struct chg_parse *parse);
enum chg_rc chg_parse_block(struct chg_parse *parse);
enum chg_rc chg_parse_unblock(struct chg_parse *parse);
enum chg_rc chg_parse_topup(struct chg_parse *parse);
enum chg_rc chg_parse_tariff(struct chg_parse *parse);
enum chg_rc chg_parse_balance(struct chg_parse *parse);
enum chg_rc chg_parse_ledger(struct chg_parse *parse);
enum chg_rc chg_parse_suspense(struct chg_parse *parse);
enum chg_rc chg_parse_units(struct chg_parse *parse);

#endif

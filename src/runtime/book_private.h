/* SPDX-License-Identifier: BSD-3-Clause
 * What the changes of book_change.def share; for book_*.c alone.
 */
#ifndef CHG_RUNTIME_BOOK_PRIVATE_H
#define CHG_RUNTIME_BOOK_PRIVATE_H

#include "runtime/book_change.h"

enum {
	CHG_BOOK_SHOWN_MAX = 96, /* of a text that is repeated in a refusal */
};

/* A change on its way.  Views of the audit live as long as the request. */
struct chg_book {
	const json_t *request;
	json_t *reply;
	struct chg_store *store;
	struct chg_now now;
	struct chg_audit audit;
};

/* A row's function. */
typedef enum chg_rc chg_book_work(const struct chg_book *book);

#define CHANGE(name, function, sentence) chg_book_work chg_book_##function;
#include "runtime/book_change.def"
#undef CHANGE

/* Sets "why" and returns rc. */
__attribute__((format(printf, 3, 4))) enum chg_rc chg_book_refuse(
	json_t *reply, enum chg_rc rc, const char *format, ...);

/* A text of anybody, in quotes and cut, for a refusal. */
void chg_book_show(struct chg_view text, char ret[CHG_BOOK_SHOWN_MAX]);

void chg_book_set_text(json_t *to, const char *name, const char *text);
void chg_book_set_number(json_t *to, const char *name, int64_t number);

/* A text of the request; absent when it is not there or no text. */
struct chg_view chg_book_text(const json_t *from, const char *name);

/* The same, and CHG_E_SYNTAX when it is absent, empty or longer than `max` bytes. */
enum chg_rc chg_book_need_text(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret);

/* The same for a text that may be absent; ret is absent then, and when it is empty. */
enum chg_rc chg_book_may_text(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret);

/* A name that people give: besides, no characters that steer a terminal or break a line. */
enum chg_rc chg_book_need_name(
	const json_t *from, json_t *reply, const char *name, size_t max, struct chg_view *ret);

/* An amount of `kind`; 0 when it is absent. */
enum chg_rc chg_book_may_amount(const json_t *from, json_t *reply, const char *name,
	enum chg_bucket_kind kind, int64_t *ret);

/* A time in microseconds; absent when it is. */
enum chg_rc chg_book_may_instant(
	const json_t *from, json_t *reply, const char *name, chg_opt_instant *ret);

/* The account that request[name] names, by its name or an identity. */
enum chg_rc chg_book_need_account(
	const struct chg_book *book, const char *name, struct chg_account *ret);

/* CHG_E_UNKNOWN without a "why". */
enum chg_rc chg_book_find(
	const struct chg_book *book, struct chg_view name_or_key, struct chg_account *ret);

/* The bucket of that name, the main one when it is absent; NULL when there is none. */
const struct chg_bucket *chg_book_bucket(const struct chg_account *account, struct chg_view name);

#endif

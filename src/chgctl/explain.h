/* SPDX-License-Identifier: BSD-3-Clause
 * Lines and values of an explanation: of a request that is thought of, or of a record.
 */
#ifndef CHG_CHGCTL_EXPLAIN_H
#define CHG_CHGCTL_EXPLAIN_H

#include <jansson.h>

#include "chgctl/command.h"
#include "core/tariff.h"

enum {
	CTL_QUANTITY_MAX = 48,
};

/* Texts by value, for format strings. */
struct ctl_amount {
	char text[CHG_MONEY_TEXT_MAX];
};

struct ctl_quantity {
	char text[CTL_QUANTITY_MAX];
};

struct ctl_amount ctl_amount_of(chg_money money);

/* "3 messages". */
struct ctl_quantity ctl_quantity_of(uint64_t count, enum chg_unit unit);

/* "rounded up". */
const char *ctl_explain_rounding(enum chg_rounding rounding);

/* One line on stdout; texts of the file are shown without what could steer a terminal. */
void ctl_explain_line(const char *label, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* NULL on no memory, which ctl_explain_write tells. */
json_t *ctl_explain_json_amount(chg_money money);
json_t *ctl_explain_json_count(uint64_t count);

/* Any bytes: what is no UTF-8 becomes U+FFFD. */
json_t *ctl_explain_json_text(const char *text);

/* Writes it to stdout and frees it; NULL: says that there was no memory. */
enum ctl_exit ctl_explain_write(json_t *value);

/*
 * chgctl tariff explain --record: what an existing record was charged, worked out again from the
 * tariff's version that it was charged by, and held against the ledger.
 */
enum ctl_exit ctl_explain_record(const struct ctl_call *call);

#endif

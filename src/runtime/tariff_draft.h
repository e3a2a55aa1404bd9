/* SPDX-License-Identifier: BSD-3-Clause
 * A tariff while it is read: what was written, where, and whom to complain to.  For the files
 * tariff_*.c alone.
 */
#ifndef CHG_RUNTIME_TARIFF_DRAFT_H
#define CHG_RUNTIME_TARIFF_DRAFT_H

#include "runtime/tariff_read.h"
#include "runtime/tariff_value.h"
#include "runtime/yaml_read.h"

/* What a key holds, and where it stood; line 0: it was not there. */
struct chg_draft_price {
	struct chg_yaml_place at;
	bool is_fine;
	struct chg_tariff_price price;
};

/* One of times: */
struct chg_draft_time {
	struct chg_yaml_place at;
	uint8_t days; /* 0: not given, all */
	uint16_t from, until;
	bool is_faulty; /* it was complained about */
	struct chg_draft_price price;
};

struct chg_draft_rule {
	struct chg_yaml_place at;
	bool is_faulty;       /* something in it was complained about */
	bool is_match_faulty; /* so what it asks for is not known */
	struct chg_draft_price price;
	struct chg_yaml_place free_at, uncontrolled_at;
	struct chg_yaml_place setup_at, minimum_at, round_at;
	struct chg_yaml_place increment_at;
	struct chg_tariff_quantity increment;
	struct chg_yaml_place times_at;
	size_t time_count;
	struct chg_draft_time time[CHG_TARIFF_BAND_MAX];
	struct chg_tariff_rule rule; /* name, line, match, setup, minimum, rounding as written */
};

/* What is remembered of a rule when it is in the tariff. */
struct chg_draft_seen {
	struct chg_yaml_place at;
	bool is_match_faulty;
	bool is_told; /* that rules below it are never reached */
};

struct chg_draft {
	struct chg_yaml yaml;
	struct chg_tariff *tariff;
	struct chg_tariff_errors *errors;
	bool is_warning; /* the next complaint */
	const char *key; /* being read */

	uint32_t seen; /* keys of the root, by index */
	struct chg_yaml_place rules_at;
	struct chg_yaml_place times_at;    /* the first times: of all */
	struct chg_yaml_place holidays_at; /* the first use of the word in times: */
	struct chg_yaml_place zone_at;
	int32_t holiday_last;
	struct chg_draft_rule rule;
	struct chg_draft_time *time;                     /* being read, in rule */
	struct chg_draft_seen done[CHG_TARIFF_RULE_MAX]; /* by the index of the rule */
	/* Index + 1 of the time that holds: days, then minutes. */
	uint8_t holds[8][CHG_TARIFF_MINUTES];
};

#define CHG_DRAFT_ERROR(draft, at, ...) chg_yaml_complain(&(draft)->yaml, (at), __VA_ARGS__)

/* The same as a warning. */
#define CHG_DRAFT_WARN(draft, at, ...)                                                             \
	do {                                                                                       \
		(draft)->is_warning = true;                                                        \
		chg_yaml_complain(&(draft)->yaml, (at), "warning: " __VA_ARGS__);                  \
		(draft)->is_warning = false;                                                       \
	} while (0)

static inline bool chg_draft_has(struct chg_yaml_place at)
{
	return at.line != 0;
}

/* Checks the rule that was read as a whole, and adds it to the tariff. */
void chg_draft_finish_rule(struct chg_draft *draft);

/* Checks what is only known at the end of the file. */
void chg_draft_finish(struct chg_draft *draft);

/* A text from the file in quotes, for one complaint. */
enum {
	CHG_DRAFT_SHOWN_MAX = 80,
};

struct chg_draft_shown {
	char text[CHG_DRAFT_SHOWN_MAX];
};

struct chg_draft_shown chg_draft_show(struct chg_view text);

#endif

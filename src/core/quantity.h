/* SPDX-License-Identifier: BSD-3-Clause
 * Service units: what is asked for, granted and used.  RFC 8506 8.17 to 8.26
 */
#ifndef CHG_CORE_QUANTITY_H
#define CHG_CORE_QUANTITY_H

#include "core/option.h"
#include "core/money.h"

/* Kinds of units on the wire, money apart. */
enum chg_unit {
	CHG_UNIT_SECONDS,    /* CC-Time */
	CHG_UNIT_OCTETS,     /* CC-Total-Octets */
	CHG_UNIT_OCTETS_IN,  /* CC-Input-Octets */
	CHG_UNIT_OCTETS_OUT, /* CC-Output-Octets */
	CHG_UNIT_MESSAGES,   /* CC-Service-Specific-Units: messages, for IM */
	CHG_UNIT_COUNT,
};

/* "second", "octet", "input octet", "output octet", "message". */
const char *chg_unit_text(enum chg_unit unit);

/* The contents of Requested-, Granted- or Used-Service-Unit. */
struct chg_units {
	bool is_present; /* the group was there, perhaps empty */
	chg_opt_u64 of[CHG_UNIT_COUNT];
	bool has_money;
	chg_money money;       /* CC-Money */
	chg_currency currency; /* number 0: none was named */
};

/* How many kinds, money included, are named. */
size_t chg_units_kinds(const struct chg_units *units);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Units as text, for what waits until an operator posts it.
 */
#ifndef CHG_CORE_UNITS_JSON_H
#define CHG_CORE_UNITS_JSON_H

#include "core/quantity.h"

enum {
	CHG_UNITS_JSON_MAX = 320,
};

/* Writes {"second":5,"money":"1.20","currency":"EUR"}: what is named, and nothing else; returns its
 * length. */
size_t chg_units_json(const struct chg_units *units, char ret_text[CHG_UNITS_JSON_MAX]);

#endif

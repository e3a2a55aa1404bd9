/* SPDX-License-Identifier: BSD-3-Clause
 * What a record of CH-2 charged, service by service.
 */
#ifndef CHG_CHGCTL_CHARGE_H
#define CHG_CHGCTL_CHARGE_H

#include <stdio.h>

#include "port/store.h"

/*
 * Writes a table under its own heading, nothing when the record charged nothing.  Errors are those
 * of the store and of the output.
 */
enum chg_rc ctl_charge_text(const struct chg_store *store, int64_t cdr_id, FILE *to);

/* Writes a JSON array, empty when the record charged nothing. */
enum chg_rc ctl_charge_json(const struct chg_store *store, int64_t cdr_id, FILE *to);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The fields of a record by the rows of field.def, and the few columns of a listing for people.
 */
#ifndef CHG_CHGCTL_FIELD_H
#define CHG_CHGCTL_FIELD_H

#include "chgctl/out.h"
#include "core/cdr.h"

/* All fields as columns; their heading is the label.  The content is the last one. */
const struct ctl_column *ctl_field_columns(size_t *ret_count);

/* Writes the values of all fields. */
void ctl_field_values(const struct chg_cdr *cdr, struct ctl_value *ret_values);

/* The columns for people, and their values. */
const struct ctl_column *ctl_field_brief_columns(size_t *ret_count);
void ctl_field_brief_values(const struct chg_cdr *cdr, struct ctl_value *ret_values);

/* How long a session took; kind none for an event and for a session that has not ended. */
struct ctl_value ctl_field_duration(const struct chg_cdr_state *state);

#endif

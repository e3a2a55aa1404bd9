/* SPDX-License-Identifier: BSD-3-Clause
 * The words for coded values, both ways.
 */
#ifndef CHG_CHGCTL_NAMES_H
#define CHG_CHGCTL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "chgctl/text.h"
#include "core/cdr.h"

/* "event", "session". */
const char *ctl_name_kind(enum chg_cdr_kind kind);

/* "open", "closed". */
const char *ctl_name_status(enum chg_cdr_status status);

/* "sending" for 100 and so on (OMA-DDS-Charging_Data 6.2.4); NULL for a number without a name. */
const char *ctl_name_service(int32_t application_service_type);

/* What a Cause-Code says, TS 32.299 7.2.35.  Never NULL. */
const char *ctl_name_cause(int32_t cause_code);

/* "DIAMETER_LOGOUT" for 1 and so on, RFC 6733 8.15; NULL for a number without a name. */
const char *ctl_name_termination(uint32_t termination_cause);

/* "DIAMETER_SUCCESS" for 2001 and so on, RFC 8506 9 and RFC 6733 7.1; NULL for one without a name. */
const char *ctl_name_result(uint32_t result_code);

/* The sentence of a mark, by its bit; NULL when the bit is no mark. */
const char *ctl_name_mark_sentence(uint32_t bit);

/*
 * The other way, for what an operator types.  False with a message that names what there is.
 * Upper and lower case are the same, and so are space, '-' and '_'.
 */
bool ctl_name_read_kind(
	const char *text, enum chg_cdr_kind *ret, char reterr_message[CTL_MESSAGE_MAX]);
bool ctl_name_read_status(
	const char *text, enum chg_cdr_status *ret, char reterr_message[CTL_MESSAGE_MAX]);
bool ctl_name_read_service(const char *text, int32_t *ret, char reterr_message[CTL_MESSAGE_MAX]);
bool ctl_name_read_marks(const char *text, uint32_t *ret, char reterr_message[CTL_MESSAGE_MAX]);

#endif

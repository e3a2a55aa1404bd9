/* SPDX-License-Identifier: BSD-3-Clause
 * The second pass over a request: its content, which is the same for ACR and CCR.
 */
#ifndef CHG_WIRE_READ_DATA_H
#define CHG_WIRE_READ_DATA_H

#include "wire/message.h"

/*
 * Takes a request apart that chg_judge_message has passed.  Views in ret point into `message` and
 * into `scratch`.
 *
 *   CHG_E_NO_MEMORY  nothing is filled
 */
enum chg_rc chg_data_read(struct chg_view message, const struct chg_header *header,
	enum chg_command command, struct chg_scratch *scratch, struct chg_acr *ret);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The handle of a debit that can be refunded: what we send and expect in Refund-Information.
 */
#ifndef CHG_CORE_REFUND_H
#define CHG_CORE_REFUND_H

#include "core/ask_credit.h"
#include "core/rc.h"

/*
 * Writes "R1-<posting_id>-<check>", terminated; returns its length.  The check is two digits that
 * tell a mistyped number, not a forged one: whose debit it is, is looked up.
 *
 *   posting_id   greater than 0
 */
size_t chg_refund_handle_write(int64_t posting_id, char ret_text[CHG_REFUND_HANDLE_MAX]);

/* Reads a handle.  CHG_E_SYNTAX: it is none of ours, or mistyped. */
enum chg_rc chg_refund_handle_read(struct chg_view text, int64_t *ret_posting_id);

#endif

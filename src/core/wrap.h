/* SPDX-License-Identifier: BSD-3-Clause
 * What a peer asked, in as much memory as it needs: requests wait in large numbers, and most of what
 * the structures have room for is not there.
 *
 * A wrapped request is one piece of memory without an address inside that is its own, but for the
 * texts that were copied into it: it must not be moved.  Views go on pointing into `message`, whose
 * octets have to live as long; texts that stand elsewhere are taken along.
 */
#ifndef CHG_CORE_WRAP_H
#define CHG_CORE_WRAP_H

#include "core/ask_credit.h"

/* Octets that a request takes when it is wrapped. */
size_t chg_acr_wrapped_size(const struct chg_acr *acr, struct chg_view message);
size_t chg_ccr_wrapped_size(const struct chg_ccr *ccr, struct chg_view message);

/* Wraps it into `to`, which has room for that. */
void chg_acr_wrap(const struct chg_acr *acr, struct chg_view message, uint8_t *to);
void chg_ccr_wrap(const struct chg_ccr *ccr, struct chg_view message, uint8_t *to);

/*
 * Fills ret as it was, but for places in its arrays beyond what was there, which stay as they are.
 * Texts that were taken along are those in the wrapped memory.
 */
void chg_acr_unwrap(const uint8_t *from, struct chg_acr *ret);
void chg_ccr_unwrap(const uint8_t *from, struct chg_ccr *ret);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Credit control in golden messages: decisions read, requests written.
 */
#ifndef CHG_TESTS_GOLDEN_CREDIT_H
#define CHG_TESTS_GOLDEN_CREDIT_H

#include <stdio.h>

#include "core/reply_credit.h"

/*
 * Reads the lines of a decision up to the section "request"; README.md says how they look.  False,
 * with a complaint, when one is not understood.
 */
bool golden_cca_read(const char *text, struct chg_cca *ret);

/* Writes what credit control a request was read as, each line indented. */
void golden_ccr_write(const struct chg_ccr *ccr, FILE *to);

#endif

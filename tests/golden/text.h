/* SPDX-License-Identifier: BSD-3-Clause
 * Messages as text that people read, and back.  README.md says how it looks.
 */
#ifndef CHG_TESTS_GOLDEN_TEXT_H
#define CHG_TESTS_GOLDEN_TEXT_H

#include <stdio.h>

#include "core/cdr.h"
#include "support/message.h"

/* Reads lines up to one that is not indented; false, with a complaint, when they are no message. */
bool golden_text_read(const char *text, struct message *ret);

/* Writes a message, each line indented. */
void golden_text_write(struct chg_view message, FILE *to);

/* Writes what a request was read as, each line indented. */
void golden_acr_write(const struct chg_acr *acr, FILE *to);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Texts of other people, made fit for a terminal, for JSON and for a message.
 */
#ifndef CHG_CHGCTL_TEXT_H
#define CHG_CHGCTL_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "core/view.h"

enum {
	/* Room for one message to the operator. */
	CTL_MESSAGE_MAX = 1024,
};

/*
 * Reads one code point of UTF-8 (RFC 3629).  Returns its length in bytes and writes ret_code; 0
 * when the text is empty or its first byte begins no valid sequence, ret_code is not written then.
 */
size_t ctl_text_next(struct chg_view text, uint32_t *ret_code);

/*
 * Writes a text for people: what could steer a terminal (control characters, directional
 * overrides) is shown as \x1b or \u202e, bytes that are no UTF-8 as \xff.  Peers choose these
 * texts, so none may reach a terminal as it is.
 */
void ctl_text_show(FILE *to, struct chg_view text);

/* Writes a JSON string with its quotes.  Bytes that are no UTF-8 become U+FFFD. */
void ctl_text_json(FILE *to, struct chg_view text);

/* Writes UTF-8 and nothing else: bytes that are none, and NUL, become U+FFFD. */
void ctl_text_utf8(FILE *to, struct chg_view text);

/*
 * Writes a field of CSV with its quotes, those inside doubled (RFC 4180 2.7), and UTF-8 alone as
 * ctl_text_utf8.
 */
void ctl_text_quoted(FILE *to, struct chg_view text);

/* Writes a number in decimal. */
void ctl_text_i64(FILE *to, int64_t number);
void ctl_text_u64(FILE *to, uint64_t number);

/* Writes an argument so that a shell reads it as one word again. */
void ctl_text_shell(FILE *to, const char *argument);

/* "chgctl: ..." on stderr, with an end of line. */
void ctl_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether two texts are equal, letter case and the difference of ' ', '-' and '_' ignored. */
bool ctl_text_alike(const char *a, const char *b);

/*
 * The candidate that is most like a mistyped word, or NULL when none is near (more than a third of
 * its letters differ).
 */
const char *ctl_text_nearest(const char *word, const char *const *candidates, size_t count);

/* Reads decimal digits and nothing else, up to `max`. */
bool ctl_text_number(const char *text, uint64_t max, uint64_t *ret);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Text of unknown origin, made safe to stand in a line for people.
 */
#ifndef CHG_RUNTIME_QUOTE_H
#define CHG_RUNTIME_QUOTE_H

#include "core/view.h"

enum chg_quote_when {
	CHG_QUOTE_NEEDED, /* only what holds a space, '"', '=', '\', a control or broken UTF-8 */
	CHG_QUOTE_ALWAYS,
};

enum {
	CHG_QUOTE_ROOM_MIN = 16,
};

/*
 * Writes the text in double quotes with \" \\ \n \r \t and \xNN; unquoted when nothing asks for it,
 * and "" for an empty or absent text.  What finds no room is cut at a whole character and "..."
 * stands for it.
 *
 *   room  of ret with its end, at least CHG_QUOTE_ROOM_MIN
 *
 * Returns the length written, without the end.
 */
size_t chg_quote_write(struct chg_view text, enum chg_quote_when when, char *ret, size_t room);

#endif

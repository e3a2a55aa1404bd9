/* SPDX-License-Identifier: BSD-3-Clause
 * The page of `chgctl top`: what two readings say, in words for somebody who was woken up.
 */
#ifndef CHG_CHGCTL_PAGE_H
#define CHG_CHGCTL_PAGE_H

#include <stdio.h>

#include "chgctl/reading.h"

/* What the page is shown on. */
struct ctl_page_look {
	size_t columns; /* no line is longer; 0: as long as they are */
	size_t rows;    /* no more lines; 0: all of them */
	bool has_colour;
};

/*
 * Writes the page: who the node is, what is out of order with what to do about it, and then its
 * figures.  Lines that are out of order begin with "!".  Nothing but lines and, with has_colour,
 * colours.
 *
 *   before  the reading before; NULL when there is none: then there are no rates
 */
void ctl_page_write(const struct ctl_reading *before, const struct ctl_reading *now,
	const struct ctl_page_look *look, FILE *to);

/* The page when no node answers: why, and for how many seconds. */
void ctl_page_write_away(
	const char *why, uint64_t away_s, const struct ctl_page_look *look, FILE *to);

#endif

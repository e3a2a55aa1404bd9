/* SPDX-License-Identifier: BSD-3-Clause
 * Borrowed bytes with a length: never freed, not terminated, valid as long as their owner says.
 */
#ifndef CHG_CORE_VIEW_H
#define CHG_CORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ptr is NULL when there is nothing at all; len 0 with a ptr is an empty text that was there. */
struct chg_view {
	const char *ptr;
	size_t len;
};

/* A view of a string constant. */
#define CHG_VIEW(literal) ((struct chg_view){ .ptr = (literal), .len = sizeof(literal) - 1 })

static inline struct chg_view chg_view_of(const char *text)
{
	return (struct chg_view){ .ptr = text, .len = text == NULL ? 0 : strlen(text) };
}

static inline bool chg_view_present(struct chg_view view)
{
	return view.ptr != NULL;
}

static inline bool chg_view_equal(struct chg_view a, struct chg_view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* By bytes; below, equal to or above 0 as memcmp. */
static inline int chg_view_compare(struct chg_view a, struct chg_view b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);
	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs as scripts name them, and values as scripts write them.
 *
 * A path is AVP names from the outermost group to the AVP, joined by '.':
 *   Service-Information.IM-Information.Total-Number-Of-Messages-Sent
 * An AVP that the dictionary does not have is code/vendor/flags: 9999/10415/VM, 9999/0/-.
 * '+' before a name asks for a new instance instead of the one that is there.
 */
#ifndef CHG_CHGPLAY_ELEMENT_H
#define CHG_CHGPLAY_ELEMENT_H

#include "core/instant.h"
#include "core/view.h"
#include "wire/avp.h"

enum {
	CHG_MESSAGE_VALUE_MAX = 8192, /* octets of one value that a script writes */
};

struct chg_element {
	uint32_t code;
	uint32_t vendor;
	uint8_t flags;
	bool is_new;
	bool is_known; /* id is valid */
	enum chg_avp id;
};

/* Takes the next name off `path`.  False when the dictionary has none of that name. */
bool chg_element_next(struct chg_view *path, struct chg_element *ret);

/* The flags of "VMP", "M", "-".  False for another letter. */
bool chg_element_flags(struct chg_view text, uint8_t *ret);

/* NULL when the value suits the AVP that the path names; otherwise a sentence that says why not. */
const char *chg_element_check(struct chg_view path, struct chg_view value);

/*
 * Writes a value as the AVP's octets: hexadecimal as it stands; text; numbers and names of values;
 * a Time is seconds after `base`, "+5".  False when it does not suit the AVP or `size`.
 */
bool chg_element_value(const struct chg_element *element, struct chg_view value, chg_instant base,
	uint8_t *ret, size_t size, size_t *ret_len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * AVPs as JSON text: an object by AVP name, for the content that has no column of its own.
 *
 *   text types         a string; "0x.." when it is not valid UTF-8
 *   octets, unknown    "0x.." in hexadecimal
 *   numbers            a number; a string of digits past the range of int64
 *   Time               "2026-11-20T12:34:56Z"
 *   Address            "192.0.2.1", "2001:db8::1"; "0x.." for other families
 *   groups             an object
 *   the same twice     an array
 *   not in our dictionary   the name is "AVP-<vendor>-<code>"
 *   cut off            what no AVP can be made of any more is "unreadable": "0x.."
 */
#ifndef CHG_WIRE_JSON_H
#define CHG_WIRE_JSON_H

#include "wire/avp.h"

/*
 * Appends into memory that is known to suffice: chg_json_bound octets for a message of len octets.
 * That is asserted, since the bound is ours to get right.
 */
struct chg_json {
	char *bytes;
	size_t size;
	size_t len;
	bool has_unreadable; /* something had to be written as "0x.." though its type is another */
};

size_t chg_json_bound(size_t message_len);

/* Whether the data of a known AVP is what its type asks for; groups are judged by what they hold. */
bool chg_json_is_readable(const struct chg_raw_avp *avp);

/*
 * Says of each AVP that is met whether it is left out because it went somewhere better.  Called in
 * the order of the message, once per AVP, groups before what they hold; a group that ends up empty
 * is left out as well.  A group that is left out is not descended into.
 */
typedef bool chg_json_skips(void *to, const struct chg_raw_avp *parent,
	const struct chg_raw_avp *avp, bool is_readable);

/* Writes the object for all AVPs of a walk; parent is NULL at the level of the command. */
void chg_json_object(
	struct chg_json *json, struct chg_avp_walk walk, chg_json_skips *skips, void *to);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Diameter messages for tests, written and taken apart without the code that is tested.
 */
#ifndef CHG_TESTS_SUPPORT_MESSAGE_H
#define CHG_TESTS_SUPPORT_MESSAGE_H

#include <stdint.h>

#include "core/view.h"

enum {
	MESSAGE_ROOM = 256 * 1024,
	MESSAGE_HOP_BY_HOP = 0x11223344,
	MESSAGE_END_TO_END = 0x55667788,
};

struct message {
	uint8_t bytes[MESSAGE_ROOM];
	size_t len;
};

/* A header and nothing else. */
void message_begin(struct message *message, uint8_t flags, uint32_t command, uint32_t application);

/* Bytes as they are. */
void message_raw(struct message *message, const void *bytes, size_t len);

/* An AVP with its padding; the V bit is set by a vendor, and by flags 0x80 for vendor 0. */
void message_avp(struct message *message, uint32_t code, uint32_t vendor, uint8_t flags,
	const void *data, size_t len);

/*
 * AVPs from a short notation, separated by blanks or commas; NULL or "" is none:
 *
 *   480m:00000001           code, M bit, data in hexadecimal
 *   1m:'alice'              data as text
 *   873/10415m:{ 876/10415m:{} 861:00 }   vendor; a group
 *   415Vm:00000001          the V bit with vendor 0
 *   #000001                 bytes as they are
 */
void message_avps(struct message *message, const char *text);

/*
 * The valid Accounting-Request that the rules start from: EVENT, number 0, P set.  Its changes, in
 * front of the notation above:
 *
 *   -485        without that AVP         flags=40  the header's flags
 *   ^485m:..    in front of all others, without blanks  app=4     the header's application
 *   type=N, number=N                     cmd=272   another command
 */
void message_acr(struct message *message, const char *changes);

/*
 * The same for the valid Credit-Control-Request: INITIAL, number 0, P set; without units and
 * identities.
 */
void message_ccr(struct message *message, const char *changes);

/* The whole message, its length filled in. */
struct chg_view message_view(struct message *message);

/* The data of the n-th AVP (from 0) of that kind at the top level, or inside a group's data. */
bool message_find(struct chg_view message, uint32_t code, size_t n, struct chg_view *ret);
bool message_find_in(struct chg_view avps, uint32_t code, size_t n, struct chg_view *ret);

/* How often it is there. */
size_t message_count(struct chg_view message, uint32_t code);

/* Four octets as a number; the data must be four octets. */
uint32_t message_u32(struct chg_view data);

/* Bytes of hexadecimal text, blanks left out; how many. */
size_t message_unhex(const char *text, uint8_t *ret, size_t size);

#endif

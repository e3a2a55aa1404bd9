/* SPDX-License-Identifier: BSD-3-Clause
 * Which requests ask nothing of the library, and which it has to see.
 */
#include "stack/plain.h"

#include <stdlib.h>

#include "support/message.h"
#include "support/table.h"

static const struct chg_plain_own us = {
	.host = { "charging.example.net", 20 },
	.realm = { "cdf.example.net", 15 },
};

static struct message message;

static const struct plain_row {
	const char *says;
	const char *changes;
	bool is_plain;
} plain_rows[] = {
	{ "an ACR for our realm", "", true },
	{ "a CCR for our realm", "cmd=272 app=4", true },
	{ "our realm in other letters", "-283 283m:'CDF.Example.NET'", true },
	{ "for us by name", "293m:'charging.example.net'", true },
	{ "for us by name in other letters", "293m:'Charging.EXAMPLE.net'", true },
	{ "sent again", "flags=d0", true },
	{ "not proxiable", "flags=80", true },
	{ "come through other agents", "282m:'r1.example.net' 282m:'r2.example.net'", true },
	{ "with Proxy-Info", "284m:{280m:'p' 33m:'s'}", true },
	{ "with a User-Name as people have it", "1m:'alice@example.net'", true },
	{ "with a vendor's AVP of the number of a route", "282/10415m:'charging.example.net'",
		true },
	{ "with AVPs that nobody knows", "99999m: 99999/4711m:01", true },
	{ "the decoder judges a Session-Id", "-263 263m:610062", true },

	{ "for no realm", "-283", false },
	{ "for a foreign realm", "-283 283m:'elsewhere.example.org'", false },
	{ "for a realm that begins like ours", "-283 283m:'cdf.example.net.evil'", false },
	{ "for a realm that ours begins like", "-283 283m:'cdf.example'", false },
	{ "for an empty realm", "-283 283m:''", false },
	{ "for our realm twice", "283m:'cdf.example.net'", false },
	{ "for our realm and another", "283m:'elsewhere.example.org'", false },
	{ "for another host", "293m:'other.example.net'", false },
	{ "for an empty host", "293m:''", false },
	{ "for us by name twice", "293m:'charging.example.net' 293m:'charging.example.net'",
		false },
	{ "gone in a circle", "282m:'r1.example.net' 282m:'Charging.example.net'", false },
	{ "with a User-Name that looks like a route", "1m:'x.test!u@realm'", false },
	{ "with the E bit", "flags=e0", false },
	{ "with a reserved bit", "flags=c1", false },
	{ "our realm in an AVP with the V bit", "-283 283Vm:'cdf.example.net'", false },
	{ "cut off inside of an AVP", "#0000000140000099 ", false },
	{ "an AVP shorter than its header", "#0000000140000007", false },
	{ "a vendor's AVP shorter than its header", "#000001a0c000000800000000", false },
	{ "an AVP of no length", "#0000000140000000", false },
	{ "four octets behind the last AVP", "#00000001", false },
	{ "out of step", "#000102", false },
	{ "without an AVP", "-263 -264 -296 -283 -480 -485 -259", false },
};

static bool is_plain(struct chg_view whole)
{
	struct chg_header header;
	assert_int_equal(chg_header_read(whole, &header), CHG_OK);
	return chg_plain_is(whole, &header, &us);
}

static void plain_row_holds(void **state)
{
	const struct plain_row *row = *state;
	message_acr(&message, row->changes);
	struct chg_view whole = message_view(&message);
	/* In memory of its own size, so that one octet too many is noticed. */
	char *copy = malloc(whole.len);
	assert_non_null(copy);
	memcpy(copy, whole.ptr, whole.len);
	bool is = is_plain((struct chg_view){ copy, whole.len });
	free(copy);
	assert_int_equal(is, row->is_plain);
}

int main(void)
{
	return TABLE_RUN("plain", plain_rows, plain_row_holds);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Any octets as a received message: what the library is given is whole, safe and parsable, and what
 * it is not given is in step and for us.
 */
#include <assert.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdproto.h>
#include <stdlib.h>

#include "stack/plain.h"
#include "stack/shell.h"
#include "wire/avp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return fd_libproto_init();
}

static void check_session_ids(struct chg_view shell)
{
	struct chg_avp_walk walk = chg_avp_walk_message(shell);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (avp.code != 263 || avp.vendor != 0)
			continue;
		assert(avp.data.len > 0);
		assert(memchr(avp.data.ptr, '\0', avp.data.len) == NULL);
	}
}

/* The library takes the buffer when it parses it. */
static void check_shell(uint8_t *buffer, size_t size)
{
	struct msg *msg = NULL;
	struct chg_view shell = { (const char *)buffer, size };
	struct chg_avp_walk walk = chg_avp_walk_message(shell);
	struct chg_raw_avp avp;
	unsigned int own = 0;
	while (chg_avp_next(&walk, &avp))
		own += avp.code == CHG_SHELL_CODE;
	assert(!walk.is_broken && own == 1);
	int error = fd_msg_parse_buffer(&buffer, size, &msg);
	assert(error == 0);
	fd_msg_free(msg);
}

/* What goes past the library is in step to the end, and for our realm alone. */
static void check_plain(struct chg_view message, const struct chg_header *header)
{
	static const struct chg_plain_own own = { .host = { "charging.example.net", 20 },
		.realm = { "example.net", 11 } };
	unsigned int realms = 0;
	if (!chg_plain_is(message, header, &own))
		return;
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		if (!avp.is_known || avp.id != CHG_AVP_DESTINATION_REALM)
			continue;
		assert(avp.data.len == own.realm.len);
		realms++;
	}
	assert(!walk.is_broken && realms == 1);
}

static void make_one(struct chg_view message)
{
	static const uint8_t ticket[CHG_SHELL_TICKET_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t *buffer = malloc(message.len == 0 ? 1 : message.len);
	struct chg_header header;
	bool has_header = chg_header_read(message, &header) == CHG_OK;
	if (has_header)
		check_plain(message, &header);
	memcpy(buffer, message.ptr, message.len);
	enum chg_shell_result result =
		chg_shell_make(message, buffer, (struct chg_view){ "example.net", 11 }, ticket);
	assert((result == CHG_SHELL_FOREIGN) == !chg_shell_is_charging(message));
	if (has_header && result != CHG_SHELL_HOPELESS)
		check_session_ids((struct chg_view){ (const char *)buffer, message.len });
	if (result == CHG_SHELL_MADE)
		check_shell(buffer, message.len);
	else
		free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	make_one((struct chg_view){ (const char *)bytes, size });
	if (size < CHG_HEADER_SIZE || size > 0xffff)
		return 0;

	uint8_t *copy = malloc(size);
	memcpy(copy, bytes, size);
	copy[0] = 1;
	copy[1] = (uint8_t)(size >> 16);
	copy[2] = (uint8_t)(size >> 8);
	copy[3] = (uint8_t)size;
	make_one((struct chg_view){ (const char *)copy, size });
	free(copy);
	return 0;
}

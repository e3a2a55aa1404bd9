/* SPDX-License-Identifier: BSD-3-Clause
 * From a received message to its shell.
 */
#include "stack/shell.h"

#include "wire/avp.h"

enum {
	COMMAND_ACCOUNTING = 271,
	COMMAND_CREDIT_CONTROL = 272,
	APPLICATION_BASE = 0,
	CODE_SESSION_ID = 263,
	AVP_HEAD = 8,
	/* Longer ones are legal, but the library hashes and copies them several times. */
	SESSION_ID_MAX = 1024,
};

bool chg_shell_is_charging(struct chg_view message)
{
	struct chg_header header;
	return chg_header_read(message, &header) == CHG_OK &&
	       (header.flags & CHG_COMMAND_FLAG_REQUEST) != 0 &&
	       (header.command == COMMAND_ACCOUNTING || header.command == COMMAND_CREDIT_CONTROL);
}

/* An empty one, or one with a NUL, ends the process in freeDiameter 1.2.1 (design rule D1). */
static bool is_safe_session_id(struct chg_view id)
{
	return id.len > 0 && id.len <= SESSION_ID_MAX && memchr(id.ptr, '\0', id.len) == NULL;
}

/* Proxy-Info is parsed by the library and refused with a poor answer unless it is as it should. */
static bool is_sound_proxy_info(struct chg_view data)
{
	struct chg_avp_walk walk = chg_avp_walk_group(data);
	struct chg_raw_avp member;
	bool has_host = false, has_state = false;
	while (chg_avp_next(&walk, &member)) {
		if (!member.is_known)
			return false;
		has_host |= member.id == CHG_AVP_PROXY_HOST;
		has_state |= member.id == CHG_AVP_PROXY_STATE;
	}
	return !walk.is_broken && has_host && has_state;
}

/* What of the request has a place in the shell; `seen` says what is there already. */
struct seen {
	bool session_id;
	bool destination_realm;
	bool destination_host;
};

static bool first(bool *seen)
{
	bool is_first = !*seen;
	*seen = true;
	return is_first;
}

static bool belongs(const struct chg_raw_avp *avp, struct seen *seen)
{
	if (!avp->is_known || (avp->whole.len & 0xffffff) != avp->whole.len)
		return false;
	switch (avp->id) {
	case CHG_AVP_SESSION_ID:
		return is_safe_session_id(avp->data) && first(&seen->session_id);
	case CHG_AVP_DESTINATION_REALM:
		return first(&seen->destination_realm);
	case CHG_AVP_DESTINATION_HOST:
		return first(&seen->destination_host);
	case CHG_AVP_ROUTE_RECORD:
		return true;
	case CHG_AVP_PROXY_INFO:
		return is_sound_proxy_info(avp->data);
	default:
		return false;
	}
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* Appends what belongs, as long as room for our own AVP remains. */
static void put_routing(struct chg_out *out, struct chg_view message, struct chg_view realm)
{
	const size_t reserve = AVP_HEAD + CHG_SHELL_TICKET_SIZE;
	struct seen seen = { 0 };
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp))
		if (out->len + padded(avp.whole.len) + reserve <= out->size && belongs(&avp, &seen))
			chg_out_copy(out, &avp);
	if (!seen.destination_realm &&
		out->len + AVP_HEAD + padded(realm.len) + reserve <= out->size)
		chg_out_text(out, CHG_AVP_DESTINATION_REALM, realm);
}

static enum chg_shell_result make(struct chg_view message, uint8_t *buffer, struct chg_view realm,
	const uint8_t ticket[CHG_SHELL_TICKET_SIZE])
{
	/* Out of step with the padding, or nothing to put our AVP into: 5015 is a closed connection. */
	if (message.len % 4 != 0 ||
		message.len < CHG_HEADER_SIZE + AVP_HEAD + CHG_SHELL_TICKET_SIZE) {
		buffer[0] = 0;
		return CHG_SHELL_HOPELESS;
	}
	struct chg_out out = chg_out_of(buffer, message.len);
	out.len = CHG_HEADER_SIZE; /* the header stays as it came */
	put_routing(&out, message, realm);

	/* Our AVP takes all that is left, so that the length of the message stays what it was. */
	size_t rest = message.len - out.len - AVP_HEAD;
	memset(buffer + out.len + AVP_HEAD, 0, rest);
	buffer[out.len] = (uint8_t)(CHG_SHELL_CODE >> 24);
	buffer[out.len + 1] = (uint8_t)(CHG_SHELL_CODE >> 16);
	buffer[out.len + 2] = (uint8_t)(CHG_SHELL_CODE >> 8);
	buffer[out.len + 3] = (uint8_t)CHG_SHELL_CODE;
	buffer[out.len + 4] = 0;
	buffer[out.len + 5] = (uint8_t)((rest + AVP_HEAD) >> 16);
	buffer[out.len + 6] = (uint8_t)((rest + AVP_HEAD) >> 8);
	buffer[out.len + 7] = (uint8_t)(rest + AVP_HEAD);
	memcpy(buffer + out.len + AVP_HEAD, ticket, CHG_SHELL_TICKET_SIZE);
	return CHG_SHELL_MADE;
}

/* Where an AVP of `message` stands in `buffer`. */
static uint8_t *same_place(struct chg_view message, uint8_t *buffer, const struct chg_raw_avp *avp)
{
	return buffer + (avp->whole.ptr - message.ptr);
}

static void rename_avp(uint8_t *at)
{
	at[0] = (uint8_t)(CHG_SHELL_CODE >> 24);
	at[1] = (uint8_t)(CHG_SHELL_CODE >> 16);
	at[2] = (uint8_t)(CHG_SHELL_CODE >> 8);
	at[3] = (uint8_t)CHG_SHELL_CODE;
	at[4] &= (uint8_t)~CHG_AVP_FLAG_MUST;
}

static void make_harmless(struct chg_view message, const struct chg_header *header, uint8_t *buffer)
{
	bool is_base_answer = (header->flags & CHG_COMMAND_FLAG_REQUEST) == 0 &&
			      header->application == APPLICATION_BASE;
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	while (chg_avp_next(&walk, &avp)) {
		uint8_t *at = same_place(message, buffer, &avp);
		if (avp.vendor == 0 && avp.code == CODE_SESSION_ID && !is_safe_session_id(avp.data))
			rename_avp(at);
		else if (is_base_answer && !avp.is_known)
			at[4] &= (uint8_t)~CHG_AVP_FLAG_MUST;
	}
}

enum chg_shell_result chg_shell_make(struct chg_view message, uint8_t *buffer,
	struct chg_view realm, const uint8_t ticket[CHG_SHELL_TICKET_SIZE])
{
	struct chg_header header;
	if (chg_header_read(message, &header) != CHG_OK)
		return CHG_SHELL_FOREIGN;
	if (chg_shell_is_charging(message))
		return make(message, buffer, realm, ticket);
	make_harmless(message, &header, buffer);
	return CHG_SHELL_FOREIGN;
}

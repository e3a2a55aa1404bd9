/* SPDX-License-Identifier: BSD-3-Clause
 * An Accounting- or Credit-Control-Request as a script wants it, down to the AVPs that are wrong on purpose.
 */
#ifndef CHG_CHGPLAY_REQUEST_H
#define CHG_CHGPLAY_REQUEST_H

#include "chgplay/script.h"
#include "core/instant.h"

/* What a request carries besides the script's wishes. */
struct chg_request_head {
	struct chg_view session_id;
	struct chg_view origin_host;
	struct chg_view origin_realm;
	struct chg_view destination_realm;
	uint32_t origin_state_id; /* 0: none */
	chg_instant base;         /* the scenario's start, which times are counted from */
	chg_instant event_time;   /* unless the script says at */
	uint32_t hop_by_hop;
	uint32_t end_to_end;
	const char *party_domain; /* of parties with a short name; NULL: example.net */
	/* The Refund-Information that a session's or event's name was answered with; NULL: none. */
	bool (*handle)(void *to, struct chg_view name, struct chg_view *ret);
	void *to;
};

/*
 * Writes the request of a step of kind CHG_PLAY_SEND.
 *
 *   CHG_E_RANGE      it does not fit into `size`
 *   CHG_E_UNKNOWN    an AVP to be changed is not in the request, or there is no such
 *                    Refund-Information; reterr_path names it
 *   CHG_E_NO_MEMORY  no memory
 */
enum chg_rc chg_request_write(const struct chg_script *script, const struct chg_script_step *step,
	const struct chg_request_head *head, uint8_t *ret, size_t size, size_t *ret_len,
	struct chg_view *reterr_path);

enum {
	CHG_PARTY_LONG_MAX = 512,
};

/* "alice" becomes "sip:alice@<domain>", NULL being example.net; what has a ':' or an '@' stays. */
struct chg_view chg_party_spell(
	struct chg_view party, const char *domain, char memory[CHG_PARTY_LONG_MAX]);

/*
 * "alice", "sip:..", "tel:..", "e164:+4930123", "imsi:..", "nai:..", "private:..": the type and the
 * text that a Subscription-Id has.
 */
enum chg_identity_type chg_identity_spell(struct chg_view identity, const char *domain,
	char memory[CHG_PARTY_LONG_MAX], struct chg_view *ret);

#endif

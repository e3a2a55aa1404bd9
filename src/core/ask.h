/* SPDX-License-Identifier: BSD-3-Clause
 * What a peer asked, without AVPs.
 *
 * Every view points into the request, or into what was made while it was read: scratch memory, and
 * from there the memory of the wrapped request (wrap.h).  It lives as long as these do.
 */
#ifndef CHG_CORE_ASK_H
#define CHG_CORE_ASK_H

#include "core/option.h"
#include "core/view.h"

/* Accounting-Record-Type, RFC 6733 9.8.1. */
enum chg_record_type {
	CHG_RECORD_EVENT = 1,
	CHG_RECORD_START = 2,
	CHG_RECORD_INTERIM = 3,
	CHG_RECORD_STOP = 4,
};

/* Application-Service-Type of SIMPLE IM, OMA-DDS-Charging_Data 6.2.4. */
enum chg_application_service {
	CHG_AST_SENDING = 100,
	CHG_AST_RECEIVING = 101,
	CHG_AST_RETRIEVAL = 102,
	CHG_AST_INVITING = 103,
	CHG_AST_LEAVING = 104,
	CHG_AST_JOINING = 105,
};

/* Where in the request a party was named; a bit each, so that one index row can carry several. */
enum chg_party_role {
	CHG_ROLE_CALLING = 1,      /* Calling-Party-Address */
	CHG_ROLE_CALLED = 2,       /* Called-Party-Address, Requested-Party-Address, asserted */
	CHG_ROLE_SUBSCRIBER = 4,   /* Subscription-Id, Subscription-Id-Extension, User-Name */
	CHG_ROLE_CHARGED = 8,      /* Charged-Party, Alternate-Charged-Party-Address */
	CHG_ROLE_PARTICIPANT = 16, /* Participants-Involved, Participant-Group */
};

struct chg_named_party {
	struct chg_view text; /* as the peer wrote it */
	enum chg_party_role role;
};

enum {
	/* What one request may name; the rest is kept in the content only and counted as unlisted. */
	CHG_PARTY_MAX = 32,
	CHG_PARTICIPANT_MAX = 128,
	CHG_DIGEST_SIZE = 16,
};

/* Says whether two requests have the same content; not a secret and not a signature. */
struct chg_digest {
	uint8_t bytes[CHG_DIGEST_SIZE];
};

/*
 * One Accounting-Request on CH-1.  RFC 6733 9.7.1, TS 32.299 6.2.2
 *
 * Figures are cumulative for the session (RFC 6733 9.8.1).  content is a JSON object with every AVP
 * that a record has no column for, by name, valid UTF-8, never empty ("{}" at least): what only a
 * decision looks at (realtime_required, role_of_node, node_functionality) stands there as well.
 */
struct chg_acr {
	bool is_retransmission; /* T bit of the header */
	bool is_unreadable;     /* some content was of the wrong type or garbled, and is kept raw */

	struct chg_view origin_host;
	struct chg_view origin_realm;
	struct chg_view session_id;
	enum chg_record_type type;
	uint32_t number;
	chg_opt_u64 sub_session_id;
	struct chg_view multi_session_id;
	struct chg_view user_name;
	struct chg_view service_context_id;
	chg_opt_instant event_time;
	chg_opt_u32 origin_state_id;
	chg_opt_u32 interim_interval_s;
	chg_opt_u32 realtime_required;
	chg_opt_u32 termination_cause;

	/* Service-Generic-Information */
	struct chg_view application_server_id;
	chg_opt_i32 application_service_type;
	chg_opt_u32 application_session_id;
	struct chg_view delivery_status;

	/* IM-Information */
	chg_opt_u32 messages_sent;               /* Total-Number-Of-Messages-Sent */
	chg_opt_u32 messages_exploded;           /* Total-Number-Of-Messages-Exploded */
	chg_opt_u32 messages_sent_delivered;     /* Number-Of-Messages-Successfully-Sent */
	chg_opt_u32 messages_exploded_delivered; /* Number-Of-Messages-Successfully-Exploded */

	/* IMS-Information */
	struct chg_view icid;    /* IMS-Charging-Identifier */
	struct chg_view call_id; /* User-Session-Id */
	struct chg_view sip_method;
	struct chg_view calling_party; /* the first Calling-Party-Address */
	struct chg_view called_party;  /* the first Called-Party-Address */
	chg_opt_i32 cause_code;        /* <= 0 success, >= 1 failure: TS 32.299 7.2.35 */
	chg_opt_i32 role_of_node;
	chg_opt_i32 node_functionality;
	chg_opt_u64 content_octets; /* sum of Content-Length over all Message-Body */

	/* PoC-Information, which carries the group data of IM as well */
	struct chg_view group_name;
	chg_opt_u32 participants; /* Number-Of-Participants: invited in START, attached later */

	uint32_t unlisted_count; /* parties and participants beyond the two arrays */

	struct chg_view content;
	struct chg_digest digest;

	size_t party_count;
	size_t participant_count;
	struct chg_named_party party[CHG_PARTY_MAX]; /* the two stand last: core/wrap.h */
	struct chg_view participant[CHG_PARTICIPANT_MAX];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Requests made in advance: what a load sends, encoded once and then only patched.
 */
#ifndef CHG_CHGPLAY_TEMPLATE_H
#define CHG_CHGPLAY_TEMPLATE_H

#include "core/instant.h"
#include "core/rc.h"
#include "core/view.h"

/* What can be sent. */
enum chg_step {
	CHG_STEP_EVENT,
	CHG_STEP_START,
	CHG_STEP_INTERIM,
	CHG_STEP_STOP,
	CHG_STEP_DEBIT,
	CHG_STEP_INITIAL,
	CHG_STEP_UPDATE_1,
	CHG_STEP_UPDATE_2,
	CHG_STEP_UPDATE_3,
	CHG_STEP_TERMINATION,
	CHG_STEP_COUNT,
};

struct chg_step_row {
	const char *name; /* in journals */
	bool is_credit;
	uint32_t type; /* Accounting-Record-Type or CC-Request-Type */
	uint32_t number;
	enum chg_step next; /* what follows a good answer; CHG_STEP_COUNT: nothing */
	/* Messages of a credit session; octets are a thousand and one times as many. */
	uint32_t used;
};

extern const struct chg_step_row chg_step_rows[CHG_STEP_COUNT];

enum {
	CHG_TEMPLATE_MAX = 1024,
	CHG_TEMPLATE_DIGITS = 10, /* of run and serial in a Session-Id */
	CHG_TEMPLATE_PLACES = 2,  /* where the subscriber stands at most */
};

struct chg_template_wish {
	enum chg_step step;
	const char *host; /* Origin-Host, and the beginning of each Session-Id */
	const char *realm;
	const char *destination_realm;
	/*
	 * Who pays for a CCR, and who sends the message: SIP URIs.  account_digits of both, from
	 * account_at on, will be patched; 0: none.
	 */
	const char *subscriber;
	const char *caller;
	size_t account_at;
	uint32_t account_digits;
	uint32_t services; /* of a credit session: 1, messages, or 2, messages and octets */
	/* An ACR with nothing but what RFC 6733 knows, for servers that know no more. */
	bool is_base_only;
};

/* A request without what makes it the one it is. */
struct chg_template {
	uint8_t bytes[CHG_TEMPLATE_MAX];
	size_t len;
	size_t session_id_at;
	size_t session_id_len;
	size_t run_at; /* counted from the message's first octet, as all */
	size_t serial_at;
	size_t time_at;
	size_t account_at[CHG_TEMPLATE_PLACES];
	size_t account_places;
	uint32_t account_digits;
};

/* What makes it that. */
struct chg_patch {
	uint32_t run; /* with serial: what makes the Session-Id unique */
	uint32_t serial;
	uint32_t account;
	uint32_t time; /* Event-Timestamp, as it is sent: seconds since 1900 */
	uint32_t hop_by_hop;
	uint32_t end_to_end;
	bool is_repeated; /* the T bit */
};

/* What tells the requests of one run of the program from those of any other. */
struct chg_run {
	uint32_t run;        /* when it began, seconds since 1970 */
	uint32_t serial;     /* before the first one */
	uint32_t end_to_end; /* of the first request; RFC 6733 3 wants the time in it */
};

/* Runs of one Origin-Host may follow each other within a second. */
struct chg_run chg_run_begun(chg_instant at);

/* Encodes the request.  CHG_E_RANGE: it is too long, which only long names make it. */
enum chg_rc chg_template_make(const struct chg_template_wish *wish, struct chg_template *ret);

/* Writes the request: template->len octets. */
void chg_template_write(
	const struct chg_template *template, const struct chg_patch *patch, uint8_t *ret);

/* The Session-Id of that request: template->session_id_len octets. */
void chg_template_session_id(
	const struct chg_template *template, const struct chg_patch *patch, char *ret);

#endif

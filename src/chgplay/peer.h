/* SPDX-License-Identifier: BSD-3-Clause
 * A small Diameter client over TCP: capabilities, watchdog, disconnect, and whole messages.
 *
 * Nothing blocks but chg_peer_open and chg_peer_close, and those have their time.  One thread.
 */
#ifndef CHG_CHGPLAY_PEER_H
#define CHG_CHGPLAY_PEER_H

#include "core/rc.h"
#include "core/view.h"

struct chg_peer;

struct chg_peer_config {
	const char *address; /* "host:port" or "[v6]:port" */
	const char *origin_host;
	const char *origin_realm;
	uint32_t origin_state_id; /* 0: not told */
	int timeout_ms;           /* for connecting, and for each of CEA and DPA */
	/*
	 * For so long a connection that is closed before capabilities is tried again: a node may still
	 * be busy with the end of the one before.
	 */
	int patience_ms;
};

/*
 * Connects and exchanges capabilities (applications 3 and 4).
 *
 *   CHG_E_CONFIG   the address has no such form or name
 *   CHG_E_SYSTEM   no connection
 *   CHG_E_CLOSED   the node closed it or refused the capabilities
 *   CHG_E_BUSY     no answer in time
 *
 * reterr_why gets a sentence.
 */
enum chg_rc chg_peer_open(const struct chg_peer_config *config, struct chg_peer **ret,
	char *reterr_why, size_t why_size);

/* DPR, DPA, close; `is_polite` false: close at once.  Frees.  NULL is fine. */
void chg_peer_close(struct chg_peer *peer, bool is_polite);

/* For poll; and whether something waits to be written. */
int chg_peer_fd(const struct chg_peer *peer);
bool chg_peer_wants_write(const struct chg_peer *peer);

/* Room in the line for a message, to be filled before the next call.  NULL: it did not fit. */
uint8_t *chg_peer_reserve(struct chg_peer *peer, size_t len);

/* Puts a message into the line.  CHG_E_NO_MEMORY: it did not fit. */
enum chg_rc chg_peer_put(struct chg_peer *peer, struct chg_view message);

/* Writes what the socket takes now.  CHG_E_CLOSED: the connection is gone. */
enum chg_rc chg_peer_flush(struct chg_peer *peer);

/*
 * Reads what is there now.
 *
 *   CHG_E_CLOSED  the connection is gone and nothing more was read
 *   CHG_E_SYNTAX  what comes next can be no message: its length is impossible
 */
enum chg_rc chg_peer_read(struct chg_peer *peer);

/*
 * The next whole message that is no business of the connection itself: DWR and DPR are answered
 * here.  False when there is none yet.  The view lives until the next call of any function.
 */
bool chg_peer_next(struct chg_peer *peer, struct chg_view *ret);

/* Whether the node said that it disconnects (DPR). */
bool chg_peer_was_sent_away(const struct chg_peer *peer);

#endif

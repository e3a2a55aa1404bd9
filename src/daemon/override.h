/* SPDX-License-Identifier: BSD-3-Clause
 * Functions of the library that the daemon replaces, each in its own file with its reason.
 *
 * The dynamic linker binds the calls inside libfdcore to the executable first.  Whether it did is
 * read at start from the slot that libfdcore really calls through; where it did not, the daemon
 * works like stock freeDiameterd and says so.
 */
#ifndef CHG_DAEMON_OVERRIDE_H
#define CHG_DAEMON_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>

struct cnxctx;
struct fd_peer;

struct chg_override {
	const char *symbol;
	const char *loss; /* what is lost when it did not take */
	bool (*took)(void);
	uint64_t (*caught)(void); /* how often it made a difference */
};

extern const struct chg_override chg_override_out_send;
extern const struct chg_override chg_override_sess_get;
extern const struct chg_override chg_override_ep_add_merge;
extern const struct chg_override chg_override_handle_newcer;
extern const struct chg_override chg_override_getnameinfo;
extern const struct chg_override chg_override_listen;
extern const struct chg_override chg_override_cnx_s_recv;
extern const struct chg_override chg_override_cnx_send;
extern const struct chg_override chg_override_cnx_destroy;
extern const struct chg_override chg_override_fifo_new;
extern const struct chg_override chg_override_p_ce_clear_cnx;

enum {
	/* So many times as long are the library's queues with chg_override_fifo_new. */
	CHG_OVERRIDE_QUEUE_TIMES = 32,
	/* The one towards a peer, in the library itself. */
	CHG_OVERRIDE_PEER_QUEUE = 5,
};

/*
 * The replaced functions that no public header declares; their shape is that of 1.2.1.
 */
int fd_out_send(struct msg **msg, struct cnxctx *cnx, struct fd_peer *peer, int update_reqin_cnt);
int fd_peer_handle_newCER(struct msg **cer, struct cnxctx **cnx);
ssize_t fd_cnx_s_recv(struct cnxctx *cnx, void *buffer, size_t len);
int fd_cnx_send(struct cnxctx *cnx, unsigned char *bytes, size_t len);
void fd_cnx_destroy(struct cnxctx *cnx);
void fd_p_ce_clear_cnx(struct fd_peer *peer, struct cnxctx **cnx_kept);

/*
 * True when the calls of the loaded library whose file name contains `library` to `symbol` go to
 * `ours`.  Reads the library's relocations, calls nothing.
 */
bool chg_override_binds(const char *library, const char *symbol, const void *ours);

/* The library's own function of that name; ends the process with a clear line if there is none. */
void *chg_override_original(const char *symbol);

/*
 * Logs one line for each override that did not take, and lets requests go the direct path when all
 * that it needs did.  Returns how many did not.
 */
unsigned chg_overrides_check(void);

/* Logs one line for each override that made a difference since the start. */
void chg_overrides_report(void);

#endif

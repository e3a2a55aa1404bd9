/* SPDX-License-Identifier: BSD-3-Clause
 * The addresses that the node listens on: the ones that were configured, all of them, no other.
 */
#ifndef CHG_DAEMON_LISTEN_H
#define CHG_DAEMON_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CHG_LISTEN_MAX = 64,
	CHG_ADDRESS_TEXT_MAX = 64, /* "[" IPv6 "%" interface "]:" port */
	CHG_LISTEN_REASON_MAX = 320,
	CHG_LISTEN_LIST_MAX = 512,
};

/*
 * Looks, before the library does, whether every configured address can be had.  The configuration
 * must have been read.  False: ret_reason says which address, why, and what to do.
 */
bool chg_listen_check(char ret_reason[static CHG_LISTEN_REASON_MAX]);

/*
 * Waits until the process listens on every configured address, and makes sure that it listens on
 * nothing else: freeDiameter 1.2.1 would rather listen everywhere than not at all.  False:
 * ret_reason says what is wrong.
 */
bool chg_listen_verify(int timeout_ms, char ret_reason[static CHG_LISTEN_REASON_MAX]);

/* The addresses that the process listens on, "127.0.0.1:3868,[::1]:3868". */
void chg_listen_print(char ret_list[static CHG_LISTEN_LIST_MAX]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Making and reaching the control socket.
 */
#ifndef CHG_RUNTIME_CONTROL_SOCKET_H
#define CHG_RUNTIME_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/rc.h"

enum {
	CHG_CONTROL_USER_MAX = 64, /* room for the name of a user */
};

/* A listening socket and which file it is, so that only that file is removed again. */
struct chg_control_socket {
	int fd;
	dev_t device;
	ino_t inode;
};

/* CHG_E_SYSTEM: it cannot be made; reterr_why tells cause and cure. */
enum chg_rc chg_control_socket_listen(
	const char *path, struct chg_control_socket *ret, char *reterr_why, size_t why_size);

/* Closes, and removes the file if it is still this socket's. */
void chg_control_socket_close(const char *path, struct chg_control_socket *socket);

/* Whether the other end belongs to root or to the user that this process runs as. */
bool chg_control_socket_is_trusted(int fd);

/* The name of a user; "uid 1000" when the system has none for it. */
void chg_control_user_name(uid_t uid, char ret[CHG_CONTROL_USER_MAX]);

/* The same for the user at the other end. */
void chg_control_socket_user(int fd, char ret[CHG_CONTROL_USER_MAX]);

/* CHG_E_CLOSED: nobody listens; CHG_E_SYSTEM: everything else. */
enum chg_rc chg_control_socket_connect(
	const char *path, int *ret_fd, char *reterr_why, size_t why_size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The file of the socket: who may use it, and what may be replaced.
 */
#include "runtime/control_socket.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 16,
	FOLDER_MODE = 0755,
	SOCKET_MODE = 0600,
	PASSWD_ROOM = 4096, /* for one line of the user database */
};

__attribute__((format(printf, 3, 4))) static enum chg_rc refuse(
	char *reterr_why, size_t why_size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(reterr_why, why_size, format, args);
	va_end(args);
	return CHG_E_SYSTEM;
}

static bool set_address(const char *path, struct sockaddr_un *ret)
{
	size_t len = strlen(path);
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len == 0 || len >= sizeof ret->sun_path)
		return false;
	memcpy(ret->sun_path, path, len + 1);
	return true;
}

/* systemd makes the folder of the default path; who starts the node by hand has none yet. */
static void make_folder(const char *path)
{
	char folder[sizeof((struct sockaddr_un *)0)->sun_path];
	const char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return;
	size_t len = (size_t)(slash - path);
	assert(len < sizeof folder);
	memcpy(folder, path, len);
	folder[len] = '\0';
	/* If that fails, bind says why. */
	(void)mkdir(folder, FOLDER_MODE);
}

enum chg_rc chg_control_socket_connect(
	const char *path, int *ret_fd, char *reterr_why, size_t why_size)
{
	struct sockaddr_un address;
	if (!set_address(path, &address))
		return refuse(reterr_why, why_size,
			"%s is no path for a socket; give one of 1 to %zu bytes", path,
			sizeof address.sun_path - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(
			reterr_why, why_size, "no socket can be made: %s", strerrordesc_np(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
		*ret_fd = fd;
		return CHG_OK;
	}
	int error = errno;
	(void)close(fd);
	if (error == ENOENT || error == ECONNREFUSED) {
		(void)refuse(reterr_why, why_size,
			"no node listens at %s; start it, or name the control.socket that it has",
			path);
		return CHG_E_CLOSED;
	}
	if (error == EACCES || error == EPERM)
		return refuse(reterr_why, why_size,
			"%s may not be used by this user; become root or the user of the node",
			path);
	if (error == EAGAIN)
		return refuse(reterr_why, why_size,
			"too many others wait at %s; try again in a moment", path);
	return refuse(
		reterr_why, why_size, "%s cannot be reached: %s", path, strerrordesc_np(error));
}

/* Makes room at the path; false when something is there that must stay. */
static bool clear_path(const char *path, char *reterr_why, size_t why_size)
{
	struct stat found;
	char ignored[64];
	int fd;
	if (lstat(path, &found) != 0)
		return true; /* nothing there, or bind will tell what is wrong */
	if (!S_ISSOCK(found.st_mode)) {
		(void)refuse(reterr_why, why_size,
			"%s exists and is no socket; move it away or change control.socket", path);
		return false;
	}
	enum chg_rc rc = chg_control_socket_connect(path, &fd, ignored, sizeof ignored);
	if (rc == CHG_E_CLOSED) {
		(void)unlink(path);
		return true;
	}
	if (rc == CHG_OK)
		(void)close(fd);
	(void)refuse(reterr_why, why_size,
		"another node listens at %s; stop it or change control.socket", path);
	return false;
}

static enum chg_rc bind_and_listen(int fd, const char *path, const struct sockaddr_un *address,
	struct chg_control_socket *ret, char *reterr_why, size_t why_size)
{
	struct stat made;
	/* The mode of the socket becomes that of its file: there is no moment when others may in. */
	if (fchmod(fd, SOCKET_MODE) != 0 ||
		bind(fd, (const struct sockaddr *)address, sizeof *address) != 0)
		return refuse(reterr_why, why_size,
			"%s cannot be made: %s; change control.socket, or set it to \"\" to do "
			"without",
			path, strerrordesc_np(errno));
	if (listen(fd, BACKLOG) != 0 || lstat(path, &made) != 0) {
		int error = errno;
		(void)unlink(path);
		return refuse(reterr_why, why_size, "%s cannot be listened at: %s", path,
			strerrordesc_np(error));
	}
	*ret = (struct chg_control_socket){ fd, made.st_dev, made.st_ino };
	return CHG_OK;
}

enum chg_rc chg_control_socket_listen(
	const char *path, struct chg_control_socket *ret, char *reterr_why, size_t why_size)
{
	struct sockaddr_un address;
	if (!set_address(path, &address))
		return refuse(reterr_why, why_size,
			"%s is no path for a socket; give one of 1 to %zu bytes", path,
			sizeof address.sun_path - 1);
	make_folder(path);
	if (!clear_path(path, reterr_why, why_size))
		return CHG_E_SYSTEM;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(
			reterr_why, why_size, "no socket can be made: %s", strerrordesc_np(errno));
	enum chg_rc rc = bind_and_listen(fd, path, &address, ret, reterr_why, why_size);
	if (rc != CHG_OK)
		(void)close(fd);
	return rc;
}

void chg_control_socket_close(const char *path, struct chg_control_socket *socket)
{
	struct stat found;
	if (lstat(path, &found) == 0 && found.st_dev == socket->device &&
		found.st_ino == socket->inode)
		(void)unlink(path);
	(void)close(socket->fd);
	socket->fd = -1;
}

static bool read_peer(int fd, struct ucred *ret)
{
	socklen_t len = sizeof *ret;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &len) == 0 && len == sizeof *ret;
}

bool chg_control_socket_is_trusted(int fd)
{
	struct ucred peer;
	return read_peer(fd, &peer) && (peer.uid == 0 || peer.uid == geteuid());
}

void chg_control_user_name(uid_t uid, char ret[CHG_CONTROL_USER_MAX])
{
	char room[PASSWD_ROOM];
	struct passwd entry;
	struct passwd *found = NULL;
	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found != NULL &&
		strlen(found->pw_name) < CHG_CONTROL_USER_MAX)
		(void)snprintf(ret, CHG_CONTROL_USER_MAX, "%s", found->pw_name);
	else
		(void)snprintf(ret, CHG_CONTROL_USER_MAX, "uid %lu", (unsigned long)uid);
}

void chg_control_socket_user(int fd, char ret[CHG_CONTROL_USER_MAX])
{
	struct ucred peer;
	if (read_peer(fd, &peer))
		chg_control_user_name(peer.uid, ret);
	else
		(void)snprintf(ret, CHG_CONTROL_USER_MAX, "unknown");
}

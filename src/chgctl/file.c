/* SPDX-License-Identifier: BSD-3-Clause
 * Written beside, synced, renamed.
 */
#include "chgctl/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum chg_rc ctl_file_begin(const char *path, struct ctl_file *ret)
{
	struct ctl_file file = { .path = path };
	int len = snprintf(file.temporary, sizeof file.temporary, "%s.XXXXXX", path);

	if (len < 0 || (size_t)len >= sizeof file.temporary) {
		errno = ENAMETOOLONG;
		return CHG_E_SYSTEM;
	}
	int fd = mkstemp(file.temporary); /* mode 0600: records are nobody else's business */
	if (fd < 0)
		return CHG_E_SYSTEM;
	file.to = fdopen(fd, "w");
	if (file.to == NULL) {
		int error = errno;
		close(fd);
		unlink(file.temporary);
		errno = error;
		return CHG_E_SYSTEM;
	}
	*ret = file;
	return CHG_OK;
}

/* A file system that cannot sync folders has nothing to sync. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

	if (len >= sizeof folder)
		return;
	memcpy(folder, path, len);
	folder[len] = '\0';
	int fd = open(len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

enum chg_rc ctl_file_finish(struct ctl_file *file)
{
	if (fflush(file->to) != 0 || fsync(fileno(file->to)) != 0)
		return CHG_E_SYSTEM;
	FILE *to = file->to;
	file->to = NULL;
	if (fclose(to) != 0 || rename(file->temporary, file->path) != 0) {
		int error = errno;
		unlink(file->temporary);
		errno = error;
		return CHG_E_SYSTEM;
	}
	sync_folder(file->path);
	return CHG_OK;
}

void ctl_file_release(struct ctl_file *file)
{
	int error = errno;

	if (file->to == NULL)
		return;
	fclose(file->to);
	unlink(file->temporary);
	file->to = NULL;
	errno = error;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl db check, upgrade and backup.
 */
#include "chgctl/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/source.h"
#include "chgctl/stop.h"
#include "chgctl/when.h"
#include "store/sqlite/sqlite_store.h"

static enum ctl_exit failed(const char *why, enum chg_rc rc)
{
	ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
	return CTL_EXIT_PROBLEM;
}

enum ctl_exit ctl_cmd_db_check(const struct ctl_call *call)
{
	char path[CTL_PATH_MAX];
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc = chg_sqlite_check(path, why, sizeof why);
	if (rc != CHG_OK)
		return failed(why, rc);
	printf("%s is in order, schema version %d\n", path, chg_sqlite_schema_version());
	return CTL_EXIT_OK;
}

struct progress {
	bool is_shown; /* on a terminal only */
	bool has_told;
	chg_instant told_at;
};

static bool backup_progress(void *to, int pages_left, int pages_total)
{
	struct progress *progress = to;
	chg_instant now = ctl_when_steady();

	if (progress->is_shown && pages_total > 0 &&
		now.us - progress->told_at.us >= CHG_US_PER_S) {
		int percent = (int)((int64_t)(pages_total - pages_left) * 100 / pages_total);
		progress->has_told = true;
		progress->told_at = now;
		fprintf(stderr, "\r%d %% of %d pages ", percent, pages_total);
	}
	return !ctl_stop_wanted();
}

static enum ctl_exit back_up(const char *path, const char *to)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	struct progress progress = {
		.is_shown = isatty(STDERR_FILENO) != 0,
		.told_at = ctl_when_steady(),
	};
	enum chg_rc rc = chg_sqlite_backup(path, to, backup_progress, &progress, why, sizeof why);

	if (progress.has_told)
		fputc('\n', stderr);
	if (rc == CHG_E_CLOSED) {
		ctl_say("stopped; %s is as it was", to);
		return CTL_EXIT_PROBLEM;
	}
	return rc == CHG_OK ? CTL_EXIT_OK : failed(why, rc);
}

enum ctl_exit ctl_cmd_db_backup(const struct ctl_call *call)
{
	char path[CTL_PATH_MAX];
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	if (strcmp(path, call->operand[0]) == 0) {
		ctl_say("%s is the database itself; name another file", path);
		return CTL_EXIT_USAGE;
	}
	exit = back_up(path, call->operand[0]);
	if (exit == CTL_EXIT_OK)
		printf("%s is a copy of %s\n", call->operand[0], path);
	return exit;
}

static enum ctl_exit upgrade(const char *path, const char *saved)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	int from = 0, to = 0;
	enum chg_rc rc = chg_sqlite_upgrade(path, &from, &to, why, sizeof why);

	if (rc == CHG_E_STORE_BUSY && saved != NULL)
		unlink(saved); /* nothing was changed, so there is nothing to go back to */
	if (rc != CHG_OK)
		return failed(why, rc);
	printf("%s: schema version %d is now %d\n", path, from, to);
	if (saved != NULL)
		printf("as it was before: %s\n", saved);
	return CTL_EXIT_OK;
}

enum ctl_exit ctl_cmd_db_upgrade(const struct ctl_call *call)
{
	char path[CTL_PATH_MAX];
	char saved[CTL_PATH_MAX + 32];
	char why[CHG_SQLITE_WHY_MAX] = "";
	int version = 0;
	enum ctl_exit exit = ctl_source_find(&call->args, path);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc = chg_sqlite_version(path, &version, why, sizeof why);
	if (rc != CHG_OK)
		return failed(why, rc);
	if (version == chg_sqlite_schema_version()) {
		printf("%s has schema version %d already; nothing to do\n", path, version);
		return CTL_EXIT_OK;
	}
	if (ctl_args_has(&call->args, CTL_OPT_NO_BACKUP))
		return upgrade(path, NULL);
	snprintf(saved, sizeof saved, "%s.v%d.backup", path, version);
	if (access(saved, F_OK) == 0) {
		ctl_say("%s is there already, from an earlier upgrade; move it away, or use "
			"--no-backup",
			saved);
		return CTL_EXIT_PROBLEM;
	}
	exit = back_up(path, saved);
	return exit == CTL_EXIT_OK ? upgrade(path, saved) : exit;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Where the database is, and opening it.
 */
#include "chgctl/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/archive_store.h"
#include "runtime/config.h"
#include "store/sqlite/sqlite_store.h"

static const char installed_config[] = "/etc/charging-enabler/charging.yaml";

const char *ctl_config_path(const struct ctl_args *args)
{
	const char *path = args->value[CTL_OPT_CONFIG];
	return path == NULL ? installed_config : path;
}

struct chg_config *ctl_config_read(const char *path)
{
	struct chg_config *config = calloc(1, sizeof *config);
	struct chg_config_errors *errors = calloc(1, sizeof *errors);
	enum chg_rc rc = CHG_E_NO_MEMORY;

	if (config != NULL && errors != NULL)
		rc = chg_config_read_file(path, config, errors);
	for (size_t i = 0; rc != CHG_OK && errors != NULL && i < errors->count; i++)
		fprintf(stderr, "%s\n", errors->item[i].text);
	if (rc != CHG_OK && errors != NULL && errors->unlisted > 0)
		ctl_say("%zu more mistakes in %s", errors->unlisted, path);
	if (rc == CHG_E_NO_MEMORY)
		ctl_say("%s", chg_rc_sentence(rc));
	free(errors);
	if (rc == CHG_OK)
		return config;
	free(config);
	return NULL;
}

static enum ctl_exit take_path(const char *path, const char *what, char ret_path[CTL_PATH_MAX])
{
	size_t len = strlen(path);

	if (len == 0 || len >= CTL_PATH_MAX) {
		ctl_say("%s is %s", what, len == 0 ? "empty" : "too long");
		return CTL_EXIT_USAGE;
	}
	memcpy(ret_path, path, len + 1);
	return CTL_EXIT_OK;
}

static enum ctl_exit path_of_config(const char *config_path, char ret_path[CTL_PATH_MAX])
{
	struct chg_config *config = ctl_config_read(config_path);
	enum ctl_exit exit = CTL_EXIT_PROBLEM;

	if (config == NULL)
		return exit;
	if (config->store_kind == CHG_STORE_SQLITE)
		exit = take_path(
			config->store_path, "the path of the database (store.path)", ret_path);
	else
		ctl_say("%s keeps records in memory (store.kind), so there is no database to read",
			config_path);
	free(config);
	return exit;
}

enum ctl_exit ctl_source_find(const struct ctl_args *args, char ret_path[CTL_PATH_MAX])
{
	const char *environment = getenv("CHG_DB");

	if (ctl_args_has(args, CTL_OPT_DB))
		return take_path(
			args->value[CTL_OPT_DB], "the path of the database (--db)", ret_path);
	if (ctl_args_has(args, CTL_OPT_CONFIG))
		return path_of_config(args->value[CTL_OPT_CONFIG], ret_path);
	if (environment != NULL && environment[0] != '\0')
		return take_path(environment, "the path of the database (CHG_DB)", ret_path);
	if (access(installed_config, F_OK) == 0)
		return path_of_config(installed_config, ret_path);
	ctl_say("which database? There is no %s; name the database with --db PATH or in CHG_DB, or "
		"a configuration with --config FILE",
		installed_config);
	return CTL_EXIT_USAGE;
}

enum ctl_exit ctl_source_socket(const struct ctl_args *args, char ret_path[CTL_PATH_MAX])
{
	const char *given = args->value[CTL_OPT_SOCKET];
	const char *config_path = ctl_config_path(args);
	bool has_config = ctl_args_has(args, CTL_OPT_CONFIG) || access(config_path, F_OK) == 0;
	struct chg_config *config;

	if (given != NULL) {
		snprintf(ret_path, CTL_PATH_MAX, "%s", given);
		return CTL_EXIT_OK;
	}
	if (has_config) {
		config = ctl_config_read(config_path);
	} else {
		config = calloc(1, sizeof *config);
		if (config != NULL)
			chg_config_defaults(config);
	}
	if (config == NULL)
		return CTL_EXIT_PROBLEM;
	snprintf(ret_path, CTL_PATH_MAX, "%s", config->control_socket);
	free(config);
	if (ret_path[0] != '\0')
		return CTL_EXIT_OK;
	ctl_say("%s has no control socket (control.socket is empty), so the node cannot be asked",
		config_path);
	return CTL_EXIT_UNREACHABLE;
}

/* The configuration that names the database names its archives as well; NULL: there is none. */
static const char *config_of_database(const struct ctl_args *args)
{
	const char *environment = getenv("CHG_DB");

	if (ctl_args_has(args, CTL_OPT_DB))
		return NULL;
	if (ctl_args_has(args, CTL_OPT_CONFIG))
		return args->value[CTL_OPT_CONFIG];
	return environment != NULL && environment[0] != '\0' ? NULL : installed_config;
}

enum ctl_exit ctl_source_archives(
	const struct ctl_args *args, const char *database, char ret_folder[CTL_PATH_MAX])
{
	const char *config_path = config_of_database(args);
	enum chg_rc rc;

	if (ctl_args_has(args, CTL_OPT_ARCHIVE_DIR))
		return take_path(args->value[CTL_OPT_ARCHIVE_DIR],
			"the folder of the archives (--archive-dir)", ret_folder);
	if (config_path == NULL) {
		rc = chg_config_archive_beside(database, ret_folder);
	} else {
		struct chg_config *config = ctl_config_read(config_path);
		if (config == NULL)
			return CTL_EXIT_PROBLEM;
		rc = chg_config_archive_folder(config, ret_folder);
		free(config);
	}
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	ctl_say("the path of the archives is too long");
	return CTL_EXIT_USAGE;
}

static void complain(void *to, const char *why)
{
	struct ctl_source *source = to;

	source->complaints++;
	ctl_say("%s", why);
}

static enum ctl_exit open_archives(const struct ctl_args *args, struct ctl_source *source)
{
	char folder[CTL_PATH_MAX];
	enum ctl_exit exit = ctl_source_archives(args, source->path, folder);

	if (exit != CTL_EXIT_OK)
		return exit;
	enum chg_rc rc =
		chg_archive_store_open(&source->database, folder, complain, source, &source->store);
	if (rc == CHG_OK)
		return CTL_EXIT_OK;
	return ctl_source_failed(source, rc);
}

enum ctl_exit ctl_source_open(const struct ctl_args *args, struct ctl_source *ret)
{
	char why[CHG_SQLITE_WHY_MAX] = "";
	enum ctl_exit exit = ctl_source_find(args, ret->path);

	if (exit != CTL_EXIT_OK)
		return exit;
	ret->complaints = 0;
	enum chg_rc rc = chg_sqlite_store_open(
		ret->path, CHG_SQLITE_READ_ONLY, &ret->database, why, sizeof why);
	if (rc != CHG_OK) {
		ctl_say("%s", why[0] == '\0' ? chg_rc_sentence(rc) : why);
		return CTL_EXIT_PROBLEM;
	}
	ret->store = ret->database;
	if (!ctl_args_has(args, CTL_OPT_ARCHIVE) && !ctl_args_has(args, CTL_OPT_ARCHIVE_DIR))
		return CTL_EXIT_OK;
	exit = open_archives(args, ret);
	if (exit != CTL_EXIT_OK)
		ret->database.ops->close(ret->database.self);
	return exit;
}

bool ctl_source_reads_archives(const struct ctl_source *source)
{
	return source->store.self != source->database.self;
}

static bool add_archive(void *to, const struct chg_archive_line *archive)
{
	struct ctl_archived *archived = to;

	archived->records += archive->records;
	if (archive->local_sequence_max > archived->local_sequence_max)
		archived->local_sequence_max = archive->local_sequence_max;
	return true;
}

enum chg_rc ctl_source_archived(struct ctl_source *source, struct ctl_archived *ret)
{
	*ret = (struct ctl_archived){ 0 };
	return source->database.ops->scan_archives(source->database.self, add_archive, ret);
}

/* Why a search took so long, when it did. */
static void tell_unindexed(const struct ctl_source *source)
{
	uint64_t count = chg_sqlite_unindexed(&source->database);

	if (count > CTL_UNINDEXED_TELL)
		ctl_say("%" PRIu64
			" records were looked through one by one, because the search index "
			"of %s does not have them yet; a node makes it while it runs",
			count, source->path);
}

void ctl_source_close(struct ctl_source *source)
{
	tell_unindexed(source);
	if (ctl_source_reads_archives(source))
		source->store.ops->close(source->store.self);
	source->database.ops->close(source->database.self);
	source->store = source->database = (struct chg_store){ 0 };
}

enum ctl_exit ctl_source_verdict(const struct ctl_source *source, enum ctl_exit exit)
{
	return exit == CTL_EXIT_OK && source->complaints > 0 ? CTL_EXIT_PROBLEM : exit;
}

enum ctl_exit ctl_source_failed(const struct ctl_source *source, enum chg_rc rc)
{
	ctl_say("reading %s failed: %s%s", source->path, chg_rc_sentence(rc),
		rc == CHG_E_STORE_CORRUPT ? "; `chgctl db check` says where" : "");
	return CTL_EXIT_PROBLEM;
}

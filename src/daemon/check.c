/* SPDX-License-Identifier: BSD-3-Clause
 * Reads what a start would read, and complains in words that help.
 */
#include "daemon/check.h"

#include <dlfcn.h>
#include <errno.h>
#include <libgen.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "runtime/config.h"

enum { EXTENSION_MAX = 64, NAME_MAX_BYTES = 1024 };

static const char *checked_file;
static unsigned complaints;

static void complain(const char *file, const char *cause, const char *cure)
{
	complaints++;
	fprintf(stderr, "%s: %s%s%s\n", file, cause, cure[0] == '\0' ? "" : "; ", cure);
}

/* The text of a line of the checked file, without its blanks; "" when there is no such line. */
static void read_line(unsigned wanted, char *ret, int size)
{
	FILE *file = fopen(checked_file, "re");
	unsigned number = 0;

	ret[0] = '\0';
	if (file == NULL)
		return;
	while (number < wanted && fgets(ret, size, file) != NULL)
		number++;
	fclose(file);
	if (number < wanted)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	memmove(ret, ret + strspn(ret, " \t"), strlen(ret + strspn(ret, " \t")) + 1);
}

/* "FILE:line.column : cause", as the library's parser says it: with the line itself added. */
static bool complain_of_place(const char *line)
{
	size_t name = strlen(checked_file);
	unsigned at, column;
	char text[160];

	if (strncmp(line, checked_file, name) != 0 ||
		sscanf(line + name, ":%u.%u", &at, &column) != 2)
		return false;
	const char *cause = strstr(line + name, " : ");
	read_line(at, text, sizeof text);
	fprintf(stderr, "%s:%u:%u: %s; it says: %s\n", checked_file, at, column,
		cause == NULL ? "not acceptable" : cause + 3, text);
	return true;
}

/*
 * What the library's parser says, in its order: the word that it did not know, then where it gave
 * up.  Its remarks on its own calls help nobody.
 */
static void on_parser_line(const char *line)
{
	unsigned at, column;
	char word[64];

	if (strncmp(line, "ERROR: ", 7) == 0)
		return;
	if (strstr(line, "An error occurred while parsing") != NULL && complaints > 0)
		return;
	complaints++;
	if (sscanf(line, "Unrecognized text on line %u col %u: '%63[^']", &at, &column, word) == 3)
		fprintf(stderr,
			"%s:%u:%u: '%s' is not understood; each line is KEYWORD = VALUE; with a "
			"semicolon at its end, and text in \"quotes\"\n",
			checked_file, at, column, word);
	else if (strstr(line, "Missing private key") != NULL)
		fprintf(stderr,
			"%s: TLS is on and has no certificate; give it TLS_Cred and TLS_CA, or "
			"switch it off with SecPort = 0;\n",
			checked_file);
	else if (!complain_of_place(line))
		fprintf(stderr, "%s: %s\n", checked_file, line);
}

static bool is_readable(const char *path, const char *cure)
{
	if (access(path, R_OK) == 0)
		return true;
	complain(path, strerror(errno), cure);
	return false;
}

/* The library's parser is no part of its interface, but it can be asked for by name. */
static bool parse(const char *path)
{
	int (*parser)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "fd_conf_parse");

	if (parser == NULL) {
		complain(path, "this libfdcore does not show its parser",
			"start the node to see whether it takes the file");
		return false;
	}
	fd_g_config->cnf_file = path;
	chg_daemon_log_collect(on_parser_line);
	int error = parser();
	chg_daemon_log_collect(NULL);
	if (error != 0 && complaints == 0)
		complain(path, strerror(error), "see the library's lines with --verbose");
	return error == 0;
}

/* An extension is opened as the library would, but nothing of it is run. */
static void check_extension(const char *name)
{
	char text[NAME_MAX_BYTES + 256];

	void *handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
	if (handle == NULL) {
		snprintf(text, sizeof text, "LoadExtension \"%s\" cannot be loaded: %s", name,
			dlerror());
		complain(checked_file, text,
			"install it, or name it with its folder; extensions that it builds on come "
			"first");
		return;
	}
	if (dlsym(handle, "fd_ext_init") == NULL) {
		snprintf(text, sizeof text, "LoadExtension \"%s\" is no freeDiameter extension",
			name);
		complain(checked_file, text, "");
	}
	dlclose(handle);
}

/* The stack adds the same addresses when it starts. */
static void add_listen_addresses(const struct chg_config_list *listen)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };

	for (size_t i = 0; i < listen->count; i++) {
		struct addrinfo *found = NULL;
		if (getaddrinfo(listen->item[i], NULL, &hints, &found) != 0)
			continue; /* the configuration reader has refused it already */
		(void)fd_ep_add_merge(&fd_g_config->cnf_endpoints, found->ai_addr,
			found->ai_addrlen, EP_FL_CONF | EP_ACCEPTALL);
		freeaddrinfo(found);
	}
}

static bool check_folder(const char *folder, const char *key)
{
	char cure[160];

	if (access(folder, W_OK | X_OK) == 0)
		return true;
	snprintf(cure, sizeof cure,
		"%s needs a folder that the node's user may write: make it, or give it to that "
		"user",
		key);
	complain(folder, strerror(errno), cure);
	return false;
}

static bool check_folder_of(const char *file, const char *key)
{
	char path[sizeof((struct chg_config *)0)->store_path];

	snprintf(path, sizeof path, "%s", file);
	return check_folder(dirname(path), key);
}

/* The first prune makes the folder of the archives, so that the one above it has to be there. */
static void check_archives(const struct chg_config *config)
{
	static const char key[] = "cdr.archive_dir";
	char folder[CHG_CONFIG_PATH_MAX];
	struct stat about;

	if ((config->cdr_keep_days == 0 && config->cdr_archive_dir[0] == '\0') ||
		chg_config_archive_folder(config, folder) != CHG_OK)
		return;
	bool is_there = stat(folder, &about) == 0;
	if (!is_there && errno == ENOENT)
		check_folder_of(folder, key);
	else if (is_there && !S_ISDIR(about.st_mode))
		complain(folder, "not a folder", "name a folder in cdr.archive_dir");
	else
		check_folder(folder, key);
}

static void check_database(const char *path)
{
	struct stat file;

	if (stat(path, &file) != 0)
		return; /* the node makes it */
	if (!S_ISREG(file.st_mode))
		complain(path, "not a file", "name a file in store.path");
	else if (access(path, R_OK | W_OK) != 0)
		complain(path, strerror(errno), "give the database to the node's user");
}

static void check_places(const struct chg_config *config)
{
	/* What is missing in /run the service manager makes when it starts the node. */
	if (config->control_socket[0] != '\0' && strncmp(config->control_socket, "/run/", 5) != 0)
		check_folder_of(config->control_socket, "control.socket");
	if (config->store_kind != CHG_STORE_SQLITE ||
		!check_folder_of(config->store_path, "store.path"))
		return;
	check_database(config->store_path);
	check_archives(config);
}

/* All interfaces of a process run with one configuration, which is checked once. */
static bool is_checked_already(const char *path)
{
	static char checked[NAME_MAX_BYTES];

	if (checked[0] == '\0') {
		snprintf(checked, sizeof checked, "%s", path);
		return false;
	}
	if (strcmp(checked, path) != 0)
		complain(checked_file, "the interfaces are given different configurations",
			"name the same charging.yaml in each LoadExtension");
	return true;
}

static void check_charging(const char *path)
{
	if (is_checked_already(path))
		return;

	struct chg_config *config = malloc(sizeof *config);
	struct chg_config_errors *errors = malloc(sizeof *errors);

	if (config == NULL || errors == NULL) {
		complain(path, "no memory to read it", "");
	} else if (chg_config_read_file(path, config, errors) == CHG_OK) {
		add_listen_addresses(&config->diameter_listen);
		check_places(config);
	} else {
		for (size_t i = 0; i < errors->count; i++)
			fprintf(stderr, "%s\n", errors->item[i].text);
		complaints += (unsigned)errors->count;
	}
	free(config);
	free(errors);
}

/* A line of fd_ext_dump: 'name'[configuration], not loaded */
static void check_line(const char *line)
{
	char name[NAME_MAX_BYTES], conf[NAME_MAX_BYTES], cure[NAME_MAX_BYTES + 64];

	if (sscanf(line, "'%1023[^']'[%1023[^]]]", name, conf) != 2)
		return;
	check_extension(name);
	if (strstr(name, "ch1_offline") == NULL && strstr(name, "ch2_online") == NULL)
		return;
	snprintf(cure, sizeof cure, "LoadExtension \"%s\" : \"FILE\" names charging.yaml", name);
	if (is_readable(conf, cure))
		check_charging(conf);
}

static unsigned check_extensions(void)
{
	char *text = NULL, *rest = NULL;
	size_t size = 0;
	unsigned count = 0;

	if (fd_ext_dump(&text, &size, NULL) == NULL)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < EXTENSION_MAX;
		line = strtok_r(NULL, "\n", &rest)) {
		check_line(line);
		count++;
	}
	free(text);
	return count;
}

bool chg_check(const char *path, bool is_running)
{
	char reason[CHG_LISTEN_REASON_MAX];

	checked_file = path;
	if (!is_readable(path, "name the file with --config FILE") || !parse(path))
		return false;
	unsigned extensions = check_extensions();
	if (!is_running && !chg_listen_check(reason))
		complain(path, reason,
			strstr(reason, strerror(EADDRINUSE)) == NULL
				? ""
				: "if that is this node itself, add --running");
	if (complaints > 0)
		return false;
	printf("%s: good: node %s of realm %s, port %u, %u extensions\n", path,
		fd_g_config->cnf_diamid, fd_g_config->cnf_diamrlm, fd_g_config->cnf_port,
		extensions);
	return true;
}

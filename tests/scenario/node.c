/* SPDX-License-Identifier: BSD-3-Clause
 * Starting and stopping charging-enabler for the scenarios.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenario/node.h"

extern char **environ;

enum {
	START_MS = 60000,
	STOP_MS = 60000,
	READY_LINE_MAX = 1024,
};

static bool fail(struct node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct node *node, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(node->why, sizeof node->why, format, args);
	va_end(args);
	return false;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A port that is free now.  Nobody else is likely to take it before the node does. */
static bool choose_port(struct node *node)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof own;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(node, "socket: %s", strerror(errno));
	bool is_fine = bind(fd, (struct sockaddr *)&own, sizeof own) == 0 &&
		       getsockname(fd, (struct sockaddr *)&own, &size) == 0;
	close(fd);
	if (!is_fine)
		return fail(node, "no free port: %s", strerror(errno));
	node->port = ntohs(own.sin_port);
	snprintf(node->address, sizeof node->address, "127.0.0.1:%u", (unsigned)node->port);
	return true;
}

static FILE *create(struct node *node, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", node->folder, name);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		fail(node, "%s: %s", path, strerror(errno));
	return file;
}

static bool write_freediameter(struct node *node, const char *extensions)
{
	FILE *file = create(node, "freediameter.conf");
	if (file == NULL)
		return false;
	fprintf(file,
		"Identity = \"charging.example.net\";\nRealm = \"example.net\";\nPort = %u;\n"
		"SecPort = 0;\nNo_SCTP;\nNoRelay;\nTwTimer = 6;\nAppServThreads = 2;\n"
		"ThreadsPerServer = 64;\nLoadExtension = \"%s/dict_charging.fdx\";\n"
		"LoadExtension = \"%s/ch1_offline.fdx\" : \"charging.yaml\";\n"
		"LoadExtension = \"%s/ch2_online.fdx\" : \"charging.yaml\";\n",
		(unsigned)node->port, extensions, extensions, extensions);
	return fclose(file) == 0;
}

/* The script's lines of one section, below what the section has anyway. */
static void write_section(
	FILE *file, const struct chg_script *script, const char *section, const char *base)
{
	size_t len = strlen(section);
	bool is_begun = base != NULL;
	if (is_begun)
		fprintf(file, "%s:\n%s", section, base);
	for (size_t i = 0; script != NULL && i < script->config_count; i++) {
		struct chg_view key = script->config[i].key;
		struct chg_view value = script->config[i].value;
		if (key.len <= len + 1 || memcmp(key.ptr, section, len) != 0 || key.ptr[len] != '.')
			continue;
		if (!is_begun)
			fprintf(file, "%s:\n", section);
		is_begun = true;
		bool is_list = strcmp(section, "peer") == 0;
		fprintf(file, is_list ? "  %.*s: [\"%.*s\"]\n" : "  %.*s: %.*s\n",
			(int)(key.len - len - 1), key.ptr + len + 1, (int)value.len, value.ptr);
	}
}

static bool write_charging(struct node *node, const struct chg_script *script)
{
	FILE *file = create(node, "charging.yaml");
	if (file == NULL)
		return false;
	write_section(file, script, "store", "  path: charging.db\n");
	write_section(file, script, "diameter", "  listen: [\"127.0.0.1\"]\n");
	write_section(file, script, "peer", "  allow: [\"*.example.net\"]\n");
	write_section(file, script, "control", "  socket: control.sock\n");
	write_section(file, script, "engine", NULL);
	write_section(file, script, "offline", NULL);
	write_section(file, script, "online", NULL);
	write_section(file, script, "cdr", NULL);
	return fclose(file) == 0;
}

bool node_prepare(struct node *node, const char *extensions, const struct chg_script *script)
{
	const char *temporary = getenv("TMPDIR");
	memset(node, 0, sizeof *node);
	node->out = -1;
	snprintf(node->folder, sizeof node->folder, "%s/chg-scenario-XXXXXX",
		temporary == NULL ? "/tmp" : temporary);
	if (mkdtemp(node->folder) == NULL) {
		node->folder[0] = '\0';
		return fail(node, "no scratch folder: %s", strerror(errno));
	}
	snprintf(node->database, sizeof node->database, "%s/charging.db", node->folder);
	return choose_port(node) && write_freediameter(node, extensions) &&
	       write_charging(node, script);
}

static bool spawn(struct node *node, const char *program)
{
	char config[512];
	char log[512];
	int ends[2];
	posix_spawn_file_actions_t actions;
	snprintf(config, sizeof config, "%s/freediameter.conf", node->folder);
	snprintf(log, sizeof log, "%s/node.log", node->folder);
	char *arguments[] = { (char *)program, (char *)"--config", config, NULL };

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(node, "pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, node->folder); /* its paths are relative */
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(
		&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int error = posix_spawn(&node->pid, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	node->out = ends[0];
	if (error == 0)
		return true;
	node->pid = 0;
	return fail(node, "%s cannot be started: %s", program, strerror(error));
}

/* Reads what the node prints until a line begins with "ready". */
static bool wait_ready(struct node *node)
{
	char line[READY_LINE_MAX];
	size_t len = 0;
	int64_t deadline = now_ms() + START_MS;
	for (;;) {
		char c;
		struct pollfd ready = { .fd = node->out, .events = POLLIN };
		int64_t left = deadline - now_ms();
		if (left <= 0 || poll(&ready, 1, (int)left) == 0)
			return fail(node, "the node is not ready after %d s; see %s/node.log",
				START_MS / 1000, node->folder);
		ssize_t got = read(node->out, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(node, "the node ended before it was ready; see %s/node.log",
				node->folder);
		if (c == '\n') {
			if (len >= 5 && memcmp(line, "ready", 5) == 0)
				return true;
			len = 0;
		} else if (len < sizeof line) {
			line[len++] = c;
		}
	}
}

bool node_start(struct node *node, const char *program)
{
	if (spawn(node, program) && wait_ready(node))
		return true;
	node_kill(node);
	return false;
}

/* Standard output closes when the process ends. */
static bool wait_end(struct node *node)
{
	char waste[256];
	int64_t deadline = now_ms() + STOP_MS;
	for (;;) {
		struct pollfd ready = { .fd = node->out, .events = POLLIN };
		int64_t left = deadline - now_ms();
		if (left <= 0)
			return false;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		if (read(node->out, waste, sizeof waste) == 0)
			return true;
	}
}

static int reap(struct node *node)
{
	int status = 0;
	while (waitpid(node->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(node->out);
	node->pid = 0;
	node->out = -1;
	return status;
}

bool node_stop(struct node *node)
{
	if (node->pid == 0)
		return true;
	kill(node->pid, SIGTERM);
	if (!wait_end(node)) {
		node_kill(node);
		return fail(node, "the node did not end within %d s of SIGTERM; see %s/node.log",
			STOP_MS / 1000, node->folder);
	}
	int status = reap(node);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return fail(node, "the node ended with status %d and not with exit 0; see %s/node.log",
		status, node->folder);
}

void node_kill(struct node *node)
{
	if (node->pid == 0)
		return;
	kill(node->pid, SIGKILL);
	reap(node);
}

void node_forget(struct node *node, bool keep)
{
	node_kill(node);
	if (node->folder[0] == '\0' || keep)
		return;
	DIR *folder = opendir(node->folder);
	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(node->folder);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgplay: an IM server to play with.
 *
 * Exit status: 0 all as expected, 1 an expectation was not met, 2 usage or a faulty file,
 * 3 no connection to the node.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chgplay/bench.h"
#include "chgplay/books.h"
#include "chgplay/load.h"
#include "chgplay/show.h"
#include "chgplay/stage_wire.h"

enum {
	EXIT_UNMET = 1,
	EXIT_USAGE = 2,
	EXIT_CONNECTION = 3,
	WHY_MAX = 512,
	PATH_MAX_LEN = 1024,
	FLOW_MAX = 256,
	TIMEOUT_MS = 10000,
};

static const char help[] =
	"chgplay - an IM server to play with: sends charging requests, checks the answers\n"
	"\n"
	"  chgplay flows                            the call flows that are installed\n"
	"  chgplay flow NAME... --connect HOST:PORT plays some of them, or: flow all\n"
	"  chgplay play FILE... --connect HOST:PORT plays scenario files\n"
	"  chgplay check FILE...                    reads scenario files, says what is wrong\n"
	"  chgplay load --connect HOST:PORT ...     sends many requests; see: chgplay load --help\n"
	"  chgplay bench --connect HOST:PORT ...    measures a node; see: chgplay bench --help\n"
	"\n"
	"Options of play and flow:\n"
	"  --connect HOST:PORT        the charging node (127.0.0.1:3868)\n"
	"  --origin-host HOST         all peers of the scenario speak as this host\n"
	"  --realm REALM              ... of this realm\n"
	"  --destination-realm REALM  the node's realm (example.net)\n"
	"  --quiet                    print failures only\n"
	"  --json                     a JSON object per request\n"
	"  --needs                    tell which accounts and tariff the node needs for it\n"
	"\n"
	"Examples:\n"
	"  chgplay flow pager-message-to-one-recipient\n"
	"  chgplay flow all --connect 10.0.0.5:3868 --quiet\n"
	"  chgplay play my-case.chg --origin-host im7.example.net --realm example.net\n"
	"\n"
	"The folder of flows can be named by the environment variable CHG_FLOWS.\n"
	"\n"
	"Exit status: 0 all as expected, 1 an answer was not, 2 usage or a faulty file,\n"
	"3 no connection.\n";

struct options {
	const char *connect;
	const char *origin_host;
	const char *realm;
	const char *destination_realm;
	enum chg_show_form form;
	bool tells_books;
	const char **name; /* what is no option */
	size_t name_count;
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "chgplay: %s%s\nTry: chgplay --help\n", why, what);
	return EXIT_USAGE;
}

/* Takes "--name value" if it is one of the texts; false: it is not, or its value is missing. */
static bool take_text(struct options *options, int argc, char *argv[], int *at)
{
	const struct {
		const char *name;
		const char **to;
	} texts[] = { { "--connect", &options->connect },
		{ "--origin-host", &options->origin_host }, { "--realm", &options->realm },
		{ "--destination-realm", &options->destination_realm } };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(argv[*at], texts[i].name) == 0 && *at + 1 < argc) {
			*texts[i].to = argv[++*at];
			return true;
		}
	return false;
}

/* False: a complaint was printed. */
static bool read_options(int argc, char *argv[], struct options *ret)
{
	*ret = (struct options){ .connect = "127.0.0.1:3868", .destination_realm = "example.net" };
	ret->name = calloc((size_t)argc + 1, sizeof *ret->name);
	if (ret->name == NULL)
		return false;
	for (int at = 0; at < argc; at++) {
		if (strcmp(argv[at], "--quiet") == 0)
			ret->form = CHG_SHOW_NOTHING;
		else if (strcmp(argv[at], "--json") == 0)
			ret->form = CHG_SHOW_JSON;
		else if (strcmp(argv[at], "--needs") == 0)
			ret->tells_books = true;
		else if (argv[at][0] != '-')
			ret->name[ret->name_count++] = argv[at];
		else if (!take_text(ret, argc, argv, &at)) {
			usage("unknown option, or one without its value: ", argv[at]);
			return false;
		}
	}
	return true;
}

static int exit_of(enum chg_rc rc)
{
	switch (rc) {
	case CHG_OK:
		return EXIT_SUCCESS;
	case CHG_E_UNKNOWN:
		return EXIT_UNMET;
	case CHG_E_SYNTAX:
	case CHG_E_RANGE:
	case CHG_E_CONFIG:
		return EXIT_USAGE;
	default:
		return EXIT_CONNECTION;
	}
}

/* The node is somebody else's: what the scenario wants of its configuration can only be told. */
static void note_config(const struct chg_script *script)
{
	for (size_t i = 0; i < script->config_count; i++)
		fprintf(stderr, "chgplay: %s: meant for a node with %.*s: %.*s\n", script->file,
			(int)script->config[i].key.len, script->config[i].key.ptr,
			(int)script->config[i].value.len, script->config[i].value.ptr);
}

/* So are its accounts and its tariff: an operator makes them. */
static void note_books(const struct chg_script *script)
{
	char file[CHG_BOOKS_TARIFF_MAX];
	char amount[CHG_MONEY_TEXT_MAX];
	for (size_t i = 0; i < script->step_count; i++) {
		const struct chg_script_step *step = &script->step[i];
		if (step->kind == CHG_PLAY_ACCOUNT) {
			const struct chg_script_account *account = step->account;
			chg_money_write(account->opening, amount);
			fprintf(stderr,
				"chgplay: %s: meant for a node with an account of %.*s, %s %s\n",
				script->file, (int)account->name.len, account->name.ptr,
				chg_currency_code(account->currency), amount);
		} else if (step->kind == CHG_PLAY_TARIFF && step->tariff->text.ptr == NULL &&
			   chg_books_tariff(step->tariff, file)) {
			fprintf(stderr, "chgplay: %s: meant for a node with this tariff:\n%s",
				script->file, file);
		}
	}
}

static int play_script(const struct options *options, const struct chg_script *script, uint32_t run)
{
	char why[WHY_MAX];
	struct chg_stage_wire *wire;
	struct chg_play_outcome outcome;
	enum chg_show_form form = options->form;
	if (chg_stage_wire_create(options->connect, TIMEOUT_MS, &wire) != CHG_OK)
		return EXIT_CONNECTION;
	struct chg_stage stage = { chg_stage_wire_ops(), wire };
	if (!chg_play_is_possible(script, &stage, why, sizeof why)) {
		fprintf(stderr, "chgplay: %s\n", why);
		chg_stage_wire_free(wire);
		return EXIT_USAGE;
	}
	if (form == CHG_SHOW_TEXT)
		note_config(script);
	if (form == CHG_SHOW_TEXT && options->tells_books)
		note_books(script);
	struct chg_play_options how = { .destination_realm =
						chg_view_of(options->destination_realm),
		.run = run,
		.only_host = chg_view_of(options->origin_host),
		.only_realm = chg_view_of(options->realm),
		.shown = chg_show_event,
		.to = &form };
	chg_show_begin(form, script);
	enum chg_rc rc = chg_play_run(script, &stage, &how, &outcome);
	chg_show_end(form, script, &outcome, rc);
	chg_stage_wire_free(wire);
	return exit_of(rc);
}

static int play_file(const struct options *options, const char *path, uint32_t run)
{
	char why[WHY_MAX];
	struct chg_script *script = malloc(sizeof *script);
	if (script == NULL)
		return EXIT_CONNECTION;
	int status = EXIT_USAGE;
	if (chg_script_read(path, script, why, sizeof why) != CHG_OK) {
		fprintf(stderr, "chgplay: %s\n", why);
	} else {
		status = play_script(options, script, run);
		chg_script_release(script);
	}
	free(script);
	return status;
}

static uint32_t first_run(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static int cmd_play(const struct options *options)
{
	int status = EXIT_SUCCESS;
	uint32_t run = first_run();
	if (options->name_count == 0)
		return usage("play wants a scenario file", "");
	for (size_t i = 0; i < options->name_count && status != EXIT_CONNECTION; i++) {
		int one = play_file(options, options->name[i], run + (uint32_t)i);
		status = one != EXIT_SUCCESS ? one : status;
	}
	return status;
}

static int cmd_check(const struct options *options)
{
	int status = EXIT_SUCCESS;
	char why[WHY_MAX];
	if (options->name_count == 0)
		return usage("check wants a scenario file", "");
	struct chg_script *script = malloc(sizeof *script);
	for (size_t i = 0; script != NULL && i < options->name_count; i++) {
		if (chg_script_read(options->name[i], script, why, sizeof why) != CHG_OK) {
			printf("%s\n", why);
			status = EXIT_USAGE;
			continue;
		}
		if (options->form == CHG_SHOW_TEXT)
			printf("%s: ok\n", options->name[i]);
		chg_script_release(script);
	}
	free(script);
	return status;
}

/* The installed flows. */

static const char *flows_folder(void)
{
	const char *folder = getenv("CHG_FLOWS");
	return folder == NULL || folder[0] == '\0' ? CHG_FLOWS_DIR : folder;
}

static int is_flow(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 4 && strcmp(entry->d_name + len - 4, ".chg") == 0;
}

/* Lists file names in order; -1 with a complaint when the folder cannot be read. */
static int list_flows(struct dirent ***ret)
{
	int count = scandir(flows_folder(), ret, is_flow, alphasort);
	if (count < 0)
		fprintf(stderr, "chgplay: %s: %s; name the folder of flows in CHG_FLOWS\n",
			flows_folder(), strerror(errno));
	return count;
}

static void free_list(struct dirent **list, int count)
{
	for (int i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

static void print_flow(const char *file)
{
	char path[PATH_MAX_LEN];
	char why[WHY_MAX];
	struct chg_script *script = malloc(sizeof *script);
	if (script == NULL)
		return;
	snprintf(path, sizeof path, "%s/%s", flows_folder(), file);
	if (chg_script_read(path, script, why, sizeof why) == CHG_OK) {
		printf("  %-52.*s %.*s\n", (int)(strlen(file) - 4), file, (int)script->flow.len,
			script->flow.len == 0 ? "" : script->flow.ptr);
		chg_script_release(script);
	} else {
		printf("  %s\n", why);
	}
	free(script);
}

static int cmd_flows(const struct options *options)
{
	struct dirent **list;
	int count = list_flows(&list);
	(void)options;
	if (count < 0)
		return EXIT_USAGE;
	for (int i = 0; i < count; i++)
		print_flow(list[i]->d_name);
	free_list(list, count);
	return EXIT_SUCCESS;
}

static int play_all_flows(const struct options *options)
{
	char path[PATH_MAX_LEN];
	struct dirent **list;
	int status = EXIT_SUCCESS;
	int count = list_flows(&list);
	uint32_t run = first_run();
	if (count < 0)
		return EXIT_USAGE;
	for (int i = 0; i < count && status != EXIT_CONNECTION; i++) {
		snprintf(path, sizeof path, "%s/%s", flows_folder(), list[i]->d_name);
		int one = play_file(options, path, run + (uint32_t)i);
		status = one != EXIT_SUCCESS ? one : status;
	}
	free_list(list, count);
	return status;
}

static int cmd_flow(const struct options *options)
{
	char path[PATH_MAX_LEN];
	int status = EXIT_SUCCESS;
	uint32_t run = first_run();
	if (options->name_count == 0)
		return usage("flow wants a name; see: chgplay flows", "");
	if (options->name_count == 1 && strcmp(options->name[0], "all") == 0)
		return play_all_flows(options);
	for (size_t i = 0; i < options->name_count && status != EXIT_CONNECTION; i++) {
		snprintf(path, sizeof path, "%s/%s.chg", flows_folder(), options->name[i]);
		int one = play_file(options, path, run + (uint32_t)i);
		status = one != EXIT_SUCCESS ? one : status;
	}
	return status;
}

static const struct {
	const char *name;
	int (*run)(const struct options *options);
} commands[] = { { "play", cmd_play }, { "check", cmd_check }, { "flows", cmd_flows },
	{ "flow", cmd_flow } };

static bool wants_help(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return argc > 1 && strcmp(argv[1], "help") == 0;
}

static int run_command(int argc, char *argv[])
{
	struct options options;
	int status = EXIT_USAGE;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (read_options(argc - 2, argv + 2, &options))
			status = commands[i].run(&options);
		free(options.name);
		return status;
	}
	return usage("unknown command: ", argv[1]);
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		return usage("a command is missing", "");
	if (strcmp(argv[1], "load") == 0)
		return chg_load_main(argc - 2, argv + 2);
	if (strcmp(argv[1], "bench") == 0)
		return chg_bench_main(argc - 2, argv + 2);
	if (wants_help(argc, argv)) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("chgplay " CHG_VERSION);
		return EXIT_SUCCESS;
	}
	return run_command(argc, argv);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgplay load: the command line and the figures.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chgplay/load.h"
#include "chgplay/text.h"

enum {
	EXIT_UNMET = 1,
	EXIT_USAGE = 2,
	EXIT_CONNECTION = 3,
	WHY_MAX = 512,
};

static const char help[] =
	"chgplay load - sends many charging requests and checks every answer\n"
	"\n"
	"  --connect HOST:PORT        the charging node (127.0.0.1:3868)\n"
	"  --peers N                  connections, each a peer of its own: 1..64 (1)\n"
	"  --outstanding W            requests under way on each: 1..4096 (16)\n"
	"  --count N | --seconds S    when to end: so many answers, or so long (10 seconds)\n"
	"  --kind KIND                event: EVENTs; session: START, INTERIM and STOP (event);\n"
	"                             debit: CCR EVENTs; credit-session: CCR INITIAL, three\n"
	"                             UPDATEs and TERMINATION for rating groups 1 and 2\n"
	"  --subscriber URI           who pays for the CCRs (sip:alice@example.net)\n"
	"  --journal FILE             appends \"session-id type number [cost]\" of every success\n"
	"  --resend-file FILE         sends the lines of such a file again, with the T bit\n"
	"  --retry S                  an unanswered request is sent again after S seconds (10)\n"
	"  --give-up S                ends after S seconds without any connection (60)\n"
	"  --host-prefix TEXT         peers are TEXT1.REALM, TEXT2.REALM ... (load)\n"
	"  --realm REALM              the peers' realm (example.net)\n"
	"  --destination-realm REALM  the node's realm (example.net)\n"
	"  --json                     the figures as one JSON object\n"
	"\n"
	"When the node goes away the connections are made again and what was unanswered is sent\n"
	"again with the T bit, so that in the end nothing is lost and nothing counted twice.\n"
	"\n"
	"Examples:\n"
	"  chgplay load --peers 4 --outstanding 64 --seconds 10\n"
	"  chgplay load --kind session --count 30000 --journal acknowledged.txt\n"
	"  chgplay load --resend-file acknowledged.txt\n"
	"  chgplay load --kind debit --subscriber sip:bob@example.net --count 1000\n"
	"\n"
	"Exit status: 0 all answered and right, 1 an answer was wrong or a refusal, 2 usage,\n"
	"3 no connection.\n";

struct arguments {
	struct chg_load_config config;
	const char *journal;
	const char *resend;
	bool is_json;
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "chgplay load: %s%s\nTry: chgplay load --help\n", why, what);
	return EXIT_USAGE;
}

static bool take_text(struct arguments *arguments, const char *name, const char *value)
{
	struct chg_load_config *config = &arguments->config;
	const struct {
		const char *name;
		const char **to;
	} texts[] = { { "--connect", &config->connect }, { "--realm", &config->realm },
		{ "--destination-realm", &config->destination_realm },
		{ "--host-prefix", &config->host_prefix }, { "--journal", &arguments->journal },
		{ "--resend-file", &arguments->resend }, { "--subscriber", &config->subscriber } };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].to = value;
			return true;
		}
	return false;
}

static bool take_number(struct arguments *arguments, const char *name, const char *value)
{
	struct chg_load_config *config = &arguments->config;
	const struct {
		const char *name;
		uint32_t *to;
		uint32_t max;
	} numbers[] = { { "--peers", &config->peers, CHG_LOAD_PEER_MAX },
		{ "--outstanding", &config->window, CHG_LOAD_WINDOW_MAX },
		{ "--seconds", &config->seconds, 86400 * 30 },
		{ "--retry", &config->retry_s, 3600 }, { "--give-up", &config->give_up_s, 86400 } };
	uint64_t number;
	if (!chg_unsigned_read(chg_view_of(value), &number) || number == 0)
		return false;
	if (strcmp(name, "--count") == 0) {
		config->count = number;
		return true;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].to = (uint32_t)number;
			return number <= numbers[i].max;
		}
	return false;
}

static bool take_kind(struct arguments *arguments, const char *name, const char *value)
{
	static const char *const kinds[] = { [CHG_LOAD_EVENT] = "event",
		[CHG_LOAD_SESSION] = "session",
		[CHG_LOAD_DEBIT] = "debit",
		[CHG_LOAD_CREDIT_SESSION] = "credit-session" };
	if (strcmp(name, "--kind") != 0)
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(value, kinds[i]) == 0) {
			arguments->config.kind = (enum chg_load_kind)i;
			return true;
		}
	return false;
}

static bool read_arguments(int argc, char *argv[], struct arguments *ret)
{
	for (int at = 0; at < argc; at++) {
		if (strcmp(argv[at], "--json") == 0) {
			ret->is_json = true;
			continue;
		}
		const char *value = at + 1 < argc ? argv[at + 1] : "";
		if (!take_text(ret, argv[at], value) && !take_number(ret, argv[at], value) &&
			!take_kind(ret, argv[at], value)) {
			usage("unknown option, or a value that it does not take: ", argv[at]);
			return false;
		}
		if (++at == argc) {
			usage("a value is missing after ", argv[argc - 1]);
			return false;
		}
	}
	if (ret->config.count == 0 && ret->config.seconds == 0 && ret->resend == NULL)
		ret->config.seconds = 10;
	return true;
}

static bool open_file(const char *path, const char *mode, FILE **ret)
{
	if (path == NULL)
		return true;
	*ret = fopen(path, mode);
	if (*ret == NULL)
		fprintf(stderr, "chgplay load: %s: %s\n", path, strerror(errno));
	return *ret != NULL;
}

static uint64_t per_second(const struct chg_load_result *result)
{
	uint64_t us = result->took_us <= 0 ? 1 : (uint64_t)result->took_us;
	return result->succeeded * 1000000 / us;
}

static void print_text(const struct chg_load_result *result)
{
	int64_t p50 = chg_histogram_at(&result->latency, 500);
	int64_t p99 = chg_histogram_at(&result->latency, 990);
	int64_t worst = chg_histogram_at(&result->latency, 1000);
	printf("answers     %llu in %lld.%03lld s, %llu per second\n",
		(unsigned long long)result->succeeded, (long long)(result->took_us / 1000000),
		(long long)(result->took_us / 1000 % 1000), (unsigned long long)per_second(result));
	printf("latency     p50 %lld.%03lld ms, p99 %lld.%03lld ms, longest %lld.%03lld ms\n",
		(long long)(p50 / 1000), (long long)(p50 % 1000), (long long)(p99 / 1000),
		(long long)(p99 % 1000), (long long)(worst / 1000), (long long)(worst % 1000));
	printf("sent        %llu, of these %llu again with the T bit\n",
		(unsigned long long)result->sent, (unsigned long long)result->repeated);
	printf("postponed   %llu (3004, 4002)\n", (unsigned long long)result->postponed);
	printf("refused     %llu\n", (unsigned long long)result->failed);
	printf("wrong       %llu\n", (unsigned long long)result->wrong);
	printf("unanswered  %llu\n", (unsigned long long)result->unanswered);
	printf("reconnected %llu times\n", (unsigned long long)result->reconnected);
}

static void print_json(const struct chg_load_result *result)
{
	printf("{\"succeeded\":%llu,\"took_us\":%lld,\"per_second\":%llu,\"p50_us\":%lld,"
	       "\"p99_us\":%lld,\"longest_us\":%lld,\"sent\":%llu,\"repeated\":%llu,"
	       "\"postponed\":%llu,\"refused\":%llu,\"wrong\":%llu,\"unanswered\":%llu,"
	       "\"reconnected\":%llu}\n",
		(unsigned long long)result->succeeded, (long long)result->took_us,
		(unsigned long long)per_second(result),
		(long long)chg_histogram_at(&result->latency, 500),
		(long long)chg_histogram_at(&result->latency, 990),
		(long long)chg_histogram_at(&result->latency, 1000),
		(unsigned long long)result->sent, (unsigned long long)result->repeated,
		(unsigned long long)result->postponed, (unsigned long long)result->failed,
		(unsigned long long)result->wrong, (unsigned long long)result->unanswered,
		(unsigned long long)result->reconnected);
}

static int run(const struct arguments *arguments)
{
	char why[WHY_MAX];
	struct chg_load_result *result = malloc(sizeof *result);
	if (result == NULL)
		return EXIT_CONNECTION;
	bool is_fine = chg_load_run(&arguments->config, result, why, sizeof why);
	if (!is_fine)
		fprintf(stderr, "chgplay load: %s\n", why);
	if (result->sent != 0) {
		if (arguments->is_json)
			print_json(result);
		else
			print_text(result);
	}
	bool is_right = result->failed == 0 && result->wrong == 0 && result->unanswered == 0;
	free(result);
	if (!is_fine)
		return EXIT_CONNECTION;
	return is_right ? EXIT_SUCCESS : EXIT_UNMET;
}

int chg_load_main(int argc, char *argv[])
{
	struct arguments arguments = { .config = { .connect = "127.0.0.1:3868",
					       .realm = "example.net",
					       .destination_realm = "example.net",
					       .host_prefix = "load",
					       .subscriber = "sip:alice@example.net",
					       .peers = 1,
					       .window = 16,
					       .retry_s = 10,
					       .give_up_s = 60 } };
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
	if (!read_arguments(argc, argv, &arguments))
		return EXIT_USAGE;
	int status = EXIT_USAGE;
	if (open_file(arguments.journal, "ae", &arguments.config.journal) &&
		open_file(arguments.resend, "re", &arguments.config.resend))
		status = run(&arguments);
	if (arguments.config.journal != NULL && fclose(arguments.config.journal) != 0)
		status = EXIT_UNMET;
	if (arguments.config.resend != NULL)
		fclose(arguments.config.resend);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgplay bench: the command line and the figures.
 */
#include "chgplay/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chgplay/text.h"

enum {
	EXIT_UNMET = 1,
	EXIT_USAGE = 2,
	EXIT_CONNECTION = 3,
	WHY_MAX = 512,
};

static const char help[] =
	"chgplay bench - measures a charging node: answers a second, and how long they take\n"
	"\n"
	"  --connect HOST:PORT        the charging node (127.0.0.1:3868)\n"
	"  --kind KIND                event: ACR EVENTs; session: START, INTERIM and STOP "
	"(event);\n"
	"                             debit: CCR EVENTs; credit-session: CCR INITIAL, three\n"
	"                             UPDATEs and TERMINATION for rating groups 1 and 2;\n"
	"                             mix: of each a quarter of the requests;\n"
	"                             open-session: CCR INITIAL of sessions that nobody ends\n"
	"  --peers P                  connections, each a peer of its own: 1..64 (4)\n"
	"  --outstanding W            requests under way on each at most: 1..4096 (64)\n"
	"  --rate R                   R requests a second, whatever the answers do; without it\n"
	"                             each answer is followed by the next request at once\n"
	"  --arrivals even|poisson    the distances of those (even)\n"
	"  --seconds S                measured (10)\n"
	"  --warmup S                 before that, not measured (2)\n"
	"  --settle MS                wait between connecting and the first request: some servers\n"
	"                             drop what comes at once (0)\n"
	"  --accounts N               sip:user1@example.net to sip:userN@example.net send the\n"
	"                             messages and pay for them, by chance (1)\n"
	"  --duplicates PERCENT       so many of the requests are repetitions: an answered "
	"request\n"
	"                             of the same connection with the T bit, otherwise word for\n"
	"                             word (0)\n"
	"  --services 1|2             of a credit session: messages, or messages and octets (2)\n"
	"  --base-avps                ACRs with nothing but what RFC 6733 knows, to compare with\n"
	"                             servers that know no more\n"
	"  --no-services              the CCAs of servers that only say success are right: no\n"
	"                             services in them\n"
	"  --seed N                   of accounts, repetitions and Poisson distances (1)\n"
	"  --timeline FILE            writes a line for each 100 ms: milliseconds since the "
	"start,\n"
	"                             answers, the longest latency among them in microseconds\n"
	"  --host-prefix TEXT         peers are TEXT1.REALM, TEXT2.REALM ... (bench)\n"
	"  --realm REALM              the peers' realm (example.net)\n"
	"  --destination-realm REALM  the node's realm (example.net)\n"
	"  --json                     the figures as one JSON object on one line\n"
	"\n"
	"Every answer is held against its request: identifiers, Session-Id, type and number, and\n"
	"Result-Code 2001, of each service as well.  Latency counts from the sending; with --rate\n"
	"from the moment when the request was due, so that what waits behind a slow answer has\n"
	"waited.  \"late\" are requests sent more than 1 ms after that moment.\n"
	"\n"
	"SIGINT and SIGTERM end it as if the time were up.\n"
	"\n"
	"CCRs need accounts with money and a tariff for rating groups 1 and 2 in the node.\n"
	"\n"
	"Examples:\n"
	"  chgplay bench --kind event\n"
	"  chgplay bench --kind credit-session --accounts 1000000 --json\n"
	"  chgplay bench --kind mix --rate 10000 --arrivals poisson --seconds 30\n"
	"  chgplay bench --kind event --duplicates 5 --timeline answers.txt\n"
	"\n"
	"Exit status: 0 all answered and right, 1 an answer was wrong, missing or a refusal,\n"
	"2 usage, 3 no connection, or one was lost.\n";

static const char *const kinds[] = { [CHG_BENCH_EVENT] = "event",
	[CHG_BENCH_SESSION] = "session",
	[CHG_BENCH_DEBIT] = "debit",
	[CHG_BENCH_CREDIT_SESSION] = "credit-session",
	[CHG_BENCH_MIX] = "mix",
	[CHG_BENCH_OPEN_SESSION] = "open-session" };
static const char *const arrivals[] = {
	[CHG_ARRIVAL_EVEN] = "even", [CHG_ARRIVAL_POISSON] = "poisson"
};

struct arguments {
	struct chg_bench_config config;
	const char *timeline;
	bool is_json;
};

/* How an option and its value were taken. */
enum taken {
	NO_SUCH_OPTION,
	BAD_VALUE,
	TAKEN,
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "chgplay bench: %s%s\nTry: chgplay bench --help\n", why, what);
	return EXIT_USAGE;
}

static enum taken take_text(struct arguments *arguments, const char *name, const char *value)
{
	struct chg_bench_config *config = &arguments->config;
	const struct {
		const char *name;
		const char **to;
	} texts[] = { { "--connect", &config->connect }, { "--realm", &config->realm },
		{ "--destination-realm", &config->destination_realm },
		{ "--host-prefix", &config->host_prefix }, { "--timeline", &arguments->timeline } };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].to = value;
			return value[0] == '\0' ? BAD_VALUE : TAKEN;
		}
	return NO_SUCH_OPTION;
}

static enum taken take_number(struct arguments *arguments, const char *name, const char *value)
{
	struct chg_bench_config *config = &arguments->config;
	const struct {
		const char *name;
		uint32_t *to;
		uint32_t min;
		uint32_t max;
	} numbers[] = { { "--peers", &config->peers, 1, CHG_BENCH_PEER_MAX },
		{ "--outstanding", &config->window, 1, CHG_BENCH_WINDOW_MAX },
		{ "--rate", &config->rate, 1, 10000000 },
		{ "--seconds", &config->seconds, 1, 86400 * 30 },
		{ "--warmup", &config->warmup_s, 0, 3600 },
		{ "--settle", &config->settle_ms, 0, 60000 },
		{ "--accounts", &config->accounts, 1, 1000000000 },
		{ "--duplicates", &config->duplicates_percent, 0, 99 },
		{ "--services", &config->services, 1, 2 } };
	uint64_t number = 0;
	bool is_number = chg_unsigned_read(chg_view_of(value), &number);
	if (strcmp(name, "--seed") == 0) {
		config->seed = number;
		return is_number ? TAKEN : BAD_VALUE;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(name, numbers[i].name) == 0) {
			*numbers[i].to = (uint32_t)number;
			return is_number && number >= numbers[i].min && number <= numbers[i].max
				       ? TAKEN
				       : BAD_VALUE;
		}
	return NO_SUCH_OPTION;
}

/* Which of the words the value is. */
static enum taken take_word(
	const char *const *words, size_t count, const char *value, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0) {
			*ret = (uint32_t)i;
			return TAKEN;
		}
	return BAD_VALUE;
}

static enum taken take_choice(struct arguments *arguments, const char *name, const char *value)
{
	uint32_t choice = 0;
	enum taken taken = NO_SUCH_OPTION;
	if (strcmp(name, "--kind") == 0) {
		taken = take_word(kinds, sizeof kinds / sizeof kinds[0], value, &choice);
		arguments->config.kind = (enum chg_bench_kind)choice;
	} else if (strcmp(name, "--arrivals") == 0) {
		taken = take_word(arrivals, sizeof arrivals / sizeof arrivals[0], value, &choice);
		arguments->config.arrivals = (enum chg_arrival_kind)choice;
	}
	return taken;
}

static bool take_flag(struct arguments *arguments, const char *name)
{
	if (strcmp(name, "--json") == 0)
		arguments->is_json = true;
	else if (strcmp(name, "--base-avps") == 0)
		arguments->config.is_base_only = true;
	else if (strcmp(name, "--no-services") == 0)
		arguments->config.expects_no_services = true;
	else
		return false;
	return true;
}

static enum taken take_option(struct arguments *arguments, const char *name, const char *value)
{
	enum taken taken = take_text(arguments, name, value);
	if (taken == NO_SUCH_OPTION)
		taken = take_number(arguments, name, value);
	return taken == NO_SUCH_OPTION ? take_choice(arguments, name, value) : taken;
}

static bool read_arguments(int argc, char *argv[], struct arguments *ret)
{
	for (int at = 0; at < argc; at++) {
		if (take_flag(ret, argv[at]))
			continue;
		enum taken taken = take_option(ret, argv[at], at + 1 < argc ? argv[at + 1] : "");
		if (taken == NO_SUCH_OPTION)
			usage("there is no option ", argv[at]);
		else if (at + 1 == argc)
			usage("a value is missing after ", argv[at]);
		else if (taken == BAD_VALUE)
			fprintf(stderr,
				"chgplay bench: %s does not take \"%s\"\nTry: chgplay bench "
				"--help\n",
				argv[at], argv[at + 1]);
		if (taken != TAKEN || ++at == argc)
			return false;
	}
	bool is_record =
		ret->config.kind == CHG_BENCH_EVENT || ret->config.kind == CHG_BENCH_SESSION;
	if (ret->config.is_base_only && !is_record) {
		usage("--base-avps is for --kind event and session only", "");
		return false;
	}
	return true;
}

/* ---- The figures ------------------------------------------------------------------------------- */

typedef unsigned long long number;

static number per_second(const struct chg_bench_result *result)
{
	return result->took_us <= 0 ? 0 : result->answers * 1000000 / (number)result->took_us;
}

static number cpu_ns(const struct chg_bench_result *result)
{
	return result->cpu_answers == 0 ? 0 : (number)result->cpu_ns / result->cpu_answers;
}

static void print_latency(const struct chg_bench_result *result, const char *name, uint32_t at)
{
	number us = (number)chg_histogram_at(&result->latency, at);
	printf("%s%s %llu.%03llu ms", at == 500 ? "" : ", ", name, us / 1000, us % 1000);
}

static void print_text(const struct chg_bench_config *config, const struct chg_bench_result *result)
{
	printf("kind        %s, %u peers x %u", kinds[config->kind], (unsigned)config->peers,
		(unsigned)config->window);
	if (config->rate != 0)
		printf(", %u a second, %s", (unsigned)config->rate, arrivals[config->arrivals]);
	printf("\nanswers     %llu in %llu.%03llu s, %llu a second\n", (number)result->answers,
		(number)result->took_us / 1000000, (number)result->took_us / 1000 % 1000,
		per_second(result));
	fputs("latency     ", stdout);
	print_latency(result, "p50", 500);
	print_latency(result, "p90", 900);
	print_latency(result, "p99", 990);
	print_latency(result, "p99.9", 999);
	print_latency(result, "longest", 1000);
	printf("\nsucceeded   %llu\n", (number)result->succeeded);
	printf("failed      %llu", (number)result->failed);
	for (size_t i = 0; i < CHG_BENCH_CODE_MAX && result->code[i].count != 0; i++)
		printf("%s%u: %llu", i == 0 ? "; " : ", ", (unsigned)result->code[i].code,
			(number)result->code[i].count);
	printf("\nwrong       %llu\n", (number)result->wrong);
	printf("unanswered  %llu\n", (number)result->unanswered);
	if (config->rate != 0)
		printf("late        %llu\n", (number)result->late);
	if (config->duplicates_percent != 0)
		printf("repeated    %llu\n", (number)result->repeated);
	printf("client      %llu.%03llu us of CPU for each answer\n", cpu_ns(result) / 1000,
		cpu_ns(result) % 1000);
}

static void print_json(const struct chg_bench_config *config, const struct chg_bench_result *result)
{
	const struct chg_histogram *latency = &result->latency;
	printf("{\"kind\":\"%s\",\"peers\":%u,\"outstanding\":%u,\"rate\":%u,\"seconds\":%u,"
	       "\"accounts\":%u,\"duplicates_percent\":%u,",
		kinds[config->kind], (unsigned)config->peers, (unsigned)config->window,
		(unsigned)config->rate, (unsigned)config->seconds, (unsigned)config->accounts,
		(unsigned)config->duplicates_percent);
	printf("\"answers\":%llu,\"answers_per_s\":%llu,\"succeeded\":%llu,\"failed\":%llu,"
	       "\"wrong\":%llu,\"unanswered\":%llu,\"late_sends\":%llu,",
		(number)result->answers, per_second(result), (number)result->succeeded,
		(number)result->failed, (number)result->wrong, (number)result->unanswered,
		(number)result->late);
	printf("\"p50_us\":%llu,\"p90_us\":%llu,\"p99_us\":%llu,\"p999_us\":%llu,\"max_us\":%llu,",
		(number)chg_histogram_at(latency, 500), (number)chg_histogram_at(latency, 900),
		(number)chg_histogram_at(latency, 990), (number)chg_histogram_at(latency, 999),
		(number)chg_histogram_at(latency, 1000));
	printf("\"client_cpu_us_per_answer\":%llu.%03llu,\"failed_codes\":{", cpu_ns(result) / 1000,
		cpu_ns(result) % 1000);
	for (size_t i = 0; i < CHG_BENCH_CODE_MAX && result->code[i].count != 0; i++)
		printf("%s\"%u\":%llu", i == 0 ? "" : ",", (unsigned)result->code[i].code,
			(number)result->code[i].count);
	puts("}}");
}

static int report(const struct arguments *arguments, const struct chg_bench_result *result)
{
	if (arguments->is_json)
		print_json(&arguments->config, result);
	else
		print_text(&arguments->config, result);
	if (result->first_wrong != NULL)
		fprintf(stderr, "chgplay bench: of the first wrong answer: %s\n",
			result->first_wrong);
	bool is_right = result->failed == 0 && result->wrong == 0 && result->unanswered == 0;
	return is_right ? EXIT_SUCCESS : EXIT_UNMET;
}

static int run(const struct arguments *arguments)
{
	char why[WHY_MAX];
	int status = EXIT_CONNECTION;
	struct chg_bench_result *result = malloc(sizeof *result);
	if (result == NULL)
		return status;
	if (chg_bench_run(&arguments->config, result, why, sizeof why))
		status = report(arguments, result);
	else
		fprintf(stderr, "chgplay bench: %s\n", why);
	free(result);
	return status;
}

static int run_with_timeline(struct arguments *arguments)
{
	arguments->config.timeline = fopen(arguments->timeline, "we");
	if (arguments->config.timeline == NULL) {
		fprintf(stderr, "chgplay bench: %s: %s\n", arguments->timeline, strerror(errno));
		return EXIT_USAGE;
	}
	setvbuf(arguments->config.timeline, NULL, _IOLBF, 0); /* it is looked at while it grows */
	int status = run(arguments);
	if (fclose(arguments->config.timeline) != 0) {
		fprintf(stderr, "chgplay bench: %s: %s\n", arguments->timeline, strerror(errno));
		status = EXIT_UNMET;
	}
	return status;
}

static volatile sig_atomic_t must_end;

static void on_signal(int signal_number)
{
	(void)signal_number;
	must_end = 1;
}

/* The first one ends it in order, the second one at once. */
static void take_signals(void)
{
	struct sigaction once = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	(void)sigaction(SIGINT, &once, NULL);
	(void)sigaction(SIGTERM, &once, NULL);
}

int chg_bench_main(int argc, char *argv[])
{
	struct arguments arguments = { .config = { .connect = "127.0.0.1:3868",
					       .realm = "example.net",
					       .destination_realm = "example.net",
					       .host_prefix = "bench",
					       .peers = 4,
					       .window = 64,
					       .seconds = 10,
					       .warmup_s = 2,
					       .accounts = 1,
					       .services = 2,
					       .seed = 1,
					       .must_end = &must_end } };
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
	if (!read_arguments(argc, argv, &arguments))
		return EXIT_USAGE;
	take_signals();
	arguments.config.shows_progress = !arguments.is_json && isatty(STDERR_FILENO);
	return arguments.timeline == NULL ? run(&arguments) : run_with_timeline(&arguments);
}

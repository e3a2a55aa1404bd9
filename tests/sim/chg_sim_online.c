/* SPDX-License-Identifier: BSD-3-Clause
 * The simulator of credit control: one seed, one world, looked at by the auditor after every step.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/cc_auditor.h"

enum {
	STEPS = 800,
	LONG_FACTOR = 100, /* CHG_LONG=1: so many times the seeds */
};

static const char usage[] =
	"usage: chg_sim_online --seeds A-B          every seed from A to B\n"
	"       chg_sim_online --seed N             one seed\n"
	"       chg_sim_online --seed N --until S   one seed, as far as step S\n"
	"With CHG_LONG=1 in the environment, --seeds goes 100 times as far.\n";

static void run(const char *path, uint64_t seed, uint32_t until)
{
	static struct cc_world world;
	cc_world_begin(&world, path, seed);
	while (world.step < STEPS && world.step < until) {
		cc_world_step(&world);
		cc_audit_look(&world);
	}
	if (until > STEPS) {
		cc_world_settle(&world);
		cc_audit_look(&world);
		cc_audit_end(&world);
	}
	cc_world_end(&world);
}

static void run_all(const char *path, unsigned long long from, unsigned long long to)
{
	const char *is_long = getenv("CHG_LONG");
	struct timespec begin, end;
	if (is_long != NULL && strcmp(is_long, "1") == 0)
		to = from + (to - from + 1) * LONG_FACTOR - 1;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned long long seed = from; seed <= to; seed++)
		run(path, seed, UINT32_MAX);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("seeds %llu-%llu: every law held, in %lld s\n", from, to,
		(long long)(end.tv_sec - begin.tv_sec));
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seeds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'n' }, { "until", required_argument, NULL, 'u' },
		{ "file", required_argument, NULL, 'f' }, { NULL, 0, NULL, 0 } };
	unsigned long long from = 0, to = 0;
	unsigned long until = UINT32_MAX;
	const char *path = NULL;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool is_read = option != '?';
		if (option == 'f')
			path = optarg;
		if (option == 's')
			is_read = sscanf(optarg, "%llu-%llu", &from, &to) == 2;
		if (option == 'n')
			is_read = sscanf(optarg, "%llu", &from) == 1, to = from;
		if (option == 'u')
			is_read = sscanf(optarg, "%lu", &until) == 1;
		if (!is_read) {
			fputs(usage, stderr);
			return 2;
		}
	}
	if (from == 0 || to < from) {
		fputs(usage, stderr);
		return 2;
	}
	if (from == to) {
		run(path, from, (uint32_t)until);
		printf("seed %llu: every law held\n", from);
	} else {
		run_all(path, from, to);
	}
	return 0;
}

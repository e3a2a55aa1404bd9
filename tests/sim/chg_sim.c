/* SPDX-License-Identifier: BSD-3-Clause
 * The simulator: one seed, one world, looked at by the auditor after every step.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/auditor.h"

enum {
	STEPS = 500,
	LONG_FACTOR = 50, /* CHG_LONG=1: so many times the seeds */
};

static const char usage[] = "usage: chg_sim --seeds A-B          every seed from A to B\n"
			    "       chg_sim --seed N             one seed\n"
			    "       chg_sim --seed N --until S   one seed, as far as step S\n"
			    "With CHG_LONG=1 in the environment, --seeds goes 50 times as far.\n";

static void run(uint64_t seed, uint32_t until)
{
	static struct sim_world world;
	static struct sim_audit audit;
	memset(&audit, 0, sizeof audit);
	sim_world_begin(&world, seed);
	while (world.step < STEPS && world.step < until) {
		sim_world_step(&world);
		sim_audit_look(&audit, &world);
	}
	if (until > STEPS) {
		sim_world_settle(&world);
		sim_audit_look(&audit, &world);
		sim_audit_end(&audit, &world);
	}
	sim_world_end(&world);
}

static void run_all(unsigned long long from, unsigned long long to)
{
	const char *is_long = getenv("CHG_LONG");
	if (is_long != NULL && strcmp(is_long, "1") == 0)
		to = from + (to - from + 1) * LONG_FACTOR - 1;
	for (unsigned long long seed = from; seed <= to; seed++)
		run(seed, UINT32_MAX);
	printf("seeds %llu-%llu: every law held\n", from, to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seeds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'n' }, { "until", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 } };
	unsigned long long from = 0, to = 0;
	unsigned long until = UINT32_MAX;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool is_read = option != '?';
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
		run(from, (uint32_t)until);
		printf("seed %llu: every law held\n", from);
	} else {
		run_all(from, to);
	}
	return 0;
}

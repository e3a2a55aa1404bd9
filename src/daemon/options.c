/* SPDX-License-Identifier: BSD-3-Clause
 * getopt_long and the help text.
 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'k' },
	{ "running", no_argument, NULL, 'r' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct chg_daemon_options chg_daemon_options_read(int argc, char *argv[])
{
	struct chg_daemon_options options = { .config = CHG_SYSCONF_DIR "/freediameter.conf" };
	int letter;

	while ((letter = getopt_long(argc, argv, "c:kvVh", long_options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options.config = optarg;
			break;
		case 'k':
			options.task = CHG_TASK_CHECK;
			break;
		case 'r':
			options.is_running = true;
			break;
		case 'v':
			options.is_verbose = true;
			break;
		case 'V':
			options.task = CHG_TASK_VERSION;
			return options;
		case 'h':
			options.task = CHG_TASK_HELP;
			return options;
		default: /* getopt_long has said what is wrong */
			options.task = CHG_TASK_USAGE;
			return options;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: what is '%s'? A file is named with --config FILE\n", argv[0],
			argv[optind]);
		options.task = CHG_TASK_USAGE;
	}
	return options;
}

void chg_daemon_help(void)
{
	fputs("charging-enabler: a Diameter charging node for OMA instant messaging\n"
	      "\n"
	      "usage: charging-enabler [--config FILE] [--verbose]\n"
	      "       charging-enabler --check [--running] [--config FILE]\n"
	      "\n"
	      "  -c, --config FILE  freeDiameter's configuration, which names charging.yaml\n"
	      "                     (default " CHG_SYSCONF_DIR "/freediameter.conf)\n"
	      "  -k, --check        check the configuration, the files it names and the ports, "
	      "and\n"
	      "                     say what is wrong, where, and what to do; touch nothing\n"
	      "      --running      with --check: the node is running, so its ports are taken\n"
	      "  -v, --verbose      log what the library says about its work as well\n"
	      "  -V, --version      print the version\n"
	      "  -h, --help         print this\n"
	      "\n"
	      "It stays in the foreground, logs to standard error, and prints one line that "
	      "begins\n"
	      "with \"ready\" when it listens and its database is open.  SIGTERM or Ctrl-C: it "
	      "takes\n"
	      "no more requests, stores and answers those it has, tells its peers and ends; a\n"
	      "second one ends it at once.\n"
	      "\n"
	      "Exit status: 0 ended as asked, 1 could not start or --check found something,\n"
	      "2 wrong command line, 70 the library gave up (start again), 75 not all was "
	      "answered\n"
	      "in time, 128+N ended at once by signal N.\n"
	      "\n"
	      "examples:\n"
	      "  charging-enabler --check\n"
	      "  charging-enabler --config ./freediameter.conf\n"
	      "  chgctl stats                   what the running node has done\n",
		stdout);
}

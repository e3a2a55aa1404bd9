/* SPDX-License-Identifier: BSD-3-Clause
 * A flag that signals set.
 */
#include "chgctl/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_wanted;

static void ask(int signal_number)
{
	(void)signal_number;
	stop_wanted = 1;
}

void ctl_stop_on_signals(void)
{
	/* SA_RESETHAND: who asks twice does not want to wait for us. */
	struct sigaction action = { .sa_handler = ask, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool ctl_stop_wanted(void)
{
	return stop_wanted != 0;
}

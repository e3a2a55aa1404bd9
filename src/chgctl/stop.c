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
	/*
	 * SA_RESTART: a page on its way to the reader arrives whole.  SA_RESETHAND: who asks twice
	 * does not want to wait for us.
	 */
	struct sigaction action = {
		.sa_handler = ask,
		.sa_flags = (int)(SA_RESETHAND | SA_RESTART),
	};

	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction before;
		/* What nohup or a shell's background ignores stays ignored. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

bool ctl_stop_wanted(void)
{
	return stop_wanted != 0;
}

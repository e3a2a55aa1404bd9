/* SPDX-License-Identifier: BSD-3-Clause
 * An extension that does what a thread of the library does when it cannot go on: it begins the
 * shutdown, once the node runs and a file called "give-up" is there.
 */
#include <freeDiameter/extension.h>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static void *wait_and_give_up(void *unused)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	(void)unused;
	(void)fd_core_waitstartcomplete();
	while (access("give-up", F_OK) != 0)
		nanosleep(&pause, NULL);
	(void)fd_core_shutdown();
	return NULL;
}

static int give_up_entry(char *conffile)
{
	pthread_t thread;

	(void)conffile;
	int error = pthread_create(&thread, NULL, wait_and_give_up, NULL);
	if (error == 0)
		(void)pthread_detach(thread);
	return error;
}

EXTENSION_ENTRY("give_up", give_up_entry);

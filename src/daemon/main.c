/* SPDX-License-Identifier: BSD-3-Clause
 * charging-enabler: starts libfdcore with our extensions, says when it is ready, ends in order.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>

#include "daemon/check.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/override.h"

enum {
	EXIT_USAGE = 2,
	EXIT_LEAKS = 23,
	EXIT_OVERDUE = 75,
	LISTEN_MS = 5000,
	/* Storing and answering what is in.  A disk that hangs for longer loses no stored record. */
	DRAIN_MS = 20000,
	/* A peer that does not answer the DPR is not waited for as long as the library would. */
	DISCONNECT_MS = 5000,
};

/* Only there in a build with AddressSanitizer. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* How far the way down is.  Written by the thread that goes it, read by main(). */
enum phase { PHASE_RUNNING, PHASE_DRAINING, PHASE_DISCONNECTING, PHASE_ENDED };

static atomic_int phase = PHASE_RUNNING;
static int phase_event = -1;
static bool stop_requested; /* main() alone */

static void set_phase(enum phase next)
{
	const uint64_t one = 1;

	atomic_store(&phase, next);
	if (write(phase_event, &one, sizeof one) < 0)
		chg_daemon_log(CHG_LOG_ERROR, "daemon.event_lost error=\"%s\"", strerror(errno));
}

/*
 * Signals that arrive from outside come through a descriptor, in main() alone.  Blocked before the
 * first thread exists, so that all threads inherit it.
 */
static int take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGPIPE);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Many short wake-ups of many threads: longer turns give half as much again.  No privilege. */
static void take_scheduler(void)
{
	const struct sched_param parameter = { 0 };

	if (sched_getscheduler(0) == SCHED_OTHER)
		(void)sched_setscheduler(0, SCHED_BATCH, &parameter);
}

static void log_start_failure(const char *cause, const char *config)
{
	chg_daemon_log(CHG_LOG_ERROR,
		"daemon.start_failed cause=\"%s\" cure=\"charging-enabler --check --config %s\"",
		cause, config);
}

/* From the configuration file to a listening node.  False: it has been said why not. */
static bool start(const char *config)
{
	char reason[CHG_LISTEN_REASON_MAX];

	if (access(config, R_OK) != 0) {
		chg_daemon_log(CHG_LOG_ERROR,
			"daemon.start_failed file=%s cause=\"%s\" cure=\"name the configuration "
			"with --config FILE\"",
			config, strerror(errno));
		return false;
	}
	if (fd_core_parseconf(config) != 0) {
		log_start_failure("the configuration was refused, see the lines above", config);
		return false;
	}
	if (!chg_node_join()) {
		log_start_failure("no LoadExtension line brought up charging", config);
		return false;
	}
	if (!chg_listen_check(reason)) {
		chg_daemon_log(CHG_LOG_ERROR, "daemon.start_failed cause=\"%s\"", reason);
		return false;
	}
	if (fd_core_start() != 0 || fd_core_waitstartcomplete() != 0) {
		log_start_failure("the library did not start, see the lines above", config);
		return false;
	}
	if (!chg_listen_verify(LISTEN_MS, reason)) {
		chg_daemon_log(CHG_LOG_ERROR, "daemon.start_failed cause=\"%s\"", reason);
		return false;
	}
	return true;
}

static void say_ready(void)
{
	char addresses[CHG_LISTEN_LIST_MAX];

	chg_listen_print(addresses);
	printf("ready identity=%s realm=%s listen=%s database=%s\n", fd_g_config->cnf_diamid,
		fd_g_config->cnf_diamrlm, addresses, chg_node_database());
	fflush(stdout);
	chg_node_set_ready(fd_g_config->cnf_diamid, fd_g_config->cnf_diamrlm);
	if (!chg_notify("READY=1\nSTATUS=answering\n"))
		chg_daemon_log(
			CHG_LOG_WARNING, "daemon.notify_failed error=\"%s\"", strerror(errno));
}

/* Waits for the end of the library, whoever began it. */
static void *wait_for_end(void *unused)
{
	(void)unused;
	(void)fd_core_wait_shutdown_complete();
	set_phase(PHASE_ENDED);
	return NULL;
}

/* The way down: answers first, then DPR to the peers, which the library sends. */
static void *stop(void *unused)
{
	(void)unused;
	chg_node_drain();
	chg_overrides_report();
	set_phase(PHASE_DISCONNECTING);
	(void)fd_core_shutdown();
	return NULL;
}

/*
 * The end, without the handlers of exit(): the library has cancelled threads of its own, and one
 * that was cancelled inside of strerror() holds a lock of the locale that a handler (of libp11-kit)
 * would wait for without end.  Seen with stock freeDiameterd.
 */
static _Noreturn void leave(int status)
{
	fflush(stdout);
#ifdef CHG_COUNTS_LINES
	exit(status); /* the counts are written by such a handler */
#endif
	if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
		status = EXIT_LEAKS;
	_exit(status);
}

static bool start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0) {
		chg_daemon_log(CHG_LOG_ERROR, "daemon.no_thread error=\"%s\"", strerror(errno));
		return false;
	}
	pthread_detach(thread);
	return true;
}

static int read_signal(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* The first signal begins the way down, the second one ends the process. */
static void on_signal(int number)
{
	if (number != SIGTERM && number != SIGINT) {
		chg_daemon_log(CHG_LOG_NOTICE,
			"daemon.signal_ignored number=%d cure=\"a changed configuration needs a "
			"restart\"",
			number);
		return;
	}
	if (stop_requested) {
		chg_daemon_log(CHG_LOG_WARNING, "daemon.ended_at_once signal=%d", number);
		_exit(128 + number);
	}
	chg_daemon_log(CHG_LOG_NOTICE, "daemon.stopping signal=%d", number);
	(void)chg_notify("STOPPING=1\nSTATUS=answering what is in, then disconnecting\n");
	stop_requested = true;
	chg_daemon_log_unguard();
	set_phase(PHASE_DRAINING);
	if (!start_thread(stop))
		_exit(EXIT_FAILURE);
}

static int phase_timeout_ms(enum phase now)
{
	switch (now) {
	case PHASE_DRAINING:
		return DRAIN_MS;
	case PHASE_DISCONNECTING:
		return DISCONNECT_MS;
	case PHASE_RUNNING:
	case PHASE_ENDED:
		break;
	}
	return -1;
}

/* A phase of the way down that takes too long ends the process: all that is answered is stored. */
static void on_timeout(enum phase now)
{
	if (now == PHASE_DISCONNECTING) {
		chg_daemon_log(CHG_LOG_NOTICE, "daemon.stopped peers=\"not all said goodbye\"");
		_exit(EXIT_SUCCESS);
	}
	chg_daemon_log(CHG_LOG_ERROR,
		"daemon.stop_overdue waited_ms=%d cause=\"requests are still being stored\" "
		"cure=\"their peers will repeat them; see whether the disk answers\"",
		DRAIN_MS);
	_exit(EXIT_OVERDUE);
}

/* Runs until the library has ended.  Returns the exit status. */
static int serve(int signals)
{
	for (;;) {
		struct pollfd ready[] = { { .fd = signals, .events = POLLIN },
			{ .fd = phase_event, .events = POLLIN } };
		enum phase now = (enum phase)atomic_load(&phase);
		if (now == PHASE_ENDED)
			break;
		int count = poll(ready, 2, phase_timeout_ms(now));
		if (count == 0)
			on_timeout(now);
		if (count <= 0)
			continue;
		if (ready[1].revents != 0) {
			uint64_t events;
			(void)!read(phase_event, &events, sizeof events);
		}
		if (ready[0].revents != 0)
			on_signal(read_signal(signals));
	}
	if (stop_requested)
		return EXIT_SUCCESS;
	fprintf(stderr, "daemon.failed cause=\"the library ended by itself\"\n");
	return CHG_EXIT_LIBRARY;
}

static _Noreturn void run(const struct chg_daemon_options *options, int signals)
{
	if (!start(options->config)) {
		/* Nobody was answered yet: there is nothing to end in order. */
		_exit(EXIT_FAILURE);
	}
	if (chg_node_wants_debug())
		chg_daemon_log_verbose();
	chg_daemon_log_guard();
	if (!start_thread(wait_for_end))
		_exit(EXIT_FAILURE);
	say_ready();
	int status = serve(signals);
	chg_node_leave();
	leave(status);
}

int main(int argc, char *argv[])
{
	struct chg_daemon_options options = chg_daemon_options_read(argc, argv);

	switch (options.task) {
	case CHG_TASK_USAGE:
		fputs("try: charging-enabler --help\n", stderr);
		return EXIT_USAGE;
	case CHG_TASK_HELP:
		chg_daemon_help();
		return EXIT_SUCCESS;
	case CHG_TASK_VERSION:
		printf("charging-enabler %s (freeDiameter %s)\n", CHG_VERSION, fd_core_version);
		return EXIT_SUCCESS;
	case CHG_TASK_RUN:
	case CHG_TASK_CHECK:
		break;
	}

	int signals = take_signals();
	phase_event = eventfd(0, EFD_CLOEXEC);
	if (signals < 0 || phase_event < 0) {
		perror("charging-enabler: signalfd or eventfd");
		return EXIT_FAILURE;
	}
	take_scheduler();
	chg_daemon_log_start(options.is_verbose);
	if (fd_core_initialize() != 0) {
		fputs("charging-enabler: libfdcore cannot be initialised\n", stderr);
		return EXIT_FAILURE;
	}
	if (options.task == CHG_TASK_CHECK) {
		bool is_good = chg_check(options.config, options.is_running);
		fflush(NULL);
		_exit(is_good ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	(void)chg_overrides_check();
	run(&options, signals);
}

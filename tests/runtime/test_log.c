/* SPDX-License-Identifier: BSD-3-Clause
 * One event is one line, whatever its values are, and only lines of the level get through.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/log.h"

struct heard {
	char line[CHG_LOG_LINE_MAX];
	enum chg_log_level level;
	unsigned count;
};

static void hear(void *self, enum chg_log_level level, const char *line)
{
	struct heard *heard = self;
	assert_true(strlen(line) < sizeof heard->line);
	memcpy(heard->line, line, strlen(line) + 1);
	heard->level = level;
	heard->count++;
}

static void values_come_out_as_their_types_say(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	struct chg_view host = { .ptr = "im1.example.netXX", .len = 15 };
	chg_log_event(log, CHG_LOG_INFO,
		"peer.open host=%.*s port=%u load=100%% down=%d id=%" PRIu64 " at=%" PRId64
		" size=%zu flags=%x/%X c=%c l=%ld j=%jd",
		CHG_LOG_VIEW(host), 3868u, -7, UINT64_MAX, INT64_MIN, (size_t)42, 0xbeefu, 0xbeefu,
		'q', -1L, (intmax_t)-2);
	assert_string_equal(heard.line,
		"peer.open host=im1.example.net port=3868 load=100% down=-7 "
		"id=18446744073709551615 at=-9223372036854775808 size=42 flags=beef/BEEF c=q l=-1 "
		"j=-2");
	assert_int_equal(heard.level, CHG_LOG_INFO);
}

static void values_that_could_break_the_line_are_quoted(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	const char *volatile absent = NULL;
	chg_log_event(log, CHG_LOG_WARNING, "peer.refused host=%s realm=%s why=%s user=%s",
		"evil\nnode.ready host=x", "", "not in peer.allow", absent);
	assert_string_equal(heard.line,
		"peer.refused host=\"evil\\nnode.ready host=x\" realm=\"\" why=\"not in "
		"peer.allow\" user=-");
}

static void a_view_without_bytes_is_a_dash(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	volatile size_t nothing = 0;
	struct chg_view absent = { .ptr = nothing == 0 ? NULL : "x", .len = nothing };
	chg_log_event(log, CHG_LOG_INFO, "a.b c=%.*s", CHG_LOG_VIEW(absent));
	assert_string_equal(heard.line, "a.b c=-");
}

static void an_unknown_conversion_ends_the_line(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	chg_log_event(log, CHG_LOG_INFO, "a.b c=%05d d=%s", 1, "x");
	assert_string_equal(heard.line, "a.b c=...");
}

static void a_long_value_leaves_room_for_the_next(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	char huge[5000];
	memset(huge, 'h', sizeof huge - 1);
	huge[sizeof huge - 1] = '\0';
	chg_log_event(log, CHG_LOG_INFO, "a.b c=%s rc=%s", huge, "E_STORE");
	assert_int_equal(strlen(heard.line),
		strlen("a.b c=") + CHG_LOG_VALUE_MAX - 1 + strlen(" rc=E_STORE"));
	assert_string_equal(
		heard.line + strlen(heard.line) - strlen("h... rc=E_STORE"), "h... rc=E_STORE");
}

static void a_long_line_is_cut_at_a_character(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log log = { .write = hear, .self = &heard };
	char umlauts[CHG_LOG_VALUE_MAX];
	for (size_t i = 0; i + 2 < sizeof umlauts; i += 2)
		memcpy(umlauts + i, "\xc3\xb6", 3);
	chg_log_event(log, CHG_LOG_INFO, "a.b %s %s %s %s %s", umlauts, umlauts, umlauts, umlauts,
		umlauts);
	size_t len = strlen(heard.line);
	assert_in_range(len, CHG_LOG_LINE_MAX - 3, CHG_LOG_LINE_MAX - 1);
	assert_string_equal(heard.line + len - 5, "\xc3\xb6...");
}

static void the_level_lets_through_what_is_as_important(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log_sink sink;
	chg_log_sink_init(&sink, (struct chg_log){ hear, &heard }, CHG_LOG_WARNING);
	struct chg_log log = chg_log_sink_log(&sink);
	chg_log_event(log, CHG_LOG_NOTICE, "a.b");
	log.write(log.self, CHG_LOG_NOTICE, "a.b");
	assert_int_equal(heard.count, 0);
	chg_log_event(log, CHG_LOG_WARNING, "a.c");
	chg_log_event(log, CHG_LOG_ERROR, "a.d");
	assert_int_equal(heard.count, 2);
	chg_log_sink_set_level(&sink, CHG_LOG_DEBUG);
	chg_log_event(log, CHG_LOG_DEBUG, "a.e");
	assert_int_equal(heard.count, 3);
	assert_string_equal(heard.line, "a.e");
	chg_log_sink_release(&sink);
}

static void another_writer_takes_over(void **state)
{
	(void)state;
	struct heard first = { 0 };
	struct heard second = { 0 };
	struct chg_log_sink sink;
	chg_log_sink_init(&sink, (struct chg_log){ hear, &first }, CHG_LOG_DEBUG);
	struct chg_log log = chg_log_sink_log(&sink);
	chg_log_event(log, CHG_LOG_INFO, "a.b");
	chg_log_sink_install(&sink, (struct chg_log){ hear, &second });
	chg_log_event(log, CHG_LOG_INFO, "a.c");
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 1);
	assert_string_equal(second.line, "a.c");
	chg_log_sink_release(&sink);
}

enum {
	THREADS = 4,
	LINES = 500,
};

static void *log_much(void *arg)
{
	const struct chg_log *log = arg;
	for (int i = 0; i < LINES; i++)
		chg_log_event(*log, CHG_LOG_INFO, "a.b i=%d text=%s", i, "x y");
	return NULL;
}

static void many_threads_lose_no_line(void **state)
{
	(void)state;
	struct heard heard = { 0 };
	struct chg_log_sink sink;
	pthread_t threads[THREADS];
	chg_log_sink_init(&sink, (struct chg_log){ hear, &heard }, CHG_LOG_DEBUG);
	struct chg_log log = chg_log_sink_log(&sink);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, &log), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(heard.count, THREADS * LINES);
	chg_log_sink_release(&sink);
}

static void a_stamped_line_begins_with_utc_and_the_level(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	chg_log_write_stamped(to, INT64_C(1772366400) * 1000000 + 42, CHG_LOG_NOTICE, "a.b c=1");
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "2026-03-01T12:00:00.000042Z notice a.b c=1\n");
	free(text);
}

/* Gives stderr another end for the time of a call. */
static void with_stderr(int fd, void (*call)(void))
{
	int kept = dup(STDERR_FILENO);
	assert_true(kept >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	call();
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(close(kept), 0);
}

static void log_one(void)
{
	struct chg_log log = chg_log_stderr();
	log.write(log.self, CHG_LOG_ERROR, "store.full");
}

static void log_more_than_a_buffer_holds(void)
{
	struct chg_log log = chg_log_stderr();
	char line[CHG_LOG_LINE_MAX];
	memset(line, 'l', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (int i = 0; i < 12; i++)
		log.write(log.self, CHG_LOG_INFO, line);
}

/* Reads what is there; the end must have been closed or be non-blocking. */
static size_t read_there(int fd, char *ret, size_t room)
{
	size_t used = 0;
	ssize_t got;
	while (used < room - 1 && (got = read(fd, ret + used, room - 1 - used)) > 0)
		used += (size_t)got;
	ret[used] = '\0';
	return used;
}

static void a_reader_that_does_not_read_stops_nobody(void **state)
{
	(void)state;
	static char text[65536];
	int ends[2];
	for (int is_socket = 0; is_socket < 2; is_socket++) {
		if (is_socket)
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		else
			assert_int_equal(pipe(ends), 0);
		int small = 1;
		if (is_socket)
			assert_int_equal(
				setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small),
				0);
		else
			assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
		with_stderr(ends[1], log_more_than_a_buffer_holds);
		(void)read_there(ends[0], text, sizeof text);
		assert_null(strstr(text, "log.lost"));

		/* Now that there is room again, what was lost is told first. */
		with_stderr(ends[1], log_one);
		(void)read_there(ends[0], text, sizeof text);
		char *lost = strstr(text, " warning log.lost lines=");
		assert_non_null(lost);
		assert_non_null(strstr(lost, " error store.full\n"));
		assert_int_equal(close(ends[0]), 0);
		assert_int_equal(close(ends[1]), 0);
	}
}

static void a_line_that_was_cut_off_does_not_run_into_the_next(void **state)
{
	(void)state;
	char text[4096];
	char path[] = "log-XXXXXX";
	struct rlimit before;
	int fd = mkostemp(path, O_APPEND);
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	/* As a disk with room for 10 more bytes. */
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	struct rlimit small = { .rlim_cur = 10, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	with_stderr(fd, log_one);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	with_stderr(fd, log_one);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	(void)read_there(fd, text, sizeof text);
	assert_int_equal(close(fd), 0);

	assert_int_equal(text[10], '\n');
	assert_non_null(strstr(text + 11, " warning log.lost lines=1\n"));
	assert_non_null(strstr(text + 11, " error store.full\n"));
	assert_null(memchr(text, '\n', 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_out_as_their_types_say),
		cmocka_unit_test(values_that_could_break_the_line_are_quoted),
		cmocka_unit_test(a_view_without_bytes_is_a_dash),
		cmocka_unit_test(an_unknown_conversion_ends_the_line),
		cmocka_unit_test(a_long_value_leaves_room_for_the_next),
		cmocka_unit_test(a_long_line_is_cut_at_a_character),
		cmocka_unit_test(the_level_lets_through_what_is_as_important),
		cmocka_unit_test(another_writer_takes_over),
		cmocka_unit_test(many_threads_lose_no_line),
		cmocka_unit_test(a_stamped_line_begins_with_utc_and_the_level),
		cmocka_unit_test(a_reader_that_does_not_read_stops_nobody),
		cmocka_unit_test(a_line_that_was_cut_off_does_not_run_into_the_next),
	};
	return cmocka_run_group_tests_name("log lines", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Formats are read here and not by printf, so that no value can forget its quotes.
 */
#include "runtime/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/instant.h"
#include "runtime/quote.h"

enum {
	STAMP_MAX = 64, /* room for the time, the level and the end of line around a line */
	STDERR_WAIT_MS = 20,
	TEXT_MAX = (int)CHG_LOG_LINE_MAX + 3 * STAMP_MAX, /* with a line on lost ones before it */
};

_Static_assert(TEXT_MAX < PIPE_BUF, "a line enters a pipe as a whole");

const char *chg_log_level_text(enum chg_log_level level)
{
	switch (level) {
	case CHG_LOG_DEBUG:
		return "debug";
	case CHG_LOG_INFO:
		return "info";
	case CHG_LOG_NOTICE:
		return "notice";
	case CHG_LOG_WARNING:
		return "warning";
	case CHG_LOG_ERROR:
		return "error";
	}
	return "error";
}

/* The line as it grows.  Once something found no room, nothing more is taken. */
struct line {
	char *text;
	size_t len;
	bool is_cut;
};

static void append(struct line *line, const char *text, size_t len)
{
	size_t room = CHG_LOG_LINE_MAX - sizeof "..." - line->len;
	if (line->is_cut)
		return;
	if (len > room) {
		line->is_cut = true;
		/* Not in the middle of a character. */
		while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
			room--;
		len = room;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void append_text(struct line *line, struct chg_view value)
{
	char quoted[CHG_LOG_VALUE_MAX];
	if (!chg_view_present(value)) {
		append(line, "-", 1);
		return;
	}
	append(line, quoted, chg_quote_write(value, CHG_QUOTE_NEEDED, quoted, sizeof quoted));
}

enum length {
	LENGTH_INT,
	LENGTH_LONG,
	LENGTH_LONG_LONG,
	LENGTH_SIZE,
	LENGTH_MAX,
};

static enum length read_length(const char **at)
{
	switch (**at) {
	case 'l':
		*at += (*at)[1] == 'l' ? 2 : 1;
		return (*at)[-2] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
	case 'z':
		(*at)++;
		return LENGTH_SIZE;
	case 'j':
		(*at)++;
		return LENGTH_MAX;
	default:
		return LENGTH_INT;
	}
}

/* A va_list inside a structure can be handed on by its address on every machine. */
struct arguments {
	va_list list;
};

static intmax_t take_signed(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_INT:
		return va_arg(args->list, int);
	case LENGTH_LONG:
		return va_arg(args->list, long);
	case LENGTH_LONG_LONG:
		return va_arg(args->list, long long);
	case LENGTH_SIZE:
		return va_arg(args->list, ssize_t);
	case LENGTH_MAX:
		return va_arg(args->list, intmax_t);
	}
	return 0;
}

static uintmax_t take_unsigned(struct arguments *args, enum length length)
{
	switch (length) {
	case LENGTH_INT:
		return va_arg(args->list, unsigned);
	case LENGTH_LONG:
		return va_arg(args->list, unsigned long);
	case LENGTH_LONG_LONG:
		return va_arg(args->list, unsigned long long);
	case LENGTH_SIZE:
		return va_arg(args->list, size_t);
	case LENGTH_MAX:
		return va_arg(args->list, uintmax_t);
	}
	return 0;
}

static void append_number(
	struct line *line, char conversion, enum length length, struct arguments *args)
{
	char number[32];
	int len = 0;
	switch (conversion) {
	case 'd':
	case 'i':
		len = snprintf(number, sizeof number, "%jd", take_signed(args, length));
		break;
	case 'u':
		len = snprintf(number, sizeof number, "%ju", take_unsigned(args, length));
		break;
	case 'x':
		len = snprintf(number, sizeof number, "%jx", take_unsigned(args, length));
		break;
	case 'X':
		len = snprintf(number, sizeof number, "%jX", take_unsigned(args, length));
		break;
	default:
		/* What comes next cannot be told from this one: a poor line, but no lost node. */
		line->is_cut = true;
		return;
	}
	append(line, number, (size_t)len);
}

static struct chg_view take_bounded(struct arguments *args)
{
	int len = va_arg(args->list, int);
	const char *text = va_arg(args->list, const char *);
	assert(len >= 0);
	return (struct chg_view){ .ptr = text, .len = text == NULL ? 0 : (size_t)len };
}

/* Behind the '%'; returns where the format goes on. */
static const char *append_conversion(struct line *line, const char *at, struct arguments *args)
{
	if (strncmp(at, ".*s", 3) == 0) {
		append_text(line, take_bounded(args));
		return at + 3;
	}
	if (*at == 's') {
		append_text(line, chg_view_of(va_arg(args->list, const char *)));
		return at + 1;
	}
	if (*at == 'c') {
		char one = (char)va_arg(args->list, int);
		append_text(line, (struct chg_view){ .ptr = &one, .len = 1 });
		return at + 1;
	}
	if (*at == '%') {
		append(line, "%", 1);
		return at + 1;
	}
	enum length length = read_length(&at);
	append_number(line, *at, length, args);
	return at + 1;
}

size_t chg_log_format(char ret[CHG_LOG_LINE_MAX], const char *format, va_list args)
{
	struct line line = { .text = ret };
	struct arguments copy;
	va_copy(copy.list, args);
	for (const char *at = format; *at != '\0' && !line.is_cut;) {
		if (*at == '%') {
			at = append_conversion(&line, at + 1, &copy);
			continue;
		}
		size_t len = strcspn(at, "%");
		append(&line, at, len);
		at += len;
	}
	va_end(copy.list);
	if (line.is_cut) {
		memcpy(ret + line.len, "...", 3);
		line.len += 3;
	}
	ret[line.len] = '\0';
	return line.len;
}

static int stamp(
	char *ret, size_t room, int64_t wall_us, enum chg_log_level level, const char *line)
{
	time_t seconds = (time_t)(wall_us / CHG_US_PER_S);
	struct tm at;
	if (gmtime_r(&seconds, &at) == NULL)
		at = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	return snprintf(ret, room, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ %s %s\n", at.tm_year + 1900,
		at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec,
		(int)(wall_us % CHG_US_PER_S), chg_log_level_text(level), line);
}

void chg_log_write_stamped(FILE *to, int64_t wall_us, enum chg_log_level level, const char *line)
{
	char text[TEXT_MAX];
	if (stamp(text, sizeof text, wall_us, level, line) > 0)
		(void)fputs(text, to);
}

/*
 * A socket can be asked not to wait; a pipe that polls as writable takes PIPE_BUF bytes.
 * Returns how much was written.
 */
static size_t write_now(int fd, const char *text, size_t len)
{
	ssize_t written = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (written < 0 && errno == ENOTSOCK) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		if (poll(&ready, 1, STDERR_WAIT_MS) != 1 || ready.revents != POLLOUT)
			return 0;
		written = write(fd, text, len);
	}
	return written < 0 ? 0 : (size_t)written;
}

static int64_t wall_us(void)
{
	struct timespec at;
	(void)clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * CHG_US_PER_S + at.tv_nsec / 1000;
}

/* What earlier lines came to, if they did not get through: written with the next in one piece. */
static size_t write_losses(char *ret, size_t room, bool is_mid_line, uint64_t lost_count)
{
	char line[STAMP_MAX];
	size_t used = 0;
	if (is_mid_line)
		ret[used++] = '\n';
	if (lost_count > 0) {
		(void)snprintf(line, sizeof line, "log.lost lines=%" PRIu64, lost_count);
		used += (size_t)stamp(ret + used, room - used, wall_us(), CHG_LOG_WARNING, line);
	}
	return used;
}

static void write_stderr(void *self, enum chg_log_level level, const char *line)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t lost_count;
	static bool is_mid_line; /* the latest line that got through did so in part */
	char text[TEXT_MAX];
	(void)self;
	(void)pthread_mutex_lock(&lock);
	size_t len = write_losses(text, sizeof text, is_mid_line, lost_count);
	len += (size_t)stamp(text + len, sizeof text - len, wall_us(), level, line);
	size_t written = write_now(STDERR_FILENO, text, len);
	if (written > 0)
		is_mid_line = written < len;
	lost_count = written == len ? 0 : lost_count + 1;
	(void)pthread_mutex_unlock(&lock);
}

struct chg_log chg_log_stderr(void)
{
	return (struct chg_log){ .write = write_stderr, .self = NULL };
}

void chg_log_sink_init(struct chg_log_sink *sink, struct chg_log writer, enum chg_log_level level)
{
	*sink = (struct chg_log_sink){ .lock = PTHREAD_MUTEX_INITIALIZER, .writer = writer };
	atomic_init(&sink->level, (int)level);
}

static void write_sink(void *self, enum chg_log_level level, const char *line)
{
	struct chg_log_sink *sink = self;
	if ((int)level < atomic_load_explicit(&sink->level, memory_order_relaxed))
		return;
	(void)pthread_mutex_lock(&sink->lock);
	sink->writer.write(sink->writer.self, level, line);
	(void)pthread_mutex_unlock(&sink->lock);
}

/* A line that nobody will see is not made. */
static bool is_wanted(struct chg_log log, enum chg_log_level level)
{
	if (log.write != write_sink)
		return true;
	const struct chg_log_sink *sink = log.self;
	return (int)level >= atomic_load_explicit(&sink->level, memory_order_relaxed);
}

void chg_log_event(struct chg_log log, enum chg_log_level level, const char *format, ...)
{
	char line[CHG_LOG_LINE_MAX];
	va_list args;
	if (!is_wanted(log, level))
		return;
	va_start(args, format);
	(void)chg_log_format(line, format, args);
	va_end(args);
	log.write(log.self, level, line);
}

struct chg_log chg_log_sink_log(struct chg_log_sink *sink)
{
	return (struct chg_log){ .write = write_sink, .self = sink };
}

void chg_log_sink_install(struct chg_log_sink *sink, struct chg_log writer)
{
	(void)pthread_mutex_lock(&sink->lock);
	sink->writer = writer;
	(void)pthread_mutex_unlock(&sink->lock);
}

void chg_log_sink_set_level(struct chg_log_sink *sink, enum chg_log_level level)
{
	atomic_store_explicit(&sink->level, (int)level, memory_order_relaxed);
}

void chg_log_sink_release(struct chg_log_sink *sink)
{
	(void)pthread_mutex_destroy(&sink->lock);
}

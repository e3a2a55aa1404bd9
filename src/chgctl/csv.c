/* SPDX-License-Identifier: BSD-3-Clause
 * One character at a time, in four states.
 */
#include "chgctl/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chgctl/stop.h"

enum state {
	STATE_START, /* of a field */
	STATE_PLAIN,
	STATE_QUOTED,
	STATE_CLOSED, /* behind the quote that ends a field */
};

/* A record on its way; `why` is its first fault, and then the rest of the line is skipped. */
struct record {
	struct ctl_csv *csv;
	enum state state;
	size_t begin; /* of the field in csv->text */
	const char *why;
};

static void end_field(struct record *record)
{
	struct ctl_csv *csv = record->csv;

	if (csv->field_count == CTL_CSV_FIELD_MAX) {
		record->why = "the line has more than 64 fields";
		return;
	}
	csv->field[csv->field_count++] = (struct chg_view){
		.ptr = csv->text + record->begin,
		.len = csv->len - record->begin,
	};
	record->begin = csv->len;
	record->state = STATE_START;
}

static void put(struct record *record, int c)
{
	struct ctl_csv *csv = record->csv;

	if (csv->len == CTL_CSV_RECORD_MAX)
		record->why = "the line is longer than 16384 bytes";
	else
		csv->text[csv->len++] = (char)c;
}

static void take_quote(struct record *record)
{
	switch (record->state) {
	case STATE_START:
		record->state = STATE_QUOTED;
		return;
	case STATE_QUOTED:
		record->state = STATE_CLOSED;
		return;
	case STATE_CLOSED: /* two of them are one */
		put(record, '"');
		record->state = STATE_QUOTED;
		return;
	case STATE_PLAIN:
		record->why = "a quote stands inside a field that does not begin with one";
		return;
	}
}

static void take(struct record *record, int c)
{
	if (c == '"') {
		take_quote(record);
	} else if (record->state == STATE_QUOTED) {
		put(record, c);
	} else if (c == ',') {
		end_field(record);
	} else if (record->state == STATE_CLOSED && c != '\r') {
		record->why = "something stands behind the quote that ends a field";
	} else if (record->state != STATE_CLOSED) {
		put(record, c);
		record->state = STATE_PLAIN;
	}
}

/* The CR of a line's end belongs to no field. */
static void end_record(struct record *record)
{
	struct ctl_csv *csv = record->csv;

	if (record->state == STATE_PLAIN && csv->text[csv->len - 1] == '\r')
		csv->len--;
	if (record->why == NULL)
		end_field(record);
}

static enum chg_rc read_record(struct ctl_csv *csv, const char **ret_why)
{
	struct record record = { .csv = csv };
	bool is_quoted;
	size_t skipped = 0;
	int c;

	csv->len = 0;
	csv->field_count = 0;
	csv->line = ++csv->next_line;
	while ((c = getc(csv->from)) != EOF) {
		is_quoted = record.state == STATE_QUOTED && record.why == NULL;
		if (c == '\n' && !is_quoted)
			break;
		csv->next_line += c == '\n' ? 1 : 0;
		if (record.why == NULL)
			take(&record, c);
		else if (ctl_stop_wanted())
			return CHG_E_CLOSED;
		else if (skipped++ == CTL_CSV_SKIP_MAX)
			return CHG_E_RANGE;
	}
	if (ferror(csv->from))
		return ctl_stop_wanted() ? CHG_E_CLOSED : CHG_E_SYSTEM;
	if (c == EOF && csv->len == 0 && csv->field_count == 0 && record.state == STATE_START &&
		record.why == NULL)
		return CHG_E_CLOSED;
	if (record.why == NULL && record.state == STATE_QUOTED)
		record.why = "a quote is not closed";
	end_record(&record);
	*ret_why = record.why;
	return record.why == NULL ? CHG_OK : CHG_E_SYNTAX;
}

/* Editors of some systems put one in front of UTF-8. */
static void skip_mark(struct ctl_csv *csv)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (csv->field_count > 0 && csv->field[0].len >= 3 &&
		memcmp(csv->field[0].ptr, mark, 3) == 0) {
		csv->field[0].ptr += 3;
		csv->field[0].len -= 3;
	}
}

enum chg_rc ctl_csv_read(struct ctl_csv *csv, const char **ret_why)
{
	enum chg_rc rc;

	do {
		rc = read_record(csv, ret_why);
	} while (rc == CHG_OK && csv->field_count == 1 && csv->field[0].len == 0);
	if (rc == CHG_OK && csv->line == 1)
		skip_mark(csv);
	return rc;
}

/* A read begins anew after a signal; a wait does not, and none slips in before it. */
static bool wait_for_more(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	bool is_there = !ctl_stop_wanted() && ppoll(&ready, 1, NULL, &before) > 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return is_there && !ctl_stop_wanted();
}

static ssize_t read_more(void *cookie, char *to, size_t size)
{
	int fd = (int)(intptr_t)cookie;

	while (!wait_for_more(fd)) {
		if (!ctl_stop_wanted())
			continue; /* another signal */
		errno = EINTR;
		return -1;
	}
	return read(fd, to, size);
}

static int close_it(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *ctl_csv_open(const char *path)
{
	static const cookie_io_functions_t functions = { .read = read_more, .close = close_it };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	FILE *file = fopencookie((void *)(intptr_t)fd, "r", functions);
	if (file == NULL)
		close(fd);
	return file;
}

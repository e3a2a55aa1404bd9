/* SPDX-License-Identifier: BSD-3-Clause
 * Whatever happens to a configuration file, reading it ends in a configuration that prints and
 * reads back the same, or in complaints that have a place inside the file.
 *
 * CHG_SEED replays one seed; the number of a failing one is printed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"

enum {
	TEXT_MAX = 8192,
	SEED_COUNT = 3000,
	CHANGE_MAX = 6,
};

static const char start[] =
	"# a node\n"
	"store:\n  kind: memory\n  path: \"/srv/\\x41 b.db\"\n"
	"diameter: {listen: [192.0.2.1, '::1']}\n"
	"peer:\n  allow:\n    - im1.example.net\n    - \"*.im.example.net\"\n  strict: []\n"
	"  inflight_max: 100\n"
	"control:\n  socket: run/c.sock\n"
	"engine:\n  queue_max: 64\n  batch_max: 8\n"
	"offline:\n  session_idle_s: 0\n  interim_interval_s: 60\n  skew_max_s: 3600\n"
	"cdr: {seen_days: 1}\n"
	"log:\n  level: debug\n";

/* What tends to hurt readers of YAML. */
static const char *const pieces[] = { "\n", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", "\"",
	"'", "&a ", "*a", "!!x ", "|\n", ">\n", "---\n", "...\n", "%YAML 9.9\n", "? ", "~", "null",
	"#", "\xff", "\xc3", "\xef\xbb\xbf", "\xe2\x80\xa8", "\\x", "<<: ", "0", "99999999999",
	"-1", "store:\n", "  allow: [a, a]\n", "*.x", "\xf0\x9f\x92\xac" };

struct text {
	char bytes[TEXT_MAX];
	size_t len;
};

static uint64_t next(uint64_t *seed)
{
	/* splitmix64: every seed, 0 included, gives a good stream. */
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t below(uint64_t *seed, size_t limit)
{
	return (size_t)(next(seed) % limit);
}

static void insert(struct text *text, size_t at, const char *bytes, size_t len)
{
	if (text->len + len > sizeof text->bytes)
		return;
	memmove(text->bytes + at + len, text->bytes + at, text->len - at);
	memcpy(text->bytes + at, bytes, len);
	text->len += len;
}

static void delete (struct text *text, size_t at, size_t len)
{
	memmove(text->bytes + at, text->bytes + at + len, text->len - at - len);
	text->len -= len;
}

static void change(struct text *text, uint64_t *seed)
{
	size_t at = below(seed, text->len + 1);
	size_t len = below(seed, text->len - at + 1) % 40;
	char copy[40];
	const char *piece;
	switch (below(seed, 5)) {
	case 0:
		if (at < text->len)
			text->bytes[at] = (char)below(seed, 256);
		return;
	case 1:
		delete (text, at, len);
		return;
	case 2:
		memcpy(copy, text->bytes + at, len);
		insert(text, below(seed, text->len + 1), copy, len);
		return;
	case 3:
		piece = pieces[below(seed, sizeof pieces / sizeof pieces[0])];
		insert(text, at, piece, strlen(piece));
		return;
	default:
		text->len = text->len - len / 8;
		return;
	}
}

static uint64_t current_seed;
static bool is_finished;

static struct chg_config config;
static struct chg_config again;
static struct chg_config_errors errors;

static void check_complaints(const struct text *text)
{
	size_t lines = 1;
	for (size_t i = 0; i < text->len; i++)
		lines += text->bytes[i] == '\n' || text->bytes[i] == '\r';
	assert_true(errors.count > 0);
	assert_true(errors.count <= CHG_CONFIG_ERROR_MAX);
	for (size_t i = 0; i < errors.count; i++) {
		const struct chg_config_error *error = &errors.item[i];
		assert_true(error->line >= 1);
		/* One line behind the last is where the end of the text is. */
		assert_true(error->line <= lines + 1);
		assert_true(error->column >= 1);
		assert_memory_equal(error->text, "dir/c.yaml:", strlen("dir/c.yaml:"));
		/* Whatever stood in the file, a complaint is one line. */
		assert_null(strpbrk(error->text, "\n\r\t"));
	}
}

static char *printed(const struct chg_config *from)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	chg_config_print(from, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void check_configuration(void)
{
	char *first = printed(&config);
	if (chg_config_read_text("c.yaml", chg_view_of(first), &again, &errors) != CHG_OK &&
		strstr(first, ": dir/") == NULL)
		fail_msg("%s in\n%s", errors.item[0].text, first);
	/* A relative path is printed as it is used, from where the node was started. */
	char *second = printed(&again);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static bool runs(uint64_t seed)
{
	/* Exactly as long as the text, so that a sanitizer sees the first byte too many. */
	struct text text = { .len = sizeof start - 1 };
	uint64_t stream = seed;
	memcpy(text.bytes, start, sizeof start - 1);
	for (size_t count = 1 + below(&stream, CHANGE_MAX); count > 0; count--)
		change(&text, &stream);
	char *exact = malloc(text.len + 1);
	assert_non_null(exact);
	memcpy(exact, text.bytes, text.len);

	struct chg_view view = { .ptr = exact, .len = text.len };
	enum chg_rc rc = chg_config_read_text("dir/c.yaml", view, &config, &errors);
	if (rc == CHG_OK)
		check_configuration();
	else
		check_complaints(&text);
	free(exact);
	return rc == CHG_OK;
}

static void any_change_ends_in_a_configuration_or_in_complaints(void **state)
{
	(void)state;
	const char *only = getenv("CHG_SEED");
	unsigned fine = 0;
	for (uint64_t seed = 0; seed < SEED_COUNT; seed++) {
		if (only != NULL)
			seed = strtoull(only, NULL, 0);
		current_seed = seed;
		fine += runs(seed);
		if (only != NULL)
			break;
	}
	is_finished = true;
	if (only != NULL)
		return;
	/* Both ends must be met often, or the test says nothing. */
	assert_in_range(fine, SEED_COUNT / 50, SEED_COUNT - SEED_COUNT / 50);
}

static int tell_seed(void **state)
{
	(void)state;
	if (!is_finished)
		print_error("CHG_SEED=%llu replays it\n", (unsigned long long)current_seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			any_change_ends_in_a_configuration_or_in_complaints, tell_seed),
	};
	return cmocka_run_group_tests_name("mutations of a configuration", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The text of a scenario: its lines, words and memory.  script_word.c knows what they mean.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "chgplay/script.h"
#include "chgplay/script_parse.h"

enum chg_rc chg_parse_fail(struct chg_parse *parse, const char *format, ...)
{
	int head = snprintf(
		parse->why, parse->why_size, "%s:%u: ", parse->script->file, (unsigned)parse->line);
	if (head < 0 || (size_t)head >= parse->why_size)
		return CHG_E_SYNTAX;

	va_list args;
	va_start(args, format);
	vsnprintf(parse->why + head, parse->why_size - (size_t)head, format, args);
	va_end(args);
	return CHG_E_SYNTAX;
}

/* Room for one more element; arrays double, and stop at `max`. */
static enum chg_rc grow(struct chg_parse *parse, void **array, size_t count, size_t size,
	size_t max, const char *what)
{
	if (count >= max)
		return chg_parse_fail(parse, "more than %zu %s; split the scenario", max, what);
	if (count != 0 && (count < 8 || (count & (count - 1)) != 0))
		return CHG_OK;

	size_t wanted = count < 8 ? 8 : count * 2;
	void *grown = realloc(*array, wanted * size);
	if (grown == NULL)
		return CHG_E_NO_MEMORY;
	*array = grown;
	return CHG_OK;
}

enum chg_rc chg_parse_add_step(
	struct chg_parse *parse, enum chg_step_kind kind, struct chg_script_step **ret)
{
	struct chg_script *script = parse->script;
	void *array = script->step;
	enum chg_rc rc = grow(parse, &array, script->step_count, sizeof *script->step,
		CHG_SCRIPT_STEP_MAX, "steps");
	script->step = array;
	if (rc != CHG_OK)
		return rc;

	*ret = &script->step[script->step_count++];
	memset(*ret, 0, sizeof **ret);
	(*ret)->kind = kind;
	(*ret)->line = parse->line;
	(*ret)->edit_first = script->edit_count;
	return CHG_OK;
}

enum chg_rc chg_parse_add_edit(struct chg_parse *parse, enum chg_edit_kind kind,
	struct chg_view path, struct chg_view value)
{
	struct chg_script *script = parse->script;
	void *array = script->edit;
	enum chg_rc rc = grow(parse, &array, script->edit_count, sizeof *script->edit,
		CHG_SCRIPT_EDIT_MAX, "AVPs in all");
	script->edit = array;
	if (rc != CHG_OK)
		return rc;

	script->edit[script->edit_count++] = (struct chg_script_edit){ kind, path, value };
	script->step[script->step_count - 1].edit_count++;
	return CHG_OK;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A '#' before a digit is a record number; every other one that starts a word is a comment. */
static bool is_comment(const char *at, const char *end)
{
	return *at == '#' && (at + 1 == end || at[1] < '0' || at[1] > '9');
}

static char *skip_blanks(char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static char *line_end(char *at, const char *end)
{
	char *found = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	return found == NULL ? at + (end - at) : found;
}

/* Takes one word, in which "..." keeps its blanks; the quotes go, so the word shrinks in place. */
static enum chg_rc take_word(struct chg_parse *parse, char **at, const char *end)
{
	char *from = *at;
	char *to = from;
	char *read = from;
	bool is_quoted = false;

	for (; read < end && (is_quoted || !is_blank(*read)); read++) {
		if (*read == '"')
			is_quoted = !is_quoted;
		else
			*to++ = *read;
	}
	if (is_quoted)
		return chg_parse_fail(parse, "a quotation mark is not closed on its line");
	if (parse->word_count == CHG_PARSE_WORD_MAX)
		return chg_parse_fail(
			parse, "more than %d words in one statement", CHG_PARSE_WORD_MAX);
	parse->word[parse->word_count++] = (struct chg_view){ from, (size_t)(to - from) };
	*at = read;
	return CHG_OK;
}

static enum chg_rc take_words(struct chg_parse *parse, char *at, const char *end)
{
	for (;;) {
		at = skip_blanks(at, end);
		if (at == end || is_comment(at, end))
			return CHG_OK;
		enum chg_rc rc = take_word(parse, &at, end);
		if (rc != CHG_OK)
			return rc;
	}
}

/* The first word of a line as it stands; empty for a blank line or a comment. */
static struct chg_view first_word(char *at, const char *end)
{
	at = skip_blanks(at, end);
	const char *stop = at;
	while (stop < end && !is_blank(*stop))
		stop++;
	if (at == end || is_comment(at, end))
		stop = at;
	return (struct chg_view){ at, (size_t)(stop - at) };
}

/* For title, trigger and the like: what follows the first word, as text. */
static struct chg_view rest_of_line(const char *from, const char *end)
{
	while (from < end && is_blank(*from))
		from++;
	for (const char *at = from; at + 1 < end; at++)
		if (is_blank(at[0]) && is_comment(at + 1, end)) {
			end = at;
			break;
		}
	while (end > from && is_blank(end[-1]))
		end--;
	return (struct chg_view){ from, (size_t)(end - from) };
}

/* An indented line that starts no statement goes on with the one before. */
static enum chg_rc take_continuations(struct chg_parse *parse, uint32_t *lines)
{
	while (parse->at < parse->end && is_blank(*parse->at)) {
		char *end = line_end(parse->at, parse->end);
		struct chg_view first = first_word(parse->at, end);
		if (first.len == 0 || chg_parse_is_statement(first))
			return CHG_OK;
		enum chg_rc rc = take_words(parse, parse->at, end);
		if (rc != CHG_OK)
			return rc;
		parse->at = end < parse->end ? end + 1 : end;
		++*lines;
	}
	return CHG_OK;
}

/* All indented and empty lines up to the next that is neither, as they stand. */
static void take_block(struct chg_parse *parse, uint32_t *lines)
{
	const char *from = parse->at;
	while (parse->at < parse->end) {
		char *end = line_end(parse->at, parse->end);
		if (!is_blank(*parse->at) && skip_blanks(parse->at, end) != end)
			break;
		parse->at = end < parse->end ? end + 1 : end;
		++*lines;
	}
	parse->block = (struct chg_view){ from, (size_t)(parse->at - from) };
}

static enum chg_rc take_rest(struct chg_parse *parse, struct chg_view first, char *from,
	const char *end, uint32_t *lines)
{
	parse->block = (struct chg_view){ 0 };
	if (chg_parse_is_prose(first))
		return CHG_OK;
	enum chg_rc rc = take_words(parse, from, end);
	if (rc != CHG_OK)
		return rc;
	if (parse->word_count != 1 || !chg_parse_is_block(first))
		return take_continuations(parse, lines);
	take_block(parse, lines);
	return CHG_OK;
}

static enum chg_rc parse_all(struct chg_parse *parse)
{
	uint32_t line = 0;
	while (parse->at < parse->end) {
		char *from = parse->at;
		char *end = line_end(from, parse->end);
		struct chg_view first = first_word(from, end);
		parse->at = end < parse->end ? end + 1 : end;
		parse->line = ++line;
		if (first.len == 0)
			continue;

		parse->word_count = 0;
		parse->next = 0;
		parse->rest = rest_of_line(first.ptr + first.len, end);
		enum chg_rc rc = take_rest(parse, first, from, end, &line);
		if (rc == CHG_OK)
			rc = chg_parse_statement(parse, first);
		if (rc != CHG_OK)
			return rc;
	}
	return chg_parse_end(parse);
}

static void set_defaults(struct chg_script *script)
{
	script->stages = CHG_STAGE_MEMORY | CHG_STAGE_SQLITE | CHG_STAGE_WIRE;
	script->peer[0] = (struct chg_script_peer){ .name = CHG_VIEW("im1"),
		.host = CHG_VIEW("im1.example.net"),
		.realm = CHG_VIEW("example.net") };
	script->peer_count = 1;
}

enum chg_rc chg_script_parse(struct chg_view text, const char *file, struct chg_script *ret,
	char *reterr_why, size_t why_size)
{
	memset(ret, 0, sizeof *ret);
	ret->file = file;
	if (text.len > CHG_SCRIPT_BYTES_MAX) {
		snprintf(reterr_why, why_size, "%s: larger than %d octets; split the scenario",
			file, CHG_SCRIPT_BYTES_MAX);
		return CHG_E_RANGE;
	}
	ret->text = malloc(text.len + 1);
	if (ret->text == NULL)
		return CHG_E_NO_MEMORY;
	if (text.len != 0)
		memcpy(ret->text, text.ptr, text.len);
	ret->text[text.len] = '\0';
	set_defaults(ret);

	struct chg_parse *parse = calloc(1, sizeof *parse);
	enum chg_rc rc = CHG_E_NO_MEMORY;
	if (parse != NULL) {
		parse->script = ret;
		parse->at = ret->text;
		parse->end = ret->text + text.len;
		parse->why = reterr_why;
		parse->why_size = why_size;
		rc = parse_all(parse);
	}
	free(parse);
	if (rc != CHG_OK)
		chg_script_release(ret);
	if (rc == CHG_E_NO_MEMORY)
		snprintf(reterr_why, why_size, "%s: %s", file, chg_rc_sentence(rc));
	return rc;
}

static enum chg_rc read_failed(const char *path, char *reterr_why, size_t why_size)
{
	char cause[128];
	const char *text = strerror_r(errno, cause, sizeof cause);
	snprintf(reterr_why, why_size, "%s: cannot be read: %s", path, text);
	return CHG_E_SYSTEM;
}

enum chg_rc chg_script_read(
	const char *path, struct chg_script *ret, char *reterr_why, size_t why_size)
{
	memset(ret, 0, sizeof *ret);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return read_failed(path, reterr_why, why_size);

	/* One octet more than allowed, so that the parser can say that it is too much. */
	char *text = malloc(CHG_SCRIPT_BYTES_MAX + 1);
	if (text == NULL) {
		fclose(file);
		snprintf(reterr_why, why_size, "%s: %s", path, chg_rc_sentence(CHG_E_NO_MEMORY));
		return CHG_E_NO_MEMORY;
	}
	size_t len = fread(text, 1, CHG_SCRIPT_BYTES_MAX + 1, file);
	enum chg_rc rc = ferror(file) ? read_failed(path, reterr_why, why_size) : CHG_OK;
	fclose(file);
	if (rc == CHG_OK)
		rc = chg_script_parse(
			(struct chg_view){ text, len }, path, ret, reterr_why, why_size);
	free(text);
	return rc;
}

void chg_script_release(struct chg_script *script)
{
	for (size_t i = 0; i < script->step_count; i++) {
		if (script->step[i].kind == CHG_PLAY_RECORD)
			free(script->step[i].record);
		if (script->step[i].kind == CHG_PLAY_TIMELINE)
			free(script->step[i].timeline);
		if (script->step[i].kind == CHG_PLAY_EXPECT)
			free(script->step[i].expect.cca);
		if (script->step[i].kind == CHG_PLAY_ACCOUNT)
			free(script->step[i].account);
		if (script->step[i].kind == CHG_PLAY_TARIFF)
			free(script->step[i].tariff);
	}
	free(script->step);
	free(script->edit);
	free(script->text);
	memset(script, 0, sizeof *script);
}

/* Short names get a domain of the run; an identity that is written out may be taken already. */
static bool has_fixed_identity(const struct chg_script_step *step)
{
	return step->kind == CHG_PLAY_ACCOUNT && step->account->identity_count != 0;
}

bool chg_script_wants_own_node(const struct chg_script *script)
{
	for (size_t i = 0; i < script->step_count; i++)
		if (script->step[i].kind == CHG_PLAY_RESTART ||
			has_fixed_identity(&script->step[i]))
			return true;
	return script->config_count != 0;
}

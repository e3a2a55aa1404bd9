/* SPDX-License-Identifier: BSD-3-Clause
 * YAML, event by event: places, complaints, and what a file of ours may not hold.
 */
#include "runtime/yaml_read.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
	NAME_MAX_SHOWN = 160, /* of the file's path in a complaint; its end counts most */
	GUESS_MAX = 32,       /* longest word that is guessed at */
};

static struct chg_yaml_place place_of(yaml_mark_t mark)
{
	size_t line = mark.line + 1;
	size_t column = mark.column + 1;
	return (struct chg_yaml_place){ .line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line,
		.column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column };
}

static const char *name_end(const char *name)
{
	size_t len = strlen(name);
	return len > NAME_MAX_SHOWN ? name + len - NAME_MAX_SHOWN : name;
}

void chg_yaml_complain(struct chg_yaml *yaml, struct chg_yaml_place at, const char *format, ...)
{
	char text[CHG_YAML_TEXT_MAX];
	const char *name = name_end(yaml->name);
	int len = at.line == 0
			  ? snprintf(text, sizeof text, "%s: ", name)
			  : snprintf(text, sizeof text, "%s:%u:%u: ", name, at.line, at.column);
	assert(len > 0 && (size_t)len < sizeof text);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text + len, sizeof text - (size_t)len, format, args);
	va_end(args);
	yaml->take(yaml->whose, at, text);
}

/* libyaml gives no mark for bytes that it cannot read at all, only their offset. */
static struct chg_yaml_place place_of_offset(struct chg_view text, size_t offset)
{
	struct chg_yaml_place at = { 1, 1 };
	for (size_t i = 0; i < offset && i < text.len; i++) {
		at.column++;
		if (text.ptr[i] == '\n')
			at = (struct chg_yaml_place){ at.line + 1, 1 };
	}
	return at;
}

static void complain_syntax(struct chg_yaml *yaml)
{
	const yaml_parser_t *parser = &yaml->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
	const char *context = parser->context != NULL ? parser->context : "";
	struct chg_yaml_place at = parser->error == YAML_READER_ERROR
					   ? place_of_offset(yaml->text, parser->problem_offset)
					   : place_of(parser->problem_mark);
	chg_yaml_complain(yaml, at,
		"this is not YAML: %s%s%s; check indentation, brackets and quotes (a leading * or "
		"& "
		"needs them) here and above (nothing below was read)",
		context, context[0] == '\0' ? "" : " ", problem);
	yaml->is_broken = true;
}

/* Goes to the next event; false when there is none. */
bool chg_yaml_advance(struct chg_yaml *yaml)
{
	yaml_event_delete(&yaml->event);
	if (yaml->is_broken)
		return false;
	if (!yaml_parser_parse(&yaml->parser, &yaml->event)) {
		complain_syntax(yaml);
		return false;
	}
	return true;
}

struct chg_yaml_place chg_yaml_here(const struct chg_yaml *yaml)
{
	return place_of(yaml->event.start_mark);
}

/* From the first event of a node to its last. */
void chg_yaml_skip(struct chg_yaml *yaml)
{
	size_t depth = 0;
	do {
		if (chg_yaml_is_at(yaml, YAML_MAPPING_START_EVENT) ||
			chg_yaml_is_at(yaml, YAML_SEQUENCE_START_EVENT))
			depth++;
		if (chg_yaml_is_at(yaml, YAML_MAPPING_END_EVENT) ||
			chg_yaml_is_at(yaml, YAML_SEQUENCE_END_EVENT))
			depth--;
	} while (depth > 0 && chg_yaml_advance(yaml));
}

struct chg_view chg_yaml_scalar(const struct chg_yaml *yaml)
{
	return (struct chg_view){ .ptr = (const char *)yaml->event.data.scalar.value,
		.len = yaml->event.data.scalar.length };
}

/* Nothing behind the colon, or one of YAML's two ways to write nothing. */
bool chg_yaml_is_null(const struct chg_yaml *yaml)
{
	if (!chg_yaml_is_at(yaml, YAML_SCALAR_EVENT) ||
		yaml->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	struct chg_view text = chg_yaml_scalar(yaml);
	return text.len == 0 || chg_view_equal(text, CHG_VIEW("~")) ||
	       (text.len == 4 && strncasecmp(text.ptr, "null", 4) == 0);
}

static bool has_decoration(const struct chg_yaml *yaml)
{
	const yaml_event_t *event = &yaml->event;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor != NULL ||
		       event->data.sequence_start.tag != NULL;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor != NULL ||
		       event->data.mapping_start.tag != NULL;
	case YAML_ALIAS_EVENT:
		return true;
	default:
		return false;
	}
}

/* Anchors, aliases and tags would let a file say what it does not show. */
bool chg_yaml_refuse_decoration(struct chg_yaml *yaml)
{
	if (!has_decoration(yaml))
		return false;
	chg_yaml_complain(yaml, chg_yaml_here(yaml),
		"anchors (&), aliases (*) and tags (!) are not used here; write the value itself, "
		"in "
		"quotes if it begins with one of these characters");
	chg_yaml_skip(yaml);
	return true;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Insertions, deletions and replacements between two words. */
size_t chg_yaml_distance(struct chg_view a, struct chg_view b)
{
	size_t row[GUESS_MAX + 1];
	if (a.len > GUESS_MAX || b.len > GUESS_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
			diagonal = row[j];
			row[j] = smallest(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[b.len];
}

/* At a key of a mapping; false when it is none and was skipped with its value. */
bool chg_yaml_is_readable_key(struct chg_yaml *yaml)
{
	if (!chg_yaml_refuse_decoration(yaml)) {
		if (chg_yaml_is_at(yaml, YAML_SCALAR_EVENT))
			return true;
		chg_yaml_complain(yaml, chg_yaml_here(yaml),
			"this is no key; write a single word and a colon");
		chg_yaml_skip(yaml);
	}
	if (chg_yaml_advance(yaml))
		chg_yaml_skip(yaml);
	return false;
}

bool chg_yaml_begin(struct chg_yaml *yaml)
{
	yaml->is_broken = false;
	memset(&yaml->event, 0, sizeof yaml->event);
	if (!yaml_parser_initialize(&yaml->parser))
		return false;
	yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&yaml->parser,
		(const unsigned char *)(yaml->text.len == 0 ? "" : yaml->text.ptr), yaml->text.len);
	return true;
}

void chg_yaml_end(struct chg_yaml *yaml)
{
	yaml_event_delete(&yaml->event);
	yaml_parser_delete(&yaml->parser);
}

void chg_yaml_document(struct chg_yaml *yaml, void (*read_root)(void *reader), void *reader)
{
	if (!chg_yaml_advance(yaml)) /* start of the stream */
		return;
	if (!chg_yaml_advance(yaml) || chg_yaml_is_at(yaml, YAML_STREAM_END_EVENT))
		return;
	if (chg_yaml_advance(yaml))
		read_root(reader);
	/* The end of the document, then that of the stream. */
	if (!chg_yaml_advance(yaml) || !chg_yaml_advance(yaml) ||
		chg_yaml_is_at(yaml, YAML_STREAM_END_EVENT))
		return;
	chg_yaml_complain(yaml, chg_yaml_here(yaml),
		"a second document begins here; remove the line \"---\" and all below it");
}

static void close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

enum chg_rc chg_yaml_file(
	struct chg_yaml *yaml, const char *what, size_t most, char **ret_text, size_t *ret_len)
{
	struct chg_yaml_place whole = { 0 };
	char *text = malloc(most + 1);
	if (text == NULL) {
		chg_yaml_complain(yaml, whole, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CHG_E_NO_MEMORY;
	}
	errno = 0;
	__attribute__((cleanup(close_file))) FILE *file = fopen(yaml->name, "re");
	size_t len = file == NULL ? 0 : fread(text, 1, most + 1, file);
	if (file == NULL || ferror(file)) {
		chg_yaml_complain(yaml, whole,
			"the file cannot be read: %s; give the path of a file that the node's user "
			"may read",
			strerrordesc_np(errno));
		free(text);
		return CHG_E_SYSTEM;
	}
	if (len > most) {
		chg_yaml_complain(
			yaml, whole, "the file has more than %zu bytes; is it %s?", most, what);
		free(text);
		return CHG_E_CONFIG;
	}
	*ret_text = text;
	*ret_len = len;
	return CHG_OK;
}

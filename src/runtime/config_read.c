/* SPDX-License-Identifier: BSD-3-Clause
 * charging.yaml, read event by event, so that every complaint has its place in the file.
 *
 * The text is `section:` mappings of `key: value` and nothing deeper.  Whatever else stands there
 * is complained about, skipped as a whole, and the reading goes on behind it.
 */
#include "runtime/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

#include "runtime/config_value.h"
#include "runtime/quote.h"

enum {
	SHOWN_MAX = 80,
	NAME_MAX_SHOWN = 160, /* of the file's path in a complaint; its end counts most */
	GUESS_MAX = 32,       /* longest word that is guessed at */
	GUESS_DISTANCE = 2,
	ROW_MAX = 64,
	FOLDER_MAX = 1024,
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	bool is_broken;     /* what follows is no YAML: there are no more events */
	const char *name;
	struct chg_view text;
	char folder[FOLDER_MAX];
	struct chg_config *config;
	struct chg_config_errors *errors;
	bool was_section_seen[ROW_MAX]; /* by the index of the section's first row */
	bool was_seen[ROW_MAX];         /* by the index of the row */
};

/* A place in the file, from 1; {0, 0} is the file as a whole. */
struct place {
	uint32_t line;
	uint32_t column;
};

static struct place place_of(yaml_mark_t mark)
{
	size_t line = mark.line + 1;
	size_t column = mark.column + 1;
	return (struct place){ .line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line,
		.column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column };
}

static const char *name_end(const char *name)
{
	size_t len = strlen(name);
	return len > NAME_MAX_SHOWN ? name + len - NAME_MAX_SHOWN : name;
}

__attribute__((format(printf, 4, 5))) static void complain(struct chg_config_errors *errors,
	const char *name, struct place at, const char *format, ...)
{
	if (errors->count == CHG_CONFIG_ERROR_MAX) {
		errors->unlisted++;
		return;
	}
	struct chg_config_error *error = &errors->item[errors->count++];
	error->line = at.line;
	error->column = at.column;
	int len = at.line == 0 ? snprintf(error->text, sizeof error->text, "%s: ", name_end(name))
			       : snprintf(error->text, sizeof error->text,
					 "%s:%u:%u: ", name_end(name), at.line, at.column);
	assert(len > 0 && (size_t)len < sizeof error->text);
	va_list args;
	va_start(args, format);
	(void)vsnprintf(error->text + len, sizeof error->text - (size_t)len, format, args);
	va_end(args);
}

#define COMPLAIN(reader, at, ...) complain((reader)->errors, (reader)->name, (at), __VA_ARGS__)

/* libyaml gives no mark for bytes that it cannot read at all, only their offset. */
static struct place place_of_offset(struct chg_view text, size_t offset)
{
	struct place at = { 1, 1 };
	for (size_t i = 0; i < offset && i < text.len; i++) {
		at.column++;
		if (text.ptr[i] == '\n')
			at = (struct place){ at.line + 1, 1 };
	}
	return at;
}

static void complain_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
	const char *context = parser->context != NULL ? parser->context : "";
	struct place at = parser->error == YAML_READER_ERROR
				  ? place_of_offset(reader->text, parser->problem_offset)
				  : place_of(parser->problem_mark);
	COMPLAIN(reader, at,
		"this is not YAML: %s%s%s; check indentation, brackets and quotes (a leading * or "
		"& "
		"needs them) here and above (nothing below was read)",
		context, context[0] == '\0' ? "" : " ", problem);
	reader->is_broken = true;
}

/* Goes to the next event; false when there is none. */
static bool advance(struct reader *reader)
{
	yaml_event_delete(&reader->event);
	if (reader->is_broken)
		return false;
	if (!yaml_parser_parse(&reader->parser, &reader->event)) {
		complain_syntax(reader);
		return false;
	}
	return true;
}

static bool is_at(const struct reader *reader, yaml_event_type_t type)
{
	return reader->event.type == type;
}

static struct place here(const struct reader *reader)
{
	return place_of(reader->event.start_mark);
}

/* From the first event of a node to its last. */
static void skip_node(struct reader *reader)
{
	size_t depth = 0;
	do {
		if (is_at(reader, YAML_MAPPING_START_EVENT) ||
			is_at(reader, YAML_SEQUENCE_START_EVENT))
			depth++;
		if (is_at(reader, YAML_MAPPING_END_EVENT) || is_at(reader, YAML_SEQUENCE_END_EVENT))
			depth--;
	} while (depth > 0 && advance(reader));
}

static struct chg_view scalar(const struct reader *reader)
{
	return (struct chg_view){ .ptr = (const char *)reader->event.data.scalar.value,
		.len = reader->event.data.scalar.length };
}

/* Nothing behind the colon, or one of YAML's two ways to write nothing. */
static bool is_null(const struct reader *reader)
{
	if (!is_at(reader, YAML_SCALAR_EVENT) ||
		reader->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	struct chg_view text = scalar(reader);
	return text.len == 0 || chg_view_equal(text, CHG_VIEW("~")) ||
	       (text.len == 4 && strncasecmp(text.ptr, "null", 4) == 0);
}

static bool has_decoration(const struct reader *reader)
{
	const yaml_event_t *event = &reader->event;
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
static bool refuse_decoration(struct reader *reader)
{
	if (!has_decoration(reader))
		return false;
	COMPLAIN(reader, here(reader),
		"anchors (&), aliases (*) and tags (!) are not used here; write the value itself, "
		"in "
		"quotes if it begins with one of these characters");
	skip_node(reader);
	return true;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Insertions, deletions and replacements between two words. */
static size_t distance(struct chg_view a, struct chg_view b)
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

static bool is_in_section(size_t row, size_t first)
{
	return strcmp(chg_config_row(row)->section, chg_config_row(first)->section) == 0;
}

/* The index of the first row of a section; ROW_MAX when there is none of that name. */
static size_t find_section(struct chg_view name)
{
	for (size_t i = 0; chg_config_row(i) != NULL; i++) {
		if (chg_view_equal(chg_view_of(chg_config_row(i)->section), name))
			return i;
	}
	return ROW_MAX;
}

static size_t find_key(size_t first, struct chg_view name)
{
	for (size_t i = first; chg_config_row(i) != NULL && is_in_section(i, first); i++) {
		if (chg_view_equal(chg_view_of(chg_config_row(i)->key), name))
			return i;
	}
	return ROW_MAX;
}

static const char *nearest_section(struct chg_view name)
{
	const char *nearest = NULL;
	size_t least = GUESS_DISTANCE + 1;
	for (size_t i = 0; chg_config_row(i) != NULL; i++) {
		size_t d = distance(name, chg_view_of(chg_config_row(i)->section));
		if (d < least) {
			least = d;
			nearest = chg_config_row(i)->section;
		}
	}
	return nearest;
}

/* Keys of the section first, then the same word in another section. */
static const struct chg_config_row *nearest_key(size_t first, struct chg_view name)
{
	const struct chg_config_row *nearest = NULL;
	size_t least = GUESS_DISTANCE + 1;
	for (size_t i = first; chg_config_row(i) != NULL && is_in_section(i, first); i++) {
		size_t d = distance(name, chg_view_of(chg_config_row(i)->key));
		if (d < least) {
			least = d;
			nearest = chg_config_row(i);
		}
	}
	for (size_t i = 0; nearest == NULL && chg_config_row(i) != NULL; i++) {
		if (chg_view_equal(name, chg_view_of(chg_config_row(i)->key)))
			nearest = chg_config_row(i);
	}
	return nearest;
}

static void write_sections(char *ret, size_t room)
{
	size_t used = 0;
	for (size_t i = 0; chg_config_row(i) != NULL; i++) {
		if (i > 0 && is_in_section(i, i - 1))
			continue;
		int len = snprintf(ret + used, room - used, "%s%s", i == 0 ? "" : ", ",
			chg_config_row(i)->section);
		assert(len > 0 && (size_t)len < room - used);
		used += (size_t)len;
	}
}

static void write_keys(size_t first, char *ret, size_t room)
{
	size_t used = 0;
	for (size_t i = first; chg_config_row(i) != NULL && is_in_section(i, first); i++) {
		int len = snprintf(ret + used, room - used, "%s%s", i == first ? "" : ", ",
			chg_config_row(i)->key);
		assert(len > 0 && (size_t)len < room - used);
		used += (size_t)len;
	}
}

/* "peer.allow" at the top: the right words in the wrong shape. */
static const struct chg_config_row *find_dotted(struct chg_view name)
{
	const char *dot = name.len == 0 ? NULL : memchr(name.ptr, '.', name.len);
	if (dot == NULL)
		return NULL;
	struct chg_view section = { .ptr = name.ptr, .len = (size_t)(dot - name.ptr) };
	struct chg_view key = { .ptr = dot + 1, .len = name.len - section.len - 1 };
	size_t first = find_section(section);
	size_t row = first == ROW_MAX ? ROW_MAX : find_key(first, key);
	return row == ROW_MAX ? NULL : chg_config_row(row);
}

static void complain_section(struct reader *reader, struct chg_view name)
{
	char shown[SHOWN_MAX];
	char known[CHG_CONFIG_WHY_MAX];
	(void)chg_quote_write(name, CHG_QUOTE_ALWAYS, shown, sizeof shown);
	const struct chg_config_row *dotted = find_dotted(name);
	const char *nearest = nearest_section(name);
	if (dotted != NULL) {
		COMPLAIN(reader, here(reader),
			"%s is written in two levels; write \"%s:\" and below it, indented, "
			"\"%s:\"",
			shown, dotted->section, dotted->key);
	} else if (nearest != NULL) {
		COMPLAIN(reader, here(reader), "there is no section %s; did you mean \"%s\"?",
			shown, nearest);
	} else {
		write_sections(known, sizeof known);
		COMPLAIN(reader, here(reader), "there is no section %s; the sections are %s", shown,
			known);
	}
}

static void complain_key(struct reader *reader, size_t first, struct chg_view name)
{
	char shown[SHOWN_MAX];
	char known[CHG_CONFIG_WHY_MAX];
	const char *section = chg_config_row(first)->section;
	(void)chg_quote_write(name, CHG_QUOTE_ALWAYS, shown, sizeof shown);
	const struct chg_config_row *nearest = nearest_key(first, name);
	if (nearest != NULL) {
		COMPLAIN(reader, here(reader),
			"there is no %s in section %s; did you mean \"%s.%s\"?", shown, section,
			nearest->section, nearest->key);
	} else {
		write_keys(first, known, sizeof known);
		COMPLAIN(reader, here(reader), "there is no %s in section %s; its keys are %s",
			shown, section, known);
	}
}

static void take(struct reader *reader, const struct chg_config_row *row)
{
	char why[CHG_CONFIG_WHY_MAX];
	if (!chg_config_value_take(row, scalar(reader), reader->folder, reader->config, why))
		COMPLAIN(reader, here(reader), "%s.%s: %s", row->section, row->key, why);
}

static void read_item(struct reader *reader, const struct chg_config_row *row)
{
	if (refuse_decoration(reader))
		return;
	if (!is_at(reader, YAML_SCALAR_EVENT) || is_null(reader)) {
		COMPLAIN(reader, here(reader),
			"%s.%s: an item is missing or is more than one word; "
			"write each as \"- item\"",
			row->section, row->key);
		skip_node(reader);
		return;
	}
	take(reader, row);
}

/* At the start of a sequence: the list replaces the default as a whole. */
static void read_list(struct reader *reader, const struct chg_config_row *row)
{
	struct chg_config_list *list = chg_config_value_list(row, reader->config);
	struct place start = here(reader);
	size_t errors = reader->errors->count + reader->errors->unlisted;
	memset(list, 0, sizeof *list);
	while (advance(reader) && !is_at(reader, YAML_SEQUENCE_END_EVENT))
		read_item(reader, row);
	bool is_fine = reader->errors->count + reader->errors->unlisted == errors;
	if (is_fine && list->count < row->low)
		COMPLAIN(reader, start,
			"%s.%s: the list is empty; give at least %u, or leave the key "
			"out",
			row->section, row->key, row->low);
}

static void read_value(struct reader *reader, const struct chg_config_row *row)
{
	bool wants_list = row->type == CHG_CONFIG_ADDRESSES || row->type == CHG_CONFIG_HOSTS;
	if (refuse_decoration(reader))
		return;
	if (is_null(reader)) {
		COMPLAIN(reader, here(reader),
			"%s.%s: there is no value; write one%s, or leave the "
			"key out for its default",
			row->section, row->key, wants_list ? " (an empty list is [])" : "");
		return;
	}
	if (wants_list && is_at(reader, YAML_SEQUENCE_START_EVENT)) {
		read_list(reader, row);
	} else if (!wants_list && is_at(reader, YAML_SCALAR_EVENT)) {
		take(reader, row);
	} else {
		COMPLAIN(reader, here(reader),
			wants_list ? "%s.%s: this is no list; write it in brackets, as [one, two]"
				   : "%s.%s: this is more than one value; write a single one",
			row->section, row->key);
		skip_node(reader);
	}
}

/* At a key of a mapping; false when it is none and was skipped with its value. */
static bool is_readable_key(struct reader *reader)
{
	if (!refuse_decoration(reader)) {
		if (is_at(reader, YAML_SCALAR_EVENT))
			return true;
		COMPLAIN(reader, here(reader), "this is no key; write a single word and a colon");
		skip_node(reader);
	}
	if (advance(reader))
		skip_node(reader);
	return false;
}

static void read_key(struct reader *reader, size_t first)
{
	if (!is_readable_key(reader))
		return;
	size_t index = find_key(first, scalar(reader));
	bool is_wanted = index < ROW_MAX && !reader->was_seen[index];
	if (index == ROW_MAX)
		complain_key(reader, first, scalar(reader));
	else if (reader->was_seen[index])
		COMPLAIN(reader, here(reader),
			"%s.%s stands here a second time; remove one of the two",
			chg_config_row(index)->section, chg_config_row(index)->key);
	else
		reader->was_seen[index] = true;
	if (!advance(reader))
		return;
	if (is_wanted)
		read_value(reader, chg_config_row(index));
	else
		skip_node(reader);
}

/* At the value of a section. */
static void read_keys(struct reader *reader, size_t first)
{
	if (refuse_decoration(reader) || is_null(reader))
		return;
	if (!is_at(reader, YAML_MAPPING_START_EVENT)) {
		COMPLAIN(reader, here(reader),
			"section %s has to hold keys; write each on a line of its own below it, "
			"indented, as \"%s: ...\"",
			chg_config_row(first)->section, chg_config_row(first)->key);
		skip_node(reader);
		return;
	}
	while (advance(reader) && !is_at(reader, YAML_MAPPING_END_EVENT))
		read_key(reader, first);
}

static void read_section(struct reader *reader)
{
	if (!is_readable_key(reader))
		return;
	size_t first = find_section(scalar(reader));
	bool is_again = first < ROW_MAX && reader->was_section_seen[first];
	if (first == ROW_MAX)
		complain_section(reader, scalar(reader));
	else if (is_again)
		COMPLAIN(reader, here(reader),
			"section %s stands here a second time; put its keys below the first one",
			chg_config_row(first)->section);
	else
		reader->was_section_seen[first] = true;
	if (!advance(reader))
		return;
	/* Keys of a repeated section are still checked: their faults are worth telling as well. */
	if (first < ROW_MAX)
		read_keys(reader, first);
	else
		skip_node(reader);
}

static void read_root(struct reader *reader)
{
	if (refuse_decoration(reader) || is_null(reader))
		return;
	if (!is_at(reader, YAML_MAPPING_START_EVENT)) {
		COMPLAIN(reader, here(reader),
			"the file has to hold sections; write \"store:\" and below it, indented, "
			"\"kind: sqlite\"");
		skip_node(reader);
		return;
	}
	while (advance(reader) && !is_at(reader, YAML_MAPPING_END_EVENT))
		read_section(reader);
}

static void read_stream(struct reader *reader)
{
	if (!advance(reader)) /* start of the stream */
		return;
	if (!advance(reader) || is_at(reader, YAML_STREAM_END_EVENT))
		return;
	if (advance(reader))
		read_root(reader);
	/* The end of the document, then that of the stream. */
	if (!advance(reader) || !advance(reader) || is_at(reader, YAML_STREAM_END_EVENT))
		return;
	COMPLAIN(reader, here(reader),
		"a second document begins here; remove the line \"---\" and all below it");
}

static void set_folder(struct reader *reader)
{
	const char *slash = strrchr(reader->name, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - reader->name) + 1;
	/* A folder that finds no room would be too long for every path as well. */
	if (len >= sizeof reader->folder)
		len = sizeof reader->folder - 1;
	memcpy(reader->folder, reader->name, len);
	reader->folder[len] = '\0';
}

static void free_config(struct chg_config **config)
{
	free(*config);
}

enum chg_rc chg_config_read_text(const char *name, struct chg_view text, struct chg_config *ret,
	struct chg_config_errors *reterr_errors)
{
	assert(chg_config_row(ROW_MAX) == NULL);
	struct reader reader = { .name = name, .text = text };
	__attribute__((cleanup(free_config))) struct chg_config *config = malloc(sizeof *config);
	struct chg_config_errors *errors = calloc(1, sizeof *errors);
	if (config == NULL || errors == NULL || !yaml_parser_initialize(&reader.parser)) {
		free(errors);
		reterr_errors->count = reterr_errors->unlisted = 0;
		complain(reterr_errors, name, (struct place){ 0 }, "%s",
			chg_rc_sentence(CHG_E_NO_MEMORY));
		return CHG_E_NO_MEMORY;
	}
	chg_config_defaults(config);
	set_folder(&reader);
	reader.config = config;
	reader.errors = errors;
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&reader.parser, (const unsigned char *)(text.len == 0 ? "" : text.ptr), text.len);
	read_stream(&reader);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);

	bool is_fine = errors->count == 0;
	if (is_fine)
		*ret = *config;
	else
		*reterr_errors = *errors;
	free(errors);
	return is_fine ? CHG_OK : CHG_E_CONFIG;
}

static void close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static void free_text(char **text)
{
	free(*text);
}

enum chg_rc chg_config_read_file(
	const char *path, struct chg_config *ret, struct chg_config_errors *reterr_errors)
{
	__attribute__((cleanup(free_text))) char *text = malloc(CHG_CONFIG_FILE_MAX + 1);
	if (text == NULL) {
		reterr_errors->count = reterr_errors->unlisted = 0;
		complain(reterr_errors, path, (struct place){ 0 }, "%s",
			chg_rc_sentence(CHG_E_NO_MEMORY));
		return CHG_E_NO_MEMORY;
	}
	errno = 0;
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	size_t len = file == NULL ? 0 : fread(text, 1, CHG_CONFIG_FILE_MAX + 1, file);
	if (file == NULL || ferror(file)) {
		int error = errno;
		reterr_errors->count = reterr_errors->unlisted = 0;
		complain(reterr_errors, path, (struct place){ 0 },
			"the file cannot be read: %s; give the path of a file that the node's user "
			"may read",
			strerrordesc_np(error));
		return CHG_E_SYSTEM;
	}
	if (len > CHG_CONFIG_FILE_MAX) {
		reterr_errors->count = reterr_errors->unlisted = 0;
		complain(reterr_errors, path, (struct place){ 0 },
			"the file has more than %d bytes; is it a configuration?",
			CHG_CONFIG_FILE_MAX);
		return CHG_E_CONFIG;
	}
	return chg_config_read_text(
		path, (struct chg_view){ .ptr = text, .len = len }, ret, reterr_errors);
}

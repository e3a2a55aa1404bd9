/* SPDX-License-Identifier: BSD-3-Clause
 * charging.yaml, read event by event, so that every complaint has its place in the file.
 *
 * The text is `section:` mappings of `key: value` and nothing deeper.  Whatever else stands there
 * is complained about, skipped as a whole, and the reading goes on behind it.
 */
#include "runtime/config.h"

#include <assert.h>
#include <stdlib.h>

#include "runtime/config_value.h"
#include "runtime/quote.h"
#include "runtime/yaml_read.h"

enum {
	SHOWN_MAX = 80,
	ROW_MAX = 64,
	FOLDER_MAX = 1024,
};

struct reader {
	struct chg_yaml yaml;
	char folder[FOLDER_MAX];
	struct chg_config *config;
	struct chg_config_errors *errors;
	bool was_section_seen[ROW_MAX]; /* by the index of the section's first row */
	bool was_seen[ROW_MAX];         /* by the index of the row */
};

static void take_complaint(void *whose, struct chg_yaml_place at, const char *text)
{
	struct chg_config_errors *errors = whose;
	if (errors->count == CHG_CONFIG_ERROR_MAX) {
		errors->unlisted++;
		return;
	}
	struct chg_config_error *error = &errors->item[errors->count++];
	error->line = at.line;
	error->column = at.column;
	(void)snprintf(error->text, sizeof error->text, "%s", text);
}

#define COMPLAIN(reader, at, ...) chg_yaml_complain(&(reader)->yaml, (at), __VA_ARGS__)

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
	size_t least = CHG_YAML_GUESS_DISTANCE + 1;
	for (size_t i = 0; chg_config_row(i) != NULL; i++) {
		size_t d = chg_yaml_distance(name, chg_view_of(chg_config_row(i)->section));
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
	size_t least = CHG_YAML_GUESS_DISTANCE + 1;
	for (size_t i = first; chg_config_row(i) != NULL && is_in_section(i, first); i++) {
		size_t d = chg_yaml_distance(name, chg_view_of(chg_config_row(i)->key));
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
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"%s is written in two levels; write \"%s:\" and below it, indented, "
			"\"%s:\"",
			shown, dotted->section, dotted->key);
	} else if (nearest != NULL) {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"there is no section %s; did you mean \"%s\"?", shown, nearest);
	} else {
		write_sections(known, sizeof known);
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"there is no section %s; the sections are %s", shown, known);
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
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"there is no %s in section %s; did you mean \"%s.%s\"?", shown, section,
			nearest->section, nearest->key);
	} else {
		write_keys(first, known, sizeof known);
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"there is no %s in section %s; its keys are %s", shown, section, known);
	}
}

static void take(struct reader *reader, const struct chg_config_row *row)
{
	char why[CHG_CONFIG_WHY_MAX];
	if (!chg_config_value_take(
		    row, chg_yaml_scalar(&reader->yaml), reader->folder, reader->config, why))
		COMPLAIN(reader, chg_yaml_here(&reader->yaml), "%s.%s: %s", row->section, row->key,
			why);
}

static void read_item(struct reader *reader, const struct chg_config_row *row)
{
	if (chg_yaml_refuse_decoration(&reader->yaml))
		return;
	if (!chg_yaml_is_at(&reader->yaml, YAML_SCALAR_EVENT) || chg_yaml_is_null(&reader->yaml)) {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"%s.%s: an item is missing or is more than one word; "
			"write each as \"- item\"",
			row->section, row->key);
		chg_yaml_skip(&reader->yaml);
		return;
	}
	take(reader, row);
}

/* At the start of a sequence: the list replaces the default as a whole. */
static void read_list(struct reader *reader, const struct chg_config_row *row)
{
	struct chg_config_list *list = chg_config_value_list(row, reader->config);
	struct chg_yaml_place start = chg_yaml_here(&reader->yaml);
	size_t errors = reader->errors->count + reader->errors->unlisted;
	memset(list, 0, sizeof *list);
	while (chg_yaml_advance(&reader->yaml) &&
		!chg_yaml_is_at(&reader->yaml, YAML_SEQUENCE_END_EVENT))
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
	if (chg_yaml_refuse_decoration(&reader->yaml))
		return;
	if (chg_yaml_is_null(&reader->yaml)) {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"%s.%s: there is no value; write one%s, or leave the "
			"key out for its default",
			row->section, row->key, wants_list ? " (an empty list is [])" : "");
		return;
	}
	if (wants_list && chg_yaml_is_at(&reader->yaml, YAML_SEQUENCE_START_EVENT)) {
		read_list(reader, row);
	} else if (!wants_list && chg_yaml_is_at(&reader->yaml, YAML_SCALAR_EVENT)) {
		take(reader, row);
	} else {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			wants_list ? "%s.%s: this is no list; write it in brackets, as [one, two]"
				   : "%s.%s: this is more than one value; write a single one",
			row->section, row->key);
		chg_yaml_skip(&reader->yaml);
	}
}

static void read_key(struct reader *reader, size_t first)
{
	if (!chg_yaml_is_readable_key(&reader->yaml))
		return;
	size_t index = find_key(first, chg_yaml_scalar(&reader->yaml));
	bool is_wanted = index < ROW_MAX && !reader->was_seen[index];
	if (index == ROW_MAX)
		complain_key(reader, first, chg_yaml_scalar(&reader->yaml));
	else if (reader->was_seen[index])
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"%s.%s stands here a second time; remove one of the two",
			chg_config_row(index)->section, chg_config_row(index)->key);
	else
		reader->was_seen[index] = true;
	if (!chg_yaml_advance(&reader->yaml))
		return;
	if (is_wanted)
		read_value(reader, chg_config_row(index));
	else
		chg_yaml_skip(&reader->yaml);
}

/* At the value of a section. */
static void read_keys(struct reader *reader, size_t first)
{
	if (chg_yaml_refuse_decoration(&reader->yaml) || chg_yaml_is_null(&reader->yaml))
		return;
	if (!chg_yaml_is_at(&reader->yaml, YAML_MAPPING_START_EVENT)) {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"section %s has to hold keys; write each on a line of its own below it, "
			"indented, as \"%s: ...\"",
			chg_config_row(first)->section, chg_config_row(first)->key);
		chg_yaml_skip(&reader->yaml);
		return;
	}
	while (chg_yaml_advance(&reader->yaml) &&
		!chg_yaml_is_at(&reader->yaml, YAML_MAPPING_END_EVENT))
		read_key(reader, first);
}

static void read_section(struct reader *reader)
{
	if (!chg_yaml_is_readable_key(&reader->yaml))
		return;
	size_t first = find_section(chg_yaml_scalar(&reader->yaml));
	bool is_again = first < ROW_MAX && reader->was_section_seen[first];
	if (first == ROW_MAX)
		complain_section(reader, chg_yaml_scalar(&reader->yaml));
	else if (is_again)
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"section %s stands here a second time; put its keys below the first one",
			chg_config_row(first)->section);
	else
		reader->was_section_seen[first] = true;
	if (!chg_yaml_advance(&reader->yaml))
		return;
	/* Keys of a repeated section are still checked: their faults are worth telling as well. */
	if (first < ROW_MAX)
		read_keys(reader, first);
	else
		chg_yaml_skip(&reader->yaml);
}

static void read_root(void *whose)
{
	struct reader *reader = whose;
	if (chg_yaml_refuse_decoration(&reader->yaml) || chg_yaml_is_null(&reader->yaml))
		return;
	if (!chg_yaml_is_at(&reader->yaml, YAML_MAPPING_START_EVENT)) {
		COMPLAIN(reader, chg_yaml_here(&reader->yaml),
			"the file has to hold sections; write \"store:\" and below it, indented, "
			"\"kind: sqlite\"");
		chg_yaml_skip(&reader->yaml);
		return;
	}
	while (chg_yaml_advance(&reader->yaml) &&
		!chg_yaml_is_at(&reader->yaml, YAML_MAPPING_END_EVENT))
		read_section(reader);
}

static void set_folder(struct reader *reader)
{
	const char *slash = strrchr(reader->yaml.name, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - reader->yaml.name) + 1;
	/* A folder that finds no room would be too long for every path as well. */
	if (len >= sizeof reader->folder)
		len = sizeof reader->folder - 1;
	memcpy(reader->folder, reader->yaml.name, len);
	reader->folder[len] = '\0';
}

static void free_config(struct chg_config **config)
{
	free(*config);
}

static void free_errors(struct chg_config_errors **errors)
{
	free(*errors);
}

static enum chg_rc refuse_memory(const char *name, struct chg_config_errors *reterr_errors)
{
	struct chg_yaml yaml = { .name = name, .take = take_complaint, .whose = reterr_errors };
	reterr_errors->count = reterr_errors->unlisted = 0;
	chg_yaml_complain(
		&yaml, (struct chg_yaml_place){ 0 }, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
	return CHG_E_NO_MEMORY;
}

enum chg_rc chg_config_read_text(const char *name, struct chg_view text, struct chg_config *ret,
	struct chg_config_errors *reterr_errors)
{
	assert(chg_config_row(ROW_MAX) == NULL);
	__attribute__((cleanup(free_config))) struct chg_config *config = malloc(sizeof *config);
	__attribute__((cleanup(free_errors))) struct chg_config_errors *errors =
		calloc(1, sizeof *errors);
	struct reader reader = {
		.yaml = { .name = name, .text = text, .take = take_complaint, .whose = errors },
		.config = config,
		.errors = errors,
	};
	if (config == NULL || errors == NULL || !chg_yaml_begin(&reader.yaml))
		return refuse_memory(name, reterr_errors);
	chg_config_defaults(config);
	set_folder(&reader);
	chg_yaml_document(&reader.yaml, read_root, &reader);
	chg_yaml_end(&reader.yaml);
	if (errors->count > 0) {
		*reterr_errors = *errors;
		return CHG_E_CONFIG;
	}
	*ret = *config;
	return CHG_OK;
}

static void free_text(char **text)
{
	free(*text);
}

enum chg_rc chg_config_read_file(
	const char *path, struct chg_config *ret, struct chg_config_errors *reterr_errors)
{
	__attribute__((cleanup(free_text))) char *text = NULL;
	__attribute__((cleanup(free_errors))) struct chg_config_errors *errors =
		calloc(1, sizeof *errors);
	if (errors == NULL)
		return refuse_memory(path, reterr_errors);
	struct chg_yaml yaml = { .name = path, .take = take_complaint, .whose = errors };
	size_t len = 0;
	enum chg_rc rc = chg_yaml_file(&yaml, "a configuration", CHG_CONFIG_FILE_MAX, &text, &len);
	if (rc != CHG_OK) {
		*reterr_errors = *errors;
		return rc;
	}
	return chg_config_read_text(
		path, (struct chg_view){ .ptr = text, .len = len }, ret, reterr_errors);
}

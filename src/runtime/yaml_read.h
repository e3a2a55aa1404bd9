/* SPDX-License-Identifier: BSD-3-Clause
 * YAML, event by event, so that every complaint has its place in the file.
 *
 * Users are the readers of charging.yaml and of tariffs.  Whatever they do not want is complained
 * about, skipped as a whole, and the reading goes on behind it.
 */
#ifndef CHG_RUNTIME_YAML_READ_H
#define CHG_RUNTIME_YAML_READ_H

#include <yaml.h>

#include "core/rc.h"
#include "core/view.h"

enum {
	CHG_YAML_TEXT_MAX = 512, /* of a complaint */
	CHG_YAML_GUESS_DISTANCE = 2,
};

/* A place in the file, from 1; {0, 0} is the file as a whole. */
struct chg_yaml_place {
	uint32_t line;
	uint32_t column;
};

/* Takes a complaint, "file:line:column: what; cure". */
typedef void chg_yaml_take(void *whose, struct chg_yaml_place at, const char *text);

struct chg_yaml {
	const char *name; /* of the file, for complaints */
	struct chg_view text;
	chg_yaml_take *take;
	void *whose; /* of take */

	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	bool is_broken;     /* what follows is no YAML: there are no more events */
};

/* Begins with name, text, take and whose as they are set; false: no memory. */
bool chg_yaml_begin(struct chg_yaml *yaml);
void chg_yaml_end(struct chg_yaml *yaml);

void chg_yaml_complain(struct chg_yaml *yaml, struct chg_yaml_place at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Reads the only document: calls `read_root` at its first event.  Complains about a second one; an
 * empty text has none and read_root is not called.
 */
void chg_yaml_document(struct chg_yaml *yaml, void (*read_root)(void *reader), void *reader);

/* Goes to the next event; false, and no event, when there is none. */
bool chg_yaml_advance(struct chg_yaml *yaml);

static inline bool chg_yaml_is_at(const struct chg_yaml *yaml, yaml_event_type_t type)
{
	return yaml->event.type == type;
}

/* The place of the current event. */
struct chg_yaml_place chg_yaml_here(const struct chg_yaml *yaml);

/* From the first event of a node to its last. */
void chg_yaml_skip(struct chg_yaml *yaml);

/* The current event's text, until the next one. */
struct chg_view chg_yaml_scalar(const struct chg_yaml *yaml);

/* Nothing behind the colon, or one of YAML's two ways to write nothing. */
bool chg_yaml_is_null(const struct chg_yaml *yaml);

/* Complains about an anchor, alias or tag and skips its node; false when there is none. */
bool chg_yaml_refuse_decoration(struct chg_yaml *yaml);

/* At a key of a mapping; false when it is none and was skipped with its value. */
bool chg_yaml_is_readable_key(struct chg_yaml *yaml);

/* Insertions, deletions and replacements between two words; SIZE_MAX for very long ones. */
size_t chg_yaml_distance(struct chg_view a, struct chg_view b);

/*
 * Reads a whole file of at most `most` bytes; free ret_text.
 *
 *   what  the file should be, for a complaint ("a configuration")
 *
 *   CHG_E_NO_MEMORY, CHG_E_SYSTEM  it cannot be read
 *   CHG_E_CONFIG                   it is too large
 * All are complained about to yaml->take; of yaml, name, take and whose are set.
 */
enum chg_rc chg_yaml_file(
	struct chg_yaml *yaml, const char *what, size_t most, char **ret_text, size_t *ret_len);

#endif

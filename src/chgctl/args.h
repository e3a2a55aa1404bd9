/* SPDX-License-Identifier: BSD-3-Clause
 * The words and options of a command line, by the rows of option.def.
 */
#ifndef CHG_CHGCTL_ARGS_H
#define CHG_CHGCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chgctl/text.h"

enum ctl_option {
#define OPTION(id, name, argument, help) CTL_OPT_##id,
#include "chgctl/option.def"
#undef OPTION
	CTL_OPT_COUNT
};

_Static_assert(CTL_OPT_COUNT <= 64, "a set of options is one uint64_t");

/* The bit of an option in a set of options. */
#define CTL_BIT(id) (UINT64_C(1) << CTL_OPT_##id)

struct ctl_option_row {
	const char *name;
	const char *argument; /* NULL for a switch */
	const char *help;
};

extern const struct ctl_option_row ctl_option_rows[CTL_OPT_COUNT];

enum {
	CTL_WORD_MAX = 8,
	CTL_REPEAT_MAX = 16, /* times that one option may stand there, where all of them count */
};

/* What stood on the command line; the texts are those of argv. */
struct ctl_args {
	int argc;
	char **argv;
	const char *value[CTL_OPT_COUNT]; /* NULL: not given; of a switch "" */
	const char *word[CTL_WORD_MAX];   /* what is no option */
	size_t word_count;
	const char *identity[CTL_REPEAT_MAX]; /* every --identity, in their order */
	size_t identity_count;
};

/*
 * Reads a command line.  Options may stand anywhere, as --name VALUE or --name=VALUE; the last one
 * of a name counts, but every --identity does; behind "--" everything is a word, and so is "-5";
 * -h is --help.  False, with a message that
 * says what to do, when something is no option or lacks its value.
 */
bool ctl_args_read(
	int argc, char **argv, struct ctl_args *ret, char reterr_message[CTL_MESSAGE_MAX]);

static inline bool ctl_args_has(const struct ctl_args *args, enum ctl_option option)
{
	return args->value[option] != NULL;
}

#endif

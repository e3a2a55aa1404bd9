/* SPDX-License-Identifier: BSD-3-Clause
 * Options first, commands later: an option's row alone says whether it takes a value.
 */
#include "chgctl/args.h"

#include <stdio.h>
#include <string.h>

const struct ctl_option_row ctl_option_rows[CTL_OPT_COUNT] = {
#define OPTION(id, name, argument, help) [CTL_OPT_##id] = { name, argument, help },
#include "chgctl/option.def"
#undef OPTION
};

static bool find_option(const char *name, size_t len, enum ctl_option *ret)
{
	for (unsigned i = 0; i < CTL_OPT_COUNT; i++) {
		const char *known = ctl_option_rows[i].name;
		if (strlen(known) == len && memcmp(known, name, len) == 0) {
			*ret = (enum ctl_option)i;
			return true;
		}
	}
	return false;
}

static void unknown_option(const char *text, size_t len, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *names[CTL_OPT_COUNT];
	char name[64];

	for (size_t i = 0; i < CTL_OPT_COUNT; i++)
		names[i] = ctl_option_rows[i].name;
	snprintf(name, sizeof name, "%.*s", (int)(len < 60 ? len : 60), text);
	const char *near = ctl_text_nearest(name, names, CTL_OPT_COUNT);
	if (near != NULL)
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"there is no option --%s; did you mean --%s?", name, near);
	else
		snprintf(reterr_message, CTL_MESSAGE_MAX, "there is no option --%s", name);
}

static bool add_identity(
	struct ctl_args *args, const char *value, char reterr_message[CTL_MESSAGE_MAX])
{
	if (args->identity_count == CTL_REPEAT_MAX) {
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"--identity stands there more than %d times", CTL_REPEAT_MAX);
		return false;
	}
	args->identity[args->identity_count++] = value;
	return true;
}

/* Reads the option at argv[*at]; a value of its own moves *at on. */
static bool read_option(struct ctl_args *args, int *at, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *text = args->argv[*at] + 2;
	const char *equals = strchr(text, '=');
	size_t len = equals == NULL ? strlen(text) : (size_t)(equals - text);
	enum ctl_option option;

	if (!find_option(text, len, &option)) {
		unknown_option(text, len, reterr_message);
		return false;
	}
	const struct ctl_option_row *row = &ctl_option_rows[option];
	if (row->argument == NULL) {
		if (equals != NULL) {
			snprintf(reterr_message, CTL_MESSAGE_MAX, "--%s takes no value", row->name);
			return false;
		}
		args->value[option] = "";
		return true;
	}
	const char *value = equals == NULL ? args->argv[*at + 1] : equals + 1;
	/* "-2h" is a value; "--" can only be the next option, so the value was forgotten. */
	if (value == NULL || (equals == NULL && strncmp(value, "--", 2) == 0)) {
		snprintf(reterr_message, CTL_MESSAGE_MAX, "--%s needs its value: --%s %s",
			row->name, row->name, row->argument);
		return false;
	}
	if (equals == NULL)
		(*at)++;
	args->value[option] = value;
	return option != CTL_OPT_IDENTITY || add_identity(args, value, reterr_message);
}

static bool add_word(struct ctl_args *args, const char *word, char reterr_message[CTL_MESSAGE_MAX])
{
	if (args->word_count == CTL_WORD_MAX) {
		snprintf(reterr_message, CTL_MESSAGE_MAX, "too many words, from \"%.100s\" on",
			word);
		return false;
	}
	args->word[args->word_count++] = word;
	return true;
}

/* What is no option: a word, "-" alone, an amount below zero. */
static bool is_word(const char *text)
{
	return text[0] != '-' || text[1] == '\0' || (text[1] >= '0' && text[1] <= '9') ||
	       text[1] == '.';
}

bool ctl_args_read(
	int argc, char **argv, struct ctl_args *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	struct ctl_args args = { .argc = argc, .argv = argv };
	bool has_options = true;

	for (int i = 1; i < argc; i++) {
		const char *text = argv[i];
		bool is_fine = true;
		if (!has_options || is_word(text)) {
			is_fine = add_word(&args, text, reterr_message);
		} else if (strcmp(text, "--") == 0) {
			has_options = false;
		} else if (strcmp(text, "-h") == 0) {
			args.value[CTL_OPT_HELP] = "";
		} else if (text[1] == '-') {
			is_fine = read_option(&args, &i, reterr_message);
		} else {
			snprintf(reterr_message, CTL_MESSAGE_MAX,
				"there is no option %.100s; options are spelt out, as in --party",
				text);
			is_fine = false;
		}
		if (!is_fine)
			return false;
	}
	*ret = args;
	return true;
}

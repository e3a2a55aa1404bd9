/* SPDX-License-Identifier: BSD-3-Clause
 * The rows, their defaults, and the configuration written out again.
 */
#include "runtime/config.h"

#include <assert.h>
#include <ctype.h>
#include <strings.h>

#include "runtime/config_value.h"
#include "runtime/quote.h"

#define FIELD(section, key) offsetof(struct chg_config, section##_##key)

#define SECTION(s, t)
#define NUMBER(s, k, u, l, h, v, t)                                                                \
	{ #s, #k, CHG_CONFIG_NUMBER, u, false, l, h, NULL, #v, t, FIELD(s, k) },
#define NUMBER_OR_0(s, k, u, l, h, v, t)                                                           \
	{ #s, #k, CHG_CONFIG_NUMBER, u, true, l, h, NULL, #v, t, FIELD(s, k) },
#define WORD(s, k, type, w, v, t)                                                                  \
	{ #s, #k, CHG_CONFIG_WORD, NULL, false, 0, 0, w, v, t, FIELD(s, k) },
#define PATH(s, k, room, shortest, v, t)                                                           \
	{ #s, #k, CHG_CONFIG_PATH, NULL, false, shortest, room, NULL, v, t, FIELD(s, k) },
#define LIST(s, k, item, fewest, most, v, t)                                                       \
	{ #s, #k, LIST_##item, NULL, false, fewest, most, NULL, v, t, FIELD(s, k) },
#define MONEY(s, k, v, t) { #s, #k, CHG_CONFIG_AMOUNT, NULL, true, 0, 0, NULL, v, t, FIELD(s, k) },
#define LIST_ADDRESS      CHG_CONFIG_ADDRESSES
#define LIST_HOST         CHG_CONFIG_HOSTS
static const struct chg_config_row rows[] = {
#include "runtime/config.def"
};
#undef SECTION
#undef NUMBER
#undef NUMBER_OR_0
#undef WORD
#undef PATH
#undef LIST
#undef MONEY

static const struct section {
	const char *name;
	const char *sentence;
} sections[] = {
#define SECTION(section, sentence) { #section, sentence },
#define NUMBER(s, k, u, l, h, v, t)
#define NUMBER_OR_0(s, k, u, l, h, v, t)
#define WORD(s, k, type, w, v, t)
#define PATH(s, k, room, shortest, v, t)
#define LIST(s, k, item, fewest, most, v, t)
#define MONEY(s, k, v, t)
#include "runtime/config.def"
#undef SECTION
#undef NUMBER
#undef NUMBER_OR_0
#undef WORD
#undef PATH
#undef LIST
#undef MONEY
};

enum {
	ROW_COUNT = sizeof rows / sizeof rows[0],
	SECTION_COUNT = sizeof sections / sizeof sections[0],
	COMMENT_COLUMN_MAX = 96,
};

const struct chg_config_row *chg_config_row(size_t index)
{
	return index < ROW_COUNT ? &rows[index] : NULL;
}

const char *chg_config_section_sentence(const char *section)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (strcmp(sections[i].name, section) == 0)
			return sections[i].sentence;
	}
	return NULL;
}

static bool is_list(const struct chg_config_row *row)
{
	return row->type == CHG_CONFIG_ADDRESSES || row->type == CHG_CONFIG_HOSTS;
}

static void set_default(const struct chg_config_row *row, struct chg_config *config)
{
	char why[CHG_CONFIG_WHY_MAX];
	if (!is_list(row)) {
		bool ok = chg_config_value_take(row, chg_view_of(row->value), "", config, why);
		assert(ok);
		return;
	}
	for (const char *at = row->value; *at != '\0';) {
		struct chg_view item = { .ptr = at, .len = strcspn(at, " ") };
		bool ok = chg_config_value_take(row, item, "", config, why);
		assert(ok);
		at += item.len;
		at += strspn(at, " ");
	}
}

void chg_config_defaults(struct chg_config *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ROW_COUNT; i++)
		set_default(&rows[i], ret);
}

/* Whether YAML reads the text as itself when it stands without quotes. */
static bool is_plain_scalar(const char *text)
{
	if (!isalnum((unsigned char)text[0]) && text[0] != '/')
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("/._-", *at) == NULL)
			return false;
	}
	return strcasecmp(text, "null") != 0;
}

static void print_text(const char *text, FILE *to)
{
	char quoted[4 * 1024 + CHG_QUOTE_ROOM_MIN];
	if (is_plain_scalar(text)) {
		(void)fputs(text, to);
		return;
	}
	(void)chg_quote_write(chg_view_of(text), CHG_QUOTE_ALWAYS, quoted, sizeof quoted);
	(void)fputs(quoted, to);
}

static void print_list(const struct chg_config_list *list, FILE *to)
{
	if (list->count == 0)
		(void)fputs(" []", to);
	for (size_t i = 0; i < list->count; i++) {
		(void)fputs("\n    - ", to);
		print_text(list->item[i], to);
	}
}

static void print_value(const struct chg_config_row *row, struct chg_config *config, FILE *to)
{
	switch (row->type) {
	case CHG_CONFIG_NUMBER:
		(void)fprintf(to, " %u", *chg_config_value_number(row, config));
		return;
	case CHG_CONFIG_WORD: {
		struct chg_view word =
			chg_config_value_word(row, *chg_config_value_number(row, config));
		(void)fprintf(to, " %.*s", (int)word.len, word.ptr);
		return;
	}
	case CHG_CONFIG_PATH:
		(void)fputc(' ', to);
		print_text(chg_config_value_path(row, config), to);
		return;
	case CHG_CONFIG_ADDRESSES:
	case CHG_CONFIG_HOSTS:
		print_list(chg_config_value_list(row, config), to);
		return;
	case CHG_CONFIG_AMOUNT: {
		char amount[CHG_MONEY_TEXT_MAX];
		chg_money_write(*chg_config_value_money(row, config), amount);
		(void)fprintf(to, " %s", amount);
		return;
	}
	}
}

/* Words wrapped at COMMENT_COLUMN_MAX, each line after `indent` and "# ". */
static void print_comment(const char *indent, const char *text, FILE *to)
{
	size_t column = 0;
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, " ");
		if (column > 0 && column + 1 + len > COMMENT_COLUMN_MAX) {
			(void)fputc('\n', to);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(to, "%s# %.*s", indent, (int)len, at);
		else
			column += (size_t)fprintf(to, " %.*s", (int)len, at);
		at += len;
		at += strspn(at, " ");
	}
	(void)fputc('\n', to);
}

static void print_section(const struct chg_config_row *row, bool with_comments, FILE *to)
{
	if (with_comments) {
		(void)fputc('\n', to);
		print_comment("", chg_config_section_sentence(row->section), to);
	}
	(void)fprintf(to, "%s:\n", row->section);
}

static void print_all(const struct chg_config *config, bool with_comments, FILE *to)
{
	/* The accessors of fields serve writers as well, so they do not take a const. */
	struct chg_config *fields = (struct chg_config *)(uintptr_t)config;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct chg_config_row *row = &rows[i];
		char range[CHG_CONFIG_RANGE_MAX + sizeof "()."];
		if (i == 0 || strcmp(rows[i - 1].section, row->section) != 0)
			print_section(row, with_comments, to);
		if (with_comments) {
			char allowed[CHG_CONFIG_RANGE_MAX];
			chg_config_value_range(row, allowed);
			(void)snprintf(range, sizeof range, "(%s)", allowed);
			print_comment("  ", row->sentence, to);
			print_comment("  ", range, to);
		}
		(void)fprintf(to, "  %s:", row->key);
		print_value(row, fields, to);
		(void)fputc('\n', to);
	}
}

void chg_config_print(const struct chg_config *config, FILE *to)
{
	print_all(config, false, to);
}

void chg_config_write_example(FILE *to)
{
	struct chg_config config;
	chg_config_defaults(&config);
	(void)fputs(
		"# Charging Enabler: what the node does.  Diameter identity, TLS and ports are in\n"
		"# freediameter.conf.  Every key stands here with its default, so a key that is "
		"left\n"
		"# out changes nothing.  `chgctl config check` tells what is wrong with a file, "
		"and\n"
		"# the node reads it at its start.\n",
		to);
	print_all(&config, true, to);
}

static void write_table_value(const struct chg_config_row *row, FILE *to)
{
	if (row->value[0] != '\0')
		(void)fprintf(to, "`%s`", row->value);
	else
		(void)fputs(is_list(row) ? "`[]`" : "`\"\"`", to);
}

void chg_config_write_table(FILE *to)
{
	(void)fputs("| Key | Allowed | Default | What it does |\n|---|---|---|---|\n", to);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char range[CHG_CONFIG_RANGE_MAX];
		chg_config_value_range(&rows[i], range);
		(void)fprintf(to, "| `%s.%s` | %s | ", rows[i].section, rows[i].key, range);
		write_table_value(&rows[i], to);
		(void)fprintf(to, " | %s |\n", rows[i].sentence);
	}
}

enum chg_rc chg_config_archive_beside(const char *database, char ret[CHG_CONFIG_PATH_MAX])
{
	const char *slash = strrchr(database, '/');
	int len = slash == NULL ? 0 : (int)(slash - database) + 1;
	int written = snprintf(ret, CHG_CONFIG_PATH_MAX, "%.*sarchive", len, database);
	return written < CHG_CONFIG_PATH_MAX ? CHG_OK : CHG_E_RANGE;
}

enum chg_rc chg_config_archive_folder(
	const struct chg_config *config, char ret[CHG_CONFIG_PATH_MAX])
{
	if (config->cdr_archive_dir[0] == '\0')
		return chg_config_archive_beside(config->store_path, ret);
	(void)snprintf(ret, CHG_CONFIG_PATH_MAX, "%s", config->cdr_archive_dir);
	return CHG_OK;
}

void chg_config_cc_policy(const struct chg_config *config, struct chg_cc_policy *ret)
{
	*ret = (struct chg_cc_policy){
		.validity_s = config->online_validity_s,
		.session_idle = chg_span_s(config->online_session_idle_s),
		.tombstone = chg_span_s(config->online_tombstone_s),
		.quantum = { [CHG_UNIT_SECONDS] = config->online_quantum_seconds,
			[CHG_UNIT_OCTETS] = config->online_quantum_octets,
			[CHG_UNIT_OCTETS_IN] = config->online_quantum_octets,
			[CHG_UNIT_OCTETS_OUT] = config->online_quantum_octets,
			[CHG_UNIT_MESSAGES] = config->online_quantum_messages },
		.grant_max = { [CHG_UNIT_SECONDS] = config->online_grant_max_seconds,
			[CHG_UNIT_OCTETS] = config->online_grant_max_octets,
			[CHG_UNIT_OCTETS_IN] = config->online_grant_max_octets,
			[CHG_UNIT_OCTETS_OUT] = config->online_grant_max_octets,
			[CHG_UNIT_MESSAGES] = config->online_grant_max_messages },
		.refund_max = config->online_refund_max,
		.failure_handling = config->online_failure_handling,
		.debit_failure_handling = config->online_debit_failure_handling,
		.tells_cost = config->online_tells_cost == CHG_CONFIG_YES,
		.tells_remaining = config->online_tells_remaining == CHG_CONFIG_YES,
	};
}

bool chg_config_list_names(const struct chg_config_list *list, struct chg_view host)
{
	for (size_t i = 0; i < list->count; i++) {
		bool is_pattern = strncmp(list->item[i], "*.", 2) == 0;
		const char *name = is_pattern ? list->item[i] + 1 : list->item[i];
		size_t len = strlen(name);
		/* ".example.net" must have something before it: the domain is not under itself. */
		if (is_pattern ? host.len <= len : host.len != len)
			continue;
		if (strncasecmp(host.ptr + host.len - len, name, len) == 0)
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Tariff files, key by key.  The keys of each level are rows; tariff_value.c reads their words and
 * tariff_check.c looks at the whole.
 */
#include "runtime/tariff_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/party.h"
#include "runtime/tariff_draft.h"
#include "runtime/tariff_zone.h"

/* A key: its name, what reads its value, and a value as one would write it. */
struct key {
	const char *name;
	void (*read)(struct chg_draft *draft);
	const char *example;
};

/* A level of the file: what it is called, and its keys. */
struct level {
	const char *what;
	const struct key *key;
	size_t count;
};

enum {
	KEY_NONE = 32, /* more than any level has */
};

#define ERROR        CHG_DRAFT_ERROR
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void take_complaint(void *whose, struct chg_yaml_place at, const char *text)
{
	struct chg_draft *draft = whose;
	struct chg_tariff_errors *errors = draft->errors;
	if (!draft->is_warning)
		errors->error_count++;
	if (errors->count == CHG_TARIFF_ERROR_MAX) {
		errors->unlisted++;
		return;
	}
	struct chg_tariff_error *error = &errors->item[errors->count++];
	error->line = at.line;
	error->column = at.column;
	error->is_warning = draft->is_warning;
	(void)snprintf(error->text, sizeof error->text, "%s", text);
}

/* --- levels and keys --- */

static size_t find_key(const struct level *level, struct chg_view name)
{
	for (size_t i = 0; i < level->count; i++) {
		if (chg_view_equal(chg_view_of(level->key[i].name), name))
			return i;
	}
	return KEY_NONE;
}

static const char *nearest_key(const struct level *level, struct chg_view name)
{
	const char *nearest = NULL;
	size_t least = CHG_YAML_GUESS_DISTANCE + 1;
	for (size_t i = 0; i < level->count; i++) {
		size_t d = chg_yaml_distance(name, chg_view_of(level->key[i].name));
		if (d < least) {
			least = d;
			nearest = level->key[i].name;
		}
	}
	return nearest;
}

static void complain_key(struct chg_draft *draft, const struct level *level,
	struct chg_yaml_place at, struct chg_view name)
{
	char known[CHG_TARIFF_WHY_MAX] = "";
	const char *nearest = nearest_key(level, name);
	if (nearest != NULL) {
		ERROR(draft, at, "%s has no %s; did you mean \"%s\"?", level->what,
			chg_draft_show(name).text, nearest);
		return;
	}
	int len = 0;
	for (size_t i = 0; i < level->count && len < CHG_TARIFF_WHY_MAX; i++)
		len += snprintf(known + len, (size_t)(CHG_TARIFF_WHY_MAX - len), "%s%s",
			i == 0 ? "" : ", ", level->key[i].name);
	ERROR(draft, at, "%s has no %s; it has %s", level->what, chg_draft_show(name).text, known);
}

static void read_value(struct chg_draft *draft, const struct key *key)
{
	if (chg_yaml_refuse_decoration(&draft->yaml))
		return;
	if (chg_yaml_is_null(&draft->yaml)) {
		ERROR(draft, chg_yaml_here(&draft->yaml),
			"%s: there is no value; write one, as in \"%s: %s\"", key->name, key->name,
			key->example);
		return;
	}
	draft->key = key->name;
	key->read(draft);
}

/* At a known key. */
static void read_known(
	struct chg_draft *draft, const struct level *level, size_t index, uint32_t *seen)
{
	const struct key *key = &level->key[index];
	bool is_again = (*seen >> index & 1) != 0;
	if (is_again)
		ERROR(draft, chg_yaml_here(&draft->yaml),
			"%s: stands here a second time; remove one of the two", key->name);
	*seen |= UINT32_C(1) << index;
	if (!chg_yaml_advance(&draft->yaml))
		return;
	if (is_again)
		chg_yaml_skip(&draft->yaml);
	else
		read_value(draft, key);
}

/* At a key. */
static void read_pair(struct chg_draft *draft, const struct level *level, uint32_t *seen)
{
	struct chg_yaml *yaml = &draft->yaml;
	if (!chg_yaml_is_readable_key(yaml))
		return;
	size_t index = find_key(level, chg_yaml_scalar(yaml));
	if (index != KEY_NONE) {
		read_known(draft, level, index, seen);
		return;
	}
	complain_key(draft, level, chg_yaml_here(yaml), chg_yaml_scalar(yaml));
	if (chg_yaml_advance(yaml))
		chg_yaml_skip(yaml);
}

/* At the first event of what should be a mapping. */
static bool is_mapping(struct chg_draft *draft, const struct level *level)
{
	struct chg_yaml *yaml = &draft->yaml;
	if (chg_yaml_refuse_decoration(yaml))
		return false;
	if (chg_yaml_is_at(yaml, YAML_MAPPING_START_EVENT))
		return true;
	ERROR(draft, chg_yaml_here(yaml), "%s is written as keys and values, as in \"%s: %s\"",
		level->what, level->key[0].name, level->key[0].example);
	chg_yaml_skip(yaml);
	return false;
}

static uint32_t read_mapping(struct chg_draft *draft, const struct level *level)
{
	uint32_t seen = 0;
	if (!is_mapping(draft, level))
		return 0;
	while (chg_yaml_advance(&draft->yaml) &&
		!chg_yaml_is_at(&draft->yaml, YAML_MAPPING_END_EVENT))
		read_pair(draft, level, &seen);
	return seen;
}

/* A value that is one word or text; otherwise it is complained about and skipped. */
static bool is_text(struct chg_draft *draft)
{
	struct chg_yaml *yaml = &draft->yaml;
	if (chg_yaml_refuse_decoration(yaml))
		return false;
	if (chg_yaml_is_at(yaml, YAML_SCALAR_EVENT) && !chg_yaml_is_null(yaml))
		return true;
	ERROR(draft, chg_yaml_here(yaml), "%s: this is not one value; write a single one",
		draft->key);
	chg_yaml_skip(yaml);
	return false;
}

/* Calls `read` for each item of a list, and for a value that is none. */
static void read_list(struct chg_draft *draft, void (*read)(struct chg_draft *draft))
{
	if (!chg_yaml_is_at(&draft->yaml, YAML_SEQUENCE_START_EVENT)) {
		read(draft);
		return;
	}
	while (chg_yaml_advance(&draft->yaml) &&
		!chg_yaml_is_at(&draft->yaml, YAML_SEQUENCE_END_EVENT))
		read(draft);
}

/* Text that has to fit, without anything that could not be shown in a line. */
static bool take_text(struct chg_draft *draft, char ret[CHG_TARIFF_TEXT_MAX])
{
	if (!is_text(draft))
		return false;
	struct chg_view text = chg_yaml_scalar(&draft->yaml);
	bool is_plain = text.len > 0 && text.len < CHG_TARIFF_TEXT_MAX;
	for (size_t i = 0; is_plain && i < text.len; i++)
		is_plain = (unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f;
	if (!is_plain) {
		ERROR(draft, chg_yaml_here(&draft->yaml),
			"%s: write 1 to %d characters in one line", draft->key,
			CHG_TARIFF_TEXT_MAX - 1);
		return false;
	}
	memcpy(ret, text.ptr, text.len);
	ret[text.len] = '\0';
	return true;
}

static bool refuse_value(struct chg_draft *draft, const char *why)
{
	ERROR(draft, chg_yaml_here(&draft->yaml), "%s: %s", draft->key, why);
	return false;
}

/*
 * Reads one value by a function of tariff_value.h; a macro, because each has a type of its own.
 * Inside a statement expression so that it can be asked whether all went well.
 */
#define TAKE(draft, reader, ret)                                                                   \
	({                                                                                         \
		char why_[CHG_TARIFF_WHY_MAX];                                                     \
		is_text(draft) && (reader(chg_yaml_scalar(&(draft)->yaml), (ret), why_) ||         \
					  refuse_value((draft), why_));                            \
	})

/* --- match: --- */

static void take_match(struct chg_draft *draft, bool is_fine)
{
	if (!is_fine)
		draft->rule.is_match_faulty = draft->rule.is_faulty = true;
}

/* A star may stand in front and nowhere else, and something has to follow it. */
static bool has_good_star(const char *text)
{
	return strchr(text + 1, '*') == NULL && (text[0] != '*' || text[1] != '\0');
}

static void read_context(struct chg_draft *draft)
{
	char *context = draft->rule.rule.match.context;
	bool is_fine = take_text(draft, context);
	if (is_fine && !has_good_star(context))
		is_fine = refuse_value(draft,
			"a * stands in front for any beginning, and nowhere else; write for "
			"example \"*32260@3gpp.org\", or leave the key out for all");
	take_match(draft, is_fine);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
}

/* A party in the form in which requests name it. */
static bool take_party(struct chg_draft *draft, char text[CHG_TARIFF_TEXT_MAX])
{
	struct chg_party party;
	if (chg_party_normalise(chg_view_of(text), &party) != CHG_OK ||
		party.len >= CHG_TARIFF_TEXT_MAX)
		return refuse_value(draft, "this is no party; write sip:bob@partner.example, "
					   "partner.example or tel:+49");
	memcpy(text, party.bytes, party.len);
	text[party.len] = '\0';
	return true;
}

static bool take_recipient(struct chg_draft *draft, char text[CHG_TARIFF_TEXT_MAX])
{
	bool is_domain = strchr(text, '@') == NULL && strchr(text, ':') == NULL && text[0] != '+';
	bool is_star = text[0] == '*';
	if (!has_good_star(text) || (is_star && (!is_domain || text[1] != '.' || text[2] == '\0')))
		return refuse_value(draft,
			"a * stands for any hosts of a domain; write \"*.partner.example\", or "
			"partner.example for the domain itself, or leave the key out for all");
	if (!is_domain)
		return take_party(draft, text);
	lower(text);
	return true;
}

static void read_recipient(struct chg_draft *draft)
{
	char *recipient = draft->rule.rule.match.recipient;
	take_match(draft, take_text(draft, recipient) && take_recipient(draft, recipient));
}

static void read_plan(struct chg_draft *draft)
{
	take_match(draft, take_text(draft, draft->rule.rule.match.plan));
}

static void read_service(struct chg_draft *draft)
{
	chg_opt_i32 *service = &draft->rule.rule.match.application_service_type;
	service->is_present = true;
	take_match(draft, TAKE(draft, chg_tariff_read_service, &service->value));
}

static void read_number(struct chg_draft *draft, chg_opt_u32 *ret)
{
	ret->is_present = true;
	take_match(draft, TAKE(draft, chg_tariff_read_u32, &ret->value));
}

static void read_rating_group(struct chg_draft *draft)
{
	read_number(draft, &draft->rule.rule.match.rating_group);
}

static void read_service_identifier(struct chg_draft *draft)
{
	read_number(draft, &draft->rule.rule.match.service_id);
}

static const struct key match_keys[] = {
	{ "context", read_context, "\"*32260@3gpp.org\"" },
	{ "service", read_service, "SENDING" },
	{ "recipient", read_recipient, "\"*.partner.example\"" },
	{ "rating-group", read_rating_group, "100" },
	{ "service-identifier", read_service_identifier, "5" },
	{ "plan", read_plan, "gold" },
};

static const struct level match_level = { "match:", match_keys, COUNT(match_keys) };

static void read_match(struct chg_draft *draft)
{
	size_t errors = draft->errors->error_count;
	(void)read_mapping(draft, &match_level);
	take_match(draft, draft->errors->error_count == errors);
}

/* --- times: --- */

static bool take_price(struct chg_draft *draft, struct chg_draft_price *ret)
{
	ret->at = chg_yaml_here(&draft->yaml);
	ret->is_fine = TAKE(draft, chg_tariff_read_price, &ret->price);
	draft->rule.is_faulty = draft->rule.is_faulty || !ret->is_fine;
	return ret->is_fine;
}

static void read_day(struct chg_draft *draft)
{
	struct chg_yaml_place at = chg_yaml_here(&draft->yaml);
	uint8_t days = draft->time->days;
	if (!TAKE(draft, chg_tariff_read_day, &draft->time->days))
		draft->time->is_faulty = true;
	if ((days & 0x80) == 0 && (draft->time->days & 0x80) != 0 &&
		!chg_draft_has(draft->holidays_at))
		draft->holidays_at = at;
}

static void read_days(struct chg_draft *draft)
{
	struct chg_yaml_place at = chg_yaml_here(&draft->yaml);
	read_list(draft, read_day);
	if (draft->time->days == 0 && !draft->time->is_faulty) {
		draft->time->is_faulty = true;
		ERROR(draft, at,
			"days: the list is empty; name days, or leave the key out for all");
	}
}

static void read_from(struct chg_draft *draft)
{
	if (!TAKE(draft, chg_tariff_read_clock, &draft->time->from))
		draft->time->is_faulty = true;
}

static void read_until(struct chg_draft *draft)
{
	if (!TAKE(draft, chg_tariff_read_clock, &draft->time->until))
		draft->time->is_faulty = true;
}

static void read_time_price(struct chg_draft *draft)
{
	if (!take_price(draft, &draft->time->price))
		draft->time->is_faulty = true;
}

static const struct key time_keys[] = {
	{ "days", read_days, "weekdays" },
	{ "from", read_from, "\"08:00\"" },
	{ "until", read_until, "\"20:00\"" },
	{ "price", read_time_price, "0.02 per message" },
};

static const struct level time_level = { "a time", time_keys, COUNT(time_keys) };

static bool is_time_fine(struct chg_draft *draft, const struct chg_draft_time *time)
{
	bool has_all_days = time->days == CHG_TARIFF_DAYS_ALL;
	if (!chg_draft_has(time->price.at))
		ERROR(draft, time->at, "the time has no price; add price:, as in 0.02 per message");
	else if (time->from == time->until)
		ERROR(draft, time->at,
			"the time is empty; let until: be later than from:, or leave both out for "
			"the whole day");
	else if (time->from == CHG_TARIFF_MINUTES)
		ERROR(draft, time->at, "from: the day is over at 24:00; write 00:00");
	else if (time->from > time->until && !has_all_days)
		ERROR(draft, time->at,
			"the time goes over midnight, and the days: of its second part are not "
			"clear; write two times, one until \"24:00\" and one from \"00:00\", each "
			"with its days:");
	else
		return true;
	return false;
}

static void read_time(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	struct chg_draft_time time = { .at = chg_yaml_here(&draft->yaml),
		.until = CHG_TARIFF_MINUTES };
	size_t errors = draft->errors->error_count;
	draft->time = &time;
	(void)read_mapping(draft, &time_level);
	draft->time = NULL;
	if (time.days == 0)
		time.days = CHG_TARIFF_DAYS_ALL;
	bool is_fine = draft->errors->error_count == errors && is_time_fine(draft, &time);
	if (!is_fine) {
		rule->is_faulty = true;
	} else if (rule->time_count == CHG_TARIFF_BAND_MAX) {
		ERROR(draft, time.at, "there are too many times; a rule has at most %d",
			CHG_TARIFF_BAND_MAX - 1);
		rule->is_faulty = true;
	} else {
		rule->time[rule->time_count++] = time;
	}
}

static void read_times(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	rule->times_at = chg_yaml_here(&draft->yaml);
	if (!chg_draft_has(draft->times_at))
		draft->times_at = rule->times_at;
	size_t errors = draft->errors->error_count;
	read_list(draft, read_time);
	if (rule->time_count == 0 && draft->errors->error_count == errors) {
		ERROR(draft, rule->times_at,
			"times: the list is empty; add a time, or leave the key out");
		rule->is_faulty = true;
	}
}

/* --- rules: --- */

static void read_name(struct chg_draft *draft)
{
	if (!take_text(draft, draft->rule.rule.name))
		draft->rule.is_faulty = true;
}

static void read_price(struct chg_draft *draft)
{
	(void)take_price(draft, &draft->rule.price);
}

static void read_amount(struct chg_draft *draft, struct chg_yaml_place *ret_at, chg_money *ret)
{
	*ret_at = chg_yaml_here(&draft->yaml);
	if (!TAKE(draft, chg_tariff_read_money, ret))
		draft->rule.is_faulty = true;
}

static void read_setup(struct chg_draft *draft)
{
	read_amount(draft, &draft->rule.setup_at, &draft->rule.rule.setup);
}

static void read_minimum(struct chg_draft *draft)
{
	read_amount(draft, &draft->rule.minimum_at, &draft->rule.rule.minimum);
}

static bool read_some(struct chg_view text, struct chg_tariff_quantity *ret, char *why)
{
	return chg_tariff_read_quantity(text, false, ret, why);
}

static void read_increment(struct chg_draft *draft)
{
	draft->rule.increment_at = chg_yaml_here(&draft->yaml);
	if (!TAKE(draft, read_some, &draft->rule.increment))
		draft->rule.is_faulty = true;
}

static void read_round(struct chg_draft *draft)
{
	draft->rule.round_at = chg_yaml_here(&draft->yaml);
	if (!TAKE(draft, chg_tariff_read_rounding, &draft->rule.rule.rounding))
		draft->rule.is_faulty = true;
}

static void read_true(struct chg_draft *draft, struct chg_yaml_place *ret_at)
{
	*ret_at = chg_yaml_here(&draft->yaml);
	if (!is_text(draft))
		draft->rule.is_faulty = true;
	else if (!chg_view_equal(chg_yaml_scalar(&draft->yaml), CHG_VIEW("true")))
		(void)refuse_value(draft, "it can only be true; write true, or leave the key out");
}

static void read_free(struct chg_draft *draft)
{
	read_true(draft, &draft->rule.free_at);
}

static void read_not_charged(struct chg_draft *draft)
{
	read_true(draft, &draft->rule.uncontrolled_at);
}

static const struct key rule_keys[] = {
	{ "name", read_name, "chat" },
	{ "match", read_match, "{plan: gold}" },
	{ "price", read_price, "0.05 per message" },
	{ "setup", read_setup, "0.10" },
	{ "increment", read_increment, "1 KB" },
	{ "minimum", read_minimum, "0.05" },
	{ "round", read_round, "up" },
	{ "times", read_times, "[{from: \"08:00\", until: \"20:00\", price: 0.02 per message}]" },
	{ "free", read_free, "true" },
	{ "not-charged", read_not_charged, "true" },
};

static const struct level rule_level = { "a rule", rule_keys, COUNT(rule_keys) };

/* At the value of "- name: 0.05 per message". */
static void read_line_value(struct chg_draft *draft)
{
	struct chg_yaml_place at = chg_yaml_here(&draft->yaml);
	struct chg_view text = chg_yaml_scalar(&draft->yaml);
	draft->key = draft->rule.rule.name;
	if (chg_view_equal(text, CHG_VIEW("free")))
		draft->rule.free_at = at;
	else if (chg_view_equal(text, CHG_VIEW("not-charged")))
		draft->rule.uncontrolled_at = at;
	else
		(void)take_price(draft, &draft->rule.price);
}

/* What a line's value begins with: an amount, or what a misspelt one could be. */
static bool is_line_value(const struct chg_yaml *yaml)
{
	if (!chg_yaml_is_at(yaml, YAML_SCALAR_EVENT) || chg_yaml_is_null(yaml))
		return false;
	struct chg_view text = chg_yaml_scalar(yaml);
	return chg_view_equal(text, CHG_VIEW("free")) ||
	       chg_view_equal(text, CHG_VIEW("not-charged")) ||
	       (text.ptr[0] >= '0' && text.ptr[0] <= '9') || text.ptr[0] == '-';
}

/* At a first key that is none: the rule of one line, or a mistake. */
static void read_line(struct chg_draft *draft)
{
	struct chg_yaml *yaml = &draft->yaml;
	struct chg_yaml_place at = chg_yaml_here(yaml);
	struct chg_draft_shown shown = chg_draft_show(chg_yaml_scalar(yaml));
	bool is_near = nearest_key(&rule_level, chg_yaml_scalar(yaml)) != NULL;
	char name[CHG_TARIFF_TEXT_MAX] = "";
	draft->key = "name";
	bool is_name = take_text(draft, name);
	struct chg_view text = chg_view_of(name);
	if (!chg_yaml_advance(yaml))
		return;
	if (is_name && is_line_value(yaml)) {
		memcpy(draft->rule.rule.name, name, sizeof name);
		read_line_value(draft);
		return;
	}
	draft->rule.is_faulty = true;
	if (is_name && is_near)
		complain_key(draft, &rule_level, at, text);
	else if (is_name)
		ERROR(draft, at,
			"%s is no key of a rule, and no price follows it; write \"- %s: 0.05 per "
			"message\", or name:, price: and so on below each other",
			shown.text, name);
	chg_yaml_skip(yaml);
}

static void complain_mixed(struct chg_draft *draft, struct chg_yaml_place at)
{
	ERROR(draft, at,
		"a rule of one line has no further keys; write name: %s and price: below each "
		"other, and this behind them",
		draft->rule.rule.name);
	draft->rule.is_faulty = true;
}

static void read_rule_keys(struct chg_draft *draft)
{
	struct chg_yaml *yaml = &draft->yaml;
	uint32_t seen = 0;
	bool is_first = true;
	bool is_line = false;
	bool is_told = false;
	while (chg_yaml_advance(yaml) && !chg_yaml_is_at(yaml, YAML_MAPPING_END_EVENT)) {
		bool is_known = !chg_yaml_is_at(yaml, YAML_SCALAR_EVENT) ||
				find_key(&rule_level, chg_yaml_scalar(yaml)) != KEY_NONE;
		if (is_line && !is_told)
			complain_mixed(draft, chg_yaml_here(yaml));
		is_told = is_line;
		if (is_first && !is_known) {
			read_line(draft);
			is_line = draft->rule.rule.name[0] != '\0';
		} else {
			read_pair(draft, &rule_level, &seen);
		}
		is_first = false;
	}
}

static void read_rule(struct chg_draft *draft)
{
	struct chg_yaml_place at = chg_yaml_here(&draft->yaml);
	draft->rule = (struct chg_draft_rule){ .at = at, .rule.line = at.line };
	if (!is_mapping(draft, &rule_level))
		return;
	size_t errors = draft->errors->error_count;
	read_rule_keys(draft);
	if (draft->errors->error_count != errors)
		draft->rule.is_faulty = true;
	if (!draft->yaml.is_broken)
		chg_draft_finish_rule(draft);
}

/* --- the root --- */

static void read_tariff(struct chg_draft *draft)
{
	(void)take_text(draft, draft->tariff->name);
}

static void read_currency(struct chg_draft *draft)
{
	(void)TAKE(draft, chg_tariff_read_currency, &draft->tariff->currency);
}

static void read_zone(struct chg_draft *draft)
{
	char why[CHG_TARIFF_WHY_MAX];
	draft->zone_at = chg_yaml_here(&draft->yaml);
	if (!is_text(draft))
		return;
	if (chg_tariff_zone_read(
		    CHG_ZONE_FOLDER, chg_yaml_scalar(&draft->yaml), draft->tariff, why) != CHG_OK)
		(void)refuse_value(draft, why);
}

/* Keeps the days in their order. */
static void add_holiday(struct chg_draft *draft, int32_t day)
{
	struct chg_tariff *tariff = draft->tariff;
	struct chg_yaml_place here = chg_yaml_here(&draft->yaml);
	size_t at = tariff->holiday_count;
	while (at > 0 && tariff->holiday[at - 1] >= day)
		at--;
	if (at < tariff->holiday_count && tariff->holiday[at] == day) {
		CHG_DRAFT_WARN(
			draft, here, "holidays: the date stands here a second time; remove it");
		return;
	}
	if (at < tariff->holiday_count)
		CHG_DRAFT_WARN(draft, here,
			"holidays: the date is earlier than the one before it; is the year right? "
			"Put it in its order");
	memmove(&tariff->holiday[at + 1], &tariff->holiday[at],
		(tariff->holiday_count - at) * sizeof tariff->holiday[0]);
	tariff->holiday[at] = day;
	tariff->holiday_count++;
}

static void read_holiday(struct chg_draft *draft)
{
	int32_t day;
	if (!TAKE(draft, chg_tariff_read_date, &day))
		return;
	if (draft->tariff->holiday_count == CHG_TARIFF_HOLIDAY_MAX)
		ERROR(draft, chg_yaml_here(&draft->yaml),
			"holidays: there are more than %d; remove those that are over",
			CHG_TARIFF_HOLIDAY_MAX);
	else
		add_holiday(draft, day);
}

static void read_holidays(struct chg_draft *draft)
{
	read_list(draft, read_holiday);
}

static void read_rules(struct chg_draft *draft)
{
	struct chg_yaml *yaml = &draft->yaml;
	draft->rules_at = chg_yaml_here(yaml);
	if (!chg_yaml_is_at(yaml, YAML_SEQUENCE_START_EVENT)) {
		ERROR(draft, draft->rules_at,
			"rules: this is no list; begin each rule with \"- \" on a line of its own");
		chg_yaml_skip(yaml);
		return;
	}
	read_list(draft, read_rule);
}

static const struct key root_keys[] = {
	{ "tariff", read_tariff, "im-2026" },
	{ "currency", read_currency, "EUR" },
	{ "zone", read_zone, "Europe/Berlin" },
	{ "holidays", read_holidays, "[2026-12-25, 2026-12-26]" },
	{ "rules", read_rules, "[message: 0.05 per message]" },
};

static const struct level root_level = { "a tariff file", root_keys, COUNT(root_keys) };

static void read_root(void *whose)
{
	struct chg_draft *draft = whose;
	if (!chg_yaml_is_null(&draft->yaml))
		draft->seen = read_mapping(draft, &root_level);
}

static void check_keys(struct chg_draft *draft)
{
	static const char *const wanted[] = { "tariff", "currency", "rules" };
	for (size_t i = 0; i < COUNT(wanted) && !draft->yaml.is_broken; i++) {
		size_t index = find_key(&root_level, chg_view_of(wanted[i]));
		if ((draft->seen >> index & 1) == 0)
			ERROR(draft, (struct chg_yaml_place){ 0 },
				"%s: is missing; add it, as in \"%s: %s\"", wanted[i], wanted[i],
				root_keys[index].example);
	}
}

/* --- the whole --- */

static int compare(const void *a, const void *b)
{
	const struct chg_tariff_error *x = a;
	const struct chg_tariff_error *y = b;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void free_draft(struct chg_draft **draft)
{
	free(*draft);
}

static void free_tariff(struct chg_tariff **tariff)
{
	free(*tariff);
}

static void free_text(char **text)
{
	free(*text);
}

/* With what complains, and nothing read. */
static struct chg_draft *new_draft(
	const char *name, struct chg_view text, struct chg_tariff_errors *errors)
{
	struct chg_draft *draft = calloc(1, sizeof *draft);
	*errors = (struct chg_tariff_errors){ 0 };
	if (draft == NULL) {
		errors->count = errors->error_count = 1;
		(void)snprintf(errors->item[0].text, sizeof errors->item[0].text, "%.160s: %s",
			name, chg_rc_sentence(CHG_E_NO_MEMORY));
		return NULL;
	}
	draft->yaml = (struct chg_yaml){
		.name = name, .text = text, .take = take_complaint, .whose = draft
	};
	draft->errors = errors;
	return draft;
}

enum chg_rc chg_tariff_read_text(const char *name, struct chg_view text, struct chg_tariff *ret,
	struct chg_tariff_errors *ret_complaints)
{
	__attribute__((cleanup(free_tariff))) struct chg_tariff *tariff = calloc(1, sizeof *tariff);
	__attribute__((cleanup(free_draft))) struct chg_draft *draft =
		new_draft(name, text, ret_complaints);
	if (draft == NULL)
		return CHG_E_NO_MEMORY;
	if (tariff == NULL || !chg_yaml_begin(&draft->yaml)) {
		ERROR(draft, (struct chg_yaml_place){ 0 }, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
		return CHG_E_NO_MEMORY;
	}
	draft->tariff = tariff;
	tariff->in_force_from = (chg_instant){ INT64_MIN };
	chg_yaml_document(&draft->yaml, read_root, draft);
	check_keys(draft);
	chg_draft_finish(draft);
	chg_yaml_end(&draft->yaml);
	qsort(ret_complaints->item, ret_complaints->count, sizeof ret_complaints->item[0], compare);
	if (ret_complaints->error_count > 0)
		return CHG_E_CONFIG;
	*ret = *tariff;
	return CHG_OK;
}

enum chg_rc chg_tariff_read_file(
	const char *path, struct chg_tariff *ret, struct chg_tariff_errors *ret_complaints)
{
	__attribute__((cleanup(free_text))) char *text = NULL;
	__attribute__((cleanup(free_draft))) struct chg_draft *draft =
		new_draft(path, (struct chg_view){ 0 }, ret_complaints);
	size_t len = 0;
	if (draft == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_yaml_file(&draft->yaml, "a tariff", CHG_TARIFF_FILE_MAX, &text, &len);
	if (rc != CHG_OK)
		return rc;
	return chg_tariff_read_text(path, (struct chg_view){ text, len }, ret, ret_complaints);
}

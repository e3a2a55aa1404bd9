/* SPDX-License-Identifier: BSD-3-Clause
 * What is wrong with a tariff although each of its words is right.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/quote.h"
#include "runtime/tariff_draft.h"

struct chg_draft_shown chg_draft_show(struct chg_view text)
{
	struct chg_draft_shown shown;
	(void)chg_quote_write(text, CHG_QUOTE_ALWAYS, shown.text, sizeof shown.text);
	return shown;
}

static struct chg_draft_shown show_name(const struct chg_tariff_rule *rule)
{
	return chg_draft_show(chg_view_of(rule->name));
}

/* --- one rule --- */

/* What only a price can have; NULL when nothing of it is there. */
static const char *key_of_price(const struct chg_draft_rule *rule)
{
	const struct {
		struct chg_yaml_place at;
		const char *key;
	} keys[] = {
		{ rule->price.at, "price" },
		{ rule->times_at, "times" },
		{ rule->setup_at, "setup" },
		{ rule->minimum_at, "minimum" },
		{ rule->increment_at, "increment" },
		{ rule->round_at, "round" },
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (chg_draft_has(keys[i].at))
			return keys[i].key;
	}
	return NULL;
}

/* Exactly one of a price, free: and not-charged: */
static bool has_one_kind(struct chg_draft *draft)
{
	const struct chg_draft_rule *rule = &draft->rule;
	bool is_free = chg_draft_has(rule->free_at);
	bool is_uncontrolled = chg_draft_has(rule->uncontrolled_at);
	const char *word = is_free ? "free" : "not-charged";
	const char *key = is_free && is_uncontrolled ? "not-charged" : key_of_price(rule);
	if (is_free || is_uncontrolled) {
		if (key == NULL)
			return true;
		CHG_DRAFT_ERROR(draft, is_free ? rule->free_at : rule->uncontrolled_at,
			"%s: true and %s: exclude each other; remove one of them", word, key);
		return false;
	}
	if (chg_draft_has(rule->price.at) || chg_draft_has(rule->times_at))
		return true;
	if (!rule->is_faulty)
		CHG_DRAFT_ERROR(draft, rule->at,
			"rule %s has no price; add price:, as in 0.05 per message, or free: true, "
			"or "
			"not-charged: true",
			show_name(&rule->rule).text);
	return false;
}

/* The first price of the rule says what is counted. */
static const struct chg_draft_price *first_price(const struct chg_draft_rule *rule)
{
	if (chg_draft_has(rule->price.at))
		return &rule->price;
	return rule->time_count > 0 ? &rule->time[0].price : NULL;
}

static bool is_unit(struct chg_draft *draft, struct chg_yaml_place at, const char *key,
	enum chg_unit unit, enum chg_unit wanted)
{
	if (unit == wanted)
		return true;
	CHG_DRAFT_ERROR(draft, at,
		"%s: counts %ss, but the rule's price is for %ss; one rule counts one kind of "
		"unit: write the same here, or a rule of its own",
		key, chg_unit_text(unit), chg_unit_text(wanted));
	return false;
}

static bool has_one_unit(struct chg_draft *draft)
{
	const struct chg_draft_rule *rule = &draft->rule;
	enum chg_unit unit = first_price(rule)->price.per.unit;
	bool is_fine = true;
	for (size_t i = 0; i < rule->time_count; i++) {
		const struct chg_draft_price *price = &rule->time[i].price;
		is_fine =
			is_unit(draft, price->at, "price", price->price.per.unit, unit) && is_fine;
	}
	if (chg_draft_has(rule->increment_at))
		is_fine = is_unit(draft, rule->increment_at, "increment", rule->increment.unit,
				  unit) &&
			  is_fine;
	return is_fine;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* One number of units for all prices of the rule: 0.01 per minute is 0.60 per hour. */
static bool join_per(uint64_t *per, const struct chg_draft_price *price)
{
	uint64_t other = price->price.per.count;
	return !__builtin_mul_overflow(*per, other / common_divisor(*per, other), per);
}

static bool scale(const struct chg_draft_price *price, uint64_t per, chg_money *ret)
{
	return chg_money_scale(price->price.money, per / price->price.per.count, 1, CHG_ROUND_UP,
		       ret) == CHG_OK;
}

static bool set_per(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	bool is_fine = true;
	rule->rule.per = first_price(rule)->price.per.count;
	for (size_t i = 0; i < rule->time_count; i++)
		is_fine = is_fine && join_per(&rule->rule.per, &rule->time[i].price);
	if (!is_fine)
		CHG_DRAFT_ERROR(draft, rule->at,
			"the prices of rule %s are for numbers of units that have too large a "
			"common multiple; write them for the same number",
			show_name(&rule->rule).text);
	return is_fine;
}

static void add_band(
	struct chg_draft *draft, struct chg_tariff_band band, const struct chg_draft_price *price)
{
	struct chg_draft_rule *rule = &draft->rule;
	if (rule->rule.band_count == CHG_TARIFF_BAND_MAX) {
		if (!rule->is_faulty)
			CHG_DRAFT_ERROR(draft, rule->times_at,
				"rule %s has too many times; %d are possible, and one over "
				"midnight counts as two",
				show_name(&rule->rule).text, CHG_TARIFF_BAND_MAX - 1);
		rule->is_faulty = true;
		return;
	}
	band.line = price->at.line;
	if (!scale(price, rule->rule.per, &band.price)) {
		CHG_DRAFT_ERROR(draft, price->at,
			"price: is too large beside the rule's other prices; write all for the "
			"same number of units");
		rule->is_faulty = true;
	}
	rule->rule.band[rule->rule.band_count++] = band;
}

/* 22:00 until 06:00 of every day is the end and the beginning of every day. */
static void add_time(struct chg_draft *draft, const struct chg_draft_time *time)
{
	struct chg_tariff_band band = {
		.days = time->days, .from_minute = time->from, .until_minute = time->until
	};
	if (time->from < time->until) {
		add_band(draft, band, &time->price);
		return;
	}
	band.until_minute = CHG_TARIFF_MINUTES;
	add_band(draft, band, &time->price);
	band.from_minute = 0;
	band.until_minute = time->until;
	add_band(draft, band, &time->price);
}

static void complain_overlap(struct chg_draft *draft, const struct chg_draft_time *time,
	unsigned int day, unsigned int minute)
{
	const struct chg_draft_time *other = &draft->rule.time[draft->holds[day][minute] - 1];
	CHG_DRAFT_ERROR(draft, time->at,
		"overlaps the time in line %u, %s at %02u:%02u; let one end where the other begins",
		other->at.line, chg_tariff_day_text(day), minute / 60, minute % 60);
	draft->rule.is_faulty = true;
}

/* Marks the minutes of a day that a time takes; the first that is taken already is told. */
static bool mark_day(struct chg_draft *draft, const struct chg_draft_time *time, unsigned int day)
{
	uint8_t mark = (uint8_t)(time - draft->rule.time + 1);
	bool is_over_midnight = time->until <= time->from;
	for (unsigned int minute = 0; minute < CHG_TARIFF_MINUTES; minute++) {
		bool is_in = is_over_midnight ? minute >= time->from || minute < time->until
					      : minute >= time->from && minute < time->until;
		if (!is_in)
			continue;
		if (draft->holds[day][minute] != 0) {
			complain_overlap(draft, time, day, minute);
			return false;
		}
		draft->holds[day][minute] = mark;
	}
	return true;
}

static void mark_time(struct chg_draft *draft, const struct chg_draft_time *time)
{
	for (unsigned int day = 0; day < 8; day++) {
		if ((time->days >> day & 1) != 0 && !mark_day(draft, time, day))
			return;
	}
}

static void check_gaps(struct chg_draft *draft)
{
	for (unsigned int day = 0; day < 8; day++) {
		for (unsigned int minute = 0; minute < CHG_TARIFF_MINUTES; minute++) {
			if (draft->holds[day][minute] != 0)
				continue;
			CHG_DRAFT_ERROR(draft, draft->rule.times_at,
				"times: leave a gap, %s at %02u:%02u; add price: to rule %s for "
				"all other times, or a time for it",
				chg_tariff_day_text(day), minute / 60, minute % 60,
				show_name(&draft->rule.rule).text);
			draft->rule.is_faulty = true;
			return;
		}
	}
}

static void build_bands(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	struct chg_tariff_band rest = { .days = CHG_TARIFF_DAYS_ALL,
		.until_minute = CHG_TARIFF_MINUTES };
	const struct chg_draft_price *price = &rule->price;
	memset(draft->holds, 0, sizeof draft->holds);
	for (size_t i = 0; i < rule->time_count; i++) {
		mark_time(draft, &rule->time[i]);
		add_time(draft, &rule->time[i]);
	}
	if (!chg_draft_has(price->at)) {
		if (!rule->is_faulty)
			check_gaps(draft);
		price = &rule->time[rule->time_count - 1].price;
	}
	add_band(draft, rest, price);
}

static void warn_of_nothing(struct chg_draft *draft)
{
	const struct chg_draft_rule *rule = &draft->rule;
	for (size_t i = 0; i < rule->rule.band_count; i++) {
		if (rule->rule.band[i].price.micros != 0)
			return;
	}
	if (rule->rule.setup.micros == 0 && rule->rule.minimum.micros == 0)
		CHG_DRAFT_WARN(draft, first_price(rule)->at,
			"price: the price is 0; if rule %s is meant to be free, write free: true",
			show_name(&rule->rule).text);
}

static void build_flat(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	if (rule->is_faulty || first_price(rule) == NULL || !has_one_unit(draft) ||
		!set_per(draft)) {
		rule->is_faulty = true;
		return;
	}
	rule->rule.kind = CHG_TARIFF_FLAT;
	rule->rule.unit = first_price(rule)->price.per.unit;
	rule->rule.increment = chg_draft_has(rule->increment_at) ? rule->increment.count : 1;
	build_bands(draft);
	warn_of_nothing(draft);
}

static void build_costless(struct chg_draft_rule *rule)
{
	rule->rule.kind = chg_draft_has(rule->free_at) ? CHG_TARIFF_FREE : CHG_TARIFF_UNCONTROLLED;
	rule->rule.unit = CHG_UNIT_MESSAGES;
	rule->rule.per = rule->rule.increment = 1;
	rule->rule.band_count = 1;
	rule->rule.band[0] = (struct chg_tariff_band){ .days = CHG_TARIFF_DAYS_ALL,
		.until_minute = CHG_TARIFF_MINUTES,
		.line = rule->rule.line };
}

static void check_name(struct chg_draft *draft)
{
	const struct chg_draft_rule *rule = &draft->rule;
	if (rule->rule.name[0] == '\0') {
		if (!rule->is_faulty)
			CHG_DRAFT_ERROR(draft, rule->at,
				"the rule has no name; add name: and a word that accounts and "
				"explanations can use");
		return;
	}
	for (size_t i = 0; i < draft->tariff->rule_count; i++) {
		const struct chg_tariff_rule *other = &draft->tariff->rule[i];
		if (strcmp(other->name, rule->rule.name) == 0) {
			CHG_DRAFT_ERROR(draft, rule->at,
				"rule %s stands in line %u already; give each rule a name of its "
				"own",
				show_name(other).text, other->line);
			return;
		}
	}
}

static bool asks_nothing(const struct chg_tariff_match *match)
{
	static const struct chg_tariff_match nothing;
	return chg_tariff_match_covers(match, &nothing);
}

static void complain_reach(struct chg_draft *draft, size_t index)
{
	const struct chg_draft_rule *rule = &draft->rule;
	const struct chg_tariff_rule *other = &draft->tariff->rule[index];
	if (!asks_nothing(&other->match))
		CHG_DRAFT_ERROR(draft, rule->at,
			"rule %s is never reached: rule %s in line %u takes everything that it "
			"asks for; move it above that line, or remove it",
			show_name(&rule->rule).text, show_name(other).text, other->line);
	else if (!draft->done[index].is_told) /* one mistake, not one for every rule below */
		CHG_DRAFT_ERROR(draft, rule->at,
			"rule %s is never reached, nor is any below: rule %s in line %u asks for "
			"nothing and so takes everything; make that one the last",
			show_name(&rule->rule).text, show_name(other).text, other->line);
	draft->done[index].is_told = true;
}

/* Everything that the rule asks for, an earlier one takes. */
static void check_reach(struct chg_draft *draft)
{
	const struct chg_draft_rule *rule = &draft->rule;
	if (rule->is_match_faulty || rule->rule.name[0] == '\0')
		return;
	for (size_t i = 0; i < draft->tariff->rule_count; i++) {
		if (draft->done[i].is_match_faulty ||
			!chg_tariff_match_covers(&draft->tariff->rule[i].match, &rule->rule.match))
			continue;
		complain_reach(draft, i);
		return;
	}
}

void chg_draft_finish_rule(struct chg_draft *draft)
{
	struct chg_draft_rule *rule = &draft->rule;
	struct chg_tariff *tariff = draft->tariff;
	check_name(draft);
	check_reach(draft);
	if (has_one_kind(draft)) {
		if (chg_draft_has(rule->free_at) || chg_draft_has(rule->uncontrolled_at))
			build_costless(rule);
		else
			build_flat(draft);
	}
	if (tariff->rule_count == CHG_TARIFF_RULE_MAX) {
		CHG_DRAFT_ERROR(draft, rule->at, "a tariff has at most %d rules; join some of them",
			CHG_TARIFF_RULE_MAX);
		return;
	}
	draft->done[tariff->rule_count] =
		(struct chg_draft_seen){ .at = rule->at, .is_match_faulty = rule->is_match_faulty };
	tariff->rule[tariff->rule_count++] = rule->rule;
}

/* --- the file --- */

static void warn_of_no_rest(struct chg_draft *draft)
{
	const struct chg_tariff *tariff = draft->tariff;
	for (size_t i = 0; i < tariff->rule_count; i++) {
		if (asks_nothing(&tariff->rule[i].match) || draft->done[i].is_match_faulty)
			return;
	}
	if (tariff->rule_count > 0)
		CHG_DRAFT_WARN(draft, draft->done[tariff->rule_count - 1].at,
			"no rule takes what none of the rules asks for: such requests are refused "
			"(5031); if that is not meant, add a last rule without match:");
}

static void check_zone(struct chg_draft *draft)
{
	struct chg_tariff *tariff = draft->tariff;
	if (tariff->shift_count > 0 || chg_draft_has(draft->zone_at))
		return;
	if (chg_draft_has(draft->times_at))
		CHG_DRAFT_ERROR(draft, draft->times_at,
			"times: nothing says which clock they follow; add zone: at the top of the "
			"file, as in Europe/Berlin");
	static const char utc[] = "UTC";
	memcpy(tariff->zone, utc, sizeof utc);
	tariff->shift_count = 1;
	tariff->shift[0] = (struct chg_zone_shift){ 0 };
}

void chg_draft_finish(struct chg_draft *draft)
{
	if (draft->yaml.is_broken)
		return;
	if (chg_draft_has(draft->rules_at) && draft->tariff->rule_count == 0 &&
		draft->errors->error_count == 0)
		CHG_DRAFT_ERROR(draft, draft->rules_at,
			"rules: there is no rule; add one, as in \"- message: 0.05 per message\"");
	check_zone(draft);
	if (chg_draft_has(draft->holidays_at) && draft->tariff->holiday_count == 0)
		CHG_DRAFT_WARN(draft, draft->holidays_at,
			"days: there are no holidays in this file; list them at the top, as in "
			"holidays: [2026-12-25]");
	warn_of_no_rest(draft);
}

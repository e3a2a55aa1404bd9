/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl tariff check and explain: what is wrong with a tariff, and what it makes of a request.
 */
#include "chgctl/command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/explain.h"
#include "chgctl/names.h"
#include "chgctl/when.h"
#include "core/party.h"
#include "core/rating.h"
#include "runtime/quote.h"
#include "runtime/tariff_read.h"
#include "runtime/tariff_value.h"

/* Where records are: without one there is nothing to look for. */
#define WITH_RECORD (CTL_BIT(DB) | CTL_BIT(CONFIG) | CTL_BIT(ARCHIVE) | CTL_BIT(ARCHIVE_DIR))

enum {
	LINE_MAX_LEN = 512,
};

/* A tariff and what was said of it. */
struct book {
	struct chg_tariff *tariff;
	struct chg_tariff_errors *errors;
	enum chg_rc rc;
};

/* A request that is only thought of, and what it comes to. */
struct trial {
	const char *path;
	const struct chg_tariff *tariff;
	struct chg_tariff_ask ask;
	struct chg_party party;
	struct chg_tariff_quantity units;
	uint64_t used_before;
	chg_instant at;

	const struct chg_tariff_rule *rule;
	const struct chg_tariff_band *band;
	struct chg_rated before, after;
	struct chg_rating_steps steps;
	bool has_setup; /* within the total */
	bool is_rounded;
	bool is_raised; /* by the minimum */
};

static void free_book(struct book *book)
{
	free(book->tariff);
	free(book->errors);
}

static struct book open_book(const char *path)
{
	struct book book = {
		.tariff = calloc(1, sizeof *book.tariff),
		.errors = calloc(1, sizeof *book.errors),
		.rc = CHG_E_NO_MEMORY,
	};
	if (book.tariff == NULL || book.errors == NULL)
		ctl_say("%s", chg_rc_sentence(CHG_E_NO_MEMORY));
	else
		book.rc = chg_tariff_read_file(path, book.tariff, book.errors);
	return book;
}

static void say_complaints(const struct book *book)
{
	for (size_t i = 0; book->errors != NULL && i < book->errors->count; i++)
		fprintf(stderr, "%s\n", book->errors->item[i].text);
	if (book->errors != NULL && book->errors->unlisted > 0)
		ctl_say("%zu more mistakes", book->errors->unlisted);
}

static json_t *json_complaints(const struct chg_tariff_errors *errors)
{
	json_t *list = json_array();
	for (size_t i = 0; i < errors->count; i++) {
		const struct chg_tariff_error *error = &errors->item[i];
		(void)json_array_append_new(
			list, json_pack("{s:i, s:i, s:s, s:o}", "line", (int)error->line, "column",
				      (int)error->column, "severity",
				      error->is_warning ? "warning" : "error", "text",
				      ctl_explain_json_text(error->text)));
	}
	return list;
}

static enum ctl_exit check_json(const char *path, const struct book *book)
{
	bool is_fine = book->rc == CHG_OK;
	enum ctl_exit exit = ctl_explain_write(json_pack("{s:o, s:b, s:I, s:I, s:o}", "file",
		ctl_explain_json_text(path), "acceptable", is_fine, "rules",
		(json_int_t)(is_fine ? book->tariff->rule_count : 0), "unlisted",
		(json_int_t)book->errors->unlisted, "complaints", json_complaints(book->errors)));
	return is_fine ? exit : CTL_EXIT_PROBLEM;
}

enum ctl_exit ctl_cmd_tariff_check(const struct ctl_call *call)
{
	const char *path = call->operand[0];
	__attribute__((cleanup(free_book))) struct book book = open_book(path);

	if (book.errors != NULL && ctl_args_has(&call->args, CTL_OPT_JSON))
		return check_json(path, &book);
	say_complaints(&book);
	if (book.rc != CHG_OK)
		return CTL_EXIT_PROBLEM;
	printf("%s is acceptable: tariff ", path);
	ctl_text_show(stdout, chg_view_of(book.tariff->name));
	printf(", %zu rule%s, %s\n", book.tariff->rule_count,
		book.tariff->rule_count == 1 ? "" : "s", chg_currency_code(book.tariff->currency));
	return CTL_EXIT_OK;
}

/* --- explain: what is asked --- */

static bool refuse(const char *option, const char *why)
{
	ctl_say("--%s: %s", option, why);
	return false;
}

static bool take_u32(const struct ctl_args *args, enum ctl_option option, chg_opt_u32 *ret)
{
	const char *text = args->value[option];
	char why[CHG_TARIFF_WHY_MAX];

	if (text == NULL)
		return true;
	ret->is_present = true;
	return chg_tariff_read_u32(chg_view_of(text), &ret->value, why) ||
	       refuse(ctl_option_rows[option].name, why);
}

static bool take_type(const struct ctl_args *args, chg_opt_i32 *ret)
{
	const char *text = args->value[CTL_OPT_TYPE];
	char message[CTL_MESSAGE_MAX];

	if (text == NULL)
		return true;
	ret->is_present = true;
	if (ctl_name_read_service(text, &ret->value, message))
		return true;
	ctl_say("%s", message);
	return false;
}

static bool take_party(const struct ctl_args *args, struct trial *trial)
{
	const char *text = args->value[CTL_OPT_TO];

	if (text == NULL)
		return true;
	if (chg_party_normalise(chg_view_of(text), &trial->party) != CHG_OK)
		return refuse("to", "write a party, as in sip:bob@partner.example or tel:+4930123");
	trial->ask.recipient = (struct chg_view){ trial->party.bytes, trial->party.len };
	return true;
}

static bool take_units(const struct ctl_args *args, struct trial *trial)
{
	const char *text = args->value[CTL_OPT_UNITS];
	char why[CHG_TARIFF_WHY_MAX];

	if (text == NULL)
		return refuse("units", "is needed; write what is used, as in \"3 messages\"");
	return chg_tariff_read_quantity(chg_view_of(text), true, &trial->units, why) ||
	       refuse("units", why);
}

/* A bare number counts single units: octets, not KB. */
static bool take_used(const struct ctl_args *args, struct trial *trial)
{
	const char *text = args->value[CTL_OPT_USED_BEFORE];
	struct chg_tariff_quantity before;
	char why[CHG_TARIFF_WHY_MAX];

	if (text == NULL || ctl_text_number(text, UINT64_MAX, &trial->used_before))
		return true;
	if (!chg_tariff_read_quantity(chg_view_of(text), true, &before, why))
		return refuse("used-before", why);
	if (before.unit != trial->units.unit)
		return refuse("used-before", "write the same kind of unit as in --units");
	trial->used_before = before.count;
	return true;
}

static bool take_at(const struct ctl_call *call, struct trial *trial)
{
	const char *text = call->args.value[CTL_OPT_AT];
	bool is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL);

	trial->at = call->now;
	return text == NULL || ctl_when_read(text, call->now, is_local, &trial->at) == CHG_OK ||
	       refuse("at", "write a time, as in 2026-11-20T09:15 or now");
}

static struct chg_view view_of(const struct ctl_args *args, enum ctl_option option)
{
	return chg_view_of(args->value[option]);
}

static bool take_trial(const struct ctl_call *call, struct trial *trial)
{
	const struct ctl_args *args = &call->args;

	trial->path = call->operand[0];
	trial->ask.context = view_of(args, CTL_OPT_CONTEXT);
	trial->ask.plan = view_of(args, CTL_OPT_PLAN);
	return take_party(args, trial) && take_type(args, &trial->ask.application_service_type) &&
	       take_u32(args, CTL_OPT_RATING_GROUP, &trial->ask.rating_group) &&
	       take_u32(args, CTL_OPT_SERVICE_IDENTIFIER, &trial->ask.service_id) &&
	       take_units(args, trial) && take_used(args, trial) && take_at(call, trial);
}

/* --- explain: what comes of it --- */

static bool find_rule(struct trial *trial)
{
	trial->rule = chg_tariff_find(trial->tariff, &trial->ask);
	if (trial->rule == NULL) {
		ctl_say("no rule of %s fits: such a request is refused (5031 RATING_FAILED); a "
			"last rule without match: would take it",
			trial->path);
		return false;
	}
	if (trial->rule->kind == CHG_TARIFF_FLAT && trial->rule->unit != trial->units.unit) {
		char name[LINE_MAX_LEN];
		(void)chg_quote_write(
			chg_view_of(trial->rule->name), CHG_QUOTE_ALWAYS, name, sizeof name);
		ctl_say("rule %s (line %u) has a price for %ss, and --units are %ss: they have "
			"no price here",
			name, trial->rule->line, chg_unit_text(trial->rule->unit),
			chg_unit_text(trial->units.unit));
		return false;
	}
	return true;
}

static bool is_uneven(const struct trial *trial)
{
	unsigned __int128 product =
		(unsigned __int128)trial->band->price.micros * trial->steps.counted;
	return product % trial->rule->per != 0;
}

static bool rate(struct trial *trial)
{
	struct chg_rated nothing = { 0 };
	enum chg_rc rc = chg_rating_add(trial->tariff, trial->rule, &nothing, trial->used_before,
		trial->at, &trial->before);
	if (rc == CHG_OK)
		rc = chg_rating_explain(trial->tariff, trial->rule, &trial->before,
			trial->units.count, trial->at, &trial->steps, &trial->after);
	if (rc != CHG_OK) {
		ctl_say("the amount is too large to be charged: %s", chg_rc_sentence(rc));
		return false;
	}
	bool is_flat = trial->rule->kind == CHG_TARIFF_FLAT;
	trial->band = &trial->rule->band[trial->steps.band];
	trial->has_setup = is_flat && trial->units.count > 0 && trial->rule->setup.micros != 0;
	trial->is_rounded = is_flat && is_uneven(trial);
	trial->is_raised =
		trial->units.count > 0 && chg_money_less(trial->steps.sum, trial->after.charged);
	return true;
}

static struct ctl_amount charge_now(const struct trial *trial)
{
	chg_money now = CHG_NO_MONEY;
	/* A charge only grows, and starts at nothing: the difference fits. */
	(void)chg_money_subtract(trial->after.charged, trial->before.charged, &now);
	return ctl_amount_of(now);
}

/* --- explain: in words --- */

static void add_reason(char reasons[LINE_MAX_LEN], const char *key, const char *value)
{
	size_t len = strlen(reasons);
	if (value[0] != '\0')
		(void)snprintf(reasons + len, LINE_MAX_LEN - len, "%s%s %s", len == 0 ? "" : ", ",
			key, value);
}

static void add_number(char reasons[LINE_MAX_LEN], const char *key, chg_opt_u32 number)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%" PRIu32, number.value);
	add_reason(reasons, key, number.is_present ? text : "");
}

static void show_rule(const struct trial *trial)
{
	const struct chg_tariff_match *match = &trial->rule->match;
	chg_opt_i32 type = match->application_service_type;
	const char *name = chg_tariff_service_text(type.value);
	chg_opt_u32 number = { type.is_present && name == NULL, (uint32_t)type.value };
	char reasons[LINE_MAX_LEN] = "";

	add_reason(reasons, "context", match->context);
	add_reason(reasons, "service", type.is_present && name != NULL ? name : "");
	add_number(reasons, "service", number);
	add_reason(reasons, "recipient", match->recipient);
	add_number(reasons, "rating group", match->rating_group);
	add_number(reasons, "service identifier", match->service_id);
	add_reason(reasons, "plan", match->plan);
	ctl_explain_line("rule", "%s (line %u), the first that fits: it asks for %.300s",
		trial->rule->name, trial->rule->line, reasons[0] == '\0' ? "nothing" : reasons);
}

static void show_time(const struct trial *trial)
{
	struct chg_tariff_time time = chg_tariff_time_at(trial->tariff, trial->at);
	char text[CTL_WHEN_MAX];

	ctl_when_write(trial->at, false, false, text);
	ctl_explain_line("time", "%s is %s %02u:%02u in %s%s", text,
		chg_tariff_day_text(time.weekday), time.minute / 60, time.minute % 60,
		trial->tariff->zone, time.is_holiday ? ", a holiday" : "");
}

static void show_price(const struct trial *trial)
{
	const struct chg_tariff_rule *rule = trial->rule;

	ctl_explain_line("price", "%s per %s (line %u)%s", ctl_amount_of(trial->band->price).text,
		rule->per == 1 ? chg_unit_text(rule->unit)
			       : ctl_quantity_of(rule->per, rule->unit).text,
		trial->band->line, rule->band_count > 1 ? ", which holds at that time" : "");
}

static void show_used(const struct trial *trial)
{
	enum chg_unit unit = trial->units.unit;

	if (trial->used_before == 0)
		ctl_explain_line("used", "%s", ctl_quantity_of(trial->units.count, unit).text);
	else
		ctl_explain_line("used", "%s before and %s now",
			ctl_quantity_of(trial->used_before, unit).text,
			ctl_quantity_of(trial->units.count, unit).text);
}

/* Of the whole session, as it is rated. */
static void show_usage(const struct trial *trial)
{
	const struct chg_tariff_rule *rule = trial->rule;
	char per[CTL_QUANTITY_MAX] = "";

	if (rule->increment > 1)
		ctl_explain_line("counted", "%s, in whole increments of %s",
			ctl_quantity_of(trial->steps.counted, rule->unit).text,
			ctl_quantity_of(rule->increment, rule->unit).text);
	if (trial->has_setup)
		ctl_explain_line(
			"set-up", "%s, once with the first unit", ctl_amount_of(rule->setup).text);
	if (rule->per > 1)
		(void)snprintf(per, sizeof per, " / %" PRIu64, rule->per);
	ctl_explain_line("usage", "%s = %" PRIu64 " x %s%s%s%s",
		ctl_amount_of(trial->steps.usage).text, trial->steps.counted,
		ctl_amount_of(trial->band->price).text, per, trial->is_rounded ? ", " : "",
		trial->is_rounded ? ctl_explain_rounding(rule->rounding) : "");
	if (trial->is_raised)
		ctl_explain_line("minimum", "%s, more than %s: it counts",
			ctl_amount_of(rule->minimum).text, ctl_amount_of(trial->steps.sum).text);
}

static void show_total(const struct trial *trial)
{
	const char *code = chg_currency_code(trial->tariff->currency);

	ctl_explain_line("total", "%s %s", ctl_amount_of(trial->after.charged).text, code);
	if (trial->used_before == 0)
		return;
	ctl_explain_line("before", "%s %s", ctl_amount_of(trial->before.charged).text, code);
	ctl_explain_line("now", "%s %s", charge_now(trial).text, code);
}

static void show(const struct trial *trial)
{
	ctl_explain_line("tariff", "%s of %s, in %s", trial->tariff->name, trial->path,
		chg_currency_code(trial->tariff->currency));
	show_rule(trial);
	if (trial->rule->band_count > 1)
		show_time(trial);
	if (trial->rule->kind == CHG_TARIFF_FLAT)
		show_price(trial);
	show_used(trial);
	if (trial->rule->kind == CHG_TARIFF_FREE)
		ctl_explain_line("free", "it is rated, counted and recorded at no cost");
	else if (trial->rule->kind == CHG_TARIFF_UNCONTROLLED)
		ctl_explain_line("free", "it is not charged: the client serves without asking");
	else if (trial->units.count > 0)
		show_usage(trial);
	show_total(trial);
}

/* --- explain: as data --- */

static const char *kind_text(enum chg_tariff_kind kind)
{
	switch (kind) {
#define KIND(name, text, sentence)                                                                 \
	case CHG_TARIFF_##name:                                                                    \
		return text;
#include "core/tariff_kind.def"
#undef KIND
	}
	return "";
}

static json_t *json_price(const struct trial *trial)
{
	const struct chg_tariff_rule *rule = trial->rule;
	if (rule->kind != CHG_TARIFF_FLAT)
		return json_null();
	return json_pack("{s:o, s:o, s:s, s:i}", "amount",
		ctl_explain_json_amount(trial->band->price), "per",
		ctl_explain_json_count(rule->per), "unit", chg_unit_text(rule->unit), "line",
		(int)trial->band->line);
}

static json_t *json_steps(const struct trial *trial)
{
	const struct chg_tariff_rule *rule = trial->rule;
	if (rule->kind != CHG_TARIFF_FLAT || trial->units.count == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:s?, s:o, s:b}", "increment",
		ctl_explain_json_count(rule->increment), "counted",
		ctl_explain_json_count(trial->steps.counted), "setup",
		ctl_explain_json_amount(trial->has_setup ? rule->setup : CHG_NO_MONEY), "usage",
		ctl_explain_json_amount(trial->steps.usage), "rounded",
		trial->is_rounded ? ctl_explain_rounding(rule->rounding) : NULL, "minimum",
		ctl_explain_json_amount(rule->minimum), "minimum_counts", trial->is_raised);
}

static enum ctl_exit show_json(const struct trial *trial)
{
	char at[CTL_WHEN_MAX];
	ctl_when_write(trial->at, false, false, at);
	return ctl_explain_write(json_pack(
		"{s:s, s:s, s:s, s:{s:s, s:i, s:s}, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
		"tariff", trial->tariff->name, "currency",
		chg_currency_code(trial->tariff->currency), "zone", trial->tariff->zone, "rule",
		"name", trial->rule->name, "line", (int)trial->rule->line, "kind",
		kind_text(trial->rule->kind), "at", at, "price", json_price(trial), "unit",
		chg_unit_text(trial->units.unit), "used_before",
		ctl_explain_json_count(trial->used_before), "used",
		ctl_explain_json_count(trial->units.count), "steps", json_steps(trial), "total",
		ctl_explain_json_amount(trial->after.charged), "before",
		ctl_explain_json_amount(trial->before.charged), "now",
		json_string(charge_now(trial).text)));
}

static bool has_file(const struct ctl_call *call)
{
	if (call->operand_count == 0) {
		ctl_say("`chgctl tariff explain` needs FILE, or --record ID for what a record was "
			"charged");
		return false;
	}
	for (enum ctl_option option = 0; option < CTL_OPT_COUNT; option++) {
		if ((WITH_RECORD >> option & 1) != 0 && ctl_args_has(&call->args, option))
			return refuse(ctl_option_rows[option].name,
				"goes with --record alone; a FILE is tried without a database");
	}
	return true;
}

enum ctl_exit ctl_cmd_tariff_explain(const struct ctl_call *call)
{
	struct trial trial = { 0 };

	if (ctl_args_has(&call->args, CTL_OPT_RECORD))
		return ctl_explain_record(call);
	if (!has_file(call) || !take_trial(call, &trial))
		return CTL_EXIT_USAGE;
	__attribute__((cleanup(free_book))) struct book book = open_book(trial.path);
	if (book.rc != CHG_OK) {
		say_complaints(&book);
		return CTL_EXIT_PROBLEM;
	}
	trial.tariff = book.tariff;
	if (!find_rule(&trial) || !rate(&trial))
		return CTL_EXIT_PROBLEM;
	if (ctl_args_has(&call->args, CTL_OPT_JSON))
		return show_json(&trial);
	show(&trial);
	return CTL_EXIT_OK;
}

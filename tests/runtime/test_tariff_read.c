/* SPDX-License-Identifier: BSD-3-Clause
 * Tariff files: what is read, what is complained about, where, and with which cure.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rating.h"
#include "runtime/tariff_read.h"
#include "runtime/tariff_zone.h"
#include "support/seed.h"
#include "support/table.h"

static struct chg_tariff tariff;
static struct chg_tariff_errors errors;

static enum chg_rc read_text(const char *text)
{
	memset(&tariff, 0x5a, sizeof tariff);
	memset(&errors, 0x5a, sizeof errors);
	return chg_tariff_read_text("t.yaml", chg_view_of(text), &tariff, &errors);
}

static void show_errors(void)
{
	for (size_t i = 0; i < errors.count; i++)
		print_message("%s\n", errors.item[i].text);
}

static bool is_told(const char *part, bool is_warning)
{
	for (size_t i = 0; i < errors.count; i++) {
		if (errors.item[i].is_warning == is_warning &&
			strstr(errors.item[i].text, part) != NULL)
			return true;
	}
	return false;
}

#define HEAD  "tariff: t\ncurrency: EUR\nzone: Europe/Berlin\nrules:\n"
#define ALL   "- rest: 0.01 per message\n"
#define TIMES "- name: t\n  price: 0.01 per message\n  times:\n"

/* --- what is complained about --- */

static const struct fault_row {
	const char *says;
	const char *text;
	const char *told; /* from its place on */
} fault_rows[] = {
	{ "an empty file has no tariff", "", "t.yaml: tariff: is missing; add it" },
	{ "an empty file has no currency", "", "t.yaml: currency: is missing; add it" },
	{ "an empty file has no rules", "", "t.yaml: rules: is missing; add it" },
	{ "what is no YAML ends the reading", "tariff: [", "t.yaml:2:1: this is not YAML" },
	{ "a second document", HEAD ALL "---\n",
		"t.yaml:6:1: a second document begins here; remove" },
	{ "an anchor", "tariff: &a t\n", "t.yaml:1:9: anchors (&), aliases (*)" },
	{ "a list instead of keys", "- a\n", "t.yaml:1:1: a tariff file is written as keys" },
	{ "an unknown key near a known one", "curency: EUR\n",
		"t.yaml:1:1: a tariff file has no \"curency\"; did you mean \"currency\"?" },
	{ "an unknown key", "colour: red\n",
		"t.yaml:1:1: a tariff file has no \"colour\"; it has tariff, currency, zone" },
	{ "a key twice", "tariff: a\ntariff: b\n",
		"t.yaml:2:1: tariff: stands here a second time; remove one" },
	{ "a key without a value", "zone:\n", "t.yaml:1:6: zone: there is no value; write one" },
	{ "an empty name", "tariff: \"\"\n", "t.yaml:1:9: tariff: write 1 to 127 characters" },
	{ "a name of two lines", "tariff: \"a\\nb\"\n", "tariff: write 1 to 127 characters" },
	{ "a list for a name", "tariff: [a, b]\n", "t.yaml:1:9: tariff: this is not one value" },
	{ "a currency in small letters", "currency: eur\n",
		"t.yaml:1:11: currency: there is no currency \"eur\"; did you mean EUR?" },
	{ "a currency that is none", "currency: coins\n",
		"there is no currency \"coins\"; write a code of ISO 4217" },
	{ "a zone that is none", "zone: Europe/Berlinn\n",
		"there is no zone \"Europe/Berlinn\"; did you mean Europe/Berlin?" },
	{ "a region that is none", "zone: Euorpe/Berlin\n", "did you mean Europe/Berlin?" },
	{ "a zone like nothing", "zone: Moonbase\n", "write a name below /usr/share/zoneinfo" },
	{ "a region for a zone", "zone: Europe\n", "there is no zone \"Europe\"" },
	{ "a zone out of its folder", "zone: ../../../etc/passwd\n", "there is no zone" },
	{ "a file of the folder that is no zone", "zone: zone1970.tab\n", "there is no zone" },
	{ "a date in another order", "holidays: [25.12.2026]\n",
		"t.yaml:1:12: holidays: \"25.12.2026\" is no date; write it as 2026-12-25" },
	{ "a day that is none", "holidays: [2026-02-29]\n",
		"there is no day 29 in 2026-02; write 01 to 28" },
	{ "a month that is none", "holidays: [2026-13-01]\n", "there is no month 13" },
	{ "a year too far away", "holidays: [2160-01-01]\n", "write a year from 2000 to 2060" },
	{ "rules that are no list", "rules: {}\n", "t.yaml:1:8: rules: this is no list" },
	{ "no rules", "tariff: t\ncurrency: EUR\nrules: []\n",
		"t.yaml:3:8: rules: there is no rule; add one" },
	{ "a rule that is a word", HEAD "- free\n", "t.yaml:5:3: a rule is written as keys" },
	{ "a rule without a price", HEAD "- name: a\n",
		"t.yaml:5:3: rule \"a\" has no price; add price:" },
	{ "a rule without a name", HEAD "- price: 1 per message\n",
		"t.yaml:5:3: the rule has no name; add name:" },
	{ "two rules of one name", HEAD "- {name: a, match: {plan: x}, free: true}\n- a: free\n",
		"t.yaml:6:3: rule \"a\" stands in line 5 already" },
	{ "a misspelt key", HEAD "- nmae: a\n  free: true\n",
		"t.yaml:5:3: a rule has no \"nmae\"; did you mean \"name\"?" },
	{ "a line without a price", HEAD "- chat: cheap\n",
		"t.yaml:5:3: \"chat\" is no key of a rule, and no price follows it; write \"- "
		"chat:" },
	{ "a line with further keys", HEAD "- chat: 1 per message\n  round: up\n",
		"t.yaml:6:3: a rule of one line has no further keys; write name: chat" },
	{ "a comma in an amount", HEAD "- a: 0,05 per message\n",
		"t.yaml:5:6: a: \"0,05\" has a comma; write a point" },
	{ "an amount below zero", HEAD "- a: -1 per message\n", "\"-1\" is below zero; write 0" },
	{ "an amount finer than a millionth", HEAD "- a: 0.0000001 per message\n",
		"\"0.0000001\" is finer than a millionth" },
	{ "an amount too large", HEAD "- a: 99999999999999 per message\n", "is too large" },
	{ "a price for nothing", HEAD "- a: 0.05\n", "\"0.05\" does not say what it is for" },
	{ "a price with a currency", HEAD "- a: 0.05 EUR per message\n",
		"does not say what it is" },
	{ "a price in words", HEAD "- {name: a, price: cheap}\n", "\"cheap\" is no price" },
	{ "an empty price", HEAD "- {name: a, price: \"\"}\n", "is no price; write one as" },
	{ "a price for no units", HEAD "- a: 1 per 0 KB\n", "0 units are nothing; write 1" },
	{ "an unknown unit", HEAD "- a: 1 per mesage\n",
		"there is no unit \"mesage\"; did you mean message?" },
	{ "a unit in another case", HEAD "- a: 1 per 10 Kb\n", "did you mean KB?" },
	{ "a unit that is none", HEAD "- a: 1 per parsec\n",
		"no unit \"parsec\"; there is message" },
	{ "a missing unit", HEAD "- a: 1 per 10\n", "there is no unit \"10\"" },
	{ "too many words", HEAD "- a: 1 per 10 big fat KB\n", "has no place before KB" },
	{ "a direction of messages", HEAD "- a: 1 per input message\n", "has no place before" },
	{ "units beyond 64 bits", HEAD "- a: 1 per 18446744073709551615 GB\n", "more than 2^64" },
	{ "an unknown service", HEAD "- {name: a, match: {service: SENDIN}, free: true}\n",
		"there is no service \"SENDIN\"; did you mean SENDING?" },
	{ "a star in the middle", HEAD "- {name: a, match: {context: \"a*b\"}, free: true}\n",
		"a * stands in front" },
	{ "a star alone", HEAD "- {name: a, match: {context: \"*\"}, free: true}\n",
		"leave the key out for all" },
	{ "a star before a user's domain",
		HEAD "- {name: a, match: {recipient: \"*@x.example\"}, free: true}\n",
		"a * stands for any hosts of a domain" },
	{ "a rating group that is no number",
		HEAD "- {name: a, match: {rating-group: x}, free: true}\n",
		"rating-group: \"x\" is no number from 0 to 4294967295" },
	{ "an unknown key in match", HEAD "- {name: a, match: {plann: x}, free: true}\n",
		"match: has no \"plann\"; did you mean \"plan\"?" },
	{ "free and a price", HEAD "- {name: a, free: true, price: 1 per message}\n",
		"free: true and price: exclude each other" },
	{ "free and not charged", HEAD "- {name: a, free: true, not-charged: true}\n",
		"free: true and not-charged: exclude each other" },
	{ "free that is false", HEAD "- {name: a, free: false}\n", "it can only be true" },
	{ "an increment of another unit",
		HEAD "- {name: a, price: 1 per message, increment: 1 KB}\n",
		"t.yaml:5:46: increment: counts octets, but the rule's price is for messages" },
	{ "an increment without a unit", HEAD "- {name: a, price: 1 per message, increment: 5}\n",
		"\"5\" has no unit" },
	{ "a rounding that is none", HEAD "- {name: a, price: 1 per message, round: upp}\n",
		"there is no rounding \"upp\"; did you mean up?" },
	{ "a rule behind one that takes all",
		HEAD ALL "- {name: b, match: {plan: x}, free: true}\n",
		"t.yaml:6:3: rule \"b\" is never reached, nor is any below: rule \"rest\" in line "
		"5" },
	{ "a rule behind one that takes what it asks for",
		HEAD "- {name: a, match: {recipient: \"*.x.example\"}, free: true}\n"
		     "- {name: b, match: {recipient: im.x.example, plan: y}, free: true}\n" ALL,
		"t.yaml:6:3: rule \"b\" is never reached: rule \"a\" in line 5 takes everything "
		"that" },
	{ "times that overlap",
		HEAD TIMES "  - {until: \"09:00\", price: 1 per message}\n"
			   "  - {days: [sun], from: \"08:59\", price: 2 per message}\n",
		"t.yaml:9:5: overlaps the time in line 8, sun at 08:59" },
	{ "times that leave a gap",
		HEAD "- name: a\n  times: [{days: weekdays, price: 1 per message},\n"
		     "  {days: weekend, price: 2 per message}]\n",
		"t.yaml:6:10: times: leave a gap, holidays at 00:00; add price: to rule \"a\"" },
	{ "a minute that is left out",
		HEAD "- name: a\n  times: [{until: \"08:00\", price: 1 per message},\n"
		     "  {from: \"08:01\", price: 2 per message}]\n",
		"leave a gap, mon at 08:00" },
	{ "times of another unit", HEAD TIMES "  - {until: \"09:00\", price: 1 per hour}\n",
		"price: counts seconds, but the rule's price is for messages" },
	{ "a time without a price", HEAD TIMES "  - {until: \"09:00\"}\n",
		"t.yaml:8:5: the time has no price" },
	{ "an empty time",
		HEAD TIMES "  - {from: \"09:00\", until: \"09:00\", price: 1 per message}\n",
		"the time is empty" },
	{ "a time over midnight on some days",
		HEAD TIMES
		"  - {days: [fri], from: \"22:00\", until: \"06:00\", price: 1 per message}\n",
		"the time goes over midnight" },
	{ "no time of the day", HEAD TIMES "  - {from: \"8:00\", price: 1 per message}\n",
		"\"8:00\" is no time of the day; write 00:00 to 24:00" },
	{ "a time behind the day's end",
		HEAD TIMES "  - {until: \"24:01\", price: 1 per message}\n",
		"\"24:01\" is no time of the day" },
	{ "a day that is none", HEAD TIMES "  - {days: [mo], price: 1 per message}\n",
		"there is no day \"mo\"; did you mean mon?" },
	{ "no days", HEAD TIMES "  - {days: [], price: 1 per message}\n",
		"t.yaml:8:12: days: the list is empty" },
	{ "times without a zone",
		"tariff: t\ncurrency: EUR\nrules:\n" TIMES
		"  - {until: \"09:00\", price: 1 per message}\n",
		"t.yaml:7:3: times: nothing says which clock they follow; add zone:" },
	{ "no times", HEAD "- name: a\n  price: 1 per message\n  times: []\n",
		"times: the list is empty; add a time" },
	{ "prices without a common number of units",
		HEAD "- name: a\n  times:\n"
		     "  - {until: \"09:00\", price: 1 per 18446744073709551615 octets}\n"
		     "  - {from: \"09:00\", price: 1 per 18446744073709551614 octets}\n",
		"too large a common multiple" },
};

static void fault_row_holds(void **state)
{
	const struct fault_row *row = *state;
	assert_int_equal(read_text(row->text), CHG_E_CONFIG);
	assert_true(errors.error_count > 0);
	if (!is_told(row->told, false)) {
		show_errors();
		fail_msg("nothing says \"%s\"", row->told);
	}
}

static const struct warning_row {
	const char *says;
	const char *text;
	const char *told; /* NULL: nothing at all */
} warning_rows[] = {
	{ "one line is a tariff", "tariff: t\ncurrency: EUR\nrules: [message: 0.05 per message]\n",
		NULL },
	{ "free in one line", HEAD "- all: free\n", NULL },
	{ "not charged in one line", HEAD "- all: not-charged\n", NULL },
	{ "a holiday out of its order", "holidays: [2026-12-26, 2026-12-25]\n" HEAD ALL,
		"t.yaml:1:24: warning: holidays: the date is earlier than the one before it" },
	{ "a holiday twice", "holidays: [2026-12-26, 2026-12-26]\n" HEAD ALL,
		"t.yaml:1:24: warning: holidays: the date stands here a second time; remove it" },
	{ "holidays without any", HEAD TIMES "  - {days: holidays, price: 2 per message}\n",
		"t.yaml:8:12: warning: days: there are no holidays in this file" },
	{ "a price of nothing", HEAD "- a: 0 per message\n",
		"t.yaml:5:6: warning: price: the price is 0; if rule \"a\" is meant to be free" },
	{ "no rule for the rest", HEAD "- {name: a, match: {plan: x}, free: true}\n",
		"t.yaml:5:3: warning: no rule takes what none of the rules asks for" },
};

static void warning_row_holds(void **state)
{
	const struct warning_row *row = *state;
	if (read_text(row->text) != CHG_OK) {
		show_errors();
		fail_msg("the tariff is refused");
	}
	assert_int_equal(errors.error_count, 0);
	assert_int_equal(errors.count, row->told == NULL ? 0 : 1);
	if (row->told != NULL)
		assert_true(is_told(row->told, true));
}

static void ten_mistakes_are_ten_complaints_in_the_order_of_the_file(void **state)
{
	(void)state;
	static const struct {
		uint32_t line, column;
		const char *cure;
	} expected[] = {
		{ 3, 11, "did you mean EUR?" },
		{ 4, 7, "did you mean Europe/Berlin?" },
		{ 5, 24, "write 01 to 30" },
		{ 9, 16, "did you mean SENDING?" },
		{ 10, 12, "write a point" },
		{ 14, 12, "did you mean message?" },
		{ 19, 16, "one rule counts one kind of unit" },
		{ 26, 9, "let one end where the other begins" },
		{ 28, 5, "add price:" },
		{ 31, 5, "move it above that line" },
	};
	assert_int_equal(chg_tariff_read_file(CHG_SOURCE_DIR "/tests/runtime/ten_mistakes.yaml",
				 &tariff, &errors),
		CHG_E_CONFIG);
	show_errors();
	assert_int_equal(errors.count, 10);
	assert_int_equal(errors.error_count, 10);
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(errors.item[i].line, expected[i].line);
		assert_int_equal(errors.item[i].column, expected[i].column);
		assert_non_null(strstr(errors.item[i].text, expected[i].cure));
	}
}

/* --- what is read --- */

static int64_t cost_of(const char *rule_text, uint64_t units, int64_t at_s)
{
	char text[1024];
	snprintf(text, sizeof text, "holidays: [2026-12-25]\n" HEAD "%s", rule_text);
	if (read_text(text) != CHG_OK) {
		show_errors();
		fail_msg("refused: %s", rule_text);
	}
	struct chg_rated before = { 0 }, after;
	assert_int_equal(chg_rating_add(&tariff, &tariff.rule[0], &before, units,
				 (chg_instant){ at_s * CHG_US_PER_S }, &after),
		CHG_OK);
	return after.charged.micros;
}

/* In Berlin: Friday 20 November 2026 12:00, Saturday 02:00, Christmas 12:00, Friday 10 July 12:00 */
#define FRIDAY    INT64_C(1795172400)
#define SATURDAY  INT64_C(1795222800)
#define CHRISTMAS INT64_C(1798196400)
#define SUMMER    INT64_C(1783677600)

static const struct cost_row {
	const char *says;
	const char *rule;
	uint64_t units;
	int64_t at_s;
	int64_t cost;
} cost_rows[] = {
	{ "a line", "- m: 0.05 per message\n", 3, FRIDAY, 150000 },
	{ "a comment beside it", "- m: 0.05 per message # dear\n", 3, FRIDAY, 150000 },
	{ "a minute is sixty seconds", "- m: 0.06 per minute\n", 1, FRIDAY, 1000 },
	{ "an hour is sixty minutes", "- m: 3.60 per hour\n", 1, FRIDAY, 1000 },
	{ "KB are thousands", "- m: 1 per 2 KB\n", 2000, FRIDAY, 1000000 },
	{ "KiB are 1024", "- m: 1 per KiB\n", 1024, FRIDAY, 1000000 },
	{ "GiB fit", "- m: 1 per GiB\n", UINT64_C(1073741824), FRIDAY, 1000000 },
	{ "input octets", "- m: 1 per 10 input octets\n", 10, FRIDAY, 1000000 },
	{ "everything together",
		"- {name: m, price: 0.01 per 10 KB, setup: 0.10, increment: 1 KB, minimum: 0.15}\n",
		10001, FRIDAY, 150000 },
	{ "above the minimum",
		"- {name: m, price: 0.01 per 10 KB, setup: 0.10, increment: 1 KB, minimum: 0.10}\n",
		10001, FRIDAY, 111000 },
	{ "down", "- {name: m, price: 0.000001 per 3 messages, round: down}\n", 5, FRIDAY, 1 },
	{ "half-even", "- {name: m, price: 0.000001 per 2 messages, round: half-even}\n", 3, FRIDAY,
		2 },
	{ "a weekday",
		"- {name: m, price: 1 per message, times: [{days: weekdays, price: 2 per "
		"message}]}\n",
		1, FRIDAY, 2000000 },
	{ "no weekday",
		"- {name: m, price: 1 per message, times: [{days: weekdays, price: 2 per "
		"message}]}\n",
		1, SATURDAY, 1000000 },
	{ "a holiday is no weekday",
		"- {name: m, price: 1 per message, times: [{days: weekdays, "
		"price: 2 per message}]}\n",
		1, CHRISTMAS, 1000000 },
	{ "a holiday",
		"- {name: m, price: 1 per message, times: [{days: [holidays, sun], price: 2 "
		"per message}]}\n",
		1, CHRISTMAS, 2000000 },
	{ "over midnight",
		"- {name: m, price: 1 per message, times: [{from: \"22:00\", until: "
		"\"06:00\", price: 2 per message}]}\n",
		1, SATURDAY, 2000000 },
	{ "winter time",
		"- {name: m, price: 1 per message, times: [{from: \"12:00\", until: "
		"\"12:01\", price: 2 per message}]}\n",
		1, FRIDAY, 2000000 },
	{ "summer time",
		"- {name: m, price: 1 per message, times: [{from: \"12:00\", until: "
		"\"12:01\", price: 2 per message}]}\n",
		1, SUMMER, 2000000 },
	{ "prices for an hour and for a minute",
		"- {name: m, price: 0.60 per hour, times: [{days: [fri], price: 0.02 per "
		"minute}]}\n",
		3600, FRIDAY, 1200000 },
	{ "and the other way round",
		"- {name: m, price: 0.60 per hour, times: [{days: [fri], price: 0.02 per "
		"minute}]}\n",
		3600, SATURDAY, 600000 },
	{ "prices for large numbers of units need only a common one",
		"- {name: m, price: 1 per 20000000000000 octets, times: [{days: [fri], price: 1 "
		"per 10000000000000 octets}]}\n",
		UINT64_C(10000000000000), FRIDAY, 1000000 },
	{ "times for everything need no price",
		"- {name: m, times: [{until: \"13:00\", price: 1 per message}, {from: \"13:00\", "
		"price: 2 per message}]}\n",
		1, FRIDAY, 1000000 },
};

static void cost_row_holds(void **state)
{
	const struct cost_row *row = *state;
	assert_true(cost_of(row->rule, row->units, row->at_s) == row->cost);
}

static void everything_that_a_rule_asks_for_is_read(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(HEAD "- name: a\n"
			       "  match: {context: \"*32260@3gpp.org\", service: sending,\n"
			       "    recipient: \"*.Partner.Example\", rating-group: 100,\n"
			       "    service-identifier: 5, plan: gold}\n"
			       "  free: true\n"
			       "- {name: b, match: {recipient: \"+49 (30) 1\"}, free: true}\n"
			       "- {name: c, match: {recipient: \"Bob@X.Example\"}, free: true}\n"
			       "- {name: d, match: {service: 104}, not-charged: true}\n" ALL),
		CHG_OK);
	assert_string_equal(tariff.name, "t");
	assert_int_equal(tariff.currency.number, 978);
	assert_string_equal(tariff.zone, "Europe/Berlin");
	assert_int_equal(tariff.rule_count, 5);
	const struct chg_tariff_rule *rule = &tariff.rule[0];
	assert_string_equal(rule->match.context, "*32260@3gpp.org");
	assert_string_equal(rule->match.recipient, "*.partner.example");
	assert_string_equal(rule->match.plan, "gold");
	assert_true(rule->match.service_id.is_present && rule->match.service_id.value == 5);
	assert_true(rule->match.rating_group.value == 100);
	assert_true(rule->match.application_service_type.value == 100);
	assert_int_equal(rule->line, 5);
	assert_int_equal(rule->kind, CHG_TARIFF_FREE);
	assert_string_equal(tariff.rule[1].match.recipient, "tel:+49301");
	assert_string_equal(tariff.rule[2].match.recipient, "sip:Bob@x.example");
	assert_int_equal(tariff.rule[3].kind, CHG_TARIFF_UNCONTROLLED);
	assert_string_equal(tariff.rule[4].name, "rest");
}

static void holidays_are_in_order_and_leap_days_exist(void **state)
{
	(void)state;
	assert_int_equal(
		read_text("holidays: [2028-02-29, 2026-12-25, 2027-01-01, 2000-01-01]\n" HEAD ALL),
		CHG_OK);
	static const int32_t days[] = { 10957, 20812, 20819, 21243 };
	assert_int_equal(tariff.holiday_count, COUNT(days));
	assert_memory_equal(tariff.holiday, days, sizeof days);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(chg_tariff_read_file("/nowhere/t.yaml", &tariff, &errors), CHG_E_SYSTEM);
	assert_true(is_told("/nowhere/t.yaml: the file cannot be read: No such file", false));
}

static void complaints_without_room_are_counted(void **state)
{
	(void)state;
	char text[4096] = HEAD;
	size_t len = strlen(text);
	for (size_t i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "- x%zu: 1 per x\n", i);
	assert_int_equal(read_text(text), CHG_E_CONFIG);
	assert_int_equal(errors.count, CHG_TARIFF_ERROR_MAX);
	assert_int_equal(errors.count + errors.unlisted, errors.error_count);
	assert_true(errors.unlisted >= 36);
}

static void the_example_is_acceptable(void **state)
{
	(void)state;
	if (chg_tariff_read_file(CHG_SOURCE_DIR "/conf/tariff.yaml", &tariff, &errors) != CHG_OK) {
		show_errors();
		fail_msg("conf/tariff.yaml is refused");
	}
	assert_int_equal(errors.count, 0);
}

/* Each block of conf/TARIFF.md that begins with "tariff:" is a tariff without a complaint. */
static void every_tariff_in_the_manual_is_acceptable(void **state)
{
	(void)state;
	FILE *from = fopen(CHG_SOURCE_DIR "/conf/TARIFF.md", "r");
	assert_non_null(from);
	static char manual[65536];
	size_t len = fread(manual, 1, sizeof manual - 1, from);
	fclose(from);
	manual[len] = '\0';
	size_t count = 0;
	for (char *at = manual; (at = strstr(at, "```yaml\ntariff:")) != NULL; count++) {
		at += strlen("```yaml\n");
		char *end = strstr(at, "```");
		assert_non_null(end);
		struct chg_view text = { at, (size_t)(end - at) };
		if (chg_tariff_read_text("TARIFF.md", text, &tariff, &errors) != CHG_OK ||
			errors.count > 0) {
			show_errors();
			fail_msg("refused:\n%.*s", (int)text.len, text.ptr);
		}
		at = end + 3;
	}
	assert_true(count >= 4);
}

/* --- zones --- */

static const struct zone_row {
	const char *says;
	const char *zone;
	int64_t at_s;
	int32_t offset_s;
} zone_rows[] = {
	{ "Berlin before the table is as at its beginning", "Europe/Berlin", 0, 3600 },
	{ "Berlin in summer 2001", "Europe/Berlin", 994000000, 7200 },
	{ "Berlin a second before summer 2026", "Europe/Berlin", 1774745999, 3600 },
	{ "Berlin in the first second of summer 2026", "Europe/Berlin", 1774746000, 7200 },
	{ "Berlin in summer 2059, by the rule", "Europe/Berlin", INT64_C(2824000000), 7200 },
	{ "Berlin in winter 2060, by the rule", "Europe/Berlin", INT64_C(2871000000), 3600 },
	{ "Sydney in January, the other half of the world", "Australia/Sydney", INT64_C(2557000000),
		39600 },
	{ "Sydney in July", "Australia/Sydney", INT64_C(2540000000), 36000 },
	{ "Kolkata, half an hour", "Asia/Kolkata", INT64_C(2557000000), 19800 },
	{ "Kathmandu, three quarters", "Asia/Kathmandu", INT64_C(1795172400), 20700 },
	{ "New York in winter, west of Greenwich", "America/New_York", INT64_C(2557000000),
		-18000 },
	{ "Lord Howe, half an hour of summer", "Australia/Lord_Howe", INT64_C(2557000000), 39600 },
	{ "Dublin, whose winter is the exception", "Europe/Dublin", INT64_C(2557000000), 0 },
	{ "UTC", "UTC", INT64_C(1795172400), 0 },
};

static void zone_row_holds(void **state)
{
	const struct zone_row *row = *state;
	char why[CHG_TARIFF_WHY_MAX];
	memset(&tariff, 0, sizeof tariff);
	assert_int_equal(
		chg_tariff_zone_read(CHG_ZONE_FOLDER, chg_view_of(row->zone), &tariff, why),
		CHG_OK);
	assert_int_equal(chg_tariff_offset_at(&tariff, (chg_instant){ row->at_s * CHG_US_PER_S }),
		row->offset_s);
}

/* The C library reads the same files in its own way; here no other thread minds its TZ. */
static void zones_are_as_the_c_library_knows_them(void **state)
{
	(void)state;
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Tehran",
		"Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia",
		"Europe/Dublin", "Asia/Gaza", "Antarctica/Troll", "America/Nuuk", "Etc/GMT+5" };
	char why[CHG_TARIFF_WHY_MAX];
	for (size_t i = 0; i < COUNT(zones); i++) {
		memset(&tariff, 0, sizeof tariff);
		if (chg_tariff_zone_read(CHG_ZONE_FOLDER, chg_view_of(zones[i]), &tariff, why) !=
			CHG_OK)
			fail_msg("%s", why);
		assert_int_equal(setenv("TZ", zones[i], 1), 0);
		tzset();
		/* 2000-01-01 to 2060-12-31, every seven hours less a second. */
		for (int64_t at_s = 946684800; at_s < INT64_C(2871763200); at_s += 25199) {
			struct tm local;
			time_t at = (time_t)at_s;
			assert_non_null(localtime_r(&at, &local));
			int32_t offset =
				chg_tariff_offset_at(&tariff, (chg_instant){ at_s * CHG_US_PER_S });
			if (offset != local.tm_gmtoff)
				fail_msg("%s at %lld: %d, not %ld", zones[i], (long long)at_s,
					offset, local.tm_gmtoff);
		}
	}
	unsetenv("TZ");
	tzset();
}

/* A zone file without a list: only the line of its rule. */
static size_t write_zone(const char *rule, char *ret, size_t room)
{
	static const char head[44] = { 'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 1 };
	size_t len = 0;
	for (int block = 0; block < 2; block++) {
		memcpy(ret + len, head, sizeof head);
		memset(ret + len + sizeof head, 0, 7);
		len += sizeof head + 7;
	}
	return len + (size_t)snprintf(ret + len, room - len, "\n%s\n", rule);
}

static const struct rule_row {
	const char *says;
	const char *rule;
	enum chg_rc rc;
	size_t shifts;
} rule_rows[] = {
	{ "no summer", "CET-1", CHG_OK, 1 },
	{ "days of weeks", "CET-1CEST,M3.5.0,M10.5.0/3", CHG_OK, 123 },
	{ "days of the year", "A3B,J60,J300", CHG_OK, 123 },
	{ "days from zero", "A3B,59/-1:30,299/+25:00:00", CHG_OK, 123 },
	{ "names in brackets", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", CHG_OK, 123 },
	{ "an empty rule", "", CHG_OK, 1 },
	{ "no name", "-1", CHG_E_SYNTAX, 0 },
	{ "no offset", "CET", CHG_E_SYNTAX, 0 },
	{ "a bracket that stays open", "<-03", CHG_E_SYNTAX, 0 },
	{ "no rule for summer", "CET-1CEST", CHG_E_SYNTAX, 0 },
	{ "half a rule", "CET-1CEST,M3.5.0", CHG_E_SYNTAX, 0 },
	{ "month 13", "CET-1CEST,M13.5.0,M10.5.0", CHG_E_SYNTAX, 0 },
	{ "day 0 of the year", "CET-1CEST,J0,M10.5.0", CHG_E_SYNTAX, 0 },
	{ "an offset of days", "CET-100", CHG_E_SYNTAX, 0 },
	{ "something behind it", "CET-1CEST,M3.5.0,M10.5.0/3x", CHG_E_SYNTAX, 0 },
};

static void rule_row_holds(void **state)
{
	const struct rule_row *row = *state;
	char bytes[256];
	size_t len = write_zone(row->rule, bytes, sizeof bytes);
	memset(&tariff, 0, sizeof tariff);
	assert_int_equal(chg_tariff_zone_parse((struct chg_view){ bytes, len }, &tariff), row->rc);
	if (row->rc == CHG_OK)
		assert_int_equal(tariff.shift_count, row->shifts);
}

/* J60 is 1 March in every year; 59 is 29 February in a leap year and 1 March otherwise. */
static void days_of_the_year_know_of_leap_years(void **state)
{
	(void)state;
	static const struct {
		const char *rule;
		int64_t at_s; /* the second in which summer begins, 02:00 three hours behind UTC */
	} rows[] = {
		{ "A3B,J60,J300", INT64_C(1835499600) }, /* 2028-03-01T05:00:00Z */
		{ "A3B,J60,J300", INT64_C(1803877200) }, /* 2027-03-01T05:00:00Z */
		{ "A3B,J59,J300", INT64_C(1835326800) }, /* 2028-02-28T05:00:00Z */
		{ "A3B,59,J300", INT64_C(1835413200) },  /* 2028-02-29T05:00:00Z */
		{ "A3B,59,J300", INT64_C(1803877200) },  /* 2027-03-01T05:00:00Z */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char bytes[256];
		size_t len = write_zone(rows[i].rule, bytes, sizeof bytes);
		chg_instant at = { rows[i].at_s * CHG_US_PER_S };
		memset(&tariff, 0, sizeof tariff);
		assert_int_equal(
			chg_tariff_zone_parse((struct chg_view){ bytes, len }, &tariff), CHG_OK);
		assert_int_equal(chg_tariff_offset_at(&tariff, at), -7200);
		at.us--;
		assert_int_equal(chg_tariff_offset_at(&tariff, at), -10800);
	}
}

/* Cut short or with octets changed, a zone file is refused or read; it never does harm. */
static void a_damaged_zone_does_no_harm(void **state)
{
	(void)state;
	static char bytes[8192], damaged[8192];
	FILE *from = fopen(CHG_ZONE_FOLDER "/Europe/Berlin", "r");
	assert_non_null(from);
	size_t len = fread(bytes, 1, sizeof bytes, from);
	fclose(from);
	uint64_t seed = 21;
	for (size_t round = 0; round < 5000; round++) {
		size_t part = seed_one_in(&seed, 2) ? len : seed_below(&seed, (uint32_t)len);
		memcpy(damaged, bytes, len);
		for (size_t i = 0; i < 1 + seed_below(&seed, 6); i++)
			damaged[seed_below(&seed, (uint32_t)len)] = (char)seed_next(&seed);
		char *exact = malloc(part + 1);
		assert_non_null(exact);
		memcpy(exact, damaged, part);
		memset(&tariff, 0, sizeof tariff);
		if (chg_tariff_zone_parse((struct chg_view){ exact, part }, &tariff) == CHG_OK)
			assert_in_range(tariff.shift_count, 1, CHG_ZONE_SHIFT_MAX);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_mistakes_are_ten_complaints_in_the_order_of_the_file),
		cmocka_unit_test(everything_that_a_rule_asks_for_is_read),
		cmocka_unit_test(holidays_are_in_order_and_leap_days_exist),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(complaints_without_room_are_counted),
		cmocka_unit_test(the_example_is_acceptable),
		cmocka_unit_test(every_tariff_in_the_manual_is_acceptable),
		cmocka_unit_test(zones_are_as_the_c_library_knows_them),
		cmocka_unit_test(days_of_the_year_know_of_leap_years),
		cmocka_unit_test(a_damaged_zone_does_no_harm),
	};
	int failed = TABLE_RUN("refused", fault_rows, fault_row_holds);
	failed += TABLE_RUN("warned of", warning_rows, warning_row_holds);
	failed += TABLE_RUN("cost", cost_rows, cost_row_holds);
	failed += TABLE_RUN("zones", zone_rows, zone_row_holds);
	failed += TABLE_RUN("zone rules", rule_rows, rule_row_holds);
	failed += cmocka_run_group_tests_name("tariff files", tests, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

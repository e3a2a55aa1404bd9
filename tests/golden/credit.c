/* SPDX-License-Identifier: BSD-3-Clause
 * Credit control as words.
 */
#include "golden/credit.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	INDENT = 2,
	WORD_MAX = 32,
};

static const char *const unit_words[CHG_UNIT_COUNT] = {
	[CHG_UNIT_SECONDS] = "seconds",
	[CHG_UNIT_OCTETS] = "octets",
	[CHG_UNIT_OCTETS_IN] = "octets-in",
	[CHG_UNIT_OCTETS_OUT] = "octets-out",
	[CHG_UNIT_MESSAGES] = "messages",
};

static const struct {
	const char *word;
	enum chg_cc_culprit culprit;
} culprits[] = {
	{ "context", CHG_CULPRIT_SERVICE_CONTEXT },
	{ "subscription", CHG_CULPRIT_SUBSCRIPTION },
	{ "service", CHG_CULPRIT_SERVICE },
	{ "unit", CHG_CULPRIT_UNIT },
	{ "money", CHG_CULPRIT_MONEY },
	{ "refund", CHG_CULPRIT_REFUND },
	{ "number", CHG_CULPRIT_NUMBER },
};

/* ---- Reading ------------------------------------------------------------------------------------ */

/* The next word of a line; false at its end. */
static bool next_word(const char **at, char ret[WORD_MAX])
{
	int len = 0;
	if (sscanf(*at, "%*[ ]%n", &len) == EOF)
		return false;
	*at += len;
	len = 0;
	if (sscanf(*at, "%31[^ \n]%n", ret, &len) != 1)
		return false;
	*at += len;
	return true;
}

static bool read_number(const char **at, uint64_t *ret)
{
	char word[WORD_MAX], *end;
	if (!next_word(at, word))
		return false;
	*ret = strtoull(word, &end, 10);
	return *end == '\0';
}

/* "1.20 EUR" */
static bool read_money(const char **at, chg_money *ret, chg_currency *ret_currency)
{
	char amount[WORD_MAX], currency[WORD_MAX];
	return next_word(at, amount) && next_word(at, currency) &&
	       chg_money_parse(chg_view_of(amount), ret) == CHG_OK &&
	       chg_currency_parse(chg_view_of(currency), ret_currency) == CHG_OK;
}

static bool read_unit(const char **at, const char *word, struct chg_units *units)
{
	units->is_present = true;
	if (strcmp(word, "money") == 0) {
		units->has_money = true;
		return read_money(at, &units->money, &units->currency);
	}
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		if (strcmp(word, unit_words[i]) != 0)
			continue;
		units->of[i].is_present = true;
		return read_number(at, &units->of[i].value);
	}
	return false;
}

/* "2001 seconds 30 validity 3600 final" */
static bool read_service(const char *at, struct chg_cca *cca)
{
	char word[WORD_MAX];
	uint64_t number;
	if (cca->service_count == CHG_SERVICE_MAX || !read_number(&at, &number))
		return false;
	struct chg_service_reply *reply = &cca->service[cca->service_count++];
	reply->result_code = (uint32_t)number;
	bool is_good = true;
	while (is_good && next_word(&at, word)) {
		if (strcmp(word, "final") == 0) {
			reply->is_final = true;
		} else if (strcmp(word, "validity") == 0) {
			is_good = read_number(&at, &number);
			reply->validity_s = (chg_opt_u32){ true, (uint32_t)number };
		} else if (strcmp(word, "handle") == 0) {
			is_good = next_word(&at, word);
			reply->refund_len = strlen(word);
			memcpy(reply->refund, word, reply->refund_len);
		} else {
			is_good = read_unit(&at, word, &reply->granted);
		}
	}
	return is_good;
}

static bool read_culprit(const char *at, struct chg_cca *cca)
{
	char word[WORD_MAX];
	if (!next_word(&at, word))
		return false;
	for (size_t i = 0; i < sizeof culprits / sizeof culprits[0]; i++)
		if (strcmp(word, culprits[i].word) == 0)
			cca->culprit = culprits[i].culprit;
	return cca->culprit != CHG_CULPRIT_NONE;
}

static bool read_option(const char *at, chg_opt_u32 *ret)
{
	uint64_t number = 0;
	ret->is_present = read_number(&at, &number);
	ret->value = (uint32_t)number;
	return ret->is_present;
}

/* One line; other words than these are of no concern here. */
static bool read_line(const char *line, struct chg_cca *cca)
{
	char word[WORD_MAX];
	const char *at = line;
	if (!next_word(&at, word))
		return true;
	if (strcmp(word, "service") == 0)
		return read_service(at, cca);
	if (strcmp(word, "culprit") == 0)
		return read_culprit(at, cca);
	if (strcmp(word, "cost") == 0)
		return cca->has_cost = read_money(&at, &cca->cost, &cca->currency);
	if (strcmp(word, "remaining") == 0)
		return cca->has_remaining = read_money(&at, &cca->remaining, &cca->currency);
	if (strcmp(word, "check") == 0)
		return read_option(at, &cca->check_balance_result);
	if (strcmp(word, "handling") == 0)
		return read_option(at, &cca->failure_handling);
	return true;
}

bool golden_cca_read(const char *text, struct chg_cca *ret)
{
	const char *line = text;
	while (line != NULL && strncmp(line, "request\n", 8) != 0) {
		if (!read_line(line, ret)) {
			fprintf(stderr, "golden: not understood: %.*s\n", (int)strcspn(line, "\n"),
				line);
			return false;
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return true;
}

/* ---- Writing ------------------------------------------------------------------------------------ */

static void write_units(const struct chg_units *units, FILE *to)
{
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++)
		if (units->of[i].is_present)
			fprintf(to, " %s %" PRIu64, unit_words[i], units->of[i].value);
	if (units->has_money) {
		char text[CHG_MONEY_TEXT_MAX];
		chg_money_write(units->money, text);
		fprintf(to, " money %s %s", text,
			units->currency.number == 0 ? "-" : chg_currency_code(units->currency));
	}
}

static void write_option(const char *name, chg_opt_u32 value, FILE *to)
{
	if (value.is_present)
		fprintf(to, " %s %" PRIu32, name, value.value);
}

static void write_used(const struct chg_used *used, FILE *to)
{
	fprintf(to, "%*sused", 2 * INDENT, "");
	write_units(&used->units, to);
	write_option("tariff-change", used->tariff_change_usage, to);
	write_option("reason", used->reason, to);
	fputc('\n', to);
}

static void write_service(const struct chg_service_ask *service, FILE *to)
{
	fprintf(to, "%*sservice", INDENT, "");
	write_option("group", service->rating_group, to);
	for (size_t i = 0; i < service->service_id_count; i++)
		fprintf(to, " id %" PRIu32, service->service_id[i]);
	write_option("reason", service->reason, to);
	fputc('\n', to);
	if (service->requested.is_present) {
		fprintf(to, "%*srequested", 2 * INDENT, "");
		write_units(&service->requested, to);
		fputc('\n', to);
	}
	for (size_t i = 0; i < service->used_count; i++)
		write_used(&service->used[i], to);
}

void golden_ccr_write(const struct chg_ccr *ccr, FILE *to)
{
	static const char *const types[] = { [CHG_CC_INITIAL] = "INITIAL",
		[CHG_CC_UPDATE] = "UPDATE",
		[CHG_CC_TERMINATION] = "TERMINATION",
		[CHG_CC_EVENT] = "EVENT" };
	fprintf(to, "%*s%s%s", INDENT, "", types[ccr->type],
		ccr->is_multiple ? " of several services" : "");
	write_option("action", ccr->action, to);
	fputc('\n', to);
	for (size_t i = 0; i < ccr->identity_count; i++)
		fprintf(to, "%*sidentity %s %.*s\n", INDENT, "",
			chg_identity_type_text(ccr->identity[i].type),
			(int)ccr->identity[i].key.len, ccr->identity[i].key.bytes);
	for (size_t i = 0; i < ccr->service_count; i++)
		write_service(&ccr->service[i], to);
}

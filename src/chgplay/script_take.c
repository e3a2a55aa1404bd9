/* SPDX-License-Identifier: BSD-3-Clause
 * Taking words off a statement, one after the other.
 */
#include "chgplay/result.h"
#include "chgplay/script_parse.h"
#include "chgplay/text.h"

bool chg_parse_has_more(const struct chg_parse *parse)
{
	return parse->next < parse->word_count;
}

bool chg_parse_next_is(const struct chg_parse *parse, const char *text)
{
	return chg_parse_has_more(parse) && chg_word_is(parse->word[parse->next], text);
}

bool chg_parse_take_if(struct chg_parse *parse, const char *text)
{
	if (!chg_parse_next_is(parse, text))
		return false;
	parse->next++;
	return true;
}

enum chg_rc chg_parse_take(struct chg_parse *parse, const char *what, struct chg_view *ret)
{
	if (!chg_parse_has_more(parse))
		return chg_parse_fail(parse, "%s is missing at the end", what);
	*ret = parse->word[parse->next++];
	return CHG_OK;
}

enum chg_rc chg_parse_take_number(
	struct chg_parse *parse, const char *what, int64_t min, int64_t max, int64_t *ret)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, what, &word);
	if (rc != CHG_OK)
		return rc;
	if (word.len > 1 && word.ptr[0] == '+')
		word = (struct chg_view){ word.ptr + 1, word.len - 1 };
	if (!chg_number_read(word, ret) || *ret < min || *ret > max)
		return chg_parse_fail(parse, "%s must be a number from %lld to %lld, not \"%.*s\"",
			what, (long long)min, (long long)max, CHG_TEXT(word));
	return CHG_OK;
}

enum chg_rc chg_parse_take_u32(struct chg_parse *parse, const char *what, uint32_t *ret)
{
	int64_t value = 0;
	enum chg_rc rc = chg_parse_take_number(parse, what, 0, UINT32_MAX, &value);
	*ret = (uint32_t)value;
	return rc;
}

enum chg_rc chg_parse_take_opt_u32(struct chg_parse *parse, const char *what, chg_opt_u32 *ret)
{
	ret->is_present = true;
	return chg_parse_take_u32(parse, what, &ret->value);
}

enum chg_rc chg_parse_no_more(struct chg_parse *parse)
{
	if (!chg_parse_has_more(parse))
		return CHG_OK;
	return chg_parse_fail(
		parse, "\"%.*s\" does not belong here", CHG_TEXT(parse->word[parse->next]));
}

enum chg_rc chg_parse_unknown_word(struct chg_parse *parse, struct chg_view word, const char *where)
{
	return chg_parse_fail(parse, "\"%.*s\" is not a word of %s", CHG_TEXT(word), where);
}

enum chg_rc chg_parse_take_result(struct chg_parse *parse, uint32_t *ret)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "the result", &word);
	if (rc == CHG_OK && !chg_result_read(word, ret))
		return chg_parse_fail(parse,
			"\"%.*s\" is no result; write a number such as 2001 or a name such as "
			"success",
			CHG_TEXT(word));
	return rc;
}

enum chg_rc chg_parse_take_money(struct chg_parse *parse, const char *what, chg_money *ret)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, what, &word);
	if (rc == CHG_OK && chg_money_parse(word, ret) != CHG_OK)
		return chg_parse_fail(
			parse, "%s is an amount such as 0.10, not \"%.*s\"", what, CHG_TEXT(word));
	return rc;
}

static const struct {
	const char *word;
	enum chg_unit unit;
} units[] = { { "message", CHG_UNIT_MESSAGES }, { "messages", CHG_UNIT_MESSAGES },
	{ "second", CHG_UNIT_SECONDS }, { "seconds", CHG_UNIT_SECONDS },
	{ "octet", CHG_UNIT_OCTETS }, { "octets", CHG_UNIT_OCTETS },
	{ "input-octets", CHG_UNIT_OCTETS_IN }, { "output-octets", CHG_UNIT_OCTETS_OUT } };

enum chg_rc chg_parse_take_unit(struct chg_parse *parse, enum chg_unit *ret)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "the unit", &word);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (chg_word_is(word, units[i].word)) {
			*ret = units[i].unit;
			return CHG_OK;
		}
	return chg_parse_fail(parse,
		"\"%.*s\" is none of messages, seconds, octets, input-octets, output-octets",
		CHG_TEXT(word));
}

enum chg_rc chg_parse_take_amount(struct chg_parse *parse, struct chg_script_amount *ret)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "an amount, as 5 messages or EUR 0.10,", &word);
	if (rc != CHG_OK)
		return rc;
	*ret = (struct chg_script_amount){ 0 };
	if (chg_unsigned_read(word, &ret->units))
		return chg_parse_take_unit(parse, &ret->unit);
	ret->is_money = true;
	if (chg_currency_parse(word, &ret->currency) != CHG_OK)
		return chg_parse_fail(parse,
			"\"%.*s\" is neither a number of units nor a currency; write 5 messages or "
			"EUR 0.10",
			CHG_TEXT(word));
	return chg_parse_take_money(parse, "the amount", &ret->money);
}

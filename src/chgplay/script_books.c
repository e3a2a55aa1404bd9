/* SPDX-License-Identifier: BSD-3-Clause
 * Statements about accounts, buckets, tariffs and the ledger.
 */
#include <stdlib.h>

#include "chgplay/script_parse.h"
#include "chgplay/text.h"

static enum chg_rc take_until(struct chg_parse *parse, bool *ret_has, int64_t *ret)
{
	*ret_has = true;
	return chg_parse_take_number(
		parse, "until", -INT64_C(4000000000), INT64_C(4000000000), ret);
}

static enum chg_rc take_identity(struct chg_parse *parse, struct chg_script_account *account)
{
	if (account->identity_count == CHG_IDENTITY_MAX)
		return chg_parse_fail(parse, "more than %d identities", CHG_IDENTITY_MAX);
	return chg_parse_take(parse, "the identity", &account->identity[account->identity_count++]);
}

static enum chg_rc take_account_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_account *account)
{
	if (chg_word_is(word, "credit"))
		return chg_parse_take_money(parse, "credit", &account->credit_limit);
	if (chg_word_is(word, "low"))
		return chg_parse_take_money(parse, "low", &account->low_balance);
	if (chg_word_is(word, "plan"))
		return chg_parse_take(parse, "the plan", &account->plan);
	if (chg_word_is(word, "until"))
		return take_until(parse, &account->has_until, &account->until_s);
	if (chg_word_is(word, "identity"))
		return take_identity(parse, account);
	if (!chg_word_is(word, "blocked"))
		return chg_parse_unknown_word(parse, word, "account");
	account->is_blocked = true;
	return CHG_OK;
}

enum chg_rc chg_parse_account(struct chg_parse *parse)
{
	struct chg_script_step *step;
	struct chg_view word;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_ACCOUNT, &step);
	if (rc != CHG_OK)
		return rc;
	struct chg_script_account *account = calloc(1, sizeof *account);
	step->account = account;
	if (account == NULL)
		return CHG_E_NO_MEMORY;
	parse->script->has_accounts = true;
	rc = chg_parse_take(parse, "the account's name", &account->name);
	if (rc == CHG_OK && (account->name.len == 0 || account->name.len > 64))
		return chg_parse_fail(parse, "an account's name has 1 to 64 characters");
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the currency, as EUR,", &word);
	if (rc == CHG_OK && chg_currency_parse(word, &account->currency) != CHG_OK)
		return chg_parse_fail(parse, "\"%.*s\" is no currency", CHG_TEXT(word));
	if (rc == CHG_OK)
		rc = chg_parse_take_money(parse, "the balance", &account->opening);
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = take_account_word(parse, parse->word[parse->next++], account);
	return rc;
}

static enum chg_rc take_bucket_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_bucket *bucket)
{
	int64_t number = 0;
	if (chg_word_is(word, "until"))
		return take_until(parse, &bucket->has_until, &bucket->until_s);
	if (chg_word_is(word, "service"))
		return chg_parse_take(parse, "the service", &bucket->service);
	if (chg_word_is(word, "name"))
		return chg_parse_take(parse, "the bucket's name", &bucket->name);
	if (!chg_word_is(word, "priority"))
		return chg_parse_unknown_word(parse, word, "bucket");
	enum chg_rc rc = chg_parse_take_number(parse, "priority", INT32_MIN, INT32_MAX, &number);
	bucket->priority = (int32_t)number;
	return rc;
}

/* "messages 10", "EUR 0.50": the word for what it holds comes first. */
static enum chg_rc take_content(struct chg_parse *parse, struct chg_script_amount *ret)
{
	struct chg_view word;
	enum chg_rc rc = CHG_OK;
	*ret = (struct chg_script_amount){ 0 };
	if (chg_parse_has_more(parse) &&
		chg_currency_parse(parse->word[parse->next], &ret->currency) == CHG_OK) {
		ret->is_money = true;
		parse->next++;
		return chg_parse_take_money(parse, "the amount", &ret->money);
	}
	rc = chg_parse_take_unit(parse, &ret->unit);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the number of units", &word);
	if (rc == CHG_OK && (!chg_unsigned_read(word, &ret->units) || ret->units > INT64_MAX))
		return chg_parse_fail(parse, "\"%.*s\" is no number of units", CHG_TEXT(word));
	return rc;
}

static enum chg_rc take_reserved(struct chg_parse *parse, struct chg_script_bucket *bucket)
{
	struct chg_view word;
	bucket->is_expected = true;
	bucket->reserved = bucket->amount;
	if (bucket->amount.is_money)
		return chg_parse_take_money(parse, "reserved", &bucket->reserved.money);
	enum chg_rc rc = chg_parse_take(parse, "what is reserved", &word);
	if (rc == CHG_OK && !chg_unsigned_read(word, &bucket->reserved.units))
		return chg_parse_fail(parse, "\"%.*s\" is no number of units", CHG_TEXT(word));
	return rc;
}

enum chg_rc chg_parse_bucket(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_BUCKET, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the account's name", &step->bucket.account);
	if (rc == CHG_OK)
		rc = take_content(parse, &step->bucket.amount);
	while (rc == CHG_OK && chg_parse_has_more(parse)) {
		if (chg_parse_take_if(parse, "reserved"))
			rc = take_reserved(parse, &step->bucket);
		else
			rc = take_bucket_word(parse, parse->word[parse->next++], &step->bucket);
	}
	return rc;
}

static enum chg_rc parse_change(struct chg_parse *parse, int what)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_CHANGE, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the account's name", &step->change.account);
	if (rc != CHG_OK)
		return rc;
	step->change.what = what;
	if (what == CHG_CHANGE_TOPUP)
		rc = chg_parse_take_money(parse, "the amount", &step->change.amount);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

enum chg_rc chg_parse_block(struct chg_parse *parse)
{
	return parse_change(parse, CHG_CHANGE_BLOCK);
}

enum chg_rc chg_parse_unblock(struct chg_parse *parse)
{
	return parse_change(parse, CHG_CHANGE_UNBLOCK);
}

enum chg_rc chg_parse_topup(struct chg_parse *parse)
{
	return parse_change(parse, CHG_CHANGE_TOPUP);
}

static enum chg_rc take_per(struct chg_parse *parse, struct chg_script_price *price)
{
	if (!chg_parse_take_if(parse, "per"))
		return chg_parse_fail(parse, "a price is for units: 0.04 per message");
	price->per = 1;
	if (chg_parse_has_more(parse) && chg_unsigned_read(parse->word[parse->next], &price->per)) {
		parse->next++;
		if (price->per == 0)
			return chg_parse_fail(parse, "a price is for at least one unit");
	}
	return chg_parse_take_unit(parse, &price->unit);
}

static enum chg_rc take_price(struct chg_parse *parse, struct chg_script_price *price)
{
	chg_money amount;
	price->per = 1;
	price->unit = CHG_UNIT_MESSAGES;
	if (chg_parse_take_if(parse, "not-charged")) {
		price->kind = CHG_PRICE_NOT_CHARGED;
		return CHG_OK;
	}
	if (chg_parse_take_if(parse, "free")) {
		price->kind = CHG_PRICE_FREE;
		return chg_parse_next_is(parse, "per") ? take_per(parse, price) : CHG_OK;
	}
	price->price = chg_parse_has_more(parse) ? parse->word[parse->next] : CHG_VIEW("");
	enum chg_rc rc = chg_parse_take_money(parse, "the price", &amount);
	return rc == CHG_OK ? take_per(parse, price) : rc;
}

static enum chg_rc take_price_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_price *price)
{
	chg_money amount;
	if (chg_word_is(word, "group"))
		return chg_parse_take_opt_u32(parse, "group", &price->group);
	if (chg_word_is(word, "service"))
		return chg_parse_take_opt_u32(parse, "service", &price->id);
	if (chg_word_is(word, "context"))
		return chg_parse_take(parse, "the context", &price->context);
	if (chg_word_is(word, "plan"))
		return chg_parse_take(parse, "the plan", &price->plan);
	if (!chg_word_is(word, "setup"))
		return chg_parse_unknown_word(parse, word, "tariff");
	price->setup = chg_parse_has_more(parse) ? parse->word[parse->next] : CHG_VIEW("");
	return chg_parse_take_money(parse, "the set-up fee", &amount);
}

/* Prices in a row make one tariff. */
static enum chg_rc tariff_of_prices(struct chg_parse *parse, struct chg_script_tariff **ret)
{
	struct chg_script *script = parse->script;
	struct chg_script_step *step =
		script->step_count == 0 ? NULL : &script->step[script->step_count - 1];
	if (step == NULL || step->kind != CHG_PLAY_TARIFF || step->tariff == NULL ||
		step->tariff->text.ptr != NULL) {
		enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_TARIFF, &step);
		if (rc != CHG_OK)
			return rc;
		step->tariff = calloc(1, sizeof *step->tariff);
	}
	*ret = step->tariff;
	return *ret == NULL ? CHG_E_NO_MEMORY : CHG_OK;
}

static enum chg_rc parse_price(struct chg_parse *parse)
{
	struct chg_script_tariff *tariff;
	enum chg_rc rc = tariff_of_prices(parse, &tariff);
	if (rc != CHG_OK)
		return rc;
	if (tariff->price_count == CHG_SCRIPT_PRICE_MAX)
		return chg_parse_fail(parse,
			"more than %d prices; write the tariff's file below "
			"the word tariff",
			CHG_SCRIPT_PRICE_MAX);
	struct chg_script_price *price = &tariff->price[tariff->price_count++];
	rc = chg_parse_take(parse, "the rule's name", &price->name);
	if (rc == CHG_OK)
		rc = take_price(parse, price);
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = take_price_word(parse, parse->word[parse->next++], price);
	return rc;
}

enum chg_rc chg_parse_tariff(struct chg_parse *parse)
{
	struct chg_script_step *step;
	if (chg_parse_has_more(parse))
		return parse_price(parse);
	if (parse->block.len == 0)
		return chg_parse_fail(parse,
			"a tariff is a price on its line, as tariff "
			"im-message 0.04 per message, or indented lines below");
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_TARIFF, &step);
	if (rc != CHG_OK)
		return rc;
	step->tariff = calloc(1, sizeof *step->tariff);
	if (step->tariff == NULL)
		return CHG_E_NO_MEMORY;
	step->tariff->text = parse->block;
	return CHG_OK;
}

enum chg_rc chg_parse_balance(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_BALANCE, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the account's name", &step->balance.account);
	if (rc == CHG_OK && !chg_parse_has_more(parse))
		return chg_parse_fail(
			parse, "balance wants: balance alice available 0.80 reserved 0.20");
	while (rc == CHG_OK && chg_parse_has_more(parse)) {
		if (chg_parse_take_if(parse, "available")) {
			step->balance.has_available = true;
			rc = chg_parse_take_money(parse, "available", &step->balance.available);
		} else if (chg_parse_take_if(parse, "reserved")) {
			step->balance.has_reserved = true;
			rc = chg_parse_take_money(parse, "reserved", &step->balance.reserved);
		} else {
			rc = chg_parse_unknown_word(parse, parse->word[parse->next], "balance");
		}
	}
	return rc;
}

enum chg_rc chg_parse_ledger(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_LEDGER, &step);
	if (rc == CHG_OK && !chg_parse_take_if(parse, "clean"))
		return chg_parse_fail(parse, "ledger wants: ledger clean");
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

enum chg_rc chg_parse_suspense(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_SUSPENSE, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take_u32(parse, "suspense", &step->records);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The words of credit control: what a CCR asks and what a CCA is expected to say.
 *
 * Units are AVPs like others, so a request's words become the same edits that `with` makes.
 */
#include <stdlib.h>

#include "chgplay/element.h"
#include "chgplay/result.h"
#include "chgplay/script_parse.h"
#include "chgplay/text.h"

#define MSCC "Multiple-Services-Credit-Control"

#define UNIT_PATHS(group)                                                                          \
	{                                                                                          \
		[CHG_UNIT_SECONDS] = group ".CC-Time",                                             \
		[CHG_UNIT_OCTETS] = group ".CC-Total-Octets",                                      \
		[CHG_UNIT_OCTETS_IN] = group ".CC-Input-Octets",                                   \
		[CHG_UNIT_OCTETS_OUT] = group ".CC-Output-Octets",                                 \
		[CHG_UNIT_MESSAGES] = group ".CC-Service-Specific-Units",                          \
	}

/* The AVPs of a service, in MSCC and at the level of the command. */
static const struct level {
	const char *asked;
	const char *asked_units[CHG_UNIT_COUNT];
	const char *asked_money;
	const char *used_units[CHG_UNIT_COUNT];
	const char *used_money;
	const char *group;
	const char *id;
	const char *reason;
	const char *handle;
} levels[] = {
	{ .asked = MSCC ".Requested-Service-Unit",
		.asked_units = UNIT_PATHS(MSCC ".Requested-Service-Unit"),
		.asked_money = MSCC ".Requested-Service-Unit.CC-Money",
		.used_units = UNIT_PATHS(MSCC ".+Used-Service-Unit"),
		.used_money = MSCC ".+Used-Service-Unit.CC-Money",
		.group = MSCC ".Rating-Group",
		.id = MSCC ".+Service-Identifier",
		.reason = MSCC ".+Reporting-Reason",
		.handle = MSCC ".Refund-Information" },
	{ .asked = "Requested-Service-Unit",
		.asked_units = UNIT_PATHS("Requested-Service-Unit"),
		.asked_money = "Requested-Service-Unit.CC-Money",
		.used_units = UNIT_PATHS("+Used-Service-Unit"),
		.used_money = "+Used-Service-Unit.CC-Money",
		.group = "Rating-Group",
		.id = "Service-Identifier",
		.reason = "+Reporting-Reason",
		.handle = "Refund-Information" },
};

/* A request that is being read. */
struct ccr {
	struct chg_parse *parse;
	struct chg_script_send *send;
	bool has_service; /* an MSCC is begun */
};

static const struct level *level_of(const struct ccr *ccr)
{
	return &levels[ccr->send->is_command_level];
}

/* The first word of a service begins its MSCC. */
static enum chg_rc begin_service(struct ccr *ccr)
{
	if (ccr->send->is_command_level || ccr->has_service)
		return CHG_OK;
	ccr->has_service = true;
	return chg_parse_add_edit(ccr->parse, CHG_EDIT_WITH, CHG_VIEW("+" MSCC), CHG_VIEW(""));
}

static enum chg_rc add_value(struct ccr *ccr, const char *path, struct chg_view value)
{
	enum chg_rc rc = begin_service(ccr);
	const char *why = chg_element_check(chg_view_of(path), value);
	if (rc == CHG_OK && why != NULL)
		return chg_parse_fail(ccr->parse, "\"%.*s\": %s", CHG_TEXT(value), why);
	if (rc == CHG_OK)
		rc = chg_parse_add_edit(ccr->parse, CHG_EDIT_WITH, chg_view_of(path), value);
	return rc;
}

static enum chg_rc take_value(struct ccr *ccr, const char *path, const char *what)
{
	struct chg_view value;
	enum chg_rc rc = chg_parse_take(ccr->parse, what, &value);
	return rc == CHG_OK ? add_value(ccr, path, value) : rc;
}

static enum chg_rc take_units(struct ccr *ccr, const char *const *unit_path, const char *money_path)
{
	struct chg_parse *parse = ccr->parse;
	struct chg_script_amount amount;
	struct chg_view first = parse->word[parse->next];
	enum chg_rc rc = chg_parse_take_amount(parse, &amount);
	if (rc != CHG_OK)
		return rc;
	if (!amount.is_money)
		return add_value(ccr, unit_path[amount.unit], first);
	rc = begin_service(ccr);
	/* Currency and amount are neighbours in the text. */
	struct chg_view last = parse->word[parse->next - 1];
	struct chg_view both = { first.ptr, (size_t)(last.ptr + last.len - first.ptr) };
	if (rc == CHG_OK)
		rc = chg_parse_add_edit(parse, CHG_EDIT_MONEY, chg_view_of(money_path), both);
	return rc;
}

static enum chg_rc take_asks(struct ccr *ccr)
{
	const struct level *level = level_of(ccr);
	if (chg_parse_take_if(ccr->parse, "anything"))
		return add_value(ccr, level->asked, CHG_VIEW(""));
	return take_units(ccr, level->asked_units, level->asked_money);
}

static enum chg_rc take_used(struct ccr *ccr)
{
	return take_units(ccr, level_of(ccr)->used_units, level_of(ccr)->used_money);
}

static enum chg_rc take_group(struct ccr *ccr)
{
	return take_value(ccr, level_of(ccr)->group, "the rating group");
}

static enum chg_rc take_service(struct ccr *ccr)
{
	return take_value(ccr, level_of(ccr)->id, "the service's identifier");
}

static enum chg_rc take_reason(struct ccr *ccr)
{
	return take_value(ccr, level_of(ccr)->reason, "the reason, as FINAL,");
}

static enum chg_rc take_and(struct ccr *ccr)
{
	if (!ccr->has_service)
		return chg_parse_fail(
			ccr->parse, "and begins another service; there is none before it");
	ccr->has_service = false;
	return begin_service(ccr);
}

static enum chg_rc take_refund_of(struct ccr *ccr)
{
	struct chg_view name;
	enum chg_rc rc = chg_parse_take(ccr->parse, "the name of the request", &name);
	if (rc == CHG_OK)
		rc = begin_service(ccr);
	if (rc == CHG_OK)
		rc = chg_parse_add_edit(
			ccr->parse, CHG_EDIT_HANDLE, chg_view_of(level_of(ccr)->handle), name);
	return rc;
}

static enum chg_rc take_also(struct ccr *ccr)
{
	struct chg_view party;
	enum chg_rc rc = chg_parse_take(ccr->parse, "the party", &party);
	return rc == CHG_OK ? chg_parse_add_edit(ccr->parse, CHG_EDIT_IDENTITY,
				      CHG_VIEW("Subscription-Id"), party)
			    : rc;
}

static const struct word {
	const char *text;
	enum chg_rc (*take)(struct ccr *ccr);
} words[] = {
	{ "asks", take_asks },
	{ "used", take_used },
	{ "group", take_group },
	{ "service", take_service },
	{ "reason", take_reason },
	{ "and", take_and },
	{ "refund-of", take_refund_of },
	{ "also", take_also },
};

static const char *const actions[] = { [CHG_ACTION_DIRECT_DEBITING] = "debit",
	[CHG_ACTION_REFUND_ACCOUNT] = "refund",
	[CHG_ACTION_CHECK_BALANCE] = "balance",
	[CHG_ACTION_PRICE_ENQUIRY] = "price" };

static bool find_action(struct chg_view word, chg_opt_u32 *ret)
{
	for (uint32_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (chg_word_is(word, actions[i])) {
			*ret = (chg_opt_u32){ true, i };
			return true;
		}
	return false;
}

static bool is_number(const struct chg_parse *parse)
{
	uint64_t number;
	return chg_parse_has_more(parse) && chg_unsigned_read(parse->word[parse->next], &number);
}

/* group and service are words of an ACR as well; there they take names, here numbers. */
static bool is_word(const struct chg_parse *parse, struct chg_view word, size_t *ret)
{
	for (*ret = 0; *ret < sizeof words / sizeof words[0]; ++*ret)
		if (chg_word_is(word, words[*ret].text))
			return (words[*ret].take != take_group &&
				       words[*ret].take != take_service) ||
			       is_number(parse);
	return false;
}

static enum chg_rc take_level(struct ccr *ccr, bool is_command_level)
{
	if (ccr->has_service)
		return chg_parse_fail(ccr->parse, "say where the units stand before naming any");
	ccr->send->is_command_level = is_command_level;
	return CHG_OK;
}

static enum chg_rc take_word(struct ccr *ccr, struct chg_view word)
{
	struct chg_parse *parse = ccr->parse;
	size_t place;
	if (chg_word_is(word, "at") && chg_parse_take_if(parse, "command"))
		return chg_parse_take_if(parse, "level")
			       ? take_level(ccr, true)
			       : chg_parse_fail(parse, "write: at command level");
	if (chg_word_is(word, "in") && chg_parse_take_if(parse, "mscc"))
		return take_level(ccr, false);
	if (find_action(word, &ccr->send->action))
		return CHG_OK;
	if (is_word(parse, word, &place))
		return words[place].take(ccr);
	return chg_parse_take_send_word(parse, word, ccr->send);
}

enum chg_rc chg_parse_ccr_type(struct chg_parse *parse, struct chg_script_send *send)
{
	static const char *const types[] = { [CHG_CC_INITIAL] = "initial",
		[CHG_CC_UPDATE] = "update",
		[CHG_CC_TERMINATION] = "termination",
		[CHG_CC_EVENT] = "event" };
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "initial, update, termination or event", &word);
	if (rc != CHG_OK)
		return rc;
	for (int i = CHG_CC_INITIAL; i <= CHG_CC_EVENT; i++)
		if (chg_word_is(word, types[i])) {
			send->cc_type = (enum chg_cc_type)i;
			return CHG_OK;
		}
	return chg_parse_fail(
		parse, "\"%.*s\" is none of initial, update, termination, event", CHG_TEXT(word));
}

/* The word behind the number is the subscriber, unless it is one of the language. */
static bool is_party(const struct chg_parse *parse)
{
	chg_opt_u32 action;
	size_t place;
	if (!chg_parse_has_more(parse))
		return false;
	struct chg_view word = parse->word[parse->next];
	return !find_action(word, &action) && !is_word(parse, word, &place) &&
	       !chg_word_is(word, "in") && !chg_parse_is_send_word(word);
}

enum chg_rc chg_parse_ccr_words(struct chg_parse *parse, struct chg_script_send *send)
{
	struct ccr ccr = { .parse = parse, .send = send };
	enum chg_rc rc = CHG_OK;
	send->is_command_level = parse->script->is_command_level;
	if (is_party(parse))
		rc = take_also(&ccr);
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = take_word(&ccr, parse->word[parse->next++]);
	return rc;
}

enum chg_rc chg_parse_units(struct chg_parse *parse)
{
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "mscc or command", &word);
	if (rc != CHG_OK)
		return rc;
	parse->script->is_command_level = chg_word_is(word, "command");
	if (!parse->script->is_command_level && !chg_word_is(word, "mscc"))
		return chg_parse_fail(parse,
			"units stand in mscc or at command level, not \"%.*s\"", CHG_TEXT(word));
	return chg_parse_no_more(parse);
}

/* What is expected. */

struct cca {
	struct chg_parse *parse;
	struct chg_script_expect *expect;
	struct chg_script_cca *want;
	bool is_selecting; /* `service 5` right behind `group 100` narrows it */
};

static enum chg_rc add_service(struct cca *cca, struct chg_script_service **ret)
{
	struct chg_script_cca *want = cca->want;
	if (want->service_count == CHG_SCRIPT_SERVICE_MAX)
		return chg_parse_fail(cca->parse, "more than %d services", CHG_SCRIPT_SERVICE_MAX);
	*ret = &want->service[want->service_count++];
	return CHG_OK;
}

static enum chg_rc this_service(struct cca *cca, struct chg_script_service **ret)
{
	cca->is_selecting = false;
	if (cca->want->service_count == 0)
		return add_service(cca, ret);
	*ret = &cca->want->service[cca->want->service_count - 1];
	return CHG_OK;
}

/* A result may follow the service that is named. */
static enum chg_rc take_inner_result(struct cca *cca, struct chg_script_service *service)
{
	struct chg_parse *parse = cca->parse;
	uint32_t code;
	if (!chg_parse_has_more(parse) || !chg_result_read(parse->word[parse->next], &code))
		return CHG_OK;
	cca->is_selecting = false;
	return chg_parse_take_result(parse, &service->result);
}

static enum chg_rc want_group(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = add_service(cca, &service);
	if (rc == CHG_OK)
		rc = chg_parse_take_opt_u32(cca->parse, "group", &service->group);
	cca->is_selecting = true;
	return rc == CHG_OK ? take_inner_result(cca, service) : rc;
}

static enum chg_rc want_service(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc =
		cca->is_selecting ? this_service(cca, &service) : add_service(cca, &service);
	if (rc == CHG_OK)
		rc = chg_parse_take_opt_u32(cca->parse, "service", &service->id);
	return rc == CHG_OK ? take_inner_result(cca, service) : rc;
}

static enum chg_rc want_inside(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = this_service(cca, &service);
	return rc == CHG_OK ? chg_parse_take_result(cca->parse, &service->result) : rc;
}

static enum chg_rc want_grants(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = this_service(cca, &service);
	if (rc == CHG_OK)
		service->grant = CHG_WISH_THIS;
	return rc == CHG_OK ? chg_parse_take_amount(cca->parse, &service->granted) : rc;
}

static enum chg_rc want_final(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = this_service(cca, &service);
	if (rc == CHG_OK && !chg_parse_take_if(cca->parse, "terminate"))
		return chg_parse_fail(cca->parse, "final wants: final terminate");
	if (rc == CHG_OK)
		service->final = CHG_WISH_THIS;
	return rc;
}

static enum chg_rc want_validity(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = this_service(cca, &service);
	if (rc == CHG_OK)
		service->validity = CHG_WISH_THIS;
	return rc == CHG_OK ? chg_parse_take_u32(cca->parse, "validity", &service->validity_s) : rc;
}

static enum chg_rc want_refundable(struct cca *cca)
{
	struct chg_script_service *service;
	enum chg_rc rc = this_service(cca, &service);
	if (rc == CHG_OK)
		service->handle = CHG_WISH_THIS;
	return rc;
}

static enum chg_rc want_cost(struct cca *cca)
{
	cca->want->cost = CHG_WISH_THIS;
	return chg_parse_take_money(cca->parse, "the cost", &cca->want->cost_amount);
}

static enum chg_rc want_remaining(struct cca *cca)
{
	cca->want->remaining = CHG_WISH_THIS;
	return chg_parse_take_money(cca->parse, "what remains", &cca->want->remaining_amount);
}

static enum chg_rc want_low(struct cca *cca)
{
	cca->want->low = CHG_WISH_THIS;
	return CHG_OK;
}

static enum chg_rc want_enough(struct cca *cca)
{
	cca->want->enough = CHG_WISH_THIS;
	return CHG_OK;
}

static enum chg_rc want_not(struct cca *cca)
{
	struct chg_script_service *service;
	if (chg_parse_take_if(cca->parse, "low")) {
		cca->want->low = CHG_WISH_NONE;
		return CHG_OK;
	}
	if (chg_parse_take_if(cca->parse, "enough")) {
		cca->want->enough = CHG_WISH_NONE;
		return CHG_OK;
	}
	if (!chg_parse_take_if(cca->parse, "final"))
		return chg_parse_fail(cca->parse, "not goes with final, low and enough");
	enum chg_rc rc = this_service(cca, &service);
	if (rc == CHG_OK)
		service->final = CHG_WISH_NONE;
	return rc;
}

static enum chg_rc want_no(struct cca *cca)
{
	struct chg_script_service *service;
	if (chg_parse_take_if(cca->parse, "cost")) {
		cca->want->cost = CHG_WISH_NONE;
		return CHG_OK;
	}
	enum chg_rc rc = this_service(cca, &service);
	if (rc != CHG_OK)
		return rc;
	if (chg_parse_take_if(cca->parse, "grant"))
		service->grant = CHG_WISH_NONE;
	else if (chg_parse_take_if(cca->parse, "validity"))
		service->validity = CHG_WISH_NONE;
	else
		rc = chg_parse_fail(cca->parse, "no goes with grant, cost and validity");
	return rc;
}

static enum chg_rc want_same(struct cca *cca)
{
	if (!chg_parse_take_if(cca->parse, "answer"))
		return chg_parse_take_expect_word(cca->parse, CHG_VIEW("same"), cca->expect);
	cca->expect->is_same = true;
	return CHG_OK;
}

static const struct {
	const char *text;
	enum chg_rc (*take)(struct cca *cca);
} wants[] = {
	{ "group", want_group },
	{ "service", want_service },
	{ "inside", want_inside },
	{ "grants", want_grants },
	{ "final", want_final },
	{ "validity", want_validity },
	{ "refundable", want_refundable },
	{ "cost", want_cost },
	{ "remaining", want_remaining },
	{ "low", want_low },
	{ "enough", want_enough },
	{ "not", want_not },
	{ "no", want_no },
	{ "same", want_same },
};

static enum chg_rc take_want(struct cca *cca, struct chg_view word)
{
	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++)
		if (chg_word_is(word, wants[i].text))
			return wants[i].take(cca);
	return chg_parse_take_expect_word(cca->parse, word, cca->expect);
}

enum chg_rc chg_parse_cca_words(struct chg_parse *parse, struct chg_script_expect *expect)
{
	struct cca cca = { .parse = parse, .expect = expect };
	cca.want = expect->cca = calloc(1, sizeof *expect->cca);
	if (expect->cca == NULL)
		return CHG_E_NO_MEMORY;
	enum chg_rc rc = chg_parse_take_result(parse, &expect->result_code);
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = take_want(&cca, parse->word[parse->next++]);
	return rc;
}

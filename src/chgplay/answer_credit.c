/* SPDX-License-Identifier: BSD-3-Clause
 * Grants, costs and results of services in a Credit-Control-Answer.
 */
#include <stdarg.h>
#include <stdio.h>

#include "chgplay/answer_credit.h"
#include "chgplay/answer.h"
#include "chgplay/result.h"
#include "wire/avp.h"

enum {
	SUCCESS = 2001,
};

static const enum chg_avp units[CHG_UNIT_COUNT] = {
	[CHG_UNIT_SECONDS] = CHG_AVP_CC_TIME,
	[CHG_UNIT_OCTETS] = CHG_AVP_CC_TOTAL_OCTETS,
	[CHG_UNIT_OCTETS_IN] = CHG_AVP_CC_INPUT_OCTETS,
	[CHG_UNIT_OCTETS_OUT] = CHG_AVP_CC_OUTPUT_OCTETS,
	[CHG_UNIT_MESSAGES] = CHG_AVP_CC_SERVICE_SPECIFIC_UNITS,
};

/* AVPs in a row: of a message, or of a group. */

static bool next_of(struct chg_avp_walk *walk, enum chg_avp id, struct chg_raw_avp *ret)
{
	while (chg_avp_next(walk, ret))
		if (ret->is_known && ret->id == id)
			return true;
	return false;
}

static bool first_of(struct chg_avp_walk walk, enum chg_avp id, struct chg_raw_avp *ret)
{
	return next_of(&walk, id, ret);
}

static size_t count_of(struct chg_avp_walk walk, enum chg_avp id)
{
	struct chg_raw_avp avp;
	size_t count = 0;
	while (next_of(&walk, id, &avp))
		count++;
	return count;
}

static bool u32_of(struct chg_avp_walk walk, enum chg_avp id, uint32_t *ret)
{
	struct chg_raw_avp avp;
	return first_of(walk, id, &avp) && chg_avp_u32(&avp, ret);
}

/* 32 or 64 bits, as the dictionary has it. */
static bool number_of(const struct chg_raw_avp *avp, uint64_t *ret)
{
	uint32_t small;
	if (chg_avp_u64(avp, ret))
		return true;
	if (!chg_avp_u32(avp, &small))
		return false;
	*ret = small;
	return true;
}

/* Unit-Value and Currency-Code, as CC-Money, Cost-Information and Remaining-Balance hold them. */
static bool money_of(struct chg_avp_walk group, chg_money *ret, uint32_t *ret_currency)
{
	struct chg_raw_avp value;
	struct chg_raw_avp avp;
	uint64_t digits = 0;
	int32_t exponent = 0;
	*ret_currency = 0;
	u32_of(group, CHG_AVP_CURRENCY_CODE, ret_currency);
	if (!first_of(group, CHG_AVP_UNIT_VALUE, &value))
		return false;
	struct chg_avp_walk walk = chg_avp_walk_group(value.data);
	if (!first_of(walk, CHG_AVP_VALUE_DIGITS, &avp) || !chg_avp_u64(&avp, &digits))
		return false;
	if (first_of(walk, CHG_AVP_EXPONENT, &avp) && !chg_avp_i32(&avp, &exponent))
		return false;
	return chg_money_from_decimal((int64_t)digits, exponent, ret) == CHG_OK;
}

/* Manners. */

static const char *check_forbidden(struct chg_avp_walk answer)
{
	static const struct {
		enum chg_avp id;
		const char *why;
	} forbidden[] = {
		{ CHG_AVP_SERVICE_CONTEXT_ID, "a Service-Context-Id is in the answer" },
		{ CHG_AVP_SUBSCRIPTION_ID, "a Subscription-Id is in the answer" },
		{ CHG_AVP_REQUESTED_SERVICE_UNIT, "a Requested-Service-Unit is in the answer" },
		{ CHG_AVP_USED_SERVICE_UNIT, "a Used-Service-Unit is in the answer" },
		{ CHG_AVP_REQUESTED_ACTION, "a Requested-Action is in the answer" },
		{ CHG_AVP_MULTIPLE_SERVICES_INDICATOR,
			"a Multiple-Services-Indicator is in the answer" },
		{ CHG_AVP_SERVICE_IDENTIFIER,
			"a Service-Identifier is at the answer's command level" },
		{ CHG_AVP_TERMINATION_CAUSE, "a Termination-Cause is in the answer" },
		{ CHG_AVP_USER_EQUIPMENT_INFO, "a User-Equipment-Info is in the answer" },
		{ CHG_AVP_CC_CORRELATION_ID, "a CC-Correlation-Id is in the answer" },
	};
	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
		if (count_of(answer, forbidden[i].id) != 0)
			return forbidden[i].why;
	return NULL;
}

/* A grant and what goes with it, wherever they stand. */
static const char *check_service(struct chg_avp_walk service)
{
	struct chg_raw_avp avp;
	uint32_t action = 0;
	if (count_of(service, CHG_AVP_GRANTED_SERVICE_UNIT) > 1)
		return "there are two Granted-Service-Units for one service";
	if (first_of(service, CHG_AVP_GRANTED_SERVICE_UNIT, &avp))
		for (int i = 0; i < CHG_UNIT_COUNT; i++)
			if (count_of(chg_avp_walk_group(avp.data), units[i]) > 1)
				return "a unit type is granted twice";
	if (!first_of(service, CHG_AVP_FINAL_UNIT_INDICATION, &avp))
		return NULL;
	struct chg_avp_walk final = chg_avp_walk_group(avp.data);
	if (!u32_of(final, CHG_AVP_FINAL_UNIT_ACTION, &action))
		return "a Final-Unit-Indication has no action";
	size_t members = 0;
	while (chg_avp_next(&final, &avp))
		members++;
	return action == 0 && members != 1 ? "Final-Unit-Action TERMINATE is not alone" : NULL;
}

/* Whether two groups name the same service: same Rating-Group, same Service-Identifiers. */
static bool is_same_service(struct chg_avp_walk a, struct chg_avp_walk b)
{
	static const enum chg_avp names[] = { CHG_AVP_RATING_GROUP, CHG_AVP_SERVICE_IDENTIFIER };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct chg_avp_walk of_a = a;
		struct chg_avp_walk of_b = b;
		struct chg_raw_avp one;
		struct chg_raw_avp other;
		bool has_one;
		do {
			has_one = next_of(&of_a, names[i], &one);
			if (has_one != next_of(&of_b, names[i], &other) ||
				(has_one && !chg_view_equal(one.data, other.data)))
				return false;
		} while (has_one);
	}
	return true;
}

/* Whether `message` has an MSCC for the service that the group names. */
static bool has_service(struct chg_avp_walk message, struct chg_avp_walk service)
{
	struct chg_raw_avp mscc;
	while (next_of(&message, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc))
		if (is_same_service(chg_avp_walk_group(mscc.data), service))
			return true;
	return false;
}

static const char *check_told_services(struct chg_avp_walk asked, struct chg_avp_walk told)
{
	struct chg_raw_avp mscc;
	while (next_of(&told, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc)) {
		struct chg_avp_walk service = chg_avp_walk_group(mscc.data);
		const char *why = check_service(service);
		if (why != NULL)
			return why;
		if (count_of(service, CHG_AVP_RESULT_CODE) != 1)
			return "a Multiple-Services-Credit-Control has not exactly one Result-Code";
		if (count_of(service, CHG_AVP_REQUESTED_SERVICE_UNIT) != 0 ||
			count_of(service, CHG_AVP_USED_SERVICE_UNIT) != 0)
			return "requested or used units are in the answer";
		if (!has_service(asked, service))
			return "a service is answered that was not asked for";
	}
	return NULL;
}

static const char *check_asked_services(struct chg_avp_walk asked, struct chg_avp_walk told)
{
	struct chg_raw_avp mscc;
	while (next_of(&asked, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc))
		if (!has_service(told, chg_avp_walk_group(mscc.data)))
			return "a Multiple-Services-Credit-Control of the request is not answered";
	return NULL;
}

const char *chg_answer_credit_manners(struct chg_view request, struct chg_view answer)
{
	struct chg_avp_walk asked = chg_avp_walk_message(request);
	struct chg_avp_walk told = chg_avp_walk_message(answer);
	struct chg_raw_avp avp;
	uint32_t application = 0;
	uint32_t action = 0;
	if (!u32_of(told, CHG_AVP_AUTH_APPLICATION_ID, &application) || application != 4)
		return "Auth-Application-Id is not 4";
	const char *why = check_forbidden(told);
	if (why == NULL)
		why = check_service(told);
	if (why != NULL || chg_answer_result(answer) != SUCCESS)
		return why;
	bool is_balance = u32_of(asked, CHG_AVP_REQUESTED_ACTION, &action) &&
			  action == CHG_ACTION_CHECK_BALANCE;
	if (!is_balance && first_of(told, CHG_AVP_CHECK_BALANCE_RESULT, &avp))
		return "a Check-Balance-Result is in the answer, and was not asked for";
	bool is_in_mscc = first_of(asked, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &avp);
	if (is_in_mscc && first_of(told, CHG_AVP_GRANTED_SERVICE_UNIT, &avp))
		return "units were asked for in MSCC and are granted at command level";
	why = check_told_services(asked, told);
	return why != NULL ? why : check_asked_services(asked, told);
}

/* Expectations. */

struct check {
	const struct chg_script_cca *want;
	struct chg_avp_walk answer;
	uint32_t result; /* of the command */
	bool is_in_mscc;
	char *why;
	size_t why_size;
};

static bool no(const struct check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool no(const struct check *check, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(check->why, check->why_size, format, args);
	va_end(args);
	return false;
}

static bool has_number(struct chg_avp_walk service, enum chg_avp id, chg_opt_u32 want)
{
	struct chg_raw_avp avp;
	uint32_t is;
	if (!want.is_present)
		return true;
	while (next_of(&service, id, &avp))
		if (chg_avp_u32(&avp, &is) && is == want.value)
			return true;
	return false;
}

static bool is_wanted(const struct chg_script_service *want, struct chg_avp_walk service)
{
	return has_number(service, CHG_AVP_RATING_GROUP, want->group) &&
	       has_number(service, CHG_AVP_SERVICE_IDENTIFIER, want->id);
}

static bool read_grant(struct chg_avp_walk grant, struct chg_script_amount *ret, size_t *ret_kinds)
{
	struct chg_raw_avp avp;
	uint32_t currency = 0;
	*ret_kinds = 0;
	for (int i = 0; i < CHG_UNIT_COUNT; i++)
		if (first_of(grant, units[i], &avp)) {
			++*ret_kinds;
			ret->is_money = false;
			ret->unit = (enum chg_unit)i;
			if (!number_of(&avp, &ret->units))
				return false;
		}
	if (!first_of(grant, CHG_AVP_CC_MONEY, &avp))
		return true;
	++*ret_kinds;
	ret->is_money = true;
	bool is_fine = money_of(chg_avp_walk_group(avp.data), &ret->money, &currency);
	ret->currency.number = (uint16_t)currency;
	return is_fine;
}

static void write_amount(const struct chg_script_amount *amount, char *ret, size_t size)
{
	char money[CHG_MONEY_TEXT_MAX];
	if (amount->is_money) {
		chg_money_write(amount->money, money);
		snprintf(ret, size, "%s %s", chg_currency_code(amount->currency), money);
	} else {
		snprintf(ret, size, "%llu %s%s", (unsigned long long)amount->units,
			chg_unit_text(amount->unit), amount->units == 1 ? "" : "s");
	}
}

static bool is_same_amount(const struct chg_script_amount *a, const struct chg_script_amount *b)
{
	if (a->is_money != b->is_money)
		return false;
	if (a->is_money)
		return a->money.micros == b->money.micros &&
		       a->currency.number == b->currency.number;
	return a->unit == b->unit && a->units == b->units;
}

static bool grant_meets(const struct check *check, const struct chg_script_service *want,
	struct chg_avp_walk service)
{
	struct chg_raw_avp avp;
	struct chg_script_amount is = { 0 };
	size_t kinds = 0;
	char is_text[64] = "nothing";
	char want_text[64];
	if (want->grant == CHG_WISH_OPEN)
		return true;
	bool has = first_of(service, CHG_AVP_GRANTED_SERVICE_UNIT, &avp);
	if (has && !read_grant(chg_avp_walk_group(avp.data), &is, &kinds))
		return no(check, "the Granted-Service-Unit is not readable");
	if (kinds != 0)
		write_amount(&is, is_text, sizeof is_text);
	if (want->grant == CHG_WISH_NONE)
		return !has || no(check, "%s are granted and should not be", is_text);
	write_amount(&want->granted, want_text, sizeof want_text);
	if (kinds > 1)
		return no(check, "several kinds of units are granted and not only %s", want_text);
	return (kinds == 1 && is_same_amount(&is, &want->granted)) ||
	       no(check, "%s granted and not %s", is_text, want_text);
}

static bool final_meets(const struct check *check, const struct chg_script_service *want,
	struct chg_avp_walk service)
{
	struct chg_raw_avp avp;
	uint32_t action = 0;
	bool has = first_of(service, CHG_AVP_FINAL_UNIT_INDICATION, &avp);
	if (want->final == CHG_WISH_NONE)
		return !has || no(check, "there is a Final-Unit-Indication and should be none");
	if (want->final == CHG_WISH_OPEN)
		return true;
	if (!has)
		return no(check, "there is no Final-Unit-Indication");
	u32_of(chg_avp_walk_group(avp.data), CHG_AVP_FINAL_UNIT_ACTION, &action);
	return action == 0 || no(check, "the Final-Unit-Action is %u and not TERMINATE", action);
}

static bool validity_meets(const struct check *check, const struct chg_script_service *want,
	struct chg_avp_walk service)
{
	uint32_t is = 0;
	bool has = u32_of(service, CHG_AVP_VALIDITY_TIME, &is);
	if (want->validity == CHG_WISH_NONE)
		return !has || no(check, "there is a Validity-Time and should be none");
	if (want->validity == CHG_WISH_OPEN || (has && is == want->validity_s))
		return true;
	return no(check, "Validity-Time is %u and not %u", is, want->validity_s);
}

static bool service_meets(const struct check *check, const struct chg_script_service *want,
	struct chg_avp_walk service)
{
	uint32_t code = check->result;
	struct chg_raw_avp avp;
	uint32_t wanted = want->result != 0 ? want->result : check->result;
	u32_of(service, CHG_AVP_RESULT_CODE, &code);
	if (code != wanted)
		return no(check, "the service's result is %u %s and not %u %s", code,
			chg_result_word(code), wanted, chg_result_word(wanted));
	if (want->handle == CHG_WISH_THIS && !first_of(service, CHG_AVP_REFUND_INFORMATION, &avp))
		return no(check, "there is no Refund-Information");
	return grant_meets(check, want, service) && final_meets(check, want, service) &&
	       validity_meets(check, want, service);
}

/* The place in the answer that a wish is about, and whether it is as wished. */
static bool wish_meets(const struct check *check, const struct chg_script_service *want)
{
	struct chg_avp_walk walk = check->answer;
	struct chg_avp_walk found = { 0 };
	struct chg_raw_avp mscc;
	size_t count = 0;
	if (!check->is_in_mscc || check->result != SUCCESS)
		return service_meets(check, want, check->answer);
	while (next_of(&walk, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc))
		if (is_wanted(want, chg_avp_walk_group(mscc.data))) {
			found = chg_avp_walk_group(mscc.data);
			count++;
		}
	if (count == 1)
		return service_meets(check, want, found);
	return no(check, count == 0 ? "that service is not in the answer"
				    : "several services are in the answer; say which: group 100");
}

/* A refusal inside a good answer that nobody expects is not passed over. */
static bool others_are_well(const struct check *check)
{
	struct chg_avp_walk walk = check->answer;
	struct chg_raw_avp mscc;
	while (next_of(&walk, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc)) {
		struct chg_avp_walk service = chg_avp_walk_group(mscc.data);
		uint32_t code = SUCCESS;
		bool is_expected = false;
		u32_of(service, CHG_AVP_RESULT_CODE, &code);
		for (size_t i = 0; i < check->want->service_count; i++)
			is_expected = is_expected || is_wanted(&check->want->service[i], service);
		if (code != SUCCESS && !is_expected)
			return no(
				check, "a service's result is %u %s", code, chg_result_word(code));
	}
	return true;
}

static bool money_meets(const struct check *check, enum chg_script_wish wish, enum chg_avp id,
	chg_money want, const char *name)
{
	struct chg_raw_avp avp;
	chg_money is = { 0 };
	uint32_t currency = 0;
	char is_text[CHG_MONEY_TEXT_MAX];
	char want_text[CHG_MONEY_TEXT_MAX];
	if (wish == CHG_WISH_OPEN)
		return true;
	bool has = first_of(check->answer, id, &avp);
	if (wish == CHG_WISH_NONE)
		return !has || no(check, "%s is there and should not be", name);
	if (!has || !money_of(chg_avp_walk_group(avp.data), &is, &currency))
		return no(check, "%s is not there, or not readable", name);
	if (currency == 0)
		return no(check, "%s has no Currency-Code", name);
	chg_money_write(is, is_text);
	chg_money_write(want, want_text);
	return is.micros == want.micros ||
	       no(check, "%s is %s and not %s", name, is_text, want_text);
}

static bool flag_meets(const struct check *check, enum chg_script_wish wish, enum chg_avp id,
	uint32_t value, bool must_be_there, const char *name)
{
	uint32_t is = 0;
	if (wish == CHG_WISH_OPEN)
		return true;
	bool has = u32_of(check->answer, id, &is);
	if (!has && !must_be_there)
		return true;
	return (has && is == value) || no(check, "%s is not %u", name, value);
}

bool chg_answer_credit_meets(const struct chg_script_cca *want, struct chg_view request,
	struct chg_view answer, char *reterr_why, size_t why_size)
{
	struct chg_raw_avp avp;
	struct check check = { .want = want,
		.answer = chg_avp_walk_message(answer),
		.result = chg_answer_result(answer),
		.is_in_mscc = first_of(chg_avp_walk_message(request),
			CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &avp),
		.why = reterr_why,
		.why_size = why_size };
	for (size_t i = 0; i < want->service_count; i++)
		if (!wish_meets(&check, &want->service[i]))
			return false;
	return others_are_well(&check) &&
	       money_meets(&check, want->cost, CHG_AVP_COST_INFORMATION, want->cost_amount,
		       "Cost-Information") &&
	       money_meets(&check, want->remaining, CHG_AVP_REMAINING_BALANCE,
		       want->remaining_amount, "Remaining-Balance") &&
	       flag_meets(&check, want->low, CHG_AVP_LOW_BALANCE_INDICATION,
		       want->low == CHG_WISH_THIS, want->low == CHG_WISH_THIS,
		       "Low-Balance-Indication") &&
	       flag_meets(&check, want->enough, CHG_AVP_CHECK_BALANCE_RESULT,
		       want->enough == CHG_WISH_NONE, true, "Check-Balance-Result");
}

bool chg_answer_credit_handle(struct chg_view answer, struct chg_view *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_message(answer);
	struct chg_raw_avp mscc;
	struct chg_raw_avp avp;
	bool has = first_of(walk, CHG_AVP_REFUND_INFORMATION, &avp);
	while (!has && next_of(&walk, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc))
		has = first_of(chg_avp_walk_group(mscc.data), CHG_AVP_REFUND_INFORMATION, &avp);
	if (has)
		*ret = avp.data;
	return has;
}

/* For people. */

struct note {
	char *text;
	size_t len;
};

static void add(struct note *note, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct note *note, const char *format, ...)
{
	size_t room = CHG_CREDIT_NOTE_MAX - note->len;
	va_list args;
	if (note->len != 0 && room > 2) {
		memcpy(note->text + note->len, ", ", 3);
		note->len += 2;
		room -= 2;
	}
	va_start(args, format);
	int len = vsnprintf(note->text + note->len, room, format, args);
	va_end(args);
	if (len > 0)
		note->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void note_service(struct note *note, struct chg_avp_walk service, bool is_inside)
{
	struct chg_raw_avp avp;
	struct chg_script_amount grant = { 0 };
	size_t kinds = 0;
	uint32_t number = 0;
	char text[64];
	char group[32] = "";
	if (is_inside && u32_of(service, CHG_AVP_RATING_GROUP, &number))
		snprintf(group, sizeof group, "group %u: ", number);
	if (is_inside && u32_of(service, CHG_AVP_RESULT_CODE, &number) && number != SUCCESS)
		add(note, "%s%u %s", group, number, chg_result_word(number));
	if (first_of(service, CHG_AVP_GRANTED_SERVICE_UNIT, &avp) &&
		read_grant(chg_avp_walk_group(avp.data), &grant, &kinds) && kinds != 0) {
		write_amount(&grant, text, sizeof text);
		add(note, "%sgrants %s", group, text);
	}
	if (first_of(service, CHG_AVP_FINAL_UNIT_INDICATION, &avp))
		add(note, "the last ones");
}

static void note_money(
	struct note *note, struct chg_avp_walk answer, enum chg_avp id, const char *what)
{
	struct chg_raw_avp avp;
	uint32_t currency = 0;
	chg_money is = { 0 };
	char text[CHG_MONEY_TEXT_MAX];
	if (!first_of(answer, id, &avp) || !money_of(chg_avp_walk_group(avp.data), &is, &currency))
		return;
	chg_money_write(is, text);
	add(note, "%s %s %s", what, chg_currency_code((chg_currency){ (uint16_t)currency }), text);
}

void chg_answer_credit_note(struct chg_view answer, char ret[CHG_CREDIT_NOTE_MAX])
{
	struct note note = { .text = ret };
	struct chg_avp_walk walk = chg_avp_walk_message(answer);
	struct chg_raw_avp mscc;
	uint32_t number = 0;
	ret[0] = '\0';
	note_service(&note, walk, false);
	for (struct chg_avp_walk at = walk;
		next_of(&at, CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL, &mscc);)
		note_service(&note, chg_avp_walk_group(mscc.data), true);
	note_money(&note, walk, CHG_AVP_COST_INFORMATION, "cost");
	note_money(&note, walk, CHG_AVP_REMAINING_BALANCE, "left");
	if (u32_of(walk, CHG_AVP_CHECK_BALANCE_RESULT, &number))
		add(&note, number == 0 ? "enough credit" : "no credit");
	if (u32_of(walk, CHG_AVP_LOW_BALANCE_INDICATION, &number) && number == 1)
		add(&note, "the balance is low");
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Reading answers, and comparing them with requests and expectations.
 */
#include <stdio.h>

#include "chgplay/answer.h"
#include "chgplay/answer_credit.h"
#include "chgplay/element.h"
#include "chgplay/result.h"
#include "chgplay/text.h"

enum {
	CREDIT_CONTROL = 272,
};

/* What an AVP that was found has to be; NULL functions take any. */
struct wish {
	bool (*is_met)(const struct wish *wish, const struct chg_raw_avp *avp);
	struct chg_view octets; /* to compare with */
};

static bool has_data(const struct wish *wish, const struct chg_raw_avp *avp)
{
	return chg_view_equal(wish->octets, avp->data);
}

static bool is_whole(const struct wish *wish, const struct chg_raw_avp *avp)
{
	return chg_view_equal(wish->octets, avp->whole);
}

static bool is_any(const struct wish *wish, const struct chg_raw_avp *avp)
{
	(void)wish;
	(void)avp;
	return true;
}

/* Whether some instance at the path meets the wish; every instance of a group is looked into. */
static bool search(struct chg_avp_walk walk, struct chg_view path, const struct wish *wish)
{
	struct chg_element element;
	struct chg_raw_avp avp;
	if (!chg_element_next(&path, &element))
		return false;
	while (chg_avp_next(&walk, &avp)) {
		if (avp.code != element.code || avp.vendor != element.vendor)
			continue;
		if (path.len == 0 ? wish->is_met(wish, &avp)
				  : search(chg_avp_walk_group(avp.data), path, wish))
			return true;
	}
	return false;
}

static bool is_there(struct chg_view message, const char *name)
{
	struct wish any = { .is_met = is_any };
	return search(chg_avp_walk_message(message), chg_view_of(name), &any);
}

/* The first AVP of that code and no vendor. */
static bool first_of(struct chg_view message, enum chg_avp id, struct chg_raw_avp *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	while (chg_avp_next(&walk, ret))
		if (ret->is_known && ret->id == id)
			return true;
	return false;
}

uint32_t chg_answer_result(struct chg_view answer)
{
	struct chg_raw_avp avp;
	uint32_t code = 0;
	if (first_of(answer, CHG_AVP_RESULT_CODE, &avp))
		chg_avp_u32(&avp, &code);
	return code;
}

static bool bad(char *why, size_t why_size, const char *text)
{
	snprintf(why, why_size, "%s", text);
	return false;
}

static size_t count_of(struct chg_view message, enum chg_avp id)
{
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	size_t count = 0;
	while (chg_avp_next(&walk, &avp))
		count += avp.is_known && avp.id == id;
	return count;
}

static const char *check_header(const struct chg_header *request, const struct chg_header *answer)
{
	const uint8_t proxiable = CHG_COMMAND_FLAG_PROXIABLE;
	if (answer->hop_by_hop != request->hop_by_hop)
		return "the Hop-by-Hop id is not that of the request";
	if (answer->end_to_end != request->end_to_end)
		return "the End-to-End id is not that of the request";
	if (answer->command != request->command || answer->application != request->application)
		return "the command or the application is not that of the request";
	if (answer->flags & CHG_COMMAND_FLAG_REQUEST)
		return "the R bit is set in an answer";
	if (answer->flags & CHG_COMMAND_FLAG_RETRANSMITTED)
		return "the T bit is set in an answer";
	if ((answer->flags & proxiable) != (request->flags & proxiable))
		return "the P bit is not that of the request";
	return NULL;
}

static bool same_data(struct chg_view a, struct chg_view b, enum chg_avp id)
{
	struct chg_raw_avp of_a;
	struct chg_raw_avp of_b;
	return first_of(a, id, &of_a) && first_of(b, id, &of_b) &&
	       chg_view_equal(of_a.data, of_b.data);
}

static const char *check_session(struct chg_view request, struct chg_view answer)
{
	struct chg_raw_avp asked;
	struct chg_raw_avp told;
	struct chg_avp_walk walk = chg_avp_walk_message(answer);
	if (!first_of(request, CHG_AVP_SESSION_ID, &asked) || asked.data.len == 0)
		return NULL;
	if (!chg_avp_next(&walk, &told) || !told.is_known || told.id != CHG_AVP_SESSION_ID)
		return "Session-Id is not the first AVP";
	if (!chg_view_equal(asked.data, told.data))
		return "Session-Id is not that of the request";
	return NULL;
}

static const char *check_echoes(struct chg_view request, struct chg_view answer, bool is_credit)
{
	if (!is_credit && (!same_data(request, answer, CHG_AVP_ACCOUNTING_RECORD_TYPE) ||
				  !same_data(request, answer, CHG_AVP_ACCOUNTING_RECORD_NUMBER)))
		return "the record's type or number is not echoed, and the E bit is clear";
	if (is_credit && (!same_data(request, answer, CHG_AVP_CC_REQUEST_TYPE) ||
				 !same_data(request, answer, CHG_AVP_CC_REQUEST_NUMBER)))
		return "the request's type or number is not echoed, and the E bit is clear";
	return NULL;
}

static const char *check_result(
	struct chg_view request, struct chg_view answer, bool is_error, bool is_credit)
{
	if (count_of(answer, CHG_AVP_RESULT_CODE) != 1)
		return "there is not exactly one Result-Code";
	uint32_t class = chg_answer_result(answer) / 1000;
	if (class == 3 && !is_error)
		return "the E bit is clear with a protocol error (3xxx)";
	if (is_error && class != 3 && class != 5)
		return "the E bit is set without an error that allows it";
	if (is_error)
		return NULL;
	return check_echoes(request, answer, is_credit);
}

static const char *check_proxies(struct chg_view request, struct chg_view answer)
{
	struct chg_avp_walk asked = chg_avp_walk_message(request);
	struct chg_avp_walk told = chg_avp_walk_message(answer);
	struct chg_raw_avp one;
	struct chg_raw_avp other;
	while (chg_avp_next(&asked, &one)) {
		if (!one.is_known || one.id != CHG_AVP_PROXY_INFO)
			continue;
		do {
			if (!chg_avp_next(&told, &other))
				return "a Proxy-Info is missing or out of order";
		} while (!other.is_known || other.id != CHG_AVP_PROXY_INFO);
		if (!chg_view_equal(one.whole, other.whole))
			return "a Proxy-Info is not as it came";
	}
	return NULL;
}

static const char *check_rest(struct chg_view answer, bool is_credit)
{
	if (!is_there(answer, "Origin-Host") || !is_there(answer, "Origin-Realm"))
		return "Origin-Host or Origin-Realm is missing";
	if (is_there(answer, "Destination-Host") || is_there(answer, "Destination-Realm"))
		return "a Destination-Host or -Realm is in an answer";
	if (is_there(answer, "Route-Record"))
		return "a Route-Record is in an answer";
	if (!is_credit && count_of(answer, CHG_AVP_FAILED_AVP) > 1)
		return "there is more than one Failed-AVP";
	return NULL;
}

bool chg_answer_is_mannerly(
	struct chg_view request, struct chg_view answer, char *reterr_why, size_t why_size)
{
	struct chg_header asked;
	struct chg_header told;
	if (chg_header_read(answer, &told) != CHG_OK)
		return bad(reterr_why, why_size, "the answer's header is not readable");
	/* A request that lies about its length has no header to compare with. */
	if (chg_header_read(request, &asked) != CHG_OK)
		return true;

	bool is_credit = asked.command == CREDIT_CONTROL;
	bool is_error = (told.flags & CHG_COMMAND_FLAG_ERROR) != 0;
	const char *why = check_header(&asked, &told);
	if (why == NULL)
		why = check_session(request, answer);
	if (why == NULL)
		why = check_result(request, answer, is_error, is_credit);
	if (why == NULL)
		why = check_proxies(request, answer);
	if (why == NULL)
		why = check_rest(answer, is_credit);
	if (why == NULL && is_credit && !is_error)
		why = chg_answer_credit_manners(request, answer);
	return why == NULL || bad(reterr_why, why_size, why);
}

/* The last AVP of a path, written as octets. */
static bool wanted_octets(const struct chg_script_edit *edit, chg_instant base, uint8_t *octets,
	size_t size, struct chg_view *ret)
{
	struct chg_view path = edit->path;
	struct chg_element element = { 0 };
	size_t len = 0;
	while (path.len != 0)
		if (!chg_element_next(&path, &element))
			return false;
	if (!chg_element_value(&element, edit->value, base, octets, size, &len))
		return false;
	*ret = (struct chg_view){ (const char *)octets, len };
	return true;
}

static struct chg_view last_name(struct chg_view path)
{
	const char *dot = memrchr(path.ptr, '.', path.len);
	size_t skip = dot == NULL ? 0 : (size_t)(dot + 1 - path.ptr);
	return (struct chg_view){ path.ptr + skip, path.len - skip };
}

/* In Failed-AVP an offender stands alone or in its groups: RFC 6733 7.5 allows both. */
static bool search_failed(struct chg_view answer, struct chg_view path, const struct wish *wish)
{
	struct chg_raw_avp failed;
	if (!first_of(answer, CHG_AVP_FAILED_AVP, &failed))
		return false;
	struct chg_avp_walk walk = chg_avp_walk_group(failed.data);
	return search(walk, path, wish) || search(walk, last_name(path), wish);
}

struct copy_search {
	struct wish wish; /* first, so that the wish leads back here */
	struct chg_view answer;
	struct chg_view path;
};

/* Called for each instance in the request: is this one in Failed-AVP, byte for byte? */
static bool is_copied(const struct wish *wish, const struct chg_raw_avp *avp)
{
	const struct copy_search *copy = (const struct copy_search *)wish;
	struct wish whole = { .is_met = is_whole, .octets = avp->whole };
	return search_failed(copy->answer, copy->path, &whole);
}

static bool is_echoed(const struct wish *wish, const struct chg_raw_avp *avp)
{
	const struct copy_search *copy = (const struct copy_search *)wish;
	struct wish whole = { .is_met = is_whole, .octets = avp->whole };
	return search(chg_avp_walk_message(copy->answer), copy->path, &whole);
}

/* `from` is the request, or whatever else the AVP has to be copied from. */
static bool is_copy_of(
	struct chg_view from, struct chg_view answer, struct chg_view path, bool in_failed)
{
	if (from.len < CHG_HEADER_SIZE)
		return false;
	struct copy_search copy = {
		.wish.is_met = in_failed ? is_copied : is_echoed, .answer = answer, .path = path
	};
	return search(chg_avp_walk_message(from), path, &copy.wish);
}

static const char *check_edit(
	const struct chg_script_edit *edit, chg_instant base, const struct chg_answered *answered)
{
	struct chg_view request = answered->request;
	struct chg_view answer = answered->answer;
	uint8_t octets[CHG_MESSAGE_VALUE_MAX];
	struct wish wish = { .is_met = is_any };
	struct chg_avp_walk walk = chg_avp_walk_message(answer);

	if (edit->value.ptr != NULL) {
		wish.is_met = has_data;
		if (!wanted_octets(edit, base, octets, sizeof octets, &wish.octets))
			return "the expected value suits no AVP of that name";
	}
	switch (edit->kind) {
	case CHG_EDIT_WITH:
		return search(walk, edit->path, &wish) ? NULL : "is not there with that value";
	case CHG_EDIT_WITHOUT:
		return search(walk, edit->path, &wish) ? "is there and must not be" : NULL;
	case CHG_EDIT_FAILED:
		return search_failed(answer, edit->path, &wish) ? NULL : "is not in Failed-AVP so";
	case CHG_EDIT_NO_FAILED:
		return search(walk, edit->path, &wish) ? "is there and must not be" : NULL;
	case CHG_EDIT_FAILED_COPY:
		return is_copy_of(request, answer, edit->path, true)
			       ? NULL
			       : "is not in Failed-AVP as it came";
	case CHG_EDIT_SAME:
		return is_copy_of(answered->before, answer, edit->path, false)
			       ? NULL
			       : "is not that of the answer before";
	case CHG_EDIT_ECHOED:
		return is_copy_of(request, answer, edit->path, false) ? NULL : "is not echoed";
	default:
		return NULL;
	}
}

/* The Error-Message, for the sentence that says what was answered instead. */
static struct chg_view error_message(struct chg_view answer)
{
	struct chg_raw_avp avp;
	if (!first_of(answer, CHG_AVP_ERROR_MESSAGE, &avp) || avp.data.len > 120)
		return CHG_VIEW("");
	return avp.data;
}

static bool check_code(
	const struct chg_script_expect *expect, struct chg_view answer, char *why, size_t why_size)
{
	struct chg_header header;
	uint32_t code = chg_answer_result(answer);
	if (code != expect->result_code &&
		(expect->result_code_else == 0 || code != expect->result_code_else)) {
		struct chg_view message = error_message(answer);
		snprintf(why, why_size, "expected %u %s, got %u %s %.*s",
			(unsigned)expect->result_code, chg_result_word(expect->result_code),
			(unsigned)code, chg_result_word(code), (int)message.len, message.ptr);
		return false;
	}
	if (!expect->has_error_bit || chg_header_read(answer, &header) != CHG_OK)
		return true;
	if (((header.flags & CHG_COMMAND_FLAG_ERROR) != 0) == expect->error_bit)
		return true;
	return bad(why, why_size, expect->error_bit ? "the E bit is clear" : "the E bit is set");
}

/* All but what follows the request's copy: the Hop-by-Hop and End-to-End ids. */
static bool is_same_answer(struct chg_view a, struct chg_view b)
{
	enum { IDS_AT = 12 };
	return a.len == b.len && a.len >= CHG_HEADER_SIZE && memcmp(a.ptr, b.ptr, IDS_AT) == 0 &&
	       memcmp(a.ptr + CHG_HEADER_SIZE, b.ptr + CHG_HEADER_SIZE, a.len - CHG_HEADER_SIZE) ==
		       0;
}

bool chg_answer_meets(const struct chg_script *script, const struct chg_script_step *step,
	chg_instant base, const struct chg_answered *answered, char *reterr_why, size_t why_size)
{
	const struct chg_script_expect *expect = &step->expect;
	if (!check_code(expect, answered->answer, reterr_why, why_size))
		return false;
	if (expect->cca != NULL && !chg_answer_credit_meets(expect->cca, answered->request,
					   answered->answer, reterr_why, why_size))
		return false;
	if (expect->is_same && !is_same_answer(answered->before, answered->answer))
		return bad(reterr_why, why_size, "the answer is not that of before, word for word");
	for (size_t i = 0; i < step->edit_count; i++) {
		const struct chg_script_edit *edit = &script->edit[step->edit_first + i];
		const char *why = check_edit(edit, base, answered);
		if (why == NULL)
			continue;
		snprintf(reterr_why, why_size, "%.*s%s%.*s %s", (int)edit->path.len, edit->path.ptr,
			edit->value.ptr == NULL ? "" : "=", (int)edit->value.len,
			edit->value.ptr == NULL ? "" : edit->value.ptr, why);
		return false;
	}
	return chg_answer_is_mannerly(answered->request, answered->answer, reterr_why, why_size);
}

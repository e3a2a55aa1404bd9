/* SPDX-License-Identifier: BSD-3-Clause
 * Tables of words.
 */
#include "chgctl/names.h"

#include <stdlib.h>
#include <string.h>

struct name {
	int64_t number;
	const char *text;
};

static const struct name kinds[] = {
	{ CHG_CDR_EVENT, "event" },
	{ CHG_CDR_SESSION, "session" },
};

static const struct name statuses[] = {
	{ CHG_CDR_OPEN, "open" },
	{ CHG_CDR_CLOSED, "closed" },
};

static const struct name services[] = {
	{ CHG_AST_SENDING, "sending" },
	{ CHG_AST_RECEIVING, "receiving" },
	{ CHG_AST_RETRIEVAL, "retrieval" },
	{ CHG_AST_INVITING, "inviting" },
	{ CHG_AST_LEAVING, "leaving" },
	{ CHG_AST_JOINING, "joining" },
};

static const struct name terminations[] = {
	{ 1, "DIAMETER_LOGOUT" },
	{ 2, "DIAMETER_SERVICE_NOT_PROVIDED" },
	{ 3, "DIAMETER_BAD_ANSWER" },
	{ 4, "DIAMETER_ADMINISTRATIVE" },
	{ 5, "DIAMETER_LINK_BROKEN" },
	{ 6, "DIAMETER_AUTH_EXPIRED" },
	{ 7, "DIAMETER_USER_MOVED" },
	{ 8, "DIAMETER_SESSION_TIMEOUT" },
};

static const struct name results[] = {
	{ 2001, "DIAMETER_SUCCESS" },
	{ 3004, "DIAMETER_TOO_BUSY" },
	{ 4010, "DIAMETER_END_USER_SERVICE_DENIED" },
	{ 4011, "DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE" },
	{ 4012, "DIAMETER_CREDIT_LIMIT_REACHED" },
	{ 5002, "DIAMETER_UNKNOWN_SESSION_ID" },
	{ 5003, "DIAMETER_AUTHORIZATION_REJECTED" },
	{ 5004, "DIAMETER_INVALID_AVP_VALUE" },
	{ 5012, "DIAMETER_UNABLE_TO_COMPLY" },
	{ 5030, "DIAMETER_USER_UNKNOWN" },
	{ 5031, "DIAMETER_RATING_FAILED" },
};

static const struct name causes[] = {
	{ 0, "normal end of session" },
	{ -1, "successful transaction" },
	{ -2, "end of SUBSCRIBE dialog" },
	{ -3, "end of REGISTER dialog" },
	{ 1, "unspecified error" },
	{ 2, "session could not be set up" },
	{ 3, "internal error" },
};

static const struct name marks[] = {
#define MARK(name, bit, text, sentence) { 1u << (bit), text },
#include "core/mark.def"
#undef MARK
};

static const struct name mark_sentences[] = {
#define MARK(name, bit, text, sentence) { 1u << (bit), sentence },
#include "core/mark.def"
#undef MARK
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum {
	NAME_COUNT_MAX = 40, /* of any table here */
};
_Static_assert(COUNT(marks) <= NAME_COUNT_MAX, "a list of candidates holds every mark");

static const char *text_of(const struct name *table, size_t count, int64_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].number == number)
			return table[i].text;
	}
	return NULL;
}

const char *ctl_name_kind(enum chg_cdr_kind kind)
{
	const char *text = text_of(kinds, COUNT(kinds), kind);
	return text == NULL ? "unknown" : text;
}

const char *ctl_name_status(enum chg_cdr_status status)
{
	const char *text = text_of(statuses, COUNT(statuses), status);
	return text == NULL ? "unknown" : text;
}

const char *ctl_name_service(int32_t application_service_type)
{
	return text_of(services, COUNT(services), application_service_type);
}

const char *ctl_name_cause(int32_t cause_code)
{
	const char *text = text_of(causes, COUNT(causes), cause_code);
	if (text != NULL)
		return text;
	if (cause_code <= -200 && cause_code > -300)
		return "success, SIP status 2xx";
	if (cause_code <= -300 && cause_code > -400)
		return "redirection, SIP status 3xx";
	if (cause_code >= 400 && cause_code < 700)
		return "failure, SIP status";
	return cause_code <= 0 ? "success" : "failure";
}

const char *ctl_name_termination(uint32_t termination_cause)
{
	return text_of(terminations, COUNT(terminations), termination_cause);
}

const char *ctl_name_result(uint32_t result_code)
{
	return text_of(results, COUNT(results), result_code);
}

const char *ctl_name_mark_sentence(uint32_t bit)
{
	return text_of(mark_sentences, COUNT(mark_sentences), bit);
}

/* "..., did you mean X?" or the list of all there are. */
static void explain(const struct name *table, size_t count, const char *what, const char *text,
	char reterr_message[CTL_MESSAGE_MAX])
{
	const char *candidates[NAME_COUNT_MAX];
	size_t len;

	for (size_t i = 0; i < count; i++)
		candidates[i] = table[i].text;
	const char *near = ctl_text_nearest(text, candidates, count);
	len = (size_t)snprintf(reterr_message, CTL_MESSAGE_MAX, "\"%.60s\" is no %s; ", text, what);
	if (near != NULL) {
		snprintf(reterr_message + len, CTL_MESSAGE_MAX - len, "did you mean %s?", near);
		return;
	}
	len += (size_t)snprintf(reterr_message + len, CTL_MESSAGE_MAX - len, "there are ");
	for (size_t i = 0; i < count && len < CTL_MESSAGE_MAX - 64; i++)
		len += (size_t)snprintf(reterr_message + len, CTL_MESSAGE_MAX - len, "%s%s",
			i == 0 ? "" : ", ", candidates[i]);
}

static bool read_name(const struct name *table, size_t count, const char *what, const char *text,
	int64_t *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	for (size_t i = 0; i < count; i++) {
		if (ctl_text_alike(text, table[i].text)) {
			*ret = table[i].number;
			return true;
		}
	}
	explain(table, count, what, text, reterr_message);
	return false;
}

bool ctl_name_read_kind(
	const char *text, enum chg_cdr_kind *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	int64_t number;

	if (!read_name(kinds, COUNT(kinds), "kind of record", text, &number, reterr_message))
		return false;
	*ret = (enum chg_cdr_kind)number;
	return true;
}

bool ctl_name_read_status(
	const char *text, enum chg_cdr_status *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	int64_t number;

	if (!read_name(
		    statuses, COUNT(statuses), "state of a record", text, &number, reterr_message))
		return false;
	*ret = (enum chg_cdr_status)number;
	return true;
}

bool ctl_name_read_service(const char *text, int32_t *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	uint64_t given;
	int64_t number;

	if (ctl_text_number(text, INT32_MAX, &given)) {
		*ret = (int32_t)given;
		return true;
	}
	if (!read_name(services, COUNT(services), "type of service", text, &number, reterr_message))
		return false;
	*ret = (int32_t)number;
	return true;
}

bool ctl_name_read_marks(const char *text, uint32_t *ret, char reterr_message[CTL_MESSAGE_MAX])
{
	uint32_t bits = 0;

	for (;;) {
		char word[64];
		int64_t bit;
		text += strspn(text, " ");
		size_t len = strcspn(text, ",");
		snprintf(word, sizeof word, "%.*s", (int)(len < 60 ? len : 60), text);
		for (size_t end = strlen(word); end > 0 && word[end - 1] == ' '; end--)
			word[end - 1] = '\0';
		if (!read_name(marks, COUNT(marks), "mark", word, &bit, reterr_message))
			return false;
		bits |= (uint32_t)bit;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*ret = bits;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What the statements of a scenario mean.
 */
#include <stdlib.h>

#include "chgplay/element.h"
#include "chgplay/result.h"
#include "chgplay/script_parse.h"
#include "chgplay/record.h"
#include "chgplay/text.h"

/* Peers and names. */

static bool find_peer(const struct chg_parse *parse, struct chg_view name, uint32_t *ret)
{
	for (size_t i = 0; i < parse->script->peer_count; i++)
		if (chg_view_equal(parse->script->peer[i].name, name)) {
			*ret = (uint32_t)i;
			return true;
		}
	return false;
}

static enum chg_rc take_peer(struct chg_parse *parse, uint32_t *ret)
{
	struct chg_view name;
	enum chg_rc rc = chg_parse_take(parse, "the peer's name", &name);
	if (rc == CHG_OK && !find_peer(parse, name, ret))
		return chg_parse_fail(parse,
			"there is no peer \"%.*s\"; declare it with: peer %.*s", CHG_TEXT(name),
			CHG_TEXT(name));
	return rc;
}

static bool find_name(const struct chg_parse *parse, struct chg_view name, uint32_t *ret)
{
	for (size_t i = 0; i < parse->script->name_count; i++)
		if (chg_view_equal(parse->script->name[i], name)) {
			*ret = (uint32_t)i;
			return true;
		}
	return false;
}

static enum chg_rc take_known_name(struct chg_parse *parse, uint32_t *ret)
{
	struct chg_view name;
	enum chg_rc rc = chg_parse_take(parse, "the session's name", &name);
	if (rc == CHG_OK && !find_name(parse, name, ret))
		return chg_parse_fail(parse, "no request above names \"%.*s\"", CHG_TEXT(name));
	return rc;
}

static enum chg_rc take_name(struct chg_parse *parse, uint32_t owner, uint32_t *ret)
{
	struct chg_script *script = parse->script;
	struct chg_view name;
	enum chg_rc rc = chg_parse_take(parse, "the session's name", &name);
	if (rc != CHG_OK || find_name(parse, name, ret))
		return rc;
	if (script->name_count == CHG_SCRIPT_NAME_MAX)
		return chg_parse_fail(parse, "more than %d sessions", CHG_SCRIPT_NAME_MAX);
	if (name.len == 0 || name.len > 64)
		return chg_parse_fail(parse, "a session's name has 1 to 64 characters");
	*ret = (uint32_t)script->name_count++;
	script->name[*ret] = name;
	script->name_owner[*ret] = owner;
	return CHG_OK;
}

static enum chg_rc take_type(struct chg_parse *parse, enum chg_record_type *ret)
{
	static const struct {
		const char *text;
		enum chg_record_type type;
	} types[] = { { "event", CHG_RECORD_EVENT }, { "start", CHG_RECORD_START },
		{ "interim", CHG_RECORD_INTERIM }, { "stop", CHG_RECORD_STOP } };
	struct chg_view word;
	enum chg_rc rc = chg_parse_take(parse, "event, start, interim or stop", &word);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (chg_view_equal_nocase(word, chg_view_of(types[i].text))) {
			*ret = types[i].type;
			return CHG_OK;
		}
	return chg_parse_fail(
		parse, "\"%.*s\" is none of event, start, interim, stop", CHG_TEXT(word));
}

/* AVPs: "path" or "path=value". */

static bool split(
	struct chg_view word, char at, struct chg_view *ret_left, struct chg_view *ret_right)
{
	const char *found = word.len == 0 ? NULL : memchr(word.ptr, at, word.len);
	*ret_left = word;
	*ret_right = (struct chg_view){ 0 };
	if (found == NULL)
		return false;
	size_t left = (size_t)(found - word.ptr);
	*ret_left = (struct chg_view){ word.ptr, left };
	*ret_right = (struct chg_view){ found + 1, word.len - left - 1 };
	return true;
}

static enum chg_rc check_path(struct chg_parse *parse, struct chg_view path)
{
	struct chg_view rest = path;
	struct chg_element element;
	if (chg_word_is(path, "*"))
		return CHG_OK;
	while (rest.len != 0)
		if (!chg_element_next(&rest, &element))
			return chg_parse_fail(parse,
				"\"%.*s\" names an AVP that the dictionary does not have; write "
				"unknown "
				"ones as code/vendor/flags",
				CHG_TEXT(path));
	return path.len != 0 ? CHG_OK : chg_parse_fail(parse, "an AVP's name is missing");
}

static enum chg_rc take_edit(struct chg_parse *parse, enum chg_edit_kind kind, bool wants_value)
{
	struct chg_view word;
	struct chg_view path;
	struct chg_view value;
	enum chg_rc rc = chg_parse_take(parse, "the AVP", &word);
	if (rc != CHG_OK)
		return rc;
	bool has_value = split(word, '=', &path, &value);
	if (wants_value && !has_value)
		return chg_parse_fail(parse, "\"%.*s\" must be AVP=value", CHG_TEXT(word));
	rc = check_path(parse, path);
	if (rc != CHG_OK)
		return rc;
	uint8_t flags;
	uint64_t length;
	if (kind == CHG_EDIT_FLAGS && !chg_element_flags(value, &flags))
		return chg_parse_fail(parse, "flags are letters of VMP, or - for none");
	if (kind == CHG_EDIT_LENGTH && (!chg_unsigned_read(value, &length) || length > 0xffffff))
		return chg_parse_fail(parse, "an AVP's length is a number up to 16777215");
	if (kind == CHG_EDIT_WITH || (kind == CHG_EDIT_FAILED && has_value)) {
		const char *why = chg_element_check(path, value);
		if (why != NULL)
			return chg_parse_fail(parse, "%.*s: %s", CHG_TEXT(word), why);
	}
	return chg_parse_add_edit(parse, kind, path, value);
}

enum shorthand_kind { VALUE, PARTY, PARTIES };

static const struct shorthand {
	const char *word;
	enum shorthand_kind kind;
	const char *path;
} shorthands[] = {
#define SHORTHAND(word, kind, path) { word, kind, path },
#include "chgplay/shorthand.def"
#undef SHORTHAND
};

static enum chg_rc add_parties(struct chg_parse *parse, struct chg_view path, struct chg_view list)
{
	while (list.len != 0) {
		struct chg_view party;
		split(list, ',', &party, &list);
		enum chg_rc rc = chg_parse_add_edit(parse, CHG_EDIT_PARTY, path, party);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc take_shorthand(struct chg_parse *parse, const struct shorthand *shorthand)
{
	struct chg_view value;
	struct chg_view path = chg_view_of(shorthand->path);
	enum chg_rc rc = chg_parse_take(parse, shorthand->word, &value);
	if (rc != CHG_OK)
		return rc;
	if (shorthand->kind == PARTIES)
		return add_parties(parse, path, value);
	if (shorthand->kind == PARTY)
		return chg_parse_add_edit(parse, CHG_EDIT_PARTY, path, value);
	const char *why = chg_element_check(path, value);
	if (why != NULL)
		return chg_parse_fail(parse, "%s %.*s: %s", shorthand->word, CHG_TEXT(value), why);
	return chg_parse_add_edit(parse, CHG_EDIT_WITH, path, value);
}

static const struct shorthand *find_shorthand(struct chg_view word)
{
	for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++)
		if (chg_word_is(word, shorthands[i].word))
			return &shorthands[i];
	return NULL;
}

/* The words that change AVPs of a request; false when the word is none of them. */
static bool take_avp_word(struct chg_parse *parse, struct chg_view word, enum chg_rc *ret)
{
	static const struct {
		const char *word;
		enum chg_edit_kind kind;
		bool wants_value;
	} edits[] = { { "with", CHG_EDIT_WITH, true }, { "without", CHG_EDIT_WITHOUT, false },
		{ "twice", CHG_EDIT_TWICE, false }, { "last", CHG_EDIT_LAST, false },
		{ "flags", CHG_EDIT_FLAGS, true }, { "length", CHG_EDIT_LENGTH, true } };
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
		if (chg_word_is(word, edits[i].word)) {
			*ret = take_edit(parse, edits[i].kind, edits[i].wants_value);
			return true;
		}
	const struct shorthand *shorthand = find_shorthand(word);
	if (shorthand != NULL)
		*ret = take_shorthand(parse, shorthand);
	return shorthand != NULL;
}

static enum chg_rc take_at(struct chg_parse *parse, bool *ret_has, int64_t *ret)
{
	*ret_has = true;
	return chg_parse_take_number(parse, "at", -INT64_C(4000000000), INT64_C(4000000000), ret);
}

static enum chg_rc take_sub(struct chg_parse *parse, chg_opt_u64 *ret)
{
	int64_t value = 0;
	enum chg_rc rc = chg_parse_take_number(parse, "sub", 0, INT64_MAX, &value);
	*ret = (chg_opt_u64){ true, (uint64_t)value };
	return rc;
}

enum chg_rc chg_parse_take_send_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_send *send)
{
	enum chg_rc rc = CHG_OK;
	if (chg_word_is(word, "T"))
		send->is_retransmission = true;
	else if (chg_word_is(word, "at"))
		rc = take_at(parse, &send->has_at, &send->at_s);
	else if (chg_word_is(word, "sub"))
		rc = take_sub(parse, &send->sub_session_id);
	else if (chg_word_is(word, "header-app"))
		rc = chg_parse_take_opt_u32(parse, "header-app", &send->application);
	else if (chg_word_is(word, "header-command"))
		rc = chg_parse_take_opt_u32(parse, "header-command", &send->command);
	else if (chg_word_is(word, "header-flags"))
		rc = chg_parse_take_opt_u32(parse, "header-flags", &send->header_flags);
	else if (chg_word_is(word, "version"))
		rc = chg_parse_take_opt_u32(parse, "version", &send->version);
	else if (chg_word_is(word, "proxiable") && chg_parse_take_if(parse, "off"))
		send->is_not_proxiable = true;
	else if (!take_avp_word(parse, word, &rc))
		rc = chg_parse_unknown_word(parse, word, "send");
	return rc;
}

bool chg_parse_is_send_word(struct chg_view word)
{
	static const char *const own[] = { "T", "at", "sub", "header-app", "header-command",
		"header-flags", "version", "proxiable", "with", "without", "twice", "last", "flags",
		"length" };
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (chg_word_is(word, own[i]))
			return true;
	return find_shorthand(word) != NULL;
}

static enum chg_rc count_request(struct chg_parse *parse, struct chg_script_step *step)
{
	if (parse->together == 0 && parse->unexpected != 0)
		return chg_parse_fail(parse,
			"the request of line %u has no expect; say what is answered before sending "
			"on",
			(unsigned)parse->unexpected_line);
	uint32_t times = parse->together != 0 && parse->times != 0 ? parse->times : 1;
	parse->together_count += times;
	if (parse->together != 0 && parse->together_count > CHG_SCRIPT_TOGETHER_MAX)
		return chg_parse_fail(
			parse, "more than %d requests together", CHG_SCRIPT_TOGETHER_MAX);
	parse->unexpected += times;
	parse->unexpected_line = parse->line;
	step->together = parse->together;
	step->trigger = parse->trigger;
	parse->trigger = (struct chg_view){ 0 };
	return CHG_OK;
}

static enum chg_rc take_command(struct chg_parse *parse, struct chg_script_send *send)
{
	send->times = parse->times == 0 ? 1 : parse->times;
	send->is_credit = chg_parse_take_if(parse, "CCR");
	if (send->is_credit)
		return chg_parse_ccr_type(parse, send);
	if (chg_parse_take_if(parse, "ACR"))
		return take_type(parse, &send->type);
	return chg_parse_fail(parse,
		"send wants: send [peer] ACR event|start|interim|stop name #0, "
		"or CCR initial|update|termination|event");
}

static enum chg_rc parse_send(struct chg_parse *parse)
{
	struct chg_script_step *step;
	struct chg_view word;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_SEND, &step);
	if (rc == CHG_OK)
		rc = count_request(parse, step);
	if (rc == CHG_OK && chg_parse_has_more(parse) && !chg_parse_next_is(parse, "ACR") &&
		!chg_parse_next_is(parse, "CCR"))
		rc = take_peer(parse, &step->peer);
	if (rc == CHG_OK)
		rc = take_command(parse, &step->send);
	if (rc == CHG_OK)
		rc = take_name(parse, step->peer, &step->send.name);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the record number, as #0,", &word);
	if (rc != CHG_OK)
		return rc;

	int64_t number = 0;
	if (word.len < 2 || word.ptr[0] != '#' ||
		!chg_number_read((struct chg_view){ word.ptr + 1, word.len - 1 }, &number) ||
		number < 0 || number > UINT32_MAX)
		return chg_parse_fail(
			parse, "\"%.*s\" is no record number; write #0", CHG_TEXT(word));
	step->send.number = (uint32_t)number;
	if (step->send.is_credit)
		return chg_parse_ccr_words(parse, &step->send);

	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = chg_parse_take_send_word(parse, parse->word[parse->next++], &step->send);
	return rc;
}

static enum chg_rc parse_again(struct chg_parse *parse)
{
	struct chg_script_step *step;
	size_t sends = 0;
	for (size_t i = 0; i < parse->script->step_count; i++)
		sends += parse->script->step[i].kind == CHG_PLAY_SEND;
	if (sends == 0)
		return chg_parse_fail(parse, "there is no request to send again yet");
	if (parse->together != 0)
		return chg_parse_fail(parse, "again cannot be inside together");

	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_AGAIN, &step);
	if (rc == CHG_OK)
		rc = count_request(parse, step);
	while (rc == CHG_OK && chg_parse_has_more(parse)) {
		if (chg_parse_take_if(parse, "T"))
			step->again.is_retransmission = true;
		else if (chg_parse_take_if(parse, "fresh"))
			step->again.is_fresh = true;
		else
			rc = chg_parse_no_more(parse);
	}
	return rc;
}

static enum chg_rc open_group(struct chg_parse *parse)
{
	if (parse->together != 0)
		return chg_parse_fail(parse, "together is open already; close it with end");
	if (parse->unexpected != 0)
		return chg_parse_fail(parse, "the request of line %u has no expect",
			(unsigned)parse->unexpected_line);
	parse->together = ++parse->together_last;
	parse->together_count = 0;
	parse->times = 0;
	return CHG_OK;
}

static enum chg_rc parse_together(struct chg_parse *parse)
{
	enum chg_rc rc = open_group(parse);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_parallel(struct chg_parse *parse)
{
	int64_t times = 0;
	enum chg_rc rc = open_group(parse);
	if (rc == CHG_OK)
		rc = chg_parse_take_number(parse, "parallel", 1, CHG_SCRIPT_TOGETHER_MAX, &times);
	parse->times = (uint32_t)times;
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_end(struct chg_parse *parse)
{
	if (parse->together == 0)
		return chg_parse_fail(parse, "end without together");
	parse->together = 0;
	parse->times = 0;
	return chg_parse_no_more(parse);
}

/* expect ACA ... */

static enum chg_rc take_failed(struct chg_parse *parse)
{
	if (chg_parse_take_if(parse, "none"))
		return chg_parse_add_edit(
			parse, CHG_EDIT_NO_FAILED, CHG_VIEW("Failed-AVP"), (struct chg_view){ 0 });
	if (chg_parse_take_if(parse, "copy"))
		return take_edit(parse, CHG_EDIT_FAILED_COPY, false);
	return take_edit(parse, CHG_EDIT_FAILED, false);
}

enum chg_rc chg_parse_take_expect_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_expect *expect)
{
	if (chg_word_is(word, "with"))
		return take_edit(parse, CHG_EDIT_WITH, true);
	if (chg_word_is(word, "without"))
		return take_edit(parse, CHG_EDIT_WITHOUT, false);
	if (chg_word_is(word, "echoed"))
		return take_edit(parse, CHG_EDIT_ECHOED, false);
	if (chg_word_is(word, "same"))
		return take_edit(parse, CHG_EDIT_SAME, false);
	if (chg_word_is(word, "failed"))
		return take_failed(parse);
	if (chg_word_is(word, "or") && chg_parse_take_if(parse, "closed")) {
		expect->may_close = true;
		return CHG_OK;
	}
	if (chg_word_is(word, "or"))
		return chg_parse_take_result(parse, &expect->result_code_else);
	if (chg_word_is(word, "flags")) {
		expect->has_error_bit = true;
		expect->error_bit = chg_parse_take_if(parse, "E");
		if (!expect->error_bit && !chg_parse_take_if(parse, "-"))
			return chg_parse_fail(parse, "flags wants E, or - for none");
		return CHG_OK;
	}
	return chg_parse_unknown_word(parse, word, "expect");
}

/* "10 CCA success": so many answers of the group are so, in whatever order. */
static enum chg_rc take_times(struct chg_parse *parse, struct chg_script_expect *expect)
{
	uint64_t number;
	uint32_t answers = 1;
	if (chg_parse_has_more(parse) && chg_unsigned_read(parse->word[parse->next], &number)) {
		parse->next++;
		if (number > parse->unexpected)
			return chg_parse_fail(parse, "there are only %u requests left",
				(unsigned)parse->unexpected);
		expect->times = (uint32_t)number;
		answers = expect->times;
	}
	parse->unexpected -= answers;
	return CHG_OK;
}

static enum chg_rc parse_expect(struct chg_parse *parse)
{
	struct chg_script_step *step;
	if (parse->together != 0)
		return chg_parse_fail(parse, "expect comes after the end of together");
	if (parse->unexpected == 0)
		return chg_parse_fail(parse, "there is no request left that this could answer");
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_EXPECT, &step);
	if (rc == CHG_OK)
		rc = take_times(parse, &step->expect);
	if (rc != CHG_OK)
		return rc;
	if (chg_parse_take_if(parse, "closed") || chg_parse_take_if(parse, "silence")) {
		bool is_closed = chg_word_is(parse->word[parse->next - 1], "closed");
		step->expect.kind = is_closed ? CHG_EXPECT_CLOSED : CHG_EXPECT_SILENCE;
		return chg_parse_no_more(parse);
	}
	if (chg_parse_take_if(parse, "CCA"))
		return chg_parse_cca_words(parse, &step->expect);
	if (!chg_parse_take_if(parse, "ACA"))
		return chg_parse_fail(parse,
			"expect wants: expect ACA result, or CCA result, or closed, or silence");
	rc = chg_parse_take_result(parse, &step->expect.result_code);
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = chg_parse_take_expect_word(parse, parse->word[parse->next++], &step->expect);
	return rc;
}

/* record ... */

static const struct {
	const char *word;
	const char *column;
} short_columns[] = {
	{ "sent", "messages_sent" },
	{ "delivered", "messages_sent_delivered" },
	{ "exploded", "messages_exploded" },
	{ "exploded-delivered", "messages_exploded_delivered" },
	{ "attached", "participants_attached" },
	{ "invited", "participants_invited" },
	{ "cause", "cause_code" },
	{ "termination", "termination_cause" },
	{ "entries", "entry_count" },
	{ "octets", "content_octets" },
	{ "from", "calling_party" },
	{ "to", "called_party" },
	{ "user", "user_name" },
	{ "service", "application_service_type" },
	{ "status", "delivery_status" },
	{ "group", "group_name" },
	{ "icid", "icid" },
	{ "started", "started_at" },
	{ "ended", "ended_at" },
};

static enum chg_rc add_column(struct chg_parse *parse, struct chg_script_record *record,
	struct chg_view name, struct chg_view value, bool is_part)
{
	if (record->column_count == CHG_SCRIPT_COLUMN_MAX)
		return chg_parse_fail(parse, "more than %d columns", CHG_SCRIPT_COLUMN_MAX);
	const char *why = chg_column_check(name, value);
	if (why != NULL)
		return chg_parse_fail(parse, "%.*s: %s", CHG_TEXT(name), why);
	if (chg_word_is(value, "none"))
		value = (struct chg_view){ 0 };
	record->column[record->column_count++] = (struct chg_script_column){ name, value, is_part };
	return CHG_OK;
}

static enum chg_rc take_marks(struct chg_parse *parse, struct chg_script_record *record)
{
	record->has_marks = true;
	bool is_more = true;
	while (is_more) {
		struct chg_view word;
		enum chg_rc rc = chg_parse_take(parse, "a mark, as \"start lost\",", &word);
		if (rc != CHG_OK)
			return rc;
		is_more = word.len != 0 && word.ptr[word.len - 1] == ',';
		if (is_more)
			word.len--;
		uint32_t bit = chg_cdr_mark_bit(word);
		if (bit == 0)
			return chg_parse_fail(parse, "there is no mark \"%.*s\"", CHG_TEXT(word));
		record->marks |= bit;
	}
	return CHG_OK;
}

static enum chg_rc take_record_word(
	struct chg_parse *parse, struct chg_view word, struct chg_script_record *record)
{
	struct chg_view left;
	struct chg_view right;
	if (chg_word_is(word, "marks"))
		return take_marks(parse, record);
	if (chg_word_is(word, "cost")) {
		record->has_cost = true;
		return chg_parse_take_money(parse, "cost", &record->cost);
	}
	if (chg_word_is(word, "no") && chg_parse_take_if(parse, "marks")) {
		record->has_marks = true;
		record->marks = 0;
		return CHG_OK;
	}
	for (size_t i = 0; i < sizeof short_columns / sizeof short_columns[0]; i++)
		if (chg_word_is(word, short_columns[i].word)) {
			enum chg_rc rc = chg_parse_take(parse, short_columns[i].word, &right);
			if (rc != CHG_OK)
				return rc;
			return add_column(
				parse, record, chg_view_of(short_columns[i].column), right, false);
		}
	if (split(word, '=', &left, &right))
		return add_column(parse, record, left, right, false);
	if (split(word, '~', &left, &right))
		return add_column(parse, record, left, right, true);
	return chg_parse_unknown_word(parse, word, "record");
}

static enum chg_rc take_record_which(struct chg_parse *parse, struct chg_script_step *step)
{
	struct chg_script_record *record = step->record;
	enum chg_rc rc = CHG_OK;
	for (;;) {
		if (rc != CHG_OK || !chg_parse_has_more(parse))
			return rc;
		if (chg_parse_take_if(parse, "sub"))
			rc = take_sub(parse, &record->sub_session_id);
		else if (chg_parse_take_if(parse, "nr"))
			rc = chg_parse_take_u32(parse, "nr", &record->place);
		else if (chg_parse_take_if(parse, "of")) {
			record->has_host = true;
			rc = take_peer(parse, &step->peer);
		} else
			return CHG_OK;
	}
}

static enum chg_rc parse_record(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_RECORD, &step);
	if (rc != CHG_OK)
		return rc;
	struct chg_script_record *record = calloc(1, sizeof *record);
	step->record = record;
	if (record == NULL)
		return CHG_E_NO_MEMORY;
	if (chg_parse_take_if(parse, "event"))
		record->kind = CHG_CDR_EVENT;
	else if (chg_parse_take_if(parse, "session"))
		record->kind = CHG_CDR_SESSION;
	rc = take_known_name(parse, &record->name);
	if (rc == CHG_OK)
		rc = take_record_which(parse, step);
	if (rc != CHG_OK)
		return rc;

	if (chg_parse_take_if(parse, "open"))
		record->want = CHG_WANT_OPEN;
	else if (chg_parse_take_if(parse, "closed"))
		record->want = CHG_WANT_CLOSED;
	else if (!chg_parse_take_if(parse, "none"))
		return chg_parse_fail(parse, "a record is open, closed or none");
	while (rc == CHG_OK && chg_parse_has_more(parse))
		rc = take_record_word(parse, parse->word[parse->next++], record);
	return rc;
}

static enum chg_rc parse_participant(struct chg_parse *parse)
{
	struct chg_script_step *step;
	struct chg_view word;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_PARTICIPANT, &step);
	if (rc == CHG_OK)
		rc = take_known_name(parse, &step->participant.name);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the participant", &step->participant.party);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "invited, joined, left or named", &word);
	if (rc != CHG_OK)
		return rc;

	for (int action = CHG_ACTION_INVITED; action <= CHG_ACTION_NAMED; action++)
		if (chg_word_is(
			    word, chg_participant_action_text((enum chg_participant_action)action)))
			step->participant.action = (enum chg_participant_action)action;
	if (step->participant.action == 0)
		return chg_parse_fail(
			parse, "\"%.*s\" is none of invited, joined, left, named", CHG_TEXT(word));
	if (chg_parse_take_if(parse, "at"))
		rc = take_at(parse, &step->participant.has_at, &step->participant.at_s);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_timeline(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_TIMELINE, &step);
	if (rc != CHG_OK)
		return rc;
	struct chg_script_timeline *timeline = calloc(1, sizeof *timeline);
	step->timeline = timeline;
	if (timeline == NULL)
		return CHG_E_NO_MEMORY;
	rc = take_known_name(parse, &timeline->name);
	while (rc == CHG_OK && chg_parse_has_more(parse)) {
		if (timeline->count == CHG_SCRIPT_TIMELINE_MAX)
			return chg_parse_fail(
				parse, "more than %d entries", CHG_SCRIPT_TIMELINE_MAX);
		rc = take_type(parse, &timeline->type[timeline->count++]);
	}
	return rc;
}

static enum chg_rc parse_records(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_RECORDS, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take_u32(parse, "records", &step->records);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

/* The world around. */

static enum chg_rc parse_seconds(struct chg_parse *parse, enum chg_step_kind kind, int64_t min)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, kind, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take_number(
			parse, "the seconds", min, INT64_C(4000000000), &step->seconds);
	if (rc == CHG_OK && !chg_parse_take_if(parse, "s"))
		return chg_parse_fail(parse, "write the unit as well: tick 60 s");
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_tick(struct chg_parse *parse)
{
	return parse_seconds(parse, CHG_PLAY_TICK, 0);
}

static enum chg_rc parse_jump(struct chg_parse *parse)
{
	return parse_seconds(parse, CHG_PLAY_JUMP, -INT64_C(4000000000));
}

static enum chg_rc parse_restart(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_RESTART, &step);
	if (rc == CHG_OK)
		step->is_kill = chg_parse_take_if(parse, "kill");
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_connect(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_CONNECT, &step);
	if (rc == CHG_OK)
		rc = take_peer(parse, &step->peer);
	if (rc == CHG_OK && chg_parse_take_if(parse, "state-id"))
		rc = chg_parse_take_opt_u32(parse, "state-id", &step->state_id);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_disconnect(struct chg_parse *parse)
{
	struct chg_script_step *step;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_DISCONNECT, &step);
	if (rc == CHG_OK)
		rc = take_peer(parse, &step->peer);
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_store(struct chg_parse *parse)
{
	static const struct {
		const char *word;
		enum chg_store_mood mood;
	} moods[] = { { "well", CHG_STORE_WELL }, { "full", CHG_STORE_FULL },
		{ "locked", CHG_STORE_LOCKED }, { "broken", CHG_STORE_BROKEN } };
	struct chg_script_step *step;
	struct chg_view word;
	enum chg_rc rc = chg_parse_add_step(parse, CHG_PLAY_STORE, &step);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "well, full, locked or broken", &word);
	if (rc != CHG_OK)
		return rc;
	for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++)
		if (chg_word_is(word, moods[i].word)) {
			step->store = moods[i].mood;
			return chg_parse_no_more(parse);
		}
	return chg_parse_fail(
		parse, "a store is well, full, locked or broken, not \"%.*s\"", CHG_TEXT(word));
}

static enum chg_rc parse_peer(struct chg_parse *parse)
{
	struct chg_script *script = parse->script;
	struct chg_script_peer peer = { .realm = CHG_VIEW("example.net") };
	uint32_t place;
	enum chg_rc rc = chg_parse_take(parse, "the peer's name", &peer.name);
	if (rc != CHG_OK)
		return rc;
	if (!find_peer(parse, peer.name, &place))
		place = (uint32_t)script->peer_count;
	if (place == CHG_SCRIPT_PEER_MAX)
		return chg_parse_fail(parse, "more than %d peers", CHG_SCRIPT_PEER_MAX);
	while (rc == CHG_OK && chg_parse_has_more(parse)) {
		if (chg_parse_take_if(parse, "host"))
			rc = chg_parse_take(parse, "the host", &peer.host);
		else if (chg_parse_take_if(parse, "realm"))
			rc = chg_parse_take(parse, "the realm", &peer.realm);
		else if (chg_parse_take_if(parse, "state-id"))
			rc = chg_parse_take_u32(parse, "state-id", &peer.state_id);
		else
			return chg_parse_unknown_word(parse, parse->word[parse->next], "peer");
	}
	if (rc != CHG_OK)
		return rc;
	script->peer[place] = peer;
	if (place == script->peer_count)
		script->peer_count++;
	return CHG_OK;
}

static enum chg_rc parse_config(struct chg_parse *parse)
{
	struct chg_script *script = parse->script;
	struct chg_script_config config = { .line = parse->line };
	if (script->config_count == CHG_SCRIPT_CONFIG_MAX)
		return chg_parse_fail(parse, "more than %d config lines", CHG_SCRIPT_CONFIG_MAX);
	if (script->step_count != 0)
		return chg_parse_fail(
			parse, "config comes before the first step: it starts the node");
	enum chg_rc rc = chg_parse_take(parse, "the key, as offline.session_idle_s,", &config.key);
	if (rc == CHG_OK)
		rc = chg_parse_take(parse, "the value", &config.value);
	if (rc == CHG_OK && (config.key.len > 64 || config.value.len > 128))
		return chg_parse_fail(parse, "the key or the value is too long");
	if (rc == CHG_OK)
		script->config[script->config_count++] = config;
	return rc == CHG_OK ? chg_parse_no_more(parse) : rc;
}

static enum chg_rc parse_stages(struct chg_parse *parse)
{
	uint32_t stages = 0;
	while (chg_parse_has_more(parse)) {
		if (chg_parse_take_if(parse, "memory"))
			stages |= CHG_STAGE_MEMORY;
		else if (chg_parse_take_if(parse, "sqlite"))
			stages |= CHG_STAGE_SQLITE;
		else if (chg_parse_take_if(parse, "wire"))
			stages |= CHG_STAGE_WIRE;
		else
			return chg_parse_unknown_word(parse, parse->word[parse->next], "stages");
	}
	parse->script->stages = stages;
	return stages != 0 ? CHG_OK : chg_parse_fail(parse, "stages wants memory, sqlite or wire");
}

static enum chg_rc parse_prose(struct chg_parse *parse, struct chg_view *ret)
{
	if (parse->rest.len == 0)
		return chg_parse_fail(parse, "the text is missing");
	*ret = parse->rest;
	return CHG_OK;
}

static enum chg_rc parse_title(struct chg_parse *parse)
{
	return parse_prose(parse, &parse->script->title);
}

static enum chg_rc parse_flow(struct chg_parse *parse)
{
	return parse_prose(parse, &parse->script->flow);
}

static enum chg_rc parse_rule(struct chg_parse *parse)
{
	return parse_prose(parse, &parse->script->rules);
}

static enum chg_rc parse_trigger(struct chg_parse *parse)
{
	if (parse->trigger.ptr != NULL)
		return chg_parse_fail(parse, "the trigger of line %u has triggered nothing yet",
			(unsigned)parse->trigger_line);
	parse->trigger_line = parse->line;
	return parse_prose(parse, &parse->trigger);
}

static const struct statement {
	const char *word;
	enum chg_rc (*parse)(struct chg_parse *parse);
	bool is_prose;
	bool is_block;
} statements[] = {
	{ "title", parse_title, true, false },
	{ "flow", parse_flow, true, false },
	{ "rule", parse_rule, true, false },
	{ "trigger", parse_trigger, true, false },
	{ "stages", parse_stages, false, false },
	{ "config", parse_config, false, false },
	{ "peer", parse_peer, false, false },
	{ "send", parse_send, false, false },
	{ "again", parse_again, false, false },
	{ "together", parse_together, false, false },
	{ "end", parse_end, false, false },
	{ "expect", parse_expect, false, false },
	{ "record", parse_record, false, false },
	{ "participant", parse_participant, false, false },
	{ "timeline", parse_timeline, false, false },
	{ "records", parse_records, false, false },
	{ "tick", parse_tick, false, false },
	{ "jump", parse_jump, false, false },
	{ "restart", parse_restart, false, false },
	{ "connect", parse_connect, false, false },
	{ "disconnect", parse_disconnect, false, false },
	{ "store", parse_store, false, false },
	{ "parallel", parse_parallel, false, false },
	{ "units", chg_parse_units, false, false },
	{ "account", chg_parse_account, false, false },
	{ "bucket", chg_parse_bucket, false, false },
	{ "block", chg_parse_block, false, false },
	{ "unblock", chg_parse_unblock, false, false },
	{ "topup", chg_parse_topup, false, false },
	{ "tariff", chg_parse_tariff, false, true },
	{ "balance", chg_parse_balance, false, false },
	{ "ledger", chg_parse_ledger, false, false },
	{ "suspense", chg_parse_suspense, false, false },
};

static const struct statement *find_statement(struct chg_view word)
{
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		if (chg_word_is(word, statements[i].word))
			return &statements[i];
	return NULL;
}

bool chg_parse_is_statement(struct chg_view word)
{
	return find_statement(word) != NULL;
}

bool chg_parse_is_prose(struct chg_view word)
{
	const struct statement *statement = find_statement(word);
	return statement != NULL && statement->is_prose;
}

bool chg_parse_is_block(struct chg_view word)
{
	const struct statement *statement = find_statement(word);
	return statement != NULL && statement->is_block;
}

enum chg_rc chg_parse_statement(struct chg_parse *parse, struct chg_view first)
{
	const struct statement *statement = find_statement(first);
	if (statement == NULL)
		return chg_parse_unknown_word(parse, first, "the language");
	parse->next = 1;
	return statement->parse(parse);
}

enum chg_rc chg_parse_end(struct chg_parse *parse)
{
	if (parse->together != 0)
		return chg_parse_fail(parse, "together is not closed with end");
	if (parse->unexpected != 0)
		return chg_parse_fail(parse, "the request of line %u has no expect",
			(unsigned)parse->unexpected_line);
	if (parse->trigger.ptr != NULL)
		return chg_parse_fail(parse, "the trigger of line %u triggers nothing",
			(unsigned)parse->trigger_line);
	if (parse->script->title.ptr == NULL)
		return chg_parse_fail(parse, "the scenario has no title");
	return CHG_OK;
}

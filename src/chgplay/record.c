/* SPDX-License-Identifier: BSD-3-Clause
 * Reading records through the port and comparing them, column by column.
 */
#include <stdio.h>

#include "chgplay/record.h"
#include "chgplay/request.h"
#include "chgplay/text.h"
#include "wire/dict.h"

enum column_kind {
	COLUMN_TEXT,
	COLUMN_PARTY,
	COLUMN_U32, /* plain uint32_t */
	COLUMN_OPT_U32,
	COLUMN_OPT_I32,
	COLUMN_OPT_U64,
	COLUMN_INSTANT, /* the script gives seconds after its start */
	COLUMN_OPT_INSTANT,
	COLUMN_SERVICE, /* Application-Service-Type, by name or number */
};

static const struct column {
	const char *name;
	enum column_kind kind;
	size_t at;
} columns[] = {
#define COLUMN(name, kind, field)                                                                  \
	{                                                                                          \
		name, COLUMN_##kind, offsetof(struct chg_cdr, field)                               \
	}
	COLUMN("source", TEXT, source),
	COLUMN("origin_host", TEXT, origin_host),
	COLUMN("origin_realm", TEXT, origin_realm),
	COLUMN("session_id", TEXT, session_id),
	COLUMN("sub_session_id", OPT_U64, sub_session_id),
	COLUMN("multi_session_id", TEXT, multi_session_id),
	COLUMN("user_name", PARTY, user_name),
	COLUMN("service_context_id", TEXT, service_context_id),
	COLUMN("application_server_id", TEXT, application_server_id),
	COLUMN("application_service_type", SERVICE, application_service_type),
	COLUMN("application_session_id", OPT_U32, application_session_id),
	COLUMN("delivery_status", TEXT, delivery_status),
	COLUMN("icid", TEXT, icid),
	COLUMN("call_id", TEXT, call_id),
	COLUMN("sip_method", TEXT, sip_method),
	COLUMN("calling_party", PARTY, calling_party),
	COLUMN("called_party", PARTY, called_party),
	COLUMN("group_name", TEXT, group_name),
	COLUMN("participants_invited", OPT_U32, participants_invited),
	COLUMN("participants_attached", OPT_U32, participants_attached),
	COLUMN("messages_sent", OPT_U32, messages_sent),
	COLUMN("messages_exploded", OPT_U32, messages_exploded),
	COLUMN("messages_sent_delivered", OPT_U32, messages_sent_delivered),
	COLUMN("messages_exploded_delivered", OPT_U32, messages_exploded_delivered),
	COLUMN("content_octets", OPT_U64, content_octets),
	COLUMN("cause_code", OPT_I32, cause_code),
	COLUMN("termination_cause", OPT_U32, termination_cause),
	COLUMN("content", TEXT, content),
	COLUMN("entry_count", U32, state.entry_count),
	COLUMN("number_min", U32, state.number_min),
	COLUMN("number_max", U32, state.number_max),
	COLUMN("origin_state_id", U32, state.origin_state_id),
	COLUMN("interim_interval_s", U32, state.interim_interval_s),
	COLUMN("started_at", INSTANT, state.started_at),
	COLUMN("last_at", INSTANT, state.last_at),
	COLUMN("ended_at", OPT_INSTANT, state.ended_at),
#undef COLUMN
};

static const struct column *find_column(struct chg_view name)
{
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		if (chg_view_equal(name, chg_view_of(columns[i].name)))
			return &columns[i];
	return NULL;
}

static bool read_value(const struct column *column, struct chg_view value, int64_t *ret)
{
	int32_t named;
	if (value.len > 1 && value.ptr[0] == '+')
		value = (struct chg_view){ value.ptr + 1, value.len - 1 };
	if (chg_number_read(value, ret))
		return *ret > -INT64_C(9000000000000) && *ret < INT64_C(9000000000000);
	if (column->kind != COLUMN_SERVICE || !chg_dict_enum_value(CHG_AVP_APPLICATION_SERVICE_TYPE,
						      value.ptr, value.len, &named))
		return false;
	*ret = named;
	return true;
}

const char *chg_column_check(struct chg_view name, struct chg_view value)
{
	int64_t number;
	const struct column *column = find_column(name);
	if (column == NULL)
		return "a record has no such column";
	if (column->kind == COLUMN_TEXT || column->kind == COLUMN_PARTY ||
		chg_view_equal(value, CHG_VIEW("none")))
		return NULL;
	return read_value(column, value, &number) ? NULL : "the column holds numbers";
}

/* The text of a column, for those that are text. */
static bool column_text(
	const struct column *column, const struct chg_cdr *cdr, struct chg_view *ret)
{
	const void *at = (const char *)cdr + column->at;
	if (column->kind != COLUMN_TEXT && column->kind != COLUMN_PARTY)
		return false;
	*ret = *(const struct chg_view *)at;
	return true;
}

/* The number of a column; times as seconds after the base. */
static bool column_number(
	const struct column *column, const struct chg_cdr *cdr, chg_instant base, int64_t *ret)
{
	const void *at = (const char *)cdr + column->at;
	const chg_opt_instant *instant = at;
	switch (column->kind) {
	case COLUMN_U32:
		*ret = *(const uint32_t *)at;
		return true;
	case COLUMN_OPT_U32:
		*ret = ((const chg_opt_u32 *)at)->value;
		return ((const chg_opt_u32 *)at)->is_present;
	case COLUMN_OPT_I32:
	case COLUMN_SERVICE:
		*ret = ((const chg_opt_i32 *)at)->value;
		return ((const chg_opt_i32 *)at)->is_present;
	case COLUMN_OPT_U64:
		*ret = (int64_t)((const chg_opt_u64 *)at)->value;
		return ((const chg_opt_u64 *)at)->is_present;
	case COLUMN_INSTANT:
		*ret = (((const chg_instant *)at)->us - base.us) / CHG_US_PER_S;
		return true;
	case COLUMN_OPT_INSTANT:
		*ret = (instant->value.us - base.us) / CHG_US_PER_S;
		return instant->is_present;
	default:
		return false;
	}
}

static bool text_meets(const struct chg_script_column *want, const struct column *column,
	struct chg_view is, const char *domain, char *why, size_t why_size)
{
	char memory[CHG_PARTY_LONG_MAX];
	struct chg_view value = want->value;
	if (column->kind == COLUMN_PARTY && value.ptr != NULL)
		value = chg_party_spell(value, domain, memory);
	bool is_met = value.ptr == NULL ? is.len == 0 : chg_view_equal(is, value);
	if (want->is_part)
		is_met = is.len != 0 && value.len != 0 &&
			 memmem(is.ptr, is.len, value.ptr, value.len) != NULL;
	if (is_met)
		return true;
	snprintf(why, why_size, "%s is \"%.*s\" and not \"%.*s\"", column->name,
		(int)(is.len > 100 ? 100 : is.len), is.len == 0 ? "" : is.ptr, (int)value.len,
		value.ptr == NULL ? "" : value.ptr);
	return false;
}

static bool number_meets(const struct chg_script_column *want, const struct column *column,
	const struct chg_cdr *cdr, chg_instant base, char *why, size_t why_size)
{
	int64_t is = 0;
	int64_t wanted = 0;
	bool has = column_number(column, cdr, base, &is);
	if (want->value.ptr == NULL) {
		if (!has)
			return true;
		snprintf(why, why_size, "%s is %lld and should be absent", column->name,
			(long long)is);
		return false;
	}
	read_value(column, want->value, &wanted);
	if (has && is == wanted)
		return true;
	if (has)
		snprintf(why, why_size, "%s is %lld and not %lld", column->name, (long long)is,
			(long long)wanted);
	else
		snprintf(why, why_size, "%s is absent and not %lld", column->name,
			(long long)wanted);
	return false;
}

static bool column_meets(const struct chg_script_column *want, const struct chg_cdr *cdr,
	const struct chg_record_place *place, char *why, size_t why_size)
{
	struct chg_view text;
	const struct column *column = find_column(want->name);
	if (column_text(column, cdr, &text))
		return text_meets(want, column, text, place->party_domain, why, why_size);
	return number_meets(want, column, cdr, place->base, why, why_size);
}

static bool state_meets(const struct chg_script_record *record, const struct chg_cdr *cdr,
	char *why, size_t why_size)
{
	bool is_open = cdr->state.status == CHG_CDR_OPEN;
	if (is_open != (record->want == CHG_WANT_OPEN)) {
		snprintf(why, why_size, "the record is %s", is_open ? "open" : "closed");
		return false;
	}
	if (record->has_marks && record->marks != cdr->state.marks) {
		char is[CHG_MARKS_TEXT_MAX];
		char wanted[CHG_MARKS_TEXT_MAX];
		chg_cdr_marks_write(cdr->state.marks, is);
		chg_cdr_marks_write(record->marks, wanted);
		snprintf(why, why_size, "the marks are \"%s\" and not \"%s\"", is, wanted);
		return false;
	}
	return true;
}

struct record_scan {
	const struct chg_record_place *place;
	const struct chg_script_record *record;
	uint32_t seen;
	bool is_met;
	char *why;
	size_t why_size;
};

static bool is_same_sub(chg_opt_u64 a, chg_opt_u64 b)
{
	return a.is_present == b.is_present && (!a.is_present || a.value == b.value);
}

static bool each_done(
	void *to, uint32_t entry_no, const struct chg_service_done *done, struct chg_view rule_name)
{
	(void)entry_no;
	(void)rule_name;
	((chg_money *)to)->micros += done->cost.micros;
	return true;
}

/* What the entries of the record charged, all together. */
static bool cost_meets(const struct record_scan *scan, int64_t cdr_id)
{
	struct chg_store *store = scan->place->store;
	chg_money want = scan->record->cost;
	chg_money is = { 0 };
	char is_text[CHG_MONEY_TEXT_MAX];
	char want_text[CHG_MONEY_TEXT_MAX];
	if (store->books->done_scan(store->self, cdr_id, each_done, &is) != CHG_OK) {
		snprintf(scan->why, scan->why_size, "what the record charged cannot be read");
		return false;
	}
	chg_money_write(is, is_text);
	chg_money_write(want, want_text);
	snprintf(scan->why, scan->why_size, "the record's cost is %s and not %s", is_text,
		want_text);
	return is.micros == want.micros;
}

static bool each_record(void *to, const struct chg_cdr *cdr)
{
	struct record_scan *scan = to;
	const struct chg_script_record *record = scan->record;
	if (!is_same_sub(cdr->sub_session_id, record->sub_session_id))
		return true;
	scan->seen++;
	if (record->place != 0 && scan->seen != record->place)
		return true;
	scan->is_met = state_meets(record, cdr, scan->why, scan->why_size);
	for (size_t i = 0; scan->is_met && i < record->column_count; i++)
		scan->is_met = column_meets(
			&record->column[i], cdr, scan->place, scan->why, scan->why_size);
	if (scan->is_met && record->has_cost)
		scan->is_met = cost_meets(scan, cdr->state.cdr_id);
	return true;
}

static bool unread(enum chg_rc rc, char *why, size_t why_size)
{
	snprintf(why, why_size, "the store cannot be read: %s", chg_rc_sentence(rc));
	return false;
}

static struct chg_cdr_filter filter_of(const struct chg_record_place *place)
{
	return (struct chg_cdr_filter){ .session_id = place->session_id,
		.origin_host = place->origin_host };
}

bool chg_record_meets(const struct chg_record_place *place, const struct chg_script_record *record,
	char *reterr_why, size_t why_size)
{
	struct record_scan scan = {
		.place = place, .record = record, .why = reterr_why, .why_size = why_size
	};
	struct chg_cdr_filter filter = filter_of(place);
	filter.kind = record->kind;
	struct chg_store *store = place->store;
	enum chg_rc rc = store->ops->scan_cdrs(store->self, &filter, each_record, &scan);
	if (rc != CHG_OK)
		return unread(rc, reterr_why, why_size);
	bool is_seen = scan.seen != 0 && scan.seen >= record->place;
	if (record->want == CHG_WANT_NONE) {
		snprintf(reterr_why, why_size, "there is a record and should be none");
		return !is_seen;
	}
	if (!is_seen)
		snprintf(reterr_why, why_size, "there is no such record");
	return is_seen && scan.is_met;
}

struct id_list {
	int64_t id[64];
	size_t count;
};

static bool each_id(void *to, const struct chg_cdr *cdr)
{
	struct id_list *list = to;
	if (list->count < sizeof list->id / sizeof list->id[0])
		list->id[list->count++] = cdr->state.cdr_id;
	return true;
}

static bool each_count(void *to, const struct chg_cdr *cdr)
{
	(void)cdr;
	++*(size_t *)to;
	return true;
}

bool chg_record_count(const struct chg_record_place *place, size_t *ret)
{
	struct chg_cdr_filter filter = filter_of(place);
	struct chg_store *store = place->store;
	*ret = 0;
	return store->ops->scan_cdrs(store->self, &filter, each_count, ret) == CHG_OK;
}

struct participant_scan {
	const struct chg_script_participant *want;
	struct chg_view party;
	chg_instant base;
	bool is_met;
};

static bool each_participant(void *to, const struct chg_cdr_participant *is)
{
	struct participant_scan *scan = to;
	if (!chg_view_equal(is->party, scan->party) || is->action != scan->want->action)
		return true;
	if (scan->want->has_at &&
		is->at.us != chg_instant_add(scan->base, chg_span_s(scan->want->at_s)).us)
		return true;
	scan->is_met = true;
	return false;
}

bool chg_record_has_participant(const struct chg_record_place *place,
	const struct chg_script_participant *participant, char *reterr_why, size_t why_size)
{
	char memory[CHG_PARTY_LONG_MAX];
	struct participant_scan scan = { .want = participant,
		.party = chg_party_spell(participant->party, place->party_domain, memory),
		.base = place->base };
	struct id_list list = { .count = 0 };
	struct chg_cdr_filter filter = filter_of(place);
	struct chg_store *store = place->store;
	enum chg_rc rc = store->ops->scan_cdrs(store->self, &filter, each_id, &list);
	for (size_t i = 0; rc == CHG_OK && !scan.is_met && i < list.count; i++)
		rc = store->ops->scan_participants(
			store->self, list.id[i], each_participant, &scan);
	if (rc != CHG_OK)
		return unread(rc, reterr_why, why_size);
	if (!scan.is_met)
		snprintf(reterr_why, why_size, "no entry says that %.*s %s%s", (int)scan.party.len,
			scan.party.ptr, chg_participant_action_text(participant->action),
			participant->has_at ? " at that time" : "");
	return scan.is_met;
}

struct timeline_scan {
	char text[1024];
	size_t len;
	size_t count;
	bool is_met;
	const struct chg_script_timeline *want;
};

static bool each_entry(void *to, const struct chg_cdr_entry *entry)
{
	struct timeline_scan *scan = to;
	int len = snprintf(scan->text + scan->len, sizeof scan->text - scan->len, " %s",
		chg_record_type_text(entry->type));
	if (len > 0 && (size_t)len < sizeof scan->text - scan->len)
		scan->len += (size_t)len;
	if (scan->count >= scan->want->count || scan->want->type[scan->count] != entry->type)
		scan->is_met = false;
	scan->count++;
	return true;
}

bool chg_record_has_timeline(const struct chg_record_place *place,
	const struct chg_script_timeline *timeline, char *reterr_why, size_t why_size)
{
	struct timeline_scan scan = { .is_met = true, .want = timeline };
	struct id_list list = { .count = 0 };
	struct chg_cdr_filter filter = filter_of(place);
	filter.kind = CHG_CDR_SESSION;
	struct chg_store *store = place->store;
	enum chg_rc rc = store->ops->scan_cdrs(store->self, &filter, each_id, &list);
	for (size_t i = 0; rc == CHG_OK && i < list.count; i++)
		rc = store->ops->scan_entries(store->self, list.id[i], each_entry, &scan);
	if (rc != CHG_OK)
		return unread(rc, reterr_why, why_size);
	if (scan.is_met && scan.count == timeline->count)
		return true;
	snprintf(reterr_why, why_size, "the timeline is%s", scan.text);
	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * chgctl cdr show: one record with all that is known of it.
 */
#include "chgctl/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "chgctl/charge.h"
#include "chgctl/field.h"
#include "chgctl/names.h"
#include "chgctl/people.h"
#include "chgctl/pretty.h"
#include "chgctl/source.h"

enum {
	LABEL_WIDTH = 30,
	/* Records of one Session-Id: sub-sessions, and reopened ones. */
	RECORDS_MAX = 10000,
};

/* What one invocation shows. */
struct show {
	struct ctl_source *source;
	bool is_local;
	bool is_json;
	size_t record_count;
	FILE *to; /* in memory; stdout gets it when nothing is locked any more */
	struct ctl_people people;
	size_t presence_at; /* the next presence that no entry has shown */
	struct ctl_out timeline;
	uint64_t entry_count;
	enum chg_rc rc;
};

/* The records to show, by id: the views of a scan do not outlive it. */
struct ids {
	int64_t id[RECORDS_MAX];
	size_t count;
};

static bool ids_each(void *to, const struct chg_cdr *cdr)
{
	struct ids *ids = to;

	ids->id[ids->count++] = cdr->state.cdr_id;
	return ids->count < RECORDS_MAX;
}

static bool people_each(void *to, const struct chg_cdr_participant *participant)
{
	struct show *show = to;

	show->rc = ctl_people_add(&show->people, participant);
	return show->rc == CHG_OK;
}

/* The columns of a timeline, for both writers. */
static const struct ctl_column entry_columns[] = {
	{ .name = "entry_no", .heading = "NO", .is_right = true },
	{ .name = "type", .heading = "TYPE" },
	{ .name = "number", .heading = "NUMBER", .is_right = true },
	{ .name = "event_time", .heading = "EVENT TIME" },
	{ .name = "received_at", .heading = "RECEIVED" },
	{ .name = "service", .heading = "SERVICE" },
	{ .name = "participants", .heading = "PARTICIPANTS", .is_right = true },
	{ .name = "messages_sent", .heading = "SENT", .is_right = true },
	{ .name = "messages_exploded", .heading = "EXPLODED", .is_right = true },
	{ .name = "messages_sent_delivered", .heading = "SENT OK", .is_right = true },
	{ .name = "messages_exploded_delivered", .heading = "EXPLODED OK", .is_right = true },
	{ .name = "cause_code", .heading = "CAUSE", .is_right = true },
	{ .name = "marks", .heading = "MARKS" },
};

enum {
	ENTRY_COLUMN_COUNT = sizeof entry_columns / sizeof entry_columns[0],
};

static struct ctl_value value_u32(chg_opt_u32 opt)
{
	return opt.is_present ? ctl_value_count(opt.value) : (struct ctl_value){ 0 };
}

static struct ctl_value value_time(chg_opt_instant opt)
{
	return opt.is_present ? ctl_value_time(opt.value) : (struct ctl_value){ 0 };
}

static void entry_values(
	const struct chg_cdr_entry *entry, struct ctl_value ret_values[ENTRY_COLUMN_COUNT])
{
	const chg_opt_i32 *service = &entry->application_service_type;
	const struct ctl_value values[ENTRY_COLUMN_COUNT] = {
		ctl_value_count(entry->entry_no),
		ctl_value_text(chg_view_of(chg_record_type_text(entry->type))),
		ctl_value_count(entry->number),
		value_time(entry->event_time),
		ctl_value_time(entry->received_at),
		ctl_value_text(
			chg_view_of(service->is_present ? ctl_name_service(service->value) : NULL)),
		value_u32(entry->participants),
		value_u32(entry->messages_sent),
		value_u32(entry->messages_exploded),
		value_u32(entry->messages_sent_delivered),
		value_u32(entry->messages_exploded_delivered),
		entry->cause_code.is_present ? ctl_value_number(entry->cause_code.value)
					     : (struct ctl_value){ 0 },
		{ .kind = CTL_VALUE_MARKS, .count = entry->marks },
	};

	memcpy(ret_values, values, sizeof values);
}

/* "key":value, with a comma before all but the first. */
static void member(
	FILE *to, const char *between, const char *name, struct ctl_value value, bool is_local)
{
	fprintf(to, "%s\"%s\":", between, name);
	ctl_value_json(to, &value, is_local);
}

/* Those that this entry named; the presences come in the order of the timeline. */
static void json_named(struct show *show, uint32_t entry_no)
{
	const struct ctl_people *people = &show->people;
	const char *between = "";

	fputs(",\"named\":[", show->to);
	for (; show->presence_at < people->presence_count; show->presence_at++) {
		const struct ctl_presence *presence = &people->presence[show->presence_at];
		if (presence->entry_no > entry_no)
			break;
		if (presence->entry_no < entry_no)
			continue;
		fprintf(show->to, "%s{\"party\":", between);
		ctl_text_json(show->to,
			(struct chg_view){ .ptr = presence->party, .len = presence->party_len });
		fprintf(show->to, ",\"action\":\"%s\"}",
			chg_participant_action_text(presence->action));
		between = ",";
	}
	fputc(']', show->to);
}

static bool json_entry(void *to, const struct chg_cdr_entry *entry)
{
	struct show *show = to;
	struct ctl_value values[ENTRY_COLUMN_COUNT];

	entry_values(entry, values);
	fputs(show->entry_count++ == 0 ? "{" : ",{", show->to);
	for (size_t i = 0; i < ENTRY_COLUMN_COUNT; i++)
		member(show->to, i == 0 ? "" : ",", entry_columns[i].name, values[i],
			show->is_local);
	json_named(show, entry->entry_no);
	fputs(",\"content\":", show->to);
	if (entry->content.len == 0)
		fputs("null", show->to);
	else
		fwrite(entry->content.ptr, 1, entry->content.len, show->to);
	fputc('}', show->to);
	return true;
}

static bool text_entry(void *to, const struct chg_cdr_entry *entry)
{
	struct show *show = to;
	struct ctl_value values[ENTRY_COLUMN_COUNT];

	entry_values(entry, values);
	show->rc = ctl_out_row(&show->timeline, values);
	return show->rc == CHG_OK;
}

static struct ctl_value stay_length(const struct ctl_stay *stay, chg_opt_instant ended_at)
{
	chg_span span;

	if (!ctl_stay_length(stay, ended_at, &span))
		return (struct ctl_value){ 0 };
	return (struct ctl_value){ .kind = CTL_VALUE_SPAN, .time = { span.us } };
}

static const struct ctl_column stay_columns[] = {
	{ .name = "party", .heading = "PARTY" },
	{ .name = "invited_at", .heading = "INVITED" },
	{ .name = "joined_at", .heading = "JOINED" },
	{ .name = "left_at", .heading = "LEFT" },
	{ .name = "stayed_s", .heading = "STAYED", .is_right = true },
};

enum {
	STAY_COLUMN_COUNT = sizeof stay_columns / sizeof stay_columns[0],
};

static void stay_values(const struct ctl_stay *stay, chg_opt_instant ended_at,
	struct ctl_value ret_values[STAY_COLUMN_COUNT])
{
	ret_values[0] = ctl_value_text(
		(struct chg_view){ .ptr = stay->who->party, .len = stay->who->party_len });
	ret_values[1] = value_time(stay->invited_at);
	ret_values[2] = value_time(stay->joined_at);
	ret_values[3] = value_time(stay->left_at);
	ret_values[4] = stay_length(stay, ended_at);
}

static void json_stays(struct show *show, chg_opt_instant ended_at)
{
	for (size_t i = 0; i < show->people.stay_count; i++) {
		struct ctl_value values[STAY_COLUMN_COUNT];
		stay_values(&show->people.stay[i], ended_at, values);
		fputs(i == 0 ? "{" : ",{", show->to);
		for (size_t j = 0; j < STAY_COLUMN_COUNT; j++)
			member(show->to, j == 0 ? "" : ",", stay_columns[j].name, values[j],
				show->is_local);
		fputc('}', show->to);
	}
}

static void begin_table(
	struct show *show, const struct ctl_column *column, size_t count, struct ctl_out *ret)
{
	*ret = (struct ctl_out){
		.writer = &ctl_writer_text,
		.sink = show->to,
		.column = column,
		.column_count = count,
		.is_local = show->is_local,
	};
	show->rc = ctl_out_begin(ret);
}

static void text_stays(struct show *show, chg_opt_instant ended_at)
{
	struct ctl_out out;

	if (show->people.stay_count == 0)
		return;
	fputs("\nWho came and went\n", show->to);
	begin_table(show, stay_columns, STAY_COLUMN_COUNT, &out);
	for (size_t i = 0; i < show->people.stay_count && show->rc == CHG_OK; i++) {
		struct ctl_value values[STAY_COLUMN_COUNT];
		stay_values(&show->people.stay[i], ended_at, values);
		show->rc = ctl_out_row(&out, values);
	}
	if (show->rc == CHG_OK)
		show->rc = ctl_out_end(&out);
	ctl_out_release(&out);
}

static void text_timeline(struct show *show, int64_t cdr_id)
{
	const struct chg_store *store = &show->source->store;

	begin_table(show, entry_columns, ENTRY_COLUMN_COUNT, &show->timeline);
	if (show->rc == CHG_OK) {
		enum chg_rc rc = store->ops->scan_entries(store->self, cdr_id, text_entry, show);
		show->rc = rc == CHG_OK ? show->rc : rc;
	}
	if (show->rc == CHG_OK && show->timeline.row_count > 0) {
		fputs("\nTimeline\n", show->to);
		show->rc = ctl_out_end(&show->timeline);
	}
	ctl_out_release(&show->timeline);
}

static void text_marks(FILE *to, uint32_t marks)
{
	const char *label = "Marks";

	for (unsigned i = 0; i < 32; i++) {
		uint32_t bit = UINT32_C(1) << i;
		if ((marks & bit) == 0 || chg_cdr_mark_text(bit) == NULL)
			continue;
		fprintf(to, "%-*s%s: %s\n", LABEL_WIDTH, label, chg_cdr_mark_text(bit),
			ctl_name_mark_sentence(bit));
		label = "";
	}
}

/* What a code means, behind it. */
static const char *meaning(const struct chg_cdr *cdr, const char *field)
{
	if (strcmp(field, "cause_code") == 0)
		return ctl_name_cause(cdr->cause_code.value);
	if (strcmp(field, "termination_cause") == 0)
		return ctl_name_termination(cdr->termination_cause.value);
	return NULL;
}

static void text_fields(struct show *show, const struct chg_cdr *cdr)
{
	struct ctl_value values[CTL_COLUMN_MAX];
	size_t count;
	const struct ctl_column *column = ctl_field_columns(&count);

	ctl_field_values(cdr, values);
	for (size_t i = 0; i < count; i++) {
		if (values[i].kind == CTL_VALUE_NONE || values[i].kind == CTL_VALUE_JSON)
			continue;
		if (values[i].kind == CTL_VALUE_MARKS) {
			text_marks(show->to, cdr->state.marks);
			continue;
		}
		fprintf(show->to, "%-*s", LABEL_WIDTH, column[i].heading);
		ctl_value_show(show->to, &values[i], show->is_local);
		const char *means = meaning(cdr, column[i].name);
		if (means != NULL)
			fprintf(show->to, " (%s)", means);
		fputc('\n', show->to);
	}
}

/* Pretty-printed; strings of a peer are escaped like all others. */
static void text_content(struct show *show, struct chg_view content)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (memory == NULL) {
		show->rc = CHG_E_NO_MEMORY;
		return;
	}
	ctl_pretty_write(memory, content);
	if (fclose(memory) != 0)
		show->rc = CHG_E_NO_MEMORY;
	fputs("\nContent\n", show->to);
	for (const char *line = text; show->rc == CHG_OK && line != NULL;) {
		const char *end = strchr(line, '\n');
		size_t len = end == NULL ? strlen(line) : (size_t)(end - line);
		ctl_text_show(show->to, (struct chg_view){ .ptr = line, .len = len });
		fputc('\n', show->to);
		line = end == NULL ? NULL : end + 1;
	}
	free(text);
}

static void text_record(struct show *show, const struct chg_cdr *cdr)
{
	if (show->record_count > 1)
		fputc('\n', show->to);
	text_fields(show, cdr);
	text_stays(show, cdr->state.ended_at);
	if (show->rc == CHG_OK)
		text_timeline(show, cdr->state.cdr_id);
	if (show->rc == CHG_OK)
		show->rc = ctl_charge_text(&show->source->store, cdr->state.cdr_id, show->to);
	if (show->rc == CHG_OK && cdr->content.len > 0)
		text_content(show, cdr->content);
}

static void json_record(struct show *show, const struct chg_cdr *cdr)
{
	const struct chg_store *store = &show->source->store;
	struct ctl_value values[CTL_COLUMN_MAX];
	size_t count;
	const struct ctl_column *column = ctl_field_columns(&count);

	ctl_field_values(cdr, values);
	fputs(show->record_count > 1 ? ",{" : "{", show->to);
	for (size_t i = 0; i < count; i++)
		member(show->to, i == 0 ? "" : ",", column[i].name, values[i], show->is_local);
	fputs(",\"participants\":[", show->to);
	json_stays(show, cdr->state.ended_at);
	fputs("],\"timeline\":[", show->to);
	show->presence_at = 0;
	show->entry_count = 0;
	show->rc = store->ops->scan_entries(store->self, cdr->state.cdr_id, json_entry, show);
	fputs("],\"charges\":", show->to);
	if (show->rc == CHG_OK)
		show->rc = ctl_charge_json(store, cdr->state.cdr_id, show->to);
	fputc('}', show->to);
}

/*
 * The port does not promise that a scan may run inside another one's callback, so the record is
 * copied: the views all point into one block.
 */
struct copy {
	struct chg_cdr cdr;
	char *text;
	bool is_found;
	enum chg_rc rc;
};

/* Every view of a record. */
static const size_t view_offsets[] = {
	offsetof(struct chg_cdr, source),
	offsetof(struct chg_cdr, origin_host),
	offsetof(struct chg_cdr, origin_realm),
	offsetof(struct chg_cdr, session_id),
	offsetof(struct chg_cdr, multi_session_id),
	offsetof(struct chg_cdr, user_name),
	offsetof(struct chg_cdr, service_context_id),
	offsetof(struct chg_cdr, application_server_id),
	offsetof(struct chg_cdr, delivery_status),
	offsetof(struct chg_cdr, icid),
	offsetof(struct chg_cdr, call_id),
	offsetof(struct chg_cdr, sip_method),
	offsetof(struct chg_cdr, calling_party),
	offsetof(struct chg_cdr, called_party),
	offsetof(struct chg_cdr, group_name),
	offsetof(struct chg_cdr, content),
	offsetof(struct chg_cdr, account),
};

enum {
	VIEW_COUNT = sizeof view_offsets / sizeof view_offsets[0],
};

static struct chg_view *view_at(struct chg_cdr *cdr, size_t i)
{
	return (struct chg_view *)((char *)cdr + view_offsets[i]);
}

static bool copy_each(void *to, const struct chg_cdr *cdr)
{
	struct copy *copy = to;
	size_t size = 1;

	copy->cdr = *cdr;
	for (size_t i = 0; i < VIEW_COUNT; i++)
		size += view_at(&copy->cdr, i)->len;
	copy->text = malloc(size);
	if (copy->text == NULL) {
		copy->rc = CHG_E_NO_MEMORY;
		return false;
	}
	char *at = copy->text;
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		struct chg_view *view = view_at(&copy->cdr, i);
		if (!chg_view_present(*view))
			continue;
		memcpy(at, view->ptr, view->len);
		view->ptr = at;
		at += view->len;
	}
	copy->is_found = true;
	return false;
}

static void show_copy(struct show *show, const struct chg_cdr *cdr)
{
	const struct chg_store *store = &show->source->store;
	enum chg_rc rc =
		store->ops->scan_participants(store->self, cdr->state.cdr_id, people_each, show);

	if (rc != CHG_OK || show->rc != CHG_OK) {
		show->rc = rc != CHG_OK ? rc : show->rc;
		return;
	}
	show->rc = ctl_people_derive(&show->people);
	show->record_count++;
	if (show->rc == CHG_OK && show->is_json)
		json_record(show, cdr);
	else if (show->rc == CHG_OK)
		text_record(show, cdr);
}

static void show_id(struct show *show, int64_t cdr_id)
{
	const struct chg_cdr_filter filter = { .cdr_id = cdr_id, .limit = 1 };
	struct copy copy = { 0 };

	show->rc = ctl_source_scan(show->source, &filter, copy_each, NULL, &copy);
	if (show->rc == CHG_OK)
		show->rc = copy.rc;
	if (show->rc == CHG_OK && copy.is_found)
		show_copy(show, &copy.cdr);
	free(copy.text);
	ctl_people_release(&show->people);
}

static bool note_id(void *to, const struct chg_cdr *cdr)
{
	*(int64_t *)to = cdr->state.cdr_id;
	return false;
}

/*
 * Ids are given without a gap and in their order: a lower one than the database has belongs to a
 * record that left it, and any other may do so.
 */
static enum ctl_exit perhaps_archived(struct ctl_source *source, const char *what, int64_t cdr_id,
	const struct ctl_archived *archived)
{
	const struct chg_cdr_filter newest = { .newest_first = true, .limit = 1 };
	int64_t highest = 0;
	enum chg_rc rc = ctl_source_scan(source, &newest, note_id, NULL, &highest);

	if (rc != CHG_OK)
		return ctl_source_failed(source, rc);
	if (cdr_id != 0 && cdr_id < highest)
		ctl_say("record %s is in an archive; --archive shows it", what);
	else
		ctl_say("the database has no record %s%s; %" PRIu64
			" older record%s in archives, and --archive looks there too",
			cdr_id == 0 ? "of session " : "", what, archived->records,
			archived->records == 1 ? " is" : "s are");
	return CTL_EXIT_PROBLEM;
}

static enum ctl_exit not_found(
	struct ctl_source *source, const char *what, bool is_id, int64_t cdr_id)
{
	struct ctl_archived archived;
	enum chg_rc rc = ctl_source_archived(source, &archived);

	if (rc != CHG_OK)
		return ctl_source_failed(source, rc);
	if (archived.records > 0 && !ctl_source_reads_archives(source) && (!is_id || cdr_id != 0))
		return perhaps_archived(source, what, cdr_id, &archived);
	if (is_id)
		ctl_say("there is no record %s; `chgctl cdr list --newest --limit 5` shows the "
			"latest",
			what);
	else
		ctl_say("there is no record of session %s; `chgctl cdr list` shows what there is",
			what);
	return CTL_EXIT_PROBLEM;
}

/* Collects the text of all records; the caller frees ret_text. */
static void show_all(struct show *show, const struct ids *ids, bool is_array, char **ret_text)
{
	size_t size = 0;

	*ret_text = NULL;
	show->to = open_memstream(ret_text, &size);
	if (show->to == NULL) {
		show->rc = CHG_E_NO_MEMORY;
		return;
	}
	if (is_array)
		fputc('[', show->to);
	for (size_t i = 0; i < ids->count && show->rc == CHG_OK; i++)
		show_id(show, ids->id[i]);
	if (is_array)
		fputc(']', show->to);
	if (fclose(show->to) != 0)
		show->rc = CHG_E_NO_MEMORY;
}

static enum ctl_exit show_found(
	const struct ctl_call *call, struct ctl_source *source, const struct ids *ids, bool is_id)
{
	struct show show = {
		.source = source,
		.is_local = ctl_args_has(&call->args, CTL_OPT_LOCAL),
		.is_json = ctl_args_has(&call->args, CTL_OPT_JSON),
	};
	char *text;

	show_all(&show, ids, show.is_json && !is_id, &text);
	if (show.rc == CHG_OK && show.is_json && (show.record_count > 0 || !is_id)) {
		ctl_pretty_write(stdout, chg_view_of(text));
		fputc('\n', stdout);
	} else if (show.rc == CHG_OK) {
		fputs(text, stdout);
	}
	free(text);
	if (show.rc != CHG_OK)
		return ctl_source_failed(source, show.rc);
	if (show.record_count > 0)
		return CTL_EXIT_OK;
	return not_found(source, call->operand[0], is_id, is_id && ids->count > 0 ? ids->id[0] : 0);
}

static enum ctl_exit show_from(const struct ctl_call *call, struct ctl_source *source)
{
	struct chg_cdr_filter filter = { .limit = RECORDS_MAX };
	uint64_t id = 0;
	bool is_id = ctl_text_number(call->operand[0], INT64_MAX, &id);
	struct ids *ids = calloc(1, sizeof *ids);

	if (ids == NULL)
		return ctl_source_failed(source, CHG_E_NO_MEMORY);
	enum chg_rc rc = CHG_OK;
	if (is_id && id != 0) { /* ids begin at 1; the store takes 0 for "any" */
		ids->id[ids->count++] = (int64_t)id;
	} else if (!is_id) {
		filter.session_id = chg_view_of(call->operand[0]);
		rc = ctl_source_scan(source, &filter, ids_each, NULL, ids);
	}
	enum ctl_exit exit =
		rc == CHG_OK ? show_found(call, source, ids, is_id) : ctl_source_failed(source, rc);
	free(ids);
	return exit;
}

enum ctl_exit ctl_cmd_cdr_show(const struct ctl_call *call)
{
	struct ctl_source source;

	if (call->operand[0][0] == '\0') {
		ctl_say("an empty text names no record");
		return CTL_EXIT_USAGE;
	}
	enum ctl_exit exit = ctl_source_open(&call->args, &source);
	if (exit != CTL_EXIT_OK)
		return exit;
	exit = show_from(call, &source);
	exit = ctl_source_verdict(&source, exit);
	ctl_source_close(&source);
	return exit;
}

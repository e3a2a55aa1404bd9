/* SPDX-License-Identifier: BSD-3-Clause
 * The rows: which column or parameter is which field of which struct.
 */
#include "store/sqlite/sqlite_row.h"

#include <assert.h>

_Static_assert(sizeof(enum chg_cdr_kind) == sizeof(uint32_t), "CHG_ROW_U32 reads enums");
_Static_assert(offsetof(struct chg_cdr, state) == 0, "state rows are used for struct chg_cdr");

/* clang-format off */
#define ROW(structure, column, type, field) \
	{ CHG_N_##column, CHG_ROW_##type, offsetof(struct structure, field), \
		sizeof ((struct structure *)NULL)->field }
#define ROWS(name) \
	const struct chg_rows chg_rows_##name = { name##_rows, sizeof name##_rows / sizeof name##_rows[0] }

#define STATE(column, type, field) ROW(chg_cdr_state, column, type, field)
#define STATE_ROWS \
	STATE(cdr_id, I64, cdr_id), \
	STATE(local_sequence, SEQUENCE, local_sequence), \
	STATE(kind, U32, kind), \
	STATE(status, U32, status), \
	STATE(marks, U32, marks), \
	STATE(has_start, BOOL, has_start), \
	STATE(has_stop, BOOL, has_stop), \
	STATE(entry_count, U32, entry_count), \
	STATE(number_count, U32, number_count), \
	STATE(number_min, U32, number_min), \
	STATE(number_max, U32, number_max), \
	STATE(started_us, INSTANT, started_at), \
	STATE(last_us, INSTANT, last_at), \
	STATE(figures_us, INSTANT, figures_at), \
	STATE(ended_us, OPT_INSTANT, ended_at), \
	STATE(closed_us, OPT_INSTANT, closed_at), \
	STATE(supervise_until_us, OPT_INSTANT, supervise_until), \
	STATE(origin_state_id, U32, origin_state_id), \
	STATE(interim_interval_s, U32, interim_interval_s)

static const struct chg_row state_rows[] = { STATE_ROWS };
ROWS(state);

#define CDR(column, type, field) ROW(chg_cdr, column, type, field)
static const struct chg_row cdr_rows[] = {
	STATE_ROWS,
	CDR(received_first_us, INSTANT, received_first_at),
	CDR(received_last_us, INSTANT, received_last_at),
	CDR(source, TEXT, source),
	CDR(origin_host, TEXT, origin_host),
	CDR(origin_realm, TEXT, origin_realm),
	CDR(session_id, TEXT, session_id),
	CDR(multi_session_id, TEXT, multi_session_id),
	CDR(user_name, TEXT, user_name),
	CDR(service_context_id, TEXT, service_context_id),
	CDR(application_server_id, TEXT, application_server_id),
	CDR(application_service_type, OPT_I32, application_service_type),
	CDR(application_session_id, OPT_U32, application_session_id),
	CDR(delivery_status, TEXT, delivery_status),
	CDR(icid, TEXT, icid),
	CDR(call_id, TEXT, call_id),
	CDR(sip_method, TEXT, sip_method),
	CDR(calling_party, TEXT, calling_party),
	CDR(called_party, TEXT, called_party),
	CDR(group_name, TEXT, group_name),
	CDR(participants_invited, OPT_U32, participants_invited),
	CDR(participants_attached, OPT_U32, participants_attached),
	CDR(messages_sent, OPT_U32, messages_sent),
	CDR(messages_exploded, OPT_U32, messages_exploded),
	CDR(messages_sent_delivered, OPT_U32, messages_sent_delivered),
	CDR(messages_exploded_delivered, OPT_U32, messages_exploded_delivered),
	CDR(content_octets, OPT_U64, content_octets),
	CDR(cause_code, OPT_I32, cause_code),
	CDR(termination_cause, OPT_U32, termination_cause),
	CDR(content, TEXT, content),
	CDR(account, TEXT, account),
	CDR(currency, U16, currency.number),
	CDR(cost_micros, I64, cost.micros),
	CDR(has_charge, BOOL, has_charge),
};
ROWS(cdr);

#define ENTRY(column, type, field) ROW(chg_cdr_entry, column, type, field)
static const struct chg_row entry_rows[] = {
	ENTRY(entry_no, U32, entry_no),
	ENTRY(record_type, U32, type),
	ENTRY(record_number, U32, number),
	ENTRY(marks, U32, marks),
	ENTRY(event_us, OPT_INSTANT, event_time),
	ENTRY(received_us, INSTANT, received_at),
	ENTRY(application_service_type, OPT_I32, application_service_type),
	ENTRY(participants, OPT_U32, participants),
	ENTRY(messages_sent, OPT_U32, messages_sent),
	ENTRY(messages_exploded, OPT_U32, messages_exploded),
	ENTRY(messages_sent_delivered, OPT_U32, messages_sent_delivered),
	ENTRY(messages_exploded_delivered, OPT_U32, messages_exploded_delivered),
	ENTRY(cause_code, OPT_I32, cause_code),
	ENTRY(content, TEXT, content),
};
ROWS(entry);

#define PARTICIPANT(column, type, field) ROW(chg_cdr_participant, column, type, field)
static const struct chg_row participant_rows[] = {
	PARTICIPANT(entry_no, U32, entry_no),
	PARTICIPANT(ordinal, U32, ordinal),
	PARTICIPANT(party, TEXT, party),
	PARTICIPANT(action, U32, action),
	PARTICIPANT(at_us, INSTANT, at),
};
ROWS(participant);

#define ACR(column, type, field) ROW(chg_acr, column, type, field)
static const struct chg_row acr_texts_rows[] = {
	ACR(origin_realm, TEXT, origin_realm),
	ACR(multi_session_id, TEXT, multi_session_id),
	ACR(user_name, TEXT, user_name),
	ACR(service_context_id, TEXT, service_context_id),
	ACR(application_server_id, TEXT, application_server_id),
	ACR(application_service_type, OPT_I32, application_service_type),
	ACR(application_session_id, OPT_U32, application_session_id),
	ACR(icid, TEXT, icid),
	ACR(call_id, TEXT, call_id),
	ACR(sip_method, TEXT, sip_method),
	ACR(calling_party, TEXT, calling_party),
	ACR(called_party, TEXT, called_party),
	ACR(group_name, TEXT, group_name),
};
ROWS(acr_texts);

static const struct chg_row acr_figures_rows[] = {
	ACR(delivery_status, TEXT, delivery_status),
	ACR(messages_sent, OPT_U32, messages_sent),
	ACR(messages_exploded, OPT_U32, messages_exploded),
	ACR(messages_sent_delivered, OPT_U32, messages_sent_delivered),
	ACR(messages_exploded_delivered, OPT_U32, messages_exploded_delivered),
	ACR(content_octets, OPT_U64, content_octets),
	ACR(cause_code, OPT_I32, cause_code),
	ACR(termination_cause, OPT_U32, termination_cause),
	ACR(content, TEXT, content),
};
ROWS(acr_figures);

static const struct chg_row acr_entry_rows[] = {
	ACR(record_type, U32, type),
	ACR(record_number, U32, number),
	ACR(event_us, OPT_INSTANT, event_time),
	ACR(application_service_type, OPT_I32, application_service_type),
	ACR(participants, OPT_U32, participants),
	ACR(messages_sent, OPT_U32, messages_sent),
	ACR(messages_exploded, OPT_U32, messages_exploded),
	ACR(messages_sent_delivered, OPT_U32, messages_sent_delivered),
	ACR(messages_exploded_delivered, OPT_U32, messages_exploded_delivered),
	ACR(cause_code, OPT_I32, cause_code),
	ACR(content, TEXT, content),
};
ROWS(acr_entry);

#define ACCOUNT(column, type, field) ROW(chg_account, column, type, field)
static const struct chg_row account_rows[] = {
	ACCOUNT(account_id, I64, account_id),
	ACCOUNT(name, CHARS, name),
	ACCOUNT(status, U32, status),
	ACCOUNT(currency, U16, currency.number),
	ACCOUNT(credit_limit_micros, I64, credit_limit.micros),
	ACCOUNT(low_balance_micros, I64, low_balance.micros),
	ACCOUNT(valid_until_us, OPT_INSTANT, valid_until),
	ACCOUNT(plan, CHARS, plan),
};
ROWS(account);

#define BUCKET(column, type, field) ROW(chg_bucket, column, type, field)
static const struct chg_row bucket_rows[] = {
	BUCKET(bucket_id, I64, bucket_id),
	BUCKET(kind, U32, kind),
	BUCKET(is_main, BOOL, is_main),
	BUCKET(balance, I64, balance),
	BUCKET(reserved, I64, reserved),
	BUCKET(priority, I32, priority),
	BUCKET(valid_from_us, OPT_INSTANT, valid_from),
	BUCKET(valid_until_us, OPT_INSTANT, valid_until),
	BUCKET(name, CHARS, name),
	BUCKET(service, CHARS, service),
};
ROWS(bucket);

#define SESSION(column, type, field) ROW(chg_cc_session, column, type, field)
static const struct chg_row session_rows[] = {
	SESSION(cc_session_id, I64, cc_session_id),
	SESSION(status, U32, status),
	SESSION(account_id, SEQUENCE, account_id),
	SESSION(cdr_id, SEQUENCE, cdr_id),
	SESSION(until_us, INSTANT, until),
	SESSION(cost_micros, I64, cost.micros),
};
ROWS(session);

#define REQUEST(column, type, field) ROW(chg_done_request, column, type, field)
static const struct chg_row request_rows[] = {
	REQUEST(entry_no, U32, entry_no),
	REQUEST(services, TEXT, services),
};
ROWS(request);

#define LINE(column, type, field) ROW(chg_ledger_line, column, type, field)
static const struct chg_row ledger_rows[] = {
	LINE(posting_id, I64, posting_id),
	LINE(line_no, U32, line_no),
	LINE(at_us, INSTANT, at),
	LINE(kind, U32, kind),
	LINE(account, TEXT, account),
	LINE(bucket, TEXT, bucket),
	LINE(unit, U32, unit),
	LINE(amount, I64, amount),
	LINE(contra, U32, contra),
	LINE(balance_after, I64, balance_after),
	LINE(cdr_id, SEQUENCE, cdr_id),
	LINE(session_id, TEXT, session_id),
	LINE(who, TEXT, who),
	LINE(why, TEXT, why),
	LINE(reference, TEXT, reference),
};
ROWS(ledger);

#define SUSPENSE(column, type, field) ROW(chg_suspense_line, column, type, field)
static const struct chg_row suspense_rows[] = {
	SUSPENSE(suspense_id, I64, suspense_id),
	SUSPENSE(at_us, INSTANT, at),
	SUSPENSE(origin_host, TEXT, origin_host),
	SUSPENSE(session_id, TEXT, session_id),
	SUSPENSE(identity, TEXT, identity),
	SUSPENSE(used, TEXT, used),
	SUSPENSE(is_posted, BOOL, is_posted),
};
ROWS(suspense);

#define TARIFF(column, type, field) ROW(chg_tariff_line, column, type, field)
static const struct chg_row tariff_rows[] = {
	TARIFF(version, I64, version),
	TARIFF(name, TEXT, name),
	TARIFF(text, TEXT, text),
	TARIFF(loaded_us, INSTANT, loaded_at),
	TARIFF(in_force_from_us, INSTANT, in_force_from),
	TARIFF(who, TEXT, who),
};
ROWS(tariff);
/* clang-format on */

static void bind_opt(struct chg_stmt *stmt, enum chg_name name, bool is_present, int64_t value)
{
	if (is_present)
		chg_stmt_i64(stmt, name, value);
	else
		chg_stmt_null(stmt, name);
}

static void bind_row(const struct chg_row *row, struct chg_stmt *stmt, const void *field)
{
	switch (row->type) {
	case CHG_ROW_TEXT:
		return chg_stmt_text(stmt, row->name, *(const struct chg_view *)field);
	case CHG_ROW_CHARS:
		return chg_stmt_text(stmt, row->name, chg_view_of(field));
	case CHG_ROW_BOOL:
		return chg_stmt_i64(stmt, row->name, *(const bool *)field);
	case CHG_ROW_U16:
		return chg_stmt_i64(stmt, row->name, *(const uint16_t *)field);
	case CHG_ROW_I32:
		return chg_stmt_i64(stmt, row->name, *(const int32_t *)field);
	case CHG_ROW_U32:
		return chg_stmt_i64(stmt, row->name, *(const uint32_t *)field);
	case CHG_ROW_I64:
		return chg_stmt_i64(stmt, row->name, *(const int64_t *)field);
	case CHG_ROW_SEQUENCE: {
		int64_t value = *(const int64_t *)field;
		return bind_opt(stmt, row->name, value != 0, value);
	}
	case CHG_ROW_INSTANT:
		return chg_stmt_i64(stmt, row->name, ((const chg_instant *)field)->us);
	case CHG_ROW_OPT_U32: {
		const chg_opt_u32 *opt = field;
		return bind_opt(stmt, row->name, opt->is_present, opt->value);
	}
	case CHG_ROW_OPT_I32: {
		const chg_opt_i32 *opt = field;
		return bind_opt(stmt, row->name, opt->is_present, opt->value);
	}
	case CHG_ROW_OPT_U64: {
		const chg_opt_u64 *opt = field;
		return bind_opt(stmt, row->name, opt->is_present, (int64_t)opt->value);
	}
	case CHG_ROW_OPT_INSTANT: {
		const chg_opt_instant *opt = field;
		return bind_opt(stmt, row->name, opt->is_present, opt->value.us);
	}
	}
}

void chg_rows_bind(const struct chg_rows *rows, struct chg_stmt *stmt, const void *from)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct chg_row *row = &rows->list[i];
		if (stmt->parameter[row->name] != 0)
			bind_row(row, stmt, (const char *)from + row->offset);
	}
}

void chg_rows_bind_null(const struct chg_rows *rows, struct chg_stmt *stmt)
{
	for (size_t i = 0; i < rows->count; i++)
		chg_stmt_null(stmt, rows->list[i].name);
}

static bool is_present(const struct chg_row *row, const void *field)
{
	switch (row->type) {
	case CHG_ROW_TEXT:
		return chg_view_present(*(const struct chg_view *)field);
	case CHG_ROW_OPT_U32:
		return ((const chg_opt_u32 *)field)->is_present;
	case CHG_ROW_OPT_I32:
		return ((const chg_opt_i32 *)field)->is_present;
	default:
		assert(!"a row that is always there");
		return true;
	}
}

uint32_t chg_rows_present(const struct chg_rows *rows, const void *from)
{
	uint32_t present = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct chg_row *row = &rows->list[i];
		present |= (uint32_t)is_present(row, (const char *)from + row->offset) << i;
	}
	return present;
}

static void read_chars(struct chg_stmt *stmt, int column, char *to, size_t size)
{
	struct chg_view text = chg_stmt_column_text(stmt, column);
	size_t len = text.len < size ? text.len : size - 1;
	if (len > 0)
		memcpy(to, text.ptr, len);
	to[len] = '\0';
}

static void read_row(const struct chg_row *row, struct chg_stmt *stmt, int column, void *field)
{
	sqlite3_stmt *handle = stmt->handle;
	if (row->type == CHG_ROW_TEXT) {
		*(struct chg_view *)field = chg_stmt_column_text(stmt, column);
		return;
	}
	if (row->type == CHG_ROW_CHARS) {
		read_chars(stmt, column, field, row->size);
		return;
	}
	bool is_present = sqlite3_column_type(handle, column) != SQLITE_NULL;
	int64_t value = sqlite3_column_int64(handle, column);
	switch (row->type) {
	case CHG_ROW_TEXT:
	case CHG_ROW_CHARS:
		break;
	case CHG_ROW_BOOL:
		*(bool *)field = value != 0;
		break;
	case CHG_ROW_U16:
		*(uint16_t *)field = (uint16_t)value;
		break;
	case CHG_ROW_I32:
		*(int32_t *)field = (int32_t)value;
		break;
	case CHG_ROW_U32:
		*(uint32_t *)field = (uint32_t)value;
		break;
	case CHG_ROW_I64:
	case CHG_ROW_SEQUENCE:
		*(int64_t *)field = value;
		break;
	case CHG_ROW_INSTANT:
		*(chg_instant *)field = (chg_instant){ value };
		break;
	case CHG_ROW_OPT_U32:
		*(chg_opt_u32 *)field = (chg_opt_u32){ is_present, (uint32_t)value };
		break;
	case CHG_ROW_OPT_I32:
		*(chg_opt_i32 *)field = (chg_opt_i32){ is_present, (int32_t)value };
		break;
	case CHG_ROW_OPT_U64:
		*(chg_opt_u64 *)field = (chg_opt_u64){ is_present, (uint64_t)value };
		break;
	case CHG_ROW_OPT_INSTANT:
		*(chg_opt_instant *)field = (chg_opt_instant){ is_present, { value } };
		break;
	}
}

void chg_rows_read(const struct chg_rows *rows, struct chg_stmt *stmt, void *to)
{
	for (size_t i = 0; i < rows->count; i++)
		read_row(&rows->list[i], stmt, (int)i, (char *)to + rows->list[i].offset);
}

bool chg_rows_fit(const struct chg_rows *rows, const struct chg_stmt *stmt)
{
	if ((size_t)sqlite3_column_count(stmt->handle) < rows->count)
		return false;
	for (size_t i = 0; i < rows->count; i++) {
		const char *column = sqlite3_column_name(stmt->handle, (int)i);
		if (column == NULL || strcmp(column, chg_name_text(rows->list[i].name)) != 0)
			return false;
	}
	return true;
}

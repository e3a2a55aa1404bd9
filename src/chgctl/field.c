/* SPDX-License-Identifier: BSD-3-Clause
 * Readers: one small function per type of member, one row per field.
 */
#include "chgctl/field.h"

#include <stddef.h>

#include "chgctl/names.h"

/* Reads a member of a record into a value. */
typedef struct ctl_value reader(const void *member);

static struct ctl_value read_I64(const void *member)
{
	return ctl_value_number(*(const int64_t *)member);
}

static struct ctl_value read_I64_NOT_0(const void *member)
{
	int64_t number = *(const int64_t *)member;
	return number == 0 ? (struct ctl_value){ 0 } : ctl_value_number(number);
}

static struct ctl_value read_U32(const void *member)
{
	return ctl_value_count(*(const uint32_t *)member);
}

static struct ctl_value read_U32_NOT_0(const void *member)
{
	uint32_t count = *(const uint32_t *)member;
	return count == 0 ? (struct ctl_value){ 0 } : ctl_value_count(count);
}

/* A question to sessions only. */
static struct ctl_value of_session(const struct chg_cdr_state *state, bool truth)
{
	if (state->kind != CHG_CDR_SESSION)
		return (struct ctl_value){ 0 };
	return (struct ctl_value){ .kind = CTL_VALUE_TRUTH, .number = truth };
}

static struct ctl_value read_HAS_START(const void *member)
{
	const struct chg_cdr_state *state = member;
	return of_session(state, state->has_start);
}

static struct ctl_value read_HAS_STOP(const void *member)
{
	const struct chg_cdr_state *state = member;
	return of_session(state, state->has_stop);
}

static struct ctl_value read_VIEW(const void *member)
{
	return ctl_value_text(*(const struct chg_view *)member);
}

static struct ctl_value read_JSON(const void *member)
{
	struct ctl_value value = ctl_value_text(*(const struct chg_view *)member);
	if (value.text.len == 0)
		return (struct ctl_value){ 0 };
	value.kind = CTL_VALUE_JSON;
	return value;
}

static struct ctl_value read_OPT_U32(const void *member)
{
	const chg_opt_u32 *opt = member;
	return opt->is_present ? ctl_value_count(opt->value) : (struct ctl_value){ 0 };
}

static struct ctl_value read_OPT_U64(const void *member)
{
	const chg_opt_u64 *opt = member;
	return opt->is_present ? ctl_value_count(opt->value) : (struct ctl_value){ 0 };
}

static struct ctl_value read_OPT_I32(const void *member)
{
	const chg_opt_i32 *opt = member;
	return opt->is_present ? ctl_value_number(opt->value) : (struct ctl_value){ 0 };
}

static struct ctl_value read_INSTANT(const void *member)
{
	return ctl_value_time(*(const chg_instant *)member);
}

static struct ctl_value read_OPT_INSTANT(const void *member)
{
	const chg_opt_instant *opt = member;
	return opt->is_present ? ctl_value_time(opt->value) : (struct ctl_value){ 0 };
}

static struct ctl_value read_KIND(const void *member)
{
	return ctl_value_text(chg_view_of(ctl_name_kind(*(const enum chg_cdr_kind *)member)));
}

static struct ctl_value read_STATUS(const void *member)
{
	return ctl_value_text(chg_view_of(ctl_name_status(*(const enum chg_cdr_status *)member)));
}

static struct ctl_value read_MARKS(const void *member)
{
	return (struct ctl_value){ .kind = CTL_VALUE_MARKS, .count = *(const uint32_t *)member };
}

static struct ctl_value read_SERVICE(const void *member)
{
	const chg_opt_i32 *type = member;
	return ctl_value_text(chg_view_of(type->is_present ? ctl_name_service(type->value) : NULL));
}

/* The record around a member, for those that mean something only where an account was charged. */
static const struct chg_cdr *record_of(const void *member, size_t offset)
{
	return (const struct chg_cdr *)(const void *)((const char *)member - offset);
}

static struct ctl_value read_ACCOUNT(const void *member)
{
	const struct chg_cdr *cdr = record_of(member, offsetof(struct chg_cdr, account));
	return cdr->has_charge ? ctl_value_text(cdr->account) : (struct ctl_value){ 0 };
}

static struct ctl_value read_COST(const void *member)
{
	const struct chg_cdr *cdr = record_of(member, offsetof(struct chg_cdr, cost));
	return cdr->has_charge ? ctl_value_money(cdr->cost.micros) : (struct ctl_value){ 0 };
}

static struct ctl_value read_CURRENCY(const void *member)
{
	const struct chg_cdr *cdr = record_of(member, offsetof(struct chg_cdr, currency));
	return cdr->has_charge ? ctl_value_text(chg_view_of(chg_currency_code(cdr->currency)))
			       : (struct ctl_value){ 0 };
}

static struct ctl_value read_DURATION(const void *member)
{
	return ctl_field_duration(member);
}

struct ctl_value ctl_field_duration(const struct chg_cdr_state *state)
{
	struct ctl_value value = { .kind = CTL_VALUE_SPAN };

	if (state->kind != CHG_CDR_SESSION || !state->ended_at.is_present ||
		__builtin_sub_overflow(
			state->ended_at.value.us, state->started_at.us, &value.time.us))
		return (struct ctl_value){ 0 };
	return value;
}

static const struct ctl_column columns[] = {
#define FIELD(field_name, label, reader, member) { .name = field_name, .heading = label },
#include "chgctl/field.def"
#undef FIELD
};

static const struct {
	reader *read;
	size_t offset;
} readers[] = {
#define FIELD(name, label, reader, member) { read_##reader, offsetof(struct chg_cdr, member) },
#include "chgctl/field.def"
#undef FIELD
};

enum {
	FIELD_COUNT = sizeof columns / sizeof columns[0],
};
_Static_assert((int)FIELD_COUNT <= (int)CTL_COLUMN_MAX, "a writer has room for every field");

const struct ctl_column *ctl_field_columns(size_t *ret_count)
{
	*ret_count = FIELD_COUNT;
	return columns;
}

void ctl_field_values(const struct chg_cdr *cdr, struct ctl_value *ret_values)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		ret_values[i] = readers[i].read((const char *)cdr + readers[i].offset);
}

/* Who it came from: the party that called, else the user that is named. */
static struct chg_view from_of(const struct chg_cdr *cdr)
{
	return chg_view_present(cdr->calling_party) ? cdr->calling_party : cdr->user_name;
}

/* Whom it went to: the party that was called, else the group. */
static struct chg_view to_of(const struct chg_cdr *cdr)
{
	return chg_view_present(cdr->called_party) ? cdr->called_party : cdr->group_name;
}

/* On a narrow terminal who and when matter most; `cdr show` has the rest. */
static const struct ctl_column brief_columns[] = {
	{ .name = "id", .heading = "ID", .is_right = true },
	{ .name = "local_sequence", .heading = "SEQ", .is_right = true, .width_min = 130 },
	{ .name = "kind", .heading = "KIND" },
	{ .name = "state", .heading = "STATE", .width_min = 100 },
	{ .name = "started_at", .heading = "STARTED" },
	{ .name = "duration_s", .heading = "DURATION", .is_right = true, .width_min = 90 },
	{ .name = "from", .heading = "FROM", .may_shrink = true },
	{ .name = "to", .heading = "TO", .may_shrink = true },
	{ .name = "messages", .heading = "MSGS", .is_right = true },
	{ .name = "participants", .heading = "PART", .is_right = true, .width_min = 90 },
	{ .name = "cost", .heading = "COST", .is_right = true, .hides_empty = true },
	{ .name = "currency", .heading = "CUR", .hides_empty = true, .width_min = 100 },
	{ .name = "cause", .heading = "CAUSE", .is_right = true, .width_min = 100 },
	{ .name = "marks", .heading = "MARKS", .may_shrink = true },
};

const struct ctl_column *ctl_field_brief_columns(size_t *ret_count)
{
	*ret_count = sizeof brief_columns / sizeof brief_columns[0];
	return brief_columns;
}

void ctl_field_brief_values(const struct chg_cdr *cdr, struct ctl_value *ret_values)
{
	const chg_opt_u32 *participants = cdr->participants_attached.is_present
						  ? &cdr->participants_attached
						  : &cdr->participants_invited;
	const struct ctl_value values[] = {
		read_I64(&cdr->state.cdr_id),
		read_I64_NOT_0(&cdr->state.local_sequence),
		read_KIND(&cdr->state.kind),
		read_STATUS(&cdr->state.status),
		read_INSTANT(&cdr->state.started_at),
		ctl_field_duration(&cdr->state),
		ctl_value_text(from_of(cdr)),
		ctl_value_text(to_of(cdr)),
		read_OPT_U32(&cdr->messages_sent),
		read_OPT_U32(participants),
		read_COST(&cdr->cost),
		read_CURRENCY(&cdr->currency),
		read_OPT_I32(&cdr->cause_code),
		read_MARKS(&cdr->state.marks),
	};
	_Static_assert(
		sizeof values / sizeof values[0] == sizeof brief_columns / sizeof brief_columns[0],
		"a value for every column");
	memcpy(ret_values, values, sizeof values);
}

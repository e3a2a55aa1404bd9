/* SPDX-License-Identifier: BSD-3-Clause
 * Reads the disk as anybody may, and compares it with what was really sent and answered.
 */
#include "sim/auditor.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_MAX = SIM_REQUESTS_MAX };

/* What one look finds. */
struct look {
	struct sim_audit *audit;
	struct sim_world *world;
	uint32_t found[SIM_REQUESTS_MAX]; /* how often each request is on the disk */
	uint32_t closed;
	int64_t highest_sequence;
	bool has_sequence[AUDIT_RECORDS_MAX + 1];
	uint32_t open_of[SIM_PEERS][SIM_SESSIONS][3]; /* the whole, and two sub-sessions */
	const struct chg_cdr *cdr;                    /* the record that is looked at */
	uint32_t entry[ENTRIES_MAX];                  /* its requests, in their order */
	uint32_t entry_marks[ENTRIES_MAX];
	uint32_t entry_count;
};

static uint32_t index_of(const struct look *look, struct chg_view content)
{
	unsigned int index;
	char text[24];
	if (content.len >= sizeof text)
		sim_fail(look->world, "content of nobody");
	memcpy(text, content.ptr, content.len);
	text[content.len] = '\0';
	if (sscanf(text, "{\"id\":%u}", &index) != 1 || index >= look->world->request_count)
		sim_fail(look->world, "content of nobody: %s", text);
	return index;
}

static bool add_entry(void *to, const struct chg_cdr_entry *entry)
{
	struct look *look = to;
	uint32_t index = index_of(look, entry->content);
	const struct sim_request *request = &look->world->request[index];
	if (entry->type != request->type || entry->number != request->number)
		sim_fail(look->world, "request %u is not what was sent", index);
	if (entry->entry_no != look->entry_count + 1)
		sim_fail(look->world, "request %u has no place in its timeline", index);
	look->found[index]++;
	look->entry_marks[look->entry_count] = entry->marks;
	look->entry[look->entry_count++] = index;
	return true;
}

/* Whether an earlier request of the same key was recorded before this one. */
static bool is_number_reused(const struct sim_world *world, uint32_t index)
{
	const struct sim_request *request = &world->request[index];
	for (uint32_t i = 0; i < world->order_count && world->order[i] != index; i++) {
		const struct sim_request *other = &world->request[world->order[i]];
		if (other->peer == request->peer && other->session == request->session &&
			other->sub_session_id.is_present == request->sub_session_id.is_present &&
			other->sub_session_id.value == request->sub_session_id.value &&
			other->type == request->type && other->number == request->number)
			return true;
	}
	return false;
}

static void expect_mark(const struct look *look, uint32_t marks, uint32_t mark, bool is_wanted)
{
	if (((marks & mark) != 0) != is_wanted)
		sim_fail(look->world, "record %lld: %s \"%s\"", (long long)look->cdr->state.cdr_id,
			is_wanted ? "lacks" : "wrongly has", chg_cdr_mark_text(mark));
}

/* The whole of a session that has sub-sessions misses no START of its own. */
static bool may_miss_start(const struct look *look)
{
	const struct sim_request *request = &look->world->request[look->entry[0]];
	return request->session == 0 && !request->sub_session_id.is_present;
}

static void check_marks(const struct look *look)
{
	const struct chg_cdr_state *state = &look->cdr->state;
	bool has_start = false, has_stop = false, is_reused = false, is_repeated = false;
	bool is_late = false;
	for (uint32_t i = 0; i < look->entry_count; i++) {
		const struct sim_request *request = &look->world->request[look->entry[i]];
		uint32_t marks = look->entry_marks[i];
		bool reused = is_number_reused(look->world, look->entry[i]);
		expect_mark(look, marks, CHG_MARK_NUMBER_REUSED, reused);
		expect_mark(look, marks, CHG_MARK_RETRANSMITTED, request->recorded_with_t);
		if (has_stop) /* closed by then, in any case */
			expect_mark(look, marks, CHG_MARK_LATE, true);
		is_late |= (marks & CHG_MARK_LATE) != 0;
		is_reused |= reused;
		is_repeated |= request->recorded_with_t;
		has_start |= request->type == CHG_RECORD_START;
		has_stop |= request->type == CHG_RECORD_STOP;
	}
	expect_mark(look, state->marks, CHG_MARK_NUMBER_REUSED, is_reused);
	expect_mark(look, state->marks, CHG_MARK_RETRANSMITTED, is_repeated);
	expect_mark(look, state->marks, CHG_MARK_LATE, is_late);
	if (has_start || !may_miss_start(look))
		expect_mark(look, state->marks, CHG_MARK_START_LOST, !has_start);
	if (has_stop && state->status != CHG_CDR_CLOSED)
		sim_fail(look->world, "record %lld: open after its STOP", (long long)state->cdr_id);
	if (is_late && !has_stop)
		expect_mark(look, state->marks, CHG_MARK_STOP_LOST,
			!look->cdr->sub_session_id.is_present ||
				(state->marks & CHG_MARK_ABNORMAL) != 0);
	if ((state->marks & CHG_MARK_ABNORMAL) != 0 && (state->marks & CHG_MARK_STOP_LOST) == 0)
		sim_fail(look->world, "record %lld: abnormal with its STOP",
			(long long)state->cdr_id);
	if (state->status == CHG_CDR_CLOSED && !has_stop && !look->cdr->sub_session_id.is_present)
		expect_mark(look, state->marks, CHG_MARK_ABNORMAL, true);
}

/* A number that none of the requests brought, between the lowest and the highest. */
static void check_gaps(const struct look *look)
{
	uint32_t low = UINT32_MAX, high = 0, own = 0;
	for (uint32_t i = 0; i < look->entry_count; i++) {
		uint32_t number = look->world->request[look->entry[i]].number;
		low = number < low ? number : low;
		high = number > high ? number : high;
		own += !is_number_reused(look->world, look->entry[i]);
	}
	expect_mark(look, look->cdr->state.marks, CHG_MARK_INTERIM_LOST, high - low + 1 > own);
}

/* the figures of the STOP, else those of the latest event. */
static void check_figures(const struct look *look)
{
	const struct sim_request *best = NULL;
	for (uint32_t i = 0; i < look->entry_count; i++) {
		const struct sim_request *request = &look->world->request[look->entry[i]];
		bool is_stop = request->type == CHG_RECORD_STOP;
		bool had_stop = best != NULL && best->type == CHG_RECORD_STOP;
		if (is_stop ? !had_stop || is_number_reused(look->world, look->entry[i])
			    : !had_stop && (best == NULL ||
						   request->event_time.us >= best->event_time.us))
			best = request;
	}
	if (best != NULL && look->cdr->messages_sent.value != best->messages_sent)
		sim_fail(look->world, "record %lld: %u messages instead of %u",
			(long long)look->cdr->state.cdr_id, look->cdr->messages_sent.value,
			best->messages_sent);
}

static void check_sequence(struct look *look, const struct chg_cdr_state *state)
{
	if (state->status == CHG_CDR_OPEN) {
		if (state->local_sequence != 0)
			sim_fail(look->world, "record %lld: numbered while it is open",
				(long long)state->cdr_id);
		return;
	}
	look->closed++;
	if (state->local_sequence < 1 || state->local_sequence > AUDIT_RECORDS_MAX ||
		look->has_sequence[state->local_sequence])
		sim_fail(look->world, "record %lld: its local sequence %lld is no new one",
			(long long)state->cdr_id, (long long)state->local_sequence);
	look->has_sequence[state->local_sequence] = true;
	if (state->local_sequence > look->highest_sequence)
		look->highest_sequence = state->local_sequence;
}

/* What was true of a record before is true of it still. */
static void check_history(struct look *look, const struct chg_cdr_state *state)
{
	const uint32_t for_ever = CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST | CHG_MARK_LATE |
				  CHG_MARK_NUMBER_REUSED | CHG_MARK_RETRANSMITTED;
	if (state->cdr_id < 1 || state->cdr_id > AUDIT_RECORDS_MAX)
		sim_fail(look->world, "a record of number %lld", (long long)state->cdr_id);
	uint32_t before = look->audit->before[state->cdr_id].marks & for_ever;
	if ((before & ~state->marks) != 0)
		sim_fail(look->world, "record %lld lost a mark", (long long)state->cdr_id);
	if (look->audit->before[state->cdr_id].is_closed &&
		(state->status != CHG_CDR_CLOSED ||
			state->local_sequence !=
				look->audit->before[state->cdr_id].local_sequence ||
			state->closed_at.value.us !=
				look->audit->before[state->cdr_id].closed_at.us))
		sim_fail(look->world, "record %lld was closed and changed its mind",
			(long long)state->cdr_id);
	look->audit->before[state->cdr_id].is_known = true;
	look->audit->before[state->cdr_id].is_closed = state->status == CHG_CDR_CLOSED;
	look->audit->before[state->cdr_id].marks = state->marks;
	look->audit->before[state->cdr_id].local_sequence = state->local_sequence;
	look->audit->before[state->cdr_id].closed_at = state->closed_at.value;
}

static void check_session(struct look *look)
{
	struct chg_store *disk = &look->world->faulty.inner;
	const struct chg_cdr_state *state = &look->cdr->state;
	look->entry_count = 0;
	disk->ops->scan_entries(disk->self, state->cdr_id, add_entry, look);
	if (look->entry_count == 0 || look->entry_count != state->entry_count)
		sim_fail(look->world, "record %lld: %u entries, it says %u",
			(long long)state->cdr_id, look->entry_count, state->entry_count);
	check_marks(look);
	check_gaps(look);
	check_figures(look);
	const struct sim_request *request = &look->world->request[look->entry[0]];
	uint32_t part = request->sub_session_id.is_present
				? 1 + (uint32_t)request->sub_session_id.value
				: 0;
	if (state->status == CHG_CDR_OPEN &&
		look->open_of[request->peer][request->session][part]++ > 0)
		sim_fail(look->world, "record %lld: the second open one of its session",
			(long long)state->cdr_id);
}

static bool look_at(void *to, const struct chg_cdr *cdr)
{
	struct look *look = to;
	look->cdr = cdr;
	check_sequence(look, &cdr->state);
	check_history(look, &cdr->state);
	if (cdr->state.kind == CHG_CDR_SESSION)
		check_session(look);
	else
		look->found[index_of(look, cdr->content)]++;
	return true;
}

void sim_audit_look(struct sim_audit *audit, struct sim_world *world)
{
	struct look look = { .audit = audit, .world = world };
	struct chg_cdr_filter all = { 0 };
	struct chg_store *disk = &world->faulty.inner;
	disk->ops->scan_cdrs(disk->self, &all, look_at, &look);
	for (uint32_t i = 0; i < world->request_count; i++)
		if (look.found[i] != world->request[i].is_recorded)
			sim_fail(world, "request %u was %s and is there %u times", i,
				world->request[i].is_recorded ? "recorded" : "not recorded",
				look.found[i]);
	if (look.highest_sequence != look.closed)
		sim_fail(world, "the local sequence has a gap: %u closed, the highest is %lld",
			look.closed, (long long)look.highest_sequence);
}

static bool is_closed(void *to, const struct chg_cdr *cdr)
{
	if (cdr->state.status != CHG_CDR_CLOSED)
		sim_fail(to, "record %lld is open for ever", (long long)cdr->state.cdr_id);
	return true;
}

void sim_audit_end(struct sim_audit *audit, struct sim_world *world)
{
	struct chg_cdr_filter all = { 0 };
	struct chg_store *disk = &world->faulty.inner;
	for (uint32_t i = 0; i < world->request_count; i++)
		if (!world->request[i].is_recorded)
			sim_fail(world, "request %u was answered and not recorded", i);
	fake_clock_pass(&world->clock, 86400 * CHG_US_PER_S);
	chg_engine_turn(world->engine);
	chg_engine_turn(world->engine);
	sim_audit_look(audit, world);
	disk->ops->scan_cdrs(disk->self, &all, is_closed, world);
}

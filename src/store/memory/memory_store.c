/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays that grow, searched from end to end: slow, and easy to be sure of.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/memory/memory_private.h"

static const struct chg_view offline = { .ptr = "CH-1", .len = 4 };

static enum chg_rc begin(void *self)
{
	struct memory *memory = self;
	assert(!memory->is_in_transaction);
	enum chg_rc rc = chg_memory_copy(&memory->before, &memory->now);
	memory->is_in_transaction = rc == CHG_OK;
	return rc;
}

static enum chg_rc commit(void *self)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	memory->is_in_transaction = false;
	return CHG_OK;
}

static void rollback(void *self)
{
	struct memory *memory = self;
	if (!memory->is_in_transaction)
		return;
	struct content undone = memory->now;
	memory->now = memory->before;
	memory->before = undone; /* its memory is used for the next copy */
	memory->is_in_transaction = false;
}

static struct host *host_find(struct memory *memory, struct chg_view name)
{
	for (size_t i = 0; i < chg_memory_count(memory, HOSTS); i++) {
		struct host *host = chg_memory_row(memory, HOSTS, i);
		if (chg_view_equal(host->name, name))
			return host;
	}
	return NULL;
}

static enum chg_rc host_touch(
	struct memory *memory, struct chg_view name, struct chg_view realm, struct host **ret)
{
	enum chg_rc rc = CHG_OK;
	if (host_find(memory, name) == NULL) {
		struct host host = { 0 };
		rc = chg_memory_keep(memory, name, &host.name);
		if (rc == CHG_OK)
			rc = chg_memory_row_add(memory, HOSTS, &host);
	}
	if (rc != CHG_OK)
		return rc;
	*ret = host_find(memory, name);
	return chg_view_present(realm) ? chg_memory_keep(memory, realm, &(*ret)->realm) : CHG_OK;
}

bool chg_memory_sub_session_equal(chg_opt_u64 a, chg_opt_u64 b)
{
	return a.is_present == b.is_present && (!a.is_present || a.value == b.value);
}

struct chg_cdr *chg_memory_cdr(struct memory *memory, int64_t cdr_id)
{
	for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
		struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
		if (cdr->state.cdr_id == cdr_id)
			return cdr;
	}
	return NULL;
}

/* A session's record of the same interface, peer and Session-Id, whatever its sub-session. */
static bool is_of_session(
	const struct chg_cdr *cdr, struct chg_view source, const struct chg_acr *acr)
{
	return cdr->state.kind == CHG_CDR_SESSION && chg_view_equal(cdr->source, source) &&
	       chg_view_equal(cdr->origin_host, acr->origin_host) &&
	       chg_view_equal(cdr->session_id, acr->session_id);
}

static bool is_same_number(const struct seen_row *seen, const struct chg_acr *acr)
{
	return chg_view_equal(seen->origin_host, acr->origin_host) &&
	       chg_view_equal(seen->session_id, acr->session_id) &&
	       chg_memory_sub_session_equal(seen->sub_session_id, acr->sub_session_id) &&
	       seen->type == acr->type && seen->number == acr->number;
}

static bool is_same_request(const struct seen_row *seen, const struct chg_acr *acr)
{
	return is_same_number(seen, acr) &&
	       memcmp(&seen->digest, &acr->digest, sizeof acr->digest) == 0;
}

static void load_session(struct memory *memory, struct chg_view source, const struct chg_acr *acr,
	struct chg_acct_facts *facts)
{
	bool has_sub_sessions = false;
	for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
		const struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
		if (!is_of_session(cdr, source, acr))
			continue;
		has_sub_sessions |= cdr->sub_session_id.is_present;
		if (!chg_memory_sub_session_equal(cdr->sub_session_id, acr->sub_session_id))
			continue;
		facts->has_record = true;
		facts->record = cdr->state; /* the last one that fits stays */
	}
	facts->has_sub_sessions =
		has_sub_sessions && chg_accounting_asks_for_sub_sessions(
					    acr, facts->has_record ? &facts->record : NULL);
}

void chg_memory_load_record(struct memory *memory, struct chg_view source,
	const struct chg_acr *acr, struct chg_acct_facts *facts)
{
	const struct host *host = host_find(memory, acr->origin_host);
	facts->host_state_id = host == NULL ? 0 : host->origin_state_id;
	if (acr->type != CHG_RECORD_EVENT) /* an event touches no session */
		load_session(memory, source, acr, facts);
}

static enum chg_rc load_acct(void *self, const struct chg_acr *acr, struct chg_acct_facts *ret)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	*ret = (struct chg_acct_facts){ 0 };
	for (size_t i = 0; i < chg_memory_count(memory, SEEN); i++) {
		const struct seen_row *seen = chg_memory_row(memory, SEEN, i);
		ret->is_number_known |= is_same_number(seen, acr);
		ret->is_known |= is_same_request(seen, acr);
	}
	chg_memory_load_record(memory, offline, acr, ret);
	return CHG_OK;
}

/*
 * The record becomes `state`; one that closes gets its number, one that has a number keeps it.
 * Records of CH-2 are supervised by their sessions.
 */
void chg_memory_state_write(struct memory *memory, struct chg_cdr *cdr, struct chg_cdr_state state)
{
	if (state.local_sequence == 0)
		state.local_sequence = cdr->state.local_sequence;
	if (state.status == CHG_CDR_CLOSED && state.local_sequence == 0)
		state.local_sequence = memory->now.next_local_sequence++;
	if (!chg_view_equal(cdr->source, offline))
		state.supervise_until = (chg_opt_instant){ 0 };
	cdr->state = state;
}

/* Sessions of CH-2 are ended by their books, since they hold something of an account. */
static bool is_older(const struct chg_cdr *cdr, struct chg_view host, uint32_t origin_state_id)
{
	return chg_view_equal(cdr->source, offline) && cdr->state.status == CHG_CDR_OPEN &&
	       chg_view_equal(cdr->origin_host, host) && cdr->state.origin_state_id != 0 &&
	       cdr->state.origin_state_id < origin_state_id;
}

/* Closes the open sessions of a peer whose Origin-State-Id is lower, the lowest first. */
static uint32_t close_older(
	struct memory *memory, struct chg_now now, struct chg_view host, uint32_t origin_state_id)
{
	for (uint32_t closed = 0;; closed++) {
		struct chg_cdr *next = NULL;
		for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
			struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
			if (is_older(cdr, host, origin_state_id) &&
				(next == NULL ||
					cdr->state.origin_state_id < next->state.origin_state_id))
				next = cdr;
		}
		if (next == NULL)
			return closed;
		chg_memory_state_write(memory, next, chg_accounting_expire(&next->state, now));
	}
}

/* Whether a's sub-session comes before b's: as texts, as a column of digits sorts them. */
static bool is_sub_before(const struct chg_cdr *a, const struct chg_cdr *b)
{
	char text_a[24], text_b[24];
	snprintf(text_a, sizeof text_a, "%" PRIu64, a->sub_session_id.value);
	snprintf(text_b, sizeof text_b, "%" PRIu64, b->sub_session_id.value);
	return strcmp(text_a, text_b) < 0;
}

/* Closes what is open below a session, in the order of the sub-sessions' texts. */
static void close_sub_sessions(struct memory *memory, struct chg_now now, const struct chg_acr *acr,
	chg_opt_instant ended_at)
{
	for (;;) {
		struct chg_cdr *next = NULL;
		for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
			struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
			if (is_of_session(cdr, offline, acr) && cdr->sub_session_id.is_present &&
				cdr->state.status == CHG_CDR_OPEN &&
				(next == NULL || is_sub_before(cdr, next)))
				next = cdr;
		}
		if (next == NULL)
			return;
		struct chg_cdr_state state = next->state;
		state.status = CHG_CDR_CLOSED;
		state.ended_at = ended_at;
		state.closed_at = (chg_opt_instant){ true, now.wall };
		state.supervise_until = (chg_opt_instant){ 0 };
		chg_memory_state_write(memory, next, state);
	}
}

/* What the request has takes the place of what the record has. */
#define REPLACE(field)                                                                             \
	do {                                                                                       \
		if (acr->field.is_present)                                                         \
			cdr->field = acr->field;                                                   \
	} while (0)

/* What the request has is taken where it may replace, or where the record has nothing. */
#define TAKE_NUMBER(may_replace, to, from)                                                         \
	do {                                                                                       \
		if ((from).is_present && ((may_replace) || !(to).is_present))                      \
			(to) = (from);                                                             \
	} while (0)

static enum chg_rc take_text(
	struct memory *memory, bool may_replace, struct chg_view from, struct chg_view *to)
{
	if (from.ptr == NULL || (to->ptr != NULL && !may_replace))
		return CHG_OK;
	return chg_memory_keep(memory, from, to);
}

static enum chg_rc merge_identity(
	struct memory *memory, struct chg_cdr *cdr, const struct chg_acr *acr, bool may_replace)
{
	struct {
		struct chg_view from;
		struct chg_view *to;
	} texts[] = {
		{ acr->origin_realm, &cdr->origin_realm },
		{ acr->multi_session_id, &cdr->multi_session_id },
		{ acr->user_name, &cdr->user_name },
		{ acr->service_context_id, &cdr->service_context_id },
		{ acr->application_server_id, &cdr->application_server_id },
		{ acr->icid, &cdr->icid },
		{ acr->call_id, &cdr->call_id },
		{ acr->sip_method, &cdr->sip_method },
		{ acr->calling_party, &cdr->calling_party },
		{ acr->called_party, &cdr->called_party },
		{ acr->group_name, &cdr->group_name },
	};
	TAKE_NUMBER(may_replace, cdr->application_service_type, acr->application_service_type);
	TAKE_NUMBER(may_replace, cdr->application_session_id, acr->application_session_id);
	if (acr->type == CHG_RECORD_START)
		TAKE_NUMBER(may_replace, cdr->participants_invited, acr->participants);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		enum chg_rc rc = take_text(memory, may_replace, texts[i].from, texts[i].to);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

static enum chg_rc merge_figures(
	struct memory *memory, struct chg_cdr *cdr, const struct chg_acr *acr)
{
	REPLACE(messages_sent);
	REPLACE(messages_exploded);
	REPLACE(messages_sent_delivered);
	REPLACE(messages_exploded_delivered);
	REPLACE(content_octets);
	REPLACE(cause_code);
	REPLACE(termination_cause);
	if (acr->type != CHG_RECORD_START)
		TAKE_NUMBER(true, cdr->participants_attached, acr->participants);
	enum chg_rc rc = take_text(memory, true, acr->delivery_status, &cdr->delivery_status);
	return rc == CHG_OK ? take_text(memory, true, acr->content, &cdr->content) : rc;
}

static enum chg_rc record_insert(struct memory *memory, struct chg_view source, struct chg_now now,
	const struct chg_acr *acr, const struct chg_acct_plan *plan, struct chg_cdr **ret)
{
	struct chg_cdr cdr = {
		.received_first_at = now.wall,
		.source = source,
		.sub_session_id = acr->sub_session_id,
		.content = CHG_VIEW("{}"),
	};
	struct chg_cdr_state state = plan->record;
	state.cdr_id = memory->now.next_cdr_id++;
	enum chg_rc rc = chg_memory_keep(memory, acr->origin_host, &cdr.origin_host);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, acr->session_id, &cdr.session_id);
	chg_memory_state_write(memory, &cdr, state);
	if (rc == CHG_OK)
		rc = chg_memory_row_add(memory, CDRS, &cdr);
	if (rc == CHG_OK)
		*ret = chg_memory_row(memory, CDRS, chg_memory_count(memory, CDRS) - 1);
	return rc;
}

static enum chg_rc entry_add(struct memory *memory, struct chg_now now, int64_t cdr_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	struct timeline_row row = {
		.cdr_id = cdr_id,
		.entry = {
			.entry_no = plan->record.entry_count,
			.type = acr->type,
			.number = acr->number,
			.marks = plan->entry_marks,
			.event_time = acr->event_time,
			.received_at = now.wall,
			.application_service_type = acr->application_service_type,
			.participants = acr->participants,
			.messages_sent = acr->messages_sent,
			.messages_exploded = acr->messages_exploded,
			.messages_sent_delivered = acr->messages_sent_delivered,
			.messages_exploded_delivered = acr->messages_exploded_delivered,
			.cause_code = acr->cause_code,
		},
	};
	enum chg_rc rc = chg_memory_keep(memory, acr->content, &row.entry.content);
	return rc == CHG_OK ? chg_memory_row_add(memory, ENTRIES, &row) : rc;
}

static enum chg_rc participants_add(struct memory *memory, struct chg_now now, int64_t cdr_id,
	const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	for (size_t i = 0; i < acr->participant_count; i++) {
		struct participant_row row = {
			.cdr_id = cdr_id,
			.participant = {
				.entry_no = plan->record.entry_count,
				.ordinal = (uint32_t)i + 1,
				.action = plan->action,
				.at = acr->event_time.is_present ? acr->event_time.value : now.wall,
			},
		};
		enum chg_rc rc =
			chg_memory_keep(memory, acr->participant[i], &row.participant.party);
		if (rc == CHG_OK)
			rc = chg_memory_row_add(memory, PARTICIPANTS, &row);
		if (rc != CHG_OK)
			return rc;
	}
	return CHG_OK;
}

/* The normal form, or what fits of a text that is too long for one, cut between characters. */
static enum chg_rc party_add(struct memory *memory, int64_t cdr_id, struct chg_view text)
{
	struct party_row row = { .cdr_id = cdr_id };
	if (text.len == 0)
		return CHG_OK;
	if (chg_party_normalise(text, &row.key) != CHG_OK) {
		size_t len = text.len < CHG_PARTY_TEXT_MAX ? text.len : CHG_PARTY_TEXT_MAX;
		while (len > 0 && len < text.len && (text.ptr[len] & 0xc0) == 0x80)
			len--;
		memcpy(row.key.bytes, text.ptr, len);
		row.key.len = (uint8_t)len;
	}
	return chg_memory_row_add(memory, PARTIES, &row);
}

static enum chg_rc parties_add(struct memory *memory, int64_t cdr_id, const struct chg_acr *acr)
{
	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; i < acr->party_count && rc == CHG_OK; i++)
		rc = party_add(memory, cdr_id, acr->party[i].text);
	for (size_t i = 0; i < acr->participant_count && rc == CHG_OK; i++)
		rc = party_add(memory, cdr_id, acr->participant[i]);
	return rc;
}

static enum chg_rc seen_add(struct memory *memory, struct chg_now now, const struct chg_acr *acr)
{
	for (size_t i = 0; i < chg_memory_count(memory, SEEN); i++) {
		if (is_same_request(chg_memory_row(memory, SEEN, i), acr))
			return CHG_OK;
	}
	struct seen_row row = {
		.sub_session_id = acr->sub_session_id,
		.type = acr->type,
		.number = acr->number,
		.digest = acr->digest,
		.received_at = now.wall,
	};
	enum chg_rc rc = chg_memory_keep(memory, acr->origin_host, &row.origin_host);
	if (rc == CHG_OK)
		rc = chg_memory_keep(memory, acr->session_id, &row.session_id);
	return rc == CHG_OK ? chg_memory_row_add(memory, SEEN, &row) : rc;
}

/* Steps 4 and 5 of a plan: the record and its timeline. */
static enum chg_rc record_write(struct memory *memory, struct chg_view source, struct chg_now now,
	const struct chg_acr *acr, const struct chg_acct_plan *plan, int64_t *ret_cdr_id)
{
	struct chg_cdr *cdr = NULL;
	enum chg_rc rc = CHG_OK;
	if (plan->step == CHG_STEP_INSERT) {
		rc = record_insert(memory, source, now, acr, plan, &cdr);
	} else {
		cdr = chg_memory_cdr(memory, plan->record.cdr_id);
		assert(cdr != NULL);
		chg_memory_state_write(memory, cdr, plan->record);
	}
	if (rc == CHG_OK)
		rc = merge_identity(memory, cdr, acr, plan->has_identity);
	if (rc == CHG_OK && plan->has_figures)
		rc = merge_figures(memory, cdr, acr);
	if (rc != CHG_OK)
		return rc;
	cdr->received_last_at = now.wall;
	int64_t cdr_id = cdr->state.cdr_id;
	*ret_cdr_id = cdr_id;
	if (plan->record.kind == CHG_CDR_SESSION)
		rc = entry_add(memory, now, cdr_id, acr, plan);
	if (rc == CHG_OK && plan->record.kind == CHG_CDR_SESSION)
		rc = participants_add(memory, now, cdr_id, acr, plan);
	return rc == CHG_OK ? parties_add(memory, cdr_id, acr) : rc;
}

/* Steps 1 to 5 of struct chg_acct_plan, in its order. */
enum chg_rc chg_memory_apply_record(struct memory *memory, struct chg_view source,
	struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan,
	int64_t *ret_cdr_id)
{
	*ret_cdr_id = 0;
	if (plan->step == CHG_STEP_NONE && !plan->raises_host_state)
		return CHG_OK;
	struct host *host;
	enum chg_rc rc = host_touch(memory, acr->origin_host, acr->origin_realm, &host);
	if (rc != CHG_OK)
		return rc;
	if (plan->raises_host_state)
		host->origin_state_id = plan->host_state_id;
	if (plan->closes_older_sessions)
		(void)close_older(memory, now, acr->origin_host, plan->host_state_id);
	if (plan->closes_previous) {
		struct chg_cdr *previous = chg_memory_cdr(memory, plan->previous.cdr_id);
		assert(previous != NULL);
		chg_memory_state_write(memory, previous, plan->previous);
	}
	if (plan->closes_sub_sessions && chg_view_equal(source, offline))
		close_sub_sessions(memory, now, acr, plan->record.ended_at);
	if (plan->step == CHG_STEP_NONE)
		return CHG_OK;
	return record_write(memory, source, now, acr, plan, ret_cdr_id);
}

static enum chg_rc apply_acct(
	void *self, struct chg_now now, const struct chg_acr *acr, const struct chg_acct_plan *plan)
{
	struct memory *memory = self;
	int64_t cdr_id;
	assert(memory->is_in_transaction);
	enum chg_rc rc = chg_memory_apply_record(memory, offline, now, acr, plan, &cdr_id);
	return rc == CHG_OK && plan->step != CHG_STEP_NONE ? seen_add(memory, now, acr) : rc;
}

static enum chg_rc apply_host_state(void *self, struct chg_now now, struct chg_view origin_host,
	struct chg_view origin_realm, uint32_t origin_state_id, uint32_t *ret_closed)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	struct host *host;
	uint32_t closed = 0;
	enum chg_rc rc = host_touch(memory, origin_host, origin_realm, &host);
	if (rc != CHG_OK)
		return rc;
	if (origin_state_id > host->origin_state_id) {
		bool was_known = host->origin_state_id != 0;
		host->origin_state_id = origin_state_id;
		if (was_known)
			closed = close_older(memory, now, origin_host, origin_state_id);
	}
	*ret_closed = closed;
	return CHG_OK;
}

/* The open record with the earliest supervise_until; NULL when there is none. */
static struct chg_cdr *first_due(struct memory *memory)
{
	struct chg_cdr *first = NULL;
	for (size_t i = 0; i < chg_memory_count(memory, CDRS); i++) {
		struct chg_cdr *cdr = chg_memory_row(memory, CDRS, i);
		if (cdr->state.status != CHG_CDR_OPEN || !cdr->state.supervise_until.is_present)
			continue;
		if (first == NULL || chg_instant_before(cdr->state.supervise_until.value,
					     first->state.supervise_until.value))
			first = cdr;
	}
	return first;
}

static enum chg_rc next_deadline(void *self, chg_opt_instant *ret)
{
	const struct chg_cdr *first = first_due(self);
	*ret = first == NULL ? (chg_opt_instant){ 0 } : first->state.supervise_until;
	return CHG_OK;
}

static enum chg_rc expire_due(void *self, struct chg_now now, uint32_t max, uint32_t *ret_closed)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	uint32_t closed = 0;
	for (; closed < max; closed++) {
		struct chg_cdr *cdr = first_due(memory);
		if (cdr == NULL || chg_instant_before(now.steady, cdr->state.supervise_until.value))
			break;
		chg_memory_state_write(memory, cdr, chg_accounting_expire(&cdr->state, now));
	}
	*ret_closed = closed;
	return CHG_OK;
}

static enum chg_rc forget_seen(
	void *self, chg_instant before, uint32_t max, uint32_t *ret_forgotten)
{
	struct memory *memory = self;
	assert(memory->is_in_transaction);
	uint32_t forgotten = 0;
	for (; forgotten < max; forgotten++) {
		struct seen_row *oldest = NULL;
		for (size_t i = 0; i < chg_memory_count(memory, SEEN); i++) {
			struct seen_row *seen = chg_memory_row(memory, SEEN, i);
			if (oldest == NULL ||
				chg_instant_before(seen->received_at, oldest->received_at))
				oldest = seen;
		}
		if (oldest == NULL || !chg_instant_before(oldest->received_at, before))
			break;
		struct seen_row *last =
			chg_memory_row(memory, SEEN, chg_memory_count(memory, SEEN) - 1);
		*oldest = *last;
		memory->now.rows[SEEN].count--;
	}
	*ret_forgotten = forgotten;
	return CHG_OK;
}

static enum chg_rc own_state_id(void *self, uint32_t fresh, uint32_t *ret)
{
	struct memory *memory = self;
	if (!memory->now.has_own_state_id) {
		memory->now.has_own_state_id = true;
		memory->now.own_state_id = fresh;
	}
	*ret = memory->now.own_state_id;
	return CHG_OK;
}

static bool names_party(struct memory *memory, int64_t cdr_id, struct chg_view party)
{
	for (size_t i = 0; i < chg_memory_count(memory, PARTIES); i++) {
		const struct party_row *row = chg_memory_row(memory, PARTIES, i);
		struct chg_view key = { .ptr = row->key.bytes, .len = row->key.len };
		if (row->cdr_id == cdr_id && chg_view_equal(key, party))
			return true;
	}
	return false;
}

static bool fits_text(struct chg_view want, struct chg_view have)
{
	return want.ptr == NULL || (have.ptr != NULL && chg_view_equal(want, have));
}

static bool fits_end(struct chg_view want, struct chg_view have)
{
	if (want.ptr == NULL)
		return true;
	return have.ptr != NULL && have.len >= want.len &&
	       (want.len == 0 || memcmp(have.ptr + have.len - want.len, want.ptr, want.len) == 0);
}

static bool fits_time(const struct chg_cdr_filter *filter, chg_instant started_at)
{
	if (filter->from.is_present && chg_instant_before(started_at, filter->from.value))
		return false;
	return !filter->until.is_present || chg_instant_before(started_at, filter->until.value);
}

#define FITS_NUMBER(want, have)                                                                    \
	(!(want).is_present || ((have).is_present && (have).value == (want).value))

static bool fits_id(const struct chg_cdr_filter *filter, int64_t cdr_id)
{
	if (filter->cdr_id != 0 && cdr_id != filter->cdr_id)
		return false;
	if (filter->after_cdr_id == 0)
		return true;
	return filter->newest_first ? cdr_id < filter->after_cdr_id : cdr_id > filter->after_cdr_id;
}

static bool fits(
	struct memory *memory, const struct chg_cdr_filter *filter, const struct chg_cdr *cdr)
{
	const struct chg_cdr_state *state = &cdr->state;
	return fits_id(filter, state->cdr_id) && fits_time(filter, state->started_at) &&
	       (filter->kind == 0 || filter->kind == state->kind) &&
	       (filter->status == 0 || filter->status == state->status) &&
	       (filter->marks == 0 || (filter->marks & state->marks) != 0) &&
	       fits_text(filter->session_id, cdr->session_id) &&
	       fits_text(filter->icid, cdr->icid) &&
	       fits_text(filter->origin_host, cdr->origin_host) &&
	       fits_end(filter->service_context_id, cdr->service_context_id) &&
	       FITS_NUMBER(filter->application_session_id, cdr->application_session_id) &&
	       FITS_NUMBER(filter->application_service_type, cdr->application_service_type) &&
	       (filter->party.ptr == NULL || names_party(memory, state->cdr_id, filter->party));
}

static enum chg_rc scan_cdrs(
	void *self, const struct chg_cdr_filter *filter, chg_cdr_each *each, void *to)
{
	struct memory *memory = self;
	size_t count = chg_memory_count(memory, CDRS), found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct chg_cdr *cdr =
			chg_memory_row(memory, CDRS, filter->newest_first ? count - 1 - i : i);
		if (!fits(memory, filter, cdr))
			continue;
		if (!each(to, cdr) || ++found == filter->limit)
			break;
	}
	return CHG_OK;
}

static enum chg_rc scan_entries(void *self, int64_t cdr_id, chg_cdr_entry_each *each, void *to)
{
	struct memory *memory = self;
	for (size_t i = 0; i < chg_memory_count(memory, ENTRIES); i++) {
		const struct timeline_row *row = chg_memory_row(memory, ENTRIES, i);
		if (row->cdr_id == cdr_id && !each(to, &row->entry))
			break;
	}
	return CHG_OK;
}

static enum chg_rc scan_participants(
	void *self, int64_t cdr_id, chg_cdr_participant_each *each, void *to)
{
	struct memory *memory = self;
	for (size_t i = 0; i < chg_memory_count(memory, PARTICIPANTS); i++) {
		const struct participant_row *row = chg_memory_row(memory, PARTICIPANTS, i);
		if (row->cdr_id == cdr_id && !each(to, &row->participant))
			break;
	}
	return CHG_OK;
}

static void close_store(void *self)
{
	struct memory *memory = self;
	if (memory == NULL)
		return;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		free(memory->now.rows[kind].items);
		free(memory->before.rows[kind].items);
	}
	while (memory->texts != NULL) {
		struct text *text = memory->texts;
		memory->texts = text->next;
		free(text);
	}
	free(memory);
}

static const struct chg_store_ops ops = {
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.load_acct = load_acct,
	.apply_acct = apply_acct,
	.apply_host_state = apply_host_state,
	.next_deadline = next_deadline,
	.expire_due = expire_due,
	.forget_seen = forget_seen,
	.remove_archived = chg_memory_remove_archived,
	.own_state_id = own_state_id,
	.scan_cdrs = scan_cdrs,
	.scan_entries = scan_entries,
	.scan_participants = scan_participants,
	.scan_archives = chg_memory_scan_archives,
	.close = close_store,
};

enum chg_rc chg_memory_store_open(struct chg_store *ret)
{
	struct memory *memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return CHG_E_NO_MEMORY;
	chg_memory_rows_start(memory);
	*ret = (struct chg_store){ .ops = &ops, .self = memory, .books = &chg_memory_books_ops };
	return CHG_OK;
}

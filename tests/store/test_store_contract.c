/* SPDX-License-Identifier: BSD-3-Clause
 * What every store must do.  Each case runs against memory and against SQLite; at the end, both are
 * given the same random requests and must hold the same.
 */
#include "store/fixture.h"

#include "core/party.h"

enum {
	FOUND_MAX = 64,
};

/* The ids that a scan gives, in its order. */
struct found {
	size_t count;
	size_t stop_after; /* 0: does not stop */
	int64_t ids[FOUND_MAX];
};

static bool note_id(void *to, const struct chg_cdr *cdr)
{
	struct found *found = to;
	assert_true(found->count < FOUND_MAX);
	found->ids[found->count++] = cdr->state.cdr_id;
	return found->count != found->stop_after;
}

static struct found find(struct chg_store *store, struct chg_cdr_filter filter)
{
	struct found found = { 0 };
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, note_id, &found), CHG_OK);
	return found;
}

static size_t count_all(struct chg_store *store)
{
	return find(store, (struct chg_cdr_filter){ 0 }).count;
}

/* A copy of the record's state, and those of its other fields that the cases look at. */
struct seen_cdr {
	struct chg_cdr cdr;
	char user_name[32];
	char icid[32];
	char content[64];
};

static void copy_text(char *to, size_t size, struct chg_view view)
{
	snprintf(to, size, "%s%.*s", view.ptr == NULL ? "(absent)" : "", (int)view.len,
		view.ptr == NULL ? "" : view.ptr);
}

static bool copy_cdr(void *to, const struct chg_cdr *cdr)
{
	struct seen_cdr *seen = to;
	seen->cdr = *cdr;
	copy_text(seen->user_name, sizeof seen->user_name, cdr->user_name);
	copy_text(seen->icid, sizeof seen->icid, cdr->icid);
	copy_text(seen->content, sizeof seen->content, cdr->content);
	return true;
}

static struct seen_cdr cdr_of(struct chg_store *store, int64_t cdr_id)
{
	struct seen_cdr seen = { .cdr.state.cdr_id = 0 };
	struct chg_cdr_filter filter = { .cdr_id = cdr_id };
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, copy_cdr, &seen), CHG_OK);
	assert_int_equal(seen.cdr.state.cdr_id, cdr_id);
	return seen;
}

static void same_text(char *want, char *have)
{
	if (strcmp(want, have) != 0)
		print_error("expected:\n%s\nfound:\n%s\n", want, have);
	assert_string_equal(want, have);
	free(want);
	free(have);
}

/* Fields. */

static void full_acr(struct chg_acr *acr)
{
	*acr = (struct chg_acr){
		.origin_host = CHG_VIEW("im1.example.net"),
		.origin_realm = CHG_VIEW("example.net"),
		.session_id = CHG_VIEW("im1.example.net;1;2"),
		.type = CHG_RECORD_EVENT,
		.number = UINT32_MAX,
		.sub_session_id = { true, UINT64_MAX },
		.multi_session_id = CHG_VIEW("multi"),
		.user_name = CHG_VIEW("alice@example.net"),
		.service_context_id = CHG_VIEW("8.32274@3gpp.org"),
		.event_time = { true, { 1700000000 * CHG_US_PER_S } },
		.origin_state_id = { true, 7 },
		.termination_cause = { true, 1 },
		.application_server_id = CHG_VIEW("as1"),
		.application_service_type = { true, CHG_AST_SENDING },
		.application_session_id = { true, UINT32_MAX },
		.delivery_status = CHG_VIEW(""),
		.messages_sent = { true, 0 },
		.messages_exploded = { true, UINT32_MAX },
		.messages_sent_delivered = { true, 3 },
		.messages_exploded_delivered = { true, 4 },
		.icid = CHG_VIEW("icid-1"),
		.call_id = CHG_VIEW("call-1"),
		.sip_method = CHG_VIEW("MESSAGE"),
		.calling_party = CHG_VIEW("sip:alice@example.net"),
		.called_party = CHG_VIEW("tel:+49301234"),
		.cause_code = { true, INT32_MIN },
		.content_octets = { true, UINT64_MAX },
		.group_name = CHG_VIEW("Stra\xc3\x9f"
				       "e"),
		.participants = { true, 5 },
		.content = CHG_VIEW("{\"Class\":\"x\"}"),
	};
}

static void case_event_fields(struct fixture *fixture)
{
	struct chg_acr acr;
	full_acr(&acr);
	take(&fixture->store, 1700000001, &acr);
	fixture_restart(fixture);
	same_text(
		strdup("cdr cdr_id=1 local_sequence=1 kind=1 status=2 marks=0 has_start=0 "
		       "has_stop=0 entry_count=0 number_count=1 number_min=4294967295 "
		       "number_max=4294967295 started_at=1700000000000000 last_at=1700000000000000 "
		       "figures_at=1700000000000000 ended_at=1700000000000000 "
		       "closed_at=1700000001000000 origin_state_id=7 interim_interval_s=0 "
		       "received_first_at=1700000001000000 received_last_at=1700000001000000 "
		       "source=\"CH-1\" origin_host=\"im1.example.net\" "
		       "origin_realm=\"example.net\" "
		       "session_id=\"im1.example.net;1;2\" sub_session_id=-1 "
		       "multi_session_id=\"multi\" user_name=\"alice@example.net\" "
		       "service_context_id=\"8.32274@3gpp.org\" application_server_id=\"as1\" "
		       "application_service_type=100 application_session_id=4294967295 "
		       "delivery_status=\"\" icid=\"icid-1\" call_id=\"call-1\" "
		       "sip_method=\"MESSAGE\" "
		       "calling_party=\"sip:alice@example.net\" called_party=\"tel:+49301234\" "
		       "group_name=\"Stra\xc3\x9f"
		       "e\" participants_attached=5 messages_sent=0 "
		       "messages_exploded=4294967295 messages_sent_delivered=3 "
		       "messages_exploded_delivered=4 content_octets=-1 cause_code=-2147483648 "
		       "termination_cause=1 content=\"{\"Class\":\"x\"}\"\n"),
		dump_of(&fixture->store, NULL));
}

static void case_nothing_sent(struct fixture *fixture)
{
	struct chg_acr acr = { .origin_host = CHG_VIEW("a"),
		.session_id = CHG_VIEW(""),
		.type = CHG_RECORD_EVENT,
		.content = CHG_VIEW("{}") };
	take(&fixture->store, 0, &acr);
	same_text(strdup("cdr cdr_id=1 local_sequence=1 kind=1 status=2 marks=0 has_start=0 "
			 "has_stop=0 entry_count=0 number_count=1 number_min=0 number_max=0 "
			 "started_at=0 last_at=0 figures_at=0 ended_at=0 closed_at=0 "
			 "origin_state_id=0 interim_interval_s=0 received_first_at=0 "
			 "received_last_at=0 source=\"CH-1\" origin_host=\"a\" session_id=\"\" "
			 "content=\"{}\"\n"),
		dump_of(&fixture->store, NULL));
}

static void case_session_timeline(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	acr.application_service_type = (chg_opt_i32){ true, CHG_AST_INVITING };
	acr.participants = (chg_opt_u32){ true, 3 };
	acr.participant[0] = CHG_VIEW("sip:bob@example.net");
	acr.participant[1] = CHG_VIEW("");
	acr.participant_count = 2;
	take(&fixture->store, 100, &acr);
	acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	acr.participants = (chg_opt_u32){ true, 2 };
	acr.messages_sent = (chg_opt_u32){ true, 5 };
	acr.event_time = (chg_opt_instant){ true, { 105 * CHG_US_PER_S } };
	acr.content = CHG_VIEW("{\"n\":1}");
	take(&fixture->store, 106, &acr);
	fixture_restart(fixture);
	same_text(
		strdup("cdr cdr_id=1 local_sequence=0 kind=2 status=1 marks=0 has_start=1 "
		       "has_stop=0 entry_count=2 number_count=2 number_min=0 number_max=1 "
		       "started_at=100000000 last_at=105000000 figures_at=105000000 "
		       "supervise_until=116000000 origin_state_id=0 interim_interval_s=0 "
		       "received_first_at=100000000 received_last_at=106000000 source=\"CH-1\" "
		       "origin_host=\"im1.example.net\" origin_realm=\"example.net\" "
		       "session_id=\"s\" "
		       "service_context_id=\"8.32274@3gpp.org\" application_service_type=103 "
		       "participants_invited=3 participants_attached=2 messages_sent=5 "
		       "content=\"{\"n\":1}\"\n"
		       "  entry entry_no=1 type=2 number=0 marks=0 received_at=100000000 "
		       "application_service_type=103 participants=3 content=\"{}\"\n"
		       "  entry entry_no=2 type=3 number=1 marks=0 event_time=105000000 "
		       "received_at=106000000 participants=2 messages_sent=5 "
		       "content=\"{\"n\":1}\"\n"
		       "  participant entry_no=1 ordinal=1 party=\"sip:bob@example.net\" action=1 "
		       "at=100000000\n"
		       "  participant entry_no=1 ordinal=2 party=\"\" action=1 at=100000000\n"),
		dump_of(&fixture->store, NULL));
}

/* Merging. */

static void case_texts_fill(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	acr.user_name = CHG_VIEW("first");
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_INTERIM, 2);
	acr.user_name = CHG_VIEW("second");
	acr.icid = CHG_VIEW("late icid");
	take(&fixture->store, 2, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_string_equal(seen.user_name, "first");
	assert_string_equal(seen.icid, "late icid");
	assert_int_equal(
		find(&fixture->store, (struct chg_cdr_filter){ .icid = CHG_VIEW("late icid") })
			.count,
		1);
}

static void case_texts_replace(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	acr.user_name = CHG_VIEW("first");
	acr.icid = CHG_VIEW("kept");
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_START, 0);
	acr.user_name = CHG_VIEW("of start");
	acr.participants = (chg_opt_u32){ true, 9 };
	take(&fixture->store, 2, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_string_equal(seen.user_name, "of start");
	assert_string_equal(seen.icid, "kept");
	assert_true(seen.cdr.participants_invited.is_present);
	assert_int_equal(seen.cdr.participants_invited.value, 9);
	assert_false(seen.cdr.participants_attached.is_present);
}

static void case_figures_late(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_INTERIM, 2);
	acr.event_time = (chg_opt_instant){ true, { 20 * CHG_US_PER_S } };
	acr.messages_sent = (chg_opt_u32){ true, 20 };
	acr.content = CHG_VIEW("{\"n\":2}");
	take(&fixture->store, 30, &acr);
	acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	acr.event_time = (chg_opt_instant){ true, { 10 * CHG_US_PER_S } };
	acr.messages_sent = (chg_opt_u32){ true, 10 };
	acr.cause_code = (chg_opt_i32){ true, 1 };
	acr.content = CHG_VIEW("{\"n\":1}");
	take(&fixture->store, 31, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_int_equal(seen.cdr.messages_sent.value, 20);
	assert_false(seen.cdr.cause_code.is_present);
	assert_string_equal(seen.content, "{\"n\":2}");
	assert_int_equal(seen.cdr.state.entry_count, 2);
}

static void case_figures_kept(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	acr.messages_sent = (chg_opt_u32){ true, 20 };
	acr.messages_exploded = (chg_opt_u32){ true, 7 };
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_STOP, 2);
	acr.messages_sent = (chg_opt_u32){ true, 21 };
	acr.termination_cause = (chg_opt_u32){ true, 1 };
	take(&fixture->store, 2, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_int_equal(seen.cdr.messages_sent.value, 21);
	assert_int_equal(seen.cdr.messages_exploded.value, 7);
	assert_int_equal(seen.cdr.termination_cause.value, 1);
	assert_int_equal(seen.cdr.state.status, CHG_CDR_CLOSED);
}

/* Duplicates. */

static void case_duplicate(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 1);
	struct chg_acct_facts facts = take(&fixture->store, 1, &acr);
	assert_false(facts.is_known);
	assert_false(facts.is_number_known);
	fixture_restart(fixture);
	facts = take(&fixture->store, 2, &acr);
	assert_true(facts.is_known);
	assert_true(facts.is_number_known);
	assert_int_equal(count_all(&fixture->store), 1);
}

static void case_key(struct fixture *fixture)
{
	struct chg_acr first = acr_of("s", CHG_RECORD_EVENT, 1);
	first.digest = (struct chg_digest){ { 1 } };
	take(&fixture->store, 1, &first);
	for (int field = 0; field < 6; field++) {
		struct chg_acr acr = first;
		if (field == 0)
			acr.origin_host = CHG_VIEW("im2.example.net");
		if (field == 1)
			acr.session_id = CHG_VIEW("t");
		if (field == 2)
			acr.sub_session_id = (chg_opt_u64){ true, 0 };
		if (field == 3)
			acr.type = CHG_RECORD_START;
		if (field == 4)
			acr.number = 2;
		if (field == 5)
			acr.digest.bytes[CHG_DIGEST_SIZE - 1] = 1;
		struct chg_acct_facts facts = take(&fixture->store, 2, &acr);
		assert_false(facts.is_known);
		assert_int_equal(facts.is_number_known, field == 5);
	}
	assert_int_equal(count_all(&fixture->store), 7);
}

static void case_number_reused(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_STOP, 1);
	acr.messages_sent = (chg_opt_u32){ true, 1 };
	take(&fixture->store, 1, &acr);
	acr.messages_sent.value = 2;
	acr.digest.bytes[5] = 1;
	take(&fixture->store, 2, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_int_equal(seen.cdr.messages_sent.value, 2);
	assert_int_equal(seen.cdr.state.entry_count, 2);
	assert_true(seen.cdr.state.marks & CHG_MARK_NUMBER_REUSED);
	assert_int_equal(seen.cdr.state.local_sequence, 1);
}

/* Sessions. */

static void case_latest_record(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_EVENT, 1);
	take(&fixture->store, 2, &acr);
	acr = acr_of("s", CHG_RECORD_START, 5);
	struct chg_acct_facts facts = take(&fixture->store, 3, &acr);
	assert_int_equal(facts.record.cdr_id, 1);
	acr = acr_of("s", CHG_RECORD_STOP, 6);
	facts = take(&fixture->store, 4, &acr);
	assert_int_equal(facts.record.cdr_id, 3);
	/* The first session was closed when the second began, the event in between. */
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_int_equal(seen.cdr.state.marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
	assert_int_equal(seen.cdr.state.local_sequence, 2);
	assert_int_equal(cdr_of(&fixture->store, 2).cdr.state.local_sequence, 1);
	assert_int_equal(cdr_of(&fixture->store, 3).cdr.state.local_sequence, 3);
}

static void case_event_alone(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_EVENT, 1);
	struct chg_acct_facts facts = take(&fixture->store, 2, &acr);
	assert_false(facts.has_record);
	acr = acr_of("s", CHG_RECORD_INTERIM, 1);
	assert_int_equal(take(&fixture->store, 3, &acr).record.cdr_id, 1);
}

static void case_hosts_apart(struct fixture *fixture)
{
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(&fixture->store, 1, &acr);
	acr.origin_host = CHG_VIEW("im2.example.net");
	acr.type = CHG_RECORD_STOP;
	assert_false(take(&fixture->store, 2, &acr).has_record);
	assert_int_equal(cdr_of(&fixture->store, 1).cdr.state.status, CHG_CDR_OPEN);
}

static void case_sub_sessions(struct fixture *fixture)
{
	struct chg_acr acr;
	static const uint64_t subs[] = { 9, 10, 0 };
	for (size_t i = 0; i < 3; i++) {
		acr = acr_of("s", CHG_RECORD_START, 0);
		acr.sub_session_id = (chg_opt_u64){ true, subs[i] };
		struct chg_acct_facts facts = take(&fixture->store, 1, &acr);
		assert_false(facts.has_record);
		assert_false(facts.has_sub_sessions); /* nobody asks */
	}
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	acr.sub_session_id = (chg_opt_u64){ true, 10 };
	assert_int_equal(take(&fixture->store, 2, &acr).record.cdr_id, 2);
	acr = acr_of("s", CHG_RECORD_STOP, 2);
	acr.event_time = (chg_opt_instant){ true, { 3 * CHG_US_PER_S } };
	struct chg_acct_facts facts = take(&fixture->store, 4, &acr);
	assert_true(facts.has_sub_sessions);
	assert_false(facts.has_record);

	/* Ten had closed by itself; then nought and nine, as texts sort, and the session last. */
	static const int64_t sequences[] = { 3, 1, 2, 4 };
	for (int64_t id = 1; id <= 4; id++) {
		struct seen_cdr seen = cdr_of(&fixture->store, id);
		assert_int_equal(seen.cdr.state.status, CHG_CDR_CLOSED);
		assert_int_equal(seen.cdr.state.local_sequence, sequences[id - 1]);
		assert_false(seen.cdr.state.supervise_until.is_present);
	}
	struct seen_cdr nine = cdr_of(&fixture->store, 1);
	assert_int_equal(nine.cdr.state.marks, 0);
	assert_int_equal(nine.cdr.state.ended_at.value.us, 3 * CHG_US_PER_S);
	assert_int_equal(nine.cdr.state.closed_at.value.us, 4 * CHG_US_PER_S);
}

/* A plan made by hand: the store does what it says, whatever a decision would have said. */
static void case_plan_by_hand(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_INTERIM, 7);
	acr.messages_sent = (chg_opt_u32){ true, 1 };
	acr.content = CHG_VIEW("{\"a\":1}");
	struct chg_acct_plan plan = {
		.step = CHG_STEP_INSERT,
		.record = { .kind = CHG_CDR_SESSION,
			.status = CHG_CDR_CLOSED,
			.marks = CHG_MARK_LATE,
			.entry_count = 1,
			.started_at = { -5 },
			.closed_at = { true, { 9 } } },
		.entry_marks = CHG_MARK_SKEWED,
	};
	begin_ok(store);
	assert_int_equal(store->ops->apply_acct(store->self, at_s(1), &acr, &plan), CHG_OK);
	commit_ok(store);
	struct seen_cdr seen = cdr_of(store, 1);
	assert_false(seen.cdr.messages_sent.is_present);
	assert_string_equal(seen.content, "{}");
	assert_int_equal(seen.cdr.state.started_at.us, -5);
	assert_int_equal(seen.cdr.state.local_sequence, 1);

	plan.step = CHG_STEP_UPDATE;
	plan.record.cdr_id = 1;
	plan.record.entry_count = 2;
	plan.record.started_at.us = 4;
	plan.record.has_stop = true;
	plan.has_figures = true;
	acr.digest.bytes[9] = 1;
	begin_ok(store);
	assert_int_equal(store->ops->apply_acct(store->self, at_s(2), &acr, &plan), CHG_OK);
	commit_ok(store);
	seen = cdr_of(store, 1);
	assert_int_equal(seen.cdr.state.local_sequence, 1);
	assert_int_equal(seen.cdr.state.started_at.us, 4);
	assert_true(seen.cdr.state.has_stop);
	assert_int_equal(seen.cdr.messages_sent.value, 1);
	assert_string_equal(seen.content, "{\"a\":1}");
}

static void case_no_step(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, 1);
	struct chg_acct_plan plan = { .raises_host_state = true, .host_state_id = 4 };
	begin_ok(store);
	assert_int_equal(store->ops->apply_acct(store->self, at_s(1), &acr, &plan), CHG_OK);
	commit_ok(store);
	assert_int_equal(count_all(store), 0);
	struct chg_acct_facts facts = take(store, 2, &acr);
	assert_int_equal(facts.host_state_id, 4);
	assert_false(facts.is_number_known);
}

/* Peers. */

static struct chg_acr start_with_state(const char *session, uint32_t origin_state_id)
{
	struct chg_acr acr = acr_of(session, CHG_RECORD_START, 0);
	acr.origin_state_id = (chg_opt_u32){ origin_state_id != 0, origin_state_id };
	return acr;
}

static void case_peer_restarts(struct fixture *fixture)
{
	struct chg_acr acr = start_with_state("b", 5);
	take(&fixture->store, 1, &acr);
	acr = start_with_state("unknown", 0);
	take(&fixture->store, 1, &acr);
	acr = start_with_state("a", 4); /* an older number comes late and says nothing */
	take(&fixture->store, 1, &acr);
	acr = start_with_state("c", 6);
	assert_int_equal(take(&fixture->store, 2, &acr).host_state_id, 5);
	assert_int_equal(cdr_of(&fixture->store, 1).cdr.state.local_sequence, 2);
	assert_int_equal(cdr_of(&fixture->store, 2).cdr.state.status, CHG_CDR_OPEN);
	assert_int_equal(cdr_of(&fixture->store, 3).cdr.state.local_sequence, 1);
	assert_int_equal(cdr_of(&fixture->store, 4).cdr.state.status, CHG_CDR_OPEN);
	assert_int_equal(
		cdr_of(&fixture->store, 1).cdr.state.marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
	fixture_restart(fixture);
	acr = start_with_state("d", 6);
	assert_int_equal(take(&fixture->store, 3, &acr).host_state_id, 6);
}

static void case_same_session_after_restart(struct fixture *fixture)
{
	struct chg_acr acr = start_with_state("s", 5);
	take(&fixture->store, 1, &acr);
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	acr.origin_state_id = (chg_opt_u32){ true, 6 };
	take(&fixture->store, 2, &acr);
	struct seen_cdr seen = cdr_of(&fixture->store, 1);
	assert_int_equal(seen.cdr.state.local_sequence, 1);
	assert_true(seen.cdr.state.marks & CHG_MARK_LATE);
	acr = acr_of("t", CHG_RECORD_EVENT, 1);
	take(&fixture->store, 3, &acr);
	assert_int_equal(cdr_of(&fixture->store, 2).cdr.state.local_sequence, 2);
}

static uint32_t host_state(struct chg_store *store, const char *host, uint32_t origin_state_id)
{
	uint32_t closed = 99;
	begin_ok(store);
	assert_int_equal(store->ops->apply_host_state(store->self, at_s(5), chg_view_of(host),
				 CHG_VIEW("example.net"), origin_state_id, &closed),
		CHG_OK);
	commit_ok(store);
	return closed;
}

static void case_host_state(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	assert_int_equal(host_state(store, "im1.example.net", 3), 0);
	struct chg_acr acr = start_with_state("s", 3);
	assert_int_equal(take(store, 1, &acr).host_state_id, 3);
	acr = start_with_state("t", 3);
	acr.origin_host = CHG_VIEW("im2.example.net");
	take(store, 1, &acr);
	assert_int_equal(host_state(store, "im1.example.net", 3), 0);
	assert_int_equal(host_state(store, "im1.example.net", 2), 0);
	assert_int_equal(host_state(store, "im1.example.net", 4), 1);
	assert_int_equal(cdr_of(store, 1).cdr.state.status, CHG_CDR_CLOSED);
	assert_int_equal(cdr_of(store, 2).cdr.state.status, CHG_CDR_OPEN);
}

static void case_host_state_first(struct fixture *fixture)
{
	struct chg_acr acr = start_with_state("s", 0);
	take(&fixture->store, 1, &acr);
	assert_int_equal(host_state(&fixture->store, "im1.example.net", 9), 0);
	assert_int_equal(cdr_of(&fixture->store, 1).cdr.state.status, CHG_CDR_OPEN);
}

static void case_many_hosts(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	char name[400];
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 300; i++) {
			/* Every third name is longer than a cache would hold. */
			int width = i % 3 == 0 ? 390 : 4;
			snprintf(name, sizeof name, "%0*u", width, i);
			struct chg_acr acr = start_with_state("s", round == 0 ? i + 1 : 0);
			acr.number = round;
			acr.type = round == 0 ? CHG_RECORD_START : CHG_RECORD_INTERIM;
			acr.origin_host = chg_view_of(name);
			struct chg_acct_facts facts = take(store, 1, &acr);
			assert_int_equal(facts.host_state_id, round == 0 ? 0 : i + 1);
			assert_int_equal(facts.record.cdr_id, round == 0 ? 0 : i + 1);
		}
	}
}

/* Time. */

static void case_expiry(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	chg_opt_instant deadline = { true, { 1 } };
	assert_int_equal(store->ops->next_deadline(store->self, &deadline), CHG_OK);
	assert_false(deadline.is_present);
	static const char *const names[] = { "a", "b", "c" };
	for (int i = 0; i < 3; i++) {
		struct chg_acr acr = acr_of(names[i], CHG_RECORD_START, 0);
		take(store, 30 - 10 * i, &acr);
	}
	assert_int_equal(store->ops->next_deadline(store->self, &deadline), CHG_OK);
	assert_int_equal(deadline.value.us, 20 * CHG_US_PER_S);

	uint32_t closed;
	begin_ok(store);
	assert_int_equal(store->ops->expire_due(store->self, at_s(19), 9, &closed), CHG_OK);
	assert_int_equal(closed, 0);
	assert_int_equal(store->ops->expire_due(store->self, at_s(30), 1, &closed), CHG_OK);
	assert_int_equal(closed, 1);
	assert_int_equal(store->ops->expire_due(store->self, at_s(30), 9, &closed), CHG_OK);
	assert_int_equal(closed, 1);
	commit_ok(store);
	assert_int_equal(cdr_of(store, 1).cdr.state.status, CHG_CDR_OPEN);
	assert_int_equal(cdr_of(store, 2).cdr.state.local_sequence, 2);
	assert_int_equal(cdr_of(store, 3).cdr.state.local_sequence, 1);
	assert_int_equal(cdr_of(store, 3).cdr.state.marks, CHG_MARK_ABNORMAL | CHG_MARK_STOP_LOST);
	fixture_restart(fixture);
	assert_int_equal(store->ops->next_deadline(store->self, &deadline), CHG_OK);
	assert_int_equal(deadline.value.us, 40 * CHG_US_PER_S);
}

static void case_steady_time(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	take(store, 10, &acr);
	uint32_t closed;
	struct chg_now stepped = { .wall = { 9999 * CHG_US_PER_S },
		.steady = { 11 * CHG_US_PER_S } };
	begin_ok(store);
	assert_int_equal(store->ops->expire_due(store->self, stepped, 9, &closed), CHG_OK);
	commit_ok(store);
	assert_int_equal(closed, 0);
}

static void case_forget(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	for (uint32_t i = 0; i < 5; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		take(store, 10 + i, &acr);
	}
	uint32_t forgotten;
	chg_instant before = { 13 * CHG_US_PER_S };
	begin_ok(store);
	assert_int_equal(store->ops->forget_seen(store->self, before, 9, &forgotten), CHG_OK);
	assert_true(forgotten <= 3);
	commit_ok(store);
	for (uint32_t i = 3; i < 5; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		assert_true(take(store, 14, &acr).is_known);
	}
	before = (chg_instant){ 15 * CHG_US_PER_S };
	uint32_t left = 5 - forgotten;
	begin_ok(store);
	assert_int_equal(
		store->ops->forget_seen(store->self, before, left - 1, &forgotten), CHG_OK);
	assert_int_equal(forgotten, left - 1);
	assert_int_equal(store->ops->forget_seen(store->self, before, 9, &forgotten), CHG_OK);
	assert_int_equal(forgotten, 1);
	assert_int_equal(store->ops->forget_seen(store->self, before, 9, &forgotten), CHG_OK);
	assert_int_equal(forgotten, 0);
	commit_ok(store);
	for (uint32_t i = 0; i < 5; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		assert_false(take(store, 20, &acr).is_known);
	}
	assert_int_equal(count_all(store), 10); /* the records stay; all came once more */
}

/* Transactions. */

/* Records that left for an archive. */

static bool no_entry(void *to, const struct chg_cdr_entry *entry)
{
	(void)to;
	fail_msg("entry %u is still there", entry->entry_no);
	return false;
}

static bool no_participant(void *to, const struct chg_cdr_participant *participant)
{
	(void)to;
	fail_msg("a participant of entry %u is still there", participant->entry_no);
	return false;
}

static struct chg_cdr_stamp stamp_of(struct chg_store *store, int64_t cdr_id)
{
	struct chg_cdr cdr = cdr_of(store, cdr_id).cdr;
	return (struct chg_cdr_stamp){ .cdr_id = cdr_id,
		.received_last_at = cdr.received_last_at,
		.entry_count = cdr.state.entry_count,
		.marks = cdr.state.marks };
}

static uint32_t remove_ok(struct chg_store *store, const char *name, uint64_t octets,
	const struct chg_cdr_stamp *stamp, size_t count)
{
	const struct chg_archive_line archive = { .name = chg_view_of(name), .octets = octets };
	uint32_t removed = 99;
	begin_ok(store);
	assert_int_equal(
		store->ops->remove_archived(store->self, &archive, stamp, count, &removed), CHG_OK);
	commit_ok(store);
	return removed;
}

static bool dump_archive(void *to, const struct chg_archive_line *archive)
{
	fprintf(to, "%.*s octets=%" PRIu64 " records=%" PRIu64 " highest=%" PRId64 "\n",
		(int)archive->name.len, archive->name.ptr, archive->octets, archive->records,
		archive->local_sequence_max);
	return true;
}

static char *archives_of(struct chg_store *store)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(store->ops->scan_archives(store->self, dump_archive, to), CHG_OK);
	fclose(to);
	return text;
}

/* 1 an event, 2 a closed session with participants, 3 an open session, 4 an event. */
static void fill_for_leaving(struct chg_store *store)
{
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 0);
	take(store, 10, &acr);
	acr = acr_of("s", CHG_RECORD_START, 0);
	acr.participant[0] = CHG_VIEW("sip:bob@example.net");
	acr.participant_count = 1;
	take(store, 11, &acr);
	acr = acr_of("o", CHG_RECORD_START, 0);
	take(store, 12, &acr);
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	take(store, 13, &acr);
	acr = acr_of("e", CHG_RECORD_EVENT, 1);
	take(store, 14, &acr);
}

static void case_leave(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_leaving(store);
	const struct chg_cdr_stamp stamps[] = { stamp_of(store, 1), stamp_of(store, 2),
		stamp_of(store, 3) };
	assert_int_equal(remove_ok(store, "b", 100, stamps, 3), 2);
	fixture_restart(fixture);
	assert_int_equal(find(store, (struct chg_cdr_filter){ 0 }).count, 2);
	assert_int_equal(
		find(store, (struct chg_cdr_filter){ .party = CHG_VIEW("sip:bob@example.net") })
			.count,
		0);
	assert_int_equal(store->ops->scan_entries(store->self, 2, no_entry, NULL), CHG_OK);
	assert_int_equal(
		store->ops->scan_participants(store->self, 2, no_participant, NULL), CHG_OK);
	/* Once more, as after a crash: nothing happens. */
	assert_int_equal(remove_ok(store, "b", 200, stamps, 3), 0);
	struct chg_cdr_stamp last = stamp_of(store, 4);
	assert_int_equal(remove_ok(store, "a", 50, &last, 1), 1);
	same_text(strdup("a octets=50 records=1 highest=3\nb octets=100 records=2 highest=2\n"),
		archives_of(store));
	/* The number of a record that left is never given again. */
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 2);
	take(store, 20, &acr);
	assert_int_equal(cdr_of(store, 5).cdr.state.local_sequence, 4);
}

static void case_leave_is_repeated(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_leaving(store);
	struct chg_cdr_stamp stamp = stamp_of(store, 1);
	assert_int_equal(remove_ok(store, "a", 1, &stamp, 1), 1);
	struct chg_acr acr = acr_of("e", CHG_RECORD_EVENT, 0);
	assert_true(take(store, 20, &acr).is_known);
	assert_int_equal(count_all(store), 3);
}

static void case_left_session(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_leaving(store);
	struct chg_cdr_stamp stamp = stamp_of(store, 2);
	assert_int_equal(remove_ok(store, "a", 1, &stamp, 1), 1);
	struct chg_acr acr = acr_of("s", CHG_RECORD_STOP, 2);
	assert_false(take(store, 20, &acr).has_record);
}

static void case_changed_stays(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_leaving(store);
	struct chg_cdr_stamp stamp = stamp_of(store, 2);
	struct chg_acr acr = acr_of("s", CHG_RECORD_STOP, 2);
	take(store, 20, &acr); /* late */
	assert_int_equal(remove_ok(store, "a", 1, &stamp, 1), 0);
	assert_int_equal(cdr_of(store, 2).cdr.state.entry_count, 3);
	stamp = stamp_of(store, 2);
	for (int i = 0; i < 3; i++) {
		struct chg_cdr_stamp other = stamp;
		other.entry_count += i == 0;
		other.marks ^= i == 1;
		other.received_last_at.us += i == 2;
		assert_int_equal(remove_ok(store, "a", 1, &other, 1), 0);
	}
	same_text(strdup(""), archives_of(store));
	assert_int_equal(remove_ok(store, "a", 1, &stamp, 1), 1);
}

static void case_leave_rolled_back(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_leaving(store);
	char *before = dump_of(store, NULL);
	const struct chg_archive_line archive = { .name = CHG_VIEW("a") };
	struct chg_cdr_stamp stamp = stamp_of(store, 2);
	uint32_t removed;
	begin_ok(store);
	assert_int_equal(
		store->ops->remove_archived(store->self, &archive, &stamp, 1, &removed), CHG_OK);
	assert_int_equal(removed, 1);
	store->ops->rollback(store->self);
	same_text(before, dump_of(store, NULL));
	same_text(strdup(""), archives_of(store));
}

static void case_rollback(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	struct chg_acr acr = start_with_state("open", 1);
	acr.party[0] = (struct chg_named_party){ CHG_VIEW("sip:a@b"), CHG_ROLE_CALLING };
	acr.party_count = 1;
	take(store, 1, &acr);
	char *before = dump_of(store, NULL);

	uint32_t count;
	begin_ok(store);
	acr = acr_of("event", CHG_RECORD_EVENT, 1);
	acr.origin_host = CHG_VIEW("new.example.net");
	acr.origin_state_id = (chg_opt_u32){ true, 8 };
	acr.party[0] = (struct chg_named_party){ CHG_VIEW("sip:undone@b"), CHG_ROLE_CALLING };
	acr.party_count = 1;
	assert_int_equal(offer(store, at_s(2), &acr, &facts), CHG_OK);
	struct chg_acr stop = acr_of("open", CHG_RECORD_STOP, 1);
	stop.origin_state_id = (chg_opt_u32){ true, 2 };
	assert_int_equal(offer(store, at_s(2), &stop, &facts), CHG_OK);
	assert_int_equal(store->ops->expire_due(store->self, at_s(99), 9, &count), CHG_OK);
	assert_int_equal(
		store->ops->forget_seen(store->self, (chg_instant){ INT64_MAX }, 9, &count),
		CHG_OK);
	assert_int_equal(count, 3);
	store->ops->rollback(store->self);

	same_text(before, dump_of(store, NULL));
	struct chg_cdr_filter filter = { .party = CHG_VIEW("sip:undone@b") };
	assert_int_equal(find(store, filter).count, 0);
	facts = take(store, 3, &acr);
	assert_false(facts.is_number_known);
	assert_int_equal(facts.host_state_id, 0);
	assert_int_equal(cdr_of(store, 2).cdr.state.local_sequence, 1);
	facts = take(store, 3, &stop);
	assert_int_equal(facts.host_state_id, 1);
	assert_int_equal(cdr_of(store, 1).cdr.state.local_sequence, 2);
}

static void case_rollback_of_nothing(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	store->ops->rollback(store->self);
	begin_ok(store);
	store->ops->rollback(store->self);
	store->ops->rollback(store->self);
	begin_ok(store);
	commit_ok(store);
	store->ops->rollback(store->self);
}

static void case_sees_itself(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	begin_ok(store);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	assert_true(facts.is_known);
	acr = acr_of("s", CHG_RECORD_STOP, 1);
	assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
	assert_int_equal(facts.record.cdr_id, 1);
	assert_int_equal(count_all(store), 1);
	commit_ok(store);
}

static void case_sequence(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	struct chg_acct_facts facts;
	for (uint32_t i = 0; i < 20; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		begin_ok(store);
		assert_int_equal(offer(store, at_s(1), &acr, &facts), CHG_OK);
		if (i % 3 == 0)
			store->ops->rollback(store->self);
		else
			commit_ok(store);
		if (i % 5 == 0)
			fixture_restart(fixture);
	}
	assert_int_equal(count_all(store), 13);
	for (int64_t id = 1; id <= 13; id++)
		assert_int_equal(cdr_of(store, id).cdr.state.local_sequence, id);
}

static void case_own_state_id(struct fixture *fixture)
{
	uint32_t id = 0;
	for (uint32_t fresh = 4000000000u; fresh < 4000000003u; fresh++) {
		struct chg_store *store = &fixture->store;
		assert_int_equal(store->ops->own_state_id(store->self, fresh, &id), CHG_OK);
		assert_int_equal(id, 4000000000u);
		fixture_restart(fixture);
	}
}

/* Reading. */

/* Eight records, of which each filter below finds some. */
static void fill_for_filters(struct chg_store *store)
{
	static const struct {
		const char *host, *session, *icid, *party, *context;
		enum chg_record_type type;
		uint32_t application_session;
		int32_t service;
	} rows[] = {
		{ "h1", "s1", "i1", "sip:alice@example.net", "8.32274@3gpp.org", 1, 7, 100 },
		{ "h1", "s1", NULL, "SIP:alice@EXAMPLE.net;x=y", "32274@3gpp.org", 2, 0, 103 },
		{ "h1", "s2", "i1", "tel:+49-30-1", "8.32274@3gpp.org", 2, 7, 103 },
		{ "h2", "s1", "i2", "alice@example.net", NULL, 1, 0, 101 },
		{ "h2", "s3", "i1", "sip:bob@example.net", "32260@3gpp.org", 1, 8, 100 },
		{ "h2", "s4", "", "sip:Alice@example.net", "x32274@3gpp.org", 4, 7, 0 },
		{ "h2", "s5", NULL, "sip:alice%40@example.net", "", 3, 0, 104 },
		{ "h3", "s6", NULL, NULL, "32274@3gpp.org ", 1, 0, 100 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct chg_acr acr = acr_of(rows[i].session, rows[i].type, 1);
		acr.origin_host = chg_view_of(rows[i].host);
		acr.icid = chg_view_of(rows[i].icid);
		acr.service_context_id = chg_view_of(rows[i].context);
		acr.application_session_id = (chg_opt_u32){ rows[i].application_session != 0,
			rows[i].application_session };
		acr.application_service_type =
			(chg_opt_i32){ rows[i].service != 0, rows[i].service };
		acr.party[0] =
			(struct chg_named_party){ chg_view_of(rows[i].party), CHG_ROLE_CALLING };
		acr.party[1] =
			(struct chg_named_party){ chg_view_of(rows[i].party), CHG_ROLE_SUBSCRIBER };
		acr.party_count = rows[i].party == NULL ? 0 : 2;
		take(store, 10 * (int64_t)(i + 1), &acr);
	}
}

#define AT(seconds)                                                                                \
	{                                                                                          \
		true,                                                                              \
		{                                                                                  \
			(seconds) * CHG_US_PER_S                                                   \
		}                                                                                  \
	}

static const struct {
	const char *says;
	struct chg_cdr_filter filter;
	const char *ids;
} filter_rows[] = {
	{ "no field finds all", { .limit = 0 }, "12345678" },
	{ "newest first", { .newest_first = true }, "87654321" },
	{ "from is included", { .from = AT(30) }, "345678" },
	{ "until is not included", { .until = AT(30) }, "12" },
	{ "a span of time", { .from = AT(20), .until = AT(41) }, "234" },
	{ "a span of time, newest first", { .from = AT(20), .until = AT(41), .newest_first = true },
		"432" },
	{ "a span without records", { .from = AT(500) }, "" },
	{ "a span without records, newest first", { .from = AT(500), .newest_first = true }, "" },
	{ "a party, however spelt", { .party = CHG_VIEW("sip:alice@example.net") }, "124" },
	{ "a telephone number", { .party = CHG_VIEW("tel:+49301") }, "3" },
	{ "a party that is not there", { .party = CHG_VIEW("sip:x@y") }, "" },
	{ "a party, newest first",
		{ .party = CHG_VIEW("sip:alice@example.net"), .newest_first = true }, "421" },
	{ "a session over hosts and kinds", { .session_id = CHG_VIEW("s1") }, "124" },
	{ "a session, newest first", { .session_id = CHG_VIEW("s1"), .newest_first = true },
		"421" },
	{ "an ICID", { .icid = CHG_VIEW("i1") }, "135" },
	{ "an ICID, newest first", { .icid = CHG_VIEW("i1"), .newest_first = true }, "531" },
	{ "an empty ICID is not an absent one", { .icid = CHG_VIEW("") }, "6" },
	{ "a host", { .origin_host = CHG_VIEW("h2") }, "4567" },
	{ "a context, whole", { .service_context_id = CHG_VIEW("8.32274@3gpp.org") }, "13" },
	{ "a context, by its end", { .service_context_id = CHG_VIEW("32274@3gpp.org") }, "1236" },
	{ "an empty end fits every context", { .service_context_id = CHG_VIEW("") }, "1235678" },
	{ "a longer end than the context", { .service_context_id = CHG_VIEW("88.32274@3gpp.org") },
		"" },
	{ "an application session", { .application_session_id = { true, 7 } }, "136" },
	{ "an application session, newest first",
		{ .application_session_id = { true, 7 }, .newest_first = true }, "631" },
	{ "a service type", { .application_service_type = { true, 100 } }, "158" },
	{ "events", { .kind = CHG_CDR_EVENT }, "1458" },
	{ "sessions", { .kind = CHG_CDR_SESSION }, "2367" },
	{ "open ones", { .status = CHG_CDR_OPEN }, "237" },
	{ "open ones, newest first", { .status = CHG_CDR_OPEN, .newest_first = true }, "732" },
	{ "closed ones", { .status = CHG_CDR_CLOSED }, "14568" },
	{ "a mark", { .marks = CHG_MARK_START_LOST }, "67" },
	{ "any of two marks", { .marks = CHG_MARK_START_LOST | CHG_MARK_LATE }, "67" },
	{ "one id", { .cdr_id = 5 }, "5" },
	{ "an id that is not there", { .cdr_id = 99 }, "" },
	{ "one id that another field excludes", { .cdr_id = 5, .kind = CHG_CDR_SESSION }, "" },
	{ "the first of many", { .limit = 3 }, "123" },
	{ "the next page", { .limit = 3, .after_cdr_id = 3 }, "456" },
	{ "the last page", { .limit = 3, .after_cdr_id = 6 }, "78" },
	{ "after the last page", { .limit = 3, .after_cdr_id = 8 }, "" },
	{ "the next page, newest first", { .limit = 3, .after_cdr_id = 6, .newest_first = true },
		"543" },
	{ "after a page, newest first", { .limit = 3, .after_cdr_id = 1, .newest_first = true },
		"" },
	{ "a page of a session", { .session_id = CHG_VIEW("s1"), .limit = 1, .after_cdr_id = 1 },
		"2" },
	{ "a page of a party",
		{ .party = CHG_VIEW("sip:alice@example.net"),
			.after_cdr_id = 4,
			.newest_first = true },
		"21" },
	{ "a page inside a span", { .from = AT(20), .until = AT(61), .after_cdr_id = 3 }, "456" },
	{ "all at once",
		{ .from = AT(10),
			.until = AT(40),
			.party = CHG_VIEW("sip:alice@example.net"),
			.session_id = CHG_VIEW("s1"),
			.origin_host = CHG_VIEW("h1"),
			.kind = CHG_CDR_SESSION,
			.status = CHG_CDR_OPEN },
		"2" },
};

static void case_filters(struct fixture *fixture)
{
	fill_for_filters(&fixture->store);
	fixture_restart(fixture);
	for (size_t i = 0; i < sizeof filter_rows / sizeof filter_rows[0]; i++) {
		struct found found = find(&fixture->store, filter_rows[i].filter);
		char ids[FOUND_MAX + 1] = "";
		for (size_t k = 0; k < found.count; k++)
			ids[k] = (char)('0' + found.ids[k]);
		if (strcmp(ids, filter_rows[i].ids) != 0)
			fail_msg("%s: found \"%s\", expected \"%s\"", filter_rows[i].says, ids,
				filter_rows[i].ids);
	}
}

static void case_scan_stops(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	fill_for_filters(store);
	struct found found = { .stop_after = 2 };
	struct chg_cdr_filter filter = { 0 };
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, note_id, &found), CHG_OK);
	assert_int_equal(found.count, 2);
	assert_int_equal(count_all(store), 8);
}

enum {
	LARGE_COUNT = 40,
	LARGE_OCTETS = 50000, /* of a record: some are read at once, not all */
};

/* What a record of case_large_records says, by its id. */
static struct chg_view large_text(int64_t cdr_id)
{
	static char text[LARGE_OCTETS];
	memset(text, 'A' + (int)(cdr_id % 26), sizeof text);
	return (struct chg_view){ text, sizeof text };
}

struct large {
	struct chg_store *store;
	size_t count;
	size_t stop_after; /* 0: never */
	bool is_nested;    /* scans again for each record */
};

static bool check_large(void *to, const struct chg_cdr *cdr)
{
	struct large *large = to;
	large->count++;
	if (large->is_nested)
		assert_int_equal(count_all(large->store), LARGE_COUNT);
	assert_int_equal(cdr->state.cdr_id, large->count);
	assert_true(chg_view_equal(cdr->user_name, large_text(cdr->state.cdr_id)));
	return large->count != large->stop_after;
}

static void scan_large(
	struct chg_store *store, size_t limit, size_t stop_after, bool is_nested, size_t expected)
{
	struct large large = { store, 0, stop_after, is_nested };
	struct chg_cdr_filter filter = { .limit = limit };
	assert_int_equal(store->ops->scan_cdrs(store->self, &filter, check_large, &large), CHG_OK);
	assert_int_equal(large.count, expected);
}

static void case_large_records(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	for (uint32_t i = 1; i <= LARGE_COUNT; i++) {
		struct chg_acr acr = acr_of("s", CHG_RECORD_EVENT, i);
		acr.user_name = large_text(i);
		take(store, i, &acr);
	}
	scan_large(store, 0, 0, false, LARGE_COUNT);
	scan_large(store, 0, 0, true, LARGE_COUNT);
	scan_large(store, 17, 0, true, 17);
	scan_large(store, 0, 18, false, 18);
	begin_ok(store);
	scan_large(store, 0, 0, true, LARGE_COUNT);
	commit_ok(store);
}

static void case_long_party(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	char text[1000];
	memset(text, 'a', sizeof text);
	text[254] = '\xc3'; /* a character of two octets across the bound */
	text[255] = '\xa4';
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	acr.party[0] = (struct chg_named_party){ { text, sizeof text }, CHG_ROLE_CALLING };
	acr.party[1] = (struct chg_named_party){ CHG_VIEW(""), CHG_ROLE_CALLED };
	acr.party_count = 2;
	acr.participant[0] = (struct chg_view){ text, sizeof text };
	acr.participant_count = 1;
	take(store, 1, &acr);
	assert_int_equal(find(store, (struct chg_cdr_filter){ .party = { text, 254 } }).count, 1);
	assert_int_equal(find(store, (struct chg_cdr_filter){ .party = CHG_VIEW("") }).count, 0);
}

static void case_many_parties(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	static char names[CHG_PARTY_MAX + CHG_PARTICIPANT_MAX][32];
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	for (size_t i = 0; i < CHG_PARTY_MAX + CHG_PARTICIPANT_MAX; i++) {
		snprintf(names[i], sizeof names[i], "sip:user%zu@example.net", i);
		if (i < CHG_PARTY_MAX)
			acr.party[acr.party_count++] =
				(struct chg_named_party){ chg_view_of(names[i]), CHG_ROLE_CALLED };
		else
			acr.participant[acr.participant_count++] = chg_view_of(names[i]);
	}
	take(store, 1, &acr);
	acr.type = CHG_RECORD_INTERIM;
	acr.number = 1;
	take(store, 2, &acr);
	for (size_t i = 0; i < CHG_PARTY_MAX + CHG_PARTICIPANT_MAX; i++) {
		struct chg_cdr_filter filter = { .party = chg_view_of(names[i]) };
		assert_int_equal(find(store, filter).count, 1);
	}
}

static void case_odd_bytes(struct fixture *fixture)
{
	struct chg_store *store = &fixture->store;
	static const char odd[] = "a\0b\xff'\"; DROP TABLE cdr; --%s\n";
	struct chg_acr acr = acr_of("s", CHG_RECORD_START, 0);
	acr.session_id = (struct chg_view){ odd, sizeof odd - 1 };
	acr.origin_host = acr.session_id;
	acr.user_name = acr.session_id;
	acr.icid = acr.session_id;
	take(store, 1, &acr);
	assert_true(take(store, 2, &acr).is_known);
	struct chg_cdr_filter filter = {
		.session_id = acr.session_id, .icid = acr.session_id, .origin_host = acr.session_id
	};
	assert_int_equal(find(store, filter).count, 1);
	filter.session_id.len--;
	assert_int_equal(find(store, filter).count, 0);
	acr.type = CHG_RECORD_STOP;
	assert_true(take(store, 3, &acr).has_record);
	struct seen_cdr seen = cdr_of(store, 1);
	assert_int_equal(seen.cdr.user_name.len, sizeof odd - 1);
}

static const struct contract_case {
	const char *says;
	void (*run)(struct fixture *fixture);
} cases[] = {
	{ "every field of an event comes back as it went in", case_event_fields },
	{ "what was not sent is absent, and not empty or nought", case_nothing_sent },
	{ "a session has its timeline and its participants", case_session_timeline },
	{ "texts of a later request only fill what is missing", case_texts_fill },
	{ "texts of a late START replace those that stood in for it", case_texts_replace },
	{ "figures of an older request do not replace newer ones", case_figures_late },
	{ "figures that a STOP does not name stay", case_figures_kept },
	{ "a repeated request is known and makes no record", case_duplicate },
	{ "every part of the key tells requests apart", case_key },
	{ "a number that is reused grows the same record", case_number_reused },
	{ "a request belongs to the latest record of its session", case_latest_record },
	{ "an event neither sees nor touches a session of its name", case_event_alone },
	{ "sessions of two peers may have the same name", case_hosts_apart },
	{ "sub-sessions are apart, and end with the whole session", case_sub_sessions },
	{ "a plan is done to the letter", case_plan_by_hand },
	{ "a plan without a step remembers no request", case_no_step },
	{ "the older sessions of a restarted peer are closed", case_peer_restarts },
	{ "a session that goes on after its peer's restart keeps its number",
		case_same_session_after_restart },
	{ "a peer may tell its state outside a request", case_host_state },
	{ "the first state that is heard of closes nothing", case_host_state_first },
	{ "many peers, and peers with long names, are told apart", case_many_hosts },
	{ "silent sessions are closed, the earliest first", case_expiry },
	{ "a stepped wall clock closes nothing", case_steady_time },
	{ "requests are forgotten once they are old, and none before", case_forget },
	{ "what an archive holds leaves, with all that belongs to it", case_leave },
	{ "a request whose record left is still known", case_leave_is_repeated },
	{ "a session whose record left has none", case_left_session },
	{ "a record that changed since it was read stays", case_changed_stays },
	{ "a rollback brings back what had left", case_leave_rolled_back },
	{ "a rollback leaves nothing", case_rollback },
	{ "a rollback of nothing is fine", case_rollback_of_nothing },
	{ "a transaction sees what it did itself", case_sees_itself },
	{ "numbers of closed records have no gap, over rollbacks and restarts", case_sequence },
	{ "the node's own state id stays the same", case_own_state_id },
	{ "every filter finds what it says", case_filters },
	{ "a scan stops when it is told to", case_scan_stops },
	{ "large records come whole, once each, inside another scan and inside a transaction",
		case_large_records },
	{ "a party that is too long is found by what fits of it", case_long_party },
	{ "as many parties as a request may name are all found", case_many_parties },
	{ "odd bytes in names do no harm", case_odd_bytes },
};

static void run_on_memory(void **state)
{
	const struct contract_case *row = *state;
	struct fixture fixture = fixture_make(false);
	row->run(&fixture);
	fixture_remove(&fixture);
}

static void run_in_file(const struct contract_case *row, bool has_small_cache)
{
	struct fixture fixture = fixture_make(true);
	if (has_small_cache)
		fixture_shrink_cache(&fixture);
	row->run(&fixture);
	fixture_close_store(&fixture);
	char why[CHG_SQLITE_WHY_MAX] = "";
	if (chg_sqlite_check(fixture.path, why, sizeof why) != CHG_OK)
		fail_msg("the file is not well afterwards: %s", why);
	fixture_remove(&fixture);
}

static void run_on_sqlite(void **state)
{
	run_in_file(*state, false);
}

static void run_on_small_cache(void **state)
{
	run_in_file(*state, true);
}

/* The law: whatever comes, both stores hold the same. */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

static uint32_t below(uint64_t *seed, uint32_t bound)
{
	return (uint32_t)(next_random(seed) % bound);
}

static struct chg_view any_text(uint64_t *seed)
{
	static const char *const texts[] = { NULL, "", "one", "two", "sip:a@b", "SIP:a@B;c" };
	return chg_view_of(texts[below(seed, sizeof texts / sizeof texts[0])]);
}

static chg_opt_u32 any_u32(uint64_t *seed)
{
	return (chg_opt_u32){ below(seed, 3) != 0, below(seed, 4) };
}

static struct chg_acr any_acr(uint64_t *seed, int64_t second)
{
	static const char *const sessions[] = { "a", "b", "c" };
	static const char *const contents[] = { "{}", "{\"x\":1}" };
	static const char *const hosts[] = { "h1", "h2" };
	struct chg_acr acr = acr_of(sessions[below(seed, 3)],
		(enum chg_record_type)(1 + below(seed, 4)), below(seed, 6));
	acr.origin_host = chg_view_of(hosts[below(seed, 2)]);
	acr.origin_realm = any_text(seed);
	acr.sub_session_id = (chg_opt_u64){ below(seed, 4) == 0, 9 + below(seed, 3) };
	acr.origin_state_id = (chg_opt_u32){ below(seed, 4) == 0, below(seed, 5) };
	acr.is_retransmission = below(seed, 8) == 0;
	acr.is_unreadable = below(seed, 16) == 0;
	acr.event_time = (chg_opt_instant){ below(seed, 2) == 0,
		{ (second - (int64_t)below(seed, 8)) * CHG_US_PER_S } };
	acr.interim_interval_s = (chg_opt_u32){ below(seed, 8) == 0, below(seed, 9) };
	acr.termination_cause = any_u32(seed);
	acr.multi_session_id = any_text(seed);
	acr.user_name = any_text(seed);
	acr.service_context_id = any_text(seed);
	acr.application_server_id = any_text(seed);
	acr.application_service_type =
		(chg_opt_i32){ below(seed, 2) == 0, (int32_t)below(seed, 7) + 100 };
	acr.application_session_id = any_u32(seed);
	acr.delivery_status = any_text(seed);
	acr.messages_sent = any_u32(seed);
	acr.messages_exploded = any_u32(seed);
	acr.messages_sent_delivered = any_u32(seed);
	acr.messages_exploded_delivered = any_u32(seed);
	acr.icid = any_text(seed);
	acr.call_id = any_text(seed);
	acr.sip_method = any_text(seed);
	acr.calling_party = any_text(seed);
	acr.called_party = any_text(seed);
	acr.cause_code = (chg_opt_i32){ below(seed, 2) == 0, (int32_t)below(seed, 5) - 2 };
	acr.content_octets = (chg_opt_u64){ below(seed, 2) == 0, next_random(seed) };
	acr.group_name = any_text(seed);
	acr.participants = any_u32(seed);
	acr.content = chg_view_of(contents[below(seed, 2)]);
	acr.digest.bytes[3] = (uint8_t)below(seed, 2);
	for (acr.party_count = 0; acr.party_count < below(seed, 4); acr.party_count++)
		acr.party[acr.party_count] =
			(struct chg_named_party){ any_text(seed), 1u << below(seed, 5) };
	while (acr.participant_count < below(seed, 3))
		acr.participant[acr.participant_count++] = CHG_VIEW("sip:p@q");
	return acr;
}

static struct chg_cdr_filter any_filter(uint64_t *seed)
{
	struct chg_cdr_filter filter = { .newest_first = below(seed, 2) == 0,
		.limit = below(seed, 4),
		.after_cdr_id = below(seed, 3) == 0 ? below(seed, 40) : 0 };
	switch (below(seed, 9)) {
	case 0:
		filter.party = CHG_VIEW("sip:a@b");
		break;
	case 1:
		filter.icid = any_text(seed);
		break;
	case 2:
		filter.session_id = CHG_VIEW("b");
		break;
	case 3:
		filter.status = CHG_CDR_OPEN;
		break;
	case 4:
		filter.from = (chg_opt_instant){ true, { 40 * CHG_US_PER_S } };
		filter.until = (chg_opt_instant){ true, { 90 * CHG_US_PER_S } };
		break;
	case 5:
		filter.application_session_id = (chg_opt_u32){ true, below(seed, 4) };
		break;
	case 6:
		filter.service_context_id = any_text(seed);
		break;
	case 7:
		filter.marks = 1u << below(seed, 9);
		filter.origin_host = CHG_VIEW("h1");
		break;
	default:
		break;
	}
	return filter;
}

/* One step on both stores, which must give the same. */
static void step_both(struct chg_store stores[2], uint64_t *seed, int64_t second)
{
	struct chg_acct_facts facts[2] = { 0 };
	uint32_t counts[2] = { 0 };
	uint32_t what = below(seed, 20);
	struct chg_acr acr = any_acr(seed, second);
	uint32_t state = below(seed, 6);
	/* All or none: a store may remember for longer than it has to. */
	chg_instant before = { below(seed, 2) == 0 ? INT64_MIN : INT64_MAX };
	for (int i = 0; i < 2; i++) {
		const struct chg_store_ops *ops = stores[i].ops;
		void *self = stores[i].self;
		enum chg_rc rc;
		if (what == 0)
			rc = ops->expire_due(self, at_s(second), 2, &counts[i]);
		else if (what == 1)
			rc = ops->forget_seen(self, before, UINT32_MAX, &counts[i]);
		else if (what == 2)
			rc = ops->apply_host_state(self, at_s(second), acr.origin_host,
				acr.origin_realm, state, &counts[i]);
		else
			rc = offer(&stores[i], at_s(second), &acr, &facts[i]);
		assert_int_equal(rc, CHG_OK);
	}
	assert_int_equal(counts[0], counts[1]);
	assert_int_equal(facts[0].is_known, facts[1].is_known);
	assert_int_equal(facts[0].is_number_known, facts[1].is_number_known);
	assert_int_equal(facts[0].host_state_id, facts[1].host_state_id);
	assert_int_equal(facts[0].has_record, facts[1].has_record);
	assert_int_equal(facts[0].has_sub_sessions, facts[1].has_sub_sessions);
	assert_int_equal(facts[0].record.cdr_id, facts[1].record.cdr_id);
}

static void compare_both(struct chg_store stores[2], uint64_t *seed)
{
	chg_opt_instant deadlines[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			stores[i].ops->next_deadline(stores[i].self, &deadlines[i]), CHG_OK);
	assert_int_equal(deadlines[0].is_present, deadlines[1].is_present);
	/* The first is exact, which is that of memory; the other may be earlier. */
	assert_true(!deadlines[0].is_present || deadlines[0].value.us >= deadlines[1].value.us);
	same_text(dump_of(&stores[0], NULL), dump_of(&stores[1], NULL));
	for (int i = 0; i < 4; i++) {
		struct chg_cdr_filter filter = any_filter(seed);
		same_text(dump_of(&stores[0], &filter), dump_of(&stores[1], &filter));
	}
}

static void run_seed(uint64_t first_seed)
{
	uint64_t seed = first_seed * 0x9e3779b97f4a7c15u | 1;
	struct fixture memory = fixture_make(false), sqlite = fixture_make(true);
	int64_t second = 30;
	if (first_seed % 3 == 0)
		fixture_shrink_cache(&sqlite);
	for (int turn = 0; turn < 25; turn++) {
		struct chg_store stores[2] = { memory.store, sqlite.store };
		begin_ok(&stores[0]);
		begin_ok(&stores[1]);
		uint32_t steps = below(&seed, 8);
		for (uint32_t i = 0; i < steps; i++)
			step_both(stores, &seed, second += below(&seed, 4));
		bool is_kept = below(&seed, 5) != 0;
		for (int i = 0; i < 2; i++) {
			if (is_kept)
				commit_ok(&stores[i]);
			else
				stores[i].ops->rollback(stores[i].self);
		}
		compare_both(stores, &seed);
		if (below(&seed, 8) == 0)
			fixture_restart(&sqlite);
	}
	fixture_close_store(&sqlite);
	char why[CHG_SQLITE_WHY_MAX] = "";
	if (chg_sqlite_check(sqlite.path, why, sizeof why) != CHG_OK)
		fail_msg("the file is not well afterwards: %s", why);
	fixture_remove(&memory);
	fixture_remove(&sqlite);
}

/* CHG_STORE_SEED in the environment runs that seed alone. */
static void both_stores_hold_the_same(void **state)
{
	(void)state;
	const char *only = getenv("CHG_STORE_SEED");
	uint64_t first = only == NULL ? 1 : strtoull(only, NULL, 10);
	uint64_t last = only == NULL ? 12 : first;
	for (uint64_t seed = first; seed <= last; seed++) {
		print_message("seed %" PRIu64 " (again: CHG_STORE_SEED=%" PRIu64 ")\n", seed, seed);
		run_seed(seed);
	}
}

int main(void)
{
	enum { N = sizeof cases / sizeof cases[0] };
	static const char *const stores[] = { "memory", "sqlite", "sqlite with room for one" };
	static const CMUnitTestFunction runs[] = { run_on_memory, run_on_sqlite,
		run_on_small_cache };
	static char names[3 * N][160];
	struct CMUnitTest tests[3 * N + 1];
	for (size_t i = 0; i < 3 * N; i++) {
		snprintf(names[i], sizeof names[i], "%s: %s", stores[i / N], cases[i % N].says);
		tests[i] = (struct CMUnitTest){ .name = names[i],
			.test_func = runs[i / N],
			.initial_state = (void *)&cases[i % N] };
	}
	tests[3 * N] = (struct CMUnitTest){
		.name = "both stores hold the same, whatever requests come",
		.test_func = both_stores_hold_the_same,
	};
	return cmocka_run_group_tests_name("the contract of a store", tests, NULL, NULL);
}

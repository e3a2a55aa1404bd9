/* SPDX-License-Identifier: BSD-3-Clause
 * The steps of a script, one after the other.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chgplay/answer.h"
#include "chgplay/answer_credit.h"
#include "chgplay/books.h"
#include "chgplay/play.h"
#include "chgplay/record.h"
#include "chgplay/request.h"
#include "wire/message.h"

enum {
	/* How long a record may take to become what a script expects, where that is not at once. */
	PATIENCE_MS = 10000,
	LOOK_AGAIN_MS = 20,
	SESSION_ID_MAX = 512,
	WHY_MAX = 384,
	ACCOUNT_NAME_MAX = 128,
};

/* The Refund-Information that a request was answered with. */
struct handle {
	size_t len;
	char bytes[CHG_REFUND_HANDLE_MAX];
};

struct play {
	const struct chg_script *script;
	const struct chg_stage *stage;
	const struct chg_play_options *options;
	struct chg_play_outcome *outcome;
	struct chg_play_peer peer[CHG_SCRIPT_PEER_MAX];
	bool is_connected[CHG_SCRIPT_PEER_MAX];
	char session_id[CHG_SCRIPT_NAME_MAX][SESSION_ID_MAX];
	struct handle handle[CHG_SCRIPT_NAME_MAX];
	const char *party_domain;
	chg_instant base;
	uint32_t next_id;

	struct chg_exchange slot[CHG_SCRIPT_TOGETHER_MAX];
	const struct chg_script_step *slot_step[CHG_SCRIPT_TOGETHER_MAX];
	size_t slot_count;
	size_t slot_expected; /* slots whose answer was looked at */

	/* The latest request, for `again`. */
	uint8_t *last;
	size_t last_len;
	const struct chg_script_step *last_step;

	/* The latest answer that was looked at. */
	uint8_t *before;
	size_t before_len;
};

static enum chg_rc fail(struct play *play, const struct chg_script_step *step, enum chg_rc rc,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static enum chg_rc fail(struct play *play, const struct chg_script_step *step, enum chg_rc rc,
	const char *format, ...)
{
	char text[WHY_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(play->outcome->why, sizeof play->outcome->why, "%s:%u: %s", play->script->file,
		(unsigned)step->line, text);
	if (rc == CHG_E_UNKNOWN)
		play->outcome->unmet++;
	return rc;
}

static enum chg_rc stage_failed(
	struct play *play, const struct chg_script_step *step, const char *what, enum chg_rc rc)
{
	const struct chg_stage_ops *ops = play->stage->ops;
	const char *why = ops->why == NULL ? NULL : ops->why(play->stage->self);
	if (rc == CHG_E_UNKNOWN)
		rc = CHG_E_SYSTEM;
	return fail(play, step, rc, "%s failed: %s", what, why != NULL ? why : chg_rc_sentence(rc));
}

static void name_peers(struct play *play)
{
	const struct chg_play_options *options = play->options;
	for (size_t i = 0; i < play->script->peer_count; i++) {
		const struct chg_script_peer *from = &play->script->peer[i];
		struct chg_play_peer *to = &play->peer[i];
		struct chg_view host = from->host;
		struct chg_view realm = from->realm;
		if (chg_view_present(options->only_host))
			host = options->only_host;
		if (chg_view_present(options->only_realm))
			realm = options->only_realm;
		to->name = from->name;
		to->state_id = from->state_id;
		if (chg_view_present(host))
			snprintf(to->host, sizeof to->host, "%.*s", (int)host.len, host.ptr);
		else
			snprintf(to->host, sizeof to->host, "%.*s.example.net", (int)from->name.len,
				from->name.ptr);
		snprintf(to->realm, sizeof to->realm, "%.*s", (int)realm.len, realm.ptr);
	}
}

/* RFC 6733 8.8: <DiameterIdentity>;<high 32 bits>;<low 32 bits>;<optional value> */
static void name_sessions(struct play *play)
{
	for (size_t i = 0; i < play->script->name_count; i++) {
		struct chg_view name = play->script->name[i];
		const char *host = play->peer[play->script->name_owner[i]].host;
		snprintf(play->session_id[i], SESSION_ID_MAX, "%s;%u;%zu;%.*s", host,
			(unsigned)play->options->run, i + 1, (int)name.len, name.ptr);
	}
}

static enum chg_rc ensure_connected(
	struct play *play, const struct chg_script_step *step, uint32_t peer)
{
	const struct chg_stage_ops *ops = play->stage->ops;
	if (play->is_connected[peer] || ops->connect == NULL)
		return CHG_OK;
	enum chg_rc rc = ops->connect(play->stage->self, peer, &play->peer[peer]);
	if (rc != CHG_OK)
		return stage_failed(play, step, "connecting", rc);
	play->is_connected[peer] = true;
	return CHG_OK;
}

static enum chg_rc take_slot(struct play *play, struct chg_exchange **ret)
{
	struct chg_exchange *slot = &play->slot[play->slot_count];
	if (slot->request == NULL)
		slot->request = malloc(CHG_MESSAGE_MAX);
	if (slot->answer == NULL)
		slot->answer = malloc(CHG_ANSWER_MAX);
	if (slot->request == NULL || slot->answer == NULL)
		return CHG_E_NO_MEMORY;
	slot->answer_len = 0;
	*ret = slot;
	return CHG_OK;
}

static bool handle_of(void *to, struct chg_view name, struct chg_view *ret)
{
	const struct play *play = to;
	for (size_t i = 0; i < play->script->name_count; i++)
		if (chg_view_equal(play->script->name[i], name)) {
			const struct handle *handle = &play->handle[i];
			*ret = (struct chg_view){ handle->bytes, handle->len };
			return handle->len != 0;
		}
	return false;
}

/* Each request of a parallel group has a session of its own. */
static enum chg_rc write_request(struct play *play, const struct chg_script_step *step,
	uint32_t copy, struct chg_exchange *slot)
{
	const struct chg_play_peer *peer = &play->peer[step->peer];
	struct chg_view bad_path = { 0 };
	uint32_t id = play->next_id++;
	char session_id[SESSION_ID_MAX + 16];
	int len = snprintf(session_id, sizeof session_id, copy == 0 ? "%s" : "%s-%u",
		play->session_id[step->send.name], (unsigned)copy);
	struct chg_request_head head = { .session_id = { session_id, (size_t)len },
		.party_domain = play->party_domain,
		.handle = handle_of,
		.to = play,
		.origin_host = chg_view_of(peer->host),
		.origin_realm = chg_view_of(peer->realm),
		.destination_realm = play->options->destination_realm,
		.origin_state_id = peer->state_id,
		.base = play->base,
		.event_time = play->stage->ops->now(play->stage->self),
		.hop_by_hop = id,
		.end_to_end = id };
	enum chg_rc rc = chg_request_write(play->script, step, &head, slot->request,
		CHG_MESSAGE_MAX, &slot->request_len, &bad_path);
	if (rc == CHG_E_UNKNOWN)
		return fail(play, step, CHG_E_SYNTAX,
			"the request has no %.*s to change, or no answer gave one",
			(int)bad_path.len, bad_path.ptr);
	if (rc != CHG_OK)
		return fail(
			play, step, rc, "the request cannot be written: %s", chg_rc_sentence(rc));
	return CHG_OK;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* The same octets again: only the Hop-by-Hop id is another, and what the script asks for. */
static void repeat_request(
	struct play *play, const struct chg_script_step *step, struct chg_exchange *slot)
{
	uint32_t id = play->next_id++;
	memcpy(slot->request, play->last, play->last_len);
	slot->request_len = play->last_len;
	if (play->last_len < CHG_HEADER_SIZE)
		return;
	put_u32(slot->request + 12, id);
	if (step->again.is_fresh)
		put_u32(slot->request + 16, id);
	if (step->again.is_retransmission)
		slot->request[4] |= CHG_COMMAND_FLAG_RETRANSMITTED;
}

static const char *cc_type_text(enum chg_cc_type type)
{
	switch (type) {
	case CHG_CC_INITIAL:
		return "INITIAL";
	case CHG_CC_UPDATE:
		return "UPDATE";
	case CHG_CC_TERMINATION:
		return "TERMINATION";
	case CHG_CC_EVENT:
		break;
	}
	return "EVENT";
}

static void show(struct play *play, size_t at)
{
	const struct chg_exchange *slot = &play->slot[at];
	const struct chg_script_step *step = play->slot_step[at];
	const struct chg_script_step *origin =
		step->kind == CHG_PLAY_AGAIN ? play->last_step : step;
	const struct chg_script_send *send = &origin->send;
	char peer[64];
	char note[CHG_CREDIT_NOTE_MAX] = "";
	/* Of a hundred at once the first one speaks for all. */
	if (play->options->shown == NULL || (at != 0 && play->slot_step[at - 1] == step))
		return;
	struct chg_view name = play->peer[origin->peer].name;
	snprintf(peer, sizeof peer, "%.*s", (int)name.len, name.ptr);
	struct chg_view answer = { (const char *)slot->answer, slot->answer_len };
	bool is_answered = slot->outcome == CHG_OUTCOME_ANSWERED;
	if (is_answered && send->is_credit)
		chg_answer_credit_note(answer, note);
	struct chg_play_event event = { .peer = peer,
		.trigger = step->trigger,
		.session = play->script->name[send->name],
		.command = send->is_credit ? "CCR" : "ACR",
		.type = send->is_credit ? cc_type_text(send->cc_type)
					: chg_record_type_text(send->type),
		.number = send->number,
		.times = send->times,
		.note = note,
		.is_again = step->kind == CHG_PLAY_AGAIN,
		.outcome = slot->outcome,
		.result_code = is_answered ? chg_answer_result(answer) : 0,
		.took_us = slot->took_us };
	play->options->shown(play->options->to, &event);
}

static enum chg_rc remember(struct play *play)
{
	const struct chg_exchange *slot = &play->slot[play->slot_count - 1];
	const struct chg_script_step *step = play->slot_step[play->slot_count - 1];
	if (play->last == NULL)
		play->last = malloc(CHG_MESSAGE_MAX);
	if (play->last == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(play->last, slot->request, slot->request_len);
	play->last_len = slot->request_len;
	if (step->kind == CHG_PLAY_SEND)
		play->last_step = step;
	return CHG_OK;
}

static void keep_handle(
	struct play *play, const struct chg_exchange *slot, const struct chg_script_step *step)
{
	struct chg_view answer = { (const char *)slot->answer, slot->answer_len };
	struct chg_view bytes;
	if (step->kind != CHG_PLAY_SEND || slot->outcome != CHG_OUTCOME_ANSWERED ||
		!chg_answer_credit_handle(answer, &bytes) || bytes.len > CHG_REFUND_HANDLE_MAX)
		return;
	struct handle *handle = &play->handle[step->send.name];
	handle->len = bytes.len;
	if (bytes.len != 0)
		memcpy(handle->bytes, bytes.ptr, bytes.len);
}

static enum chg_rc exchange_slots(struct play *play, const struct chg_script_step *step)
{
	enum chg_rc rc = remember(play);
	if (rc != CHG_OK)
		return rc;
	rc = play->stage->ops->exchange(play->stage->self, play->slot, play->slot_count);
	if (rc != CHG_OK)
		return stage_failed(play, step, "sending", rc);
	for (size_t i = 0; i < play->slot_count; i++) {
		show(play, i);
		keep_handle(play, &play->slot[i], play->slot_step[i]);
		if (play->slot[i].outcome == CHG_OUTCOME_CLOSED)
			play->is_connected[play->slot[i].peer] = false;
	}
	play->outcome->requests += play->slot_count;
	return CHG_OK;
}

/* Whether the next request of the script belongs to the same group. */
static bool is_last_of_group(const struct play *play, const struct chg_script_step *step)
{
	const struct chg_script *script = play->script;
	const struct chg_script_step *next = step + 1;
	return step->together == 0 || next == script->step + script->step_count ||
	       next->kind != CHG_PLAY_SEND || next->together != step->together;
}

static enum chg_rc put_request(struct play *play, const struct chg_script_step *step, uint32_t copy)
{
	struct chg_exchange *slot;
	enum chg_rc rc = take_slot(play, &slot);
	if (rc != CHG_OK)
		return rc;
	slot->peer = step->kind == CHG_PLAY_AGAIN ? play->last_step->peer : step->peer;
	rc = ensure_connected(play, step, slot->peer);
	if (rc == CHG_OK && step->kind == CHG_PLAY_AGAIN)
		repeat_request(play, step, slot);
	else if (rc == CHG_OK)
		rc = write_request(play, step, copy, slot);
	if (rc == CHG_OK)
		play->slot_step[play->slot_count++] = step;
	return rc;
}

static enum chg_rc play_request(struct play *play, const struct chg_script_step *step)
{
	uint32_t times = step->kind == CHG_PLAY_SEND ? step->send.times : 1;
	enum chg_rc rc = CHG_OK;
	if (play->slot_expected == play->slot_count)
		play->slot_expected = play->slot_count = 0;
	for (uint32_t i = 0; rc == CHG_OK && i < times; i++)
		rc = put_request(play, step, times == 1 ? 0 : i + 1);
	if (rc != CHG_OK)
		return rc;
	return is_last_of_group(play, step) ? exchange_slots(play, step) : CHG_OK;
}

static enum chg_rc remember_answer(struct play *play, const struct chg_exchange *slot)
{
	if (play->before == NULL)
		play->before = malloc(CHG_ANSWER_MAX);
	if (play->before == NULL)
		return CHG_E_NO_MEMORY;
	memcpy(play->before, slot->answer, slot->answer_len);
	play->before_len = slot->answer_len;
	return CHG_OK;
}

static struct chg_answered answered_of(const struct play *play, const struct chg_exchange *slot)
{
	return (struct chg_answered){
		.request = { (const char *)slot->request, slot->request_len },
		.answer = { (const char *)slot->answer, slot->answer_len },
		.before = { (const char *)play->before, play->before_len },
	};
}

static enum chg_rc expect_one(struct play *play, const struct chg_script_step *step)
{
	static const char *const outcomes[] = { "an answer", "a closed connection", "silence" };
	const struct chg_exchange *slot = &play->slot[play->slot_expected++];
	const struct chg_script_expect *expect = &step->expect;
	struct chg_answered answered = answered_of(play, slot);
	char why[WHY_MAX / 2];

	if (expect->kind == CHG_EXPECT_ANSWER && slot->outcome == CHG_OUTCOME_CLOSED &&
		expect->may_close)
		return CHG_OK;
	if ((int)expect->kind != (int)slot->outcome)
		return fail(play, step, CHG_E_UNKNOWN, "expected %s, got %s",
			outcomes[expect->kind], outcomes[slot->outcome]);
	if (expect->kind != CHG_EXPECT_ANSWER)
		return CHG_OK;
	if (!chg_answer_meets(play->script, step, play->base, &answered, why, sizeof why))
		return fail(play, step, CHG_E_UNKNOWN, "%s", why);
	return remember_answer(play, slot);
}

/* So many of the group's answers are so, whichever they are. */
static enum chg_rc expect_some(struct play *play, const struct chg_script_step *step)
{
	char why[WHY_MAX / 2] = "";
	uint32_t count = 0;
	for (size_t i = 0; i < play->slot_count; i++) {
		const struct chg_exchange *slot = &play->slot[i];
		struct chg_answered answered = answered_of(play, slot);
		count += slot->outcome == CHG_OUTCOME_ANSWERED &&
			 chg_answer_meets(
				 play->script, step, play->base, &answered, why, sizeof why);
	}
	play->slot_expected += step->expect.times;
	if (count == step->expect.times)
		return CHG_OK;
	return fail(play, step, CHG_E_UNKNOWN,
		"%u of %zu answers are so and not %u; another one: %s", (unsigned)count,
		play->slot_count, (unsigned)step->expect.times, why);
}

static enum chg_rc play_expect(struct play *play, const struct chg_script_step *step)
{
	return step->expect.times == 0 ? expect_one(play, step) : expect_some(play, step);
}

static bool count_all(
	struct play *play, struct chg_store *store, size_t want, char *why, size_t why_size)
{
	size_t total = 0;
	for (size_t i = 0; i < play->script->name_count; i++) {
		size_t count = 0;
		struct chg_record_place place = { .store = store,
			.session_id = chg_view_of(play->session_id[i]),
			.base = play->base };
		if (!chg_record_count(&place, &count)) {
			snprintf(why, why_size, "the store cannot be read");
			return false;
		}
		total += count;
	}
	snprintf(why, why_size, "there are %zu records and not %zu", total, want);
	return total == want;
}

/* Nodes that serve several runs have an account of each. */
static void name_account(const struct play *play, struct chg_view name, char ret[ACCOUNT_NAME_MAX])
{
	const char *domain = play->options->party_domain;
	snprintf(ret, ACCOUNT_NAME_MAX, "%.*s%s%s", (int)name.len, name.ptr,
		domain == NULL ? "" : "@", domain == NULL ? "" : domain);
}

static bool is_ours(void *to, struct chg_view session_id)
{
	const struct play *play = to;
	for (size_t i = 0; i < play->script->name_count; i++)
		if (chg_view_equal(session_id, chg_view_of(play->session_id[i])))
			return true;
	return false;
}

static bool look_at_books(struct play *play, const struct chg_script_step *step,
	struct chg_store *store, char *why, size_t why_size)
{
	char account[ACCOUNT_NAME_MAX];
	chg_instant now = play->stage->ops->now(play->stage->self);
	uint32_t count = 0;
	switch (step->kind) {
	case CHG_PLAY_BALANCE:
		name_account(play, step->balance.account, account);
		return chg_books_meet_balance(store, account, &step->balance, now, why, why_size);
	case CHG_PLAY_BUCKET:
		name_account(play, step->bucket.account, account);
		return chg_books_meet_bucket(store, account, &step->bucket, now, why, why_size);
	case CHG_PLAY_SUSPENSE:
		snprintf(why, why_size, "the lines of suspense cannot be read");
		if (chg_books_count_suspense(store, is_ours, play, &count) != CHG_OK)
			return false;
		snprintf(why, why_size, "there are %u lines of suspense and not %u",
			(unsigned)count, (unsigned)step->records);
		return count == step->records;
	default:
		return chg_books_are_clean(store, why, why_size);
	}
}

static bool look(struct play *play, const struct chg_script_step *step, struct chg_store *store,
	char *why, size_t why_size)
{
	struct chg_record_place place = {
		.store = store, .base = play->base, .party_domain = play->party_domain
	};
	switch (step->kind) {
	case CHG_PLAY_RECORD:
		place.session_id = chg_view_of(play->session_id[step->record->name]);
		if (step->record->has_host)
			place.origin_host = chg_view_of(play->peer[step->peer].host);
		return chg_record_meets(&place, step->record, why, why_size);
	case CHG_PLAY_PARTICIPANT:
		place.session_id = chg_view_of(play->session_id[step->participant.name]);
		return chg_record_has_participant(&place, &step->participant, why, why_size);
	case CHG_PLAY_TIMELINE:
		place.session_id = chg_view_of(play->session_id[step->timeline->name]);
		return chg_record_has_timeline(&place, step->timeline, why, why_size);
	case CHG_PLAY_BALANCE:
	case CHG_PLAY_BUCKET:
	case CHG_PLAY_LEDGER:
	case CHG_PLAY_SUSPENSE:
		return look_at_books(play, step, store, why, why_size);
	default:
		return count_all(play, store, step->records, why, why_size);
	}
}

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum chg_rc play_look(struct play *play, const struct chg_script_step *step)
{
	const struct chg_stage_ops *ops = play->stage->ops;
	int64_t deadline = monotonic_ms() + PATIENCE_MS;
	char why[WHY_MAX / 2];
	if (ops->records == NULL) {
		play->outcome->unseen++;
		return CHG_OK;
	}
	for (;;) {
		struct chg_store store;
		enum chg_rc rc = ops->records(play->stage->self, &store);
		if (rc != CHG_OK)
			return stage_failed(play, step, "looking at the records", rc);
		bool is_met = look(play, step, &store, why, sizeof why);
		ops->records_done(play->stage->self, &store);
		if (is_met)
			return CHG_OK;
		if (!ops->is_asynchronous || monotonic_ms() >= deadline)
			return fail(play, step, CHG_E_UNKNOWN, "%s", why);
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
}

static enum chg_rc change_books(
	struct play *play, const struct chg_script_step *step, const struct chg_play_change *change)
{
	const struct chg_stage_ops *ops = play->stage->ops;
	enum chg_rc rc = ops->change(play->stage->self, change);
	return rc == CHG_OK ? CHG_OK : stage_failed(play, step, "changing the books", rc);
}

static chg_opt_instant instant_of(const struct play *play, bool has, int64_t seconds)
{
	chg_instant at = chg_instant_add(play->base, chg_span_s(seconds));
	return has ? (chg_opt_instant){ true, at } : (chg_opt_instant){ 0 };
}

static enum chg_rc play_account(struct play *play, const struct chg_script_step *step)
{
	const struct chg_script_account *from = step->account;
	char name[ACCOUNT_NAME_MAX];
	char memory[CHG_IDENTITY_MAX][CHG_PARTY_LONG_MAX];
	size_t count = from->identity_count == 0 ? 1 : from->identity_count;
	name_account(play, from->name, name);
	struct chg_play_change change = { .kind = CHG_BOOK_ACCOUNT,
		.account = { .name = chg_view_of(name),
			.currency = from->currency,
			.opening = from->opening,
			.credit_limit = from->credit_limit,
			.low_balance = from->low_balance,
			.plan = from->plan,
			.valid_until = instant_of(play, from->has_until, from->until_s),
			.identity_count = count },
		.is_blocked = from->is_blocked };
	for (size_t i = 0; i < count; i++) {
		struct chg_identity_ask *identity = &change.account.identity[i];
		struct chg_view text = from->identity_count == 0 ? from->name : from->identity[i];
		identity->type =
			chg_identity_spell(text, play->party_domain, memory[i], &identity->text);
		if (chg_identity_key(identity->type, identity->text, &identity->key) != CHG_OK)
			return fail(play, step, CHG_E_SYNTAX, "\"%.*s\" is no identity",
				(int)text.len, text.ptr);
	}
	return change_books(play, step, &change);
}

static enum chg_rc play_bucket(struct play *play, const struct chg_script_step *step)
{
	const struct chg_script_bucket *from = &step->bucket;
	const struct chg_script_amount *amount = &from->amount;
	char account[ACCOUNT_NAME_MAX];
	name_account(play, from->account, account);
	struct chg_play_change change = { .kind = CHG_BOOK_BUCKET,
		.account.name = chg_view_of(account),
		.bucket = { .kind = chg_books_kind(amount),
			.balance = amount->is_money ? amount->money.micros : (int64_t)amount->units,
			.priority = from->priority,
			.valid_until = instant_of(play, from->has_until, from->until_s) } };
	struct chg_view name = from->name.ptr != NULL ? from->name : CHG_VIEW("bundle");
	if (name.len >= CHG_BUCKET_NAME_MAX || from->service.len >= CHG_BUCKET_SERVICE_MAX)
		return fail(play, step, CHG_E_SYNTAX, "the bucket's name or service is too long");
	memcpy(change.bucket.name, name.ptr, name.len);
	if (from->service.len != 0)
		memcpy(change.bucket.service, from->service.ptr, from->service.len);
	return change_books(play, step, &change);
}

static enum chg_rc play_account_change(struct play *play, const struct chg_script_step *step)
{
	const struct chg_script_change *from = &step->change;
	char account[ACCOUNT_NAME_MAX];
	name_account(play, from->account, account);
	struct chg_play_change change = { .kind = from->what == CHG_CHANGE_TOPUP ? CHG_BOOK_TOPUP
										 : CHG_BOOK_STATUS,
		.account.name = chg_view_of(account),
		.is_blocked = from->what == CHG_CHANGE_BLOCK,
		.amount = from->amount };
	return change_books(play, step, &change);
}

static enum chg_rc play_tariff(struct play *play, const struct chg_script_step *step)
{
	char file[CHG_BOOKS_TARIFF_MAX];
	struct chg_play_change change = { .kind = CHG_BOOK_TARIFF, .text = step->tariff->text };
	if (change.text.ptr == NULL) {
		if (!chg_books_tariff(step->tariff, file))
			return fail(play, step, CHG_E_SYNTAX, "the tariff is too long");
		change.text = chg_view_of(file);
	}
	return change_books(play, step, &change);
}

/* What only an operator can change is taken for right where we are none. */
static enum chg_rc play_change(struct play *play, const struct chg_script_step *step)
{
	if (play->stage->ops->change == NULL)
		return CHG_OK;
	switch (step->kind) {
	case CHG_PLAY_ACCOUNT:
		return play_account(play, step);
	case CHG_PLAY_BUCKET:
		return play_bucket(play, step);
	case CHG_PLAY_CHANGE:
		return play_account_change(play, step);
	default:
		return play_tariff(play, step);
	}
}

static enum chg_rc play_connect(struct play *play, const struct chg_script_step *step)
{
	if (step->state_id.is_present)
		play->peer[step->peer].state_id = step->state_id.value;
	play->is_connected[step->peer] = false;
	return ensure_connected(play, step, step->peer);
}

static enum chg_rc play_world(struct play *play, const struct chg_script_step *step)
{
	const struct chg_stage_ops *ops = play->stage->ops;
	void *self = play->stage->self;
	switch (step->kind) {
	case CHG_PLAY_TICK:
		return ops->tick(self, step->seconds);
	case CHG_PLAY_JUMP:
		return ops->jump(self, step->seconds);
	case CHG_PLAY_RESTART:
		memset(play->is_connected, 0, sizeof play->is_connected);
		return ops->restart(self, step->is_kill);
	case CHG_PLAY_DISCONNECT:
		play->is_connected[step->peer] = false;
		return ops->disconnect == NULL ? CHG_OK : ops->disconnect(self, step->peer);
	case CHG_PLAY_STORE:
		return ops->store(self, step->store);
	default:
		return CHG_OK;
	}
}

static enum chg_rc play_step(struct play *play, const struct chg_script_step *step)
{
	switch (step->kind) {
	case CHG_PLAY_SEND:
	case CHG_PLAY_AGAIN:
		return play_request(play, step);
	case CHG_PLAY_EXPECT:
		return play_expect(play, step);
	case CHG_PLAY_RECORD:
	case CHG_PLAY_PARTICIPANT:
	case CHG_PLAY_TIMELINE:
	case CHG_PLAY_RECORDS:
	case CHG_PLAY_BALANCE:
	case CHG_PLAY_LEDGER:
	case CHG_PLAY_SUSPENSE:
		return play_look(play, step);
	case CHG_PLAY_BUCKET:
		return step->bucket.is_expected ? play_look(play, step) : play_change(play, step);
	case CHG_PLAY_ACCOUNT:
	case CHG_PLAY_CHANGE:
	case CHG_PLAY_TARIFF:
		return play_change(play, step);
	case CHG_PLAY_CONNECT:
		return play_connect(play, step);
	default:
		break;
	}
	enum chg_rc rc = play_world(play, step);
	return rc == CHG_OK ? CHG_OK : stage_failed(play, step, "the step", rc);
}

/* NULL when the stage can do it. */
static const char *impossible(const struct chg_stage_ops *ops, enum chg_step_kind kind)
{
	switch (kind) {
	case CHG_PLAY_TICK:
		return ops->tick == NULL ? "lets time pass" : NULL;
	case CHG_PLAY_JUMP:
		return ops->jump == NULL ? "sets the clock" : NULL;
	case CHG_PLAY_RESTART:
		return ops->restart == NULL ? "restarts the node" : NULL;
	case CHG_PLAY_STORE:
		return ops->store == NULL ? "makes the store fail" : NULL;
	default:
		return NULL;
	}
}

bool chg_play_is_possible(const struct chg_script *script, const struct chg_stage *stage,
	char *reterr_why, size_t why_size)
{
	if ((script->stages & stage->ops->bit) == 0) {
		snprintf(reterr_why, why_size, "%s: it is not for this stage", script->file);
		return false;
	}
	for (size_t i = 0; i < script->step_count; i++) {
		const char *what = impossible(stage->ops, script->step[i].kind);
		if (what == NULL)
			continue;
		snprintf(reterr_why, why_size, "%s:%u: it %s, which cannot be done here",
			script->file, (unsigned)script->step[i].line, what);
		return false;
	}
	return true;
}

static void release(struct play *play)
{
	for (size_t i = 0; i < CHG_SCRIPT_TOGETHER_MAX; i++) {
		free(play->slot[i].request);
		free(play->slot[i].answer);
	}
	free(play->last);
	free(play->before);
	free(play);
}

enum chg_rc chg_play_run(const struct chg_script *script, const struct chg_stage *stage,
	const struct chg_play_options *options, struct chg_play_outcome *ret_outcome)
{
	struct play *play = calloc(1, sizeof *play);
	memset(ret_outcome, 0, sizeof *ret_outcome);
	if (play == NULL)
		return CHG_E_NO_MEMORY;
	play->script = script;
	play->stage = stage;
	play->options = options;
	play->outcome = ret_outcome;
	play->party_domain = options->party_domain == NULL ? "example.net" : options->party_domain;
	/* Times on the wire are whole seconds, so a script's start is one. */
	chg_instant now = stage->ops->now(stage->self);
	play->base = (chg_instant){ now.us - now.us % CHG_US_PER_S };
	play->next_id = options->run << 12 | 1;
	name_peers(play);
	name_sessions(play);

	enum chg_rc rc = CHG_OK;
	for (size_t i = 0; rc == CHG_OK && i < script->step_count; i++)
		rc = play_step(play, &script->step[i]);
	if (rc != CHG_OK && ret_outcome->why[0] == '\0')
		snprintf(ret_outcome->why, sizeof ret_outcome->why, "%s: %s", script->file,
			chg_rc_sentence(rc));
	release(play);
	return rc;
}

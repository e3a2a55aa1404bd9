/* SPDX-License-Identifier: BSD-3-Clause
 * One thread, one epoll.  All that is due on a connection is written at once, and all that has come
 * is read at once; the rest of the cost is a copy of a template and a walk over an answer.
 *
 * A connection has slots, and each slot a conversation: the steps that follow each other.  Slots
 * that wait for nothing stand in a ring, so that all conversations of a connection go on in turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "chgplay/bench.h"
#include "chgplay/peer.h"
#include "chgplay/template.h"
#include "chgplay/verdict.h"
#include "core/ask_credit.h"
#include "wire/avp.h"

enum {
	CONNECT_MS = 5000,
	TURN_US = 100 * 1000,        /* the longest sleep */
	GRACE_US = 10 * 1000 * 1000, /* for the last answers, after the time is up */
	TIMELINE_US = 100 * 1000,
	PROGRESS_US = 1000 * 1000,
	SLOT_BITS = 12,  /* of a Hop-by-Hop Identifier; the rest counts */
	REMEMBERED = 64, /* answered requests of a connection that may be repeated */
	ACCOUNT_DIGITS = 10,
	NAME_MAX_OCTETS = 256,
};

/* A request, with all that makes it the same when it is sent again. */
struct ask {
	enum chg_step step;
	struct chg_patch patch;
};

struct slot {
	bool is_under_way;
	bool has_next; /* `conversation` goes on with a further step */
	struct ask conversation;
	struct ask asked; /* what is under way: the conversation's, or a repetition of another */
	int64_t due_us;
};

struct link {
	char host[NAME_MAX_OCTETS];
	struct chg_peer *peer;
	struct chg_template *template; /* [step * ACCOUNT_DIGITS + digits - 1] */
	struct slot *slot;
	uint16_t *idle; /* ring of slots that wait for nothing */
	uint32_t idle_at;
	uint32_t idle_count;
	struct ask remembered[REMEMBERED];
	uint32_t remembered_count; /* ever; the latest REMEMBERED are there */
	struct chg_arrival arrival;
	bool awaits_room; /* epoll was asked to tell when the socket takes more */
};

struct bench {
	const struct chg_bench_config *config;
	struct chg_bench_result *result;
	struct link link[CHG_BENCH_PEER_MAX];
	int epoll;
	uint64_t seed;
	struct chg_run last; /* how far this run is */
	uint32_t event_time;
	uint32_t next_id;
	uint64_t
		begun[CHG_BENCH_MIX]; /* requests of each kind that conversations begun will have */
	uint64_t under_way;
	int64_t now_us;
	int64_t start_us;
	int64_t measure_us;
	int64_t end_us;
	uint64_t received;
	struct {
		int64_t until_us; /* of the line that is being collected */
		uint64_t answers;
		int64_t worst_us;
	} timeline;
	struct {
		int64_t next_us;
		uint64_t received;
	} progress;
	char *why;
	size_t why_size;
};

static const struct {
	enum chg_step first;
	uint32_t steps;
} kinds[] = {
	[CHG_BENCH_EVENT] = { CHG_STEP_EVENT, 1 },
	[CHG_BENCH_SESSION] = { CHG_STEP_START, 3 },
	[CHG_BENCH_DEBIT] = { CHG_STEP_DEBIT, 1 },
	[CHG_BENCH_CREDIT_SESSION] = { CHG_STEP_INITIAL, 5 },
	[CHG_BENCH_OPEN_SESSION] = { CHG_STEP_INITIAL, 1 },
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t now_us(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000;
}

/* ---- What to send ------------------------------------------------------------------------------ */

static bool is_over(const struct bench *bench)
{
	return bench->now_us >= bench->end_us;
}

/* Whether a request may be sent at this moment that is due by itself, not by a session's end. */
static bool is_due(const struct bench *bench, const struct link *link)
{
	if (bench->config->rate == 0)
		return !is_over(bench);
	int64_t due_us = chg_arrival_due_us(&link->arrival);
	return due_us <= bench->now_us && due_us < bench->end_us;
}

static enum chg_bench_kind choose_kind(struct bench *bench)
{
	enum chg_bench_kind kind = CHG_BENCH_EVENT;
	if (bench->config->kind != CHG_BENCH_MIX)
		return bench->config->kind;
	for (int i = 0; i < CHG_BENCH_MIX; i++)
		if (bench->begun[i] < bench->begun[kind])
			kind = (enum chg_bench_kind)i;
	bench->begun[kind] += kinds[kind].steps;
	return kind;
}

static void begin_conversation(struct bench *bench, struct ask *ret)
{
	ret->step = kinds[choose_kind(bench)].first;
	ret->patch = (struct chg_patch){ .run = bench->last.run, .serial = ++bench->last.serial };
	ret->patch.account = 1 + chg_random_below(&bench->seed, bench->config->accounts);
}

/* The next step of the slot's conversation, or of a new one. */
static void go_on(struct bench *bench, struct slot *slot)
{
	struct ask *ask = &slot->conversation;
	if (slot->has_next)
		ask->step = chg_step_rows[ask->step].next;
	else
		begin_conversation(bench, ask);
	slot->has_next = bench->config->kind != CHG_BENCH_OPEN_SESSION &&
			 chg_step_rows[ask->step].next != CHG_STEP_COUNT;
	ask->patch.time = bench->event_time;
	ask->patch.end_to_end = bench->last.end_to_end++;
	slot->asked = *ask;
}

/* Instead of a new request an answered one again; false: it is not its turn, or there is none. */
static bool repeat(struct bench *bench, struct link *link, struct slot *slot)
{
	uint32_t percent = bench->config->duplicates_percent;
	if (percent == 0 || link->remembered_count == 0 ||
		chg_random_below(&bench->seed, 100) >= percent)
		return false;
	uint32_t count = link->remembered_count < REMEMBERED ? link->remembered_count : REMEMBERED;
	slot->asked = link->remembered[chg_random_below(&bench->seed, count)];
	slot->asked.patch.is_repeated = true;
	bench->result->repeated++;
	return true;
}

static const struct chg_template *template_of(const struct link *link, const struct ask *ask)
{
	uint32_t digits = 1;
	for (uint32_t rest = ask->patch.account; rest > 9; rest /= 10)
		digits++;
	return &link->template[ask->step * ACCOUNT_DIGITS + digits - 1];
}

static enum chg_rc send_slot(struct bench *bench, struct link *link, struct slot *slot)
{
	const struct chg_template *template = template_of(link, &slot->asked);
	uint8_t *room = chg_peer_reserve(link->peer, template->len);
	if (room == NULL)
		return CHG_E_NO_MEMORY;
	slot->asked.patch.hop_by_hop =
		bench->next_id++ << SLOT_BITS | (uint32_t)(slot - link->slot);
	chg_template_write(template, &slot->asked.patch, room);
	slot->is_under_way = true;
	bench->under_way++;
	return CHG_OK;
}

static struct slot *take_idle(const struct bench *bench, struct link *link)
{
	struct slot *slot = &link->slot[link->idle[link->idle_at]];
	link->idle_at = link->idle_at + 1 == bench->config->window ? 0 : link->idle_at + 1;
	link->idle_count--;
	return slot;
}

static void put_idle(const struct bench *bench, struct link *link, const struct slot *slot)
{
	uint32_t at = link->idle_at + link->idle_count++;
	if (at >= bench->config->window)
		at -= bench->config->window;
	link->idle[at] = (uint16_t)(slot - link->slot);
}

/* When the slot's next request is due counts as the beginning of its latency. */
static void set_due(struct bench *bench, struct link *link, struct slot *slot)
{
	slot->due_us = bench->now_us;
	if (bench->config->rate == 0)
		return;
	slot->due_us = chg_arrival_due_us(&link->arrival);
	chg_arrival_take(&link->arrival);
	bench->result->late += slot->due_us >= bench->measure_us &&
			       bench->now_us - slot->due_us > CHG_BENCH_LATE_US;
}

/* The sessions that were begun are ended, so that nothing of them stays in the node. */
static enum chg_rc end_sessions(struct bench *bench, struct link *link)
{
	enum chg_rc rc = CHG_OK;
	for (uint32_t left = link->idle_count; rc == CHG_OK && left > 0; left--) {
		struct slot *slot = take_idle(bench, link);
		if (!slot->has_next) {
			put_idle(bench, link, slot);
			continue;
		}
		slot->due_us = bench->end_us;
		go_on(bench, slot);
		rc = send_slot(bench, link, slot);
	}
	return rc;
}

/* Sends all that is due on one connection. */
static enum chg_rc pump(struct bench *bench, struct link *link)
{
	enum chg_rc rc = CHG_OK;
	while (rc == CHG_OK && link->idle_count > 0 && is_due(bench, link)) {
		struct slot *slot = take_idle(bench, link);
		set_due(bench, link, slot);
		if (!repeat(bench, link, slot))
			go_on(bench, slot);
		rc = send_slot(bench, link, slot);
	}
	if (rc == CHG_OK && is_over(bench))
		rc = end_sessions(bench, link);
	return rc == CHG_OK ? chg_peer_flush(link->peer) : rc;
}

/* ---- What came --------------------------------------------------------------------------------- */

static void count_code(struct chg_bench_result *result, uint32_t code)
{
	size_t at = 0;
	while (at + 1 < CHG_BENCH_CODE_MAX && result->code[at].count != 0 &&
		result->code[at].code != code)
		at++;
	result->code[at].code = code;
	result->code[at].count++;
	result->failed++;
}

static void count_wrong(struct bench *bench, const char *why)
{
	if (bench->result->wrong++ == 0)
		bench->result->first_wrong = why;
}

/* The lines of the times that are over at `until_us`. */
static void write_timeline(struct bench *bench, int64_t until_us)
{
	while (until_us >= bench->timeline.until_us) {
		if (bench->config->timeline != NULL)
			fprintf(bench->config->timeline, "%lld %llu %lld\n",
				(long long)(bench->timeline.until_us - bench->start_us) / 1000,
				(unsigned long long)bench->timeline.answers,
				(long long)bench->timeline.worst_us);
		bench->timeline.until_us += TIMELINE_US;
		bench->timeline.answers = 0;
		bench->timeline.worst_us = 0;
	}
}

/* One answer, whatever it says: when it came, and how long it took. */
static void count_answer(struct bench *bench, const struct slot *slot, bool is_success)
{
	struct chg_bench_result *result = bench->result;
	int64_t latency_us = bench->now_us - slot->due_us;
	int64_t when_us = bench->config->rate == 0 ? bench->now_us : slot->due_us;
	bench->received++;
	bench->timeline.answers++;
	if (latency_us > bench->timeline.worst_us)
		bench->timeline.worst_us = latency_us;
	if (when_us < bench->measure_us || when_us >= bench->end_us)
		return;
	result->answers++;
	if (bench->now_us - bench->measure_us > result->took_us)
		result->took_us = bench->now_us - bench->measure_us;
	if (!is_success)
		return;
	result->succeeded++;
	chg_histogram_add(&result->latency, latency_us);
}

static void remember(struct link *link, const struct slot *slot)
{
	if (!slot->asked.patch.is_repeated)
		link->remembered[link->remembered_count++ % REMEMBERED] = slot->asked;
}

static enum chg_verdict judge(struct bench *bench, const struct link *link, const struct slot *slot,
	struct chg_view answer)
{
	char session_id[CHG_TEMPLATE_MAX];
	const struct chg_template *template = template_of(link, &slot->asked);
	const struct chg_step_row *row = &chg_step_rows[slot->asked.step];
	chg_template_session_id(template, &slot->asked.patch, session_id);
	struct chg_expected expected = { .session_id = { session_id, template->session_id_len },
		.end_to_end = slot->asked.patch.end_to_end,
		.is_credit = row->is_credit,
		.type = row->type,
		.number = row->number };
	if (row->is_credit && !bench->config->expects_no_services)
		expected.services = row->type == CHG_CC_EVENT ? 1 : bench->config->services;
	uint32_t code = 0;
	const char *why = NULL;
	enum chg_verdict verdict = chg_verdict_of(answer, &expected, &code, &why);
	if (verdict == CHG_VERDICT_WRONG)
		count_wrong(bench, why);
	else if (verdict == CHG_VERDICT_REFUSED)
		count_code(bench->result, code);
	return verdict;
}

static void take_answer(struct bench *bench, struct link *link, struct chg_view answer)
{
	const uint8_t *at = (const uint8_t *)answer.ptr;
	uint32_t id =
		(uint32_t)at[12] << 24 | (uint32_t)at[13] << 16 | (uint32_t)at[14] << 8 | at[15];
	uint32_t place = id & ((1u << SLOT_BITS) - 1);
	struct slot *slot = place < bench->config->window ? &link->slot[place] : NULL;
	if (slot == NULL || !slot->is_under_way || slot->asked.patch.hop_by_hop != id) {
		count_wrong(bench, "its Hop-by-Hop Identifier is that of no request under way");
		return;
	}
	bool is_success = judge(bench, link, slot, answer) == CHG_VERDICT_SUCCESS;
	count_answer(bench, slot, is_success);
	slot->is_under_way = false;
	bench->under_way--;
	if (is_success)
		remember(link, slot);
	else if (!slot->asked.patch.is_repeated)
		slot->has_next = false; /* a session that was refused is not gone on with */
	put_idle(bench, link, slot);
}

static bool complain(struct bench *bench, const struct link *link, enum chg_rc rc)
{
	const char *what = "the connection is gone";
	if (chg_peer_was_sent_away(link->peer))
		what = "the node disconnected it";
	else if (rc == CHG_E_SYNTAX)
		what = "what came is no message";
	else if (rc == CHG_E_NO_MEMORY)
		what = "the node takes nothing any more";
	snprintf(bench->why, bench->why_size, "%s: %s, %llu answers after the start", link->host,
		what, (unsigned long long)bench->received);
	return false;
}

/* Asks epoll for room in the socket as long as something waits for it. */
static bool watch(struct bench *bench, struct link *link, int operation)
{
	bool wants = chg_peer_wants_write(link->peer);
	if (operation == EPOLL_CTL_MOD && wants == link->awaits_room)
		return true;
	struct epoll_event event = { .events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.u32 = (uint32_t)(link - bench->link) };
	link->awaits_room = wants;
	return epoll_ctl(bench->epoll, operation, chg_peer_fd(link->peer), &event) == 0;
}

static bool send_due(struct bench *bench, struct link *link)
{
	enum chg_rc rc = pump(bench, link);
	if (rc != CHG_OK)
		return complain(bench, link, rc);
	return watch(bench, link, EPOLL_CTL_MOD);
}

static bool serve(struct bench *bench, struct link *link)
{
	struct chg_view answer;
	enum chg_rc rc = chg_peer_read(link->peer);
	bench->now_us = now_us();
	while (chg_peer_next(link->peer, &answer))
		take_answer(bench, link, answer);
	if (rc != CHG_OK || chg_peer_was_sent_away(link->peer))
		return complain(bench, link, rc);
	return send_due(bench, link);
}

/* ---- The loop ---------------------------------------------------------------------------------- */

/* How long nothing has to be done unless something comes. */
static int64_t idle_us(const struct bench *bench)
{
	int64_t until_us = bench->now_us + TURN_US;
	for (uint32_t i = 0; bench->config->rate != 0 && i < bench->config->peers; i++) {
		const struct link *link = &bench->link[i];
		int64_t due_us = chg_arrival_due_us(&link->arrival);
		if (link->idle_count > 0 && due_us < until_us && due_us < bench->end_us)
			until_us = due_us;
	}
	if (!is_over(bench) && bench->end_us < until_us)
		until_us = bench->end_us;
	return until_us > bench->now_us ? until_us - bench->now_us : 0;
}

/* Told to end: the measured time is what it was until now. */
static void end_early(struct bench *bench)
{
	const volatile sig_atomic_t *must_end = bench->config->must_end;
	if (must_end == NULL || *must_end == 0 || is_over(bench) ||
		bench->now_us <= bench->measure_us)
		return;
	bench->end_us = bench->now_us;
}

static bool turn(struct bench *bench)
{
	struct epoll_event ready[CHG_BENCH_PEER_MAX];
	int64_t us = idle_us(bench);
	struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
	int count = epoll_pwait2(bench->epoll, ready, CHG_BENCH_PEER_MAX, &time, NULL);
	if (count < 0 && errno != EINTR) {
		snprintf(bench->why, bench->why_size, "cannot wait for answers: %s",
			strerrorname_np(errno));
		return false;
	}
	bench->now_us = now_us();
	end_early(bench);
	for (int i = 0; i < count; i++)
		if (!serve(bench, &bench->link[ready[i].data.u32]))
			return false;
	bool is_timed = bench->config->rate != 0 || is_over(bench);
	for (uint32_t i = 0; is_timed && i < bench->config->peers; i++)
		if (!send_due(bench, &bench->link[i]))
			return false;
	return true;
}

static bool is_done(const struct bench *bench)
{
	if (!is_over(bench) || bench->under_way != 0)
		return false;
	for (uint32_t i = 0; i < bench->config->peers; i++) {
		const struct link *link = &bench->link[i];
		if (bench->config->rate != 0 && is_due(bench, link))
			return false;
		for (uint32_t at = 0; at < bench->config->window; at++)
			if (link->slot[at].has_next)
				return false;
	}
	return true;
}

static void show_progress(struct bench *bench)
{
	if (!bench->config->shows_progress || bench->now_us < bench->progress.next_us)
		return;
	fprintf(stderr, "\r%lld s, %llu answers in the last second, %llu failed, %llu wrong ",
		(long long)(bench->now_us - bench->start_us) / 1000000,
		(unsigned long long)(bench->received - bench->progress.received),
		(unsigned long long)bench->result->failed,
		(unsigned long long)bench->result->wrong);
	bench->progress.received = bench->received;
	bench->progress.next_us += PROGRESS_US;
}

/* What this process costs is measured from the first turn after the warm-up to the end. */
struct cost {
	int64_t from_ns;
	uint64_t from_received;
	bool is_begun;
	bool is_taken;
};

static void measure_cost(struct bench *bench, struct cost *cost)
{
	if (!cost->is_begun && bench->now_us >= bench->measure_us) {
		cost->is_begun = true;
		cost->from_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		cost->from_received = bench->received;
	}
	if (cost->is_begun && !cost->is_taken && is_over(bench)) {
		cost->is_taken = true;
		bench->result->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cost->from_ns;
		bench->result->cpu_answers = bench->received - cost->from_received;
	}
}

static bool loop(struct bench *bench)
{
	struct cost cost = { 0 };
	bool is_fine = true;
	for (uint32_t i = 0; is_fine && i < bench->config->peers; i++)
		is_fine = send_due(bench, &bench->link[i]);
	while (is_fine && !is_done(bench) && bench->now_us < bench->end_us + GRACE_US) {
		is_fine = turn(bench);
		bench->event_time = chg_time_from_instant(
			(chg_instant){ (int64_t)bench->last.run * CHG_US_PER_S + bench->now_us -
				       bench->start_us });
		write_timeline(bench, bench->now_us);
		show_progress(bench);
		measure_cost(bench, &cost);
	}
	write_timeline(bench, bench->timeline.until_us);
	if (bench->config->shows_progress)
		fputc('\n', stderr);
	return is_fine;
}

/* What was due and never sent was not answered either. */
static void count_unanswered(struct bench *bench)
{
	bench->result->unanswered = bench->under_way;
	for (uint32_t i = 0; bench->config->rate != 0 && i < bench->config->peers; i++)
		while (chg_arrival_due_us(&bench->link[i].arrival) < bench->end_us) {
			bench->result->unanswered++;
			chg_arrival_take(&bench->link[i].arrival);
		}
}

/* ---- Before and after -------------------------------------------------------------------------- */

static bool is_of(enum chg_step step, enum chg_bench_kind kind)
{
	return step >= kinds[kind].first && step < kinds[kind].first + kinds[kind].steps;
}

static bool uses_step(const struct chg_bench_config *config, enum chg_step step)
{
	for (int kind = 0; kind < CHG_BENCH_MIX; kind++)
		if (config->kind == CHG_BENCH_MIX && is_of(step, (enum chg_bench_kind)kind))
			return true;
	return config->kind != CHG_BENCH_MIX && is_of(step, config->kind);
}

static bool make_template(
	struct bench *bench, struct link *link, enum chg_step step, uint32_t digits)
{
	const struct chg_bench_config *config = bench->config;
	char user[64];
	snprintf(user, sizeof user, "sip:user%0*u@example.net", (int)digits, 0u);
	struct chg_template_wish wish = { .step = step,
		.host = link->host,
		.realm = config->realm,
		.destination_realm = config->destination_realm,
		.subscriber = user,
		.caller = user,
		.account_at = strlen("sip:user"),
		.account_digits = digits,
		.services = config->services,
		.is_base_only = config->is_base_only };
	if (chg_template_make(&wish, &link->template[step * ACCOUNT_DIGITS + digits - 1]) == CHG_OK)
		return true;
	snprintf(bench->why, bench->why_size, "the names of peer and realms are too long");
	return false;
}

static bool make_templates(struct bench *bench, struct link *link)
{
	uint32_t most = 1;
	for (uint32_t rest = bench->config->accounts; rest > 9; rest /= 10)
		most++;
	for (int step = 0; step < CHG_STEP_COUNT; step++)
		for (uint32_t digits = 1; digits <= most; digits++)
			if (uses_step(bench->config, (enum chg_step)step) &&
				!make_template(bench, link, (enum chg_step)step, digits))
				return false;
	return true;
}

static bool prepare_link(struct bench *bench, uint32_t place)
{
	const struct chg_bench_config *config = bench->config;
	struct link *link = &bench->link[place];
	int len = snprintf(link->host, sizeof link->host, "%s%u.%s", config->host_prefix,
		(unsigned)place + 1, config->realm);
	link->slot = calloc(config->window, sizeof *link->slot);
	link->idle = calloc(config->window, sizeof *link->idle);
	link->template = calloc(CHG_STEP_COUNT * ACCOUNT_DIGITS, sizeof *link->template);
	if (link->slot == NULL || link->idle == NULL || link->template == NULL)
		return false;
	for (uint32_t i = 0; i < config->window; i++)
		put_idle(bench, link, &link->slot[i]);
	if (len < 0 || (size_t)len >= sizeof link->host) {
		snprintf(bench->why, bench->why_size, "the name of the peer is too long");
		return false;
	}
	return make_templates(bench, link);
}

static bool connect_link(struct bench *bench, struct link *link)
{
	struct chg_peer_config config = { .address = bench->config->connect,
		.origin_host = link->host,
		.origin_realm = bench->config->realm,
		.timeout_ms = CONNECT_MS,
		.patience_ms = CONNECT_MS };
	if (chg_peer_open(&config, &link->peer, bench->why, bench->why_size) == CHG_OK)
		return watch(bench, link, EPOLL_CTL_ADD);
	link->peer = NULL;
	return false;
}

/* The clock starts when all connections are there. */
static void start_clock(struct bench *bench)
{
	const struct chg_bench_config *config = bench->config;
	bench->now_us = bench->start_us = now_us();
	bench->measure_us = bench->start_us + (int64_t)config->warmup_s * 1000000;
	bench->end_us = bench->measure_us + (int64_t)config->seconds * 1000000;
	bench->timeline.until_us = bench->start_us + TIMELINE_US;
	bench->progress.next_us = bench->start_us + PROGRESS_US;
	bench->last = chg_run_begun((chg_instant){ clock_ns(CLOCK_REALTIME) / 1000 });
	bench->event_time =
		chg_time_from_instant((chg_instant){ (int64_t)bench->last.run * CHG_US_PER_S });
	for (uint32_t i = 0; config->rate != 0 && i < config->peers; i++)
		chg_arrival_init(&bench->link[i].arrival, config->arrivals, config->rate, i,
			config->peers, config->seed, bench->start_us);
}

/* There are servers that answer a CER before they know what to do with a request. */
static void settle(const struct chg_bench_config *config)
{
	struct timespec wait = { .tv_sec = config->settle_ms / 1000,
		.tv_nsec = (long)(config->settle_ms % 1000) * 1000000 };
	if (config->settle_ms > 0)
		(void)nanosleep(&wait, NULL);
}

static bool prepare(struct bench *bench)
{
	bool is_fine = bench->epoll >= 0;
	for (uint32_t i = 0; is_fine && i < bench->config->peers; i++)
		is_fine = prepare_link(bench, i);
	for (uint32_t i = 0; is_fine && i < bench->config->peers; i++)
		is_fine = connect_link(bench, &bench->link[i]);
	return is_fine;
}

/* A node that did not answer to the end would not answer a goodbye either. */
static void release(struct bench *bench, bool is_polite)
{
	for (uint32_t i = 0; i < bench->config->peers; i++) {
		chg_peer_close(bench->link[i].peer, is_polite);
		free(bench->link[i].template);
		free(bench->link[i].slot);
		free(bench->link[i].idle);
	}
	if (bench->epoll >= 0)
		close(bench->epoll);
	free(bench);
}

bool chg_bench_run(const struct chg_bench_config *config, struct chg_bench_result *ret,
	char *reterr_why, size_t why_size)
{
	struct bench *bench = calloc(1, sizeof *bench);
	memset(ret, 0, sizeof *ret);
	snprintf(reterr_why, why_size, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
	if (bench == NULL)
		return false;
	bench->config = config;
	bench->result = ret;
	bench->seed = config->seed;
	bench->why = reterr_why;
	bench->why_size = why_size;
	bench->epoll = epoll_create1(EPOLL_CLOEXEC);
	/* Or the kernel rounds every sleep up by 50 us, which would count as latency. */
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);

	bool is_fine = prepare(bench);
	if (is_fine) {
		settle(config);
		start_clock(bench);
		is_fine = loop(bench);
		count_unanswered(bench);
		int64_t measured_us = bench->end_us - bench->measure_us;
		if (config->rate == 0 || ret->took_us < measured_us)
			ret->took_us = measured_us;
	}
	release(bench, is_fine && ret->unanswered == 0);
	return is_fine;
}

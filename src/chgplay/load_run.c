/* SPDX-License-Identifier: BSD-3-Clause
 * One thread, one poll: every slot of every connection holds one request until it is answered.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chgplay/answer.h"
#include "chgplay/load.h"
#include "chgplay/peer.h"
#include "chgplay/template.h"
#include "wire/message.h"

enum {
	CONNECT_MS = 5000,
	RECONNECT_US = 200 * 1000,
	POSTPONE_US = 100 * 1000,
	TURN_MS = 50,
	END_US = 30 * 1000 * 1000, /* for the last answers, after the time is up */
};

static const enum chg_step first_steps[] = { [CHG_LOAD_EVENT] = CHG_STEP_EVENT,
	[CHG_LOAD_SESSION] = CHG_STEP_START,
	[CHG_LOAD_DEBIT] = CHG_STEP_DEBIT,
	[CHG_LOAD_CREDIT_SESSION] = CHG_STEP_INITIAL };

struct slot {
	bool is_used;
	bool is_under_way;
	bool is_repeated;
	uint32_t run;
	uint32_t serial;
	enum chg_step step;
	uint32_t id; /* Hop-by-Hop */
	uint32_t end_to_end;
	int64_t first_us; /* first sent: what latency counts from */
	int64_t sent_us;
	int64_t not_before_us;
};

struct link {
	char host[256];
	struct chg_peer *peer;
	int64_t retry_us;
	struct chg_template template[CHG_STEP_COUNT];
	struct slot *slot;
	bool is_dry; /* nothing more for this connection in the file to be resent */
};

struct load {
	const struct chg_load_config *config;
	struct chg_load_result *result;
	struct link link[CHG_LOAD_PEER_MAX];
	struct resend_line *resend[CHG_LOAD_PEER_MAX];
	size_t resend_count[CHG_LOAD_PEER_MAX];
	size_t resend_at[CHG_LOAD_PEER_MAX];
	struct chg_run last; /* how far this run is */
	uint32_t next_id;
	uint64_t begun; /* requests given to slots */
	int64_t start_us;
	int64_t now_us;
	int64_t connected_us; /* when there was a connection last */
	bool is_ending;
	char *why;
	size_t why_size;
};

struct resend_line {
	uint32_t run;
	uint32_t serial;
	enum chg_step step;
};

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct chg_run begin_run(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return chg_run_begun((chg_instant){ now.tv_sec * CHG_US_PER_S + now.tv_nsec / 1000 });
}

static bool make_template(struct load *load, struct link *link, enum chg_step step)
{
	struct chg_template_wish wish = { .step = step,
		.host = link->host,
		.realm = load->config->realm,
		.destination_realm = load->config->destination_realm,
		.subscriber = load->config->subscriber,
		.caller = "sip:alice@example.net",
		.services = 2 };
	return chg_template_make(&wish, &link->template[step]) == CHG_OK;
}

/* The event time follows from the run, so that a repetition years later has the same content. */
static enum chg_rc send_slot(struct load *load, struct link *link, struct slot *slot)
{
	const struct chg_template *template = &link->template[slot->step];
	chg_instant at = { (int64_t)slot->run * CHG_US_PER_S };
	uint8_t *bytes = chg_peer_reserve(link->peer, template->len);
	if (bytes == NULL)
		return CHG_E_NO_MEMORY;
	slot->id = load->next_id++ << 12 | (uint32_t)(slot - link->slot);
	if (!slot->is_repeated)
		slot->end_to_end = load->last.end_to_end++;
	struct chg_patch patch = { .run = slot->run,
		.serial = slot->serial,
		.time = chg_time_from_instant(at),
		.hop_by_hop = slot->id,
		.end_to_end = slot->end_to_end,
		.is_repeated = slot->is_repeated };
	chg_template_write(template, &patch, bytes);
	slot->is_under_way = true;
	slot->sent_us = load->now_us;
	load->result->sent++;
	load->result->repeated += slot->is_repeated;
	return CHG_OK;
}

static bool wants_more(const struct load *load)
{
	const struct chg_load_config *config = load->config;
	if (load->is_ending)
		return false;
	if (config->count != 0)
		return load->begun < config->count;
	return true;
}

static bool take_resend(struct load *load, size_t place, struct slot *slot)
{
	if (load->resend_at[place] == load->resend_count[place])
		return false;
	const struct resend_line *line = &load->resend[place][load->resend_at[place]++];
	slot->run = line->run;
	slot->serial = line->serial;
	slot->step = line->step;
	slot->is_repeated = true;
	slot->end_to_end = load->last.end_to_end++;
	return true;
}

/* Gives the slot its next request; false when there is none. */
static bool fill(struct load *load, struct link *link, struct slot *slot)
{
	bool goes_on = slot->is_used && load->config->resend == NULL &&
		       chg_step_rows[slot->step].next != CHG_STEP_COUNT;
	if (!goes_on && !wants_more(load))
		return false;
	slot->is_repeated = false;
	if (load->config->resend != NULL) {
		if (!take_resend(load, (size_t)(link - load->link), slot))
			return false;
	} else if (goes_on) {
		slot->step = chg_step_rows[slot->step].next;
	} else {
		slot->run = load->last.run;
		slot->serial = ++load->last.serial;
		slot->step = first_steps[load->config->kind];
	}
	slot->is_used = true;
	slot->first_us = load->now_us;
	slot->not_before_us = 0;
	load->begun++;
	return true;
}

static bool is_overdue(const struct load *load, const struct slot *slot)
{
	return slot->is_under_way &&
	       load->now_us - slot->sent_us > (int64_t)load->config->retry_s * 1000000;
}

/* Sends what is due on one connection. */
static enum chg_rc pump(struct load *load, struct link *link)
{
	enum chg_rc rc = CHG_OK;
	for (uint32_t i = 0; rc == CHG_OK && i < load->config->window; i++) {
		struct slot *slot = &link->slot[i];
		if (slot->is_under_way && !is_overdue(load, slot))
			continue;
		if (slot->is_under_way)
			slot->is_repeated = true;
		else if (!slot->is_used && !fill(load, link, slot))
			continue;
		if (slot->not_before_us <= load->now_us)
			rc = send_slot(load, link, slot);
	}
	return rc == CHG_OK ? chg_peer_flush(link->peer) : rc;
}

struct told {
	struct chg_view session_id;
	uint32_t result_code;  /* of the command; of a service that failed, if that is success */
	uint32_t service_code; /* 0: none failed */
	uint32_t type;
	uint32_t number;
	bool has_cost;
	chg_money cost;
};

static void read_service_result(const struct chg_raw_avp *mscc, struct told *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_group(mscc->data);
	struct chg_raw_avp avp;
	uint32_t code;
	while (chg_avp_next(&walk, &avp))
		if (avp.is_known && avp.id == CHG_AVP_RESULT_CODE && chg_avp_u32(&avp, &code) &&
			code != 2001)
			ret->service_code = code;
}

static void read_cost(const struct chg_raw_avp *cost, struct told *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_group(cost->data);
	struct chg_raw_avp avp;
	uint64_t digits = 0;
	int32_t exponent = 0;
	while (chg_avp_next(&walk, &avp)) {
		struct chg_avp_walk value = chg_avp_walk_group(avp.data);
		struct chg_raw_avp part;
		if (!avp.is_known || avp.id != CHG_AVP_UNIT_VALUE)
			continue;
		while (chg_avp_next(&value, &part)) {
			if (part.is_known && part.id == CHG_AVP_VALUE_DIGITS)
				chg_avp_u64(&part, &digits);
			else if (part.is_known && part.id == CHG_AVP_EXPONENT)
				chg_avp_i32(&part, &exponent);
		}
	}
	ret->has_cost = chg_money_from_decimal((int64_t)digits, exponent, &ret->cost) == CHG_OK;
}

static void read_told(const struct chg_raw_avp *avp, struct told *ret)
{
	switch (avp->id) {
	case CHG_AVP_SESSION_ID:
		ret->session_id = avp->data;
		break;
	case CHG_AVP_RESULT_CODE:
		chg_avp_u32(avp, &ret->result_code);
		break;
	case CHG_AVP_ACCOUNTING_RECORD_TYPE:
	case CHG_AVP_CC_REQUEST_TYPE:
		chg_avp_u32(avp, &ret->type);
		break;
	case CHG_AVP_ACCOUNTING_RECORD_NUMBER:
	case CHG_AVP_CC_REQUEST_NUMBER:
		chg_avp_u32(avp, &ret->number);
		break;
	case CHG_AVP_MULTIPLE_SERVICES_CREDIT_CONTROL:
		read_service_result(avp, ret);
		break;
	case CHG_AVP_COST_INFORMATION:
		read_cost(avp, ret);
		break;
	default:
		break;
	}
}

static void read_answer(struct chg_view message, struct told *ret)
{
	struct chg_avp_walk walk = chg_avp_walk_message(message);
	struct chg_raw_avp avp;
	memset(ret, 0, sizeof *ret);
	while (chg_avp_next(&walk, &avp))
		if (avp.is_known)
			read_told(&avp, ret);
	if (ret->result_code == 2001 && ret->service_code != 0)
		ret->result_code = ret->service_code;
}

static void session_id_of(const struct link *link, const struct slot *slot, char *ret, size_t size)
{
	snprintf(ret, size, "%s;%0*u;%0*u;load", link->host, CHG_TEMPLATE_DIGITS,
		(unsigned)slot->run, CHG_TEMPLATE_DIGITS, (unsigned)slot->serial);
}

static void write_journal(const struct load *load, const char *session_id,
	const struct chg_step_row *step, const struct told *told)
{
	char cost[CHG_MONEY_TEXT_MAX] = "";
	if (load->config->journal == NULL)
		return;
	if (told->has_cost)
		chg_money_write(told->cost, cost);
	fprintf(load->config->journal, "%s %s %u%s%s\n", session_id, step->name,
		(unsigned)step->number, told->has_cost ? " " : "", cost);
}

/* What the answer says of the request; counts it, and frees the slot unless it has to wait. */
static void judge(struct load *load, struct link *link, struct slot *slot,
	const struct chg_header *header, const struct told *told)
{
	char session_id[400];
	struct chg_load_result *result = load->result;
	const struct chg_step_row *step = &chg_step_rows[slot->step];
	session_id_of(link, slot, session_id, sizeof session_id);
	slot->is_under_way = false;
	bool is_error = (header->flags & CHG_COMMAND_FLAG_ERROR) != 0;
	bool is_ours = header->command == (step->is_credit ? 272u : 271u) &&
		       header->application == (step->is_credit ? 4u : 3u) &&
		       header->end_to_end == slot->end_to_end &&
		       chg_view_equal(told->session_id, chg_view_of(session_id)) &&
		       (is_error || (told->type == step->type && told->number == step->number));
	if (!is_ours)
		result->wrong++;
	if (told->result_code == 3004 || told->result_code == 4002) {
		/* The client keeps its record and tries again; not a T: the node kept nothing. */
		result->postponed++;
		slot->is_repeated = false;
		slot->not_before_us = load->now_us + POSTPONE_US;
		return;
	}
	if (told->result_code == 2001 && is_ours) {
		result->succeeded++;
		chg_histogram_add(&result->latency, load->now_us - slot->first_us);
		write_journal(load, session_id, step, told);
	} else {
		result->failed++;
	}
	if (!fill(load, link, slot))
		slot->is_used = false;
}

static void take_answers(struct load *load, struct link *link)
{
	struct chg_view message;
	while (chg_peer_next(link->peer, &message)) {
		struct chg_header header;
		struct told told;
		if (chg_header_read(message, &header) != CHG_OK)
			continue;
		uint32_t at = header.hop_by_hop & 0xfff;
		if (at >= load->config->window || !link->slot[at].is_under_way ||
			link->slot[at].id != header.hop_by_hop)
			continue; /* of a repetition that was answered twice */
		read_answer(message, &told);
		judge(load, link, &link->slot[at], &header, &told);
	}
}

/* What was under way may have been stored: it goes again with the T bit. */
static void lose(struct load *load, struct link *link)
{
	chg_peer_close(link->peer, false);
	link->peer = NULL;
	link->retry_us = load->now_us + RECONNECT_US;
	for (uint32_t i = 0; i < load->config->window; i++)
		if (link->slot[i].is_under_way) {
			link->slot[i].is_under_way = false;
			link->slot[i].is_repeated = true;
		}
}

static bool connect_link(struct load *load, struct link *link, bool is_first)
{
	struct chg_peer_config config = { .address = load->config->connect,
		.origin_host = link->host,
		.origin_realm = load->config->realm,
		.timeout_ms = CONNECT_MS,
		.patience_ms = is_first ? CONNECT_MS : 0 };
	if (chg_peer_open(&config, &link->peer, load->why, load->why_size) == CHG_OK)
		return true;
	link->peer = NULL;
	link->retry_us = now_us() + RECONNECT_US;
	return false;
}

static void serve(struct load *load, struct link *link)
{
	enum chg_rc rc = chg_peer_read(link->peer);
	load->now_us = now_us();
	take_answers(load, link);
	if (rc == CHG_OK)
		rc = pump(load, link);
	if (rc != CHG_OK || chg_peer_was_sent_away(link->peer))
		lose(load, link);
}

static void reconnect(struct load *load)
{
	for (uint32_t i = 0; i < load->config->peers; i++) {
		struct link *link = &load->link[i];
		if (link->peer != NULL || link->retry_us > load->now_us ||

			!connect_link(load, link, false))
			continue;
		load->result->reconnected++;
		load->now_us = now_us();
		if (pump(load, link) != CHG_OK)
			lose(load, link);
	}
}

static bool is_done(const struct load *load)
{
	for (uint32_t i = 0; i < load->config->peers; i++) {
		const struct link *link = &load->link[i];
		for (uint32_t at = 0; at < load->config->window; at++)
			if (link->slot[at].is_used)
				return false;
		if (load->resend_at[i] < load->resend_count[i])
			return false;
	}
	return !wants_more(load) || load->config->resend != NULL;
}

static void turn(struct load *load)
{
	struct pollfd ready[CHG_LOAD_PEER_MAX];
	struct link *who[CHG_LOAD_PEER_MAX];
	nfds_t count = 0;
	for (uint32_t i = 0; i < load->config->peers; i++) {
		struct link *link = &load->link[i];
		if (link->peer == NULL)
			continue;
		short events = chg_peer_wants_write(link->peer) ? POLLIN | POLLOUT : POLLIN;
		ready[count] = (struct pollfd){ .fd = chg_peer_fd(link->peer), .events = events };
		who[count++] = link;
	}
	int found = poll(ready, count, TURN_MS);
	load->now_us = now_us();
	if (count != 0)
		load->connected_us = load->now_us;
	for (nfds_t i = 0; i < count; i++)
		if (found > 0 && ready[i].revents != 0)
			serve(load, who[i]);
		else if (pump(load, who[i]) != CHG_OK)
			lose(load, who[i]);
	reconnect(load);
	if (load->config->journal != NULL)
		fflush(load->config->journal);
}

static void count_unanswered(struct load *load)
{
	for (uint32_t i = 0; i < load->config->peers; i++)
		for (uint32_t at = 0; at < load->config->window; at++)
			load->result->unanswered += load->link[i].slot[at].is_used;
}

/* False: there was no connection for too long. */
static bool loop(struct load *load)
{
	const struct chg_load_config *config = load->config;
	load->connected_us = load->now_us = now_us();
	load->start_us = load->now_us;
	int64_t end_us = INT64_MAX;
	while (!is_done(load) && load->now_us < end_us) {
		turn(load);
		if (load->now_us - load->connected_us > (int64_t)config->give_up_s * 1000000)
			return false;
		bool is_over = config->seconds != 0 &&
			       load->now_us - load->start_us > (int64_t)config->seconds * 1000000;
		if (is_over && !load->is_ending) {
			load->is_ending = true;
			end_us = load->now_us + END_US;
		}
	}
	return true;
}

/* Lines to be sent again. */

static bool find_step(const char *name, uint32_t number, enum chg_step *ret)
{
	for (int i = 0; i < CHG_STEP_COUNT; i++)
		if (strcmp(name, chg_step_rows[i].name) == 0 && chg_step_rows[i].number == number) {
			*ret = (enum chg_step)i;
			return true;
		}
	return false;
}

static bool read_line(const char *line, char host[256], struct resend_line *ret)
{
	char name[16];
	unsigned run;
	unsigned serial;
	unsigned number;
	if (sscanf(line, "%255[^;];%10u;%10u;load %15s %10u", host, &run, &serial, name, &number) !=
		5)
		return false;
	ret->run = run;
	ret->serial = serial;
	return find_step(name, number, &ret->step);
}

static bool add_line(struct load *load, size_t place, const struct resend_line *line)
{
	size_t count = load->resend_count[place];
	if (count == 0 || (count & (count - 1)) == 0) {
		size_t wanted = count == 0 ? 1 : count * 2;
		void *grown = realloc(load->resend[place], wanted * sizeof *line);
		if (grown == NULL)
			return false;
		load->resend[place] = grown;
	}
	load->resend[place][load->resend_count[place]++] = *line;
	return true;
}

static bool read_resend(struct load *load)
{
	char text[512];
	char host[256];
	struct resend_line line;
	while (load->config->resend != NULL && fgets(text, sizeof text, load->config->resend)) {
		size_t place = load->config->peers;
		if (read_line(text, host, &line))
			for (place = 0; place < load->config->peers; place++)
				if (strcmp(load->link[place].host, host) == 0)
					break;
		if (place == load->config->peers) {
			snprintf(load->why, load->why_size,
				"a line of the file to be resent is of no peer of this run: %.60s",
				text);
			return false;
		}
		if (!add_line(load, place, &line))
			return false;
	}
	return true;
}

static bool prepare(struct load *load)
{
	const struct chg_load_config *config = load->config;
	for (uint32_t i = 0; i < config->peers; i++) {
		struct link *link = &load->link[i];
		snprintf(link->host, sizeof link->host, "%s%u.%s", config->host_prefix,
			(unsigned)i + 1, config->realm);
		link->slot = calloc(config->window, sizeof *link->slot);
		if (link->slot == NULL)
			return false;
		for (int step = 0; step < CHG_STEP_COUNT; step++)
			if (!make_template(load, link, (enum chg_step)step)) {
				snprintf(load->why, load->why_size, "the names are too long");
				return false;
			}
	}
	return read_resend(load);
}

static void release(struct load *load)
{
	for (uint32_t i = 0; i < load->config->peers; i++) {
		chg_peer_close(load->link[i].peer, true);
		free(load->link[i].slot);
		free(load->resend[i]);
	}
	free(load);
}

bool chg_load_run(const struct chg_load_config *config, struct chg_load_result *ret,
	char *reterr_why, size_t why_size)
{
	struct load *load = calloc(1, sizeof *load);
	memset(ret, 0, sizeof *ret);
	snprintf(reterr_why, why_size, "%s", chg_rc_sentence(CHG_E_NO_MEMORY));
	if (load == NULL)
		return false;
	load->config = config;
	load->result = ret;
	load->last = begin_run();
	load->why = reterr_why;
	load->why_size = why_size;

	/* The first connections must come: a wrong address is told at once. */
	bool is_fine = prepare(load);
	for (uint32_t i = 0; is_fine && i < config->peers; i++)
		is_fine = connect_link(load, &load->link[i], true);
	if (is_fine) {
		is_fine = loop(load);
		ret->took_us = now_us() - load->start_us;
		count_unanswered(load);
	}
	release(load);
	return is_fine;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Sessions that a request was of lately.
 *
 * A session's requests come one after the other, and each would read what the one before has
 * written.  A reader beside the node keeps nothing, since he does not hear of changes.
 */
#include "store/sqlite/sqlite_recent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Behind it: the Session-Id, who is named, the session's head, and each service as far as it reaches. */
struct chg_recent {
	size_t octets; /* of all of it */
	uint32_t generation, record_turn, session_turn;
	bool is_online;
	int64_t host_id;
	chg_opt_u64 sub_session_id;
	size_t session_id_len, named_len;
	bool has_session;
	int64_t cc_session_id;
	chg_instant session_look_at;
	struct chg_brief brief;
	char bytes[];
};

/* ---- Who is named ---- */

enum {
	NAMED_HEAD = sizeof(uint8_t) + sizeof(uint16_t), /* role and length of a party */
};

static bool has_one(const struct chg_named *named, struct chg_view text, uint8_t role)
{
	const char *at = named->bytes, *end = named->bytes + named->len;
	while (at < end) {
		uint16_t len;
		memcpy(&len, at + 1, sizeof len);
		if (len == text.len && (uint8_t)*at == role &&
			memcmp(at + NAMED_HEAD, text.ptr, len) == 0)
			return true;
		at += NAMED_HEAD + len;
	}
	return false;
}

bool chg_named_has_all(const struct chg_named *named, const struct chg_acr *acr)
{
	for (size_t i = 0; i < acr->party_count; i++)
		if (acr->party[i].text.len > 0 &&
			!has_one(named, acr->party[i].text, (uint8_t)acr->party[i].role))
			return false;
	for (size_t i = 0; i < acr->participant_count; i++)
		if (acr->participant[i].len > 0 &&
			!has_one(named, acr->participant[i], CHG_ROLE_PARTICIPANT))
			return false;
	return true;
}

static bool take_one(struct chg_named *named, struct chg_view text, uint8_t role)
{
	if (text.len > sizeof named->bytes - NAMED_HEAD ||
		named->len > sizeof named->bytes - NAMED_HEAD - text.len)
		return false;
	char *at = named->bytes + named->len;
	uint16_t len = (uint16_t)text.len;
	*at = (char)role;
	memcpy(at + 1, &len, sizeof len);
	if (len > 0)
		memcpy(at + NAMED_HEAD, text.ptr, len);
	named->len += NAMED_HEAD + text.len;
	return true;
}

void chg_named_take(struct chg_named *named, const struct chg_acr *acr)
{
	bool is_whole = true;
	named->len = 0;
	for (size_t i = 0; i < acr->party_count && is_whole; i++)
		is_whole = take_one(named, acr->party[i].text, (uint8_t)acr->party[i].role);
	for (size_t i = 0; i < acr->participant_count && is_whole; i++)
		is_whole = take_one(named, acr->participant[i], CHG_ROLE_PARTICIPANT);
	if (!is_whole)
		named->len = 0;
}

/* ---- The key ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t mix_text(uint64_t hash, struct chg_view text)
{
	uint64_t word;
	size_t at = 0;
	for (; text.len - at >= sizeof word; at += sizeof word) {
		memcpy(&word, text.ptr + at, sizeof word);
		hash = mix(hash, word);
	}
	word = text.len;
	for (; at < text.len; at++)
		word = word << 8 | (unsigned char)text.ptr[at];
	return mix(hash, word);
}

struct chg_recent_key chg_recent_key_of(const struct chg_acr *acr, int64_t host_id, bool is_online)
{
	uint64_t sub = acr->sub_session_id.is_present ? acr->sub_session_id.value + 1 : 0;
	uint64_t hash = mix(mix((uint64_t)host_id << 1 | is_online, sub), UINT64_C(1));
	return (struct chg_recent_key){
		.hash = mix_text(hash, acr->session_id),
		.is_online = is_online,
		.host_id = host_id,
		.sub_session_id = acr->sub_session_id,
		.session_id = acr->session_id,
	};
}

static bool is_of(const struct chg_recent *recent, const struct chg_recent_key *key)
{
	chg_opt_u64 a = recent->sub_session_id, b = key->sub_session_id;
	return recent->is_online == key->is_online && recent->host_id == key->host_id &&
	       a.is_present == b.is_present && (!a.is_present || a.value == b.value) &&
	       recent->session_id_len == key->session_id.len &&
	       memcmp(recent->bytes, key->session_id.ptr, key->session_id.len) == 0;
}

/* ---- The table ---- */

bool chg_recents_open(struct chg_recents *recents, size_t slot_count)
{
	*recents = (struct chg_recents){ .slot_count = slot_count };
	recents->slot = calloc(slot_count, sizeof *recents->slot);
	return recents->slot != NULL;
}

static void drop(struct chg_recents *recents, struct chg_recent_slot *slot)
{
	if (slot->recent == NULL)
		return;
	recents->octets -= slot->recent->octets;
	free(slot->recent);
	slot->recent = NULL;
}

void chg_recents_close(struct chg_recents *recents)
{
	for (size_t i = 0; recents->slot != NULL && i < recents->slot_count; i++)
		drop(recents, &recents->slot[i]);
	free(recents->slot);
	*recents = (struct chg_recents){ 0 };
}

void chg_recents_clear(struct chg_recents *recents)
{
	recents->generation++;
}

static uint32_t *turn_of(uint32_t wheel[static CHG_RECENT_TURNS], int64_t id)
{
	return &wheel[(uint64_t)id % CHG_RECENT_TURNS];
}

void chg_recents_forget_record(struct chg_recents *recents, int64_t cdr_id)
{
	++*turn_of(recents->record_turn, cdr_id);
}

void chg_recents_forget_session(struct chg_recents *recents, int64_t cc_session_id)
{
	++*turn_of(recents->session_turn, cc_session_id);
}

/* Whether nobody has changed what it says since. */
static bool is_good(const struct chg_recents *recents, const struct chg_recent *recent)
{
	uint64_t record = (uint64_t)recent->brief.state.cdr_id % CHG_RECENT_TURNS;
	uint64_t session = (uint64_t)recent->cc_session_id % CHG_RECENT_TURNS;
	return recent->generation == recents->generation &&
	       recent->record_turn == recents->record_turn[record] &&
	       (!recent->has_session || recent->session_turn == recents->session_turn[session]);
}

/* The slots that a key may stand in. */
static struct chg_recent_slot *set_of(
	const struct chg_recents *recents, const struct chg_recent_key *key, size_t *ret_count)
{
	size_t ways = recents->slot_count < CHG_RECENT_WAYS ? recents->slot_count : CHG_RECENT_WAYS;
	*ret_count = ways;
	return ways == 0 ? NULL : &recents->slot[key->hash % (recents->slot_count / ways) * ways];
}

static uint32_t tag_of(const struct chg_recent_key *key)
{
	return (uint32_t)(key->hash >> 32);
}

static struct chg_recent_slot *slot_of(
	const struct chg_recents *recents, const struct chg_recent_key *key)
{
	size_t ways;
	struct chg_recent_slot *set = set_of(recents, key, &ways);
	for (size_t i = 0; i < ways; i++)
		if (set[i].recent != NULL && set[i].tag == tag_of(key) && is_of(set[i].recent, key))
			return &set[i];
	return NULL;
}

void chg_recents_forget(struct chg_recents *recents, const struct chg_recent_key *key)
{
	struct chg_recent_slot *slot = slot_of(recents, key);
	if (slot != NULL)
		drop(recents, slot);
}

const struct chg_recent *chg_recents_find(
	const struct chg_recents *recents, const struct chg_recent_key *key)
{
	const struct chg_recent_slot *slot = slot_of(recents, key);
	return slot != NULL && is_good(recents, slot->recent) ? slot->recent : NULL;
}

/* ---- Taking out ---- */

const struct chg_brief *chg_recent_record(const struct chg_recent *recent)
{
	return &recent->brief;
}

void chg_recent_named(const struct chg_recent *recent, struct chg_named *ret)
{
	ret->len = recent->named_len;
	memcpy(ret->bytes, recent->bytes + recent->session_id_len, recent->named_len);
}

enum {
	SESSION_HEAD = offsetof(struct chg_cc_session, service),
	SERVICE_HEAD = offsetof(struct chg_cc_service, hold),
};

static const char *take_service(const char *from, struct chg_cc_service *ret)
{
	memcpy(ret, from, SERVICE_HEAD);
	from += SERVICE_HEAD;
	memcpy(ret->hold, from, ret->hold_count * sizeof ret->hold[0]);
	from += ret->hold_count * sizeof ret->hold[0];
	ret->is_closed = *from != 0;
	return from + 1;
}

bool chg_recent_session(
	const struct chg_recent *recent, struct chg_cc_session *ret, chg_instant *ret_look_at)
{
	if (!recent->has_session)
		return false;
	const char *from = recent->bytes + recent->session_id_len + recent->named_len;
	memcpy(ret, from, SESSION_HEAD);
	from += SESSION_HEAD;
	for (size_t i = 0; i < ret->service_count; i++)
		from = take_service(from, &ret->service[i]);
	*ret_look_at = recent->session_look_at;
	return true;
}

/* ---- Putting in ---- */

static size_t session_octets(const struct chg_cc_session *session)
{
	if (session == NULL)
		return 0;
	size_t octets = SESSION_HEAD;
	for (size_t i = 0; i < session->service_count; i++)
		octets += SERVICE_HEAD + 1 +
			  session->service[i].hold_count * sizeof session->service[i].hold[0];
	return octets;
}

static void put_session(char *to, const struct chg_cc_session *session)
{
	memcpy(to, session, SESSION_HEAD);
	to += SESSION_HEAD;
	for (size_t i = 0; i < session->service_count; i++) {
		const struct chg_cc_service *service = &session->service[i];
		size_t holds = service->hold_count * sizeof service->hold[0];
		memcpy(to, service, SERVICE_HEAD);
		memcpy(to + SERVICE_HEAD, service->hold, holds);
		to += SERVICE_HEAD + holds;
		*to++ = service->is_closed;
	}
}

/* How little a slot would be missed: an empty one, one that is out of date, a session that ended. */
static int spare_rank(const struct chg_recents *recents, const struct chg_recent_slot *slot)
{
	if (slot->recent == NULL)
		return 3;
	if (!is_good(recents, slot->recent))
		return 2;
	return slot->recent->brief.state.status == CHG_CDR_CLOSED;
}

/* The slot for a session that has none: of those that are missed least, the oldest. */
static struct chg_recent_slot *spare_slot(
	struct chg_recents *recents, const struct chg_recent_key *key)
{
	size_t ways;
	struct chg_recent_slot *set = set_of(recents, key, &ways), *best = &set[0];
	int best_rank = spare_rank(recents, best);
	for (size_t i = 1; i < ways; i++) {
		int rank = spare_rank(recents, &set[i]);
		bool is_older = recents->puts - set[i].put > recents->puts - best->put;
		if (rank < best_rank || (rank == best_rank && !is_older))
			continue;
		best = &set[i];
		best_rank = rank;
	}
	return best;
}

/* Makes room: the slots are emptied one after the other, wherever the last time ended. */
static void make_room(struct chg_recents *recents, size_t octets)
{
	while (recents->octets > 0 && recents->octets + octets > CHG_RECENT_CACHE_OCTETS) {
		recents->hand = (recents->hand + 1) % recents->slot_count;
		drop(recents, &recents->slot[recents->hand]);
	}
}

/* In steps, so that an entry that grows by little stays where it is.  NULL: it is not kept. */
static struct chg_recent *make_recent(
	struct chg_recents *recents, struct chg_recent_slot *slot, size_t octets)
{
	enum { STEP = 64 };
	octets = (octets + STEP - 1) / STEP * STEP;
	if (slot->recent != NULL && slot->recent->octets == octets)
		return slot->recent;
	drop(recents, slot);
	if (octets > CHG_RECENT_ENTRY_MAX)
		return NULL;
	make_room(recents, octets);
	slot->recent = malloc(octets);
	if (slot->recent == NULL)
		return NULL;
	slot->recent->octets = octets;
	recents->octets += octets;
	return slot->recent;
}

void chg_recents_put(struct chg_recents *recents, const struct chg_recent_key *key,
	const struct chg_brief *brief, const struct chg_named *named,
	const struct chg_cc_session *session, chg_instant session_look_at)
{
	if (recents->slot_count == 0)
		return;
	struct chg_recent_slot *slot = slot_of(recents, key);
	if (slot == NULL)
		slot = spare_slot(recents, key);
	size_t octets = sizeof(struct chg_recent) + key->session_id.len + named->len +
			session_octets(session);
	struct chg_recent *recent = make_recent(recents, slot, octets);
	if (recent == NULL)
		return;
	slot->tag = tag_of(key);
	slot->put = ++recents->puts;
	*recent = (struct chg_recent){
		.octets = recent->octets,
		.generation = recents->generation,
		.record_turn = *turn_of(recents->record_turn, brief->state.cdr_id),
		.is_online = key->is_online,
		.host_id = key->host_id,
		.sub_session_id = key->sub_session_id,
		.session_id_len = key->session_id.len,
		.named_len = named->len,
		.has_session = session != NULL,
		.brief = *brief,
	};
	char *to = recent->bytes;
	memcpy(to, key->session_id.ptr, key->session_id.len);
	to += key->session_id.len;
	memcpy(to, named->bytes, named->len);
	to += named->len;
	if (session == NULL)
		return;
	recent->cc_session_id = session->cc_session_id;
	recent->session_turn = *turn_of(recents->session_turn, session->cc_session_id);
	recent->session_look_at = session_look_at;
	put_session(to, session);
}

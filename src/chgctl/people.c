/* SPDX-License-Identifier: BSD-3-Clause
 * Presences sorted by time, folded into stays.
 */
#include "chgctl/people.h"

#include <stdlib.h>
#include <string.h>

enum chg_rc ctl_people_add(struct ctl_people *people, const struct chg_cdr_participant *participant)
{
	if (people->presence_count == people->presence_room) {
		size_t room = people->presence_room == 0 ? 16 : 2 * people->presence_room;
		struct ctl_presence *more =
			reallocarray(people->presence, room, sizeof *people->presence);
		if (more == NULL)
			return CHG_E_NO_MEMORY;
		people->presence = more;
		people->presence_room = room;
	}
	char *text = malloc(participant->party.len + 1);
	if (text == NULL)
		return CHG_E_NO_MEMORY;
	if (participant->party.len > 0)
		memcpy(text, participant->party.ptr, participant->party.len);
	text[participant->party.len] = '\0';
	people->presence[people->presence_count++] = (struct ctl_presence){
		.entry_no = participant->entry_no,
		.ordinal = participant->ordinal,
		.action = participant->action,
		.at = participant->at,
		.party = text,
		.party_len = participant->party.len,
	};
	return CHG_OK;
}

/* By time, then as the timeline has them. */
static int compare(const void *left, const void *right)
{
	const struct ctl_presence *a = *(const struct ctl_presence *const *)left;
	const struct ctl_presence *b = *(const struct ctl_presence *const *)right;

	if (a->at.us != b->at.us)
		return a->at.us < b->at.us ? -1 : 1;
	if (a->entry_no != b->entry_no)
		return a->entry_no < b->entry_no ? -1 : 1;
	return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* What has no normal form is known again by its first bytes as they are. */
static struct chg_party key_of(const struct ctl_presence *presence)
{
	struct chg_party key = { 0 };
	struct chg_view text = { .ptr = presence->party, .len = presence->party_len };

	if (chg_party_normalise(text, &key) == CHG_OK)
		return key;
	size_t len = text.len < sizeof key.bytes ? text.len : sizeof key.bytes;
	memcpy(key.bytes, text.ptr, len);
	key.len = (uint8_t)len;
	return key;
}

/* The participant's latest stay; NULL when he has none. */
static struct ctl_stay *latest(struct ctl_people *people, const struct chg_party *key)
{
	for (size_t i = people->stay_count; i > 0; i--) {
		struct ctl_stay *stay = &people->stay[i - 1];
		if (stay->key.len == key->len && memcmp(stay->key.bytes, key->bytes, key->len) == 0)
			return stay;
	}
	return NULL;
}

static struct ctl_stay *begin_stay(
	struct ctl_people *people, const struct ctl_presence *who, const struct chg_party *key)
{
	struct ctl_stay *stay = &people->stay[people->stay_count++];
	*stay = (struct ctl_stay){ .who = who, .key = *key };
	return stay;
}

static void set_once(chg_opt_instant *opt, chg_instant at)
{
	if (!opt->is_present)
		*opt = (chg_opt_instant){ .is_present = true, .value = at };
}

static void fold(struct ctl_people *people, const struct ctl_presence *presence)
{
	struct chg_party key = key_of(presence);
	struct ctl_stay *stay = latest(people, &key);
	bool is_over = stay != NULL && stay->left_at.is_present;

	if (stay == NULL || (is_over && presence->action != CHG_ACTION_NAMED &&
				    presence->action != CHG_ACTION_LEFT))
		stay = begin_stay(people, presence, &key);
	switch (presence->action) {
	case CHG_ACTION_INVITED:
		if (!stay->joined_at.is_present)
			set_once(&stay->invited_at, presence->at);
		break;
	case CHG_ACTION_JOINED:
		set_once(&stay->joined_at, presence->at);
		break;
	case CHG_ACTION_LEFT:
		set_once(&stay->left_at, presence->at);
		break;
	case CHG_ACTION_NAMED:
		break;
	}
}

enum chg_rc ctl_people_derive(struct ctl_people *people)
{
	size_t count = people->presence_count;

	if (count == 0)
		return CHG_OK;
	const struct ctl_presence **sorted = calloc(count, sizeof(void *));
	people->stay = calloc(count, sizeof *people->stay); /* each presence begins at most one */
	if (sorted == NULL || people->stay == NULL) {
		free(sorted);
		return CHG_E_NO_MEMORY;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = &people->presence[i];
	qsort(sorted, count, sizeof(void *), compare);
	for (size_t i = 0; i < count; i++)
		fold(people, sorted[i]);
	free(sorted);
	return CHG_OK;
}

bool ctl_stay_length(const struct ctl_stay *stay, chg_opt_instant ended_at, chg_span *ret)
{
	chg_opt_instant end = stay->left_at.is_present ? stay->left_at : ended_at;

	return stay->joined_at.is_present && end.is_present &&
	       !chg_instant_before(end.value, stay->joined_at.value) &&
	       !__builtin_sub_overflow(end.value.us, stay->joined_at.value.us, &ret->us);
}

void ctl_people_release(struct ctl_people *people)
{
	for (size_t i = 0; i < people->presence_count; i++)
		free(people->presence[i].party);
	free(people->presence);
	free(people->stay);
	*people = (struct ctl_people){ 0 };
}

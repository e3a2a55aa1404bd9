/* SPDX-License-Identifier: BSD-3-Clause
 * Who came and went: from what each request named to how long each participant stayed.
 */
#ifndef CHG_CHGCTL_PEOPLE_H
#define CHG_CHGCTL_PEOPLE_H

#include "core/cdr.h"
#include "core/party.h"
#include "core/rc.h"

/* One participant as one entry of the timeline named him; the text is owned. */
struct ctl_presence {
	uint32_t entry_no;
	uint32_t ordinal;
	enum chg_participant_action action;
	chg_instant at;
	char *party;
	size_t party_len;
};

/* One stay of a participant; who left and came again has two.  What is absent was not told. */
struct ctl_stay {
	const struct ctl_presence *who; /* an entry that named him: his name as it was written */
	struct chg_party key;           /* in normal form, by which he is known again */
	chg_opt_instant invited_at;
	chg_opt_instant joined_at;
	chg_opt_instant left_at;
};

struct ctl_people {
	struct ctl_presence *presence; /* in the order of the timeline */
	size_t presence_count, presence_room;
	struct ctl_stay *stay; /* in the order in which they began */
	size_t stay_count;
};

/* Adds a copy.  CHG_E_NO_MEMORY */
enum chg_rc ctl_people_add(
	struct ctl_people *people, const struct chg_cdr_participant *participant);

/*
 * Derives the stays, in the order of event times: an invitation or an arrival begins one, an
 * arrival completes an invitation, a departure ends it.  A departure of somebody whose arrival
 * nobody told is a stay that has an end only.  CHG_E_NO_MEMORY
 */
enum chg_rc ctl_people_derive(struct ctl_people *people);

/*
 * How long a stay took; who was there and did not leave stayed until the session's end.  Not
 * present when arrival or end are not known.
 */
bool ctl_stay_length(const struct ctl_stay *stay, chg_opt_instant ended_at, chg_span *ret);

void ctl_people_release(struct ctl_people *people);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Sessions that are kept: what comes back, and what is forgotten.
 */
#include "store/sqlite/sqlite_recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	HOST = 7,
	FEW = 8, /* slots: two sets */
};

static struct chg_acr acr_of(const char *session_id)
{
	return (struct chg_acr){ .session_id = chg_view_of(session_id) };
}

static struct chg_recent_key key_of(const char *session_id)
{
	struct chg_acr acr = acr_of(session_id);
	return chg_recent_key_of(&acr, HOST, false);
}

static void put(struct chg_recents *recents, const char *session_id, int64_t cdr_id,
	enum chg_cdr_status status)
{
	static const struct chg_named nobody;
	struct chg_recent_key key = key_of(session_id);
	struct chg_brief brief = { .state = { .cdr_id = cdr_id, .status = status } };
	chg_recents_put(recents, &key, &brief, &nobody, NULL, (chg_instant){ 0 });
}

/* The number of its record; 0: it is not kept. */
static int64_t kept(const struct chg_recents *recents, const char *session_id)
{
	struct chg_recent_key key = key_of(session_id);
	const struct chg_recent *recent = chg_recents_find(recents, &key);
	return recent == NULL ? 0 : chg_recent_record(recent)->state.cdr_id;
}

static struct chg_recents *open_of(size_t slots)
{
	struct chg_recents *recents = malloc(sizeof *recents);
	assert_non_null(recents);
	assert_true(chg_recents_open(recents, slots));
	return recents;
}

static void close_of(struct chg_recents *recents)
{
	chg_recents_close(recents);
	free(recents);
}

static void what_was_put_comes_back(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(FEW);
	put(recents, "a", 1, CHG_CDR_OPEN);
	put(recents, "b", 2, CHG_CDR_OPEN);
	assert_int_equal(kept(recents, "a"), 1);
	assert_int_equal(kept(recents, "b"), 2);
	assert_int_equal(kept(recents, "c"), 0);
	put(recents, "a", 3, CHG_CDR_CLOSED);
	assert_int_equal(kept(recents, "a"), 3);
	close_of(recents);
}

static void every_part_of_the_key_tells_sessions_apart(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(FEW);
	struct chg_acr acr = acr_of("a"), sub = acr, nought = acr;
	sub.sub_session_id = (chg_opt_u64){ true, UINT64_MAX };
	nought.sub_session_id = (chg_opt_u64){ true, 0 };
	put(recents, "a", 1, CHG_CDR_OPEN);
	const struct chg_recent_key others[] = {
		chg_recent_key_of(&acr, HOST + 1, false),
		chg_recent_key_of(&acr, HOST, true),
		chg_recent_key_of(&sub, HOST, false),
		chg_recent_key_of(&nought, HOST, false),
		key_of("A"),
		key_of("aa"),
	};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_null(chg_recents_find(recents, &others[i]));
	close_of(recents);
}

static struct chg_cc_session session_of(size_t services)
{
	struct chg_cc_session session = { .cc_session_id = 5,
		.status = CHG_CC_OPEN,
		.account_id = 6,
		.until = { 7 },
		.service_count = services };
	for (size_t i = 0; i < services; i++) {
		struct chg_cc_service *service = &session.service[i];
		service->rating_group = (chg_opt_u32){ true, (uint32_t)i };
		service->rated.charged.micros = (int64_t)i * 10;
		service->is_closed = i % 2 == 1;
		service->hold_count = i % 3;
		for (size_t k = 0; k < service->hold_count; k++)
			service->hold[k] = (struct chg_hold){ (int64_t)k + 1, (int64_t)i + 1 };
	}
	return session;
}

static void put_session(struct chg_recents *recents, const struct chg_cc_session *session)
{
	static const struct chg_named nobody;
	struct chg_recent_key key = key_of("s");
	struct chg_brief brief = { .state = { .cdr_id = 9 } };
	chg_recents_put(recents, &key, &brief, &nobody, session, (chg_instant){ 8 });
}

static void a_session_comes_back_with_all_that_it_holds(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(FEW);
	struct chg_recent_key key = key_of("s");
	struct chg_cc_session in = session_of(5), out;
	chg_instant look_at;
	put_session(recents, &in);
	const struct chg_recent *recent = chg_recents_find(recents, &key);
	assert_non_null(recent);
	assert_true(chg_recent_session(recent, &out, &look_at));
	assert_int_equal(look_at.us, 8);
	assert_int_equal(out.cc_session_id, 5);
	assert_int_equal(out.until.us, 7);
	assert_int_equal(out.service_count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct chg_cc_service *a = &in.service[i], *b = &out.service[i];
		assert_int_equal(a->rating_group.value, b->rating_group.value);
		assert_int_equal(a->rated.charged.micros, b->rated.charged.micros);
		assert_int_equal(a->is_closed, b->is_closed);
		assert_int_equal(a->hold_count, b->hold_count);
		for (size_t k = 0; k < a->hold_count; k++)
			assert_int_equal(a->hold[k].amount, b->hold[k].amount);
	}
	close_of(recents);
}

static void a_session_that_is_too_large_is_not_kept_nor_what_it_was(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(FEW);
	struct chg_cc_session small = session_of(1), large = session_of(CHG_SERVICE_MAX);
	for (size_t i = 0; i < large.service_count; i++)
		large.service[i].hold_count = CHG_HOLD_MAX;
	put_session(recents, &small);
	assert_int_equal(kept(recents, "s"), 9);
	put_session(recents, &large);
	assert_int_equal(kept(recents, "s"), 0);
	assert_int_equal(recents->octets, 0);
	close_of(recents);
}

static void who_changes_something_is_heard(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(FEW);
	struct chg_cc_session session = session_of(1);
	struct chg_recent_key key = key_of("a");
	put(recents, "a", 1, CHG_CDR_OPEN);
	put_session(recents, &session);
	chg_recents_forget_record(recents, 1);
	assert_int_equal(kept(recents, "a"), 0);
	assert_int_equal(kept(recents, "s"), 9);
	chg_recents_forget_session(recents, session.cc_session_id);
	assert_int_equal(kept(recents, "s"), 0);

	put(recents, "a", 1, CHG_CDR_OPEN);
	put_session(recents, &session);
	chg_recents_forget_record(recents, 9);
	assert_int_equal(kept(recents, "s"), 0);
	assert_int_equal(kept(recents, "a"), 1);
	chg_recents_forget(recents, &key);
	assert_int_equal(kept(recents, "a"), 0);

	put(recents, "a", 1, CHG_CDR_OPEN);
	chg_recents_clear(recents);
	assert_int_equal(kept(recents, "a"), 0);
	close_of(recents);
}

static void never_more_are_kept_than_there_are_slots(void **state)
{
	(void)state;
	enum { MANY = 500 };
	for (size_t slots = 1; slots <= FEW; slots++) {
		struct chg_recents *recents = open_of(slots);
		char name[16];
		size_t found = 0;
		for (int i = 1; i <= MANY; i++) {
			snprintf(name, sizeof name, "s%d", i);
			put(recents, name, i, CHG_CDR_OPEN);
			assert_int_equal(kept(recents, name), i);
		}
		for (int i = 1; i <= MANY; i++) {
			snprintf(name, sizeof name, "s%d", i);
			found += kept(recents, name) != 0;
		}
		assert_true(found <= slots);
		assert_true(found >= slots / 2);
		close_of(recents);
	}
}

static void sessions_that_ended_make_room_first(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(CHG_RECENT_WAYS);
	put(recents, "open", 1, CHG_CDR_OPEN);
	put(recents, "ended", 2, CHG_CDR_CLOSED);
	put(recents, "third", 3, CHG_CDR_OPEN);
	put(recents, "fourth", 4, CHG_CDR_OPEN);
	put(recents, "fifth", 5, CHG_CDR_OPEN);
	assert_int_equal(kept(recents, "ended"), 0);
	assert_int_equal(kept(recents, "open"), 1);
	put(recents, "sixth", 6, CHG_CDR_OPEN);
	assert_int_equal(kept(recents, "open"), 0); /* the oldest of them */
	assert_int_equal(kept(recents, "third"), 3);
	close_of(recents);
}

static void all_of_them_together_are_bounded(void **state)
{
	(void)state;
	struct chg_recents *recents = open_of(CHG_RECENT_SLOTS);
	static char name[1500];
	memset(name, 'x', sizeof name - 1);
	for (int i = 1; i <= CHG_RECENT_SLOTS; i++) {
		snprintf(name, sizeof name, "%08d", i);
		name[8] = 'x';
		put(recents, name, i, CHG_CDR_OPEN);
		assert_true(recents->octets <= CHG_RECENT_CACHE_OCTETS);
		assert_int_equal(kept(recents, name), i);
	}
	assert_true(recents->octets > CHG_RECENT_CACHE_OCTETS / 2);
	close_of(recents);
}

static void who_was_named_in_his_role_is_known(void **state)
{
	(void)state;
	struct chg_named named = { 0 };
	struct chg_acr acr = { .party = { { CHG_VIEW("alice"), CHG_ROLE_CALLING },
				       { CHG_VIEW("bob"), CHG_ROLE_CALLED } },
		.party_count = 2,
		.participant = { CHG_VIEW("carol") },
		.participant_count = 1 };
	assert_true(chg_named_has_all(&named, &(struct chg_acr){ 0 }));
	assert_false(chg_named_has_all(&named, &acr));
	chg_named_take(&named, &acr);
	assert_true(chg_named_has_all(&named, &acr));
	assert_true(chg_named_has_all(&named, &(struct chg_acr){ 0 }));
	struct chg_acr other = acr;
	other.party[0].role = CHG_ROLE_CALLED;
	assert_false(chg_named_has_all(&named, &other));
	other = acr;
	other.party[1].text = CHG_VIEW("bo");
	assert_false(chg_named_has_all(&named, &other));
	other = acr;
	other.participant[0] = CHG_VIEW("dave");
	assert_false(chg_named_has_all(&named, &other));
}

static void too_many_names_are_not_known_at_all(void **state)
{
	(void)state;
	struct chg_named named = { 0 };
	static char text[CHG_NAMED_MAX];
	memset(text, 'x', sizeof text - 1);
	struct chg_acr acr = { .party = { { CHG_VIEW("a"), CHG_ROLE_CALLING },
				       { { text, sizeof text - 1 }, CHG_ROLE_CALLED } },
		.party_count = 2 };
	chg_named_take(&named, &acr);
	assert_int_equal(named.len, 0);
	acr.party[1].text.len = sizeof named.bytes - 7; /* two heads of three octets, and the "a" */
	chg_named_take(&named, &acr);
	assert_int_equal(named.len, sizeof named.bytes);
	assert_true(chg_named_has_all(&named, &acr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_comes_back),
		cmocka_unit_test(every_part_of_the_key_tells_sessions_apart),
		cmocka_unit_test(a_session_comes_back_with_all_that_it_holds),
		cmocka_unit_test(a_session_that_is_too_large_is_not_kept_nor_what_it_was),
		cmocka_unit_test(who_changes_something_is_heard),
		cmocka_unit_test(never_more_are_kept_than_there_are_slots),
		cmocka_unit_test(sessions_that_ended_make_room_first),
		cmocka_unit_test(all_of_them_together_are_bounded),
		cmocka_unit_test(who_was_named_in_his_role_is_known),
		cmocka_unit_test(too_many_names_are_not_known_at_all),
	};
	return cmocka_run_group_tests_name("sessions that are kept", tests, NULL, NULL);
}

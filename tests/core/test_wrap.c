/* SPDX-License-Identifier: BSD-3-Clause
 * A wrapped request comes out as it went in, from memory of exactly the size that was told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/wrap.h"

enum { POISON = 0xa5 };

static const char message[] = "session origin alice bob carol";

static struct chg_view part(const char *word)
{
	const char *at = strstr(message, word);
	assert_non_null(at);
	return (struct chg_view){ at, strlen(word) };
}

static struct chg_view whole(void)
{
	return CHG_VIEW(message);
}

/* Texts that the reader made; they are gone as soon as the request is wrapped. */
static char made[32];

static struct chg_acr some_acr(void)
{
	memcpy(made, "{\"a\":1}+4930123", 16);
	struct chg_acr acr = {
		.origin_host = part("origin"),
		.session_id = part("session"),
		.type = CHG_RECORD_START,
		.number = 7,
		.messages_sent = { true, 9 },
		.unlisted_count = 3,
		.content = { made, 7 },
		.digest = { { 1, 2, 3 } },
		.party_count = 2,
		.participant_count = 1,
	};
	acr.party[0] = (struct chg_named_party){ part("alice"), CHG_ROLE_CALLING };
	acr.party[1] = (struct chg_named_party){ { made + 7, 8 }, CHG_ROLE_SUBSCRIBER };
	acr.participant[0] = part("carol");
	return acr;
}

static void assert_text(struct chg_view got, const char *text)
{
	assert_int_equal(got.len, strlen(text));
	assert_memory_equal(got.ptr, text, got.len);
}

static void assert_some_acr(const struct chg_acr *got)
{
	assert_text(got->origin_host, "origin");
	assert_ptr_equal(got->session_id.ptr, part("session").ptr);
	assert_false(chg_view_present(got->icid));
	assert_int_equal(got->type, CHG_RECORD_START);
	assert_int_equal(got->number, 7);
	assert_true(got->messages_sent.is_present);
	assert_int_equal(got->messages_sent.value, 9);
	assert_int_equal(got->unlisted_count, 3);
	assert_text(got->content, "{\"a\":1}");
	assert_int_equal(got->digest.bytes[2], 3);
	assert_int_equal(got->party_count, 2);
	assert_ptr_equal(got->party[0].text.ptr, part("alice").ptr);
	assert_int_equal(got->party[0].role, CHG_ROLE_CALLING);
	assert_text(got->party[1].text, "+4930123");
	assert_int_equal(got->party[1].role, CHG_ROLE_SUBSCRIBER);
	assert_int_equal(got->participant_count, 1);
	assert_text(got->participant[0], "carol");
}

static uint8_t *wrap_acr(const struct chg_acr *acr)
{
	uint8_t *wrapped = malloc(chg_acr_wrapped_size(acr, whole()));
	assert_non_null(wrapped);
	chg_acr_wrap(acr, whole(), wrapped);
	memset(made, POISON, sizeof made);
	return wrapped;
}

static void an_acr_comes_out_as_it_went_in(void **state)
{
	(void)state;
	struct chg_acr acr = some_acr(), got;
	uint8_t *wrapped = wrap_acr(&acr);
	memset(&got, POISON, sizeof got);
	chg_acr_unwrap(wrapped, &got);
	assert_some_acr(&got);
	free(wrapped);
}

static void places_that_nobody_took_take_no_memory(void **state)
{
	(void)state;
	struct chg_acr acr = some_acr();
	struct chg_ccr ccr = { .data = acr, .service_count = 1 };
	assert_true(chg_acr_wrapped_size(&acr, whole()) < 600);
	assert_true(chg_ccr_wrapped_size(&ccr, whole()) < 1000);
}

static void an_acr_with_all_places_taken_is_whole(void **state)
{
	(void)state;
	struct chg_acr acr = some_acr(), got;
	acr.party_count = CHG_PARTY_MAX;
	for (size_t i = 2; i < CHG_PARTY_MAX; i++)
		acr.party[i] = acr.party[i % 2];
	acr.participant_count = CHG_PARTICIPANT_MAX;
	for (size_t i = 1; i < CHG_PARTICIPANT_MAX; i++)
		acr.participant[i] = (struct chg_view){ message, i % sizeof message };
	uint8_t *wrapped = wrap_acr(&acr);
	memset(&got, POISON, sizeof got);
	chg_acr_unwrap(wrapped, &got);
	assert_text(got.party[CHG_PARTY_MAX - 1].text, "+4930123");
	assert_text(got.party[CHG_PARTY_MAX - 2].text, "alice");
	assert_int_equal(got.participant_count, CHG_PARTICIPANT_MAX);
	assert_int_equal(got.participant[CHG_PARTICIPANT_MAX - 1].len,
		(CHG_PARTICIPANT_MAX - 1) % sizeof message);
	free(wrapped);
}

static void a_text_that_only_begins_in_the_message_is_taken_along(void **state)
{
	(void)state;
	struct chg_acr acr = { .content = part("alice bob carol") }, got;
	struct chg_view shorter = { message, sizeof message - 2 };
	char *wrapped = malloc(chg_acr_wrapped_size(&acr, shorter));
	assert_non_null(wrapped);
	chg_acr_wrap(&acr, shorter, (uint8_t *)wrapped);
	chg_acr_unwrap((const uint8_t *)wrapped, &got);
	assert_text(got.content, "alice bob carol");
	assert_true(got.content.ptr > wrapped);
	assert_ptr_not_equal(got.content.ptr, acr.content.ptr);
	free(wrapped);
}

static struct chg_ccr some_ccr(size_t services)
{
	struct chg_ccr ccr = { .data = some_acr(),
		.type = CHG_CC_UPDATE,
		.action = { true, CHG_ACTION_CHECK_BALANCE },
		.is_multiple = true,
		.identity_count = 2,
		.service_count = services };
	for (size_t i = 0; i < ccr.identity_count; i++) {
		ccr.identity[i].type = CHG_IDENTITY_SIP_URI;
		ccr.identity[i].text = part(i == 0 ? "alice" : "bob");
		ccr.identity[i].key.len = 1;
		ccr.identity[i].key.bytes[0] = (char)('a' + i);
	}
	for (size_t i = 0; i < services; i++) {
		struct chg_service_ask *service = &ccr.service[i];
		service->rating_group = (chg_opt_u32){ true, (uint32_t)i };
		service->refund_information = part("bob");
		service->used_count = i % (CHG_USED_MAX + 1);
		for (size_t k = 0; k < service->used_count; k++)
			service->used[k].reason = (chg_opt_u32){ true, (uint32_t)(i * 10 + k) };
	}
	return ccr;
}

static void assert_services(const struct chg_ccr *got, size_t services)
{
	assert_int_equal(got->service_count, services);
	for (size_t i = 0; i < services; i++) {
		const struct chg_service_ask *service = &got->service[i];
		assert_int_equal(service->rating_group.value, i);
		assert_text(service->refund_information, "bob");
		assert_int_equal(service->used_count, i % (CHG_USED_MAX + 1));
		for (size_t k = 0; k < service->used_count; k++)
			assert_int_equal(service->used[k].reason.value, i * 10 + k);
	}
}

static void a_ccr_comes_out_as_it_went_in(void **state)
{
	(void)state;
	for (size_t services = 1; services <= CHG_SERVICE_MAX; services++) {
		struct chg_ccr ccr = some_ccr(services), got;
		uint8_t *wrapped = malloc(chg_ccr_wrapped_size(&ccr, whole()));
		assert_non_null(wrapped);
		chg_ccr_wrap(&ccr, whole(), wrapped);
		memset(made, POISON, sizeof made);
		memset(&got, POISON, sizeof got);
		chg_ccr_unwrap(wrapped, &got);
		assert_some_acr(&got.data);
		assert_int_equal(got.type, CHG_CC_UPDATE);
		assert_int_equal(got.action.value, CHG_ACTION_CHECK_BALANCE);
		assert_true(got.is_multiple);
		assert_int_equal(got.identity_count, 2);
		assert_text(got.identity[1].text, "bob");
		assert_int_equal(got.identity[1].key.bytes[0], 'b');
		assert_services(&got, services);
		free(wrapped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acr_comes_out_as_it_went_in),
		cmocka_unit_test(places_that_nobody_took_take_no_memory),
		cmocka_unit_test(an_acr_with_all_places_taken_is_whole),
		cmocka_unit_test(a_text_that_only_begins_in_the_message_is_taken_along),
		cmocka_unit_test(a_ccr_comes_out_as_it_went_in),
	};
	return cmocka_run_group_tests_name("wrapped requests", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Tariffs: which rule fits, which one is never reached, and what time it is where the tariff lives.
 */
#include "core/tariff.h"
#include "support/seed.h"
#include "support/table.h"

static const struct recipient_row {
	const char *says;
	const char *pattern;
	const char *recipient; /* NULL: none */
	bool fits;
} recipient_rows[] = {
	{ "a host below", "*.partner.example", "sip:bob@im.partner.example", true },
	{ "the domain itself is not below itself", "*.partner.example", "sip:bob@partner.example",
		false },
	{ "a host that only ends alike is not below", "*.partner.example",
		"sip:bob@im.xpartner.example", false },
	{ "a point alone is no host below", "*.partner.example", "sip:bob@.partner.example",
		false },
	{ "a domain", "partner.example", "sip:bob@partner.example", true },
	{ "a domain whatever the port", "partner.example", "sip:bob@partner.example:5070", true },
	{ "a domain without a user", "partner.example", "sip:partner.example", true },
	{ "a domain in another case", "Partner.Example", "sip:bob@partner.example", true },
	{ "another domain", "partner.example", "sip:bob@im.partner.example", false },
	{ "a number has no host", "partner.example", "tel:+4930123", false },
	{ "a number by its beginning", "tel:+49", "tel:+4930123", true },
	{ "a number of another country", "tel:+49", "tel:+4330123", false },
	{ "a whole party", "sip:bob@partner.example", "sip:bob@partner.example", true },
	{ "a user keeps his case", "sip:bob@partner.example", "sip:Bob@partner.example", false },
	{ "an address of IPv6 is no domain", "[2001:db8::1]", "sip:bob@[2001:db8::1]:5070", false },
	{ "no recipient fits nothing", "partner.example", NULL, false },
};

static void recipient_row_holds(void **state)
{
	const struct recipient_row *row = *state;
	assert_int_equal(
		chg_tariff_recipient_fits(row->pattern, chg_view_of(row->recipient)), row->fits);
}

#define U32(n)                                                                                     \
	{                                                                                          \
		true, (n)                                                                          \
	}

static const struct covers_row {
	const char *says;
	struct chg_tariff_match wide;
	struct chg_tariff_match narrow;
	bool covers;
} covers_rows[] = {
	{ "who asks for nothing takes all", { .plan = "" }, { .plan = "gold" }, true },
	{ "who asks for something leaves the rest", { .plan = "gold" }, { .plan = "" }, false },
	{ "the same takes the same", { .plan = "gold" }, { .plan = "gold" }, true },
	{ "another plan is left", { .plan = "gold" }, { .plan = "staff" }, false },
	{ "a shorter end takes a longer one", { .context = "*@3gpp.org" },
		{ .context = "*32260@3gpp.org" }, true },
	{ "a longer end leaves a shorter one", { .context = "*32260@3gpp.org" },
		{ .context = "*@3gpp.org" }, false },
	{ "an end takes a whole context", { .context = "*32260@3gpp.org" },
		{ .context = "9.32260@3gpp.org" }, true },
	{ "a whole context leaves its end", { .context = "32260@3gpp.org" },
		{ .context = "*32260@3gpp.org" }, false },
	{ "hosts below take hosts below one of them", { .recipient = "*.example" },
		{ .recipient = "*.partner.example" }, true },
	{ "hosts below take one of them", { .recipient = "*.example" },
		{ .recipient = "partner.example" }, true },
	{ "hosts below leave the domain itself", { .recipient = "*.partner.example" },
		{ .recipient = "partner.example" }, false },
	{ "a domain takes its users", { .recipient = "partner.example" },
		{ .recipient = "sip:bob@partner.example" }, true },
	{ "a user leaves his domain", { .recipient = "sip:bob@partner.example" },
		{ .recipient = "partner.example" }, false },
	{ "a country takes a city", { .recipient = "tel:+49" }, { .recipient = "tel:+4930" },
		true },
	{ "a domain leaves numbers", { .recipient = "*.example" }, { .recipient = "tel:+49" },
		false },
	{ "numbers leave domains", { .recipient = "tel:+49" }, { .recipient = "x.example" },
		false },
	{ "a rating group leaves requests without one", { .rating_group = U32(1) }, { .plan = "" },
		false },
	{ "a rating group takes itself", { .rating_group = U32(1) },
		{ .rating_group = U32(1), .plan = "gold" }, true },
	{ "another service is left", { .service_id = U32(1) }, { .service_id = U32(2) }, false },
	{ "a service type takes itself", { .application_service_type = U32(100) },
		{ .application_service_type = U32(100) }, true },
};

static void covers_row_holds(void **state)
{
	const struct covers_row *row = *state;
	assert_int_equal(chg_tariff_match_covers(&row->wide, &row->narrow), row->covers);
}

static struct chg_tariff tariff;

static void add_rule(struct chg_tariff_match match)
{
	struct chg_tariff_rule *rule = &tariff.rule[tariff.rule_count++];
	*rule = (struct chg_tariff_rule){ .match = match, .per = 1, .increment = 1 };
}

static void the_first_rule_that_fits_is_taken(void **state)
{
	(void)state;
	tariff = (struct chg_tariff){ 0 };
	add_rule((struct chg_tariff_match){ .plan = "staff" });
	add_rule((struct chg_tariff_match){
		.context = "*32260@3gpp.org", .recipient = "*.partner.example" });
	add_rule((struct chg_tariff_match){
		.service_id = U32(5), .application_service_type = U32(100) });
	struct chg_tariff_ask ask = { .context = CHG_VIEW("9.32260@3gpp.org"),
		.recipient = CHG_VIEW("sip:bob@im.partner.example"),
		.service_id = U32(5),
		.application_service_type = U32(100) };
	assert_ptr_equal(chg_tariff_find(&tariff, &ask), &tariff.rule[1]);
	ask.plan = CHG_VIEW("staff");
	assert_ptr_equal(chg_tariff_find(&tariff, &ask), &tariff.rule[0]);
	ask.plan = CHG_VIEW("gold");
	ask.recipient = CHG_VIEW("sip:bob@home.example");
	assert_ptr_equal(chg_tariff_find(&tariff, &ask), &tariff.rule[2]);
	ask.application_service_type.is_present = false;
	assert_null(chg_tariff_find(&tariff, &ask));
}

/* Whoever is covered is fitted too: the two ways to read a pattern agree. */
static void what_a_covered_pattern_names_the_wider_one_names_too(void **state)
{
	(void)state;
	static const char *const patterns[] = { "*.example", "*.partner.example", "partner.example",
		"im.partner.example", "tel:+49", "tel:+4930", "sip:bob@partner.example",
		"sip:bob@im.partner.example", "tel:+4930123" };
	static const char *const parties[] = { "sip:bob@partner.example", "tel:+4930123",
		"sip:bob@im.partner.example", "sip:a@b.c", "tel:+4330", "sip:x@home.example" };
	for (size_t i = 0; i < COUNT(patterns) * COUNT(patterns); i++) {
		struct chg_tariff_match wide = { 0 }, narrow = { 0 };
		const char *w = patterns[i / COUNT(patterns)], *n = patterns[i % COUNT(patterns)];
		memcpy(wide.recipient, w, strlen(w));
		memcpy(narrow.recipient, n, strlen(n));
		for (size_t p = 0; p < COUNT(parties); p++) {
			struct chg_view party = chg_view_of(parties[p]);
			if (chg_tariff_match_covers(&wide, &narrow) &&
				chg_tariff_recipient_fits(n, party))
				assert_true(chg_tariff_recipient_fits(w, party));
		}
	}
}

/* Berlin in 2026: summer from 29 March 01:00 UTC to 25 October 01:00 UTC. */
static void live_in_berlin(void)
{
	tariff = (struct chg_tariff){
		.shift_count = 3,
		.shift = { { { INT64_MIN }, 3600 },
			{ { INT64_C(1774746000) * CHG_US_PER_S }, 7200 },
			{ { INT64_C(1792890000) * CHG_US_PER_S }, 3600 } },
		.holiday_count = 2,
		.holiday = { 20812, 20813 }, /* 25 and 26 December 2026 */
	};
}

static const struct time_row {
	const char *says;
	int64_t at_s;
	uint8_t weekday;
	uint16_t minute;
	bool is_holiday;
} time_rows[] = {
	{ "the first second of 1970", 0, 3, 60, false },
	{ "a second before it", -1, 3, 59, false },
	{ "the evening before that", -7200, 2, 1380, false },
	{ "the last second of winter", INT64_C(1774745999), 6, 119, false },
	{ "the first second of summer", INT64_C(1774746000), 6, 180, false },
	{ "the last second of summer", INT64_C(1792889999), 6, 179, false },
	{ "the hour comes again", INT64_C(1792890000), 6, 120, false },
	{ "Christmas begins at midnight of Berlin", INT64_C(1798153200), 4, 0, true },
	{ "a second before, it does not", INT64_C(1798153199), 3, 1439, false },
	{ "the second holiday ends at midnight", INT64_C(1798325999), 5, 1439, true },
	{ "and then it is Sunday", INT64_C(1798326000), 6, 0, false },
};

static void time_row_holds(void **state)
{
	const struct time_row *row = *state;
	live_in_berlin();
	struct chg_tariff_time time =
		chg_tariff_time_at(&tariff, (chg_instant){ row->at_s * CHG_US_PER_S });
	assert_int_equal(time.weekday, row->weekday);
	assert_int_equal(time.minute, row->minute);
	assert_int_equal(time.is_holiday, row->is_holiday);
}

static void the_ends_of_time_have_a_time_too(void **state)
{
	(void)state;
	live_in_berlin();
	assert_true(chg_tariff_time_at(&tariff, (chg_instant){ INT64_MAX }).minute < 1440);
	assert_true(chg_tariff_time_at(&tariff, (chg_instant){ INT64_MIN }).minute < 1440);
	tariff.shift_count = 0;
	assert_int_equal(chg_tariff_offset_at(&tariff, (chg_instant){ 0 }), 0);
}

static void the_band_follows_the_day_and_the_minute(void **state)
{
	(void)state;
	live_in_berlin();
	struct chg_tariff_rule rule = {
		.band_count = 3,
		.band = { { .days = 0x1f, .from_minute = 480, .until_minute = 1200 },
			{ .days = 0x80, .from_minute = 0, .until_minute = 1440 },
			{ .days = 0xff, .from_minute = 0, .until_minute = 1440 } },
	};
	static const struct {
		int64_t at_s;
		size_t band;
	} at[] = {
		{ INT64_C(1792998000), 0 }, /* Monday 26 October 08:00 */
		{ INT64_C(1792997999), 2 }, /* a second before */
		{ INT64_C(1793041199), 0 }, /* 19:59:59 */
		{ INT64_C(1793041200), 2 }, /* 20:00 */
		{ INT64_C(1792926000), 2 }, /* Sunday noon */
		{ INT64_C(1798196400), 1 }, /* noon of Christmas, a Friday */
	};
	for (size_t i = 0; i < COUNT(at); i++)
		assert_int_equal(chg_tariff_band_at(&tariff, &rule,
					 (chg_instant){ at[i].at_s * CHG_US_PER_S }),
			at[i].band);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_fits_is_taken),
		cmocka_unit_test(what_a_covered_pattern_names_the_wider_one_names_too),
		cmocka_unit_test(the_ends_of_time_have_a_time_too),
		cmocka_unit_test(the_band_follows_the_day_and_the_minute),
	};
	int failed = TABLE_RUN("recipient", recipient_rows, recipient_row_holds);
	failed += TABLE_RUN("covers", covers_rows, covers_row_holds);
	failed += TABLE_RUN("time in Berlin", time_rows, time_row_holds);
	failed += cmocka_run_group_tests_name("tariff", tests, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

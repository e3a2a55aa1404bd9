/* SPDX-License-Identifier: BSD-3-Clause
 * Which rule fits a request, and which of its bands holds at an instant.
 */
#include "core/tariff.h"

#include <assert.h>

enum {
	S_PER_DAY = 86400,
	DAYS_PER_WEEK = 7,
	DAY_OF_1970_01_01 = 3, /* a Thursday, Monday being 0 */
	BIT_HOLIDAY = 7,
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alike(struct chg_view a, struct chg_view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	}
	return true;
}

static bool ends_alike(struct chg_view text, struct chg_view end)
{
	if (text.len < end.len)
		return false;
	struct chg_view tail = { text.ptr + text.len - end.len, end.len };
	return is_alike(tail, end);
}

static bool begins(struct chg_view text, struct chg_view start)
{
	return text.len >= start.len && memcmp(text.ptr, start.ptr, start.len) == 0;
}

/* The first `len` bytes are gone. */
static struct chg_view behind(struct chg_view text, size_t len)
{
	return (struct chg_view){ text.ptr + len, text.len - len };
}

bool chg_tariff_context_fits(const char *pattern, struct chg_view context)
{
	if (!chg_view_present(context))
		return false;
	if (pattern[0] == '*')
		return ends_alike(context, chg_view_of(pattern + 1));
	return is_alike(context, chg_view_of(pattern));
}

/* The host of a SIP URI without its port; absent for anything else. */
static struct chg_view host_of(struct chg_view party)
{
	if (!begins(party, CHG_VIEW("sip:")))
		return (struct chg_view){ 0 };
	struct chg_view host = behind(party, 4);
	const char *at = memrchr(host.ptr, '@', host.len);
	if (at != NULL)
		host = behind(host, (size_t)(at - host.ptr) + 1);
	const char *colon = memrchr(host.ptr, ':', host.len);
	const char *bracket = memrchr(host.ptr, ']', host.len);
	if (colon != NULL && (bracket == NULL || bracket < colon))
		host.len = (size_t)(colon - host.ptr);
	return host;
}

static bool is_domain(struct chg_view pattern)
{
	return memchr(pattern.ptr, ':', pattern.len) == NULL &&
	       memchr(pattern.ptr, '@', pattern.len) == NULL;
}

bool chg_tariff_recipient_fits(const char *pattern, struct chg_view recipient)
{
	struct chg_view wanted = chg_view_of(pattern);
	if (!chg_view_present(recipient) || wanted.len == 0)
		return false;
	if (begins(wanted, CHG_VIEW("tel:")))
		return begins(recipient, wanted);
	if (!is_domain(wanted))
		return chg_view_equal(recipient, wanted);
	struct chg_view host = host_of(recipient);
	if (!chg_view_present(host))
		return false;
	if (pattern[0] != '*')
		return is_alike(host, wanted);
	/* "*.example" asks for something before the point. */
	return host.len >= wanted.len && ends_alike(host, behind(wanted, 1));
}

static bool fits_i32(chg_opt_i32 wanted, chg_opt_i32 is)
{
	return !wanted.is_present || (is.is_present && is.value == wanted.value);
}

static bool fits_u32(chg_opt_u32 wanted, chg_opt_u32 is)
{
	return !wanted.is_present || (is.is_present && is.value == wanted.value);
}

static bool fits_plan(const char *wanted, struct chg_view plan)
{
	return wanted[0] == '\0' || chg_view_equal(chg_view_of(wanted), plan);
}

static bool fits(const struct chg_tariff_match *match, const struct chg_tariff_ask *ask)
{
	return (match->context[0] == '\0' ||
		       chg_tariff_context_fits(match->context, ask->context)) &&
	       (match->recipient[0] == '\0' ||
		       chg_tariff_recipient_fits(match->recipient, ask->recipient)) &&
	       fits_plan(match->plan, ask->plan) && fits_u32(match->service_id, ask->service_id) &&
	       fits_u32(match->rating_group, ask->rating_group) &&
	       fits_i32(match->application_service_type, ask->application_service_type);
}

const struct chg_tariff_rule *chg_tariff_find(
	const struct chg_tariff *tariff, const struct chg_tariff_ask *ask)
{
	for (size_t i = 0; i < tariff->rule_count; i++) {
		if (fits(&tariff->rule[i].match, ask))
			return &tariff->rule[i];
	}
	return NULL;
}

/* Whether every recipient of `narrow` is one of `wide`. */
static bool covers_recipient(const char *wide, const char *narrow)
{
	if (wide[0] == '\0')
		return true;
	if (narrow[0] == '\0')
		return false;
	struct chg_view wanted = chg_view_of(wide);
	struct chg_view asked = chg_view_of(narrow);
	if (begins(wanted, CHG_VIEW("tel:")) || !is_domain(asked))
		return chg_tariff_recipient_fits(wide, asked);
	if (wide[0] != '*')
		return is_alike(asked, wanted);
	/* Both "x.example" and "*.example" lie below "*.example". */
	return is_domain(wanted) && ends_alike(asked, behind(wanted, 1));
}

/* A pattern's own text, its star included, ends as the wider pattern wants. */
static bool covers_context(const char *wide, const char *narrow)
{
	return wide[0] == '\0' ||
	       (narrow[0] != '\0' && chg_tariff_context_fits(wide, chg_view_of(narrow)));
}

bool chg_tariff_match_covers(
	const struct chg_tariff_match *wide, const struct chg_tariff_match *narrow)
{
	return covers_context(wide->context, narrow->context) &&
	       covers_recipient(wide->recipient, narrow->recipient) &&
	       fits_plan(wide->plan, chg_view_of(narrow->plan)) &&
	       fits_u32(wide->service_id, narrow->service_id) &&
	       fits_u32(wide->rating_group, narrow->rating_group) &&
	       fits_i32(wide->application_service_type, narrow->application_service_type);
}

int32_t chg_tariff_offset_at(const struct chg_tariff *tariff, chg_instant at)
{
	if (tariff->shift_count == 0)
		return 0;
	size_t low = 0; /* holds, or is the first */
	size_t high = tariff->shift_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (chg_instant_before(at, tariff->shift[middle].at))
			high = middle;
		else
			low = middle;
	}
	return tariff->shift[low].offset_s;
}

static bool is_holiday(const struct chg_tariff *tariff, int64_t day)
{
	size_t low = 0;
	size_t high = tariff->holiday_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tariff->holiday[middle] == day)
			return true;
		if (tariff->holiday[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int64_t divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

struct chg_tariff_time chg_tariff_time_at(const struct chg_tariff *tariff, chg_instant at)
{
	int64_t local = divide_down(at.us, CHG_US_PER_S) + chg_tariff_offset_at(tariff, at);
	int64_t day = divide_down(local, S_PER_DAY);
	int64_t shifted = (day + DAY_OF_1970_01_01) % DAYS_PER_WEEK;
	return (struct chg_tariff_time){
		.weekday = (uint8_t)(shifted < 0 ? shifted + DAYS_PER_WEEK : shifted),
		.is_holiday = is_holiday(tariff, day),
		.minute = (uint16_t)((local - day * S_PER_DAY) / 60),
	};
}

size_t chg_tariff_band_at(
	const struct chg_tariff *tariff, const struct chg_tariff_rule *rule, chg_instant at)
{
	assert(rule->band_count > 0);
	struct chg_tariff_time time = chg_tariff_time_at(tariff, at);
	unsigned int day = 1U << (time.is_holiday ? BIT_HOLIDAY : time.weekday);
	for (size_t i = 0; i + 1 < rule->band_count; i++) {
		const struct chg_tariff_band *band = &rule->band[i];
		if ((band->days & day) != 0 && time.minute >= band->from_minute &&
			time.minute < band->until_minute)
			return i;
	}
	return rule->band_count - 1;
}

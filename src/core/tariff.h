/* SPDX-License-Identifier: BSD-3-Clause
 * A tariff in force: rules that are tried in their order, each with a price.
 *
 * Built by runtime/tariff_read.c from the file that people write; read-only from then on, and only
 * pointed to by those who rate.  No clock, no zone files: the offsets of its zone are a table.
 */
#ifndef CHG_CORE_TARIFF_H
#define CHG_CORE_TARIFF_H

#include "core/instant.h"
#include "core/money.h"
#include "core/quantity.h"

enum {
	CHG_TARIFF_RULE_MAX = 512,
	CHG_TARIFF_BAND_MAX = 16,
	CHG_TARIFF_HOLIDAY_MAX = 128,
	CHG_TARIFF_TEXT_MAX = 128,
	CHG_ZONE_SHIFT_MAX = 256,
};

/* How a rule makes its price: rows of tariff_kind.def. */
enum chg_tariff_kind {
#define KIND(name, text, sentence) CHG_TARIFF_##name,
#include "core/tariff_kind.def"
#undef KIND
};

/*
 * When a band holds, in the tariff's own zone.  Days are a bit each, Monday first, then holidays; a
 * holiday is that and no day of the week.
 */
struct chg_tariff_band {
	uint8_t days;          /* bits 0..6 Monday..Sunday, bit 7 holidays */
	uint16_t from_minute;  /* of the day, 0..1439 */
	uint16_t until_minute; /* 1..1440, greater than from_minute */
	chg_money price;       /* for `per` units */
	uint32_t line;         /* of the file, for explanations */
};

/* What a rule asks of a request; an empty text or absent number asks nothing. */
struct chg_tariff_match {
	char context[CHG_TARIFF_TEXT_MAX]; /* whole, or its end after a "*" */
	char recipient
		[CHG_TARIFF_TEXT_MAX];  /* "*.domain", "domain", "tel:+49" prefix, or whole party */
	char plan[CHG_TARIFF_TEXT_MAX]; /* the subscriber's plan */
	chg_opt_u32 service_id;
	chg_opt_u32 rating_group;
	chg_opt_i32 application_service_type;
};

struct chg_tariff_rule {
	char name[CHG_TARIFF_TEXT_MAX];
	uint32_t line; /* of the file */
	struct chg_tariff_match match;
	enum chg_tariff_kind kind;
	enum chg_unit unit;
	chg_money setup;    /* once for each session and service, with the first unit */
	chg_money minimum;  /* of the whole charge, once something was used */
	uint64_t per;       /* units that a price is for, at least 1 */
	uint64_t increment; /* usage is counted in whole increments, at least 1 */
	enum chg_rounding rounding;
	size_t band_count; /* at least 1; the last one holds always */
	struct chg_tariff_band band[CHG_TARIFF_BAND_MAX];
};

/* From `at` on, local time is UTC plus offset_s. */
struct chg_zone_shift {
	chg_instant at;
	int32_t offset_s;
};

struct chg_tariff {
	char name[CHG_TARIFF_TEXT_MAX];
	int64_t version; /* of the store: 1, 2, 3 ...; 0 when it is only tried */
	chg_instant in_force_from;
	chg_currency currency;
	char zone[CHG_TARIFF_TEXT_MAX];
	size_t shift_count;
	struct chg_zone_shift
		shift[CHG_ZONE_SHIFT_MAX]; /* ascending; the first holds for ever before */
	size_t holiday_count;
	int32_t holiday[CHG_TARIFF_HOLIDAY_MAX]; /* days since 1970-01-01, local, ascending */
	size_t rule_count;
	struct chg_tariff_rule rule[CHG_TARIFF_RULE_MAX];
};

/* What of a request the rules look at. */
struct chg_tariff_ask {
	struct chg_view context;
	struct chg_view recipient; /* normal form */
	struct chg_view plan;
	chg_opt_u32 service_id;
	chg_opt_u32 rating_group;
	chg_opt_i32 application_service_type;
};

/* The first rule that fits; NULL when none does (RATING_FAILED, 5031). */
const struct chg_tariff_rule *chg_tariff_find(
	const struct chg_tariff *tariff, const struct chg_tariff_ask *ask);

/* Whether a context is the pattern, or ends as it says behind its "*".  Letter case is ignored. */
bool chg_tariff_context_fits(const char *pattern, struct chg_view context);

/*
 * Whether a party in normal form is one that the pattern names:
 *
 *   *.partner.example   its host is below partner.example
 *   partner.example     that is its host
 *   tel:+49             a telephone number that begins so
 *   anything else       that party
 */
bool chg_tariff_recipient_fits(const char *pattern, struct chg_view recipient);

/* Whether everything that `narrow` asks for is taken by `wide`: a rule behind it is never reached. */
bool chg_tariff_match_covers(
	const struct chg_tariff_match *wide, const struct chg_tariff_match *narrow);

/* Local time in the tariff's zone. */
struct chg_tariff_time {
	uint8_t weekday; /* 0 Monday .. 6 Sunday */
	bool is_holiday;
	uint16_t minute; /* of the day */
};

/* Seconds that local time is ahead of UTC. */
int32_t chg_tariff_offset_at(const struct chg_tariff *tariff, chg_instant at);

struct chg_tariff_time chg_tariff_time_at(const struct chg_tariff *tariff, chg_instant at);

/* The band of a rule that holds at an instant: the first that fits. */
size_t chg_tariff_band_at(
	const struct chg_tariff *tariff, const struct chg_tariff_rule *rule, chg_instant at);

#endif

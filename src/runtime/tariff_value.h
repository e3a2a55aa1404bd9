/* SPDX-License-Identifier: BSD-3-Clause
 * The words of a tariff file: prices, quantities, days, times of the day, dates.
 *
 * Each reads one text and returns false with cause and cure when it is none.
 */
#ifndef CHG_RUNTIME_TARIFF_VALUE_H
#define CHG_RUNTIME_TARIFF_VALUE_H

#include "core/tariff.h"

enum {
	CHG_TARIFF_WHY_MAX = 320,
	CHG_TARIFF_DAYS_ALL = 0xff,
	CHG_TARIFF_MINUTES = 1440, /* of a day */
	CHG_TARIFF_YEAR_FIRST = 2000,
	CHG_TARIFF_YEAR_LAST = 2060,
};

/* "10 KB", "1 minute", "message": so many units of a kind. */
struct chg_tariff_quantity {
	enum chg_unit unit;
	uint64_t count;
};

/* "0.05 per message". */
struct chg_tariff_price {
	chg_money money;
	struct chg_tariff_quantity per;
};

/* 0.05: at least 0, at most six places. */
bool chg_tariff_read_money(
	struct chg_view text, chg_money *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/*
 * message, second, minute, hour, octet or byte, KB (1000), MB, GB, KiB (1024), MiB, GiB, each with
 * or without its s, with "input" or "output" before octets, and a whole number before it all.
 *
 *   has_zero  whether 0 of them is something
 */
bool chg_tariff_read_quantity(struct chg_view text, bool has_zero, struct chg_tariff_quantity *ret,
	char reterr_why[CHG_TARIFF_WHY_MAX]);

bool chg_tariff_read_price(
	struct chg_view text, struct chg_tariff_price *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* mon .. sun, weekdays, weekend, holidays: bits are added to *ret. */
bool chg_tariff_read_day(struct chg_view text, uint8_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* 08:00 as minutes; 24:00 is the end of the day. */
bool chg_tariff_read_clock(
	struct chg_view text, uint16_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* 2026-12-25 as days since 1970-01-01. */
bool chg_tariff_read_date(struct chg_view text, int32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* A whole number up to 2^32 - 1. */
bool chg_tariff_read_u32(struct chg_view text, uint32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* Application-Service-Type by name or number: SENDING, 100. */
bool chg_tariff_read_service(
	struct chg_view text, int32_t *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

bool chg_tariff_read_rounding(
	struct chg_view text, enum chg_rounding *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* "EUR". */
bool chg_tariff_read_currency(
	struct chg_view text, chg_currency *ret, char reterr_why[CHG_TARIFF_WHY_MAX]);

/* Days since 1970-01-01 of a date of the Gregorian calendar; month 1 .. 12, day 1 .. 31. */
int64_t chg_tariff_day_of(int64_t year, int64_t month, int64_t day);

/* "mon", for 0 .. 6; "holidays" for 7. */
const char *chg_tariff_day_text(unsigned int day);

/* "SENDING" for 100; NULL for a number without a name. */
const char *chg_tariff_service_text(int32_t service);

/* "3 messages", "1 octet". */
void chg_tariff_write_quantity(uint64_t count, enum chg_unit unit, char *ret, size_t room);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * One cell of a listing, before anybody decided how it looks.
 */
#ifndef CHG_CHGCTL_VALUE_H
#define CHG_CHGCTL_VALUE_H

#include "core/instant.h"
#include "core/view.h"

enum ctl_value_kind {
	CTL_VALUE_NONE = 0, /* null, an empty field, nothing */
	CTL_VALUE_TEXT,     /* text */
	CTL_VALUE_JSON,     /* text that is a JSON value of its own */
	CTL_VALUE_NUMBER,   /* number */
	CTL_VALUE_COUNT,    /* count */
	CTL_VALUE_TRUTH,    /* number, 0 or 1 */
	CTL_VALUE_TIME,     /* time */
	CTL_VALUE_SPAN,     /* time.us as a length: seconds in data, h:mm:ss for people */
	CTL_VALUE_MONEY,    /* number, in millionths: "1.20", in JSON as a text */
	CTL_VALUE_MARKS,    /* count, the bits of enum chg_cdr_mark */
};

/* Views live as long as the record they were taken from. */
struct ctl_value {
	enum ctl_value_kind kind;
	struct chg_view text;
	int64_t number;
	uint64_t count;
	chg_instant time;
};

static inline struct ctl_value ctl_value_text(struct chg_view text)
{
	return (struct ctl_value){
		.kind = chg_view_present(text) ? CTL_VALUE_TEXT : CTL_VALUE_NONE,
		.text = text,
	};
}

static inline struct ctl_value ctl_value_number(int64_t number)
{
	return (struct ctl_value){ .kind = CTL_VALUE_NUMBER, .number = number };
}

static inline struct ctl_value ctl_value_count(uint64_t count)
{
	return (struct ctl_value){ .kind = CTL_VALUE_COUNT, .count = count };
}

static inline struct ctl_value ctl_value_money(int64_t micros)
{
	return (struct ctl_value){ .kind = CTL_VALUE_MONEY, .number = micros };
}

static inline struct ctl_value ctl_value_time(chg_instant time)
{
	return (struct ctl_value){ .kind = CTL_VALUE_TIME, .time = time };
}

#endif

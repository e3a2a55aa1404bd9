/* SPDX-License-Identifier: BSD-3-Clause
 * The rows of dict/ expanded into constant tables and switches.
 *
 * Look-ups by number are tables and switches over all rows: the compiler searches, nothing has to be
 * built at start-up, and two rows for one number do not compile.
 */
#include "wire/dict.h"

#include <assert.h>
#include <string.h>

/* The flag column of the AVP rows. */
enum {
	FLAG_NONE = false,
	FLAG_M = true,
};

static const struct chg_avp_row avp_rows[CHG_AVP_COUNT] = {
#define AVP(id, name_, code_, vendor_, type_, flag)                                                \
	[CHG_AVP_##id] = { .code = code_,                                                          \
		.vendor = CHG_VENDOR_##vendor_,                                                    \
		.type = CHG_TYPE_##type_,                                                          \
		.must = FLAG_##flag,                                                               \
		.name = name_ },
#include "dict/avp.def"
#undef AVP
};

/* One number for what is looked up by two. */
#define PAIR(high, low) ((uint64_t)(high) << 32 | (uint32_t)(low))

const struct chg_avp_row *chg_dict_row(enum chg_avp id)
{
	assert(id < CHG_AVP_COUNT);
	return &avp_rows[id];
}

/*
 * The codes of the IETF and of 3GPP are nearly all that comes, several times for each AVP of each
 * request: they have a table each, of places in avp_rows counted from 1.
 */
#define AVP(id, name, code, vendor, type, flag) PLACE_IF_##vendor(id, code)
#define PLACE_IF_HUAWEI(id, code)
#define PLACE_IF_TGPP2(id, code)
#define PLACE_IF_ETSI(id, code)
static const uint16_t ietf_places[] = {
#define PLACE_IF_IETF(id, code) [code] = CHG_AVP_##id + 1,
#define PLACE_IF_TGPP(id, code)
#include "dict/avp.def"
#undef PLACE_IF_IETF
#undef PLACE_IF_TGPP
};
static const uint16_t tgpp_places[] = {
#define PLACE_IF_IETF(id, code)
#define PLACE_IF_TGPP(id, code) [code] = CHG_AVP_##id + 1,
#include "dict/avp.def"
};
#undef AVP

enum {
	IETF_PLACE_COUNT = sizeof ietf_places / sizeof ietf_places[0],
	TGPP_PLACE_COUNT = sizeof tgpp_places / sizeof tgpp_places[0],
};

static bool find_place(const uint16_t *places, size_t count, uint32_t code, enum chg_avp *ret)
{
	if (code >= count || places[code] == 0)
		return false;
	*ret = (enum chg_avp)(places[code] - 1);
	return true;
}

bool chg_dict_find(uint32_t vendor, uint32_t code, enum chg_avp *ret)
{
	if (vendor == CHG_VENDOR_IETF)
		return find_place(ietf_places, IETF_PLACE_COUNT, code, ret);
	if (vendor == CHG_VENDOR_TGPP)
		return find_place(tgpp_places, TGPP_PLACE_COUNT, code, ret);
	switch (PAIR(vendor, code)) {
#define AVP(id, name, code_, vendor_, type, flag)                                                  \
	case PAIR(CHG_VENDOR_##vendor_, code_):                                                    \
		*ret = CHG_AVP_##id;                                                               \
		return true;
#include "dict/avp.def"
#undef AVP
	}
	return false;
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether a name of a row is the one asked for; the locale has no say. */
static bool is_name(const char *row, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (row[i] == '\0' || ascii_lower(row[i]) != ascii_lower(name[i]))
			return false;
	}
	return row[len] == '\0';
}

bool chg_dict_by_name(const char *name, size_t len, enum chg_avp *ret)
{
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		if (!is_name(avp_rows[i].name, name, len))
			continue;
		*ret = (enum chg_avp)i;
		return true;
	}
	return false;
}

static const struct enum_row {
	enum chg_avp avp;
	int32_t value;
	const char *name;
} enum_rows[] = {
#define ENUM(avp_, value_, name_) { .avp = CHG_AVP_##avp_, .value = value_, .name = name_ },
#include "dict/enum.def"
#undef ENUM
};

enum { ENUM_ROW_COUNT = sizeof enum_rows / sizeof enum_rows[0] };

const char *chg_dict_enum_name(enum chg_avp id, int32_t value)
{
	switch (PAIR(id, value)) {
#define ENUM(avp, value_, name)                                                                    \
	case PAIR(CHG_AVP_##avp, value_):                                                          \
		return name;
#include "dict/enum.def"
#undef ENUM
	}
	return NULL;
}

bool chg_dict_enum_value(enum chg_avp id, const char *name, size_t len, int32_t *ret)
{
	for (size_t i = 0; i < ENUM_ROW_COUNT; i++) {
		if (enum_rows[i].avp != id || !is_name(enum_rows[i].name, name, len))
			continue;
		*ret = enum_rows[i].value;
		return true;
	}
	return false;
}

static bool has_named_values(enum chg_avp id)
{
	for (size_t i = 0; i < ENUM_ROW_COUNT; i++) {
		if (enum_rows[i].avp == id)
			return true;
	}
	return false;
}

bool chg_dict_enum_known(enum chg_avp id, int32_t value)
{
	if (chg_dict_row(id)->type != CHG_TYPE_ENUMERATED)
		return true;
	return chg_dict_enum_name(id, value) != NULL || !has_named_values(id);
}

/* The flags column of the COMMAND rows. */
enum {
	FLAG_ANSWER = false,
	FLAG_REQUEST = true,
};

static const struct chg_command_row command_rows[CHG_COMMAND_COUNT] = {
#define COMMAND(id, name_, code_, application_, flags)                                             \
	[CHG_COMMAND_##id] = { .code = code_,                                                      \
		.application = CHG_APPLICATION_##application_,                                     \
		.is_request = FLAG_##flags,                                                        \
		.name = name_ },
#include "dict/command.def"
};

const struct chg_command_row *chg_dict_command(enum chg_command id)
{
	assert(id < CHG_COMMAND_COUNT);
	return &command_rows[id];
}

static const struct chg_rule_row rule_rows[] = {
#define RULE(command_, kind_, avp_, min_, max_)                                                    \
	{ .command = CHG_COMMAND_##command_,                                                       \
		.kind = CHG_RULE_##kind_,                                                          \
		.avp = CHG_AVP_##avp_,                                                             \
		.min = min_,                                                                       \
		.max = max_ },
#include "dict/command.def"
};

/*
 * Where in rule_rows the rules of each command begin.  Every rule takes the next number; a command
 * names the one that its first rule is about to take.  A command with two rules for one AVP does
 * not compile.
 */
enum {
#define COMMAND(id, name, code, application, flags) FIRST_OF_##id, BEFORE_##id = FIRST_OF_##id - 1,
#define RULE(command, kind, avp, min, max)          RULE_OF_##command##_##avp,
#include "dict/command.def"
	RULE_COUNT
};

_Static_assert(RULE_COUNT == sizeof rule_rows / sizeof rule_rows[0], "each rule took one number");

static const uint16_t first_rules[CHG_COMMAND_COUNT + 1] = {
#define COMMAND(id, name, code, application, flags) [CHG_COMMAND_##id] = FIRST_OF_##id,
#include "dict/command.def"
	[CHG_COMMAND_COUNT] = RULE_COUNT,
};

const struct chg_rule_row *chg_dict_rules(enum chg_command id, size_t *ret_count)
{
	assert(id < CHG_COMMAND_COUNT);
	*ret_count = (size_t)(first_rules[id + 1] - first_rules[id]);
	return &rule_rows[first_rules[id]];
}

const char *chg_result_name(uint32_t code)
{
	switch (code) {
#define RESULT(id, code_, name)                                                                    \
	case code_:                                                                                \
		return name;
#include "dict/result.def"
#undef RESULT
	}
	return NULL;
}

bool chg_result_is_protocol_error(uint32_t code)
{
	return code / 1000 == 3;
}

static const struct chg_number_row vendor_rows[] = {
#define VENDOR(id, number_, name_) { .number = number_, .name = name_ },
#include "dict/vendor.def"
#undef VENDOR
};

const struct chg_number_row *chg_dict_vendors(size_t *ret_count)
{
	*ret_count = sizeof vendor_rows / sizeof vendor_rows[0];
	return vendor_rows;
}

static const struct chg_number_row application_rows[] = {
#define APPLICATION(id, number_, name_) { .number = number_, .name = name_ },
#include "dict/command.def"
};

const struct chg_number_row *chg_dict_applications(size_t *ret_count)
{
	*ret_count = sizeof application_rows / sizeof application_rows[0];
	return application_rows;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * The protocol as data: the rows of dict/ as enums and look-ups.
 *
 * Knows no library.  Every table is constant from the start: all functions may be called from any
 * thread, at any time and without set-up; what they return is static and never freed.
 */
#ifndef CHG_WIRE_DICT_H
#define CHG_WIRE_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who allocated a code: enterprise numbers, dict/vendor.def.  IETF, 0, is "no V bit". */
enum chg_vendor {
#define VENDOR(id, number, name) CHG_VENDOR_##id = number,
#include "dict/vendor.def"
#undef VENDOR
};

/* The AVPs we have a row for, dict/avp.def.  The order means nothing and is nowhere stored. */
enum chg_avp {
#define AVP(id, name, code, vendor, type, flag) CHG_AVP_##id,
#include "dict/avp.def"
#undef AVP
	CHG_AVP_COUNT
};

/* What stands in an AVP's data.  RFC 6733 4.2 to 4.4 */
enum chg_avp_type {
	CHG_TYPE_OCTETS,     /* OctetString: any bytes, any length */
	CHG_TYPE_UTF8,       /* UTF8String */
	CHG_TYPE_IDENTITY,   /* DiameterIdentity: a host or realm name */
	CHG_TYPE_URI,        /* DiameterURI: aaa://host... */
	CHG_TYPE_ADDRESS,    /* Address: two octets of family, then 4 or 16 octets */
	CHG_TYPE_TIME,       /* Time: 4 octets, seconds since 1900 */
	CHG_TYPE_ENUMERATED, /* Enumerated: 4 octets, signed */
	CHG_TYPE_I32,        /* Integer32: 4 octets */
	CHG_TYPE_I64,        /* Integer64: 8 octets */
	CHG_TYPE_U32,        /* Unsigned32: 4 octets */
	CHG_TYPE_U64,        /* Unsigned64: 8 octets */
	CHG_TYPE_GROUPED,    /* Grouped: AVPs */
	CHG_TYPE_FILTER,     /* IPFilterRule: text */
};

/* One AVP. */
struct chg_avp_row {
	uint32_t code;
	uint32_t vendor; /* 0: sent without V bit */
	enum chg_avp_type type;
	bool must;        /* the M bit is set when we send it; what peers set is theirs */
	const char *name; /* as its document spells it; unique without regard to case */
};

/* The row of an AVP; never NULL. */
const struct chg_avp_row *chg_dict_row(enum chg_avp id);

/*
 * The AVP of a vendor and a code, as they stand in an AVP header.  A search over constant code, a
 * few nanoseconds: made for every AVP of every message.  False when there is no row.
 */
bool chg_dict_find(uint32_t vendor, uint32_t code, enum chg_avp *ret);

/*
 * The AVP of a name, without regard to the case of ASCII letters.  Looks at every row: made for
 * configuration, tests and command lines.  False when there is no row.
 */
bool chg_dict_by_name(const char *name, size_t len, enum chg_avp *ret);

/*
 * Named values, dict/enum.def.  They belong to Enumerated AVPs and to a few integers whose document
 * names values (Cause-Code).
 *
 *   chg_dict_enum_name   NULL when that value has no name
 *   chg_dict_enum_value  without regard to the case of ASCII letters; false when there is no such
 *                        name.  Looks at every row
 *   chg_dict_enum_known  false when the value is not defined for an Enumerated, which RFC 6733
 *                        answers with 5004 when M is set; true for AVPs of other types and
 *                        for an Enumerated without rows, where nothing can be said
 */
const char *chg_dict_enum_name(enum chg_avp id, int32_t value);
bool chg_dict_enum_value(enum chg_avp id, const char *name, size_t len, int32_t *ret);
bool chg_dict_enum_known(enum chg_avp id, int32_t value);

/* Applications, commands and their grammar: dict/command.def. */

enum chg_application {
#define APPLICATION(id, number, name) CHG_APPLICATION_##id = number,
#include "dict/command.def"
};

enum chg_command {
#define COMMAND(id, name, code, application, flags) CHG_COMMAND_##id,
#include "dict/command.def"
	CHG_COMMAND_COUNT
};

struct chg_command_row {
	uint32_t code;
	uint32_t application;
	bool is_request; /* the R bit */
	const char *name;
};

/* The row of a command; never NULL. */
const struct chg_command_row *chg_dict_command(enum chg_command id);

enum chg_rule_kind {
	CHG_RULE_FIXED,    /* < avp > directly after the header; RFC 6733 8.8 says SHOULD */
	CHG_RULE_REQUIRED, /* { avp } */
	CHG_RULE_OPTIONAL, /* [ avp ] */
};

enum { CHG_RULE_UNLIMITED = -1 };

/* How often an AVP may stand at the top level of a command. */
struct chg_rule_row {
	enum chg_command command;
	enum chg_rule_kind kind;
	enum chg_avp avp;
	int min;
	int max; /* CHG_RULE_UNLIMITED: any number */
};

/*
 * The rules of a command, each AVP at most once; never NULL.  Fewer than min is 5005, more than max
 * 5009.  An AVP without a rule may come any number of times: every grammar ends in *[ AVP ].
 */
const struct chg_rule_row *chg_dict_rules(enum chg_command id, size_t *ret_count);

/* Result-Code values: dict/result.def. */
enum chg_result {
#define RESULT(id, code, name) CHG_RESULT_##id = code,
#include "dict/result.def"
#undef RESULT
};

/* "DIAMETER_SUCCESS"; NULL when the code has no row. */
const char *chg_result_name(uint32_t code);

/* Whether the class alone calls for the E bit: 3xxx.  RFC 6733 7.1.3, 7.2; A-055 */
bool chg_result_is_protocol_error(uint32_t code);

/* Vendors and applications as rows, for whoever registers them with a library. */
struct chg_number_row {
	uint32_t number;
	const char *name;
};

const struct chg_number_row *chg_dict_vendors(size_t *ret_count);
const struct chg_number_row *chg_dict_applications(size_t *ret_count);

#endif

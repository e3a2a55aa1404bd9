/* SPDX-License-Identifier: BSD-3-Clause
 * Credit-Control-Requests as they come: what is taken, what is refused, and with which words.
 */
#include <stdio.h>

#include "support/message.h"
#include "support/table.h"
#include "wire/message.h"

static const struct chg_identity self = {
	.origin_host = { "ocs.example.net", sizeof("ocs.example.net") - 1 },
	.origin_realm = { "example.net", sizeof("example.net") - 1 },
};

static struct message request;
static struct chg_scratch scratch;
static struct chg_ccr ccr;
static struct chg_fault fault;
static uint8_t answer_bytes[MESSAGE_ROOM];

static enum chg_rc read_request(enum chg_strictness strictness)
{
	memset(&ccr, 0, sizeof ccr);
	memset(&fault, 0, sizeof fault);
	return chg_wire_read_ccr(message_view(&request), strictness, &scratch, &ccr, &fault);
}

static enum chg_rc read_ccr(const char *changes, enum chg_strictness strictness)
{
	message_ccr(&request, changes);
	return read_request(strictness);
}

static int release(void **state)
{
	(void)state;
	chg_scratch_release(&scratch);
	return 0;
}

/* ---- Refusals: Result-Code, and what Failed-AVP holds --------------------------------------- */

#define EVENT "type=4 436m:00000000 "
#define ONE   "0000000000000001"

static const struct refusal_row {
	const char *says;
	const char *changes;
	enum chg_strictness strictness;
	uint32_t result;    /* 0: taken */
	const char *failed; /* the notation of message_avps */
} refusal_rows[] = {
	{ "the base request is taken", "", CHG_STRICT, 0, NULL },
	{ "an event is taken", EVENT, CHG_STRICT, 0, NULL },
	{ "N-007 P clear is taken", "flags=80", CHG_STRICT, 0, NULL },
	{ "N-008 T is taken", "flags=d0", CHG_STRICT, 0, NULL },
	{ "N-026 two Proxy-Info are taken", "284m:{280m:'a' 33m:'1'} 284m:{280m:'b' 33m:'2'}",
		CHG_STRICT, 0, NULL },
	/* H2 */
	{ "without Session-Id", "-263", CHG_LENIENT, 5005, "263m:" },
	{ "N-020 without Destination-Realm", "-283", CHG_LENIENT, 5005, "283m:" },
	{ "N-031 without Origin-Host", "-264", CHG_LENIENT, 5005, "264m:" },
	{ "N-032 without Origin-Realm", "-296", CHG_LENIENT, 5005, "296m:" },
	{ "N-034 without Service-Context-Id", "-461", CHG_LENIENT, 5005, "461m:" },
	{ "N-035 without CC-Request-Type", "-416", CHG_LENIENT, 5005, "416m:00000000" },
	{ "without CC-Request-Number", "-415", CHG_LENIENT, 5005, "415m:00000000" },
	{ "N-040 an event without Requested-Action", "type=4", CHG_LENIENT, 5005, "436m:00000000" },
	{ "N-041 Subscription-Id without type", "443m:{444m:'4930'}", CHG_LENIENT, 5005,
		"450m:00000000" },
	{ "N-041 Subscription-Id without data", "443m:{450m:00000000}", CHG_LENIENT, 5005,
		"444m:" },
	{ "N-043 CC-Money without Unit-Value", "437m:{413m:{425m:000003d2}}", CHG_LENIENT, 5005,
		"445m:" },
	{ "N-043 Unit-Value without Value-Digits", "437m:{413m:{445m:{429m:ffffffff}}}",
		CHG_LENIENT, 5005, "447m:0000000000000000" },
	{ "N-044 Proxy-Info without Proxy-Host", "284m:{33m:'s'}", CHG_LENIENT, 5005, "280m:" },
	{ "N-047 a vendor's application without id", "260m:{266m:000028af}", CHG_LENIENT, 5005,
		"258m:00000000 259m:00000000" },
	{ "R1 the application in the vendor's group alone is taken",
		"-258 260m:{266m:000028af 258m:00000004}", CHG_STRICT, 0, NULL },
	{ "R1 without any application", "-258", CHG_LENIENT, 5005, "258m:00000000" },
	{ "R1 an accounting application is none", "-258 260m:{266m:000028af 259m:00000004}",
		CHG_LENIENT, 5005, "258m:00000000" },
	{ "B-143 an extension without identity", "659:{}", CHG_LENIENT, 5005, "660:" },
	/* H3 */
	{ "two Session-Ids: the second", "263m:'other'", CHG_LENIENT, 5009, "263m:'other'" },
	{ "N-061 two CC-Request-Numbers: the second", "415m:00000007", CHG_LENIENT, 5009,
		"415m:00000007" },
	{ "N-061 two CC-Request-Types: the second", "416m:00000002", CHG_LENIENT, 5009,
		"416m:00000002" },
	{ "N-062 two Destination-Realms: the second", "283m:'two'", CHG_LENIENT, 5009,
		"283m:'two'" },
	{ "two requested units: the second", "437m:{} 437m:{420m:00000001}", CHG_LENIENT, 5009,
		"437m:{420m:00000001}" },
	{ "N-064 two CC-Time in requested units", "437m:{420m:00000001 420m:00000002}", CHG_LENIENT,
		5009, "420m:00000002" },
	{ "N-064 two CC-Time in a service's requested units",
		"456m:{432m:00000001 437m:{420m:00000001 420m:00000002}}", CHG_LENIENT, 5009,
		"420m:00000002" },
	{ "N-064 two CC-Total-Octets in used units", "446m:{421m:" ONE " 421m:" ONE "}",
		CHG_LENIENT, 5009, "421m:" ONE },
	{ "N-065 Subscription-Id with two data", "443m:{450m:00000000 444m:'1' 444m:'2'}",
		CHG_LENIENT, 5009, "444m:'2'" },
	{ "Subscription-Id with two types", "443m:{450m:00000000 450m:00000001 444m:'2'}",
		CHG_LENIENT, 5009, "450m:00000001" },
	{ "B-143 an extension with two identities", "659:{660:'1' 661:'2'}", CHG_LENIENT, 5009,
		"661:'2'" },
	{ "N-067 a vendor's application with two ids",
		"260m:{266m:000028af 258m:00000004 259m:00000003}", CHG_LENIENT, 5009,
		"258m:00000004 259m:00000003" },
	{ "two Rating-Groups in a service", "456m:{432m:00000001 432m:00000002}", CHG_LENIENT, 5009,
		"432m:00000002" },
	{ "two requests for units in a service", "456m:{437m:{} 437m:{420m:00000001}}", CHG_LENIENT,
		5009, "437m:{420m:00000001}" },
	{ "nine services by identifier in one group",
		"456m:{439m:00000001 439m:00000002 439m:00000003 439m:00000004 439m:00000005 "
		"439m:00000006 439m:00000007 439m:00000008 439m:00000009}",
		CHG_LENIENT, 5009, "439m:00000009" },
	{ "nine reports of usage",
		"446m:{} 446m:{} 446m:{} 446m:{} 446m:{} 446m:{} 446m:{} 446m:{} "
		"446m:{420m:00000009}",
		CHG_LENIENT, 5009, "446m:{420m:00000009}" },
	{ "N-068 Result-Code in a request is ignored", "268m:000007d1", CHG_LENIENT, 0, NULL },
	{ "N-068 strict: it is refused", "268m:000007d1", CHG_STRICT, 5008, "268m:000007d1" },
	{ "N-070 Failed-AVP in a request is ignored", "279m:{1m:'x'}", CHG_LENIENT, 0, NULL },
	{ "N-070 strict: it is refused", "279m:{1m:'x'}", CHG_STRICT, 5008, "279m:{1m:'x'}" },
	{ "N-073 another application than the header's", "-258 258m:00000003", CHG_LENIENT, 5004,
		"258m:00000003" },
	{ "N-073 another one in the vendor's group", "260m:{266m:000028af 258m:00000005}",
		CHG_LENIENT, 5004, "258m:00000005" },
	{ "N-074 services against the indicator are taken", "455m:00000000 456m:{432m:00000001}",
		CHG_LENIENT, 0, NULL },
	{ "N-074 strict: they contradict", "455m:00000000 456m:{432m:00000001}", CHG_STRICT, 5007,
		"455m:00000000 456m:{432m:00000001}" },
	{ "N-074 strict: without an indicator they are taken", "456m:{432m:00000001}", CHG_STRICT,
		0, NULL },
	{ "N-076 Requested-Action in INITIAL is ignored", "436m:00000001", CHG_STRICT, 0, NULL },
	{ "N-076 whatever its value", "436:00000009", CHG_STRICT, 0, NULL },
	{ "N-077 two requests for one service are taken",
		"456m:{432m:00000001 437m:{}} 456m:{432m:00000001 437m:{}}", CHG_LENIENT, 0, NULL },
	{ "N-077 strict: they contradict",
		"456m:{432m:00000001 437m:{}} 456m:{432m:00000001 437m:{420m:00000001}}",
		CHG_STRICT, 5007,
		"456m:{432m:00000001 437m:{}} 456m:{432m:00000001 437m:{420m:00000001}}" },
	{ "N-077 strict: usage of one service may come in two groups",
		"456m:{432m:00000001 437m:{} 446m:{452m:00000000}} "
		"456m:{432m:00000001 446m:{452m:00000001}}",
		CHG_STRICT, 0, NULL },
	{ "units requested at both levels are taken", "437m:{} 456m:{432m:00000001}", CHG_LENIENT,
		0, NULL },
	{ "strict: they contradict", "437m:{} 456m:{432m:00000001}", CHG_STRICT, 5007,
		"437m:{} 456m:{432m:00000001}" },
	{ "N-079 Validity-Time in a request is ignored", "448m:00000001", CHG_LENIENT, 0, NULL },
	{ "N-079 strict: it is refused", "448m:00000001", CHG_STRICT, 5008, "448m:00000001" },
	{ "N-079 strict: Final-Unit-Indication is refused", "430m:{449m:00000000}", CHG_STRICT,
		5008, "430m:{449m:00000000}" },
	{ "N-079 granted units of a service are ignored", "456m:{431m:{420m:00000001}}",
		CHG_LENIENT, 0, NULL },
	{ "N-079 strict: they are refused", "456m:{431m:{420m:00000001}}", CHG_STRICT, 5008,
		"431m:{420m:00000001}" },
	/* H4 */
	{ "CC-Request-Type 0", "type=0", CHG_LENIENT, 5004, "416m:00000000" },
	{ "CC-Request-Type 5", "type=5", CHG_LENIENT, 5004, "416m:00000005" },
	{ "N-092 Requested-Action 4", "type=4 436m:00000004", CHG_LENIENT, 5004, "436m:00000004" },
	{ "N-092 Requested-Action -1", "type=4 436m:ffffffff", CHG_LENIENT, 5004, "436m:ffffffff" },
	{ "Multiple-Services-Indicator 2", "455m:00000002", CHG_LENIENT, 5004, "455m:00000002" },
	{ "Multiple-Services-Indicator 2 without M is taken", "455:00000002", CHG_LENIENT, 0,
		NULL },
	{ "N-094 an unknown type of identity alone", "443m:{450m:00000009 444m:'x'}", CHG_LENIENT,
		5004, "443m:{450m:00000009}" },
	{ "N-094 beside another one it is taken", "443m:{450m:00000009 444m:'x'} 1m:'a@b'",
		CHG_LENIENT, 0, NULL },
	{ "B-066 an open session needs none", "type=2 443m:{450m:00000009 444m:'x'}", CHG_LENIENT,
		0, NULL },
	{ "an identity that is not one of its type, alone", "443m:{450m:00000000 444m:'alice'}",
		CHG_LENIENT, 5004, "443m:{444m:'alice'}" },
	{ "an identity that is not UTF-8, alone", "443m:{450m:00000004 444m:ff}", CHG_LENIENT, 5004,
		"443m:{444m:ff}" },
	{ "an extension that is not one of its type, alone", "659:{660:'alice'}", CHG_LENIENT, 5004,
		"659:{660:'alice'}" },
	{ "N-095 Tariff-Change-Usage 7", "446m:{452m:00000007}", CHG_LENIENT, 5004,
		"452m:00000007" },
	{ "N-095 Tariff-Change-Usage 3 in a service", "456m:{446m:{452m:00000003}}", CHG_LENIENT,
		5004, "452m:00000003" },
	{ "N-095 Tariff-Change-Usage of a service", "456m:{452m:00000003}", CHG_LENIENT, 5004,
		"452m:00000003" },
	{ "N-095 2 is defined", "456m:{446m:{452m:00000002}}", CHG_STRICT, 0, NULL },
	{ "N-097 an unknown AVP with M, its data with it", "99999/10415m:c0ffee", CHG_LENIENT, 5001,
		"99999/10415m:c0ffee" },
	{ "A-032 an unknown M AVP in a service", "456m:{432m:00000001 99999m:01}", CHG_LENIENT,
		5001, "99999m:01" },
	{ "A-032 an unknown M AVP in used units", "456m:{446m:{99999m:01}}", CHG_LENIENT, 5001,
		"99999m:01" },
	{ "A-032 an unknown M AVP in Unit-Value", "437m:{413m:{445m:{447m:" ONE " 99999m:}}}",
		CHG_LENIENT, 5001, "99999m:" },
	{ "A-033 an unknown AVP in a service is taken", "456m:{99999:01}", CHG_STRICT, 0, NULL },
	{ "N-098 an unknown AVP without M is taken", "99999/10415:c0ffee", CHG_STRICT, 0, NULL },
	{ "N-100 an unknown M AVP in a service without M is taken", "456:{99999m:01}", CHG_STRICT,
		0, NULL },
	{ "N-100 an unknown M AVP in units without M is taken", "456m:{437:{99999m:01}}",
		CHG_STRICT, 0, NULL },
	{ "R9 an unknown M AVP inside Service-Information is taken", "873/10415m:{99999/20300m:01}",
		CHG_LENIENT, 0, NULL },
	{ "N-101 an unknown AVP with M and no data", "99999m:", CHG_LENIENT, 5001, "99999m:" },
	{ "N-103 Subscription-Id-Extension with M is known", "659m:{662:'sip:a@x'}", CHG_STRICT, 0,
		NULL },
	{ "N-104 OC-Supported-Features is known", "621m:{622m:0000000000000001}", CHG_STRICT, 0,
		NULL },
	{ "N-106 V with vendor 0 is another AVP", "-415 415Vm:00000001", CHG_LENIENT, 5001,
		"415Vm:00000001" },
	{ "N-107 CC-Request-Number of three octets", "-415 415m:000001", CHG_LENIENT, 5014,
		"415m:00000000" },
	{ "N-109 CC-Sub-Session-Id of four octets", "419m:00000009", CHG_LENIENT, 5014,
		"419m:0000000000000000" },
	{ "N-110 Event-Timestamp of three octets", "55m:000001", CHG_LENIENT, 5014,
		"55m:00000000" },
	{ "N-131 Event-Timestamp of another century is taken", "55m:00000000", CHG_STRICT, 0,
		NULL },
	{ "N-049 an update without usage is taken", "type=2 437m:{}", CHG_STRICT, 0, NULL },
	{ "N-050 a termination without usage is taken", "type=3", CHG_STRICT, 0, NULL },
	{ "N-152 usage in INITIAL is taken", "446m:{420m:00000001}", CHG_STRICT, 0, NULL },
	{ "N-112 a length beyond the end", "#00000001400000ff", CHG_LENIENT, 5014, "1m:" },
	{ "N-113 a length of 4", "#0000019f40000004", CHG_LENIENT, 5014, "415m:00000000" },
	{ "a Rating-Group of three octets in a service", "456m:{432m:000001}", CHG_LENIENT, 5014,
		"432m:00000000" },
	{ "CC-Total-Octets of four octets", "437m:{421m:00000001}", CHG_LENIENT, 5014,
		"421m:0000000000000000" },
	{ "an Exponent of eight octets", "437m:{413m:{445m:{447m:" ONE " 429m:" ONE "}}}",
		CHG_LENIENT, 5014, "429m:00000000" },
	{ "a Subscription-Id-Type of one octet", "443m:{450m:00 444m:'1'}", CHG_LENIENT, 5014,
		"450m:00000000" },
	{ "a length beyond the end of a service", "456m:{#000001b0400000ff}", CHG_LENIENT, 5014,
		"432m:00000000" },
	{ "two octets at the end of a service", "456m:{432m:00000001 #0000}", CHG_LENIENT, 5014,
		"0:" },
	{ "N-115 an empty Session-Id", "-263 263m:''", CHG_LENIENT, 5004, "263m:''" },
	{ "N-116 Session-Id not first is taken", "-263 263m:'late'", CHG_STRICT, 0, NULL },
	{ "N-118 Service-Context-Id that is not UTF-8", "-461 461m:ff", CHG_LENIENT, 5004,
		"461m:ff" },
	{ "N-119 one without @ is left to the decision", "-461 461m:'tralalalal ID'", CHG_LENIENT,
		0, NULL },
	{ "N-127 a negative amount requested", "437m:{413m:{445m:{447m:ffffffffffffffff}}}",
		CHG_LENIENT, 5004, "447m:ffffffffffffffff" },
	{ "N-127 a negative amount used", "446m:{413m:{445m:{447m:8000000000000000}}}", CHG_LENIENT,
		5004, "447m:8000000000000000" },
	{ "N-127 a negative amount used by a service",
		"456m:{446m:{413m:{445m:{447m:ffffffffffffffff}}}}", CHG_LENIENT, 5004,
		"447m:ffffffffffffffff" },
	{ "B-150 an exponent over 18", "437m:{413m:{445m:{447m:" ONE " 429m:00000013}}}",
		CHG_LENIENT, 5004, "429m:00000013" },
	{ "B-150 an exponent under -18", "437m:{413m:{445m:{447m:" ONE " 429m:ffffffed}}}",
		CHG_LENIENT, 5004, "429m:ffffffed" },
	{ "B-150 an amount that overflows", "437m:{413m:{445m:{447m:7fffffffffffffff}}}",
		CHG_LENIENT, 5004, "445m:{447m:7fffffffffffffff}" },
	{ "B-150 an amount finer than a millionth",
		"437m:{413m:{445m:{447m:" ONE " 429m:fffffff9}}}", CHG_LENIENT, 5004,
		"445m:{447m:" ONE " 429m:fffffff9}" },
	{ "B-150 a millionth is taken", "437m:{413m:{445m:{447m:" ONE " 429m:fffffffa}}}",
		CHG_STRICT, 0, NULL },
	{ "N-125 a currency that is none is left to the decision",
		"437m:{413m:{445m:{447m:" ONE "} 425m:000f4240}}", CHG_LENIENT, 0, NULL },
	{ "A-041 the first error is the one told", "456m:{432m:01} 99999m:01", CHG_LENIENT, 5014,
		"432m:00000000" },
	{ "A-098 an unknown Termination-Cause is taken", "type=3 295m:00000063", CHG_STRICT, 0,
		NULL },
	{ "R8 M bits may be clear",
		"-264 -415 -416 264:'im1.example.net' 415:00000001 416:00000001 456:{432:00000001 "
		"437:{417:0000000000000001}}",
		CHG_STRICT, 0, NULL },
	{ "R12 Accounting-Record-Type in a CCR is no matter", "480m:00000002 485m:00000000",
		CHG_STRICT, 0, NULL },
};

/* What Failed-AVP holds when this refusal is answered. */
static struct chg_view failed_avp(void)
{
	struct chg_view failed = { 0 };
	struct chg_out out = chg_out_of(answer_bytes, sizeof answer_bytes);
	assert_int_equal(chg_wire_write_fault(message_view(&request), &self, &fault, &out), CHG_OK);
	struct chg_view answer = { (const char *)out.bytes, out.len };
	assert_int_equal(message_count(answer, 279), 1);
	assert_true(message_find(answer, 279, 0, &failed));
	return failed;
}

static void assert_failed(const char *notation)
{
	static struct message wanted;
	message_begin(&wanted, 0, 0, 0);
	message_avps(&wanted, notation);
	struct chg_view failed = failed_avp();
	assert_int_equal(failed.len, wanted.len - 20);
	assert_memory_equal(failed.ptr, wanted.bytes + 20, failed.len);
}

static void refusal_row_holds(void **state)
{
	const struct refusal_row *row = *state;
	enum chg_rc rc = read_ccr(row->changes, row->strictness);
	assert_int_equal(fault.result_code, row->result);
	assert_int_equal(rc, row->result == 0 ? CHG_OK : CHG_E_SYNTAX);
	if (row->result != 0)
		assert_failed(row->failed);
}

/* ---- Services and units ----------------------------------------------------------------------- */

static struct chg_opt_u64 count_of(uint64_t value)
{
	return (struct chg_opt_u64){ true, value };
}

static void assert_count(chg_opt_u64 got, chg_opt_u64 wanted)
{
	assert_int_equal(got.is_present, wanted.is_present);
	assert_int_equal(got.value, wanted.value);
}

static const struct unit_row {
	const char *says;
	const char *units; /* inside Requested-Service-Unit */
	enum chg_unit unit;
	uint64_t count;
} unit_rows[] = {
	{ "CC-Time is seconds", "420m:ffffffff", CHG_UNIT_SECONDS, UINT32_MAX },
	{ "N-130 CC-Time may be 0", "420m:00000000", CHG_UNIT_SECONDS, 0 },
	{ "N-128 CC-Total-Octets may be all that 64 bits hold", "421m:ffffffffffffffff",
		CHG_UNIT_OCTETS, UINT64_MAX },
	{ "CC-Input-Octets", "412m:0000000100000000", CHG_UNIT_OCTETS_IN, UINT64_C(1) << 32 },
	{ "CC-Output-Octets", "414m:0000000000000007", CHG_UNIT_OCTETS_OUT, 7 },
	{ "CC-Service-Specific-Units is messages", "417m:0000000000000009", CHG_UNIT_MESSAGES, 9 },
};

/* At the level of the command and in a service, requested and used: everywhere the same. */
static void unit_row_holds(void **state)
{
	const struct unit_row *row = *state;
	static const struct {
		const char *before, *after;
	} places[] = { { "437m:{", "}" }, { "456m:{437m:{", "}}" }, { "446m:{", "}" },
		{ "456m:{446m:{", "}}" } };
	for (size_t i = 0; i < COUNT(places); i++) {
		char changes[128];
		snprintf(changes, sizeof changes, "%s%s%s", places[i].before, row->units,
			places[i].after);
		assert_int_equal(read_ccr(changes, CHG_STRICT), CHG_OK);
		assert_int_equal(ccr.service_count, 1);
		assert_int_equal(ccr.is_multiple, i % 2 == 1);
		const struct chg_service_ask *service = &ccr.service[0];
		assert_int_equal(service->requested.is_present, i < 2);
		assert_int_equal(service->used_count, i < 2 ? 0 : 1);
		const struct chg_units *units =
			i < 2 ? &service->requested : &service->used[0].units;
		assert_true(units->is_present);
		assert_false(units->has_money);
		for (int unit = 0; unit < CHG_UNIT_COUNT; unit++)
			assert_count(units->of[unit],
				unit == (int)row->unit ? count_of(row->count) : (chg_opt_u64){ 0 });
	}
}

static const struct money_row {
	const char *says;
	const char *money; /* inside CC-Money */
	int64_t micros;
	uint16_t currency;
} money_rows[] = {
	{ "12 and -1 is 1.20", "445m:{447m:000000000000000c 429m:ffffffff} 425m:000003d2", 1200000,
		978 },
	{ "without Exponent it is 0", "445m:{447m:0000000000000003}", 3000000, 0 },
	{ "an exponent may be positive", "445m:{447m:0000000000000003 429m:00000002}", 300000000,
		0 },
	{ "0 of anything is 0", "445m:{447m:0000000000000000 429m:00000012}", 0, 0 },
	{ "N-125 a currency of more than three digits is an unknown one",
		"445m:{447m:0000000000000001} 425m:00010000", 1000000, 0xffff },
};

static void money_row_holds(void **state)
{
	const struct money_row *row = *state;
	char changes[128];
	snprintf(changes, sizeof changes, "456m:{437m:{413m:{%s}}}", row->money);
	assert_int_equal(read_ccr(changes, CHG_STRICT), CHG_OK);
	const struct chg_units *units = &ccr.service[0].requested;
	assert_true(units->has_money);
	assert_int_equal(units->money.micros, row->micros);
	assert_int_equal(units->currency.number, row->currency);
}

static void a_request_without_units_is_one_service(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("", CHG_STRICT), CHG_OK);
	assert_int_equal(ccr.service_count, 1);
	assert_false(ccr.is_multiple);
	assert_false(ccr.service[0].requested.is_present);
	assert_false(ccr.service[0].rating_group.is_present);
	assert_int_equal(ccr.service[0].service_id_count, 0);
	assert_int_equal(ccr.service[0].used_count, 0);
	assert_int_equal(read_ccr("437m:{}", CHG_STRICT), CHG_OK);
	assert_true(ccr.service[0].requested.is_present);
}

static void services_keep_their_order_and_names(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("type=2 455m:00000001 "
				  "456m:{432m:00000064 439m:000003e8 439m:000003e9 437m:{}} "
				  "456m:{439m:00000007 446m:{420m:00000011 872/10415m:00000002}} "
				  "456m:{432m:00000007 872/10415m:00000004 "
				  "446m:{452m:00000000 420m:00000001} "
				  "446m:{452m:00000001 420m:00000002} 2022/10415m:'handle'}",
				 CHG_STRICT),
		CHG_OK);
	assert_true(ccr.is_multiple);
	assert_int_equal(ccr.service_count, 3);
	assert_int_equal(ccr.service[0].rating_group.value, 100);
	assert_int_equal(ccr.service[0].service_id_count, 2);
	assert_int_equal(ccr.service[0].service_id[0], 1000);
	assert_int_equal(ccr.service[0].service_id[1], 1001);
	assert_true(ccr.service[0].requested.is_present);
	assert_false(ccr.service[1].rating_group.is_present);
	assert_int_equal(ccr.service[1].service_id[0], 7);
	assert_int_equal(ccr.service[1].used[0].reason.value, 2);
	assert_int_equal(ccr.service[1].reason.value, 2); /* FINAL is of the service as well */
	assert_int_equal(ccr.service[2].rating_group.value, 7);
	assert_int_equal(ccr.service[2].reason.value, 4);
	assert_int_equal(ccr.service[2].used_count, 2);
	assert_true(ccr.service[2].used[0].tariff_change_usage.is_present);
	assert_int_equal(ccr.service[2].used[0].tariff_change_usage.value, 0);
	assert_int_equal(ccr.service[2].used[1].tariff_change_usage.value, 1);
	assert_int_equal(ccr.service[2].refund_information.len, strlen("handle"));
}

static void n_077_groups_of_one_service_are_joined(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("type=2 456m:{432m:00000001 446m:{420m:00000001}} "
				  "456m:{432m:00000002 437m:{420m:00000009}} "
				  "456m:{432m:00000001 437m:{420m:00000005} 446m:{420m:00000002} "
				  "872/10415m:00000002} "
				  "456m:{432m:00000001 437m:{420m:00000006}}",
				 CHG_LENIENT),
		CHG_OK);
	assert_int_equal(ccr.service_count, 2);
	assert_int_equal(ccr.service[0].rating_group.value, 1);
	assert_int_equal(ccr.service[0].used_count, 2);
	assert_count(ccr.service[0].used[0].units.of[CHG_UNIT_SECONDS], count_of(1));
	assert_count(ccr.service[0].used[1].units.of[CHG_UNIT_SECONDS], count_of(2));
	assert_count(ccr.service[0].requested.of[CHG_UNIT_SECONDS], count_of(5));
	assert_int_equal(ccr.service[0].reason.value, 2);
	assert_int_equal(ccr.service[1].rating_group.value, 2);
}

static void what_names_a_service_tells_services_apart(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("456m:{} 456m:{432m:00000001} 456m:{439m:00000001} "
				  "456m:{432m:00000001 439m:00000001} "
				  "456m:{432m:00000001 439m:00000002}",
				 CHG_STRICT),
		CHG_OK);
	assert_int_equal(ccr.service_count, 5);
}

static void usage_beside_services_is_not_lost(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("type=2 439m:00000007 437m:{420m:00000009} 446m:{420m:00000003} "
				  "456m:{432m:00000001 437m:{}}",
				 CHG_LENIENT),
		CHG_OK);
	assert_int_equal(ccr.service_count, 2);
	assert_int_equal(ccr.service[1].service_id[0], 7);
	assert_int_equal(ccr.service[1].used_count, 1);
	assert_false(ccr.service[1].requested.is_present);
	assert_int_equal(
		read_ccr("type=2 446m:{420m:00000003} 456m:{437m:{}}", CHG_LENIENT), CHG_OK);
	assert_int_equal(ccr.service_count, 1); /* no name either: the same service */
	assert_int_equal(ccr.service[0].used_count, 1);
}

static void n_133_more_services_than_are_served_are_refused(void **state)
{
	(void)state;
	for (int is_same = 0; is_same < 2; is_same++) {
		message_ccr(&request, "");
		for (int i = 1; i <= 1000; i++) {
			char service[64];
			snprintf(service, sizeof service, "456m:{432m:%08x}", is_same ? 1 : i);
			message_avps(&request, service);
		}
		assert_int_equal(read_request(CHG_LENIENT), CHG_E_SYNTAX);
		assert_int_equal(fault.result_code, 5009);
		assert_failed(is_same ? "456m:{432m:00000001}" : "456m:{432m:00000021}");
	}
}

static void as_many_services_as_are_served_are_taken(void **state)
{
	(void)state;
	message_ccr(&request, "");
	for (int i = 1; i <= CHG_SERVICE_MAX; i++) {
		char service[64];
		snprintf(service, sizeof service, "456m:{432m:%08x 437m:{}}", i);
		message_avps(&request, service);
	}
	assert_int_equal(read_request(CHG_STRICT), CHG_OK);
	assert_int_equal(ccr.service_count, CHG_SERVICE_MAX);
	assert_int_equal(ccr.service[CHG_SERVICE_MAX - 1].rating_group.value, CHG_SERVICE_MAX);
	message_avps(&request, "439m:00000001 446m:{}"); /* usage of one service more */
	assert_int_equal(read_request(CHG_LENIENT), CHG_E_SYNTAX);
	assert_int_equal(fault.result_code, 5009);
}

/* N-134: groups inside groups are followed only where the grammar leads. */
static void n_134_deep_groups_are_harmless(void **state)
{
	(void)state;
	static struct message inner;
	message_begin(&inner, 0, 0, 0);
	message_avps(&inner, "432m:00000001");
	for (int i = 0; i < 500; i++) {
		static struct message outer;
		message_begin(&outer, 0, 0, 0);
		message_avp(
			&outer, i % 2 == 0 ? 437 : 456, 0, 0x40, inner.bytes + 20, inner.len - 20);
		inner = outer;
	}
	message_ccr(&request, "");
	message_raw(&request, inner.bytes + 20, inner.len - 20);
	assert_int_equal(read_request(CHG_LENIENT), CHG_OK);
	assert_int_equal(ccr.service_count, 1);
}

/* ---- Identities -------------------------------------------------------------------------------- */

static const struct identity_row {
	const char *says;
	const char *changes;
	const char *keys; /* in their order, with blanks between them */
} identity_rows[] = {
	{ "no identity at all is left to the decision", "", "" },
	{ "a number", "443m:{450m:00000000 444m:'4930123'}", "tel:+4930123" },
	{ "each type has its key",
		"443m:{450m:00000000 444m:'49-30'} 443m:{450m:00000001 444m:'26201'} "
		"443m:{450m:00000002 444m:'SIP:a@X'} 443m:{450m:00000003 444m:'u@R'} "
		"443m:{450m:00000004 444m:'p'}",
		"tel:+4930 imsi:26201 sip:a@x nai:u@r private:p" },
	{ "B-143 an extension says it by its AVP",
		"659:{660:'4930'} 659:{661:'26201'} 659:{662:'sip:a@x'} 659:{663:'u@r'} "
		"659:{664:'p'}",
		"tel:+4930 imsi:26201 sip:a@x nai:u@r private:p" },
	{ "the order is that of the places",
		"873/10415m:{443m:{450m:00000004 444m:'inside'}} 1m:'name@r' 659:{664:'ext'} "
		"443m:{450m:00000004 444m:'top'}",
		"private:top private:ext nai:name@r private:inside" },
	{ "R11 a User-Name that looks like a URI is one", "1m:'sip:alice@example.net'",
		"sip:alice@example.net" },
	{ "R11 and one that does not is an NAI", "1m:'sipper@example.net'",
		"nai:sipper@example.net" },
	{ "a User-Name may be a telephone's URI", "1m:'tel:+4930'", "tel:+4930" },
	{ "the same one twice is one",
		"443m:{450m:00000002 444m:'sip:a@x'} 1m:'sip:a@x' "
		"873/10415m:{443m:{450m:00000002 444m:'sip:a@x'}}",
		"sip:a@x" },
	{ "B-142 an unknown type is left out", "443m:{450m:00000009 444m:'x'} 1m:'a@b'",
		"nai:a@b" },
	{ "what makes no key is left out",
		"443m:{450m:00000000 444m:'alice'} 443m:{450m:00000001 444m:'26201'}",
		"imsi:26201" },
	{ "what is empty is left out", "443m:{450m:00000000 444m:''} 1m:'a@b'", "nai:a@b" },
	{ "a future kind of extension is left out", "659:{999:'x'} 1m:'a@b'", "nai:a@b" },
	{ "a half Subscription-Id inside Service-Information is nothing",
		"873/10415m:{443m:{444m:'4930'}}", "" },
	{ "no more are listed than are looked up",
		"443m:{450m:00000004 444m:'1'} 443m:{450m:00000004 444m:'2'} "
		"443m:{450m:00000004 444m:'3'} 443m:{450m:00000004 444m:'4'} "
		"443m:{450m:00000004 444m:'5'} 443m:{450m:00000004 444m:'6'} "
		"443m:{450m:00000004 444m:'7'} 443m:{450m:00000004 444m:'8'} "
		"443m:{450m:00000004 444m:'9'}",
		"private:1 private:2 private:3 private:4 private:5 private:6 private:7 private:8" },
};

static void identity_row_holds(void **state)
{
	const struct identity_row *row = *state;
	assert_int_equal(read_ccr(row->changes, CHG_LENIENT), CHG_OK);
	char keys[1024] = "";
	size_t len = 0;
	for (size_t i = 0; i < ccr.identity_count; i++) {
		const struct chg_party *key = &ccr.identity[i].key;
		len += (size_t)snprintf(keys + len, sizeof keys - len, "%s%.*s", i == 0 ? "" : " ",
			key->len, key->bytes);
	}
	assert_string_equal(keys, row->keys);
}

/* ---- Content, and what both interfaces share --------------------------------------------------- */

static const struct content_row {
	const char *says;
	const char *changes;
	const char *content; /* all of it */
} content_rows[] = {
	{ "a bare request has no content", "", "{}" },
	{ "services that were read are not content",
		"456m:{432m:00000001 439m:00000001 437m:{} 446m:{452m:00000000 "
		"872/10415m:00000002 413m:{445m:{447m:0000000000000001}}}} 456m:{}",
		"{}" },
	{ "units at the level of the command are not content",
		"439m:00000001 437m:{417m:0000000000000001} 446m:{417m:0000000000000001}", "{}" },
	{ "what else stands in a service is", "456m:{432m:00000001 457m:{453m:00000001}}",
		"{\"Multiple-Services-Credit-Control\":{\"G-S-U-Pool-Reference\":"
		"{\"G-S-U-Pool-Identifier\":1}}}" },
	{ "routing is not content", "293m:'h' 282m:'r' 284m:{280m:'p' 33m:'s'} 278m:00000001",
		"{}" },
	{ "Requested-Action is content", "type=4 436m:00000000", "{\"Requested-Action\":0}" },
	{ "B-154 Acct-Multi-Session-Id has a field, CC-Correlation-Id is content",
		"50m:'multi' 411:'id'", "{\"CC-Correlation-Id\":\"0x6964\"}" },
	{ "R12 the record type of accounting is content here", "480m:00000002 485m:00000000",
		"{\"Accounting-Record-Type\":2,\"Accounting-Record-Number\":0}" },
	{ "R9 strange content stays", "873/10415m:{99999/20300m:01}",
		"{\"Service-Information\":{\"AVP-20300-99999\":\"0x01\"}}" },
};

static void content_row_holds(void **state)
{
	const struct content_row *row = *state;
	assert_int_equal(read_ccr(row->changes, CHG_LENIENT), CHG_OK);
	char got[1024];
	assert_true(ccr.data.content.len < sizeof got);
	memcpy(got, ccr.data.content.ptr, ccr.data.content.len);
	got[ccr.data.content.len] = '\0';
	assert_string_equal(got, row->content);
}

#define assert_view(view, text)                                                                    \
	do {                                                                                       \
		assert_int_equal((view).len, strlen(text));                                        \
		assert_memory_equal((view).ptr, (text), (view).len);                               \
	} while (0)

static void an_interrogation_is_a_kind_of_record(void **state)
{
	(void)state;
	static const struct {
		const char *changes;
		enum chg_cc_type type;
		enum chg_record_type record;
	} cases[] = {
		{ "type=1", CHG_CC_INITIAL, CHG_RECORD_START },
		{ "type=2", CHG_CC_UPDATE, CHG_RECORD_INTERIM },
		{ "type=3", CHG_CC_TERMINATION, CHG_RECORD_STOP },
		{ EVENT, CHG_CC_EVENT, CHG_RECORD_EVENT },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_ccr(cases[i].changes, CHG_STRICT), CHG_OK);
		assert_int_equal(ccr.type, cases[i].type);
		assert_int_equal(ccr.data.type, cases[i].record);
		assert_int_equal(ccr.action.is_present, cases[i].type == CHG_CC_EVENT);
	}
}

static void fields_of_the_command_are_never_taken_from_a_group(void **state)
{
	(void)state;
	assert_int_equal(read_ccr("^873/10415m:{461m:'inner',416m:00000004,415m:00000063,"
				  "419m:0000000000000001} number=5 419m:0000000000000009",
				 CHG_LENIENT),
		CHG_OK);
	assert_view(ccr.data.service_context_id, "32274@3gpp.org");
	assert_int_equal(ccr.type, CHG_CC_INITIAL);
	assert_int_equal(ccr.data.number, 5);
	assert_int_equal(ccr.data.sub_session_id.value, 9);
}

static const struct digest_row {
	const char *says;
	const char *one;
	const char *other;
	bool is_same;
} digest_rows[] = {
	{ "T and P make no other content", "flags=c0", "flags=90", true },
	{ "routing makes no other content", "",
		"293m:'h' 282m:'r' 284m:{280m:'p' 33m:'s'} 278m:00000001", true },
	{ "N-146 other usage is other content", "446m:{420m:00000001}", "446m:{420m:00000002}",
		false },
};

static void digest_row_holds(void **state)
{
	const struct digest_row *row = *state;
	assert_int_equal(read_ccr(row->one, CHG_LENIENT), CHG_OK);
	struct chg_digest one = ccr.data.digest;
	assert_int_equal(read_ccr(row->other, CHG_LENIENT), CHG_OK);
	assert_int_equal(memcmp(&one, &ccr.data.digest, sizeof one) == 0, row->is_same);
}

/* ---- What Kamailio sends ------------------------------------------------------------------------ */

#define KAMAILIO                                                                                   \
	"1m:'sip:alice@example.net' 461m:'ext.01.001.8.32260@3gpp.org' 873/10415m:{ "              \
	"443m:{450m:00000002 444m:'sip:alice@example.net'} 876/10415m:{ "                          \
	"823/10415m:{824/10415m:'INVITE' 825/10415m:'dummy'} 829/10415m:00000000 "                 \
	"862/10415m:00000000 830/10415m:'call-1@host' 831/10415m:'sip:alice@example.net' "         \
	"832/10415m:'sip:bob@example.net' 833/10415m:{834/10415:ae4e2f00} } } "                    \
	"260m:{266m:000028af 258m:00000004} 55:e9b1f880 458:{459:00000001 460:'00:11:22'} "        \
	"443m:{450m:00000002 444m:'sip:alice@example.net'} 455m:00000001 "

static void kamailios_session_is_read_whole(void **state)
{
	(void)state;
	static const struct {
		const char *changes;
		enum chg_cc_type type;
		bool asks;
		uint64_t used; /* 0: nothing reported */
	} cases[] = {
		{ "-258 -461 type=1 number=0 480m:00000002 485m:00000000 " KAMAILIO
		  "456m:{437m:{420m:0000001e} 439m:000003e8 432m:00000064}",
			CHG_CC_INITIAL, true, 0 },
		{ "-258 -461 type=2 number=1 480m:00000003 485m:00000000 " KAMAILIO
		  "456m:{437m:{420m:0000001e} 439m:000003e8 432m:00000064 446m:{420m:00000011}}",
			CHG_CC_UPDATE, true, 17 },
		{ "-258 -461 type=3 number=2 480m:00000004 485m:00000000 " KAMAILIO
		  "456m:{439m:000003e8 432m:00000064 446m:{420m:00000006}} 295m:00000001",
			CHG_CC_TERMINATION, false, 6 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_ccr(cases[i].changes, CHG_LENIENT), CHG_OK);
		const struct chg_service_ask *service = &ccr.service[0];
		assert_int_equal(ccr.type, cases[i].type);
		assert_int_equal(ccr.data.number, i);
		assert_true(ccr.is_multiple);
		assert_int_equal(ccr.service_count, 1);
		assert_int_equal(service->rating_group.value, 100);
		assert_int_equal(service->service_id[0], 1000);
		assert_int_equal(service->requested.is_present, cases[i].asks);
		assert_count(service->requested.of[CHG_UNIT_SECONDS],
			cases[i].asks ? count_of(30) : (chg_opt_u64){ 0 });
		assert_int_equal(service->used_count, cases[i].used != 0);
		assert_int_equal(service->used[0].units.of[CHG_UNIT_SECONDS].value, cases[i].used);
		assert_int_equal(ccr.identity_count, 1);
		assert_int_equal(ccr.identity[0].type, CHG_IDENTITY_SIP_URI);
		assert_view(ccr.identity[0].text, "sip:alice@example.net");
		assert_view(ccr.data.service_context_id, "ext.01.001.8.32260@3gpp.org");
		assert_view(ccr.data.user_name, "sip:alice@example.net");
		assert_view(ccr.data.call_id, "call-1@host");
		assert_view(ccr.data.sip_method, "INVITE");
		assert_view(ccr.data.called_party, "sip:bob@example.net");
		assert_true(ccr.data.event_time.is_present);
		assert_false(ccr.data.is_unreadable);
	}
	assert_int_equal(ccr.data.termination_cause.value, 1);
}

static void kamailios_message_is_read_whole(void **state)
{
	(void)state;
	assert_int_equal(
		read_ccr("type=4 number=0 55:e9b1f880 443m:{450m:00000002 444m:'sip:alice@x'} "
			 "436m:00000000 437m:{417m:0000000000000001} 873/10415m:{ "
			 "443m:{450m:00000002 444m:'sip:alice@x'} 876/10415m:{ "
			 "823/10415m:{824/10415m:'MESSAGE'} 829/10415m:00000000 "
			 "862/10415m:00000006 830/10415m:'call-2' 831/10415m:'sip:alice@x' "
			 "832/10415m:'sip:bob@x' 833/10415m:{834/10415m:e9b1f880} "
			 "889/10415m:{826/10415m:'text/plain' 827/10415m:00000014} } "
			 "2110/10415m:{2114/10415m:00000001 2111/10415m:00000001} }",
			CHG_LENIENT),
		CHG_OK);
	assert_int_equal(ccr.type, CHG_CC_EVENT);
	assert_int_equal(ccr.action.value, CHG_ACTION_DIRECT_DEBITING);
	assert_false(ccr.is_multiple);
	assert_int_equal(ccr.service_count, 1);
	assert_count(ccr.service[0].requested.of[CHG_UNIT_MESSAGES], count_of(1));
	assert_int_equal(ccr.identity_count, 1);
	assert_view(ccr.data.sip_method, "MESSAGE");
	assert_int_equal(ccr.data.messages_sent.value, 1);
	assert_int_equal(ccr.data.content_octets.value, 20);
	assert_int_equal(ccr.data.node_functionality.value, 6);
}

static void a_message_without_a_header_is_no_request(void **state)
{
	(void)state;
	message_ccr(&request, "");
	struct chg_view view = message_view(&request);
	view.len -= 4; /* not what its header says */
	assert_int_equal(
		chg_wire_read_ccr(view, CHG_LENIENT, &scratch, &ccr, &fault), CHG_E_SYNTAX);
	assert_int_equal(fault.result_code, 5015);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_without_units_is_one_service),
		cmocka_unit_test(services_keep_their_order_and_names),
		cmocka_unit_test(n_077_groups_of_one_service_are_joined),
		cmocka_unit_test(what_names_a_service_tells_services_apart),
		cmocka_unit_test(usage_beside_services_is_not_lost),
		cmocka_unit_test(n_133_more_services_than_are_served_are_refused),
		cmocka_unit_test(as_many_services_as_are_served_are_taken),
		cmocka_unit_test(n_134_deep_groups_are_harmless),
		cmocka_unit_test(an_interrogation_is_a_kind_of_record),
		cmocka_unit_test(fields_of_the_command_are_never_taken_from_a_group),
		cmocka_unit_test(kamailios_session_is_read_whole),
		cmocka_unit_test(kamailios_message_is_read_whole),
		cmocka_unit_test(a_message_without_a_header_is_no_request),
	};
	return TABLE_RUN("what is refused, and with which words", refusal_rows, refusal_row_holds) +
	       TABLE_RUN("units", unit_rows, unit_row_holds) +
	       TABLE_RUN("money", money_rows, money_row_holds) +
	       TABLE_RUN("identities", identity_rows, identity_row_holds) +
	       TABLE_RUN("content", content_rows, content_row_holds) +
	       TABLE_RUN("digests", digest_rows, digest_row_holds) +
	       cmocka_run_group_tests_name("what is taken", tests, NULL, release);
}

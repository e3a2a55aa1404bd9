/* SPDX-License-Identifier: BSD-3-Clause
 * Accounting-Requests as they come: what is taken, what is refused, and with which words.
 */
#include "support/message.h"
#include "support/table.h"
#include "wire/message.h"

static const struct chg_identity self = {
	.origin_host = { "cdf.example.net", sizeof("cdf.example.net") - 1 },
	.origin_realm = { "example.net", sizeof("example.net") - 1 },
};

static struct message request;
static struct chg_scratch scratch;
static struct chg_acr acr;
static struct chg_fault fault;
static uint8_t answer_bytes[MESSAGE_ROOM];

static enum chg_rc read_acr(const char *changes, enum chg_strictness strictness)
{
	message_acr(&request, changes);
	memset(&acr, 0, sizeof acr);
	memset(&fault, 0, sizeof fault);
	return chg_wire_read_acr(message_view(&request), strictness, &scratch, &acr, &fault);
}

static int release(void **state)
{
	(void)state;
	chg_scratch_release(&scratch);
	return 0;
}

/* ---- Refusals: Result-Code, and what Failed-AVP holds --------------------------------------- */

static const struct refusal_row {
	const char *says;
	const char *changes;
	enum chg_strictness strictness;
	uint32_t result;    /* 0: taken */
	const char *failed; /* the notation of message_avps */
} refusal_rows[] = {
	{ "the base request is taken", "", CHG_STRICT, 0, NULL },
	/* H1 */
	{ "N-007 P clear is taken", "flags=80", CHG_STRICT, 0, NULL },
	{ "N-008 T is taken", "flags=d0", CHG_STRICT, 0, NULL },
	{ "A-024 reserved bits are taken", "flags=cf", CHG_STRICT, 0, NULL },
	{ "N-020 without Destination-Realm", "-283", CHG_LENIENT, 5005, "283m:" },
	{ "N-026 two Proxy-Info are taken", "284m:{280m:'a' 33m:'1'} 284m:{280m:'b' 33m:'2'}",
		CHG_STRICT, 0, NULL },
	/* H2, and the examples of section I */
	{ "without Session-Id", "-263", CHG_LENIENT, 5005, "#0000010740000008" },
	{ "N-031 without Origin-Host", "-264", CHG_LENIENT, 5005, "264m:" },
	{ "N-032 without Origin-Realm", "-296", CHG_LENIENT, 5005, "296m:" },
	{ "N-037 without Accounting-Record-Type", "-480", CHG_LENIENT, 5005,
		"#000001e04000000c00000000" },
	{ "N-038 without Accounting-Record-Number", "-485", CHG_LENIENT, 5005,
		"#000001e54000000c00000000" },
	{ "A-096 without Acct-Application-Id is taken", "-259", CHG_STRICT, 0, NULL },
	{ "N-047 a vendor's application without id", "260m:{266m:000028af}", CHG_LENIENT, 5005,
		"258m:00000000 259m:00000000" },
	{ "A-031 a vendor's application with its id is taken",
		"-259 260m:{266m:000028af 259m:00000003}", CHG_STRICT, 0, NULL },
	/* H3 */
	{ "A-059 two Session-Ids: the second", "263m:'other'", CHG_LENIENT, 5009, "263m:'other'" },
	{ "two Origin-Hosts: the second", "264m:'x'", CHG_LENIENT, 5009, "264m:'x'" },
	{ "two record types: the second", "480m:00000002", CHG_LENIENT, 5009, "480m:00000002" },
	{ "three record numbers: the second", "485m:00000007 485m:00000008", CHG_LENIENT, 5009,
		"485m:00000007" },
	{ "N-062 two Destination-Realms: the second", "283m:'two'", CHG_LENIENT, 5009,
		"283m:'two'" },
	{ "N-062 two Destination-Hosts: the second", "293m:'one' 293m:'two'", CHG_LENIENT, 5009,
		"293m:'two'" },
	{ "several Class are taken", "25m:01 25m:02", CHG_STRICT, 0, NULL },
	{ "N-067 a vendor's application with two ids",
		"260m:{266m:000028af 258m:00000004 259m:00000003}", CHG_LENIENT, 5009,
		"258m:00000004 259m:00000003" },
	{ "N-068 Result-Code in a request is ignored", "268m:000007d1", CHG_LENIENT, 0, NULL },
	{ "N-068 strict: it is refused", "268m:000007d1", CHG_STRICT, 5008, "268m:000007d1" },
	{ "N-070 Failed-AVP in a request is ignored", "279m:{1m:'x'}", CHG_LENIENT, 0, NULL },
	{ "N-070 strict: it is refused", "279m:{1m:'x'}", CHG_STRICT, 5008, "279m:{1m:'x'}" },
	{ "N-071 Auth-Application-Id is ignored", "258m:00000004", CHG_LENIENT, 0, NULL },
	{ "N-071 strict: it is refused", "258m:00000004", CHG_STRICT, 5008, "258m:00000004" },
	{ "N-073 another application than the header's", "-259 259m:00000004", CHG_LENIENT, 5004,
		"259m:00000004" },
	{ "N-080 a STOP of a sub-session is taken", "type=4 287m:0000000000000009", CHG_STRICT, 0,
		NULL },
	/* H4 */
	{ "N-091 record type 0", "type=0", CHG_LENIENT, 5004, "480m:00000000" },
	{ "N-091 record type 5", "type=5", CHG_LENIENT, 5004, "480m:00000005" },
	{ "N-091 record type -1", "type=4294967295", CHG_LENIENT, 5004, "480m:ffffffff" },
	{ "N-097 an unknown AVP with M, its data with it", "99999/10415m:c0ffee", CHG_LENIENT, 5001,
		"99999/10415m:c0ffee" },
	{ "N-098 an unknown AVP without M is taken", "99999/10415:c0ffee", CHG_STRICT, 0, NULL },
	{ "N-100 an unknown M AVP inside a group without M is taken", "873/10415:{99999/10415m:01}",
		CHG_STRICT, 0, NULL },
	{ "N-101 an unknown AVP with M and no data", "99999m:", CHG_LENIENT, 5001, "99999m:" },
	{ "N-104 OC-Supported-Features is known", "621m:{622m:0000000000000001}", CHG_STRICT, 0,
		NULL },
	{ "N-106 V with vendor 0 is another AVP", "-485 485Vm:00000001", CHG_LENIENT, 5001,
		"485Vm:00000001" },
	{ "a number of three octets", "-485 485m:000001", CHG_LENIENT, 5014, "485m:00000000" },
	{ "a sub-session of four octets", "287m:00000009", CHG_LENIENT, 5014,
		"287m:0000000000000000" },
	{ "N-110 Event-Timestamp of three octets", "55m:000001", CHG_LENIENT, 5014,
		"55m:00000000" },
	{ "N-112 a length beyond the end", "#00000001400000ff", CHG_LENIENT, 5014, "1m:" },
	{ "N-113 a length of 0", "#0000000140000000", CHG_LENIENT, 5014, "1m:" },
	{ "N-113 a length of 4", "#000001e540000004", CHG_LENIENT, 5014, "485m:00000000" },
	{ "a vendor's AVP too short for its vendor", "#00000369c0000008", CHG_LENIENT, 5014,
		"873m:" },
	{ "four octets at the end", "#00000001", CHG_LENIENT, 5014, "1m:" },
	{ "one octet at the end", "#00", CHG_LENIENT, 5014, "0:" },
	{ "N-115 an empty Session-Id", "-263 263m:''", CHG_LENIENT, 5004, "263m:''" },
	{ "a Session-Id with NUL", "-263 263m:610062", CHG_LENIENT, 5004, "263m:610062" },
	{ "a Session-Id that is not UTF-8", "-263 263m:ff", CHG_LENIENT, 5004, "263m:ff" },
	{ "N-116 Session-Id not first is taken", "-263 263m:'late'", CHG_STRICT, 0, NULL },
	{ "A-035 an empty Origin-Host", "-264 264m:''", CHG_LENIENT, 5004, "264m:''" },
	{ "A-035 an Origin-Host with a blank", "-264 264m:'a b'", CHG_LENIENT, 5004, "264m:'a b'" },
	{ "A-035 an Origin-Realm that is not ASCII", "-296 296m:c3a4", CHG_LENIENT, 5004,
		"296m:c3a4" },
	{ "A-035 strict: a User-Name that is not UTF-8", "1m:ff", CHG_STRICT, 5004, "1m:ff" },
	/* J-19 */
	{ "J-19 a User-Name that is not UTF-8 is taken", "1m:ff", CHG_LENIENT, 0, NULL },
	{ "J-19 a wrong size inside Service-Information is taken",
		"873/10415m:{876/10415m:{861/10415m:01}}", CHG_LENIENT, 0, NULL },
	{ "J-19 an unknown M AVP inside Service-Information is taken",
		"873/10415m:{99999/20300m:01}", CHG_LENIENT, 0, NULL },
	{ "J-19 a broken group is taken", "873/10415m:{#0000000140000099}", CHG_LENIENT, 0, NULL },
	{ "A-032 strict: an unknown M AVP inside groups with M",
		"873/10415m:{876/10415m:{99999/20300m:01}}", CHG_STRICT, 5001, "99999/20300m:01" },
	{ "A-033 strict: but not inside one without M", "873/10415m:{876/10415:{99999/20300m:01}}",
		CHG_STRICT, 0, NULL },
	{ "A-034 strict: a wrong size inside groups", "873/10415m:{876/10415m:{861/10415m:01}}",
		CHG_STRICT, 5014, "861/10415m:00000000" },
	{ "A-035 strict: a text inside groups that is not UTF-8",
		"873/10415m:{876/10415m:{831/10415m:ff}}", CHG_STRICT, 5004, "831/10415m:ff" },
	{ "strict: a broken group", "873/10415m:{#0000000140000099}", CHG_STRICT, 5014, "1m:" },
	{ "A-037 strict: an undefined value", "483m:00000009", CHG_STRICT, 5004, "483m:00000009" },
	{ "A-037 strict: one inside groups", "873/10415m:{876/10415m:{829/10415m:00000063}}",
		CHG_STRICT, 5004, "829/10415m:00000063" },
	{ "A-037 strict: without M it may be ignored", "483:00000009", CHG_STRICT, 0, NULL },
	{ "A-037, J-19 an undefined value is taken", "483m:00000009", CHG_LENIENT, 0, NULL },
	{ "A-098 strict: an unknown Termination-Cause is taken", "295m:00000063", CHG_STRICT, 0,
		NULL },
	{ "A-041 the first error is the one told", "type=0 99999m:01", CHG_LENIENT, 5004,
		"480m:00000000" },
	{ "A-095 Termination-Cause and Class are taken", "295m:00000001 25m:00", CHG_STRICT, 0,
		NULL },
	{ "A-098 an unknown Termination-Cause is taken", "295m:00000063", CHG_LENIENT, 0, NULL },
	{ "R8 M bits may be clear", "-264 -485 264:'im1.example.net' 485:00000001", CHG_STRICT, 0,
		NULL },
	{ "R9 IETF SIP-Method inside Event-Type is taken",
		"873/10415m:{876/10415m:{823/10415m:{393m:'INVITE'}}}", CHG_LENIENT, 0, NULL },
	{ "R9 Huawei 20300 inside Service-Information is taken",
		"873/10415m:{20300/2011m:{20302/2011m:00}}", CHG_LENIENT, 0, NULL },
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

static void refusal_row_holds(void **state)
{
	const struct refusal_row *row = *state;
	enum chg_rc rc = read_acr(row->changes, row->strictness);
	assert_int_equal(fault.result_code, row->result);
	assert_int_equal(rc, row->result == 0 ? CHG_OK : CHG_E_SYNTAX);
	if (row->result == 0)
		return;
	static struct message wanted;
	message_begin(&wanted, 0, 0, 0);
	message_avps(&wanted, row->failed);
	struct chg_view failed = failed_avp();
	assert_int_equal(failed.len, wanted.len - 20);
	assert_memory_equal(failed.ptr, wanted.bytes + 20, failed.len);
}

/* ---- What is taken: fields and content ------------------------------------------------------ */

static const struct content_row {
	const char *says;
	const char *changes;
	const char *content; /* all of it */
	bool is_unreadable;
} content_rows[] = {
	{ "a bare request has no content", "", "{}", false },
	{ "what has a field is not content", "1m:'alice' 55m:e0000000 461m:'32274@3gpp.org'", "{}",
		false },
	{ "routing is not content",
		"293m:'h' 282m:'r' 284m:{280m:'p' 33m:'s'} 260m:{266m:000028af 259m:00000003} "
		"278m:00000001",
		"{}", false },
	{ "a group whose members have fields goes with them",
		"873/10415m:{2110/10415m:{2111/10415m:00000003}}", "{}", false },
	{ "J-19 a field of the wrong size stays, raw", "873/10415m:{876/10415m:{861/10415m:01}}",
		"{\"Service-Information\":{\"IMS-Information\":{\"Cause-Code\":\"0x01\"}}}", true },
	{ "J-19 a broken group stays, raw", "873/10415m:{#0000000140000099}",
		"{\"Service-Information\":{\"unreadable\":\"0x0000000140000099\"}}", true },
	{ "J-19 a text that is not UTF-8 stays, raw", "1m:ff", "{\"User-Name\":\"0xff\"}", true },
	{ "R9 an AVP of nobody stays by its number", "873/10415m:{99999/4711m:01}",
		"{\"Service-Information\":{\"AVP-4711-99999\":\"0x01\"}}", false },
	{ "the second of a kind stays",
		"873/10415m:{876/10415m:{831/10415m:'sip:a@x' 831/10415m:'sip:b@x'}}",
		"{\"Service-Information\":{\"IMS-Information\":"
		"{\"Calling-Party-Address\":\"sip:b@x\"}}}",
		false },
	{ "what records have no column for stays, though there is a field",
		"483m:00000002 873/10415m:{876/10415m:{829/10415m:00000001 862/10415m:00000006}}",
		"{\"Accounting-Realtime-Required\":2,\"Service-Information\":{\"IMS-Information\":"
		"{\"Role-Of-Node\":1,\"Node-Functionality\":6}}}",
		false },
	{ "N-106 V with vendor 0 and without M is nobody's", "1V:'x'", "{\"AVP-0-1\":\"0x78\"}",
		false },
	{ "N-068 an ignored Result-Code is kept", "268m:000007d1", "{\"Result-Code\":2001}",
		false },
};

static void content_row_holds(void **state)
{
	const struct content_row *row = *state;
	assert_int_equal(read_acr(row->changes, CHG_LENIENT), CHG_OK);
	char got[1024];
	assert_true(acr.content.len < sizeof got);
	memcpy(got, acr.content.ptr, acr.content.len);
	got[acr.content.len] = '\0';
	assert_string_equal(got, row->content);
	assert_int_equal(acr.is_unreadable, row->is_unreadable);
}

#define assert_view(view, text)                                                                    \
	do {                                                                                       \
		assert_int_equal((view).len, strlen(text));                                        \
		assert_memory_equal((view).ptr, (text), (view).len);                               \
	} while (0)

static void every_field_finds_its_place(void **state)
{
	(void)state;
	assert_int_equal(
		read_acr("flags=d0 type=3 number=7 287m:0000000000000009 50m:'multi' 1m:'alice' "
			 "461m:'32274@3gpp.org' 55m:e0000001 278m:00000005 85m:0000012c "
			 "483m:00000002 295m:00000001 873/10415m:{ "
			 "2101/10415m:'as1' 2102/10415m:00000064 2103/10415m:00000017 "
			 "2104/10415m:'ok' 2110/10415m:{ 2114/10415m:00000004 "
			 "2113/10415m:00000003 2111/10415m:00000002 2112/10415m:00000001 } "
			 "876/10415m:{ 841/10415m:'icid' 830/10415m:'call' "
			 "823/10415m:{824/10415m:'MESSAGE'} 861/10415m:ffffffff "
			 "829/10415m:00000001 862/10415m:00000006 831/10415m:'sip:a@x' "
			 "832/10415m:'sip:b@x' 889/10415m:{827/10415m:00000014} "
			 "889/10415m:{827/10415m:00000016} } "
			 "879/10415m:{859/10415m:'group' 885/10415m:00000006} }",
			CHG_LENIENT),
		CHG_OK);
	assert_true(acr.is_retransmission);
	assert_int_equal(acr.type, CHG_RECORD_INTERIM);
	assert_int_equal(acr.number, 7);
	assert_view(acr.session_id, "im1.example.net;1;2");
	assert_view(acr.origin_host, "im1.example.net");
	assert_view(acr.origin_realm, "example.net");
	assert_true(acr.sub_session_id.is_present);
	assert_int_equal(acr.sub_session_id.value, 9);
	assert_view(acr.multi_session_id, "multi");
	assert_view(acr.user_name, "alice");
	assert_view(acr.service_context_id, "32274@3gpp.org");
	assert_int_equal(acr.event_time.value.us,
		(INT64_C(0xe0000001) - INT64_C(2208988800)) * CHG_US_PER_S);
	assert_int_equal(acr.origin_state_id.value, 5);
	assert_int_equal(acr.interim_interval_s.value, 300);
	assert_int_equal(acr.realtime_required.value, 2);
	assert_int_equal(acr.termination_cause.value, 1);
	assert_view(acr.application_server_id, "as1");
	assert_int_equal(acr.application_service_type.value, CHG_AST_SENDING);
	assert_int_equal(acr.application_session_id.value, 23);
	assert_view(acr.delivery_status, "ok");
	assert_view(acr.icid, "icid");
	assert_view(acr.call_id, "call");
	assert_view(acr.sip_method, "MESSAGE");
	assert_view(acr.calling_party, "sip:a@x");
	assert_view(acr.called_party, "sip:b@x");
	assert_true(acr.cause_code.is_present);
	assert_int_equal(acr.cause_code.value, -1);
	assert_int_equal(acr.role_of_node.value, 1);
	assert_int_equal(acr.node_functionality.value, 6);
	assert_int_equal(acr.content_octets.value, 0x14 + 0x16);
	assert_view(acr.group_name, "group");
	assert_int_equal(acr.participants.value, 6);
}

static void the_counts_of_im_information_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *changes;
		size_t offset;
	} cases[] = {
		{ "873/10415m:{2110/10415m:{2112/10415m:00000007}}",
			offsetof(struct chg_acr, messages_sent_delivered) },
		{ "873/10415m:{2110/10415m:{2111/10415m:00000007}}",
			offsetof(struct chg_acr, messages_exploded_delivered) },
		{ "873/10415m:{2110/10415m:{2113/10415m:00000007}}",
			offsetof(struct chg_acr, messages_exploded) },
		{ "873/10415m:{2110/10415m:{2114/10415m:00000007}}",
			offsetof(struct chg_acr, messages_sent) },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_acr(cases[i].changes, CHG_LENIENT), CHG_OK);
		const chg_opt_u32 *count =
			(const chg_opt_u32 *)(const void *)((const char *)&acr + cases[i].offset);
		assert_true(count->is_present);
		assert_int_equal(count->value, 7);
	}
}

static void parties_are_listed_with_their_roles(void **state)
{
	(void)state;
	assert_int_equal(
		read_acr("1m:'alice' 443m:{450m:00000000 444m:'4930123'} "
			 "443m:{450m:00000000 444m:'tel:+4930123'} "
			 "443m:{450m:00000002 444m:'sip:a@x'} 873/10415m:{876/10415m:{ "
			 "831/10415m:'sip:a@x' 832/10415m:'sip:b@x' 832/10415m:'sip:c@x'}}",
			CHG_LENIENT),
		CHG_OK);
	static const struct {
		const char *text;
		enum chg_party_role role;
	} wanted[] = { { "alice", CHG_ROLE_SUBSCRIBER }, { "+4930123", CHG_ROLE_SUBSCRIBER },
		{ "tel:+4930123", CHG_ROLE_SUBSCRIBER }, { "sip:a@x", CHG_ROLE_SUBSCRIBER },
		{ "sip:a@x", CHG_ROLE_CALLING }, { "sip:b@x", CHG_ROLE_CALLED },
		{ "sip:c@x", CHG_ROLE_CALLED } };
	assert_int_equal(acr.party_count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_view(acr.party[i].text, wanted[i].text);
		assert_int_equal(acr.party[i].role, wanted[i].role);
	}
}

static void what_is_more_than_the_lists_hold_is_counted(void **state)
{
	(void)state;
	message_acr(&request, "");
	static struct message inner, middle;
	message_begin(&inner, 0, 0, 0);
	for (int i = 0; i < CHG_PARTY_MAX + 5; i++)
		message_avps(&inner, "832/10415m:'sip:b@x'");
	message_begin(&middle, 0, 0, 0);
	message_avp(&middle, 876, 10415, 0x40, inner.bytes + 20, inner.len - 20);
	message_avp(&request, 873, 10415, 0x40, middle.bytes + 20, middle.len - 20);
	assert_int_equal(
		chg_wire_read_acr(message_view(&request), CHG_LENIENT, &scratch, &acr, &fault),
		CHG_OK);
	assert_int_equal(acr.party_count, CHG_PARTY_MAX);
	assert_int_equal(acr.unlisted_count, 5);
}

static void fields_of_the_command_are_never_taken_from_a_group(void **state)
{
	(void)state;
	/* The group stands in front of the true AVPs. */
	assert_int_equal(
		read_acr("^873/10415m:{263m:'',264m:'',296m:'',480m:00000009,485m:00000009,"
			 "287m:0000000000000001,278m:00000009} number=4",
			CHG_LENIENT),
		CHG_OK);
	assert_view(acr.session_id, "im1.example.net;1;2");
	assert_view(acr.origin_host, "im1.example.net");
	assert_view(acr.origin_realm, "example.net");
	assert_int_equal(acr.type, CHG_RECORD_EVENT);
	assert_int_equal(acr.number, 4);
	assert_false(acr.sub_session_id.is_present);
	assert_false(acr.origin_state_id.is_present);
}

static void thousands_of_avps_hide_no_field(void **state)
{
	(void)state;
	message_acr(&request, "-263 -264 -296 -480 -485 -259");
	for (int i = 0; i < 3000; i++)
		message_avps(&request, "25m:01");
	message_avps(&request, "263m:'s' 264m:'h' 296m:'r' 480m:00000002 485m:00000003");
	assert_int_equal(
		chg_wire_read_acr(message_view(&request), CHG_LENIENT, &scratch, &acr, &fault),
		CHG_OK);
	assert_view(acr.session_id, "s");
	assert_view(acr.origin_host, "h");
	assert_view(acr.origin_realm, "r");
	assert_int_equal(acr.type, CHG_RECORD_START);
	assert_int_equal(acr.number, 3);
}

/* ---- The digest: J-18 ------------------------------------------------------------------------ */

static const struct digest_row {
	const char *says;
	const char *one;
	const char *other;
	bool is_same;
} digest_rows[] = {
	{ "the same request has the same digest", "1m:'alice'", "1m:'alice'", true },
	{ "T and P make no other content", "flags=c0", "flags=90", true },
	{ "Route-Record makes no other content", "", "282m:'relay'", true },
	{ "Proxy-Info makes no other content", "", "284m:{280m:'p' 33m:'s'}", true },
	{ "Destination-Host makes no other content", "", "293m:'cdf2'", true },
	{ "Destination-Realm makes no other content", "", "-283 283m:'elsewhere'", true },
	{ "Origin-State-Id makes no other content", "278m:00000001", "278m:00000002", true },
	{ "another user is other content", "1m:'alice'", "1m:'bob'", false },
	{ "one AVP more is other content", "", "1m:'alice'", false },
	{ "another record number is other content", "number=1", "number=2", false },
	{ "an AVP of nobody is content", "99999:01", "99999:02", false },
	{ "what a group holds is content", "873/10415m:{876/10415m:{}}", "873/10415m:{}", false },
	{ "another event time is other content", "55m:e0000001", "55m:e0000002", false },
};

static void digest_row_holds(void **state)
{
	const struct digest_row *row = *state;
	assert_int_equal(read_acr(row->one, CHG_LENIENT), CHG_OK);
	struct chg_digest one = acr.digest;
	assert_int_equal(read_acr(row->other, CHG_LENIENT), CHG_OK);
	assert_int_equal(memcmp(&one, &acr.digest, sizeof one) == 0, row->is_same);
}

static void a_message_without_a_header_is_no_request(void **state)
{
	(void)state;
	static const uint8_t short_one[] = { 1, 0, 0, 8, 0xc0, 0, 1, 15 };
	struct chg_view view = { (const char *)short_one, sizeof short_one };
	assert_int_equal(
		chg_wire_read_acr(view, CHG_LENIENT, &scratch, &acr, &fault), CHG_E_SYNTAX);
	message_acr(&request, "");
	view = message_view(&request);
	view.len -= 4; /* not what its header says */
	assert_int_equal(
		chg_wire_read_acr(view, CHG_LENIENT, &scratch, &acr, &fault), CHG_E_SYNTAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_finds_its_place),
		cmocka_unit_test(the_counts_of_im_information_are_told_apart),
		cmocka_unit_test(parties_are_listed_with_their_roles),
		cmocka_unit_test(what_is_more_than_the_lists_hold_is_counted),
		cmocka_unit_test(fields_of_the_command_are_never_taken_from_a_group),
		cmocka_unit_test(thousands_of_avps_hide_no_field),
		cmocka_unit_test(a_message_without_a_header_is_no_request),
	};
	return TABLE_RUN("what is refused, and with which words", refusal_rows, refusal_row_holds) +
	       TABLE_RUN("content", content_rows, content_row_holds) +
	       TABLE_RUN("digests", digest_rows, digest_row_holds) +
	       cmocka_run_group_tests_name("what is taken", tests, NULL, release);
}

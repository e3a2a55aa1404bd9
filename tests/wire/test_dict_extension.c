/* SPDX-License-Identifier: BSD-3-Clause
 * dict_charging.fdx in the library itself: alone, and after the packaged dictionaries.
 *
 * A process has one library and one dictionary, so every case runs in a child of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dlfcn.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <freeDiameter/freeDiameter-host.h>
#include <freeDiameter/libfdcore.h>

#include "wire/dict.h"

enum {
	TGPP = CHG_VENDOR_TGPP,
	PACKAGED_MAX = 8,
	MESSAGE_MAX = 65535,
	HEADER_SIZE = 20,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In a child: says what did not hold and where, and ends with failure. */
#define REQUIRE(condition, ...)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* What is loaded before our own, in this order. */
struct surroundings {
	const char *says;
	const char *packaged[PACKAGED_MAX];
};

static const struct surroundings alone = { .says = "alone" };

static const struct surroundings beside = {
	.says = "beside the packaged dictionaries",
	.packaged = { "dict_nasreq", "dict_dcca", "dict_dcca_3gpp", "dict_sip" },
};

static struct dictionary *the_dictionary(void)
{
	return fd_g_config->cnf_dict;
}

/* As fd_ext_load of the library does it. */
static int load(const char *folder, const char *name, char *conffile)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.fdx", folder, name);
	void *handle = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
	REQUIRE(handle != NULL, "%s (FREEDIAMETER_EXTENSION_DIR names the packaged ones)",
		dlerror());
	int (*init)(int, int, char *) = NULL;
	*(void **)&init = dlsym(handle, "fd_ext_init");
	REQUIRE(init != NULL, "%s: %s", path, dlerror());
	return init(FD_PROJECT_VERSION_MAJOR, FD_PROJECT_VERSION_MINOR, conffile);
}

static void start_library(const struct surroundings *where)
{
	const char *folder = getenv("FREEDIAMETER_EXTENSION_DIR");
	if (folder == NULL)
		folder = "/usr/lib/freeDiameter";
	REQUIRE(fd_core_initialize() == 0, "the library does not start");
	for (size_t i = 0; i < PACKAGED_MAX && where->packaged[i] != NULL; i++) {
		int error = load(folder, where->packaged[i], NULL);
		REQUIRE(error == 0, "%s: %s", where->packaged[i], strerror(error));
	}
}

static void start(const struct surroundings *where)
{
	start_library(where);
	int error = load(CHG_EXTENSION_DIR, "dict_charging", NULL);
	REQUIRE(error == 0, "dict_charging %s: %s", where->says, strerror(error));
}

static struct dict_object *find_avp(uint32_t vendor, uint32_t code)
{
	struct dict_avp_request wanted = { .avp_vendor = vendor, .avp_code = code };
	struct dict_object *found = NULL;
	int error = fd_dict_search(
		the_dictionary(), DICT_AVP, AVP_BY_CODE_AND_VENDOR, &wanted, &found, ENOENT);
	REQUIRE(error == 0, "AVP %u of vendor %u: %s", code, vendor, strerror(error));
	return found;
}

static struct dict_avp_data avp_data(uint32_t vendor, uint32_t code)
{
	struct dict_avp_data data;
	REQUIRE(fd_dict_getval(find_avp(vendor, code), &data) == 0, "no data of AVP %u", code);
	return data;
}

static size_t count_rules(struct dict_object *parent)
{
	struct fd_list *rules;
	REQUIRE(fd_dict_getlistof(RULE_BY_AVP_AND_PARENT, parent, &rules) == 0, "not a parent");
	size_t count = 0;
	for (struct fd_list *at = rules->next; at != rules; at = at->next)
		count++;
	return count;
}

static size_t count_command_rules(uint32_t code, int criterion)
{
	struct dict_object *command = NULL;
	int error =
		fd_dict_search(the_dictionary(), DICT_COMMAND, criterion, &code, &command, ENOENT);
	REQUIRE(error == 0, "command %u: %s", code, strerror(error));
	return count_rules(command);
}

/* A message as bytes, in memory that fd_msg_parse_buffer takes over. */
struct writer {
	uint8_t *bytes;
	size_t len;
};

static void put_u32(struct writer *out, uint32_t value)
{
	REQUIRE(out->len + 4 <= MESSAGE_MAX, "the message of this test is too long");
	for (int shift = 24; shift >= 0; shift -= 8)
		out->bytes[out->len++] = (uint8_t)(value >> shift);
}

static void set_length(struct writer *out, size_t at, size_t len)
{
	out->bytes[at + 1] = (uint8_t)(len >> 16);
	out->bytes[at + 2] = (uint8_t)(len >> 8);
	out->bytes[at + 3] = (uint8_t)len;
}

static struct writer begin_request(uint32_t code, uint32_t application)
{
	struct writer out = { .bytes = calloc(1, MESSAGE_MAX) };
	REQUIRE(out.bytes != NULL, "no memory");
	put_u32(&out, 0x01000000);
	put_u32(&out, 0xc0000000 | code);
	put_u32(&out, application);
	put_u32(&out, 1);
	put_u32(&out, 2);
	return out;
}

/* Opens an AVP with M set; what is put until close_avp is its data. */
static size_t open_avp(struct writer *out, uint32_t vendor, uint32_t code)
{
	size_t at = out->len;
	put_u32(out, code);
	put_u32(out, vendor != 0 ? 0xc0000000 : 0x40000000);
	if (vendor != 0)
		put_u32(out, vendor);
	return at;
}

/* All data of this test is whole words, so there is no padding. */
static void close_avp(struct writer *out, size_t at)
{
	set_length(out, at + 4, out->len - at);
}

static void put_avp(struct writer *out, uint32_t vendor, uint32_t code, size_t words)
{
	size_t at = open_avp(out, vendor, code);
	for (size_t i = 0; i < words; i++)
		put_u32(out, 0x31323334);
	close_avp(out, at);
}

/* What the library makes of a request: 0, or an error and why. */
static int parse(struct writer *out, struct fd_pei *ret_why)
{
	set_length(out, 0, out->len);
	struct msg *message = NULL;
	int error = fd_msg_parse_buffer(&out->bytes, out->len, &message);
	REQUIRE(error == 0, "not even a message: %s", strerror(error));
	memset(ret_why, 0, sizeof *ret_why);
	return fd_msg_parse_rules(message, the_dictionary(), ret_why);
}

static void require_fine(struct writer *out, const char *what)
{
	struct fd_pei why;
	int error = parse(out, &why);
	REQUIRE(error == 0, "%s: %s, %s", what, strerror(error),
		why.pei_errcode != NULL ? why.pei_errcode : "no reason");
}

static void require_refused(struct writer *out, const char *errcode)
{
	struct fd_pei why;
	REQUIRE(parse(out, &why) != 0, "expected %s, but it passed", errcode);
	REQUIRE(why.pei_errcode != NULL && strcmp(why.pei_errcode, errcode) == 0,
		"expected %s, got %s", errcode, why.pei_errcode != NULL ? why.pei_errcode : "none");
}

static void every_row_is_there(const struct surroundings *where)
{
	start(where);
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		const struct chg_avp_row *row = chg_dict_row((enum chg_avp)i);
		struct dict_avp_data data = avp_data(row->vendor, row->code);
		bool has_vendor = (data.avp_flag_val & AVP_FLAG_VENDOR) != 0;
		REQUIRE(has_vendor == (row->vendor != 0), "%s has the wrong V bit", row->name);
	}
	for (size_t i = 0; i < CHG_COMMAND_COUNT; i++) {
		const struct chg_command_row *row = chg_dict_command((enum chg_command)i);
		count_command_rules(row->code, row->is_request ? CMD_BY_CODE_R : CMD_BY_CODE_A);
	}
}

static size_t words_of(const struct chg_avp_row *row)
{
	switch (row->type) {
	case CHG_TYPE_GROUPED:
		return 0;
	case CHG_TYPE_I64:
	case CHG_TYPE_U64:
		return 2;
	default:
		return 1;
	}
}

/* With the size that our rows say, and M set as the strictest client would. */
static void every_row_is_understood(const struct surroundings *where)
{
	start(where);
	struct writer out = begin_request(271, 3);
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		const struct chg_avp_row *row = chg_dict_row((enum chg_avp)i);
		/* These two keep the rules of the base protocol, which an empty group breaks. */
		if (i == CHG_AVP_PROXY_INFO || i == CHG_AVP_VENDOR_SPECIFIC_APPLICATION_ID)
			continue;
		put_avp(&out, row->vendor, row->code, words_of(row));
	}
	require_fine(&out, "an ACR with one AVP of every row");
}

static void what_is_no_row_is_refused(const struct surroundings *where)
{
	start(where);
	struct writer out = begin_request(271, 3);
	put_avp(&out, TGPP, 99999, 1);
	require_refused(&out, "DIAMETER_AVP_UNSUPPORTED");
}

static void accounting_and_credit_control_have_no_rules(const struct surroundings *where)
{
	start(where);
	static const uint32_t ours[] = { 271, 272 };
	for (size_t i = 0; i < COUNT(ours); i++) {
		REQUIRE(count_command_rules(ours[i], CMD_BY_CODE_R) == 0, "request %u has rules",
			ours[i]);
		REQUIRE(count_command_rules(ours[i], CMD_BY_CODE_A) == 0, "answer %u has rules",
			ours[i]);
	}

	struct writer out = begin_request(271, 3);
	put_avp(&out, 0, 485, 1);
	put_avp(&out, 0, 485, 1);
	put_avp(&out, 0, 263, 1);
	require_fine(&out, "an ACR with nothing where it should be");

	out = begin_request(272, 4);
	put_avp(&out, 0, 461, 1);
	require_fine(&out, "a CCR with nothing but its context");
}

/* Subscription-Id without data, IMS-Information with a network twice and no Node-Functionality. */
static void groups_have_no_rules(const struct surroundings *where)
{
	start(where);
	struct writer out = begin_request(271, 3);
	size_t service = open_avp(&out, TGPP, 873);
	size_t subscriber = open_avp(&out, 0, 443);
	put_avp(&out, 0, 450, 1);
	close_avp(&out, subscriber);
	size_t ims = open_avp(&out, TGPP, 876);
	put_avp(&out, TGPP, 1263, 1);
	put_avp(&out, TGPP, 1263, 1);
	put_avp(&out, TGPP, 850, 0);
	close_avp(&out, ims);
	close_avp(&out, service);
	require_fine(&out, "an ACR with groups as they come");
}

static void the_base_protocol_keeps_its_rules(const struct surroundings *where)
{
	start(where);
	static const uint32_t base[] = { 257, 258, 274, 275, 280, 282 };
	for (size_t i = 0; i < COUNT(base); i++)
		REQUIRE(count_command_rules(base[i], CMD_BY_CODE_R) > 0, "%u has no rules",
			base[i]);
	REQUIRE(count_rules(find_avp(0, 260)) > 0, "Vendor-Specific-Application-Id has no rules");

	struct writer out = begin_request(271, 3);
	put_avp(&out, 0, 284, 0);
	require_refused(&out, "DIAMETER_MISSING_AVP");
}

static void the_types_are_those_of_the_rows_when_alone(const struct surroundings *where)
{
	static const struct {
		uint32_t vendor;
		uint32_t code;
		enum dict_avp_basetype type;
	} types[] = {
		{ 0, 461, AVP_TYPE_OCTETSTRING },
		{ 0, 451, AVP_TYPE_OCTETSTRING },
		{ 0, 429, AVP_TYPE_INTEGER32 },
		{ 0, 447, AVP_TYPE_INTEGER64 },
		{ 0, 415, AVP_TYPE_UNSIGNED32 },
		{ 0, 417, AVP_TYPE_UNSIGNED64 },
		{ TGPP, 848, AVP_TYPE_OCTETSTRING },
		{ TGPP, 873, AVP_TYPE_GROUPED },
		{ TGPP, 2102, AVP_TYPE_INTEGER32 },
		{ TGPP, 2103, AVP_TYPE_UNSIGNED32 },
	};
	start(where);
	for (size_t i = 0; i < COUNT(types); i++)
		REQUIRE(avp_data(types[i].vendor, types[i].code).avp_basetype == types[i].type,
			"%u has another type", types[i].code);
	REQUIRE((avp_data(0, 411).avp_flag_val & AVP_FLAG_MANDATORY) == 0, "411 has M");
	REQUIRE((avp_data(0, 415).avp_flag_val & AVP_FLAG_MANDATORY) != 0, "415 has no M");
}

/* The packaged 3GPP dictionary is wrong about both; what is there stays, our decoder knows. */
static void what_was_there_is_left_alone(const struct surroundings *where)
{
	start_library(where);
	struct dict_object *before = find_avp(TGPP, 2102);
	int error = load(CHG_EXTENSION_DIR, "dict_charging", NULL);
	REQUIRE(error == 0, "dict_charging: %s", strerror(error));
	REQUIRE(find_avp(TGPP, 2102) == before, "2102 was replaced");
	REQUIRE(avp_data(TGPP, 2102).avp_basetype == AVP_TYPE_OCTETSTRING, "2102 was changed");
	/* Their 28 has the name that is ours for 3111. */
	REQUIRE(strcmp(avp_data(TGPP, 3111).avp_name, "External-Identifier-3111") == 0,
		"3111 is called %s", avp_data(TGPP, 3111).avp_name);
}

static void a_configuration_file_is_refused(const struct surroundings *where)
{
	start_library(where);
	char conffile[] = "dict.conf";
	REQUIRE(load(CHG_EXTENSION_DIR, "dict_charging", conffile) == EINVAL, "it was taken");
}

static void an_empty_argument_is_none(const struct surroundings *where)
{
	start_library(where);
	char conffile[] = "";
	REQUIRE(load(CHG_EXTENSION_DIR, "dict_charging", conffile) == 0, "it was refused");
}

static const struct case_row {
	const char *says;
	void (*holds)(const struct surroundings *where);
	const struct surroundings *where;
} case_rows[] = {
	{ "alone, every row is there", every_row_is_there, &alone },
	{ "alone, every row is understood", every_row_is_understood, &alone },
	{ "alone, what is no row is refused", what_is_no_row_is_refused, &alone },
	{ "alone, requests and answers have no rules", accounting_and_credit_control_have_no_rules,
		&alone },
	{ "alone, groups have no rules", groups_have_no_rules, &alone },
	{ "alone, the base protocol keeps its rules", the_base_protocol_keeps_its_rules, &alone },
	{ "alone, types and flags are those of the rows",
		the_types_are_those_of_the_rows_when_alone, &alone },
	{ "beside others, every row is there", every_row_is_there, &beside },
	{ "beside others, every row is understood", every_row_is_understood, &beside },
	{ "beside others, what is no row is refused", what_is_no_row_is_refused, &beside },
	{ "beside others, requests and answers have no rules",
		accounting_and_credit_control_have_no_rules, &beside },
	{ "beside others, groups have no rules", groups_have_no_rules, &beside },
	{ "beside others, the base protocol keeps its rules", the_base_protocol_keeps_its_rules,
		&beside },
	{ "beside others, what was there is left alone", what_was_there_is_left_alone, &beside },
	{ "a configuration file is refused", a_configuration_file_is_refused, &alone },
	{ "an empty argument is none", an_empty_argument_is_none, &alone },
};

static void case_holds(void **state)
{
	const struct case_row *row = *state;
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		row->holds(row->where);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	static struct CMUnitTest tests[COUNT(case_rows)];
	for (size_t i = 0; i < COUNT(tests); i++)
		tests[i] = (struct CMUnitTest){ .name = case_rows[i].says,
			.test_func = case_holds,
			.initial_state = (void *)&case_rows[i] };
	return cmocka_run_group_tests_name("the dictionary in the library", tests, NULL, NULL);
}

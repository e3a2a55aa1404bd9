/* SPDX-License-Identifier: BSD-3-Clause
 * dict_charging.fdx: the rows of dict/ as dictionary objects of freeDiameter.
 *
 * Complete alone, silent beside the packaged dictionaries: what is there under the same number is
 * adopted, whatever its name, type or flags say, because our own decoder goes by our rows.  The
 * library then knows every AVP we know, so that it refuses none of them as unknown (5001), and
 * checks no grammar of accounting and credit control, which the decoder does with better answers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <freeDiameter/extension.h>

#include "wire/dict.h"

/* Hidden visibility is for everything else: these two freeDiameter looks up by name. */
__attribute__((visibility("default"))) int fd_ext_init(int major, int minor, char *conffile);
extern __attribute__((visibility("default"))) const char *fd_ext_depends[];

enum {
	/* Longer than any name of a row, with room for the code behind it. */
	NAME_SIZE = 96,
};

static struct dictionary *the_dictionary(void)
{
	return fd_g_config->cnf_dict;
}

/* A failure of the library, said once with what it was about. */
static int failed(const char *what, uint32_t number, const char *name, int error)
{
	LOG_F("dict_charging: %s %u (%s) could not be registered: %s", what, number, name,
		strerror(error));
	return error;
}

/* The object of a vendor, an application or a command by its number; NULL when there is none. */
static struct dict_object *find_by_number(
	enum dict_object_type type, int criterion, uint32_t number)
{
	struct dict_object *found = NULL;
	if (fd_dict_search(the_dictionary(), type, criterion, &number, &found, 0) != 0)
		return NULL;
	return found;
}

static struct dict_object *find_avp(const struct chg_avp_row *row)
{
	struct dict_avp_request wanted = { .avp_vendor = row->vendor, .avp_code = row->code };
	struct dict_object *found = NULL;
	if (fd_dict_search(
		    the_dictionary(), DICT_AVP, AVP_BY_CODE_AND_VENDOR, &wanted, &found, 0) != 0)
		return NULL;
	return found;
}

static int add_vendors(void)
{
	size_t count;
	const struct chg_number_row *rows = chg_dict_vendors(&count);
	for (size_t i = 0; i < count; i++) {
		if (find_by_number(DICT_VENDOR, VENDOR_BY_ID, rows[i].number) != NULL)
			continue;
		struct dict_vendor_data data = { rows[i].number, (char *)rows[i].name };
		int error = fd_dict_new(the_dictionary(), DICT_VENDOR, &data, NULL, NULL);
		if (error != 0)
			return failed("vendor", rows[i].number, rows[i].name, error);
	}
	return 0;
}

static int add_applications(void)
{
	size_t count;
	const struct chg_number_row *rows = chg_dict_applications(&count);
	for (size_t i = 0; i < count; i++) {
		if (find_by_number(DICT_APPLICATION, APPLICATION_BY_ID, rows[i].number) != NULL)
			continue;
		struct dict_application_data data = { rows[i].number, (char *)rows[i].name };
		int error = fd_dict_new(the_dictionary(), DICT_APPLICATION, &data, NULL, NULL);
		if (error != 0)
			return failed("application", rows[i].number, rows[i].name, error);
	}
	return 0;
}

/* How the library stores a value; text, times and addresses are octets to it. */
static enum dict_avp_basetype base_type(enum chg_avp_type type)
{
	switch (type) {
	case CHG_TYPE_GROUPED:
		return AVP_TYPE_GROUPED;
	case CHG_TYPE_ENUMERATED:
	case CHG_TYPE_I32:
		return AVP_TYPE_INTEGER32;
	case CHG_TYPE_I64:
		return AVP_TYPE_INTEGER64;
	case CHG_TYPE_U32:
		return AVP_TYPE_UNSIGNED32;
	case CHG_TYPE_U64:
		return AVP_TYPE_UNSIGNED64;
	case CHG_TYPE_OCTETS:
	case CHG_TYPE_UTF8:
	case CHG_TYPE_IDENTITY:
	case CHG_TYPE_URI:
	case CHG_TYPE_ADDRESS:
	case CHG_TYPE_TIME:
	case CHG_TYPE_FILTER:
		return AVP_TYPE_OCTETSTRING;
	}
	return AVP_TYPE_OCTETSTRING;
}

/* Whether the library has the name already, for another code of the same vendor. */
static bool is_name_taken(const struct chg_avp_row *row)
{
	struct dict_avp_request wanted = { .avp_vendor = row->vendor,
		.avp_name = (char *)row->name };
	struct dict_object *found = NULL;
	int error = fd_dict_search(
		the_dictionary(), DICT_AVP, AVP_BY_NAME_AND_VENDOR, &wanted, &found, 0);
	return error == 0 && found != NULL;
}

static int add_avp(const struct chg_avp_row *row)
{
	if (find_avp(row) != NULL)
		return 0;

	/* Names mean nothing on the wire, but the library wants them unique within a vendor. */
	char name[NAME_SIZE];
	if (is_name_taken(row))
		snprintf(name, sizeof name, "%s-%u", row->name, row->code);
	else
		snprintf(name, sizeof name, "%s", row->name);

	struct dict_avp_data data = {
		.avp_code = row->code,
		.avp_vendor = row->vendor,
		.avp_name = name,
		.avp_flag_mask = AVP_FLAG_VENDOR | AVP_FLAG_MANDATORY,
		.avp_flag_val = (uint8_t)((row->vendor != 0 ? AVP_FLAG_VENDOR : 0) |
					  (row->must ? AVP_FLAG_MANDATORY : 0)),
		.avp_basetype = base_type(row->type),
	};
	int error = fd_dict_new(the_dictionary(), DICT_AVP, &data, NULL, NULL);
	return error == 0 ? 0 : failed("AVP", row->code, row->name, error);
}

static int add_avps(void)
{
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		int error = add_avp(chg_dict_row((enum chg_avp)i));
		if (error != 0)
			return error;
	}
	return 0;
}

static struct dict_object *find_command(const struct chg_command_row *row)
{
	return find_by_number(
		DICT_COMMAND, row->is_request ? CMD_BY_CODE_R : CMD_BY_CODE_A, row->code);
}

static int add_commands(void)
{
	for (size_t i = 0; i < CHG_COMMAND_COUNT; i++) {
		const struct chg_command_row *row = chg_dict_command((enum chg_command)i);
		if (find_command(row) != NULL)
			continue;
		struct dict_cmd_data data = {
			.cmd_code = row->code,
			.cmd_name = (char *)row->name,
			.cmd_flag_mask = CMD_FLAG_REQUEST | CMD_FLAG_PROXIABLE,
			.cmd_flag_val = (uint8_t)((row->is_request ? CMD_FLAG_REQUEST : 0) |
						  CMD_FLAG_PROXIABLE),
		};
		struct dict_object *application =
			find_by_number(DICT_APPLICATION, APPLICATION_BY_ID, row->application);
		int error = fd_dict_new(the_dictionary(), DICT_COMMAND, &data, application, NULL);
		if (error != 0)
			return failed("command", row->code, row->name, error);
	}
	return 0;
}

/* Takes away what the library demands to stand in a command or group. */
static int drop_rules(struct dict_object *parent, uint32_t number, const char *name)
{
	struct fd_list *rules;
	int error = fd_dict_getlistof(RULE_BY_AVP_AND_PARENT, parent, &rules);
	while (error == 0 && rules->next != rules)
		error = fd_dict_delete(rules->next->o);
	if (error != 0)
		LOG_F("dict_charging: the rules of %u (%s) could not be removed: %s", number, name,
			strerror(error));
	return error;
}

/*
 * Requests: the decoder checks presence and count by dict/command.def and names the true offender
 * in Failed-AVP, which the library does not.  Answers: an error answer need not fit the grammar.
 * Re-Auth and Abort-Session stay as they are; their answers come from peers.
 */
static int drop_command_rules(void)
{
	static const enum chg_command ours[] = { CHG_COMMAND_ACR, CHG_COMMAND_ACA, CHG_COMMAND_CCR,
		CHG_COMMAND_CCA };
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		const struct chg_command_row *row = chg_dict_command(ours[i]);
		int error = drop_rules(find_command(row), row->code, row->name);
		if (error != 0)
			return error;
	}
	return 0;
}

/* Whether a group belongs to the base protocol, whose other commands rely on its rules. */
static bool is_of_base_protocol(enum chg_avp id)
{
	switch (id) {
#define AVP(id, name, code, vendor, type, flag) case CHG_AVP_##id:
#include "dict/rfc6733.def"
#undef AVP
		return true;
	default:
		return false;
	}
}

/*
 * The packaged dictionaries also hold rules for groups, some stricter than TS 32.299 is today (one
 * Access-Network-Information, an Application-Server).  A client whose accounting is refused for
 * that deletes its record, so what is wrong inside a group is the decoder's to judge (J-19).
 */
static int drop_group_rules(void)
{
	for (size_t i = 0; i < CHG_AVP_COUNT; i++) {
		const struct chg_avp_row *row = chg_dict_row((enum chg_avp)i);
		struct dict_object *avp = find_avp(row);
		struct dict_avp_data data;
		if (is_of_base_protocol((enum chg_avp)i) || fd_dict_getval(avp, &data) != 0 ||
			data.avp_basetype != AVP_TYPE_GROUPED)
			continue;
		int error = drop_rules(avp, row->code, row->name);
		if (error != 0)
			return error;
	}
	return 0;
}

static int dict_charging_entry(char *conffile)
{
	if (conffile != NULL && conffile[0] != '\0') {
		LOG_F("dict_charging: takes no configuration file, but was given \"%s\"", conffile);
		return EINVAL;
	}

	static int (*const steps[])(void) = {
		add_vendors,
		add_applications,
		add_avps,
		add_commands,
		drop_command_rules,
		drop_group_rules,
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		int error = steps[i]();
		if (error != 0)
			return error;
	}
	return 0;
}

EXTENSION_ENTRY("dict_charging", dict_charging_entry);

/* SPDX-License-Identifier: BSD-3-Clause
 * The commands of chgctl: one row each, from which the help and the checks come as well.
 *
 * Add a command: a function in cmd_<group>.c and a row in command.c.
 */
#ifndef CHG_CHGCTL_COMMAND_H
#define CHG_CHGCTL_COMMAND_H

#include "chgctl/args.h"
#include "core/instant.h"
#include "core/rc.h"

/* What chgctl returns to the shell. */
enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_PROBLEM = 1,     /* something is wrong, or what was named does not exist */
	CTL_EXIT_USAGE = 2,       /* the command line is not understood */
	CTL_EXIT_UNREACHABLE = 3, /* no node answers */
};

/* What a command works with. */
struct ctl_call {
	const struct ctl_command *command;
	struct ctl_args args;
	const char *const *operand; /* the words behind the command's name */
	size_t operand_count;
	chg_instant now; /* the wall clock when chgctl was started */
};

struct ctl_command {
	const char *group;    /* "cdr"; of a command without a group its name */
	const char *name;     /* "list"; NULL for a command without a group */
	const char *operands; /* as help shows them, "" for none */
	size_t operand_min, operand_max;
	uint64_t options; /* CTL_BITs */
	const char *summary;
	const char *text;     /* what to know, whole paragraphs */
	const char *examples; /* a line each */
	enum ctl_exit (*run)(const struct ctl_call *call);
};

/* All rows; NULL beyond the last. */
const struct ctl_command *ctl_command_row(size_t index);

/*
 * The command that the words name; ret_words says how many of them did.  NULL when they name none,
 * with a message that says what was meant perhaps.
 */
const struct ctl_command *ctl_command_find(const char *const *word, size_t count, size_t *ret_words,
	char reterr_message[CTL_MESSAGE_MAX]);

/* Whether a group of that name exists ("cdr"). */
bool ctl_command_is_group(const char *name);

/* "cdr list". */
void ctl_command_name(const struct ctl_command *command, char ret[64]);

/* Help for everything, a group and a command. */
void ctl_help_all(FILE *to);
void ctl_help_group(const char *group, FILE *to);
void ctl_help_command(const struct ctl_command *command, FILE *to);

enum ctl_exit ctl_cmd_cdr_list(const struct ctl_call *call);
enum ctl_exit ctl_cmd_cdr_show(const struct ctl_call *call);
enum ctl_exit ctl_cmd_cdr_export(const struct ctl_call *call);
enum ctl_exit ctl_cmd_cdr_stats(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_create(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_show(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_list(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_topup(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_adjust(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_block(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_unblock(const struct ctl_call *call);
enum ctl_exit ctl_cmd_account_import(const struct ctl_call *call);
enum ctl_exit ctl_cmd_bucket_add(const struct ctl_call *call);
enum ctl_exit ctl_cmd_ledger_list(const struct ctl_call *call);
enum ctl_exit ctl_cmd_suspense_list(const struct ctl_call *call);
enum ctl_exit ctl_cmd_suspense_post(const struct ctl_call *call);
enum ctl_exit ctl_cmd_tariff_check(const struct ctl_call *call);
enum ctl_exit ctl_cmd_tariff_explain(const struct ctl_call *call);
enum ctl_exit ctl_cmd_tariff_load(const struct ctl_call *call);
enum ctl_exit ctl_cmd_tariff_list(const struct ctl_call *call);
enum ctl_exit ctl_cmd_tariff_show(const struct ctl_call *call);
enum ctl_exit ctl_cmd_verify(const struct ctl_call *call);
enum ctl_exit ctl_cmd_config_check(const struct ctl_call *call);
enum ctl_exit ctl_cmd_config_show(const struct ctl_call *call);
enum ctl_exit ctl_cmd_db_check(const struct ctl_call *call);
enum ctl_exit ctl_cmd_db_upgrade(const struct ctl_call *call);
enum ctl_exit ctl_cmd_db_prune(const struct ctl_call *call);
enum ctl_exit ctl_cmd_db_compact(const struct ctl_call *call);
enum ctl_exit ctl_cmd_db_backup(const struct ctl_call *call);
enum ctl_exit ctl_cmd_status(const struct ctl_call *call);
enum ctl_exit ctl_cmd_stats(const struct ctl_call *call);
enum ctl_exit ctl_cmd_top(const struct ctl_call *call);
enum ctl_exit ctl_cmd_help(const struct ctl_call *call);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * The table of commands.
 */
#include "chgctl/command.h"

#include <stdio.h>
#include <string.h>

#define WHERE (CTL_BIT(DB) | CTL_BIT(CONFIG))
#define FILTERS                                                                                    \
	(CTL_BIT(PARTY) | CTL_BIT(FROM) | CTL_BIT(UNTIL) | CTL_BIT(SERVICE) | CTL_BIT(TYPE) |      \
		CTL_BIT(SESSION) | CTL_BIT(ICID) | CTL_BIT(APP_SESSION) | CTL_BIT(ORIGIN_HOST) |   \
		CTL_BIT(STATE) | CTL_BIT(KIND) | CTL_BIT(MARKS))
#define ARCHIVES (CTL_BIT(ARCHIVE) | CTL_BIT(ARCHIVE_DIR))
#define CHANGE   (WHERE | CTL_BIT(SOCKET) | CTL_BIT(WHY) | CTL_BIT(JSON))
#define LISTING  (WHERE | ZONE | CTL_BIT(LIMIT) | CTL_BIT(AFTER) | CTL_BIT(JSON) | CTL_BIT(CSV))
#define ZONE     (CTL_BIT(UTC) | CTL_BIT(LOCAL))

#define TIMES                                                                                      \
	"Times: 2026-11-20, 2026-11-20T08:15, 2026-11-20T08:15:30+01:00, today, yesterday,\n"      \
	"-2h, -7d, @1795200000.  Without an offset they are UTC; with --local, local time.\n"

#define THROUGH_NODE                                                                               \
	"While a node runs it makes the change; without one chgctl does, and takes the\n"          \
	"database for itself meanwhile.\n"

static const struct ctl_command commands[] = {
	{
		.group = "cdr",
		.name = "list",
		.operands = "",
		.options = WHERE | ARCHIVES | FILTERS | ZONE | CTL_BIT(LIMIT) | CTL_BIT(AFTER) |
			   CTL_BIT(NEWEST) | CTL_BIT(JSON) | CTL_BIT(CSV),
		.summary = "charging records, one line each",
		.text = "Lists records that satisfy all options given, in the order of their ids.\n"
			"When there are more than --limit, the command that goes on is written to\n"
			"stderr; ids only grow, so no record is shown twice or missed.\n"
			"MSGS are the messages sent, PART the participants attached, else "
			"invited.\n"
			"A narrow terminal shows fewer columns; JSON and CSV have all "
			"fields.\n\n" TIMES,
		.examples = "chgctl cdr list --party alice@example.net --from today\n"
			    "chgctl cdr list --state open --newest\n"
			    "chgctl cdr list --marks 'start lost,stop lost' --from -7d --json\n",
		.run = ctl_cmd_cdr_list,
	},
	{
		.group = "cdr",
		.name = "show",
		.operands = "ID | SESSION-ID",
		.operand_min = 1,
		.operand_max = 1,
		.options = WHERE | ARCHIVES | ZONE | CTL_BIT(JSON),
		.summary = "one record in full, with its timeline and participants",
		.text = "An ID is the number in the first column of `chgctl cdr list` and shows "
			"one\n"
			"record; with --json, one object.  A Session-Id shows every record of "
			"that\n"
			"session; with --json, an array.\n",
		.examples = "chgctl cdr show 1042\n"
			    "chgctl cdr show 'im.example.net;1795200000;42' --json\n",
		.run = ctl_cmd_cdr_show,
	},
	{
		.group = "cdr",
		.name = "export",
		.operands = "",
		.options = WHERE | ARCHIVES | FILTERS | ZONE | CTL_BIT(AFTER) | CTL_BIT(LIMIT) |
			   CTL_BIT(FORMAT) | CTL_BIT(OUTPUT),
		.summary = "charging records with all fields, for other programs",
		.text = "Writes every field of the records that satisfy all options given: one "
			"JSON\n"
			"object per line (jsonl, the default), one JSON array (json) or CSV "
			"(csv).\n"
			"With --output the file appears under its name when it is complete, and a\n"
			"file of that name is replaced in one step; when something cannot be "
			"read,\n"
			"as an archive that is missing, it stays as it is.  Takes as much memory "
			"for\n"
			"ten million records as for ten.\n\n" TIMES,
		.examples = "chgctl cdr export --from 2026-11-01 --until 2026-12-01 "
			    "--output november.jsonl\n"
			    "chgctl cdr export --format csv --state closed --after 1042\n",
		.run = ctl_cmd_cdr_export,
	},
	{
		.group = "cdr",
		.name = "stats",
		.operands = "",
		.options = WHERE | ARCHIVES | FILTERS | ZONE | CTL_BIT(JSON),
		.summary = "counts of records, and whether their sequence has gaps",
		.text = "Counts the records that satisfy all options given by kind, state, "
			"service\n"
			"type, client and day, with their messages and marks.  Without options "
			"the\n"
			"local sequence is checked too: closed records are numbered without gaps,\n"
			"so a gap is a record that is missing, and the exit code is 1.  Numbers "
			"of\n"
			"records that are in archives are not missing; --archive looks at each "
			"of them.\n\n" TIMES,
		.examples = "chgctl cdr stats\n"
			    "chgctl cdr stats --archive\n"
			    "chgctl cdr stats --from yesterday --until today --json\n",
		.run = ctl_cmd_cdr_stats,
	},
	{
		.group = "account",
		.name = "create",
		.operands = "NAME",
		.operand_min = 1,
		.operand_max = 1,
		.options = CHANGE | ZONE | CTL_BIT(CURRENCY) | CTL_BIT(BALANCE) |
			   CTL_BIT(CREDIT_LIMIT) | CTL_BIT(LOW) | CTL_BIT(PLAN) |
			   CTL_BIT(IDENTITY) | CTL_BIT(VALID_UNTIL),
		.summary = "a new account, with its main balance and those who use it",
		.text = "Requests are charged to the account by the identities that they bring, in "
			"any\n"
			"spelling: e164:+4930123, sip:alice@example.net, imsi:262..., "
			"nai:u@realm,\n"
			"private:text.  A name or an identity belongs to one account "
			"only.\n" THROUGH_NODE,
		.examples = "chgctl account create alice --currency EUR --balance 10.00 "
			    "--identity sip:alice@example.net --identity e164:+4930123\n",
		.run = ctl_cmd_account_create,
	},
	{
		.group = "account",
		.name = "show",
		.operands = "NAME | IDENTITY",
		.operand_min = 1,
		.operand_max = 1,
		.options = WHERE | ZONE | CTL_BIT(JSON),
		.summary = "one account, with its buckets and identities",
		.text = "AVAILABLE is what can still be spent or reserved now, with the credit "
			"limit.\n",
		.examples = "chgctl account show alice\n"
			    "chgctl account show tel:+4930123 --json\n",
		.run = ctl_cmd_account_show,
	},
	{
		.group = "account",
		.name = "list",
		.operands = "",
		.options = LISTING,
		.summary = "all accounts, one line each",
		.text = "In the order of their ids.  BALANCE and RESERVED are those of the main "
			"bucket.\n",
		.examples = "chgctl account list\n"
			    "chgctl account list --csv --limit 0\n",
		.run = ctl_cmd_account_list,
	},
	{
		.group = "account",
		.name = "topup",
		.operands = "NAME AMOUNT",
		.operand_min = 2,
		.operand_max = 2,
		.options = CHANGE | CTL_BIT(BUCKET) | CTL_BIT(REFERENCE),
		.summary = "pays an amount into an account",
		.text = "NAME may be an identity.  With --reference the same payment is never "
			"posted\n"
			"twice, however often it is tried.\n" THROUGH_NODE,
		.examples =
			"chgctl account topup alice 5.00 --why 'voucher 4711' --reference v4711\n",
		.run = ctl_cmd_account_topup,
	},
	{
		.group = "account",
		.name = "adjust",
		.operands = "NAME AMOUNT",
		.operand_min = 2,
		.operand_max = 2,
		.options = CHANGE | CTL_BIT(BUCKET) | CTL_BIT(REFERENCE),
		.summary = "corrects a balance, up or down",
		.text = "NAME may be an identity.  An amount below zero takes away.\n" THROUGH_NODE,
		.examples = "chgctl account adjust alice -0.20 --why 'charged twice, ticket 17'\n",
		.run = ctl_cmd_account_adjust,
	},
	{
		.group = "account",
		.name = "block",
		.operands = "NAME",
		.operand_min = 1,
		.operand_max = 1,
		.options = CHANGE,
		.summary = "denies service to an account",
		.text = "What is used already is still charged.\n" THROUGH_NODE,
		.examples = "chgctl account block alice --why 'phone stolen'\n",
		.run = ctl_cmd_account_block,
	},
	{
		.group = "account",
		.name = "unblock",
		.operands = "NAME",
		.operand_min = 1,
		.operand_max = 1,
		.options = CHANGE,
		.summary = "serves an account again",
		.text = THROUGH_NODE,
		.examples = "chgctl account unblock alice --why 'phone found'\n",
		.run = ctl_cmd_account_unblock,
	},
	{
		.group = "account",
		.name = "import",
		.operands = "FILE",
		.operand_min = 1,
		.operand_max = 1,
		.options = CHANGE | ZONE | CTL_BIT(CURRENCY) | CTL_BIT(DRY_RUN),
		.summary = "many accounts, from a CSV file",
		.text = "The first line names the columns, in any order: name, currency, balance,\n"
			"credit_limit, low_balance, plan, valid_until, identities (separated by "
			"blanks).\n"
			"A line that cannot be taken is told as FILE:LINE and stops no other; exit "
			"code\n"
			"1 then.  --dry-run makes nothing and cannot see a name that the file has "
			"twice.\n"
			"A thousand accounts share a commit, so peers hardly "
			"notice.\n" THROUGH_NODE,
		.examples = "chgctl account import accounts.csv --dry-run\n"
			    "chgctl account import accounts.csv --why 'migration of 2026'\n",
		.run = ctl_cmd_account_import,
	},
	{
		.group = "bucket",
		.name = "add",
		.operands = "ACCOUNT NAME KIND AMOUNT",
		.operand_min = 4,
		.operand_max = 4,
		.options = CHANGE | ZONE | CTL_BIT(PRIORITY) | CTL_BIT(PAYS) | CTL_BIT(VALID_FROM) |
			   CTL_BIT(VALID_UNTIL),
		.summary = "a further bucket of money or units for an account",
		.text = "KIND is money, seconds, octets or messages.  Of the buckets that can pay, "
			"the\n"
			"one with the lowest priority pays first, then the one that lapses "
			"first.\n" THROUGH_NODE,
		.examples = "chgctl bucket add alice free-messages messages 100 "
			    "--valid-until 2026-12-01 --priority -1\n",
		.run = ctl_cmd_bucket_add,
	},
	{
		.group = "ledger",
		.name = "list",
		.operands = "",
		.options = LISTING | CTL_BIT(ACCOUNT) | CTL_BIT(FROM) | CTL_BIT(UNTIL) |
			   CTL_BIT(RECORD),
		.summary = "every movement of money and units, in its order",
		.text = "AMOUNT is what went into the bucket, below zero what left it; CONTRA is "
			"the\n"
			"other side.  Nothing in the ledger is ever changed.  --from and --until "
			"ask "
			"for\n"
			"the time of the posting.\n\n" TIMES,
		.examples = "chgctl ledger list --account alice --from today\n"
			    "chgctl ledger list --record 1042 --json\n",
		.run = ctl_cmd_ledger_list,
	},
	{
		.group = "suspense",
		.name = "list",
		.operands = "",
		.options = LISTING | CTL_BIT(ALL),
		.summary = "usage that nobody could be charged for when it came",
		.text = "It waits until an operator posts it.  --all shows what is posted as "
			"well.\n",
		.examples = "chgctl suspense list\n",
		.run = ctl_cmd_suspense_list,
	},
	{
		.group = "suspense",
		.name = "post",
		.operands = "ID ACCOUNT AMOUNT",
		.operand_min = 3,
		.operand_max = 3,
		.options = CHANGE,
		.summary = "charges such usage to an account",
		.text = "AMOUNT is what it costs; 0 settles it for nothing.\n" THROUGH_NODE,
		.examples = "chgctl suspense post 3 alice 0.12 --why 'session of 20 November'\n",
		.run = ctl_cmd_suspense_post,
	},
	{
		.group = "tariff",
		.name = "check",
		.operands = "FILE",
		.operand_min = 1,
		.operand_max = 1,
		.options = CTL_BIT(JSON),
		.summary = "whether a tariff file is acceptable",
		.text = "Names every mistake as file:line:column and says what to do: words, "
			"units\n"
			"and dates, times that overlap or leave gaps, rules that are never "
			"reached.\n"
			"Warnings leave the tariff usable and the exit code 0.\n",
		.examples = "chgctl tariff check tariff.yaml\n",
		.run = ctl_cmd_tariff_check,
	},
	{
		.group = "tariff",
		.name = "explain",
		.operands = "FILE | --record ID",
		.operand_max = 1,
		.options = WHERE | ARCHIVES | CTL_BIT(RECORD) | CTL_BIT(CONTEXT) | CTL_BIT(TYPE) |
			   CTL_BIT(TO) | CTL_BIT(PLAN) | CTL_BIT(RATING_GROUP) |
			   CTL_BIT(SERVICE_IDENTIFIER) | CTL_BIT(UNITS) | CTL_BIT(USED_BEFORE) |
			   CTL_BIT(AT) | ZONE | CTL_BIT(JSON),
		.summary = "what a request would cost, or why a record cost what it did",
		.text = "Rates as a node does: which rule fits and in which line it stands, which\n"
			"price holds at the time (now, unless --at says when), increments, set-up\n"
			"fee, rounding, minimum and total.  Nothing is charged.  With "
			"--used-before\n"
			"the charge for what comes on top is shown too.\n\n"
			"With --record it explains what a record was charged, service by service: "
			"the\n"
			"version of the tariff that held, the rule and its line, the steps, and "
			"the\n"
			"buckets that paid, as the ledger has them.  Exit code 1: they do not add "
			"up.\n"
			"--archive looks for the record in archives too.\n\n" TIMES,
		.examples = "chgctl tariff explain tariff.yaml --units '3 messages'\n"
			    "chgctl tariff explain tariff.yaml --units '25 KB' --used-before 4000 "
			    "\\\n"
			    "    --context 9.32260@3gpp.org --to sip:bob@im.partner.example\n"
			    "chgctl tariff explain --record 1042\n",
		.run = ctl_cmd_tariff_explain,
	},
	{
		.group = "tariff",
		.name = "load",
		.operands = "FILE",
		.operand_min = 1,
		.operand_max = 1,
		.options = CHANGE | ZONE | CTL_BIT(AT),
		.summary = "a new version of the tariff, in force now or later",
		.text = "A file with a mistake is refused with all its mistakes and changes "
			"nothing.\n"
			"What was charged before stays as it was.\n" THROUGH_NODE "\n" TIMES,
		.examples = "chgctl tariff load im.tariff.yaml --at 2027-01-01 --why 'prices of "
			    "2027'\n",
		.run = ctl_cmd_tariff_load,
	},
	{
		.group = "tariff",
		.name = "list",
		.operands = "",
		.options = LISTING,
		.summary = "all versions, and which one is in force",
		.text = "A version that never was in force is superseded as well.\n",
		.examples = "chgctl tariff list\n",
		.run = ctl_cmd_tariff_list,
	},
	{
		.group = "tariff",
		.name = "show",
		.operands = "VERSION",
		.operand_min = 1,
		.operand_max = 1,
		.options = WHERE,
		.summary = "the file of a version, as it was loaded",
		.text = "",
		.examples = "chgctl tariff show 3 >im.tariff.yaml\n",
		.run = ctl_cmd_tariff_show,
	},
	{
		.group = "verify",
		.operands = "",
		.options = WHERE | CTL_BIT(JSON) | CTL_BIT(CSV),
		.summary = "whether every amount in the books is accounted for",
		.text = "Checks the laws of the books over everything there is: postings add up to "
			"zero,\n"
			"balances are their lines, reserves are what open sessions hold, records "
			"say "
			"what\n"
			"was debited.  Names every row that breaks one; exit code 1 then.  Reads "
			"only; a\n"
			"node may run meanwhile.\n",
		.examples = "chgctl verify\n",
		.run = ctl_cmd_verify,
	},
	{
		.group = "config",
		.name = "check",
		.operands = "[FILE]",
		.operand_max = 1,
		.options = CTL_BIT(CONFIG),
		.summary = "whether a configuration is acceptable",
		.text = "Names every mistake as file:line:column and says what to do.  FILE is\n"
			"/etc/charging-enabler/charging.yaml unless given.  freediameter.conf is\n"
			"checked by the daemon.\n",
		.examples = "chgctl config check\n"
			    "chgctl config check ./charging.yaml\n",
		.run = ctl_cmd_config_check,
	},
	{
		.group = "config",
		.name = "show",
		.operands = "[FILE]",
		.operand_max = 1,
		.options = CTL_BIT(CONFIG),
		.summary = "the configuration with all defaults filled in",
		.text = "Writes the configuration as it is understood, in the syntax that is "
			"read.\n",
		.examples = "chgctl config show\n",
		.run = ctl_cmd_config_show,
	},
	{
		.group = "db",
		.name = "check",
		.operands = "",
		.options = WHERE,
		.summary = "whether the database is whole and of this version's schema",
		.text = "Reads everything; a node may run meanwhile.  Exit code 1: not in order.\n",
		.examples = "chgctl db check --db /var/lib/charging-enabler/charging.db\n",
		.run = ctl_cmd_db_check,
	},
	{
		.group = "db",
		.name = "upgrade",
		.operands = "",
		.options = WHERE | CTL_BIT(NO_BACKUP),
		.summary = "brings the database to this version's schema",
		.text = "No node may run on the database.  It is saved beside itself first, "
			"unless\n"
			"--no-backup is given; nothing is done when there is nothing to do.\n",
		.examples = "chgctl db upgrade\n",
		.run = ctl_cmd_db_upgrade,
	},
	{
		.group = "db",
		.name = "backup",
		.operands = "TO",
		.operand_min = 1,
		.operand_max = 1,
		.options = WHERE,
		.summary = "a copy of the database, while the node runs",
		.text = "TO appears when the copy is complete and checked, and is the database as "
			"it\n"
			"was at one moment; a file of that name is replaced in one step.  A node "
			"may\n"
			"run meanwhile.\n\n"
			"Archives of old records belong to it: copy their folder afterwards, not "
			"before,\n"
			"and put both copies back together.  An older database beside newer "
			"archives gives\n"
			"numbers again that they have; reading with --archive tells, and "
			"db/README.md what\n"
			"to do (\"Versions, copies, repairs\").\n",
		.examples = "chgctl db backup /var/backups/charging-2026-11-20.db\n",
		.run = ctl_cmd_db_backup,
	},
	{
		.group = "db",
		.name = "prune",
		.operands = "",
		.options = WHERE | CTL_BIT(SOCKET) | CTL_BIT(OLDER_THAN) | CTL_BIT(DRY_RUN) |
			   CTL_BIT(STOP) | CTL_BIT(ARCHIVE_DIR),
		.summary = "moves old records into archives, while the node runs",
		.text = "Records that were closed longer ago than --older-than go into files in "
			"the folder\n"
			"of the archives, and leave the database once they are on disk there.  "
			"Nothing\n"
			"brings them back; `chgctl cdr ... --archive` reads both.  SPAN is a "
			"number of days\n"
			"(90d), hours (36h), weeks (4w), minutes (10min) or seconds (45s).  Open "
			"sessions,\n"
			"accounts and the ledger stay.\n"
			"While a node runs it does the work, in the folder that its configuration "
			"names, so\n"
			"that --archive-dir is refused, and requests hardly notice; ^C or --stop "
			"ends it.\n"
			"Stopped anyhow, nothing is lost, and the next time goes on where it was.  "
			"The room\n"
			"that records leave is used for new ones; `chgctl db compact` gives it "
			"back "
			"to the\n"
			"disk.  Archives that root makes belong to the owner of the database.\n"
			"A record of CH-2 stays as long as the node remembers its session "
			"(online.tombstone_s,\n"
			"a day unless set), however short --older-than is; --dry-run does not "
			"count "
			"it.\n"
			"With cdr.keep_days the node prunes by itself.\n",
		.examples = "chgctl db prune --older-than 90d --dry-run\n"
			    "chgctl db prune --older-than 90d\n"
			    "chgctl db prune --stop\n",
		.run = ctl_cmd_db_prune,
	},
	{
		.group = "db",
		.name = "compact",
		.operands = "",
		.options = WHERE,
		.summary = "gives the room that records left back to the disk",
		.text = "Writes the database anew without what it does not use.  No node may run, "
			"and for\n"
			"a while as much room is needed again beside it, and once more for a "
			"temporary file\n"
			"in /var/tmp, or where TMPDIR says.  Worth it after a large prune: "
			"otherwise new\n"
			"records use the room.\n",
		.examples = "chgctl db compact\n",
		.run = ctl_cmd_db_compact,
	},
	{
		.group = "status",
		.operands = "",
		.options = CTL_BIT(CONFIG) | CTL_BIT(SOCKET) | CTL_BIT(JSON),
		.summary = "how the running node is",
		.text = "Asks the node over its control socket.  Exit code 3: no node answers.\n",
		.examples = "chgctl status\n"
			    "chgctl status --json\n",
		.run = ctl_cmd_status,
	},
	{
		.group = "stats",
		.operands = "",
		.options = CTL_BIT(CONFIG) | CTL_BIT(SOCKET) | CTL_BIT(JSON) |
			   CTL_BIT(OPENMETRICS) | CTL_BIT(PLAIN),
		.summary = "what the running node has counted",
		.text = "Asks the node over its control socket.  Exit code 3: no node answers.\n"
			"--plain writes name and value for scripts; --openmetrics what monitoring "
			"reads,\n"
			"with times in seconds.  `chgctl top` shows what they come to.\n",
		.examples = "chgctl stats\n"
			    "chgctl stats --plain | grep queue\n"
			    "chgctl stats --openmetrics\n",
		.run = ctl_cmd_stats,
	},
	{
		.group = "top",
		.operands = "",
		.options = CTL_BIT(CONFIG) | CTL_BIT(SOCKET) | CTL_BIT(INTERVAL) | CTL_BIT(ONCE) |
			   CTL_BIT(COUNT_PAGES),
		.summary = "how busy the running node is, and what is out of order",
		.text = "A page that refreshes itself: requests and answers for a second, what "
			"waits and\n"
			"since when, transactions, commits, clients, sessions, disk.  A line that "
			"begins\n"
			"with ! is out of order, and the page says what to do.  q ends it.  "
			"Without a\n"
			"terminal the pages follow each other.  When the node goes away it is "
			"tried\n"
			"again.  Exit code 3: no node answered in the end.\n",
		.examples = "chgctl top\n"
			    "chgctl top --interval 10 --count 6 >minute.txt\n"
			    "chgctl top --once\n",
		.run = ctl_cmd_top,
	},
	{
		.group = "help",
		.operands = "[COMMAND]",
		.operand_max = 2,
		.summary = "what there is, and how to use it",
		.text = "The same as --help behind a command.\n",
		.examples = "chgctl help cdr list\n",
		.run = ctl_cmd_help,
	},
};

enum {
	COMMAND_COUNT = sizeof commands / sizeof commands[0],
};

const struct ctl_command *ctl_command_row(size_t index)
{
	return index < COMMAND_COUNT ? &commands[index] : NULL;
}

void ctl_command_name(const struct ctl_command *command, char ret[64])
{
	snprintf(ret, 64, "%s%s%s", command->group, command->name == NULL ? "" : " ",
		command->name == NULL ? "" : command->name);
}

bool ctl_command_is_group(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (commands[i].name != NULL && strcmp(commands[i].group, name) == 0)
			return true;
	}
	return false;
}

/* Each group once, and the commands without one. */
static size_t top_names(const char *ret[COMMAND_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (count == 0 || strcmp(ret[count - 1], commands[i].group) != 0)
			ret[count++] = commands[i].group;
	}
	return count;
}

static size_t group_names(const char *group, const char *ret[COMMAND_COUNT])
{
	size_t count = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (commands[i].name != NULL && strcmp(commands[i].group, group) == 0)
			ret[count++] = commands[i].name;
	}
	return count;
}

static void write_list(char *text, size_t size, const char *const *names, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count && len < size; i++) {
		const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
		len += (size_t)snprintf(text + len, size - len, "%s%s", between, names[i]);
	}
}

static void explain_top(const char *word, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *names[COMMAND_COUNT];
	const char *near = ctl_text_nearest(word, names, top_names(names));

	if (near != NULL)
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"there is no command \"%.60s\"; did you mean %s?", word, near);
	else
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"there is no command \"%.60s\"; `chgctl help` lists them", word);
}

/* word is NULL when only the group was named. */
static void explain_group(const char *group, const char *word, char reterr_message[CTL_MESSAGE_MAX])
{
	const char *names[COMMAND_COUNT];
	char list[256] = "";
	size_t count = group_names(group, names);

	write_list(list, sizeof list, names, count);
	if (word == NULL) {
		snprintf(reterr_message, CTL_MESSAGE_MAX, "`chgctl %s` needs one of: %s", group,
			list);
		return;
	}
	const char *near = ctl_text_nearest(word, names, count);
	if (near != NULL)
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"there is no command \"%s %.60s\"; did you mean %s %s?", group, word, group,
			near);
	else
		snprintf(reterr_message, CTL_MESSAGE_MAX,
			"there is no command \"%s %.60s\"; there is %s", group, word, list);
}

const struct ctl_command *ctl_command_find(const char *const *word, size_t count, size_t *ret_words,
	char reterr_message[CTL_MESSAGE_MAX])
{
	if (count == 0) {
		snprintf(reterr_message, CTL_MESSAGE_MAX, "a command is missing");
		return NULL;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct ctl_command *command = &commands[i];
		if (strcmp(command->group, word[0]) != 0)
			continue;
		if (command->name == NULL || (count > 1 && strcmp(command->name, word[1]) == 0)) {
			*ret_words = command->name == NULL ? 1 : 2;
			return command;
		}
	}
	if (ctl_command_is_group(word[0]))
		explain_group(word[0], count > 1 ? word[1] : NULL, reterr_message);
	else
		explain_top(word[0], reterr_message);
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * charging.yaml: what is read, what is complained about and where, and what is written out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/config.h"

#define NAME "etc/c.yaml"

static struct chg_config config;
static struct chg_config_errors errors;

static enum chg_rc read_text(const char *text)
{
	memset(&errors, 0, sizeof errors);
	return chg_config_read_text(NAME, chg_view_of(text), &config, &errors);
}

static char *printed(
	void (*print)(const struct chg_config *config, FILE *to), const struct chg_config *from)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	assert_non_null(to);
	print(from, to);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void print_example(const struct chg_config *from, FILE *to)
{
	(void)from;
	chg_config_write_example(to);
}

static void print_table(const struct chg_config *from, FILE *to)
{
	(void)from;
	chg_config_write_table(to);
}

/* --- files that are fine --- */

static const struct good_row {
	const char *says;
	const char *text;
	const char *holds; /* a part of the configuration printed back */
} good_rows[] = {
	{ "an empty file is the defaults", "", "  inflight_max: 1000\n" },
	{ "comments alone are the defaults", "# nothing\n\n# here\n", "  queue_max: 8192\n" },
	{ "a document that holds nothing is the defaults", "---\n", "  batch_max: 256\n" },
	{ "a section that holds nothing is the defaults", "peer:\n  # allow: [x]\nengine:\n",
		"  inflight_max: 1000\n" },
	{ "a number is taken", "peer:\n  inflight_max: 16\n", "  inflight_max: 16\n" },
	{ "an amount is taken as it is written", "online: {refund_max: 2.5}",
		"  refund_max: 2.50\n" },
	{ "a yes is a word like others", "online: {tells_remaining: yes}",
		"  tells_remaining: yes\n" },
	{ "the largest grant fits", "online: {grant_max_octets: 4294967295}",
		"  grant_max_octets: 4294967295\n" },
	{ "the highest number is taken", "peer: {inflight_max: 65536}", "  inflight_max: 65536\n" },
	{ "a quoted number is a number", "engine:\n  batch_max: \"7\"\n", "  batch_max: 7\n" },
	{ "0 is taken where it means never", "offline:\n  session_idle_s: 0\n",
		"  session_idle_s: 0\n" },
	{ "a word is taken", "store:\n  kind: memory\n", "  kind: memory\n" },
	{ "an absolute path stays", "store:\n  path: /srv/a.db\n", "  path: /srv/a.db\n" },
	{ "a relative path starts at the folder of the file", "store:\n  path: run/a.db\n",
		"  path: etc/run/a.db\n" },
	{ "an empty socket path is none", "control:\n  socket: \"\"\n", "  socket: \"\"\n" },
	{ "a path with a space comes back quoted", "store:\n  path: /srv/my charging.db\n",
		"  path: \"/srv/my charging.db\"\n" },
	{ "a list replaces the default", "diameter:\n  listen: [192.0.2.1, \"::1\"]\n",
		"  listen:\n    - 192.0.2.1\n    - \"::1\"\n" },
	{ "a list may stand in lines", "peer:\n  allow:\n  - im1.example.net\n  - '*.im.example'\n",
		"  allow:\n    - im1.example.net\n    - \"*.im.example\"\n" },
	{ "an empty list is empty", "peer:\n  strict: []\n", "  strict: []\n" },
	{ "a host called null is a host when it is quoted", "peer: {allow: ['null']}",
		"    - \"null\"\n" },
	{ "text with a byte order mark is read", "\xef\xbb\xbflog:\n  level: error\n",
		"  level: error\n" },
	{ "text with CRLF ends of line is read", "log:\r\n  level: info\r\n", "  level: info\n" },
};

static void good_row_holds(void **state)
{
	const struct good_row *row = *state;
	if (read_text(row->text) != CHG_OK)
		fail_msg("%s", errors.item[0].text);
	char *text = printed(chg_config_print, &config);
	if (strstr(text, row->holds) == NULL)
		fail_msg("not in:\n%s", text);
	free(text);
}

/* --- one fault each, and its place --- */

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct bad_row {
	const char *says;
	const char *text;
	uint32_t line;
	uint32_t column;
	const char *complaint; /* how the complaint goes on behind the place */
} bad_rows[] = {
	{ "an amount has no currency", "online: {refund_max: 2.50 EUR}", 1, 22,
		"online.refund_max: \"2.50 EUR\" is no amount; write it as 1.20, without a "
		"currency "
		"and with at most six places behind the point" },
	{ "an amount below zero is refused", "online: {refund_max: -1}", 1, 22,
		"online.refund_max: \"-1\" is below zero; give an amount from 0.00" },
	{ "a grant without a number is at least one", "online: {quantum_messages: 0}", 1, 28,
		"online.quantum_messages: \"0\" is out of range; give 1 to 4294967295 messages" },
	{ "a number below its range", "peer:\n  inflight_max: 15\n", 2, 17,
		"peer.inflight_max: \"15\" is out of range; give 16 to 65536 requests" },
	{ "a number above its range", "# x\npeer:\n    inflight_max:   65537\n", 3, 21,
		"peer.inflight_max: \"65537\" is out of range; give 16 to 65536 requests" },
	{ "a number beyond every integer", "engine: {batch_max: 99999999999999999999999}", 1, 21,
		"engine.batch_max: \"99999999999999999999999\" is out of range; give 1 to 4096 "
		"requests" },
	{ "0 where it means nothing", "engine:\n  batch_max: 0\n", 2, 14,
		"engine.batch_max: \"0\" is out of range; give 1 to 4096 requests" },
	{ "an interval that would flood the node", "offline:\n  interim_interval_s: 59\n", 2, 23,
		"offline.interim_interval_s: \"59\" is out of range; give 0, or 60 to 2592000 "
		"seconds" },
	{ "a negative number", "engine:\n  batch_max: -1\n", 2, 14,
		"engine.batch_max: \"-1\" is not a whole number; write digits only, 1 to 4096 "
		"requests" },
	{ "a number with a unit", "cdr:\n  seen_days: 35d\n", 2, 14,
		"cdr.seen_days: \"35d\" is not a whole number; write digits only, 0, or 1 to 3660 "
		"days" },
	{ "a number that may be octal", "cdr:\n  seen_days: 035\n", 2, 14,
		"cdr.seen_days: \"035\" is not a whole number" },
	{ "a fraction", "cdr:\n  seen_days: 1.5\n", 2, 14,
		"cdr.seen_days: \"1.5\" is not a whole number" },
	{ "a word that is no choice", "store:\n  kind: postgres\n", 2, 9,
		"store.kind: \"postgres\" is not a choice; write sqlite or memory" },
	{ "a choice in capitals", "log:\n  level: Debug\n", 2, 10,
		"log.level: \"Debug\" is not a choice; write debug, info, notice, warning or "
		"error" },
	{ "a misspelt key", "peer:\n  alow: []\n", 2, 3,
		"there is no \"alow\" in section peer; did you mean \"peer.allow\"?" },
	{ "a key of another section", "store:\n  inflight_max: 100\n", 2, 3,
		"there is no \"inflight_max\" in section store; did you mean "
		"\"peer.inflight_max\"?" },
	{ "a key that resembles none", "engine:\n  threads: 4\n", 2, 3,
		"there is no \"threads\" in section engine; its keys are queue_max, batch_max" },
	{ "a misspelt section", "peers:\n  allow: []\n", 1, 1,
		"there is no section \"peers\"; did you mean \"peer\"?" },
	{ "a section that resembles none", "tariffs: {a: 1}\n", 1, 1,
		"there is no section \"tariffs\"; the sections are store, diameter, peer, control, "
		"engine, offline, online, cdr, log" },
	{ "a key with a dot", "peer.allow: []\n", 1, 1,
		"\"peer.allow\" is written in two levels; write \"peer:\" and below it, indented, "
		"\"allow:\"" },
	{ "a key that stands twice", "log:\n  level: info\n  level: debug\n", 3, 3,
		"log.level stands here a second time; remove one of the two" },
	{ "a section that stands twice", "log:\n  level: info\npeer:\nlog:\n", 4, 1,
		"section log stands here a second time; put its keys below the first one" },
	{ "a key without a value", "store:\n  path:\n", 2, 8,
		"store.path: there is no value; write one, or leave the key out for its default" },
	{ "a list without a value", "peer:\n  allow: ~\n", 2, 10,
		"peer.allow: there is no value; write one (an empty list is []), or leave" },
	{ "an empty path where one is needed", "store:\n  path: ''\n", 2, 9,
		"store.path: there is no path; write one, or leave the key out" },
	{ "a path beyond ASCII", "store:\n  path: /srv/\xc3\xa4.db\n", 2, 9,
		"store.path: the path, or the folder that it starts at, has characters beyond "
		"ASCII" },
	{ "a path with a control character", "store:\n  path: \"/srv/\\0a.db\"\n", 2, 9,
		"store.path: the path, or the folder" },
	{ "a socket path that the system cannot take", "control:\n  socket: /" X63 X63 "\n", 2, 11,
		"control.socket: the path has 127 bytes, with the folder that it starts at; choose "
		"one of at most 107" },
	{ "one value where a list belongs", "peer:\n  allow: im1.example.net\n", 2, 10,
		"peer.allow: this is no list; write it in brackets, as [one, two]" },
	{ "a list where one value belongs", "store:\n  path: [a, b]\n", 2, 9,
		"store.path: this is more than one value; write a single one" },
	{ "a mapping where a value belongs", "store:\n  path:\n    a: {b: [c]}\n", 3, 5,
		"store.path: this is more than one value; write a single one" },
	{ "a list inside a list", "peer:\n  allow:\n  - a.example\n  - [b.example]\n", 4, 5,
		"peer.allow: an item is missing or is more than one word; write each as \"- "
		"item\"" },
	{ "an item that is missing", "peer:\n  allow:\n  -\n", 3, 4,
		"peer.allow: an item is missing or is more than one word" },
	{ "an address that is a name", "diameter:\n  listen: [localhost]\n", 2, 12,
		"diameter.listen: \"localhost\" is no numeric address; write one as 192.0.2.1 or "
		"\"2001:db8::1\"" },
	{ "an address with a port", "diameter:\n  listen: ['127.0.0.1:3868']\n", 2, 12,
		"diameter.listen: \"127.0.0.1:3868\" is no numeric address" },
	{ "no address to listen on", "diameter:\n  listen: []\n", 2, 11,
		"diameter.listen: the list is empty; give at least 1, or leave the key out" },
	{ "everybody by a star alone", "peer:\n  allow: ['*']\n", 2, 11,
		"peer.allow: \"*\" is no host name; write one as im1.example.net, or "
		"\"*.example.net\" for all under it" },
	{ "a star in the middle", "peer:\n  allow: [im.*.example]\n", 2, 11,
		"peer.allow: \"im.*.example\" is no host name" },
	{ "a host name with an empty label", "peer:\n  allow: [im..example]\n", 2, 11,
		"peer.allow: \"im..example\" is no host name" },
	{ "a label of more than 63 characters", "peer:\n  allow: [" X63 "x.example]\n", 2, 11,
		"peer.allow: \"x" },
	{ "a name of more than 255 characters",
		"peer:\n  strict: [" X63 "." X63 "." X63 "." X63 ".x]\n", 2, 12,
		"peer.strict: \"x" },
	{ "an item that stands twice", "peer:\n  allow: [a.example, A.Example]\n", 2, 22,
		"peer.allow: \"A.Example\" is in the list already; remove one of the two" },
	{ "an anchor", "store: &a\n  kind: sqlite\n", 1, 8,
		"anchors (&), aliases (*) and tags (!) are not used here" },
	{ "a star without quotes is an alias", "peer:\n  allow: [*.im.example]\n", 2, 12,
		"this is not YAML: while scanning an alias did not find expected alphabetic or "
		"numeric character; check indentation, brackets and quotes (a leading * or & needs "
		"them)" },
	{ "a tag", "log:\n  level: !!str info\n", 2, 10, "anchors (&), aliases (*) and tags (!)" },
	{ "a section that holds a value", "log: debug\n", 1, 6,
		"section log has to hold keys; write each on a line of its own below it, indented, "
		"as \"level: ...\"" },
	{ "a list of sections", "- log:\n", 1, 1,
		"the file has to hold sections; write \"store:\" and below it, indented, \"kind: "
		"sqlite\"" },
	{ "a file that is a sentence", "hello there\n", 1, 1, "the file has to hold sections" },
	{ "a key that is a list", "log:\n  ? [level]\n  : info\n", 2, 5,
		"this is no key; write a single word and a colon" },
	{ "a second document", "log:\n  level: info\n---\nlog:\n", 3, 1,
		"a second document begins here; remove the line \"---\" and all below it" },
	{ "a tab as indentation", "log:\n\tlevel: info\n", 2, 1, "this is not YAML: " },
	{ "a bracket that is not closed", "peer:\n  allow: [a.example\n", 3, 1,
		"this is not YAML: " },
	{ "a quote that is not closed", "store:\n  path: \"/srv\n", 3, 1, "this is not YAML: " },
	{ "bytes that are not UTF-8", "log:\n  level: \xff\n", 2, 10, "this is not YAML: " },
	{ "a control byte", "log:\n  level: a\x01\n", 2, 11, "this is not YAML: " },
};

static void bad_row_holds(void **state)
{
	const struct bad_row *row = *state;
	char start[64];
	memset(&config, 0x5a, sizeof config);
	struct chg_config before = config;

	assert_int_equal(read_text(row->text), CHG_E_CONFIG);
	assert_int_equal(errors.unlisted, 0);
	if (errors.count != 1)
		fail_msg("%zu complaints, the second is: %s", errors.count, errors.item[1].text);
	int len = snprintf(start, sizeof start, NAME ":%u:%u: ", row->line, row->column);
	if (strncmp(errors.item[0].text, start, (size_t)len) != 0 ||
		strncmp(errors.item[0].text + len, row->complaint, strlen(row->complaint)) != 0)
		fail_msg("instead: %s", errors.item[0].text);
	assert_int_equal(errors.item[0].line, row->line);
	assert_int_equal(errors.item[0].column, row->column);
	assert_memory_equal(&config, &before, sizeof config);
}

/* --- more than one fault --- */

static void all_faults_of_a_file_are_told_in_its_order(void **state)
{
	(void)state;
	static const struct {
		uint32_t line;
		uint32_t column;
	} places[] = { { 2, 9 }, { 3, 3 }, { 4, 1 }, { 7, 7 }, { 8, 7 }, { 10, 17 }, { 11, 1 },
		{ 12, 3 }, { 13, 9 }, { 14, 1 } };
	enum chg_rc rc = read_text("store:\n"
				   "  kind: paper\n"
				   "  pth: /x\n"
				   "loggg: {x: {y: [z]}}\n"
				   "peer:\n"
				   "  allow:\n"
				   "    - &a one.example\n"
				   "    - {x: y}\n"
				   "    - two.example\n"
				   "  inflight_max: 1\n"
				   "store:\n"
				   "  kind: memory\n"
				   "  path: [\"/y\"]\n"
				   "[log]: x\n");
	assert_int_equal(rc, CHG_E_CONFIG);
	for (size_t i = 0; i < errors.count && i < sizeof places / sizeof places[0]; i++) {
		if (errors.item[i].line != places[i].line ||
			errors.item[i].column != places[i].column)
			print_message("%s\n", errors.item[i].text);
	}
	assert_int_equal(errors.count, sizeof places / sizeof places[0]);
	for (size_t i = 0; i < errors.count; i++) {
		assert_int_equal(errors.item[i].line, places[i].line);
		assert_int_equal(errors.item[i].column, places[i].column);
	}
}

static void faults_beyond_the_room_are_counted(void **state)
{
	(void)state;
	char text[4096] = "log:\n";
	size_t used = strlen(text);
	for (int i = 0; i < CHG_CONFIG_ERROR_MAX + 3; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "  k%d: x\n", i);
	assert_int_equal(read_text(text), CHG_E_CONFIG);
	assert_int_equal(errors.count, CHG_CONFIG_ERROR_MAX);
	assert_int_equal(errors.unlisted, 3);
	assert_int_equal(errors.item[CHG_CONFIG_ERROR_MAX - 1].line, CHG_CONFIG_ERROR_MAX + 1);
}

static void a_list_takes_as_much_as_its_row_says(void **state)
{
	(void)state;
	char text[8192];
	for (int too_many = 0; too_many < 2; too_many++) {
		size_t used = (size_t)snprintf(text, sizeof text, "peer:\n  allow:\n");
		for (int i = 0; i < CHG_CONFIG_LIST_MAX + too_many; i++)
			used += (size_t)snprintf(
				text + used, sizeof text - used, "  - h%d.example\n", i);
		assert_int_equal(read_text(text), too_many ? CHG_E_CONFIG : CHG_OK);
	}
	assert_int_equal(errors.count, 1);
	assert_int_equal(errors.item[0].line, CHG_CONFIG_LIST_MAX + 3);
	assert_non_null(strstr(errors.item[0].text,
		"\"h256.example\" is one too many; the list takes at most 256"));
}

static void a_long_file_name_keeps_its_end(void **state)
{
	(void)state;
	char name[600];
	memset(name, 'd', sizeof name);
	memcpy(name + sizeof name - sizeof "/c.yaml", "/c.yaml", sizeof "/c.yaml");
	assert_int_equal(
		chg_config_read_text(name, CHG_VIEW("log: 1"), &config, &errors), CHG_E_CONFIG);
	assert_non_null(strstr(errors.item[0].text, "ddd/c.yaml:1:6: section log has to"));
}

static void a_folder_without_room_refuses_relative_paths_only(void **state)
{
	(void)state;
	char name[3000];
	memset(name, 'd', sizeof name);
	memcpy(name + sizeof name - sizeof "/c.yaml", "/c.yaml", sizeof "/c.yaml");
	assert_int_equal(chg_config_read_text(name, CHG_VIEW("store: {path: a}"), &config, &errors),
		CHG_E_CONFIG);
	assert_int_equal(
		chg_config_read_text(name, CHG_VIEW("store: {path: /a}"), &config, &errors),
		CHG_OK);
}

/* --- files --- */

static void a_missing_file_says_so(void **state)
{
	(void)state;
	assert_int_equal(chg_config_read_file("no/such.yaml", &config, &errors), CHG_E_SYSTEM);
	assert_int_equal(errors.count, 1);
	assert_int_equal(errors.item[0].line, 0);
	assert_string_equal(errors.item[0].text, "no/such.yaml: the file cannot be read: No such "
						 "file or directory; give the path of "
						 "a file that the node's user may read");
}

static void a_folder_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(chg_config_read_file(".", &config, &errors), CHG_E_SYSTEM);
	assert_non_null(strstr(errors.item[0].text, "Is a directory"));
}

static void a_huge_file_is_no_configuration(void **state)
{
	(void)state;
	char path[] = "charging-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, CHG_CONFIG_FILE_MAX + 1), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(chg_config_read_file(path, &config, &errors), CHG_E_CONFIG);
	assert_non_null(strstr(errors.item[0].text, "has more than 1048576 bytes"));
	assert_int_equal(unlink(path), 0);
}

/* --- what is written --- */

static void what_is_printed_reads_back_the_same(void **state)
{
	(void)state;
	static struct chg_config again;
	assert_int_equal(read_text("store: {kind: memory, path: \"/a \\\"b\\\" \\\\c: #d\"}\n"
				   "diameter: {listen: ['::', 0.0.0.0]}\n"
				   "peer: {allow: [a.b, '*.c-d.e'], strict: ['*.null', no, '1']}\n"
				   "control: {socket: ''}\n"
				   "offline: {session_idle_s: 0, skew_max_s: 31536000}\n"
				   "log: {level: error}\n"),
		CHG_OK);
	char *text = printed(chg_config_print, &config);
	assert_int_equal(chg_config_read_text("x", chg_view_of(text), &again, &errors), CHG_OK);
	char *second = printed(chg_config_print, &again);
	assert_string_equal(text, second);
	assert_string_equal(again.store_path, "/a \"b\" \\c: #d");
	assert_int_equal(again.peer_strict.count, 3);
	assert_string_equal(again.peer_strict.item[1], "no");
	assert_int_equal(again.log_level, CHG_LOG_ERROR);
	free(text);
	free(second);
}

static void defaults_are_those_of_the_rows(void **state)
{
	(void)state;
	chg_config_defaults(&config);
	assert_int_equal(config.store_kind, CHG_STORE_SQLITE);
	assert_int_equal(config.diameter_listen.count, 1);
	assert_string_equal(config.diameter_listen.item[0], "127.0.0.1");
	assert_int_equal(config.peer_allow.count, 0);
	assert_int_equal(config.peer_inflight_max, 1000);
	assert_int_equal(config.engine_queue_max, 8192);
	assert_int_equal(config.engine_batch_max, 256);
	assert_int_equal(config.offline_session_idle_s, 86400);
	assert_int_equal(config.offline_interim_interval_s, 0);
	assert_int_equal(config.cdr_seen_days, 35);
	assert_int_equal(config.log_level, CHG_LOG_NOTICE);
	assert_string_equal(config.control_socket, "/run/charging-enabler/control.sock");
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; chg_config_row(i) != NULL; i++) {
		const struct chg_config_row *row = chg_config_row(i);
		assert_non_null(chg_config_section_sentence(row->section));
		/* A table of Markdown has no other way to end a cell. */
		assert_null(strchr(row->sentence, '|'));
		assert_int_equal(row->sentence[strlen(row->sentence) - 1], '.');
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(row->section, chg_config_row(j)->section) == 0 &&
				     strcmp(row->key, chg_config_row(j)->key) == 0);
	}
	assert_null(chg_config_section_sentence("nothing"));
}

/* --- who is named --- */

static void patterns_name_hosts(void **state)
{
	(void)state;
	assert_int_equal(read_text("peer: {allow: [im1.example.net, '*.im.example']}"), CHG_OK);
	const struct chg_config_list *list = &config.peer_allow;
	assert_true(chg_config_list_names(list, CHG_VIEW("im1.example.net")));
	assert_true(chg_config_list_names(list, CHG_VIEW("IM1.Example.NET")));
	assert_true(chg_config_list_names(list, CHG_VIEW("a.im.example")));
	assert_true(chg_config_list_names(list, CHG_VIEW("a.b.IM.example")));
	assert_false(chg_config_list_names(list, CHG_VIEW("im.example")));
	assert_false(chg_config_list_names(list, CHG_VIEW(".im.example")));
	assert_false(chg_config_list_names(list, CHG_VIEW("xim.example")));
	assert_false(chg_config_list_names(list, CHG_VIEW("im1.example.net.evil")));
	assert_false(chg_config_list_names(list, CHG_VIEW("")));
	assert_false(chg_config_list_names(list, (struct chg_view){ 0 }));
}

/* --- files that are generated --- */

static char *read_whole(const char *path)
{
	FILE *from = fopen(path, "re");
	char *text = calloc(1, CHG_CONFIG_FILE_MAX);
	assert_non_null(text);
	if (from != NULL) {
		(void)!fread(text, 1, CHG_CONFIG_FILE_MAX - 1, from);
		(void)fclose(from);
	}
	return text;
}

static void write_whole(const char *path, const char *text)
{
	FILE *to = fopen(path, "we");
	assert_non_null(to);
	(void)fputs(text, to);
	assert_int_equal(fclose(to), 0);
}

static bool regenerates(void)
{
	return getenv("CHG_REGENERATE") != NULL;
}

static void the_file_in_conf_is_the_one_of_the_rows(void **state)
{
	(void)state;
	static const char path[] = CHG_SOURCE_DIR "/conf/charging.yaml";
	char *wanted = printed(print_example, NULL);
	if (regenerates())
		write_whole(path, wanted);
	char *found = read_whole(path);
	if (strcmp(found, wanted) != 0)
		fail_msg("conf/charging.yaml is not what config.def says; run this test with "
			 "CHG_REGENERATE=1");
	free(found);
	free(wanted);
}

static void the_file_in_conf_is_the_defaults(void **state)
{
	(void)state;
	static struct chg_config defaults;
	if (chg_config_read_file(CHG_SOURCE_DIR "/conf/charging.yaml", &config, &errors) != CHG_OK)
		fail_msg("%s", errors.item[0].text);
	chg_config_defaults(&defaults);
	assert_memory_equal(&config, &defaults, sizeof config);
}

/* Puts the table between its two marks. */
static char *with_table(const char *text, const char *table)
{
	static const char begin[] = "<!-- config.def: begin -->\n";
	static const char end[] = "<!-- config.def: end -->\n";
	const char *from = strstr(text, begin);
	const char *to = strstr(text, end);
	if (from == NULL || to == NULL || to < from)
		fail_msg("conf/README.md has lost the marks of its table");
	from += sizeof begin - 1;
	char *whole = NULL;
	assert_true(asprintf(&whole, "%.*s%s%s", (int)(from - text), text, table, to) > 0);
	return whole;
}

static void the_table_in_conf_is_the_one_of_the_rows(void **state)
{
	(void)state;
	static const char path[] = CHG_SOURCE_DIR "/conf/README.md";
	char *table = printed(print_table, NULL);
	char *found = read_whole(path);
	char *wanted = with_table(found, table);
	if (regenerates())
		write_whole(path, wanted);
	else if (strcmp(found, wanted) != 0)
		fail_msg("the table in conf/README.md is not what config.def says; run this test "
			 "with CHG_REGENERATE=1");
	free(table);
	free(found);
	free(wanted);
}

static void credit_control_gets_what_is_configured(void **state)
{
	(void)state;
	static const char text[] = "online: {validity_s: 600, quantum_octets: 7, refund_max: 1.20, "
				   "failure_handling: retry-and-terminate, "
				   "debit_failure_handling: continue, tells_cost: no}";
	struct chg_cc_policy policy;
	assert_int_equal(chg_config_read_text("a", chg_view_of(text), &config, &errors), CHG_OK);
	chg_config_cc_policy(&config, &policy);
	assert_int_equal(policy.validity_s, 600);
	assert_int_equal(policy.session_idle.us, 3600 * CHG_US_PER_S);
	assert_int_equal(policy.tombstone.us, 86400 * CHG_US_PER_S);
	assert_int_equal(policy.quantum[CHG_UNIT_OCTETS_OUT], 7);
	for (size_t i = 0; i < CHG_UNIT_COUNT; i++) {
		assert_true(policy.quantum[i] >= 1);
		assert_true(policy.grant_max[i] >= 1);
	}
	assert_int_equal(policy.refund_max.micros, 1200000);
	assert_int_equal(policy.failure_handling, 2);
	assert_int_equal(policy.debit_failure_handling, 1);
	assert_false(policy.tells_cost);
	assert_false(policy.tells_remaining);
	assert_false(policy.is_strict);
}

int main(void)
{
	enum {
		GOOD = sizeof good_rows / sizeof good_rows[0],
		BAD = sizeof bad_rows / sizeof bad_rows[0],
	};
	struct CMUnitTest tests[GOOD + BAD];
	for (size_t i = 0; i < GOOD; i++)
		tests[i] = (struct CMUnitTest){ .name = good_rows[i].says,
			.test_func = good_row_holds,
			.initial_state = (void *)(uintptr_t)&good_rows[i] };
	for (size_t i = 0; i < BAD; i++)
		tests[GOOD + i] = (struct CMUnitTest){ .name = bad_rows[i].says,
			.test_func = bad_row_holds,
			.initial_state = (void *)(uintptr_t)&bad_rows[i] };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(all_faults_of_a_file_are_told_in_its_order),
		cmocka_unit_test(faults_beyond_the_room_are_counted),
		cmocka_unit_test(a_list_takes_as_much_as_its_row_says),
		cmocka_unit_test(a_long_file_name_keeps_its_end),
		cmocka_unit_test(a_folder_without_room_refuses_relative_paths_only),
		cmocka_unit_test(a_missing_file_says_so),
		cmocka_unit_test(a_folder_is_no_file),
		cmocka_unit_test(a_huge_file_is_no_configuration),
		cmocka_unit_test(what_is_printed_reads_back_the_same),
		cmocka_unit_test(defaults_are_those_of_the_rows),
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(patterns_name_hosts),
		cmocka_unit_test(credit_control_gets_what_is_configured),
		cmocka_unit_test(the_file_in_conf_is_the_one_of_the_rows),
		cmocka_unit_test(the_file_in_conf_is_the_defaults),
		cmocka_unit_test(the_table_in_conf_is_the_one_of_the_rows),
	};
	int failed = cmocka_run_group_tests_name("values and faults", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("the whole file", others, NULL, NULL);
}
